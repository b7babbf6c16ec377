//! The summary: what was found, in a page.

use super::Facts;
use crate::document::{Block, Cell, Column, Finding, Section, Table, Tile, Weight};
use crate::protection::Class;
use crate::words;
use pw_model::SecurityLabel;
use std::collections::BTreeMap;

pub(crate) fn section(facts: &Facts<'_>, found: &[Finding]) -> Section {
    let mut section = Section::new("summary", "Summary");
    section.blocks.push(Block::Tiles { tiles: tiles(facts) });
    section.paragraph(heard(facts));
    if facts.networks.is_empty() {
        return section;
    }
    section.paragraph(protection(facts));
    section.blocks.push(Block::Table(labels(facts)));
    let findings: Vec<String> = found.iter().map(one_line).collect();
    if findings.is_empty() {
        if facts.input.settings.include.findings {
            section.paragraph("None of the checks of this report found anything to state.");
        }
    } else {
        section.heading("Findings at a glance");
        section.list(findings);
    }
    let caveats = caveats(facts);
    if !caveats.is_empty() {
        section.heading("Read this with the numbers");
        section.list(caveats);
    }
    section
}

fn tiles(facts: &Facts<'_>) -> Vec<Tile> {
    let tile = |value: String, label: &str| Tile { value, label: label.to_owned(), alert: false };
    let weak = facts.weak();
    vec![
        tile(words::count(facts.networks.len() as u64), "access points"),
        Tile {
            value: words::count(weak as u64),
            label: "open, WEP or WPA only".to_owned(),
            alert: weak > 0,
        },
        tile(words::count(facts.snapshot.clients.len() as u64), "client addresses"),
        tile(
            if facts.snapshot.drives.is_empty() {
                words::UNKNOWN.to_owned()
            } else {
                words::duration(facts.recorded_secs())
            },
            "recorded",
        ),
        tile(
            facts.distance_m().map_or_else(|| words::UNKNOWN.to_owned(), words::metres),
            "travelled",
        ),
    ]
}

fn heard(facts: &Facts<'_>) -> String {
    let snapshot = facts.snapshot;
    let Some(range) = &snapshot.range else {
        return "The survey holds no data: nothing was recorded or imported, so nothing can be \
                said about the networks of the area."
            .to_owned();
    };
    let totals = &snapshot.totals;
    let mut text = format!(
        "Between {} and {} the survey recorded {} from {} with {}, and {} of clients.",
        words::moment(range.start),
        words::moment(range.end),
        totals.content_words(),
        words::counted(facts.networks.len(), "access point", "access points"),
        words::counted(facts.names(), "different network name", "different network names"),
        words::counted(snapshot.clients.len(), "address", "addresses"),
    );
    if totals.sightings > 0 {
        text.push_str(
            " A sighting is a row of another program's table: it says that a network was listed, \
             and stands for any number of frames.",
        );
    }
    if totals.positioned > 0 {
        text.push_str(&format!(
            " The position was known for {} of the {}.",
            words::percent(totals.positioned, totals.observations),
            match (totals.frames(), totals.sightings) {
                (_, 0) => "frames",
                (0, _) => "sightings",
                _ => "frames and sightings",
            }
        ));
    } else {
        text.push_str(" No position was known.");
    }
    text
}

fn protection(facts: &Facts<'_>) -> String {
    let total = facts.networks.len() as u64;
    let weak = facts.weak();
    let judged = total - facts.of_class(Class::Unknown) as u64;
    let mut text = match weak {
        0 if judged == 0 => {
            "No access point was heard announcing its protection, so none can be judged.".to_owned()
        }
        0 => format!(
            "None of the {} whose protection was heard is open or uses WEP or WPA alone.",
            words::counted(to_usize(judged), "access point", "access points")
        ),
        _ => format!(
            "{} of the {} whose protection was heard ({}) {} no protection, or one that has been \
             broken for years.",
            words::count(weak as u64),
            words::counted(to_usize(judged), "access point", "access points"),
            words::percent(weak as u64, judged),
            if weak == 1 { "offers" } else { "offer" },
        ),
    };
    let wpa3 = facts.of_class(Class::Wpa3);
    if wpa3 > 0 {
        text.push_str(&format!(
            " WPA3 is offered by {} ({}).",
            words::count(wpa3 as u64),
            words::percent(wpa3 as u64, judged)
        ));
    }
    text
}

fn labels(facts: &Facts<'_>) -> Table {
    let mut by_label: BTreeMap<(Class, Option<SecurityLabel>), u64> = BTreeMap::new();
    for network in &facts.networks {
        let label = network.ap.protection.as_ref().map(|protection| protection.label);
        *by_label.entry((network.class, label)).or_default() += 1;
    }
    let total = facts.networks.len() as u64;
    let rows = by_label
        .into_iter()
        .map(|((class, label), n)| {
            vec![
                Cell::Chip {
                    text: label.map_or("not heard", SecurityLabel::name).to_owned(),
                    colour: class.colour(),
                },
                Cell::text(meaning(label)),
                Cell::text(words::count(n)),
                Cell::Bar {
                    text: words::percent(n, total),
                    share: n as f64 / total as f64,
                    colour: class.colour(),
                },
            ]
        })
        .collect();
    Table {
        caption: Some("Access points by announced protection, the weakest first".to_owned()),
        columns: vec![
            Column::narrow("Protection"),
            Column::wide("Meaning", 1.0),
            Column::number("Number"),
            Column::narrow("Share"),
        ],
        rows,
        dense: false,
    }
}

fn meaning(label: Option<SecurityLabel>) -> &'static str {
    match label {
        None => "no beacon or probe response was heard",
        Some(SecurityLabel::Open) => "no encryption, anybody can join",
        Some(SecurityLabel::Owe) => "encrypted without a password (Enhanced Open)",
        Some(SecurityLabel::Wep) => "encryption that is broken in minutes",
        Some(SecurityLabel::Wpa) => "the first WPA only, withdrawn",
        Some(SecurityLabel::WpaWpa2) => "WPA2, with the first WPA still allowed",
        Some(SecurityLabel::WpaWpa3Wpa2) => "WPA3 and WPA2, with the first WPA still allowed",
        Some(SecurityLabel::WpaWpa3) => "WPA3, with the first WPA still allowed",
        Some(SecurityLabel::WpaRsnOther) => "other suites, with the first WPA still allowed",
        Some(SecurityLabel::WpaOwe) => "Enhanced Open, with the first WPA still allowed",
        Some(SecurityLabel::Wpa2) => "current minimum",
        Some(SecurityLabel::Wpa3Wpa2) => "WPA3, with WPA2 for older clients",
        Some(SecurityLabel::Wpa3) => "current best",
        Some(SecurityLabel::RsnOther) => "suites that this report does not judge",
    }
}

fn one_line(finding: &Finding) -> String {
    let weight = match finding.weight {
        Weight::Note => "For information",
        other => other.name(),
    };
    format!("{weight}: {}. {} (Finding {}.)", finding.title, finding.seen, finding.number)
}

/// What a reader must know before using the numbers; computed, empty when there is nothing.
pub(crate) fn caveats(facts: &Facts<'_>) -> Vec<String> {
    let snapshot = facts.snapshot;
    let totals = &snapshot.totals;
    let mut caveats = Vec::new();
    if totals.frames_lost > 0 || totals.uncounted_gaps > 0 {
        let mut text = format!(
            "{} lost on the way and stated as such",
            words::counted(to_usize(totals.frames_lost), "frame was", "frames were")
        );
        if totals.uncounted_gaps > 0 {
            text.push_str(&format!(
                "; {} could not be counted",
                words::counted(to_usize(totals.uncounted_gaps), "further loss", "further losses")
            ));
        }
        caveats.push(format!("{text}."));
    }
    let missing: u64 = snapshot.sensors.iter().map(|sensor| sensor.missing_batches).sum();
    if missing > 0 {
        caveats.push(format!(
            "{} of data had not arrived when this report was made.",
            words::counted(to_usize(missing), "batch", "batches")
        ));
    }
    for sensor in &snapshot.sensors {
        let most: u64 = sensor.guard.sent.values().sum();
        if most > 0 {
            caveats.push(format!(
                "While {} listened, {} sent through its radios by another program: what was heard \
                 may be an answer to them.",
                words::safe(&sensor.name),
                words::counted(to_usize(most), "frame was", "frames were")
            ));
        }
    }
    let unknown = facts.of_class(Class::Unknown);
    if unknown > 0 {
        caveats.push(format!(
            "The protection of {} is unknown: no beacon or probe response was heard.",
            words::counted(unknown, "access point", "access points")
        ));
    }
    let evicted = totals.evicted_access_points + totals.evicted_clients;
    if evicted > 0 {
        caveats.push(format!(
            "{} left out because the survey holds more than fits in memory; the recorded data \
             still has them.",
            words::counted(to_usize(evicted), "device was", "devices were")
        ));
    }
    if !snapshot.channels.is_empty() && !facts.has_ledger() {
        caveats.push(
            "How long each channel was listened to is not known for this data: a network that \
             does not appear may simply not have been listened for."
                .to_owned(),
        );
    }
    caveats
}

pub(crate) fn to_usize(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
