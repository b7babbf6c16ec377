//! Looking at a journal from outside, also while a sensor writes it.

use super::JournalError;
use super::directory::{self, SegmentName};
use super::machine::{Machine, RealMachine};
use super::sealing::{Sealing, missing_key};
use super::segment::{Scan, Step, walk};
use pw_model::TimeRange;
use pw_trust::SealingKeyId;
use pw_wire::Batch;
use std::io;
use std::path::{Path, PathBuf};

/// What stands in one segment.
#[derive(Clone, Debug)]
pub struct SegmentReport {
    /// Its number.
    pub number: u64,
    /// It was thinned out because the journal was full.
    pub thinned: bool,
    /// Its file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Which journal it belongs to; `None` without a batch.
    pub epoch: Option<u64>,
    /// First batch.
    pub first_seq: Option<u64>,
    /// Last batch.
    pub last_seq: Option<u64>,
    /// Number of batches.
    pub batches: u64,
    /// Those of them that only the key opens, with those that could not be opened.
    pub sealed: u64,
    /// Batches that could not be opened, and which key they need: of these nothing but their number is
    /// known, and that their checksums are right.
    pub closed: Option<(u64, SealingKeyId)>,
    /// Observations in the batches that could be read.
    pub observations: u64,
    /// From the earliest to the latest time in them.
    pub range: Option<TimeRange>,
    /// Places that cannot be read.
    pub damage: Vec<DamagedPlace>,
    /// The last record begins here and is not whole: it is being written, or its writer was stopped.
    pub torn_at: Option<u64>,
}

/// Bytes that are no sound record.
#[derive(Clone, Debug)]
pub struct DamagedPlace {
    /// Where they begin.
    pub offset: u64,
    /// How many they are.
    pub len: u64,
    /// What is wrong with the first of them.
    pub problem: String,
}

/// Reads and checks every segment of the journal in `directory`, oldest first; `sealing` opens what is
/// sealed.
///
/// # Errors
/// The folder or a file cannot be read.
pub fn inspect(
    directory: &Path,
    sealing: Option<&Sealing>,
) -> Result<Vec<SegmentReport>, JournalError> {
    let mut reports = Vec::new();
    each_segment(directory, |segment, path, bytes| {
        let scan = Scan::of(bytes, 0, sealing);
        let closed = scan.closed;
        let first_seq = scan.first.as_ref().map(|first| first.id.seq);
        let last_seq = scan.last.as_ref().map(|last| last.id.seq);
        reports.push(SegmentReport {
            number: segment.number,
            thinned: segment.thinned,
            path,
            bytes: bytes.len() as u64,
            epoch: scan.last.as_ref().map(|last| last.id.epoch),
            first_seq: [first_seq, closed.map(|closed| closed.first_seq)]
                .into_iter()
                .flatten()
                .min(),
            last_seq: last_seq.max(closed.map(|closed| closed.last_seq)),
            batches: scan.batches + closed.map_or(0, |closed| closed.batches),
            sealed: scan.sealed + closed.map_or(0, |closed| closed.batches),
            closed: closed.map(|closed| (closed.batches, closed.key)),
            observations: scan.observations,
            range: scan.range,
            damage: scan
                .damage
                .into_iter()
                .map(|d| DamagedPlace { offset: d.offset, len: d.len, problem: d.problem })
                .collect(),
            torn_at: scan.torn,
        });
        Ok(true)
    })?;
    Ok(reports)
}

/// Gives every sound batch of the journal in `directory` to `take`, in order, until it says false.
/// A batch that stands twice is given once.
///
/// # Errors
/// The folder or a file cannot be read, a batch is sealed and `sealing` does not open it, or `take` fails.
pub fn each_batch<E: From<JournalError>>(
    directory: &Path,
    sealing: Option<&Sealing>,
    mut take: impl FnMut(Batch) -> Result<bool, E>,
) -> Result<(), E> {
    let mut next = 0;
    let mut failure = None;
    each_segment(directory, |_, path, bytes| {
        for step in walk(bytes, sealing) {
            let (offset, header, body) = match step {
                Step::Batch { offset, header, body, .. } => (offset, header, body),
                Step::Sealed { key, .. } => {
                    return Err(JournalError::Closed { path, problem: missing_key(key, sealing) });
                }
                _ => continue,
            };
            if header.id.seq < next {
                continue;
            }
            next = header.id.seq + 1;
            let batch = body.read().map_err(|error| JournalError::Content {
                path: path.clone(),
                problem: format!("batch at byte {offset}: {error}"),
            })?;
            match take(batch) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => {
                    failure = Some(error);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    })?;
    failure.map_or(Ok(()), Err)
}

fn each_segment(
    directory: &Path,
    mut look: impl FnMut(SegmentName, PathBuf, &[u8]) -> Result<bool, JournalError>,
) -> Result<(), JournalError> {
    let mut listed = directory::list(&RealMachine, directory)?.segments.into_iter().peekable();
    while let Some(mut segment) = listed.next() {
        // Of a segment that is just being replaced by its thinned form, the former is looked at.
        listed.next_if(|next| next.number == segment.number);
        let mut bytes = RealMachine.read(&segment.path(directory));
        if !segment.thinned && is_missing(&bytes) {
            segment.thinned = true;
            bytes = RealMachine.read(&segment.path(directory));
        }
        if is_missing(&bytes) {
            // Acknowledged and deleted by the running sensor since the folder was read.
            continue;
        }
        let path = segment.path(directory);
        let bytes = bytes.map_err(|error| JournalError::io("cannot read", &path, error))?;
        if !look(segment, path, &bytes)? {
            break;
        }
    }
    Ok(())
}

fn is_missing(read: &io::Result<Vec<u8>>) -> bool {
    read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
