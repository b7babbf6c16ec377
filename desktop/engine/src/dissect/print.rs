//! Selected packets as JSON, trees and chosen fields, the register of fields, and export as pcapng.

use super::selection::{each_captured, each_packet};
use super::{CaptureEnd, Columns, DissectError, Selection, Watch};
use crate::exchange::{ExchangeError, NewFile};
use pw_dissect::fields::{self, JsonWriter, Node, Packet, Tree};
use pw_dissect::write::{InterfaceSettings, PacketNotes, PcapngWriter};
use pw_model::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// Columns of a tree's line before the place and the name of its field.
const TREE_WIDTH: usize = 56;

/// Writes all fields of every selected packet, an object a line; the form is told in
/// [`pw_dissect::fields::JsonWriter`]. `bytes` adds the bytes of each as hex lines.
///
/// # Errors
/// Those of [`super::summary`], or `out` cannot be written.
pub fn json(
    path: &Path,
    selection: &Selection,
    bytes: bool,
    watch: &mut Watch<'_>,
    out: &mut impl Write,
) -> Result<CaptureEnd, DissectError> {
    let mut json = JsonWriter::default();
    let mut line = Vec::new();
    each_packet(path, selection, watch, |packet| {
        line.clear();
        json.packet(packet, &mut line);
        line.push(b'\n');
        out.write_all(&line)?;
        if bytes { hex(out, packet.captured.data) } else { Ok(()) }
    })
}

/// Writes chosen fields of every selected packet, a line each.
///
/// # Errors
/// Those of [`super::summary`], or `out` cannot be written.
pub fn chosen(
    path: &Path,
    selection: &Selection,
    columns: &mut Columns,
    watch: &mut Watch<'_>,
    out: &mut impl Write,
) -> Result<CaptureEnd, DissectError> {
    let mut line = Vec::new();
    columns.head(&mut line);
    out.write_all(&line)?;
    each_packet(path, selection, watch, |packet| {
        line.clear();
        columns.line(packet, &mut line)?;
        out.write_all(&line)
    })
}

/// Writes the tree of every selected packet: label and value, then place in the bytes, name and
/// clause; what contradicts the standard is marked with `!`.
///
/// # Errors
/// Those of [`super::summary`], or `out` cannot be written.
pub fn trees(
    path: &Path,
    selection: &Selection,
    bytes: bool,
    watch: &mut Watch<'_>,
    out: &mut impl Write,
) -> Result<CaptureEnd, DissectError> {
    each_packet(path, selection, watch, |packet| tree(packet, bytes, out))
}

fn tree(packet: &Packet<'_>, bytes: bool, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "Packet {}, {}", packet.captured.number, packet.frame.kind().name())?;
    for node in &Tree::of(packet).nodes {
        writeln!(out, "{}", node_line(node))?;
    }
    if bytes {
        return hex(out, packet.captured.data);
    }
    writeln!(out)
}

fn node_line(node: &Node) -> String {
    let indent = "  ".repeat(usize::from(node.depth) + 1);
    if let Some(fault) = node.fault {
        let layer = fault.layer.name();
        return format!("{indent}! {layer}, byte {}: {}", fault.offset, fault.reason);
    }
    let text = format!("{indent}{}", node.text);
    let Some(field) = node.field else { return text };
    let place = match node.span.length {
        // Derived: it stands nowhere.
        0 => String::new(),
        1 => format!("byte {}", node.span.start),
        length => format!("bytes {}+{length}", node.span.start),
    };
    let pad = TREE_WIDTH.saturating_sub(text.chars().count());
    let line = format!("{text}{:pad$}  {place:<14} {}  {}", "", field.name, field.clause);
    line.trim_end().to_owned()
}

/// Sixteen bytes a line, with offset and what is printable; an empty line after them.
///
/// # Errors
/// `out` cannot be written.
pub fn hex(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    for (number, chunk) in bytes.chunks(16).enumerate() {
        let digits: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        writeln!(out, "       {:04x}  {:<47}  {text}", 16 * number, digits.join(" "))?;
    }
    writeln!(out)
}

/// Writes the selected packets as a new pcapng file, which appears when it is complete.
///
/// Times, bytes, original lengths, interfaces, comments, positions, flags and drop counts are kept.
///
/// # Errors
/// Those of [`super::summary`], or the file cannot be written.
pub fn export(
    path: &Path,
    selection: &Selection,
    target: &Path,
    watch: &mut Watch<'_>,
) -> Result<CaptureEnd, DissectError> {
    if is_same_file(path, target) {
        return Err(DissectError::OntoItself { path: path.to_owned() });
    }
    let failed = |source| ExchangeError::Write { path: target.to_owned(), source };
    let mut file = NewFile::create(target)?;
    let application = concat!("piwardrive ", env!("CARGO_PKG_VERSION"));
    let mut writer = PcapngWriter::new(&mut file, application, None).map_err(failed)?;
    let mut interfaces = BTreeMap::new();
    let end = each_captured(path, selection, watch, |captured, interface, notes| {
        let number = match interfaces.get(&captured.interface) {
            Some(number) => *number,
            None => {
                let settings = InterfaceSettings {
                    name: interface.and_then(|interface| interface.name.as_deref()),
                    description: interface.and_then(|interface| interface.description.as_deref()),
                    fcs_len: interface.and_then(|interface| interface.fcs_len),
                };
                let number = writer.describe_interface(captured.link_type, &settings)?;
                interfaces.insert(captured.interface, number);
                number
            }
        };
        let comment = captured.time.is_none().then_some("the source states no time");
        writer.write_frame(
            number,
            captured.time.unwrap_or(Timestamp::from_unix_ns(0)),
            captured.data,
            captured.original_len,
            PacketNotes { comment: notes.comment.or(comment), ..notes },
        )
    });
    let end = match end {
        Err(DissectError::Output(source)) => return Err(failed(source).into()),
        end => end?,
    };
    writer.finish().map_err(failed)?;
    file.finish()?;
    Ok(end)
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        // A target that is not there yet is no other file.
        _ => false,
    }
}

/// A field as `--list-fields` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RegisterRow {
    /// Name in filters and exports.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Unit, empty for none.
    pub unit: &'static str,
    /// Where it is defined, empty where nowhere but in use.
    pub clause: &'static str,
}

/// Every field that filters and `--fields` know, in the order of the packet.
pub fn register() -> impl Iterator<Item = RegisterRow> {
    fields::all().map(|field| RegisterRow {
        name: field.name,
        label: field.label,
        unit: field.unit,
        clause: field.clause,
    })
}
