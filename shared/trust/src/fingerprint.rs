//! The name of a key: SHA-256 of its SubjectPublicKeyInfo.

use pw_model::SensorId;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// SHA-256 of a public key in the form SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
///
/// Shown as eight groups of eight hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyFingerprint(pub [u8; 32]);

/// Why a text is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a key fingerprint: 64 hex digits, blanks allowed")]
pub struct FingerprintError {
    /// The text as it was given.
    pub text: String,
}

impl KeyFingerprint {
    /// Fingerprint of a SubjectPublicKeyInfo.
    #[must_use]
    pub fn of_public_key(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }

    /// The first eight hex digits, enough to tell keys apart in a log.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The identifier of the sensor that has this key: the first 16 bytes.
    #[must_use]
    pub fn sensor_id(&self) -> SensorId {
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(self.0) {
            *to = from;
        }
        SensorId(id)
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                out.write_str(" ")?;
            }
            write!(out, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.short())
    }
}

impl FromStr for KeyFingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let error = || FingerprintError { text: text.to_owned() };
        let mut digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':');
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            let mut digit = || digits.next().and_then(|c| c.to_digit(16)).ok_or_else(error);
            // Two hex digits are at most 255.
            *byte = (digit()? * 16 + digit()?) as u8;
        }
        if digits.next().is_some() { Err(error()) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trip() {
        let key = KeyFingerprint::of_public_key(b"a key");
        assert_eq!(key.to_string().len(), 64 + 7);
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!(key.to_string().starts_with(&key.short()));
        assert!(key.to_string().replace(' ', "").starts_with(&key.sensor_id().to_string()));
    }

    #[test]
    fn other_texts_are_refused() {
        let key = KeyFingerprint([0xab; 32]).to_string();
        for text in ["", "abc", &key[1..], &format!("{key}0"), &key.replace('b', "g")] {
            assert!(text.parse::<KeyFingerprint>().is_err(), "{text}");
        }
    }
}
