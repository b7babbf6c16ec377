//! Both ends as a pair: a fake clock, a link that breaks, and models of the journal and the survey.

use super::*;
use crate::command::RadioTuning;
use crate::levels::MAX_WATCHED;
use crate::message::{Message, PROTOCOL_MAX, PROTOCOL_MIN, Status, Welcome};
use crate::{Batch, BatchId, EncodedBatch, StreamInfo};
use pw_model::{Gap, GapCause, MacAddr, Origin, RadioId, SensorId, Timestamp};
use std::collections::VecDeque;

const SENSOR: SensorId = SensorId([7; 16]);
const EPOCH: u64 = 0xe;
const START: Duration = Duration::from_secs(100);

fn batch(seq: u64, gaps: usize) -> EncodedBatch {
    let id = BatchId { sensor: SENSOR, epoch: EPOCH, seq };
    let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Simulated };
    let mut batch = Batch::new(id, stream);
    for number in 0..gaps {
        // Numbers that do not pack, so that the batch has some size.
        let noise = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        batch.gaps.push(Gap {
            radio: None,
            start: Timestamp::from_unix_ns((noise >> 2) as i64),
            end: Timestamp::from_unix_ns((noise >> 1) as i64),
            cause: GapCause::KernelDrop,
            frames: Some(noise),
        });
    }
    batch.encode().expect("small")
}

/// The sensor's journal: forgets what is acknowledged, and nothing else.
#[derive(Default)]
struct Journal {
    batches: VecDeque<EncodedBatch>,
    written: u64,
    acknowledged: u64,
}

impl Journal {
    fn write(&mut self, gaps: usize) {
        self.written += 1;
        self.batches.push_back(batch(self.written, gaps));
    }

    fn range(&self) -> JournalRange {
        let oldest = self.batches.front().map(|b| b.header().id.seq);
        JournalRange { oldest_seq: oldest.unwrap_or(self.written + 1), durable_seq: self.written }
    }

    fn read(&self, from: u64, max_batches: usize, max_bytes: usize) -> Vec<EncodedBatch> {
        let mut bytes = 0;
        let wanted = self.batches.iter().filter(|b| b.header().id.seq >= from);
        let mut read = Vec::new();
        for batch in wanted.take(max_batches) {
            bytes += batch.bytes().len();
            if bytes > max_bytes && !read.is_empty() {
                break;
            }
            read.push(batch.clone());
        }
        read
    }

    fn acknowledge(&mut self, seq: u64) {
        self.acknowledged = self.acknowledged.max(seq);
        while self.batches.pop_front_if(|b| b.header().id.seq <= seq).is_some() {}
    }
}

/// The survey: what is only in memory dies with the desktop.
#[derive(Default)]
struct Survey {
    durable: Vec<u64>,
    volatile: Vec<u64>,
}

impl Survey {
    fn take(&mut self, seq: u64) {
        if !self.durable.contains(&seq) && !self.volatile.contains(&seq) {
            self.volatile.push(seq);
        }
    }

    fn sync(&mut self) -> u64 {
        self.durable.append(&mut self.volatile);
        self.resume_point()
    }

    fn resume_point(&self) -> u64 {
        self.durable.iter().max().copied().unwrap_or(0)
    }
}

/// What is under way to one side, in order.
enum Packet {
    Message(Message),
    Batch(EncodedBatch),
    Live(EncodedBatch),
}

struct Pair {
    sensor: SensorSession,
    desktop: DesktopSession,
    to_sensor: VecDeque<Packet>,
    to_desktop: VecDeque<Packet>,
    ended: Vec<SessionEnd>,
    announced: usize,
    statuses: Vec<u64>,
    /// Batches that came ahead of their turn.
    live: Vec<u64>,
    /// The lane in which batches come in their turn takes none.
    stalled: bool,
    tunings: Vec<String>,
    /// Wishes for levels as they came to the sensor.
    watched: Vec<Option<Vec<MacAddr>>>,
}

impl Pair {
    fn connect(journal: &Journal, now: Duration) -> Self {
        let introduction = SensorIntroduction {
            software: "piwardrive-sensor test".to_owned(),
            sensor: SENSOR,
            name: "car".to_owned(),
            origin: Origin::Simulated,
            epoch: EPOCH,
        };
        Self {
            sensor: SensorSession::new(introduction, journal.range(), now),
            desktop: DesktopSession::new(SENSOR, "piwardrive test", "laptop", now),
            to_sensor: VecDeque::new(),
            to_desktop: VecDeque::new(),
            ended: Vec::new(),
            announced: 0,
            statuses: Vec::new(),
            live: Vec::new(),
            stalled: false,
            tunings: Vec::new(),
            watched: Vec::new(),
        }
    }

    fn drain_sensor(&mut self, journal: &mut Journal) {
        loop {
            while let Some(event) = self.sensor.poll_event() {
                match event {
                    SensorEvent::Read { from_seq, max_batches, max_bytes } => {
                        let batches = journal.read(from_seq, max_batches, max_bytes);
                        self.sensor.handle_batches(batches);
                    }
                    SensorEvent::Acknowledged { seq } => {
                        journal.acknowledge(seq);
                        self.sensor.handle_journal(journal.range());
                    }
                    SensorEvent::ReadLive { from_seq, max_batches } => {
                        let batches = journal.read(from_seq, max_batches, usize::MAX);
                        self.sensor.handle_live_batches(batches);
                    }
                    SensorEvent::Greeted(_) => {}
                    SensorEvent::AnnounceAgain => self.announced += 1,
                    SensorEvent::Watch(watched) => self.watched.push(watched),
                    SensorEvent::Ended(end) => self.ended.push(end),
                }
            }
            while let Some(message) = self.sensor.poll_message() {
                self.to_desktop.push_back(Packet::Message(message));
            }
            if let Some(batch) = self.sensor.poll_live_batch() {
                self.to_desktop.push_back(Packet::Live(batch));
            }
            if self.stalled {
                break;
            }
            let Some(batch) = self.sensor.poll_batch() else { break };
            self.to_desktop.push_back(Packet::Batch(batch));
        }
    }

    fn drain_desktop(&mut self, survey: &mut Survey) {
        while let Some(event) = self.desktop.poll_event() {
            match event {
                DesktopEvent::Welcomed(_) => {
                    let seq = survey.resume_point();
                    self.desktop.resume(seq, seq > 0);
                }
                DesktopEvent::Batch(batch) => survey.take(batch.header().id.seq),
                DesktopEvent::Live(batch) => self.live.push(batch.header().id.seq),
                DesktopEvent::Status(status) => self.statuses.push(status.frames),
                DesktopEvent::Tuning(tuning) => {
                    self.tunings.extend(tuning.into_iter().map(|radio| radio.words));
                }
                DesktopEvent::NotHeld { .. } => {}
                DesktopEvent::Ended(end) => self.ended.push(end),
            }
        }
        while let Some(message) = self.desktop.poll_message() {
            self.to_sensor.push_back(Packet::Message(message));
        }
    }

    /// Delivers one packet to each side; false when nothing is under way.
    fn step(&mut self, journal: &mut Journal, survey: &mut Survey) -> bool {
        self.drain_desktop(survey);
        self.drain_sensor(journal);
        let (one, other) = (self.to_sensor.pop_front(), self.to_desktop.pop_front());
        let moved = one.is_some() || other.is_some();
        match one {
            Some(Packet::Message(message)) => self.sensor.handle_message(message),
            Some(Packet::Batch(_) | Packet::Live(_)) => panic!("the desktop sends no batches"),
            None => {}
        }
        self.drain_sensor(journal);
        match other {
            Some(Packet::Message(message)) => self.desktop.handle_message(message),
            Some(Packet::Batch(batch)) => self.desktop.handle_batch(batch),
            Some(Packet::Live(batch)) => self.desktop.handle_live_batch(batch),
            None => {}
        }
        self.drain_desktop(survey);
        moved
    }

    fn run(&mut self, journal: &mut Journal, survey: &mut Survey) {
        while self.step(journal, survey) {}
    }

    fn sync(&mut self, survey: &mut Survey) {
        let seq = survey.sync();
        self.desktop.durable(EPOCH, seq);
    }
}

/// Small and the same everywhere (Vigna, xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

fn check_nothing_acknowledged_is_lost(journal: &Journal, survey: &Survey) {
    for seq in 1..=journal.acknowledged {
        assert!(survey.durable.contains(&seq), "{seq} is acknowledged but not durable");
    }
}

#[test]
fn what_the_journal_holds_arrives_and_is_acknowledged_when_durable() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    (0..200).for_each(|_| journal.write(1));
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    assert_eq!(survey.volatile.len(), 200);
    assert_eq!(journal.acknowledged, 0, "nothing is acknowledged before it is durable");
    pair.sync(&mut survey);
    pair.run(&mut journal, &mut survey);
    assert_eq!(journal.acknowledged, 200);
    assert!(journal.batches.is_empty());
    // Live: one more.
    journal.write(1);
    pair.sensor.handle_journal(journal.range());
    pair.run(&mut journal, &mut survey);
    assert_eq!(survey.volatile, [201]);
    assert_eq!(pair.ended, []);
}

#[test]
fn the_newest_batches_go_ahead_of_a_backlog_and_come_again_in_their_turn() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    (0..LIVE_FROM_BEHIND * 4).for_each(|_| journal.write(1));
    let backlog = journal.written;
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    assert_eq!((pair.live.len(), pair.announced), (0, 0), "a backlog alone is no news");

    // One goes ahead as it is written; of many at once only the newest.
    pair.stalled = true;
    journal.write(1);
    pair.sensor.handle_journal(journal.range());
    pair.run(&mut journal, &mut survey);
    assert_eq!(pair.live, [backlog + 1]);
    assert_eq!(pair.announced, 1, "what they refer to comes with them");
    (0..50).for_each(|_| journal.write(1));
    pair.sensor.handle_journal(journal.range());
    pair.run(&mut journal, &mut survey);
    let newest: Vec<u64> = (journal.written - MAX_LIVE_BATCHES + 1..=journal.written).collect();
    assert_eq!(pair.live[1..], newest);
    assert_eq!(journal.acknowledged, 0, "what went ahead acknowledges nothing");

    // In their turn they come all, once each; then nothing goes ahead any more.
    pair.stalled = false;
    pair.run(&mut journal, &mut survey);
    pair.sync(&mut survey);
    pair.run(&mut journal, &mut survey);
    assert_eq!(survey.durable, (1..=journal.written).collect::<Vec<_>>());
    assert_eq!(journal.acknowledged, journal.written);
    let before = pair.live.len();
    journal.write(1);
    pair.sensor.handle_journal(journal.range());
    pair.run(&mut journal, &mut survey);
    assert_eq!((pair.live.len(), pair.announced), (before, 1));
    assert_eq!(pair.ended, []);
}

#[test]
fn a_live_batch_of_another_journal_ends_the_session() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    let id = BatchId { sensor: SENSOR, epoch: EPOCH + 1, seq: 1 };
    let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Simulated };
    pair.desktop.handle_live_batch(Batch::new(id, stream).encode().expect("small"));
    pair.run(&mut journal, &mut survey);
    assert_eq!(pair.live, []);
    assert!(
        matches!(&pair.ended[0], SessionEnd::WeLeft(GoodbyeReason::Protocol(_))),
        "{:?}",
        pair.ended
    );
}

#[test]
fn exactly_once_over_a_link_that_breaks() {
    for seed in 1..=300 {
        let mut dice = Dice(seed);
        let (mut journal, mut survey) = (Journal::default(), Survey::default());
        let mut pair = Pair::connect(&journal, START);
        let mut old: Vec<Pair> = Vec::new();
        for _ in 0..400 {
            match dice.below(20) {
                0..4 => {
                    journal.write(dice.below(3) as usize);
                    pair.sensor.handle_journal(journal.range());
                }
                4..6 => pair.sync(&mut survey),
                // The link breaks; what was under way from the desktop may still arrive later.
                6 => {
                    let fresh = Pair::connect(&journal, START);
                    old.push(std::mem::replace(&mut pair, fresh));
                    old.drain(..old.len().saturating_sub(3));
                }
                // The desktop is killed: what is not durable is gone.
                7 => {
                    survey.volatile.clear();
                    pair = Pair::connect(&journal, START);
                }
                // A late acknowledgement on an old connection.
                8 => {
                    for pair in &mut old {
                        if let Some(Packet::Message(message)) = pair.to_sensor.pop_front() {
                            pair.sensor.handle_message(message);
                            pair.drain_sensor(&mut journal);
                        }
                    }
                }
                _ => drop(pair.step(&mut journal, &mut survey)),
            }
            check_nothing_acknowledged_is_lost(&journal, &survey);
        }
        // At last the link holds.
        pair.sensor.handle_journal(journal.range());
        pair.run(&mut journal, &mut survey);
        pair.sync(&mut survey);
        pair.run(&mut journal, &mut survey);
        let mut stored = survey.durable.clone();
        stored.sort_unstable();
        let all: Vec<u64> = (1..=journal.written).collect();
        assert_eq!(stored, all, "seed {seed}");
        assert_eq!(journal.acknowledged, journal.written, "seed {seed}");
        assert_eq!(pair.ended, [], "seed {seed}");
    }
}

#[test]
fn a_batch_that_comes_twice_is_dropped() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    journal.write(1);
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    pair.desktop.handle_batch(batch(1, 1));
    assert_eq!(pair.desktop.poll_event(), None);
    assert_eq!(pair.desktop.duplicates(), 1);
}

#[test]
fn bytes_in_flight_are_bounded_until_acknowledged() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    let size = batch(1, 20_000).bytes().len();
    let count = 2 + 2 * MAX_IN_FLIGHT_BYTES / size;
    (0..count).for_each(|_| journal.write(20_000));
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    assert!(survey.volatile.len() < count, "the sensor waits");
    assert!(pair.sensor.in_flight_bytes() >= MAX_IN_FLIGHT_BYTES - size);
    assert!(pair.sensor.in_flight_bytes() <= MAX_IN_FLIGHT_BYTES + size);
    while journal.acknowledged < journal.written {
        pair.sync(&mut survey);
        pair.run(&mut journal, &mut survey);
    }
    assert_eq!(survey.durable.len(), count);
    assert_eq!(pair.sensor.in_flight_bytes(), 0);
}

#[test]
fn what_the_journal_deleted_is_told() {
    let (mut journal, survey) = (Journal::default(), Survey::default());
    (0..10).for_each(|_| journal.write(1));
    journal.batches.drain(..5);
    let mut pair = Pair::connect(&journal, START);
    let mut told = Vec::new();
    for _ in 0..20 {
        pair.drain_sensor(&mut journal);
        while let Some(packet) = pair.to_desktop.pop_front() {
            match packet {
                Packet::Message(message) => pair.desktop.handle_message(message),
                Packet::Batch(batch) => pair.desktop.handle_batch(batch),
                Packet::Live(batch) => pair.desktop.handle_live_batch(batch),
            }
            while let Some(event) = pair.desktop.poll_event() {
                match event {
                    DesktopEvent::Welcomed(_) => pair.desktop.resume(survey.resume_point(), false),
                    DesktopEvent::NotHeld { from_seq, to_seq } => told.push((from_seq, to_seq)),
                    _ => {}
                }
            }
        }
        while let Some(message) = pair.desktop.poll_message() {
            pair.sensor.handle_message(message);
        }
    }
    assert_eq!(told, [(1, 5)]);
    assert_eq!(pair.announced, 1, "what the lost batches announced is announced again");
}

#[test]
fn a_survey_that_begins_in_the_middle_gets_everything_announced() {
    for (resume, announced) in [((0, false), 0), ((3, true), 0), ((3, false), 1)] {
        let mut journal = Journal::default();
        (0..5).for_each(|_| journal.write(1));
        let mut pair = Pair::connect(&journal, START);
        let hello = pair.desktop.poll_message().expect("a desktop greets first");
        pair.sensor.handle_message(hello);
        let (after_seq, holds_it) = resume;
        let resume = Message::Resume { epoch: EPOCH, after_seq, holds_it };
        pair.sensor.handle_message(resume);
        pair.drain_sensor(&mut journal);
        assert_eq!(pair.announced, announced, "{after_seq} {holds_it}");
    }
}

#[test]
fn a_journal_that_lost_its_end_is_refused_not_renumbered() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    journal.write(1);
    survey.durable = (1..=9).collect();
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    let reason = RefusedReason::JournalBehind { durable_seq: 1 };
    assert_eq!(pair.ended, vec![SessionEnd::Refused(reason); 2]);
    assert_eq!(journal.acknowledged, 0);
}

#[test]
fn silence_ends_both_sessions() {
    let mut pair = Pair::connect(&Journal::default(), START);
    let deadline = START + GREETING_TIMEOUT;
    assert_eq!(pair.sensor.poll_timeout(), Some(deadline));
    assert_eq!(pair.desktop.poll_timeout(), Some(deadline));
    pair.sensor.handle_timeout(deadline);
    pair.desktop.handle_timeout(deadline);
    let silence = SessionEnd::WeLeft(GoodbyeReason::Silence);
    assert_eq!(pair.sensor.poll_event(), Some(SensorEvent::Ended(silence.clone())));
    assert_eq!(pair.desktop.poll_event(), Some(DesktopEvent::Ended(silence)));
}

#[test]
fn no_common_protocol_is_refused_with_the_reason() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    let mut pair = Pair::connect(&journal, START);
    let Some(Message::Hello(mut hello)) = pair.desktop.poll_message() else {
        panic!("a desktop greets first");
    };
    (hello.protocol_min, hello.protocol_max) = (PROTOCOL_MAX + 1, PROTOCOL_MAX + 5);
    pair.sensor.handle_message(Message::Hello(hello));
    pair.run(&mut journal, &mut survey);
    assert!(
        matches!(pair.ended[..], [SessionEnd::Refused(RefusedReason::Protocol { .. }), _]),
        "{:?}",
        pair.ended
    );
}

#[test]
fn the_release_before_and_the_one_after_are_understood_or_refused() {
    let check = |min, max, expected: Result<u16, ()>| {
        let mut pair = Pair::connect(&Journal::default(), START);
        let Some(Message::Hello(mut hello)) = pair.desktop.poll_message() else {
            panic!("a desktop greets first");
        };
        (hello.protocol_min, hello.protocol_max) = (min, max);
        pair.sensor.handle_message(Message::Hello(hello));
        let answer = match pair.sensor.poll_message() {
            Some(Message::Welcome(welcome)) => Ok(welcome.protocol),
            Some(Message::Refused(RefusedReason::Protocol { min, max })) => {
                assert_eq!((min, max), (PROTOCOL_MIN, PROTOCOL_MAX));
                Err(())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(answer, expected, "a desktop of {min} to {max}");
    };
    let (oldest, newest) = (PROTOCOL_MIN, PROTOCOL_MAX);
    check(oldest, newest, Ok(newest));
    check(newest, newest + 1, Ok(newest));
    check(newest + 1, newest + 1, Err(()));
    check(oldest - 1, newest, Ok(newest));
    check(oldest - 1, oldest - 1, Err(()));
    check(newest, oldest - 1, Err(()));
    check(0, u16::MAX, Ok(newest));

    // The other way round: what a sensor may answer.
    for (protocol, understood) in [(newest, true), (newest + 1, false), (oldest - 1, false)] {
        let mut desktop = DesktopSession::new(SENSOR, "", "", START);
        desktop.handle_message(Message::Welcome(Welcome { protocol, ..welcome(SENSOR) }));
        let event = desktop.poll_event();
        assert_eq!(matches!(event, Some(DesktopEvent::Welcomed(_))), understood, "{event:?}");
    }
}

fn welcome(sensor: SensorId) -> Welcome {
    Welcome {
        protocol: PROTOCOL_MAX,
        software: String::new(),
        sensor,
        name: String::new(),
        origin: Origin::Live,
        epoch: EPOCH,
        oldest_seq: 1,
        durable_seq: 0,
    }
}

#[test]
fn messages_out_of_turn_end_the_session() {
    let journal = Journal::default();
    let hello = || DesktopSession::new(SENSOR, "", "", START).poll_message().expect("greets");
    let out_of_turn = [
        vec![Message::Ack { epoch: EPOCH, seq: 1 }],
        vec![Message::Resume { epoch: EPOCH, after_seq: 0, holds_it: false }],
        vec![hello(), hello()],
        vec![hello(), Message::Resume { epoch: EPOCH + 1, after_seq: 0, holds_it: false }],
        vec![
            hello(),
            Message::Resume { epoch: EPOCH, after_seq: 0, holds_it: false },
            Message::Ack { epoch: EPOCH, seq: u64::MAX },
        ],
        vec![Message::PairProof { proof: [0; 32] }],
        vec![hello(), Message::WatchLevels(None)],
    ];
    for messages in out_of_turn {
        let mut sensor = Pair::connect(&journal, START).sensor;
        messages.iter().for_each(|message| sensor.handle_message(message.clone()));
        let events: Vec<_> = std::iter::from_fn(|| sensor.poll_event()).collect();
        let last = events.last();
        let broken = matches!(
            last,
            Some(SensorEvent::Ended(SessionEnd::WeLeft(GoodbyeReason::Protocol(_))))
        );
        assert!(broken, "{messages:?}: {events:?}");
        let forgot = events.iter().any(|e| matches!(e, SensorEvent::Acknowledged { .. }));
        assert!(!forgot, "{messages:?}");
    }
}

#[test]
fn another_sensors_words_end_the_desktops_session() {
    let mut desktop = DesktopSession::new(SENSOR, "", "", START);
    desktop.handle_message(Message::Welcome(welcome(SensorId([8; 16]))));
    assert!(matches!(desktop.poll_event(), Some(DesktopEvent::Ended(SessionEnd::WeLeft(_)))));
}

#[test]
fn status_is_sent_at_most_once_a_second_and_the_newest_wins() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    for tenth in 0..=30 {
        let now = START + Duration::from_millis(100 * tenth);
        pair.sensor.handle_timeout(now);
        pair.sensor.handle_status(Status { frames: tenth, ..status() }, now);
        pair.run(&mut journal, &mut survey);
    }
    assert_eq!(pair.statuses.len(), 4);
    // The one of 3.0 s came just after 2.9 s was sent; it waits for its time.
    let due = START + Duration::from_secs(4);
    assert_eq!(pair.sensor.poll_timeout(), Some(due));
    pair.sensor.handle_timeout(due);
    pair.run(&mut journal, &mut survey);
    assert_eq!(pair.statuses, [0, 9, 19, 29, 30]);
}

#[test]
fn what_radios_are_told_is_sent_with_a_status_when_it_is_new() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    let mut pair = Pair::connect(&journal, START);
    pair.run(&mut journal, &mut survey);
    for (second, words) in (0..).zip(["all", "all", "survey", "survey"]) {
        let now = START + Duration::from_secs(second);
        let (radio, plan) = (RadioId(0), Some(words.to_owned()));
        let tuning = RadioTuning { radio, plan, width_mhz: None, words: words.to_owned() };
        pair.sensor.handle_tuning(vec![tuning]);
        pair.sensor.handle_status(status(), now);
        pair.run(&mut journal, &mut survey);
    }
    assert_eq!(pair.tunings, ["all", "survey"]);
    assert_eq!(pair.statuses.len(), 4);
}

#[test]
fn levels_are_sent_only_where_they_are_asked_for() {
    let (mut journal, mut survey) = (Journal::default(), Survey::default());
    let mut pair = Pair::connect(&journal, START);
    let address = |number| MacAddr([2, 0, 0, 0, 0, number]);
    pair.desktop.watch_levels(Some(vec![address(1)]));
    pair.run(&mut journal, &mut survey);
    assert!(pair.watched.is_empty(), "before the stream has begun nothing is asked");
    pair.desktop.watch_levels(Some((0..40).map(address).collect()));
    pair.run(&mut journal, &mut survey);
    let first: Vec<MacAddr> = (0..MAX_WATCHED as u8).map(address).collect();
    assert_eq!(pair.watched, [Some(first)], "no more than may be named");
    pair.desktop.watch_levels(None);
    pair.run(&mut journal, &mut survey);
    assert_eq!(pair.watched.last(), Some(&None));
    assert!(pair.ended.is_empty(), "{:?}", pair.ended);
    pair.sensor.handle_message(Message::WatchLevels(Some(vec![address(1); MAX_WATCHED + 1])));
    pair.run(&mut journal, &mut survey);
    assert!(
        matches!(pair.ended.first(), Some(SessionEnd::WeLeft(GoodbyeReason::Protocol(_)))),
        "{:?}",
        pair.ended
    );
}

fn status() -> Status {
    Status {
        time: Timestamp::from_unix_secs(1),
        uptime_secs: 1,
        gps: None,
        radios: Vec::new(),
        frames: 0,
        frames_per_second: None,
        frames_lost: 0,
        backlog_batches: 0,
        backlog_bytes: 0,
        disk_free_bytes: None,
        temperature_c: None,
    }
}
