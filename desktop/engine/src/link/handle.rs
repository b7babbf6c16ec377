//! What the owner of a link holds: its state, what it did, and how to end it.

use super::state::LinkState;
use super::store::KnownSensor;
use pw_wire::{RadioTuning, Status};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// What a link did since its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LinkCounts {
    /// Connections that stood.
    pub connections: u64,
    /// Batches that arrived.
    pub batches: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Batches that became durable and were acknowledged.
    pub acknowledged: u64,
    /// Batches that the sensor no longer held.
    pub not_held: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) connections: AtomicU64,
    pub(super) batches: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) not_held: AtomicU64,
    /// When the sensor was last heard, and the round trip then.
    pub(super) heard: Mutex<Option<(Instant, Duration)>>,
}

impl Counters {
    fn heard(&self) -> Option<(Instant, Duration)> {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A link that records from one sensor until it is stopped or dropped.
#[derive(Debug)]
pub struct SensorLink {
    pub(super) sensor: KnownSensor,
    pub(super) state: watch::Receiver<LinkState>,
    pub(super) status: watch::Receiver<Option<Status>>,
    pub(super) tuning: watch::Receiver<Vec<RadioTuning>>,
    pub(super) counters: Arc<Counters>,
    pub(super) retry: Arc<Notify>,
    pub(super) stop: watch::Sender<bool>,
    pub(super) task: Option<JoinHandle<()>>,
}

impl SensorLink {
    /// The sensor.
    #[must_use]
    pub const fn sensor(&self) -> &KnownSensor {
        &self.sensor
    }

    /// Follows how the link is.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<LinkState> {
        self.state.clone()
    }

    /// Follows what the sensor says of itself; `None` while there is no connection.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Option<Status>> {
        self.status.clone()
    }

    /// What the sensor's radios are told to listen to, as it last said; empty for an older sensor.
    #[must_use]
    pub fn tuning(&self) -> watch::Receiver<Vec<RadioTuning>> {
        self.tuning.clone()
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> LinkCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LinkCounts {
            connections: read(&self.counters.connections),
            batches: read(&self.counters.batches),
            bytes: read(&self.counters.bytes),
            acknowledged: read(&self.counters.acknowledged),
            not_held: read(&self.counters.not_held),
        }
    }

    /// When anything came from the sensor last.
    #[must_use]
    pub fn last_heard(&self) -> Option<Instant> {
        self.counters.heard().map(|(at, _)| at)
    }

    /// Round trip of the connection when it was last heard.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.counters.heard().map(|(_, round_trip)| round_trip)
    }

    /// Tries again now instead of waiting.
    pub fn retry_now(&self) {
        self.retry.notify_one();
    }

    /// Leaves the sensor. What is not durable yet stays in its journal.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

impl Drop for SensorLink {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
