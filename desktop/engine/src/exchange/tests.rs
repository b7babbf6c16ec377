//! Files in and out through a real engine: what goes out comes in again, what is no file is refused.

use super::*;
use crate::rows::{NetworkRow, network_rows};
use crate::{Engine, EngineSettings, SurveyView};
use pw_model::GapCause;
use pw_simulate::{Scenario, builtin, write_all};
use pw_survey::Filter;
use quick_xml::Reader;
use quick_xml::events::Event as XmlEvent;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn engine(folder: &Path, name: &str) -> Engine {
    let settings =
        EngineSettings { state_dir: folder.join("state"), read_only: false, wait_for_disk: true };
    Engine::create(&folder.join(name), name, settings).expect("a new survey")
}

fn bring(engine: &Engine, paths: &[PathBuf]) -> Vec<Result<ImportedFile, ExchangeError>> {
    let cancel = AtomicBool::new(false);
    let results = engine.import_and_wait(paths, &mut |_at| {}, &cancel).expect("writable");
    results.into_iter().map(|(_, result)| result).collect()
}

fn bring_one(engine: &Engine, path: &Path) -> Result<ImportedFile, ExchangeError> {
    bring(engine, &[path.to_owned()]).pop().expect("one result")
}

/// A small simulated drive: the capture and the position log.
fn drive(folder: &Path) -> [PathBuf; 2] {
    let scenario = Scenario::from_toml(builtin("quiet_street").expect("built in")).expect("valid");
    let (mut capture, mut log) = (Vec::new(), Vec::new());
    write_all(&scenario, &mut capture, &mut log).expect("memory");
    let paths = [folder.join("drive.pcapng"), folder.join("drive.nmea")];
    for (path, content) in paths.iter().zip([capture, log]) {
        fs::write(path, content).expect("writable");
    }
    paths
}

fn closed_view(engine: Engine) -> SurveyView {
    let path = engine.snapshot().survey.path.clone();
    engine.close().expect("stored");
    SurveyView::open(&path).expect("a survey")
}

fn rows(view: &SurveyView) -> BTreeMap<String, NetworkRow> {
    let rows = network_rows(&view.snapshot, &view.places, |_ap| true);
    rows.into_iter().map(|row| (row.bssid.clone(), row)).collect()
}

fn write(view: &SurveyView, format: ExportFormat, path: &Path) -> ExportSummary {
    let filter = Filter::default();
    let input = ExportInput {
        snapshot: &view.snapshot,
        places: &view.places,
        reader: &view.reader,
        filter: &filter,
    };
    let cancel = AtomicBool::new(false);
    export(format, path, &input, &mut |_share| {}, &cancel).expect("exported")
}

#[test]
fn what_goes_out_as_wigle_csv_comes_in_again() {
    let folder = folder();
    let first = engine(folder.path(), "first");
    for result in bring(&first, &drive(folder.path())) {
        result.expect("imported");
    }
    let first = closed_view(first);
    let csv = folder.path().join("out.csv");
    let summary = write(&first, ExportFormat::WigleCsv, &csv);
    assert!(summary.rows.expect("rows") >= summary.networks);

    let second = engine(folder.path(), "second");
    let imported = bring_one(&second, &csv).expect("our own file");
    assert_eq!(Some(imported.observations), summary.rows);
    assert_eq!(imported.left_out, BTreeMap::new());
    let second = closed_view(second);
    let (before, after) = (rows(&first), rows(&second));
    assert_eq!(before.len(), summary.networks as usize + summary.without_place as usize);
    assert_eq!(after.len() as u64, summary.networks);
    assert!(second.snapshot.is_simulated(), "the label is lost");
    for (bssid, row) in &after {
        let old = &before[bssid];
        assert_eq!(row.ssid_hex.as_deref().unwrap_or(""), old.ssid_hex.as_deref().unwrap_or(""));
        assert_eq!((row.security, &row.akm), (old.security, &old.akm), "{bssid}");
        assert_eq!((row.channel, row.frequency_mhz), (old.channel, old.frequency_mhz), "{bssid}");
        // The format says what is announced; what it leaves out is unknown, not absent.
        let said = (old.pmf.filter(|pmf| *pmf != "no"), old.wps.filter(|wps| *wps));
        assert_eq!((row.pmf, row.wps), said, "{bssid}");
        let (here, there) = (row.position.expect("placed"), old.position.expect("placed"));
        let metres = (here.lat - there.lat).hypot(here.lon - there.lon) * 111_000.0;
        assert!(metres < 30.0, "{bssid} moved by {metres} m");
    }
}

#[test]
fn the_same_file_counts_once_and_two_ways_are_refused() {
    let folder = folder();
    let paths = drive(folder.path());
    let survey = engine(folder.path(), "survey");
    let first = bring(&survey, &paths);
    let frames = first[0].as_ref().expect("imported");
    assert!(frames.new_batches > 0 && frames.positioned > frames.observations / 2);
    let again = bring(&survey, &paths);
    let frames = again[0].as_ref().expect("imported");
    assert_eq!(frames.new_batches, 0);
    assert!(frames.words().contains("already in the survey"), "{}", frames.words());
    let other_way = bring_one(&survey, &paths[0]).expect_err("its frames would count twice");
    assert!(matches!(other_way, ExchangeError::Conflict { .. }), "{other_way}");
    let alone = bring_one(&survey, &paths[1]).expect_err("a log without a capture");
    assert!(alone.to_string().contains("without a capture"), "{alone}");
}

/// A pcap of bare 802.11 frames behind a radiotap header of flags only.
fn pcap_with_flags(frames: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes =
        [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 127].map(u32::to_le_bytes).concat();
    for (second, (flags, frame)) in (1_777_000_000u32..).zip(frames) {
        // Version, length 9, present: flags (bit 1).
        let header = [0, 0, 9, 0, 2, 0, 0, 0, *flags];
        let len = (header.len() + frame.len()) as u32;
        bytes.extend([second, 0, len, len].map(u32::to_le_bytes).concat());
        bytes.extend(header);
        bytes.extend(*frame);
    }
    bytes
}

#[test]
fn what_an_import_cannot_use_is_counted() {
    let beacon = |name: &[u8], from: u8| {
        let mut frame = vec![0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        for _ in 0..2 {
            frame.extend([2, 0, 0x5e, 0, 0, from]);
        }
        frame.extend([0; 2 + 8]);
        frame.extend([100, 0, 1, 0, 0, name.len() as u8]);
        frame.extend(name);
        frame
    };
    let (good, hidden) = (beacon(b"good", 1), beacon(b"mine_nomap", 2));
    // Radiotap flags, bit 6: the frame check sequence was wrong.
    let frames =
        [(0u8, &good[..]), (0x40, &good[..]), (0x40, &good[..]), (0, &hidden[..]), (0, &[0x80])];
    let folder = folder();
    let path = folder.path().join("mixed.pcap");
    fs::write(&path, pcap_with_flags(&frames)).expect("writable");
    let survey = engine(folder.path(), "survey");
    let result = bring_one(&survey, &path).expect("imported");
    let counts = (result.observations, result.bad_fcs, result.unreadable, result.opted_out);
    assert_eq!((counts, result.positioned), ((4, 2, 1, 1), 0), "{}", result.words());
    assert_eq!(
        result.words(),
        "pcap: 4 frames, none with a position; 2 damaged on the air (wrong frame check sequence), \
         not used for networks and clients; 1 without a readable header; 1 of networks that ask not \
         to be recorded left out"
    );
    let view = closed_view(survey);
    assert_eq!((view.snapshot.totals.bad_fcs, view.snapshot.totals.unreadable), (2, 1));
    assert_eq!(view.snapshot.access_points.len(), 1);
    assert_eq!(view.snapshot.access_points[0].frames, 1);
}

#[test]
fn packed_files_are_the_same_files() {
    let folder = folder();
    let [capture, _] = drive(folder.path());
    let packed = folder.path().join("packed");
    let file = fs::File::create(&packed).expect("writable");
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    Write::write_all(&mut gzip, &fs::read(&capture).expect("there")).expect("written");
    gzip.finish().expect("written");
    let survey = engine(folder.path(), "survey");
    let plain = bring_one(&survey, &capture).expect("imported");
    let again = bring_one(&survey, &packed).expect("imported");
    assert_eq!((again.new_batches, again.known_batches), (0, plain.new_batches));
}

#[test]
fn a_file_that_is_cut_is_read_to_the_cut_and_says_so() {
    let folder = folder();
    let [capture, _] = drive(folder.path());
    let bytes = fs::read(&capture).expect("there");
    let cut = folder.path().join("cut.pcapng");
    fs::write(&cut, &bytes[..bytes.len() * 2 / 3 + 1]).expect("writable");
    let survey = engine(folder.path(), "survey");
    let result = bring_one(&survey, &cut).expect("as far as it goes");
    assert!(result.observations > 100);
    assert!(result.warnings.iter().any(|w| w.contains("byte")), "{:?}", result.warnings);
    let view = closed_view(survey);
    assert_eq!(view.snapshot.totals.observations, result.observations);
    assert!(view.snapshot.gaps.iter().any(|row| row.gap.cause == GapCause::FileCut));
}

#[test]
fn what_is_no_file_of_ours_is_one_clear_line() {
    let folder = folder();
    let survey = engine(folder.path(), "survey");
    let check = |name: &str, content: Option<&[u8]>, words: &str| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).expect("writable");
        }
        let error = bring_one(&survey, &path).expect_err(name).to_string();
        assert!(error.contains(words) && error.contains(name), "{name}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    };
    check("empty.pcap", Some(b""), "empty");
    check("picture.pcap", Some(b"\xff\xd8\xff\xe0\0\x10JFIF"), "JPEG");
    check("text.csv", Some(b"hello, world\n"), "text");
    check("absent.pcap", None, "No such file");
    check("backup.sqlite", Some(b"SQLite format 3\0"), "SQLite");
    check("head.csv", Some(b"WigleWifi-1.4,x\nA,B,C\n"), "line 2");
    // Ethernet frames are no 802.11 frames.
    let mut ethernet =
        b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0".to_vec();
    ethernet.extend_from_slice(b"\x01\0\0\0\0\0\0\0\x04\0\0\0\x04\0\0\0abcd");
    check("ethernet.pcap", Some(&ethernet), "no 802.11 frames");
    fs::create_dir(folder.path().join("folder.pcap")).expect("writable");
    check("folder.pcap", None, "folder");
    assert_eq!(survey.snapshot().totals.observations, 0);
}

#[test]
fn a_cancelled_import_goes_on_where_it_was() {
    let folder = folder();
    let [capture, _] = drive(folder.path());
    let survey = engine(folder.path(), "survey");
    let cancel = AtomicBool::new(false);
    // The first look within the second pass over the file.
    let size = fs::metadata(&capture).expect("there").len();
    let mut stop = |at: &ImportProgress| {
        cancel.store(at.done_bytes >= size, std::sync::atomic::Ordering::Relaxed);
    };
    let paths = [capture.clone()];
    let results = survey.import_and_wait(&paths, &mut stop, &cancel).expect("writable");
    assert!(matches!(results[0].1, Err(ExchangeError::Cancelled)), "{results:?}");
    let whole = bring_one(&survey, &capture).expect("imported");
    let view = closed_view(survey);
    assert_eq!(view.snapshot.totals.observations, whole.observations);
}

/// Names that try to break out of what they are put into.
const HOSTILE: &str = "WigleWifi-1.4,appRelease=2\nMAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,Type\n\
02:00:5e:00:00:01,</name><script>,[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI\n\
02:00:5e:00:00:02,=1+1,[WEP],2026-05-01 10:00:01,6,-61,50.1,8.6,120,5,WIFI\n\
02:00:5e:00:00:03,\"a\"\"b,c\",[WPA2-PSK-CCMP][ESS],2026-05-01 10:00:02,11,-71,-33.9,-70.6,120,5,WIFI\n\
02:00:5e:00:00:04,\u{1}bell\u{7},[RSN-SAE-CCMP][ESS],2026-05-01 10:00:03,36,-81,50.2,8.7,120,0,WIFI\n\
02:00:5e:00:00:05,gone_nomap,[ESS],2026-05-01 10:00:03,36,-81,50.2,8.7,120,0,WIFI\n\
02:00:5e:00:00:06,nowhere,[ESS],2026-05-01 10:00:03,36,-81,0,0,120,0,WIFI\n";

fn hostile(folder: &Path) -> SurveyView {
    let csv = folder.join("hostile.csv");
    fs::write(&csv, HOSTILE).expect("writable");
    let survey = engine(folder, "survey");
    let result = bring_one(&survey, &csv).expect("imported");
    assert_eq!(result.observations, 5);
    assert_eq!((result.opted_out, result.left_out.len()), (1, 0));
    closed_view(survey)
}

#[test]
fn xml_stays_xml_whatever_networks_are_called() {
    let folder = folder();
    let view = hostile(folder.path());
    for (format, element) in [(ExportFormat::Kml, "Point"), (ExportFormat::Gpx, "wpt")] {
        let path = folder.path().join(format.name());
        let summary = write(&view, format, &path);
        assert_eq!((summary.networks, summary.without_place), (4, 1));
        let text = fs::read_to_string(&path).expect("UTF-8");
        assert!(text.contains("&lt;/name&gt;&lt;script&gt;") && text.contains("\\x07"));
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
        assert!(!text.contains("simulated") && !text.contains("nomap"));
        let mut reader = Reader::from_str(&text);
        let mut found = 0;
        loop {
            match reader.read_event().expect("well formed") {
                XmlEvent::Start(start) if start.name().as_ref() == element.as_bytes() => found += 1,
                XmlEvent::Eof => break,
                _ => {}
            }
        }
        assert_eq!(found, 4);
    }
}

#[test]
fn geojson_has_longitude_first_and_null_where_nothing_is_known() {
    let folder = folder();
    let view = hostile(folder.path());
    let path = folder.path().join("out.geojson");
    write(&view, ExportFormat::GeoJson, &path);
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(&path).expect("there")).expect("JSON");
    assert_eq!(json["type"], "FeatureCollection");
    let features = json["features"].as_array().expect("a list");
    let of = |bssid: &str| features.iter().find(|f| f["id"] == bssid).expect("there");
    let south = of("02:00:5e:00:00:03");
    assert_eq!(south["geometry"]["coordinates"][0], -70.6);
    assert_eq!(south["geometry"]["coordinates"][1], -33.9);
    assert!(south["properties"]["position"]["error_m"].as_f64().expect("set") > 0.0);
    assert_eq!(south["properties"]["simulated"], false);
    assert!(of("02:00:5e:00:00:06")["geometry"].is_null());
}

#[test]
fn the_table_cannot_run_formulas() {
    let folder = folder();
    let view = hostile(folder.path());
    let path = folder.path().join("out.csv");
    write(&view, ExportFormat::Csv, &path);
    let mut csv = csv::Reader::from_path(&path).expect("there");
    let records: Vec<csv::StringRecord> = csv.records().map(|r| r.expect("sound")).collect();
    assert_eq!(records.len(), 5);
    assert_eq!(&records[1][1], "'=1+1");
    assert_eq!(&records[2][1], "a\"b,c");
    assert_eq!(&records[4][25], "");
}

#[test]
fn the_keys_of_a_network_are_those_of_the_contract() {
    let folder = folder();
    let view = hostile(folder.path());
    let row = &network_rows(&view.snapshot, &view.places, |_ap| true)[0];
    let json = serde_json::to_value(row).expect("plain data");
    let keys: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    let contract = "bssid ssid ssid_hex hidden security akm pairwise group pmf wps standard channel \
                    frequency_mhz width_mhz country vendor mld_address beacons frames clients \
                    first_seen last_seen rssi_dbm position sightings";
    assert_eq!(keys, contract.split_whitespace().collect::<Vec<_>>());
    assert_eq!(json["first_seen"], "2026-05-01T10:00:00Z");
    assert_eq!(json["rssi_dbm"], serde_json::json!({"max": -61, "min": -61, "last": -61}));
    let position = json["position"].as_object().expect("placed");
    assert_eq!(position.keys().collect::<Vec<_>>(), ["lat", "lon", "error_m", "method"]);
    assert!(json["country"].is_null() && json["mld_address"].is_null());
}
