//! The sensor's radios: hop plan, and whether a frame is decoded.

use crate::frame::radiotap::Reception;
use crate::scenario::format::Radio;
use crate::town::channels::plan_of_band;
use rand::Rng;

/// A radio's state.
#[derive(Debug)]
pub(crate) struct RadioState {
    plan: Vec<u16>,
    next: usize,
    /// Channel it listens on; `None` while it switches.
    pub(crate) frequency_mhz: Option<u16>,
    /// Until when it listens there, nanoseconds from the start.
    pub(crate) until_ns: i64,
    /// Width it listens to in MHz.
    pub(crate) width_mhz: u16,
    /// When it listens again after its present dwell or change of channel.
    next_listen_ns: i64,
    dwell_ns: i64,
    /// Time it hears nothing on a change of channel.
    pub(crate) switch_ns: i64,
    /// Noise in dBm.
    pub(crate) noise_floor_dbm: f64,
    /// Antenna gain in dBi.
    pub(crate) gain_dbi: f64,
    /// Its microsecond counter at the start.
    pub(crate) tsft_us: u64,
}

impl RadioState {
    pub(crate) fn new(radio: &Radio, random: &mut impl Rng) -> Self {
        let mut plan: Vec<u16> = radio.channels_mhz.clone();
        for band in &radio.bands {
            plan.extend(plan_of_band(*band));
        }
        Self {
            plan,
            next: 0,
            frequency_mhz: None,
            until_ns: 0,
            next_listen_ns: 0,
            width_mhz: radio.width_mhz,
            dwell_ns: i64::from(radio.dwell_ms) * 1_000_000,
            switch_ns: i64::from(radio.switch_ms) * 1_000_000,
            noise_floor_dbm: radio.noise_floor_dbm,
            gain_dbi: radio.antenna_gain_dbi,
            tsft_us: random.random_range(1_000_000..3_600_000_000),
        }
    }

    /// Takes the next channel of the plan; returns it and when the radio leaves it, if ever.
    pub(crate) fn listen(&mut self, now_ns: i64) -> Option<(u16, Option<i64>)> {
        let frequency_mhz = *self.plan.get(self.next)?;
        self.next = (self.next + 1) % self.plan.len();
        self.frequency_mhz = Some(frequency_mhz);
        let leaves = (self.plan.len() > 1).then_some(now_ns + self.dwell_ns);
        self.until_ns = leaves.unwrap_or(i64::MAX);
        self.next_listen_ns = self.until_ns.saturating_add(self.switch_ns);
        Some((frequency_mhz, leaves))
    }

    /// Nanoseconds from `now_ns` until it listens on `frequency_mhz`; 0 while it does, `i64::MAX`
    /// when its plan has no such channel.
    pub(crate) fn until_listening_ns(&self, frequency_mhz: u16, now_ns: i64) -> i64 {
        if self.frequency_mhz == Some(frequency_mhz) {
            return 0;
        }
        let plan = self.plan.iter().cycle().skip(self.next).take(self.plan.len());
        let mut at_ns = self.next_listen_ns;
        for channel in plan {
            if *channel == frequency_mhz {
                return at_ns.saturating_sub(now_ns).max(0);
            }
            at_ns = at_ns.saturating_add(self.dwell_ns + self.switch_ns);
        }
        i64::MAX
    }

    /// True when a frame on `frequency_mhz` of `width_mhz` until `end_ns` falls into its dwell.
    pub(crate) fn hears(&self, frequency_mhz: u16, width_mhz: u16, end_ns: i64) -> bool {
        self.frequency_mhz == Some(frequency_mhz)
            && width_mhz <= self.width_mhz
            && end_ns <= self.until_ns
    }

    /// Probability that a frame with this margin over the needed signal is decoded: one half at the
    /// margin of zero, about 92 % two decibels above.
    pub(crate) fn decode_probability(margin_db: f64) -> f64 {
        1.0 / (1.0 + (-margin_db / 0.8).exp())
    }

    /// What the radiotap header says of signal and noise; whole decibels, as drivers report them.
    pub(crate) fn levels(&self, power_dbm: f64, random: &mut impl Rng) -> (i8, i8) {
        let noise = self.noise_floor_dbm + random.random_range(-0.8..0.8);
        (power_dbm.round().clamp(-120.0, -5.0) as i8, noise.round() as i8)
    }
}

/// The parts of a reception that do not depend on the radio.
pub(crate) fn reception(
    radio: &RadioState,
    transmission: &super::exchange::Transmission,
    at_ns: i64,
    levels: (i8, i8),
    uplink: bool,
) -> Reception {
    let preamble_ns = (transmission.rate.preamble_us() * 1000.0) as i64;
    let since_us = u64::try_from((at_ns + preamble_ns) / 1000).unwrap_or(0);
    Reception {
        tsft_us: radio.tsft_us.wrapping_add(since_us),
        frequency_mhz: transmission.frequency_mhz,
        rate: transmission.rate,
        signal_dbm: levels.0,
        noise_dbm: levels.1,
        antenna: 0,
        aggregate: transmission.aggregate,
        color: transmission.color,
        uplink,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_plan_says_when_a_channel_comes() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let radio = Radio {
            name: "a".to_owned(),
            bands: Vec::new(),
            channels_mhz: vec![2412, 2437, 2462],
            dwell_ms: 100,
            switch_ms: 10,
            width_mhz: 20,
            noise_floor_dbm: -95.0,
            antenna_gain_dbi: 0.0,
        };
        let mut state = RadioState::new(&radio, &mut random);
        assert_eq!(state.listen(0), Some((2412, Some(100_000_000))));
        let until = |state: &RadioState, mhz, now_ms: i64| {
            state.until_listening_ns(mhz, now_ms * 1_000_000) / 1_000_000
        };
        assert_eq!(until(&state, 2412, 50), 0);
        assert_eq!(until(&state, 2437, 50), 60);
        assert_eq!(until(&state, 2462, 50), 170);
        assert_eq!(state.until_listening_ns(5180, 0), i64::MAX);
        state.frequency_mhz = None;
        assert_eq!(until(&state, 2437, 105), 5);
        assert_eq!(until(&state, 2412, 105), 225);
    }

    #[test]
    fn decoding_grows_with_the_margin() {
        let mut last = 0.0;
        for margin in -20..20 {
            let probability = RadioState::decode_probability(f64::from(margin));
            assert!(probability > last);
            last = probability;
        }
        assert!((RadioState::decode_probability(0.0) - 0.5).abs() < 1e-9);
    }
}
