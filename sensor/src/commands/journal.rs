//! `journal`: what stands in the journal.

use super::setup::INSTALLED;
use super::{bytes_words, or_dash, say, say_json};
use crate::cli::JournalArguments;
use crate::config::Config;
use crate::journal::{self, JournalError, Sealing, SegmentReport, each_batch, inspect};
use crate::{record_json, state_dir};
use anyhow::{Result, bail};
use pw_model::Timestamp;
use pw_model::words::counted;
use pw_wire::Batch;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};
use std::path::Path;

/// The key that is named, else that of the installed configuration where it can be read: without it, a
/// plain journal can be looked at all the same, and of a sealed one it is said what is missing.
fn key(arguments: &JournalArguments) -> Result<Option<Sealing>> {
    if let Some(path) = &arguments.key_file {
        return Ok(Some(Sealing::read(path)?));
    }
    let installed = Config::read(Path::new(INSTALLED)).ok();
    let configured = installed.and_then(|config| config.journal.key_file);
    Ok(configured.and_then(|path| Sealing::read(&path).ok()))
}

fn reports(state: &Path, sealing: Option<&Sealing>) -> Result<Vec<SegmentReport>> {
    let folder = state_dir::journal(state);
    if !folder.is_dir() {
        bail!("no journal in {}; name the sensor's folder with --state", state.display());
    }
    Ok(inspect(&folder, sealing)?)
}

fn segment_json(report: &SegmentReport) -> Value {
    json!({
        "segment": report.number,
        "path": report.path.display().to_string(),
        "bytes": report.bytes,
        "batches": report.batches,
        "thinned": report.thinned,
        "sealed_batches": report.sealed,
        "not_opened": report.closed.map(|(batches, key)| json!({
            "batches": batches,
            "key": key.to_string(),
        })),
        "observations": report.closed.is_none().then_some(report.observations),
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
        "first_time": report.range.map(|range| range.start.rfc3339()),
        "last_time": report.range.map(|range| range.end.rfc3339()),
        "damage": report.damage.iter().map(|damage| json!({
            "offset": damage.offset,
            "bytes": damage.len,
            "problem": damage.problem,
        })).collect::<Vec<_>>(),
        "torn_at": report.torn_at,
    })
}

fn summary(state: &Path, reports: &[SegmentReport]) -> Value {
    let sum = |of: fn(&SegmentReport) -> u64| reports.iter().map(of).sum::<u64>();
    let epoch = reports.iter().rev().find_map(|report| report.epoch);
    let range = reports.iter().filter_map(|report| report.range).reduce(|a, b| a.union(&b));
    json!({
        "journal": state_dir::journal(state).display().to_string(),
        "epoch": epoch.map(|epoch| format!("{epoch:016x}")),
        "segments": reports.len(),
        "bytes": sum(|r| r.bytes),
        "batches": sum(|r| r.batches),
        "sealed_batches": sum(|r| r.sealed),
        "batches_not_opened": sum(|r| r.closed.map_or(0, |(batches, _)| batches)),
        "observations": reports
            .iter()
            .all(|report| report.closed.is_none())
            .then(|| sum(|r| r.observations)),
        "first_seq": reports.iter().find_map(|r| r.first_seq),
        "last_seq": reports.iter().rev().find_map(|r| r.last_seq),
        "first_time": range.map(|range| range.start.rfc3339()),
        "last_time": range.map(|range| range.end.rfc3339()),
        "damaged_places": sum(|r| r.damage.len() as u64),
        "damaged_bytes": sum(|r| r.damage.iter().map(|d| d.len).sum()),
        "sound": reports.iter().all(|r| r.damage.is_empty()),
    })
}

pub(super) fn info(state: &Path, arguments: &JournalArguments) -> Result<bool> {
    let json = arguments.common.json;
    let reports = reports(state, key(arguments)?.as_ref())?;
    let mut summary = summary(state, &reports);
    if json {
        summary["segment_list"] = reports.iter().map(segment_json).collect();
        say_json(&summary)?;
        return Ok(true);
    }
    say_summary(&summary)?;
    for report in &reports {
        say(format!(
            "  segment {}: batches {} to {}, {} observations, {}, from {}{}{}",
            report.number,
            or_dash(report.first_seq),
            or_dash(report.last_seq),
            or_dash(report.closed.is_none().then_some(report.observations)),
            bytes_words(report.bytes),
            or_dash(report.range.map(|range| Timestamp::rfc3339_secs(range.start))),
            if report.sealed > 0 { ", sealed" } else { "" },
            if report.thinned { ", thinned out" } else { "" },
        ))?;
    }
    say_closed(&reports)?;
    Ok(true)
}

fn say_summary(summary: &Value) -> Result<()> {
    let number = |key: &str| summary[key].as_u64().unwrap_or(0);
    let text = |key: &str| or_dash(summary[key].as_str());
    say(format!(
        "{}: {}, {}, {} ({} to {}), {}",
        text("journal"),
        counted(number("segments"), "segment", "segments"),
        bytes_words(number("bytes")),
        counted(number("batches"), "batch", "batches"),
        or_dash(summary["first_seq"].as_u64()),
        or_dash(summary["last_seq"].as_u64()),
        summary["observations"].as_u64().map_or_else(
            || "an unknown number of observations".to_owned(),
            |observations| counted(observations, "observation", "observations"),
        ),
    ))?;
    say(format!("epoch {}, from {} to {}", text("epoch"), text("first_time"), text("last_time")))
}

/// Which batches could not be looked into.
fn say_closed(reports: &[SegmentReport]) -> Result<()> {
    let closed: Vec<_> = reports.iter().filter_map(|report| report.closed).collect();
    let Some((_, key)) = closed.first() else { return Ok(()) };
    let batches = closed.iter().map(|(batches, _)| batches).sum();
    say(format!(
        "sealed: the key {key} is needed to look inside {} (--key-file); lengths and checksums are \
         checked without it",
        counted(batches, "batch", "batches")
    ))
}

pub(super) fn verify(state: &Path, arguments: &JournalArguments) -> Result<bool> {
    let json = arguments.common.json;
    let sealing = key(arguments)?;
    let reports = reports(state, sealing.as_ref())?;
    let summary = summary(state, &reports);
    let mut unreadable = None;
    // Headers and checksums were checked by the reading; now the bodies, up to the first that is sealed
    // and has no key.
    let folder = state_dir::journal(state);
    let read = each_batch::<JournalError>(&folder, sealing.as_ref(), |_| Ok(true));
    match read {
        Ok(()) | Err(JournalError::Closed { .. }) => {}
        Err(error) => unreadable = Some(error.to_string()),
    }
    let sound = summary["sound"] == true && unreadable.is_none();
    if json {
        let mut summary = summary;
        summary["sound"] = json!(sound);
        summary["unreadable"] = json!(unreadable);
        summary["segment_list"] = reports.iter().map(segment_json).collect();
        say_json(&summary)?;
        return Ok(sound);
    }
    say_summary(&summary)?;
    for report in &reports {
        for damage in &report.damage {
            say(format!(
                "{}: {} bytes at byte {}: {}",
                report.path.display(),
                damage.len,
                damage.offset,
                damage.problem
            ))?;
        }
        if let Some(at) = report.torn_at {
            say(format!(
                "{}: the record at byte {at} is not whole: being written, or its writer was stopped",
                report.path.display()
            ))?;
        }
    }
    unreadable.map_or(Ok(()), say)?;
    say_closed(&reports)?;
    say(if sound { "sound" } else { "damaged" })?;
    Ok(sound)
}

/// Makes a key for sealing the journal.
pub(super) fn new_key(path: &Path, json: bool) -> Result<bool> {
    let key = journal::new_key(path)?;
    if json {
        say_json(&json!({ "key": key.to_string(), "path": path.display().to_string() }))?;
        return Ok(true);
    }
    say(format!(
        "{}: a new key, {key}\n\
         Keep a copy elsewhere: without it nobody, not even you, can read what it sealed.\n\
         It must not lie on the disk of the journal. In the sensor's configuration:\n\
         [journal]\n\
         key_file = \"{}\"",
        path.display(),
        path.display()
    ))?;
    Ok(true)
}

pub(super) fn dump(state: &Path, from: u64, arguments: &JournalArguments) -> Result<bool> {
    let json = arguments.common.json;
    let sealing = key(arguments)?;
    let folder = state_dir::journal(state);
    if !folder.is_dir() {
        bail!("no journal in {}; name the sensor's folder with --state", state.display());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let read = each_batch::<anyhow::Error>(&folder, sealing.as_ref(), |batch| {
        if batch.id.seq >= from {
            print(&mut out, &batch, json)?;
        }
        Ok(true)
    });
    // What stands before a sealed segment is printed all the same.
    out.flush()?;
    read.map(|()| true)
}

fn print(out: &mut impl Write, batch: &Batch, json: bool) -> Result<()> {
    for record in record_json::records(batch) {
        if json {
            serde_json::to_writer(&mut *out, &record)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{}", record_json::line(&record))?;
        }
    }
    Ok(())
}
