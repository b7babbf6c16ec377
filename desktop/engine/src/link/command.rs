//! Asking a paired sensor to do something, on a connection beside the link.

use super::dial::{ControlStream, Dialled, StreamError, dial, resolve};
use super::state::LinkTrouble;
use super::store::{KnownSensor, LinkStore};
use pw_trust::{PinnedKey, Purpose};
use pw_wire::{CommandOutcome, Message, SensorCommand, plain_text};
use std::sync::Arc;
use std::time::Duration;

/// Longest wait for the answer: a sensor itself waits three seconds for its radios.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer that is shown, in characters.
const LONGEST_WORDS: usize = 2_000;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The sensor cannot be reached.
    #[error("{0}")]
    Link(#[from] LinkTrouble),
    /// The sensor did not do it; why, in its words.
    #[error("{0}")]
    Refused(String),
    /// The sensor does not know the command.
    #[error("the sensor is older than this program and does not know this command; update it")]
    Unknown,
    /// No answer came.
    #[error(
        "no answer within {} s; the sensor may be older and not know this command",
        ANSWER_TIMEOUT.as_secs()
    )]
    Silent,
}

impl From<StreamError> for CommandError {
    fn from(error: StreamError) -> Self {
        Self::Link(error.trouble())
    }
}

/// Asks `sensor` to do something and waits for what became of it, in words.
///
/// # Errors
/// It cannot be reached, does not know the command, or did not do it.
pub async fn command(
    store: &LinkStore,
    sensor: &KnownSensor,
    command: &SensorCommand,
) -> Result<String, CommandError> {
    let here = |error: pw_wire::EnvelopeError| LinkTrouble::Here(error.to_string());
    let bytes = command.encode().map_err(here)?;
    let mut last = LinkTrouble::NoAnswer("no address".to_owned());
    for address in resolve(&sensor.address).await? {
        let pinned = Arc::new(PinnedKey::new(sensor.fingerprint));
        match dial(store.identity(), &Purpose::Command(pinned), address).await {
            Ok(dialled) => {
                let exchange = exchange(&dialled, bytes);
                let outcome = tokio::time::timeout(ANSWER_TIMEOUT, exchange).await;
                dialled.close().await;
                return outcome.unwrap_or(Err(CommandError::Silent));
            }
            Err(LinkTrouble::Version(_)) => return Err(CommandError::Unknown),
            Err(trouble) => last = trouble,
        }
    }
    Err(last.into())
}

async fn exchange(dialled: &Dialled, command: Vec<u8>) -> Result<String, CommandError> {
    const NUMBER: u32 = 1;
    let mut stream = ControlStream::open(&dialled.connection).await?;
    stream.send(&Message::Command { number: NUMBER, command }).await?;
    loop {
        match stream.receive().await? {
            Message::CommandResult { number: NUMBER, outcome } => {
                return match outcome {
                    CommandOutcome::Done { words } => Ok(plain_text(&words, LONGEST_WORDS)),
                    CommandOutcome::Refused { words } => {
                        Err(CommandError::Refused(plain_text(&words, LONGEST_WORDS)))
                    }
                    CommandOutcome::Unknown => Err(CommandError::Unknown),
                };
            }
            Message::Refused(reason) => return Err(CommandError::Refused(reason.words())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pair;
    use super::*;
    use pw_model::Origin;
    use pw_sensor::link::{BatchSource, Duties, LinkSettings};
    use pw_trust::{FirstKey, Identity};
    use pw_wire::{EncodedBatch, JournalRange};
    use quinn::crypto::rustls::QuicServerConfig;
    use std::net::{Ipv4Addr, SocketAddr};
    use tokio::sync::watch;

    /// A journal with nothing in it.
    #[derive(Clone)]
    struct Empty(Arc<watch::Sender<JournalRange>>);

    impl BatchSource for Empty {
        type State = JournalRange;

        fn epoch(&self) -> u64 {
            1
        }

        fn state(&self) -> watch::Receiver<JournalRange> {
            self.0.subscribe()
        }

        fn range(state: &JournalRange) -> JournalRange {
            *state
        }

        fn read_from(&self, _: u64, _: usize, _: usize) -> Result<Vec<EncodedBatch>, String> {
            Ok(Vec::new())
        }

        fn acknowledge(&self, _: [u8; 32], _: u64) {}

        fn announce_again(&self) {}

        fn set_followed(&self, _: bool) {}

        fn set_desktops(&self, _: Vec<[u8; 32]>) {}
    }

    const LOOPBACK: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

    fn set_plan(plan: &str) -> SensorCommand {
        SensorCommand::SetPlan { radio: None, plan: plan.parse().expect("a plan") }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_paired_desktop_is_answered_and_nobody_else() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let state_dir = folder.path().join("sensor");
        std::fs::create_dir(&state_dir).expect("made");
        let audit = state_dir.join("audit.log");
        let settings = LinkSettings {
            listen: LOOPBACK.into(),
            state_dir,
            name: "car".to_owned(),
            software: "test".to_owned(),
            origin: Origin::Live,
        };
        let duties = Duties {
            commands: Arc::new(|command| match command {
                SensorCommand::SetPlan { plan, .. } if plan.to_string() == "all" => {
                    CommandOutcome::Done { words: "listens\u{7} everywhere".to_owned() }
                }
                SensorCommand::SetPlan { plan, .. } => {
                    CommandOutcome::Refused { words: format!("cannot do {plan}") }
                }
            }),
            ..Duties::default()
        };
        let range = JournalRange { oldest_seq: 1, durable_seq: 0 };
        let journal = Empty(Arc::new(watch::Sender::new(range)));
        let identity = Identity::generate().expect("random");
        let status = watch::channel(None).1;
        let link = pw_sensor::link::start_with(settings, identity, journal, status, duties)
            .expect("starts");
        let address = link.local_addr().expect("bound").to_string();
        let store = LinkStore::open(&folder.path().join("desktop")).expect("new");
        let code = link.open_pairing().expect("random").to_string();
        let sensor = pair(&store, &address, &code, None, "laptop").await.expect("paired");

        let done = command(&store, &sensor, &set_plan("all")).await.expect("done");
        assert_eq!(done, "listens everywhere", "without control characters");
        let error = command(&store, &sensor, &set_plan("survey")).await.expect_err("refused");
        assert_eq!(error.to_string(), "cannot do survey");
        // A thread of its own writes it.
        let mut noted = String::new();
        for _ in 0..3_000 {
            noted = std::fs::read_to_string(&audit).expect("there from the start");
            if noted.contains("\"plan_refused\"") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(noted.contains("plan survey: cannot do survey"), "{noted}");
        let audit = noted;
        let changed: Vec<&str> =
            audit.lines().filter(|line| line.contains("\"plan_changed\"")).collect();
        assert_eq!(changed.len(), 1, "what was not done is no change: {audit}");
        assert!(changed[0].contains("plan all: listens everywhere"), "{audit}");
        // Bytes of a later release.
        let pinned = Arc::new(PinnedKey::new(sensor.fingerprint));
        let address: SocketAddr = address.parse().expect("an address");
        let dialled = dial(store.identity(), &Purpose::Command(pinned), address).await;
        let dialled = dialled.expect("let in");
        let error = exchange(&dialled, vec![200, 1]).await.expect_err("not known");
        assert!(matches!(error, CommandError::Unknown), "{error}");
        dialled.close().await;
        // As many connections as are served, and one more.
        let mut held = Vec::new();
        for _ in 0..5 {
            let pinned = Arc::new(PinnedKey::new(sensor.fingerprint));
            let dialled = dial(store.identity(), &Purpose::Command(pinned), address).await;
            let dialled = dialled.expect("let in");
            let stream = ControlStream::open(&dialled.connection).await.expect("opened");
            held.push((dialled, stream));
            // Until the sensor has taken it in.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let error = command(&store, &sensor, &set_plan("all")).await.expect_err("busy");
        assert!(error.to_string().contains("as many desktops as it can"), "{error}");
        for (dialled, _stream) in held {
            dialled.close().await;
        }
        // Who was never paired, and who stands in an open pairing window, is not heard.
        let stranger = LinkStore::open(&folder.path().join("stranger")).expect("new");
        let error = command(&stranger, &sensor, &set_plan("all")).await.expect_err("unknown key");
        assert!(matches!(error, CommandError::Link(LinkTrouble::NotPaired)), "{error}");
        link.open_pairing().expect("random");
        let error = command(&stranger, &sensor, &set_plan("all")).await.expect_err("not paired");
        assert!(matches!(error, CommandError::Link(_)), "{error}");
        link.shutdown().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_older_sensor_is_said_to_be_older() {
        let identity = Identity::generate().expect("random");
        let policy = Arc::new(FirstKey::default());
        let mut tls = pw_trust::server_config(&identity, policy).expect("set up");
        tls.alpn_protocols = vec![Purpose::LINK.to_vec(), Purpose::PAIR.to_vec()];
        let crypto = QuicServerConfig::try_from(tls).expect("TLS 1.3");
        let config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint = quinn::Endpoint::server(config, LOOPBACK.into()).expect("bound");
        let address = endpoint.local_addr().expect("bound").to_string();
        let accepting = tokio::spawn(async move {
            while let Some(incoming) = endpoint.accept().await {
                drop(incoming.await);
            }
        });
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = LinkStore::open(folder.path()).expect("new");
        let sensor = store.add("old", &address, identity.fingerprint()).expect("stored");
        let error = command(&store, &sensor, &set_plan("all")).await.expect_err("older");
        assert!(matches!(error, CommandError::Unknown), "{error}");
        assert!(error.to_string().contains("older than this program"), "{error}");
        accepting.abort();
    }
}
