//! All fields of a packet as one JSON object.
//!
//! Keys are the names of fields. A field with others below it is an object; its own value, where it
//! has one, is its key `_value`. A field that occurs several times below the same field is an array,
//! in the order of the packet. Numbers and flags are numbers, `true` and `false`; times (RFC 3339),
//! addresses, text and bytes (hex digits) are strings. What contradicts the format is below
//! `_ws.malformed`, always an array of objects with `offset` (byte of the captured bytes), `layer`
//! and `reason`.
//!
//! ```json
//! {"frame":{"frame.number":1,"frame.len":60},"wlan":{"wlan.fc":{"_value":128,"wlan.fc.retry":false}},
//!  "wlan.tag":[{"_value":"SSID","wlan.tag.number":0,"wlan.tag.length":4,"wlan.ssid":"town"}]}
//! ```

use super::text::{Times, push_json, push_json_text, push_unsigned};
use super::{Field, MALFORMED, Packet, Sink, Span, Value};
use crate::describe::describe;
use crate::fault::Fault;
use std::ops::Range;

/// Where a list of nodes ends.
const END: u32 = u32::MAX;

/// Writes packets as JSON. Its memory is used again for each; after the first packets nothing is
/// allocated but what `out` needs.
#[derive(Debug, Default)]
pub struct JsonWriter {
    nodes: Vec<Node>,
    /// Values as JSON, one after the other.
    values: Vec<u8>,
    open: Vec<u32>,
    times: Times,
}

/// One field. The fields below one are kept by their names: a list of the first of each name, and
/// from each of those a list of the others of its name.
#[derive(Debug)]
struct Node {
    /// A bit for each name below, by its hash.
    names: [u64; 4],
    field: &'static Field,
    value: Range<u32>,
    is_object: bool,
    /// The first field below.
    first: u32,
    /// The first field below of the name that came last.
    last: u32,
    /// The first field of the next name beside this one.
    next_name: u32,
    /// The next field of this name beside this one.
    next_same: u32,
    /// Of the first of its name: the last of that name.
    last_same: u32,
}

static ROOT: Field = Field::branch("packet", "Packet");

impl JsonWriter {
    /// Appends one packet as an object, without a line feed.
    pub fn packet(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) {
        self.nodes.clear();
        self.values.clear();
        self.open.clear();
        self.nodes.push(Node::new(&ROOT, 0..0, true));
        self.open.push(0);
        describe(packet, self);
        self.write(0, out);
    }

    /// Takes a field whose value is what `values` holds from `start` on.
    fn push(&mut self, field: &'static Field, start: usize, is_object: bool) {
        let number = self.nodes.len();
        let Some(parent) = self.open.last().copied() else { return };
        // A packet of at most 16 MiB has less than 4 GiB of values.
        let place = |at: usize| u32::try_from(at).unwrap_or(END);
        let value = place(start)..place(self.values.len());
        let number = place(number);
        self.nodes.push(Node::new(field, value, is_object));
        let (first, last) = self.node(parent).map_or((END, END), |node| (node.first, node.last));
        let may_be_known = self.note_name(parent, field);
        // Mostly it is of the name that came last.
        let same = if self.node(last).is_some_and(|node| node.field.is(field)) {
            Some(last)
        } else if may_be_known {
            self.find(first, field)
        } else {
            None
        };
        match same {
            Some(same) => {
                let before = self.node(same).map_or(END, |node| node.last_same);
                self.change(before, |node| node.next_same = number);
                self.change(same, |node| node.last_same = number);
            }
            None => {
                self.change(number, |node| node.last_same = number);
                self.change(last, |node| node.next_name = number);
                self.change(parent, |node| {
                    node.last = number;
                    if node.first == END {
                        node.first = number;
                    }
                });
            }
        }
        if is_object {
            self.open.push(number);
        }
    }

    /// Notes a name below an object; false when it is certainly the first of its name there. Elements
    /// with a hundred bits would else be searched a hundred times.
    fn note_name(&mut self, parent: u32, field: &'static Field) -> bool {
        let node = usize::try_from(parent).ok().and_then(|parent| self.nodes.get_mut(parent));
        let word = usize::try_from(field.id >> 6 & 3).unwrap_or(0);
        let Some(word) = node.and_then(|node| node.names.get_mut(word)) else { return true };
        let bit = 1 << (field.id & 63);
        let was_there = *word & bit != 0;
        *word |= bit;
        was_there
    }

    fn node(&self, number: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(number).ok()?)
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Node)) {
        let node = usize::try_from(number).ok().and_then(|number| self.nodes.get_mut(number));
        if let Some(node) = node {
            change(node);
        }
    }

    fn find(&self, mut number: u32, field: &'static Field) -> Option<u32> {
        while let Some(node) = self.node(number) {
            if node.field.is(field) {
                return Some(number);
            }
            number = node.next_name;
        }
        None
    }

    fn write(&self, number: u32, out: &mut Vec<u8>) {
        let Some(node) = self.node(number) else { return };
        let range = usize::try_from(node.value.start).unwrap_or(0)
            ..usize::try_from(node.value.end).unwrap_or(0);
        let value = self.values.get(range).unwrap_or(&[]);
        if !node.is_object {
            out.extend_from_slice(if value.is_empty() { b"null" } else { value });
            return;
        }
        out.push(b'{');
        let mut separator: &[u8] = b"";
        if !value.is_empty() {
            out.extend_from_slice(b"\"_value\":");
            out.extend_from_slice(value);
            separator = b",";
        }
        let mut below = node.first;
        while let Some(child) = self.node(below) {
            out.extend_from_slice(separator);
            separator = b",";
            out.push(b'"');
            out.extend_from_slice(child.field.name.as_bytes());
            out.extend_from_slice(b"\":");
            if child.next_same == END && !child.field.is(&MALFORMED) {
                self.write(below, out);
            } else {
                self.write_array(below, out);
            }
            below = child.next_name;
        }
        out.push(b'}');
    }

    fn write_array(&self, first: u32, out: &mut Vec<u8>) {
        out.push(b'[');
        let mut number = first;
        while let Some(node) = self.node(number) {
            if number != first {
                out.push(b',');
            }
            self.write(number, out);
            number = node.next_same;
        }
        out.push(b']');
    }
}

impl Node {
    const fn new(field: &'static Field, value: Range<u32>, is_object: bool) -> Self {
        Self {
            names: [0; 4],
            field,
            value,
            is_object,
            first: END,
            last: END,
            next_name: END,
            next_same: END,
            last_same: END,
        }
    }
}

impl Sink for JsonWriter {
    fn field(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        let start = self.values.len();
        push_json(field, &value, &mut self.times, &mut self.values);
        self.push(field, start, false);
    }

    fn open(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        let start = self.values.len();
        push_json(field, &value, &mut self.times, &mut self.values);
        self.push(field, start, true);
    }

    fn close(&mut self) {
        // The packet itself stays open.
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    fn fault(&mut self, fault: Fault) {
        let start = self.values.len();
        self.values.extend_from_slice(b"{\"offset\":");
        push_unsigned(u64::from(fault.offset), &mut self.values);
        self.values.extend_from_slice(b",\"layer\":");
        push_json_text(fault.layer.name().as_bytes(), &mut self.values);
        self.values.extend_from_slice(b",\"reason\":");
        push_json_text(fault.reason.as_bytes(), &mut self.values);
        self.values.push(b'}');
        self.push(&MALFORMED, start, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::capture::CapturedFrame;
    use serde_json::{Value as Json, json};

    fn of(writer: &mut JsonWriter, data: &[u8]) -> Json {
        let packet = Packet::new(CapturedFrame {
            number: 3,
            ..CapturedFrame::new(LinkType::Ieee80211, data)
        });
        let mut out = Vec::new();
        writer.packet(&packet, &mut out);
        let text = String::from_utf8(out).expect("escaped");
        let parsed = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        // A key that is there twice would be lost in reading.
        let again = serde_json::to_string(&parsed).expect("JSON");
        assert_eq!(again.len(), text.len(), "{text}");
        parsed
    }

    fn beacon(elements: &[u8]) -> Vec<u8> {
        let mut mac =
            b"\x80\x08\0\0\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x02\0\0\0\0\x01\x10\0".to_vec();
        mac.extend(b"\x01\0\0\0\0\0\0\0d\0\x11\0");
        mac.extend(elements);
        mac
    }

    #[test]
    fn names_values_and_repeats() {
        let mut writer = JsonWriter::default();
        let data = beacon(b"\x00\x04to\"n\x0b\x05\x07\0\x3c\0\0\x00\x01\xff\xfe\x01\xab");
        let json = of(&mut writer, &data);
        assert_eq!(json["frame"]["frame.number"], 3);
        assert_eq!(json["frame"].get("frame.time_epoch"), None, "unknown is left out");
        assert_eq!(json["wlan"]["wlan.ta"], "02:00:00:00:00:01");
        assert_eq!(json["wlan"]["wlan.fc"]["_value"], 0x0880);
        assert_eq!(json["wlan"]["wlan.fc"]["wlan.fc.retry"], true);
        assert_eq!(json["wlan.fixed.all"]["wlan.fixed.beacon"], 100);
        let elements = json["wlan.tag"].as_array().expect("four elements");
        assert_eq!(elements.len(), 4);
        assert_eq!(
            elements[0],
            json!({"_value": "SSID", "wlan.tag.number": 0, "wlan.tag.length": 4, "wlan.ssid": "to\"n"})
        );
        assert_eq!(elements[1]["wlan.qbss.cu"], 60);
        assert_eq!(elements[2]["wlan.ssid"], "\\xff");
        assert_eq!(elements[3]["wlan.tag.data"], "ab");
        // One element is no array; the writer is used again.
        let json = of(&mut writer, &beacon(b"\x00\x00"));
        assert_eq!(json["wlan.tag"]["wlan.ssid"], "");
    }

    #[test]
    fn faults_stand_where_they_belong() {
        let json = of(&mut JsonWriter::default(), &beacon(b"\x0b\x02\x07\0"));
        let faults = json["wlan.tag"]["_ws.malformed"].as_array().expect("always an array");
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0]["layer"], "element");
        assert_eq!(faults[0]["offset"], 40);
    }

    #[test]
    fn every_truncation_is_valid_json() {
        let mut writer = JsonWriter::default();
        let whole = beacon(b"\x00\x04town\x0b\x05\x07\0\x3c\0\0");
        for end in 0..=whole.len() {
            assert!(of(&mut writer, &whole[..end]).is_object());
        }
    }
}
