//! Every truncation and every corruption of one byte of rich frames: no panic, and fast.

use pw_dissect::capture::CapturedFrame;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_dissect::summary::Summary;
use pw_dissect::{LinkType, parse};
use pw_model::{RadioId, Timestamp};
use std::time::{Duration, Instant};

const AP: [u8; 6] = [0x00, 0x1b, 0x2f, 0, 0, 1];
const CLIENT: [u8; 6] = [0x02, 0, 0, 0, 0, 9];

fn element(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id, body.len() as u8][..], body].concat()
}

fn extension(id: u8, body: &[u8]) -> Vec<u8> {
    element(255, &[&[id][..], body].concat())
}

/// A beacon with one of every element that is decoded.
fn beacon() -> Vec<u8> {
    let mut mac = vec![0x80, 0, 0, 0];
    mac.extend([[0xff; 6], AP, AP].concat());
    mac.extend([0x10, 0]);
    mac.extend([1, 2, 3, 4, 5, 6, 7, 8, 100, 0, 0x11, 0x04]);
    let profile = [&[83, 2, 0x11, 0, 0, 3][..], b"two", &[85, 3, 1, 3, 1]].concat();
    let wps = [
        &[0, 0x50, 0xf2, 4, 0x10, 0x44, 0, 1, 2, 0x10, 0x21, 0, 5][..],
        b"Maker",
        &[0x10, 0x49, 0, 6, 0, 0x37, 0x2a, 0, 1, 0x20],
    ]
    .concat();
    let link = [0u8, 9, 0x22, 0x00, 7, 2, 0, 0, 0, 0, 2];
    let multi_link = [&[0x10, 0x00, 8, 2, 0, 0, 0, 0, 9, 1][..], &link].concat();
    let fragmented = extension(107, &[&multi_link[..], &[0; 233]].concat());
    for part in [
        element(0, b"town"),
        element(1, &[0x82, 0x84, 0x8b, 0x96, 12, 18]),
        element(3, &[36]),
        element(5, &[0, 1, 0, 0]),
        element(7, b"DE \x24\x08\x17"),
        element(11, &[3, 0, 60, 0, 0]),
        element(
            48,
            &[
                1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 2, 0, 0, 0x0f, 0xac, 2, 0, 0x0f,
                0xac, 8, 0xc0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0,
                0x0f, 0xac, 6,
            ],
        ),
        element(
            45,
            &[
                0xef, 0x09, 0x17, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 0, 0,
            ],
        ),
        element(61, &[36, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        element(191, &[0xb2, 0x79, 0x89, 0x33, 0xea, 0xff, 0, 0, 0xea, 0xff, 0, 0]),
        element(192, &[1, 42, 50, 0, 0]),
        element(71, &[&[3, 0, profile.len() as u8][..], &profile].concat()),
        element(114, b"mesh"),
        element(133, &[0x41; 30]),
        element(201, &[0, 0, 1, 2, 3, 4, 5]),
        element(
            221,
            &[
                0, 0x50, 0xf2, 1, 1, 0, 0, 0x50, 0xf2, 2, 1, 0, 0, 0x50, 0xf2, 2, 1, 0, 0, 0x50,
                0xf2, 2,
            ],
        ),
        element(221, &[0, 0x50, 0xf2, 2, 1, 1, 0x84, 0, 3, 0xa4, 0, 0]),
        element(221, &wps),
        element(221, &[0x50, 0x6f, 0x9a, 0x1c, 2, 0, 0, 0, 0, 1, 4, b'o', b'p', b'e', b'n']),
        extension(
            35,
            &[
                0, 0, 0, 0, 0, 0, 0x4c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfa, 0xff, 0xfa, 0xff, 0xfa,
                0xff, 0xfa, 0xff,
            ],
        ),
        extension(36, &[0, 0x40, 0x02, 7, 0, 0, 1, 42, 50, 37, 3, 39, 47, 6]),
        extension(106, &[3, 0, 0, 0, 0, 4, 47, 63, 0, 0]),
        fragmented,
        element(242, &[9, 9, 9]),
        extension(
            108,
            &[
                0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x22,
                0x22,
            ],
        ),
        element(250, &[1, 2, 3]),
    ] {
        mac.extend(part);
    }
    mac
}

fn eapol() -> Vec<u8> {
    let mut mac = vec![0x88, 0x02, 0, 0];
    mac.extend([CLIENT, AP, AP].concat());
    mac.extend([0x10, 0, 0, 0]);
    mac.extend([0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 2, 3, 0, 117, 2, 0x00, 0x8a, 0, 16]);
    mac.extend([7; 88]);
    mac.extend([0, 22, 0xdd, 20, 0, 0x0f, 0xac, 4]);
    mac.extend([5; 16]);
    mac
}

fn radiotap(mac: &[u8]) -> Vec<u8> {
    let words = [0xa028_006fu32, 0xc000_0820, 0x8000_0001, 0x0000_0820 | 1 << 29];
    let mut bytes = vec![0, 0, 0, 0];
    for word in words {
        bytes.extend(word.to_le_bytes());
    }
    bytes.resize(24, 0);
    bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 0x10, 12, 0x3c, 0x14, 0x40, 0x01, 200, 160, 7, 5, 15, 0]);
    bytes.extend([0x44, 0, 4, 4, 0x92, 0, 0, 0, 1, 0, 0, 0, 199, 0]);
    bytes.extend([0, 1, 2, 3, 2, 0, 9, 9, 198, 1]);
    let length = bytes.len() as u16;
    bytes[2..4].copy_from_slice(&length.to_le_bytes());
    bytes.extend(mac);
    bytes.extend(pw_dissect::ieee80211::fcs::compute(mac).to_le_bytes());
    bytes
}

fn ppi(mac: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 52, 0, 105, 0, 0, 0, 2, 0, 20, 0];
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0x85, 9, 0xc0, 0, 0, 0, 200, 160]);
    bytes.extend([0x32, 0x75, 16, 0, 2, 0xcf, 16, 0, 6, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x90]);
    bytes.extend(mac);
    bytes
}

/// Everything that reads frames, over one input.
fn read_all_ways(link_type: LinkType, data: &[u8], observer: &mut Observer, summary: &mut Summary) {
    let original_len = data.len() as u32;
    let frame = parse(link_type, data, original_len);
    assert!(frame.mac_offset <= data.len());
    assert!(frame.faults.iter().all(|fault| fault.offset as usize <= data.len()));
    if let Some(mut elements) = frame.elements() {
        let end = elements.offset() + elements.bytes().len();
        for element in elements.by_ref() {
            assert!(element.offset + 2 + usize::from(element.length) <= end);
        }
    }
    let mut out = Observed::default();
    let input = FrameInput {
        time: Timestamp::from_unix_secs(1),
        radio: RadioId(0),
        link_type,
        data,
        original_len,
        frequency_mhz: Some(5180),
        position: None,
    };
    observer.observe(&input, &mut out);
    assert_eq!(out.observations.len() as u64 + out.opted_out, 1);
    summary.add(&CapturedFrame { original_len, ..CapturedFrame::new(link_type, data) });
}

#[test]
fn truncations_and_corruptions() {
    let mut inputs = vec![];
    for mac in [beacon(), eapol()] {
        inputs.push((LinkType::Radiotap, radiotap(&mac)));
        inputs.push((LinkType::Ppi, ppi(&mac)));
        inputs.push((LinkType::Ieee80211, mac));
    }
    let mut observer = Observer::new(ObserverSettings::default());
    let mut summary = Summary::default();
    let started = Instant::now();
    let mut count = 0u32;
    for (link_type, whole) in &inputs {
        for end in 0..=whole.len() {
            read_all_ways(*link_type, &whole[..end], &mut observer, &mut summary);
            count += 1;
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            for value in 0..=255u8 {
                damaged[at] = value;
                read_all_ways(*link_type, &damaged, &mut observer, &mut summary);
                count += 1;
            }
        }
    }
    let took = started.elapsed();
    eprintln!("{count} inputs in {took:?}");
    assert!(summary.frames() > 0);
    assert!(took < Duration::from_micros(100) * count, "{took:?} for {count} inputs");
}

#[test]
fn the_undamaged_frames_are_read_to_the_end() {
    let frame = beacon();
    let mut elements =
        parse(LinkType::Ieee80211, &frame, frame.len() as u32).elements().expect("a beacon");
    assert_eq!(elements.by_ref().count(), 26);
    assert_eq!(elements.fault(), None);
    let bytes = radiotap(&frame);
    let parsed = parse(LinkType::Radiotap, &bytes, bytes.len() as u32);
    assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
    assert_eq!(parsed.fcs, pw_dissect::Fcs::Good);
    let bytes = eapol();
    let key =
        parse(LinkType::Ieee80211, &bytes, bytes.len() as u32).eapol_key().expect("a key frame");
    assert_eq!((key.message(), key.pmkid()), (Some(1), Some([5; 16])));
}
