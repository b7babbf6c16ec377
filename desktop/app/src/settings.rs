//! What the window keeps between runs: a small TOML file in the system's place for settings.

use crate::style::ThemeChoice;
use crate::views::packets::PacketSettings;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// Recent surveys that are kept; the oldest is forgotten.
const RECENT: usize = 10;

/// Settings of the window.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Theme.
    pub(crate) theme: ThemeChoice,
    /// Streets may be fetched from OpenStreetMap's servers.
    pub(crate) online_tiles: bool,
    /// Author of reports.
    pub(crate) author: String,
    /// Surveys, the latest first.
    pub(crate) recent: Vec<PathBuf>,
    /// The packet view.
    pub(crate) packets: PacketSettings,
}

/// Where the settings are kept, and whether at all.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    path: Option<PathBuf>,
}

impl SettingsFile {
    /// The usual place; `PIWARDRIVE_CONFIG_DIR` names another folder.
    pub(crate) fn usual() -> Self {
        let folder = std::env::var_os("PIWARDRIVE_CONFIG_DIR")
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .or_else(|| {
                directories::ProjectDirs::from("", "", "piwardrive")
                    .map(|dirs| dirs.config_dir().to_owned())
            });
        Self { path: folder.map(|folder| folder.join("window.toml")) }
    }

    /// No file: nothing is read or kept.
    pub(crate) const fn none() -> Self {
        Self { path: None }
    }

    /// Reads the settings. A missing file gives the usual ones; an unreadable one too, with a
    /// sentence for the person.
    pub(crate) fn load(&self) -> (Settings, Option<String>) {
        let Some(path) = &self.path else { return (Settings::default(), None) };
        match std::fs::read_to_string(path) {
            Ok(text) => match toml::from_str::<Settings>(&text) {
                Ok(settings) => (settings, None),
                Err(error) => {
                    let start = error.span().map(|span| span.start);
                    let why = pw_model::words::wrong_at(&text, start, error.message());
                    let words = format!("{}: {why}; usual settings are used", path.display());
                    (Settings::default(), Some(words))
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Settings::default(), None),
            Err(error) => {
                let words = format!("{}: {error}; usual settings are used", path.display());
                (Settings::default(), Some(words))
            }
        }
    }

    /// Writes the settings: to a new file first, so that a crash leaves the old ones.
    pub(crate) fn save(&self, settings: &Settings) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        write(path, settings).map_err(|error| format!("{}: {error}", path.display()))
    }
}

fn write(path: &Path, settings: &Settings) -> io::Result<()> {
    let text = toml::to_string_pretty(settings).map_err(io::Error::other)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("toml.new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)
}

impl Settings {
    /// Puts a survey at the head of the recent ones.
    pub(crate) fn opened(&mut self, path: &Path) {
        self.recent.retain(|recent| recent != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_as_they_were_kept() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = SettingsFile { path: Some(folder.path().join("deep/window.toml")) };
        assert_eq!(file.load(), (Settings::default(), None));
        let mut settings = Settings { theme: ThemeChoice::Night, ..Settings::default() };
        settings.opened(Path::new("/a"));
        settings.opened(Path::new("/b"));
        settings.opened(Path::new("/a"));
        file.save(&settings).expect("written");
        assert_eq!(file.load(), (settings.clone(), None));
        assert_eq!(settings.recent, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn a_broken_file_is_said_and_not_fatal() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("window.toml");
        std::fs::write(&path, "theme = 7").expect("written");
        let (settings, words) = SettingsFile { path: Some(path) }.load();
        assert_eq!(settings, Settings::default());
        assert!(words.expect("said").contains("window.toml"));
    }

    #[test]
    fn only_so_many_are_recent() {
        let mut settings = Settings::default();
        (0..30).for_each(|number| settings.opened(Path::new(&format!("/{number}"))));
        assert_eq!(settings.recent.len(), RECENT);
        assert_eq!(settings.recent[0], PathBuf::from("/29"));
    }
}
