//! Linux cooked captures, field by field (LINKTYPE_LINUX_SLL).

use crate::LinkType;
use crate::fields::{Reader, Span, Value, Walk, fields};

fields! {
    Radio => FIELDS;
    /// The cooked header.
    COOKED: branch("sll", "Linux cooked capture");
    /// Direction of the packet.
    PACKET_TYPE: unsigned("sll.pkttype", "Packet type").clause("LINKTYPE_LINUX_SLL").names(packet_type);
    /// Kind of the interface.
    HARDWARE_TYPE: unsigned("sll.hatype", "Hardware type").clause("LINKTYPE_LINUX_SLL")
        .names(hardware_type);
    /// Length of the address.
    ADDRESS_LENGTH: unsigned("sll.halen", "Address length").unit("bytes").clause("LINKTYPE_LINUX_SLL");
    /// Address of the interface.
    INTERFACE_ADDRESS: address("sll.src.eth", "Address").clause("LINKTYPE_LINUX_SLL");
    /// Address of the interface where it is none of 6 bytes, with what fills it up to 8.
    ADDRESS: bytes("sll.src.other", "Address").clause("LINKTYPE_LINUX_SLL");
    /// Protocol.
    PROTOCOL: hex("sll.protocol", "Protocol", 4).clause("LINKTYPE_LINUX_SLL");
}

fn packet_type(value: u64) -> Option<&'static str> {
    super::pick(&["to us", "broadcast", "multicast", "to another", "sent by us"], value)
}

fn hardware_type(value: u64) -> Option<&'static str> {
    Some(match value {
        801 => "802.11",
        802 => "802.11 with Prism header",
        803 => "802.11 with radiotap header",
        _ => return None,
    })
}

/// Describes the header and gives the link type of what follows.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<LinkType> {
    walk.branch(&COOKED, Value::Nothing, Span::new(reader.offset(), 16), |walk| {
        walk.number_be(reader, &PACKET_TYPE, 2)?;
        let inner = match walk.number_be(reader, &HARDWARE_TYPE, 2)? {
            801 => LinkType::Ieee80211,
            802 => LinkType::Prism,
            803 => LinkType::Radiotap,
            other => LinkType::Other(u16::try_from(other).ok()?),
        };
        if walk.number_be(reader, &ADDRESS_LENGTH, 2)? == 6 {
            walk.address(reader, &INTERFACE_ADDRESS)?;
            reader.take(2)?;
        } else {
            walk.bytes(reader, &ADDRESS, 8)?;
        }
        walk.number_be(reader, &PROTOCOL, 2)?;
        Some(inner)
    })
}
