//! Signs for a person beside the sensor: a light of the machine, and a line of text for a small
//! display.
//!
//! The light: on while frames and positions come in; one short gap a second while there is no fix or
//! a home zone keeps the sensor silent; fast blinking when something is wrong. Off: it does not run.

use crate::config::StatusConfig;
use crate::journal::JournalState;
use crate::pipeline::PipelineState;
use pw_model::FixMode;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What the signs say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Good,
    NoFix,
    Trouble,
}

impl Sign {
    /// Light or not, so many tenths of a second after the beginning of a second.
    const fn is_lit(self, tenths: u128) -> bool {
        match self {
            Self::Good => true,
            Self::NoFix => !tenths.is_multiple_of(10),
            Self::Trouble => (tenths / 2).is_multiple_of(2),
        }
    }
}

/// Shows the state on the light and in the file that the configuration names.
#[derive(Debug)]
pub struct StatusSign {
    led: Option<Led>,
    file: Option<PathBuf>,
    sign: Sign,
    line: String,
    since: Instant,
}

#[derive(Debug)]
struct Led {
    brightness: PathBuf,
    full: String,
    lit: Option<bool>,
}

impl Led {
    /// Takes the light from the kernel's own use of it.
    fn open(folder: &Path) -> io::Result<Self> {
        let full = fs::read_to_string(folder.join("max_brightness"))?.trim().to_owned();
        let trigger = folder.join("trigger");
        if trigger.exists() {
            fs::write(trigger, "none")?;
        }
        Ok(Self { brightness: folder.join("brightness"), full, lit: None })
    }

    fn set(&mut self, lit: bool) -> io::Result<()> {
        if self.lit == Some(lit) {
            return Ok(());
        }
        self.lit = Some(lit);
        fs::write(&self.brightness, if lit { &self.full } else { "0" })
    }
}

impl StatusSign {
    /// What cannot be used is said in the log, and left alone.
    #[must_use]
    pub fn new(config: &StatusConfig) -> Self {
        let led = config.led.as_ref().and_then(|folder| match Led::open(folder) {
            Ok(led) => Some(led),
            Err(error) => {
                tracing::warn!("cannot use the light {}: {error}", folder.display());
                None
            }
        });
        let since = Instant::now();
        Self { led, file: config.file.clone(), sign: Sign::Trouble, line: String::new(), since }
    }

    /// Takes in a new state, and writes the line when it says something new.
    pub fn show(&mut self, state: &PipelineState, journal: &JournalState) {
        let (sign, line) = words(state, journal);
        self.sign = sign;
        if line == self.line {
            return;
        }
        if let Some(file) = self.file.clone()
            && let Err(error) = replace(&file, &line)
        {
            tracing::warn!("cannot write {}: {error}", file.display());
            self.file = None;
        }
        self.line = line;
    }

    /// Switches the light; to be called ten times a second.
    pub fn blink(&mut self) {
        let lit = self.sign.is_lit(self.since.elapsed().as_millis() / 100);
        if let Some(led) = &mut self.led
            && let Err(error) = led.set(lit)
        {
            tracing::warn!("cannot switch the light {}: {error}", led.brightness.display());
            self.led = None;
        }
    }
}

impl Drop for StatusSign {
    /// A light that stays on, or a line that stays, would say that the sensor runs.
    fn drop(&mut self) {
        if let Some(led) = &mut self.led {
            drop(led.set(false));
        }
        if let Some(file) = &self.file {
            drop(replace(file, "stopped"));
        }
    }
}

/// Whoever reads the file sees the old line or the new one, and never a part.
fn replace(file: &Path, line: &str) -> io::Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    fs::write(&new, format!("{line}\n"))?;
    // It holds nothing that was heard; whoever drives the display may read it.
    fs::set_permissions(&new, fs::Permissions::from_mode(0o644))?;
    fs::rename(&new, file)
}

/// At most some forty characters: fix, rate, journal, and what is wrong.
fn words(state: &PipelineState, journal: &JournalState) -> (Sign, String) {
    let Some(status) = &state.status else { return (Sign::Trouble, "starting".to_owned()) };
    let deaf = status.radios.iter().any(|radio| radio.trouble.is_some());
    let sent = state.guard.transmitted.iter().any(pw_model::Transmitted::is_alarming);
    let silent = state.guard.in_home_zone;
    let has_fix = status.gps.as_ref().is_none_or(|gps| {
        gps.trouble.is_none() && gps.mode.is_some_and(|mode| mode != FixMode::NoFix)
    });
    let fix = if silent {
        "home"
    } else if status.gps.is_none() {
        "no gps"
    } else if has_fix {
        "fix"
    } else {
        "no fix"
    };
    let rate = status.frames_per_second.map_or("-".to_owned(), |rate| format!("{rate:.0}"));
    let mut line = format!("{fix} {rate}/s wait {}", status.backlog_batches);
    let (sign, trouble) = if deaf {
        (Sign::Trouble, " RADIO")
    } else if journal.trouble.is_some() {
        (Sign::Trouble, " DISK")
    } else if sent {
        (Sign::Trouble, " SENDING")
    } else if !has_fix || silent {
        (Sign::NoFix, "")
    } else {
        (Sign::Good, "")
    };
    line.push_str(trouble);
    (sign, line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{RadioId, Timestamp};
    use pw_wire::{GpsStatus, RadioStatus, Status};

    fn state() -> PipelineState {
        let radio = RadioStatus {
            radio: RadioId(0),
            source: "wlan1".to_owned(),
            listening: true,
            frequency_mhz: None,
            frames: 0,
            frames_lost: 0,
            trouble: None,
        };
        let gps = GpsStatus {
            mode: Some(FixMode::ThreeD),
            satellites: Some(8),
            position_age_secs: Some(0.5),
            error_m: None,
            trouble: None,
        };
        let status = Status {
            time: Timestamp::from_unix_secs(0),
            uptime_secs: 1,
            gps: Some(gps),
            radios: vec![radio],
            frames: 0,
            frames_per_second: Some(812.4),
            frames_lost: 0,
            backlog_batches: 3,
            backlog_bytes: 0,
            disk_free_bytes: None,
            temperature_c: None,
        };
        PipelineState { status: Some(status), ..PipelineState::default() }
    }

    #[test]
    fn the_line_and_the_pattern() {
        let journal = JournalState::default();
        let check = |change: &dyn Fn(&mut PipelineState), sign: Sign, line: &str| {
            let mut state = state();
            change(&mut state);
            assert_eq!(words(&state, &journal), (sign, line.to_owned()));
        };
        check(&|_| {}, Sign::Good, "fix 812/s wait 3");
        check(&|s| s.guard.in_home_zone = true, Sign::NoFix, "home 812/s wait 3");
        let status = |s: &mut PipelineState, change: &dyn Fn(&mut Status)| {
            s.status.iter_mut().for_each(change);
        };
        let no_fix = |s: &mut Status| {
            s.gps.iter_mut().for_each(|gps| gps.mode = Some(FixMode::NoFix));
        };
        check(&|s| status(s, &no_fix), Sign::NoFix, "no fix 812/s wait 3");
        let deaf = |s: &mut Status| s.radios[0].trouble = Some("gone".to_owned());
        check(&|s| status(s, &deaf), Sign::Trouble, "fix 812/s wait 3 RADIO");
        let lit = |sign: Sign| (0..10).map(|tenths| sign.is_lit(tenths)).filter(|l| *l).count();
        assert_eq!((lit(Sign::Good), lit(Sign::NoFix), lit(Sign::Trouble)), (10, 9, 6));
    }

    #[test]
    fn a_light_and_a_file_are_used_and_given_back() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let led = folder.path().join("led");
        fs::create_dir(&led).expect("created");
        for (name, text) in
            [("max_brightness", "255\n"), ("trigger", "[mmc0]"), ("brightness", "7")]
        {
            fs::write(led.join(name), text).expect("written");
        }
        let file = folder.path().join("status.txt");
        let config = StatusConfig { led: Some(led.clone()), file: Some(file.clone()) };
        let read = |path: PathBuf| fs::read_to_string(path).expect("there");
        let mut sign = StatusSign::new(&config);
        sign.show(&state(), &JournalState::default());
        sign.blink();
        assert_eq!(read(led.join("trigger")), "none");
        assert_eq!(read(led.join("brightness")), "255");
        assert_eq!(read(file.clone()), "fix 812/s wait 3\n");
        drop(sign);
        assert_eq!(read(led.join("brightness")), "0");
        assert_eq!(read(file), "stopped\n");
    }

    #[test]
    fn what_cannot_be_used_is_left_alone() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let missing = Some(folder.path().join("none/at/all"));
        let mut sign = StatusSign::new(&StatusConfig { led: missing.clone(), file: missing });
        sign.show(&state(), &JournalState::default());
        sign.blink();
        assert!(sign.led.is_none() && sign.file.is_none());
    }
}
