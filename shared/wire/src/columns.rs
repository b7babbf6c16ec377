//! Observations as columns: like values stand together, so that they compress to a few bytes each.
//!
//! Each column is a byte vector of LEB128 numbers; an optional number is stored plus one, 0 being
//! `None`. Positions are kept to 1e-7 degrees (about 1 cm), heights and errors to 0.1 m, errors
//! rounded up.

#[cfg(test)]
pub(crate) mod samples;
mod v1;
mod v2;

pub(crate) use v1::ColumnsV1;
pub(crate) use v2::{ColumnsEncoder, ColumnsV2};

use pw_model::hash::SeededHash;
use pw_model::{Detail, PhyKind, Position};
use std::collections::HashMap;
use std::hash::Hash;

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

#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
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
            error_dm: position.error_m.map(|m| {
                let dm = f64::from(m) * 10.0;
                // What was read from columns is a multiple but for the precision of 32 bits, and
                // must not grow when it is written again.
                let nearest = dm.round();
                if (dm - nearest).abs() <= nearest * 1e-6 { nearest } else { dm.ceil() }
            } as i64),
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

/// The detail of this tag and value.
fn detail(tag: u64, value: u64) -> Option<Detail> {
    match tag {
        1 => Some(Detail::Reason(value as u16)),
        2 => Some(Detail::AuthAlgorithm(value as u16)),
        3 => Some(Detail::EapolKey(value as u8)),
        4 => Some(Detail::ActionCategory(value as u8)),
        5 => Some(Detail::Status(value as u16)),
        // A later release's detail: unknown here, and the rest of the row still reads.
        _ => None,
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

const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
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
