//! What the tracker makes of small made-up batches.

use super::*;
use crate::fixture::{START_SECS, advertisement, bssid, empty, observation};
use pw_model::{Band, Position};
use std::path::PathBuf;

const AP: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const STATION: MacAddr = MacAddr([6, 0, 0, 0, 0, 2]);

fn info() -> crate::SurveyInfo {
    let created = Timestamp::from_unix_secs(0);
    crate::SurveyInfo { path: PathBuf::new(), name: "test".to_owned(), created }
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_unix_secs(START_SECS + secs)
}

fn data(transmitter: MacAddr, receiver: MacAddr, flags: FrameFlags, secs: i64) -> Observation {
    let bssid = if flags == FrameFlags::TO_DS { receiver } else { transmitter };
    Observation {
        kind: FrameKind::new(2, 8),
        flags,
        receiver: Some(receiver),
        bssid: Some(bssid),
        ..observation(transmitter, at(secs))
    }
}

fn saying(id: u64, kind: FrameKind, transmitter: MacAddr, secs: i64) -> Observation {
    let advertisement = Some(AdvertisementId(id));
    Observation { kind, advertisement, ..observation(transmitter, at(secs)) }
}

fn seen(observations: Vec<Observation>, advertisements: Vec<Advertisement>) -> Arc<Snapshot> {
    let mut batch = empty(1, 1);
    (batch.observations, batch.advertisements) = (observations, advertisements);
    let mut tracker = Tracker::new();
    assert!(tracker.apply(&batch));
    assert!(!tracker.apply(&batch), "taken in once only");
    tracker.snapshot(&info(), None)
}

#[test]
fn a_hidden_name_is_revealed_by_a_probe_response() {
    let snapshot = seen(
        vec![
            saying(1, FrameKind::BEACON, AP, 0),
            saying(2, FrameKind::PROBE_RESPONSE, AP, 1),
            saying(1, FrameKind::BEACON, AP, 2),
        ],
        vec![
            advertisement(1, AdvertisementKind::Beacon, AP, "\0\0\0"),
            advertisement(2, AdvertisementKind::ProbeResponse, AP, "secret"),
        ],
    );
    let ap = snapshot.access_point(AP).expect("heard");
    assert!(ap.hidden);
    assert_eq!(ap.name().as_deref(), Some("secret"));
    assert_eq!((ap.beacons, ap.frames, ap.kinds.len()), (2, 3, 2));
    assert_eq!(ap.advertisement.as_ref().map(|a| a.id.0), Some(1));
    assert_eq!(ap.protection.as_ref().map(|p| p.label.name()), Some("OPEN"));
    assert_eq!(ap.channel.map(|c| (c.band, c.number)), Some((Band::Ghz2_4, 2)));
}

#[test]
fn a_hidden_name_is_revealed_by_who_joins() {
    let mut request = saying(3, FrameKind::ASSOCIATION_REQUEST, STATION, 1);
    (request.receiver, request.bssid) = (Some(AP), Some(AP));
    let said = vec![
        advertisement(1, AdvertisementKind::Beacon, AP, ""),
        advertisement(3, AdvertisementKind::AssociationRequest, STATION, "secret"),
    ];
    // In either order.
    for frames in [
        vec![saying(1, FrameKind::BEACON, AP, 0), request.clone()],
        vec![request, saying(1, FrameKind::BEACON, AP, 2)],
    ] {
        let snapshot = seen(frames, said.clone());
        let ap = snapshot.access_point(AP).expect("heard");
        assert_eq!((ap.name().as_deref(), ap.hidden), (Some("secret"), true));
        assert_eq!(ap.clients, [STATION]);
        assert_eq!(snapshot.clients[0].bssid, Some(AP));
        assert!(snapshot.clients[0].probed.is_empty(), "asked to join, not for a name");
    }
}

#[test]
fn the_latest_name_stands_first() {
    let said = |id, name| advertisement(id, AdvertisementKind::Beacon, AP, name);
    let beacons = [(1, 0), (2, 5), (1, 3)];
    let frames = beacons.map(|(id, secs)| saying(id, FrameKind::BEACON, AP, secs));
    let snapshot = seen(frames.to_vec(), vec![said(1, "old"), said(2, "new")]);
    let ap = snapshot.access_point(AP).expect("heard");
    let names: Vec<String> = ap.ssids.iter().map(pw_model::Ssid::text).collect();
    assert_eq!(names, ["new", "old"]);
}

#[test]
fn data_frames_show_both_sides() {
    let snapshot = seen(
        vec![
            data(STATION, AP, FrameFlags::TO_DS, 0),
            data(AP, STATION, FrameFlags::FROM_DS, 1),
            data(AP, MacAddr::BROADCAST, FrameFlags::FROM_DS, 2),
        ],
        Vec::new(),
    );
    let ap = snapshot.access_point(AP).expect("heard");
    assert_eq!((ap.frames, ap.clients.as_slice(), ap.beacons), (2, &[STATION][..], 0));
    assert!(ap.advertisement.is_none() && ap.protection.is_none() && !ap.hidden);
    // Not announced: where it was heard.
    assert_eq!(ap.frequency_mhz, Some(2437));
    assert_eq!(snapshot.clients.len(), 1);
    assert_eq!((snapshot.clients[0].frames, snapshot.clients[0].bssid), (1, Some(AP)));
}

#[test]
fn who_turns_out_to_be_an_access_point_is_no_client() {
    let probe = saying(9, FrameKind::PROBE_REQUEST, AP, 0);
    let beacon = saying(1, FrameKind::BEACON, AP, 1);
    let said = vec![advertisement(1, AdvertisementKind::Beacon, AP, "phone")];
    for frames in [vec![probe.clone(), beacon.clone()], vec![beacon, probe]] {
        let snapshot = seen(frames, said.clone());
        assert!(snapshot.clients.is_empty());
        let ap = snapshot.access_point(AP).expect("heard");
        assert_eq!((ap.frames, ap.beacons), (2, 1));
        assert_eq!(ap.name().as_deref(), Some("phone"));
    }
}

#[test]
fn what_was_damaged_on_the_air_makes_no_device() {
    let mut bad = saying(1, FrameKind::BEACON, AP, 0);
    bad.flags = FrameFlags::BAD_FCS.with(FrameFlags::RETRY);
    let mut unreadable = observation(STATION, at(1));
    unreadable.kind = FrameKind::UNREADABLE;
    let said = vec![advertisement(1, AdvertisementKind::Beacon, AP, "x")];
    let snapshot = seen(vec![bad, unreadable], said);
    assert!(snapshot.access_points.is_empty() && snapshot.clients.is_empty());
    let totals = snapshot.totals;
    assert_eq!((totals.observations, totals.bad_fcs, totals.unreadable), (2, 1, 1));
    let channel = &snapshot.channels[0];
    assert_eq!((channel.frames, channel.airtime_us, channel.retries), (2, 3400, 0));
    assert_eq!(channel.listened_ns, None, "no ledger");
}

#[test]
fn a_network_in_another_s_beacon() {
    let said = advertisement(5, AdvertisementKind::NonTransmitted, AP, "guest");
    let snapshot = seen(Vec::new(), vec![Advertisement { time: at(7), ..said }]);
    let ap = snapshot.access_point(AP).expect("announced");
    assert_eq!((ap.frames, ap.name().as_deref()), (0, Some("guest")));
    assert_eq!((ap.first_seen, ap.signal, ap.sensors.len()), (at(7), None, 1));
}

#[test]
fn where_it_was_heard_and_how_strong() {
    let mut near = observation(STATION, at(0));
    near.kind = FrameKind::PROBE_REQUEST;
    near.position = Position::new(50.0, 8.0);
    let mut unknown = Observation { signal_dbm: Some(-80), time: at(2), ..near.clone() };
    unknown.position = None;
    let silent = Observation { signal_dbm: None, time: at(1), ..near.clone() };
    let snapshot = seen(vec![near, unknown, silent], Vec::new());
    let client = &snapshot.clients[0];
    assert_eq!(client.heard.len(), 1);
    assert_eq!(client.heard[0].frames, 1, "no strength, no place");
    let signal = client.signal.expect("known");
    assert_eq!((signal.max_dbm, signal.min_dbm, signal.last_dbm), (-60, -80, -80));
    assert_eq!(snapshot.totals.positioned, 2);
    assert_eq!(client.history.iter().map(|point| point.frames).sum::<u32>(), 2);
}

#[test]
fn too_many_devices_drop_the_oldest_single_frames() {
    let mut batch = empty(1, 1);
    let mut observe = |n: u64, secs: i64| {
        let mut o = observation(bssid(n), at(secs));
        o.kind = FrameKind::PROBE_REQUEST;
        batch.observations.push(o);
    };
    // Two frames each of the first hundred, which are also the oldest.
    (0..100).for_each(|n| observe(n, 0));
    (0..100).for_each(|n| observe(n, 1));
    (100..MAX_DEVICES as u64 + 1).for_each(|n| observe(n, n as i64));
    let mut tracker = Tracker::new();
    tracker.apply(&batch);
    let snapshot = tracker.snapshot(&info(), None);
    let gone = MAX_DEVICES / 16;
    assert_eq!(snapshot.clients.len(), MAX_DEVICES + 1 - gone);
    assert_eq!(snapshot.totals.evicted_clients, gone as u64);
    let held = |n: u64| snapshot.clients.iter().any(|client| client.address == bssid(n));
    assert!(held(0) && held(99) && !held(100) && !held(99 + gone as u64));
    assert!(held(100 + gone as u64) && held(MAX_DEVICES as u64));
    assert_eq!(snapshot.totals.observations, 200 + MAX_DEVICES as u64 - 99);
    // A snapshot that had their rows lets them go as well.
    let mut more = empty(1, 2);
    for n in 0..MAX_DEVICES as u64 {
        let mut o = observation(MacAddr::from_u64(0x0a00_0000_0000 + n), at(90_000));
        o.kind = FrameKind::PROBE_REQUEST;
        more.observations.push(o);
    }
    tracker.apply(&more);
    let later = tracker.snapshot(&info(), None);
    assert!(later.clients.len() <= MAX_DEVICES);
    assert_eq!(later.clients.len(), tracker.devices.len());
    assert_eq!(tracker.head.clients, tracker.devices.len() as u64);
}

#[test]
fn what_the_person_wrote_last_holds() {
    let mut tracker = Tracker::new();
    let note =
        |secs, text: &str| UserRecord::Note { time: at(secs), device: AP, text: text.to_owned() };
    tracker.apply_user(&note(5, "later"));
    tracker.apply_user(&note(1, "earlier"));
    let mut batch = empty(1, 1);
    batch.observations.push(data(AP, STATION, FrameFlags::FROM_DS, 0));
    tracker.apply(&batch);
    let said = |tracker: &mut Tracker| {
        let snapshot = tracker.snapshot(&info(), None);
        snapshot.access_point(AP).expect("heard").note.clone()
    };
    assert_eq!(said(&mut tracker).as_deref(), Some("later"));
    tracker.apply_user(&note(9, ""));
    assert_eq!(said(&mut tracker), None);
}

#[test]
fn gaps_of_a_thinned_journal_are_one_row_a_minute_in_any_order() {
    use pw_model::RadioId;
    let thinned = |seq: u64, secs: i64, radio: u8| {
        let mut batch = empty(1, seq);
        batch.gaps = vec![Gap {
            radio: Some(RadioId(radio)),
            start: at(secs),
            end: at(secs + 1),
            cause: GapCause::Thinned,
            frames: Some(seq),
        }];
        batch
    };
    // START_SECS need not be the start of a minute.
    let minute = (60 - START_SECS.rem_euclid(60)) % 60;
    let batches = [
        thinned(1, minute, 0),
        thinned(2, minute + 30, 0),
        thinned(3, minute + 30, 1),
        thinned(4, minute + 60, 0),
    ];
    let rows = |order: [usize; 4]| {
        let mut tracker = Tracker::new();
        order.iter().for_each(|place| assert!(tracker.apply(&batches[*place])));
        let snapshot = tracker.snapshot(&info(), None);
        assert_eq!(snapshot.totals.frames_lost, 10);
        let rows = snapshot.gaps.iter();
        let mut rows: Vec<_> =
            rows.map(|row| (row.gap.start, row.gap.radio, row.gap.end, row.gap.frames)).collect();
        rows.sort();
        rows
    };
    let expected = vec![
        (at(minute), Some(RadioId(0)), at(minute + 31), Some(3)),
        (at(minute + 30), Some(RadioId(1)), at(minute + 31), Some(3)),
        (at(minute + 60), Some(RadioId(0)), at(minute + 61), Some(4)),
    ];
    assert_eq!(rows([0, 1, 2, 3]), expected);
    assert_eq!(rows([3, 2, 1, 0]), expected);
}
