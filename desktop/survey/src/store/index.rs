//! The index: sled, holding nothing that the segments do not, and opened so that damage to it costs
//! time only.
//!
//! Known of sled 0.34: an emptied `snap.*` file keeps it from opening (removing that file brings
//! every row back), and a cut file can make it panic or lose rows. So: its errors and panics are
//! caught, its rows are counted and digested, and whatever does not fit is set aside.

use super::checkpoint::{self, LAYOUT, MANIFEST, Manifest, row_digest};
use super::folder::Folder;
use super::segments::Place;
use crate::directory::BatchEntry;
use crate::error::SurveyError;
use crate::tracker::Tracker;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Memory that sled may use for pages.
const CACHE_BYTES: u64 = 48 << 20;
/// A checkpoint above this many bytes is written in several steps; the index is void between them.
const MAX_STEP: usize = 8 << 20;
/// What sled says when its lock is held.
const LOCKED: &str = "could not acquire lock";
/// How long to wait for it.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    db: sled::Db,
    survey: String,
    rows: u64,
    digest: u64,
}

/// What an index knew.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) tracker: Tracker,
    pub(crate) batches: Vec<BatchEntry>,
    /// Everything before this place is in it.
    pub(crate) end: Place,
}

/// Runs what may panic inside sled.
fn guard<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("sled panicked: {}", words.unwrap_or("without words")))
    })
}

fn open_sled(path: &Path) -> Result<sled::Db, String> {
    let open = || {
        sled::Config::new()
            .path(path)
            .mode(sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            // Flushed by us, once after each checkpoint.
            .flush_every_ms(None)
            .open()
            .map_err(|error| error.to_string())
    };
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        match guard(open) {
            // sled lets go of its lock some time after it was closed, on a thread of its own. Nobody
            // else can hold it: the survey's own lock is ours.
            Err(error) if error.contains(LOCKED) && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(10));
            }
            result => return result,
        }
    }
}

/// Removes sled's snapshot files; true when there was one.
fn remove_snapshots(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else { return false };
    let snapshots = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with("snap.")));
    snapshots.filter(|entry| fs::remove_file(entry.path()).is_ok()).count() > 0
}

/// Puts a damaged index aside; one such folder is kept, for the curious.
fn set_aside(path: &Path) -> Result<(), String> {
    let aside: PathBuf = path.with_file_name("index.damaged");
    let removed = if aside.is_dir() { fs::remove_dir_all(&aside) } else { fs::remove_file(&aside) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("remove {}: {error}", aside.display()));
        }
        _ => {}
    }
    match fs::rename(path, &aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("rename {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

impl Index {
    /// Opens the index of a survey, mending or replacing it as needed, and says what was done.
    /// Without an index that can be used, `None` is loaded: everything is to be replayed.
    pub(crate) fn open(
        folder: &Folder,
        mut fits: impl FnMut(&Loaded) -> Result<(), String>,
        repairs: &mut Vec<String>,
    ) -> Result<(Self, Option<Loaded>), String> {
        let path = folder.index();
        let new = !path.exists();
        let db = open_sled(&path).or_else(|error| {
            if error.contains(LOCKED) {
                // No damage: somebody outside PiWardrive has it open.
                return Err(error);
            }
            if remove_snapshots(&path)
                && let Ok(db) = open_sled(&path)
            {
                repairs.push(format!(
                    "The index did not open ({error}); removing its snapshot file mended it."
                ));
                return Ok(db);
            }
            set_aside(&path)?;
            repairs.push(format!(
                "The index was damaged ({error}); it was set aside and made anew from the segments."
            ));
            open_sled(&path)
        })?;
        let mut index = Self { db, survey: folder.id.clone(), rows: 0, digest: 0 };
        let loaded = guard(|| index.load()).and_then(|loaded| {
            loaded.as_ref().map_or(Ok(()), &mut fits)?;
            Ok(loaded)
        });
        match loaded {
            Ok(Some(loaded)) => Ok((index, Some(loaded))),
            Ok(None) if new => Ok((index, None)),
            unusable => {
                let reason = unusable.err().unwrap_or_else(|| "it is empty or half".to_owned());
                drop(index);
                set_aside(&path)?;
                repairs.push(format!("The index did not fit ({reason}); it was made anew."));
                let db = open_sled(&path)?;
                Ok((Self { db, survey: folder.id.clone(), rows: 0, digest: 0 }, None))
            }
        }
    }

    /// Reads the index of a survey as it is, without mending or replacing it; `None` where there is
    /// none. The caller holds the survey's lock.
    pub(crate) fn look(folder: &Folder) -> Result<Option<Loaded>, String> {
        if !folder.index().is_dir() {
            return Ok(None);
        }
        let db = open_sled(&folder.index())?;
        let mut index = Self { db, survey: folder.id.clone(), rows: 0, digest: 0 };
        guard(|| index.load())
    }

    /// Forgets the index of a survey.
    pub(crate) fn remove(folder: &Folder) -> Result<(), SurveyError> {
        match fs::remove_dir_all(folder.index()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SurveyError::io("remove", folder.index(), error))
            }
            _ => Ok(()),
        }
    }

    /// Reads everything; `None` when there is no manifest.
    fn load(&mut self) -> Result<Option<Loaded>, String> {
        let Some(manifest) = self.db.get(MANIFEST).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let manifest: Manifest = checkpoint::decode(&manifest)?;
        if manifest.layout != LAYOUT {
            return Err(format!("layout {}, this release has {LAYOUT}", manifest.layout));
        }
        if manifest.survey != self.survey {
            return Err("it belongs to another survey".to_owned());
        }
        let mut loaded = Loaded { tracker: Tracker::new(), batches: Vec::new(), end: manifest.end };
        for row in self.db.iter() {
            let (key, value) = row.map_err(|error| error.to_string())?;
            if key != MANIFEST {
                self.rows += 1;
                self.digest = self.digest.wrapping_add(row_digest(&key, &value));
                checkpoint::restore(&mut loaded.tracker, &mut loaded.batches, &key, &value)?;
            }
        }
        if (self.rows, self.digest) != (manifest.rows, manifest.digest) {
            return Err(format!("{} rows where {} were written", self.rows, manifest.rows));
        }
        loaded.tracker.renew_all();
        Ok(Some(loaded))
    }

    /// Writes everything that changed; `end` is how far the segments are in it, `batches` are those
    /// that are not in it yet. After an error the index is not to be used further: what changed is
    /// no longer known. The next opening replays it from the segments.
    pub(crate) fn save(
        &mut self,
        tracker: &mut Tracker,
        batches: &[BatchEntry],
        end: Place,
    ) -> Result<(), String> {
        guard(|| self.save_rows(tracker, batches, end))
    }

    fn save_rows(
        &mut self,
        tracker: &mut Tracker,
        batches: &[BatchEntry],
        end: Place,
    ) -> Result<(), String> {
        let Self { db, survey, rows, digest } = self;
        let mut step = sled::Batch::default();
        let mut step_bytes = 0;
        checkpoint::changes(tracker, batches, |(key, value)| {
            if let Some(old) = db.get(&key).map_err(|error| error.to_string())? {
                *rows -= 1;
                *digest = digest.wrapping_sub(row_digest(&key, &old));
            }
            match value {
                Some(value) => {
                    *rows += 1;
                    *digest = digest.wrapping_add(row_digest(&key, &value));
                    step_bytes += key.len() + value.len();
                    step.insert(key, value);
                }
                None => step.remove(key),
            }
            if step_bytes > MAX_STEP {
                step.remove(MANIFEST);
                step_bytes = 0;
                db.apply_batch(std::mem::take(&mut step)).map_err(|error| error.to_string())?;
            }
            Ok(())
        })?;
        let manifest =
            Manifest { layout: LAYOUT, survey: survey.clone(), end, rows: *rows, digest: *digest };
        step.insert(MANIFEST, checkpoint::encode(&manifest)?);
        db.apply_batch(step).map_err(|error| error.to_string())?;
        db.flush().map_err(|error| error.to_string())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::batch;
    use crate::replay::State;
    use pw_model::Timestamp;

    fn folder(scratch: &Path) -> Folder {
        Folder::create(&scratch.join("s"), "s", Timestamp::from_unix_secs(0)).expect("made").0
    }

    fn open(folder: &Folder) -> (Index, Option<Loaded>, Vec<String>) {
        let mut repairs = Vec::new();
        let (index, loaded) = Index::open(folder, |_| Ok(()), &mut repairs).expect("opens");
        (index, loaded, repairs)
    }

    fn fill(index: &mut Index, state: &mut State, seqs: std::ops::RangeInclusive<u64>) {
        let before = state.batches.len();
        for seq in seqs {
            let place = Place { segment: 1, offset: seq * 1000 };
            assert!(state.apply(&batch(1, seq), place, 1000));
        }
        let end = Place { segment: 1, offset: 9000 };
        index.save(&mut state.tracker, &state.batches[before..], end).expect("saved");
    }

    #[test]
    fn every_row_that_is_lost_or_changed_is_noticed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = folder(scratch.path());
        let (mut index, _, _) = open(&folder);
        let mut state = State::empty();
        state.tracker.remember_unsaved();
        fill(&mut index, &mut state, 1..=12);
        let rows: Vec<(sled::IVec, sled::IVec)> =
            index.db.iter().map(|row| row.expect("readable")).collect();
        assert!(rows.len() > 100, "{}", rows.len());
        for (key, value) in rows.iter().step_by(7).filter(|(key, _)| key != MANIFEST) {
            let load = |db: &sled::Db| {
                let survey = folder.id.clone();
                Index { db: db.clone(), survey, rows: 0, digest: 0 }.load()
            };
            index.db.remove(key).expect("removed");
            load(&index.db).expect_err("a row is missing");
            let mut changed = value.to_vec();
            changed[0] ^= 1;
            index.db.insert(key, changed).expect("put");
            load(&index.db).expect_err("a row is changed");
            index.db.insert(key, value).expect("put back");
            load(&index.db).expect("whole again").expect("a manifest");
        }
    }

    #[test]
    fn what_goes_goes_from_the_index_too() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = folder(scratch.path());
        let (mut index, _, _) = open(&folder);
        let mut state = State::empty();
        state.tracker.remember_unsaved();
        fill(&mut index, &mut state, 1..=3);
        // More devices than there may be: the oldest single frames are dropped.
        let mut crowd = crate::fixture::empty(1, 4);
        for n in 0..2_500u64 {
            let time = Timestamp::from_unix_secs(crate::fixture::START_SECS + 100 + n as i64);
            let address = pw_model::MacAddr::from_u64(0x0600_0000_0000 + n);
            let mut o = crate::fixture::observation(address, time);
            o.kind = pw_model::FrameKind::PROBE_REQUEST;
            crowd.observations.push(o);
        }
        let place = Place { segment: 1, offset: 9000 };
        assert!(state.apply(&crowd, place, 1000));
        index.save(&mut state.tracker, &state.batches[3..], place).expect("saved");
        let held = state.tracker.devices.len();
        assert!(state.tracker.head.totals.totals().evicted_clients > 500);
        drop(index);
        let (_, loaded, repairs) = open(&folder);
        let loaded = loaded.expect("whole");
        assert_eq!((loaded.tracker.devices.len(), repairs.len()), (held, 0));
        assert_eq!((loaded.batches.len(), loaded.end), (4, place));
    }
}
