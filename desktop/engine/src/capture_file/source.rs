//! The bytes of a capture at any place: the file itself, or, of a packed one, what comes out of it,
//! written once to a temporary file while it is indexed.

use super::CaptureFileError;
use crate::capture_input::{CaptureInputError, open_file};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes that are unpacked. What comes after them is not shown, and the person is told.
pub(super) const MAX_UNPACKED: u64 = 8 << 30;

/// Largest window of zstd that is accepted, as a power of two: 128 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes of a packed file that are read at once.
const CHUNK: usize = 256 << 10;

/// Bytes that can be read at any place, from several threads.
#[derive(Debug)]
pub(super) struct Content {
    file: File,
}

impl Content {
    /// Reads at `offset`; fewer bytes than asked for only at the end of the file.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset.saturating_add(done as u64);
            match read_once(&self.file, &mut buffer[done..], at) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match write_once(&self.file, bytes, offset) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = &bytes[written..];
                    offset = offset.saturating_add(written as u64);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_once(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

#[cfg(windows)]
fn write_once(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

/// Why unpacking ended before the packed file did.
#[derive(Debug)]
pub(super) enum EarlyEnd {
    /// The packed file is cut.
    Cut,
    /// More than [`MAX_UNPACKED`] bytes come out of it.
    TooLong,
    /// The temporary file cannot be written.
    Write(io::Error),
}

/// How far reading is, and how unpacking ended.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Bytes of the file that were read.
    pub(super) done: AtomicU64,
    early: Mutex<Option<EarlyEnd>>,
}

impl Meter {
    pub(super) fn early_end(&self) -> Option<EarlyEnd> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn end_early(&self, why: EarlyEnd) {
        *self.early.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

/// A file that was opened.
pub(super) struct Opened {
    /// Its unpacked bytes; those of a packed file are there once they were read from `stream`.
    pub(super) content: Arc<Content>,
    /// Its unpacked bytes, from the beginning.
    pub(super) stream: Box<dyn Read + Send>,
    /// Bytes of the file as it is on the disk.
    pub(super) size: u64,
    /// True when the content is a temporary file.
    pub(super) is_unpacked: bool,
}

/// True for bytes that gzip or zstd begin with.
pub(super) fn is_packed(start: &[u8]) -> bool {
    start.starts_with(&GZIP) || start.starts_with(&ZSTD)
}

/// Opens the file and tells by its first bytes whether it is packed.
pub(super) fn open(path: &Path, meter: &Arc<Meter>) -> Result<Opened, CaptureFileError> {
    let failed = |source| CaptureInputError::open(path, source);
    let (file, metadata) = open_file(path)?;
    let size = metadata.len();
    let file = Content { file };
    let mut magic = [0; 4];
    let read = file.read_at(&mut magic, 0).map_err(failed)?;
    let packed = Arc::new(file);
    let stream = Stream { content: Arc::clone(&packed), offset: 0, meter: Arc::clone(meter) };
    let unpacker: Box<dyn Read + Send> = match &magic[..read] {
        start if start.starts_with(&GZIP) => {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, stream)))
        }
        start if start.starts_with(&ZSTD) => {
            let buffered = BufReader::with_capacity(CHUNK, stream);
            let mut decoder = zstd::Decoder::with_buffer(buffered).map_err(failed)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(failed)?;
            Box::new(decoder)
        }
        _ => {
            let stream = Box::new(stream);
            return Ok(Opened { content: packed, stream, size, is_unpacked: false });
        }
    };
    // It has no name, so that nothing is left behind however the program ends.
    let file = tempfile::tempfile().map_err(|source| CaptureFileError::Unpack { source })?;
    let content = Arc::new(Content { file });
    let stream = Box::new(Unpacking {
        unpacker,
        content: Arc::clone(&content),
        offset: 0,
        limit: MAX_UNPACKED,
        meter: Arc::clone(meter),
        ended: false,
    });
    Ok(Opened { content, stream, size, is_unpacked: true })
}

/// Reads content from its beginning, counting.
struct Stream {
    content: Arc<Content>,
    offset: u64,
    meter: Arc<Meter>,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read_at(buffer, self.offset)?;
        self.offset = self.offset.saturating_add(read as u64);
        self.meter.done.store(self.offset, Ordering::Relaxed);
        Ok(read)
    }
}

/// Unpacks, and keeps a copy of what comes out.
struct Unpacking {
    unpacker: Box<dyn Read + Send>,
    content: Arc<Content>,
    offset: u64,
    limit: u64,
    meter: Arc<Meter>,
    ended: bool,
}

impl Unpacking {
    fn end(&mut self, why: EarlyEnd) -> usize {
        self.ended = true;
        self.meter.end_early(why);
        0
    }
}

impl Read for Unpacking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        if self.offset >= self.limit {
            return Ok(self.end(EarlyEnd::TooLong));
        }
        match self.unpacker.read(buffer) {
            Ok(read) => {
                if let Err(error) = self.content.write_at(&buffer[..read], self.offset) {
                    return Ok(self.end(EarlyEnd::Write(error)));
                }
                self.offset = self.offset.saturating_add(read as u64);
                Ok(read)
            }
            Err(error) if is_cut(&error) => Ok(self.end(EarlyEnd::Cut)),
            Err(error) => Err(error),
        }
    }
}

/// True when a packed file ends before its own end mark.
fn is_cut(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof || error.to_string().contains("incomplete frame")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn unpacking(bytes: Vec<u8>, limit: u64) -> (Unpacking, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        let file = tempfile::tempfile().expect("a file");
        let stream = Unpacking {
            unpacker: Box::new(io::Cursor::new(bytes)),
            content: Arc::new(Content { file }),
            offset: 0,
            limit,
            meter: Arc::clone(&meter),
            ended: false,
        };
        (stream, meter)
    }

    #[test]
    fn a_copy_is_kept_and_the_limit_holds() {
        let (mut stream, meter) = unpacking(vec![7; 100_000], u64::MAX);
        let mut out = Vec::new();
        stream.read_to_end(&mut out).expect("memory");
        let mut copy = vec![0; 200_000];
        assert_eq!(stream.content.read_at(&mut copy, 0).expect("readable"), 100_000);
        assert_eq!(copy[..100_000], out[..]);
        assert!(meter.early_end().is_none());

        let (mut stream, meter) = unpacking(vec![7; 100_000], 1000);
        let mut chunk = [0; 600];
        let mut total = 0;
        while let read @ 1.. = stream.read(&mut chunk).expect("no error") {
            total += read;
        }
        assert_eq!(total, 1200, "it stops after the chunk that reaches the limit");
        assert!(matches!(meter.early_end(), Some(EarlyEnd::TooLong)));
    }

    #[test]
    fn a_packed_file_is_unpacked_and_a_cut_one_as_far_as_it_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        // Not all the same, or everything would be in the part that is left.
        let bytes: Vec<u8> =
            (0..300_000u32).flat_map(|n| n.wrapping_mul(n).to_be_bytes()).collect();
        gzip.write_all(&bytes).expect("memory");
        let whole = gzip.finish().expect("memory");
        for (length, is_whole) in [(whole.len(), true), (whole.len() / 2, false)] {
            let path = folder.path().join("a.gz");
            std::fs::write(&path, &whole[..length]).expect("writable");
            let meter = Arc::new(Meter::default());
            let mut opened = open(&path, &meter).expect("opens");
            assert!(opened.is_unpacked);
            let mut out = Vec::new();
            opened.stream.read_to_end(&mut out).expect("a cut is an end, not an error");
            assert_eq!(out[..], bytes[..out.len()]);
            assert_eq!(out.len() == bytes.len(), is_whole);
            assert_eq!(matches!(meter.early_end(), Some(EarlyEnd::Cut)), !is_whole);
            assert_eq!(meter.done.load(Ordering::Relaxed), length as u64);
        }
    }
}
