//! Where the engine keeps what belongs to this desktop and not to a survey.

use std::path::PathBuf;

/// How an engine runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EngineSettings {
    /// Folder of this desktop's key and its pairings.
    pub state_dir: PathBuf,
    /// Open the survey for reading only: it may be in use elsewhere.
    pub read_only: bool,
    /// What to do when the disk refuses: true to try until it is free again, as a recording does
    /// (sensors keep their journals meanwhile); false to fail, as a command does that somebody waits
    /// for and can give again.
    pub wait_for_disk: bool,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { state_dir: default_state_dir(), read_only: false, wait_for_disk: true }
    }
}

/// The folder of keys and pairings: `PIWARDRIVE_CONFIG_DIR` where set, else where the system keeps a
/// person's application data, else `.piwardrive` in the current folder.
#[must_use]
pub fn default_state_dir() -> PathBuf {
    if let Some(path) = std::env::var_os("PIWARDRIVE_CONFIG_DIR").filter(|path| !path.is_empty()) {
        return PathBuf::from(path);
    }
    directories::ProjectDirs::from("", "", "piwardrive")
        .map_or_else(|| PathBuf::from(".piwardrive"), |dirs| dirs.data_dir().to_owned())
}
