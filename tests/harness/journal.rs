//! Reading a sensor's journal, and a survey's segments, without the programs that wrote them.

use anyhow::{Context, Result, bail};
use pw_wire::{Batch, EnvelopeKind, ScanItem, SegmentScanner};
use std::fs;
use std::path::{Path, PathBuf};

/// All segment files below `folder`, by name, which is by age.
///
/// # Errors
/// The folder cannot be read.
pub fn segments(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(segments(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "pws") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// All batches in the segments below `folder`, in order.
///
/// # Errors
/// A record is damaged.
pub fn journal_batches(folder: &Path) -> Result<Vec<Batch>> {
    let mut batches = Vec::new();
    for path in segments(folder)? {
        let bytes = fs::read(&path)?;
        for item in SegmentScanner::new(&bytes) {
            match item {
                ScanItem::Record { envelope, .. } if envelope.kind == Some(EnvelopeKind::Batch) => {
                    batches.push(Batch::read(&envelope)?);
                }
                ScanItem::Record { .. } | ScanItem::TornTail { .. } => {}
                ScanItem::Damage { offset, error, .. } => {
                    bail!("{}: byte {offset}: {error}", path.display())
                }
            }
        }
    }
    Ok(batches)
}

/// The same records in batches of half a second, as a sensor closes them that listens to a radio; one
/// that plays a recording as fast as it can fills each to its limit.
#[must_use]
pub fn in_half_seconds(batches: &[Batch]) -> Vec<Batch> {
    const HALF_SECOND_NS: i64 = 500_000_000;
    let mut short: Vec<Batch> = Vec::new();
    for batch in batches {
        let mut rest = batch.clone();
        let observations = std::mem::take(&mut rest.observations);
        let mut told = std::mem::take(&mut rest.advertisements);
        let slot = |o: &pw_model::Observation| o.time.unix_ns().div_euclid(HALF_SECOND_NS);
        let mut parts: Vec<Batch> = observations
            .chunk_by(|one, next| slot(one) == slot(next))
            .map(|part| {
                let mut batch = Batch::new(rest.id, rest.stream.clone());
                batch.privacy.clone_from(&rest.privacy);
                batch.observations = part.to_vec();
                let end = part.iter().map(|o| o.time).max();
                // Advertisements stand in the batch that is the first to refer to them.
                let (now, later) = std::mem::take(&mut told)
                    .into_iter()
                    .partition(|told| end.is_some_and(|end| told.time <= end));
                (batch.advertisements, told) = (now, later);
                batch
            })
            .collect();
        rest.advertisements = told;
        parts.push(rest);
        short.extend(parts.into_iter().filter(|batch| !batch.is_empty()));
    }
    short
}
