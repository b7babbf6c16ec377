//! Radiotap headers (radiotap.org; the Linux kernel's list for TLV fields).

use super::radiotap_phy as phy;
pub(crate) use super::radiotap_phy::vht_width_mhz;
use super::{AMpdu, AntennaSignal, Modulation, RadioMeta};
use crate::bytes::{array, u8_at, u16_le, u32_le, u64_le};
use crate::fault::{Faults, Layer};

/// Alignment and size of the fields of bits 0 to 27. Bits 29 to 31 steer, bit 28 starts TLV fields.
pub(crate) const FIELDS: [(u8, u8); 28] = [
    (8, 8),  // TSFT
    (1, 1),  // flags
    (1, 1),  // rate
    (2, 4),  // channel
    (2, 2),  // FHSS
    (1, 1),  // dBm antenna signal
    (1, 1),  // dBm antenna noise
    (2, 2),  // lock quality
    (2, 2),  // TX attenuation
    (2, 2),  // dB TX attenuation
    (1, 1),  // dBm TX power
    (1, 1),  // antenna
    (1, 1),  // dB antenna signal
    (1, 1),  // dB antenna noise
    (2, 2),  // RX flags
    (2, 2),  // TX flags
    (1, 1),  // RTS retries
    (1, 1),  // data retries
    (4, 8),  // XChannel
    (1, 3),  // MCS
    (4, 8),  // A-MPDU status
    (2, 12), // VHT
    (8, 12), // timestamp
    (2, 12), // HE
    (2, 12), // HE-MU
    (2, 6),  // HE-MU other user
    (1, 1),  // 0-length PSDU
    (2, 4),  // L-SIG
];

pub(crate) const TLV: u32 = 28;
pub(crate) const RADIOTAP_NAMESPACE: u32 = 29;
pub(crate) const VENDOR_NAMESPACE: u32 = 30;
pub(crate) const EXTENDED: u32 = 31;

/// More presence words than any driver writes; a header with more is not believed.
pub(crate) const MAX_PRESENT_WORDS: usize = 64;

/// Values gathered on the way that only together say how the frame was modulated.
#[derive(Default)]
struct Gathered {
    flags: u8,
    rate_500kbps: Option<u8>,
    modulation: Option<Modulation>,
    sig_b_symbols: Option<u8>,
    u_sig: Option<phy::USig>,
    antenna: AntennaSignal,
}

/// Where the reading of the field area stands.
struct State<'a> {
    header: &'a [u8],
    at: usize,
}

impl State<'_> {
    fn align(&mut self, alignment: u8) {
        let mask = usize::from(alignment).saturating_sub(1);
        self.at = self.at.saturating_add(mask) & !mask;
    }
}

/// Reads a radiotap header at the start of `data`.
///
/// `None` when there is no header to step over: too short, unknown version, or a length that is
/// impossible. A field that lies outside the header ends the reading with a fault; what was read
/// before it counts.
pub fn read(data: &[u8], faults: &mut Faults) -> Option<RadioMeta> {
    let version = u8_at(data, 0)?;
    let length = u16_le(data, 2)?;
    let Some(header) = data.get(..usize::from(length)) else {
        faults.add(2, Layer::Radio, "radiotap header is longer than the captured bytes");
        return None;
    };
    if version != 0 || length < 8 {
        faults.add(0, Layer::Radio, "unknown radiotap version or impossible length");
        return None;
    }
    let mut meta = RadioMeta { header_len: u32::from(length), ..RadioMeta::default() };
    let mut gathered = Gathered::default();
    let words = count_present_words(header, faults)?;
    let mut state = State { header, at: words.saturating_mul(4).saturating_add(4) };
    read_words(words, &mut state, &mut meta, &mut gathered, faults);

    let short_preamble = gathered.flags & 0x02 != 0;
    // Channel flags 0x0040 OFDM, 0x0100 5 GHz: 11 and 22 (5.5 and 11 Mbit/s) are DSSS only elsewhere.
    let ofdm_5ghz = meta.channel_flags.is_some_and(|flags| flags & 0x0140 == 0x0140);
    meta.has_fcs = gathered.flags & 0x10 != 0;
    meta.data_pad = gathered.flags & 0x20 != 0;
    meta.bad_fcs = gathered.flags & 0x40 != 0;
    meta.modulation = gathered.modulation.or_else(|| {
        let rate = gathered.rate_500kbps?;
        Modulation::from_legacy_rate(u16::from(rate), short_preamble, ofdm_5ghz)
    });
    let channel_flags = meta.channel_flags.unwrap_or(0);
    if channel_flags & NARROW_CHANNEL != 0 || gathered.sig_b_symbols.is_some() {
        complete_modulation(&mut meta, channel_flags, &gathered);
    }
    Some(meta)
}

/// Channel flags of half and quarter rate channels.
const NARROW_CHANNEL: u32 = 0xc000;

/// Adds to the modulation what other fields say of it.
#[cold]
fn complete_modulation(meta: &mut RadioMeta, channel_flags: u32, gathered: &Gathered) {
    meta.modulation = meta.modulation.map(|modulation| modulation.in_channel(channel_flags));
    if let Some(Modulation::He { sig_b_symbols, .. }) = &mut meta.modulation {
        *sig_b_symbols = gathered.sig_b_symbols;
    }
}

fn count_present_words(header: &[u8], faults: &mut Faults) -> Option<usize> {
    for index in 0..MAX_PRESENT_WORDS {
        let at = index.saturating_mul(4).saturating_add(4);
        let Some(word) = u32_le(header, at) else {
            faults.add(at, Layer::Radio, "presence words run past the radiotap header");
            return Some(index);
        };
        if word >> EXTENDED == 0 {
            return Some(index.saturating_add(1));
        }
    }
    faults.add(4, Layer::Radio, "more presence words than any radio writes");
    Some(MAX_PRESENT_WORDS)
}

fn read_words(
    words: usize,
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
    faults: &mut Faults,
) {
    let mut in_vendor_namespace = false;
    let mut continued = false;
    for index in 0..words {
        let at = index.saturating_mul(4).saturating_add(4);
        let Some(word) = u32_le(state.header, at) else { return };
        gathered.antenna = AntennaSignal::default();
        // In a vendor's namespace all fields were stepped over with its length. A word that follows
        // one without namespace bits numbers its bits from 32 on, where nothing is defined.
        if !in_vendor_namespace && !continued && !read_fields(word, state, meta, gathered, faults) {
            return;
        }
        if !in_vendor_namespace && continued && word & 0x0fff_ffff != 0 {
            faults.add(at, Layer::Radio, "presence bits beyond the defined ones");
            return;
        }
        if gathered.antenna != AntennaSignal::default() {
            meta.signal_dbm = meta.signal_dbm.or(gathered.antenna.signal_dbm);
            meta.noise_dbm = meta.noise_dbm.or(gathered.antenna.noise_dbm);
            meta.add_antenna(gathered.antenna);
        }
        if !in_vendor_namespace && !continued && word >> TLV & 1 != 0 {
            read_tlvs(state, meta, gathered, faults);
            return;
        }
        continued = true;
        if word >> RADIOTAP_NAMESPACE & 1 != 0 {
            in_vendor_namespace = false;
            continued = false;
        }
        if word >> VENDOR_NAMESPACE & 1 != 0 {
            state.align(2);
            let Some(skip) = u16_le(state.header, state.at.saturating_add(4)) else {
                faults.add(
                    state.at.min(state.header.len()),
                    Layer::Radio,
                    "vendor namespace runs past the header",
                );
                return;
            };
            meta.vendor_bytes = meta.vendor_bytes.saturating_add(u32::from(skip));
            state.at = state.at.saturating_add(6).saturating_add(usize::from(skip));
            in_vendor_namespace = true;
        }
    }
}

/// Reads the fields of one presence word; false when one lies outside the header.
fn read_fields(
    word: u32,
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
    faults: &mut Faults,
) -> bool {
    let mut left = word & 0x0fff_ffff;
    while left != 0 {
        let bit = left.trailing_zeros();
        left &= left.wrapping_sub(1);
        let Some(&(alignment, size)) = usize::try_from(bit).ok().and_then(|at| FIELDS.get(at))
        else {
            return false;
        };
        state.align(alignment);
        let end = state.at.saturating_add(usize::from(size));
        let Some(field) = state.header.get(state.at..end) else {
            faults.add(
                state.at.min(state.header.len()),
                Layer::Radio,
                "field runs past the radiotap header",
            );
            return false;
        };
        state.at = end;
        // A field cannot be missing: its slice has exactly the size of the table.
        let _complete: Option<()> = read_field(bit, field, meta, gathered);
    }
    true
}

#[inline]
fn read_field(bit: u32, field: &[u8], meta: &mut RadioMeta, gathered: &mut Gathered) -> Option<()> {
    match bit {
        0 => meta.tsft_us = meta.tsft_us.or(u64_le(field, 0)),
        1 => gathered.flags |= u8_at(field, 0)?,
        2 => gathered.rate_500kbps = u8_at(field, 0),
        3 => {
            let frequency = u16_le(field, 0)?;
            meta.frequency_mhz = Some(frequency).filter(|mhz| *mhz != 0);
            meta.channel_flags = u16_le(field, 2).map(u32::from);
        }
        5 => gathered.antenna.signal_dbm = array::<1>(field, 0).map(i8::from_le_bytes),
        6 => gathered.antenna.noise_dbm = array::<1>(field, 0).map(i8::from_le_bytes),
        10 => meta.tx_power_dbm = array::<1>(field, 0).map(i8::from_le_bytes),
        11 => gathered.antenna.antenna = u8_at(field, 0),
        14 => meta.bad_plcp = u16_le(field, 0)? & 0x0002 != 0,
        15 => meta.is_transmitted = true,
        18 => {
            meta.channel_flags = u32_le(field, 0);
            meta.frequency_mhz = u16_le(field, 4).filter(|mhz| *mhz != 0).or(meta.frequency_mhz);
        }
        // In 60 GHz the field has the MCS of DMG, which is not HT's.
        19 if meta.frequency_mhz.is_none_or(|mhz| mhz < 57_000) => {
            gathered.modulation = phy::ht(field);
        }
        20 => {
            let flags = u16_le(field, 4)?;
            meta.ampdu = Some(AMpdu {
                reference: u32_le(field, 0)?,
                // Bit 2: last is known, bit 3: this is the last.
                is_last: flags & 0x000c == 0x000c,
            });
        }
        21 => gathered.modulation = phy::vht(field),
        23 => gathered.modulation = phy::he(field),
        24 => gathered.sig_b_symbols = phy::sig_b_symbols(field),
        26 => meta.zero_length_psdu = u8_at(field, 0),
        _ => {}
    }
    Some(())
}

/// Reads type-length-value fields, which fill the rest of the header, each padded to 4 bytes.
fn read_tlvs(
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
    faults: &mut Faults,
) {
    state.align(4);
    while let (Some(kind), Some(length)) =
        (u16_le(state.header, state.at), u16_le(state.header, state.at.saturating_add(2)))
    {
        let start = state.at.saturating_add(4);
        let end = start.saturating_add(usize::from(length));
        let Some(value) = state.header.get(start..end) else {
            faults.add(
                state.at.min(state.header.len()),
                Layer::Radio,
                "TLV field runs past the radiotap header",
            );
            return;
        };
        match kind {
            30 => meta.vendor_bytes = meta.vendor_bytes.saturating_add(u32::from(length)),
            33 => gathered.u_sig = phy::u_sig(value),
            34 => gathered.modulation = phy::eht(value, gathered.u_sig),
            // A plain field as a TLV.
            kind => {
                let fits = FIELDS
                    .get(usize::from(kind))
                    .is_some_and(|(_, size)| value.len() >= usize::from(*size));
                if fits {
                    gathered.antenna = AntennaSignal::default();
                    let _complete: Option<()> = read_field(u32::from(kind), value, meta, gathered);
                    meta.signal_dbm = meta.signal_dbm.or(gathered.antenna.signal_dbm);
                    meta.noise_dbm = meta.noise_dbm.or(gathered.antenna.noise_dbm);
                }
            }
        }
        state.at = end;
        state.align(4);
    }
}

#[cfg(test)]
mod tests;
