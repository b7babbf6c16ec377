//! A signal's course in a table cell: a bar for every stretch in which something was heard.

use crate::style::Palette;
use egui::{Painter, Rect, pos2};
use pw_model::TimeRange;
use pw_survey::SignalPoint;

/// The level at the foot of the bars.
const FLOOR_DBM: f32 = -95.0;
/// The level at their top.
const TOP_DBM: f32 = -30.0;

/// The strongest level of each of `count` equal stretches of `range`; `None` where nothing was heard.
pub(crate) fn bars(history: &[SignalPoint], range: TimeRange, count: usize) -> Vec<Option<i8>> {
    let mut bars = vec![None; count];
    let length_ns = range.duration().as_nanos().max(1);
    for point in history.iter().filter(|point| range.contains(point.time)) {
        let at = point.time.since(range.start).as_nanos() * count as u128 / length_ns;
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(count.saturating_sub(1));
        if let Some(bar) = bars.get_mut(at) {
            *bar = Some(bar.map_or(point.max_dbm, |level: i8| level.max(point.max_dbm)));
        }
    }
    bars
}

/// Height of a level between foot and top, 0.06 to 1: what was heard is always seen.
pub(crate) fn height(level_dbm: i8) -> f32 {
    ((f32::from(level_dbm) - FLOOR_DBM) / (TOP_DBM - FLOOR_DBM)).clamp(0.06, 1.0)
}

pub(super) fn paint(
    painter: &Painter,
    rect: Rect,
    history: &[SignalPoint],
    range: Option<TimeRange>,
    palette: &Palette,
) {
    let Some(range) = range else { return };
    let count = ((rect.width() / 3.0) as usize).clamp(1, 80);
    let step = rect.width() / count as f32;
    let baseline = egui::Stroke::new(1.0, palette.line);
    painter.hline(rect.x_range(), rect.bottom(), baseline);
    for (at, level) in bars(history, range, count).into_iter().enumerate() {
        let Some(level) = level else { continue };
        let left = rect.left() + at as f32 * step;
        let top = rect.bottom() - rect.height() * height(level);
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + step - 0.8, rect.bottom()));
        painter.rect_filled(bar, 0.0, palette.accent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::Timestamp;

    fn point(secs: i64, max_dbm: i8) -> SignalPoint {
        let mean_dbm = f32::from(max_dbm);
        SignalPoint { time: Timestamp::from_unix_secs(secs), max_dbm, mean_dbm, frames: 1 }
    }

    #[test]
    fn silence_leaves_a_hole_and_the_strongest_counts() {
        let range = TimeRange::new(Timestamp::from_unix_secs(0), Timestamp::from_unix_secs(100));
        let history = [point(1, -80), point(2, -60), point(99, -70), point(200, -10)];
        let bars = bars(&history, range, 10);
        assert_eq!(bars[0], Some(-60));
        assert_eq!(bars[9], Some(-70));
        assert!(bars[1..9].iter().all(Option::is_none));
    }

    #[test]
    fn a_single_moment_is_one_bar() {
        let moment = Timestamp::from_unix_secs(5);
        let bars = bars(&[point(5, -50)], TimeRange::new(moment, moment), 4);
        assert_eq!(bars.iter().flatten().count(), 1);
    }

    #[test]
    fn weak_signals_are_still_seen() {
        assert!(height(-120) > 0.0);
        assert!((height(0) - 1.0).abs() < f32::EPSILON);
    }
}
