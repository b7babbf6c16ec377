//! From observations to batches of a fixed size, handed in and counted.

use super::super::ExchangeError;
use super::ImportedFile;
use super::source::Source;
use crate::ingest::{IngestQueue, StoreError, Stored};
use pw_model::{
    Advertisement, Fix, FrameFlags, FrameKind, Gap, Observation, Origin, RadioEvent,
    RadioEventKind, RadioId, Timestamp,
};
use pw_survey::Ingested;
use pw_wire::{Batch, BatchId, StreamInfo};
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// Observations in a batch. Fixed for ever: the same file must give the same batches, so that
/// importing it again adds nothing.
const BATCH_LEN: usize = 2_000;

/// Bytes of advertisements in a batch; above it the batch is closed early, far from its limit.
const ADVERTISEMENT_BYTES: usize = 4 << 20;

/// Batches that were handed in and not yet answered. When full, the import waits for the disk.
const IN_FLIGHT: usize = 32;

/// Collects observations and hands in full batches.
pub(super) struct Batches<'a> {
    queue: &'a IngestQueue,
    batch: Batch,
    bytes: usize,
    in_flight: VecDeque<oneshot::Receiver<Stored>>,
    pub(super) result: ImportedFile,
}

impl<'a> Batches<'a> {
    pub(super) fn new(
        queue: &'a IngestQueue,
        source: &Source,
        epoch: u64,
        origin: Origin,
        result: ImportedFile,
    ) -> Self {
        let id = BatchId { sensor: source.id, epoch, seq: 1 };
        let stream = StreamInfo { name: source.name(), origin };
        let batch = Batch::new(id, stream);
        Self { queue, batch, bytes: 0, in_flight: VecDeque::new(), result }
    }

    pub(super) fn observation(
        &mut self,
        observation: Observation,
        advertisements: Vec<Advertisement>,
    ) -> Result<(), ExchangeError> {
        self.bytes += advertisements.iter().map(|a| a.elements.len()).sum::<usize>();
        self.result.observations += 1;
        self.result.positioned += u64::from(observation.position.is_some());
        self.result.bad_fcs += u64::from(observation.flags.contains(FrameFlags::BAD_FCS));
        self.result.unreadable += u64::from(observation.kind == FrameKind::UNREADABLE);
        self.batch.advertisements.extend(advertisements);
        self.batch.observations.push(observation);
        if self.batch.observations.len() >= BATCH_LEN || self.bytes >= ADVERTISEMENT_BYTES {
            self.hand_in()?;
        }
        Ok(())
    }

    pub(super) fn fix(&mut self, fix: Fix) -> Result<(), ExchangeError> {
        self.batch.fixes.push(fix);
        if self.batch.fixes.len() >= BATCH_LEN { self.hand_in() } else { Ok(()) }
    }

    pub(super) fn gap(&mut self, gap: Gap) {
        self.batch.gaps.push(gap);
    }

    /// States that listening begins in the file.
    pub(super) fn started(&mut self, time: Timestamp, radio: RadioId) {
        let source = self.batch.stream.name.clone();
        let origin = self.batch.stream.origin;
        let kind = RadioEventKind::Started { source, origin, hardware: String::new() };
        self.batch.radio_events.push(RadioEvent { time, radio, kind });
    }

    /// Hands in the rest and waits until all is durable.
    pub(super) fn finish(mut self) -> Result<ImportedFile, ExchangeError> {
        if !self.batch.is_empty() {
            self.hand_in()?;
        }
        while let Some(answer) = self.in_flight.pop_front() {
            self.count(answer)?;
        }
        Ok(self.result)
    }

    fn hand_in(&mut self) -> Result<(), ExchangeError> {
        let mut next = Batch::new(self.batch.id, self.batch.stream.clone());
        next.id.seq += 1;
        let batch = std::mem::replace(&mut self.batch, next);
        self.bytes = 0;
        let encoded = batch.encode().map_err(|error| StoreError::Refused(error.to_string()))?;
        if self.in_flight.len() >= IN_FLIGHT
            && let Some(answer) = self.in_flight.pop_front()
        {
            self.count(answer)?;
        }
        self.in_flight.push_back(self.queue.enqueue_blocking(encoded)?);
        Ok(())
    }

    fn count(&mut self, answer: oneshot::Receiver<Stored>) -> Result<(), ExchangeError> {
        match answer.blocking_recv().unwrap_or(Err(StoreError::Closed))? {
            Ingested::New => self.result.new_batches += 1,
            Ingested::Duplicate => self.result.known_batches += 1,
        }
        Ok(())
    }
}

impl ImportedFile {
    /// Keeps a warning, or counts it when there are many.
    pub(super) fn warn(&mut self, warning: String) {
        if self.warnings.len() < super::MOST_WARNINGS {
            self.warnings.push(warning);
        } else {
            *self.left_out.entry("further warnings".to_owned()).or_default() += 1;
        }
    }
}
