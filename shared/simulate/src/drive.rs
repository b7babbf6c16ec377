//! The drive: from waypoints to place, speed and heading at every moment.

use crate::geometry::Point;
use crate::scenario::Problem;
use crate::scenario::format::Drive;

/// Speeding up and braking, in metres per second squared: a calm driver.
const ACCELERATION_MPS2: f64 = 1.8;
/// Sideways acceleration that a calm driver accepts; it limits the speed in corners.
const SIDEWAYS_MPS2: f64 = 2.5;
/// Time between two samples of the planned track.
const STEP_SECS: f64 = 0.1;

/// Where the sensor is at one moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Moment {
    /// Place in local metres.
    pub(crate) point: Point,
    /// Speed in metres per second.
    pub(crate) speed_mps: f64,
    /// Degrees from north, clockwise.
    pub(crate) heading_deg: f64,
}

/// The planned track: one moment every [`STEP_SECS`]; at most 216 000 of them.
#[derive(Debug)]
pub(crate) struct Track {
    moments: Vec<Moment>,
    duration_secs: f64,
}

/// One straight stretch with the speed it allows and the speed at its end.
struct Leg {
    from: Point,
    to: Point,
    length_m: f64,
    limit_mps: f64,
    end_mps: f64,
    stop_secs: f64,
}

impl Track {
    /// Plans the drive. With `duration_secs` it is cut there, or the sensor waits at the last
    /// waypoint until then.
    pub(crate) fn plan(drive: &Drive, duration_secs: Option<f64>) -> Result<Self, Problem> {
        let longest = crate::scenario::LONGEST_SECS;
        let until = duration_secs.unwrap_or(longest);
        let legs = legs(drive);
        let first = drive.waypoint.first().map_or([0.0, 0.0], |waypoint| waypoint.at);
        let mut now = Moment { point: first.into(), speed_mps: 0.0, heading_deg: 0.0 };
        if let Some(leg) = legs.iter().find(|leg| leg.length_m > 0.0) {
            now.heading_deg = leg.from.heading_deg(leg.to);
        }
        let steps = |secs: f64| (secs / STEP_SECS).ceil() as usize;
        let most = steps(until) + 1;
        let mut moments = vec![now];
        let wait = |moments: &mut Vec<Moment>, now: Moment, secs: f64| {
            let still = Moment { speed_mps: 0.0, ..now };
            let count = steps(secs).min(most.saturating_sub(moments.len()));
            moments.extend(std::iter::repeat_n(still, count));
        };
        let first_stop = drive.waypoint.first().map_or(0.0, |waypoint| waypoint.stop_secs);
        wait(&mut moments, now, first_stop);
        for leg in &legs {
            drive_leg(leg, &mut now, &mut moments, most);
            wait(&mut moments, now, leg.stop_secs);
            if moments.len() >= most {
                break;
            }
        }
        let planned = (moments.len() - 1) as f64 * STEP_SECS;
        if duration_secs.is_none() && planned >= longest {
            return Err(Problem {
                field: "drive".to_owned(),
                problem: format!("the drive takes longer than {} hours", longest / 3600.0),
            });
        }
        if duration_secs.is_none() && planned < 1.0 {
            return Err(Problem {
                field: "drive.waypoint".to_owned(),
                problem: "the drive goes nowhere: add a waypoint, a stop or scenario.duration_secs"
                    .to_owned(),
            });
        }
        Ok(Self { moments, duration_secs: duration_secs.unwrap_or(planned) })
    }

    /// How long the drive takes.
    pub(crate) fn duration_secs(&self) -> f64 {
        self.duration_secs
    }

    /// Where the sensor is `secs` after the start; before it and after the end it stands.
    pub(crate) fn at(&self, secs: f64) -> Moment {
        let place = (secs / STEP_SECS).max(0.0);
        let index = place as usize;
        let Some(last) = self.moments.last().copied() else {
            return Moment { point: Point::default(), speed_mps: 0.0, heading_deg: 0.0 };
        };
        let before = self.moments.get(index).copied().unwrap_or(last);
        let after = self.moments.get(index + 1).copied().unwrap_or(last);
        let share = place.fract();
        Moment {
            point: before.point.toward(after.point, share),
            speed_mps: before.speed_mps + (after.speed_mps - before.speed_mps) * share,
            heading_deg: before.heading_deg,
        }
    }
}

/// The legs of all laps, with end speeds such that braking is always in time.
fn legs(drive: &Drive) -> Vec<Leg> {
    let mut legs: Vec<Leg> = Vec::new();
    let mut here: Option<Point> = None;
    let mut limit_mps = drive.speed_kmh / 3.6;
    for _ in 0..drive.laps {
        for waypoint in &drive.waypoint {
            let point = Point::from(waypoint.at);
            if let Some(from) = here {
                let length_m = from.distance_m(point);
                let stop_secs = waypoint.stop_secs;
                legs.push(Leg { from, to: point, length_m, limit_mps, end_mps: 0.0, stop_secs });
            }
            limit_mps = waypoint.speed_kmh.unwrap_or(drive.speed_kmh) / 3.6;
            here = Some(point);
        }
    }
    // Backwards: the speed at the end of a leg is what the corner and the braking after it allow.
    for at in (0..legs.len()).rev() {
        let end_mps = match (legs.get(at), legs.get(at + 1)) {
            (Some(leg), Some(next)) if leg.stop_secs <= 0.0 => {
                let braking =
                    (next.end_mps.powi(2) + 2.0 * ACCELERATION_MPS2 * next.length_m).sqrt();
                corner_mps(leg, next).min(braking).min(leg.limit_mps).min(next.limit_mps)
            }
            _ => 0.0,
        };
        if let Some(leg) = legs.get_mut(at) {
            leg.end_mps = end_mps;
        }
    }
    legs
}

/// Speed that the corner between two legs allows, with a radius of 8 m for a right angle.
fn corner_mps(leg: &Leg, next: &Leg) -> f64 {
    let turn = (next.from.heading_deg(next.to) - leg.from.heading_deg(leg.to)).to_radians();
    let half = (turn.sin().atan2(turn.cos()) / 2.0).abs().tan();
    if half < 1e-3 { f64::INFINITY } else { (SIDEWAYS_MPS2 * 8.0 / half).sqrt().max(1.5) }
}

fn drive_leg(leg: &Leg, now: &mut Moment, moments: &mut Vec<Moment>, most: usize) {
    if leg.length_m <= 0.0 {
        return;
    }
    now.heading_deg = leg.from.heading_deg(leg.to);
    let mut done_m = 0.0;
    while moments.len() < most {
        let left_m: f64 = leg.length_m - done_m;
        let braking = (leg.end_mps.powi(2) + 2.0 * ACCELERATION_MPS2 * left_m).sqrt();
        let faster = now.speed_mps + ACCELERATION_MPS2 * STEP_SECS;
        now.speed_mps = faster.min(leg.limit_mps).min(braking).max(0.3);
        done_m += now.speed_mps * STEP_SECS;
        if done_m >= leg.length_m {
            now.point = leg.to;
            moments.push(*now);
            return;
        }
        now.point = leg.from.toward(leg.to, done_m / leg.length_m);
        moments.push(*now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::format::Waypoint;

    fn waypoint(east: f64, north: f64, stop_secs: f64) -> Waypoint {
        Waypoint { at: [east, north], stop_secs, speed_kmh: None }
    }

    fn drive(waypoint: Vec<Waypoint>) -> Drive {
        Drive { speed_kmh: 36.0, laps: 1, waypoint }
    }

    #[test]
    fn reaches_the_speed_stops_and_waits() {
        let drive = drive(vec![waypoint(0.0, 0.0, 2.0), waypoint(0.0, 300.0, 5.0)]);
        let track = Track::plan(&drive, None).ok().expect("a plan");
        assert_eq!(track.at(1.0).speed_mps, 0.0);
        let middle = track.at(20.0);
        assert!((middle.speed_mps - 10.0).abs() < 0.1, "{middle:?}");
        assert!(middle.heading_deg.abs() < 1e-9);
        let end = track.at(track.duration_secs());
        assert!((end.point.north_m - 300.0).abs() < 0.5 && end.speed_mps == 0.0, "{end:?}");
        // 300 m at 10 m/s, speeding up and braking 5.6 s each, and seven seconds of standing.
        assert!((track.duration_secs() - 42.5).abs() < 1.5, "{}", track.duration_secs());
    }

    #[test]
    fn never_jumps() {
        let drive = drive(vec![
            waypoint(0.0, 0.0, 0.0),
            waypoint(100.0, 0.0, 0.0),
            waypoint(100.0, 80.0, 3.0),
            waypoint(0.0, 80.0, 0.0),
        ]);
        let track = Track::plan(&drive, None).ok().expect("a plan");
        let mut secs = 0.0;
        while secs < track.duration_secs() {
            let step = track.at(secs).point.distance_m(track.at(secs + 0.1).point);
            assert!(step <= 1.1, "{secs}: {step}");
            secs += 0.1;
        }
    }

    #[test]
    fn a_drive_to_nowhere_is_refused() {
        assert!(Track::plan(&drive(vec![waypoint(0.0, 0.0, 0.0)]), None).is_err());
        assert!(Track::plan(&drive(vec![waypoint(0.0, 0.0, 0.0)]), Some(60.0)).is_ok());
    }
}
