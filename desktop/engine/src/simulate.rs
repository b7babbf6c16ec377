//! Scenarios played into files.

use crate::exchange::{ExchangeError, NewFile};
use pw_simulate::{Scenario, ScenarioError, write_all};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use pw_simulate::builtin_names;

/// Why a scenario was not played.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Neither a file nor a built-in name.
    #[error("{name}: no such file, and no built-in scenario of that name; built in are {}", builtin_names().join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is no scenario.
    #[error("{name}: {source}")]
    Scenario {
        /// File or name.
        name: String,
        /// What is wrong, and where.
        source: ScenarioError,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] ExchangeError),
}

/// Names of the files that [`write_folder`] makes: frames, positions, truth.
pub const FILES: [&str; 3] = ["capture.pcapng", "gps.nmea", "truth.json"];

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Simulated {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What is in them, for people.
    pub words: String,
}

/// Reads a scenario: a file, or one that is built in.
///
/// # Errors
/// There is none of that name, or its text is wrong.
pub fn scenario(name: &str) -> Result<Scenario, SimulateError> {
    let path = Path::new(name);
    let text = match pw_simulate::builtin(name) {
        Some(text) if !path.exists() => text.to_owned(),
        _ if !path.exists() => return Err(SimulateError::Unknown { name: name.to_owned() }),
        _ => std::fs::read_to_string(path)
            .map_err(|source| SimulateError::Read { path: path.to_owned(), source })?,
    };
    Scenario::from_toml(&text)
        .map_err(|source| SimulateError::Scenario { name: name.to_owned(), source })
}

/// Plays the scenario called `name` into `capture.pcapng`, `gps.nmea` and `truth.json` in `folder`,
/// which is made where there is none.
///
/// # Errors
/// There is no such scenario, its text is wrong, or the files cannot be written.
pub fn write_folder(
    name: &str,
    seed: Option<u64>,
    folder: &Path,
) -> Result<Simulated, SimulateError> {
    let mut scenario = scenario(name)?;
    if let Some(seed) = seed {
        scenario = scenario
            .with_seed(seed)
            .map_err(|source| SimulateError::Scenario { name: name.to_owned(), source })?;
    }
    std::fs::create_dir_all(folder)
        .map_err(|source| ExchangeError::Write { path: folder.to_owned(), source })?;
    let files = FILES.map(|name| folder.join(name));
    let [capture_path, log_path, truth_path] = &files;
    let failed = |source| ExchangeError::Write { path: folder.to_owned(), source };
    let (mut capture, mut log) = (NewFile::create(capture_path)?, NewFile::create(log_path)?);
    let truth = write_all(&scenario, &mut capture, &mut log).map_err(failed)?;
    let mut truth_file = NewFile::create(truth_path)?;
    serde_json::to_writer_pretty(&mut truth_file, &truth).map_err(|error| failed(error.into()))?;
    truth_file.write_all(b"\n").map_err(failed)?;
    capture.finish()?;
    log.finish()?;
    truth_file.finish()?;
    let words = format!(
        "{} ({}), {:.0} s from {}",
        scenario.name,
        scenario.town_name,
        scenario.duration.as_secs_f64(),
        scenario.start.rfc3339_secs()
    );
    Ok(Simulated { files: files.to_vec(), words })
}
