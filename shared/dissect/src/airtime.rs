//! Time on the air of one frame, from its modulation and length
//! (IEEE Std 802.11-2020, TXTIME in 15.4, 16.3.4, 17.4.3, 19.4.3, 21.4.3; 802.11ax-2021, 27.4.3).
//!
//! Without the 6 µs of silence that ends an ERP-OFDM frame in 2.4 GHz (signal extension) and without
//! the packet extension of HE and EHT, which the radio header does not tell.

use crate::radio::Modulation;
use crate::radio::modulation::Symbol;

/// Service bits before and tail bits after the data in the OFDM PHYs.
const SERVICE_AND_TAIL_BITS: u64 = 22;

/// Time on the air in microseconds of a frame of `length` bytes (FCS included) sent alone, preamble
/// included, rounded up. `None` when a parameter that decides it is unknown.
#[must_use]
pub fn airtime_us(modulation: Modulation, length: u32) -> Option<u32> {
    let ns = preamble_ns(modulation)?.checked_add(data_ns(modulation, length)?)?;
    u32::try_from(ns.div_ceil(1000)).ok()
}

/// Time on the air in microseconds of a later frame of an aggregate: its data without a preamble.
#[must_use]
pub fn aggregated_airtime_us(modulation: Modulation, length: u32) -> Option<u32> {
    u32::try_from(data_ns(modulation, length)?.div_ceil(1000)).ok()
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

fn preamble_ns(modulation: Modulation) -> Option<u64> {
    let us = match modulation {
        // 1 Mbit/s is only sent with the long preamble (802.11-2020, 16.2.2.3).
        Modulation::Dsss { short_preamble: true, rate_100kbps: 11.. } => 96,
        Modulation::Dsss { .. } => 192,
        Modulation::Ofdm { .. } => 20,
        Modulation::Ht { mcs, greenfield, stbc, .. } => {
            // MCS 32 is one stream.
            let streams = if mcs == Some(32) { 1 } else { modulation.streams()? };
            let training = training_symbols(streams.saturating_add(stbc)).saturating_mul(4);
            // Mixed: legacy 20, HT-SIG 8, HT-STF 4. Greenfield: GF-STF 8, first LTF 8, HT-SIG 8.
            if greenfield { training.saturating_add(20) } else { training.saturating_add(32) }
        }
        Modulation::Vht { streams, stbc, .. } => {
            let streams = if stbc { streams?.saturating_mul(2) } else { streams? };
            // Legacy 20, VHT-SIG-A 8, VHT-STF 4, VHT-SIG-B 4.
            training_symbols(streams).saturating_mul(4).saturating_add(36)
        }
        Modulation::He { format, ltf, guard, streams, .. } => {
            let (symbols, size) =
                ltf.unwrap_or((u8::try_from(training_symbols(streams?)).ok()?, 2));
            // Legacy 20, RL-SIG 4, HE-SIG-A 8 (16 for extended range), HE-STF 4 (8 trigger-based).
            let fixed = match format {
                1 => 44u64,
                3 => 40,
                _ => 36,
            };
            return he_preamble(fixed, symbols, size, guard?.ns());
        }
        Modulation::Eht { ltf, guard, streams, .. } => {
            let (symbols, size) =
                ltf.unwrap_or((u8::try_from(training_symbols(streams?)).ok()?, 2));
            // Legacy 20, RL-SIG 4, U-SIG 8, EHT-SIG 8 (one user), EHT-STF 4.
            return he_preamble(44, symbols, size, guard?.ns());
        }
    };
    Some(us.saturating_mul(1000))
}

fn he_preamble(fixed_us: u64, symbols: u8, size: u8, guard_ns: u32) -> Option<u64> {
    let training_ns = u64::from(size).saturating_mul(3200).saturating_add(u64::from(guard_ns));
    fixed_us.saturating_mul(1000).checked_add(training_ns.saturating_mul(u64::from(symbols)))
}

fn data_ns(modulation: Modulation, length: u32) -> Option<u64> {
    let bits = u64::from(length).saturating_mul(8);
    match modulation {
        Modulation::Dsss { rate_100kbps, .. } => {
            // Units of 100 kbit/s: one bit lasts 10 000 / rate nanoseconds. The standard rounds up to µs.
            let us =
                bits.saturating_mul(10).checked_add(u64::from(rate_100kbps).checked_sub(1)?)?;
            Some(us.checked_div(u64::from(rate_100kbps))?.saturating_mul(1000))
        }
        Modulation::Ofdm { rate_100kbps } => {
            // Symbols of 4 µs: rate × 4 / 10 bits each.
            let per_symbol = u64::from(rate_100kbps).saturating_mul(4);
            let tenth_bits = bits.saturating_add(SERVICE_AND_TAIL_BITS).saturating_mul(10);
            symbols(tenth_bits, per_symbol).map(|count| count.saturating_mul(4000))
        }
        later => {
            let Symbol { sixth_bits, ns } = later.symbol()?;
            let needed = bits.saturating_add(SERVICE_AND_TAIL_BITS).saturating_mul(6);
            let data_ns = symbols(needed, u64::from(sixth_bits))?.saturating_mul(u64::from(ns));
            // HT and VHT with the short guard interval end on a 4 µs boundary.
            Some(if ns == 3600 { data_ns.div_ceil(4000).saturating_mul(4000) } else { data_ns })
        }
    }
}

fn symbols(needed: u64, per_symbol: u64) -> Option<u64> {
    needed.checked_add(per_symbol.checked_sub(1)?)?.checked_div(per_symbol)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radio::GuardInterval;

    #[test]
    fn figures_computed_by_hand() {
        let dsss = Modulation::Dsss { rate_100kbps: 10, short_preamble: false };
        // A beacon of 200 bytes at 1 Mbit/s: 192 + 1600.
        assert_eq!(airtime_us(dsss, 200), Some(1792));
        let ofdm = Modulation::Ofdm { rate_100kbps: 60 };
        // (16 + 1600 + 6) / 24 = 67.6: 68 symbols, 272 + 20.
        assert_eq!(airtime_us(ofdm, 200), Some(292));
        let ht = Modulation::Ht {
            mcs: Some(7),
            width_mhz: Some(20),
            guard: Some(GuardInterval::Ns800),
            greenfield: false,
            stbc: 0,
            ldpc: false,
        };
        // (22 + 12 000) / 260 = 46.2: 47 symbols of 4 µs, 36 of preamble.
        assert_eq!(airtime_us(ht, 1500), Some(224));
        assert_eq!(airtime_us(Modulation::Ofdm { rate_100kbps: 0 }, 10), None);
    }
}
