//! This desktop's key and the sensors it knows, in its state folder.

use pw_model::words::wrong_at;
use pw_model::{SensorId, Timestamp};
use pw_trust::{Identity, IdentityError, KeyFingerprint};
use pw_wire::{DEFAULT_PORT, plain_name};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const IDENTITY_FILE: &str = "identity.pem";
const SENSORS_FILE: &str = "sensors.toml";
const LOCK_FILE: &str = "sensors.lock";

/// As many sensors as one desktop knows; one more is refused until one is removed.
const MAX_SENSORS: usize = 256;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A sensor that was paired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownSensor {
    /// Name the owner gave it, made unique on this desktop.
    pub name: String,
    /// Where it was reached last: host and port.
    pub address: String,
    /// Its key.
    pub fingerprint: KeyFingerprint,
    /// When it was paired.
    pub paired: Option<Timestamp>,
}

impl KnownSensor {
    /// The sensor's identifier, as batches carry it.
    #[must_use]
    pub fn sensor_id(&self) -> SensorId {
        self.fingerprint.sensor_id()
    }
}

/// Why keys or sensors cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LinkStoreError {
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// This desktop's own key is damaged.
    #[error(
        "{}: {error}; put it back from a copy, or delete it and pair every sensor again",
        .path.display()
    )]
    Identity {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: IdentityError,
    },
    /// The list of sensors is damaged.
    #[error("{}: {error}; mend it, or delete it and pair every sensor again", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// No sensor of that name is known.
    #[error("no sensor named '{name}'; see: piwardrive sensors")]
    NoSuchSensor {
        /// What was asked for.
        name: String,
    },
    /// As many sensors are known as there may be.
    #[error("{MAX_SENSORS} sensors are known already; remove one first")]
    Full,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SensorsFile {
    #[serde(default)]
    sensor: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    address: String,
    fingerprint: String,
    paired: Option<String>,
}

/// This desktop's key and the sensors it knows. Cheap to clone; the list is read afresh each time,
/// so that several programs on one desktop agree.
#[derive(Clone, Debug)]
pub struct LinkStore {
    dir: PathBuf,
    identity: Arc<Identity>,
}

impl LinkStore {
    /// Opens the folder; draws this desktop's key if there is none yet.
    ///
    /// # Errors
    /// A file cannot be read or written, or is damaged.
    pub fn open(state_dir: &Path) -> Result<Self, LinkStoreError> {
        fs::create_dir_all(state_dir).map_err(|error| file_error(state_dir, error))?;
        let store = Self { dir: state_dir.to_owned(), identity: Arc::new(identity(state_dir)?) };
        store.sensors()?;
        Ok(store)
    }

    /// This desktop's key.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// All known sensors, in the order of pairing.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn sensors(&self) -> Result<Vec<KnownSensor>, LinkStoreError> {
        let path = self.path();
        let damaged = |error| LinkStoreError::Damaged { path: path.clone(), error };
        let Some(text) = read_text(&path)? else { return Ok(Vec::new()) };
        let file: SensorsFile = toml::from_str(&text).map_err(|error: toml::de::Error| {
            let start = error.span().map(|span| span.start);
            damaged(wrong_at(&text, start, error.message()))
        })?;
        let entries = file.sensor.iter().zip(1..);
        let sensor = |(entry, number): (&Entry, usize)| {
            let name = plain_name(&entry.name);
            entry.sensor().map_err(|why| damaged(format!("sensor {number} ('{name}'): {why}")))
        };
        entries.map(sensor).collect()
    }

    /// The sensor of that name, or whose fingerprint begins with those eight or more digits.
    ///
    /// # Errors
    /// None fits, or the list cannot be read.
    pub fn find(&self, name: &str) -> Result<KnownSensor, LinkStoreError> {
        let fits = |sensor: &KnownSensor| {
            let key = sensor.fingerprint.to_string().replace(' ', "");
            sensor.name == name || (name.len() >= 8 && key.starts_with(name))
        };
        let missing = || LinkStoreError::NoSuchSensor { name: name.to_owned() };
        self.sensors()?.into_iter().find(fits).ok_or_else(missing)
    }

    /// The sensor with that key.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn find_key(&self, key: &KeyFingerprint) -> Result<Option<KnownSensor>, LinkStoreError> {
        Ok(self.sensors()?.into_iter().find(|sensor| sensor.fingerprint == *key))
    }

    /// Adds a sensor, or renews one that is paired again. Its name is made unique; from a sensor that
    /// it replaces at its address it takes the name over, and the old one gets its key added to it.
    ///
    /// # Errors
    /// The list is full or cannot be written.
    pub fn add(
        &self,
        name: &str,
        address: &str,
        fingerprint: KeyFingerprint,
    ) -> Result<KnownSensor, LinkStoreError> {
        self.change(|sensors| {
            sensors.retain(|sensor| sensor.fingerprint != fingerprint);
            if sensors.len() >= MAX_SENSORS {
                return Err(LinkStoreError::Full);
            }
            let mut name = plain_name(name);
            if name.is_empty() {
                "sensor".clone_into(&mut name);
            }
            let namesake = sensors.iter_mut().find(|sensor| sensor.name == name);
            match namesake {
                Some(old) if same_address(&old.address, address) => {
                    old.name = format!("{name} {}", old.fingerprint.short());
                }
                Some(_) => name = format!("{name} {}", fingerprint.short()),
                None => {}
            }
            let address = address.to_owned();
            let added = KnownSensor { name, address, fingerprint, paired: now() };
            sensors.push(added.clone());
            Ok(added)
        })
    }

    /// Notes where a sensor is reached from now on.
    ///
    /// # Errors
    /// It is not known, or the list cannot be written.
    pub fn set_address(
        &self,
        fingerprint: &KeyFingerprint,
        address: &str,
    ) -> Result<(), LinkStoreError> {
        self.change(|sensors| {
            let missing = || LinkStoreError::NoSuchSensor { name: fingerprint.short() };
            let found = sensors.iter_mut().find(|sensor| sensor.fingerprint == *fingerprint);
            address.clone_into(&mut found.ok_or_else(missing)?.address);
            Ok(())
        })
    }

    /// Forgets a sensor. What was recorded from it stays.
    ///
    /// # Errors
    /// It is not known, or the list cannot be written.
    pub fn remove(&self, name: &str) -> Result<KnownSensor, LinkStoreError> {
        self.change(|sensors| {
            let missing = || LinkStoreError::NoSuchSensor { name: name.to_owned() };
            let at = sensors.iter().position(|s| s.name == name).ok_or_else(missing)?;
            Ok(sensors.remove(at))
        })
    }

    /// Puts a sensor back that was just forgotten, where it stood in the order of pairing. One that
    /// was paired again meanwhile stays as it is.
    ///
    /// # Errors
    /// The list is full or cannot be written.
    pub fn restore(&self, sensor: &KnownSensor) -> Result<KnownSensor, LinkStoreError> {
        self.change(|sensors| {
            if let Some(known) = sensors.iter().find(|s| s.fingerprint == sensor.fingerprint) {
                return Ok(known.clone());
            }
            if sensors.len() >= MAX_SENSORS {
                return Err(LinkStoreError::Full);
            }
            let mut restored = sensor.clone();
            if sensors.iter().any(|other| other.name == restored.name) {
                restored.name = format!("{} {}", restored.name, restored.fingerprint.short());
            }
            let at = sensors.iter().position(|other| other.paired > restored.paired);
            sensors.insert(at.unwrap_or(sensors.len()), restored.clone());
            Ok(restored)
        })
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<KnownSensor>) -> Result<T, LinkStoreError>,
    ) -> Result<T, LinkStoreError> {
        let lock_path = self.dir.join(LOCK_FILE);
        let locked = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .and_then(|file| file.lock().map(|()| file));
        // Held until the end: another program of this desktop may be changing the list.
        let _lock: File = locked.map_err(|error| file_error(&lock_path, error))?;
        let mut sensors = self.sensors()?;
        let result = change(&mut sensors)?;
        let file = SensorsFile { sensor: sensors.iter().map(Entry::from).collect() };
        let text = toml::to_string(&file).map_err(|error| LinkStoreError::Damaged {
            path: self.path(),
            error: error.to_string(),
        })?;
        write_secret(&self.path(), &text)?;
        Ok(result)
    }

    fn path(&self) -> PathBuf {
        self.dir.join(SENSORS_FILE)
    }
}

/// True when both name the same host and port, as far as the text tells.
fn same_address(one: &str, other: &str) -> bool {
    with_port(one).eq_ignore_ascii_case(&with_port(other))
}

/// The sensor of `sensors`, which are in the order of pairing, that took the place of the one at
/// `index`: only one can answer at an address, and that is the one that was paired there last.
pub(crate) fn replaced_by(sensors: &[KnownSensor], index: usize) -> Option<&KnownSensor> {
    let old = sensors.get(index)?;
    let later = sensors.get(index + 1..)?;
    later.iter().rev().find(|sensor| same_address(&sensor.address, &old.address))
}

/// An address with a port: the given one, or the usual one.
pub(super) fn with_port(address: &str) -> String {
    let address = address.trim();
    if address.parse::<SocketAddr>().is_ok() {
        return address.to_owned();
    }
    if let Ok(ip) = address.trim_matches(['[', ']']).parse() {
        return SocketAddr::new(ip, DEFAULT_PORT).to_string();
    }
    match address.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:{DEFAULT_PORT}"),
    }
}

impl Entry {
    fn sensor(&self) -> Result<KnownSensor, String> {
        let fingerprint = self.fingerprint.parse().map_err(|error| format!("{error}"))?;
        let paired = self.paired.as_deref().map(Timestamp::parse_rfc3339).transpose();
        Ok(KnownSensor {
            name: plain_name(&self.name),
            address: self.address.clone(),
            fingerprint,
            paired: paired.map_err(|error| error.to_string())?,
        })
    }
}

impl From<&KnownSensor> for Entry {
    fn from(sensor: &KnownSensor) -> Self {
        Self {
            name: sensor.name.clone(),
            address: sensor.address.clone(),
            fingerprint: sensor.fingerprint.to_string(),
            paired: sensor.paired.map(Timestamp::rfc3339_secs),
        }
    }
}

fn identity(dir: &Path) -> Result<Identity, LinkStoreError> {
    let path = dir.join(IDENTITY_FILE);
    let damaged = |error| LinkStoreError::Identity { path: path.clone(), error };
    match read_text(&path)? {
        Some(text) => Identity::from_pem(&text).map_err(damaged),
        None => {
            let identity = Identity::generate().map_err(damaged)?;
            write_secret(&path, &identity.to_pem())?;
            Ok(identity)
        }
    }
}

/// Reads a small text file; `None` when there is none.
fn read_text(path: &Path) -> Result<Option<String>, LinkStoreError> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path, error)),
    };
    if meta.len() > MAX_FILE_BYTES {
        let error = format!("{} bytes, more than {MAX_FILE_BYTES}", meta.len());
        return Err(LinkStoreError::Damaged { path: path.to_owned(), error });
    }
    fs::read_to_string(path).map(Some).map_err(|error| file_error(path, error))
}

/// Replaces a file as a whole, readable for its owner only where the system knows that.
fn write_secret(path: &Path, text: &str) -> Result<(), LinkStoreError> {
    let failed = |error| file_error(path, error);
    let mut partial = path.as_os_str().to_owned();
    partial.push(".new");
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    drop(file);
    fs::rename(&partial, path).map_err(failed)
}

fn file_error(path: &Path, error: io::Error) -> LinkStoreError {
    LinkStoreError::File { path: path.to_owned(), error }
}

/// The time by the system's clock; `None` when it stands before 1970.
fn now() -> Option<Timestamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok().map(Timestamp::from_unix_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> KeyFingerprint {
        KeyFingerprint([byte; 32])
    }

    #[test]
    fn sensors_are_kept_with_unique_names() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LinkStore::open(dir.path()).expect("empty");
        store.add("car", "pi:1", key(1)).expect("room");
        let second = store.add("car", "pi:2", key(2)).expect("room");
        assert_eq!(second.name, "car 02020202");
        let again = LinkStore::open(dir.path()).expect("sound");
        assert_eq!(again.identity().fingerprint(), store.identity().fingerprint());
        assert_eq!(again.find("car").expect("known").fingerprint, key(1));
        assert_eq!(again.find("02020202").expect("known").address, "pi:2");
        again.set_address(&key(1), "pi:3").expect("known");
        assert_eq!(store.find("car").expect("known").address, "pi:3");
        store.remove("car").expect("known");
        assert!(again.find("car").is_err());
    }

    #[test]
    fn a_sensor_that_was_set_up_anew_takes_name_and_place_of_the_old_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LinkStore::open(dir.path()).expect("empty");
        store.add("car", "Pi.local", key(1)).expect("room");
        store.add("roof", "pi.local:2", key(3)).expect("room");
        let anew = store.add("car", "pi.local:47147", key(2)).expect("room");
        assert_eq!(anew.name, "car");
        let all = store.sensors().expect("sound");
        let names: Vec<&str> = all.iter().map(|sensor| sensor.name.as_str()).collect();
        assert_eq!(names, ["car 01010101", "roof", "car"]);
        assert_eq!(replaced_by(&all, 0).map(|sensor| sensor.fingerprint), Some(key(2)));
        assert_eq!((replaced_by(&all, 1), replaced_by(&all, 2)), (None, None));
        // The old one comes back, at another address: both are right again.
        store.set_address(&key(1), "pi.local:9").expect("known");
        assert_eq!(replaced_by(&store.sensors().expect("sound"), 0), None);
    }

    #[test]
    fn a_forgotten_sensor_can_be_put_back_where_it_was() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = LinkStore::open(dir.path()).expect("empty");
        for (name, byte) in [("a", 1), ("b", 2)] {
            store.add(name, &format!("pi:{byte}"), key(byte)).expect("room");
        }
        let forgotten = store.remove("b").expect("known");
        assert!(store.find("b").is_err());
        assert!(matches!(store.remove("b"), Err(LinkStoreError::NoSuchSensor { .. })));
        assert_eq!(store.restore(&forgotten).expect("room"), forgotten);
        assert_eq!(store.find("b").expect("back"), forgotten);
        assert_eq!(store.restore(&forgotten).expect("there"), forgotten, "once only");
        assert_eq!(store.sensors().expect("sound").len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_its_owner_only() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().expect("a folder");
        LinkStore::open(dir.path()).expect("empty");
        let meta = fs::metadata(dir.path().join(IDENTITY_FILE)).expect("written");
        assert_eq!(meta.mode() & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_list_is_an_error() {
        let dir = tempfile::tempdir().expect("a folder");
        for (text, words) in [
            ("sensor = 1", "sensors.toml: line 1, column 10: "),
            ("\n[[sensor]]\nname = \n", "sensors.toml: line 3, column 8: "),
            (
                "[[sensor]]\nname = 'car'\naddress = 'pi'\nfingerprint = '00'\n",
                "sensors.toml: sensor 1 ('car'): ",
            ),
        ] {
            fs::write(dir.path().join(SENSORS_FILE), text).expect("a file");
            let error = LinkStore::open(dir.path()).expect_err("damaged").to_string();
            assert!(error.contains(words) && !error.contains(['\n', '|']), "{error}");
        }
    }

    #[test]
    fn the_usual_port_is_added_where_none_is_given() {
        for (given, with) in [
            ("pi.local", "pi.local:47147"),
            ("pi.local:9", "pi.local:9"),
            ("10.0.0.7", "10.0.0.7:47147"),
            ("10.0.0.7:9", "10.0.0.7:9"),
            ("fe80::1", "[fe80::1]:47147"),
            ("[fe80::1]", "[fe80::1]:47147"),
            ("[fe80::1]:9", "[fe80::1]:9"),
        ] {
            assert_eq!(with_port(given), with);
        }
    }
}
