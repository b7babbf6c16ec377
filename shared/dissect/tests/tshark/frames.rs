//! Type, addresses, SSID and RSN suites of every well-formed frame.

use crate::rows::{Differences, Row, captures};
use pw_dissect::describe::describe;
use pw_dissect::fields::{Field, Packet, Part, Sink, Span, Value, by_name};
use pw_dissect::ieee80211::{elements::id, rsn};
use pw_model::FrameFlags;

/// Share of the frames in which all must agree.
const AGREEING: f64 = 0.9999;

/// Our first value of a field, written as tshark writes it.
fn ours(packet: &Packet<'_>, name: &str) -> Option<String> {
    let field = by_name(name)?;
    let value = field.read.and_then(|read| read(packet))?;
    let mut text = String::new();
    field.write_plain(&value, &mut text).ok()?;
    Some(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first SSID that the description of the packet names, of frames whose elements begin in many places.
fn first_ssid(packet: &Packet<'_>) -> Option<String> {
    struct First(Option<String>);
    impl Sink for First {
        fn wants(&self, part: Part) -> bool {
            matches!(part, Part::Body | Part::Element)
        }
        fn field(&mut self, field: &'static Field, value: Value<'_>, _: Span) {
            if let ("wlan.ssid", Value::Bytes(bytes), None) = (field.name, value, &self.0) {
                self.0 = Some(hex(bytes));
            }
        }
    }
    let mut first = First(None);
    describe(packet, &mut first);
    first.0
}

/// Suites of the RSN elements of a management frame as tshark writes them: numbers in decimal.
fn rsn_suites(packet: &Packet<'_>) -> [Vec<String>; 3] {
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    let number = |suite: [u8; 4]| u32::from_be_bytes(suite).to_string();
    for element in packet.frame.elements().into_iter().flatten().filter(|e| e.id == id::RSN) {
        let Some(info) = rsn::rsn(element.body) else { continue };
        let [group, pairwise, akm] = &mut lists;
        group.extend(info.suites.group.map(|cipher| number(cipher.0)));
        pairwise.extend(info.suites.pairwise.iter().map(|cipher| number(cipher.0)));
        akm.extend(info.suites.akm.iter().map(|akm| number(akm.0)));
    }
    lists
}

/// The first thing in which we and tshark differ, and how.
fn difference(packet: &Packet<'_>, row: &Row<'_>) -> Option<(&'static str, String)> {
    for name in [
        "wlan.fc.type",
        "wlan.fc.subtype",
        "wlan.ra",
        "wlan.ta",
        "wlan.da",
        "wlan.sa",
        "wlan.bssid",
    ] {
        let (theirs, ours) = (row.first(name), ours(packet, name));
        if theirs != ours.as_deref() {
            return Some((name, format!("tshark {theirs:?}, ours {ours:?}")));
        }
    }
    let header = packet.frame.header?;
    if !header.kind.is_management() || header.flags.contains(FrameFlags::PROTECTED) {
        return None;
    }
    // An SSID of no bytes is "<MISSING>" for tshark.
    let theirs = row.first("wlan.ssid").map(|text| text.replace("<MISSING>", ""));
    let is_action = matches!(header.kind.subtype(), Some(13 | 14));
    let ssid = if is_action {
        theirs.as_ref().and_then(|_| first_ssid(packet))
    } else {
        let element = packet.frame.elements().and_then(|elements| elements.find_id(id::SSID));
        element.map(|element| hex(element.body))
    };
    if theirs != ssid {
        return Some(("wlan.ssid", format!("tshark {:?}, ours {ssid:?}", row.all("wlan.ssid"))));
    }
    let names = ["wlan.rsn.gcs", "wlan.rsn.pcs", "wlan.rsn.akms"];
    for (name, ours) in names.into_iter().zip(rsn_suites(packet)) {
        if row.all(name) != ours {
            return Some((name, format!("tshark {:?}, ours {ours:?}", row.all(name))));
        }
    }
    None
}

/// Where tshark 4.0 is wrong, or names the same address otherwise.
fn explained(class: &str, packet: &Packet<'_>, row: &Row<'_>) -> Option<&'static str> {
    let Some(header) = packet.frame.header else {
        return (row.first("radiotap.version") != Some("0")).then_some(
            "radiotap of an unknown version is not read on (radiotap.org: a parser must give up)",
        );
    };
    match (class, header.kind.frame_type(), header.kind.subtype()) {
        ("wlan.ta", Some(1), Some(14 | 15)) => {
            let transmitter = header.transmitter().map(|address| address.to_string());
            (row.first("wlan.bssid") == transmitter.as_deref())
                .then_some("CF-End: the address is BSSID and TA in one (802.11-2020, 9.3.1.6)")
        }
        ("wlan.ra", Some(3), Some(0)) => {
            let bssid = header.bssid().map(|address| address.to_string());
            (row.first("wlan.ra") == bssid.as_deref()).then_some(
                "DMG beacon: its one address is the BSSID (802.11-2020, 9.3.4.2), not RA",
            )
        }
        _ => None,
    }
}

#[test]
fn well_formed_frames_equal_tshark() {
    let Some(captures) = captures() else { return };
    let mut compared = 0u64;
    let mut differences = Differences::default();
    let unequal_files = captures.for_each(|name, packet, row| {
        if row.is_malformed() || row.first("wlan.fc.type").is_none() {
            return;
        }
        compared += 1;
        if let Some((class, what)) = difference(packet, row) {
            let class = explained(class, packet, row).unwrap_or(class);
            differences.add(class, || {
                format!("{name} #{} {}: {what}", packet.captured.number, packet.frame.kind().name())
            });
        }
    });
    let unequal = differences.count(|class| class.starts_with("wlan."));
    let all = differences.count(|_| true);
    eprintln!(
        "{compared} well-formed frames compared, {all} differ, {unequal} of them unexplained"
    );
    differences.print();
    for file in &unequal_files {
        eprintln!("  {file}");
    }
    assert!(compared > 50_000, "only {compared} frames were compared");
    assert!((compared - unequal) as f64 >= compared as f64 * AGREEING);
}
