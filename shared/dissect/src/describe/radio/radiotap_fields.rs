//! The fields of radiotap headers, but for those of HE and later.

use super::radiotap_he::coding;
use super::{Bits, pick};
use crate::fields::{Field, fields};

fields! {
    Radio => FIELDS;
    /// The radiotap header.
    RADIOTAP: branch("radiotap", "Radiotap");
    /// Version.
    VERSION: unsigned("radiotap.version", "Version").clause("radiotap.org");
    /// Unused byte.
    PAD: unsigned("radiotap.pad", "Pad").clause("radiotap.org");
    /// Length of the whole header.
    LENGTH: unsigned("radiotap.length", "Length").unit("bytes").clause("radiotap.org");
    /// What the header has.
    PRESENT: branch("radiotap.present", "Present");
    /// Presence word.
    PRESENT_WORD: hex("radiotap.present.word", "Presence word", 8).clause("radiotap.org");
    /// TSFT present.
    PRESENT_TSFT: flag("radiotap.present.tsft", "TSFT").clause("radiotap.org");
    /// Flags present.
    PRESENT_FLAGS: flag("radiotap.present.flags", "Flags").clause("radiotap.org");
    /// Rate present.
    PRESENT_RATE: flag("radiotap.present.rate", "Rate").clause("radiotap.org");
    /// Channel present.
    PRESENT_CHANNEL: flag("radiotap.present.channel", "Channel").clause("radiotap.org");
    /// FHSS present.
    PRESENT_FHSS: flag("radiotap.present.fhss", "FHSS").clause("radiotap.org");
    /// Signal in dBm present.
    PRESENT_DBM_ANTSIGNAL: flag("radiotap.present.dbm_antsignal", "Signal in dBm").clause("radiotap.org");
    /// Noise in dBm present.
    PRESENT_DBM_ANTNOISE: flag("radiotap.present.dbm_antnoise", "Noise in dBm").clause("radiotap.org");
    /// Lock quality present.
    PRESENT_LOCK_QUALITY: flag("radiotap.present.lock_quality", "Lock quality").clause("radiotap.org");
    /// Transmit attenuation present.
    PRESENT_TX_ATTENUATION: flag("radiotap.present.tx_attenuation", "Transmit attenuation").clause("radiotap.org");
    /// Transmit attenuation in dB present.
    PRESENT_DB_TX_ATTENUATION: flag("radiotap.present.db_tx_attenuation", "Transmit attenuation in dB").clause("radiotap.org");
    /// Transmit power in dBm present.
    PRESENT_DBM_TX_POWER: flag("radiotap.present.dbm_tx_power", "Transmit power in dBm").clause("radiotap.org");
    /// Antenna present.
    PRESENT_ANTENNA: flag("radiotap.present.antenna", "Antenna").clause("radiotap.org");
    /// Signal in dB present.
    PRESENT_DB_ANTSIGNAL: flag("radiotap.present.db_antsignal", "Signal in dB").clause("radiotap.org");
    /// Noise in dB present.
    PRESENT_DB_ANTNOISE: flag("radiotap.present.db_antnoise", "Noise in dB").clause("radiotap.org");
    /// Receive flags present.
    PRESENT_RXFLAGS: flag("radiotap.present.rxflags", "Receive flags").clause("radiotap.org");
    /// Transmit flags present.
    PRESENT_TXFLAGS: flag("radiotap.present.txflags", "Transmit flags").clause("radiotap.org");
    /// RTS retries present.
    PRESENT_RTS_RETRIES: flag("radiotap.present.rts_retries", "RTS retries").clause("radiotap.org");
    /// Data retries present.
    PRESENT_DATA_RETRIES: flag("radiotap.present.data_retries", "Data retries").clause("radiotap.org");
    /// Extended channel present.
    PRESENT_XCHANNEL: flag("radiotap.present.xchannel", "Extended channel").clause("radiotap.org");
    /// MCS present.
    PRESENT_MCS: flag("radiotap.present.mcs", "MCS").clause("radiotap.org");
    /// A-MPDU status present.
    PRESENT_AMPDU: flag("radiotap.present.ampdu", "A-MPDU status").clause("radiotap.org");
    /// VHT present.
    PRESENT_VHT: flag("radiotap.present.vht", "VHT").clause("radiotap.org");
    /// Timestamp present.
    PRESENT_TIMESTAMP: flag("radiotap.present.timestamp", "Timestamp").clause("radiotap.org");
    /// HE present.
    PRESENT_HE: flag("radiotap.present.he", "HE").clause("radiotap.org");
    /// HE-MU present.
    PRESENT_HE_MU: flag("radiotap.present.he_mu", "HE-MU").clause("radiotap.org");
    /// HE-MU other user present.
    PRESENT_HE_MU_OTHER_USER: flag("radiotap.present.he_mu_other_user", "HE-MU other user").clause("radiotap.org");
    /// 0-length PSDU present.
    PRESENT_0_LENGTH_PSDU: flag("radiotap.present.0_length.psdu", "0-length PSDU").clause("radiotap.org");
    /// L-SIG present.
    PRESENT_L_SIG: flag("radiotap.present.l_sig", "L-SIG").clause("radiotap.org");
    /// TLV fields present.
    PRESENT_TLV: flag("radiotap.present.tlv", "TLV fields").clause("radiotap.org");
    /// Radiotap namespace next.
    PRESENT_RTAP_NS: flag("radiotap.present.rtap_ns", "Radiotap namespace next").clause("radiotap.org");
    /// Vendor namespace next.
    PRESENT_VENDOR_NS: flag("radiotap.present.vendor_ns", "Vendor namespace next").clause("radiotap.org");
    /// Another word follows.
    PRESENT_EXT: flag("radiotap.present.ext", "Another word follows").clause("radiotap.org");
    /// The receiver's timer at the first bit of the MPDU.
    MACTIME: unsigned("radiotap.mactime", "MAC timestamp").unit("µs").clause("radiotap.org");
    /// Flags.
    FLAGS: hex("radiotap.flags", "Flags", 2).clause("radiotap.org");
    /// Contention-free period.
    FLAGS_CFP: flag("radiotap.flags.cfp", "Contention-free period").clause("radiotap.org");
    /// Short preamble.
    FLAGS_PREAMBLE: flag("radiotap.flags.preamble", "Short preamble").clause("radiotap.org");
    /// WEP.
    FLAGS_WEP: flag("radiotap.flags.wep", "WEP").clause("radiotap.org");
    /// Fragmentation.
    FLAGS_FRAG: flag("radiotap.flags.frag", "Fragmentation").clause("radiotap.org");
    /// FCS at end.
    FLAGS_FCS: flag("radiotap.flags.fcs", "FCS at end").clause("radiotap.org");
    /// Data pad.
    FLAGS_DATAPAD: flag("radiotap.flags.datapad", "Data pad").clause("radiotap.org");
    /// Bad FCS.
    FLAGS_BADFCS: flag("radiotap.flags.badfcs", "Bad FCS").clause("radiotap.org");
    /// Short guard interval.
    FLAGS_SHORTGI: flag("radiotap.flags.shortgi", "Short guard interval").clause("radiotap.org");
    /// Rate of DSSS and OFDM.
    DATARATE: float("radiotap.datarate", "Rate").unit("Mbit/s").clause("radiotap.org");
    /// Centre of the channel tuned to.
    CHANNEL_FREQ: unsigned("radiotap.channel.freq", "Channel frequency").unit("MHz").clause("radiotap.org");
    /// Channel flags.
    CHANNEL_FLAGS: hex("radiotap.channel.flags", "Channel flags", 4).clause("radiotap.org");
    /// 700 MHz.
    CHANNEL_FLAGS_700MHZ: flag("radiotap.channel.flags.700mhz", "700 MHz").clause("radiotap.org");
    /// 800 MHz.
    CHANNEL_FLAGS_800MHZ: flag("radiotap.channel.flags.800mhz", "800 MHz").clause("radiotap.org");
    /// 900 MHz.
    CHANNEL_FLAGS_900MHZ: flag("radiotap.channel.flags.900mhz", "900 MHz").clause("radiotap.org");
    /// Turbo.
    CHANNEL_FLAGS_TURBO: flag("radiotap.channel.flags.turbo", "Turbo").clause("radiotap.org");
    /// CCK.
    CHANNEL_FLAGS_CCK: flag("radiotap.channel.flags.cck", "CCK").clause("radiotap.org");
    /// OFDM.
    CHANNEL_FLAGS_OFDM: flag("radiotap.channel.flags.ofdm", "OFDM").clause("radiotap.org");
    /// 2.4 GHz.
    CHANNEL_FLAGS_2GHZ: flag("radiotap.channel.flags.2ghz", "2.4 GHz").clause("radiotap.org");
    /// 5 GHz.
    CHANNEL_FLAGS_5GHZ: flag("radiotap.channel.flags.5ghz", "5 GHz").clause("radiotap.org");
    /// Passive.
    CHANNEL_FLAGS_PASSIVE: flag("radiotap.channel.flags.passive", "Passive").clause("radiotap.org");
    /// Dynamic CCK-OFDM.
    CHANNEL_FLAGS_DYNAMIC: flag("radiotap.channel.flags.dynamic", "Dynamic CCK-OFDM").clause("radiotap.org");
    /// GFSK.
    CHANNEL_FLAGS_GFSK: flag("radiotap.channel.flags.gfsk", "GFSK").clause("radiotap.org");
    /// GSM.
    CHANNEL_FLAGS_GSM: flag("radiotap.channel.flags.gsm", "GSM").clause("radiotap.org");
    /// Static turbo.
    CHANNEL_FLAGS_STURBO: flag("radiotap.channel.flags.sturbo", "Static turbo").clause("radiotap.org");
    /// Half rate, 10 MHz.
    CHANNEL_FLAGS_HALF: flag("radiotap.channel.flags.half", "Half rate, 10 MHz").clause("radiotap.org");
    /// Quarter rate, 5 MHz.
    CHANNEL_FLAGS_QUARTER: flag("radiotap.channel.flags.quarter", "Quarter rate, 5 MHz").clause("radiotap.org");
    /// Hop set.
    FHSS_HOPSET: unsigned("radiotap.fhss.hopset", "Hop set").clause("radiotap.org");
    /// Hop pattern.
    FHSS_PATTERN: unsigned("radiotap.fhss.pattern", "Hop pattern").clause("radiotap.org");
    /// Antenna signal.
    DBM_ANTSIGNAL: signed("radiotap.dbm_antsignal", "Antenna signal").unit("dBm").clause("radiotap.org");
    /// Antenna noise.
    DBM_ANTNOISE: signed("radiotap.dbm_antnoise", "Antenna noise").unit("dBm").clause("radiotap.org");
    /// Quality of the Barker code lock, without unit.
    QUALITY: unsigned("radiotap.quality", "Lock quality").clause("radiotap.org");
    /// Attenuation from the largest power, without unit.
    TXATTENUATION: unsigned("radiotap.txattenuation", "Transmit attenuation").clause("radiotap.org");
    /// Transmit attenuation in dB.
    DB_TXATTENUATION: unsigned("radiotap.db_txattenuation", "Transmit attenuation in dB").unit("dB").clause("radiotap.org");
    /// Transmit power.
    TXPOWER: signed("radiotap.txpower", "Transmit power").unit("dBm").clause("radiotap.org");
    /// Antenna.
    ANTENNA: unsigned("radiotap.antenna", "Antenna").clause("radiotap.org");
    /// Antenna signal above a reference.
    DB_ANTSIGNAL: unsigned("radiotap.db_antsignal", "Antenna signal above a reference").unit("dB").clause("radiotap.org");
    /// Antenna noise above a reference.
    DB_ANTNOISE: unsigned("radiotap.db_antnoise", "Antenna noise above a reference").unit("dB").clause("radiotap.org");
    /// Receive flags.
    RXFLAGS: hex("radiotap.rxflags", "Receive flags", 4).clause("radiotap.org");
    /// Bad PLCP.
    RXFLAGS_BADPLCP: flag("radiotap.rxflags.badplcp", "Bad PLCP").clause("radiotap.org");
    /// Transmit flags.
    TXFLAGS: hex("radiotap.txflags", "Transmit flags", 4).clause("radiotap.org");
    /// Failed after too many retries.
    TXFLAGS_FAIL: flag("radiotap.txflags.fail", "Failed after too many retries").clause("radiotap.org");
    /// CTS to self used.
    TXFLAGS_CTS: flag("radiotap.txflags.cts", "CTS to self used").clause("radiotap.org");
    /// RTS and CTS used.
    TXFLAGS_RTS: flag("radiotap.txflags.rts", "RTS and CTS used").clause("radiotap.org");
    /// No ack expected.
    TXFLAGS_NOACK: flag("radiotap.txflags.noack", "No ack expected").clause("radiotap.org");
    /// Sequence number as given.
    TXFLAGS_NOSEQNO: flag("radiotap.txflags.noseqno", "Sequence number as given").clause("radiotap.org");
    /// Not reordered.
    TXFLAGS_ORDER: flag("radiotap.txflags.order", "Not reordered").clause("radiotap.org");
    /// RTS retries.
    RTS_RETRIES: unsigned("radiotap.rts_retries", "RTS retries").clause("radiotap.org");
    /// Data retries.
    DATA_RETRIES: unsigned("radiotap.data_retries", "Data retries").clause("radiotap.org");
    /// Extended channel flags.
    XCHANNEL_FLAGS: hex("radiotap.xchannel.flags", "Extended channel flags", 8).clause("radiotap.org");
    /// Turbo.
    XCHANNEL_FLAGS_TURBO: flag("radiotap.xchannel.flags.turbo", "Turbo").clause("radiotap.org");
    /// CCK.
    XCHANNEL_FLAGS_CCK: flag("radiotap.xchannel.flags.cck", "CCK").clause("radiotap.org");
    /// OFDM.
    XCHANNEL_FLAGS_OFDM: flag("radiotap.xchannel.flags.ofdm", "OFDM").clause("radiotap.org");
    /// 2.4 GHz.
    XCHANNEL_FLAGS_2GHZ: flag("radiotap.xchannel.flags.2ghz", "2.4 GHz").clause("radiotap.org");
    /// 5 GHz.
    XCHANNEL_FLAGS_5GHZ: flag("radiotap.xchannel.flags.5ghz", "5 GHz").clause("radiotap.org");
    /// Passive.
    XCHANNEL_FLAGS_PASSIVE: flag("radiotap.xchannel.flags.passive", "Passive").clause("radiotap.org");
    /// Dynamic CCK-OFDM.
    XCHANNEL_FLAGS_DYNAMIC: flag("radiotap.xchannel.flags.dynamic", "Dynamic CCK-OFDM").clause("radiotap.org");
    /// GFSK.
    XCHANNEL_FLAGS_GFSK: flag("radiotap.xchannel.flags.gfsk", "GFSK").clause("radiotap.org");
    /// GSM.
    XCHANNEL_FLAGS_GSM: flag("radiotap.xchannel.flags.gsm", "GSM").clause("radiotap.org");
    /// Static turbo.
    XCHANNEL_FLAGS_STURBO: flag("radiotap.xchannel.flags.sturbo", "Static turbo").clause("radiotap.org");
    /// Half rate, 10 MHz.
    XCHANNEL_FLAGS_HALF: flag("radiotap.xchannel.flags.half", "Half rate, 10 MHz").clause("radiotap.org");
    /// Quarter rate, 5 MHz.
    XCHANNEL_FLAGS_QUARTER: flag("radiotap.xchannel.flags.quarter", "Quarter rate, 5 MHz").clause("radiotap.org");
    /// HT 20 MHz.
    XCHANNEL_FLAGS_HT20: flag("radiotap.xchannel.flags.ht20", "HT 20 MHz").clause("radiotap.org");
    /// HT 40 MHz, second channel above.
    XCHANNEL_FLAGS_HT40U: flag("radiotap.xchannel.flags.ht40u", "HT 40 MHz, second channel above").clause("radiotap.org");
    /// HT 40 MHz, second channel below.
    XCHANNEL_FLAGS_HT40D: flag("radiotap.xchannel.flags.ht40d", "HT 40 MHz, second channel below").clause("radiotap.org");
    /// Extended channel frequency.
    XCHANNEL_FREQ: unsigned("radiotap.xchannel.freq", "Extended channel frequency").unit("MHz").clause("radiotap.org");
    /// Extended channel number.
    XCHANNEL_CHANNEL: unsigned("radiotap.xchannel.channel", "Extended channel number").clause("radiotap.org");
    /// Largest power of the channel.
    XCHANNEL_MAXPOWER: unsigned("radiotap.xchannel.maxpower", "Largest power").unit("0.5 dBm").clause("radiotap.org");
    /// Modulation of HT.
    MCS: branch("radiotap.mcs", "MCS");
    /// Known.
    MCS_KNOWN: hex("radiotap.mcs.known", "Known", 2).clause("radiotap.org");
    /// Bandwidth known.
    MCS_HAVE_BW: flag("radiotap.mcs.have_bw", "Bandwidth known").clause("radiotap.org");
    /// MCS index known.
    MCS_HAVE_INDEX: flag("radiotap.mcs.have_index", "MCS index known").clause("radiotap.org");
    /// Guard interval known.
    MCS_HAVE_GI: flag("radiotap.mcs.have_gi", "Guard interval known").clause("radiotap.org");
    /// Format known.
    MCS_HAVE_FORMAT: flag("radiotap.mcs.have_format", "Format known").clause("radiotap.org");
    /// Coding known.
    MCS_HAVE_FEC: flag("radiotap.mcs.have_fec", "Coding known").clause("radiotap.org");
    /// STBC streams known.
    MCS_HAVE_STBC: flag("radiotap.mcs.have_stbc", "STBC streams known").clause("radiotap.org");
    /// Extension streams known.
    MCS_HAVE_NESS: flag("radiotap.mcs.have_ness", "Extension streams known").clause("radiotap.org");
    /// Extension streams, bit 1.
    MCS_NESS_BIT1: unsigned("radiotap.mcs.ness_bit1", "Extension streams, bit 1").clause("radiotap.org");
    /// Bandwidth.
    MCS_BW: unsigned("radiotap.mcs.bw", "Bandwidth").names(bandwidth).clause("radiotap.org");
    /// Short guard interval.
    MCS_GI: unsigned("radiotap.mcs.gi", "Short guard interval").clause("radiotap.org");
    /// Format.
    MCS_FORMAT: unsigned("radiotap.mcs.format", "Format").names(ht_format).clause("radiotap.org");
    /// Coding.
    MCS_FEC: unsigned("radiotap.mcs.fec", "Coding").names(coding).clause("radiotap.org");
    /// STBC streams.
    MCS_STBC: unsigned("radiotap.mcs.stbc", "STBC streams").clause("radiotap.org");
    /// Extension streams, bit 0.
    MCS_NESS_BIT0: unsigned("radiotap.mcs.ness_bit0", "Extension streams, bit 0").clause("radiotap.org");
    /// MCS index.
    MCS_INDEX: unsigned("radiotap.mcs.index", "MCS index").clause("radiotap.org");
    /// The aggregate that the frame was part of.
    AMPDU: branch("radiotap.ampdu", "A-MPDU status");
    /// The same for all frames of an aggregate.
    AMPDU_REFERENCE: unsigned("radiotap.ampdu.reference", "Reference number").clause("radiotap.org");
    /// A-MPDU flags.
    AMPDU_FLAGS: hex("radiotap.ampdu.flags", "A-MPDU flags", 4).clause("radiotap.org");
    /// Subframes of length 0 are reported.
    AMPDU_FLAGS_REPORT_ZEROLEN: flag("radiotap.ampdu.flags.report_zerolen", "Subframes of length 0 are reported").clause("radiotap.org");
    /// Subframe of length 0.
    AMPDU_FLAGS_IS_ZEROLEN: flag("radiotap.ampdu.flags.is_zerolen", "Subframe of length 0").clause("radiotap.org");
    /// Last subframe known.
    AMPDU_FLAGS_LASTKNOWN: flag("radiotap.ampdu.flags.lastknown", "Last subframe known").clause("radiotap.org");
    /// Last subframe.
    AMPDU_FLAGS_LAST: flag("radiotap.ampdu.flags.last", "Last subframe").clause("radiotap.org");
    /// Delimiter CRC error.
    AMPDU_FLAGS_DELIM_CRC_ERROR: flag("radiotap.ampdu.flags.delim_crc_error", "Delimiter CRC error").clause("radiotap.org");
    /// Delimiter CRC known.
    AMPDU_FLAGS_DELIM_CRC_KNOWN: flag("radiotap.ampdu.flags.delim_crc_known", "Delimiter CRC known").clause("radiotap.org");
    /// EOF.
    AMPDU_FLAGS_EOF: flag("radiotap.ampdu.flags.eof", "EOF").clause("radiotap.org");
    /// EOF known.
    AMPDU_FLAGS_EOF_KNOWN: flag("radiotap.ampdu.flags.eof_known", "EOF known").clause("radiotap.org");
    /// Delimiter CRC.
    AMPDU_DELIM_CRC: hex("radiotap.ampdu.delim_crc", "Delimiter CRC", 2).clause("radiotap.org");
    /// Modulation of VHT.
    VHT: branch("radiotap.vht", "VHT");
    /// Known.
    VHT_KNOWN: hex("radiotap.vht.known", "Known", 4).clause("radiotap.org");
    /// STBC known.
    VHT_HAVE_STBC: flag("radiotap.vht.have_stbc", "STBC known").clause("radiotap.org");
    /// TXOP power save known.
    VHT_HAVE_TXOP_PS: flag("radiotap.vht.have_txop_ps", "TXOP power save known").clause("radiotap.org");
    /// Guard interval known.
    VHT_HAVE_GI: flag("radiotap.vht.have_gi", "Guard interval known").clause("radiotap.org");
    /// Short guard interval disambiguation known.
    VHT_HAVE_SGI_NSYM_DA: flag("radiotap.vht.have_sgi_nsym_da", "Short guard interval disambiguation known").clause("radiotap.org");
    /// Extra LDPC symbol known.
    VHT_HAVE_LDPC_EXTRA: flag("radiotap.vht.have_ldpc_extra", "Extra LDPC symbol known").clause("radiotap.org");
    /// Beamforming known.
    VHT_HAVE_BEAMFORMED: flag("radiotap.vht.have_beamformed", "Beamforming known").clause("radiotap.org");
    /// Bandwidth known.
    VHT_HAVE_BW: flag("radiotap.vht.have_bw", "Bandwidth known").clause("radiotap.org");
    /// Group id known.
    VHT_HAVE_GID: flag("radiotap.vht.have_gid", "Group id known").clause("radiotap.org");
    /// Partial AID known.
    VHT_HAVE_PAID: flag("radiotap.vht.have_paid", "Partial AID known").clause("radiotap.org");
    /// STBC.
    VHT_STBC: flag("radiotap.vht.stbc", "STBC").clause("radiotap.org");
    /// No power save during the TXOP.
    VHT_TXOP_PS: flag("radiotap.vht.txop_ps", "No power save during the TXOP").clause("radiotap.org");
    /// Short guard interval.
    VHT_GI: unsigned("radiotap.vht.gi", "Short guard interval").clause("radiotap.org");
    /// Short guard interval disambiguation.
    VHT_SGI_NSYM_DA: flag("radiotap.vht.sgi_nsym_da", "Short guard interval disambiguation").clause("radiotap.org");
    /// Extra LDPC symbol.
    VHT_LDPC_EXTRA: flag("radiotap.vht.ldpc_extra", "Extra LDPC symbol").clause("radiotap.org");
    /// Beamformed.
    VHT_BEAMFORMED: flag("radiotap.vht.beamformed", "Beamformed").clause("radiotap.org");
    /// Bandwidth.
    VHT_BW: unsigned("radiotap.vht.bw", "Bandwidth").names(vht_bandwidth).clause("radiotap.org");
    /// One user of the PPDU.
    VHT_USER: branch("radiotap.vht.user", "User");
    /// Space-time streams of user 0.
    VHT_NSTS_0: unsigned("radiotap.vht.nsts.0", "Space-time streams").clause("radiotap.org");
    /// Space-time streams of user 1.
    VHT_NSTS_1: unsigned("radiotap.vht.nsts.1", "Space-time streams").clause("radiotap.org");
    /// Space-time streams of user 2.
    VHT_NSTS_2: unsigned("radiotap.vht.nsts.2", "Space-time streams").clause("radiotap.org");
    /// Space-time streams of user 3.
    VHT_NSTS_3: unsigned("radiotap.vht.nsts.3", "Space-time streams").clause("radiotap.org");
    /// MCS index of user 0.
    VHT_MCS_0: unsigned("radiotap.vht.mcs.0", "MCS index").clause("radiotap.org");
    /// MCS index of user 1.
    VHT_MCS_1: unsigned("radiotap.vht.mcs.1", "MCS index").clause("radiotap.org");
    /// MCS index of user 2.
    VHT_MCS_2: unsigned("radiotap.vht.mcs.2", "MCS index").clause("radiotap.org");
    /// MCS index of user 3.
    VHT_MCS_3: unsigned("radiotap.vht.mcs.3", "MCS index").clause("radiotap.org");
    /// Spatial streams of user 0.
    VHT_NSS_0: unsigned("radiotap.vht.nss.0", "Spatial streams").clause("radiotap.org");
    /// Spatial streams of user 1.
    VHT_NSS_1: unsigned("radiotap.vht.nss.1", "Spatial streams").clause("radiotap.org");
    /// Spatial streams of user 2.
    VHT_NSS_2: unsigned("radiotap.vht.nss.2", "Spatial streams").clause("radiotap.org");
    /// Spatial streams of user 3.
    VHT_NSS_3: unsigned("radiotap.vht.nss.3", "Spatial streams").clause("radiotap.org");
    /// Coding of user 0.
    VHT_CODING_0: unsigned("radiotap.vht.coding.0", "Coding").names(coding).clause("radiotap.org");
    /// Coding of user 1.
    VHT_CODING_1: unsigned("radiotap.vht.coding.1", "Coding").names(coding).clause("radiotap.org");
    /// Coding of user 2.
    VHT_CODING_2: unsigned("radiotap.vht.coding.2", "Coding").names(coding).clause("radiotap.org");
    /// Coding of user 3.
    VHT_CODING_3: unsigned("radiotap.vht.coding.3", "Coding").names(coding).clause("radiotap.org");
    /// Rate of user 0.
    VHT_DATARATE_0: float("radiotap.vht.datarate.0", "Rate").unit("Mbit/s").clause("radiotap.org");
    /// Rate of user 1.
    VHT_DATARATE_1: float("radiotap.vht.datarate.1", "Rate").unit("Mbit/s").clause("radiotap.org");
    /// Rate of user 2.
    VHT_DATARATE_2: float("radiotap.vht.datarate.2", "Rate").unit("Mbit/s").clause("radiotap.org");
    /// Rate of user 3.
    VHT_DATARATE_3: float("radiotap.vht.datarate.3", "Rate").unit("Mbit/s").clause("radiotap.org");
    /// Group id.
    VHT_GID: unsigned("radiotap.vht.gid", "Group id").clause("radiotap.org");
    /// Partial AID.
    VHT_PAID: unsigned("radiotap.vht.paid", "Partial AID").clause("radiotap.org");
    /// Another timer of the receiver.
    TIMESTAMP: branch("radiotap.timestamp", "Timestamp");
    /// Its time in its unit.
    TIMESTAMP_TS: unsigned("radiotap.timestamp.ts", "Time").clause("radiotap.org");
    /// Accuracy in its unit.
    TIMESTAMP_ACCURACY: unsigned("radiotap.timestamp.accuracy", "Accuracy").clause("radiotap.org");
    /// Unit.
    TIMESTAMP_UNIT: unsigned("radiotap.timestamp.unit", "Unit").names(time_unit).clause("radiotap.org");
    /// Where in the frame the time was taken.
    TIMESTAMP_SAMPLINGPOS: unsigned("radiotap.timestamp.samplingpos", "Sampling position").names(sampling_position).clause("radiotap.org");
    /// 32-bit counter.
    TIMESTAMP_FLAGS_32BIT: flag("radiotap.timestamp.flags.32bit", "32-bit counter").clause("radiotap.org");
    /// Accuracy known.
    TIMESTAMP_FLAGS_ACCURACY: flag("radiotap.timestamp.flags.accuracy", "Accuracy known").clause("radiotap.org");
    /// Kind of a PPDU without payload.
    N0_LEN_PSDU_TYPE: hex("radiotap.0_len_psdu.type", "0-length PSDU", 2).names(zero_length_psdu).clause("radiotap.org");
    /// Fields of a maker.
    VENDOR_NAMESPACE: bytes("radiotap.vendor_namespace", "Vendor namespace").clause("radiotap.org");
    /// Vendor OUI.
    VENDOR_OUI: hex("radiotap.vendor_oui", "Vendor OUI", 6).clause("radiotap.org");
    /// Vendor sub-namespace.
    VENDOR_SUBNS: unsigned("radiotap.vendor_subns", "Vendor sub-namespace").clause("radiotap.org");
    /// Vendor data length.
    VENDOR_DATA_LEN: unsigned("radiotap.vendor_data_len", "Vendor data length").unit("bytes").clause("radiotap.org");
    /// A field with type and length.
    TLV: branch("radiotap.tlv", "TLV field");
    /// Type.
    TLV_TYPE: unsigned("radiotap.tlv.type", "Type").names(tlv_name).clause("radiotap.org");
    /// Length.
    TLV_DATALEN: unsigned("radiotap.tlv.datalen", "Length").unit("bytes").clause("radiotap.org");
    /// Value of a type that is not known.
    TLV_UNKNOWN_DATA: bytes("radiotap.tlv.unknown_data", "Value").clause("radiotap.org");
}

/// Bits of a presence word.
pub(super) static PRESENT_BITS: &[Bits] = &[
    (&PRESENT_TSFT, 0, 1),
    (&PRESENT_FLAGS, 1, 1),
    (&PRESENT_RATE, 2, 1),
    (&PRESENT_CHANNEL, 3, 1),
    (&PRESENT_FHSS, 4, 1),
    (&PRESENT_DBM_ANTSIGNAL, 5, 1),
    (&PRESENT_DBM_ANTNOISE, 6, 1),
    (&PRESENT_LOCK_QUALITY, 7, 1),
    (&PRESENT_TX_ATTENUATION, 8, 1),
    (&PRESENT_DB_TX_ATTENUATION, 9, 1),
    (&PRESENT_DBM_TX_POWER, 10, 1),
    (&PRESENT_ANTENNA, 11, 1),
    (&PRESENT_DB_ANTSIGNAL, 12, 1),
    (&PRESENT_DB_ANTNOISE, 13, 1),
    (&PRESENT_RXFLAGS, 14, 1),
    (&PRESENT_TXFLAGS, 15, 1),
    (&PRESENT_RTS_RETRIES, 16, 1),
    (&PRESENT_DATA_RETRIES, 17, 1),
    (&PRESENT_XCHANNEL, 18, 1),
    (&PRESENT_MCS, 19, 1),
    (&PRESENT_AMPDU, 20, 1),
    (&PRESENT_VHT, 21, 1),
    (&PRESENT_TIMESTAMP, 22, 1),
    (&PRESENT_HE, 23, 1),
    (&PRESENT_HE_MU, 24, 1),
    (&PRESENT_HE_MU_OTHER_USER, 25, 1),
    (&PRESENT_0_LENGTH_PSDU, 26, 1),
    (&PRESENT_L_SIG, 27, 1),
    (&PRESENT_TLV, 28, 1),
    (&PRESENT_RTAP_NS, 29, 1),
    (&PRESENT_VENDOR_NS, 30, 1),
    (&PRESENT_EXT, 31, 1),
];
/// Bits of the flags.
pub(super) static FLAGS_BITS: &[Bits] = &[
    (&FLAGS_CFP, 0, 1),
    (&FLAGS_PREAMBLE, 1, 1),
    (&FLAGS_WEP, 2, 1),
    (&FLAGS_FRAG, 3, 1),
    (&FLAGS_FCS, 4, 1),
    (&FLAGS_DATAPAD, 5, 1),
    (&FLAGS_BADFCS, 6, 1),
    (&FLAGS_SHORTGI, 7, 1),
];
/// Bits of the channel flags.
pub(super) static CHANNEL_BITS: &[Bits] = &[
    (&CHANNEL_FLAGS_700MHZ, 0, 1),
    (&CHANNEL_FLAGS_800MHZ, 1, 1),
    (&CHANNEL_FLAGS_900MHZ, 2, 1),
    (&CHANNEL_FLAGS_TURBO, 4, 1),
    (&CHANNEL_FLAGS_CCK, 5, 1),
    (&CHANNEL_FLAGS_OFDM, 6, 1),
    (&CHANNEL_FLAGS_2GHZ, 7, 1),
    (&CHANNEL_FLAGS_5GHZ, 8, 1),
    (&CHANNEL_FLAGS_PASSIVE, 9, 1),
    (&CHANNEL_FLAGS_DYNAMIC, 10, 1),
    (&CHANNEL_FLAGS_GFSK, 11, 1),
    (&CHANNEL_FLAGS_GSM, 12, 1),
    (&CHANNEL_FLAGS_STURBO, 13, 1),
    (&CHANNEL_FLAGS_HALF, 14, 1),
    (&CHANNEL_FLAGS_QUARTER, 15, 1),
];
/// Bits of the extended channel flags.
pub(super) static XCHANNEL_BITS: &[Bits] = &[
    (&XCHANNEL_FLAGS_TURBO, 4, 1),
    (&XCHANNEL_FLAGS_CCK, 5, 1),
    (&XCHANNEL_FLAGS_OFDM, 6, 1),
    (&XCHANNEL_FLAGS_2GHZ, 7, 1),
    (&XCHANNEL_FLAGS_5GHZ, 8, 1),
    (&XCHANNEL_FLAGS_PASSIVE, 9, 1),
    (&XCHANNEL_FLAGS_DYNAMIC, 10, 1),
    (&XCHANNEL_FLAGS_GFSK, 11, 1),
    (&XCHANNEL_FLAGS_GSM, 12, 1),
    (&XCHANNEL_FLAGS_STURBO, 13, 1),
    (&XCHANNEL_FLAGS_HALF, 14, 1),
    (&XCHANNEL_FLAGS_QUARTER, 15, 1),
    (&XCHANNEL_FLAGS_HT20, 16, 1),
    (&XCHANNEL_FLAGS_HT40U, 17, 1),
    (&XCHANNEL_FLAGS_HT40D, 18, 1),
];
/// Bits of the transmit flags.
pub(super) static TX_BITS: &[Bits] = &[
    (&TXFLAGS_FAIL, 0, 1),
    (&TXFLAGS_CTS, 1, 1),
    (&TXFLAGS_RTS, 2, 1),
    (&TXFLAGS_NOACK, 3, 1),
    (&TXFLAGS_NOSEQNO, 4, 1),
    (&TXFLAGS_ORDER, 5, 1),
];
/// What is known of the MCS field.
pub(super) static MCS_KNOWN_BITS: &[Bits] = &[
    (&MCS_HAVE_BW, 0, 1),
    (&MCS_HAVE_INDEX, 1, 1),
    (&MCS_HAVE_GI, 2, 1),
    (&MCS_HAVE_FORMAT, 3, 1),
    (&MCS_HAVE_FEC, 4, 1),
    (&MCS_HAVE_STBC, 5, 1),
    (&MCS_HAVE_NESS, 6, 1),
];
/// The parts of the MCS flags.
pub(super) static MCS_BITS: &[Bits] = &[
    (&MCS_BW, 0, 2),
    (&MCS_GI, 2, 1),
    (&MCS_FORMAT, 3, 1),
    (&MCS_FEC, 4, 1),
    (&MCS_STBC, 5, 2),
    (&MCS_NESS_BIT0, 7, 1),
];
/// Bits of the A-MPDU flags.
pub(super) static AMPDU_BITS: &[Bits] = &[
    (&AMPDU_FLAGS_REPORT_ZEROLEN, 0, 1),
    (&AMPDU_FLAGS_IS_ZEROLEN, 1, 1),
    (&AMPDU_FLAGS_LASTKNOWN, 2, 1),
    (&AMPDU_FLAGS_LAST, 3, 1),
    (&AMPDU_FLAGS_DELIM_CRC_ERROR, 4, 1),
    (&AMPDU_FLAGS_DELIM_CRC_KNOWN, 5, 1),
    (&AMPDU_FLAGS_EOF, 6, 1),
    (&AMPDU_FLAGS_EOF_KNOWN, 7, 1),
];
/// What is known of the VHT field.
pub(super) static VHT_KNOWN_BITS: &[Bits] = &[
    (&VHT_HAVE_STBC, 0, 1),
    (&VHT_HAVE_TXOP_PS, 1, 1),
    (&VHT_HAVE_GI, 2, 1),
    (&VHT_HAVE_SGI_NSYM_DA, 3, 1),
    (&VHT_HAVE_LDPC_EXTRA, 4, 1),
    (&VHT_HAVE_BEAMFORMED, 5, 1),
    (&VHT_HAVE_BW, 6, 1),
    (&VHT_HAVE_GID, 7, 1),
    (&VHT_HAVE_PAID, 8, 1),
];
/// Bits of the VHT flags, in the order of what is known.
pub(super) static VHT_BITS: &[Bits] = &[
    (&VHT_STBC, 0, 1),
    (&VHT_TXOP_PS, 1, 1),
    (&VHT_GI, 2, 1),
    (&VHT_SGI_NSYM_DA, 3, 1),
    (&VHT_LDPC_EXTRA, 4, 1),
    (&VHT_BEAMFORMED, 5, 1),
];
/// Fields of the four users of a VHT PPDU: space-time streams, MCS, streams, coding, rate.
pub(super) static VHT_USERS: [[&Field; 5]; 4] = [
    [&VHT_NSTS_0, &VHT_MCS_0, &VHT_NSS_0, &VHT_CODING_0, &VHT_DATARATE_0],
    [&VHT_NSTS_1, &VHT_MCS_1, &VHT_NSS_1, &VHT_CODING_1, &VHT_DATARATE_1],
    [&VHT_NSTS_2, &VHT_MCS_2, &VHT_NSS_2, &VHT_CODING_2, &VHT_DATARATE_2],
    [&VHT_NSTS_3, &VHT_MCS_3, &VHT_NSS_3, &VHT_CODING_3, &VHT_DATARATE_3],
];

fn bandwidth(value: u64) -> Option<&'static str> {
    pick(&["20 MHz", "40 MHz", "20 MHz, lower", "20 MHz, upper"], value)
}

fn ht_format(value: u64) -> Option<&'static str> {
    pick(&["mixed", "greenfield"], value)
}

fn vht_bandwidth(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "20 MHz",
        1 => "40 MHz",
        2 | 3 => "20 MHz in 40 MHz",
        4 => "80 MHz",
        5 | 6 => "40 MHz in 80 MHz",
        7..=10 => "20 MHz in 80 MHz",
        11 => "160 MHz",
        12 | 13 => "80 MHz in 160 MHz",
        14..=17 => "40 MHz in 160 MHz",
        18..=25 => "20 MHz in 160 MHz",
        _ => return None,
    })
}

fn time_unit(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "ms",
        1 => "µs",
        3 => "ns",
        _ => return None,
    })
}

fn sampling_position(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "first bit of the MPDU",
        1 => "signal acquisition",
        2 => "end of the PPDU",
        3 => "end of the MPDU",
        15 => "unknown",
        _ => return None,
    })
}

fn zero_length_psdu(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "sounding PPDU",
        1 => "data not captured",
        0xff => "vendor-specific",
        _ => return None,
    })
}

fn tlv_name(value: u64) -> Option<&'static str> {
    Some(match value {
        30 => "vendor namespace",
        32 => "S1G",
        33 => "U-SIG",
        34 => "EHT",
        _ => return None,
    })
}
