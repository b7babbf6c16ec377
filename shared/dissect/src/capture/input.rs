//! Bytes of a file, decompressed on the fly, in a buffer that grows only as far as one record needs.

use super::CaptureError;
use std::io::{self, BufReader, Chain, Cursor, ErrorKind, Read};

type Prefixed<R> = Chain<Cursor<Vec<u8>>, R>;

enum Source<R: Read> {
    Plain(Prefixed<R>),
    // Boxed: the decompressors' states are large and there is one per file.
    Gzip(Box<flate2::read::MultiGzDecoder<BufReader<Prefixed<R>>>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Prefixed<R>>>>),
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.read(buffer),
            Self::Gzip(gzip) => gzip.read(buffer),
            Self::Zstd(zstd) => zstd.read(buffer),
        }
    }
}

/// How much is asked for at once: as much as is read fast, and leaves room in the processor's cache.
const CHUNK: usize = 128 << 10;

/// Largest window of zstd that is accepted, as a power of two: 128 MiB, zstd's own default limit.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// The decompressed bytes of a file from a moving start.
pub(super) struct Input<R: Read> {
    source: Source<R>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the file of `start`.
    offset: u64,
    at_end: bool,
    was_cut: bool,
}

impl<R: Read> Input<R> {
    /// Tells compression by the first bytes.
    pub(super) fn open(mut reader: R) -> Result<Self, CaptureError> {
        let mut first = Vec::with_capacity(4);
        let error = |source| CaptureError::Read { offset: 0, source };
        reader.by_ref().take(4).read_to_end(&mut first).map_err(error)?;
        let compression =
            [first.starts_with(&[0x1f, 0x8b]), first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])];
        let chained = Cursor::new(first).chain(reader);
        let source = match compression {
            [true, _] => Source::Gzip(Box::new(flate2::read::MultiGzDecoder::new(
                BufReader::with_capacity(CHUNK, chained),
            ))),
            [_, true] => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(
                    BufReader::with_capacity(CHUNK, chained),
                )
                .map_err(error)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(error)?;
                Source::Zstd(Box::new(decoder))
            }
            _ => Source::Plain(chained),
        };
        Ok(Self {
            source,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            offset: 0,
            at_end: false,
            was_cut: false,
        })
    }

    /// The bytes that are in memory.
    #[inline]
    pub(super) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    /// Offset in the decompressed file of the first buffered byte.
    #[inline]
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// True when compressed data ended before its own end mark.
    pub(super) const fn was_cut(&self) -> bool {
        self.was_cut
    }

    /// Gives up the first `bytes` buffered bytes.
    #[inline]
    pub(super) fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end.saturating_sub(self.start));
        self.start = self.start.saturating_add(bytes);
        self.offset = self.offset.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Reads until `wanted` bytes are buffered or the input ends; returns how many are.
    /// The caller bounds `wanted`; the buffer grows with what really comes, not with what is asked.
    #[inline(never)]
    pub(super) fn fill(&mut self, wanted: usize) -> Result<usize, CaptureError> {
        while !self.at_end && self.end.saturating_sub(self.start) < wanted {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end = self.end.saturating_sub(self.start);
                self.start = 0;
            }
            if self.end == self.buffer.len() {
                self.buffer
                    .resize(self.buffer.len().saturating_add(self.buffer.len().max(CHUNK)), 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or(&mut []);
            match self.source.read(free) {
                Ok(0) => self.at_end = true,
                Ok(read) => self.end = self.end.saturating_add(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if self.is_compressed() && is_cut(&error) => {
                    self.at_end = true;
                    self.was_cut = true;
                }
                Err(source) => return Err(CaptureError::Read { offset: self.offset, source }),
            }
        }
        Ok(self.end.saturating_sub(self.start))
    }

    const fn is_compressed(&self) -> bool {
        !matches!(self.source, Source::Plain(_))
    }
}

fn is_cut(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof || error.to_string().contains("incomplete frame")
}
