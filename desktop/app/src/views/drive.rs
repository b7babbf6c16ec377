//! The view for the car: link and position in words, large numbers, new networks as they come.

use crate::command::{Command, DialogKind, Order};
use crate::feed::{Feed, LinkKind, LinkRow};
use crate::style::{self, Palette};
use crate::views::parts;
use crate::views::security::{self, SecurityClass};
use crate::words;
use egui::{Align, Color32, Layout, RichText, Stroke, Ui, vec2};
use pw_model::{MacAddr, Timestamp};
use pw_survey::{AccessPoint, Snapshot};
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
    new: Vec<Arc<AccessPoint>>,
}

/// From the snapshot and the links to words and numbers.
pub(crate) fn rows(snapshot: &Snapshot, feed: &Feed) -> DriveRows {
    let live = feed.is_live();
    let mut new: Vec<Arc<AccessPoint>> = snapshot.access_points.clone();
    new.sort_by_key(|ap| (std::cmp::Reverse(ap.first_seen), ap.bssid));
    new.truncate(40);
    DriveRows {
        link: link_state(&feed.links),
        place: place_state(snapshot, feed),
        loss: loss_state(snapshot),
        figures: figures(snapshot, feed, live),
        new,
    }
}

fn link_state(links: &[LinkRow]) -> State {
    let of = |kind: LinkKind| links.iter().filter(|link| link.kind == kind).collect::<Vec<_>>();
    let names = |links: &[&LinkRow]| {
        links.iter().map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (connected, connecting) = (of(LinkKind::Connected), of(LinkKind::Connecting));
    let refused = of(LinkKind::Refused);
    if let Some(link) = refused.first() {
        let title = format!("{} refused", link.name);
        return State { mood: Mood::Bad, title, detail: link.words.clone() };
    }
    if let Some(link) = connecting.first() {
        let title = format!("Connecting to {}", names(&connecting));
        return State { mood: Mood::Wait, title, detail: link.words.clone() };
    }
    if !connected.is_empty() {
        let backlog: u64 = connected.iter().filter_map(|link| link.backlog_batches).sum();
        let detail = if backlog > 0 {
            format!("catching up: {} behind", words::counted(backlog, "batch", "batches"))
        } else {
            "up to date".to_owned()
        };
        let title = format!("Connected to {}", names(&connected));
        return State { mood: Mood::Good, title, detail };
    }
    let detail =
        if links.is_empty() { "no sensor is paired yet" } else { "no sensor is connected" };
    State { mood: Mood::Quiet, title: "Not recording".to_owned(), detail: detail.to_owned() }
}

fn place_state(snapshot: &Snapshot, feed: &Feed) -> State {
    if feed.is_live()
        && let Some(gps) = feed.links.iter().find_map(|link| link.gps.clone())
    {
        let lost = gps.starts_with("no ");
        let mood = if lost { Mood::Wait } else { Mood::Good };
        let title = if lost { "No position" } else { "Position known" };
        return State { mood, title: title.to_owned(), detail: gps };
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
    State { mood: Mood::Wait, title: "Some data lost".to_owned(), detail: parts.join(", ") }
}

fn figures(snapshot: &Snapshot, feed: &Feed, live: bool) -> Vec<Figure> {
    let unknown = || words::UNKNOWN.to_owned();
    let rate = match (live, feed.frames_per_sec) {
        (true, rate) => (rate, "frames per second"),
        (false, _) => (mean_rate(snapshot), "frames per second, mean"),
    };
    let length_m: f64 = snapshot.drives.iter().filter_map(|drive| drive.length_m).sum();
    let motion = if live {
        let last = snapshot.track.last();
        let speed = last.filter(|point| feed.now.since(point.time) < Duration::from_secs(10));
        let speed = speed.and_then(|point| point.speed_mps);
        let value = speed.map_or_else(unknown, |mps| format!("{:.0}", f64::from(mps) * 3.6));
        Figure { value, name: "km/h" }
    } else {
        let value = if length_m > 0.0 { words::metres(length_m) } else { unknown() };
        Figure { value, name: "driven" }
    };
    let fresh =
        snapshot.access_points.iter().filter(|ap| is_fresh(ap.first_seen, feed.now)).count();
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

fn is_fresh(first_seen: Timestamp, now: Timestamp) -> bool {
    now.since(first_seen) < Duration::from_secs(60)
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
    let Some(snapshot) = feed.shown.clone() else {
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
            ui.horizontal(|ui| {
                ui.set_min_height(26.0);
                let detail = RichText::new(&state.detail).size(14.0 * scale).color(palette.weak);
                ui.add(egui::Label::new(detail).truncate());
                if *caption == "Sensor" && !feed.is_live() && state.mood == Mood::Quiet {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if ui.button("Connect…").clicked() {
                            connect(feed, commands);
                        }
                    });
                }
            });
        });
    });
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
    new: &[Arc<AccessPoint>],
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
        ui.label(
            RichText::new(title)
                .size(16.0 * scale)
                .family(crate::fonts::bold())
                .color(palette.strong),
        );
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
        for ap in new.iter().take(room) {
            if new_row(ui, ap, feed, palette, scale, height, chosen == Some(ap.bssid)) {
                commands.push(Command::Choose(Some(ap.bssid)));
            }
        }
    });
}

/// One line; true when it was clicked.
fn new_row(
    ui: &mut Ui,
    ap: &AccessPoint,
    feed: &Feed,
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
    let fresh = feed.is_live() && is_fresh(ap.first_seen, feed.now);
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
    let age = if feed.is_live() {
        words::ago(ap.first_seen, feed.now)
    } else {
        format!("{} UTC", words::clock(ap.first_seen))
    };
    painter.text(pos2(column(1.0), y), Align2::RIGHT_CENTER, age, small, palette.weak);
    response.clicked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use pw_model::SensorId;

    fn link(kind: LinkKind, backlog: u64) -> LinkRow {
        LinkRow {
            id: SensorId([1; 16]),
            name: "roof".to_owned(),
            address: "192.0.2.1:7447".to_owned(),
            kind,
            words: "because".to_owned(),
            last_heard: None,
            gps: None,
            backlog_batches: Some(backlog),
            backlog_bytes: None,
            frames_per_sec: None,
            frames_lost: None,
            round_trip: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn the_worst_link_is_told_first() {
        let connected = link(LinkKind::Connected, 0);
        assert_eq!(link_state(&[]).mood, Mood::Quiet);
        assert_eq!(link_state(std::slice::from_ref(&connected)).detail, "up to date");
        assert!(link_state(&[link(LinkKind::Connected, 4)]).detail.contains("4 batches"));
        let both = [connected, link(LinkKind::Refused, 0)];
        assert_eq!(link_state(&both).mood, Mood::Bad);
    }

    #[test]
    fn losses_are_told() {
        let state = loss_state(&fixture::snapshot());
        assert_eq!(state.mood, Mood::Wait);
        assert!(state.detail.contains("412 frames"), "{}", state.detail);
        assert_eq!(loss_state(&fixture::empty_snapshot()).mood, Mood::Good);
    }

    #[test]
    fn nothing_heard_is_not_zero_speed() {
        let feed = Feed::empty(fixture::now());
        let figures = figures(&fixture::empty_snapshot(), &feed, false);
        assert_eq!(figures[3].value, words::UNKNOWN);
        assert_eq!(figures[4].value, words::UNKNOWN);
        assert_eq!(figures[0].value, "0");
    }

    #[test]
    fn the_newest_comes_first() {
        let rows = rows(&fixture::snapshot(), &Feed::empty(fixture::now()));
        assert!(rows.new.windows(2).all(|pair| pair[0].first_seen >= pair[1].first_seen));
        assert_eq!(rows.new.len(), 40);
    }
}
