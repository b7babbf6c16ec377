//! The proof that the sensor only listens: the kernel's counters of frames that the radios sent.
//!
//! A radio (`phy`) may carry several interfaces, and a program could send through one that the sensor
//! does not use. So all interfaces of a radio count. A radio that is plugged in again may have another
//! name, so the watch is told which interface is listened to; an interface that is only renamed keeps
//! its number (`ifindex`), by which its counter is known.

use super::files;
use pw_model::{RadioId, Reading, Timestamp, Transmitted};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Watches the radios that listen.
#[derive(Debug)]
pub struct TransmitWatch {
    root: PathBuf,
    radios: Vec<Radio>,
}

/// An interface: its number, which the kernel gives to no other one, or its name where there is none.
type Interface = String;

#[derive(Debug)]
struct Radio {
    number: RadioId,
    /// Name of the interface that is listened to.
    interface: String,
    /// Name of the radio, as soon as the kernel has said it: the interface may go and come again.
    phy: Option<String>,
    /// By interface, the counter at the last look; `None` before the first.
    counters: Option<BTreeMap<Interface, u64>>,
    /// It is gone or hangs; another adapter may have its name meanwhile.
    is_away: bool,
    sent: u64,
}

impl TransmitWatch {
    /// Below `root` (`/` but in tests), for the interfaces of these radios.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, radios: Vec<(RadioId, String)>) -> Self {
        let radio = |(number, interface)| Radio {
            number,
            interface,
            phy: None,
            counters: None,
            is_away: false,
            sent: 0,
        };
        Self { root: root.into(), radios: radios.into_iter().map(radio).collect() }
    }

    /// The radio listens through this interface from now on. What one that was not there before has
    /// sent until now, it sent while nobody listened with it.
    pub fn listens(&mut self, radio: RadioId, interface: &str) {
        if let Some(radio) = self.radios.iter_mut().find(|known| known.number == radio) {
            radio.listens(&self.root, interface);
        }
    }

    /// The radio listens no more, until [`Self::listens`] says so; what it sent until now counts.
    pub fn rests(&mut self, radio: RadioId) {
        if let Some(radio) = self.radios.iter_mut().find(|known| known.number == radio) {
            radio.count(&self.root);
            radio.is_away = true;
        }
    }

    /// Reads all counters; the first time they are taken as where listening began.
    pub fn look(&mut self, time: Timestamp) -> Vec<Transmitted> {
        let root = &self.root;
        let look =
            |radio: &mut Radio| Transmitted { time, radio: radio.number, frames: radio.look(root) };
        self.radios.iter_mut().map(look).collect()
    }
}

impl Radio {
    fn listens(&mut self, root: &Path, interface: &str) {
        self.is_away = false;
        if self.interface != interface {
            interface.clone_into(&mut self.interface);
            self.phy = None;
        }
        let now = self.read(root);
        if !now.is_empty() {
            let counters = self.counters.get_or_insert_default();
            for (interface, counter) in now {
                counters.entry(interface).or_insert(counter);
            }
        }
    }

    fn look(&mut self, root: &Path) -> Reading<u64> {
        let is_known = self.is_away && self.counters.is_some();
        if is_known || self.count(root) {
            return Reading::Known(self.sent);
        }
        let words = format!("{} has no counter of frames that it sent", self.interface);
        Reading::NotAvailable(words)
    }

    /// Adds what was sent since the last look; false where nothing says so.
    fn count(&mut self, root: &Path) -> bool {
        let now = self.read(root);
        if now.is_empty() {
            return false;
        }
        if let Some(before) = &self.counters {
            for (interface, counter) in &now {
                // An interface that is new, or was made anew, counts from zero.
                let since = before.get(interface).filter(|before| *before <= counter).unwrap_or(&0);
                self.sent = self.sent.saturating_add(counter - since);
            }
        }
        // What an interface had sent stays known while it is gone.
        self.counters.get_or_insert_default().extend(now);
        true
    }

    /// The counters of the interface that is listened to and of the others of its radio.
    fn read(&mut self, root: &Path) -> BTreeMap<Interface, u64> {
        let own = root.join("sys/class/net").join(&self.interface);
        if let Ok(phy) = std::fs::read_to_string(own.join("phy80211/name")) {
            self.phy = Some(phy.trim().to_owned());
        }
        let mut folders = match &self.phy {
            Some(phy) => files(&root.join("sys/class/ieee80211").join(phy).join("device/net")),
            None => Vec::new(),
        };
        if folders.is_empty() {
            folders.push(own);
        }
        let mut now = BTreeMap::new();
        for folder in folders {
            let Some(name) = folder.file_name().map(|name| name.to_string_lossy().into_owned())
            else {
                continue;
            };
            let counter = std::fs::read_to_string(folder.join("statistics/tx_packets"));
            if let Some(counter) = counter.ok().and_then(|text| text.trim().parse().ok()) {
                let index = std::fs::read_to_string(folder.join("ifindex"));
                now.insert(index.map_or(name, |index| format!("#{}", index.trim())), counter);
            }
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{put, root};
    use super::*;

    const MONITOR: &str = "sys/class/ieee80211/phy1/device/net/wlan1/statistics/tx_packets";
    const MANAGED: &str = "sys/class/ieee80211/phy1/device/net/wlan9/statistics/tx_packets";

    #[test]
    fn every_interface_of_the_radio_counts_from_the_start() {
        let root = root(&[("sys/class/net/wlan1/phy80211/name", "phy1\n"), (MONITOR, "812\n")]);
        let mut watch = TransmitWatch::new(root.path(), vec![(RadioId(3), "wlan1".to_owned())]);
        let mut check = |sent: u64| {
            let seen = watch.look(Timestamp::from_unix_secs(0));
            assert_eq!((seen.len(), seen[0].radio), (1, RadioId(3)));
            assert_eq!(seen[0].frames, Reading::Known(sent));
            assert_eq!(seen[0].is_alarming(), sent > 0);
        };
        check(0);
        check(0);
        put(root.path(), MANAGED, "0\n");
        check(0);
        put(root.path(), MANAGED, "5\n");
        check(5);
        put(root.path(), MONITOR, "813\n");
        check(6);
        // Unplugged and plugged in again: its counter begins anew.
        std::fs::remove_dir_all(root.path().join("sys/class/net/wlan1")).expect("removed");
        std::fs::remove_file(root.path().join(MONITOR)).expect("removed");
        check(6);
        put(root.path(), MONITOR, "2\n");
        check(8);
    }

    #[test]
    fn an_interface_without_a_radio_counts_alone_and_one_that_is_gone_says_so() {
        let counter = "sys/class/net/mon0/statistics/tx_packets";
        let root = root(&[(counter, "7\n")]);
        let radios = vec![(RadioId(0), "mon0".to_owned()), (RadioId(1), "gone0".to_owned())];
        let mut watch = TransmitWatch::new(root.path(), radios);
        let seen = watch.look(Timestamp::from_unix_secs(0));
        assert_eq!(seen[0].words(), "no frame was sent while listening");
        assert!(seen[1].words().starts_with("not available: gone0 has no counter"));
        put(root.path(), counter, "8\n");
        let seen = watch.look(Timestamp::from_unix_secs(1));
        assert!(seen[0].words().starts_with("1 frame was SENT"), "{}", seen[0].words());
    }

    #[test]
    fn a_radio_that_comes_back_under_another_name_is_still_watched() {
        let plug = |root: &Path, phy: &str, name: &str, index: &str, sent: &str| {
            let net = format!("sys/class/ieee80211/{phy}/device/net/{name}");
            put(root, &format!("sys/class/net/{name}/phy80211/name"), phy);
            put(root, &format!("{net}/statistics/tx_packets"), sent);
            put(root, &format!("{net}/ifindex"), index);
        };
        let pull = |root: &Path, phy: &str, name: &str| {
            let net = root.join("sys/class/ieee80211").join(phy);
            std::fs::remove_dir_all(net).expect("was there");
            std::fs::remove_dir_all(root.join("sys/class/net").join(name)).expect("was there");
        };
        let root = root(&[]);
        let at = root.path();
        plug(at, "phy1", "wlan1", "7", "812");
        let mut watch = TransmitWatch::new(at, vec![(RadioId(3), "wlan1".to_owned())]);
        let sent = |watch: &mut TransmitWatch| {
            watch.look(Timestamp::from_unix_secs(0))[0].frames.known().copied()
        };
        watch.listens(RadioId(3), "wlan1");
        assert_eq!(sent(&mut watch), Some(0));
        // Renamed only: the same interface, the same counter.
        pull(at, "phy1", "wlan1");
        plug(at, "phy1", "mon1", "7", "813");
        watch.listens(RadioId(3), "mon1");
        assert_eq!(sent(&mut watch), Some(1));
        // Pulled out; another adapter takes its first name, and it comes back under a new one, through
        // which somebody had sent before it was listened to.
        pull(at, "phy1", "mon1");
        assert_eq!(sent(&mut watch), None, "gone");
        watch.rests(RadioId(3));
        plug(at, "phy2", "mon1", "8", "5000");
        assert_eq!(sent(&mut watch), Some(1), "what another one sent does not count");
        pull(at, "phy2", "mon1");
        plug(at, "phy2", "wlan1", "8", "5000");
        plug(at, "phy3", "wlan2", "9", "40");
        watch.listens(RadioId(3), "wlan2");
        assert_eq!(sent(&mut watch), Some(1));
        plug(at, "phy3", "wlan2", "9", "42");
        plug(at, "phy2", "wlan1", "8", "6000");
        assert_eq!(sent(&mut watch), Some(3), "its own frames, and no other radio's");
        // A second interface of the same radio is made meanwhile.
        plug(at, "phy3", "wlan2mon", "10", "4");
        watch.rests(RadioId(3));
        assert_eq!(sent(&mut watch), Some(7), "to the last moment");
        watch.listens(RadioId(9), "wlan1");
    }
}
