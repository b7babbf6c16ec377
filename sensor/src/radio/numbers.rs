//! Which number an adapter has: kept in the state folder, so that a radio keeps its number and with it
//! its history when the order of the sources or the name of its interface changes.

use super::identity::AdapterIdentity;
use crate::journal::RADIOS_MAX;
use anyhow::{Context, Result};
use pw_model::RadioId;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
            let number_of = known.map(|known| known.number).or_else(|| {
                // It was waited for under this name and is seen for the first time.
                let waited_for =
                    |known: &&Known| known.adapter.is_none() && known.interface == *interface;
                self.radios.iter().find(waited_for).map(|known| known.number)
            });
            let known = self.radios.iter_mut().find(|known| Some(known.number) == number_of);
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

    /// The adapter that listens under this number now, and its interface. True when that was not known.
    fn learn(&mut self, number: u8, interface: &str, adapter: &AdapterIdentity) -> bool {
        let found = self.radios.iter_mut().find(|known| known.number == number);
        let Some(known) = found else { return false };
        let same = known.adapter.as_ref() == Some(adapter);
        if same && known.interface == interface {
            return false;
        }
        if let Some(before) = &known.adapter
            && !before.is(adapter)
        {
            tracing::warn!(
                "radio number {number} goes to another adapter, which was plugged in as {interface}; \
                 the records of both stand under it"
            );
        }
        interface.clone_into(&mut known.interface);
        known.adapter = Some(adapter.clone());
        // Where it had another number before, it would get that again.
        self.radios
            .retain(|other| other.number == number || other.adapter.as_ref() != Some(adapter));
        true
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

/// The numbers while the sensor runs: an adapter that is plugged in later is written down with the
/// number that it listens under, so that it has the same one after the next start.
#[derive(Clone, Debug, Default)]
pub struct NumberBook(Option<Arc<Book>>);

#[derive(Debug)]
struct Book {
    state_dir: PathBuf,
    /// Numbers of the radios that are listened to, plugged in or not.
    in_use: Vec<u8>,
    numbers: Mutex<RadioNumbers>,
}

/// Which adapter a radio waits for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Awaited {
    /// The one it was; `None` when none was seen yet.
    pub own: Option<AdapterIdentity>,
    /// Those of the other radios, which it must leave to them.
    pub others: Vec<AdapterIdentity>,
}

impl NumberBook {
    /// Of these numbers, which lie in the state folder; `in_use` are those of the radios that are
    /// listened to. The default one is of a sensor without adapters and keeps nothing.
    #[must_use]
    pub fn new(state_dir: &Path, numbers: RadioNumbers, in_use: Vec<u8>) -> Self {
        let book = Book { state_dir: state_dir.to_owned(), in_use, numbers: Mutex::new(numbers) };
        Self(Some(Arc::new(book)))
    }

    /// Which adapter this radio waits for.
    #[must_use]
    pub fn awaited(&self, radio: RadioId) -> Awaited {
        let Some(book) = &self.0 else { return Awaited::default() };
        let mut awaited = Awaited::default();
        for known in &book.numbers().radios {
            match &known.adapter {
                Some(adapter) if known.number == radio.0 => awaited.own = Some(adapter.clone()),
                Some(adapter) if book.in_use.contains(&known.number) => {
                    awaited.others.push(adapter.clone());
                }
                _ => {}
            }
        }
        awaited
    }

    /// This adapter listens under that number from now on. That it cannot be written down stops
    /// nothing; the log says so.
    pub fn plugged_in(&self, radio: RadioId, interface: &str, adapter: Option<&AdapterIdentity>) {
        let (Some(book), Some(adapter)) = (&self.0, adapter) else { return };
        let mut numbers = book.numbers();
        if numbers.learn(radio.0, interface, adapter)
            && let Err(error) = numbers.write(&book.state_dir)
        {
            let number = radio.0;
            tracing::warn!("{interface} may not be radio {number} after the next start: {error:#}");
        }
    }
}

impl Book {
    fn numbers(&self) -> MutexGuard<'_, RadioNumbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn an_adapter_keeps_the_number_that_it_had_when_it_was_plugged_in() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut numbers = RadioNumbers::default();
        // Neither is plugged in at the first start; then the second comes first, under another name.
        assert_eq!(numbers.assign(&[plain("wlan1"), plain("wlan2")]), Some(vec![0, 1]));
        let book = NumberBook::new(folder.path(), numbers, vec![0, 1]);
        assert_eq!(book.awaited(RadioId(1)), Awaited::default());
        let (name, identity) = adapter("wlan7", 2, "b");
        book.plugged_in(RadioId(1), &name, identity.as_ref());
        assert_eq!(book.awaited(RadioId(1)).own, identity);
        assert_eq!(book.awaited(RadioId(0)).others, Vec::from_iter(identity));
        let later = [adapter("wlan1", 2, "b"), adapter("wlan2", 1, "a")];
        let mut again = RadioNumbers::read(folder.path()).expect("written when it was plugged in");
        assert_eq!(again.assign(&later[..1]), Some(vec![1]));
        // The other one is new, and no radio of its name was seen yet that it could be.
        let mut again = RadioNumbers::read(folder.path()).expect("as before");
        assert_eq!(again.assign(&later), Some(vec![1, 2]));
    }

    #[test]
    fn what_was_waited_for_by_name_keeps_its_number_when_it_is_there_at_the_next_start() {
        let mut numbers = RadioNumbers::default();
        assert_eq!(numbers.assign(&[plain("wlan1"), plain("wlan2")]), Some(vec![0, 1]));
        let both = [adapter("wlan2", 2, "b"), adapter("wlan1", 1, "a")];
        assert_eq!(numbers.assign(&both), Some(vec![1, 0]));
        // From here on they go by what they are.
        let swapped = [adapter("wlan1", 2, "b"), adapter("wlan2", 1, "a")];
        assert_eq!(numbers.assign(&swapped), Some(vec![1, 0]));
    }

    #[test]
    fn an_adapter_that_replaces_a_broken_one_keeps_the_number_too() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut numbers = RadioNumbers::default();
        let old = adapter("wlan1", 1, "a");
        let other = adapter("wlan5", 5, "e");
        assert_eq!(numbers.assign(&[old]), Some(vec![0]));
        assert_eq!(numbers.assign(std::slice::from_ref(&other)), Some(vec![1]));
        assert_eq!(numbers.assign(&[plain("wlan1")]), Some(vec![0]));
        let book = NumberBook::new(folder.path(), numbers, vec![0]);
        assert_eq!(book.awaited(RadioId(0)).others, [], "nobody listens to the other one");
        book.plugged_in(RadioId(0), "wlan1", other.1.as_ref());
        let mut again = RadioNumbers::read(folder.path()).expect("written");
        assert_eq!(again.assign(&[other]), Some(vec![0]));
    }
}
