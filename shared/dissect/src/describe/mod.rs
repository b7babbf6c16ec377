//! Every field of a packet, named: one file per group of fields.
//!
//! A describer reads bytes through a [`Reader`] and names what it reads through a
//! [`Walk`]. It returns `None` where the bytes end before the fields do; its caller
//! states that as a fault. What no describer knows is given as bytes.

pub mod action;
pub mod authentication;
pub mod block_ack;
pub mod capture;
pub mod codes;
pub mod control;
pub mod data;
pub mod eap;
pub mod eapol;
pub mod elements;
pub mod extension;
pub mod header;
pub mod ht_control;
pub mod key_data;
pub mod management;
pub mod radio;
pub mod security;
pub mod sounding;
pub mod trigger;

use crate::fault::Layer;
use crate::fields::{Field, Packet, Part, Sink, Walk};

/// The fields of every family, in the order of the packet; those of elements are in [`elements::fields`].
pub(crate) static FAMILIES: &[&[&Field]] = &[
    capture::FIELDS,
    radio::cooked::FIELDS,
    radio::radiotap_fields::FIELDS,
    radio::radiotap_he::FIELDS,
    radio::radiotap_eht::FIELDS,
    radio::ppi::FIELDS,
    radio::ppi_gps::FIELDS,
    radio::prism::FIELDS,
    radio::avs::FIELDS,
    radio::FIELDS,
    header::FIELDS,
    ht_control::FIELDS,
    security::FIELDS,
    management::FIELDS,
    authentication::FIELDS,
    action::FIELDS,
    action::public::FIELDS,
    action::anqp::FIELDS,
    action::ranging::FIELDS,
    action::transition::FIELDS,
    action::beamforming::FIELDS,
    action::vendor::FIELDS,
    action::nan::FIELDS,
    control::FIELDS,
    block_ack::FIELDS,
    sounding::FIELDS,
    trigger::FIELDS,
    data::FIELDS,
    eapol::FIELDS,
    key_data::FIELDS,
    eap::FIELDS,
    extension::FIELDS,
];

/// Gives every field of `packet` to `sink`.
pub fn describe(packet: &Packet<'_>, sink: &mut dyn Sink) {
    let mut walk = Walk::new(packet, sink);
    if walk.wants(Part::Capture) {
        capture::describe(&mut walk);
    }
    if walk.wants(Part::Radio) {
        walk.set_layer(Layer::Radio);
        radio::describe(&mut walk);
    }
    let Some(header) = packet.frame.header else { return };
    walk.set_layer(Layer::Header);
    header::describe(&mut walk, &header);
    if header.version != 0 {
        return;
    }
    if header.kind.is_management() && (walk.wants(Part::Body) || walk.wants(Part::Element)) {
        management::describe(&mut walk, &header);
    }
    if header.kind.is_control() && walk.wants(Part::Body) {
        control::describe(&mut walk, &header);
    }
    // The addresses of an A-MSDU stand in its subframes.
    let has_wanted_payload = walk.wants(Part::Payload)
        || walk.wants(Part::Body)
        || (walk.wants(Part::Header) && header.is_a_msdu());
    if header.kind.is_data() && has_wanted_payload {
        data::describe(&mut walk, &header);
    }
    if header.kind.frame_type() == Some(3) && (walk.wants(Part::Body) || walk.wants(Part::Element))
    {
        extension::describe(&mut walk, &header);
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of the groups share.

    use super::header;
    use crate::LinkType;
    use crate::capture::CapturedFrame;
    use crate::fields::{Node, Packet, Tree, by_name};

    /// A bare 802.11 frame without FCS, parsed.
    pub(crate) fn packet(mac: &[u8]) -> Packet<'_> {
        Packet::new(CapturedFrame::new(LinkType::Ieee80211, mac))
    }

    fn line(node: &Node) -> String {
        let fault = if node.fault.is_some() { "! " } else { "" };
        format!("{}{fault}{}", "  ".repeat(usize::from(node.depth)), node.text)
    }

    /// The tree of a bare 802.11 frame from its header on, one line a node, two spaces a level.
    pub(crate) fn lines(mac: &[u8]) -> Vec<String> {
        let tree = Tree::of(&packet(mac));
        let is_header = |node: &Node| node.field == Some(&header::WLAN);
        let first = tree.nodes.iter().position(is_header).unwrap_or(tree.nodes.len());
        tree.nodes[first..].iter().map(line).collect()
    }

    /// The lines of the first node of this field and of those below it.
    pub(crate) fn lines_from(mac: &[u8], name: &str) -> Vec<String> {
        let field = by_name(name).expect("a field of this name");
        let tree = Tree::of(&packet(mac));
        let Some(first) = tree.nodes.iter().position(|node| node.field == Some(field)) else {
            return Vec::new();
        };
        let end = first + 1 + tree.nodes[first].below as usize;
        tree.nodes[first..end].iter().map(line).collect()
    }

    /// Fails unless each of `expected` is a line, leading spaces aside.
    pub(crate) fn check(mac: &[u8], expected: &[&str]) {
        let lines = lines(mac);
        for expected in expected {
            assert!(lines.iter().any(|line| line.trim() == *expected), "{expected}: {lines:#?}");
        }
    }

    /// Like [`check`], and fails when there is a fault.
    pub(crate) fn check_whole(mac: &[u8], expected: &[&str]) {
        check(mac, expected);
        let lines = lines(mac);
        assert!(!lines.iter().any(|line| line.trim().starts_with('!')), "{lines:#?}");
    }

    /// An action frame, from its category on.
    pub(crate) fn action(body: &[u8]) -> Vec<u8> {
        management(13, body)
    }

    /// A management frame of a subtype.
    pub(crate) fn management(subtype: u8, body: &[u8]) -> Vec<u8> {
        let mut mac = vec![subtype << 4, 0, 0, 0];
        mac.extend([[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]].concat());
        mac.extend([0x10, 0]);
        mac.extend(body);
        mac
    }

    /// A control frame of a subtype with receiver and transmitter.
    pub(crate) fn control(subtype: u8, body: &[u8]) -> Vec<u8> {
        let mut mac = vec![subtype << 4 | 4, 0, 0, 0];
        mac.extend([[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]].concat());
        mac.extend(body);
        mac
    }

    /// A data frame from an access point, not QoS.
    pub(crate) fn data(body: &[u8]) -> Vec<u8> {
        let mut mac = vec![0x08, 0x02, 0, 0];
        mac.extend([[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 3]].concat());
        mac.extend([0x10, 0]);
        mac.extend(body);
        mac
    }
}
