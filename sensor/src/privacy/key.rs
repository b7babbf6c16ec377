//! The keys of pseudonyms: drawn on the sensor, kept in its state folder, and forgotten.
//!
//! A pseudonym is the first 46 bits of HMAC-SHA-256 (RFC 2104) over the address, as a locally
//! administered address. When its time is over the key is drawn anew and the old one overwritten:
//! from then on nobody can tell, not even with the sensor in hand, which pseudonyms of two periods
//! are one device, or which address one stands for.

use super::zone_key;
use crate::state_dir;
use hmac::{Hmac, Mac};
use pw_model::hash::SeededHash;
use pw_model::{AdvertisementId, MacAddr, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The file of the keys in the state folder.
const FILE: &str = "privacy.keys";
const MAGIC: &[u8; 8] = b"PWKEYS1\n";
/// Magic, copy of the key of home zones, period, length of the period, pseudonym key, check.
const LENGTH: usize = 8 + 32 + 8 + 8 + 32 + 8;
/// Pseudonyms kept so that they need not be reckoned again; when full, all are forgotten.
const CACHE_MAX: usize = 65_536;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be used.
    #[error("cannot {what} {}, of the keys that keep people hidden: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no randomness.
    #[error("no key for pseudonyms: {0}")]
    Random(#[from] pw_trust::RandomError),
}

/// The file with the keys. It stays open, so that a thread without the right to open files can
/// write a new key.
pub(super) struct Keys {
    file: File,
    path: PathBuf,
    zone: [u8; 32],
    period: i64,
    rotation_secs: u64,
    pseudonym: [u8; 32],
}

impl Keys {
    /// Opens or makes the file. One that is damaged is made anew, and that is logged: the pseudonyms
    /// of the running period then differ from those before.
    pub(super) fn open(state_dir: &Path) -> Result<Self, KeyError> {
        let path = state_dir.join(FILE);
        let failed = |what| {
            let path = path.clone();
            move |source| KeyError::File { what, path, source }
        };
        let file = state_dir::open_private(&path).map_err(failed("open"))?;
        let mut bytes = [0; LENGTH];
        let length = file.metadata().map_err(failed("read"))?.len();
        let mut found = None;
        if length == LENGTH as u64 {
            file.read_exact_at(&mut bytes, 0).map_err(failed("read"))?;
            found = Stored::read(&bytes);
        }
        // The key of home zones lies in a file of its own: what is overwritten here may be torn.
        let zone_is_kept = found.is_some() || zone_key::is_there(state_dir);
        let zone = zone_key::open(state_dir, found.as_ref().map(|stored| stored.zone))?;
        if let Some(Stored { period, rotation_secs, pseudonym, .. }) = found {
            return Ok(Self { file, path, zone, period, rotation_secs, pseudonym });
        }
        if length > 0 {
            let zones =
                if zone_is_kept { "" } else { ", and one of home zones, which get another edge" };
            tracing::warn!(
                "{} is damaged; a new key of pseudonyms is drawn{zones}",
                path.display()
            );
        }
        let pseudonym = pw_trust::random_bytes()?;
        let keys = Self { file, path, zone, period: 0, rotation_secs: 0, pseudonym };
        keys.write()?;
        Ok(keys)
    }

    /// Overwrites the key of pseudonyms that were made before, where none are made any more.
    pub(super) fn forget_pseudonyms(&mut self) -> Result<(), KeyError> {
        if self.period == 0 {
            return Ok(());
        }
        self.pseudonym = pw_trust::random_bytes()?;
        (self.period, self.rotation_secs) = (0, 0);
        self.write()
    }

    fn write(&self) -> Result<(), KeyError> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(MAGIC);
        bytes.extend(self.zone);
        bytes.extend(self.period.to_le_bytes());
        bytes.extend(self.rotation_secs.to_le_bytes());
        bytes.extend(self.pseudonym);
        let check = Sha256::digest(&bytes);
        bytes.extend(check.iter().take(8));
        self.file
            .write_all_at(&bytes, 0)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| KeyError::File { what: "write", path: self.path.clone(), source })
    }

    /// The key of home zones, which never changes: an edge that moved from drive to drive would show
    /// its middle.
    pub(super) const fn zone_key(&self) -> &[u8; 32] {
        &self.zone
    }
}

/// What the file says.
struct Stored {
    zone: [u8; 32],
    period: i64,
    rotation_secs: u64,
    pseudonym: [u8; 32],
}

impl Stored {
    /// `None` when it is damaged.
    fn read(bytes: &[u8; LENGTH]) -> Option<Self> {
        let (content, check) = bytes.split_at_checked(LENGTH - 8)?;
        let rest = content.strip_prefix(MAGIC.as_slice())?;
        if Sha256::digest(content).get(..8)? != check {
            return None;
        }
        let (zone, rest) = rest.split_first_chunk::<32>()?;
        let (period, rest) = rest.split_first_chunk::<8>()?;
        let (rotation, rest) = rest.split_first_chunk::<8>()?;
        let (pseudonym, _) = rest.split_first_chunk::<32>()?;
        Some(Self {
            zone: *zone,
            period: i64::from_le_bytes(*period),
            rotation_secs: u64::from_le_bytes(*rotation),
            pseudonym: *pseudonym,
        })
    }
}

/// HMAC-SHA-256 with its key taken in.
pub(super) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    Hmac::new_from_slice(key).expect("a key of any length is taken")
}

fn digest(mac: &Hmac<Sha256>, parts: [&[u8]; 2]) -> [u8; 8] {
    let mut mac = mac.clone();
    parts.iter().for_each(|part| mac.update(part));
    let bytes = mac.finalize().into_bytes();
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    first
}

/// Makes pseudonyms with the key of the period.
pub(super) struct PseudonymKey {
    keys: Keys,
    rotation_secs: u64,
    /// The key outlives the process: that of a live sensor.
    is_kept: bool,
    /// `None` before the first frame of a stream that brings its own time.
    period: Option<i64>,
    mac: Hmac<Sha256>,
    addresses: HashMap<MacAddr, MacAddr, SeededHash>,
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PseudonymKey(period {:?})", self.period)
    }
}

impl PseudonymKey {
    /// With the kept key when that is of the period of `now`, else with a new one. Without `now` (a
    /// recording, a simulation) the key lives in memory only.
    pub(super) fn open(
        keys: Keys,
        rotation_secs: u64,
        now: Option<Timestamp>,
    ) -> Result<Self, KeyError> {
        let period = now.map(|now| period_of(now, rotation_secs));
        let is_current = keys.rotation_secs == rotation_secs && Some(keys.period) == period;
        let mut key = Self {
            mac: keyed(&keys.pseudonym),
            keys,
            rotation_secs,
            is_kept: now.is_some(),
            period,
            addresses: HashMap::default(),
        };
        if !is_current {
            key.draw(period)?;
        }
        Ok(key)
    }

    /// Draws a new key when the period of the old one is over. A clock that was set back by less than
    /// a period keeps it; one set back further does not keep it for as long.
    pub(super) fn advance(&mut self, time: Timestamp) -> Result<bool, KeyError> {
        let period = period_of(time, self.rotation_secs);
        match self.period {
            None => {
                self.period = Some(period);
                Ok(false)
            }
            Some(current) if period > current || period < current.saturating_sub(1) => {
                self.draw(Some(period))?;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    /// A new key for this period. Without randomness the old one goes on, and it is tried again.
    fn draw(&mut self, period: Option<i64>) -> Result<(), KeyError> {
        let key = pw_trust::random_bytes()?;
        self.period = period;
        self.mac = keyed(&key);
        self.addresses.clear();
        if self.is_kept {
            self.keys.pseudonym = key;
            self.keys.rotation_secs = self.rotation_secs;
            self.keys.period = self.period.unwrap_or(0);
            self.keys.write()?;
        }
        Ok(())
    }

    /// The pseudonym of a client's address. A group bit stays: it says how the frame was meant.
    pub(super) fn pseudonym(&mut self, address: MacAddr) -> MacAddr {
        if let Some(known) = self.addresses.get(&address) {
            return *known;
        }
        let pseudonym = pseudonym(&self.mac, address);
        if self.addresses.len() >= CACHE_MAX {
            self.addresses.clear();
        }
        self.addresses.insert(address, pseudonym);
        pseudonym
    }
}

/// Makes the identifiers of advertisements.
pub(super) struct IdentifierKey {
    mac: Hmac<Sha256>,
    known: HashMap<AdvertisementId, AdvertisementId, SeededHash>,
}

impl fmt::Debug for IdentifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("IdentifierKey")
    }
}

impl IdentifierKey {
    /// A new one, which is never written down.
    pub(super) fn draw() -> Result<Self, KeyError> {
        Ok(Self { mac: keyed(&pw_trust::random_bytes()?), known: HashMap::default() })
    }

    /// The identifier that stands for one as heard.
    pub(super) fn identifier(&mut self, id: AdvertisementId) -> AdvertisementId {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let keyed = digest(&self.mac, [b"advertisement", &id.0.to_le_bytes()]);
        let keyed = AdvertisementId(u64::from_le_bytes(keyed));
        if self.known.len() >= CACHE_MAX {
            self.known.clear();
        }
        self.known.insert(id, keyed);
        keyed
    }
}

fn period_of(time: Timestamp, rotation_secs: u64) -> i64 {
    let secs = time.unix_ns().div_euclid(1_000_000_000);
    secs.div_euclid(i64::try_from(rotation_secs).unwrap_or(i64::MAX).max(1))
}

fn pseudonym(mac: &Hmac<Sha256>, address: MacAddr) -> MacAddr {
    let [first, b, c, d, e, f, ..] = digest(mac, [b"address", &address.0]);
    MacAddr([first & 0xfc | 0x02, b, c, d, e, f])
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const CLIENT: MacAddr = MacAddr([0x00, 0x1b, 0x77, 0x12, 0x34, 0x56]);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_unix_secs(1_780_012_800 + secs)
    }

    #[test]
    fn who_makes_no_pseudonyms_keeps_no_key_of_earlier_ones() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let pseudonym = open(folder.path(), Some(at(0))).pseudonym(CLIENT);
        assert_eq!(open(folder.path(), Some(at(1))).pseudonym(CLIENT), pseudonym, "of one day");
        let zone = *Keys::open(folder.path()).expect("keys").zone_key();
        Keys::open(folder.path()).expect("keys").forget_pseudonyms().expect("written");
        assert_ne!(open(folder.path(), Some(at(2))).pseudonym(CLIENT), pseudonym);
        assert_eq!(*Keys::open(folder.path()).expect("keys").zone_key(), zone, "homes stay");
    }

    fn open(folder: &Path, now: Option<Timestamp>) -> PseudonymKey {
        PseudonymKey::open(Keys::open(folder).expect("keys"), DAY, now).expect("a key")
    }

    #[test]
    fn known_answers() {
        // HMAC-SHA-256 by another program over "address" and the six bytes.
        let mac = keyed(&[0x0b; 32]);
        let pseudonym = pseudonym(&mac, CLIENT);
        assert_eq!(pseudonym.to_string(), "da:15:1e:ca:bb:e0");
        let mac = keyed(&[0; 32]);
        assert_eq!(
            super::pseudonym(&mac, MacAddr([2, 0, 0, 0, 0, 1])).to_string(),
            "02:8d:48:c9:a7:8f"
        );
        assert_eq!(
            digest(&mac, [b"advertisement", &7u64.to_le_bytes()]),
            [0x8e, 0xb5, 0x8c, 0xdd, 0x2e, 0x2b, 0x08, 0x1f]
        );
    }

    #[test]
    fn a_pseudonym_is_locally_administered_and_of_one_device() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut key = open(folder.path(), Some(at(0)));
        let mut seen = std::collections::HashSet::new();
        for number in 0..20_000 {
            let pseudonym = key.pseudonym(MacAddr::from_u64(0x001b_7700_0000 + number));
            assert!(pseudonym.is_locally_administered() && !pseudonym.is_multicast());
            assert!(seen.insert(pseudonym));
        }
        assert_eq!(key.pseudonym(CLIENT), key.pseudonym(CLIENT));
    }

    #[test]
    fn a_restart_keeps_the_key_until_its_period_is_over() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let first = open(folder.path(), Some(at(0))).pseudonym(CLIENT);
        assert_eq!(open(folder.path(), Some(at(80_000))).pseudonym(CLIENT), first);
        let mut key = open(folder.path(), Some(at(80_000)));
        assert!(!key.advance(at(86_399)).expect("no write"));
        let before = std::fs::read(folder.path().join(FILE)).expect("there");
        assert!(key.advance(at(86_400)).expect("written"));
        let second = key.pseudonym(CLIENT);
        assert_ne!(second, first);
        let after = std::fs::read(folder.path().join(FILE)).expect("there");
        assert_ne!(before[56..88], after[56..88], "the old key is overwritten");
        // A clock that goes back a little does not bring another key, one set back far does.
        assert!(!key.advance(at(86_000)).expect("no write"));
        assert_eq!(key.pseudonym(CLIENT), second);
        assert!(key.advance(at(-9 * 86_400)).expect("written"));
        assert_ne!(key.pseudonym(CLIENT), second);
        assert_ne!(open(folder.path(), Some(at(0))).pseudonym(CLIENT), first);
    }

    #[test]
    fn another_length_of_the_period_draws_a_new_key() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let first = open(folder.path(), Some(at(0))).pseudonym(CLIENT);
        let keys = Keys::open(folder.path()).expect("keys");
        let mut other = PseudonymKey::open(keys, 3600, Some(at(0))).expect("a key");
        assert_ne!(other.pseudonym(CLIENT), first);
    }

    #[test]
    fn a_recording_has_a_key_that_nobody_keeps() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut key = open(folder.path(), None);
        assert!(!key.advance(at(0)).expect("no write"));
        let first = key.pseudonym(CLIENT);
        assert!(key.advance(at(90_000)).expect("no write"));
        assert_ne!(key.pseudonym(CLIENT), first);
        assert_ne!(open(folder.path(), None).pseudonym(CLIENT), first);
    }

    #[test]
    fn a_damaged_file_is_made_anew_and_nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join(FILE);
        let zone = *Keys::open(folder.path()).expect("keys").zone_key();
        assert_eq!(Keys::open(folder.path()).expect("keys").zone_key(), &zone);
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let good = std::fs::read(&path).expect("there");
        let key = || Keys::open(folder.path()).expect("keys");
        let pseudonym = key().pseudonym;
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("written");
            assert_ne!(key().pseudonym, pseudonym, "byte {at}");
            assert_eq!(key().zone, zone, "byte {at}: homes keep their edges");
        }
        std::fs::write(&path, &good[..50]).expect("written");
        assert_eq!(key().zone, zone);
        assert_eq!(std::fs::metadata(&path).expect("there").len(), LENGTH as u64);
    }

    #[test]
    fn homes_keep_their_edges_when_a_state_folder_of_an_earlier_release_is_opened() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let keys = Keys::open(folder.path()).expect("keys");
        // It had this file only, with both keys in it.
        std::fs::remove_file(folder.path().join("home-zone.key")).expect("there");
        assert_eq!(Keys::open(folder.path()).expect("keys").zone, keys.zone);
        std::fs::remove_file(folder.path().join(FILE)).expect("there");
        assert_eq!(Keys::open(folder.path()).expect("keys").zone, keys.zone, "it has its own now");
        let bytes = std::fs::read(folder.path().join(FILE)).expect("there");
        assert_eq!(bytes[8..40], keys.zone, "and earlier releases find the copy");
    }
}
