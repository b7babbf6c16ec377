//! The journal's thread: numbers batches, writes them, syncs in groups, forgets what is no longer needed.

mod quota;

use super::accounting::{Accounted, Loss};
use super::counters::Counters;
use super::directory::Expired;
use super::index::{IndexedSegment, Shared};
use super::machine::{Access, OpenFile};
use super::recover::Recovered;
use super::sealing::SEAL_OVERHEAD;
use super::{JournalError, JournalSettings, damage, directory};
use crate::clock;
use pw_model::{Gap, GapCause, RadioId};
use pw_wire::{
    Batch, BatchEncoder, BatchError, BatchId, EncodedBatch, JournalRecord, MAX_PAYLOAD,
    SegmentHeader, segment_start,
};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Batches kept in memory while the journal cannot be written. Above it (or above
/// [`UNWRITTEN_BYTES`]) new batches are dropped and their frames counted.
const UNWRITTEN_BATCHES: usize = 1024;
/// Bytes of them.
const UNWRITTEN_BYTES: usize = 32 << 20;
/// Pause between two tries to write again after an error.
const RETRY: Duration = Duration::from_secs(1);
/// How often acknowledgements and found damage are looked at when no batch comes.
const UPKEEP: Duration = Duration::from_millis(250);
/// How often it is looked whether thinning is done when no batch comes.
const THINNING: Duration = Duration::from_millis(20);

/// A batch that is numbered and not yet durable.
struct Pending {
    seq: u64,
    /// Mark and batch.
    bytes: Vec<u8>,
    /// Where the mark begins in the segment; `None` while not written.
    offset: Option<u64>,
}

/// The segment that is being written.
struct Active {
    file: Box<dyn OpenFile>,
    number: u64,
    len: u64,
}

/// Writes the journal.
pub(super) struct Writer {
    settings: JournalSettings,
    shared: Arc<Shared>,
    counters: Arc<Counters>,
    _lock: Box<dyn OpenFile>,
    active: Option<Active>,
    append_at: Option<u64>,
    next_segment: u64,
    next_seq: u64,
    sums: Accounted,
    /// Made with the first batch.
    encoder: Option<BatchEncoder>,
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    restart_gaps: Vec<Gap>,
    /// Driven out, and not yet deleted.
    expired: Vec<Expired>,
    /// The segment that is being thinned.
    thinning: Option<quota::Running>,
    /// Segments that cannot be thinned, or need not.
    stay_whole: BTreeSet<u64>,
    /// When thinning failed last for a reason that may pass.
    thinning_failed: Option<Instant>,
    loss: Loss,
    last_sync: Option<Instant>,
    last_try: Option<Instant>,
    trouble: Option<String>,
    desktops_written: Instant,
    desktops_unwritten: bool,
}

impl Writer {
    pub(super) fn new(settings: JournalSettings, recovered: Recovered) -> Self {
        let now = recovered.shared.machine.steady_now();
        Self {
            settings,
            shared: recovered.shared,
            counters: recovered.counters,
            _lock: recovered.lock,
            active: None,
            append_at: recovered.append_at,
            next_segment: recovered.next_segment,
            next_seq: recovered.next_seq,
            sums: recovered.sums,
            encoder: None,
            pending: VecDeque::new(),
            pending_bytes: 0,
            restart_gaps: recovered.gaps,
            expired: Vec::new(),
            thinning: None,
            stay_whole: BTreeSet::new(),
            thinning_failed: None,
            loss: Loss::default(),
            last_sync: None,
            last_try: None,
            trouble: None,
            desktops_written: now,
            desktops_unwritten: false,
        }
    }

    /// The number that the next batch gets.
    #[cfg(test)]
    pub(super) const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Begins the first segment of this run and states what the last one left unwritten. The first
    /// segment of all must be there before the first frame is counted: without a segment, nobody
    /// would miss it.
    pub(super) fn begin(&mut self) {
        let gaps = std::mem::take(&mut self.restart_gaps);
        if gaps.is_empty() {
            self.write();
        } else {
            self.state_gaps(gaps);
            if self.trouble.is_none() {
                self.sync();
            }
        }
        self.shared.publish(|_| {});
    }

    /// Works until the queue's other end is gone, then writes what is left.
    pub(super) fn run(mut self, drafts: &Receiver<Batch>) {
        loop {
            match drafts.recv_timeout(self.patience()) {
                Ok(batch) => self.take(batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.upkeep();
        }
        self.finish();
    }

    fn now(&self) -> Instant {
        self.shared.machine.steady_now()
    }

    fn since(&self, then: Instant) -> Duration {
        self.now().saturating_duration_since(then)
    }

    /// How long to wait for the next batch.
    fn patience(&self) -> Duration {
        if self.trouble.is_none() && !self.pending.is_empty() {
            let since = self.last_sync.map_or(self.settings.sync_interval, |last| self.since(last));
            self.settings.sync_interval.saturating_sub(since)
        } else if self.thinning.is_some() {
            THINNING
        } else {
            UPKEEP
        }
    }

    /// Numbers and writes one batch, or counts it as lost when memory is full.
    pub(super) fn take(&mut self, mut batch: Batch) {
        if self.pending.len() >= UNWRITTEN_BATCHES || self.pending_bytes >= UNWRITTEN_BYTES {
            self.lose(&batch);
            return;
        }
        let seq = self.next_seq;
        batch.id = BatchId { sensor: self.shared.sensor, epoch: self.shared.epoch, seq };
        let sums = self.sums.plus(&Accounted::of(&batch));
        let mark = JournalRecord::Mark { seq, accounted: sums.to_mark(), restated: sums.restated };
        let encoded = mark.encode().map_err(|error| error.to_string()).and_then(|mut bytes| {
            let batch = self.encode(&batch).map_err(|error| error.to_string())?;
            bytes.extend_from_slice(batch.bytes());
            // Sealed, both are one record.
            let fits = bytes.len() <= MAX_PAYLOAD - SEAL_OVERHEAD;
            fits.then_some(bytes).ok_or_else(|| "it is too long".to_owned())
        });
        match encoded {
            Ok(bytes) => {
                self.next_seq += 1;
                self.sums = sums;
                self.pending_bytes += bytes.len();
                self.pending.push_back(Pending { seq, bytes, offset: None });
                if self.trouble.is_none() {
                    self.write();
                }
            }
            Err(error) => {
                tracing::error!(
                    "a batch cannot be encoded: {error}; its frames are counted as lost"
                );
                self.lose(&batch);
            }
        }
    }

    fn encode(&mut self, batch: &Batch) -> Result<EncodedBatch, BatchError> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(BatchEncoder::new()?),
        };
        encoder.encode(batch)
    }

    fn lose(&mut self, batch: &Batch) {
        self.loss.include(batch);
        let frames = Accounted::of(batch).total();
        self.shared.state.send_modify(|state| {
            state.write_loss_frames = state.write_loss_frames.saturating_add(frames);
            state.losses += 1;
        });
    }

    /// Everything that is due.
    pub(super) fn upkeep(&mut self) {
        if self.trouble.is_some() {
            if self.last_try.is_none_or(|last| self.since(last) >= RETRY) {
                self.try_again();
            }
        } else if !self.pending.is_empty()
            && self.last_sync.is_none_or(|last| self.since(last) >= self.settings.sync_interval)
        {
            self.sync();
        }
        if self.trouble.is_none() && !self.loss.is_empty() {
            self.state_loss();
        }
        self.look_at_suspects();
        if self.shared.desktops_changed.swap(false, Ordering::AcqRel) {
            self.desktops_unwritten = true;
            self.forget_acknowledged();
            self.shared.publish(|_| {});
        }
        // What every desktop has is gone by now.
        self.hold_quota();
        if self.desktops_unwritten && self.since(self.desktops_written) >= Duration::from_secs(1) {
            self.write_desktops();
        }
    }

    /// Writes what is pending and not written.
    fn write(&mut self) {
        if let Err(error) = self.try_write() {
            self.fail(error);
        }
    }

    fn try_write(&mut self) -> Result<(), JournalError> {
        if self.active.as_ref().is_some_and(|active| active.len >= self.settings.segment_bytes) {
            self.try_sync()?;
            self.active = None;
        }
        if self.active.is_none() {
            self.active = Some(self.open_segment()?);
        }
        let Some(active) = self.active.as_mut() else { return Err(JournalError::Stopped) };
        let path = self.shared.segment_path(active.number);
        let sealing = self.settings.sealing.as_ref().filter(|sealing| sealing.seals());
        for pending in self.pending.iter_mut().filter(|pending| pending.offset.is_none()) {
            // Sealed anew at each try: what a try before left on the disk had another salt.
            let sealed;
            let record = match sealing {
                Some(sealing) => {
                    sealed = sealing.seal(pending.seq, &pending.bytes)?;
                    &sealed
                }
                None => &pending.bytes,
            };
            active
                .file
                .write_all_at(record, active.len)
                .map_err(|error| JournalError::io("cannot write", &path, error))?;
            pending.offset = Some(active.len);
            active.len += record.len() as u64;
        }
        Ok(())
    }

    /// Goes on in the last segment of the last run where that is sound, else begins a new one.
    fn open_segment(&mut self) -> Result<Active, JournalError> {
        let machine = Arc::clone(&self.shared.machine);
        if let Some(len) = self.append_at.take()
            && len < self.settings.segment_bytes
        {
            let number = self.next_segment - 1;
            let path = self.shared.segment_path(number);
            let file = machine
                .open(&path, Access::Write)
                .map_err(|error| JournalError::io("cannot open", &path, error))?;
            return Ok(Active { file, number, len });
        }
        let number = self.next_segment;
        let path = self.shared.segment_path(number);
        let header = SegmentHeader {
            number,
            created: clock::now(),
            writer: concat!("piwardrive-sensor ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let start = segment_start(&header).map_err(|e| JournalError::Encode(e.to_string()))?;
        let create = || {
            let file = machine.open(&path, Access::Create)?;
            file.write_all_at(&start, 0)?;
            Ok(file)
        };
        let file = create().map_err(|error| JournalError::io("cannot create", &path, error))?;
        directory::sync_names(&*machine, &self.shared.directory)?;
        self.next_segment += 1;
        let len = start.len() as u64;
        self.shared.index().segments.push_back(IndexedSegment {
            number,
            first_seq: None,
            last_seq: 0,
            end: 0,
            thinned: false,
            sealed: self.settings.sealing.as_ref().is_some_and(|sealing| sealing.seals()),
            places: Vec::new(),
        });
        Ok(Active { file, number, len })
    }

    /// Makes what is written durable, and tells the readers.
    fn sync(&mut self) {
        if let Err(error) = self.try_sync() {
            self.fail(error);
        }
    }

    fn try_sync(&mut self) -> Result<(), JournalError> {
        self.last_sync = Some(self.now());
        let Some(active) = &self.active else { return Ok(()) };
        let path = self.shared.segment_path(active.number);
        active.file.sync().map_err(|error| JournalError::io("cannot sync", &path, error))?;
        let mut index = self.shared.index();
        let Some(segment) = index.segments.iter_mut().find(|s| s.number == active.number) else {
            return Err(JournalError::Stopped);
        };
        segment.end = active.len;
        let mut durable = None;
        while let Some(pending) = self.pending.pop_front_if(|pending| pending.offset.is_some()) {
            self.pending_bytes -= pending.bytes.len();
            segment.first_seq.get_or_insert(pending.seq);
            segment.last_seq = pending.seq;
            segment.add_place(pending.seq, pending.offset.unwrap_or_default());
            durable = Some(pending.seq);
        }
        if let Some(seq) = durable {
            index.durable_seq = seq;
            drop(index);
            self.counters.set_durable(seq);
            self.shared.publish(|_| {});
        }
        Ok(())
    }

    /// Stops writing. What is not durable stays in memory and is written again, to a new segment:
    /// after a failed fsync nobody knows what of it is on the disk.
    fn fail(&mut self, error: JournalError) {
        let words = error.to_string();
        if self.trouble.is_none() {
            tracing::error!(
                "{words}; the journal stops, up to {UNWRITTEN_BATCHES} batches are kept in memory, \
                 later ones are counted as lost; trying again every second"
            );
        }
        if let Some(active) = self.active.take() {
            self.abandon(&active);
        }
        self.append_at = None;
        for pending in &mut self.pending {
            pending.offset = None;
        }
        self.last_try = Some(self.now());
        self.trouble = Some(words.clone());
        self.shared.publish(|state| state.trouble = Some(words));
    }

    /// Cuts the segment back to what is durable, or deletes it when that is nothing. It may fail like
    /// the write before it; batches that then stand twice are equal, and are read once.
    fn abandon(&self, active: &Active) {
        let mut index = self.shared.index();
        let end = index.segments.iter().find(|s| s.number == active.number).map_or(0, |s| s.end);
        let path = self.shared.segment_path(active.number);
        let result = if end == 0 {
            index.segments.retain(|segment| segment.number != active.number);
            self.shared.machine.remove(&path)
        } else {
            active.file.set_length(end)
        };
        if let Err(error) = result {
            tracing::warn!("cannot cut {} back to byte {end}: {error}", path.display());
        }
    }

    fn try_again(&mut self) {
        self.last_try = Some(self.now());
        let waiting = self.pending.len();
        match self.try_write().and_then(|()| self.try_sync()) {
            Ok(()) => {
                self.trouble = None;
                tracing::info!("the journal can be written again; {waiting} batches written");
                self.shared.publish(|state| state.trouble = None);
            }
            Err(error) => self.fail(error),
        }
    }

    /// States what was dropped while the journal could not be written.
    fn state_loss(&mut self) {
        let loss = std::mem::take(&mut self.loss);
        let now = clock::now();
        let (start, end) = loss.range.unwrap_or((now, now));
        let gap = |radio, cause, frames| Gap { radio, start, end, cause, frames: Some(frames) };
        let mut gaps = Vec::new();
        for (radio, frames) in loss.accounted.by_radio.into_iter().enumerate() {
            if frames > 0 {
                gaps.push(gap(Some(RadioId(radio as u8)), GapCause::JournalWrite, frames));
            }
        }
        if loss.accounted.restated > 0 {
            gaps.push(gap(None, GapCause::JournalQuota, loss.accounted.restated));
        }
        if gaps.is_empty() {
            gaps.push(gap(None, GapCause::JournalWrite, 0));
        }
        self.state_gaps(gaps);
    }

    /// Writes a batch of the journal's own.
    fn state_gaps(&mut self, gaps: Vec<Gap>) {
        let id = BatchId { sensor: self.shared.sensor, epoch: self.shared.epoch, seq: 0 };
        let mut batch = Batch::new(id, self.settings.stream.clone());
        batch.gaps = gaps;
        self.take(batch);
    }

    fn forget(&mut self, number: u64) {
        self.give_up_thinning(number);
        self.shared.index().segments.retain(|segment| segment.number != number);
        self.shared.desktops().forget_segment(number);
        self.stay_whole.remove(&number);
        self.desktops_unwritten = true;
    }

    /// Deletes segments that every paired desktop holds.
    fn forget_acknowledged(&mut self) {
        let acknowledged = self.shared.desktops().everywhere();
        if acknowledged == 0 {
            return;
        }
        let active = self.active.as_ref().map(|active| active.number);
        let done: Vec<_> = {
            let index = self.shared.index();
            let last = index.segments.back().map(|segment| segment.number);
            index
                .segments
                .iter()
                .filter(|s| Some(s.number) != active && Some(s.number) != last)
                .filter(|s| s.ends_by(acknowledged))
                .map(IndexedSegment::name)
                .collect()
        };
        for segment in done {
            let path = segment.path(&self.shared.directory);
            self.remove_twin(segment);
            self.forget(segment.number);
            if let Err(error) = self.shared.machine.remove(&path) {
                tracing::warn!("cannot delete {}: {error}", path.display());
            }
        }
    }

    /// States the loss of damaged places that a reader or the start met.
    fn look_at_suspects(&mut self) {
        let suspects = std::mem::take(&mut *self.shared.suspects());
        for number in suspects {
            let gaps = damage::losses(&self.shared, number);
            self.desktops_unwritten = true;
            if !gaps.is_empty() {
                self.shared.state.send_modify(|state| state.losses += 1);
                self.state_gaps(gaps);
            }
        }
    }

    fn write_desktops(&mut self) {
        self.desktops_written = self.now();
        let desktops = self.shared.desktops().clone();
        match desktops.write(&*self.shared.machine, &self.shared.directory) {
            Ok(()) => self.desktops_unwritten = false,
            Err(error) => tracing::warn!("{error}; acknowledgements are not kept across a restart"),
        }
    }

    /// Writes what is left when the sensor leaves in order.
    pub(super) fn finish(mut self) {
        self.upkeep();
        self.stop_thinning();
        if self.trouble.is_some() {
            self.try_again();
        }
        if self.trouble.is_none() && !self.loss.is_empty() {
            self.state_loss();
        }
        if self.trouble.is_none() && !self.pending.is_empty() {
            self.sync();
        }
        self.write_desktops();
        if let Some(trouble) = &self.trouble {
            tracing::error!(
                "{} batches could not be written: {trouble}; the next start states the loss",
                self.pending.len()
            );
        } else if let Err(error) = self.counters.set_clean() {
            tracing::warn!("cannot sync the journal's counters: {error}");
        }
    }
}
