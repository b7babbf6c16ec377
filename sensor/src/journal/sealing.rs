//! The key of a sealed journal, and batches sealed with it.
//!
//! A sealed segment holds one sealed record instead of each mark with its batch. Each record opens by
//! itself, so that damage to one costs that one. In the clear stand lengths, numbers of batches and
//! which key it was; see [`SealedHead`].

use super::JournalError;
use super::machine::{Access, Machine};
use pw_trust::{SealError, SealingKey, SealingKeyId};
use pw_wire::{
    BatchHeader, EncodedBatch, Envelope, EnvelopeKind, JournalRecord, ScanItem, SealedHead,
    SegmentScanner,
};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Longest file that is looked at as a key.
const KEY_FILE_MOST: u64 = 4096;
/// Bytes at the start of a segment in which its first batch begins, unless there is damage.
const PEEK: u64 = 4096;
/// What a sealed record is longer than what is in it: head, salt and tag, generously.
pub(super) const SEAL_OVERHEAD: usize = 128;
/// How a key that the service manager hands over is named in the configuration.
const CREDENTIAL: &str = "credential:";

/// A journal's key.
#[derive(Debug)]
pub struct Sealing {
    key: SealingKey,
    path: PathBuf,
    seals: bool,
}

/// What stood in a sealed record.
pub(super) struct Opened {
    /// The mark before the batch.
    pub(super) mark: JournalRecord,
    /// The batch.
    pub(super) batch: EncodedBatch,
}

impl Sealing {
    /// Reads the key in `file`, or, for `credential:NAME`, the one of that name which the service
    /// manager hands over (`LoadCredential=`).
    ///
    /// # Errors
    /// There is none, it is no key, or everybody on this machine may read it.
    pub fn read(file: &Path) -> Result<Self, JournalError> {
        let credential = file.to_str().and_then(|text| text.strip_prefix(CREDENTIAL));
        let path = match credential {
            Some(name) => credential_path(name, std::env::var_os("CREDENTIALS_DIRECTORY"))?,
            None => file.to_path_buf(),
        };
        let wrong = |problem: String| JournalError::Key { path: path.clone(), problem };
        let file = File::open(&path).map_err(|error| {
            let advice = match error.kind() {
                io::ErrorKind::NotFound => {
                    "; put it there (is the stick plugged in and mounted?), or make one with: \
                     piwardrive-sensor journal new-key PATH"
                }
                io::ErrorKind::PermissionDenied => "; the sensor's user must be able to read it",
                _ => "",
            };
            wrong(format!("{error}{advice}"))
        })?;
        let data = file.metadata().map_err(|error| wrong(error.to_string()))?;
        if credential.is_none() && data.mode() & 0o007 != 0 {
            return Err(wrong(format!(
                "every user of this machine may use it (mode {:o}): chmod 600 it, or mount a stick \
                 that knows no rights with umask=077",
                data.mode() & 0o777
            )));
        }
        let mut text = String::new();
        file.take(KEY_FILE_MOST + 1)
            .read_to_string(&mut text)
            .map_err(|error| wrong(error.to_string()))?;
        let key = SealingKey::from_text(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { key, path, seals: true })
    }

    /// A key that opens what is sealed, and seals nothing new.
    #[must_use]
    pub fn only_opening(self) -> Self {
        Self { seals: false, ..self }
    }

    /// True when new batches are sealed.
    #[must_use]
    pub const fn seals(&self) -> bool {
        self.seals
    }

    /// Which key it is.
    #[must_use]
    pub const fn id(&self) -> SealingKeyId {
        self.key.id()
    }

    /// Where it was read.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True when the key lies on the same file system as `folder`, so that whoever takes the one has
    /// the other; `None` when that cannot be told.
    #[must_use]
    pub fn lies_beside(&self, folder: &Path) -> Option<bool> {
        let there = folder.ancestors().find_map(|folder| std::fs::metadata(folder).ok())?;
        Some(std::fs::metadata(&self.path).ok()?.dev() == there.dev())
    }

    /// A key for tests.
    #[cfg(test)]
    pub(super) fn of(key: SealingKey) -> Self {
        Self { key, path: PathBuf::from("/key"), seals: true }
    }

    /// The sealed record of a batch with its mark.
    pub(super) fn seal(&self, seq: u64, record: &[u8]) -> Result<Vec<u8>, JournalError> {
        let head = SealedHead { key: self.key.id().0, seq };
        let sealed = self.key.seal(&head.to_bytes(), record).map_err(|error| match error {
            SealError::Random(error) => JournalError::Random(error.to_string()),
            other => JournalError::Encode(other.to_string()),
        })?;
        head.encode(&sealed).map_err(|error| JournalError::Encode(error.to_string()))
    }

    /// Opens a sealed record's payload.
    pub(super) fn open(&self, payload: &[u8]) -> Result<Opened, String> {
        let (head, sealed) = SealedHead::read(payload).map_err(|error| error.to_string())?;
        let mut record =
            self.key.open(&head.to_bytes(), sealed).map_err(|error| error.to_string())?;
        let envelope = Envelope::read(&record).map_err(|error| error.to_string())?;
        let mark: JournalRecord = envelope.decode().map_err(|error| error.to_string())?;
        let mark_len = envelope.len;
        record.drain(..mark_len);
        let batch = EncodedBatch::from_bytes(record).map_err(|error| error.to_string())?;
        if batch.header().id.seq == head.seq {
            Ok(Opened { mark, batch })
        } else {
            Err(format!("batch {} is sealed as batch {}", batch.header().id.seq, head.seq))
        }
    }
}

fn credential_path(name: &str, folder: Option<OsString>) -> Result<PathBuf, JournalError> {
    let file = PathBuf::from(format!("{CREDENTIAL}{name}"));
    let wrong =
        |problem: &str| JournalError::Key { path: file.clone(), problem: problem.to_owned() };
    if name.is_empty() || name.contains('/') {
        return Err(wrong("not the name of a credential"));
    }
    let folder = folder.ok_or_else(|| {
        wrong(
            "no service manager hands over credentials here: name the key's file with --key-file, \
             or add LoadCredential= to the unit",
        )
    })?;
    Ok(PathBuf::from(folder).join(name))
}

/// Makes a new key in a file of its own, for its owner only, and says which it is.
///
/// # Errors
/// Something is there already, or the file cannot be written.
pub fn new_key(path: &Path) -> Result<SealingKeyId, JournalError> {
    let key = SealingKey::generate().map_err(|error| JournalError::Random(error.to_string()))?;
    let failed = |error: io::Error| {
        let advice = if error.kind() == io::ErrorKind::AlreadyExists {
            "; a key that has sealed something must not be lost, so nothing is replaced: name \
             another file"
        } else {
            ""
        };
        JournalError::Key { path: path.to_path_buf(), problem: format!("{error}{advice}") }
    };
    let mut file =
        File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(key.to_text().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|f| f.sync_all()).map_err(failed)?;
    Ok(key.id())
}

/// The key that the first sound batch of a segment is sealed with; `None` when it is plain, or there is
/// none. `at_hand` is the key that it is most likely to be.
pub(super) fn key_of(
    machine: &dyn Machine,
    path: &Path,
    at_hand: Option<SealingKeyId>,
) -> Result<Option<SealingKeyId>, JournalError> {
    let unreadable = |error| JournalError::io("cannot read", path, error);
    let file = machine.open(path, Access::Read).map_err(unreadable)?;
    let length = file.length().map_err(unreadable)?;
    let mut bytes = vec![0; usize::try_from(length.min(PEEK)).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, 0).map_err(unreadable)?;
    let mut rest = bytes.as_slice();
    while let Ok(envelope) = Envelope::read(rest) {
        match envelope.kind {
            Some(EnvelopeKind::Batch | EnvelopeKind::Journal) => return Ok(None),
            Some(EnvelopeKind::Sealed) => break,
            _ => rest = rest.get(envelope.len..).unwrap_or_default(),
        }
    }
    if rest.is_empty() && length <= PEEK {
        return Ok(None);
    }
    // The first batch need not be whole in these bytes. What it says of itself is not checked then, and
    // enough only when it is as expected: one damaged bit must not lock the journal.
    if let Some((EnvelopeKind::Sealed, payload)) = Envelope::peek(rest)
        && let Ok((head, _)) = SealedHead::read(payload)
        && at_hand == Some(SealingKeyId(head.key))
    {
        return Ok(at_hand);
    }
    let bytes = machine.read(path).map_err(unreadable)?;
    Ok(SegmentScanner::new(&bytes).find_map(|item| sealed_or_plain(&item)).flatten())
}

/// Whether a record shows which key the segment is sealed with, or that it is plain.
fn sealed_or_plain(item: &ScanItem<'_>) -> Option<Option<SealingKeyId>> {
    let ScanItem::Record { envelope, .. } = item else { return None };
    match envelope.kind {
        Some(EnvelopeKind::Sealed) => {
            let (head, _) = SealedHead::read(envelope.payload).ok()?;
            Some(Some(SealingKeyId(head.key)))
        }
        Some(EnvelopeKind::Batch) => BatchHeader::read(envelope).ok().map(|_plain| None),
        _ => None,
    }
}

/// Refuses files whose key is not at hand. Called before anything of the journal is changed.
pub(super) fn check_key(
    machine: &dyn Machine,
    paths: impl Iterator<Item = PathBuf>,
    sealing: Option<&Sealing>,
) -> Result<(), JournalError> {
    for path in paths {
        let at_hand = sealing.map(Sealing::id);
        if let Some(found) = key_of(machine, &path, at_hand)?
            && at_hand != Some(found)
        {
            return Err(JournalError::Sealed { path, problem: missing_key(found, sealing) });
        }
    }
    Ok(())
}

/// What is wrong and what to do where the key `found` is needed.
pub(super) fn missing_key(found: SealingKeyId, sealing: Option<&Sealing>) -> String {
    match sealing {
        None => format!("sealed with the key {found}, and no key is given"),
        Some(given) => format!(
            "sealed with the key {found}; the one in {} is {}",
            given.path.display(),
            given.id()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{Origin, SensorId};
    use pw_wire::{Batch, BatchId, StreamInfo};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_key_is_private_and_replaces_nothing() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("key");
        let id = new_key(&path).expect("made");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let key = Sealing::read(&path).expect("readable");
        assert_eq!((key.id(), key.seals(), key.path()), (id, true, path.as_path()));
        assert_eq!(key.lies_beside(&folder.path().join("not/yet/there")), Some(true));
        assert!(!key.only_opening().seals());
        let before = std::fs::read(&path).expect("readable");
        let error = new_key(&path).expect_err("there already").to_string();
        assert!(error.contains("nothing is replaced"), "{error}");
        assert_eq!(std::fs::read(&path).expect("readable"), before);
    }

    #[test]
    fn what_is_no_usable_key_is_told_with_its_path() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("key");
        let error = |wanted: &str| {
            let error = Sealing::read(&path).expect_err(wanted).to_string();
            assert!(error.contains(wanted) && error.contains("/key"), "{error}");
        };
        error("is the stick plugged in");
        std::fs::write(&path, "hello").expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("changed");
        error("not a key for sealing");
        std::fs::write(&path, vec![b'x'; 1 << 20]).expect("written");
        error("not a key for sealing");
        std::fs::write(&path, [0xff; 32]).expect("written");
        error("UTF-8");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).expect("changed");
        error("chmod 600");
    }

    #[test]
    fn credentials_are_found_where_the_service_manager_puts_them() {
        let folder = Some(OsString::from("/run/credentials/unit"));
        let path = credential_path("journal-key", folder.clone()).expect("a name");
        assert_eq!(path, Path::new("/run/credentials/unit/journal-key"));
        for (name, folder, words) in [
            ("../x", folder.clone(), "not the name"),
            ("", folder, "not the name"),
            ("journal-key", None, "--key-file"),
        ] {
            let error = credential_path(name, folder).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_record_opens_as_what_it_is_numbered_only() {
        let sealing = Sealing::of(SealingKey::generate().expect("random"));
        let id = BatchId { sensor: SensorId([7; 16]), epoch: 1, seq: 7 };
        let stream = StreamInfo { name: "test".to_owned(), origin: Origin::Replay };
        let mark = JournalRecord::Mark { seq: 7, accounted: vec![3], restated: 0 };
        let mut record = mark.encode().expect("small");
        record.extend_from_slice(Batch::new(id, stream).encode().expect("small").bytes());
        let sealed = sealing.seal(7, &record).expect("sealed");
        let envelope = Envelope::read(&sealed).expect("sound");
        assert!(sealed.len() <= record.len() + SEAL_OVERHEAD);
        let opened = sealing.open(envelope.payload).expect("opens");
        assert_eq!(opened.batch.header().id.seq, 7);
        assert!(matches!(opened.mark, JournalRecord::Mark { seq: 7, .. }));
        let mut renumbered = envelope.payload.to_vec();
        renumbered[9] = 8;
        assert!(sealing.open(&renumbered).is_err());
        let misnamed = sealing.seal(8, &record).expect("sealed");
        let envelope = Envelope::read(&misnamed).expect("sound");
        assert!(sealing.open(envelope.payload).is_err_and(|error| error.contains("as batch 8")));
    }
}
