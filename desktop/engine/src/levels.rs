//! Signal levels of this moment, as connected sensors send them beside the stream: shown, never stored.

use pw_model::{MacAddr, RadioId, SensorId};
use pw_wire::{LevelsReceived, MAX_WATCHED, SignalLevel, SignalLevels};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How far back the trace of a watched transmitter goes.
pub const TRACE: Duration = Duration::from_secs(30);

/// Points of a trace; a sensor sends at most 20 a second. When full, the oldest goes.
const TRACE_MAX: usize = 700;

/// Transmitters, for each sensor and radio, whose newest level is kept. When full, those not heard for
/// [`KEPT`] go; if there are none, a new one is not taken, unless it is watched.
const LEVELS_MAX: usize = 4_096;

/// A transmitter that nobody watches is forgotten after this time, when there is no room.
const KEPT: Duration = Duration::from_secs(10);

/// A level at a moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LevelPoint {
    /// When the frame was heard, by this computer's steady clock, as far as the way from the sensor
    /// here took no time.
    pub heard: Instant,
    /// Strongest signal since the point before, in dBm.
    pub strongest_dbm: i8,
}

/// How strongly one radio of a connected sensor hears one transmitter.
#[derive(Clone, PartialEq, Debug)]
pub struct LiveLevel {
    /// The sensor.
    pub sensor: SensorId,
    /// Its radio.
    pub radio: RadioId,
    /// Signal of the newest frame in dBm.
    pub signal_dbm: i8,
    /// When that was heard, by this computer's steady clock, as far as the way here took no time.
    pub heard: Instant,
    /// Centre of the channel the radio was tuned to then, in MHz.
    pub frequency_mhz: Option<u16>,
    /// Strongest signal since the transmitter is watched, in dBm.
    pub peak_dbm: i8,
    /// The last [`TRACE`], oldest first.
    pub trace: Vec<LevelPoint>,
}

#[derive(Debug)]
struct Kept {
    signal_dbm: i8,
    heard: Instant,
    frequency_mhz: Option<u16>,
    peak_dbm: i8,
    trace: VecDeque<LevelPoint>,
}

#[derive(Debug, Default)]
struct State {
    watched: Vec<MacAddr>,
    levels: BTreeMap<(MacAddr, SensorId, RadioId), Kept>,
    not_kept: u64,
    /// When room was made last: at most once a second, because all are looked at for it.
    made_room: Option<Instant>,
    received: BTreeMap<SensorId, LevelsReceived>,
    /// Connected sensors, and whether they know of levels.
    knows: BTreeMap<SensorId, bool>,
}

/// The newest levels of all connected sensors.
#[derive(Debug, Default)]
pub(crate) struct LiveLevels {
    state: Mutex<State>,
}

impl LiveLevels {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches these transmitters, at most [`MAX_WATCHED`]; traces of others are dropped.
    pub(crate) fn watch(&self, addresses: &[MacAddr]) -> Vec<MacAddr> {
        let watched: Vec<MacAddr> = addresses.iter().take(MAX_WATCHED).copied().collect();
        let mut state = self.lock();
        for ((transmitter, ..), kept) in &mut state.levels {
            if !watched.contains(transmitter) {
                kept.trace.clear();
                kept.peak_dbm = kept.signal_dbm;
            }
        }
        state.watched.clone_from(&watched);
        watched
    }

    /// Bytes of a datagram came from `sensor`, over a connection whose earlier ones are counted in
    /// `received`. True when a watched transmitter is in it.
    pub(crate) fn receive(
        &self,
        sensor: SensorId,
        received: &mut LevelsReceived,
        bytes: &[u8],
        now: Instant,
    ) -> bool {
        let taken = received.receive(bytes);
        let mut state = self.lock();
        state.received.insert(sensor, *received);
        taken.is_some_and(|levels| state.take(sensor, &levels, now))
    }

    /// How strongly `transmitter` is heard: one entry for each sensor and radio that heard it.
    pub(crate) fn of(&self, transmitter: MacAddr, now: Instant) -> Vec<LiveLevel> {
        let (from, to) = (SensorId([0; 16]), SensorId([0xff; 16]));
        let range = (transmitter, from, RadioId(0))..=(transmitter, to, RadioId(u8::MAX));
        let state = self.lock();
        let level =
            |((_, sensor, radio), kept): (&(MacAddr, SensorId, RadioId), &Kept)| LiveLevel {
                sensor: *sensor,
                radio: *radio,
                signal_dbm: kept.signal_dbm,
                heard: kept.heard,
                frequency_mhz: kept.frequency_mhz,
                peak_dbm: kept.peak_dbm,
                trace: kept
                    .trace
                    .iter()
                    .filter(|point| now.saturating_duration_since(point.heard) <= TRACE)
                    .copied()
                    .collect(),
            };
        state.levels.range(range).map(level).collect()
    }

    /// What became of the datagrams of the latest connection to this sensor.
    pub(crate) fn received(&self, sensor: SensorId) -> LevelsReceived {
        self.lock().received.get(&sensor).copied().unwrap_or_default()
    }

    /// A sensor is not connected any more: what it said is no present.
    pub(crate) fn forget(&self, sensor: SensorId) {
        let mut state = self.lock();
        state.levels.retain(|(_, of, _), _| *of != sensor);
        state.received.remove(&sensor);
        state.knows.remove(&sensor);
    }

    /// A sensor is connected; `knows`: its release sends levels.
    pub(crate) fn connected(&self, sensor: SensorId, knows: bool) {
        self.lock().knows.insert(sensor, knows);
    }

    /// Whether a connected sensor sends levels where they are wanted; `None` for one that is not
    /// connected.
    pub(crate) fn sends(&self, sensor: SensorId) -> Option<bool> {
        self.lock().knows.get(&sensor).copied()
    }
}

impl State {
    fn take(&mut self, sensor: SensorId, levels: &SignalLevels, now: Instant) -> bool {
        let mut any_watched = false;
        for level in &levels.levels {
            let is_watched = self.watched.contains(&level.transmitter);
            any_watched |= is_watched;
            let key = (level.transmitter, sensor, level.radio);
            if !is_watched && !self.levels.contains_key(&key) && !self.has_room(now) {
                self.not_kept = self.not_kept.saturating_add(1);
                continue;
            }
            let age = Duration::from_millis(u64::from(level.age_ms));
            let heard = now.checked_sub(age).unwrap_or(now);
            let new = || Kept {
                signal_dbm: level.signal_dbm,
                heard,
                frequency_mhz: None,
                peak_dbm: level.strongest_dbm,
                trace: VecDeque::new(),
            };
            self.levels.entry(key).or_insert_with(new).add(level, heard, is_watched);
        }
        any_watched
    }

    fn has_room(&mut self, now: Instant) -> bool {
        let lately = |made: Instant| now.saturating_duration_since(made) < Duration::from_secs(1);
        if self.levels.len() >= LEVELS_MAX && !self.made_room.is_some_and(lately) {
            self.made_room = Some(now);
            let watched = &self.watched;
            self.levels.retain(|(transmitter, ..), kept| {
                watched.contains(transmitter) || now.saturating_duration_since(kept.heard) < KEPT
            });
        }
        self.levels.len() < LEVELS_MAX
    }
}

impl Kept {
    fn add(&mut self, level: &SignalLevel, heard: Instant, is_watched: bool) {
        self.signal_dbm = level.signal_dbm;
        // A newer datagram was heard later, also where its way here was shorter.
        self.heard = self.heard.max(heard);
        self.frequency_mhz = level.frequency_mhz;
        if !is_watched {
            self.peak_dbm = level.strongest_dbm;
            return;
        }
        self.peak_dbm = self.peak_dbm.max(level.strongest_dbm);
        let newest = self.heard;
        let old = |point: &mut LevelPoint| newest.saturating_duration_since(point.heard) > TRACE;
        while self.trace.pop_front_if(old).is_some() {}
        if self.trace.len() >= TRACE_MAX {
            self.trace.pop_front();
        }
        let strongest_dbm = level.strongest_dbm;
        self.trace.push_back(LevelPoint { heard: self.heard, strongest_dbm });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::Timestamp;

    const SENSOR: SensorId = SensorId([1; 16]);

    fn address(number: u16) -> MacAddr {
        let [a, b] = number.to_be_bytes();
        MacAddr([2, 0, 0, 0, a, b])
    }

    fn datagram(sequence: u64, levels: &[(u16, i8, i8, u16)]) -> Vec<u8> {
        let level =
            |(number, signal_dbm, strongest_dbm, age_ms): &(u16, i8, i8, u16)| SignalLevel {
                transmitter: address(*number),
                radio: RadioId(1),
                signal_dbm: *signal_dbm,
                strongest_dbm: *strongest_dbm,
                frequency_mhz: Some(2_437),
                age_ms: *age_ms,
                frames: 1,
            };
        let time = Timestamp::from_unix_secs(1);
        let levels = levels.iter().map(level).collect();
        SignalLevels { sequence, time, left_out: 0, levels }.encode()
    }

    #[test]
    fn a_watched_transmitter_has_a_level_an_age_a_peak_and_a_trace() {
        let live = LiveLevels::default();
        let mut received = LevelsReceived::default();
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        let mut receive = |bytes: &[u8], ms| live.receive(SENSOR, &mut received, bytes, after(ms));
        assert!(!receive(&datagram(1, &[(1, -40, -40, 0)]), 0), "not watched yet");
        live.watch(&[address(1)]);
        assert!(receive(&datagram(2, &[(1, -70, -60, 200), (2, -50, -50, 0)]), 1_000));
        assert!(receive(&datagram(4, &[(1, -80, -80, 0)]), 2_000));
        assert!(!receive(&datagram(3, &[(1, -10, -10, 0)]), 2_100), "late: it is not the present");
        assert!(!receive(b"garbage", 2_200));
        let [level] = &live.of(address(1), after(2_300))[..] else { panic!("one radio") };
        assert_eq!((level.sensor, level.radio, level.signal_dbm), (SENSOR, RadioId(1), -80));
        assert_eq!((level.heard, level.frequency_mhz), (after(2_000), Some(2_437)));
        assert_eq!(level.peak_dbm, -40, "what it had when it was chosen counts");
        let trace: Vec<_> = level.trace.iter().map(|p| (p.heard, p.strongest_dbm)).collect();
        assert_eq!(trace, [(after(800), -60), (after(2_000), -80)]);
        let later = after(31_500);
        assert_eq!(live.of(address(1), later)[0].trace.len(), 1, "30 s are shown");
        assert_eq!((received.late, received.garbage, received.lost()), (1, 1, 0));
        assert_eq!(live.received(SENSOR), received);
        live.watch(&[]);
        assert!(live.of(address(1), after(2_300))[0].trace.is_empty());
        live.forget(SENSOR);
        assert!(live.of(address(1), later).is_empty() && live.of(address(2), later).is_empty());
    }

    #[test]
    fn memory_is_bounded_whatever_a_sensor_sends() {
        let live = LiveLevels::default();
        let mut received = LevelsReceived::default();
        live.watch(&[address(u16::MAX)]);
        let begin = Instant::now();
        let mut sequence = 0;
        let mut send = |number: u16, ms: u64| {
            sequence += 1;
            let bytes = datagram(sequence, &[(number, -50, -50, 0)]);
            live.receive(SENSOR, &mut received, &bytes, begin + Duration::from_millis(ms))
        };
        for number in 0..5_000 {
            send(number, 0);
        }
        let kept = || {
            let state = live.lock();
            (state.levels.len(), state.not_kept)
        };
        assert_eq!(kept(), (LEVELS_MAX, 904));
        assert!(send(u16::MAX, 1), "the watched one has room");
        for number in 0..2 * TRACE_MAX as u64 {
            send(u16::MAX, 1 + number);
        }
        assert_eq!(live.of(address(u16::MAX), begin)[0].trace.len(), TRACE_MAX);
        send(4_999, 20_000);
        assert_eq!(kept().0, 2, "what was not heard for long made room");
    }
}
