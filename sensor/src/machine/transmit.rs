//! The proof that the sensor only listens: the kernel's counters of frames that the radios sent.
//!
//! A radio (`phy`) may carry several interfaces, and a program could send through one that the sensor
//! does not use. So all interfaces of a radio count.

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

#[derive(Debug)]
struct Radio {
    number: RadioId,
    interface: String,
    /// Name of the radio, as soon as the kernel has said it: the interface may go and come again.
    phy: Option<String>,
    /// By interface, the counter at the last look; `None` before the first.
    counters: Option<BTreeMap<String, u64>>,
    sent: u64,
}

impl TransmitWatch {
    /// Below `root` (`/` but in tests), for the interfaces of these radios.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, radios: Vec<(RadioId, String)>) -> Self {
        let radio =
            |(number, interface)| Radio { number, interface, phy: None, counters: None, sent: 0 };
        Self { root: root.into(), radios: radios.into_iter().map(radio).collect() }
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
    fn look(&mut self, root: &Path) -> Reading<u64> {
        let networks = root.join("sys/class/net");
        let own = networks.join(&self.interface);
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
                now.insert(name, counter);
            }
        }
        if now.is_empty() {
            let words = format!("{} has no counter of frames that it sent", self.interface);
            return Reading::NotAvailable(words);
        }
        if let Some(before) = &self.counters {
            for (name, counter) in &now {
                // An interface that is new, or was made anew, counts from zero.
                let since = before.get(name).filter(|before| *before <= counter).unwrap_or(&0);
                self.sent = self.sent.saturating_add(counter - since);
            }
        }
        // What an interface had sent stays known while it is gone.
        self.counters.get_or_insert_default().extend(now);
        Reading::Known(self.sent)
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
}
