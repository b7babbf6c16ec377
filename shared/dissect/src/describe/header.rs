//! The 802.11 header (IEEE Std 802.11-2020, 9.2).

use super::{ht_control, security};
use crate::fields::{
    BitField, Field, Packet, Part, Reader, Row, Span, Value, Walk, Word, fields, names,
};
use crate::frame::Fcs;
use crate::ieee80211::{Header, fcs};
use pw_model::{FrameFlags, MacAddr};

fields! {
    Header => FIELDS;
    /// The 802.11 frame.
    WLAN: branch("wlan", "IEEE 802.11");
    /// Frame control.
    FRAME_CONTROL: hex("wlan.fc", "Frame control", 4).clause("802.11-2020, 9.2.4.1");
    /// Protocol version.
    VERSION: unsigned("wlan.fc.version", "Protocol version").clause("802.11-2020, 9.2.4.1.2")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.header?.version))));
    /// Type.
    TYPE: unsigned("wlan.fc.type", "Type").clause("802.11-2020, 9.2.4.1.3").names(type_name)
        .read(|packet| Some(Value::Unsigned(u64::from(header(packet)?.kind.frame_type()?))));
    /// Subtype.
    SUBTYPE: unsigned("wlan.fc.subtype", "Subtype").clause("802.11-2020, 9.2.4.1.3")
        .read(|packet| Some(Value::Unsigned(u64::from(header(packet)?.kind.subtype()?))));
    /// Type and subtype in one number: 16 times the type, plus the subtype.
    TYPE_SUBTYPE: hex("wlan.fc.type_subtype", "Type and subtype", 4)
        .clause("802.11-2020, table 9-1").names(type_subtype_name)
        .read(|packet| {
            let kind = header(packet)?.kind;
            let type_bits = u64::from(kind.frame_type()?) << 4;
            Some(Value::Unsigned(type_bits | u64::from(kind.subtype()?)))
        });
    /// Both bits of the distribution system, 1 for to and 2 for from.
    DS_STATUS: hex("wlan.fc.ds", "DS status", 2).clause("802.11-2020, table 9-4").names(names![
        0 => "inside the BSS",
        1 => "to the DS",
        2 => "from the DS",
        3 => "between access points or mesh stations",
    ]).read(ds_status);
    /// To the distribution system.
    TO_DS: flag("wlan.fc.tods", "To DS").clause("802.11-2020, 9.2.4.1.4")
        .read(|packet| flag(packet, FrameFlags::TO_DS));
    /// From the distribution system.
    FROM_DS: flag("wlan.fc.fromds", "From DS").clause("802.11-2020, 9.2.4.1.4")
        .read(|packet| flag(packet, FrameFlags::FROM_DS));
    /// More fragments follow.
    MORE_FRAGMENTS: flag("wlan.fc.frag", "More fragments").clause("802.11-2020, 9.2.4.1.5")
        .read(|packet| flag(packet, FrameFlags::MORE_FRAGMENTS));
    /// A retransmission.
    RETRY: flag("wlan.fc.retry", "Retry").clause("802.11-2020, 9.2.4.1.6")
        .read(|packet| flag(packet, FrameFlags::RETRY));
    /// The transmitter goes to power save.
    POWER_MANAGEMENT: flag("wlan.fc.pwrmgt", "Power management").clause("802.11-2020, 9.2.4.1.7")
        .read(|packet| flag(packet, FrameFlags::POWER_MANAGEMENT));
    /// More data is buffered.
    MORE_DATA: flag("wlan.fc.moredata", "More data").clause("802.11-2020, 9.2.4.1.8")
        .read(|packet| flag(packet, FrameFlags::MORE_DATA));
    /// The body is encrypted.
    PROTECTED: flag("wlan.fc.protected", "Protected").clause("802.11-2020, 9.2.4.1.9")
        .read(|packet| flag(packet, FrameFlags::PROTECTED));
    /// HT control follows, or the obsolete strict order.
    ORDER: flag("wlan.fc.order", "+HTC or order").clause("802.11-2020, 9.2.4.1.10")
        .read(|packet| flag(packet, FrameFlags::ORDER));
    /// Which frame it is, of the control frame extension.
    EXTENSION: unsigned("wlan.fc.extension", "Control frame extension").clause("802.11-2020, table 9-2").names(names![
        2 => "poll", 3 => "service period request", 4 => "grant", 5 => "DMG CTS", 6 => "DMG DTS",
        7 => "grant ack", 8 => "sector sweep", 9 => "sector sweep feedback", 10 => "sector sweep ack"]);
    /// The next TBTT follows.
    S1G_NEXT_TBTT: flag("wlan.fc.s1g.next_tbtt_present", "Next TBTT present").clause("802.11-2020, 9.2.4.1.14");
    /// A hash of the SSID follows.
    S1G_COMPRESSED_SSID: flag("wlan.fc.s1g.compressed_ssid_present", "Compressed SSID present");
    /// Access network options follow.
    S1G_NETWORK_OPTIONS: flag("wlan.fc.s1g.ano_present", "Access network options present");
    /// Bandwidth of the network.
    S1G_BANDWIDTH: unsigned("wlan.fc.s1g.bss_bw", "BSS bandwidth");
    /// The network is protected by RSN.
    S1G_SECURITY: flag("wlan.fc.s1g.security", "Security");
    /// Power management of the access point.
    S1G_POWER_MANAGEMENT: flag("wlan.fc.s1g.ap_pm", "AP power management");
    /// How long the medium is reserved after this frame.
    DURATION: unsigned("wlan.duration", "Duration").unit("µs").clause("802.11-2020, 9.2.4.2");
    /// Receiver address.
    RECEIVER: address("wlan.ra", "Receiver").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(header(packet)?.receiver()?)));
    /// Transmitter address.
    TRANSMITTER: address("wlan.ta", "Transmitter").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(header(packet)?.transmitter()?)));
    /// Destination address.
    DESTINATION: address("wlan.da", "Destination").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(header(packet)?.destination().or_else(|| in_subframe(packet, 0))?)));
    /// Source address.
    SOURCE: address("wlan.sa", "Source").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(header(packet)?.source().or_else(|| in_subframe(packet, 6))?)));
    /// BSSID.
    BSSID: address("wlan.bssid", "BSSID").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(header(packet)?.bssid()?)));
    /// Any address of the header.
    ADDRESS: address("wlan.addr", "Address").clause("802.11-2020, 9.2.4.3");
    /// The station, of frames between a station and an access point.
    STATION: address("wlan.staa", "Station").clause("802.11-2020, 9.3.2.1");
    /// Association identifier, in PS-Poll.
    ASSOCIATION_ID: unsigned("wlan.aid", "Association identifier").clause("802.11-2020, 9.2.4.2");
    /// Fragment number.
    FRAGMENT: unsigned("wlan.frag", "Fragment number").clause("802.11-2020, 9.2.4.4")
        .read(|packet| Some(Value::Unsigned(u64::from(header(packet)?.fragment?))));
    /// Sequence number.
    SEQUENCE: unsigned("wlan.seq", "Sequence number").clause("802.11-2020, 9.2.4.4")
        .read(|packet| Some(Value::Unsigned(u64::from(header(packet)?.sequence?))));
    /// QoS control.
    QOS: hex("wlan.qos", "QoS control", 4).clause("802.11-2020, 9.2.4.5")
        .read(|packet| Some(Value::Unsigned(u64::from(header(packet)?.qos?))));
    /// Traffic identifier.
    TID: unsigned("wlan.qos.tid", "TID").clause("802.11-2020, 9.2.4.5.2")
        .read(|packet| Some(Value::Unsigned(u64::from(header(packet)?.qos? & 15))));
    /// User priority, with the access category it belongs to.
    PRIORITY: unsigned("wlan.qos.priority", "Priority").clause("802.11-2020, table 10-1")
        .names(names![
            0 => "best effort", 1 | 2 => "background", 3 => "excellent effort",
            4 => "controlled load", 5 => "video", 6 => "voice", 7 => "network control"]);
    /// End of the service period.
    SERVICE_PERIOD_ENDS: flag("wlan.qos.eosp", "End of service period").clause("802.11-2020, 9.2.4.5.3");
    /// The upper byte is a queue size, not a duration.
    QUEUE_SIZE_FOLLOWS: flag("wlan.qos.bit4", "Queue size follows").clause("802.11-2020, table 9-10");
    /// Acknowledgement policy.
    ACK_POLICY: unsigned("wlan.qos.ack", "Ack policy").clause("802.11-2020, 9.2.4.5.4").names(names![
        0 => "normal or implicit block ack", 1 => "no ack",
        2 => "no explicit ack or triggered", 3 => "block ack"]);
    /// The payload is an A-MSDU.
    AGGREGATED: flag("wlan.qos.amsdupresent", "A-MSDU").clause("802.11-2020, 9.2.4.5.9");
    /// TXOP limit.
    TXOP_LIMIT: unsigned("wlan.qos.txop_limit", "TXOP limit").unit("32 µs").clause("802.11-2020, 9.2.4.5.5");
    /// TXOP duration asked for.
    TXOP_REQUEST: unsigned("wlan.qos.txop_dur_req", "TXOP duration requested").unit("32 µs").clause("802.11-2020, 9.2.4.5.7");
    /// Size of the queue.
    QUEUE_SIZE: unsigned("wlan.qos.queue_size", "Queue size").unit("256 bytes").clause("802.11-2020, 9.2.4.5.6");
    /// What the access point has buffered.
    BUFFER_STATE: hex("wlan.qos.ps_buf_state", "AP power-save buffer state", 2).clause("802.11-2020, 9.2.4.5.8");
    /// The buffer state is given.
    BUFFER_STATE_INDICATED: flag("wlan.qos.buf_state_indicated", "Buffer state indicated");
    /// Highest access category with buffered traffic.
    BUFFERED_CATEGORY: unsigned("wlan.qos.highest_pri_buf_ac", "Highest buffered access category")
        .names(names![0 => "best effort", 1 => "background", 2 => "video", 3 => "voice"]);
    /// What the access point has buffered.
    BUFFER_LOAD: unsigned("wlan.qos.qap_buf_load", "Buffer load").unit("4096 bytes");
    /// Mesh control follows.
    MESH_CONTROL_PRESENT: flag("wlan.qos.mesh_ctl_present", "Mesh control present").clause("802.11-2020, 9.2.4.5.10");
    /// Mesh power save level.
    MESH_POWER_SAVE: unsigned("wlan.qos.mesh_ps.unicast", "Mesh power save level").clause("802.11-2020, 9.2.4.5.11")
        .names(names![0 => "light sleep", 1 => "deep sleep"]);
    /// A peer service period begins.
    MESH_SERVICE_PERIOD: flag("wlan.qos.mesh_rspi", "Receiver service period initiated").clause("802.11-2020, 9.2.4.5.12");
    /// Frame check sequence, as captured.
    FCS: hex("wlan.fcs", "Frame check sequence", 8).clause("802.11-2020, 9.2.4.8");
    /// Whether it is right.
    FCS_STATUS: unsigned("wlan.fcs.status", "Frame check sequence is").names(names![0 => "bad", 1 => "good", 2 => "unverified"])
        .read(|packet| fcs_status(packet.frame.fcs));
    /// What it should be.
    FCS_COMPUTED: hex("wlan.fcs.computed", "Frame check sequence, computed", 8);
}

/// 16 times the type plus the subtype, of the control frame extension.
const CONTROL_EXTENSION: u64 = 0x16;
/// The same of the S1G beacon.
const S1G_BEACON: u64 = 0x31;

/// The header, when its protocol version is one whose header is known.
fn header(packet: &Packet<'_>) -> Option<Header> {
    packet.frame.header.filter(|header| header.version == 0)
}

/// An address of the first subframe of an A-MSDU that is not encrypted.
fn in_subframe(packet: &Packet<'_>, at: usize) -> Option<MacAddr> {
    let header = header(packet)?;
    let is_readable = header.has_payload()
        && header.is_a_msdu()
        && header.fragment == Some(0)
        && !header.flags.contains(FrameFlags::PROTECTED);
    let body = packet.frame.body().get(at..).filter(|_| is_readable)?;
    body.first_chunk().copied().map(MacAddr)
}

/// A flag of the frame control field, of frames whose frame control field has it.
fn ds_status<'a>(packet: &Packet<'a>) -> Option<Value<'a>> {
    flag(packet, FrameFlags::TO_DS)?;
    let both = FrameFlags::TO_DS.with(FrameFlags::FROM_DS);
    Some(Value::Unsigned(u64::from(header(packet)?.flags.0 & both.0)))
}

fn flag(packet: &Packet<'_>, flag: FrameFlags) -> Option<Value<'static>> {
    let header = header(packet)?;
    let has_flag = match (header.kind.frame_type()?, header.kind.subtype()?) {
        (1, 6) => flag.0 >= FrameFlags::POWER_MANAGEMENT.0,
        (3, 1) => false,
        _ => true,
    };
    has_flag.then(|| Value::Flag(header.flags.contains(flag)))
}

fn type_name(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "management",
        1 => "control",
        2 => "data",
        3 => "extension",
        _ => return None,
    })
}

/// Names of 16 times the type plus the subtype (IEEE Std 802.11-2020, table 9-1).
pub(super) fn type_subtype_name(value: u64) -> Option<&'static str> {
    Some(match value {
        0x00 => "association request",
        0x01 => "association response",
        0x02 => "reassociation request",
        0x03 => "reassociation response",
        0x04 => "probe request",
        0x05 => "probe response",
        0x06 => "timing advertisement",
        0x08 => "beacon",
        0x09 => "ATIM",
        0x0a => "disassociation",
        0x0b => "authentication",
        0x0c => "deauthentication",
        0x0d => "action",
        0x0e => "action no ack",
        0x12 => "trigger",
        0x13 => "TACK",
        0x14 => "beamforming report poll",
        0x15 => "NDP announcement",
        0x16 => "control frame extension",
        0x17 => "control wrapper",
        0x18 => "block ack request",
        0x19 => "block ack",
        0x1a => "PS-Poll",
        0x1b => "RTS",
        0x1c => "CTS",
        0x1d => "ack",
        0x1e => "CF-End",
        0x1f => "CF-End and CF-ack",
        0x20 => "data",
        0x21 => "data and CF-ack",
        0x22 => "data and CF-poll",
        0x23 => "data, CF-ack and CF-poll",
        0x24 => "null",
        0x25 => "CF-ack",
        0x26 => "CF-poll",
        0x27 => "CF-ack and CF-poll",
        0x28 => "QoS data",
        0x29 => "QoS data and CF-ack",
        0x2a => "QoS data and CF-poll",
        0x2b => "QoS data, CF-ack and CF-poll",
        0x2c => "QoS null",
        0x2e => "QoS CF-poll",
        0x2f => "QoS CF-ack and CF-poll",
        0x30 => "DMG beacon",
        0x31 => "S1G beacon",
        _ => return None,
    })
}

/// An address that stands in the header: its role and its number, 1 to 4.
type Role = (&'static Field, u8);

/// Management, and data inside an IBSS.
const WITHOUT_DISTRIBUTION: &[Role] =
    &[(&RECEIVER, 1), (&TRANSMITTER, 2), (&DESTINATION, 1), (&SOURCE, 2), (&BSSID, 3)];
/// Data to an access point.
const TO_DISTRIBUTION: &[Role] =
    &[(&RECEIVER, 1), (&TRANSMITTER, 2), (&DESTINATION, 3), (&SOURCE, 2), (&BSSID, 1)];
/// Data from an access point.
const FROM_DISTRIBUTION: &[Role] =
    &[(&RECEIVER, 1), (&TRANSMITTER, 2), (&DESTINATION, 1), (&SOURCE, 3), (&BSSID, 2)];
/// Data between access points or mesh stations.
const FOUR_ADDRESSES: &[Role] =
    &[(&RECEIVER, 1), (&TRANSMITTER, 2), (&DESTINATION, 3), (&SOURCE, 4)];
/// Most control frames.
const CONTROL: &[Role] = &[(&RECEIVER, 1), (&TRANSMITTER, 2)];
/// PS-Poll, which is sent to the BSSID.
const POLL: &[Role] = &[(&RECEIVER, 1), (&TRANSMITTER, 2), (&BSSID, 1)];
/// CF-End, which the BSSID sends.
const CONTENTION_FREE_END: &[Role] = &[(&RECEIVER, 1), (&TRANSMITTER, 2), (&BSSID, 2)];
/// DMG beacon.
const DMG_BEACON: &[Role] = &[(&TRANSMITTER, 1), (&BSSID, 1)];
/// S1G beacon.
const SHORT_BEACON: &[Role] = &[(&TRANSMITTER, 1), (&SOURCE, 1)];

/// Which address has which role (IEEE Std 802.11-2020, table 9-30, and 9.3.1, 9.3.3, 9.3.4).
fn roles(header: &Header) -> &'static [Role] {
    let to_ds = header.flags.contains(FrameFlags::TO_DS);
    let from_ds = header.flags.contains(FrameFlags::FROM_DS);
    match (header.kind.frame_type(), header.kind.subtype()) {
        (Some(0), _) => WITHOUT_DISTRIBUTION,
        (Some(1), Some(10)) => POLL,
        (Some(1), Some(14 | 15)) => CONTENTION_FREE_END,
        (Some(2), _) => match (to_ds, from_ds) {
            (false, false) => WITHOUT_DISTRIBUTION,
            (true, false) => TO_DISTRIBUTION,
            (false, true) => FROM_DISTRIBUTION,
            (true, true) => FOUR_ADDRESSES,
        },
        (Some(3), Some(1)) => SHORT_BEACON,
        (Some(3), Some(0)) => DMG_BEACON,
        (Some(3), _) => &[],
        _ => CONTROL,
    }
}

/// The address of this number, and where it stands after the start of the frame.
fn numbered(header: &Header, number: u8) -> Option<(MacAddr, usize)> {
    match number {
        1 => header.address1.zip(Some(4)),
        // The group bit of a control frame's transmitter signals a bandwidth; it is cleared here.
        2 if header.address2.is_none() => header.transmitter().zip(Some(4)),
        2 => header.transmitter().zip(Some(if header.is_control_wrapper() { 16 } else { 10 })),
        3 => header.address3.zip(Some(16)),
        _ => header.address4.zip(Some(24)),
    }
}

pub(super) fn describe(walk: &mut Walk<'_>, header: &Header) {
    if !walk.wants(Part::Header) {
        return;
    }
    let packet = walk.packet;
    let offset = packet.frame.mac_offset;
    let span = Span::new(offset, usize::from(header.length));
    walk.branch(&WLAN, Value::Nothing, span, |walk| {
        let mut reader = Reader::new(packet.frame.mac, offset);
        if header.version != 0 {
            // Nothing but the version stands where it does in version 0 (802.11-2020, 9.8).
            walk.packed(&mut reader, &FRAME_CONTROL, 2, &[(&VERSION, 0, 2)]);
            check_sequence(walk);
            return;
        }
        if let Some(word) = reader.word(2) {
            let row = Row::of_number(&FRAME_CONTROL, FIELDS, word.value, 2);
            let value = Value::Unsigned(word.value);
            walk.row(&FRAME_CONTROL, value, word.span, Some(row), |walk| frame_control(walk, word));
        }
        duration(walk, &mut reader, header);
        addresses(walk, header, offset);
        sequence_control(walk, header, offset);
        quality_and_control(walk, header, offset);
        let is_body_protected = header.flags.contains(FrameFlags::PROTECTED)
            && (header.kind.is_management() || header.has_payload());
        if is_body_protected {
            security::describe(walk, packet.frame.body(), packet.frame.body_offset());
        }
        check_sequence(walk);
    });
}

/// Duration, or in PS-Poll the association identifier with its two upper bits set.
fn duration(walk: &mut Walk<'_>, reader: &mut Reader<'_>, header: &Header) {
    let is_poll = header.kind.frame_type() == Some(1) && header.kind.subtype() == Some(10);
    if !is_poll {
        walk.u16(reader, &DURATION);
        return;
    }
    let span = Span::new(reader.offset(), 2);
    if let Some(value) = reader.little_endian(2) {
        walk.field(&ASSOCIATION_ID, Value::Unsigned(value & 0x3fff), span);
    }
}

fn addresses(walk: &mut Walk<'_>, header: &Header, offset: usize) {
    let place = |at: usize| Span::new(offset.saturating_add(at), 6);
    let is_aggregate = header.has_payload() && header.is_a_msdu();
    for &(field, number) in roles(header) {
        // In an A-MSDU each subframe has its own; these are the BSSID once more (table 9-30).
        if is_aggregate && number >= 3 && *field != BSSID {
            continue;
        }
        if let Some((address, at)) = numbered(header, number) {
            walk.field(field, Value::Address(address), place(at));
        }
    }
    for number in 1..=4 {
        if let Some((address, at)) = numbered(header, number) {
            walk.hidden(&ADDRESS, Value::Address(address), place(at));
        }
    }
    let to_ds = header.flags.contains(FrameFlags::TO_DS);
    let from_ds = header.flags.contains(FrameFlags::FROM_DS);
    if header.kind.is_data() && to_ds != from_ds {
        let number = if to_ds { 2 } else { 1 };
        if let Some((address, at)) = numbered(header, number) {
            walk.hidden(&STATION, Value::Address(address), place(at));
        }
    }
}

fn sequence_control(walk: &mut Walk<'_>, header: &Header, offset: usize) {
    let span = Span::new(offset.saturating_add(22), 2);
    if let Some((fragment, sequence)) = header.fragment.zip(header.sequence) {
        walk.field(&FRAGMENT, Value::Unsigned(u64::from(fragment)), span);
        walk.field(&SEQUENCE, Value::Unsigned(u64::from(sequence)), span);
    }
}

/// QoS control and HT control, which end the header.
fn quality_and_control(walk: &mut Walk<'_>, header: &Header, offset: usize) {
    let packet = walk.packet;
    let mut at = usize::from(header.length);
    if header.is_control_wrapper() {
        at = 12;
    } else if header.ht_control.is_some() {
        at = at.saturating_sub(4);
    }
    let control = packet.frame.mac.get(at..).unwrap_or(&[]);
    if header.qos.is_some() {
        let before = at.saturating_sub(2);
        let bytes = packet.frame.mac.get(before..).unwrap_or(&[]);
        let mut reader = Reader::new(bytes, offset.saturating_add(before));
        walk.word(&mut reader, &QOS, 2, |walk, word| quality(walk, word, header));
    }
    if header.ht_control.is_some() {
        ht_control::describe(walk, &mut Reader::new(control, offset.saturating_add(at)));
    }
}

/// IEEE Std 802.11-2020, table 9-10: the meaning of the upper byte depends on who sends it to whom.
fn quality(walk: &mut Walk<'_>, word: Word, header: &Header) {
    walk.bits(word, &TID, 0, 4);
    walk.hidden(&PRIORITY, Value::Unsigned(word.bits(0, 3)), word.span);
    let to_ds = header.flags.contains(FrameFlags::TO_DS);
    let from_ds = header.flags.contains(FrameFlags::FROM_DS);
    let has_poll = matches!(header.kind.subtype(), Some(10 | 11 | 14 | 15));
    if from_ds {
        walk.flag(word, &SERVICE_PERIOD_ENDS, 4);
    } else {
        walk.flag(word, &QUEUE_SIZE_FOLLOWS, 4);
    }
    walk.bits(word, &ACK_POLICY, 5, 2);
    if header.has_payload() {
        walk.flag(word, &AGGREGATED, 7);
    }
    let upper: &[BitField] = match (to_ds, from_ds) {
        (_, true) if has_poll => &[(&TXOP_LIMIT, 8, 8)],
        // Of four addresses the header does not tell an access point's bridge from a mesh: both
        // meanings are named, as Wireshark does.
        (true, true) => {
            walk.bits(word, &BUFFER_STATE, 8, 8);
            &[
                (&BUFFER_STATE_INDICATED, 9, 1),
                (&MESH_CONTROL_PRESENT, 8, 1),
                (&MESH_POWER_SAVE, 9, 1),
                (&MESH_SERVICE_PERIOD, 10, 1),
            ]
        }
        (false, true) => {
            walk.bits(word, &BUFFER_STATE, 8, 8);
            if word.bit(9) {
                &[
                    (&BUFFER_STATE_INDICATED, 9, 1),
                    (&BUFFERED_CATEGORY, 10, 2),
                    (&BUFFER_LOAD, 12, 4),
                ]
            } else {
                &[(&BUFFER_STATE_INDICATED, 9, 1)]
            }
        }
        (_, false) if word.bit(4) => &[(&QUEUE_SIZE, 8, 8)],
        _ => &[(&TXOP_REQUEST, 8, 8)],
    };
    walk.parts(word, upper);
}

fn fcs_status(fcs: Fcs) -> Option<Value<'static>> {
    match fcs {
        Fcs::Absent => None,
        Fcs::Bad => Some(Value::Unsigned(0)),
        Fcs::Good => Some(Value::Unsigned(1)),
    }
}

/// The frame check sequence, where it was captured, and whether it is right.
fn check_sequence(walk: &mut Walk<'_>) {
    let frame = walk.packet.frame;
    let at = frame.mac_offset.saturating_add(frame.mac.len());
    let after = walk.packet.captured.data.get(at..).unwrap_or(&[]);
    if let Some(bytes) = after.first_chunk::<4>()
        && after.len() == 4
    {
        let stated = u32::from_le_bytes(*bytes);
        let span = Span::new(at, 4);
        walk.field(&FCS, Value::Unsigned(u64::from(stated)), span);
        if frame.fcs == Fcs::Bad {
            let computed = fcs::compute(frame.mac);
            walk.derived(&FCS_COMPUTED, Value::Unsigned(u64::from(computed)));
        }
    }
    if let Some(status) = fcs_status(frame.fcs) {
        walk.derived(&FCS_STATUS, status);
    }
}

fn frame_control(walk: &mut Walk<'_>, word: Word) {
    walk.bits(word, &VERSION, 0, 2);
    let kind = word.bits(2, 2) << 4 | word.bits(4, 4);
    walk.field(&TYPE_SUBTYPE, Value::Unsigned(kind), word.span);
    walk.parts(word, &[(&TYPE, 2, 2), (&SUBTYPE, 4, 4)]);
    let flags: &[BitField] = match kind {
        CONTROL_EXTENSION => &[
            (&EXTENSION, 8, 4),
            (&POWER_MANAGEMENT, 12, 1),
            (&MORE_DATA, 13, 1),
            (&PROTECTED, 14, 1),
            (&ORDER, 15, 1),
        ],
        S1G_BEACON => &[
            (&S1G_NEXT_TBTT, 8, 1),
            (&S1G_COMPRESSED_SSID, 9, 1),
            (&S1G_NETWORK_OPTIONS, 10, 1),
            (&S1G_BANDWIDTH, 11, 3),
            (&S1G_SECURITY, 14, 1),
            (&S1G_POWER_MANAGEMENT, 15, 1),
        ],
        _ => &[
            (&TO_DS, 8, 1),
            (&FROM_DS, 9, 1),
            (&MORE_FRAGMENTS, 10, 1),
            (&RETRY, 11, 1),
            (&POWER_MANAGEMENT, 12, 1),
            (&MORE_DATA, 13, 1),
            (&PROTECTED, 14, 1),
            (&ORDER, 15, 1),
        ],
    };
    if !matches!(kind, CONTROL_EXTENSION | S1G_BEACON) {
        walk.hidden(&DS_STATUS, Value::Unsigned(word.bits(8, 2)), word.span);
    }
    walk.parts(word, flags);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{lines, lines_from, packet};
    use super::*;

    /// A header whose address n is filled with 2n.
    fn filled(first: u8, flags: u8) -> Vec<u8> {
        let mut mac = vec![first, flags, 0x34, 0x12];
        for n in 1..=3u8 {
            mac.extend([n * 2; 6]);
        }
        mac.extend([0x5a, 0x01]);
        mac.extend([8; 6]);
        mac.extend([0x05, 0x00]);
        mac
    }

    #[test]
    fn roles_agree_with_the_parsed_header() {
        for kind in 0..64u8 {
            for flags in 0..4 {
                let mac = filled(kind << 2, flags);
                let header = packet(&mac).frame.header.expect("whole");
                let role = |field: &Field| {
                    let number = roles(&header).iter().find(|(role, _)| *role == field)?.1;
                    numbered(&header, number).map(|(address, _)| address)
                };
                assert_eq!(role(&RECEIVER), header.receiver(), "{kind} {flags}");
                assert_eq!(role(&DESTINATION), header.destination(), "{kind} {flags}");
                assert_eq!(role(&BSSID), header.bssid(), "{kind} {flags}");
                assert_eq!(role(&SOURCE), header.source(), "{kind} {flags}");
            }
        }
    }

    #[test]
    fn a_four_address_qos_frame() {
        let lines = lines(&filled(0x88, 3));
        for expected in [
            "Duration: 4660 µs",
            "Source: 08:08:08:08:08:08",
            "Destination: 06:06:06:06:06:06",
            "Fragment number: 10",
            "Sequence number: 21",
            "TID: 5",
            "A-MSDU: no",
            "Mesh control present: no",
        ] {
            assert!(lines.iter().any(|line| line.trim() == expected), "{expected}: {lines:#?}");
        }
    }

    #[test]
    fn the_upper_byte_of_qos_control() {
        for (first, flags, qos, expected) in [
            (0x88, 1, 0x1200u16, "TXOP duration requested: 18 32 µs"),
            (0x88, 1, 0x1210, "Queue size: 18 256 bytes"),
            (0xa8, 2, 0x1200, "TXOP limit: 18 32 µs"),
            (0x88, 2, 0x3e00, "Highest buffered access category: voice (3)"),
            (0x88, 2, 0x0010, "End of service period: yes"),
            (0x88, 1, 0x0060, "Ack policy: block ack (3)"),
        ] {
            let mut mac = filled(first, flags);
            mac.truncate(24);
            mac.extend(qos.to_le_bytes());
            let lines = lines_from(&mac, "wlan.qos");
            assert!(lines.iter().any(|line| line.trim() == expected), "{expected}: {lines:#?}");
        }
    }

    #[test]
    fn association_identifier_of_a_poll() {
        let mut mac = filled(0xa4, 0);
        mac.truncate(16);
        mac[2..4].copy_from_slice(&0xc005u16.to_le_bytes());
        let lines = lines(&mac);
        assert!(lines.contains(&"  Association identifier: 5".to_owned()), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("Duration")), "{lines:#?}");
    }
}
