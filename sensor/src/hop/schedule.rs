//! The order and the stays of one radio's channels.

use super::adaptive::{after_visit, stays};
use super::{HopSettings, Tuning};
use pw_model::{Band, Channel, ChannelPlan};
use std::time::Duration;

/// Stay of the survey plan: one beacon interval of 102.4 ms and a little.
const SURVEY_DWELL: Duration = Duration::from_millis(110);
/// A lock is written down in pieces of this length.
const LOCK_DWELL: Duration = Duration::from_secs(2);
/// A channel that cannot be set so many times in a row is left out.
const FAILURES: u32 = 3;

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

/// One stay on a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dwell {
    /// Where.
    pub tuning: Tuning,
    /// How long.
    pub duration: Duration,
}

#[derive(Clone, Debug)]
struct Slot {
    tuning: Tuning,
    weight: i64,
    credit: i64,
    failures: u32,
    /// New transmitters a round, the older rounds weighted less.
    news: f64,
    /// New transmitters in this round.
    new: u32,
    /// Stay of the adaptive plan in this round.
    stay: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    /// Smooth weighted round robin: in as many steps as the weights' sum, each channel comes as
    /// often as its weight says, spread out, in the same order each time.
    Weighted,
    /// One after the other.
    Round,
    /// The same with stays that follow the news.
    Adaptive,
}

/// What one radio does: channel after channel.
#[derive(Clone, Debug)]
pub struct Schedule {
    order: Order,
    slots: Vec<Slot>,
    next: usize,
    dwell: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Schedule {
    /// For the channels that are this radio's share of `plan`; `None` when it has none.
    #[must_use]
    pub fn new(plan: &ChannelPlan, share: &[Tuning], settings: &HopSettings) -> Option<Self> {
        let order = match plan {
            ChannelPlan::All => Order::Weighted,
            ChannelPlan::Favourites(_) | ChannelPlan::Lock { .. } | ChannelPlan::Survey => {
                Order::Round
            }
            ChannelPlan::Adaptive => Order::Adaptive,
        };
        let dwell = match plan {
            _ if share.len() == 1 => LOCK_DWELL,
            ChannelPlan::Survey => SURVEY_DWELL,
            _ => settings.dwell,
        };
        let slot = |tuning: &Tuning| Slot {
            tuning: *tuning,
            weight: i64::from(weight(tuning.frequency_mhz)),
            credit: 0,
            failures: 0,
            news: 0.0,
            new: 0,
            stay: dwell,
        };
        let slots: Vec<Slot> = share.iter().map(slot).collect();
        let (shortest, longest) = (settings.shortest, settings.longest);
        (!slots.is_empty()).then_some(Self { order, slots, next: 0, dwell, shortest, longest })
    }

    /// The next stay; `None` when every channel has been left out.
    pub fn step(&mut self) -> Option<Dwell> {
        if self.order == Order::Weighted {
            return self.weighted_step();
        }
        if self.next >= self.slots.len() {
            self.next = 0;
            self.share_round();
        }
        let slot = self.slots.get(self.next)?;
        self.next += 1;
        let duration = if self.order == Order::Adaptive { slot.stay } else { self.dwell };
        Some(Dwell { tuning: slot.tuning, duration })
    }

    fn weighted_step(&mut self) -> Option<Dwell> {
        let sum: i64 = self.slots.iter().map(|slot| slot.weight).sum();
        self.slots.iter_mut().for_each(|slot| slot.credit += slot.weight);
        // The first of equals, so that the order does not depend on anything else.
        let best = self
            .slots
            .iter_mut()
            .reduce(|best, slot| if slot.credit > best.credit { slot } else { best })?;
        best.credit -= sum;
        Some(Dwell { tuning: best.tuning, duration: self.dwell })
    }

    fn share_round(&mut self) {
        if self.order != Order::Adaptive || self.slots.len() < 2 {
            return;
        }
        for slot in &mut self.slots {
            slot.news = after_visit(slot.news, std::mem::take(&mut slot.new));
        }
        let news: Vec<f64> = self.slots.iter().map(|slot| slot.news).collect();
        let stays = stays(&news, self.dwell, self.shortest, self.longest);
        self.slots.iter_mut().zip(stays).for_each(|(slot, stay)| slot.stay = stay);
    }

    /// So many transmitters were heard there for the first time. Counts from the next round on.
    pub fn first_heard(&mut self, frequency_mhz: u16, transmitters: u32) {
        if let Some(slot) = self.slots.iter_mut().find(|s| s.tuning.frequency_mhz == frequency_mhz)
        {
            slot.new = slot.new.saturating_add(transmitters);
        }
    }

    /// The radio could (not) be put on a channel. True when the channel is left out from now on.
    pub fn report(&mut self, frequency_mhz: u16, worked: bool) -> bool {
        let Some(at) = self.slots.iter().position(|s| s.tuning.frequency_mhz == frequency_mhz)
        else {
            return false;
        };
        let slot = &mut self.slots[at];
        slot.failures = if worked { 0 } else { slot.failures + 1 };
        if slot.failures < FAILURES {
            return false;
        }
        self.slots.remove(at);
        if at < self.next {
            self.next -= 1;
        }
        true
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.slots.len()
    }

    /// From the end of one visit of a channel to the beginning of the next it is never longer,
    /// whatever is heard; the time of switching comes on top.
    #[must_use]
    pub fn longest_absence(&self) -> Duration {
        if self.slots.len() < 2 {
            return Duration::ZERO;
        }
        let steps = match self.order {
            // The order repeats after as many steps as the sum of the weights.
            Order::Weighted => self.slots.iter().map(|slot| slot.weight).sum::<i64>() - 1,
            Order::Round => self.slots.len() as i64 - 1,
            // The stays of two rounds may differ, their sums do not.
            Order::Adaptive => 2 * self.slots.len() as i64,
        };
        self.dwell.saturating_mul(u32::try_from(steps).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn schedule(plan: &str, frequencies: &[u16]) -> Option<Schedule> {
        let share: Vec<Tuning> = frequencies.iter().map(|mhz| Tuning::narrow(*mhz)).collect();
        Schedule::new(&plan.parse().expect("a plan"), &share, &HopSettings::default())
    }

    fn steps(schedule: &mut Schedule, count: usize) -> Vec<u16> {
        (0..count).filter_map(|_| schedule.step()).map(|dwell| dwell.tuning.frequency_mhz).collect()
    }

    fn two_bands() -> Vec<u16> {
        (1..=13).map(|n| 2407 + 5 * n).chain((36..=64).step_by(4).map(|n| 5000 + 5 * n)).collect()
    }

    /// News that depend on nothing but the step: none, a little, or a flood on one channel.
    fn news(kind: u32, step: u32, frequency_mhz: u16) -> u32 {
        match kind {
            0 => 0,
            1 => step.wrapping_mul(2_654_435_761) >> 28,
            _ => {
                if frequency_mhz == 2437 {
                    100_000
                } else {
                    0
                }
            }
        }
    }

    #[test]
    fn every_channel_comes_again_within_the_stated_time() {
        for plan in ["all", "survey", "adaptive", "favourites"] {
            for kind in 0..3 {
                let all = two_bands();
                let mut schedule = schedule(plan, &all).expect("channels");
                let bound = schedule.longest_absence();
                let mut left: BTreeMap<u16, Duration> = BTreeMap::new();
                let mut now = Duration::ZERO;
                let mut longest = Duration::ZERO;
                for step in 0..2_000 {
                    let dwell = schedule.step().expect("channels");
                    let frequency = dwell.tuning.frequency_mhz;
                    if let Some(left) = left.get(&frequency) {
                        longest = longest.max(now - *left);
                    }
                    now += dwell.duration;
                    left.insert(frequency, now);
                    schedule.first_heard(frequency, news(kind, step, frequency));
                }
                assert_eq!(left.len(), all.len(), "{plan}: every channel");
                let oldest = left.values().map(|left| now - *left).max().expect("channels");
                assert!(longest.max(oldest) <= bound, "{plan}: {longest:?} of {bound:?}");
                assert!(longest * 3 > bound, "{plan}: the bound says something: {longest:?}");
            }
        }
    }

    #[test]
    fn adaptive_stays_where_more_is_new() {
        let mut schedule = schedule("adaptive", &two_bands()).expect("channels");
        let mut time: BTreeMap<u16, Duration> = BTreeMap::new();
        for _ in 0..10 * two_bands().len() {
            let dwell = schedule.step().expect("channels");
            let frequency = dwell.tuning.frequency_mhz;
            *time.entry(frequency).or_default() += dwell.duration;
            schedule.first_heard(frequency, if frequency == 5180 { 12 } else { 0 });
        }
        let most = time.iter().max_by_key(|(_, time)| **time).map(|(mhz, _)| *mhz);
        assert_eq!(most, Some(5180));
        assert!(time[&5180] > 3 * time[&2412], "{time:?}");
    }

    #[test]
    fn every_channel_comes_as_often_as_its_weight() {
        let all = two_bands();
        let mut schedule = schedule("all", &all).expect("channels");
        let round: u32 = all.iter().map(|f| weight(*f)).sum();
        for _ in 0..3 {
            let mut visits: BTreeMap<u16, u32> = BTreeMap::new();
            steps(&mut schedule, round as usize)
                .into_iter()
                .for_each(|f| *visits.entry(f).or_default() += 1);
            assert!(all.iter().all(|f| visits.get(f) == Some(&weight(*f))), "{visits:?}");
        }
    }

    #[test]
    fn heavy_channels_are_spread_out() {
        let mut schedule =
            schedule("all", &[2412, 2417, 2422, 2427, 2437, 2462]).expect("channels");
        let order = steps(&mut schedule, 15);
        let gaps: Vec<usize> =
            order.iter().enumerate().filter(|(_, f)| **f == 2437).map(|(at, _)| at).collect();
        assert_eq!(gaps.len(), 4);
        assert!(gaps.windows(2).all(|pair| (3..=5).contains(&(pair[1] - pair[0]))), "{order:?}");
        assert_eq!(order, steps(&mut schedule, 15), "the same round again");
    }

    #[test]
    fn a_fast_pass_is_fast_and_fair() {
        let mut schedule = schedule("survey", &two_bands()).expect("channels");
        assert_eq!(steps(&mut schedule, 42), [two_bands(), two_bands()].concat());
        assert!(schedule.longest_absence() < Duration::from_millis(110 * 21));
    }

    #[test]
    fn a_lock_is_one_channel() {
        for plan in ["lock:2437", "all", "adaptive"] {
            let mut schedule = schedule(plan, &[2437]).expect("one");
            assert_eq!(schedule.longest_absence(), Duration::ZERO);
            assert_eq!(steps(&mut schedule, 3), [2437; 3]);
        }
        assert!(schedule("all", &[]).is_none());
    }

    #[test]
    fn a_channel_that_cannot_be_set_is_left_out() {
        for plan in ["all", "survey", "adaptive"] {
            let mut schedule = schedule(plan, &[2412, 2437]).expect("channels");
            assert!(!schedule.report(2437, false) && !schedule.report(2437, false));
            assert!(!schedule.report(2437, true), "it works again");
            assert!(!schedule.report(2437, false) && !schedule.report(2437, false));
            assert!(schedule.report(2437, false) && !schedule.report(2437, false));
            assert_eq!(steps(&mut schedule, 2), [2412; 2]);
            (0..FAILURES).for_each(|_| {
                schedule.report(2412, false);
            });
            assert_eq!(schedule.step(), None);
        }
    }
}
