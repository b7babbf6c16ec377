//! Devices on the USB, and how often one came, went or was set up anew.
//!
//! The kernel gives a device a new number whenever it has to set it up: after a plug, a loss of power,
//! or a reset that failed. Resets that keep the number stand only in the kernel's log.

use super::files;
use pw_model::{Reading, UsbDevices};
use std::collections::BTreeMap;
use std::path::Path;

/// Remembers the numbers of the last look.
#[derive(Debug, Default)]
pub(super) struct UsbWatch {
    /// By port, the device's number; `None` before the first look.
    known: Option<BTreeMap<String, u32>>,
    changes: u64,
}

impl UsbWatch {
    pub(super) fn look(&mut self, root: &Path) -> Reading<UsbDevices> {
        let folder = root.join("sys/bus/usb/devices");
        if !folder.is_dir() {
            return Reading::NotAvailable("this machine has no USB".to_owned());
        }
        let mut now = BTreeMap::new();
        for device in files(&folder) {
            let Some(name) = device.file_name().and_then(|name| name.to_str()) else { continue };
            // Root hubs are called usb1, interfaces of a device 1-1:1.0.
            if name.starts_with("usb") || name.contains(':') {
                continue;
            }
            // One that goes at this moment has no number any more.
            let number = std::fs::read_to_string(device.join("devnum"));
            if let Some(number) = number.ok().and_then(|text| text.trim().parse().ok()) {
                now.insert(name.to_owned(), number);
            }
        }
        if let Some(known) = &self.known {
            let came = now.iter().filter(|(port, number)| known.get(*port) != Some(number)).count();
            let went = known.keys().filter(|port| !now.contains_key(*port)).count();
            self.changes += (came + went) as u64;
        }
        // The bus has at most some hundreds of ports.
        let devices = u16::try_from(now.len()).unwrap_or(u16::MAX);
        self.known = Some(now);
        Reading::Known(UsbDevices { devices, changes: self.changes })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{put, root};
    use super::*;

    #[test]
    fn changes_are_counted() {
        let root = root(&[
            ("sys/bus/usb/devices/usb1/devnum", "1\n"),
            ("sys/bus/usb/devices/1-1/devnum", "2\n"),
            ("sys/bus/usb/devices/1-1:1.0/bInterfaceNumber", "00\n"),
            ("sys/bus/usb/devices/1-1.2/devnum", "3\n"),
        ]);
        let mut watch = UsbWatch::default();
        let mut check = |devices, changes| {
            let known = Reading::Known(UsbDevices { devices, changes });
            assert_eq!(watch.look(root.path()), known);
        };
        check(2, 0);
        check(2, 0);
        put(root.path(), "sys/bus/usb/devices/1-1.2/devnum", "4\n");
        check(2, 1);
        std::fs::remove_dir_all(root.path().join("sys/bus/usb/devices/1-1.2")).expect("removed");
        check(1, 2);
        put(root.path(), "sys/bus/usb/devices/1-1.2/devnum", "5\n");
        check(2, 3);
    }
}
