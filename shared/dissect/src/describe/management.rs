//! Fixed fields of management frames (IEEE Std 802.11-2020, 9.3.3 and 9.4.1).

use super::{action, authentication, codes, elements};
use crate::fault::Layer;
use crate::fields::{BitField, Part, Reader, Span, Value, Walk, fields};
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
    /// Contention-free service, obsolete.
    CF_POLLABLE: flag("wlan.fixed.capabilities.cfpoll.pollable", "CF-pollable");
    /// Contention-free service, obsolete.
    CF_POLL_REQUEST: flag("wlan.fixed.capabilities.cfpoll.request", "CF-poll request");
    /// Encryption is required.
    PRIVACY: flag("wlan.fixed.capabilities.privacy", "Privacy");
    /// Short preamble.
    SHORT_PREAMBLE: flag("wlan.fixed.capabilities.short_preamble", "Short preamble");
    /// PBCC of 802.11b, obsolete; critical update flag in 802.11be.
    CRITICAL_UPDATE: flag("wlan.fixed.capabilities.critical_update", "Critical update (PBCC in 802.11b)").clause("802.11be-2024, 9.4.1.4");
    /// Channel agility of 802.11b, obsolete; critical update of a nontransmitted BSSID in 802.11be.
    CRITICAL_UPDATE_NONTRANSMITTED: flag("wlan.fixed.capabilities.critical_update_nontransmitted", "Critical update, nontransmitted BSSIDs (channel agility in 802.11b)").clause("802.11be-2024, 9.4.1.4");
    /// Spectrum management.
    SPECTRUM_MANAGEMENT: flag("wlan.fixed.capabilities.spec_man", "Spectrum management");
    /// Quality of service.
    QUALITY_OF_SERVICE: flag("wlan.fixed.capabilities.qos", "QoS");
    /// Short slot time.
    SHORT_SLOT: flag("wlan.fixed.capabilities.short_slot_time", "Short slot time");
    /// Automatic power save delivery.
    POWER_SAVE_DELIVERY: flag("wlan.fixed.capabilities.apsd", "Automatic power save delivery");
    /// Radio measurement.
    RADIO_MEASUREMENT: flag("wlan.fixed.capabilities.radio_measurement", "Radio measurement");
    /// EtherType protocol discrimination (DSSS-OFDM in 802.11g).
    EPD: flag("wlan.fixed.capabilities.epd", "EtherType protocol discrimination");
    /// Delayed block ack.
    DELAYED_BLOCK_ACK: flag("wlan.fixed.capabilities.del_blk_ack", "Delayed block ack");
    /// Immediate block ack.
    IMMEDIATE_BLOCK_ACK: flag("wlan.fixed.capabilities.imm_blk_ack", "Immediate block ack");
    /// Listen interval.
    LISTEN_INTERVAL: unsigned("wlan.fixed.listen_ival", "Listen interval").unit("beacon intervals").clause("802.11-2020, 9.4.1.6");
    /// The access point that the station is leaving.
    CURRENT_AP: address("wlan.fixed.current_ap", "Current access point").clause("802.11-2020, 9.4.1.5");
    /// Status code.
    STATUS: unsigned("wlan.fixed.status_code", "Status").clause("802.11-2020, 9.4.1.9").names(codes::status);
    /// Association identifier, upper two bits cleared.
    ASSOCIATION_ID: unsigned("wlan.fixed.aid", "Association identifier").clause("802.11-2020, 9.4.1.8");
    /// Reason code.
    REASON: unsigned("wlan.fixed.reason_code", "Reason").clause("802.11-2020, 9.4.1.7").names(codes::reason);
    /// What nothing here gives a meaning.
    DATA: bytes("wlan.fixed.data", "Data");
}

/// Every bit of the capability information field (IEEE Std 802.11-2020, figure 9-86).
const CAPABILITY_BITS: &[BitField] = &[
    (&ESS, 0, 1),
    (&IBSS, 1, 1),
    (&CF_POLLABLE, 2, 1),
    (&CF_POLL_REQUEST, 3, 1),
    (&PRIVACY, 4, 1),
    (&SHORT_PREAMBLE, 5, 1),
    (&CRITICAL_UPDATE, 6, 1),
    (&CRITICAL_UPDATE_NONTRANSMITTED, 7, 1),
    (&SPECTRUM_MANAGEMENT, 8, 1),
    (&QUALITY_OF_SERVICE, 9, 1),
    (&SHORT_SLOT, 10, 1),
    (&POWER_SAVE_DELIVERY, 11, 1),
    (&RADIO_MEASUREMENT, 12, 1),
    (&EPD, 13, 1),
    (&DELAYED_BLOCK_ACK, 14, 1),
    (&IMMEDIATE_BLOCK_ACK, 15, 1),
];

/// Names the body of an unencrypted management frame.
pub(super) fn describe(walk: &mut Walk<'_>, header: &Header) {
    if header.flags.contains(FrameFlags::PROTECTED) {
        // A shared key challenge response is encrypted as a whole (802.11-2020, 12.3.3.3).
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
    if walk.wants(Part::Element) && !reader.is_empty() {
        walk.set_layer(Layer::Element);
        elements::describe(walk, reader);
    }
}

fn fixed_fields(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: FrameKind) -> Option<()> {
    match kind {
        FrameKind::BEACON | FrameKind::PROBE_RESPONSE => {
            walk.number(reader, &TIMESTAMP, 8)?;
            walk.u16(reader, &BEACON_INTERVAL)?;
            capabilities(walk, reader)
        }
        FrameKind::ASSOCIATION_REQUEST | FrameKind::REASSOCIATION_REQUEST => {
            capabilities(walk, reader)?;
            walk.u16(reader, &LISTEN_INTERVAL)?;
            if kind == FrameKind::REASSOCIATION_REQUEST {
                walk.address(reader, &CURRENT_AP)?;
            }
            Some(())
        }
        FrameKind::ASSOCIATION_RESPONSE | FrameKind::REASSOCIATION_RESPONSE => {
            capabilities(walk, reader)?;
            walk.u16(reader, &STATUS)?;
            association_id(walk, reader)
        }
        FrameKind::AUTHENTICATION => authentication::describe(walk, reader),
        FrameKind::DEAUTHENTICATION | FrameKind::DISASSOCIATION => {
            walk.u16(reader, &REASON).map(|_| ())
        }
        FrameKind::ACTION | FrameKind::ACTION_NO_ACK => action::describe(walk, reader),
        FrameKind::PROBE_REQUEST => Some(()),
        _ => other_kinds(walk, reader, kind),
    }
}

fn other_kinds(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: FrameKind) -> Option<()> {
    match kind.subtype() {
        // Timing advertisement (802.11-2020, 9.3.3.15).
        Some(6) => {
            walk.number(reader, &TIMESTAMP, 8)?;
            capabilities(walk, reader)
        }
        // ATIM has no body; reserved subtypes have one of unknown form.
        _ => {
            walk.rest(reader, &DATA);
            Some(())
        }
    }
}

/// Reads a capability information field and names it.
pub(super) fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.table(reader, &CAPABILITIES, 2, CAPABILITY_BITS).map(|_| ())
}

/// Reads an association identifier, whose two upper bits are set on the air, and names it.
pub(super) fn association_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 2);
    let value = reader.little_endian(2)?;
    walk.field(&ASSOCIATION_ID, Value::Unsigned(value & 0x3fff), span);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, management};

    #[test]
    fn fixed_fields_of_every_kind() {
        for (subtype, body, expected) in [
            (
                0u8,
                &[0x31, 0x14, 10, 0, 0, 1, b'a'][..],
                &[
                    "Listen interval: 10 beacon intervals",
                    "Privacy: yes",
                    "Short slot time: yes",
                    "SSID: a",
                ][..],
            ),
            (
                1,
                &[0x01, 0, 17, 0, 5, 0xc0],
                &[
                    "Status: access point cannot handle more stations (17)",
                    "Association identifier: 5",
                ],
            ),
            (2, &[1, 0, 10, 0, 2, 0, 0, 0, 0, 9], &["Current access point: 02:00:00:00:00:09"]),
            (3, &[1, 0, 0, 0, 1, 0xc0], &["Status: success (0)"]),
            (
                6,
                &[1, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x10],
                &["Timestamp: 1 µs", "Radio measurement: yes"],
            ),
            (8, &[2, 0, 0, 0, 0, 0, 0, 0, 100, 0, 1, 0], &["Beacon interval: 100 TU", "ESS: yes"]),
            (10, &[8, 0], &["Reason: sender is leaving the network (disassociation) (8)"]),
            (12, &[7, 0], &["Reason: class 3 frame from a station that is not associated (7)"]),
            (9, &[], &["Fixed fields"]),
        ] {
            check_whole(&management(subtype, body), expected);
        }
    }

    #[test]
    fn cut_fixed_fields_are_faults() {
        for (subtype, whole) in
            [(0u8, 4), (1, 6), (2, 10), (6, 10), (8, 12), (11, 6), (12, 2), (13, 2)]
        {
            for length in 0..whole {
                check(&management(subtype, &vec![0; length]), &["! the fixed fields are cut"]);
            }
        }
    }
}
