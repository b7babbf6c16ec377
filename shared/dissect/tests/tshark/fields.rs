//! Fields of frames below the radio header compared with tshark's, value by value.

use crate::rows::captures;
use pw_dissect::describe::describe;
use pw_dissect::fields::{Field, Sink, Span, Value};
use std::collections::BTreeMap;

/// How values are brought into one form.
#[derive(Clone, Copy)]
pub(crate) enum As {
    /// A number, decimal or hexadecimal; flags as 0 and 1.
    Number,
    /// Text or bytes as they are written, in lower case.
    Text,
}

/// Fields that are compared: Wireshark's name, which is also ours.
pub(crate) const COMPARED: &[(&str, As)] = &[
    ("wlan.fc.version", As::Number),
    ("wlan.fc.type", As::Number),
    ("wlan.fc.subtype", As::Number),
    ("wlan.fc.type_subtype", As::Number),
    ("wlan.fc.tods", As::Number),
    ("wlan.fc.fromds", As::Number),
    ("wlan.fc.frag", As::Number),
    ("wlan.fc.retry", As::Number),
    ("wlan.fc.pwrmgt", As::Number),
    ("wlan.fc.moredata", As::Number),
    ("wlan.fc.protected", As::Number),
    ("wlan.fc.order", As::Number),
    ("wlan.duration", As::Number),
    ("wlan.aid", As::Number),
    ("wlan.ra", As::Text),
    ("wlan.ta", As::Text),
    ("wlan.da", As::Text),
    ("wlan.sa", As::Text),
    ("wlan.bssid", As::Text),
    ("wlan.staa", As::Text),
    ("wlan.addr", As::Text),
    ("wlan.seq", As::Number),
    ("wlan.frag", As::Number),
    ("wlan.qos.tid", As::Number),
    ("wlan.qos.priority", As::Number),
    ("wlan.qos.eosp", As::Number),
    ("wlan.qos.ack", As::Number),
    ("wlan.qos.amsdupresent", As::Number),
    ("wlan.qos.txop_dur_req", As::Number),
    ("wlan.qos.queue_size", As::Number),
    ("wlan.qos.txop_limit", As::Number),
    ("wlan.htc", As::Number),
    ("wlan.fcs", As::Number),
    ("wlan.wep.iv", As::Number),
    ("wlan.wep.key", As::Number),
    ("wlan.ccmp.extiv", As::Number),
    ("wlan.tkip.extiv", As::Number),
    ("wlan.fixed.timestamp", As::Number),
    ("wlan.fixed.capabilities", As::Number),
    ("wlan.fixed.listen_ival", As::Number),
    ("wlan.fixed.current_ap", As::Text),
    ("wlan.fixed.status_code", As::Number),
    ("wlan.fixed.reason_code", As::Number),
    ("wlan.fixed.aid", As::Number),
    ("wlan.fixed.auth.alg", As::Number),
    ("wlan.fixed.auth_seq", As::Number),
    ("wlan.fixed.finite_cyclic_group", As::Number),
    ("wlan.fixed.scalar", As::Text),
    ("wlan.fixed.finite_field_element", As::Text),
    ("wlan.fixed.send_confirm", As::Number),
    ("wlan.fixed.confirm", As::Text),
    ("wlan.fixed.category_code", As::Number),
    ("wlan.fixed.action_code", As::Number),
    ("wlan.fixed.publicact", As::Number),
    ("wlan.fixed.htact", As::Number),
    ("wlan.vht.action", As::Number),
    ("wlan.fixed.dialog_token", As::Number),
    ("wlan.rm.dialog_token", As::Number),
    ("wlan.fixed.baparams.tid", As::Number),
    ("wlan.fixed.baparams.buffersize", As::Number),
    ("wlan.fixed.batimeout", As::Number),
    ("wlan.fixed.delba.param.tid", As::Number),
    ("wlan.fixed.delba.param.initiator", As::Number),
    ("wlan.fixed.sm.powercontrol", As::Number),
    ("wlan.vht.mimo_control.control", As::Number),
    ("wlan.fixed.ssc.sequence", As::Number),
    ("wlan.fixed.ssc.fragment", As::Number),
    ("wlan.ba.bm", As::Text),
    ("wlan.ba.control", As::Number),
    ("wlan.vht_ndp.sta_info.aid12", As::Number),
    ("wlan.vht_ndp.token.number", As::Number),
    ("llc.dsap", As::Number),
    ("llc.ssap", As::Number),
    ("llc.oui", As::Number),
    ("llc.type", As::Number),
    ("wlan_aggregate.a_mdsu.length", As::Number),
    ("eapol.version", As::Number),
    ("eapol.type", As::Number),
    ("eapol.len", As::Number),
    ("eapol.keydes.type", As::Number),
    ("eapol.keydes.key_len", As::Number),
    ("eapol.keydes.replay_counter", As::Number),
    ("wlan_rsna_eapol.keydes.msgnr", As::Number),
    ("wlan_rsna_eapol.keydes.key_info", As::Number),
    ("wlan_rsna_eapol.keydes.nonce", As::Text),
    ("wlan_rsna_eapol.keydes.mic", As::Text),
    ("wlan_rsna_eapol.keydes.data_len", As::Number),
    ("wlan.rsn.ie.pmkid", As::Text),
    ("wlan.qos.ps_buf_state", As::Number),
    ("wlan.qos.buf_state_indicated", As::Number),
    ("wlan.qos.highest_pri_buf_ac", As::Number),
    ("wlan.qos.qap_buf_load", As::Number),
    ("wlan.wep.icv", As::Number),
    ("wlan.fixed.capabilities.ess", As::Number),
    ("wlan.fixed.capabilities.ibss", As::Number),
    ("wlan.fixed.capabilities.privacy", As::Number),
    ("wlan.fixed.capabilities.short_preamble", As::Number),
    ("wlan.fixed.capabilities.spec_man", As::Number),
    ("wlan.fixed.capabilities.qos", As::Number),
    ("wlan.fixed.capabilities.short_slot_time", As::Number),
    ("wlan.fixed.capabilities.apsd", As::Number),
    ("wlan.fixed.capabilities.radio_measurement", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.keydes_version", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.key_type", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.key_index", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.install", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.key_ack", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.key_mic", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.secure", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.error", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.request", As::Number),
    ("wlan_rsna_eapol.keydes.key_info.encrypted_key_data", As::Number),
    ("wlan.fixed.sae_message_type", As::Number),
    ("wlan.vht.mimo_control.ncindex", As::Number),
    ("wlan.vht.mimo_control.nrindex", As::Number),
    ("wlan.vht.mimo_control.chanwidth", As::Number),
    ("wlan.fixed.baparams.amsdu", As::Number),
    ("wlan.fixed.baparams.policy", As::Number),
    ("llc.control", As::Number),
    ("eap.code", As::Number),
    ("eap.id", As::Number),
    ("eap.len", As::Number),
    ("eap.type", As::Number),
    ("eap.tls.flags", As::Number),
    ("eap.tls.len", As::Number),
];

/// Takes the values of the compared fields.
#[derive(Default)]
struct Taken(BTreeMap<&'static str, Vec<String>>);

impl Sink for Taken {
    fn field(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        assert!(span.start.checked_add(span.length).is_some());
        let Some((name, form)) = COMPARED.iter().find(|(name, _)| *name == field.name) else {
            return;
        };
        let text = match (form, value) {
            (As::Number, Value::Flag(yes)) => u8::from(yes).to_string(),
            (As::Number, Value::Unsigned(number)) => number.to_string(),
            _ => {
                let mut text = String::new();
                field.write_plain(&value, &mut text).expect("a string takes all");
                text.to_lowercase()
            }
        };
        self.0.entry(name).or_default().push(text);
    }
}

fn normal(value: &str, form: As) -> String {
    match form {
        As::Number => {
            let number = match value.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => value.parse().ok(),
            };
            match (number, value) {
                (Some(number), _) => number.to_string(),
                (None, "True") => "1".to_owned(),
                (None, "False") => "0".to_owned(),
                (None, _) => value.to_owned(),
            }
        }
        As::Text => value.to_lowercase(),
    }
}

/// Why a difference is not ours: part of the file's name, field, and the reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "80211ad_beacon",
        "wlan.ra",
        "the one address of a DMG beacon is the transmitter's (802.11-2020, 9.3.4.2)",
    ),
    ("80211ad_beacon", "wlan.ta", "as above"),
    (
        "amsdu-inject-fromap",
        "wlan.addr",
        "address 3 of an A-MSDU is the BSSID once more, which tshark leaves out",
    ),
    (
        "-fromap",
        "wlan.ta",
        "tshark gives no transmitter for CF-End, whose second address is BSSID (TA)",
    ),
    (
        "oobr.pcap",
        "",
        "a radiotap version that does not exist, after which tshark guesses at a frame",
    ),
    (
        "wpa3-suiteb-192",
        "wlan_rsna_eapol.keydes.mic",
        "a message 1 whose key data length contradicts the packet; tshark has the MIC's length from the association",
    ),
];

#[test]
fn fields_equal_tshark() {
    let Some(captures) = captures() else { return };
    let mut compared: BTreeMap<&str, u64> = BTreeMap::new();
    let mut differences: BTreeMap<(&str, String), (u64, String)> = BTreeMap::new();
    let mut packets = 0u64;
    // Captures of which both do not read the same number of frames are told by another test.
    captures.for_each(|name, packet, row| {
        packets += 1;
        let mut taken = Taken::default();
        describe(packet, &mut taken);
        for (field, form) in COMPARED {
            let mut ours = taken.0.remove(field).unwrap_or_default();
            let mut theirs: Vec<String> =
                row.all(field).into_iter().map(|value| normal(value, *form)).collect();
            if *field == "wlan.addr" {
                // The order of the third and fourth address says nothing.
                ours.sort();
                theirs.sort();
            }
            if ours.is_empty() && theirs.is_empty() {
                continue;
            }
            *compared.entry(field).or_default() += 1;
            let is_allowed = ALLOWED.iter().any(|(part, other, _)| {
                name.contains(part) && (other == field || other.is_empty())
            });
            if ours != theirs && !is_allowed {
                let entry = differences.entry((field, name.to_owned())).or_default();
                entry.0 += 1;
                if entry.0 == 1 {
                    let number = packet.captured.number;
                    entry.1 = format!("packet {number}: ours {ours:?}, tshark {theirs:?}");
                }
            }
        }
    });
    let total: u64 = compared.values().sum();
    eprintln!("{packets} packets of {} files, {total} values compared", captures.files.len());
    assert!(total > 1_000_000, "{total} values compared");
    for (field, count) in &compared {
        eprintln!("{count:>8} {field}");
    }
    let report: Vec<String> = differences
        .iter()
        .map(|((field, file), (count, first))| format!("{count} x {field} in {file}: {first}"))
        .collect();
    assert!(report.is_empty(), "{} differences:\n{}", report.len(), report.join("\n"));
}
