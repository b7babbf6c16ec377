//! What a report will hold, in words, before it is made.

use crate::content::{self, Facts};
use crate::input::ReportInput;
use crate::words;

/// What will go in, and what to know before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportPreview {
    /// Title as it will stand on the cover.
    pub title: String,
    /// Any of the data is simulated; the report says so on every page.
    pub simulated: bool,
    /// Sections in the order of the report, those left out included.
    pub sections: Vec<PreviewSection>,
    /// What the person should know or may want to mend first.
    pub warnings: Vec<String>,
}

/// One section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviewSection {
    /// Its title.
    pub title: &'static str,
    /// It goes in.
    pub included: bool,
    /// What it holds, with counts.
    pub words: String,
}

/// Says what the report will hold. Takes as long as reading the snapshot once.
#[must_use]
pub fn preview(input: &ReportInput) -> ReportPreview {
    let facts = Facts::new(input);
    let include = input.settings.include;
    let snapshot = facts.snapshot;
    let networks = words::counted(facts.networks.len(), "access point", "access points");
    let located = facts.located().count();
    let findings = content::findings(&facts);
    let listened =
        snapshot.channels.iter().filter(|used| used.listened_ns.is_some_and(|ns| ns > 0)).count();
    let section = |title, included, words: String| PreviewSection { title, included, words };
    ReportPreview {
        title: content::title(&facts),
        simulated: snapshot.is_simulated(),
        sections: vec![
            section("Summary", true, format!("{networks}, {} weakly protected", facts.weak())),
            section(
                "Findings",
                include.findings,
                words::counted(findings.len(), "finding", "findings"),
            ),
            section(
                "Clients",
                include.clients,
                format!(
                    "counts only, of {}",
                    words::counted(snapshot.clients.len(), "address", "addresses")
                ),
            ),
            section(
                "Map",
                include.map,
                format!(
                    "{} of {networks} located{}",
                    words::count(located as u64),
                    facts
                        .distance_m()
                        .map_or(String::new(), |m| format!(", track of {}", words::metres(m)))
                ),
            ),
            section(
                "Channels",
                include.channels,
                words::counted(listened, "channel listened to", "channels listened to"),
            ),
            section("Networks", include.networks, format!("table of {networks}")),
            section("Method", include.method, "how the survey was made".to_owned()),
            section(
                "Quality of the data",
                include.quality,
                format!(
                    "{}, {}",
                    words::counted(snapshot.sensors.len(), "source", "sources"),
                    words::counted(snapshot.gaps.len(), "stated loss", "stated losses")
                ),
            ),
            section("Limits", true, "what the report cannot say".to_owned()),
            section("Words", include.glossary, "a short glossary".to_owned()),
        ],
        warnings: warnings(&facts),
    }
}

fn warnings(facts: &Facts<'_>) -> Vec<String> {
    let snapshot = facts.snapshot;
    let mut warnings = Vec::new();
    if snapshot.is_simulated() {
        warnings.push("The data is simulated; every page says so.".to_owned());
    }
    if snapshot.range.is_none() {
        warnings.push("The survey is empty: the report will say so and little else.".to_owned());
    } else if facts.located().next().is_none()
        && snapshot.track.iter().all(|point| point.position.is_none())
    {
        warnings.push("No position is known: the map is left out.".to_owned());
    }
    if snapshot.selected.is_some() {
        warnings.push("Only the selected stretch of time goes in.".to_owned());
    }
    let settings = &facts.input.settings;
    if settings.author.as_deref().is_none_or(|author| author.trim().is_empty()) {
        warnings.push("No author is given; the line is left out of the cover.".to_owned());
    }
    warnings.extend(content::caveats(facts));
    warnings
}
