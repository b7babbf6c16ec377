//! A machine in memory: it loses power at any write, fills up, turns read-only, fails and stalls.

use crate::journal::machine::{Access, Machine, OpenFile, Words};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What the disk does at present.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Nothing may grow: a write stores half of its bytes, then fails with ENOSPC.
    Full,
    /// No change at all: EROFS.
    ReadOnly,
    /// Every write and sync fails with EIO.
    Io,
    /// Writes work, syncs fail with EIO.
    IoOnSync,
    /// Whole files cannot be read: EIO.
    IoOnRead,
    /// A sync takes this long.
    Stall(Duration),
}

/// A change of a file's content that is not synced.
#[derive(Clone, Debug, Hash)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                content.resize(content.len().max(offset + bytes.len()), 0);
                content[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length, 0),
        }
    }

    /// The parts of it that a disk of `block` bytes a block writes or does not write.
    fn parts(&self, block: usize) -> Vec<Self> {
        let Self::Write { offset, bytes } = self else { return vec![self.clone()] };
        let (mut parts, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let end = bytes.len().min(at + block - (offset + at) % block);
            parts.push(Self::Write { offset: offset + at, bytes: bytes[at..end].to_vec() });
            at = end;
        }
        parts
    }
}

/// A change of names that is not synced: each name gets a file or none, all or nothing.
type NameChange = Vec<(PathBuf, Option<usize>)>;

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

/// A mapped file: its words, and what of them may be on the disk.
#[derive(Clone, Debug)]
struct Mapped {
    words: Arc<Vec<AtomicU64>>,
    /// The durable words, then every later state that was seen.
    seen: Vec<Vec<u64>>,
}

impl Mapped {
    fn now(&self) -> Vec<u64> {
        self.words.iter().map(|word| word.load(Ordering::SeqCst)).collect()
    }
}

#[derive(Clone, Debug, Default)]
struct Disk {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    unsynced_names: Vec<NameChange>,
    mapped: BTreeMap<PathBuf, Mapped>,
}

/// The disk at one moment, and what the journal had promised by then.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    disk: Disk,
    /// Newest batch that was reported durable.
    pub(super) reported: u64,
    /// Newest batch that every desktop had acknowledged.
    pub(super) acknowledged: u64,
    /// Batches below it had been numbered.
    next_seq: u64,
}

/// Which unsynced changes a power cut leaves on the disk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// The first so many parts, in order.
    First(usize),
    /// That part alone.
    Only(usize),
    /// All but that part.
    Without(usize),
    /// Any, by this seed.
    Some(u64),
}

impl Kept {
    fn keeps(self, part: usize) -> bool {
        match self {
            Self::First(parts) => part < parts,
            Self::Only(only) => part == only,
            Self::Without(without) => part != without,
            Self::Some(seed) => super::random(seed.wrapping_add(part as u64)) & 1 == 1,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    disk: Disk,
    fault: Option<Fault>,
    boot: u64,
    moments: Option<Vec<Moment>>,
    promise: Option<tokio::sync::watch::Receiver<crate::journal::JournalState>>,
    reported: u64,
    acknowledged: u64,
    next_seq: u64,
    /// When each file sync began, by the steady clock, and of which file.
    syncs: Vec<(Instant, PathBuf)>,
}

impl State {
    fn note(&mut self) {
        for mapped in self.disk.mapped.values_mut() {
            let now = mapped.now();
            if mapped.seen.last() != Some(&now) {
                mapped.seen.push(now);
            }
        }
        if let Some(promise) = &self.promise {
            self.reported = self.reported.max(promise.borrow().durable_seq);
        }
        let (reported, acknowledged, next_seq) = (self.reported, self.acknowledged, self.next_seq);
        if let Some(moments) = &mut self.moments {
            moments.push(Moment { disk: self.disk.clone(), reported, acknowledged, next_seq });
        }
    }

    fn change(&mut self, file: usize, change: Change) {
        change.apply(&mut self.disk.files[file].now);
        self.disk.files[file].unsynced.push(change);
        self.note();
    }

    fn change_names(&mut self, change: NameChange) {
        set_names(&mut self.disk.names, &change);
        self.disk.unsynced_names.push(change);
        self.note();
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.disk.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn set_names(names: &mut BTreeMap<PathBuf, usize>, change: &[(PathBuf, Option<usize>)]) {
    for (name, file) in change {
        match file {
            Some(file) => names.insert(name.clone(), *file),
            None => names.remove(name),
        };
    }
}

fn failure(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

#[derive(Clone, Debug)]
pub(super) struct SimulatedMachine {
    state: Arc<Mutex<State>>,
    /// `None` for the real clock.
    clock_ms: Option<Arc<AtomicU64>>,
    start: Instant,
}

impl SimulatedMachine {
    /// An empty disk with the real clock.
    pub(super) fn new() -> Self {
        Self { state: Arc::default(), clock_ms: None, start: Instant::now() }
    }

    /// An empty disk with a clock that [`Self::pass`] moves.
    pub(super) fn with_own_clock() -> Self {
        Self { clock_ms: Some(Arc::default()), ..Self::new() }
    }

    pub(super) fn pass(&self, time: Duration) {
        if let Some(clock) = &self.clock_ms {
            clock.fetch_add(time.as_millis() as u64, Ordering::SeqCst);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test goes on after a panic")
    }

    /// From now on every moment is kept.
    pub(super) fn record(&self) {
        self.state().moments = Some(Vec::new());
    }

    pub(super) fn moments(&self) -> Vec<Moment> {
        self.state().moments.take().unwrap_or_default()
    }

    /// What the journal tells of itself counts as promised.
    pub(super) fn watch(&self, journal: &crate::journal::JournalReader) {
        self.state().promise = Some(journal.state());
        self.note();
    }

    pub(super) fn acknowledged(&self, seq: u64) {
        self.state().acknowledged = seq;
    }

    /// Batches below `seq` have been handed to the journal.
    pub(super) fn numbered(&self, seq: u64) {
        self.state().next_seq = seq;
    }

    pub(super) fn note(&self) {
        self.state().note();
    }

    pub(super) fn set_fault(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    pub(super) fn syncs(&self) -> Vec<(Instant, PathBuf)> {
        self.state().syncs.clone()
    }

    /// Puts a file there, durable.
    pub(super) fn put(&self, path: &Path, content: &[u8]) {
        let mut state = self.state();
        let file = state.disk.files.len();
        let content = content.to_vec();
        state.disk.files.push(Content {
            now: content.clone(),
            durable: content,
            unsynced: Vec::new(),
        });
        state.disk.names.insert(path.to_path_buf(), file);
        state.disk.durable_names.insert(path.to_path_buf(), file);
    }

    fn allow(&self, growing: bool) -> io::Result<()> {
        match self.state().fault {
            Some(Fault::Full) if growing => Err(failure(libc::ENOSPC)),
            Some(Fault::ReadOnly) => Err(failure(libc::EROFS)),
            Some(Fault::Io) => Err(failure(libc::EIO)),
            _ => Ok(()),
        }
    }
}

impl Moment {
    /// Numbers of those batches that had been handed to the journal.
    pub(super) fn submitted(
        &self,
        written: &BTreeMap<u64, pw_wire::Batch>,
    ) -> impl Iterator<Item = u64> {
        written.range(..self.next_seq).map(|(seq, _)| *seq)
    }

    /// Number of parts that are unsynced.
    pub(super) fn parts(&self, block: usize) -> usize {
        let files = self.disk.files.iter().flat_map(|file| &file.unsynced);
        files.map(|change| change.parts(block).len()).sum::<usize>()
            + self.disk.unsynced_names.len()
    }

    /// The machine after a power cut at this moment, and a hash of its disk. `grown`: lengths were
    /// written although content was not, which reads as zeros.
    pub(super) fn cut(&self, kept: Kept, block: usize, grown: bool) -> (SimulatedMachine, u64) {
        let machine = SimulatedMachine::with_own_clock();
        let mut hasher = DefaultHasher::new();
        {
            let mut state = machine.state();
            state.boot = 1;
            state.reported = self.reported;
            state.acknowledged = self.acknowledged;
            let mut part = 0;
            let mut keeps = || {
                part += 1;
                kept.keeps(part - 1)
            };
            let mut names = self.disk.durable_names.clone();
            for change in &self.disk.unsynced_names {
                if keeps() {
                    set_names(&mut names, change);
                }
            }
            for file in &self.disk.files {
                let mut content = file.durable.clone();
                for part in file.unsynced.iter().flat_map(|change| change.parts(block)) {
                    if keeps() {
                        part.apply(&mut content);
                    } else if let Change::Write { offset, bytes } = part
                        && grown
                    {
                        content.resize(content.len().max(offset + bytes.len()), 0);
                    }
                }
                let durable = content.clone();
                state.disk.files.push(Content { now: content, durable, unsynced: Vec::new() });
            }
            for (name, file) in &names {
                (name, &state.disk.files[*file].now).hash(&mut hasher);
            }
            state.disk.names.clone_from(&names);
            state.disk.durable_names = names;
            for (name, mapped) in &self.disk.mapped {
                let choice = match kept {
                    Kept::First(parts) => parts,
                    Kept::Only(part) | Kept::Without(part) => part + 1,
                    Kept::Some(seed) => super::random(seed ^ 0x55) as usize,
                };
                let Some(words) = mapped.seen.get(choice % mapped.seen.len().max(1)) else {
                    continue;
                };
                words.hash(&mut hasher);
                let words = Arc::new(words.iter().map(|word| AtomicU64::new(*word)).collect());
                let mut mapped = Mapped { words, seen: Vec::new() };
                mapped.seen.push(mapped.now());
                state.disk.mapped.insert(name.clone(), mapped);
            }
        }
        (machine, hasher.finish())
    }
}

impl Machine for SimulatedMachine {
    fn create_folder(&self, _folder: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn OpenFile>>> {
        self.put(path, b"");
        self.open(path, Access::Write).map(Some)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let state = self.state();
        let inside = state.disk.names.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.filter_map(|path| path.file_name()).map(OsString::from).collect())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state();
        if state.fault == Some(Fault::IoOnRead) {
            return Err(failure(libc::EIO));
        }
        let file = state.find(path)?;
        Ok(state.disk.files[file].now.clone())
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>> {
        if access == Access::Create {
            self.allow(false)?;
        }
        let mut state = self.state();
        let file = match (state.find(path), access) {
            (Ok(file), Access::Create) => {
                state.change(file, Change::Length(0));
                file
            }
            (Err(_missing), Access::Create) => {
                let file = state.disk.files.len();
                state.disk.files.push(Content::default());
                state.change_names(vec![(path.to_path_buf(), Some(file))]);
                file
            }
            (found, _) => found?,
        };
        Ok(Box::new(SimulatedFile { machine: self.clone(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.allow(false)?;
        let mut state = self.state();
        let file = state.find(from)?;
        state.change_names(vec![(from.to_path_buf(), None), (to.to_path_buf(), Some(file))]);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.allow(false)?;
        let mut state = self.state();
        state.find(path)?;
        state.change_names(vec![(path.to_path_buf(), None)]);
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        self.allow(false)?;
        let mut state = self.state();
        state.disk.durable_names = state.disk.names.clone();
        state.disk.unsynced_names.clear();
        state.note();
        Ok(())
    }

    fn map_words(&self, path: &Path, words: usize) -> io::Result<Box<dyn Words>> {
        let mut state = self.state();
        let mapped = state.disk.mapped.entry(path.to_path_buf()).or_insert_with(|| {
            let words: Vec<_> = (0..words).map(|_| AtomicU64::new(0)).collect();
            let zeros = vec![0; words.len()];
            Mapped { words: Arc::new(words), seen: vec![zeros] }
        });
        let words = Arc::clone(&mapped.words);
        Ok(Box::new(SimulatedWords { machine: self.clone(), path: path.to_path_buf(), words }))
    }

    fn boot(&self) -> Option<(u64, u64)> {
        Some((self.state().boot, 0))
    }

    fn steady_now(&self) -> Instant {
        match &self.clock_ms {
            Some(clock) => self.start + Duration::from_millis(clock.load(Ordering::SeqCst)),
            None => Instant::now(),
        }
    }

    /// With a clock of its own everything is done in its order, so that each run is the same.
    fn run_beside(&self, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        if self.clock_ms.is_some() {
            work();
            return Ok(());
        }
        std::thread::Builder::new().spawn(work).map(drop)
    }

    fn rest(&self, _time: Duration) {}
}

#[derive(Debug)]
struct SimulatedFile {
    machine: SimulatedMachine,
    file: usize,
}

impl OpenFile for SimulatedFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.machine.state().disk.files[self.file].now.len() as u64)
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.machine.state();
        let offset = offset as usize;
        let range = offset..offset + bytes.len();
        let found =
            state.disk.files[self.file].now.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let allowed = self.machine.allow(true);
        let full = self.machine.state().fault == Some(Fault::Full);
        let written = if full { &bytes[..bytes.len() / 2] } else { bytes };
        if full || allowed.is_ok() {
            let change = Change::Write { offset: offset as usize, bytes: written.to_vec() };
            self.machine.state().change(self.file, change);
        }
        allowed
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.machine.allow(false)?;
        self.machine.state().change(self.file, Change::Length(length as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let now = self.machine.steady_now();
        {
            let mut state = self.machine.state();
            let name = state.disk.names.iter().find(|(_, file)| **file == self.file);
            let path = name.map(|(path, _)| path.clone()).unwrap_or_default();
            state.syncs.push((now, path));
        }
        self.machine.allow(false)?;
        let fault = self.machine.state().fault;
        match fault {
            Some(Fault::IoOnSync) => return Err(failure(libc::EIO)),
            Some(Fault::Stall(time)) => std::thread::sleep(time),
            _ => {}
        }
        let mut state = self.machine.state();
        let content = &mut state.disk.files[self.file];
        content.durable = content.now.clone();
        content.unsynced.clear();
        state.note();
        Ok(())
    }
}

#[derive(Debug)]
struct SimulatedWords {
    machine: SimulatedMachine,
    path: PathBuf,
    words: Arc<Vec<AtomicU64>>,
}

impl Words for SimulatedWords {
    fn word(&self, at: usize) -> &AtomicU64 {
        &self.words[at]
    }

    fn flush(&self) -> io::Result<()> {
        let mut state = self.machine.state();
        if let Some(mapped) = state.disk.mapped.get_mut(&self.path) {
            mapped.seen = vec![mapped.now()];
        }
        state.note();
        Ok(())
    }
}
