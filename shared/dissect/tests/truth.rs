//! The summary of every capture with a reference summary, compared key by key.
//!
//! The captures are not part of the project: `PIWARDRIVE_DATA` says where they are, by default
//! `../shared/data` beside the workspace. Without them the test says that it was skipped.

use pw_dissect::capture::CaptureReader;
use pw_dissect::ieee80211::management::Management;
use pw_dissect::parse;
use pw_dissect::summary::Summary;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn data() -> Option<PathBuf> {
    let given = std::env::var_os("PIWARDRIVE_DATA").map(PathBuf::from);
    let path =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    path.join("truth").is_dir().then_some(path)
}

fn summarise(path: &Path) -> Result<Value, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut reader = CaptureReader::open(file).map_err(|error| error.to_string())?;
    let mut summary = Summary::default();
    while let Some(frame) = reader.next_frame().map_err(|error| error.to_string())? {
        summary.add(&frame);
    }
    Ok(summary.to_json())
}

/// Where the reference and the summary may differ: part of the truth file's name, end of the key,
/// and why the reference is not followed.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "",
        "/wpa1_akm",
        "the reference asked tshark for wlan.wfa.ie.wpa.akms.type, which 4.0 leaves empty; \
         its wlan.wfa.ie.wpa.akms has the suite (0x0050f202 is PSK)",
    ),
    (
        "test_test1.pcap",
        "/rssi/min",
        "radiotap's first value is the combined signal; tshark's wlan_radio.signal_dbm is that of the last antenna",
    ),
    ("test_test1.pcap", "/rssi/max", "as for the minimum"),
    ("southwest-symbol", "/rssi/min", "several antennas, as above"),
    ("southwest-symbol", "/rssi/max", "several antennas, as above"),
    ("test_wpa.cap", "/rssi", "tshark takes Prism's RSSI item, 0 on the maker's scale, for 0 dBm"),
    (
        "handshake_has_1234",
        "/deauth/peak_per_second",
        "packet 1583 has a fraction of 1,000,000 µs, which tshark does not carry into the seconds",
    ),
    (
        "oobr.pcap",
        "/protocols",
        "names of tshark's own dissectors, only there where no frame could be read",
    ),
    ("heapoverflow", "/protocols", "names of tshark's own dissectors"),
    (
        "parse_elements_oobr",
        "/group",
        "the reference drops the OUI: 48 of the unknown OUI 30-30-30 is not the standard's 48",
    ),
    (
        "parse_elements_oobr",
        "/ie_ids",
        "tshark stops at the RSN element with impossible counts; a TIM follows it",
    ),
];

/// Which exception holds for a difference.
fn exception(file: &str, at: &str) -> Option<usize> {
    ALLOWED.iter().position(|(name, key, _)| file.contains(name) && at.ends_with(key))
}

fn compare(at: &str, truth: &Value, ours: &Value, differences: &mut Vec<(String, String)>) {
    match (truth, ours) {
        (Value::Object(truth), Value::Object(ours)) => {
            for (key, value) in truth {
                let at = format!("{at}/{key}");
                compare(&at, value, ours.get(key).unwrap_or(&Value::Null), differences);
            }
            for (key, value) in ours.iter().filter(|(key, _)| !truth.contains_key(*key)) {
                differences.push((format!("{at}/{key}"), format!("truth has none, ours {value}")));
            }
        }
        _ if truth == ours => {}
        _ => differences.push((at.to_owned(), format!("truth {truth}, ours {ours}"))),
    }
}

/// Pairs of truth file name and capture path, from the manifest.
fn captures(data: &Path) -> Vec<(String, PathBuf)> {
    let text = fs::read_to_string(data.join("manifest.json"))
        .expect("the manifest is beside the captures");
    let manifest: Value = serde_json::from_str(&text).expect("the manifest is JSON");
    let rows = manifest
        .as_array()
        .or_else(|| manifest.get("files").and_then(Value::as_array))
        .expect("rows");
    let mut found = Vec::new();
    for row in rows {
        let path = row.get("path").and_then(Value::as_str).unwrap_or_default();
        for truth in row
            .get("truth")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if truth.starts_with("a__") {
                found.push((truth.to_owned(), data.join(path)));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn summaries_equal_the_reference() {
    let Some(data) = data() else {
        eprintln!("skipped: no captures (set PIWARDRIVE_DATA)");
        return;
    };
    let mut compared = 0;
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    for (truth_name, path) in captures(&data) {
        let text = fs::read_to_string(data.join("truth").join(&truth_name)).expect("a truth file");
        let truth: Value = serde_json::from_str(&text).expect("truth is JSON");
        let Some(wlan) = truth.get("wlan") else { continue };
        let ours = match summarise(&path) {
            Ok(ours) => ours,
            Err(error) => {
                unexplained.push(format!("{truth_name}: {error}"));
                continue;
            }
        };
        let mut differences = Vec::new();
        compare("", wlan, &ours, &mut differences);
        compared += 1;
        for (at, what) in differences {
            match exception(&truth_name, &at) {
                Some(exception) => {
                    used.insert(exception);
                    eprintln!("{truth_name} {at}: {what}");
                }
                None => unexplained.push(format!("{truth_name} {at}: {what}")),
            }
        }
    }
    eprintln!("{compared} captures compared");
    assert!(compared > 50, "only {compared} captures were found");
    assert!(
        unexplained.is_empty(),
        "{} differences:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    for (at, (name, key, _)) in ALLOWED.iter().enumerate() {
        assert!(used.contains(&at), "the exception for {key} in {name:?} is not needed");
    }
}

/// One capture per reason and status code, each with its subtype and code.
#[test]
fn reason_and_status_codes_equal_the_reference() {
    let Some(data) = data() else {
        eprintln!("skipped: no captures (set PIWARDRIVE_DATA)");
        return;
    };
    let text = fs::read_to_string(data.join("truth/a__tcpdump_reason_status_codes.json"))
        .expect("a truth file");
    let truth: Value = serde_json::from_str(&text).expect("truth is JSON");
    let folder = data.join("wifi/the-tcpdump-group+tcpdump/tests");
    let mut compared = 0;
    for (name, expected) in truth.as_object().expect("an object") {
        let file = fs::File::open(folder.join(name)).expect(name);
        let mut reader = CaptureReader::open(file).expect(name);
        let mut subtypes = serde_json::Map::new();
        let mut reasons = serde_json::Map::new();
        let mut statuses = serde_json::Map::new();
        let add = |counts: &mut serde_json::Map<String, Value>, key: String| {
            let count = counts.get(&key).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(key, (count + 1).into());
        };
        while let Some(captured) = reader.next_frame().expect(name) {
            let frame = parse(captured.link_type, captured.data, captured.original_len);
            add(&mut subtypes, frame.kind().name());
            match frame.management() {
                Some(
                    Management::Deauthentication { reason, .. }
                    | Management::Disassociation { reason, .. },
                ) => {
                    add(&mut reasons, reason.to_string());
                }
                Some(
                    Management::AssociationResponse { status, .. }
                    | Management::Authentication { status, .. },
                ) => {
                    add(&mut statuses, format!("0x{status:04x}"));
                }
                _ => {}
            }
        }
        assert_eq!(Value::Object(subtypes), expected["subtypes"], "{name}");
        for (key, counts) in [("reason", reasons), ("status", statuses)] {
            if !expected[key].is_null() {
                assert_eq!(Value::Object(counts), expected[key], "{name}");
            } else {
                assert!(counts.is_empty(), "{name}: {key} {counts:?}");
            }
        }
        compared += 1;
    }
    eprintln!("{compared} captures compared");
    assert!(compared > 50);
}
