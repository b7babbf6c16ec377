//! How strongly a transmitter is heard right now, for whoever walks or drives towards it.

use super::plot::{HIGH_DBM, LOW_DBM, level_plot};
use crate::command::{Command, View};
use crate::feed::{Feed, LinkKind, LinkRow};
use crate::style::Palette;
use crate::views::parts;
use egui::{Color32, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use egui_plot::{GridMark, Line, PlotPoints, Points};
use pw_engine::{LEVEL_TRACE, LiveLevel};
use pw_model::MacAddr;
use std::time::Duration;

/// A level that is older is no level of this moment any more.
const OLD: Duration = Duration::from_secs(5);
/// A level that is younger is shown in full.
const FRESH: Duration = Duration::from_secs(1);
/// A transmitter that is heard is shown again so often.
const REPAINT: Duration = Duration::from_millis(100);
/// A trace has a break where nothing was heard for so long: a radio that hops comes back earlier.
const PAUSE_SECS: f64 = 5.0;

/// What one radio hears of it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Row {
    /// Sensor, radio and channel.
    pub(super) who: String,
    /// The level in dBm, or for how long it was not heard.
    pub(super) level: String,
    pub(super) age: String,
    pub(super) signal_dbm: i8,
    pub(super) peak_dbm: i8,
    /// 1 for a level of this moment, less with its age, 0 for one that is too old to be shown.
    pub(super) weight: f32,
    /// Seconds before now (negative) and dBm, in stretches without a pause.
    pub(super) trace: Vec<Vec<[f64; 2]>>,
}

/// What the meter shows.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Rows {
    /// Nothing can be heard; why, and what leads on.
    None { words: String, leads_to_sensors: bool },
    /// Sensors listen and have not heard it.
    Waiting(String),
    /// What radios hear, in a fixed order, and which of them is shown large.
    Heard { rows: Vec<Row>, best: usize },
}

/// What is known of `transmitter` at this moment.
pub(super) fn rows(feed: &Feed, transmitter: MacAddr) -> Rows {
    let connected: Vec<&LinkRow> =
        feed.links.iter().filter(|link| link.kind == LinkKind::Connected).collect();
    if let Some(why) = why_none(feed, &connected) {
        return why;
    }
    let levels = feed.levels.of.get(&transmitter).map(Vec::as_slice).unwrap_or_default();
    // A datagram may still come from a sensor that was let go.
    let is_connected = |level: &&LiveLevel| connected.iter().any(|link| link.id == level.sensor);
    let levels: Vec<&LiveLevel> = levels.iter().filter(is_connected).collect();
    let rows: Vec<Row> = levels.iter().map(|level| row(feed, level)).collect();
    let best = (0..rows.len()).max_by_key(|at| {
        let (row, level) = (rows.get(*at), levels.get(*at));
        let signal = row.filter(|row| row.weight > 0.0).map(|row| row.signal_dbm);
        (signal, level.map(|level| level.heard))
    });
    match best {
        Some(best) => Rows::Heard { rows, best },
        None => {
            let names: Vec<&str> = connected.iter().map(|link| link.name.as_str()).collect();
            Rows::Waiting(format!("Not heard by {} since it was chosen.", names.join(", ")))
        }
    }
}

fn why_none(feed: &Feed, connected: &[&LinkRow]) -> Option<Rows> {
    let none = |words: String, leads_to_sensors| Some(Rows::None { words, leads_to_sensors });
    if feed.read_only {
        let words =
            "Not available, because the survey is open for reading only and no sensor sends.";
        return none(words.to_owned(), false);
    }
    if connected.is_empty() {
        let connecting = feed.links.iter().find(|link| link.kind == LinkKind::Connecting);
        let words = connecting.map_or_else(
            || "Not available, because no sensor is connected.".to_owned(),
            |link| {
                format!("Not available, because {} is not connected: {}.", link.name, link.words)
            },
        );
        return none(words, true);
    }
    let silent = |link: &&&LinkRow| feed.levels.silent.contains(&link.id);
    if connected.iter().all(|link| silent(&link)) {
        let names: Vec<&str> = connected.iter().map(|link| link.name.as_str()).collect();
        let words = format!(
            "Not available, because the program on {} is older and sends no live levels; update it.",
            names.join(", ")
        );
        return none(words, false);
    }
    None
}

fn row(feed: &Feed, level: &LiveLevel) -> Row {
    let age = feed.levels.now.saturating_duration_since(level.heard);
    let link = feed.links.iter().find(|link| link.id == level.sensor);
    let radios = link.and_then(|link| link.radios.as_deref()).unwrap_or_default();
    let radio = radios.iter().find(|radio| radio.number == level.radio.0);
    let radio = radio.map_or_else(|| format!("radio {}", level.radio.0), |r| r.source.clone());
    let sensor = link.map_or("sensor", |link| link.name.as_str());
    let channel = level.frequency_mhz.map(|mhz| format!(", {mhz} MHz")).unwrap_or_default();
    let is_old = age >= OLD;
    Row {
        who: format!("{sensor}, {radio}{channel}"),
        level: if is_old {
            format!("not heard for {} s", age.as_secs())
        } else {
            format!("{} dBm", level.signal_dbm)
        },
        age: if is_old { String::new() } else { format!("{:.1} s ago", age.as_secs_f32()) },
        signal_dbm: level.signal_dbm,
        peak_dbm: level.peak_dbm,
        weight: weight(age),
        trace: trace(feed, level),
    }
}

fn weight(age: Duration) -> f32 {
    if age >= OLD {
        return 0.0;
    }
    let faded = age.saturating_sub(FRESH).as_secs_f32() / (OLD - FRESH).as_secs_f32();
    1.0 - 0.65 * faded
}

fn trace(feed: &Feed, level: &LiveLevel) -> Vec<Vec<[f64; 2]>> {
    let point = |point: &pw_engine::LevelPoint| {
        let before = feed.levels.now.saturating_duration_since(point.heard).as_secs_f64();
        [-before, f64::from(point.strongest_dbm)]
    };
    let points: Vec<[f64; 2]> = level.trace.iter().map(point).collect();
    let near = |one: &[f64; 2], other: &[f64; 2]| other[0] - one[0] <= PAUSE_SECS;
    points.chunk_by(near).map(<[_]>::to_vec).collect()
}

/// Paints the meter of `transmitter`.
pub(super) fn ui(
    ui: &mut Ui,
    feed: &Feed,
    palette: &Palette,
    transmitter: MacAddr,
    commands: &mut Vec<Command>,
) {
    match rows(feed, transmitter) {
        Rows::None { words, leads_to_sensors } => {
            ui.add(egui::Label::new(RichText::new(words).color(palette.weak)).wrap());
            if leads_to_sensors && ui.button("Go to Sensors").clicked() {
                commands.push(Command::Show(View::Sensors));
            }
        }
        Rows::Waiting(words) => {
            ui.add(egui::Label::new(RichText::new(words).color(palette.weak)).wrap());
        }
        Rows::Heard { rows, best } => {
            if let Some(row) = rows.get(best) {
                meter(ui, row, palette);
            }
            chart(ui, &rows, palette, transmitter);
            for (number, row) in rows.iter().enumerate() {
                let color = if row.weight > 0.0 { palette.text } else { palette.weak };
                let age = if row.age.is_empty() { String::new() } else { format!(", {}", row.age) };
                let words = format!("{}{age}, peak {} dBm", row.level, row.peak_dbm);
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    dot(ui, line_color(number, palette));
                    ui.label(RichText::new(&row.who).color(palette.weak));
                    ui.label(RichText::new(words).color(color));
                });
            }
            // The age goes on also while nothing comes.
            ui.ctx().request_repaint_after(REPAINT);
        }
    }
}

fn dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(9.0, 14.0), Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, color);
}

fn line_color(number: usize, palette: &Palette) -> Color32 {
    let colors = [palette.accent, palette.warn, palette.good, palette.weak];
    colors.get(number % colors.len()).copied().unwrap_or(palette.accent)
}

/// The large number, its age and the bar with the peak.
fn meter(ui: &mut Ui, row: &Row, palette: &Palette) {
    let is_shown = row.weight > 0.0;
    ui.horizontal(|ui| {
        let size = if is_shown { 30.0 } else { 18.0 };
        let color = if is_shown { palette.strong.gamma_multiply(row.weight) } else { palette.warn };
        let text = RichText::new(&row.level).size(size).family(crate::fonts::bold()).color(color);
        ui.label(text);
        parts::caption(ui, palette, &row.age);
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 12.0), Sense::hover());
    response.on_hover_text("From −100 to −20 dBm; the mark is the strongest since it is watched");
    let along = |dbm: f32| {
        let share = ((dbm - LOW_DBM as f32) / (HIGH_DBM - LOW_DBM) as f32).clamp(0.0, 1.0);
        rect.left() + rect.width() * share
    };
    let painter = ui.painter();
    painter.rect_filled(rect, 3.0, palette.accent_soft);
    if is_shown {
        let to = pos2(along(f32::from(row.signal_dbm)), rect.bottom());
        let color = palette.accent.gamma_multiply(row.weight);
        painter.rect_filled(Rect::from_min_max(rect.min, to), 3.0, color);
    }
    let peak = along(f32::from(row.peak_dbm));
    painter.vline(peak, rect.y_range(), Stroke::new(2.0, palette.strong));
    ui.add_space(2.0);
}

/// The last half minute, a line for each radio.
fn chart(ui: &mut Ui, rows: &[Row], palette: &Palette, transmitter: MacAddr) {
    parts::caption(ui, palette, "Strongest in dBm over the last 30 s");
    level_plot(("live", transmitter), 110.0, palette)
        .default_x_bounds(-LEVEL_TRACE.as_secs_f64(), 0.0)
        .x_grid_spacer(|_| {
            (0..=3).map(|n| GridMark { value: -10.0 * f64::from(n), step_size: 1e6 }).collect()
        })
        .x_axis_formatter(|mark, _| match mark.value {
            now if now > -0.5 => "now".to_owned(),
            secs => format!("{secs:.0} s"),
        })
        .show(ui, |plot| {
            for (number, row) in rows.iter().enumerate() {
                let color = line_color(number, palette);
                for (stretch, points) in row.trace.iter().enumerate() {
                    let name = format!("{} {stretch}", row.who);
                    if let [one] = points[..] {
                        let points = PlotPoints::from(vec![one]);
                        plot.points(Points::new(name, points).color(color).radius(1.8));
                    } else {
                        let points = PlotPoints::from(points.clone());
                        plot.line(Line::new(name, points).color(color).width(1.5));
                    }
                }
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::LevelsFeed;
    use crate::fixture;
    use pw_engine::{LevelPoint, RadioRow};
    use pw_model::{RadioId, SensorId};
    use std::time::Instant;

    const TRANSMITTER: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    fn level(radio: u8, signal_dbm: i8, heard: Instant) -> LiveLevel {
        LiveLevel {
            sensor: SensorId([1; 16]),
            radio: RadioId(radio),
            signal_dbm,
            heard,
            frequency_mhz: Some(2_437),
            peak_dbm: -40,
            trace: Vec::new(),
        }
    }

    fn feed(kind: LinkKind, now: Instant, levels: Vec<LiveLevel>) -> Feed {
        let mut feed = Feed::empty(fixture::now());
        feed.links = vec![fixture::link(kind)];
        feed.links[0].radios = Some(vec![RadioRow {
            number: 1,
            source: "wlan1".to_owned(),
            listening: true,
            ..RadioRow::default()
        }]);
        feed.levels = LevelsFeed::none(now);
        feed.levels.of.insert(TRANSMITTER, levels);
        feed
    }

    #[test]
    fn a_level_has_an_age_fades_and_is_gone_after_five_seconds() {
        let now = Instant::now() + Duration::from_secs(60);
        let shown = |ms: u64| {
            let heard = now - Duration::from_millis(ms);
            match rows(&feed(LinkKind::Connected, now, vec![level(1, -61, heard)]), TRANSMITTER) {
                Rows::Heard { rows, .. } => rows.into_iter().next().expect("one radio"),
                other => panic!("{other:?}"),
            }
        };
        let fresh = shown(240);
        assert_eq!((fresh.level.as_str(), fresh.age.as_str()), ("-61 dBm", "0.2 s ago"));
        assert_eq!((fresh.who.as_str(), fresh.peak_dbm), ("roof, wlan1, 2437 MHz", -40));
        assert!(fresh.weight > 0.99);
        let older = shown(4_000);
        assert!(older.weight > 0.3 && older.weight < 0.7, "{}", older.weight);
        let old = shown(7_900);
        assert_eq!((old.level.as_str(), old.age.as_str()), ("not heard for 7 s", ""));
        assert!(old.weight == 0.0);
    }

    #[test]
    fn the_strongest_of_this_moment_is_shown_large() {
        let now = Instant::now() + Duration::from_secs(60);
        let before = |ms| now - Duration::from_millis(ms);
        let best = |levels: Vec<LiveLevel>| match rows(
            &feed(LinkKind::Connected, now, levels),
            TRANSMITTER,
        ) {
            Rows::Heard { best, .. } => best,
            other => panic!("{other:?}"),
        };
        assert_eq!(best(vec![level(1, -70, before(0)), level(2, -50, before(900))]), 1);
        assert_eq!(best(vec![level(1, -70, before(0)), level(2, -50, before(6_000))]), 0, "old");
        assert_eq!(best(vec![level(1, -70, before(9_000)), level(2, -90, before(6_000))]), 1);
    }

    #[test]
    fn a_trace_breaks_where_nothing_was_heard() {
        let now = Instant::now() + Duration::from_secs(60);
        let mut heard = level(1, -61, now);
        heard.trace = [20.0, 19.5, 10.0, 0.5]
            .map(|secs| LevelPoint {
                heard: now - Duration::from_secs_f64(secs),
                strongest_dbm: -60,
            })
            .to_vec();
        let Rows::Heard { rows, .. } =
            rows(&feed(LinkKind::Connected, now, vec![heard]), TRANSMITTER)
        else {
            panic!("heard");
        };
        let lengths: Vec<usize> = rows[0].trace.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 1, 1]);
        assert!((rows[0].trace[0][0][0] + 20.0).abs() < 1e-6);
    }

    #[test]
    fn where_there_is_no_level_it_is_said_why() {
        let now = Instant::now();
        let none = |feed: &Feed| match rows(feed, TRANSMITTER) {
            Rows::None { words, .. } | Rows::Waiting(words) => words,
            heard @ Rows::Heard { .. } => panic!("{heard:?}"),
        };
        let mut nothing = feed(LinkKind::Off, now, vec![level(1, -50, now)]);
        assert_eq!(none(&nothing), "Not available, because no sensor is connected.");
        nothing.read_only = true;
        assert!(none(&nothing).contains("reading only"));
        let connecting = feed(LinkKind::Connecting, now, Vec::new());
        assert!(none(&connecting).contains("roof is not connected: because"));
        let mut connected = feed(LinkKind::Connected, now, Vec::new());
        assert_eq!(none(&connected), "Not heard by roof since it was chosen.");
        connected.levels.silent.push(connected.links[0].id);
        assert!(none(&connected).contains("the program on roof is older"));
    }
}
