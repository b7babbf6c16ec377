//! Where the sensor keeps its key, its journal and its socket.

use anyhow::{Context, Result};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The folder of the installed service.
pub const SYSTEM: &str = "/var/lib/piwardrive";

/// The usual folder: the service's for root and for the service's own user, else the person's own.
#[must_use]
pub fn default_state_dir() -> PathBuf {
    let own = own_user_id();
    let belongs_to = |path: &str| std::fs::metadata(path).map(|data| data.uid()).ok();
    if own == Some(0) || (own.is_some() && belongs_to(SYSTEM) == own) {
        return PathBuf::from(SYSTEM);
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
    state.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("piwardrive-sensor")
}

/// Who this process runs as; `None` where `/proc` is not there.
pub(crate) fn own_user_id() -> Option<u32> {
    // The owner of our own process's folder is who we are.
    std::fs::metadata("/proc/self").map(|data| data.uid()).ok()
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

/// The folders on the way to `path`, itself included, that are not there; the innermost first.
pub(crate) fn missing(path: &Path) -> Vec<PathBuf> {
    let named = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty());
    named.take_while(|folder| !folder.exists()).map(Path::to_owned).collect()
}

/// Takes away those of `folders`, in their order, that are there and empty.
pub(crate) fn remove_empty(folders: &[PathBuf]) {
    for folder in folders {
        // One that holds something by now stays, and so do those around it.
        if std::fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// Opens a small file for reading and writing in place, or makes it, for its owner only.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
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
