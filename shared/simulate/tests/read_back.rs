//! What the simulator writes, the dissector reads: every frame without a fault, every network as it is.

use pw_dissect::capture::CaptureReader;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_dissect::{Fcs, LinkType, parse};
use pw_model::{
    AdvertisementKind, ChannelWidth, FrameFlags, FrameKind, MacAddr, NetworkTraits, Standard,
};
use pw_simulate::{Scenario, SimulatedKind, Simulation, TrueAccessPoint, Truth, write_all};
use std::collections::BTreeMap;

fn scenario(name: &str) -> Scenario {
    Scenario::from_toml(pw_simulate::builtin(name).expect("built in")).expect("valid")
}

/// Plays a scenario through the dissector: traits by BSSID and kind, and the truth.
fn dissected(name: &str) -> (BTreeMap<(MacAddr, AdvertisementKind), NetworkTraits>, Truth) {
    let mut simulation = Simulation::new(&scenario(name));
    let mut observer = Observer::new(ObserverSettings::default());
    let mut networks = BTreeMap::new();
    let mut observed = Observed::default();
    let mut frames = 0u64;
    for event in simulation.by_ref() {
        let SimulatedKind::Frame { radio, bytes } = event.kind else { continue };
        frames += 1;
        let original_len = u32::try_from(bytes.len()).expect("short");
        let frame = parse(LinkType::Radiotap, &bytes, original_len);
        assert_eq!(frame.fcs, Fcs::Good);
        assert!(frame.faults.is_empty(), "{:?}: {:?}", frame.kind(), frame.faults);
        assert!(frame.radio.signal_dbm.is_some() && frame.radio.noise_dbm.is_some());
        assert!(frame.radio.rate_100kbps().is_some(), "{:?}", frame.radio);
        observer.observe(
            &FrameInput {
                time: event.time,
                radio,
                link_type: LinkType::Radiotap,
                data: &bytes,
                original_len,
                frequency_mhz: None,
                position: None,
            },
            &mut observed,
        );
        let observation = observed.observations.last().expect("one for every frame");
        assert!(!observation.flags.contains(FrameFlags::MALFORMED), "{observation:?}");
        for advertisement in observed.advertisements.drain(..) {
            networks.insert((advertisement.transmitter, advertisement.kind), advertisement.traits);
        }
        observed.observations.clear();
    }
    let truth = simulation.truth();
    assert_eq!(truth.frames, frames);
    (networks, truth)
}

fn width(mhz: u16) -> ChannelWidth {
    match mhz {
        20 => ChannelWidth::Mhz20,
        40 => ChannelWidth::Mhz40,
        80 => ChannelWidth::Mhz80,
        160 => ChannelWidth::Mhz160,
        _ => ChannelWidth::Mhz320,
    }
}

fn standard(point: &TrueAccessPoint) -> Standard {
    match point.generation.as_str() {
        "legacy" => Standard::AG,
        "wifi4" => Standard::N,
        // VHT is for 5 GHz; the same device is an 802.11n one at 2.4 GHz.
        "wifi5" if point.band == "2.4 GHz" => Standard::N,
        "wifi5" => Standard::Ac,
        "wifi6" | "wifi6e" => Standard::Ax,
        _ => Standard::Be,
    }
}

fn check(name: &str) {
    let (networks, truth) = dissected(name);
    let mut compared = 0;
    for point in truth.access_points.iter().filter(|point| point.beacons_heard > 0) {
        let bssid: MacAddr = point.bssid.parse().expect("an address");
        let beacon = networks.get(&(bssid, AdvertisementKind::Beacon)).expect("its beacon");
        let who = format!("{name}: {} {}", point.bssid, point.ssid);
        let ssid = beacon.ssid.as_ref().expect("an SSID element");
        if point.hidden {
            assert!(ssid.is_hidden(), "{who}");
        } else {
            assert_eq!(ssid.hex(), point.ssid_hex, "{who}");
        }
        assert_eq!(beacon.security.label().name(), point.security, "{who}");
        let channel = beacon.channel.expect("a channel");
        assert_eq!(channel.number, point.channel, "{who}");
        assert_eq!(channel.band.name(), point.band, "{who}");
        assert_eq!(beacon.standard, Some(standard(point)), "{who}");
        if point.generation != "legacy" {
            assert_eq!(beacon.width, Some(width(point.width_mhz)), "{who}");
        }
        assert_eq!(beacon.mld_address.map(|mld| mld.to_string()), point.mld_address, "{who}");
        assert_eq!(beacon.country.as_deref(), Some("DE"), "{who}");
        assert_eq!(beacon.beacon_interval_tu, Some(100), "{who}");
        if let Some(response) = networks.get(&(bssid, AdvertisementKind::ProbeResponse)) {
            let ssid = response.ssid.as_ref().expect("an SSID element");
            assert_eq!(ssid.hex(), point.ssid_hex, "{who}");
            assert_eq!(response.security, beacon.security, "{who}");
        }
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn networks_of_the_demo() {
    check("demo");
}

#[test]
fn networks_of_the_quiet_street() {
    check("quiet_street");
}

#[test]
fn networks_of_the_tunnel() {
    check("tunnel");
}

#[test]
fn networks_of_the_dense_centre() {
    check("dense_centre");
}

#[test]
fn the_capture_file_holds_every_frame() {
    let (mut capture, mut log) = (Vec::new(), Vec::new());
    let truth = write_all(&scenario("demo"), &mut capture, &mut log).expect("memory");
    let mut reader = CaptureReader::open(capture.as_slice()).expect("a capture");
    let mut frames = 0;
    let mut beacons = 0;
    let mut last = None;
    while let Some(frame) = reader.next_frame().expect("whole") {
        frames += 1;
        assert!(last <= frame.time);
        last = frame.time;
        let length = u32::try_from(frame.data.len()).expect("short");
        beacons +=
            u64::from(parse(frame.link_type, frame.data, length).kind() == FrameKind::BEACON);
    }
    assert_eq!(frames, truth.frames);
    let sum: u64 = truth.access_points.iter().map(|point| point.beacons_heard).sum();
    assert_eq!(beacons, sum);
    assert_eq!(reader.interfaces().len(), truth.radios.len());
    assert!(log.starts_with(b"$GN") && log.ends_with(b"\r\n"));
}

#[test]
fn the_truth_is_labelled_and_has_no_place_at_zero() {
    let truth = Simulation::new(&scenario("tunnel")).truth();
    let json = serde_json::to_value(&truth).expect("plain data");
    assert_eq!(json["simulated"], true);
    assert_eq!(json["scenario"], "tunnel");
    for point in json["access_points"].as_array().expect("a list") {
        let lat_deg = point["position"]["lat_deg"].as_f64().expect("a number");
        assert!((50.1..50.2).contains(&lat_deg), "{point}");
        assert!(point["strongest_dbm"].is_null(), "nothing was played yet");
    }
    assert_eq!(json["track"].as_array().map(Vec::len), Some(201));
}
