//! Targets of what packets are shown as and asked by.

use crate::frames;
use pw_dissect::LinkType;
use pw_dissect::fields::{JsonWriter, Packet, Separator, TableWriter, Tree, by_name};
use pw_dissect::filter::{Filter, complete};
use pw_dissect::statistics::Statistics;

/// The tree, the JSON, a row of a table and the statistics of a frame.
pub(crate) fn outputs(data: &[u8]) {
    let captured = frames::captured(LinkType::Ieee80211, data);
    let packet = Packet::new(captured);
    let tree = Tree::of(&packet);
    for (at, node) in tree.nodes.iter().enumerate() {
        let below = usize::try_from(node.below).expect("a count of nodes in memory");
        assert!(at + below < tree.nodes.len(), "the nodes below a node are in the tree");
    }
    let (mut json, mut again) = (Vec::new(), Vec::new());
    let mut writer = JsonWriter::default();
    writer.packet(&packet, &mut json);
    writer.packet(&packet, &mut again);
    assert!(json == again, "what the writer remembers is what it would write");
    let value: serde_json::Value = serde_json::from_slice(&json).expect("JSON is written");
    assert!(value.is_object(), "a packet is an object");
    let fields =
        ["frame.number", "wlan.ta", "wlan.ssid", "wlan.tag.number", "wlan.fc.type_subtype"];
    let fields = fields.map(|name| by_name(name).expect("a known field"));
    for separator in [Separator::Comma, Separator::Tab] {
        let mut row = Vec::new();
        TableWriter::new(&fields, separator).row(&packet, &mut row);
        assert_eq!(row.last(), Some(&b'\n'), "a row ends");
        let text = String::from_utf8(row).expect("rows are text");
        assert!(separator == Separator::Comma || text.lines().count() == 1, "{text:?}");
    }
    let mut statistics = Statistics::default();
    statistics.add(&packet);
    assert!(statistics.report(3).to_json().is_object(), "a report is an object");
}

/// A filter as somebody types it: compiled, asked, and completed at every place.
pub(crate) fn filter(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut beacon = vec![0x80, 0, 0, 0];
    beacon.extend([0xff; 6]);
    beacon.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x10, 0]);
    beacon.extend(b"\0\0\0\0\0\0\0\0d\0\x11\0\x00\x04town\x03\x01\x06");
    let captured = frames::captured(LinkType::Ieee80211, &beacon);
    match Filter::compile(text) {
        Ok(filter) => {
            let matches = filter.matches(&Packet::new(captured));
            assert_eq!(filter.accepts(&captured), matches, "two ways to ask, one answer");
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error says what is wrong"),
    }
    let cursor = text.char_indices().map(|(at, _)| at).nth(text.chars().count() / 2).unwrap_or(0);
    for cursor in [cursor, text.len()] {
        for completion in complete(text, cursor) {
            assert!(
                text.get(completion.replaces).is_some(),
                "a completion replaces text that is there"
            );
        }
    }
}
