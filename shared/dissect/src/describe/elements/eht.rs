//! Extremely high throughput (802.11be): capabilities, operation with puncturing, bandwidth indication.

use super::{Bits, Known, bits, element_fields, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;
use pw_model::FrameKind;

element_fields! {
    fields "802.11be-2024, 9.4.2.323" {
        MAC: hex("wlan.eht.mac_capabilities", "EHT MAC capabilities", 4);
        PHY: bytes("wlan.eht.phy_capabilities", "EHT PHY capabilities");
        MCS: branch("wlan.eht.supported_mcs_nss", "Supported EHT-MCS and NSS set");
        MCS_0_7: hex("wlan.eht.supported_mcs_nss.mcs_0_7", "MCS 0 to 7", 2);
        MCS_8_9: hex("wlan.eht.supported_mcs_nss.mcs_8_9", "MCS 8 and 9", 2);
        MCS_0_9: hex("wlan.eht.supported_mcs_nss.mcs_0_9", "MCS 0 to 9", 2);
        MCS_10_11: hex("wlan.eht.supported_mcs_nss.mcs_10_11", "MCS 10 and 11", 2);
        MCS_12_13: hex("wlan.eht.supported_mcs_nss.mcs_12_13", "MCS 12 and 13", 2);
        PPE: bytes("wlan.eht.ppe_thresholds", "EHT PPE thresholds");
    }
    fields "802.11be-2024, 9.4.2.321" {
        PARAMETERS: hex("wlan.eht.eht_operation_parameters", "EHT operation parameters", 2);
        BASIC: branch("wlan.eht.basic_eht_mcs_nss", "Basic EHT-MCS and NSS set");
        CONTROL: hex("wlan.eht.eht_operation_information.control", "Control", 2);
        SEGMENT_0: unsigned("wlan.eht.eht_operation_information.ccfs0", "Centre channel, segment 0");
        SEGMENT_1: unsigned("wlan.eht.eht_operation_information.ccfs1", "Centre channel, segment 1");
        DISABLED: hex("wlan.eht.eht_operation_information.disabled_subchannel_bitmap", "Disabled subchannel bitmap", 4);
        PUNCTURED: unsigned("wlan.eht.eht_operation_information.disabled_subchannel", "Disabled 20 MHz subchannel, from the lowest");
    }
    fields "802.11be-2024, 9.4.2.325" {
        INDICATION: hex("wlan.eht.bandwidth_indication.parameters", "Bandwidth indication parameters", 2);
    }
    layout MAC_BITS "802.11be-2024, 9.4.2.323.2" {
        0, 1: flag("wlan.eht.mac_capabilities.epcs_prio_access_support", "EPCS priority access");
        1, 1: flag("wlan.eht.mac_capabilities.eht_om_control_support", "EHT OM control");
        2, 1: flag("wlan.eht.mac_capabilities.triggered_txop_sharing_mode_1_support", "Triggered TXOP sharing mode 1");
        3, 1: flag("wlan.eht.mac_capabilities.triggered_txop_sharing_mode_2_support", "Triggered TXOP sharing mode 2");
        4, 1: flag("wlan.eht.mac_capabilities.restricted_twt_support", "Restricted TWT");
        5, 1: flag("wlan.eht.mac_capabilities.scs_traffic_description_support", "SCS traffic description");
        6, 2: unsigned("wlan.eht.mac_capabilities.maximum_mpdu_length", "Maximum MPDU length")
            .names(|value| pick(&["3895 bytes", "7991 bytes", "11454 bytes"], value));
        8, 1: unsigned("wlan.eht.mac_capabilities.maximum_ampdu_length_exponent_extension", "Maximum A-MPDU length exponent extension");
        9, 1: flag("wlan.eht.mac_capabilities.eht_trs_support", "EHT TRS");
        10, 1: flag("wlan.eht.mac_capabilities.txop_return_support_in_txop_sharing_mode_2", "TXOP return in TXOP sharing mode 2");
        11, 1: flag("wlan.eht.mac_capabilities.two_bqrs_support", "Two BQRs");
        12, 2: unsigned("wlan.eht.mac_capabilities.eht_link_adaptation_support", "EHT link adaptation")
            .names(|value| pick(&["none", "reserved", "unsolicited", "both"], value));
        14, 1: flag("wlan.eht.mac_capabilities.unsolicited_epcs_update", "Unsolicited EPCS priority access parameter update");
    }
    layout PHY_BITS "802.11be-2024, 9.4.2.323.3" {
        1, 1: flag("wlan.eht.phy_capabilities.320_mhz_in_6ghz", "320 MHz in 6 GHz");
        2, 1: flag("wlan.eht.phy_capabilities.242_tone_ru_in_bw_wider_20mhz", "242-tone RU in more than 20 MHz");
        3, 1: flag("wlan.eht.phy_capabilities.ndp_4x_eht_ltf_3_2_us_gi", "NDP with 4x EHT-LTF and 3.2 µs GI");
        4, 1: flag("wlan.eht.phy_capabilities.partial_bw_ul_mu_mimo", "Partial bandwidth UL MU-MIMO");
        5, 1: flag("wlan.eht.phy_capabilities.su_beamformer", "SU beamformer");
        6, 1: flag("wlan.eht.phy_capabilities.su_beamformee", "SU beamformee");
        7, 3: unsigned("wlan.eht.phy_capabilities.beamformee_ss_le_80mhz", "Beamformee SS up to 80 MHz, less one");
        10, 3: unsigned("wlan.eht.phy_capabilities.beamformee_ss_160mhz", "Beamformee SS 160 MHz, less one");
        13, 3: unsigned("wlan.eht.phy_capabilities.beamformee_ss_320mhz", "Beamformee SS 320 MHz, less one");
        16, 3: unsigned("wlan.eht.phy_capabilities.number_of_sounding_dims_le_80mhz", "Sounding dimensions up to 80 MHz, less one");
        19, 3: unsigned("wlan.eht.phy_capabilities.number_of_sounding_dims_160mhz", "Sounding dimensions 160 MHz, less one");
        22, 3: unsigned("wlan.eht.phy_capabilities.number_of_sounding_dims_320mhz", "Sounding dimensions 320 MHz, less one");
        25, 1: flag("wlan.eht.phy_capabilities.ng_eq_16_su_fb", "Ng = 16 SU feedback");
        26, 1: flag("wlan.eht.phy_capabilities.ng_eq_16_mu_fb", "Ng = 16 MU feedback");
        27, 1: flag("wlan.eht.phy_capabilities.codebook_size_4_2_su_fbck", "Codebook size (4, 2) SU feedback");
        28, 1: flag("wlan.eht.phy_capabilities.codebook_size_7_5_mu_fbck", "Codebook size (7, 5) MU feedback");
        29, 1: flag("wlan.eht.phy_capabilities.triggered_su_beamform_fbck", "Triggered SU beamforming feedback");
        30, 1: flag("wlan.eht.phy_capabilities.triggered_mu_beamform_part_bw_fbck", "Triggered MU beamforming partial bandwidth feedback");
        31, 1: flag("wlan.eht.phy_capabilities.triggered_cqi_fbck", "Triggered CQI feedback");
        32, 1: flag("wlan.eht.phy_capabilities.partial_bw_dl_mu_mimo", "Partial bandwidth DL MU-MIMO");
        33, 1: flag("wlan.eht.phy_capabilities.psr_based_sr_support", "EHT PSR-based spatial reuse");
        34, 1: flag("wlan.eht.phy_capabilities.power_boost_factor_support", "Power boost factor");
        35, 1: flag("wlan.eht.phy_capabilities.eht_mu_ppdu_4x_eht_ltf_08_us_gi", "EHT MU PPDU with 4x EHT-LTF and 0.8 µs GI");
        36, 4: unsigned("wlan.eht.phy_capabilities.max_nc", "Maximum Nc, less one");
        40, 1: flag("wlan.eht.phy_capabilities.non_triggered_cqi_fbck", "Non-triggered CQI feedback");
        41, 1: flag("wlan.eht.phy_capabilities.tx_1024_4096_qam_lt_242_ru_support", "Transmit 1024- and 4096-QAM below 242 tones");
        42, 1: flag("wlan.eht.phy_capabilities.rx_1024_4096_qam_lt_242_ru_support", "Receive 1024- and 4096-QAM below 242 tones");
        43, 1: flag("wlan.eht.phy_capabilities.ppe_thres_present", "PPE thresholds present");
        44, 2: unsigned("wlan.eht.phy_capabilities.common_nominal_packet_padding", "Common nominal packet padding")
            .names(|value| pick(&["0 µs", "8 µs", "16 µs", "20 µs"], value));
        46, 5: unsigned("wlan.eht.phy_capabilities.max_num_supported_eht_ltf", "Maximum number of EHT-LTFs code");
        51, 4: hex("wlan.eht.phy_capabilities.mcs_15", "MCS 15", 1);
        55, 1: flag("wlan.eht.phy_capabilities.eht_dup_in_6_ghz", "EHT DUP in 6 GHz");
        56, 1: flag("wlan.eht.phy_capabilities.20_mhz_sta_recv_ndp_wide_bw", "20 MHz station receives NDP in wider bandwidth");
        57, 1: flag("wlan.eht.phy_capabilities.non_ofdma_ul_mu_bw_le_80_mhz", "Non-OFDMA UL MU-MIMO up to 80 MHz");
        58, 1: flag("wlan.eht.phy_capabilities.non_ofdma_ul_mu_bw_eq_160_mhz", "Non-OFDMA UL MU-MIMO 160 MHz");
        59, 1: flag("wlan.eht.phy_capabilities.non_ofdma_ul_mu_bw_eq_320_mhz", "Non-OFDMA UL MU-MIMO 320 MHz");
        60, 1: flag("wlan.eht.phy_capabilities.mu_beamformer_bw_le_80_mhz", "MU beamformer up to 80 MHz");
        61, 1: flag("wlan.eht.phy_capabilities.mu_beamformer_bw_eq_160_mhz", "MU beamformer 160 MHz");
        62, 1: flag("wlan.eht.phy_capabilities.mu_beamformer_bw_eq_320_mhz", "MU beamformer 320 MHz");
        63, 1: flag("wlan.eht.phy_capabilities.tb_sounding_feedback_rate_limit", "TB sounding feedback rate limit");
        64, 1: flag("wlan.eht.phy_capabilities.rx_1024_qam_wid_bw_dl_ofdma_sup", "Receive 1024-QAM in wider DL OFDMA");
        65, 1: flag("wlan.eht.phy_capabilities.rx_4096_qam_wid_bw_dl_ofdma_sup", "Receive 4096-QAM in wider DL OFDMA");
        66, 1: flag("wlan.eht.phy_capabilities.20mhz_only_limited_capabilities_support", "20 MHz-only limited capabilities");
        67, 1: flag("wlan.eht.phy_capabilities.20mhz_only_triggered_mu_bf_full_bw", "20 MHz-only triggered MU beamforming full bandwidth feedback and DL MU-MIMO");
        68, 1: flag("wlan.eht.phy_capabilities.20mhz_only_mru_support", "20 MHz-only MRU");
    }
    layout STREAM_BITS "802.11be-2024, 9.4.2.323.4" {
        0, 4: unsigned("wlan.eht.supported_mcs_nss.rx_max_nss", "Receive streams");
        4, 4: unsigned("wlan.eht.supported_mcs_nss.tx_max_nss", "Transmit streams");
    }
    layout PPE_BITS "802.11be-2024, 9.4.2.323.5" {
        0, 4: unsigned("wlan.eht.ppe_thresholds.nss", "Streams, less one");
        4, 5: hex("wlan.eht.ppe_thresholds.ru_index_bitmask", "RU index bitmask", 2);
    }
    layout PARAMETER_BITS "802.11be-2024, 9.4.2.321" {
        0, 1: flag("wlan.eht.eht_operation_parameters.information_present", "Operation information present");
        1, 1: flag("wlan.eht.eht_operation_parameters.disabled_subchannel_bitmap_present", "Disabled subchannel bitmap present");
        2, 1: flag("wlan.eht.eht_operation_parameters.eht_default_pe_duration", "EHT default PE duration");
        3, 1: flag("wlan.eht.eht_operation_parameters.group_addressed_bu_indication_limit", "Group addressed BU indication limit");
        4, 2: unsigned("wlan.eht.eht_operation_parameters.group_addressed_bu_exponent", "Group addressed BU indication exponent");
        6, 1: flag("wlan.eht.eht_operation_parameters.mcs_15_disable", "MCS 15 disabled");
    }
    layout CONTROL_BITS "802.11be-2024, 9.4.2.321" {
        0, 3: unsigned("wlan.eht.eht_operation_information.control.channel_width", "Channel width")
            .names(|value| pick(&["20 MHz", "40 MHz", "80 MHz", "160 MHz", "320 MHz"], value));
    }
    layout INDICATION_BITS "802.11be-2024, 9.4.2.325" {
        1, 1: flag("wlan.eht.bandwidth_indication.disabled_subchannel_bitmap_present", "Disabled subchannel bitmap present");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::extension(id::EXT_EHT_CAPABILITIES, "EHT capabilities", capabilities),
    Known::extension(id::EXT_EHT_OPERATION, "EHT operation", operation),
    Known::extension(135, "Bandwidth indication", indication),
];

/// True for frames that stations send which are no access points.
pub(super) fn is_from_station(walk: &Walk<'_>) -> bool {
    matches!(
        walk.packet.frame.kind(),
        FrameKind::ASSOCIATION_REQUEST
            | FrameKind::REASSOCIATION_REQUEST
            | FrameKind::PROBE_REQUEST
    )
}

fn streams(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    name: &'static str,
    fields: &[&'static Field],
) -> Option<()> {
    let span = Span::new(reader.offset(), fields.len());
    walk.branch(&MCS, Value::Word(name), span, |walk| {
        for field in fields {
            bits(walk, reader, field, 1, STREAM_BITS)?;
        }
        Some(())
    })
}

fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &MAC, 2, MAC_BITS)?;
    let phy = bits(walk, reader, &PHY, 9, PHY_BITS)?;
    // Which maps follow depends on the widths, which HE capabilities say. Bit 1: 40 MHz in 2.4 GHz;
    // bit 2: 40 and 80 MHz; bit 3: 160 MHz. Bit 1 is reserved in the other bands, and some set it there.
    let he = walk.he_widths().unwrap_or(0);
    let wide: &[&'static Field] = &[&MCS_0_9, &MCS_10_11, &MCS_12_13];
    if he & 0x0e == 0 && !phy.is_set(1) && is_from_station(walk) {
        let fields: &[&'static Field] = &[&MCS_0_7, &MCS_8_9, &MCS_10_11, &MCS_12_13];
        streams(walk, reader, "20 MHz only", fields)?;
    } else {
        streams(walk, reader, "up to 80 MHz", wide)?;
        if he & 0x08 != 0 {
            streams(walk, reader, "160 MHz", wide)?;
        }
        if phy.is_set(1) {
            streams(walk, reader, "320 MHz", wide)?;
        }
    }
    if phy.is_set(43) {
        let head = Bits(reader.rest());
        let streams = head.get(0, 4).saturating_add(1);
        let sizes = u64::from(head.get(4, 5).count_ones());
        let length = streams.saturating_mul(sizes).saturating_mul(6).saturating_add(9).div_ceil(8);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        bits(walk, reader, &PPE, length, PPE_BITS)?;
    }
    Some(())
}

/// Control, the two centre channels, and the bitmap of punctured subchannels.
fn information(walk: &mut Walk<'_>, reader: &mut Reader<'_>, has_bitmap: bool) -> Option<()> {
    bits(walk, reader, &CONTROL, 1, CONTROL_BITS)?;
    walk.u8(reader, &SEGMENT_0)?;
    walk.u8(reader, &SEGMENT_1)?;
    if has_bitmap {
        let start = reader.offset();
        let map = reader.little_endian(2)?;
        let span = Span::new(start, 2);
        walk.branch(&DISABLED, Value::Unsigned(map), span, |walk| {
            for subchannel in (0u64..16).filter(|subchannel| map >> subchannel & 1 != 0) {
                walk.field(&PUNCTURED, Value::Unsigned(subchannel), span);
            }
        });
    }
    Some(())
}

fn operation(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let parameters = bits(walk, reader, &PARAMETERS, 1, PARAMETER_BITS)?;
    let span = Span::new(reader.offset(), 4);
    walk.branch(&BASIC, Value::Nothing, span, |walk| {
        for field in [&MCS_0_7, &MCS_8_9, &MCS_10_11, &MCS_12_13] {
            bits(walk, reader, field, 1, STREAM_BITS)?;
        }
        Some(())
    })?;
    if parameters.is_set(0) {
        information(walk, reader, parameters.is_set(1))?;
    }
    Some(())
}

fn indication(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let parameters = bits(walk, reader, &INDICATION, 1, INDICATION_BITS)?;
    information(walk, reader, parameters.is_set(1))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{body_lines, element_lines};

    #[test]
    fn operation_with_puncturing() {
        let lines = body_lines(&[255, 11, 106, 0x03, 0x44, 0x44, 0x44, 0x44, 3, 42, 50, 0x08, 0]);
        for line in [
            "  Disabled subchannel bitmap present: yes",
            "  MCS 12 and 13: 0x44",
            "    Receive streams: 4",
            "  Channel width: 160 MHz (3)",
            "Centre channel, segment 1: 50",
            "Disabled subchannel bitmap: 0x0008",
            "  Disabled 20 MHz subchannel, from the lowest: 3",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn capabilities_by_the_widths_of_he() {
        let mut elements = vec![255, 26, 35, 0, 0, 0, 0, 0, 0, 0x0e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        elements.extend([0xfa, 0xff, 0xfa, 0xff, 0xfa, 0xff, 0xfa, 0xff]);
        elements.extend([255, 21, 108, 0x82, 0x00, 0x02, 0, 0, 0, 0, 0, 0, 0, 0]);
        elements.extend([0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x11, 0x11, 0x11]);
        let lines = element_lines(&elements);
        for line in [
            "    EHT OM control: yes",
            "    Maximum MPDU length: 11454 bytes (2)",
            "    320 MHz in 6 GHz: yes",
            "  Supported EHT-MCS and NSS set: up to 80 MHz",
            "  Supported EHT-MCS and NSS set: 160 MHz",
            "  Supported EHT-MCS and NSS set: 320 MHz",
            "      Transmit streams: 1",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(
            !lines.iter().any(|line| line.contains('!') || line.contains("Data")),
            "{lines:#?}"
        );
    }

    #[test]
    fn bandwidth_indication() {
        let lines = body_lines(&[255, 5, 135, 0, 4, 95, 111]);
        assert!(lines.contains(&"  Channel width: 320 MHz (4)".to_owned()), "{lines:?}");
    }
}
