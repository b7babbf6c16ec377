//! How `piwardrive-sensor pair`, a process of its own, opens a pairing window in the running sensor:
//! a file in the state folder, readable for its owner only. Whoever may write there may pair.

use super::gate::{Gate, PairingState};
use super::keys::{KeyStoreError, read_text, toml_error, write_secret};
use pw_trust::{PairingCode, RandomError};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const PAIRING_FILE: &str = "pairing.toml";

/// How old a request may be that a starting sensor still answers; `pair` waits not much longer.
const FRESH: Duration = Duration::from_secs(10);

/// How often the running sensor looks for a request, and for changed keys.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Why a pairing could not be asked for.
#[derive(Debug, thiserror::Error)]
pub enum PairingRequestError {
    /// The file cannot be written or read.
    #[error(transparent)]
    File(#[from] KeyStoreError),
    /// No code could be drawn.
    #[error(transparent)]
    Random(#[from] RandomError),
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct PairingFile {
    code: String,
    state: FileState,
    /// Name of the desktop, or why there is none.
    words: String,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum FileState {
    Requested,
    Open,
    Paired,
    Closed,
}

/// A pairing asked of the running sensor. The file goes when this is dropped.
#[derive(Debug)]
pub struct PairingRequest {
    path: PathBuf,
    code: PairingCode,
}

impl PairingRequest {
    /// Asks the sensor that runs with this state folder to open a window.
    ///
    /// # Errors
    /// No code could be drawn, or the request not be written.
    pub fn write(state_dir: &Path) -> Result<Self, PairingRequestError> {
        let request = Self { path: state_dir.join(PAIRING_FILE), code: PairingCode::generate()? };
        let file = PairingFile {
            code: request.code.to_string(),
            state: FileState::Requested,
            words: String::new(),
        };
        write_file(&request.path, &file)?;
        Ok(request)
    }

    /// The code to show to the person.
    #[must_use]
    pub const fn code(&self) -> &PairingCode {
        &self.code
    }

    /// What became of it. [`PairingState::Idle`] for more than two seconds means that no sensor
    /// runs with this state folder. Ask every half a second or so.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn state(&self) -> Result<PairingState, PairingRequestError> {
        let replaced = || PairingState::Closed { reason: "another request replaced it".to_owned() };
        let Some(file) = read_file(&self.path)? else { return Ok(replaced()) };
        if file.code != self.code.to_string() {
            return Ok(replaced());
        }
        Ok(match file.state {
            FileState::Requested => PairingState::Idle,
            FileState::Open => PairingState::Open,
            FileState::Paired => match file.words.split_once(" key ") {
                Some((name, key)) => match key.parse() {
                    Ok(key) => PairingState::Paired { name: name.to_owned(), key },
                    Err(error) => PairingState::Closed { reason: format!("{error}") },
                },
                None => PairingState::Closed { reason: "unreadable outcome".to_owned() },
            },
            FileState::Closed => PairingState::Closed { reason: file.words },
        })
    }
}

impl Drop for PairingRequest {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!("{error}");
        }
    }
}

/// Looks for requests and changed keys until the gate's other owners are gone. Blocks now and then
/// on the disk, so it has a thread of its own; it ends with `running`.
pub(super) fn watch(gate: &Gate, state_dir: &Path, running: &Arc<()>) {
    let path = state_dir.join(PAIRING_FILE);
    let mut told = String::new();
    let mut own: Option<PairingFile> = None;
    let mut state = gate.state();
    report(remove_stale(&path), &mut told);
    while Arc::strong_count(running) > 1 {
        report(gate.keys.reload(), &mut told);
        report(look(gate, &path, &mut own), &mut told);
        gate.expire();
        if state.has_changed().unwrap_or(false) {
            let now = state.borrow_and_update().clone();
            report(write_outcome(&path, &mut own, &now), &mut told);
        }
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// Removes what an earlier run left behind. A request of the last seconds stays: its person waits
/// for a sensor that was just started.
fn remove_stale(path: &Path) -> Result<(), KeyStoreError> {
    let age = fs::metadata(path).and_then(|m| m.modified()).ok().and_then(|at| at.elapsed().ok());
    let fresh = age.is_some_and(|age| age < FRESH);
    let requested = matches!(read_file(path), Ok(Some(file)) if file.state == FileState::Requested);
    if fresh && requested { Ok(()) } else { remove(path) }
}

fn look(gate: &Gate, path: &Path, own: &mut Option<PairingFile>) -> Result<(), KeyStoreError> {
    let Some(file) = read_file(path)? else {
        // The person who asked has left, so nobody reads the code off any more.
        if own.take().is_some() {
            let reason = "the request was withdrawn".to_owned();
            gate.close_window(PairingState::Closed { reason });
        }
        return Ok(());
    };
    if file.state == FileState::Requested {
        let code: PairingCode = file.code.parse().map_err(|error| KeyStoreError::Damaged {
            path: path.to_owned(),
            error: format!("{error}"),
        })?;
        let open = PairingFile { state: FileState::Open, ..file };
        gate.open_window(code);
        write_file(path, &open)?;
        *own = Some(open);
    }
    Ok(())
}

fn write_outcome(
    path: &Path,
    own: &mut Option<PairingFile>,
    state: &PairingState,
) -> Result<(), KeyStoreError> {
    let (state, words) = match state {
        PairingState::Idle | PairingState::Open => return Ok(()),
        PairingState::Paired { name, key } => (FileState::Paired, format!("{name} key {key}")),
        PairingState::Closed { reason } => (FileState::Closed, reason.clone()),
    };
    match own.take() {
        // Opened by this file, and the file is still there.
        Some(file) if read_file(path)?.as_ref() == Some(&file) => {
            write_file(path, &PairingFile { code: file.code, state, words })
        }
        _ => Ok(()),
    }
}

fn report(result: Result<(), KeyStoreError>, told: &mut String) {
    match result {
        Ok(()) => {}
        Err(error) => {
            let words = error.to_string();
            // Said once, not twice a second.
            if *told != words {
                tracing::error!("{words}");
                *told = words;
            }
        }
    }
}

fn read_file(path: &Path) -> Result<Option<PairingFile>, KeyStoreError> {
    let Some(text) = read_text(path)? else { return Ok(None) };
    toml::from_str(&text).map(Some).map_err(|error| KeyStoreError::Damaged {
        path: path.to_owned(),
        error: toml_error(&text, &error),
    })
}

fn write_file(path: &Path, file: &PairingFile) -> Result<(), KeyStoreError> {
    let text = toml::to_string(file).map_err(|error| KeyStoreError::Damaged {
        path: path.to_owned(),
        error: error.to_string(),
    })?;
    write_secret(path, &text)
}

fn remove(path: &Path) -> Result<(), KeyStoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(KeyStoreError::File { path: path.to_owned(), error })
        }
        _ => Ok(()),
    }
}
