//! The HT control field and its variants (IEEE Std 802.11-2020, 9.2.4.6; 802.11ax-2021 and 802.11be-2024, 9.2.4.6a).

use crate::fields::{BitField, Reader, Value, Walk, Word, fields, names};

fields! {
    Header => FIELDS;
    /// HT control.
    HT_CONTROL: hex("wlan.htc", "HT control", 8).clause("802.11-2020, 9.2.4.6")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.header.filter(|header| header.version == 0)?.ht_control?))));
    /// The VHT or HE variant.
    VHT: flag("wlan.htc.vht", "VHT or HE variant").clause("802.11-2020, 9.2.4.6.1");
    /// The HE variant.
    HE: flag("wlan.htc.he", "HE variant").clause("802.11ax-2021, 9.2.4.6a");
    /// Training request.
    LINK_TRAINING_REQUEST: flag("wlan.htc.lac.trq", "Training request").clause("802.11-2020, 9.2.4.6.2");
    /// MCS request.
    LINK_MCS_REQUEST: flag("wlan.htc.lac.mai.mrq", "MCS request");
    /// Sequence identifier of an MCS request.
    LINK_MCS_REQUEST_SEQUENCE: unsigned("wlan.htc.lac.mai.msi", "MCS request sequence identifier");
    /// Antenna selection indication, in place of an MCS request.
    LINK_ANTENNA_SELECTION: unsigned("wlan.htc.lac.mai.aseli", "Antenna selection indication");
    /// Sequence identifier of an MCS feedback.
    LINK_MCS_FEEDBACK_SEQUENCE: unsigned("wlan.htc.lac.mfsi", "MCS feedback sequence identifier");
    /// MCS feedback.
    LINK_MCS_FEEDBACK: unsigned("wlan.htc.lac.mfb", "MCS feedback");
    /// Antenna selection command.
    ANTENNA_SELECTION_COMMAND: unsigned("wlan.htc.lac.asel.command", "Antenna selection command");
    /// Antenna selection data.
    ANTENNA_SELECTION_DATA: unsigned("wlan.htc.lac.asel.data", "Antenna selection data");
    /// Position in the calibration sounding exchange.
    CALIBRATION_POSITION: unsigned("wlan.htc.cal.pos", "Calibration position");
    /// Identifier of a calibration.
    CALIBRATION_SEQUENCE: unsigned("wlan.htc.cal.seq", "Calibration sequence");
    /// Kind of feedback.
    CSI_STEERING: unsigned("wlan.htc.csi_steering", "CSI/steering").names(names![
        0 => "none", 1 => "CSI", 2 => "noncompressed beamforming", 3 => "compressed beamforming"]);
    /// An NDP follows.
    NDP_ANNOUNCEMENT: flag("wlan.htc.ndp_announcement", "NDP announcement");
    /// Only the same access category may answer.
    AC_CONSTRAINT: flag("wlan.htc.ac_constraint", "Access category constraint");
    /// Reverse direction grant, or more PPDUs.
    REVERSE_GRANT: flag("wlan.htc.rdg_more_ppdu", "Reverse direction grant or more PPDU");
    /// MCS request, VHT variant.
    MCS_REQUEST: flag("wlan.htc.mrq", "MCS request");
    /// Sequence identifier of an MCS request, VHT variant.
    MCS_REQUEST_SEQUENCE: unsigned("wlan.htc.msi", "MCS request sequence identifier");
    /// Sequence identifier of an MCS feedback, VHT variant.
    MCS_FEEDBACK_SEQUENCE: unsigned("wlan.htc.mfsi", "MCS feedback sequence identifier, or group low bits");
    /// Number of space-time streams less 1.
    STREAMS: unsigned("wlan.htc.num_sts", "Space-time streams less 1");
    /// VHT MCS.
    VHT_MCS: unsigned("wlan.htc.vht_mcs", "VHT MCS");
    /// Bandwidth.
    BANDWIDTH: unsigned("wlan.htc.bw", "Bandwidth").names(bandwidth);
    /// Average signal to noise ratio, as a signed number of 6 bits: steps of 0.25 dB from 22 dB are not applied.
    SIGNAL_TO_NOISE: signed("wlan.htc.snr", "Signal to noise ratio");
    /// Upper bits of a group identifier.
    GROUP_HIGH: unsigned("wlan.htc.gid_h", "Group identifier, high bits");
    /// Coding.
    CODING: unsigned("wlan.htc.coding_type", "Coding").names(names![0 => "BCC", 1 => "LDPC"]);
    /// The feedback is for a beamformed transmission.
    FEEDBACK_BEAMFORMED: unsigned("wlan.htc.fb_tx_type", "Feedback is of a beamformed PPDU");
    /// Nobody asked for the MCS feedback.
    UNSOLICITED_FEEDBACK: flag("wlan.htc.unsolicited_mfb", "Unsolicited MCS feedback");
    /// One control of the HE variant.
    A_CONTROL: hex("wlan.htc.he.a_control", "A-control", 8).clause("802.11ax-2021, 9.2.4.6a");
    /// Control identifier.
    CONTROL_ID: unsigned("wlan.htc.he.a_control.ctrl_id", "Control identifier").names(control_name);
    /// Data symbols of the triggered PPDU less 1.
    TRS_SYMBOLS: unsigned("wlan.htc.he.a_control.umrs.he_tb_ppdu_len", "Triggered PPDU symbols less 1").clause("802.11ax-2021, 9.2.4.6a.1");
    /// RU allocation.
    TRS_RU: hex("wlan.htc.he.a_control.umrs.ru_allocation", "RU allocation", 2);
    /// Access point's transmit power.
    TRS_POWER: unsigned("wlan.htc.he.a_control.umrs.dl_tx_power", "Downlink transmit power");
    /// Target signal strength of the uplink.
    TRS_TARGET: unsigned("wlan.htc.he.a_control.umrs.ul_target_rssi", "Uplink target RSSI");
    /// Uplink MCS.
    TRS_MCS: unsigned("wlan.htc.he.a_control.umrs.ul_mcs", "Uplink MCS");
    /// Streams that can be received less 1.
    OM_RX_STREAMS: unsigned("wlan.htc.he.a_control.om.rx_nss", "Receive streams less 1").clause("802.11ax-2021, 9.2.4.6a.2");
    /// Operating channel width.
    OM_WIDTH: unsigned("wlan.htc.he.a_control.om.channel_width", "Channel width").names(bandwidth);
    /// Triggered uplink is off.
    OM_UPLINK_DISABLE: flag("wlan.htc.he.a_control.om.ul_mu_disable", "UL MU disable");
    /// Streams that can be sent less 1.
    OM_TX_STREAMS: unsigned("wlan.htc.he.a_control.om.tx_nsts", "Transmit streams less 1");
    /// Extended range is off.
    OM_EXTENDED_RANGE_DISABLE: flag("wlan.htc.he.a_control.om.er_su_disable", "ER SU disable");
    /// Asks for sounding again.
    OM_RESOUND: flag("wlan.htc.he.a_control.om.dl_mu_mimo_resound", "DL MU-MIMO resound recommendation");
    /// Triggered uplink of data is off.
    OM_DATA_DISABLE: flag("wlan.htc.he.a_control.om.ul_mu_data_disable", "UL MU data disable");
    /// Nobody asked for the feedback.
    HLA_UNSOLICITED: flag("wlan.htc.he.a_control.hla.unsolicited_mfb", "Unsolicited MCS feedback").clause("802.11ax-2021, 9.2.4.6a.3");
    /// MCS request.
    HLA_REQUEST: flag("wlan.htc.he.a_control.hla.mrq", "MCS request");
    /// Streams less 1.
    HLA_STREAMS: unsigned("wlan.htc.he.a_control.hla.nss", "Streams less 1");
    /// HE MCS.
    HLA_MCS: unsigned("wlan.htc.he.a_control.hla.he_mcs", "HE MCS");
    /// Dual carrier modulation.
    HLA_DCM: flag("wlan.htc.he.a_control.hla.dcm", "Dual carrier modulation");
    /// RU allocation.
    HLA_RU: hex("wlan.htc.he.a_control.hla.ru", "RU allocation", 2);
    /// Bandwidth.
    HLA_BANDWIDTH: unsigned("wlan.htc.he.a_control.hla.bw", "Bandwidth").names(bandwidth);
    /// Sequence identifier, or parameters of the PPDU.
    HLA_SEQUENCE: unsigned("wlan.htc.he.a_control.hla.msi_ppdu_type", "MCS request sequence identifier or PPDU type");
    /// Beamformed.
    HLA_BEAMFORMED: flag("wlan.htc.he.a_control.hla.tx_bf", "Beamformed");
    /// Access categories with buffered traffic.
    BSR_CATEGORIES: hex("wlan.htc.he.a_control.bsr.aci_bitmap", "Access categories", 1).clause("802.11ax-2021, 9.2.4.6a.4");
    /// Number of TIDs with buffered traffic.
    BSR_TIDS: unsigned("wlan.htc.he.a_control.bsr.delta_tid", "Delta TID");
    /// The access category of the high queue size.
    BSR_HIGH: unsigned("wlan.htc.he.a_control.bsr.aci_high", "High access category");
    /// Scale of the queue sizes.
    BSR_SCALE: unsigned("wlan.htc.he.a_control.bsr.scaling_factor", "Scaling factor").names(names![
        0 => "16 bytes", 1 => "256 bytes", 2 => "2048 bytes", 3 => "32768 bytes"]);
    /// Queue of the high access category.
    BSR_QUEUE_HIGH: unsigned("wlan.htc.he.a_control.bsr.queue_size_high", "Queue size, high");
    /// Queue of all access categories.
    BSR_QUEUE_ALL: unsigned("wlan.htc.he.a_control.bsr.queue_size_all", "Queue size, all");
    /// Power headroom.
    UPH_HEADROOM: unsigned("wlan.htc.he.a_control.uph.ul_power_headroom", "Uplink power headroom").unit("dB").clause("802.11ax-2021, 9.2.4.6a.5");
    /// At the least power.
    UPH_MINIMUM: flag("wlan.htc.he.a_control.uph.min_transmit_power_flag", "Minimum transmit power");
    /// Free channels.
    BQR_CHANNELS: hex("wlan.htc.he.a_control.bqr.avail_chan_bitmap", "Available channels", 2).clause("802.11ax-2021, 9.2.4.6a.6");
    /// Access category constraint.
    CAS_CONSTRAINT: flag("wlan.htc.he.a_control.cci.ac_constraint", "Access category constraint").clause("802.11ax-2021, 9.2.4.6a.7");
    /// Reverse direction grant, or more PPDUs.
    CAS_GRANT: flag("wlan.htc.he.a_control.cci.rdg_more_ppdu", "Reverse direction grant or more PPDU");
    /// Parameterised spatial reuse.
    CAS_SPATIAL_REUSE: flag("wlan.htc.he.a_control.cci.sr_ppdu_indic", "PSRT PPDU");
    /// Extension of the receive streams.
    EHT_RX: flag("wlan.htc.he.a_control.eht_om.rx_nss_ext", "Receive streams extension").clause("802.11be-2024, 9.2.4.7.8");
    /// Extension of the channel width.
    EHT_WIDTH: flag("wlan.htc.he.a_control.eht_om.chan_w_ext", "Channel width extension");
    /// Extension of the transmit streams.
    EHT_TX: flag("wlan.htc.he.a_control.eht_om.tx_nsts_ext", "Transmit streams extension");
    /// Duration of the response.
    SRS_DURATION: unsigned("wlan.htc.he.a_control.srs.ppdu_resp_dur", "PPDU response duration").clause("802.11be-2024, 9.2.4.7.9");
    /// Links on which the access point should assist.
    AAR_LINKS: hex("wlan.htc.he.a_control.aar.assisted_ap_link_id_bitmap", "Assisted AP links", 4).clause("802.11be-2024, 9.2.4.7.10");
}

fn bandwidth(value: u64) -> Option<&'static str> {
    names![0 => "20 MHz", 1 => "40 MHz", 2 => "80 MHz", 3 => "160 or 80+80 MHz"](value)
}

/// One control of the HE variant: its identifier, name, bits of information, and their parts.
struct Control {
    id: u64,
    name: &'static str,
    bits: u32,
    parts: &'static [BitField],
}

/// IEEE Std 802.11ax-2021, table 9-24b; 802.11be-2024, table 9-30.
static CONTROLS: &[Control] = &[
    Control {
        id: 0,
        name: "triggered response scheduling",
        bits: 26,
        parts: &[
            (&TRS_SYMBOLS, 0, 5),
            (&TRS_RU, 5, 8),
            (&TRS_POWER, 13, 5),
            (&TRS_TARGET, 18, 5),
            (&TRS_MCS, 23, 2),
        ],
    },
    Control {
        id: 1,
        name: "operating mode",
        bits: 12,
        parts: &[
            (&OM_RX_STREAMS, 0, 3),
            (&OM_WIDTH, 3, 2),
            (&OM_UPLINK_DISABLE, 5, 1),
            (&OM_TX_STREAMS, 6, 3),
            (&OM_EXTENDED_RANGE_DISABLE, 9, 1),
            (&OM_RESOUND, 10, 1),
            (&OM_DATA_DISABLE, 11, 1),
        ],
    },
    Control {
        id: 2,
        name: "HE link adaptation",
        bits: 26,
        parts: &[
            (&HLA_UNSOLICITED, 0, 1),
            (&HLA_REQUEST, 1, 1),
            (&HLA_STREAMS, 2, 3),
            (&HLA_MCS, 5, 4),
            (&HLA_DCM, 9, 1),
            (&HLA_RU, 10, 8),
            (&HLA_BANDWIDTH, 18, 2),
            (&HLA_SEQUENCE, 20, 3),
            (&HLA_BEAMFORMED, 23, 1),
        ],
    },
    Control {
        id: 3,
        name: "buffer status report",
        bits: 26,
        parts: &[
            (&BSR_CATEGORIES, 0, 4),
            (&BSR_TIDS, 4, 2),
            (&BSR_HIGH, 6, 2),
            (&BSR_SCALE, 8, 2),
            (&BSR_QUEUE_HIGH, 10, 8),
            (&BSR_QUEUE_ALL, 18, 8),
        ],
    },
    Control {
        id: 4,
        name: "uplink power headroom",
        bits: 8,
        parts: &[(&UPH_HEADROOM, 0, 5), (&UPH_MINIMUM, 5, 1)],
    },
    Control { id: 5, name: "bandwidth query report", bits: 10, parts: &[(&BQR_CHANNELS, 0, 8)] },
    Control {
        id: 6,
        name: "command and status",
        bits: 8,
        parts: &[(&CAS_CONSTRAINT, 0, 1), (&CAS_GRANT, 1, 1), (&CAS_SPATIAL_REUSE, 2, 1)],
    },
    Control {
        id: 7,
        name: "EHT operating mode",
        bits: 6,
        parts: &[(&EHT_RX, 0, 1), (&EHT_WIDTH, 1, 1), (&EHT_TX, 2, 1)],
    },
    Control {
        id: 8,
        name: "single response scheduling",
        bits: 10,
        parts: &[(&SRS_DURATION, 0, 8)],
    },
    Control { id: 9, name: "AP assistance request", bits: 20, parts: &[(&AAR_LINKS, 0, 16)] },
    Control { id: 15, name: "ones, need expansion surely", bits: 26, parts: &[] },
];

fn control_name(id: u64) -> Option<&'static str> {
    CONTROLS.iter().find(|control| control.id == id).map(|control| control.name)
}

/// Reads an HT control field and names it.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.word(reader, &HT_CONTROL, 4, |walk, word| {
        walk.flag(word, &VHT, 0);
        match (word.bit(0), word.bit(1)) {
            (false, _) => high_throughput(walk, word),
            (true, false) => very_high_throughput(walk, word),
            (true, true) => high_efficiency(walk, word),
        }
    })
}

fn high_throughput(walk: &mut Walk<'_>, word: Word) {
    walk.flag(word, &LINK_TRAINING_REQUEST, 1);
    // An MAI of 14 says that antenna selection stands where the MCS feedback would.
    let is_antenna_selection = word.bits(2, 4) == 14;
    if is_antenna_selection {
        walk.bits(word, &LINK_ANTENNA_SELECTION, 2, 4);
    } else {
        walk.parts(word, &[(&LINK_MCS_REQUEST, 2, 1), (&LINK_MCS_REQUEST_SEQUENCE, 3, 3)]);
    }
    walk.bits(word, &LINK_MCS_FEEDBACK_SEQUENCE, 6, 3);
    if is_antenna_selection {
        walk.parts(word, &[(&ANTENNA_SELECTION_COMMAND, 9, 3), (&ANTENNA_SELECTION_DATA, 12, 4)]);
    } else {
        walk.bits(word, &LINK_MCS_FEEDBACK, 9, 7);
    }
    walk.parts(
        word,
        &[
            (&CALIBRATION_POSITION, 16, 2),
            (&CALIBRATION_SEQUENCE, 18, 2),
            (&CSI_STEERING, 22, 2),
            (&NDP_ANNOUNCEMENT, 24, 1),
            (&AC_CONSTRAINT, 30, 1),
            (&REVERSE_GRANT, 31, 1),
        ],
    );
}

fn very_high_throughput(walk: &mut Walk<'_>, word: Word) {
    walk.parts(
        word,
        &[
            (&HE, 1, 1),
            (&MCS_REQUEST, 2, 1),
            (&MCS_REQUEST_SEQUENCE, 3, 3),
            (&MCS_FEEDBACK_SEQUENCE, 6, 3),
            (&STREAMS, 9, 3),
            (&VHT_MCS, 12, 4),
            (&BANDWIDTH, 16, 2),
        ],
    );
    let ratio = i64::try_from(word.bits(18, 6)).unwrap_or(0);
    let ratio = if ratio >= 32 { ratio.saturating_sub(64) } else { ratio };
    walk.field(&SIGNAL_TO_NOISE, Value::Signed(ratio), word.span);
    walk.parts(
        word,
        &[
            (&GROUP_HIGH, 24, 3),
            (&CODING, 27, 1),
            (&FEEDBACK_BEAMFORMED, 28, 1),
            (&UNSOLICITED_FEEDBACK, 29, 1),
            (&AC_CONSTRAINT, 30, 1),
            (&REVERSE_GRANT, 31, 1),
        ],
    );
}

fn high_efficiency(walk: &mut Walk<'_>, word: Word) {
    walk.flag(word, &HE, 1);
    let mut at = 2u32;
    // Controls follow one another; four zero bits where no control fits any more are padding.
    while at.saturating_add(4) <= 32 {
        let id = word.bits(at, 4);
        let information = at.saturating_add(4);
        let Some(control) = CONTROLS.iter().find(|control| control.id == id) else {
            walk.bits(word, &CONTROL_ID, at, 4);
            return;
        };
        let end = information.saturating_add(control.bits);
        if end > 32 {
            // What is left is padding when it is zero, and a control that is cut otherwise.
            if word.bits(at, 32) != 0 {
                let offset = usize::try_from(word.span.start).unwrap_or(usize::MAX);
                walk.fault(offset, "an A-control longer than the HT control field");
            }
            return;
        }
        let part = word.part(information, control.bits);
        walk.branch(&A_CONTROL, Value::Word(control.name), word.span, |walk| {
            walk.bits(word, &CONTROL_ID, at, 4);
            walk.parts(part, control.parts);
        });
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines_from;

    fn qos_null(control: u32) -> Vec<u8> {
        let mut mac = vec![0xc8, 0x81, 0, 0];
        mac.extend([2; 6]);
        mac.extend([4; 6]);
        mac.extend([2; 6]);
        mac.extend([0x10, 0, 0, 0]);
        mac.extend(control.to_le_bytes());
        mac
    }

    #[test]
    fn he_variant_with_two_controls() {
        // HE variant, OM (id 1): 3 receive streams, 80 MHz; then UPH (id 4): 5 dB.
        let om = 2 | 2 << 3;
        let control = 3 | (1 | om << 4) << 2 | (4 | 5 << 4) << 18;
        let lines = lines_from(&qos_null(control), "wlan.htc");
        for expected in [
            "A-control: operating mode",
            "Receive streams less 1: 2",
            "Channel width: 80 MHz (2)",
            "A-control: uplink power headroom",
            "Uplink power headroom: 5 dB",
        ] {
            assert!(lines.iter().any(|line| line.trim() == expected), "{expected}: {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.contains('!')), "{lines:#?}");
    }

    #[test]
    fn ht_and_vht_variants() {
        let ht = lines_from(&qos_null(1 << 1 | 5 << 9 | 1 << 24), "wlan.htc");
        for expected in ["Training request: yes", "MCS feedback: 5", "NDP announcement: yes"] {
            assert!(ht.iter().any(|line| line.trim() == expected), "{expected}: {ht:#?}");
        }
        let vht = lines_from(&qos_null(1 | 7 << 12 | 2 << 16 | 62 << 18), "wlan.htc");
        for expected in ["VHT MCS: 7", "Bandwidth: 80 MHz (2)", "Signal to noise ratio: -2"] {
            assert!(vht.iter().any(|line| line.trim() == expected), "{expected}: {vht:#?}");
        }
    }

    #[test]
    fn a_control_that_does_not_fit_is_a_fault() {
        // UPH (8 bits), then TRS (26 bits) with a bit set.
        let control = 3 | 4 << 2 | 1 << 20;
        let lines = lines_from(&qos_null(control), "wlan.htc");
        assert!(lines.iter().any(|line| line.contains("! an A-control")), "{lines:#?}");
    }
}
