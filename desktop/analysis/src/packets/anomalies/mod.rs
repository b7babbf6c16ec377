//! What contradicts the protocol or its own history, each with its frames and in words.
//!
//! Hints, not verdicts: every explanation says what was measured against what, and what harmless
//! cause there may be.

mod beacon;
mod duration;
mod form;
mod rate;
mod sequence;
mod timer;

use super::bounded::Span;
use super::{Seen, text};
use pw_dissect::Frame;
use pw_model::{MacAddr, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Frames listed of each anomaly; further ones are counted.
pub const MAX_FRAMES_LISTED: usize = 32;

/// Anomalies listed; frames of further ones are counted.
const MAX_LISTED: usize = 10_000;

/// What each detector follows at most: addresses, networks.
const MAX_FOLLOWED: usize = 16_384;

/// What was silent for so long gives way when a detector's table is full, in nanoseconds.
const STALE_NS: i64 = 600_000_000_000;

/// True when `last` is that long before `now`, or not known.
fn is_stale(last: Option<i64>, now: i64) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) > STALE_NS)
}

/// What kind of contradiction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// A frame whose bytes contradict the standard.
    Malformed,
    /// A type and subtype that the standard reserves, or a protocol version other than 0.
    ReservedKind,
    /// A transmitter that is a group, or all zeros.
    ImpossibleAddress,
    /// A duration field with a value that the standard reserves.
    ReservedDuration,
    /// A duration other than the one that the standard fixes for this kind of frame.
    FixedDuration,
    /// A duration longer than any exchange that it could protect.
    ExcessiveDuration,
    /// Long durations again and again within a second: the medium is kept reserved.
    NavAbuse,
    /// A transmitter's sequence number left its line and did not return.
    SequenceJump,
    /// Two lines of sequence numbers alternate under one transmitter address.
    SequenceAlternation,
    /// Deauthentication or disassociation whose sequence numbers fit no line of its transmitter.
    DisconnectSequence,
    /// The timer of an access point was set.
    TimerJump,
    /// The timer of an access point began anew.
    TimerRestart,
    /// Two timers alternate under one BSSID.
    TimerAlternation,
    /// Many deauthentication frames in a BSS within a second.
    DeauthenticationFlood,
    /// Many disassociation frames in a BSS within a second.
    DisassociationFlood,
    /// Many authentication requests in a BSS within a second.
    AuthenticationFlood,
    /// Many SAE frames in a BSS within a second.
    SaeFlood,
    /// Many association requests in a BSS within a second.
    AssociationFlood,
    /// Many probe requests within a second.
    ProbeRequestFlood,
    /// A BSS whose beacons come more often than it says and than before.
    BeaconRate,
    /// Many new networks within a second that look made up.
    BeaconFlood,
    /// Many RTS frames without the data they are for.
    RtsFlood,
    /// Many CTS frames without the data they are for.
    CtsFlood,
    /// A BSS announced something else than before.
    BeaconChanged,
    /// Two contradicting announcements alternate under one BSSID.
    BeaconConflict,
    /// A BSS says that it is on a channel that the receiver was not near to.
    ChannelMismatch,
    /// Layer 3: one IP address claimed from several stations within half a minute.
    AddressConflict,
    /// Layer 3: an IP or TCP header that contradicts its standard.
    MalformedHeader,
    /// Layer 3: connections to many ports of one host within a minute.
    PortScan,
    /// Layer 3: a port that is registered for one protocol carries another.
    UnexpectedProtocol,
}

/// How much an anomaly matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Worth knowing; usually harmless.
    Information,
    /// Against the standard; faulty devices do it as well.
    Notice,
    /// What an attack looks like. What else it can be is in the explanation.
    Warning,
}

impl AnomalyKind {
    /// How much it matters.
    #[must_use]
    pub const fn grade(self) -> Grade {
        match self {
            Self::SequenceJump | Self::TimerJump | Self::TimerRestart | Self::BeaconChanged => {
                Grade::Information
            }
            Self::Malformed
            | Self::ReservedKind
            | Self::ImpossibleAddress
            | Self::ReservedDuration
            | Self::FixedDuration
            | Self::ExcessiveDuration
            | Self::ChannelMismatch
            | Self::BeaconRate
            | Self::MalformedHeader
            | Self::UnexpectedProtocol => Grade::Notice,
            _ => Grade::Warning,
        }
    }
}

/// One anomaly: the same contradiction of the same station, or one incident.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Anomaly {
    /// What kind.
    pub kind: AnomalyKind,
    /// How much it matters.
    pub grade: Grade,
    /// Whose address it is about: transmitter, or BSSID of floods. It may be forged.
    #[serde(serialize_with = "text::maybe_address")]
    pub subject: Option<MacAddr>,
    /// First and last frame.
    #[serde(flatten)]
    pub span: Span,
    /// Frames.
    pub count: u64,
    /// Numbers of the first of them in the capture.
    pub frames: Vec<u64>,
    /// What was measured, against what, and what else it can be.
    pub explanation: String,
}

/// Frames that a detector looked at: 0 says that the capture had nothing for it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Examined(pub BTreeMap<&'static str, u64>);

/// All anomalies of a capture.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Anomalies {
    /// By grade, the gravest first, then by first frame.
    pub list: Vec<Anomaly>,
    /// Frames that each detector looked at.
    pub examined: Examined,
    /// Frames of anomalies beyond the limit of the list.
    pub not_listed: u64,
    /// Frames of stations that a detector did not follow, its table being full.
    pub not_followed: u64,
}

/// Which anomaly a frame belongs to: kind, whose, and what tells two of them apart.
pub(super) type AnomalyKey = (AnomalyKind, Option<MacAddr>, u64);

/// The anomalies so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    at: HashMap<AnomalyKey, usize>,
    list: Vec<Anomaly>,
    not_listed: u64,
}

impl Log {
    /// Adds a frame to an anomaly, which `explain` explains when it is new.
    pub(super) fn add(
        &mut self,
        key: AnomalyKey,
        number: u64,
        time: Option<Timestamp>,
        explain: impl FnOnce() -> String,
    ) {
        let at = match self.at.get(&key) {
            Some(at) => *at,
            None if self.list.len() >= MAX_LISTED => {
                self.not_listed += 1;
                return;
            }
            None => {
                self.list.push(Anomaly {
                    kind: key.0,
                    grade: key.0.grade(),
                    subject: key.1,
                    span: Span::default(),
                    count: 0,
                    frames: Vec::new(),
                    explanation: explain(),
                });
                self.at.insert(key, self.list.len() - 1);
                self.list.len() - 1
            }
        };
        let anomaly = &mut self.list[at];
        anomaly.count += 1;
        anomaly.span.add(time);
        if anomaly.frames.len() < MAX_FRAMES_LISTED {
            anomaly.frames.push(number);
        }
    }

    /// Says anew what an anomaly is, once more is known; without effect when it is not listed.
    pub(super) fn explain(&mut self, key: AnomalyKey, explanation: String) {
        if let Some(at) = self.at.get(&key) {
            self.list[*at].explanation = explanation;
        }
    }
}

/// All detectors.
#[derive(Debug, Default)]
pub(super) struct Detectors {
    pub(super) log: Log,
    form: form::Form,
    duration: duration::Durations,
    sequence: sequence::Sequences,
    timer: timer::Timers,
    rate: rate::Rates,
    beacon: beacon::Beacons,
}

impl Detectors {
    /// A packet whose 802.11 header cannot be read, or is of another protocol version.
    pub(super) fn unreadable(&mut self, number: u64, time: Option<Timestamp>, frame: &Frame<'_>) {
        self.form.unreadable(number, time, frame, &mut self.log);
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>) {
        // What is malformed is no evidence for the others.
        if self.form.add(seen, &mut self.log) {
            return;
        }
        self.duration.add(seen, &mut self.log);
        self.sequence.add(seen, &mut self.log);
        self.timer.add(seen, &mut self.log);
        self.rate.add(seen, &mut self.log);
        self.beacon.add(seen, &mut self.log);
    }

    pub(super) fn finish(mut self) -> Anomalies {
        self.rate.finish(&mut self.log);
        let examined = Examined(BTreeMap::from([
            ("form", self.form.examined),
            ("duration", self.duration.examined),
            ("sequence", self.sequence.examined),
            ("timer", self.timer.examined),
            ("rate", self.rate.examined),
            ("beacon", self.beacon.examined),
        ]));
        let mut list = self.log.list;
        list.sort_by_key(|anomaly| {
            (std::cmp::Reverse(anomaly.grade), anomaly.frames.first().copied(), anomaly.kind)
        });
        Anomalies {
            list,
            examined,
            not_listed: self.log.not_listed,
            not_followed: self.duration.not_followed()
                + self.sequence.not_followed()
                + self.timer.not_followed()
                + self.rate.not_followed()
                + self.beacon.not_followed(),
        }
    }
}
