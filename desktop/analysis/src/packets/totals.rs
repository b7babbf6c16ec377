//! Counts over the whole capture, and how they ran over time.

use super::bounded::add_airtime;
use super::{Seen, Span};
use pw_model::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most steps of the series. When more would be needed, two neighbours become one.
const MAX_STEPS: usize = 600;

/// Counts over the whole capture.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Totals {
    /// Packets of any kind.
    pub packets: u64,
    /// 802.11 frames that were analysed.
    pub frames: u64,
    /// Frames with a wrong frame check sequence: their content is not believed, only counted.
    pub bad_fcs: u64,
    /// Packets without an 802.11 header that could be read: other link types, damaged radio headers.
    pub unreadable: u64,
    /// Packets without a time of their own; they stand at that of the packet before.
    pub without_time: u64,
    /// Bytes of the analysed frames on the air, with FCS.
    pub bytes: u64,
    /// Time on the air of the frames whose modulation is known, in microseconds; null when it is of none.
    pub airtime_us: Option<u64>,
    /// Frames whose time on the air is not known.
    pub airtime_unknown: u64,
    /// Retransmissions (retry bit).
    pub retries: u64,
    /// Frames with an encrypted body.
    pub protected: u64,
    /// Frames by kind.
    pub kinds: BTreeMap<String, u64>,
    /// From the first to the last frame.
    #[serde(flatten)]
    pub span: Span,
    /// Frames per second over the whole capture; null when its length is not known or zero.
    pub frames_per_second: Option<f64>,
    /// Bits per second over the whole capture.
    pub bits_per_second: Option<f64>,
}

/// Frames, bytes and airtime of one step of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Step {
    /// Frames.
    pub frames: u64,
    /// Bytes on the air.
    pub bytes: u64,
    /// Time on the air in microseconds of the frames whose modulation is known; null when it is of none.
    pub airtime_us: Option<u64>,
}

/// How the load ran over time, in at most 600 steps of equal length.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Series {
    /// Start of the first step.
    #[serde(serialize_with = "super::text::maybe_time")]
    pub start: Option<Timestamp>,
    /// Length of a step in seconds: 1, doubled as often as the capture's length needs.
    pub step_s: u64,
    /// The steps.
    pub steps: Vec<Step>,
    /// Frames dated before the first one (merged files, a clock that was set), left out here.
    pub before_start: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self { start: None, step_s: 1, steps: Vec::new(), before_start: 0 }
    }
}

impl Totals {
    pub(super) fn add(&mut self, seen: &Seen<'_>) {
        self.frames += 1;
        self.bytes += u64::from(seen.frame.length);
        add_airtime(&mut self.airtime_us, seen.airtime_us);
        self.airtime_unknown += u64::from(seen.airtime_us.is_none());
        self.retries += u64::from(seen.is_retry());
        self.protected += u64::from(seen.is_protected());
        *self.kinds.entry(seen.header.kind.name()).or_default() += 1;
        self.span.add(seen.time);
    }

    pub(super) fn finish(&mut self) {
        let length_s = self.span.duration_s().filter(|length| *length > 0.0);
        self.frames_per_second = length_s.map(|length| self.frames as f64 / length);
        self.bits_per_second = length_s.map(|length| self.bytes as f64 * 8.0 / length);
    }
}

impl Series {
    pub(super) fn add(&mut self, seen: &Seen<'_>) {
        let Some(time) = seen.time else { return };
        let start = *self.start.get_or_insert(time);
        if time < start {
            self.before_start += 1;
            return;
        }
        let second = time.since(start).as_secs();
        while second / self.step_s >= MAX_STEPS as u64 {
            self.halve();
        }
        // Below MAX_STEPS by the loop above.
        let at = usize::try_from(second / self.step_s).unwrap_or(MAX_STEPS - 1);
        if self.steps.len() <= at {
            self.steps.resize(at + 1, Step::default());
        }
        let step = &mut self.steps[at];
        step.frames += 1;
        step.bytes += u64::from(seen.frame.length);
        add_airtime(&mut step.airtime_us, seen.airtime_us);
    }

    fn halve(&mut self) {
        self.step_s *= 2;
        self.steps = self
            .steps
            .chunks(2)
            .map(|pair| {
                pair.iter().fold(Step::default(), |sum, step| Step {
                    frames: sum.frames + step.frames,
                    bytes: sum.bytes + step.bytes,
                    airtime_us: match (sum.airtime_us, step.airtime_us) {
                        (Some(one), Some(other)) => Some(one + other),
                        (one, other) => one.or(other),
                    },
                })
            })
            .collect();
    }

    /// Mean bits per second between two moments, by the steps that begin in that time; `None` when
    /// no step does.
    #[must_use]
    pub fn bits_per_second(&self, from: Timestamp, until: Timestamp) -> Option<f64> {
        let start = self.start?;
        let length_s = self.step_s as f64;
        let within: Vec<&Step> = self
            .steps
            .iter()
            .enumerate()
            .filter(|(at, _)| {
                let begins = start.saturating_add(std::time::Duration::from_secs(
                    self.step_s.saturating_mul(*at as u64),
                ));
                begins >= from && begins < until
            })
            .map(|(_, step)| step)
            .collect();
        if within.is_empty() {
            return None;
        }
        let bytes: u64 = within.iter().map(|step| step.bytes).sum();
        Some(bytes as f64 * 8.0 / (length_s * within.len() as f64))
    }
}
