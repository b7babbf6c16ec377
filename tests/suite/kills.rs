//! Sensor and desktop are killed at random moments under load: nothing acknowledged is lost,
//! nothing appears twice, and frames in = stored + stated gaps.
//!
//! `PIWARDRIVE_KILLS` sets how often each is killed; a few times by default. With
//! `PIWARDRIVE_PROGRAMS=target/release` the programs built there are killed.

use anyhow::{Result, bail};
use pw_tests::{Paired, RunningSensor, free_port};
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

/// Time since `begin` until the sensor takes in frames: until their counter was seen to move.
fn first_frame(sensor: &RunningSensor, begin: Instant) -> Result<Duration> {
    let mut before = None;
    while begin.elapsed() < Duration::from_secs(30) {
        let now = sensor.ask().and_then(|status| status["frames_in"].as_u64());
        match (before, now) {
            (Some(before), Some(now)) if now > before => return Ok(begin.elapsed()),
            (None, Some(now)) => before = Some(now),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    bail!("no frame within 30 s: {}", sensor.log())
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
                let mut desktop = paired.record()?;
                std::thread::sleep(random_pause(300, 2_500));
                desktop.kill()?;
                desktop.wait()?;
                killed += 1;
            }
            Ok(killed)
        });
        let mut restarts = Vec::new();
        for _ in 0..count {
            let begin = Instant::now();
            let mut sensor = start()?;
            restarts.push(first_frame(&sensor, begin)?);
            std::thread::sleep(random_pause(300, 3_000));
            sensor.kill()?;
        }
        restarts.sort();
        eprintln!(
            "start to first frame: half within {:?}, all within {:?}",
            restarts[restarts.len() / 2],
            restarts[restarts.len() - 1]
        );
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
    paired.account(Duration::from_secs(120))?;
    Ok(())
}
