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
