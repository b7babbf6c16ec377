//! Frames that came in, by radio, in a memory-mapped file: the numbers outlive a killed process.
//!
//! The kernel writes the page back when it likes, so after a power cut the numbers may be older than
//! the journal. The boot identifier tells the two cases apart.

use super::JournalError;
use super::accounting::RADIOS_MAX;
use super::machine::{Machine, Words};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MAGIC: u64 = u64::from_le_bytes(*b"PWcount1");
const WORDS: usize = 8 + RADIOS_MAX;

/// Words of the file.
mod word {
    pub(super) const MAGIC: usize = 0;
    pub(super) const BOOT_LOW: usize = 1;
    pub(super) const BOOT_HIGH: usize = 2;
    pub(super) const CLEAN: usize = 3;
    pub(super) const EPOCH: usize = 4;
    pub(super) const DURABLE: usize = 5;
    pub(super) const FRAMES: usize = 8;
}

/// The mapped file.
pub(super) struct Counters {
    words: Box<dyn Words>,
}

/// What the last run left in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct LeftBehind {
    /// Frames that came in, by radio.
    pub(super) frames_in: [u64; RADIOS_MAX],
    /// Newest batch that was durable.
    pub(super) durable_seq: u64,
    /// The sensor left in order.
    pub(super) clean: bool,
    /// The numbers are exact: the sensor left in order, or the machine has run ever since.
    pub(super) exact: bool,
}

impl fmt::Debug for Counters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Counters")
    }
}

impl Counters {
    /// Maps the file at `path` for the journal `epoch`; `None` beside it when the file was new,
    /// damaged or another journal's.
    pub(super) fn open(
        machine: &dyn Machine,
        path: &Path,
        epoch: u64,
    ) -> Result<(Self, Option<LeftBehind>), JournalError> {
        let words = machine
            .map_words(path, WORDS)
            .map_err(|error| JournalError::io("cannot map", path, error))?;
        let counters = Self { words };
        let boot = machine.boot();
        let sound = counters.get(word::MAGIC) == MAGIC && counters.get(word::EPOCH) == epoch;
        let left = sound.then(|| {
            let clean = counters.get(word::CLEAN) == 1;
            let same_boot = boot.is_some_and(|(low, high)| {
                (counters.get(word::BOOT_LOW), counters.get(word::BOOT_HIGH)) == (low, high)
            });
            let mut frames_in = [0; RADIOS_MAX];
            for (radio, frames) in frames_in.iter_mut().enumerate() {
                *frames = counters.get(word::FRAMES + radio);
            }
            let durable_seq = counters.get(word::DURABLE);
            LeftBehind { frames_in, durable_seq, clean, exact: clean || same_boot }
        });
        let (low, high) = boot.unwrap_or((0, 0));
        counters.set(word::MAGIC, MAGIC);
        counters.set(word::BOOT_LOW, low);
        counters.set(word::BOOT_HIGH, high);
        counters.set(word::CLEAN, 0);
        counters.set(word::EPOCH, epoch);
        Ok((counters, left))
    }

    /// Sets the numbers of frames to what the journal accounts for, once the difference is stated.
    pub(super) fn restart(&self, frames_in: &[u64; RADIOS_MAX], durable_seq: u64) {
        for (radio, frames) in frames_in.iter().enumerate() {
            self.set(word::FRAMES + radio, *frames);
        }
        self.set(word::DURABLE, durable_seq);
    }

    /// Puts the numbers on the disk. Without it, a power cut could leave the last run's orderly end
    /// standing there, and what this run lost would not be missed.
    pub(super) fn flush(&self) -> std::io::Result<()> {
        self.words.flush()
    }

    /// Notes the newest durable batch.
    pub(super) fn set_durable(&self, seq: u64) {
        self.set(word::DURABLE, seq);
    }

    /// Notes that the sensor leaves in order.
    pub(super) fn set_clean(&self) -> std::io::Result<()> {
        self.set(word::CLEAN, 1);
        self.words.flush()
    }

    fn add_frames(&self, radio: u8, frames: u64) {
        self.word(word::FRAMES + usize::from(radio)).fetch_add(frames, Ordering::Relaxed);
    }

    fn frames(&self, radio: u8) -> u64 {
        self.get(word::FRAMES + usize::from(radio))
    }

    fn get(&self, at: usize) -> u64 {
        self.word(at).load(Ordering::Acquire)
    }

    fn set(&self, at: usize, value: u64) {
        self.word(at).store(value, Ordering::Release);
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        self.words.word(at)
    }
}

/// Counts the frames of one radio as they come in, before anything else is done with them.
#[derive(Clone, Debug)]
pub struct RadioCounter {
    counters: Arc<Counters>,
    radio: u8,
}

impl RadioCounter {
    pub(super) fn new(counters: Arc<Counters>, radio: u8) -> Option<Self> {
        (usize::from(radio) < RADIOS_MAX).then_some(Self { counters, radio })
    }

    /// Counts frames that came in, those that the kernel or interface dropped included.
    pub fn add(&self, frames: u64) {
        self.counters.add_frames(self.radio, frames);
    }

    /// Frames that ever came in by this radio of this journal.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counters.frames(self.radio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::machine::RealMachine;

    #[test]
    fn numbers_outlive_the_process_and_other_journals_do_not_mix() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("counters");
        let (counters, left) = Counters::open(&RealMachine, &path, 7).expect("new");
        assert_eq!(left, None);
        counters.add_frames(3, 12);
        counters.set_durable(5);
        drop(counters);
        let (counters, left) = Counters::open(&RealMachine, &path, 7).expect("there");
        let left = left.expect("same journal");
        assert_eq!((left.frames_in[3], left.durable_seq, left.clean), (12, 5, false));
        assert!(left.exact, "same boot");
        counters.set_clean().expect("flushed");
        drop(counters);
        let (_counters, left) = Counters::open(&RealMachine, &path, 7).expect("there");
        assert!(left.expect("same journal").clean);
        let (_counters, left) = Counters::open(&RealMachine, &path, 8).expect("there");
        assert_eq!(left, None, "another epoch");
    }
}
