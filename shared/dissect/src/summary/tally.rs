//! Counts by value.

use super::MAX_DISTINCT;
use crate::hash::SeededHash;
use pw_model::FrameKind;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Counts by value, listed the most frequent first, and of equal counts the first seen first.
#[derive(Debug)]
pub(super) struct Tally<K> {
    counts: HashMap<K, (u64, usize), SeededHash>,
}

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self { counts: HashMap::default() }
    }
}

impl<K: std::hash::Hash + Eq> Tally<K> {
    pub(super) fn add(&mut self, key: K) {
        let next = self.counts.len();
        if next >= MAX_DISTINCT && !self.counts.contains_key(&key) {
            return;
        }
        let (count, _) = self.counts.entry(key).or_insert((0, next));
        *count = count.saturating_add(1);
    }

    pub(super) fn sorted(&self) -> Vec<(&K, u64)> {
        let mut all: Vec<_> = self.counts.iter().collect();
        all.sort_by_key(|(_, (count, order))| (std::cmp::Reverse(*count), *order));
        all.into_iter().map(|(key, (count, _))| (key, *count)).collect()
    }

    pub(super) fn to_json(&self, limit: usize, name: impl Fn(&K) -> String) -> Value {
        let named = self.sorted().into_iter().take(limit);
        Value::Object(named.map(|(key, count)| (name(key), json!(count))).collect())
    }
}

impl Tally<Vec<u8>> {
    /// Like [`Tally::add`], copying the bytes only when they are new.
    pub(super) fn add_bytes(&mut self, key: &[u8]) {
        match self.counts.get_mut(key) {
            Some((count, _)) => *count = count.saturating_add(1),
            None => self.add(key.to_vec()),
        }
    }
}

/// Counts by frame kind: one place for each, so that counting costs no search.
#[derive(Debug)]
pub(super) struct Kinds {
    counts: [u64; 256],
    /// In the order they were first seen.
    order: Vec<FrameKind>,
}

impl Default for Kinds {
    fn default() -> Self {
        Self { counts: [0; 256], order: Vec::new() }
    }
}

impl Kinds {
    #[inline]
    pub(super) fn add(&mut self, kind: FrameKind) {
        if let Some(count) = self.counts.get_mut(usize::from(kind.0)) {
            if *count == 0 {
                self.order.push(kind);
            }
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let count = |kind: &FrameKind| self.counts.get(usize::from(kind.0)).copied().unwrap_or(0);
        let mut kinds = self.order.clone();
        // Stable: of equal counts the first seen comes first.
        kinds.sort_by_key(|kind| std::cmp::Reverse(count(kind)));
        Value::Object(kinds.iter().map(|kind| (kind.name(), json!(count(kind)))).collect())
    }
}
