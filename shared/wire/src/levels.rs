//! Signal levels of this moment, as a sensor sends them beside the ordered stream in QUIC datagrams
//! (RFC 9221): for show only, never stored, and nobody waits for one that got lost.
//!
//! All numbers are little-endian. A datagram is a head of [`LEVELS_HEAD_BYTES`] bytes and up to
//! [`MAX_LEVELS`] levels of [`LEVEL_BYTES`] bytes each, and nothing else:
//!
//! ```text
//! head   format 1 | sequence 8 | time 8 (ns since 1970, UTC) | left out 2
//! level  transmitter 6 | radio 1 | newest dBm 1 | strongest dBm 1 | frequency MHz 2 (0: unknown)
//!        | age ms 2 | frames 2
//! ```

use pw_model::{MacAddr, RadioId, Timestamp};
use std::collections::BTreeSet;

/// Longest datagram in bytes, whatever the path would carry: it fits the smallest path that QUIC
/// demands (RFC 9000, 14) on almost all networks.
pub const MAX_LEVELS_BYTES: usize = 1_200;

/// Addresses that one desktop may name to be told of first.
pub const MAX_WATCHED: usize = 16;

/// Bytes before the first level.
pub const LEVELS_HEAD_BYTES: usize = 1 + 8 + 8 + 2;

/// Bytes of one level.
pub const LEVEL_BYTES: usize = 6 + 1 + 1 + 1 + 2 + 2 + 2;

/// Levels in the longest datagram.
pub const MAX_LEVELS: usize = (MAX_LEVELS_BYTES - LEVELS_HEAD_BYTES) / LEVEL_BYTES;

/// First byte of a datagram. Another layout gets another number; an older desktop drops it.
const FORMAT: u8 = 1;

/// How strongly one radio heard one transmitter since the last datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignalLevel {
    /// Who sent, as batches name it: a pseudonym where those hold one.
    pub transmitter: MacAddr,
    /// Which radio of the sensor heard it.
    pub radio: RadioId,
    /// Signal of the newest frame in dBm.
    pub signal_dbm: i8,
    /// Strongest signal since the last datagram in dBm.
    pub strongest_dbm: i8,
    /// Centre of the channel the radio was tuned to, in MHz.
    pub frequency_mhz: Option<u16>,
    /// Time between the newest frame and the sending of the datagram in milliseconds; 65,535 for
    /// more.
    pub age_ms: u16,
    /// Frames since the last datagram; 65,535 for more.
    pub frames: u16,
}

/// One datagram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignalLevels {
    /// Counts up from 1 on each connection, by one for each datagram that was handed to the network.
    pub sequence: u64,
    /// When the newest of the frames was heard, by the sensor.
    pub time: Timestamp,
    /// Levels of this moment that had no room; 65,535 for more.
    pub left_out: u16,
    /// In the order of their weight. At least one; each transmitter once for each radio.
    pub levels: Vec<SignalLevel>,
}

/// Why bytes are not a datagram of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LevelsError {
    /// Not of the length that a datagram can have.
    #[error(
        "{length} bytes are no datagram of levels: it has {LEVELS_HEAD_BYTES} and {LEVEL_BYTES} for each of 1 to {MAX_LEVELS}"
    )]
    Length {
        /// Bytes there are.
        length: usize,
    },
    /// Of another layout, which a later release may have added.
    #[error("a datagram of format {format}; this program knows {FORMAT}")]
    Format {
        /// The format it states.
        format: u8,
    },
    /// The sequence number is 0, which none has.
    #[error("a datagram of levels without a number")]
    Sequence,
    /// The newest signal is above the strongest.
    #[error("level {at}: the newest signal is above the strongest")]
    Signal {
        /// Which of the levels, from 0.
        at: usize,
    },
    /// A level of no frame.
    #[error("level {at}: of no frame")]
    Frames {
        /// Which of the levels, from 0.
        at: usize,
    },
    /// A transmitter stands there twice for one radio.
    #[error("level {at}: the same transmitter and radio as an earlier one")]
    Twice {
        /// Which of the levels, from 0.
        at: usize,
    },
}

/// How many levels a datagram of so many bytes holds.
#[must_use]
pub const fn levels_within(bytes: usize) -> usize {
    let bytes = if bytes < MAX_LEVELS_BYTES { bytes } else { MAX_LEVELS_BYTES };
    bytes.saturating_sub(LEVELS_HEAD_BYTES) / LEVEL_BYTES
}

impl SignalLevels {
    /// The bytes of the datagram; levels above [`MAX_LEVELS`] are not in it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let levels = self.levels.iter().take(MAX_LEVELS);
        let mut bytes = Vec::with_capacity(LEVELS_HEAD_BYTES + LEVEL_BYTES * levels.len());
        bytes.push(FORMAT);
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend(self.time.unix_ns().to_le_bytes());
        bytes.extend(self.left_out.to_le_bytes());
        for level in levels {
            bytes.extend(level.transmitter.0);
            bytes.push(level.radio.0);
            bytes.extend(level.signal_dbm.to_le_bytes());
            bytes.extend(level.strongest_dbm.to_le_bytes());
            bytes.extend(level.frequency_mhz.unwrap_or(0).to_le_bytes());
            bytes.extend(level.age_ms.to_le_bytes());
            bytes.extend(level.frames.to_le_bytes());
        }
        bytes
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// It is not exactly one.
    pub fn decode(bytes: &[u8]) -> Result<Self, LevelsError> {
        let length = bytes.len();
        let wrong_length = LevelsError::Length { length };
        match bytes.first() {
            Some(&FORMAT) => {}
            Some(&format) => return Err(LevelsError::Format { format }),
            None => return Err(wrong_length),
        }
        if length > MAX_LEVELS_BYTES {
            return Err(wrong_length);
        }
        let Some((head, rest)) = bytes.split_first_chunk::<LEVELS_HEAD_BYTES>() else {
            return Err(wrong_length);
        };
        let (levels, odd) = rest.as_chunks::<LEVEL_BYTES>();
        if levels.is_empty() || !odd.is_empty() {
            return Err(wrong_length);
        }
        let [_, s0, s1, s2, s3, s4, s5, s6, s7, t0, t1, t2, t3, t4, t5, t6, t7, l0, l1] = *head;
        let sequence = u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]);
        if sequence == 0 {
            return Err(LevelsError::Sequence);
        }
        let time = i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
        let mut seen = BTreeSet::new();
        let levels = levels.iter().enumerate().map(|(at, bytes)| {
            let level = level(bytes);
            if level.signal_dbm > level.strongest_dbm {
                return Err(LevelsError::Signal { at });
            }
            if level.frames == 0 {
                return Err(LevelsError::Frames { at });
            }
            if !seen.insert((level.transmitter, level.radio)) {
                return Err(LevelsError::Twice { at });
            }
            Ok(level)
        });
        Ok(Self {
            sequence,
            time: Timestamp::from_unix_ns(time),
            left_out: u16::from_le_bytes([l0, l1]),
            levels: levels.collect::<Result<_, _>>()?,
        })
    }
}

fn level(bytes: &[u8; LEVEL_BYTES]) -> SignalLevel {
    let [a, b, c, d, e, f, radio, signal, strongest, m0, m1, g0, g1, n0, n1] = *bytes;
    let frequency_mhz = u16::from_le_bytes([m0, m1]);
    SignalLevel {
        transmitter: MacAddr([a, b, c, d, e, f]),
        radio: RadioId(radio),
        signal_dbm: i8::from_le_bytes([signal]),
        strongest_dbm: i8::from_le_bytes([strongest]),
        frequency_mhz: (frequency_mhz != 0).then_some(frequency_mhz),
        age_ms: u16::from_le_bytes([g0, g1]),
        frames: u16::from_le_bytes([n0, n1]),
    }
}

/// What became of the datagrams of one connection. A level is shown only when nothing newer was:
/// one that comes late would be taken for the present.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LevelsReceived {
    /// Taken.
    pub taken: u64,
    /// Dropped: a newer one was there already.
    pub late: u64,
    /// Dropped: this very one was there already.
    pub duplicates: u64,
    /// Dropped: not a datagram of levels, or of a layout of a later release.
    pub garbage: u64,
    /// Highest number so far; 0 for none.
    newest: u64,
    /// Which of the 64 numbers up to the highest came: the lowest bit is the highest number.
    came: u64,
}

impl LevelsReceived {
    /// A datagram came: gives what stands in it when it is the newest, else counts why not.
    pub fn receive(&mut self, bytes: &[u8]) -> Option<SignalLevels> {
        match SignalLevels::decode(bytes) {
            Ok(levels) if self.is_newest(levels.sequence) => Some(levels),
            Ok(_) => None,
            Err(_) => {
                self.garbage = self.garbage.saturating_add(1);
                None
            }
        }
    }

    /// Datagrams that were sent before the newest and did not come.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.newest.saturating_sub(self.taken).saturating_sub(self.late)
    }

    fn is_newest(&mut self, sequence: u64) -> bool {
        if let Some(ahead) = sequence.checked_sub(self.newest).filter(|ahead| *ahead > 0) {
            let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.came = self.came.checked_shl(shift).unwrap_or(0) | 1;
            self.newest = sequence;
            self.taken = self.taken.saturating_add(1);
            return true;
        }
        let behind = u32::try_from(self.newest - sequence).unwrap_or(u32::MAX);
        // One from further back than is remembered is late: it may have come before, but QUIC itself
        // does not deliver a packet twice (RFC 9000, 12.3).
        let bit = 1u64.checked_shl(behind).unwrap_or(0);
        if self.came & bit != 0 {
            self.duplicates = self.duplicates.saturating_add(1);
        } else {
            self.came |= bit;
            self.late = self.late.saturating_add(1);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(number: u8) -> SignalLevel {
        SignalLevel {
            transmitter: MacAddr([2, 0, 0, 0, 0, number]),
            radio: RadioId(number % 3),
            signal_dbm: -90 + i8::try_from(number % 50).expect("small"),
            strongest_dbm: -20,
            frequency_mhz: number.is_multiple_of(2).then_some(5_180),
            age_ms: u16::from(number) * 200,
            frames: 1 + u16::from(number),
        }
    }

    fn datagram(sequence: u64, levels: usize) -> SignalLevels {
        SignalLevels {
            sequence,
            time: Timestamp::from_unix_ns(1_700_000_000_123_456_789),
            left_out: 700,
            levels: (0..levels).map(|number| level(u8::try_from(number).expect("few"))).collect(),
        }
    }

    #[test]
    fn a_datagram_survives_and_the_longest_fits() {
        for count in [1, 2, MAX_LEVELS] {
            let sent = datagram(u64::MAX, count);
            let bytes = sent.encode();
            assert_eq!(bytes.len(), LEVELS_HEAD_BYTES + count * LEVEL_BYTES);
            assert!(bytes.len() <= MAX_LEVELS_BYTES);
            assert_eq!(SignalLevels::decode(&bytes), Ok(sent));
        }
        assert_eq!(
            datagram(1, MAX_LEVELS + 5).encode().len(),
            datagram(1, MAX_LEVELS).encode().len()
        );
        assert_eq!(levels_within(usize::MAX), MAX_LEVELS);
        assert_eq!(levels_within(LEVELS_HEAD_BYTES + 2 * LEVEL_BYTES + 14), 2);
        assert_eq!(levels_within(0), 0);
    }

    /// The bytes are a promise to desktops of other releases.
    #[test]
    fn the_layout_stays() {
        let one = SignalLevels {
            sequence: 0x0102,
            time: Timestamp::from_unix_ns(0x0304),
            left_out: 5,
            levels: vec![SignalLevel {
                transmitter: MacAddr([1, 2, 3, 4, 5, 6]),
                radio: RadioId(7),
                signal_dbm: -60,
                strongest_dbm: -50,
                frequency_mhz: Some(2_412),
                age_ms: 300,
                frames: 9,
            }],
        };
        let bytes = [
            1, 2, 1, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 5, 0, 1, 2, 3, 4, 5, 6, 7, 196, 206,
            108, 9, 44, 1, 9, 0,
        ];
        assert_eq!(one.encode(), bytes);
        assert_eq!(SignalLevels::decode(&bytes), Ok(one));
    }

    #[test]
    fn what_is_cut_or_too_long_or_untrue_is_refused() {
        let bytes = datagram(3, 4).encode();
        for cut in 0..bytes.len() {
            let whole =
                cut > LEVELS_HEAD_BYTES && (cut - LEVELS_HEAD_BYTES).is_multiple_of(LEVEL_BYTES);
            assert_eq!(SignalLevels::decode(&bytes[..cut]).is_ok(), whole, "cut at {cut}");
        }
        let mut longer = datagram(3, MAX_LEVELS).encode();
        longer.extend([0; LEVEL_BYTES]);
        let length = longer.len();
        assert_eq!(SignalLevels::decode(&longer), Err(LevelsError::Length { length }));
        let changed = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            SignalLevels::decode(&bytes)
        };
        assert_eq!(changed(0, 2), Err(LevelsError::Format { format: 2 }));
        assert_eq!(changed(1, 0), Err(LevelsError::Sequence));
        let second = LEVELS_HEAD_BYTES + LEVEL_BYTES;
        assert_eq!(changed(second + 7, 100), Err(LevelsError::Signal { at: 1 }));
        assert_eq!(changed(second + 13, 0), Err(LevelsError::Frames { at: 1 }));
        let mut twice = bytes.clone();
        twice.copy_within(LEVELS_HEAD_BYTES..second, second);
        assert_eq!(SignalLevels::decode(&twice), Err(LevelsError::Twice { at: 1 }));
    }

    #[test]
    fn only_the_newest_is_taken_and_the_rest_is_counted() {
        let mut received = LevelsReceived::default();
        let mut taken = |sequence: u64| {
            let bytes = datagram(sequence, 1).encode();
            received.receive(&bytes).map(|levels| levels.sequence)
        };
        assert_eq!(taken(1), Some(1));
        assert_eq!(taken(4), Some(4));
        assert_eq!(taken(4), None, "a duplicate");
        assert_eq!(taken(2), None, "late");
        assert_eq!(taken(2), None, "late, and a second time");
        assert_eq!(taken(200), Some(200));
        assert_eq!(taken(100), None, "further back than is remembered");
        assert_eq!(received.receive(b"GET / HTTP/1.1"), None);
        assert_eq!(received.receive(&[]), None);
        let LevelsReceived { taken, late, duplicates, garbage, .. } = received;
        assert_eq!((taken, late, duplicates, garbage), (3, 2, 2, 2));
        assert_eq!(received.lost(), 195, "of 200, 3 were taken and 2 were late");
    }
}
