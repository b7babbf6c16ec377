//! Where one stream was, thinned to what a map can show.

use pw_model::{Position, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A point is kept when it is this far from the one before it …
const MIN_STEP_M: f64 = 5.0;
/// … or this much later.
const MIN_STEP: Duration = Duration::from_secs(10);
/// Between points further apart in time than this the position was not known.
const LONGEST_STEP: Duration = Duration::from_secs(60);
/// Most points of one stream. When full, every second one goes.
const MAX_POINTS: usize = 200_000;
/// Points are stored in pieces of this many seconds.
const PIECE_SECS: i64 = 600;

/// A kept point.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Point {
    /// `None` begins a stretch without a known position.
    pub(crate) position: Option<Position>,
    pub(crate) speed_mps: Option<f32>,
}

/// The points of one stream by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    points: BTreeMap<Timestamp, Point>,
    /// Pieces that changed since they were stored.
    changed: BTreeSet<i64>,
}

/// The piece that a time lies in.
fn piece_of(time: Timestamp) -> i64 {
    time.unix_ns().div_euclid(PIECE_SECS * 1_000_000_000)
}

impl Track {
    /// Adds a report of the position; true when it was kept.
    pub(crate) fn add(&mut self, time: Timestamp, point: Point) -> bool {
        let before = self.points.range(..=time).next_back().map(|(t, p)| (*t, *p));
        let keep = match (before, &point.position) {
            (Some((last, _)), _) if last == time => false,
            (Some((_, Point { position: Some(_), .. })), None) => true,
            (_, None) => false,
            (Some((last, Point { position: Some(from), .. })), Some(to)) => {
                let pause = time.since(last);
                if pause > LONGEST_STEP {
                    let lost = last.saturating_add(MIN_STEP);
                    self.put(lost, Point { position: None, speed_mps: None });
                }
                pause >= MIN_STEP || from.distance_m(to) >= MIN_STEP_M
            }
            (_, Some(_)) => true,
        };
        if keep {
            self.put(time, point);
        }
        keep
    }

    fn put(&mut self, time: Timestamp, point: Point) {
        self.points.insert(time, point);
        self.changed.insert(piece_of(time));
        if self.points.len() > MAX_POINTS {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let mut nth = 0u32;
        self.points.retain(|time, point| {
            self.changed.insert(piece_of(*time));
            nth += 1;
            point.position.is_none() || nth.is_multiple_of(2)
        });
        // Breaks alone can fill the track only when a receiver flickers for days; then they go too.
        if self.points.len() > MAX_POINTS / 4 * 3 {
            self.points.retain(|_, point| point.position.is_some());
        }
    }

    /// All points by time.
    pub(crate) fn points(&self) -> impl Iterator<Item = (Timestamp, &Point)> {
        self.points.iter().map(|(time, point)| (*time, point))
    }

    /// Length in metres between two times; `None` without any position there. Steps below the
    /// thinning distance are gathered first, so that a parked car does not drive.
    pub(crate) fn length_m(&self, from: Timestamp, to: Timestamp) -> Option<f64> {
        let mut anchor: Option<Position> = None;
        let mut length_m = None;
        for (_, point) in self.points.range(from..=to) {
            match (anchor, point.position) {
                (_, None) => anchor = None,
                (None, Some(here)) => {
                    anchor = Some(here);
                    length_m = Some(length_m.unwrap_or(0.0));
                }
                (Some(last), Some(here)) => {
                    let step_m = last.distance_m(&here);
                    if step_m >= MIN_STEP_M {
                        length_m = Some(length_m.unwrap_or(0.0) + step_m);
                        anchor = Some(here);
                    }
                }
            }
        }
        length_m
    }

    /// Takes the pieces that changed since the last call; an empty one is to be deleted.
    pub(crate) fn take_changed(&mut self) -> Vec<(i64, Vec<(Timestamp, Point)>)> {
        let changed = std::mem::take(&mut self.changed);
        let piece_ns = PIECE_SECS * 1_000_000_000;
        let points_of = |piece: i64| {
            let start = Timestamp::from_unix_ns(piece.saturating_mul(piece_ns));
            let last = (piece.saturating_mul(piece_ns)).saturating_add(piece_ns - 1);
            let range = self.points.range(start..=Timestamp::from_unix_ns(last));
            range.map(|(time, point)| (*time, *point)).collect()
        };
        changed.into_iter().map(|piece| (piece, points_of(piece))).collect()
    }

    /// Puts a stored piece back.
    pub(crate) fn restore(&mut self, piece: Vec<(Timestamp, Point)>) {
        self.points.extend(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(north_m: f64) -> Option<Position> {
        Position::new(50.0 + north_m / 111_195.0, 8.0)
    }

    fn add(track: &mut Track, secs: i64, position: Option<Position>) -> bool {
        track.add(Timestamp::from_unix_secs(secs), Point { position, speed_mps: None })
    }

    #[test]
    fn thinned_by_distance_and_time() {
        let mut track = Track::default();
        assert!(add(&mut track, 0, place(0.0)));
        assert!(!add(&mut track, 1, place(1.0)));
        assert!(add(&mut track, 2, place(6.0)));
        assert!(!add(&mut track, 11, place(6.0)));
        assert!(add(&mut track, 12, place(6.0)));
    }

    #[test]
    fn a_lost_fix_breaks_the_track() {
        let mut track = Track::default();
        assert!(!add(&mut track, 0, None), "nothing to break yet");
        add(&mut track, 1, place(0.0));
        assert!(add(&mut track, 2, None));
        assert!(!add(&mut track, 3, None), "broken already");
        add(&mut track, 100, place(1000.0));
        add(&mut track, 101, place(1010.0));
        let length_m = track.length_m(Timestamp::from_unix_secs(0), Timestamp::from_unix_secs(500));
        assert!((length_m.expect("known") - 10.0).abs() < 0.1, "{length_m:?}");
    }

    #[test]
    fn silence_breaks_the_track() {
        let mut track = Track::default();
        add(&mut track, 0, place(0.0));
        add(&mut track, 100, place(1000.0));
        let breaks = track.points().filter(|(_, point)| point.position.is_none()).count();
        assert_eq!(breaks, 1);
    }

    #[test]
    fn a_parked_car_does_not_drive() {
        let mut track = Track::default();
        for n in 0..360 {
            add(&mut track, n * 10, place(if n % 2 == 0 { 0.0 } else { 3.0 }));
        }
        let end = Timestamp::from_unix_secs(4000);
        assert_eq!(track.length_m(Timestamp::from_unix_secs(0), end), Some(0.0));
        assert_eq!(track.length_m(end, end), None);
    }

    #[test]
    fn pieces_restore_the_whole() {
        let mut track = Track::default();
        (0..2000).for_each(|n| {
            add(&mut track, n, place(n as f64 * 6.0));
        });
        let mut copy = Track::default();
        track.take_changed().into_iter().for_each(|(_, piece)| copy.restore(piece));
        assert!(track.points().eq(copy.points()));
        assert!(track.take_changed().is_empty());
        add(&mut track, 2001, place(20_000.0));
        assert_eq!(track.take_changed().len(), 1, "only the last piece changed");
    }

    #[test]
    fn a_full_track_is_thinned() {
        let mut track = Track::default();
        for n in 0..(MAX_POINTS as i64 + 10) {
            add(&mut track, n * 10, place((n % 1000) as f64 * 10.0));
        }
        assert!((MAX_POINTS / 2..=MAX_POINTS / 2 + 20).contains(&track.points().count()));
    }
}
