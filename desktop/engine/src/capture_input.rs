//! The first steps with a capture, the same for whoever reads one: it is opened, and what was read of
//! it is counted for the progress.

use pw_dissect::capture::{CaptureError, CaptureReader};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a capture cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureInputError {
    /// A folder.
    #[error("{}: this is a folder; name a capture file", path.display())]
    IsAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// It cannot be opened.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no capture, or damaged before its first packet.
    #[error("{}: {source}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What is wrong, and at which byte.
        source: CaptureError,
    },
}

impl CaptureInputError {
    pub(crate) fn open(path: &Path, source: io::Error) -> Self {
        Self::Open { path: path.to_owned(), source }
    }

    pub(crate) fn capture(path: &Path, source: CaptureError) -> Self {
        Self::Capture { path: path.to_owned(), source }
    }
}

/// A file that counts the bytes read of it, packed or not.
#[derive(Debug)]
pub(crate) struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Counted {
    /// Adds what is read of `file` to `read`.
    pub(crate) const fn new(file: File, read: Arc<AtomicU64>) -> Self {
        Self { file, read }
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A capture that is being read.
pub(crate) struct CaptureInput {
    pub(crate) reader: CaptureReader<Counted>,
    read: Arc<AtomicU64>,
    size: u64,
}

impl CaptureInput {
    /// Opens a capture.
    pub(crate) fn open(path: &Path) -> Result<Self, CaptureInputError> {
        let (file, metadata) = open_file(path)?;
        let read = Arc::new(AtomicU64::new(0));
        let reader = CaptureReader::open(Counted::new(file, Arc::clone(&read)))
            .map_err(|source| CaptureInputError::capture(path, source))?;
        Ok(Self { reader, read, size: metadata.len() })
    }

    /// True when the section that was read last says of itself that it was simulated.
    pub(crate) fn is_simulated(&self) -> bool {
        let comment = self.reader.section().and_then(|section| section.comment.as_ref());
        comment.is_some_and(|comment| crate::simulated::is_marked(comment.as_bytes()))
    }

    /// Share of the file's bytes that was read, 0 to 1; `None` of pipes and the like, which have no length.
    pub(crate) fn share(&self) -> Option<f32> {
        let read = self.read.load(Ordering::Relaxed);
        (self.size > 0).then(|| (read as f64 / self.size as f64).min(1.0) as f32)
    }
}

/// Opens a file that is no folder.
pub(crate) fn open_file(path: &Path) -> Result<(File, Metadata), CaptureInputError> {
    let failed = |source| CaptureInputError::open(path, source);
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(CaptureInputError::IsAFolder { path: path.to_owned() });
    }
    Ok((File::open(path).map_err(failed)?, metadata))
}
