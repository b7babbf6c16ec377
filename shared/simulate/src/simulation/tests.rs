//! Tests of whole simulations against their truth.

use super::{SimulatedKind, Simulation};
use crate::frame::crc::crc32;
use crate::scenario::Scenario;
use crate::write_all;
use pw_model::{MacAddr, RadioId};
use std::collections::BTreeMap;

fn scenario(name: &str) -> Scenario {
    Scenario::from_toml(crate::builtin(name).expect("built in")).expect("valid")
}

/// The frame behind the radiotap header.
fn mpdu(bytes: &[u8]) -> &[u8] {
    &bytes[usize::from(u16::from_le_bytes([bytes[2], bytes[3]]))..]
}

/// Transmitter, for frames that have one.
fn transmitter(mpdu: &[u8]) -> Option<MacAddr> {
    Some(MacAddr(mpdu.get(10..16).filter(|_| mpdu.len() > 14)?.try_into().ok()?))
}

#[test]
fn same_seed_same_bytes() {
    let scenario = scenario("quiet_street");
    let play = |scenario: &Scenario| {
        let (mut capture, mut log) = (Vec::new(), Vec::new());
        let truth = write_all(scenario, &mut capture, &mut log).expect("memory");
        (capture, log, truth)
    };
    let (one, other) = (play(&scenario), play(&scenario));
    assert!(one == other);
    let third = play(&scenario.with_seed(12).expect("valid"));
    assert!(one.0 != third.0 && one.1 != third.1);
    let comment = b"Simulated by PiWardrive: scenario quiet_street, seed 11.";
    assert!(one.0.windows(comment.len()).any(|part| part == comment));
}

#[test]
fn frames_are_whole_in_order_and_on_the_channel_tuned_to() {
    let mut tuned: BTreeMap<RadioId, u16> = BTreeMap::new();
    let mut last = None;
    let mut frames = 0;
    for event in Simulation::new(&scenario("tunnel")) {
        assert!(last.is_none_or(|last| last <= event.time));
        last = Some(event.time);
        match event.kind {
            SimulatedKind::Tune { radio, frequency_mhz, .. } => {
                tuned.insert(radio, frequency_mhz);
            }
            SimulatedKind::Frame { radio, bytes } => {
                frames += 1;
                let (body, fcs) = mpdu(&bytes).split_at(mpdu(&bytes).len() - 4);
                assert_eq!(crc32(body).to_le_bytes(), fcs);
                // The channel field stands behind TSFT, flags and rate, at an even offset.
                let frequency_mhz = u16::from_le_bytes([bytes[18], bytes[19]]);
                assert_eq!(tuned.get(&radio), Some(&frequency_mhz));
            }
            SimulatedKind::Nmea { .. } => {}
        }
    }
    assert!(frames > 1000, "{frames}");
}

#[test]
fn truth_is_what_was_put_out() {
    let mut simulation = Simulation::new(&scenario("demo"));
    let mut heard: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut frames = 0;
    for event in simulation.by_ref() {
        let SimulatedKind::Frame { bytes, .. } = event.kind else { continue };
        frames += 1;
        let mpdu = mpdu(&bytes);
        if let Some(address) = transmitter(mpdu) {
            let count = heard.entry(address.to_string()).or_default();
            count.0 += u64::from(mpdu[0] == 0x80);
            count.1 += 1;
        }
    }
    let truth = simulation.truth();
    assert_eq!(truth.frames, frames);
    for point in &truth.access_points {
        let (beacons, with_address) = heard.get(&point.bssid).copied().unwrap_or_default();
        assert_eq!(point.beacons_heard, beacons, "{}", point.bssid);
        // Acknowledgements and CTS name no transmitter, but are counted for it.
        assert!(point.frames_heard >= with_address, "{}", point.bssid);
        assert!(point.beacons_heard <= point.beacons_decodable * 2 + 20, "{point:?}");
    }
    for client in &truth.clients {
        let with_address: u64 = client
            .addresses
            .iter()
            .map(|address| heard.get(address).map_or(0, |count| count.1))
            .sum();
        assert!(client.frames_heard >= with_address);
    }
    let known: u64 = truth.access_points.iter().map(|point| point.frames_heard).sum::<u64>()
        + truth.clients.iter().map(|client| client.frames_heard).sum::<u64>();
    assert_eq!(known, frames);
}

#[test]
fn a_tunnel_takes_the_fix_and_leaves_empty_fields() {
    let mut simulation = Simulation::new(&scenario("tunnel"));
    let (mut with, mut without, mut heard_inside) = (0, 0, 0);
    let mut fixed = false;
    for event in simulation.by_ref() {
        match event.kind {
            SimulatedKind::Nmea { sentence } => {
                let fields: Vec<&str> = sentence.split(['*', ',']).collect();
                if fields[0] == "$GNRMC" {
                    fixed = fields[2] == "A";
                    assert_eq!(fields[3].is_empty(), !fixed, "{sentence}");
                    with += u32::from(fixed);
                    without += u32::from(!fixed);
                }
                if fields[0] == "$GNGGA" {
                    assert_eq!(fields[6], if fixed { "1" } else { "0" });
                    assert_eq!(fields[2].is_empty(), !fixed, "{sentence}");
                }
            }
            SimulatedKind::Frame { .. } => heard_inside += u32::from(!fixed),
            SimulatedKind::Tune { .. } => {}
        }
    }
    // 520 m at 50 km/h, twice, and the time to find the satellites again.
    assert!((70..110).contains(&without), "{without}");
    assert!(with > 60, "{with}");
    assert!(heard_inside > 20, "{heard_inside}");
    let outages = simulation.truth().gps_outages;
    assert_eq!(outages.len(), 2);
    assert!(outages.iter().all(|outage| outage.cause == "Felsberg tunnel"));
}

#[test]
fn reported_places_are_near_the_truth() {
    let mut simulation = Simulation::new(&scenario("quiet_street"));
    let mut reported = Vec::new();
    for event in simulation.by_ref() {
        if let SimulatedKind::Nmea { sentence } = event.kind
            && sentence.starts_with("$GNGGA")
        {
            let fields: Vec<&str> = sentence.split(',').collect();
            let angle = |text: &str, digits: usize| -> f64 {
                let (degrees, minutes) = text.split_at(digits);
                degrees.parse::<f64>().expect("degrees")
                    + minutes.parse::<f64>().expect("minutes") / 60.0
            };
            reported.push((angle(fields[2], 2), angle(fields[4], 3)));
        }
    }
    let truth = simulation.truth();
    let mut square = 0.0;
    for ((lat, lon), place) in reported.iter().zip(&truth.track) {
        let reported = pw_model::Position::new(*lat, *lon).expect("valid");
        let place = pw_model::Position::new(place.lat_deg, place.lon_deg).expect("valid");
        let error = reported.distance_m(&place);
        assert!(error < 15.0, "{error}");
        square += error * error;
    }
    let rms = (square / reported.len() as f64).sqrt();
    assert!((0.5..6.0).contains(&rms), "{rms}");
}

#[test]
fn scenarios_hold_what_they_promise() {
    for name in ["demo", "quiet_street", "tunnel"] {
        check_expectations(name);
    }
}

#[test]
fn the_dense_centre_holds_what_it_promises() {
    check_expectations("dense_centre");
}

fn check_expectations(name: &str) {
    let scenario = scenario(name);
    let expect = scenario.expect.clone().expect("stated");
    let mut simulation = Simulation::new(&scenario);
    let frames =
        simulation.by_ref().filter(|event| matches!(event.kind, SimulatedKind::Frame { .. }));
    let frames = frames.count() as u64;
    let truth = simulation.truth();
    let heard: Vec<_> =
        truth.access_points.iter().filter(|point| point.beacons_heard > 0).collect();
    let clients = truth.clients.iter().filter(|client| client.frames_heard > 0).count();
    assert!(heard.len() >= expect.access_points_min.unwrap_or(0), "{name}: {}", heard.len());
    assert!(clients >= expect.clients_min.unwrap_or(0), "{name}: {clients}");
    assert!(frames >= expect.frames_min.unwrap_or(0), "{name}: {frames}");
    for label in &expect.security {
        assert!(heard.iter().any(|point| point.security == *label), "{name}: no {label}");
    }
    for ssid in &expect.ssids {
        assert!(heard.iter().any(|point| point.ssid == *ssid), "{name}: no {ssid}");
    }
    if let Some(outages) = expect.gps_outages {
        assert_eq!(truth.gps_outages.len(), outages, "{name}");
    }
    // Every address is one of its own.
    let mut addresses: Vec<&str> =
        truth.access_points.iter().map(|point| point.bssid.as_str()).collect();
    addresses.sort_unstable();
    let all = addresses.len();
    addresses.dedup();
    assert_eq!(addresses.len(), all, "{name}");
}

#[test]
fn weaker_emitters_are_heard_less() {
    let text = |power: f64| {
        format!(
            r#"
[scenario]
name = "power"
seed = 4
start = "2026-05-09T09:00:00Z"
duration_secs = 60.0
[town]
name = "Test (simulated)"
origin = {{ lat_deg = 50.0, lon_deg = 8.0 }}
[[access_point]]
ssid = "Eins"
at = [150.0, 0.0]
channels_mhz = [2437]
security = "wpa2"
generation = "wifi5"
tx_power_dbm = {power:.1}
path_loss_exponent = 2.6
[propagation]
shadowing_db = 0.0
[drive]
[[drive.waypoint]]
at = [0.0, 0.0]
[[radio]]
name = "wlan1"
channels_mhz = [2437]
"#
        )
    };
    let mut last = u64::MAX;
    for power in [10.0, 3.0, 0.0, -10.0] {
        let scenario = Scenario::from_toml(&text(power)).expect("valid");
        let mut simulation = Simulation::new(&scenario);
        simulation.by_ref().for_each(drop);
        let heard = simulation.truth().access_points[0].beacons_heard;
        assert!(heard < last, "{power}: {heard} after {last}");
        last = heard;
    }
    assert_eq!(last, 0);
}

#[test]
fn joining_goes_step_by_step() {
    // Within 60 ms, authentication, association request and response of one pair never change places.
    let mut last: BTreeMap<(MacAddr, MacAddr), (i64, u8)> = BTreeMap::new();
    let mut whole = 0;
    for event in Simulation::new(&scenario("dense_centre")) {
        let SimulatedKind::Frame { bytes, .. } = event.kind else { continue };
        let mpdu = mpdu(&bytes);
        let address = |at: usize| MacAddr(mpdu[at..at + 6].try_into().expect("six octets"));
        let step = match mpdu[0] {
            0xb0 => 1,
            0x00 => 2,
            0x10 => 3,
            _ => continue,
        };
        let station = if address(10) == address(16) { address(4) } else { address(10) };
        let now_ns = event.time.unix_ns();
        let before = last.insert((address(16), station), (now_ns, step));
        let Some((_, before)) = before.filter(|(then, _)| now_ns - then < 60_000_000) else {
            continue;
        };
        assert!(before <= step, "{station}: {step} after {before}");
        whole += u32::from(step == 3 && before == 2);
    }
    assert!(whole > 3, "{whole}");
}
