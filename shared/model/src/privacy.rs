//! What a sensor keeps to itself: how it treats clients, and counts of what never left it.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How the addresses of clients stand in a batch. Access points' addresses always stand as heard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ClientAddresses {
    /// As heard on the air.
    Clear,
    /// Replaced on the sensor by keyed pseudonyms. They look like locally administered addresses, so
    /// that none can be taken for a maker's; whether the device itself uses a random address is not
    /// known any more.
    Pseudonyms,
}

/// How a sensor treats people's data, stated in each of its batches. A batch without it is of an
/// import or of a release before this statement: its addresses stand as heard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PrivacyDeclaration {
    /// Addresses of clients.
    pub clients: ClientAddresses,
    /// After so many seconds the key of the pseudonyms is drawn anew; `None` with clear addresses.
    pub rotation_secs: Option<u64>,
    /// Names of networks that clients ask for are kept.
    pub probe_names: bool,
    /// Purpose of an audit that its owner declared; `None` when none is.
    pub audit: Option<String>,
    /// Home zones in which nothing, or no position, is recorded.
    pub home_zones: u16,
}

impl PrivacyDeclaration {
    /// How clients' addresses are treated, in words.
    #[must_use]
    pub fn addresses_words(&self) -> String {
        match (self.clients, self.rotation_secs) {
            (ClientAddresses::Clear, _) => "as heard on the air".to_owned(),
            (ClientAddresses::Pseudonyms, Some(secs)) => {
                format!("pseudonyms, with a new key every {}", span_words(secs))
            }
            (ClientAddresses::Pseudonyms, None) => "pseudonyms".to_owned(),
        }
    }
}

/// Whole days, hours, minutes or seconds.
fn span_words(secs: u64) -> String {
    let (count, unit) = match secs {
        s if s % 86_400 == 0 => (s / 86_400, "day"),
        s if s % 3600 == 0 => (s / 3600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
}

/// What a sensor heard or knew, and did not pass on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum WithheldKind {
    /// Frames heard within a home zone.
    HomeZoneFrames,
    /// Positions within a home zone: of frames, and reports of the receiver.
    HomeZonePositions,
    /// Probe and association requests whose network name was left out.
    ProbeNames,
    /// Elements of advertisements that name a client or its owner: device names, serial numbers,
    /// addresses.
    Elements,
    /// Bytes of data frames' bodies. None is ever kept.
    PayloadBytes,
}

impl WithheldKind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::HomeZoneFrames,
        Self::HomeZonePositions,
        Self::ProbeNames,
        Self::Elements,
        Self::PayloadBytes,
    ];

    /// What it counts, for people; the count stands before it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::HomeZoneFrames => "frames heard in a home zone",
            Self::HomeZonePositions => "positions in a home zone",
            Self::ProbeNames => "requests without the network name they asked for",
            Self::Elements => "elements that name a client or its owner",
            Self::PayloadBytes => "bytes of frame bodies, of which none is ever kept",
        }
    }

    /// Its key in JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::HomeZoneFrames => "home_zone_frames",
            Self::HomeZonePositions => "home_zone_positions",
            Self::ProbeNames => "probe_names",
            Self::Elements => "elements",
            Self::PayloadBytes => "payload_bytes",
        }
    }
}

/// So much was not passed on in this stretch of time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Withheld {
    /// What.
    pub kind: WithheldKind,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// How many.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_treatment_in_words() {
        let mut declared = PrivacyDeclaration {
            clients: ClientAddresses::Pseudonyms,
            rotation_secs: Some(86_400),
            probe_names: false,
            audit: None,
            home_zones: 0,
        };
        assert_eq!(declared.addresses_words(), "pseudonyms, with a new key every day");
        declared.rotation_secs = Some(5400);
        assert_eq!(declared.addresses_words(), "pseudonyms, with a new key every 90 minutes");
        declared.clients = ClientAddresses::Clear;
        assert_eq!(declared.addresses_words(), "as heard on the air");
    }
}
