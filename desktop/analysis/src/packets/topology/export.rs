//! The graph in the formats of graph tools: GraphML (graphdrawing.org, 2004) and Graphviz DOT.

use super::{Edge, Node, Topology};
use std::fmt::Write;

/// One attribute of GraphML: identifier, type, and how it is read.
type Attribute<T> = (&'static str, &'static str, fn(&T) -> Option<String>);

const NODE_ATTRIBUTES: &[Attribute<Node>] = &[
    ("role", "string", |node| Some(node.role.name().to_owned())),
    ("vendor", "string", |node| node.vendor.map(str::to_owned)),
    ("locally_administered", "boolean", |node| Some(node.locally_administered.to_string())),
    ("first_seen", "string", |node| node.span.first.map(|time| time.rfc3339())),
    ("last_seen", "string", |node| node.span.last.map(|time| time.rfc3339())),
    ("frames_sent", "long", |node| Some(node.frames_sent.to_string())),
    ("bytes_sent", "long", |node| Some(node.bytes_sent.to_string())),
    ("airtime_sent_us", "long", |node| node.airtime_sent_us.map(|us| us.to_string())),
    ("networks", "string", |node| (!node.networks.is_empty()).then(|| node.networks.join("; "))),
    ("multi_link_device", "string", |node| node.multi_link_device.map(|mld| mld.to_string())),
    ("segment", "int", |node| Some(node.segment.to_string())),
];

const EDGE_ATTRIBUTES: &[Attribute<Edge>] = &[
    ("kind", "string", |edge| Some(edge.kind.name().to_owned())),
    ("via", "string", |edge| edge.via.map(|via| via.to_string())),
    ("frames_forward", "long", |edge| Some(edge.forward.frames.to_string())),
    ("frames_backward", "long", |edge| Some(edge.backward.frames.to_string())),
    ("bytes_forward", "long", |edge| Some(edge.forward.bytes.to_string())),
    ("bytes_backward", "long", |edge| Some(edge.backward.bytes.to_string())),
    ("handshake", "boolean", |edge| Some(edge.evidence.has_handshake().to_string())),
];

/// What a graph of simulated data says of itself.
const SIMULATED: &str = "simulated: nothing in it was heard on the air";

impl Topology {
    /// The graph as a GraphML document, which says so where the capture was simulated.
    #[must_use]
    pub fn to_graphml(&self, is_simulated: bool) -> String {
        let mut out = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
        );
        declare(&mut out, "node", NODE_ATTRIBUTES);
        declare(&mut out, "edge", EDGE_ATTRIBUTES);
        if is_simulated {
            out.push_str(
                "  <key id=\"graph_simulated\" for=\"graph\" attr.name=\"simulated\" \
                 attr.type=\"boolean\"/>\n",
            );
        }
        out.push_str("  <graph id=\"topology\" edgedefault=\"undirected\">\n");
        if is_simulated {
            line(&mut out, format_args!("    <desc>{SIMULATED}</desc>"));
            out.push_str("    <data key=\"graph_simulated\">true</data>\n");
        }
        for node in &self.nodes {
            line(&mut out, format_args!("    <node id=\"{}\">", node.address));
            values(&mut out, "node", NODE_ATTRIBUTES, node);
            out.push_str("    </node>\n");
        }
        for (number, edge) in self.edges.iter().enumerate() {
            let (source, target) = (edge.source, edge.target);
            line(
                &mut out,
                format_args!("    <edge id=\"e{number}\" source=\"{source}\" target=\"{target}\">"),
            );
            values(&mut out, "edge", EDGE_ATTRIBUTES, edge);
            out.push_str("    </edge>\n");
        }
        out.push_str("  </graph>\n</graphml>\n");
        out
    }

    /// The graph in Graphviz's DOT language, with a title that says so where the capture was
    /// simulated.
    #[must_use]
    pub fn to_dot(&self, is_simulated: bool) -> String {
        let mut out = String::from("graph topology {\n  node [shape=box];\n");
        if is_simulated {
            line(&mut out, format_args!("  label=\"{SIMULATED}\";"));
        }
        for node in &self.nodes {
            let mut label = format!("{}\\n{}", node.address, node.role.name());
            for name in &node.networks {
                label.push_str("\\n");
                label.push_str(&dot(name));
            }
            line(&mut out, format_args!("  \"{}\" [label=\"{label}\"];", node.address));
        }
        for edge in &self.edges {
            let (source, target, kind) = (edge.source, edge.target, edge.kind.name());
            let frames = edge.forward.frames + edge.backward.frames;
            line(
                &mut out,
                format_args!("  \"{source}\" -- \"{target}\" [label=\"{kind} {frames}\"];"),
            );
        }
        out.push_str("}\n");
        out
    }
}

/// A `String` takes every line.
fn line(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("a String can always be written to");
    out.push('\n');
}

fn declare<T>(out: &mut String, of: &str, attributes: &[Attribute<T>]) {
    for (name, kind, _) in attributes {
        line(
            out,
            format_args!(
                "  <key id=\"{of}_{name}\" for=\"{of}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>"
            ),
        );
    }
}

fn values<T>(out: &mut String, of: &str, attributes: &[Attribute<T>], item: &T) {
    for (name, _, read) in attributes {
        if let Some(value) = read(item) {
            line(out, format_args!("      <data key=\"{of}_{name}\">{}</data>", xml(&value)));
        }
    }
}

/// Text for XML 1.0. Control characters, which XML cannot hold, are escaped in names already and
/// become the replacement character should any come from elsewhere.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
