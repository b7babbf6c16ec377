//! Sensors and imported files: link, backlog, clock, position, radios, and every stated loss in words.

use crate::command::{Command, DialogKind, Order};
use crate::feed::{Feed, LinkKind, LinkRow};
use crate::style::{self, Palette};
use crate::views::{parts, sensor_guard};
use crate::words;
use egui::{Align, Layout, RichText, Ui};
use pw_engine::RadioRow;
use pw_model::{Channel, ClockSource, ClockState, GapCause, Health, Origin, SensorId, Timestamp};
use pw_survey::{GapRow, LossTotals, SensorState, Snapshot};
use std::collections::BTreeMap;

mod plan;

/// A sensor, or an imported file, as the view shows it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SensorCard {
    title: String,
    origin: Option<Origin>,
    link: Option<LinkRow>,
    /// Name, value, and whether the value needs a look.
    facts: Vec<(&'static str, String, bool)>,
    losses: Vec<String>,
    /// Something came from it: it is a source of what the survey holds.
    has_data: bool,
}

/// How many gave data, and how many are paired of which nothing came yet.
fn summary(cards: &[SensorCard]) -> String {
    let sources = cards.iter().filter(|card| card.has_data).count();
    let silent = words::counted((cards.len() - sources) as u64, "paired sensor", "paired sensors");
    let sources = words::counted(sources as u64, "source of data", "sources of data");
    match cards.iter().any(|card| !card.has_data) {
        true => format!("{sources}; nothing came yet from {silent}"),
        false => sources,
    }
}

/// Streams of the survey and paired sensors, joined by identity.
pub(crate) fn rows(snapshot: Option<&Snapshot>, feed: &Feed) -> Vec<SensorCard> {
    let mut links: BTreeMap<SensorId, &LinkRow> =
        feed.links.iter().map(|link| (link.id, link)).collect();
    let states = snapshot.map(|snapshot| snapshot.sensors.as_slice()).unwrap_or_default();
    let mut cards: Vec<SensorCard> =
        states.iter().map(|state| card(state, links.remove(&state.id), feed)).collect();
    for link in links.into_values() {
        cards.push(SensorCard {
            title: link.name.clone(),
            origin: None,
            facts: link_facts(link, feed),
            link: Some(link.clone()),
            losses: Vec::new(),
            has_data: false,
        });
    }
    cards
}

fn card(state: &SensorState, link: Option<&LinkRow>, feed: &Feed) -> SensorCard {
    let mut facts = Vec::new();
    if let Some(link) = link {
        // The title is what the sensor calls itself; commands go by the name of the pairing.
        if link.name != state.name {
            facts.push(("Paired as", link.name.clone(), false));
        }
        facts.extend(link_facts(link, feed));
    }
    let heard = state.range.map_or_else(|| "nothing yet".to_owned(), words::range);
    facts.push(("Data", heard, false));
    facts.push(("Stored", state.content_words(), false));
    // While a backlog is fetched, the newest come ahead of it and leave a hole that fills by itself.
    let fetching = link.is_some_and(|link| {
        link.kind == LinkKind::Connected && link.backlog_batches.is_some_and(|batches| batches > 0)
    });
    facts.push(if state.missing_batches == 0 {
        ("Batches", "all here, none missing in between".to_owned(), false)
    } else if fetching {
        let missing = words::counted(state.missing_batches, "batch is", "batches are");
        ("Batches", format!("{missing} still to come; the newest came first"), false)
    } else {
        let missing = words::counted(state.missing_batches, "batch is", "batches are");
        ("Batches", format!("{missing} missing; they are asked for again"), true)
    });
    if state.origin != Origin::Imported {
        let now = feed.stream_now.get(&state.id).copied();
        health_facts(state.health.as_ref(), now, link.is_some(), &mut facts);
        facts.push(clock_fact(state.clock.as_ref()));
    }
    facts.extend(sensor_guard::facts(&state.guard));
    for (radio, hardware) in &state.radios {
        let name = if hardware.is_empty() { "hardware not known" } else { hardware };
        facts.push(("Radio", format!("{}: {name}", radio.0), false));
    }
    facts.push(("Identity", words::short_id(state.id), false));
    SensorCard {
        title: state.name.clone(),
        origin: Some(state.origin),
        link: link.cloned(),
        facts,
        losses: losses(&state.losses),
        has_data: state.observations > 0 || state.range.is_some(),
    }
}

fn link_facts(link: &LinkRow, feed: &Feed) -> Vec<(&'static str, String, bool)> {
    let mut facts = vec![("Address", link.address.clone(), false)];
    if let Some(time) = link.last_heard {
        facts.push(("Last heard", words::ago(time, feed.now), false));
    }
    if let Some(round_trip) = link.round_trip {
        facts.push(("Round trip", format!("{:.1} ms", round_trip.as_secs_f64() * 1e3), false));
    }
    for radio in link.radios.iter().flatten().filter(|_| link.kind == LinkKind::Connected) {
        let (text, look) = radio_words(radio, link.is_played);
        facts.push(("Listens", text, look));
        if let Some(words) = &radio.plan_words {
            facts.push(("Plan", format!("{}: {words}", radio.source), false));
        }
    }
    if let Some(rate) = link.frames_per_sec {
        let unit = if rate.round() == 1.0 { "frame" } else { "frames" };
        facts.push(("Hears now", format!("{rate:.0} {unit} per second"), false));
    }
    if link.kind == LinkKind::Connected {
        let gps = link.gps.clone().unwrap_or_else(|| "nothing said yet".to_owned());
        facts.push(("Position", gps, false));
    }
    if let Some(batches) = link.backlog_batches {
        let text = if batches == 0 {
            "none: everything the sensor has is here".to_owned()
        } else {
            let size = link.backlog_bytes.map(|size| format!(" ({})", words::bytes(size)));
            let size = size.unwrap_or_default();
            let batches = words::counted(batches, "batch", "batches");
            format!("{batches}{size} not yet with every paired desktop")
        };
        facts.push(("Backlog", text, false));
    }
    facts.extend(link.warnings.iter().map(|warning| ("Warning", warning.clone(), true)));
    facts
}

/// A radio, and whether it needs a look.
fn radio_words(radio: &RadioRow, is_played: bool) -> (String, bool) {
    match (&radio.trouble, radio.listening) {
        (Some(trouble), _) => (format!("{}: no: {trouble}", radio.source), true),
        (None, true) => {
            let where_to =
                radio.frequency_mhz.map_or_else(String::new, |mhz| match channel_of(mhz) {
                    Some(channel) => format!(", channel {channel} ({mhz} MHz)"),
                    None => format!(", {mhz} MHz"),
                });
            (format!("{}: yes{where_to}", radio.source), false)
        }
        (None, false) if is_played => (format!("{}: played to its end", radio.source), false),
        (None, false) => (format!("{}: no, it ended", radio.source), true),
    }
}

fn channel_of(frequency_mhz: u16) -> Option<Channel> {
    Channel::from_frequency_mhz(frequency_mhz)
}

/// `now` by the stream's own time; `None` when nothing came from it since the survey was opened.
fn health_facts(
    health: Option<&Health>,
    now: Option<Timestamp>,
    linked: bool,
    facts: &mut Vec<(&'static str, String, bool)>,
) {
    let Some(health) = health else {
        facts.push(("Health", "nothing said yet".to_owned(), false));
        return;
    };
    let when = now
        .filter(|_| linked)
        .map_or_else(|| words::date_clock(health.time), |now| words::ago(health.time, now));
    facts.push(("Health as of", when, false));
    if !linked && health.backlog_batches > 0 {
        facts.push(("Backlog", backlog_words(health), false));
    }
    let lost = health.frames_lost;
    let heard = format!(
        "{} heard, {} lost since it started",
        words::counted(health.frames, "frame", "frames"),
        words::count(lost)
    );
    facts.push(("Capture", heard, lost > 0));
    let fix = match health.gps_age_secs {
        Some(age) if age < 5.0 => "current".to_owned(),
        Some(age) => format!("last one {age:.0} s old"),
        None => "never had one".to_owned(),
    };
    facts.push(("Position fix", fix, health.gps_age_secs.is_none_or(|age| age >= 5.0)));
    if let Some(free) = health.disk_free_bytes {
        facts.push(("Disk free", words::bytes(free), free < 1 << 30));
    }
    if let Some(celsius) = health.temperature_c {
        facts.push(("Processor", format!("{celsius:.0} °C"), celsius >= 80.0));
    }
    if let Some(memory) = health.memory_bytes {
        facts.push(("Memory used", words::bytes(memory), false));
    }
}

/// What nobody had fetched when the sensor said so.
fn backlog_words(health: &Health) -> String {
    format!(
        "{} ({}) had not been fetched at that time",
        words::counted(health.backlog_batches, "batch", "batches"),
        words::bytes(health.backlog_bytes)
    )
}

fn clock_fact(clock: Option<&ClockState>) -> (&'static str, String, bool) {
    let Some(clock) = clock else {
        return ("Clock", "nothing said of it".to_owned(), false);
    };
    let source = match clock.source {
        ClockSource::System => "system clock, kept by nothing known",
        ClockSource::Ntp => "kept by network time",
        ClockSource::Gps => "set by the position receiver",
        ClockSource::Pps => "kept by pulse per second",
        ClockSource::File => "as in the file or scenario played",
    };
    let mut text = source.to_owned();
    if let Some(offset_us) = clock.offset_us {
        text.push_str(&format!(", off by {:.1} ms", offset_us as f64 / 1e3));
    }
    match clock.uncertainty_us {
        Some(us) => text.push_str(&format!(", good to ± {:.1} ms", us as f64 / 1e3)),
        None => text.push_str(", uncertainty not known"),
    }
    ("Clock", text, clock.source == ClockSource::System)
}

/// Gaps listed at most, the latest; the rest is counted.
const MOST_GAPS: usize = 100;

/// A stated gap: when, and what was lost.
fn gap_words(row: &GapRow) -> (String, String) {
    let gap = &row.gap;
    let length = words::duration(gap.end.since(gap.start));
    let when = format!("{} UTC", words::date_clock(gap.start));
    let frames = gap.frames.map_or_else(
        || "frames not counted".to_owned(),
        |frames| words::counted(frames, "frame", "frames"),
    );
    let radio =
        gap.radio.map_or_else(|| "all radios".to_owned(), |radio| format!("radio {}", radio.0));
    (when, format!("{length}, {radio}: {}; {frames}", gap.cause.words()))
}

fn gaps_ui(ui: &mut Ui, snapshot: &Snapshot, palette: &Palette, commands: &mut Vec<Command>) {
    if snapshot.gaps.is_empty() {
        return;
    }
    ui.add_space(6.0);
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        title(ui, palette, "Losses by time");
        ui.add_space(4.0);
        for row in snapshot.gaps.iter().rev().take(MOST_GAPS) {
            let (when, what) = gap_words(row);
            parts::fact(ui, palette, &when, &what, commands);
        }
        let rest = snapshot.gaps.len().saturating_sub(MOST_GAPS);
        if rest > 0 {
            let words =
                format!("and {}", words::counted(rest as u64, "earlier one", "earlier ones"));
            ui.label(RichText::new(words).color(palette.weak));
        }
    });
}

fn title(ui: &mut Ui, palette: &Palette, text: &str) {
    let text = RichText::new(text).size(16.5).family(crate::fonts::bold()).color(palette.strong);
    ui.label(text);
}

/// Each cause in one sentence.
fn losses(losses: &BTreeMap<GapCause, LossTotals>) -> Vec<String> {
    let sentence = |(cause, totals): (&GapCause, &LossTotals)| {
        let times = match totals.gaps {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            times => format!("{} times", words::count(times)),
        };
        let frames = match (totals.frames, totals.uncounted) {
            (0, 0) => "no frame lost".to_owned(),
            (0, _) => "number of frames not known".to_owned(),
            (frames, 0) => format!("{} lost", words::counted(frames, "frame", "frames")),
            (frames, some) => format!(
                "{} lost, and {} without a count",
                words::counted(frames, "frame", "frames"),
                words::count(some)
            ),
        };
        let mut text = format!("{} ({times}): {frames}.", cause.words());
        if let Some(first) = text.get(..1).map(str::to_uppercase) {
            text.replace_range(..1, &first);
        }
        text
    };
    losses.iter().map(sentence).collect()
}

/// Paints the view.
pub(crate) fn ui(ui: &mut Ui, feed: &Feed, palette: &Palette, commands: &mut Vec<Command>) {
    let snapshot = feed.shown.clone();
    if snapshot.is_none() {
        parts::no_survey(ui, palette, commands);
        return;
    }
    let cards = rows(snapshot.as_deref(), feed);
    ui.horizontal(|ui| {
        ui.label(RichText::new(summary(&cards)).color(palette.weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Pair a sensor…").clicked() {
                commands.push(Command::OpenDialog(DialogKind::Connect));
            }
        });
    });
    ui.add_space(4.0);
    if cards.is_empty() {
        parts::empty(
            ui,
            palette,
            "No sensor yet",
            "Start piwardrive-sensor on the Pi, then pair it here with the code that it shows; \
             or import captures.",
            &[
                ("Pair a sensor…", Command::OpenDialog(DialogKind::Connect)),
                ("Import captures…", Command::OpenDialog(DialogKind::Import)),
            ],
            commands,
        );
        return;
    }
    let columns = if ui.available_width() > 1000.0 { 2 } else { 1 };
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.columns(columns, |uis| {
            for (number, card) in cards.iter().enumerate() {
                let Some(ui) = uis.get_mut(number % columns) else { continue };
                card_ui(ui, card, palette, commands);
                ui.add_space(6.0);
            }
            if let (Some(snapshot), Some(ui)) = (&snapshot, uis.get_mut(cards.len() % columns)) {
                totals_ui(ui, snapshot, palette, commands);
                gaps_ui(ui, snapshot, palette, commands);
            }
        });
    });
}

fn card_ui(ui: &mut Ui, card: &SensorCard, palette: &Palette, commands: &mut Vec<Command>) {
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            title(ui, palette, &card.title);
            match card.origin {
                Some(Origin::Simulated) => {
                    parts::badge(ui, "SIMULATED", palette.badge, palette.badge_text);
                }
                Some(origin) => {
                    parts::badge(ui, origin.name(), palette.accent_soft, palette.text);
                }
                None => {}
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                link_button(ui, card, commands);
            });
        });
        if let Some(link) = &card.link {
            let color = match link.kind {
                LinkKind::Connected => palette.good,
                LinkKind::Connecting => palette.warn,
                LinkKind::Refused => palette.bad,
                LinkKind::Off | LinkKind::Replaced => palette.weak,
            };
            let color = if link.is_deaf() { palette.warn } else { color };
            parts::long_state(ui, color, &link.words);
            if link.is_deaf() {
                let words = "No radio is listening: nothing is recorded.";
                ui.add(egui::Label::new(RichText::new(words).color(palette.warn)).wrap());
            }
        }
        ui.add_space(4.0);
        for (name, value, look) in &card.facts {
            let color = if *look { palette.warn } else { palette.text };
            parts::fact_colored(ui, palette, name, value, color, commands);
        }
        if let Some(link) = card.link.as_ref().filter(|link| link.kind == LinkKind::Connected) {
            plan::menu(ui, link, palette, commands);
        }
        ui.add_space(6.0);
        ui.label(RichText::new("Stated losses").family(crate::fonts::bold()).color(palette.strong));
        if card.losses.is_empty() {
            ui.label(RichText::new("None.").color(palette.weak));
        }
        for loss in &card.losses {
            ui.add(egui::Label::new(RichText::new(loss).color(palette.warn)).wrap());
        }
    });
}

fn link_button(ui: &mut Ui, card: &SensorCard, commands: &mut Vec<Command>) {
    let Some(link) = &card.link else { return };
    let (words, order) = match link.kind {
        LinkKind::Off | LinkKind::Replaced => {
            ("Connect", Order::Connect { sensor: link.name.clone() })
        }
        LinkKind::Refused => ("Try again", Order::Connect { sensor: link.name.clone() }),
        LinkKind::Connecting => ("Stop trying", Order::Disconnect { sensor: link.name.clone() }),
        LinkKind::Connected => ("Disconnect", Order::Disconnect { sensor: link.name.clone() }),
    };
    if ui.button("Forget…").on_hover_text("End the pairing with this sensor").clicked() {
        commands
            .push(Command::AskForget { sensor: link.name.clone(), address: link.address.clone() });
    }
    if ui.button(words).clicked() {
        commands.push(Command::Engine(order));
    }
}

fn totals_ui(ui: &mut Ui, snapshot: &Snapshot, palette: &Palette, commands: &mut Vec<Command>) {
    let totals = &snapshot.totals;
    // Of frames, damaged or not; rows of tables are none.
    let share = |part: u64| match totals.frames() {
        0 => String::new(),
        all => format!(" ({})", words::percent(part as f64 / all as f64)),
    };
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        title(ui, palette, "The survey as a whole");
        ui.add_space(4.0);
        let mut fact = |name: &str, value: String| parts::fact(ui, palette, name, &value, commands);
        fact("Stored", totals.content_words());
        if totals.heard_again > 0 {
            let several = totals.frames_of_several_radios;
            fact("By more than one radio", words::counted(several, "frame", "frames"));
        }
        let positioned = totals.positioned;
        fact("With a position", format!("{}{}", words::count(positioned), share(positioned)));
        fact(
            "Damaged on the air",
            format!("{}{}", words::count(totals.bad_fcs), share(totals.bad_fcs)),
        );
        fact(
            "Not readable",
            format!("{}{}", words::count(totals.unreadable), share(totals.unreadable)),
        );
        fact("Frames lost", format!("{} counted", words::count(totals.frames_lost)));
        fact("Gaps without count", words::count(totals.uncounted_gaps));
        fact("Batches", words::count(totals.batches));
        let evicted = totals.evicted_access_points + totals.evicted_clients;
        if evicted > 0 {
            fact(
                "Not shown",
                format!("{}: too many for memory", words::counted(evicted, "device", "devices")),
            );
        }
        for drive in &snapshot.drives {
            let length =
                drive.length_m.map_or_else(|| "length not known".to_owned(), words::metres);
            fact(
                "Drive",
                format!(
                    "{}: {}, {length}, {}",
                    drive.number,
                    words::range(drive.range),
                    drive.content_words()
                ),
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn losses_are_sentences() {
        let totals = LossTotals { gaps: 2, frames: 0, uncounted: 2 };
        let text = losses(&BTreeMap::from([(GapCause::RadioGone, totals)]));
        assert_eq!(text, ["The radio was gone (twice): number of frames not known."]);
    }

    #[test]
    fn streams_and_paired_sensors_are_joined() {
        let snapshot = fixture::snapshot();
        let mut feed = Feed::empty(fixture::now());
        assert_eq!(rows(Some(&snapshot), &feed).len(), 1);
        let link = |id: u8| LinkRow {
            id: SensorId([id; 16]),
            name: format!("sensor {id}"),
            ..fixture::link(LinkKind::Off)
        };
        feed.links = vec![link(7), link(9)];
        let cards = rows(Some(&snapshot), &feed);
        assert_eq!(cards.len(), 2);
        assert!(cards[0].link.is_some() && cards[0].origin.is_some());
        assert_eq!(cards[1].title, "sensor 9");
    }

    #[test]
    fn only_what_gave_data_is_a_source_of_data() {
        let snapshot = fixture::snapshot();
        let mut feed = Feed::empty(fixture::now());
        assert_eq!(summary(&rows(Some(&snapshot), &feed)), "1 source of data");
        let link =
            |id: u8| LinkRow { id: SensorId([id; 16]), ..fixture::link(LinkKind::Connected) };
        feed.links = vec![link(7), link(9)];
        let words = summary(&rows(Some(&snapshot), &feed));
        assert_eq!(words, "1 source of data; nothing came yet from 1 paired sensor");
        let words = summary(&rows(None, &feed));
        assert_eq!(words, "0 sources of data; nothing came yet from 2 paired sensors");
    }

    #[test]
    fn one_batch_and_two_batches() {
        let health = fixture::snapshot().sensors[0].health.clone().expect("said");
        for (batches, words) in [(1, "1 batch ("), (2, "2 batches (")] {
            let health = Health { backlog_batches: batches, ..health.clone() };
            let said = backlog_words(&health);
            assert!(
                said.starts_with(words) && said.ends_with(") had not been fetched at that time")
            );
        }
    }

    #[test]
    fn what_is_still_to_come_is_not_called_missing() {
        let mut state = fixture::snapshot().sensors[0].clone();
        state.missing_batches = 3;
        let batches = |link: &LinkRow| {
            let feed = Feed::empty(fixture::now());
            let facts = card(&state, Some(link), &feed).facts;
            facts.into_iter().find(|(name, ..)| *name == "Batches").expect("told")
        };
        let mut link = fixture::link(LinkKind::Connected);
        assert!(batches(&link).2, "nobody sends them");
        link.backlog_batches = Some(3);
        let (_, words, look) = batches(&link);
        assert!(!look && words.contains("still to come"), "{words}");
        link.kind = LinkKind::Connecting;
        assert!(batches(&link).2);
    }

    #[test]
    fn a_radio_that_does_not_listen_needs_a_look() {
        let mut radio =
            RadioRow { source: "wlan1".to_owned(), listening: true, ..RadioRow::default() };
        let mut link = fixture::link(LinkKind::Connected);
        assert!(!link.is_deaf(), "nothing said");
        link.radios = Some(vec![radio.clone()]);
        assert_eq!((radio_words(&radio, false).1, link.is_deaf()), (false, false));
        radio.listening = false;
        link.radios = Some(vec![radio.clone()]);
        assert_eq!((radio_words(&radio, false).1, link.is_deaf()), (true, true));
        radio.trouble = Some("no such device".to_owned());
        assert!(radio_words(&radio, false).0.contains("no such device"));
        link.kind = LinkKind::Off;
        assert!(!link.is_deaf());
    }

    #[test]
    fn a_clock_that_nobody_keeps_needs_a_look() {
        let clock = ClockState {
            time: fixture::now(),
            source: ClockSource::System,
            offset_us: None,
            uncertainty_us: None,
        };
        let (_, words, look) = clock_fact(Some(&clock));
        assert!(look && words.contains("uncertainty not known"));
    }
}
