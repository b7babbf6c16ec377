//! Time on the air of one frame, from its modulation and length
//! (IEEE Std 802.11-2020, TXTIME in 15.4, 16.3.4, 17.4.3, 19.4.3, 21.4.3; 802.11ax-2021, 27.4.3;
//! 802.11be-2024, 36.4.3).
//!
//! What the radio header does not tell is left out: the packet extension and midambles of HE and
//! EHT, and their extra LDPC symbol. The silence that ends a frame in 2.4 GHz is not on the air;
//! [`signal_extension_us`] has it for those who add up how long the medium is taken.

use crate::radio::modulation::Symbol;
use crate::radio::{AMpdu, Modulation};

const SERVICE_BITS: u64 = 16;
const TAIL_BITS: u64 = 6;

/// Time on the air in microseconds of a frame of `length` bytes (FCS included) sent alone, preamble
/// included, rounded up. `None` when a parameter that decides it is unknown.
#[must_use]
pub fn airtime_us(modulation: Modulation, length: u32) -> Option<u32> {
    let ns = preamble_ns(modulation)?.checked_add(data_ns(modulation, u64::from(length))?)?;
    u32::try_from(ns.div_ceil(1000)).ok()
}

/// Length in microseconds of what comes before the data: training and signal fields.
#[must_use]
pub fn preamble_us(modulation: Modulation) -> Option<u32> {
    u32::try_from(preamble_ns(modulation)?.div_ceil(1000)).ok()
}

/// Silence in microseconds that a frame of the OFDM PHYs ends with in 2.4 GHz, so that older
/// receivers have time to decode (802.11-2020, 18.3.2.3 and aSignalExtension in table 19-25).
#[must_use]
pub const fn signal_extension_us(modulation: Modulation, frequency_mhz: u16) -> u32 {
    match modulation {
        Modulation::Dsss { .. } => 0,
        _ if frequency_mhz < 3000 => 6,
        _ => 0,
    }
}

/// Adds up the frames of one aggregate (A-MPDU), so that its preamble and each of its symbols count once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Aggregate {
    reference: Option<u32>,
    bytes: u64,
}

impl Aggregate {
    /// Time on the air in microseconds that a frame of `length` bytes adds: of the first one of an
    /// aggregate and of one sent alone its preamble and data, of a later one the symbols that those
    /// before it did not fill.
    pub fn add(
        &mut self,
        ampdu: Option<AMpdu>,
        modulation: Modulation,
        length: u32,
    ) -> Option<u32> {
        let Some(ampdu) = ampdu else { return airtime_us(modulation, length) };
        let is_first = self.reference.replace(ampdu.reference) != Some(ampdu.reference);
        let before = if is_first { 0 } else { self.bytes };
        // A delimiter of 4 bytes before each frame, and padding to a multiple of 4 between them.
        let after =
            (before.saturating_add(3) & !3).saturating_add(u64::from(length)).saturating_add(4);
        self.bytes = after;
        let ns = if is_first {
            preamble_ns(modulation)?.checked_add(data_ns(modulation, after)?)?
        } else {
            data_ns(modulation, after)?.saturating_sub(data_ns(modulation, before)?)
        };
        u32::try_from(ns.div_ceil(1000)).ok()
    }
}

/// Training symbols for that many space-time streams (802.11-2020, tables 19-13 and 21-13).
const fn training_symbols(streams: u8) -> u64 {
    match streams {
        0 | 1 => 1,
        2 => 2,
        3 | 4 => 4,
        5 | 6 => 6,
        _ => 8,
    }
}

/// Training symbols for extension spatial streams (802.11-2020, table 19-14).
const fn extension_training_symbols(streams: u8) -> u64 {
    match streams {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    }
}

fn preamble_ns(modulation: Modulation) -> Option<u64> {
    let us = match modulation {
        // 1 Mbit/s is only sent with the long preamble (802.11-2020, 16.2.2.3).
        Modulation::Dsss { short_preamble: true, rate_100kbps: 11.. } => 96,
        Modulation::Dsss { .. } => 192,
        // Training 16 and SIGNAL 4, twice and four times as long in 10 and 5 MHz (table 17-5).
        Modulation::Ofdm { width_mhz, .. } => 400u64.checked_div(u64::from(width_mhz))?,
        Modulation::Ht { mcs, greenfield, stbc, extension_streams, .. } => {
            // MCS 32 is one stream.
            let streams = if mcs == Some(32) { 1 } else { modulation.streams()? };
            let training = training_symbols(streams.saturating_add(stbc))
                .saturating_add(extension_training_symbols(extension_streams))
                .saturating_mul(4);
            // Mixed: legacy 20, HT-SIG 8, HT-STF 4. Greenfield: GF-STF 8, first LTF 8, HT-SIG 8.
            if greenfield { training.saturating_add(20) } else { training.saturating_add(32) }
        }
        Modulation::Vht { streams, stbc, .. } => {
            let streams = if stbc { streams?.saturating_mul(2) } else { streams? };
            // Legacy 20, VHT-SIG-A 8, VHT-STF 4, VHT-SIG-B 4.
            training_symbols(streams).saturating_mul(4).saturating_add(36)
        }
        Modulation::He { format, ltf, guard, streams, stbc, sig_b_symbols, .. } => {
            let streams = if stbc { streams.map(|s| s.saturating_mul(2)) } else { streams };
            // Legacy 20, RL-SIG 4, HE-SIG-A 8 (16 for extended range), HE-STF 4 (8 trigger-based).
            let fixed = match format {
                1 => 44u64,
                2 => u64::from(sig_b_symbols?).saturating_mul(4).saturating_add(36),
                3 => 40,
                _ => 36,
            };
            return he_preamble(fixed, ltf, streams, guard?.ns());
        }
        Modulation::Eht { ltf, guard, streams, trigger_based, sig_symbols, .. } => {
            // Legacy 20, RL-SIG 4, U-SIG 8, then EHT-STF 8 or EHT-SIG and EHT-STF 4.
            let fixed = if trigger_based {
                40
            } else {
                u64::from(sig_symbols?).saturating_mul(4).saturating_add(36)
            };
            return he_preamble(fixed, ltf, streams, guard?.ns());
        }
    };
    Some(us.saturating_mul(1000))
}

/// With training symbols as stated, or as the streams demand, of double size.
fn he_preamble(
    fixed_us: u64,
    ltf: Option<(u8, u8)>,
    streams: Option<u8>,
    guard_ns: u32,
) -> Option<u64> {
    let (symbols, size) = match ltf {
        Some((symbols, size)) => (u64::from(symbols), size),
        None => (training_symbols(streams?), 2),
    };
    let training_ns = u64::from(size).saturating_mul(3200).saturating_add(u64::from(guard_ns));
    fixed_us.saturating_mul(1000).checked_add(training_ns.checked_mul(symbols)?)
}

fn data_ns(modulation: Modulation, length: u64) -> Option<u64> {
    let bits = length.saturating_mul(8);
    match modulation {
        Modulation::Dsss { rate_100kbps, .. } => {
            // Units of 100 kbit/s: one bit lasts 10 000 / rate nanoseconds. The standard rounds up to µs.
            let us =
                bits.saturating_mul(10).checked_add(u64::from(rate_100kbps).checked_sub(1)?)?;
            Some(us.checked_div(u64::from(rate_100kbps))?.saturating_mul(1000))
        }
        Modulation::Ofdm { rate_100kbps, width_mhz } => {
            // 4, 8 or 16 µs with rate × time / 10 bits.
            let symbol_us = 80u64.checked_div(u64::from(width_mhz))?;
            let per_symbol = u64::from(rate_100kbps).saturating_mul(symbol_us);
            let tenth_bits =
                bits.saturating_add(SERVICE_BITS).saturating_add(TAIL_BITS).saturating_mul(10);
            let count = ceiling(tenth_bits, per_symbol)?;
            Some(count.saturating_mul(symbol_us).saturating_mul(1000))
        }
        Modulation::Ht { stbc, ldpc, greenfield, .. } => {
            let symbol = modulation.symbol()?;
            let group = if stbc > 0 { 2 } else { 1 };
            let bits = bits.saturating_add(SERVICE_BITS);
            let count = if ldpc {
                ldpc_symbols(bits.saturating_mul(6), symbol, group, false)?
            } else {
                // Two encoders above 300 Mbit/s: 1200 bits in 4 µs (802.11-2020, tables 19-27 to 19-38).
                let encoders = if symbol.sixth_bits > 7200 { 2 } else { 1 };
                bcc_symbols(bits, encoders, symbol, group)?
            };
            Some(short_guard_rounding(count, symbol, !greenfield))
        }
        Modulation::Vht { stbc, ldpc, .. } => {
            let symbol = modulation.symbol()?;
            let group = if stbc { 2 } else { 1 };
            let bits = bits.saturating_add(SERVICE_BITS);
            let count = if ldpc {
                ldpc_symbols(bits.saturating_mul(6), symbol, group, true)?
            } else {
                // One encoder for each 600 Mbit/s: 2160 bits in 3.6 µs (802.11-2020, 21.5).
                let encoders = u64::from(symbol.sixth_bits).div_ceil(12_960);
                bcc_symbols(bits, encoders, symbol, group)?
            };
            Some(short_guard_rounding(count, symbol, true))
        }
        Modulation::He { stbc, ldpc, tones, .. } => {
            he_data_ns(bits, modulation.symbol()?, ldpc, tones?, if stbc { 2 } else { 1 })
        }
        Modulation::Eht { ldpc, tones, .. } => {
            he_data_ns(bits, modulation.symbol()?, ldpc, tones?, 1)
        }
    }
}

/// HE and EHT: LDPC has no tail, and is the only coding above 242 tones.
fn he_data_ns(
    bits: u64,
    symbol: Symbol,
    ldpc: Option<bool>,
    tones: u16,
    group: u64,
) -> Option<u64> {
    let encoders = u64::from(!ldpc.unwrap_or(tones > 242));
    let count = bcc_symbols(bits.saturating_add(SERVICE_BITS), encoders, symbol, group)?;
    Some(count.saturating_mul(u64::from(symbol.ns)))
}

fn ceiling(needed: u64, per_symbol: u64) -> Option<u64> {
    needed.checked_add(per_symbol.checked_sub(1)?)?.checked_div(per_symbol)
}

/// Symbols of data coded with as many convolutional encoders; with space-time block coding they
/// come in pairs (802.11-2020, equation 19-32).
fn bcc_symbols(bits: u64, encoders: u64, symbol: Symbol, group: u64) -> Option<u64> {
    let needed = encoders.saturating_mul(TAIL_BITS).saturating_add(bits).saturating_mul(6);
    let groups = ceiling(needed, u64::from(symbol.sixth_bits).saturating_mul(group))?;
    Some(groups.saturating_mul(group))
}

/// HT-mixed and VHT with the short guard interval end on a 4 µs boundary; greenfield does not.
fn short_guard_rounding(count: u64, symbol: Symbol, rounds: bool) -> u64 {
    let ns = count.saturating_mul(u64::from(symbol.ns));
    if rounds { ns.div_ceil(4000).saturating_mul(4000) } else { ns }
}

/// Symbols of LDPC-coded data, with the extra one where too many bits would be punctured
/// (802.11-2020, 19.3.11.7.5; 21.3.10.5.4, where the payload fills all symbols).
fn ldpc_symbols(needed_sixths: u64, symbol: Symbol, group: u64, fills: bool) -> Option<u64> {
    let per_symbol = u64::from(symbol.sixth_bits);
    let rate = u64::from(symbol.rate_twelfths);
    let redundancy = 12u64.checked_sub(rate)?;
    let count = ceiling(needed_sixths, per_symbol.saturating_mul(group))?.saturating_mul(group);
    let filled = count.saturating_mul(per_symbol);
    let payload = if fills { filled } else { needed_sixths } / 6;
    // Coded bits are data bits × 12 / rate.
    let available = filled.saturating_mul(2).checked_div(rate)?;
    let (words, length) = match available {
        0..=648 => (
            1,
            if available >= payload.saturating_add(redundancy.saturating_mul(76)) {
                1296
            } else {
                648
            },
        ),
        649..=1296 => (
            1,
            if available >= payload.saturating_add(redundancy.saturating_mul(122)) {
                1944
            } else {
                1296
            },
        ),
        1297..=1944 => (1, 1944),
        1945..=2592 => (
            2,
            if available >= payload.saturating_add(redundancy.saturating_mul(243)) {
                1944
            } else {
                1296
            },
        ),
        _ => (ceiling(payload, rate.saturating_mul(162))?, 1944u64),
    };
    let coded = words.saturating_mul(length);
    let information = coded.saturating_mul(rate) / 12;
    let shortened = information.saturating_sub(payload);
    let punctured = coded.saturating_sub(available).saturating_sub(shortened);
    let parity = coded.saturating_mul(redundancy);
    let many = punctured.saturating_mul(120) > parity
        && shortened.saturating_mul(redundancy).saturating_mul(10)
            < punctured.saturating_mul(rate).saturating_mul(12);
    let too_many = punctured.saturating_mul(40) > parity;
    Some(if many || too_many { count.saturating_add(group) } else { count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::GuardInterval;

    const HT: Modulation = Modulation::Ht {
        mcs: Some(7),
        width_mhz: Some(20),
        guard: Some(GuardInterval::Ns800),
        greenfield: false,
        stbc: 0,
        ldpc: false,
        extension_streams: 0,
    };

    /// [`HT`] with other parameters.
    fn ht(index: u8, is_greenfield: bool, streams_more: u8, has_ldpc: bool) -> Modulation {
        let mut modulation = HT;
        if let Modulation::Ht { mcs, greenfield, stbc, ldpc, .. } = &mut modulation {
            (*mcs, *greenfield, *stbc, *ldpc) =
                (Some(index), is_greenfield, streams_more, has_ldpc);
        }
        modulation
    }

    #[test]
    fn figures_computed_by_hand() {
        let dsss = Modulation::Dsss { rate_100kbps: 10, short_preamble: false };
        // A beacon of 200 bytes at 1 Mbit/s: 192 + 1600. The preamble is never short at this rate.
        assert_eq!(airtime_us(dsss, 200), Some(1792));
        let short = |rate_100kbps| Modulation::Dsss { rate_100kbps, short_preamble: true };
        assert_eq!(airtime_us(short(10), 200), Some(1792));
        // 96 + 1120 / 11 = 101.8.
        assert_eq!(airtime_us(short(110), 140), Some(198));
        let ofdm = |width_mhz, rate_100kbps| Modulation::Ofdm { rate_100kbps, width_mhz };
        // (16 + 1600 + 6) / 24 = 67.6: 68 symbols, 272 + 20; 2 and 4 times as long in 10 and 5 MHz.
        assert_eq!(airtime_us(ofdm(20, 60), 200), Some(292));
        assert_eq!(airtime_us(ofdm(10, 30), 200), Some(584));
        assert_eq!(airtime_us(ofdm(5, 15), 200), Some(1168));
        assert_eq!(airtime_us(ofdm(20, 0), 10), None);
        assert_eq!(signal_extension_us(ofdm(20, 60), 2437), 6);
        assert_eq!(signal_extension_us(ofdm(20, 60), 5180), 0);
        assert_eq!(signal_extension_us(dsss, 2437), 0);
    }

    #[test]
    fn high_throughput() {
        // (22 + 12 000) / 260 = 46.2: 47 symbols of 4 µs, 36 of preamble.
        assert_eq!(airtime_us(HT, 1500), Some(224));
        // Greenfield: 24 of preamble.
        assert_eq!(airtime_us(ht(7, true, 0, false), 1500), Some(212));
        // STBC: 24 pairs and one more training symbol.
        assert_eq!(airtime_us(ht(7, false, 1, false), 1500), Some(40 + 48 * 4));
        let mut extended = HT;
        if let Modulation::Ht { extension_streams, .. } = &mut extended {
            *extension_streams = 3;
        }
        assert_eq!(airtime_us(extended, 1500), Some(224 + 16), "four more training symbols");
        // Above 300 Mbit/s a second tail of 6 bits.
        let fast = |length| {
            let mut fast = ht(21, false, 0, false);
            if let Modulation::Ht { width_mhz, .. } = &mut fast {
                *width_mhz = Some(40);
            }
            airtime_us(fast, length)
        };
        // MCS 21 in 40 MHz: 1296 bits. (8 × 1617 + 28) / 1296 = 10.003.
        assert_eq!(fast(1616), Some(48 + 10 * 4));
        assert_eq!(fast(1617), Some(48 + 11 * 4), "with one tail it would fit 10");
    }

    #[test]
    fn ldpc_has_no_tail_and_sometimes_a_symbol_more() {
        // 8 × 1493 + 16 = 11 960 = 46 × 260 bits fill 46 symbols without tail.
        assert_eq!(airtime_us(ht(7, false, 0, true), 1493), Some(36 + 46 * 4));
        assert_eq!(airtime_us(HT, 1493), Some(36 + 47 * 4));
        // 6488 bits in 25 symbols: 7800 coded bits for 5 words of 1944, of which 1612 are shortened
        // and 308 punctured: more than 162, a tenth of the parity, and 1612 < 1.2 × 308 × 5.
        assert_eq!(airtime_us(ht(7, false, 0, true), 809), Some(36 + 26 * 4));
        assert_eq!(airtime_us(HT, 809), Some(36 + 25 * 4));
        // BPSK 1/2, 816 bits in 32 symbols: 1664 coded bits in a word of 1944, 156 shortened, 124
        // punctured: more than 97, but 156 is not below 1.2 × 124.
        assert_eq!(airtime_us(ht(0, false, 0, true), 100), Some(36 + 32 * 4));
    }

    #[test]
    fn vht_he_and_eht() {
        let guard = Some(GuardInterval::Ns400);
        let vht = |stbc| Modulation::Vht {
            mcs: Some(9),
            streams: Some(1),
            width_mhz: Some(80),
            guard,
            stbc,
            ldpc: false,
        };
        // 1560 bits: (12 000 + 22) / 1560 = 7.7: 8 × 3.6 = 28.8, to 32; 40 of preamble.
        assert_eq!(airtime_us(vht(false), 1500), Some(72));
        assert_eq!(airtime_us(vht(true), 1500), Some(76));
        let he = |format, sig_b_symbols| Modulation::He {
            format,
            mcs: Some(0),
            streams: Some(1),
            tones: Some(242),
            guard: Some(GuardInterval::Ns800),
            dcm: false,
            stbc: false,
            ldpc: Some(false),
            sig_b_symbols,
            ltf: Some((1, 2)),
        };
        // 117 bits in 13.6 µs: (800 + 22) / 117 = 7.03: 8 × 13.6 = 108.8; 36 + 7.2 of preamble.
        assert_eq!(airtime_us(he(0, None), 100), Some(152));
        assert_eq!(airtime_us(he(1, None), 100), Some(160));
        assert_eq!(airtime_us(he(2, Some(3)), 100), Some(164));
        assert_eq!(airtime_us(he(2, None), 100), None, "HE-SIG-B of unknown length");
        assert_eq!(airtime_us(he(3, None), 100), Some(156));
        let eht = |trigger_based, sig_symbols| Modulation::Eht {
            trigger_based,
            sig_symbols,
            ldpc: Some(true),
            mcs: Some(13),
            streams: Some(2),
            tones: Some(3984),
            guard: Some(GuardInterval::Ns800),
            ltf: Some((2, 2)),
        };
        // 78 400 bits in 13.6 µs: one symbol; 36 + 2 × 7.2 and 4 or 8 of EHT-SIG.
        assert_eq!(airtime_us(eht(false, Some(2)), 1500), Some(72));
        assert_eq!(airtime_us(eht(true, None), 1500), Some(68));
        assert_eq!(airtime_us(eht(false, None), 1500), None);
    }

    #[test]
    fn an_aggregate_has_one_preamble_and_shares_symbols() {
        let mut aggregate = Aggregate::default();
        let of = |reference| Some(AMpdu { reference, is_last: false });
        // 1500 + 4 bytes: 12 054 bits, 47 symbols; 3008 bytes: 24 086, 93.
        assert_eq!(aggregate.add(of(7), HT, 1500), Some(36 + 47 * 4));
        assert_eq!(aggregate.add(of(7), HT, 1500), Some((93 - 47) * 4));
        assert_eq!(aggregate.add(of(7), HT, 4), Some(0), "fits the last symbol");
        assert_eq!(aggregate.add(of(8), HT, 1500), Some(36 + 47 * 4));
        assert_eq!(aggregate.add(None, HT, 1500), Some(224));
    }
}
