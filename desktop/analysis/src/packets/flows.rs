//! Flows at layer 2: what one station sends to another within a BSS with one traffic identifier.

use super::bounded::add_airtime;
use super::{Seen, Span, text};
use pw_model::{FrameFlags, MacAddr, Timestamp};
use serde::Serialize;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Flows under way. When there are more, the quarter that was silent longest ends early.
pub(super) const MAX_OPEN: usize = 50_000;

/// Flows that are over. When there are more, those with the least bytes are dropped.
pub(super) const MAX_KEPT: usize = 50_000;

/// Which way a frame goes, by the DS bits of its header (802.11-2020, table 9-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From a client to its BSS.
    ToDs,
    /// From a BSS to a client, or to a group.
    FromDs,
    /// Forwarded between stations, with four addresses.
    Forwarded,
    /// Between stations without a BSS in between.
    Direct,
}

/// Why a flow ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Silent for longer than the time limit.
    Timeout,
    /// The capture ended.
    CaptureEnd,
    /// Too many flows were under way, and this one was among those silent longest.
    TooMany,
}

/// One flow.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Flow {
    /// Station that the payload comes from; null in encrypted aggregates (A-MSDU), which hide it.
    #[serde(serialize_with = "text::maybe_address")]
    pub source: Option<MacAddr>,
    /// Station or group that the payload is for; null in encrypted aggregates.
    #[serde(serialize_with = "text::maybe_address")]
    pub destination: Option<MacAddr>,
    /// BSS that carries it; null for forwarded frames, which name none.
    #[serde(serialize_with = "text::maybe_address")]
    pub bssid: Option<MacAddr>,
    /// Traffic identifier of QoS data, 0 to 15.
    pub tid: Option<u8>,
    /// Which way.
    pub direction: Direction,
    /// First and last frame.
    #[serde(flatten)]
    pub span: Span,
    /// Length in seconds; null without times.
    pub duration_s: Option<f64>,
    /// MSDUs: whole frames, or parts of an aggregate where they can be told apart. Neither repeated
    /// frames nor later fragments.
    pub packets: u64,
    /// Bytes of the frame bodies, encryption's own bytes among them.
    pub bytes: u64,
    /// Repeated frames, not in the counts above.
    pub repeats: u64,
    /// Later fragments (fragment number above 0), whose bytes are counted.
    pub fragments: u64,
    /// Of the packets, those that were encrypted.
    pub protected: u64,
    /// Time on the air in microseconds, repeats included, of the frames whose modulation is known; null
    /// when it is of none.
    pub airtime_us: Option<u64>,
    /// Mean time between packets in seconds; null below two packets.
    pub mean_gap_s: Option<f64>,
    /// Standard deviation of that in seconds.
    pub gap_deviation_s: Option<f64>,
    /// Longest time between packets in seconds.
    pub longest_gap_s: Option<f64>,
    /// Packets per second over its length; null below two packets or without length.
    pub packets_per_second: Option<f64>,
    /// Bits per second over its length.
    pub bits_per_second: Option<f64>,
    /// Why it ended.
    pub end: FlowEnd,
}

/// Times between packets: count, mean and deviation in one pass (Welford, Technometrics 4, 1962).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    last: Option<Timestamp>,
    count: u64,
    mean_s: f64,
    squares: f64,
    longest_s: f64,
}

impl Gaps {
    /// The time since the packet before, in seconds; zero when that is dated later.
    pub(super) fn add(&mut self, time: Option<Timestamp>) -> Option<f64> {
        let time = time?;
        let before = self.last.replace(self.last.map_or(time, |last| last.max(time)))?;
        let gap_s = time.since(before).as_secs_f64();
        self.count += 1;
        let from_mean = gap_s - self.mean_s;
        self.mean_s += from_mean / self.count as f64;
        self.squares += from_mean * (gap_s - self.mean_s);
        self.longest_s = self.longest_s.max(gap_s);
        Some(gap_s)
    }

    fn mean_s(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean_s)
    }

    fn deviation_s(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.squares / self.count as f64).max(0.0).sqrt())
    }

    fn longest_s(&self) -> Option<f64> {
        (self.count > 0).then_some(self.longest_s)
    }
}

/// One packet of a flow: a frame's whole body, or a part of an aggregate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) source: Option<MacAddr>,
    pub(super) destination: Option<MacAddr>,
    pub(super) bytes: u64,
    /// The first of its frame: the frame's airtime counts with it.
    pub(super) is_first: bool,
}

/// A part of an aggregate (A-MSDU).
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Part<'a> {
    pub(super) destination: MacAddr,
    pub(super) source: MacAddr,
    pub(super) msdu: &'a [u8],
}

/// The parts of an aggregate that is not encrypted (802.11-2020, 9.3.2.2.2). Ends at a part that
/// runs past the end.
pub(super) fn aggregate_parts(body: &[u8]) -> impl Iterator<Item = Part<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (head, after) = rest.split_first_chunk::<14>()?;
        let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, high, low] = *head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let msdu = after.get(..length)?;
        // Padded to a multiple of 4, except the last.
        rest = rest.get((14 + length).next_multiple_of(4)..).unwrap_or(&[]);
        Some(Part {
            destination: MacAddr([d0, d1, d2, d3, d4, d5]),
            source: MacAddr([s0, s1, s2, s3, s4, s5]),
            msdu,
        })
    })
}

/// What a frame adds to flows; empty for frames without payload.
pub(super) fn units(seen: &Seen<'_>) -> Vec<Unit> {
    let header = &seen.header;
    if !header.has_payload() {
        return Vec::new();
    }
    let bytes = body_bytes(seen);
    let whole = |source, destination| Unit { source, destination, bytes, is_first: true };
    if !header.is_a_msdu() {
        return vec![whole(header.source(), header.destination())];
    }
    if seen.is_protected() {
        return vec![whole(None, None)];
    }
    let mut units: Vec<Unit> = aggregate_parts(seen.frame.body())
        .map(|part| Unit {
            source: Some(part.source),
            destination: Some(part.destination),
            bytes: part.msdu.len() as u64,
            is_first: false,
        })
        .collect();
    match units.first_mut() {
        Some(first) => first.is_first = true,
        None => units.push(whole(None, None)),
    }
    units
}

/// Bytes of the body on the air, also where the capture kept fewer.
fn body_bytes(seen: &Seen<'_>) -> u64 {
    let around = u64::from(seen.header.length) + 4;
    u64::from(seen.frame.length).saturating_sub(around)
}

pub(super) fn direction(flags: FrameFlags) -> Direction {
    match (flags.contains(FrameFlags::TO_DS), flags.contains(FrameFlags::FROM_DS)) {
        (true, false) => Direction::ToDs,
        (false, true) => Direction::FromDs,
        (true, true) => Direction::Forwarded,
        (false, false) => Direction::Direct,
    }
}

/// What was dropped for the bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Dropped {
    pub(super) ended_early: u64,
    pub(super) not_listed: u64,
}

/// Things that begin, go silent and end: flows, conversations.
pub(super) trait Timed {
    /// When it last had a packet.
    fn last(&self) -> Option<Timestamp>;
    /// Its size, by which it is kept or dropped once over.
    fn bytes(&self) -> u64;
}

/// Timed things by key: those under way and those over, both bounded.
#[derive(Debug)]
pub(super) struct TimedTable<K, V, R> {
    timeout: Duration,
    max_open: usize,
    max_kept: usize,
    open: HashMap<K, V>,
    over: Vec<(u64, R)>,
    swept: Option<Timestamp>,
    dropped: Dropped,
    end: fn(K, V, FlowEnd) -> R,
}

impl<K: Hash + Eq + Copy + Ord, V: Timed, R> TimedTable<K, V, R> {
    pub(super) fn new(timeout: Duration, end: fn(K, V, FlowEnd) -> R) -> Self {
        Self::bounded(timeout, end, MAX_OPEN, MAX_KEPT)
    }

    fn bounded(
        timeout: Duration,
        end: fn(K, V, FlowEnd) -> R,
        max_open: usize,
        max_kept: usize,
    ) -> Self {
        Self {
            timeout,
            max_open,
            max_kept,
            open: HashMap::new(),
            over: Vec::new(),
            swept: None,
            dropped: Dropped::default(),
            end,
        }
    }

    /// The thing under way for `key` at `time`; a silent one of that key ends first.
    pub(super) fn at(
        &mut self,
        key: K,
        time: Option<Timestamp>,
        make: impl FnOnce() -> V,
    ) -> &mut V {
        self.sweep(time);
        if self.open.get(&key).is_some_and(|value| is_silent(value, time, self.timeout))
            && let Some(value) = self.open.remove(&key)
        {
            self.finish_one(key, value, FlowEnd::Timeout);
        }
        if self.open.len() >= self.max_open && !self.open.contains_key(&key) {
            self.end_oldest();
        }
        self.open.entry(key).or_insert_with(make)
    }

    /// Ends what is silent, four times per time limit of the capture's own time.
    fn sweep(&mut self, time: Option<Timestamp>) {
        let Some(now) = time else { return };
        let due = self.swept.is_none_or(|swept| now.since(swept) > self.timeout / 4);
        if !due {
            return;
        }
        self.swept = Some(now);
        let timeout = self.timeout;
        self.end_all(FlowEnd::Timeout, |value| is_silent(value, time, timeout));
    }

    fn end_oldest(&mut self) {
        let mut ages: Vec<Option<Timestamp>> = self.open.values().map(Timed::last).collect();
        ages.sort_unstable();
        let limit = ages.get(ages.len() / 4).copied().flatten();
        let before = self.open.len();
        self.end_all(FlowEnd::TooMany, |value| value.last() <= limit);
        self.dropped.ended_early += (before - self.open.len()) as u64;
    }

    fn end_all(&mut self, why: FlowEnd, which: impl Fn(&V) -> bool) {
        let mut keys: Vec<K> =
            self.open.iter().filter(|(_, value)| which(value)).map(|(key, _)| *key).collect();
        // The same order in every run.
        keys.sort_unstable();
        for key in keys {
            if let Some(value) = self.open.remove(&key) {
                self.finish_one(key, value, why);
            }
        }
    }

    fn finish_one(&mut self, key: K, value: V, why: FlowEnd) {
        let bytes = value.bytes();
        self.over.push((bytes, (self.end)(key, value, why)));
        if self.over.len() >= 2 * self.max_kept {
            self.keep_largest();
        }
    }

    fn keep_largest(&mut self) {
        self.over.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        self.dropped.not_listed += self.over.len().saturating_sub(self.max_kept) as u64;
        self.over.truncate(self.max_kept);
    }

    /// Ends everything; the most bytes first.
    pub(super) fn finish(mut self) -> (Vec<R>, Dropped) {
        self.end_all(FlowEnd::CaptureEnd, |_| true);
        self.keep_largest();
        (self.over.into_iter().map(|(_, over)| over).collect(), self.dropped)
    }
}

fn is_silent(value: &impl Timed, now: Option<Timestamp>, timeout: Duration) -> bool {
    matches!((now, value.last()), (Some(now), Some(last)) if now.since(last) > timeout)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct FlowKey {
    source: Option<MacAddr>,
    destination: Option<MacAddr>,
    bssid: Option<MacAddr>,
    tid: Option<u8>,
    direction: Direction,
}

#[derive(Debug, Default)]
pub(super) struct OpenFlow {
    span: Span,
    packets: u64,
    bytes: u64,
    repeats: u64,
    fragments: u64,
    protected: u64,
    airtime_us: Option<u64>,
    gaps: Gaps,
}

impl Timed for OpenFlow {
    fn last(&self) -> Option<Timestamp> {
        self.span.last
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// All flows.
#[derive(Debug)]
pub(super) struct FlowTable(TimedTable<FlowKey, OpenFlow, Flow>);

impl FlowTable {
    pub(super) fn new(timeout: Duration) -> Self {
        Self(TimedTable::new(timeout, finished))
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, unit: &Unit) {
        let key = FlowKey {
            source: unit.source,
            destination: unit.destination,
            bssid: seen.header.bssid(),
            tid: seen.tid(),
            direction: direction(seen.header.flags),
        };
        let flow = self.0.at(key, seen.time, OpenFlow::default);
        flow.span.add(seen.time);
        if unit.is_first {
            add_airtime(&mut flow.airtime_us, seen.airtime_us);
        }
        if seen.is_repeat {
            flow.repeats += 1;
            return;
        }
        flow.bytes += unit.bytes;
        if seen.header.fragment.unwrap_or(0) > 0 {
            flow.fragments += 1;
            return;
        }
        flow.packets += 1;
        flow.protected += u64::from(seen.is_protected());
        flow.gaps.add(seen.time);
    }

    pub(super) fn finish(self) -> (Vec<Flow>, Dropped) {
        self.0.finish()
    }
}

fn finished(key: FlowKey, flow: OpenFlow, end: FlowEnd) -> Flow {
    let duration_s = flow.span.duration_s();
    let length_s = duration_s.filter(|length| *length > 0.0 && flow.packets > 1);
    Flow {
        source: key.source,
        destination: key.destination,
        bssid: key.bssid,
        tid: key.tid,
        direction: key.direction,
        span: flow.span,
        duration_s,
        packets: flow.packets,
        bytes: flow.bytes,
        repeats: flow.repeats,
        fragments: flow.fragments,
        protected: flow.protected,
        airtime_us: flow.airtime_us,
        mean_gap_s: flow.gaps.mean_s(),
        gap_deviation_s: flow.gaps.deviation_s(),
        longest_gap_s: flow.gaps.longest_s(),
        packets_per_second: length_s.map(|length| flow.packets as f64 / length),
        bits_per_second: length_s.map(|length| flow.bytes as f64 * 8.0 / length),
        end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Item(Span, u64);

    impl Timed for Item {
        fn last(&self) -> Option<Timestamp> {
            self.0.last
        }

        fn bytes(&self) -> u64 {
            self.1
        }
    }

    type Over = (u32, u64, FlowEnd);

    fn table(max_open: usize, max_kept: usize) -> TimedTable<u32, Item, Over> {
        let end = |key, item: Item, why| (key, item.1, why);
        TimedTable::bounded(Duration::from_secs(10), end, max_open, max_kept)
    }

    fn add(table: &mut TimedTable<u32, Item, Over>, key: u32, secs: i64, bytes: u64) {
        let time = Some(Timestamp::from_unix_secs(secs));
        let item = table.at(key, time, Item::default);
        item.0.add(time);
        item.1 += bytes;
    }

    #[test]
    fn a_flow_lives_until_it_is_silent_for_longer_than_the_limit() {
        let mut flows = table(100, 100);
        // Gaps of exactly the limit keep it alive; a longer one ends it and begins another.
        for secs in [0, 10, 20, 31] {
            add(&mut flows, 1, secs, 5);
        }
        let (over, dropped) = flows.finish();
        assert_eq!(over, [(1, 15, FlowEnd::Timeout), (1, 5, FlowEnd::CaptureEnd)]);
        assert_eq!(dropped, Dropped::default());
    }

    #[test]
    fn silent_flows_of_others_end_without_a_packet_of_their_own() {
        let mut flows = table(100, 100);
        add(&mut flows, 1, 0, 1);
        add(&mut flows, 2, 100, 1);
        assert_eq!(flows.open.len(), 1);
    }

    #[test]
    fn the_bounds_hold_and_what_falls_out_is_counted() {
        let mut flows = table(8, 4);
        for key in 0..100u32 {
            add(&mut flows, key, i64::from(key) / 50, u64::from(key));
            assert!(flows.open.len() <= 8 && flows.over.len() < 8);
        }
        let (over, dropped) = flows.finish();
        assert_eq!(over.iter().map(|over| over.0).collect::<Vec<_>>(), [99, 98, 97, 96]);
        assert_eq!(dropped.not_listed, 96);
        assert!(dropped.ended_early > 80, "{dropped:?}");
    }

    #[test]
    fn parts_of_an_aggregate_end_with_the_bytes() {
        let part = |fill: u8, length: usize| {
            let mut bytes = vec![fill; 12];
            bytes.extend((length as u16).to_be_bytes());
            bytes.extend(vec![fill; length]);
            bytes
        };
        let mut body = part(2, 5);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(part(4, 7));
        let lengths: Vec<usize> = aggregate_parts(&body).map(|part| part.msdu.len()).collect();
        assert_eq!(lengths, [5, 7]);
        assert_eq!(aggregate_parts(&body[..body.len() - 1]).count(), 1);
        for end in 0..body.len() {
            assert!(aggregate_parts(&body[..end]).count() < 2);
        }
    }

    #[test]
    fn gaps_by_hand() {
        let mut gaps = Gaps::default();
        for secs in [0, 1, 4, 6] {
            gaps.add(Some(Timestamp::from_unix_secs(secs)));
        }
        assert_eq!((gaps.mean_s(), gaps.longest_s()), (Some(2.0), Some(3.0)));
        // Gaps 1, 3, 2: variance 2/3.
        let deviation = gaps.deviation_s().expect("three gaps");
        assert!((deviation - (2.0f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
