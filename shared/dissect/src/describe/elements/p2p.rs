//! Wi-Fi Direct (P2P): its attributes.

use super::wps::{big_endian_bits, device_type};
use super::{
    DATA, Known, SUBELEMENT, SUBELEMENT_LENGTH, SUBELEMENT_NUMBER, bits, element_fields, pick,
};
use crate::fields::{Field, Reader, Span, Value, Walk};

element_fields! {
    fields "P2P 1.9, 4.1" {
        DEVICE_CAPABILITY: hex("wifi_p2p.p2p_capability.device_capability", "Device capability", 2);
        GROUP_CAPABILITY: hex("wifi_p2p.p2p_capability.group_capability", "Group capability", 2);
        DEVICE: address("wifi_p2p.device_id", "Device address");
        STATUS: unsigned("wifi_p2p.status", "Status");
        REASON: unsigned("wifi_p2p.minor_reason_code", "Minor reason code");
        INTENT: hex("wifi_p2p.go_intent_octet", "Group owner intent", 2);
        TIMEOUT_OWNER: unsigned("wifi_p2p.config_timeout.go", "Group owner configuration timeout").unit("10 ms");
        TIMEOUT_CLIENT: unsigned("wifi_p2p.config_timeout.client", "Client configuration timeout").unit("10 ms");
        COUNTRY: text("wifi_p2p.channel.country_string", "Country");
        CLASS: unsigned("wifi_p2p.channel.operating_class", "Operating class")
            .names(super::regulatory::operating_class_name);
        CHANNEL: unsigned("wifi_p2p.channel.channel_number", "Channel");
        CHANNELS: unsigned("wifi_p2p.channel_list.num_chan", "Number of channels");
        GROUP_BSSID: address("wifi_p2p.p2p_group_bssid", "Group BSSID");
        INTERFACE: address("wifi_p2p.intended_interface_addr", "Intended interface address");
        LISTEN_PERIOD: unsigned("wifi_p2p.extended_listen_timing.period", "Availability period").unit("ms");
        LISTEN_INTERVAL: unsigned("wifi_p2p.extended_listen_timing.interval", "Availability interval").unit("ms");
        MANAGEABILITY: hex("wifi_p2p.manageability.bitmap", "Manageability", 2);
        ABSENCE_INDEX: unsigned("wifi_p2p.noa.index", "Notice of absence index");
        ABSENCE_PARAMETERS: hex("wifi_p2p.noa.params", "CTWindow and opportunistic power save", 2);
        ABSENCE_COUNT: unsigned("wifi_p2p.noa.count_type", "Count or type");
        ABSENCE_DURATION: unsigned("wifi_p2p.noa.duration", "Duration").unit("µs");
        ABSENCE_INTERVAL: unsigned("wifi_p2p.noa.interval", "Interval").unit("µs");
        ABSENCE_START: unsigned("wifi_p2p.noa.start_time", "Start time").unit("µs TSF");
        INFO_ADDRESS: address("wifi_p2p.dev_info.p2p_dev_addr", "Device address");
        INFO_METHODS: hex("wifi_p2p.dev_info.config_methods", "Configuration methods", 4);
        INFO_TYPE: branch("wifi_p2p.dev_info.pri_dev_type", "Primary device type");
        INFO_SECONDARY_COUNT: unsigned("wifi_p2p.dev_info.num_sec", "Secondary device types");
        INFO_SECONDARY: branch("wifi_p2p.dev_info.sec_dev_type", "Secondary device type");
        INFO_NAME: text("wifi_p2p.dev_info.dev_name", "Device name");
        INFO_NAME_TYPE: hex("wifi_p2p.dev_info.dev_name_type", "Device name attribute", 4);
        CLIENT: branch("wifi_p2p.group_info", "Client");
        CLIENT_LENGTH: unsigned("wifi_p2p.group_info.length", "Length").unit("bytes");
        CLIENT_INTERFACE: address("wifi_p2p.group_info.p2p_interface_addr", "Interface address");
        GROUP_ADDRESS: address("wifi_p2p.p2p_group_id.p2p_dev_addr", "Group owner's device address");
        GROUP_SSID: text("wifi_p2p.p2p_group_id.ssid", "Group SSID");
        INVITATION: hex("wifi_p2p.invitation_flags", "Invitation flags", 2);
    }
    layout DEVICE_BITS "P2P 1.9, table 12" {
        0, 1: flag("wifi_p2p.p2p_capability.device_capability.service_discovery", "Service discovery");
        1, 1: flag("wifi_p2p.p2p_capability.device_capability.client_discoverability", "Client discoverability");
        2, 1: flag("wifi_p2p.p2p_capability.device_capability.concurrent_operation", "Concurrent operation");
        3, 1: flag("wifi_p2p.p2p_capability.device_capability.infrastructure_managed", "Infrastructure managed");
        4, 1: flag("wifi_p2p.p2p_capability.device_capability.device_limit", "Device limit");
        5, 1: flag("wifi_p2p.p2p_capability.device_capability.invitation_procedure", "Invitation procedure");
    }
    layout GROUP_BITS "P2P 1.9, table 13" {
        0, 1: flag("wifi_p2p.p2p_capability.group_capability.group_owner", "Group owner");
        1, 1: flag("wifi_p2p.p2p_capability.group_capability.persistent_group", "Persistent group");
        2, 1: flag("wifi_p2p.p2p_capability.group_capability.group_limit", "Group limit");
        3, 1: flag("wifi_p2p.p2p_capability.group_capability.intra_bss_distribution", "Intra-BSS distribution");
        4, 1: flag("wifi_p2p.p2p_capability.group_capability.cross_connection", "Cross connection");
        5, 1: flag("wifi_p2p.p2p_capability.group_capability.persistent_reconnect", "Persistent reconnect");
        6, 1: flag("wifi_p2p.p2p_capability.group_capability.group_formation", "Group formation");
        7, 1: flag("wifi_p2p.p2p_capability.group_capability.ip_address_allocation", "IP address allocation");
    }
    layout INTENT_BITS "P2P 1.9, table 14" {
        0, 1: flag("wifi_p2p.go_intent_tie_breaker", "Tie breaker");
        1, 7: unsigned("wifi_p2p.go_intent", "Intent");
    }
    layout MANAGEABILITY_BITS "P2P 1.9, table 24" {
        0, 1: flag("wifi_p2p.manageability.bitmap.dev_mgmt", "Device management");
        1, 1: flag("wifi_p2p.manageability.bitmap.cross_connect", "Cross connection permitted");
        2, 1: flag("wifi_p2p.manageability.bitmap.coex_opt", "Coexistence optional");
    }
    layout ABSENCE_BITS "P2P 1.9, table 28" {
        0, 7: unsigned("wifi_p2p.noa.params.ctwindow", "CTWindow").unit("TU");
        7, 1: flag("wifi_p2p.noa.params.opp_ps", "Opportunistic power save");
    }
    layout METHOD_BITS "WSC 2.0.8, table 33" {
        2, 1: flag("wifi_p2p.dev_info.config_methods.label", "Label");
        3, 1: flag("wifi_p2p.dev_info.config_methods.display", "Display");
        7, 1: flag("wifi_p2p.dev_info.config_methods.pushbutton", "Push button");
        8, 1: flag("wifi_p2p.dev_info.config_methods.keypad", "Keypad");
    }
}

pub(super) static ELEMENTS: &[Known] =
    &[Known::vendor([0x50, 0x6f, 0x9a, 0x09], "Wi-Fi Direct (P2P)", attributes)];

fn attribute_name(value: u64) -> Option<&'static str> {
    pick(
        &[
            "status",
            "minor reason code",
            "capability",
            "device identifier",
            "group owner intent",
            "configuration timeout",
            "listen channel",
            "group BSSID",
            "extended listen timing",
            "intended interface address",
            "manageability",
            "channel list",
            "notice of absence",
            "device information",
            "group information",
            "group identifier",
            "interface",
            "operating channel",
            "invitation flags",
            "out-of-band group owner negotiation channel",
            "",
            "service hash",
            "session information",
            "connection capability",
            "advertisement identifier",
            "advertised service",
            "session identifier",
            "feature capability",
            "persistent group",
        ],
        value,
    )
}

/// Attributes of one byte of type and two of length.
pub(super) fn attributes(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let start = reader.offset();
        let [number, low, high] = reader.peek::<3>()?;
        let length = usize::from(u16::from_le_bytes([low, high]));
        let name = attribute_name(u64::from(number)).map_or(Value::Nothing, Value::Word);
        walk.branch(&SUBELEMENT, name, Span::new(start, length.saturating_add(3)), |walk| {
            walk.u8(reader, &SUBELEMENT_NUMBER)?;
            walk.u16(reader, &SUBELEMENT_LENGTH)?;
            let mut value = reader.part(length)?;
            if attribute(walk, number, &mut value).is_none() {
                walk.fault(value.offset(), "the attribute ends before its fields do");
            }
            walk.rest(&mut value, &DATA);
            Some(())
        })?;
    }
    Some(())
}

fn numbers(
    walk: &mut Walk<'_>,
    value: &mut Reader<'_>,
    parts: &[(&'static Field, usize)],
) -> Option<()> {
    for (field, length) in parts {
        walk.number(value, field, *length)?;
    }
    Some(())
}

fn attribute(walk: &mut Walk<'_>, number: u8, value: &mut Reader<'_>) -> Option<()> {
    match number {
        0 => walk.u8(value, &STATUS).map(|_| ()),
        1 => walk.u8(value, &REASON).map(|_| ()),
        2 => {
            bits(walk, value, &DEVICE_CAPABILITY, 1, DEVICE_BITS)?;
            bits(walk, value, &GROUP_CAPABILITY, 1, GROUP_BITS).map(|_| ())
        }
        3 => walk.address(value, &DEVICE).map(|_| ()),
        4 => bits(walk, value, &INTENT, 1, INTENT_BITS).map(|_| ()),
        5 => numbers(walk, value, &[(&TIMEOUT_OWNER, 1), (&TIMEOUT_CLIENT, 1)]),
        6 | 17 | 19 => {
            walk.bytes(value, &COUNTRY, 3)?;
            numbers(walk, value, &[(&CLASS, 1), (&CHANNEL, 1)])
        }
        7 => walk.address(value, &GROUP_BSSID).map(|_| ()),
        8 => numbers(walk, value, &[(&LISTEN_PERIOD, 2), (&LISTEN_INTERVAL, 2)]),
        9 => walk.address(value, &INTERFACE).map(|_| ()),
        10 => bits(walk, value, &MANAGEABILITY, 1, MANAGEABILITY_BITS).map(|_| ()),
        11 => {
            walk.bytes(value, &COUNTRY, 3)?;
            while !value.is_empty() {
                walk.u8(value, &CLASS)?;
                for _ in 0..walk.u8(value, &CHANNELS)? {
                    walk.u8(value, &CHANNEL)?;
                }
            }
            Some(())
        }
        12 => {
            walk.u8(value, &ABSENCE_INDEX)?;
            bits(walk, value, &ABSENCE_PARAMETERS, 1, ABSENCE_BITS)?;
            while !value.is_empty() {
                numbers(
                    walk,
                    value,
                    &[
                        (&ABSENCE_COUNT, 1),
                        (&ABSENCE_DURATION, 4),
                        (&ABSENCE_INTERVAL, 4),
                        (&ABSENCE_START, 4),
                    ],
                )?;
            }
            Some(())
        }
        13 => {
            walk.address(value, &INFO_ADDRESS)?;
            device_information(walk, value)
        }
        14 => {
            while !value.is_empty() {
                client(walk, value)?;
            }
            Some(())
        }
        15 | 28 => {
            walk.address(value, &GROUP_ADDRESS)?;
            walk.rest(value, &GROUP_SSID);
            Some(())
        }
        18 => walk.u8(value, &INVITATION).map(|_| ()),
        _ => Some(()),
    }
}

/// Methods, types and name of a device; the name is a WPS attribute, big-endian.
fn device_information(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    big_endian_bits(walk, value, &INFO_METHODS, METHOD_BITS)?;
    device_type(walk, value, &INFO_TYPE)?;
    for _ in 0..walk.u8(value, &INFO_SECONDARY_COUNT)? {
        device_type(walk, value, &INFO_SECONDARY)?;
    }
    walk.number_be(value, &INFO_NAME_TYPE, 2)?;
    let length = usize::try_from(walk.number_be(value, &SUBELEMENT_LENGTH, 2)?).ok()?;
    walk.bytes(value, &INFO_NAME, length).map(|_| ())
}

fn client(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    let start = value.offset();
    let length = usize::from(value.peek::<1>()?[0]);
    walk.branch(&CLIENT, Value::Nothing, Span::new(start, length.saturating_add(1)), |walk| {
        walk.u8(value, &CLIENT_LENGTH)?;
        let mut inner = value.part(length)?;
        walk.address(&mut inner, &INFO_ADDRESS)?;
        walk.address(&mut inner, &CLIENT_INTERFACE)?;
        bits(walk, &mut inner, &DEVICE_CAPABILITY, 1, DEVICE_BITS)?;
        device_information(walk, &mut inner)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn a_group_owner_and_its_client() {
        let mut element = vec![221, 0, 0x50, 0x6f, 0x9a, 0x09, 2, 2, 0, 0x25, 0x0b];
        element.extend([3, 6, 0, 2, 0, 0, 0, 0, 4]);
        let mut client = vec![2, 0, 0, 0, 0, 5, 2, 0, 0, 0, 0, 6, 0x24, 0x01, 0x88];
        client.extend([0, 10, 0, 0x50, 0xf2, 4, 0, 5, 0, 0x10, 0x11, 0, 5]);
        client.extend(b"phone");
        element.extend([14, client.len() as u8 + 1, 0, client.len() as u8]);
        element.extend(&client);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "Subelement: capability",
            "    Concurrent operation: yes",
            "    Group owner: yes",
            "  Device address: 02:00:00:00:00:04",
            "    Interface address: 02:00:00:00:00:06",
            "      Push button: yes",
            "      Category: telephone (10)",
            "    Device name: phone",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.contains('!')), "{lines:#?}");
    }

    #[test]
    fn absence() {
        let mut element = vec![221, 22, 0x50, 0x6f, 0x9a, 0x09, 12, 15, 0, 3, 0x8a, 255];
        for value in [50_000u32, 102_400, 7] {
            element.extend(value.to_le_bytes());
        }
        let lines = body_lines(&element);
        for line in
            ["    CTWindow: 10 TU", "    Opportunistic power save: yes", "  Interval: 102400 µs"]
        {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
