//! Which number an adapter has: kept in the state folder, so that a radio keeps its number and with it
//! its history when the order of the sources or the name of its interface changes.

use super::identity::AdapterIdentity;
use crate::journal::RADIOS_MAX;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The file in the state folder.
const FILE: &str = "radios.json";
/// Longest file in bytes: [`RADIOS_MAX`] entries are far shorter.
const LONGEST: u64 = 1 << 20;

/// The numbers given so far.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct RadioNumbers {
    radios: Vec<Known>,
}

/// An adapter that has a number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Known {
    number: u8,
    /// The interface it was last seen behind.
    interface: String,
    /// `None` for an interface without hardware, which goes by its name.
    adapter: Option<AdapterIdentity>,
}

impl RadioNumbers {
    /// Reads the numbers; none yet in a new folder.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn read(state_dir: &Path) -> Result<Self> {
        let path = state_dir.join(FILE);
        let unreadable = || format!("cannot read {}", path.display());
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            found => {
                let length = found.with_context(unreadable)?.len();
                anyhow::ensure!(length <= LONGEST, "{}: {length} bytes", path.display());
            }
        }
        let text = std::fs::read_to_string(&path).with_context(unreadable)?;
        serde_json::from_str(&text).with_context(|| {
            format!("{} is damaged; without it radios are numbered anew: remove it", path.display())
        })
    }

    /// Writes the numbers, readable by the owner alone: they hold hardware addresses.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, state_dir: &Path) -> Result<()> {
        let path = state_dir.join(FILE);
        let new = state_dir.join(format!("{FILE}.new"));
        let unwritable = || format!("cannot write {}", path.display());
        let mut file = std::fs::File::options()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)
            .with_context(unwritable)?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes()).with_context(unwritable)?;
        file.sync_all().with_context(unwritable)?;
        std::fs::rename(&new, &path).with_context(unwritable)
    }

    /// The numbers of these radios (interface, and adapter where there is hardware), in their order.
    /// Known ones keep theirs, others get the lowest free one; when all are taken, the one that was
    /// given first to a radio that is not here now. `None` for more radios than a sensor can have.
    pub fn assign(&mut self, radios: &[(String, Option<AdapterIdentity>)]) -> Option<Vec<u8>> {
        let mut numbers: Vec<Option<u8>> = vec![None; radios.len()];
        for ((interface, adapter), number) in radios.iter().zip(&mut numbers) {
            let same = |known: &&mut Known| match (&known.adapter, adapter) {
                (Some(one), Some(two)) => one.is(two),
                // Without hardware, or not plugged in now: whoever was last behind this name.
                (_, None) => known.interface == *interface,
                (None, Some(_)) => false,
            };
            let exactly = |known: &&mut Known| known.adapter == *adapter;
            // Of several that share an address, the one in the same place.
            let at = self.radios.iter_mut().filter(same).position(|known| exactly(&&mut *known));
            let known = match at {
                Some(at) => self.radios.iter_mut().filter(same).nth(at),
                None => self.radios.iter_mut().find(same),
            };
            if let Some(known) = known {
                known.interface.clone_from(interface);
                if adapter.is_some() {
                    known.adapter.clone_from(adapter);
                }
                *number = Some(known.number);
            }
        }
        // Two sources that are one adapter, or two adapters that nothing tells apart.
        for at in 1..numbers.len() {
            if numbers[at].is_some() && numbers[..at].contains(&numbers[at]) {
                numbers[at] = None;
            }
        }
        for at in 0..numbers.len() {
            if numbers[at].is_none() {
                let number = self.free(&numbers)?;
                let (interface, adapter) = radios[at].clone();
                self.radios.push(Known { number, interface, adapter });
                numbers[at] = Some(number);
            }
        }
        numbers.into_iter().collect()
    }

    fn free(&mut self, taken: &[Option<u8>]) -> Option<u8> {
        let known = |number: &u8| self.radios.iter().any(|known| known.number == *number);
        let last = u8::try_from(RADIOS_MAX).unwrap_or(u8::MAX);
        if let Some(number) = (0..last).find(|number| !known(number)) {
            return Some(number);
        }
        let at = self.radios.iter().position(|known| !taken.contains(&Some(known.number)))?;
        let old = self.radios.remove(at);
        tracing::warn!(
            "radio number {} of an adapter that is not here goes to another one; their records \
             stand under one number",
            old.number
        );
        Some(old.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, address: u8, place: &str) -> (String, Option<AdapterIdentity>) {
        let identity = AdapterIdentity {
            address: Some(format!("00:c0:ca:00:00:{address:02x}")),
            driver: Some("mt76x2u".to_owned()),
            place: Some(place.to_owned()),
        };
        (name.to_owned(), Some(identity))
    }

    fn plain(name: &str) -> (String, Option<AdapterIdentity>) {
        (name.to_owned(), None)
    }

    #[test]
    fn adapters_keep_their_numbers_whatever_they_are_called() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut numbers = RadioNumbers::read(folder.path()).expect("a new folder");
        let first = [adapter("wlan1", 1, "a"), adapter("wlan2", 2, "b"), plain("mon0")];
        assert_eq!(numbers.assign(&first), Some(vec![0, 1, 2]));
        numbers.write(folder.path()).expect("written");
        let mut again = RadioNumbers::read(folder.path()).expect("read");
        assert_eq!(again, numbers);
        // Names swapped, one in another socket, a new one in front.
        let later = [
            adapter("wlan0", 3, "c"),
            adapter("wlan1", 2, "b"),
            adapter("wlan2", 1, "d"),
            plain("mon0"),
        ];
        assert_eq!(again.assign(&later), Some(vec![3, 1, 0, 2]));
        // Not plugged in at the start, and later again.
        let without = [plain("wlan2"), adapter("wlan0", 3, "c")];
        assert_eq!(again.assign(&without), Some(vec![0, 3]));
        assert_eq!(again.assign(&later), Some(vec![3, 1, 0, 2]));
    }

    #[test]
    fn adapters_that_share_an_address_keep_apart() {
        let mut numbers = RadioNumbers::default();
        let both = [adapter("wlan1", 1, "a"), adapter("wlan2", 1, "b")];
        assert_eq!(numbers.assign(&both), Some(vec![0, 1]));
        assert_eq!(numbers.assign(&[both[1].clone(), both[0].clone()]), Some(vec![1, 0]));
    }

    #[test]
    fn when_all_numbers_are_taken_one_that_is_not_here_is_given_on() {
        let mut numbers = RadioNumbers::default();
        for radio in 0..RADIOS_MAX as u8 {
            let known = adapter("wlan1", radio, "a");
            assert_eq!(numbers.assign(&[known]), Some(vec![radio]));
        }
        let here = adapter("wlan1", 0, "a");
        assert_eq!(numbers.assign(&[here, adapter("wlan2", 200, "b")]), Some(vec![0, 1]));
        let many: Vec<_> = (0..=RADIOS_MAX as u8).map(|radio| adapter("x", radio, "c")).collect();
        assert_eq!(numbers.assign(&many), None);
    }

    #[test]
    fn a_damaged_file_is_said_to_be_one() {
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::write(folder.path().join(FILE), "{").expect("written");
        let error = format!("{:#}", RadioNumbers::read(folder.path()).expect_err("damaged"));
        assert!(error.contains("radios.json is damaged"), "{error}");
    }
}
