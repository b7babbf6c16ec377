//! Positions that ride with packets: PPI-GPS and the option that Kismet puts into pcapng.

use crate::bytes::{u8_at, u16_be, u16_le, u32_be, u32_le};
use pw_model::Position;

/// Kismet's IANA private enterprise number.
pub(crate) const KISMET_ENTERPRISE: u32 = 55922;

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
    fn a_zero_coordinate_is_unknown() {
        let mut value = vec![0x47, 1, 8, 0];
        value.extend(6u32.to_le_bytes());
        value.extend(1_800_000_000u32.to_le_bytes());
        value.extend(2_305_000_000u32.to_le_bytes());
        assert_eq!(kismet_option(&value, false), None);
    }
}
