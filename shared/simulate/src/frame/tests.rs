//! Tests of whole frames: every element in its place, nothing left over.

use super::beacon::{BeaconMoment, BeaconTemplate, probe_response};
use super::crc::crc32;
use super::data::{Direction, Fields, data};
use super::eapol::{Handshake, message};
use super::network::{Generation, MldPart, Neighbour, Network, Operating, Protection, WpsText};
use super::probe::{ClientAbility, probe_request};
use super::radiotap::{Reception, push_radiotap};
use super::rate::Rate;
use super::{association, control};
use pw_model::{Band, Channel, MacAddr, Ssid};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const BSSID: MacAddr = MacAddr([0x02, 0x5e, 0, 0, 1, 0]);
const STATION: MacAddr = MacAddr([0x00, 0x00, 0x5e, 0x00, 0x53, 0x07]);
const MOMENT: BeaconMoment = BeaconMoment {
    tsf_us: 0x0102_0304_0506,
    sequence: 0x0abc,
    dtim_count: 2,
    station_count: 5,
    utilization: 77,
};

fn network(protection: Protection, generation: Generation, mhz: u16, width_mhz: u16) -> Network {
    let channel = Channel::from_frequency_mhz(mhz).expect("a channel");
    let operating = Operating { channel, frequency_mhz: mhz, width_mhz };
    let neighbour = Neighbour {
        bssid: MacAddr([0x02, 0x5e, 0, 0, 1, 1]),
        ssid: Ssid::new("Café"),
        operating,
        link_id: Some(1),
    };
    Network {
        bssid: BSSID,
        ssid: Ssid::new("Café"),
        hidden: false,
        protection,
        security: protection.security(),
        operating,
        generation,
        streams: 2,
        beacon_interval_tu: 100,
        dtim_period: 3,
        country: *b"DE",
        color: 9,
        power_limit_dbm: 23,
        wps: Some(WpsText {
            manufacturer: "Example".to_owned(),
            model_name: "Router".to_owned(),
            model_number: "1".to_owned(),
            uuid: [7; 16],
        }),
        mld: generation.eht().then_some(MldPart {
            address: MacAddr([0x02, 0x5e, 0, 0, 1, 0xf0]),
            link_id: 0,
            links: 2,
        }),
        neighbours: vec![neighbour],
        owe_twin: None,
        bss_load: true,
    }
}

/// Splits elements, and fails when the last one is cut.
fn elements(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut list = Vec::new();
    while let [id, length, rest @ ..] = bytes {
        let (body, after) = rest.split_at_checked(usize::from(*length)).expect("a whole element");
        list.push((*id, body));
        bytes = after;
    }
    assert!(bytes.is_empty(), "a stray octet");
    list
}

fn find<'a>(list: &[(u8, &'a [u8])], id: u8) -> Option<&'a [u8]> {
    list.iter().find(|(known, _)| *known == id).map(|(_, body)| *body)
}

fn extension<'a>(list: &[(u8, &'a [u8])], number: u8) -> Option<&'a [u8]> {
    list.iter().find(|(id, body)| *id == 255 && body.first() == Some(&number)).map(|(_, b)| *b)
}

/// The frame without its check sequence, which must be right.
fn checked(frame: &[u8]) -> &[u8] {
    let (body, fcs) = frame.split_at(frame.len() - 4);
    assert_eq!(crc32(body).to_le_bytes(), fcs);
    body
}

fn beacon(network: &Network) -> Vec<u8> {
    let mut out = Vec::new();
    BeaconTemplate::new(network).push(&mut out, &MOMENT);
    out
}

const PROTECTIONS: [Protection; 11] = [
    Protection::Open,
    Protection::Wep,
    Protection::Wpa,
    Protection::WpaWpa2,
    Protection::Wpa2,
    Protection::Wpa2Enterprise,
    Protection::Wpa3,
    Protection::Wpa3Transition,
    Protection::Wpa3Enterprise192,
    Protection::Owe,
    Protection::OweTransition,
];
const GENERATIONS: [Generation; 6] = [
    Generation::Legacy,
    Generation::Wifi4,
    Generation::Wifi5,
    Generation::Wifi6,
    Generation::Wifi6e,
    Generation::Wifi7,
];

#[test]
fn every_beacon_and_probe_response_divides_into_whole_elements() {
    for protection in PROTECTIONS {
        for generation in GENERATIONS {
            for (mhz, width) in [(2437, 20), (5180, 80), (6135, 160)] {
                let network = network(protection, generation, mhz, width);
                let frame = beacon(&network);
                let list = elements(&checked(&frame)[36..]);
                assert_eq!(find(&list, 0), Some("Café".as_bytes()));
                assert_eq!(find(&list, 48).is_some(), network.security.rsn.is_some());
                assert_eq!(find(&list, 45).is_some(), network.has_ht());
                assert_eq!(extension(&list, 35).is_some(), network.has_he());
                assert_eq!(extension(&list, 107).is_some(), network.has_eht());
                let response = probe_response(&network, STATION, 60, &MOMENT);
                let list = elements(&checked(&response)[36..]);
                assert_eq!(find(&list, 5), None, "TIM is for beacons only");
                assert!(response.len() < 700);
            }
        }
    }
}

#[test]
fn what_changes_stands_in_its_place() {
    let network = network(Protection::Wpa2, Generation::Wifi5, 2437, 20);
    let frame = beacon(&network);
    assert_eq!(frame[0..2], [0x80, 0x00]);
    assert_eq!(frame[22..24], (0x0abcu16 << 4).to_le_bytes());
    assert_eq!(frame[24..32], MOMENT.tsf_us.to_le_bytes());
    let list = elements(&checked(&frame)[36..]);
    assert_eq!(find(&list, 3), Some(&[6u8][..]));
    assert_eq!(find(&list, 5), Some(&[2u8, 3, 0, 0][..]));
    assert_eq!(find(&list, 11), Some(&[5u8, 0, 77, 0, 0][..]));
}

#[test]
fn rsn_of_wpa3_by_octet() {
    let network = network(Protection::Wpa3, Generation::Wifi6, 5180, 80);
    let frame = beacon(&network);
    let list = elements(&checked(&frame)[36..]);
    let expected: [u8; 26] = [
        1, 0, 0x00, 0x0f, 0xac, 4, 1, 0, 0x00, 0x0f, 0xac, 4, 1, 0, 0x00, 0x0f, 0xac, 8, 0xcc, 0,
        0, 0, 0x00, 0x0f, 0xac, 6,
    ];
    assert_eq!(find(&list, 48), Some(&expected[..]));
    assert_eq!(find(&list, 244), Some(&[0x20u8][..]));
}

#[test]
fn a_hidden_name_is_in_the_probe_response_only() {
    let mut network = network(Protection::Wpa2, Generation::Wifi4, 2437, 20);
    network.hidden = true;
    let frame = beacon(&network);
    assert_eq!(find(&elements(&checked(&frame)[36..]), 0), Some(&[][..]));
    let response = probe_response(&network, STATION, 60, &MOMENT);
    assert_eq!(find(&elements(&checked(&response)[36..]), 0), Some("Café".as_bytes()));
}

#[test]
fn multi_link_names_the_device_and_the_link() {
    let network = network(Protection::Wpa3, Generation::Wifi7, 6135, 320);
    let frame = beacon(&network);
    let list = elements(&checked(&frame)[36..]);
    let body = extension(&list, 107).expect("multi-link");
    assert_eq!(body[1..3], [0x30, 0x01]);
    assert_eq!(usize::from(body[3]), body.len() - 3, "common information counts itself");
    assert_eq!(body[4..10], [0x02, 0x5e, 0, 0, 1, 0xf0]);
    // 6 GHz has neither HT nor VHT, but HE operation with the 6 GHz part, and EHT operation.
    assert!(find(&list, 45).is_none() && find(&list, 191).is_none());
    let operation = extension(&list, 36).expect("HE operation");
    assert_eq!(operation[7..], [37, 3, 39, 47, 6]);
    let operation = extension(&list, 106).expect("EHT operation");
    assert_eq!(operation[6..], [4, 47, 31]);
}

#[test]
fn the_handshake_has_its_four_messages() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for protection in [Protection::Wpa, Protection::Wpa2, Protection::Wpa3, Protection::Owe] {
        let network = network(protection, Generation::Wifi5, 5180, 80);
        let handshake = Handshake::new(STATION, &mut random);
        let information: Vec<u16> = (1..=4)
            .map(|number| {
                let frame = message(&network, &handshake, number, 60, 1, &mut random);
                let body = checked(&frame);
                // QoS header, LLC and SNAP, then EAPOL.
                let eapol = &body[34..];
                assert_eq!(eapol[1], 3);
                let length = u16::from_be_bytes([eapol[2], eapol[3]]);
                assert_eq!(usize::from(length), eapol.len() - 4);
                let data = u16::from_be_bytes([eapol[97], eapol[98]]);
                assert_eq!(usize::from(data), eapol.len() - 99);
                u16::from_be_bytes([eapol[5], eapol[6]])
            })
            .collect();
        let expected: [u16; 4] = match protection {
            Protection::Wpa => [0x0089, 0x0109, 0x01c9, 0x0109],
            Protection::Wpa2 => [0x008a, 0x010a, 0x13ca, 0x030a],
            _ => [0x0088, 0x0108, 0x13c8, 0x0308],
        };
        assert_eq!(information, expected, "{protection:?}");
    }
}

#[test]
fn association_and_probe_requests_divide_into_whole_elements() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    for generation in GENERATIONS {
        let client = ClientAbility { generation, streams: 2, width_mhz: 80 };
        for protection in PROTECTIONS {
            let network = network(protection, generation, 5180, 80);
            let mld = Some(MacAddr([2, 0, 0, 0, 0, 9]));
            let frame = association::association_request(
                &network,
                STATION,
                client,
                mld,
                60,
                3,
                &mut random,
            );
            let list = elements(&checked(&frame)[28..]);
            assert_eq!(find(&list, 0), Some("Café".as_bytes()));
            assert_eq!(extension(&list, 32).is_some(), protection == Protection::Owe);
            let frame = association::association_response(&network, STATION, 7, 60, 3, &mut random);
            elements(&checked(&frame)[30..]);
        }
        let channel = Channel { band: Band::Ghz2_4, number: 6 };
        let frame = probe_request(STATION, &Ssid::default(), client, channel, 5);
        elements(&checked(&frame)[24..]);
    }
}

#[test]
fn data_is_protected_as_the_network_is() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut frame = |protection, station| {
        let generation =
            if protection == Protection::Wep { Generation::Legacy } else { Generation::Wifi5 };
        let network = network(protection, generation, 5180, 80);
        let direction = Direction::FromAccessPoint;
        let fields = Fields { duration_us: 60, sequence: 1, packet: 0x1234, length: 100 };
        data(&network, station, direction, fields, &mut random)
    };
    let open = frame(Protection::Open, STATION);
    assert_eq!(open[1] & 0x40, 0);
    assert_eq!(checked(&open).len(), 26 + 8 + 100);
    let ccmp = frame(Protection::Wpa2, STATION);
    assert_eq!(ccmp[1] & 0x40, 0x40);
    assert_eq!(ccmp[26..34], [0x34, 0x12, 0, 0x20, 0, 0, 0, 0]);
    assert_eq!(checked(&ccmp).len(), 26 + 8 + 100 + 8);
    let wep = frame(Protection::Wep, STATION);
    assert_eq!(checked(&wep).len(), 24 + 4 + 100 + 4);
    // Group traffic of a mixed network uses its group cipher, TKIP, and has no QoS control.
    let group = frame(Protection::WpaWpa2, MacAddr::BROADCAST);
    assert_eq!(checked(&group).len(), 24 + 8 + 100 + 12);
}

#[test]
fn control_frames_have_their_lengths() {
    assert_eq!(checked(&control::rts(BSSID, STATION, 100)).len(), 16);
    assert_eq!(checked(&control::cts(BSSID, 100)).len(), 10);
    assert_eq!(checked(&control::ack(BSSID)).len(), 10);
    let answer = control::block_ack(BSSID, STATION, 0x123, 3);
    assert_eq!(checked(&answer).len(), 28);
    assert_eq!(answer[16..20], [0x04, 0x00, 0x30, 0x12]);
    assert_eq!(answer[20..28], [7, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn radiotap_states_its_own_length_and_aligns() {
    let reception = |rate, aggregate| Reception {
        tsft_us: 1,
        frequency_mhz: 5180,
        rate,
        signal_dbm: -60,
        noise_dbm: -95,
        antenna: 0,
        aggregate,
        color: 3,
        uplink: true,
    };
    for (rate, aggregate, length) in [
        (Rate::Ofdm(12), None, 25),
        (Rate::Ht { mcs: 7, width_mhz: 20, short_gi: true }, None, 28),
        (Rate::Vht { mcs: 9, streams: 2, width_mhz: 80, short_gi: true }, Some((4, true)), 48),
        (Rate::He { mcs: 11, streams: 2, width_mhz: 80 }, None, 38),
    ] {
        let mut out = vec![0xee; 3];
        push_radiotap(&mut out, &reception(rate, aggregate));
        assert_eq!(usize::from(u16::from_le_bytes([out[5], out[6]])), out.len() - 3);
        assert_eq!(out.len() - 3, length, "{rate:?}");
    }
}
