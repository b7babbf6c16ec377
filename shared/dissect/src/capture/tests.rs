//! Files written by hand from the formats' specifications.

use super::*;
use std::io::Write;

fn pcap(big_endian: bool, nanoseconds: bool, link: u32, packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut bytes = word(if nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    bytes.extend(half(2));
    bytes.extend(half(4));
    bytes.extend([0; 8]);
    bytes.extend(word(65535));
    bytes.extend(word(link));
    for (secs, fraction, data) in packets {
        let length = data.len() as u32;
        for value in [*secs, *fraction, length, length + 1] {
            bytes.extend(word(value));
        }
        bytes.extend(*data);
    }
    bytes
}

fn block(kind: u32, body: &[u8], big_endian: bool) -> Vec<u8> {
    let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut padded = body.to_vec();
    padded.resize(body.len().div_ceil(4) * 4, 0);
    let total = word(padded.len() as u32 + 12);
    [&word(kind)[..], &total, &padded, &total].concat()
}

fn section(big_endian: bool) -> Vec<u8> {
    let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    block(
        0x0a0d_0d0a,
        &[&word(0x1a2b_3c4d)[..], &half(1), &half(0), &[0xff; 8]].concat(),
        big_endian,
    )
}

fn interface(link: u16, resolution: Option<u8>, big_endian: bool) -> Vec<u8> {
    let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut body = [&half(link)[..], &[0; 6]].concat();
    if let Some(resolution) = resolution {
        body.extend([&half(9)[..], &half(1), &[resolution, 0, 0, 0], &[0; 4]].concat());
    }
    block(1, &body, big_endian)
}

fn packet(interface: u32, units: u64, data: &[u8], big_endian: bool) -> Vec<u8> {
    let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut body = Vec::new();
    for value in
        [interface, (units >> 32) as u32, units as u32, data.len() as u32, data.len() as u32]
    {
        body.extend(word(value));
    }
    body.extend(data);
    block(6, &body, big_endian)
}

/// Time in ns, first byte, interface and link type of each frame.
fn read_all(bytes: &[u8]) -> Result<Vec<(i64, u8, u32, LinkType)>, CaptureError> {
    let mut reader = CaptureReader::open(bytes)?;
    let mut found = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        let time = frame.time.expect("these files say it").unix_ns();
        found.push((
            time,
            frame.data.first().copied().unwrap_or(0),
            frame.interface,
            frame.link_type,
        ));
    }
    Ok(found)
}

#[test]
fn pcap_in_both_byte_orders_and_resolutions() {
    for big_endian in [false, true] {
        for (nanoseconds, ns) in [(false, 5000), (true, 5)] {
            let bytes = pcap(big_endian, nanoseconds, 127, &[(1, 5, &[9]), (2, 5, &[8, 8])]);
            let found = read_all(&bytes).expect("sound");
            assert_eq!(
                found,
                [
                    (1_000_000_000 + ns, 9, 0, LinkType::Radiotap),
                    (2_000_000_000 + ns, 8, 0, LinkType::Radiotap)
                ]
            );
        }
    }
}

#[test]
fn compressed_files_are_read_on_the_fly() {
    let plain = pcap(false, false, 105, &[(1, 5, &[9]), (2, 5, &[8])]);
    let expected = read_all(&plain).expect("sound");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let zstd = zstd::encode_all(plain.as_slice(), 3).expect("memory");
    for compressed in [&gzip, &zstd] {
        assert_eq!(read_all(compressed).expect("sound"), expected);
        // Cut compressed data ends the reading with a warning, never with a frame made up.
        for end in 4..compressed.len() {
            if let Ok(mut reader) = CaptureReader::open(&compressed[..end]) {
                while let Ok(Some(frame)) = reader.next_frame() {
                    assert!(matches!(frame.data, [9] | [8]));
                }
            }
        }
    }
}

#[test]
fn several_sections_interfaces_and_resolutions() {
    let mut bytes = section(false);
    bytes.extend(interface(127, None, false));
    bytes.extend(interface(105, Some(9), false));
    bytes.extend(packet(1, 7, &[1], false));
    bytes.extend(packet(0, 7, &[2], false));
    // A section in the other byte order, with interfaces of its own and a resolution of 2⁻¹⁰.
    bytes.extend(section(true));
    bytes.extend(interface(192, Some(0x8a), true));
    bytes.extend(block(0xbad, &[1, 2, 3, 4], true));
    bytes.extend(packet(0, 1024, &[3], true));
    assert_eq!(
        read_all(&bytes).expect("sound"),
        [
            (7, 1, 1, LinkType::Ieee80211),
            (7000, 2, 0, LinkType::Radiotap),
            (1_000_000_000, 3, 2, LinkType::Ppi)
        ]
    );
}

/// One option, padded.
fn option(code: u16, value: &[u8], big_endian: bool) -> Vec<u8> {
    let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut bytes = [&half(code)[..], &half(value.len() as u16), value].concat();
    bytes.resize(bytes.len().div_ceil(4) * 4, 0);
    bytes
}

#[test]
fn options_of_sections_interfaces_and_packets() {
    for big_endian in [false, true] {
        let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let long = |v: u64| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let option = |code, value: &[u8]| option(code, value, big_endian);
        let head = [&word(0x1a2b_3c4d)[..], &half(1), &half(0), &[0xff; 8]].concat();
        let about = [option(1, b"why"), option(2, b"Pi"), option(3, b"Linux"), option(4, b"us")];
        let mut bytes =
            block(0x0a0d_0d0a, &[head, about.concat(), vec![0; 4]].concat(), big_endian);
        let settings = [
            option(2, b"wlan1"),
            option(3, b"left"),
            option(9, &[6]),
            option(13, &[4]),
            option(14, &long(100)),
        ];
        let interface = [&half(105)[..], &[0; 6], &settings.concat()].concat();
        bytes.extend(block(1, &interface, big_endian));
        // Name resolution, decryption secrets, journal and custom blocks hold no frame.
        for kind in [4, 10, 9, 0xbad, 0x4000_0bad] {
            bytes.extend(block(kind, &[9; 20], big_endian));
        }
        let mut packet = [0, 0, 2_000_000, 3, 3].map(word).concat();
        packet.extend([1, 2, 3, 0]);
        packet.extend(option(1, b"first"));
        packet.extend(option(2, &word(1 | 2 << 5)));
        packet.extend(option(1, b"second"));
        packet.extend(option(3, &[2, 0xde, 0xad, 0xbe, 0xef]));
        packet.extend(option(4, &long(7)));
        packet.extend(option(5, &long(99)));
        packet.extend(option(0, &[]));
        bytes.extend(block(6, &packet, big_endian));
        bytes.extend(block(3, &[&word(2)[..], &[5, 6]].concat(), big_endian));
        let statistics =
            [&[0; 12][..], &option(4, &long(50)), &option(5, &long(2)), &option(7, &long(3))];
        bytes.extend(block(5, &statistics.concat(), big_endian));

        let mut reader = CaptureReader::open(bytes.as_slice()).expect("a capture");
        let section = reader.section().expect("pcapng").clone();
        assert_eq!(section.comment.as_deref(), Some("why"));
        assert_eq!(section.hardware.as_deref(), Some("Pi"));
        assert_eq!(section.operating_system.as_deref(), Some("Linux"));
        assert_eq!(section.application.as_deref(), Some("us"));
        let frame = reader.next_frame().expect("sound").expect("a frame");
        assert_eq!(frame.time, Some(Timestamp::from_unix_ns(102_000_000_000)));
        assert_eq!((frame.data, frame.interface), (&[1u8, 2, 3][..], 0));
        let options = frame.options;
        assert_eq!(options.comments().collect::<Vec<_>>(), [&b"first"[..], b"second"]);
        assert_eq!(options.flags(), Some(0x41));
        assert_eq!(
            frame.fcs_len,
            Some(2),
            "the packet's own statement goes before the interface's"
        );
        let hash = options.hash().expect("a hash");
        assert_eq!((hash.algorithm, hash.bytes), (2, &[0xde, 0xad, 0xbe, 0xef][..]));
        assert_eq!((options.dropped(), options.packet_id()), (Some(7), Some(99)));
        let frame = reader.next_frame().expect("sound").expect("a simple packet");
        assert_eq!((frame.time, frame.data, frame.fcs_len), (None, &[5u8, 6][..], Some(4)));
        assert!(frame.options.is_empty());
        assert!(reader.next_frame().expect("sound").is_none());
        let interface = reader.interfaces().first().expect("one");
        assert_eq!(interface.name.as_deref(), Some("wlan1"));
        assert_eq!(interface.description.as_deref(), Some("left"));
        assert_eq!((interface.received, interface.dropped), (Some(50), Some(5)));
    }
}

#[test]
fn times_are_measured_against_the_first_packet_and_the_one_before() {
    let times = |bytes: &[u8]| {
        let mut reader = CaptureReader::open(bytes).expect("a capture");
        let mut found = Vec::new();
        while let Some(frame) = reader.next_frame().expect("sound") {
            found.push((frame.since_first_ns(), frame.since_previous_ns()));
        }
        found
    };
    // The third was captured before the second: files need not be in the order of time.
    let bytes = pcap(false, true, 127, &[(5, 7, &[9]), (7, 0, &[8]), (6, 999_999_999, &[8])]);
    let expected = [
        (Some(0), Some(0)),
        (Some(1_999_999_993), Some(1_999_999_993)),
        (Some(1_999_999_992), Some(-1)),
    ];
    assert_eq!(times(&bytes), expected);
    // A packet without a time, in the middle.
    let mut bytes = section(false);
    bytes.extend(interface(127, None, false));
    bytes.extend(packet(0, 1, &[9; 10], false));
    bytes.extend(block(3, &[&10u32.to_le_bytes()[..], &[7; 10], &[0; 2]].concat(), false));
    bytes.extend(packet(0, 3, &[8; 10], false));
    assert_eq!(times(&bytes), [(Some(0), Some(0)), (None, None), (Some(2_000), None)]);
    let alone = CapturedFrame::new(LinkType::Radiotap, &[]);
    assert_eq!((alone.since_first_ns(), alone.since_previous_ns()), (None, None));
}

#[test]
fn a_file_cut_in_a_packet_keeps_what_came_before() {
    let pcap = pcap(false, false, 127, &[(1, 5, &[9; 10]), (2, 5, &[8; 10])]);
    let mut pcapng = section(false);
    pcapng.extend(interface(127, None, false));
    let first = pcapng.len() + packet(0, 1, &[9; 10], false).len();
    pcapng.extend(packet(0, 1, &[9; 10], false));
    pcapng.extend(packet(0, 2, &[8; 10], false));
    for (bytes, first_end) in [(pcap, 24 + 26), (pcapng, first)] {
        for end in first_end + 1..bytes.len() {
            let mut reader = CaptureReader::open(&bytes[..end]).expect("the header is whole");
            assert_eq!(reader.next_frame().expect("sound").map(|frame| frame.number), Some(1));
            assert!(reader.next_frame().expect("sound").is_none());
            let warning = reader.warning().expect("cut");
            assert_eq!((warning.offset, warning.packets), (first_end as u64, 1), "{end}");
            assert_eq!(warning.available, (end - first_end) as u64);
        }
        let mut reader = CaptureReader::open(&bytes[..first_end]).expect("the header is whole");
        while reader.next_frame().expect("sound").is_some() {}
        assert!(reader.warning().is_none(), "an end between packets is no cut");
    }
}

#[test]
fn what_is_no_capture_says_what_it_looks_like() {
    let message = |bytes: &[u8]| match CaptureReader::open(bytes) {
        Ok(_) => "opened".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(message(b""), "the file is empty: there is no capture in it");
    assert!(message(&[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F']).contains("JPEG"));
    assert!(message(b"not at all").contains("text"));
    let mut old = pcap(false, false, 127, &[]);
    old[4] = 1;
    assert_eq!(message(&old), "pcap version 1.4 is not supported");
    let mut pcapng = section(false);
    pcapng[12] = 9;
    assert_eq!(message(&pcapng), "pcapng version 9.0 is not supported");
    assert!(message(&pcap(false, false, 127, &[])[..20]).contains("header"));
}

#[test]
fn damage_is_an_error_with_its_place_and_no_allocation() {
    let mut huge = pcap(false, false, 127, &[(1, 5, &[9])]);
    huge.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    let error = read_all(&huge).expect_err("too long");
    assert!(
        error
            .to_string()
            .starts_with("damaged at byte 41, after 1 packets: a record of 4294967295 bytes"),
        "{error}"
    );
    let mut differing = section(false);
    differing.extend(interface(127, None, false));
    let at = differing.len();
    differing.extend(packet(0, 1, &[9], false));
    let last = differing.len() - 1;
    differing[last] = 1;
    let error = read_all(&differing).expect_err("lengths differ");
    assert!(error.to_string().contains(&format!("byte {at}")), "{error}");
    let mut undescribed = section(false);
    undescribed.extend(packet(3, 1, &[9], false));
    assert!(read_all(&undescribed).is_err());
}

#[test]
fn every_corruption_of_a_byte_ends_in_bounded_time() {
    let mut bytes = section(false);
    bytes.extend(interface(127, Some(9), false));
    bytes.extend(packet(0, 1, &[9; 6], false));
    bytes.extend(section(true));
    bytes.extend(interface(127, Some(0x94), true));
    bytes.extend(packet(0, 1, &[9; 6], true));
    for at in 0..bytes.len() {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            if let Ok(mut reader) = CaptureReader::open(damaged.as_slice()) {
                let mut count = 0;
                while let Ok(Some(_)) = reader.next_frame() {
                    count += 1;
                    assert!(count <= 2);
                }
            }
        }
    }
}

#[test]
fn the_place_of_a_frame_s_bytes_is_told() {
    let files = [
        pcap(false, false, 127, &[(1, 0, &[1, 2, 3]), (2, 0, &[4])]),
        [
            section(true),
            interface(127, None, true),
            packet(0, 1, &[1, 2, 3], true),
            packet(0, 2, &[4], true),
        ]
        .concat(),
    ];
    for bytes in files {
        let mut reader = CaptureReader::open(bytes.as_slice()).expect("a capture");
        for expected in [&[1u8, 2, 3][..], &[4]] {
            let frame = reader.next_frame().expect("sound").expect("a frame");
            assert_eq!(frame.data, expected);
            let start = usize::try_from(reader.data_offset()).expect("small");
            assert_eq!(&bytes[start..start + expected.len()], expected);
        }
    }
}
