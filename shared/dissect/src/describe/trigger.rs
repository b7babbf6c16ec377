//! Trigger frames (IEEE Std 802.11ax-2021 and 802.11be-2024, 9.3.1.22).

use super::block_ack;
use super::control::RETRANSMISSION;
use crate::fields::{BitField, Reader, Value, Walk, Word, fields, names};

fields! {
    Body => FIELDS;
    /// Common information.
    COMMON: hex("wlan.trigger.he.common_info", "Common information", 16).clause("802.11ax-2021, 9.3.1.22.1.2");
    /// Type.
    TYPE: unsigned("wlan.trigger.he.trigger_type", "Trigger type").clause("802.11ax-2021, table 9-30b").names(names![
        0 => "basic", 1 => "beamforming report poll", 2 => "MU-BAR", 3 => "MU-RTS",
        4 => "buffer status report poll", 5 => "GCR MU-BAR", 6 => "bandwidth query report poll",
        7 => "NDP feedback report poll", 8 => "ranging"]);
    /// Length of the PPDU to be sent.
    UPLINK_LENGTH: unsigned("wlan.trigger.he.ul_length", "Uplink length");
    /// A further trigger follows.
    MORE: flag("wlan.trigger.he.more_tf", "More trigger frames");
    /// Stations must sense the medium.
    SENSE: flag("wlan.trigger.he.cs_required", "Carrier sense required");
    /// Bandwidth.
    BANDWIDTH: unsigned("wlan.trigger.he.ul_bw", "Uplink bandwidth").names(names![
        0 => "20 MHz", 1 => "40 MHz", 2 => "80 MHz", 3 => "160 or 80+80 MHz"]);
    /// Guard interval and training field; mode of TXOP sharing in EHT MU-RTS.
    GUARD: unsigned("wlan.trigger.he.gi_and_ltf_type", "Guard interval and LTF, or TXOP sharing mode");
    /// Training fields with MU-MIMO.
    LTF_MODE: unsigned("wlan.trigger.he.mu_mimo_ltf_mode", "MU-MIMO LTF mode");
    /// Number of training fields.
    LTF_SYMBOLS: unsigned("wlan.trigger.he.num_he_ltf_syms_and_midamble_per", "LTF symbols and midamble periodicity");
    /// Space-time block coding.
    STBC: flag("wlan.trigger.he.ul_stbc", "Uplink STBC");
    /// An extra symbol for LDPC.
    LDPC_EXTRA: flag("wlan.trigger.he.ldpc_extra_symbol_segment", "LDPC extra symbol segment");
    /// Access point's transmit power per 20 MHz: -20 dBm and upwards.
    AP_POWER: signed("wlan.trigger.he.ap_tx_power", "AP transmit power").unit("dBm").clause("802.11ax-2021, 9.3.1.22.1.2");
    /// Padding factor and packet extension.
    PACKET_EXTENSION: unsigned("wlan.trigger.he.packet_extension", "Padding factor and packet extension");
    /// Spatial reuse, four times four bits.
    SPATIAL_REUSE: hex("wlan.trigger.he.spatial_reuse", "Spatial reuse", 4);
    /// Doppler.
    DOPPLER: flag("wlan.trigger.he.doppler", "Doppler");
    /// Reserved bits of HE-SIG-A2.
    SIGNAL_RESERVED: hex("wlan.trigger.he.ul_he_sig_a2_reserved", "HE-SIG-A2 reserved", 3);
    /// HE in the primary 160 MHz.
    PRIMARY_IS_HE: flag("wlan.trigger.eht.he_eht_p160", "HE in the primary 160 MHz").clause("802.11be-2024, 9.3.1.22.1.2");
    /// A special user information follows, and this is an EHT trigger.
    SPECIAL: flag("wlan.trigger.eht.special_user_info", "Special user information").clause("802.11be-2024, 9.3.1.22.1.2");
    /// Ranging trigger.
    RANGING: hex("wlan.trigger.he.ranging.common_info", "Ranging", 2).clause("802.11az-2022, 9.3.1.22.9");
    /// Kind of ranging trigger.
    RANGING_SUBTYPE: unsigned("wlan.trigger.he.ranging.ranging_trigger_subtype", "Ranging trigger").names(names![
        0 => "poll", 1 => "sounding", 2 => "secured sounding", 3 => "report", 4 => "passive TB measurement exchange"]);
    /// Token.
    RANGING_TOKEN: unsigned("wlan.trigger.he.ranging.token", "Token");
    /// One user.
    USER: hex("wlan.trigger.he.user_info", "User information", 10).clause("802.11ax-2021, 9.3.1.22.1.3");
    /// Association identifier: 0 and 2045 for random access, 2046 for unassigned units, 4095 for padding.
    USER_AID: unsigned("wlan.trigger.he.user_info.aid12", "Association identifier").names(names![
        0 => "random access, associated", 2007 => "special user information",
        2045 => "random access, unassociated", 2046 => "unassigned", 4095 => "padding"]);
    /// Which half of 160 MHz.
    UNIT_REGION: unsigned("wlan.trigger.he.ru_allocation_region", "RU allocation region").names(names![0 => "primary 80 MHz", 1 => "secondary 80 MHz"]);
    /// Resource unit.
    UNIT: unsigned("wlan.trigger.he.ru_allocation", "RU allocation");
    /// Coding.
    CODING: unsigned("wlan.trigger.he.coding_type", "Coding").names(names![0 => "BCC", 1 => "LDPC"]);
    /// MCS.
    MCS: unsigned("wlan.trigger.he.mcs", "MCS");
    /// Dual carrier modulation.
    DCM: flag("wlan.trigger.he.dcm", "Dual carrier modulation");
    /// First spatial stream.
    STREAM_START: unsigned("wlan.trigger.he.ru_starting_spatial_stream", "Starting spatial stream");
    /// Spatial streams less 1.
    STREAMS: unsigned("wlan.trigger.he.ru_number_of_spatial_stream", "Spatial streams less 1");
    /// Contiguous units for random access less 1.
    RANDOM_UNITS: unsigned("wlan.trigger.he.ru_number_ra_ru", "Random access RUs less 1");
    /// More units for random access follow.
    RANDOM_MORE: flag("wlan.trigger.he.ru_more_ra_ru", "More random access RUs");
    /// Signal strength to be aimed at, -110 dBm and upwards; 127 for maximum power.
    TARGET: unsigned("wlan.trigger.he.target_rssi", "Target RSSI").unit("dBm + 110").names(names![127 => "maximum power"]);
    /// The secondary 160 MHz.
    SECONDARY: flag("wlan.trigger.eht.ps160", "Secondary 160 MHz").clause("802.11be-2024, 9.3.1.22.1.3");
    /// Version of the PHY.
    PHY_VERSION: unsigned("wlan.trigger.eht.phy_version", "PHY version").clause("802.11be-2024, 9.3.1.22.1.4").names(names![0 => "EHT"]);
    /// Bandwidth beyond 160 MHz.
    BANDWIDTH_EXTENSION: unsigned("wlan.trigger.eht.ul_bw_extension", "Uplink bandwidth extension");
    /// Spatial reuse.
    SPATIAL_REUSE_1: unsigned("wlan.trigger.eht.spatial_reuse_1", "EHT spatial reuse 1");
    /// Spatial reuse.
    SPATIAL_REUSE_2: unsigned("wlan.trigger.eht.spatial_reuse_2", "EHT spatial reuse 2");
    /// U-SIG bits.
    SIGNAL_DISREGARD: hex("wlan.trigger.eht.u_sig_disregard", "U-SIG disregard and validate", 3);
    /// First association identifier of an NDP feedback report poll.
    STARTING_AID: unsigned("wlan.trigger.he.starting_aid", "Starting AID");
    /// What is asked for.
    FEEDBACK_TYPE: unsigned("wlan.trigger.he.feedback_type", "Feedback type").names(names![0 => "resource request"]);
    /// Two users on one tone set.
    MULTIPLEXING: flag("wlan.trigger.he.multiplexing_flag", "Multiplexing");
    /// What depends on the basic trigger.
    DEPENDENT: hex("wlan.trigger.he.basic_user_info", "Basic trigger information", 2).clause("802.11ax-2021, 9.3.1.22.2");
    /// Spacing.
    SPACING: unsigned("wlan.trigger.he.mpdu_mu_spacing_factor", "MPDU MU spacing factor");
    /// How many TIDs may be aggregated.
    TID_LIMIT: unsigned("wlan.trigger.he.tid_aggregation_limit", "TID aggregation limit");
    /// Recommended access category.
    PREFERRED: unsigned("wlan.trigger.he.preferred_ac", "Preferred access category").names(names![
        0 => "background", 1 => "best effort", 2 => "video", 3 => "voice"]);
    /// Padding.
    PADDING: bytes("wlan.trigger.he.padding", "Padding");
}

const COMMON_LOW: &[BitField] = &[
    (&TYPE, 0, 4),
    (&UPLINK_LENGTH, 4, 12),
    (&MORE, 16, 1),
    (&SENSE, 17, 1),
    (&BANDWIDTH, 18, 2),
    (&GUARD, 20, 2),
    (&LTF_MODE, 22, 1),
    (&LTF_SYMBOLS, 23, 3),
    (&STBC, 26, 1),
    (&LDPC_EXTRA, 27, 1),
];
const COMMON_HIGH: &[BitField] =
    &[(&PACKET_EXTENSION, 34, 3), (&SPATIAL_REUSE, 37, 16), (&DOPPLER, 53, 1)];

/// Association identifier after which the frame is padding.
const PADDING_AID: u64 = 4095;
/// Association identifier of the special user information.
const SPECIAL_AID: u64 = 2007;

/// What the common information says of the users' fields.
#[derive(Clone, Copy)]
struct Common {
    kind: u64,
    has_special: bool,
    primary_is_he: bool,
}

/// Names a trigger frame from its common information on.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let common = walk.word(reader, &COMMON, 8, common)?;
    match common.kind {
        5 => block_ack::request(walk, reader)?,
        8 => {
            let bits: &[BitField] = &[(&RANGING_SUBTYPE, 0, 4), (&RANGING_TOKEN, 5, 3)];
            walk.packed(reader, &RANGING, 1, bits)?;
        }
        _ => {}
    }
    while !reader.is_empty() {
        // Less than a user's information cannot be one; two bytes of ones begin the padding.
        let aid = reader.peek::<2>().map(|bytes| u64::from(u16::from_le_bytes(bytes) & 0xfff));
        if aid == Some(PADDING_AID) || reader.left() < 2 {
            walk.rest(reader, &PADDING);
            return Some(());
        }
        user(walk, reader, common)?;
    }
    Some(())
}

fn common(walk: &mut Walk<'_>, word: Word) -> Common {
    walk.parts(word, COMMON_LOW);
    let power = i64::try_from(word.bits(28, 6)).unwrap_or(0).saturating_sub(20);
    walk.field(&AP_POWER, Value::Signed(power), word.span);
    walk.parts(word, COMMON_HIGH);
    // HE sets the bits that EHT uses; EHT clears bit 55 where a special user information follows.
    let common =
        Common { kind: word.bits(0, 4), has_special: !word.bit(55), primary_is_he: word.bit(54) };
    if common.has_special {
        walk.field(&PRIMARY_IS_HE, Value::Flag(common.primary_is_he), word.span);
        walk.field(&SPECIAL, Value::Flag(true), word.span);
    } else {
        walk.bits(word, &SIGNAL_RESERVED, 54, 9);
    }
    common
}

fn user(walk: &mut Walk<'_>, reader: &mut Reader<'_>, common: Common) -> Option<()> {
    let aid = walk.word(reader, &USER, 5, |walk, word| {
        let aid = word.bits(0, 12);
        if common.kind == 7 {
            let bits: &[BitField] = &[
                (&STARTING_AID, 0, 12),
                (&FEEDBACK_TYPE, 21, 4),
                (&TARGET, 32, 7),
                (&MULTIPLEXING, 39, 1),
            ];
            walk.parts(word, bits);
            return aid;
        }
        walk.bits(word, &USER_AID, 0, 12);
        user_bits(walk, word, aid, common);
        aid
    })?;
    // The special user information is not followed by what depends on the type.
    if aid == SPECIAL_AID && common.has_special {
        return Some(());
    }
    match common.kind {
        0 => {
            let bits: &[BitField] = &[(&SPACING, 0, 2), (&TID_LIMIT, 2, 3), (&PREFERRED, 6, 2)];
            walk.packed(reader, &DEPENDENT, 1, bits).map(|_| ())
        }
        1 => walk.u8(reader, &RETRANSMISSION).map(|_| ()),
        2 => block_ack::request(walk, reader),
        _ => Some(()),
    }
}

fn user_bits(walk: &mut Walk<'_>, word: Word, aid: u64, common: Common) {
    if aid == SPECIAL_AID && common.has_special {
        let bits: &[BitField] = &[
            (&PHY_VERSION, 12, 3),
            (&BANDWIDTH_EXTENSION, 15, 2),
            (&SPATIAL_REUSE_1, 17, 4),
            (&SPATIAL_REUSE_2, 21, 4),
            (&SIGNAL_DISREGARD, 25, 12),
        ];
        walk.parts(word, bits);
        return;
    }
    walk.parts(word, &[(&UNIT_REGION, 12, 1), (&UNIT, 13, 7)]);
    // MU-RTS has nothing more; the ranging trigger's users are only named by their identifier.
    if matches!(common.kind, 3 | 8) {
        return;
    }
    // An EHT user: in the secondary 160 MHz, or anywhere when the primary is not HE.
    let is_eht = common.has_special && (word.bit(39) || !common.primary_is_he);
    walk.parts(word, &[(&CODING, 20, 1), (&MCS, 21, 4)]);
    if !is_eht {
        walk.flag(word, &DCM, 25);
    }
    let streams: &[BitField] = match (aid, is_eht) {
        (0 | 2045, _) => &[(&RANDOM_UNITS, 26, 5), (&RANDOM_MORE, 31, 1)],
        (_, true) => &[(&STREAM_START, 26, 4), (&STREAMS, 30, 2)],
        (_, false) => &[(&STREAM_START, 26, 3), (&STREAMS, 29, 3)],
    };
    walk.parts(word, streams);
    walk.bits(word, &TARGET, 32, 7);
    if is_eht {
        walk.flag(word, &SECONDARY, 39);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, control, lines};

    /// HE: bits 54 to 62 set.
    const HE: u64 = 0x1ff << 54;

    fn trigger(common: u64, rest: &[u8]) -> Vec<u8> {
        control(2, &[&common.to_le_bytes()[..], rest].concat())
    }

    fn user(value: u64) -> Vec<u8> {
        value.to_le_bytes()[..5].to_vec()
    }

    #[test]
    fn basic_trigger_with_padding() {
        let common = HE | 100 << 4 | 2 << 18 | 40 << 28;
        let first = user(5 | 61 << 13 | 1 << 20 | 7 << 21 | 1 << 29 | 50 << 32);
        let mac = trigger(common, &[first, vec![0xc5], vec![0xff; 6]].concat());
        check_whole(
            &mac,
            &[
                "Trigger type: basic (0)",
                "Uplink length: 100",
                "Uplink bandwidth: 80 MHz (2)",
                "AP transmit power: 20 dBm",
                "Association identifier: 5",
                "RU allocation: 61",
                "MCS: 7",
                "Spatial streams less 1: 1",
                "Target RSSI: 50 dBm + 110",
                "TID aggregation limit: 1",
                "Preferred access category: voice (3)",
                "Padding: ffffffffffff",
            ],
        );
    }

    #[test]
    fn random_access_and_other_types() {
        let random = trigger(HE | 4, &user(2045 | 3 << 26));
        check_whole(
            &random,
            &[
                "Association identifier: random access, unassociated (2045)",
                "Random access RUs less 1: 3",
            ],
        );
        let bar = trigger(HE | 2, &[user(5), vec![0x05, 0, 0x10, 0]].concat());
        check_whole(
            &bar,
            &["Trigger type: MU-BAR (2)", "Variant: compressed (2)", "Starting sequence number: 1"],
        );
        let feedback = trigger(HE | 7, &user(9 | 1 << 39));
        check_whole(&feedback, &["Starting AID: 9", "Multiplexing: yes"]);
        let rts = trigger(HE | 3, &user(5 | 61 << 13));
        assert!(!lines(&rts).iter().any(|line| line.contains("MCS")));
        check(&trigger(HE, &[1, 2, 3]), &["! the body of the control frame is cut"]);
    }

    #[test]
    fn eht_trigger_with_special_user() {
        let special = user(2007 | 2 << 15 | 5 << 17);
        let eht = user(6 | 8 << 26 | 1 << 30 | 1 << 39);
        let mac = trigger(4, &[special, eht].concat());
        check_whole(
            &mac,
            &[
                "Special user information: yes",
                "PHY version: EHT (0)",
                "Uplink bandwidth extension: 2",
                "EHT spatial reuse 1: 5",
                "Starting spatial stream: 8",
                "Secondary 160 MHz: yes",
            ],
        );
    }
}
