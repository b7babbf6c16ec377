//! The self-test measures, keeps a baseline and says when a sensor has become slower.

use anyhow::{Context, Result, ensure};
use pw_tests::program;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs it: whether its exit code was 0, and what it said.
fn self_test(state: &Path, more: &[&str]) -> Result<(bool, Value)> {
    let output = Command::new(program("piwardrive-sensor")?)
        .args(["self-test", "--json", "--gps", "none", "--listen", "127.0.0.1:0", "--state"])
        .arg(state)
        .args(more)
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let said = serde_json::from_str(&text)
        .with_context(|| format!("not JSON: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((output.status.success(), said))
}

/// How a check came out.
fn outcome<'a>(said: &'a Value, name: &str) -> Result<&'a str> {
    let checks = said["checks"].as_array().context("checks")?;
    let check = checks.iter().find(|check| check["check"] == name);
    check.and_then(|check| check["outcome"].as_str()).with_context(|| format!("{name}: {said}"))
}

#[test]
fn a_sensor_is_compared_with_its_own_baseline() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (_, first) = self_test(folder.path(), &["--save-baseline"])?;
    let number = |key: &str| first["measured"][key].as_f64().unwrap_or(0.0);
    ensure!(number("frames_per_second") > 0.0 && number("longest_sync_ms") > 0.0, "{first}");
    for name in ["memory", "power", "supply", "wear", "USB", "port", "disk", "keys", "clock"] {
        ensure!(!outcome(&first, name)?.is_empty());
    }
    ensure!(outcome(&first, "baseline")? == "good", "{first}");

    let file = folder.path().join("self-test-baseline.json");
    let mut baseline: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    ensure!(baseline["measured"] == first["measured"], "another baseline was kept: {baseline}");
    // A baseline that any machine beats, and one that none reaches.
    for (frames, expected) in [(1.0, "good"), (1e15, "bad")] {
        baseline["measured"]["frames_per_second"] = frames.into();
        baseline["measured"]["sync_ms"] = 1e9.into();
        fs::write(&file, baseline.to_string())?;
        let (succeeded, said) = self_test(folder.path(), &[])?;
        ensure!(outcome(&said, "stress")? == expected, "{said}");
        ensure!(outcome(&said, "storage")? == "good", "{said}");
        ensure!(!succeeded || expected == "good", "the exit code hides it: {said}");
        ensure!(succeeded == (said["good"] == true), "exit code and words differ: {said}");
    }
    let left: Vec<_> = fs::read_dir(folder.path())?.map(|e| e.map(|e| e.file_name())).collect();
    ensure!(left.len() == 1, "it leaves more than the baseline: {left:?}");
    Ok(())
}
