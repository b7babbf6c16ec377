//! Both directions between two stations of a BSS: the features by which traffic is told apart.

use super::classes::{Classified, classify};
use super::flows::{Dropped, FlowEnd, Gaps, Timed, TimedTable, Unit};
use super::{Seen, Span, text};
use pw_model::{MacAddr, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// Upper limits of the classes of body length in bytes; longer ones are a class of their own.
pub(super) const SIZE_LIMITS: [u64; 4] = [128, 256, 512, 1024];

/// A pause of so many seconds ends a burst.
pub(super) const PAUSE_S: f64 = 1.0;

/// Limits between which the time between two packets counts as paced, in seconds: what interactive
/// voice sends, with jitter. RFC 3551 (4.2) gives 20 ms as the usual interval, RFC 6716 (Opus) 2.5 to
/// 60 ms.
pub(super) const PACED_S: (f64, f64) = (0.005, 0.070);

/// What one of the two sent to the other.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize)]
pub struct Side {
    /// Packets, without repeats and later fragments.
    pub packets: u64,
    /// Bytes of the bodies.
    pub bytes: u64,
    /// Packets by length of body: up to 128, 256, 512, 1024 bytes, and longer.
    pub sizes: [u64; 5],
    /// Packets that came 5 to 70 ms after the one before.
    pub paced: u64,
    /// Packets with TID 6 or 7: access category voice (802.11-2020, table 10-1).
    pub voice_tid: u64,
    /// Packets with TID 4 or 5: access category video.
    pub video_tid: u64,
    #[serde(skip)]
    gaps: GapState,
}

/// Wrapped so that [`Side`] can be compared without it.
#[derive(Clone, Copy, Debug, Default)]
struct GapState(Gaps);

impl PartialEq for GapState {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Side {
    /// Mean bytes of a body; 0 without packets.
    #[must_use]
    pub fn mean_bytes(&self) -> f64 {
        if self.packets == 0 { 0.0 } else { self.bytes as f64 / self.packets as f64 }
    }

    fn add(&mut self, seen: &Seen<'_>, unit: &Unit) {
        self.bytes += unit.bytes;
        if seen.header.fragment.unwrap_or(0) > 0 {
            return;
        }
        self.packets += 1;
        let class = SIZE_LIMITS.iter().position(|limit| unit.bytes <= *limit);
        self.sizes[class.unwrap_or(SIZE_LIMITS.len())] += 1;
        match seen.tid() {
            Some(6 | 7) => self.voice_tid += 1,
            Some(4 | 5) => self.video_tid += 1,
            _ => {}
        }
        let gap_s = self.gaps.0.add(seen.time);
        self.paced +=
            u64::from(gap_s.is_some_and(|gap_s| gap_s >= PACED_S.0 && gap_s <= PACED_S.1));
    }
}

/// A conversation: all traffic between two stations of a BSS until both are silent.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conversation {
    /// One station: the lower address. Of an encrypted aggregate the ends of the radio link.
    #[serde(serialize_with = "text::address")]
    pub a: MacAddr,
    /// The other station, or a group.
    #[serde(serialize_with = "text::address")]
    pub b: MacAddr,
    /// The BSS that carries it.
    #[serde(serialize_with = "text::maybe_address")]
    pub bssid: Option<MacAddr>,
    /// First and last packet.
    #[serde(flatten)]
    pub span: Span,
    /// From a to b.
    pub a_to_b: Side,
    /// From b to a.
    pub b_to_a: Side,
    /// Stretches of packets with less than a second between them.
    pub bursts: u64,
    /// Seconds of the clock in which there was a packet.
    pub active_seconds: u64,
    /// Packets that were encrypted.
    pub protected: u64,
    /// What kind of traffic it looks like.
    pub classified: Classified,
    /// Why it ended.
    pub end: FlowEnd,
}

impl Conversation {
    /// Packets of both.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.a_to_b.packets + self.b_to_a.packets
    }

    /// Bytes of both.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.a_to_b.bytes + self.b_to_a.bytes
    }
}

/// What the classifier sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Features {
    pub(super) span: Span,
    pub(super) a_to_b: Side,
    pub(super) b_to_a: Side,
    pub(super) bursts: u64,
    pub(super) active_seconds: u64,
    pub(super) protected: u64,
    last_second: Option<i64>,
    gaps: GapState,
}

impl Timed for Features {
    fn last(&self) -> Option<Timestamp> {
        self.span.last
    }

    fn bytes(&self) -> u64 {
        self.a_to_b.bytes + self.b_to_a.bytes
    }
}

type Key = (MacAddr, MacAddr, Option<MacAddr>);

/// All conversations.
#[derive(Debug)]
pub(super) struct ConversationTable(TimedTable<Key, Features, Conversation>);

impl ConversationTable {
    pub(super) fn new(timeout: Duration) -> Self {
        Self(TimedTable::new(timeout, finished))
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, unit: &Unit) {
        if seen.is_repeat {
            return;
        }
        let header = &seen.header;
        let (Some(from), Some(to)) = (
            unit.source.or_else(|| header.transmitter()),
            unit.destination.or_else(|| header.receiver()),
        ) else {
            return;
        };
        let key = (from.min(to), from.max(to), header.bssid());
        let features = self.0.at(key, seen.time, Features::default);
        features.add(seen, unit, from == key.0);
    }

    pub(super) fn finish(self) -> (Vec<Conversation>, Dropped) {
        self.0.finish()
    }
}

impl Features {
    fn add(&mut self, seen: &Seen<'_>, unit: &Unit, forward: bool) {
        self.span.add(seen.time);
        self.protected += u64::from(seen.is_protected());
        let pause = self.gaps.0.add(seen.time).is_none_or(|gap_s| gap_s >= PAUSE_S);
        self.bursts += u64::from(pause);
        let second = seen.time_ns().map(|ns| ns.div_euclid(1_000_000_000));
        if second.is_some() && second > self.last_second {
            self.last_second = second;
            self.active_seconds += 1;
        }
        if forward { &mut self.a_to_b } else { &mut self.b_to_a }.add(seen, unit);
    }
}

fn finished((a, b, bssid): Key, features: Features, end: FlowEnd) -> Conversation {
    let classified = classify(&features);
    let Features { span, a_to_b, b_to_a, bursts, active_seconds, protected, .. } = features;
    Conversation {
        a,
        b,
        bssid,
        span,
        a_to_b,
        b_to_a,
        bursts,
        active_seconds,
        protected,
        classified,
        end,
    }
}
