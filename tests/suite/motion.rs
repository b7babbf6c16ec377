//! What says how a sensor moves reaches the survey: the vehicle's own speed through an adapter, here the
//! other end of a pseudo terminal, with the kernel refusing what the sensor does not need.

use anyhow::{Context, Result, ensure};
use pw_tests::{Paired, RunningSensor, free_port};
use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Far beyond anything that is hoped for, so that a slow machine fails nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The adapter's end of a pseudo terminal, and the path of the other.
fn terminal() -> Result<(File, PathBuf)> {
    // SAFETY: the call takes flags only; what it gives is checked.
    #[allow(unsafe_code)]
    let adapter = unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY) };
    ensure!(adapter >= 0, "posix_openpt: {}", std::io::Error::last_os_error());
    // SAFETY: the descriptor was opened just now, and nobody else has it.
    #[allow(unsafe_code)]
    let adapter = unsafe { File::from_raw_fd(adapter) };
    let mut name = [0; 128];
    // SAFETY: the descriptor is open, and the name is as long as is said.
    #[allow(unsafe_code)]
    let named = unsafe {
        libc::grantpt(adapter.as_raw_fd()) == 0
            && libc::unlockpt(adapter.as_raw_fd()) == 0
            && libc::ptsname_r(adapter.as_raw_fd(), name.as_mut_ptr(), name.len()) == 0
    };
    ensure!(named, "a pseudo terminal: {}", std::io::Error::last_os_error());
    // SAFETY: the call above ended the name with a zero.
    #[allow(unsafe_code)]
    let path = unsafe { CStr::from_ptr(name.as_ptr()) };
    Ok((adapter, path.to_str()?.into()))
}

/// Answers like an adapter in a car at 72 km/h, until the other end is closed for good.
fn adapter(mut terminal: File) {
    let mut line = String::new();
    let mut bytes = [0; 64];
    loop {
        // It fails while nobody has the other end open.
        let Ok(length) = terminal.read(&mut bytes) else {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        for byte in &bytes[..length] {
            if *byte != b'\r' {
                line.push(char::from(*byte));
                continue;
            }
            let answer = match std::mem::take(&mut line).as_str() {
                "ATZ" => "ATZ\r\rELM327 v1.5\r\r>",
                "010D" => "SEARCHING...\r41 0D 48 \r\r>",
                _ => "OK\r\r>",
            };
            if terminal.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

#[test]
fn a_vehicles_speed_reaches_the_survey_and_what_is_not_there_is_said() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let (terminal, path) = terminal()?;
    // It ends with the test's process.
    std::thread::spawn(move || adapter(terminal));
    let config = folder.path().join("sensor.toml");
    let text = format!("[motion]\nimu = 'iio:no-such-chip'\nspeed = 'obd:{}'\n", path.display());
    std::fs::write(&config, text)?;
    let config = config.display().to_string();
    let arguments = ["--source", "none", "--gps", "none", "--config", &config];
    let mut sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
    let begin = Instant::now();
    let status = loop {
        let status = sensor.status()?;
        if status["motion"]["speed"]["samples"].as_u64() > Some(20) {
            break status;
        }
        ensure!(begin.elapsed() < PATIENCE, "no speed: {}\n{}", status["motion"], sensor.log());
        std::thread::sleep(Duration::from_millis(100));
    };
    let why = status["motion"]["imu"]["not_available"].as_str().context("a reason")?;
    ensure!(why.starts_with("no iio device named no-such-chip"), "{why}");
    let words = sensor.command(&["status"])?;
    ensure!(words.contains("imu: not available, because no iio device named"), "{words}");
    ensure!(words.contains("72 km/h; recorded, and not used for positions yet"), "{words}");

    let mut desktop = paired.record()?;
    let begin = Instant::now();
    let rows = loop {
        let listed = paired.piwardrive.json(&["list", &paired.survey, "motion", "--json"]);
        let rows = listed.ok().and_then(|rows| rows.as_array().cloned()).unwrap_or_default();
        if rows.len() > 20 {
            break rows;
        }
        ensure!(begin.elapsed() < PATIENCE, "{} rows in the survey", rows.len());
        std::thread::sleep(Duration::from_millis(200));
    };
    sensor.terminate(Duration::from_secs(20))?;
    desktop.kill()?;
    desktop.wait()?;
    for row in &rows {
        ensure!(row["source"] == "vehicle" && row["speed_mps"] == 20.0, "{row}");
        ensure!(row["acceleration_mps2"].is_null() && row["sensor"].is_string(), "{row}");
    }
    let table = paired.piwardrive.ok(&["list", &paired.survey, "motion", "--csv"])?;
    let header = table.lines().next().context("a header")?;
    ensure!(header.starts_with("time,sensor,source,speed_mps,acceleration_mps2_x"), "{header}");
    ensure!(table.lines().count() > 20 && table.contains(",vehicle,20"), "{table}");
    Ok(())
}
