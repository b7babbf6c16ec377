//! What a radio can do, as its driver and the regulatory domain say through nl80211. Pure.

use super::netlink::{Answer, nested, word};
use crate::hop::RadioChannel;
use std::collections::BTreeMap;

/// Attributes of a radio (nl80211.h): its bands, and the modes of interfaces.
const ATTR_WIPHY_BANDS: u16 = 22;
const ATTR_SUPPORTED_IFTYPES: u16 = 32;
const IFTYPE_MONITOR: u16 = 6;
/// Attributes of a band, and its number at 2.4 GHz.
const BAND_FREQS: u16 = 1;
const BAND_HT_CAPA: u16 = 4;
const BAND_VHT_CAPA: u16 = 8;
const BAND_IFTYPE_DATA: u16 = 9;
const BAND_2_4_GHZ: u16 = 0;
/// The HE PHY capabilities among the data of an interface mode.
const IFTYPE_HE_CAP_PHY: u16 = 3;
/// Attributes of a frequency.
const FREQUENCY_MHZ: u16 = 1;
const FREQUENCY_DISABLED: u16 = 2;
const FREQUENCY_NO_IR: u16 = 3;
const FREQUENCY_RADAR: u16 = 5;
const FREQUENCY_NO_HT40_MINUS: u16 = 9;
const FREQUENCY_NO_HT40_PLUS: u16 = 10;
const FREQUENCY_NO_80MHZ: u16 = 11;
const FREQUENCY_NO_160MHZ: u16 = 12;

/// What a radio can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RadioAbilities {
    /// Its driver has monitor mode.
    pub monitor: bool,
    /// Channels that the regulatory domain lets it listen to, by frequency.
    pub channels: Vec<RadioChannel>,
    /// Channels that the regulatory domain forbids.
    pub disabled: usize,
}

impl RadioAbilities {
    /// Reads the parts of the kernel's answer for one radio. What a part says of a band adds to what
    /// others say of it: the kernel splits a band over several.
    #[must_use]
    pub(super) fn from_answers<'a>(parts: impl IntoIterator<Item = &'a Answer>) -> Self {
        let mut abilities = Self::default();
        let mut bands: BTreeMap<u16, (Widths, Vec<Frequency>)> = BTreeMap::new();
        for (number, value) in parts.into_iter().flat_map(Answer::attributes) {
            match number {
                ATTR_SUPPORTED_IFTYPES => {
                    abilities.monitor |= nested(value).any(|(mode, _)| mode == IFTYPE_MONITOR);
                }
                ATTR_WIPHY_BANDS => {
                    for (band, value) in nested(value) {
                        let (widths, frequencies) = bands.entry(band).or_default();
                        for (number, value) in nested(value) {
                            widths.add(number, value);
                            if number == BAND_FREQS {
                                frequencies.extend(nested(value).filter_map(|(_, f)| frequency(f)));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        for (band, (widths, frequencies)) in bands {
            abilities.disabled += frequencies.iter().filter(|channel| channel.disabled).count();
            let usable = frequencies.iter().filter(|channel| !channel.disabled);
            abilities.channels.extend(usable.map(|channel| widths.channel(band, channel)));
        }
        abilities.channels.sort_by_key(|channel| channel.frequency_mhz);
        abilities.channels.dedup_by_key(|channel| channel.frequency_mhz);
        abilities
    }

    /// The channels by band and how wide, in words.
    #[must_use]
    pub fn bands_words(&self) -> String {
        let words: Vec<String> = self
            .bands()
            .into_iter()
            .map(|(band, channels)| {
                let widest = channels.iter().map(|c| c.widest_mhz()).max().unwrap_or(20);
                format!("{band} GHz with {}, up to {widest} MHz wide", channels.len())
            })
            .collect();
        if words.is_empty() {
            return "no channel that is allowed".to_owned();
        }
        format!("channels: {}", words.join("; "))
    }

    /// The channels of each band that has one.
    #[must_use]
    pub fn bands(&self) -> Vec<(&'static str, Vec<RadioChannel>)> {
        // IEEE 802.11-2020, Annex E: channel starting frequencies of 2.407, 5 and 5.950 GHz.
        [("2.4", 2400..2500), ("5", 4900..5925), ("6", 5925..7200)]
            .into_iter()
            .map(|(band, range)| {
                let inside = |c: &&RadioChannel| range.contains(&c.frequency_mhz);
                (band, self.channels.iter().filter(inside).copied().collect::<Vec<_>>())
            })
            .filter(|(_, channels)| !channels.is_empty())
            .collect()
    }
}

/// What a band's capabilities say of widths.
#[derive(Clone, Copy, Default)]
struct Widths {
    ht40: bool,
    vht: bool,
    vht160: bool,
    /// First byte of the HE PHY capabilities (IEEE Std 802.11ax-2021, 9.4.2.248.3).
    he: u8,
}

/// Bits of the channel width set of HE: 40 MHz in 2.4 GHz, 40 and 80 MHz above, 160 MHz above.
const HE_40_IN_2_4: u8 = 1 << 1;
const HE_40_AND_80: u8 = 1 << 2;
const HE_160: u8 = 1 << 3;

/// HT capabilities: 20 and 40 MHz (802.11-2020, 9.4.2.55.2).
const HT_40: u16 = 1 << 1;

impl Widths {
    fn add(&mut self, number: u16, value: &[u8]) {
        match (number, value) {
            (BAND_HT_CAPA, [low, high, ..]) => {
                self.ht40 |= u16::from_le_bytes([*low, *high]) & HT_40 != 0;
            }
            (BAND_VHT_CAPA, [a, b, c, d, ..]) => {
                let capabilities = u32::from_le_bytes([*a, *b, *c, *d]);
                self.vht |= capabilities != 0;
                // Supported channel width set: 1 and 2 have 160 MHz (802.11-2020, 9.4.2.157.2).
                self.vht160 |= matches!(capabilities >> 2 & 3, 1 | 2);
            }
            (BAND_IFTYPE_DATA, modes) => {
                // One list of attributes for each group of interface modes.
                for (_, data) in nested(modes) {
                    for (number, value) in nested(data) {
                        if number == IFTYPE_HE_CAP_PHY {
                            self.he |= value.first().copied().unwrap_or(0);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn channel(self, band: u16, frequency: &Frequency) -> RadioChannel {
        let low = band == BAND_2_4_GHZ;
        let he40 = self.he & if low { HE_40_IN_2_4 } else { HE_40_AND_80 } != 0;
        let mhz40 = self.ht40 || he40;
        let above_2_4 = !low;
        RadioChannel {
            frequency_mhz: frequency.mhz,
            mhz40_above: mhz40 && !frequency.no_40_above,
            mhz40_below: mhz40 && !frequency.no_40_below,
            mhz80: above_2_4 && !frequency.no_80 && (self.vht || self.he & HE_40_AND_80 != 0),
            mhz160: above_2_4 && !frequency.no_160 && (self.vht160 || self.he & HE_160 != 0),
            radar: frequency.radar,
            passive_only: frequency.passive_only,
        }
    }
}

/// A channel as a band lists it.
#[derive(Clone, Copy, Default)]
struct Frequency {
    mhz: u16,
    disabled: bool,
    no_40_above: bool,
    no_40_below: bool,
    no_80: bool,
    no_160: bool,
    radar: bool,
    passive_only: bool,
}

fn frequency(bytes: &[u8]) -> Option<Frequency> {
    let mut frequency = Frequency::default();
    for (number, value) in nested(bytes) {
        match number {
            // 60 GHz does not fit and is not listened to.
            FREQUENCY_MHZ => frequency.mhz = u16::try_from(word(value, 0)?).ok()?,
            FREQUENCY_DISABLED => frequency.disabled = true,
            FREQUENCY_NO_HT40_PLUS => frequency.no_40_above = true,
            FREQUENCY_NO_HT40_MINUS => frequency.no_40_below = true,
            FREQUENCY_NO_80MHZ => frequency.no_80 = true,
            FREQUENCY_NO_160MHZ => frequency.no_160 = true,
            FREQUENCY_RADAR => frequency.radar = true,
            FREQUENCY_NO_IR => frequency.passive_only = true,
            _ => {}
        }
    }
    (frequency.mhz > 0).then_some(frequency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_told_by_band() {
        let radio = |frequencies_mhz: &[u16]| RadioAbilities {
            monitor: true,
            channels: frequencies_mhz.iter().map(|mhz| RadioChannel::narrow(*mhz)).collect(),
            disabled: 0,
        };
        assert_eq!(
            radio(&[2412, 2484, 5180, 5885, 5955]).bands_words(),
            "channels: 2.4 GHz with 2, up to 20 MHz wide; 5 GHz with 2, up to 20 MHz wide; 6 GHz \
             with 1, up to 20 MHz wide"
        );
        assert_eq!(radio(&[]).bands_words(), "no channel that is allowed");
    }
}
