//! Pairing with a sensor by the short code that it shows.

use super::dial::{ControlStream, Dialled, StreamError, dial, resolve};
use super::state::LinkTrouble;
use super::store::{KnownSensor, LinkStore, LinkStoreError};
use pw_trust::{
    EXPORTER_LABEL, FirstKey, PairingBinding, PairingCode, PairingError, PairingRequester, Purpose,
};
use pw_wire::{Message, RefusedReason};
use std::sync::Arc;
use std::time::Duration;

/// Longest time for the exchange once the connection stands.
const PAIRING_TIMEOUT: Duration = Duration::from_secs(20);

/// Why pairing did not come about.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The code is wrong, or somebody stands between; or the text is no code.
    #[error(transparent)]
    Code(#[from] PairingError),
    /// The sensor cannot be reached.
    #[error("{0}")]
    Link(#[from] LinkTrouble),
    /// The sensor said no.
    #[error("{}", .0.words())]
    Refused(RefusedReason),
    /// The exchange took too long.
    #[error("the sensor did not answer in time")]
    Silent,
    /// The sensor's key could not be stored here.
    #[error(transparent)]
    Store(#[from] LinkStoreError),
}

impl From<StreamError> for PairError {
    fn from(error: StreamError) -> Self {
        match error.trouble() {
            // The sensor admits unknown keys only while a pairing window is open.
            LinkTrouble::NotPaired => Self::Refused(RefusedReason::PairingClosed),
            trouble => Self::Link(trouble),
        }
    }
}

/// Pairs with the sensor at `address` (host, or host and port) by the code that it shows, and
/// stores it under `name`; without one, under the name it has here already or else states.
/// `desktop_name` is what the sensor's owner will read in its list of keys.
///
/// # Errors
/// The code is wrong, the sensor cannot be reached or says no, or it cannot be stored.
pub async fn pair(
    store: &LinkStore,
    address: &str,
    code: &str,
    name: Option<&str>,
    desktop_name: &str,
) -> Result<KnownSensor, PairError> {
    let code: PairingCode = code.parse()?;
    let mut last = LinkTrouble::NoAnswer("no address".to_owned());
    for socket_address in resolve(address).await? {
        let first = Arc::new(FirstKey::default());
        let purpose = Purpose::Pair(Arc::clone(&first));
        let dialled = match dial(store.identity(), &purpose, socket_address).await {
            Ok(dialled) => dialled,
            Err(trouble) => {
                last = trouble;
                continue;
            }
        };
        let exchange = exchange(store, &dialled, &first, &code, desktop_name);
        let outcome = tokio::time::timeout(PAIRING_TIMEOUT, exchange).await;
        dialled.close().await;
        let (stated, key) = outcome.map_err(|_elapsed| PairError::Silent)??;
        let known = store.find_key(&key)?.map(|sensor| sensor.name);
        let name = name.map(str::to_owned).or(known).unwrap_or(stated);
        return Ok(store.add(&name, address, key)?);
    }
    Err(last.into())
}

async fn exchange(
    store: &LinkStore,
    dialled: &Dialled,
    first: &FirstKey,
    code: &PairingCode,
    desktop_name: &str,
) -> Result<(String, pw_trust::KeyFingerprint), PairError> {
    let connection = &dialled.connection;
    let here = |why: &str| LinkTrouble::Here(why.to_owned());
    let mut exporter = [0; 32];
    connection
        .export_keying_material(&mut exporter, EXPORTER_LABEL, b"")
        .map_err(|_unavailable| here("TLS gave no keying material"))?;
    let sensor = first.seen().ok_or_else(|| here("TLS showed no key"))?;
    let desktop = store.identity().fingerprint();
    let binding = PairingBinding { desktop, sensor, exporter };

    let (requester, message) = PairingRequester::start(code, binding);
    let mut stream = ControlStream::open(connection).await?;
    let name = desktop_name.to_owned();
    stream.send(&Message::PairRequest { name, message }).await?;
    let answer = match stream.receive().await? {
        Message::PairAnswer { message } => message,
        other => return Err(unexpected(other)),
    };
    let (awaiting, proof) = requester.answered(&answer)?;
    stream.send(&Message::PairProof { proof }).await?;
    match stream.receive().await? {
        Message::PairDone { proof, name } => {
            awaiting.confirmed(&proof)?;
            stream.finish(Duration::from_secs(1)).await;
            Ok((name, sensor))
        }
        other => Err(unexpected(other)),
    }
}

fn unexpected(message: Message) -> PairError {
    match message {
        Message::Refused(reason) => PairError::Refused(reason),
        _ => PairError::Code(PairingError::Message),
    }
}
