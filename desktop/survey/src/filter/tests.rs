//! What filters match, and what they say when they cannot be read.

use super::*;
use crate::snapshot::{Protection, SignalStats};
use pw_model::{
    Advertisement, AdvertisementId, AdvertisementKind, Channel, NetworkTraits, Security, Ssid,
    Standard, Timestamp, Wps,
};
use std::collections::BTreeMap;
use std::sync::Arc;

const AP: MacAddr = MacAddr([0x02, 0, 0x5e, 0x10, 0, 0xab]);

fn ap() -> AccessPoint {
    let security = Security { privacy: true, ..Security::default() };
    let traits = NetworkTraits {
        standard: Some(Standard::Ax),
        wps: Some(Wps::default()),
        security: security.clone(),
        country: Some("DE".to_owned()),
        ..NetworkTraits::default()
    };
    AccessPoint {
        bssid: AP,
        ssids: vec![Ssid::new("Caf\u{e9} Guest")],
        hidden: false,
        advertisement: Some(Arc::new(Advertisement {
            id: AdvertisementId(1),
            time: Timestamp::from_unix_secs(0),
            kind: AdvertisementKind::Beacon,
            transmitter: AP,
            bssid: Some(AP),
            traits,
            elements: vec![0, 0],
        })),
        protection: Some(Protection { label: security.label(), security }),
        channel: Channel::from_frequency_mhz(2437),
        frequency_mhz: Some(2437),
        beacons: 90,
        frames: 100,
        sightings: 0,
        heard_again: 0,
        kinds: BTreeMap::new(),
        bytes: 5000,
        clients: vec![MacAddr([2; 6])],
        first_seen: Timestamp::parse_rfc3339("2026-05-01T10:00:00Z").expect("valid"),
        last_seen: Timestamp::parse_rfc3339("2026-05-01T11:00:00Z").expect("valid"),
        signal: Some(SignalStats { max_dbm: -55, min_dbm: -90, last_dbm: -70 }),
        history: Vec::new(),
        heard: Vec::new(),
        stated_position: None,
        sensors: Vec::new(),
        note: None,
        known: true,
    }
}

fn matches(text: &str) -> bool {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.matches_ap(&ap(), |_| Some("Intel Corporate"))
}

#[test]
fn what_matches() {
    for text in [
        "",
        "  ",
        "caf\u{c9}",
        "guest intel",
        "02:00:5e",
        "02-00-5E",
        "5e10",
        "ssid:guest",
        "ssid:\"\u{e9} guest\"",
        "bssid:02:00:5e:10",
        "bssid:00ab",
        "vendor:intel",
        "security:WEP",
        "security:weak",
        "weak",
        "channel:6",
        "band:2.4",
        "rssi>-60",
        "rssi>=-55",
        "rssi=-55",
        "rssi > -60",
        "rssi >-60",
        "rssi> -60 and wps",
        "(rssi  >=  -55)",
        "ssid : guest",
        "ssid: \"\u{e9} guest\" known",
        "frames>99 frames<101",
        "clients>0",
        "known wps",
        "not hidden",
        "!hidden",
        "standard:ax",
        "country:de",
        "pmf:unknown",
        "random",
        "seen>2026-05-01T10:30:00Z",
        "seen<2026-05-01T10:30",
        "seen:2026-05-01T10:30",
        "first<2026-05-02",
        "hidden or (weak and guest)",
        "NOT (hidden OR open)",
        "\"guest\"",
        "frequency:2437",
    ] {
        assert!(matches(text), "{text}");
    }
}

#[test]
fn what_does_not_match() {
    for text in [
        "nobody",
        "guest nobody",
        "ssid:intel",
        "bssid:02:ab",
        "security:open",
        "security:WPA2",
        "channel:11",
        "band:5",
        "rssi>-55",
        "rssi > -55",
        "frames>100",
        "hidden",
        "not known",
        "standard:n",
        "pmf:required",
        "width>0",
        "note",
        "last>2026-05-02",
        "\"hidden\"",
        "hidden or open and weak",
        "5",
    ] {
        assert!(!matches(text), "{text}");
    }
}

#[test]
fn a_label_holds_its_parts() {
    let mut ap = ap();
    ap.protection = Some(Protection {
        security: Security::default(),
        label: pw_model::SecurityLabel::Wpa3Wpa2,
    });
    for (text, expected) in
        [("WPA2", true), ("wpa3", true), ("WPA3/WPA2", true), ("WPA", false), ("open", false)]
    {
        let filter = Filter::parse(&format!("security:{text}")).expect("valid");
        assert_eq!(filter.matches_ap(&ap, |_| None::<&str>), expected, "{text}");
    }
}

#[test]
fn clients() {
    let client = Client {
        address: MacAddr([2, 0, 0, 0, 0, 9]),
        bssid: Some(AP),
        probed: vec![Ssid::new("Home")],
        pseudonym: false,
        advertisement: None,
        frames: 7,
        heard_again: 0,
        bytes: 70,
        first_seen: Timestamp::from_unix_secs(0),
        last_seen: Timestamp::from_unix_secs(5),
        signal: None,
        history: Vec::new(),
        heard: Vec::new(),
    };
    let matches = |text: &str| {
        Filter::parse(text).expect("valid").matches_client(&client, |_| None::<String>)
    };
    for text in [
        "home",
        "bssid:5e:10",
        "02:00:00",
        "frames=7",
        "random",
        "not channel:6",
        "seen>1970-01-01",
    ] {
        assert!(matches(text), "{text}");
    }
    for text in ["rssi>-100", "rssi<0", "channel:6", "known", "vendor:x", "pseudonym"] {
        assert!(!matches(text), "{text}");
    }
    // Whether the device behind a pseudonym uses a random address nobody knows.
    let hidden = Client { pseudonym: true, ..client.clone() };
    let matches = |text: &str| {
        Filter::parse(text).expect("valid").matches_client(&hidden, |_| None::<String>)
    };
    assert!(matches("pseudonym") && !matches("random"));
}

#[test]
fn errors_say_where() {
    let check = |text: &str, position: usize, part: &str| {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
    };
    check("ssid:", 5, "missing");
    check("rssi > ", 6, "missing");
    check("rssi > and wps", 6, "missing");
    check("rssi > loud", 7, "not a number");
    check("a (b", 2, "not closed");
    check("a b)", 3, "without '('");
    check("()", 1, "missing");
    check("a or", 4, "missing");
    check("and a", 0, "missing");
    check("\u{e9} ssid:\"x", 7, "quote");
    check("colour:red", 0, "'colour' is not known");
    check("rssi>loud", 5, "not a number");
    check("rssi>nan", 5, "not a number");
    check("security:good", 9, "not one of");
    check("channel:900", 8, "channel");
    check("ssid>a", 0, "cannot be compared");
    check("seen>soon", 5, "not a time");
    check(&"(".repeat(1000), 65, "deeply");
    check(&"not ".repeat(1000), 260, "deeply");
}

#[test]
fn any_text_is_read_or_refused() {
    // Every pair and triple of characters that mean something.
    let chars = ['a', ' ', '"', '(', ')', ':', '>', '=', '!', '\u{e9}'];
    let mut texts: Vec<String> = chars.iter().map(char::to_string).collect();
    for _ in 0..3 {
        texts = texts.iter().flat_map(|t| chars.iter().map(move |c| format!("{t}{c}"))).collect();
        for text in &texts {
            if let Ok(filter) = Filter::parse(text) {
                filter.matches_ap(&ap(), |_| None::<&str>);
            }
        }
    }
}
