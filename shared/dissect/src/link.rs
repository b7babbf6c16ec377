//! Link types: which radio header, if any, stands before the 802.11 frame
//! (the registry of the tcpdump group, link-layer header types).

/// What the bytes of a captured frame begin with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LinkType {
    /// Radiotap header, then 802.11 (127).
    Radiotap,
    /// 802.11 from its first byte (105).
    Ieee80211,
    /// Prism header, then 802.11 (119).
    Prism,
    /// AVS header, then 802.11 (163).
    Avs,
    /// Per-packet information header (192), then mostly 802.11.
    Ppi,
    /// Linux cooked capture (113) of an interface in monitor mode: a 16-byte header, then one of the above.
    LinuxCooked,
    /// Anything else, by its number. Not dissected.
    Other(u16),
}

impl LinkType {
    /// From the registry's number.
    #[must_use]
    pub const fn from_dlt(dlt: u16) -> Self {
        match dlt {
            127 => Self::Radiotap,
            105 => Self::Ieee80211,
            119 => Self::Prism,
            163 => Self::Avs,
            192 => Self::Ppi,
            113 => Self::LinuxCooked,
            other => Self::Other(other),
        }
    }

    /// The registry's number.
    #[must_use]
    pub const fn dlt(self) -> u16 {
        match self {
            Self::Radiotap => 127,
            Self::Ieee80211 => 105,
            Self::Prism => 119,
            Self::Avs => 163,
            Self::Ppi => 192,
            Self::LinuxCooked => 113,
            Self::Other(dlt) => dlt,
        }
    }

    /// True when frames of this type can hold an 802.11 frame.
    #[must_use]
    pub const fn is_ieee80211(self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// The usual name.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Radiotap => "radiotap".to_owned(),
            Self::Ieee80211 => "802.11".to_owned(),
            Self::Prism => "Prism".to_owned(),
            Self::Avs => "AVS".to_owned(),
            Self::Ppi => "PPI".to_owned(),
            Self::LinuxCooked => "Linux cooked capture".to_owned(),
            Self::Other(dlt) => format!("link type {dlt}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_round_trip() {
        for dlt in 0..=300 {
            assert_eq!(LinkType::from_dlt(dlt).dlt(), dlt);
        }
        assert!(LinkType::from_dlt(127).is_ieee80211());
        assert!(!LinkType::from_dlt(1).is_ieee80211());
    }
}
