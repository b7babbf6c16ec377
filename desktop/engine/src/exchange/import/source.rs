//! An opened file: unpacked where it is packed, named by its content, read twice.

use super::super::ExchangeError;
use super::sniff::{self, Format};
use super::{ImportContext, Meter};
use crate::capture_input::Counted;
use flate2::bufread::MultiGzDecoder;
use pw_model::SensorId;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes read at once while the content is named.
const CHUNK: usize = 256 << 10;

/// First bytes that are looked at to tell a format.
const START: usize = 4096;

/// A file that can be imported.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    /// Bytes on the disk.
    pub(super) size: u64,
    /// Name of the stream: the hash of the unpacked content.
    pub(super) id: SensorId,
    /// The first bytes of the content.
    pub(super) start: Vec<u8>,
    file: File,
    packing: Packing,
    position: Arc<AtomicU64>,
}

/// How a file is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Size of a file in bytes; 0 when it cannot be told, which later becomes an error.
pub(super) fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

impl Source {
    /// Opens a file and tells what it is.
    pub(super) fn open(path: &Path) -> Result<Self, ExchangeError> {
        let failed = |source| ExchangeError::Read { path: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(ExchangeError::IsAFolder { path: path.to_owned() });
        }
        let mut file = File::open(path).map_err(failed)?;
        let mut magic = Vec::new();
        file.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
        let mut source = Self {
            path: path.to_owned(),
            format: Format::Pcap,
            size: metadata.len(),
            id: SensorId([0; 16]),
            start: Vec::new(),
            file,
            packing: Packing::of(&magic),
            position: Arc::default(),
        };
        let mut start = Vec::new();
        let read = source.content()?.take(START as u64).read_to_end(&mut start);
        // A packed file that is cut still has a beginning.
        if start.is_empty() {
            read.map_err(|error| source.damaged(&error))?;
            return Err(ExchangeError::Empty { path: path.to_owned() });
        }
        source.format = sniff::format(&start)
            .map_err(|found| ExchangeError::UnknownFormat { path: path.to_owned(), found })?;
        source.start = start;
        Ok(source)
    }

    /// Name of the file without its folder, for the list of streams.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The content from its beginning, unpacked.
    pub(super) fn content(&mut self) -> Result<Box<dyn io::BufRead + Send>, ExchangeError> {
        let reader = BufReader::with_capacity(CHUNK, self.raw()?);
        Ok(match self.packing {
            Packing::None => Box::new(reader),
            Packing::Gzip => Box::new(BufReader::with_capacity(CHUNK, MultiGzDecoder::new(reader))),
            Packing::Zstd => {
                let unpacked =
                    zstd::Decoder::with_buffer(reader).map_err(|error| self.damaged(&error))?;
                Box::new(BufReader::with_capacity(CHUNK, unpacked))
            }
        })
    }

    /// The bytes as they are on the disk, packed or not.
    pub(super) fn raw(&mut self) -> Result<impl Read + use<>, ExchangeError> {
        let failed = |source| ExchangeError::Read { path: self.path.clone(), source };
        self.file.seek(SeekFrom::Start(0)).map_err(failed)?;
        self.position.store(0, Ordering::Relaxed);
        let file = self.file.try_clone().map_err(failed)?;
        Ok(Counted::new(file, Arc::clone(&self.position)))
    }

    /// Bytes of the file that were read in this pass.
    pub(super) fn done(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Reads the whole content once for its hash.
    pub(super) fn name_content(
        &mut self,
        meter: &Meter,
        context: &mut ImportContext<'_>,
    ) -> Result<(), ExchangeError> {
        let mut content = self.content()?;
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = match content.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // A packed file that is cut: what can be unpacked is its content.
                Err(_) if self.packing != Packing::None => break,
                Err(source) => {
                    return Err(ExchangeError::Read { path: self.path.clone(), source });
                }
            };
            hash.update(&chunk[..read]);
            meter.step(self.done(), context)?;
        }
        let digest: [u8; 32] = hash.finalize().into();
        if let Some(id) = digest.first_chunk() {
            self.id = SensorId(*id);
        }
        Ok(())
    }

    fn damaged(&self, error: &io::Error) -> ExchangeError {
        ExchangeError::Damaged {
            path: self.path.clone(),
            reason: format!("cannot be unpacked: {error}"),
        }
    }
}
