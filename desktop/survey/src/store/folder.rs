//! The survey folder itself: its description, its lock, the places of its parts.

use super::segments;
use crate::error::SurveyError;
use crate::snapshot::SurveyInfo;
use pw_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The format this release writes. Older ones stay readable.
pub(crate) const FORMAT: u32 = 1;
/// A description is some hundred bytes; a larger file is something else.
const MAX_DESCRIPTION: u64 = 64 << 10;
/// How long an opener waits for another to let go: a reader holds the lock for a moment only.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// A folder that is a survey.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) info: SurveyInfo,
    pub(crate) id: String,
    pub(crate) format: u32,
}

/// What `survey.toml` holds.
#[derive(Serialize, Deserialize)]
struct Description {
    /// Always "PiWardrive survey".
    program: String,
    format: u32,
    name: String,
    id: String,
    created: String,
}

const PROGRAM: &str = "PiWardrive survey";

/// The description, and what it is until it is whole.
const DESCRIPTION: &str = "survey.toml";
const DRAFT: &str = "survey.toml.new";
/// Locked while the survey is open for writing.
const LOCK_FILE: &str = "survey.lock";
const SEGMENTS: &str = "segments";

/// Held while a survey is open for writing; the operating system drops it with the process.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    /// Makes the folder and its description. Of two that make the same one, the second waits for the
    /// first, and then finds it there.
    pub(crate) fn create(
        path: &Path,
        name: &str,
        created: Timestamp,
    ) -> Result<(Self, Lock), SurveyError> {
        let exists = || SurveyError::Exists { path: path.to_owned() };
        if path.exists() && !is_unmade(path)? {
            return Err(exists());
        }
        let lock = loop {
            fs::create_dir_all(path)
                .map_err(|error| SurveyError::io("make the folder", path, error))?;
            let lock = lock(path)?;
            // Who had the lock before may have taken its folder away.
            if path.join(LOCK_FILE).exists() {
                break lock;
            }
        };
        if !is_unmade(path)? {
            return Err(exists());
        }
        let described = Self::describe(path, name, created);
        if described.is_err() {
            // What cannot go, as a folder that somebody has open, is taken over by the next try.
            drop(fs::remove_file(path.join(DRAFT)));
            drop(fs::remove_dir(path.join(SEGMENTS)));
            drop(fs::remove_file(path.join(LOCK_FILE)));
            drop(fs::remove_dir(path));
        }
        Ok((described?, lock))
    }

    fn describe(path: &Path, name: &str, created: Timestamp) -> Result<Self, SurveyError> {
        fs::create_dir_all(path.join(SEGMENTS))
            .map_err(|error| SurveyError::io("make the folder", path, error))?;
        let description = Description {
            program: PROGRAM.to_owned(),
            format: FORMAT,
            name: name.to_owned(),
            id: new_id(),
            created: created.rfc3339(),
        };
        let file = path.join(DESCRIPTION);
        let text = toml::to_string(&description).map_err(|error| SurveyError::Description {
            path: file.clone(),
            reason: error.to_string(),
        })?;
        // Written beside and renamed: a half-written description would lock the survey out.
        let draft = path.join(DRAFT);
        let write = || -> std::io::Result<()> {
            let mut out = File::create(&draft)?;
            out.write_all(text.as_bytes())?;
            out.sync_all()?;
            fs::rename(&draft, &file)?;
            sync_folder(path)
        };
        write().map_err(|error| SurveyError::io("write the description", &file, error))?;
        Self::open(path)
    }

    /// Takes a survey away that nothing was ever stored in, folder and all; false, and nothing is
    /// changed, when something is in it. Files that are not the survey's stay, with the folder.
    pub(crate) fn remove_unused(&self) -> Result<bool, SurveyError> {
        let _lock = self.lock()?;
        let path = &self.info.path;
        for file in segments::list(&self.segments())? {
            let mut unused = true;
            let bytes = segments::read_from(&file.path, 0)?;
            let end = segments::scan(&bytes, |item| {
                unused &= matches!(item, pw_wire::ScanItem::Record { envelope, .. }
                    if envelope.kind == Some(pw_wire::EnvelopeKind::SegmentHeader));
            });
            if !unused || end.torn > 0 || end.damaged > 0 {
                return Ok(false);
            }
        }
        // The description first: without it the rest is no survey.
        let files = [DESCRIPTION, DRAFT].map(|name| path.join(name));
        let segments = segments::list(&self.segments())?.into_iter().map(|file| file.path);
        for file in files.into_iter().chain(segments) {
            gone(fs::remove_file(&file), &file)?;
        }
        gone(fs::remove_dir_all(self.index()), &self.index())?;
        let lock = path.join(LOCK_FILE);
        gone(fs::remove_file(&lock), &lock)?;
        for folder in [&self.segments(), path] {
            match fs::remove_dir(folder) {
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
                removed => gone(removed, folder)?,
            }
        }
        Ok(true)
    }

    /// Reads the description of the survey at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, SurveyError> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SurveyError::Missing { path: path.to_owned() });
            }
            Err(error) => return Err(SurveyError::io("open", path, error)),
        };
        if !metadata.is_dir() {
            return Err(SurveyError::NotAFolder { path: path.to_owned() });
        }
        let file = path.join(DESCRIPTION);
        let mut text = Vec::new();
        match File::open(&file) {
            Ok(description) => description
                .take(MAX_DESCRIPTION)
                .read_to_end(&mut text)
                .map_err(|error| SurveyError::io("read", &file, error))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // One that is just being made has its lock, and it is held.
                if path.join(LOCK_FILE).is_file() {
                    drop(try_lock(path)?);
                }
                return Err(SurveyError::NotASurvey { path: path.to_owned() });
            }
            Err(error) => return Err(SurveyError::io("open", &file, error)),
        };
        Self::read(path, &file, &text)
    }

    fn read(path: &Path, file: &Path, text: &[u8]) -> Result<Self, SurveyError> {
        let wrong = |reason: String| SurveyError::Description { path: file.to_owned(), reason };
        let text = str::from_utf8(text)
            .map_err(|error| wrong(format!("no text after byte {}", error.valid_up_to())))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map(|span| span.start);
            wrong(pw_model::words::wrong_at(text, start, error.message()))
        })?;
        if table.get("program").and_then(toml::Value::as_str) != Some(PROGRAM) {
            return Err(wrong(format!("'program' is not \"{PROGRAM}\"")));
        }
        // Before the rest: a later release may have changed it.
        let format = table.get("format").and_then(toml::Value::as_integer);
        let format = format.and_then(|n| u32::try_from(n).ok());
        let found = format.ok_or_else(|| wrong("'format' is missing or no number".to_owned()))?;
        if found > FORMAT {
            let path = path.to_owned();
            return Err(SurveyError::NewerFormat { path, found, supported: FORMAT });
        }
        let description: Description =
            table.try_into().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        let created = Timestamp::parse_rfc3339(&description.created)
            .map_err(|error| wrong(format!("'created': {error}")))?;
        let info = SurveyInfo { path: path.to_owned(), name: description.name, created };
        Ok(Self { info, id: description.id, format: found })
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.info.path.join(SEGMENTS)
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.info.path.join("index")
    }

    /// Takes the lock, waiting a moment where another holds it.
    pub(crate) fn lock(&self) -> Result<Lock, SurveyError> {
        let lock = lock(&self.info.path)?;
        // Who had the lock before may have taken the survey away.
        if self.info.path.join(DESCRIPTION).exists() {
            Ok(lock)
        } else {
            Err(SurveyError::Missing { path: self.info.path.clone() })
        }
    }

    /// Takes the lock if it is free.
    pub(crate) fn try_lock(&self) -> Result<Lock, SurveyError> {
        try_lock(&self.info.path)
    }
}

/// True for an empty folder, and for one in which a survey was begun but never described.
fn is_unmade(path: &Path) -> Result<bool, SurveyError> {
    if !path.is_dir() {
        return Ok(false);
    }
    let failed = |error| SurveyError::io("read the folder", path, error);
    for entry in fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let begun = [LOCK_FILE, DRAFT].iter().any(|own| name == *own);
        let empty =
            || fs::read_dir(path.join(SEGMENTS)).is_ok_and(|mut list| list.next().is_none());
        let own = begun || (name == SEGMENTS && empty());
        if !own {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Passes an error on, unless it says that what was to be removed is not there.
fn gone(removed: std::io::Result<()>, path: &Path) -> Result<(), SurveyError> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(SurveyError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

fn lock(folder: &Path) -> Result<Lock, SurveyError> {
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        match try_lock(folder) {
            Err(SurveyError::InUse { .. }) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(50));
            }
            result => return result,
        }
    }
}

fn try_lock(folder: &Path) -> Result<Lock, SurveyError> {
    let path = folder.join(LOCK_FILE);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| SurveyError::io("open the lock", &path, error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            // Where the system keeps others from reading a locked file, the number stays unknown.
            let mut text = String::new();
            let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(SurveyError::InUse { path: folder.to_owned(), holder });
        }
        Err(TryLockError::Error(error)) => {
            return Err(SurveyError::io("lock", &path, error));
        }
    }
    // The number is for people only; on a full disk the lock holds without it.
    let pid = std::process::id().to_string();
    if let Err(error) = file.set_len(0).and_then(|()| file.write_all(pid.as_bytes())) {
        tracing::debug!("no process number in {}: {error}", path.display());
    }
    Ok(Lock { _file: file })
}

/// Makes the names in a folder durable. Windows does so by itself and has no call for it.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Bytes of all files in a folder and below.
pub(crate) fn folder_bytes(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// 128 random bits as hex: the standard library seeds its hash tables from the system's randomness.
fn new_id() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path) -> String {
        Folder::open(path).expect_err("no survey").to_string()
    }

    #[test]
    fn what_is_no_survey_gets_one_clear_line() {
        let scratch = tempfile::tempdir().expect("a folder");
        let path = scratch.path().join("x");
        assert!(refused(&path).contains("no such folder"));
        fs::write(&path, "GIF89a").expect("written");
        assert!(refused(&path).contains("this is a file"));
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("made");
        assert!(refused(&path).contains("no survey.toml"));
        let description = path.join("survey.toml");
        for (text, say) in [
            (&b""[..], "'program'"),
            (b"\xff\xfe", "no text"),
            (b"a = 1\nb = = 2\n", "line 2"),
            (b"[kismet]\n", "'program'"),
            (b"program = \"PiWardrive survey\"\n", "'format'"),
            (b"program = \"PiWardrive survey\"\nformat = 99\n", "update PiWardrive"),
            (b"program = \"PiWardrive survey\"\nformat = 1\n", "name"),
            (b"program = \"PiWardrive survey\"\nformat = 1\nname=\"a\"\nid=\"b\"\ncreated=\"c\"\n", "'created'"),
        ] {
            fs::write(&description, text).expect("written");
            let line = refused(&path);
            assert!(line.contains(say), "{line}");
            assert_eq!(line.lines().count(), 1, "{line}");
        }
    }

    #[test]
    fn created_once_and_read_back() {
        let scratch = tempfile::tempdir().expect("a folder");
        let path = scratch.path().join("new");
        let created = Timestamp::from_unix_ns(1_700_000_000_123_000_000);
        let (folder, _lock) = Folder::create(&path, "Night \"drive\"", created).expect("made");
        assert_eq!((folder.info.name.as_str(), folder.info.created), ("Night \"drive\"", created));
        assert_eq!(folder.id.len(), 32);
        assert!(matches!(Folder::create(&path, "b", created), Err(SurveyError::Exists { .. })));
    }

    #[test]
    fn one_writer_at_a_time() {
        let _nobody_starts = crate::fixture::STARTING.read();
        let scratch = tempfile::tempdir().expect("a folder");
        let created = Timestamp::from_unix_secs(0);
        let (folder, made) = Folder::create(&scratch.path().join("s"), "s", created).expect("made");
        assert!(folder.try_lock().is_err(), "held from the beginning");
        drop(made);
        let lock = folder.lock().expect("free");
        let line = folder.try_lock().expect_err("held").to_string();
        assert!(line.contains("in use by another PiWardrive"), "{line}");
        drop(lock);
        folder.try_lock().expect("free again");
    }

    #[test]
    fn one_that_is_being_made_is_in_use() {
        let _nobody_starts = crate::fixture::STARTING.read();
        let scratch = tempfile::tempdir().expect("a folder");
        let path = scratch.path().join("s");
        fs::create_dir(&path).expect("made");
        let other = try_lock(&path).expect("free");
        assert!(matches!(Folder::open(&path), Err(SurveyError::InUse { holder: Some(_), .. })));
        let create = || Folder::create(&path, "s", Timestamp::from_unix_secs(0));
        assert!(matches!(create(), Err(SurveyError::InUse { .. })));
        // The other one died before it had described the survey: whoever comes next makes it.
        drop(other);
        assert!(matches!(Folder::open(&path), Err(SurveyError::NotASurvey { .. })));
        create().expect("made");
        // What is not ours is left alone.
        let full = scratch.path().join("full");
        fs::create_dir_all(full.join("segments/x")).expect("made");
        let create = Folder::create(&full, "s", Timestamp::from_unix_secs(0));
        assert!(matches!(create, Err(SurveyError::Exists { .. })));
        assert_eq!(fs::read_dir(&full).expect("there").count(), 1);
    }
}
