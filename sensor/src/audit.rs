//! Who did what with this sensor: a file of lines that only grows, beside the journal.
//!
//! One JSON object a line, in `audit.log` of the state folder. At [`MAX_BYTES`] the file becomes
//! `audit.log.1` and a new one begins, so that two of them at most lie on the disk. What strangers can
//! repeat at will is written as often as it is logged: once for each cause in half a minute.

use crate::clock;
use pw_model::Timestamp;
use pw_trust::KeyFingerprint;
use pw_wire::plain_text;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Size at which a file is put away and the next begun.
pub const MAX_BYTES: u64 = 1 << 20;

/// Longest detail that is kept, in characters.
const MAX_DETAIL: usize = 300;

const FILE: &str = "audit.log";
const OLDER_FILE: &str = "audit.log.1";

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// The sensor serves desktops from now on.
    Started,
    /// It was stopped in order.
    Stopped,
    /// A person opened a pairing window.
    PairingOpened,
    /// The window closed without a desktop.
    PairingClosed,
    /// A desktop was paired.
    Paired,
    /// A key was taken from the list.
    KeyRevoked,
    /// A paired desktop came.
    Connected,
    /// It left, or was sent away.
    Left,
    /// Somebody was not let in.
    Refused,
    /// Many were not let in, for causes that were written already or were too many.
    RefusedMore,
    /// The plan of channels was changed from a desktop.
    PlanChanged,
}

impl AuditKind {
    /// In words, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Started => "sensor started",
            Self::Stopped => "sensor stopped",
            Self::PairingOpened => "pairing opened",
            Self::PairingClosed => "pairing closed",
            Self::Paired => "paired",
            Self::KeyRevoked => "key revoked",
            Self::Connected => "connected",
            Self::Left => "left",
            Self::Refused => "refused",
            Self::RefusedMore => "refused more",
            Self::PlanChanged => "plan changed",
        }
    }
}

/// One line of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, by the sensor's clock, RFC 3339.
    pub time: String,
    /// What happened.
    pub event: AuditKind,
    /// Name of the desktop, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desktop: Option<String>,
    /// Its key, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why, or what exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl AuditEntry {
    /// It happened now.
    #[must_use]
    pub fn new(event: AuditKind) -> Self {
        let time = Timestamp::rfc3339(clock::now());
        Self { time, event, desktop: None, key: None, address: None, detail: None }
    }

    /// With the desktop that did it, or that it was done to.
    #[must_use]
    pub fn desktop(self, name: &str, key: &KeyFingerprint) -> Self {
        let digits = key.to_string().replace(' ', "");
        Self { desktop: Some(name.to_owned()), key: Some(digits), ..self }
    }

    /// With the address that it came from.
    #[must_use]
    pub fn address(self, address: SocketAddr) -> Self {
        Self { address: Some(address.to_string()), ..self }
    }

    /// With a reason or an explanation.
    #[must_use]
    pub fn detail(self, detail: &str) -> Self {
        Self { detail: Some(plain_text(detail, MAX_DETAIL)), ..self }
    }
}

/// The file, open for writing.
#[derive(Debug)]
pub struct Audit {
    folder: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
    /// It could not be written last time; said once.
    failing: bool,
}

impl Audit {
    /// Opens the file in the state folder, or begins it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(state_dir: &Path) -> io::Result<Self> {
        let (file, bytes) = open(state_dir)?;
        let open = Mutex::new(Open { file, bytes, failing: false });
        Ok(Self { folder: state_dir.to_owned(), open })
    }

    /// Writes an entry. That it cannot be written stops nothing; the log says so, once until it can.
    pub fn record(&self, entry: &AuditEntry) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match self.write(&mut open, entry) {
            Ok(()) => open.failing = false,
            Err(error) => {
                if !std::mem::replace(&mut open.failing, true) {
                    let path = self.folder.join(FILE);
                    tracing::error!("{}: {error}; what is done is not noted", path.display());
                }
            }
        }
    }

    fn write(&self, open: &mut Open, entry: &AuditEntry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if open.bytes + line.len() as u64 > MAX_BYTES {
            match std::fs::rename(self.folder.join(FILE), self.folder.join(OLDER_FILE)) {
                // It was renamed before, and the new one could not be opened.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed?,
            }
            (open.file, open.bytes) = self::open(&self.folder)?;
        }
        // One call, so that a line is whole or not there; after half a line the next one begins on its
        // own.
        let written = open.file.write_all(&line);
        if written.is_err() {
            (open.file, open.bytes) = self::open(&self.folder)?;
        }
        written?;
        open.bytes += line.len() as u64;
        Ok(())
    }
}

fn open(folder: &Path) -> io::Result<(File, u64)> {
    let path = folder.join(FILE);
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > 0 {
        // A power cut may have left half a line; the next one begins on its own.
        let mut last = [b'\n'];
        let read = File::open(folder.join(FILE))?;
        std::os::unix::fs::FileExt::read_exact_at(&read, &mut last, bytes - 1)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok((file, bytes))
}

/// All entries, the oldest first, and how many lines could not be read.
///
/// # Errors
/// A file is there and cannot be read.
pub fn read(state_dir: &Path) -> io::Result<(Vec<AuditEntry>, usize)> {
    let (mut entries, mut damaged) = (Vec::new(), 0);
    for name in [OLDER_FILE, FILE] {
        let file = match File::open(state_dir.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line?;
            match serde_json::from_slice(&line) {
                Ok(entry) => entries.push(entry),
                Err(_) if line.is_empty() => {}
                Err(_not_an_entry) => damaged += 1,
            }
        }
    }
    Ok((entries, damaged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn entries_come_back_and_a_torn_line_costs_itself_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = KeyFingerprint([0xab; 32]);
        let entry = AuditEntry::new(AuditKind::Connected)
            .desktop("laptop", &key)
            .address("10.0.0.2:4711".parse().expect("an address"))
            .detail("two\nlines");
        let audit = Audit::open(folder.path()).expect("writable");
        audit.record(&entry);
        drop(audit);
        let path = folder.path().join(FILE);
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"{\"time\":\"2026-"))
            .expect("writable");
        let audit = Audit::open(folder.path()).expect("writable");
        audit.record(&AuditEntry::new(AuditKind::Stopped));
        let (entries, damaged) = read(folder.path()).expect("readable");
        assert_eq!((entries.len(), damaged), (2, 1));
        assert_eq!(entries[0], entry);
        assert_eq!(entries[0].detail.as_deref(), Some("twolines"));
        assert_eq!(entries[1].event, AuditKind::Stopped);
    }

    #[test]
    fn two_files_at_most_and_none_above_its_size() {
        let folder = tempfile::tempdir().expect("a folder");
        let audit = Audit::open(folder.path()).expect("writable");
        let entry = AuditEntry::new(AuditKind::Refused).detail(&"x".repeat(1_000));
        (0..12_000).for_each(|_| audit.record(&entry));
        let mut files = 0;
        for file in std::fs::read_dir(folder.path()).expect("a folder") {
            let length = file.and_then(|file| file.metadata()).expect("a file").len();
            assert!(length <= MAX_BYTES, "{length}");
            files += 1;
        }
        assert_eq!(files, 2);
        let (entries, damaged) = read(folder.path()).expect("readable");
        assert!(entries.len() > 2_000 && damaged == 0, "{} {damaged}", entries.len());
    }
}
