//! Capture files: pcap and pcapng, plain or inside gzip or zstd, told by their content.
//!
//! The reader holds one block at a time, at most [`MAX_BLOCK`] bytes.

mod input;
mod options;
mod pcap;
mod pcapng;

use crate::LinkType;
use input::Input;
pub use options::{PacketHash, PacketOptions};
use pw_model::{Position, Timestamp};
use std::io::Read;

/// Longest packet record or pcapng block in bytes; a longer one is an error, not an allocation.
pub const MAX_BLOCK: u32 = 16 << 20;

/// Most interfaces of one file over all sections; a further one is an error.
pub const MAX_INTERFACES: usize = 4096;

/// Why a file is not readable as a capture, or not further.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// No bytes at all.
    #[error("the file is empty: there is no capture in it")]
    Empty,
    /// The content is something else.
    #[error(
        "not a capture: it begins with {begins} ({looks_like}); pcap and pcapng are read, also inside gzip or zstd"
    )]
    NotACapture {
        /// The first bytes as hex digits.
        begins: String,
        /// What such bytes usually are.
        looks_like: &'static str,
    },
    /// A version of the format that is not known.
    #[error("{format} version {major}.{minor} is not supported")]
    UnsupportedVersion {
        /// `pcap` or `pcapng`.
        format: &'static str,
        /// Major version as stated.
        major: u16,
        /// Minor version as stated.
        minor: u16,
    },
    /// The structure contradicts the format.
    #[error("damaged at byte {offset}, after {packets} packets: {reason}")]
    Corrupt {
        /// Byte offset in the (decompressed) file of the record or block.
        offset: u64,
        /// Packets read before.
        packets: u64,
        /// What contradicts.
        reason: &'static str,
    },
    /// A record that is longer than [`MAX_BLOCK`].
    #[error(
        "damaged at byte {offset}, after {packets} packets: a record of {length} bytes, more than the {MAX_BLOCK} allowed"
    )]
    TooLong {
        /// Byte offset in the (decompressed) file of the record or block.
        offset: u64,
        /// Packets read before.
        packets: u64,
        /// The length it states.
        length: u64,
    },
    /// The bytes could not be read or decompressed.
    #[error("cannot read on at byte {offset}: {source}")]
    Read {
        /// Byte offset in the (decompressed) file.
        offset: u64,
        /// Why.
        source: std::io::Error,
    },
}

/// The file ends in the middle of a record. What came before it was read and counts.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the file is cut in the middle of a record: {available} of {needed} bytes at byte {offset}, after {packets} packets"
)]
pub struct CaptureWarning {
    /// Byte offset in the (decompressed) file of the record that is not whole.
    pub offset: u64,
    /// Packets read before it.
    pub packets: u64,
    /// Bytes of the record that are there.
    pub available: u64,
    /// Bytes that the record, or as much of its header as could be read, needs.
    pub needed: u64,
}

/// One frame of a capture, borrowed from the reader until the next is asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CapturedFrame<'a> {
    /// When it was captured; `None` in formats that do not say (simple packet blocks).
    pub time: Option<Timestamp>,
    /// What its bytes begin with.
    pub link_type: LinkType,
    /// The bytes that were kept.
    pub data: &'a [u8],
    /// Bytes that the packet had before it was cut to a snap length.
    pub original_len: u32,
    /// Interface, counted from 0 over all sections of the file.
    pub interface: u32,
    /// Where the receiver was (Kismet's option in pcapng; PPI-GPS comes with the radio metadata).
    pub position: Option<Position>,
    /// Number in the file, from 1.
    pub number: u64,
    /// Bytes of frame check sequence at the end, where the file itself says so.
    pub fcs_len: Option<u8>,
    /// What else a pcapng file says of the packet: comments, hash, drop count.
    pub options: PacketOptions<'a>,
    /// When other packets of the file were captured, which this one's time is measured against; borrowed,
    /// because few who walk over packets ask for it.
    pub reference: &'a TimeReference,
}

/// Times of other packets of a capture, against which the time of one is measured. Unknown where the
/// file does not say them, and for a packet that stands alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TimeReference {
    /// When the first packet of the file was captured.
    pub first: Option<Timestamp>,
    /// When the packet before this one was captured; for the first packet its own time.
    pub previous: Option<Timestamp>,
}

impl TimeReference {
    /// Of a packet that stands alone.
    pub const UNKNOWN: Self = Self { first: None, previous: None };
}

impl<'a> CapturedFrame<'a> {
    /// A whole frame of which nothing else is known: number 1 of interface 0.
    #[must_use]
    pub fn new(link_type: LinkType, data: &'a [u8]) -> Self {
        Self {
            time: None,
            link_type,
            data,
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            interface: 0,
            position: None,
            number: 1,
            fcs_len: None,
            options: PacketOptions::default(),
            reference: &TimeReference::UNKNOWN,
        }
    }

    /// Nanoseconds since the first packet of the file; negative where the file is not in the order of
    /// time. `None` when one of the two has no time.
    #[must_use]
    pub fn since_first_ns(&self) -> Option<i64> {
        self.since_ns(self.reference.first)
    }

    /// Nanoseconds since the packet before this one in the file, 0 for the first; otherwise as
    /// [`Self::since_first_ns`].
    #[must_use]
    pub fn since_previous_ns(&self) -> Option<i64> {
        self.since_ns(self.reference.previous)
    }

    fn since_ns(&self, other: Option<Timestamp>) -> Option<i64> {
        self.time?.unix_ns().checked_sub(other?.unix_ns())
    }
}

/// An interface that a file names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// What its frames begin with.
    pub link_type: LinkType,
    /// Name, if given (`if_name`).
    pub name: Option<String>,
    /// Description, if given (`if_description`).
    pub description: Option<String>,
    /// Snap length in bytes, 0 for none.
    pub snap_len: u32,
    /// Bytes of frame check sequence, if given.
    pub fcs_len: Option<u8>,
    /// Packets that the interface or system dropped, if the file says so.
    pub dropped: Option<u64>,
    /// Packets that the interface received, dropped ones included, if the file says so.
    pub received: Option<u64>,
}

/// What a section of a pcapng file says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// Comment (`opt_comment`), the first one.
    pub comment: Option<String>,
    /// Hardware it was captured on (`shb_hardware`).
    pub hardware: Option<String>,
    /// Operating system (`shb_os`).
    pub operating_system: Option<String>,
    /// Application that wrote it (`shb_userappl`).
    pub application: Option<String>,
}

/// Which format a file is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaptureFormat {
    /// libpcap with microseconds.
    PcapMicroseconds,
    /// libpcap with nanoseconds.
    PcapNanoseconds,
    /// pcapng.
    Pcapng,
}

/// What a decoder of one format found in the buffered bytes.
struct Located {
    /// The frame, with `data` given as a range relative to the start of the record.
    start: usize,
    end: usize,
    time: Option<Timestamp>,
    interface: u32,
    original_len: u32,
    position: Option<Position>,
    /// Where the options of the packet start, as `start`; 0 for none. They end with the block.
    options: u32,
}

/// One step of a decoder over the buffered bytes.
enum Step {
    /// So many bytes must be in the buffer to go on.
    Need(usize),
    /// A frame in a record of this total length.
    Frame(Located, usize),
    /// A record without a frame, of this length.
    Skip(usize),
}

enum Decoder {
    Pcap(pcap::Pcap),
    Pcapng(pcapng::Pcapng),
}

/// Reads the frames of a capture, in file order, with bounded memory.
pub struct CaptureReader<R: Read> {
    input: Input<R>,
    decoder: Decoder,
    interfaces: Vec<Interface>,
    packets: u64,
    /// What the packet read last is measured against.
    reference: TimeReference,
    /// When it was captured.
    last: Option<Timestamp>,
    /// Where the bytes of the last frame stand in the (decompressed) file.
    data_offset: u64,
    /// Bytes of the previous record, given up when the next is asked for.
    consumed: usize,
    ended: bool,
    warning: Option<CaptureWarning>,
}

impl<R: Read> CaptureReader<R> {
    /// Tells the format by the first bytes and reads the file header.
    ///
    /// # Errors
    /// The file is empty, no capture, of an unknown version, or cannot be read.
    pub fn open(reader: R) -> Result<Self, CaptureError> {
        let mut input = Input::open(reader)?;
        let mut interfaces = Vec::new();
        input.fill(24)?;
        let first = input.buffered();
        if first.is_empty() {
            return Err(CaptureError::Empty);
        }
        let (decoder, consumed) = if pcapng::is_pcapng(first) {
            (Decoder::Pcapng(pcapng::Pcapng::default()), 0)
        } else if let Some(pcap) = pcap::Pcap::open(first, &mut interfaces)? {
            (Decoder::Pcap(pcap), pcap::FILE_HEADER)
        } else {
            return Err(not_a_capture(first));
        };
        let mut reader = Self {
            input,
            decoder,
            interfaces,
            packets: 0,
            reference: TimeReference::UNKNOWN,
            last: None,
            data_offset: 0,
            consumed,
            ended: false,
            warning: None,
        };
        if matches!(reader.decoder, Decoder::Pcapng(_)) {
            reader.read_first_section()?;
        }
        Ok(reader)
    }

    /// Checks the first section header now, so that a file of the wrong version fails on opening.
    fn read_first_section(&mut self) -> Result<(), CaptureError> {
        loop {
            match self.step()? {
                Step::Need(bytes) => {
                    if self.input.fill(bytes)? < bytes {
                        return Err(CaptureError::Corrupt {
                            offset: 0,
                            packets: 0,
                            reason: "the file ends inside its section header",
                        });
                    }
                }
                Step::Frame(..) => return Ok(()),
                Step::Skip(length) => {
                    self.consumed = length;
                    return Ok(());
                }
            }
        }
    }

    /// The next frame; `None` at the end, also at an end in the middle of a record, which
    /// [`CaptureReader::warning`] then tells.
    ///
    /// # Errors
    /// The file is damaged or cannot be read. Later calls return `None`.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<CapturedFrame<'_>>, CaptureError> {
        if self.ended {
            return Ok(None);
        }
        let located = self.advance();
        if !matches!(located, Ok(Some(_))) {
            self.ended = true;
        }
        let Some(located) = located? else { return Ok(None) };
        self.packets = self.packets.saturating_add(1);
        if self.packets == 1 {
            self.reference.first = located.time;
            self.last = located.time;
        }
        self.reference.previous = std::mem::replace(&mut self.last, located.time);
        let start = u64::try_from(located.start).unwrap_or(u64::MAX);
        self.data_offset = self.input.offset().saturating_add(start);
        let interface =
            usize::try_from(located.interface).ok().and_then(|at| self.interfaces.get(at));
        let options = if located.options == 0 {
            PacketOptions::default()
        } else {
            self.options(located.options)
        };
        Ok(Some(CapturedFrame {
            time: located.time,
            link_type: interface.map_or(LinkType::Other(u16::MAX), |interface| interface.link_type),
            data: self.input.buffered().get(located.start..located.end).unwrap_or(&[]),
            original_len: located.original_len,
            interface: located.interface,
            position: located.position,
            number: self.packets,
            fcs_len: match options.fcs_len() {
                None => interface.and_then(|interface| interface.fcs_len),
                own => own,
            },
            options,
            reference: &self.reference,
        }))
    }

    /// The options of the packet just found, whose block ends with its length.
    #[cold]
    fn options(&self, first: u32) -> PacketOptions<'_> {
        let end = self.consumed.saturating_sub(4);
        let first = usize::try_from(first).unwrap_or(end);
        let bytes = self.input.buffered().get(first..end).unwrap_or(&[]);
        PacketOptions::new(bytes, self.is_big_endian())
    }

    const fn is_big_endian(&self) -> bool {
        match &self.decoder {
            Decoder::Pcap(_) => false,
            Decoder::Pcapng(pcapng) => pcapng.is_big_endian(),
        }
    }

    #[inline]
    fn advance(&mut self) -> Result<Option<Located>, CaptureError> {
        loop {
            let consumed = std::mem::take(&mut self.consumed);
            self.input.consume(consumed);
            match self.step()? {
                Step::Need(bytes) => {
                    let available = self.input.fill(bytes)?;
                    if available < bytes {
                        if available > 0 || self.input.was_cut() {
                            self.warning = Some(CaptureWarning {
                                offset: self.input.offset(),
                                packets: self.packets,
                                available: u64::try_from(available).unwrap_or(u64::MAX),
                                needed: u64::try_from(bytes).unwrap_or(u64::MAX),
                            });
                        }
                        return Ok(None);
                    }
                }
                Step::Frame(located, length) => {
                    self.consumed = length;
                    return Ok(Some(located));
                }
                Step::Skip(length) => self.consumed = length,
            }
        }
    }

    #[inline]
    fn step(&mut self) -> Result<Step, CaptureError> {
        let place = Place { offset: self.input.offset(), packets: self.packets };
        match &mut self.decoder {
            Decoder::Pcap(pcap) => pcap.step(self.input.buffered(), place),
            Decoder::Pcapng(pcapng) => {
                pcapng.step(self.input.buffered(), place, &mut self.interfaces)
            }
        }
    }

    /// Set once the file turned out to end in the middle of a record.
    #[must_use]
    pub const fn warning(&self) -> Option<&CaptureWarning> {
        self.warning.as_ref()
    }

    /// The interfaces seen so far; a frame's `interface` is an index into them.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// What the section read last says of itself; `None` in libpcap files.
    #[must_use]
    pub const fn section(&self) -> Option<&Section> {
        match &self.decoder {
            Decoder::Pcap(_) => None,
            Decoder::Pcapng(pcapng) => Some(pcapng.description()),
        }
    }

    /// Packets read so far.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// Where the bytes of the last frame begin in the (decompressed) file, for whoever wants to come
    /// back to them.
    #[must_use]
    pub const fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// The format of the file, inside its compression.
    #[must_use]
    pub const fn format(&self) -> CaptureFormat {
        match &self.decoder {
            Decoder::Pcap(pcap) if pcap.has_nanoseconds() => CaptureFormat::PcapNanoseconds,
            Decoder::Pcap(_) => CaptureFormat::PcapMicroseconds,
            Decoder::Pcapng(_) => CaptureFormat::Pcapng,
        }
    }
}

/// Where in the file a decoder stands, for its errors.
#[derive(Clone, Copy)]
struct Place {
    offset: u64,
    packets: u64,
}

impl Place {
    const fn corrupt(self, reason: &'static str) -> CaptureError {
        CaptureError::Corrupt { offset: self.offset, packets: self.packets, reason }
    }

    /// The stated length of a record as a `usize`, if it is allowed.
    fn length(self, length: u32) -> Result<usize, CaptureError> {
        if length > MAX_BLOCK {
            let length = u64::from(length);
            return Err(CaptureError::TooLong {
                offset: self.offset,
                packets: self.packets,
                length,
            });
        }
        usize::try_from(length)
            .ok()
            .ok_or_else(|| self.corrupt("a length beyond this machine's memory"))
    }
}

fn not_a_capture(first: &[u8]) -> CaptureError {
    let looks_like = match first {
        [0xff, 0xd8, 0xff, ..] => "a JPEG image",
        [0x89, b'P', b'N', b'G', ..] => "a PNG image",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => "an SQLite database, perhaps a Kismet log",
        [b'B', b'Z', b'h', ..] => "bzip2, which is not read",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz, which is not read",
        [0x1f, 0x8b, ..] => "gzip inside gzip",
        [0xa1, 0xb2, 0xcd, 0x34, ..] | [0x34, 0xcd, 0xb2, 0xa1, ..] => {
            "a patched pcap variant of 1999"
        }
        [b's', b'n', b'o', b'o', b'p', 0, ..] => "a snoop capture",
        _ if first.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            "text"
        }
        _ => "unknown",
    };
    let begins: Vec<String> = first.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    CaptureError::NotACapture { begins: begins.join(" "), looks_like }
}

#[cfg(test)]
mod tests;
