//! High efficiency (802.11ax): capabilities.

use super::{Bits, Known, bits, element_fields, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11ax-2021, 9.4.2.248" {
        MAC: bytes("wlan.ext_tag.he_mac_caps", "HE MAC capabilities");
        PHY: bytes("wlan.ext_tag.he_phy_cap", "HE PHY capabilities");
        RX_80: hex("wlan.ext_tag.he_mcs_map.rx_he_mcs_map_lte_80", "Receive HE-MCS map up to 80 MHz", 4);
        TX_80: hex("wlan.ext_tag.he_mcs_map.tx_he_mcs_map_lte_80", "Transmit HE-MCS map up to 80 MHz", 4);
        RX_160: hex("wlan.ext_tag.he_mcs_map.rx_he_mcs_map_160", "Receive HE-MCS map, 160 MHz", 4);
        TX_160: hex("wlan.ext_tag.he_mcs_map.tx_he_mcs_map_160", "Transmit HE-MCS map, 160 MHz", 4);
        RX_80_80: hex("wlan.ext_tag.he_mcs_map.rx_he_mcs_map_80_80", "Receive HE-MCS map, 80+80 MHz", 4);
        TX_80_80: hex("wlan.ext_tag.he_mcs_map.tx_he_mcs_map_80_80", "Transmit HE-MCS map, 80+80 MHz", 4);
        STREAMS: unsigned("wlan.ext_tag.he_mcs_map.streams", "Streams");
        STREAM_MCS: unsigned("wlan.ext_tag.he_mcs_map.max_he_mcs", "Highest HE-MCS").names(mcs_name);
        PPE: bytes("wlan.ext_tag.he_ppe_thresholds", "PPE thresholds");
    }
    fields "802.11ax-2021, 9.4.2.263" {
        BAND_6: hex("wlan.tag.he_6ghz.cap_inf", "Capabilities information", 4);
    }
    layout MAC_BITS "802.11ax-2021, 9.4.2.248.2" {
        0, 1: flag("wlan.ext_tag.he_mac_cap.htc_he_support", "+HTC-HE");
        1, 1: flag("wlan.ext_tag.he_mac_cap.twt_req_support", "TWT requester");
        2, 1: flag("wlan.ext_tag.he_mac_cap.twt_rsp_support", "TWT responder");
        3, 2: unsigned("wlan.ext_tag.he_mac_cap.dynamic_fragmentation_support", "Dynamic fragmentation level");
        5, 3: unsigned("wlan.ext_tag.he_mac_cap.max_frag_msdus", "Fragmented MSDUs, exponent");
        8, 2: unsigned("wlan.ext_tag.he_mac_cap.min_frag_size", "Minimum fragment size")
            .names(|value| pick(&["no restriction", "128 bytes", "256 bytes", "512 bytes"], value));
        10, 2: unsigned("wlan.ext_tag.he_mac_cap.trig_frm_mac_padding_dur", "Trigger frame MAC padding")
            .names(|value| pick(&["0 µs", "8 µs", "16 µs"], value));
        12, 3: unsigned("wlan.ext_tag.he_mac_cap.multi_tid_agg_rx_support", "Multi-TID aggregation receive, less one");
        15, 2: unsigned("wlan.ext_tag.he_mac_cap.he_link_adaptation_support", "HE link adaptation")
            .names(|value| pick(&["none", "reserved", "unsolicited", "both"], value));
        17, 1: flag("wlan.ext_tag.he_mac_cap.all_ack_support", "All ack");
        18, 1: flag("wlan.ext_tag.he_mac_cap.trs_support", "TRS");
        19, 1: flag("wlan.ext_tag.he_mac_cap.bsr_support", "BSR");
        20, 1: flag("wlan.ext_tag.he_mac_cap.broadcast_twt_support", "Broadcast TWT");
        21, 1: flag("wlan.ext_tag.he_mac_cap.32_bit_ba_bitmap_support", "32-bit block ack bitmap");
        22, 1: flag("wlan.ext_tag.he_mac_cap.mu_cascading_support", "MU cascading");
        23, 1: flag("wlan.ext_tag.he_mac_cap.ack_enabled_agg_support", "Ack-enabled aggregation");
        25, 1: flag("wlan.ext_tag.he_mac_cap.om_control_support", "OM control");
        26, 1: flag("wlan.ext_tag.he_mac_cap.ofdma_ra_support", "OFDMA random access");
        27, 2: unsigned("wlan.ext_tag.he_mac_cap.max_a_mpdu_len_exp_ext", "Maximum A-MPDU length exponent extension");
        29, 1: flag("wlan.ext_tag.he_mac_cap.a_msdu_frag_support", "A-MSDU fragmentation");
        30, 1: flag("wlan.ext_tag.he_mac_cap.flexible_twt_sched_support", "Flexible TWT schedule");
        31, 1: flag("wlan.ext_tag.he_mac_cap.rx_ctl_frm_multibss", "Receive control frame to MultiBSS");
        32, 1: flag("wlan.ext_tag.he_mac_cap.bsrp_bqrp_a_mpdu_agg", "BSRP and BQRP aggregation");
        33, 1: flag("wlan.ext_tag.he_mac_cap.qtp_support", "QTP");
        34, 1: flag("wlan.ext_tag.he_mac_cap.bqr_support", "BQR");
        35, 1: flag("wlan.ext_tag.he_mac_cap.psr_responder", "PSR responder");
        36, 1: flag("wlan.ext_tag.he_mac_cap.ndp_feedback_report_support", "NDP feedback report");
        37, 1: flag("wlan.ext_tag.he_mac_cap.ops_support", "OPS");
        38, 1: flag("wlan.ext_tag.he_mac_cap.a_msdu_in_a_mpdu_support", "A-MSDU not under block ack in ack-enabled A-MPDU");
        39, 3: unsigned("wlan.ext_tag.he_mac_cap.multi_tid_agg_tx_support", "Multi-TID aggregation transmit, less one");
        42, 1: flag("wlan.ext_tag.he_mac_cap.subchannel_selective_xmit_support", "Subchannel selective transmission");
        43, 1: flag("wlan.ext_tag.he_mac_cap.ul_2_996_tone_ru_support", "Uplink 2x996-tone RU");
        44, 1: flag("wlan.ext_tag.he_mac_cap.om_cntl_ul_mu_data_disable_rx_support", "OM control UL MU data disable receive");
        45, 1: flag("wlan.ext_tag.he_dynamic_sm_power_save", "Dynamic SM power save");
        46, 1: flag("wlan.ext_tag.he_punctured_sounding_support", "Punctured sounding");
        47, 1: flag("wlan.ext_tag.he_ht_and_vht_trigger_frame_rx_support", "HT and VHT trigger frame receive");
    }
    layout PHY_BITS "802.11ax-2021, 9.4.2.248.3" {
        1, 1: flag("wlan.ext_tag.he_phy_cap.chan_width_set.40mhz_in_2_4ghz", "40 MHz in 2.4 GHz");
        2, 1: flag("wlan.ext_tag.he_phy_cap.chan_width_set.40_80_in_5ghz", "40 and 80 MHz in 5 and 6 GHz");
        3, 1: flag("wlan.ext_tag.he_phy_cap.chan_width_set.160_in_5ghz", "160 MHz in 5 and 6 GHz");
        4, 1: flag("wlan.ext_tag.he_phy_cap.chan_width_set.160_80_80_in_5ghz", "160 and 80+80 MHz in 5 and 6 GHz");
        5, 1: flag("wlan.ext_tag.he_phy_cap.chan_width_set.242_tone_in_2_4ghz", "242-tone RUs in 2.4 GHz");
        6, 1: flag("wlan.ext_tag.he_phy_cap.chan_width_set.242_tone_in_5ghz", "242-tone RUs in 5 and 6 GHz");
        8, 4: hex("wlan.ext_tag.he_phy_cap.punc_preamble_rx", "Punctured preamble receive", 1);
        12, 1: unsigned("wlan.ext_tag.he_phy_cap.device_class", "Device class")
            .names(|value| pick(&["class B", "class A"], value));
        13, 1: flag("wlan.ext_tag.he_phy_cap.ldpc_coding_in_payload", "LDPC coding in payload");
        14, 1: flag("wlan.ext_tag.he_phy_cap.he_su_ppdu_with_1x_he_ltf_08us", "HE SU PPDU with 1x HE-LTF and 0.8 µs GI");
        15, 2: unsigned("wlan.ext_tag.he_phy_cap.midamble_tx_rx_max_nsts", "Midamble maximum NSTS, less one");
        17, 1: flag("wlan.ext_tag.he_phy_cap.ndp_with_4x_he_ltf_4x_3.2us", "NDP with 4x HE-LTF and 3.2 µs GI");
        18, 1: flag("wlan.ext_tag.he_phy_cap.stbc_tx_lt_80mhz", "STBC transmit up to 80 MHz");
        19, 1: flag("wlan.ext_tag.he_phy_cap.stbc_rx_lt_80mhz", "STBC receive up to 80 MHz");
        20, 1: flag("wlan.ext_tag.he_phy_cap.doppler_tx", "Doppler transmit");
        21, 1: flag("wlan.ext_tag.he_phy_cap.doppler_rx", "Doppler receive");
        22, 1: flag("wlan.ext_tag.he_phy_cap.full_bw_ul_mu_mimo", "Full bandwidth UL MU-MIMO");
        23, 1: flag("wlan.ext_tag.he_phy_cap.partial_bw_ul_mu_mimo", "Partial bandwidth UL MU-MIMO");
        24, 2: unsigned("wlan.ext_tag.he_phy_cap.dcm_max_const_tx", "DCM highest constellation transmit").names(dcm_name);
        26, 1: unsigned("wlan.ext_tag.he_phy_cap.dcm_max_nss_tx", "DCM streams transmit, less one");
        27, 2: unsigned("wlan.ext_tag.he_phy_cap.dcm_max_const_rx", "DCM highest constellation receive").names(dcm_name);
        29, 1: unsigned("wlan.ext_tag.he_phy_cap.dcm_max_nss_rx", "DCM streams receive, less one");
        30, 1: flag("wlan.ext_tag.he_phy_cap.rx_partial_bw_su_20mhz_he_mu_ppdu", "Receive partial bandwidth SU in 20 MHz HE MU PPDU");
        31, 1: flag("wlan.ext_tag.he_phy_cap.su_beamformer", "SU beamformer");
        32, 1: flag("wlan.ext_tag.he_phy_cap.su_beamformee", "SU beamformee");
        33, 1: flag("wlan.ext_tag.he_phy_cap.mu_beamformer", "MU beamformer");
        34, 3: unsigned("wlan.ext_tag.he_phy_cap.beamformee_sts_lte_80mhz", "Beamformee STS up to 80 MHz, less one");
        37, 3: unsigned("wlan.ext_tag.he_phy_cap.beamformee_sts_gt_80mhz", "Beamformee STS above 80 MHz, less one");
        40, 3: unsigned("wlan.ext_tag.he_phy_cap.no_sounding_dims_lte_80", "Sounding dimensions up to 80 MHz, less one");
        43, 3: unsigned("wlan.ext_tag.he_phy_cap.no_sounding_dims_gt_80", "Sounding dimensions above 80 MHz, less one");
        46, 1: flag("wlan.ext_tag.he_phy_cap.ng_eq_16_su_fb", "Ng = 16 SU feedback");
        47, 1: flag("wlan.ext_tag.he_phy_cap.ng_eq_16_mu_fb", "Ng = 16 MU feedback");
        48, 1: flag("wlan.ext_tag.he_phy_cap.codebook_size_su_fb", "Codebook size (4, 2) SU feedback");
        49, 1: flag("wlan.ext_tag.he_phy_cap.codebook_size_mu_fb", "Codebook size (7, 5) MU feedback");
        50, 1: flag("wlan.ext_tag.he_phy_cap.trig_su_bf_fb", "Triggered SU beamforming feedback");
        51, 1: flag("wlan.ext_tag.he_phy_cap.trig_mu_bf_fb", "Triggered MU beamforming partial bandwidth feedback");
        52, 1: flag("wlan.ext_tag.he_phy_cap.trig_cqi_fb", "Triggered CQI feedback");
        53, 1: flag("wlan.ext_tag.he_phy_cap.partial_bw_er", "Partial bandwidth extended range");
        54, 1: flag("wlan.ext_tag.he_phy_cap.partial_bw_dl_mu_mimo", "Partial bandwidth DL MU-MIMO");
        55, 1: flag("wlan.ext_tag.he_phy_cap.ppe_thres_present", "PPE thresholds present");
        56, 1: flag("wlan.ext_tag.he_phy_cap.psr_based_sr_sup", "PSR-based spatial reuse");
        57, 1: flag("wlan.ext_tag.he_phy_cap.pwr_bst_factor_ar_sup", "Power boost factor");
        58, 1: flag("wlan.ext_tag.he_phy_cap.he_su_ppdu_etc_gi", "HE SU and MU PPDU with 4x HE-LTF and 0.8 µs GI");
        59, 3: unsigned("wlan.ext_tag.he_phy_cap.max_nc", "Maximum Nc, less one");
        62, 1: flag("wlan.ext_tag.he_phy_cap.stbc_tx_gt_80_mhz", "STBC transmit above 80 MHz");
        63, 1: flag("wlan.ext_tag.he_phy_cap.stbc_rx_gt_80_mhz", "STBC receive above 80 MHz");
        64, 1: flag("wlan.ext_tag.he_phy_cap.he_er_su_ppdu_4xxx_gi", "HE ER SU PPDU with 4x HE-LTF and 0.8 µs GI");
        65, 1: flag("wlan.ext_tag.he_phy_cap.20_mhz_in_40_in_2_4ghz", "20 MHz in 40 MHz HE PPDU in 2.4 GHz");
        66, 1: flag("wlan.ext_tag.he_phy_cap.20_mhz_in_160_80p80_ppdu", "20 MHz in 160 and 80+80 MHz HE PPDU");
        67, 1: flag("wlan.ext_tag.he_phy_cap.80_mhz_in_160_80p80_ppdu", "80 MHz in 160 and 80+80 MHz HE PPDU");
        68, 1: flag("wlan.ext_tag.he_phy_cap.he_er_su_ppdu_1xxx_gi", "HE ER SU PPDU with 1x HE-LTF and 0.8 µs GI");
        69, 1: flag("wlan.ext_tag.he_phy_cap.midamble_tx_rx_2x_1x_he_ltf", "Midamble with 2x and 1x HE-LTF");
        70, 2: unsigned("wlan.ext_tag.he_phy_cap.dcm_max_ru", "DCM largest RU")
            .names(|value| pick(&["242 tones", "484 tones", "996 tones", "2x996 tones"], value));
        72, 1: flag("wlan.ext_tag.he_phy_cap.longer_than_16_he_sigb_ofdm_sym_support", "More than 16 HE-SIG-B symbols");
        73, 1: flag("wlan.ext_tag.he_phy_cap.non_triggered_feedback", "Non-triggered CQI feedback");
        74, 1: flag("wlan.ext_tag.he_phy_cap.tx_1024_qam_support_lt_242_tone_ru", "Transmit 1024-QAM below 242 tones");
        75, 1: flag("wlan.ext_tag.he_phy_cap.rx_1024_qam_support_lt_242_tone_ru", "Receive 1024-QAM below 242 tones");
        76, 1: flag("wlan.ext_tag.he_phy_cap.rx_full_bw_su_using_he_mu_ppdu_with_compressed_sigb", "Receive full bandwidth SU by HE MU PPDU, compressed HE-SIG-B");
        77, 1: flag("wlan.ext_tag.he_phy_cap.rx_full_bw_su_using_he_mu_ppdu_with_non_compressed_sigb", "Receive full bandwidth SU by HE MU PPDU, non-compressed HE-SIG-B");
        78, 2: unsigned("wlan.ext_tag.he_phy_cap.nominal_packet_padding", "Nominal packet padding")
            .names(|value| pick(&["0 µs", "8 µs", "16 µs"], value));
        80, 1: flag("wlan.ext_tag.he_phy_cap.he_mu_ppdu_ru_rx_max", "MU PPDU with more than one RU receive, maximum HE-LTF");
    }
    layout PPE_BITS "802.11ax-2021, 9.4.2.248.5" {
        0, 3: unsigned("wlan.ext_tag.he_ppe_thresholds.nss", "Streams, less one");
        3, 4: hex("wlan.ext_tag.he_ppe_thresholds.ru_index_bitmask", "RU index bitmask", 1);
    }
    layout BAND_6_BITS "802.11ax-2021, 9.4.2.263" {
        0, 3: unsigned("wlan.tag.he_6ghz.cap_inf.b0_b2", "Minimum MPDU start spacing").names(super::ht::spacing_name);
        3, 3: unsigned("wlan.tag.he_6ghz.cap_inf.b3_b5", "Maximum A-MPDU length exponent");
        6, 2: unsigned("wlan.tag.he_6ghz.cap_inf.b6_b7", "Maximum MPDU length")
            .names(|value| pick(&["3895 bytes", "7991 bytes", "11454 bytes"], value));
        9, 2: unsigned("wlan.tag.he_6ghz.cap_inf.b9b_b10", "SM power save")
            .names(|value| pick(&["static", "dynamic", "reserved", "disabled"], value));
        11, 1: flag("wlan.tag.he_6ghz.cap_inf.b11", "Reverse direction responder");
        12, 1: flag("wlan.tag.he_6ghz.cap_inf.b12", "Receive antenna pattern consistency");
        13, 1: flag("wlan.tag.he_6ghz.cap_inf.b13", "Transmit antenna pattern consistency");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::extension(id::EXT_HE_CAPABILITIES, "HE capabilities", capabilities),
    Known::extension(id::EXT_HE_6GHZ_CAPABILITIES, "HE 6 GHz band capabilities", band_6),
];

pub(super) fn mcs_name(value: u64) -> Option<&'static str> {
    pick(&["HE-MCS 0 to 7", "HE-MCS 0 to 9", "HE-MCS 0 to 11", "not supported"], value)
}

fn dcm_name(value: u64) -> Option<&'static str> {
    pick(&["none", "BPSK", "QPSK", "16-QAM"], value)
}

/// A map of two bits per stream count; what is not supported is left out.
pub(super) fn mcs_map(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    field: &'static Field,
    stream: &'static Field,
    mcs: &'static Field,
) -> Option<()> {
    let start = reader.offset();
    let bytes = reader.take(2)?;
    let map = Bits(bytes);
    walk.branch(field, Value::Unsigned(map.get(0, 16)), Span::new(start, 2), |walk| {
        for streams in 0u32..8 {
            let code = map.get(streams.saturating_mul(2), 2);
            if code != 3 {
                let at = start.saturating_add(usize::from(streams >= 4));
                let value = Value::Unsigned(u64::from(streams.saturating_add(1)));
                walk.branch(stream, value, Span::new(at, 1), |walk| {
                    walk.field(mcs, Value::Unsigned(code), Span::new(at, 1));
                });
            }
        }
    });
    Some(())
}

fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &MAC, 6, MAC_BITS)?;
    let phy = bits(walk, reader, &PHY, 11, PHY_BITS)?;
    walk.set_he_widths(phy.0.first().copied());
    let mut maps: Vec<&'static Field> = vec![&RX_80, &TX_80];
    if phy.is_set(3) {
        maps.extend([&RX_160, &TX_160]);
    }
    if phy.is_set(4) {
        maps.extend([&RX_80_80, &TX_80_80]);
    }
    for map in maps {
        mcs_map(walk, reader, map, &STREAMS, &STREAM_MCS)?;
    }
    if phy.is_set(55) {
        let [head] = reader.peek::<1>()?;
        // Header of 7 bits, then two thresholds of 3 bits per stream and RU size.
        let streams = u32::from(head & 7).saturating_add(1);
        let sizes = (head >> 3 & 0x0f).count_ones();
        let length = streams.saturating_mul(sizes).saturating_mul(6).saturating_add(7).div_ceil(8);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        bits(walk, reader, &PPE, length, PPE_BITS)?;
    }
    Some(())
}

fn band_6(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &BAND_6, 2, BAND_6_BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn capabilities_with_160_mhz_and_thresholds() {
        let mut element = vec![255, 0, 35];
        element.extend([0x05, 0, 0x18, 0x02, 0, 0x40]);
        element.extend([0x0c, 0x20, 0, 0x80, 0x01, 0, 0x80, 0, 0, 0, 0]);
        element.extend([0xfa, 0xff, 0xfa, 0xff, 0xfe, 0xff, 0xfe, 0xff]);
        // Two streams and the RU sizes of bits 0 and 1: 7 + 2 * 2 * 6 = 31 bits.
        element.extend([0x19, 0x1c, 0xc7, 0x71]);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "  +HTC-HE: yes",
            "  TWT responder: yes",
            "  BSR: yes",
            "  OM control: yes",
            "  Punctured sounding: yes",
            "  40 and 80 MHz in 5 and 6 GHz: yes",
            "  160 MHz in 5 and 6 GHz: yes",
            "  SU beamformer: yes",
            "  SU beamformee: yes",
            "  PPE thresholds present: yes",
            "Receive HE-MCS map up to 80 MHz: 0xfffa",
            "  Streams: 2",
            "    Highest HE-MCS: HE-MCS 0 to 11 (2)",
            "Transmit HE-MCS map, 160 MHz: 0xfffe",
            "PPE thresholds: 191cc771",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.contains("80+80 MHz:") && line.contains("map")));
        assert!(!lines.iter().any(|line| line.starts_with('!') || line.starts_with("Data")));
    }

    #[test]
    fn capabilities_in_6_ghz() {
        let lines = body_lines(&[255, 3, 59, 0xbd, 0x36]);
        for line in [
            "  Minimum MPDU start spacing: 4 µs (5)",
            "  Maximum A-MPDU length exponent: 7",
            "  Maximum MPDU length: 11454 bytes (2)",
            "  SM power save: disabled (3)",
            "  Transmit antenna pattern consistency: yes",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
