//! Per-packet information headers, field by field (PPI 1.0.7).

use super::{Bits, name_bits, ppi_gps};
use crate::LinkType;
use crate::fields::{Field, Reader, Span, Value, Walk, fields};

fields! {
    Radio => FIELDS;
    /// The per-packet information header.
    PPI: branch("ppi", "PPI");
    /// Version.
    VERSION: unsigned("ppi.version", "Version").clause("PPI 1.0.7");
    /// Flags.
    FLAGS: hex("ppi.flags", "Flags", 2).clause("PPI 1.0.7");
    /// Fields aligned to 4 bytes.
    FLAGS_ALIGNMENT: flag("ppi.flags.alignment", "Fields aligned to 4 bytes").clause("PPI 1.0.7");
    /// Length of the whole header.
    LENGTH: unsigned("ppi.length", "Length").unit("bytes").clause("PPI 1.0.7");
    /// Link type of what follows.
    DLT: unsigned("ppi.dlt", "Link type").clause("PPI 1.0.7");
    /// One field of the header.
    FIELD: branch("ppi.field", "Field");
    /// Type.
    FIELD_TYPE: unsigned("ppi.field_type", "Type").names(field_name).clause("PPI 1.0.7");
    /// Length.
    FIELD_LEN: unsigned("ppi.field_len", "Length").unit("bytes").clause("PPI 1.0.7");
    /// What every 802.11 radio says.
    N80211_COMMON: branch("ppi.80211-common", "802.11 common");
    /// The receiver's timer, in micro- or milliseconds as the flags say.
    N80211_COMMON_TSFT: unsigned("ppi.80211-common.tsft", "Timer").clause("PPI 1.0.7");
    /// Flags.
    N80211_COMMON_FLAGS: hex("ppi.80211-common.flags", "Flags", 4).clause("PPI 1.0.7");
    /// FCS at end.
    N80211_COMMON_FLAGS_FCS: flag("ppi.80211-common.flags.fcs", "FCS at end").clause("PPI 1.0.7");
    /// Timer in milliseconds.
    N80211_COMMON_FLAGS_TSFT: flag("ppi.80211-common.flags.tsft", "Timer in milliseconds").clause("PPI 1.0.7");
    /// Bad FCS.
    N80211_COMMON_FLAGS_FCS_INVALID: flag("ppi.80211-common.flags.fcs-invalid", "Bad FCS").clause("PPI 1.0.7");
    /// PHY error.
    N80211_COMMON_FLAGS_PHY_ERR: flag("ppi.80211-common.flags.phy-err", "PHY error").clause("PPI 1.0.7");
    /// Rate.
    N80211_COMMON_RATE: unsigned("ppi.80211-common.rate", "Rate").unit("kbit/s").clause("PPI 1.0.7");
    /// Channel frequency.
    N80211_COMMON_CHAN_FREQ: unsigned("ppi.80211-common.chan.freq", "Channel frequency").unit("MHz").clause("PPI 1.0.7");
    /// Channel flags.
    N80211_COMMON_CHAN_FLAGS: hex("ppi.80211-common.chan.flags", "Channel flags", 4).clause("PPI 1.0.7");
    /// Turbo.
    N80211_COMMON_CHAN_FLAGS_TURBO: flag("ppi.80211-common.chan.flags.turbo", "Turbo").clause("PPI 1.0.7");
    /// CCK.
    N80211_COMMON_CHAN_FLAGS_CCK: flag("ppi.80211-common.chan.flags.cck", "CCK").clause("PPI 1.0.7");
    /// OFDM.
    N80211_COMMON_CHAN_FLAGS_OFDM: flag("ppi.80211-common.chan.flags.ofdm", "OFDM").clause("PPI 1.0.7");
    /// 2.4 GHz.
    N80211_COMMON_CHAN_FLAGS_2GHZ: flag("ppi.80211-common.chan.flags.2ghz", "2.4 GHz").clause("PPI 1.0.7");
    /// 5 GHz.
    N80211_COMMON_CHAN_FLAGS_5GHZ: flag("ppi.80211-common.chan.flags.5ghz", "5 GHz").clause("PPI 1.0.7");
    /// Passive.
    N80211_COMMON_CHAN_FLAGS_PASSIVE: flag("ppi.80211-common.chan.flags.passive", "Passive").clause("PPI 1.0.7");
    /// Dynamic CCK-OFDM.
    N80211_COMMON_CHAN_FLAGS_DYNAMIC: flag("ppi.80211-common.chan.flags.dynamic", "Dynamic CCK-OFDM").clause("PPI 1.0.7");
    /// GFSK.
    N80211_COMMON_CHAN_FLAGS_GFSK: flag("ppi.80211-common.chan.flags.gfsk", "GFSK").clause("PPI 1.0.7");
    /// Hop set.
    N80211_COMMON_FHSS_HOPSET: hex("ppi.80211-common.fhss.hopset", "Hop set", 2).clause("PPI 1.0.7");
    /// Hop pattern.
    N80211_COMMON_FHSS_PATTERN: hex("ppi.80211-common.fhss.pattern", "Hop pattern", 2).clause("PPI 1.0.7");
    /// Signal.
    N80211_COMMON_DBM_ANTSIGNAL: signed("ppi.80211-common.dbm.antsignal", "Signal").unit("dBm").clause("PPI 1.0.7");
    /// Noise.
    N80211_COMMON_DBM_ANTNOISE: signed("ppi.80211-common.dbm.antnoise", "Noise").unit("dBm").clause("PPI 1.0.7");
    /// What the MAC of an 802.11n radio says.
    N80211N_MAC: branch("ppi.80211n-mac", "802.11n MAC");
    /// Flags.
    N80211N_MAC_FLAGS: hex("ppi.80211n-mac.flags", "Flags", 8).clause("PPI 1.0.7");
    /// Greenfield.
    N80211N_MAC_FLAGS_GREENFIELD: flag("ppi.80211n-mac.flags.greenfield", "Greenfield").clause("PPI 1.0.7");
    /// 40 MHz.
    N80211N_MAC_FLAGS_HT20_40: flag("ppi.80211n-mac.flags.ht20_40", "40 MHz").clause("PPI 1.0.7");
    /// Short guard interval.
    N80211N_MAC_FLAGS_RX_SHORT_GUARD_INTERVAL: flag("ppi.80211n-mac.flags.rx.short_guard_interval", "Short guard interval").clause("PPI 1.0.7");
    /// Duplicate.
    N80211N_MAC_FLAGS_RX_DUPLICATE: flag("ppi.80211n-mac.flags.rx.duplicate", "Duplicate").clause("PPI 1.0.7");
    /// Part of an aggregate.
    N80211N_MAC_FLAGS_AGG: flag("ppi.80211n-mac.flags.agg", "Part of an aggregate").clause("PPI 1.0.7");
    /// More of the aggregate follows.
    N80211N_MAC_FLAGS_MORE_AGG: flag("ppi.80211n-mac.flags.more_agg", "More of the aggregate follows").clause("PPI 1.0.7");
    /// Delimiter CRC error after this frame.
    N80211N_MAC_FLAGS_DELIM_CRC_ERROR_AFTER: flag("ppi.80211n-mac.flags.delim_crc_error_after", "Delimiter CRC error after this frame").clause("PPI 1.0.7");
    /// A-MPDU id.
    N80211N_MAC_AMPDU_ID: hex("ppi.80211n-mac.ampdu_id", "A-MPDU id", 8).clause("PPI 1.0.7");
    /// Delimiters.
    N80211N_MAC_NUM_DELIMITERS: unsigned("ppi.80211n-mac.num_delimiters", "Delimiters").clause("PPI 1.0.7");
    /// What MAC and PHY of an 802.11n radio say.
    N80211N_MAC_PHY: branch("ppi.80211n-mac-phy", "802.11n MAC and PHY");
    /// MCS index.
    N80211N_MAC_PHY_MCS: unsigned("ppi.80211n-mac-phy.mcs", "MCS index").clause("PPI 1.0.7");
    /// Spatial streams.
    N80211N_MAC_PHY_NUM_STREAMS: unsigned("ppi.80211n-mac-phy.num_streams", "Spatial streams").clause("PPI 1.0.7");
    /// Combined RSSI on the maker's scale.
    N80211N_MAC_PHY_RSSI_COMBINED: unsigned("ppi.80211n-mac-phy.rssi.combined", "RSSI, combined").clause("PPI 1.0.7");
    /// RSSI, antenna 0, primary.
    N80211N_MAC_PHY_RSSI_ANT0CTL: unsigned("ppi.80211n-mac-phy.rssi.ant0ctl", "RSSI, antenna 0, primary").clause("PPI 1.0.7");
    /// RSSI, antenna 1, primary.
    N80211N_MAC_PHY_RSSI_ANT1CTL: unsigned("ppi.80211n-mac-phy.rssi.ant1ctl", "RSSI, antenna 1, primary").clause("PPI 1.0.7");
    /// RSSI, antenna 2, primary.
    N80211N_MAC_PHY_RSSI_ANT2CTL: unsigned("ppi.80211n-mac-phy.rssi.ant2ctl", "RSSI, antenna 2, primary").clause("PPI 1.0.7");
    /// RSSI, antenna 3, primary.
    N80211N_MAC_PHY_RSSI_ANT3CTL: unsigned("ppi.80211n-mac-phy.rssi.ant3ctl", "RSSI, antenna 3, primary").clause("PPI 1.0.7");
    /// RSSI, antenna 0, secondary.
    N80211N_MAC_PHY_RSSI_ANT0EXT: unsigned("ppi.80211n-mac-phy.rssi.ant0ext", "RSSI, antenna 0, secondary").clause("PPI 1.0.7");
    /// RSSI, antenna 1, secondary.
    N80211N_MAC_PHY_RSSI_ANT1EXT: unsigned("ppi.80211n-mac-phy.rssi.ant1ext", "RSSI, antenna 1, secondary").clause("PPI 1.0.7");
    /// RSSI, antenna 2, secondary.
    N80211N_MAC_PHY_RSSI_ANT2EXT: unsigned("ppi.80211n-mac-phy.rssi.ant2ext", "RSSI, antenna 2, secondary").clause("PPI 1.0.7");
    /// RSSI, antenna 3, secondary.
    N80211N_MAC_PHY_RSSI_ANT3EXT: unsigned("ppi.80211n-mac-phy.rssi.ant3ext", "RSSI, antenna 3, secondary").clause("PPI 1.0.7");
    /// Secondary channel frequency.
    N80211_MAC_PHY_EXT_CHAN_FREQ: unsigned("ppi.80211-mac-phy.ext-chan.freq", "Secondary channel frequency").unit("MHz").clause("PPI 1.0.7");
    /// Secondary channel flags.
    N80211_MAC_PHY_EXT_CHAN_FLAGS: hex("ppi.80211-mac-phy.ext-chan.flags", "Secondary channel flags", 4).clause("PPI 1.0.7");
    /// Secondary channel: Turbo.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_TURBO: flag("ppi.80211-mac-phy.ext-chan.flags.turbo", "Secondary channel: Turbo").clause("PPI 1.0.7");
    /// Secondary channel: CCK.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_CCK: flag("ppi.80211-mac-phy.ext-chan.flags.cck", "Secondary channel: CCK").clause("PPI 1.0.7");
    /// Secondary channel: OFDM.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_OFDM: flag("ppi.80211-mac-phy.ext-chan.flags.ofdm", "Secondary channel: OFDM").clause("PPI 1.0.7");
    /// Secondary channel: 2.4 GHz.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_2GHZ: flag("ppi.80211-mac-phy.ext-chan.flags.2ghz", "Secondary channel: 2.4 GHz").clause("PPI 1.0.7");
    /// Secondary channel: 5 GHz.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_5GHZ: flag("ppi.80211-mac-phy.ext-chan.flags.5ghz", "Secondary channel: 5 GHz").clause("PPI 1.0.7");
    /// Secondary channel: Passive.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_PASSIVE: flag("ppi.80211-mac-phy.ext-chan.flags.passive", "Secondary channel: Passive").clause("PPI 1.0.7");
    /// Secondary channel: Dynamic CCK-OFDM.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_DYNAMIC: flag("ppi.80211-mac-phy.ext-chan.flags.dynamic", "Secondary channel: Dynamic CCK-OFDM").clause("PPI 1.0.7");
    /// Secondary channel: GFSK.
    N80211_MAC_PHY_EXT_CHAN_FLAGS_GFSK: flag("ppi.80211-mac-phy.ext-chan.flags.gfsk", "Secondary channel: GFSK").clause("PPI 1.0.7");
    /// Signal of antenna 0.
    N80211N_MAC_PHY_DBMANT0_SIGNAL: signed("ppi.80211n-mac-phy.dbmant0.signal", "Signal of antenna 0").unit("dBm").clause("PPI 1.0.7");
    /// Noise of antenna 0.
    N80211N_MAC_PHY_DBMANT0_NOISE: signed("ppi.80211n-mac-phy.dbmant0.noise", "Noise of antenna 0").unit("dBm").clause("PPI 1.0.7");
    /// Signal of antenna 1.
    N80211N_MAC_PHY_DBMANT1_SIGNAL: signed("ppi.80211n-mac-phy.dbmant1.signal", "Signal of antenna 1").unit("dBm").clause("PPI 1.0.7");
    /// Noise of antenna 1.
    N80211N_MAC_PHY_DBMANT1_NOISE: signed("ppi.80211n-mac-phy.dbmant1.noise", "Noise of antenna 1").unit("dBm").clause("PPI 1.0.7");
    /// Signal of antenna 2.
    N80211N_MAC_PHY_DBMANT2_SIGNAL: signed("ppi.80211n-mac-phy.dbmant2.signal", "Signal of antenna 2").unit("dBm").clause("PPI 1.0.7");
    /// Noise of antenna 2.
    N80211N_MAC_PHY_DBMANT2_NOISE: signed("ppi.80211n-mac-phy.dbmant2.noise", "Noise of antenna 2").unit("dBm").clause("PPI 1.0.7");
    /// Signal of antenna 3.
    N80211N_MAC_PHY_DBMANT3_SIGNAL: signed("ppi.80211n-mac-phy.dbmant3.signal", "Signal of antenna 3").unit("dBm").clause("PPI 1.0.7");
    /// Noise of antenna 3.
    N80211N_MAC_PHY_DBMANT3_NOISE: signed("ppi.80211n-mac-phy.dbmant3.noise", "Noise of antenna 3").unit("dBm").clause("PPI 1.0.7");
    /// Error vector magnitude 0.
    N80211N_MAC_PHY_EVM0: unsigned("ppi.80211n-mac-phy.evm0", "Error vector magnitude 0").clause("PPI 1.0.7");
    /// Error vector magnitude 1.
    N80211N_MAC_PHY_EVM1: unsigned("ppi.80211n-mac-phy.evm1", "Error vector magnitude 1").clause("PPI 1.0.7");
    /// Error vector magnitude 2.
    N80211N_MAC_PHY_EVM2: unsigned("ppi.80211n-mac-phy.evm2", "Error vector magnitude 2").clause("PPI 1.0.7");
    /// Error vector magnitude 3.
    N80211N_MAC_PHY_EVM3: unsigned("ppi.80211n-mac-phy.evm3", "Error vector magnitude 3").clause("PPI 1.0.7");
    /// Spectrum map.
    SPECTRUM_MAP: bytes("ppi.spectrum-map", "Spectrum map").clause("PPI 1.0.7");
    /// Process information.
    PROC_INFO: bytes("ppi.proc-info", "Process information").clause("PPI 1.0.7");
    /// Capture information.
    CAP_INFO: bytes("ppi.cap-info", "Capture information").clause("PPI 1.0.7");
    /// Interface id.
    AGGREGATION_EXTENSION_INTERFACE_ID: unsigned("ppi.aggregation_extension.interface_id", "Interface id").clause("PPI 1.0.7");
    /// 802.3 flags.
    N8023_EXTENSION_FLAGS: hex("ppi.8023_extension.flags", "802.3 flags", 8).clause("PPI 1.0.7");
    /// 802.3 FCS present.
    N8023_EXTENSION_FLAGS_FCS_PRESENT: flag("ppi.8023_extension.flags.fcs_present", "802.3 FCS present").clause("PPI 1.0.7");
    /// 802.3 errors.
    N8023_EXTENSION_ERRORS: hex("ppi.8023_extension.errors", "802.3 errors", 8).clause("PPI 1.0.7");
    /// 802.3 FCS error.
    N8023_EXTENSION_ERRORS_FCS: flag("ppi.8023_extension.errors.fcs", "802.3 FCS error").clause("PPI 1.0.7");
    /// 802.3 sequence error.
    N8023_EXTENSION_ERRORS_SEQUENCE: flag("ppi.8023_extension.errors.sequence", "802.3 sequence error").clause("PPI 1.0.7");
    /// 802.3 symbol error.
    N8023_EXTENSION_ERRORS_SYMBOL: flag("ppi.8023_extension.errors.symbol", "802.3 symbol error").clause("PPI 1.0.7");
    /// 802.3 data error.
    N8023_EXTENSION_ERRORS_DATA: flag("ppi.8023_extension.errors.data", "802.3 data error").clause("PPI 1.0.7");
    /// Heading and motion of the receiver.
    VECTOR: bytes("ppi.vector", "Vector").clause("PPI 1.0.7");
    /// Reading of a sensor.
    SENSOR: bytes("ppi.sensor", "Sensor").clause("PPI 1.0.7");
    /// Antenna of the receiver.
    ANTENNA: bytes("ppi.antenna", "Antenna").clause("PPI 1.0.7");
    /// FNET.
    FNET: bytes("ppi.fnet", "FNET").clause("PPI 1.0.7");
    /// Value of a type that is not known.
    RESERVED: bytes("ppi.reserved", "Value").clause("PPI 1.0.7");
}

/// Bits of the flags of the common field.
static COMMON_FLAGS: &[Bits] = &[
    (&N80211_COMMON_FLAGS_FCS, 0, 1),
    (&N80211_COMMON_FLAGS_TSFT, 1, 1),
    (&N80211_COMMON_FLAGS_FCS_INVALID, 2, 1),
    (&N80211_COMMON_FLAGS_PHY_ERR, 3, 1),
];
/// Bits of the channel flags.
static COMMON_CHANNEL: &[Bits] = &[
    (&N80211_COMMON_CHAN_FLAGS_TURBO, 4, 1),
    (&N80211_COMMON_CHAN_FLAGS_CCK, 5, 1),
    (&N80211_COMMON_CHAN_FLAGS_OFDM, 6, 1),
    (&N80211_COMMON_CHAN_FLAGS_2GHZ, 7, 1),
    (&N80211_COMMON_CHAN_FLAGS_5GHZ, 8, 1),
    (&N80211_COMMON_CHAN_FLAGS_PASSIVE, 9, 1),
    (&N80211_COMMON_CHAN_FLAGS_DYNAMIC, 10, 1),
    (&N80211_COMMON_CHAN_FLAGS_GFSK, 11, 1),
];
/// Bits of the 802.11n flags.
static MAC_FLAGS: &[Bits] = &[
    (&N80211N_MAC_FLAGS_GREENFIELD, 0, 1),
    (&N80211N_MAC_FLAGS_HT20_40, 1, 1),
    (&N80211N_MAC_FLAGS_RX_SHORT_GUARD_INTERVAL, 2, 1),
    (&N80211N_MAC_FLAGS_RX_DUPLICATE, 3, 1),
    (&N80211N_MAC_FLAGS_AGG, 4, 1),
    (&N80211N_MAC_FLAGS_MORE_AGG, 5, 1),
    (&N80211N_MAC_FLAGS_DELIM_CRC_ERROR_AFTER, 6, 1),
];
/// Bits of the flags of the secondary channel.
static SECOND_CHANNEL: &[Bits] = &[
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_TURBO, 4, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_CCK, 5, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_OFDM, 6, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_2GHZ, 7, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_5GHZ, 8, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_PASSIVE, 9, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_DYNAMIC, 10, 1),
    (&N80211_MAC_PHY_EXT_CHAN_FLAGS_GFSK, 11, 1),
];
/// Bits of the 802.3 errors.
static ERRORS: &[Bits] = &[
    (&N8023_EXTENSION_ERRORS_FCS, 0, 1),
    (&N8023_EXTENSION_ERRORS_SEQUENCE, 1, 1),
    (&N8023_EXTENSION_ERRORS_SYMBOL, 2, 1),
    (&N8023_EXTENSION_ERRORS_DATA, 3, 1),
];
/// RSSI of the antennas, primary channel first.
static RSSI: [&Field; 8] = [
    &N80211N_MAC_PHY_RSSI_ANT0CTL,
    &N80211N_MAC_PHY_RSSI_ANT1CTL,
    &N80211N_MAC_PHY_RSSI_ANT2CTL,
    &N80211N_MAC_PHY_RSSI_ANT3CTL,
    &N80211N_MAC_PHY_RSSI_ANT0EXT,
    &N80211N_MAC_PHY_RSSI_ANT1EXT,
    &N80211N_MAC_PHY_RSSI_ANT2EXT,
    &N80211N_MAC_PHY_RSSI_ANT3EXT,
];
/// Signal and noise of the antennas.
static ANTENNAS: [&Field; 8] = [
    &N80211N_MAC_PHY_DBMANT0_SIGNAL,
    &N80211N_MAC_PHY_DBMANT0_NOISE,
    &N80211N_MAC_PHY_DBMANT1_SIGNAL,
    &N80211N_MAC_PHY_DBMANT1_NOISE,
    &N80211N_MAC_PHY_DBMANT2_SIGNAL,
    &N80211N_MAC_PHY_DBMANT2_NOISE,
    &N80211N_MAC_PHY_DBMANT3_SIGNAL,
    &N80211N_MAC_PHY_DBMANT3_NOISE,
];
/// Error vector magnitudes.
static EVM: [&Field; 4] =
    [&N80211N_MAC_PHY_EVM0, &N80211N_MAC_PHY_EVM1, &N80211N_MAC_PHY_EVM2, &N80211N_MAC_PHY_EVM3];

/// Describes the header and gives the link type of what follows.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<LinkType> {
    let [version, _, low, high] = reader.peek()?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    if version != 0 || length < 8 {
        return None;
    }
    let start = reader.offset();
    let mut header = reader.part(length)?;
    walk.branch(&PPI, Value::Nothing, Span::new(start, length), |walk| {
        walk.u8(&mut header, &VERSION)?;
        let is_aligned =
            walk.word(&mut header, &FLAGS, 1, |walk, word| walk.flag(word, &FLAGS_ALIGNMENT, 0))?;
        walk.u16(&mut header, &LENGTH)?;
        let inner = u16::try_from(walk.number(&mut header, &DLT, 4)?).ok()?;
        while let Some([_, _, low, high]) = header.peek() {
            let length = usize::from(u16::from_le_bytes([low, high]));
            let span = Span::new(header.offset(), length.saturating_add(4));
            // A field that runs past the header ends the reading; the parser has a fault for it.
            if walk.branch(&FIELD, Value::Nothing, span, |walk| field(walk, &mut header)).is_none()
            {
                break;
            }
            let at = header.offset().saturating_sub(start);
            if is_aligned && header.take((at.saturating_add(3) & !3).saturating_sub(at)).is_none() {
                break;
            }
        }
        Some(LinkType::from_dlt(inner))
    })
}

fn field(walk: &mut Walk<'_>, header: &mut Reader<'_>) -> Option<()> {
    let kind = walk.u16(header, &FIELD_TYPE)?;
    let length = usize::from(walk.u16(header, &FIELD_LEN)?);
    let mut value = header.part(length)?;
    // A value that is shorter than its kind demands leaves the rest unsaid.
    let _whole: Option<()> = match kind {
        2 => common(walk, &mut value),
        3 => mac(walk, &mut value),
        4 => mac_and_phy(walk, &mut value),
        5 => all(walk, &mut value, &SPECTRUM_MAP),
        6 => all(walk, &mut value, &PROC_INFO),
        7 => all(walk, &mut value, &CAP_INFO),
        8 => walk.number(&mut value, &AGGREGATION_EXTENSION_INTERFACE_ID, 4).map(|_| ()),
        9 => ethernet(walk, &mut value),
        30002 => ppi_gps::describe(walk, &mut value),
        30003 => all(walk, &mut value, &VECTOR),
        30004 => all(walk, &mut value, &SENSOR),
        30005 => all(walk, &mut value, &ANTENNA),
        0xc017 => all(walk, &mut value, &FNET),
        _ => None,
    };
    walk.rest(&mut value, &RESERVED);
    Some(())
}

fn all(walk: &mut Walk<'_>, value: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    walk.rest(value, field);
    Some(())
}

fn common(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(value.offset(), value.left());
    walk.branch(&N80211_COMMON, Value::Nothing, span, |walk| {
        walk.number(value, &N80211_COMMON_TSFT, 8)?;
        walk.word(value, &N80211_COMMON_FLAGS, 2, |walk, word| {
            name_bits(walk, word, COMMON_FLAGS)
        })?;
        let rate = value.word(2)?;
        let kbps = rate.value.saturating_mul(500);
        walk.field(&N80211_COMMON_RATE, Value::Unsigned(kbps), rate.span);
        walk.u16(value, &N80211_COMMON_CHAN_FREQ)?;
        walk.word(value, &N80211_COMMON_CHAN_FLAGS, 2, |walk, word| {
            name_bits(walk, word, COMMON_CHANNEL);
        })?;
        walk.u8(value, &N80211_COMMON_FHSS_HOPSET)?;
        walk.u8(value, &N80211_COMMON_FHSS_PATTERN)?;
        walk.i8(value, &N80211_COMMON_DBM_ANTSIGNAL)?;
        walk.i8(value, &N80211_COMMON_DBM_ANTNOISE).map(|_| ())
    })
}

fn mac(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(value.offset(), value.left());
    walk.branch(&N80211N_MAC, Value::Nothing, span, |walk| {
        mac_fields(walk, value)?;
        // Reserved.
        value.take(3).map(|_| ())
    })
}

fn mac_fields(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    walk.table(value, &N80211N_MAC_FLAGS, 4, MAC_FLAGS)?;
    walk.number(value, &N80211N_MAC_AMPDU_ID, 4)?;
    walk.u8(value, &N80211N_MAC_NUM_DELIMITERS).map(|_| ())
}

fn mac_and_phy(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(value.offset(), value.left());
    walk.branch(&N80211N_MAC_PHY, Value::Nothing, span, |walk| {
        mac_fields(walk, value)?;
        walk.u8(value, &N80211N_MAC_PHY_MCS)?;
        walk.u8(value, &N80211N_MAC_PHY_NUM_STREAMS)?;
        walk.u8(value, &N80211N_MAC_PHY_RSSI_COMBINED)?;
        for field in RSSI {
            walk.u8(value, field)?;
        }
        walk.u16(value, &N80211_MAC_PHY_EXT_CHAN_FREQ)?;
        walk.word(value, &N80211_MAC_PHY_EXT_CHAN_FLAGS, 2, |walk, word| {
            name_bits(walk, word, SECOND_CHANNEL);
        })?;
        for field in ANTENNAS {
            walk.i8(value, field)?;
        }
        for field in EVM {
            walk.number(value, field, 4)?;
        }
        Some(())
    })
}

fn ethernet(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    walk.word(value, &N8023_EXTENSION_FLAGS, 4, |walk, word| {
        walk.flag(word, &N8023_EXTENSION_FLAGS_FCS_PRESENT, 0);
    })?;
    walk.table(value, &N8023_EXTENSION_ERRORS, 4, ERRORS).map(|_| ())
}

fn field_name(value: u64) -> Option<&'static str> {
    Some(match value {
        2 => "802.11 common",
        3 => "802.11n MAC",
        4 => "802.11n MAC and PHY",
        5 => "spectrum map",
        6 => "process information",
        7 => "capture information",
        8 => "aggregation extension",
        9 => "802.3 extension",
        30002 => "GPS",
        30003 => "vector",
        30004 => "sensor",
        30005 => "antenna",
        0xc017 => "FNET",
        0xcace => "Harris",
        _ => return None,
    })
}
