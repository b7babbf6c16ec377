//! Known answers: which addresses of which frames stay, and what is left of what clients say.

use super::*;
use pw_model::{AdvertisementId, Detail, NetworkTraits, Origin, RadioId, Ssid, Wps};
use std::time::Duration;

const AP: MacAddr = MacAddr([0x00, 0x11, 0x22, 0, 0, 1]);
const STA: MacAddr = MacAddr([0x00, 0x1b, 0x77, 0, 0, 2]);
const PEER: MacAddr = MacAddr([0x00, 0x1b, 0x77, 0, 0, 3]);
const ALL: MacAddr = MacAddr::BROADCAST;
const DATA: FrameKind = FrameKind::new(2, 8);

fn privacy(config: &str) -> (tempfile::TempDir, Privacy) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let config: PrivacyConfig = toml::from_str(config).expect("valid");
    let settings = PrivacySettings::new(&config, Origin::Live).expect("valid");
    let now = Timestamp::from_unix_secs(1_780_000_000);
    let privacy = Privacy::open(&settings, folder.path(), Some(now)).expect("keys");
    (folder, privacy)
}

/// Receiver, transmitter, BSSID.
fn frame(kind: FrameKind, flags: FrameFlags, addresses: [MacAddr; 3]) -> Observation {
    let [receiver, transmitter, bssid] = addresses.map(Some);
    Observation {
        time: Timestamp::from_unix_secs(1_780_000_000),
        radio: RadioId(0),
        kind,
        flags,
        transmitter,
        receiver,
        bssid,
        frequency_mhz: Some(2412),
        signal_dbm: Some(-50),
        noise_dbm: None,
        rate_100kbps: None,
        phy: None,
        length: 130,
        airtime_us: None,
        sequence: Some(1),
        advertisement: None,
        detail: None,
        position: None,
    }
}

fn advertisement(kind: AdvertisementKind, from: MacAddr, elements: &[u8]) -> Advertisement {
    Advertisement {
        id: AdvertisementId(0x1234),
        time: Timestamp::from_unix_secs(1_780_000_000),
        kind,
        transmitter: from,
        bssid: Some(ALL),
        traits: NetworkTraits::default(),
        elements: elements.to_vec(),
    }
}

/// Which of receiver, transmitter and BSSID stay as heard: `+` stays, `-` does not.
fn check(privacy: &mut Privacy, heard: &Observation, stays: &str) {
    let mut kept = heard.clone();
    privacy.rewrite(&mut kept, &mut []);
    let pairs = [
        (heard.receiver, kept.receiver),
        (heard.transmitter, kept.transmitter),
        (heard.bssid, kept.bssid),
    ];
    let found: String = pairs.iter().map(|(a, b)| if a == b { '+' } else { '-' }).collect();
    assert_eq!(found, stays, "{heard:?}");
    for (_, address) in pairs {
        let address = address.expect("three addresses");
        assert!(address != STA && address != PEER);
    }
}

#[test]
fn addresses_of_each_kind_of_frame() {
    let none = FrameFlags::default();
    let (to, from) = (FrameFlags::TO_DS, FrameFlags::FROM_DS);
    let ibss = MacAddr([2, 9, 9, 9, 9, 9]);
    let rts = FrameKind::new(1, 11);
    // Each with a sensor that has heard nothing before.
    for (kind, flags, addresses, stays) in [
        (FrameKind::BEACON, none, [ALL, AP, AP], "+++"),
        (FrameKind::PROBE_RESPONSE, none, [STA, AP, AP], "-++"),
        // A station of an independent network.
        (FrameKind::BEACON, none, [ALL, STA, ibss], "+-+"),
        (FrameKind::PROBE_REQUEST, none, [ALL, STA, ALL], "+-+"),
        // To a network that nobody has shown yet: it could be a Wi-Fi Direct device.
        (FrameKind::PROBE_REQUEST, none, [PEER, STA, PEER], "---"),
        (FrameKind::ASSOCIATION_REQUEST, none, [AP, STA, AP], "+-+"),
        (FrameKind::ASSOCIATION_RESPONSE, none, [STA, AP, AP], "-++"),
        (FrameKind::AUTHENTICATION, none, [AP, STA, AP], "+-+"),
        (FrameKind::DEAUTHENTICATION, none, [STA, AP, AP], "-++"),
        (DATA, to, [AP, STA, AP], "+-+"),
        (DATA, from, [STA, AP, AP], "-++"),
        (DATA, from, [ALL, AP, AP], "+++"),
        (DATA, none, [PEER, STA, ibss], "--+"),
        // Between access points, or of a station with four addresses: nobody knows.
        (DATA, to.with(from), [PEER, STA, STA], "---"),
        (rts, none, [PEER, STA, STA], "---"),
    ] {
        let (_folder, mut privacy) = privacy("");
        check(&mut privacy, &frame(kind, flags, addresses), stays);
    }
}

#[test]
fn a_network_that_was_heard_is_known_in_frames_that_do_not_show_it() {
    let none = FrameFlags::default();
    let (_folder, mut privacy) = privacy("");
    let rts = frame(FrameKind::new(1, 11), none, [AP, STA, AP]);
    check(&mut privacy, &rts, "---");
    check(&mut privacy, &frame(FrameKind::BEACON, none, [ALL, AP, AP]), "+++");
    check(&mut privacy, &rts, "+-+");
    check(&mut privacy, &frame(FrameKind::PROBE_REQUEST, none, [AP, STA, AP]), "+-+");
}

#[test]
fn action_frames_outside_of_networks_may_name_two_clients() {
    let none = FrameFlags::default();
    for (category, flags, stays) in [
        (Some(4), none, "---"),
        (Some(127), none, "---"),
        (Some(3), none, "+-+"),
        (None, none, "---"),
        (None, FrameFlags::PROTECTED, "+-+"),
    ] {
        let (_folder, mut privacy) = privacy("");
        let mut action = frame(FrameKind::ACTION, flags, [AP, STA, AP]);
        action.detail = category.map(Detail::ActionCategory);
        check(&mut privacy, &action, stays);
    }
}

#[test]
fn group_addresses_stay_but_for_the_part_that_is_a_clients() {
    let none = FrameFlags::default();
    let (_folder, mut privacy) = privacy("");
    let sought = MacAddr([0x33, 0x33, 0xff, 0x12, 0x34, 0x56]);
    let mut data = frame(DATA, FrameFlags::FROM_DS, [sought, AP, AP]);
    privacy.rewrite(&mut data, &mut []);
    assert_eq!(data.receiver, Some(MacAddr([0x33, 0x33, 0xff, 0, 0, 0])));
    let group = MacAddr([0x01, 0x00, 0x5e, 0, 0, 0xfb]);
    check(&mut privacy, &frame(DATA, FrameFlags::FROM_DS, [group, AP, AP]), "+++");
    let unknown = Observation { transmitter: None, ..frame(FrameKind::new(1, 13), none, [STA; 3]) };
    let mut ack = Observation { bssid: None, ..unknown };
    privacy.rewrite(&mut ack, &mut []);
    assert_eq!((ack.transmitter, ack.bssid), (None, None));
    assert!(ack.receiver.is_some_and(|address| address != STA));
}

#[test]
fn a_client_has_one_pseudonym_wherever_it_stands_and_a_new_one_the_next_day() {
    let none = FrameFlags::default();
    let (_folder, mut privacy) = privacy("");
    let mut up = frame(DATA, FrameFlags::TO_DS, [AP, STA, AP]);
    let mut down = frame(DATA, FrameFlags::FROM_DS, [STA, AP, AP]);
    privacy.rewrite(&mut up, &mut []);
    privacy.rewrite(&mut down, &mut []);
    assert_eq!(up.transmitter, down.receiver);
    assert!(!privacy.advance(up.time).expect("a key"));
    assert!(privacy.advance(Timestamp::from_unix_secs(1_780_100_000)).expect("a key"));
    let mut probe = frame(FrameKind::PROBE_REQUEST, none, [ALL, STA, ALL]);
    privacy.rewrite(&mut probe, &mut []);
    assert_ne!(probe.transmitter, up.transmitter);
}

/// A probe request that names a network, its sender, its owner and its serial number.
fn telling() -> (Observation, Advertisement) {
    let mut elements = b"\x00\x04home\x01\x04\x02\x04\x0b\x16\x2d\x02\x01\x02".to_vec();
    elements.extend(b"\xdd\x08\x00\x50\xf2\x04ANNA");
    elements.extend(b"\xdd\x0a\x50\x6f\x9a\x09\x00\x1b\x77\x00\x00\x02");
    elements.extend(b"\xff\x08\x6b\x00\x00\x1b\x77\x00\x00\x02");
    elements.extend(b"\xff\x03\x23\x01\x02");
    let mut ad = advertisement(AdvertisementKind::ProbeRequest, STA, &elements);
    ad.traits.ssid = Some(Ssid::new("home"));
    ad.traits.mld_address = Some(STA);
    ad.traits.wps = Some(Wps { device_name: Some("ANNA".to_owned()), ..Wps::default() });
    let none = FrameFlags::default();
    let mut probe = frame(FrameKind::PROBE_REQUEST, none, [ALL, STA, ALL]);
    probe.advertisement = Some(ad.id);
    (probe, ad)
}

#[test]
fn of_a_request_only_capabilities_are_left() {
    let (_folder, mut privacy) = privacy("");
    let (mut probe, ad) = telling();
    let heard_id = ad.id;
    let mut ads = [ad];
    privacy.rewrite(&mut probe, &mut ads);
    let [ad] = ads;
    assert_eq!(ad.elements, b"\x01\x04\x02\x04\x0b\x16\x2d\x02\x01\x02\xff\x03\x23\x01\x02");
    assert_eq!((ad.traits.ssid, ad.traits.wps), (Some(Ssid::new("")), None));
    assert_eq!(Some(ad.transmitter), probe.transmitter);
    assert_eq!(ad.traits.mld_address, probe.transmitter);
    // The plain hash over the address is gone, and both sides still agree.
    assert!(ad.id != heard_id && Some(ad.id) == probe.advertisement);
    // The next frame that says the same refers to it, and counts.
    let (mut again, _) = telling();
    privacy.rewrite(&mut again, &mut []);
    assert_eq!(again.advertisement, probe.advertisement);
    assert_eq!(privacy.totals()[&WithheldKind::ProbeNames], 2);
    assert_eq!(privacy.totals()[&WithheldKind::Elements], 3);
}

#[test]
fn an_audit_keeps_what_is_heard() {
    let (_folder, mut privacy) = privacy("audit = 'ours'");
    let (mut probe, ad) = telling();
    let mut ads = [ad.clone()];
    privacy.rewrite(&mut probe, &mut ads);
    assert_eq!(ads, [ad]);
    assert_eq!(probe, telling().0);
    assert!(privacy.totals().is_empty());
}

#[test]
fn names_may_be_left_out_of_clear_data_and_kept_in_pseudonyms() {
    let (_folder, mut without) = privacy("audit = 'ours'\nprobe_names = false");
    let (mut probe, ad) = telling();
    let mut ads = [ad];
    without.rewrite(&mut probe, &mut ads);
    assert!(!ads[0].elements.windows(4).any(|bytes| bytes == b"home"));
    assert_eq!((ads[0].transmitter, probe.transmitter), (STA, Some(STA)));
    let (_folder, mut with) = privacy("probe_names = true");
    let (mut probe, ad) = telling();
    let mut ads = [ad];
    with.rewrite(&mut probe, &mut ads);
    assert!(ads[0].elements.starts_with(b"\x00\x04home") && ads[0].transmitter != STA);
}

#[test]
fn an_access_point_keeps_its_word_without_the_list_of_its_clients() {
    let (_folder, mut privacy) = privacy("");
    let elements = b"\x00\x04cafe\xdd\x05\x00\x50\xf2\x02\x00\xdd\x06\x50\x6f\x9a\x09\x1b\x77";
    let mut ads = [advertisement(AdvertisementKind::ProbeResponse, AP, elements)];
    let mut answer = frame(FrameKind::PROBE_RESPONSE, FrameFlags::default(), [STA, AP, AP]);
    answer.advertisement = Some(ads[0].id);
    privacy.rewrite(&mut answer, &mut ads);
    assert_eq!(ads[0].elements, b"\x00\x04cafe\xdd\x05\x00\x50\xf2\x02\x00");
    assert_eq!(ads[0].transmitter, AP);
    // As heard it is a hash of what was left out too, by which that could be guessed.
    assert!(ads[0].id != AdvertisementId(0x1234) && answer.advertisement == Some(ads[0].id));
}

#[test]
fn who_is_no_network_any_more_is_a_client_again() {
    let none = FrameFlags::default();
    let (_folder, mut privacy) = privacy("");
    let later = |frame: Observation, secs: u64| Observation {
        time: frame.time.saturating_add(Duration::from_secs(secs)),
        ..frame
    };
    // A telephone that is a hotspot for a while.
    check(&mut privacy, &frame(FrameKind::BEACON, none, [ALL, AP, AP]), "+++");
    let rts = || frame(FrameKind::new(1, 11), none, [AP, STA, AP]);
    check(&mut privacy, &later(rts(), 300), "+-+");
    // Its own frames as a client do not keep it remembered.
    for minute in 6..40 {
        let mut probe = later(frame(FrameKind::PROBE_REQUEST, none, [ALL, AP, ALL]), minute * 60);
        privacy.rewrite(&mut probe, &mut []);
        assert_eq!(probe.transmitter == Some(AP), minute < 20, "minute {minute}");
    }
    // One frame that names an address as a network does not make it one for others.
    let forged = frame(FrameKind::DEAUTHENTICATION, none, [ALL, AP, AP]);
    check(&mut privacy, &later(forged, 3000), "+++");
    check(&mut privacy, &later(rts(), 3001), "---");
}

#[test]
fn nothing_joins_the_pseudonyms_of_two_periods() {
    let (_folder, mut privacy) = privacy("");
    let day = Duration::from_hours(24);
    let mut on = |days: u32| {
        let (mut probe, ad) = telling();
        probe.time = probe.time.saturating_add(day * days);
        let mut ads = [ad];
        assert_eq!(privacy.advance(probe.time).expect("random"), days > 0);
        privacy.rewrite(&mut probe, &mut ads);
        assert_eq!(probe.advertisement, Some(ads[0].id));
        (probe.transmitter, ads[0].id)
    };
    let (first, second) = (on(0), on(1));
    assert!(first.0 != second.0 && first.1 != second.1, "{first:?} {second:?}");
}

#[test]
fn further_names_that_are_asked_for_go_too() {
    let (_folder, mut privacy) = privacy("audit = 'ours'\nprobe_names = false");
    let elements = b"\x00\x00\x54\x06\x00\x04home\xff\x05\x3a\x01\x02\x03\x04\x01\x01\x82";
    let mut ads = [advertisement(AdvertisementKind::ProbeRequest, STA, elements)];
    let mut probe = frame(FrameKind::PROBE_REQUEST, FrameFlags::default(), [ALL, STA, ALL]);
    probe.advertisement = Some(ads[0].id);
    privacy.rewrite(&mut probe, &mut ads);
    assert_eq!(ads[0].elements, b"\x00\x00\x01\x01\x82");
    assert!(ads[0].id != AdvertisementId(0x1234) && probe.advertisement == Some(ads[0].id));
    assert_eq!(privacy.totals()[&WithheldKind::ProbeNames], 1);
}

#[test]
fn a_device_that_answers_without_being_a_network_is_a_client() {
    let (_folder, mut privacy) = privacy("");
    let mut ads = [advertisement(AdvertisementKind::ProbeResponse, STA, b"\x00\x07DIRECT-")];
    ads[0].traits.ssid = Some(Ssid::new("DIRECT-"));
    ads[0].bssid = Some(STA);
    let none = FrameFlags::default();
    let mut answer = frame(FrameKind::PROBE_RESPONSE, none, [PEER, STA, STA]);
    answer.advertisement = Some(ads[0].id);
    privacy.rewrite(&mut answer, &mut ads);
    assert!(ads[0].transmitter != STA && ads[0].bssid != Some(STA));
    assert_eq!(answer.transmitter, Some(ads[0].transmitter));
    assert_eq!(answer.advertisement, Some(ads[0].id));
}

#[test]
fn bodies_are_counted_by_their_length_on_the_air() {
    let (_folder, mut privacy) = privacy("");
    let both = FrameFlags::TO_DS.with(FrameFlags::FROM_DS);
    for (kind, flags, bytes) in [
        (FrameKind::new(2, 0), FrameFlags::TO_DS, 102),
        (DATA, FrameFlags::TO_DS, 100),
        (DATA, FrameFlags::TO_DS.with(FrameFlags::ORDER), 96),
        (DATA, both, 94),
        (FrameKind::BEACON, FrameFlags::default(), 0),
    ] {
        let before = privacy.totals().get(&WithheldKind::PayloadBytes).copied().unwrap_or(0);
        privacy.rewrite(&mut frame(kind, flags, [AP, STA, AP]), &mut []);
        let after = privacy.totals().get(&WithheldKind::PayloadBytes).copied().unwrap_or(0);
        assert_eq!(after - before, bytes, "{kind:?} {flags:?}");
    }
    let pending: Vec<Withheld> = privacy.take_withheld().collect();
    assert_eq!((pending.len(), pending[0].count), (1, 392));
    assert_eq!(privacy.take_withheld().count(), 0);
}

#[test]
fn a_home_zone_leaves_out_frames_or_places() {
    let zone = |records: &str| {
        format!("[[home_zone]]\nlat = 50.0\nlon = 8.0\nradius_m = 100\nrecords = '{records}'")
    };
    let home = Position::new(50.0, 8.0).expect("valid");
    let far = Position::new(50.1, 8.0).expect("valid");
    let time = Timestamp::from_unix_secs(1_780_000_000);
    let at = |place| Observation {
        position: Some(place),
        ..frame(FrameKind::BEACON, FrameFlags::default(), [ALL, AP, AP])
    };

    let (_folder, mut silent) = privacy(&zone("nothing"));
    assert!(silent.is_silent(), "before the first fix nobody knows that it is not home");
    assert!(!silent.reported(Some(&home), time) && silent.is_silent());
    assert!(silent.reported(Some(&far), time) && !silent.is_silent());
    assert!(silent.may_record(&mut at(far)) && !silent.may_record(&mut at(home)));
    assert_eq!(silent.shown(Some(home)), None);
    assert_eq!(silent.shown(Some(far)), Some(far));
    assert_eq!(silent.totals()[&WithheldKind::HomeZoneFrames], 1);

    let (_folder, mut placeless) = privacy(&zone("no-position"));
    assert!(!placeless.is_silent() && placeless.is_in_home_zone());
    let mut heard = at(home);
    assert!(placeless.may_record(&mut heard));
    assert_eq!(heard.position, None);
    assert_eq!(placeless.totals()[&WithheldKind::HomeZonePositions], 1);
}
