//! The strip at the foot: frames over time, losses and times without a position; drag to select.

use crate::command::{Command, Order};
use crate::feed::Feed;
use crate::style::Palette;
use crate::words;
use egui::{Align2, FontId, Pos2, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use pw_model::{TimeRange, Timestamp};
use pw_survey::Snapshot;
use std::time::Duration;

/// Bars of the histogram.
const BARS: usize = 360;

/// Frames over time of a survey.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Histogram {
    /// First to last moment; `None` when the survey is empty.
    pub(crate) range: Option<TimeRange>,
    /// Frames, or what else was stored, in each of equal stretches of the range.
    pub(crate) frames: Vec<u64>,
    /// There are frames among it; rows of other programs' tables.
    pub(crate) has_frames: bool,
    pub(crate) has_sightings: bool,
    /// Stretches in which data was lost.
    pub(crate) lost: Vec<TimeRange>,
    /// Stretches in which the position was not known.
    pub(crate) no_position: Vec<TimeRange>,
}

/// Adds up what every device sent. Reads every point of every history: for a worker's thread.
pub(crate) fn histogram(snapshot: &Snapshot) -> Histogram {
    let Some(range) = snapshot.range else { return Histogram::default() };
    let mut frames = vec![0u64; BARS];
    let points = snapshot.access_points.iter().flat_map(|ap| &ap.history);
    let points = points.chain(snapshot.clients.iter().flat_map(|client| &client.history));
    for point in points {
        let at = (share(range, point.time) * BARS as f64) as usize;
        if let Some(bar) = frames.get_mut(at.min(BARS - 1)) {
            *bar += u64::from(point.frames);
        }
    }
    let lost = snapshot.gaps.iter().map(|row| TimeRange::new(row.gap.start, row.gap.end)).collect();
    Histogram {
        range: Some(range),
        frames,
        has_frames: snapshot.totals.frames() > 0,
        has_sightings: snapshot.totals.sightings > 0,
        lost,
        no_position: no_position(snapshot),
    }
}

impl Histogram {
    /// What is counted: one of it, several of it.
    const fn counted(&self) -> (&'static str, &'static str) {
        match (self.has_frames, self.has_sightings) {
            (_, false) => ("frame", "frames"),
            (false, true) => ("sighting", "sightings"),
            (true, true) => ("frame or sighting", "frames and sightings"),
        }
    }
}

/// Stretches between the first point of a track without a position and the next one with it.
fn no_position(snapshot: &Snapshot) -> Vec<TimeRange> {
    let mut stretches = Vec::new();
    let mut since: Option<Timestamp> = None;
    for point in snapshot.track.iter() {
        match (point.position, since) {
            (None, None) => since = Some(point.time),
            (Some(_), Some(start)) => {
                stretches.push(TimeRange::new(start, point.time));
                since = None;
            }
            _ => {}
        }
    }
    let last = snapshot.track.last().map(|point| point.time);
    stretches.extend(since.zip(last).map(|(start, end)| TimeRange::new(start, end)));
    stretches
}

/// Where in `range` a moment lies: 0 at its start, 1 at its end.
fn share(range: TimeRange, time: Timestamp) -> f64 {
    let length = range.duration().as_secs_f64().max(1e-9);
    (time.since(range.start).as_secs_f64() / length).clamp(0.0, 1.0)
}

fn moment(range: TimeRange, share: f64) -> Timestamp {
    let length = range.duration().as_secs_f64();
    range.start.saturating_add(Duration::from_secs_f64(length * share.clamp(0.0, 1.0)))
}

/// What the strip remembers between frames.
#[derive(Debug, Default)]
pub(crate) struct TimelineState {
    drag: Option<Drag>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Drag {
    /// A new stretch, from this share of the range on.
    New(f64),
    /// The stretch as it was, moved from this share on.
    Move(TimeRange, f64),
}

/// The selection that results from a drag that is now at `to`.
fn dragged(drag: Drag, all: TimeRange, to: f64) -> TimeRange {
    match drag {
        Drag::New(from) => TimeRange::new(moment(all, from), moment(all, to)),
        Drag::Move(was, from) => {
            let length = was.duration();
            let width = share(all, was.end) - share(all, was.start);
            let start = (share(all, was.start) + to - from).clamp(0.0, 1.0 - width);
            let start = moment(all, start);
            TimeRange::new(start, start.saturating_add(length))
        }
    }
}

/// Marks of a time axis: at least `least` apart, at round moments.
pub(crate) fn ticks(range: TimeRange, most: usize) -> Vec<Timestamp> {
    const STEPS_SECS: [i64; 18] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
        604_800,
    ];
    let length = range.duration().as_secs() as i64;
    let step =
        STEPS_SECS.into_iter().find(|step| length / step <= most as i64).unwrap_or(2_592_000);
    let start = range.start.unix_ns().div_euclid(1_000_000_000);
    let first = (start.div_euclid(step) + 1) * step;
    (0..=most as i64 + 1)
        .map(|at| Timestamp::from_unix_secs(first + at * step))
        .take_while(|time| *time <= range.end)
        .collect()
}

/// Paints the strip.
pub(crate) fn ui(
    ui: &mut Ui,
    state: &mut TimelineState,
    feed: &Feed,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let selected = feed.shown.as_ref().and_then(|shown| shown.selected);
    header(ui, feed, selected, palette, commands);
    let size = vec2(ui.available_width(), ui.available_height().max(40.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let plot = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - 16.0));
    ui.painter().rect_filled(plot, 3.0, palette.ground);
    let Some(all) = feed.histogram.range else {
        let words = "Time appears here once something was heard";
        let font = FontId::proportional(12.5);
        ui.painter().text(plot.center(), Align2::CENTER_CENTER, words, font, palette.weak);
        return;
    };
    let at = |position: Pos2| f64::from((position.x - plot.left()) / plot.width()).clamp(0.0, 1.0);
    let x = |time: Timestamp| plot.left() + share(all, time) as f32 * plot.width();
    paint_marks(ui, plot, &feed.histogram, selected, palette, &x);
    if let Some(to) = response.interact_pointer_pos().map(at) {
        if response.drag_started() {
            let origin = ui.input(|input| input.pointer.press_origin()).map_or(to, at);
            let inside = selected.filter(|range| range.contains(moment(all, origin)));
            state.drag = Some(inside.map_or(Drag::New(origin), |was| Drag::Move(was, origin)));
        }
        if let Some(drag) = state.drag {
            let range = dragged(drag, all, to);
            paint_selection(ui, plot, range, palette, &x);
            if response.drag_stopped() {
                commands.push(Command::Engine(Order::Select(Some(range))));
            }
        }
    }
    if response.drag_stopped() {
        state.drag = None;
    }
    if response.clicked() && selected.is_some() {
        commands.push(Command::Engine(Order::Select(None)));
    }
    if let Some(position) = response.hover_pos().filter(|_| state.drag.is_none()) {
        let line = Stroke::new(1.0, palette.weak);
        ui.painter().vline(position.x, plot.y_range(), line);
        response.on_hover_text_at_pointer(hover(&feed.histogram, all, at(position)));
    }
}

fn hover(histogram: &Histogram, all: TimeRange, at: f64) -> String {
    let time = moment(all, at);
    let bar =
        ((at * histogram.frames.len() as f64) as usize).min(histogram.frames.len().max(1) - 1);
    let frames = histogram.frames.get(bar).copied().unwrap_or(0);
    let width = all.duration().as_secs_f64() / histogram.frames.len().max(1) as f64;
    let mut text = format!(
        "{} UTC\n{} in {}",
        words::date_clock(time),
        words::counted(frames, histogram.counted().0, histogram.counted().1),
        words::duration(Duration::from_secs_f64(width))
    );
    if histogram.lost.iter().any(|range| range.contains(time)) {
        text.push_str("\nData was lost here");
    }
    if histogram.no_position.iter().any(|range| range.contains(time)) {
        text.push_str("\nPosition not known here");
    }
    text
}

fn header(
    ui: &mut Ui,
    feed: &Feed,
    selected: Option<TimeRange>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.set_min_height(22.0);
        ui.label(RichText::new("Time").family(crate::fonts::bold()).color(palette.strong));
        match (selected, feed.histogram.range) {
            (Some(range), _) => {
                let length = words::duration(range.duration());
                let text = format!("{}, {length}", words::range(range));
                ui.label(RichText::new(text).color(palette.accent));
                if ui.small_button("Show everything").clicked() {
                    commands.push(Command::Engine(Order::Select(None)));
                }
            }
            (None, Some(range)) => {
                ui.label(format!("{}, {}", words::range(range), words::duration(range.duration())));
                let hint = "Drag below to look at a part of it";
                ui.label(RichText::new(hint).color(palette.weak));
            }
            (None, None) => {}
        }
        if feed.selecting {
            ui.label(RichText::new("Working out the selection…").color(palette.weak));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if !feed.histogram.no_position.is_empty() {
                legend(ui, palette, palette.warn, "position not known");
            }
            if !feed.histogram.lost.is_empty() {
                legend(ui, palette, palette.bad, "data lost");
            }
            let what = match feed.histogram.counted() {
                ("frame", _) => "frames heard",
                (_, several) => several,
            };
            legend(ui, palette, palette.accent, what);
        });
    });
}

fn legend(ui: &mut Ui, palette: &Palette, color: egui::Color32, words: &str) {
    ui.label(RichText::new(words).size(11.5).color(palette.weak));
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().rect_filled(rect, 2.0, color);
}

fn paint_marks(
    ui: &Ui,
    plot: Rect,
    histogram: &Histogram,
    selected: Option<TimeRange>,
    palette: &Palette,
    x: &impl Fn(Timestamp) -> f32,
) {
    let painter = ui.painter_at(plot.expand2(vec2(0.0, 16.0)));
    let Some(all) = histogram.range else { return };
    let most = (plot.width() / 110.0) as usize;
    for time in ticks(all, most.max(2)) {
        let at = x(time);
        painter.vline(at, plot.y_range(), Stroke::new(1.0, palette.line));
        let text = words::clock(time);
        let font = FontId::proportional(11.0);
        let half = 26.0;
        let label_x = at.clamp(plot.left() + half, plot.right() - half);
        let foot = pos2(label_x, plot.bottom() + 2.0);
        painter.text(foot, Align2::CENTER_TOP, text, font, palette.weak);
    }
    let highest = histogram.frames.iter().copied().max().unwrap_or(0).max(1) as f32;
    let step = plot.width() / histogram.frames.len().max(1) as f32;
    for (number, frames) in histogram.frames.iter().enumerate().filter(|(_, frames)| **frames > 0) {
        let left = plot.left() + number as f32 * step;
        let height = (plot.height() - 8.0) * *frames as f32 / highest;
        let time = moment(all, (number as f64 + 0.5) / histogram.frames.len() as f64);
        let inside = selected.is_none_or(|range| range.contains(time));
        let color = if inside { palette.accent } else { palette.accent.gamma_multiply(0.3) };
        let bar = Rect::from_min_max(
            pos2(left, plot.bottom() - 3.0 - height.max(1.0)),
            pos2(left + (step - 0.6).max(0.8), plot.bottom() - 3.0),
        );
        painter.rect_filled(bar, 0.0, color);
    }
    let stripe = |range: &TimeRange, color, top: f32| {
        let right = x(range.end).max(x(range.start) + 2.0);
        let rect = Rect::from_min_max(pos2(x(range.start), top), pos2(right, top + 3.0));
        painter.rect_filled(rect, 0.0, color);
    };
    histogram.no_position.iter().for_each(|range| stripe(range, palette.warn, plot.bottom() - 3.0));
    histogram.lost.iter().for_each(|range| stripe(range, palette.bad, plot.top()));
    if let Some(range) = selected {
        paint_selection(ui, plot, range, palette, x);
    }
}

fn paint_selection(
    ui: &Ui,
    plot: Rect,
    range: TimeRange,
    palette: &Palette,
    x: &impl Fn(Timestamp) -> f32,
) {
    let painter = ui.painter_at(plot);
    let rect = Rect::from_x_y_ranges(x(range.start)..=x(range.end), plot.y_range());
    painter.rect_filled(rect, 0.0, palette.accent.gamma_multiply(0.14));
    for edge in [rect.left(), rect.right()] {
        painter.vline(edge, plot.y_range(), Stroke::new(2.0, palette.accent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn secs(at: i64) -> Timestamp {
        Timestamp::from_unix_secs(at)
    }

    #[test]
    fn every_frame_of_every_history_is_in_one_bar() {
        let snapshot = fixture::snapshot();
        let histogram = histogram(&snapshot);
        let frames: u64 = snapshot
            .access_points
            .iter()
            .flat_map(|ap| &ap.history)
            .map(|point| u64::from(point.frames))
            .sum();
        assert_eq!(histogram.frames.iter().sum::<u64>(), frames);
        assert_eq!(histogram.lost.len(), 2);
        assert_eq!(histogram.no_position.len(), 1, "the tunnel");
        assert_eq!(histogram.no_position[0].duration().as_secs(), 60);
    }

    #[test]
    fn an_empty_survey_has_no_bars() {
        assert_eq!(histogram(&fixture::empty_snapshot()), Histogram::default());
    }

    #[test]
    fn a_drag_selects_and_moving_keeps_the_length() {
        let all = TimeRange::new(secs(0), secs(100));
        assert_eq!(dragged(Drag::New(0.5), all, 0.2), TimeRange::new(secs(20), secs(50)));
        let was = TimeRange::new(secs(20), secs(50));
        assert_eq!(dragged(Drag::Move(was, 0.3), all, 0.4), TimeRange::new(secs(30), secs(60)));
        let end = dragged(Drag::Move(was, 0.3), all, 1.0);
        assert_eq!(end.duration(), was.duration());
        assert_eq!(end.end, secs(100));
    }

    #[test]
    fn ticks_are_round_and_few() {
        let marks = ticks(TimeRange::new(secs(3), secs(900)), 8);
        assert!(marks.len() <= 9 && marks.len() >= 4, "{marks:?}");
        assert!(marks.iter().all(|time| time.unix_ns() % 60_000_000_000 == 0));
        assert!(ticks(TimeRange::new(secs(3), secs(3)), 8).len() <= 1);
    }
}
