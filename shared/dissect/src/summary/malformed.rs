//! Whether a frame contradicts the standard, as far as analysers count it: a wrong FCS, a body that
//! ends before its fixed fields, an element that runs past the frame, or one of impossible length.

use crate::bytes::u16_le;
use crate::fault::Layer;
use crate::frame::{Fcs, Frame};
use crate::ieee80211::elements::{Element, id};
use crate::ieee80211::management::Management;
use pw_model::{FrameFlags, FrameKind};

/// True when the frame contradicts the standard. What was not captured contradicts nothing.
pub(super) fn is_malformed(frame: &Frame<'_>, management: Option<&Management<'_>>) -> bool {
    let Some(header) = frame.header else { return true };
    if frame.fcs == Fcs::Bad {
        return true;
    }
    let cut_header = frame.faults.iter().any(|fault| fault.layer == Layer::Header);
    if cut_header {
        return !frame.truncated;
    }
    if !header.kind.is_management() {
        return false;
    }
    let Some(management) = management else {
        let is_encrypted = header.flags.contains(FrameFlags::PROTECTED);
        return !is_encrypted && !frame.truncated && has_fixed_fields(header.kind);
    };
    let Some(mut elements) = management.elements() else { return false };
    let ends_too_early = header.kind == FrameKind::ASSOCIATION_RESPONSE
        || header.kind == FrameKind::REASSOCIATION_RESPONSE;
    if ends_too_early && elements.bytes().is_empty() && !frame.truncated {
        return true;
    }
    if elements.any(|element| contradicts(&element)) {
        return true;
    }
    elements.fault().is_some() && !frame.truncated
}

/// Kinds whose body cannot be empty.
fn has_fixed_fields(kind: FrameKind) -> bool {
    !matches!(kind.subtype(), Some(4 | 7 | 9 | 15))
}

/// Lengths and counts that the standard does not allow.
fn contradicts(element: &Element<'_>) -> bool {
    let length = element.body.len();
    match element.id {
        id::SSID => length > 32,
        id::RATES => length == 0,
        id::DSSS | id::ERP => length != 1,
        id::TIM => length < 4,
        id::COUNTRY => length < 6,
        id::RSN => has_too_many_suites(element.body),
        _ => false,
    }
}

/// A suite count that needs more bytes than the element has.
fn has_too_many_suites(body: &[u8]) -> bool {
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
