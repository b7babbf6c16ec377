//! The engine as the window uses it: commands in, snapshots, jobs and events out.

use super::*;
use crate::command::JobStatus;
use crate::exchange::ExportFormat;
use pw_model::{MacAddr, Timestamp};
use pw_survey::Filter;
use std::fs;
use std::time::Instant;
use tempfile::TempDir;

const ROWS: &str = "WigleWifi-1.4,appRelease=2\nMAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,Type\n\
02:00:5e:00:00:01,early,[ESS],2026-05-01 10:00:00,1,-61,50.1,8.6,120,5,WIFI\n\
02:00:5e:00:00:02,late,[WPA2-PSK-CCMP][ESS],2026-05-01 11:00:00,6,-71,50.2,8.7,120,5,WIFI\n";

fn settings(folder: &TempDir) -> EngineSettings {
    EngineSettings { state_dir: folder.path().join("state"), read_only: false, wait_for_disk: true }
}

fn with_rows(folder: &TempDir) -> Engine {
    let engine = Engine::create(&folder.path().join("survey"), "test", settings(folder));
    let engine = engine.expect("a new survey");
    let csv = folder.path().join("rows.csv");
    fs::write(&csv, ROWS).expect("writable");
    let job = engine.send(Command::Import { paths: vec![csv] }).expect("taken").expect("a job");
    assert_eq!(finish(&engine, job).status, JobStatus::Done);
    until(|| engine.snapshot().access_points.len() == 2);
    engine
}

fn until(done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn finish(engine: &Engine, id: JobId) -> JobState {
    let job = || engine.jobs().into_iter().find(|job| job.id == id).expect("known");
    until(|| job().status.is_over());
    job()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

#[test]
fn a_selection_shows_its_own_time_and_goes_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_rows(&folder);
    let range = TimeRange::new(at("2026-05-01T10:30:00Z"), at("2026-05-01T12:00:00Z"));
    engine.send(Command::Select(Some(range))).expect("taken");
    assert_eq!(engine.selection(), Some(range));
    until(|| engine.selected_snapshot().is_some());
    let shown = engine.shown_snapshot();
    assert_eq!(shown.selected, Some(range));
    assert_eq!(shown.access_points.len(), 1);
    let late: MacAddr = "02:00:5e:00:00:02".parse().expect("an address");
    until(|| engine.located().keys().copied().collect::<Vec<_>>() == [late]);
    engine.send(Command::Select(None)).expect("taken");
    assert!(engine.selected_snapshot().is_none());
    until(|| engine.located().len() == 2);
}

#[test]
fn what_a_person_writes_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_rows(&folder);
    let device: MacAddr = "02:00:5e:00:00:01".parse().expect("an address");
    let text = "the baker's".to_owned();
    engine.send(Command::Note { device, text: text.clone() }).expect("taken");
    engine.send(Command::Known { device, known: true }).expect("taken");
    until(|| engine.snapshot().access_point(device).is_some_and(|ap| ap.known));
    engine.close().expect("stored");
    let read_only = EngineSettings { read_only: true, ..settings(&folder) };
    let engine = Engine::open(&folder.path().join("survey"), read_only).expect("opens");
    let snapshot = engine.snapshot();
    let ap = snapshot.access_point(device).expect("there");
    assert_eq!((ap.note.as_ref(), ap.known), (Some(&text), true));
    let refused = engine.send(Command::Note { device, text }).expect_err("read only");
    assert!(refused.to_string().contains("reading only"), "{refused}");
}

#[test]
fn jobs_say_what_they_did_or_why_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_rows(&folder);
    let export = |path: PathBuf| Command::Export {
        format: ExportFormat::GeoJson,
        path,
        source: ExportSource::Everything,
        filter: Filter::default(),
    };
    let path = folder.path().join("out.geojson");
    let job = engine.send(export(path.clone())).expect("taken").expect("a job");
    let done = finish(&engine, job);
    assert_eq!((done.status, done.output), (JobStatus::Done, Some(path)));
    assert!(done.words.contains("2 networks"), "{}", done.words);
    let nowhere = folder.path().join("nowhere/out.geojson");
    let job = engine.send(export(nowhere)).expect("taken").expect("a job");
    let failed = finish(&engine, job);
    assert_eq!(failed.status, JobStatus::Failed);
    assert!(failed.words.contains("nowhere"), "{}", failed.words);
    assert!(engine.events().contains(&Event::JobOver(job)));
    let unknown = Command::Connect { sensor: "nobody".to_owned() };
    assert!(engine.send(unknown).expect_err("not paired").to_string().contains("nobody"));
}

#[test]
fn one_writer_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = with_rows(&folder);
    let second = Engine::open(&folder.path().join("survey"), settings(&folder));
    assert!(second.expect_err("in use").to_string().contains("in use"));
    engine.close().expect("stored");
    Engine::open(&folder.path().join("survey"), settings(&folder)).expect("free again");
}

#[test]
fn a_pairing_is_forgotten_and_brought_back_with_its_link() {
    use crate::link::LinkStore;
    let folder = tempfile::tempdir().expect("a folder");
    let store = LinkStore::open(&settings(&folder).state_dir).expect("a new one");
    // Nobody listens on the discard port; the links wait and try again.
    for (name, byte) in [("car", 1), ("roof", 2), ("car", 3)] {
        let address = if name == "car" { "127.0.0.1:9" } else { "127.0.0.1:10" };
        store.add(name, address, pw_trust::KeyFingerprint([byte; 32])).expect("room");
    }
    let engine = Engine::create(&folder.path().join("survey"), "test", settings(&folder));
    let engine = engine.expect("a new survey");
    let names = || engine.sensors().into_iter().map(|s| s.name).collect::<Vec<_>>();
    assert_eq!(names(), ["car 01010101", "roof", "car"]);
    assert_eq!(engine.sensors()[0].replaced_by.as_deref(), Some("car"));
    for sensor in ["car", "roof"] {
        engine.send(Command::Connect { sensor: sensor.to_owned() }).expect("known");
    }
    until(|| engine.links().len() == 2);
    let forget = |name: &str| engine.send(Command::Forget { sensor: name.to_owned() });
    forget("car 01010101").expect("known");
    forget("car").expect("known");
    assert!(forget("car").expect_err("gone").to_string().contains("no sensor named 'car'"));
    assert_eq!(names(), ["roof"]);
    until(|| engine.links().iter().map(|link| link.sensor.as_str()).eq(["roof"]));
    engine.send(Command::Remember { sensor: "car".to_owned() }).expect("just forgotten");
    assert_eq!(names(), ["roof", "car"]);
    until(|| engine.links().len() == 2);
    let again = engine.send(Command::Remember { sensor: "car".to_owned() });
    assert!(again.expect_err("only once").to_string().contains("pair with it again"));
    engine.send(Command::Disconnect { sensor: "car".to_owned() }).expect("linked");
    assert!(engine.send(Command::Disconnect { sensor: "car".to_owned() }).is_err());
}
