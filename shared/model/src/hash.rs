//! The hash behind advertisement identifiers, and a seeded form of it for tables in memory.
//!
//! The plain form's results are stored in surveys, so it never changes.
//!
//! Words of 8 bytes are mixed by a 64 × 64 → 128 bit multiplication whose halves are combined. It is
//! fast and spreads well; it is no defence against someone who searches for two equal hashes, who
//! could as well send the same advertisement twice.

use std::hash::{BuildHasher, Hasher, RandomState};

const K0: u64 = 0xa076_1d64_78bd_642f;
const K1: u64 = 0xe703_7ed1_a0b4_28db;

/// A running hash.
#[derive(Clone, Copy, Debug)]
pub struct StableHash(u64);

#[inline]
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a).wrapping_mul(u128::from(b));
    let [l0, l1, l2, l3, l4, l5, l6, l7, h0, h1, h2, h3, h4, h5, h6, h7] = product.to_le_bytes();
    u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7])
        ^ u64::from_le_bytes([h0, h1, h2, h3, h4, h5, h6, h7])
}

impl Default for StableHash {
    fn default() -> Self {
        Self::new()
    }
}

impl StableHash {
    /// With nothing added.
    #[must_use]
    pub const fn new() -> Self {
        Self(K0)
    }

    /// Adds one number.
    #[inline]
    pub fn word(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word, K1 ^ self.0.rotate_left(32));
    }

    /// Adds bytes and how many they are.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0u8; 8];
            for (place, byte) in last.iter_mut().zip(rest) {
                *place = *byte;
            }
            self.word(u64::from_le_bytes(last));
        }
    }

    /// The result.
    #[must_use]
    pub fn finish(self) -> u64 {
        mix(self.0 ^ K1, self.0 | 1)
    }
}

/// The hash of tables in memory: as fast as [`StableHash`], but started from a number that nobody in
/// radio range knows, so that addresses cannot be chosen to collide.
#[derive(Clone, Copy, Debug)]
pub struct SeededHash(u64);

impl Default for SeededHash {
    fn default() -> Self {
        // The standard library's seed is random for each process.
        Self(RandomState::new().hash_one(K0))
    }
}

impl SeededHash {
    /// The hash of bytes.
    #[inline]
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> u64 {
        let mut hash = StableHash(self.0);
        hash.bytes(bytes);
        hash.finish()
    }
}

impl BuildHasher for SeededHash {
    type Hasher = SeededHasher;

    #[inline]
    fn build_hasher(&self) -> SeededHasher {
        SeededHasher(StableHash(self.0))
    }
}

/// A running [`SeededHash`].
#[derive(Clone, Copy, Debug)]
pub struct SeededHasher(StableHash);

impl Hasher for SeededHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.bytes(bytes);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0.word(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> u64 {
        let mut hash = StableHash::new();
        hash.bytes(bytes);
        hash.finish()
    }

    #[test]
    fn results_are_fixed_for_ever() {
        assert_eq!(of(b""), 120_619_828_885_181_808);
        assert_eq!(of(b"piwardrive"), 5_596_729_557_664_183_585);
    }

    #[test]
    fn every_single_bit_counts() {
        let mut seen = std::collections::HashSet::new();
        for length in 0..40 {
            let mut bytes = vec![0u8; length];
            assert!(seen.insert(of(&bytes)));
            for bit in 0..length * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(seen.insert(of(&bytes)), "{length} {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}
