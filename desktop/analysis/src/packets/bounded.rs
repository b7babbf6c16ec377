//! A table that stops growing, and the stretch of time in which something was seen.

use super::text;
use pw_model::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::Hash;

/// A table with a limit. When it is full, new keys are refused and counted; known keys go on.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    map: HashMap<K, V>,
    limit: usize,
    refused: u64,
    /// New keys to refuse before stale ones are looked for again: looking costs a walk over all.
    until_sweep: usize,
}

impl<K: Hash + Eq, V> Bounded<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { map: HashMap::new(), limit, refused: 0, until_sweep: 0 }
    }

    /// The value of `key`, made when it is new; `None`, counted, when the table is full.
    pub(super) fn entry(&mut self, key: K, make: impl FnOnce() -> V) -> Option<&mut V> {
        if self.map.len() >= self.limit && !self.map.contains_key(&key) {
            self.refused += 1;
            return None;
        }
        Some(self.map.entry(key).or_insert_with(make))
    }

    /// Like [`Bounded::entry`], but in a full table the values that are stale give way first.
    pub(super) fn entry_over_stale(
        &mut self,
        key: K,
        make: impl FnOnce() -> V,
        is_stale: impl Fn(&V) -> bool,
    ) -> Option<&mut V> {
        if self.map.len() >= self.limit && !self.map.contains_key(&key) {
            if self.until_sweep == 0 {
                self.map.retain(|_, value| !is_stale(value));
                self.until_sweep = self.limit / 4;
            } else {
                self.until_sweep -= 1;
            }
        }
        self.entry(key, make)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    /// How often a new key found the table full.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) fn into_map(self) -> HashMap<K, V> {
        self.map
    }
}

/// Adds time on the air to a sum that is unknown until some of it is known.
pub(super) fn add_airtime(sum: &mut Option<u64>, airtime_us: Option<u32>) {
    if let Some(us) = airtime_us {
        *sum = Some(sum.unwrap_or(0) + u64::from(us));
    }
}

/// First and last time that something was seen; `None` in captures without times.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Span {
    /// First seen.
    #[serde(rename = "first_seen", serialize_with = "text::maybe_time")]
    pub first: Option<Timestamp>,
    /// Last seen; not before the first.
    #[serde(rename = "last_seen", serialize_with = "text::maybe_time")]
    pub last: Option<Timestamp>,
}

impl Span {
    /// Widens the span to hold `time`.
    pub fn add(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else { return };
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }

    /// Length in seconds; `None` without times.
    #[must_use]
    pub fn duration_s(&self) -> Option<f64> {
        Some(self.last?.since(self.first?).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_refuses_and_counts_and_serves_what_it_knows() {
        let mut table = Bounded::new(2);
        for key in [1, 2, 3, 1, 4] {
            if let Some(count) = table.entry(key, || 0) {
                *count += 1;
            }
        }
        assert_eq!((table.get(&1), table.get(&2), table.get(&3)), (Some(&2), Some(&1), None));
        assert_eq!(table.refused(), 2);
    }

    #[test]
    fn stale_values_give_way_and_looking_for_them_is_rare() {
        let mut table = Bounded::new(8);
        let looks = std::cell::Cell::new(0);
        for key in 0..8 {
            table.entry(key, || key);
        }
        // Below 3 is stale: three places are free after the first look.
        for key in 8..20 {
            table.entry_over_stale(
                key,
                || key,
                |value| {
                    looks.set(looks.get() + 1);
                    *value < 3
                },
            );
        }
        assert_eq!((table.map.len(), table.get(&2), table.get(&10)), (8, None, Some(&10)));
        assert_eq!(table.refused(), 9);
        assert_eq!(looks.get(), 8 * 4);
    }

    #[test]
    fn a_span_takes_times_in_any_order() {
        let at = |secs| Some(Timestamp::from_unix_secs(secs));
        let mut span = Span::default();
        assert_eq!(span.duration_s(), None);
        for time in [at(10), None, at(4), at(7)] {
            span.add(time);
        }
        assert_eq!((span.first, span.last, span.duration_s()), (at(4), at(10), Some(6.0)));
    }
}
