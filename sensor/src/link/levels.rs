//! Sends the levels of this moment to one desktop, beside its streams: the newest, the watched first.

use crate::levels::{HeardLevel, Levels};
use pw_model::{MacAddr, RadioId};
use pw_wire::{MAX_LEVELS, SignalLevel, SignalLevels, levels_within};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

/// Bytes of datagrams that may wait for room on the path: the longest one. While one waits none is
/// added, however short: what is heard meanwhile renews the levels of the next one.
/// What quinn reckons for each beside its bytes is a little less than 64.
pub(super) const SEND_BUFFER: usize = pw_wire::MAX_LEVELS_BYTES + 64;

/// While a datagram waits for room on the path, it is looked again so often whether it went.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Shortest time between two datagrams, when a watched transmitter was heard: 20 a second,
const WATCHED_INTERVAL: Duration = Duration::from_millis(50);
/// and otherwise: 10 a second.
const INTERVAL: Duration = Duration::from_millis(100);

/// Levels of transmitters that nobody watches in one datagram, the strongest first. They are there so
/// that one that is chosen next has a level at once, and must not fill a slow path.
const OTHERS_MAX: usize = 24;

/// Transmitters (for each radio) that wait for the next datagram; further ones are left out.
const PENDING_MAX: usize = 4_096;

/// What was heard since the last datagram, and the number of that one.
#[derive(Debug, Default)]
struct Pending {
    levels: HashMap<(MacAddr, RadioId), HeardLevel>,
    watched: BTreeSet<MacAddr>,
    watched_heard: bool,
    left_out: usize,
    sequence: u64,
}

impl Pending {
    fn watch(&mut self, watched: &[MacAddr]) {
        self.watched = watched.iter().copied().collect();
        self.watched_heard =
            self.levels.keys().any(|(transmitter, _)| self.watched.contains(transmitter));
    }

    /// Nobody wants levels any more: those that wait would be of the past when they are wanted again.
    /// The number goes on, or the desktop took the next datagram of this connection for a late one.
    fn forget(&mut self) {
        *self = Self { sequence: self.sequence, ..Self::default() };
    }

    /// Takes in what was handed over. Gives how many of the levels had no room.
    fn add(&mut self, handed: &[HeardLevel]) -> usize {
        let before = self.left_out;
        for level in handed {
            let is_watched = self.watched.contains(&level.transmitter);
            self.watched_heard |= is_watched;
            let key = (level.transmitter, level.radio);
            if let Some(pending) = self.levels.get_mut(&key) {
                pending.add(level);
            } else if is_watched || self.levels.len() < PENDING_MAX {
                self.levels.insert(key, *level);
            } else {
                self.left_out = self.left_out.saturating_add(1);
            }
        }
        self.left_out.saturating_sub(before)
    }

    /// Shortest time since the last datagram; `None` while there is nothing to send.
    fn interval(&self) -> Option<Duration> {
        let interval = if self.watched_heard { WATCHED_INTERVAL } else { INTERVAL };
        (!self.levels.is_empty()).then_some(interval)
    }

    /// The next datagram of at most so many bytes; `None` when nothing fits or was heard. All stays as
    /// it is until it is [`Self::sent`].
    fn next(&self, longest: usize, now: std::time::Instant) -> Option<SignalLevels> {
        let room = levels_within(longest).min(MAX_LEVELS);
        if room == 0 {
            return None;
        }
        let mut levels: Vec<&HeardLevel> = self.levels.values().collect();
        let others = |level: &HeardLevel| !self.watched.contains(&level.transmitter);
        levels.sort_unstable_by_key(|level| {
            (others(level), Reverse(level.strongest_dbm), level.transmitter, level.radio)
        });
        let watched = levels.partition_point(|level| !others(level));
        let sent = room.min(watched.saturating_add(OTHERS_MAX)).min(levels.len());
        let left_out = levels.len().saturating_sub(sent).saturating_add(self.left_out);
        levels.truncate(sent);
        let time = levels.iter().map(|level| level.time).max()?;
        Some(SignalLevels {
            sequence: self.sequence.saturating_add(1),
            time,
            left_out: u16::try_from(left_out).unwrap_or(u16::MAX),
            levels: levels.into_iter().map(|level| on_the_wire(level, now)).collect(),
        })
    }

    /// The network has this datagram. Gives how many of the levels are not in it.
    fn sent(&mut self, datagram: &SignalLevels) -> usize {
        let left_out = self.levels.len().saturating_sub(datagram.levels.len());
        self.levels.clear();
        self.watched_heard = false;
        self.left_out = 0;
        self.sequence = datagram.sequence;
        left_out
    }
}

fn on_the_wire(level: &HeardLevel, now: std::time::Instant) -> SignalLevel {
    let age_ms = now.saturating_duration_since(level.at).as_millis();
    SignalLevel {
        transmitter: level.transmitter,
        radio: level.radio,
        signal_dbm: level.signal_dbm,
        strongest_dbm: level.strongest_dbm,
        frequency_mhz: level.frequency_mhz.filter(|mhz| *mhz != 0),
        age_ms: u16::try_from(age_ms).unwrap_or(u16::MAX),
        frames: u16::try_from(level.frames).unwrap_or(u16::MAX),
    }
}

/// Sends levels whenever the desktop wants some (`watched` holds `Some`), until the connection ends
/// (`watched` is dropped). Once for each connection: its datagrams are numbered on.
pub(super) async fn send_levels(
    connection: quinn::Connection,
    levels: Levels,
    mut watched: watch::Receiver<Option<Vec<MacAddr>>>,
) {
    if connection.max_datagram_size().is_none() {
        return tracing::debug!("a desktop asks for levels and takes no datagrams");
    }
    let mut sender = LevelSender::new(connection, levels);
    while watched.wait_for(Option::is_some).await.is_ok() {
        if let Err(error) = sender.send_while_wanted(&mut watched).await {
            return tracing::debug!("levels: {error}");
        }
    }
}

struct LevelSender {
    connection: quinn::Connection,
    levels: Levels,
    pending: Pending,
    /// When the last datagram was due.
    last: Instant,
    /// Room in the connection's buffer while nothing waits there, in bytes.
    empty_space: usize,
    /// The datagram before still waits; when to look again.
    waits_until: Option<Instant>,
}

impl LevelSender {
    fn new(connection: quinn::Connection, levels: Levels) -> Self {
        Self {
            // Nobody else sends datagrams over a connection, so none waits yet.
            empty_space: connection.datagram_send_buffer_space(),
            connection,
            levels,
            pending: Pending::default(),
            last: Instant::now(),
            waits_until: None,
        }
    }

    /// Returns when no levels are wanted any more.
    async fn send_while_wanted(
        &mut self,
        watched: &mut watch::Receiver<Option<Vec<MacAddr>>>,
    ) -> Result<(), quinn::SendDatagramError> {
        let mut handed = self.levels.subscribe();
        let mut changed = true;
        loop {
            if changed {
                match watched.borrow_and_update().as_deref() {
                    Some(watched) => self.pending.watch(watched),
                    None => {
                        self.pending.forget();
                        return Ok(());
                    }
                }
                changed = false;
            }
            let due = self.pending.interval().map(|interval| self.last + interval);
            let due = due.map(|due| self.waits_until.unwrap_or(due).max(due));
            tokio::select! {
                received = handed.recv() => match received {
                    Ok(heard) => {
                        let left_out = self.pending.add(&heard);
                        self.levels.left_out(left_out);
                    }
                    Err(broadcast::error::RecvError::Lagged(missed)) => self.levels.missed(missed),
                    Err(broadcast::error::RecvError::Closed) => return Ok(()),
                },
                wish = watched.changed() => match wish {
                    Ok(()) => changed = true,
                    Err(_dropped) => return Ok(()),
                },
                () = super::connection::at(due) => self.send()?,
            }
        }
    }

    /// Sends the next datagram, unless the one before still waits for room on the path.
    fn send(&mut self) -> Result<(), quinn::SendDatagramError> {
        let now = Instant::now();
        if self.connection.datagram_send_buffer_space() < self.empty_space {
            if self.waits_until.replace(now + LOOK_AGAIN).is_none() {
                self.levels.delayed();
            }
            return Ok(());
        }
        self.waits_until = None;
        self.last = now;
        let longest = self.connection.max_datagram_size().unwrap_or(0);
        let Some(datagram) = self.pending.next(longest, now.into_std()) else { return Ok(()) };
        match self.connection.send_datagram(datagram.encode().into()) {
            Ok(()) => {
                let left_out = self.pending.sent(&datagram);
                self.levels.sent(left_out);
                Ok(())
            }
            // The path became narrower since it was asked. The levels stay for the next one, which goes
            // by that and has the same number.
            Err(quinn::SendDatagramError::TooLarge) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::Timestamp;
    use pw_trust::{FirstKey, Identity, PinnedKey, Purpose};
    use pw_wire::{LevelsReceived, MAX_LEVELS_BYTES};
    use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
    use quinn::{ClientConfig, Endpoint, ServerConfig, TransportConfig};
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use tokio::runtime::{Builder, Runtime};

    fn heard(number: u8, signal_dbm: i8) -> HeardLevel {
        HeardLevel {
            transmitter: MacAddr([2, 0, 0, 0, 0, number]),
            radio: RadioId(0),
            signal_dbm,
            strongest_dbm: signal_dbm,
            frequency_mhz: None,
            time: Timestamp::from_unix_secs(i64::from(number)),
            at: std::time::Instant::now(),
            frames: 1,
        }
    }

    fn last_bytes(datagram: &SignalLevels) -> Vec<u8> {
        datagram.levels.iter().map(|level| level.transmitter.0[5]).collect()
    }

    #[test]
    fn watched_first_then_the_strongest_and_the_rest_is_counted() {
        let mut pending = Pending::default();
        pending.watch(&[MacAddr([2, 0, 0, 0, 0, 200]), MacAddr([2, 0, 0, 0, 0, 201])]);
        let all: Vec<HeardLevel> = (0..100).map(|n| heard(n, -90 + (n % 60) as i8)).collect();
        assert_eq!(pending.add(&all), 0);
        assert_eq!(pending.interval(), Some(INTERVAL));
        assert_eq!(pending.add(&[heard(201, -95), heard(200, -99)]), 0);
        assert_eq!(pending.interval(), Some(WATCHED_INTERVAL));
        let now = std::time::Instant::now();
        let datagram = pending.next(MAX_LEVELS_BYTES, now).expect("levels");
        assert_eq!(datagram.levels.len(), 2 + OTHERS_MAX);
        assert_eq!(last_bytes(&datagram)[..4], [201, 200, 59, 58], "weak, but watched");
        assert_eq!(usize::from(datagram.left_out), 100 - OTHERS_MAX);
        assert_eq!((datagram.sequence, datagram.time), (1, Timestamp::from_unix_secs(201)));
        assert_eq!(SignalLevels::decode(&datagram.encode()).as_ref(), Ok(&datagram));
        assert_eq!(pending.sent(&datagram), 100 - OTHERS_MAX);
        assert_eq!(pending.next(MAX_LEVELS_BYTES, now), None, "nothing was heard since");
        assert_eq!(pending.interval(), None);
    }

    #[test]
    fn a_narrow_path_gets_less_and_keeps_the_newest() {
        let mut pending = Pending::default();
        pending.watch(&[MacAddr([2, 0, 0, 0, 0, 1])]);
        assert_eq!(pending.add(&[heard(1, -40), heard(2, -30)]), 0);
        assert_eq!(pending.add(&[heard(1, -60)]), 0);
        let now = std::time::Instant::now();
        assert_eq!(pending.next(10, now), None, "not even one fits");
        let datagram = pending.next(48, now).expect("one fits");
        let [only] = datagram.levels[..] else { panic!("{datagram:?}") };
        assert_eq!((only.signal_dbm, only.strongest_dbm, only.frames), (-60, -40, 2));
        assert_eq!(datagram.left_out, 1);
    }

    /// A datagram that the network did not take has neither levels nor a number.
    #[test]
    fn what_was_not_sent_stays_for_the_next() {
        let mut pending = Pending::default();
        assert_eq!(pending.add(&[heard(1, -40), heard(2, -30)]), 0);
        let now = std::time::Instant::now();
        let refused = pending.next(MAX_LEVELS_BYTES, now).expect("levels");
        assert_eq!(refused.levels.len(), 2);
        let sent = pending.next(48, now).expect("one fits");
        assert_eq!((sent.sequence, last_bytes(&sent), sent.left_out), (1, vec![2], 1));
        assert_eq!(pending.sent(&sent), 1, "counted, though the narrow path is to blame");
        assert_eq!(pending.add(&[heard(3, -50)]), 0);
        pending.forget();
        assert_eq!(pending.next(MAX_LEVELS_BYTES, now), None, "of the past");
        assert_eq!(pending.add(&[heard(3, -50)]), 0);
        assert_eq!(pending.next(48, now).expect("one").sequence, 2, "goes on after a pause");
    }

    #[test]
    fn what_has_no_room_to_wait_is_counted() {
        let mut pending = Pending::default();
        let watched = heard(1, -90);
        pending.watch(&[watched.transmitter]);
        let many = u16::try_from(PENDING_MAX + 7).expect("few enough");
        let many: Vec<HeardLevel> = (0..many)
            .map(|number| {
                let [a, b] = number.to_be_bytes();
                HeardLevel { transmitter: MacAddr([6, 0, 0, 0, a, b]), ..heard(9, -50) }
            })
            .collect();
        assert_eq!(pending.add(&many), 7);
        assert_eq!(pending.add(&[watched]), 0, "there is always room for a watched one");
        let datagram = pending.next(MAX_LEVELS_BYTES, std::time::Instant::now()).expect("levels");
        assert_eq!(usize::from(datagram.left_out), 7 + PENDING_MAX - OTHERS_MAX);
        assert_eq!(pending.sent(&datagram), PENDING_MAX - OTHERS_MAX, "the 7 are counted already");
    }

    /// Both ends of a connection on loopback: the sensor's, which runs on its own, and the desktop's,
    /// which does nothing unless its runtime is driven.
    struct Path {
        ours: Runtime,
        sensor: quinn::Connection,
        theirs: Runtime,
        desktop: quinn::Connection,
        _endpoints: (Endpoint, Endpoint),
    }

    fn path() -> Path {
        let runtime = |mut builder: Builder| builder.enable_all().build().expect("a runtime");
        let mut background = Builder::new_multi_thread();
        background.worker_threads(1);
        let (ours, theirs) = (runtime(background), runtime(Builder::new_current_thread()));
        let identity = Identity::generate().expect("drawn");
        let policy = Arc::new(FirstKey::default());
        let tls = pw_trust::server_config(&identity, policy).expect("own identity");
        let crypto = QuicServerConfig::try_from(tls).expect("TLS 1.3");
        let mut config = ServerConfig::with_crypto(Arc::new(crypto));
        let mut transport = TransportConfig::default();
        transport.datagram_send_buffer_size(SEND_BUFFER);
        config.transport_config(Arc::new(transport));
        let endpoint = ours
            .block_on(async { Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()) })
            .expect("a port");
        let address = endpoint.local_addr().expect("bound");
        let accepting = ours.spawn(async move {
            let sensor = endpoint.accept().await.expect("open").await.expect("a handshake");
            (endpoint, sensor)
        });
        let purpose = Purpose::Link(Arc::new(PinnedKey::new(identity.fingerprint())));
        let own = Identity::generate().expect("drawn");
        let tls = pw_trust::client_config(&own, &purpose).expect("own identity");
        let crypto = QuicClientConfig::try_from(tls).expect("TLS 1.3");
        let (client, desktop) = theirs.block_on(async {
            let client = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
            let config = ClientConfig::new(Arc::new(crypto));
            let connecting = client.connect_with(config, address, "sensor").expect("well formed");
            let desktop = connecting.await.expect("a handshake");
            (client, desktop)
        });
        let (endpoint, sensor) = ours.block_on(accepting).expect("accepted");
        Path { ours, sensor, theirs, desktop, _endpoints: (endpoint, client) }
    }

    /// While a desktop acknowledges nothing, short datagrams do not pile up in the connection's buffer:
    /// when the path is free again the newest level comes at once, and all numbers are there.
    #[test]
    fn one_datagram_at_most_waits_for_a_path_that_takes_none() {
        let path = path();
        let levels = Levels::default();
        let mut sender = LevelSender::new(path.sensor.clone(), levels.clone());
        let sensor = path.sensor.clone();
        let backlog = path.ours.spawn(async move {
            let mut stream = sensor.open_uni().await.expect("allowed");
            stream.write_all(&vec![0; 64 << 10]).await.expect("taken");
        });
        let one = pw_wire::LEVELS_HEAD_BYTES + pw_wire::LEVEL_BYTES + 64;
        let mut most = 0;
        for _ in 0..1_000 {
            assert_eq!(sender.pending.add(&[heard(1, -70)]), 0);
            sender.send().expect("connected");
            most = most.max(sender.empty_space - path.sensor.datagram_send_buffer_space());
            assert!(most <= one, "{most} bytes wait: more than one datagram");
            if levels.counts().delayed >= 3 {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(most > 0 && levels.counts().delayed > 0, "the path was never full");
        assert_eq!(sender.pending.add(&[heard(1, -60)]), 0);

        let mut received = LevelsReceived::default();
        path.theirs.block_on(async {
            let mut stream = path.desktop.accept_uni().await.expect("the backlog");
            let reading = tokio::spawn(async move { stream.read_to_end(1 << 20).await });
            loop {
                sender.send().expect("connected");
                let next = path.desktop.read_datagram();
                let Ok(bytes) = tokio::time::timeout(Duration::from_millis(5), next).await else {
                    continue;
                };
                let datagram = received.receive(&bytes.expect("connected")).expect("in order");
                if datagram.levels.iter().any(|level| level.signal_dbm == -60) {
                    break;
                }
            }
            reading.await.expect("no panic").expect("all of the backlog");
        });
        assert_eq!(received.taken, levels.counts().datagrams);
        assert_eq!(received.lost(), 0);
        path.ours.block_on(backlog).expect("all of the backlog");
    }
}
