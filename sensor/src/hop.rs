//! The hop plan: which channel a radio listens to next, and for how long. Pure.

use pw_model::{Band, Channel};
use std::time::Duration;

/// How a radio hops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopSettings {
    /// Stay on a channel. Two beacon intervals of 102.4 ms, so that every access point in range has
    /// sent a beacon or two.
    pub dwell: Duration,
    /// Centres of the primary channels to listen to, in MHz; all that the radio can when empty. One
    /// alone is a lock.
    pub frequencies_mhz: Vec<u16>,
}

impl Default for HopSettings {
    fn default() -> Self {
        Self { dwell: Duration::from_millis(220), frequencies_mhz: Vec::new() }
    }
}

/// How often a channel comes round: the channels that most networks use come more often.
#[must_use]
pub fn weight(frequency_mhz: u16) -> u32 {
    match Channel::from_frequency_mhz(frequency_mhz).map(|c| (c.band, c.number)) {
        // The three channels that do not overlap, where nearly every network stands.
        Some((Band::Ghz2_4, 1 | 6 | 11)) => 4,
        // Primary channels of the 80 MHz blocks without radar detection.
        Some((Band::Ghz5, 36 | 149)) => 3,
        Some((Band::Ghz5, 40 | 44 | 48 | 153 | 157 | 161)) => 2,
        // Preferred scanning channels of 6 GHz: 5, 21, 37, … (IEEE Std 802.11ax-2021, 26.17.2.3.3).
        Some((Band::Ghz6, number)) if number % 16 == 5 => 2,
        _ => 1,
    }
}

#[derive(Clone, Debug)]
struct Slot {
    frequency_mhz: u16,
    weight: i64,
    credit: i64,
    failures: u32,
}

/// Smooth weighted round robin: in as many steps as the weights' sum, each channel comes as often as
/// its weight says, spread out, in the same order each time.
#[derive(Clone, Debug)]
pub struct HopPlan {
    slots: Vec<Slot>,
    dwell: Duration,
}

/// A channel that cannot be set so many times in a row is left out.
const FAILURES: u32 = 3;

impl HopPlan {
    /// For a radio that can listen to `capable`; `None` when it can listen to none that is wanted.
    #[must_use]
    pub fn new(capable_mhz: &[u16], settings: &HopSettings) -> Option<Self> {
        let wanted = |frequency: &u16| {
            settings.frequencies_mhz.is_empty() || settings.frequencies_mhz.contains(frequency)
        };
        let mut frequencies: Vec<u16> = capable_mhz.iter().copied().filter(wanted).collect();
        frequencies.sort_unstable();
        frequencies.dedup();
        let slots: Vec<Slot> = frequencies
            .into_iter()
            .map(|frequency_mhz| Slot {
                frequency_mhz,
                weight: i64::from(weight(frequency_mhz)),
                credit: 0,
                failures: 0,
            })
            .collect();
        (!slots.is_empty()).then_some(Self { slots, dwell: settings.dwell })
    }

    /// The next channel and how long to stay; `None` when every channel has been left out.
    pub fn step(&mut self) -> Option<(u16, Duration)> {
        let sum: i64 = self.slots.iter().map(|slot| slot.weight).sum();
        self.slots.iter_mut().for_each(|slot| slot.credit += slot.weight);
        // The first of equals, so that the order does not depend on anything else.
        let best = self
            .slots
            .iter_mut()
            .reduce(|best, slot| if slot.credit > best.credit { slot } else { best })?;
        best.credit -= sum;
        Some((best.frequency_mhz, self.dwell))
    }

    /// The radio could (not) be put on a channel. True when the channel is left out from now on.
    pub fn report(&mut self, frequency_mhz: u16, worked: bool) -> bool {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.frequency_mhz == frequency_mhz)
        else {
            return false;
        };
        slot.failures = if worked { 0 } else { slot.failures + 1 };
        if slot.failures < FAILURES {
            return false;
        }
        self.slots.retain(|slot| slot.frequency_mhz != frequency_mhz);
        true
    }

    /// True when there is one channel only: nothing to hop to.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.slots.len() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn plan(capable: &[u16], wanted: &[u16]) -> Option<HopPlan> {
        let settings = HopSettings { frequencies_mhz: wanted.to_vec(), ..HopSettings::default() };
        HopPlan::new(capable, &settings)
    }

    fn steps(plan: &mut HopPlan, count: usize) -> Vec<u16> {
        (0..count).filter_map(|_| plan.step()).map(|(frequency, _)| frequency).collect()
    }

    #[test]
    fn every_channel_comes_as_often_as_its_weight() {
        let all: Vec<u16> = (1..=13)
            .map(|n| 2407 + 5 * n)
            .chain((36..=64).step_by(4).map(|n| 5000 + 5 * n))
            .collect();
        let mut plan = plan(&all, &[]).expect("channels");
        let round: u32 = all.iter().map(|f| weight(*f)).sum();
        for _ in 0..3 {
            let mut visits: BTreeMap<u16, u32> = BTreeMap::new();
            steps(&mut plan, round as usize)
                .into_iter()
                .for_each(|f| *visits.entry(f).or_default() += 1);
            assert!(all.iter().all(|f| visits.get(f) == Some(&weight(*f))), "{visits:?}");
        }
    }

    #[test]
    fn heavy_channels_are_spread_out() {
        let mut plan = plan(&[2412, 2417, 2422, 2427, 2437, 2462], &[]).expect("channels");
        let order = steps(&mut plan, 15);
        let gaps: Vec<usize> =
            order.iter().enumerate().filter(|(_, f)| **f == 2437).map(|(at, _)| at).collect();
        assert_eq!(gaps.len(), 4);
        assert!(gaps.windows(2).all(|pair| (3..=5).contains(&(pair[1] - pair[0]))), "{order:?}");
        assert_eq!(order, steps(&mut plan, 15), "the same round again");
    }

    #[test]
    fn a_lock_is_one_channel() {
        let mut plan = plan(&[2412, 2437], &[2437, 5180]).expect("one of them");
        assert!(plan.is_locked());
        assert_eq!(steps(&mut plan, 3), [2437; 3]);
        assert!(self::plan(&[2412], &[5180]).is_none());
    }

    #[test]
    fn a_channel_that_cannot_be_set_is_left_out() {
        let mut plan = plan(&[2412, 2437], &[]).expect("channels");
        assert!(!plan.report(2437, false) && !plan.report(2437, false));
        assert!(!plan.report(2437, true), "it works again");
        assert!(!plan.report(2437, false) && !plan.report(2437, false) && plan.report(2437, false));
        assert_eq!(steps(&mut plan, 2), [2412; 2]);
        (0..FAILURES).for_each(|_| {
            plan.report(2412, false);
        });
        assert_eq!(plan.step(), None);
    }
}
