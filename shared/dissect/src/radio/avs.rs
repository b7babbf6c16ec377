//! AVS capture headers (Linux wlan-ng, "AVS Monitor Header" 2.1.1): big-endian, 64 bytes or more.

use super::{AntennaSignal, Modulation, RadioMeta};
use crate::bytes::{u32_be, u64_be};
use crate::fault::{Faults, Layer};
use pw_model::{Band, Channel};

/// Reads an AVS header at the start of `data`; `None` when there is none.
pub fn read(data: &[u8], faults: &mut Faults) -> Option<RadioMeta> {
    let version = u32_be(data, 0)?;
    let length = u32_be(data, 4)?;
    let fits = usize::try_from(length).is_ok_and(|length| length <= data.len());
    if version & 0xffff_f000 != 0x8021_1000 || length < 64 || !fits {
        faults.add(0, Layer::Radio, "not an AVS header");
        return None;
    }
    let (signal, noise) = match u32_be(data, 44)? {
        // 2: dBm. 1 (normalised) and 3 (raw) have no unit that could be converted.
        2 => (dbm(u32_be(data, 48)?), dbm(u32_be(data, 52)?)),
        _ => (None, None),
    };
    let mut meta = RadioMeta {
        header_len: length,
        tsft_us: u64_be(data, 8).filter(|time| *time != 0),
        frequency_mhz: u32_be(data, 28).and_then(frequency_of_channel),
        signal_dbm: signal,
        noise_dbm: noise,
        modulation: modulation(u32_be(data, 24)?, u32_be(data, 32)?, u32_be(data, 56)?),
        ..RadioMeta::default()
    };
    if signal.is_some() {
        let antenna = u32_be(data, 36).and_then(|antenna| u8::try_from(antenna).ok());
        meta.add_antenna(AntennaSignal { antenna, signal_dbm: signal, noise_dbm: noise });
    }
    Some(meta)
}

fn dbm(value: u32) -> Option<i8> {
    i8::try_from(value.cast_signed()).ok().filter(|dbm| *dbm != 0)
}

/// Channel numbers without band: 1 to 14 are 2.4 GHz, others 5 GHz (6 GHz is younger than the format).
/// Some drivers write the frequency in MHz instead.
pub(super) fn frequency_of_channel(channel: u32) -> Option<u16> {
    if channel > 255 {
        let frequency_mhz = u16::try_from(channel).ok()?;
        return Channel::from_frequency_mhz(frequency_mhz).map(|_| frequency_mhz);
    }
    let number = u8::try_from(channel).ok()?;
    let band = if number <= 14 { Band::Ghz2_4 } else { Band::Ghz5 };
    Channel { band, number }.frequency_mhz()
}

/// PHY types: 1 FHSS 97, 2 DSSS 97, 3 IR, 4 DSSS 99, 5 HR-DSSS, 6 PBCC, 7 DSSS-OFDM, 8 OFDM.
/// The rate is in units of 100 kbit/s; older drivers write 500 kbit/s units below 100.
fn modulation(phy: u32, rate: u32, preamble: u32) -> Option<Modulation> {
    let short_preamble = preamble == 1;
    match (phy, rate) {
        (_, 0) => None,
        (8, rate) => Some(Modulation::Ofdm { rate_100kbps: rate, width_mhz: 20 }),
        (_, 10 | 20 | 55 | 110 | 220 | 330) => {
            Some(Modulation::Dsss { rate_100kbps: rate, short_preamble })
        }
        (_, 60 | 90 | 120 | 180 | 240 | 360 | 480 | 540) => {
            Some(Modulation::Ofdm { rate_100kbps: rate, width_mhz: 20 })
        }
        (_, rate) => Modulation::from_legacy_rate(u16::try_from(rate).ok()?, short_preamble, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_dbm_values() {
        let mut header = vec![0u8; 64];
        for (at, value) in [
            (0, 0x8021_1001u32),
            (4, 64),
            (24, 5),
            (28, 6),
            (32, 110),
            (44, 2),
            (48, -41i32 as u32),
            (52, -95i32 as u32),
        ] {
            header[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        let meta = read(&header, &mut Faults::default()).expect("a header");
        assert_eq!(meta.frequency_mhz, Some(2437));
        assert_eq!(meta.signal_dbm, Some(-41));
        assert_eq!(meta.noise_dbm, Some(-95));
        assert_eq!(meta.rate_100kbps(), Some(110));
        for end in 0..64 {
            assert_eq!(read(&header[..end], &mut Faults::default()), None);
        }
    }
}
