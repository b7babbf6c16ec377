//! Reading a survey beside its writer: selections of time, and the batches themselves.

use crate::directory::{BatchEntry, Directory};
use crate::error::SurveyError;
use crate::snapshot::{Snapshot, SurveyInfo};
use crate::store::folder::Folder;
use crate::store::segments;
use crate::tracker::Tracker;
use pw_model::{TimeRange, TuneInterval};
use pw_wire::{Batch, EncodedBatch};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Reads the segments of a survey without its lock; cheap to clone, for worker threads.
#[derive(Clone, Debug)]
pub struct SurveyReader {
    folder: Folder,
    directory: Arc<RwLock<Directory>>,
}

impl SurveyReader {
    /// Opens the survey at `path` for reading: what is in it now. Where the survey is open in this
    /// process, take [`crate::Survey::reader`], which follows it and costs nothing.
    ///
    /// # Errors
    /// No survey, of a later release, or unreadable.
    pub fn open(path: &Path) -> Result<Self, SurveyError> {
        let (survey, _) = crate::Survey::open_read_only(path)?;
        Ok(survey.reader())
    }

    /// A reader that shares the directory of an open survey.
    pub(crate) const fn beside(folder: Folder, directory: Arc<RwLock<Directory>>) -> Self {
        Self { folder, directory }
    }

    /// Which survey this is.
    #[must_use]
    pub fn info(&self) -> &SurveyInfo {
        &self.folder.info
    }

    /// The state of a stretch of time: only what lies in `range`. What stations said of themselves
    /// before it is known, as far as something in the range refers to it.
    ///
    /// # Errors
    /// Cancelled, or a segment cannot be read.
    pub fn select(
        &self,
        range: TimeRange,
        cancel: &AtomicBool,
    ) -> Result<Arc<Snapshot>, SurveyError> {
        let known = self.copy_of_directory(Some(range));
        let mut tracker = Tracker::with_advertisements(known.advertisements);
        tracker.head.marks = known.marks;
        for batch in Batches::new(self.folder.segments(), known.batches) {
            if cancel.load(Ordering::Relaxed) {
                return Err(SurveyError::Cancelled);
            }
            let batch = clip(batch?, &range);
            if !batch.is_empty() {
                tracker.apply(&batch);
            }
        }
        // What was received is no matter of the selected time, nor are the radios' names.
        tracker.head.received = known.received;
        tracker.losses = known.losses.within(&range);
        tracker.head.revision = known.revision;
        for (sensor, radios) in known.radios {
            if let Some(stream) = tracker.streams.get_mut(&sensor) {
                stream.radios = radios;
            }
        }
        Ok(tracker.snapshot(&self.folder.info, Some(range)))
    }

    /// The batches that touch `range`, or all, in the order they were stored. Batches come whole:
    /// observations outside the range are in them.
    #[must_use]
    pub fn batches(&self, range: Option<TimeRange>) -> Batches {
        Batches::new(self.folder.segments(), self.copy_of_directory(range).batches)
    }

    fn copy_of_directory(&self, range: Option<TimeRange>) -> Directory {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner);
        let touches = |entry: &&BatchEntry| {
            range.is_none_or(|range| entry.range.is_some_and(|own| own.overlaps(&range)))
        };
        Directory {
            batches: directory.batches.iter().filter(touches).copied().collect(),
            advertisements: Arc::clone(&directory.advertisements),
            marks: directory.marks.clone(),
            received: directory.received.clone(),
            losses: directory.losses.clone(),
            radios: directory.radios.clone(),
            revision: directory.revision,
        }
    }
}

/// Batches one by one; see [`SurveyReader::batches`].
#[derive(Debug)]
pub struct Batches {
    folder: PathBuf,
    entries: std::vec::IntoIter<BatchEntry>,
    open: Option<(u64, PathBuf, File)>,
}

impl Batches {
    fn new(folder: PathBuf, entries: Vec<BatchEntry>) -> Self {
        Self { folder, entries: entries.into_iter(), open: None }
    }

    fn read(&mut self, entry: &BatchEntry) -> Result<Batch, SurveyError> {
        let segment = entry.place.segment;
        if self.open.as_ref().is_none_or(|(number, ..)| *number != segment) {
            let path = segments::segment_path(&self.folder, segment);
            let file = File::open(&path).map_err(|error| SurveyError::io("open", &path, error))?;
            self.open = Some((segment, path, file));
        }
        let Some((_, path, file)) = &mut self.open else {
            return Err(SurveyError::Missing { path: self.folder.clone() });
        };
        let bytes = segments::read_at(file, path, entry.place.offset, entry.len)?;
        EncodedBatch::from_bytes(bytes).and_then(|batch| batch.decode()).map_err(|source| {
            SurveyError::Stored { path: path.clone(), offset: entry.place.offset, source }
        })
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, SurveyError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(self.read(&entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

/// Only what lies in `range`. The times of listening and of stated losses are cut to it; the frames
/// of a loss stay whole, because nobody knows when in its time they were lost.
pub(crate) fn clip(mut batch: Batch, range: &TimeRange) -> Batch {
    batch.observations.retain(|o| range.contains(o.time));
    batch.advertisements.retain(|a| range.contains(a.time));
    batch.fixes.retain(|f| range.contains(f.time));
    batch.health.retain(|h| range.contains(h.time));
    batch.clocks.retain(|c| range.contains(c.time));
    batch.radio_events.retain(|e| range.contains(e.time));
    batch.health_details.retain(|h| range.contains(h.time));
    batch.transmitted.retain(|t| range.contains(t.time));
    batch.clock_events.retain(|c| range.contains(c.time));
    batch.doubtful_fixes.retain(|d| range.contains(d.fix.time));
    batch.motion.retain(|m| range.contains(m.time));
    batch.withheld.retain(|w| TimeRange::new(w.start, w.end).overlaps(range));
    batch.gaps.retain(|g| TimeRange::new(g.start, g.end).overlaps(range));
    for gap in &mut batch.gaps {
        (gap.start, gap.end) = (gap.start.max(range.start), gap.end.min(range.end));
    }
    let cut = |tune: &TuneInterval| {
        let (start, end) = (tune.start.max(range.start), tune.end.min(range.end));
        (start < end).then(|| TuneInterval { start, end, ..tune.clone() })
    };
    batch.tunes = batch.tunes.iter().filter_map(cut).collect();
    batch
}
