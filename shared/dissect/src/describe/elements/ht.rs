//! High throughput (802.11n): capabilities, operation, coexistence, and the forms before the standard.

use super::{Known, bits, element_fields, only_named, pick};
use crate::fields::{Field, Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.55" {
        CAPABILITIES: hex("wlan.ht.capabilities", "HT capability information", 4);
        AMPDU: hex("wlan.ht.ampduparam", "A-MPDU parameters", 2);
        MCS_SET: bytes("wlan.ht.mcsset", "Supported MCS set");
        EXTENDED: hex("wlan.htex.capabilities", "HT extended capabilities", 4);
        BEAMFORMING: hex("wlan.txbf", "Transmit beamforming capabilities", 8);
        ANTENNA_SELECTION: hex("wlan.asel", "Antenna selection capabilities", 2);
    }
    fields "802.11-2020, 9.4.2.56" {
        PRIMARY: unsigned("wlan.ht.info.primarychannel", "Primary channel");
        INFORMATION_1: hex("wlan.ht.info.delim1", "HT operation information 1", 2);
        INFORMATION_2: hex("wlan.ht.info.delim2", "HT operation information 2", 4);
        INFORMATION_3: hex("wlan.ht.info.delim3", "HT operation information 3", 4);
        BASIC_MCS: bytes("wlan.ht.info.basic_mcsset", "Basic HT-MCS set");
    }
    fields "802.11-2020, 9.4.2.59" {
        COEXISTENCE: hex("wlan.20_40_bc", "20/40 BSS coexistence", 2);
    }
    fields "802.11-2020, 9.4.2.57" {
        INTOLERANT_CLASS: unsigned("wlan.20_40_intolerant.operating_class", "Operating class")
            .names(super::regulatory::operating_class_name);
        INTOLERANT_CHANNEL: unsigned("wlan.20_40_intolerant.channel", "Intolerant channel");
    }
    fields "802.11-2020, 9.4.2.58" {
        OBSS_PASSIVE: unsigned("wlan.obss.spd", "Scan passive dwell").unit("TU");
        OBSS_ACTIVE: unsigned("wlan.obss.sad", "Scan active dwell").unit("TU");
        OBSS_INTERVAL: unsigned("wlan.obss.cwtsi", "Channel width trigger scan interval").unit("s");
        OBSS_PASSIVE_TOTAL: unsigned("wlan.obss.sptpc", "Scan passive total per channel").unit("TU");
        OBSS_ACTIVE_TOTAL: unsigned("wlan.obss.satpc", "Scan active total per channel").unit("TU");
        OBSS_DELAY: unsigned("wlan.obss.wctdf", "Width channel transition delay factor");
        OBSS_THRESHOLD: unsigned("wlan.obss.sat", "Scan activity threshold").unit("0.01 %");
    }
    fields "802.11n draft 1" {
        DRAFT_CAPABILITIES: hex("wlan.vs.ht.capabilities", "HT capability information (draft)", 4);
        DRAFT_AMPDU: hex("wlan.vs.ht.ampduparam", "A-MPDU parameters (draft)", 2);
        DRAFT_MCS_SET: bytes("wlan.vs.ht.mcsset", "Supported MCS set (draft)");
        DRAFT_EXTENDED: hex("wlan.vs.htex.capabilities", "HT extended capabilities (draft)", 4);
        DRAFT_BEAMFORMING: hex("wlan.vs.txbf", "Transmit beamforming capabilities (draft)", 8);
        DRAFT_ANTENNA_SELECTION: hex("wlan.vs.asel", "Antenna selection capabilities (draft)", 2);
    }
    fields "Broadcom" {
        EPIGRAM_SUBTYPE: unsigned("wlan.vs.epigram.subtype", "Subtype");
    }
    layout CAPABILITY_BITS "802.11-2020, 9.4.2.55.2" {
        0, 1: flag("wlan.ht.capabilities.ldpccoding", "LDPC coding");
        1, 1: unsigned("wlan.ht.capabilities.width", "Supported channel width")
            .names(|value| pick(&["20 MHz", "20 and 40 MHz"], value));
        2, 2: unsigned("wlan.ht.capabilities.sm", "SM power save")
            .names(|value| pick(&["static", "dynamic", "reserved", "disabled"], value));
        4, 1: flag("wlan.ht.capabilities.green", "Greenfield");
        5, 1: flag("wlan.ht.capabilities.short20", "Short guard interval, 20 MHz");
        6, 1: flag("wlan.ht.capabilities.short40", "Short guard interval, 40 MHz");
        7, 1: flag("wlan.ht.capabilities.txstbc", "Transmit STBC");
        8, 2: unsigned("wlan.ht.capabilities.rxstbc", "Receive STBC").unit("streams");
        10, 1: flag("wlan.ht.capabilities.delayedblockack", "Delayed block ack");
        11, 1: unsigned("wlan.ht.capabilities.amsdu", "Maximum A-MSDU length")
            .names(|value| pick(&["3839 bytes", "7935 bytes"], value));
        12, 1: flag("wlan.ht.capabilities.dsscck", "DSSS and CCK in 40 MHz");
        13, 1: flag("wlan.ht.capabilities.psmp", "PSMP");
        14, 1: flag("wlan.ht.capabilities.40mhzintolerant", "40 MHz intolerant");
        15, 1: flag("wlan.ht.capabilities.lsig", "L-SIG TXOP protection");
    }
    layout AMPDU_BITS "802.11-2020, 9.4.2.55.3" {
        0, 2: unsigned("wlan.ht.ampduparam.maxlength", "Maximum A-MPDU length")
            .names(|value| pick(&["8191 bytes", "16383 bytes", "32767 bytes", "65535 bytes"], value));
        2, 3: unsigned("wlan.ht.ampduparam.mpdudensity", "Minimum MPDU start spacing").names(spacing_name);
    }
    layout MCS_BITS "802.11-2020, 9.4.2.55.4" {
        0, 8: hex("wlan.ht.mcsset.rxbitmask.0to7", "MCS 0 to 7", 2);
        8, 8: hex("wlan.ht.mcsset.rxbitmask.8to15", "MCS 8 to 15", 2);
        16, 8: hex("wlan.ht.mcsset.rxbitmask.16to23", "MCS 16 to 23", 2);
        24, 8: hex("wlan.ht.mcsset.rxbitmask.24to31", "MCS 24 to 31", 2);
        32, 1: hex("wlan.ht.mcsset.rxbitmask.32", "MCS 32", 1);
        33, 6: hex("wlan.ht.mcsset.rxbitmask.33to38", "MCS 33 to 38", 2);
        39, 14: hex("wlan.ht.mcsset.rxbitmask.39to52", "MCS 39 to 52", 4);
        53, 24: hex("wlan.ht.mcsset.rxbitmask.53to76", "MCS 53 to 76", 6);
        80, 10: unsigned("wlan.ht.mcsset.highestdatarate", "Highest receive rate").unit("Mbit/s");
        96, 1: flag("wlan.ht.mcsset.txsetdefined", "Transmit MCS set defined");
        97, 1: flag("wlan.ht.mcsset.txrxmcsnotequal", "Transmit and receive sets differ");
        98, 2: unsigned("wlan.ht.mcsset.txmaxss", "Maximum transmit streams, less one");
        100, 1: flag("wlan.ht.mcsset.txunequalmod", "Transmit unequal modulation");
    }
    layout EXTENDED_BITS "802.11-2020, 9.4.2.55.5" {
        0, 1: flag("wlan.htex.capabilities.pco", "PCO");
        1, 2: unsigned("wlan.htex.capabilities.transtime", "PCO transition time");
        8, 2: unsigned("wlan.htex.capabilities.mcs", "MCS feedback")
            .names(|value| pick(&["none", "reserved", "unsolicited", "both"], value));
        10, 1: flag("wlan.htex.capabilities.htc", "+HTC");
        11, 1: flag("wlan.htex.capabilities.rdresponder", "Reverse direction responder");
    }
    layout BEAMFORMING_BITS "802.11-2020, 9.4.2.55.6" {
        0, 1: flag("wlan.txbf.txbf", "Implicit transmit beamforming receiving");
        1, 1: flag("wlan.txbf.rxss", "Receive staggered sounding");
        2, 1: flag("wlan.txbf.txss", "Transmit staggered sounding");
        3, 1: flag("wlan.txbf.rxndp", "Receive NDP");
        4, 1: flag("wlan.txbf.txndp", "Transmit NDP");
        5, 1: flag("wlan.txbf.impltxbf", "Implicit transmit beamforming");
        6, 2: unsigned("wlan.txbf.calibration", "Calibration");
        8, 1: flag("wlan.txbf.csi", "Explicit CSI beamforming");
        9, 1: flag("wlan.txbf.fm.uncompressed.tbf", "Explicit noncompressed steering");
        10, 1: flag("wlan.txbf.fm.compressed.tbf", "Explicit compressed steering");
        11, 2: unsigned("wlan.txbf.rcsi", "Explicit CSI feedback");
        13, 2: unsigned("wlan.txbf.fm.uncompressed.rbf", "Explicit noncompressed feedback");
        15, 2: unsigned("wlan.txbf.fm.compressed.bf", "Explicit compressed feedback");
        17, 2: unsigned("wlan.txbf.mingroup", "Minimal grouping");
        19, 2: unsigned("wlan.txbf.csinumant", "CSI antennas, less one");
        21, 2: unsigned("wlan.txbf.fm.uncompressed.maxant", "Noncompressed steering antennas, less one");
        23, 2: unsigned("wlan.txbf.fm.compressed.maxant", "Compressed steering antennas, less one");
        25, 2: unsigned("wlan.txbf.csi.maxrows", "Rows of CSI, less one");
        27, 2: unsigned("wlan.txbf.channelest", "Channel estimation streams, less one");
    }
    layout SELECTION_BITS "802.11-2020, 9.4.2.55.7" {
        0, 1: flag("wlan.asel.capable", "Antenna selection");
        1, 1: flag("wlan.asel.txcsi", "Explicit CSI feedback based transmit selection");
        2, 1: flag("wlan.asel.txif", "Antenna indices feedback based transmit selection");
        3, 1: flag("wlan.asel.csi", "Explicit CSI feedback");
        4, 1: flag("wlan.asel.if", "Antenna indices feedback");
        5, 1: flag("wlan.asel.rx", "Receive selection");
        6, 1: flag("wlan.asel.sppdu", "Transmit sounding PPDUs");
    }
    layout INFORMATION_1_BITS "802.11-2020, 9.4.2.56" {
        0, 2: unsigned("wlan.ht.info.secchanoffset", "Secondary channel")
            .names(|value| pick(&["none", "above", "reserved", "below"], value));
        2, 1: unsigned("wlan.ht.info.chanwidth", "Channel width")
            .names(|value| pick(&["20 MHz", "any supported"], value));
        3, 1: flag("wlan.ht.info.rifs", "RIFS permitted");
    }
    layout INFORMATION_2_BITS "802.11-2020, 9.4.2.56" {
        0, 2: unsigned("wlan.ht.info.ht_protection", "HT protection")
            .names(|value| pick(&["none", "nonmember", "20 MHz", "non-HT mixed"], value));
        2, 1: flag("wlan.ht.info.greenfield", "Stations without greenfield present");
        4, 1: flag("wlan.ht.info.obssnonht", "Non-HT stations in overlapping networks");
        5, 8: unsigned("wlan.ht.info.chan_center_freq_seg_2", "Centre channel, segment 2");
    }
    layout INFORMATION_3_BITS "802.11-2020, 9.4.2.56" {
        6, 1: flag("wlan.ht.info.dualbeacon", "Dual beacon");
        7, 1: flag("wlan.ht.info.dualcts", "Dual CTS protection");
        8, 1: flag("wlan.ht.info.secondarybeacon", "STBC beacon");
        9, 1: flag("wlan.ht.info.lsigprotsupport", "L-SIG TXOP protection full support");
        10, 1: flag("wlan.ht.info.pco.active", "PCO active");
        11, 1: unsigned("wlan.ht.info.pco.phase", "PCO phase").names(|value| pick(&["20 MHz", "40 MHz"], value));
    }
    layout COEXISTENCE_BITS "802.11-2020, 9.4.2.59" {
        0, 1: flag("wlan.20_40_bc.information_request", "Information request");
        1, 1: flag("wlan.20_40_bc.forty_mhz_intolerant", "40 MHz intolerant");
        2, 1: flag("wlan.20_40_bc.20_mhz_bss_width_request", "20 MHz BSS width request");
        3, 1: flag("wlan.20_40_bc.obss_scanning_exemption_request", "Scanning exemption request");
        4, 1: flag("wlan.20_40_bc.obss_scanning_exemption_grant", "Scanning exemption grant");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::HT_CAPABILITIES, "HT capabilities", capabilities),
    Known::id(id::HT_OPERATION, "HT operation", operation),
    Known::id(72, "20/40 BSS coexistence", coexistence),
    Known::id(73, "20/40 BSS intolerant channel report", intolerant),
    Known::id(74, "Overlapping BSS scan parameters", overlapping),
    Known::vendor(
        id::VENDOR_DRAFT_HT_CAPABILITIES,
        "HT capabilities (draft 802.11n)",
        draft_capabilities,
    ),
    Known::vendor([0x00, 0x90, 0x4c, 0x34], "HT operation (draft 802.11n)", operation),
    Known::vendor([0x00, 0x90, 0x4c, 0x04], "Epigram: VHT for 2.4 GHz", epigram_vht),
    Known::vendor([0x00, 0x90, 0x4c, 0x00], "Epigram", only_named),
    Known::any_of([0x00, 0x90, 0x4c], "Epigram (Broadcom)"),
];

pub(super) fn spacing_name(value: u64) -> Option<&'static str> {
    pick(&["no restriction", "1/4 µs", "1/2 µs", "1 µs", "2 µs", "4 µs", "8 µs", "16 µs"], value)
}

fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let fields = [&CAPABILITIES, &AMPDU, &MCS_SET, &EXTENDED, &BEAMFORMING, &ANTENNA_SELECTION];
    parts(walk, reader, fields)
}

fn draft_capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let fields = [
        &DRAFT_CAPABILITIES,
        &DRAFT_AMPDU,
        &DRAFT_MCS_SET,
        &DRAFT_EXTENDED,
        &DRAFT_BEAMFORMING,
        &DRAFT_ANTENNA_SELECTION,
    ];
    parts(walk, reader, fields)
}

fn parts(walk: &mut Walk<'_>, reader: &mut Reader<'_>, fields: [&'static Field; 6]) -> Option<()> {
    let layouts =
        [CAPABILITY_BITS, AMPDU_BITS, MCS_BITS, EXTENDED_BITS, BEAMFORMING_BITS, SELECTION_BITS];
    for ((field, layout), length) in fields.into_iter().zip(layouts).zip([2, 1, 16, 2, 4, 1]) {
        bits(walk, reader, field, length, layout)?;
    }
    Some(())
}

fn operation(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &PRIMARY)?;
    bits(walk, reader, &INFORMATION_1, 1, INFORMATION_1_BITS)?;
    bits(walk, reader, &INFORMATION_2, 2, INFORMATION_2_BITS)?;
    bits(walk, reader, &INFORMATION_3, 2, INFORMATION_3_BITS)?;
    bits(walk, reader, &BASIC_MCS, 16, MCS_BITS).map(|_| ())
}

fn coexistence(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &COEXISTENCE, 1, COEXISTENCE_BITS).map(|_| ())
}

fn intolerant(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &INTOLERANT_CLASS)?;
    while !reader.is_empty() {
        walk.u8(reader, &INTOLERANT_CHANNEL)?;
    }
    Some(())
}

fn overlapping(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    for field in [
        &OBSS_PASSIVE,
        &OBSS_ACTIVE,
        &OBSS_INTERVAL,
        &OBSS_PASSIVE_TOTAL,
        &OBSS_ACTIVE_TOTAL,
        &OBSS_DELAY,
        &OBSS_THRESHOLD,
    ] {
        walk.u16(reader, field)?;
    }
    Some(())
}

/// Broadcom's VHT in the 2.4 GHz band: a subtype of one byte, then standard elements.
fn epigram_vht(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &EPIGRAM_SUBTYPE)?;
    super::nested(walk, reader);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn capabilities() {
        let mut element = vec![45, 26, 0xef, 0x09, 0x17, 0xff, 0xff, 0, 0, 1];
        element.resize(28, 0);
        element[17] = 1;
        let lines = body_lines(&element);
        for line in [
            "HT capability information: 0x09ef",
            "  LDPC coding: yes",
            "  Supported channel width: 20 and 40 MHz (1)",
            "  SM power save: disabled (3)",
            "  Receive STBC: 1 streams",
            "  Maximum A-MSDU length: 7935 bytes (1)",
            "  Maximum A-MPDU length: 65535 bytes (3)",
            "  Minimum MPDU start spacing: 4 µs (5)",
            "  MCS 0 to 7: 0xff",
            "  MCS 8 to 15: 0xff",
            "  MCS 32: 0x1",
            "  Transmit MCS set defined: yes",
            "Antenna selection capabilities: 0x00",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn operation() {
        let mut element = vec![61, 22, 36, 0x05, 0x51, 0x05, 0, 0];
        element.resize(24, 0);
        let lines = body_lines(&element);
        for line in [
            "Primary channel: 36",
            "  Secondary channel: above (1)",
            "  HT protection: nonmember (1)",
            "  Non-HT stations in overlapping networks: yes",
            "  Centre channel, segment 2: 42",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn coexistence() {
        assert!(body_lines(&[72, 1, 0x02]).contains(&"  40 MHz intolerant: yes".to_owned()));
        let lines = body_lines(&[74, 14, 20, 0, 10, 0, 44, 1, 200, 0, 20, 0, 5, 0, 25, 0]);
        assert_eq!(lines[2], "Channel width trigger scan interval: 300 s");
        assert_eq!(lines[6], "Scan activity threshold: 25 0.01 %");
    }
}
