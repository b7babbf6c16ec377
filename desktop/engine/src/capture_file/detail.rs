//! One packet as a whole: its tree of fields, its bytes, and what can be done with each field.

use super::info::literal;
use super::row::fault_words;
use pw_dissect::Fault;
use pw_dissect::capture::CapturedFrame;
use pw_dissect::describe::describe;
use pw_dissect::fields::{Field, Packet, Sink, Span, Tree, Value};

/// One packet, for display.
#[derive(Clone, PartialEq, Debug)]
pub struct PacketDetail {
    /// Number in the file, from 1.
    pub number: u32,
    /// The captured bytes.
    pub bytes: Vec<u8>,
    /// Its fields.
    pub tree: Tree,
    /// Beside each node of the tree: its value as it is copied, and as a filter writes it.
    values: Vec<NodeValue>,
}

/// The value of a node.
#[derive(Clone, PartialEq, Debug, Default)]
struct NodeValue {
    plain: String,
    literal: Option<String>,
}

impl PacketDetail {
    /// Of a packet.
    #[must_use]
    pub fn of(captured: &CapturedFrame<'_>) -> Self {
        let packet = Packet::new(*captured);
        let mut values = Values(Vec::new());
        describe(&packet, &mut values);
        Self {
            number: u32::try_from(captured.number).unwrap_or(u32::MAX),
            bytes: captured.data.to_vec(),
            tree: Tree::of(&packet),
            values: values.0,
        }
    }

    /// The value of the node at `at`, without its name and unit; empty for headings.
    #[must_use]
    pub fn value(&self, at: usize) -> &str {
        self.values.get(at).map_or("", |value| &value.plain)
    }

    /// A filter that packets with the same value in this field pass; for a heading, packets that have
    /// it at all. `None` for faults.
    #[must_use]
    pub fn filter(&self, at: usize) -> Option<String> {
        let field = self.tree.nodes.get(at)?.field?;
        let literal = self.values.get(at).and_then(|value| value.literal.as_deref());
        Some(match literal {
            Some(literal) => format!("{} == {literal}", field.name),
            None => field.name.to_owned(),
        })
    }
}

/// Takes the values in the order in which [`Tree`] takes the nodes.
struct Values(Vec<NodeValue>);

impl Sink for Values {
    fn field(&mut self, field: &'static Field, value: Value<'_>, _: Span) {
        let mut plain = String::new();
        // Writing to a string cannot fail.
        match field.write_plain(&value, &mut plain) {
            Ok(()) | Err(std::fmt::Error) => {}
        }
        self.0.push(NodeValue { plain, literal: literal(field, &value) });
    }

    /// The tree does not show these either.
    fn hidden(&mut self, _: &'static Field, _: Value<'_>, _: Span) {}

    fn fault(&mut self, fault: Fault) {
        self.0.push(NodeValue { plain: fault_words(&fault), literal: None });
    }
}
