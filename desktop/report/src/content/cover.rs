//! The cover: what, for whom, when, with what.

use super::Facts;
use crate::document::{Document, Section};
use crate::words;
use pw_model::Origin;
use pw_survey::SensorState;
use std::collections::BTreeMap;

/// Puts the document together.
pub(crate) fn document(
    facts: &Facts<'_>,
    sections: Vec<Section>,
    figures: BTreeMap<String, String>,
) -> Document {
    let settings = &facts.input.settings;
    Document {
        title: title(facts),
        survey: words::safe(&facts.snapshot.survey.name),
        author: given(&settings.author),
        organisation: given(&settings.organisation),
        client: given(&settings.client),
        purpose: settings
            .purpose
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| text.lines().map(words::safe).collect::<Vec<_>>().join("\n")),
        marking: given(&settings.marking),
        simulated: simulated(facts),
        cover: lines(facts),
        generated: words::moment(facts.input.generated_at),
        software: words::safe(&facts.input.software),
        sections,
        figures,
    }
}

/// As given, or what the report is.
pub(crate) fn title(facts: &Facts<'_>) -> String {
    given(&facts.input.settings.title).unwrap_or_else(|| "Wi-Fi survey report".to_owned())
}

fn given(text: &Option<String>) -> Option<String> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(words::safe)
}

/// What is said of simulated data; `None` when there is none.
pub(crate) fn simulated(facts: &Facts<'_>) -> Option<String> {
    let origins = facts.snapshot.origins();
    if !origins.contains(&Origin::Simulated) {
        return None;
    }
    Some(if origins.len() == 1 {
        "Every network, client and position in this report was made by a simulator. \
         Nothing in it was heard by a radio."
            .to_owned()
    } else {
        "Part of the data in this report was made by a simulator and was heard by no radio. \
         The list of sensors says which."
            .to_owned()
    })
}

fn lines(facts: &Facts<'_>) -> Vec<[String; 2]> {
    let snapshot = facts.snapshot;
    let mut lines = Vec::new();
    let mut line = |what: &str, value: String| lines.push([what.to_owned(), value]);
    match &snapshot.range {
        Some(range) => {
            line("First data", words::moment(range.start));
            line("Last data", words::moment(range.end));
        }
        None => line("Data", "none".to_owned()),
    }
    if let Some(range) = &snapshot.selected {
        line(
            "Selected time",
            format!("{} to {}", words::moment(range.start), words::moment(range.end)),
        );
    }
    if !facts.countries.is_empty() {
        let names: Vec<&str> = facts.countries.iter().copied().collect();
        line("Area", names.join(", "));
    }
    if !snapshot.sensors.is_empty() {
        line("Sources", sources(&snapshot.sensors));
    }
    lines
}

/// How many streams of each origin, in words.
pub(crate) fn sources(sensors: &[SensorState]) -> String {
    let mut by_origin: BTreeMap<Origin, usize> = BTreeMap::new();
    for sensor in sensors {
        *by_origin.entry(sensor.origin).or_default() += 1;
    }
    let parts: Vec<String> = by_origin
        .into_iter()
        .map(|(origin, n)| match origin {
            Origin::Live => words::counted(n, "sensor that listened", "sensors that listened"),
            Origin::Replay => {
                words::counted(n, "sensor playing a capture", "sensors playing captures")
            }
            Origin::Simulated => words::counted(n, "simulated sensor", "simulated sensors"),
            Origin::Imported => words::counted(n, "imported file", "imported files"),
        })
        .collect();
    parts.join(", ")
}
