//! One connection of a paired desktop: drives a [`SensorSession`] over QUIC streams.
//!
//! The desktop opens one two-way stream for messages; the sensor opens one one-way stream for
//! batches, so that a backlog does not delay what is said meanwhile, and while it is far behind a
//! second one for the newest batches. Messages go first, then the newest batches, then the others.
//! Signal levels of this moment go beside the streams, as datagrams, where the desktop wants them.

use super::BatchSource;
use super::command::Duties;
use super::levels::send_levels;
use pw_model::MacAddr;
use pw_trust::KeyFingerprint;
use pw_wire::{
    EncodedBatch, FrameError, FrameReader, GREETING_TIMEOUT, GoodbyeReason, LinkFrame, Message,
    RefusedReason, SensorEvent, SensorIntroduction, SensorSession, SessionEnd, Status, plain_text,
};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A message that cannot be handed to the link for so long ends the connection.
pub(super) const STREAM_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes taken from a stream at once.
const READ_CHUNK: usize = 16 << 10;

/// Batches between session and stream. When full, the session keeps the rest; its flow control
/// bounds that.
const WRITE_QUEUE: usize = 4;

/// The newest batches between session and their stream. When full, the session leaves out what is
/// not the newest any more.
const LIVE_QUEUE: usize = 1;

/// At most this many bytes of them are read at once.
const MAX_LIVE_BYTES: usize = 1 << 20;

/// Of what waits to be sent, the higher goes first; batches in their turn have 0.
const MESSAGES_PRIORITY: i32 = 2;
const LIVE_PRIORITY: i32 = 1;

/// Why a stream cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error("{0}")]
    Connection(#[from] quinn::ConnectionError),
    #[error("{0}")]
    Read(#[from] quinn::ReadError),
    #[error("{0}")]
    Write(#[from] quinn::WriteError),
    #[error("{0}")]
    Frame(#[from] FrameError),
    #[error("{0}")]
    Encode(#[from] pw_wire::EnvelopeError),
    #[error("the desktop left")]
    Ended,
    #[error("the desktop took no message for {} s", STREAM_TIMEOUT.as_secs())]
    Stuck,
    #[error("the desktop said nothing for {} s", GREETING_TIMEOUT.as_secs())]
    Silent,
    #[error("something else than a message on the message stream")]
    NotAMessage,
}

/// The two-way stream of messages.
#[derive(Debug)]
pub(super) struct ControlStream {
    send: quinn::SendStream,
    receive: quinn::RecvStream,
    frames: FrameReader,
}

impl ControlStream {
    /// Waits for the desktop to open it.
    pub(super) async fn accept(connection: &quinn::Connection) -> Result<Self, StreamError> {
        let accepted = tokio::time::timeout(GREETING_TIMEOUT, connection.accept_bi()).await;
        let (send, receive) = accepted.map_err(|_elapsed| StreamError::Silent)??;
        // Only fails on a stream that is closed, as the next send does.
        drop(send.set_priority(MESSAGES_PRIORITY));
        Ok(Self { send, receive, frames: FrameReader::for_messages() })
    }

    /// The next message; safe to be given up and called again.
    pub(super) async fn receive(&mut self) -> Result<Message, StreamError> {
        loop {
            match self.frames.pop()? {
                Some(LinkFrame::Message(message)) => return Ok(message),
                Some(LinkFrame::Later) => {}
                Some(LinkFrame::Batch(_)) => return Err(StreamError::NotAMessage),
                None => {
                    let chunk = self.receive.read_chunk(READ_CHUNK, true).await?;
                    self.frames.push(&chunk.ok_or(StreamError::Ended)?.bytes);
                }
            }
        }
    }

    pub(super) async fn send(&mut self, message: &Message) -> Result<(), StreamError> {
        let bytes = message.encode()?;
        let sent = tokio::time::timeout(STREAM_TIMEOUT, self.send.write_all(&bytes)).await;
        Ok(sent.map_err(|_elapsed| StreamError::Stuck)??)
    }

    /// Ends the stream and waits a while until the other end has all of it.
    pub(super) async fn finish(&mut self, patience: Duration) {
        if self.send.finish().is_ok() {
            // In time or not, the connection ends now.
            drop(tokio::time::timeout(patience, self.send.stopped()).await);
        }
    }
}

/// What a connection needs of the sensor.
pub(super) struct Served<S: BatchSource> {
    pub(super) source: S,
    pub(super) introduction: SensorIntroduction,
    pub(super) status: watch::Receiver<Option<Status>>,
    /// Says what radios are told to listen to, and hands over levels.
    pub(super) tuning: Duties,
    pub(super) desktop: KeyFingerprint,
    /// Set to make this connection end.
    pub(super) ending: watch::Receiver<Option<GoodbyeReason>>,
    /// Say no instead of serving.
    pub(super) refuse: Option<RefusedReason>,
}

/// A desktop's first word. Until it comes the connection counts as a handshake: a desktop that asks
/// several times after a cut speaks over one of its connections only.
pub(super) async fn greeting(
    connection: &quinn::Connection,
) -> Result<(ControlStream, Message), StreamError> {
    let greeting = async {
        let mut control = ControlStream::accept(connection).await?;
        let first = control.receive().await?;
        Ok((control, first))
    };
    let greeted = tokio::time::timeout(GREETING_TIMEOUT, greeting).await;
    greeted.map_err(|_elapsed| StreamError::Silent)?
}

/// Serves one desktop, after its first word, until one of the two ends leaves. Gives the reason in
/// words.
pub(super) async fn serve<S: BatchSource>(
    connection: &quinn::Connection,
    served: Served<S>,
    (control, first): (ControlStream, Message),
) -> String {
    let mut driver = match Driver::new(connection, served, control).await {
        Ok(driver) => driver,
        Err(error) => return error.to_string(),
    };
    driver.session.handle_message(first);
    let outcome = driver.run().await;
    driver.writer.abort();
    driver.live_writer.abort();
    match outcome {
        Ok(end) => {
            if !matches!(end, SessionEnd::TheyLeft(_)) {
                driver.control.finish(Duration::from_secs(1)).await;
            }
            end.words()
        }
        Err(error) => match connection.close_reason() {
            Some(quinn::ConnectionError::ApplicationClosed(_)) => {
                "the desktop closed the connection".to_owned()
            }
            Some(reason) => reason.to_string(),
            None => error.to_string(),
        },
    }
}

type Reading = JoinHandle<Result<Vec<EncodedBatch>, String>>;

struct Driver<S: BatchSource> {
    served: Served<S>,
    session: SensorSession,
    journal: watch::Receiver<S::State>,
    control: ControlStream,
    /// To the task that writes batches to their stream.
    batches: mpsc::Sender<EncodedBatch>,
    writer: JoinHandle<Result<(), quinn::WriteError>>,
    /// To the task that writes the newest batches to their stream.
    live: mpsc::Sender<EncodedBatch>,
    live_writer: JoinHandle<()>,
    reading: Option<Reading>,
    reading_live: Option<Reading>,
    /// To the task that sends levels, once the desktop wanted some: whose it wants first, or `None`
    /// while it wants none.
    watched: Option<watch::Sender<Option<Vec<MacAddr>>>>,
    connection: quinn::Connection,
    started: Instant,
    ended: Option<SessionEnd>,
}

impl<S: BatchSource> Driver<S> {
    async fn new(
        connection: &quinn::Connection,
        served: Served<S>,
        control: ControlStream,
    ) -> Result<Self, StreamError> {
        let mut stream = connection.open_uni().await?;
        let (batches, mut queue) = mpsc::channel::<EncodedBatch>(WRITE_QUEUE);
        let writer = tokio::spawn(async move {
            while let Some(batch) = queue.recv().await {
                stream.write_all(batch.bytes()).await?;
            }
            Ok(())
        });
        let (live, queue) = mpsc::channel::<EncodedBatch>(LIVE_QUEUE);
        let live_writer = tokio::spawn(write_live(connection.clone(), queue));
        let mut journal = served.source.state();
        let range = S::range(&journal.borrow_and_update());
        let mut session = SensorSession::new(served.introduction.clone(), range, Duration::ZERO);
        if let Some(reason) = &served.refuse {
            session.refuse(reason.clone());
        }
        let started = Instant::now();
        Ok(Self {
            served,
            session,
            journal,
            control,
            batches,
            writer,
            live,
            live_writer,
            reading: None,
            reading_live: None,
            watched: None,
            connection: connection.clone(),
            started,
            ended: None,
        })
    }

    async fn run(&mut self) -> Result<SessionEnd, StreamError> {
        loop {
            self.drain().await?;
            if let Some(end) = self.ended.take() {
                return Ok(end);
            }
            self.step().await?;
        }
    }

    /// Waits for one thing to happen and tells the session.
    async fn step(&mut self) -> Result<(), StreamError> {
        let timeout = self.session.poll_timeout().map(|at| self.started + at);
        tokio::select! {
            message = self.control.receive() => self.session.handle_message(message?),
            // A closed journal says nothing new; the sensor is stopping and will say so.
            Ok(()) = self.journal.changed() => {
                let range = S::range(&self.journal.borrow_and_update());
                self.session.handle_journal(range);
            }
            read = finished(&mut self.reading) => match read {
                Ok(batches) => self.session.handle_batches(batches),
                Err(why) => self.session.handle_read_failure(&why),
            },
            room = self.batches.reserve(), if self.session.has_batch() => match room {
                Ok(room) => {
                    if let Some(batch) = self.session.poll_batch() {
                        room.send(batch);
                    }
                }
                // The writer gave up: the stream is gone, and with it the connection.
                Err(_closed) => return Err(StreamError::Ended),
            },
            read = finished(&mut self.reading_live) => {
                // What cannot be read now is met again in its turn, and then it counts.
                self.session.handle_live_batches(read.unwrap_or_default());
            }
            Ok(room) = self.live.reserve(), if self.session.has_live_batch() => {
                if let Some(batch) = self.session.poll_live_batch() {
                    room.send(batch);
                }
            }
            Ok(()) = self.served.status.changed() => {
                let status = self.served.status.borrow_and_update().clone();
                if let Some(status) = status {
                    self.session.handle_tuning((self.served.tuning.tuning)());
                    self.session.handle_status(status, self.started.elapsed());
                }
            }
            Ok(reason) = self.served.ending.wait_for(Option::is_some) => {
                let reason = reason.clone().unwrap_or(GoodbyeReason::Stopping);
                self.session.leave(reason);
            }
            () = at(timeout) => self.session.handle_timeout(self.started.elapsed()),
        }
        Ok(())
    }

    async fn drain(&mut self) -> Result<(), StreamError> {
        while let Some(event) = self.session.poll_event() {
            match event {
                SensorEvent::Greeted(hello) => tracing::info!(
                    "desktop {} speaks: {}",
                    self.served.desktop.short(),
                    plain_text(&hello.software, 60)
                ),
                SensorEvent::Read { from_seq, max_batches, max_bytes } => {
                    let source = self.served.source.clone();
                    self.reading = Some(tokio::task::spawn_blocking(move || {
                        source.read_from(from_seq, max_batches, max_bytes)
                    }));
                }
                SensorEvent::ReadLive { from_seq, max_batches } => {
                    let source = self.served.source.clone();
                    self.reading_live = Some(tokio::task::spawn_blocking(move || {
                        source.read_from(from_seq, max_batches, MAX_LIVE_BYTES)
                    }));
                }
                SensorEvent::AnnounceAgain => self.served.source.announce_again(),
                SensorEvent::Acknowledged { seq } => {
                    self.served.source.acknowledge(self.served.desktop.0, seq);
                }
                SensorEvent::Watch(watched) => self.watch(watched),
                SensorEvent::Ended(end) => self.ended = Some(end),
            }
        }
        while let Some(message) = self.session.poll_message() {
            self.control.send(&message).await?;
        }
        Ok(())
    }
}

impl<S: BatchSource> Driver<S> {
    /// Begins to send levels, goes on with other ones first, or pauses.
    fn watch(&mut self, watched: Option<Vec<MacAddr>>) {
        // The task has ended when the path takes no datagrams; it is not tried again.
        if let Some(sender) = &self.watched {
            sender.send_replace(watched);
        } else if watched.is_some() {
            let (sender, receiver) = watch::channel(watched);
            let levels = self.served.tuning.levels.clone();
            tokio::spawn(send_levels(self.connection.clone(), levels, receiver));
            self.watched = Some(sender);
        }
    }
}

/// Writes the newest batches to a stream of their own, which is opened with the first. A desktop of an
/// earlier release allows none; then this waits, its queue stays full, and all comes in its turn.
async fn write_live(connection: quinn::Connection, mut queue: mpsc::Receiver<EncodedBatch>) {
    let outcome = async {
        let Some(first) = queue.recv().await else { return Ok(()) };
        let mut stream = connection.open_uni().await?;
        // Only fails on a stream that is closed, as the next write does.
        drop(stream.set_priority(LIVE_PRIORITY));
        stream.write_all(first.bytes()).await?;
        while let Some(batch) = queue.recv().await {
            stream.write_all(batch.bytes()).await?;
        }
        Ok::<(), StreamError>(())
    };
    if let Err(error) = outcome.await {
        // The connection is over, which its driver finds out and tells.
        tracing::debug!("the newest batches: {error}");
    }
}

/// The batches that are being read; never, while none are.
async fn finished(reading: &mut Option<Reading>) -> Result<Vec<EncodedBatch>, String> {
    let Some(handle) = reading else { return std::future::pending().await };
    let result = handle.await;
    *reading = None;
    result.unwrap_or_else(|error| Err(format!("the journal's reader stopped: {error}")))
}

pub(super) async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
