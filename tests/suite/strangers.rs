//! Strangers of every kind at the real sensor while an honest desktop records: each is refused or
//! bounded, the log tells each cause once, and the desktop goes on as before.
//!
//! `PIWARDRIVE_HALF_OPEN` sets how many connections are left half open (200 by default), and
//! `PIWARDRIVE_GARBAGE` how many datagrams of garbage are sent (20,000). How long the honest desktop
//! waits for its batches and for a new connection is printed, with and without strangers.

use crate::credulous::Credulous;
use anyhow::{Context, Result, ensure};
use pw_engine::link::LinkStore;
use pw_tests::{Paired, Relay, RunningSensor, free_port, lasting_source};
use pw_trust::{Identity, PinnedKey, Purpose};
use pw_wire::{DesktopSession, FrameReader, LinkFrame, Message};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where strangers come from: another address than the honest desktop.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// Far beyond anything that is hoped for, so that a slow machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(60);

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A sensor under load, and a desktop that records from it.
struct Scene {
    paired: Paired,
    sensor: RunningSensor,
    desktop: Child,
    store: LinkStore,
    /// Goes last.
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let paired = Paired::new(folder.path(), free_port()?)?;
        let source = lasting_source(folder.path(), 10)?;
        let sensor =
            RunningSensor::start(&paired.state, paired.port, &["--source", source.as_str()])?;
        let desktop = paired.record()?;
        let store = LinkStore::open(&paired.config)?;
        let scene = Self { paired, sensor, desktop, store, _folder: folder };
        scene.batches(1).context("the first batches")?;
        Ok(scene)
    }

    fn address(&self) -> Result<SocketAddr> {
        Ok(self.sensor.address.parse()?)
    }

    /// The longest wait for a batch among so many: what the honest desktop feels.
    fn batches(&self, count: usize) -> Result<Duration> {
        let mut longest = Duration::ZERO;
        for _ in 0..count {
            let begin = Instant::now();
            let before = self.sensor.acknowledged();
            while self.sensor.acknowledged() <= before {
                ensure!(begin.elapsed() < PATIENCE, "no batch comes: {}", self.sensor.log());
                std::thread::sleep(Duration::from_millis(5));
            }
            longest = longest.max(begin.elapsed());
        }
        Ok(longest)
    }

    /// TLS as the paired desktop speaks it, but with this key.
    fn tls(&self, identity: &Identity) -> Result<rustls::ClientConfig> {
        let sensors = self.store.sensors()?;
        let sensor = sensors.first().context("a paired sensor")?;
        let purpose = Purpose::Link(Arc::new(PinnedKey::new(sensor.fingerprint)));
        Ok(pw_trust::client_config(identity, &purpose)?)
    }

    /// Nothing but what was heard went anywhere, and all of it came to the desktop.
    fn account(mut self) -> Result<()> {
        self.batches(2).context("afterwards")?;
        self.sensor.terminate(Duration::from_secs(20))?;
        self.desktop.kill()?;
        self.desktop.wait()?;
        self.paired.account(Duration::from_secs(120))?;
        Ok(())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // It may have ended by itself, which is what dropping wants.
        drop(self.desktop.kill());
        drop(self.desktop.wait());
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

fn config(tls: rustls::ClientConfig) -> Result<ClientConfig> {
    Ok(ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?)))
}

fn hello() -> Result<Vec<u8>> {
    let nobody = pw_model::SensorId([0; 16]);
    let mut session = DesktopSession::new(nobody, "stranger", "stranger", Duration::ZERO);
    Ok(session.poll_message().context("greets first")?.encode()?)
}

/// Says hello and gives the sensor's answer.
async fn greet(connection: &Connection) -> Result<Message> {
    let (mut send, mut receive) = connection.open_bi().await?;
    send.write_all(&hello()?).await?;
    let mut frames = FrameReader::for_messages();
    loop {
        if let Some(LinkFrame::Message(message)) = frames.pop()? {
            return Ok(message);
        }
        let chunk = receive.read_chunk(1 << 16, true).await?;
        frames.push(&chunk.context("the stream ended")?.bytes);
    }
}

/// Connects, says hello, and gives what comes of it.
async fn visit(from: Ipv4Addr, tls: rustls::ClientConfig, to: SocketAddr) -> Result<Message> {
    let endpoint = Endpoint::client((from, 0).into())?;
    let connecting = endpoint.connect_with(config(tls)?, to, "sensor")?;
    let connection = tokio::time::timeout(PATIENCE, connecting).await??;
    tokio::time::timeout(PATIENCE, greet(&connection)).await?
}

#[test]
fn strangers_of_every_kind_are_refused_and_each_cause_is_told_once() -> Result<()> {
    let scene = Scene::new()?;
    let (runtime, address) = (runtime()?, scene.address()?);
    let stranger = Identity::generate()?;
    // Whoever copied a sensor's folder has a sensor's key, and is no desktop.
    let sensor =
        Identity::from_pem(&std::fs::read_to_string(scene.paired.state.join("identity.pem"))?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut nobody = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
        .with_no_client_auth();
    nobody.alpn_protocols = vec![Purpose::LINK.to_vec()];
    let visitors = [
        ("not paired", scene.tls(&stranger)?),
        ("not paired", scene.tls(&sensor)?),
        ("showed no certificate", nobody),
    ];
    let usual = scene.batches(20)?;
    let begin = scene.sensor.log().len();
    for (why, tls) in visitors {
        for _ in 0..40 {
            let answer = runtime.block_on(visit(STRANGER, tls.clone(), address));
            ensure!(answer.is_err(), "{why}: {answer:?}");
        }
    }
    let meanwhile = scene.batches(20)?;
    let log = scene.sensor.log().split_off(begin);
    for (why, count) in [("not paired", 2), ("showed no certificate", 1)] {
        let told =
            log.lines().filter(|line| line.contains("refused 127.0.0.9") && line.contains(why));
        ensure!(told.count() == count, "{why} is not told once for each key: {log}");
    }
    // Written by a thread of its own, so that it may come a little later.
    let begin = Instant::now();
    let (entries, audit) = loop {
        let audit = scene.sensor.command(&["audit", "--json"])?;
        let read: serde_json::Value = serde_json::from_str(&audit)?;
        let entries = read["entries"].as_array().context("entries")?.clone();
        let refused = entries.iter().filter(|entry| entry["event"] == "refused").count();
        if refused >= 3 || begin.elapsed() > PATIENCE {
            break (entries, audit);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let noted = |event: &str| entries.iter().filter(|entry| entry["event"] == event).count();
    ensure!(noted("refused") == 3 && noted("paired") == 1, "{audit}");
    ensure!(noted("pairing_opened") == 1 && noted("connected") == 1, "{audit}");
    // What strangers had written pushes out nothing that others did.
    let logged = |name: &str| std::fs::read_to_string(scene.paired.state.join(name));
    ensure!(!logged("audit.log")?.contains("127.0.0.9"), "strangers stand in the owner's log");
    ensure!(logged("audit-strangers.log")?.matches("127.0.0.9").count() == 3, "{audit}");
    eprintln!("longest wait for a batch: {usual:?}, after 120 strangers {meanwhile:?}");
    scene.account()
}

#[test]
fn what_was_said_before_is_worth_nothing_when_it_is_said_again() -> Result<()> {
    let scene = Scene::new()?;
    let relay = Relay::start(scene.address()?)?;
    relay.record();
    // A whole session of the paired desktop, seen by somebody on the way.
    let answer = runtime()?.block_on(visit(
        Ipv4Addr::LOCALHOST,
        scene.tls(scene.store.identity())?,
        relay.address,
    ))?;
    ensure!(matches!(answer, Message::Welcome(_)), "{answer:?}");
    let recorded = relay.recorded();
    ensure!(recorded.len() >= 4, "only {} datagrams of a session", recorded.len());
    let connected = |log: &str| log.matches("connected from").count();
    scene.batches(2)?;
    let (before, acknowledged) = (connected(&scene.sensor.log()), scene.sensor.acknowledged());
    let again = UdpSocket::bind((STRANGER, 0))?;
    for _ in 0..5 {
        for datagram in &recorded {
            again.send_to(datagram, &scene.sensor.address)?;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    scene.batches(2)?;
    ensure!(connected(&scene.sensor.log()) == before, "a replay connected: {}", scene.sensor.log());
    ensure!(scene.sensor.acknowledged() > acknowledged, "the honest desktop was disturbed");
    scene.account()
}

#[test]
fn half_open_connections_keep_nobody_out() -> Result<()> {
    let scene = Scene::new()?;
    let (runtime, address) = (runtime()?, scene.address()?);
    let own = scene.tls(scene.store.identity())?;
    // Counts as the honest desktop: it is taken in at its first word only, which is not said here.
    let connect = || -> Result<Duration> {
        let begin = Instant::now();
        runtime.block_on(async {
            let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into())?;
            let connecting = endpoint.connect_with(config(own.clone())?, address, "sensor")?;
            tokio::time::timeout(PATIENCE, connecting).await??;
            anyhow::Ok(())
        })?;
        Ok(begin.elapsed())
    };
    let (usual, usual_connect) = (scene.batches(20)?, connect()?);

    // Their packets reach the sensor; what it answers does not reach them, or is not read.
    let count = number("PIWARDRIVE_HALF_OPEN", 200);
    let relay = Relay::start(address)?;
    relay.move_clients(STRANGER);
    relay.change(|path| path.one_way = true);
    let tls = scene.tls(&Identity::generate()?)?;
    let endpoint = runtime.block_on(async { Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()) })?;
    let mut open = Vec::new();
    for _ in 0..count {
        let _guard = runtime.enter();
        open.push(endpoint.connect_with(config(tls.clone())?, relay.address, "sensor")?);
    }
    let (meanwhile, meanwhile_connect) = (scene.batches(20)?, connect()?);
    drop(open);
    let status = scene.sensor.status()?;
    eprintln!(
        "{count} half open connections: longest wait for a batch {usual:?} before, {meanwhile:?} \
         meanwhile; a new connection {usual_connect:?} before, {meanwhile_connect:?} meanwhile; \
         ignored {}",
        status["connections_ignored"]
    );
    let refusals = scene.sensor.log().matches("refused").count();
    ensure!(refusals < 60, "{refusals} lines in the log for {count} connections");
    scene.account()
}

#[test]
fn garbage_disturbs_nobody_and_fills_no_log() -> Result<()> {
    let scene = Scene::new()?;
    let usual = scene.batches(20)?;
    let begin = scene.sensor.log().len();
    let count = number("PIWARDRIVE_GARBAGE", 20_000);
    let sockets = (10..40)
        .map(|host| UdpSocket::bind((Ipv4Addr::new(127, 0, 0, host), 0)))
        .collect::<Result<Vec<_>, _>>()?;
    // Noise, and what looks like a client's first packet but is none.
    let mut first_packet = vec![0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x44, 0x90];
    first_packet.resize(1_200, 0x5a);
    let mut noise = vec![0x17; 1_200];
    let meanwhile = std::thread::scope(|scope| -> Result<Duration> {
        let flood = scope.spawn(|| -> Result<()> {
            for (number, socket) in (0..count).zip(sockets.iter().cycle()) {
                let datagram = if number % 2 == 0 { &mut noise } else { &mut first_packet };
                // Another connection identifier and content each time.
                datagram[6..14].copy_from_slice(&(number as u64).to_be_bytes());
                socket.send_to(datagram, &scene.sensor.address)?;
                if number % 100 == 99 {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            Ok(())
        });
        let meanwhile = scene.batches(20)?;
        flood.join().map_err(|_panic| anyhow::anyhow!("the flood failed"))??;
        Ok(meanwhile)
    })?;
    let log = scene.sensor.log().split_off(begin);
    eprintln!(
        "{count} datagrams of garbage: longest wait for a batch {usual:?} before, {meanwhile:?} \
         meanwhile; {} lines in the log",
        log.lines().count()
    );
    ensure!(log.contains("not QUIC for us"), "nothing is said of it: {log}");
    ensure!(log.lines().count() < 200, "{} lines in the log", log.lines().count());
    scene.account()
}

/// Of a paired desktop that went mad: a word that takes for ever, and one without an end.
#[test]
fn a_slow_and_an_endless_first_word_are_not_waited_for() -> Result<()> {
    let mut scene = Scene::new()?;
    // It is the same key, so the honest one stands aside.
    scene.desktop.kill()?;
    scene.desktop.wait()?;
    let own = scene.tls(scene.store.identity())?;
    let address = scene.address()?;
    let closed = |word: Vec<u8>, pause: Duration| -> Result<Duration> {
        let own = own.clone();
        runtime()?.block_on(async move {
            let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into())?;
            let connection = endpoint.connect_with(config(own)?, address, "sensor")?.await?;
            let (mut send, _receive) = connection.open_bi().await?;
            let begin = Instant::now();
            let speak = async {
                for byte in word {
                    if send.write_all(&[byte]).await.is_err() {
                        break;
                    }
                    tokio::time::sleep(pause).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = speak => {}
                _ = connection.closed() => {}
                () = tokio::time::sleep(PATIENCE) => anyhow::bail!("never closed"),
            }
            Ok(begin.elapsed())
        })
    };
    let slow = closed(hello()?, Duration::from_secs(3))?;
    ensure!(slow < Duration::from_secs(30), "{slow:?}");
    // The head of a message that says it is longer than any.
    let mut endless = hello()?[..6].to_vec();
    endless.extend([4, 0, 0xff, 0xff, 0xff, 0x7f]);
    endless.resize(256, 1);
    let endless = closed(endless, Duration::ZERO)?;
    eprintln!("closed after {slow:?} (a byte every three seconds), after {endless:?} (endless)");
    scene.desktop = scene.paired.record()?;
    scene.account()
}
