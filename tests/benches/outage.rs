//! A day without the desktop, then the desktop comes: how fast the sensor's journal is fetched, and
//! how late live frames are shown meanwhile and otherwise.
//!
//! `cargo bench --package pw_tests --bench outage -- 20000000` with the number of frames of the day.
//! The frames are those of the simulated town centre, over and over, with the times of one day; they
//! go through the real sensor. Live frames come through a TAP interface, which needs root; without
//! it only the fetching is measured.

use anyhow::{Context, Result, ensure};
use pw_engine::{Command, Engine, EngineSettings};
use pw_model::MacAddr;
use pw_simulate::{Scenario, SimulatedKind, Simulation};
use pw_tests::{Paired, RunningSensor, Tap, free_port};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

const DAY: Duration = Duration::from_secs(86_400);

/// The day is written in so many files, each gone before the next is made.
const PARTS: u32 = 24;

/// Different frames of the day.
const FRAMES: usize = 60_000;

/// Live frames a second, and how many of them are beacons of a network never heard before, by which
/// the time until they are shown is measured.
const LIVE_PER_SECOND: u32 = 1_000;
const MARKED_PER_SECOND: u32 = 50;

/// How long the usual lateness is measured.
const USUAL: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    // cargo passes --bench; the number is the first argument that is no flag.
    let argument = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(frames) = argument.and_then(|text| text.parse::<u64>().ok()) else {
        println!(
            "outage: no number of frames given; usage: cargo bench … --bench outage -- FRAMES"
        );
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let paired = Paired::new(folder.path(), free_port()?)?;
    let town = town_frames()?;
    let mut tap = match Tap::create("pwoutage0") {
        Ok(tap) => Some(tap),
        Err(error) => {
            println!("live frames: not measured, no TAP interface can be made: {error:#}");
            None
        }
    };
    let engine = Engine::create(
        Path::new(&paired.survey),
        "outage",
        EngineSettings { state_dir: paired.config.clone(), ..EngineSettings::default() },
    )?;

    if let Some(tap) = &mut tap {
        let mut sensor = live_sensor(&paired, &tap.name)?;
        engine.send(Command::Connect { sensor: "car".to_owned() })?;
        until_fetched(&engine)?;
        let begin = Instant::now();
        let late = lateness(&engine, tap, &town, 1, || Ok(begin.elapsed() >= USUAL))?;
        tell("usually", &late);
        engine.send(Command::Disconnect { sensor: "car".to_owned() })?;
        sensor.terminate(Duration::from_secs(20))?;
    }

    let begin = Instant::now();
    a_day(folder.path(), &paired, &town, frames)?;
    println!("a day of {frames} frames in the journal, written in {:.0?}", begin.elapsed());

    let mut sensor = match &tap {
        Some(tap) => live_sensor(&paired, &tap.name)?,
        None => RunningSensor::start(&paired.state, paired.port, &["--source", "none"])?,
    };
    let status = sensor.status()?;
    println!("waiting: {} batches, {} bytes", status["backlog_batches"], status["backlog_bytes"]);
    let before = engine.snapshot().totals.observations;
    let begin = Instant::now();
    engine.send(Command::Connect { sensor: "car".to_owned() })?;
    let mut fetched = None;
    let mut over = || {
        // Some batches are always on their way while frames come.
        if fetched.is_none() && engine.snapshot().totals.observations >= before + frames {
            fetched = Some(begin.elapsed());
        }
        Ok(fetched.is_some())
    };
    match &mut tap {
        Some(tap) => tell("meanwhile", &lateness(&engine, tap, &town, 2, over)?),
        None => {
            while !over()? {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
    let took = fetched.context("fetched")?;
    println!(
        "fetched in {:.1} s: {:.0} frames a second, {:.0} times as fast as it was heard",
        took.as_secs_f64(),
        frames as f64 / took.as_secs_f64(),
        DAY.as_secs_f64() / took.as_secs_f64()
    );
    until_fetched(&engine)?;
    let snapshot = engine.snapshot();
    let missing: u64 = snapshot.sensors.iter().map(|sensor| sensor.missing_batches).sum();
    ensure!(missing == 0, "{missing} batches are missing");
    println!("observations in the survey: {}", snapshot.totals.observations);
    engine.close()?;
    sensor.terminate(Duration::from_secs(20))
}

fn live_sensor(paired: &Paired, interface: &str) -> Result<RunningSensor> {
    let source = format!("live:{interface}");
    RunningSensor::start(&paired.state, paired.port, &["--source", &source, "--gps", "none"])
}

/// Frames of the town centre with their radiotap headers.
fn town_frames() -> Result<Vec<Vec<u8>>> {
    let text = pw_simulate::builtin("dense_centre").context("built in")?;
    let scenario = Scenario::from_toml(&text.replace("[drive]", "[drive]\nlaps = 20"))?;
    let frames = Simulation::new(&scenario).filter_map(|event| match event.kind {
        SimulatedKind::Frame { bytes, .. } => Some(bytes),
        _ => None,
    });
    Ok(frames.take(FRAMES).collect())
}

/// Lets the sensor hear a day that ended just now, as fast as it can.
fn a_day(folder: &Path, paired: &Paired, town: &[Vec<u8>], frames: u64) -> Result<()> {
    let path = folder.join("part.pcap");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let begin = now.saturating_sub(DAY);
    let mut source = town.iter().cycle();
    for part in 0..PARTS {
        let mut out = BufWriter::new(File::create(&path)?);
        // A capture file with nanoseconds and radiotap frames.
        out.write_all(&0xa1b2_3c4d_u32.to_le_bytes())?;
        out.write_all(&[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 127, 0, 0, 0])?;
        let first = frames * u64::from(part) / u64::from(PARTS);
        let end = frames * u64::from(part + 1) / u64::from(PARTS);
        for (number, frame) in (first..end).zip(&mut source) {
            let time = begin + DAY.mul_f64(number as f64 / frames as f64);
            let length = u32::try_from(frame.len())?;
            out.write_all(&u32::try_from(time.as_secs())?.to_le_bytes())?;
            out.write_all(&time.subsec_nanos().to_le_bytes())?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(frame)?;
        }
        out.flush()?;
        let source = format!("file:{},speed=max", path.display());
        let arguments = ["--source", &source, "--gps", "none"];
        let mut sensor = RunningSensor::start(&paired.state, paired.port, &arguments)?;
        while sensor.status()?["settled"] != true {
            std::thread::sleep(Duration::from_millis(100));
        }
        sensor.terminate(Duration::from_secs(60))?;
    }
    Ok(std::fs::remove_file(&path)?)
}

fn until_fetched(engine: &Engine) -> Result<()> {
    let begin = Instant::now();
    loop {
        let waiting = engine.links().first().and_then(|link| link.backlog_batches);
        let missing: u64 =
            engine.snapshot().sensors.iter().map(|sensor| sensor.missing_batches).sum();
        if waiting.is_some_and(|batches| batches < 20) && missing == 0 {
            return Ok(());
        }
        ensure!(begin.elapsed() < Duration::from_secs(600), "not fetched: {:?}", engine.links());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A beacon of a network that nobody heard before.
fn beacon(bssid: MacAddr) -> Vec<u8> {
    // Radiotap without a field.
    let mut frame = vec![0, 0, 8, 0, 0, 0, 0, 0];
    frame.extend([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    frame.extend(bssid.0);
    frame.extend(bssid.0);
    frame.extend([0; 10]);
    // Interval, capabilities, a name and the rates.
    frame.extend([100, 0, 1, 0, 0, 4, b'm', b'a', b'r', b'k', 1, 1, 0x82]);
    frame
}

/// Delivers live frames until `over`, and gives for each marked one how long it took until a
/// snapshot showed it.
fn lateness(
    engine: &Engine,
    tap: &mut Tap,
    town: &[Vec<u8>],
    round: u8,
    mut over: impl FnMut() -> Result<bool>,
) -> Result<Vec<Duration>> {
    let delivered: Mutex<Vec<(MacAddr, Instant)>> = Mutex::default();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let deliver = scope.spawn(|| -> Result<()> {
            let begin = Instant::now();
            let mut number = 0u32;
            while !stop.load(Ordering::Relaxed) {
                let due = Duration::from_secs(1) * number / LIVE_PER_SECOND;
                std::thread::sleep(due.saturating_sub(begin.elapsed()));
                if number.is_multiple_of(LIVE_PER_SECOND / MARKED_PER_SECOND) {
                    let [_, a, b, c] = number.to_be_bytes();
                    let bssid = MacAddr([0x06, 0xfe, round, a, b, c]);
                    delivered.lock().expect("nothing panics here").push((bssid, Instant::now()));
                    tap.deliver(&beacon(bssid))?;
                } else {
                    tap.deliver(&town[number as usize % town.len()])?;
                }
                number += 1;
            }
            Ok(())
        });
        let measured = measure(engine, &delivered, &mut over);
        stop.store(true, Ordering::Relaxed);
        deliver.join().map_err(|_panic| anyhow::anyhow!("the delivering thread failed"))??;
        measured
    })
}

fn measure(
    engine: &Engine,
    delivered: &Mutex<Vec<(MacAddr, Instant)>>,
    over: &mut impl FnMut() -> Result<bool>,
) -> Result<Vec<Duration>> {
    let mut late = Vec::new();
    let mut revision = 0;
    loop {
        let snapshot = engine.snapshot();
        if snapshot.revision != revision {
            revision = snapshot.revision;
            let now = Instant::now();
            delivered.lock().expect("nothing panics here").retain(|(bssid, since)| {
                let shown = snapshot.access_points.binary_search_by_key(bssid, |ap| ap.bssid);
                if shown.is_ok() {
                    late.push(now.duration_since(*since));
                }
                shown.is_err()
            });
            if over()? {
                // What is not shown yet is as late as it is now, at least.
                let waiting = delivered.lock().expect("nothing panics here");
                late.extend(waiting.iter().map(|(_, since)| now.duration_since(*since)));
                return Ok(late);
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn tell(when: &str, late: &[Duration]) {
    let mut late = late.to_vec();
    late.sort();
    let share =
        |percent: usize| late.get((late.len() * percent / 100).min(late.len().saturating_sub(1)));
    if let (Some(half), Some(most), Some(last)) = (share(50), share(99), late.last()) {
        println!(
            "frame to snapshot {when}, {} of {LIVE_PER_SECOND} frames a second marked: p50 {} ms, \
             p99 {} ms, all within {} ms ({} frames)",
            MARKED_PER_SECOND,
            half.as_millis(),
            most.as_millis(),
            last.as_millis(),
            late.len()
        );
    }
}
