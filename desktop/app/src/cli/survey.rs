//! `piwardrive survey`

use super::arguments::{Survey, SurveyAction};
use super::output::{json, stdout};
use super::progress::Progress;
use anyhow::Result;
use pw_engine::{Engine, EngineSettings, SurveyView};
use pw_survey::{FolderInfo, VerifyReport};
use serde_json::json as object;
use std::io::Write;
use std::path::Path;

pub(super) fn run(arguments: &Survey) -> Result<()> {
    match &arguments.action {
        SurveyAction::New { survey, name } => new(survey, name.as_deref()),
        SurveyAction::Info { survey, json } => info(survey, *json),
        SurveyAction::Verify { survey, json } => verify(survey, *json),
        SurveyAction::Rebuild { survey } => rebuild(survey),
    }
}

fn new(survey: &Path, name: Option<&str>) -> Result<()> {
    create(survey, name, EngineSettings::default())?.close()?;
    writeln!(stdout(), "{}: new survey", survey.display())?;
    Ok(())
}

/// Makes a survey; its name is the folder's without the ending, where none is given.
pub(super) fn create(
    survey: &Path,
    name: Option<&str>,
    settings: EngineSettings,
) -> Result<Engine> {
    let folder = survey.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.unwrap_or(if folder.is_empty() { "survey" } else { &folder });
    Ok(Engine::create(survey, name, settings)?)
}

/// Opens a survey for writing, or makes it where there is nothing; says what was mended.
///
/// `wait_for_disk`: what to do while the disk refuses, see [`EngineSettings`].
pub(super) fn open_or_create(survey: &Path, wait_for_disk: bool) -> Result<Engine> {
    let settings = EngineSettings { wait_for_disk, ..EngineSettings::default() };
    if !survey.exists() {
        let engine = create(survey, None, settings)?;
        writeln!(stdout(), "{}: new survey", survey.display())?;
        return Ok(engine);
    }
    let engine = Engine::open(survey, settings)?;
    for repair in &engine.open_report().repairs {
        eprintln!("{}: {repair}", survey.display());
    }
    Ok(engine)
}

fn info(path: &Path, as_json: bool) -> Result<()> {
    let folder: FolderInfo = pw_survey::info(path)?;
    let view = SurveyView::open(path)?;
    let (snapshot, totals) = (&view.snapshot, view.snapshot.totals);
    let origins: Vec<&str> = snapshot.origins().iter().map(|origin| origin.name()).collect();
    if as_json {
        return json(&object!({
            "name": folder.survey.name,
            "id": folder.id,
            "created": folder.survey.created.rfc3339(),
            "format": folder.format,
            "segments": folder.segments,
            "segment_bytes": folder.segment_bytes,
            "index_bytes": folder.index_bytes,
            "in_use": folder.in_use,
            "origins": origins,
            "first": snapshot.range.map(|range| range.start.rfc3339()),
            "last": snapshot.range.map(|range| range.end.rfc3339()),
            "batches": totals.batches,
            "observations": totals.observations,
            "positioned": totals.positioned,
            "bad_fcs": totals.bad_fcs,
            "unreadable": totals.unreadable,
            "frames_lost": totals.frames_lost,
            "uncounted_gaps": totals.uncounted_gaps,
            "networks": snapshot.access_points.len(),
            "clients": snapshot.clients.len(),
            "sensors": snapshot.sensors.len(),
            "drives": snapshot.drives.len(),
        }));
    }
    let mut out = stdout();
    writeln!(out, "Name          {}", folder.survey.name)?;
    writeln!(out, "Created       {}", folder.survey.created.rfc3339_secs())?;
    writeln!(
        out,
        "Facts         {} in {} segments; index {}",
        bytes(folder.segment_bytes),
        folder.segments,
        bytes(folder.index_bytes)
    )?;
    if folder.in_use {
        writeln!(out, "In use        yes: another PiWardrive writes to it")?;
    }
    let data = if origins.is_empty() { "nothing yet".to_owned() } else { origins.join(", ") };
    writeln!(out, "Data          {data}")?;
    if let Some(range) = snapshot.range {
        writeln!(
            out,
            "Time          {} to {}",
            range.start.rfc3339_secs(),
            range.end.rfc3339_secs()
        )?;
    }
    writeln!(
        out,
        "Frames        {} ({} with a position, {} lost as far as counted)",
        totals.observations, totals.positioned, totals.frames_lost
    )?;
    writeln!(
        out,
        "Found         {} networks, {} clients",
        snapshot.access_points.len(),
        snapshot.clients.len()
    )?;
    let (sensors, drives) = (snapshot.sensors.len(), snapshot.drives.len());
    writeln!(out, "From          {sensors} sensors or files, {drives} drives")?;
    Ok(out.flush()?)
}

/// Bytes for people.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

fn verify(path: &Path, as_json: bool) -> Result<()> {
    let progress = Progress::new("Verify");
    let report: VerifyReport = pw_survey::verify(path, &mut |at| {
        progress.share(at.done_bytes as f32 / at.total_bytes.max(1) as f32);
    })?;
    drop(progress);
    if as_json {
        json(&object!({
            "sound": report.is_sound(),
            "segments": report.segments,
            "bytes": report.bytes,
            "batches": report.batches,
            "observations": report.observations,
            "user_records": report.user_records,
            "unknown_records": report.unknown_records,
            "duplicates": report.duplicates,
            "missing_batches": report.holes.iter().map(|h| h.last - h.first + 1).sum::<u64>(),
            "torn_bytes": report.torn_bytes,
            "damaged_records": report.damaged_records,
            "damage": report.damage,
        }))?;
    } else {
        verdict(path, &report)?;
    }
    if !report.is_sound() {
        anyhow::bail!(
            "{}: {} damaged records, {} duplicates; what is sound stays readable",
            path.display(),
            report.damaged_records,
            report.duplicates
        );
    }
    Ok(())
}

fn verdict(path: &Path, report: &VerifyReport) -> Result<()> {
    let mut out = stdout();
    let word = if report.is_sound() { "sound" } else { "damaged" };
    writeln!(
        out,
        "{}: {word}: {} batches with {} observations in {} segments, {}",
        path.display(),
        report.batches,
        report.observations,
        report.segments,
        bytes(report.bytes)
    )?;
    for hole in &report.holes {
        writeln!(
            out,
            "  batches {} to {} of sensor {} are missing",
            hole.first, hole.last, hole.sensor
        )?;
    }
    if report.torn_bytes > 0 {
        writeln!(out, "  the last record is not whole ({} bytes)", report.torn_bytes)?;
    }
    if report.unknown_records > 0 {
        let count = report.unknown_records;
        writeln!(out, "  {count} records of kinds that a later release added")?;
    }
    for damage in &report.damage {
        writeln!(out, "  {damage}")?;
    }
    Ok(out.flush()?)
}

fn rebuild(path: &Path) -> Result<()> {
    let progress = Progress::new("Rebuild");
    let report = pw_survey::rebuild(path, &mut |at| {
        progress.share(at.done_bytes as f32 / at.total_bytes.max(1) as f32);
    })?;
    drop(progress);
    let mut out = stdout();
    writeln!(
        out,
        "{}: index made anew from {} batches with {} observations",
        path.display(),
        report.batches,
        report.observations
    )?;
    for repair in &report.repairs {
        writeln!(out, "  {repair}")?;
    }
    Ok(out.flush()?)
}
