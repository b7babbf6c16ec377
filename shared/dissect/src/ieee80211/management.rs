//! Bodies of management frames: fixed fields, then elements (IEEE Std 802.11-2020, 9.3.3).

use super::elements::Elements;
use crate::bytes::{array, u8_at, u16_le, u64_le};
use pw_model::{FrameKind, MacAddr};

/// Capability information field (IEEE Std 802.11-2020, 9.4.1.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Capability(pub u16);

impl Capability {
    /// Sent by an access point (or mesh station).
    #[must_use]
    pub const fn ess(self) -> bool {
        self.0 & 0x0001 != 0
    }

    /// Independent BSS (ad hoc).
    #[must_use]
    pub const fn ibss(self) -> bool {
        self.0 & 0x0002 != 0
    }

    /// Encryption is required.
    #[must_use]
    pub const fn privacy(self) -> bool {
        self.0 & 0x0010 != 0
    }
}

/// The fixed fields of a management frame, and where its elements are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Management<'a> {
    /// Beacon or probe response.
    Beacon {
        /// The transmitter's timer in microseconds.
        timestamp_us: u64,
        /// Beacon interval in time units of 1024 µs.
        interval_tu: u16,
        /// Capability information.
        capability: Capability,
        /// Elements.
        elements: Elements<'a>,
    },
    /// Probe request.
    ProbeRequest {
        /// Elements.
        elements: Elements<'a>,
    },
    /// Association or reassociation request.
    AssociationRequest {
        /// Capability information.
        capability: Capability,
        /// Listen interval in beacon intervals.
        listen_interval: u16,
        /// The access point it is leaving, in reassociation requests.
        current_ap: Option<MacAddr>,
        /// Elements.
        elements: Elements<'a>,
    },
    /// Association or reassociation response.
    AssociationResponse {
        /// Capability information.
        capability: Capability,
        /// Status code.
        status: u16,
        /// Association identifier, upper two bits cleared.
        association_id: u16,
        /// Elements.
        elements: Elements<'a>,
    },
    /// Authentication.
    Authentication {
        /// Algorithm number.
        algorithm: u16,
        /// Transaction sequence number.
        transaction: u16,
        /// Status code.
        status: u16,
        /// What follows: elements, or SAE's own fields.
        rest: &'a [u8],
        /// Elements, for algorithms that have only those.
        elements: Elements<'a>,
    },
    /// Deauthentication.
    Deauthentication {
        /// Reason code.
        reason: u16,
        /// Elements.
        elements: Elements<'a>,
    },
    /// Disassociation.
    Disassociation {
        /// Reason code.
        reason: u16,
        /// Elements.
        elements: Elements<'a>,
    },
    /// Action, with or without acknowledgement.
    Action {
        /// Category.
        category: u8,
        /// Action within the category; `None` when the body ends after the category.
        action: Option<u8>,
        /// What follows.
        rest: &'a [u8],
    },
    /// Timing advertisement.
    TimingAdvertisement {
        /// The transmitter's timer in microseconds.
        timestamp_us: u64,
        /// Capability information.
        capability: Capability,
        /// Elements.
        elements: Elements<'a>,
    },
}

impl<'a> Management<'a> {
    /// Reads the unencrypted body of a management frame, which stands `offset` bytes into the
    /// captured bytes. `None` for kinds without fixed fields and for bodies shorter than theirs.
    #[must_use]
    #[inline]
    pub fn read(kind: FrameKind, body: &'a [u8], offset: usize) -> Option<Self> {
        let elements = |fixed: usize| {
            Elements::new(body.get(fixed..).unwrap_or(&[]), offset.saturating_add(fixed))
        };
        let capability = |at: usize| u16_le(body, at).map(Capability);
        Some(match kind {
            FrameKind::BEACON | FrameKind::PROBE_RESPONSE => Self::Beacon {
                timestamp_us: u64_le(body, 0)?,
                interval_tu: u16_le(body, 8)?,
                capability: capability(10)?,
                elements: elements(12),
            },
            FrameKind::PROBE_REQUEST => Self::ProbeRequest { elements: elements(0) },
            FrameKind::ASSOCIATION_REQUEST => Self::AssociationRequest {
                capability: capability(0)?,
                listen_interval: u16_le(body, 2)?,
                current_ap: None,
                elements: elements(4),
            },
            FrameKind::REASSOCIATION_REQUEST => Self::AssociationRequest {
                capability: capability(0)?,
                listen_interval: u16_le(body, 2)?,
                current_ap: Some(MacAddr(array(body, 4)?)),
                elements: elements(10),
            },
            FrameKind::ASSOCIATION_RESPONSE | FrameKind::REASSOCIATION_RESPONSE => {
                Self::AssociationResponse {
                    capability: capability(0)?,
                    status: u16_le(body, 2)?,
                    association_id: u16_le(body, 4)? & 0x3fff,
                    elements: elements(6),
                }
            }
            FrameKind::AUTHENTICATION => Self::Authentication {
                algorithm: u16_le(body, 0)?,
                transaction: u16_le(body, 2)?,
                status: u16_le(body, 4)?,
                rest: body.get(6..).unwrap_or(&[]),
                elements: elements(6),
            },
            FrameKind::DEAUTHENTICATION => {
                Self::Deauthentication { reason: u16_le(body, 0)?, elements: elements(2) }
            }
            FrameKind::DISASSOCIATION => {
                Self::Disassociation { reason: u16_le(body, 0)?, elements: elements(2) }
            }
            FrameKind::ACTION | FrameKind::ACTION_NO_ACK => Self::Action {
                category: u8_at(body, 0)?,
                action: u8_at(body, 1),
                rest: body.get(2..).unwrap_or(&[]),
            },
            FrameKind(kind) if kind == FrameKind::new(0, 6).0 => Self::TimingAdvertisement {
                timestamp_us: u64_le(body, 0)?,
                capability: capability(8)?,
                elements: elements(10),
            },
            _ => return None,
        })
    }

    /// The elements, of the kinds that are made of them; `None` for action frames and for
    /// authentication by SAE and by FILS with a group, whose fields are no elements.
    #[must_use]
    pub const fn elements(&self) -> Option<Elements<'a>> {
        match *self {
            Self::Authentication { algorithm: 3 | 5 | 6, .. } | Self::Action { .. } => None,
            Self::Beacon { elements, .. }
            | Self::ProbeRequest { elements }
            | Self::AssociationRequest { elements, .. }
            | Self::AssociationResponse { elements, .. }
            | Self::Authentication { elements, .. }
            | Self::Deauthentication { elements, .. }
            | Self::Disassociation { elements, .. }
            | Self::TimingAdvertisement { elements, .. } => Some(elements),
        }
    }
}
