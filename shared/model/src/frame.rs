//! Kinds of 802.11 frames and their header flags (IEEE Std 802.11-2020, 9.2.4.1).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Type and subtype of an 802.11 frame in one byte: bits 0 to 1 are the type, bits 2 to 5 the subtype.
/// 0xff stands for bytes that no header could be read from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameKind(pub u8);

impl FrameKind {
    /// Too short or too damaged to say what it was.
    pub const UNREADABLE: Self = Self(0xff);
    /// Association request.
    pub const ASSOCIATION_REQUEST: Self = Self::new(0, 0);
    /// Association response.
    pub const ASSOCIATION_RESPONSE: Self = Self::new(0, 1);
    /// Reassociation request.
    pub const REASSOCIATION_REQUEST: Self = Self::new(0, 2);
    /// Reassociation response.
    pub const REASSOCIATION_RESPONSE: Self = Self::new(0, 3);
    /// Probe request.
    pub const PROBE_REQUEST: Self = Self::new(0, 4);
    /// Probe response.
    pub const PROBE_RESPONSE: Self = Self::new(0, 5);
    /// Beacon.
    pub const BEACON: Self = Self::new(0, 8);
    /// Disassociation.
    pub const DISASSOCIATION: Self = Self::new(0, 10);
    /// Authentication.
    pub const AUTHENTICATION: Self = Self::new(0, 11);
    /// Deauthentication.
    pub const DEAUTHENTICATION: Self = Self::new(0, 12);
    /// Action.
    pub const ACTION: Self = Self::new(0, 13);
    /// Action without acknowledgement.
    pub const ACTION_NO_ACK: Self = Self::new(0, 14);

    /// From a frame type (0 to 3) and subtype (0 to 15).
    #[must_use]
    pub const fn new(frame_type: u8, subtype: u8) -> Self {
        Self((frame_type & 3) | (subtype & 15) << 2)
    }

    /// Type: 0 management, 1 control, 2 data, 3 extension; `None` when unreadable.
    #[must_use]
    pub const fn frame_type(self) -> Option<u8> {
        if self.0 == 0xff { None } else { Some(self.0 & 3) }
    }

    /// Subtype within the type, 0 to 15; `None` when unreadable.
    #[must_use]
    pub const fn subtype(self) -> Option<u8> {
        if self.0 == 0xff { None } else { Some(self.0 >> 2 & 15) }
    }

    /// Management frame.
    #[must_use]
    pub const fn is_management(self) -> bool {
        matches!(self.frame_type(), Some(0))
    }

    /// Control frame.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self.frame_type(), Some(1))
    }

    /// Data frame, with or without payload.
    #[must_use]
    pub const fn is_data(self) -> bool {
        matches!(self.frame_type(), Some(2))
    }

    /// The standard's name in lower case with underscores, as the summary prints it; unknown
    /// combinations become `type0_sub7`.
    #[must_use]
    pub fn name(self) -> String {
        let (Some(frame_type), Some(subtype)) = (self.frame_type(), self.subtype()) else {
            return "unreadable".to_owned();
        };
        let name = match (frame_type, subtype) {
            (0, 0) => "assoc_req",
            (0, 1) => "assoc_resp",
            (0, 2) => "reassoc_req",
            (0, 3) => "reassoc_resp",
            (0, 4) => "probe_req",
            (0, 5) => "probe_resp",
            (0, 6) => "timing_adv",
            (0, 8) => "beacon",
            (0, 9) => "atim",
            (0, 10) => "disassoc",
            (0, 11) => "auth",
            (0, 12) => "deauth",
            (0, 13) => "action",
            (0, 14) => "action_noack",
            (1, 2) => "trigger",
            (1, 3) => "tack",
            (1, 4) => "beamforming_report_poll",
            (1, 5) => "vht_ndpa",
            (1, 6) => "control_extension",
            (1, 7) => "control_wrapper",
            (1, 8) => "block_ack_req",
            (1, 9) => "block_ack",
            (1, 10) => "ps_poll",
            (1, 11) => "rts",
            (1, 12) => "cts",
            (1, 13) => "ack",
            (1, 14) => "cf_end",
            (1, 15) => "cf_end_ack",
            (2, 0) => "data",
            (2, 4) => "null",
            (2, 8) => "qos_data",
            (2, 12) => "qos_null",
            (3, 1) => "s1g_beacon",
            _ => return format!("type{frame_type}_sub{subtype}"),
        };
        name.to_owned()
    }
}

impl fmt::Debug for FrameKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())
    }
}

/// Facts about one frame that fit in bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FrameFlags(pub u16);

impl FrameFlags {
    /// To the distribution system.
    pub const TO_DS: Self = Self(1);
    /// From the distribution system.
    pub const FROM_DS: Self = Self(1 << 1);
    /// More fragments follow.
    pub const MORE_FRAGMENTS: Self = Self(1 << 2);
    /// A retransmission.
    pub const RETRY: Self = Self(1 << 3);
    /// The transmitter goes to power save.
    pub const POWER_MANAGEMENT: Self = Self(1 << 4);
    /// More data is buffered.
    pub const MORE_DATA: Self = Self(1 << 5);
    /// The body is encrypted.
    pub const PROTECTED: Self = Self(1 << 6);
    /// +HTC / order.
    pub const ORDER: Self = Self(1 << 7);
    /// The receiver found the frame check sequence wrong.
    pub const BAD_FCS: Self = Self(1 << 8);
    /// Parts of the frame contradict the standard.
    pub const MALFORMED: Self = Self(1 << 9);
    /// The radio delivered only part of the frame.
    pub const TRUNCATED: Self = Self(1 << 10);

    /// True when all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These bits and those of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_and_subtype_round_trip() {
        for frame_type in 0..4 {
            for subtype in 0..16 {
                let kind = FrameKind::new(frame_type, subtype);
                assert_eq!(kind.frame_type(), Some(frame_type));
                assert_eq!(kind.subtype(), Some(subtype));
            }
        }
        assert_eq!(FrameKind::UNREADABLE.frame_type(), None);
    }
}
