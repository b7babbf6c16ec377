//! Real captures: what is detected, what is not, and that the topology holds what the reference names.
//!
//! The captures are not part of the project: `PIWARDRIVE_DATA` says where they are, by default
//! `../shared/data` beside the workspace. Without them the test says that it was skipped.

use pw_analysis::packets::{
    AnomalyKind, Grade, Packet, PacketAnalysis, PacketReport, PacketSettings, Role,
};
use pw_dissect::capture::CaptureReader;
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

fn analyse(path: &Path) -> Result<PacketReport, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut reader = CaptureReader::open(file).map_err(|error| error.to_string())?;
    let settings = PacketSettings { layer3: true, ..PacketSettings::default() };
    let mut analysis = PacketAnalysis::new(settings);
    while let Some(frame) = reader.next_frame().map_err(|error| error.to_string())? {
        analysis.add(&Packet::from_captured(&frame));
    }
    Ok(analysis.finish())
}

/// Truth file name, its content, and the capture.
fn captures(data: &Path) -> Vec<(String, Value, PathBuf)> {
    let read = |path: &Path| -> Value {
        let text = fs::read_to_string(path).expect("a file beside the captures");
        serde_json::from_str(&text).expect("JSON")
    };
    let manifest = read(&data.join("manifest.json"));
    let rows = manifest
        .as_array()
        .or_else(|| manifest.get("files").and_then(Value::as_array))
        .expect("rows");
    let mut found = Vec::new();
    for row in rows {
        let path = row.get("path").and_then(Value::as_str).unwrap_or_default();
        let names = row.get("truth").and_then(Value::as_array).into_iter().flatten();
        for name in names.filter_map(Value::as_str).filter(|name| name.starts_with("a__")) {
            let truth = read(&data.join("truth").join(name));
            if truth.get("wlan").is_some() {
                found.push((name.to_owned(), truth, data.join(path)));
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// Warnings that are right or at least understood: part of the file's name, kind, and why.
const EXPECTED: &[(&str, AnomalyKind, &str)] = &[
    ("virgin_broadband", AnomalyKind::DisconnectSequence, "573 forged deauthentications"),
    ("pmkid-not-recognized", AnomalyKind::DisconnectSequence, "6,153 forged deauthentications"),
    ("handshake_has_1234", AnomalyKind::DisconnectSequence, "768 forged deauthentications"),
];

#[test]
fn detections_follow_the_reference() {
    let Some(data) = data() else {
        eprintln!("skipped: no captures (set PIWARDRIVE_DATA)");
        return;
    };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (name, truth, path) in captures(&data) {
        let report = match analyse(&path) {
            Ok(report) => report,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        seen += 1;
        let peak = truth["wlan"]["deauth"]["peak_per_second"].as_u64().unwrap_or(0);
        let has = |kind| report.anomalies.list.iter().any(|anomaly| anomaly.kind == kind);
        let flood = has(AnomalyKind::DeauthenticationFlood);
        // Above the floor it must be told; a calendar second holds no more than a sliding one.
        if peak > 10 && !flood {
            wrong.push(format!("{name}: {peak} deauthentications a second are not told"));
        }
        if peak == 0 && flood {
            wrong.push(format!("{name}: a flood of nothing"));
        }
        for anomaly in report.anomalies.list.iter().filter(|a| a.grade == Grade::Warning) {
            let is_flood = anomaly.kind == AnomalyKind::DeauthenticationFlood;
            // Of disassociation the reference has the total only.
            let is_other = anomaly.kind == AnomalyKind::DisassociationFlood;
            let disassociations = truth["wlan"]["disassoc"]["total"].as_u64().unwrap_or(0);
            let expected = is_flood && peak > 5
                || is_other && disassociations >= anomaly.count
                || EXPECTED
                    .iter()
                    .any(|(part, kind, _)| name.contains(part) && *kind == anomaly.kind);
            eprintln!(
                "{name}: {:?} {:?} ×{} {}",
                anomaly.kind, anomaly.subject, anomaly.count, anomaly.explanation
            );
            if !expected {
                wrong.push(format!(
                    "{name}: false alarm {:?} {}",
                    anomaly.kind, anomaly.explanation
                ));
            }
        }
        for anomaly in report.anomalies.list.iter().filter(|a| a.grade != Grade::Warning) {
            eprintln!("    {name}: {:?} ×{} {}", anomaly.kind, anomaly.count, anomaly.explanation);
        }
    }
    eprintln!("{seen} captures analysed");
    assert!(seen > 50, "only {seen} captures were found");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn access_points_are_those_of_the_reference() {
    let Some(data) = data() else {
        eprintln!("skipped: no captures (set PIWARDRIVE_DATA)");
        return;
    };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (name, truth, path) in captures(&data) {
        // Frames with a wrong FCS are in the reference, and are not believed here.
        if truth["wlan"]["fcs"].get("bad").is_some() {
            continue;
        }
        let Ok(report) = analyse(&path) else { continue };
        let announced: BTreeSet<String> = truth["wlan"]["aps"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(bssid, _)| bssid.clone())
            .collect();
        let found: BTreeSet<String> = report
            .topology
            .nodes
            .iter()
            .filter(|node| {
                node.roles.iter().any(|r| matches!(r, Role::AccessPoint | Role::Mesh | Role::Ibss))
            })
            .map(|node| node.address.to_string())
            .collect();
        compared += announced.len();
        for bssid in announced.difference(&found) {
            wrong.push(format!("{name}: {bssid} is no access point"));
        }
        let frames = truth["wlan"]["wlan_frames"].as_u64();
        if frames != Some(report.totals.frames) {
            wrong.push(format!("{name}: {frames:?} frames, found {}", report.totals.frames));
        }
        let messages: u64 =
            report.topology.edges.iter().flat_map(|edge| edge.evidence.handshake_messages).sum();
        let reference: u64 = truth["wlan"]["eapol_key_messages"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, count)| count.as_u64())
            .sum();
        if messages != reference {
            wrong.push(format!("{name}: {reference} handshake messages, found {messages}"));
        }
    }
    eprintln!("{compared} access points compared");
    assert!(compared > 50, "{compared}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
