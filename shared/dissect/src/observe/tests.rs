//! The promise of one observation per frame, opt-out, and when advertisements are sent.

use super::*;
use crate::ieee80211::fcs;

const AP: [u8; 6] = [0x00, 0x1b, 0x2f, 0, 0, 1];
const CLIENT: [u8; 6] = [0x02, 0, 0, 0, 0, 9];

fn frame(kind: u8, flags: u8, addresses: [[u8; 6]; 3], body: &[u8]) -> Vec<u8> {
    let mut mac = vec![kind, flags, 0, 0];
    mac.extend(addresses.concat());
    mac.extend([0x50, 0x01]);
    mac.extend(body);
    mac
}

fn beacon(ssid: &str, more: &[u8]) -> Vec<u8> {
    let mut body = vec![0; 8];
    body.extend([100, 0, 0x11, 0x04, 0, ssid.len() as u8]);
    body.extend(ssid.bytes());
    body.extend([1, 4, 0x82, 0x84, 0x8b, 0x96, 3, 1, 6]);
    body.extend(more);
    frame(0x80, 0, [[0xff; 6], AP, AP], &body)
}

fn data_frame() -> Vec<u8> {
    frame(0x08, 0x41, [AP, CLIENT, AP], &[1, 2, 3, 4, 5, 6, 7, 8])
}

/// With a radiotap header that says 1 Mbit/s, 2437 MHz, -60 dBm, and an FCS.
fn with_radiotap(mac: &[u8], good_fcs: bool) -> Vec<u8> {
    let mut bytes =
        vec![0, 0, 15, 0, 0x2e, 0, 0, 0, 0x10, 2, 0x85, 0x09, 0xa0, 0x00, (-60i8).cast_unsigned()];
    bytes.extend(mac);
    bytes.extend((fcs::compute(mac) ^ u32::from(!good_fcs)).to_le_bytes());
    bytes
}

struct Run {
    observer: Observer,
    out: Observed,
    secs: i64,
    frames: u64,
}

impl Run {
    fn new() -> Self {
        Self {
            observer: Observer::new(ObserverSettings::default()),
            out: Observed::default(),
            secs: 1000,
            frames: 0,
        }
    }

    fn hear(&mut self, link_type: LinkType, data: &[u8]) {
        let input = FrameInput {
            time: Timestamp::from_unix_secs(self.secs),
            radio: RadioId(0),
            link_type,
            data,
            original_len: data.len() as u32,
            frequency_mhz: None,
            position: None,
        };
        self.observer.observe(&input, &mut self.out);
        self.frames += 1;
        assert_eq!(
            self.out.observations.len() as u64 + self.out.opted_out,
            self.frames,
            "none lost, none twice"
        );
    }
}

#[test]
fn a_beacon_becomes_an_observation_and_an_advertisement() {
    let mut run = Run::new();
    run.hear(LinkType::Radiotap, &with_radiotap(&beacon("town", &[]), true));
    let seen = &run.out.observations[0];
    assert_eq!(
        (seen.kind, seen.signal_dbm, seen.frequency_mhz),
        (FrameKind::BEACON, Some(-60), Some(2437))
    );
    assert_eq!((seen.transmitter, seen.bssid), (Some(MacAddr(AP)), Some(MacAddr(AP))));
    assert_eq!(seen.sequence, Some(0x15));
    let length = beacon("town", &[]).len() as u32 + 4;
    assert_eq!((seen.length, seen.airtime_us), (length, Some(192 + length * 8)));
    let said = &run.out.advertisements[0];
    assert_eq!(seen.advertisement, Some(said.id));
    assert_eq!(said.traits.ssid, Some(Ssid::new("town")));
    assert!(said.traits.security.privacy);
}

#[test]
fn an_advertisement_is_sent_again_when_it_changed_or_after_ten_minutes() {
    let mut run = Run::new();
    let hear = |run: &mut Run, more: &[u8]| {
        run.hear(LinkType::Ieee80211, &beacon("town", more));
        run.out.advertisements.len()
    };
    assert_eq!(hear(&mut run, &[5, 4, 0, 1, 0, 0]), 1);
    assert_eq!(hear(&mut run, &[5, 4, 1, 1, 0, 7]), 1, "traffic indication is no change");
    assert_eq!(hear(&mut run, &[11, 5, 9, 0, 9, 0, 0]), 1, "load is no change");
    assert_eq!(hear(&mut run, &[7, 6, b'D', b'E', b' ', 1, 13, 20]), 2, "a country is one");
    run.secs += 599;
    assert_eq!(hear(&mut run, &[]), 2);
    run.secs += 1;
    assert_eq!(hear(&mut run, &[]), 3);
    let ids: std::collections::HashSet<_> =
        run.out.observations.iter().map(|seen| seen.advertisement).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_wrong_fcs_leaves_no_address_and_no_advertisement() {
    let mut run = Run::new();
    run.hear(LinkType::Radiotap, &with_radiotap(&beacon("town_nomap", &[]), false));
    let seen = &run.out.observations[0];
    assert!(seen.flags.contains(FrameFlags::BAD_FCS));
    assert_eq!(
        (seen.transmitter, seen.receiver, seen.bssid, seen.sequence),
        (None, None, None, None)
    );
    assert!(run.out.advertisements.is_empty());
}

#[test]
fn networks_that_ask_are_left_out_with_all_their_frames() {
    let mut run = Run::new();
    run.hear(LinkType::Ieee80211, &data_frame());
    assert_eq!(run.out.observations.len(), 1, "nobody has asked yet");
    run.hear(LinkType::Ieee80211, &beacon("town_nomap", &[]));
    run.hear(LinkType::Ieee80211, &data_frame());
    let to_ap = [&[0xd4, 0, 0, 0][..], &AP].concat();
    run.hear(LinkType::Ieee80211, &to_ap);
    assert_eq!((run.out.observations.len(), run.out.opted_out), (1, 3));
    assert!(run.out.advertisements.is_empty());
    let settings = ObserverSettings { honour_opt_out: false, ..ObserverSettings::default() };
    let mut run = Run { observer: Observer::new(settings), ..Run::new() };
    run.hear(LinkType::Ieee80211, &beacon("town_nomap", &[]));
    assert_eq!(run.out.opted_out, 0);
}

#[test]
fn a_hidden_profile_of_a_set_may_opt_out_alone() {
    let profile = |name: &str, index: u8| {
        let mut own = vec![83, 2, 0x11, 0, 0, name.len() as u8];
        own.extend(name.bytes());
        own.extend([85, 1, index]);
        [&[0, own.len() as u8][..], &own].concat()
    };
    let set = [profile("guest", 1), profile("x_nomap", 2)].concat();
    let more = [&[71, set.len() as u8 + 1, 2][..], &set].concat();
    let mut run = Run::new();
    run.hear(LinkType::Ieee80211, &beacon("town", &more));
    let names: Vec<_> =
        run.out.advertisements.iter().filter_map(|said| said.traits.ssid.clone()).collect();
    assert_eq!(names, [Ssid::new("guest"), Ssid::new("town")]);
    for said in &run.out.advertisements {
        assert!(!said.elements.windows(7).any(|bytes| bytes == b"x_nomap"), "{:?}", said.kind);
    }
    assert_eq!(run.out.advertisements[0].transmitter, MacAddr([0x00, 0x1b, 0x2f, 0, 0, 2]));
    // The third BSS of the set is 00:1b:2f:00:00:03.
    let mut ap = AP;
    ap[5] = 3;
    run.hear(LinkType::Ieee80211, &frame(0x08, 0x41, [ap, CLIENT, ap], &[]));
    assert_eq!(run.out.opted_out, 1);
}

#[test]
fn what_cannot_be_read_is_observed_as_such() {
    let mut run = Run::new();
    for (link_type, data) in [
        (LinkType::Radiotap, &[][..]),
        (LinkType::Radiotap, &[1, 2, 3]),
        (LinkType::Ieee80211, &[0x80]),
        (LinkType::Other(1), &[0; 60]),
        (LinkType::Ieee80211, &[0x81; 60]),
    ] {
        run.hear(link_type, data);
    }
    assert_eq!(run.out.observations.len(), 5);
    for seen in &run.out.observations {
        assert_eq!(seen.kind, FrameKind::UNREADABLE);
        assert!(seen.flags.contains(FrameFlags::MALFORMED));
        assert_eq!((seen.transmitter, seen.detail), (None, None));
    }
}

#[test]
fn details_of_frames_that_have_one() {
    let mut run = Run::new();
    run.hear(LinkType::Ieee80211, &frame(0xc0, 0, [CLIENT, AP, AP], &[7, 0]));
    run.hear(LinkType::Ieee80211, &frame(0xb0, 0, [AP, CLIENT, AP], &[3, 0, 1, 0, 0, 0]));
    run.hear(LinkType::Ieee80211, &frame(0x10, 0, [CLIENT, AP, AP], &[1, 4, 17, 0, 1, 0xc0]));
    run.hear(LinkType::Ieee80211, &frame(0xd0, 0, [CLIENT, AP, AP], &[8, 0]));
    run.hear(LinkType::Ieee80211, &frame(0xc0, 0x40, [CLIENT, AP, AP], &[7, 0]));
    let details: Vec<_> = run.out.observations.iter().map(|seen| seen.detail).collect();
    assert_eq!(
        details,
        [
            Some(Detail::Reason(7)),
            Some(Detail::AuthAlgorithm(3)),
            Some(Detail::Status(17)),
            Some(Detail::ActionCategory(8)),
            None
        ]
    );
}
