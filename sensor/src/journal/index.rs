//! What writer and readers of a journal share in memory.

use super::desktops::Desktops;
use super::directory::SegmentName;
use super::machine::Machine;
use super::sealing::Sealing;
use super::segment::PLACE_STEP;
use super::{JournalState, directory};
use pw_model::SensorId;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// One segment on disk.
#[derive(Clone, Debug)]
pub(super) struct IndexedSegment {
    /// Its number.
    pub(super) number: u64,
    /// First batch in it; `None` while it holds none.
    pub(super) first_seq: Option<u64>,
    /// No durable batch in it has a higher number.
    pub(super) last_seq: u64,
    /// Durable bytes of it.
    pub(super) end: u64,
    /// Only the key opens its batches.
    pub(super) sealed: bool,
    /// It was thinned out.
    pub(super) thinned: bool,
    /// Places to begin reading at: batch number and offset, ascending. Grows by one entry per 64 KiB
    /// of segment, so that 8 GiB of journal take 2 MiB here.
    pub(super) places: Vec<(u64, u64)>,
}

impl IndexedSegment {
    /// Its file.
    pub(super) const fn name(&self) -> SegmentName {
        SegmentName { number: self.number, thinned: self.thinned }
    }

    /// Where to begin reading for batch `seq`.
    pub(super) fn place_of(&self, seq: u64) -> u64 {
        let after = self.places.partition_point(|(first, _)| *first <= seq);
        after.checked_sub(1).and_then(|at| self.places.get(at)).map_or(0, |(_, offset)| *offset)
    }

    /// Remembers where a batch begins, when that is far enough from the places known.
    pub(super) fn add_place(&mut self, seq: u64, offset: u64) {
        let at = self.places.partition_point(|(first, _)| *first < seq);
        let far = |place: Option<&(u64, u64)>| {
            place.is_none_or(|(_, known)| known.abs_diff(offset) >= PLACE_STEP)
        };
        let before = at.checked_sub(1).and_then(|before| self.places.get(before));
        if far(before) && far(self.places.get(at)) {
            self.places.insert(at, (seq, offset));
        }
    }

    /// True when every batch in it, if any, is at most `seq`.
    pub(super) fn ends_by(&self, seq: u64) -> bool {
        self.first_seq.is_none() || self.last_seq <= seq
    }
}

/// All segments on disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Oldest first.
    pub(super) segments: VecDeque<IndexedSegment>,
    /// Newest durable batch.
    pub(super) durable_seq: u64,
}

impl Index {
    /// Oldest batch there is.
    pub(super) fn oldest_seq(&self) -> u64 {
        self.segments.iter().find_map(|segment| segment.first_seq).unwrap_or(self.durable_seq + 1)
    }

    /// Durable bytes of all segments.
    pub(super) fn disk_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }

    /// Segment `number`.
    pub(super) fn find(&self, number: u64) -> Option<&IndexedSegment> {
        self.segments.iter().find(|segment| segment.number == number)
    }

    /// Segments with batches that are sealed, and with such in the clear.
    fn sealed_and_plain(&self) -> (u64, u64) {
        self.segments.iter().filter(|segment| segment.first_seq.is_some()).fold(
            (0, 0),
            |(sealed, plain), segment| {
                let one = u64::from(segment.sealed);
                (sealed + one, plain + 1 - one)
            },
        )
    }

    /// Batches after `acknowledged`, and their bytes to within one step of the index.
    pub(super) fn backlog(&self, acknowledged: u64) -> (u64, u64) {
        let (mut batches, mut bytes) = (0, 0);
        for segment in &self.segments {
            let Some(first) = segment.first_seq else { continue };
            if segment.last_seq <= acknowledged {
                continue;
            }
            let from = first.max(acknowledged.saturating_add(1));
            batches += (segment.last_seq + 1).saturating_sub(from);
            let start = if from == first { 0 } else { segment.place_of(from) };
            bytes += segment.end.saturating_sub(start);
        }
        (batches, bytes)
    }
}

/// Shared by the writer's thread and all readers. No lock is held across file work.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) machine: Arc<dyn Machine>,
    pub(super) directory: PathBuf,
    pub(super) epoch: u64,
    pub(super) sensor: SensorId,
    /// The key of what is sealed.
    pub(super) sealing: Option<Arc<Sealing>>,
    index: Mutex<Index>,
    desktops: Mutex<Desktops>,
    /// Set by readers, taken by the writer, which deletes segments and writes `state.json`.
    pub(super) desktops_changed: AtomicBool,
    /// Segments in which a reader met damage; the writer looks at them and states the loss.
    suspects: Mutex<BTreeSet<u64>>,
    /// Counts requests to send every advertisement once more.
    pub(super) announcements: AtomicU64,
    /// A desktop follows what is written.
    pub(super) followed: AtomicBool,
    pub(super) state: watch::Sender<JournalState>,
}

impl Shared {
    pub(super) fn new(
        machine: Arc<dyn Machine>,
        directory: PathBuf,
        epoch: u64,
        sensor: SensorId,
        sealing: Option<Arc<Sealing>>,
        index: Index,
        desktops: Desktops,
    ) -> Self {
        Self {
            machine,
            directory,
            epoch,
            sensor,
            sealing,
            index: Mutex::new(index),
            desktops: Mutex::new(desktops),
            desktops_changed: AtomicBool::new(true),
            suspects: Mutex::new(BTreeSet::new()),
            announcements: AtomicU64::new(0),
            followed: AtomicBool::new(false),
            state: watch::Sender::new(JournalState::default()),
        }
    }

    // A poisoned lock means that a thread panicked between two assignments of plain numbers;
    // the values are usable.
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn desktops(&self) -> MutexGuard<'_, Desktops> {
        self.desktops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn suspects(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of a segment that was not thinned.
    pub(super) fn segment_path(&self, number: u64) -> PathBuf {
        directory::segment_path(&self.directory, number)
    }

    /// The path of a segment that is in the index.
    pub(super) fn path_in_index(&self, number: u64) -> Option<PathBuf> {
        let name = self.index().find(number)?.name();
        Some(name.path(&self.directory))
    }

    /// Tells the numbers to whoever watches.
    pub(super) fn publish(&self, change: impl FnOnce(&mut JournalState)) {
        let acknowledged = self.desktops().everywhere();
        let (oldest_seq, durable_seq, disk_bytes, (batches, bytes), (sealed, plain), thinned) = {
            let index = self.index();
            (
                index.oldest_seq(),
                index.durable_seq,
                index.disk_bytes(),
                index.backlog(acknowledged),
                index.sealed_and_plain(),
                index.segments.iter().filter(|segment| segment.thinned).count() as u64,
            )
        };
        self.state.send_if_modified(|state| {
            let old = state.clone();
            state.oldest_seq = oldest_seq;
            state.durable_seq = durable_seq;
            state.disk_bytes = disk_bytes;
            state.backlog_batches = batches;
            state.backlog_bytes = bytes;
            state.seals = self.sealing.as_ref().is_some_and(|sealing| sealing.seals());
            state.sealed_segments = sealed;
            state.plain_segments = plain;
            state.thinned_segments = thinned;
            change(state);
            *state != old
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_backlog() {
        let mut segment = IndexedSegment {
            number: 1,
            first_seq: Some(10),
            last_seq: 19,
            end: 200_000,
            sealed: false,
            thinned: false,
            places: Vec::new(),
        };
        segment.add_place(10, 50);
        segment.add_place(11, 60);
        segment.add_place(15, 100_000);
        assert_eq!(segment.places, [(10, 50), (15, 100_000)]);
        assert_eq!(
            (segment.place_of(9), segment.place_of(14), segment.place_of(99)),
            (0, 50, 100_000)
        );
        let index = Index { segments: [segment].into(), durable_seq: 19 };
        assert_eq!(index.backlog(0), (10, 200_000));
        assert_eq!(index.backlog(14), (5, 100_000));
        assert_eq!(index.backlog(19), (0, 0));
        assert_eq!((index.oldest_seq(), Index::default().oldest_seq()), (10, 1));
    }
}
