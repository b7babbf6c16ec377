//! Observations as columns: like values stand together, so that they compress to a few bytes each.
//!
//! Each column is a byte vector of LEB128 numbers; an optional number is stored plus one, 0 being
//! `None`. Addresses, advertisement identifiers and places stand once in a table per batch.
//! Positions are kept to 1e-7 degrees (about 1 cm), heights and errors to 0.1 m, errors rounded up.

use pw_model::hash::SeededHash;
use pw_model::{
    AdvertisementId, Detail, FrameFlags, FrameKind, MacAddr, Observation, PhyKind, Position,
    RadioId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::Hash;

/// Version 1 of the columns. Never changed; a later layout is a new structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnsV1 {
    count: u32,
    base_time_ns: i64,
    /// Times are multiples of this many nanoseconds: 1000 where the source counts microseconds.
    time_unit_ns: u32,
    #[serde(with = "column")]
    time: Vec<u8>,
    #[serde(with = "column")]
    radio: Vec<u8>,
    #[serde(with = "column")]
    kind: Vec<u8>,
    #[serde(with = "column")]
    flags: Vec<u8>,
    addresses: Vec<[u8; 6]>,
    #[serde(with = "column")]
    transmitter: Vec<u8>,
    #[serde(with = "column")]
    receiver: Vec<u8>,
    #[serde(with = "column")]
    bssid: Vec<u8>,
    #[serde(with = "column")]
    frequency_mhz: Vec<u8>,
    #[serde(with = "column")]
    signal_dbm: Vec<u8>,
    #[serde(with = "column")]
    noise_dbm: Vec<u8>,
    #[serde(with = "column")]
    rate_100kbps: Vec<u8>,
    #[serde(with = "column")]
    phy: Vec<u8>,
    #[serde(with = "column")]
    length: Vec<u8>,
    #[serde(with = "column")]
    airtime_us: Vec<u8>,
    #[serde(with = "column")]
    sequence: Vec<u8>,
    advertisement_ids: Vec<u64>,
    #[serde(with = "column")]
    advertisement: Vec<u8>,
    #[serde(with = "column")]
    detail: Vec<u8>,
    #[serde(with = "column")]
    places: Vec<u8>,
    #[serde(with = "column")]
    place: Vec<u8>,
}

/// A column does not hold what its batch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("column '{column}' ends or breaks at row {row}")]
pub(crate) struct ColumnError {
    column: &'static str,
    row: u32,
}

/// Values that stand once in a table; rows hold their place in it plus one, 0 for none.
struct Table<T> {
    items: Vec<T>,
    places: HashMap<T, u64, SeededHash>,
    /// The last answer: neighbouring rows often say the same.
    last: Option<(T, u64)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashMap::default(), last: None }
    }
}

impl<T: Copy + Eq + Hash> Table<T> {
    /// Forgets the items and keeps the room.
    fn clear(&mut self) {
        self.items.clear();
        self.places.clear();
        self.last = None;
    }

    fn place_of(&mut self, item: Option<T>) -> u64 {
        let Some(item) = item else { return 0 };
        if let Some((last, place)) = self.last
            && last == item
        {
            return place;
        }
        let place = *self.places.entry(item).or_insert_with(|| {
            self.items.push(item);
            self.items.len() as u64
        });
        self.last = Some((item, place));
        place
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    lat_e7: i64,
    lon_e7: i64,
    altitude_dm: Option<i64>,
    error_dm: Option<i64>,
}

impl Place {
    fn of(position: &Position) -> Self {
        Self {
            lat_e7: (position.lat_deg * 1e7).round() as i64,
            lon_e7: (position.lon_deg * 1e7).round() as i64,
            altitude_dm: position.altitude_m.map(|m| (f64::from(m) * 10.0).round() as i64),
            error_dm: position.error_m.map(|m| (f64::from(m) * 10.0).ceil() as i64),
        }
    }

    fn position(self) -> Option<Position> {
        Some(
            Position::new(self.lat_e7 as f64 / 1e7, self.lon_e7 as f64 / 1e7)?
                .with_altitude_m(self.altitude_dm.map(|dm| dm as f32 / 10.0))
                .with_error_m(self.error_dm.map(|dm| dm as f32 / 10.0)),
        )
    }
}

/// Makes columns, again and again in the same memory.
#[derive(Default)]
pub(crate) struct ColumnsEncoder {
    columns: ColumnsV1,
    addresses: Table<u64>,
    advertisements: Table<u64>,
    places: Table<Place>,
    /// By place of the transmitter in the table of addresses, 0 for none.
    last_sequence: Vec<u16>,
}

impl ColumnsEncoder {
    /// The columns of these observations, valid until the next call.
    pub(crate) fn encode(&mut self, observations: &[Observation]) -> &ColumnsV1 {
        let base_time_ns = observations.first().map_or(0, |o| o.time.unix_ns());
        let whole_us = observations.iter().all(|o| (o.time.unix_ns() - base_time_ns) % 1000 == 0);
        let time_unit_ns = if whole_us { 1000 } else { 1 };
        self.clear();
        let Self { columns, addresses, advertisements, places, last_sequence } = self;
        columns.count = observations.len() as u32;
        columns.base_time_ns = base_time_ns;
        columns.time_unit_ns = time_unit_ns;
        let mut last_time_ns = base_time_ns;
        for o in observations {
            let time_ns = o.time.unix_ns();
            let step_ns = time_ns.wrapping_sub(last_time_ns);
            // Both divisors are constants, which a processor multiplies by instead.
            put_signed(&mut columns.time, if whole_us { step_ns / 1000 } else { step_ns });
            last_time_ns = time_ns;
            columns.radio.push(o.radio.0);
            columns.kind.push(o.kind.0);
            put(&mut columns.flags, u64::from(o.flags.0));
            let transmitter = addresses.place_of(o.transmitter.map(MacAddr::to_u64));
            put(&mut columns.transmitter, transmitter);
            // In most frames the network is also the one that sends.
            let bssid = if o.bssid == o.transmitter { Some(transmitter) } else { None };
            put(&mut columns.receiver, addresses.place_of(o.receiver.map(MacAddr::to_u64)));
            let bssid = bssid.unwrap_or_else(|| addresses.place_of(o.bssid.map(MacAddr::to_u64)));
            put(&mut columns.bssid, bssid);
            put_option(&mut columns.frequency_mhz, o.frequency_mhz.map(u64::from));
            put_option(&mut columns.signal_dbm, o.signal_dbm.map(|v| zigzag(i64::from(v))));
            put_option(&mut columns.noise_dbm, o.noise_dbm.map(|v| zigzag(i64::from(v))));
            put_option(&mut columns.rate_100kbps, o.rate_100kbps.map(u64::from));
            put_option(&mut columns.phy, o.phy.map(phy_number));
            put(&mut columns.length, u64::from(o.length));
            put_option(&mut columns.airtime_us, o.airtime_us.map(u64::from));
            last_sequence.resize(addresses.items.len() + 1, 0);
            let last = &mut last_sequence[transmitter as usize];
            put_option(&mut columns.sequence, o.sequence.map(|s| u64::from(s.wrapping_sub(*last))));
            *last = o.sequence.unwrap_or(*last);
            put(&mut columns.advertisement, advertisements.place_of(o.advertisement.map(|a| a.0)));
            put_detail(&mut columns.detail, o.detail);
            put(&mut columns.place, places.place_of(o.position.as_ref().map(Place::of)));
        }
        columns.addresses.extend(addresses.items.iter().map(|a| MacAddr::from_u64(*a).0));
        columns.advertisement_ids.extend_from_slice(&advertisements.items);
        encode_places(&places.items, &mut columns.places);
        columns
    }

    /// Empties everything and keeps the room.
    fn clear(&mut self) {
        self.addresses.clear();
        self.advertisements.clear();
        self.places.clear();
        self.last_sequence.clear();
        let columns = &mut self.columns;
        columns.addresses.clear();
        columns.advertisement_ids.clear();
        for column in [
            &mut columns.time,
            &mut columns.radio,
            &mut columns.kind,
            &mut columns.flags,
            &mut columns.transmitter,
            &mut columns.receiver,
            &mut columns.bssid,
            &mut columns.frequency_mhz,
            &mut columns.signal_dbm,
            &mut columns.noise_dbm,
            &mut columns.rate_100kbps,
            &mut columns.phy,
            &mut columns.length,
            &mut columns.airtime_us,
            &mut columns.sequence,
            &mut columns.advertisement,
            &mut columns.detail,
            &mut columns.places,
            &mut columns.place,
        ] {
            column.clear();
        }
    }
}

/// A column is read and written as one run of bytes; the bytes are those of a list of numbers below
/// 256, which serde would otherwise pass one by one.
mod column {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_byte_buf(Bytes)
    }
}

impl ColumnsV1 {
    pub(crate) fn decode(&self) -> Result<Vec<Observation>, ColumnError> {
        // Each row takes at least one byte of the kind column, so a false count reserves nothing.
        if self.kind.len() != self.count as usize || self.radio.len() != self.count as usize {
            return Err(ColumnError { column: "kind", row: self.count });
        }
        let places = decode_places(&self.places)?;
        let mut rows = Rows { columns: self, row: 0, at: [0; 16] };
        let mut time_ns = self.base_time_ns;
        let mut last_sequence: HashMap<Option<MacAddr>, u16> = HashMap::new();
        let mut observations = Vec::with_capacity(self.kind.len());
        for (&kind, &radio) in self.kind.iter().zip(&self.radio) {
            let step = unzigzag(rows.next(0, "time", &self.time)?);
            time_ns = time_ns.wrapping_add(step.wrapping_mul(i64::from(self.time_unit_ns)));
            let transmitter = rows.address(1, "transmitter", &self.transmitter)?;
            let sequence = match rows.option(9, "sequence", &self.sequence)? {
                None => None,
                Some(step) => {
                    let last = last_sequence.entry(transmitter).or_insert(0);
                    *last = last.wrapping_add(step as u16);
                    Some(*last)
                }
            };
            let place = rows.next(10, "place", &self.place)?;
            let position = match place {
                0 => None,
                n => places.get(n as usize - 1).ok_or_else(|| rows.error("place"))?.position(),
            };
            observations.push(Observation {
                time: Timestamp::from_unix_ns(time_ns),
                radio: RadioId(radio),
                kind: FrameKind(kind),
                flags: FrameFlags(rows.next(2, "flags", &self.flags)? as u16),
                transmitter,
                receiver: rows.address(3, "receiver", &self.receiver)?,
                bssid: rows.address(4, "bssid", &self.bssid)?,
                frequency_mhz: rows.option(5, "frequency", &self.frequency_mhz)?.map(|v| v as u16),
                signal_dbm: rows.option(6, "signal", &self.signal_dbm)?.map(|v| unzigzag(v) as i8),
                noise_dbm: rows.option(7, "noise", &self.noise_dbm)?.map(|v| unzigzag(v) as i8),
                rate_100kbps: rows.option(8, "rate", &self.rate_100kbps)?.map(|v| v as u32),
                phy: rows.option(11, "phy", &self.phy)?.and_then(phy_kind),
                length: rows.next(12, "length", &self.length)? as u32,
                airtime_us: rows.option(13, "airtime", &self.airtime_us)?.map(|v| v as u32),
                sequence,
                advertisement: rows.advertisement()?,
                detail: rows.detail()?,
                position,
            });
            rows.row += 1;
        }
        Ok(observations)
    }
}

/// Reads all columns row by row; `at` holds the offset within each.
struct Rows<'a> {
    columns: &'a ColumnsV1,
    row: u32,
    at: [usize; 16],
}

impl Rows<'_> {
    fn error(&self, column: &'static str) -> ColumnError {
        ColumnError { column, row: self.row }
    }

    fn next(&mut self, slot: usize, name: &'static str, column: &[u8]) -> Result<u64, ColumnError> {
        let at = &mut self.at[slot];
        match get(column, at) {
            Some(value) => Ok(value),
            None => Err(self.error(name)),
        }
    }

    fn option(
        &mut self,
        slot: usize,
        name: &'static str,
        column: &[u8],
    ) -> Result<Option<u64>, ColumnError> {
        Ok(self.next(slot, name, column)?.checked_sub(1))
    }

    fn address(
        &mut self,
        slot: usize,
        name: &'static str,
        column: &[u8],
    ) -> Result<Option<MacAddr>, ColumnError> {
        match self.option(slot, name, column)? {
            None => Ok(None),
            Some(place) => {
                let found = self.columns.addresses.get(place as usize);
                found.map(|a| Some(MacAddr(*a))).ok_or_else(|| self.error(name))
            }
        }
    }

    fn advertisement(&mut self) -> Result<Option<AdvertisementId>, ColumnError> {
        match self.option(14, "advertisement", &self.columns.advertisement)? {
            None => Ok(None),
            Some(place) => {
                let found = self.columns.advertisement_ids.get(place as usize);
                found
                    .map(|id| Some(AdvertisementId(*id)))
                    .ok_or_else(|| self.error("advertisement"))
            }
        }
    }

    fn detail(&mut self) -> Result<Option<Detail>, ColumnError> {
        let columns = self.columns;
        let tag = self.next(15, "detail", &columns.detail)?;
        if tag == 0 {
            return Ok(None);
        }
        let value = self.next(15, "detail", &columns.detail)?;
        Ok(match tag {
            1 => Some(Detail::Reason(value as u16)),
            2 => Some(Detail::AuthAlgorithm(value as u16)),
            3 => Some(Detail::EapolKey(value as u8)),
            4 => Some(Detail::ActionCategory(value as u8)),
            5 => Some(Detail::Status(value as u16)),
            // A later release's detail: unknown here, and the rest of the row still reads.
            _ => None,
        })
    }
}

fn put_detail(column: &mut Vec<u8>, detail: Option<Detail>) {
    let (tag, value) = match detail {
        None => {
            column.push(0);
            return;
        }
        Some(Detail::Reason(code)) => (1, u64::from(code)),
        Some(Detail::AuthAlgorithm(number)) => (2, u64::from(number)),
        Some(Detail::EapolKey(number)) => (3, u64::from(number)),
        Some(Detail::ActionCategory(category)) => (4, u64::from(category)),
        Some(Detail::Status(code)) => (5, u64::from(code)),
    };
    column.push(tag);
    put(column, value);
}

fn phy_number(phy: PhyKind) -> u64 {
    match phy {
        PhyKind::Dsss => 0,
        PhyKind::Ofdm => 1,
        PhyKind::Ht => 2,
        PhyKind::Vht => 3,
        PhyKind::He => 4,
        PhyKind::Eht => 5,
    }
}

fn phy_kind(number: u64) -> Option<PhyKind> {
    [PhyKind::Dsss, PhyKind::Ofdm, PhyKind::Ht, PhyKind::Vht, PhyKind::He, PhyKind::Eht]
        .get(usize::try_from(number).ok()?)
        .copied()
}

fn encode_places(places: &[Place], column: &mut Vec<u8>) {
    put(column, places.len() as u64);
    let (mut lat_e7, mut lon_e7) = (0, 0);
    for place in places {
        put_signed(column, place.lat_e7.wrapping_sub(lat_e7));
        put_signed(column, place.lon_e7.wrapping_sub(lon_e7));
        put_option(column, place.altitude_dm.map(zigzag));
        put_option(column, place.error_dm.map(zigzag));
        (lat_e7, lon_e7) = (place.lat_e7, place.lon_e7);
    }
}

fn decode_places(column: &[u8]) -> Result<Vec<Place>, ColumnError> {
    let error = |row: usize| ColumnError { column: "places", row: row as u32 };
    let mut at = 0;
    let count = get(column, &mut at).ok_or_else(|| error(0))?;
    // Each place takes at least four bytes.
    if count > column.len() as u64 / 4 + 1 {
        return Err(error(0));
    }
    let (mut lat_e7, mut lon_e7) = (0i64, 0i64);
    let mut places = Vec::with_capacity(count as usize);
    for row in 0..count as usize {
        let mut next = || get(column, &mut at).ok_or_else(|| error(row));
        lat_e7 = lat_e7.wrapping_add(unzigzag(next()?));
        lon_e7 = lon_e7.wrapping_add(unzigzag(next()?));
        let altitude_dm = next()?.checked_sub(1).map(unzigzag);
        let error_dm = next()?.checked_sub(1).map(unzigzag);
        places.push(Place { lat_e7, lon_e7, altitude_dm, error_dm });
    }
    Ok(places)
}

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn put_signed(column: &mut Vec<u8>, value: i64) {
    put(column, zigzag(value));
}

fn put_option(column: &mut Vec<u8>, value: Option<u64>) {
    // No column holds u64::MAX: the widest are 32 bits and zigzagged 1e-7 degrees.
    put(column, value.map_or(0, |v| v.saturating_add(1)));
}

fn put(column: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        column.push(value as u8 | 0x80);
        value >>= 7;
    }
    column.push(value as u8);
}

fn get(column: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *column.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{decode_payload, encode_payload};

    fn observation(n: u64) -> Observation {
        let address =
            |k: u64| (!n.is_multiple_of(k)).then(|| MacAddr::from_u64(0x0200_0000_0000 + n % 7));
        Observation {
            time: Timestamp::from_unix_ns(1_700_000_000_000_000_000 + n as i64 * 401_003),
            radio: RadioId((n % 3) as u8),
            kind: FrameKind((n % 256) as u8),
            flags: FrameFlags((n % 2048) as u16),
            transmitter: address(5),
            receiver: address(3),
            bssid: address(2),
            frequency_mhz: (!n.is_multiple_of(4)).then_some(5180),
            signal_dbm: (!n.is_multiple_of(6)).then_some(-(n as i64 % 100) as i8),
            noise_dbm: (!n.is_multiple_of(2)).then_some(i8::MIN),
            rate_100kbps: n.is_multiple_of(2).then_some(u32::MAX),
            phy: phy_kind(n % 8),
            length: n as u32,
            airtime_us: n.is_multiple_of(3).then_some(n as u32),
            sequence: (!n.is_multiple_of(3)).then_some((n * 7 % 4096) as u16),
            advertisement: n.is_multiple_of(4).then_some(AdvertisementId(u64::MAX - n % 3)),
            detail: [
                None,
                Some(Detail::Reason(65535)),
                Some(Detail::EapolKey(4)),
                Some(Detail::Status(1)),
            ][n as usize % 4],
            position: (!n.is_multiple_of(5)).then(|| {
                Position::new(-33.123_456_7, 151.765_432_1).expect("valid").with_error_m(Some(4.5))
            }),
        }
    }

    #[test]
    fn round_trip() {
        let observations: Vec<_> = (0..5000).map(observation).collect();
        // One encoder for all: nothing of what it made before may show.
        let mut encoder = ColumnsEncoder::default();
        for length in [5000, 0, 1, 5000, 77] {
            let observations = &observations[..length];
            let columns = encoder.encode(observations);
            assert_eq!(columns.decode().as_deref(), Ok(observations));
            assert_eq!(columns, ColumnsEncoder::default().encode(observations));
        }
    }

    #[test]
    fn columns_are_lists_of_numbers_in_the_byte_format() {
        let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        for length in [0, 1, 250, 251, 70_000] {
            let column = &bytes[..length];
            let columns = ColumnsV1 { place: column.to_vec(), ..ColumnsV1::default() };
            let whole = encode_payload(&columns).expect("small");
            let list = encode_payload(&column).expect("small");
            assert!(whole.ends_with(&list));
            assert_eq!(decode_payload::<ColumnsV1>(&whole).expect("sound"), columns);
            assert!(decode_payload::<ColumnsV1>(&whole[..whole.len() - 1]).is_err());
        }
    }

    #[test]
    fn zero_zero_never_comes_out() {
        let mut column = Vec::new();
        for value in [1, 0, 0, 0, 0] {
            put(&mut column, value);
        }
        let places = decode_places(&column).expect("well formed");
        assert_eq!(places[0].position(), None);
    }

    #[test]
    fn damaged_columns_are_errors_not_panics() {
        let observations: Vec<_> = (0..50).map(observation).collect();
        let sound = ColumnsEncoder::default().encode(&observations).clone();
        for cut in 0..sound.place.len() {
            let mut damaged = sound.clone();
            damaged.place.truncate(cut);
            assert!(damaged.decode().is_err());
        }
        let mut damaged = sound.clone();
        damaged.count = u32::MAX;
        assert!(damaged.decode().is_err());
        let mut damaged = sound;
        damaged.addresses.truncate(1);
        assert!(damaged.decode().is_err());
    }
}
