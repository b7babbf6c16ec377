//! A map with bounded memory that keeps what was used lately.

use crate::hash::SeededHash;
use std::collections::HashMap;
use std::hash::Hash;

/// Two generations: what is used moves to the young one; when that holds half the limit, the old
/// one is forgotten and the young one takes its place. So the most recently used half of the limit
/// is always kept, and nothing beyond the limit ever is.
pub(super) struct Generations<K, V> {
    young: HashMap<K, V, SeededHash>,
    old: HashMap<K, V, SeededHash>,
    half: usize,
}

impl<K: Hash + Eq + Copy, V: Copy> Generations<K, V> {
    pub(super) fn new(limit: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), half: (limit / 2).max(1) }
    }

    /// The value, marked as used.
    pub(super) fn get(&mut self, key: K) -> Option<V> {
        if let Some(value) = self.young.get(&key) {
            return Some(*value);
        }
        let value = self.old.remove(&key)?;
        self.insert(key, value);
        Some(value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_and_keeps_what_is_used() {
        let mut map = Generations::new(100);
        map.insert(0u32, 7u8);
        for key in 1..10_000 {
            map.insert(key, 1);
            assert_eq!(map.get(0), Some(7), "used each time, so never forgotten");
            assert!(map.young.len() + map.old.len() <= 100);
        }
        assert_eq!(map.get(1), None);
    }
}
