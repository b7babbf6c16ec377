//! U-SIG, EHT and S1G of radiotap headers (IEEE Std 802.11be-2024, 36.3.12; 802.11-2020, 23.3.8).

use super::radiotap_he::{coding, ltf_symbols, padding_factor};
use super::{Bits, KnownBits, name_bits, name_known, pick};
use crate::bytes::u32_le;
use crate::fields::{Field, Reader, Span, Value, Walk, Word, fields};

fields! {
    Radio => FIELDS;
    /// The universal signal field.
    U_SIG: branch("radiotap.u_sig", "U-SIG");
    /// Common.
    U_SIG_COMMON: hex("radiotap.u_sig.common", "Common", 8).clause("radiotap.org");
    /// PHY version known.
    U_SIG_COMMON_PHY_VERSION_IDENTIFIER_KNOWN: flag("radiotap.u_sig.common.phy_version_identifier_known", "PHY version known").clause("radiotap.org");
    /// Bandwidth known.
    U_SIG_COMMON_BW_KNOWN: flag("radiotap.u_sig.common.bw_known", "Bandwidth known").clause("radiotap.org");
    /// UL/DL known.
    U_SIG_COMMON_UL_DL_KNOWN: flag("radiotap.u_sig.common.ul_dl_known", "UL/DL known").clause("radiotap.org");
    /// BSS color known.
    U_SIG_COMMON_BSS_COLOR_KNOWN: flag("radiotap.u_sig.common.bss_color_known", "BSS color known").clause("radiotap.org");
    /// TXOP known.
    U_SIG_COMMON_TXOP_KNOWN: flag("radiotap.u_sig.common.txop_known", "TXOP known").clause("radiotap.org");
    /// Bad U-SIG CRC.
    U_SIG_COMMON_BAD_U_SIG_CRC: flag("radiotap.u_sig.common.bad_u_sig_crc", "Bad U-SIG CRC").clause("radiotap.org");
    /// Validate bits checked.
    U_SIG_COMMON_VALIDATE_BITS_CHECKED: flag("radiotap.u_sig.common.validate_bits_checked", "Validate bits checked").clause("radiotap.org");
    /// Validate bits right.
    U_SIG_COMMON_VALIDATE_BITS_OK: flag("radiotap.u_sig.common.validate_bits_ok", "Validate bits right").clause("radiotap.org");
    /// PHY version.
    U_SIG_COMMON_PHY_VERSION_IDENTIFIER: unsigned("radiotap.u_sig.common.phy_version_identifier", "PHY version").names(phy_version).clause("radiotap.org");
    /// Bandwidth.
    U_SIG_COMMON_BW: unsigned("radiotap.u_sig.common.bw", "Bandwidth").names(u_sig_bandwidth).clause("radiotap.org");
    /// Uplink.
    U_SIG_COMMON_UL_DL: unsigned("radiotap.u_sig.common.ul_dl", "Uplink").clause("radiotap.org");
    /// BSS color.
    U_SIG_COMMON_BSS_COLOR: unsigned("radiotap.u_sig.common.bss_color", "BSS color").clause("radiotap.org");
    /// TXOP.
    U_SIG_COMMON_TXOP: unsigned("radiotap.u_sig.common.txop", "TXOP").clause("radiotap.org");
    /// Version-dependent bits.
    U_SIG_VALUE: hex("radiotap.u_sig.value", "Value", 8).clause("radiotap.org");
    /// Which of the version-dependent bits are known.
    U_SIG_MASK: hex("radiotap.u_sig.mask", "Mask", 8).clause("radiotap.org");
    /// U-SIG-1 B20-B24, disregard.
    U_SIG_MU_B20_B24_DISREGARD: unsigned("radiotap.u_sig.mu.b20_b24_disregard", "U-SIG-1 B20-B24, disregard").clause("radiotap.org");
    /// U-SIG-1 B25, validate.
    U_SIG_MU_B25_VALIDATE: unsigned("radiotap.u_sig.mu.b25_validate", "U-SIG-1 B25, validate").clause("radiotap.org");
    /// PPDU type and compression mode.
    U_SIG_MU_PPDU_TYPE: unsigned("radiotap.u_sig.mu.ppdu_type", "PPDU type and compression mode").clause("radiotap.org");
    /// U-SIG-2 B2, validate.
    U_SIG_MU_B2_VALIDATE: unsigned("radiotap.u_sig.mu.b2_validate", "U-SIG-2 B2, validate").clause("radiotap.org");
    /// Punctured channel.
    U_SIG_MU_PUNCTURED_CHANNEL: unsigned("radiotap.u_sig.mu.punctured_channel", "Punctured channel").clause("radiotap.org");
    /// U-SIG-2 B8, validate.
    U_SIG_MU_B8_VALIDATE: unsigned("radiotap.u_sig.mu.b8_validate", "U-SIG-2 B8, validate").clause("radiotap.org");
    /// EHT-SIG MCS.
    U_SIG_MU_EHT_SIG_MCS: unsigned("radiotap.u_sig.mu.eht_sig_mcs", "EHT-SIG MCS").clause("radiotap.org");
    /// EHT-SIG symbols, minus 1.
    U_SIG_MU_EHT_SIG_SYMBOLS: unsigned("radiotap.u_sig.mu.eht_sig_symbols", "EHT-SIG symbols, minus 1").clause("radiotap.org");
    /// CRC.
    U_SIG_MU_CRC: unsigned("radiotap.u_sig.mu.crc", "CRC").clause("radiotap.org");
    /// Tail.
    U_SIG_MU_TAIL: unsigned("radiotap.u_sig.mu.tail", "Tail").clause("radiotap.org");
    /// U-SIG-1 B20-B25, disregard.
    U_SIG_TB_B20_B25_DISREGARD: unsigned("radiotap.u_sig.tb.b20_b25_disregard", "U-SIG-1 B20-B25, disregard").clause("radiotap.org");
    /// PPDU type and compression mode.
    U_SIG_TB_PPDU_TYPE: unsigned("radiotap.u_sig.tb.ppdu_type", "PPDU type and compression mode").clause("radiotap.org");
    /// U-SIG-2 B2, validate.
    U_SIG_TB_B2_VALIDATE: unsigned("radiotap.u_sig.tb.b2_validate", "U-SIG-2 B2, validate").clause("radiotap.org");
    /// Spatial reuse 1.
    U_SIG_TB_SPATIAL_REUSE_1: unsigned("radiotap.u_sig.tb.spatial_reuse_1", "Spatial reuse 1").clause("radiotap.org");
    /// Spatial reuse 2.
    U_SIG_TB_SPATIAL_REUSE_2: unsigned("radiotap.u_sig.tb.spatial_reuse_2", "Spatial reuse 2").clause("radiotap.org");
    /// U-SIG-2 B11-B15, disregard.
    U_SIG_TB_B11_B15_DISREGARD: unsigned("radiotap.u_sig.tb.b11_b15_disregard", "U-SIG-2 B11-B15, disregard").clause("radiotap.org");
    /// CRC.
    U_SIG_TB_CRC: unsigned("radiotap.u_sig.tb.crc", "CRC").clause("radiotap.org");
    /// Tail.
    U_SIG_TB_TAIL: unsigned("radiotap.u_sig.tb.tail", "Tail").clause("radiotap.org");
    /// Modulation of EHT.
    EHT: branch("radiotap.eht", "EHT");
    /// Known.
    EHT_KNOWN: hex("radiotap.eht.known", "Known", 8).clause("radiotap.org");
    /// Spatial reuse known.
    EHT_KNOWN_SPATIAL_REUSE: flag("radiotap.eht.known.spatial_reuse", "Spatial reuse known").clause("radiotap.org");
    /// Guard interval known.
    EHT_KNOWN_GI: flag("radiotap.eht.known.gi", "Guard interval known").clause("radiotap.org");
    /// EHT-LTF symbols known.
    EHT_KNOWN_EHT_LTF: flag("radiotap.eht.known.eht_ltf", "EHT-LTF symbols known").clause("radiotap.org");
    /// Extra LDPC symbol segment known.
    EHT_KNOWN_LDPC_EXTRA_SYMBOL_SEGMENT: flag("radiotap.eht.known.ldpc_extra_symbol_segment", "Extra LDPC symbol segment known").clause("radiotap.org");
    /// Padding factor known.
    EHT_KNOWN_PRE_FEC_PADDING_FACTOR: flag("radiotap.eht.known.pre_fec_padding_factor", "Padding factor known").clause("radiotap.org");
    /// Packet extension disambiguity known.
    EHT_KNOWN_PE_DISAMBIGUITY: flag("radiotap.eht.known.pe_disambiguity", "Packet extension disambiguity known").clause("radiotap.org");
    /// Disregard bits of OFDMA known.
    EHT_KNOWN_DISREGARD_OFDMA: flag("radiotap.eht.known.disregard_ofdma", "Disregard bits of OFDMA known").clause("radiotap.org");
    /// Disregard bits of sounding known.
    EHT_KNOWN_DISREGARD_SOUNDING: flag("radiotap.eht.known.disregard_sounding", "Disregard bits of sounding known").clause("radiotap.org");
    /// CRC 1 known.
    EHT_KNOWN_CRC1: flag("radiotap.eht.known.crc1", "CRC 1 known").clause("radiotap.org");
    /// Tail 1 known.
    EHT_KNOWN_TAIL1: flag("radiotap.eht.known.tail1", "Tail 1 known").clause("radiotap.org");
    /// CRC 2 known.
    EHT_KNOWN_CRC2: flag("radiotap.eht.known.crc2", "CRC 2 known").clause("radiotap.org");
    /// Tail 2 known.
    EHT_KNOWN_TAIL2: flag("radiotap.eht.known.tail2", "Tail 2 known").clause("radiotap.org");
    /// Streams of sounding known.
    EHT_KNOWN_NSS: flag("radiotap.eht.known.nss", "Streams of sounding known").clause("radiotap.org");
    /// Beamforming of sounding known.
    EHT_KNOWN_BEAMFORMED: flag("radiotap.eht.known.beamformed", "Beamforming of sounding known").clause("radiotap.org");
    /// Users outside OFDMA known.
    EHT_KNOWN_USERS: flag("radiotap.eht.known.users", "Users outside OFDMA known").clause("radiotap.org");
    /// CRC of the user block known.
    EHT_KNOWN_USER_ENCODING_BLOCK_CRC: flag("radiotap.eht.known.user_encoding_block_crc", "CRC of the user block known").clause("radiotap.org");
    /// Tail of the user block known.
    EHT_KNOWN_USER_ENCODING_BLOCK_TAIL: flag("radiotap.eht.known.user_encoding_block_tail", "Tail of the user block known").clause("radiotap.org");
    /// Size of the resource unit known.
    EHT_KNOWN_RU_MRU_SIZE: flag("radiotap.eht.known.ru_mru_size", "Size of the resource unit known").clause("radiotap.org");
    /// Index of the resource unit known.
    EHT_KNOWN_RU_MRU_INDEX: flag("radiotap.eht.known.ru_mru_index", "Index of the resource unit known").clause("radiotap.org");
    /// Resource unit of the trigger known.
    EHT_KNOWN_RU_ALLOCATION_TB: flag("radiotap.eht.known.ru_allocation_tb", "Resource unit of the trigger known").clause("radiotap.org");
    /// Primary 80 MHz known.
    EHT_KNOWN_PRIMARY_80: flag("radiotap.eht.known.primary_80", "Primary 80 MHz known").clause("radiotap.org");
    /// Data 0.
    EHT_DATA_0: hex("radiotap.eht.data_0", "Data 0", 8).clause("radiotap.org");
    /// Spatial reuse.
    EHT_DATA_0_SPATIAL_REUSE: unsigned("radiotap.eht.data_0.spatial_reuse", "Spatial reuse").clause("radiotap.org");
    /// Guard interval.
    EHT_DATA_0_GI: unsigned("radiotap.eht.data_0.gi", "Guard interval").names(eht_guard).clause("radiotap.org");
    /// EHT-LTF symbol size.
    EHT_DATA_0_LTF_SYMBOL_SIZE: unsigned("radiotap.eht.data_0.ltf_symbol_size", "EHT-LTF symbol size").names(eht_ltf_size).clause("radiotap.org");
    /// EHT-LTF symbols.
    EHT_DATA_0_NUM_LTF_SYMBOLS: unsigned("radiotap.eht.data_0.num_ltf_symbols", "EHT-LTF symbols").names(ltf_symbols).clause("radiotap.org");
    /// Extra LDPC symbol segment.
    EHT_DATA_0_LDPC_EXTRA_SYMBOL_SEGMENT: unsigned("radiotap.eht.data_0.ldpc_extra_symbol_segment", "Extra LDPC symbol segment").clause("radiotap.org");
    /// Padding factor.
    EHT_DATA_0_PRE_FEC_PADDING_FACTOR: unsigned("radiotap.eht.data_0.pre_fec_padding_factor", "Padding factor").names(padding_factor).clause("radiotap.org");
    /// Packet extension disambiguity.
    EHT_DATA_0_PE_DISAMBIGUITY: unsigned("radiotap.eht.data_0.pe_disambiguity", "Packet extension disambiguity").clause("radiotap.org");
    /// Disregard bits of sounding.
    EHT_DATA_0_DISREGARD_SOUNDING: unsigned("radiotap.eht.data_0.disregard_sounding", "Disregard bits of sounding").clause("radiotap.org");
    /// Disregard bits of OFDMA.
    EHT_DATA_0_DISREGARD_OFDMA: unsigned("radiotap.eht.data_0.disregard_ofdma", "Disregard bits of OFDMA").clause("radiotap.org");
    /// CRC 1.
    EHT_DATA_0_CRC1: unsigned("radiotap.eht.data_0.crc1", "CRC 1").clause("radiotap.org");
    /// Tail 1.
    EHT_DATA_0_TAIL1: unsigned("radiotap.eht.data_0.tail1", "Tail 1").clause("radiotap.org");
    /// Data 1.
    EHT_DATA_1: hex("radiotap.eht.data_1", "Data 1", 8).clause("radiotap.org");
    /// Size of the resource unit.
    EHT_DATA_1_RU_MRU_SIZE: unsigned("radiotap.eht.data_1.ru_mru_size", "Size of the resource unit").names(eht_resource_unit).clause("radiotap.org");
    /// Index of the resource unit.
    EHT_DATA_1_RU_MRU_INDEX: unsigned("radiotap.eht.data_1.ru_mru_index", "Index of the resource unit").clause("radiotap.org");
    /// Resource unit allocation, channel 1, 1.1.
    EHT_DATA_1_RU_ALLOCATION_1_1_1: unsigned("radiotap.eht.data_1.ru_allocation_1_1_1", "Resource unit allocation, channel 1, 1.1").clause("radiotap.org");
    /// Primary 80 MHz.
    EHT_DATA_1_PRIMARY_80: unsigned("radiotap.eht.data_1.primary_80", "Primary 80 MHz").clause("radiotap.org");
    /// Data 2.
    EHT_DATA_2: hex("radiotap.eht.data_2", "Data 2", 8).clause("radiotap.org");
    /// Resource unit allocation, channel 2, 1.1.
    EHT_DATA_2_RU_ALLOCATION_2_1_1: unsigned("radiotap.eht.data_2.ru_allocation_2_1_1", "Resource unit allocation, channel 2, 1.1").clause("radiotap.org");
    /// Resource unit allocation, channel 1, 1.2.
    EHT_DATA_2_RU_ALLOCATION_1_1_2: unsigned("radiotap.eht.data_2.ru_allocation_1_1_2", "Resource unit allocation, channel 1, 1.2").clause("radiotap.org");
    /// Resource unit allocation, channel 2, 1.2.
    EHT_DATA_2_RU_ALLOCATION_2_1_2: unsigned("radiotap.eht.data_2.ru_allocation_2_1_2", "Resource unit allocation, channel 2, 1.2").clause("radiotap.org");
    /// Data 3.
    EHT_DATA_3: hex("radiotap.eht.data_3", "Data 3", 8).clause("radiotap.org");
    /// Resource unit allocation, channel 1, 2.1.
    EHT_DATA_3_RU_ALLOCATION_1_2_1: unsigned("radiotap.eht.data_3.ru_allocation_1_2_1", "Resource unit allocation, channel 1, 2.1").clause("radiotap.org");
    /// Resource unit allocation, channel 2, 2.1.
    EHT_DATA_3_RU_ALLOCATION_2_2_1: unsigned("radiotap.eht.data_3.ru_allocation_2_2_1", "Resource unit allocation, channel 2, 2.1").clause("radiotap.org");
    /// Resource unit allocation, channel 1, 2.2.
    EHT_DATA_3_RU_ALLOCATION_1_2_2: unsigned("radiotap.eht.data_3.ru_allocation_1_2_2", "Resource unit allocation, channel 1, 2.2").clause("radiotap.org");
    /// Data 4.
    EHT_DATA_4: hex("radiotap.eht.data_4", "Data 4", 8).clause("radiotap.org");
    /// Resource unit allocation, channel 2, 2.2.
    EHT_DATA_4_RU_ALLOCATION_2_2_2: unsigned("radiotap.eht.data_4.ru_allocation_2_2_2", "Resource unit allocation, channel 2, 2.2").clause("radiotap.org");
    /// Resource unit allocation, channel 1, 2.3.
    EHT_DATA_4_RU_ALLOCATION_1_2_3: unsigned("radiotap.eht.data_4.ru_allocation_1_2_3", "Resource unit allocation, channel 1, 2.3").clause("radiotap.org");
    /// Resource unit allocation, channel 2, 2.3.
    EHT_DATA_4_RU_ALLOCATION_2_2_3: unsigned("radiotap.eht.data_4.ru_allocation_2_2_3", "Resource unit allocation, channel 2, 2.3").clause("radiotap.org");
    /// Data 5.
    EHT_DATA_5: hex("radiotap.eht.data_5", "Data 5", 8).clause("radiotap.org");
    /// Resource unit allocation, channel 1, 2.4.
    EHT_DATA_5_RU_ALLOCATION_1_2_4: unsigned("radiotap.eht.data_5.ru_allocation_1_2_4", "Resource unit allocation, channel 1, 2.4").clause("radiotap.org");
    /// Resource unit allocation, channel 2, 2.4.
    EHT_DATA_5_RU_ALLOCATION_2_2_4: unsigned("radiotap.eht.data_5.ru_allocation_2_2_4", "Resource unit allocation, channel 2, 2.4").clause("radiotap.org");
    /// Resource unit allocation, channel 1, 2.5.
    EHT_DATA_5_RU_ALLOCATION_1_2_5: unsigned("radiotap.eht.data_5.ru_allocation_1_2_5", "Resource unit allocation, channel 1, 2.5").clause("radiotap.org");
    /// Data 6.
    EHT_DATA_6: hex("radiotap.eht.data_6", "Data 6", 8).clause("radiotap.org");
    /// Resource unit allocation, channel 2, 2.5.
    EHT_DATA_6_RU_ALLOCATION_2_2_5: unsigned("radiotap.eht.data_6.ru_allocation_2_2_5", "Resource unit allocation, channel 2, 2.5").clause("radiotap.org");
    /// Resource unit allocation, channel 1, 2.6.
    EHT_DATA_6_RU_ALLOCATION_1_2_6: unsigned("radiotap.eht.data_6.ru_allocation_1_2_6", "Resource unit allocation, channel 1, 2.6").clause("radiotap.org");
    /// Resource unit allocation, channel 2, 2.6.
    EHT_DATA_6_RU_ALLOCATION_2_2_6: unsigned("radiotap.eht.data_6.ru_allocation_2_2_6", "Resource unit allocation, channel 2, 2.6").clause("radiotap.org");
    /// Data 7.
    EHT_DATA_7: hex("radiotap.eht.data_7", "Data 7", 8).clause("radiotap.org");
    /// CRC 2.
    EHT_DATA_7_CRC2: unsigned("radiotap.eht.data_7.crc2", "CRC 2").clause("radiotap.org");
    /// Tail 2.
    EHT_DATA_7_TAIL2: unsigned("radiotap.eht.data_7.tail2", "Tail 2").clause("radiotap.org");
    /// Streams of sounding, minus 1.
    EHT_DATA_7_NSS: unsigned("radiotap.eht.data_7.nss", "Streams of sounding, minus 1").clause("radiotap.org");
    /// Beamformed sounding.
    EHT_DATA_7_BEAMFORMED: unsigned("radiotap.eht.data_7.beamformed", "Beamformed sounding").clause("radiotap.org");
    /// Users outside OFDMA, minus 1.
    EHT_DATA_7_USERS: unsigned("radiotap.eht.data_7.users", "Users outside OFDMA, minus 1").clause("radiotap.org");
    /// CRC of the user block.
    EHT_DATA_7_USER_ENCODING_BLOCK_CRC: unsigned("radiotap.eht.data_7.user_encoding_block_crc", "CRC of the user block").clause("radiotap.org");
    /// Tail of the user block.
    EHT_DATA_7_USER_ENCODING_BLOCK_TAIL: unsigned("radiotap.eht.data_7.user_encoding_block_tail", "Tail of the user block").clause("radiotap.org");
    /// Data 8.
    EHT_DATA_8: hex("radiotap.eht.data_8", "Data 8", 8).clause("radiotap.org");
    /// Primary or secondary 160 MHz.
    EHT_DATA_8_PS_160: unsigned("radiotap.eht.data_8.ps_160", "Primary or secondary 160 MHz").clause("radiotap.org");
    /// B0 of the allocation.
    EHT_DATA_8_B0: unsigned("radiotap.eht.data_8.b0", "B0 of the allocation").clause("radiotap.org");
    /// B7-B1 of the allocation.
    EHT_DATA_8_B7_B1: unsigned("radiotap.eht.data_8.b7_b1", "B7-B1 of the allocation").clause("radiotap.org");
    /// User.
    EHT_USER_INFO: hex("radiotap.eht.user_info", "User", 8).clause("radiotap.org");
    /// STA-ID known.
    EHT_USER_INFO_STA_ID_KNOWN: flag("radiotap.eht.user_info.sta_id_known", "STA-ID known").clause("radiotap.org");
    /// MCS known.
    EHT_USER_INFO_MCS_KNOWN: flag("radiotap.eht.user_info.mcs_known", "MCS known").clause("radiotap.org");
    /// Coding known.
    EHT_USER_INFO_CODING_KNOWN: flag("radiotap.eht.user_info.coding_known", "Coding known").clause("radiotap.org");
    /// Streams known.
    EHT_USER_INFO_NSS_KNOWN: flag("radiotap.eht.user_info.nss_known", "Streams known").clause("radiotap.org");
    /// Beamforming known.
    EHT_USER_INFO_BEAMFORMING_KNOWN: flag("radiotap.eht.user_info.beamforming_known", "Beamforming known").clause("radiotap.org");
    /// Spatial configuration known.
    EHT_USER_INFO_SPATIAL_CONFIGURATION_KNOWN: flag("radiotap.eht.user_info.spatial_configuration_known", "Spatial configuration known").clause("radiotap.org");
    /// Data of this user.
    EHT_USER_INFO_DATA_FOR_THIS_USER: flag("radiotap.eht.user_info.data_for_this_user", "Data of this user").clause("radiotap.org");
    /// STA-ID.
    EHT_USER_INFO_STA_ID: unsigned("radiotap.eht.user_info.sta_id", "STA-ID").clause("radiotap.org");
    /// Coding.
    EHT_USER_INFO_CODING: unsigned("radiotap.eht.user_info.coding", "Coding").names(coding).clause("radiotap.org");
    /// MCS.
    EHT_USER_INFO_MCS: unsigned("radiotap.eht.user_info.mcs", "MCS").clause("radiotap.org");
    /// Streams, minus 1.
    EHT_USER_INFO_NSS: unsigned("radiotap.eht.user_info.nss", "Streams, minus 1").clause("radiotap.org");
    /// Beamformed.
    EHT_USER_INFO_BEAMFORMING: flag("radiotap.eht.user_info.beamforming", "Beamformed").clause("radiotap.org");
    /// Spatial configuration.
    EHT_USER_INFO_SPATIAL_CONFIGURATION: unsigned("radiotap.eht.user_info.spatial_configuration", "Spatial configuration").clause("radiotap.org");
    /// Modulation of S1G (802.11ah).
    S1G: branch("radiotap.s1g", "S1G");
    /// Known.
    S1G_KNOWN: hex("radiotap.s1g.known", "Known", 4).clause("radiotap.org");
    /// PPDU format known.
    S1G_S1G_PPDU_FORMAT_KNOWN: flag("radiotap.s1g.s1g_ppdu_format_known", "PPDU format known").clause("radiotap.org");
    /// Response indication known.
    S1G_RESPONSE_INDICATION_KNOWN: flag("radiotap.s1g.response_indication_known", "Response indication known").clause("radiotap.org");
    /// Guard interval known.
    S1G_GUARD_INTERVAL_KNOWN: flag("radiotap.s1g.guard_interval_known", "Guard interval known").clause("radiotap.org");
    /// Streams known.
    S1G_NSS_KNOWN: flag("radiotap.s1g.nss_known", "Streams known").clause("radiotap.org");
    /// Bandwidth known.
    S1G_BANDWIDTH_KNOWN: flag("radiotap.s1g.bandwidth_known", "Bandwidth known").clause("radiotap.org");
    /// MCS known.
    S1G_MCS_KNOWN: flag("radiotap.s1g.mcs_known", "MCS known").clause("radiotap.org");
    /// Color known.
    S1G_COLOR_KNOWN: flag("radiotap.s1g.color_known", "Color known").clause("radiotap.org");
    /// Uplink indication known.
    S1G_UPLINK_INDICATION_KNOWN: flag("radiotap.s1g.uplink_indication_known", "Uplink indication known").clause("radiotap.org");
    /// Data 1.
    S1G_DATA_1: hex("radiotap.s1g.data_1", "Data 1", 4).clause("radiotap.org");
    /// PPDU format.
    S1G_S1G_PPDU_FORMAT: unsigned("radiotap.s1g.s1g_ppdu_format", "PPDU format").names(s1g_format).clause("radiotap.org");
    /// Response indication.
    S1G_RESPONSE_INDICATION: unsigned("radiotap.s1g.response_indication", "Response indication").names(s1g_response).clause("radiotap.org");
    /// Short guard interval.
    S1G_GUARD_INTERVAL: unsigned("radiotap.s1g.guard_interval", "Short guard interval").clause("radiotap.org");
    /// Streams, minus 1.
    S1G_NSS: unsigned("radiotap.s1g.nss", "Streams, minus 1").clause("radiotap.org");
    /// Bandwidth.
    S1G_BANDWIDTH: unsigned("radiotap.s1g.bandwidth", "Bandwidth").names(s1g_bandwidth).clause("radiotap.org");
    /// MCS.
    S1G_MCS: unsigned("radiotap.s1g.mcs", "MCS").clause("radiotap.org");
    /// Data 2.
    S1G_DATA_2: hex("radiotap.s1g.data_2", "Data 2", 4).clause("radiotap.org");
    /// Color.
    S1G_COLOR: unsigned("radiotap.s1g.color", "Color").clause("radiotap.org");
    /// Uplink.
    S1G_UPLINK_INDICATION: flag("radiotap.s1g.uplink_indication", "Uplink").clause("radiotap.org");
    /// Signal.
    S1G_RSSI: signed("radiotap.s1g.rssi", "Signal").unit("dBm").clause("radiotap.org");
}

/// What is known of the common part of U-SIG.
static U_SIG_KNOWN: &[Bits] = &[
    (&U_SIG_COMMON_PHY_VERSION_IDENTIFIER_KNOWN, 0, 1),
    (&U_SIG_COMMON_BW_KNOWN, 1, 1),
    (&U_SIG_COMMON_UL_DL_KNOWN, 2, 1),
    (&U_SIG_COMMON_BSS_COLOR_KNOWN, 3, 1),
    (&U_SIG_COMMON_TXOP_KNOWN, 4, 1),
    (&U_SIG_COMMON_BAD_U_SIG_CRC, 5, 1),
    (&U_SIG_COMMON_VALIDATE_BITS_CHECKED, 6, 1),
    (&U_SIG_COMMON_VALIDATE_BITS_OK, 7, 1),
];
/// Values of the common part of U-SIG.
static U_SIG_COMMON_VALUES: &[KnownBits] = &[
    (&U_SIG_COMMON_PHY_VERSION_IDENTIFIER, 12, 3, 0),
    (&U_SIG_COMMON_BW, 15, 3, 1),
    (&U_SIG_COMMON_UL_DL, 18, 1, 2),
    (&U_SIG_COMMON_BSS_COLOR, 19, 6, 3),
    (&U_SIG_COMMON_TXOP, 25, 7, 4),
];
/// Version-dependent bits of U-SIG in EHT MU PPDUs.
static U_SIG_MULTIPLE: &[Bits] = &[
    (&U_SIG_MU_B20_B24_DISREGARD, 0, 5),
    (&U_SIG_MU_B25_VALIDATE, 5, 1),
    (&U_SIG_MU_PPDU_TYPE, 6, 2),
    (&U_SIG_MU_B2_VALIDATE, 8, 1),
    (&U_SIG_MU_PUNCTURED_CHANNEL, 9, 5),
    (&U_SIG_MU_B8_VALIDATE, 14, 1),
    (&U_SIG_MU_EHT_SIG_MCS, 15, 2),
    (&U_SIG_MU_EHT_SIG_SYMBOLS, 17, 5),
    (&U_SIG_MU_CRC, 22, 4),
    (&U_SIG_MU_TAIL, 26, 6),
];
/// Version-dependent bits of U-SIG in EHT TB PPDUs.
static U_SIG_TRIGGERED: &[Bits] = &[
    (&U_SIG_TB_B20_B25_DISREGARD, 0, 6),
    (&U_SIG_TB_PPDU_TYPE, 6, 2),
    (&U_SIG_TB_B2_VALIDATE, 8, 1),
    (&U_SIG_TB_SPATIAL_REUSE_1, 9, 4),
    (&U_SIG_TB_SPATIAL_REUSE_2, 13, 4),
    (&U_SIG_TB_B11_B15_DISREGARD, 17, 5),
    (&U_SIG_TB_CRC, 22, 4),
    (&U_SIG_TB_TAIL, 26, 6),
];
/// What is known of the EHT field.
static EHT_KNOWN_BITS: &[Bits] = &[
    (&EHT_KNOWN_SPATIAL_REUSE, 1, 1),
    (&EHT_KNOWN_GI, 2, 1),
    (&EHT_KNOWN_EHT_LTF, 4, 1),
    (&EHT_KNOWN_LDPC_EXTRA_SYMBOL_SEGMENT, 5, 1),
    (&EHT_KNOWN_PRE_FEC_PADDING_FACTOR, 6, 1),
    (&EHT_KNOWN_PE_DISAMBIGUITY, 7, 1),
    (&EHT_KNOWN_DISREGARD_OFDMA, 8, 1),
    (&EHT_KNOWN_DISREGARD_SOUNDING, 9, 1),
    (&EHT_KNOWN_CRC1, 13, 1),
    (&EHT_KNOWN_TAIL1, 14, 1),
    (&EHT_KNOWN_CRC2, 15, 1),
    (&EHT_KNOWN_TAIL2, 16, 1),
    (&EHT_KNOWN_NSS, 17, 1),
    (&EHT_KNOWN_BEAMFORMED, 18, 1),
    (&EHT_KNOWN_USERS, 19, 1),
    (&EHT_KNOWN_USER_ENCODING_BLOCK_CRC, 20, 1),
    (&EHT_KNOWN_USER_ENCODING_BLOCK_TAIL, 21, 1),
    (&EHT_KNOWN_RU_MRU_SIZE, 22, 1),
    (&EHT_KNOWN_RU_MRU_INDEX, 23, 1),
    (&EHT_KNOWN_RU_ALLOCATION_TB, 24, 1),
    (&EHT_KNOWN_PRIMARY_80, 25, 1),
];
/// Values of the words of the EHT field. What needs a bit of its own word has [`OWN`] added to it.
static EHT_DATA: [(&Field, &[KnownBits]); 9] = [
    (
        &EHT_DATA_0,
        &[
            (&EHT_DATA_0_SPATIAL_REUSE, 3, 4, 1),
            (&EHT_DATA_0_GI, 7, 2, 2),
            (&EHT_DATA_0_LTF_SYMBOL_SIZE, 9, 2, 2),
            (&EHT_DATA_0_NUM_LTF_SYMBOLS, 11, 3, 4),
            (&EHT_DATA_0_LDPC_EXTRA_SYMBOL_SEGMENT, 14, 1, 5),
            (&EHT_DATA_0_PRE_FEC_PADDING_FACTOR, 15, 2, 6),
            (&EHT_DATA_0_PE_DISAMBIGUITY, 17, 1, 7),
            (&EHT_DATA_0_DISREGARD_SOUNDING, 18, 2, 9),
            (&EHT_DATA_0_DISREGARD_OFDMA, 18, 4, 8),
            (&EHT_DATA_0_CRC1, 22, 4, 13),
            (&EHT_DATA_0_TAIL1, 26, 6, 14),
        ],
    ),
    (
        &EHT_DATA_1,
        &[
            (&EHT_DATA_1_RU_MRU_SIZE, 0, 5, 22),
            (&EHT_DATA_1_RU_MRU_INDEX, 5, 8, 23),
            (&EHT_DATA_1_RU_ALLOCATION_1_1_1, 13, 9, OWN + 22),
            (&EHT_DATA_1_PRIMARY_80, 30, 2, 25),
        ],
    ),
    (
        &EHT_DATA_2,
        &[
            (&EHT_DATA_2_RU_ALLOCATION_2_1_1, 0, 9, OWN + 9),
            (&EHT_DATA_2_RU_ALLOCATION_1_1_2, 10, 9, OWN + 19),
            (&EHT_DATA_2_RU_ALLOCATION_2_1_2, 20, 9, OWN + 29),
        ],
    ),
    (
        &EHT_DATA_3,
        &[
            (&EHT_DATA_3_RU_ALLOCATION_1_2_1, 0, 9, OWN + 9),
            (&EHT_DATA_3_RU_ALLOCATION_2_2_1, 10, 9, OWN + 19),
            (&EHT_DATA_3_RU_ALLOCATION_1_2_2, 20, 9, OWN + 29),
        ],
    ),
    (
        &EHT_DATA_4,
        &[
            (&EHT_DATA_4_RU_ALLOCATION_2_2_2, 0, 9, OWN + 9),
            (&EHT_DATA_4_RU_ALLOCATION_1_2_3, 10, 9, OWN + 19),
            (&EHT_DATA_4_RU_ALLOCATION_2_2_3, 20, 9, OWN + 29),
        ],
    ),
    (
        &EHT_DATA_5,
        &[
            (&EHT_DATA_5_RU_ALLOCATION_1_2_4, 0, 9, OWN + 9),
            (&EHT_DATA_5_RU_ALLOCATION_2_2_4, 10, 9, OWN + 19),
            (&EHT_DATA_5_RU_ALLOCATION_1_2_5, 20, 9, OWN + 29),
        ],
    ),
    (
        &EHT_DATA_6,
        &[
            (&EHT_DATA_6_RU_ALLOCATION_2_2_5, 0, 9, OWN + 9),
            (&EHT_DATA_6_RU_ALLOCATION_1_2_6, 10, 9, OWN + 19),
            (&EHT_DATA_6_RU_ALLOCATION_2_2_6, 20, 9, OWN + 29),
        ],
    ),
    (
        &EHT_DATA_7,
        &[
            (&EHT_DATA_7_CRC2, 0, 4, 15),
            (&EHT_DATA_7_TAIL2, 4, 6, 16),
            (&EHT_DATA_7_NSS, 12, 4, 17),
            (&EHT_DATA_7_BEAMFORMED, 16, 1, 18),
            (&EHT_DATA_7_USERS, 17, 3, 19),
            (&EHT_DATA_7_USER_ENCODING_BLOCK_CRC, 20, 4, 20),
            (&EHT_DATA_7_USER_ENCODING_BLOCK_TAIL, 24, 6, 21),
        ],
    ),
    (
        &EHT_DATA_8,
        &[
            (&EHT_DATA_8_PS_160, 0, 1, 24),
            (&EHT_DATA_8_B0, 1, 1, 24),
            (&EHT_DATA_8_B7_B1, 2, 7, 24),
        ],
    ),
];
/// What is known of a user of an EHT PPDU.
static EHT_USER_KNOWN: &[Bits] = &[
    (&EHT_USER_INFO_STA_ID_KNOWN, 0, 1),
    (&EHT_USER_INFO_MCS_KNOWN, 1, 1),
    (&EHT_USER_INFO_CODING_KNOWN, 2, 1),
    (&EHT_USER_INFO_NSS_KNOWN, 4, 1),
    (&EHT_USER_INFO_BEAMFORMING_KNOWN, 5, 1),
    (&EHT_USER_INFO_SPATIAL_CONFIGURATION_KNOWN, 6, 1),
    (&EHT_USER_INFO_DATA_FOR_THIS_USER, 7, 1),
];
/// Values of a user of an EHT PPDU.
static EHT_USER: &[KnownBits] = &[
    (&EHT_USER_INFO_STA_ID, 8, 11, 0),
    (&EHT_USER_INFO_CODING, 19, 1, 2),
    (&EHT_USER_INFO_MCS, 20, 4, 1),
    (&EHT_USER_INFO_NSS, 24, 4, 4),
    (&EHT_USER_INFO_BEAMFORMING, 29, 1, 5),
    (&EHT_USER_INFO_SPATIAL_CONFIGURATION, 24, 6, 6),
];
/// What is known of the S1G field.
static S1G_KNOWN_BITS: &[Bits] = &[
    (&S1G_S1G_PPDU_FORMAT_KNOWN, 0, 1),
    (&S1G_RESPONSE_INDICATION_KNOWN, 1, 1),
    (&S1G_GUARD_INTERVAL_KNOWN, 2, 1),
    (&S1G_NSS_KNOWN, 3, 1),
    (&S1G_BANDWIDTH_KNOWN, 4, 1),
    (&S1G_MCS_KNOWN, 5, 1),
    (&S1G_COLOR_KNOWN, 6, 1),
    (&S1G_UPLINK_INDICATION_KNOWN, 7, 1),
];
/// Values of data 1 of the S1G field.
static S1G1: &[KnownBits] = &[
    (&S1G_S1G_PPDU_FORMAT, 0, 2, 0),
    (&S1G_RESPONSE_INDICATION, 2, 2, 1),
    (&S1G_GUARD_INTERVAL, 5, 1, 2),
    (&S1G_NSS, 6, 2, 3),
    (&S1G_BANDWIDTH, 8, 4, 4),
    (&S1G_MCS, 12, 4, 5),
];
/// Values of data 2 of the S1G field.
static S1G2: &[KnownBits] = &[(&S1G_COLOR, 0, 3, 6), (&S1G_UPLINK_INDICATION, 3, 1, 7)];

/// Added to the bit of a word itself, where that says whether the value beside it is known.
const OWN: u32 = 32;

pub(super) fn u_sig(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    let mask = u64::from(u32_le(reader.rest(), 8)?);
    walk.branch(&U_SIG, Value::Nothing, span, |walk| {
        let uplink = walk.word(reader, &U_SIG_COMMON, 4, |walk, word| {
            name_bits(walk, word, U_SIG_KNOWN);
            name_known(walk, word, U_SIG_COMMON_VALUES, word.value);
            word.bit(2) && word.bit(18)
        })?;
        walk.word(reader, &U_SIG_VALUE, 4, |walk, word| {
            // Uplink with PPDU type and compression mode 0 (802.11be-2024, table 36-28).
            let is_trigger_based = uplink && mask & 0xc0 == 0xc0 && word.bits(6, 2) == 0;
            let values = if is_trigger_based { U_SIG_TRIGGERED } else { U_SIG_MULTIPLE };
            for (field, low, count) in values {
                let known = Word { value: mask, span: word.span };
                if known.bits(*low, *count).count_ones() == *count {
                    walk.bits(word, field, *low, *count);
                }
            }
        })?;
        walk.number(reader, &U_SIG_MASK, 4).map(|_| ())
    })
}

pub(super) fn eht(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&EHT, Value::Nothing, span, |walk| {
        let known = walk.word(reader, &EHT_KNOWN, 4, |walk, word| {
            name_bits(walk, word, EHT_KNOWN_BITS);
            word.value
        })?;
        for (field, values) in &EHT_DATA {
            walk.word(reader, field, 4, |walk, word| {
                name_known(walk, word, values, known | word.value << OWN);
            })?;
        }
        while !reader.is_empty() {
            walk.word(reader, &EHT_USER_INFO, 4, |walk, word| {
                name_bits(walk, word, EHT_USER_KNOWN);
                name_known(walk, word, EHT_USER, word.value);
            })?;
        }
        Some(())
    })
}

pub(super) fn s1g(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&S1G, Value::Nothing, span, |walk| {
        let known = walk.word(reader, &S1G_KNOWN, 2, |walk, word| {
            name_bits(walk, word, S1G_KNOWN_BITS);
            word.value
        })?;
        walk.word(reader, &S1G_DATA_1, 2, |walk, word| name_known(walk, word, S1G1, known))?;
        walk.word(reader, &S1G_DATA_2, 2, |walk, word| {
            name_known(walk, word, S1G2, known);
            let signal = u8::try_from(word.bits(8, 8)).unwrap_or(0).cast_signed();
            walk.field(&S1G_RSSI, Value::Signed(i64::from(signal)), word.span);
        })
    })
}

fn phy_version(value: u64) -> Option<&'static str> {
    pick(&["EHT", "UHR"], value)
}

fn u_sig_bandwidth(value: u64) -> Option<&'static str> {
    pick(&["20 MHz", "40 MHz", "80 MHz", "160 MHz", "320 MHz-1", "320 MHz-2"], value)
}

fn eht_guard(value: u64) -> Option<&'static str> {
    pick(&["0.8 µs", "1.6 µs", "3.2 µs"], value)
}

fn eht_ltf_size(value: u64) -> Option<&'static str> {
    pick(&["3.2 µs", "6.4 µs", "12.8 µs"], value)
}

fn eht_resource_unit(value: u64) -> Option<&'static str> {
    pick(
        &[
            "26 tones",
            "52 tones",
            "106 tones",
            "242 tones",
            "484 tones",
            "996 tones",
            "2 × 996 tones",
            "4 × 996 tones",
            "52 + 26 tones",
            "106 + 26 tones",
            "484 + 242 tones",
            "996 + 484 tones",
            "996 + 484 + 242 tones",
            "2 × 996 + 484 tones",
            "3 × 996 tones",
            "3 × 996 + 484 tones",
        ],
        value,
    )
}

fn s1g_format(value: u64) -> Option<&'static str> {
    pick(&["S1G_1M", "S1G_SHORT", "S1G_LONG"], value)
}

fn s1g_response(value: u64) -> Option<&'static str> {
    pick(&["no response", "NDP response", "normal response", "long response"], value)
}

fn s1g_bandwidth(value: u64) -> Option<&'static str> {
    pick(&["1 MHz", "2 MHz", "4 MHz", "8 MHz", "16 MHz"], value)
}
