//! The machine under the sensor, read from the kernel's files. What it does not say stays "not
//! available", with the reason. No program is started for it.

mod disk;
mod transmit;
mod usb;

pub use transmit::TransmitWatch;

use pw_model::{HealthDetails, Memory, RadioRate, Reading, Throttling, Timestamp};
use std::path::{Path, PathBuf};

/// Where the driver of the Raspberry Pi's firmware shows its flags.
const THROTTLED: &str = "sys/devices/platform/soc/soc:firmware/get_throttled";
/// What the kernel's sensor of a Raspberry Pi's supply is called (`raspberrypi-hwmon`).
const SUPPLY: &str = "rpi_volt";

/// Reads the machine's state below a root; `/` but in tests.
#[derive(Debug)]
pub struct Machine {
    root: PathBuf,
    usb: usb::UsbWatch,
}

impl Machine {
    /// Below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), usb: usb::UsbWatch::default() }
    }

    /// Everything, for the record.
    pub fn details(
        &mut self,
        time: Timestamp,
        state_dir: &Path,
        radio_rates: Vec<RadioRate>,
    ) -> HealthDetails {
        HealthDetails {
            time,
            throttling: self.throttling(),
            under_voltage: self.under_voltage(),
            memory: self.memory(),
            disk_total_bytes: disk::total_bytes(state_dir),
            disk_wear: disk::wear(&self.root, state_dir),
            usb: self.usb.look(&self.root),
            ring_fill: Reading::NotAvailable(
                "the kernel tells the size of a capture's ring and the frames in it, but not how \
                 many of its blocks they take; only the capture library sees those, and does not \
                 say. What found no room in it is counted"
                    .to_owned(),
            ),
            radio_rates,
        }
    }

    /// The firmware's flags of voltage and throttling.
    #[must_use]
    pub fn throttling(&self) -> Reading<Throttling> {
        let path = self.root.join(THROTTLED);
        if !path.exists() {
            let words = "no Raspberry Pi firmware tells of voltage and throttling here";
            return Reading::NotAvailable(words.to_owned());
        }
        read(&path, |text| {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            u32::from_str_radix(digits, 16).ok().map(Throttling)
        })
    }

    /// The kernel's alarm of the supply's voltage.
    #[must_use]
    pub fn under_voltage(&self) -> Reading<bool> {
        let sensors = files(&self.root.join("sys/class/hwmon"));
        let supply = sensors.into_iter().find(|folder| {
            std::fs::read_to_string(folder.join("name")).is_ok_and(|name| name.trim() == SUPPLY)
        });
        let alarm = supply.and_then(|folder| {
            files(&folder).into_iter().find(|file| {
                file.file_name()
                    .is_some_and(|name| name.to_string_lossy().ends_with("_lcrit_alarm"))
            })
        });
        let Some(alarm) = alarm else {
            let words = "this machine has no sensor of its supply's voltage";
            return Reading::NotAvailable(words.to_owned());
        };
        read(&alarm, |text| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })
    }

    /// Memory, all and what is left.
    #[must_use]
    pub fn memory(&self) -> Reading<Memory> {
        read(&self.root.join("proc/meminfo"), |text| {
            let kibibytes = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name))?;
                let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
                number.checked_mul(1024)
            };
            Some(Memory {
                total_bytes: kibibytes("MemTotal:")?,
                available_bytes: kibibytes("MemAvailable:")?,
            })
        })
    }
}

/// A value from a file of the kernel, or why there is none.
fn read<T>(path: &Path, parse: impl FnOnce(&str) -> Option<T>) -> Reading<T> {
    match std::fs::read_to_string(path) {
        Ok(text) => match parse(text.trim()) {
            Some(value) => Reading::Known(value),
            None => Reading::NotAvailable(format!("{} is not understood", path.display())),
        },
        Err(error) => Reading::NotAvailable(format!("cannot read {}: {error}", path.display())),
    }
}

/// What is in a folder, by name; nothing where there is none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with these files.
    pub(super) fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("temporary folder");
        for (path, text) in files {
            put(root.path(), path, text);
        }
        root
    }

    pub(super) fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("created");
        std::fs::write(path, text).expect("written");
    }

    #[test]
    fn a_raspberry_pi_whose_supply_is_weak() {
        let root = root(&[
            (THROTTLED, "50005\n"),
            ("sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
            ("sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
            ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"),
            ("proc/meminfo", "MemTotal:        3884404 kB\nMemAvailable:    2000000 kB\n"),
        ]);
        let machine = Machine::new(root.path());
        assert_eq!(machine.throttling(), Reading::Known(Throttling(0x5_0005)));
        assert_eq!(machine.under_voltage(), Reading::Known(true));
        let memory = machine.memory().known().copied().expect("known");
        assert_eq!(memory.total_bytes, 3_884_404 * 1024);
        put(root.path(), THROTTLED, "0x0\n");
        put(root.path(), "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
        assert_eq!(machine.throttling(), Reading::Known(Throttling(0)));
        assert_eq!(machine.under_voltage(), Reading::Known(false));
    }

    #[test]
    fn what_is_not_there_says_why() {
        let root = root(&[("proc/meminfo", "nonsense")]);
        let mut machine = Machine::new(root.path());
        let time = Timestamp::from_unix_secs(0);
        let details = machine.details(time, root.path(), Vec::new());
        let words = details.throttling.words(|flags| flags.words());
        assert!(words.starts_with("not available: no Raspberry Pi"), "{words}");
        assert!(details.under_voltage.words(bool::to_string).contains("no sensor"));
        assert!(details.memory.words(|_| String::new()).contains("is not understood"));
        let ring = details.ring_fill.words(|share| share.to_string());
        assert!(ring.starts_with("not available: the kernel tells the size"), "{ring}");
        assert!(details.disk_wear.known().is_none() && details.usb.known().is_none());
        assert!(details.disk_total_bytes.known().is_some(), "the folder is on a real disk");
    }
}
