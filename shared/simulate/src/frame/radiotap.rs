//! Radiotap headers (radiotap.org, fields in order of their bit, each aligned to its size).

use super::rate::Rate;

/// How a radio received a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reception {
    /// The radio's own microsecond counter at the first bit of the MPDU.
    pub(crate) tsft_us: u64,
    /// Channel the radio was tuned to, MHz.
    pub(crate) frequency_mhz: u16,
    /// Rate of the PPDU.
    pub(crate) rate: Rate,
    /// Signal in dBm.
    pub(crate) signal_dbm: i8,
    /// Noise in dBm.
    pub(crate) noise_dbm: i8,
    /// Antenna number.
    pub(crate) antenna: u8,
    /// Number of the A-MPDU and whether this is its last MPDU.
    pub(crate) aggregate: Option<(u32, bool)>,
    /// BSS colour, for HE.
    pub(crate) color: u8,
    /// True from station to access point, for HE.
    pub(crate) uplink: bool,
}

const TSFT: u32 = 1;
const FLAGS: u32 = 1 << 1;
const RATE: u32 = 1 << 2;
const CHANNEL: u32 = 1 << 3;
const SIGNAL: u32 = 1 << 5;
const NOISE: u32 = 1 << 6;
const ANTENNA: u32 = 1 << 11;
const MCS: u32 = 1 << 19;
const AMPDU: u32 = 1 << 20;
const VHT: u32 = 1 << 21;
const HE: u32 = 1 << 23;

/// Frame check sequence at the end of the frame.
const FLAG_FCS: u8 = 0x10;

/// Appends the header of one reception.
pub(crate) fn push_radiotap(out: &mut Vec<u8>, reception: &Reception) {
    let start = out.len();
    let mut present = TSFT | FLAGS | CHANNEL | SIGNAL | NOISE | ANTENNA;
    present |= match reception.rate {
        Rate::Dsss(_) | Rate::Ofdm(_) => RATE,
        Rate::Ht { .. } => MCS,
        Rate::Vht { .. } => VHT,
        Rate::He { .. } => HE,
    };
    if reception.aggregate.is_some() {
        present |= AMPDU;
    }
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(&present.to_le_bytes());
    out.extend_from_slice(&reception.tsft_us.to_le_bytes());
    out.push(FLAG_FCS);
    if let Rate::Dsss(rate) | Rate::Ofdm(rate) = reception.rate {
        out.push(rate);
    }
    align(out, start, 2);
    out.extend_from_slice(&reception.frequency_mhz.to_le_bytes());
    out.extend_from_slice(&channel_flags(reception).to_le_bytes());
    out.extend_from_slice(&reception.signal_dbm.to_le_bytes());
    out.extend_from_slice(&reception.noise_dbm.to_le_bytes());
    out.push(reception.antenna);
    if let Rate::Ht { mcs, width_mhz, short_gi } = reception.rate {
        // Known: bandwidth, MCS, guard interval, format (mixed), coding (BCC), STBC and extension
        // streams (none).
        out.extend_from_slice(&[0x7f, u8::from(width_mhz >= 40) | u8::from(short_gi) << 2, mcs]);
    }
    if let Some((number, last)) = reception.aggregate {
        align(out, start, 4);
        out.extend_from_slice(&number.to_le_bytes());
        // Last-MPDU state known; whether this is the last.
        let flags: u16 = 0x0004 | if last { 0x0008 } else { 0 };
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&[0, 0]);
    }
    match reception.rate {
        Rate::Vht { mcs, streams, width_mhz, short_gi } => {
            align(out, start, 2);
            // Known: STBC (none), guard interval, bandwidth.
            out.extend_from_slice(&0x0045u16.to_le_bytes());
            let bandwidth = match width_mhz {
                0..=20 => 0,
                21..=40 => 1,
                41..=80 => 4,
                _ => 11,
            };
            out.extend_from_slice(&[u8::from(short_gi) << 2, bandwidth]);
            out.extend_from_slice(&[mcs << 4 | streams & 0x0f, 0, 0, 0]);
            out.extend_from_slice(&[1, 0, 0, 0]); // LDPC; group and partial AID not stated
        }
        Rate::He { mcs, streams, width_mhz } => {
            align(out, start, 2);
            push_he(out, reception, mcs, streams, width_mhz);
        }
        _ => {}
    }
    let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX).to_le_bytes();
    if let Some(place) = out.get_mut(start + 2..start + 4) {
        place.copy_from_slice(&length);
    }
}

/// The six words of the HE field.
fn push_he(out: &mut Vec<u8>, reception: &Reception, mcs: u8, streams: u8, width_mhz: u16) {
    let bandwidth = match width_mhz {
        0..=20 => 0,
        21..=40 => 1,
        41..=80 => 2,
        _ => 3,
    };
    let words: [u16; 6] = [
        // Single user; known: colour, direction, MCS, coding, bandwidth.
        0x0004 | 0x0010 | 0x0020 | 0x0080 | 0x4000,
        0x0002, // guard interval known
        u16::from(reception.color & 0x3f)
            | u16::from(reception.uplink) << 7
            | u16::from(mcs & 0x0f) << 8
            | 1 << 13,
        0,
        bandwidth,
        u16::from(streams & 0x0f),
    ];
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
}

/// Appends zeros until the distance from `start` is a multiple of `size`.
fn align(out: &mut Vec<u8>, start: usize, size: usize) {
    while !(out.len() - start).is_multiple_of(size) {
        out.push(0);
    }
}

/// Modulation and band (radiotap "Channel"); 6 GHz is marked like 5 GHz, as Linux does.
fn channel_flags(reception: &Reception) -> u16 {
    let modulation = if matches!(reception.rate, Rate::Dsss(_)) { 0x0020 } else { 0x0040 };
    let band = if reception.frequency_mhz < 3000 { 0x0080 } else { 0x0100 };
    modulation | band
}
