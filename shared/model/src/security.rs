//! What protects a network, and the one place where its label is derived
//! (IEEE Std 802.11-2020, 9.4.2.24; WFA WPA3 Specification 3.3).

use serde::{Deserialize, Serialize};
use std::fmt;

/// An authentication and key management suite: the standard's selector, OUI and type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Akm(pub [u8; 4]);

/// A cipher suite: the standard's selector, OUI and type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cipher(pub [u8; 4]);

/// IEEE 802.11 suites: 00-0F-AC.
const IEEE: [u8; 3] = [0x00, 0x0f, 0xac];
/// Wi-Fi Alliance (formerly Microsoft) suites of WPA: 00-50-F2.
const WPA: [u8; 3] = [0x00, 0x50, 0xf2];

impl Akm {
    /// A suite of IEEE 802.11, table 9-151.
    #[must_use]
    pub const fn ieee(suite_type: u8) -> Self {
        Self([IEEE[0], IEEE[1], IEEE[2], suite_type])
    }

    /// The type number if this is a suite of IEEE 802.11.
    #[must_use]
    pub const fn ieee_type(self) -> Option<u8> {
        let [a, b, c, suite_type] = self.0;
        if a == IEEE[0] && b == IEEE[1] && c == IEEE[2] { Some(suite_type) } else { None }
    }

    /// The usual name, or for unknown suites the number (IEEE) or the whole selector (others).
    #[must_use]
    pub fn name(self) -> String {
        let [a, b, c, suite_type] = self.0;
        let name = match ([a, b, c], suite_type) {
            (IEEE | WPA, 1) => "802.1X",
            (IEEE | WPA, 2) => "PSK",
            (IEEE, 3) => "FT-802.1X",
            (IEEE, 4) => "FT-PSK",
            (IEEE, 5) => "802.1X-SHA256",
            (IEEE, 6) => "PSK-SHA256",
            (IEEE, 7) => "TDLS",
            (IEEE, 8) => "SAE",
            (IEEE, 9) => "FT-SAE",
            (IEEE, 10) => "AP-PEER-KEY",
            (IEEE, 11) => "SUITE-B",
            (IEEE, 12) => "SUITE-B-192",
            (IEEE, 13) => "FT-802.1X-SHA384",
            (IEEE, 14) => "FILS-SHA256",
            (IEEE, 15) => "FILS-SHA384",
            (IEEE, 16) => "FT-FILS-SHA256",
            (IEEE, 17) => "FT-FILS-SHA384",
            (IEEE, 18) => "OWE",
            (IEEE, 19) => "FT-PSK-SHA384",
            (IEEE, 20) => "PSK-SHA384",
            (IEEE, 21) => "PASN",
            (IEEE, 22) => "FT-802.1X-SHA384-UNRESTRICTED",
            (IEEE, 23) => "802.1X-SHA384",
            (IEEE, 24) => "SAE-EXT-KEY",
            (IEEE, 25) => "FT-SAE-EXT-KEY",
            ([0x50, 0x6f, 0x9a], 2) => "DPP",
            ([0x50, 0x6f, 0x9a], 1) => "OSEN",
            (IEEE, number) => return number.to_string(),
            _ => return format!("{a:02X}-{b:02X}-{c:02X}:{suite_type}"),
        };
        name.to_owned()
    }
}

impl Cipher {
    /// A suite of IEEE 802.11, table 9-149.
    #[must_use]
    pub const fn ieee(suite_type: u8) -> Self {
        Self([IEEE[0], IEEE[1], IEEE[2], suite_type])
    }

    /// The usual name, or for unknown suites the number (IEEE) or the whole selector (others).
    #[must_use]
    pub fn name(self) -> String {
        let [a, b, c, suite_type] = self.0;
        let name = match ([a, b, c], suite_type) {
            (IEEE | WPA, 0) => "use-group",
            (IEEE | WPA, 1) => "WEP-40",
            (IEEE | WPA, 2) => "TKIP",
            (IEEE | WPA, 4) => "CCMP",
            (IEEE | WPA, 5) => "WEP-104",
            (IEEE, 6) => "BIP-CMAC-128",
            (IEEE, 7) => "no-group-traffic",
            (IEEE, 8) => "GCMP",
            (IEEE, 9) => "GCMP-256",
            (IEEE, 10) => "CCMP-256",
            (IEEE, 11) => "BIP-GMAC-128",
            (IEEE, 12) => "BIP-GMAC-256",
            (IEEE, 13) => "BIP-CMAC-256",
            (IEEE | WPA, number) => return number.to_string(),
            _ => return format!("{a:02X}-{b:02X}-{c:02X}:{suite_type}"),
        };
        name.to_owned()
    }
}

impl fmt::Debug for Akm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())
    }
}

/// Key management and ciphers of one security element.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct SuiteSet {
    /// Cipher for group-addressed frames.
    pub group: Option<Cipher>,
    /// Ciphers for frames to one station.
    pub pairwise: Vec<Cipher>,
    /// Key management suites.
    pub akm: Vec<Akm>,
}

/// An RSN element (IEEE Std 802.11-2020, 9.4.2.24).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct RsnInfo {
    /// Key management and ciphers.
    pub suites: SuiteSet,
    /// RSN capabilities as they stand in the element; 0 when the element ends before them.
    pub capabilities: u16,
    /// Number of PMKIDs the element lists.
    pub pmkid_count: u16,
    /// Cipher that protects group-addressed management frames.
    pub group_management: Option<Cipher>,
}

impl RsnInfo {
    /// Protected management frames are possible (MFPC, bit 7).
    #[must_use]
    pub const fn mfp_capable(&self) -> bool {
        self.capabilities & 1 << 7 != 0
    }

    /// Protected management frames are mandatory (MFPR, bit 6).
    #[must_use]
    pub const fn mfp_required(&self) -> bool {
        self.capabilities & 1 << 6 != 0
    }
}

/// Everything a network announces about its protection.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Security {
    /// The privacy bit of the capability field.
    pub privacy: bool,
    /// The WPA vendor element.
    pub wpa: Option<SuiteSet>,
    /// The RSN element.
    pub rsn: Option<RsnInfo>,
    /// The OWE transition mode element is present: an open network with an encrypted twin.
    pub owe_transition: bool,
}

/// What a network's protection is called.
///
/// The rules: RSN with an SAE or suite B 192-bit AKM is WPA3, with an older AKM WPA2, with both
/// WPA3/WPA2; OWE alone is OWE; a WPA element puts `WPA/` in front; without either element the
/// privacy bit means WEP and its absence OPEN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum SecurityLabel {
    /// No protection.
    Open,
    /// Opportunistic wireless encryption: encrypted, not authenticated.
    Owe,
    /// Wired equivalent privacy, or any privacy without WPA and RSN elements.
    Wep,
    /// WPA element only.
    Wpa,
    /// WPA element beside an RSN element of the WPA2 kind.
    WpaWpa2,
    /// WPA element beside an RSN element with both kinds.
    WpaWpa3Wpa2,
    /// WPA element beside an RSN element of the WPA3 kind.
    WpaWpa3,
    /// WPA element beside an RSN element of unknown kind.
    WpaRsnOther,
    /// WPA element beside OWE.
    WpaOwe,
    /// RSN with AKMs of the WPA2 kind.
    Wpa2,
    /// RSN with AKMs of both kinds.
    Wpa3Wpa2,
    /// RSN with AKMs of the WPA3 kind only.
    Wpa3,
    /// RSN with AKMs of neither kind.
    RsnOther,
}

impl SecurityLabel {
    /// The label as text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Owe => "OWE",
            Self::Wep => "WEP",
            Self::Wpa => "WPA",
            Self::WpaWpa2 => "WPA/WPA2",
            Self::WpaWpa3Wpa2 => "WPA/WPA3/WPA2",
            Self::WpaWpa3 => "WPA/WPA3",
            Self::WpaRsnOther => "WPA/RSN-other",
            Self::WpaOwe => "WPA/OWE",
            Self::Wpa2 => "WPA2",
            Self::Wpa3Wpa2 => "WPA3/WPA2",
            Self::Wpa3 => "WPA3",
            Self::RsnOther => "RSN-other",
        }
    }

    /// True when anybody in range can read or join: no encryption, or one that is broken.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Open | Self::Wep | Self::Wpa)
    }
}

impl Security {
    /// The label by the rules of [`SecurityLabel`].
    #[must_use]
    pub fn label(&self) -> SecurityLabel {
        let Some(rsn) = &self.rsn else {
            return match (&self.wpa, self.privacy) {
                (Some(_), _) => SecurityLabel::Wpa,
                (None, true) => SecurityLabel::Wep,
                (None, false) => SecurityLabel::Open,
            };
        };
        let types: Vec<u8> = rsn.suites.akm.iter().filter_map(|akm| akm.ieee_type()).collect();
        let wpa3 = types.iter().any(|t| matches!(t, 8 | 9 | 12 | 24 | 25));
        let wpa2 = types.iter().any(|t| matches!(t, 1..=6 | 11 | 13));
        let owe_only = !types.is_empty()
            && types.iter().all(|t| *t == 18)
            && types.len() == rsn.suites.akm.len();
        let wpa = self.wpa.is_some();
        match (wpa3, wpa2, owe_only, wpa) {
            (true, true, _, false) => SecurityLabel::Wpa3Wpa2,
            (true, true, _, true) => SecurityLabel::WpaWpa3Wpa2,
            (true, false, _, false) => SecurityLabel::Wpa3,
            (true, false, _, true) => SecurityLabel::WpaWpa3,
            (false, true, _, false) => SecurityLabel::Wpa2,
            (false, true, _, true) => SecurityLabel::WpaWpa2,
            (false, false, true, false) => SecurityLabel::Owe,
            (false, false, true, true) => SecurityLabel::WpaOwe,
            (false, false, false, false) => SecurityLabel::RsnOther,
            (false, false, false, true) => SecurityLabel::WpaRsnOther,
        }
    }

    /// Key management suites, RSN first, without repeats.
    #[must_use]
    pub fn akm(&self) -> Vec<Akm> {
        let rsn = self.rsn.iter().flat_map(|rsn| &rsn.suites.akm);
        let wpa = self.wpa.iter().flat_map(|wpa| &wpa.akm);
        without_repeats_by(rsn.chain(wpa).copied(), |akm| akm.name())
    }

    /// Pairwise ciphers, RSN first, without repeats.
    #[must_use]
    pub fn pairwise(&self) -> Vec<Cipher> {
        let rsn = self.rsn.iter().flat_map(|rsn| &rsn.suites.pairwise);
        let wpa = self.wpa.iter().flat_map(|wpa| &wpa.pairwise);
        without_repeats_by(rsn.chain(wpa).copied(), |cipher| cipher.name())
    }

    /// Group ciphers, RSN first, without repeats.
    #[must_use]
    pub fn group(&self) -> Vec<Cipher> {
        let rsn = self.rsn.iter().filter_map(|rsn| rsn.suites.group);
        let wpa = self.wpa.iter().filter_map(|wpa| wpa.group);
        without_repeats_by(rsn.chain(wpa), |cipher| cipher.name())
    }

    /// `required`, `capable`, `no`, or `None` where there is no RSN element to say it.
    #[must_use]
    pub fn pmf(&self) -> Option<&'static str> {
        self.rsn.as_ref().map(|rsn| match (rsn.mfp_required(), rsn.mfp_capable()) {
            (true, _) => "required",
            (false, true) => "capable",
            (false, false) => "no",
        })
    }
}

fn without_repeats_by<T: Copy>(
    items: impl Iterator<Item = T>,
    name: impl Fn(T) -> String,
) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        if !kept.iter().any(|known| name(*known) == name(item)) {
            kept.push(item);
        }
    }
    kept
}

/// Authentication algorithm numbers (IEEE Std 802.11-2020, 9.4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AuthMode(pub u16);

impl AuthMode {
    /// The name the summary prints; unknown numbers as they are.
    #[must_use]
    pub fn name(self) -> String {
        match self.0 {
            0 => "open".to_owned(),
            1 => "shared".to_owned(),
            2 => "ft".to_owned(),
            3 => "sae".to_owned(),
            4 => "fils".to_owned(),
            5 => "fils_pfs".to_owned(),
            6 => "fils_pk".to_owned(),
            7 => "pasn".to_owned(),
            128 => "leap".to_owned(),
            number => number.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsn(akm: &[u8]) -> Security {
        Security {
            privacy: true,
            rsn: Some(RsnInfo {
                suites: SuiteSet {
                    group: Some(Cipher::ieee(4)),
                    pairwise: vec![Cipher::ieee(4)],
                    akm: akm.iter().map(|t| Akm::ieee(*t)).collect(),
                },
                ..RsnInfo::default()
            }),
            ..Security::default()
        }
    }

    #[test]
    fn labels() {
        let check = |security: &Security, label: &str| assert_eq!(security.label().name(), label);
        check(&Security::default(), "OPEN");
        check(&Security { privacy: true, ..Security::default() }, "WEP");
        check(&Security { wpa: Some(SuiteSet::default()), ..Security::default() }, "WPA");
        check(&rsn(&[2]), "WPA2");
        check(&rsn(&[8]), "WPA3");
        check(&rsn(&[24]), "WPA3");
        check(&rsn(&[2, 8]), "WPA3/WPA2");
        check(&rsn(&[18]), "OWE");
        check(&rsn(&[18, 99]), "RSN-other");
        check(&rsn(&[]), "RSN-other");
        check(&Security { wpa: Some(SuiteSet::default()), ..rsn(&[2]) }, "WPA/WPA2");
    }

    #[test]
    fn pmf_words() {
        let mut security = rsn(&[8]);
        assert_eq!(security.pmf(), Some("no"));
        if let Some(rsn) = &mut security.rsn {
            rsn.capabilities = 0x00c0;
        }
        assert_eq!(security.pmf(), Some("required"));
        assert_eq!(Security::default().pmf(), None);
    }
}
