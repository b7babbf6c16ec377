//! Wi-Fi Protected Setup: the attributes that beacons, probes and associations carry (WSC 2.0.8).

use super::{Bit, DATA, Known, SUBELEMENT_LENGTH, bits, element_fields, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "WSC 2.0.8, 12" {
        ATTRIBUTE: branch("wps", "Attribute");
        KIND: hex("wps.type", "Attribute type", 4).names(attribute_name);
        VERSION: hex("wps.version", "Version", 2);
        STATE: unsigned("wps.wifi_protected_setup_state", "Setup state")
            .names(|value| pick(&["", "not configured", "configured"], value));
        LOCKED: unsigned("wps.ap_setup_locked", "Setup locked").names(|value| pick(&["no", "yes"], value));
        SELECTED: unsigned("wps.selected_registrar", "Selected registrar").names(|value| pick(&["no", "yes"], value));
        PASSWORD: unsigned("wps.device_password_id", "Device password").names(|value| pick(&[
            "default PIN", "user specified", "machine specified", "rekey", "push button", "registrar specified",
            "", "NFC connection handover", "P2Ps"], value));
        REQUEST: unsigned("wps.request_type", "Request type").names(|value| pick(&[
            "enrollee, information only", "enrollee, open 802.1X", "registrar", "WLAN manager registrar"], value));
        RESPONSE: unsigned("wps.response_type", "Response type").names(|value| pick(&[
            "enrollee, information only", "enrollee, open 802.1X", "registrar", "access point"], value));
        UUID_E: bytes("wps.uuid_e", "UUID of the enrollee");
        UUID_R: bytes("wps.uuid_r", "UUID of the registrar");
        MANUFACTURER: text("wps.manufacturer", "Manufacturer");
        MODEL_NAME: text("wps.model_name", "Model name");
        MODEL_NUMBER: text("wps.model_number", "Model number");
        SERIAL: text("wps.serial_number", "Serial number");
        DEVICE_NAME: text("wps.device_name", "Device name");
        BANDS: hex("wps.rf_bands", "RF bands", 2);
        ASSOCIATION: unsigned("wps.association_state", "Association state").names(|value| pick(&[
            "not associated", "connection success", "configuration failure", "association failure", "IP failure"], value));
        ERROR: unsigned("wps.configuration_error", "Configuration error");
        METHODS: hex("wps.config_methods", "Configuration methods", 4);
        SELECTED_METHODS: hex("wps.selected_registrar_config_methods", "Selected registrar's configuration methods", 4);
        PRIMARY: branch("wps.primary_device_type", "Primary device type");
        SECONDARY: branch("wps.secondary_device_type_list", "Secondary device type");
        REQUESTED: branch("wps.requested_dev_type", "Requested device type");
        CATEGORY: unsigned("wps.primary_device_type.category", "Category").names(|value| pick(&[
            "", "computer", "input device", "printer, scanner, fax or copier", "camera", "storage",
            "network infrastructure", "display", "multimedia device", "gaming device", "telephone", "audio device",
            "docking device"], value));
        TYPE_OUI: hex("wps.primary_device_type.oui", "OUI", 8);
        SUBCATEGORY: unsigned("wps.primary_device_type.subcategory", "Subcategory");
        CHANNEL: unsigned("wps.ap_channel", "AP channel");
        VENDOR: hex("wps.vendor_id", "Vendor", 6);
        EXTENSION: unsigned("wps.ext.id", "Subelement").names(|value| pick(&[
            "version 2", "authorised addresses", "network key shareable", "request to enroll", "settings delay time",
            "registrar configuration methods", "multi-AP", "multi-AP profile", "multi-AP 802.1Q"], value));
        VERSION_2: hex("wps.ext.version2", "Version 2", 2);
        AUTHORISED: address("wps.ext.authorizedmacs", "Authorised address");
        SHAREABLE: unsigned("wps.ext.network_key_shareable", "Network key shareable");
        ENROLL: unsigned("wps.ext.request_to_enroll", "Request to enroll");
        DELAY: unsigned("wps.ext.settings_delay_time", "Settings delay time").unit("s");
        MULTI_AP: hex("wps.ext.multi_ap", "Multi-AP", 2);
    }
    layout METHOD_BITS "WSC 2.0.8, table 33" {
        0, 1: flag("wps.config_methods.usba", "USB");
        1, 1: flag("wps.config_methods.ethernet", "Ethernet");
        2, 1: flag("wps.config_methods.label", "Label");
        3, 1: flag("wps.config_methods.display", "Display");
        4, 1: flag("wps.config_methods.nfcext", "External NFC");
        5, 1: flag("wps.config_methods.nfcint", "Internal NFC");
        6, 1: flag("wps.config_methods.nfcinf", "NFC interface");
        7, 1: flag("wps.config_methods.pushbutton", "Push button");
        8, 1: flag("wps.config_methods.keypad", "Keypad");
        9, 1: flag("wps.config_methods.virt_pushbutton", "Virtual push button");
        10, 1: flag("wps.config_methods.phy_pushbutton", "Physical push button");
        12, 1: flag("wps.config_methods.p2ps", "P2Ps");
        13, 1: flag("wps.config_methods.virt_display", "Virtual display");
        14, 1: flag("wps.config_methods.phy_display", "Physical display");
    }
    layout BAND_BITS "WSC 2.0.8, table 47" {
        0, 1: flag("wps.rf_bands.2_4ghz", "2.4 GHz");
        1, 1: flag("wps.rf_bands.5ghz", "5 GHz");
        2, 1: flag("wps.rf_bands.60ghz", "60 GHz");
    }
    layout MULTI_AP_BITS "Multi-AP 2.0, table 4" {
        4, 1: flag("wps.ext.multi_ap.teardown", "Teardown");
        5, 1: flag("wps.ext.multi_ap.fronthaul_bss", "Fronthaul BSS");
        6, 1: flag("wps.ext.multi_ap.backhaul_bss", "Backhaul BSS");
        7, 1: flag("wps.ext.multi_ap.backhaul_sta", "Backhaul station");
    }
}

pub(super) static ELEMENTS: &[Known] =
    &[Known::vendor(id::VENDOR_WPS, "Wi-Fi Protected Setup", attributes)];

fn attribute_name(value: u64) -> Option<&'static str> {
    Some(match value {
        0x1001 => "AP channel",
        0x1002 => "association state",
        0x1008 => "configuration methods",
        0x1009 => "configuration error",
        0x1011 => "device name",
        0x1012 => "device password",
        0x1021 => "manufacturer",
        0x1023 => "model name",
        0x1024 => "model number",
        0x103a => "request type",
        0x103b => "response type",
        0x103c => "RF bands",
        0x1041 => "selected registrar",
        0x1042 => "serial number",
        0x1044 => "setup state",
        0x1047 => "UUID of the enrollee",
        0x1048 => "UUID of the registrar",
        0x1049 => "vendor extension",
        0x104a => "version",
        0x1053 => "selected registrar's configuration methods",
        0x1054 => "primary device type",
        0x1055 => "secondary device types",
        0x1057 => "setup locked",
        0x106a => "requested device type",
        _ => return None,
    })
}

/// Names attributes of a 16-bit type and length each, until `reader` is empty.
pub(super) fn attributes(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let start = reader.offset();
        let [a, b, c, d] = reader.peek::<4>()?;
        let kind = u16::from_be_bytes([a, b]);
        let length = usize::from(u16::from_be_bytes([c, d]));
        let name = attribute_name(u64::from(kind)).map_or(Value::Nothing, Value::Word);
        let span = Span::new(start, length.saturating_add(4));
        walk.branch(&ATTRIBUTE, name, span, |walk| {
            walk.number_be(reader, &KIND, 2)?;
            walk.number_be(reader, &SUBELEMENT_LENGTH, 2)?;
            let mut value = reader.part(length)?;
            if attribute(walk, kind, &mut value).is_none() {
                walk.fault(value.offset(), "the attribute ends before its fields do");
            }
            walk.rest(&mut value, &DATA);
            Some(())
        })?;
    }
    Some(())
}

fn attribute(walk: &mut Walk<'_>, kind: u16, value: &mut Reader<'_>) -> Option<()> {
    let number: Option<(&'static Field, usize)> = match kind {
        0x1001 => Some((&CHANNEL, 2)),
        0x1002 => Some((&ASSOCIATION, 2)),
        0x1009 => Some((&ERROR, 2)),
        0x1012 => Some((&PASSWORD, 2)),
        0x103a => Some((&REQUEST, 1)),
        0x103b => Some((&RESPONSE, 1)),
        0x1041 => Some((&SELECTED, 1)),
        0x1044 => Some((&STATE, 1)),
        0x104a => Some((&VERSION, 1)),
        0x1057 => Some((&LOCKED, 1)),
        _ => None,
    };
    if let Some((field, length)) = number {
        return walk.number_be(value, field, length).map(|_| ());
    }
    match kind {
        0x1008 => big_endian_bits(walk, value, &METHODS, METHOD_BITS),
        0x1053 => big_endian_bits(walk, value, &SELECTED_METHODS, METHOD_BITS),
        0x103c => bits(walk, value, &BANDS, 1, BAND_BITS).map(|_| ()),
        0x1047 => walk.bytes(value, &UUID_E, 16).map(|_| ()),
        0x1048 => walk.bytes(value, &UUID_R, 16).map(|_| ()),
        0x1021 => text(walk, value, &MANUFACTURER),
        0x1023 => text(walk, value, &MODEL_NAME),
        0x1024 => text(walk, value, &MODEL_NUMBER),
        0x1042 => text(walk, value, &SERIAL),
        0x1011 => text(walk, value, &DEVICE_NAME),
        0x1054 => device_type(walk, value, &PRIMARY),
        0x106a => device_type(walk, value, &REQUESTED),
        0x1055 => {
            while !value.is_empty() {
                device_type(walk, value, &SECONDARY)?;
            }
            Some(())
        }
        0x1049 => vendor_extension(walk, value),
        _ => Some(()),
    }
}

/// Text, whose filling of zero bytes is not part of it.
fn text(walk: &mut Walk<'_>, value: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let span = Span::new(value.offset(), value.left());
    let bytes = value.take(value.left())?;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
    walk.field(field, Value::Bytes(bytes.get(..end).unwrap_or(&[])), span);
    Some(())
}

/// Two bytes, the more significant first, whose bits are fields.
pub(super) fn big_endian_bits(
    walk: &mut Walk<'_>,
    value: &mut Reader<'_>,
    field: &'static Field,
    layout: &'static [Bit],
) -> Option<()> {
    let span = Span::new(value.offset(), 2);
    let word = value.big_endian(2)?;
    walk.branch(field, Value::Unsigned(word), span, |walk| {
        for bit in layout {
            let is_set = word.checked_shr(bit.low).unwrap_or(0) & 1 != 0;
            walk.field(&bit.field, Value::Flag(is_set), span);
        }
    });
    Some(())
}

pub(super) fn device_type(
    walk: &mut Walk<'_>,
    value: &mut Reader<'_>,
    field: &'static Field,
) -> Option<()> {
    let span = Span::new(value.offset(), 8);
    walk.branch(field, Value::Nothing, span, |walk| {
        walk.number_be(value, &CATEGORY, 2)?;
        walk.number_be(value, &TYPE_OUI, 4)?;
        walk.number_be(value, &SUBCATEGORY, 2).map(|_| ())
    })
}

/// The Wi-Fi Alliance's extension (00-37-2A) has subelements; those of others are bytes.
fn vendor_extension(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    if walk.number_be(value, &VENDOR, 3)? != 0x00_37_2a {
        return Some(());
    }
    while !value.is_empty() {
        let kind = walk.u8(value, &EXTENSION)?;
        let length = usize::from(walk.u8(value, &SUBELEMENT_LENGTH)?);
        let mut inner = value.part(length)?;
        match kind {
            0 => walk.u8(&mut inner, &VERSION_2).map(|_| ())?,
            1 => {
                while !inner.is_empty() {
                    walk.address(&mut inner, &AUTHORISED)?;
                }
            }
            2 => walk.u8(&mut inner, &SHAREABLE).map(|_| ())?,
            3 => walk.u8(&mut inner, &ENROLL).map(|_| ())?,
            4 => walk.u8(&mut inner, &DELAY).map(|_| ())?,
            5 => big_endian_bits(walk, &mut inner, &SELECTED_METHODS, METHOD_BITS)?,
            6 => bits(walk, &mut inner, &MULTI_AP, 1, MULTI_AP_BITS).map(|_| ())?,
            _ => {}
        }
        walk.rest(&mut inner, &DATA);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn what_identifies_a_device() {
        let mut element = vec![221, 0, 0, 0x50, 0xf2, 4];
        for (kind, value) in [
            (0x104au16, &[0x10][..]),
            (0x1044, &[2]),
            (0x1008, &[0x26, 0x8c]),
            (0x1021, b"Maker\0"),
            (0x1042, b"123"),
            (0x1054, &[0, 6, 0, 0x50, 0xf2, 4, 0, 1]),
            (0x103c, &[3]),
            (0x1047, &[0x11; 16]),
            (0x1049, &[0x00, 0x37, 0x2a, 0, 1, 0x20, 6, 1, 0x20]),
        ] {
            element.extend(kind.to_be_bytes());
            element.extend((value.len() as u16).to_be_bytes());
            element.extend(value);
        }
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "Attribute: setup state",
            "  Setup state: configured (2)",
            "  Configuration methods: 0x268c",
            "    Push button: yes",
            "    Virtual display: yes",
            "    Keypad: no",
            "  Manufacturer: Maker",
            "  Serial number: 123",
            "    Category: network infrastructure (6)",
            "    Subcategory: 1",
            "    5 GHz: yes",
            "  UUID of the enrollee: 11111111111111111111111111111111",
            "  Version 2: 0x20",
            "    Fronthaul BSS: yes",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.contains('!')), "{lines:#?}");
    }
}
