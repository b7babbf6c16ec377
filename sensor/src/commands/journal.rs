//! `journal`: what stands in the journal.

use super::{bytes_words, or_dash, say, say_json};
use crate::journal::{SegmentReport, each_batch, inspect};
use crate::{record_json, state_dir};
use anyhow::{Result, bail};
use pw_model::Timestamp;
use pw_model::words::counted;
use pw_wire::Batch;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};
use std::path::Path;

fn reports(state: &Path) -> Result<Vec<SegmentReport>> {
    let folder = state_dir::journal(state);
    if !folder.is_dir() {
        bail!("no journal in {}; name the sensor's folder with --state", state.display());
    }
    Ok(inspect(&folder)?)
}

fn segment_json(report: &SegmentReport) -> Value {
    json!({
        "segment": report.number,
        "path": report.path.display().to_string(),
        "bytes": report.bytes,
        "batches": report.batches,
        "observations": report.observations,
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
        "observations": sum(|r| r.observations),
        "first_seq": reports.iter().find_map(|r| r.first_seq),
        "last_seq": reports.iter().rev().find_map(|r| r.last_seq),
        "first_time": range.map(|range| range.start.rfc3339()),
        "last_time": range.map(|range| range.end.rfc3339()),
        "damaged_places": sum(|r| r.damage.len() as u64),
        "damaged_bytes": sum(|r| r.damage.iter().map(|d| d.len).sum()),
        "sound": reports.iter().all(|r| r.damage.is_empty()),
    })
}

pub(super) fn info(state: &Path, json: bool) -> Result<bool> {
    let reports = reports(state)?;
    let mut summary = summary(state, &reports);
    if json {
        summary["segment_list"] = reports.iter().map(segment_json).collect();
        say_json(&summary)?;
        return Ok(true);
    }
    say_summary(&summary)?;
    for report in &reports {
        say(format!(
            "  segment {}: batches {} to {}, {} observations, {}, from {}",
            report.number,
            or_dash(report.first_seq),
            or_dash(report.last_seq),
            report.observations,
            bytes_words(report.bytes),
            or_dash(report.range.map(|range| Timestamp::rfc3339_secs(range.start))),
        ))?;
    }
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
        counted(number("observations"), "observation", "observations"),
    ))?;
    say(format!("epoch {}, from {} to {}", text("epoch"), text("first_time"), text("last_time")))
}

pub(super) fn verify(state: &Path, json: bool) -> Result<bool> {
    let reports = reports(state)?;
    let summary = summary(state, &reports);
    let mut unreadable = None;
    // Headers were checked by the reading; now the bodies.
    if let Err(error) = each_batch::<anyhow::Error>(&state_dir::journal(state), |_| Ok(true)) {
        unreadable = Some(format!("{error:#}"));
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
    say(if sound { "sound" } else { "damaged" })?;
    Ok(sound)
}

pub(super) fn dump(state: &Path, from: u64, json: bool) -> Result<bool> {
    let folder = state_dir::journal(state);
    if !folder.is_dir() {
        bail!("no journal in {}; name the sensor's folder with --state", state.display());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    each_batch::<anyhow::Error>(&folder, |batch| {
        if batch.id.seq >= from {
            print(&mut out, &batch, json)?;
        }
        Ok(true)
    })?;
    out.flush()?;
    Ok(true)
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
