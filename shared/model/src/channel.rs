//! Channels, bands and widths (IEEE Std 802.11-2020, annex E; 802.11ax-2021 for 6 GHz).

use serde::{Deserialize, Serialize};
use std::fmt;

/// A frequency band.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Band {
    /// 2.4 GHz: channels 1 to 14.
    Ghz2_4,
    /// 5 GHz, and the 4.9 GHz public-safety channels.
    Ghz5,
    /// 6 GHz: channels 1 to 233.
    Ghz6,
    /// 60 GHz (directional multi-gigabit).
    Ghz60,
}

impl Band {
    /// The name people use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ghz2_4 => "2.4 GHz",
            Self::Ghz5 => "5 GHz",
            Self::Ghz6 => "6 GHz",
            Self::Ghz60 => "60 GHz",
        }
    }
}

/// A channel: its number means nothing without its band.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Channel {
    /// The band.
    pub band: Band,
    /// The primary channel number within the band.
    pub number: u8,
}

impl Channel {
    /// The channel whose centre is `frequency_mhz`, or `None` when no channel has that centre.
    #[must_use]
    pub fn from_frequency_mhz(frequency_mhz: u16) -> Option<Self> {
        let (band, number) = match frequency_mhz {
            2484 => (Band::Ghz2_4, 14),
            2412..=2472 if (frequency_mhz - 2407).is_multiple_of(5) => {
                (Band::Ghz2_4, (frequency_mhz - 2407) / 5)
            }
            4910..=4980 if frequency_mhz.is_multiple_of(5) => {
                (Band::Ghz5, (frequency_mhz - 4000) / 5)
            }
            // 5935 MHz is channel 2 of 6 GHz (operating class 136), below the regular raster.
            5935 => (Band::Ghz6, 2),
            5005..=5905 if frequency_mhz.is_multiple_of(5) => {
                (Band::Ghz5, (frequency_mhz - 5000) / 5)
            }
            // 20 MHz channels and the centres of wider ones: odd numbers only.
            5955..=7115 if (frequency_mhz - 5955).is_multiple_of(10) => {
                (Band::Ghz6, (frequency_mhz - 5950) / 5)
            }
            58320..=65535 if (frequency_mhz - 56160).is_multiple_of(2160) => {
                (Band::Ghz60, (frequency_mhz - 56160) / 2160)
            }
            _ => return None,
        };
        Some(Self { band, number: u8::try_from(number).ok()? })
    }

    /// The centre of the primary channel in MHz; `None` for a number that the band does not have.
    #[must_use]
    pub fn frequency_mhz(self) -> Option<u16> {
        let number = u16::from(self.number);
        match (self.band, number) {
            (Band::Ghz2_4, 14) => Some(2484),
            (Band::Ghz2_4, 1..=13) => Some(2407 + 5 * number),
            (Band::Ghz5, 182..=196) => Some(4000 + 5 * number),
            (Band::Ghz5, 1..=181) => Some(5000 + 5 * number),
            (Band::Ghz6, 2) => Some(5935),
            (Band::Ghz6, 1..=233) if number % 2 == 1 => Some(5950 + 5 * number),
            (Band::Ghz60, 1..=4) => Some(56160 + 2160 * number),
            _ => None,
        }
    }
}

impl fmt::Display for Channel {
    /// `6`, `36`, or for 6 GHz `5 (6 GHz)`, where the bare number would be mistaken.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.band {
            Band::Ghz2_4 | Band::Ghz5 => write!(out, "{}", self.number),
            Band::Ghz6 | Band::Ghz60 => write!(out, "{} ({})", self.number, self.band.name()),
        }
    }
}

/// How wide a BSS operates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ChannelWidth {
    /// 20 MHz.
    Mhz20,
    /// 40 MHz.
    Mhz40,
    /// 80 MHz.
    Mhz80,
    /// 160 MHz.
    Mhz160,
    /// Two separate 80 MHz segments.
    Mhz80Plus80,
    /// 320 MHz (802.11be).
    Mhz320,
}

impl ChannelWidth {
    /// Total width in MHz.
    #[must_use]
    pub const fn mhz(self) -> u16 {
        match self {
            Self::Mhz20 => 20,
            Self::Mhz40 => 40,
            Self::Mhz80 => 80,
            Self::Mhz160 | Self::Mhz80Plus80 => 160,
            Self::Mhz320 => 320,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_and_numbers_agree() {
        for (mhz, band, number) in [
            (2412, Band::Ghz2_4, 1),
            (2484, Band::Ghz2_4, 14),
            (5180, Band::Ghz5, 36),
            (5825, Band::Ghz5, 165),
            (4920, Band::Ghz5, 184),
            (5935, Band::Ghz6, 2),
            (5955, Band::Ghz6, 1),
            (7115, Band::Ghz6, 233),
            (58320, Band::Ghz60, 1),
        ] {
            let channel = Channel { band, number };
            assert_eq!(Channel::from_frequency_mhz(mhz), Some(channel), "{mhz}");
            assert_eq!(channel.frequency_mhz(), Some(mhz), "{mhz}");
        }
    }

    #[test]
    fn every_channel_has_one_frequency() {
        for mhz in 0..=u16::MAX {
            if let Some(channel) = Channel::from_frequency_mhz(mhz) {
                assert_eq!(channel.frequency_mhz(), Some(mhz), "{channel:?}");
            }
        }
    }

    #[test]
    fn frequencies_between_channels_are_none() {
        for mhz in [0, 2411, 2480, 5001, 5936, 60000] {
            assert_eq!(Channel::from_frequency_mhz(mhz), None, "{mhz}");
        }
    }
}
