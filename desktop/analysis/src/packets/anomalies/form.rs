//! Frames whose form contradicts the standard: malformed, of a reserved kind, from an impossible address.

use super::{AnomalyKind, Log};
use crate::packets::Seen;
use pw_dissect::ieee80211::management::Management;
use pw_dissect::summary::is_malformed;
use pw_dissect::{Fault, Frame, Layer};
use pw_model::{FrameKind, MacAddr, Timestamp};
use std::hash::{DefaultHasher, Hash, Hasher};

#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) examined: u64,
}

impl Form {
    pub(super) fn unreadable(
        &mut self,
        number: u64,
        time: Option<Timestamp>,
        frame: &Frame<'_>,
        log: &mut Log,
    ) {
        self.examined += 1;
        if let Some(fault) = frame.faults.iter().next() {
            malformed(log, number, time, fault.layer, fault.reason);
        }
    }

    /// True when the frame is malformed.
    pub(super) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) -> bool {
        self.examined += 1;
        let kind = seen.header.kind;
        if let Some(why) = reserved(kind) {
            let key = (AnomalyKind::ReservedKind, None, u64::from(kind.0));
            log.add(key, seen.number, seen.time, || {
                format!(
                    "Frames of kind {}: {why}. Damaged frames in a capture without FCS look the \
                         same; in numbers they come from a fuzzer or a faulty driver.",
                    kind.name()
                )
            });
        }
        if !is_malformed(seen.frame, seen.management.as_ref()) {
            self.address(seen, log);
            return false;
        }
        match first_fault(seen) {
            Some(fault) => malformed(log, seen.number, seen.time, fault.layer, fault.reason),
            None => malformed(
                log,
                seen.number,
                seen.time,
                if kind.is_data() { Layer::Payload } else { Layer::Body },
                "a field or element that is missing or has an impossible length",
            ),
        }
        true
    }

    fn address(&self, seen: &Seen<'_>, log: &mut Log) {
        // In control frames the group bit signals a bandwidth, and is cleared by the parser.
        let Some(from) = seen.header.transmitter() else { return };
        if from.is_multicast() || from == MacAddr::ZERO {
            let key = (AnomalyKind::ImpossibleAddress, Some(from), 0);
            log.add(key, seen.number, seen.time, || {
                "A transmitter address that no station can have: a group address or all zeros \
                 (IEEE Std 802-2014, 8.2). Damaged frames in a capture without FCS look the same."
                    .to_owned()
            });
        }
    }
}

/// The first located fault: of the headers, or where the elements end too early.
fn first_fault(seen: &Seen<'_>) -> Option<Fault> {
    if let Some(fault) = seen.frame.faults.iter().next() {
        return Some(*fault);
    }
    let mut elements = seen.management.as_ref().and_then(Management::elements)?;
    while elements.next().is_some() {}
    elements.fault()
}

fn malformed(
    log: &mut Log,
    number: u64,
    time: Option<Timestamp>,
    layer: Layer,
    reason: &'static str,
) {
    let mut hasher = DefaultHasher::new();
    (layer, reason).hash(&mut hasher);
    log.add((AnomalyKind::Malformed, None, hasher.finish()), number, time, || {
        format!(
            "Malformed frames, {}: {reason}. Damaged frames in a capture without FCS look the same.",
            layer.name()
        )
    });
}

/// Why a kind should not be on the air (802.11-2020, table 9-1).
fn reserved(kind: FrameKind) -> Option<&'static str> {
    match (kind.frame_type()?, kind.subtype()?) {
        (0, 7 | 15) | (1, 0 | 1) | (2, 13) | (3, 2..) => Some("a subtype that is reserved"),
        (2, 1..=3 | 5..=7 | 9..=11 | 14 | 15) => {
            Some("a subtype of the point coordination function, which the standard has removed")
        }
        (1, 15) => Some("CF-End with CF-Ack, which the standard has removed"),
        _ => None,
    }
}
