//! Who is let in: the question that the TLS verifiers ask about a key.

use crate::KeyFingerprint;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

/// Decides whether the owner of a key may connect.
pub trait KeyPolicy: Debug + Send + Sync {
    /// Decides on a key. Whoever shows the key must still prove that it is theirs.
    ///
    /// # Errors
    /// Why the key is not let in.
    fn judge(&self, key: &KeyFingerprint) -> Result<(), RefusalReason>;

    /// Told of each refusal, so that it can be logged; the peer learns only that it was refused.
    fn refused(&self, refusal: &Refusal);
}

/// A peer that was not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", .key.map(|key| format!("key {}: ", key.short())).unwrap_or_default())]
pub struct Refusal {
    /// The key that was shown; `None` when it could not be read.
    pub key: Option<KeyFingerprint>,
    /// Why.
    pub reason: RefusalReason,
}

/// Why a key is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusalReason {
    /// The key was never paired.
    #[error("not paired, and no pairing window is open")]
    NotPaired,
    /// Another key than the one that was paired.
    #[error("not the paired key, which is {}", .expected.short())]
    WrongKey {
        /// The key that was paired.
        expected: KeyFingerprint,
    },
    /// The certificate cannot be read or carries another kind of key.
    #[error("not a certificate of this kind: {0}")]
    Certificate(String),
}

/// Lets in one key: the paired peer's.
#[derive(Debug)]
pub struct PinnedKey {
    expected: KeyFingerprint,
    refusal: Mutex<Option<Refusal>>,
}

impl PinnedKey {
    /// Only `expected` is let in.
    #[must_use]
    pub const fn new(expected: KeyFingerprint) -> Self {
        Self { expected, refusal: Mutex::new(None) }
    }

    /// The last refusal, if there was one.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeyPolicy for PinnedKey {
    fn judge(&self, key: &KeyFingerprint) -> Result<(), RefusalReason> {
        if *key == self.expected {
            Ok(())
        } else {
            Err(RefusalReason::WrongKey { expected: self.expected })
        }
    }

    fn refused(&self, refusal: &Refusal) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal.clone());
    }
}

/// Lets in whatever key comes first, for pairing: the peer is not known yet, and the code proves
/// who it is. Usable with [`crate::Purpose::Pair`] only.
#[derive(Debug, Default)]
pub struct FirstKey {
    seen: Mutex<Option<KeyFingerprint>>,
}

impl FirstKey {
    /// The key that was shown and proven, once the handshake is done.
    #[must_use]
    pub fn seen(&self) -> Option<KeyFingerprint> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyPolicy for FirstKey {
    fn judge(&self, key: &KeyFingerprint) -> Result<(), RefusalReason> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen.get_or_insert(*key) {
            first if first == *key => Ok(()),
            expected => Err(RefusalReason::WrongKey { expected }),
        }
    }

    fn refused(&self, _refusal: &Refusal) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_key_and_reason() {
        let refusal =
            Refusal { key: Some(KeyFingerprint([0xab; 32])), reason: RefusalReason::NotPaired };
        assert_eq!(refusal.to_string(), "key abababab: not paired, and no pairing window is open");
    }

    #[test]
    fn the_first_key_stays_the_only_one() {
        let policy = FirstKey::default();
        assert_eq!(policy.judge(&KeyFingerprint([1; 32])), Ok(()));
        assert_eq!(policy.judge(&KeyFingerprint([1; 32])), Ok(()));
        assert!(policy.judge(&KeyFingerprint([2; 32])).is_err());
        assert_eq!(policy.seen(), Some(KeyFingerprint([1; 32])));
    }
}
