//! Modulation of one frame, its rate and its symbols
//! (IEEE Std 802.11-2020, clauses 15 to 21; 802.11ax-2021, 27.5; 802.11be-2024, 36.5).

use pw_model::PhyKind;

/// Guard interval of an OFDM symbol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GuardInterval {
    /// 0.4 µs (HT and VHT short).
    Ns400,
    /// 0.8 µs.
    Ns800,
    /// 1.6 µs.
    Ns1600,
    /// 3.2 µs.
    Ns3200,
}

impl GuardInterval {
    /// Length in nanoseconds.
    #[must_use]
    pub const fn ns(self) -> u32 {
        match self {
            Self::Ns400 => 400,
            Self::Ns800 => 800,
            Self::Ns1600 => 1600,
            Self::Ns3200 => 3200,
        }
    }
}

/// How one frame was modulated. A field is `None` where the radio header does not say it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Modulation {
    /// DSSS and CCK (802.11, 802.11b).
    Dsss {
        /// Rate in units of 100 kbit/s.
        rate_100kbps: u32,
        /// Short preamble.
        short_preamble: bool,
    },
    /// OFDM (802.11a, g).
    Ofdm {
        /// Rate in units of 100 kbit/s.
        rate_100kbps: u32,
        /// Width in MHz: 20, or 10 or 5 where all times are two or four times as long.
        width_mhz: u8,
    },
    /// HT (802.11n).
    Ht {
        /// Modulation and coding scheme, 0 to 76.
        mcs: Option<u8>,
        /// Width in MHz.
        width_mhz: Option<u16>,
        /// Guard interval.
        guard: Option<GuardInterval>,
        /// Greenfield preamble.
        greenfield: bool,
        /// Space-time block coding streams beyond the spatial ones.
        stbc: u8,
        /// LDPC coding.
        ldpc: bool,
        /// Extension spatial streams, which only lengthen the preamble.
        extension_streams: u8,
    },
    /// VHT (802.11ac).
    Vht {
        /// Modulation and coding scheme, 0 to 9 (10 and 11 by makers).
        mcs: Option<u8>,
        /// Spatial streams.
        streams: Option<u8>,
        /// Width in MHz.
        width_mhz: Option<u16>,
        /// Guard interval.
        guard: Option<GuardInterval>,
        /// Space-time block coding.
        stbc: bool,
        /// LDPC coding.
        ldpc: bool,
    },
    /// HE (802.11ax).
    He {
        /// PPDU format: 0 SU, 1 extended range SU, 2 MU, 3 trigger-based.
        format: u8,
        /// Modulation and coding scheme, 0 to 11.
        mcs: Option<u8>,
        /// Spatial streams.
        streams: Option<u8>,
        /// Tones of the resource unit that carries the data, pilots included.
        tones: Option<u16>,
        /// Guard interval.
        guard: Option<GuardInterval>,
        /// Dual carrier modulation.
        dcm: bool,
        /// Space-time block coding.
        stbc: bool,
        /// LDPC coding, where the header says which.
        ldpc: Option<bool>,
        /// Symbols of HE-SIG-B, of MU PPDUs.
        sig_b_symbols: Option<u8>,
        /// HE-LTF symbols, and their size as a multiple of the 3.2 µs one (1, 2 or 4).
        ltf: Option<(u8, u8)>,
    },
    /// EHT (802.11be).
    Eht {
        /// Trigger-based PPDU; otherwise an EHT MU PPDU, also with one user.
        trigger_based: bool,
        /// Symbols of EHT-SIG, of MU PPDUs.
        sig_symbols: Option<u8>,
        /// LDPC coding, where the header says which.
        ldpc: Option<bool>,
        /// Modulation and coding scheme, 0 to 15.
        mcs: Option<u8>,
        /// Spatial streams.
        streams: Option<u8>,
        /// Tones of the resource unit that carries the data, pilots included.
        tones: Option<u16>,
        /// Guard interval.
        guard: Option<GuardInterval>,
        /// EHT-LTF symbols, and their size as a multiple of the 3.2 µs one (1, 2 or 4).
        ltf: Option<(u8, u8)>,
    },
}

/// What an OFDM symbol of HT and later carries: data bits of all streams, and its duration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Symbol {
    /// Data bits, in sixths of a bit: the finest fraction that coding at 5/6 and 3/4 leaves.
    pub(crate) sixth_bits: u32,
    /// Code rate in twelfths.
    pub(crate) rate_twelfths: u32,
    /// Duration in nanoseconds.
    pub(crate) ns: u32,
}

/// Coded bits per tone and code rate in twelfths for MCS 0 to 13.
const fn scheme(mcs: u8) -> Option<(u32, u32)> {
    Some(match mcs {
        0 => (1, 6),
        1 => (2, 6),
        2 => (2, 9),
        3 => (4, 6),
        4 => (4, 9),
        5 => (6, 8),
        6 => (6, 9),
        7 => (6, 10),
        8 => (8, 9),
        9 => (8, 10),
        10 => (10, 9),
        11 => (10, 10),
        12 => (12, 9),
        13 => (12, 10),
        // EHT-DUP of MCS 14 halves twice; MCS 15 is BPSK with DCM.
        _ => return None,
    })
}

/// Data tones of an HT or VHT channel.
const fn vht_tones(width_mhz: u16) -> Option<u32> {
    Some(match width_mhz {
        20 => 52,
        40 => 108,
        80 => 234,
        160 => 468,
        _ => return None,
    })
}

/// Data tones of an HE or EHT resource unit with `tones` tones in all
/// (802.11ax-2021, tables 27-60 and following; 802.11be-2024, table 36-21).
const fn resource_unit_data_tones(tones: u16) -> Option<u32> {
    Some(match tones {
        26 => 24,
        52 => 48,
        78 => 72,
        106 => 102,
        132 => 126,
        242 => 234,
        484 => 468,
        726 => 702,
        996 => 980,
        1480 => 1448,
        1722 => 1682,
        1992 => 1960,
        2476 => 2428,
        2988 => 2940,
        3472 => 3408,
        3984 => 3920,
        _ => return None,
    })
}

/// Tones of the resource unit that fills a channel of HE or EHT.
#[must_use]
pub const fn tones_of_width(width_mhz: u16) -> Option<u16> {
    Some(match width_mhz {
        20 => 242,
        40 => 484,
        80 => 996,
        160 => 1992,
        320 => 3984,
        _ => return None,
    })
}

fn symbol(tones: u32, streams: u8, mcs: u8, ns: u32) -> Option<Symbol> {
    let (bits, twelfths) = scheme(mcs)?;
    let streams = u32::from(streams);
    // At most 3920 tones × 12 bits × 10 twelfths × 255 streams: far inside 32 bits.
    let coded = tones.saturating_mul(bits).saturating_mul(streams).saturating_mul(twelfths);
    let sixth_bits = coded / 2;
    (sixth_bits > 0).then_some(Symbol { sixth_bits, rate_twelfths: twelfths, ns })
}

/// Rate in units of 100 kbit/s of HT or VHT with all parameters given; `None` outside the tables.
#[must_use]
pub fn vht_rate_100kbps(mcs: u8, streams: u8, width_mhz: u16, short_guard: bool) -> Option<u32> {
    let ns = if short_guard { 3600 } else { 4000 };
    rate_of(symbol(vht_tones(width_mhz)?, streams, mcs, ns)?)
}

/// Rate in units of 100 kbit/s of HE or EHT with the shortest guard interval over a whole channel.
#[must_use]
pub fn he_rate_100kbps(mcs: u8, streams: u8, width_mhz: u16) -> Option<u32> {
    let tones = resource_unit_data_tones(tones_of_width(width_mhz)?)?;
    rate_of(symbol(tones, streams, mcs, 13_600)?)
}

fn rate_of(symbol: Symbol) -> Option<u32> {
    // bits per symbol / ns = Gbit/s; × 10 000 = units of 100 kbit/s.
    let scaled = u64::from(symbol.sixth_bits).saturating_mul(10_000);
    let per_rate = u64::from(symbol.ns).saturating_mul(6);
    u32::try_from(scaled.checked_div(per_rate)?).ok()
}

impl Modulation {
    /// DSSS or OFDM by its rate in units of 500 kbit/s, as radiotap and PPI give it; `None` for 0.
    #[must_use]
    pub fn from_legacy_rate(
        rate_500kbps: u16,
        short_preamble: bool,
        ofdm_5ghz: bool,
    ) -> Option<Self> {
        let rate_100kbps = u32::from(rate_500kbps).saturating_mul(5);
        Some(match rate_500kbps {
            0 => return None,
            2 | 4 | 11 | 22 | 44 | 66 if !ofdm_5ghz => Self::Dsss { rate_100kbps, short_preamble },
            _ => Self::Ofdm { rate_100kbps, width_mhz: 20 },
        })
    }

    /// The same in the channel of these radiotap channel flags: half and quarter rate channels are
    /// 10 and 5 MHz wide. The rate is the true one in either.
    #[must_use]
    pub(crate) const fn in_channel(self, channel_flags: u32) -> Self {
        match self {
            Self::Ofdm { rate_100kbps, .. } => {
                let width_mhz = match channel_flags & 0xc000 {
                    0x4000 => 10,
                    0x8000 => 5,
                    _ => 20,
                };
                Self::Ofdm { rate_100kbps, width_mhz }
            }
            other => other,
        }
    }

    /// Which generation of PHY.
    #[must_use]
    pub const fn kind(self) -> PhyKind {
        match self {
            Self::Dsss { .. } => PhyKind::Dsss,
            Self::Ofdm { .. } => PhyKind::Ofdm,
            Self::Ht { .. } => PhyKind::Ht,
            Self::Vht { .. } => PhyKind::Vht,
            Self::He { .. } => PhyKind::He,
            Self::Eht { .. } => PhyKind::Eht,
        }
    }

    /// Rate in units of 100 kbit/s, rounded down; `None` when a parameter it depends on is unknown.
    #[must_use]
    pub fn rate_100kbps(self) -> Option<u32> {
        match self {
            Self::Dsss { rate_100kbps, .. } | Self::Ofdm { rate_100kbps, .. } => Some(rate_100kbps),
            _ => rate_of(self.symbol()?),
        }
    }

    /// Rate in Mbit/s, not rounded; `None` when a parameter it depends on is unknown.
    #[must_use]
    pub fn rate_mbps(self) -> Option<f64> {
        match self {
            Self::Dsss { rate_100kbps, .. } | Self::Ofdm { rate_100kbps, .. } => {
                Some(f64::from(rate_100kbps) / 10.0)
            }
            _ => {
                let symbol = self.symbol()?;
                Some(f64::from(symbol.sixth_bits) / 6.0 * 1000.0 / f64::from(symbol.ns))
            }
        }
    }

    /// Spatial streams of HT and later.
    #[must_use]
    pub fn streams(self) -> Option<u8> {
        match self {
            Self::Dsss { .. } | Self::Ofdm { .. } => None,
            Self::Ht { mcs, .. } => {
                mcs.filter(|mcs| *mcs < 32).map(|mcs| (mcs >> 3).saturating_add(1))
            }
            Self::Vht { streams, .. } | Self::He { streams, .. } | Self::Eht { streams, .. } => {
                streams
            }
        }
    }

    /// The data symbol of HT and later. HT with unequal modulation (MCS 32 to 76) is not in the table.
    pub(crate) fn symbol(self) -> Option<Symbol> {
        match self {
            Self::Dsss { .. } | Self::Ofdm { .. } => None,
            Self::Ht { mcs, width_mhz, guard, .. } => {
                let mcs = mcs?;
                let ns = guard?.ns().saturating_add(3200);
                if mcs == 32 {
                    // BPSK 1/2 duplicated in 40 MHz: 24 bits per symbol.
                    return Some(Symbol { sixth_bits: 144, rate_twelfths: 6, ns });
                }
                symbol(vht_tones(width_mhz?)?, self.streams()?, mcs & 7, ns)
            }
            Self::Vht { mcs, streams, width_mhz, guard, .. } => {
                let ns = guard?.ns().saturating_add(3200);
                symbol(vht_tones(width_mhz?)?, streams?, mcs?, ns)
            }
            Self::He { mcs, streams, tones, guard, dcm, .. } => {
                let ns = guard?.ns().saturating_add(12_800);
                let full = symbol(resource_unit_data_tones(tones?)?, streams?, mcs?, ns)?;
                Some(if dcm { Symbol { sixth_bits: full.sixth_bits / 2, ..full } } else { full })
            }
            Self::Eht { mcs, streams, tones, guard, .. } => {
                let ns = guard?.ns().saturating_add(12_800);
                let data_tones = resource_unit_data_tones(tones?)?;
                match mcs? {
                    15 => {
                        let full = symbol(data_tones, streams?, 0, ns)?;
                        Some(Symbol { sixth_bits: full.sixth_bits / 2, ..full })
                    }
                    14 => {
                        let full = symbol(data_tones, streams?, 0, ns)?;
                        Some(Symbol { sixth_bits: full.sixth_bits / 4, ..full })
                    }
                    mcs => symbol(data_tones, streams?, mcs, ns),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_the_standards_tables() {
        // 802.11-2020 tables 19-27, 21-30 and following; 802.11ax tables 27-98 and following.
        assert_eq!(vht_rate_100kbps(7, 1, 20, false), Some(650));
        assert_eq!(vht_rate_100kbps(7, 1, 20, true), Some(722));
        assert_eq!(vht_rate_100kbps(7, 4, 40, true), Some(6000));
        assert_eq!(vht_rate_100kbps(9, 3, 80, true), Some(13000));
        assert_eq!(vht_rate_100kbps(9, 8, 160, true), Some(69333));
        assert_eq!(he_rate_100kbps(11, 1, 20), Some(1433));
        assert_eq!(he_rate_100kbps(11, 2, 80), Some(12009));
        assert_eq!(he_rate_100kbps(13, 2, 320), Some(57647));
    }

    #[test]
    fn unknown_parameters_leave_the_rate_unknown() {
        let modulation = Modulation::Ht {
            mcs: Some(7),
            width_mhz: None,
            guard: Some(GuardInterval::Ns800),
            greenfield: false,
            stbc: 0,
            ldpc: false,
            extension_streams: 0,
        };
        assert_eq!(modulation.rate_100kbps(), None);
        assert_eq!(Modulation::from_legacy_rate(0, false, false), None);
    }
}
