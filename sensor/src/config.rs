//! The configuration file: what the command line says, written down. The command line wins.

use crate::capture::{LiveSettings, SourceSpec};
use crate::gps::GpsSpec;
use crate::hop::HopSettings;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest configuration file in bytes.
const LONGEST: u64 = 1 << 20;

/// The file. A key that is not known is an error, so that a slip of the pen is found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Name of the sensor, for people.
    pub name: Option<String>,
    /// Sources, as after `--source`.
    pub source: Vec<String>,
    /// Position, as after `--gps`.
    pub gps: Option<String>,
    /// Where desktops connect.
    pub listen: Option<SocketAddr>,
    /// Say on the local network where the sensor is; not unless said.
    pub announce: bool,
    /// The state folder.
    pub state: Option<PathBuf>,
    /// The journal.
    pub journal: JournalConfig,
    /// Live interfaces.
    pub capture: CaptureConfig,
    /// Radios that hop.
    pub hop: HopConfig,
}

/// `[journal]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Most space on disk in MiB; 8192 unless said.
    pub quota_mib: Option<u64>,
}

/// `[capture]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureConfig {
    /// Kernel buffer of a live interface in MiB; 16 unless said.
    pub buffer_mib: Option<i32>,
    /// Bytes kept of a frame; 4096 unless said.
    pub snap_len: Option<i32>,
}

/// `[hop]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HopConfig {
    /// Stay on a channel in milliseconds; 220 unless said.
    pub dwell_ms: Option<u64>,
    /// Centres of the channels in MHz; all that the radio can unless said.
    pub frequencies_mhz: Vec<u16>,
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, or something in it is not understood; the message names the line.
    pub fn read(path: &Path) -> Result<Self> {
        let data =
            std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if data.len() > LONGEST {
            bail!("{}: {} bytes are too many for a configuration", path.display(), data.len());
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let config: Self = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            let message = error.message().trim().replace('\n', "; ");
            anyhow::anyhow!("{}: line {line}: {message}", path.display())
        })?;
        config.sources()?;
        config.gps()?;
        config.live_settings().with_context(|| path.display().to_string())?;
        Ok(config)
    }

    /// The sources.
    ///
    /// # Errors
    /// One is not understood.
    pub fn sources(&self) -> Result<Vec<SourceSpec>> {
        self.source.iter().map(|text| text.parse().map_err(anyhow::Error::msg)).collect()
    }

    /// The position.
    ///
    /// # Errors
    /// It is not understood.
    pub fn gps(&self) -> Result<Option<GpsSpec>> {
        self.gps.as_deref().map(|text| text.parse().map_err(anyhow::Error::msg)).transpose()
    }

    /// How live interfaces are read.
    ///
    /// # Errors
    /// A number is out of its range.
    pub fn live_settings(&self) -> Result<LiveSettings> {
        let usual = LiveSettings::default();
        let buffer_mib = self.capture.buffer_mib.unwrap_or(16);
        if !(1..=512).contains(&buffer_mib) {
            bail!("capture.buffer_mib = {buffer_mib}: 1 to 512");
        }
        let snap_len = self.capture.snap_len.unwrap_or(usual.snap_len);
        if !(256..=65_535).contains(&snap_len) {
            bail!("capture.snap_len = {snap_len}: 256 to 65535");
        }
        let dwell_ms = self.hop.dwell_ms.unwrap_or(220);
        if !(50..=600_000).contains(&dwell_ms) {
            bail!("hop.dwell_ms = {dwell_ms}: 50 to 600000");
        }
        Ok(LiveSettings {
            buffer_bytes: buffer_mib << 20,
            snap_len,
            hop: HopSettings {
                dwell: Duration::from_millis(dwell_ms),
                frequencies_mhz: self.hop.frequencies_mhz.clone(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("sensor.toml");
        std::fs::write(&path, text)?;
        Config::read(&path)
    }

    #[test]
    fn a_whole_file() {
        let config = read(
            "name = 'car'\nsource = ['wifi:wlan1']\ngps = 'gpsd:localhost:2947'\n\
             listen = '0.0.0.0:47147'\n[journal]\nquota_mib = 100\n[hop]\nfrequencies_mhz = [2412]\n",
        )
        .expect("valid");
        assert_eq!(config.sources().expect("valid").len(), 1);
        assert_eq!(config.live_settings().expect("valid").hop.frequencies_mhz, [2412]);
    }

    #[test]
    fn the_installed_file_and_all_that_it_offers_are_understood() {
        let text = include_str!("../../packaging/debian/sensor.toml");
        let config = read(text).expect("as installed");
        assert_eq!(config.state.as_deref(), Some(Path::new(crate::state_dir::SYSTEM)));
        assert_eq!(config.sources().expect("valid").len(), 1);
        // A line that begins with '#' and a letter is a setting, with '# ' words about one.
        let all: Vec<&str> = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if setting.starts_with(char::is_alphabetic) => setting,
                _ => line,
            })
            .collect();
        let config = read(&all.join("\n")).expect("with everything set");
        let usual = Config::default().live_settings().expect("valid");
        let offered = config.live_settings().expect("valid");
        assert_eq!(offered.hop.dwell, usual.hop.dwell, "what is shown is what is usual");
        assert_eq!(offered.snap_len, usual.snap_len);
        assert_eq!(offered.buffer_bytes, usual.buffer_bytes);
        assert_eq!(config.journal.quota_mib, Some(8192));
        assert!(config.name.is_some() && config.listen.is_some());
    }

    #[test]
    fn slips_are_found_with_their_line() {
        for (text, words) in [
            ("name = 'x'\nsorce = []\n", "line 2"),
            ("[hop]\ndwell_ms = 1\n", "50 to 600000"),
            ("source = ['wlan0']\n", "no source"),
            ("gps = 'here'\n", "no position source"),
            ("listen = 'x'\n", "line 1"),
        ] {
            let error = format!("{:#}", read(text).expect_err(text));
            assert!(error.contains(words) && !error.contains('\n'), "{error}");
        }
    }
}
