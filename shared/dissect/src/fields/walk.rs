//! The walk over a packet: describers read bytes and name what they read; a sink takes it.

use super::{Field, Form, Packet, Part, Value};
use crate::bytes::little_endian;
use crate::fault::{Fault, Layer};
use pw_model::MacAddr;

/// Where a value stands in the captured bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// First byte, from the start of the captured bytes.
    pub start: u32,
    /// Bytes; 0 for what is derived and stands nowhere.
    pub length: u32,
}

impl Span {
    /// From a start and a length.
    #[must_use]
    pub fn new(start: usize, length: usize) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            length: u32::try_from(length).unwrap_or(u32::MAX),
        }
    }
}

/// Takes the fields of a packet in order.
pub trait Sink {
    /// True when fields of this part are of use. What is of no use may be left out, or be given all the same.
    fn wants(&self, part: Part) -> bool {
        let _any = part;
        true
    }

    /// A field without others below it.
    fn field(&mut self, field: &'static Field, value: Value<'_>, span: Span);

    /// A field that repeats what another says, for filters: each address of a header under one name,
    /// for example. Trees leave it out.
    fn hidden(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.field(field, value, span);
    }

    /// A field with others below it, until [`Sink::close`].
    fn open(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.field(field, value, span);
    }

    /// Like [`Sink::open`], of a field below which there is nothing but what `row` tells. True when
    /// the sink has written all of that already, from the last time: then none of it is given, nor
    /// [`Sink::close`].
    fn open_row(
        &mut self,
        field: &'static Field,
        value: Value<'_>,
        span: Span,
        row: Option<Row>,
    ) -> bool {
        let _not_remembered = row;
        self.open(field, value, span);
        false
    }

    /// Ends the field opened last.
    fn close(&mut self) {}

    /// A contradiction in the bytes, below the field opened last.
    fn fault(&mut self, fault: Fault) {
        let _unused = fault;
    }
}

/// A row of bits and the table that names them. The same field, table and bits always give the same
/// fields below, at other places: capabilities are the same in every beacon of an access point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Row {
    field: u64,
    table: u64,
    length: u64,
    low: u64,
    high: u64,
}

impl Row {
    /// Of bits in bytes; `None` when they are too many to be compared quickly.
    pub(crate) fn of_bytes<T>(field: &Field, table: &'static [T], bytes: &[u8]) -> Option<Self> {
        let bits = [little_endian(bytes), little_endian(bytes.get(8..).unwrap_or(&[]))];
        (bytes.len() <= 16).then(|| Self::new(field, table, bytes.len(), bits))
    }

    /// Of a number of `length` bytes.
    pub(crate) fn of_number<T>(
        field: &Field,
        table: &'static [T],
        value: u64,
        length: usize,
    ) -> Self {
        Self::new(field, table, length, [value, 0])
    }

    fn new<T>(field: &Field, table: &'static [T], length: usize, bits: [u64; 2]) -> Self {
        // What is static stays where it is and as it is, so its address tells it.
        let table = u64::try_from(table.as_ptr().addr()).unwrap_or(0);
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let [low, high] = bits;
        Self { field: field.id, table, length, low, high }
    }
}

/// Deepest nesting of elements in elements; what lies deeper is given as bytes.
pub const MAX_DEPTH: u8 = 6;

/// One walk over one packet.
pub struct Walk<'s> {
    /// The packet.
    pub packet: &'s Packet<'s>,
    sink: &'s mut dyn Sink,
    depth: u8,
    layer: Layer,
    /// Widths of the HE capabilities described last, which EHT capabilities depend on.
    he_widths: Option<u8>,
}

/// Bytes being read by a describer: each read moves on, none reads past the end.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'b> {
    bytes: &'b [u8],
    /// Where `bytes` begin in the captured bytes.
    start: usize,
    at: usize,
    /// Where in `bytes` the first fragment begins that was joined to them.
    seam: usize,
}

/// Bytes of a fragment of an element, and of the identifier and length before it.
const FRAGMENT: usize = 255;
const FRAGMENT_HEAD: usize = 2;

impl<'b> Reader<'b> {
    /// Over `bytes`, which stand `start` bytes into the captured bytes.
    #[must_use]
    pub const fn new(bytes: &'b [u8], start: usize) -> Self {
        Self { bytes, start, at: 0, seam: usize::MAX }
    }

    /// Over the bytes of an element and of the fragments that were joined to it, the first of which
    /// begins at `seam` of `bytes`: between two fragments stand two bytes that are not among them.
    #[must_use]
    pub const fn joined(bytes: &'b [u8], start: usize, seam: usize) -> Self {
        Self { bytes, start, at: 0, seam }
    }

    /// Fragments that begin at or before the next byte.
    fn seams(&self) -> usize {
        match self.at.checked_sub(self.seam) {
            Some(beyond) => beyond.checked_div(FRAGMENT).unwrap_or(0).saturating_add(1),
            None => 0,
        }
    }

    /// Leaves what has not been read.
    pub fn skip_rest(&mut self) {
        self.at = self.bytes.len();
    }

    /// What has not been read.
    #[must_use]
    pub fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// Bytes that have not been read.
    #[must_use]
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// Where the next byte stands in the captured bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        let heads = if self.is_empty() { 0 } else { self.seams().saturating_mul(FRAGMENT_HEAD) };
        self.start.saturating_add(self.at).saturating_add(heads)
    }

    /// True when all has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// The next `length` bytes; `None`, with the position unchanged, when they are not all there.
    pub fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let taken = self.rest().get(..length)?;
        self.at = self.at.saturating_add(length);
        Some(taken)
    }

    /// The next `length` bytes as a reader of their own.
    pub fn part(&mut self, length: usize) -> Option<Reader<'b>> {
        let start = self.offset();
        let next_seam = self.seam.saturating_add(self.seams().saturating_mul(FRAGMENT));
        let seam = next_seam.saturating_sub(self.at);
        self.take(length).map(|bytes| Reader::joined(bytes, start, seam))
    }

    /// The next bytes without reading them.
    #[must_use]
    pub fn peek<const N: usize>(&self) -> Option<[u8; N]> {
        self.rest().first_chunk::<N>().copied()
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.peek()?;
        self.at = self.at.saturating_add(N);
        Some(taken)
    }

    /// A little-endian number of 1 to 8 bytes.
    pub fn little_endian(&mut self, length: usize) -> Option<u64> {
        self.take(length.min(8)).map(little_endian)
    }

    /// A little-endian number of 1 to 8 bytes whose bits are fields without a common name.
    pub fn word(&mut self, length: usize) -> Option<Word> {
        let span = Span::new(self.offset(), length);
        Some(Word { value: self.little_endian(length)?, span })
    }

    /// A big-endian number of 1 to 8 bytes.
    pub fn big_endian(&mut self, length: usize) -> Option<u64> {
        let mut value = 0;
        for byte in self.take(length.min(8))? {
            value = value << 8 | u64::from(*byte);
        }
        Some(value)
    }
}

/// A number of several bits whose parts are fields.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The number.
    pub value: u64,
    /// Where it stands.
    pub span: Span,
}

impl Word {
    /// Bits `low` to `low + count - 1` as a word of their own, at the same place.
    #[must_use]
    pub const fn part(self, low: u32, count: u32) -> Self {
        Self { value: self.bits(low, count), span: self.span }
    }

    /// Bits `low` to `low + count - 1`; 0 for bits beyond the word.
    #[must_use]
    pub const fn bits(self, low: u32, count: u32) -> u64 {
        let shifted = match self.value.checked_shr(low) {
            Some(shifted) => shifted,
            None => 0,
        };
        match 1u64.checked_shl(count) {
            Some(limit) => shifted & limit.wrapping_sub(1),
            None => shifted,
        }
    }

    /// Bit `bit`.
    #[must_use]
    pub const fn bit(self, bit: u32) -> bool {
        self.bits(bit, 1) != 0
    }
}

/// A part of a word: its field, lowest bit, and number of bits.
pub type BitField = (&'static Field, u32, u32);

impl<'s> Walk<'s> {
    /// A walk over `packet` into `sink`.
    pub fn new(packet: &'s Packet<'s>, sink: &'s mut dyn Sink) -> Self {
        Self { packet, sink, depth: 0, layer: Layer::Radio, he_widths: None }
    }

    /// True when somebody wants fields of this part.
    #[must_use]
    pub fn wants(&self, part: Part) -> bool {
        self.sink.wants(part)
    }

    /// Faults from here on are of this layer.
    pub fn set_layer(&mut self, layer: Layer) {
        self.layer = layer;
    }

    /// A field without others below it.
    pub fn field(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.sink.field(field, value, span);
    }

    /// A field that is derived and stands nowhere in the bytes.
    pub fn derived(&mut self, field: &'static Field, value: Value<'_>) {
        self.sink.field(field, value, Span::default());
    }

    /// A field that repeats what another says (see [`Sink::hidden`]).
    pub fn hidden(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.sink.hidden(field, value, span);
    }

    /// A field with others below it, which `inside` names. A span that runs past the captured bytes,
    /// because a length in them does, ends with them.
    pub fn branch<T>(
        &mut self,
        field: &'static Field,
        value: Value<'_>,
        span: Span,
        inside: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.sink.open(field, value, self.within(span));
        let result = inside(self);
        self.sink.close();
        result
    }

    /// Like [`Walk::branch`], where `inside` gives nothing but what `row` tells (see [`Row`]). It may not
    /// be called, when that is known.
    pub(crate) fn row(
        &mut self,
        field: &'static Field,
        value: Value<'_>,
        span: Span,
        row: Option<Row>,
        inside: impl FnOnce(&mut Self),
    ) {
        if !self.sink.open_row(field, value, self.within(span), row) {
            inside(self);
            self.sink.close();
        }
    }

    /// A span that ends with the captured bytes, if it would run past them.
    fn within(&self, span: Span) -> Span {
        let end = u32::try_from(self.packet.captured.data.len()).unwrap_or(u32::MAX);
        Span { length: span.length.min(end.saturating_sub(span.start)), ..span }
    }

    /// Like [`Walk::branch`], for elements inside elements: `None`, without calling `inside`, when
    /// they are nested deeper than [`MAX_DEPTH`].
    pub fn deeper<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth = self.depth.saturating_add(1);
        let he_widths = self.he_widths;
        let result = inside(self);
        self.he_widths = he_widths;
        self.depth = self.depth.saturating_sub(1);
        Some(result)
    }

    /// First byte of the PHY capabilities of the HE capabilities described last: those of the profile
    /// that is being described where it has its own, else those it inherits from the frame.
    #[must_use]
    pub const fn he_widths(&self) -> Option<u8> {
        self.he_widths
    }

    /// Remembers what [`Walk::he_widths`] gives.
    pub const fn set_he_widths(&mut self, widths: Option<u8>) {
        self.he_widths = widths;
    }

    /// A contradiction at `offset` of the captured bytes.
    pub fn fault(&mut self, offset: usize, reason: &'static str) {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.sink.fault(Fault { offset, layer: self.layer, reason });
    }

    /// A fault that was found elsewhere.
    pub fn known_fault(&mut self, fault: Fault) {
        self.sink.fault(fault);
    }

    /// Reads a little-endian number of `length` bytes and names it.
    pub fn number(
        &mut self,
        reader: &mut Reader<'_>,
        field: &'static Field,
        length: usize,
    ) -> Option<u64> {
        let span = Span::new(reader.offset(), length);
        let value = reader.little_endian(length)?;
        self.field(field, Value::Unsigned(value), span);
        Some(value)
    }

    /// Reads one byte and names it.
    pub fn u8(&mut self, reader: &mut Reader<'_>, field: &'static Field) -> Option<u8> {
        let value = self.number(reader, field, 1)?;
        u8::try_from(value).ok()
    }

    /// Reads a little-endian number of two bytes and names it.
    pub fn u16(&mut self, reader: &mut Reader<'_>, field: &'static Field) -> Option<u16> {
        let value = self.number(reader, field, 2)?;
        u16::try_from(value).ok()
    }

    /// Reads a big-endian number of `length` bytes and names it.
    pub fn number_be(
        &mut self,
        reader: &mut Reader<'_>,
        field: &'static Field,
        length: usize,
    ) -> Option<u64> {
        let span = Span::new(reader.offset(), length);
        let value = reader.big_endian(length)?;
        self.field(field, Value::Unsigned(value), span);
        Some(value)
    }

    /// Reads a signed byte and names it.
    pub fn i8(&mut self, reader: &mut Reader<'_>, field: &'static Field) -> Option<i8> {
        let span = Span::new(reader.offset(), 1);
        let value = i8::from_le_bytes(reader.array()?);
        self.field(field, Value::Signed(i64::from(value)), span);
        Some(value)
    }

    /// Reads an address and names it.
    pub fn address(&mut self, reader: &mut Reader<'_>, field: &'static Field) -> Option<MacAddr> {
        let span = Span::new(reader.offset(), 6);
        let address = MacAddr(reader.array()?);
        self.field(field, Value::Address(address), span);
        Some(address)
    }

    /// Reads `length` bytes (or text) and names them.
    pub fn bytes<'b>(
        &mut self,
        reader: &mut Reader<'b>,
        field: &'static Field,
        length: usize,
    ) -> Option<&'b [u8]> {
        let span = Span::new(reader.offset(), length);
        let bytes = reader.take(length)?;
        self.field(field, Value::Bytes(bytes), span);
        Some(bytes)
    }

    /// Reads all that is left and names it; without effect when nothing is.
    pub fn rest<'b>(&mut self, reader: &mut Reader<'b>, field: &'static Field) -> &'b [u8] {
        if reader.is_empty() {
            return &[];
        }
        self.bytes(reader, field, reader.left()).unwrap_or(&[])
    }

    /// Reads a little-endian number of `length` bytes, names it as a whole, and lets `inside` name its bits.
    pub fn word<T>(
        &mut self,
        reader: &mut Reader<'_>,
        field: &'static Field,
        length: usize,
        inside: impl FnOnce(&mut Self, Word) -> T,
    ) -> Option<T> {
        let span = Span::new(reader.offset(), length);
        let value = reader.little_endian(length)?;
        Some(
            self.branch(field, Value::Unsigned(value), span, |walk| {
                inside(walk, Word { value, span })
            }),
        )
    }

    /// Names one bit of a word.
    pub fn flag(&mut self, word: Word, field: &'static Field, bit: u32) -> bool {
        let value = word.bit(bit);
        self.field(field, Value::Flag(value), word.span);
        value
    }

    /// Names several bits of a word.
    pub fn bits(&mut self, word: Word, field: &'static Field, low: u32, count: u32) -> u64 {
        let value = word.bits(low, count);
        self.field(field, Value::Unsigned(value), word.span);
        value
    }

    /// Names parts of a word: each with its field, lowest bit and number of bits. Parts whose field
    /// is a flag are given as flags.
    pub fn parts(&mut self, word: Word, parts: &[BitField]) {
        for &(field, low, count) in parts {
            let value = word.bits(low, count);
            let value = match field.form {
                Form::Flag => Value::Flag(value != 0),
                _ => Value::Unsigned(value),
            };
            self.field(field, value, word.span);
        }
    }

    /// Reads a little-endian number of `length` bytes, and names it and its parts.
    pub fn packed(
        &mut self,
        reader: &mut Reader<'_>,
        field: &'static Field,
        length: usize,
        parts: &[BitField],
    ) -> Option<Word> {
        self.word(reader, field, length, |walk, word| {
            walk.parts(word, parts);
            word
        })
    }

    /// Like [`Walk::packed`], with a table that a sink may remember what it wrote by (see [`Row`]):
    /// for what most frames have.
    pub(crate) fn table(
        &mut self,
        reader: &mut Reader<'_>,
        field: &'static Field,
        length: usize,
        parts: &'static [BitField],
    ) -> Option<Word> {
        let word = reader.word(length)?;
        let row = Row::of_number(field, parts, word.value, length);
        self.row(field, Value::Unsigned(word.value), word.span, Some(row), |walk| {
            walk.parts(word, parts);
        });
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_fragments_know_where_their_bytes_stand() {
        // An extension element at byte 10 of the frame: its body from 13 on, 254 bytes; then two
        // fragments, each with a head of two bytes.
        let bytes = [0; 254 + 255 + 9];
        let mut reader = Reader::joined(&bytes, 13, 254);
        assert_eq!(reader.offset(), 13);
        reader.take(253).expect("there");
        assert_eq!(reader.offset(), 13 + 253);
        reader.take(1).expect("there");
        assert_eq!(reader.offset(), 13 + 254 + 2);
        let mut inner = reader.part(260).expect("there");
        assert_eq!(inner.offset(), 13 + 254 + 2);
        inner.take(255).expect("there");
        assert_eq!(inner.offset(), 13 + 254 + 255 + 4);
        assert_eq!(reader.offset(), 13 + 254 + 260 + 4);
    }
}
