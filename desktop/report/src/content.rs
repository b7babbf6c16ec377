//! From a snapshot to a document: one file per section.

mod channels;
mod clients;
mod closing;
mod cover;
mod facts;
mod findings;
mod map;
mod method;
mod networks;
mod quality;
mod summary;

pub(crate) use cover::title;
pub(crate) use facts::Facts;
pub(crate) use findings::all as findings;
pub(crate) use summary::caveats;

use crate::document::{Document, Section};
use std::collections::BTreeMap;

/// Writes the document.
pub(crate) fn build(facts: &Facts<'_>) -> Document {
    let include = facts.input.settings.include;
    let found = if include.findings { findings::all(facts) } else { Vec::new() };
    let mut figures = BTreeMap::new();
    let mut sections: Vec<Section> = vec![summary::section(facts, &found)];
    if include.findings {
        sections.push(findings::section(facts, found));
    }
    if include.clients {
        sections.push(clients::section(facts));
    }
    if include.map {
        sections.push(map::section(facts, &mut figures));
    }
    if include.channels {
        sections.push(channels::section(facts, &mut figures));
    }
    if include.networks {
        sections.push(networks::section(facts));
    }
    if include.method {
        sections.push(method::section(facts));
    }
    if include.quality {
        sections.push(quality::section(facts));
    }
    sections.push(closing::limits(facts));
    if include.glossary {
        sections.push(closing::glossary());
    }
    cover::document(facts, sections, figures)
}
