//! The desktop's end of one connection.

use super::{GREETING_TIMEOUT, SessionEnd};
use crate::EncodedBatch;
use crate::command::RadioTuning;
use crate::levels::MAX_WATCHED;
use crate::message::{
    GoodbyeReason, Hello, Message, PROTOCOL_MAX, PROTOCOL_MIN, Role, Status, Welcome,
};
use pw_model::{MacAddr, SensorId};
use std::collections::VecDeque;
use std::time::Duration;

/// What the driver of a [`DesktopSession`] has to do or to know.
#[derive(Clone, PartialEq, Debug)]
pub enum DesktopEvent {
    /// The sensor is the one that was paired. Find the highest batch of this sensor and epoch that
    /// is durable in the survey without holes, and call [`DesktopSession::resume`].
    Welcomed(Welcome),
    /// A batch to store. Call [`DesktopSession::durable`] once it is on disk.
    Batch(EncodedBatch),
    /// A batch that came ahead of its turn, to be shown soon. It comes again; nothing waits for it.
    Live(EncodedBatch),
    /// The sensor no longer holds these batches: they were stored in another survey, or deleted
    /// when the journal was full, which a gap record then states.
    NotHeld {
        /// First of them.
        from_seq: u64,
        /// Last of them.
        to_seq: u64,
    },
    /// How the sensor is right now.
    Status(Box<Status>),
    /// What its radios are told to listen to.
    Tuning(Vec<RadioTuning>),
    /// The session is over; send what is still to be sent and close.
    Ended(SessionEnd),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    AwaitWelcome,
    AwaitResumePoint { epoch: u64 },
    Streaming { epoch: u64 },
    Ended,
}

/// The desktop's end of one connection.
#[derive(Debug)]
pub struct DesktopSession {
    sensor: SensorId,
    state: State,
    welcome_deadline: Duration,
    /// Highest batch that arrived here, or was there before.
    received_seq: u64,
    /// Highest batch that is durable.
    durable_seq: u64,
    /// Highest batch that was acknowledged.
    acked_seq: u64,
    /// Batches that came a second time.
    duplicates: u64,
    messages: VecDeque<Message>,
    events: VecDeque<DesktopEvent>,
}

impl DesktopSession {
    /// A connection to `sensor` stands since `now`; `sensor` is the one whose key TLS proved.
    #[must_use]
    pub fn new(sensor: SensorId, software: &str, name: &str, now: Duration) -> Self {
        let hello = Hello {
            protocol_min: PROTOCOL_MIN,
            protocol_max: PROTOCOL_MAX,
            software: software.to_owned(),
            role: Role::Recorder,
            name: name.to_owned(),
        };
        Self {
            sensor,
            state: State::AwaitWelcome,
            welcome_deadline: now.saturating_add(GREETING_TIMEOUT),
            received_seq: 0,
            durable_seq: 0,
            acked_seq: 0,
            duplicates: 0,
            messages: VecDeque::from([Message::Hello(hello)]),
            events: VecDeque::new(),
        }
    }

    /// A message arrived.
    pub fn handle_message(&mut self, message: Message) {
        match (self.state, message) {
            (State::Ended, _) => {}
            (_, Message::Goodbye(reason)) => self.end(SessionEnd::TheyLeft(reason)),
            (_, Message::Refused(reason)) => self.end(SessionEnd::Refused(reason)),
            (State::AwaitWelcome, Message::Welcome(welcome)) => self.welcomed(welcome),
            (State::Streaming { .. }, Message::Status(status)) => {
                self.events.push_back(DesktopEvent::Status(status));
            }
            (State::Streaming { .. }, Message::Tuning(tuning)) => {
                self.events.push_back(DesktopEvent::Tuning(tuning));
            }
            (state, _) => self.break_off(&format!("unexpected message in state {state:?}")),
        }
    }

    /// A batch arrived.
    pub fn handle_batch(&mut self, batch: EncodedBatch) {
        let State::Streaming { epoch } = self.state else {
            if self.state != State::Ended {
                self.break_off("a batch before it was asked for");
            }
            return;
        };
        let id = batch.header().id;
        if id.sensor != self.sensor || id.epoch != epoch {
            return self.break_off("a batch of another sensor or epoch");
        }
        if id.seq <= self.received_seq {
            self.duplicates += 1;
            return;
        }
        if id.seq > self.received_seq + 1 {
            let (from_seq, to_seq) = (self.received_seq + 1, id.seq - 1);
            self.events.push_back(DesktopEvent::NotHeld { from_seq, to_seq });
        }
        self.received_seq = id.seq;
        self.events.push_back(DesktopEvent::Batch(batch));
        self.acknowledge();
    }

    /// A batch arrived in the live lane.
    pub fn handle_live_batch(&mut self, batch: EncodedBatch) {
        let State::Streaming { epoch } = self.state else { return };
        let id = batch.header().id;
        if id.sensor != self.sensor || id.epoch != epoch {
            return self.break_off("a batch of another sensor or epoch");
        }
        if id.seq > self.received_seq {
            self.events.push_back(DesktopEvent::Live(batch));
        }
    }

    /// Answers [`DesktopEvent::Welcomed`]: `after_seq` is the highest batch of the sensor and
    /// epoch that is durable in the survey without holes from the oldest on that the sensor holds;
    /// `holds_it` says whether the survey holds that very batch.
    pub fn resume(&mut self, after_seq: u64, holds_it: bool) {
        if let State::AwaitResumePoint { epoch } = self.state {
            self.state = State::Streaming { epoch };
            self.received_seq = after_seq;
            self.durable_seq = after_seq;
            self.acked_seq = after_seq;
            self.messages.push_back(Message::Resume { epoch, after_seq, holds_it });
        }
    }

    /// Batch `seq` of `epoch` and all before it that arrived are durable in the survey.
    pub fn durable(&mut self, epoch: u64, seq: u64) {
        if self.state == (State::Streaming { epoch }) {
            self.durable_seq = self.durable_seq.max(seq);
            self.acknowledge();
        }
    }

    /// Asks for signal levels as datagrams, of these transmitters first, at most [`MAX_WATCHED`]: the
    /// rest is not asked for; `None` for none any more. Does nothing before [`Self::resume`].
    pub fn watch_levels(&mut self, watched: Option<Vec<MacAddr>>) {
        if let State::Streaming { .. } = self.state {
            let first = |addresses: Vec<MacAddr>| addresses.into_iter().take(MAX_WATCHED).collect();
            self.messages.push_back(Message::WatchLevels(watched.map(first)));
        }
    }

    /// Time has passed; call at the time that [`Self::poll_timeout`] gives.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.state == State::AwaitWelcome && now >= self.welcome_deadline {
            self.leave(GoodbyeReason::Silence);
        }
    }

    /// This end leaves.
    pub fn leave(&mut self, reason: GoodbyeReason) {
        if self.state != State::Ended {
            self.messages.push_back(Message::Goodbye(reason.clone()));
            self.end(SessionEnd::WeLeft(reason));
        }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        (self.state == State::AwaitWelcome).then_some(self.welcome_deadline)
    }

    /// The next message to send.
    pub fn poll_message(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    /// What the driver has to do or to know.
    pub fn poll_event(&mut self) -> Option<DesktopEvent> {
        self.events.pop_front()
    }

    /// Batches that came a second time and were dropped.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn welcomed(&mut self, welcome: Welcome) {
        if welcome.sensor != self.sensor {
            return self.break_off("the sensor's identifier is not that of its key");
        }
        if !(PROTOCOL_MIN..=PROTOCOL_MAX).contains(&welcome.protocol) {
            return self.break_off("the sensor chose a protocol that was not offered");
        }
        self.state = State::AwaitResumePoint { epoch: welcome.epoch };
        self.events.push_back(DesktopEvent::Welcomed(welcome));
    }

    fn acknowledge(&mut self) {
        // Never more than arrived on this connection: the sensor counts that as a fault.
        let seq = self.durable_seq.min(self.received_seq);
        if let State::Streaming { epoch } = self.state
            && seq > self.acked_seq
        {
            self.acked_seq = seq;
            // Only the newest counts.
            self.messages.retain(|message| !matches!(message, Message::Ack { .. }));
            self.messages.push_back(Message::Ack { epoch, seq });
        }
    }

    fn break_off(&mut self, how: &str) {
        self.leave(GoodbyeReason::Protocol(how.to_owned()));
    }

    fn end(&mut self, end: SessionEnd) {
        self.state = State::Ended;
        self.events.push_back(DesktopEvent::Ended(end));
    }
}
