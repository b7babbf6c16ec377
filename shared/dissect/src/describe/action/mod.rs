//! Action frames (IEEE Std 802.11-2020, 9.6): category and action, and a table of those that are decoded.
//!
//! A new action is a row in its family and a function that names its fixed fields; what follows
//! them is read as elements unless the function has read it.

pub mod anqp;
pub mod beamforming;
mod link;
mod measurement;
mod mesh;
pub mod nan;
pub mod public;
pub mod ranging;
mod spectrum;
pub mod transition;
pub mod vendor;

use super::elements;
use crate::fault::Layer;
use crate::fields::{Field, Part, Reader, Span, Value, Walk, fields, names};
use crate::ieee80211::action::category_name;

fields! {
    Body => FIELDS;
    /// Category.
    CATEGORY: unsigned("wlan.fixed.category_code", "Category").clause("802.11-2020, table 9-51").names(category);
    /// Name of the action within its category.
    ACTION: text("wlan.action", "Action").clause("802.11-2020, 9.6");
    /// Action code, of the categories that have no field of their own for it.
    CODE: unsigned("wlan.fixed.action_code", "Action code").clause("802.11-2020, 9.6");
    /// Action code of public action frames.
    PUBLIC_CODE: unsigned("wlan.fixed.publicact", "Public action").clause("802.11-2020, table 9-365").names(public_name);
    /// Action code of HT action frames.
    HT_CODE: unsigned("wlan.fixed.htact", "HT action").clause("802.11-2020, table 9-421").names(ht_name);
    /// Action code of VHT action frames.
    VHT_CODE: unsigned("wlan.vht.action", "VHT action").clause("802.11-2020, table 9-460").names(vht_name);
    /// Action code of HE action frames.
    HE_CODE: unsigned("wlan.he.action", "HE action").clause("802.11ax-2021, 9.6.31").names(he_name);
    /// Action code of protected HE action frames.
    PROTECTED_HE_CODE: unsigned("wlan.he.protected_action", "Protected HE action").clause("802.11ax-2021, 9.6.32").names(protected_he_name);
    /// Action code of EHT action frames.
    EHT_CODE: unsigned("wlan.eht.action", "EHT action").clause("802.11be-2024, 9.6.34").names(eht_name);
    /// Action code of protected EHT action frames.
    PROTECTED_EHT_CODE: unsigned("wlan.eht.protected_action", "Protected EHT action").clause("802.11be-2024, 9.6.35").names(protected_eht_name);
    /// Action code of mesh action frames.
    MESH_CODE: unsigned("wlan.fixed.mesh_action", "Mesh action").clause("802.11-2020, 9.6.16").names(mesh_name);
    /// Action code of multihop action frames.
    MULTIHOP_CODE: unsigned("wlan.fixed.multihop_action", "Multihop action").clause("802.11-2020, 9.6.17").names(multihop_name);
    /// Action code of self-protected action frames.
    SELF_PROTECTED_CODE: unsigned("wlan.fixed.selfprot_action", "Self-protected action").clause("802.11-2020, 9.6.15").names(self_protected_name);
    /// Action code of DMG action frames.
    DMG_CODE: unsigned("wlan.fixed.dmg_act", "DMG action").clause("802.11-2020, 9.6.19").names(dmg_name);
    /// Action code of protected fine timing measurement frames.
    PROTECTED_FTM_CODE: unsigned("wlan.ftm.protected_action", "Protected FTM action").clause("802.11az-2022, 9.6.34").names(protected_ftm_name);
    /// Action code of session transfer frames.
    FST_CODE: unsigned("wlan.fst.action_code", "FST action").clause("802.11-2020, 9.6.20").names(fst_name);
    /// Action code of robust audio and video streaming frames.
    STREAMING_CODE: unsigned("wlan.robust_av_streaming.action_code", "Robust AV streaming action").clause("802.11-2020, 9.6.18").names(streaming_name);
    /// Dialog token.
    DIALOG_TOKEN: unsigned("wlan.fixed.dialog_token", "Dialog token").clause("802.11-2020, 9.4.1.12");
    /// What nothing here gives a meaning.
    DATA: bytes("wlan.action.data", "Data");

    /// Block ack parameters.
    BLOCK_ACK: hex("wlan.fixed.baparams", "Block ack parameters", 4).clause("802.11-2020, 9.4.1.13");
    /// A-MSDUs are allowed.
    BLOCK_ACK_AMSDU: flag("wlan.fixed.baparams.amsdu", "A-MSDU supported");
    /// Policy.
    BLOCK_ACK_POLICY: unsigned("wlan.fixed.baparams.policy", "Block ack policy").names(names![0 => "delayed", 1 => "immediate"]);
    /// Traffic identifier.
    BLOCK_ACK_TID: unsigned("wlan.fixed.baparams.tid", "TID");
    /// Buffer size.
    BLOCK_ACK_BUFFER: unsigned("wlan.fixed.baparams.buffersize", "Buffer size").unit("MPDUs");
    /// Timeout.
    BLOCK_ACK_TIMEOUT: unsigned("wlan.fixed.batimeout", "Block ack timeout").unit("TU").clause("802.11-2020, 9.4.1.14");
    /// DELBA parameters.
    DELBA: hex("wlan.fixed.delba.param", "DELBA parameters", 4).clause("802.11-2020, 9.4.1.16");
    /// Sent by the originator.
    DELBA_INITIATOR: flag("wlan.fixed.delba.param.initiator", "Sent by the originator");
    /// Traffic identifier.
    DELBA_TID: unsigned("wlan.fixed.delba.param.tid", "TID");
    /// Transaction of an SA query.
    TRANSACTION: hex("wlan.fixed.transaction_id", "Transaction identifier", 4).clause("802.11-2020, 9.4.1.35");
    /// Destination of a direct link.
    DIRECT_DESTINATION: address("wlan.fixed.dst_mac_addr", "Destination").clause("802.11-2020, 9.6.4");
    /// Source of a direct link.
    DIRECT_SOURCE: address("wlan.fixed.src_mac_addr", "Source").clause("802.11-2020, 9.6.4");
    /// Timeout of a direct link.
    DIRECT_TIMEOUT: unsigned("wlan.fixed.dls_timeout", "Timeout").unit("s");
    /// Traffic stream.
    STREAM: hex("wlan.fixed.ts_info", "Traffic stream information", 6).clause("802.11-2020, 9.4.2.29");
    /// Status of a WMM admission.
    ADMISSION: unsigned("wlan.wme.action.status_code", "Admission").names(names![0 => "accepted", 1 => "invalid parameters", 3 => "refused"]);
    /// Station of a fast transition.
    TRANSITION_STATION: address("wlan.fixed.sta_address", "Station").clause("802.11-2020, 9.6.8");
    /// Target access point of a fast transition.
    TRANSITION_TARGET: address("wlan.fixed.target_ap_address", "Target access point").clause("802.11-2020, 9.6.8");
    /// Channel to switch to.
    TARGET_CHANNEL: unsigned("wlan.fixed.target_channel", "Target channel").clause("802.11-2020, 9.6.12.7");
    /// Operating class.
    OPERATING_CLASS: unsigned("wlan.fixed.operating_class", "Operating class");

    /// Repetitions of a measurement.
    REPETITIONS: unsigned("wlan.rm.repetitions", "Repetitions").clause("802.11-2020, 9.6.6.2");
    /// Dialog token of a radio measurement.
    MEASUREMENT_TOKEN: unsigned("wlan.rm.dialog_token", "Dialog token").clause("802.11-2020, 9.6.6");
    /// Transmit power used.
    POWER_USED: signed("wlan.rm.tx_power", "Transmit power used").unit("dBm").clause("802.11-2020, 9.6.6.4");
    /// Greatest transmit power.
    POWER_MAXIMUM: signed("wlan.rm.max_tx_power", "Maximum transmit power").unit("dBm").clause("802.11-2020, 9.6.6.4");
    /// Transmit power report.
    TPC: branch("wlan.rm.tpc", "TPC report").clause("802.11-2020, 9.6.6.5");
    /// Transmit power of the report.
    TPC_POWER: signed("wlan.rm.tpc.tx_power", "Transmit power").unit("dBm");
    /// Margin of the link.
    TPC_MARGIN: signed("wlan.rm.tpc.link_margin", "Link margin").unit("dB");
    /// Receive antenna.
    ANTENNA_RX: unsigned("wlan.rm.rx_antenna_id", "Receive antenna");
    /// Transmit antenna.
    ANTENNA_TX: unsigned("wlan.rm.tx_antenna_id", "Transmit antenna");
    /// Received channel power, in half dB from -110 dBm.
    CHANNEL_POWER: unsigned("wlan.rm.rcpi", "Received channel power").unit("dBm / 2 + 110").clause("802.11-2020, 9.4.2.37");
    /// Received signal to noise.
    CHANNEL_NOISE: unsigned("wlan.rm.rsni", "Received signal to noise").unit("dB / 2 + 10").clause("802.11-2020, 9.4.2.40");

    /// TWT flow that is torn down.
    TWT_FLOW: hex("wlan.twt.individual_flow", "TWT flow", 2).clause("802.11ax-2021, 9.6.24.9");
    /// Identifier of the flow.
    TWT_FLOW_ID: unsigned("wlan.twt.individual_flow_id", "TWT flow identifier");
    /// Kind of agreement.
    TWT_NEGOTIATION: unsigned("wlan.twt.teardown.neg_type", "Negotiation type");
    /// All flows.
    TWT_ALL: flag("wlan.twt.teardown.all", "All TWT");
    /// TWT information.
    TWT_INFORMATION: hex("wlan.twt.information", "TWT information", 2).clause("802.11ax-2021, 9.4.1.60");
    /// A response is wanted.
    TWT_RESPONSE: flag("wlan.twt.information.response_requested", "Response requested");
    /// The next time is asked for.
    TWT_NEXT_REQUEST: flag("wlan.twt.information.next_twt_request", "Next TWT request");
    /// How long the next time is.
    TWT_NEXT_SIZE: unsigned("wlan.twt.information.next_twt_size", "Next TWT size").names(names![0 => "none", 1 => "4 bytes", 2 => "6 bytes", 3 => "8 bytes"]);
    /// The next time.
    TWT_NEXT: unsigned("wlan.twt.information.next_twt", "Next TWT").unit("µs");
    /// Enhanced multi-link operation.
    EML: hex("wlan.eht.eml_control", "EML control", 2).clause("802.11be-2024, 9.4.1.77");
    /// Single radio mode.
    EML_SINGLE: flag("wlan.eht.eml_control.emlsr", "EMLSR mode");
    /// Multi radio mode.
    EML_MULTI: flag("wlan.eht.eml_control.emlmr", "EMLMR mode");
    /// Links of the mode.
    EML_LINKS: hex("wlan.eht.eml_control.links", "Links", 4);
    /// Links with a status.
    LINK_COUNT: unsigned("wlan.eht.reconfiguration.count", "Links with a status").clause("802.11be-2024, 9.6.35");
    /// Link.
    LINK_STATUS_ID: unsigned("wlan.eht.reconfiguration.link_id", "Link identifier");
    /// Session transfer.
    FST_LINK_LOSS: unsigned("wlan.fst.llt", "Link loss timeout").unit("32 µs").clause("802.11-2020, 9.6.20");
}

/// Names the fixed fields of one action. `None` when the body ends before they do.
type Describe = fn(&mut Walk<'_>, &mut Reader<'_>) -> Option<()>;

/// One known action.
struct Action {
    /// Category, without the bit that says error.
    category: u8,
    /// Action code.
    code: u8,
    /// Name.
    name: &'static str,
    /// Names its fixed fields.
    describe: Describe,
}

/// A row of a family.
const fn row(category: u8, code: u8, name: &'static str, describe: Describe) -> Action {
    Action { category, code, name, describe }
}

/// Every action that is decoded. Each family has its rows.
static FAMILIES: &[&[Action]] = &[
    spectrum::ACTIONS,
    link::ACTIONS,
    measurement::ACTIONS,
    mesh::ACTIONS,
    transition::ACTIONS,
    public::ACTIONS,
    ranging::ACTIONS,
    beamforming::ACTIONS,
];

/// Vendor-specific categories, protected and not: an OUI stands in place of the action code.
const VENDOR: [u8; 2] = [126, 127];

fn known(category: u8, code: u8) -> Option<&'static Action> {
    // The protected dual of a public action has the public action's body.
    let category = if category == 9 { 4 } else { category };
    let rows = FAMILIES.iter().flat_map(|family| family.iter());
    rows.into_iter().find(|action| action.category == category && action.code == code)
}

fn category(value: u64) -> Option<&'static str> {
    let category = u8::try_from(value & 0x7f).ok()?;
    if category == 17 { Some("WMM") } else { category_name(category) }
}

fn name(category: u8, code: u64) -> Option<&'static str> {
    known(category, u8::try_from(code).ok()?).map(|action| action.name)
}

fn public_name(code: u64) -> Option<&'static str> {
    name(4, code)
}

fn ht_name(code: u64) -> Option<&'static str> {
    name(7, code)
}

fn mesh_name(code: u64) -> Option<&'static str> {
    name(13, code)
}

fn multihop_name(code: u64) -> Option<&'static str> {
    name(14, code)
}

fn self_protected_name(code: u64) -> Option<&'static str> {
    name(15, code)
}

fn dmg_name(code: u64) -> Option<&'static str> {
    name(16, code)
}

fn fst_name(code: u64) -> Option<&'static str> {
    name(18, code)
}

fn streaming_name(code: u64) -> Option<&'static str> {
    name(19, code)
}

fn vht_name(code: u64) -> Option<&'static str> {
    name(21, code)
}

fn he_name(code: u64) -> Option<&'static str> {
    name(30, code)
}

fn protected_he_name(code: u64) -> Option<&'static str> {
    name(31, code)
}

fn protected_ftm_name(code: u64) -> Option<&'static str> {
    name(34, code)
}

fn eht_name(code: u64) -> Option<&'static str> {
    name(36, code)
}

fn protected_eht_name(code: u64) -> Option<&'static str> {
    name(37, code)
}

/// The field of the action code, which Wireshark names by category.
fn code_field(category: u8) -> &'static Field {
    match category {
        4 | 9 => &PUBLIC_CODE,
        7 => &HT_CODE,
        13 => &MESH_CODE,
        14 => &MULTIHOP_CODE,
        15 => &SELF_PROTECTED_CODE,
        16 => &DMG_CODE,
        18 => &FST_CODE,
        19 => &STREAMING_CODE,
        21 => &VHT_CODE,
        30 => &HE_CODE,
        31 => &PROTECTED_HE_CODE,
        34 => &PROTECTED_FTM_CODE,
        36 => &EHT_CODE,
        37 => &PROTECTED_EHT_CODE,
        _ => &CODE,
    }
}

/// Names category, action and fixed fields; elements are left in the reader.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let category = walk.u8(reader, &CATEGORY)? & 0x7f;
    if VENDOR.contains(&category) {
        return vendor::describe(walk, reader);
    }
    let code_span = Span::new(reader.offset(), 1);
    let code = walk.u8(reader, code_field(category))?;
    let Some(action) = known(category, code) else {
        walk.rest(reader, &DATA);
        return Some(());
    };
    walk.field(&ACTION, Value::Word(action.name), code_span);
    (action.describe)(walk, reader)
}

/// Names an action frame's body that a data frame carries, with its elements.
pub(super) fn describe_encapsulated(walk: &mut Walk<'_>, reader: &mut Reader<'_>) {
    let complete = walk.branch(
        &super::management::FIXED,
        Value::Nothing,
        Span::new(reader.offset(), reader.left()),
        |walk| describe(walk, reader),
    );
    if complete.is_none() {
        walk.fault(reader.offset(), "the fixed fields are cut");
        return;
    }
    if walk.wants(Part::Element) && !reader.is_empty() {
        walk.set_layer(Layer::Element);
        elements::describe(walk, *reader);
    }
}

/// Only elements.
fn only_elements(_walk: &mut Walk<'_>, _reader: &mut Reader<'_>) -> Option<()> {
    Some(())
}

/// A dialog token, then elements.
fn dialog(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN).map(|_| ())
}

/// A dialog token and a status, then elements.
fn dialog_status(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &DIALOG_TOKEN)?;
    walk.u16(reader, &super::management::STATUS).map(|_| ())
}

/// A body that is recognised and given as bytes.
fn opaque(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &DATA);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{action, check, check_whole, lines};
    use super::*;

    #[test]
    fn every_known_action_survives_every_length() {
        let mut seen = std::collections::HashSet::new();
        for known in FAMILIES.iter().flat_map(|family| family.iter()) {
            assert!(seen.insert((known.category, known.code)), "{} twice", known.name);
            assert!(
                category_name(known.category).is_some() || known.category == 17,
                "{}",
                known.name
            );
            for fill in [0x00u8, 0x01, 0x55, 0xff] {
                for length in 0..120 {
                    let mut body = vec![known.category, known.code];
                    body.resize(length + 2, fill);
                    let lines = lines(&action(&body));
                    assert!(lines.iter().any(|line| line.contains(known.name)), "{}", known.name);
                }
            }
        }
    }

    #[test]
    fn unknown_actions_keep_their_bytes() {
        check_whole(
            &action(&[5, 99, 1, 2]),
            &["Category: Radio Measurement (5)", "Action code: 99", "Data: 0102"],
        );
        check(&action(&[5]), &["! the fixed fields are cut"]);
        // An action frame that is sent back because of an error has the upper bit of its category set.
        check_whole(
            &action(&[0x88, 0, 1, 0]),
            &["Category: SA Query (136)", "Action: SA query request"],
        );
    }

    #[test]
    fn a_protected_dual_has_the_public_body() {
        check_whole(
            &action(&[9, 4, 1, 115, 36, 3]),
            &["Category: Protected Dual of Public Action (9)", "New channel: 36"],
        );
    }
}
