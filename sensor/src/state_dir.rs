//! Where the sensor keeps its key, its journal and its socket.

use anyhow::{Context, Result};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The usual folder: the system's for root, else the person's own.
#[must_use]
pub fn default_state_dir() -> PathBuf {
    if is_root() {
        return PathBuf::from("/var/lib/piwardrive-sensor");
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    state.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("piwardrive-sensor")
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of our own process's folder is who we are.
    std::fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

/// Creates the folder where it is missing, for its owner only.
///
/// # Errors
/// It cannot be created.
pub fn create(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create the state folder {}", path.display()))
}

/// The journal's folder.
#[must_use]
pub fn journal(state: &Path) -> PathBuf {
    state.join("journal")
}

/// The control socket.
#[must_use]
pub fn socket(state: &Path) -> PathBuf {
    state.join("control.sock")
}
