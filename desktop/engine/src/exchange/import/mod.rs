//! Bringing other programs' files into a survey. What a file is, is told from its content.
//!
//! A file is a stream of its own, named by the hash of its content: importing it again adds nothing,
//! and an import that was stopped goes on where it was. Batches go through the same ingest as a
//! sensor's.

mod batches;
mod capture;
mod position_log;
mod sightings;
mod sniff;
mod source;

use super::ExchangeError;
use crate::ingest::IngestQueue;
use position_log::PositionLog;
use pw_model::SensorId;
use pw_model::words::counted;
use pw_survey::Snapshot;
use sniff::Format;
use source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// How far an import is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportProgress {
    /// The file it is at.
    pub path: PathBuf,
    /// Bytes of all files that were read.
    pub done_bytes: u64,
    /// Bytes of all files. Each is read twice: once for its name, once for its content.
    pub total_bytes: u64,
}

/// What came of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedFile {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub format: &'static str,
    /// Frames or rows that are in the survey now.
    pub observations: u64,
    /// Those of them with a position.
    pub positioned: u64,
    /// Those of them whose frame check sequence was wrong: kept as facts, but no device is made of
    /// what they say.
    pub bad_fcs: u64,
    /// Those of them without a readable header: kept as facts, nothing more.
    pub unreadable: u64,
    /// Frames or rows left out because a network asks not to be recorded.
    pub opted_out: u64,
    /// Batches that were new.
    pub new_batches: u64,
    /// Batches that the survey had already.
    pub known_batches: u64,
    /// What was left out, in words, with counts.
    pub left_out: BTreeMap<String, u64>,
    /// What is wrong with the file, one sentence each; the first [`MOST_WARNINGS`].
    pub warnings: Vec<String>,
}

/// Warnings that are kept of one file; further ones are counted under "left out".
const MOST_WARNINGS: usize = 20;

impl ImportedFile {
    /// One sentence for people.
    #[must_use]
    pub fn words(&self) -> String {
        if self.new_batches == 0 && self.known_batches > 0 {
            return format!("{}: already in the survey; nothing added", self.format);
        }
        let (one, many) = match self.format {
            sniff::WIGLE => ("sighting", "sightings"),
            sniff::NMEA => ("fix", "fixes"),
            _ => ("frame", "frames"),
        };
        let mut words = format!("{}: {}", self.format, counted(self.observations, one, many));
        let without = self.observations.saturating_sub(self.positioned);
        match (self.positioned, without) {
            _ if self.format == sniff::NMEA => {}
            (0, 0) => {}
            (0, _) => words.push_str(", none with a position"),
            (_, 0) => words.push_str(", all with a position"),
            _ => {
                words.push_str(&format!(", {} with a position, {without} without", self.positioned))
            }
        }
        if self.bad_fcs > 0 {
            words.push_str(&format!(
                "; {} damaged on the air (wrong frame check sequence), not used for networks and clients",
                self.bad_fcs
            ));
        }
        if self.unreadable > 0 {
            words.push_str(&format!("; {} without a readable header", self.unreadable));
        }
        if self.opted_out > 0 {
            words.push_str(&format!(
                "; {} of networks that ask not to be recorded left out",
                self.opted_out
            ));
        }
        for (what, count) in &self.left_out {
            words.push_str(&format!("; {count} {what}"));
        }
        words
    }
}

/// What an import needs.
pub struct ImportContext<'a> {
    /// The way into the survey.
    pub queue: &'a IngestQueue,
    /// Told how far it is.
    pub progress: &'a mut dyn FnMut(&ImportProgress),
    /// Set to stop. What was stored stays; importing again goes on.
    pub cancel: &'a AtomicBool,
}

/// What came of each file, in the order they were given.
pub type ImportResults = Vec<(PathBuf, Result<ImportedFile, ExchangeError>)>;

/// Says what a file is, without importing it.
///
/// # Errors
/// It cannot be read, or is of no known format.
pub fn recognise(path: &Path) -> Result<&'static str, ExchangeError> {
    Ok(Source::open(path)?.format.name())
}

/// Imports files one after the other; one that fails does not stop the rest. Position logs (NMEA)
/// among them give captures without positions theirs.
pub fn import(paths: &[PathBuf], context: &mut ImportContext<'_>) -> ImportResults {
    let mut results = ImportResults::new();
    let total_bytes = paths.iter().map(|path| 2 * source::size(path)).sum();
    let mut meter = Meter { done: 0, total_bytes, path: PathBuf::new() };
    let mut log = PositionLog::default();
    let mut sources = Vec::new();
    for path in paths {
        meter.path.clone_from(path);
        match open(path, &mut log, &mut meter, context) {
            Ok(Opened::Source(source)) => sources.push(source),
            Ok(Opened::Log { fixes }) => results.push((
                path.clone(),
                Ok(ImportedFile { observations: fixes, ..empty_result(path, sniff::NMEA) }),
            )),
            Err(error) => results.push((path.clone(), Err(error))),
        }
    }
    if sources.is_empty() && !log.is_empty() {
        for (path, result) in &mut results {
            if result.is_ok() {
                let reason = "a position log without a capture; name both in one import, so that \
                              its positions go to the capture's frames";
                *result =
                    Err(ExchangeError::Conflict { path: path.clone(), reason: reason.to_owned() });
            }
        }
    }
    for source in sources {
        let path = source.path.clone();
        meter.path.clone_from(&path);
        let result = import_one(source, &log, &mut meter, context);
        results.push((path, result));
    }
    results.sort_by_key(|(path, _)| paths.iter().position(|given| given == path));
    results
}

/// Progress over all files.
struct Meter {
    done: u64,
    total_bytes: u64,
    path: PathBuf,
}

impl Meter {
    /// Tells how far it is, `within` bytes into the current pass, and asks whether to stop.
    fn step(&self, within: u64, context: &mut ImportContext<'_>) -> Result<(), ExchangeError> {
        if context.cancel.load(Ordering::Relaxed) {
            return Err(ExchangeError::Cancelled);
        }
        (context.progress)(&ImportProgress {
            path: self.path.clone(),
            done_bytes: self.done.saturating_add(within).min(self.total_bytes),
            total_bytes: self.total_bytes,
        });
        Ok(())
    }
}

enum Opened {
    Source(Source),
    Log { fixes: u64 },
}

fn open(
    path: &Path,
    log: &mut PositionLog,
    meter: &mut Meter,
    context: &mut ImportContext<'_>,
) -> Result<Opened, ExchangeError> {
    let mut source = Source::open(path)?;
    source.name_content(meter, context)?;
    meter.done = meter.done.saturating_add(source.size);
    if source.format == Format::Nmea {
        let fixes = log.read(&mut source)?;
        return Ok(Opened::Log { fixes });
    }
    Ok(Opened::Source(source))
}

fn import_one(
    source: Source,
    log: &PositionLog,
    meter: &mut Meter,
    context: &mut ImportContext<'_>,
) -> Result<ImportedFile, ExchangeError> {
    let size = source.size;
    let epoch = match source.format {
        // Sightings have their own positions.
        Format::WigleCsv => 1,
        _ => log.epoch(),
    };
    let held = context.queue.snapshot_blocking()?;
    refuse_second_way(&source, epoch, &held)?;
    let result = match source.format {
        Format::WigleCsv => sightings::import(source, epoch, meter, context),
        _ => capture::import(source, epoch, log, meter, context),
    };
    meter.done = meter.done.saturating_add(size);
    result
}

/// The same capture with and without a position log would count every frame twice.
fn refuse_second_way(
    source: &Source,
    epoch: u64,
    snapshot: &Snapshot,
) -> Result<(), ExchangeError> {
    let id: SensorId = source.id;
    let held = snapshot.sensors.iter().find(|sensor| sensor.id == id);
    let other = held.is_some_and(|sensor| sensor.received.keys().any(|held| *held != epoch));
    if !other {
        return Ok(());
    }
    Err(ExchangeError::Conflict {
        path: source.path.clone(),
        reason: "already in this survey with other positions or without; its frames would count \
                 twice. Import it into a new survey instead"
            .to_owned(),
    })
}

fn empty_result(path: &Path, format: &'static str) -> ImportedFile {
    ImportedFile {
        path: path.to_owned(),
        format,
        observations: 0,
        positioned: 0,
        bad_fcs: 0,
        unreadable: 0,
        opted_out: 0,
        new_batches: 0,
        known_batches: 0,
        left_out: BTreeMap::new(),
        warnings: Vec::new(),
    }
}
