//! Who an adapter is, whatever its interface is called today.
//!
//! The permanent hardware address and the driver say it; where the kernel knows no address, or two
//! adapters share one as cheap ones do, the place on the bus does. All of it stays on the sensor:
//! records carry the radio's number, which is kept for the adapter.

use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// What tells one adapter from another.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AdapterIdentity {
    /// Permanent hardware address, as the kernel writes it.
    pub address: Option<String>,
    /// Name of its driver.
    pub driver: Option<String>,
    /// Place on its bus, like `1-1.3:1.0` for USB.
    pub place: Option<String>,
}

impl AdapterIdentity {
    /// The adapter behind an interface, from the sysfs mounted at `sys`; `None` for an interface
    /// without hardware.
    #[must_use]
    pub fn of(sys: &Path, interface: &str) -> Option<Self> {
        let folder = sys.join("class/net").join(interface);
        let last = |link: &Path| {
            let target = fs::canonicalize(link).ok()?;
            Some(target.file_name()?.to_string_lossy().into_owned())
        };
        let device = folder.join("device");
        if !device.exists() {
            return None;
        }
        // The interface's own address may be a made-up one; the radio's is the permanent one.
        let address = fs::read_to_string(folder.join("phy80211/macaddress")).ok();
        let address = address.map(|text| text.trim().to_lowercase());
        let identity = Self {
            address: address.filter(|text| text.chars().any(|c| c.is_ascii_hexdigit() && c != '0')),
            driver: last(&device.join("driver")),
            place: last(&device),
        };
        Some(identity)
    }

    /// True when it is the same adapter, perhaps in another socket.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (&self.address, &other.address) {
            (Some(one), Some(two)) => one == two && self.driver == other.driver,
            (None, None) => {
                self.place.is_some() && self.place == other.place && self.driver == other.driver
            }
            _ => false,
        }
    }

    /// The interface behind which this adapter is now. Of several alike, the one in the same place.
    #[must_use]
    pub fn interface(&self, sys: &Path) -> Option<String> {
        let mut found: Vec<(bool, String)> = fs::read_dir(sys.join("class/net"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let there = Self::of(sys, &name).filter(|there| self.is(there))?;
                Some((there.place != self.place, name))
            })
            .collect();
        found.sort();
        found.into_iter().next().map(|(_, name)| name)
    }
}

/// A folder that looks like sysfs, for tests.
#[cfg(test)]
pub(crate) mod fake {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// Plugs an adapter in.
    pub(crate) fn plug(sys: &Path, interface: &str, address: &str, driver: &str, place: &str) {
        let device = sys.join("devices").join(place);
        let drivers = sys.join("drivers").join(driver);
        let folder = sys.join("class/net").join(interface);
        for made in [&device, &drivers, &folder.join("phy80211")] {
            fs::create_dir_all(made).expect("made");
        }
        if !device.join("driver").exists() {
            symlink(&drivers, device.join("driver")).expect("linked");
        }
        symlink(&device, folder.join("device")).expect("linked");
        fs::write(folder.join("phy80211/macaddress"), format!("{address}\n")).expect("written");
    }

    /// Pulls it out.
    pub(crate) fn pull(sys: &Path, interface: &str) {
        fs::remove_dir_all(sys.join("class/net").join(interface)).expect("was there");
    }
}

#[cfg(test)]
mod tests {
    use super::fake::{plug, pull};
    use super::*;

    #[test]
    fn an_adapter_is_found_again_under_another_name() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let sys = folder.path();
        plug(sys, "wlan1", "00:C0:CA:00:00:01", "mt76x2u", "1-1:1.0");
        let identity = AdapterIdentity::of(sys, "wlan1").expect("hardware");
        assert_eq!(identity.address.as_deref(), Some("00:c0:ca:00:00:01"));
        pull(sys, "wlan1");
        assert_eq!(identity.interface(sys), None);
        // Another adapter takes its name, and it comes back in another socket with another name.
        plug(sys, "wlan1", "00:c0:ca:00:00:02", "mt76x2u", "1-2:1.0");
        plug(sys, "wlan2", "00:c0:ca:00:00:01", "mt76x2u", "1-3:1.0");
        assert_eq!(identity.interface(sys).as_deref(), Some("wlan2"));
    }

    #[test]
    fn adapters_that_share_an_address_go_by_their_place() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let sys = folder.path();
        plug(sys, "wlan1", "00:0f:00:11:22:33", "8188eu", "1-1:1.0");
        plug(sys, "wlan2", "00:0f:00:11:22:33", "8188eu", "1-2:1.0");
        for name in ["wlan1", "wlan2"] {
            let identity = AdapterIdentity::of(sys, name).expect("hardware");
            assert_eq!(identity.interface(sys).as_deref(), Some(name));
        }
        // Without an address the place and the driver decide.
        plug(sys, "wlan3", "00:00:00:00:00:00", "x", "1-4:1.0");
        let none = AdapterIdentity::of(sys, "wlan3").expect("hardware");
        assert_eq!((none.address.clone(), none.interface(sys).as_deref()), (None, Some("wlan3")));
    }

    #[test]
    fn an_interface_without_hardware_has_no_identity() {
        assert_eq!(AdapterIdentity::of(Path::new("/sys"), "lo"), None);
        assert_eq!(AdapterIdentity::of(Path::new("/nowhere"), "wlan0"), None);
    }
}
