//! What the configuration says of motion, and opening it.

use super::{DEVICES, IioInput, MotionInput, ObdInput};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Baud rate of an adapter unless said: that of most ELM327.
const DEFAULT_BAUD: u32 = 38_400;

/// `motion.imu`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ImuSpec {
    /// `auto`: the first accelerometer and the first gyroscope of the machine.
    Auto,
    /// `iio:NAME`: those of this name; NAME_accel and NAME_gyro count as well.
    Named(String),
}

/// `motion.speed`: an adapter at the vehicle's diagnostics socket, on a serial line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpeedSpec {
    /// The serial device.
    pub path: PathBuf,
    /// Its speed in baud.
    pub baud: u32,
}

impl ImuSpec {
    /// Reads the value; `None` for `none`.
    ///
    /// # Errors
    /// It is none of what there is.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        match text.split_once(':') {
            None if text == "none" => Ok(None),
            None if text == "auto" => Ok(Some(Self::Auto)),
            Some(("iio", name)) if !name.is_empty() && !name.contains('/') => {
                Ok(Some(Self::Named(name.to_owned())))
            }
            _ => Err(format!(
                "'{text}' is no inertial sensor: iio:NAME with the name below {DEVICES}, auto or none"
            )),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn open(&self) -> Result<Box<dyn MotionInput>, String> {
        Ok(Box::new(IioInput::open(Path::new(DEVICES), self)?))
    }
}

impl FromStr for SpeedSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is no source of speed: obd:/dev/ttyUSB0, obd:/dev/ttyUSB0,baud=9600 or none"
            )
        };
        let rest = text.strip_prefix("obd:").filter(|rest| !rest.is_empty()).ok_or_else(wrong)?;
        let (path, baud) = match rest.rsplit_once(",baud=") {
            Some((path, baud)) => {
                let baud = baud.parse().ok().filter(|baud| (1200..=921_600).contains(baud));
                let wrong = || format!("'{text}': baud= takes a number from 1200 to 921600");
                (path, baud.ok_or_else(wrong)?)
            }
            None => (rest, DEFAULT_BAUD),
        };
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            return Err(wrong());
        }
        refuse_bluetooth(&path)?;
        Ok(Self { path, baud })
    }
}

impl SpeedSpec {
    /// Reads the value; `None` for `none`.
    ///
    /// # Errors
    /// It is none of what there is, or a path over which this machine would transmit.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text == "none" { Ok(None) } else { text.parse().map(Some) }
    }

    /// Opens it. Set `stop` ends what it waits for.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub fn open(&self, stop: &Arc<AtomicBool>) -> Result<Box<dyn MotionInput>, String> {
        // What a name leads to is known only when it is there.
        if let Ok(target) = std::fs::canonicalize(&self.path) {
            refuse_bluetooth(&target)?;
        }
        Ok(Box::new(ObdInput::open(&self.path, self.baud, Arc::clone(stop))?))
    }
}

/// A sensor transmits nothing. An adapter with Bluetooth would make this machine send all the time.
fn refuse_bluetooth(path: &Path) -> Result<(), String> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    if name.is_some_and(|name| name.starts_with("rfcomm")) {
        return Err(format!(
            "{} is a Bluetooth connection, over which this machine would transmit; a sensor does \
             not: take an adapter on a cable (USB or serial)",
            path.display()
        ));
    }
    Ok(())
}

impl fmt::Display for ImuSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => out.write_str("the machine's inertial sensors"),
            Self::Named(name) => write!(out, "the inertial sensor {name}"),
        }
    }
}

impl fmt::Display for SpeedSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the vehicle's diagnostics at {}", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs() {
        assert_eq!(ImuSpec::parse("none"), Ok(None));
        assert_eq!(ImuSpec::parse("auto"), Ok(Some(ImuSpec::Auto)));
        let named = ImuSpec::Named("lsm6dsx".to_owned());
        assert_eq!(ImuSpec::parse("iio:lsm6dsx"), Ok(Some(named)));
        for wrong in ["", "iio:", "iio:../x", "imu", "usb:x"] {
            assert!(ImuSpec::parse(wrong).is_err(), "{wrong}");
        }
        let speed = |path: &str, baud| SpeedSpec { path: PathBuf::from(path), baud };
        assert_eq!(SpeedSpec::parse("none"), Ok(None));
        assert_eq!("obd:/dev/ttyUSB0".parse(), Ok(speed("/dev/ttyUSB0", 38_400)));
        assert_eq!("obd:/dev/obd,baud=9600".parse(), Ok(speed("/dev/obd", 9_600)));
        for wrong in ["", "obd:", "obd:ttyUSB0", "obd:/dev/x,baud=1", "/dev/ttyUSB0"] {
            assert!(wrong.parse::<SpeedSpec>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_would_transmit_is_refused_also_behind_another_name() {
        let error = "obd:/dev/rfcomm0".parse::<SpeedSpec>().expect_err("refused");
        assert!(error.contains("would transmit"), "{error}");
        let folder = tempfile::tempdir().expect("temporary folder");
        let target = folder.path().join("rfcomm3");
        std::fs::write(&target, "").expect("written");
        let path = folder.path().join("obd");
        std::os::unix::fs::symlink(&target, &path).expect("linked");
        let spec = SpeedSpec { path, baud: 38_400 };
        let error = spec.open(&Arc::default()).err().expect("refused");
        assert!(error.contains("Bluetooth"), "{error}");
    }
}
