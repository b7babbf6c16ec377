//! The ingest thread: the only writer of the survey, for links, imports and the person alike.
//!
//! Whoever hands a batch in learns that it is durable; only then may a sensor forget it. Batches
//! that wait together are committed together, so one wait for the disk serves many.

use crate::command::Event;
use crate::error::EngineError;
use crate::shared::Shared;
use pw_model::SensorId;
use pw_survey::{Ingested, Snapshot, Survey, SurveyError};
use pw_wire::{EncodedBatch, UserRecord};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Requests that wait for the ingest thread. When it is full, whoever hands in waits: a link stops
/// reading, so the sensor keeps its journal; an import pauses.
const QUEUE_LEN: usize = 64;

/// Requests that share one commit,
const GROUP_LEN: usize = 64;
/// as far as they are taken in within this time, so that what is new does not wait long behind a
/// backlog.
const GROUP_TIME: Duration = Duration::from_millis(25);

/// Batches that came ahead of their turn and wait for the ingest thread, which takes them first. When
/// it is full more are left out; all come again in their turn.
const LIVE_LEN: usize = 8;

/// Shortest time between two snapshots: at most ten per second.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(100);

/// While a backlog is fetched, snapshots keep time with the batches that come ahead of it: one is made
/// when such a batch has come, half as early if need be, and without one half as late again.
const SNAPSHOT_SHIFT: Duration = Duration::from_millis(50);

/// Batches come ahead of a backlog as long as the last one is not older than this.
const NEWEST_WITHIN: Duration = Duration::from_millis(500);

/// A snapshot may take at most this share of the time: after one that took t, the next waits 3 t.
const SNAPSHOT_REST: u32 = 3;

/// Wait between tries when the disk refuses.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// How often the index is brought up to date while data comes in.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Why a batch was not stored.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// The batch is damaged; nothing of it is stored.
    #[error("{0}")]
    Refused(String),
    /// The survey was closed before the batch was durable.
    #[error("the survey was closed")]
    Closed,
    /// The survey could not be written, and nobody waits until it can be.
    #[error("{0}")]
    Disk(String),
}

/// What becomes of a batch: answered once it is durable.
pub type Stored = Result<Ingested, StoreError>;

enum Request {
    Batch { batch: EncodedBatch, done: oneshot::Sender<Stored> },
    User { record: UserRecord, done: oneshot::Sender<Result<(), StoreError>> },
    DurableThrough { sensor: SensorId, epoch: u64, oldest: u64, done: oneshot::Sender<u64> },
    Snapshot { done: oneshot::Sender<Arc<Snapshot>> },
}

/// The way in to the ingest thread; cheap to clone.
#[derive(Clone, Debug)]
pub struct IngestQueue {
    requests: mpsc::Sender<Request>,
    live: mpsc::Sender<EncodedBatch>,
}

impl IngestQueue {
    /// Hands a batch in and waits until it is durable.
    ///
    /// # Errors
    /// It is damaged, or the survey was closed.
    pub async fn store(&self, batch: EncodedBatch) -> Stored {
        self.enqueue(batch).await?.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Hands a batch in; the receiver is answered once it is durable. Waits while the queue is full.
    ///
    /// # Errors
    /// The survey was closed.
    pub async fn enqueue(
        &self,
        batch: EncodedBatch,
    ) -> Result<oneshot::Receiver<Stored>, StoreError> {
        let (done, answer) = oneshot::channel();
        self.send(Request::Batch { batch, done }).await?;
        Ok(answer)
    }

    /// Hands in a batch that came ahead of its turn and comes again: taken before all others, or left
    /// out where there is no room. Never waits.
    pub fn offer(&self, batch: EncodedBatch) {
        if self.live.try_send(batch).is_err() {
            tracing::debug!("a batch ahead of its turn is left out; it comes again");
        }
    }

    /// Like [`Self::enqueue`], for threads without a runtime.
    ///
    /// # Errors
    /// The survey was closed.
    pub fn enqueue_blocking(
        &self,
        batch: EncodedBatch,
    ) -> Result<oneshot::Receiver<Stored>, StoreError> {
        let (done, answer) = oneshot::channel();
        let request = Request::Batch { batch, done };
        self.requests.blocking_send(request).map_err(|_closed| StoreError::Closed)?;
        Ok(answer)
    }

    /// Highest durable sequence number without holes from `oldest` on; `oldest - 1` for none.
    ///
    /// # Errors
    /// The survey was closed.
    pub async fn durable_through(
        &self,
        sensor: SensorId,
        epoch: u64,
        oldest: u64,
    ) -> Result<u64, StoreError> {
        let (done, answer) = oneshot::channel();
        self.send(Request::DurableThrough { sensor, epoch, oldest, done }).await?;
        answer.await.map_err(|_closed| StoreError::Closed)
    }

    /// The state of the survey with everything that was handed in before, for threads without a
    /// runtime. The published one may be a little older.
    ///
    /// # Errors
    /// The survey was closed.
    pub(crate) fn snapshot_blocking(&self) -> Result<Arc<Snapshot>, StoreError> {
        let (done, answer) = oneshot::channel();
        let request = Request::Snapshot { done };
        self.requests.blocking_send(request).map_err(|_closed| StoreError::Closed)?;
        answer.blocking_recv().map_err(|_closed| StoreError::Closed)
    }

    /// Hands in what a person wrote, without waiting for the disk. Never blocks: with a full queue it
    /// is refused, and the person is told.
    ///
    /// # Errors
    /// The queue is full or the survey was closed.
    pub(crate) fn write_user(&self, record: UserRecord) -> Result<(), EngineError> {
        let (done, _answer) = oneshot::channel();
        self.requests.try_send(Request::User { record, done }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => EngineError::Busy { waiting: QUEUE_LEN },
            mpsc::error::TrySendError::Closed(_) => EngineError::Closed,
        })
    }

    async fn send(&self, request: Request) -> Result<(), StoreError> {
        self.requests.send(request).await.map_err(|_closed| StoreError::Closed)
    }
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct Ingest {
    queue: IngestQueue,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), SurveyError>>>,
}

impl Ingest {
    pub(crate) fn start(
        survey: Survey,
        shared: Arc<Shared>,
        runtime: tokio::runtime::Handle,
        wait_for_disk: bool,
    ) -> Result<Self, EngineError> {
        let (requests, received) = mpsc::channel(QUEUE_LEN);
        let (live, live_received) = mpsc::channel(LIVE_LEN);
        let closing = Arc::new(AtomicBool::new(false));
        let mut writer = Writer {
            survey,
            shared,
            received,
            live: live_received,
            newest_at: None,
            newest_waits: false,
            uncommitted: false,
            runtime,
            closing: Arc::clone(&closing),
            wait_for_disk,
            published: Instant::now(),
            rest: SNAPSHOT_EVERY,
            checkpointed: Instant::now(),
            changed: false,
            uncheckpointed: false,
        };
        let thread = std::thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || {
                writer.run();
                writer.finish()
            })
            .map_err(|source| EngineError::Start { what: "the ingest thread", source })?;
        Ok(Self { queue: IngestQueue { requests, live }, closing, thread: Some(thread) })
    }

    pub(crate) fn queue(&self) -> IngestQueue {
        self.queue.clone()
    }

    /// Takes nothing new from now on, and gives up on a disk that refuses: whoever waits for an
    /// answer gets one, so that nobody who is to be ended first waits for this thread.
    pub(crate) fn begin_close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Stores what waits in the queue, closes the survey and ends the thread.
    pub(crate) fn close(&mut self) -> Result<(), SurveyError> {
        self.begin_close();
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!("{error}");
        }
    }
}

struct Writer {
    survey: Survey,
    shared: Arc<Shared>,
    received: mpsc::Receiver<Request>,
    live: mpsc::Receiver<EncodedBatch>,
    /// When a batch came ahead of its turn last, and that no snapshot shows it yet.
    newest_at: Option<Instant>,
    newest_waits: bool,
    /// Something was taken in that no commit has made durable yet.
    uncommitted: bool,
    runtime: tokio::runtime::Handle,
    closing: Arc<AtomicBool>,
    wait_for_disk: bool,
    published: Instant,
    rest: Duration,
    checkpointed: Instant,
    changed: bool,
    uncheckpointed: bool,
}

impl Writer {
    fn run(&mut self) {
        let mut waiting = VecDeque::with_capacity(GROUP_LEN);
        let mut came = Vec::with_capacity(GROUP_LEN);
        let mut newest = Vec::with_capacity(LIVE_LEN);
        loop {
            let closing = self.closing.load(Ordering::Acquire);
            if closing {
                self.received.close();
            }
            let wait = match (waiting.is_empty(), self.changed) {
                (false, _) => Duration::ZERO,
                (true, true) => self.rest().saturating_sub(self.published.elapsed()),
                (true, false) => Duration::from_millis(250),
            };
            let room = GROUP_LEN.saturating_sub(waiting.len()).max(1);
            let (live, received) = (&mut self.live, &mut self.received);
            let next = async {
                tokio::select! {
                    biased;
                    count @ 1.. = live.recv_many(&mut newest, LIVE_LEN) => count,
                    count = received.recv_many(&mut came, room) => count,
                }
            };
            match self.runtime.block_on(async { tokio::time::timeout(wait, next).await }) {
                // Closed and empty.
                Ok(0) if waiting.is_empty() => return,
                _ => {}
            }
            waiting.extend(came.drain(..));
            // However much comes ahead of its turn: what comes in its turn is taken in as well.
            while waiting.len() < GROUP_LEN
                && let Ok(request) = self.received.try_recv()
            {
                waiting.push_back(request);
            }
            if !(newest.is_empty() && waiting.is_empty()) {
                self.store(&mut newest, &mut waiting);
            }
            self.publish(false);
            self.checkpoint();
        }
    }

    /// Takes a group in, the newest batches first, commits once, then answers all.
    fn store(&mut self, newest: &mut Vec<EncodedBatch>, waiting: &mut VecDeque<Request>) {
        let begun = Instant::now();
        let mut answers = Vec::with_capacity(waiting.len());
        let mut written = false;
        if !newest.is_empty() {
            self.newest_at = Some(begun);
            self.newest_waits = true;
        }
        for batch in newest.drain(..) {
            // A refusal is told there; its sender hears of it when it comes in its turn.
            let result = self.take_in(|survey| survey.ingest(batch.clone()));
            written |= matches!(result, Ok(Ingested::New));
        }
        while let Some(request) = waiting.pop_front() {
            match request {
                Request::Batch { batch, done } => {
                    let result = self.take_in(|survey| survey.ingest(batch.clone()));
                    written |= matches!(result, Ok(Ingested::New));
                    answers.push(Answer::Batch(done, result));
                }
                Request::User { record, done } => {
                    let result = self.take_in(|survey| survey.write_user(record.clone()));
                    written |= result.is_ok();
                    answers.push(Answer::User(done, result));
                }
                Request::DurableThrough { sensor, epoch, oldest, done } => {
                    answers.push(Answer::Through { done, sensor, epoch, oldest });
                }
                Request::Snapshot { done } => answers.push(Answer::Snapshot(done)),
            }
            if begun.elapsed() >= GROUP_TIME {
                break;
            }
        }
        self.uncommitted |= written;
        // What was held already may have come with a group that could not be committed.
        let committed = !self.uncommitted || self.until_it_works(Survey::commit).is_ok();
        self.uncommitted &= !committed;
        self.changed |= written;
        self.uncheckpointed |= written;
        for answer in answers {
            self.answer(answer, committed);
        }
        for warning in self.survey.take_warnings() {
            self.shared.tell(Event::Trouble(warning));
        }
    }

    /// Whoever asked may have gone; then nobody needs the answer.
    fn answer(&mut self, answer: Answer, committed: bool) {
        match answer {
            Answer::Batch(done, result) => {
                let result = if committed { result } else { Err(StoreError::Closed) };
                drop(done.send(result));
            }
            Answer::User(done, result) => {
                let result = if committed { result } else { Err(StoreError::Closed) };
                drop(done.send(result));
            }
            Answer::Through { done, sensor, epoch, oldest } => {
                let through = self.survey.durable_through_from(sensor, epoch, oldest);
                done.send(through).unwrap_or_default();
            }
            Answer::Snapshot(done) => {
                self.publish(true);
                drop(done.send(self.shared.snapshot()));
            }
        }
    }

    fn take_in<T>(
        &mut self,
        mut step: impl FnMut(&mut Survey) -> Result<T, SurveyError>,
    ) -> Result<T, StoreError> {
        match step(&mut self.survey) {
            Ok(value) => Ok(value),
            Err(error @ (SurveyError::Batch(_) | SurveyError::Record(_))) => {
                self.shared.tell(Event::Trouble(error.to_string()));
                Err(StoreError::Refused(error.to_string()))
            }
            Err(_) => self.until_it_works(step),
        }
    }

    /// Tries again each second while the disk refuses, as a full one does. Meanwhile nothing is read
    /// from the queue, so nothing is lost: sensors keep their journals. Gives up when closing.
    fn until_it_works<T>(
        &mut self,
        mut step: impl FnMut(&mut Survey) -> Result<T, SurveyError>,
    ) -> Result<T, StoreError> {
        let mut told = String::new();
        loop {
            match step(&mut self.survey) {
                Ok(value) => {
                    if !told.is_empty() {
                        self.shared.tell(Event::Notice("the survey is written again".to_owned()));
                    }
                    return Ok(value);
                }
                Err(error @ (SurveyError::Batch(_) | SurveyError::Record(_))) => {
                    return Err(StoreError::Refused(error.to_string()));
                }
                Err(error) => {
                    let words = error.to_string();
                    if !self.wait_for_disk {
                        return Err(StoreError::Disk(words));
                    }
                    if words != told {
                        tracing::error!("{words}");
                        self.shared.tell(Event::Trouble(words.clone()));
                        told = words;
                    }
                    if self.closing.load(Ordering::Acquire) {
                        return Err(StoreError::Closed);
                    }
                    std::thread::sleep(RETRY_EVERY);
                }
            }
        }
    }

    fn publish(&mut self, now: bool) {
        if !self.changed || (!now && self.published.elapsed() < self.rest()) {
            return;
        }
        let begun = Instant::now();
        let snapshot = self.survey.snapshot();
        self.published = Instant::now();
        self.rest = SNAPSHOT_EVERY.max(begun.elapsed() * SNAPSHOT_REST);
        self.changed = false;
        self.newest_waits = false;
        self.shared.publish(snapshot);
    }

    /// How long after the last snapshot the next may be made.
    fn rest(&self) -> Duration {
        if self.newest_waits {
            self.rest.saturating_sub(SNAPSHOT_SHIFT)
        } else if self.newest_at.is_some_and(|at| at.elapsed() < NEWEST_WITHIN) {
            self.rest + SNAPSHOT_SHIFT
        } else {
            self.rest
        }
    }

    fn checkpoint(&mut self) {
        if !self.uncheckpointed || self.checkpointed.elapsed() < CHECKPOINT_EVERY {
            return;
        }
        self.checkpointed = Instant::now();
        self.uncheckpointed = false;
        if let Err(error) = self.survey.checkpoint() {
            tracing::warn!("{error}");
            self.shared.tell(Event::Trouble(error.to_string()));
        }
    }

    fn finish(mut self) -> Result<(), SurveyError> {
        self.publish(true);
        self.survey.close()
    }
}

enum Answer {
    Batch(oneshot::Sender<Stored>, Stored),
    User(oneshot::Sender<Result<(), StoreError>>, Result<(), StoreError>),
    Snapshot(oneshot::Sender<Arc<Snapshot>>),
    Through { done: oneshot::Sender<u64>, sensor: SensorId, epoch: u64, oldest: u64 },
}
