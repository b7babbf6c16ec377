//! Which packets of a capture, and the way through the file.

use super::{CaptureEnd, DissectError};
use crate::capture_input::{CaptureInput, CaptureInputError, Counted};
use pw_dissect::capture::{CaptureReader, CapturedFrame, Interface, PacketOptions};
use pw_dissect::fields::Packet;
use pw_dissect::filter::{Filter, FilterError};
use pw_dissect::write::PacketNotes;
use pw_model::MacAddr;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many packets pass between two looks at the clock of the person: progress and cancelling.
const LOOK_EVERY: u64 = 1024;

/// Why something is no selection.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SelectionError {
    /// The filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The address to follow.
    #[error(transparent)]
    Address(#[from] pw_model::AddressError),
}

/// Which packets of a capture.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    filter: Filter,
    follow: Option<MacAddr>,
    limit: Option<u64>,
}

impl Selection {
    /// Packets that pass a filter, name an address in their header, and of those the first so many;
    /// what is `None` chooses nothing away.
    ///
    /// # Errors
    /// The filter or the address cannot be read.
    pub fn new(
        filter: Option<&str>,
        follow: Option<&str>,
        limit: Option<u64>,
    ) -> Result<Self, SelectionError> {
        Ok(Self {
            filter: Filter::compile(filter.unwrap_or(""))?,
            follow: follow.map(str::parse).transpose()?,
            limit,
        })
    }

    fn parsed<'a>(&self, captured: CapturedFrame<'a>) -> Option<Packet<'a>> {
        let packet = self.filter.select(captured)?;
        self.follow.is_none_or(|address| names(&packet, address)).then_some(packet)
    }

    fn accepts(&self, captured: &CapturedFrame<'_>) -> bool {
        match self.follow {
            None => self.filter.accepts(captured),
            Some(_) => self.parsed(*captured).is_some(),
        }
    }
}

/// True when an address stands in the header of a packet.
fn names(packet: &Packet<'_>, address: MacAddr) -> bool {
    packet.frame.header.is_some_and(|header| {
        let addresses = [
            header.address1,
            header.address2,
            header.address3,
            header.address4,
            // Without the bit that signals a bandwidth.
            header.transmitter(),
        ];
        addresses.contains(&Some(address))
    })
}

/// Shows how far the reading is, and ends it on demand.
pub struct Watch<'w> {
    /// Told now and then which share of the file is read, 0 to 1.
    pub progress: &'w mut dyn FnMut(f32),
    /// Set from outside to stop.
    pub cancel: &'w AtomicBool,
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Watch").field("cancel", &self.cancel).finish_non_exhaustive()
    }
}

/// Calls `each` with every packet of a selection, parsed.
pub(super) fn each_packet(
    path: &Path,
    selection: &Selection,
    watch: &mut Watch<'_>,
    mut each: impl FnMut(&Packet<'_>) -> io::Result<()>,
) -> Result<CaptureEnd, DissectError> {
    walk(path, selection.limit, watch, |reader| {
        let Some(captured) = reader.next_frame()? else { return Ok(Seen::End) };
        match selection.parsed(captured) {
            None => Ok(Seen::Other),
            Some(packet) => Ok(Seen::Selected(each(&packet))),
        }
    })
}

/// Calls `each` with every packet of a selection, the interface it came from, and what else the file
/// says of it.
pub(super) fn each_captured(
    path: &Path,
    selection: &Selection,
    watch: &mut Watch<'_>,
    mut each: impl FnMut(&CapturedFrame<'_>, Option<&Interface>, PacketNotes<'_>) -> io::Result<()>,
) -> Result<CaptureEnd, DissectError> {
    let mut bytes = Vec::new();
    walk(path, selection.limit, watch, |reader| {
        let Some(captured) = reader.next_frame()? else { return Ok(Seen::End) };
        if !selection.accepts(&captured) {
            return Ok(Seen::Other);
        }
        // The reader tells its interfaces only when its frame is not held any more.
        bytes.clear();
        bytes.extend_from_slice(captured.data);
        let comment = captured.options.comments().next();
        let comment = comment.map(|text| String::from_utf8_lossy(text).into_owned());
        let notes = PacketNotes {
            comment: comment.as_deref(),
            position: captured.position,
            flags: captured.options.flags(),
            dropped: captured.options.dropped(),
        };
        let reference = *captured.reference;
        let captured = CapturedFrame {
            data: &bytes,
            options: PacketOptions::default(),
            time: captured.time,
            link_type: captured.link_type,
            original_len: captured.original_len,
            interface: captured.interface,
            position: captured.position,
            number: captured.number,
            fcs_len: captured.fcs_len,
            reference: &reference,
        };
        let interface = reader.interfaces().get(captured.interface as usize);
        Ok(Seen::Selected(each(&captured, interface, notes)))
    })
}

/// What became of one packet.
enum Seen {
    End,
    Other,
    Selected(io::Result<()>),
}

type Reader = CaptureReader<Counted>;

fn walk(
    path: &Path,
    limit: Option<u64>,
    watch: &mut Watch<'_>,
    mut step: impl FnMut(&mut Reader) -> Result<Seen, pw_dissect::capture::CaptureError>,
) -> Result<CaptureEnd, DissectError> {
    let mut input = CaptureInput::open(path)?;
    let (mut selected, mut seen) = (0u64, 0u64);
    let warning = loop {
        if limit.is_some_and(|limit| selected >= limit) {
            break None;
        }
        if seen.is_multiple_of(LOOK_EVERY) {
            (watch.progress)(input.share().unwrap_or(0.0));
            if watch.cancel.load(Ordering::Acquire) {
                return Err(DissectError::Cancelled { packets: seen });
            }
        }
        match step(&mut input.reader) {
            Ok(Seen::End) => break input.reader.warning().map(ToString::to_string),
            Ok(Seen::Other) => {}
            Ok(Seen::Selected(result)) => {
                result?;
                selected += 1;
            }
            Err(error) if input.reader.packets() == 0 => {
                return Err(CaptureInputError::capture(path, error).into());
            }
            Err(error) => break Some(error.to_string()),
        }
        seen += 1;
    };
    Ok(CaptureEnd { packets: input.reader.packets(), selected, warning })
}
