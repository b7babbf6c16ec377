//! Names, rights and lock of the journal's folder.

use super::JournalError;
use super::machine::{Access, Machine, OpenFile};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "journal-";
const SUFFIX: &str = ".pws";
/// Before the suffix of a segment that was thinned out.
const THINNED: &str = ".thinned";
/// A segment that the quota drives out, between its removal from the index and its deletion.
const EXPIRED: &str = ".expired";
/// A thinned segment that is not whole yet.
const UNFINISHED: &str = ".thinning";

/// Options for files that only their owner may read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The path of segment `number` as it was written.
pub(super) fn segment_path(directory: &Path, number: u64) -> PathBuf {
    SegmentName { number, thinned: false }.path(directory)
}

/// A segment's file: as it was written, or thinned out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct SegmentName {
    /// Its number.
    pub(super) number: u64,
    /// True when rows were left out of it to make room.
    pub(super) thinned: bool,
}

impl SegmentName {
    /// Its path.
    pub(super) fn path(self, directory: &Path) -> PathBuf {
        directory.join(format!("{}{SUFFIX}", self.stem()))
    }

    /// Where its thinned form is written before it is whole.
    pub(super) fn unfinished_path(self, directory: &Path) -> PathBuf {
        directory.join(format!("{PREFIX}{:010}{UNFINISHED}", self.number))
    }

    fn stem(self) -> String {
        let thinned = if self.thinned { THINNED } else { "" };
        format!("{PREFIX}{:010}{thinned}", self.number)
    }

    fn parse(rest: &str) -> Option<Self> {
        let (number, thinned) = match rest.strip_suffix(THINNED) {
            Some(number) => (number, true),
            None => (rest, false),
        };
        Some(Self { number: number.parse().ok()?, thinned })
    }
}

/// A segment that is being driven out: it may be deleted once its loss is stated for good.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Expired {
    /// Which it is.
    pub(super) segment: SegmentName,
    /// The batch that states its loss; `None` in names of releases that did not note it.
    pub(super) statement: Option<u64>,
}

impl Expired {
    /// Its path.
    pub(super) fn path(&self, directory: &Path) -> PathBuf {
        let statement = self.statement.map(|seq| format!("-{seq}")).unwrap_or_default();
        directory.join(format!("{}{statement}{EXPIRED}", self.segment.stem()))
    }

    fn parse(name: &str) -> Option<Self> {
        let (segment, statement) = match name.split_once('-') {
            Some((segment, statement)) => (segment, Some(statement.parse().ok()?)),
            None => (name, None),
        };
        Some(Self { segment: SegmentName::parse(segment)?, statement })
    }
}

/// What stands in the folder.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Listing {
    /// Segments, oldest first. One that stands there whole and thinned, because the change was not
    /// finished, is in it twice, whole first.
    pub(super) segments: Vec<SegmentName>,
    /// Segments that were being driven out.
    pub(super) expired: Vec<Expired>,
    /// Thinned forms that are not whole.
    pub(super) unfinished: Vec<PathBuf>,
}

/// Lists the journal in `directory`.
pub(super) fn list(machine: &dyn Machine, directory: &Path) -> Result<Listing, JournalError> {
    let unreadable = |error| JournalError::io("cannot read the folder", directory, error);
    let mut listing = Listing::default();
    for name in machine.list(directory).map_err(unreadable)? {
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if let Some(segment) = rest.strip_suffix(SUFFIX).and_then(SegmentName::parse) {
            listing.segments.push(segment);
        } else if let Some(segment) = rest.strip_suffix(EXPIRED).and_then(Expired::parse) {
            listing.expired.push(segment);
        } else if rest.ends_with(UNFINISHED) {
            listing.unfinished.push(directory.join(name));
        }
    }
    listing.segments.sort_unstable();
    listing.expired.sort_unstable();
    Ok(listing)
}

/// Creates the folder and those above it where they are missing.
pub(super) fn create(machine: &dyn Machine, directory: &Path) -> Result<(), JournalError> {
    machine
        .create_folder(directory)
        .map_err(|error| JournalError::io("cannot create the folder", directory, error))
}

/// Takes the lock; it is held until the file is dropped, also by a kill.
pub(super) fn lock(
    machine: &dyn Machine,
    directory: &Path,
) -> Result<Box<dyn OpenFile>, JournalError> {
    let path = directory.join("lock");
    machine
        .lock(&path)
        .map_err(|error| JournalError::io("cannot lock", &path, error))?
        .ok_or_else(|| JournalError::Locked { path: directory.to_path_buf() })
}

/// Makes created, renamed and deleted names durable.
pub(super) fn sync_names(machine: &dyn Machine, directory: &Path) -> Result<(), JournalError> {
    machine
        .sync_folder(directory)
        .map_err(|error| JournalError::io("cannot sync the folder", directory, error))
}

/// Replaces a small file so that after a crash it holds the old or the new content.
pub(super) fn replace(
    machine: &dyn Machine,
    path: &Path,
    content: &[u8],
) -> Result<(), JournalError> {
    let new = path.with_extension("new");
    let write = || {
        let file = machine.open(&new, Access::Create)?;
        file.write_all_at(content, 0)?;
        file.sync()?;
        machine.rename(&new, path)
    };
    write().map_err(|error| JournalError::io("cannot write", path, error))?;
    path.parent().map_or(Ok(()), |folder| sync_names(machine, folder))
}

/// Reads the epoch; `None` when the file is not there.
pub(super) fn read_epoch(
    machine: &dyn Machine,
    directory: &Path,
) -> Result<Option<u64>, JournalError> {
    let path = directory.join("epoch");
    let text = match machine.read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(JournalError::io("cannot read", &path, error)),
    };
    match u64::from_str_radix(String::from_utf8_lossy(&text).trim(), 16) {
        Ok(epoch) => Ok(Some(epoch)),
        Err(_not_hex) => Err(JournalError::Content {
            path,
            problem: "not an epoch (16 hex digits); delete this file, and the batches will say it"
                .to_owned(),
        }),
    }
}

/// Writes the epoch.
pub(super) fn write_epoch(
    machine: &dyn Machine,
    directory: &Path,
    epoch: u64,
) -> Result<(), JournalError> {
    replace(machine, &directory.join("epoch"), format!("{epoch:016x}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::machine::RealMachine;

    #[test]
    fn names_and_rights() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("temporary folder");
        let directory = folder.path().join("a/journal");
        create(&RealMachine, &directory).expect("created");
        let mode =
            |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        for number in [2, 1, 10_000_000_000] {
            std::fs::write(segment_path(&directory, number), b"").expect("written");
        }
        let whole = |number| SegmentName { number, thinned: false };
        let thinned = |number| SegmentName { number, thinned: true };
        std::fs::write(thinned(2).path(&directory), b"").expect("written");
        std::fs::write(thinned(3).path(&directory), b"").expect("written");
        let unfinished = whole(3).unfinished_path(&directory);
        std::fs::write(&unfinished, b"").expect("written");
        let expired = [(whole(4), None), (whole(4), Some(17)), (thinned(5), Some(18))]
            .map(|(segment, statement)| Expired { segment, statement });
        for segment in expired {
            std::fs::write(segment.path(&directory), b"").expect("written");
        }
        std::fs::write(directory.join("journal-x.pws"), b"").expect("written");
        let found = list(&RealMachine, &directory).expect("read");
        let expected = vec![whole(1), whole(2), thinned(2), thinned(3), whole(10_000_000_000)];
        assert_eq!(
            found,
            Listing { segments: expected, expired: expired.to_vec(), unfinished: vec![unfinished] }
        );
        assert_eq!(read_epoch(&RealMachine, &directory).expect("none"), None);
        write_epoch(&RealMachine, &directory, 0xab).expect("written");
        assert_eq!(read_epoch(&RealMachine, &directory).expect("there"), Some(0xab));
        assert_eq!(mode(&directory.join("epoch")), 0o600);
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let held = lock(&RealMachine, folder.path()).expect("free");
        assert!(matches!(lock(&RealMachine, folder.path()), Err(JournalError::Locked { .. })));
        drop(held);
        lock(&RealMachine, folder.path()).expect("free again");
    }
}
