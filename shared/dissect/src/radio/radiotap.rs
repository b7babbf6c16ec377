//! Radiotap headers (radiotap.org; the Linux kernel's list for TLV fields).

use super::radiotap_phy as phy;
pub(crate) use super::radiotap_phy::vht_width_mhz;
use super::{AMpdu, AntennaSignal, Modulation, RadioMeta};
use crate::bytes::{array, slice, u16_le, u32_le};
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
#[derive(Clone, Copy, Default)]
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
    /// What has not been read of it.
    rest: &'a [u8],
}

impl<'a> State<'a> {
    /// From a position of the header.
    #[inline]
    fn new(header: &'a [u8], at: usize) -> Self {
        Self { header, rest: header.get(at..).unwrap_or(&[]) }
    }

    /// Where it stands; fields are aligned from the start of the header.
    #[inline]
    fn at(&self) -> usize {
        self.header.len().saturating_sub(self.rest.len())
    }

    #[inline]
    fn align(&mut self, alignment: u8) {
        let mask = usize::from(alignment).wrapping_sub(1);
        self.advance(self.at().wrapping_neg() & mask);
    }

    #[inline]
    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or(&[]);
    }

    /// The field of a bit, which has `N` bytes by the table of fields; `None`, with the position at
    /// its start, when it lies outside the header.
    #[inline(always)]
    fn field<const N: usize>(&mut self, bit: usize) -> Option<[u8; N]> {
        let &(alignment, size) = FIELDS.get(bit)?;
        debug_assert_eq!(usize::from(size), N, "field {bit}");
        if alignment > 1 {
            self.align(alignment);
        }
        let (field, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*field)
    }

    /// Says that a field runs past the header.
    #[cold]
    fn fault(&self, faults: &mut Faults) {
        faults.add(self.at(), Layer::Radio, "field runs past the radiotap header");
    }

    /// Steps over the field of a bit.
    fn skip(&mut self, bit: u32) -> Option<()> {
        let &(alignment, size) = FIELDS.get(usize::try_from(bit).ok()?)?;
        self.align(alignment);
        self.rest = self.rest.get(usize::from(size)..)?;
        Some(())
    }
}

/// Reads a radiotap header at the start of `data`.
///
/// `None` when there is no header to step over: too short, unknown version, or a length that is
/// impossible. A field that lies outside the header ends the reading with a fault; what was read
/// before it counts.
pub fn read(data: &[u8], faults: &mut Faults) -> Option<RadioMeta> {
    let mut meta = RadioMeta::default();
    read_into(data, &mut meta, faults).map(|()| meta)
}

/// Like [`read`], into metadata that say nothing yet, so that nothing has to be moved.
#[inline]
pub(crate) fn read_into(data: &[u8], meta: &mut RadioMeta, faults: &mut Faults) -> Option<()> {
    let [version, _, low, high] = array::<4>(data, 0)?;
    let length = u16::from_le_bytes([low, high]);
    let Some(header) = data.get(..usize::from(length)) else {
        faults.add(2, Layer::Radio, "radiotap header is longer than the captured bytes");
        return None;
    };
    if version != 0 || length < 8 {
        faults.add(0, Layer::Radio, "unknown radiotap version or impossible length");
        return None;
    }
    meta.header_len = u32::from(length);
    let mut gathered = Gathered::default();
    match u32_le(header, 4) {
        // Most radios write one presence word and its fields.
        Some(word) if word >> TLV == 0 => {
            let mut state = State::new(header, 8);
            if read_fields(word, &mut state, meta, &mut gathered).is_none() {
                state.fault(faults);
            }
            keep_antenna(meta, gathered.antenna);
        }
        _ => read_words(header, meta, &mut gathered, faults),
    }

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
        complete_modulation(meta, channel_flags, &gathered);
    }
    Some(())
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

fn count_present_words(header: &[u8], faults: &mut Faults) -> usize {
    for index in 0..MAX_PRESENT_WORDS {
        let at = index.saturating_mul(4).saturating_add(4);
        let Some(word) = u32_le(header, at) else {
            faults.add(at, Layer::Radio, "presence words run past the radiotap header");
            return index;
        };
        if word >> EXTENDED == 0 {
            return index.saturating_add(1);
        }
    }
    faults.add(4, Layer::Radio, "more presence words than any radio writes");
    MAX_PRESENT_WORDS
}

/// Reads several presence words with their fields, and what is not a plain field.
#[inline(never)]
fn read_words(header: &[u8], meta: &mut RadioMeta, gathered: &mut Gathered, faults: &mut Faults) {
    let words = count_present_words(header, faults);
    let state = &mut State::new(header, words.saturating_mul(4).saturating_add(4));
    let mut in_vendor_namespace = false;
    let mut continued = false;
    for index in 0..words {
        let at = index.saturating_mul(4).saturating_add(4);
        let Some(word) = u32_le(header, at) else { return };
        gathered.antenna = AntennaSignal::default();
        // In a vendor's namespace all fields were stepped over with its length. A word that follows
        // one without namespace bits numbers its bits from 32 on, where nothing is defined.
        if !in_vendor_namespace && !continued && read_fields(word, state, meta, gathered).is_none()
        {
            state.fault(faults);
            return;
        }
        if !in_vendor_namespace && continued && word & 0x0fff_ffff != 0 {
            faults.add(at, Layer::Radio, "presence bits beyond the defined ones");
            return;
        }
        keep_antenna(meta, gathered.antenna);
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
            let Some(skip) = u16_le(state.rest, 4) else {
                faults.add(state.at(), Layer::Radio, "vendor namespace runs past the header");
                return;
            };
            meta.vendor_bytes = meta.vendor_bytes.saturating_add(u32::from(skip));
            state.advance(usize::from(skip).saturating_add(6));
            in_vendor_namespace = true;
        }
    }
}

/// Adds what one presence word says of an antenna.
#[inline]
fn keep_antenna(meta: &mut RadioMeta, antenna: AntennaSignal) {
    if antenna != AntennaSignal::default() {
        meta.signal_dbm = meta.signal_dbm.or(antenna.signal_dbm);
        meta.noise_dbm = meta.noise_dbm.or(antenna.noise_dbm);
        meta.add_antenna(antenna);
    }
}

/// Reads the fields of one presence word; `None`, with the position at its start, when one lies
/// outside the header.
#[inline]
fn read_fields(
    word: u32,
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
) -> Option<()> {
    read_first_fields(word, state, meta, gathered)?;
    if word & LATER_FIELDS == 0 {
        return Some(());
    }
    // Of its own, so that what most headers have stays in registers.
    let mut later = *gathered;
    let all = read_later_fields(word & LATER_FIELDS, state, meta, &mut later);
    *gathered = later;
    all
}

/// Bits from 16 on.
const LATER_FIELDS: u32 = 0x0fff_0000;

/// Reads the fields of bits 0 to 15, which nearly every header has some of: bit by bit, so that each
/// is read by code for it alone.
#[inline]
fn read_first_fields(
    word: u32,
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
) -> Option<()> {
    let mut own = State { ..*state };
    let mut read = |bit: u32| {
        if word >> bit & 1 == 0 { Some(()) } else { read_field(bit, &mut own, meta, gathered) }
    };
    let mut all = || {
        read(0)?;
        read(1)?;
        read(2)?;
        read(3)?;
        read(4)?;
        read(5)?;
        read(6)?;
        if word & 0x0780 != 0 {
            read(7)?;
            read(8)?;
            read(9)?;
            read(10)?;
        }
        read(11)?;
        read(12)?;
        read(13)?;
        read(14)?;
        read(15)
    };
    let all = all();
    *state = own;
    all
}

#[inline(never)]
fn read_later_fields(
    mut left: u32,
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
) -> Option<()> {
    while left != 0 {
        read_field(left.trailing_zeros(), state, meta, gathered)?;
        left &= left.wrapping_sub(1);
    }
    Some(())
}

/// Reads the field of one bit and moves on; `None` when it lies outside the header.
#[inline(always)]
fn read_field(
    bit: u32,
    state: &mut State<'_>,
    meta: &mut RadioMeta,
    gathered: &mut Gathered,
) -> Option<()> {
    match bit {
        0 => {
            let tsft = u64::from_le_bytes(state.field(0)?);
            meta.tsft_us = meta.tsft_us.or(Some(tsft));
        }
        1 => {
            let [flags] = state.field(1)?;
            gathered.flags |= flags;
        }
        2 => {
            let [rate] = state.field(2)?;
            gathered.rate_500kbps = Some(rate);
        }
        3 => {
            let [low, high, flags_low, flags_high] = state.field(3)?;
            meta.frequency_mhz = Some(u16::from_le_bytes([low, high])).filter(|mhz| *mhz != 0);
            meta.channel_flags = Some(u32::from_le_bytes([flags_low, flags_high, 0, 0]));
        }
        5 => gathered.antenna.signal_dbm = Some(i8::from_le_bytes(state.field(5)?)),
        6 => gathered.antenna.noise_dbm = Some(i8::from_le_bytes(state.field(6)?)),
        10 => meta.tx_power_dbm = Some(i8::from_le_bytes(state.field(10)?)),
        11 => {
            let [antenna] = state.field(11)?;
            gathered.antenna.antenna = Some(antenna);
        }
        14 => meta.bad_plcp = u16::from_le_bytes(state.field(14)?) & 0x0002 != 0,
        15 => {
            state.skip(bit)?;
            meta.is_transmitted = true;
        }
        18 => {
            let field = state.field::<8>(18)?;
            meta.channel_flags = u32_le(&field, 0);
            meta.frequency_mhz = u16_le(&field, 4).filter(|mhz| *mhz != 0).or(meta.frequency_mhz);
        }
        // In 60 GHz the field has the MCS of DMG, which is not HT's.
        19 if meta.frequency_mhz.is_none_or(|mhz| mhz < 57_000) => {
            gathered.modulation = phy::ht(&state.field::<3>(19)?);
        }
        20 => {
            let [a, b, c, d, low, high, ..] = state.field::<8>(20)?;
            meta.ampdu = Some(AMpdu {
                reference: u32::from_le_bytes([a, b, c, d]),
                // Bit 2: last is known, bit 3: this is the last.
                is_last: u16::from_le_bytes([low, high]) & 0x000c == 0x000c,
            });
        }
        21 => gathered.modulation = phy::vht(&state.field::<12>(21)?),
        23 => gathered.modulation = phy::he(&state.field::<12>(23)?),
        24 => gathered.sig_b_symbols = phy::sig_b_symbols(&state.field::<12>(24)?),
        26 => {
            let [kind] = state.field(26)?;
            meta.zero_length_psdu = Some(kind);
        }
        _ => state.skip(bit)?,
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
    while let (Some(kind), Some(length)) = (u16_le(state.rest, 0), u16_le(state.rest, 2)) {
        let Some(value) = slice(state.rest, 4, usize::from(length)) else {
            faults.add(state.at(), Layer::Radio, "TLV field runs past the radiotap header");
            return;
        };
        match kind {
            30 => meta.vendor_bytes = meta.vendor_bytes.saturating_add(u32::from(length)),
            33 => gathered.u_sig = phy::u_sig(value),
            34 => gathered.modulation = phy::eht(value, gathered.u_sig),
            // A plain field as a TLV.
            kind => {
                gathered.antenna = AntennaSignal::default();
                // One that is too short for its field says nothing.
                let field = &mut State::new(value, 0);
                if read_field(u32::from(kind), field, meta, gathered).is_some() {
                    meta.signal_dbm = meta.signal_dbm.or(gathered.antenna.signal_dbm);
                    meta.noise_dbm = meta.noise_dbm.or(gathered.antenna.noise_dbm);
                }
            }
        }
        state.advance(usize::from(length).saturating_add(4));
        state.align(4);
    }
}

#[cfg(test)]
mod tests;
