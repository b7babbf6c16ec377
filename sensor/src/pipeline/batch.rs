//! Gathers records until they are worth a batch.

use pw_model::{
    Advertisement, ClockEvent, ClockState, DoubtfulFix, Fix, Gap, Health, HealthDetails,
    MotionSample, Observation, PrivacyDeclaration, RadioEvent, SensorId, Transmitted, TuneInterval,
    Withheld,
};
use pw_wire::{Batch, BatchId, StreamInfo};
use std::time::{Duration, Instant};

/// A batch is closed at this age,
const BATCH_AGE: Duration = Duration::from_millis(500);
/// earlier while a desktop shows what comes; larger ones pack better and spare the disk,
const FOLLOWED_BATCH_AGE: Duration = Duration::from_millis(100);
/// at so many observations,
const BATCH_OBSERVATIONS: usize = 2000;
/// or at about so many bytes before packing.
const BATCH_BYTES: usize = 256 << 10;

/// The batch that is being filled.
#[derive(Debug)]
pub(super) struct BatchBuilder {
    sensor: SensorId,
    stream: StreamInfo,
    privacy: PrivacyDeclaration,
    batch: Batch,
    begun: Option<Instant>,
    bytes: usize,
}

fn empty(sensor: SensorId, stream: &StreamInfo, privacy: &PrivacyDeclaration) -> Batch {
    // Epoch and number are given by the journal.
    let mut batch = Batch::new(BatchId { sensor, epoch: 0, seq: 0 }, stream.clone());
    batch.privacy = Some(privacy.clone());
    batch
}

impl BatchBuilder {
    pub(super) fn new(sensor: SensorId, stream: StreamInfo, privacy: PrivacyDeclaration) -> Self {
        let batch = empty(sensor, &stream, &privacy);
        Self { sensor, batch, stream, privacy, begun: None, bytes: 0 }
    }

    pub(super) fn withheld(&mut self, withheld: Withheld) {
        self.batch.withheld.push(withheld);
        self.grown(30);
    }

    pub(super) fn health_details(&mut self, details: HealthDetails) {
        self.batch.health_details.push(details);
        self.grown(300);
    }

    pub(super) fn transmitted(&mut self, transmitted: Transmitted) {
        self.batch.transmitted.push(transmitted);
        self.grown(30);
    }

    pub(super) fn clock_event(&mut self, event: ClockEvent) {
        self.batch.clock_events.push(event);
        self.grown(30);
    }

    pub(super) fn doubtful_fix(&mut self, fix: DoubtfulFix) {
        self.batch.doubtful_fixes.push(fix);
        self.grown(60);
    }

    pub(super) fn motion(&mut self, sample: MotionSample) {
        self.batch.motion.push(sample);
        self.grown(30);
    }

    pub(super) fn observation(&mut self, observation: Observation) {
        self.batch.observations.push(observation);
        self.grown(60);
    }

    pub(super) fn advertisement(&mut self, advertisement: Advertisement) {
        let bytes = 250 + advertisement.elements.len();
        self.batch.advertisements.push(advertisement);
        self.grown(bytes);
    }

    pub(super) fn fix(&mut self, fix: Fix) {
        self.batch.fixes.push(fix);
        self.grown(60);
    }

    pub(super) fn tune(&mut self, tune: TuneInterval) {
        self.batch.tunes.push(tune);
        self.grown(30);
    }

    pub(super) fn gap(&mut self, gap: Gap) {
        self.batch.gaps.push(gap);
        self.grown(30);
    }

    pub(super) fn health(&mut self, health: Health) {
        self.batch.health.push(health);
        self.grown(60);
    }

    pub(super) fn clock(&mut self, clock: ClockState) {
        self.batch.clocks.push(clock);
        self.grown(30);
    }

    pub(super) fn radio_event(&mut self, event: RadioEvent) {
        self.batch.radio_events.push(event);
        self.grown(100);
    }

    fn grown(&mut self, bytes: usize) {
        self.begun.get_or_insert_with(Instant::now);
        self.bytes += bytes;
    }

    /// True when it holds as much as a batch should.
    pub(super) fn is_full(&self) -> bool {
        self.batch.observations.len() >= BATCH_OBSERVATIONS || self.bytes >= BATCH_BYTES
    }

    /// How long until it is to be closed for its age; `None` while it is empty.
    /// `followed`: a desktop shows what comes.
    pub(super) fn due_in(&self, followed: bool) -> Option<Duration> {
        let age = if followed { FOLLOWED_BATCH_AGE } else { BATCH_AGE };
        self.begun.map(|begun| age.saturating_sub(begun.elapsed()))
    }

    /// Closes the batch, if there is anything in it, and begins the next.
    pub(super) fn close(&mut self) -> Option<Batch> {
        self.begun.take()?;
        self.bytes = 0;
        let mut next = empty(self.sensor, &self.stream, &self.privacy);
        // The next stretch of time is about as busy as this one.
        next.observations.reserve_exact(self.batch.observations.len());
        Some(std::mem::replace(&mut self.batch, next))
    }
}
