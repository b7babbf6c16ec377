//! Quality of service: WMM, EDCA, MU EDCA, traffic specifications.

use super::{Bits, Known, bits, element_fields, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "WMM 1.2.0" {
        SUBTYPE: unsigned("wlan.wfa.ie.wme.subtype", "Subtype")
            .names(|value| pick(&["information", "parameter", "TSPEC"], value));
        VERSION: unsigned("wlan.wfa.ie.wme.version", "Version");
        QOS_INFO: hex("wlan.wfa.ie.wme.qos_info", "QoS information", 2);
        RESERVED: hex("wlan.wfa.ie.wme.reserved", "Reserved", 2);
        CATEGORY: branch("wlan.wfa.ie.wme.acp", "Access category");
        ACI_AIFSN: hex("wlan.wfa.ie.wme.acp.aci_aifsn", "ACI and AIFSN", 2);
        ECW: hex("wlan.wfa.ie.wme.acp.ecw", "ECW", 2);
        CW_MINIMUM: unsigned("wlan.wfa.ie.wme.acp.cw.min", "Contention window minimum").unit("slots");
        CW_MAXIMUM: unsigned("wlan.wfa.ie.wme.acp.cw.max", "Contention window maximum").unit("slots");
        TXOP_LIMIT: unsigned("wlan.wfa.ie.wme.acp.txop_limit", "TXOP limit").unit("32 µs");
        TS_INFO: hex("wlan.wfa.ie.wme.tspec.ts_info", "Traffic stream information", 6);
        NOMINAL_MSDU: unsigned("wlan.wfa.ie.wme.tspec.nor_msdu", "Nominal MSDU size").unit("bytes");
        MAXIMUM_MSDU: unsigned("wlan.wfa.ie.wme.tspec.max_msdu", "Maximum MSDU size").unit("bytes");
        MINIMUM_SERVICE: unsigned("wlan.wfa.ie.wme.tspec.min_srv", "Minimum service interval").unit("µs");
        MAXIMUM_SERVICE: unsigned("wlan.wfa.ie.wme.tspec.max_srv", "Maximum service interval").unit("µs");
        INACTIVITY: unsigned("wlan.wfa.ie.wme.tspec.inact_int", "Inactivity interval").unit("µs");
        SUSPENSION: unsigned("wlan.wfa.ie.wme.tspec.susp_int", "Suspension interval").unit("µs");
        SERVICE_START: unsigned("wlan.wfa.ie.wme.tspec.srv_start", "Service start time").unit("µs");
        MINIMUM_RATE: unsigned("wlan.wfa.ie.wme.tspec.min_data", "Minimum data rate").unit("bit/s");
        MEAN_RATE: unsigned("wlan.wfa.ie.wme.tspec.mean_data", "Mean data rate").unit("bit/s");
        PEAK_RATE: unsigned("wlan.wfa.ie.wme.tspec.peak_data", "Peak data rate").unit("bit/s");
        BURST: unsigned("wlan.wfa.ie.wme.tspec.burst_size", "Burst size").unit("bytes");
        DELAY_BOUND: unsigned("wlan.wfa.ie.wme.tspec.delay_bound", "Delay bound").unit("µs");
        MINIMUM_PHY: unsigned("wlan.wfa.ie.wme.tspec.min_phy", "Minimum PHY rate").unit("bit/s");
        SURPLUS: hex("wlan.wfa.ie.wme.tspec.surplus", "Surplus bandwidth allowance", 4);
        MEDIUM_TIME: unsigned("wlan.wfa.ie.wme.tspec.medium", "Medium time").unit("32 µs/s");
    }
    fields "802.11-2020, 9.4.2.28" {
        EDCA_INFO: hex("wlan.edca.qos_info", "QoS information", 2);
        EDCA_UPDATE: hex("wlan.edca.update_info", "Update EDCA information", 2);
    }
    fields "802.11-2020, 9.4.2.34" {
        QOS_CAPABILITY: hex("wlan.qos_info", "QoS information", 2);
    }
    fields "802.11ax-2021, 9.4.2.251" {
        MU_INFO: hex("wlan.ext_tag.mu_edca_parameter_set.qos_info", "QoS information", 2);
        MU_CATEGORY: branch("wlan.ext_tag.mu_edca_parameter_set", "Access category");
        MU_ACI: hex("wlan.ext_tag.mu_edca_parameter_set.aic_aifsn", "ACI and AIFSN", 2);
        MU_ECW: hex("wlan.ext_tag.mu_edca_parameter_set.ecwmin_ecwmax", "ECW", 2);
        MU_TIMER: unsigned("wlan.ext_tag.mu_edca_parameter_set.mu_edca_timer", "MU EDCA timer").unit("8 TU");
    }
    fields "802.11-2020, 9.4.2.94" {
        MAP_EXCEPTION: branch("wlan.qos_map_set.dscp_exception", "DSCP exception");
        MAP_VALUE: unsigned("wlan.qos_map_set.dscp_value", "DSCP");
        MAP_PRIORITY: unsigned("wlan.qos_map_set.up", "User priority");
        MAP_RANGE: branch("wlan.qos_map_set.range", "DSCP range");
        MAP_LOW: unsigned("wlan.qos_map_set.dscp_low_value", "Lowest DSCP");
        MAP_HIGH: unsigned("wlan.qos_map_set.dscp_high_value", "Highest DSCP");
    }
    layout AP_INFO_BITS "802.11-2020, 9.4.1.17" {
        0, 4: unsigned("wlan.wfa.ie.wme.qos_info.ap.parameter_set_count", "Parameter set count");
        7, 1: flag("wlan.wfa.ie.wme.qos_info.ap.u_apsd", "U-APSD");
    }
    layout STATION_INFO_BITS "802.11-2020, 9.4.1.17" {
        0, 1: flag("wlan.wfa.ie.wme.qos_info.sta.ac_vo", "U-APSD of voice");
        1, 1: flag("wlan.wfa.ie.wme.qos_info.sta.ac_vi", "U-APSD of video");
        2, 1: flag("wlan.wfa.ie.wme.qos_info.sta.ac_bk", "U-APSD of background");
        3, 1: flag("wlan.wfa.ie.wme.qos_info.sta.ac_be", "U-APSD of best effort");
        5, 2: unsigned("wlan.wfa.ie.wme.qos_info.sta.max_sp_length", "Longest service period")
            .names(|value| pick(&["all frames", "two frames", "four frames", "six frames"], value));
    }
    layout STANDARD_AP_BITS "802.11-2020, 9.4.1.17" {
        0, 4: unsigned("wlan.qos_info.parameter_set_count", "Parameter set count");
        4, 1: flag("wlan.qos_info.q_ack", "Q-Ack");
        5, 1: flag("wlan.qos_info.queue_request", "Queue request");
        6, 1: flag("wlan.qos_info.txop_request", "TXOP request");
        7, 1: flag("wlan.qos_info.more_data_ack", "More data ack");
    }
    layout STANDARD_STATION_BITS "802.11-2020, 9.4.1.17" {
        0, 1: flag("wlan.qos_info.ac_vo", "U-APSD of voice");
        1, 1: flag("wlan.qos_info.ac_vi", "U-APSD of video");
        2, 1: flag("wlan.qos_info.ac_bk", "U-APSD of background");
        3, 1: flag("wlan.qos_info.ac_be", "U-APSD of best effort");
        4, 1: flag("wlan.qos_info.sta_q_ack", "Q-Ack");
        5, 2: unsigned("wlan.qos_info.max_sp_length", "Longest service period")
            .names(|value| pick(&["all frames", "two frames", "four frames", "six frames"], value));
        7, 1: flag("wlan.qos_info.sta_more_data_ack", "More data ack");
    }
    layout ACI_BITS "802.11-2020, 9.4.2.28" {
        0, 4: unsigned("wlan.wfa.ie.wme.acp.aifsn", "AIFSN").unit("slots");
        4, 1: flag("wlan.wfa.ie.wme.acp.acm", "Admission control mandatory");
        5, 2: unsigned("wlan.wfa.ie.wme.acp.aci", "ACI").names(category_name);
    }
    layout ECW_BITS "802.11-2020, 9.4.2.28" {
        0, 4: unsigned("wlan.wfa.ie.wme.acp.ecw.min", "ECW minimum");
        4, 4: unsigned("wlan.wfa.ie.wme.acp.ecw.max", "ECW maximum");
    }
    layout MU_ACI_BITS "802.11ax-2021, 9.4.2.251" {
        0, 4: unsigned("wlan.ext_tag.mu_edca_parameter_set.aifsn", "AIFSN").unit("slots");
        4, 1: flag("wlan.ext_tag.mu_edca_parameter_set.acm", "Admission control mandatory");
        5, 2: unsigned("wlan.ext_tag.mu_edca_parameter_set.aci", "ACI").names(category_name);
    }
    layout MU_ECW_BITS "802.11ax-2021, 9.4.2.251" {
        0, 4: unsigned("wlan.ext_tag.mu_edca_parameter_set.ecwmin", "ECW minimum");
        4, 4: unsigned("wlan.ext_tag.mu_edca_parameter_set.ecwmax", "ECW maximum");
    }
    layout TS_BITS "802.11-2020, 9.4.2.29" {
        1, 4: unsigned("wlan.wfa.ie.wme.tspec.ts_info.tid", "TID");
        5, 2: unsigned("wlan.wfa.ie.wme.tspec.ts_info.dir", "Direction")
            .names(|value| pick(&["uplink", "downlink", "direct link", "both"], value));
        10, 1: flag("wlan.wfa.ie.wme.tspec.ts_info.psb", "Power save behaviour: U-APSD");
        11, 3: unsigned("wlan.wfa.ie.wme.tspec.ts_info.up", "User priority");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(12, "EDCA parameter set", edca),
    Known::id(13, "TSPEC", tspec),
    Known::id(14, "TCLAS", super::only_named),
    Known::id(15, "Schedule", super::only_named),
    Known::id(43, "TS delay", super::only_named),
    Known::id(44, "TCLAS processing", super::only_named),
    Known::id(46, "QoS capability", qos_capability),
    Known::id(110, "QoS map", qos_map),
    Known::vendor(id::VENDOR_WMM, "WMM", wmm),
    Known::extension(38, "MU EDCA parameter set", mu_edca),
];

fn category_name(value: u64) -> Option<&'static str> {
    pick(&["best effort", "background", "video", "voice"], value)
}

/// QoS information has one meaning from an access point, and another to it; the standard has bits
/// that WMM has not.
fn qos_info(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    let is_wmm = *field == QOS_INFO;
    let layout = match (super::eht::is_from_station(walk), is_wmm) {
        (true, true) => STATION_INFO_BITS,
        (false, true) => AP_INFO_BITS,
        (true, false) => STANDARD_STATION_BITS,
        (false, false) => STANDARD_AP_BITS,
    };
    bits(walk, reader, field, 1, layout).map(|_| ())
}

/// 2 to the power of the exponent, less one.
fn contention_window(ecw: Bits<'_>, low: u32) -> Value<'static> {
    let exponent = u32::try_from(ecw.get(low, 4)).unwrap_or(0);
    Value::Unsigned(1u64.checked_shl(exponent).unwrap_or(0).saturating_sub(1))
}

fn categories(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    for _ in 0..4 {
        let span = Span::new(reader.offset(), 4);
        let name = reader.peek::<1>().and_then(|[first]| category_name(u64::from(first >> 5 & 3)));
        walk.branch(&CATEGORY, name.map_or(Value::Nothing, Value::Word), span, |walk| {
            bits(walk, reader, &ACI_AIFSN, 1, ACI_BITS)?;
            let at = Span::new(reader.offset(), 1);
            let ecw = bits(walk, reader, &ECW, 1, ECW_BITS)?;
            walk.field(&CW_MINIMUM, contention_window(ecw, 0), at);
            walk.field(&CW_MAXIMUM, contention_window(ecw, 4), at);
            walk.u16(reader, &TXOP_LIMIT)
        })?;
    }
    Some(())
}

fn wmm(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let subtype = walk.u8(reader, &SUBTYPE)?;
    walk.u8(reader, &VERSION)?;
    match subtype {
        0 => qos_info(walk, reader, &QOS_INFO),
        1 => {
            qos_info(walk, reader, &QOS_INFO)?;
            walk.u8(reader, &RESERVED)?;
            categories(walk, reader)
        }
        2 => tspec(walk, reader),
        _ => Some(()),
    }
}

fn edca(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    qos_info(walk, reader, &EDCA_INFO)?;
    walk.u8(reader, &EDCA_UPDATE)?;
    categories(walk, reader)
}

fn qos_capability(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    qos_info(walk, reader, &QOS_CAPABILITY)
}

fn mu_edca(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    qos_info(walk, reader, &MU_INFO)?;
    for _ in 0..4 {
        let span = Span::new(reader.offset(), 3);
        let name = reader.peek::<1>().and_then(|[first]| category_name(u64::from(first >> 5 & 3)));
        walk.branch(&MU_CATEGORY, name.map_or(Value::Nothing, Value::Word), span, |walk| {
            bits(walk, reader, &MU_ACI, 1, MU_ACI_BITS)?;
            bits(walk, reader, &MU_ECW, 1, MU_ECW_BITS)?;
            walk.u8(reader, &MU_TIMER)
        })?;
    }
    Some(())
}

fn tspec(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &TS_INFO, 3, TS_BITS)?;
    walk.u16(reader, &NOMINAL_MSDU)?;
    walk.u16(reader, &MAXIMUM_MSDU)?;
    for field in [
        &MINIMUM_SERVICE,
        &MAXIMUM_SERVICE,
        &INACTIVITY,
        &SUSPENSION,
        &SERVICE_START,
        &MINIMUM_RATE,
        &MEAN_RATE,
        &PEAK_RATE,
        &BURST,
        &DELAY_BOUND,
        &MINIMUM_PHY,
    ] {
        walk.number(reader, field, 4)?;
    }
    walk.u16(reader, &SURPLUS)?;
    walk.u16(reader, &MEDIUM_TIME).map(|_| ())
}

/// Exceptions come first; the last 16 bytes are the ranges of the 8 priorities.
fn qos_map(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while reader.left() > 16 {
        let span = Span::new(reader.offset(), 2);
        walk.branch(&MAP_EXCEPTION, Value::Nothing, span, |walk| {
            walk.u8(reader, &MAP_VALUE)?;
            walk.u8(reader, &MAP_PRIORITY)
        })?;
    }
    for priority in 0..8 {
        let span = Span::new(reader.offset(), 2);
        walk.branch(&MAP_RANGE, Value::Unsigned(priority), span, |walk| {
            walk.u8(reader, &MAP_LOW)?;
            walk.u8(reader, &MAP_HIGH)
        })?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn wmm_parameters() {
        let mut element = vec![221, 24, 0, 0x50, 0xf2, 2, 1, 1, 0x85, 0];
        element
            .extend([0x03, 0xa4, 0, 0, 0x27, 0xa4, 0, 0, 0x42, 0x43, 0x5e, 0, 0x62, 0x32, 0x2f, 0]);
        let lines = body_lines(&element);
        assert_eq!(
            lines[2..7],
            [
                "Subtype: parameter (1)",
                "Version: 1",
                "QoS information: 0x85",
                "  Parameter set count: 5",
                "  U-APSD: yes",
            ]
        );
        let voice = lines.iter().position(|line| line == "Access category: voice").expect("voice");
        assert_eq!(
            lines[voice + 1..],
            [
                "  ACI and AIFSN: 0x62",
                "    AIFSN: 2 slots",
                "    Admission control mandatory: no",
                "    ACI: voice (3)",
                "  ECW: 0x32",
                "    ECW minimum: 2",
                "    ECW maximum: 3",
                "  Contention window minimum: 3 slots",
                "  Contention window maximum: 7 slots",
                "  TXOP limit: 47 32 µs",
            ]
        );
    }

    #[test]
    fn mu_edca_timers() {
        let lines = body_lines(&[
            255, 14, 38, 0, 0x03, 0xa4, 8, 0x27, 0xa4, 8, 0x42, 0x43, 8, 0x62, 0x32, 9,
        ]);
        assert_eq!(lines.last().map(String::as_str), Some("  MU EDCA timer: 9 8 TU"));
    }
}
