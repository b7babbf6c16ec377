//! Real QUIC on loopback: strangers of every kind get nothing, and the log's counters say so.

use super::*;
use pw_model::{Origin, SensorId};
use pw_trust::{FirstKey, Identity, PinnedKey, Purpose};
use pw_wire::{Batch, BatchId, FrameReader, LinkFrame, Message, StreamInfo};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[path = "../../../tests/suite/credulous.rs"]
mod credulous;
use credulous::Credulous;

/// A journal in memory.
#[derive(Clone)]
struct Memory {
    sensor: SensorId,
    state: Arc<watch::Sender<JournalRange>>,
    acknowledged: Arc<Mutex<Vec<u64>>>,
    desktops: Arc<Mutex<Vec<[u8; 32]>>>,
    followed: Arc<Mutex<bool>>,
}

impl Memory {
    fn new(sensor: SensorId, batches: u64) -> Self {
        let range = JournalRange { oldest_seq: 1, durable_seq: batches };
        Self {
            sensor,
            state: Arc::new(watch::Sender::new(range)),
            acknowledged: Arc::default(),
            desktops: Arc::default(),
            followed: Arc::default(),
        }
    }
}

impl BatchSource for Memory {
    type State = JournalRange;

    fn epoch(&self) -> u64 {
        5
    }

    fn state(&self) -> watch::Receiver<JournalRange> {
        self.state.subscribe()
    }

    fn range(state: &JournalRange) -> JournalRange {
        *state
    }

    fn read_from(&self, from: u64, count: usize, _: usize) -> Result<Vec<EncodedBatch>, String> {
        let durable = self.state.borrow().durable_seq;
        let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Simulated };
        let id = |seq| BatchId { sensor: self.sensor, epoch: 5, seq };
        (from..=durable)
            .take(count)
            .map(|seq| Batch::new(id(seq), stream.clone()).encode().map_err(|e| e.to_string()))
            .collect()
    }

    fn acknowledge(&self, _desktop: [u8; 32], seq: u64) {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(seq);
    }

    fn announce_again(&self) {}

    fn set_followed(&self, followed: bool) {
        *self.followed.lock().unwrap_or_else(PoisonError::into_inner) = followed;
    }

    fn set_desktops(&self, desktops: Vec<[u8; 32]>) {
        *self.desktops.lock().unwrap_or_else(PoisonError::into_inner) = desktops;
    }
}

struct Bench {
    link: Link,
    journal: Memory,
    address: SocketAddr,
    key: pw_trust::KeyFingerprint,
    _dir: tempfile::TempDir,
    _status: watch::Sender<Option<pw_wire::Status>>,
}

fn bench(batches: u64) -> Bench {
    let dir = tempfile::tempdir().expect("a folder");
    let identity = identity(dir.path()).expect("drawn");
    let key = identity.fingerprint();
    let journal = Memory::new(key.sensor_id(), batches);
    let settings = LinkSettings {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        state_dir: dir.path().to_owned(),
        name: "car".to_owned(),
        software: "test".to_owned(),
        origin: Origin::Simulated,
    };
    let (_status, status) = watch::channel(None);
    let link = start(settings, identity, journal.clone(), status).expect("a free port");
    let address = link.local_addr().expect("bound");
    Bench { link, journal, address, key, _dir: dir, _status }
}

async fn connect(
    tls: rustls::ClientConfig,
    address: SocketAddr,
) -> Result<(Endpoint, quinn::Connection), quinn::ConnectionError> {
    connect_allowing(100, tls, address).await
}

/// The sensor may open so many streams of batches.
async fn connect_allowing(
    streams: u32,
    tls: rustls::ClientConfig,
    address: SocketAddr,
) -> Result<(Endpoint, quinn::Connection), quinn::ConnectionError> {
    let crypto = QuicClientConfig::try_from(tls).expect("TLS 1.3");
    let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let mut transport = quinn::TransportConfig::default();
    transport.max_concurrent_uni_streams(streams.into());
    let mut config = ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    let connecting = endpoint.connect_with(config, address, "sensor").expect("well formed");
    let connection = connecting.await?;
    Ok((endpoint, connection))
}

fn link_tls(identity: &Identity, sensor: pw_trust::KeyFingerprint) -> rustls::ClientConfig {
    let purpose = Purpose::Link(Arc::new(PinnedKey::new(sensor)));
    pw_trust::client_config(identity, &purpose).expect("own identity")
}

/// Says hello and gives what comes back on the message stream; the error is the connection's.
async fn greet(
    connection: &quinn::Connection,
) -> Result<(quinn::SendStream, quinn::RecvStream, Vec<Message>), String> {
    let (mut send, mut receive) = connection.open_bi().await.map_err(|e| e.to_string())?;
    let mut session = pw_wire::DesktopSession::new(SensorId([0; 16]), "", "", Duration::ZERO);
    let hello = session.poll_message().expect("greets first").encode().expect("small");
    send.write_all(&hello).await.map_err(|e| e.to_string())?;
    let mut frames = FrameReader::for_messages();
    let mut messages = Vec::new();
    while messages.is_empty() {
        let chunk = receive.read_chunk(1 << 16, true).await.map_err(|e| e.to_string())?;
        frames.push(&chunk.ok_or("ended")?.bytes);
        while let Some(frame) = frames.pop().map_err(|e| e.to_string())? {
            if let LinkFrame::Message(message) = frame {
                messages.push(message);
            }
        }
    }
    Ok((send, receive, messages))
}

async fn until(what: &str, reached: impl Fn() -> bool) {
    for _ in 0..500 {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not reached in 10 s: {what}");
}

#[tokio::test]
async fn a_paired_desktop_is_welcomed() {
    let bench = bench(3);
    let desktop = Identity::generate().expect("random");
    bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
    let told = || bench.journal.desktops.lock().expect("sound").clone();
    until("the journal knows the desktop", || told() == [desktop.fingerprint().0]).await;
    let (_endpoint, connection) =
        connect(link_tls(&desktop, bench.key), bench.address).await.expect("paired");
    let (_send, _receive, messages) = greet(&connection).await.expect("paired");
    assert!(matches!(&messages[..], [Message::Welcome(w)] if w.durable_seq == 3), "{messages:?}");
    assert_eq!(bench.link.traffic().connected, 1);
    assert_eq!(bench.link.traffic().refused, 0);
    assert!(*bench.journal.followed.lock().expect("sound"));

    bench.link.keys().revoke("laptop").expect("known");
    let closed = tokio::time::timeout(Duration::from_secs(5), connection.closed()).await;
    assert!(closed.is_ok(), "a revoked key's connection is closed");
    until("nobody follows", || !*bench.journal.followed.lock().expect("sound")).await;
    bench.link.shutdown().await;
}

/// Numbers of the batches of one stream, up to `last`.
async fn numbers_until(stream: &mut quinn::RecvStream, last: u64) -> Vec<u64> {
    let mut frames = FrameReader::for_batches();
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        let chunk = stream.read_chunk(1 << 16, true).await.expect("open").expect("not ended");
        frames.push(&chunk.bytes);
        while let Some(frame) = frames.pop().expect("whole") {
            if let LinkFrame::Batch(batch) = frame {
                numbers.push(batch.header().id.seq);
            }
        }
    }
    numbers
}

/// A desktop of the first release allows one stream of batches, a later one two.
#[tokio::test]
async fn the_newest_batches_need_a_stream_that_the_desktop_allows() {
    let backlog = 3 * pw_wire::LIVE_FROM_BEHIND;
    for streams in [1, 2] {
        let bench = bench(backlog);
        let desktop = Identity::generate().expect("random");
        bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
        let tls = link_tls(&desktop, bench.key);
        let connected = connect_allowing(streams, tls, bench.address).await;
        let (_endpoint, connection) = connected.expect("paired");
        let (mut send, _receive, _messages) = greet(&connection).await.expect("paired");
        let resume = Message::Resume { epoch: 5, after_seq: 0, holds_it: false };
        send.write_all(&resume.encode().expect("small")).await.expect("open");
        let mut in_turn = connection.accept_uni().await.expect("batches");
        assert_eq!(numbers_until(&mut in_turn, backlog).await, (1..=backlog).collect::<Vec<_>>());
        // None is acknowledged: what is written now is far ahead of what the desktop holds.
        let newest = backlog + 1;
        bench.journal.state.send_modify(|range| range.durable_seq = newest);
        assert_eq!(numbers_until(&mut in_turn, newest).await, [newest]);
        let patience = Duration::from_millis(if streams == 1 { 300 } else { 10_000 });
        match tokio::time::timeout(patience, connection.accept_uni()).await {
            Ok(stream) if streams == 2 => {
                let mut ahead = stream.expect("open");
                assert_eq!(numbers_until(&mut ahead, newest).await, [newest]);
            }
            Err(_elapsed) if streams == 1 => {}
            other => panic!("{streams} allowed: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_unpaired_desktop_gets_nothing() {
    let bench = bench(3);
    let stranger = Identity::generate().expect("random");
    // With TLS 1.3 a client may believe itself connected until it reads.
    let error = match connect(link_tls(&stranger, bench.key), bench.address).await {
        Ok((_endpoint, connection)) => {
            assert!(greet(&connection).await.is_err(), "not paired");
            connection.close_reason().expect("closed")
        }
        Err(error) => error,
    };
    let words = error.to_string();
    assert!(words.contains("error 49"), "access denied and nothing more: {words}");
    until("the refusal is counted", || bench.link.traffic().refused == 1).await;
    // Pairing is closed to it as well while no window is open.
    let purpose = Purpose::Pair(Arc::new(FirstKey::default()));
    let tls = pw_trust::client_config(&stranger, &purpose).expect("own identity");
    let outcome = match connect(tls, bench.address).await {
        Ok((_endpoint, connection)) => greet(&connection).await.map(|_| ()),
        Err(error) => Err(error.to_string()),
    };
    assert!(outcome.is_err());
    until("the refusal is counted", || bench.link.traffic().refused == 2).await;
}

#[tokio::test]
async fn an_unpaired_desktop_may_only_pair_while_a_window_is_open() {
    let bench = bench(3);
    bench.link.open_pairing().expect("random");
    let stranger = Identity::generate().expect("random");
    let (_endpoint, connection) =
        connect(link_tls(&stranger, bench.key), bench.address).await.expect("let in to pair");
    assert!(greet(&connection).await.is_err(), "the link itself stays closed");
    until("the refusal is counted", || bench.link.traffic().refused == 1).await;
    assert_eq!(bench.journal.acknowledged.lock().expect("sound").len(), 0);
}

#[tokio::test]
async fn no_certificate_and_no_hybrid_exchange_get_nothing() {
    let bench = bench(3);
    let desktop = Identity::generate().expect("random");
    bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
    let classical = CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(classical))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    tls.alpn_protocols = vec![Purpose::LINK.to_vec()];
    assert!(connect(tls, bench.address).await.is_err());
    until("the refusal is counted", || bench.link.traffic().refused == 1).await;

    // A stranger who trusts anybody and shows no certificate.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3 is there")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
        .with_no_client_auth();
    tls.alpn_protocols = vec![Purpose::LINK.to_vec()];
    let outcome = match connect(tls, bench.address).await {
        Ok((_endpoint, connection)) => greet(&connection).await.map(|_| ()),
        Err(error) => Err(error.to_string()),
    };
    assert!(outcome.is_err(), "{outcome:?}");
    until("the refusal is counted", || bench.link.traffic().refused == 2).await;
}

#[tokio::test]
async fn a_session_is_never_resumed_and_nothing_comes_before_the_handshake() {
    let bench = bench(3);
    let desktop = Identity::generate().expect("random");
    bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
    // A desktop that would resume: it keeps whatever tickets it is given, and sends early data.
    let mut tls = link_tls(&desktop, bench.key);
    tls.resumption = rustls::client::Resumption::in_memory_sessions(16);
    tls.enable_early_data = true;
    tls.enable_sni = true;
    let crypto = QuicClientConfig::try_from(tls).expect("TLS 1.3");
    let config = ClientConfig::new(Arc::new(crypto));
    let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    for round in 0..3 {
        let connecting =
            endpoint.connect_with(config.clone(), bench.address, "sensor").expect("well formed");
        let connecting = match connecting.into_0rtt() {
            Ok(_) => panic!("early data in round {round}"),
            Err(connecting) => connecting,
        };
        let connection = connecting.await.expect("paired");
        greet(&connection).await.expect("paired");
        connection.close(0u32.into(), b"");
    }
}

#[tokio::test]
async fn noise_is_dropped_unanswered_and_counted() {
    let bench = bench(3);
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    socket.connect(bench.address).await.expect("a route");
    // A client's first packet of a version that does not exist asks for a version negotiation.
    let mut unknown_version = vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8];
    unknown_version.resize(1200, 7);
    let noise: [&[u8]; 5] =
        [b"\0", b"M-SEARCH * HTTP/1.1\r\n\r\n", &[0x40; 600], &[0xff; 1200], &unknown_version];
    for datagram in noise {
        socket.send(datagram).await.expect("sent");
    }
    until("all are counted", || bench.link.traffic().not_quic == noise.len() as u64).await;
    let mut answer = [0; 2048];
    let answered = tokio::time::timeout(Duration::from_millis(300), socket.recv(&mut answer)).await;
    assert!(answered.is_err(), "something was answered");
    assert_eq!(bench.link.traffic().refused, 0);
}

#[tokio::test]
async fn a_silent_desktop_is_let_go_and_a_second_connection_replaces_the_first() {
    let bench = bench(3);
    let desktop = Identity::generate().expect("random");
    bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
    let tls = || link_tls(&desktop, bench.key);
    let (_one, first) = connect(tls(), bench.address).await.expect("paired");
    greet(&first).await.expect("paired");
    let (_other, second) = connect(tls(), bench.address).await.expect("paired");
    let (_send, _receive, messages) = greet(&second).await.expect("paired");
    assert!(matches!(messages[..], [Message::Welcome(_)]));
    let closed = tokio::time::timeout(Duration::from_secs(5), first.closed()).await;
    assert!(closed.is_ok(), "the older connection ends");
    assert_eq!(bench.link.traffic().connected, 1);
}

#[tokio::test]
async fn who_dials_while_the_sensor_stops_is_let_in_by_the_next_one() {
    let bench = bench(3);
    let desktop = Identity::generate().expect("random");
    bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
    let tls = link_tls(&desktop, bench.key);
    let (_one, before) = connect(tls.clone(), bench.address).await.expect("paired");
    greet(&before).await.expect("paired");
    let Bench { link, journal, address, _dir: dir, .. } = bench;
    let stopping = tokio::spawn(link.shutdown());
    before.closed().await;
    // As a desktop does that was told of the end: at once, while the sensor still says goodbye.
    let mut dialling = Vec::new();
    while !stopping.is_finished() && dialling.len() < 6 {
        dialling.push(tokio::spawn(connect(tls.clone(), address)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stopping.await.expect("no panic");
    let mut tries = 0;
    let next = loop {
        let settings = LinkSettings {
            listen: address,
            state_dir: dir.path().to_owned(),
            name: "car".to_owned(),
            software: "test".to_owned(),
            origin: Origin::Simulated,
        };
        let identity = identity(dir.path()).expect("as before");
        match start(settings, identity, journal.clone(), watch::channel(None).1) {
            Ok(next) => break next,
            // The first one's tasks give its port back when they have ended.
            Err(LinkError::Listen { .. }) if tries < 1_000 => tries += 1,
            Err(error) => panic!("{error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    for dialled in dialling {
        let dialled = tokio::time::timeout(Duration::from_secs(30), dialled).await;
        let dialled = dialled.expect("in time").expect("no panic");
        let (_endpoint, connection) = dialled.expect("not refused, but let in");
        greet(&connection).await.expect("paired");
    }
    next.shutdown().await;
}

#[tokio::test]
async fn garbage_inside_the_stream_ends_the_connection() {
    let bench = bench(3);
    let desktop = Identity::generate().expect("random");
    bench.link.keys().add("laptop", desktop.fingerprint()).expect("room");
    for garbage in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 64], b"PWDv\x01\0\x04\0\xff\xff\xff\xff...."]
    {
        let (_endpoint, connection) =
            connect(link_tls(&desktop, bench.key), bench.address).await.expect("paired");
        let (mut send, _receive) = connection.open_bi().await.expect("allowed");
        send.write_all(garbage).await.expect("sent");
        let closed = tokio::time::timeout(Duration::from_secs(5), connection.closed()).await;
        assert!(closed.is_ok(), "{garbage:?}");
    }
    until("all have left", || bench.link.traffic().connected == 0).await;
}

#[test]
fn a_pairing_is_asked_for_through_the_state_folder() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let bench = runtime.block_on(async { bench(0) });
    let dir = bench._dir.path().to_owned();
    // The running sensor first clears what was left from before its start.
    std::thread::sleep(Duration::from_millis(200));
    let request = PairingRequest::write(&dir).expect("a folder");
    let reached = |wanted: PairingState| {
        (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            request.state().expect("readable") == wanted
        })
    };
    assert!(reached(PairingState::Open));
    assert_eq!(*bench.link.pairing().borrow(), PairingState::Open);
    drop(request);
    let closed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        matches!(*bench.link.pairing().borrow(), PairingState::Closed { .. })
    });
    assert!(closed, "the window closes when the person who asked has left");
}
