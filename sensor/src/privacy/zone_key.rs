//! The key that moves the edges of home zones: drawn once, in a file of its own that is never written
//! again, so that the daily key's being overwritten cannot cost it.
//!
//! Another key would move the edges; where two edges show in the data, the middle of both is home. So
//! a copy lies beside the daily key, where earlier releases look for it, and stands in for the file.

use super::key::KeyError;
use crate::state_dir;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// The file in the state folder.
const FILE: &str = "home-zone.key";
const MAGIC: &[u8; 8] = b"PWZONE1\n";
/// Magic, key, check.
const LENGTH: usize = 8 + 32 + 8;

/// Whether the key has a file of its own yet.
pub(super) fn is_there(state_dir: &Path) -> bool {
    state_dir.join(FILE).exists()
}

/// The key, from its file; where that is missing or damaged, from the copy; else a new one. Unless it
/// came from the file, the file is written.
pub(super) fn open(state_dir: &Path, copy: Option<[u8; 32]>) -> Result<[u8; 32], KeyError> {
    let path = state_dir.join(FILE);
    let failed = |what| {
        let path = path.clone();
        move |source| KeyError::File { what, path, source }
    };
    let found = match File::open(&path) {
        Ok(file) => {
            let mut bytes = Vec::new();
            // One byte more than it may have.
            file.take(LENGTH as u64 + 1).read_to_end(&mut bytes).map_err(failed("read"))?;
            Some(read(&bytes))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("open")(error)),
    };
    let key = match (found, copy) {
        (Some(Some(key)), _) => return Ok(key),
        (Some(None), Some(copy)) => {
            tracing::warn!("{} is damaged; the copy of the key is taken", path.display());
            copy
        }
        (Some(None), None) => {
            tracing::warn!(
                "{} is damaged, and its copy too; a new key is drawn, and home zones get another \
                 edge",
                path.display()
            );
            pw_trust::random_bytes()?
        }
        (None, copy) => copy.map_or_else(pw_trust::random_bytes, Ok)?,
    };
    write(&path, &key).map_err(failed("write"))?;
    Ok(key)
}

fn read(bytes: &[u8]) -> Option<[u8; 32]> {
    let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
    let (content, check) = bytes.split_at_checked(LENGTH - 8)?;
    let key = content.strip_prefix(MAGIC.as_slice())?;
    (Sha256::digest(content).get(..8)? == check).then(|| key.try_into().ok())?
}

/// As a whole or not at all.
fn write(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let mut bytes = [MAGIC.as_slice(), key].concat();
    let check = Sha256::digest(&bytes);
    bytes.extend(check.iter().take(8));
    let new = path.with_extension("key.new");
    let mut file = state_dir::open_private(&new)?;
    file.set_len(0)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_counts_and_the_copy_stands_in_for_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (path, copy) = (folder.path().join(FILE), [7; 32]);
        assert_eq!(open(folder.path(), Some(copy)).expect("written"), copy, "of earlier releases");
        assert_eq!(open(folder.path(), None).expect("read"), copy);
        assert_eq!(open(folder.path(), Some([8; 32])).expect("read"), copy, "the file counts");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let good = std::fs::read(&path).expect("there");
        for at in 0..good.len() {
            let mut damaged = good.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, &damaged).expect("written");
            assert_eq!(open(folder.path(), Some(copy)).expect("the copy"), copy, "byte {at}");
            assert_eq!(std::fs::read(&path).expect("there"), good, "it is whole again");
        }
        for damaged in [&good[..20], &[good.as_slice(), b"more"].concat(), b""] {
            std::fs::write(&path, damaged).expect("written");
            assert_ne!(open(folder.path(), None).expect("drawn"), copy);
        }
    }
}
