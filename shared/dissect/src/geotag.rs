//! Positions that ride with packets: PPI-GPS and the option that Kismet puts into pcapng.

use crate::bytes::{u8_at, u16_be, u16_le, u32_be, u32_le};
use pw_model::Position;

/// Kismet's IANA private enterprise number.
pub(crate) const KISMET_ENTERPRISE: u32 = 55922;

/// Custom option with binary data that may be copied.
pub(crate) const CUSTOM_BINARY: u16 = 2989;

/// Magic byte of Kismet's GPS data under that number.
const KISMET_GPS_MAGIC: u8 = 0x47;

/// Which bit of the presence word is which; the two formats differ in the order of the first two.
#[derive(Clone, Copy)]
struct Order {
    latitude: u32,
    longitude: u32,
}

/// A PPI-GPS field (type 30002; PPI-GEOLOCATION 1.2): version, pad or magic, length, presence bits,
/// then the values in bit order, little-endian.
pub(crate) fn ppi_gps(field: &[u8]) -> Option<Position> {
    let length = usize::from(u16_le(field, 2)?);
    let present = u32_le(field, 4)?;
    let values = field.get(8..length.min(field.len()))?;
    position(values, present, false, Order { latitude: 0x2, longitude: 0x4 })
}

/// The value of a custom option 2989 or 2988 after the enterprise number, if it is Kismet's GPS data.
/// Byte order is the section's.
pub(crate) fn kismet_option(value: &[u8], big_endian: bool) -> Option<Position> {
    if u8_at(value, 0)? != KISMET_GPS_MAGIC || u8_at(value, 1)? != 1 {
        return None;
    }
    let (length, present) = if big_endian {
        (u16_be(value, 2)?, u32_be(value, 4)?)
    } else {
        (u16_le(value, 2)?, u32_le(value, 4)?)
    };
    let values = value.get(8..)?;
    let values = values.get(..usize::from(length)).unwrap_or(values);
    position(values, present, big_endian, Order { latitude: 0x4, longitude: 0x2 })
}

/// Bytes of [`write_kismet_option`]: enterprise number, magic, version, length, presence bits, and
/// longitude, latitude, altitude and horizontal error at most.
const KISMET_OPTION_MAX: usize = 28;

/// The value of the custom option 2989 that Kismet writes for a position, little-endian: its
/// enterprise number, and altitude and error as far as they are known and the format can say them.
pub(crate) fn write_kismet_option(position: &Position, out: &mut Vec<u8>) {
    let mut present = 0x2u32 | 0x4;
    let mut values = vec![fixed_3_7(position.lon_deg), fixed_3_7(position.lat_deg)];
    let altitude = position.altitude_m.and_then(|metres| fixed(f64::from(metres) + 180_000.0, 1e4));
    let error = position.error_m.and_then(|metres| fixed(f64::from(metres), 1e6));
    for (bit, value) in [(0x8, altitude), (0x80, error)] {
        if let Some(value) = value {
            present |= bit;
            values.push(value);
        }
    }
    let length = u16::try_from(values.len().saturating_mul(4)).unwrap_or(u16::MAX);
    out.reserve(KISMET_OPTION_MAX);
    out.extend(KISMET_ENTERPRISE.to_le_bytes());
    out.extend([KISMET_GPS_MAGIC, 1]);
    out.extend(length.to_le_bytes());
    out.extend(present.to_le_bytes());
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn fixed_3_7(degrees: f64) -> u32 {
    fixed(degrees + 180.0, 1e7).unwrap_or(0)
}

/// A number as fixed point, when it fits.
fn fixed(value: f64, scale: f64) -> Option<u32> {
    let scaled = (value * scale).round();
    // The comparison also refuses what is not a number; the cast is exact after it.
    (0.0..=f64::from(u32::MAX)).contains(&scaled).then_some(scaled as u32)
}

fn position(values: &[u8], present: u32, big_endian: bool, order: Order) -> Option<Position> {
    let (mut latitude, mut longitude, mut altitude, mut error) = (None, None, None, None);
    let mut at = 0usize;
    // Bits 0 to 9 are words of 32 bits; nothing that is read here comes after them.
    for bit in [0x1u32, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80] {
        if present & bit == 0 {
            continue;
        }
        let value = if big_endian { u32_be(values, at)? } else { u32_le(values, at)? };
        at = at.saturating_add(4);
        match bit {
            bit if bit == order.latitude => latitude = Some(fixed_3_7_deg(value)),
            bit if bit == order.longitude => longitude = Some(fixed_3_7_deg(value)),
            0x8 => altitude = Some((f64::from(value) / 1e4 - 180_000.0) as f32),
            // Horizontal error, fixed point with 6 decimals, in metres.
            0x80 => error = Some((f64::from(value) / 1e6) as f32),
            _ => {}
        }
    }
    let (latitude, longitude) = (latitude?, longitude?);
    // Both formats' writers say "unknown" by a coordinate of exactly 0.
    if latitude == 0.0 || longitude == 0.0 {
        return None;
    }
    Some(Position::new(latitude, longitude)?.with_altitude_m(altitude).with_error_m(error))
}

/// (degrees + 180) × 10⁷.
fn fixed_3_7_deg(value: u32) -> f64 {
    (f64::from(value) - 1_800_000_000.0) / 1e7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kismet_option_in_both_byte_orders() {
        for big_endian in [false, true] {
            let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
            let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
            let mut value = vec![0x47, 1];
            value.extend(half(12));
            value.extend(word(0x2 | 0x4 | 0x8));
            value.extend(word(1_882_500_000)); // 8.25 east
            value.extend(word(2_305_000_000)); // 50.5 north
            value.extend(word((180_000 + 120) * 10_000));
            let place = kismet_option(&value, big_endian).expect("a place");
            assert!((place.lat_deg - 50.5).abs() < 1e-6, "{place:?}");
            assert!((place.lon_deg - 8.25).abs() < 1e-6, "{place:?}");
            assert_eq!(place.altitude_m, Some(120.0));
            for end in 0..value.len() - 4 {
                assert_eq!(kismet_option(&value[..end], big_endian), None);
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (latitude, longitude, altitude, error) in [
            (-33.856_785_1, 151.215_296_7, Some(-12.5f32), Some(3.5f32)),
            (89.9, -179.999_999_9, None, None),
            (1e-7, 1e-7, None, Some(9000.0)),
        ] {
            let position = Position::new(latitude, longitude).expect("a place");
            let position = position.with_altitude_m(altitude).with_error_m(error);
            let mut bytes = Vec::new();
            write_kismet_option(&position, &mut bytes);
            assert_eq!(bytes[..6], [0x72, 0xda, 0, 0, 0x47, 1]);
            let length = usize::from(u16::from_le_bytes([bytes[6], bytes[7]]));
            assert_eq!(bytes.len(), 4 + 8 + length, "Kismet states the length of the values alone");
            let read = kismet_option(&bytes[4..], false).expect("a place");
            assert!((read.lat_deg - latitude).abs() < 1e-7, "{read:?}");
            assert!((read.lon_deg - longitude).abs() < 1e-7, "{read:?}");
            assert_eq!(read.altitude_m, altitude);
            // 9 km are beyond what 6 decimals leave room for.
            assert_eq!(read.error_m, error.filter(|metres| *metres < 4294.0));
        }
    }

    #[test]
    fn a_zero_coordinate_is_unknown() {
        let mut value = vec![0x47, 1, 8, 0];
        value.extend(6u32.to_le_bytes());
        value.extend(1_800_000_000u32.to_le_bytes());
        value.extend(2_305_000_000u32.to_le_bytes());
        assert_eq!(kismet_option(&value, false), None);
    }
}
