//! What makers put into beacons: names of access points above all. None of it is standardised; it is
//! read as the maker or Wireshark's documentation describes it.

use super::load::ccx_load;
use super::{DATA, Known, bits, element_fields, only_named, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "Cisco CCX" {
        CCX1_HEAD: bytes("wlan.cisco.ccx1.unknown", "Head");
        CCX1_NAME: text("wlan.cisco.ccx1.name", "Access point name");
        CCX1_CLIENTS: unsigned("wlan.cisco.ccx1.clients", "Clients");
        CCX1_REST: bytes("wlan.cisco.ccx1.unknown2", "Rest");
        CISCO_NAME: text("wlan.vs.cisco.ap_name", "Access point name");
        CCX_OUI: hex("wlan.aironet.oui", "OUI", 6);
        CCX_TYPE: unsigned("wlan.aironet.type", "Type");
        DTPC: signed("wlan.aironet.dtpc", "Dynamic transmit power").unit("dBm");
        CCX_VERSION: unsigned("wlan.aironet.version", "CCX version");
        CLIENT_MFP: hex("wlan.aironet.clientmfp_byte", "Client management frame protection", 2);
    }
    fields "Aruba" {
        ARUBA_SUBTYPE: unsigned("wlan.vs.aruba.subtype", "Subtype").names(|value| pick(&["", "", "", "access point name"], value));
        ARUBA_NAME: text("wlan.vs.aruba.ap_name", "Access point name");
    }
    fields "Ruckus" {
        RUCKUS_NAME: text("wlan.vs.ruckus.apname", "Access point name");
    }
    fields "Mist" {
        MIST_NAME: text("wlan.vs.mist.apname", "Access point name");
    }
    fields "Meter" {
        METER_NAME: text("wlan.vs.meter.ap_name", "Access point name");
    }
    fields "Ubiquiti" {
        UBIQUITI_NAME: text("wlan.vs.ubiquiti.apname", "Access point name");
    }
    fields "Alcatel-Lucent" {
        ALCATEL_NAME: text("wlan.vs.alcatel.apname", "Access point name");
    }
    fields "Aerohive" {
        AEROHIVE_VERSION: unsigned("wlan.vs.aerohive.version", "Version");
        AEROHIVE_SUBTYPE: unsigned("wlan.vs.aerohive.subtype", "Subtype");
        AEROHIVE_LENGTH: unsigned("wlan.vs.aerohive.hostname_length", "Length of the name").unit("bytes");
        AEROHIVE_NAME: text("wlan.vs.aerohive.hostname", "Access point name");
    }
    fields "Extreme" {
        EXTREME_UNKNOWN: bytes("wlan.vs.extreme.unknown", "Unknown");
        EXTREME_LENGTH: unsigned("wlan.vs.extreme.ap_length", "Length of the name").unit("bytes");
        EXTREME_NAME: text("wlan.vs.extreme.ap_name", "Access point name");
    }
    fields "Fortinet" {
        FORTINET_HEAD: unsigned("wlan.vs.fortinet.subtype_high", "Subtype, high byte");
        FORTINET_KIND: unsigned("wlan.vs.fortinet.system.type", "Type")
            .names(|value| pick(&["", "access point name", "access point model", "access point serial number"], value));
        FORTINET_LENGTH: unsigned("wlan.vs.fortinet.system.length", "Length").unit("bytes");
        FORTINET_NAME: text("wlan.vs.fortinet.system.ap_name", "Access point name");
        FORTINET_MODEL: text("wlan.vs.fortinet.system.ap_model", "Access point model");
        FORTINET_SERIAL: text("wlan.vs.fortinet.system.ap_serial", "Access point serial number");
    }
    fields "MikroTik" {
        MIKROTIK_HEAD: bytes("wlan.vs.routerboard.unknown", "Head");
        MIKROTIK_ATTRIBUTE: unsigned("wlan.vs.routerboard.subtype", "Attribute");
        MIKROTIK_LENGTH: unsigned("wlan.vs.routerboard.sublength", "Length").unit("bytes");
        MIKROTIK_PREFIX: bytes("wlan.vs.routerboard.subtype1_prefix", "Prefix");
        MIKROTIK_NAME: text("wlan.vs.routerboard.subtype1_data", "Access point name");
    }
    fields "Zebra (Symbol)" {
        ZEBRA_OUI: hex("wlan.tag.symbol_proprietary.oui", "OUI", 6);
        ZEBRA_CLIENTS: unsigned("wlan.tag.symbol_proprietary.extreme.assoc_clients", "Associated clients");
        ZEBRA_KBPS: unsigned("wlan.tag.symbol_proprietary.extreme.load_kbps", "Load").unit("kbit/s");
        ZEBRA_PPS: unsigned("wlan.tag.symbol_proprietary.extreme.load_pps", "Load, packets").unit("1/s");
        ZEBRA_POWER: unsigned("wlan.tag.symbol_proprietary.extreme.client_txpower", "Desired client transmit power").unit("dBm");
        ZEBRA_TIME: time("wlan.tag.symbol_proprietary.extreme.timestamp", "Timestamp");
    }
    layout CLIENT_MFP_BITS "Cisco CCX" {
        0, 1: flag("wlan.aironet.clientmfp", "Client management frame protection");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::CISCO_CCX1, "Cisco CCX 1", ccx1),
    Known::id(id::CISCO_AGE, "Cisco CCX cell power and age", only_named),
    Known::id(136, "Cisco CCX 2", only_named),
    Known::id(150, "Cisco CCX: DTPC", ccx_dtpc),
    Known::id(173, "Symbol proprietary", zebra),
    Known::vendor([0x00, 0x40, 0x96, 0x01], "Cisco Aironet: DTPC", dtpc),
    Known::vendor([0x00, 0x40, 0x96, 0x00], "Cisco Aironet: DTPC", dtpc),
    Known::vendor([0x00, 0x40, 0x96, 0x03], "Cisco CCX version", ccx_version),
    Known::vendor([0x00, 0x40, 0x96, 0x04], "Cisco CCX QoS", only_named),
    Known::vendor([0x00, 0x40, 0x96, 0x0e], "Cisco CCX QBSS version 2", ccx_load),
    Known::vendor([0x00, 0x40, 0x96, 0x14], "Cisco CCX client MFP", client_mfp),
    Known::vendor([0x00, 0x40, 0x96, 0x2f], "Cisco access point name", cisco_name),
    Known::any_of([0x00, 0x40, 0x96], "Cisco Aironet"),
    Known::vendor([0x00, 0x0b, 0x86, 1], "Aruba", aruba),
    Known::any_of([0x00, 0x0b, 0x86], "Aruba"),
    Known::vendor([0x00, 0x13, 0x92, 3], "Ruckus access point name", ruckus),
    Known::any_of([0x00, 0x13, 0x92], "Ruckus"),
    Known::vendor([0x5c, 0x5b, 0x35, 1], "Mist access point name", mist),
    Known::any_of([0x5c, 0x5b, 0x35], "Mist"),
    Known::vendor([0x84, 0x80, 0x94, 0], "Meter access point name", meter),
    Known::vendor([0x00, 0x15, 0x6d, 1], "Ubiquiti access point name", ubiquiti),
    Known::any_of([0x00, 0x15, 0x6d], "Ubiquiti"),
    Known::any_of([0x00, 0x27, 0x22], "Ubiquiti"),
    Known::vendor([0xdc, 0x08, 0x56, 1], "Alcatel-Lucent access point name", alcatel),
    Known::vendor([0x00, 0x19, 0x77, 0x21], "Aerohive", aerohive),
    Known::any_of([0x00, 0x19, 0x77], "Aerohive"),
    Known::vendor([0x00, 0xa0, 0xf8, 1], "Extreme access point name", extreme),
    Known::any_of([0x00, 0xe0, 0x2b], "Extreme"),
    Known::any_of([0x00, 0x04, 0x0d], "Avaya (Extreme)"),
    Known::vendor([0x00, 0x09, 0x0f, 10], "Fortinet system", fortinet),
    Known::any_of([0x00, 0x09, 0x0f], "Fortinet"),
    Known::vendor([0x00, 0x0c, 0x42, 0], "MikroTik", mikrotik),
    Known::any_of([0x00, 0x0c, 0x42], "MikroTik"),
    Known::any_of([0x00, 0x18, 0x0a], "Meraki"),
    Known::any_of([0x00, 0x04, 0x56], "Cambium"),
    Known::any_of([0x58, 0xc1, 0x7a], "Cambium"),
    Known::any_of([0x00, 0xa0, 0xf8], "Zebra (Symbol)"),
    Known::any_of([0x00, 0x05, 0x12], "Zebra: Extreme mesh"),
    Known::any_of([0x00, 0x0c, 0xe6], "Meru (Fortinet)"),
    Known::any_of([0x00, 0x17, 0xf2], "Apple"),
    Known::any_of([0x00, 0x10, 0x18], "Broadcom"),
    Known::any_of([0x00, 0x03, 0x7f], "Atheros"),
    Known::any_of([0x8c, 0xfd, 0xf0], "Qualcomm"),
    Known::any_of([0x00, 0x0c, 0x43], "Ralink"),
    Known::any_of([0x00, 0x0c, 0xe7], "MediaTek"),
    Known::any_of([0x00, 0xe0, 0x4c], "Realtek"),
    Known::any_of([0x00, 0x50, 0x43], "Marvell"),
    Known::any_of([0x00, 0x17, 0x35], "Intel"),
    Known::any_of([0x00, 0x50, 0xf2], "Microsoft"),
    Known::vendor([0x00, 0x50, 0xf2, 5], "Microsoft: multiple SSID", only_named),
    Known::vendor([0x00, 0x50, 0xf2, 17], "Microsoft: network cost", only_named),
    Known::any_of([0x00, 0x00, 0xf0], "Samsung"),
    Known::any_of([0x00, 0x1a, 0x11], "Google"),
    Known::any_of([0x00, 0x90, 0x3e], "Nintendo"),
];

/// Text up to the first zero byte of `length` bytes.
fn text(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    field: &'static Field,
    length: usize,
) -> Option<()> {
    let span = Span::new(reader.offset(), length);
    let bytes = reader.take(length)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(length);
    walk.field(field, Value::Bytes(bytes.get(..end).unwrap_or(&[])), span);
    Some(())
}

macro_rules! name_fills_the_element {
    ($($function:ident => $field:ident),* $(,)?) => {
        $(fn $function(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
            let length = reader.left();
            text(walk, reader, &$field, length)
        })*
    };
}

name_fills_the_element! {
    cisco_name => CISCO_NAME,
    ruckus => RUCKUS_NAME,
    mist => MIST_NAME,
    meter => METER_NAME,
    ubiquiti => UBIQUITI_NAME,
    alcatel => ALCATEL_NAME,
}

fn ccx1(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &CCX1_HEAD, 10)?;
    text(walk, reader, &CCX1_NAME, 16)?;
    walk.u8(reader, &CCX1_CLIENTS)?;
    walk.rest(reader, &CCX1_REST);
    Some(())
}

fn dtpc(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.i8(reader, &DTPC).map(|_| ())
}

/// The form with an identifier of its own: OUI, type, power, one more byte.
fn ccx_dtpc(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number_be(reader, &CCX_OUI, 3)?;
    walk.u8(reader, &CCX_TYPE)?;
    walk.i8(reader, &DTPC).map(|_| ())
}

fn ccx_version(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &CCX_VERSION).map(|_| ())
}

fn client_mfp(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &CLIENT_MFP, 1, CLIENT_MFP_BITS).map(|_| ())
}

fn aruba(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    if walk.u8(reader, &ARUBA_SUBTYPE)? == 3 {
        // One reserved byte before the name.
        walk.bytes(reader, &DATA, 1)?;
        let length = reader.left();
        text(walk, reader, &ARUBA_NAME, length)?;
    }
    Some(())
}

fn aerohive(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &AEROHIVE_VERSION)?;
    walk.u8(reader, &AEROHIVE_SUBTYPE)?;
    let length = walk.u8(reader, &AEROHIVE_LENGTH)?;
    text(walk, reader, &AEROHIVE_NAME, usize::from(length))
}

fn extreme(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &EXTREME_UNKNOWN, 7)?;
    let length = walk.u8(reader, &EXTREME_LENGTH)?;
    text(walk, reader, &EXTREME_NAME, usize::from(length))
}

/// The type is of two bytes, the second of which comes here; then attributes.
fn fortinet(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &FORTINET_HEAD)?;
    while !reader.is_empty() {
        let kind = walk.u8(reader, &FORTINET_KIND)?;
        let length = usize::from(walk.u8(reader, &FORTINET_LENGTH)?);
        let field = match kind {
            1 => &FORTINET_NAME,
            2 => &FORTINET_MODEL,
            3 => &FORTINET_SERIAL,
            _ => {
                walk.bytes(reader, &DATA, length)?;
                continue;
            }
        };
        text(walk, reader, field, length)?;
    }
    Some(())
}

fn mikrotik(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &MIKROTIK_HEAD, 2)?;
    while !reader.is_empty() {
        let kind = walk.u8(reader, &MIKROTIK_ATTRIBUTE)?;
        let length = usize::from(walk.u8(reader, &MIKROTIK_LENGTH)?);
        let mut value = reader.part(length)?;
        if kind == 1 {
            walk.bytes(&mut value, &MIKROTIK_PREFIX, 10)?;
            let left = value.left();
            text(walk, &mut value, &MIKROTIK_NAME, left)?;
        }
        walk.rest(&mut value, &DATA);
    }
    Some(())
}

fn zebra(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    // Extreme's load element has this OUI; other forms are left as bytes.
    if walk.number_be(reader, &ZEBRA_OUI, 3)? != 0x00_a0_f8 || reader.left() < 12 {
        return Some(());
    }
    for field in [&ZEBRA_CLIENTS, &ZEBRA_KBPS, &ZEBRA_PPS, &ZEBRA_POWER] {
        walk.u16(reader, field)?;
    }
    let span = Span::new(reader.offset(), 4);
    let seconds = i64::from(u32::from_le_bytes(reader.array()?));
    walk.field(&ZEBRA_TIME, Value::Signed(seconds.saturating_mul(1_000_000_000)), span);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn names_of_access_points() {
        let with = |head: &[u8], rest: &[u8]| {
            let mut element = vec![221, (head.len() + rest.len()) as u8];
            element.extend(head);
            element.extend(rest);
            body_lines(&element).pop().unwrap_or_default()
        };
        for (head, rest) in [
            (&[0x00, 0x40, 0x96, 0x2f][..], &b"ap-7\0"[..]),
            (&[0x00, 0x0b, 0x86, 1], b"\x03\x00ap-7"),
            (&[0x00, 0x13, 0x92, 3], b"ap-7"),
            (&[0x5c, 0x5b, 0x35, 1], b"ap-7"),
            (&[0x84, 0x80, 0x94, 0], b"ap-7"),
            (&[0x00, 0x15, 0x6d, 1], b"ap-7"),
            (&[0x00, 0x19, 0x77, 0x21], b"\x01\x01\x04ap-7"),
            (&[0x00, 0xa0, 0xf8, 1], b"1234567\x04ap-7"),
            (&[0x00, 0x09, 0x0f, 10], b"\x00\x01\x04ap-7"),
            (&[0x00, 0x0c, 0x42, 0], b"\x00\x00\x01\x0e1234567890ap-7"),
        ] {
            assert_eq!(with(head, rest), "Access point name: ap-7", "{head:?}");
        }
        let mut ccx = vec![133, 30];
        ccx.extend([0; 10]);
        ccx.extend(b"ap-7\0\0\0\0\0\0\0\0\0\0\0\0");
        ccx.extend([12, 0, 0, 0]);
        assert_eq!(body_lines(&ccx)[1..3], ["Access point name: ap-7", "Clients: 12"]);
    }

    #[test]
    fn load_of_an_extreme_access_point() {
        let lines =
            body_lines(&[173, 15, 0x00, 0xa0, 0xf8, 3, 0, 0xe8, 3, 20, 0, 17, 0, 1, 0, 0, 0]);
        assert_eq!(
            lines[1..],
            [
                "Associated clients: 3",
                "Load: 1000 kbit/s",
                "Load, packets: 20 1/s",
                "Desired client transmit power: 17 dBm",
                "Timestamp: 1970-01-01T00:00:01Z",
            ]
        );
        let lines = body_lines(&[150, 6, 0x00, 0x40, 0x96, 0, 15, 0]);
        assert!(lines.contains(&"Dynamic transmit power: 15 dBm".to_owned()), "{lines:?}");
    }

    #[test]
    fn makers_without_a_form_of_their_own_are_named() {
        let lines = super::super::testing::element_lines(&[221, 5, 0x00, 0x17, 0xf2, 0x0a, 0x01]);
        assert_eq!(lines[0], "Element: Apple");
        assert_eq!(lines.last().map(String::as_str), Some("  Data: 01"));
    }
}
