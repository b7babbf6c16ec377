//! Multi-link operation (802.11be): the multi-link element in all its variants, TID-to-link mapping.

use super::{
    Bits, DATA, Known, SUBELEMENT, SUBELEMENT_LENGTH, SUBELEMENT_NUMBER, bits, element_fields,
    nested, only_named, pick,
};
use crate::fields::{Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;
use pw_model::FrameKind;
use std::borrow::Cow;

element_fields! {
    fields "802.11be-2024, 9.4.2.322" {
        CONTROL: hex("wlan.eht.multi_link_control", "Multi-link control", 4);
        COMMON: branch("wlan.eht.multi_link.common_info", "Common information");
        COMMON_LENGTH: unsigned("wlan.eht.multi_link.common_info.length", "Length").unit("bytes");
        MLD_ADDRESS: address("wlan.eht.multi_link.common_info.mld_mac_address", "MLD address");
        AP_MLD_ADDRESS: address("wlan.eht.multi_link.common_info.ap_mld_mac_address", "AP MLD address");
        LINK: hex("wlan.eht.multi_link.common_info.link_id", "Link identifier of the sender", 2);
        CHANGES: unsigned("wlan.eht.multi_link.common_info.bss_parameters_change_count", "BSS parameters change count");
        SYNC: hex("wlan.eht.multi_link.common_info.medium_sync_delay", "Medium synchronisation delay", 4);
        EML: hex("wlan.eht.multi_link.common_info.eml_capabilities", "EML capabilities", 4);
        MLD: hex("wlan.eht.multi_link.common_info.mld_capabilities", "MLD capabilities and operations", 4);
        MLD_ID: unsigned("wlan.eht.multi_link.common_info.mld_id", "AP MLD identifier");
        EXTENDED: hex("wlan.eht.multi_link.common_info.ext_mld_capabilities", "Extended MLD capabilities and operations", 4);
        STATION_CONTROL: hex("wlan.eht.multi_link.sta_profile.sta_control", "STA control", 4);
        STATION_INFO: branch("wlan.eht.multi_link.sta_profile.sta_info", "STA information");
        STATION_LENGTH: unsigned("wlan.eht.multi_link.sta_profile.sta_info.length", "Length").unit("bytes");
        STATION_ADDRESS: address("wlan.eht.multi_link.sta_profile.sta_info.sta_mac_address", "STA address");
        STATION_INTERVAL: unsigned("wlan.eht.multi_link.sta_profile.sta_info.beacon_interval", "Beacon interval").unit("TU");
        STATION_OFFSET: unsigned("wlan.eht.multi_link.sta_profile.sta_info.tsf_offset", "TSF offset").unit("µs");
        STATION_DTIM_COUNT: unsigned("wlan.eht.multi_link.sta_profile.sta_info.dtim_count", "DTIM count").unit("beacons");
        STATION_DTIM_PERIOD: unsigned("wlan.eht.multi_link.sta_profile.sta_info.dtim_period", "DTIM period").unit("beacons");
        STATION_NSTR: hex("wlan.eht.multi_link.sta_profile.sta_info.nstr_bitmap", "NSTR indication bitmap", 4);
        STATION_CHANGES: unsigned("wlan.eht.multi_link.sta_profile.sta_info.bss_parameters_change_count", "BSS parameters change count");
        REMOVAL_TIMER: unsigned("wlan.eht.multi_link.sta_profile.sta_info.ap_removal_timer", "AP removal timer").unit("TBTTs");
        OPERATION_PARAMETERS: hex("wlan.eht.multi_link.sta_profile.sta_info.operation_parameters", "Operation parameters", 4);
        CAPABILITY: hex("wlan.eht.multi_link.sta_profile.capabilities", "Capability information", 4);
        STATUS: unsigned("wlan.eht.multi_link.sta_profile.status_code", "Status code");
    }
    fields "802.11be-2024, 9.4.2.324" {
        MAPPING: hex("wlan.eht.tid_to_link_mapping.control", "TID-to-link mapping control", 2);
        MAPPING_PRESENT: hex("wlan.eht.tid_to_link_mapping.presence", "Link mapping presence", 2);
        MAPPING_SWITCH: unsigned("wlan.eht.tid_to_link_mapping.switch_time", "Mapping switch time").unit("TU");
        MAPPING_DURATION: unsigned("wlan.eht.tid_to_link_mapping.expected_duration", "Expected duration").unit("TU");
        MAPPING_TID: unsigned("wlan.eht.tid_to_link_mapping.tid", "TID");
        MAPPING_LINKS: hex("wlan.eht.tid_to_link_mapping.links", "Links", 4);
    }
    fields "802.11be-2024, 9.4.2.326" {
        TRAFFIC: hex("wlan.eht.multi_link_traffic.control", "Multi-link traffic control", 4);
        TRAFFIC_BITMAPS: bytes("wlan.eht.multi_link_traffic.bitmaps", "Per-link traffic indication bitmaps");
    }
    layout TRAFFIC_BITS "802.11be-2024, 9.4.2.326" {
        0, 4: unsigned("wlan.eht.multi_link_traffic.bitmap_size", "Bitmap size, less one").unit("bits");
        4, 11: unsigned("wlan.eht.multi_link_traffic.aid_offset", "AID offset");
    }
    layout TYPE_BITS "802.11be-2024, 9.4.2.322.1" {
        0, 3: unsigned("wlan.eht.multi_link.control.type", "Type").names(type_name);
    }
    layout BASIC_PRESENCE "802.11be-2024, 9.4.2.322.2" {
        0, 3: unsigned("wlan.eht.multi_link.control.basic_type", "Type").names(type_name);
        4, 1: flag("wlan.eht.multi_link.control.link_id_info_present", "Link identifier present");
        5, 1: flag("wlan.eht.multi_link.control.bss_parameters_change_count_present", "BSS parameters change count present");
        6, 1: flag("wlan.eht.multi_link.control.medium_sync_delay_info_present", "Medium synchronisation delay present");
        7, 1: flag("wlan.eht.multi_link.control.eml_capabilities_present", "EML capabilities present");
        8, 1: flag("wlan.eht.multi_link.control.mld_capabilities_present", "MLD capabilities and operations present");
        9, 1: flag("wlan.eht.multi_link.control.mld_id_present", "AP MLD identifier present");
        10, 1: flag("wlan.eht.multi_link.control.ext_mld_capabilities_present", "Extended MLD capabilities and operations present");
    }
    layout LINK_BITS "802.11be-2024, 9.4.2.322.2.2" {
        0, 4: unsigned("wlan.eht.multi_link.common_info.link_id.id", "Link identifier");
    }
    layout SYNC_BITS "802.11be-2024, 9.4.2.322.2.2" {
        0, 8: unsigned("wlan.eht.multi_link.common_info.medium_sync_delay.duration", "Duration").unit("32 µs");
        8, 4: unsigned("wlan.eht.multi_link.common_info.medium_sync_delay.threshold", "OFDM ED threshold above -72 dBm").unit("dB");
        12, 4: unsigned("wlan.eht.multi_link.common_info.medium_sync_delay.max_txops", "Maximum TXOPs, less one");
    }
    layout EML_BITS "802.11be-2024, 9.4.2.322.2.3" {
        0, 1: flag("wlan.eht.multi_link.common_info.eml_capabilities.emlsr_support", "EMLSR");
        1, 3: unsigned("wlan.eht.multi_link.common_info.eml_capabilities.emlsr_padding_delay", "EMLSR padding delay")
            .names(|value| pick(&["0 µs", "32 µs", "64 µs", "128 µs", "256 µs"], value));
        4, 3: unsigned("wlan.eht.multi_link.common_info.eml_capabilities.emlsr_transition_delay", "EMLSR transition delay")
            .names(|value| pick(&["0 µs", "16 µs", "32 µs", "64 µs", "128 µs", "256 µs"], value));
        7, 1: flag("wlan.eht.multi_link.common_info.eml_capabilities.emlmr_support", "EMLMR");
        8, 3: unsigned("wlan.eht.multi_link.common_info.eml_capabilities.emlmr_delay", "EMLMR delay")
            .names(|value| pick(&["0 µs", "32 µs", "64 µs", "128 µs", "256 µs"], value));
        11, 4: unsigned("wlan.eht.multi_link.common_info.eml_capabilities.transition_timeout", "Transition timeout code");
    }
    layout MLD_BITS "802.11be-2024, 9.4.2.322.2.4" {
        0, 4: unsigned("wlan.eht.multi_link.common_info.mld_capabilities.max_simultaneous_links", "Maximum simultaneous links, less one");
        4, 1: flag("wlan.eht.multi_link.common_info.mld_capabilities.srs_support", "SRS");
        5, 2: unsigned("wlan.eht.multi_link.common_info.mld_capabilities.tid_to_link_map_negotiation", "TID-to-link mapping negotiation")
            .names(|value| pick(&["not supported", "all TIDs to the same links", "reserved", "each TID to any links"], value));
        7, 5: unsigned("wlan.eht.multi_link.common_info.mld_capabilities.frequency_separation", "Frequency separation or AP MLD type");
        12, 1: flag("wlan.eht.multi_link.common_info.mld_capabilities.aar_support", "AAR");
        13, 1: flag("wlan.eht.multi_link.common_info.mld_capabilities.link_reconfiguration", "Link reconfiguration operation");
        14, 1: flag("wlan.eht.multi_link.common_info.mld_capabilities.aligned_twt", "Aligned TWT");
    }
    layout EXTENDED_BITS "802.11be-2024, 9.4.2.322.2.5" {
        0, 1: flag("wlan.eht.multi_link.common_info.ext_mld_capabilities.operation_parameter_update", "Operation parameter update");
        1, 4: unsigned("wlan.eht.multi_link.common_info.ext_mld_capabilities.recommended_max_links", "Recommended maximum simultaneous links");
        5, 1: flag("wlan.eht.multi_link.common_info.ext_mld_capabilities.nstr_status_update", "NSTR status update");
        6, 1: flag("wlan.eht.multi_link.common_info.ext_mld_capabilities.emlsr_one_link", "EMLSR enablement on one link");
        7, 1: flag("wlan.eht.multi_link.common_info.ext_mld_capabilities.btm_mld_recommendation", "BTM MLD recommendation for multiple APs");
    }
    layout BASIC_STATION "802.11be-2024, 9.4.2.322.2.6" {
        0, 4: unsigned("wlan.eht.multi_link.sta_profile.sta_control.link_id", "Link identifier");
        4, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.complete_profile", "Complete profile");
        5, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.sta_mac_address_present", "STA address present");
        6, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.beacon_interval_present", "Beacon interval present");
        7, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.tsf_offset_present", "TSF offset present");
        8, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.dtim_info_present", "DTIM information present");
        9, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.nstr_link_pair_present", "NSTR link pair present");
        10, 1: unsigned("wlan.eht.multi_link.sta_profile.sta_control.nstr_bitmap_size", "NSTR bitmap size")
            .names(|value| pick(&["1 byte", "2 bytes"], value));
        11, 1: flag("wlan.eht.multi_link.sta_profile.sta_control.bss_parameters_change_count_present", "BSS parameters change count present");
    }
    layout REQUEST_STATION "802.11be-2024, 9.4.2.322.3" {
        0, 4: unsigned("wlan.eht.multi_link.probe_request.sta_control.link_id", "Link identifier");
        4, 1: flag("wlan.eht.multi_link.probe_request.sta_control.complete_profile", "Complete profile requested");
    }
    layout CHANGE_STATION "802.11be-2024, 9.4.2.322.4" {
        0, 4: unsigned("wlan.eht.multi_link.reconfiguration.sta_control.link_id", "Link identifier");
        4, 1: flag("wlan.eht.multi_link.reconfiguration.sta_control.complete_profile", "Complete profile");
        5, 1: flag("wlan.eht.multi_link.reconfiguration.sta_control.sta_mac_address_present", "STA address present");
        6, 1: flag("wlan.eht.multi_link.reconfiguration.sta_control.ap_removal_timer_present", "AP removal timer present");
        7, 4: unsigned("wlan.eht.multi_link.reconfiguration.sta_control.operation_type", "Reconfiguration operation")
            .names(|value| pick(&["AP removal", "operation parameter update", "add link", "delete link", "NSTR status update"], value));
        11, 1: flag("wlan.eht.multi_link.reconfiguration.sta_control.operation_parameters_present", "Operation parameters present");
        12, 1: unsigned("wlan.eht.multi_link.reconfiguration.sta_control.nstr_bitmap_size", "NSTR bitmap size")
            .names(|value| pick(&["1 byte", "2 bytes"], value));
        13, 1: flag("wlan.eht.multi_link.reconfiguration.sta_control.nstr_indication_bitmap_present", "NSTR indication bitmap present");
    }
    layout MAPPING_BITS "802.11be-2024, 9.4.2.324" {
        0, 2: unsigned("wlan.eht.tid_to_link_mapping.direction", "Direction")
            .names(|value| pick(&["downlink", "uplink", "both"], value));
        2, 1: flag("wlan.eht.tid_to_link_mapping.default_link_mapping", "Default link mapping");
        3, 1: flag("wlan.eht.tid_to_link_mapping.switch_time_present", "Mapping switch time present");
        4, 1: flag("wlan.eht.tid_to_link_mapping.expected_duration_present", "Expected duration present");
        5, 1: unsigned("wlan.eht.tid_to_link_mapping.link_mapping_size", "Link mapping size")
            .names(|value| pick(&["2 bytes", "1 byte"], value));
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::extension(id::EXT_MULTI_LINK, "Multi-link", multi_link),
    Known::extension(109, "TID-to-link mapping", mapping),
    Known::extension(110, "Multi-link traffic indication", traffic),
    Known::extension(113, "QoS characteristics", only_named),
];

/// Variants of the element.
const BASIC: u64 = 0;
const PROBE_REQUEST: u64 = 1;
const RECONFIGURATION: u64 = 2;
const TDLS: u64 = 3;
const PRIORITY_ACCESS: u64 = 4;

/// Subelements: the profile of one link, and the continuation of one that is longer than 255 bytes.
const PER_STA_PROFILE: u8 = 0;
const FRAGMENT: u8 = 254;

fn type_name(value: u64) -> Option<&'static str> {
    pick(&["basic", "probe request", "reconfiguration", "TDLS", "priority access"], value)
}

pub(super) fn multi_link(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let [low, high] = reader.peek::<2>()?;
    let kind = u64::from(low & 7);
    let layout = if kind == BASIC { BASIC_PRESENCE } else { TYPE_BITS };
    bits(walk, reader, &CONTROL, 2, layout)?;
    let presence = [low, high];
    let presence = Bits(&presence);
    let length = usize::from(reader.peek::<1>()?[0]);
    let start = reader.offset();
    let mut common = reader.part(length.max(1))?;
    walk.branch(&COMMON, Value::Nothing, Span::new(start, length.max(1)), |walk| {
        walk.u8(&mut common, &COMMON_LENGTH)?;
        common_information(walk, &mut common, kind, presence)?;
        walk.rest(&mut common, &DATA);
        Some(())
    })?;
    profiles(walk, reader, kind)
}

fn common_information(
    walk: &mut Walk<'_>,
    common: &mut Reader<'_>,
    kind: u64,
    presence: Bits<'_>,
) -> Option<()> {
    match kind {
        BASIC => {
            walk.address(common, &MLD_ADDRESS)?;
            if presence.is_set(4) {
                bits(walk, common, &LINK, 1, LINK_BITS)?;
            }
            if presence.is_set(5) {
                walk.u8(common, &CHANGES)?;
            }
            if presence.is_set(6) {
                bits(walk, common, &SYNC, 2, SYNC_BITS)?;
            }
            if presence.is_set(7) {
                bits(walk, common, &EML, 2, EML_BITS)?;
            }
            if presence.is_set(8) {
                bits(walk, common, &MLD, 2, MLD_BITS)?;
            }
            if presence.is_set(9) {
                walk.u8(common, &MLD_ID)?;
            }
            if presence.is_set(10) {
                bits(walk, common, &EXTENDED, 2, EXTENDED_BITS)?;
            }
        }
        PROBE_REQUEST if presence.is_set(4) => {
            walk.u8(common, &MLD_ID)?;
        }
        RECONFIGURATION => {
            if presence.is_set(4) {
                walk.address(common, &MLD_ADDRESS)?;
            }
            if presence.is_set(5) {
                bits(walk, common, &EML, 2, EML_BITS)?;
            }
            if presence.is_set(6) {
                bits(walk, common, &MLD, 2, MLD_BITS)?;
            }
            if presence.is_set(7) {
                bits(walk, common, &EXTENDED, 2, EXTENDED_BITS)?;
            }
        }
        TDLS | PRIORITY_ACCESS => {
            walk.address(common, &AP_MLD_ADDRESS)?;
        }
        _ => {}
    }
    Some(())
}

/// The link information: profiles, each with the fragments that continue it.
fn profiles(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: u64) -> Option<()> {
    while !reader.is_empty() {
        let start = reader.offset();
        let [number, length] = reader.array::<2>()?;
        let first = reader.offset();
        let mut value: Cow<'_, [u8]> = Cow::Borrowed(reader.take(usize::from(length))?);
        let mut last = length;
        while last == 255 && reader.peek::<1>() == Some([FRAGMENT]) {
            let [_, more] = reader.array::<2>()?;
            value.to_mut().extend(reader.take(usize::from(more))?);
            last = more;
        }
        let name = match number {
            PER_STA_PROFILE => Value::Word("per-STA profile"),
            221 => Value::Word("vendor specific"),
            FRAGMENT => Value::Word("fragment"),
            _ => Value::Nothing,
        };
        let span = Span::new(start, reader.offset().saturating_sub(start));
        let mut inner = Reader::joined(&value, first, usize::from(length));
        walk.branch(&SUBELEMENT, name, span, |walk| {
            walk.field(&SUBELEMENT_NUMBER, Value::Unsigned(u64::from(number)), Span::new(start, 1));
            let at = Span::new(start.saturating_add(1), 1);
            walk.field(&SUBELEMENT_LENGTH, Value::Unsigned(u64::from(length)), at);
            if number == PER_STA_PROFILE && profile(walk, &mut inner, kind).is_none() {
                walk.fault(inner.offset(), "the profile ends before its fields do");
            }
            walk.rest(&mut inner, &DATA);
        });
    }
    Some(())
}

fn profile(walk: &mut Walk<'_>, reader: &mut Reader<'_>, kind: u64) -> Option<()> {
    let layout = match kind {
        BASIC | TDLS => BASIC_STATION,
        PROBE_REQUEST => REQUEST_STATION,
        RECONFIGURATION => CHANGE_STATION,
        // Priority access has the link identifier only, in the same place.
        PRIORITY_ACCESS => REQUEST_STATION,
        _ => return Some(()),
    };
    let control = bits(walk, reader, &STATION_CONTROL, 2, layout)?;
    if matches!(kind, BASIC | RECONFIGURATION) {
        let length = usize::from(reader.peek::<1>()?[0]).max(1);
        let start = reader.offset();
        let mut info = reader.part(length)?;
        walk.branch(&STATION_INFO, Value::Nothing, Span::new(start, length), |walk| {
            walk.u8(&mut info, &STATION_LENGTH)?;
            if kind == BASIC {
                basic_station(walk, &mut info, control)?;
            } else {
                changed_station(walk, &mut info, control)?;
            }
            walk.rest(&mut info, &DATA);
            Some(())
        })?;
    }
    // A complete profile of the basic variant begins with the fixed fields of its frame.
    if kind == BASIC && control.is_set(4) {
        walk.u16(reader, &CAPABILITY)?;
        let frame = walk.packet.frame.kind();
        if matches!(frame, FrameKind::ASSOCIATION_RESPONSE | FrameKind::REASSOCIATION_RESPONSE) {
            walk.u16(reader, &STATUS)?;
        }
    }
    nested(walk, reader);
    Some(())
}

fn basic_station(walk: &mut Walk<'_>, info: &mut Reader<'_>, control: Bits<'_>) -> Option<()> {
    if control.is_set(5) {
        walk.address(info, &STATION_ADDRESS)?;
    }
    if control.is_set(6) {
        walk.u16(info, &STATION_INTERVAL)?;
    }
    if control.is_set(7) {
        walk.number(info, &STATION_OFFSET, 8)?;
    }
    if control.is_set(8) {
        walk.u8(info, &STATION_DTIM_COUNT)?;
        walk.u8(info, &STATION_DTIM_PERIOD)?;
    }
    if control.is_set(4) && control.is_set(9) {
        walk.number(info, &STATION_NSTR, if control.is_set(10) { 2 } else { 1 })?;
    }
    if control.is_set(11) {
        walk.u8(info, &STATION_CHANGES)?;
    }
    Some(())
}

fn changed_station(walk: &mut Walk<'_>, info: &mut Reader<'_>, control: Bits<'_>) -> Option<()> {
    if control.is_set(5) {
        walk.address(info, &STATION_ADDRESS)?;
    }
    if control.is_set(6) {
        walk.u16(info, &REMOVAL_TIMER)?;
    }
    if control.is_set(11) {
        walk.u16(info, &OPERATION_PARAMETERS)?;
    }
    if control.is_set(13) {
        walk.number(info, &STATION_NSTR, if control.is_set(12) { 2 } else { 1 })?;
    }
    Some(())
}

fn traffic(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &TRAFFIC, 2, TRAFFIC_BITS)?;
    walk.rest(reader, &TRAFFIC_BITMAPS);
    Some(())
}

fn mapping(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = bits(walk, reader, &MAPPING, 1, MAPPING_BITS)?;
    // The default mapping needs no list.
    let present = if control.is_set(2) { 0 } else { walk.u8(reader, &MAPPING_PRESENT)? };
    if control.is_set(3) {
        walk.u16(reader, &MAPPING_SWITCH)?;
    }
    if control.is_set(4) {
        walk.number(reader, &MAPPING_DURATION, 3)?;
    }
    let size = if control.is_set(5) { 1 } else { 2 };
    for tid in (0u64..8).filter(|tid| present >> tid & 1 != 0) {
        let span = Span::new(reader.offset(), size);
        walk.branch(&MAPPING_TID, Value::Unsigned(tid), span, |walk| {
            walk.number(reader, &MAPPING_LINKS, size)
        })?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{body_lines, element_lines};

    fn check(lines: &[String], expected: &[&str]) {
        for line in expected {
            assert!(lines.contains(&(*line).to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn basic_with_a_complete_profile() {
        let mut element = vec![255, 0, 107, 0xb0, 0x01, 13, 2, 0, 0, 0, 0, 9, 1, 4];
        element.extend([0x03, 0x00, 0x41, 0x00]);
        let mut profile = vec![0x30, 0x00, 7, 2, 0, 0, 0, 0, 2, 0x11, 0x00];
        profile.extend([1, 1, 0x8c]);
        element.extend([0, profile.len() as u8]);
        element.extend(&profile);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        check(
            &lines,
            &[
                "  Type: basic (0)",
                "  Length: 13 bytes",
                "  MLD address: 02:00:00:00:00:09",
                "    Link identifier: 1",
                "  BSS parameters change count: 4",
                "    EMLSR: yes",
                "    EMLSR padding delay: 32 µs (1)",
                "    Maximum simultaneous links, less one: 1",
                "Subelement: per-STA profile",
                "    Complete profile: yes",
                "    STA address: 02:00:00:00:00:02",
                "  Capability information: 0x0011",
                "  Element: Supported rates and BSS membership selectors",
                "    Supported rate: 6 Mbit/s, basic (0x8c)",
            ],
        );
        assert!(!lines.iter().any(|line| line.contains('!')), "{lines:#?}");
    }

    #[test]
    fn a_profile_in_fragments_of_fragments() {
        // A profile of 255 + 11 bytes in a multi-link element of 255 and a fragment.
        let mut profile = vec![0x00, 0x00, 1];
        profile.extend([221, 255, 0xaa, 0xbb, 0xcc, 0x01]);
        profile.extend([0x55; 251]);
        profile.extend([3, 1, 36, 42, 1, 0]);
        let (whole, rest) = profile.split_at(255);
        let mut body = vec![0x00, 0x00, 7, 2, 0, 0, 0, 0, 9, 0, 255];
        body.extend(whole);
        body.extend([254, rest.len() as u8]);
        body.extend(rest);
        let (first, second) = body.split_at(254);
        let mut elements = vec![255, 255, 107];
        elements.extend(first);
        elements.extend([242, second.len() as u8]);
        elements.extend(second);
        let lines = element_lines(&elements);
        check(
            &lines,
            &["    Element: DSSS parameter set", "      Current channel: 36", "    Element: ERP"],
        );
        assert!(!lines.iter().any(|line| line.contains('!')), "{lines:#?}");
    }

    #[test]
    fn other_variants() {
        let lines = body_lines(&[255, 9, 107, 0x11, 0x00, 2, 0, 0, 2, 0x11, 0x00]);
        check(
            &lines[..],
            &[
                "  Type: probe request (1)",
                "  AP MLD identifier: 0",
                "    Complete profile requested: yes",
            ],
        );
        let lines = body_lines(&[255, 11, 107, 0x02, 0x00, 1, 0, 5, 0x42, 0x00, 3, 20, 0]);
        check(
            &lines,
            &[
                "  Type: reconfiguration (2)",
                "    Link identifier: 2",
                "    Reconfiguration operation: AP removal (0)",
                "    AP removal timer: 20 TBTTs",
            ],
        );
        let lines = body_lines(&[255, 10, 107, 0x03, 0x00, 7, 2, 0, 0, 0, 0, 9]);
        check(&lines, &["  Type: TDLS (3)", "  AP MLD address: 02:00:00:00:00:09"]);
    }

    #[test]
    fn tid_to_link_mapping() {
        let lines = body_lines(&[255, 10, 109, 0x0a, 0x81, 0x10, 0x27, 0x03, 0x00, 0x04, 0x00, 0]);
        check(
            &lines,
            &[
                "  Direction: both (2)",
                "Link mapping presence: 0x81",
                "Mapping switch time: 10000 TU",
                "TID: 0",
                "  Links: 0x0003",
                "TID: 7",
                "  Links: 0x0004",
            ],
        );
    }
}
