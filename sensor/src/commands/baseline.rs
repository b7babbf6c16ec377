//! `self-test`: how this sensor measured when it was known to be good, and how it compares now.

use super::checks::{Check, Outcome};
use super::measure::Measured;
use crate::clock;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file in the state folder.
const FILE: &str = "self-test-baseline.json";
/// A sync that takes so many times as long as in the baseline is worth a look; disks vary.
const SYNC_TOLERANCE: f64 = 3.0;
/// Below this many milliseconds a sync is fast whatever it was before.
const FAST_SYNC_MS: f64 = 20.0;
/// So many times fewer frames a second are: the processor is throttled, or something else runs.
const FRAMES_TOLERANCE: f64 = 1.5;

/// The baseline of a sensor.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Baseline {
    /// When it was taken, RFC 3339 UTC.
    pub(super) taken: String,
    /// By which release.
    pub(super) release: String,
    /// What was measured.
    pub(super) measured: Measured,
}

fn path(state: &Path) -> PathBuf {
    state.join(FILE)
}

/// Keeps what was measured as the baseline.
///
/// # Errors
/// It cannot be written.
pub(super) fn save(state: &Path, measured: Measured) -> Result<PathBuf> {
    let path = path(state);
    let baseline = Baseline {
        taken: clock::now().rfc3339_secs(),
        release: env!("CARGO_PKG_VERSION").to_owned(),
        measured,
    };
    let text = serde_json::to_string_pretty(&baseline)?;
    let failed = || format!("cannot write {}", path.display());
    let new = path.with_extension("json.new");
    std::fs::write(&new, text + "\n").with_context(failed)?;
    std::fs::rename(&new, &path).with_context(failed)?;
    Ok(path)
}

/// The baseline; `None` when none was kept yet.
///
/// # Errors
/// It cannot be read, or is damaged.
pub(super) fn read(state: &Path) -> Result<Option<Baseline>> {
    let path = path(state);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let damaged =
        || format!("{} is damaged; take it anew with self-test --save-baseline", path.display());
    serde_json::from_str(&text).with_context(damaged).map(Some)
}

/// How what was measured compares with the baseline, if there is one.
pub(super) fn compare(now: &Measured, baseline: Result<Option<Baseline>>) -> Vec<Check> {
    let storage = format!(
        "a sync of 64 KiB takes {:.1} ms, at most {:.1} ms",
        now.sync_ms, now.longest_sync_ms
    );
    let stress = format!(
        "one core dissects {:.0} frames of the built-in scenario a second",
        now.frames_per_second
    );
    let then = match baseline {
        Ok(Some(baseline)) => baseline,
        Ok(None) => {
            let none = "; no baseline yet";
            let advice = "keep it as this sensor's baseline: piwardrive-sensor self-test \
                          --save-baseline";
            let check = |name: &str, words| {
                Check::new(name, Outcome::Good, format!("{words}{none}")).advise(advice)
            };
            return vec![check("storage", storage), check("stress", stress)];
        }
        Err(error) => {
            return vec![
                Check::new("storage", Outcome::Good, storage),
                Check::new("stress", Outcome::Good, stress),
                Check::new("baseline", Outcome::Bad, format!("{error:#}")),
            ];
        }
    };
    let slower = now.sync_ms / then.measured.sync_ms.max(0.001);
    let slow_disk = slower > SYNC_TOLERANCE && now.sync_ms > FAST_SYNC_MS;
    let fewer = then.measured.frames_per_second / now.frames_per_second.max(1.0);
    vec![
        judge(
            "storage",
            format!("{storage}; {:.1} ms on {}", then.measured.sync_ms, then.taken),
            slow_disk,
            "the disk is worn or something else writes to it: look at its wear, then replace it",
        ),
        judge(
            "stress",
            format!("{stress}; {:.0} on {}", then.measured.frames_per_second, then.taken),
            fewer > FRAMES_TOLERANCE,
            "the processor is throttled or something else runs: look at power and temperature",
        ),
    ]
}

fn judge(name: &str, words: String, worse: bool, advice: &str) -> Check {
    if worse {
        let words = format!("{words}: much slower than the baseline");
        return Check::new(name, Outcome::Bad, words).advise(advice);
    }
    Check::new(name, Outcome::Good, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(sync_ms: f64, frames_per_second: f64) -> Measured {
        Measured { sync_ms, longest_sync_ms: sync_ms * 2.0, frames_per_second }
    }

    #[test]
    fn a_baseline_is_kept_and_compared_with() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let state = folder.path();
        assert_eq!(read(state).expect("none"), None);
        let first = compare(&measured(10.0, 90_000.0), read(state));
        assert!(first.iter().all(|c| c.outcome == Outcome::Good && c.advice.is_some()));
        save(state, measured(10.0, 90_000.0)).expect("written");
        for (now, outcomes) in [
            (measured(11.0, 80_000.0), [Outcome::Good, Outcome::Good]),
            (measured(29.0, 61_000.0), [Outcome::Good, Outcome::Good]),
            (measured(31.0, 61_000.0), [Outcome::Bad, Outcome::Good]),
            (measured(1.0, 59_000.0), [Outcome::Good, Outcome::Bad]),
        ] {
            let checks = compare(&now, read(state));
            let found: Vec<Outcome> = checks.iter().map(|check| check.outcome).collect();
            assert_eq!(found, outcomes, "{now:?}: {checks:?}");
        }
        // A fast disk that became slower is still fast.
        save(state, measured(1.0, 90_000.0)).expect("written");
        assert_eq!(compare(&measured(19.0, 90_000.0), read(state))[0].outcome, Outcome::Good);
    }

    #[test]
    fn a_damaged_baseline_says_what_to_do() {
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::write(folder.path().join(FILE), "{").expect("written");
        let checks = compare(&measured(1.0, 1.0), read(folder.path()));
        let bad = checks.iter().find(|check| check.outcome == Outcome::Bad).expect("said");
        assert!(bad.words.contains("--save-baseline"), "{}", bad.words);
    }
}
