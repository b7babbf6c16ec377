//! One audit log on the disk: a file of JSON lines, and the one before it.

use super::{AuditEntry, AuditKind};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Size at which a file is put away and the next begun.
pub const MAX_BYTES: u64 = 1 << 20;

/// Name of the file in the state folder; the one before has `.1` behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct LogName(pub(super) &'static str);

impl LogName {
    fn file(self, folder: &Path) -> PathBuf {
        folder.join(self.0)
    }

    fn older_file(self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.1", self.0))
    }
}

/// The file, open for writing.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    name: LogName,
    file: File,
    bytes: u64,
    /// Entries that are not in the file, and not yet said there to be missing.
    missing: u64,
    /// It could not be written last time; said once.
    failing: bool,
    /// It may end in half a line.
    torn: bool,
}

impl Log {
    /// Opens the file in the state folder, or begins it.
    pub(super) fn open(folder: &Path, name: LogName) -> io::Result<Self> {
        let (file, bytes) = open(&name.file(folder))?;
        let (missing, failing, torn) = (0, false, false);
        Ok(Self { folder: folder.to_owned(), name, file, bytes, missing, failing, torn })
    }

    /// Writes an entry, and before it how many are missing there. That it cannot be written stops
    /// nothing; the program's log says so, once until it can.
    pub(super) fn note(&mut self, entry: &AuditEntry) {
        if !(self.state_missing() && self.put(entry)) {
            self.missing = self.missing.saturating_add(1);
        }
    }

    /// So many entries will never come.
    pub(super) fn missed(&mut self, entries: u64) {
        self.missing = self.missing.saturating_add(entries);
        self.state_missing();
    }

    /// Has the disk keep what was written, also when its power goes.
    pub(super) fn sync(&mut self) {
        let synced = self.file.sync_data();
        self.tell(synced);
    }

    /// False while entries are missing and nobody can be told.
    fn state_missing(&mut self) -> bool {
        if self.missing > 0 {
            let words = format!(
                "{} entries before this one: more came at once than are kept, or the disk took none",
                self.missing
            );
            if !self.put(&AuditEntry::new(AuditKind::NotNoted).detail(&words)) {
                return false;
            }
            self.missing = 0;
        }
        true
    }

    fn put(&mut self, entry: &AuditEntry) -> bool {
        let written = self.write(entry);
        self.tell(written)
    }

    fn tell(&mut self, outcome: io::Result<()>) -> bool {
        let was_failing = std::mem::replace(&mut self.failing, outcome.is_err());
        match outcome {
            Err(error) if !was_failing => {
                let path = self.name.file(&self.folder);
                tracing::error!("{}: {error}; what is done is not noted", path.display());
            }
            _ => {}
        }
        !self.failing
    }

    fn write(&mut self, entry: &AuditEntry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let path = self.name.file(&self.folder);
        if self.bytes + line.len() as u64 > MAX_BYTES {
            match std::fs::rename(&path, self.name.older_file(&self.folder)) {
                // It was renamed before, and the new one could not be opened.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                renamed => renamed?,
            }
            (self.file, self.bytes) = open(&path)?;
            self.torn = false;
        }
        if self.torn {
            // Half a line may stand there; this one begins on its own.
            line.insert(0, b'\n');
        }
        // One call, so that a line is whole or not there.
        let written = self.file.write_all(&line);
        self.torn = written.is_err();
        written?;
        self.bytes += line.len() as u64;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let bytes = file.metadata()?.len();
    if bytes > 0 {
        // A power cut may have left half a line; the next one begins on its own.
        let mut last = [b'\n'];
        let read = File::open(path)?;
        std::os::unix::fs::FileExt::read_exact_at(&read, &mut last, bytes - 1)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok((file, bytes))
}

/// All entries of a log, the oldest first, and how many lines could not be read.
pub(super) fn read(folder: &Path, name: LogName) -> io::Result<(Vec<AuditEntry>, usize)> {
    let (mut entries, mut damaged) = (Vec::new(), 0);
    for path in [name.older_file(folder), name.file(folder)] {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(named(error)),
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(named)?;
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

    #[test]
    fn after_half_a_line_the_next_one_begins_on_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = LogName("audit.log");
        let mut log = Log::open(folder.path(), name).expect("writable");
        log.note(&AuditEntry::new(AuditKind::Started));
        // The disk takes half a line, and is full.
        log.file.write_all(br#"{"time":"20"#).expect("written");
        let full = OpenOptions::new().write(true).open("/dev/full").expect("a full device");
        let file = std::mem::replace(&mut log.file, full);
        log.note(&AuditEntry::new(AuditKind::Connected));
        log.file = file;
        log.note(&AuditEntry::new(AuditKind::Stopped));
        let (entries, damaged) = read(folder.path(), name).expect("read");
        let kinds: Vec<_> = entries.iter().map(|entry| entry.event).collect();
        assert_eq!(kinds, [AuditKind::Started, AuditKind::NotNoted, AuditKind::Stopped]);
        assert_eq!(damaged, 1, "the half");
    }

    #[test]
    fn what_the_disk_did_not_take_is_said_once_it_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let gone = folder.path().join("gone");
        std::fs::create_dir(&gone).expect("made");
        let name = LogName("audit.log");
        let mut log = Log::open(&gone, name).expect("writable");
        log.note(&AuditEntry::new(AuditKind::Started));
        // It is full, and the next one cannot be begun because the folder is gone.
        log.bytes = MAX_BYTES;
        std::fs::remove_dir_all(&gone).expect("removed");
        (0..5).for_each(|_| log.note(&AuditEntry::new(AuditKind::Connected)));
        std::fs::create_dir(&gone).expect("made again");
        log.note(&AuditEntry::new(AuditKind::Left));
        let (entries, _) = read(&gone, name).expect("readable");
        let events: Vec<_> = entries.iter().map(|entry| entry.event).collect();
        assert_eq!(events, [AuditKind::NotNoted, AuditKind::Left]);
        let words = entries[0].detail.clone().expect("said");
        assert!(words.starts_with("5 entries before this one"), "{words}");
    }
}
