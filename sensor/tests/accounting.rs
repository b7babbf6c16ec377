//! The sensor's program is killed at random moments; every frame that came in is accounted for.

use pw_model::GapCause;
use pw_sensor::journal::{Accounted, each_batch};
use pw_simulate::{Scenario, Simulation, builtin, write_all};
use pw_wire::Batch;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const SENSOR: &str = env!("CARGO_BIN_EXE_piwardrive-sensor");

/// A drive through a small town as a capture and a position log.
fn recorded_drive(folder: &Path) -> (PathBuf, PathBuf, u64) {
    let text = builtin("quiet_street").expect("built in");
    let scenario = Scenario::from_toml(text).expect("valid");
    let capture = folder.join("capture.pcapng");
    let log = folder.join("gps.nmea");
    let mut frames = Vec::new();
    let mut sentences = Vec::new();
    write_all(&scenario, &mut frames, &mut sentences).expect("memory takes everything");
    std::fs::write(&capture, frames).expect("written");
    std::fs::write(&log, sentences).expect("written");
    let count = Simulation::new(&scenario)
        .filter(|event| matches!(event.kind, pw_simulate::SimulatedKind::Frame { .. }))
        .count();
    (capture, log, count as u64)
}

fn sensor(state: &Path, source: &str, gps: &str) -> Command {
    let mut command = Command::new(SENSOR);
    command
        .args(["run", "--exit-at-end", "--listen", "127.0.0.1:0", "--log", "warn"])
        .args(["--source", source, "--gps", gps, "--state"])
        .arg(state)
        .stdin(Stdio::null());
    command
}

fn journal(state: &Path) -> Vec<Batch> {
    let mut batches = Vec::new();
    each_batch::<pw_sensor::journal::JournalError>(&state.join("journal"), None, |batch| {
        batches.push(batch);
        Ok(true)
    })
    .expect("readable");
    batches
}

fn observations(batches: &[Batch]) -> u64 {
    batches.iter().map(|batch| batch.observations.len() as u64).sum()
}

#[test]
fn a_replayed_drive_is_whole_and_placed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (capture, log, frames) = recorded_drive(folder.path());
    let state = folder.path().join("state");
    let source = format!("file:{},speed=max", capture.display());
    let status = sensor(&state, &source, &format!("nmea:{}", log.display())).status();
    assert!(status.expect("started").success());
    let batches = journal(&state);
    assert_eq!(observations(&batches), frames);
    assert!(batches.iter().all(|batch| batch.gaps.is_empty()), "nothing is lost");
    let heard = || batches.iter().flat_map(|batch| &batch.observations);
    let placed = heard().filter(|o| o.position.is_some()).count() as u64;
    // Before the first fix and within the last second nothing is known.
    assert!(placed * 100 >= frames * 95, "{placed} of {frames} have a position");
    assert!(heard().filter_map(|o| o.position).all(|p| p.error_m.is_some_and(|e| e > 0.0)));
    // The same drive, simulated instead of recorded: the same places to within a centimetre or two.
    let live = folder.path().join("simulated");
    let status = Command::new(SENSOR)
        .args(["run", "--exit-at-end", "--listen", "127.0.0.1:0", "--log", "warn"])
        .args(["--source", "sim:quiet_street", "--state"])
        .arg(&live)
        .status();
    assert!(status.expect("started").success());
    let simulated = journal(&live);
    assert_eq!(observations(&simulated), frames);
    let places = |batches: &[Batch]| {
        let all = batches.iter().flat_map(|batch| &batch.observations);
        all.filter_map(|o| Some((o.time.unix_ns() / 1000, o.position?.lat_deg))).collect::<Vec<_>>()
    };
    let (recorded, simulated) = (places(&batches), places(&simulated));
    let equal = recorded
        .iter()
        .filter(|(time, lat)| {
            simulated.iter().any(|(t, l)| t.abs_diff(*time) <= 1 && (l - lat).abs() < 3e-7)
        })
        .count();
    assert!(equal * 100 >= recorded.len() * 98, "{equal} of {} places agree", recorded.len());
    let tuned: u64 = batches.iter().flat_map(|b| &b.tunes).map(|t| u64::from(t.frames)).sum();
    assert_eq!(tuned, frames, "every frame was heard in some interval of the ledger");
}

/// A pause that differs from run to run, as accidents do.
fn random_pause(most_ms: u64) -> Duration {
    let bytes: [u8; 2] = pw_trust::random_bytes().expect("random");
    Duration::from_millis(u64::from(u16::from_le_bytes(bytes)) % most_ms)
}

fn kill(mut child: Child) {
    child.kill().expect("a child");
    child.wait().expect("a child");
}

#[test]
fn a_kill_at_any_moment_loses_no_count() {
    let kills: u32 =
        std::env::var("PIWARDRIVE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let folder = tempfile::tempdir().expect("temporary folder");
    let (capture, log, frames) = recorded_drive(folder.path());
    let state = folder.path().join("state");
    let source = format!("file:{},speed=60", capture.display());
    let gps = format!("nmea:{}", log.display());
    let mut killed = 0;
    for _ in 0..kills {
        let child = sensor(&state, &source, &gps).stderr(Stdio::null()).spawn().expect("started");
        std::thread::sleep(random_pause(2500));
        kill(child);
        killed += 1;
    }
    // The last run ends by itself and states what the one before it left behind.
    let last = format!("file:{},speed=max", capture.display());
    assert!(sensor(&state, &last, &gps).status().expect("started").success());
    let batches = journal(&state);
    let frames_in = frames_in(&state);
    let accounted =
        batches.iter().map(Accounted::of).fold(Accounted::default(), |sum, batch| sum.plus(&batch));
    let stored = observations(&batches);
    let lost: u64 = batches.iter().flat_map(|b| &b.gaps).filter_map(|gap| gap.frames).sum();
    eprintln!(
        "killed {killed} times: {frames_in} frames in = {stored} stored + {lost} stated lost"
    );
    assert!(frames_in >= frames);
    assert_eq!(frames_in, stored + lost);
    assert_eq!(accounted.total(), frames_in);
    let known = [GapCause::SensorRestart];
    assert!(batches.iter().flat_map(|b| &b.gaps).all(|gap| known.contains(&gap.cause)));
    let numbers: BTreeSet<u64> = batches.iter().map(|batch| batch.id.seq).collect();
    assert_eq!(numbers.len(), batches.len(), "no number twice");
    assert_eq!(numbers.last().copied(), Some(batches.len() as u64), "no number left out");
}

/// The counter in the journal's own file: frames that ever came in by radio 0.
fn frames_in(state: &Path) -> u64 {
    let bytes = std::fs::read(state.join("journal/counters")).expect("readable");
    let words = bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("8")));
    words.skip(8).sum()
}
