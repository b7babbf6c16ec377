//! The summary of every capture with a reference summary, compared key by key.
//!
//! The captures are not part of the project: `PIWARDRIVE_DATA` says where they are, by default
//! `../shared/data` beside the workspace. Without them the test says that it was skipped.

use pw_dissect::capture::CaptureReader;
use pw_dissect::summary::Summary;
use serde_json::Value;
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

/// Where the reference and the summary may differ, and why.
const ALLOWED: &[(&str, &str, &str)] = &[];

fn is_allowed(file: &str, at: &str) -> bool {
    ALLOWED.iter().any(|(name, key, _)| file.contains(name) && at.ends_with(key))
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
        for (at, what) in differences.into_iter().filter(|(at, _)| !is_allowed(&truth_name, at)) {
            unexplained.push(format!("{truth_name} {at}: {what}"));
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
}
