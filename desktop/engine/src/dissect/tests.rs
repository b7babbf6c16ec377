//! Selecting, printing and exporting the packets of a small capture.

use super::*;
use pw_dissect::LinkType;
use pw_dissect::capture::CaptureReader;
use pw_dissect::write::{PacketNotes, PcapngWriter};
use std::fs;
use std::sync::atomic::AtomicBool;

const AP: [u8; 6] = [2, 0, 0x5e, 0x10, 0, 1];
const STATION: [u8; 6] = [2, 0, 0x5e, 0x10, 0, 9];

fn management(subtype: u8, receiver: [u8; 6], body: &[u8]) -> Vec<u8> {
    let mut mac = vec![subtype << 4, 0, 0, 0];
    mac.extend([receiver, AP, AP].concat());
    mac.extend([0x10, 0]);
    mac.extend(body);
    mac
}

/// A beacon, a deauthentication, a cut deauthentication on another interface, an acknowledgement.
fn capture(folder: &Path) -> PathBuf {
    let path = folder.join("small.pcapng");
    let mut writer = PcapngWriter::new(Vec::new(), "test", None).expect("memory");
    let one = writer.add_interface(LinkType::Ieee80211, "one").expect("memory");
    let two = writer.add_interface(LinkType::Ieee80211, "two").expect("memory");
    let beacon = b"\x01\0\0\0\0\0\0\0d\0\x11\0\x00\x05to,wn\x0b\x05\x07\0\x3c\0\0";
    let frames = [
        (one, management(8, [0xff; 6], beacon)),
        (one, management(12, STATION, &[7, 0])),
        (two, management(12, [2, 0, 0, 0, 0, 7], &[7])),
        (one, [&[0xd4, 0, 0, 0][..], &STATION].concat()),
    ];
    for (second, (interface, data)) in (0..).zip(&frames) {
        let time = Timestamp::from_unix_secs(1_700_000_000 + second);
        let length = data.len() as u32;
        writer.write_frame(*interface, time, data, length, PacketNotes::default()).expect("memory");
    }
    fs::write(&path, writer.finish().expect("memory")).expect("writable");
    path
}

/// Does `run` without anybody watching.
fn quietly<T>(run: impl FnOnce(&mut Watch<'_>) -> T) -> T {
    run(&mut Watch { progress: &mut |_| {}, cancel: &AtomicBool::new(false) })
}

fn numbers(path: &Path, filter: &str, follow: Option<&str>, limit: Option<u64>) -> Vec<u64> {
    let selection = Selection::new(Some(filter), follow, limit).expect(filter);
    let mut numbers = Vec::new();
    let end = quietly(|watch| {
        frames(path, &selection, watch, |row, _| {
            numbers.push(row.number);
            Ok(())
        })
    });
    assert_eq!(end.expect("a capture").selected, numbers.len() as u64);
    numbers
}

#[test]
fn filter_address_and_limit_choose() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    assert_eq!(numbers(&path, "", None, None), [1, 2, 3, 4]);
    assert_eq!(numbers(&path, "wlan.fc.type_subtype == deauthentication", None, None), [2, 3]);
    assert_eq!(numbers(&path, "", Some("02:00:5e:10:00:09"), None), [2, 4]);
    assert_eq!(numbers(&path, "wlan.fc.type == 0", Some("02-00-5e-10-00-09"), None), [2]);
    assert_eq!(numbers(&path, "", None, Some(2)), [1, 2]);
    assert_eq!(numbers(&path, "", None, Some(0)), [0u64; 0]);
    let wrong = Selection::new(Some("wlan.sid"), None, None).expect_err("no field");
    assert!(wrong.to_string().contains("column 1"), "{wrong}");
    let wrong = Selection::new(None, Some("02:00"), None).expect_err("no address");
    assert!(wrong.to_string().contains("MAC address"), "{wrong}");
}

fn fields(path: &Path, names: &[&str], format: FieldsFormat) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut columns = Columns::new(&names, format).expect("fields");
    let mut out = Vec::new();
    quietly(|watch| chosen(path, &Selection::default(), &mut columns, watch, &mut out))
        .expect("a capture");
    String::from_utf8(out).expect("text")
}

#[test]
fn short_names_and_names_of_the_register() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    let tabs = fields(&path, &["number", "kind", "wlan.ssid", "ssid"], FieldsFormat::Tabs);
    assert_eq!(tabs, "1\tbeacon\tto,wn\tto,wn\n2\tdeauth\t\t\n3\tdeauth\t\t\n4\tack\t\t\n");
    let commas = fields(&path, &["ssid", "wlan.ssid", "wlan.qbss.cu"], FieldsFormat::Commas);
    assert_eq!(commas, "ssid,wlan.ssid,wlan.qbss.cu\n\"to,wn\",\"to,wn\",60\n,,\n,,\n,,\n");
    let json = fields(&path, &["number", "wlan.tag.number", "wlan.ta"], FieldsFormat::Json);
    assert_eq!(
        json.lines().next(),
        Some(r#"{"number":1,"wlan.tag.number":[0,11],"wlan.ta":"02:00:5e:10:00:01"}"#)
    );
    assert_eq!(json.lines().last(), Some(r#"{"number":4,"wlan.tag.number":null,"wlan.ta":null}"#));
    let wrong = Columns::new(&["wlan.sid".to_owned()], FieldsFormat::Tabs).expect_err("no field");
    assert!(wrong.contains("did you mean wlan.ssid"), "{wrong}");
}

#[test]
fn times_since_other_packets_are_those_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    let names = ["frame.number", "frame.time_relative", "frame.time_delta"];
    assert_eq!(fields(&path, &names, FieldsFormat::Tabs), "1\t0\t0\n2\t1\t1\n3\t2\t1\n4\t3\t1\n");
    assert_eq!(numbers(&path, "frame.time_relative > 1.5", None, None), [3, 4]);
    // Also of those that pass another filter: it is the one before in the file that counts.
    let acknowledgement = "wlan.fc.type == 1 and frame.time_delta == 1";
    assert_eq!(numbers(&path, acknowledgement, None, None), [4]);
    let new = folder.path().join("new.pcapng");
    let selection = Selection::new(Some("frame.time_relative < 2"), None, None).expect("a filter");
    let end = quietly(|watch| export(&path, &selection, &new, watch)).expect("written");
    assert_eq!((end.packets, end.selected), (4, 2));
}

#[test]
fn trees_name_places_clauses_and_faults() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    let mut out = Vec::new();
    quietly(|watch| trees(&path, &Selection::default(), true, watch, &mut out)).expect("a capture");
    let text = String::from_utf8(out).expect("text");
    let line = |words: &str| text.lines().find(|line| line.contains(words)).unwrap_or_default();
    assert!(
        line("SSID: to,wn").ends_with("bytes 38+5     wlan.ssid  802.11-2020, 9.4.2.2"),
        "{text}"
    );
    assert!(text.contains("! frame body, byte 24: the fixed fields are cut"), "{text}");
    assert!(text.contains("0000  80 00 00 00 ff ff"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("Packet ")).count(), 4);
}

#[test]
fn every_packet_is_a_line_of_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    let mut out = Vec::new();
    quietly(|watch| json(&path, &Selection::default(), false, watch, &mut out)).expect("a capture");
    let text = String::from_utf8(out).expect("text");
    let numbers: Vec<u64> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .filter_map(|packet| packet["frame"]["frame.number"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn an_export_holds_the_selection_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    let target = folder.path().join("chosen.pcapng");
    let selection =
        Selection::new(Some("wlan.fc.type_subtype == deauthentication"), None, None).expect("one");
    let end = quietly(|watch| export(&path, &selection, &target, watch)).expect("written");
    assert_eq!((end.packets, end.selected), (4, 2));
    let file = fs::read(&target).expect("there");
    let mut reader = CaptureReader::open(file.as_slice()).expect("a capture");
    let mut seen = Vec::new();
    while let Some(frame) = reader.next_frame().expect("sound") {
        seen.push((frame.interface, frame.time.map(Timestamp::unix_ns), frame.data.len()));
    }
    assert_eq!(
        seen,
        [(0, Some(1_700_000_001_000_000_000), 26), (1, Some(1_700_000_002_000_000_000), 25)]
    );
    let names: Vec<_> = reader.interfaces().iter().map(|i| i.name.as_deref()).collect();
    assert_eq!(names, [Some("one"), Some("two")]);

    let before = fs::read(&path).expect("there");
    let onto =
        quietly(|watch| export(&path, &selection, &path, watch)).expect_err("its own source");
    assert!(matches!(onto, DissectError::OntoItself { .. }), "{onto}");
    assert_eq!(fs::read(&path).expect("there"), before);

    let unwritten = folder.path().join("never.pcapng");
    let mut watch = Watch { progress: &mut |_| {}, cancel: &AtomicBool::new(true) };
    let stopped = export(&path, &selection, &unwritten, &mut watch).expect_err("cancelled");
    assert!(matches!(stopped, DissectError::Cancelled { packets: 0 }), "{stopped}");
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 2, "nothing is left behind");
}

#[test]
fn statistics_of_a_selection() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = capture(folder.path());
    let selection = Selection::new(Some("wlan.ta"), None, None).expect("a field");
    let (report, end) =
        quietly(|watch| statistics(&path, &selection, 5, watch)).expect("a capture");
    assert_eq!((report.total.frames, end.selected, report.device_count), (3, 3, 1));
    assert_eq!(report.kinds[0].key.as_deref(), Some("deauth"));
}
