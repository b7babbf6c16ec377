//! Looking after a survey folder: what it is, whether every record is sound, a new index.

use crate::error::SurveyError;
use crate::received::{Hole, Received};
use crate::snapshot::SurveyInfo;
use crate::store::folder::{Folder, folder_bytes};
use crate::store::segments;
use crate::survey::Survey;
use pw_wire::{Batch, Envelope, EnvelopeKind, ScanItem, SegmentHeader, UserRecord};
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
}

impl VerifyReport {
    /// True when every record is sound. Holes are no damage: the sensor states its own losses.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged_records == 0 && self.duplicates == 0
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

/// Reads and decodes every record; changes nothing.
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
    let mut received = Received::default();
    let mut done = Progress { done_bytes: 0, total_bytes: files.iter().map(|f| f.len).sum() };
    let mut expected = 1;
    for file in &files {
        if file.number != expected {
            report.damaged(format!("Segments {expected} to {} are missing.", file.number - 1));
        }
        expected = file.number + 1;
        let bytes = segments::read_from(&file.path, 0)?;
        report.segments += 1;
        report.bytes += bytes.len() as u64;
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let mut records = 0u64;
        let end = segments::scan(&bytes, |item| match item {
            ScanItem::Record { offset, envelope } => {
                if let Err(words) = report.record(&envelope, records, file.number, &mut received) {
                    report.damaged(format!("{name}, byte {offset}: {words}."));
                }
                records += 1;
            }
            // What a power cut left unwritten at the end is torn, not damaged; `scan` tells.
            ScanItem::Damage { offset, len, .. } if segments::is_unwritten(&bytes, offset, len) => {
            }
            ScanItem::Damage { offset, len, error } => {
                report.damaged(format!("{name}, byte {offset}: {len} bytes lost: {error}."));
            }
            ScanItem::TornTail { .. } => {}
        });
        if Some(file) == files.last() {
            report.torn_bytes = end.torn;
        } else if end.torn > 0 {
            report.damaged(format!("{name} ends in a torn record of {} bytes.", end.torn));
        }
        done.done_bytes += file.len;
        progress(done);
    }
    report.holes = received.holes();
    Ok(report)
}

impl VerifyReport {
    fn damaged(&mut self, sentence: String) {
        self.damaged_records += 1;
        if self.damage.len() < MAX_SENTENCES {
            self.damage.push(sentence);
        }
    }

    /// Checks the record that is number `place` in its segment.
    fn record(
        &mut self,
        envelope: &Envelope<'_>,
        place: u64,
        segment: u64,
        received: &mut Received,
    ) -> Result<(), String> {
        match envelope.kind {
            Some(EnvelopeKind::SegmentHeader) => {
                let header: SegmentHeader = envelope.decode().map_err(|e| e.to_string())?;
                if place != 0 || header.number != segment {
                    return Err(format!("the head of segment {} stands here", header.number));
                }
            }
            _ if place == 0 => return Err("the segment has no head".to_owned()),
            Some(EnvelopeKind::Batch) => {
                let batch = Batch::read(envelope).map_err(|error| error.to_string())?;
                if received.insert(batch.id) {
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
            Some(EnvelopeKind::Message | EnvelopeKind::Journal) | None => self.unknown_records += 1,
        }
        Ok(())
    }
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
