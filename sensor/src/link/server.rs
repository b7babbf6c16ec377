//! Accepts connections, within bounds, and says in the log whom it refuses and why.

use super::BatchSource;
use super::admission::{Counts, MAX_HANDSHAKES, Place};
use super::command::{self, Duties};
use super::connection::{Served, greeting, serve};
use super::gate::{Gate, PairingState, Visitor};
use super::keys::{KeyStore, KeyStoreError, PairedDesktop};
use super::pair::pair;
use super::pairing_file;
use super::socket::{GuardedSocket, OwnIds, REPORT_INTERVAL, ResetKey};
use crate::audit::{Audit, AuditEntry, AuditKind};
use pw_model::{Origin, SensorId};
use pw_trust::{Identity, KeyFingerprint, PairingCode, Purpose, RandomError, TlsError};
use pw_wire::{GoodbyeReason, RefusedReason, SensorIntroduction, Status};
use quinn::congestion::BbrConfig;
use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use quinn::{
    ConnectionError, EndpointConfig, Incoming, Runtime, ServerConfig, TokioRuntime,
    TransportConfig, VarInt,
};
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// From so many handshakes on, a newcomer must first prove its address (RFC 9000, 8.1.2).
const RETRY_FROM: usize = 4;

/// Desktops that are served at once; one more is told that the sensor is busy.
pub const MAX_CONNECTIONS: usize = 8;

/// Longest time for a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection over which nothing comes for so long is given up.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Round trip assumed before it is known: how soon the first packets are repeated. Shorter than RFC
/// 9002 recommends (333 ms): a few packets more on a slow path against seconds on a lossy one.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(120);

/// Bytes that may lie sent and not yet received.
const SEND_WINDOW: u64 = 4 << 20;

/// Bytes that a desktop may send ahead: messages only.
const RECEIVE_WINDOW: u32 = 256 << 10;

/// What the link is told at its start.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Folder of keys and pairing requests.
    pub state_dir: PathBuf,
    /// Name the owner gave the sensor.
    pub name: String,
    /// Program and release, like `piwardrive-sensor 0.1.0`.
    pub software: String,
    /// Where the frames come from.
    pub origin: Origin,
}

/// Why the link could not start.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {listen}: {error}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// What is done cannot be noted.
    #[error("the audit log in {}: {error}", .state_dir.display())]
    Audit {
        /// The state folder.
        state_dir: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// QUIC cannot be set up.
    #[error("QUIC cannot be set up: {0}")]
    Quic(String),
}

/// What the link did since its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LinkTraffic {
    /// Desktops connected right now.
    pub connected: usize,
    /// Connections refused: unknown key, no certificate, wrong protocol.
    pub refused: u64,
    /// Newcomers ignored because too many handshakes were under way.
    pub ignored: u64,
    /// Datagrams dropped because they were not QUIC for us.
    pub not_quic: u64,
}

/// The running link.
#[derive(Debug)]
pub struct Link {
    endpoint: quinn::Endpoint,
    socket: Arc<GuardedSocket>,
    gate: Arc<Gate>,
    sensor: KeyFingerprint,
    counts: Arc<Counts>,
    connections: Arc<Connections>,
    accepting: JoinHandle<()>,
    /// While this lives, the thread that watches the state folder goes on.
    _running: Arc<()>,
}

/// Who is connected, and how to end it.
#[derive(Debug, Default)]
struct Connections {
    by_key: Mutex<ByKey>,
}

/// Number of the connection, and what ends it.
type ByKey = BTreeMap<KeyFingerprint, (u64, watch::Sender<Option<GoodbyeReason>>)>;

impl Connections {
    fn lock(&self) -> MutexGuard<'_, ByKey> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a desktop in; ends its older connection. `None` when there is no room.
    fn enter(
        &self,
        key: KeyFingerprint,
        number: u64,
    ) -> Option<watch::Receiver<Option<GoodbyeReason>>> {
        let mut by_key = self.lock();
        if by_key.len() >= MAX_CONNECTIONS && !by_key.contains_key(&key) {
            return None;
        }
        let (sender, receiver) = watch::channel(None);
        if let Some((_, older)) = by_key.insert(key, (number, sender)) {
            older.send_replace(Some(GoodbyeReason::Replaced));
        }
        Some(receiver)
    }

    fn leave(&self, key: &KeyFingerprint, number: u64) {
        let mut by_key = self.lock();
        if by_key.get(key).is_some_and(|(own, _)| *own == number) {
            by_key.remove(key);
        }
    }

    fn end(&self, reason: &GoodbyeReason, which: impl Fn(&KeyFingerprint) -> bool) {
        for (key, (_, sender)) in self.lock().iter() {
            if which(key) {
                sender.send_replace(Some(reason.clone()));
            }
        }
    }
}

/// Starts to serve `source` to paired desktops. `status` is what [`pw_wire::Message::Status`]
/// carries; set it as often as it changes, it is sent at most once a second.
///
/// # Errors
/// The address cannot be used, or keys cannot be read.
pub fn start<S: BatchSource>(
    settings: LinkSettings,
    identity: Identity,
    source: S,
    status: watch::Receiver<Option<Status>>,
) -> Result<Link, LinkError> {
    start_with(settings, identity, source, status, Duties::default())
}

/// The same, and does what desktops ask for.
///
/// # Errors
/// The address cannot be used, or keys cannot be read.
pub fn start_with<S: BatchSource>(
    settings: LinkSettings,
    identity: Identity,
    source: S,
    status: watch::Receiver<Option<Status>>,
    duties: Duties,
) -> Result<Link, LinkError> {
    let audit = Audit::open(&settings.state_dir)
        .map_err(|error| LinkError::Audit { state_dir: settings.state_dir.clone(), error })?;
    let gate = Arc::new(Gate::new(KeyStore::open(&settings.state_dir)?, audit));
    let listen = settings.listen;
    let unusable = |error| LinkError::Listen { listen, error };
    let ids = OwnIds::new(identity.secret_for("connection identifiers"));
    let mut endpoint_config =
        EndpointConfig::new(Arc::new(ResetKey(identity.secret_for("stateless resets"))));
    let generator = ids.clone();
    endpoint_config.cid_generator(move || Box::new(generator.clone()));
    let server_config = server_config(&identity, &Arc::new(Visitor::new(Arc::clone(&gate))))?;
    let socket = UdpSocket::bind(listen).map_err(unusable)?;
    let socket = TokioRuntime.wrap_udp_socket(socket).map_err(unusable)?;
    let socket = Arc::new(GuardedSocket::new(socket, ids));
    let endpoint = quinn::Endpoint::new_with_abstract_socket(
        endpoint_config,
        Some(server_config.clone()),
        Arc::<GuardedSocket>::clone(&socket),
        Arc::new(TokioRuntime),
    )
    .map_err(unusable)?;

    let running = Arc::new(());
    watch_state_dir(&gate, &settings.state_dir, &running)?;
    let sensor = identity.fingerprint();
    let known: Vec<String> = gate.keys.desktops().iter().map(in_short).collect();
    let known =
        format!("paired: {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") });
    gate.audit.record(&AuditEntry::new(AuditKind::Started).detail(&known));
    let counts = Arc::<Counts>::default();
    let connections = Arc::<Connections>::default();
    let accepting = tokio::spawn(
        Acceptor {
            endpoint: endpoint.clone(),
            socket: Arc::clone(&socket),
            gate: Arc::clone(&gate),
            server_config,
            introduction: SensorIntroduction {
                software: settings.software,
                sensor: sensor.sensor_id(),
                name: settings.name,
                origin: settings.origin,
                epoch: source.epoch(),
            },
            identity: Arc::new(identity),
            source,
            status,
            duties,
            counts: Arc::clone(&counts),
            connections: Arc::clone(&connections),
        }
        .run(),
    );
    let _running = running;
    Ok(Link { endpoint, socket, gate, sensor, counts, connections, accepting, _running })
}

impl Link {
    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }

    /// The sensor's identifier.
    #[must_use]
    pub fn sensor(&self) -> SensorId {
        self.sensor.sensor_id()
    }

    /// The paired desktops.
    #[must_use]
    pub fn keys(&self) -> &KeyStore {
        &self.gate.keys
    }

    /// Opens a pairing window of two minutes; gives the code for the desktop.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn open_pairing(&self) -> Result<PairingCode, RandomError> {
        let code = PairingCode::generate()?;
        self.gate.open_window(code.clone());
        Ok(code)
    }

    /// What becomes of the pairing window.
    #[must_use]
    pub fn pairing(&self) -> watch::Receiver<PairingState> {
        self.gate.state()
    }

    /// What it did since its start.
    #[must_use]
    pub fn traffic(&self) -> LinkTraffic {
        LinkTraffic {
            connected: self.connections.lock().len(),
            refused: self.counts.refused.load(Ordering::Relaxed),
            ignored: self.counts.ignored.load(Ordering::Relaxed),
            not_quic: self.socket.dropped(),
        }
    }

    /// Says goodbye to every desktop and closes.
    pub async fn shutdown(self) {
        self.socket.hear_no_newcomer();
        self.connections.end(&GoodbyeReason::Stopping, |_| true);
        self.accepting.abort();
        let patience = Duration::from_secs(2);
        let all_gone = async {
            while !self.connections.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        // In time or not: what was not acknowledged stays in the journal.
        drop(tokio::time::timeout(patience, all_gone).await);
        self.endpoint.close(VarInt::from_u32(0), b"");
        drop(tokio::time::timeout(patience, self.endpoint.wait_idle()).await);
        let gate = Arc::clone(&self.gate);
        gate.audit.record(&AuditEntry::new(AuditKind::Stopped));
        if let Err(error) = tokio::task::spawn_blocking(move || gate.audit.close()).await {
            tracing::error!("the audit log: {error}");
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.accepting.abort();
        self.endpoint.close(VarInt::from_u32(0), b"");
    }
}

/// A paired desktop as the list at the start names it.
fn in_short(desktop: &PairedDesktop) -> String {
    format!("{} (key {})", desktop.name, desktop.fingerprint.short())
}

fn watch_state_dir(
    gate: &Arc<Gate>,
    state_dir: &std::path::Path,
    running: &Arc<()>,
) -> Result<(), LinkError> {
    let (gate, running) = (Arc::clone(gate), Arc::clone(running));
    let state_dir = state_dir.to_owned();
    std::thread::Builder::new()
        .name("link-keys".to_owned())
        .spawn(move || pairing_file::watch(&gate, &state_dir, &running))
        .map(drop)
        .map_err(|error| LinkError::Quic(format!("no thread: {error}")))
}

fn server_config(identity: &Identity, visitor: &Arc<Visitor>) -> Result<ServerConfig, LinkError> {
    let tls = pw_trust::server_config(identity, Arc::<Visitor>::clone(visitor))?;
    let crypto = QuicServerConfig::try_from(tls).map_err(|e| LinkError::Quic(e.to_string()))?;
    let mut transport = TransportConfig::default();
    let idle =
        IDLE_TIMEOUT.try_into().map_err(|_too_long| LinkError::Quic("idle timeout".to_owned()))?;
    transport
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(RECEIVE_WINDOW))
        .receive_window(VarInt::from_u32(RECEIVE_WINDOW))
        .send_window(SEND_WINDOW)
        .max_idle_timeout(Some(idle))
        .initial_rtt(FIRST_ROUND_TRIP)
        // Goes by measured bandwidth and not by loss: over a path that loses three of ten packets the
        // usual one (Cubic) needs several times as long to go on after a cut.
        .congestion_controller_factory(Arc::new(BbrConfig::default()))
        .datagram_receive_buffer_size(None);
    let mut config = ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(transport)).max_incoming(4 * MAX_HANDSHAKES);
    Ok(config)
}

struct Acceptor<S: BatchSource> {
    endpoint: quinn::Endpoint,
    socket: Arc<GuardedSocket>,
    gate: Arc<Gate>,
    server_config: ServerConfig,
    identity: Arc<Identity>,
    introduction: SensorIntroduction,
    source: S,
    status: watch::Receiver<Option<Status>>,
    duties: Duties,
    counts: Arc<Counts>,
    connections: Arc<Connections>,
}

impl<S: BatchSource> Acceptor<S> {
    async fn run(self) {
        let mut desktops = self.gate.keys.subscribe();
        let mut report = tokio::time::interval(REPORT_INTERVAL);
        let mut number = 0;
        let mut known = self.gate.keys.desktops();
        desktops.mark_changed();
        loop {
            tokio::select! {
                incoming = self.endpoint.accept() => match incoming {
                    Some(incoming) => {
                        number += 1;
                        self.receive(incoming, number);
                    }
                    None => return,
                },
                Ok(()) = desktops.changed() => {
                    let now = desktops.borrow_and_update().clone();
                    let keys: Vec<_> = now.iter().map(|d| d.fingerprint).collect();
                    for gone in known.iter().filter(|old| !keys.contains(&old.fingerprint)) {
                        let entry = AuditEntry::new(AuditKind::KeyRevoked);
                        self.gate.audit.record(&entry.desktop(&gone.name, &gone.fingerprint));
                    }
                    known = now;
                    self.connections.end(&GoodbyeReason::Revoked, |key| !keys.contains(key));
                    self.source.set_desktops(keys.iter().map(|key| key.0).collect());
                }
                _ = report.tick() => {
                    self.socket.report();
                    if let Some(untold) = self.counts.report() {
                        let entry = AuditEntry::new(AuditKind::RefusedMore);
                        self.gate.audit.record(&entry.detail(&untold));
                    }
                }
            }
        }
    }

    fn receive(&self, incoming: Incoming, number: u64) {
        let address = incoming.remote_address();
        let handshakes = self.counts.handshakes.count();
        if (RETRY_FROM..MAX_HANDSHAKES).contains(&handshakes)
            && !incoming.remote_address_validated()
        {
            if let Err(error) = incoming.retry() {
                tracing::debug!("{error}");
            }
            return;
        }
        let Some(place) = self.counts.handshakes.enter(address.ip()) else {
            self.counts.ignore();
            return incoming.ignore();
        };
        let visitor = Arc::new(Visitor::new(Arc::clone(&self.gate)));
        let mut config = self.server_config.clone();
        match server_config(&self.identity, &visitor) {
            Ok(own) => config.crypto = own.crypto,
            Err(error) => {
                tracing::error!("{error}");
                return incoming.ignore();
            }
        }
        let guest = Guest {
            number,
            address: SocketAddr::new(address.ip().to_canonical(), address.port()),
            visitor,
            gate: Arc::clone(&self.gate),
            sensor: self.identity.fingerprint(),
            introduction: self.introduction.clone(),
            source: self.source.clone(),
            status: self.status.clone(),
            duties: self.duties.clone(),
            counts: Arc::clone(&self.counts),
            connections: Arc::clone(&self.connections),
        };
        tokio::spawn(guest.run(incoming, config, place));
    }
}

/// One connection from its first packet on.
struct Guest<S: BatchSource> {
    number: u64,
    address: SocketAddr,
    visitor: Arc<Visitor>,
    gate: Arc<Gate>,
    sensor: KeyFingerprint,
    introduction: SensorIntroduction,
    source: S,
    status: watch::Receiver<Option<Status>>,
    duties: Duties,
    counts: Arc<Counts>,
    connections: Arc<Connections>,
}

impl<S: BatchSource> Guest<S> {
    async fn run(self, incoming: Incoming, config: ServerConfig, place: Place) {
        let handshake = self.handshake(incoming, config).await;
        let (connection, key, purpose) = match handshake {
            Ok(greeted) => greeted,
            Err(why) => return self.refused(&why),
        };
        if purpose == Purpose::PAIR {
            let name = &self.introduction.name;
            match pair(&self.gate, &connection, self.sensor, name, key).await {
                Ok(name) => {
                    let entry = AuditEntry::new(AuditKind::Paired).desktop(&name, &key);
                    self.gate.audit.record(&entry.address(self.address));
                    tracing::info!(
                        "paired with desktop '{name}', key {}, at {}",
                        key.short(),
                        self.address
                    );
                }
                Err(why) => self.refused(&format!("key {}: pairing: {why}", key.short())),
            }
        } else if purpose == Purpose::COMMAND
            && let Some(desktop) = self.gate.keys.find(&key)
        {
            drop(place);
            self.command(&connection, &desktop.name, &key).await;
        } else if let Some(desktop) = self.gate.keys.find(&key) {
            self.serve(&connection, key, &desktop.name, place).await;
        } else {
            self.refused(&format!("key {}: not paired, may only pair", key.short()));
        }
        connection.close(VarInt::from_u32(0), b"");
    }

    async fn handshake(
        &self,
        incoming: Incoming,
        config: ServerConfig,
    ) -> Result<(quinn::Connection, KeyFingerprint, Vec<u8>), String> {
        let connecting = incoming.accept_with(Arc::new(config)).map_err(|e| words(&e))?;
        let connection = tokio::time::timeout(HANDSHAKE_TIMEOUT, connecting)
            .await
            .map_err(|_elapsed| "handshake took too long".to_owned())?
            .map_err(|error| match self.visitor.refusal() {
                Some(refusal) => refusal.to_string(),
                None => words(&error),
            })?;
        let purpose = connection
            .handshake_data()
            .and_then(|data| data.downcast::<HandshakeData>().ok())
            .and_then(|data| data.protocol)
            .ok_or_else(|| "did not say what it wants".to_owned())?;
        // The server's handshake is done only after the client's certificate was proven.
        let key = self.visitor.key().ok_or_else(|| "showed no key".to_owned())?;
        Ok((connection, key, purpose))
    }

    async fn serve(
        &self,
        connection: &quinn::Connection,
        key: KeyFingerprint,
        name: &str,
        place: Place,
    ) {
        let greeted = match greeting(connection).await {
            Ok(greeted) => greeted,
            // One that asked several times speaks over one connection and leaves the others.
            Err(error) if connection.close_reason().is_some() => {
                return tracing::debug!("desktop '{name}' left before a word: {error}");
            }
            Err(error) => return self.refused(&format!("key {}: {error}", key.short())),
        };
        drop(place);
        let ending = self.connections.enter(key, self.number);
        let (ending, refuse) = match ending {
            Some(ending) => (ending, None),
            None => (watch::channel(None).1, Some(RefusedReason::Busy)),
        };
        // Revoked between the look into the list and now: nobody would end the connection.
        if self.gate.keys.find(&key).is_none() {
            self.connections.leave(&key, self.number);
            return self.refused(&format!("key {}: revoked", key.short()));
        }
        self.source.set_followed(true);
        let entry = AuditEntry::new(AuditKind::Connected).desktop(name, &key);
        self.gate.audit.record(&entry.address(self.address));
        tracing::info!("desktop '{name}', key {}, connected from {}", key.short(), self.address);
        let end = serve(
            connection,
            Served {
                source: self.source.clone(),
                introduction: self.introduction.clone(),
                status: self.status.clone(),
                tuning: self.duties.clone(),
                desktop: key,
                ending,
                refuse,
            },
            greeted,
        )
        .await;
        self.connections.leave(&key, self.number);
        self.source.set_followed(!self.connections.lock().is_empty());
        let entry = AuditEntry::new(AuditKind::Left).desktop(name, &key).address(self.address);
        self.gate.audit.record(&entry.detail(&end));
        tracing::info!("desktop '{name}', key {}, left: {end}", key.short());
    }

    async fn command(&self, connection: &quinn::Connection, name: &str, key: &KeyFingerprint) {
        if self.counts.commanding.fetch_add(1, Ordering::Relaxed) < command::CONNECTIONS_MAX {
            let record = |what: AuditKind, words: &str| {
                let entry = AuditEntry::new(what).desktop(name, key);
                self.gate.audit.record(&entry.address(self.address).detail(words));
            };
            let is_paired = || self.gate.keys.find(key).is_some();
            command::serve_commands(connection, &self.duties, name, is_paired, record).await;
        } else {
            command::refuse(connection).await;
            self.refused(&format!("desktop '{name}': too many connections for commands"));
        }
        self.counts.commanding.fetch_sub(1, Ordering::Relaxed);
    }

    fn refused(&self, why: &str) {
        if self.counts.refuse(self.address.ip(), why) {
            let entry = AuditEntry::new(AuditKind::Refused).address(self.address).detail(why);
            self.gate.audit.record(&entry);
            tracing::warn!("refused {}: {why}", self.address);
        }
    }
}

/// What a failed handshake means, where the QUIC stack's words do not say it.
fn words(error: &ConnectionError) -> String {
    let text = error.to_string();
    if text.contains("NoKxGroupsInCommon") || text.contains("no kx group") {
        "offers no hybrid key exchange (X25519MLKEM768)".to_owned()
    } else if text.contains("peer sent no certificates") {
        "showed no certificate".to_owned()
    } else {
        text
    }
}
