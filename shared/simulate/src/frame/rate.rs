//! Rates, the signal they need, and how long a frame takes on the air
//! (IEEE Std 802.11-2020, 15.3, 17.4.3, 19.4.3, 21.4.3; 802.11ax-2021, 27.4.3).

/// How a PPDU is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rate {
    /// DSSS or HR/DSSS with the long preamble, in units of 500 kbit/s.
    Dsss(u8),
    /// Non-HT OFDM, in units of 500 kbit/s.
    Ofdm(u8),
    /// HT with MCS 0 to 31; width 20 or 40.
    Ht { mcs: u8, width_mhz: u16, short_gi: bool },
    /// VHT with MCS 0 to 9.
    Vht { mcs: u8, streams: u8, width_mhz: u16, short_gi: bool },
    /// HE single user with MCS 0 to 11 and 0.8 µs guard interval.
    He { mcs: u8, streams: u8, width_mhz: u16 },
}

/// Coded bits per subcarrier times code rate, by MCS 0 to 11.
const BITS_PER_SUBCARRIER: [f64; 12] =
    [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 20.0 / 3.0, 7.5, 25.0 / 3.0];
/// Signal to noise ratio in dB for one frame in two, by MCS 0 to 11, one stream, 20 MHz.
const SNR_BY_MCS_DB: [f64; 12] =
    [3.0, 6.0, 8.5, 11.5, 15.0, 19.0, 20.5, 22.0, 26.5, 28.5, 31.5, 33.5];

fn by_mcs(table: &[f64; 12], mcs: u8) -> f64 {
    table.get(usize::from(mcs)).copied().unwrap_or(table[11])
}

impl Rate {
    /// Signal to noise ratio in dB that the most robust rate, 1 Mbit/s, needs.
    pub(crate) const LEAST_SNR_DB: f64 = 1.0;

    /// Width of the PPDU in MHz.
    pub(crate) const fn width_mhz(self) -> u16 {
        match self {
            Self::Dsss(_) | Self::Ofdm(_) => 20,
            Self::Ht { width_mhz, .. }
            | Self::Vht { width_mhz, .. }
            | Self::He { width_mhz, .. } => width_mhz,
        }
    }

    /// Signal to noise ratio at which half the frames are decoded, in dB over the noise of 20 MHz.
    pub(crate) fn needed_snr_db(self) -> f64 {
        let widths = |width_mhz: u16| 10.0 * (f64::from(width_mhz.max(20)) / 20.0).log10();
        match self {
            Self::Dsss(rate) => match rate {
                0..=2 => Self::LEAST_SNR_DB,
                3..=4 => 2.0,
                5..=11 => 4.5,
                _ => 7.0,
            },
            Self::Ofdm(rate) => match rate {
                0..=12 => 3.0,
                13..=18 => 4.5,
                19..=24 => 6.0,
                25..=36 => 8.5,
                37..=48 => 11.5,
                49..=72 => 15.0,
                73..=96 => 19.0,
                _ => 20.5,
            },
            Self::Ht { mcs, width_mhz, .. } => {
                by_mcs(&SNR_BY_MCS_DB, mcs % 8) + 3.0 * f64::from(mcs / 8) + widths(width_mhz)
            }
            Self::Vht { mcs, streams, width_mhz, .. } | Self::He { mcs, streams, width_mhz } => {
                by_mcs(&SNR_BY_MCS_DB, mcs)
                    + 3.0 * f64::from(streams.saturating_sub(1))
                    + widths(width_mhz)
            }
        }
    }

    /// Preamble and headers of the physical layer, in microseconds.
    pub(crate) fn preamble_us(self) -> f64 {
        match self {
            Self::Dsss(_) => 192.0,
            Self::Ofdm(_) => 20.0,
            Self::Ht { mcs, .. } => 32.0 + 4.0 * f64::from(mcs / 8 + 1),
            Self::Vht { streams, .. } => 36.0 + 4.0 * f64::from(streams),
            Self::He { streams, .. } => 44.0 + 7.2 * f64::from(streams),
        }
    }

    /// Payload rate in Mbit/s.
    pub(crate) fn mbps(self) -> f64 {
        match self {
            Self::Dsss(rate) | Self::Ofdm(rate) => f64::from(rate) / 2.0,
            Self::Ht { mcs, width_mhz, short_gi } => {
                let subcarriers = if width_mhz >= 40 { 108.0 } else { 52.0 };
                let bits = by_mcs(&BITS_PER_SUBCARRIER, mcs % 8) * f64::from(mcs / 8 + 1);
                subcarriers * bits / if short_gi { 3.6 } else { 4.0 }
            }
            Self::Vht { mcs, streams, width_mhz, short_gi } => {
                let subcarriers = match width_mhz {
                    0..=20 => 52.0,
                    21..=40 => 108.0,
                    41..=80 => 234.0,
                    _ => 468.0,
                };
                let bits = by_mcs(&BITS_PER_SUBCARRIER, mcs) * f64::from(streams);
                subcarriers * bits / if short_gi { 3.6 } else { 4.0 }
            }
            Self::He { mcs, streams, width_mhz } => {
                let subcarriers = match width_mhz {
                    0..=20 => 234.0,
                    21..=40 => 468.0,
                    41..=80 => 980.0,
                    _ => 1960.0,
                };
                subcarriers * by_mcs(&BITS_PER_SUBCARRIER, mcs) * f64::from(streams) / 13.6
            }
        }
    }

    /// Time on the air of `length` octets in nanoseconds, preamble included; whole symbols.
    pub(crate) fn airtime_ns(self, length: usize) -> i64 {
        let bits = 8.0 * length as f64;
        let us = match self {
            Self::Dsss(_) => self.preamble_us() + (bits / self.mbps()).ceil(),
            _ => {
                let symbol_us = match self {
                    Self::Ht { short_gi: true, .. } | Self::Vht { short_gi: true, .. } => 3.6,
                    Self::He { .. } => 13.6,
                    _ => 4.0,
                };
                // Service field of 16 bits and tail of 6.
                let symbols = ((bits + 22.0) / (self.mbps() * symbol_us)).ceil();
                self.preamble_us() + symbols * symbol_us
            }
        };
        (us * 1000.0) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airtimes_known_from_the_standard() {
        // A 350-octet beacon at 1 Mbit/s: 192 µs and 2800 µs; at 6 Mbit/s 20 µs and 118 symbols.
        assert_eq!(Rate::Dsss(2).airtime_ns(350), 2_992_000);
        assert_eq!(Rate::Ofdm(12).airtime_ns(350), 492_000);
        // An ACK at 24 Mbit/s takes 28 µs.
        assert_eq!(Rate::Ofdm(48).airtime_ns(14), 28_000);
    }

    #[test]
    fn rates_known_from_the_standard() {
        let close = |rate: Rate, mbps: f64| assert!((rate.mbps() - mbps).abs() < 0.1, "{rate:?}");
        close(Rate::Ht { mcs: 15, width_mhz: 40, short_gi: true }, 300.0);
        close(Rate::Vht { mcs: 9, streams: 2, width_mhz: 80, short_gi: true }, 866.7);
        close(Rate::He { mcs: 11, streams: 2, width_mhz: 80 }, 1201.0);
    }

    #[test]
    fn faster_needs_more_signal() {
        for mcs in 1..12 {
            let rate = |mcs| Rate::He { mcs, streams: 1, width_mhz: 20 };
            assert!(rate(mcs).needed_snr_db() > rate(mcs - 1).needed_snr_db());
            assert!(rate(mcs).mbps() > rate(mcs - 1).mbps());
        }
    }
}
