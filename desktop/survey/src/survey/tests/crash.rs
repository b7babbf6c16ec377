//! Real kills and a real full disk.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Names the folder to a test process that is to be killed.
const VICTIM: &str = "PW_SURVEY_VICTIM";

/// Not a test by itself: what the process does that the next test kills.
#[test]
fn victim() {
    let Some(path) = std::env::var_os(VICTIM).map(PathBuf::from) else { return };
    let (mut survey, _) = open(&path);
    let mut out = std::io::stdout();
    for seq in survey.durable_through(sensor(1), 7) + 1.. {
        survey.ingest(packed(1, seq)).expect("sound");
        if seq % 3 == 0 {
            survey.commit().expect("written");
            writeln!(out, "durable {}", survey.durable_through(sensor(1), 7)).expect("written");
            out.flush().expect("written");
        }
        if seq % 10 == 0 {
            survey.checkpoint().expect("saved");
        }
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled() {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("s");
    create(&path).close().expect("closed");
    let mut acknowledged = 0;
    for round in 0..12u64 {
        let starting = STARTING.write();
        let mut child = Command::new(std::env::current_exe().expect("known"))
            .args(["--exact", "survey::tests::crash::victim", "--nocapture", "--quiet"])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        drop(starting);
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut until = Some(1 + round * 2);
        for line in lines.map_while(Result::ok) {
            if let Some(through) = line.strip_prefix("durable ") {
                acknowledged = through.parse().expect("a number");
                until = until.map(|left| left.saturating_sub(1));
            }
            // Lines that were on their way are read to the end: they are acknowledgements.
            if until == Some(0) {
                std::thread::sleep(Duration::from_micros(round * 700));
                child.kill().expect("killed");
                until = None;
            }
        }
        child.wait().expect("gone");
        let (survey, report) = open(&path);
        let through = survey.durable_through(sensor(1), 7);
        assert!(through >= acknowledged, "{through} of {acknowledged}: {report:?}");
        assert!(survey.holes().is_empty());
        survey.close().expect("closed");
        let found = verify(&path, &mut |_| {}).expect("readable");
        assert!(found.is_sound() && found.batches == through, "{found:?}");
    }
    assert!(acknowledged > 100, "the rounds made progress: {acknowledged}");
    let (mut survey, _) = open(&path);
    let through = survey.durable_through(sensor(1), 7);
    assert_eq!(told(&mut survey), reference(1..=through));
}

/// A small file system of its own, if the system lets us make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        let _starting = STARTING.write();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _starting = STARTING.write();
        let done = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(std::thread::panicking() || done.is_ok_and(|s| s.success()), "unmounted");
    }
}

#[test]
fn a_full_disk_loses_nothing_and_is_said() {
    let scratch = tempfile::tempdir().expect("a folder");
    let Some(_disk) = SmallDisk::mount(scratch.path(), "4m") else {
        eprintln!("skipped: a small file system cannot be mounted here (that needs root)");
        return;
    };
    let path = scratch.path().join("s");
    let mut survey = create(&path);
    fill(&mut survey, 1..=3);
    let ballast = scratch.path().join("ballast");
    let fill_up = || {
        let mut file = fs::File::create(&ballast).expect("made");
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    };
    fill_up();
    let mut taken = 3;
    let error = loop {
        assert!(taken < 1000, "the disk never was full");
        assert_eq!(survey.ingest(packed(1, taken + 1)).expect("waits"), Ingested::New);
        taken += 1;
        if let Err(error) = survey.commit() {
            break error;
        }
    };
    assert!(matches!(error, SurveyError::DiskFull { .. }), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
    let durable = survey.durable_through(sensor(1), 7);
    assert!(durable >= 3 && durable < taken);
    survey.commit().expect_err("still full");
    // The index has no room either; that is a warning at most.
    assert_eq!(survey.durable_through(sensor(1), 7), durable);
    let found = verify(&path, &mut |_| {}).expect("readable");
    assert!(found.is_sound() && found.batches == durable && found.torn_bytes == 0, "{found:?}");
    fs::remove_file(&ballast).expect("removed");
    survey.commit().expect("room again");
    assert_eq!(survey.durable_through(sensor(1), 7), taken);
    fill(&mut survey, taken + 1..=taken + 5);
    let before = told(&mut survey);
    // No room for the index alone: a warning, or it found room in what it had.
    fill_up();
    survey.checkpoint().expect("nothing waits");
    let warnings = survey.take_warnings();
    assert!(warnings.len() <= 1, "{warnings:?}");
    fs::remove_file(&ballast).expect("removed");
    survey.close().expect("closed");
    let (mut survey, report) = open(&path);
    assert_eq!(told(&mut survey), before, "{report:?}");
    // Full while opening and closing: still no loss.
    fill_up();
    survey.ingest(packed(1, taken + 6)).expect("waits");
    let close = survey.close();
    assert!(matches!(close, Ok(()) | Err(SurveyError::DiskFull { .. })), "{close:?}");
    let (survey, report) = open(&path);
    assert!(survey.durable_through(sensor(1), 7) >= taken + 5, "{report:?}");
}
