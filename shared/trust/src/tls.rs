//! TLS as both ends speak it: 1.3 only, hybrid key exchange only, both ends authenticated.
//!
//! X25519MLKEM768 is the one group that is offered, so that a connection that stands is known to
//! have used it (draft-ietf-tls-ecdhe-mlkem; ML-KEM is FIPS 203).

use crate::{FirstKey, Identity, KeyFingerprint, KeyPolicy, PinnedKey, Refusal, RefusalReason};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ParsedCertificate};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error,
    PeerMisbehaved, ServerConfig, SignatureScheme,
};
use std::sync::Arc;

/// What a connection is for. Told to the peer in the handshake (ALPN).
#[derive(Debug, Clone)]
pub enum Purpose {
    /// The link between two ends that know each other: the sensor must have this key.
    Link(Arc<PinnedKey>),
    /// Getting to know each other by a short code; whatever key the sensor shows is recorded.
    Pair(Arc<FirstKey>),
    /// Asking a sensor that is known to do something: it must have this key. Beside the link, so that
    /// neither waits for the other.
    Command(Arc<PinnedKey>),
}

impl Purpose {
    /// ALPN of the link.
    pub const LINK: &'static [u8] = b"piwardrive-link/1";
    /// ALPN of pairing.
    pub const PAIR: &'static [u8] = b"piwardrive-pair/1";
    /// ALPN of commands. A sensor that is older refuses it in the handshake.
    pub const COMMAND: &'static [u8] = b"piwardrive-command/1";

    /// The ALPN of this purpose.
    #[must_use]
    pub const fn alpn(&self) -> &'static [u8] {
        match self {
            Self::Link(_) => Self::LINK,
            Self::Pair(_) => Self::PAIR,
            Self::Command(_) => Self::COMMAND,
        }
    }

    fn policy(&self) -> Arc<dyn KeyPolicy> {
        match self {
            Self::Link(key) | Self::Command(key) => Arc::<PinnedKey>::clone(key),
            Self::Pair(first) => Arc::<FirstKey>::clone(first),
        }
    }
}

/// TLS could not be set up.
#[derive(Debug, Clone, thiserror::Error)]
#[error("TLS could not be set up: {0}")]
pub struct TlsError(#[from] Error);

/// TLS for a sensor that lets in whom `policy` admits.
///
/// # Errors
/// The identity does not fit the provider of cryptography.
pub fn server_config(
    identity: &Identity,
    policy: Arc<dyn KeyPolicy>,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(hybrid_only());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(Verifier { policy, provider }))
        .with_single_cert(vec![identity.certificate()], identity.private_key())?;
    config.alpn_protocols =
        vec![Purpose::LINK.to_vec(), Purpose::PAIR.to_vec(), Purpose::COMMAND.to_vec()];
    // A resumed connection would not ask the policy again, so a revoked key could come back.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// TLS for a desktop.
///
/// # Errors
/// The identity does not fit the provider of cryptography.
pub fn client_config(identity: &Identity, purpose: &Purpose) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(hybrid_only());
    let verifier = Verifier { policy: purpose.policy(), provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        // "Dangerous" because it replaces the check against authorities; ours pins the key.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(vec![identity.certificate()], identity.private_key())?;
    config.alpn_protocols = vec![purpose.alpn().to_vec()];
    config.resumption = Resumption::disabled();
    // The name is sent unencrypted and means nothing here.
    config.enable_sni = false;
    Ok(config)
}

fn hybrid_only() -> CryptoProvider {
    CryptoProvider { kx_groups: vec![kx_group::X25519MLKEM768], ..default_provider() }
}

/// Checks a peer's certificate: the key must be admitted, and the handshake signed with it.
#[derive(Debug)]
struct Verifier {
    policy: Arc<dyn KeyPolicy>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn check(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let judged = match public_key(certificate) {
            Ok(spki) => {
                let key = KeyFingerprint::of_public_key(spki.as_ref());
                self.policy.judge(&key).map_err(|reason| Refusal { key: Some(key), reason })
            }
            Err(error) => {
                let reason = RefusalReason::Certificate(error.to_string());
                Err(Refusal { key: None, reason })
            }
        };
        judged.map_err(|refusal| {
            self.policy.refused(&refusal);
            // Told to the peer as the alert `access_denied`, without our reason.
            Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
        })
    }

    fn check_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if signed.scheme != SignatureScheme::ED25519 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        verify_tls13_signature_with_raw_key(
            message,
            &public_key(certificate)?,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }
}

fn public_key(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    Ok(ParsedCertificate::try_from(certificate)?.subject_public_key_info())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

#[cfg(test)]
mod tests;
