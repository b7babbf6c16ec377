//! What each command does.

mod audit;
mod baseline;
mod checks;
mod journal;
mod keys;
mod measure;
mod pair;
mod radios;
mod self_test;
mod setup;
mod status;
mod status_guard;

use crate::cli::{Cli, Command, CommonArguments, JournalCommand, KeysCommand};
use crate::{daemon, state_dir};
use anyhow::Result;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// A wrong configuration: the exit code is 2, as for a wrong option.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Does what was asked; gives the exit code: 0 done, 1 failed, 2 wrong usage.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Command::Run(arguments) => daemon::run(arguments).map(|()| true),
        Command::Pair(common) => pair::pair(&state(&common), common.json),
        Command::Keys(KeysCommand::List(common)) => keys::list(&state(&common), common.json),
        Command::Keys(KeysCommand::Revoke { desktop, common }) => {
            keys::revoke(&state(&common), &desktop, common.json)
        }
        Command::Status(common) => status::status(&state(&common), common.json),
        Command::Radios(common) => radios::radios(common.json),
        Command::Audit(common) => audit::audit(&state(&common), common.json),
        Command::SelfTest(arguments) => self_test::self_test(&state(&arguments.common), &arguments),
        Command::Setup(arguments) => setup::setup(arguments),
        Command::Journal(JournalCommand::Info(arguments)) => {
            journal::info(&state(&arguments.common), &arguments)
        }
        Command::Journal(JournalCommand::Verify(arguments)) => {
            journal::verify(&state(&arguments.common), &arguments)
        }
        Command::Journal(JournalCommand::Dump { from, journal }) => {
            journal::dump(&state(&journal.common), from, &journal)
        }
        Command::Journal(JournalCommand::NewKey { path, json }) => journal::new_key(&path, json),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let line = format!("{error:#}").replace('\n', "; ");
            // Where even stderr is gone, nobody is left to tell.
            drop(writeln!(std::io::stderr(), "piwardrive-sensor: {line}"));
            if error.is::<UsageError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn state(common: &CommonArguments) -> PathBuf {
    common.state.clone().unwrap_or_else(state_dir::default_state_dir)
}

/// `… | head` has read enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|cause| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        io.or_else(|| cause.downcast_ref::<serde_json::Error>()?.io_error_kind())
    });
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// Prints a line.
fn say(line: impl AsRef<str>) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{}", line.as_ref())?)
}

/// Prints JSON, indented.
fn say_json(value: &serde_json::Value) -> Result<()> {
    say(serde_json::to_string_pretty(value)?)
}

/// Bytes for people.
fn bytes_words(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// A value for people; a dash for what is not known.
fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}
