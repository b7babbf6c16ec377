//! NDP announcements: VHT, HE, ranging and EHT (IEEE Std 802.11-2020, 9.3.1.19; 802.11ax-2021; 802.11az-2022; 802.11be-2024).

use crate::fields::{BitField, Reader, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// Sounding dialog token.
    TOKEN: hex("wlan.vht_ndp.token", "Sounding dialog token", 2).clause("802.11-2020, 9.3.1.19");
    /// Whose announcement it is.
    VARIANT: unsigned("wlan.vht_ndp.token.variant", "Variant").clause("802.11be-2024, table 9-42a").names(names![
        0 => "VHT", 1 => "ranging", 2 => "HE", 3 => "EHT"]);
    /// Number of the dialog.
    TOKEN_NUMBER: unsigned("wlan.vht_ndp.token.number", "Sounding dialog token number");
    /// One station of a VHT announcement.
    VHT_STATION: hex("wlan.vht_ndp.sta_info", "Station information", 4);
    /// Association identifier.
    VHT_AID: unsigned("wlan.vht_ndp.sta_info.aid12", "Association identifier");
    /// Whether the feedback is for several users.
    VHT_FEEDBACK: unsigned("wlan.vht_ndp.sta_info.feedback_type", "Feedback").names(names![0 => "single user", 1 => "multiple users"]);
    /// Columns of the feedback less 1.
    VHT_COLUMNS: unsigned("wlan.vht_ndp.sta_info.nc_index", "Columns less 1");
    /// One station of an HE announcement.
    HE_STATION: hex("wlan.he_ndp.sta_info", "Station information", 8).clause("802.11ax-2021, 9.3.1.19");
    /// Association identifier; 2047 announces channels that are not used.
    HE_AID: unsigned("wlan.he_ndp.sta_info.aid11", "Association identifier");
    /// First resource unit of the feedback.
    HE_UNIT_START: unsigned("wlan.he_ndp.sta_info.ru_start", "RU start index");
    /// Last resource unit of the feedback.
    HE_UNIT_END: unsigned("wlan.he_ndp.sta_info.ru_end", "RU end index");
    /// Channels that are not used.
    HE_DISALLOWED: hex("wlan.he_ndp.sta_info.disallowed", "Disallowed subchannels", 2);
    /// Kind of feedback and subcarrier grouping.
    HE_FEEDBACK: unsigned("wlan.he_ndp.sta_info.feedback_type_and_ng", "Feedback type and grouping");
    /// Tells VHT stations that this is no AID of theirs.
    HE_DISAMBIGUATION: flag("wlan.he_ndp.sta_info.disambiguation", "Disambiguation");
    /// Size of the codebook.
    HE_CODEBOOK: unsigned("wlan.he_ndp.sta_info.codebook_size", "Codebook size");
    /// Columns of the feedback less 1.
    HE_COLUMNS: unsigned("wlan.he_ndp.sta_info.nc", "Columns less 1");
    /// One station of an EHT announcement.
    EHT_STATION: hex("wlan.eht_ndp.sta_info", "Station information", 8).clause("802.11be-2024, 9.3.1.19");
    /// Association identifier.
    EHT_AID: unsigned("wlan.eht_ndp.sta_info.aid11", "Association identifier");
    /// Which part of the bandwidth the feedback is for.
    EHT_PARTIAL: hex("wlan.eht_ndp.sta_info.partial_bw", "Partial bandwidth", 3);
    /// Columns of the feedback less 1.
    EHT_COLUMNS: unsigned("wlan.eht_ndp.sta_info.nc", "Columns less 1");
    /// Kind of feedback and subcarrier grouping.
    EHT_FEEDBACK: unsigned("wlan.eht_ndp.sta_info.feedback_type_and_ng", "Feedback type and grouping");
    /// Tells VHT stations that this is no AID of theirs.
    EHT_DISAMBIGUATION: flag("wlan.eht_ndp.sta_info.disambiguation", "Disambiguation");
    /// Size of the codebook.
    EHT_CODEBOOK: unsigned("wlan.eht_ndp.sta_info.codebook_size", "Codebook size");
    /// One station of a ranging announcement.
    RANGING_STATION: hex("wlan.vht_ndp.sta_info.ranging", "Station information", 8).clause("802.11az-2022, 9.3.1.19");
    /// Association or ranging identifier.
    RANGING_AID: unsigned("wlan.vht_ndp.sta_info.ranging.aid11", "AID or RSID");
}

const VHT_BITS: &[BitField] = &[(&VHT_AID, 0, 12), (&VHT_FEEDBACK, 12, 1), (&VHT_COLUMNS, 13, 3)];
const HE_BITS: &[BitField] = &[
    (&HE_UNIT_START, 11, 7),
    (&HE_UNIT_END, 18, 7),
    (&HE_FEEDBACK, 25, 2),
    (&HE_DISAMBIGUATION, 27, 1),
    (&HE_CODEBOOK, 28, 1),
    (&HE_COLUMNS, 29, 3),
];
const EHT_BITS: &[BitField] = &[
    (&EHT_AID, 0, 11),
    (&EHT_PARTIAL, 11, 9),
    (&EHT_COLUMNS, 21, 4),
    (&EHT_FEEDBACK, 25, 2),
    (&EHT_DISAMBIGUATION, 27, 1),
    (&EHT_CODEBOOK, 28, 1),
];

/// An association identifier of 2047 says which channels are not used.
const CHANNELS_AID: u64 = 2047;

/// Names an NDP announcement from its dialog token on.
pub(super) fn announcement(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let token = walk.packed(reader, &TOKEN, 1, &[(&VARIANT, 0, 2), (&TOKEN_NUMBER, 2, 6)])?;
    let variant = token.bits(0, 2);
    while !reader.is_empty() {
        match variant {
            0 => walk.packed(reader, &VHT_STATION, 2, VHT_BITS).map(|_| ())?,
            1 => walk.packed(reader, &RANGING_STATION, 4, &[(&RANGING_AID, 0, 11)]).map(|_| ())?,
            2 => walk.word(reader, &HE_STATION, 4, |walk, word| {
                if walk.bits(word, &HE_AID, 0, 11) == CHANNELS_AID {
                    walk.parts(word, &[(&HE_DISALLOWED, 11, 8), (&HE_DISAMBIGUATION, 27, 1)]);
                } else {
                    walk.parts(word, HE_BITS);
                }
            })?,
            _ => walk.packed(reader, &EHT_STATION, 4, EHT_BITS).map(|_| ())?,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, control};

    #[test]
    fn the_four_variants() {
        check_whole(
            &control(5, &[0x24, 0x05, 0x30]),
            &[
                "Variant: VHT (0)",
                "Sounding dialog token number: 9",
                "Association identifier: 5",
                "Feedback: multiple users (1)",
                "Columns less 1: 1",
            ],
        );
        let he = 5u32 | 36 << 18 | 1 << 27 | 3 << 29;
        check_whole(
            &control(5, &[&[0x26][..], &he.to_le_bytes()].concat()),
            &["Variant: HE (2)", "RU end index: 36", "Disambiguation: yes", "Columns less 1: 3"],
        );
        let channels = 2047u32 | 0x81 << 11;
        check_whole(
            &control(5, &[&[0x26][..], &channels.to_le_bytes()].concat()),
            &["Disallowed subchannels: 0x81"],
        );
        let eht = 9u32 | 0x1fe << 11 | 7 << 21;
        check_whole(
            &control(5, &[&[0x27][..], &eht.to_le_bytes()].concat()),
            &["Variant: EHT (3)", "Partial bandwidth: 0x1fe", "Columns less 1: 7"],
        );
        check(&control(5, &[0x26, 1, 2]), &["! the body of the control frame is cut"]);
    }
}
