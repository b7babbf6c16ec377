//! Every truncation and every corruption of one byte of one frame of each kind, and noise in every
//! kind: the walk ends, panics never, and what it names lies within the captured bytes.

use pw_dissect::LinkType;
use pw_dissect::capture::CapturedFrame;
use pw_dissect::describe::describe;
use pw_dissect::fields::{Field, Packet, Part, Sink, Span, Tree, Value, all};
use std::collections::HashMap;

/// The first value of each field, as it is written.
#[derive(Default)]
struct First(HashMap<&'static str, String>);

impl Sink for First {
    fn field(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        self.0.entry(field.name).or_insert_with(|| field.value_text(&value));
    }
}

/// The short way to a value gives what the walk gives first.
fn check_short_ways(packet: &Packet<'_>) {
    let mut first = First::default();
    describe(packet, &mut first);
    for field in all().filter(|field| field.part == Part::Header) {
        let Some(read) = field.read else { continue };
        let short = read(packet).map(|value| field.value_text(&value));
        let walked = first.0.get(field.name).cloned();
        assert_eq!(short, walked, "{} of {:02x?}", field.name, packet.captured.data);
    }
}

/// Nodes of one frame at most: a byte can give a few, never many.
fn check(mac: &[u8]) {
    let captured = CapturedFrame::new(LinkType::Ieee80211, mac);
    let packet = Packet::new(captured);
    check_short_ways(&packet);
    let tree = Tree::of(&packet);
    assert!(tree.nodes.len() < 300 + 30 * mac.len(), "{} nodes of {mac:02x?}", tree.nodes.len());
    for node in &tree.nodes {
        let end = u64::from(node.span.start) + u64::from(node.span.length);
        // A heading, and the stated length of what is cut, may reach beyond; a value does not.
        let is_value = node.below == 0 && node.text.contains(": ");
        assert!(!is_value || end <= mac.len() as u64, "{} of {mac:02x?}", node.text);
    }
}

fn header(first: u8, flags: u8, addresses: usize) -> Vec<u8> {
    let mut mac = vec![first, flags, 0x2c, 0x00];
    for n in 1..=addresses as u8 {
        mac.extend([2, 0, 0, 0, 0, n]);
    }
    if addresses == 3 {
        mac.extend([0x10, 0]);
    }
    mac
}

fn frame(first: u8, flags: u8, addresses: usize, body: &[u8]) -> Vec<u8> {
    [header(first, flags, addresses), body.to_vec()].concat()
}

/// One frame of each group of describers.
fn samples() -> Vec<Vec<u8>> {
    let snap = |kind: u16| [&[0xaa, 0xaa, 3, 0, 0, 0][..], &kind.to_be_bytes()].concat();
    let mut sae = vec![3, 0, 1, 0, 0, 0, 19, 0];
    sae.extend([7; 101]);
    let mut key = vec![2, 3, 0, 117, 2, 0, 0x8a, 0, 16];
    key.extend([1; 72]);
    key.extend([0; 16]);
    key.extend([0, 22, 0xdd, 20, 0, 0x0f, 0xac, 4]);
    key.extend([0x5a; 16]);
    let gas = [
        4, 11, 9, 0, 0, 0, 0, 108, 2, 0x7f, 0, 21, 0, 2, 1, 10, 0, 2, 8, 7, b'e', b'n', b'g', b'C',
        b'a', b'f', b'e', 12, 1, 3, 0, 2, b'e', b'x',
    ];
    let nan = [
        4, 9, 0x50, 0x6f, 0x9a, 0x13, 3, 14, 0, 0x88, 0x69, 0x19, 0x9d, 0x92, 9, 1, 0, 0x10, 4, 9,
        0xf0, 0x19, 1,
    ];
    let transition = [
        10, 7, 1, 0x1d, 10, 0, 255, 4, 10, 5, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, b'u', b'r', 52, 13, 2,
        0, 0, 0, 0, 9, 0, 0, 0, 0, 115, 36, 9,
    ];
    let mesh =
        [0x02, 0, 0, 0, 0, 4, 0x05, 0x01, 2, 31, 7, 0, 0, 0, 2, 0, 0, 0, 0, 5, 2, 0, 0, 0, 0, 6];
    let trigger =
        [0x44, 0x06, 8, 0, 0, 0, 0xc0, 0x7f, 5, 0xa0, 0x07, 0, 50, 0xc5, 0xff, 0xff, 0xff, 0xff];
    vec![
        frame(0x00, 0, 3, &[0x31, 0x04, 10, 0, 0, 1, b'a']),
        frame(0x10, 0, 3, &[1, 0, 17, 0, 5, 0xc0]),
        frame(0xb0, 0, 3, &sae),
        frame(0xc0, 0, 3, &[7, 0]),
        frame(0xd0, 0, 3, &[3, 0, 7, 0x17, 0x10, 0, 0, 0x30, 2]),
        frame(0xd0, 0, 3, &gas),
        frame(0xd0, 0, 3, &nan),
        frame(0xd0, 0, 3, &transition),
        frame(0xd0, 0x80, 3, &[3, 0x12, 0x34, 0x56, 8, 1, 1, 0]),
        frame(0x24, 0, 2, &trigger),
        frame(0x54, 0, 2, &[0x26, 5, 0, 0x90, 0x68]),
        frame(0x84, 0, 2, &[6, 0x10, 0, 0x50, 0x10, 0, 0, 0x60, 0x20, 0]),
        frame(
            0x94,
            0,
            2,
            &[0x16, 0, 6, 0x40, 0x16, 0, 1, 0, 0, 0, 0xfd, 7, 0, 0, 0, 0, 2, 0, 0, 0, 0, 9],
        ),
        frame(0x74, 0, 1, &[0x84, 0, 3, 0, 0, 0, 2, 0, 0, 0, 0, 2, 4, 0x50, 0x30, 2]),
        frame(0x08, 2, 3, &[snap(0x888e), key].concat()),
        frame(
            0x08,
            2,
            3,
            &[snap(0x888e), vec![1, 0, 0, 9, 2, 7, 0, 9, 1, b'a', b'@', b'b', b'c']].concat(),
        ),
        frame(0x08, 2, 3, &[snap(0x890d), vec![2, 12, 0, 9, 1, 0, 0, 1, b'a']].concat()),
        frame(0x88, 3, 3, &[mesh.to_vec(), snap(0x0800)].concat()),
        frame(
            0x88,
            2,
            3,
            &[
                vec![0x80, 0],
                vec![2; 12],
                vec![0, 8],
                snap(0x0806),
                vec![0; 2],
                vec![2; 12],
                vec![0, 8],
                snap(0x0806),
            ]
            .concat(),
        ),
        frame(0x08, 0x42, 3, &[0x34, 0x12, 0, 0x60, 0x78, 0x56, 0, 0, 9, 9, 9]),
        frame(
            0x0c,
            0,
            1,
            &[
                5, 0, 0, 0, 0, 0, 0, 0, 10, 4, 2, 100, 0, 1, 0, 0, 0, 0, 0, 0x13, 1, 2, 3, 4, 5, 6,
                7, 8, 0, 1, b'a',
            ],
        ),
        frame(0x1c, 0x4f, 1, &[1, 0, 0, 0, 7, 9, 0, 0, 0x78, 0x56, 0x34, 0x12, 0x13, 0, 1, b'a']),
    ]
}

#[test]
fn every_truncation_and_corruption() {
    for sample in samples() {
        for end in 0..=sample.len() {
            check(&sample[..end]);
        }
        let mut changed = sample.clone();
        for at in 0..sample.len() {
            for value in [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff, sample[at] ^ 0x10] {
                changed[at] = value;
                check(&changed);
            }
            changed[at] = sample[at];
        }
    }
}

#[test]
fn noise_in_every_kind() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    for first in 0..=255u8 {
        for round in 0..40usize {
            let mut mac = vec![first];
            for _ in 0..(round * 7) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Small numbers are often lengths and counts: every second byte is one.
                mac.push(if state & 0x100 == 0 { state as u8 & 7 } else { state as u8 });
            }
            check(&mac);
        }
    }
}
