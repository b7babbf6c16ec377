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

use super::text::{Times, push_json, push_json_text, push_key, push_unsigned};
use super::{Field, MALFORMED, Packet, Row, Sink, Span, Value};
use crate::describe::describe;
use crate::fault::Fault;
use crate::hash::SeededHash;
use std::collections::HashMap;
use std::ops::Range;

/// Writes packets as JSON, while they are walked over. Its memory is used again for each; after the
/// first packets nothing is allocated but what `out` needs.
///
/// Each value is written with a comma behind it, which becomes the bracket that ends the array or
/// object if it was the last. A second field of the name written last makes an array of the first one.
/// Fields of one name with others between them are brought together when their object ends.
#[derive(Debug, Default)]
pub struct JsonWriter {
    /// What the caller gave, while a packet is written.
    out: Vec<u8>,
    /// The objects that have not ended, the packet first.
    open: Vec<Object>,
    /// The names in those objects, those of the last object last.
    names: Vec<Name>,
    /// Where fields of one name are brought together, and which of each name is the first.
    spare: Vec<u8>,
    firsts: Vec<First>,
    rows: Rows,
    times: Times,
}

/// An object that has not ended.
#[derive(Debug)]
struct Object {
    /// A bit for each name that was written, by its hash. Elements with a hundred bits would else be
    /// searched a hundred times.
    written: [u64; WORDS],
    /// How many names there were before those in it.
    names_before: usize,
    /// The hash of the name written last; no name has 0.
    last: u64,
    /// Where its values start.
    last_values: usize,
    /// They are in an array.
    is_array: bool,
    /// A name was written, then others, then that name again.
    is_scattered: bool,
}

/// Words of the bits for names.
const WORDS: usize = 8;

/// A name and the values written behind it, up to the next name of the object.
#[derive(Clone, Copy, Debug)]
struct Name {
    field: &'static Field,
    /// Where the name starts.
    start: usize,
    /// Its values are in an array.
    is_array: bool,
    /// The next of the same field in the object.
    next_same: usize,
}

/// Where a list of names ends.
const END: usize = usize::MAX;

/// The first and the last of the names of one field in an object.
#[derive(Debug)]
struct First {
    first: usize,
    last: usize,
}

/// Objects that were written before, by what tells all that is in them.
#[derive(Debug, Default)]
struct Rows {
    places: HashMap<Row, Range<usize>, SeededHash>,
    /// The objects with the comma behind them, one after the other.
    text: Vec<u8>,
    /// The row whose object is being written, how many objects are open with it, and where it starts.
    being_written: Option<(Row, usize, usize)>,
}

/// Most bytes of objects that are kept; then they are forgotten, and those that still come are
/// written and kept again.
const MAX_ROW_BYTES: usize = 1 << 20;

impl Rows {
    fn get(&self, row: &Row) -> Option<&[u8]> {
        self.text.get(self.places.get(row)?.clone())
    }

    fn keep(&mut self, row: Row, object: &[u8]) {
        if self.text.len().saturating_add(object.len()) > MAX_ROW_BYTES {
            self.places.clear();
            self.text.clear();
        }
        let start = self.text.len();
        self.text.extend_from_slice(object);
        self.places.insert(row, start..self.text.len());
    }
}

impl JsonWriter {
    /// Appends one packet as an object, without a line feed.
    pub fn packet(&mut self, packet: &Packet<'_>, out: &mut Vec<u8>) {
        self.open.clear();
        self.names.clear();
        self.rows.being_written = None;
        std::mem::swap(&mut self.out, out);
        self.begin();
        describe(packet, self);
        while !self.open.is_empty() {
            self.end();
        }
        // The comma behind the packet.
        self.out.pop();
        std::mem::swap(&mut self.out, out);
    }

    fn begin(&mut self) {
        self.out.push(b'{');
        self.open.push(Object {
            written: [0; WORDS],
            names_before: self.names.len(),
            last: 0,
            last_values: 0,
            is_array: false,
            is_scattered: false,
        });
    }

    /// Begins the object of a field, with its own value if it has one.
    fn begin_with(&mut self, field: &'static Field, value: Value<'_>) {
        self.begin();
        if !matches!(value, Value::Nothing) {
            self.out.extend_from_slice(b"\"_value\":");
            push_json(field, &value, &mut self.times, &mut self.out);
            self.out.push(b',');
        }
    }

    /// Ends the object begun last.
    fn end(&mut self) {
        let Some(object) = self.open.pop() else { return };
        if object.is_array {
            self.end_array();
        }
        if object.is_scattered {
            self.gather(object.names_before);
        }
        self.names.truncate(object.names_before);
        self.end_with(b'}');
        if let Some((row, objects, start)) = self.rows.being_written
            && self.open.len() < objects
        {
            self.rows.being_written = None;
            self.rows.keep(row, self.out.get(start..).unwrap_or(&[]));
        }
    }

    fn end_array(&mut self) {
        if let Some(name) = self.names.last_mut() {
            name.is_array = true;
        }
        self.end_with(b']');
    }

    /// Puts a bracket in place of the comma behind the last value, if there is a value, and a comma
    /// behind it.
    #[inline]
    fn end_with(&mut self, bracket: u8) {
        match self.out.last_mut() {
            Some(last) if *last == b',' => *last = bracket,
            _ => self.out.push(bracket),
        }
        self.out.push(b',');
    }

    /// Writes what stands before a value: nothing when it is one more of the name written last.
    #[inline]
    fn name(&mut self, field: &'static Field) {
        let Some(object) = self.open.last_mut() else { return };
        if object.last == field.id {
            if !object.is_array {
                object.is_array = true;
                self.out.insert(object.last_values, b'[');
            }
            return;
        }
        if object.is_array {
            object.is_array = false;
            self.end_array();
        }
        let Some(object) = self.open.last_mut() else { return };
        let word = usize::try_from(field.id >> 6).unwrap_or(usize::MAX) & (WORDS - 1);
        let bit = 1 << (field.id & 63);
        let may_be_known = object.written.get(word).is_none_or(|word| word & bit != 0);
        if let Some(word) = object.written.get_mut(word) {
            *word |= bit;
        }
        if may_be_known && !object.is_scattered {
            let names = self.names.get(object.names_before..).unwrap_or(&[]);
            object.is_scattered = names.iter().any(|name| name.field.is(field));
        }
        self.names.push(Name { field, start: self.out.len(), is_array: false, next_same: END });
        push_key(field, &mut self.out);
        object.last = field.id;
        object.last_values = self.out.len();
    }

    /// Brings together the values of each name of an object, at the place where the name came first.
    #[cold]
    fn gather(&mut self, names_before: usize) {
        let names = self.names.get_mut(names_before..).unwrap_or(&mut []);
        self.firsts.clear();
        for number in 0..names.len() {
            let Some(field) = names.get(number).map(|name| name.field) else { break };
            let is_known =
                |first: &First| names.get(first.first).is_some_and(|name| name.field.is(field));
            match self.firsts.iter().position(is_known).and_then(|at| self.firsts.get_mut(at)) {
                Some(known) => {
                    if let Some(last) = names.get_mut(known.last) {
                        last.next_same = number;
                    }
                    known.last = number;
                }
                None => self.firsts.push(First { first: number, last: number }),
            }
        }
        self.spare.clear();
        for first in &self.firsts {
            gather_values(names, first.first, &self.out, &mut self.spare);
        }
        if let Some(start) = names.first().map(|name| name.start) {
            self.out.truncate(start);
            self.out.extend_from_slice(&self.spare);
        }
    }
}

/// Writes a name of an object and the values of all its occurrences.
fn gather_values(names: &[Name], first: usize, out: &[u8], gathered: &mut Vec<u8>) {
    let end = |number: usize| {
        let next = names.get(number.saturating_add(1));
        next.map_or(out.len(), |next| next.start)
    };
    let Some(name) = names.get(first) else { return };
    if name.next_same == END {
        gathered.extend_from_slice(out.get(name.start..end(first)).unwrap_or(&[]));
        return;
    }
    push_key(name.field, gathered);
    gathered.push(b'[');
    let mut number = first;
    while let Some(name) = names.get(number) {
        let brackets = usize::from(name.is_array);
        let start = name.start.saturating_add(name.field.key.length).saturating_add(brackets);
        // Without the comma behind them.
        let end = end(number).saturating_sub(1).saturating_sub(brackets);
        gathered.extend_from_slice(out.get(start..end).unwrap_or(&[]));
        gathered.push(b',');
        number = name.next_same;
    }
    gathered.pop();
    gathered.extend_from_slice(b"],");
}

impl Sink for JsonWriter {
    fn field(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        self.name(field);
        if matches!(value, Value::Nothing) {
            self.out.extend_from_slice(b"null");
        } else {
            push_json(field, &value, &mut self.times, &mut self.out);
        }
        self.out.push(b',');
    }

    fn open(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        self.name(field);
        self.begin_with(field, value);
    }

    fn open_row(
        &mut self,
        field: &'static Field,
        value: Value<'_>,
        _span: Span,
        row: Option<Row>,
    ) -> bool {
        self.name(field);
        if let Some(row) = row {
            if let Some(object) = self.rows.get(&row) {
                self.out.extend_from_slice(object);
                return true;
            }
            let objects = self.open.len().saturating_add(1);
            self.rows.being_written = Some((row, objects, self.out.len()));
        }
        self.begin_with(field, value);
        false
    }

    fn close(&mut self) {
        // The packet itself stays open.
        if self.open.len() > 1 {
            self.end();
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.name(&MALFORMED);
        if let Some(object) = self.open.last_mut()
            && !object.is_array
        {
            // Always an array.
            object.is_array = true;
            self.out.push(b'[');
        }
        self.out.extend_from_slice(b"{\"offset\":");
        push_unsigned(u64::from(fault.offset), &mut self.out);
        self.out.extend_from_slice(b",\"layer\":");
        push_json_text(fault.layer.name().as_bytes(), &mut self.out);
        self.out.extend_from_slice(b",\"reason\":");
        push_json_text(fault.reason.as_bytes(), &mut self.out);
        self.out.extend_from_slice(b"},");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkType;
    use crate::capture::CapturedFrame;
    use crate::fault::Layer;
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

    static A: Field = Field::unsigned("t.a", "A");
    static B: Field = Field::branch("t.b", "B");
    static C: Field = Field::flag("t.c", "C");

    fn written(fill: impl FnOnce(&mut JsonWriter)) -> String {
        let mut writer = JsonWriter::default();
        writer.begin();
        fill(&mut writer);
        writer.end();
        String::from_utf8(writer.out).expect("text")
    }

    #[test]
    fn fields_of_one_name_are_brought_together() {
        let number = |writer: &mut JsonWriter, value| {
            writer.field(&A, Value::Unsigned(value), Span::default());
        };
        let object = |writer: &mut JsonWriter, values: &[u64]| {
            writer.open(&B, Value::Word("b"), Span::default());
            for value in values {
                number(writer, *value);
            }
            writer.close();
        };
        let fault = |writer: &mut JsonWriter| {
            writer.fault(Fault { offset: 7, layer: Layer::Body, reason: "r" });
        };
        let fault_text = r#"{"offset":7,"layer":"frame body","reason":"r"}"#;
        assert_eq!(written(|_| {}), "{},");
        let beside = written(|writer| {
            number(writer, 1);
            object(writer, &[]);
            object(writer, &[2, 3]);
            writer.field(&C, Value::Nothing, Span::default());
        });
        assert_eq!(
            beside,
            r#"{"t.a":1,"t.b":[{"_value":"b"},{"_value":"b","t.a":[2,3]}],"t.c":null},"#
        );
        let apart = written(|writer| {
            fault(writer);
            number(writer, 1);
            object(writer, &[5]);
            number(writer, 2);
            number(writer, 300);
            fault(writer);
            fault(writer);
            writer.field(&C, Value::Flag(true), Span::default());
            object(writer, &[6, 7]);
            number(writer, 40);
        });
        let expected = format!(
            "{{\"_ws.malformed\":[{fault_text},{fault_text},{fault_text}],\"t.a\":[1,2,300,40],\
             \"t.b\":[{{\"_value\":\"b\",\"t.a\":5}},{{\"_value\":\"b\",\"t.a\":[6,7]}}],\"t.c\":true}},"
        );
        assert_eq!(apart, expected);
    }

    #[test]
    fn many_fields_in_turn_are_no_slower_than_their_number() {
        let turns = 20_000u64;
        let text = written(|writer| {
            for turn in 0..turns {
                writer.field(&A, Value::Unsigned(turn), Span::default());
                writer.field(&C, Value::Flag(turn % 2 == 0), Span::default());
            }
        });
        let json: Json = serde_json::from_str(text.trim_end_matches(',')).expect("JSON");
        for name in ["t.a", "t.c"] {
            assert_eq!(json[name].as_array().map(Vec::len), Some(turns as usize));
        }
    }

    fn text(writer: &mut JsonWriter, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        writer.packet(&Packet::new(CapturedFrame::new(LinkType::Ieee80211, data)), &mut out);
        out
    }

    #[test]
    fn what_is_remembered_is_what_would_be_written() {
        let mut writer = JsonWriter::default();
        // Extended capabilities of every length, beyond what is remembered; the same element twice;
        // the same bits under another field; and again with everything remembered.
        for _ in 0..2 {
            for length in 0..40u8 {
                let mut elements = vec![127, length];
                elements.extend((0..length).map(|byte| byte.wrapping_mul(37)));
                elements.extend_from_within(..);
                elements.extend([192, 5, 1, 42, 50, 0, 0, 61, 22]);
                elements.extend([length; 22]);
                let data = beacon(&elements);
                assert_eq!(text(&mut writer, &data), text(&mut JsonWriter::default(), &data));
            }
        }
        assert!(!writer.rows.places.is_empty());
    }

    #[test]
    fn memory_of_objects_is_bounded() {
        let mut writer = JsonWriter::default();
        let mut most = 0;
        for capabilities in (0..=u16::MAX).step_by(7) {
            let [low, high] = capabilities.to_le_bytes();
            let mut elements = vec![45, 26, low, high];
            elements.extend([low; 24]);
            let data = beacon(&elements);
            let written = text(&mut writer, &data);
            most = most.max(writer.rows.text.len());
            if capabilities % 1001 == 0 {
                assert_eq!(written, text(&mut JsonWriter::default(), &data));
            }
        }
        assert!(most <= MAX_ROW_BYTES && most > MAX_ROW_BYTES / 2, "{most}");
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
