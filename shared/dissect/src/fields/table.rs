//! Chosen fields of packets as a table, a row each, comma- or tab-separated.

use super::text::{Times, push_plain};
use super::{Field, Form, MALFORMED, Packet, Part, Parts, Sink, Span, Value, parts_for};
use crate::describe::describe;
use crate::fault::Fault;

/// What stands between the cells of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Separator {
    /// A comma; cells with a comma or quote stand in quotes (RFC 4180).
    Comma,
    /// A tab; text cannot hold one, it is written as `\x09`.
    Tab,
}

impl Separator {
    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
        }
    }
}

/// Writes rows. A cell is the value without unit or name, empty where the packet has none; of a field
/// that occurs several times all values, with `;` between them.
///
/// Fields with a short way are read by it; a packet is walked over only for others. After the first
/// packets nothing is allocated but what `out` needs.
#[derive(Clone, Debug)]
pub struct TableWriter {
    columns: Vec<Column>,
    separator: Separator,
    parts: Parts,
    times: Times,
    /// A cell on its way into quotes.
    quoted: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Column {
    field: &'static Field,
    /// Its values may hold what has to stand in quotes: text, and several values of it.
    may_need_quotes: bool,
    /// What the walk over this packet found.
    cell: Vec<u8>,
    values: u32,
}

impl TableWriter {
    /// A table with these columns.
    #[must_use]
    pub fn new(fields: &[&'static Field], separator: Separator) -> Self {
        let walked = fields.iter().filter(|field| field.read.is_none() || field.repeats.is_some());
        Self {
            parts: walked.fold(Parts::NONE, |parts, field| parts.and(parts_for(field))),
            columns: fields
                .iter()
                .map(|field| Column {
                    field,
                    may_need_quotes: separator == Separator::Comma
                        && matches!(field.form, Form::Text | Form::Branch),
                    cell: Vec::new(),
                    values: 0,
                })
                .collect(),
            separator,
            times: Times::default(),
            quoted: Vec::new(),
        }
    }

    /// Appends the names of the fields, and a line feed.
    pub fn header(&self, out: &mut Vec<u8>) {
        for (number, column) in self.columns.iter().enumerate() {
            if number > 0 {
                out.push(self.separator.byte());
            }
            out.extend_from_slice(column.field.name.as_bytes());
        }
        out.push(b'\n');
    }

    /// Appends one packet's row, and a line feed.
    pub fn row(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) {
        let mut walked = false;
        for number in 0..self.columns.len() {
            if number > 0 {
                out.push(self.separator.byte());
            }
            self.cell(number, packet, &mut walked, out);
        }
        out.push(b'\n');
    }

    /// Appends the cell of column `number`. `walked` is false for the first cell of a packet that is
    /// asked for, and what this made of it for further ones.
    pub fn cell(
        &mut self,
        number: usize,
        packet: &Packet<'_>,
        walked: &mut bool,
        out: &mut Vec<u8>,
    ) {
        let Some(column) = self.columns.get(number) else { return };
        let (start, may_need_quotes) = (out.len(), column.may_need_quotes);
        match column.field.only(packet) {
            Ok(Some(value)) => push_plain(column.field, &value, &mut self.times, out),
            Ok(None) => {}
            Err(_needs_walk) => {
                if !std::mem::replace(walked, true) {
                    self.walk(packet);
                }
                if let Some(column) = self.columns.get(number) {
                    out.extend_from_slice(&column.cell);
                }
            }
        }
        if may_need_quotes {
            quote(out, start, &mut self.quoted);
        }
    }

    fn walk(&mut self, packet: &Packet<'_>) {
        for column in &mut self.columns {
            column.cell.clear();
            column.values = 0;
        }
        describe(packet, self);
    }
}

/// Puts what stands from `start` on into quotes, if it needs them.
fn quote(out: &mut Vec<u8>, start: usize, quoted: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    let Some(cell) = out.get(start..).filter(|cell| cell.iter().any(special)) else { return };
    quoted.clear();
    for byte in cell {
        if *byte == b'"' {
            quoted.push(b'"');
        }
        quoted.push(*byte);
    }
    out.truncate(start);
    out.push(b'"');
    out.extend_from_slice(quoted);
    out.push(b'"');
}

impl Sink for TableWriter {
    fn wants(&self, part: Part) -> bool {
        self.parts.contains(part)
    }

    fn field(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        for column in &mut self.columns {
            if !column.field.is(field) {
                continue;
            }
            if column.values > 0 {
                column.cell.push(b';');
            }
            column.values = column.values.saturating_add(1);
            push_plain(field, &value, &mut self.times, &mut column.cell);
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.field(&MALFORMED, Value::Word(fault.reason), Span::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::capture::CapturedFrame;
    use crate::fields::by_name;

    const BEACON: &[u8] =
        b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x02\0\0\0\0\x01\x10\0\
        \x01\0\0\0\0\0\0\0d\0\x01\0\x00\x06a,\"b\t;\x0b\x05\x07\0\x3c\0\0\x00\x03two";

    fn packet(data: &[u8]) -> Packet<'_> {
        Packet::new(CapturedFrame { number: 3, ..CapturedFrame::new(LinkType::Ieee80211, data) })
    }

    fn table(names: &[&str], separator: Separator, data: &[&[u8]]) -> String {
        let fields: Vec<_> = names.iter().map(|name| by_name(name).expect(name)).collect();
        let mut writer = TableWriter::new(&fields, separator);
        let mut out = Vec::new();
        writer.header(&mut out);
        for data in data {
            writer.row(&packet(data), &mut out);
        }
        String::from_utf8(out).expect("escaped")
    }

    #[test]
    fn cells() {
        let names =
            ["frame.number", "wlan.fc.type_subtype", "wlan.ta", "wlan.ssid", "wlan.qbss.cu"];
        assert_eq!(
            table(&names, Separator::Comma, &[BEACON, b"\xd4\0\0\0\x02\0\0\0\0\x09"]),
            "frame.number,wlan.fc.type_subtype,wlan.ta,wlan.ssid,wlan.qbss.cu\n\
             3,0x0008,02:00:00:00:00:01,\"a,\"\"b\\x09;;two\",60\n\
             3,0x001d,,,\n"
        );
        assert_eq!(
            table(&["wlan.ssid", "wlan.fc.retry"], Separator::Tab, &[BEACON]),
            "wlan.ssid\twlan.fc.retry\na,\"b\\x09;;two\tno\n"
        );
        let faults = table(&["_ws.malformed"], Separator::Tab, &[&BEACON[..30]]);
        assert_eq!(faults, "_ws.malformed\nthe fixed fields are cut\n");
    }

    #[test]
    fn csv_readers_read_the_cells_back() {
        // Cells of any text, read as RFC 4180 says.
        for text in ["", "a", "a,b", "\"", "a\"\"b", ",,", "x\"y,z"] {
            let mut out = text.as_bytes().to_vec();
            quote(&mut out, 0, &mut Vec::new());
            let out = String::from_utf8(out).expect("text");
            let read = match out.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) => inner.replace("\"\"", "\""),
                None => out.clone(),
            };
            assert_eq!(read, text);
        }
    }
}
