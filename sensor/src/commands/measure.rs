//! `self-test`: what is measured rather than looked at, how fast this machine writes and dissects.

use crate::privacy::{Privacy, PrivacyConfig, PrivacySettings};
use crate::state_dir;
use anyhow::{Context, Result};
use pw_dissect::LinkType;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_model::Origin;
use pw_simulate::{Scenario, SimulatedKind, Simulation, builtin};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Syncs that are timed, and the bytes before each: what the journal writes in a busy tenth of a
/// second.
const SYNCS: usize = 40;
const SYNC_BYTES: usize = 64 << 10;
/// However slow the disk is, the measurement ends after this.
const STORAGE_LIMIT: Duration = Duration::from_secs(8);
/// Frames of the scenario that are dissected again and again.
const FRAMES: usize = 20_000;
/// How long they are dissected.
const STRESS: Duration = Duration::from_secs(2);

/// What was measured; kept as the baseline of a sensor.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Middle of the times of a sync after 64 KiB, in milliseconds.
    pub(super) sync_ms: f64,
    /// Longest of them.
    pub(super) longest_sync_ms: f64,
    /// Frames dissected, observed and given pseudonyms in a second by one core.
    pub(super) frames_per_second: f64,
}

/// Measures both.
///
/// # Errors
/// The state folder cannot be written.
pub(super) fn measure(state: &Path) -> Result<Measured> {
    let (sync_ms, longest_sync_ms) = storage(state)?;
    Ok(Measured { sync_ms, longest_sync_ms, frames_per_second: stress(state, STRESS)? })
}

/// Writes as the journal does, and times each sync: the middle and the longest, in milliseconds.
fn storage(state: &Path) -> Result<(f64, f64)> {
    state_dir::create(state)?;
    let path = state.join("self-test.tmp");
    let failed = || format!("cannot write {}", path.display());
    let timed = || -> Result<Vec<f64>> {
        let mut file = File::create(&path)?;
        // Not compressible, for file systems that compress.
        let mut block: Vec<u8> = Vec::with_capacity(SYNC_BYTES);
        let mut word = 0x9e37_79b9_7f4a_7c15u64;
        let begun = Instant::now();
        let mut times = Vec::new();
        while times.len() < SYNCS && (times.is_empty() || begun.elapsed() < STORAGE_LIMIT) {
            block.clear();
            while block.len() < SYNC_BYTES {
                word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                block.extend(word.to_le_bytes());
            }
            file.write_all(&block)?;
            let before = Instant::now();
            file.sync_data()?;
            times.push(before.elapsed().as_secs_f64() * 1e3);
        }
        Ok(times)
    };
    let times = timed().with_context(failed);
    if let Err(error) = std::fs::remove_file(&path)
        && times.is_ok()
    {
        return Err(error).with_context(|| format!("cannot remove {}", path.display()));
    }
    let mut times = times?;
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok((middle, times.last().copied().unwrap_or_default()))
}

/// Frames of a simulated town in a second: from captured bytes to observations with pseudonyms.
fn stress(state: &Path, time: Duration) -> Result<f64> {
    let text = builtin("demo").context("the scenario 'demo' is not built in")?;
    let scenario = Scenario::from_toml(text)?;
    let frames: Vec<_> = Simulation::new(&scenario)
        .filter_map(|event| match event.kind {
            SimulatedKind::Frame { radio, bytes } => Some((event.time, radio, bytes)),
            _ => None,
        })
        .take(FRAMES)
        .collect();
    // Keys for this measurement alone, in a folder that only the sensor may write to.
    let keys = KeyFolder::new(state)?;
    let settings = PrivacySettings::new(&PrivacyConfig::default(), Origin::Live)?;
    let mut privacy = Privacy::open(&settings, &keys.0, None)?;
    let mut observer = Observer::new(ObserverSettings::default());
    let mut observed = Observed::default();
    let begun = Instant::now();
    let mut count = 0u64;
    while begun.elapsed() < time {
        for (time, radio, bytes) in &frames {
            let input = FrameInput {
                time: *time,
                radio: *radio,
                link_type: LinkType::Radiotap,
                data: bytes,
                original_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                frequency_mhz: None,
                position: None,
            };
            observer.observe(&input, &mut observed);
            for observation in &mut observed.observations {
                privacy.rewrite(observation, &mut observed.advertisements);
            }
            observed.observations.clear();
            observed.advertisements.clear();
            count += 1;
        }
    }
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// A folder that goes again.
struct KeyFolder(std::path::PathBuf);

impl KeyFolder {
    fn new(state: &Path) -> Result<Self> {
        let path = state.join("self-test.keys");
        state_dir::create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for KeyFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!("cannot remove {}: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_measured_and_nothing_stays() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (middle, longest) = storage(folder.path()).expect("written");
        assert!(middle >= 0.0 && longest >= middle);
        let rate = stress(folder.path(), Duration::from_millis(1)).expect("frames");
        assert!(rate > 0.0);
        assert_eq!(std::fs::read_dir(folder.path()).expect("there").count(), 0);
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert!(storage(&file).is_err(), "no folder can be made where a file is");
    }
}
