//! The table of all networks.

use super::Facts;
use super::facts::Network;
use crate::document::{Block, Cell, Column, Section, Table};
use crate::protection;
use crate::words;
use pw_model::TimeRange;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("networks", "Networks");
    if facts.networks.is_empty() {
        section.paragraph("No access point was heard.");
        return section;
    }
    section.landscape = true;
    section.paragraph(
        "All access points, the weakest protection first, then by name. Signal is the strongest \
         heard. Times are UTC. The position is an estimate with the radius that should hold the \
         true place in 95 of 100 cases; a dash means that it is not known.",
    );
    let spans_days = facts.snapshot.range.as_ref().is_some_and(crosses_midnight);
    section.blocks.push(Block::Table(Table {
        caption: None,
        columns: vec![
            Column::number("No."),
            Column::wide("Name", 1.5),
            Column::narrow("BSSID"),
            Column::wide("Maker", 1.0),
            Column::narrow("Channel"),
            Column::narrow("Protection"),
            Column::narrow("PMF"),
            Column::narrow("WPS"),
            Column::number("Signal"),
            Column::number("Frames"),
            Column::narrow("First heard"),
            Column::narrow("Last heard"),
            Column::narrow("Position"),
        ],
        rows: facts.networks.iter().map(|network| row(network, spans_days)).collect(),
        dense: true,
    }));
    let notes: Vec<[String; 2]> = facts
        .networks
        .iter()
        .filter_map(|network| {
            let note = network.ap.note.as_deref().filter(|note| !note.trim().is_empty())?;
            Some([format!("No. {}", network.number), words::safe(note)])
        })
        .collect();
    if !notes.is_empty() {
        section.heading("Notes");
        section.blocks.push(Block::Facts { rows: notes });
    }
    section
}

fn crosses_midnight(range: &TimeRange) -> bool {
    words::day(range.start) != words::day(range.end)
}

fn row(network: &Network, spans_days: bool) -> Vec<Cell> {
    let ap = &network.ap;
    let unknown = || words::UNKNOWN.to_owned();
    let time = |at| if spans_days { words::short_moment(at) } else { words::time_of_day(at) };
    let wps = match &ap.advertisement {
        Some(advertisement) if advertisement.traits.wps.is_some() => "yes",
        Some(_) => "no",
        None => words::UNKNOWN,
    };
    vec![
        Cell::text(network.number.to_string()),
        Cell::name(if ap.known { format!("{} ✓", network.name) } else { network.name.clone() }),
        Cell::code(network.address.clone()),
        Cell::name(network.vendor.clone().unwrap_or_else(unknown)),
        Cell::text(ap.channel.map_or_else(unknown, |channel| channel.to_string())),
        Cell::Chip { text: protection::label(ap).to_owned(), colour: network.class.colour() },
        Cell::text(protection::pmf(ap)),
        Cell::text(wps),
        Cell::text(ap.signal.map_or_else(unknown, |signal| format!("{} dBm", signal.max_dbm))),
        Cell::text(words::count(ap.frames)),
        Cell::text(time(ap.first_seen)),
        Cell::text(time(ap.last_seen)),
        Cell::text(network.located.map_or_else(unknown, |located| {
            let at = located.position;
            let error = at.error_m.map_or_else(unknown, |m| words::metres(f64::from(m)));
            format!("{:.5}, {:.5} ± {error}", at.lat_deg, at.lon_deg)
        })),
    ]
}
