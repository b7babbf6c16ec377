//! What unencrypted data frames carry in clear: A-MSDU subframes, mesh control, LLC/SNAP (IEEE Std 802.11-2020, 9.3.2).
//!
//! Payload beyond LLC is only counted, except EAPOL and encapsulated action frames.

use super::header::{DESTINATION, SOURCE};
use super::{action, eapol};
use crate::fault::Layer;
use crate::fields::{Reader, Span, Value, Walk, fields, names};
use crate::ieee80211::{Header, llc};
use pw_model::FrameFlags;

fields! {
    Payload => FIELDS;
    /// One MSDU of an aggregate.
    SUBFRAME: branch("wlan_aggregate.a_mdsu.subframe", "A-MSDU subframe").clause("802.11-2020, 9.3.2.2.2");
    /// Length of a subframe's MSDU.
    SUBFRAME_LENGTH: unsigned("wlan_aggregate.a_mdsu.length", "Length").unit("bytes");
    /// Mesh control.
    MESH: branch("wlan.mesh.control_field", "Mesh control").clause("802.11-2020, 9.2.4.7.3");
    /// Mesh flags.
    MESH_FLAGS: hex("wlan.fixed.mesh_flags", "Mesh flags", 2).clause("802.11-2020, 9.2.4.7.3");
    /// How many addresses follow.
    MESH_EXTENSION: unsigned("wlan.mesh.address_extension", "Address extension").names(names![
        0 => "none", 1 => "address 4", 2 => "addresses 5 and 6"]);
    /// Hops that are left.
    MESH_TTL: unsigned("wlan.fixed.mesh_ttl", "Mesh TTL");
    /// Mesh sequence number.
    MESH_SEQUENCE: unsigned("wlan.fixed.mesh_sequence", "Mesh sequence number");
    /// Address 4.
    MESH_ADDRESS_4: address("wlan.fixed.mesh_addr4", "Mesh address 4");
    /// Address 5.
    MESH_ADDRESS_5: address("wlan.fixed.mesh_addr5", "Mesh address 5");
    /// Address 6.
    MESH_ADDRESS_6: address("wlan.fixed.mesh_addr6", "Mesh address 6");
    /// LLC header.
    LLC: branch("llc", "LLC").clause("IEEE 802.2; RFC 1042");
    /// Destination service access point.
    DSAP: hex("llc.dsap", "DSAP", 2).names(access_point_name);
    /// Source service access point.
    SSAP: hex("llc.ssap", "SSAP", 2).names(access_point_name);
    /// Control.
    CONTROL: hex("llc.control", "Control", 2);
    /// Organisation code.
    OUI: hex("llc.oui", "Organisation", 6).names(names![0 => "encapsulated Ethernet", 0xf8 => "bridge tunnel"]);
    /// EtherType.
    ETHERTYPE: hex("llc.type", "EtherType", 4).names(ethertype_name);
    /// What an EtherType-89-0d frame carries.
    ENCAPSULATED: unsigned("wlan.data_encap.payload_type", "Encapsulated frame").clause("802.11-2020, annex H").names(names![
        1 => "remote request or response", 2 => "TDLS", 3 => "FST", 4 => "VLAN"]);
    /// Bytes that are carried and not shown.
    LENGTH: unsigned("data.len", "Payload").unit("bytes");
}

/// EtherType of EAPOL, and of preauthentication, which has the same form.
const EAPOL: [u16; 2] = [0x888e, 0x88c7];
/// EtherType of frames that carry an action frame's body as data.
const ENCAPSULATED_ACTION: u16 = 0x890d;

fn access_point_name(value: u64) -> Option<&'static str> {
    names![
        0 => "null", 0x42 => "spanning tree", 0xaa => "SNAP", 0xe0 => "IPX", 0xf0 => "NetBIOS",
        0xfe => "OSI", 0xff => "global",
    ](value)
}

fn ethertype_name(value: u64) -> Option<&'static str> {
    names![
        0x0800 => "IPv4", 0x0806 => "ARP", 0x8035 => "RARP", 0x8100 => "VLAN", 0x8137 => "IPX",
        0x809b => "AppleTalk", 0x80f3 => "AARP", 0x86dd => "IPv6", 0x8847 => "MPLS",
        0x8863 => "PPPoE discovery", 0x8864 => "PPPoE session", 0x888e => "EAPOL",
        0x88b4 => "WAPI", 0x88c7 => "preauthentication", 0x88cc => "LLDP", 0x88e1 => "HomePlug AV",
        0x8899 => "Realtek", 0x890d => "encapsulated 802.11", 0x893a => "IEEE 1905.1",
        0x88f7 => "PTP", 0x22f0 => "AVTP", 0x872d => "Cisco WLCCP",
    ](value)
}

/// Names the body of a data frame that is not encrypted.
pub(super) fn describe(walk: &mut Walk<'_>, header: &Header) {
    let frame = walk.packet.frame;
    if header.flags.contains(FrameFlags::PROTECTED) || !header.has_payload() {
        return;
    }
    walk.set_layer(Layer::Payload);
    let mut reader = Reader::new(frame.body(), frame.body_offset());
    if reader.is_empty() {
        return;
    }
    // A later fragment continues a payload whose beginning is elsewhere.
    if header.fragment.is_some_and(|fragment| fragment > 0) {
        length(walk, &mut reader);
        return;
    }
    if !header.is_a_msdu() {
        msdu(walk, &mut reader, header);
        return;
    }
    while !reader.is_empty() {
        if subframe(walk, &mut reader, header).is_none() {
            walk.fault(reader.offset(), "the A-MSDU subframe is cut");
            return;
        }
    }
}

fn subframe(walk: &mut Walk<'_>, reader: &mut Reader<'_>, header: &Header) -> Option<()> {
    let before = reader.offset();
    let stated = reader.peek::<14>().map(|[.., high, low]| u16::from_be_bytes([high, low]));
    let span = Span::new(before, usize::from(stated.unwrap_or(0)).saturating_add(14));
    walk.branch(&SUBFRAME, Value::Nothing, span, |walk| {
        walk.address(reader, &DESTINATION)?;
        walk.address(reader, &SOURCE)?;
        let length = walk.number_be(reader, &SUBFRAME_LENGTH, 2)?;
        let length = usize::try_from(length).ok()?;
        let mut inner = reader.part(length)?;
        msdu(walk, &mut inner, header);
        // Every subframe but the last is padded to a multiple of 4 bytes.
        let padding = length.saturating_add(14).wrapping_neg() & 3;
        reader.take(padding.min(reader.left()))?;
        Some(())
    })
}

fn msdu(walk: &mut Walk<'_>, reader: &mut Reader<'_>, header: &Header) {
    if has_mesh_control(header, reader.rest()) && mesh(walk, reader).is_none() {
        walk.fault(reader.offset(), "the mesh control field is cut");
        return;
    }
    let Some(ethertype) = logical_link(walk, reader) else {
        walk.fault(reader.offset(), "the LLC header is cut");
        return;
    };
    match ethertype {
        Some(kind) if EAPOL.contains(&kind) => eapol::describe(walk, reader),
        Some(ENCAPSULATED_ACTION) => encapsulated(walk, reader),
        _ => length(walk, reader),
    }
}

/// In four-address QoS frames a bit says so. In others the same bit has other meanings, so that the
/// place of the LLC header decides.
fn has_mesh_control(header: &Header, msdu: &[u8]) -> bool {
    let Some(qos) = header.qos else { return false };
    if header.flags.contains(FrameFlags::TO_DS.with(FrameFlags::FROM_DS)) {
        return qos & 0x100 != 0;
    }
    let behind = match msdu.first().map(|flags| flags & 3) {
        Some(0) => msdu.get(6..),
        Some(1) => msdu.get(12..),
        Some(2) => msdu.get(18..),
        _ => None,
    };
    qos & 0x100 != 0
        && llc::ethertype(msdu).is_none()
        && behind.is_some_and(|behind| llc::ethertype(behind).is_some())
}

fn mesh(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 6);
    walk.branch(&MESH, Value::Nothing, span, |walk| {
        let flags = walk.packed(reader, &MESH_FLAGS, 1, &[(&MESH_EXTENSION, 0, 2)])?;
        walk.u8(reader, &MESH_TTL)?;
        walk.number(reader, &MESH_SEQUENCE, 4)?;
        match flags.bits(0, 2) {
            1 => {
                walk.address(reader, &MESH_ADDRESS_4)?;
            }
            2 => {
                walk.address(reader, &MESH_ADDRESS_5)?;
                walk.address(reader, &MESH_ADDRESS_6)?;
            }
            _ => {}
        }
        Some(())
    })
}

/// Mesh control of mesh action frames (multihop), which has the same form.
pub(super) fn mesh_control(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    mesh(walk, reader)
}

/// Names the LLC header; the EtherType, where there is one. The outer `None`: it is cut.
fn logical_link(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<Option<u16>> {
    let is_snap = reader.peek::<2>() == Some([0xaa, 0xaa]);
    let span = Span::new(reader.offset(), if is_snap { 8 } else { 3 }.min(reader.left()));
    walk.branch(&LLC, Value::Nothing, span, |walk| {
        walk.u8(reader, &DSAP)?;
        walk.u8(reader, &SSAP)?;
        // Unnumbered frames have one byte of control, others two (IEEE 802.2, 5.4).
        let is_unnumbered = reader.peek::<1>().is_some_and(|[control]| control & 3 == 3);
        walk.number(reader, &CONTROL, if is_unnumbered { 1 } else { 2 })?;
        if !is_snap || !is_unnumbered {
            return Some(None);
        }
        let organisation = walk.number_be(reader, &OUI, 3)?;
        let kind = walk.number_be(reader, &ETHERTYPE, 2)?;
        let is_ethernet = matches!(organisation, 0 | 0xf8);
        Some(u16::try_from(kind).ok().filter(|_| is_ethernet))
    })
}

fn encapsulated(walk: &mut Walk<'_>, reader: &mut Reader<'_>) {
    let Some(kind) = walk.u8(reader, &ENCAPSULATED) else {
        walk.fault(reader.offset(), "the encapsulated frame is cut");
        return;
    };
    // TDLS carries an action frame's body, category first (802.11-2020, 11.20.2).
    if kind == 2 {
        action::describe_encapsulated(walk, reader);
    } else {
        length(walk, reader);
    }
}

/// States how many bytes are left, without showing them.
fn length(walk: &mut Walk<'_>, reader: &mut Reader<'_>) {
    let left = reader.left();
    if left == 0 {
        return;
    }
    let value = Value::Unsigned(u64::try_from(left).unwrap_or(u64::MAX));
    walk.field(&LENGTH, value, Span::new(reader.offset(), left));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, data, lines};

    const SNAP_IP: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

    #[test]
    fn payload_is_counted_and_not_shown() {
        let mac = data(&[&SNAP_IP[..], b"secret"].concat());
        check_whole(&mac, &["EtherType: IPv4 (0x0800)", "Payload: 6 bytes", "DSAP: SNAP (0xaa)"]);
        let shown = lines(&mac).join("\n");
        assert!(!shown.contains("736563") && !shown.contains("secret"), "{shown}");
        check_whole(
            &data(&[0x42, 0x42, 3, 0, 0]),
            &["DSAP: spanning tree (0x42)", "Payload: 2 bytes"],
        );
        check_whole(&data(&[0xf0, 0xf0, 0x00, 0x20, 9]), &["Control: 0x2000", "Payload: 1 bytes"]);
        check(&data(&[0xaa, 0xaa, 3, 0]), &["! the LLC header is cut"]);
    }

    #[test]
    fn subframes_of_an_aggregate() {
        let mut mac = vec![0x88, 0x02, 0, 0];
        mac.extend([2; 18]);
        mac.extend([0x10, 0, 0x80, 0]);
        for (address, payload) in [(4u8, &b"abc"[..]), (6, b"de")] {
            mac.extend([address; 6]);
            mac.extend([address + 1; 6]);
            mac.extend([0, 8 + payload.len() as u8]);
            mac.extend(SNAP_IP);
            mac.extend(payload);
            if address == 4 {
                mac.extend([0; 3]);
            }
        }
        check_whole(
            &mac,
            &[
                "Destination: 04:04:04:04:04:04",
                "Length: 11 bytes",
                "Payload: 3 bytes",
                "Source: 07:07:07:07:07:07",
                "Payload: 2 bytes",
            ],
        );
        mac.truncate(mac.len() - 1);
        check(&mac, &["! the A-MSDU subframe is cut"]);
    }

    #[test]
    fn mesh_control_with_six_addresses() {
        let mut mac = vec![0x88, 0x03, 0, 0];
        mac.extend([2; 18]);
        mac.extend([0x10, 0]);
        mac.extend([8; 6]);
        mac.extend([0, 1]);
        mac.extend([2, 31, 7, 0, 0, 0]);
        mac.extend([[0x0a; 6], [0x0c; 6]].concat());
        mac.extend(SNAP_IP);
        check_whole(
            &mac,
            &[
                "Address extension: addresses 5 and 6 (2)",
                "Mesh TTL: 31",
                "Mesh sequence number: 7",
                "Mesh address 6: 0c:0c:0c:0c:0c:0c",
                "EtherType: IPv4 (0x0800)",
            ],
        );
    }

    #[test]
    fn a_later_fragment_is_not_read_as_llc() {
        let mut mac = data(&SNAP_IP);
        mac[22] = 0x11;
        let lines = lines(&mac);
        assert!(lines.iter().any(|line| line.trim() == "Payload: 8 bytes"), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("LLC")), "{lines:#?}");
    }

    #[test]
    fn tdls_in_a_data_frame() {
        let body =
            [&[0xaa, 0xaa, 3, 0, 0, 0, 0x89, 0x0d, 2, 12, 0, 9, 1, 0][..], &[0, 1, b'a']].concat();
        check_whole(
            &data(&body),
            &[
                "Encapsulated frame: TDLS (2)",
                "Action: TDLS setup request",
                "Dialog token: 9",
                "SSID: a",
            ],
        );
    }
}
