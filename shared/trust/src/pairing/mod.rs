//! Pairing: two ends that share a short code come to know each other's key.
//!
//! SPAKE2 (as in RFC 9382, over the Ed25519 group of the `spake2` crate) turns the code into a
//! strong key without giving a listener or a stranger more than one guess per attempt. Its
//! identities are the two keys, and the proofs also cover the TLS exporter (RFC 8446, 7.5), so a
//! person in the middle with keys of their own fails even with both ends' messages in hand.
//!
//! ```text
//! desktop                              sensor
//! first message  ───────────────────▶  (uses up one attempt)
//!                ◀───────────────────  answer
//! proof          ───────────────────▶  checks; the desktop is paired
//! checks; the    ◀───────────────────  proof
//! sensor is paired
//! ```

mod code;

pub use code::{PAIRING_ATTEMPTS, PAIRING_WINDOW, PairingCode, PairingWindow};

use crate::KeyFingerprint;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use spake2::{Ed25519Group, Identity, Password, Spake2};
use std::fmt;

/// Label under which both ends draw [`PairingBinding::exporter`] from TLS.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-piwardrive-pairing-1";

/// Why pairing did not come about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// The text is not a code.
    #[error("a pairing code is eight digits, like 1234 5678")]
    Code,
    /// The two ends did not use the same code, or somebody stands between them.
    #[error("the code is wrong, or somebody stands between desktop and sensor")]
    WrongCode,
    /// What the other end sent cannot be used.
    #[error("the other end sent something that does not belong to pairing")]
    Message,
    /// No pairing window is open.
    #[error("no pairing window is open; start one with: piwardrive-sensor pair")]
    WindowClosed,
    /// Three attempts were made with one code.
    #[error("three attempts were made; start again with: piwardrive-sensor pair")]
    TooManyAttempts,
}

/// What a pairing is bound to: it is void on any other connection or between other keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PairingBinding {
    /// The desktop's key, as TLS proved it.
    pub desktop: KeyFingerprint,
    /// The sensor's key, as TLS proved it.
    pub sensor: KeyFingerprint,
    /// Keying material of this connection under [`EXPORTER_LABEL`] with an empty context.
    pub exporter: [u8; 32],
}

impl fmt::Debug for PairingBinding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PairingBinding({:?}, {:?})", self.desktop, self.sensor)
    }
}

impl PairingBinding {
    fn identities(&self) -> (Identity, Identity) {
        let name = |role: &[u8], key: &KeyFingerprint| Identity::new(&[role, &key.0].concat());
        (name(b"piwardrive desktop ", &self.desktop), name(b"piwardrive sensor ", &self.sensor))
    }
}

/// Shows the other end that one has the same key, and so the same code.
pub type PairingProof = [u8; 32];

/// The desktop's side of a pairing.
pub struct PairingRequester {
    spake: Spake2<Ed25519Group>,
    binding: PairingBinding,
    message: Vec<u8>,
}

/// The desktop after it sent its proof, waiting for the sensor's.
#[derive(Debug)]
pub struct PairingAwaiting {
    keys: ProofKeys,
}

impl PairingRequester {
    /// Begins; gives the message to send.
    #[must_use]
    pub fn start(code: &PairingCode, binding: PairingBinding) -> (Self, Vec<u8>) {
        let (desktop, sensor) = binding.identities();
        let (spake, message) = Spake2::start_a(&Password::new(code.digits()), &desktop, &sensor);
        (Self { spake, binding, message: message.clone() }, message)
    }

    /// Takes the sensor's answer; gives the proof to send.
    ///
    /// # Errors
    /// The answer is not one.
    pub fn answered(self, answer: &[u8]) -> Result<(PairingAwaiting, PairingProof), PairingError> {
        let secret = self.spake.finish(answer).map_err(|_unusable| PairingError::Message)?;
        let keys = ProofKeys::new(secret, self.binding, &self.message, answer);
        let proof = keys.proof(ProofKeys::DESKTOP);
        Ok((PairingAwaiting { keys }, proof))
    }
}

impl PairingAwaiting {
    /// Takes the sensor's proof: when it holds, the sensor's key can be pinned.
    ///
    /// # Errors
    /// The proof does not hold.
    pub fn confirmed(self, proof: &[u8]) -> Result<(), PairingError> {
        self.keys.check(ProofKeys::SENSOR, proof)
    }
}

/// The sensor's side of a pairing.
#[derive(Debug)]
pub struct PairingResponder {
    keys: ProofKeys,
}

impl PairingResponder {
    /// Takes the desktop's first message; gives the answer to send.
    ///
    /// # Errors
    /// The message is not one.
    pub fn answer(
        code: &PairingCode,
        binding: PairingBinding,
        message: &[u8],
    ) -> Result<(Self, Vec<u8>), PairingError> {
        let (desktop, sensor) = binding.identities();
        let (spake, answer) =
            Spake2::<Ed25519Group>::start_b(&Password::new(code.digits()), &desktop, &sensor);
        let secret = spake.finish(message).map_err(|_unusable| PairingError::Message)?;
        Ok((Self { keys: ProofKeys::new(secret, binding, message, &answer) }, answer))
    }

    /// Takes the desktop's proof: when it holds, the desktop's key can be pinned, and the proof
    /// that comes out is to be sent.
    ///
    /// # Errors
    /// The proof does not hold.
    pub fn confirmed(self, proof: &[u8]) -> Result<PairingProof, PairingError> {
        self.keys.check(ProofKeys::DESKTOP, proof)?;
        Ok(self.keys.proof(ProofKeys::SENSOR))
    }
}

/// What both ends derive from the code and all that was said.
struct ProofKeys {
    secret: Vec<u8>,
    transcript: [u8; 32],
}

impl ProofKeys {
    const DESKTOP: &'static [u8] = b"desktop";
    const SENSOR: &'static [u8] = b"sensor";

    fn new(secret: Vec<u8>, binding: PairingBinding, message: &[u8], answer: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(EXPORTER_LABEL);
        hash.update(binding.exporter);
        hash.update(binding.desktop.0);
        hash.update(binding.sensor.0);
        // Hashed apart, so that no byte can move from one message to the other.
        hash.update(Sha256::digest(message));
        hash.update(Sha256::digest(answer));
        Self { secret, transcript: hash.finalize().into() }
    }

    fn mac(&self, role: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(b"piwardrive pairing proof of the ");
        mac.update(role);
        mac.update(&self.transcript);
        mac
    }

    fn proof(&self, role: &[u8]) -> PairingProof {
        self.mac(role).finalize().into_bytes().into()
    }

    fn check(&self, role: &[u8], proof: &[u8]) -> Result<(), PairingError> {
        // Compared in constant time.
        self.mac(role).verify_slice(proof).map_err(|_differs| PairingError::WrongCode)
    }
}

impl fmt::Debug for ProofKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ProofKeys(secret)")
    }
}

impl fmt::Debug for PairingRequester {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PairingRequester(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> PairingBinding {
        PairingBinding {
            desktop: KeyFingerprint([1; 32]),
            sensor: KeyFingerprint([2; 32]),
            exporter: [3; 32],
        }
    }

    /// Plays a pairing; gives what the sensor and, if it comes so far, the desktop found.
    fn pair(
        desktop: (&str, PairingBinding),
        sensor: (&str, PairingBinding),
    ) -> Result<(), PairingError> {
        let (requester, message) =
            PairingRequester::start(&desktop.0.parse().expect("a code"), desktop.1);
        let code = sensor.0.parse().expect("a code");
        let (responder, answer) = PairingResponder::answer(&code, sensor.1, &message)?;
        let (awaiting, proof) = requester.answered(&answer)?;
        awaiting.confirmed(&responder.confirmed(&proof)?)
    }

    #[test]
    fn the_same_code_pairs_and_another_does_not() {
        assert_eq!(pair(("12345678", binding()), ("1234 5678", binding())), Ok(()));
        assert_eq!(
            pair(("12345678", binding()), ("12345679", binding())),
            Err(PairingError::WrongCode)
        );
    }

    #[test]
    fn a_person_in_the_middle_fails_with_the_right_code() {
        let middle = KeyFingerprint([9; 32]);
        for other in [
            PairingBinding { sensor: middle, ..binding() },
            PairingBinding { desktop: middle, ..binding() },
            PairingBinding { exporter: [9; 32], ..binding() },
        ] {
            assert_eq!(
                pair(("12345678", binding()), ("12345678", other)),
                Err(PairingError::WrongCode)
            );
        }
    }

    #[test]
    fn hostile_messages_are_errors() {
        let code: PairingCode = "12345678".parse().expect("a code");
        let (_, message) = PairingRequester::start(&code, binding());
        for cut in 0..message.len() {
            let answered = PairingResponder::answer(&code, binding(), &message[..cut]);
            assert!(matches!(answered, Err(PairingError::Message)), "cut at {cut}");
        }
        // A message sent back to its sender, and points that are none.
        let (requester, own) = PairingRequester::start(&code, binding());
        assert!(requester.answered(&own).is_err());
        for fill in [0x00, 0x01, 0x42, 0xff] {
            drop(PairingResponder::answer(&code, binding(), &[fill; 33]));
            drop(PairingResponder::answer(&code, binding(), &[fill; 4096]));
        }
    }

    #[test]
    fn a_proof_is_not_the_other_ends_proof() {
        let code: PairingCode = "12345678".parse().expect("a code");
        let (requester, message) = PairingRequester::start(&code, binding());
        let (_, answer) =
            PairingResponder::answer(&code, binding(), &message).expect("well formed");
        let (awaiting, proof) = requester.answered(&answer).expect("well formed");
        assert_eq!(awaiting.confirmed(&proof), Err(PairingError::WrongCode));
    }
}
