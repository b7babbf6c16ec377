//! Protection labels in the few classes that a report colours and sorts by.

use pw_model::SecurityLabel;
use pw_survey::{AccessPoint, Protection};

/// A class of protection, the weakest first. Colours are those of Okabe and Ito, which people who
/// see colours differently can tell apart; the map gives weak classes a shape of their own as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// No protection.
    Open,
    /// WEP, or WPA without WPA2.
    Broken,
    /// WPA allowed beside something better.
    Legacy,
    /// Encrypted without authentication.
    Owe,
    /// WPA2.
    Wpa2,
    /// WPA3, with or without WPA2 beside it.
    Wpa3,
    /// RSN with suites that this report does not judge.
    Other,
    /// No advertisement was heard.
    Unknown,
}

impl Class {
    /// All, the weakest first.
    pub(crate) const ALL: [Self; 8] = [
        Self::Open,
        Self::Broken,
        Self::Legacy,
        Self::Owe,
        Self::Wpa2,
        Self::Wpa3,
        Self::Other,
        Self::Unknown,
    ];

    /// Of an access point.
    pub(crate) fn of(ap: &AccessPoint) -> Self {
        ap.protection.as_ref().map_or(Self::Unknown, |protection| Self::of_label(protection.label))
    }

    /// Of a label.
    pub(crate) const fn of_label(label: SecurityLabel) -> Self {
        match label {
            SecurityLabel::Open => Self::Open,
            SecurityLabel::Wep | SecurityLabel::Wpa => Self::Broken,
            SecurityLabel::WpaWpa2
            | SecurityLabel::WpaWpa3Wpa2
            | SecurityLabel::WpaWpa3
            | SecurityLabel::WpaRsnOther
            | SecurityLabel::WpaOwe => Self::Legacy,
            SecurityLabel::Owe => Self::Owe,
            SecurityLabel::Wpa2 => Self::Wpa2,
            SecurityLabel::Wpa3Wpa2 | SecurityLabel::Wpa3 => Self::Wpa3,
            SecurityLabel::RsnOther => Self::Other,
        }
    }

    /// In words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Broken => "WEP or WPA only",
            Self::Legacy => "WPA still allowed",
            Self::Owe => "Enhanced open",
            Self::Wpa2 => "WPA2",
            Self::Wpa3 => "WPA3",
            Self::Other => "Other",
            Self::Unknown => "Unknown",
        }
    }

    /// As `#rrggbb`.
    pub(crate) const fn colour(self) -> &'static str {
        match self {
            Self::Open => "#d55e00",
            Self::Broken => "#b0447f",
            Self::Legacy => "#e69f00",
            Self::Owe => "#56b4e9",
            Self::Wpa2 => "#0072b2",
            Self::Wpa3 => "#009e73",
            Self::Other => "#5f6b76",
            Self::Unknown => "#a3adb5",
        }
    }

    /// True when anybody in range can read or join: no encryption, or one that is broken.
    pub(crate) const fn is_weak(self) -> bool {
        matches!(self, Self::Open | Self::Broken)
    }
}

/// The label as text, or "unknown".
pub(crate) fn label(ap: &AccessPoint) -> &'static str {
    ap.protection.as_ref().map_or("unknown", |protection| protection.label.name())
}

/// `required`, `capable`, `no`, or a dash where nothing says it.
pub(crate) fn pmf(ap: &AccessPoint) -> &'static str {
    ap.pmf().unwrap_or("–")
}

/// How a protection uses TKIP or WEP as cipher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OldCipher {
    /// No better cipher is offered for frames to one station.
    Only,
    /// Beside a better one, or for group-addressed frames.
    Beside,
}

/// TKIP or WEP among the ciphers; `None` when there is none, or no element lists ciphers.
pub(crate) fn old_cipher(protection: &Protection) -> Option<OldCipher> {
    let is_old = |name: &str| name == "TKIP" || name.starts_with("WEP");
    let pairwise = protection.security.pairwise();
    let old = pairwise.iter().filter(|cipher| is_old(&cipher.name())).count();
    if old > 0 && old == pairwise.len() {
        return Some(OldCipher::Only);
    }
    let group = protection.security.group().iter().any(|cipher| is_old(&cipher.name()));
    (old > 0 || group).then_some(OldCipher::Beside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{Akm, Cipher, RsnInfo, Security, SuiteSet};

    #[test]
    fn weak_is_what_the_label_calls_weak() {
        for label in [
            SecurityLabel::Open,
            SecurityLabel::Owe,
            SecurityLabel::Wep,
            SecurityLabel::Wpa,
            SecurityLabel::WpaWpa2,
            SecurityLabel::Wpa2,
            SecurityLabel::Wpa3,
            SecurityLabel::RsnOther,
        ] {
            assert_eq!(Class::of_label(label).is_weak(), label.is_weak(), "{label:?}");
        }
    }

    fn check_old_cipher(pairwise: &[u8], group: u8, expected: Option<OldCipher>) {
        let suites = SuiteSet {
            group: Some(Cipher::ieee(group)),
            pairwise: pairwise.iter().map(|number| Cipher::ieee(*number)).collect(),
            akm: vec![Akm::ieee(2)],
        };
        let rsn = Some(RsnInfo { suites, ..RsnInfo::default() });
        let security = Security { privacy: true, rsn, ..Security::default() };
        let protection = Protection { label: security.label(), security };
        assert_eq!(old_cipher(&protection), expected, "{pairwise:?} {group}");
    }

    #[test]
    fn old_ciphers() {
        check_old_cipher(&[4], 4, None);
        check_old_cipher(&[2], 2, Some(OldCipher::Only));
        check_old_cipher(&[4, 2], 2, Some(OldCipher::Beside));
        check_old_cipher(&[4], 2, Some(OldCipher::Beside));
        check_old_cipher(&[4], 5, Some(OldCipher::Beside));
    }
}
