//! Rules of STYLE.md and invariants of ARCHITECTURE.md that a look at the sources can hold.

use anyhow::{Result, ensure};
use pw_tests::workspace_root;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, tests at its foot included.
const MAX_LINES: usize = 700;

/// All files below the workspace with this extension, without build output.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["sensor", "shared", "desktop", "tests", "packaging"]
        .iter()
        .map(|name| workspace_root().join(name))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Result<String> {
    Ok(fs::read_to_string(path)?)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(workspace_root()).unwrap_or(path).display().to_string()
}

/// Fails with every place where `rule` finds something to say.
fn check(paths: &[PathBuf], rule: impl Fn(&str) -> Option<String>) -> Result<()> {
    ensure!(!paths.is_empty(), "no files were found");
    let mut broken = Vec::new();
    for path in paths {
        if let Some(what) = rule(&read(path)?) {
            broken.push(format!("{}: {what}", shown(path)));
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

/// First line that holds one of `words`.
fn line_with(text: &str, words: &[String]) -> Option<String> {
    let found =
        text.lines().enumerate().find(|(_, line)| words.iter().any(|word| line.contains(word)));
    found.map(|(number, line)| format!("line {}: {}", number + 1, line.trim()))
}

/// Joins parts, so that this file does not hold the words it looks for.
fn words(parts: &[(&str, &str)]) -> Vec<String> {
    parts.iter().map(|(one, other)| format!("{one}{other}")).collect()
}

#[test]
fn files_are_short() -> Result<()> {
    check(&files("rs"), |text| {
        let lines = text.lines().count();
        (lines > MAX_LINES).then(|| format!("{lines} lines; more than {MAX_LINES} holds two ideas"))
    })
}

#[test]
fn files_begin_with_what_they_are() -> Result<()> {
    check(&files("rs"), |text| {
        (!text.starts_with("//! ")).then(|| "no //! line at the top".to_owned())
    })
}

#[test]
fn crates_inherit_lints_and_package_fields() -> Result<()> {
    // The programs that libFuzzer runs need a nightly compiler and stand outside the workspace.
    let outside = workspace_root().join("tests/fuzz/libfuzzer");
    let manifests: Vec<_> = files("toml")
        .into_iter()
        .filter(|p| p.ends_with("Cargo.toml") && !p.starts_with(&outside))
        .collect();
    check(&manifests, |text| {
        let wanted = [
            "[lints]\nworkspace = true",
            "edition.workspace",
            "license.workspace",
            "rust-version.workspace",
        ];
        let missing = wanted.iter().find(|line| !text.contains(**line))?;
        Some(format!("'{missing}' is missing"))
    })
}

#[test]
fn nothing_is_left_to_do() -> Result<()> {
    let forbidden = words(&[
        ("todo", "!("),
        ("unimplemented", "!("),
        ("FIX", "ME"),
        ("#[ign", "ore"),
        ("dbg", "!("),
    ]);
    check(&files("rs"), |text| line_with(text, &forbidden))
}

#[test]
fn shared_reads_no_clock_file_or_socket() -> Result<()> {
    let forbidden = words(&[
        ("SystemTime::", "now"),
        ("Instant::", "now"),
        ("std::", "net"),
        ("std::", "thread"),
        ("std::", "env"),
        ("File::", "open"),
        ("fs::", "read"),
        ("fs::", "write"),
    ]);
    let sources: Vec<_> = files("rs")
        .into_iter()
        .filter(|path| shown(path).starts_with("shared/"))
        .filter(|path| !shown(path).contains("/tests") && !shown(path).contains("/examples/"))
        .collect();
    // Unit tests stand at the foot and may read fixtures.
    check(&sources, |text| line_with(text.split("#[cfg(test)]").next().unwrap_or(text), &forbidden))
}

#[test]
fn the_sensor_has_no_transmit_code() -> Result<()> {
    // libpcap's and the kernel's ways to put a frame on the air.
    let forbidden = words(&[
        ("sendpac", "ket"),
        ("sendque", "ue"),
        ("pcap_in", "ject"),
        ("SOCK_", "RAW"),
        ("AF_PAC", "KET"),
        ("CMD_FR", "AME"),
        ("TriggerS", "can"),
    ]);
    let sources: Vec<_> =
        files("rs").into_iter().filter(|path| !shown(path).starts_with("tests/")).collect();
    check(&sources, |text| line_with(text, &forbidden))
}
