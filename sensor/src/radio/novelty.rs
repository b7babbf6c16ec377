//! Where transmitters are heard for the first time, told by the pipeline to the adaptive plan.

use pw_model::{MacAddr, RadioId};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Transmitters remembered, in two halves. When one is full the older is forgotten: its transmitters
/// count as new again.
const REMEMBERED: usize = 65_536;

/// Counts by radio and channel, taken by the radio once a stay.
#[derive(Debug, Default)]
pub struct Novelty {
    counts: Mutex<BTreeMap<(RadioId, u16), u32>>,
}

impl Novelty {
    /// So many transmitters were first heard by this radio on this channel.
    pub fn add(&self, radio: RadioId, frequency_mhz: u16, transmitters: u32) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((radio, frequency_mhz)).or_default();
        *count = count.saturating_add(transmitters);
    }

    /// What was first heard by this radio since it was last asked, by channel.
    #[must_use]
    pub fn take(&self, radio: RadioId) -> Vec<(u16, u32)> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        counts.retain(|(of, frequency), count| {
            if *of == radio {
                taken.push((*frequency, *count));
            }
            *of != radio
        });
        taken
    }
}

/// The transmitters heard lately.
#[derive(Debug, Default)]
pub struct Heard {
    recent: HashSet<MacAddr>,
    older: HashSet<MacAddr>,
}

impl Heard {
    /// True when this transmitter was not heard before, as far as is remembered.
    pub fn is_new(&mut self, transmitter: MacAddr) -> bool {
        if self.recent.contains(&transmitter) {
            return false;
        }
        if self.recent.len() >= REMEMBERED / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(transmitter);
        !self.older.remove(&transmitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_taken_once_and_by_radio() {
        let novelty = Novelty::default();
        novelty.add(RadioId(0), 2412, 2);
        novelty.add(RadioId(0), 2412, 1);
        novelty.add(RadioId(1), 2412, 9);
        assert_eq!(novelty.take(RadioId(0)), [(2412, 3)]);
        assert_eq!(novelty.take(RadioId(0)), []);
        assert_eq!(novelty.take(RadioId(1)), [(2412, 9)]);
    }

    #[test]
    fn transmitters_are_new_once_and_memory_is_bounded() {
        let mut heard = Heard::default();
        let address = |number: u32| {
            let [a, b, c, d] = number.to_be_bytes();
            MacAddr([2, 0, a, b, c, d])
        };
        assert!(heard.is_new(address(1)) && !heard.is_new(address(1)));
        for number in 0..200_000 {
            heard.is_new(address(number));
            assert!(heard.recent.len() + heard.older.len() <= REMEMBERED);
        }
        assert!(!heard.is_new(address(199_999)));
        // Heard again and again, one stays known.
        let mut heard = Heard::default();
        for number in 0..100_000 {
            heard.is_new(address(number));
            assert_eq!(heard.is_new(address(7)), number == 0);
        }
    }
}
