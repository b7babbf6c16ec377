//! Recording from one sensor: connects, drives a [`DesktopSession`], and comes back after a loss.

use super::backoff::Backoff;
use super::dial::{ControlStream, Dialled, StreamError};
use super::dialling::{Dialling, LOOK_EVERY, Target};
use super::handle::{Counters, SensorLink};
use super::levels::{LevelSink, read_levels};
use super::route::own_address;
use super::state::{LinkState, LinkTrouble};
use super::store::{KnownSensor, LinkStore};
use super::streams::read_streams;
use super::{BatchSink, Durable, SinkError};
use pw_model::MacAddr;
use pw_trust::random_bytes;
use pw_wire::{
    DesktopEvent, DesktopSession, EncodedBatch, RadioTuning, RefusedReason, SessionEnd, Status,
    plain_name, plain_text,
};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

/// Batches between the stream and the session. When full, the stream is not read.
const READ_QUEUE: usize = 8;

/// The newest batches, on their own way. When full, their stream is not read.
const LIVE_QUEUE: usize = 2;

/// Batches handed to the survey and not yet durable. When as many wait, no more are taken from the
/// stream; the sensor stops on its own account earlier.
const MAX_WAITING: usize = 512;

/// How long the stream of messages may still say why, after the stream of batches ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A sensor says how it is once a second. When nothing came for so long, or for some round trips
/// where they are longer, a new connection is asked for beside the old one, and the first that
/// speaks counts: after a cut QUIC would try the old one again at growing distances only.
const SILENCE: Duration = Duration::from_millis(2_500);
const SILENT_ROUND_TRIPS: u32 = 5;

/// Starts to record from `sensor` into `sink`, on the runtime that this is called from.
/// `desktop_name` and `software` (program and release) are for the sensor's log.
#[must_use]
pub fn connect<S: BatchSink>(
    store: &LinkStore,
    sensor: KnownSensor,
    sink: S,
    desktop_name: &str,
    software: &str,
) -> SensorLink {
    connect_with(store, sensor, sink, desktop_name, software, None)
}

/// The same, and takes the levels of this moment, as long as they are wanted.
#[must_use]
pub(crate) fn connect_with<S: BatchSink>(
    store: &LinkStore,
    sensor: KnownSensor,
    sink: S,
    desktop_name: &str,
    software: &str,
    levels: Option<LevelSink>,
) -> SensorLink {
    let (state_sender, state) = watch::channel(LinkState::Resolving);
    let (status_sender, status) = watch::channel(None);
    let (tuning_sender, tuning) = watch::channel(Vec::new());
    let (stop, stopped) = watch::channel(false);
    let (counters, retry) = (Arc::<Counters>::default(), Arc::<Notify>::default());
    let keeper = Keeper {
        store: store.clone(),
        sensor: sensor.clone(),
        sink,
        desktop_name: desktop_name.to_owned(),
        software: software.to_owned(),
        state: state_sender,
        status: status_sender,
        tuning: tuning_sender,
        levels,
        counters: Arc::clone(&counters),
        retry: Arc::clone(&retry),
        stopped,
    };
    let task = Some(tokio::spawn(keeper.run()));
    SensorLink { sensor, state, status, tuning, counters, retry, stop, task }
}

struct Keeper<S: BatchSink> {
    store: LinkStore,
    sensor: KnownSensor,
    sink: S,
    desktop_name: String,
    software: String,
    state: watch::Sender<LinkState>,
    status: watch::Sender<Option<Status>>,
    tuning: watch::Sender<Vec<RadioTuning>>,
    levels: Option<LevelSink>,
    counters: Arc<Counters>,
    retry: Arc<Notify>,
    stopped: watch::Receiver<bool>,
}

impl<S: BatchSink> Keeper<S> {
    async fn run(self) {
        let mut stopped = self.stopped.clone();
        let why = tokio::select! {
            why = self.keep() => why,
            // An error means that the owner is gone, which is the same.
            _ = stopped.wait_for(|stop| *stop) => "stopped".to_owned(),
        };
        self.status.send_replace(None);
        self.state.send_replace(LinkState::Stopped { why });
    }

    /// Connects again and again; ends only when the survey is closed.
    async fn keep(&self) -> String {
        let mut backoff = Backoff::default();
        let mut told = None;
        loop {
            self.state.send_replace(LinkState::Resolving);
            let wait = match told.is_some() {
                true => backoff.next(chance()),
                false => Duration::ZERO,
            };
            let mut dialling = Dialling::after(self.target(), wait);
            if let Some(trouble) = &told {
                self.wait(trouble, &mut dialling);
            }
            let dialled = loop {
                let outcome = tokio::select! {
                    outcome = dialling.next(&mut backoff) => outcome,
                    () = self.retry.notified() => {
                        dialling.hurry();
                        continue;
                    }
                };
                match outcome {
                    Ok(dialled) => break dialled,
                    Err(trouble) => {
                        self.log(&trouble, &mut told);
                        self.wait(&trouble, &mut dialling);
                    }
                }
            };
            drop(dialling);
            let before = self.counters.connections.load(Ordering::Relaxed);
            let Some(trouble) = self.record_while_it_lasts(dialled).await else {
                return SinkError::Closed.to_string();
            };
            self.status.send_replace(None);
            if self.counters.connections.load(Ordering::Relaxed) > before {
                backoff.reset();
                told = None;
            }
            self.log(&trouble, &mut told);
        }
    }

    fn target(&self) -> Target {
        Target { store: self.store.clone(), sensor: self.sensor.clone(), state: self.state.clone() }
    }

    /// Says what is wrong and when it is tried again.
    fn wait(&self, trouble: &LinkTrouble, dialling: &mut Dialling) {
        if trouble.needs_a_person() {
            dialling.hold();
        }
        let retry_at = dialling.next_round().into_std();
        self.state.send_replace(LinkState::Waiting { trouble: trouble.clone(), retry_at });
    }

    /// The same again is not logged again, or a sensor that is away would fill the log.
    fn log(&self, trouble: &LinkTrouble, told: &mut Option<LinkTrouble>) {
        if told.as_ref() != Some(trouble) {
            tracing::info!("sensor '{}': {trouble}", self.sensor.name);
            *told = Some(trouble.clone());
        }
    }

    /// Records over one connection after the other while each takes over from the one before. Gives
    /// what ended the last one; `None` when the survey was closed.
    async fn record_while_it_lasts(&self, first: Dialled) -> Option<LinkTrouble> {
        let mut dialled = first;
        loop {
            match self.record(&dialled).await {
                AttemptEnd::Switched(next) => {
                    tracing::info!("sensor '{}': a new connection takes over", self.sensor.name);
                    // Nobody waits for the old one.
                    tokio::spawn(std::mem::replace(&mut dialled, *next).close());
                }
                AttemptEnd::Trouble(trouble) => {
                    dialled.close().await;
                    return Some(trouble);
                }
                AttemptEnd::SurveyClosed => {
                    dialled.close().await;
                    return None;
                }
            }
        }
    }

    async fn record(&self, dialled: &Dialled) -> AttemptEnd {
        let connection = &dialled.connection;
        let control = match ControlStream::open(connection).await {
            Ok(control) => control,
            Err(error) => return error.into(),
        };
        let (sender, batches) = mpsc::channel(READ_QUEUE);
        let (live_sender, live) = mpsc::channel(LIVE_QUEUE);
        // They end with this attempt, also where it is given up.
        let mut readers = JoinSet::new();
        readers.spawn(read_streams(connection.clone(), sender, live_sender));
        let sensor = self.sensor.sensor_id();
        let session =
            DesktopSession::new(sensor, &self.software, &self.desktop_name, Duration::ZERO);
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut driver = Driver {
            keeper: self,
            dialled,
            session,
            control,
            batches,
            live,
            taking: None,
            waiting: VecDeque::new(),
            broken: None,
            started: tokio::time::Instant::now(),
            ended: None,
            heard_at: Instant::now(),
            look,
            own: own_address(dialled.address),
            other: None,
            watched: self.levels.as_ref().map(|levels| levels.watched.clone()),
        };
        if let Some(sink) = self.levels.clone() {
            readers.spawn(read_levels(connection.clone(), sensor, sink));
        }
        driver.run().await
    }
}

fn chance() -> u8 {
    let [chance] = random_bytes().unwrap_or([127]);
    chance
}

enum AttemptEnd {
    Trouble(LinkTrouble),
    SurveyClosed,
    /// It was silent, and another connection came through meanwhile.
    Switched(Box<Dialled>),
}

impl From<LinkTrouble> for AttemptEnd {
    fn from(trouble: LinkTrouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<StreamError> for AttemptEnd {
    fn from(error: StreamError) -> Self {
        Self::Trouble(error.trouble())
    }
}

impl From<SinkError> for AttemptEnd {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Closed => Self::SurveyClosed,
            SinkError::Refused(_) => Self::Trouble(LinkTrouble::Survey(error.to_string())),
        }
    }
}

type Taking = Pin<Box<dyn Future<Output = Result<Durable, SinkError>> + Send>>;

/// A batch that the survey has and that is not durable yet.
struct WaitingBatch {
    epoch: u64,
    seq: u64,
    durable: Durable,
}

struct Driver<'a, S: BatchSink> {
    keeper: &'a Keeper<S>,
    dialled: &'a Dialled,
    session: DesktopSession,
    control: ControlStream,
    batches: mpsc::Receiver<Result<EncodedBatch, StreamError>>,
    /// Ends when there is no stream of the newest batches, or no more.
    live: mpsc::Receiver<EncodedBatch>,
    /// The batch that the survey is being given; no other is taken meanwhile.
    taking: Option<(u64, u64, Taking)>,
    waiting: VecDeque<WaitingBatch>,
    /// The stream of batches is gone. The other stream may still say why, so it is given a moment.
    broken: Option<(StreamError, tokio::time::Instant)>,
    started: tokio::time::Instant,
    ended: Option<SessionEnd>,
    heard_at: Instant,
    look: tokio::time::Interval,
    /// From which address of this machine the sensor was reached when that was last known.
    own: Option<IpAddr>,
    /// While nothing is heard: what asks for another connection.
    other: Option<Box<(Dialling, Backoff)>>,
    /// Whose levels are wanted first.
    watched: Option<watch::Receiver<Option<Vec<MacAddr>>>>,
}

impl<S: BatchSink> Driver<'_, S> {
    async fn run(&mut self) -> AttemptEnd {
        loop {
            if let Err(end) = self.drain().await {
                return end;
            }
            if let Some(end) = self.ended.take() {
                self.control.finish(Duration::from_millis(500)).await;
                return AttemptEnd::Trouble(match end {
                    SessionEnd::Refused(reason @ RefusedReason::Protocol { .. }) => {
                        LinkTrouble::Version(reason.words())
                    }
                    SessionEnd::Refused(reason) => LinkTrouble::Refused(reason.words()),
                    other => LinkTrouble::Lost(other.words()),
                });
            }
            if let Err(end) = self.step().await {
                return end;
            }
        }
    }

    /// Waits for one thing to happen and tells the session.
    async fn step(&mut self) -> Result<(), AttemptEnd> {
        let timeout = self.session.poll_timeout().map(|at| self.started + at);
        let room =
            self.broken.is_none() && self.taking.is_none() && self.waiting.len() < MAX_WAITING;
        let patience = self.broken.as_ref().map(|(_, until)| *until);
        tokio::select! {
            message = self.control.receive() => {
                self.session.handle_message(message?);
                self.heard();
            }
            batch = self.batches.recv(), if room => match batch {
                Some(Ok(batch)) => {
                    self.session.handle_batch(batch);
                    self.heard();
                }
                failed => {
                    let error = failed.and_then(Result::err).unwrap_or(StreamError::Ended);
                    self.broken = Some((error, tokio::time::Instant::now() + LAST_WORDS));
                }
            },
            Some(batch) = self.live.recv() => {
                self.session.handle_live_batch(batch);
                self.heard();
            }
            () = at(patience) => {
                let broken = self.broken.take().map(|(error, _)| error);
                return Err(broken.unwrap_or(StreamError::Ended).into());
            }
            (epoch, seq, durable) = taken(&mut self.taking) => {
                self.waiting.push_back(WaitingBatch { epoch, seq, durable: durable? });
            }
            (epoch, seq, outcome) = first_durable(&mut self.waiting) => {
                outcome?;
                self.keeper.counters.acknowledged.fetch_add(1, Ordering::Relaxed);
                self.session.durable(epoch, seq);
            }
            () = at(timeout) => self.session.handle_timeout(self.started.elapsed()),
            watched = wish(&mut self.watched) => self.session.watch_levels(watched),
            _ = self.look.tick() => self.look_around(),
            other = other_connection(&mut self.other) => match other {
                Ok(dialled) => return Err(AttemptEnd::Switched(Box::new(dialled))),
                // The old one may still speak; when it is given up, that says why.
                Err(trouble) => tracing::debug!("another connection: {trouble}"),
            },
        }
        Ok(())
    }

    /// Follows a change of network at once, and asks for another connection after a silence.
    fn look_around(&mut self) {
        let own = own_address(self.dialled.address);
        if own.is_some() && self.own.is_some() && own != self.own {
            match self.dialled.rebind() {
                Ok(()) => tracing::info!(
                    "sensor '{}': this desktop's network changed, the connection goes on",
                    self.keeper.sensor.name
                ),
                Err(error) => tracing::debug!("no new socket: {error}"),
            }
        }
        self.own = own.or(self.own);
        let patience = SILENCE.max(self.dialled.connection.rtt() * SILENT_ROUND_TRIPS);
        if self.other.is_none() && self.heard_at.elapsed() >= patience {
            let dialling = Dialling::after(self.keeper.target(), Duration::ZERO);
            self.other = Some(Box::new((dialling, Backoff::default())));
        }
    }

    fn heard(&mut self) {
        self.heard_at = Instant::now();
        self.other = None;
        let heard = Some((self.heard_at, self.dialled.connection.rtt()));
        *self.keeper.counters.heard.lock().unwrap_or_else(PoisonError::into_inner) = heard;
    }

    async fn drain(&mut self) -> Result<(), AttemptEnd> {
        while let Some(event) = self.session.poll_event() {
            self.event(event).await?;
        }
        while let Some(message) = self.session.poll_message() {
            self.control.send(&message).await?;
        }
        Ok(())
    }

    async fn event(&mut self, event: DesktopEvent) -> Result<(), AttemptEnd> {
        let keeper = self.keeper;
        match event {
            DesktopEvent::Welcomed(welcome) => {
                let (sensor, epoch) = (welcome.sensor, welcome.epoch);
                let oldest = welcome.oldest_seq;
                let after = keeper.sink.durable_through(sensor, epoch, oldest).await?;
                let holds_it =
                    after > 0 && keeper.sink.durable_through(sensor, epoch, after).await? >= after;
                self.session.resume(after, holds_it);
                // Nothing is said where nothing is wanted.
                let watched = self.watched.as_mut().and_then(|w| w.borrow_and_update().clone());
                if watched.is_some() {
                    self.session.watch_levels(watched);
                }
                keeper.counters.connections.fetch_add(1, Ordering::Relaxed);
                let software = plain_text(&welcome.software, 60);
                tracing::info!("sensor '{}': connected, {software}", keeper.sensor.name);
                keeper.state.send_replace(LinkState::Connected {
                    address: self.dialled.address,
                    name: plain_name(&welcome.name),
                    software,
                    origin: welcome.origin,
                });
            }
            DesktopEvent::Batch(batch) => {
                let id = batch.header().id;
                keeper.counters.batches.fetch_add(1, Ordering::Relaxed);
                keeper.counters.bytes.fetch_add(batch.bytes().len() as u64, Ordering::Relaxed);
                let sink = keeper.sink.clone();
                let taking: Taking = Box::pin(async move { sink.enqueue(batch).await });
                self.taking = Some((id.epoch, id.seq, taking));
            }
            DesktopEvent::Live(batch) => keeper.sink.enqueue_live(batch),
            DesktopEvent::NotHeld { from_seq, to_seq } => {
                let count = to_seq - from_seq + 1;
                keeper.counters.not_held.fetch_add(count, Ordering::Relaxed);
                tracing::info!(
                    "sensor '{}' no longer holds batches {from_seq} to {to_seq}",
                    keeper.sensor.name
                );
            }
            DesktopEvent::Status(status) => {
                keeper.status.send_replace(Some(*status));
            }
            DesktopEvent::Tuning(tuning) => {
                keeper.tuning.send_replace(tuning);
            }
            DesktopEvent::Ended(end) => self.ended = Some(end),
        }
        Ok(())
    }
}

/// The connection that stands beside one that is silent; never, while none is asked for.
async fn other_connection(
    other: &mut Option<Box<(Dialling, Backoff)>>,
) -> Result<Dialled, LinkTrouble> {
    match other.as_deref_mut() {
        Some((dialling, backoff)) => dialling.next(backoff).await,
        None => std::future::pending().await,
    }
}

/// Whose levels are wanted first from now on, when that changed.
async fn wish(watched: &mut Option<watch::Receiver<Option<Vec<MacAddr>>>>) -> Option<Vec<MacAddr>> {
    let Some(wish) = watched else { return std::future::pending().await };
    match wish.changed().await {
        Ok(()) => wish.borrow_and_update().clone(),
        // Nobody can wish any more.
        Err(_gone) => {
            *watched = None;
            None
        }
    }
}

/// The batch that is being taken, once it is; never, while none is.
async fn taken(taking: &mut Option<(u64, u64, Taking)>) -> (u64, u64, Result<Durable, SinkError>) {
    let Some((epoch, seq, future)) = taking else { return std::future::pending().await };
    let done = (*epoch, *seq, future.await);
    *taking = None;
    done
}

/// The oldest batch that waits, once it is durable; never, while none waits. They become durable in
/// the order in which they were given, so the oldest tells of all before it.
async fn first_durable(waiting: &mut VecDeque<WaitingBatch>) -> (u64, u64, Result<(), SinkError>) {
    let Some(first) = waiting.front_mut() else { return std::future::pending().await };
    let done = (first.epoch, first.seq, (&mut first.durable).await);
    waiting.pop_front();
    done
}

async fn at(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
