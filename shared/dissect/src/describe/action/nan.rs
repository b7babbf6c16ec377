//! NAN (Wi-Fi Aware): attributes and services (Wi-Fi Alliance, Wi-Fi Aware 4.0, 9.5).

use crate::describe::elements::open_drone_id::open_drone_id;
use crate::fields::{BitField, Reader, Span, Value, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// Subtype of a NAN action frame.
    SUBTYPE: unsigned("nan.action.subtype", "NAN action").clause("Wi-Fi Aware 4.0, table 41").names(names![
        1 => "ranging request", 2 => "ranging response", 3 => "ranging termination", 4 => "ranging report",
        5 => "data path request", 6 => "data path response", 7 => "data path confirm",
        8 => "data path key installment", 9 => "data path termination", 10 => "schedule request",
        11 => "schedule response", 12 => "schedule confirm", 13 => "schedule update notification"]);
    /// One attribute.
    ATTRIBUTE: branch("nan.attribute", "NAN attribute").clause("Wi-Fi Aware 4.0, 9.5");
    /// Attribute identifier.
    ATTRIBUTE_TYPE: hex("nan.attribute.type", "Attribute", 2).clause("Wi-Fi Aware 4.0, table 42").names(attribute_name);
    /// Length.
    ATTRIBUTE_LENGTH: unsigned("nan.attribute.len", "Length").unit("bytes");
    /// What nothing here gives a meaning.
    DATA: bytes("nan.attribute.data", "Data");
    /// Preference to be master.
    MASTER_PREFERENCE: unsigned("nan.master_indication.preference", "Master preference").clause("Wi-Fi Aware 4.0, 9.5.1");
    /// Random factor.
    MASTER_RANDOM: unsigned("nan.master_indication.random_factor", "Random factor");
    /// Rank of the anchor.
    ANCHOR_RANK: hex("nan.cluster.anchor_master_rank", "Anchor master rank", 16).clause("Wi-Fi Aware 4.0, 9.5.2");
    /// Hops to the anchor.
    ANCHOR_HOPS: unsigned("nan.cluster.hop_count", "Hops to the anchor master");
    /// When the anchor sends.
    ANCHOR_TIME: unsigned("nan.cluster.beacon_transmission_time", "Anchor master beacon transmission time");
    /// Service identifier.
    SERVICE: bytes("nan.service_id", "Service identifier").clause("Wi-Fi Aware 4.0, 9.5.4");
    /// Name of the service, of those that are known.
    SERVICE_NAME: text("nan.service_name", "Service");
    /// Instance of the service.
    INSTANCE: unsigned("nan.instance_id", "Instance");
    /// Instance of the requester.
    REQUESTER: unsigned("nan.sda.requestor_instance_id", "Requester instance");
    /// Service control.
    CONTROL: hex("nan.sda.sc", "Service control", 2);
    /// Publish, subscribe, follow-up.
    CONTROL_TYPE: unsigned("nan.sda.sc.type", "Service control type").names(names![0 => "publish", 1 => "subscribe", 2 => "follow-up"]);
    /// A matching filter follows.
    HAS_FILTER: flag("nan.sda.sc.matching_filter", "Matching filter");
    /// A response filter follows.
    HAS_RESPONSE: flag("nan.sda.sc.service_response", "Service response filter");
    /// Service information follows.
    HAS_INFORMATION: flag("nan.sda.sc.service_info", "Service information");
    /// Only near by.
    RANGE_LIMITED: flag("nan.sda.sc.discovery_range", "Discovery range limited");
    /// A binding bitmap follows.
    HAS_BINDING: flag("nan.sda.sc.binding_bitmap", "Binding bitmap");
    /// Binding bitmap.
    BINDING: hex("nan.sda.binding_bitmap", "Binding bitmap value", 4);
    /// Matching filter.
    FILTER: bytes("nan.sda.matching_filter_val", "Matching filter value");
    /// Response filter.
    RESPONSE: bytes("nan.sda.service_response_filter", "Service response filter value");
    /// Service information.
    INFORMATION: bytes("nan.sda.service_info", "Service information value");
    /// Bands.
    BANDS: hex("nan.device_cap.supported_bands", "Supported bands", 2).clause("Wi-Fi Aware 4.0, 9.5.15.2");
    /// Antennas.
    ANTENNAS: hex("nan.device_cap.antennas", "Antennas", 2);
    /// Capabilities.
    CAPABILITIES: hex("nan.device_cap.capabilities", "Capabilities", 2);
    /// Country.
    COUNTRY: text("nan.country_code", "Country").clause("Wi-Fi Aware 4.0, 9.5.12");
}

/// The first six bytes of the hash of `org.opendroneid.remoteid` (ASTM F3411-22a, 5.4.6).
const REMOTE_ID: [u8; 6] = [0x88, 0x69, 0x19, 0x9d, 0x92, 0x09];

fn attribute_name(value: u64) -> Option<&'static str> {
    names![
        0x00 => "master indication", 0x01 => "cluster", 0x02 => "service identifier list",
        0x03 => "service descriptor", 0x04 => "connection capability", 0x05 => "WLAN infrastructure",
        0x06 => "P2P operation", 0x07 => "IBSS", 0x08 => "mesh",
        0x09 => "further service discovery", 0x0a => "further availability map",
        0x0b => "country code", 0x0c => "ranging", 0x0d => "cluster discovery",
        0x0e => "service descriptor extension", 0x0f => "device capability", 0x10 => "data path",
        0x12 => "availability", 0x13 => "data cluster", 0x14 => "data link",
        0x15 => "data link QoS", 0x17 => "unaligned schedule", 0x1a => "ranging information",
        0x1b => "ranging setup", 0x1c => "FTM range report", 0x1d => "element container",
        0x1e => "extended WLAN infrastructure", 0x1f => "extended P2P operation",
        0x20 => "extended IBSS", 0x21 => "extended mesh", 0x22 => "cipher suite information",
        0x23 => "security context", 0x24 => "shared key descriptor",
        0x27 => "public availability", 0x28 => "subscribe service identifier list",
        0x29 => "data path extension", 0x2a => "device capability extension",
        0x2b => "identity resolution", 0x2c => "pairing bootstrapping", 0xdd => "vendor specific",
    ](value)
}

/// Names a NAN action frame from its subtype on.
pub(super) fn action(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &SUBTYPE)?;
    attributes(walk, reader)
}

/// Names NAN attributes until the reader ends; beacons carry the same in a vendor element.
pub(in crate::describe) fn attributes(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let [kind, low, high] = reader.peek::<3>()?;
        let length = usize::from(u16::from_le_bytes([low, high]));
        let span = Span::new(reader.offset(), length.saturating_add(3));
        let name = attribute_name(u64::from(kind)).unwrap_or("unknown");
        walk.branch(&ATTRIBUTE, Value::Word(name), span, |walk| {
            walk.u8(reader, &ATTRIBUTE_TYPE)?;
            walk.u16(reader, &ATTRIBUTE_LENGTH)?;
            let mut part = reader.part(length)?;
            if one(walk, &mut part, kind).is_none() {
                walk.fault(part.offset(), "the NAN attribute ends before its fields do");
            }
            walk.rest(&mut part, &DATA);
            Some(())
        })?;
    }
    Some(())
}

fn one(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: u8) -> Option<()> {
    match kind {
        0x00 => {
            walk.u8(reader, &MASTER_PREFERENCE)?;
            walk.u8(reader, &MASTER_RANDOM)?;
        }
        0x01 => {
            walk.number(reader, &ANCHOR_RANK, 8)?;
            walk.u8(reader, &ANCHOR_HOPS)?;
            walk.number(reader, &ANCHOR_TIME, 4)?;
        }
        0x02 | 0x28 => {
            while !reader.is_empty() {
                service_id(walk, reader)?;
            }
        }
        0x03 => service(walk, reader)?,
        0x0b => {
            walk.bytes(reader, &COUNTRY, 2)?;
        }
        0x0f => {
            // Map identifier, committed discovery windows, then what is named.
            reader.take(3)?;
            walk.u8(reader, &BANDS)?;
            reader.take(1)?;
            walk.u8(reader, &ANTENNAS)?;
            reader.take(2)?;
            walk.u8(reader, &CAPABILITIES)?;
        }
        _ => {}
    }
    Some(())
}

fn service_id(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<bool> {
    let span = Span::new(reader.offset(), 6);
    let id = walk.bytes(reader, &SERVICE, 6)?;
    let is_remote_id = id == REMOTE_ID;
    if is_remote_id {
        walk.field(&SERVICE_NAME, Value::Word("Open Drone ID (ASTM F3411)"), span);
    }
    Some(is_remote_id)
}

/// Service descriptor: what follows the control byte stands there.
fn service(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let is_remote_id = service_id(walk, reader)?;
    walk.u8(reader, &INSTANCE)?;
    walk.u8(reader, &REQUESTER)?;
    let bits: &[BitField] = &[
        (&CONTROL_TYPE, 0, 2),
        (&HAS_FILTER, 2, 1),
        (&HAS_RESPONSE, 3, 1),
        (&HAS_INFORMATION, 4, 1),
        (&RANGE_LIMITED, 5, 1),
        (&HAS_BINDING, 6, 1),
    ];
    let control = walk.packed(reader, &CONTROL, 1, bits)?;
    if control.bit(6) {
        walk.u16(reader, &BINDING)?;
    }
    if control.bit(2) {
        let length = reader.little_endian(1)?;
        walk.bytes(reader, &FILTER, usize::try_from(length).ok()?)?;
    }
    if control.bit(3) {
        let length = reader.little_endian(1)?;
        walk.bytes(reader, &RESPONSE, usize::try_from(length).ok()?)?;
    }
    if control.bit(4) {
        let length = reader.little_endian(1)?;
        let mut information = reader.part(usize::try_from(length).ok()?)?;
        if is_remote_id {
            remote_id(walk, &mut information)?;
        }
        walk.rest(&mut information, &INFORMATION);
    }
    Some(())
}

/// The Remote ID service: a message counter, then a message or a pack of them (ASTM F3411-22a, 5.4.6).
fn remote_id(walk: &mut Walk<'_>, information: &mut Reader<'_>) -> Option<()> {
    open_drone_id(walk, information)
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check, check_whole};

    fn discovery(attributes: &[u8]) -> Vec<u8> {
        action(&[&[4, 9, 0x50, 0x6f, 0x9a, 0x13][..], attributes].concat())
    }

    #[test]
    fn attributes_and_the_remote_id_service() {
        // Counter 9, then an operator ID message: type, 20 bytes of text, 3 reserved.
        let mut message = vec![9, 0x50, 0];
        message.extend(b"OP-1");
        message.resize(26, 0);
        let service =
            [&[0x03, 36, 0][..], &[0x88, 0x69, 0x19, 0x9d, 0x92, 0x09, 1, 0, 0x10, 26], &message]
                .concat();
        let all = [&[0x00, 2, 0, 128, 7][..], &service, &[0x0b, 2, 0, b'D', b'E']].concat();
        check_whole(
            &discovery(&all),
            &[
                "NAN attribute: master indication",
                "Master preference: 128",
                "NAN attribute: service descriptor",
                "Service: Open Drone ID (ASTM F3411)",
                "Service control type: publish (0)",
                "Operator identifier: OP-1",
                "Country: DE",
            ],
        );
    }

    #[test]
    fn other_frames_and_cut_ones() {
        check_whole(
            &action(&[4, 9, 0x50, 0x6f, 0x9a, 0x18, 5, 0x10, 1, 0, 7]),
            &["NAN action: data path request (5)", "Data: 07"],
        );
        check(
            &discovery(&[0x03, 3, 0, 1, 2, 3]),
            &["! the NAN attribute ends before its fields do"],
        );
        check(&discovery(&[0x03, 30, 0, 1]), &["! the fixed fields are cut"]);
    }
}
