//! What one BSS announces: the input of every frame that an access point builds.

use pw_model::{Akm, Band, Channel, Cipher, MacAddr, RsnInfo, Security, Ssid, SuiteSet};
use serde::Deserialize;

/// How a network is protected, by the names used in scenario files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Protection {
    /// No protection.
    Open,
    /// Wired equivalent privacy.
    Wep,
    /// WPA with TKIP only.
    Wpa,
    /// WPA and WPA2 with a pre-shared key.
    WpaWpa2,
    /// WPA2 with a pre-shared key.
    Wpa2,
    /// WPA2 with IEEE 802.1X.
    Wpa2Enterprise,
    /// WPA3: SAE, protected management frames required.
    Wpa3,
    /// SAE and pre-shared key side by side.
    Wpa3Transition,
    /// Suite B with 192 bits.
    Wpa3Enterprise192,
    /// Opportunistic wireless encryption.
    Owe,
    /// An open network with a hidden encrypted twin.
    OweTransition,
}

impl Protection {
    /// Management frame protection is required: nobody else's deauthentication is believed.
    pub(crate) const fn requires_pmf(self) -> bool {
        matches!(self, Self::Wpa3 | Self::Wpa3Enterprise192 | Self::Owe)
    }

    /// True where HT and later must not be used: WEP and TKIP alone (IEEE Std 802.11-2020, 12.5.4.1).
    pub(crate) const fn forbids_ht(self) -> bool {
        matches!(self, Self::Wep | Self::Wpa)
    }

    /// What 6 GHz allows in its place: SAE or OWE only (IEEE Std 802.11ax-2021, 12.12.2).
    pub(crate) const fn at_6_ghz(self) -> Self {
        match self {
            Self::Open | Self::Owe | Self::OweTransition => Self::Owe,
            Self::Wpa2Enterprise | Self::Wpa3Enterprise192 => Self::Wpa3Enterprise192,
            _ => Self::Wpa3,
        }
    }

    /// Key management and ciphers as they are announced.
    pub(crate) fn security(self) -> Security {
        let ccmp = Cipher::ieee(4);
        let rsn =
            |group, pairwise: &[Cipher], akm: &[u8], capabilities, group_management| RsnInfo {
                suites: SuiteSet {
                    group: Some(group),
                    pairwise: pairwise.to_vec(),
                    akm: akm.iter().map(|number| Akm::ieee(*number)).collect(),
                },
                capabilities,
                pmkid_count: 0,
                group_management,
            };
        let wpa_suites = |pairwise: &[u8]| SuiteSet {
            group: Some(Cipher([0x00, 0x50, 0xf2, 2])),
            pairwise: pairwise.iter().map(|number| Cipher([0x00, 0x50, 0xf2, *number])).collect(),
            akm: vec![Akm([0x00, 0x50, 0xf2, 2])],
        };
        let bip = Some(Cipher::ieee(6));
        let mut security = Security { privacy: true, ..Security::default() };
        match self {
            Self::Open => security.privacy = false,
            Self::OweTransition => {
                security.privacy = false;
                security.owe_transition = true;
            }
            Self::Wep => {}
            Self::Wpa => security.wpa = Some(wpa_suites(&[2])),
            Self::WpaWpa2 => {
                security.wpa = Some(wpa_suites(&[4, 2]));
                security.rsn = Some(rsn(Cipher::ieee(2), &[ccmp, Cipher::ieee(2)], &[2], 0, None));
            }
            Self::Wpa2 => security.rsn = Some(rsn(ccmp, &[ccmp], &[2], 0x000c, None)),
            Self::Wpa2Enterprise => {
                security.rsn = Some(rsn(ccmp, &[ccmp], &[1, 5], 0x0080, None));
            }
            Self::Wpa3 => security.rsn = Some(rsn(ccmp, &[ccmp], &[8], 0x00cc, bip)),
            Self::Wpa3Transition => {
                security.rsn = Some(rsn(ccmp, &[ccmp], &[2, 8], 0x008c, bip));
            }
            Self::Wpa3Enterprise192 => {
                let gcmp = Cipher::ieee(9);
                security.rsn = Some(rsn(gcmp, &[gcmp], &[12], 0x00cc, Some(Cipher::ieee(12))));
            }
            Self::Owe => security.rsn = Some(rsn(ccmp, &[ccmp], &[18], 0x00cc, bip)),
        }
        security
    }
}

/// The newest generation that a station speaks, by the names used in scenario files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Generation {
    /// 802.11g at 2.4 GHz, 802.11a at 5 GHz.
    Legacy,
    /// 802.11n.
    Wifi4,
    /// 802.11ac.
    Wifi5,
    /// 802.11ax.
    Wifi6,
    /// 802.11ax with 6 GHz.
    Wifi6e,
    /// 802.11be.
    Wifi7,
}

impl Generation {
    /// Speaks HT.
    pub(crate) fn ht(self) -> bool {
        self >= Self::Wifi4
    }

    /// Speaks VHT (in 5 GHz).
    pub(crate) fn vht(self) -> bool {
        self >= Self::Wifi5
    }

    /// Speaks HE.
    pub(crate) fn he(self) -> bool {
        self >= Self::Wifi6
    }

    /// Speaks EHT.
    pub(crate) fn eht(self) -> bool {
        self >= Self::Wifi7
    }

    /// The name that scenario files and the truth use.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Wifi4 => "wifi4",
            Self::Wifi5 => "wifi5",
            Self::Wifi6 => "wifi6",
            Self::Wifi6e => "wifi6e",
            Self::Wifi7 => "wifi7",
        }
    }
}

/// Operating channel: primary, width and centre.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Operating {
    /// Primary 20 MHz channel.
    pub(crate) channel: Channel,
    /// Its centre in MHz.
    pub(crate) frequency_mhz: u16,
    /// Width in MHz: 20, 40, 80, 160 or 320.
    pub(crate) width_mhz: u16,
}

impl Operating {
    /// Number of the channel at the centre of the block of `width_mhz` that holds the primary
    /// (IEEE Std 802.11-2020, annex E); the primary itself at 2.4 GHz and for 20 MHz.
    pub(crate) fn center_number(self, width_mhz: u16) -> u8 {
        let number = u16::from(self.channel.number);
        let base = match (self.channel.band, number) {
            (Band::Ghz5, 36..=144) => 36,
            (Band::Ghz5, 149..=177) => 149,
            (Band::Ghz6, _) => 1,
            _ => return self.channel.number,
        };
        let channels = (width_mhz / 20).max(1);
        // 20 MHz channels are four numbers apart; 100 is 16 channels above 36, on every block's edge.
        let first = (number.saturating_sub(base) / 4 / channels) * channels;
        u8::try_from(base + 4 * first + 2 * (channels - 1)).unwrap_or(self.channel.number)
    }

    /// True when the secondary 20 MHz channel lies above the primary.
    pub(crate) fn secondary_above(self) -> bool {
        match self.channel.band {
            Band::Ghz2_4 => self.channel.number <= 7,
            _ => self.center_number(40) > self.channel.number,
        }
    }
}

/// A BSS that shares the device with another, for the reduced neighbour report.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    /// Its BSSID.
    pub(crate) bssid: MacAddr,
    /// Its network name.
    pub(crate) ssid: Ssid,
    /// Its channel.
    pub(crate) operating: Operating,
    /// Its link number when both belong to one multi-link device.
    pub(crate) link_id: Option<u8>,
}

/// This BSS as a link of a multi-link device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MldPart {
    /// Address of the multi-link device.
    pub(crate) address: MacAddr,
    /// This link's number.
    pub(crate) link_id: u8,
    /// How many links the device has.
    pub(crate) links: u8,
}

/// What Wi-Fi Protected Setup says of the device.
#[derive(Clone, Debug)]
pub(crate) struct WpsText {
    /// Manufacturer, invented.
    pub(crate) manufacturer: String,
    /// Model name, invented.
    pub(crate) model_name: String,
    /// Model number.
    pub(crate) model_number: String,
    /// Identifier of the enrollee or registrar.
    pub(crate) uuid: [u8; 16],
}

/// What one BSS announces.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// BSSID.
    pub(crate) bssid: MacAddr,
    /// True name.
    pub(crate) ssid: Ssid,
    /// Beacons carry an empty name.
    pub(crate) hidden: bool,
    /// Protection.
    pub(crate) protection: Protection,
    /// What [`Protection::security`] gave.
    pub(crate) security: Security,
    /// Channel and width.
    pub(crate) operating: Operating,
    /// Newest generation.
    pub(crate) generation: Generation,
    /// Spatial streams, 1 to 4.
    pub(crate) streams: u8,
    /// Beacon interval in units of 1024 µs.
    pub(crate) beacon_interval_tu: u16,
    /// Beacons between two that announce group traffic.
    pub(crate) dtim_period: u8,
    /// Country code.
    pub(crate) country: [u8; 2],
    /// BSS colour of HE, 1 to 63.
    pub(crate) color: u8,
    /// Highest EIRP in dBm, for the power envelope.
    pub(crate) power_limit_dbm: u8,
    /// Wi-Fi Protected Setup, when on.
    pub(crate) wps: Option<WpsText>,
    /// Place within a multi-link device.
    pub(crate) mld: Option<MldPart>,
    /// BSSs on other bands of the same device.
    pub(crate) neighbours: Vec<Neighbour>,
    /// BSSID and name of the other half of an OWE transition pair.
    pub(crate) owe_twin: Option<(MacAddr, Ssid)>,
    /// BSS load is announced.
    pub(crate) bss_load: bool,
}

impl Network {
    /// The band.
    pub(crate) fn band(&self) -> Band {
        self.operating.channel.band
    }

    /// Announces SAE hash-to-element (RSN extension element): newer devices with SAE.
    pub(crate) fn has_hash_to_element(&self) -> bool {
        let sae = matches!(self.protection, Protection::Wpa3 | Protection::Wpa3Transition);
        sae && (self.generation.he() || self.band() == Band::Ghz6)
    }

    /// Announces HT: not at 6 GHz, where HE replaces it (IEEE Std 802.11ax-2021, 26.17.2.1).
    pub(crate) fn has_ht(&self) -> bool {
        self.generation.ht() && !self.protection.forbids_ht() && self.band() != Band::Ghz6
    }

    /// Announces VHT: in 5 GHz.
    pub(crate) fn has_vht(&self) -> bool {
        self.generation.vht() && self.has_ht() && self.band() == Band::Ghz5
    }

    /// Announces HE.
    pub(crate) fn has_he(&self) -> bool {
        self.generation.he() && !self.protection.forbids_ht()
    }

    /// Announces EHT.
    pub(crate) fn has_eht(&self) -> bool {
        self.generation.eht() && !self.protection.forbids_ht()
    }

    /// Capability information field (9.4.1.4).
    pub(crate) fn capability(&self) -> u16 {
        let mut bits = 1; // ESS
        if self.security.privacy {
            bits |= 1 << 4;
        }
        match self.band() {
            Band::Ghz2_4 => bits |= 1 << 5 | 1 << 10, // short preamble, short slot time
            Band::Ghz5 => bits |= 1 << 8,             // spectrum management
            Band::Ghz6 => bits |= 1 << 8 | 1 << 12,   // and radio measurement
            Band::Ghz60 => {}
        }
        if self.has_ht() && self.band() != Band::Ghz6 {
            bits |= 1 << 12; // radio measurement
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operating(band: Band, number: u8, width_mhz: u16) -> Operating {
        let channel = Channel { band, number };
        let frequency_mhz = channel.frequency_mhz().expect("a channel");
        Operating { channel, frequency_mhz, width_mhz }
    }

    #[test]
    fn centres_of_annex_e() {
        for (band, number, width, center) in [
            (Band::Ghz5, 36, 40, 38),
            (Band::Ghz5, 44, 80, 42),
            (Band::Ghz5, 52, 80, 58),
            (Band::Ghz5, 60, 160, 50),
            (Band::Ghz5, 100, 80, 106),
            (Band::Ghz5, 116, 160, 114),
            (Band::Ghz5, 149, 80, 155),
            (Band::Ghz6, 5, 80, 7),
            (Band::Ghz6, 37, 160, 47),
            (Band::Ghz6, 37, 320, 31),
            (Band::Ghz6, 69, 320, 95),
            (Band::Ghz2_4, 6, 40, 6),
        ] {
            assert_eq!(operating(band, number, width).center_number(width), center, "{number}");
        }
    }

    #[test]
    fn labels_are_those_of_the_model() {
        for (protection, label) in [
            (Protection::Open, "OPEN"),
            (Protection::Wep, "WEP"),
            (Protection::Wpa, "WPA"),
            (Protection::WpaWpa2, "WPA/WPA2"),
            (Protection::Wpa2, "WPA2"),
            (Protection::Wpa2Enterprise, "WPA2"),
            (Protection::Wpa3, "WPA3"),
            (Protection::Wpa3Transition, "WPA3/WPA2"),
            (Protection::Wpa3Enterprise192, "WPA3"),
            (Protection::Owe, "OWE"),
            (Protection::OweTransition, "OPEN"),
        ] {
            assert_eq!(protection.security().label().name(), label);
        }
    }
}
