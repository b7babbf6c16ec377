//! How good the data is: sources, positions, clocks, losses.

use super::Facts;
use super::summary::to_usize;
use crate::document::{Block, Cell, Column, Section, Table};
use crate::words;
use pw_model::{ClockSource, GapCause, SensorId};
use pw_survey::{LossTotals, SensorState, TrackPoint};
use std::collections::BTreeMap;

/// Losses listed one by one; the totals have the rest.
const GAP_ROWS: usize = 20;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("quality", "Quality of the data");
    section.heading("Sources");
    if facts.snapshot.sensors.is_empty() {
        section.paragraph("The survey has no source yet.");
    } else {
        section.blocks.push(Block::Table(sensors(facts)));
    }
    if !facts.snapshot.drives.is_empty() {
        section.heading("Recordings");
        section.blocks.push(Block::Table(drives(facts)));
    }
    section.heading("Positions");
    positions(facts, &mut section);
    section.heading("Clocks");
    clocks(facts, &mut section);
    section.heading("Losses");
    losses(facts, &mut section);
    section.heading("People's data");
    people(facts, &mut section);
    section.heading("Silence");
    silence(facts, &mut section);
    section
}

/// How each source treats people's data, and what never left it.
fn people(facts: &Facts<'_>, section: &mut Section) {
    section.paragraph(
        "No content of any transmission is kept. What else a sensor left out before it wrote \
         anything down, it counts.",
    );
    let mut rows = Vec::new();
    for sensor in &facts.snapshot.sensors {
        let name = sensor_name(facts, sensor);
        let guard = &sensor.guard;
        let treated = guard.privacy_words().unwrap_or_else(|| {
            "it does not say; addresses and names stand as they came".to_owned()
        });
        rows.push([name.clone(), treated]);
        if let Some(purposes) = guard.audit_words() {
            rows.push([format!("{name}: declared audit"), words::safe(&purposes)]);
        }
        let kept_back = guard.withheld_words();
        if !kept_back.is_empty() {
            rows.push([format!("{name}: kept back"), kept_back.join("; ")]);
        }
    }
    section.blocks.push(Block::Facts { rows });
}

/// What the counters of the radios say of frames sent.
fn silence(facts: &Facts<'_>, section: &mut Section) {
    let mut rows = Vec::new();
    for sensor in &facts.snapshot.sensors {
        for (radio, words, _) in sensor.guard.silence_words() {
            rows.push([format!("{}, radio {}", sensor_name(facts, sensor), radio.0), words]);
        }
    }
    if rows.is_empty() {
        section.paragraph("No source states counters of frames sent: none listened with a radio.");
        return;
    }
    section.paragraph(
        "The operating system counts the frames that each radio sends, by any program. The count \
         is taken from the moment the sensor began to listen.",
    );
    section.blocks.push(Block::Facts { rows });
}

fn sensor_name(facts: &Facts<'_>, sensor: &SensorState) -> String {
    // Two sensors may carry the same name; part of the identifier keeps them apart.
    let same = facts.snapshot.sensors.iter().filter(|other| other.name == sensor.name).count();
    let name = words::safe(&sensor.name);
    if same > 1 || name.trim().is_empty() {
        let id = sensor.id.to_string();
        format!("{name} [{}]", id.get(..8).unwrap_or(&id)).trim().to_owned()
    } else {
        name
    }
}

fn name_of(facts: &Facts<'_>, id: SensorId) -> String {
    facts
        .snapshot
        .sensors
        .iter()
        .find(|sensor| sensor.id == id)
        .map_or_else(|| words::UNKNOWN.to_owned(), |sensor| sensor_name(facts, sensor))
}

fn sensors(facts: &Facts<'_>) -> Table {
    let rows = facts.snapshot.sensors.iter().map(|sensor| {
        let radios: Vec<String> = sensor
            .radios
            .iter()
            .map(|(radio, hardware)| match hardware.trim() {
                "" => format!("{}: not stated", radio.0),
                hardware => format!("{}: {}", radio.0, words::safe(hardware)),
            })
            .collect();
        vec![
            Cell::name(sensor_name(facts, sensor)),
            Cell::text(sensor.origin.name()),
            Cell::name(if radios.is_empty() {
                words::UNKNOWN.to_owned()
            } else {
                radios.join("; ")
            }),
            Cell::text(sensor.content_words()),
            Cell::text(words::count(sensor.missing_batches)),
            Cell::text(sensor.range.map_or_else(
                || words::UNKNOWN.to_owned(),
                |range| {
                    format!(
                        "{} to {}",
                        words::short_moment(range.start),
                        words::short_moment(range.end)
                    )
                },
            )),
        ]
    });
    Table {
        caption: None,
        columns: vec![
            Column::wide("Name", 1.0),
            Column::narrow("Data"),
            Column::wide("Radios", 1.2),
            Column::number("Stored"),
            Column::number("Batches missing"),
            Column::narrow("Time (UTC)"),
        ],
        rows: rows.collect(),
        dense: true,
    }
}

fn drives(facts: &Facts<'_>) -> Table {
    let rows = facts.snapshot.drives.iter().map(|drive| {
        vec![
            Cell::text(drive.number.to_string()),
            Cell::name(name_of(facts, drive.sensor)),
            Cell::text(words::moment(drive.range.start)),
            Cell::text(words::duration(drive.range.duration().as_secs_f64())),
            Cell::text(drive.content_words()),
            Cell::text(drive.length_m.map_or_else(|| words::UNKNOWN.to_owned(), words::metres)),
        ]
    });
    Table {
        caption: None,
        columns: vec![
            Column::number("No."),
            Column::wide("Source", 1.0),
            Column::narrow("Start"),
            Column::number("Length"),
            Column::number("Stored"),
            Column::number("Way"),
        ],
        rows: rows.collect(),
        dense: true,
    }
}

fn positions(facts: &Facts<'_>, section: &mut Section) {
    let totals = &facts.snapshot.totals;
    let track = &facts.snapshot.track;
    let mut errors: Vec<f64> =
        track.iter().filter_map(|point| point.position?.error_m).map(f64::from).collect();
    let mut rows = vec![[
        if totals.sightings > 0 { "With a known position" } else { "Frames with a known position" }
            .to_owned(),
        format!(
            "{} of {} ({})",
            words::count(totals.positioned),
            words::count(totals.observations),
            words::percent(totals.positioned, totals.observations)
        ),
    ]];
    if let Some([half, most]) = spread(&mut errors) {
        rows.push([
            "Stated error of the receiver (95%)".to_owned(),
            format!(
                "{} at half of the track points, up to {} at 95 of 100",
                words::metres(half),
                words::metres(most)
            ),
        ]);
    }
    if !track.is_empty() {
        rows.push(["Stretches without a position".to_owned(), words::count(breaks(track) as u64)]);
    }
    let mut estimated: Vec<f64> = facts
        .located()
        .filter_map(|(_, located)| located.position.error_m)
        .map(f64::from)
        .collect();
    rows.push([
        "Access points located".to_owned(),
        format!(
            "{} of {}",
            words::count(estimated.len() as u64),
            words::count(facts.networks.len() as u64)
        ),
    ]);
    if let Some([half, most]) = spread(&mut estimated) {
        rows.push([
            "Estimated error of their places".to_owned(),
            format!(
                "{} or less for half, {} or less for 95 of 100",
                words::metres(half),
                words::metres(most)
            ),
        ]);
    }
    section.blocks.push(Block::Facts { rows });
}

/// Stretches of the track without a position, each sensor for itself.
fn breaks(track: &[TrackPoint]) -> usize {
    let mut lost: BTreeMap<SensorId, bool> = BTreeMap::new();
    let mut breaks = 0;
    for point in track {
        let before = lost.insert(point.sensor, point.position.is_none());
        breaks += usize::from(point.position.is_none() && before != Some(true));
    }
    breaks
}

/// The middle value and the one that 95 of 100 do not exceed.
fn spread(values: &mut [f64]) -> Option<[f64; 2]> {
    values.sort_by(f64::total_cmp);
    let at =
        |share: f64| values.get((values.len().saturating_sub(1) as f64 * share).round() as usize);
    Some([*at(0.5)?, *at(0.95)?])
}

fn clocks(facts: &Facts<'_>, section: &mut Section) {
    let rows: Vec<[String; 2]> = facts
        .snapshot
        .sensors
        .iter()
        .map(|sensor| {
            let words = sensor.clock.as_ref().map_or_else(
                || "not stated".to_owned(),
                |clock| {
                    let source = match clock.source {
                        ClockSource::System => {
                            "the operating system's clock, nothing known about it"
                        }
                        ClockSource::Ntp => "kept by the network time protocol",
                        ClockSource::Gps => "set by the satellite receiver",
                        ClockSource::Pps => "disciplined by pulse per second",
                        ClockSource::File => "times of the file or scenario that was played",
                    };
                    let mut text = source.to_owned();
                    if let Some(us) = clock.uncertainty_us {
                        text.push_str(&format!("; uncertainty {} (95%)", microseconds(us as f64)));
                    }
                    if let Some(us) = clock.offset_us {
                        text.push_str(&format!(
                            "; receiver time differs by {}",
                            microseconds(us as f64)
                        ));
                    }
                    text
                },
            );
            [sensor_name(facts, sensor), words]
        })
        .collect();
    if rows.is_empty() {
        section.paragraph("No source, no clock.");
    } else {
        section.blocks.push(Block::Facts { rows });
    }
}

fn microseconds(us: f64) -> String {
    if us.abs() < 1000.0 {
        format!("{us:.0} µs")
    } else if us.abs() < 1_000_000.0 {
        format!("{:.1} ms", us / 1000.0)
    } else {
        format!("{:.1} s", us / 1_000_000.0)
    }
}

fn losses(facts: &Facts<'_>, section: &mut Section) {
    let totals = &facts.snapshot.totals;
    let mut by_cause: BTreeMap<GapCause, LossTotals> = BTreeMap::new();
    for (cause, loss) in facts.snapshot.sensors.iter().flat_map(|sensor| &sensor.losses) {
        let sum = by_cause.entry(*cause).or_default();
        sum.gaps += loss.gaps;
        sum.frames += loss.frames;
        sum.uncounted += loss.uncounted;
    }
    if by_cause.is_empty() {
        section.paragraph("No loss was stated by any source.");
    } else {
        section.paragraph(
            "What a sensor could not keep it states. Losses are not in the counts of this report.",
        );
        section.blocks.push(Block::Table(loss_table(&by_cause)));
    }
    let mut worst: Vec<_> = facts.snapshot.gaps.iter().collect();
    worst.sort_by_key(|row| (std::cmp::Reverse(row.gap.frames.unwrap_or(u64::MAX)), row.gap.start));
    if !worst.is_empty() {
        let left = worst.len().saturating_sub(GAP_ROWS);
        worst.truncate(GAP_ROWS);
        worst.sort_by_key(|row| row.gap.start);
        let rows = worst.into_iter().map(|row| {
            let gap = &row.gap;
            vec![
                Cell::text(words::moment(gap.start)),
                Cell::text(words::duration(gap.end.since(gap.start).as_secs_f64())),
                Cell::name(name_of(facts, row.sensor)),
                Cell::text(gap.cause.words()),
                Cell::text(gap.frames.map_or_else(|| "not known".to_owned(), words::count)),
            ]
        });
        section.blocks.push(Block::Table(Table {
            caption: Some(if left > 0 {
                format!(
                    "The {GAP_ROWS} largest losses; {} not listed",
                    words::counted(left, "smaller one is", "smaller ones are")
                )
            } else {
                "Losses, by time".to_owned()
            }),
            columns: vec![
                Column::narrow("From"),
                Column::number("Length"),
                Column::wide("Source", 1.0),
                Column::wide("Cause", 1.6),
                Column::number("Frames"),
            ],
            rows: rows.collect(),
            dense: true,
        }));
    }
    if totals.bad_fcs > 0 || totals.unreadable > 0 {
        section.paragraph(format!(
            "{} a wrong check sequence and {} no readable header; they are counted per channel and \
             nothing else is taken from them.",
            words::counted(to_usize(totals.bad_fcs), "frame had", "frames had"),
            words::count(totals.unreadable),
        ));
    }
}

fn loss_table(by_cause: &BTreeMap<GapCause, LossTotals>) -> Table {
    let rows = by_cause.iter().map(|(cause, loss)| {
        vec![
            Cell::text(cause.words()),
            Cell::text(words::count(loss.gaps)),
            Cell::text(words::count(loss.frames)),
            Cell::text(words::count(loss.uncounted)),
        ]
    });
    Table {
        caption: None,
        columns: vec![
            Column::wide("Cause", 1.0),
            Column::number("Losses"),
            Column::number("Frames counted"),
            Column::number("Without a count"),
        ],
        rows: rows.collect(),
        dense: true,
    }
}
