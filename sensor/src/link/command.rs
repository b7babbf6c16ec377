//! Connections of paired desktops that ask the sensor to do something.

use super::connection::{ControlStream, StreamError};
use crate::audit::AuditKind;
use pw_wire::{CommandOutcome, Message, RadioTuning, RefusedReason, SensorCommand};
use std::sync::Arc;
use std::time::Duration;

/// Commands on one connection; more need another one.
const COMMANDS_MAX: usize = 16;
/// Connections for commands at once; one more is told that the sensor is busy.
pub(super) const CONNECTIONS_MAX: usize = 4;
/// A desktop that asks nothing for so long is sent away.
const QUIET: Duration = Duration::from_secs(10);

/// Does a command, and says what became of it. May take seconds.
type Commands = Arc<dyn Fn(SensorCommand) -> CommandOutcome + Send + Sync>;
/// Says what radios are told to listen to.
type Tuning = Arc<dyn Fn() -> Vec<RadioTuning> + Send + Sync>;

/// What the rest of the sensor does for desktops.
#[derive(Clone)]
pub struct Duties {
    /// Does a command.
    pub commands: Commands,
    /// Says what radios are told to listen to.
    pub tuning: Tuning,
}

impl Default for Duties {
    /// None: every command is unknown.
    fn default() -> Self {
        Self { commands: Arc::new(|_| CommandOutcome::Unknown), tuning: Arc::new(Vec::new) }
    }
}

impl std::fmt::Debug for Duties {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Duties")
    }
}

/// Serves one connection of the desktop of this name until it leaves, or is no longer paired. `record`
/// is told what was asked for and what came of it.
pub(super) async fn serve_commands(
    connection: &quinn::Connection,
    duties: &Duties,
    name: &str,
    is_paired: impl Fn() -> bool,
    record: impl Fn(AuditKind, &str),
) {
    match answer_all(connection, duties, name, is_paired, record).await {
        Ok(()) | Err(StreamError::Ended | StreamError::Connection(_) | StreamError::Read(_)) => {}
        Err(error) => tracing::warn!("desktop '{name}', commands: {error}"),
    }
}

/// Says that the sensor is busy.
pub(super) async fn refuse(connection: &quinn::Connection) {
    let busy = Message::Refused(RefusedReason::Busy);
    let told = async {
        let mut stream = ControlStream::accept(connection).await?;
        stream.send(&busy).await?;
        stream.finish(Duration::from_secs(1)).await;
        Ok::<_, StreamError>(())
    };
    if let Err(error) = told.await {
        tracing::debug!("{error}");
    }
}

async fn answer_all(
    connection: &quinn::Connection,
    duties: &Duties,
    name: &str,
    is_paired: impl Fn() -> bool,
    record: impl Fn(AuditKind, &str),
) -> Result<(), StreamError> {
    let mut stream = ControlStream::accept(connection).await?;
    for _ in 0..COMMANDS_MAX {
        let Ok(message) = tokio::time::timeout(QUIET, stream.receive()).await else { break };
        let Message::Command { number, command } = message? else {
            return Err(StreamError::NotAMessage);
        };
        if !is_paired() {
            break;
        }
        let outcome = match SensorCommand::decode(&command) {
            Some(command) => answer(duties, name, command, &record).await,
            None => CommandOutcome::Unknown,
        };
        stream.send(&Message::CommandResult { number, outcome }).await?;
    }
    stream.finish(Duration::from_secs(1)).await;
    Ok(())
}

async fn answer(
    duties: &Duties,
    name: &str,
    command: SensorCommand,
    record: impl Fn(AuditKind, &str),
) -> CommandOutcome {
    let asked = match &command {
        SensorCommand::SetPlan { radio: None, plan } => format!("plan {plan}"),
        SensorCommand::SetPlan { radio: Some(radio), plan } => {
            format!("plan {plan} for radio {}", radio.0)
        }
    };
    let commands = Arc::clone(&duties.commands);
    let ended = tokio::task::spawn_blocking(move || commands(command)).await;
    let outcome = ended.unwrap_or_else(|error| CommandOutcome::Refused {
        words: format!("it ended by a defect: {error}"),
    });
    match &outcome {
        CommandOutcome::Done { words } => {
            tracing::info!("desktop '{name}' asked for {asked}: {words}");
            record(AuditKind::PlanChanged, &format!("{asked}: {words}"));
        }
        CommandOutcome::Refused { words } => {
            tracing::info!("desktop '{name}' asked for {asked}, not done: {words}");
            record(AuditKind::PlanRefused, &format!("{asked}: {words}"));
        }
        CommandOutcome::Unknown => {
            tracing::info!("desktop '{name}' asked for {asked}, which is not known here");
        }
    }
    outcome
}
