//! Named fields: everything that can be said of a packet, under the names that filters, tables and
//! exports use.
//!
//! [`crate::describe`] walks over a packet and gives each [`Field`] with its [`Value`] and its place
//! to a [`Sink`]; trees, JSON, tables and filters are sinks.

mod field;
mod json;
mod table;
mod text;
mod tree;
mod value;
mod walk;

pub use field::{Field, Form, NeedsWalk, Part, Parts, Read, Repeats};
pub(crate) use field::{fields, names};
pub use json::JsonWriter;
pub use table::{Separator, TableWriter};
pub use tree::{Node, Tree};
pub use value::{Value, write_text};
pub use walk::{BitField, MAX_DEPTH, Reader, Row, Sink, Span, Walk, Word};

use crate::capture::CapturedFrame;
use crate::frame::{Frame, parse_with_fcs};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A packet of a capture, parsed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Packet<'a> {
    /// What the file says of it, and its bytes.
    pub captured: CapturedFrame<'a>,
    /// Its parsed headers.
    pub frame: Frame<'a>,
}

impl<'a> Packet<'a> {
    /// Parses the headers of a captured frame.
    #[must_use]
    pub fn new(captured: CapturedFrame<'a>) -> Self {
        let frame = parse_with_fcs(
            captured.link_type,
            captured.data,
            captured.original_len,
            captured.fcs_len,
        );
        Self { captured, frame }
    }
}

/// What contradicts the format, as a field: its values are the reasons of the faults that a walk over
/// all parts finds. Filters, tables and JSON know it; [`Sink::fault`] gives it with its place.
pub static MALFORMED: Field = Field::text("_ws.malformed", "Contradiction");

/// Every field, in the order of the packet.
pub fn all() -> impl Iterator<Item = &'static Field> {
    let families = crate::describe::FAMILIES.iter().flat_map(|family| family.iter().copied());
    families.chain(crate::describe::elements::fields()).chain(std::iter::once(&MALFORMED))
}

/// The parts that have to be walked over for a field.
pub(crate) fn parts_for(field: &'static Field) -> Parts {
    if field.is(&MALFORMED) { Parts::ALL } else { Parts::NONE.with(field.part) }
}

/// The field of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Field> {
    static NAMES: OnceLock<HashMap<&'static str, &'static Field>> = OnceLock::new();
    NAMES.get_or_init(|| all().map(|field| (field.name, field)).collect()).get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_well_formed() {
        let mut seen = std::collections::HashSet::new();
        let mut ids = std::collections::HashSet::new();
        for field in all() {
            assert!(seen.insert(field.name), "{} is declared twice", field.name);
            assert!(ids.insert(field.id), "{} has another field's id: rename it", field.name);
            assert_ne!(field.id, 0, "{} has the id that stands for none: rename it", field.name);
            assert!(
                field.name.bytes().all(|byte| byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b'.' | b'_' | b'-')),
                "{}",
                field.name
            );
            assert!(!field.label.is_empty() && !field.label.ends_with(':'), "{}", field.name);
            assert_eq!(by_name(field.name), Some(field));
        }
        assert_eq!(by_name("wlan.no_such_field"), None);
    }
}
