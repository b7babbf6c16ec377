//! Home zones: where nothing, or no position, is recorded.
//!
//! What lies outside is recorded, so that the edge shows in the data. The circle that is left out is
//! therefore not the one that was asked for: its middle is moved and its radius made larger, by
//! amounts that only the sensor knows. It holds the circle asked for, and tells nobody its middle.

use super::key::{KeyError, keyed};
use super::settings::{HomeZone, ZoneRecords};
use crate::state_dir;
use hmac::Mac;
use pw_model::{Position, WORLD_RADIUS_M};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Remembers over a restart whether the last place lay in a zone.
const FILE: &str = "home-zone";
/// Added to every radius in metres: what a car drives in town until its next fix.
const MARGIN_M: f64 = 30.0;

/// Where a place lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Within {
    /// In no zone.
    Outside,
    /// In one where positions are left out.
    NoPosition,
    /// In one where nothing is recorded.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Circle {
    middle: Position,
    radius_m: f64,
    within: Within,
}

/// The zones, and where the last known place lies.
#[derive(Debug, Default)]
pub(super) struct Zones {
    circles: Vec<Circle>,
    last: Option<Within>,
    memory: Option<File>,
}

impl Zones {
    /// `key` is there when zones are; `remember` for a sensor whose last place matters after a
    /// restart. Until the first fix ever, the sensor counts as standing in the strictest zone.
    pub(super) fn new(
        zones: &[HomeZone],
        key: Option<&[u8; 32]>,
        state_dir: &Path,
        remember: bool,
    ) -> Result<Self, KeyError> {
        let Some(key) = key.filter(|_| !zones.is_empty()) else { return Ok(Self::default()) };
        let circles: Vec<Circle> = zones.iter().map(|zone| circle(zone, key)).collect();
        let mut last = circles.iter().map(|circle| circle.within).max();
        let mut memory = None;
        if remember {
            let path = state_dir.join(FILE);
            let failed = |source| KeyError::File { what: "open", path: path.clone(), source };
            let file = state_dir::open_private(&path).map_err(failed)?;
            let mut byte = [0];
            if file.read_at(&mut byte, 0).map_err(failed)? == 1 {
                last = match byte {
                    [b'o'] => Some(Within::Outside),
                    [b'p'] => Some(Within::NoPosition),
                    _ => last,
                };
            }
            memory = Some(file);
        }
        Ok(Self { circles, last, memory })
    }

    /// Where a place lies; in several zones, the strictest counts.
    pub(super) fn at(&self, place: &Position) -> Within {
        let holds = |circle: &&Circle| circle.middle.distance_m(place) <= circle.radius_m;
        let within = self.circles.iter().filter(holds).map(|circle| circle.within).max();
        within.unwrap_or(Within::Outside)
    }

    /// True when there is a zone where nothing is recorded.
    pub(super) fn leave_out(&self) -> bool {
        self.circles.iter().any(|circle| circle.within == Within::Nothing)
    }

    /// Where the last known place lies.
    pub(super) fn last(&self) -> Within {
        self.last.unwrap_or(Within::Outside)
    }

    /// A place is known.
    pub(super) fn reported(&mut self, place: &Position) -> Within {
        let within = self.at(place);
        if self.last.is_some_and(|last| last != within) {
            self.last = Some(within);
            let letter = match within {
                Within::Outside => b"o",
                Within::NoPosition => b"p",
                Within::Nothing => b"n",
            };
            if let Some(file) = &self.memory
                && let Err(error) = file.write_all_at(letter, 0).and_then(|()| file.sync_data())
            {
                tracing::warn!("cannot remember whether this is a home zone: {error}");
            }
        }
        within
    }
}

fn circle(zone: &HomeZone, key: &[u8; 32]) -> Circle {
    let mut mac = keyed(key);
    mac.update(b"home zone");
    mac.update(&zone.middle.lat_deg.to_bits().to_le_bytes());
    mac.update(&zone.middle.lon_deg.to_bits().to_le_bytes());
    mac.update(&zone.radius_m.to_bits().to_le_bytes());
    let bytes = mac.finalize().into_bytes();
    // Three numbers from 0 to 1 of 32 bits each.
    let mut words = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| f64::from(u32::from_le_bytes(*word)) / f64::from(u32::MAX));
    let mut chance = || words.next().unwrap_or(0.5);
    let direction = chance() * std::f64::consts::TAU;
    // Evenly over the disc, not crowded at its middle.
    let moved_m = zone.fuzz_m * chance().sqrt();
    let radius_m = zone.radius_m + moved_m + zone.fuzz_m * chance() + MARGIN_M;
    Circle {
        middle: moved(&zone.middle, direction, moved_m),
        radius_m,
        within: match zone.records {
            ZoneRecords::Nothing => Within::Nothing,
            ZoneRecords::NoPosition => Within::NoPosition,
        },
    }
}

/// The place so many metres away in a direction in radians from north; near the poles, the same place.
fn moved(from: &Position, direction: f64, metres: f64) -> Position {
    let north_deg = (metres * direction.cos() / WORLD_RADIUS_M).to_degrees();
    let shrink = from.lat_deg.to_radians().cos().max(0.01);
    let east_deg = (metres * direction.sin() / (WORLD_RADIUS_M * shrink)).to_degrees();
    let lon_deg = (from.lon_deg + east_deg + 540.0).rem_euclid(360.0) - 180.0;
    Position::new(from.lat_deg + north_deg, lon_deg).unwrap_or(*from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(records: ZoneRecords) -> HomeZone {
        let middle = Position::new(50.0, 8.0).expect("valid");
        HomeZone { middle, radius_m: 300.0, fuzz_m: 200.0, records }
    }

    #[test]
    fn the_circle_asked_for_is_covered_and_its_middle_hidden() {
        let zone = home(ZoneRecords::Nothing);
        let mut shifts = Vec::new();
        for number in 0..200 {
            let circle = circle(&zone, &[number; 32]);
            for step in 0..36 {
                let edge = moved(&zone.middle, f64::from(step) * 0.1745, 299.0);
                assert!(circle.middle.distance_m(&edge) <= circle.radius_m, "key {number}");
            }
            assert!(circle.radius_m <= 300.0 + 400.0 + MARGIN_M);
            shifts.push(circle.middle.distance_m(&zone.middle));
        }
        shifts.sort_by(f64::total_cmp);
        assert!(shifts[199] <= 201.0 && shifts[100] > 100.0, "half are moved far: {}", shifts[100]);
        assert!(circle(&zone, &[1; 32]).radius_m != circle(&zone, &[2; 32]).radius_m);
    }

    #[test]
    fn the_same_key_gives_the_same_circle() {
        let zone = home(ZoneRecords::Nothing);
        let (one, other) = (circle(&zone, &[1; 32]), circle(&zone, &[1; 32]));
        assert_eq!((one.middle, one.radius_m.to_bits()), (other.middle, other.radius_m.to_bits()));
    }

    #[test]
    fn the_last_place_is_remembered_over_a_restart() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let open = || {
            let zones = [home(ZoneRecords::Nothing)];
            Zones::new(&zones, Some(&[1; 32]), folder.path(), true).expect("a file")
        };
        assert_eq!(open().last(), Within::Nothing, "nobody knows, so it may be home");
        let far = Position::new(50.1, 8.0).expect("valid");
        assert_eq!(open().reported(&far), Within::Outside);
        assert_eq!(open().last(), Within::Outside);
        assert_eq!(open().reported(&Position::new(50.0, 8.001).expect("valid")), Within::Nothing);
        assert_eq!(open().last(), Within::Nothing);
    }

    #[test]
    fn without_zones_there_is_no_file_and_the_strictest_of_several_counts() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let none = Zones::new(&[], None, folder.path(), true).expect("no file");
        assert_eq!(none.last(), Within::Outside);
        assert!(!folder.path().join(FILE).exists());
        let both = [home(ZoneRecords::NoPosition), home(ZoneRecords::Nothing)];
        let zones = Zones::new(&both, Some(&[1; 32]), folder.path(), false).expect("no file");
        assert_eq!(zones.at(&Position::new(50.0, 8.0).expect("valid")), Within::Nothing);
        assert_eq!(zones.last(), Within::Nothing, "until the first fix");
    }
}
