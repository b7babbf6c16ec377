//! The key of one end, and the self-signed certificate that carries it through TLS.

use crate::KeyFingerprint;
use hmac::{Hmac, Mac};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ED25519};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ParsedCertificate;
use sha2::Sha256;
use std::fmt;

/// An Ed25519 key and its self-signed certificate. The certificate states nothing but the key:
/// its name is the same everywhere and its dates never end, because only the key is pinned.
pub struct Identity {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    fingerprint: KeyFingerprint,
}

/// Why there is no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The key or certificate could not be made.
    #[error("a key could not be made: {0}")]
    Generate(String),
    /// The text holds no private key that can be read.
    #[error("no Ed25519 private key in it: {0}")]
    Key(String),
    /// The text holds no certificate that can be read.
    #[error("no certificate in it: {0}")]
    Certificate(String),
    /// Key and certificate belong to different identities.
    #[error("the certificate is not of the private key beside it")]
    Mismatch,
}

impl Identity {
    /// Draws a new key and signs its certificate.
    ///
    /// # Errors
    /// The provider of cryptography failed.
    pub fn generate() -> Result<Self, IdentityError> {
        let failed = |error: rcgen::Error| IdentityError::Generate(error.to_string());
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(failed)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "key");
        let certificate = params.self_signed(&key).map_err(failed)?.der().clone();
        let fingerprint = fingerprint_of(&certificate).map_err(IdentityError::Certificate)?;
        Ok(Self { key, certificate, fingerprint })
    }

    /// Reads what [`Self::to_pem`] wrote.
    ///
    /// # Errors
    /// Key or certificate is missing or damaged, or they do not belong together.
    pub fn from_pem(text: &str) -> Result<Self, IdentityError> {
        let unreadable_key = |error: String| IdentityError::Key(error);
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes())
            .map_err(|error| unreadable_key(error.to_string()))?;
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ED25519)
            .map_err(|error| unreadable_key(error.to_string()))?;
        let certificate = CertificateDer::from_pem_slice(text.as_bytes())
            .map_err(|error| IdentityError::Certificate(error.to_string()))?;
        let fingerprint = fingerprint_of(&certificate).map_err(IdentityError::Certificate)?;
        let own = rcgen::PublicKeyData::subject_public_key_info(&key);
        if KeyFingerprint::of_public_key(&own) != fingerprint {
            return Err(IdentityError::Mismatch);
        }
        Ok(Self { key, certificate, fingerprint })
    }

    /// Key and certificate as text. It is secret: write it for its owner only (mode 0600).
    #[must_use]
    pub fn to_pem(&self) -> String {
        let body = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            self.certificate.as_ref(),
        );
        let mut text = self.key.serialize_pem();
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        for (at, letter) in body.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                text.push('\n');
            }
            text.push(letter);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
        text
    }

    /// The name of the key.
    #[must_use]
    pub const fn fingerprint(&self) -> KeyFingerprint {
        self.fingerprint
    }

    /// A secret for one use of its own, the same as long as the key is the same. It tells nothing
    /// of the key.
    #[must_use]
    pub fn secret_for(&self, purpose: &str) -> [u8; 32] {
        let label = ["piwardrive secret for ", purpose].concat();
        keyed_digest(self.key.serialized_der(), label.as_bytes())
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Identity({})", self.fingerprint.short())
    }
}

/// HMAC-SHA-256 (RFC 2104).
#[must_use]
pub fn keyed_digest(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// Fingerprint of the key in a certificate. The same reader finds the key that the signature is
/// checked with, so that no certificate can show one key here and sign with another.
fn fingerprint_of(certificate: &CertificateDer<'_>) -> Result<KeyFingerprint, String> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(|error| error.to_string())?;
    Ok(KeyFingerprint::of_public_key(parsed.subject_public_key_info().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_round_trip() {
        let identity = Identity::generate().expect("random");
        let read = Identity::from_pem(&identity.to_pem()).expect("own text");
        assert_eq!(read.fingerprint(), identity.fingerprint());
        assert_eq!(read.to_pem(), identity.to_pem());
        assert_ne!(Identity::generate().expect("random").fingerprint(), identity.fingerprint());
    }

    #[test]
    fn mixed_and_damaged_texts_are_refused() {
        let pem = Identity::generate().expect("random").to_pem();
        let other = Identity::generate().expect("random").to_pem();
        let (key, certificate) = pem.split_at(pem.find("-----BEGIN CERT").expect("both parts"));
        let foreign = &other[other.find("-----BEGIN CERT").expect("both parts")..];
        assert!(matches!(Identity::from_pem(""), Err(IdentityError::Key(_))));
        assert!(matches!(Identity::from_pem(certificate), Err(IdentityError::Key(_))));
        assert!(matches!(Identity::from_pem(key), Err(IdentityError::Certificate(_))));
        let mixed = format!("{key}{foreign}");
        assert!(matches!(Identity::from_pem(&mixed), Err(IdentityError::Mismatch)));
        for cut in 0..pem.len() - 1 {
            // Any cut is an error or, within the last line's dashes, none; never a panic.
            drop(Identity::from_pem(&pem[..cut]));
        }
    }

    #[test]
    fn secrets_differ_by_purpose_and_by_key() {
        let identity = Identity::generate().expect("random");
        let read = Identity::from_pem(&identity.to_pem()).expect("own text");
        assert_eq!(identity.secret_for("a"), read.secret_for("a"));
        assert_ne!(identity.secret_for("a"), identity.secret_for("b"));
        let other = Identity::generate().expect("random");
        assert_ne!(identity.secret_for("a"), other.secret_for("a"));
        // RFC 4231, test case 2.
        let digest = keyed_digest(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(digest[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }

    #[test]
    fn the_private_key_is_not_shown() {
        let identity = Identity::generate().expect("random");
        assert!(format!("{identity:?}").len() < 24);
    }
}
