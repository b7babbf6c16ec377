//! Sealing of what is kept on a disk: only who has the key can read it, or change it unnoticed.
//!
//! Each sealed message has a key of its own, derived from the long-lived one and a random salt that
//! stands before the message (HKDF-SHA256, RFC 5869), and is sealed with ChaCha20-Poly1305
//! (RFC 8439), which is fast also where a processor has no instructions for AES. Because no key is
//! used twice, the nonce is zero, and nothing has to be remembered over a power cut that might let
//! one be used again.

use crate::random::{RandomError, random_bytes};
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use std::fmt::{self, Write};

/// Bytes of the secret.
const SECRET_LEN: usize = 32;
/// Bytes of the salt before each message.
const SALT_LEN: usize = 24;
/// How the text of a key begins; the secret follows in hexadecimal digits.
const PREFIX: &str = "piwardrive-seal-1:";
/// What is derived from a secret, told apart (RFC 5869, section 3.2).
const MESSAGE: &[u8] = b"piwardrive sealed message 1";
const NAME: &[u8] = b"piwardrive sealing key name 1";

/// Which key sealed something. It tells nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SealingKeyId(pub [u8; 8]);

impl fmt::Display for SealingKeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeyError {
    /// It begins otherwise.
    #[error("not a key for sealing: it does not begin with {PREFIX}")]
    NotAKey,
    /// The digits are too few, too many, or none.
    #[error("a damaged key for sealing: {PREFIX} is not followed by exactly 64 hexadecimal digits")]
    Digits,
}

/// Why a message cannot be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No salt.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Longer than the cipher takes.
    #[error("too long to be sealed")]
    TooLong,
    /// Sealed with another key or for another place, or changed since.
    #[error("it does not open: sealed with another key, moved, or changed since")]
    DoesNotOpen,
}

/// A long-lived key for sealing.
pub struct SealingKey {
    secret: [u8; SECRET_LEN],
    id: SealingKeyId,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SealingKey({})", self.id)
    }
}

impl SealingKey {
    /// Draws a new key.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self::new(random_bytes()?))
    }

    /// Reads a key from its text; white space around it is ignored.
    ///
    /// # Errors
    /// The text is no key.
    pub fn from_text(text: &str) -> Result<Self, SealingKeyError> {
        let digits = text.trim().strip_prefix(PREFIX).ok_or(SealingKeyError::NotAKey)?;
        let mut secret = [0; SECRET_LEN];
        if digits.len() != 2 * SECRET_LEN || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SealingKeyError::Digits);
        }
        for (byte, pair) in secret.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let digit = |at: usize| {
                pair.get(at).and_then(|letter| char::from(*letter).to_digit(16)).unwrap_or(0)
            };
            *byte = (digit(0) * 16 + digit(1)) as u8;
        }
        Ok(Self::new(secret))
    }

    /// The key as one line of text. It is secret: write it for its owner only (mode 0600).
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = PREFIX.to_owned();
        for byte in self.secret {
            write!(text, "{byte:02x}").expect("a string takes every text");
        }
        text.push('\n');
        text
    }

    fn new(secret: [u8; SECRET_LEN]) -> Self {
        let mut id = [0; 8];
        let name = Salt::new(HKDF_SHA256, NAME).extract(&secret);
        name.expand(&[NAME], HKDF_SHA256)
            .and_then(|okm| {
                let mut whole = [0; 32];
                okm.fill(&mut whole)?;
                id.copy_from_slice(&whole[..8]);
                Ok(())
            })
            .expect("32 bytes are far below what HKDF gives");
        Self { secret, id: SealingKeyId(id) }
    }

    /// Which key this is.
    #[must_use]
    pub const fn id(&self) -> SealingKeyId {
        self.id
    }

    /// Seals `message`; `place` is not in the result, and must be the same to open it.
    ///
    /// # Errors
    /// No random salt, or a message above the cipher's limit of 256 GiB.
    pub fn seal(&self, place: &[u8], message: &[u8]) -> Result<Vec<u8>, SealError> {
        let salt: [u8; SALT_LEN] = random_bytes()?;
        let mut sealed = Vec::with_capacity(SALT_LEN + message.len() + CHACHA20_POLY1305.tag_len());
        sealed.extend_from_slice(&salt);
        sealed.extend_from_slice(message);
        let body = sealed.get_mut(SALT_LEN..).unwrap_or_default();
        let tag = self
            .message_key(&salt)
            .seal_in_place_separate_tag(zero_nonce(), Aad::from(place), body)
            .map_err(|_unspecified| SealError::TooLong)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] gave for the same place.
    ///
    /// # Errors
    /// Another key or place, or it was changed.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (salt, body) = sealed.split_first_chunk::<SALT_LEN>().ok_or(SealError::DoesNotOpen)?;
        let mut body = body.to_vec();
        let length = self
            .message_key(salt)
            .open_in_place(zero_nonce(), Aad::from(place), &mut body)
            .map_err(|_unspecified| SealError::DoesNotOpen)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// The key of one message.
    fn message_key(&self, salt: &[u8; SALT_LEN]) -> LessSafeKey {
        let derived = Salt::new(HKDF_SHA256, salt).extract(&self.secret);
        let key = derived
            .expand(&[MESSAGE], &CHACHA20_POLY1305)
            .expect("32 bytes are far below what HKDF gives");
        LessSafeKey::new(UnboundKey::from(key))
    }
}

/// Every key seals one message, so one nonce is enough.
fn zero_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_only() {
        let key = SealingKey::generate().expect("random");
        for length in [0, 1, 63, 64, 5000] {
            let message: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let sealed = key.seal(b"here", &message).expect("sealed");
            assert_eq!(sealed.len(), length + 24 + 16);
            assert_eq!(key.open(b"here", &sealed), Ok(message.clone()));
            assert_eq!(key.open(b"there", &sealed), Err(SealError::DoesNotOpen));
            let other = SealingKey::generate().expect("random");
            assert_eq!(other.open(b"here", &sealed), Err(SealError::DoesNotOpen));
            for at in (0..sealed.len()).step_by(1 + length / 40) {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert_eq!(key.open(b"here", &changed), Err(SealError::DoesNotOpen), "byte {at}");
                assert_eq!(key.open(b"here", &sealed[..at]), Err(SealError::DoesNotOpen));
            }
            if length >= 63 {
                assert!(!sealed.windows(20).any(|window| message.windows(20).any(|m| m == window)));
            }
            assert_ne!(key.seal(b"here", &message).expect("sealed"), sealed, "a salt of its own");
        }
    }

    #[test]
    fn a_key_is_a_line_of_text() {
        let key = SealingKey::generate().expect("random");
        let text = key.to_text();
        let again = SealingKey::from_text(&format!(" {text}\n")).expect("own text");
        assert_eq!((again.id(), again.to_text()), (key.id(), text.clone()));
        assert_ne!(SealingKey::generate().expect("random").id(), key.id());
        let sealed = key.seal(b"", b"message").expect("sealed");
        assert_eq!(again.open(b"", &sealed), Ok(b"message".to_vec()));
        assert!(!format!("{key:?}").contains(&text[PREFIX.len()..PREFIX.len() + 16]));
        for (text, error) in [
            ("", SealingKeyError::NotAKey),
            ("-----BEGIN", SealingKeyError::NotAKey),
            (&text[..50], SealingKeyError::Digits),
            (&format!("{}00", text.trim()), SealingKeyError::Digits),
            (&text.replace(':', ":+"), SealingKeyError::Digits),
        ] {
            assert_eq!(SealingKey::from_text(text).map(|key| key.id()), Err(error), "{text}");
        }
    }

    /// The format outlives releases: derivation and cipher reckoned by another implementation.
    #[test]
    fn a_known_message_opens() {
        let secret: String = (0..32).map(|n| format!("{n:02x}")).collect();
        let key = SealingKey::from_text(&format!("{PREFIX}{secret}")).expect("a key");
        assert_eq!(key.id().to_string(), KNOWN_ID);
        let sealed: Vec<u8> = (0..KNOWN.len() / 2)
            .map(|at| u8::from_str_radix(&KNOWN[2 * at..2 * at + 2], 16).expect("digits"))
            .collect();
        assert_eq!(key.open(b"place", &sealed), Ok(b"what was heard".to_vec()));
    }

    const KNOWN_ID: &str = "6d802e63fd1d25bd";
    const KNOWN: &str = "6465666768696a6b6c6d6e6f707172737475767778797a7b1636b1a9182c82c9cb2cbd6c96b2523fac080cd9f77b6c25a224a17b47bb";
}
