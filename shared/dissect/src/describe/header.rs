//! The 802.11 header (IEEE Std 802.11-2020, 9.2).

use crate::fields::Span;
use crate::fields::{Part, Reader, Value, Walk, Word, fields};
use crate::ieee80211::Header;
use pw_model::FrameFlags;

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
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.kind().frame_type()?))));
    /// Subtype.
    SUBTYPE: unsigned("wlan.fc.subtype", "Subtype").clause("802.11-2020, 9.2.4.1.3")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.kind().subtype()?))));
    /// Type and subtype in one number: 16 times the type, plus the subtype.
    TYPE_SUBTYPE: hex("wlan.fc.type_subtype", "Type and subtype", 4)
        .clause("802.11-2020, table 9-1").names(type_subtype_name)
        .read(|packet| {
            let kind = packet.frame.kind();
            let type_bits = u64::from(kind.frame_type()?) << 4;
            Some(Value::Unsigned(type_bits | u64::from(kind.subtype()?)))
        });
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
    /// How long the medium is reserved after this frame.
    DURATION: unsigned("wlan.duration", "Duration").unit("µs").clause("802.11-2020, 9.2.4.2");
    /// Receiver address.
    RECEIVER: address("wlan.ra", "Receiver").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(packet.frame.header?.receiver()?)));
    /// Transmitter address.
    TRANSMITTER: address("wlan.ta", "Transmitter").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(packet.frame.header?.transmitter()?)));
    /// Destination address.
    DESTINATION: address("wlan.da", "Destination").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(packet.frame.header?.destination()?)));
    /// Source address.
    SOURCE: address("wlan.sa", "Source").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(packet.frame.header?.source()?)));
    /// BSSID.
    BSSID: address("wlan.bssid", "BSSID").clause("802.11-2020, 9.2.4.3")
        .read(|packet| Some(Value::Address(packet.frame.header?.bssid()?)));
    /// Fragment number.
    FRAGMENT: unsigned("wlan.frag", "Fragment number").clause("802.11-2020, 9.2.4.4")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.header?.fragment?))));
    /// Sequence number.
    SEQUENCE: unsigned("wlan.seq", "Sequence number").clause("802.11-2020, 9.2.4.4")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.header?.sequence?))));
}

fn flag(packet: &crate::fields::Packet<'_>, flag: FrameFlags) -> Option<Value<'static>> {
    Some(Value::Flag(packet.frame.header?.flags.contains(flag)))
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
        0x24 => "null",
        0x28 => "QoS data",
        0x2c => "QoS null",
        0x30 => "DMG beacon",
        0x31 => "S1G beacon",
        _ => return None,
    })
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
        walk.word(&mut reader, &FRAME_CONTROL, 2, frame_control);
        walk.u16(&mut reader, &DURATION);
        for field in [&RECEIVER, &TRANSMITTER, &DESTINATION, &SOURCE, &BSSID, &FRAGMENT, &SEQUENCE]
        {
            if let Some(value) = field.read.and_then(|read| read(packet)) {
                walk.derived(field, value);
            }
        }
    });
}

fn frame_control(walk: &mut Walk<'_>, word: Word) {
    walk.bits(word, &VERSION, 0, 2);
    let kind = word.bits(2, 2) << 4 | word.bits(4, 4);
    walk.field(&TYPE_SUBTYPE, Value::Unsigned(kind), word.span);
    walk.bits(word, &TYPE, 2, 2);
    walk.bits(word, &SUBTYPE, 4, 4);
    for (bit, field) in [
        (8, &TO_DS),
        (9, &FROM_DS),
        (10, &MORE_FRAGMENTS),
        (11, &RETRY),
        (12, &POWER_MANAGEMENT),
        (13, &MORE_DATA),
        (14, &PROTECTED),
        (15, &ORDER),
    ] {
        walk.flag(word, field, bit);
    }
}
