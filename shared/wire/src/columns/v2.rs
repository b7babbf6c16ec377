//! Version 2 of the columns: a row says only how it differs from what its transmitter sent last.
//!
//! A beacon is like the one before it but for time, signal and sequence number, so that most rows hold
//! one zero byte for all the rest. What is expected of a row, in this order:
//! - its kind: that of the transmitter's last frame;
//! - its receiver, BSSID, flags, rate, modulation, length, airtime, advertisement and detail: those of
//!   the transmitter's last frame of this kind; airtime also: that of the last frame with this length,
//!   rate and modulation;
//! - in the transmitter's first frame of a kind: those of the last frame of this kind from anybody, its
//!   own address as BSSID, and the next advertisement that was not named yet;
//! - its radio: that of the row before; frequency and noise: those of that radio's last row;
//! - its place: that of the last row with a place.
//!
//! Both ends keep the same [`Expected`], so that nothing has to be said where it is right.

mod decode;
mod encode;

pub(crate) use encode::ColumnsEncoder;

use super::{Place, column, phy_number};
use pw_model::{Detail, FrameKind, PhyKind};
use serde::{Deserialize, Serialize};

/// Number of columns.
const COLUMNS: usize = 23;

/// Version 2 of the columns. Never changed; a later layout is a new structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnsV2 {
    count: u32,
    base_time_ns: i64,
    /// Times are multiples of this many nanoseconds: 1000 where the source counts microseconds.
    time_unit_ns: u32,
    addresses: Vec<[u8; 6]>,
    advertisements: Vec<u64>,
    columns: [Column; COLUMNS],
}

/// The bytes of one column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Column(#[serde(with = "column")] Vec<u8>);

/// Places of the columns in [`ColumnsV2::columns`].
mod at {
    pub(super) const TIME: usize = 0;
    pub(super) const TRANSMITTER: usize = 1;
    pub(super) const KIND: usize = 2;
    /// Which of the following differ from what is expected, one bit each.
    pub(super) const DIFFERS: usize = 3;
    pub(super) const FLAGS: usize = 4;
    pub(super) const LENGTH: usize = 5;
    pub(super) const AIRTIME: usize = 6;
    pub(super) const RATE: usize = 7;
    pub(super) const RECEIVER: usize = 8;
    pub(super) const PHY: usize = 9;
    pub(super) const FREQUENCY: usize = 10;
    pub(super) const ADVERTISEMENT: usize = 11;
    pub(super) const BSSID: usize = 12;
    pub(super) const RADIO: usize = 13;
    pub(super) const DETAIL: usize = 14;
    pub(super) const SIGNAL: usize = 15;
    pub(super) const NOISE: usize = 16;
    pub(super) const SEQUENCE: usize = 17;
    pub(super) const PLACE: usize = 18;
    pub(super) const LATITUDE: usize = 19;
    pub(super) const LONGITUDE: usize = 20;
    pub(super) const ALTITUDE: usize = 21;
    pub(super) const ERROR: usize = 22;

    /// Names of the columns, for errors.
    pub(super) const NAMES: [&str; super::COLUMNS] = [
        "time",
        "transmitter",
        "kind",
        "differences",
        "flags",
        "length",
        "airtime",
        "rate",
        "receiver",
        "phy",
        "frequency",
        "advertisement",
        "bssid",
        "radio",
        "detail",
        "signal",
        "noise",
        "sequence",
        "place",
        "latitude",
        "longitude",
        "altitude",
        "position error",
    ];
}

/// Bit of a column in the column of differences. What changes most often has the low bits, so that
/// most rows have one byte of them.
const fn bit(column: usize) -> u64 {
    1 << (column - at::FLAGS)
}

/// Bits of the column of places.
mod place_bit {
    pub(super) const KNOWN: u64 = 1;
    pub(super) const MOVED: u64 = 2;
    pub(super) const ALTITUDE: u64 = 4;
    pub(super) const ERROR: u64 = 8;
}

/// Signal that is expected of a transmitter at first, in dBm.
const FIRST_SIGNAL_DBM: i8 = -70;
/// Noise that is expected of a radio at first, in dBm.
const FIRST_NOISE_DBM: i8 = -95;
/// Radios that are told apart; those beyond share the last one's expectations.
const RADIOS: usize = 8;
/// Airtimes that are remembered.
const AIRTIMES: usize = 256;

/// What a transmitter said last in frames of one kind. Addresses are places in the table plus one.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Context {
    kind: u8,
    /// Place of the next context of this transmitter plus one; 0 for none.
    next: u32,
    flags: u16,
    receiver: u64,
    bssid: u64,
    rate_100kbps: Option<u32>,
    phy: Option<PhyKind>,
    length: u32,
    airtime_us: Option<u32>,
    advertisement: u64,
    detail: Option<Detail>,
    /// Data of one traffic identifier and all else count apart (IEEE Std 802.11-2020, 10.3.2.14.2).
    sequence: u16,
}

#[derive(Clone, Copy)]
struct Sender {
    last_kind: Option<u8>,
    signal_dbm: i8,
    sequence: u16,
    /// Place of its first context plus one; 0 for none.
    first: u32,
}

impl Sender {
    const NEW: Self = Self { last_kind: None, signal_dbm: FIRST_SIGNAL_DBM, sequence: 0, first: 0 };
}

#[derive(Clone, Copy)]
struct Listening {
    frequency_mhz: Option<u16>,
    noise_dbm: i8,
}

impl Listening {
    const NEW: Self = Self { frequency_mhz: None, noise_dbm: FIRST_NOISE_DBM };
}

/// Length, rate and modulation of a frame, and the time that it took.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Airtime {
    length: u32,
    rate_100kbps: Option<u32>,
    phy: Option<PhyKind>,
    airtime_us: Option<u32>,
}

/// What is expected of the next row. Encoder and decoder tell it the same rows.
struct Expected {
    senders: Vec<Sender>,
    contexts: Vec<Context>,
    radio: u8,
    listening: [Listening; RADIOS],
    airtimes: Vec<Airtime>,
    place: Place,
    /// By kind: place of the context that was used last plus one; 0 for none.
    latest: [u32; 256],
    /// Highest place of an advertisement that was named.
    advertisements: u64,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            senders: Vec::new(),
            contexts: Vec::new(),
            radio: 0,
            listening: [Listening::NEW; RADIOS],
            airtimes: vec![Airtime::default(); AIRTIMES],
            place: Place::default(),
            latest: [0; 256],
            advertisements: 0,
        }
    }
}

impl Expected {
    /// Forgets everything and keeps the room.
    fn clear(&mut self) {
        self.senders.clear();
        self.contexts.clear();
        self.radio = 0;
        self.listening = [Listening::NEW; RADIOS];
        self.airtimes.fill(Airtime::default());
        self.place = Place::default();
        self.latest = [0; 256];
        self.advertisements = 0;
    }

    /// The transmitter at this place of the table, 0 for all frames without one.
    fn sender(&mut self, transmitter: usize) -> &mut Sender {
        if self.senders.len() <= transmitter {
            self.senders.resize(transmitter + 1, Sender::NEW);
        }
        &mut self.senders[transmitter]
    }

    /// Place of the context of these frames, which may begin with this one.
    fn context(&mut self, transmitter: usize, kind: u8) -> usize {
        let first = self.sender(transmitter).first;
        let mut next = first;
        while let Some(at) = (next as usize).checked_sub(1) {
            if self.contexts[at].kind == kind {
                return at;
            }
            next = self.contexts[at].next;
        }
        let latest = (self.latest[usize::from(kind)] as usize).checked_sub(1);
        let model = latest.map(|at| self.contexts[at]).unwrap_or_default();
        let advertisement = if model.advertisement == 0 { 0 } else { self.advertisements + 1 };
        let bssid = if model.bssid == 0 { 0 } else { transmitter as u64 };
        let at = self.contexts.len();
        self.contexts.push(Context {
            kind,
            next: first,
            flags: 0,
            detail: None,
            sequence: 0,
            bssid,
            advertisement,
            ..model
        });
        // At most one context for a row, of which there are fewer than 2^32.
        self.sender(transmitter).first = at as u32 + 1;
        at
    }

    /// Remembers what a row was.
    fn note(&mut self, context: usize, now: Context) {
        self.contexts[context] = now;
        self.latest[usize::from(now.kind)] = context as u32 + 1;
        self.advertisements = self.advertisements.max(now.advertisement);
    }

    /// Where a frame like this is remembered.
    fn airtime(&mut self, like: &Airtime) -> &mut Airtime {
        let phy = like.phy.map_or(0, |phy| phy_number(phy) + 1);
        let mixed = u64::from(like.length)
            ^ u64::from(like.rate_100kbps.unwrap_or(0)).rotate_left(16)
            ^ (phy << 40);
        // Fibonacci hashing: the upper bits of a product with 2^64 divided by the golden ratio.
        let hash = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        &mut self.airtimes[(hash >> 56) as usize % AIRTIMES]
    }

    /// The airtime of a frame of this length, rate and modulation: as in the last such frame, or as in
    /// the context's.
    fn airtime_of(&mut self, like: Airtime, context: &Context) -> Option<u32> {
        let same = context.length == like.length
            && context.rate_100kbps == like.rate_100kbps
            && context.phy == like.phy;
        let known = *self.airtime(&like);
        let is_like = Airtime { airtime_us: None, ..known } == like;
        if same || !is_like { context.airtime_us } else { known.airtime_us }
    }

    fn listening(&mut self, radio: u8) -> &mut Listening {
        &mut self.listening[usize::from(radio).min(RADIOS - 1)]
    }
}

/// Data frames with a traffic identifier count each their own sequence numbers.
const fn counts_apart(kind: u8) -> bool {
    matches!((FrameKind(kind).frame_type(), FrameKind(kind).subtype()), (Some(2), Some(8..)))
}

impl Default for ColumnsV2 {
    fn default() -> Self {
        Self {
            count: 0,
            base_time_ns: 0,
            time_unit_ns: 1,
            addresses: Vec::new(),
            advertisements: Vec::new(),
            columns: std::array::from_fn(|_| Column::default()),
        }
    }
}

impl ColumnsV2 {
    /// Lengths of the columns in bytes, as they stand one behind the other at the end of the encoding.
    pub(crate) fn lengths(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.columns.iter().map(|column| column.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::samples::{observation, street};
    use crate::envelope::{decode_payload, encode_payload};
    use pw_model::{Observation, Timestamp};

    #[test]
    fn round_trip() {
        for observations in [(0..5000).map(observation).collect(), street(5000)] {
            let observations: Vec<Observation> = observations;
            // One encoder for all: nothing of what it made before may show.
            let mut encoder = ColumnsEncoder::default();
            for length in [5000, 0, 1, 5000, 77] {
                let observations = &observations[..length];
                let columns = encoder.encode(observations);
                assert_eq!(columns.decode().as_deref(), Ok(observations));
                assert_eq!(columns, ColumnsEncoder::default().encode(observations));
                let bytes = encode_payload(columns).expect("small");
                assert_eq!(decode_payload::<ColumnsV2>(&bytes).expect("sound"), *columns);
            }
        }
    }

    #[test]
    fn what_is_expected_is_not_said() {
        let observations = street(3000);
        let mut encoder = ColumnsEncoder::default();
        let columns = encoder.encode(&observations);
        let lengths: Vec<usize> = columns.columns.iter().map(|column| column.0.len()).collect();
        assert_eq!(lengths[at::KIND], 3000);
        // Two bytes only where the frequency, the radio or a network's name is told.
        assert!((3000..3100).contains(&lengths[at::DIFFERS]), "{lengths:?}");
        let rare = [at::RECEIVER, at::BSSID, at::LENGTH, at::AIRTIME, at::RATE, at::ADVERTISEMENT];
        let said: usize = rare.iter().map(|column| lengths[*column]).sum();
        assert!(said <= 6 * 80, "{lengths:?}");
    }

    #[test]
    fn sequence_numbers_go_round() {
        let numbers = [4095, 0, 4095, 4096, 65_535, 0, 12];
        let observations: Vec<Observation> = numbers
            .into_iter()
            .map(|sequence| Observation { sequence: Some(sequence), ..observation(1) })
            .collect();
        let mut encoder = ColumnsEncoder::default();
        assert_eq!(encoder.encode(&observations).decode(), Ok(observations));
    }

    #[test]
    fn any_times_come_back() {
        let times = [0, i64::MAX, i64::MIN, i64::MAX - 1000, 1000, i64::MIN + 1000];
        let observations: Vec<Observation> = times
            .into_iter()
            .map(|ns| Observation { time: Timestamp::from_unix_ns(ns), ..observation(1) })
            .collect();
        let mut encoder = ColumnsEncoder::default();
        for observations in [&observations[..], &observations[1..3], &observations[3..]] {
            assert_eq!(encoder.encode(observations).decode().as_deref(), Ok(observations));
        }
    }

    #[test]
    fn damaged_columns_are_errors_not_panics() {
        let observations: Vec<_> = (0..50).map(observation).chain(street(50)).collect();
        let sound = ColumnsEncoder::default().encode(&observations).clone();
        for column in 0..COLUMNS {
            for cut in 0..sound.columns[column].0.len() {
                let mut damaged = sound.clone();
                damaged.columns[column].0.truncate(cut);
                assert!(damaged.decode().is_err(), "column {} cut to {cut}", at::NAMES[column]);
                let mut damaged = sound.clone();
                for value in [0, 1, 0x7f, 0xff] {
                    damaged.columns[column].0[cut] = value;
                    // Other rows, or an error.
                    drop(damaged.decode());
                }
            }
        }
        let mut damaged = sound.clone();
        damaged.count = u32::MAX;
        assert!(damaged.decode().is_err());
        let mut damaged = sound;
        damaged.addresses.truncate(1);
        assert!(damaged.decode().is_err());
    }
}
