//! The packets of an open capture: where each stands in the file, and its bytes on demand.

use super::chunks::Chunks;
use super::source::Content;
use pw_dissect::LinkType;
use pw_dissect::capture::{CapturedFrame, Interface, TimeReference};
use pw_model::{Position, Timestamp};
use std::io;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Most packets of one file that are shown: 24 bytes of memory each, 960 MB in all.
pub(super) const MAX_PACKETS: u32 = 40_000_000;

/// What stands for "no time" in an [`Entry`]; no capture can say this moment.
const NO_TIME: i64 = i64::MIN;

/// Bits of an [`Entry`]'s first word that hold the offset; above them 12 bits of the interface, of
/// which a file has 4096 at most, and 4 bits of the length of the frame check sequence.
const OFFSET_BITS: u32 = 48;
const FCS_BIT: u32 = 60;

/// Where a packet stands, and what the file says of it. 24 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Offset in the (unpacked) file, and above it the interface and one more than the stated length
    /// of the frame check sequence, 0 for none stated.
    place: u64,
    unix_ns: i64,
    kept: u32,
    original: u32,
}

impl Entry {
    /// At the beginning of the file. `None` for an interface beyond the 4096th.
    pub(super) fn new(frame: &CapturedFrame<'_>) -> Option<Self> {
        let interface = u64::from(frame.interface);
        if interface >> (FCS_BIT - OFFSET_BITS) != 0 {
            return None;
        }
        // A length that no frame check sequence has is not kept.
        let fcs = frame.fcs_len.filter(|length| *length < 15).map_or(0, |length| length + 1);
        Some(Self {
            place: u64::from(fcs) << FCS_BIT | interface << OFFSET_BITS,
            unix_ns: frame.time.map_or(NO_TIME, Timestamp::unix_ns),
            kept: u32::try_from(frame.data.len()).ok()?,
            original: frame.original_len,
        })
    }

    /// The same at `offset`, which is known once the frame's bytes are given back. `None` beyond
    /// 256 TiB.
    pub(super) const fn at(self, offset: u64) -> Option<Self> {
        if offset >> OFFSET_BITS != 0 {
            return None;
        }
        let above = self.place >> OFFSET_BITS << OFFSET_BITS;
        Some(Self { place: above | offset, ..self })
    }

    const fn offset(self) -> u64 {
        self.place & ((1 << OFFSET_BITS) - 1)
    }

    const fn interface(self) -> u32 {
        (self.place >> OFFSET_BITS) as u32 & 0xfff
    }

    const fn fcs_len(self) -> Option<u8> {
        ((self.place >> FCS_BIT) as u8).checked_sub(1)
    }

    pub(super) fn time(self) -> Option<Timestamp> {
        (self.unix_ns != NO_TIME).then(|| Timestamp::from_unix_ns(self.unix_ns))
    }
}

/// Why a packet cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// There is none of this number.
    #[error("there is no packet {number}")]
    Unknown {
        /// The number.
        number: u32,
    },
    /// Its bytes are not there any more.
    #[error(
        "packet {number}: its {length} bytes at byte {offset} cannot be read ({source}); \
         the file has changed since it was opened: open it again"
    )]
    Read {
        /// The number.
        number: u32,
        /// Where its bytes begin in the (unpacked) file.
        offset: u64,
        /// How many they are.
        length: u32,
        /// What the system said.
        source: io::Error,
    },
}

/// The packets of a file. Grows while the file is indexed.
#[derive(Debug, Default)]
pub(super) struct Packets {
    content: OnceLock<Arc<Content>>,
    pub(super) index: Chunks<Entry>,
    /// Positions of the receiver, of the packets that have one, by number.
    pub(super) positions: Chunks<(u32, Position)>,
    interfaces: RwLock<Arc<[Interface]>>,
}

impl Packets {
    /// Packets that are indexed.
    pub(super) fn count(&self) -> u32 {
        self.index.len()
    }

    /// When the packet of this number, from 1, was captured.
    pub(super) fn time(&self, number: u32) -> Option<Timestamp> {
        self.index.get(number.checked_sub(1)?)?.time()
    }

    pub(super) fn interfaces(&self) -> Arc<[Interface]> {
        Arc::clone(&self.interfaces.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set_interfaces(&self, interfaces: &[Interface]) {
        *self.interfaces.write().unwrap_or_else(PoisonError::into_inner) = interfaces.into();
    }

    /// Without effect when there is content already.
    pub(super) fn set_content(&self, content: &Arc<Content>) {
        self.content.get_or_init(|| Arc::clone(content));
    }

    fn position(&self, number: u32) -> Option<Position> {
        let at = self.positions.partition_point(|(other, _)| other < number);
        self.positions.get(at).filter(|(found, _)| *found == number).map(|(_, position)| position)
    }
}

/// Reads packets, keeping the stretch of the file around the last one.
#[derive(Debug)]
pub(super) struct Scanner<'p> {
    packets: &'p Packets,
    interfaces: Arc<[Interface]>,
    /// Bytes that are read at once.
    window: usize,
    buffer: Vec<u8>,
    /// Offset in the file of the buffer.
    start: u64,
    /// What the time of the packet given last is measured against.
    reference: TimeReference,
    /// Number and time of the packet given last: mostly the one before the next.
    last: (u32, Option<Timestamp>),
}

impl<'p> Scanner<'p> {
    /// For packets one after the other.
    pub(super) fn in_order(packets: &'p Packets) -> Self {
        Self::new(packets, 1 << 20)
    }

    /// For a screenful here and there.
    pub(super) fn here_and_there(packets: &'p Packets) -> Self {
        Self::new(packets, 64 << 10)
    }

    fn new(packets: &'p Packets, window: usize) -> Self {
        let interfaces = packets.interfaces();
        Self {
            packets,
            interfaces,
            window,
            buffer: Vec::new(),
            start: 0,
            reference: TimeReference::UNKNOWN,
            last: (0, None),
        }
    }

    /// The packet of this number, from 1.
    pub(super) fn packet(&mut self, number: u32) -> Result<CapturedFrame<'_>, PacketError> {
        let entry = number.checked_sub(1).and_then(|at| self.packets.index.get(at));
        let entry = entry.ok_or(PacketError::Unknown { number })?;
        self.packet_at(number, entry)
    }

    /// The packet of this number, whose entry is known.
    pub(super) fn packet_at(
        &mut self,
        number: u32,
        entry: Entry,
    ) -> Result<CapturedFrame<'_>, PacketError> {
        let at_interface = entry.interface() as usize;
        if at_interface >= self.interfaces.len() {
            self.interfaces = self.packets.interfaces();
        }
        self.measure(number, entry);
        let range = self.load(number, entry)?;
        let interface = self.interfaces.get(at_interface);
        let link_type = interface.map_or(LinkType::Other(u16::MAX), |i| i.link_type);
        let data = self.buffer.get(range).unwrap_or(&[]);
        // Comments, hash and drop count of the packet's block are not kept by the index.
        Ok(CapturedFrame {
            time: entry.time(),
            original_len: entry.original,
            interface: entry.interface(),
            position: self.packets.position(number),
            number: u64::from(number),
            fcs_len: entry.fcs_len(),
            reference: &self.reference,
            ..CapturedFrame::new(link_type, data)
        })
    }

    /// Looks up what the time of a packet is measured against.
    fn measure(&mut self, number: u32, entry: Entry) {
        let before = number.saturating_sub(1).max(1);
        let previous = if self.last.0 == before { self.last.1 } else { self.packets.time(before) };
        self.reference.first = self.reference.first.or_else(|| self.packets.time(1));
        self.reference.previous = previous;
        self.last = (number, entry.time());
    }

    /// Makes sure that the packet's bytes are in the buffer, and tells where.
    fn load(&mut self, number: u32, entry: Entry) -> Result<std::ops::Range<usize>, PacketError> {
        let (offset, length) = (entry.offset(), entry.kept as usize);
        let inside = |start: u64, have: usize| {
            let from = usize::try_from(offset.checked_sub(start)?).ok()?;
            let to = from.checked_add(length)?;
            (to <= have).then_some(from..to)
        };
        if let Some(range) = inside(self.start, self.buffer.len()) {
            return Ok(range);
        }
        let failed = |source| PacketError::Read { number, offset, length: entry.kept, source };
        let content = self.packets.content.get().ok_or(PacketError::Unknown { number })?;
        self.buffer.resize(self.window.max(length), 0);
        let read = content.read_at(&mut self.buffer, offset);
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        self.start = offset;
        read.map_err(failed)?;
        let range = inside(self.start, self.buffer.len());
        range.ok_or_else(|| failed(io::ErrorKind::UnexpectedEof.into()))
    }
}
