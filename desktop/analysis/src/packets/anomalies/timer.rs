//! Timers of access points that jump or alternate (timing synchronisation function, 802.11-2020, 11.1).
//!
//! A timer and the time of capture run apart by a constant, but for a drift of at most 100 parts per
//! million each (802.11-2020, 11.1.3). The constant is followed; when it changes, the timer was set or
//! another transmitter uses the BSSID. Members of independent and mesh BSSs set their timers by each
//! other, so those are left out.

use super::{AnomalyKind, Log, MAX_FOLLOWED, is_stale};
use crate::packets::Seen;
use crate::packets::bounded::Bounded;
use pw_dissect::ieee80211::elements::id;
use pw_dissect::ieee80211::management::Management;
use pw_model::MacAddr;

/// Change that is no jump, in nanoseconds: by the computer's clock, which stamps frames when they
/// come out of the driver.
const TOLERANCE_NS: i64 = 500_000_000;

/// The same where the receiver's own timer stamps frames, in nanoseconds.
const RADIO_TOLERANCE_NS: i64 = 10_000_000;

/// The receiver's timer is believed where it agrees with the computer's clock within this, in
/// nanoseconds: some drivers give a timer that wraps or stands still.
const AGREEMENT_NS: i64 = 100_000_000;

/// Drift of two clocks, in parts per million.
const DRIFT_PPM: i64 = 200;

/// A timer below this began a short while ago, in microseconds.
const YOUNG_US: u64 = 60_000_000;

/// Returns from one timer to the other that make two transmitters likely.
const RETURNS: u32 = 3;

#[derive(Clone, Copy, Debug)]
struct Stamp {
    timer_us: u64,
    at_ns: i64,
    radio_us: Option<u64>,
}

#[derive(Debug, Default)]
struct Timer {
    current: Option<Stamp>,
    other: Option<Stamp>,
    returns: u32,
}

#[derive(Debug)]
pub(super) struct Timers {
    pub(super) examined: u64,
    timers: Bounded<(u32, MacAddr), Timer>,
}

impl Default for Timers {
    fn default() -> Self {
        Self { examined: 0, timers: Bounded::new(MAX_FOLLOWED) }
    }
}

impl Timers {
    pub(super) const fn not_followed(&self) -> u64 {
        self.timers.refused()
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) {
        let Some(Management::Beacon { timestamp_us, capability, elements, .. }) = &seen.management
        else {
            return;
        };
        let (Some(bssid), Some(at_ns)) = (seen.header.bssid(), seen.time_ns()) else { return };
        let sets_its_timer = !capability.ess() || elements.find_id(id::MESH_ID).is_some();
        if sets_its_timer || seen.is_retry() {
            return;
        }
        self.examined += 1;
        let stamp = Stamp { timer_us: *timestamp_us, at_ns, radio_us: seen.frame.radio.tsft_us };
        let key = (seen.interface, bssid);
        let Some(timer) = self.timers.entry_over_stale(key, Timer::default, |timer| {
            is_stale(timer.current.map(|stamp| stamp.at_ns), at_ns)
        }) else {
            return;
        };
        let Some(current) = timer.current else {
            timer.current = Some(stamp);
            return;
        };
        let jump_ns = current.jump_ns(&stamp);
        if jump_ns.is_none() {
            timer.current = Some(stamp);
            return;
        }
        let returns = timer.other.is_some_and(|other| other.jump_ns(&stamp).is_none());
        timer.other = Some(current);
        timer.current = Some(stamp);
        let jump_s = jump_ns.unwrap_or(0) as f64 / 1e9;
        if returns {
            timer.returns += 1;
            if timer.returns >= RETURNS {
                let key = (AnomalyKind::TimerAlternation, Some(bssid), 0);
                log.add(key, seen.number, seen.time, || {
                    format!(
                        "Two timers alternate under one BSSID, {:.3} s apart: two transmitters \
                         announce it, so one of them is not the access point.",
                        jump_s.abs()
                    )
                });
            }
            return;
        }
        if stamp.timer_us == current.timer_us {
            log.add((AnomalyKind::TimerJump, Some(bssid), 1), seen.number, seen.time, || {
                format!(
                    "The timer stands still at {} µs: the transmitter makes up its beacons instead of \
                     letting its radio date them.",
                    stamp.timer_us
                )
            });
        } else if jump_s < 0.0 && stamp.timer_us < YOUNG_US {
            log.add((AnomalyKind::TimerRestart, Some(bssid), 0), seen.number, seen.time, || {
                format!(
                    "The timer began anew: {:.1} s after it stood at {:.1} s. The access point was \
                     restarted, or another one took its BSSID.",
                    stamp.timer_us as f64 / 1e6,
                    current.timer_us as f64 / 1e6
                )
            });
        } else {
            log.add((AnomalyKind::TimerJump, Some(bssid), 0), seen.number, seen.time, || {
                format!(
                    "The timer jumped by {jump_s:.3} s against the time of capture. The access \
                     point or the capturing computer set its clock, or another transmitter uses the \
                     BSSID."
                )
            });
        }
    }
}

impl Stamp {
    /// By how much the timer of `later` is off from what this one makes expect, in nanoseconds; `None`
    /// when within the tolerance.
    fn jump_ns(&self, later: &Self) -> Option<i64> {
        let by_clock_ns = later.at_ns.saturating_sub(self.at_ns);
        let by_radio_ns = self
            .radio_us
            .zip(later.radio_us)
            .and_then(|(before, after)| difference_ns(before, after))
            .filter(|ns| ns.saturating_sub(by_clock_ns).saturating_abs() < AGREEMENT_NS);
        let (passed_ns, tolerance_ns) = match by_radio_ns {
            Some(ns) => (ns, RADIO_TOLERANCE_NS),
            None => (by_clock_ns, TOLERANCE_NS),
        };
        // A timer set to the other end of its range is a jump of any size: the largest number there is.
        let timer_ns = difference_ns(self.timer_us, later.timer_us).unwrap_or(i64::MAX);
        let drift_ns = passed_ns.saturating_abs() / 1_000_000 * DRIFT_PPM;
        let jump_ns = timer_ns.saturating_sub(passed_ns);
        (jump_ns.saturating_abs() > tolerance_ns.saturating_add(drift_ns)).then_some(jump_ns)
    }
}

/// Difference of two timers in nanoseconds; `None` beyond 292 years.
fn difference_ns(before_us: u64, after_us: u64) -> Option<i64> {
    let us = i128::from(after_us) - i128::from(before_us);
    i64::try_from(us * 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_by_clock_and_by_radio() {
        let at = |timer_ms: u64, clock_ms: i64, radio_ms: Option<u64>| Stamp {
            timer_us: timer_ms * 1000,
            at_ns: clock_ms * 1_000_000,
            radio_us: radio_ms.map(|ms| ms * 1000),
        };
        for (before, after, jump_ms) in [
            (at(1000, 0, None), at(1100, 100, None), None),
            (at(1000, 0, None), at(1100, 590, None), None),
            (at(1000, 0, None), at(1100, 700, None), Some(-600)),
            (at(1000, 0, Some(50)), at(1100, 110, Some(150)), None),
            (at(1000, 0, Some(50)), at(1120, 110, Some(150)), Some(20)),
            // The radio's timer stands still: the clock counts.
            (at(1000, 0, Some(50)), at(1400, 400, Some(50)), None),
            (at(1000, 0, None), at(0, 100, None), Some(-1100)),
            // An hour: 200 ppm are 720 ms more.
            (at(0, 0, None), at(3_601_200, 3_600_000, None), None),
            (at(0, 0, None), at(3_601_300, 3_600_000, None), Some(1300)),
        ] {
            let jump = before.jump_ns(&after).map(|ns| ns / 1_000_000);
            assert_eq!(jump, jump_ms, "{before:?} {after:?}");
        }
        let far = Stamp { timer_us: u64::MAX, at_ns: i64::MIN, radio_us: Some(u64::MAX) };
        assert!(at(0, 0, Some(0)).jump_ns(&far).is_some());
    }
}
