//! Kinds of frame that come far more often than before, and than is needed.
//!
//! Of each watched kind in each BSS the frames of the last second are counted (a sliding second, so
//! that no boundary cuts a burst; repeated frames are not counted). That is a flood when it reaches a floor, fixed for each kind, and
//! lies above the kind's own history: the median of the last 60 whole seconds plus 6 times 1.4826
//! times their median absolute deviation (the scaled MAD estimates the standard deviation; Leys et
//! al., J. Exp. Soc. Psychol. 49, 2013). Seconds of a flood do not enter the history. A capture
//! without history has the floor alone.

use super::{AnomalyKey, AnomalyKind, Log, MAX_FOLLOWED, is_stale};
use crate::packets::Seen;
use crate::packets::bounded::Bounded;
use pw_dissect::ieee80211::management::Management;
use pw_model::{FrameKind, MacAddr, Timestamp};
use std::collections::{HashSet, VecDeque};

const SECOND_NS: i64 = 1_000_000_000;

/// Whole seconds of history.
const HISTORY: usize = 60;

/// Deviations above the median.
const DEVIATIONS: f64 = 6.0;

/// Scale of the median absolute deviation to a standard deviation.
const MAD_SCALE: f64 = 1.4826;

/// Frames of the last second that are remembered: beyond it a rate is "at least".
const MAX_RECENT: usize = 512;

/// A flood that pauses for longer is over; the next is another incident.
const PAUSE_NS: i64 = 10 * SECOND_NS;

/// RTS or CTS frames of a second that are a flood when a tenth as many frames show that the medium
/// was used. Our own choice: a busy network has an answer for nearly each.
const RESERVATIONS: u64 = 200;
const ANSWERED: u64 = 10;

/// New networks within a second that are looked at, and what makes them look made up.
const NEW_NETWORKS: usize = 20;
const MAX_KNOWN: usize = 65_536;
const YOUNG_US: u64 = 60_000_000;
const SAME_SIGNAL_DB: i16 = 3;

/// What is counted, and the floor in frames per second. The floor for disconnecting frames is
/// Kismet's; the others are our own choice, several times what one station or a crowd at a door
/// brings.
const fn floor_of(kind: AnomalyKind) -> usize {
    match kind {
        AnomalyKind::DeauthenticationFlood | AnomalyKind::DisassociationFlood => 11,
        AnomalyKind::AssociationFlood => 20,
        AnomalyKind::ProbeRequestFlood => 200,
        _ => 30,
    }
}

type Key = (u32, AnomalyKind, Option<MacAddr>);

#[derive(Debug, Default)]
struct Rate {
    recent: VecDeque<(i64, u64)>,
    seconds: VecDeque<u32>,
    second: Option<i64>,
    in_second: u32,
    flooded: bool,
    incident: u64,
    last_alarm: Option<i64>,
    /// Number of the last frame that was given to an anomaly.
    told: u64,
    peak: usize,
    usual: f64,
    frames: u64,
}

#[derive(Debug, Default)]
struct Reservations {
    second: Option<i64>,
    rts: Vec<u64>,
    cts: Vec<u64>,
    rts_count: u64,
    cts_count: u64,
    answers: u64,
}

#[derive(Clone, Copy, Debug)]
struct NewNetwork {
    at_ns: i64,
    number: u64,
    bssid: MacAddr,
    timer_us: u64,
    signal_dbm: Option<i8>,
}

#[derive(Debug)]
pub(super) struct Rates {
    pub(super) examined: u64,
    rates: Bounded<Key, Rate>,
    reservations: Reservations,
    known: HashSet<MacAddr>,
    new: VecDeque<NewNetwork>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            examined: 0,
            rates: Bounded::new(MAX_FOLLOWED),
            reservations: Reservations::default(),
            known: HashSet::new(),
            new: VecDeque::new(),
        }
    }
}

impl Rates {
    pub(super) const fn not_followed(&self) -> u64 {
        self.rates.refused()
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) {
        let Some(now) = seen.time_ns() else { return };
        self.reservations.add(seen, now, log);
        if seen.header.kind == FrameKind::BEACON {
            self.network(seen, now, log);
        }
        // One frame tried again and again is one frame.
        let Some((kind, subject)) = watched(seen).filter(|_| !seen.is_repeat) else { return };
        self.examined += 1;
        let floor = match &seen.management {
            Some(Management::Beacon { interval_tu, .. }) => beacon_floor(*interval_tu),
            _ => floor_of(kind),
        };
        let key = (seen.interface, kind, subject);
        let Some(rate) = self.rates.entry_over_stale(key, Rate::default, |rate| {
            is_stale(rate.recent.back().map(|(at, _)| *at), now)
        }) else {
            return;
        };
        rate.add(seen, now, floor, (kind, subject), log);
    }

    /// A beacon of a network that was not heard before.
    fn network(&mut self, seen: &Seen<'_>, now: i64, log: &mut Log) {
        let Some(Management::Beacon { timestamp_us, .. }) = &seen.management else { return };
        let Some(bssid) = seen.header.bssid() else { return };
        // A full set ends the search for new ones: that many networks are a flood that was told already.
        if self.known.len() >= MAX_KNOWN || !self.known.insert(bssid) {
            return;
        }
        self.new.retain(|new| now.saturating_sub(new.at_ns) < SECOND_NS);
        if self.new.len() >= MAX_RECENT {
            self.new.pop_front();
        }
        let signal_dbm = seen.frame.radio.signal_dbm;
        let (number, timer_us) = (seen.number, *timestamp_us);
        self.new.push_back(NewNetwork { at_ns: now, number, bssid, timer_us, signal_dbm });
        if self.new.len() < NEW_NETWORKS {
            return;
        }
        let signs = made_up(&self.new);
        if signs.len() < 2 {
            return;
        }
        let key = (AnomalyKind::BeaconFlood, None, 0);
        let count = self.new.len();
        for new in self.new.drain(..) {
            log.add(key, new.number, Some(Timestamp::from_unix_ns(new.at_ns)), || {
                format!(
                    "{count} new networks within a second, and {}: networks that one transmitter \
                     makes up. Opening a door to a large site brings many networks, but not these \
                     signs.",
                    signs.join(", ")
                )
            });
        }
    }

    pub(super) fn finish(&mut self, log: &mut Log) {
        self.reservations.judge(log);
    }
}

/// The floor of beacons a second: four times what the BSS says, at least 30.
fn beacon_floor(interval_tu: u16) -> usize {
    let per_second = 1_000_000 / (u64::from(interval_tu.max(1)) * 1024).max(1);
    usize::try_from(4 * per_second).unwrap_or(usize::MAX).max(floor_of(AnomalyKind::BeaconRate))
}

/// The kind of flood that a frame would be part of, and whose.
fn watched(seen: &Seen<'_>) -> Option<(AnomalyKind, Option<MacAddr>)> {
    let bss = seen.header.bssid();
    Some(match seen.header.kind {
        FrameKind::DEAUTHENTICATION => (AnomalyKind::DeauthenticationFlood, bss),
        FrameKind::DISASSOCIATION => (AnomalyKind::DisassociationFlood, bss),
        FrameKind::ASSOCIATION_REQUEST | FrameKind::REASSOCIATION_REQUEST => {
            (AnomalyKind::AssociationFlood, bss)
        }
        FrameKind::AUTHENTICATION => match &seen.management {
            Some(Management::Authentication { algorithm: 3, .. }) => (AnomalyKind::SaeFlood, bss),
            _ => (AnomalyKind::AuthenticationFlood, bss),
        },
        FrameKind::PROBE_REQUEST => (AnomalyKind::ProbeRequestFlood, None),
        FrameKind::BEACON => (AnomalyKind::BeaconRate, bss),
        _ => return None,
    })
}

impl Rate {
    fn add(
        &mut self,
        seen: &Seen<'_>,
        now: i64,
        floor: usize,
        (kind, subject): (AnomalyKind, Option<MacAddr>),
        log: &mut Log,
    ) {
        self.turn(now);
        self.in_second = self.in_second.saturating_add(1);
        self.recent.retain(|(at, _)| now.saturating_sub(*at) < SECOND_NS);
        if self.recent.len() >= MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((now, seen.number));
        let count = self.recent.len();
        let (median, threshold) = self.threshold(floor);
        if count < threshold {
            return;
        }
        let goes_on = self.last_alarm.is_some_and(|last| now.saturating_sub(last) <= PAUSE_NS);
        if !goes_on {
            self.incident += 1;
            self.peak = 0;
            self.frames = 0;
            self.usual = median;
        }
        let key: AnomalyKey = (kind, subject, self.incident << 32 | u64::from(seen.interface));
        self.last_alarm = Some(now);
        self.flooded = true;
        self.peak = self.peak.max(count);
        // With the frame that tells it come those of the second before it that were not told yet.
        for (at, number) in self.recent.iter().filter(|(_, number)| *number > self.told) {
            self.frames += 1;
            log.add(key, *number, Some(Timestamp::from_unix_ns(*at)), String::new);
        }
        self.told = seen.number;
        log.explain(key, self.explanation(kind, threshold));
    }

    /// Closes the seconds that are over. Seconds of a flood do not enter the history.
    fn turn(&mut self, now: i64) {
        let second = now.div_euclid(SECOND_NS);
        let Some(before) = self.second else {
            self.second = Some(second);
            return;
        };
        if second <= before {
            return;
        }
        if !self.flooded {
            self.seconds.push_back(self.in_second);
        }
        let silent = usize::try_from(second - before - 1).unwrap_or(usize::MAX).min(HISTORY);
        self.seconds.extend(std::iter::repeat_n(0, silent));
        let over = self.seconds.len().saturating_sub(HISTORY);
        self.seconds.drain(..over);
        self.second = Some(second);
        self.in_second = 0;
        self.flooded = false;
    }

    /// Median of the history, and the count from which it is a flood.
    fn threshold(&self, floor: usize) -> (f64, usize) {
        let mut counts: Vec<f64> = self.seconds.iter().map(|count| f64::from(*count)).collect();
        let middle = median(&mut counts);
        let mut off: Vec<f64> = counts.iter().map(|count| (count - middle).abs()).collect();
        let spread = MAD_SCALE * median(&mut off);
        // Counts of a second: far below 2^53.
        let own = (middle + DEVIATIONS * spread).floor() as usize + 1;
        (middle, floor.max(own).min(MAX_RECENT))
    }

    fn explanation(&self, kind: AnomalyKind, threshold: usize) -> String {
        let what = match kind {
            AnomalyKind::DeauthenticationFlood => "deauthentication frames",
            AnomalyKind::DisassociationFlood => "disassociation frames",
            AnomalyKind::AssociationFlood => "association requests",
            AnomalyKind::AuthenticationFlood => "authentication frames",
            AnomalyKind::SaeFlood => "SAE authentication frames",
            AnomalyKind::ProbeRequestFlood => "probe requests",
            _ => "beacons",
        };
        let other = match kind {
            AnomalyKind::DeauthenticationFlood | AnomalyKind::DisassociationFlood => {
                "An access point that shuts down sends a few, not this many."
            }
            AnomalyKind::ProbeRequestFlood => "A large crowd of phones comes near it.",
            AnomalyKind::BeaconRate => {
                "Two devices that announce the same BSSID add up; so does a file with the same \
                 frames twice."
            }
            _ => "After a power failure all stations of a site come back at once.",
        };
        format!(
            "{}{} {what} within a second, {} in all; {threshold} would be a flood here (usual: \
             {:.0} a second in the minute before). {other}",
            if self.peak >= MAX_RECENT { "More than " } else { "Up to " },
            self.peak,
            self.frames,
            self.usual
        )
    }
}

/// The middle value; of two the mean; 0 of none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(value), 1) => *value,
        (Some(value), _) => (values[middle - 1] + value) / 2.0,
        (None, _) => 0.0,
    }
}

impl Reservations {
    fn add(&mut self, seen: &Seen<'_>, now: i64, log: &mut Log) {
        let second = now.div_euclid(SECOND_NS);
        if self.second != Some(second) {
            self.judge(log);
            *self = Self { second: Some(second), ..Self::default() };
        }
        let keep = |list: &mut Vec<u64>| {
            if list.len() < super::MAX_FRAMES_LISTED {
                list.push(seen.number);
            }
        };
        match (seen.header.kind.frame_type(), seen.header.kind.subtype()) {
            (Some(1), Some(11)) => {
                self.rts_count += 1;
                keep(&mut self.rts);
            }
            (Some(1), Some(12)) => {
                self.cts_count += 1;
                keep(&mut self.cts);
            }
            // Data, and the acknowledgements of data that this receiver could not decode.
            (Some(2), _) | (Some(1), Some(9 | 13)) => self.answers += 1,
            _ => {}
        }
    }

    fn judge(&self, log: &mut Log) {
        let time = self.second.map(Timestamp::from_unix_secs);
        for (kind, name, count, frames) in [
            (AnomalyKind::RtsFlood, "RTS", self.rts_count, &self.rts),
            (AnomalyKind::CtsFlood, "CTS", self.cts_count, &self.cts),
        ] {
            if count < RESERVATIONS || self.answers * ANSWERED >= count {
                continue;
            }
            for number in frames {
                log.add((kind, None, 0), *number, time, || {
                    format!(
                        "{count} {name} frames within a second, and {} data and acknowledgement \
                         frames: the medium is reserved and not used. A receiver that decodes only \
                         the slowest frames sees the same.",
                        self.answers
                    )
                });
            }
        }
    }
}

/// What makes new networks look made up, in words.
fn made_up(new: &VecDeque<NewNetwork>) -> Vec<String> {
    let mut signs = Vec::new();
    let all = new.len();
    let mostly = |count: usize, of: usize| count * 5 >= of * 4;
    let young = new.iter().filter(|network| network.timer_us < YOUNG_US).count();
    if mostly(young, all) {
        signs.push(format!("the timers of {young} began less than a minute ago"));
    }
    let blocks: HashSet<[u8; 3]> = new
        .iter()
        .map(|network| {
            let [a, b, c, ..] = network.bssid.0;
            [a, b, c]
        })
        .collect();
    let registered =
        new.iter().filter(|network| pw_dissect::vendor::lookup(network.bssid).is_some()).count();
    if mostly(blocks.len(), all) && registered * 3 <= all {
        signs.push(format!(
            "their addresses lie in {} blocks, {registered} of a maker",
            blocks.len()
        ));
    }
    let mut signals: Vec<i16> =
        new.iter().filter_map(|network| network.signal_dbm.map(i16::from)).collect();
    signals.sort_unstable();
    if signals.len() >= NEW_NETWORKS {
        let spread = signals[signals.len() * 3 / 4] - signals[signals.len() / 4];
        if spread <= SAME_SIGNAL_DB {
            signs.push(format!("the middle half is equally strong within {spread} dB"));
        }
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_by_hand() {
        for (history, floor, expected) in [
            (vec![], 11, 11),
            (vec![0, 0, 0, 0, 9], 11, 11),
            // Median 20, deviations 0, 1, 1, 2, 4: 20 + 6 × 1.4826 + 1 = 29.
            (vec![18, 19, 20, 21, 24], 11, 29),
            (vec![400; 60], 200, 401),
            (vec![5000; 60], 200, MAX_RECENT),
        ] {
            let rate = Rate { seconds: history.clone().into(), ..Rate::default() };
            assert_eq!(rate.threshold(floor).1, expected, "{history:?}");
        }
    }

    #[test]
    fn the_history_is_of_whole_quiet_seconds() {
        let mut rate = Rate::default();
        for (at_s, count) in [(0i64, 3u32), (1, 5), (4, 2)] {
            rate.turn(at_s * SECOND_NS);
            rate.in_second = count;
        }
        rate.turn(5 * SECOND_NS);
        assert_eq!(rate.seconds, [3, 5, 0, 0, 2]);
        rate.in_second = 900;
        rate.flooded = true;
        rate.turn(6 * SECOND_NS);
        assert_eq!(rate.seconds, [3, 5, 0, 0, 2]);
        rate.turn(5000 * SECOND_NS);
        assert_eq!(rate.seconds.len(), HISTORY);
    }

    #[test]
    fn beacon_floors() {
        for (interval_tu, floor) in [(100, 36), (1000, 30), (20, 192), (0, 3904)] {
            assert_eq!(beacon_floor(interval_tu), floor, "{interval_tu}");
        }
    }
}
