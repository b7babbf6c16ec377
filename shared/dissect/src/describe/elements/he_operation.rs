//! High efficiency (802.11ax): operation, spatial reuse, BSS colour, random access.

use super::he::{mcs_map, mcs_name};
use super::{Known, bits, element_fields, only_named, pick};
use crate::fields::{Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11ax-2021, 9.4.2.249" {
        PARAMETERS: hex("wlan.ext_tag.he_operation.params", "HE operation parameters", 6);
        COLOR: hex("wlan.ext_tag.bss_color_information", "BSS colour information", 2);
        BASIC: hex("wlan.ext_tag.he_operation.basic_he_mcs_and_nss", "Basic HE-MCS and NSS set", 4);
        BASIC_STREAMS: unsigned("wlan.ext_tag.he_operation.streams", "Streams");
        BASIC_MCS: unsigned("wlan.ext_tag.he_operation.max_he_mcs", "Highest HE-MCS").names(mcs_name);
        VHT: branch("wlan.ext_tag.he_operation.vht_op_info", "VHT operation information");
        VHT_WIDTH: unsigned("wlan.ext_tag.he_operation.vht_op_info.channel_width", "Channel width")
            .names(|value| pick(&["20 or 40 MHz", "80, 160 or 80+80 MHz", "160 MHz (deprecated)", "80+80 MHz (deprecated)"], value));
        VHT_SEGMENT_0: unsigned("wlan.ext_tag.he_operation.vht_op_info.chan_center_freq_seg_0", "Centre channel, segment 0");
        VHT_SEGMENT_1: unsigned("wlan.ext_tag.he_operation.vht_op_info.chan_center_freq_seg_1", "Centre channel, segment 1");
        CO_HOSTED: unsigned("wlan.ext_tag.he_operation.max_co_hosted_bssid_indicator", "Maximum co-hosted BSSID indicator");
        SIX: branch("wlan.ext_tag.he_operation.6ghz", "6 GHz operation information");
        SIX_PRIMARY: unsigned("wlan.ext_tag.he_operation.6ghz.primary_channel", "Primary channel");
        SIX_CONTROL: hex("wlan.ext_tag.he_operation.6ghz.control", "Control", 2);
        SIX_SEGMENT_0: unsigned("wlan.ext_tag.he_operation.6ghz.chan_center_freq_seg_0", "Centre channel, segment 0");
        SIX_SEGMENT_1: unsigned("wlan.ext_tag.he_operation.6ghz.chan_center_freq_seg_1", "Centre channel, segment 1");
        SIX_RATE: unsigned("wlan.ext_tag.he_operation.6ghz.minimum_rate", "Minimum rate").unit("Mbit/s");
    }
    fields "802.11ax-2021, 9.4.2.252" {
        REUSE: hex("wlan.ext_tag.spatial_reuse.sr_control", "Spatial reuse control", 2);
        REUSE_MAXIMUM: unsigned("wlan.ext_tag.spatial_reuse.non_srg_obss_pd_max_offset", "Non-SRG OBSS PD maximum offset").unit("dB");
        REUSE_SRG_MINIMUM: unsigned("wlan.ext_tag.spatial_reuse.srg_obss_pd_min_offset", "SRG OBSS PD minimum offset").unit("dB");
        REUSE_SRG_MAXIMUM: unsigned("wlan.ext_tag.spatial_reuse.srg_obss_pd_max_offset", "SRG OBSS PD maximum offset").unit("dB");
        REUSE_COLORS: hex("wlan.ext_tag.spatial_reuse.srg_bss_color_bitmap", "SRG BSS colour bitmap", 16);
        REUSE_BSSIDS: hex("wlan.ext_tag.spatial_reuse.srg_partial_bssid_bitmap", "SRG partial BSSID bitmap", 16);
    }
    fields "802.11ax-2021, 9.4.2.253" {
        NDP_FEEDBACK: unsigned("wlan.ext_tag.ndp_feedback.res_req_buf_thresh_exp", "Resource request buffer threshold exponent");
    }
    fields "802.11ax-2021, 9.4.2.254" {
        CHANGE_COUNTDOWN: unsigned("wlan.ext_tag.bss_color_change.color_switch_countdown", "Colour switch countdown").unit("beacons");
        CHANGE_INFORMATION: hex("wlan.ext_tag.bss_color_change.new_color_info", "New BSS colour information", 2);
    }
    fields "802.11ax-2021, 9.4.2.250" {
        RANDOM_ACCESS: hex("wlan.ext_tag.uora_parameter_set.field", "OFDMA contention window range", 2);
    }
    fields "802.11ax-2021, 9.4.2.256" {
        ESS: hex("wlan.ext_tag.ess_report.ess_info.field", "ESS information", 2);
    }
    layout PARAMETER_BITS "802.11ax-2021, 9.4.2.249" {
        0, 3: unsigned("wlan.ext_tag.he_operation.default_pe_duration", "Default PE duration").unit("4 µs");
        3, 1: flag("wlan.ext_tag.he_operation.twt_required", "TWT required");
        4, 10: unsigned("wlan.ext_tag.he_operation.txop_duration_rts_thresh", "TXOP duration RTS threshold").unit("32 µs");
        14, 1: flag("wlan.ext_tag.he_operation.vht_op_info_present", "VHT operation information present");
        15, 1: flag("wlan.ext_tag.he_operation.co_hosted_bss", "Co-hosted BSS");
        16, 1: flag("wlan.ext_tag.he_operation.er_su_disable", "ER SU disabled");
        17, 1: flag("wlan.ext_tag.he_operation.6ghz_operation_information_present", "6 GHz operation information present");
    }
    layout COLOR_BITS "802.11ax-2021, 9.4.2.249" {
        0, 6: unsigned("wlan.ext_tag.bss_color_information.bss_color", "BSS colour");
        6, 1: flag("wlan.ext_tag.bss_color_information.partial_bss_color", "Partial BSS colour");
        7, 1: flag("wlan.ext_tag.bss_color_information.bss_color_disabled", "BSS colour disabled");
    }
    layout SIX_BITS "802.11ax-2021, 9.4.2.249" {
        0, 2: unsigned("wlan.ext_tag.he_operation.6ghz.control.channel_width", "Channel width")
            .names(|value| pick(&["20 MHz", "40 MHz", "80 MHz", "160 or 80+80 MHz"], value));
        2, 1: flag("wlan.ext_tag.he_operation.6ghz.control.duplicate_beacon", "Duplicate beacon");
        3, 4: unsigned("wlan.ext_tag.he_operation.6ghz.control.regulatory_info", "Regulatory information").names(regulatory_name);
    }
    layout REUSE_BITS "802.11ax-2021, 9.4.2.252" {
        0, 1: flag("wlan.ext_tag.spatial_reuse.sr_control.srp_dis", "PSR disallowed");
        1, 1: flag("wlan.ext_tag.spatial_reuse.sr_control.non_srg_obss_pd_sr_dis", "Non-SRG OBSS PD spatial reuse disallowed");
        2, 1: flag("wlan.ext_tag.spatial_reuse.sr_control.non_srg_ofs_present", "Non-SRG offset present");
        3, 1: flag("wlan.ext_tag.spatial_reuse.sr_control.srg_info_present", "SRG information present");
        4, 1: flag("wlan.ext_tag.spatial_reuse.sr_control.hesiga_val_15_allowed", "HE-SIG-A spatial reuse value 15 allowed");
    }
    layout CHANGE_BITS "802.11ax-2021, 9.4.2.254" {
        0, 6: unsigned("wlan.ext_tag.bss_color_change.new_bss_color", "New BSS colour");
    }
    layout RANDOM_ACCESS_BITS "802.11ax-2021, 9.4.2.250" {
        0, 3: unsigned("wlan.ext_tag.uora_parameter_set.eocwmin", "EOCW minimum");
        3, 3: unsigned("wlan.ext_tag.uora_parameter_set.eocwmax", "EOCW maximum");
    }
    layout ESS_BITS "802.11ax-2021, 9.4.2.256" {
        0, 1: flag("wlan.ext_tag.ess_report.ess_info.planned_ess", "Planned ESS");
        1, 1: flag("wlan.ext_tag.ess_report.ess_info.edge_of_ess", "Edge of ESS");
        2, 6: unsigned("wlan.ext_tag.ess_report.ess_info.thresh", "Recommended transition threshold above -110 dBm").unit("2 dB");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::extension(id::EXT_HE_OPERATION, "HE operation", operation),
    Known::extension(37, "UORA parameter set", random_access),
    Known::extension(39, "Spatial reuse parameter set", reuse),
    Known::extension(41, "NDP feedback report parameter set", ndp_feedback),
    Known::extension(42, "BSS colour change announcement", change),
    Known::extension(43, "Quiet time period setup", only_named),
    Known::extension(45, "ESS report", ess),
    Known::extension(46, "OPS", only_named),
];

/// What a 6 GHz access point may be (IEEE Std 802.11-2024, table E-13).
fn regulatory_name(value: u64) -> Option<&'static str> {
    pick(
        &[
            "indoor",
            "standard power",
            "very low power",
            "indoor enabled",
            "indoor standard power",
            "",
            "",
            "",
            "indoor standard power (composite)",
        ],
        value,
    )
}

fn operation(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let parameters = bits(walk, reader, &PARAMETERS, 3, PARAMETER_BITS)?;
    bits(walk, reader, &COLOR, 1, COLOR_BITS)?;
    mcs_map(walk, reader, &BASIC, &BASIC_STREAMS, &BASIC_MCS)?;
    if parameters.is_set(14) {
        let span = Span::new(reader.offset(), 3);
        walk.branch(&VHT, Value::Nothing, span, |walk| {
            walk.u8(reader, &VHT_WIDTH)?;
            walk.u8(reader, &VHT_SEGMENT_0)?;
            walk.u8(reader, &VHT_SEGMENT_1)
        })?;
    }
    if parameters.is_set(15) {
        walk.u8(reader, &CO_HOSTED)?;
    }
    if parameters.is_set(17) {
        let span = Span::new(reader.offset(), 5);
        walk.branch(&SIX, Value::Nothing, span, |walk| {
            walk.u8(reader, &SIX_PRIMARY)?;
            bits(walk, reader, &SIX_CONTROL, 1, SIX_BITS)?;
            walk.u8(reader, &SIX_SEGMENT_0)?;
            walk.u8(reader, &SIX_SEGMENT_1)?;
            walk.u8(reader, &SIX_RATE)
        })?;
    }
    Some(())
}

fn reuse(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = bits(walk, reader, &REUSE, 1, REUSE_BITS)?;
    if control.is_set(2) {
        walk.u8(reader, &REUSE_MAXIMUM)?;
    }
    if control.is_set(3) {
        walk.u8(reader, &REUSE_SRG_MINIMUM)?;
        walk.u8(reader, &REUSE_SRG_MAXIMUM)?;
        walk.number(reader, &REUSE_COLORS, 8)?;
        walk.number(reader, &REUSE_BSSIDS, 8)?;
    }
    Some(())
}

fn ndp_feedback(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &NDP_FEEDBACK).map(|_| ())
}

fn change(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &CHANGE_COUNTDOWN)?;
    bits(walk, reader, &CHANGE_INFORMATION, 1, CHANGE_BITS).map(|_| ())
}

fn random_access(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &RANDOM_ACCESS, 1, RANDOM_ACCESS_BITS).map(|_| ())
}

fn ess(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &ESS, 1, ESS_BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn operation_in_6_ghz() {
        let lines =
            body_lines(&[255, 12, 36, 0xf4, 0x3f, 0x02, 0x25, 0xfc, 0xff, 37, 0x0b, 39, 47, 6]);
        for line in [
            "HE operation parameters: 0x023ff4",
            "  TXOP duration RTS threshold: 1023 32 µs",
            "  BSS colour: 37",
            "  Streams: 1",
            "6 GHz operation information",
            "  Primary channel: 37",
            "    Channel width: 160 or 80+80 MHz (3)",
            "    Regulatory information: standard power (1)",
            "  Centre channel, segment 1: 47",
            "  Minimum rate: 6 Mbit/s",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn reuse_and_colour_change() {
        let lines = body_lines(&[255, 3, 39, 0x04, 20]);
        assert_eq!(lines.last().map(String::as_str), Some("Non-SRG OBSS PD maximum offset: 20 dB"));
        assert_eq!(
            body_lines(&[255, 3, 42, 10, 5]),
            [
                "Colour switch countdown: 10 beacons",
                "New BSS colour information: 0x05",
                "  New BSS colour: 5"
            ]
        );
    }
}
