//! The sensor's end of one connection.

use super::{
    GREETING_TIMEOUT, LIVE_FROM_BEHIND, LIVE_UNTIL_BEHIND, MAX_IN_FLIGHT_BYTES, MAX_LIVE_BATCHES,
    MAX_READ_BATCHES, STATUS_INTERVAL, SessionEnd,
};
use crate::EncodedBatch;
use crate::command::RadioTuning;
use crate::levels::MAX_WATCHED;
use crate::message::{
    GoodbyeReason, Hello, Message, PROTOCOL_MAX, PROTOCOL_MIN, RefusedReason, Status, Welcome,
};
use pw_model::{MacAddr, Origin, SensorId};
use std::collections::VecDeque;
use std::time::Duration;

/// What a sensor says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SensorIntroduction {
    /// Program and release.
    pub software: String,
    /// Who it is.
    pub sensor: SensorId,
    /// Name the owner gave it.
    pub name: String,
    /// Where its frames come from.
    pub origin: Origin,
    /// Which journal it writes.
    pub epoch: u64,
}

/// What the journal holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalRange {
    /// Oldest batch it holds; one above `durable_seq` when it holds none.
    pub oldest_seq: u64,
    /// Newest batch that is durable; 0 when there was none yet.
    pub durable_seq: u64,
}

/// What the driver of a [`SensorSession`] has to do or to know.
#[derive(Clone, PartialEq, Debug)]
pub enum SensorEvent {
    /// A desktop that speaks our protocol has introduced itself.
    Greeted(Hello),
    /// Read these batches from the journal and hand them to [`SensorSession::handle_batches`].
    Read {
        /// First batch wanted.
        from_seq: u64,
        /// At most this many.
        max_batches: usize,
        /// At most this many bytes, but one batch in any case.
        max_bytes: usize,
    },
    /// Read these newest batches from the journal and hand them to
    /// [`SensorSession::handle_live_batches`].
    ReadLive {
        /// First batch wanted.
        from_seq: u64,
        /// At most this many.
        max_batches: usize,
    },
    /// The desktop begins in the middle: observations it will get refer to advertisements in
    /// batches that it does not have. All advertisements have to be written once more.
    AnnounceAgain,
    /// The desktop holds this batch and all before it on disk.
    Acknowledged {
        /// Number of the batch.
        seq: u64,
    },
    /// The desktop wants signal levels as datagrams, of these transmitters first; none any more when
    /// `None`.
    Watch(Option<Vec<MacAddr>>),
    /// The session is over; send what is still to be sent and close.
    Ended(SessionEnd),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    AwaitHello,
    AwaitResume,
    Streaming,
    Ended,
}

/// The lane of the newest batches.
#[derive(Debug, Default)]
struct Live {
    /// The other lane is far behind.
    on: bool,
    /// Next batch for this lane.
    next_seq: u64,
    reading: bool,
    batches: VecDeque<EncodedBatch>,
}

/// The sensor's end of one connection.
#[derive(Debug)]
pub struct SensorSession {
    introduction: SensorIntroduction,
    journal: JournalRange,
    state: State,
    /// When the greeting must be complete.
    greeting_deadline: Duration,
    /// Next batch to read from the journal.
    next_seq: u64,
    /// A read is under way, or gave nothing and waits for the journal to move.
    reading: bool,
    /// Numbers and lengths of batches read and not yet acknowledged.
    in_flight: VecDeque<(u64, usize)>,
    in_flight_bytes: usize,
    /// Highest batch that was handed out for sending, or that the desktop already had.
    sent_seq: u64,
    batches: VecDeque<EncodedBatch>,
    live: Live,
    messages: VecDeque<Message>,
    events: VecDeque<SensorEvent>,
    /// The newest status that was not sent yet; older ones are dropped.
    status: Option<Box<Status>>,
    status_due: Duration,
    /// What radios are told, and whether the desktop has not heard it yet.
    tuning: (Vec<RadioTuning>, bool),
}

impl SensorSession {
    /// A connection was accepted at `now`.
    #[must_use]
    pub fn new(introduction: SensorIntroduction, journal: JournalRange, now: Duration) -> Self {
        Self {
            introduction,
            journal,
            state: State::AwaitHello,
            greeting_deadline: now.saturating_add(GREETING_TIMEOUT),
            next_seq: 1,
            reading: false,
            in_flight: VecDeque::new(),
            in_flight_bytes: 0,
            sent_seq: 0,
            batches: VecDeque::new(),
            live: Live::default(),
            messages: VecDeque::new(),
            events: VecDeque::new(),
            status: None,
            status_due: now,
            tuning: (Vec::new(), false),
        }
    }

    /// A message arrived.
    pub fn handle_message(&mut self, message: Message) {
        match (self.state, message) {
            (State::Ended, _) => {}
            (_, Message::Goodbye(reason)) => self.end(SessionEnd::TheyLeft(reason)),
            (State::AwaitHello, Message::Hello(hello)) => self.greet(hello),
            (State::AwaitResume, Message::Resume { epoch, after_seq, holds_it }) => {
                self.resume(epoch, after_seq, holds_it);
            }
            (State::Streaming, Message::Ack { epoch, seq }) => self.acknowledge(epoch, seq),
            (State::Streaming, Message::WatchLevels(watched)) => self.watch(watched),
            (state, _) => self.break_off(&format!("unexpected message in state {state:?}")),
        }
    }

    /// The journal moved.
    pub fn handle_journal(&mut self, journal: JournalRange) {
        let written = journal.durable_seq > self.journal.durable_seq;
        self.journal = journal;
        self.want_batches();
        if written {
            self.want_live();
        }
    }

    /// Batches that were asked for with [`SensorEvent::Read`]; empty when the journal no longer
    /// has them.
    pub fn handle_batches(&mut self, batches: Vec<EncodedBatch>) {
        self.reading = false;
        if self.state != State::Streaming {
            return;
        }
        if batches.is_empty() {
            // Asked again when the journal moves, not at once, or this would spin.
            return;
        }
        for batch in batches {
            let id = batch.header().id;
            let ours = id.sensor == self.introduction.sensor
                && id.epoch == self.introduction.epoch
                && id.seq >= self.next_seq
                && id.seq <= self.journal.durable_seq;
            if !ours {
                return self.handle_read_failure(&format!(
                    "asked for batch {}, got {} of epoch {:x}",
                    self.next_seq, id.seq, id.epoch
                ));
            }
            self.next_seq = id.seq + 1;
            self.in_flight_bytes += batch.bytes().len();
            self.in_flight.push_back((id.seq, batch.bytes().len()));
            self.batches.push_back(batch);
        }
        self.want_batches();
    }

    /// Batches that were asked for with [`SensorEvent::ReadLive`]; empty when they cannot be had,
    /// which does no harm: all come in their turn.
    pub fn handle_live_batches(&mut self, batches: Vec<EncodedBatch>) {
        self.live.reading = false;
        if self.state != State::Streaming {
            return;
        }
        for batch in batches {
            let id = batch.header().id;
            let ours = id.sensor == self.introduction.sensor
                && id.epoch == self.introduction.epoch
                && id.seq >= self.live.next_seq
                && id.seq <= self.journal.durable_seq;
            if ours {
                self.live.next_seq = id.seq + 1;
                self.live.batches.push_back(batch);
            }
        }
    }

    /// The next batch of the live lane. Like [`Self::poll_batch`] it may wait.
    pub fn poll_live_batch(&mut self) -> Option<EncodedBatch> {
        self.live.batches.pop_front()
    }

    /// True when [`Self::poll_live_batch`] has something.
    #[must_use]
    pub fn has_live_batch(&self) -> bool {
        !self.live.batches.is_empty()
    }

    /// The journal could not be read.
    pub fn handle_read_failure(&mut self, why: &str) {
        self.leave(GoodbyeReason::Journal(why.to_owned()));
    }

    /// The sensor's state was taken; sent when the last one is long enough ago.
    pub fn handle_status(&mut self, status: Status, now: Duration) {
        if self.state == State::Streaming {
            self.status = Some(Box::new(status));
            self.send_status(now);
        }
    }

    /// What radios are told to listen to; sent with the next status when it is something new.
    pub fn handle_tuning(&mut self, tuning: Vec<RadioTuning>) {
        if self.state == State::Streaming && self.tuning.0 != tuning {
            self.tuning = (tuning, true);
        }
    }

    /// Time has passed; call at the time that [`Self::poll_timeout`] gives.
    pub fn handle_timeout(&mut self, now: Duration) {
        let greeting = matches!(self.state, State::AwaitHello | State::AwaitResume);
        if greeting && now >= self.greeting_deadline {
            self.leave(GoodbyeReason::Silence);
        }
        self.send_status(now);
    }

    /// This end leaves.
    pub fn leave(&mut self, reason: GoodbyeReason) {
        if self.state != State::Ended {
            self.messages.push_back(Message::Goodbye(reason.clone()));
            self.end(SessionEnd::WeLeft(reason));
        }
    }

    /// Says no to a desktop before anything else.
    pub fn refuse(&mut self, reason: RefusedReason) {
        if self.state != State::Ended {
            self.messages.push_back(Message::Refused(reason.clone()));
            self.end(SessionEnd::Refused(reason));
        }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.state {
            State::AwaitHello | State::AwaitResume => Some(self.greeting_deadline),
            State::Streaming => self.status.is_some().then_some(self.status_due),
            State::Ended => None,
        }
    }

    /// The next message to send.
    pub fn poll_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// The next batch to send. Unlike the other `poll_…` it may wait until there is room on the
    /// way; the flow control bounds what lies here.
    pub fn poll_batch(&mut self) -> Option<EncodedBatch> {
        let batch = self.batches.pop_front()?;
        self.sent_seq = batch.header().id.seq;
        Some(batch)
    }

    /// True when [`Self::poll_batch`] has something.
    #[must_use]
    pub fn has_batch(&self) -> bool {
        !self.batches.is_empty()
    }

    /// What the driver has to do or to know.
    pub fn poll_event(&mut self) -> Option<SensorEvent> {
        self.events.pop_front()
    }

    /// Bytes of batches that are read and not acknowledged.
    #[must_use]
    pub const fn in_flight_bytes(&self) -> usize {
        self.in_flight_bytes
    }

    fn greet(&mut self, hello: Hello) {
        let protocol = hello.protocol_max.min(PROTOCOL_MAX);
        if protocol < hello.protocol_min.max(PROTOCOL_MIN) {
            let (min, max) = (PROTOCOL_MIN, PROTOCOL_MAX);
            return self.refuse(RefusedReason::Protocol { min, max });
        }
        self.messages.push_back(Message::Welcome(Welcome {
            protocol,
            software: self.introduction.software.clone(),
            sensor: self.introduction.sensor,
            name: self.introduction.name.clone(),
            origin: self.introduction.origin,
            epoch: self.introduction.epoch,
            oldest_seq: self.journal.oldest_seq,
            durable_seq: self.journal.durable_seq,
        }));
        self.state = State::AwaitResume;
        self.events.push_back(SensorEvent::Greeted(hello));
    }

    fn resume(&mut self, epoch: u64, after_seq: u64, holds_it: bool) {
        if epoch != self.introduction.epoch {
            return self.break_off("resume of another epoch than was welcomed");
        }
        let durable_seq = self.journal.durable_seq;
        if after_seq > durable_seq {
            // New batches would get numbers that the survey already knows, and be dropped there.
            return self.refuse(RefusedReason::JournalBehind { durable_seq });
        }
        self.state = State::Streaming;
        self.sent_seq = after_seq;
        self.next_seq = after_seq + 1;
        if after_seq > 0 {
            if !holds_it {
                self.events.push_back(SensorEvent::AnnounceAgain);
            }
            self.events.push_back(SensorEvent::Acknowledged { seq: after_seq });
        }
        self.want_batches();
    }

    fn acknowledge(&mut self, epoch: u64, seq: u64) {
        if epoch != self.introduction.epoch || seq > self.sent_seq {
            return self.break_off("acknowledgement of a batch that was not sent");
        }
        let before = self.in_flight.len();
        while let Some((_, bytes)) = self.in_flight.pop_front_if(|(sent, _)| *sent <= seq) {
            self.in_flight_bytes = self.in_flight_bytes.saturating_sub(bytes);
        }
        // One that tells nothing new changes nothing.
        if self.in_flight.len() < before {
            self.events.push_back(SensorEvent::Acknowledged { seq });
        }
        self.want_batches();
    }

    fn watch(&mut self, watched: Option<Vec<MacAddr>>) {
        if watched.as_ref().is_some_and(|addresses| addresses.len() > MAX_WATCHED) {
            return self.break_off("more addresses to watch than a desktop may name");
        }
        // Only the latest wish counts.
        self.events.retain(|event| !matches!(event, SensorEvent::Watch(_)));
        self.events.push_back(SensorEvent::Watch(watched));
    }

    fn want_batches(&mut self) {
        if self.state != State::Streaming
            || self.reading
            || self.in_flight_bytes >= MAX_IN_FLIGHT_BYTES
        {
            return;
        }
        // What lies between is gone: acknowledged by all, or deleted with a gap record.
        if self.next_seq < self.journal.oldest_seq {
            self.next_seq = self.journal.oldest_seq;
            self.events.push_back(SensorEvent::AnnounceAgain);
        }
        if self.next_seq > self.journal.durable_seq {
            return;
        }
        self.reading = true;
        self.events.push_back(SensorEvent::Read {
            from_seq: self.next_seq,
            max_batches: MAX_READ_BATCHES,
            max_bytes: MAX_IN_FLIGHT_BYTES - self.in_flight_bytes,
        });
    }

    /// Called when the journal has grown: what is there at the start is no news.
    fn want_live(&mut self) {
        let first_open = self.in_flight.front().map_or(self.next_seq, |(seq, _)| *seq);
        let behind = (self.journal.durable_seq + 1).saturating_sub(first_open);
        if self.state != State::Streaming || behind <= LIVE_UNTIL_BEHIND {
            self.live.on = false;
            return;
        }
        if !self.live.on {
            if behind < LIVE_FROM_BEHIND {
                return;
            }
            self.live.on = true;
            // Observations refer to advertisements in batches that come in their turn only.
            self.events.push_back(SensorEvent::AnnounceAgain);
            self.live.next_seq = self.live.next_seq.max(self.journal.durable_seq);
        }
        if self.live.reading || !self.live.batches.is_empty() {
            return;
        }
        let newest = (self.journal.durable_seq + 1).saturating_sub(MAX_LIVE_BATCHES);
        let from_seq = self.live.next_seq.max(newest);
        if from_seq > self.journal.durable_seq {
            return;
        }
        self.live.reading = true;
        self.live.next_seq = from_seq;
        let max_batches = MAX_LIVE_BATCHES as usize;
        self.events.push_back(SensorEvent::ReadLive { from_seq, max_batches });
    }

    fn send_status(&mut self, now: Duration) {
        if self.state == State::Streaming
            && now >= self.status_due
            && let Some(status) = self.status.take()
        {
            if std::mem::take(&mut self.tuning.1) {
                self.messages.push_back(Message::Tuning(self.tuning.0.clone()));
            }
            self.messages.push_back(Message::Status(status));
            self.status_due = now.saturating_add(STATUS_INTERVAL);
        }
    }

    fn break_off(&mut self, how: &str) {
        self.leave(GoodbyeReason::Protocol(how.to_owned()));
    }

    fn end(&mut self, end: SessionEnd) {
        self.state = State::Ended;
        self.batches.clear();
        self.live = Live::default();
        self.status = None;
        self.events.push_back(SensorEvent::Ended(end));
    }
}
