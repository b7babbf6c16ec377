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
            Err(LinkTrouble::OtherProtocol) => return Err(CommandError::Unknown),
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
        if let Message::CommandResult { number: NUMBER, outcome } = stream.receive().await? {
            return match outcome {
                CommandOutcome::Done { words } => Ok(plain_text(&words, LONGEST_WORDS)),
                CommandOutcome::Refused { words } => {
                    Err(CommandError::Refused(plain_text(&words, LONGEST_WORDS)))
                }
                CommandOutcome::Unknown => Err(CommandError::Unknown),
            };
        }
    }
}
