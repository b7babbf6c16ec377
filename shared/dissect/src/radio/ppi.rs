//! Per-packet information headers (PPI 1.0.7) with 802.11-common, 802.11n and PPI-GPS fields.

use super::{AMpdu, AntennaSignal, GuardInterval, Modulation, RadioMeta};
use crate::bytes::{array, u8_at, u16_le, u32_le, u64_le};
use crate::fault::{Faults, Layer};
use crate::geotag;

/// Reads a PPI header at the start of `data`: the metadata and the link type of what follows.
/// `None` when there is no header.
pub fn read(data: &[u8], faults: &mut Faults) -> Option<(RadioMeta, u32)> {
    let (version, flags) = (u8_at(data, 0)?, u8_at(data, 1)?);
    let length = u16_le(data, 2)?;
    let inner = u32_le(data, 4)?;
    let Some(header) = data.get(..usize::from(length)).filter(|_| version == 0 && length >= 8)
    else {
        faults.add(0, Layer::Radio, "not a PPI header, or one longer than the captured bytes");
        return None;
    };
    let mut meta = RadioMeta { header_len: u32::from(length), ..RadioMeta::default() };
    let mut at = 8usize;
    while let (Some(kind), Some(size)) = (u16_le(header, at), u16_le(header, at.saturating_add(2)))
    {
        let start = at.saturating_add(4);
        let end = start.saturating_add(usize::from(size));
        let Some(field) = header.get(start..end) else {
            faults.add(at, Layer::Radio, "field runs past the PPI header");
            break;
        };
        // A field that is shorter than its kind demands leaves what it would have said unknown.
        let _complete: Option<()> = match kind {
            2 => common(field, &mut meta),
            3 => ht_mac(field, &mut meta),
            4 => ht_phy(field, &mut meta),
            30002 => {
                meta.position = geotag::ppi_gps(field);
                Some(())
            }
            _ => Some(()),
        };
        // Bit 0 of the flags: fields start at multiples of 4.
        at = if flags & 1 != 0 { end.saturating_add(3) & !3 } else { end };
    }
    Some((meta, inner))
}

fn common(field: &[u8], meta: &mut RadioMeta) -> Option<()> {
    let (tsft, flags, rate) = (u64_le(field, 0)?, u16_le(field, 8)?, u16_le(field, 10)?);
    let (frequency, channel_flags) = (u16_le(field, 12)?, u16_le(field, 14)?);
    let (signal, noise) = (array::<1>(field, 18)?, array::<1>(field, 19)?);
    meta.has_fcs = flags & 0x01 != 0;
    meta.bad_fcs = flags & 0x04 != 0;
    meta.bad_plcp = flags & 0x08 != 0;
    let tsft_us = if flags & 0x02 != 0 { tsft.saturating_mul(1000) } else { tsft };
    meta.tsft_us = Some(tsft_us).filter(|time| *time != 0);
    meta.frequency_mhz = Some(frequency).filter(|mhz| *mhz != 0);
    meta.channel_flags = Some(u32::from(channel_flags));
    let ofdm_5ghz = channel_flags & 0x0140 == 0x0140;
    meta.modulation =
        meta.modulation.or_else(|| Modulation::from_legacy_rate(rate, false, ofdm_5ghz));
    // -128 means not measured.
    meta.signal_dbm = Some(i8::from_le_bytes(signal)).filter(|dbm| *dbm != i8::MIN);
    meta.noise_dbm = Some(i8::from_le_bytes(noise)).filter(|dbm| *dbm != i8::MIN);
    Some(())
}

fn ht_mac(field: &[u8], meta: &mut RadioMeta) -> Option<()> {
    let (flags, reference) = (u32_le(field, 0)?, u32_le(field, 4)?);
    // Bit 4: part of an aggregate, bit 5: more subframes follow.
    if flags & 0x10 != 0 {
        meta.ampdu = Some(AMpdu { reference, is_last: flags & 0x20 == 0 });
    }
    Some(())
}

fn ht_phy(field: &[u8], meta: &mut RadioMeta) -> Option<()> {
    ht_mac(field, meta)?;
    let (flags, mcs) = (u32_le(field, 0)?, u8_at(field, 9)?);
    // Bit 1: 40 MHz, bit 2: short guard interval, bit 0: greenfield. 255: MCS unknown, not HT.
    if mcs != 0xff {
        let guard = if flags & 0x04 != 0 { GuardInterval::Ns400 } else { GuardInterval::Ns800 };
        meta.modulation = Some(Modulation::Ht {
            mcs: Some(mcs),
            width_mhz: Some(if flags & 0x02 != 0 { 40 } else { 20 }),
            guard: Some(guard),
            greenfield: flags & 0x01 != 0,
            stbc: 0,
            ldpc: false,
            extension_streams: 0,
        });
    }
    for chain in 0..4u8 {
        let at = usize::from(chain).saturating_mul(2).saturating_add(24);
        let (signal, noise) = (array::<1>(field, at)?, array::<1>(field, at.saturating_add(1))?);
        let signal_dbm = Some(i8::from_le_bytes(signal)).filter(|dbm| !matches!(dbm, -128 | 0));
        let noise_dbm = Some(i8::from_le_bytes(noise)).filter(|dbm| !matches!(dbm, -128 | 0));
        if signal_dbm.is_some() {
            meta.add_antenna(AntennaSignal { antenna: Some(chain), signal_dbm, noise_dbm });
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_field_and_gps() {
        let mut gps = vec![2u8, 0xcf];
        gps.extend(16u16.to_le_bytes());
        gps.extend(0x0000_0006u32.to_le_bytes());
        gps.extend((((50.5 + 180.0) * 1e7) as u32).to_le_bytes());
        gps.extend((((8.25 + 180.0) * 1e7) as u32).to_le_bytes());
        let mut common = Vec::new();
        common.extend(77u64.to_le_bytes());
        common.extend(1u16.to_le_bytes());
        common.extend(12u16.to_le_bytes());
        common.extend(5180u16.to_le_bytes());
        common.extend(0x0140u16.to_le_bytes());
        common.extend([0, 0, (-50i8).to_le_bytes()[0], (-90i8).to_le_bytes()[0]]);
        let mut fields = Vec::new();
        for (kind, body) in [(2u16, &common), (30002, &gps)] {
            fields.extend(kind.to_le_bytes());
            fields.extend((body.len() as u16).to_le_bytes());
            fields.extend(body);
        }
        let mut header = vec![0, 0];
        header.extend((8 + fields.len() as u16).to_le_bytes());
        header.extend(105u32.to_le_bytes());
        header.extend(fields);
        let (meta, inner) = read(&header, &mut Faults::default()).expect("a header");
        assert_eq!(inner, 105);
        assert_eq!(
            (meta.frequency_mhz, meta.signal_dbm, meta.noise_dbm),
            (Some(5180), Some(-50), Some(-90))
        );
        assert_eq!(meta.rate_100kbps(), Some(60));
        assert!(meta.has_fcs);
        let position = meta.position.expect("a place");
        assert!((position.lat_deg - 50.5).abs() < 1e-6 && (position.lon_deg - 8.25).abs() < 1e-6);
    }
}
