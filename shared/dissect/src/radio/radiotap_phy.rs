//! Modulation fields of radiotap: MCS, VHT, HE, EHT.

use super::modulation::tones_of_width;
use super::{GuardInterval, Modulation};
use crate::bytes::{bits, u8_at, u16_le, u32_le};

/// The MCS field (bit 19): known, flags, mcs.
pub(super) fn ht(field: &[u8]) -> Option<Modulation> {
    let (known, flags, mcs) = (u8_at(field, 0)?, u8_at(field, 1)?, u8_at(field, 2)?);
    let width_mhz = match flags & 0x03 {
        1 => 40,
        _ => 20,
    };
    let guard = if flags & 0x04 != 0 { GuardInterval::Ns400 } else { GuardInterval::Ns800 };
    Some(Modulation::Ht {
        mcs: (known & 0x02 != 0).then_some(mcs),
        width_mhz: (known & 0x01 != 0).then_some(width_mhz),
        guard: (known & 0x04 != 0).then_some(guard),
        greenfield: known & 0x08 != 0 && flags & 0x08 != 0,
        stbc: if known & 0x20 != 0 { flags >> 5 & 0x03 } else { 0 },
        ldpc: known & 0x10 != 0 && flags & 0x10 != 0,
        // Two bits in two places: the higher one beside the known bits.
        extension_streams: if known & 0x40 != 0 { known >> 6 & 0x02 | flags >> 7 } else { 0 },
    })
}

/// Width of the PPDU by the bandwidth byte of the VHT field, which also says where in a wider channel it is.
pub(crate) const fn vht_width_mhz(bandwidth: u8) -> Option<u16> {
    match bandwidth {
        0 | 2 | 3 | 7..=10 | 18..=25 => Some(20),
        1 | 5 | 6 | 14..=17 => Some(40),
        4 | 12 | 13 => Some(80),
        11 => Some(160),
        _ => None,
    }
}

/// The VHT field (bit 21). Of several users the first with streams is taken.
pub(super) fn vht(field: &[u8]) -> Option<Modulation> {
    let known = u16_le(field, 0)?;
    let flags = u8_at(field, 2)?;
    let width_mhz = vht_width_mhz(u8_at(field, 3)?);
    let users = field.get(4..8)?;
    let (index, mcs_nss) =
        users.iter().copied().enumerate().find(|(_, mcs_nss)| mcs_nss & 0x0f != 0)?;
    let guard = if flags & 0x04 != 0 { GuardInterval::Ns400 } else { GuardInterval::Ns800 };
    Some(Modulation::Vht {
        mcs: Some(mcs_nss >> 4),
        streams: Some(mcs_nss & 0x0f),
        width_mhz: width_mhz.filter(|_| known & 0x0040 != 0),
        guard: (known & 0x0004 != 0).then_some(guard),
        stbc: known & 0x0001 != 0 && flags & 0x01 != 0,
        ldpc: u8_at(field, 8)?.checked_shr(u32::try_from(index).ok()?)? & 1 != 0,
    })
}

fn he_guard(code: u32) -> Option<GuardInterval> {
    match code {
        0 => Some(GuardInterval::Ns800),
        1 => Some(GuardInterval::Ns1600),
        2 => Some(GuardInterval::Ns3200),
        _ => None,
    }
}

/// The HE field (bit 23): six 16-bit words.
pub(super) fn he(field: &[u8]) -> Option<Modulation> {
    let word = |index: usize| u16_le(field, index.saturating_mul(2)).map(u32::from);
    let (data1, data2, data3) = (word(0)?, word(1)?, word(2)?);
    let (data5, data6) = (word(4)?, word(5)?);
    let tones = match bits(data5, 0, 4) {
        0 => Some(242),
        1 => Some(484),
        2 => Some(996),
        3 => Some(1992),
        4 => Some(26),
        5 => Some(52),
        6 => Some(106),
        7 => Some(242),
        8 => Some(484),
        9 => Some(996),
        10 => Some(1992),
        _ => None,
    };
    let ltf_size = match bits(data5, 6, 2) {
        1 => Some(1),
        2 => Some(2),
        3 => Some(4),
        _ => None,
    };
    let ltf_symbols = match bits(data5, 8, 3) {
        0 => 1u8,
        1 => 2,
        2 => 4,
        3 => 6,
        _ => 8,
    };
    let streams = u8::try_from(bits(data6, 0, 4)).ok().filter(|streams| *streams != 0);
    let stbc = data1 & 0x0200 != 0 && data3 & 0x8000 != 0;
    Some(Modulation::He {
        format: u8::try_from(bits(data1, 0, 2)).ok()?,
        mcs: u8::try_from(bits(data3, 8, 4)).ok().filter(|_| data1 & 0x0020 != 0),
        // The field counts space-time streams; STBC sends one spatial stream as two of them.
        streams: if stbc { streams.map(|streams| streams.div_ceil(2)) } else { streams },
        tones: tones.filter(|_| data1 & 0x4000 != 0),
        guard: he_guard(bits(data5, 4, 2)).filter(|_| data2 & 0x0002 != 0),
        dcm: data1 & 0x0040 != 0 && data3 & 0x1000 != 0,
        stbc,
        ldpc: (data1 & 0x0080 != 0).then_some(data3 & 0x2000 != 0),
        sig_b_symbols: None,
        ltf: ltf_size.filter(|_| data2 & 0x0004 != 0).map(|size| (ltf_symbols, size)),
    })
}

/// Symbols of HE-SIG-B as the HE-MU field (bit 24) says: their number, or the number of users of a
/// full-bandwidth MU-MIMO PPDU, from which it follows (802.11ax-2021, 27.3.11.8.4).
pub(super) fn sig_b_symbols(field: &[u8]) -> Option<u8> {
    let (flags1, flags2) = (u32::from(u16_le(field, 0)?), u32::from(u16_le(field, 2)?));
    if flags1 & 0x8000 == 0 {
        return None;
    }
    let stated = bits(flags2, 4, 4).saturating_add(1);
    let is_compressed = flags1 & 0x4000 != 0 && flags2 & 0x0008 != 0;
    if !is_compressed {
        return u8::try_from(stated).ok();
    }
    let (mcs_known, dcm_known) = (flags1 & 0x0010 != 0, flags1 & 0x0040 != 0);
    // Data bits per symbol of 20 MHz with 52 tones.
    let bits_per_symbol = match bits(flags1, 0, 4) {
        _ if !mcs_known => return None,
        0 => 26u32,
        1 => 52,
        2 => 78,
        3 => 104,
        4 => 156,
        5 => 208,
        _ => return None,
    };
    let halved = dcm_known && flags1 & 0x0020 != 0;
    let bits_per_symbol = if halved { bits_per_symbol / 2 } else { bits_per_symbol };
    // From 40 MHz on, two content channels share the users.
    let is_20_mhz = flags2 & 0x0004 != 0 && flags2 & 0x0003 == 0;
    let users = if is_20_mhz { stated } else { stated.div_ceil(2) };
    // 21 bits for each user, 10 of check and tail for each pair and for a last single one.
    let length = users.saturating_mul(21).saturating_add(users.div_ceil(2).saturating_mul(10));
    u8::try_from(length.div_ceil(bits_per_symbol)).ok()
}

/// What the U-SIG field (TLV 33) says of the whole PPDU.
#[derive(Clone, Copy)]
pub(super) struct USig {
    common: u32,
    value: u32,
    mask: u32,
}

/// The U-SIG field: common, value, and mask of what is known of the value.
pub(super) fn u_sig(value: &[u8]) -> Option<USig> {
    Some(USig { common: u32_le(value, 0)?, value: u32_le(value, 4)?, mask: u32_le(value, 8)? })
}

impl USig {
    /// Uplink with PPDU type and compression mode 0 (802.11be-2024, table 36-28).
    const fn is_trigger_based(self) -> bool {
        let is_uplink = self.common & 0x4 != 0 && self.common & 0x0004_0000 != 0;
        is_uplink && self.mask & 0xc0 == 0xc0 && self.value & 0xc0 == 0
    }

    fn sig_symbols(self) -> Option<u8> {
        let is_known = !self.is_trigger_based() && bits(self.mask, 17, 5) == 0x1f;
        let stated = is_known.then(|| bits(self.value, 17, 5).saturating_add(1))?;
        u8::try_from(stated).ok()
    }
}

/// The EHT field (TLV 34) with the U-SIG field before it.
pub(super) fn eht(value: &[u8], u_sig: Option<USig>) -> Option<Modulation> {
    let known = u32_le(value, 0)?;
    let data0 = u32_le(value, 4)?;
    let data1 = u32_le(value, 8)?;
    let users = value.get(40..).unwrap_or(&[]);
    let user = users
        .chunks_exact(4)
        .filter_map(|chunk| u32_le(chunk, 0))
        // Bit 7: the data in this frame is this user's.
        .reduce(|first, user| if first & 0x80 == 0 && user & 0x80 != 0 { user } else { first });
    let common = u_sig.map(|u_sig| u_sig.common);
    let width_mhz =
        common.filter(|common| common & 0x02 != 0).and_then(|common| match bits(common, 15, 3) {
            0 => Some(20),
            1 => Some(40),
            2 => Some(80),
            3 => Some(160),
            4 | 5 => Some(320),
            _ => None,
        });
    let resource_unit = (known & 0x0040_0000 != 0).then(|| match bits(data1, 0, 5) {
        0 => Some(26),
        1 => Some(52),
        2 => Some(106),
        3 => Some(242),
        4 => Some(484),
        5 => Some(996),
        6 => Some(1992),
        7 => Some(3984),
        8 => Some(78),
        9 => Some(132),
        10 => Some(726),
        11 => Some(1480),
        12 => Some(1722),
        13 => Some(2476),
        14 => Some(2988),
        15 => Some(3472),
        _ => None,
    });
    let tones = resource_unit.flatten().or_else(|| tones_of_width(width_mhz?));
    let mcs =
        user.filter(|user| user & 0x02 != 0).and_then(|user| u8::try_from(bits(user, 20, 4)).ok());
    let streams = user
        .filter(|user| user & 0x10 != 0)
        .and_then(|user| u8::try_from(bits(user, 24, 4)).ok())
        .map(|coded| coded.saturating_add(1));
    let ltf_size = match bits(data0, 9, 2) {
        0 => Some(1u8),
        1 => Some(2),
        2 => Some(4),
        _ => None,
    };
    let ltf_symbols = match bits(data0, 11, 3) {
        0 => 1u8,
        1 => 2,
        2 => 4,
        3 => 6,
        _ => 8,
    };
    Some(Modulation::Eht {
        trigger_based: u_sig.is_some_and(USig::is_trigger_based),
        sig_symbols: u_sig.and_then(USig::sig_symbols),
        ldpc: user.filter(|user| user & 0x04 != 0).map(|user| user & 0x0008_0000 != 0),
        mcs,
        streams,
        tones,
        guard: he_guard(bits(data0, 7, 2)).filter(|_| known & 0x04 != 0),
        ltf: ltf_size.filter(|_| known & 0x10 != 0).map(|size| (ltf_symbols, size)),
    })
}
