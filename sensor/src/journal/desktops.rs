//! How far each paired desktop has acknowledged, and which damage was already stated.

use super::machine::Machine;
use super::{JournalError, directory};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Kept in `state.json`. Losing it costs nothing but repeated sending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Desktops {
    /// Fingerprint of each paired desktop's key, and the highest batch it has acknowledged.
    acknowledged: BTreeMap<[u8; 32], u64>,
    /// Damaged places that were stated: segment and offset.
    pub(super) stated_damage: BTreeSet<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    acknowledged: BTreeMap<String, u64>,
    #[serde(default)]
    stated_damage: BTreeSet<(u64, u64)>,
}

/// Damaged places remembered. More are stated again after a restart.
const DAMAGE_MAX: usize = 10_000;

impl Desktops {
    /// Reads the file; an unreadable one counts as empty and is said so.
    pub(super) fn read(machine: &dyn Machine, folder: &Path) -> Self {
        let path = path(folder);
        let text = match machine.read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::warn!(
                    "cannot read {}: {error}; acknowledgements begin anew",
                    path.display()
                );
                return Self::default();
            }
        };
        match serde_json::from_slice::<File>(&text) {
            Ok(file) => Self {
                acknowledged: file
                    .acknowledged
                    .into_iter()
                    .filter_map(|(key, seq)| Some((key_bytes(&key)?, seq)))
                    .collect(),
                stated_damage: file.stated_damage,
            },
            Err(error) => {
                tracing::warn!("{}: {error}; acknowledgements begin anew", path.display());
                Self::default()
            }
        }
    }

    /// Writes the file.
    pub(super) fn write(&self, machine: &dyn Machine, folder: &Path) -> Result<(), JournalError> {
        let file = File {
            acknowledged: self
                .acknowledged
                .iter()
                .map(|(key, seq)| (key_text(key), *seq))
                .collect(),
            stated_damage: self.stated_damage.clone(),
        };
        let path = path(folder);
        let text = serde_json::to_vec_pretty(&file).map_err(|error| JournalError::Content {
            path: path.clone(),
            problem: error.to_string(),
        })?;
        directory::replace(machine, &path, &text)
    }

    /// Makes these the paired desktops: new ones have acknowledged nothing, others are forgotten.
    pub(super) fn set(&mut self, desktops: &[[u8; 32]]) {
        self.acknowledged.retain(|key, _| desktops.contains(key));
        for key in desktops {
            self.acknowledged.entry(*key).or_insert(0);
        }
    }

    /// A paired desktop holds `seq` and all before it. Others are ignored; numbers never go back.
    pub(super) fn acknowledge(&mut self, desktop: &[u8; 32], seq: u64) -> bool {
        match self.acknowledged.get_mut(desktop) {
            Some(acknowledged) if *acknowledged < seq => {
                *acknowledged = seq;
                true
            }
            _ => false,
        }
    }

    /// The highest batch that every paired desktop holds; 0 when none is paired.
    pub(super) fn everywhere(&self) -> u64 {
        self.acknowledged.values().copied().min().unwrap_or(0)
    }

    /// The highest batch that any desktop ever acknowledged.
    pub(super) fn anywhere(&self) -> u64 {
        self.acknowledged.values().copied().max().unwrap_or(0)
    }

    /// Remembers a damaged place; false when it was known, or no more can be remembered.
    pub(super) fn state_damage(&mut self, segment: u64, offset: u64) -> bool {
        self.stated_damage.len() < DAMAGE_MAX && self.stated_damage.insert((segment, offset))
    }

    /// Forgets the damage of a deleted segment.
    pub(super) fn forget_segment(&mut self, segment: u64) {
        self.stated_damage.retain(|(number, _)| *number != segment);
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("state.json")
}

fn key_text(key: &[u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key_bytes(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::machine::RealMachine;

    #[test]
    fn acknowledgements_survive_and_never_go_back() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut desktops = Desktops::read(&RealMachine, folder.path());
        assert_eq!(desktops.everywhere(), 0);
        desktops.set(&[[1; 32], [2; 32]]);
        assert!(desktops.acknowledge(&[1; 32], 9));
        assert!(!desktops.acknowledge(&[1; 32], 4));
        assert!(!desktops.acknowledge(&[3; 32], 4), "not paired");
        assert_eq!((desktops.everywhere(), desktops.anywhere()), (0, 9));
        assert!(desktops.acknowledge(&[2; 32], 4));
        assert_eq!(desktops.everywhere(), 4);
        desktops.write(&RealMachine, folder.path()).expect("written");
        assert_eq!(Desktops::read(&RealMachine, folder.path()), desktops);
        desktops.set(&[[1; 32]]);
        assert_eq!(desktops.everywhere(), 9);
        std::fs::write(path(folder.path()), b"{").expect("written");
        assert_eq!(Desktops::read(&RealMachine, folder.path()), Desktops::default());
    }
}
