//! Home zones: where nothing, or no position, is recorded.
//!
//! What lies outside is recorded, so that the edge shows in the data. The circle that is left out is
//! therefore not the one that was asked for: its middle is moved and its radius made larger, by
//! amounts that only the sensor knows. It holds the circle asked for, and tells nobody its middle.
//!
//! **Without a fix** a live sensor counts as standing in the strictest zone, unless it cannot have come
//! there: the last fix lay outside, and a train at full speed ([`FASTEST_MPS`]) would not have reached
//! a zone since. That is believed over a restart too, but never over a start of the machine: one that
//! was switched off may have been carried anywhere. Ten seconds without a fix change nothing
//! ([`PATIENCE_S`]).

use super::key::{KeyError, keyed};
use super::settings::{HomeZone, ZoneRecords};
use crate::{clock, state_dir};
use hmac::Mac;
use pw_model::{Position, WORLD_RADIUS_M};
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Remembers over a restart what follows from the last fix.
const FILE: &str = "home-zone";
/// Letter, the machine's start, until when the letter holds, check.
const LENGTH: usize = 1 + 32 + 8 + 8;
/// Added to every radius in metres: what a car drives in town until its next fix.
const MARGIN_M: f64 = 30.0;
/// No sensor is faster, in metres a second (360 km/h).
const FASTEST_MPS: f64 = 100.0;
/// A fix that is missing for so many seconds changes nothing: a receiver in town misses some.
const PATIENCE_S: f64 = 10.0;
/// What is remembered is written at most so often, in seconds, while nothing changes.
const WRITE_INTERVAL_S: f64 = 10.0;

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

/// The machine that a live sensor runs on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    /// What names this start of it; nothing where the kernel does not say.
    started: Option<[u8; 32]>,
    /// Nanoseconds since then.
    since_start_ns: fn() -> Option<i64>,
}

impl Machine {
    /// This one.
    pub(super) fn this() -> Self {
        let started = std::fs::read("/proc/sys/kernel/random/boot_id");
        Self {
            started: started.ok().map(|id| Sha256::digest(id).into()),
            since_start_ns: clock::since_boot_ns,
        }
    }

    /// Seconds since the machine started.
    fn seconds(&self) -> Option<f64> {
        (self.since_start_ns)().map(|ns| ns as f64 / 1e9)
    }
}

/// The zones, and where the last known place lies.
#[derive(Debug, Default)]
pub(super) struct Zones {
    circles: Vec<Circle>,
    /// What the last fix said; `None` while that is not known.
    last: Option<Last>,
    /// `None` for a stream that brings its own time: there a fix holds until the next one.
    live: Option<Machine>,
    /// The sensor stands still: what the last fix said holds for ever.
    stands: bool,
    memory: Option<Memory>,
    /// It was said in the log that the last fix does not hold any more.
    doubted: Cell<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    within: Within,
    /// It is believed until then, in seconds since the machine's start.
    until_s: f64,
}

/// The file, and what is in it.
#[derive(Debug)]
struct Memory {
    file: File,
    written: Option<(Within, f64)>,
    written_at_s: f64,
}

impl Zones {
    /// `key` is there when zones are; `live` for a sensor whose last place matters after a restart.
    pub(super) fn new(
        zones: &[HomeZone],
        key: Option<&[u8; 32]>,
        state_dir: &Path,
        live: Option<Machine>,
    ) -> Result<Self, KeyError> {
        let Some(key) = key.filter(|_| !zones.is_empty()) else { return Ok(Self::default()) };
        let circles: Vec<Circle> = zones.iter().map(|zone| circle(zone, key)).collect();
        let mut new = Self { circles, live, ..Self::default() };
        if let Some(machine) = &live {
            let path = state_dir.join(FILE);
            let failed = |source| KeyError::File { what: "open", path: path.clone(), source };
            let file = state_dir::open_private(&path).map_err(failed)?;
            let mut bytes = [0; LENGTH];
            let length = file.read_at(&mut bytes, 0).map_err(failed)?;
            if let Some((within, until_s)) = remembered(bytes.get(..length), machine) {
                new.last = Some(Last { within, until_s });
            }
            new.memory = Some(Memory { file, written: None, written_at_s: f64::NEG_INFINITY });
        }
        Ok(new)
    }

    /// The sensor stands at this place and is not moved.
    pub(super) fn stand(&mut self, place: &Position) {
        self.stands = true;
        self.reported(place);
    }

    /// Where a place lies; in several zones, the strictest counts.
    pub(super) fn at(&self, place: &Position) -> Within {
        let holds = |circle: &&Circle| circle.middle.distance_m(place) <= circle.radius_m;
        let within = self.circles.iter().filter(holds).map(|circle| circle.within).max();
        within.unwrap_or(Within::Outside)
    }

    /// Where the sensor is, as far as is known: without a fix that still says something, in the
    /// strictest zone.
    pub(super) fn last(&self) -> Within {
        let strictest = self.circles.iter().map(|circle| circle.within).max();
        let strictest = strictest.unwrap_or(Within::Outside);
        let Some(last) = self.last else { return strictest };
        if last.within >= strictest || self.holds(last) {
            return last.within;
        }
        if !self.doubted.replace(true) {
            tracing::warn!(
                "no fix says any more that this is no home zone; until one does it counts as one"
            );
        }
        strictest
    }

    fn holds(&self, last: Last) -> bool {
        let Some(machine) = &self.live else { return true };
        self.stands || machine.seconds().is_some_and(|now| now <= last.until_s)
    }

    /// A place is known.
    pub(super) fn reported(&mut self, place: &Position) -> Within {
        let within = self.at(place);
        if self.circles.is_empty() {
            return within;
        }
        // Without a clock nothing is believed for longer than the fix itself.
        let now = self.live.as_ref().and_then(Machine::seconds).unwrap_or(f64::NEG_INFINITY);
        let stricter = self.circles.iter().filter(|circle| circle.within > within);
        let metres = stricter
            .map(|circle| circle.middle.distance_m(place) - circle.radius_m)
            .fold(f64::INFINITY, f64::min);
        // No stricter zone can be reached before.
        let until_s = now + metres.max(0.0) / FASTEST_MPS;
        self.last = Some(Last { within, until_s: until_s.max(now + PATIENCE_S) });
        self.doubted.set(false);
        self.remember(within, until_s, now);
        within
    }

    /// Writes down what follows from the last fix, where that says more than what is there.
    fn remember(&mut self, within: Within, until_s: f64, now: f64) {
        let (Some(memory), Some(machine)) = (&mut self.memory, &self.live) else { return };
        let Some(started) = machine.started else { return };
        let is_due = match memory.written {
            Some((before, _)) if before != within => true,
            // What was written stays true, it only says less and less.
            Some((_, before_s)) => {
                now - memory.written_at_s >= WRITE_INTERVAL_S
                    && before_s - now < (until_s - now) / 2.0
            }
            None => true,
        };
        if !is_due {
            return;
        }
        let mut bytes = vec![match within {
            Within::Outside => b'o',
            Within::NoPosition => b'p',
            Within::Nothing => b'n',
        }];
        bytes.extend(started);
        bytes.extend(until_s.to_le_bytes());
        let check = Sha256::digest(&bytes);
        bytes.extend(check.iter().take(8));
        // Not synced: after the power is back it is another start, and this is not believed.
        match memory.file.write_all_at(&bytes, 0) {
            Ok(()) => {
                memory.written = Some((within, until_s));
                memory.written_at_s = now;
            }
            Err(error) => {
                tracing::warn!("cannot remember whether this is a home zone: {error}");
                // Said once in a while; what stands there is true as long as it is believed.
                memory.written_at_s = now;
                memory.written.get_or_insert((within, until_s));
            }
        }
    }
}

/// What is remembered of this start of the machine, and until when it holds; `None` for what is of
/// another start, of an earlier release, or damaged.
fn remembered(bytes: Option<&[u8]>, machine: &Machine) -> Option<(Within, f64)> {
    let bytes: &[u8; LENGTH] = bytes?.try_into().ok()?;
    let (content, check) = bytes.split_at_checked(LENGTH - 8)?;
    if Sha256::digest(content).get(..8)? != check {
        return None;
    }
    let (letter, rest) = content.split_first()?;
    let (started, until) = rest.split_first_chunk::<32>()?;
    if machine.started? != *started {
        return None;
    }
    let within = match letter {
        b'o' => Within::Outside,
        b'p' => Within::NoPosition,
        b'n' => Within::Nothing,
        _ => return None,
    };
    Some((within, f64::from_le_bytes(until.try_into().ok()?)))
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

    thread_local! {
        /// What the clock of the tests says.
        static NOW_S: Cell<i64> = const { Cell::new(0) };
    }

    fn machine(start: u8) -> Machine {
        let since_start_ns = || Some(NOW_S.get() * 1_000_000_000);
        Machine { started: Some([start; 32]), since_start_ns }
    }

    /// A sensor with a home at 50° N 8° E, in this start of the machine.
    fn open(folder: &Path, records: &[ZoneRecords], start: u8) -> Zones {
        let zones: Vec<HomeZone> = records.iter().map(|records| home(*records)).collect();
        Zones::new(&zones, Some(&[1; 32]), folder, Some(machine(start))).expect("a file")
    }

    fn north(lat: f64) -> Position {
        Position::new(lat, 8.0).expect("valid")
    }

    const NOTHING: &[ZoneRecords] = &[ZoneRecords::Nothing];

    #[test]
    fn after_a_start_only_what_cannot_be_otherwise_is_believed() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path();
        assert_eq!(open(path, NOTHING, 1).last(), Within::Nothing, "nobody knows: it may be home");
        NOW_S.set(1_000);
        // Eleven kilometres away: a train needs more than 100 s.
        assert_eq!(open(path, NOTHING, 1).reported(&north(50.1)), Within::Outside);
        NOW_S.set(1_090);
        assert_eq!(open(path, NOTHING, 1).last(), Within::Outside, "started again on the way");
        assert_eq!(open(path, NOTHING, 2).last(), Within::Nothing, "switched off, carried home");
        NOW_S.set(1_120);
        assert_eq!(open(path, NOTHING, 1).last(), Within::Nothing, "it may be home by now");
        NOW_S.set(1_000);
        assert_eq!(open(path, NOTHING, 1).reported(&north(50.001)), Within::Nothing);
        assert_eq!(open(path, NOTHING, 1).last(), Within::Nothing);
        // What earlier releases wrote, and what is damaged.
        open(path, NOTHING, 1).reported(&north(50.1));
        let good = std::fs::read(path.join(FILE)).expect("there");
        assert_eq!(open(path, NOTHING, 1).last(), Within::Outside);
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 1;
            std::fs::write(path.join(FILE), damaged).expect("written");
            assert_eq!(open(path, NOTHING, 1).last(), Within::Nothing, "byte {at}");
        }
        std::fs::write(path.join(FILE), b"o").expect("written");
        assert_eq!(open(path, NOTHING, 1).last(), Within::Nothing);
    }

    #[test]
    fn a_fix_that_is_too_old_says_nothing_any_more() {
        let folder = tempfile::tempdir().expect("temporary folder");
        NOW_S.set(1_000);
        let mut zones = open(folder.path(), NOTHING, 1);
        zones.reported(&north(50.1));
        for (seconds, within) in [(90, Within::Outside), (120, Within::Nothing)] {
            NOW_S.set(1_000 + seconds);
            assert_eq!(zones.last(), within, "{seconds} s without a fix");
        }
        zones.reported(&north(50.1));
        assert_eq!(zones.last(), Within::Outside, "one that comes again counts at once");
        // Beside the edge some seconds without a fix change nothing.
        let circle = zones.circles[0];
        let beside = moved(&circle.middle, 0.0, circle.radius_m + 1.0);
        assert_eq!(zones.reported(&beside), Within::Outside);
        NOW_S.set(1_120 + 9);
        assert_eq!(zones.last(), Within::Outside);
        NOW_S.set(1_120 + 11);
        assert_eq!(zones.last(), Within::Nothing);
    }

    #[test]
    fn a_milder_zone_is_believed_as_long_as_no_stricter_one_is_near() {
        let folder = tempfile::tempdir().expect("temporary folder");
        NOW_S.set(1_000);
        let mild = [home(ZoneRecords::NoPosition)];
        let far = HomeZone { middle: north(51.0), ..home(ZoneRecords::Nothing) };
        let zones = |zones: &[HomeZone]| {
            Zones::new(zones, Some(&[1; 32]), folder.path(), Some(machine(1))).expect("a file")
        };
        let mut both = zones(&[mild[0], far]);
        assert_eq!(both.reported(&north(50.0)), Within::NoPosition);
        NOW_S.set(2_000);
        assert_eq!(both.last(), Within::NoPosition, "110 km are far");
        NOW_S.set(2_200);
        assert_eq!(both.last(), Within::Nothing);
        let mut only = zones(&mild);
        only.reported(&north(50.0));
        NOW_S.set(1_000_000);
        assert_eq!(only.last(), Within::NoPosition, "there is no stricter one");
    }

    #[test]
    fn who_stands_still_or_brings_its_own_time_needs_no_new_fix() {
        let folder = tempfile::tempdir().expect("temporary folder");
        NOW_S.set(1_000);
        let mut stands = open(folder.path(), NOTHING, 1);
        stands.stand(&north(50.1));
        let mut played =
            Zones::new(&[home(ZoneRecords::Nothing)], Some(&[1; 32]), folder.path(), None)
                .expect("no file");
        played.reported(&north(50.1));
        NOW_S.set(1_000_000);
        assert_eq!((stands.last(), played.last()), (Within::Outside, Within::Outside));
    }

    #[test]
    fn without_zones_there_is_no_file_and_the_strictest_of_several_counts() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let none = Zones::new(&[], None, folder.path(), Some(machine(1))).expect("no file");
        assert_eq!(none.last(), Within::Outside);
        assert!(!folder.path().join(FILE).exists());
        let both = [home(ZoneRecords::NoPosition), home(ZoneRecords::Nothing)];
        let zones = Zones::new(&both, Some(&[1; 32]), folder.path(), None).expect("no file");
        assert_eq!(zones.at(&Position::new(50.0, 8.0).expect("valid")), Within::Nothing);
        assert_eq!(zones.last(), Within::Nothing, "until the first fix");
    }
}
