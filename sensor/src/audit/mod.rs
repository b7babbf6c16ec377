//! Who did what with this sensor: two logs of lines that only grow, beside the journal.
//!
//! One JSON object a line, in the state folder. `audit.log` says what the owner and paired desktops
//! did; `audit-strangers.log` whom the sensor did not let in. A stranger can have as many lines written
//! as pleases, so they never push out the others. At [`MAX_BYTES`] a file is put away with `.1` behind
//! its name and a new one begins, so that four of them at most lie on the disk. What strangers can
//! repeat at will is written as often as it is logged: once for each cause in half a minute.
//!
//! Entries are handed over without waiting and written by one thread ([`Audit`]).

mod log;

use crate::clock;
use log::{Log, LogName};
use pw_model::Timestamp;
use pw_trust::KeyFingerprint;
use pw_wire::plain_text;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use log::MAX_BYTES;

/// Longest detail that is kept, in characters.
const MAX_DETAIL: usize = 300;

/// Entries that wait for the disk, of each log. One more is not noted; that is counted, and said in the
/// log's next line.
const MAX_WAITING: usize = 256;

/// Longest wait for the disk when the sensor stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the owner and paired desktops did, and what strangers tried.
const LOGS: [LogName; 2] = [LogName("audit.log"), LogName("audit-strangers.log")];

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
    /// A paired desktop asked for a plan of channels that could not be had.
    PlanRefused,
    /// What happened before could not be noted.
    NotNoted,
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
            Self::PlanRefused => "plan refused",
            Self::NotNoted => "not noted",
        }
    }

    /// In which of the [`LOGS`] it is noted.
    const fn log(self) -> usize {
        match self {
            Self::Refused | Self::RefusedMore => 1,
            _ => 0,
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

    /// When, to compare; `None` when the line says no time.
    fn moment(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(&self.time).ok()
    }
}

/// Takes entries and has them written by a thread of its own, so that who does something never waits
/// for the disk.
#[derive(Debug)]
pub struct Audit {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

/// What the thread has not written yet.
#[derive(Debug, Default)]
struct Waiting {
    lanes: [Lane; LOGS.len()],
    /// Nothing more comes.
    closing: bool,
    /// The thread has written everything and is gone.
    ended: bool,
}

/// The entries that wait for one log.
#[derive(Debug, Default)]
struct Lane {
    entries: VecDeque<AuditEntry>,
    /// How many came after them and found no room.
    missed: u64,
}

impl Audit {
    /// Opens the logs in the state folder, or begins them, and starts the thread that writes them.
    ///
    /// # Errors
    /// They cannot be written, or there is no thread.
    pub fn open(state_dir: &Path) -> io::Result<Self> {
        let [ours, strangers] = LOGS.map(|name| Log::open(state_dir, name));
        let logs = [ours?, strangers?];
        let shared: Arc<Shared> = Arc::default();
        let written = Arc::clone(&shared);
        // Its end is waited for by `close`.
        std::thread::Builder::new().name("audit".to_owned()).spawn(move || written.write(logs))?;
        Ok(Self { shared })
    }

    /// Notes an entry. Never waits: one that finds no room is counted.
    pub fn record(&self, entry: &AuditEntry) {
        let mut waiting = self.shared.lock();
        if waiting.closing {
            drop(waiting);
            tracing::warn!("stopping; not noted any more: {}", entry.event.words());
            return;
        }
        if let Some(lane) = waiting.lanes.get_mut(entry.event.log()) {
            // After one that was missed nothing is taken, so that what is missing has its place.
            if lane.missed == 0 && lane.entries.len() < MAX_WAITING {
                lane.entries.push_back(entry.clone());
            } else {
                lane.missed = lane.missed.saturating_add(1);
            }
        }
        drop(waiting);
        self.shared.changed.notify_all();
    }

    /// Waits, within bounds, until all that was recorded lies on the disk, and ends. What is recorded
    /// later is not noted. May block for some seconds.
    pub fn close(&self) {
        let mut waiting = self.shared.lock();
        waiting.closing = true;
        self.shared.changed.notify_all();
        let waited = self.shared.changed.wait_timeout_while(waiting, PATIENCE, |now| !now.ended);
        let (waiting, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            let left: usize = waiting.lanes.iter().map(|lane| lane.entries.len()).sum();
            drop(waiting);
            tracing::error!(
                "the audit log is not waited for: the disk has taken nothing for {} s; {left} entries \
                 and those under way may be missing",
                PATIENCE.as_secs()
            );
        }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        // Whoever closed it has waited long enough.
        if !self.shared.lock().closing {
            self.close();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes until nothing more does.
    fn write(&self, mut logs: [Log; LOGS.len()]) {
        loop {
            let idle = |now: &mut Waiting| {
                !now.closing && now.lanes.iter().all(|lane| lane.entries.is_empty())
            };
            let waited = self.changed.wait_while(self.lock(), idle);
            let mut waiting = waited.unwrap_or_else(PoisonError::into_inner);
            let lanes = std::mem::take(&mut waiting.lanes);
            let closing = waiting.closing;
            drop(waiting);
            for (log, lane) in logs.iter_mut().zip(lanes) {
                lane.entries.iter().for_each(|entry| log.note(entry));
                log.missed(lane.missed);
            }
            if closing {
                logs.iter_mut().for_each(Log::sync);
                self.lock().ended = true;
                self.changed.notify_all();
                return;
            }
        }
    }
}

/// All entries of both logs by their time, and how many lines could not be read. Within one log the
/// order is that of writing, also where the clock was set back.
///
/// # Errors
/// A file is there and cannot be read.
pub fn read(state_dir: &Path) -> io::Result<(Vec<AuditEntry>, usize)> {
    let [ours, strangers] = LOGS.map(|name| log::read(state_dir, name));
    let ((ours, ours_damaged), (strangers, strangers_damaged)) = (ours?, strangers?);
    let mut strangers = strangers.into_iter().peekable();
    let mut all = Vec::with_capacity(ours.len() + strangers.len());
    for entry in ours {
        let at = entry.moment();
        while let Some(earlier) = strangers.next_if(|other| other.moment() < at) {
            all.push(earlier);
        }
        all.push(entry);
    }
    all.extend(strangers);
    Ok((all, ours_damaged + strangers_damaged))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn refused(number: usize) -> AuditEntry {
        AuditEntry::new(AuditKind::Refused).detail(&format!("{number} {}", "x".repeat(280)))
    }

    /// What the file of this name holds, by its size in bytes.
    fn files(folder: &Path) -> Vec<(String, u64)> {
        let files = std::fs::read_dir(folder).expect("a folder").map(|file| {
            let file = file.expect("a file");
            let length = file.metadata().expect("there").len();
            (file.file_name().to_string_lossy().into_owned(), length)
        });
        let mut files: Vec<_> = files.collect();
        files.sort();
        files
    }

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
        audit.close();
        audit.record(&AuditEntry::new(AuditKind::Left));
        let path = folder.path().join(LOGS[0].0);
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        OpenOptions::new()
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(b"{\"time\":\"2026-"))
            .expect("writable");
        let audit = Audit::open(folder.path()).expect("writable");
        audit.record(&AuditEntry::new(AuditKind::Stopped));
        drop(audit);
        let (entries, damaged) = read(folder.path()).expect("readable");
        assert_eq!((entries.len(), damaged), (2, 1));
        assert_eq!(entries[0], entry);
        assert_eq!(entries[0].detail.as_deref(), Some("twolines"));
        assert_eq!(entries[1].event, AuditKind::Stopped);
    }

    #[test]
    fn strangers_push_nothing_out_that_others_did() {
        let folder = tempfile::tempdir().expect("a folder");
        let paired = AuditEntry::new(AuditKind::Paired).detail("kept");
        let [mut ours, mut strangers] =
            LOGS.map(|name| Log::open(folder.path(), name).expect("writable"));
        ours.note(&paired);
        // More than both files of the strangers hold.
        (0..12_000).for_each(|number| strangers.note(&refused(number)));
        ours.note(&AuditEntry::new(AuditKind::PlanRefused));
        let files = files(folder.path());
        assert_eq!(files.len(), 3, "{files:?}");
        assert!(files.iter().all(|(_, length)| *length <= MAX_BYTES), "{files:?}");
        let (entries, damaged) = read(folder.path()).expect("readable");
        assert!(entries.len() > 2_000 && damaged == 0, "{} {damaged}", entries.len());
        assert_eq!(entries[0], paired);
        let last = |at: usize| entries[entries.len() - at].event;
        assert_eq!((last(2), last(1)), (AuditKind::Refused, AuditKind::PlanRefused));
    }

    #[test]
    fn each_kind_goes_to_its_log_and_both_are_read_by_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |event, secs: i64, detail: &str| AuditEntry {
            time: Timestamp::from_unix_ns(secs * 1_000_000_000 + 500_000_000 * (secs % 2))
                .rfc3339(),
            ..AuditEntry::new(event).detail(detail)
        };
        let audit = Audit::open(folder.path()).expect("writable");
        for entry in [
            at(AuditKind::Refused, 1, "b"),
            at(AuditKind::Started, 0, "a"),
            at(AuditKind::RefusedMore, 2, "c"),
            // The clock was set back: what was written later still stands later in its log.
            at(AuditKind::Connected, 4, "e"),
            at(AuditKind::PlanRefused, 1, "f"),
            at(AuditKind::Refused, 3, "d"),
            at(AuditKind::Refused, 9, "g"),
        ] {
            audit.record(&entry);
        }
        drop(audit);
        let (entries, _) = read(folder.path()).expect("readable");
        let order: String = entries.iter().filter_map(|entry| entry.detail.clone()).collect();
        assert_eq!(order, "abcdefg");
        let strangers = log::read(folder.path(), LOGS[1]).expect("readable").0;
        assert_eq!(strangers.len(), 4);
    }

    #[test]
    fn what_finds_no_room_is_counted_and_said_and_nobody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        // Nothing is written before the thread runs, which begins here with what has come already.
        let audit = Audit { shared: Arc::default() };
        (0..MAX_WAITING + 40).for_each(|number| audit.record(&refused(number)));
        audit.record(&AuditEntry::new(AuditKind::Connected));
        let logs = LOGS.map(|name| Log::open(folder.path(), name).expect("writable"));
        let shared = Arc::clone(&audit.shared);
        let writer = std::thread::spawn(move || shared.write(logs));
        drop(audit);
        writer.join().expect("no panic");
        let (entries, _) = read(folder.path()).expect("readable");
        assert_eq!(entries.len(), MAX_WAITING + 2);
        assert!(
            entries.iter().any(|entry| entry.event == AuditKind::Connected),
            "has its own room"
        );
        let missed = entries.iter().find(|entry| entry.event == AuditKind::NotNoted);
        let words = missed.and_then(|entry| entry.detail.clone()).expect("said");
        assert!(words.starts_with("40 entries before this one"), "{words}");
    }
}
