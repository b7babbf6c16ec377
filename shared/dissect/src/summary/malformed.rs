//! Whether a frame contradicts the standard, as far as analysers count it: a wrong FCS, a body that
//! ends before its fixed fields, an element that runs past the frame or has an impossible length,
//! a payload that ends inside its LLC or EAPOL-Key header.

use crate::bytes::{array, u16_le};
use crate::fault::Layer;
use crate::frame::{Fcs, Frame};
use crate::ieee80211::elements::{Element, Elements, id};
use crate::ieee80211::llc::Msdus;
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, eapol};
use pw_model::{FrameFlags, FrameKind};

/// What a walk over the elements of a frame found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Walked {
    /// An element has a length or a count that the standard does not allow.
    pub(super) contradicts: bool,
    /// The last element is cut.
    pub(super) is_cut: bool,
}

/// True when the frame contradicts the standard; `management` is its body, as [`Frame::management`]
/// gives it. What was not captured contradicts nothing.
#[must_use]
pub fn is_malformed(frame: &Frame<'_>, management: Option<&Management<'_>>) -> bool {
    is_malformed_after(frame, management, None)
}

/// Like [`is_malformed`]; `walked` is what a walk over its elements found, if they were walked over already.
#[inline]
pub(super) fn is_malformed_after(
    frame: &Frame<'_>,
    management: Option<&Management<'_>>,
    walked: Option<Walked>,
) -> bool {
    let Some(header) = frame.header.as_ref() else { return true };
    if frame.fcs == Fcs::Bad {
        return true;
    }
    if !frame.faults.is_empty() && frame.faults.iter().any(|fault| fault.layer == Layer::Header) {
        return !frame.truncated;
    }
    if header.flags.contains(FrameFlags::PROTECTED) {
        // Every encryption begins with an initialisation vector and key number, 4 bytes or more.
        let is_encrypted = header.kind.is_management() || header.has_payload();
        return is_encrypted && !frame.truncated && frame.body().len() < 4;
    }
    if header.kind.is_management() {
        return management_contradicts(frame, header.kind, management, walked);
    }
    header.has_payload() && !frame.truncated && payload_contradicts(frame, header)
}

fn management_contradicts(
    frame: &Frame<'_>,
    kind: FrameKind,
    management: Option<&Management<'_>>,
    walked: Option<Walked>,
) -> bool {
    let whole = !frame.truncated;
    let elements = match management {
        Some(Management::Action { action, .. }) => return whole && action.is_none(),
        Some(management) => match management.elements() {
            Some(elements) => elements,
            None => return false,
        },
        // ATIM and reserved kinds have no fixed fields.
        None => return whole && !matches!(kind.subtype(), Some(7 | 9 | 15)),
    };
    // Beacons, responses and association requests have elements that must be there.
    let needs_elements = matches!(kind.subtype(), Some(0..=3 | 5 | 8));
    if whole && needs_elements && elements.bytes().is_empty() {
        return true;
    }
    let walked = walked.unwrap_or_else(|| walk(elements));
    walked.contradicts || whole && walked.is_cut
}

fn walk(mut elements: Elements<'_>) -> Walked {
    let contradicts = elements.any(|element| contradicts(&element));
    Walked { contradicts, is_cut: elements.fault().is_some() }
}

/// How long the bodies of elements with one identifier may be (802.11-2020, 9.4.2).
#[derive(Clone, Copy)]
struct Lengths {
    least: u8,
    most: u8,
    /// There is more to hold than a least and a most.
    more: bool,
}

/// By identifier. Beacons are most of the air, and looking up is faster than choosing.
static LENGTHS: [Lengths; 256] = lengths();

const fn lengths() -> [Lengths; 256] {
    let mut all = [Lengths { least: 0, most: u8::MAX, more: false }; 256];
    let mut id = 0u8;
    let mut rest = all.as_mut_slice();
    while let [lengths, others @ ..] = rest {
        *lengths = lengths_of(id);
        id = id.wrapping_add(1);
        rest = others;
    }
    all
}

const fn lengths_of(id: u8) -> Lengths {
    let (least, most) = match id {
        id::SSID => (0, 32),
        id::RATES | id::EXTENDED_RATES | id::EXTENDED_CAPABILITIES | id::MULTIPLE_BSSID => (1, 255),
        // DSSS, power constraint, ERP (and its draft number), QoS capability.
        id::DSSS | 32 | id::ERP | 46 | 47 => (1, 1),
        // IBSS, power capability, TPC report.
        id::IBSS | 33 | 35 => (2, 2),
        // CF, quiet.
        4 | id::QUIET => (6, 6),
        id::TIM => (4, 255),
        id::COUNTRY => (6, 255),
        id::BSS_LOAD => (4, 5),
        id::CHANNEL_SWITCH | id::MOBILITY_DOMAIN => (3, 3),
        id::EXTENDED_CHANNEL_SWITCH | id::AC_ACCESS_DELAY => (4, 4),
        id::HT_CAPABILITIES => (26, 26),
        id::HT_OPERATION => (22, 255),
        // Supported operating classes.
        59 => (2, 255),
        // Radio measurement capabilities; VHT operation.
        70 | id::VHT_OPERATION => (5, 5),
        // 20/40 BSS coexistence scan parameters.
        74 => (14, 14),
        id::CISCO_CCX1 => (26, 255),
        id::VHT_CAPABILITIES => (12, 12),
        _ => (0, 255),
    };
    // Supported channels are pairs.
    let more =
        matches!(id, id::RSN | 36 | id::REDUCED_NEIGHBOR_REPORT | id::VENDOR | id::EXTENSION);
    Lengths { least, most, more }
}

/// Lengths and counts that the standard does not allow.
#[inline]
pub(super) fn contradicts(element: &Element<'_>) -> bool {
    let Some(lengths) = LENGTHS.get(usize::from(element.id)) else { return false };
    let length = element.body.len();
    length < usize::from(lengths.least)
        || length > usize::from(lengths.most)
        || lengths.more && contradicts_otherwise(element.id, element.extension, element.body)
}

fn contradicts_otherwise(id: u8, extension: Option<u8>, body: &[u8]) -> bool {
    let length = body.len();
    match id {
        // Supported channels.
        36 => !length.is_multiple_of(2),
        id::RSN => rsn_contradicts(body),
        // A neighbour entry begins with 4 bytes.
        id::REDUCED_NEIGHBOR_REPORT => matches!(length, 1..=3),
        id::VENDOR => match array(body, 0) {
            Some(id::VENDOR_WPA | id::VENDOR_WMM) => length < 6,
            _ => length < 3,
        },
        id::EXTENSION => match extension {
            None => true,
            Some(id::EXT_HE_CAPABILITIES) => length < 21,
            Some(id::EXT_HE_OPERATION) => length < 6,
            Some(id::EXT_MULTI_LINK) => length < 3,
            _ => false,
        },
        _ => false,
    }
}

/// A group cipher that is cut, or a suite count that needs more bytes than the element has.
fn rsn_contradicts(body: &[u8]) -> bool {
    if body.len() < 6 {
        return body.len() != 2;
    }
    let mut at = 6usize;
    for _ in 0..2 {
        let Some(count) = u16_le(body, at) else { return false };
        at = usize::from(count).saturating_mul(4).saturating_add(at).saturating_add(2);
        if at > body.len() {
            return true;
        }
    }
    false
}

/// A payload that ends inside its LLC or SNAP header, or an EAPOL-Key frame whose parts do not add up.
fn payload_contradicts(frame: &Frame<'_>, header: &Header) -> bool {
    let body = frame.body();
    if body.is_empty() {
        return true;
    }
    let cut = Msdus::new(header, body)
        .any(|msdu| msdu.len() < 3 || msdu.starts_with(&[0xaa, 0xaa, 3]) && msdu.len() < 8);
    cut || frame.eapol().is_some_and(eapol::key_contradicts)
}
