//! Signal of one access point over time, with breaks where it was not heard.

use crate::style::Palette;
use crate::views::timeline;
use crate::words;
use egui::{AsIdSalt, RichText, Ui};
use egui_plot::{GridInput, GridMark, Line, Plot, PlotPoints, Points};
use pw_model::{TimeRange, Timestamp};
use pw_survey::{AccessPoint, SignalPoint};

/// Lowest level of the axis in dBm.
pub(super) const LOW_DBM: f64 = -100.0;
/// Highest level of the axis in dBm.
pub(super) const HIGH_DBM: f64 = -20.0;

/// Stretches without a pause: a pause is longer than three times the usual distance, and than 5 s.
pub(super) fn stretches(history: &[SignalPoint]) -> Vec<&[SignalPoint]> {
    let gap_secs = |pair: &[SignalPoint]| match pair {
        [one, other] => other.time.since(one.time).as_secs_f64(),
        _ => 0.0,
    };
    let mut gaps: Vec<f64> = history.windows(2).map(gap_secs).collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(1.0);
    let pause = (usual * 3.0).max(5.0);
    history.chunk_by(|one, other| other.time.since(one.time).as_secs_f64() <= pause).collect()
}

fn secs(time: Timestamp, origin: Timestamp) -> f64 {
    (time.unix_ns() - origin.unix_ns()) as f64 / 1e9
}

/// A plot of levels in dBm over time that only shows: it is not dragged or zoomed.
pub(super) fn level_plot<'a>(id: impl AsIdSalt, height: f32, palette: &Palette) -> Plot<'a> {
    Plot::new(id)
        .height(height)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .grid_color(palette.line)
        .grid_fade(0.0)
        .default_y_bounds(LOW_DBM, HIGH_DBM)
        .y_grid_spacer(|_| {
            (0..=4)
                .map(|n| GridMark { value: -100.0 + 20.0 * f64::from(n), step_size: 1e6 })
                .collect()
        })
        .y_axis_formatter(|mark, _| format!("{:.0}", mark.value))
}

pub(super) fn ui(ui: &mut Ui, ap: &AccessPoint, range: Option<TimeRange>, palette: &Palette) {
    let Some(range) = range.filter(|_| !ap.history.is_empty()) else {
        ui.label(RichText::new("No signal strength was recorded.").color(palette.weak));
        return;
    };
    // A margin around what was heard, within what is shown: a short pass in a long drive is a dot.
    let heard = TimeRange::new(ap.first_seen, ap.last_seen);
    let margin = heard.duration().mul_f64(0.08).max(std::time::Duration::from_secs(2));
    let from = heard.start.saturating_sub(margin).max(range.start);
    let to = heard.end.saturating_add(margin).min(range.end);
    let shown = TimeRange::new(from, to);
    let origin = shown.start;
    ui.horizontal(|ui| {
        ui.label(RichText::new("Signal in dBm over time (UTC)").color(palette.weak));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new("mean").size(11.5).color(palette.weak));
            ui.label(RichText::new("strongest").size(11.5).color(palette.accent));
        });
    });
    let marks = timeline::ticks(shown, 4);
    let grid = move |_: GridInput| -> Vec<GridMark> {
        let mark = |time: &Timestamp| GridMark { value: secs(*time, origin), step_size: 1e6 };
        marks.iter().map(mark).collect()
    };
    let clock = move |value: f64| {
        words::clock(Timestamp::from_unix_ns(origin.unix_ns() + (value * 1e9) as i64))
    };
    level_plot(("signal", ap.bssid), 170.0, palette)
        .default_x_bounds(0.0, secs(shown.end, origin).max(1.0))
        .x_grid_spacer(grid)
        .x_axis_formatter(move |mark, _| clock(mark.value))
        .show(ui, |plot| {
            // A plot keeps the bounds it began with, and a live recording goes on.
            plot.set_plot_bounds_x(0.0..=secs(shown.end, origin).max(1.0));
            for (number, stretch) in stretches(&ap.history).into_iter().enumerate() {
                let means: Vec<[f64; 2]> = stretch
                    .iter()
                    .map(|point| [secs(point.time, origin), f64::from(point.mean_dbm)])
                    .collect();
                let levels: Vec<[f64; 2]> = stretch
                    .iter()
                    .map(|point| [secs(point.time, origin), f64::from(point.max_dbm)])
                    .collect();
                plot.line(
                    Line::new(format!("mean {number}"), PlotPoints::from(means))
                        .color(palette.weak)
                        .width(1.0),
                );
                plot.line(
                    Line::new(format!("strongest {number}"), PlotPoints::from(levels.clone()))
                        .color(palette.accent)
                        .width(1.5),
                );
                plot.points(
                    Points::new(format!("heard {number}"), PlotPoints::from(levels))
                        .color(palette.accent)
                        .radius(1.8),
                );
            }
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(secs: i64) -> SignalPoint {
        SignalPoint {
            time: Timestamp::from_unix_secs(secs),
            max_dbm: -50,
            mean_dbm: -52.0,
            frames: 1,
        }
    }

    #[test]
    fn silence_breaks_the_line() {
        let history: Vec<SignalPoint> = [0, 1, 2, 3, 60, 61, 62].map(point).into();
        let lengths: Vec<usize> = stretches(&history).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [4, 3]);
        assert!(stretches(&[]).is_empty());
    }
}
