//! Holding the quota: the oldest segments are thinned out, and deleted where that is not enough.
//!
//! Segments that every desktop has go first, whole, as soon as they are acknowledged: that loses
//! nothing. Of the others the oldest is thinned once less than a segment's room is left, on a thread
//! beside, one at a time. Only where nothing is left to thin, or data come faster, whole segments go.

use super::super::directory::{self, Expired, SegmentName};
use super::super::index::IndexedSegment;
use super::super::segment::{Scan, less};
use super::super::thin::{Job, NotThinned, Thinned, put_in_place};
use super::super::{JournalError, thin_words};
use super::Writer;
use crate::clock;
use pw_model::{Gap, GapCause, TimeRange};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::Duration;

/// After a failure that may pass nothing is thinned for so long.
const PAUSE: Duration = Duration::from_secs(60);

/// A segment that is being thinned.
pub(super) struct Running {
    number: u64,
    stop: Arc<AtomicBool>,
    result: Receiver<Result<Thinned, NotThinned>>,
}

impl Writer {
    /// Makes room while the journal is at its quota, and states what is lost.
    pub(super) fn hold_quota(&mut self) {
        self.delete_expired();
        self.take_thinned();
        let (quota, segment) = (self.settings.quota_bytes, self.settings.segment_bytes);
        // While the journal cannot be written, a loss cannot be stated.
        while self.trouble.is_none() {
            let (number, bytes) = {
                let index = self.shared.index();
                match index.segments.front() {
                    Some(oldest) if index.segments.len() >= 2 => {
                        (oldest.number, index.disk_bytes())
                    }
                    _ => return,
                }
            };
            if self.settings.thin
                && bytes.saturating_add(segment) > quota
                && (self.thinning.is_some() || self.start_thinning())
            {
                if self.take_thinned() {
                    continue;
                }
                if bytes <= quota.saturating_add(segment) {
                    // It is about to become less.
                    return;
                }
            }
            if bytes <= quota {
                return;
            }
            if let Err(error) = self.drive_out(number) {
                tracing::error!("{error}; the journal stays above its quota");
                return;
            }
        }
    }

    /// Begins to thin the oldest segment that is not yet thinned and that not every desktop has.
    /// The last segment is left alone: writing goes on there. False when there is none.
    fn start_thinning(&mut self) -> bool {
        if self.thinning_failed.is_some_and(|failed| self.since(failed) < PAUSE) {
            return false;
        }
        let acknowledged = self.shared.desktops().everywhere();
        let job = {
            let index = self.shared.index();
            let whole = index.segments.iter().take(index.segments.len().saturating_sub(1));
            let wanted = |segment: &&IndexedSegment| {
                !segment.thinned
                    && !self.stay_whole.contains(&segment.number)
                    && !segment.ends_by(acknowledged)
                    && self.active.as_ref().is_none_or(|active| active.number != segment.number)
            };
            let Some(segment) = whole.into_iter().find(wanted) else { return false };
            let sealing = self.settings.sealing.clone();
            let shared = &self.shared;
            (segment.number, Job::new(&shared.machine, &shared.directory, segment, sealing))
        };
        let (number, job) = job;
        let (send, result) = sync_channel(1);
        let stop = Arc::clone(&job.stop);
        let work = Box::new(move || {
            // Nobody waits any more once the journal is closed.
            drop(send.send(job.run()));
        });
        if let Err(error) = self.shared.machine.run_beside(work) {
            tracing::warn!("cannot start thinning the journal: {error}");
            self.thinning_failed = Some(self.now());
            return false;
        }
        self.thinning = Some(Running { number, stop, result });
        true
    }

    /// Takes in what thinning gave; false while it goes on, or when there is none.
    fn take_thinned(&mut self) -> bool {
        let Some(running) = &self.thinning else { return false };
        let result = match running.result.try_recv() {
            Ok(result) => result,
            Err(TryRecvError::Empty) => return false,
            // Its thread has panicked: a defect, but no reason to try it again and again.
            Err(TryRecvError::Disconnected) => Err(NotThinned::Unknown),
        };
        let number = running.number;
        self.thinning = None;
        self.settle_thinned(number, result);
        true
    }

    /// The segment goes: nobody needs its thinned form any more.
    pub(super) fn give_up_thinning(&self, number: u64) {
        if let Some(running) = self.thinning.as_ref().filter(|running| running.number == number) {
            running.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Deletes the form of a segment that the index does not know, where a failure left it: a later
    /// start would take it for one whose frames were neither sent nor stated as lost.
    pub(super) fn remove_twin(&self, name: SegmentName) {
        let twin = SegmentName { thinned: !name.thinned, ..name };
        self.remove_leaving(&twin.path(&self.shared.directory));
    }

    /// Deletes what may be there.
    fn remove_leaving(&self, path: &Path) {
        match self.shared.machine.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!("cannot delete {}: {error}", path.display());
            }
            _ => {}
        }
    }

    /// Ends thinning when the journal is closed.
    pub(super) fn stop_thinning(&mut self) {
        if let Some(running) = self.thinning.take() {
            running.stop.store(true, Ordering::Relaxed);
            if let Ok(result) = running.result.recv() {
                self.settle_thinned(running.number, result);
            }
        }
    }

    fn settle_thinned(&mut self, number: u64, result: Result<Thinned, NotThinned>) {
        let path = self.shared.segment_path(number);
        if self.shared.index().find(number).is_none() {
            // Driven out, or acknowledged, meanwhile.
            let unfinished =
                SegmentName { number, thinned: false }.unfinished_path(&self.shared.directory);
            self.remove_leaving(&unfinished);
            return;
        }
        match result {
            Ok(thinned) => {
                if let Err(error) = self.install(number, thinned) {
                    tracing::error!("{error}; {} stays as it is", path.display());
                    self.thinning_failed = Some(self.now());
                }
            }
            Err(NotThinned::Stopped) => {}
            Err(NotThinned::Failed(error)) => {
                tracing::error!(
                    "{error}; {} is not thinned, and no other for {} s",
                    path.display(),
                    PAUSE.as_secs()
                );
                self.thinning_failed = Some(self.now());
            }
            Err(NotThinned::Damaged) => {
                self.stay_whole.insert(number);
                self.shared.suspects().insert(number);
            }
            Err(NotThinned::Unknown | NotThinned::Useless) => {
                self.stay_whole.insert(number);
            }
        }
    }

    /// Puts a thinned form in the place of its segment. Readers that hold the old file read it to its
    /// end; others find the new one in the index.
    fn install(&mut self, number: u64, thinned: Thinned) -> Result<(), JournalError> {
        let shared = Arc::clone(&self.shared);
        let name = SegmentName { number, thinned: false };
        let whole = name.path(&shared.directory);
        let before = shared.index().find(number).map_or(0, |segment| segment.end);
        if let Err(error) = put_in_place(&*shared.machine, &shared.directory, name) {
            self.remove_leaving(&name.unfinished_path(&shared.directory));
            self.remove_twin(name);
            return Err(error);
        }
        let Thinned { end, sealed, places, frames, took } = thinned;
        if let Some(segment) = shared.index().segments.iter_mut().find(|s| s.number == number) {
            segment.thinned = true;
            segment.sealed = sealed;
            segment.end = end;
            segment.places = places;
        }
        if let Err(error) = shared.machine.remove(&whole) {
            // It is tried again when the segment goes, or at the next start, which finds both.
            tracing::warn!("cannot delete {}: {error}", whole.display());
        }
        tracing::warn!("{}", thin_words(&whole, before, end, frames, took));
        shared.publish(|state| {
            state.thinned_frames = state.thinned_frames.saturating_add(frames);
            state.last_thinning_ms = Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        });
        Ok(())
    }

    fn drive_out(&mut self, number: u64) -> Result<(), JournalError> {
        let Some(name) = self.shared.index().find(number).map(IndexedSegment::name) else {
            return Ok(());
        };
        self.remove_twin(name);
        let path = name.path(&self.shared.directory);
        let acknowledged = self.shared.desktops().everywhere();
        let (lost, range, unseen) = match self.shared.machine.read(&path) {
            Ok(bytes) => {
                let sealing = self.settings.sealing.as_deref();
                let scan = Scan::of(&bytes, acknowledged, sealing);
                let unseen = scan.last.as_ref().is_some_and(|last| last.id.seq > acknowledged);
                (Some(less(&scan.sums, &scan.sums_at).total()), scan.range_after, unseen)
            }
            // A bad disk must not make the journal grow without end: the loss is of unknown size.
            Err(error) => {
                tracing::error!("cannot read {}: {error}", path.display());
                (None, None, true)
            }
        };
        if !unseen {
            self.forget(number);
            return self
                .shared
                .machine
                .remove(&path)
                .map_err(|error| JournalError::io("cannot delete", &path, error));
        }
        // Aside first, then the statement, then the deletion. The name says which batch states the
        // loss, so that a start after a crash between any two of them knows whether it was stated.
        let expired = Expired { segment: name, statement: Some(self.next_seq) };
        let aside = expired.path(&self.shared.directory);
        self.shared
            .machine
            .rename(&path, &aside)
            .map_err(|error| JournalError::io("cannot rename", &path, error))?;
        self.forget(number);
        self.expired.push(expired);
        if let Err(error) = directory::sync_names(&*self.shared.machine, &self.shared.directory) {
            // The statement waits in memory, and the segment with it.
            self.fail(error);
        }
        let now = clock::now();
        let range = range.unwrap_or(TimeRange { start: now, end: now });
        tracing::warn!(
            "the journal is above its quota of {} bytes: deleted {} with {} frames that not \
             every desktop has",
            self.settings.quota_bytes,
            path.display(),
            lost.map_or_else(|| "an unknown number of".to_owned(), |lost| lost.to_string())
        );
        self.shared.state.send_modify(|state| state.losses += 1);
        self.state_gaps(vec![Gap {
            radio: None,
            start: range.start,
            end: range.end,
            cause: GapCause::JournalQuota,
            frames: lost,
        }]);
        if self.trouble.is_none() {
            self.sync();
        }
        self.delete_expired();
        Ok(())
    }

    /// Deletes what was driven out and whose loss is stated for good.
    fn delete_expired(&mut self) {
        let durable = self.shared.index().durable_seq;
        let shared = Arc::clone(&self.shared);
        self.expired.retain(|expired| {
            if expired.statement.is_some_and(|seq| seq > durable) {
                return true;
            }
            let path = expired.path(&shared.directory);
            if let Err(error) = shared.machine.remove(&path) {
                tracing::error!("cannot delete {}: {error}", path.display());
            }
            false
        });
    }
}
