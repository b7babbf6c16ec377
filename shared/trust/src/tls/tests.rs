//! Handshakes in memory: who comes through, and what each end learns.

use super::*;
use rustls::{ClientConnection, ServerConnection};
use std::sync::Mutex;

#[derive(Debug, Default)]
struct Admitted {
    keys: Vec<KeyFingerprint>,
    refusals: Mutex<Vec<Refusal>>,
}

impl KeyPolicy for Admitted {
    fn judge(&self, key: &KeyFingerprint) -> Result<(), RefusalReason> {
        if self.keys.contains(key) { Ok(()) } else { Err(RefusalReason::NotPaired) }
    }

    fn refused(&self, refusal: &Refusal) {
        self.refusals.lock().expect("no panic in a test thread").push(refusal.clone());
    }
}

fn admit(keys: &[KeyFingerprint]) -> Arc<Admitted> {
    Arc::new(Admitted { keys: keys.to_vec(), refusals: Mutex::default() })
}

fn identity() -> Identity {
    Identity::generate().expect("random")
}

fn link(sensor: &Identity) -> Purpose {
    Purpose::Link(Arc::new(PinnedKey::new(sensor.fingerprint())))
}

/// Plays a handshake and one byte of data back from the server; the first error of either end.
fn handshake(client: ClientConfig, server: ServerConfig) -> Result<ServerConnection, Error> {
    let name = ServerName::try_from("sensor").expect("a valid name");
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).expect("memory");
        }
        let mut from = bytes.as_slice();
        while !from.is_empty() {
            server.read_tls(&mut from).expect("memory");
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).expect("memory");
        }
        let mut from = bytes.as_slice();
        while !from.is_empty() {
            client.read_tls(&mut from).expect("memory");
            client.process_new_packets()?;
        }
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(server);
        }
    }
    panic!("the handshake does not end");
}

#[test]
fn paired_ends_connect_over_the_hybrid_group() {
    let (desktop, sensor) = (identity(), identity());
    let client = client_config(&desktop, &link(&sensor)).expect("own identity");
    let server = server_config(&sensor, admit(&[desktop.fingerprint()])).expect("own identity");
    let server = handshake(client, server).expect("both keys are known");
    assert_eq!(server.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(server.alpn_protocol(), Some(Purpose::LINK));
    let group = server.negotiated_key_exchange_group().expect("handshake is done");
    assert_eq!(group.name(), rustls::NamedGroup::X25519MLKEM768);
}

#[test]
fn an_unpaired_desktop_is_refused_and_named() {
    let (desktop, sensor) = (identity(), identity());
    let client = client_config(&desktop, &link(&sensor)).expect("own identity");
    let policy = admit(&[]);
    let server = server_config(&sensor, Arc::<Admitted>::clone(&policy)).expect("own identity");
    let error = handshake(client, server).expect_err("not paired");
    assert_eq!(error, Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
    assert_eq!(
        *policy.refusals.lock().expect("no panic in a test thread"),
        [Refusal { key: Some(desktop.fingerprint()), reason: RefusalReason::NotPaired }]
    );
}

#[test]
fn another_sensor_key_is_refused_and_named() {
    let (desktop, sensor, other) = (identity(), identity(), identity());
    let pinned = Arc::new(PinnedKey::new(sensor.fingerprint()));
    let purpose = Purpose::Link(Arc::clone(&pinned));
    let client = client_config(&desktop, &purpose).expect("own identity");
    let server = server_config(&other, admit(&[desktop.fingerprint()])).expect("own identity");
    assert!(handshake(client, server).is_err());
    let refusal = pinned.refusal().expect("refused");
    assert_eq!(refusal.key, Some(other.fingerprint()));
    assert_eq!(refusal.reason, RefusalReason::WrongKey { expected: sensor.fingerprint() });
}

#[test]
fn a_known_certificate_without_its_key_is_refused() {
    // The certificate is public: a stranger shows it, but signs with a key of their own.
    let (desktop, sensor, stranger) = (identity(), identity(), identity());
    let verifier = Verifier {
        policy: Arc::new(PinnedKey::new(sensor.fingerprint())),
        provider: Arc::new(hybrid_only()),
    };
    let key = default_provider()
        .key_provider
        .load_private_key(stranger.private_key())
        .expect("an Ed25519 key");
    let forged = rustls::sign::CertifiedKey::new(vec![desktop.certificate()], key);
    let client = ClientConfig::builder_with_provider(Arc::new(hybrid_only()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(forged)));
    let mut client = client;
    client.alpn_protocols = vec![Purpose::LINK.to_vec()];
    let server = server_config(&sensor, admit(&[desktop.fingerprint()])).expect("own identity");
    let error = handshake(client, server).expect_err("the signature is not of that key");
    assert_eq!(error, Error::InvalidCertificate(CertificateError::BadSignature));
}

#[test]
fn no_certificate_is_refused() {
    let (desktop, sensor) = (identity(), identity());
    let verifier = Verifier {
        policy: Arc::new(PinnedKey::new(sensor.fingerprint())),
        provider: Arc::new(hybrid_only()),
    };
    let mut client = ClientConfig::builder_with_provider(Arc::new(hybrid_only()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    client.alpn_protocols = vec![Purpose::LINK.to_vec()];
    let server = server_config(&sensor, admit(&[desktop.fingerprint()])).expect("own identity");
    let error = handshake(client, server).expect_err("no certificate");
    assert_eq!(error, Error::NoCertificatesPresented);
}

#[test]
fn a_client_without_the_hybrid_group_is_refused() {
    let (desktop, sensor) = (identity(), identity());
    let provider = CryptoProvider { kx_groups: vec![kx_group::X25519], ..default_provider() };
    let mut client = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_client_auth_cert(vec![desktop.certificate()], desktop.private_key())
        .expect("own identity");
    client.alpn_protocols = vec![Purpose::LINK.to_vec()];
    let server = server_config(&sensor, admit(&[desktop.fingerprint()])).expect("own identity");
    let error = handshake(client, server).expect_err("no group in common");
    assert_eq!(error, Error::PeerIncompatible(rustls::PeerIncompatible::NoKxGroupsInCommon));
}

#[test]
fn the_dates_of_a_certificate_count_for_nothing() {
    // The key is what was paired. A sensor may have no clock, and a key that is no longer wanted is
    // revoked, not waited for.
    let (desktop, sensor) = (identity(), identity());
    let key = rcgen::KeyPair::try_from(&desktop.private_key()).expect("an Ed25519 key");
    let mut expired = rcgen::CertificateParams::default();
    expired.not_before = rcgen::date_time_ymd(2001, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let expired = expired.self_signed(&key).expect("signed");
    let verifier = Verifier {
        policy: Arc::new(PinnedKey::new(sensor.fingerprint())),
        provider: Arc::new(hybrid_only()),
    };
    let mut client = ClientConfig::builder_with_provider(Arc::new(hybrid_only()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(vec![expired.der().clone()], desktop.private_key())
        .expect("own identity");
    client.alpn_protocols = vec![Purpose::LINK.to_vec()];
    let server = || server_config(&sensor, admit(&[desktop.fingerprint()])).expect("own identity");
    assert!(handshake(client.clone(), server()).is_ok(), "expired, but the paired key");
    // Not paired stays not paired, whatever its dates.
    let server = server_config(&sensor, admit(&[])).expect("own identity");
    assert!(handshake(client, server).is_err());
}
