//! Looking after a survey folder: what it is, whether every record is sound, a new index.

use crate::directory::BatchEntry;
use crate::error::SurveyError;
use crate::losses::{Loss, Region};
use crate::received::Hole;
use crate::replay::Known;
use crate::snapshot::SurveyInfo;
use crate::store::folder::{Folder, folder_bytes};
use crate::store::index::Index;
use crate::store::segments::{self, Place};
use crate::survey::Survey;
use crate::tracker::Tracker;
use crate::tracker::stream::Stream;
use pw_wire::{Batch, Envelope, EnvelopeKind, LossRecord, ScanItem, SegmentHeader, UserRecord};
use std::path::Path;

/// How far a long job is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

/// What a survey folder is, without reading its records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderInfo {
    /// Which survey.
    pub survey: SurveyInfo,
    /// Its identifier: 32 hex digits.
    pub id: String,
    /// Format of the folder.
    pub format: u32,
    /// Number of segments.
    pub segments: u64,
    /// Bytes of the segments: the facts.
    pub segment_bytes: u64,
    /// Bytes of the index: derived.
    pub index_bytes: u64,
    /// True when another process holds it open for writing.
    pub in_use: bool,
}

/// What a check of every record found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifyReport {
    /// Segments read.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Sound batches, duplicates not counted.
    pub batches: u64,
    /// Observations in them.
    pub observations: u64,
    /// What persons wrote.
    pub user_records: u64,
    /// Records of kinds that a later release added.
    pub unknown_records: u64,
    /// Batches that stand there more than once.
    pub duplicates: u64,
    /// Batches missing between those that are held.
    pub holes: Vec<Hole>,
    /// Bytes of a last record that is not whole: the writer was stopped, or is writing now.
    pub torn_bytes: u64,
    /// Damage, one sentence each, at most 1,000.
    pub damage: Vec<String>,
    /// Damaged records, also those above that bound.
    pub damaged_records: u64,
    /// Batches that were stored, which means that they may have been acknowledged, and that are gone.
    pub lost: Vec<Loss>,
    /// Why nothing can be said of a tail that was cut off: the index, which would know of it, was
    /// not there to compare with. `None` when it was compared.
    pub not_compared: Option<String>,
}

impl VerifyReport {
    /// True when every record is sound and none is gone that once was there. Holes are no damage: the
    /// sensor states its own losses.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged_records == 0 && self.duplicates == 0 && self.lost.is_empty()
    }
}

/// What a rebuild of the index did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RebuildReport {
    /// Batches replayed.
    pub batches: u64,
    /// Observations replayed.
    pub observations: u64,
    /// What was found on the way, one sentence each.
    pub repairs: Vec<String>,
}

/// Sentences about damage kept in a report; further ones are counted.
const MAX_SENTENCES: usize = 1000;

/// Says what a survey folder is.
///
/// # Errors
/// No survey, of a later release, or unreadable.
pub fn info(path: &Path) -> Result<FolderInfo, SurveyError> {
    let folder = Folder::open(path)?;
    let segments = segments::list(&folder.segments())?;
    // A lock that cannot be tried, as on a read-only medium, is held by nobody.
    let in_use = matches!(folder.try_lock(), Err(SurveyError::InUse { .. }));
    Ok(FolderInfo {
        survey: folder.info.clone(),
        id: folder.id.clone(),
        format: folder.format,
        segments: segments.len() as u64,
        segment_bytes: segments.iter().map(|segment| segment.len).sum(),
        index_bytes: folder_bytes(&folder.index()),
        in_use,
    })
}

/// Reads and decodes every record, and compares with what the index knows; changes nothing.
///
/// # Errors
/// No survey, of a later release, or unreadable. Damage is no error but part of the report.
pub fn verify(
    path: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<VerifyReport, SurveyError> {
    let folder = Folder::open(path)?;
    let files = segments::list(&folder.segments())?;
    let mut report = VerifyReport::default();
    // Looked at before the segments are read: a writer that comes meanwhile only adds to them.
    let known = known(&folder, &mut report);
    let mut found = Found::default();
    let mut done = Progress { done_bytes: 0, total_bytes: files.iter().map(|f| f.len).sum() };
    let mut expected = 1;
    for file in &files {
        if file.number != expected {
            report.damaged(format!("Segments {expected} to {} are missing.", file.number - 1));
            let place = Place { segment: file.number - 1, offset: 0 };
            found.regions.push(Region { place, len: None });
        }
        expected = file.number + 1;
        let bytes = segments::read_from(&file.path, 0)?;
        report.segments += 1;
        report.bytes += bytes.len() as u64;
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let mut records = 0u64;
        let end = segments::scan(&bytes, |item| match item {
            ScanItem::Record { offset, envelope } => {
                let place = Place { segment: file.number, offset: offset as u64 };
                if let Err(words) = report.record(&envelope, records, place, &mut found) {
                    report.damaged(format!("{name}, byte {offset}: {words}."));
                    found.regions.push(Region { place, len: Some(envelope.len as u64) });
                }
                records += 1;
            }
            // What a power cut left unwritten at the end is torn, not damaged; `scan` tells.
            ScanItem::Damage { offset, len, .. } if segments::is_unwritten(&bytes, offset, len) => {
            }
            ScanItem::Damage { offset, len, error } => {
                report.damaged(format!("{name}, byte {offset}: {len} bytes lost: {error}."));
                let place = Place { segment: file.number, offset: offset as u64 };
                found.regions.push(Region { place, len: Some(len as u64) });
            }
            ScanItem::TornTail { .. } => {}
        });
        if Some(file) == files.last() {
            report.torn_bytes = end.torn;
        } else if end.torn > 0 {
            report.damaged(format!("{name} ends in a torn record of {} bytes.", end.torn));
            let place = Place { segment: file.number, offset: end.sound };
            found.regions.push(Region { place, len: Some(end.torn) });
        }
        done.done_bytes += file.len;
        progress(done);
    }
    report.lost = found.lost(&known);
    report.holes = found.tracker.head.received.holes();
    Ok(report)
}

/// What the index knows; where it cannot be asked, says why.
fn known(folder: &Folder, report: &mut VerifyReport) -> Known {
    let looked = match folder.try_lock() {
        Ok(_lock) => Index::look(folder),
        Err(error) => Err(error.to_string()),
    };
    match looked {
        Ok(Some(loaded)) => return Known::of(&loaded),
        Ok(None) => report.not_compared = Some("there is no index".to_owned()),
        Err(words) => report.not_compared = Some(words),
    }
    Known::default()
}

/// What a check gathers to tell what is gone.
#[derive(Default)]
struct Found {
    /// Holds nothing but names, received batches and stated losses.
    tracker: Tracker,
    batches: Vec<BatchEntry>,
    regions: Vec<Region>,
}

impl Found {
    /// True when the batch was not there before.
    fn batch(&mut self, batch: &Batch, place: Place, len: usize) -> bool {
        if !self.tracker.head.received.insert(batch.id) {
            return false;
        }
        self.tracker.losses.heal(batch.id);
        let stream = self.tracker.streams.entry(batch.id.sensor);
        stream.or_insert_with(|| Stream::new(batch));
        self.batches.push(BatchEntry {
            id: batch.id,
            place,
            // An envelope's length is a u32 by its format.
            len: len as u32,
            range: batch.range(),
            observations: batch.observations.len() as u32,
        });
        true
    }

    fn lost(&mut self, known: &Known) -> Vec<Loss> {
        let tracker = &mut self.tracker;
        let received = &tracker.head.received;
        tracker.losses.find(&known.batches, &self.regions, &self.batches, received);
        known.named(&tracker.losses, tracker)
    }
}

impl VerifyReport {
    fn damaged(&mut self, sentence: String) {
        self.damaged_records += 1;
        if self.damage.len() < MAX_SENTENCES {
            self.damage.push(sentence);
        }
    }

    /// Checks the record that is number `number` in its segment.
    fn record(
        &mut self,
        envelope: &Envelope<'_>,
        number: u64,
        place: Place,
        found: &mut Found,
    ) -> Result<(), String> {
        match envelope.kind {
            Some(EnvelopeKind::SegmentHeader) => {
                let header: SegmentHeader = envelope.decode().map_err(|e| e.to_string())?;
                if number != 0 || header.number != place.segment {
                    return Err(format!("the head of segment {} stands here", header.number));
                }
            }
            _ if number == 0 => return Err("the segment has no head".to_owned()),
            Some(EnvelopeKind::Batch) => {
                let batch = Batch::read(envelope).map_err(|error| error.to_string())?;
                if found.batch(&batch, place, envelope.len) {
                    self.batches += 1;
                    self.observations += batch.observations.len() as u64;
                } else {
                    self.duplicates += 1;
                }
            }
            Some(EnvelopeKind::User) => {
                envelope.decode::<UserRecord>().map_err(|error| error.to_string())?;
                self.user_records += 1;
            }
            Some(EnvelopeKind::Loss) => {
                let record: LossRecord = envelope.decode().map_err(|error| error.to_string())?;
                found.tracker.apply_loss(&record);
            }
            Some(EnvelopeKind::Message | EnvelopeKind::Journal | EnvelopeKind::Sealed) | None => {
                self.unknown_records += 1;
            }
        }
        Ok(())
    }
}

/// Takes away a survey that nothing was ever stored in, folder and all. False, and nothing is changed,
/// when something is in it.
///
/// # Errors
/// No survey, in use, or it cannot be removed.
pub fn remove_unused(path: &Path) -> Result<bool, SurveyError> {
    Folder::open(path)?.remove_unused()
}

/// Erases the index and makes it anew from the segments.
///
/// # Errors
/// No survey, of a later release, in use, or unreadable.
pub fn rebuild(
    path: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<RebuildReport, SurveyError> {
    let (mut survey, report, replayed) = Survey::open_folder(Folder::open(path)?, true, progress)?;
    survey.checkpoint()?;
    let mut repairs = report.repairs;
    repairs.extend(survey.take_warnings());
    survey.close()?;
    Ok(RebuildReport { batches: replayed.batches, observations: replayed.observations, repairs })
}
