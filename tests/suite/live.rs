//! A live interface and a real gpsd: observations carry positions, and none where there was no fix.

use anyhow::{Context, Result, ensure};
use pw_model::{FixMode, Observation};
use pw_simulate::{Scenario, SimulatedKind, Simulation};
use pw_tests::{RunningSensor, Tap, data_dir, free_port, journal_batches, skip, tool};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A log in which the receiver has a fix and loses it (Debian's gpsd source, BSD-2-Clause).
const LOG_WITH_LOSS: &str = "drive/debian-gpsd_3.27.5/test/daemon/motorola-t805.log";

struct Gpsfake(Child);

impl Drop for Gpsfake {
    fn drop(&mut self) {
        // SAFETY: a signal to a process group that this test started.
        #[allow(unsafe_code)]
        unsafe {
            libc::kill(-(self.0.id() as libc::pid_t), libc::SIGKILL);
        }
        drop(self.0.wait());
    }
}

fn gpsfake(log: &std::path::Path, port: u16) -> Result<Gpsfake> {
    use std::os::unix::process::CommandExt;
    let child = Command::new("gpsfake")
        .args(["-1", "-n", "-q", "-c", "0.02", "-P", &port.to_string()])
        .arg(log)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok(Gpsfake(child))
}

/// Frames of a small town, as a radio would deliver them.
fn some_frames(count: usize) -> Result<Vec<Vec<u8>>> {
    let scenario = pw_simulate::builtin("quiet_street").context("the scenario is built in")?;
    let scenario = Scenario::from_toml(scenario)?;
    let frames = Simulation::new(&scenario).filter_map(|event| match event.kind {
        SimulatedKind::Frame { bytes, .. } => Some(bytes),
        _ => None,
    });
    Ok(frames.take(count).collect())
}

#[test]
fn gpsd_and_a_live_interface() -> Result<()> {
    const TEST: &str = "gpsd_and_a_live_interface";
    let Some(log) = data_dir().map(|data| data.join(LOG_WITH_LOSS)) else {
        skip(TEST, "no folder of receiver logs (PIWARDRIVE_DATA)");
        return Ok(());
    };
    if !tool("gpsfake", "--help") {
        skip(TEST, "gpsfake is not installed");
        return Ok(());
    }
    let mut tap = match Tap::create("pwtap0") {
        Ok(tap) => tap,
        Err(error) => {
            skip(TEST, &format!("no TAP interface can be made here: {error:#}"));
            return Ok(());
        }
    };
    let frames = some_frames(200)?;
    let folder = tempfile::tempdir()?;
    let gps_port = free_port()?;
    let source = format!("live:{}", tap.name);
    let gps = format!("gpsd:127.0.0.1:{gps_port}");
    let mut sensor =
        RunningSensor::start(folder.path(), free_port()?, &["--source", &source, "--gps", &gps])?;
    std::thread::sleep(Duration::from_secs(2));
    let gpsfake = gpsfake(&log, gps_port)?;
    // The whole log takes about ten seconds; listen beyond its end, so that the fix grows old.
    let start = Instant::now();
    let mut delivered = 0u64;
    while start.elapsed() < Duration::from_secs(25) {
        tap.deliver(&frames[delivered as usize % frames.len()])?;
        delivered += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(gpsfake);
    std::thread::sleep(Duration::from_secs(1));
    sensor.terminate(Duration::from_secs(10))?;

    let batches = journal_batches(folder.path())?;
    let observations: Vec<&Observation> = batches.iter().flat_map(|b| &b.observations).collect();
    ensure!(
        observations.len() as u64 == delivered,
        "{delivered} frames were delivered, {} observed: {}",
        observations.len(),
        sensor.log()
    );
    let positioned = observations.iter().filter(|o| o.position.is_some()).count();
    ensure!(positioned > 100, "only {positioned} observations carry a position: {}", sensor.log());
    ensure!(positioned < observations.len(), "a position outlived the fix");
    for position in observations.iter().filter_map(|o| o.position) {
        ensure!(position.lat_deg != 0.0 && position.lon_deg != 0.0, "0, 0 is not a place");
        ensure!(position.error_m.is_some(), "a position without its error");
    }
    // Well after a report without a fix nothing may carry a position until there is a fix again.
    let fixes: Vec<_> = batches.iter().flat_map(|b| &b.fixes).collect();
    let lost: Vec<_> = fixes.iter().filter(|f| f.mode == FixMode::NoFix).collect();
    ensure!(!lost.is_empty(), "the log loses its fix, but no record says so");
    Ok(())
}
