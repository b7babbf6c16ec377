//! What a field is: its name, how its values are written, and where the standard defines it.

use super::{Packet, Value};
use std::fmt;

/// How the values of a field are written for people.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// A heading over other fields; it may have a value that sums them up.
    Branch,
    /// Yes or no.
    Flag,
    /// An unsigned number in decimal.
    Unsigned,
    /// An unsigned number in hexadecimal, with so many digits at least.
    Hex(u8),
    /// A signed number.
    Signed,
    /// A number with fraction.
    Float,
    /// A MAC address.
    Address,
    /// Bytes that are meant to be read as UTF-8; what is not is escaped.
    Text,
    /// Bytes.
    Bytes,
    /// Nanoseconds since 1970-01-01 UTC.
    Time,
}

/// Which part of a packet a field comes from. What nobody asks for is not walked over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Part {
    /// What the capture file says of the packet.
    Capture = 0,
    /// The radio header.
    Radio = 1,
    /// The 802.11 header and what is derived from header and radio.
    Header = 2,
    /// Fixed fields of management frames; bodies of control and action frames.
    Body = 3,
    /// Elements.
    Element = 4,
    /// LLC, EAPOL and what data frames carry in clear.
    Payload = 5,
}

/// A set of [`Part`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Parts(u8);

impl Parts {
    /// Every part.
    pub const ALL: Self = Self(0xff);
    /// No part.
    pub const NONE: Self = Self(0);

    /// These parts and `part`.
    #[must_use]
    pub const fn with(self, part: Part) -> Self {
        Self(self.0 | 1 << part as u8)
    }

    /// These parts and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// True when `part` is among these.
    #[must_use]
    pub const fn contains(self, part: Part) -> bool {
        self.0 & 1 << part as u8 != 0
    }
}

/// Reads a field's first value from a parsed packet without walking over all its fields.
pub type Read = for<'a> fn(&Packet<'a>) -> Option<Value<'a>>;

/// True when a packet may hold a field more than once.
pub type Repeats = for<'a> fn(&Packet<'a>) -> bool;

/// One field. Fields are statics; two fields are the same when their names are.
#[derive(Clone, Copy)]
pub struct Field {
    /// Name in filters and exports, Wireshark's where it has one: `wlan.fc.type_subtype`.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// How values are written.
    pub form: Form,
    /// Unit, empty for none.
    pub unit: &'static str,
    /// Where it is defined: document and clause; empty where a format has no other definition than use.
    pub clause: &'static str,
    /// Names of values that have one.
    pub names: Option<fn(u64) -> Option<&'static str>>,
    /// Part of the packet.
    pub part: Part,
    /// A short way to the first value. Where it gives none, the packet has none.
    pub read: Option<Read>,
    /// Of fields with `read`: `None` when no packet holds more than one value, else what says of a
    /// packet whether it may, so that only then a walk is needed.
    pub repeats: Option<Repeats>,
    /// A hash of the name, so that fields can be told apart without reading it.
    pub id: u64,
    /// The name as a key of a JSON object.
    pub(super) key: Key,
}

/// A name in quotation marks with a colon, in a place of fixed size: it is written a million times a
/// second, and a copy of fixed size needs no loop.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// The part that nearly every key fits into.
    pub(super) first: [u8; 32],
    /// The part beyond that.
    pub(super) second: [u8; 64],
    /// Bytes of both parts that are used.
    pub(super) length: usize,
}

impl Key {
    const fn new(name: &str) -> Self {
        let mut key = Self { first: [0; 32], second: [0; 64], length: 0 };
        key.push(b'"');
        let mut rest = name.as_bytes();
        while let [byte, others @ ..] = rest {
            key.push(*byte);
            rest = others;
        }
        key.push(b'"');
        key.push(b':');
        key
    }

    const fn push(&mut self, byte: u8) {
        let (first, second) = (self.first.as_mut_slice(), self.second.as_mut_slice());
        let place = match self.length.checked_sub(first.len()) {
            None => first.split_at_mut(self.length).1.first_mut(),
            Some(at) => second.split_at_mut(at).1.first_mut(),
        };
        *place.expect("no name is longer than 93 bytes: a field is declared at compile time") =
            byte;
        self.length = self.length.saturating_add(1);
    }
}

impl Field {
    const fn new(name: &'static str, label: &'static str, form: Form) -> Self {
        Self {
            name,
            label,
            form,
            unit: "",
            clause: "",
            names: None,
            part: Part::Capture,
            id: hash(name),
            key: Key::new(name),
            read: None,
            repeats: None,
        }
    }

    /// A heading.
    #[must_use]
    pub const fn branch(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Branch)
    }

    /// Yes or no.
    #[must_use]
    pub const fn flag(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Flag)
    }

    /// An unsigned number in decimal.
    #[must_use]
    pub const fn unsigned(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Unsigned)
    }

    /// An unsigned number in hexadecimal with `digits` digits at least.
    #[must_use]
    pub const fn hex(name: &'static str, label: &'static str, digits: u8) -> Self {
        Self::new(name, label, Form::Hex(digits))
    }

    /// A signed number.
    #[must_use]
    pub const fn signed(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Signed)
    }

    /// A number with fraction.
    #[must_use]
    pub const fn float(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Float)
    }

    /// A MAC address.
    #[must_use]
    pub const fn address(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Address)
    }

    /// Text, as bytes.
    #[must_use]
    pub const fn text(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Text)
    }

    /// Bytes.
    #[must_use]
    pub const fn bytes(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Bytes)
    }

    /// A time.
    #[must_use]
    pub const fn time(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Form::Time)
    }

    /// With a unit.
    #[must_use]
    pub const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// With the clause that defines it.
    #[must_use]
    pub const fn clause(self, clause: &'static str) -> Self {
        Self { clause, ..self }
    }

    /// With names for values.
    #[must_use]
    pub const fn names(self, names: fn(u64) -> Option<&'static str>) -> Self {
        Self { names: Some(names), ..self }
    }

    /// With a short way to the first value.
    #[must_use]
    pub const fn read(self, read: Read) -> Self {
        Self { read: Some(read), ..self }
    }

    /// Of a field with `read` that a packet may hold several times: whether this packet may.
    #[must_use]
    pub const fn repeats(self, repeats: Repeats) -> Self {
        Self { repeats: Some(repeats), ..self }
    }

    /// The only value of a field in a packet, by the short way: `Err` when there is no short way, or
    /// there may be more values, `Ok(None)` when the packet has none.
    ///
    /// # Errors
    /// [`NeedsWalk`]: only a walk tells.
    #[inline]
    pub fn only<'a>(&self, packet: &Packet<'a>) -> Result<Option<Value<'a>>, NeedsWalk> {
        match (self.read, self.repeats) {
            (Some(read), None) => Ok(read(packet)),
            (Some(read), Some(repeats)) if !repeats(packet) => Ok(read(packet)),
            _ => Err(NeedsWalk),
        }
    }

    /// In a part of the packet; [`fields!`] sets it.
    #[must_use]
    pub const fn part(self, part: Part) -> Self {
        Self { part, ..self }
    }
}

/// A field whose values only a walk over the packet tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NeedsWalk;

impl Field {
    /// True when both are the same field. The name decides: the compiler may keep a field that stands
    /// in a table twice, so that its address says nothing.
    #[inline]
    #[must_use]
    pub const fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// FNV-1a of 64 bits over a name. A test holds that no two fields have the same.
const fn hash(name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = others;
    }
    hash
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Field {}

impl fmt::Debug for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// Declares the fields of one family as statics, and the list that the register takes them from.
///
/// ```ignore
/// fields! {
///     Element => FIELDS;
///     /// Stations associated with the sender.
///     STATIONS: unsigned("wlan.qbss.scount", "Stations").clause("802.11-2020, 9.4.2.27");
/// }
/// ```
macro_rules! fields {
    (
        $part:ident => $list:ident;
        $( $(#[$doc:meta])* $name:ident : $kind:ident ( $($argument:expr),* $(,)? ) $( . $method:ident ( $($value:expr),* $(,)? ) )* ; )*
    ) => {
        $(
            $(#[$doc])*
            pub static $name: $crate::fields::Field = $crate::fields::Field::$kind($($argument),*)
                $( .$method($($value),*) )*
                .part($crate::fields::Part::$part);
        )*
        /// The fields of this family, in the order of their declaration.
        pub(crate) static $list: &[&$crate::fields::Field] = &[$(&$name),*];
    };
}
pub(crate) use fields;

/// Names of numbers, for [`Field::names`]: `names![0 => "open", 1 => "shared key"]`.
macro_rules! names {
    ($($value:pat => $name:expr),* $(,)?) => {
        |value: u64| match value {
            $($value => Some($name),)*
            _ => None,
        }
    };
}
pub(crate) use names;
