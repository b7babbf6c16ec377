//! Inertial sensors of the kernel's Industrial I/O subsystem, read from files (its ABI:
//! Documentation/ABI/testing/sysfs-bus-iio): (raw + offset) × scale is in m/s² and in rad/s.

use super::{ImuSpec, MotionInput, MotionReading};
use std::path::{Path, PathBuf};

/// Where the kernel shows them.
pub const DEVICES: &str = "/sys/bus/iio/devices";
/// Devices that are looked at; a machine has a handful.
const DEVICES_MAX: usize = 64;
/// Longest value in bytes; the kernel's are a number and a line's end.
const VALUE_MAX: usize = 64;

const AXES: [&str; 3] = ["x", "y", "z"];

/// One accelerometer, one gyroscope, or both.
#[derive(Debug)]
pub struct IioInput {
    acceleration: Option<Triple>,
    angular_velocity: Option<Triple>,
}

/// A quantity along three axes.
#[derive(Debug)]
struct Triple {
    device: String,
    axes: [Axis; 3],
}

/// Scale and offset hold for as long as it is open.
#[derive(Debug)]
struct Axis {
    raw: PathBuf,
    offset: f64,
    scale: f64,
}

impl IioInput {
    /// Opens the devices below `folder` that are meant.
    ///
    /// # Errors
    /// There are none, or they cannot be read; which there are.
    pub fn open(folder: &Path, wanted: &ImuSpec) -> Result<Self, String> {
        let devices = devices(folder)?;
        let mut input = Self { acceleration: None, angular_velocity: None };
        let mut found = Vec::new();
        for (path, name) in &devices {
            if let ImuSpec::Named(wanted) = wanted
                && !is_named(name, wanted)
            {
                continue;
            }
            found.push(name.as_str());
            if input.acceleration.is_none() {
                input.acceleration = Triple::open(path, name, "in_accel")?;
            }
            if input.angular_velocity.is_none() {
                input.angular_velocity = Triple::open(path, name, "in_anglvel")?;
            }
        }
        if input.acceleration.is_some() || input.angular_velocity.is_some() {
            return Ok(input);
        }
        let names: Vec<&str> = devices.iter().map(|(_, name)| name.as_str()).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(match wanted {
            ImuSpec::Named(wanted) if found.is_empty() => {
                format!("no iio device named {wanted}; there are: {there}")
            }
            ImuSpec::Named(wanted) => {
                format!("the iio device {wanted} has neither accelerometer nor gyroscope")
            }
            ImuSpec::Auto => {
                format!("no iio device has an accelerometer or a gyroscope; there are: {there}")
            }
        })
    }
}

impl MotionInput for IioInput {
    fn name(&self) -> String {
        let parts = [("accelerometer", &self.acceleration), ("gyroscope", &self.angular_velocity)];
        let name = |(what, triple): (&str, &Option<Triple>)| {
            triple.as_ref().map(|triple| format!("{what} {}", triple.device))
        };
        parts.into_iter().filter_map(name).collect::<Vec<_>>().join(", ")
    }

    fn read(&mut self) -> Result<MotionReading, String> {
        let read = |triple: &Option<Triple>| triple.as_ref().map(Triple::read).transpose();
        Ok(MotionReading {
            speed_mps: None,
            acceleration_mps2: read(&self.acceleration)?,
            angular_velocity_rps: read(&self.angular_velocity)?,
        })
    }
}

/// Drivers of chips with several sensors show one device for each: `lsm6dso_accel`, `lsm6dso_gyro`.
fn is_named(name: &str, wanted: &str) -> bool {
    name.strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_') || rest.starts_with('-'))
}

/// Folders and names of all devices, in the order of their numbers.
fn devices(folder: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // The kernel makes the folder with the first driver.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read {}: {error}", folder.display())),
    };
    let mut devices = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("iio:device"));
        if let Some(number) = number.and_then(|number| number.parse::<u32>().ok()) {
            devices.push((number, entry.path()));
        }
    }
    devices.sort();
    devices.truncate(DEVICES_MAX);
    devices
        .into_iter()
        .map(|(_, path)| {
            let name = value(&path.join("name"))?;
            Ok((path, name))
        })
        .collect()
}

impl Triple {
    /// `None` when the device does not measure that along all three axes.
    fn open(device: &Path, name: &str, quantity: &str) -> Result<Option<Self>, String> {
        let raw = AXES.map(|axis| device.join(format!("{quantity}_{axis}_raw")));
        if !raw.iter().all(|path| path.exists()) {
            return Ok(None);
        }
        let [x, y, z] = AXES;
        let axis = |axis: &str, raw: PathBuf| -> Result<Axis, String> {
            // One for each axis, or one for all.
            let shared = |what: &str| {
                let own = device.join(format!("{quantity}_{axis}_{what}"));
                let all = device.join(format!("{quantity}_{what}"));
                [own, all].into_iter().find(|path| path.exists())
            };
            let scale = shared("scale").ok_or_else(|| {
                format!("{}: no {quantity}_scale, so its numbers mean nothing", device.display())
            })?;
            let offset = shared("offset").map(|path| number(&path)).transpose()?;
            let (path, scale) = (scale.clone(), number(&scale)?);
            if scale == 0.0 {
                return Err(format!("{}: a scale of 0", path.display()));
            }
            Ok(Axis { raw, offset: offset.unwrap_or(0.0), scale })
        };
        let [raw_x, raw_y, raw_z] = raw;
        let axes = [axis(x, raw_x)?, axis(y, raw_y)?, axis(z, raw_z)?];
        Ok(Some(Self { device: name.to_owned(), axes }))
    }

    fn read(&self) -> Result<[f64; 3], String> {
        let [x, y, z] = &self.axes;
        Ok([x.read()?, y.read()?, z.read()?])
    }
}

impl Axis {
    fn read(&self) -> Result<f64, String> {
        Ok((number(&self.raw)? + self.offset) * self.scale)
    }
}

fn number(path: &Path) -> Result<f64, String> {
    let text = value(path)?;
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("{}: '{text}' is no number", path.display()))
}

/// One short line.
fn value(path: &Path) -> Result<String, String> {
    use std::io::Read;
    let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    file.take(VALUE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() > VALUE_MAX {
        return Err(failed(&format!("more than {VALUE_MAX} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| failed(&error))?;
    Ok(text.trim_end_matches('\n').chars().filter(|c| !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder as the kernel shows it; each device with its files.
    fn tree(devices: &[(&str, &[(&str, &str)])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("temporary folder");
        for (device, files) in devices {
            let path = folder.path().join(device);
            fs::create_dir(&path).expect("made");
            for (file, text) in *files {
                fs::write(path.join(file), format!("{text}\n")).expect("written");
            }
        }
        folder
    }

    const ACCEL: &[(&str, &str)] = &[
        ("name", "lsm6dso_accel"),
        ("in_accel_x_raw", "-100"),
        ("in_accel_y_raw", "0"),
        ("in_accel_z_raw", "16393"),
        ("in_accel_scale", "0.000598"),
    ];
    const GYRO: &[(&str, &str)] = &[
        ("name", "lsm6dso_gyro"),
        ("in_anglvel_x_raw", "10"),
        ("in_anglvel_x_offset", "-10"),
        ("in_anglvel_y_raw", "20"),
        ("in_anglvel_z_raw", "-30"),
        ("in_anglvel_scale", "0.5"),
        ("in_anglvel_z_scale", "0.25"),
    ];
    const PRESSURE: &[(&str, &str)] = &[("name", "bmp280"), ("in_pressure_input", "99.1")];

    fn open(folder: &tempfile::TempDir, spec: &str) -> Result<IioInput, String> {
        IioInput::open(folder.path(), &ImuSpec::parse(spec).expect("a spec").expect("one"))
    }

    #[test]
    fn both_devices_of_a_chip_are_read_with_scale_and_offset() {
        let folder = tree(&[
            ("iio:device10", ACCEL),
            ("iio:device2", PRESSURE),
            ("iio:device3", GYRO),
            ("trigger0", &[("name", "no device")]),
        ]);
        for spec in ["auto", "iio:lsm6dso"] {
            let mut input = open(&folder, spec).expect("there");
            assert_eq!(input.name(), "accelerometer lsm6dso_accel, gyroscope lsm6dso_gyro");
            let reading = input.read().expect("readable");
            let [x, y, z] = reading.acceleration_mps2.expect("measured");
            assert!((x + 0.0598).abs() < 1e-9 && y == 0.0 && (z - 9.803_014).abs() < 1e-6);
            assert_eq!(reading.angular_velocity_rps, Some([0.0, 10.0, -7.5]));
            assert_eq!(reading.speed_mps, None);
        }
        let mut gyro = open(&folder, "iio:lsm6dso_gyro").expect("there");
        assert_eq!(gyro.read().expect("readable").acceleration_mps2, None);
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let folder = tree(&[("iio:device0", PRESSURE)]);
        let error = |spec: &str| open(&folder, spec).expect_err("not there");
        assert_eq!(error("iio:mpu6050"), "no iio device named mpu6050; there are: bmp280");
        assert_eq!(error("iio:bmp"), "no iio device named bmp; there are: bmp280");
        assert!(error("iio:bmp280").contains("neither accelerometer nor gyroscope"));
        assert!(error("auto").ends_with("there are: bmp280"));
        let nothing = tempfile::tempdir().expect("temporary folder");
        assert!(open(&nothing, "auto").expect_err("none").ends_with("there are: none"));
        let nowhere = IioInput::open(&nothing.path().join("no"), &ImuSpec::Auto);
        assert!(nowhere.expect_err("none").ends_with("there are: none"));
    }

    #[test]
    fn files_that_lie_are_errors_with_their_place() {
        let wrong: [(&str, &str); 6] = [
            ("in_accel_scale", "much"),
            ("in_accel_scale", "0"),
            ("in_accel_scale", "inf"),
            ("in_accel_x_offset", "-"),
            ("in_accel_y_raw", "12 apples"),
            ("in_accel_z_raw", &"9".repeat(100)),
        ];
        for (file, text) in wrong {
            let folder = tree(&[("iio:device0", ACCEL)]);
            fs::write(folder.path().join("iio:device0").join(file), text).expect("written");
            let error = open(&folder, "auto").and_then(|mut input| input.read()).expect_err(text);
            assert!(error.contains(file), "{error}");
        }
        let folder = tree(&[("iio:device0", ACCEL)]);
        fs::remove_file(folder.path().join("iio:device0/in_accel_scale")).expect("there");
        assert!(open(&folder, "auto").expect_err("no scale").contains("mean nothing"));
        let folder = tree(&[("iio:device0", ACCEL)]);
        let mut input = open(&folder, "auto").expect("there");
        fs::remove_dir_all(folder.path().join("iio:device0")).expect("unplugged");
        assert!(input.read().expect_err("gone").contains("in_accel_x_raw"));
    }
}
