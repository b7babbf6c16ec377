//! Sends the levels of this moment to one desktop, beside its streams: the newest, the watched first.

use crate::levels::{HeardLevel, Levels};
use pw_model::{MacAddr, RadioId};
use pw_wire::{MAX_LEVELS, SignalLevel, SignalLevels, levels_within};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

/// Bytes of datagrams that may wait for room on the path: two. When a third comes, the oldest goes.
/// What quinn reckons for each beside its bytes is a little less than 64.
pub(super) const SEND_BUFFER: usize = 2 * (pw_wire::MAX_LEVELS_BYTES + 64);

/// Shortest time between two datagrams, when a watched transmitter was heard: 20 a second,
const WATCHED_INTERVAL: Duration = Duration::from_millis(50);
/// and otherwise: 10 a second.
const INTERVAL: Duration = Duration::from_millis(100);

/// Levels of transmitters that nobody watches in one datagram, the strongest first. They are there so
/// that one that is chosen next has a level at once, and must not fill a slow path.
const OTHERS_MAX: usize = 24;

/// Transmitters (for each radio) that wait for the next datagram; further ones are left out.
const PENDING_MAX: usize = 4_096;

/// What was heard since the last datagram.
#[derive(Debug, Default)]
struct Pending {
    levels: HashMap<(MacAddr, RadioId), HeardLevel>,
    watched: BTreeSet<MacAddr>,
    watched_heard: bool,
    left_out: usize,
    sequence: u64,
}

impl Pending {
    fn watch(&mut self, watched: &[MacAddr]) {
        self.watched = watched.iter().copied().collect();
        self.watched_heard =
            self.levels.keys().any(|(transmitter, _)| self.watched.contains(transmitter));
    }

    fn add(&mut self, handed: &[HeardLevel]) {
        for level in handed {
            let is_watched = self.watched.contains(&level.transmitter);
            self.watched_heard |= is_watched;
            let key = (level.transmitter, level.radio);
            if let Some(pending) = self.levels.get_mut(&key) {
                pending.add(level);
            } else if is_watched || self.levels.len() < PENDING_MAX {
                self.levels.insert(key, *level);
            } else {
                self.left_out = self.left_out.saturating_add(1);
            }
        }
    }

    /// Shortest time since the last datagram; `None` while there is nothing to send.
    fn interval(&self) -> Option<Duration> {
        let interval = if self.watched_heard { WATCHED_INTERVAL } else { INTERVAL };
        (!self.levels.is_empty()).then_some(interval)
    }

    /// The next datagram of at most so many bytes; `None` when nothing fits or was heard.
    fn take(&mut self, longest: usize, now: std::time::Instant) -> Option<SignalLevels> {
        let room = levels_within(longest).min(MAX_LEVELS);
        if room == 0 {
            return None;
        }
        let mut levels: Vec<HeardLevel> = self.levels.drain().map(|(_, level)| level).collect();
        self.watched_heard = false;
        let others = |level: &HeardLevel| !self.watched.contains(&level.transmitter);
        levels.sort_unstable_by_key(|level| {
            (others(level), Reverse(level.strongest_dbm), level.transmitter, level.radio)
        });
        let watched = levels.partition_point(|level| !others(level));
        let sent = room.min(watched.saturating_add(OTHERS_MAX)).min(levels.len());
        let left_out = levels.len().saturating_sub(sent).saturating_add(self.left_out);
        self.left_out = 0;
        levels.truncate(sent);
        let time = levels.iter().map(|level| level.time).max()?;
        self.sequence = self.sequence.saturating_add(1);
        Some(SignalLevels {
            sequence: self.sequence,
            time,
            left_out: u16::try_from(left_out).unwrap_or(u16::MAX),
            levels: levels.iter().map(|level| on_the_wire(level, now)).collect(),
        })
    }
}

fn on_the_wire(level: &HeardLevel, now: std::time::Instant) -> SignalLevel {
    let age_ms = now.saturating_duration_since(level.at).as_millis();
    SignalLevel {
        transmitter: level.transmitter,
        radio: level.radio,
        signal_dbm: level.signal_dbm,
        strongest_dbm: level.strongest_dbm,
        frequency_mhz: level.frequency_mhz.filter(|mhz| *mhz != 0),
        age_ms: u16::try_from(age_ms).unwrap_or(u16::MAX),
        frames: u16::try_from(level.frames).unwrap_or(u16::MAX),
    }
}

/// Sends levels until the connection ends or the desktop wants none any more (`watched` is dropped).
pub(super) async fn send_levels(
    connection: quinn::Connection,
    levels: Levels,
    mut watched: watch::Receiver<Vec<MacAddr>>,
) {
    if connection.max_datagram_size().is_none() {
        return tracing::debug!("a desktop asks for levels and takes no datagrams");
    }
    let mut handed = levels.subscribe();
    let mut pending = Pending::default();
    pending.watch(&watched.borrow_and_update());
    let mut last = Instant::now();
    loop {
        let due = pending.interval().map(|interval| last + interval);
        tokio::select! {
            received = handed.recv() => match received {
                Ok(heard) => pending.add(&heard),
                Err(broadcast::error::RecvError::Lagged(missed)) => levels.missed(missed),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            changed = watched.changed() => match changed {
                Ok(()) => pending.watch(&watched.borrow_and_update()),
                Err(_dropped) => return,
            },
            () = super::connection::at(due) => {
                last = Instant::now();
                let longest = connection.max_datagram_size().unwrap_or(0);
                let Some(datagram) = pending.take(longest, last.into_std()) else { continue };
                let bytes = datagram.encode();
                let displaces = connection.datagram_send_buffer_space() < bytes.len();
                match connection.send_datagram(bytes.into()) {
                    Ok(()) => levels.sent(displaces),
                    // The path became narrower since it was asked; the next one goes by that.
                    Err(quinn::SendDatagramError::TooLarge) => {}
                    Err(error) => return tracing::debug!("levels: {error}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::Timestamp;
    use pw_wire::MAX_LEVELS_BYTES;

    fn heard(number: u8, signal_dbm: i8) -> HeardLevel {
        HeardLevel {
            transmitter: MacAddr([2, 0, 0, 0, 0, number]),
            radio: RadioId(0),
            signal_dbm,
            strongest_dbm: signal_dbm,
            frequency_mhz: None,
            time: Timestamp::from_unix_secs(i64::from(number)),
            at: std::time::Instant::now(),
            frames: 1,
        }
    }

    fn last_bytes(datagram: &SignalLevels) -> Vec<u8> {
        datagram.levels.iter().map(|level| level.transmitter.0[5]).collect()
    }

    #[test]
    fn watched_first_then_the_strongest_and_the_rest_is_counted() {
        let mut pending = Pending::default();
        pending.watch(&[MacAddr([2, 0, 0, 0, 0, 200]), MacAddr([2, 0, 0, 0, 0, 201])]);
        let all: Vec<HeardLevel> = (0..100).map(|n| heard(n, -90 + (n % 60) as i8)).collect();
        pending.add(&all);
        assert_eq!(pending.interval(), Some(INTERVAL));
        pending.add(&[heard(201, -95), heard(200, -99)]);
        assert_eq!(pending.interval(), Some(WATCHED_INTERVAL));
        let now = std::time::Instant::now();
        let datagram = pending.take(MAX_LEVELS_BYTES, now).expect("levels");
        assert_eq!(datagram.levels.len(), 2 + OTHERS_MAX);
        assert_eq!(last_bytes(&datagram)[..4], [201, 200, 59, 58], "weak, but watched");
        assert_eq!(usize::from(datagram.left_out), 100 - OTHERS_MAX);
        assert_eq!((datagram.sequence, datagram.time), (1, Timestamp::from_unix_secs(201)));
        assert_eq!(SignalLevels::decode(&datagram.encode()), Ok(datagram));
        assert_eq!(pending.take(MAX_LEVELS_BYTES, now), None, "nothing was heard since");
        assert_eq!(pending.interval(), None);
    }

    #[test]
    fn a_narrow_path_gets_less_and_keeps_the_newest() {
        let mut pending = Pending::default();
        pending.watch(&[MacAddr([2, 0, 0, 0, 0, 1])]);
        pending.add(&[heard(1, -40), heard(2, -30)]);
        pending.add(&[heard(1, -60)]);
        let now = std::time::Instant::now();
        assert_eq!(pending.take(10, now), None, "not even one fits");
        let datagram = pending.take(48, now).expect("one fits");
        let [only] = datagram.levels[..] else { panic!("{datagram:?}") };
        assert_eq!((only.signal_dbm, only.strongest_dbm, only.frames), (-60, -40, 2));
        assert_eq!(datagram.left_out, 1);
    }
}
