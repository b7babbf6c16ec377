//! `piwardrive survey`

use super::arguments::{Survey, SurveyAction};
use super::output::{json, stdout};
use super::progress::Progress;
use anyhow::Result;
use pw_engine::{Engine, EngineError, EngineSettings, SurveyView};
use pw_model::words::{bytes, counted};
use pw_model::{GapCause, TimeRange};
use pw_survey::{FolderInfo, Snapshot, SurveyError, VerifyReport};
use serde_json::json as object;
use std::io::Write;
use std::path::{Path, PathBuf};

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
pub(super) fn open_or_create(survey: &Path, wait_for_disk: bool) -> Result<(Engine, Made)> {
    let settings = EngineSettings { wait_for_disk, ..EngineSettings::default() };
    let made = Made::before(survey);
    // Of two that make the same survey at once, one does; the other finds it there.
    match create(survey, None, settings.clone()) {
        Ok(engine) => return Ok((engine, made)),
        Err(error) => match error.downcast_ref::<EngineError>() {
            Some(EngineError::Survey(SurveyError::Exists { .. })) => {}
            _ => {
                made.remove_folders();
                return Err(error);
            }
        },
    }
    let engine = Engine::open(survey, settings)?;
    for repair in &engine.open_report().repairs {
        eprintln!("{}: {repair}", survey.display());
    }
    Ok((engine, Made { survey: None, folders: Vec::new() }))
}

/// What a command made before it knew whether it would succeed.
pub(super) struct Made {
    /// The survey, if it is new.
    survey: Option<PathBuf>,
    /// Folders above it that were not there, the innermost first.
    folders: Vec<PathBuf>,
}

impl Made {
    fn before(survey: &Path) -> Self {
        let above = survey.ancestors().skip(1);
        let missing = above.take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let folders = missing.map(Path::to_owned).collect();
        Self { survey: Some(survey.to_owned()), folders }
    }

    /// Says that a new survey is there, once it is sure to stay.
    pub(super) fn tell(&self) -> Result<()> {
        if let Some(survey) = &self.survey {
            writeln!(stdout(), "{}: new survey", survey.display())?;
        }
        Ok(())
    }

    /// After a failure, with the survey closed: takes away again what was made, if nothing was stored
    /// in it.
    pub(super) fn take_back(&self) {
        let Some(survey) = &self.survey else { return };
        match pw_survey::remove_unused(survey) {
            Ok(true) => self.remove_folders(),
            Ok(false) => {}
            Err(error) => {
                eprintln!("piwardrive: warning: the new survey stays behind: {error}");
            }
        }
    }

    fn remove_folders(&self) {
        for folder in &self.folders {
            // One that is not empty, or was never made, stays as it is.
            if std::fs::remove_dir(folder).is_err() {
                return;
            }
        }
    }
}

fn info(path: &Path, as_json: bool) -> Result<()> {
    let folder: FolderInfo = pw_survey::info(path)?;
    let view = SurveyView::open_checked(path)?;
    let lost = Lost::of(&view);
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
            "sightings": totals.sightings,
            "positioned": totals.positioned,
            "bad_fcs": totals.bad_fcs,
            "unreadable": totals.unreadable,
            "frames_of_several_radios": totals.frames_of_several_radios,
            "heard_again": totals.heard_again,
            "frames_lost": totals.frames_lost,
            "uncounted_gaps": totals.uncounted_gaps,
            "lost_from_survey": {
                "stretches": lost.stretches,
                "observations": lost.observations,
                "uncounted": lost.uncounted,
                "from": lost.range.map(|range| range.start.rfc3339()),
                "to": lost.range.map(|range| range.end.rfc3339()),
            },
            "networks": snapshot.access_points.len(),
            "clients": snapshot.clients.len(),
            "sensors": snapshot.sensors.len(),
            "drives": snapshot.drives.len(),
            "statements": statements(snapshot).into_iter().map(|(sensor, what, words)| object!({
                "sensor": sensor, "of": what, "words": words,
            })).collect::<Vec<_>>(),
        }));
    }
    let mut out = stdout();
    writeln!(out, "Name          {}", folder.survey.name)?;
    writeln!(out, "Created       {}", folder.survey.created.rfc3339_secs())?;
    writeln!(
        out,
        "Facts         {} in {}; index {}",
        bytes(folder.segment_bytes),
        counted(folder.segments as u64, "segment", "segments"),
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
    let frames = totals.frames();
    let positioned = match totals.sightings {
        0 => format!("{} with a position, ", totals.positioned),
        _ => String::new(),
    };
    let lost_frames = totals.frames_lost;
    writeln!(out, "Frames        {frames} ({positioned}{lost_frames} lost as far as counted)")?;
    if totals.sightings > 0 {
        writeln!(
            out,
            "Sightings     {}: rows of other programs' tables, each of any number of frames",
            totals.sightings
        )?;
        let of = if frames > 0 { "frames and sightings" } else { "sightings" };
        writeln!(out, "Positions     {} of {} {of}", totals.positioned, totals.observations)?;
    }
    if totals.heard_again > 0 {
        writeln!(
            out,
            "              {} heard by more than one radio (at least); of the receptions, {} are \
             of frames counted already",
            counted(totals.frames_of_several_radios, "frame was", "frames were"),
            totals.heard_again
        )?;
    }
    writeln!(
        out,
        "Found         {}, {}",
        counted(snapshot.access_points.len() as u64, "network", "networks"),
        counted(snapshot.clients.len() as u64, "client", "clients")
    )?;
    if let Some(words) = lost.words() {
        writeln!(out, "Lost          {words}")?;
    }
    let (sensors, drives) = (snapshot.sensors.len(), snapshot.drives.len());
    writeln!(
        out,
        "From          {}, {}",
        counted(sensors as u64, "sensor or file", "sensors or files"),
        counted(drives as u64, "drive", "drives")
    )?;
    for (sensor, what, words) in statements(snapshot) {
        writeln!(out, "{what:<13} {sensor}: {words}")?;
    }
    Ok(out.flush()?)
}

/// What the sensors state of people's data and of their own silence: sensor, matter, words.
fn statements(snapshot: &Snapshot) -> Vec<(String, &'static str, String)> {
    let mut statements = Vec::new();
    for sensor in &snapshot.sensors {
        let guard = &sensor.guard;
        let mut state = |what, words| statements.push((sensor.name.clone(), what, words));
        guard.privacy_words().into_iter().for_each(|words| state("Privacy", words));
        guard.audit_words().into_iter().for_each(|words| state("Audit", words));
        guard.withheld_words().into_iter().for_each(|words| state("Kept back", words));
        for (radio, words, _) in guard.silence_words() {
            state("Silence", format!("radio {}: {words}", radio.0));
        }
    }
    statements
}

/// What was stored in the survey and is not there any more.
#[derive(Default)]
struct Lost {
    stretches: u64,
    observations: u64,
    uncounted: u64,
    range: Option<TimeRange>,
}

impl Lost {
    fn of(view: &SurveyView) -> Self {
        let gaps = view.snapshot.gaps.iter().map(|row| &row.gap);
        gaps.filter(|gap| gap.cause == GapCause::SurveyDamage).fold(Self::default(), |sum, gap| {
            let own = TimeRange::new(gap.start, gap.end);
            Self {
                stretches: sum.stretches + 1,
                observations: sum.observations.saturating_add(gap.frames.unwrap_or(0)),
                uncounted: sum.uncounted + u64::from(gap.frames.is_none()),
                range: Some(sum.range.map_or(own, |range| range.union(&own))),
            }
        })
    }

    fn words(&self) -> Option<String> {
        let range = self.range?;
        let stored = counted(self.observations, "observation that was", "observations that were");
        let mut words = format!("{stored} stored");
        if self.uncounted > 0 {
            let losses = counted(self.uncounted, "loss", "losses");
            words.push_str(&format!(", and {losses} that nobody can count"));
        }
        Some(format!(
            "{words}, from {} to {}: {}; see: piwardrive survey verify",
            range.start.rfc3339_secs(),
            range.end.rfc3339_secs(),
            GapCause::SurveyDamage.words()
        ))
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
            "lost": report.lost.iter().map(|loss| object!({
                "sensor": loss.sensor.to_string(),
                "name": loss.name,
                "epoch": loss.epoch,
                "first": loss.first,
                "last": loss.last,
                "from": loss.range.map(|range| range.start.rfc3339()),
                "to": loss.range.map(|range| range.end.rfc3339()),
                "observations": loss.observations,
            })).collect::<Vec<_>>(),
            "not_compared": report.not_compared,
        }))?;
    } else {
        verdict(path, &report)?;
    }
    if !report.is_sound() {
        let lost: u64 = report.lost.iter().map(|loss| loss.last - loss.first + 1).sum();
        anyhow::bail!(
            "{}: {}, {} lost, {}; what is sound stays readable; a file imported again, or a sensor \
             that still has them, brings batches back",
            path.display(),
            counted(report.damaged_records, "damaged record", "damaged records"),
            counted(lost, "batch", "batches"),
            counted(report.duplicates, "duplicate", "duplicates")
        );
    }
    Ok(())
}

fn verdict(path: &Path, report: &VerifyReport) -> Result<()> {
    let mut out = stdout();
    let word = match report.is_sound() {
        true => "sound",
        false if report.damaged_records == 0 && report.duplicates == 0 => "not whole",
        false => "damaged",
    };
    writeln!(
        out,
        "{}: {word}: {} with {} in {}, {}",
        path.display(),
        counted(report.batches, "batch", "batches"),
        counted(report.observations, "observation", "observations"),
        counted(report.segments, "segment", "segments"),
        bytes(report.bytes)
    )?;
    for loss in &report.lost {
        writeln!(out, "  {}", loss.words())?;
    }
    let explained = |hole: &&pw_survey::Hole| {
        report.lost.iter().any(|loss| {
            (loss.sensor, loss.epoch) == (hole.sensor, hole.epoch)
                && loss.first <= hole.first
                && hole.last <= loss.last
        })
    };
    for hole in report.holes.iter().filter(|hole| !explained(hole)) {
        writeln!(
            out,
            "  batches {} to {} of sensor {} are missing",
            hole.first, hole.last, hole.sensor
        )?;
    }
    if report.torn_bytes > 0 {
        let torn = counted(report.torn_bytes, "byte", "bytes");
        writeln!(out, "  the last record is not whole ({torn})")?;
    }
    if report.unknown_records > 0 {
        let records = counted(report.unknown_records, "record", "records");
        writeln!(out, "  {records} of kinds that a later release added")?;
    }
    for damage in &report.damage {
        writeln!(out, "  {damage}")?;
    }
    if let Some(why) = &report.not_compared {
        writeln!(
            out,
            "  not compared with the index, which would know a tail that is gone: {why}"
        )?;
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
        "{}: index made anew from {} with {}",
        path.display(),
        counted(report.batches, "batch", "batches"),
        counted(report.observations, "observation", "observations")
    )?;
    for repair in &report.repairs {
        writeln!(out, "  {repair}")?;
    }
    Ok(out.flush()?)
}
