//! Fixed fields of management frames (IEEE Std 802.11-2020, 9.3.3 and 9.4.1).

use super::elements;
use crate::fault::Layer;
use crate::fields::{Part, Reader, Span, Value, Walk, Word, fields};
use crate::ieee80211::Header;
use pw_model::{FrameFlags, FrameKind};

fields! {
    Body => FIELDS;
    /// Fixed fields.
    FIXED: branch("wlan.fixed.all", "Fixed fields");
    /// The transmitter's timer.
    TIMESTAMP: unsigned("wlan.fixed.timestamp", "Timestamp").unit("µs").clause("802.11-2020, 9.4.1.10");
    /// Beacon interval.
    BEACON_INTERVAL: unsigned("wlan.fixed.beacon", "Beacon interval").unit("TU").clause("802.11-2020, 9.4.1.3");
    /// Capability information.
    CAPABILITIES: hex("wlan.fixed.capabilities", "Capability information", 4).clause("802.11-2020, 9.4.1.4");
    /// Sent by an access point.
    ESS: flag("wlan.fixed.capabilities.ess", "ESS");
    /// Independent BSS.
    IBSS: flag("wlan.fixed.capabilities.ibss", "IBSS");
    /// Encryption is required.
    PRIVACY: flag("wlan.fixed.capabilities.privacy", "Privacy");
    /// Reason code.
    REASON: unsigned("wlan.fixed.reason_code", "Reason").clause("802.11-2020, 9.4.1.7");
}

/// Names the body of an unencrypted management frame.
pub(super) fn describe(walk: &mut Walk<'_>, header: &Header) {
    if header.flags.contains(FrameFlags::PROTECTED) {
        return;
    }
    let frame = walk.packet.frame;
    let mut reader = Reader::new(frame.body(), frame.body_offset());
    walk.set_layer(Layer::Body);
    let span = Span::new(reader.offset(), reader.left());
    let complete = walk
        .branch(&FIXED, Value::Nothing, span, |walk| fixed_fields(walk, &mut reader, header.kind));
    if complete.is_none() {
        walk.fault(reader.offset(), "the fixed fields are cut");
        return;
    }
    if walk.wants(Part::Element) {
        walk.set_layer(Layer::Element);
        elements::describe(walk, reader);
    }
}

fn fixed_fields(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: FrameKind) -> Option<()> {
    match kind {
        FrameKind::BEACON | FrameKind::PROBE_RESPONSE => {
            walk.number(reader, &TIMESTAMP, 8)?;
            walk.u16(reader, &BEACON_INTERVAL)?;
            walk.word(reader, &CAPABILITIES, 2, capabilities)?;
        }
        FrameKind::DEAUTHENTICATION | FrameKind::DISASSOCIATION => {
            walk.u16(reader, &REASON)?;
        }
        _ => {}
    }
    Some(())
}

fn capabilities(walk: &mut Walk<'_>, word: Word) {
    walk.flag(word, &ESS, 0);
    walk.flag(word, &IBSS, 1);
    walk.flag(word, &PRIVACY, 4);
}
