//! Joins frames with positions: interpolated to each frame's own time.

use pw_model::{Fix, FixMode, Position, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// Fixes no further apart than this are joined by a straight line.
const INTERPOLATE: Duration = Duration::from_secs(3);
/// After the last fix its place is held for so long, with an error that grows.
const HOLD: Duration = Duration::from_secs(2);
/// Speed assumed while a place is held and the receiver does not say its speed, in metres per second:
/// 50 km/h, so that the error is not understated in town.
const ASSUMED_SPEED_MPS: f32 = 14.0;

/// Where the sensor was at some time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Place {
    /// Known.
    Known(Position),
    /// Not known, and no later fix will change that.
    Unknown,
    /// The time lies after the last fix: the next one will say. Should it not come in time, this is
    /// what can be said.
    Wait(Option<Position>),
}

/// Fixes in order of time, the oldest of too many dropped.
#[derive(Clone, Debug)]
pub struct Track {
    fixes: VecDeque<Fix>,
    limit: usize,
    fixed: Option<Position>,
}

impl Track {
    /// Keeps the newest `limit` fixes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self { fixes: VecDeque::new(), limit, fixed: None }
    }

    /// The sensor stands still at a place that was given.
    #[must_use]
    pub const fn fixed(position: Position) -> Self {
        Self { fixes: VecDeque::new(), limit: 0, fixed: Some(position) }
    }

    /// Adds a fix. One that is not later than the last is put in its place.
    pub fn push(&mut self, fix: Fix) {
        let at = self.fixes.partition_point(|known| known.time <= fix.time);
        match at.checked_sub(1).and_then(|before| self.fixes.get_mut(before)) {
            Some(same) if same.time == fix.time => *same = fix,
            _ => self.fixes.insert(at, fix),
        }
        while self.fixes.len() > self.limit {
            self.fixes.pop_front();
        }
    }

    /// Time of the last fix.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        self.fixes.back().map(|fix| fix.time)
    }

    /// The last fix with a position.
    #[must_use]
    pub fn last_position(&self) -> Option<&Fix> {
        self.fixes.iter().rev().find(|fix| fix.position.is_some())
    }

    /// Where the sensor was at `time`.
    #[must_use]
    pub fn place_at(&self, time: Timestamp) -> Place {
        if let Some(position) = self.fixed {
            return Place::Known(position);
        }
        let after = self.fixes.partition_point(|fix| fix.time <= time);
        let before = after.checked_sub(1).and_then(|at| self.fixes.get(at));
        match (before, self.fixes.get(after)) {
            (Some(before), Some(after)) => {
                let near = after.time.since(before.time) <= INTERPOLATE;
                let between = between(before, after, time).filter(|_| near);
                between.or_else(|| held(before, time)).map_or(Place::Unknown, Place::Known)
            }
            (Some(before), None) if before.time == time => {
                held(before, time).map_or(Place::Unknown, Place::Known)
            }
            (Some(before), None) => Place::Wait(held(before, time)),
            // Before the first fix nothing is known.
            (None, Some(_)) => Place::Unknown,
            (None, None) => Place::Wait(None),
        }
    }
}

/// The place of the last fix, its error grown by what the sensor may have moved since.
fn held(fix: &Fix, time: Timestamp) -> Option<Position> {
    let age = time.since(fix.time);
    let position = fix.position.filter(|_| fix.mode != FixMode::NoFix && age <= HOLD)?;
    let moved = fix.speed_mps.unwrap_or(ASSUMED_SPEED_MPS) * age.as_secs_f32();
    Some(position.with_error_m(position.error_m.map(|error| error + moved)))
}

/// The place on the straight line between two fixes. Its error is the larger of the two.
fn between(before: &Fix, after: &Fix, time: Timestamp) -> Option<Position> {
    let (a, b) = (before.position?, after.position?);
    let whole = after.time.since(before.time).as_secs_f64();
    if whole <= 0.0 {
        return Some(a);
    }
    let part = time.since(before.time).as_secs_f64() / whole;
    let lat = a.lat_deg + (b.lat_deg - a.lat_deg) * part;
    // The shorter way round, also across 180 degrees.
    let step = (b.lon_deg - a.lon_deg + 540.0).rem_euclid(360.0) - 180.0;
    let lon = (a.lon_deg + step * part + 540.0).rem_euclid(360.0) - 180.0;
    let altitude = match (a.altitude_m, b.altitude_m) {
        (Some(a), Some(b)) => Some(a + (b - a) * part as f32),
        _ => None,
    };
    let error = match (a.error_m, b.error_m) {
        (Some(a), Some(b)) => Some(a.max(b)),
        _ => None,
    };
    Some(Position::new(lat, lon)?.with_altitude_m(altitude).with_error_m(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_ns(1_700_000_000_000_000_000 + millis * 1_000_000)
    }

    fn fix(millis: i64, place: Option<(f64, f64)>) -> Fix {
        let position =
            place.and_then(|(lat, lon)| Position::new(lat, lon)).map(|p| p.with_error_m(Some(4.0)));
        let mode = if position.is_some() { FixMode::ThreeD } else { FixMode::NoFix };
        Fix {
            time: at(millis),
            mode,
            position,
            speed_mps: Some(10.0),
            track_deg: None,
            satellites: None,
            hdop: None,
        }
    }

    fn track(fixes: &[(i64, Option<(f64, f64)>)]) -> Track {
        let mut track = Track::new(100);
        fixes.iter().for_each(|(millis, place)| track.push(fix(*millis, *place)));
        track
    }

    fn known(track: &Track, millis: i64) -> Option<(f64, f64, Option<f32>)> {
        match track.place_at(at(millis)) {
            Place::Known(p) => Some((p.lat_deg, p.lon_deg, p.error_m)),
            _ => None,
        }
    }

    #[test]
    fn between_two_fixes_the_place_is_interpolated() {
        let track = track(&[(0, Some((50.0, 8.0))), (1000, Some((50.001, 8.002)))]);
        let (lat, lon, error) = known(&track, 250).expect("between");
        assert!((lat - 50.00025).abs() < 1e-9 && (lon - 8.0005).abs() < 1e-9);
        assert_eq!(error, Some(4.0));
        assert_eq!(track.place_at(at(-1)), Place::Unknown, "before the first fix");
    }

    #[test]
    fn the_date_line_is_crossed_the_short_way() {
        let track = track(&[(0, Some((10.0, 179.9999))), (1000, Some((10.0, -179.9999)))]);
        let (_, lon, _) = known(&track, 500).expect("between");
        assert!((lon.abs() - 180.0).abs() < 1e-6, "{lon}");
    }

    #[test]
    fn a_lost_fix_is_unknown_after_two_seconds() {
        let track = track(&[(0, Some((50.0, 8.0))), (1000, None), (9000, Some((50.1, 8.0)))]);
        let (_, _, error) = known(&track, 500).expect("held");
        assert_eq!(error, Some(9.0), "4 m and half a second at 10 m/s");
        assert_eq!(known(&track, 1500), None, "the receiver said that it has none");
        assert_eq!(known(&track, 8999), None);
        assert!(known(&track, 9000).is_some());
    }

    #[test]
    fn fixes_far_apart_are_not_joined() {
        let track = track(&[(0, Some((50.0, 8.0))), (3100, Some((50.1, 8.0)))]);
        assert_eq!(known(&track, 1000).map(|(lat, ..)| lat), Some(50.0), "held");
        assert_eq!(known(&track, 2500), None);
    }

    #[test]
    fn after_the_last_fix_the_next_is_waited_for() {
        let track = track(&[(0, Some((50.0, 8.0)))]);
        assert!(matches!(track.place_at(at(1500)), Place::Wait(Some(_))));
        assert_eq!(track.place_at(at(2500)), Place::Wait(None));
        assert_eq!(Track::new(5).place_at(at(0)), Place::Wait(None));
    }

    #[test]
    fn the_track_is_bounded() {
        let mut track = Track::new(3);
        (0..10).for_each(|n| track.push(fix(n * 1000, Some((50.0, 8.0)))));
        assert_eq!(track.place_at(at(1000)), Place::Unknown);
        assert_eq!(track.last_time(), Some(at(9000)));
    }
}
