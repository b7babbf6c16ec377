//! Version 1 of the columns, read only: each value of each row stands in its column.
//!
//! Addresses, advertisement identifiers and places stand once in a table per batch.

use super::{ColumnError, Place, column, detail, get, phy_kind, unzigzag};
use pw_model::{
    AdvertisementId, Detail, FrameFlags, FrameKind, MacAddr, Observation, RadioId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

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
        Ok(detail(tag, value))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::samples::observation;
    use crate::columns::{Table, phy_number, put, put_detail, put_option, zigzag};
    use crate::envelope::{decode_payload, encode_payload};

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

    // How releases up to 0.1 made them, so that reading has something to read.

    /// Makes columns, again and again in the same memory.
    #[derive(Default)]
    struct ColumnsEncoder {
        columns: ColumnsV1,
        addresses: Table<u64>,
        advertisements: Table<u64>,
        places: Table<Place>,
        /// By place of the transmitter in the table of addresses, 0 for none.
        last_sequence: Vec<u16>,
    }

    impl ColumnsEncoder {
        /// The columns of these observations, valid until the next call.
        fn encode(&mut self, observations: &[Observation]) -> &ColumnsV1 {
            let base_time_ns = observations.first().map_or(0, |o| o.time.unix_ns());
            let whole_us =
                observations.iter().all(|o| (o.time.unix_ns() - base_time_ns) % 1000 == 0);
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
                let bssid =
                    bssid.unwrap_or_else(|| addresses.place_of(o.bssid.map(MacAddr::to_u64)));
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
                put_option(
                    &mut columns.sequence,
                    o.sequence.map(|s| u64::from(s.wrapping_sub(*last))),
                );
                *last = o.sequence.unwrap_or(*last);
                put(
                    &mut columns.advertisement,
                    advertisements.place_of(o.advertisement.map(|a| a.0)),
                );
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

    fn put_signed(column: &mut Vec<u8>, value: i64) {
        put(column, zigzag(value));
    }
}
