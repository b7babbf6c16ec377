//! Tells reports that cannot be true: a place that nothing reaches in that time, an old report that
//! is said again.

use pw_model::{Fix, FixDoubt};

/// Faster than anything that carries a sensor, in metres per second: 540 km/h.
const FASTEST_MPS: f64 = 150.0;
/// A jump no longer than this is no jump: receivers wander so far under bridges and between houses.
const WANDER_M: f64 = 100.0;
/// Error assumed of a report that states none, in metres.
const ASSUMED_ERROR_M: f32 = 50.0;
/// So many reports in a row that agree with each other are believed: it was the place before that
/// was wrong, or the sensor was carried while it was off.
const AGREE: u32 = 5;
/// A report of the same time may come twice, as from gpsd with several messages an epoch.
const REPEATS: u32 = 3;

/// Looks at the reports of one receiver, one after the other.
#[derive(Clone, Debug, Default)]
pub struct FixCheck {
    believed: Option<Fix>,
    /// The last report that was not believed for its place, and how many in a row agree with it.
    stray: Option<(Fix, u32)>,
    /// How often the time of the last report was said again.
    repeats: u32,
    last: Option<Fix>,
}

impl FixCheck {
    /// What is wrong with the report; `None` when it can be used.
    pub fn doubt(&mut self, fix: &Fix) -> Option<FixDoubt> {
        let again = self.last.is_some_and(|last| last.time == fix.time);
        self.repeats = if again { self.repeats.saturating_add(1) } else { 0 };
        self.last = Some(*fix);
        fix.position?;
        if self.repeats >= REPEATS {
            return Some(FixDoubt::Stale);
        }
        let reaches = self.believed.is_none_or(|before| can_reach(&before, fix));
        if reaches {
            self.believed = Some(*fix);
            self.stray = None;
            return None;
        }
        let in_a_row = match &self.stray {
            Some((before, in_a_row)) if can_reach(before, fix) => in_a_row.saturating_add(1),
            _ => 1,
        };
        if in_a_row >= AGREE {
            self.believed = Some(*fix);
            self.stray = None;
            return None;
        }
        self.stray = Some((*fix, in_a_row));
        Some(FixDoubt::Teleported)
    }
}

fn can_reach(from: &Fix, to: &Fix) -> bool {
    let (Some(a), Some(b)) = (from.position, to.position) else { return true };
    let errors = [a.error_m, b.error_m].map(|error| f64::from(error.unwrap_or(ASSUMED_ERROR_M)));
    // A clock that was set back is no reason to disbelieve a place.
    let seconds = to.time.since(from.time).max(from.time.since(to.time)).as_secs_f64();
    let reach = WANDER_M + errors.iter().sum::<f64>() + FASTEST_MPS * seconds;
    a.distance_m(&b) <= reach
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{FixMode, Position, Timestamp};

    fn fix(second: i64, place: Option<(f64, f64)>) -> Fix {
        let position = place.and_then(|(lat, lon)| Position::new(lat, lon));
        Fix {
            time: Timestamp::from_unix_secs(1_780_000_000 + second),
            mode: if position.is_some() { FixMode::ThreeD } else { FixMode::NoFix },
            position: position.map(|place| place.with_error_m(Some(5.0))),
            speed_mps: None,
            track_deg: None,
            satellites: None,
            hdop: None,
        }
    }

    fn doubts(fixes: &[(i64, Option<(f64, f64)>)]) -> Vec<Option<FixDoubt>> {
        let mut check = FixCheck::default();
        fixes.iter().map(|(second, place)| check.doubt(&fix(*second, *place))).collect()
    }

    #[test]
    fn a_drive_is_believed() {
        // 111 m a second is faster than any car, and no reason for doubt.
        let drive: Vec<_> = (0..20).map(|s| (s, Some((50.0 + s as f64 * 0.001, 8.0)))).collect();
        assert!(doubts(&drive).iter().all(Option::is_none));
        let tunnel = [(0, Some((50.0, 8.0))), (1, None), (60, Some((50.02, 8.0)))];
        assert_eq!(doubts(&tunnel), [None; 3]);
    }

    #[test]
    fn a_jump_there_and_back_is_not() {
        let (here, there) = (Some((50.0, 8.0)), Some((51.0, 8.0)));
        let jump = [(0, here), (1, there), (2, here), (3, there), (4, there), (5, here)];
        let teleported = Some(FixDoubt::Teleported);
        assert_eq!(doubts(&jump), [None, teleported, None, teleported, teleported, None]);
    }

    #[test]
    fn a_place_that_five_reports_agree_on_is_the_new_one() {
        let there: Vec<_> = (1..10).map(|s| (s, Some((51.0, 8.0)))).collect();
        let mut all = vec![(0, Some((50.0, 8.0)))];
        all.extend(there);
        let doubts = doubts(&all);
        assert_eq!(doubts.iter().filter(|doubt| doubt.is_some()).count(), 4);
        assert!(doubts[5..].iter().all(Option::is_none));
    }

    #[test]
    fn what_is_said_again_and_again_is_stale() {
        let same = [(7, Some((50.0, 8.0))); 6];
        let stale = Some(FixDoubt::Stale);
        assert_eq!(doubts(&same), [None, None, None, stale, stale, stale]);
        assert_eq!(doubts(&[(7, None); 9]), [None; 9], "no place, nothing to doubt");
    }
}
