//! What the journal asks of the machine below it: files, shared words, the boot and a steady clock, a
//! thread.
//!
//! The tests put a simulated machine in its place, which loses power, fills up and stalls.

use super::directory;
use memmap2::{MmapOptions, MmapRaw};
use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    /// To read a file that is there.
    Read,
    /// To write a file that is there.
    Write,
    /// To write a file that is created, or emptied when it is there.
    Create,
}

/// Files and clocks.
pub(super) trait Machine: Debug + Send + Sync {
    /// Creates a folder that only its owner may enter, and those above it.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Takes the lock at `path` until the file is dropped; `None` when another process holds it.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn OpenFile>>>;
    /// Names in a folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>>;
    /// A whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Opens a file that only its owner may read.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>>;
    /// Gives a file another name, in place of what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes created, renamed and deleted names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Maps a file of `words` words, created full of zeros where it is missing or too short.
    fn map_words(&self, path: &Path, words: usize) -> io::Result<Box<dyn Words>>;
    /// The identifier of this boot, as two numbers; `None` where the kernel tells none.
    fn boot(&self) -> Option<(u64, u64)>;
    /// A clock that never goes back.
    fn steady_now(&self) -> Instant;
    /// Does `work` beside everything else.
    fn run_beside(&self, work: Box<dyn FnOnce() + Send>) -> io::Result<()>;
    /// Leaves the processor to others for a while.
    fn rest(&self, time: Duration);
}

/// An open file.
pub(super) trait OpenFile: Debug + Send + Sync {
    /// Its length.
    fn length(&self) -> io::Result<u64>;
    /// Fills `bytes` from `offset` on.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all of `bytes` at `offset`.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts or extends it.
    fn set_length(&self, length: u64) -> io::Result<()>;
    /// Makes content and length durable.
    fn sync(&self) -> io::Result<()>;
}

/// Words of a file in memory, which the kernel keeps when the process dies.
pub(super) trait Words: Debug + Send + Sync {
    /// Word number `at`.
    fn word(&self, at: usize) -> &AtomicU64;
    /// Makes all words durable.
    fn flush(&self) -> io::Result<()>;
}

/// The machine this runs on.
#[derive(Debug)]
pub(super) struct RealMachine;

impl Machine for RealMachine {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn OpenFile>>> {
        let file = directory::private_file().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn OpenFile>> {
        let mut options = directory::private_file();
        let options = match access {
            Access::Read => options.read(true),
            Access::Write => options.write(true),
            Access::Create => options.write(true).create(true).truncate(true),
        };
        Ok(Box::new(options.open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn map_words(&self, path: &Path, words: usize) -> io::Result<Box<dyn Words>> {
        let mut file = directory::private_file()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let length = words * size_of::<u64>();
        // Written, not only sized: a mapped page that the disk has no room for would be a SIGBUS.
        if file.metadata()?.len() < length as u64 {
            file.write_all(&vec![0; length])?;
        }
        let map = MmapOptions::new().len(length).map_raw(&file)?;
        Ok(Box::new(MappedWords { map, words }))
    }

    fn boot(&self) -> Option<(u64, u64)> {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let digits: String = text.trim().chars().filter(|c| *c != '-').collect();
        let (high, low) = digits.split_at_checked(16)?;
        Some((u64::from_str_radix(low, 16).ok()?, u64::from_str_radix(high, 16).ok()?))
    }

    fn steady_now(&self) -> Instant {
        Instant::now()
    }

    fn run_beside(&self, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        std::thread::Builder::new().name("journal-thin".to_owned()).spawn(work).map(drop)
    }

    fn rest(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl OpenFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, bytes, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

#[derive(Debug)]
struct MappedWords {
    map: MmapRaw,
    words: usize,
}

impl Words for MappedWords {
    #[allow(unsafe_code)]
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at < self.words, "callers stay below the words they asked for");
        // SAFETY: the mapping is page-aligned, writable, `words` words long (checked above) and
        // lives as long as `self`; this process reaches it only through these atomics, and the
        // journal's lock keeps every other process of ours away.
        unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().cast::<u64>().add(at)) }
    }

    fn flush(&self) -> io::Result<()> {
        self.map.flush()
    }
}
