//! The fields of one packet as a tree, for display.

use super::{Field, Packet, Sink, Span, Value};
use crate::describe::describe;
use crate::fault::Fault;

/// One line of a [`Tree`].
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// The field; `None` for a fault.
    pub field: Option<&'static Field>,
    /// Label, and value with name and unit; or the reason of a fault.
    pub text: String,
    /// Where it stands in the captured bytes.
    pub span: Span,
    /// How many nodes are above it.
    pub depth: u16,
    /// How many nodes are below it; they follow it.
    pub below: u32,
    /// The bytes here contradict the format, and why.
    pub fault: Option<Fault>,
}

/// The fields of one packet, each node followed by those below it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tree {
    /// The nodes in order.
    pub nodes: Vec<Node>,
}

impl Tree {
    /// All fields of a packet.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Self {
        let mut builder = Builder { nodes: Vec::new(), open: Vec::new() };
        describe(packet, &mut builder);
        Self { nodes: builder.nodes }
    }

    /// The deepest node that covers the byte at `offset` of the captured bytes.
    #[must_use]
    pub fn at_byte(&self, offset: u32) -> Option<usize> {
        let covers = |node: &Node| {
            offset >= node.span.start && offset < node.span.start.saturating_add(node.span.length)
        };
        let covering = self.nodes.iter().enumerate().filter(|(_, node)| covers(node));
        // Of equally deep nodes the shortest, and of those the first.
        covering
            .max_by_key(|(at, node)| {
                (node.depth, std::cmp::Reverse(node.span.length), std::cmp::Reverse(*at))
            })
            .map(|(at, _)| at)
    }
}

struct Builder {
    nodes: Vec<Node>,
    open: Vec<usize>,
}

impl Builder {
    fn push(
        &mut self,
        field: Option<&'static Field>,
        text: String,
        span: Span,
        fault: Option<Fault>,
    ) {
        let depth = u16::try_from(self.open.len()).unwrap_or(u16::MAX);
        self.nodes.push(Node { field, text, span, depth, below: 0, fault });
    }
}

impl Sink for Builder {
    fn field(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        let mut text = field.label.to_owned();
        if value != Value::Nothing {
            text.push_str(": ");
            text.push_str(&field.value_text(&value));
        }
        self.push(Some(field), text, span, None);
    }

    fn hidden(&mut self, _field: &'static Field, _value: Value<'_>, _span: Span) {}

    fn open(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.field(field, value, span);
        self.open.push(self.nodes.len().saturating_sub(1));
    }

    fn close(&mut self) {
        if let Some(at) = self.open.pop() {
            let below = self.nodes.len().saturating_sub(at).saturating_sub(1);
            if let Some(node) = self.nodes.get_mut(at) {
                node.below = u32::try_from(below).unwrap_or(u32::MAX);
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        let span = Span { start: fault.offset, length: 0 };
        self.push(None, fault.reason.to_owned(), span, Some(fault));
    }
}
