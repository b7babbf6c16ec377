//! Sensor and desktop are killed at random moments under load: nothing acknowledged is lost,
//! nothing appears twice, and frames in = stored + stated gaps.
//!
//! `PIWARDRIVE_KILLS` sets how often each is killed; a few times by default.

use anyhow::{Context, Result, ensure};
use pw_tests::{Paired, RunningSensor, free_port};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn kills() -> u32 {
    std::env::var("PIWARDRIVE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// Moments that differ from run to run, as accidents do; the numbers are printed with a failure.
fn random_pause(from_ms: u64, to_ms: u64) -> Duration {
    let mut bytes = [0; 8];
    let read = std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes));
    let random = if read.is_ok() { u64::from_ne_bytes(bytes) } else { 0 };
    Duration::from_millis(from_ms + random % (to_ms - from_ms))
}

fn record(paired: &Paired) -> Result<Child> {
    let mut command: Command = paired.piwardrive.command()?;
    command.args(["record"]).arg(&paired.survey).args(["--sensor", "car"]);
    Ok(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_appears_twice() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let capture = folder.path().join("load");
    let paired = Paired::new(folder.path(), free_port()?)?;
    paired.piwardrive.ok(&["simulate", "dense_centre", "--out", &capture.display().to_string()])?;
    let source = format!("file:{},speed=60", capture.join("capture.pcapng").display());
    let start = || {
        RunningSensor::start(&paired.state, paired.port, &["--source", &source, "--gps", "none"])
    };

    let count = kills();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        let desktops = scope.spawn(|| -> Result<u32> {
            let mut killed = 0;
            while !done.load(Ordering::Relaxed) || killed < count {
                let mut desktop = record(&paired)?;
                std::thread::sleep(random_pause(300, 2_500));
                desktop.kill()?;
                desktop.wait()?;
                killed += 1;
            }
            Ok(killed)
        });
        for _ in 0..count {
            let mut sensor = start()?;
            std::thread::sleep(random_pause(300, 3_000));
            sensor.kill()?;
        }
        done.store(true, Ordering::Relaxed);
        let killed =
            desktops.join().map_err(|_panic| anyhow::anyhow!("the desktop thread failed"))??;
        eprintln!("sensor killed {count} times, desktop {killed} times");
        Ok(())
    })?;

    // One more run of each, undisturbed, until everything has crossed.
    let mut sensor = start()?;
    std::thread::sleep(Duration::from_secs(1));
    sensor.terminate(Duration::from_secs(20))?;
    let mut sensor =
        RunningSensor::start(&paired.state, paired.port, &["--source", "none", "--gps", "none"])?;
    let mut desktop = record(&paired)?;
    let begin = Instant::now();
    let status = loop {
        let status = sensor.status()?;
        if status["backlog_batches"] == 0 {
            break status;
        }
        ensure!(
            begin.elapsed() < Duration::from_secs(120),
            "not drained: {status}\n{}",
            sensor.log()
        );
        std::thread::sleep(Duration::from_millis(200));
    };
    sensor.terminate(Duration::from_secs(20))?;
    desktop.kill()?;
    desktop.wait()?;

    let verified = paired.piwardrive.json(&["survey", "verify", &paired.survey, "--json"])?;
    ensure!(verified["sound"] == true, "{verified}");
    ensure!(verified["duplicates"] == 0 && verified["missing_batches"] == 0, "{verified}");
    let stored = verified["observations"].as_u64().context("observations")?;
    let info = paired.piwardrive.json(&["survey", "info", &paired.survey, "--json"])?;
    let lost = info["frames_lost"].as_u64().context("frames_lost")?;
    let frames_in = status["frames_in"].as_u64().with_context(|| format!("frames_in: {status}"))?;
    eprintln!("frames in {frames_in} = stored {stored} + stated gaps {lost}");
    ensure!(frames_in > 0 && frames_in == stored + lost, "{frames_in} != {stored} + {lost}");
    Ok(())
}
