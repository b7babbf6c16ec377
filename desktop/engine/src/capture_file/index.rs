//! Indexing: one pass over the file that notes where each packet is.

use super::chunks::Appender;
use super::packets::{Entry, MAX_PACKETS};
use super::source::{self, EarlyEnd, MAX_UNPACKED, Meter};
use super::{CaptureFileError, Phase, Shared};
use crate::capture_input::CaptureInputError;
use pw_dissect::capture::{CaptureError, CaptureReader};
use pw_model::words;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Packets between two looks at the clock and the wish to stop.
const STEP: u32 = 1024;

/// How often those who look are told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Bytes at the beginning of a file in which that mark is looked for.
const START: u64 = 4096;

/// Indexes the file from its beginning to its end. Runs on a thread of its own.
pub(super) fn run(shared: &Shared) {
    let result = index(shared);
    shared.set_phase(match result {
        Ok(end) => end,
        Err(error) => Phase::Failed(error.to_string()),
    });
}

fn index(shared: &Shared) -> Result<Phase, CaptureFileError> {
    let path = &shared.path;
    let meter = Arc::new(Meter::default());
    let mut opened = source::open(path, &meter)?;
    let failed = |error| failed(path, error);
    let mut start = Vec::new();
    let read = opened.stream.by_ref().take(START).read_to_end(&mut start);
    read.map_err(|source| failed(CaptureError::Read { offset: 0, source }))?;
    if opened.is_unpacked && source::is_packed(&start) {
        let reason = "it is packed twice; unpack it once and open the result".to_owned();
        return Err(CaptureFileError::Packed { path: path.clone(), reason });
    }
    let is_simulated = crate::simulated::is_marked(&start);
    shared.set_facts(opened.size, opened.is_unpacked, is_simulated);
    let mut reader = match CaptureReader::open(std::io::Cursor::new(start).chain(opened.stream)) {
        Ok(reader) => reader,
        Err(error) => {
            return Err(early_end(path, &meter, 0).map_or_else(|| failed(error), |(e, _)| e));
        }
    };
    let packets = &shared.packets;
    packets.set_content(&opened.content);
    packets.set_interfaces(reader.interfaces());
    let mut index = Appender::new(&packets.index);
    let mut positions = Appender::new(&packets.positions);
    let (mut interfaces, mut told) = (reader.interfaces().len(), Instant::now());
    let warning = loop {
        let count = index.len();
        if count.is_multiple_of(STEP) {
            if shared.is_cancelled() {
                publish(&mut positions, &mut index);
                return Ok(Phase::Cancelled);
            }
            if told.elapsed() >= TELL_EVERY {
                publish(&mut positions, &mut index);
                shared.set_done(meter.done.load(Ordering::Relaxed));
                told = Instant::now();
            }
        }
        let (entry, position) = match reader.next_frame() {
            Ok(Some(frame)) => (Entry::new(&frame), frame.position),
            Ok(None) => break reader.warning().map(ToString::to_string),
            Err(error) if count == 0 => return Err(failed(error)),
            Err(error) => break Some(format!("{error}; what comes before it is shown")),
        };
        let entry = entry.and_then(|entry| entry.at(reader.data_offset()));
        let Some(entry) = entry.filter(|_| count < MAX_PACKETS) else {
            break Some(format!(
                "only the first {count} packets are shown, as many as are indexed; \
                 cut the file into parts to see the rest"
            ));
        };
        if reader.interfaces().len() != interfaces {
            interfaces = reader.interfaces().len();
            packets.set_interfaces(reader.interfaces());
        }
        if let Some(position) = position {
            positions.push((count + 1, position));
        }
        index.push(entry);
    };
    publish(&mut positions, &mut index);
    packets.set_interfaces(reader.interfaces());
    shared.set_done(opened.size);
    let (early, count) = (early_end(path, &meter, index.len()), index.len());
    let warning = match early {
        Some((error, _)) if count == 0 => return Err(error),
        Some((_, words)) => Some(words),
        None => warning,
    };
    Ok(Phase::Complete { warning })
}

/// Positions first, so that whoever sees a packet sees its position too.
fn publish(
    positions: &mut Appender<'_, (u32, pw_model::Position)>,
    index: &mut Appender<'_, Entry>,
) {
    positions.publish();
    index.publish();
}

fn failed(path: &Path, source: CaptureError) -> CaptureFileError {
    CaptureInputError::capture(path, source).into()
}

/// Why unpacking ended early, as an error and as a warning.
fn early_end(path: &Path, meter: &Meter, packets: u32) -> Option<(CaptureFileError, String)> {
    let done = meter.done.load(Ordering::Relaxed);
    let counted = words::counted(u64::from(packets), "packet", "packets");
    Some(match meter.early_end()? {
        EarlyEnd::Cut => {
            let words = format!(
                "the packed file is cut at its byte {done}, after {counted}; \
                 what comes before it is shown"
            );
            (CaptureFileError::Packed { path: path.to_owned(), reason: words.clone() }, words)
        }
        EarlyEnd::TooLong => {
            let words = format!(
                "unpacked, it is longer than the {} GiB that are unpacked for display; \
                 {} shown: unpack it yourself and open the result",
                MAX_UNPACKED >> 30,
                words::counted(u64::from(packets), "packet is", "packets are")
            );
            (CaptureFileError::Packed { path: path.to_owned(), reason: words.clone() }, words)
        }
        EarlyEnd::Write(source) => {
            let words = format!(
                "unpacking stopped after {counted}: the folder for temporary files ({}) \
                 cannot be written: {source}",
                std::env::temp_dir().display()
            );
            (CaptureFileError::Unpack { source }, words)
        }
    })
}
