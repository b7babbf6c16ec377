//! HE, HE-MU, other users and L-SIG of radiotap headers (IEEE Std 802.11ax-2021, 27.3.11).

use super::{ALWAYS, Bits, KnownBits, name_bits, name_known, pick};
use crate::bytes::u16_le;
use crate::fields::{Field, Reader, Span, Value, Walk, Word, fields};

fields! {
    Radio => FIELDS;
    /// Modulation of HE.
    HE: branch("radiotap.he", "HE");
    /// Data 1.
    HE_DATA_1: hex("radiotap.he.data_1", "Data 1", 4).clause("radiotap.org");
    /// PPDU format.
    HE_DATA_1_PPDU_FORMAT: unsigned("radiotap.he.data_1.ppdu_format", "PPDU format").names(ppdu_format).clause("radiotap.org");
    /// BSS color known.
    HE_DATA_1_BSS_COLOR_KNOWN: flag("radiotap.he.data_1.bss_color_known", "BSS color known").clause("radiotap.org");
    /// Beam change known.
    HE_DATA_1_BEAM_CHANGE_KNOWN: flag("radiotap.he.data_1.beam_change_known", "Beam change known").clause("radiotap.org");
    /// UL/DL known.
    HE_DATA_1_UL_DL_KNOWN: flag("radiotap.he.data_1.ul_dl_known", "UL/DL known").clause("radiotap.org");
    /// MCS known.
    HE_DATA_1_DATA_MCS_KNOWN: flag("radiotap.he.data_1.data_mcs_known", "MCS known").clause("radiotap.org");
    /// DCM known.
    HE_DATA_1_DATA_DCM_KNOWN: flag("radiotap.he.data_1.data_dcm_known", "DCM known").clause("radiotap.org");
    /// Coding known.
    HE_DATA_1_CODING_KNOWN: flag("radiotap.he.data_1.coding_known", "Coding known").clause("radiotap.org");
    /// Extra LDPC symbol segment known.
    HE_DATA_1_LDPC_EXTRA_SYMBOL_SEGMENT_KNOWN: flag("radiotap.he.data_1.ldpc_extra_symbol_segment_known", "Extra LDPC symbol segment known").clause("radiotap.org");
    /// STBC known.
    HE_DATA_1_STBC_KNOWN: flag("radiotap.he.data_1.stbc_known", "STBC known").clause("radiotap.org");
    /// Spatial reuse 1 known.
    HE_DATA_1_SPATIAL_REUSE_1_KNOWN: flag("radiotap.he.data_1.spatial_reuse_1_known", "Spatial reuse 1 known").clause("radiotap.org");
    /// Spatial reuse 2 or STA-ID known.
    HE_DATA_1_SPATIAL_REUSE_2_KNOWN: flag("radiotap.he.data_1.spatial_reuse_2_known", "Spatial reuse 2 or STA-ID known").clause("radiotap.org");
    /// Spatial reuse 3 known.
    HE_DATA_1_SPATIAL_REUSE_3_KNOWN: flag("radiotap.he.data_1.spatial_reuse_3_known", "Spatial reuse 3 known").clause("radiotap.org");
    /// Spatial reuse 4 known.
    HE_DATA_1_SPATIAL_REUSE_4_KNOWN: flag("radiotap.he.data_1.spatial_reuse_4_known", "Spatial reuse 4 known").clause("radiotap.org");
    /// Bandwidth or resource unit known.
    HE_DATA_1_DATA_BW_RU_ALLOCATION_KNOWN: flag("radiotap.he.data_1.data_bw_ru_allocation_known", "Bandwidth or resource unit known").clause("radiotap.org");
    /// Doppler known.
    HE_DATA_1_DOPPLER_KNOWN: flag("radiotap.he.data_1.doppler_known", "Doppler known").clause("radiotap.org");
    /// Data 2.
    HE_DATA_2: hex("radiotap.he.data_2", "Data 2", 4).clause("radiotap.org");
    /// Primary or secondary 80 MHz known.
    HE_DATA_2_PRI_SEC_80_MHZ_KNOWN: flag("radiotap.he.data_2.pri_sec_80_mhz_known", "Primary or secondary 80 MHz known").clause("radiotap.org");
    /// Guard interval known.
    HE_DATA_2_GI_KNOWN: flag("radiotap.he.data_2.gi_known", "Guard interval known").clause("radiotap.org");
    /// HE-LTF symbols known.
    HE_DATA_2_NUM_LTF_SYMBOLS_KNOWN: flag("radiotap.he.data_2.num_ltf_symbols_known", "HE-LTF symbols known").clause("radiotap.org");
    /// Padding factor known.
    HE_DATA_2_PRE_FEC_PADDING_FACTOR_KNOWN: flag("radiotap.he.data_2.pre_fec_padding_factor_known", "Padding factor known").clause("radiotap.org");
    /// Beamforming known.
    HE_DATA_2_TXBF_KNOWN: flag("radiotap.he.data_2.txbf_known", "Beamforming known").clause("radiotap.org");
    /// Packet extension disambiguity known.
    HE_DATA_2_PE_DISAMBIGUITY_KNOWN: flag("radiotap.he.data_2.pe_disambiguity_known", "Packet extension disambiguity known").clause("radiotap.org");
    /// TXOP known.
    HE_DATA_2_TXOP_KNOWN: flag("radiotap.he.data_2.txop_known", "TXOP known").clause("radiotap.org");
    /// Midamble periodicity known.
    HE_DATA_2_MIDAMBLE_PERIODICITY_KNOWN: flag("radiotap.he.data_2.midamble_periodicity_known", "Midamble periodicity known").clause("radiotap.org");
    /// Resource unit offset.
    HE_DATA_2_RU_ALLOCATION_OFFSET: unsigned("radiotap.he.data_2.ru_allocation_offset", "Resource unit offset").clause("radiotap.org");
    /// Secondary 80 MHz.
    HE_DATA_2_PRI_SEC_80_MHZ: flag("radiotap.he.data_2.pri_sec_80_mhz", "Secondary 80 MHz").clause("radiotap.org");
    /// Resource unit offset known.
    HE_DATA_2_RU_ALLOCATION_OFFSET_KNOWN: flag("radiotap.he.data_2.ru_allocation_offset_known", "Resource unit offset known").clause("radiotap.org");
    /// Data 3.
    HE_DATA_3: hex("radiotap.he.data_3", "Data 3", 4).clause("radiotap.org");
    /// BSS color.
    HE_DATA_3_BSS_COLOR: unsigned("radiotap.he.data_3.bss_color", "BSS color").clause("radiotap.org");
    /// Beam change.
    HE_DATA_3_BEAM_CHANGE: unsigned("radiotap.he.data_3.beam_change", "Beam change").clause("radiotap.org");
    /// Uplink.
    HE_DATA_3_UL_DL: unsigned("radiotap.he.data_3.ul_dl", "Uplink").clause("radiotap.org");
    /// MCS.
    HE_DATA_3_DATA_MCS: unsigned("radiotap.he.data_3.data_mcs", "MCS").clause("radiotap.org");
    /// DCM.
    HE_DATA_3_DATA_DCM: unsigned("radiotap.he.data_3.data_dcm", "DCM").clause("radiotap.org");
    /// Coding.
    HE_DATA_3_CODING: unsigned("radiotap.he.data_3.coding", "Coding").names(coding).clause("radiotap.org");
    /// Extra LDPC symbol segment.
    HE_DATA_3_LDPC_EXTRA_SYMBOL_SEGMENT: unsigned("radiotap.he.data_3.ldpc_extra_symbol_segment", "Extra LDPC symbol segment").clause("radiotap.org");
    /// STBC.
    HE_DATA_3_STBC: unsigned("radiotap.he.data_3.stbc", "STBC").clause("radiotap.org");
    /// Data 4.
    HE_DATA_4: hex("radiotap.he.data_4", "Data 4", 4).clause("radiotap.org");
    /// Spatial reuse.
    HE_DATA_4_SPATIAL_REUSE: unsigned("radiotap.he.data_4.spatial_reuse", "Spatial reuse").clause("radiotap.org");
    /// STA-ID.
    HE_DATA_4_STA_ID_USER: unsigned("radiotap.he.data_4.sta_id_user", "STA-ID").clause("radiotap.org");
    /// Spatial reuse 1.
    HE_DATA_4_SPATIAL_REUSE_1: unsigned("radiotap.he.data_4.spatial_reuse_1", "Spatial reuse 1").clause("radiotap.org");
    /// Spatial reuse 2.
    HE_DATA_4_SPATIAL_REUSE_2: unsigned("radiotap.he.data_4.spatial_reuse_2", "Spatial reuse 2").clause("radiotap.org");
    /// Spatial reuse 3.
    HE_DATA_4_SPATIAL_REUSE_3: unsigned("radiotap.he.data_4.spatial_reuse_3", "Spatial reuse 3").clause("radiotap.org");
    /// Spatial reuse 4.
    HE_DATA_4_SPATIAL_REUSE_4: unsigned("radiotap.he.data_4.spatial_reuse_4", "Spatial reuse 4").clause("radiotap.org");
    /// Data 5.
    HE_DATA_5: hex("radiotap.he.data_5", "Data 5", 4).clause("radiotap.org");
    /// Bandwidth or resource unit.
    HE_DATA_5_DATA_BW_RU_ALLOCATION: unsigned("radiotap.he.data_5.data_bw_ru_allocation", "Bandwidth or resource unit").names(he_resource_unit).clause("radiotap.org");
    /// Guard interval.
    HE_DATA_5_GI: unsigned("radiotap.he.data_5.gi", "Guard interval").names(he_guard).clause("radiotap.org");
    /// HE-LTF symbol size.
    HE_DATA_5_LTF_SYMBOL_SIZE: unsigned("radiotap.he.data_5.ltf_symbol_size", "HE-LTF symbol size").names(ltf_size).clause("radiotap.org");
    /// HE-LTF symbols.
    HE_NUM_LTF_SYMBOLS: unsigned("radiotap.he.num_ltf_symbols", "HE-LTF symbols").names(ltf_symbols).clause("radiotap.org");
    /// Padding factor.
    HE_PRE_FEC_PADDING_FACTOR: unsigned("radiotap.he.pre_fec_padding_factor", "Padding factor").names(padding_factor).clause("radiotap.org");
    /// Beamformed.
    HE_TXBF: unsigned("radiotap.he.txbf", "Beamformed").clause("radiotap.org");
    /// Packet extension disambiguity.
    HE_PE_DISAMBIGUITY: unsigned("radiotap.he.pe_disambiguity", "Packet extension disambiguity").clause("radiotap.org");
    /// Data 6.
    HE_DATA_6: hex("radiotap.he.data_6", "Data 6", 4).clause("radiotap.org");
    /// Space-time streams.
    HE_DATA_6_NSTS: unsigned("radiotap.he.data_6.nsts", "Space-time streams").clause("radiotap.org");
    /// Doppler.
    HE_DATA_6_DOPPLER_VALUE: unsigned("radiotap.he.data_6.doppler_value", "Doppler").clause("radiotap.org");
    /// TXOP.
    HE_DATA_6_TXOP_VALUE: unsigned("radiotap.he.data_6.txop_value", "TXOP").clause("radiotap.org");
    /// Midamble periodicity.
    HE_DATA_6_MIDAMBLE_PERIODICITY: unsigned("radiotap.he.data_6.midamble_periodicity", "Midamble periodicity").names(midamble).clause("radiotap.org");
    /// What HE-SIG-A and HE-SIG-B say of a multi-user PPDU.
    HE_MU: branch("radiotap.he_mu", "HE-MU");
    /// Flags 1.
    HE_MU_FLAGS_1: hex("radiotap.he_mu.flags_1", "Flags 1", 4).clause("radiotap.org");
    /// HE-SIG-B MCS known.
    HE_MU_SIG_B_MCS_KNOWN: flag("radiotap.he_mu.sig_b_mcs_known", "HE-SIG-B MCS known").clause("radiotap.org");
    /// HE-SIG-B DCM known.
    HE_MU_SIG_B_DCM_KNOWN: flag("radiotap.he_mu.sig_b_dcm_known", "HE-SIG-B DCM known").clause("radiotap.org");
    /// Centre 26-tone unit of channel 2 known.
    HE_MU_CHAN2_CENTER_26_TONE_RU_BIT_KNOWN: flag("radiotap.he_mu.chan2_center_26_tone_ru_bit_known", "Centre 26-tone unit of channel 2 known").clause("radiotap.org");
    /// Units of channel 1 known.
    HE_MU_CHAN1_RUS_KNOWN: flag("radiotap.he_mu.chan1_rus_known", "Units of channel 1 known").clause("radiotap.org");
    /// Units of channel 2 known.
    HE_MU_CHAN2_RUS_KNOWN: flag("radiotap.he_mu.chan2_rus_known", "Units of channel 2 known").clause("radiotap.org");
    /// Centre 26-tone unit of channel 1 known.
    HE_MU_CHAN1_CENTER_26_TONE_RU_BIT_KNOWN: flag("radiotap.he_mu.chan1_center_26_tone_ru_bit_known", "Centre 26-tone unit of channel 1 known").clause("radiotap.org");
    /// HE-SIG-B compression known.
    HE_MU_SIG_B_COMPRESSION_KNOWN: flag("radiotap.he_mu.sig_b_compression_known", "HE-SIG-B compression known").clause("radiotap.org");
    /// HE-SIG-B symbols or users known.
    HE_MU_SYMBOL_CNT_OR_USER_CNT_KNOWN: flag("radiotap.he_mu.symbol_cnt_or_user_cnt_known", "HE-SIG-B symbols or users known").clause("radiotap.org");
    /// HE-SIG-B MCS.
    HE_MU_SIG_B_MCS: unsigned("radiotap.he_mu.sig_b_mcs", "HE-SIG-B MCS").clause("radiotap.org");
    /// HE-SIG-B DCM.
    HE_MU_SIG_B_DCM: unsigned("radiotap.he_mu.sig_b_dcm", "HE-SIG-B DCM").clause("radiotap.org");
    /// Centre 26-tone unit of channel 1.
    HE_MU_CHAN1_CENTER_26_TONE_RU_VALUE: unsigned("radiotap.he_mu.chan1_center_26_tone_ru_value", "Centre 26-tone unit of channel 1").clause("radiotap.org");
    /// Flags 2.
    HE_MU_FLAGS_2: hex("radiotap.he_mu.flags_2", "Flags 2", 4).clause("radiotap.org");
    /// Bandwidth known.
    HE_MU_BW_FROM_SIG_A_KNOWN: flag("radiotap.he_mu.bw_from_sig_a_known", "Bandwidth known").clause("radiotap.org");
    /// Preamble puncturing known.
    HE_MU_PREAMBLE_PUNCTURING_KNOWN: flag("radiotap.he_mu.preamble_puncturing_known", "Preamble puncturing known").clause("radiotap.org");
    /// Bandwidth.
    HE_MU_BW_FROM_SIG_A: unsigned("radiotap.he_mu.bw_from_sig_a", "Bandwidth").names(mu_bandwidth).clause("radiotap.org");
    /// HE-SIG-B compression.
    HE_MU_SIG_B_COMPRESSION: flag("radiotap.he_mu.sig_b_compression", "HE-SIG-B compression").clause("radiotap.org");
    /// HE-SIG-B symbols or users, minus 1.
    HE_MU_SIG_B_SYMS_OR_MU_MIMO_USERS: unsigned("radiotap.he_mu.sig_b_syms_or_mu_mimo_users", "HE-SIG-B symbols or users, minus 1").clause("radiotap.org");
    /// Preamble puncturing.
    HE_MU_PREAMBLE_PUNCTURING: unsigned("radiotap.he_mu.preamble_puncturing", "Preamble puncturing").clause("radiotap.org");
    /// Centre 26-tone unit of channel 2.
    HE_MU_CHAN2_CENTER_26_TONE_RU_VALUE: unsigned("radiotap.he_mu.chan2_center_26_tone_ru_value", "Centre 26-tone unit of channel 2").clause("radiotap.org");
    /// Units 0 of channel 1.
    HE_MU_CHAN1_RUS_0_INDEX: unsigned("radiotap.he_mu.chan1_rus_0_index", "Units 0 of channel 1").clause("radiotap.org");
    /// Units 1 of channel 1.
    HE_MU_CHAN1_RUS_1_INDEX: unsigned("radiotap.he_mu.chan1_rus_1_index", "Units 1 of channel 1").clause("radiotap.org");
    /// Units 2 of channel 1.
    HE_MU_CHAN1_RUS_2_INDEX: unsigned("radiotap.he_mu.chan1_rus_2_index", "Units 2 of channel 1").clause("radiotap.org");
    /// Units 3 of channel 1.
    HE_MU_CHAN1_RUS_3_INDEX: unsigned("radiotap.he_mu.chan1_rus_3_index", "Units 3 of channel 1").clause("radiotap.org");
    /// Units 0 of channel 2.
    HE_MU_CHAN2_RUS_0_INDEX: unsigned("radiotap.he_mu.chan2_rus_0_index", "Units 0 of channel 2").clause("radiotap.org");
    /// Units 1 of channel 2.
    HE_MU_CHAN2_RUS_1_INDEX: unsigned("radiotap.he_mu.chan2_rus_1_index", "Units 1 of channel 2").clause("radiotap.org");
    /// Units 2 of channel 2.
    HE_MU_CHAN2_RUS_2_INDEX: unsigned("radiotap.he_mu.chan2_rus_2_index", "Units 2 of channel 2").clause("radiotap.org");
    /// Units 3 of channel 2.
    HE_MU_CHAN2_RUS_3_INDEX: unsigned("radiotap.he_mu.chan2_rus_3_index", "Units 3 of channel 2").clause("radiotap.org");
    /// A user of a multi-user PPDU whose data was not captured.
    HE_MU_OTHER_USER: branch("radiotap.he_mu_other_user", "HE-MU other user");
    /// User field of HE-SIG-B.
    HE_MU_OTHER_USER_PER_USER: hex("radiotap.he_mu_other_user.per_user", "User field of HE-SIG-B", 6).clause("radiotap.org");
    /// Position.
    HE_MU_OTHER_USER_POSITION: unsigned("radiotap.he_mu_other_user.position", "Position").clause("radiotap.org");
    /// Known.
    HE_MU_OTHER_USER_KNOWN: hex("radiotap.he_mu_other_user.known", "Known", 2).clause("radiotap.org");
    /// Position known.
    HE_MU_OTHER_USER_POSITION_KNOWN: flag("radiotap.he_mu_other_user.position_known", "Position known").clause("radiotap.org");
    /// STA-ID known.
    HE_MU_OTHER_USER_STA_ID_KNOWN: flag("radiotap.he_mu_other_user.sta_id_known", "STA-ID known").clause("radiotap.org");
    /// Space-time streams known.
    HE_MU_OTHER_USER_NSTS_KNOWN: flag("radiotap.he_mu_other_user.nsts_known", "Space-time streams known").clause("radiotap.org");
    /// Beamforming known.
    HE_MU_OTHER_USER_TX_BEAMFORMING_KNOWN: flag("radiotap.he_mu_other_user.tx_beamforming_known", "Beamforming known").clause("radiotap.org");
    /// Spatial configuration known.
    HE_MU_OTHER_USER_SPATIAL_CONFIGURATION_KNOWN: flag("radiotap.he_mu_other_user.spatial_configuration_known", "Spatial configuration known").clause("radiotap.org");
    /// MCS known.
    HE_MU_OTHER_USER_MCS_KNOWN: flag("radiotap.he_mu_other_user.mcs_known", "MCS known").clause("radiotap.org");
    /// DCM known.
    HE_MU_OTHER_USER_DCM_KNOWN: flag("radiotap.he_mu_other_user.dcm_known", "DCM known").clause("radiotap.org");
    /// Coding known.
    HE_MU_OTHER_USER_CODING_KNOWN: flag("radiotap.he_mu_other_user.coding_known", "Coding known").clause("radiotap.org");
    /// STA-ID.
    HE_MU_OTHER_USER_STA_ID: unsigned("radiotap.he_mu_other_user.sta_id", "STA-ID").clause("radiotap.org");
    /// Space-time streams, minus 1.
    HE_MU_OTHER_USER_NSTS: unsigned("radiotap.he_mu_other_user.nsts", "Space-time streams, minus 1").clause("radiotap.org");
    /// Beamformed.
    HE_MU_OTHER_USER_TX_BEAMFORMING: flag("radiotap.he_mu_other_user.tx_beamforming", "Beamformed").clause("radiotap.org");
    /// Spatial configuration.
    HE_MU_OTHER_USER_SPATIAL_CONFIGURATION: unsigned("radiotap.he_mu_other_user.spatial_configuration", "Spatial configuration").clause("radiotap.org");
    /// MCS.
    HE_MU_OTHER_USER_MCS: unsigned("radiotap.he_mu_other_user.mcs", "MCS").clause("radiotap.org");
    /// DCM.
    HE_MU_OTHER_USER_DCM: flag("radiotap.he_mu_other_user.dcm", "DCM").clause("radiotap.org");
    /// Coding.
    HE_MU_OTHER_USER_CODING: unsigned("radiotap.he_mu_other_user.coding", "Coding").names(coding).clause("radiotap.org");
    /// The legacy signal field.
    L_SIG: branch("radiotap.l_sig", "L-SIG");
    /// Data 1.
    L_SIG_DATA1: hex("radiotap.l_sig.data1", "Data 1", 4).clause("radiotap.org");
    /// Rate known.
    L_SIG_RATE_KNOWN: flag("radiotap.l_sig.rate_known", "Rate known").clause("radiotap.org");
    /// Length known.
    L_SIG_LENGTH_KNOWN: flag("radiotap.l_sig.length_known", "Length known").clause("radiotap.org");
    /// Data 2.
    L_SIG_DATA2: hex("radiotap.l_sig.data2", "Data 2", 4).clause("radiotap.org");
    /// Rate.
    L_SIG_RATE: hex("radiotap.l_sig.rate", "Rate", 1).clause("radiotap.org");
    /// Length.
    L_SIG_LENGTH: unsigned("radiotap.l_sig.length", "Length").clause("radiotap.org");
}

/// What data 1 says is known.
static HE1_KNOWN: &[Bits] = &[
    (&HE_DATA_1_BSS_COLOR_KNOWN, 2, 1),
    (&HE_DATA_1_BEAM_CHANGE_KNOWN, 3, 1),
    (&HE_DATA_1_UL_DL_KNOWN, 4, 1),
    (&HE_DATA_1_DATA_MCS_KNOWN, 5, 1),
    (&HE_DATA_1_DATA_DCM_KNOWN, 6, 1),
    (&HE_DATA_1_CODING_KNOWN, 7, 1),
    (&HE_DATA_1_LDPC_EXTRA_SYMBOL_SEGMENT_KNOWN, 8, 1),
    (&HE_DATA_1_STBC_KNOWN, 9, 1),
    (&HE_DATA_1_SPATIAL_REUSE_1_KNOWN, 10, 1),
    (&HE_DATA_1_SPATIAL_REUSE_2_KNOWN, 11, 1),
    (&HE_DATA_1_SPATIAL_REUSE_3_KNOWN, 12, 1),
    (&HE_DATA_1_SPATIAL_REUSE_4_KNOWN, 13, 1),
    (&HE_DATA_1_DATA_BW_RU_ALLOCATION_KNOWN, 14, 1),
    (&HE_DATA_1_DOPPLER_KNOWN, 15, 1),
];
/// What data 2 says is known.
static HE2_KNOWN: &[Bits] = &[
    (&HE_DATA_2_PRI_SEC_80_MHZ_KNOWN, 0, 1),
    (&HE_DATA_2_GI_KNOWN, 1, 1),
    (&HE_DATA_2_NUM_LTF_SYMBOLS_KNOWN, 2, 1),
    (&HE_DATA_2_PRE_FEC_PADDING_FACTOR_KNOWN, 3, 1),
    (&HE_DATA_2_TXBF_KNOWN, 4, 1),
    (&HE_DATA_2_PE_DISAMBIGUITY_KNOWN, 5, 1),
    (&HE_DATA_2_TXOP_KNOWN, 6, 1),
    (&HE_DATA_2_MIDAMBLE_PERIODICITY_KNOWN, 7, 1),
    (&HE_DATA_2_RU_ALLOCATION_OFFSET_KNOWN, 14, 1),
];
/// Values of data 2.
static HE2: &[KnownBits] =
    &[(&HE_DATA_2_RU_ALLOCATION_OFFSET, 8, 6, 30), (&HE_DATA_2_PRI_SEC_80_MHZ, 15, 1, 16)];
/// Values of data 3.
static HE3: &[KnownBits] = &[
    (&HE_DATA_3_BSS_COLOR, 0, 6, 2),
    (&HE_DATA_3_BEAM_CHANGE, 6, 1, 3),
    (&HE_DATA_3_UL_DL, 7, 1, 4),
    (&HE_DATA_3_DATA_MCS, 8, 4, 5),
    (&HE_DATA_3_DATA_DCM, 12, 1, 6),
    (&HE_DATA_3_CODING, 13, 1, 7),
    (&HE_DATA_3_LDPC_EXTRA_SYMBOL_SEGMENT, 14, 1, 8),
    (&HE_DATA_3_STBC, 15, 1, 9),
];
/// Values of data 4 of single-user PPDUs.
static HE4_SINGLE: &[KnownBits] = &[(&HE_DATA_4_SPATIAL_REUSE, 0, 4, 10)];
/// Values of data 4 of multi-user PPDUs.
static HE4_MULTIPLE: &[KnownBits] =
    &[(&HE_DATA_4_SPATIAL_REUSE, 0, 4, 10), (&HE_DATA_4_STA_ID_USER, 4, 11, 11)];
/// Values of data 4 of trigger-based PPDUs.
static HE4_TRIGGERED: &[KnownBits] = &[
    (&HE_DATA_4_SPATIAL_REUSE_1, 0, 4, 10),
    (&HE_DATA_4_SPATIAL_REUSE_2, 4, 4, 11),
    (&HE_DATA_4_SPATIAL_REUSE_3, 8, 4, 12),
    (&HE_DATA_4_SPATIAL_REUSE_4, 12, 4, 13),
];
/// Values of data 5.
static HE5: &[KnownBits] = &[
    (&HE_DATA_5_DATA_BW_RU_ALLOCATION, 0, 4, 14),
    (&HE_DATA_5_GI, 4, 2, 17),
    (&HE_DATA_5_LTF_SYMBOL_SIZE, 6, 2, LTF_SIZE_KNOWN),
    (&HE_NUM_LTF_SYMBOLS, 8, 3, 18),
    (&HE_PRE_FEC_PADDING_FACTOR, 12, 2, 19),
    (&HE_TXBF, 14, 1, 20),
    (&HE_PE_DISAMBIGUITY, 15, 1, 21),
];
/// Values of data 6.
static HE6: &[KnownBits] = &[
    (&HE_DATA_6_NSTS, 0, 4, ALWAYS),
    (&HE_DATA_6_DOPPLER_VALUE, 4, 1, 15),
    (&HE_DATA_6_TXOP_VALUE, 8, 7, 22),
    (&HE_DATA_6_MIDAMBLE_PERIODICITY, 15, 1, 23),
];
/// What flags 1 of HE-MU say is known.
static MU1_KNOWN: &[Bits] = &[
    (&HE_MU_SIG_B_MCS_KNOWN, 4, 1),
    (&HE_MU_SIG_B_DCM_KNOWN, 6, 1),
    (&HE_MU_CHAN2_CENTER_26_TONE_RU_BIT_KNOWN, 7, 1),
    (&HE_MU_CHAN1_RUS_KNOWN, 8, 1),
    (&HE_MU_CHAN2_RUS_KNOWN, 9, 1),
    (&HE_MU_CHAN1_CENTER_26_TONE_RU_BIT_KNOWN, 12, 1),
    (&HE_MU_SIG_B_COMPRESSION_KNOWN, 14, 1),
    (&HE_MU_SYMBOL_CNT_OR_USER_CNT_KNOWN, 15, 1),
];
/// Values of flags 1 of HE-MU.
static MU1: &[KnownBits] = &[
    (&HE_MU_SIG_B_MCS, 0, 4, 4),
    (&HE_MU_SIG_B_DCM, 5, 1, 6),
    (&HE_MU_CHAN1_CENTER_26_TONE_RU_VALUE, 13, 1, 12),
];
/// Values of flags 2 of HE-MU; what they need may be known by either.
static MU2: &[KnownBits] = &[
    (&HE_MU_BW_FROM_SIG_A, 0, 2, 18),
    (&HE_MU_SIG_B_COMPRESSION, 3, 1, 14),
    (&HE_MU_SIG_B_SYMS_OR_MU_MIMO_USERS, 4, 4, 15),
    (&HE_MU_PREAMBLE_PUNCTURING, 8, 2, 26),
    (&HE_MU_CHAN2_CENTER_26_TONE_RU_VALUE, 11, 1, 7),
];
/// Resource units of the two content channels.
static MU_UNITS: [[&Field; 4]; 2] = [
    [
        &HE_MU_CHAN1_RUS_0_INDEX,
        &HE_MU_CHAN1_RUS_1_INDEX,
        &HE_MU_CHAN1_RUS_2_INDEX,
        &HE_MU_CHAN1_RUS_3_INDEX,
    ],
    [
        &HE_MU_CHAN2_RUS_0_INDEX,
        &HE_MU_CHAN2_RUS_1_INDEX,
        &HE_MU_CHAN2_RUS_2_INDEX,
        &HE_MU_CHAN2_RUS_3_INDEX,
    ],
];
/// What is known of another user.
static OTHER_USER_KNOWN: &[Bits] = &[
    (&HE_MU_OTHER_USER_POSITION_KNOWN, 0, 1),
    (&HE_MU_OTHER_USER_STA_ID_KNOWN, 1, 1),
    (&HE_MU_OTHER_USER_NSTS_KNOWN, 2, 1),
    (&HE_MU_OTHER_USER_TX_BEAMFORMING_KNOWN, 3, 1),
    (&HE_MU_OTHER_USER_SPATIAL_CONFIGURATION_KNOWN, 4, 1),
    (&HE_MU_OTHER_USER_MCS_KNOWN, 5, 1),
    (&HE_MU_OTHER_USER_DCM_KNOWN, 6, 1),
    (&HE_MU_OTHER_USER_CODING_KNOWN, 7, 1),
];
/// Values of another user: the user field of HE-SIG-B.
static OTHER_USER: &[KnownBits] = &[
    (&HE_MU_OTHER_USER_STA_ID, 0, 11, 1),
    (&HE_MU_OTHER_USER_NSTS, 11, 3, 2),
    (&HE_MU_OTHER_USER_TX_BEAMFORMING, 14, 1, 3),
    (&HE_MU_OTHER_USER_SPATIAL_CONFIGURATION, 11, 4, 4),
    (&HE_MU_OTHER_USER_MCS, 15, 4, 5),
    (&HE_MU_OTHER_USER_DCM, 19, 1, 6),
    (&HE_MU_OTHER_USER_CODING, 20, 1, 7),
];

/// Beside the bits of data 1 and 2.
const LTF_SIZE_KNOWN: u32 = 32;

pub(super) fn he(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let [word1, word2] = [0, 2].map(|at| u16_le(reader.rest(), at));
    // A size of the training symbols of 0 says that it is not known.
    let knows_size = u64::from(u16_le(reader.rest(), 8)? & 0x00c0 != 0);
    let known = u64::from(word1?) | u64::from(word2?) << 16 | knows_size << LTF_SIZE_KNOWN;
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&HE, Value::Nothing, span, |walk| {
        let format = walk.word(reader, &HE_DATA_1, 2, |walk, word| {
            let format = walk.bits(word, &HE_DATA_1_PPDU_FORMAT, 0, 2);
            name_bits(walk, word, HE1_KNOWN);
            format
        })?;
        walk.word(reader, &HE_DATA_2, 2, |walk, word| {
            name_bits(walk, word, HE2_KNOWN);
            name_known(walk, word, HE2, known);
        })?;
        let fourth = match format {
            2 => HE4_MULTIPLE,
            3 => HE4_TRIGGERED,
            _ => HE4_SINGLE,
        };
        for (field, values) in
            [(&HE_DATA_3, HE3), (&HE_DATA_4, fourth), (&HE_DATA_5, HE5), (&HE_DATA_6, HE6)]
        {
            walk.word(reader, field, 2, |walk, word| name_known(walk, word, values, known))?;
        }
        Some(())
    })
}

pub(super) fn he_mu(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let [flags1, flags2] = [0, 2].map(|at| u16_le(reader.rest(), at));
    let known = u64::from(flags1?) | u64::from(flags2?) << 16;
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&HE_MU, Value::Nothing, span, |walk| {
        walk.word(reader, &HE_MU_FLAGS_1, 2, |walk, word| {
            name_bits(walk, word, MU1_KNOWN);
            name_known(walk, word, MU1, known);
        })?;
        walk.word(reader, &HE_MU_FLAGS_2, 2, |walk, word| {
            walk.flag(word, &HE_MU_BW_FROM_SIG_A_KNOWN, 2);
            walk.flag(word, &HE_MU_PREAMBLE_PUNCTURING_KNOWN, 10);
            name_known(walk, word, MU2, known);
        })?;
        for (units, bit) in MU_UNITS.iter().zip([0x100u64, 0x200]) {
            for field in units {
                if known & bit == 0 {
                    reader.take(1)?;
                } else {
                    walk.u8(reader, field)?;
                }
            }
        }
        Some(())
    })
}

pub(super) fn he_mu_other_user(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let [first, second] = [0, 2].map(|at| u16_le(reader.rest(), at));
    let known = u64::from(*reader.rest().get(5)?);
    // B0 to B14 stand in the first word, B15 to B20 in the second.
    let value = u64::from(first? & 0x7fff) | u64::from(second? & 0x3f) << 15;
    let span = Span::new(reader.offset(), reader.left());
    let word = Word { value, span: Span::new(reader.offset(), 4) };
    walk.branch(&HE_MU_OTHER_USER, Value::Nothing, span, |walk| {
        walk.branch(&HE_MU_OTHER_USER_PER_USER, Value::Unsigned(value), word.span, |walk| {
            name_known(walk, word, OTHER_USER, known);
        });
        reader.take(4)?;
        if known & 1 == 0 {
            reader.take(1)?;
        } else {
            walk.u8(reader, &HE_MU_OTHER_USER_POSITION)?;
        }
        walk.word(reader, &HE_MU_OTHER_USER_KNOWN, 1, |walk, word| {
            name_bits(walk, word, OTHER_USER_KNOWN);
        })
    })
}

pub(super) fn l_sig(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&L_SIG, Value::Nothing, span, |walk| {
        let known = walk.word(reader, &L_SIG_DATA1, 2, |walk, word| {
            [walk.flag(word, &L_SIG_RATE_KNOWN, 0), walk.flag(word, &L_SIG_LENGTH_KNOWN, 1)]
        })?;
        walk.word(reader, &L_SIG_DATA2, 2, |walk, word| {
            let [rate, length] = known;
            if rate {
                walk.bits(word, &L_SIG_RATE, 0, 4);
            }
            if length {
                walk.bits(word, &L_SIG_LENGTH, 4, 12);
            }
        })
    })
}

fn ppdu_format(value: u64) -> Option<&'static str> {
    pick(&["single user", "extended range", "multi-user", "trigger-based"], value)
}

pub(super) fn coding(value: u64) -> Option<&'static str> {
    pick(&["BCC", "LDPC"], value)
}

fn he_resource_unit(value: u64) -> Option<&'static str> {
    pick(
        &[
            "20 MHz",
            "40 MHz",
            "80 MHz",
            "160 MHz",
            "26 tones",
            "52 tones",
            "106 tones",
            "242 tones",
            "484 tones",
            "996 tones",
            "2 × 996 tones",
        ],
        value,
    )
}

fn he_guard(value: u64) -> Option<&'static str> {
    pick(&["0.8 µs", "1.6 µs", "3.2 µs"], value)
}

fn ltf_size(value: u64) -> Option<&'static str> {
    pick(&["3.2 µs", "6.4 µs", "12.8 µs"], value.checked_sub(1)?)
}

pub(super) fn ltf_symbols(value: u64) -> Option<&'static str> {
    pick(&["1", "2", "4", "6", "8"], value)
}

/// 0 stands for 4.
pub(super) fn padding_factor(value: u64) -> Option<&'static str> {
    pick(&["4", "1", "2", "3"], value)
}

fn midamble(value: u64) -> Option<&'static str> {
    pick(&["10 symbols", "20 symbols"], value)
}

fn mu_bandwidth(value: u64) -> Option<&'static str> {
    pick(&["20 MHz", "40 MHz", "80 MHz", "160 MHz"], value)
}
