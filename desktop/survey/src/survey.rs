//! A survey: ingest, commit, snapshot. One writer, any number of readers.

use crate::directory::{BatchEntry, Directory};
use crate::error::SurveyError;
use crate::reader::SurveyReader;
use crate::received::Hole;
use crate::replay::{Known, Replayed, State, fits};
use crate::snapshot::{Snapshot, SurveyInfo};
use crate::store::folder::{Folder, Lock};
use crate::store::index::{Index, Loaded};
use crate::store::segments::{self, Place, SegmentWriter};
use crate::upkeep::Progress;
use pw_model::{SensorId, Timestamp};
use pw_wire::{BatchError, BatchId, EncodedBatch, UserRecord};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The index is brought up to date after this many observations, so that an opening after a crash
/// has no more than these to replay.
const CHECKPOINT_OBSERVATIONS: u64 = 200_000;
/// … or after this many batches, which may hold few observations each.
const CHECKPOINT_BATCHES: usize = 5_000;
/// Lost batches stated in one record, far below the limit of an envelope.
const LOSSES_IN_RECORD: usize = 50_000;
/// Warnings kept until they are asked for; further ones are only logged.
const MAX_WARNINGS: usize = 100;

/// What became of a batch that was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ingested {
    /// It was not held before. It is durable after the next [`Survey::commit`].
    New,
    /// It was held already and is not stored again.
    Duplicate,
}

/// What was found and mended while a survey was opened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OpenReport {
    /// What was mended, one sentence each; empty when nothing was wrong.
    pub repairs: Vec<String>,
    /// Batches that were read from the segments because the index did not know them yet.
    pub replayed_batches: u64,
    /// True when the survey was opened for reading only.
    pub read_only: bool,
}

/// A survey, open. One process at a time may write.
#[derive(Debug)]
pub struct Survey {
    folder: Folder,
    state: State,
    /// Shared with readers; brought up to date with each commit.
    directory: Arc<RwLock<Directory>>,
    /// How many of the state's batches are durable.
    committed: usize,
    /// How many of them the index knows, and when it last did.
    indexed: usize,
    indexed_observations: u64,
    /// Behind what was taken from the index, of which no byte was read; see
    /// [`Survey::check_segments`].
    unchecked: Place,
    /// `None` when opened for reading.
    writer: Option<Writer>,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Writer {
    segments: SegmentWriter,
    /// `None` after it failed; the next opening makes it anew.
    index: Option<Index>,
    /// Something waits that no batch accounts for.
    user_waiting: bool,
    _lock: Lock,
}

impl Survey {
    /// Makes a new survey folder at `path` and opens it for writing.
    ///
    /// # Errors
    /// Something is there already, or the folder cannot be made.
    pub fn create(path: &Path, name: &str, created: Timestamp) -> Result<Self, SurveyError> {
        let (folder, lock) = Folder::create(path, name, created)?;
        let made = Self::open_locked(folder.clone(), lock, false, &mut |_| {});
        let made = made.and_then(|(mut survey, report, _)| {
            survey.warnings = report.repairs;
            // From the start an index without content is one that lost it.
            survey.checkpoint()?;
            Ok(survey)
        });
        if made.is_err()
            && let Err(left) = folder.remove_unused()
        {
            tracing::debug!("what was begun stays behind: {left}");
        }
        made
    }

    /// Opens a survey for writing, mends what a crash left and says so.
    ///
    /// # Errors
    /// No survey, of a later release, in use, or unreadable.
    pub fn open(path: &Path) -> Result<(Self, OpenReport), SurveyError> {
        let opened = Self::open_folder(Folder::open(path)?, false, &mut |_| {});
        opened.map(|(survey, report, _)| (survey, report))
    }

    /// Opens for writing; `afresh` forgets the index first.
    pub(crate) fn open_folder(
        folder: Folder,
        afresh: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport, Replayed), SurveyError> {
        let lock = folder.lock()?;
        Self::open_locked(folder, lock, afresh, progress)
    }

    fn open_locked(
        folder: Folder,
        lock: Lock,
        afresh: bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport, Replayed), SurveyError> {
        let segments_folder = folder.segments();
        std::fs::create_dir_all(&segments_folder)
            .map_err(|error| SurveyError::io("make the folder", &segments_folder, error))?;
        let mut report = OpenReport::default();
        // What an index knows and the segments do not hold any more, was lost.
        let mut known = Known::default();
        if afresh {
            match Index::look(&folder) {
                Ok(Some(loaded)) => known = Known::of(&loaded),
                Ok(None) => {}
                Err(error) => report.repairs.push(format!(
                    "What the old index knew cannot be compared with the segments ({error})."
                )),
            }
            Index::remove(&folder)?;
        }
        let fitting = |loaded: &Loaded| {
            fits(&segments_folder, loaded).inspect_err(|_misfit| known = Known::of(loaded))
        };
        let opened = Index::open(&folder, fitting, &mut report.repairs);
        let (mut index, loaded) = match opened {
            Ok((index, loaded)) => (Some(index), loaded),
            Err(error) => {
                report.repairs.push(format!("Going on without an index: {error}."));
                (None, None)
            }
        };
        let missing = loaded.is_none() && report.repairs.is_empty() && !afresh;
        let mut state = loaded.map_or_else(State::empty, State::loaded);
        if index.is_some() {
            state.tracker.remember_unsaved();
        }
        let mut indexed = state.batches.len();
        let replayed = state.replay(&folder, |state, done| {
            // After each segment, so that what waits for the index stays bounded.
            if state.batches.len() - indexed > CHECKPOINT_BATCHES
                && let Some(open) = &mut index
            {
                let saved = open.save(&mut state.tracker, &state.batches[indexed..], state.end);
                match saved {
                    Ok(()) => indexed = state.batches.len(),
                    Err(error) => {
                        report.repairs.push(format!("Going on without an index: {error}."));
                        index = None;
                        state.tracker.forget_unsaved();
                    }
                }
            }
            progress(done);
        })?;
        report.replayed_batches = replayed.batches;
        if missing && replayed.batches > 0 {
            report.repairs.push("The index was missing; it was made anew.".to_owned());
        }
        report.repairs.extend(replayed.damage.iter().cloned());
        let stamp = state.latest.max(folder.info.created);
        let mut segments =
            continue_segments(&segments_folder, &replayed, &state, stamp, known.end, &mut report)?;
        let lost = state.state_losses(&known, &replayed, &mut report.repairs);
        for part in lost.chunks(LOSSES_IN_RECORD) {
            segments.push(&state.tracker.losses.record(part).encode()?, stamp)?;
        }
        state.end = segments.end();
        let directory = Arc::new(RwLock::new(state.directory()));
        let mut survey = Self {
            folder,
            directory,
            committed: state.batches.len(),
            indexed,
            indexed_observations: 0,
            state,
            unchecked: Place { segment: 0, offset: 0 },
            writer: Some(Writer { segments, index, user_waiting: !lost.is_empty(), _lock: lock }),
            warnings: Vec::new(),
        };
        survey.indexed_observations = survey.observations_of(0..indexed);
        if !lost.is_empty()
            && let Err(error) = survey.commit_segments()
        {
            // It waits in memory and is written with the next commit.
            survey.warn(format!("The statement of what was lost is not stored yet: {error}."));
        }
        survey.checkpoint_if_due();
        Ok((survey, report, replayed))
    }

    /// Opens a survey for reading; works while another process writes to it, and changes nothing in
    /// the segments. Where the index is free it is used for a moment, else all segments are read.
    ///
    /// # Errors
    /// No survey, of a later release, or unreadable.
    pub fn open_read_only(path: &Path) -> Result<(Self, OpenReport), SurveyError> {
        let folder = Folder::open(path)?;
        let mut report = OpenReport { read_only: true, ..OpenReport::default() };
        let mut known = Known::default();
        let loaded = Self::borrow_index(&folder, &mut known);
        let mut state = loaded.map_or_else(State::empty, State::loaded);
        let unchecked = state.end;
        let replayed = state.replay(&folder, |_, _| {})?;
        report.replayed_batches = replayed.batches;
        report.repairs.extend(replayed.damage.iter().cloned());
        state.state_losses(&known, &replayed, &mut report.repairs);
        let directory = Arc::new(RwLock::new(state.directory()));
        let committed = state.batches.len();
        let survey = Self {
            folder,
            directory,
            committed,
            indexed: committed,
            indexed_observations: 0,
            state,
            unchecked,
            writer: None,
            warnings: Vec::new(),
        };
        Ok((survey, report))
    }

    /// What the index knows, if nobody else has it open. It is let go at once and stays as it is. One
    /// that does not fit is not used, but what it `knew` tells what was lost.
    fn borrow_index(folder: &Folder, knew: &mut Known) -> Option<Loaded> {
        if !folder.index().is_dir() {
            return None;
        }
        // Not to be had, or not to be written to as on a read-only medium: the segments tell all.
        let _lock = folder.try_lock().ok()?;
        let loaded = match Index::look(folder) {
            Ok(loaded) => loaded?,
            Err(error) => {
                tracing::info!("the index is not used: {error}");
                return None;
            }
        };
        match fits(&folder.segments(), &loaded) {
            Ok(()) => Some(loaded),
            Err(misfit) => {
                tracing::info!("the index is not used: {misfit}");
                *knew = Known::of(&loaded);
                None
            }
        }
    }

    /// Reads every byte of the segments that the index stood for, so that damage since then is among
    /// the losses of the next snapshot. Takes as long as reading the files; changes nothing in them.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn check_segments(&mut self) -> Result<(), SurveyError> {
        let regions = segments::damaged_before(&self.folder.segments(), self.unchecked)?;
        self.unchecked = Place { segment: 0, offset: 0 };
        if !regions.is_empty() {
            let tracker = &mut self.state.tracker;
            let received = &tracker.head.received;
            tracker.losses.find_damaged(&regions, &self.state.batches, received);
            self.state.tracker.losses_changed();
            let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
            directory.losses.clone_from(&self.state.tracker.losses);
        }
        Ok(())
    }

    /// Which survey this is.
    #[must_use]
    pub fn info(&self) -> &SurveyInfo {
        &self.folder.info
    }

    /// Takes a batch in, unless it is held already. Durable after the next [`Survey::commit`].
    ///
    /// # Errors
    /// The batch is damaged (refused, nothing stored), or what waits cannot be written.
    pub fn ingest(&mut self, batch: EncodedBatch) -> Result<Ingested, SurveyError> {
        let writer = self.writer.as_mut().ok_or(SurveyError::ReadOnly)?;
        let header = batch.header();
        if self.state.tracker.head.received.contains(header.id) {
            return Ok(Ingested::Duplicate);
        }
        let decoded = batch.decode()?;
        let range = decoded.range();
        // Readers find a batch by its header, so a header that says something else is damage.
        if header.range != range || header.observations as usize != decoded.observations.len() {
            return Err(BatchError::Unpack("its header and its body differ".to_owned()).into());
        }
        let stamp = range.map_or(self.state.latest, |range| range.end);
        let place = writer.segments.push(batch.bytes(), stamp)?;
        // An envelope's length is a u32 by its format.
        self.state.apply(&decoded, place, batch.bytes().len() as u32);
        Ok(Ingested::New)
    }

    /// Stores what a person wrote. Durable after the next [`Survey::commit`].
    ///
    /// # Errors
    /// The record is too long, or what waits cannot be written.
    pub fn write_user(&mut self, record: UserRecord) -> Result<(), SurveyError> {
        let writer = self.writer.as_mut().ok_or(SurveyError::ReadOnly)?;
        let (UserRecord::Note { time, .. } | UserRecord::Known { time, .. }) = &record;
        writer.segments.push(&record.encode()?, *time)?;
        writer.user_waiting = true;
        self.state.tracker.apply_user(&record);
        Ok(())
    }

    /// Writes everything that was taken in and waits until it is on the disk.
    ///
    /// # Errors
    /// It cannot be written. What waits stays in memory; call again.
    pub fn commit(&mut self) -> Result<(), SurveyError> {
        self.commit_segments()?;
        self.checkpoint_if_due();
        Ok(())
    }

    fn commit_segments(&mut self) -> Result<(), SurveyError> {
        let writer = self.writer.as_mut().ok_or(SurveyError::ReadOnly)?;
        writer.segments.commit()?;
        self.state.end = writer.segments.end();
        let user_waited = std::mem::take(&mut writer.user_waiting);
        if user_waited || self.committed < self.state.batches.len() {
            let state = &self.state;
            let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
            directory.batches.extend_from_slice(&state.batches[self.committed..]);
            directory.advertisements = state.tracker.adverts.table();
            directory.marks.clone_from(&state.tracker.head.marks);
            directory.received.clone_from(&state.tracker.head.received);
            directory.losses.clone_from(&state.tracker.losses);
            directory.radios = state.radios();
            directory.revision = state.tracker.head.revision;
            self.committed = state.batches.len();
        }
        Ok(())
    }

    /// Commits, and brings the index up to date so that the next opening is quick.
    ///
    /// # Errors
    /// The commit failed. A failure of the index is a warning: it loses nothing.
    pub fn checkpoint(&mut self) -> Result<(), SurveyError> {
        self.commit_segments()?;
        self.save_index();
        Ok(())
    }

    fn observations_of(&self, batches: std::ops::Range<usize>) -> u64 {
        self.state.batches[batches].iter().map(|entry| u64::from(entry.observations)).sum()
    }

    fn checkpoint_if_due(&mut self) {
        let observations = self.state.tracker.head.totals.totals().observations;
        if observations - self.indexed_observations >= CHECKPOINT_OBSERVATIONS
            || self.committed - self.indexed >= CHECKPOINT_BATCHES
        {
            self.save_index();
        }
    }

    /// Everything that was taken in must be committed.
    fn save_index(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        let Some(index) = &mut writer.index else { return };
        let new = &self.state.batches[self.indexed..];
        match index.save(&mut self.state.tracker, new, self.state.end) {
            Ok(()) => {
                self.indexed = self.state.batches.len();
                self.indexed_observations = self.state.tracker.head.totals.totals().observations;
            }
            Err(error) => {
                writer.index = None;
                self.state.tracker.forget_unsaved();
                self.warn(format!(
                    "The index cannot be written ({error}); nothing is lost, the next opening takes longer."
                ));
            }
        }
    }

    fn warn(&mut self, warning: String) {
        tracing::warn!("{warning}");
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(warning);
        }
    }

    /// Highest sequence number that is durable without holes, counted from 1; 0 for none.
    #[must_use]
    pub fn durable_through(&self, sensor: SensorId, epoch: u64) -> u64 {
        self.durable_through_from(sensor, epoch, 1)
    }

    /// Highest sequence number that is durable without holes, counted from `oldest`, the first that
    /// the sensor still has; `oldest - 1` for none.
    #[must_use]
    pub fn durable_through_from(&self, sensor: SensorId, epoch: u64, oldest: u64) -> u64 {
        let held = self.state.tracker.head.received.through(sensor, epoch, oldest);
        let waiting = self.state.batches[self.committed..].iter().map(|entry| entry.id);
        let first_waiting = waiting
            .filter(|id| id.sensor == sensor && id.epoch == epoch && id.seq >= oldest)
            .map(|id| id.seq)
            .min();
        first_waiting.map_or(held, |first| held.min(first - 1))
    }

    /// True when the batch is held, durable or not.
    #[must_use]
    pub fn holds(&self, id: BatchId) -> bool {
        self.state.tracker.head.received.contains(id)
    }

    /// Batches missing between those that are held.
    #[must_use]
    pub fn holes(&self) -> Vec<Hole> {
        self.state.tracker.head.received.holes()
    }

    /// Everything that is known now. Unchanged devices are shared with the snapshot before; without
    /// any change it is the same one.
    pub fn snapshot(&mut self) -> Arc<Snapshot> {
        self.state.tracker.snapshot(&self.folder.info, None)
    }

    /// A reader of the same survey, for other threads. It sees what is committed.
    #[must_use]
    pub fn reader(&self) -> SurveyReader {
        SurveyReader::beside(self.folder.clone(), Arc::clone(&self.directory))
    }

    /// Reads what another process committed since this was opened for reading.
    /// Without effect where this process writes.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn refresh(&mut self) -> Result<(), SurveyError> {
        if self.writer.is_none() {
            self.state.replay(&self.folder, |_, _| {})?;
            self.committed = self.state.batches.len();
            let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
            *directory = self.state.directory();
        }
        Ok(())
    }

    /// What went wrong since the last call and lost nothing, one sentence each.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Commits, brings the index up to date and closes.
    ///
    /// # Errors
    /// The commit failed; a failure of the index is only logged.
    pub fn close(mut self) -> Result<(), SurveyError> {
        if self.writer.is_none() { Ok(()) } else { self.checkpoint() }
    }
}

impl Drop for Survey {
    fn drop(&mut self) {
        // After `close` nothing is left to do. Else keep what can be kept.
        let user_waiting = self.writer.as_ref().is_some_and(|writer| writer.user_waiting);
        let unsaved = user_waiting || self.indexed < self.state.batches.len();
        if self.writer.is_some()
            && unsaved
            && let Err(error) = self.checkpoint()
        {
            tracing::error!("batches that were taken in are not stored: {error}");
        }
    }
}

/// Finds where to write on, and says what was cut.
fn continue_segments(
    folder: &Path,
    replayed: &Replayed,
    state: &State,
    stamp: Timestamp,
    known_end: Option<Place>,
    report: &mut OpenReport,
) -> Result<SegmentWriter, SurveyError> {
    let Some((number, end)) = replayed.last else {
        // No segment was read: none is there, as `fits` refuses an index without its last segment.
        return SegmentWriter::begin(folder, state.end.segment + 1, stamp);
    };
    if end.damaged > 0 {
        report.repairs.push(format!(
            "Segment {number} ends in {} damaged bytes; it stays as it is and segment {} goes on.",
            end.damaged,
            number + 1
        ));
        return SegmentWriter::begin(folder, number + 1, stamp);
    }
    if end.torn > 0 {
        let known = known_end.is_some_and(|known| known > state.end);
        let what = if known {
            "they were part of what had been stored"
        } else {
            "nothing tells that they were ever stored whole"
        };
        report.repairs.push(format!(
            "Segment {number} ended in the middle of a record: {} bytes were cut off; {what}.",
            end.torn
        ));
    }
    if end.sound == 0 {
        return SegmentWriter::begin(folder, number, stamp);
    }
    let Place { offset, .. } = state.end;
    SegmentWriter::resume(folder, number, offset, stamp)
}

/// Entries are copied for readers; they are small.
const _: () = assert!(size_of::<BatchEntry>() <= 96);

#[cfg(test)]
mod tests;
