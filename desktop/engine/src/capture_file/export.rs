//! Writing packets that were chosen to a pcapng file.

use super::Shared;
use super::packets::Packets;
use super::selection::{Found, each, each_found};
use super::work::{Progress, WorkError};
use crate::exchange::NewFile;
use pw_dissect::capture::CapturedFrame;
use pw_dissect::write::{InterfaceSettings, PacketNotes, PcapngWriter};
use pw_model::Timestamp;
use std::io;
use std::path::Path;

/// What the file says it was written by.
const APPLICATION: &str = concat!("PiWardrive ", env!("CARGO_PKG_VERSION"));

/// What stands beside a packet whose time is not known, since the format cannot leave it out.
const WITHOUT_TIME: &str = "captured without a time";

/// Writes the packets that were found, or all, to `path`; a file that is there is replaced only when
/// `may_replace`. What is written says for people what was done.
pub(super) fn run(
    shared: &Shared,
    found: Option<&Found>,
    path: &Path,
    may_replace: bool,
    progress: &Progress,
) -> Result<String, WorkError> {
    if same_file(path, &shared.path) {
        return Err(WorkError::Failed(format!(
            "{}: this is the capture that is open; choose another name",
            path.display()
        )));
    }
    if path.exists() && !may_replace {
        return Err(WorkError::Exists);
    }
    let file = NewFile::create(path).map_err(|error| WorkError::Failed(error.to_string()))?;
    let failed = |source: io::Error| {
        WorkError::Failed(format!("{}: cannot be written: {source}", path.display()))
    };
    let note = if shared.state().is_simulated { Some("Simulated by PiWardrive") } else { None };
    let writer = PcapngWriter::new(file, APPLICATION, note).map_err(failed)?;
    let mut out = Output {
        writer,
        packets: &shared.packets,
        interfaces: Vec::new(),
        written: 0,
        timeless: 0,
    };
    let mut trouble = None;
    let mut take = |number: u32, captured: &CapturedFrame<'_>| {
        if let Err(error) = out.write(captured) {
            trouble = Some(error);
            return false;
        }
        progress.step(number)
    };
    let whole = match found {
        Some(found) => each_found(shared, found, &mut take),
        None => each(shared, &mut take),
    };
    if let Some(error) = trouble {
        return Err(failed(error));
    }
    if !whole.map_err(|error| WorkError::Failed(error.to_string()))? {
        return Err(WorkError::Cancelled);
    }
    let (written, timeless) = (out.written, out.timeless);
    let file = out.writer.finish().map_err(failed)?;
    // Somebody else may have put a file there meanwhile.
    if path.exists() && !may_replace {
        return Err(WorkError::Exists);
    }
    file.finish().map_err(|error| WorkError::Failed(error.to_string()))?;
    let mut words = match written {
        1 => "1 packet written".to_owned(),
        count => format!("{count} packets written"),
    };
    if timeless > 0 {
        words.push_str(&format!(
            "; {timeless} of them have no time, which pcapng cannot say: they stand at 1970-01-01 \
             with a comment"
        ));
    }
    Ok(words)
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        // One that is not there yet is no other.
        _ => false,
    }
}

struct Output<'p> {
    writer: PcapngWriter<NewFile>,
    packets: &'p Packets,
    /// For each interface of the capture, the number it has in the new file, once it has one.
    interfaces: Vec<Option<u32>>,
    written: u64,
    timeless: u64,
}

impl Output<'_> {
    fn write(&mut self, captured: &CapturedFrame<'_>) -> io::Result<()> {
        let interface = self.interface(captured)?;
        let time = captured.time.unwrap_or(Timestamp::from_unix_ns(0));
        let comment = captured.time.is_none().then_some(WITHOUT_TIME);
        self.timeless += u64::from(comment.is_some());
        self.written += 1;
        let notes = PacketNotes { comment, position: captured.position, ..PacketNotes::default() };
        self.writer.write_frame(interface, time, captured.data, captured.original_len, notes)
    }

    fn interface(&mut self, captured: &CapturedFrame<'_>) -> io::Result<u32> {
        let at = captured.interface as usize;
        if at >= self.interfaces.len() {
            self.interfaces.resize(at + 1, None);
        }
        if let Some(number) = self.interfaces[at] {
            return Ok(number);
        }
        let interfaces = self.packets.interfaces();
        let said = interfaces.get(at);
        let settings = InterfaceSettings {
            name: said.and_then(|said| said.name.as_deref()),
            description: said.and_then(|said| said.description.as_deref()),
            fcs_len: said.and_then(|said| said.fcs_len),
        };
        let number = self.writer.describe_interface(captured.link_type, &settings)?;
        self.interfaces[at] = Some(number);
        Ok(number)
    }
}
