//! Public actions: coexistence, channel switch, measurement pilot, GAS, FILS discovery (IEEE Std 802.11-2020, 9.6.7).

use super::{
    Action, DIALOG_TOKEN, OPERATING_CLASS, anqp, dialog, only_elements, opaque, row, vendor,
};
use crate::describe::elements;
use crate::describe::management::{BEACON_INTERVAL, STATUS, TIMESTAMP, capabilities};
use crate::fields::{BitField, Reader, Span, Value, Walk, fields, names};
use crate::ieee80211::elements::Elements;

fields! {
    Body => FIELDS;
    /// Whether sending must stop until the switch.
    SWITCH_MODE: unsigned("wlan.fixed.extchansw.switchmode", "Channel switch mode").clause("802.11-2020, 9.6.7.7").names(names![
        0 => "no restriction", 1 => "no transmission until the switch"]);
    /// New operating class.
    SWITCH_CLASS: unsigned("wlan.fixed.extchansw.new.opeclass", "New operating class");
    /// New channel.
    SWITCH_CHANNEL: unsigned("wlan.fixed.extchansw.new.channumber", "New channel");
    /// Beacons until the switch.
    SWITCH_COUNT: unsigned("wlan.fixed.extchansw.count", "Channel switch count").unit("beacons");
    /// Station that asks.
    REQUESTER: address("wlan.fixed.req_ap_addr", "Requester").clause("802.11-2020, 9.6.7.3");
    /// Station that answers.
    RESPONDER: address("wlan.fixed.res_ap_addr", "Responder").clause("802.11-2020, 9.6.7.3");
    /// Reason or result of enablement.
    ENABLEMENT_RESULT: unsigned("wlan.fixed.dse_result", "Reason or result").clause("802.11-2020, 9.4.1.22");
    /// Identifier given with enablement.
    ENABLEMENT_ID: unsigned("wlan.fixed.dse_enablement_id", "Enablement identifier");
    /// What the measurement pilot says.
    PILOT_CAPABILITY: hex("wlan.fixed.measurement_pilot.capability", "Condensed capability", 2).clause("802.11-2020, 9.6.7.10");
    /// Country.
    PILOT_COUNTRY: text("wlan.fixed.country", "Country");
    /// Channel.
    PILOT_CHANNEL: unsigned("wlan.fixed.measurement_pilot.channel", "Channel");
    /// Interval of measurement pilots.
    PILOT_INTERVAL: unsigned("wlan.fixed.msmtpilotint", "Measurement pilot interval").unit("TU");
    /// When to come back for the answer.
    COMEBACK: unsigned("wlan.fixed.gas_comeback_delay", "GAS comeback delay").unit("TU").clause("802.11-2020, 9.6.7.13");
    /// Fragment of the answer.
    FRAGMENT: unsigned("wlan.fixed.gas_fragment_id", "GAS fragment identifier").clause("802.11-2020, 9.6.7.15");
    /// More fragments follow.
    MORE_FRAGMENTS: flag("wlan.fixed.more_gas_fragments", "More GAS fragments");
    /// Length of a query.
    REQUEST_LENGTH: unsigned("wlan.fixed.query_request_length", "Query request length").unit("bytes");
    /// Length of an answer.
    RESPONSE_LENGTH: unsigned("wlan.fixed.query_response_length", "Query response length").unit("bytes");
    /// Protocol of query and answer.
    PROTOCOL: unsigned("wlan.fixed.advertisement_protocol", "Advertisement protocol").clause("802.11-2020, table 9-237").names(names![
        0 => "ANQP", 1 => "MIS information service", 2 => "MIS capability discovery",
        3 => "emergency alert system", 4 => "registered location query protocol", 221 => "vendor specific"]);
    /// A query or an answer that is not decoded.
    QUERY: bytes("wlan.fixed.query", "Query data");
    /// FILS discovery frame control.
    DISCOVERY: hex("wlan.fils_discovery.frame_control", "FILS discovery frame control", 4).clause("802.11-2020, 9.6.7.36");
    /// Length of the SSID less 1.
    DISCOVERY_SSID_LENGTH: unsigned("wlan.fils_discovery.frame_control.ssid_length", "SSID length less 1");
    /// Capability follows.
    DISCOVERY_CAPABILITY_PRESENT: flag("wlan.fils_discovery.frame_control.capability", "Capability present");
    /// The SSID is a hash.
    DISCOVERY_SHORT: flag("wlan.fils_discovery.frame_control.short_ssid", "Short SSID");
    /// Configuration sequence number follows.
    DISCOVERY_CONFIGURATION_PRESENT: flag("wlan.fils_discovery.frame_control.ap_csn", "AP configuration sequence number present");
    /// Access network options follow.
    DISCOVERY_OPTIONS_PRESENT: flag("wlan.fils_discovery.frame_control.ano", "Access network options present");
    /// Channel centre follows.
    DISCOVERY_CENTRE_PRESENT: flag("wlan.fils_discovery.frame_control.channel_center_frequency", "Channel centre present");
    /// Primary channel follows.
    DISCOVERY_PRIMARY_PRESENT: flag("wlan.fils_discovery.frame_control.primary_channel", "Primary channel present");
    /// RSN information follows.
    DISCOVERY_RSN_PRESENT: flag("wlan.fils_discovery.frame_control.rsn_info", "RSN information present");
    /// Length follows.
    DISCOVERY_LENGTH_PRESENT: flag("wlan.fils_discovery.frame_control.length", "Length present");
    /// Mobility domain follows.
    DISCOVERY_MOBILITY_PRESENT: flag("wlan.fils_discovery.frame_control.md", "Mobility domain present");
    /// SSID.
    DISCOVERY_SSID: text("wlan.fils_discovery.ssid", "SSID");
    /// Hash of the SSID.
    DISCOVERY_SSID_HASH: hex("wlan.fils_discovery.short_ssid", "Short SSID", 8);
    /// Length of what follows.
    DISCOVERY_LENGTH: unsigned("wlan.fils_discovery.length", "Length").unit("bytes");
    /// Capability.
    DISCOVERY_CAPABILITY: hex("wlan.fils_discovery.capability", "FILS discovery capability", 4);
    /// Sent by an access point.
    DISCOVERY_ESS: flag("wlan.fils_discovery.capability.ess", "ESS");
    /// Encryption is required.
    DISCOVERY_PRIVACY: flag("wlan.fils_discovery.capability.privacy", "Privacy");
    /// Channel width.
    DISCOVERY_WIDTH: unsigned("wlan.fils_discovery.capability.bss_operating_channel_width", "Channel width").names(names![
        0 => "20 or 22 MHz", 1 => "40 MHz", 2 => "80 MHz", 3 => "160 or 80+80 MHz", 4 => "320 MHz"]);
    /// Spatial streams less 1.
    DISCOVERY_STREAMS: unsigned("wlan.fils_discovery.maximum_number_of_spatial_streams", "Spatial streams less 1");
    /// Several networks.
    DISCOVERY_MULTIPLE: flag("wlan.fils_discovery.capability.multiple_bssid", "Multiple BSSIDs");
    /// PHY.
    DISCOVERY_PHY: unsigned("wlan.fils_discovery.capability.phy_index", "PHY").names(names![
        0 => "HR/DSSS", 1 => "ERP-OFDM", 2 => "HT", 3 => "VHT or TVHT", 4 => "HE", 5 => "EHT"]);
    /// Least rate.
    DISCOVERY_RATE: unsigned("wlan.fils_discovery.capability.minimum_rate", "Minimum rate index");
    /// Operating class.
    DISCOVERY_CLASS: unsigned("wlan.fils_discovery.operating_class", "Operating class");
    /// Primary channel.
    DISCOVERY_PRIMARY: unsigned("wlan.fils_discovery.primary_channel", "Primary channel");
    /// Configuration sequence number.
    DISCOVERY_CONFIGURATION: unsigned("wlan.fils_discovery.ap_csn", "AP configuration sequence number");
    /// Access network options.
    DISCOVERY_OPTIONS: hex("wlan.fils_discovery.ano", "Access network options", 2);
    /// RSN information.
    DISCOVERY_RSN: bytes("wlan.fils_discovery.rsn_info", "RSN information");
    /// Channel centre.
    DISCOVERY_CENTRE: unsigned("wlan.fils_discovery.channel_center_frequency", "Channel centre frequency segment 1");
    /// Mobility domain.
    DISCOVERY_MOBILITY: bytes("wlan.fils_discovery.md", "Mobility domain");
}

pub(super) static ACTIONS: &[Action] = &[
    row(4, 0, "20/40 BSS coexistence management", only_elements),
    row(4, 1, "DSE enablement", enablement),
    row(4, 2, "DSE deenablement", deenablement),
    row(4, 3, "DSE registered location announcement", opaque),
    row(4, 4, "extended channel switch announcement", channel_switch),
    row(4, 5, "DSE measurement request", opaque),
    row(4, 6, "DSE measurement report", opaque),
    row(4, 7, "measurement pilot", pilot),
    row(4, 8, "DSE power constraint", opaque),
    row(4, 9, "vendor specific public action", vendor::describe),
    row(4, 10, "GAS initial request", initial_request),
    row(4, 11, "GAS initial response", initial_response),
    row(4, 12, "GAS comeback request", dialog),
    row(4, 13, "GAS comeback response", comeback_response),
    row(4, 14, "TDLS discovery response", discovery_response),
    row(4, 15, "location track notification", only_elements),
    row(4, 16, "QAB request", bridging),
    row(4, 17, "QAB response", bridging),
    row(4, 18, "QMF policy", dialog),
    row(4, 19, "QMF policy change", dialog),
    row(4, 20, "QLoad request", dialog),
    row(4, 21, "QLoad report", dialog),
    row(4, 22, "HCCA TXOP advertisement", opaque),
    row(4, 23, "HCCA TXOP response", opaque),
    row(4, 24, "public key", opaque),
    row(4, 25, "channel availability query", opaque),
    row(4, 26, "channel schedule management", opaque),
    row(4, 27, "contact verification signal", opaque),
    row(4, 28, "GDD enablement request", opaque),
    row(4, 29, "GDD enablement response", opaque),
    row(4, 30, "network channel control", opaque),
    row(4, 31, "white space map announcement", opaque),
    row(4, 34, "FILS discovery", discovery),
];

fn enablement(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    deenablement(walk, reader)?;
    walk.u16(reader, &ENABLEMENT_ID).map(|_| ())
}

fn deenablement(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &REQUESTER)?;
    walk.address(reader, &RESPONDER)?;
    walk.u8(reader, &ENABLEMENT_RESULT).map(|_| ())
}

fn channel_switch(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    for field in [&SWITCH_MODE, &SWITCH_CLASS, &SWITCH_CHANNEL, &SWITCH_COUNT] {
        walk.u8(reader, field)?;
    }
    Some(())
}

fn pilot(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &PILOT_CAPABILITY)?;
    walk.bytes(reader, &PILOT_COUNTRY, 2)?;
    walk.u8(reader, &OPERATING_CLASS)?;
    walk.u8(reader, &PILOT_CHANNEL)?;
    walk.u8(reader, &PILOT_INTERVAL).map(|_| ())
}

fn discovery_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    capabilities(walk, reader)
}

fn bridging(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.address(reader, &REQUESTER)?;
    walk.address(reader, &RESPONDER).map(|_| ())
}

fn initial_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    let protocol = protocol(walk, reader)?;
    let length = walk.u16(reader, &REQUEST_LENGTH)?;
    query(walk, reader, protocol, length, true)
}

fn initial_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    dialog(walk, reader)?;
    walk.u16(reader, &STATUS)?;
    walk.u16(reader, &COMEBACK)?;
    let protocol = protocol(walk, reader)?;
    let length = walk.u16(reader, &RESPONSE_LENGTH)?;
    query(walk, reader, protocol, length, true)
}

fn comeback_response(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN)?;
    walk.u16(reader, &STATUS)?;
    let span = Span::new(reader.offset(), 1);
    let fragment = reader.little_endian(1)?;
    walk.field(&FRAGMENT, Value::Unsigned(fragment & 0x7f), span);
    walk.field(&MORE_FRAGMENTS, Value::Flag(fragment & 0x80 != 0), span);
    walk.u16(reader, &COMEBACK)?;
    let protocol = protocol(walk, reader)?;
    let length = walk.u16(reader, &RESPONSE_LENGTH)?;
    // Only an answer in one fragment begins and ends with whole elements.
    query(walk, reader, protocol, length, fragment == 0)
}

/// The advertisement protocol element, which stands among the fixed fields; its first protocol.
fn protocol(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    let [_, length] = reader.peek::<2>()?;
    let part = reader.part(usize::from(length).saturating_add(2))?;
    let element = Elements::new(part.rest(), part.offset()).next()?;
    elements::describe(walk, part);
    let protocol = element.body.get(1).copied()?;
    let place = Span::new(element.offset.saturating_add(3), 1);
    walk.field(&PROTOCOL, Value::Unsigned(u64::from(protocol)), place);
    Some(protocol)
}

fn query(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    protocol: u8,
    length: u16,
    is_whole: bool,
) -> Option<()> {
    let mut part = reader.part(usize::from(length))?;
    if protocol == 0 && is_whole {
        anqp::describe(walk, &mut part)
    } else {
        walk.rest(&mut part, &QUERY);
        Some(())
    }
}

/// FILS discovery: which fields there are stands in its frame control field.
fn discovery(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&DISCOVERY_SSID_LENGTH, 0, 5),
        (&DISCOVERY_CAPABILITY_PRESENT, 5, 1),
        (&DISCOVERY_SHORT, 6, 1),
        (&DISCOVERY_CONFIGURATION_PRESENT, 7, 1),
        (&DISCOVERY_OPTIONS_PRESENT, 8, 1),
        (&DISCOVERY_CENTRE_PRESENT, 9, 1),
        (&DISCOVERY_PRIMARY_PRESENT, 10, 1),
        (&DISCOVERY_RSN_PRESENT, 11, 1),
        (&DISCOVERY_LENGTH_PRESENT, 12, 1),
        (&DISCOVERY_MOBILITY_PRESENT, 13, 1),
    ];
    let control = walk.packed(reader, &DISCOVERY, 2, bits)?;
    walk.number(reader, &TIMESTAMP, 8)?;
    walk.u16(reader, &BEACON_INTERVAL)?;
    if control.bit(6) {
        walk.number(reader, &DISCOVERY_SSID_HASH, 4)?;
    } else {
        let length = usize::try_from(control.bits(0, 5)).ok()?.saturating_add(1);
        walk.bytes(reader, &DISCOVERY_SSID, length)?;
    }
    if control.bit(12) {
        walk.u8(reader, &DISCOVERY_LENGTH)?;
    }
    if control.bit(5) {
        let bits: &[BitField] = &[
            (&DISCOVERY_ESS, 0, 1),
            (&DISCOVERY_PRIVACY, 1, 1),
            (&DISCOVERY_WIDTH, 2, 3),
            (&DISCOVERY_STREAMS, 5, 3),
            (&DISCOVERY_MULTIPLE, 9, 1),
            (&DISCOVERY_PHY, 10, 3),
            (&DISCOVERY_RATE, 13, 3),
        ];
        walk.packed(reader, &DISCOVERY_CAPABILITY, 2, bits)?;
    }
    if control.bit(10) {
        walk.u8(reader, &DISCOVERY_CLASS)?;
        walk.u8(reader, &DISCOVERY_PRIMARY)?;
    }
    if control.bit(7) {
        walk.u8(reader, &DISCOVERY_CONFIGURATION)?;
    }
    if control.bit(8) {
        walk.u8(reader, &DISCOVERY_OPTIONS)?;
    }
    if control.bit(11) {
        walk.bytes(reader, &DISCOVERY_RSN, 5)?;
    }
    if control.bit(9) {
        walk.u8(reader, &DISCOVERY_CENTRE)?;
    }
    if control.bit(13) {
        walk.bytes(reader, &DISCOVERY_MOBILITY, 3)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check, check_whole};

    #[test]
    fn channel_switch_and_coexistence() {
        check_whole(
            &action(&[4, 4, 1, 115, 36, 3, 0, 1, b'a']),
            &[
                "Public action: extended channel switch announcement (4)",
                "New channel: 36",
                "Channel switch count: 3 beacons",
                "SSID: a",
            ],
        );
        check_whole(&action(&[4, 0, 0, 1, b'a']), &["SSID: a"]);
        check_whole(&action(&[4, 7, 1, b'D', b'E', 115, 36, 10]), &["Country: DE", "Channel: 36"]);
    }

    #[test]
    fn generic_advertisement_service() {
        check_whole(
            &action(&[4, 10, 9, 108, 2, 0x7f, 0, 6, 0, 0, 1, 2, 0, 12, 1]),
            &[
                "Action: GAS initial request",
                "Advertisement protocol: ANQP (0)",
                "ANQP element: query list",
                "Queried element: domain name (268)",
            ],
        );
        check_whole(
            &action(&[4, 11, 9, 0, 0, 5, 0, 108, 2, 0x7f, 0, 0, 0]),
            &["GAS comeback delay: 5 TU", "Query response length: 0 bytes"],
        );
        check_whole(
            &action(&[4, 13, 9, 0, 0, 0x81, 0, 0, 108, 2, 0x7f, 0, 2, 0, 7, 8]),
            &["GAS fragment identifier: 1", "More GAS fragments: yes", "Query data: 0708"],
        );
        check(&action(&[4, 10, 9, 108, 2, 0x7f, 0, 60, 0, 1]), &["! the fixed fields are cut"]);
    }

    #[test]
    fn fast_initial_link_setup_discovery() {
        let mut body = vec![4, 34, 0x62, 0x04];
        body.extend(1u64.to_le_bytes());
        body.extend([100, 0, 0x78, 0x56, 0x34, 0x12, 0x0b, 0x10, 131, 37, 0, 1, b'a']);
        check_whole(
            &action(&body),
            &[
                "Short SSID: 0x12345678",
                "Channel width: 80 MHz (2)",
                "PHY: HE (4)",
                "Operating class: 131",
                "Primary channel: 37",
                "SSID: a",
            ],
        );
        let mut plain = vec![4, 34, 0x01, 0x00];
        plain.extend(1u64.to_le_bytes());
        plain.extend([100, 0, b'a', b'b']);
        check_whole(&action(&plain), &["SSID: ab"]);
    }
}
