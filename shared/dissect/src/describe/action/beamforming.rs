//! Beamforming and HT, VHT, HE and EHT notifications: the head of the reports, not their matrices
//! (IEEE Std 802.11-2020, 9.6.11 and 9.6.22; 802.11ax-2021, 9.6.31; 802.11be-2024, 9.6.34).

use super::{Action, row};
use crate::fields::{BitField, Field, Reader, Span, Value, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// Bytes of a report that are not shown.
    REPORT: unsigned("wlan.beamforming.report_len", "Report").unit("bytes");
    /// Channel width of the station.
    WIDTH: unsigned("wlan.fixed.chanwidth", "Channel width").clause("802.11-2020, 9.4.1.20").names(names![0 => "20 MHz", 1 => "any supported"]);
    /// Spatial multiplexing power save.
    POWER_SAVE: hex("wlan.fixed.sm.powercontrol", "SM power control", 2).clause("802.11-2020, 9.4.1.21");
    /// Power save is on.
    POWER_SAVE_ENABLED: flag("wlan.fixed.sm.powercontrol.enabled", "SM power save");
    /// Power save is dynamic.
    POWER_SAVE_MODE: unsigned("wlan.fixed.sm.powercontrol.mode", "SM mode").names(names![0 => "static", 1 => "dynamic"]);
    /// PCO phase.
    PHASE: unsigned("wlan.fixed.pco.phasecntrl", "PCO phase").names(names![0 => "20 MHz", 1 => "40 MHz"]);
    /// PSMP parameters.
    PSMP: hex("wlan.fixed.psmp.paramset", "PSMP parameters", 4).clause("802.11-2020, 9.4.1.24");
    /// Stations.
    PSMP_STATIONS: unsigned("wlan.fixed.psmp.paramset.nsta", "Stations");
    /// More PSMP.
    PSMP_MORE: flag("wlan.fixed.psmp.paramset.more", "More PSMP");
    /// Duration.
    PSMP_DURATION: unsigned("wlan.fixed.psmp.paramset.seqduration", "PSMP duration").unit("8 µs");
    /// One station.
    PSMP_STATION: hex("wlan.fixed.psmp.stainfo", "PSMP station", 16);
    /// Antennas.
    ANTENNAS: hex("wlan.fixed.antsel", "Antenna selection", 2).clause("802.11-2020, 9.4.1.30");
    /// HT information exchange.
    INFORMATION: hex("wlan.fixed.mimo", "HT information", 2).clause("802.11-2020, 9.6.11.9");
    /// Asks for the information.
    INFORMATION_REQUEST: flag("wlan.fixed.mimo.control.inforequest", "Information request");
    /// 40 MHz is not tolerated.
    INTOLERANT: flag("wlan.fixed.mimo.control.intolerant", "40 MHz intolerant");
    /// HT MIMO control.
    HT_CONTROL: hex("wlan.fixed.mimo.control", "MIMO control", 4).clause("802.11-2020, 9.4.1.27");
    /// Columns less 1.
    HT_COLUMNS: unsigned("wlan.fixed.mimo.control.ncindex", "Columns less 1");
    /// Rows less 1.
    HT_ROWS: unsigned("wlan.fixed.mimo.control.nrindex", "Rows less 1");
    /// Channel width.
    HT_WIDTH: unsigned("wlan.fixed.mimo.control.chanwidth", "Channel width").names(names![0 => "20 MHz", 1 => "40 MHz"]);
    /// Grouping.
    HT_GROUPING: unsigned("wlan.fixed.mimo.control.grouping", "Grouping").names(names![0 => "none", 1 => "2", 2 => "4"]);
    /// Coefficient size.
    HT_COEFFICIENT: unsigned("wlan.fixed.mimo.control.cosize", "Coefficient size");
    /// Codebook.
    HT_CODEBOOK: unsigned("wlan.fixed.mimo.control.codebookinfo", "Codebook");
    /// Segments that are left.
    HT_SEGMENT: unsigned("wlan.fixed.mimo.control.matrixseg", "Remaining matrix segments");
    /// When it was measured.
    HT_TIME: unsigned("wlan.fixed.mimo.control.soundingtime", "Sounding timestamp");
    /// VHT MIMO control.
    VHT_CONTROL: hex("wlan.vht.mimo_control.control", "VHT MIMO control", 6).clause("802.11-2020, 9.4.1.47");
    /// Columns less 1.
    VHT_COLUMNS: unsigned("wlan.vht.mimo_control.ncindex", "Columns less 1");
    /// Rows less 1.
    VHT_ROWS: unsigned("wlan.vht.mimo_control.nrindex", "Rows less 1");
    /// Channel width.
    VHT_WIDTH: unsigned("wlan.vht.mimo_control.chanwidth", "Channel width").names(width);
    /// Grouping.
    VHT_GROUPING: unsigned("wlan.vht.mimo_control.grouping", "Grouping").names(names![0 => "1", 1 => "2", 2 => "4"]);
    /// Codebook.
    VHT_CODEBOOK: unsigned("wlan.vht.mimo_control.codebookinfo", "Codebook");
    /// Single or multiple users.
    VHT_FEEDBACK: unsigned("wlan.vht.mimo_control.feedbacktype", "Feedback").names(names![0 => "single user", 1 => "multiple users"]);
    /// Segments that are left.
    VHT_REMAINING: unsigned("wlan.vht.mimo_control.remainingfeedbackseg", "Remaining feedback segments");
    /// First segment.
    VHT_FIRST: flag("wlan.vht.mimo_control.firstfeedbackseg", "First feedback segment");
    /// Token.
    VHT_TOKEN: unsigned("wlan.vht.mimo_control.sounding_dialog_tocken_nbr", "Sounding dialog token");
    /// Members of groups.
    MEMBERSHIP: bytes("wlan.vht.membership_status_array", "Membership status").clause("802.11-2020, 9.4.1.51");
    /// Positions in groups.
    POSITION: bytes("wlan.vht.user_position_array", "User position").clause("802.11-2020, 9.4.1.52");
    /// Operating mode.
    MODE: hex("wlan.vht.operation_mode_notification", "Operating mode", 2).clause("802.11-2020, 9.4.1.53");
    /// Channel width.
    MODE_WIDTH: unsigned("wlan.vht.operation_mode_notification.channelwidth", "Channel width").names(width);
    /// 160 MHz.
    MODE_WIDE: flag("wlan.vht.operation_mode_notification.width_160", "160 or 80+80 MHz");
    /// No LDPC.
    MODE_NO_LDPC: flag("wlan.vht.operation_mode_notification.no_ldpc", "No LDPC");
    /// Streams less 1.
    MODE_STREAMS: unsigned("wlan.vht.operation_mode_notification.rxnss", "Receive streams less 1");
    /// The streams are of beamformed frames only.
    MODE_BEAMFORMED: flag("wlan.vht.operation_mode_notification.rxnsstype", "Streams of beamforming only");
    /// HE MIMO control.
    HE_CONTROL: hex("wlan.he.action.he_mimo_control", "HE MIMO control", 10).clause("802.11ax-2021, 9.4.1.64");
    /// Columns less 1.
    HE_COLUMNS: unsigned("wlan.he.mimo.nc_index", "Columns less 1");
    /// Rows less 1.
    HE_ROWS: unsigned("wlan.he.mimo.nr_index", "Rows less 1");
    /// Channel width.
    HE_WIDTH: unsigned("wlan.he.mimo.bw", "Channel width").names(width);
    /// Grouping.
    HE_GROUPING: unsigned("wlan.he.mimo.grouping", "Grouping").names(names![0 => "4", 1 => "16"]);
    /// Codebook.
    HE_CODEBOOK: unsigned("wlan.he.mimo.codebook_info", "Codebook");
    /// Kind of feedback.
    HE_FEEDBACK: unsigned("wlan.he.mimo.feedback_type", "Feedback").names(names![0 => "single user", 1 => "multiple users", 2 => "channel quality"]);
    /// Segments that are left.
    HE_REMAINING: unsigned("wlan.he.mimo.remaining_feedback_segs", "Remaining feedback segments");
    /// First segment.
    HE_FIRST: flag("wlan.he.mimo.first_feedback_seg", "First feedback segment");
    /// First resource unit.
    HE_START: unsigned("wlan.he.mimo.ru_start_index", "RU start index");
    /// Last resource unit.
    HE_END: unsigned("wlan.he.mimo.ru_end_index", "RU end index");
    /// Token.
    HE_TOKEN: unsigned("wlan.he.mimo.sounding_dialog_token_num", "Sounding dialog token");
    /// EHT MIMO control.
    EHT_CONTROL: hex("wlan.eht.mimo_control", "EHT MIMO control", 10).clause("802.11be-2024, 9.4.1.73");
    /// Columns less 1.
    EHT_COLUMNS: unsigned("wlan.eht.mimo.nc_index", "Columns less 1");
    /// Rows less 1.
    EHT_ROWS: unsigned("wlan.eht.mimo.nr_index", "Rows less 1");
    /// Channel width.
    EHT_WIDTH: unsigned("wlan.eht.mimo.bw", "Channel width").names(names![
        0 => "20 MHz", 1 => "40 MHz", 2 => "80 MHz", 3 => "160 MHz", 4 => "320 MHz"]);
    /// Grouping.
    EHT_GROUPING: unsigned("wlan.eht.mimo.grouping", "Grouping").names(names![0 => "4", 1 => "16"]);
    /// Kind of feedback.
    EHT_FEEDBACK: unsigned("wlan.eht.mimo.feedback_type", "Feedback").names(names![0 => "single user", 1 => "multiple users", 2 => "channel quality"]);
    /// Segments that are left.
    EHT_REMAINING: unsigned("wlan.eht.mimo.remaining_feedback_segs", "Remaining feedback segments");
    /// First segment.
    EHT_FIRST: flag("wlan.eht.mimo.first_feedback_seg", "First feedback segment");
    /// Part of the bandwidth.
    EHT_PARTIAL: hex("wlan.eht.mimo.partial_bw", "Partial bandwidth", 3);
    /// Token.
    EHT_TOKEN: unsigned("wlan.eht.mimo.sounding_dialog_token_num", "Sounding dialog token");
    /// Codebook.
    EHT_CODEBOOK: unsigned("wlan.eht.mimo.codebook_info", "Codebook");
}

fn width(value: u64) -> Option<&'static str> {
    names![0 => "20 MHz", 1 => "40 MHz", 2 => "80 MHz", 3 => "160 or 80+80 MHz"](value)
}

pub(super) static ACTIONS: &[Action] = &[
    row(7, 0, "notify channel width", |walk, reader| walk.u8(reader, &WIDTH).map(|_| ())),
    row(7, 1, "SM power save", power_save),
    row(7, 2, "PSMP", power_save_multi_poll),
    row(7, 3, "set PCO phase", |walk, reader| walk.u8(reader, &PHASE).map(|_| ())),
    row(7, 4, "CSI", high_throughput),
    row(7, 5, "noncompressed beamforming", high_throughput),
    row(7, 6, "compressed beamforming", high_throughput),
    row(7, 7, "ASEL indices feedback", |walk, reader| walk.u8(reader, &ANTENNAS).map(|_| ())),
    row(7, 8, "HT information exchange", information),
    row(21, 0, "VHT compressed beamforming", very_high_throughput),
    row(21, 1, "group identifier management", group),
    row(21, 2, "operating mode notification", mode),
    row(30, 0, "HE compressed beamforming or CQI", high_efficiency),
    row(36, 0, "EHT compressed beamforming or CQI", extremely_high_throughput),
];

/// The matrices are counted and not shown: they are nothing that a survey asks for.
fn report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let left = reader.left();
    let span = Span::new(reader.offset(), left);
    if reader.take(left)?.is_empty() {
        return Some(());
    }
    walk.field(&REPORT, Value::Unsigned(u64::try_from(left).unwrap_or(u64::MAX)), span);
    Some(())
}

fn power_save(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[(&POWER_SAVE_ENABLED, 0, 1), (&POWER_SAVE_MODE, 1, 1)];
    walk.packed(reader, &POWER_SAVE, 1, bits).map(|_| ())
}

fn power_save_multi_poll(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[(&PSMP_STATIONS, 0, 5), (&PSMP_MORE, 5, 1), (&PSMP_DURATION, 6, 10)];
    let parameters = walk.packed(reader, &PSMP, 2, bits)?;
    for _ in 0..parameters.bits(0, 5) {
        walk.number(reader, &PSMP_STATION, 8)?;
    }
    Some(())
}

fn information(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[(&INFORMATION_REQUEST, 0, 1), (&INTOLERANT, 1, 1)];
    walk.packed(reader, &INFORMATION, 1, bits).map(|_| ())
}

fn high_throughput(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&HT_COLUMNS, 0, 2),
        (&HT_ROWS, 2, 2),
        (&HT_WIDTH, 4, 1),
        (&HT_GROUPING, 5, 2),
        (&HT_COEFFICIENT, 7, 2),
        (&HT_CODEBOOK, 9, 2),
        (&HT_SEGMENT, 11, 3),
    ];
    walk.packed(reader, &HT_CONTROL, 2, bits)?;
    walk.number(reader, &HT_TIME, 4)?;
    report(walk, reader)
}

fn headed(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    field: &'static Field,
    length: usize,
    bits: &[BitField],
) -> Option<()> {
    walk.packed(reader, field, length, bits)?;
    report(walk, reader)
}

fn very_high_throughput(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&VHT_COLUMNS, 0, 3),
        (&VHT_ROWS, 3, 3),
        (&VHT_WIDTH, 6, 2),
        (&VHT_GROUPING, 8, 2),
        (&VHT_CODEBOOK, 10, 1),
        (&VHT_FEEDBACK, 11, 1),
        (&VHT_REMAINING, 12, 3),
        (&VHT_FIRST, 15, 1),
        (&VHT_TOKEN, 18, 6),
    ];
    headed(walk, reader, &VHT_CONTROL, 3, bits)
}

fn group(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &MEMBERSHIP, 8)?;
    walk.bytes(reader, &POSITION, 16).map(|_| ())
}

fn mode(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&MODE_WIDTH, 0, 2),
        (&MODE_WIDE, 2, 1),
        (&MODE_NO_LDPC, 3, 1),
        (&MODE_STREAMS, 4, 3),
        (&MODE_BEAMFORMED, 7, 1),
    ];
    walk.packed(reader, &MODE, 1, bits).map(|_| ())
}

fn high_efficiency(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&HE_COLUMNS, 0, 3),
        (&HE_ROWS, 3, 3),
        (&HE_WIDTH, 6, 2),
        (&HE_GROUPING, 8, 1),
        (&HE_CODEBOOK, 9, 1),
        (&HE_FEEDBACK, 10, 2),
        (&HE_REMAINING, 12, 3),
        (&HE_FIRST, 15, 1),
        (&HE_START, 16, 7),
        (&HE_END, 23, 7),
        (&HE_TOKEN, 30, 6),
    ];
    headed(walk, reader, &HE_CONTROL, 5, bits)
}

fn extremely_high_throughput(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let bits: &[BitField] = &[
        (&EHT_COLUMNS, 0, 4),
        (&EHT_ROWS, 4, 4),
        (&EHT_WIDTH, 8, 3),
        (&EHT_GROUPING, 11, 1),
        (&EHT_FEEDBACK, 12, 2),
        (&EHT_REMAINING, 17, 3),
        (&EHT_FIRST, 20, 1),
        (&EHT_PARTIAL, 21, 9),
        (&EHT_TOKEN, 30, 6),
        (&EHT_CODEBOOK, 36, 1),
    ];
    headed(walk, reader, &EHT_CONTROL, 5, bits)
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check_whole};

    #[test]
    fn heads_of_reports() {
        check_whole(
            &action(&[21, 0, 0x89, 0x81, 0x24, 1, 2, 3]),
            &[
                "VHT action: VHT compressed beamforming (0)",
                "Columns less 1: 1",
                "Rows less 1: 1",
                "Channel width: 80 MHz (2)",
                "Grouping: 2 (1)",
                "First feedback segment: yes",
                "Sounding dialog token: 9",
                "Report: 3 bytes",
            ],
        );
        check_whole(
            &action(&[30, 0, 0x89, 0, 0, 0x12, 2, 9]),
            &["RU end index: 36", "Sounding dialog token: 8", "Report: 1 bytes"],
        );
        check_whole(
            &action(&[36, 0, 0x71, 4, 0, 0, 0]),
            &["Columns less 1: 1", "Rows less 1: 7", "Channel width: 320 MHz (4)"],
        );
        check_whole(
            &action(&[7, 6, 0x15, 0, 7, 0, 0, 0, 1]),
            &[
                "HT action: compressed beamforming (6)",
                "Channel width: 40 MHz (1)",
                "Sounding timestamp: 7",
            ],
        );
    }

    #[test]
    fn notifications() {
        check_whole(&action(&[7, 1, 3]), &["SM power save: yes", "SM mode: dynamic (1)"]);
        check_whole(
            &action(&[21, 2, 0x92]),
            &[
                "Channel width: 80 MHz (2)",
                "Receive streams less 1: 1",
                "Streams of beamforming only: yes",
            ],
        );
        let mut group = vec![21, 1];
        group.extend([1; 24]);
        check_whole(&action(&group), &["Membership status: 0101010101010101"]);
    }
}
