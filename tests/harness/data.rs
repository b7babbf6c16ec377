//! Inputs that are not part of the project, and saying so where they are absent.

use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the workspace.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in the workspace")
}

/// The folder of real captures and logs: `PIWARDRIVE_DATA`, else `../shared/data` beside the
/// workspace. `None` where there is none.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    let folder = match std::env::var_os("PIWARDRIVE_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => workspace_root().parent()?.join("shared/data"),
    };
    folder.is_dir().then_some(folder)
}

/// A source for `--source` that goes on for hours: rounds through the simulated town centre, some
/// fifteen frames a second times `speed`. The scenario is written below `folder`.
///
/// # Errors
/// The scenario cannot be read or written.
pub fn lasting_source(folder: &Path, speed: u32) -> Result<String> {
    let town = workspace_root().join("assets/scenarios/dense_centre.toml");
    let scenario = std::fs::read_to_string(town)?.replace("[drive]", "[drive]\nlaps = 20");
    let path = folder.join("rounds.toml");
    std::fs::write(&path, scenario)?;
    Ok(format!("sim:{},speed={speed}", path.display()))
}

/// Says in the test's output that it did not run, and why.
pub fn skip(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
}

/// True when `name` can be run with `argument`; used to skip where a peer is not installed.
#[must_use]
pub fn tool(name: &str, argument: &str) -> bool {
    Command::new(name).arg(argument).output().is_ok()
}
