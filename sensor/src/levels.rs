//! Signal levels of this moment on their way from the pipeline to desktops that show them: newest
//! counts, nobody waits, and what has no room is left out and counted.

use pw_model::{FrameFlags, MacAddr, Observation, RadioId, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// Time between two hand-overs.
const HAND_OVER: Duration = Duration::from_millis(40);

/// Transmitters (for each radio) of one hand-over; frames of further ones are left out and counted.
const HEARD_MAX: usize = 2_048;

/// Hand-overs that may wait for a connection that is slow to take them; then the oldest is left out.
const WAITING_MAX: usize = 8;

/// How strongly one radio heard one transmitter since the last hand-over.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HeardLevel {
    /// Who sent, as it goes into batches.
    pub transmitter: MacAddr,
    /// Which radio heard it.
    pub radio: RadioId,
    /// Signal of the newest frame in dBm.
    pub signal_dbm: i8,
    /// Strongest signal in dBm.
    pub strongest_dbm: i8,
    /// Centre of the channel the radio was tuned to, in MHz.
    pub frequency_mhz: Option<u16>,
    /// When the newest frame was heard, as its observation says.
    pub time: Timestamp,
    /// The same by the steady clock of this machine.
    pub at: Instant,
    /// Frames.
    pub frames: u32,
}

impl HeardLevel {
    /// Takes in what was heard of the same transmitter by the same radio later on.
    pub fn add(&mut self, later: &Self) {
        *self = Self {
            strongest_dbm: self.strongest_dbm.max(later.strongest_dbm),
            frames: self.frames.saturating_add(later.frames),
            ..*later
        };
    }
}

/// What became of levels since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LevelCounts {
    /// Datagrams handed to the network.
    pub datagrams: u64,
    /// Datagrams that went later than they were due because the one before still waited for room on
    /// the path; levels renewed meanwhile are in them.
    pub delayed: u64,
    /// Frames whose transmitters (for each radio) were too many for a hand-over.
    pub frames_left_out: u64,
    /// Levels of hand-overs that did not go to a desktop: too many waited, or its datagram had no room.
    /// Counted for each desktop.
    pub levels_left_out: u64,
    /// Hand-overs that a connection took too late.
    pub missed: u64,
}

#[derive(Debug, Default)]
struct Counters {
    datagrams: AtomicU64,
    delayed: AtomicU64,
    frames_left_out: AtomicU64,
    levels_left_out: AtomicU64,
    missed: AtomicU64,
}

/// What is handed over at once, to all connections.
pub type HandedOver = Arc<[HeardLevel]>;

/// The way from the pipeline to the connections.
#[derive(Clone, Debug)]
pub struct Levels {
    sender: broadcast::Sender<HandedOver>,
    counters: Arc<Counters>,
}

impl Default for Levels {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(WAITING_MAX), counters: Arc::default() }
    }
}

impl Levels {
    /// Follows the levels. While nobody does, the pipeline collects none.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<HandedOver> {
        self.sender.subscribe()
    }

    /// What became of levels since the start.
    #[must_use]
    pub fn counts(&self) -> LevelCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LevelCounts {
            datagrams: read(&self.counters.datagrams),
            delayed: read(&self.counters.delayed),
            frames_left_out: read(&self.counters.frames_left_out),
            levels_left_out: read(&self.counters.levels_left_out),
            missed: read(&self.counters.missed),
        }
    }

    /// A connection handed a datagram to the network, in which so many levels had no room.
    pub(crate) fn sent(&self, left_out: usize) {
        self.counters.datagrams.fetch_add(1, Ordering::Relaxed);
        self.left_out(left_out);
    }

    /// A datagram was due while the one before still waited for room on the path.
    pub(crate) fn delayed(&self) {
        self.counters.delayed.fetch_add(1, Ordering::Relaxed);
    }

    /// So many levels do not go to a desktop.
    pub(crate) fn left_out(&self, levels: usize) {
        let levels = u64::try_from(levels).unwrap_or(u64::MAX);
        self.counters.levels_left_out.fetch_add(levels, Ordering::Relaxed);
    }

    /// A connection took so many hand-overs too late.
    pub(crate) fn missed(&self, hand_overs: u64) {
        self.counters.missed.fetch_add(hand_overs, Ordering::Relaxed);
    }
}

/// The pipeline's end.
#[derive(Debug)]
pub struct LevelTap {
    levels: Levels,
    heard: HashMap<(MacAddr, RadioId), HeardLevel>,
    handed_over: Instant,
    /// Somebody follows, as far as was known at the last hand-over.
    wanted: bool,
}

impl LevelTap {
    /// Before the first frame.
    #[must_use]
    pub fn new(levels: Levels) -> Self {
        Self { levels, heard: HashMap::new(), handed_over: Instant::now(), wanted: false }
    }

    /// True while somebody follows.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// A frame was heard at this time of the steady clock. `observation` must be as it goes into a
    /// batch: after everything that privacy demands. One without a signal, or whose address cannot be
    /// trusted, says nothing.
    pub fn note(&mut self, observation: &Observation, at: Instant) {
        let (Some(transmitter), Some(signal_dbm)) =
            (observation.transmitter, observation.signal_dbm)
        else {
            return;
        };
        if !self.wanted || observation.flags.contains(FrameFlags::BAD_FCS) {
            return;
        }
        let level = HeardLevel {
            transmitter,
            radio: observation.radio,
            signal_dbm,
            strongest_dbm: signal_dbm,
            frequency_mhz: observation.frequency_mhz,
            time: observation.time,
            at,
            frames: 1,
        };
        let key = (transmitter, observation.radio);
        if let Some(heard) = self.heard.get_mut(&key) {
            heard.add(&level);
        } else if self.heard.len() < HEARD_MAX {
            self.heard.insert(key, level);
        } else {
            self.levels.counters.frames_left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How long until the next hand-over; `None` while there is nothing to hand over.
    #[must_use]
    pub fn due_in(&self) -> Option<Duration> {
        let left = HAND_OVER.saturating_sub(self.handed_over.elapsed());
        (!self.heard.is_empty()).then_some(left)
    }

    /// Hands over what was heard, when that is due. Never waits.
    pub fn hand_over(&mut self) {
        if self.handed_over.elapsed() < HAND_OVER {
            return;
        }
        self.handed_over = Instant::now();
        self.wanted = self.levels.sender.receiver_count() > 0;
        if !self.heard.is_empty() {
            let heard: HandedOver = self.heard.drain().map(|(_, level)| level).collect();
            // It fails only when nobody follows any more, and then nobody misses it.
            drop(self.levels.sender.send(heard));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::FrameKind;

    fn observation(number: u16, signal_dbm: Option<i8>) -> Observation {
        let [a, b] = number.to_be_bytes();
        Observation {
            transmitter: Some(MacAddr([2, 0, 0, 0, a, b])),
            receiver: Some(MacAddr::BROADCAST),
            frequency_mhz: Some(2_412),
            signal_dbm,
            length: 100,
            ..Observation::new(
                Timestamp::from_unix_secs(i64::from(number)),
                RadioId(1),
                FrameKind::BEACON,
            )
        }
    }

    fn due(tap: &mut LevelTap) {
        tap.handed_over = Instant::now().checked_sub(HAND_OVER).expect("the machine is on longer");
        tap.hand_over();
    }

    #[test]
    fn the_newest_of_each_is_handed_over_to_whoever_follows() {
        let levels = Levels::default();
        let mut tap = LevelTap::new(levels.clone());
        let now = Instant::now();
        tap.note(&observation(1, Some(-40)), now);
        due(&mut tap);
        assert!(tap.due_in().is_none(), "nobody follows: nothing is collected");

        let mut follower = levels.subscribe();
        due(&mut tap);
        for signal in [-60, -50, -70] {
            tap.note(&observation(1, Some(signal)), now);
        }
        tap.note(&observation(2, None), now);
        let damaged = Observation { flags: FrameFlags::BAD_FCS, ..observation(3, Some(-30)) };
        tap.note(&damaged, now);
        tap.note(&Observation { transmitter: None, ..observation(4, Some(-30)) }, now);
        assert!(tap.due_in().is_some());
        due(&mut tap);
        let handed = follower.try_recv().expect("handed over");
        let expected = HeardLevel {
            transmitter: MacAddr([2, 0, 0, 0, 0, 1]),
            radio: RadioId(1),
            signal_dbm: -70,
            strongest_dbm: -50,
            frequency_mhz: Some(2_412),
            time: Timestamp::from_unix_secs(1),
            at: now,
            frames: 3,
        };
        assert_eq!(*handed, [expected]);
    }

    #[test]
    fn too_many_transmitters_and_a_slow_connection_are_counted() {
        let levels = Levels::default();
        let mut tap = LevelTap::new(levels.clone());
        let mut slow = levels.subscribe();
        due(&mut tap);
        let many = u16::try_from(HEARD_MAX).expect("it does") + 9;
        for number in 0..many {
            tap.note(&observation(number, Some(-50)), Instant::now());
        }
        tap.note(&observation(many - 1, Some(-50)), Instant::now());
        due(&mut tap);
        assert_eq!(levels.counts().frames_left_out, 10, "two of them of one transmitter");
        for _ in 0..WAITING_MAX {
            tap.note(&observation(1, Some(-50)), Instant::now());
            due(&mut tap);
        }
        assert!(
            matches!(slow.try_recv(), Err(broadcast::error::TryRecvError::Lagged(1))),
            "the oldest went, the pipeline did not wait"
        );
    }
}
