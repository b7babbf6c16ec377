//! The configuration file: what the command line says, written down. The command line wins.

use crate::capture::{LiveSettings, SourceSpec, check_filter};
use crate::gps::GpsSpec;
use crate::hop::{HopSettings, RadioHop};
use crate::journal::Sealing;
use crate::motion::{ImuSpec, SpeedSpec};
use crate::privacy::{PrivacyConfig, PrivacySettings};
use anyhow::{Context, Result, bail};
use pw_model::words::wrong_at;
use pw_model::{Channel, ChannelPlan, Origin, PLAN_WIDTHS_MHZ};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Least and most room for the journal in MiB.
const QUOTA_LEAST_MIB: u64 = 64;
const QUOTA_MOST_MIB: u64 = 64 << 20;
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
    /// What says how the sensor moves.
    pub motion: MotionConfig,
    /// People's data.
    pub privacy: PrivacyConfig,
    /// What the sensor gives up.
    pub security: SecurityConfig,
    /// Signs for a person beside the sensor.
    pub status: StatusConfig,
}

/// `[security]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityConfig {
    /// Have the kernel refuse system calls that the sensor never needs.
    pub seccomp: bool,
}

impl Default for SecurityConfig {
    fn default() -> Self {
        Self { seccomp: true }
    }
}

/// `[status]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StatusConfig {
    /// Folder of a light below `/sys/class/leds`.
    pub led: Option<PathBuf>,
    /// File with one line of text, for a small display.
    pub file: Option<PathBuf>,
}

/// `[journal]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Most space on disk in MiB; 8192 unless said.
    pub quota_mib: Option<u64>,
    /// Thin the oldest records out before any are deleted whole; yes unless said.
    pub thin: Option<bool>,
    /// File with the key that the journal is sealed with, or `credential:NAME`; plain unless said.
    pub key_file: Option<PathBuf>,
    /// Seal what is new; yes where there is a key. With no, the key only opens what is sealed already.
    pub seal: Option<bool>,
}

impl JournalConfig {
    /// The key, read; `None` for a plain journal.
    ///
    /// # Errors
    /// The key cannot be used, or sealing is asked for without one.
    pub fn sealing(&self) -> Result<Option<Sealing>> {
        match (&self.key_file, self.seal) {
            (None, Some(true)) => bail!(
                "journal.seal = true needs a key: name its file in journal.key_file (piwardrive-sensor \
                 journal new-key makes one)"
            ),
            (None, _) => Ok(None),
            (Some(path), Some(false)) => Ok(Some(Sealing::read(path)?.only_opening())),
            (Some(path), _) => Ok(Some(Sealing::read(path)?)),
        }
    }
}

/// `[capture]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureConfig {
    /// Kernel buffer of a live interface in MiB; 16 unless said.
    pub buffer_mib: Option<i32>,
    /// Bytes kept of a frame; 4096 unless said.
    pub snap_len: Option<i32>,
    /// The same by what is wanted; instead of the number.
    pub snap: Option<Snap>,
    /// Which frames the kernel hands over (pcap-filter); all unless said.
    pub filter: Option<String>,
}

/// `[motion]`: recorded for later; nothing uses it for positions yet.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MotionConfig {
    /// Inertial sensor: `iio:NAME`, `auto` or `none`; none unless said.
    pub imu: Option<String>,
    /// The vehicle's own speed: `obd:/dev/ttyUSB0[,baud=N]` or `none`; none unless said.
    pub speed: Option<String>,
}

/// What is wanted of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Snap {
    /// Headers of the radio and the frame; of what networks say of themselves only the beginning.
    Headers,
    /// All of every management frame, of data the beginning.
    Management,
    /// Everything.
    All,
}

impl Snap {
    const fn bytes(self) -> i32 {
        match self {
            Self::Headers => 256,
            // Longer than any management frame: 2,304 bytes of body (802.11-2020, 9.2.4.7.1), with
            // the radio's header.
            Self::Management => 4096,
            Self::All => 65_535,
        }
    }
}

/// `[hop]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HopConfig {
    /// Plan of all radios; `all` unless said.
    pub plan: Option<String>,
    /// Stay on a channel in milliseconds; 220 unless said.
    pub dwell_ms: Option<u64>,
    /// Shortest stay of the adaptive plan in milliseconds; 110 unless said.
    pub shortest_ms: Option<u64>,
    /// Longest stay of the adaptive plan in milliseconds; 1000 unless said.
    pub longest_ms: Option<u64>,
    /// Widest that radios listen, in MHz; 20 unless said.
    pub width_mhz: Option<u16>,
    /// Centres of the channels in MHz; all that the radio can unless said.
    pub frequencies_mhz: Vec<u16>,
    /// Centres of the channels of the plan `favourites`, in MHz.
    pub favourites_mhz: Vec<u16>,
    /// What holds for one radio alone, by its interface.
    pub radio: BTreeMap<String, RadioHopConfig>,
}

/// `[hop.radio.INTERFACE]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RadioHopConfig {
    /// Its plan.
    pub plan: Option<String>,
    /// Widest that it listens, in MHz.
    pub width_mhz: Option<u16>,
}

impl HopConfig {
    /// # Errors
    /// A number is out of its range, or a plan is none.
    fn settings(&self) -> Result<HopSettings> {
        let usual = HopSettings::default();
        let time = |name: &str, said: Option<u64>, usual: Duration| {
            let Some(ms) = said else { return Ok(usual) };
            if !(50..=600_000).contains(&ms) {
                bail!("hop.{name} = {ms}: 50 to 600000");
            }
            Ok(Duration::from_millis(ms))
        };
        let width = |name: &str, said: Option<u16>| match said {
            Some(mhz) if !PLAN_WIDTHS_MHZ.contains(&mhz) => {
                bail!("hop.{name} = {mhz}: 20, 40, 80 or 160")
            }
            said => Ok(said),
        };
        let plan = |name: &str, said: Option<&String>| -> Result<Option<ChannelPlan>> {
            let Some(text) = said else { return Ok(None) };
            let plan: ChannelPlan =
                text.parse().map_err(|why: String| anyhow::anyhow!("hop.{name}: {why}"))?;
            if plan == ChannelPlan::Favourites(Vec::new()) && self.favourites_mhz.is_empty() {
                bail!("hop.{name} = \"favourites\": name them in favourites_mhz");
            }
            Ok(Some(plan))
        };
        for (name, list) in
            [("frequencies_mhz", &self.frequencies_mhz), ("favourites_mhz", &self.favourites_mhz)]
        {
            let wrong = |mhz: &&u16| Channel::from_frequency_mhz(**mhz).is_none();
            if let Some(mhz) = list.iter().find(wrong) {
                bail!("hop.{name}: {mhz} MHz is the centre of no channel");
            }
        }
        let mut radios = BTreeMap::new();
        for (name, own) in &self.radio {
            let own = RadioHop {
                plan: plan(&format!("radio.{name}.plan"), own.plan.as_ref())?,
                width_mhz: width(&format!("radio.{name}.width_mhz"), own.width_mhz)?,
            };
            radios.insert(name.clone(), own);
        }
        let settings = HopSettings {
            plan: plan("plan", self.plan.as_ref())?.unwrap_or(usual.plan),
            dwell: time("dwell_ms", self.dwell_ms, usual.dwell)?,
            shortest: time("shortest_ms", self.shortest_ms, usual.shortest)?,
            longest: time("longest_ms", self.longest_ms, usual.longest)?,
            frequencies_mhz: self.frequencies_mhz.clone(),
            favourites_mhz: self.favourites_mhz.clone(),
            width_mhz: width("width_mhz", self.width_mhz)?.unwrap_or(usual.width_mhz),
            radios,
        };
        if settings.shortest > settings.longest {
            bail!("hop.shortest_ms is longer than hop.longest_ms");
        }
        Ok(settings)
    }
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
            let start = error.span().map(|span| span.start);
            anyhow::anyhow!("{}: {}", path.display(), wrong_at(&text, start, error.message()))
        })?;
        config.sources().with_context(|| format!("{}: source", path.display()))?;
        config.gps().with_context(|| format!("{}: gps", path.display()))?;
        config.motion().with_context(|| path.display().to_string())?;
        config.check_quota().with_context(|| path.display().to_string())?;
        config.live_settings().with_context(|| path.display().to_string())?;
        config.privacy().with_context(|| path.display().to_string())?;
        Ok(config)
    }

    /// The journal is deleted by whole segments: with less room than a few of them it would hold
    /// nothing.
    fn check_quota(&self) -> Result<()> {
        match self.journal.quota_mib {
            Some(mib) if !(QUOTA_LEAST_MIB..=QUOTA_MOST_MIB).contains(&mib) => bail!(
                "journal.quota_mib = {mib}: must be from {QUOTA_LEAST_MIB} to {QUOTA_MOST_MIB}"
            ),
            _ => Ok(()),
        }
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

    /// What says how the sensor moves.
    ///
    /// # Errors
    /// It is not understood, or would make this machine transmit.
    pub fn motion(&self) -> Result<(Option<ImuSpec>, Option<SpeedSpec>)> {
        let imu = self.motion.imu.as_deref().map(ImuSpec::parse).transpose();
        let imu = imu.map_err(|why| anyhow::anyhow!("motion.imu: {why}"))?;
        let speed = self.motion.speed.as_deref().map(SpeedSpec::parse).transpose();
        let speed = speed.map_err(|why| anyhow::anyhow!("motion.speed: {why}"))?;
        Ok((imu.flatten(), speed.flatten()))
    }

    /// How people's data are treated, with the sources of this file.
    ///
    /// # Errors
    /// A value is out of its range, or clear addresses of live radios are asked for without an audit.
    pub fn privacy(&self) -> Result<PrivacySettings> {
        // Sources may stand on the command line only; they are looked at again when they are known.
        let origin = self.sources()?.first().map_or(Origin::Replay, SourceSpec::origin);
        PrivacySettings::new(&self.privacy, origin)
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
        let by_policy = self.capture.snap.map(Snap::bytes);
        if by_policy.is_some() && self.capture.snap_len.is_some() {
            bail!("capture.snap and capture.snap_len say the same thing twice: keep one");
        }
        let snap_len = self.capture.snap_len.or(by_policy).unwrap_or(usual.snap_len);
        if !(256..=65_535).contains(&snap_len) {
            bail!("capture.snap_len = {snap_len}: 256 to 65535");
        }
        if let Some(filter) = &self.capture.filter {
            check_filter(filter).map_err(|why| anyhow::anyhow!("capture.filter: {why}"))?;
        }
        Ok(LiveSettings {
            buffer_bytes: buffer_mib << 20,
            snap_len,
            filter: self.capture.filter.clone(),
            hop: self.hop.settings()?,
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
    fn motion_is_off_unless_said_and_never_over_the_air() {
        assert_eq!(read("").expect("valid").motion().expect("none"), (None, None));
        let text = "[motion]\nimu = 'auto'\nspeed = 'obd:/dev/ttyUSB0'\n";
        let (imu, speed) = read(text).expect("valid").motion().expect("valid");
        assert!(imu == Some(ImuSpec::Auto) && speed.is_some());
        for (text, words) in [
            ("[motion]\nspeed = 'obd:/dev/rfcomm0'\n", "motion.speed: /dev/rfcomm0 is a Bluetooth"),
            ("[motion]\nimu = 'mpu6050'\n", "motion.imu: 'mpu6050' is no inertial sensor"),
            ("[motion]\ngyro = 'auto'\n", "line 2"),
        ] {
            let error = format!("{:#}", read(text).expect_err(text));
            assert!(error.contains(words), "{error}");
        }
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
                Some(setting) if setting.starts_with(|c: char| c.is_alphabetic() || c == '[') => {
                    setting
                }
                _ => line,
            })
            .collect();
        let config = read(&all.join("\n")).expect("with everything set");
        let usual = Config::default().live_settings().expect("valid");
        let offered = config.live_settings().expect("valid");
        assert_eq!(offered.hop.dwell, usual.hop.dwell, "what is shown is what is usual");
        assert_eq!(offered.hop.shortest, usual.hop.shortest);
        assert_eq!(offered.hop.longest, usual.hop.longest);
        assert_eq!(offered.hop.plan, usual.hop.plan);
        assert_eq!(offered.hop.width_mhz, usual.hop.width_mhz);
        assert_eq!(offered.snap_len, usual.snap_len);
        assert_eq!(offered.buffer_bytes, usual.buffer_bytes);
        assert_eq!(config.journal.quota_mib, Some(8192));
        assert_eq!(config.journal.thin, Some(true));
        assert!(config.journal.key_file.is_some());
        assert_eq!(config.journal.seal, Some(true), "usual where there is a key");
        assert!(config.name.is_some() && config.listen.is_some());
    }

    #[test]
    fn a_journal_is_sealed_with_a_key_only() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("key");
        let key = crate::journal::new_key(&path).expect("made");
        let sealing = |text: &str| {
            let path = path.display();
            let text =
                format!("[journal]\n{}", text.replace("KEY", &format!("key_file = '{path}'")));
            read(&text).expect("valid").journal.sealing()
        };
        assert!(sealing("").expect("plain").is_none());
        assert!(sealing("seal = false").expect("plain").is_none());
        let sealed = sealing("KEY").expect("a key").expect("sealed");
        assert_eq!((sealed.id(), sealed.seals()), (key, true));
        let opening = sealing("KEY\nseal = false").expect("a key").expect("opens");
        assert!(!opening.seals());
        let error = sealing("seal = true").expect_err("no key").to_string();
        assert!(error.contains("new-key"), "{error}");
        std::fs::remove_file(&path).expect("removed");
        let error = sealing("KEY").expect_err("gone").to_string();
        assert!(error.contains("is the stick plugged in"), "{error}");
    }

    #[test]
    fn slips_are_found_with_their_line() {
        for (text, words) in [
            ("name = 'x'\nsorce = []\n", "sensor.toml: line 2, column 1: "),
            ("name = 'x'\nsource\n", "sensor.toml: line 2, column 7: "),
            ("[hop]\ndwell_ms = 1\n", "50 to 600000"),
            ("[hop]\nplan = 'some'\n", "is no channel plan"),
            ("[hop]\nplan = 'favourites'\n", "name them in favourites_mhz"),
            ("[hop]\nfavourites_mhz = [2413]\n", "2413 MHz is the centre of no channel"),
            ("[hop]\nwidth_mhz = 30\n", "20, 40, 80 or 160"),
            ("[hop]\nshortest_ms = 900\nlongest_ms = 800\n", "longer than"),
            ("[hop.radio.wlan1]\nplan = 'lock:6'\n", "radio.wlan1.plan"),
            ("[capture]\nfilter = 'subtype nonsense'\n", "capture.filter: "),
            ("[capture]\nsnap = 'all'\nsnap_len = 300\n", "twice"),
            ("[capture]\nsnap = 'little'\n", "line 2"),
            ("source = ['wlan0']\n", "no source"),
            ("gps = 'here'\n", "no position source"),
            ("listen = 'x'\n", "line 1"),
        ] {
            let error = format!("{:#}", read(text).expect_err(text));
            assert!(error.contains(words) && !error.contains('\n'), "{error}");
        }
    }
}
