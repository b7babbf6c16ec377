//! The view for the car: link and position in words, large numbers, new networks as they come.

use crate::command::{Command, DialogKind, Order};
use crate::feed::{Feed, LinkKind, LinkRow};
use crate::style::{self, Palette};
use crate::views::parts;
use crate::views::security::{self, SecurityClass};
use crate::words;
use egui::{Align, Color32, Layout, RichText, Stroke, Ui, vec2};
use pw_engine::RadioRow;
use pw_model::{MacAddr, Origin, SensorId};
use pw_survey::{AccessPoint, SensorState, Snapshot};
use std::sync::Arc;
use std::time::Duration;

/// How good news is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mood {
    Good,
    Wait,
    Bad,
    Quiet,
}

/// A state with its words.
#[derive(Clone, PartialEq, Eq, Debug)]
struct State {
    mood: Mood,
    title: String,
    detail: String,
}

/// A large number and what it counts.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Figure {
    value: String,
    name: &'static str,
}

/// What the view shows.
#[derive(Debug)]
pub(crate) struct DriveRows {
    link: State,
    place: State,
    loss: State,
    figures: Vec<Figure>,
    /// The latest first, with their ages while a stream that heard them sends.
    new: Vec<(Option<Duration>, Arc<AccessPoint>)>,
}

/// From the snapshot of the whole survey and the links to words and numbers.
///
/// Ages are counted by the time of the stream that heard, [`Feed::stream_now`], never by this
/// computer's clock: a sensor may have none, and a recording or the simulator is of another day.
pub(crate) fn rows(snapshot: &Snapshot, feed: &Feed) -> DriveRows {
    let live = feed.is_live();
    let mut new: Vec<(Option<Duration>, Arc<AccessPoint>)> =
        snapshot.access_points.iter().map(|ap| (age(ap, snapshot, feed), Arc::clone(ap))).collect();
    new.sort_by_key(|(age, ap)| {
        (age.unwrap_or(Duration::MAX), std::cmp::Reverse(ap.first_seen), ap.bssid)
    });
    let fresh = new.iter().filter(|(age, _)| age.is_some_and(is_fresh)).count();
    new.truncate(40);
    DriveRows {
        link: link_state(&feed.links, &snapshot.sensors),
        place: place_state(snapshot, feed),
        loss: loss_state(snapshot),
        figures: figures(snapshot, feed, fresh, live),
        new,
    }
}

/// How long ago it was heard first, by the time of a stream that heard it; `None` while none of them
/// sends.
fn age(ap: &AccessPoint, snapshot: &Snapshot, feed: &Feed) -> Option<Duration> {
    if !feed.is_live() {
        return None;
    }
    let now = |id: &SensorId| feed.stream_now.get(id).copied();
    // Streams may live in different times: the one that was listening at that moment counts.
    let listened = |id: &&SensorId| {
        let state = snapshot.sensors.iter().find(|state| state.id == **id);
        state.and_then(|state| state.range).is_some_and(|range| range.contains(ap.first_seen))
    };
    let now = ap
        .sensors
        .iter()
        .filter(listened)
        .find_map(now)
        .or_else(|| ap.sensors.iter().find_map(now))?;
    // What lies ahead was heard before the sensor's clock was set back: nobody knows how long ago.
    (ap.first_seen.since(now) < AHEAD).then(|| now.since(ap.first_seen))
}

/// Times within a batch and between radios differ by less.
const AHEAD: Duration = Duration::from_secs(5);

/// A live sensor this far behind its own clock is catching up: a batch, a wait for the next fix and
/// the link take a few seconds.
const BEHIND: Duration = Duration::from_secs(15);
/// Fewer batches than this wait in the ordinary course of things.
const BEHIND_BATCHES: u64 = 5;

/// How much of what the sensor has is still to come, in words; `None` when it is up to date.
fn behind(link: &LinkRow, sensors: &[SensorState]) -> Option<String> {
    let batches = link.backlog_batches.filter(|batches| *batches >= BEHIND_BATCHES)?;
    let state = sensors.iter().find(|sensor| sensor.id == link.id);
    let live = state.filter(|state| state.origin == Origin::Live);
    let newest = live.and_then(|state| state.latest.or(state.range.map(|range| range.end)));
    match link.sensor_time.zip(newest) {
        // The count is of what any paired desktop lacks; the time says what this one does.
        Some((now, newest)) => {
            let lag = now.since(newest);
            (lag >= BEHIND).then(|| words::duration(lag))
        }
        None => Some(words::counted(batches, "batch", "batches")),
    }
}

/// What is wrong with a sensor that is connected, or worth saying.
fn remark(link: &LinkRow, sensors: &[SensorState]) -> Option<String> {
    let radios = link.radios.as_deref().unwrap_or_default();
    let mut silent = radios.iter().filter(|radio| !radio.listening);
    let why = |radio: &RadioRow| {
        let trouble = radio.trouble.as_deref().unwrap_or("it ended");
        format!("{}: {trouble}", radio.source)
    };
    if link.is_deaf() {
        let why = silent.next().map_or_else(|| "it has none".to_owned(), why);
        return Some(format!("connected, but no radio is listening ({why})"));
    }
    if let Some(radio) = silent.next() {
        return Some(format!("not listening: {}", why(radio)));
    }
    behind(link, sensors).map(|behind| format!("catching up, {behind} behind"))
}

fn link_state(links: &[LinkRow], sensors: &[SensorState]) -> State {
    let of = |kind: LinkKind| links.iter().filter(|link| link.kind == kind).collect::<Vec<_>>();
    let names = |links: &[&LinkRow]| {
        links.iter().map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (connected, connecting) = (of(LinkKind::Connected), of(LinkKind::Connecting));
    let refused = of(LinkKind::Refused);
    // With one sensor the title names it already.
    let several = connected.len() + connecting.len() + refused.len() > 1;
    let of_one = |link: &LinkRow, words: String| {
        if several { format!("{}: {words}", link.name) } else { words }
    };
    let troubles = refused.iter().chain(&connecting);
    let troubles = troubles.map(|link| of_one(link, link.words.clone()));
    if connected.is_empty() {
        let details: Vec<String> = troubles.collect();
        let (mood, title) = if !refused.is_empty() {
            (Mood::Bad, format!("{} refused", names(&refused)))
        } else if !connecting.is_empty() {
            (Mood::Wait, format!("Connecting to {}", names(&connecting)))
        } else {
            let paired = links.iter().any(|link| link.kind != LinkKind::Replaced);
            let detail = if paired { "no sensor is connected" } else { "no sensor is paired yet" };
            let title = "Not recording".to_owned();
            return State { mood: Mood::Quiet, title, detail: detail.to_owned() };
        };
        return State { mood, title, detail: details.join("; ") };
    }
    let remarks = connected.iter().filter_map(|link| Some(of_one(link, remark(link, sensors)?)));
    let details: Vec<String> = remarks.chain(troubles).collect();
    let title = if connected.iter().all(|link| link.is_deaf()) {
        "No radio is listening".to_owned()
    } else {
        format!("Connected to {}", names(&connected))
    };
    if details.is_empty() {
        return State { mood: Mood::Good, title, detail: "up to date".to_owned() };
    }
    State { mood: Mood::Wait, title, detail: details.join("; ") }
}

fn place_state(snapshot: &Snapshot, feed: &Feed) -> State {
    let connected = feed.links.iter().filter(|link| link.kind == LinkKind::Connected);
    // The one that lacks a position is told of first.
    let gps = connected
        .filter_map(|link| Some((link.has_position?, link.gps.clone()?)))
        .min_by_key(|(known, _)| *known);
    if let Some((known, detail)) = gps {
        let (mood, title) =
            if known { (Mood::Good, "Position known") } else { (Mood::Wait, "No position") };
        return State { mood, title: title.to_owned(), detail };
    }
    let Some(last) = snapshot.track.last() else {
        let detail = "no position receiver gave data".to_owned();
        return State { mood: Mood::Quiet, title: "No positions".to_owned(), detail };
    };
    match last.position {
        Some(place) => State {
            mood: Mood::Good,
            title: if feed.is_live() { "Position known" } else { "Ended at a known position" }
                .to_owned(),
            detail: place.error_m.map_or_else(
                || "error not stated".to_owned(),
                |error_m| format!("± {} (95 %)", words::metres(f64::from(error_m))),
            ),
        },
        None => State {
            mood: Mood::Wait,
            title: "No position".to_owned(),
            detail: format!("unknown since {} UTC", words::clock(last.time)),
        },
    }
}

fn loss_state(snapshot: &Snapshot) -> State {
    let totals = &snapshot.totals;
    let missing: u64 = snapshot.sensors.iter().map(|sensor| sensor.missing_batches).sum();
    if totals.frames_lost == 0 && totals.uncounted_gaps == 0 && missing == 0 {
        let detail = "no sensor stated a gap".to_owned();
        return State { mood: Mood::Good, title: "Nothing lost".to_owned(), detail };
    }
    let mut parts = Vec::new();
    if totals.frames_lost > 0 {
        parts.push(words::counted(totals.frames_lost, "frame", "frames"));
    }
    if totals.uncounted_gaps > 0 {
        parts.push(words::counted(
            totals.uncounted_gaps,
            "gap without a count",
            "gaps without a count",
        ));
    }
    if missing > 0 {
        parts.push(words::counted(missing, "batch not here yet", "batches not here yet"));
    }
    let lost = totals.frames_lost > 0 || totals.uncounted_gaps > 0;
    let title = if lost { "Some data lost" } else { "Not all here yet" }.to_owned();
    State { mood: Mood::Wait, title, detail: parts.join(", ") }
}

fn figures(snapshot: &Snapshot, feed: &Feed, fresh: usize, live: bool) -> Vec<Figure> {
    let unknown = || words::UNKNOWN.to_owned();
    let rate = match live {
        // What the sensor hears, not what arrives here: a backlog arrives much faster.
        true => (feed.heard_per_sec().map(f64::from), "frames heard per second"),
        false => (mean_rate(snapshot), "frames per second, mean"),
    };
    let length_m: f64 = snapshot.drives.iter().filter_map(|drive| drive.length_m).sum();
    let motion = if live {
        let value = speed_mps(snapshot, feed)
            .map_or_else(unknown, |mps| format!("{:.0}", f64::from(mps) * 3.6));
        Figure { value, name: "km/h" }
    } else {
        let value = if length_m > 0.0 { words::metres(length_m) } else { unknown() };
        Figure { value, name: "driven" }
    };
    let weak = snapshot
        .access_points
        .iter()
        .filter(|ap| ap.protection.as_ref().is_some_and(|p| p.label.is_weak()))
        .count();
    vec![
        Figure { value: words::count(snapshot.access_points.len() as u64), name: "networks" },
        if live {
            Figure { value: words::count(fresh as u64), name: "new in the last minute" }
        } else {
            Figure { value: words::count(weak as u64), name: "open or badly protected" }
        },
        Figure { value: words::count(snapshot.clients.len() as u64), name: "clients" },
        Figure {
            value: rate.0.map_or_else(unknown, |rate| words::count(rate.round() as u64)),
            name: rate.1,
        },
        motion,
    ]
}

/// The latest speed of a sensor that sends, when it is not old.
fn speed_mps(snapshot: &Snapshot, feed: &Feed) -> Option<f32> {
    feed.stream_now.iter().find_map(|(id, now)| {
        let last = snapshot.track.iter().rev().find(|point| point.sensor == *id)?;
        last.speed_mps.filter(|_| now.since(last.time) < Duration::from_secs(10))
    })
}

const fn is_fresh(age: Duration) -> bool {
    age.as_secs() < 60
}

fn mean_rate(snapshot: &Snapshot) -> Option<f64> {
    let secs: f64 = snapshot.drives.iter().map(|drive| drive.range.duration().as_secs_f64()).sum();
    (secs >= 1.0).then(|| snapshot.totals.observations as f64 / secs)
}

/// Paints the view.
pub(crate) fn ui(
    ui: &mut Ui,
    feed: &Feed,
    palette: &Palette,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    // The passenger looks at what is, whatever somebody selected in the timeline.
    let Some(snapshot) = feed.survey.clone() else {
        parts::no_survey(ui, palette, commands);
        return;
    };
    let rows = rows(&snapshot, feed);
    let width = ui.available_width();
    let scale = (width / 1280.0).clamp(0.8, 1.5);
    states(ui, &rows, palette, scale, feed, commands);
    ui.add_space(8.0);
    numbers(ui, &rows.figures, palette, scale);
    ui.add_space(8.0);
    new_networks(ui, &rows.new, feed, palette, scale, chosen, commands);
}

/// Connects the sensors that are paired and idle; where none is paired, asks for one.
fn connect(feed: &Feed, commands: &mut Vec<Command>) {
    let idle = feed.links.iter().filter(|link| link.kind == LinkKind::Off);
    let orders: Vec<_> =
        idle.map(|link| Command::Engine(Order::Connect { sensor: link.name.clone() })).collect();
    if orders.is_empty() {
        commands.push(Command::OpenDialog(DialogKind::Connect));
    }
    commands.extend(orders);
}

/// `count` areas of one width beside each other.
fn equal_columns(ui: &mut Ui, count: usize, height: f32, mut add: impl FnMut(&mut Ui, usize)) {
    let gap = 10.0;
    let width = (ui.available_width() - gap * (count as f32 - 1.0)) / count as f32;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for number in 0..count {
            ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                add(ui, number);
            });
        }
    });
}

/// Height of a line with a button in it.
const BUTTON_ROW: f32 = 26.0;

fn states(
    ui: &mut Ui,
    rows: &DriveRows,
    palette: &Palette,
    scale: f32,
    feed: &Feed,
    commands: &mut Vec<Command>,
) {
    let states = [("Sensor", &rows.link), ("Position", &rows.place), ("Losses", &rows.loss)];
    equal_columns(ui, states.len(), 84.0 * scale, |ui, number| {
        let Some((caption, state)) = states.get(number) else { return };
        style::card(palette).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.set_min_height(62.0 * scale);
            ui.spacing_mut().item_spacing.y = 2.0;
            parts::caption(ui, palette, caption);
            ui.horizontal(|ui| {
                let (rect, _) =
                    ui.allocate_exact_size(vec2(14.0 * scale, 20.0 * scale), egui::Sense::hover());
                mood_mark(ui.painter(), rect.center(), 6.0 * scale, state.mood, palette);
                let title = RichText::new(&state.title)
                    .size(19.0 * scale)
                    .family(crate::fonts::bold())
                    .color(palette.strong);
                ui.add(egui::Label::new(title).truncate());
            });
            let size = 14.0 * scale;
            if *caption == "Sensor" && state.mood == Mood::Quiet {
                ui.horizontal(|ui| {
                    ui.set_min_height(BUTTON_ROW);
                    ui.label(RichText::new(&state.detail).size(size).color(palette.weak));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let idle = feed.links.iter().any(|link| link.kind == LinkKind::Off);
                        let words = if idle { "Connect" } else { "Pair a sensor…" };
                        if ui.button(words).clicked() {
                            connect(feed, commands);
                        }
                    });
                });
            } else {
                let top = ui.cursor().top();
                few_lines(ui, &state.detail, size, palette.weak);
                // As high as one with a button, so that cards beside each other end together.
                let used = ui.cursor().top() - top;
                ui.add_space((BUTTON_ROW - used).max(0.0));
            }
        });
    });
}

/// Words in at most three lines; all of them when the pointer rests on it.
fn few_lines(ui: &mut Ui, words: &str, size: f32, color: Color32) {
    let font = egui::FontId::proportional(size);
    let width = ui.available_width();
    let mut job = egui::text::LayoutJob::simple(words.to_owned(), font, color, width);
    job.wrap.max_rows = 3;
    let galley = ui.painter().layout_job(job);
    let elided = galley.elided;
    let response = ui.add(egui::Label::new(galley));
    if elided {
        response.on_hover_text(words);
    }
}

/// Disc, ring or cross: the shape says it as the colour does.
fn mood_mark(painter: &egui::Painter, at: egui::Pos2, radius: f32, mood: Mood, palette: &Palette) {
    let color: Color32 = match mood {
        Mood::Good => palette.good,
        Mood::Wait => palette.warn,
        Mood::Bad => palette.bad,
        Mood::Quiet => palette.weak,
    };
    let stroke = Stroke::new(radius * 0.4, color);
    match mood {
        Mood::Good => {
            painter.circle_filled(at, radius, color);
        }
        Mood::Wait => {
            painter.circle_stroke(at, radius * 0.85, stroke);
            painter.circle_filled(at, radius * 0.35, color);
        }
        Mood::Quiet => {
            painter.circle_stroke(at, radius * 0.85, stroke);
        }
        Mood::Bad => {
            let arm = radius * 0.8;
            painter.line_segment([at + vec2(-arm, -arm), at + vec2(arm, arm)], stroke);
            painter.line_segment([at + vec2(-arm, arm), at + vec2(arm, -arm)], stroke);
        }
    }
}

fn numbers(ui: &mut Ui, figures: &[Figure], palette: &Palette, scale: f32) {
    equal_columns(ui, figures.len(), 96.0 * scale, |ui, number| {
        let Some(figure) = figures.get(number) else { return };
        style::card(palette).show(ui, |ui| {
            ui.set_width(ui.available_width());
            parts::number(ui, palette, &figure.value, figure.name, 46.0 * scale, palette.strong);
        });
    });
}

fn new_networks(
    ui: &mut Ui,
    new: &[(Option<Duration>, Arc<AccessPoint>)],
    feed: &Feed,
    palette: &Palette,
    scale: f32,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.set_min_height((ui.available_height() - 2.0).max(40.0));
        let title = if feed.is_live() { "New networks" } else { "Networks found last" };
        ui.horizontal(|ui| {
            ui.label(
                RichText::new(title)
                    .size(16.0 * scale)
                    .family(crate::fonts::bold())
                    .color(palette.strong),
            );
            if feed.shown.as_ref().is_some_and(|shown| shown.selected.is_some()) {
                let words = "The whole survey; the selected time counts in the other views.";
                ui.label(RichText::new(words).size(14.0 * scale).color(palette.warn));
            }
        });
        ui.add_space(2.0);
        if new.is_empty() {
            let words = if feed.is_live() {
                "Listening. Networks appear here as they are heard."
            } else {
                "Nothing was heard. Connect a sensor, or import a capture."
            };
            ui.label(RichText::new(words).size(15.0 * scale).color(palette.weak));
            return;
        }
        let height = 34.0 * scale;
        ui.spacing_mut().item_spacing.y = 0.0;
        let room = ((ui.available_height() - 4.0) / height).floor().max(1.0) as usize;
        for (age, ap) in new.iter().take(room) {
            if new_row(ui, ap, *age, palette, scale, height, chosen == Some(ap.bssid)) {
                commands.push(Command::Choose(Some(ap.bssid)));
            }
        }
    });
}

/// One line; true when it was clicked.
fn new_row(
    ui: &mut Ui,
    ap: &AccessPoint,
    age: Option<Duration>,
    palette: &Palette,
    scale: f32,
    height: f32,
    chosen: bool,
) -> bool {
    use egui::{Align2, FontId, pos2};
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::click());
    let painter = ui.painter_at(rect);
    if chosen || response.hovered() {
        painter.rect_filled(rect, 4.0, palette.accent_soft);
    }
    let fresh = age.is_some_and(is_fresh);
    let font = FontId::proportional(18.0 * scale);
    let small = FontId::proportional(15.0 * scale);
    let y = rect.center().y;
    let column = |share: f32| rect.left() + 10.0 + (rect.width() - 20.0) * share;
    let class = SecurityClass::of(ap);
    painter.add(security::mark(
        palette,
        class,
        pos2(column(0.0) + 7.0, y),
        6.5 * scale,
        Stroke::NONE,
    ));
    let name = ap.name().unwrap_or_else(|| "hidden".to_owned());
    let color = if fresh { palette.accent } else { palette.strong };
    let clip = painter.with_clip_rect(rect.with_max_x(column(0.40) - 8.0));
    clip.text(pos2(column(0.0) + 26.0, y), Align2::LEFT_CENTER, name, font, color);
    let label = ap.protection.as_ref().map_or(words::UNKNOWN, |p| p.label.name());
    let at = pos2(column(0.40), y);
    painter.text(at, Align2::LEFT_CENTER, label, small.clone(), palette.security(class));
    let channel = ap.channel.map_or_else(|| words::UNKNOWN.to_owned(), |c| format!("channel {c}"));
    painter.text(pos2(column(0.56), y), Align2::LEFT_CENTER, channel, small.clone(), palette.text);
    let signal = words::dbm(ap.signal.map(|signal| signal.max_dbm));
    painter.text(pos2(column(0.80), y), Align2::RIGHT_CENTER, signal, small.clone(), palette.text);
    let age = age.map_or_else(|| format!("{} UTC", words::clock(ap.first_seen)), words::past);
    painter.text(pos2(column(1.0), y), Align2::RIGHT_CENTER, age, small, palette.weak);
    response.clicked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use pw_model::Timestamp;

    fn link(kind: LinkKind, backlog: u64) -> LinkRow {
        LinkRow { backlog_batches: Some(backlog), ..fixture::link(kind) }
    }

    fn radio(listening: bool) -> RadioRow {
        RadioRow { source: "wlan1".to_owned(), listening, trouble: None }
    }

    #[test]
    fn trouble_is_told_and_does_not_hide_what_works() {
        let state = |links: &[LinkRow]| link_state(links, &[]);
        let connected = link(LinkKind::Connected, 0);
        assert_eq!(state(&[]).mood, Mood::Quiet);
        assert_eq!(state(&[link(LinkKind::Replaced, 0)]).detail, "no sensor is paired yet");
        let alone = state(std::slice::from_ref(&connected));
        assert_eq!((alone.mood, alone.detail.as_str()), (Mood::Good, "up to date"));
        let replaced = state(&[link(LinkKind::Replaced, 0), connected.clone()]);
        assert_eq!(replaced, alone);
        let refused = LinkRow { name: "old".to_owned(), ..link(LinkKind::Refused, 0) };
        let both = state(&[refused.clone(), connected]);
        assert_eq!((both.mood, both.title.as_str()), (Mood::Wait, "Connected to roof"));
        assert_eq!(both.detail, "old: because");
        let alone = state(&[refused]);
        assert_eq!((alone.mood, alone.title.as_str()), (Mood::Bad, "old refused"));
    }

    #[test]
    fn a_sensor_without_a_radio_is_not_well() {
        let state = |radios: Vec<RadioRow>| {
            link_state(&[LinkRow { radios: Some(radios), ..link(LinkKind::Connected, 0) }], &[])
        };
        assert_eq!(state(vec![radio(true)]).mood, Mood::Good);
        let broken = RadioRow { trouble: Some("no such device".to_owned()), ..radio(false) };
        for radios in [vec![], vec![radio(false)], vec![broken.clone()]] {
            let deaf = state(radios);
            assert_eq!((deaf.mood, deaf.title.as_str()), (Mood::Wait, "No radio is listening"));
            assert!(deaf.detail.contains("connected, but no radio"), "{}", deaf.detail);
        }
        let one_of_two = state(vec![radio(true), broken]);
        assert_eq!((one_of_two.mood, one_of_two.title.as_str()), (Mood::Wait, "Connected to roof"));
        assert_eq!(one_of_two.detail, "not listening: wlan1: no such device");
    }

    #[test]
    fn a_backlog_is_told_by_the_sensors_own_time() {
        let mut sensor = fixture::snapshot().sensors[0].clone();
        let newest = fixture::now();
        sensor.latest = Some(newest);
        let after = |secs, batches| LinkRow {
            id: sensor.id,
            sensor_time: Some(newest.saturating_add(Duration::from_secs(secs))),
            ..link(LinkKind::Connected, batches)
        };
        let words = |link: LinkRow, origin| {
            link_state(&[link], &[SensorState { origin, ..sensor.clone() }]).detail
        };
        assert_eq!(words(after(200, 90), Origin::Live), "catching up, 3 min 20 s behind");
        // What another desktop has not fetched yet is none of this one's business.
        assert_eq!(words(after(2, 90), Origin::Live), "up to date");
        assert_eq!(words(after(200, 2), Origin::Live), "up to date");
        // A recording's time is not the sensor's.
        assert_eq!(words(after(2, 90), Origin::Simulated), "catching up, 90 batches behind");
    }

    /// A feed of one sensor that hears 120 frames per second; its stream is at `now`.
    fn live(now: Timestamp) -> Feed {
        let id = SensorId([7; 16]);
        let connected = LinkRow { id, frames_per_sec: Some(120.4), ..link(LinkKind::Connected, 0) };
        Feed {
            links: vec![connected, link(LinkKind::Off, 0)],
            stream_now: [(id, now)].into(),
            ..Feed::empty(Timestamp::from_unix_secs(0))
        }
    }

    #[test]
    fn ages_and_speed_are_by_the_time_of_the_stream() {
        let snapshot = fixture::snapshot();
        // This computer's clock stands at 1970; the stream is at the end of its drive.
        let end = snapshot.range.expect("a drive").end;
        let rows = rows(&snapshot, &live(end));
        let ages: Vec<Duration> = rows.new.iter().filter_map(|(age, _)| *age).collect();
        assert_eq!(ages.len(), 40);
        assert!(ages.is_sorted(), "{ages:?}");
        assert!(ages.iter().all(|age| age.as_secs() <= 900), "{ages:?}");
        let speed = rows.figures[4].value.parse::<f64>().expect("a number");
        assert!((20.0..80.0).contains(&speed), "{speed}");
        // The sensor started again with a clock that stands a day before: no age is known.
        let set_back = super::rows(&snapshot, &live(end.saturating_sub(Duration::from_hours(24))));
        assert!(set_back.new.iter().all(|(age, _)| age.is_none()));
        assert_eq!(set_back.figures[1].value, "0");
        // A minute later nothing is new, and the last speed is old.
        let late = super::rows(&snapshot, &live(end.saturating_add(Duration::from_secs(61))));
        assert_eq!(
            (late.figures[1].value.as_str(), late.figures[4].value.as_str()),
            ("0", words::UNKNOWN)
        );
    }

    #[test]
    fn the_rate_is_what_the_sensor_hears() {
        let figure = &rows(&fixture::snapshot(), &live(fixture::now())).figures[3];
        assert_eq!((figure.value.as_str(), figure.name), ("120", "frames heard per second"));
        let mut silent = live(fixture::now());
        silent.links[0].frames_per_sec = None;
        assert_eq!(rows(&fixture::snapshot(), &silent).figures[3].value, words::UNKNOWN);
    }

    #[test]
    fn losses_are_told() {
        let state = loss_state(&fixture::snapshot());
        assert_eq!(state.mood, Mood::Wait);
        assert!(state.detail.contains("412 frames"), "{}", state.detail);
        assert_eq!(state.title, "Some data lost");
        let mut snapshot = Snapshot::clone(&fixture::empty_snapshot());
        assert_eq!(loss_state(&snapshot).mood, Mood::Good);
        snapshot.sensors = fixture::snapshot().sensors.clone();
        snapshot.sensors[0].missing_batches = 2;
        let state = loss_state(&snapshot);
        assert_eq!(state.title, "Not all here yet");
        assert_eq!(state.detail, "2 batches not here yet");
    }

    #[test]
    fn nothing_heard_is_not_zero_speed() {
        let feed = Feed::empty(fixture::now());
        let figures = figures(&fixture::empty_snapshot(), &feed, 0, false);
        assert_eq!(figures[3].value, words::UNKNOWN);
        assert_eq!(figures[4].value, words::UNKNOWN);
        assert_eq!(figures[0].value, "0");
    }

    #[test]
    fn the_newest_comes_first() {
        let rows = rows(&fixture::snapshot(), &Feed::empty(fixture::now()));
        assert!(rows.new.windows(2).all(|pair| pair[0].1.first_seen >= pair[1].1.first_seen));
        assert_eq!(rows.new.len(), 40);
    }
}
