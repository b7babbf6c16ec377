//! Names, rights and lock of the journal's folder.

use super::JournalError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const PREFIX: &str = "journal-";
const SUFFIX: &str = ".pws";
/// A segment that the quota drives out, between its removal from the index and its deletion.
const EXPIRED: &str = ".expired";

/// Options for files that only their owner may read.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The path of segment `number`.
pub(super) fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{number:010}{SUFFIX}"))
}

/// The path of segment `number` while it is being driven out.
pub(super) fn expired_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{PREFIX}{number:010}{EXPIRED}"))
}

/// Numbers of the segments in `directory`, oldest first, and of those that were being driven out.
pub(super) fn segments(directory: &Path) -> Result<(Vec<u64>, Vec<u64>), JournalError> {
    let unreadable = |error| JournalError::io("cannot read the folder", directory, error);
    let (mut numbers, mut expired) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if let Some(Ok(number)) = rest.strip_suffix(SUFFIX).map(str::parse) {
            numbers.push(number);
        } else if let Some(Ok(number)) = rest.strip_suffix(EXPIRED).map(str::parse) {
            expired.push(number);
        }
    }
    numbers.sort_unstable();
    expired.sort_unstable();
    Ok((numbers, expired))
}

/// Creates the folder and those above it where they are missing.
pub(super) fn create(directory: &Path) -> Result<(), JournalError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| JournalError::io("cannot create the folder", directory, error))
}

/// Takes the lock; it is held until the file is dropped, also by a kill.
pub(super) fn lock(directory: &Path) -> Result<File, JournalError> {
    let path = directory.join("lock");
    let file = private_file()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| JournalError::io("cannot open", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(JournalError::Locked { path: directory.to_path_buf() })
        }
        Err(TryLockError::Error(error)) => Err(JournalError::io("cannot lock", &path, error)),
    }
}

/// Makes created, renamed and deleted names durable.
pub(super) fn sync_names(directory: &Path) -> Result<(), JournalError> {
    File::open(directory)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| JournalError::io("cannot sync the folder", directory, error))
}

/// Replaces a small file so that after a crash it holds the old or the new content.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), JournalError> {
    let new = path.with_extension("new");
    let write = || {
        let mut file = private_file().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().map_err(|error| JournalError::io("cannot write", path, error))?;
    path.parent().map_or(Ok(()), sync_names)
}

/// Reads the epoch; `None` when the file is not there.
pub(super) fn read_epoch(directory: &Path) -> Result<Option<u64>, JournalError> {
    let path = directory.join("epoch");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(JournalError::io("cannot read", &path, error)),
    };
    match u64::from_str_radix(text.trim(), 16) {
        Ok(epoch) => Ok(Some(epoch)),
        Err(_not_hex) => Err(JournalError::Content {
            path,
            problem: "not an epoch (16 hex digits); delete this file, and the batches will say it"
                .to_owned(),
        }),
    }
}

/// Writes the epoch.
pub(super) fn write_epoch(directory: &Path, epoch: u64) -> Result<(), JournalError> {
    replace(&directory.join("epoch"), format!("{epoch:016x}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_rights() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("temporary folder");
        let directory = folder.path().join("a/journal");
        create(&directory).expect("created");
        let mode =
            |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        for number in [2, 1, 10_000_000_000] {
            std::fs::write(segment_path(&directory, number), b"").expect("written");
        }
        std::fs::write(expired_path(&directory, 4), b"").expect("written");
        std::fs::write(directory.join("journal-x.pws"), b"").expect("written");
        assert_eq!(segments(&directory).expect("read"), (vec![1, 2, 10_000_000_000], vec![4]));
        assert_eq!(read_epoch(&directory).expect("none"), None);
        write_epoch(&directory, 0xab).expect("written");
        assert_eq!(read_epoch(&directory).expect("there"), Some(0xab));
        assert_eq!(mode(&directory.join("epoch")), 0o600);
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let held = lock(folder.path()).expect("free");
        assert!(matches!(lock(folder.path()), Err(JournalError::Locked { .. })));
        drop(held);
        lock(folder.path()).expect("free again");
    }
}
