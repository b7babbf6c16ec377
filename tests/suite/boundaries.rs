//! The table of ARCHITECTURE.md: which crate may use which, and who alone may use a heavy one.

use anyhow::{Context, Result, ensure};
use pw_tests::workspace_root;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Our crates and which of our own each may use. Tests may use all.
const EDGES: &[(&str, &[&str])] = &[
    ("pw_model", &[]),
    ("pw_dissect", &["pw_model"]),
    ("pw_wire", &["pw_model"]),
    ("pw_trust", &["pw_model"]),
    ("pw_simulate", &["pw_dissect", "pw_model"]),
    ("pw_sensor", &["pw_model", "pw_dissect", "pw_wire", "pw_trust", "pw_simulate"]),
    ("pw_survey", &["pw_model", "pw_wire"]),
    ("pw_analysis", &["pw_model", "pw_dissect", "pw_survey"]),
    ("pw_report", &["pw_model", "pw_survey", "pw_analysis"]),
    (
        "pw_engine",
        &[
            "pw_model",
            "pw_dissect",
            "pw_wire",
            "pw_trust",
            "pw_simulate",
            "pw_survey",
            "pw_analysis",
            "pw_report",
        ],
    ),
    ("pw_app", &["pw_model", "pw_survey", "pw_analysis", "pw_engine"]),
    ("pw_xtask", &[]),
];

/// Heavy dependencies and the crates that alone may name them.
const OWNERS: &[(&str, &[&str])] = &[
    ("eframe", &["pw_app"]),
    ("egui", &["pw_app"]),
    ("egui_extras", &["pw_app"]),
    ("egui_plot", &["pw_app"]),
    ("walkers", &["pw_app"]),
    ("rfd", &["pw_app"]),
    ("quinn", &["pw_engine", "pw_sensor"]),
    ("tokio", &["pw_engine", "pw_sensor"]),
    ("mdns-sd", &["pw_engine", "pw_sensor"]),
    ("aws-lc-rs", &["pw_trust"]),
    ("rcgen", &["pw_trust"]),
    ("spake2", &["pw_trust"]),
    ("typst", &["pw_report"]),
    ("typst-layout", &["pw_report"]),
    ("typst-as-lib", &["pw_report"]),
    ("typst-pdf", &["pw_report"]),
    ("sled", &["pw_survey"]),
    ("bincode", &["pw_survey", "pw_wire"]),
    ("pcap", &["pw_sensor"]),
    ("wl-nl80211", &["pw_sensor"]),
    ("netlink-sys", &["pw_sensor"]),
    ("memmap2", &["pw_sensor"]),
    ("seccompiler", &["pw_sensor"]),
];

/// Normal dependencies of each crate of the workspace.
fn dependencies() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked", "--offline"])
        .current_dir(workspace_root())
        .output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let mut found = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().context("name")?.to_owned();
        let used = package["dependencies"].as_array().context("dependencies")?;
        let used = used.iter().filter(|d| d["kind"].is_null());
        found.insert(name, used.filter_map(|d| d["name"].as_str().map(str::to_owned)).collect());
    }
    Ok(found)
}

#[test]
fn crates_use_only_what_the_table_allows() -> Result<()> {
    let found = dependencies()?;
    let known: BTreeSet<&str> =
        EDGES.iter().map(|(name, _)| *name).chain(["pw_fuzz", "pw_tests"]).collect();
    for (name, used) in &found {
        ensure!(known.contains(name.as_str()), "{name} is missing in the table of boundaries.rs");
        let Some((_, allowed)) = EDGES.iter().find(|(edge, _)| edge == name) else { continue };
        for other in used.iter().filter(|other| other.starts_with("pw_")) {
            ensure!(allowed.contains(&other.as_str()), "{name} may not use {other}");
        }
    }
    ensure!(found.len() == known.len(), "a crate of the table is gone: {:?}", found.keys());
    Ok(())
}

#[test]
fn heavy_dependencies_have_one_owner() -> Result<()> {
    let found = dependencies()?;
    for (heavy, owners) in OWNERS {
        for (name, used) in found.iter().filter(|(name, _)| *name != "pw_tests") {
            ensure!(
                !used.contains(*heavy) || owners.contains(&name.as_str()),
                "{name} may not use {heavy}"
            );
        }
    }
    Ok(())
}
