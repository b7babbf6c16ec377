//! Looking at a journal from outside, also while a sensor writes it.

use super::machine::{Machine, RealMachine};
use super::segment::{Scan, Step, walk};
use super::{JournalError, directory};
use pw_model::TimeRange;
use pw_wire::Batch;
use std::path::{Path, PathBuf};

/// What stands in one segment.
#[derive(Clone, Debug)]
pub struct SegmentReport {
    /// Its number.
    pub number: u64,
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
    /// Observations in them.
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

/// Reads and checks every segment of the journal in `directory`, oldest first.
///
/// # Errors
/// The folder or a file cannot be read.
pub fn inspect(directory: &Path) -> Result<Vec<SegmentReport>, JournalError> {
    let mut reports = Vec::new();
    each_segment(directory, |number, path, bytes| {
        let scan = Scan::of(bytes, 0);
        reports.push(SegmentReport {
            number,
            path,
            bytes: bytes.len() as u64,
            epoch: scan.last.as_ref().map(|last| last.id.epoch),
            first_seq: scan.first.as_ref().map(|first| first.id.seq),
            last_seq: scan.last.as_ref().map(|last| last.id.seq),
            batches: scan.batches,
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
/// The folder or a file cannot be read, or `take` fails.
pub fn each_batch<E: From<JournalError>>(
    directory: &Path,
    mut take: impl FnMut(Batch) -> Result<bool, E>,
) -> Result<(), E> {
    let mut next = 0;
    let mut failure = None;
    each_segment(directory, |_, path, bytes| {
        for step in walk(bytes) {
            let Step::Batch { offset, header, envelope } = step else { continue };
            if header.id.seq < next {
                continue;
            }
            next = header.id.seq + 1;
            let batch = Batch::read(&envelope).map_err(|error| JournalError::Content {
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
    mut look: impl FnMut(u64, PathBuf, &[u8]) -> Result<bool, JournalError>,
) -> Result<(), JournalError> {
    let (numbers, _) = directory::segments(&RealMachine, directory)?;
    for number in numbers {
        let path = directory::segment_path(directory, number);
        let bytes = match RealMachine.read(&path) {
            Ok(bytes) => bytes,
            // Acknowledged and deleted by the running sensor since the folder was read.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(JournalError::io("cannot read", &path, error)),
        };
        if !look(number, path, &bytes)? {
            break;
        }
    }
    Ok(())
}
