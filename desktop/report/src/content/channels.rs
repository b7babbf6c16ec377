//! Use of the channels, and how long each was listened to.

use super::Facts;
use crate::document::{Block, Cell, Column, Section, Table};
use crate::figure::channels::{Listened, Slot, draw, slots};
use crate::words;
use pw_model::Band;
use std::collections::BTreeMap;

pub(crate) fn section(facts: &Facts<'_>, figures: &mut BTreeMap<String, String>) -> Section {
    let mut section = Section::new("channels", "Channels");
    let uses = &facts.snapshot.channels;
    if uses.is_empty() {
        section.paragraph("No channel was listened to and nothing was heard on any.");
        return section;
    }
    section.own_page = true;
    let ledger = facts.has_ledger();
    section.paragraph(if ledger {
        "Blue: access points whose channel it is. Orange: share of the listening time in which \
         frames were heard on the air. Hatched: not listened to, so that nothing can be said of the \
         channel; a bar there is a network that was heard from a neighbouring channel."
    } else {
        "Blue: access points whose channel it is. How long each channel was listened to is not \
         known for this data, so no airtime share can be given and an empty place may mean that \
         nobody listened."
    });
    let mut rows = Vec::new();
    let mut silent = Vec::new();
    for (band, name) in [
        (Band::Ghz2_4, "band-2.svg"),
        (Band::Ghz5, "band-5.svg"),
        (Band::Ghz6, "band-6.svg"),
        (Band::Ghz60, "band-60.svg"),
    ] {
        let slots = slots(uses, band, ledger);
        let known = |slot: &&Slot| slot.used.is_some();
        if !slots.iter().any(|slot| known(&slot)) {
            if band != Band::Ghz60 {
                silent.push(band.name());
            }
            continue;
        }
        rows.extend(slots.iter().filter(known).map(row));
        figures.insert(name.to_owned(), draw(name, &slots));
        let listened =
            slots.iter().filter(|slot| matches!(slot.listened, Listened::For(_))).count();
        let caption = if ledger {
            format!("{}: {} of {} channels listened to.", band.name(), listened, slots.len())
        } else {
            format!("{}.", band.name())
        };
        section.blocks.push(Block::Figure {
            name: name.to_owned(),
            words: format!("Chart of the channels of {}", band.name()),
            caption,
        });
    }
    if !silent.is_empty() {
        section.note(if ledger {
            format!("Not listened to, and nothing heard: {}.", silent.join(", "))
        } else {
            format!("Nothing heard: {}.", silent.join(", "))
        });
    }
    section.heading("Listening time");
    section.blocks.push(Block::Table(table(rows)));
    let odd: Vec<String> = uses
        .iter()
        .filter(|used| used.channel.is_none())
        .map(|used| format!("{} MHz", used.frequency_mhz))
        .collect();
    if !odd.is_empty() {
        section.note(format!("Frequencies that are no channel's centre: {}.", odd.join(", ")));
    }
    section
}

fn row(slot: &Slot) -> Vec<Cell> {
    let unknown = || words::UNKNOWN.to_owned();
    let used = slot.used.as_ref();
    let number = |value: Option<u64>| Cell::text(value.map_or_else(unknown, words::count));
    let share = used.and_then(pw_survey::ChannelUse::airtime_share);
    vec![
        Cell::text(slot.channel.band.name()),
        Cell::text(slot.channel.number.to_string()),
        Cell::text(match slot.listened {
            Listened::For(seconds) => words::duration(seconds),
            Listened::Not => "not listened".to_owned(),
            Listened::Unknown => "not known".to_owned(),
        }),
        number(used.map(|used| u64::from(used.networks))),
        number(used.map(|used| used.frames)),
        match share {
            Some(share) => Cell::Bar { text: words::percent_of(share), share, colour: "#e69f00" },
            None => Cell::text(words::UNKNOWN),
        },
        Cell::text(
            used.and_then(|used| used.strongest_dbm)
                .map_or_else(unknown, |dbm| format!("{dbm} dBm")),
        ),
        Cell::text(used.map_or_else(unknown, |used| words::percent(used.retries, used.frames))),
    ]
}

fn table(rows: Vec<Vec<Cell>>) -> Table {
    Table {
        caption: None,
        columns: vec![
            Column::narrow("Band"),
            Column::number("Channel"),
            Column::number("Listened"),
            Column::number("Access points"),
            Column::number("Frames"),
            Column::wide("Airtime share", 1.0),
            Column::number("Strongest"),
            Column::number("Repeated"),
        ],
        rows,
        dense: true,
    }
}
