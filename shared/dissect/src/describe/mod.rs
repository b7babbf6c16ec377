//! Every field of a packet, named: one file per group of fields.
//!
//! A describer reads bytes through a [`Reader`] and names what it reads through a
//! [`Walk`]. It returns `None` where the bytes end before the fields do; its caller
//! states that as a fault. What no describer knows is given as bytes.

pub mod capture;
pub mod elements;
pub mod header;
pub mod management;
pub mod radio;

use crate::fault::Layer;
use crate::fields::{Field, Packet, Part, Sink, Walk};

/// The fields of every family, in the order of the packet.
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
    management::FIELDS,
    elements::FIELDS,
    elements::identity::FIELDS,
    elements::load::FIELDS,
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
}
