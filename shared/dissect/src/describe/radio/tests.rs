//! Headers written by hand from the formats' definitions.

use crate::LinkType;
use crate::capture::CapturedFrame;
use crate::fault::Layer;
use crate::fields::{Packet, Tree};

const ACK: [u8; 10] = [0xd4, 0, 0, 0, 2, 0, 0, 0, 0, 1];

/// The lines of a packet's tree from the heading of that name to the derived values.
fn lines(link_type: LinkType, header: &[u8], from: &str) -> Vec<String> {
    let bytes = [header, &ACK].concat();
    let tree = Tree::of(&Packet::new(CapturedFrame::new(link_type, &bytes)));
    let names = |name: &str| {
        let field = crate::fields::by_name(name).expect("declared");
        tree.nodes.iter().position(|node| node.field == Some(field))
    };
    let start = names(from).expect("the header was described");
    let end = names("wlan_radio").expect("always there");
    let depth = tree.nodes[start].depth;
    let nodes = tree.nodes[start..end].iter();
    nodes
        .map(|node| format!("{}{}", " ".repeat(usize::from(node.depth - depth)), node.text))
        .collect()
}

fn radiotap(words: &[u32], fields: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend(u16::try_from(4 + 4 * words.len() + fields.len()).expect("short").to_le_bytes());
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(fields);
    bytes
}

/// The lines after those of the presence words.
fn radiotap_lines(words: &[u32], fields: &[u8]) -> Vec<String> {
    let lines = lines(LinkType::Radiotap, &radiotap(words, fields), "radiotap");
    let present = lines.iter().position(|line| line.starts_with("  Presence word")).expect("one");
    let rest = lines[present..].iter().skip_while(|line| line.starts_with("  "));
    rest.cloned().collect()
}

#[test]
fn antennas_in_words_of_their_own_and_a_vendor_namespace() {
    let words = [0xa000_0020, 0xc000_0820, 0x0000_0003];
    let fields = [200, 201, 0, 0, 0x00, 0x10, 0x18, 3, 2, 0, 9, 9];
    assert_eq!(
        radiotap_lines(&words, &fields),
        [
            " Antenna signal: -56 dBm",
            " Antenna signal: -55 dBm",
            " Antenna: 0",
            " Vendor namespace: 0010180302000909",
            "  Vendor OUI: 0x001018",
            "  Vendor sub-namespace: 3",
            "  Vendor data length: 2 bytes",
        ]
    );
}

#[test]
fn another_user_of_a_multi_user_ppdu() {
    // STA-ID 5, 2 streams (coded 1), MCS 9 (bits 15 to 18), coded with LDPC.
    let word = 5u32 | 1 << 11 | 9 << 15 | 1 << 20;
    let [low, high] = [word & 0x7fff, word >> 15].map(|half| u16::try_from(half).expect("halves"));
    let mut fields = low.to_le_bytes().to_vec();
    fields.extend(high.to_le_bytes());
    fields.extend([3, 0x01 | 0x02 | 0x04 | 0x20 | 0x80]);
    let lines = radiotap_lines(&[1 << 25], &fields);
    for expected in [
        "  STA-ID: 5",
        "  Space-time streams, minus 1: 1",
        "  MCS: 9",
        "  Coding: LDPC (1)",
        " Position: 3",
    ] {
        assert!(lines.iter().any(|line| line.trim() == expected.trim()), "{expected}: {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.contains("Spatial configuration:")), "{lines:#?}");
}

#[test]
fn u_sig_and_eht() {
    let mut fields = vec![33, 0, 12, 0];
    // Bandwidth 320 MHz-1 and downlink known; EHT-SIG of 3 symbols at MCS 1.
    fields.extend((0x06u32 | 4 << 15).to_le_bytes());
    fields.extend((1u32 << 15 | 2 << 17).to_le_bytes());
    fields.extend(0x003f_8000u32.to_le_bytes());
    fields.extend([34, 0, 44, 0]);
    // Guard interval, training symbols and one allocation known.
    fields.extend(0x14u32.to_le_bytes());
    fields.extend((1u32 << 7 | 2 << 9 | 1 << 11).to_le_bytes());
    fields.extend((77u32 << 13 | 1 << 22).to_le_bytes());
    fields.extend([0; 28]);
    fields.extend((0x12u32 | 0x80 | 13 << 20 | 1 << 24).to_le_bytes());
    let lines = radiotap_lines(&[1 << 28], &fields);
    for expected in [
        "Type: U-SIG (33)",
        "Bandwidth: 320 MHz-1 (4)",
        "EHT-SIG MCS: 1",
        "EHT-SIG symbols, minus 1: 2",
        "Guard interval: 1.6 µs (1)",
        "EHT-LTF symbol size: 12.8 µs (2)",
        "EHT-LTF symbols: 2 (1)",
        "Resource unit allocation, channel 1, 1.1: 77",
        "MCS: 13",
        "Streams, minus 1: 1",
    ] {
        assert!(lines.iter().any(|line| line.trim() == expected), "{expected}: {lines:#?}");
    }
    for absent in ["Spatial reuse:", "Coding:", "Size of the resource unit:", "CRC:"] {
        assert!(!lines.iter().any(|line| line.trim().starts_with(absent)), "{absent}: {lines:#?}");
    }
    let bytes = radiotap(&[1 << 28], &fields);
    let frame = crate::parse(LinkType::Radiotap, &bytes, 100);
    let faults: Vec<_> = frame.faults.iter().filter(|fault| fault.layer == Layer::Radio).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn prism_in_both_byte_orders_and_avs_under_its_link_type() {
    for big_endian in [false, true] {
        let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut header = [word(0x44), word(36), *b"wlan", *b"0\0\0\0", [0; 4], [0; 4]].concat();
        header
            .extend([&word(6 << 16 | 0x44)[..], &half(0), &half(4), &word(-60i32 as u32)].concat());
        let lines = lines(LinkType::Prism, &header, "prism");
        assert!(lines.contains(&" Device: wlan0".to_owned()), "{lines:#?}");
        assert!(lines.contains(&"  Item number: signal (0x00060044)".to_owned()), "{lines:#?}");
        assert!(lines.contains(&"  Signal: -60".to_owned()), "{lines:#?}");
    }
    let mut avs: Vec<u8> =
        [0x8021_1001u32, 64].iter().flat_map(|word| word.to_be_bytes()).collect();
    avs.resize(64, 0);
    avs[47] = 2;
    avs[48..52].copy_from_slice(&(-41i32).to_be_bytes());
    assert!(lines(LinkType::Prism, &avs, "wlancap").contains(&" Signal: -41 dBm".to_owned()));
}

#[test]
fn ppi_before_radiotap_and_cooked_before_radiotap() {
    let inner = radiotap(&[0x20], &[196]);
    let mut ppi = vec![0, 0, 8, 0, 127, 0, 0, 0];
    ppi.extend(&inner);
    let mut cooked = [0u16, 803, 6].map(u16::to_be_bytes).concat();
    cooked.extend([2, 0, 0, 0, 0, 1, 0, 0, 0, 4]);
    cooked.extend(&inner);
    for (link_type, header, from) in
        [(LinkType::Ppi, ppi, "ppi"), (LinkType::LinuxCooked, cooked, "sll")]
    {
        let lines = lines(link_type, &header, from);
        assert!(lines.contains(&" Antenna signal: -60 dBm".to_owned()), "{lines:#?}");
    }
}

/// Headers with as many fields as one can have.
fn rich_headers() -> Vec<(LinkType, Vec<u8>)> {
    let all = [0x0fffu32 | 0x0fff << 12 | 0xa000_0000, 0xc000_0820, 0x8000_0001, 0x0000_0820];
    let tlvs: Vec<u8> = [(32u8, 6u8), (33, 12), (34, 48), (30, 8), (5, 1), (99, 3)]
        .iter()
        .flat_map(|(kind, length)| {
            let padded = usize::from(*length).next_multiple_of(4);
            [vec![*kind, 0, *length, 0], vec![0xff; padded]].concat()
        })
        .collect();
    let mut ppi = Vec::new();
    for (kind, length) in [(2u16, 20u16), (3, 12), (4, 48), (8, 4), (9, 8), (30002, 144), (7, 3)] {
        ppi.extend([kind, length].map(u16::to_le_bytes).concat());
        let mut value = vec![0xff; usize::from(length)];
        if kind == 30002 {
            value[..8].copy_from_slice(&[2, 0xcf, 144, 0, 0xff, 0x03, 0, 0x70]);
        }
        ppi.extend(value);
    }
    let mut header = vec![0, 1];
    header.extend((8 + ppi.len() as u16).to_le_bytes());
    header.extend(105u32.to_le_bytes());
    header.extend(ppi);
    let mut prism = [0x44u32, 60].map(u32::to_le_bytes).concat();
    prism.resize(60, 0x41);
    let mut avs = [0x8021_1002u32, 80].map(u32::to_be_bytes).concat();
    avs.resize(80, 1);
    vec![
        (LinkType::Radiotap, radiotap(&all, &[0xff; 200])),
        (LinkType::Radiotap, radiotap(&[1 << 28], &tlvs)),
        (LinkType::Ppi, header),
        (LinkType::Prism, prism),
        (LinkType::Avs, avs),
    ]
}

#[test]
fn truncations_and_corruptions_stay_within_the_bytes() {
    let check = |link_type, bytes: &[u8]| {
        let tree = Tree::of(&Packet::new(CapturedFrame::new(link_type, bytes)));
        for node in &tree.nodes {
            let end = node.span.start as usize + node.span.length as usize;
            // Headings may announce what the bytes do not hold; values stand among them.
            let is_heading = node.below > 0 || node.fault.is_some();
            assert!(is_heading || end <= bytes.len(), "{node:?} of {} bytes", bytes.len());
        }
    };
    for (link_type, header) in rich_headers() {
        let whole = [header.as_slice(), &ACK].concat();
        for end in 0..=whole.len() {
            check(link_type, &whole[..end]);
        }
        for at in 0..whole.len() {
            for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                check(link_type, &damaged);
            }
        }
    }
}
