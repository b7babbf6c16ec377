//! A set with bounded memory that keeps what was used lately.

use pw_model::hash::SeededHash;
use std::collections::HashSet;
use std::hash::Hash;

/// Two generations: what is used moves to the young one; when that holds half the limit, the old one
/// is forgotten and the young one takes its place.
#[derive(Debug)]
pub(super) struct BoundedSet<K> {
    young: HashSet<K, SeededHash>,
    old: HashSet<K, SeededHash>,
    half: usize,
}

impl<K: Hash + Eq + Copy> BoundedSet<K> {
    pub(super) fn new(limit: usize) -> Self {
        Self { young: HashSet::default(), old: HashSet::default(), half: (limit / 2).max(1) }
    }

    /// True when it is held; it counts as used then.
    pub(super) fn contains(&mut self, key: K) -> bool {
        if self.young.contains(&key) {
            return true;
        }
        let held = self.old.contains(&key);
        if held {
            self.insert(key);
        }
        held
    }

    /// True when it is held, which makes it no younger.
    pub(super) fn holds(&self, key: K) -> bool {
        self.young.contains(&key) || self.old.contains(&key)
    }

    /// The young one becomes the old one: what is not used until the next time is forgotten.
    pub(super) fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    pub(super) fn insert(&mut self, key: K) {
        if self.young.len() >= self.half && !self.young.contains(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_and_keeps_what_is_used() {
        let mut set = BoundedSet::new(100);
        set.insert(0u32);
        for key in 1..10_000 {
            set.insert(key);
            assert!(set.contains(0), "used each time, so never forgotten");
            assert!(set.young.len() + set.old.len() <= 100);
        }
        assert!(!set.contains(1));
    }
}
