//! Prism monitor headers (Linux wlan-ng, madwifi): items of 12 bytes in the host's byte order.

use super::avs::{self, frequency_of_channel};
use super::{AntennaSignal, Modulation, RadioMeta};
use crate::bytes::{array, u16_be, u16_le, u32_be, u32_le};
use crate::fault::{Faults, Layer};

/// Reads a Prism header at the start of `data`; `None` when there is none.
///
/// Drivers also deliver AVS headers under this link type; they are told by their first word.
pub fn read(data: &[u8], faults: &mut Faults) -> Option<RadioMeta> {
    if u32_be(data, 0)? & 0xffff_f000 == 0x8021_1000 {
        return avs::read(data, faults);
    }
    // The message code, 0x44 (wlan-ng) or 0x41 (madwifi), tells the byte order.
    let big_endian = match array::<4>(data, 0)? {
        [0x44 | 0x41, 0, 0, 0] => false,
        [0, 0, 0, 0x44 | 0x41] => true,
        _ => {
            faults.add(0, Layer::Radio, "not a Prism header");
            return None;
        }
    };
    let read_u32 = |at: usize| if big_endian { u32_be(data, at) } else { u32_le(data, at) };
    let read_u16 = |at: usize| if big_endian { u16_be(data, at) } else { u16_le(data, at) };
    let length = read_u32(4)?;
    let length_in_bytes = usize::try_from(length).ok()?;
    if length < 24 || length_in_bytes > data.len() {
        faults.add(4, Layer::Radio, "impossible length of the Prism header");
        return None;
    }
    let mut meta = RadioMeta { header_len: length, ..RadioMeta::default() };
    let mut at = 24usize;
    while at.saturating_add(12) <= length_in_bytes {
        let (did, status) = (read_u32(at)?, read_u16(at.saturating_add(4))?);
        let value = read_u32(at.saturating_add(8))?;
        // Items are numbered n × 0x10000 + 0x44 (wlan-ng) or n × 0x1000 + 0x41 (madwifi).
        let item = if did & 0xffff == 0x0044 { did >> 16 } else { did >> 12 };
        if status == 0 {
            apply(item, value, &mut meta);
        }
        at = at.saturating_add(12);
    }
    if meta.signal_dbm.is_some() {
        let antenna =
            AntennaSignal { antenna: None, signal_dbm: meta.signal_dbm, noise_dbm: meta.noise_dbm };
        meta.add_antenna(antenna);
    }
    Some(meta)
}

fn apply(item: u32, value: u32, meta: &mut RadioMeta) {
    // Signal and noise are dBm where negative; positive values are the maker's own scale.
    let dbm = || i8::try_from(value.cast_signed()).ok().filter(|dbm| *dbm < 0);
    match item {
        2 => meta.tsft_us = Some(u64::from(value)),
        3 => meta.frequency_mhz = frequency_of_channel(value),
        4 => meta.signal_dbm = meta.signal_dbm.or_else(dbm),
        6 => meta.signal_dbm = dbm().or(meta.signal_dbm),
        7 => meta.noise_dbm = dbm(),
        8 => {
            meta.modulation = u16::try_from(value)
                .ok()
                .and_then(|rate| Modulation::from_legacy_rate(rate, false, false));
        }
        9 => meta.is_transmitted = value != 0,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(big_endian: bool) -> Vec<u8> {
        let word = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let half = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut bytes = Vec::new();
        bytes.extend(word(0x44));
        bytes.extend(word(24 + 3 * 12));
        bytes.extend([0; 16]);
        for (item, value) in [(3u32, 11u32), (6, -60i32 as u32), (8, 22)] {
            bytes.extend(word(item << 16 | 0x44));
            bytes.extend(half(0));
            bytes.extend(half(4));
            bytes.extend(word(value));
        }
        bytes
    }

    #[test]
    fn both_byte_orders() {
        for big_endian in [false, true] {
            let meta = read(&header(big_endian), &mut Faults::default()).expect("a header");
            assert_eq!(meta.frequency_mhz, Some(2462));
            assert_eq!(meta.signal_dbm, Some(-60));
            assert_eq!(meta.rate_100kbps(), Some(110));
        }
    }

    #[test]
    fn what_is_no_prism_header_is_refused() {
        let mut faults = Faults::default();
        assert_eq!(read(&[7; 200], &mut faults), None);
        assert_eq!(faults.count(), 1);
    }
}
