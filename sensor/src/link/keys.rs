//! The sensor's own key, and the keys of the desktops it is paired with, in its state folder.

use pw_model::Timestamp;
use pw_model::words::wrong_at;
use pw_trust::{Identity, IdentityError, KeyFingerprint};
use pw_wire::plain_name;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

const IDENTITY_FILE: &str = "identity.pem";
const KEYS_FILE: &str = "keys.toml";
const LOCK_FILE: &str = "keys.lock";

/// As many desktops as one sensor is paired with; one more is refused until one is revoked.
const MAX_DESKTOPS: usize = 16;

/// Largest keys file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A desktop that may connect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PairedDesktop {
    /// Name it gave itself when it was paired.
    pub name: String,
    /// Its key.
    pub fingerprint: KeyFingerprint,
    /// When it was paired, by the sensor's clock.
    pub paired: Option<Timestamp>,
}

/// Why keys cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// A file cannot be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The sensor's own key is damaged.
    #[error(
        "{}: {error}; put it back from a copy, or delete it and pair every desktop again",
        .path.display()
    )]
    Identity {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: IdentityError,
    },
    /// The list of desktops is damaged.
    #[error("{}: {error}; mend it, or delete it and pair every desktop again", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: String,
    },
    /// As many desktops are paired as there may be.
    #[error("{MAX_DESKTOPS} desktops are paired already; revoke one first")]
    Full,
    /// No desktop, or more than one, fits.
    #[error("{found} paired desktops fit '{wanted}'; see: piwardrive-sensor keys list")]
    NoSuchDesktop {
        /// What was asked for.
        wanted: String,
        /// How many fit.
        found: usize,
    },
}

#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    #[serde(default)]
    desktop: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    fingerprint: String,
    paired: Option<String>,
}

/// The sensor's own key: read from `state_dir`, or drawn and stored there for its owner only.
///
/// # Errors
/// The file cannot be read or written, or is damaged.
pub fn identity(state_dir: &Path) -> Result<Identity, KeyStoreError> {
    let path = state_dir.join(IDENTITY_FILE);
    let damaged = |error| KeyStoreError::Identity { path: path.clone(), error };
    match read_text(&path)? {
        Some(text) => Identity::from_pem(&text).map_err(damaged),
        None => {
            let identity = Identity::generate().map_err(damaged)?;
            write_secret(&path, &identity.to_pem())?;
            Ok(identity)
        }
    }
}

/// The desktops that may connect. Cheap to clone; all clones see the same.
#[derive(Clone, Debug)]
pub struct KeyStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    /// What tells one state of the file from another; `None` while there is no file.
    stamp: Mutex<Option<Stamp>>,
    desktops: watch::Sender<Vec<PairedDesktop>>,
}

/// Inode, size and time of change: a file that is replaced differs in one of them.
type Stamp = (u64, u64, i64, i64);

impl KeyStore {
    /// Opens the list in `state_dir`; no file means no desktop.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn open(state_dir: &Path) -> Result<Self, KeyStoreError> {
        let store = Self {
            inner: Arc::new(Inner {
                dir: state_dir.to_owned(),
                stamp: Mutex::new(None),
                desktops: watch::Sender::new(Vec::new()),
            }),
        };
        store.reload()?;
        Ok(store)
    }

    /// All paired desktops, in the order of pairing.
    #[must_use]
    pub fn desktops(&self) -> Vec<PairedDesktop> {
        self.inner.desktops.borrow().clone()
    }

    /// Follows changes, also those that another process makes, once [`Self::reload`] sees them.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Vec<PairedDesktop>> {
        self.inner.desktops.subscribe()
    }

    /// The desktop with this key.
    #[must_use]
    pub fn find(&self, key: &KeyFingerprint) -> Option<PairedDesktop> {
        self.inner.desktops.borrow().iter().find(|d| d.fingerprint == *key).cloned()
    }

    /// Adds a desktop, or renames one that is paired again.
    ///
    /// # Errors
    /// The list is full or cannot be written; then it stays as it was.
    pub fn add(&self, name: &str, key: KeyFingerprint) -> Result<PairedDesktop, KeyStoreError> {
        let paired = PairedDesktop { name: plain_name(name), fingerprint: key, paired: now() };
        self.change(|desktops| {
            desktops.retain(|desktop| desktop.fingerprint != key);
            if desktops.len() >= MAX_DESKTOPS {
                return Err(KeyStoreError::Full);
            }
            desktops.push(paired.clone());
            Ok(paired)
        })
    }

    /// Revokes the one desktop of that name, or whose fingerprint begins so. A connection of it is
    /// closed by the running sensor.
    ///
    /// # Errors
    /// None or several fit, or the list cannot be written.
    pub fn revoke(&self, name_or_key: &str) -> Result<PairedDesktop, KeyStoreError> {
        let digits: String = name_or_key.chars().filter(|c| !c.is_whitespace()).collect();
        if self.file_stamp()?.is_none() {
            // Nothing is made in a folder that holds no keys, be it by a slip of its name.
            return Err(KeyStoreError::NoSuchDesktop { wanted: name_or_key.to_owned(), found: 0 });
        }
        self.change(|desktops| {
            let by_key = |desktop: &PairedDesktop| {
                let own = desktop.fingerprint.to_string().replace(' ', "");
                digits.len() >= 8 && own.starts_with(&digits.to_lowercase())
            };
            let fits = |desktop: &PairedDesktop| desktop.name == name_or_key || by_key(desktop);
            let found = desktops.iter().filter(|desktop| fits(desktop)).count();
            match desktops.iter().position(fits) {
                Some(at) if found == 1 => Ok(desktops.remove(at)),
                _ => Err(KeyStoreError::NoSuchDesktop { wanted: name_or_key.to_owned(), found }),
            }
        })
    }

    /// Reads the file again if it was changed, by this or another process.
    ///
    /// # Errors
    /// The file cannot be read or is damaged; then the list stays as it was.
    pub fn reload(&self) -> Result<(), KeyStoreError> {
        let mut stamp = self.stamp();
        let found = self.file_stamp()?;
        if *stamp != found || found.is_none() {
            let desktops = self.read()?;
            *stamp = found;
            self.publish(desktops);
        }
        Ok(())
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<PairedDesktop>) -> Result<T, KeyStoreError>,
    ) -> Result<T, KeyStoreError> {
        let mut stamp = self.stamp();
        let lock_path = self.inner.dir.join(LOCK_FILE);
        let locked = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .and_then(|file| file.lock().map(|()| file));
        // Held until the end: another process may be changing the list.
        let _lock: File = locked.map_err(|error| file_error(&lock_path, error))?;
        let mut desktops = self.read()?;
        let result = change(&mut desktops)?;
        let file = KeysFile { desktop: desktops.iter().map(Entry::from).collect() };
        let path = self.inner.dir.join(KEYS_FILE);
        let text = toml::to_string(&file).map_err(|error| KeyStoreError::Damaged {
            path: path.clone(),
            error: error.to_string(),
        })?;
        write_secret(&path, &text)?;
        *stamp = self.file_stamp()?;
        self.publish(desktops);
        Ok(result)
    }

    fn publish(&self, desktops: Vec<PairedDesktop>) {
        self.inner.desktops.send_if_modified(|known| {
            let changed = *known != desktops;
            *known = desktops;
            changed
        });
    }

    fn read(&self) -> Result<Vec<PairedDesktop>, KeyStoreError> {
        let path = self.inner.dir.join(KEYS_FILE);
        let damaged = |error| KeyStoreError::Damaged { path: path.clone(), error };
        let Some(text) = read_text(&path)? else { return Ok(Vec::new()) };
        let file: KeysFile =
            toml::from_str(&text).map_err(|error| damaged(toml_error(&text, &error)))?;
        let entries = file.desktop.iter().zip(1..);
        let desktop = |(entry, number): (&Entry, usize)| {
            let name = plain_name(&entry.name);
            entry.desktop().map_err(|why| damaged(format!("desktop {number} ('{name}'): {why}")))
        };
        entries.map(desktop).collect()
    }

    fn file_stamp(&self) -> Result<Option<Stamp>, KeyStoreError> {
        let path = self.inner.dir.join(KEYS_FILE);
        match fs::metadata(&path) {
            Ok(meta) => Ok(Some((meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file_error(&path, error)),
        }
    }

    fn stamp(&self) -> MutexGuard<'_, Option<Stamp>> {
        self.inner.stamp.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn desktop(&self) -> Result<PairedDesktop, String> {
        let fingerprint = self.fingerprint.parse().map_err(|error| format!("{error}"))?;
        let paired = self.paired.as_deref().map(Timestamp::parse_rfc3339).transpose();
        let paired = paired.map_err(|error| error.to_string())?;
        Ok(PairedDesktop { name: plain_name(&self.name), fingerprint, paired })
    }
}

impl From<&PairedDesktop> for Entry {
    fn from(desktop: &PairedDesktop) -> Self {
        Self {
            name: desktop.name.clone(),
            fingerprint: desktop.fingerprint.to_string(),
            paired: desktop.paired.map(Timestamp::rfc3339_secs),
        }
    }
}

/// What is wrong with a file of the state folder, and where, in one line.
pub(super) fn toml_error(text: &str, error: &toml::de::Error) -> String {
    wrong_at(text, error.span().map(|span| span.start), error.message())
}

/// Reads a small text file; `None` when there is none.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, KeyStoreError> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path, error)),
    };
    if meta.len() > MAX_FILE_BYTES {
        let error = format!("{} bytes, more than {MAX_FILE_BYTES}", meta.len());
        return Err(KeyStoreError::Damaged { path: path.to_owned(), error });
    }
    fs::read_to_string(path).map(Some).map_err(|error| file_error(path, error))
}

/// Replaces a file as a whole, readable for its owner only.
pub(super) fn write_secret(path: &Path, text: &str) -> Result<(), KeyStoreError> {
    let failed = |error| file_error(path, error);
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(dir).map_err(failed)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".new");
    match fs::remove_file(&partial) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(failed)?;
    give_to_owner_of(dir, &file).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

/// What root writes into the service's folder (`sudo piwardrive-sensor pair`) must be readable for
/// the service, which runs as the folder's owner.
fn give_to_owner_of(dir: &Path, file: &File) -> io::Result<()> {
    let (folder, own) = (fs::metadata(dir)?, file.metadata()?);
    if own.uid() == 0 && folder.uid() != 0 {
        fchown(file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(())
}

fn file_error(path: &Path, error: io::Error) -> KeyStoreError {
    KeyStoreError::File { path: path.to_owned(), error }
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
    fn what_root_writes_belongs_to_the_folders_owner() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = fs::metadata(dir.path()).expect("there").uid() == 0;
        // Only root can give a folder away; others write as the owner they are.
        let owner = if root { 12_345 } else { fs::metadata(dir.path()).expect("there").uid() };
        if root {
            std::os::unix::fs::chown(dir.path(), Some(owner), Some(owner)).expect("given");
        }
        let path = dir.path().join("secret");
        write_secret(&path, "x").expect("written");
        let meta = fs::metadata(&path).expect("written");
        assert_eq!((meta.uid(), meta.mode() & 0o777), (owner, 0o600));
    }

    #[test]
    fn damage_is_told_in_one_line_with_its_place() {
        let dir = tempfile::tempdir().expect("a folder");
        for (text, words) in [
            ("desktop = 1\n", "keys.toml: line 1, column 11: "),
            ("[[desktop]]\nname = 'a'\nfingerprint\n", "keys.toml: line 3, column 12: "),
            ("[[desktop]]\nname = 'a'\nfingerprint = '00'\n", "keys.toml: desktop 1 ('a'): "),
        ] {
            fs::write(dir.path().join(KEYS_FILE), text).expect("written");
            let error = KeyStore::open(dir.path()).expect_err("damaged").to_string();
            assert!(error.contains(words) && !error.contains(['\n', '|']), "{error}");
        }
    }

    #[test]
    fn nothing_is_made_where_no_desktop_can_be_revoked() {
        let dir = tempfile::tempdir().expect("a folder");
        for folder in [dir.path().to_owned(), dir.path().join("absent")] {
            let store = KeyStore::open(&folder).expect("no keys");
            assert!(matches!(
                store.revoke("laptop"),
                Err(KeyStoreError::NoSuchDesktop { found: 0, .. })
            ));
        }
        assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 0);
    }

    #[test]
    fn keys_are_kept_for_the_owner_only_and_seen_by_another_process() {
        let dir = tempfile::tempdir().expect("a folder");
        let running = KeyStore::open(dir.path()).expect("empty");
        let other = KeyStore::open(dir.path()).expect("empty");
        other.add("laptop\n", key(1)).expect("room");
        other.add("second", key(2)).expect("room");
        let meta = fs::metadata(dir.path().join(KEYS_FILE)).expect("written");
        assert_eq!(meta.mode() & 0o777, 0o600);
        assert_eq!(running.find(&key(1)), None);
        running.reload().expect("sound");
        assert_eq!(running.find(&key(1)).expect("added").name, "laptop");
        assert_eq!(running.desktops(), other.desktops());
        assert_eq!(running.revoke("laptop").expect("one fits").fingerprint, key(1));
        assert!(running.revoke("laptop").is_err());
        running.add("again", key(2)).expect("known");
        assert_eq!(running.desktops().len(), 1);
        assert_eq!(running.revoke("0202 0202").expect("one fits").name, "again");
    }

    #[test]
    fn a_damaged_list_is_an_error_and_changes_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = KeyStore::open(dir.path()).expect("empty");
        store.add("laptop", key(1)).expect("room");
        for text in ["[[desktop]]\nname = 1", "\u{0}", "[[desktop]]\nname='a'\nfingerprint='b'"] {
            fs::write(dir.path().join(KEYS_FILE), text).expect("a file");
            assert!(store.reload().is_err(), "{text}");
            assert!(store.add("second", key(2)).is_err(), "{text}");
            assert_eq!(store.desktops().len(), 1);
        }
        fs::remove_file(dir.path().join(KEYS_FILE)).expect("a file");
        store.reload().expect("no file, no desktop");
        assert_eq!(store.desktops(), []);
    }

    #[test]
    fn the_list_is_bounded() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = KeyStore::open(dir.path()).expect("empty");
        for number in 0..MAX_DESKTOPS {
            store.add("d", key(number as u8)).expect("room");
        }
        assert!(matches!(store.add("d", key(99)), Err(KeyStoreError::Full)));
        assert!(store.add("d", key(3)).is_ok(), "paired again");
    }

    #[test]
    fn the_identity_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = identity(dir.path()).expect("drawn");
        let second = identity(dir.path()).expect("read");
        assert_eq!(first.fingerprint(), second.fingerprint());
        let path = dir.path().join(IDENTITY_FILE);
        assert_eq!(fs::metadata(&path).expect("written").mode() & 0o777, 0o600);
        fs::write(&path, "nothing").expect("a file");
        assert!(matches!(identity(dir.path()), Err(KeyStoreError::Identity { .. })));
    }
}
