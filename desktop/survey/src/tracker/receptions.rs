//! Frames that more than one radio of a sensor heard.
//!
//! Every reception is a fact and stays one. That two of them are of one frame is derived here, and not
//! at the sensor: older recordings gain it, a better rule later can be applied to all of them, and a
//! sensor has better things to do. Two receptions are of one frame when transmitter, receiver, kind,
//! sequence number, retry bit and length agree (data of several traffic identifiers count their numbers
//! apart, and fragments share one: those are told apart by receiver and length, as far as they differ), the radios differ, and they lie within [`WINDOW`] of each other: a
//! transmitter needs far longer to use a sequence number again. Frames without a sequence number (ACK,
//! CTS and other control frames) cannot be told apart and are never linked, nor are those damaged on
//! the air. Receptions are linked within a batch and to the one directly before it, so that mostly too few
//! are linked.

use pw_model::{FrameFlags, Observation, RadioId, Timestamp};
use pw_wire::BatchId;
use std::collections::HashMap;
use std::time::Duration;

/// Receptions of one frame lie within it: what radios and buses of one machine delay, and less than a
/// transmitter needs for another 4,095 frames.
const WINDOW: Duration = Duration::from_millis(10);
/// Receptions remembered, in two halves. When one is full the older is forgotten.
const REMEMBERED: usize = 32_768;

/// What names a frame on the air for a few milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Name {
    transmitter: [u8; 6],
    receiver: Option<[u8; 6]>,
    length: u32,
    sequence: u16,
    kind: u8,
    retry: bool,
}

/// A frame, when it was first heard, and by which radios.
#[derive(Clone, Copy, Debug)]
struct Heard {
    time: Timestamp,
    radios: u32,
}

/// What a reception is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reception {
    /// The first of its frame, as far as can be told.
    First,
    /// Of a frame that one other radio heard before.
    Second,
    /// Of a frame that several other radios heard before.
    Further,
}

/// The receptions of one stream that a further one may belong to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receptions {
    recent: HashMap<Name, Heard>,
    older: HashMap<Name, Heard>,
    last: Option<BatchId>,
    /// Radios seen so far. With one alone nothing has to be remembered.
    radios: u32,
}

fn bit(radio: RadioId) -> u32 {
    1_u32.checked_shl(u32::from(radio.0)).unwrap_or(0)
}

impl Receptions {
    /// A batch begins. What was heard before counts when it is the next one.
    pub(crate) fn begin(&mut self, id: BatchId, observations: &[Observation]) {
        let follows = self
            .last
            .is_some_and(|last| last.epoch == id.epoch && last.seq.checked_add(1) == Some(id.seq));
        if !follows {
            self.recent.clear();
            self.older.clear();
        }
        self.last = Some(id);
        self.radios |= observations.iter().fold(0, |radios, o| radios | bit(o.radio));
    }

    /// Takes a reception in, and says what it is.
    pub(crate) fn take(&mut self, o: &Observation) -> Reception {
        if self.radios.count_ones() < 2 || o.flags.contains(FrameFlags::BAD_FCS) {
            return Reception::First;
        }
        let (Some(transmitter), Some(sequence)) = (o.transmitter, o.sequence) else {
            return Reception::First;
        };
        let retry = o.flags.contains(FrameFlags::RETRY);
        let name = Name {
            transmitter: transmitter.0,
            receiver: o.receiver.map(|receiver| receiver.0),
            length: o.length,
            sequence,
            kind: o.kind.0,
            retry,
        };
        let own = bit(o.radio);
        let near = |heard: &&mut Heard| {
            let apart = o.time.since(heard.time).max(heard.time.since(o.time));
            apart <= WINDOW && heard.radios & own == 0
        };
        let known = self.recent.get_mut(&name).filter(near);
        if let Some(heard) = known.or_else(|| self.older.get_mut(&name).filter(near)) {
            let before = heard.radios.count_ones();
            heard.radios |= own;
            return if before == 1 { Reception::Second } else { Reception::Further };
        }
        if self.recent.len() >= REMEMBERED / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(name, Heard { time: o.time, radios: own });
        Reception::First
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::observation;
    use pw_model::{FrameKind, MacAddr, SensorId};

    fn heard(radio: u8, transmitter: u64, sequence: u16, micros: i64) -> Observation {
        let time = Timestamp::from_unix_ns(1_700_000_000_000_000_000 + micros * 1000);
        let mut o = observation(MacAddr::from_u64(transmitter), time);
        o.kind = FrameKind::BEACON;
        o.radio = RadioId(radio);
        o.sequence = Some(sequence);
        o
    }

    fn id(seq: u64) -> BatchId {
        BatchId { sensor: SensorId([1; 16]), epoch: 1, seq }
    }

    fn check(observations: &[Observation], expected: &[Reception]) {
        let mut receptions = Receptions::default();
        receptions.begin(id(1), observations);
        let found: Vec<Reception> = observations.iter().map(|o| receptions.take(o)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn one_frame_heard_by_three_radios_is_one_frame() {
        use Reception::{First, Further, Second};
        // In any order of time, for each radio hands over its frames in one go.
        check(
            &[heard(0, 1, 7, 0), heard(0, 1, 8, 5_000), heard(1, 1, 7, 900), heard(2, 1, 7, -900)],
            &[First, First, Second, Further],
        );
    }

    #[test]
    fn what_differs_is_another_frame() {
        use Reception::First;
        let one = heard(0, 1, 7, 0);
        let mut retry = heard(1, 1, 7, 1);
        retry.flags = FrameFlags::RETRY;
        let mut kind = heard(1, 1, 7, 1);
        kind.kind = FrameKind::PROBE_RESPONSE;
        let mut bad = heard(1, 1, 7, 1);
        bad.flags = FrameFlags::BAD_FCS;
        let mut unnumbered = heard(1, 1, 7, 1);
        unnumbered.sequence = None;
        let mut nobody = heard(1, 1, 7, 1);
        nobody.transmitter = None;
        for other in [
            heard(1, 2, 7, 1),
            heard(1, 1, 8, 1),
            heard(1, 1, 7, 10_001),
            heard(0, 1, 7, 1),
            retry,
            kind,
            bad,
            unnumbered,
            nobody,
        ] {
            check(&[one.clone(), other], &[First, First]);
        }
        let mut unnumbered = heard(0, 1, 7, 0);
        unnumbered.sequence = None;
        let mut other = heard(1, 1, 7, 0);
        other.sequence = None;
        check(&[unnumbered, other], &[First, First]);
    }

    #[test]
    fn the_batch_before_counts_and_others_do_not() {
        for (seq, expected) in [(2, Reception::Second), (3, Reception::First)] {
            let mut receptions = Receptions::default();
            let both = [heard(0, 1, 7, 0), heard(1, 9, 9, 0)];
            receptions.begin(id(1), &both);
            both.iter().for_each(|o| {
                receptions.take(o);
            });
            let later = heard(1, 1, 7, 100);
            receptions.begin(id(seq), std::slice::from_ref(&later));
            assert_eq!(receptions.take(&later), expected, "batch {seq}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut receptions = Receptions::default();
        let both = [heard(0, 1, 0, 0), heard(1, 1, 0, 0)];
        receptions.begin(id(1), &both);
        for at in 0..100_000_i64 {
            receptions.take(&heard(0, at as u64, (at % 4096) as u16, at));
            assert!(receptions.recent.len() + receptions.older.len() <= REMEMBERED);
        }
    }
}
