//! Both ends over real QUIC on loopback: the sensor's real link, a journal and a survey in memory.

use super::*;
use pw_model::{Gap, GapCause, Origin, Timestamp};
use pw_sensor::levels::Levels;
use pw_sensor::link::{BatchSource, Duties, Link, LinkSettings};
use pw_wire::{Batch, BatchId, JournalRange, StreamInfo};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::watch;

mod levels;

const EPOCH: u64 = 5;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A journal that outlives the sensor's process.
#[derive(Clone)]
struct Journal {
    sensor: SensorId,
    batches: Arc<Mutex<BTreeMap<u64, EncodedBatch>>>,
    state: Arc<watch::Sender<JournalRange>>,
    /// What every desktop holds.
    acknowledged: Arc<Mutex<u64>>,
    desktops: Arc<Mutex<BTreeMap<[u8; 32], u64>>>,
    announced: Arc<Mutex<u64>>,
}

impl Journal {
    fn new(sensor: SensorId) -> Self {
        Self {
            sensor,
            batches: Arc::default(),
            state: Arc::new(watch::Sender::new(JournalRange { oldest_seq: 1, durable_seq: 0 })),
            acknowledged: Arc::default(),
            desktops: Arc::default(),
            announced: Arc::default(),
        }
    }

    fn write(&self, gaps: u64) {
        let seq = self.state.borrow().durable_seq + 1;
        let id = BatchId { sensor: self.sensor, epoch: EPOCH, seq };
        let stream = StreamInfo { name: "car".to_owned(), origin: Origin::Simulated };
        let mut batch = Batch::new(id, stream);
        batch.gaps.extend((0..gaps).map(|number| Gap {
            radio: None,
            start: Timestamp::from_unix_ns(
                (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1) as i64,
            ),
            end: Timestamp::from_unix_secs(1),
            cause: GapCause::KernelDrop,
            frames: Some(seq),
        }));
        lock(&self.batches).insert(seq, batch.encode().expect("small"));
        self.state.send_modify(|range| range.durable_seq = seq);
    }

    fn acknowledged(&self) -> u64 {
        *lock(&self.acknowledged)
    }
}

impl BatchSource for Journal {
    type State = JournalRange;

    fn epoch(&self) -> u64 {
        EPOCH
    }

    fn state(&self) -> watch::Receiver<JournalRange> {
        self.state.subscribe()
    }

    fn range(state: &JournalRange) -> JournalRange {
        *state
    }

    fn read_from(&self, from: u64, count: usize, room: usize) -> Result<Vec<EncodedBatch>, String> {
        let mut bytes = 0;
        let fits = |batch: &&EncodedBatch| {
            let first = bytes == 0;
            bytes += batch.bytes().len();
            first || bytes <= room
        };
        let batches = lock(&self.batches);
        Ok(batches
            .range(from..)
            .map(|(_, batch)| batch)
            .take(count)
            .take_while(fits)
            .cloned()
            .collect())
    }

    fn acknowledge(&self, desktop: [u8; 32], seq: u64) {
        let mut desktops = lock(&self.desktops);
        desktops.entry(desktop).and_modify(|held| *held = seq.max(*held));
        let everywhere = desktops.values().min().copied().unwrap_or(0);
        let mut acknowledged = lock(&self.acknowledged);
        *acknowledged = everywhere.max(*acknowledged);
        lock(&self.batches).retain(|held, _| *held > *acknowledged);
        self.state.send_modify(|range| range.oldest_seq = *acknowledged + 1);
    }

    fn announce_again(&self) {
        *lock(&self.announced) += 1;
    }

    fn set_followed(&self, _followed: bool) {}

    fn set_desktops(&self, paired: Vec<[u8; 32]>) {
        let mut desktops = lock(&self.desktops);
        desktops.retain(|desktop, _| paired.contains(desktop));
        for desktop in paired {
            desktops.entry(desktop).or_default();
        }
    }
}

/// A survey that drops what it has by number, and takes its time to become durable.
#[derive(Clone, Default)]
struct MemorySurvey {
    durable: Arc<Mutex<BTreeSet<u64>>>,
    arrivals: Arc<Mutex<Vec<u64>>>,
    refuse: Arc<Mutex<bool>>,
    live: Arc<Mutex<Vec<u64>>>,
    /// What comes in its turn is not taken while this is set.
    stalled: Arc<Mutex<bool>>,
}

impl BatchSink for MemorySurvey {
    async fn durable_through(
        &self,
        _: SensorId,
        epoch: u64,
        oldest: u64,
    ) -> Result<u64, SinkError> {
        assert_eq!(epoch, EPOCH);
        let durable = lock(&self.durable);
        Ok((oldest..).find(|seq| !durable.contains(seq)).unwrap_or(oldest) - 1)
    }

    async fn enqueue(&self, batch: EncodedBatch) -> Result<Durable, SinkError> {
        if *lock(&self.refuse) {
            return Err(SinkError::Refused("test".to_owned()));
        }
        while *lock(&self.stalled) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let seq = batch.header().id.seq;
        let own = self.clone();
        Ok(Box::pin(async move {
            tokio::task::yield_now().await;
            if lock(&own.durable).insert(seq) {
                lock(&own.arrivals).push(seq);
            }
            Ok(())
        }))
    }

    fn enqueue_live(&self, batch: EncodedBatch) {
        lock(&self.live).push(batch.header().id.seq);
    }
}

struct Sensor {
    link: Link,
    journal: Journal,
    address: SocketAddr,
    dir: TempDir,
    status: watch::Sender<Option<pw_wire::Status>>,
    levels: Levels,
}

fn sensor() -> Sensor {
    let dir = tempfile::tempdir().expect("a folder");
    let identity = pw_sensor::link::identity(dir.path()).expect("drawn");
    let journal = Journal::new(identity.fingerprint().sensor_id());
    serve(dir, journal, (Ipv4Addr::LOCALHOST, 0).into())
}

fn serve(dir: TempDir, journal: Journal, listen: SocketAddr) -> Sensor {
    let identity = pw_sensor::link::identity(dir.path()).expect("stored");
    let settings = LinkSettings {
        listen,
        state_dir: dir.path().to_owned(),
        name: "car".to_owned(),
        software: "piwardrive-sensor test".to_owned(),
        origin: Origin::Simulated,
    };
    let (status, received) = watch::channel(None);
    let levels = Levels::default();
    let duties = Duties { levels: levels.clone(), ..Duties::default() };
    let link = pw_sensor::link::start_with(settings, identity, journal.clone(), received, duties)
        .expect("a free port");
    let address = link.local_addr().expect("bound");
    Sensor { link, journal, address, dir, status, levels }
}

fn desktop() -> (TempDir, LinkStore) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = LinkStore::open(dir.path()).expect("drawn");
    (dir, store)
}

async fn paired(sensor: &Sensor) -> (TempDir, LinkStore, KnownSensor) {
    let (dir, store) = desktop();
    let code = sensor.link.open_pairing().expect("random").to_string();
    let address = sensor.address.to_string();
    let known = pair(&store, &address, &code, None, "laptop").await.expect("the right code");
    (dir, store, known)
}

fn record(store: &LinkStore, known: &KnownSensor, survey: &MemorySurvey) -> SensorLink {
    connect(store, known.clone(), survey.clone(), "laptop", "piwardrive test")
}

async fn until(what: &str, reached: impl Fn() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not reached: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn state_of(link: &SensorLink, wanted: impl FnMut(&LinkState) -> bool) -> LinkState {
    let mut state = link.state();
    let waited = tokio::time::timeout(Duration::from_secs(20), state.wait_for(wanted)).await;
    waited.expect("reached in time").expect("the link lives").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_code_pairs_and_everything_arrives() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    assert_eq!(known.sensor_id(), sensor.link.sensor());
    assert_eq!(store.sensors().expect("stored"), std::slice::from_ref(&known));
    let desktops = sensor.link.keys().desktops();
    assert_eq!(desktops.len(), 1);
    assert_eq!(desktops[0].name, "laptop");

    (0..500).for_each(|_| sensor.journal.write(50));
    let survey = MemorySurvey::default();
    let link = record(&store, &known, &survey);
    until("all acknowledged", || sensor.journal.acknowledged() == 500).await;
    sensor.journal.write(1);
    until("live", || sensor.journal.acknowledged() == 501).await;
    assert_eq!(*lock(&survey.arrivals), (1..=501).collect::<Vec<_>>());
    assert!(link.state().borrow().is_connected());
    assert_eq!(link.counts().batches, 501);
    assert_eq!(link.counts().acknowledged, 501);
    assert_eq!(*lock(&sensor.journal.announced), 0);

    // What the sensor says of itself.
    let status = pw_wire::Status {
        time: Timestamp::from_unix_secs(1),
        uptime_secs: 9,
        gps: None,
        radios: Vec::new(),
        frames: 77,
        frames_per_second: None,
        frames_lost: 0,
        backlog_batches: 0,
        backlog_bytes: 0,
        disk_free_bytes: None,
        temperature_c: None,
    };
    sensor.status.send_replace(Some(status.clone()));
    let mut received = link.status();
    let waited = received.wait_for(|status| status.is_some());
    let got = tokio::time::timeout(Duration::from_secs(5), waited).await;
    assert_eq!(*got.expect("in time").expect("alive"), Some(status));
    assert!(link.last_heard().is_some() && link.round_trip().is_some());
    link.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_code_pairs_nobody_and_three_close_the_window() {
    let sensor = sensor();
    let (_dir, store) = desktop();
    let address = sensor.address.to_string();
    let closed = pair(&store, &address, "1234 5678", None, "laptop").await;
    assert!(
        matches!(closed, Err(PairError::Refused(pw_wire::RefusedReason::PairingClosed))),
        "{closed:?}"
    );
    let code = sensor.link.open_pairing().expect("random").to_string();
    let wrong = if code.starts_with('0') { "1111 1111" } else { "0000 0000" };
    for left in [2, 1, 0] {
        let refused = pair(&store, &address, wrong, None, "laptop").await;
        let Err(PairError::Refused(pw_wire::RefusedReason::PairingCode { attempts_left })) =
            refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!(attempts_left, left);
    }
    let late = pair(&store, &address, &code, None, "laptop").await;
    assert!(late.is_err(), "the right code comes too late: {late:?}");
    assert!(store.sensors().expect("none").is_empty());
    assert!(sensor.link.keys().desktops().is_empty());
    assert!(pair(&store, &address, "12345", None, "laptop").await.is_err(), "no code at all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_with_another_key_gets_nothing_and_is_named() {
    let (one, other) = (sensor(), sensor());
    let (_dir, store, known) = paired(&one).await;
    store.set_address(&known.fingerprint, &other.address.to_string()).expect("known");
    let survey = MemorySurvey::default();
    let link = record(&store, &known, &survey);
    let state = state_of(&link, |state| matches!(state, LinkState::Waiting { .. })).await;
    let LinkState::Waiting { trouble, .. } = state else { panic!("{state:?}") };
    let expected = known.fingerprint;
    assert!(
        matches!(trouble, LinkTrouble::WrongKey { expected: e, .. } if e == expected),
        "{trouble:?}"
    );
    // The person corrects the address.
    store.set_address(&known.fingerprint, &one.address.to_string()).expect("known");
    link.retry_now();
    state_of(&link, LinkState::is_connected).await;
    link.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_desktop_is_told_to_pair_again() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    let survey = MemorySurvey::default();
    let link = record(&store, &known, &survey);
    state_of(&link, LinkState::is_connected).await;
    sensor.link.keys().revoke("laptop").expect("known");
    let mut troubles = Vec::new();
    state_of(&link, |state| {
        if let LinkState::Waiting { trouble, .. } = state {
            troubles.push(trouble.clone());
        }
        troubles.contains(&LinkTrouble::NotPaired)
    })
    .await;
    // Only the last state is kept: that the session's end was told may have been passed over.
    assert!(
        troubles.iter().all(|trouble| match trouble {
            LinkTrouble::Lost(why) => why.contains("no longer accepts"),
            _ => true,
        }),
        "{troubles:?}"
    );
    link.stop().await;
}

/// A runtime of its own for a sensor that is to be killed: everything stops where it is, without a
/// word to the desktop.
fn kill(runtime: tokio::runtime::Runtime, sensor: Sensor) -> (TempDir, Journal, SocketAddr) {
    runtime.shutdown_timeout(Duration::from_secs(5));
    let Sensor { link, journal, address, dir, status, levels: _ } = sensor;
    drop((link, status));
    (dir, journal, address)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("threads")
}

#[test]
fn a_killed_sensor_is_found_again_and_nothing_is_lost_or_doubled() {
    let desktop = runtime();
    let mut sensors = runtime();
    let mut sensor = sensors.block_on(async { sensor() });
    let (_dir, store, known) = desktop.block_on(paired(&sensor));
    let survey = MemorySurvey::default();
    let link = desktop.block_on(async { record(&store, &known, &survey) });
    for round in 1..=3 {
        (0..40).for_each(|_| sensor.journal.write(20));
        desktop.block_on(until("connected", || link.counts().connections >= round));
        let (dir, journal, address) = kill(sensors, sensor);
        (0..40).for_each(|_| journal.write(20));
        sensors = runtime();
        sensor = sensors.block_on(async { serve(dir, journal, address) });
    }
    let begun = Instant::now();
    desktop.block_on(until("all acknowledged", || sensor.journal.acknowledged() == 240));
    // Told by the restarted sensor, not found out by twenty seconds of silence.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let mut arrived = lock(&survey.arrivals).clone();
    arrived.sort_unstable();
    assert_eq!(arrived, (1..=240).collect::<Vec<_>>());
    desktop.block_on(link.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_survey_begins_where_the_journal_does_and_has_networks_announced() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    (0..10).for_each(|_| sensor.journal.write(1));
    let first = record(&store, &known, &MemorySurvey::default());
    until("all acknowledged", || sensor.journal.acknowledged() == 10).await;
    first.stop().await;
    sensor.journal.write(1);
    let survey = MemorySurvey::default();
    let second = record(&store, &known, &survey);
    until("the new one", || sensor.journal.acknowledged() == 11).await;
    assert_eq!(*lock(&survey.arrivals), [11]);
    assert_eq!(*lock(&sensor.journal.announced), 1);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_that_refuses_keeps_the_batch_in_the_journal() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    sensor.journal.write(1);
    let survey = MemorySurvey::default();
    *lock(&survey.refuse) = true;
    let link = record(&store, &known, &survey);
    state_of(&link, |state| {
        matches!(state, LinkState::Waiting { trouble: LinkTrouble::Survey(_), .. })
    })
    .await;
    assert_eq!(sensor.journal.acknowledged(), 0);
    *lock(&survey.refuse) = false;
    link.retry_now();
    until("acknowledged", || sensor.journal.acknowledged() == 1).await;
    link.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_goes_ahead_of_a_backlog() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    (0..400).for_each(|_| sensor.journal.write(50));
    let survey = MemorySurvey::default();
    *lock(&survey.stalled) = true;
    let link = record(&store, &known, &survey);
    state_of(&link, LinkState::is_connected).await;
    let mut written = 400;
    // The first may be written before the sensor knows where to begin; then it is no news.
    while lock(&survey.live).is_empty() {
        sensor.journal.write(1);
        written += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(lock(&survey.live)[0] > 400);
    assert_eq!(*lock(&sensor.journal.announced), 1);
    assert_eq!(sensor.journal.acknowledged(), 0);
    *lock(&survey.stalled) = false;
    until("all acknowledged", || sensor.journal.acknowledged() == written).await;
    assert_eq!(*lock(&survey.arrivals), (1..=written).collect::<Vec<_>>());
    link.stop().await;
}

/// A sensor of a later release, which gave the link another name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sensor_of_another_version_says_so() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    let identity = pw_sensor::link::identity(sensor.dir.path()).expect("stored");
    let policy = Arc::new(pw_trust::PinnedKey::new(store.identity().fingerprint()));
    let mut tls = pw_trust::server_config(&identity, policy).expect("own identity");
    tls.alpn_protocols = vec![b"piwardrive-link/2".to_vec()];
    let crypto = quinn::crypto::rustls::QuicServerConfig::try_from(tls).expect("TLS 1.3");
    let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    let later = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let address = later.local_addr().expect("bound").to_string();
    let accepting = tokio::spawn(async move {
        while let Some(incoming) = later.accept().await {
            // It fails, which is what this is for.
            drop(incoming.await);
        }
    });
    store.set_address(&known.fingerprint, &address).expect("known");
    let link = record(&store, &known, &MemorySurvey::default());
    let state = state_of(&link, |state| matches!(state, LinkState::Waiting { .. })).await;
    assert!(
        matches!(&state, LinkState::Waiting { trouble: LinkTrouble::Version(_), .. }),
        "{state:?}"
    );
    link.stop().await;
    accepting.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_without_an_address_says_so() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    // A name that never has one (RFC 6761, 6.4).
    store.set_address(&known.fingerprint, "sensor.invalid:47147").expect("known");
    let link = record(&store, &known, &MemorySurvey::default());
    let state = state_of(&link, |state| matches!(state, LinkState::Waiting { .. })).await;
    assert!(
        state.words(Instant::now()).contains("no address found for sensor.invalid"),
        "{state:?}"
    );
    link.stop().await;
}

/// Two desktops at one sensor, and one desktop with two sensors.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_desktop_gets_everything_of_every_sensor() {
    let (one, other) = (sensor(), sensor());
    let (_dir, store, known) = paired(&one).await;
    let code = other.link.open_pairing().expect("random").to_string();
    let known_other = pair(&store, &other.address.to_string(), &code, Some("van"), "laptop").await;
    let known_other = known_other.expect("the right code");
    let (_second_dir, second_store, second_known) = paired(&one).await;
    assert_eq!(one.link.keys().desktops().len(), 2);

    let surveys: [MemorySurvey; 3] = Default::default();
    let links = [
        record(&store, &known, &surveys[0]),
        record(&store, &known_other, &surveys[1]),
        record(&second_store, &second_known, &surveys[2]),
    ];
    for link in &links {
        state_of(link, LinkState::is_connected).await;
    }
    assert_eq!(one.link.traffic().connected, 2);
    let all: Vec<u64> = (1..=100).collect();
    for _ in &all {
        one.journal.write(3);
        other.journal.write(3);
    }
    until("all acknowledged", || {
        one.journal.acknowledged() == 100 && other.journal.acknowledged() == 100
    })
    .await;
    for survey in &surveys {
        assert_eq!(*lock(&survey.arrivals), all);
    }
    for link in links {
        link.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_is_said_and_tried_again() {
    let sensor = sensor();
    let (_dir, store, known) = paired(&sensor).await;
    let free = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("bound").to_string();
    store.set_address(&known.fingerprint, &address).expect("known");
    let link = record(&store, &known, &MemorySurvey::default());
    let state = state_of(&link, |state| matches!(state, LinkState::Waiting { .. })).await;
    assert!(state.words(Instant::now()).contains("does not answer"), "{state:?}");
    link.stop().await;
}
