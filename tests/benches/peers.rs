//! Figures as ratios to named peers, each pair measured in the same run.
//!
//! `cargo bench --package pw_tests -- CAPTURE` with a pcap of radiotap frames; BENCHMARKS.md names
//! the input of the published figures. A peer that is not installed is said to be absent.

use anyhow::{Context, Result, ensure};
use pw_dissect::capture::CaptureReader;
use pw_dissect::fields::{JsonWriter, Packet, Separator, TableWriter, by_name};
use pw_dissect::filter::Filter;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_dissect::summary::Summary;
use pw_model::{Origin, RadioId, SensorId, Timestamp};
use pw_survey::Survey;
use pw_tests::{program, tool};
use pw_wire::{Batch, BatchId, EncodedBatch, StreamInfo};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Observations in a batch, as the sensor closes them under load.
const BATCH: usize = 2_000;

/// Fields of the table: number, time, kind, addresses, signal, network.
const TABLE: [&str; 8] = [
    "frame.number",
    "frame.time_epoch",
    "wlan.fc.type_subtype",
    "wlan.ta",
    "wlan.ra",
    "wlan.bssid",
    "wlan_radio.signal_dbm",
    "wlan.ssid",
];

/// Frames that are turned into JSON.
const JSON_FRAMES: u64 = 50_000;

/// Runs of each measurement; the median is printed.
const RUNS: usize = 3;

/// Wall and processor time of one process.
#[derive(Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

fn main() -> Result<()> {
    // cargo passes --bench; the capture is the first argument that is no flag.
    let capture = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(capture) = capture.map(PathBuf::from) else {
        println!("peers: no capture given; usage: cargo bench --package pw_tests -- CAPTURE");
        return Ok(());
    };
    let batches = batches_of(&capture)?;
    let observations: usize =
        batches.iter().map(|batch| batch.header().observations as usize).sum();
    ensure!(observations > 0, "{} holds no frames", capture.display());
    println!("input: {} ({observations} frames)", capture.display());
    dissection(&capture)?;
    filtering(&capture)?;
    table(&capture)?;
    json_tree(&capture)?;
    ingest(&batches, observations)?;
    cold_start(&batches, observations)?;
    sensor(&capture, observations)
}

/// The capture as the batches that a sensor would make of it.
fn batches_of(capture: &Path) -> Result<Vec<EncodedBatch>> {
    let mut reader = CaptureReader::open(BufReader::new(File::open(capture)?))?;
    let mut observer = Observer::new(ObserverSettings::default());
    let mut observed = Observed::default();
    let mut batches = Vec::new();
    let stream = StreamInfo { name: "bench".to_owned(), origin: Origin::Simulated };
    let mut close = |observed: &mut Observed, seq: usize| -> Result<()> {
        let id = BatchId { sensor: SensorId([1; 16]), epoch: 1, seq: seq as u64 };
        let mut batch = Batch::new(id, stream.clone());
        batch.observations = std::mem::take(&mut observed.observations);
        batch.advertisements = std::mem::take(&mut observed.advertisements);
        batches.push(batch.encode()?);
        Ok(())
    };
    let mut seq = 1;
    while let Some(frame) = reader.next_frame()? {
        let input = FrameInput {
            time: frame.time.unwrap_or(Timestamp::from_unix_ns(0)),
            radio: RadioId(0),
            link_type: frame.link_type,
            data: frame.data,
            original_len: frame.original_len,
            frequency_mhz: None,
            position: None,
        };
        observer.observe(&input, &mut observed);
        if observed.observations.len() >= BATCH {
            close(&mut observed, seq)?;
            seq += 1;
        }
    }
    close(&mut observed, seq)?;
    Ok(batches)
}

/// Full dissection of every frame with a device table, against tshark and tcpdump reading the file.
fn dissection(capture: &Path) -> Result<()> {
    let own = median(|| {
        let start = Instant::now();
        let mut reader = CaptureReader::open(BufReader::new(File::open(capture)?))?;
        let mut summary = Summary::default();
        while let Some(frame) = reader.next_frame()? {
            summary.add(&frame);
        }
        ensure!(summary.to_json().is_object(), "a summary is an object");
        Ok(start.elapsed())
    })?;
    println!(
        "dissection, one thread, every element and a device table: {:.2} s",
        own.as_secs_f64()
    );
    for (peer, arguments) in [("tshark", ["-n", "-r"]), ("tcpdump", ["-n", "-r"])] {
        if !tool(peer, "--version") {
            println!("  {peer}: not installed");
            continue;
        }
        let cost = process(Command::new(peer).args(arguments).arg(capture))?;
        let ratio = cost.wall.as_secs_f64() / own.as_secs_f64();
        println!("  {peer} -n -r: {:.2} s; ratio {ratio:.1}", cost.wall.as_secs_f64());
    }
    Ok(())
}

/// Counting the deauthentications, against tcpdump's compiled filter on the same file.
fn filtering(capture: &Path) -> Result<()> {
    let filter = Filter::compile("wlan.fc.type_subtype == deauthentication")?;
    let mut kept = 0u64;
    let own = median(|| {
        kept = 0;
        let start = Instant::now();
        let mut reader = CaptureReader::open(File::open(capture)?)?;
        while let Some(frame) = reader.next_frame()? {
            kept += u64::from(filter.accepts(&frame));
        }
        Ok(start.elapsed())
    })?;
    println!("filter for deauthentication ({kept} pass): {:.3} s", own.as_secs_f64());
    let mut peer = Command::new("tcpdump");
    peer.arg("-r").arg(capture).args(["-w", "/dev/null", "type mgt subtype deauth"]);
    against("tcpdump", &mut peer, own)
}

/// Eight fields of every frame, comma-separated, against tshark with the same fields.
fn table(capture: &Path) -> Result<()> {
    let fields: Vec<_> = TABLE.iter().filter_map(|name| by_name(name)).collect();
    ensure!(fields.len() == TABLE.len(), "a field is missing");
    let own = median(|| {
        let mut table = TableWriter::new(&fields, Separator::Comma);
        written(capture, u64::MAX, |packet, out| table.row(packet, out))
    })?;
    println!("8 fields to CSV: {:.3} s", own.as_secs_f64());
    let mut peer = Command::new("tshark");
    peer.args(["-n", "-r"]).arg(capture).args(["-T", "fields", "-E", "separator=,"]);
    for field in TABLE {
        peer.args(["-e", field]);
    }
    against("tshark", &mut peer, own)
}

/// All fields as JSON, against tshark. Of so many frames only, for tshark needs minutes for all.
fn json_tree(capture: &Path) -> Result<()> {
    let own = median(|| {
        let mut json = JsonWriter::default();
        written(capture, JSON_FRAMES, |packet, out| {
            json.packet(packet, out);
            out.push(b'\n');
        })
    })?;
    println!("JSON tree of the first {JSON_FRAMES} frames: {:.3} s", own.as_secs_f64());
    let mut peer = Command::new("tshark");
    peer.args(["-n", "-r"]).arg(capture).args(["-T", "json", "-c", &JSON_FRAMES.to_string()]);
    against("tshark", &mut peer, own)
}

/// Runs a peer and prints how many times as long as `own` it takes.
fn against(name: &str, peer: &mut Command, own: Duration) -> Result<()> {
    if !tool(name, "--version") {
        println!("  {name}: not installed");
        return Ok(());
    }
    let cost = process(peer)?;
    let ratio = cost.wall.as_secs_f64() / own.as_secs_f64();
    println!("  {name}: {:.2} s; ratio {ratio:.1}", cost.wall.as_secs_f64());
    Ok(())
}

/// How long the first `limit` packets take that `each` turns into bytes for a file that keeps nothing.
fn written(
    capture: &Path,
    limit: u64,
    mut each: impl FnMut(&Packet<'_>, &mut Vec<u8>),
) -> Result<Duration> {
    let start = Instant::now();
    let mut file = File::create("/dev/null")?;
    let mut out = Vec::new();
    let mut reader = CaptureReader::open(File::open(capture)?)?;
    while reader.packets() < limit
        && let Some(frame) = reader.next_frame()?
    {
        each(&Packet::new(frame), &mut out);
        if out.len() >= 64 << 10 {
            file.write_all(&out)?;
            out.clear();
        }
    }
    file.write_all(&out)?;
    Ok(start.elapsed())
}

/// Ingest of durable batches, against SQLite with the same rows, the same commits and an index.
fn ingest(batches: &[EncodedBatch], observations: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut size = 0;
    let mut run = 0;
    let own = median(|| {
        run += 1;
        let path = folder.path().join(format!("survey-{run}"));
        let mut survey = Survey::create(&path, "bench", Timestamp::from_unix_secs(0))?;
        let start = Instant::now();
        for batch in batches {
            survey.ingest(batch.clone())?;
            survey.commit()?;
        }
        let elapsed = start.elapsed();
        survey.close()?;
        size = bytes_below(&path.join("segments"))?;
        Ok(elapsed)
    })?;
    let rate = observations as f64 / own.as_secs_f64();
    println!(
        "ingest with tracker, durable every {BATCH}: {:.2} s ({rate:.0} observations/s)",
        own.as_secs_f64()
    );
    println!("  on disk: {:.1} bytes an observation", size as f64 / observations as f64);
    let peer =
        median(|| sqlite(&folder.path().join(format!("peer-{}.db", rand_suffix())), batches))?;
    let ratio = peer.as_secs_f64() / own.as_secs_f64();
    println!(
        "  SQLite, WAL, synchronous=FULL, index (device, time): {:.2} s; ratio {ratio:.1}",
        peer.as_secs_f64()
    );
    Ok(())
}

fn rand_suffix() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos())
}

/// The same rows into SQLite: one transaction per batch. Decoding is not counted.
fn sqlite(path: &Path, batches: &[EncodedBatch]) -> Result<Duration> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE observation (device INTEGER, time INTEGER, kind INTEGER, frequency INTEGER,
             signal INTEGER, bssid INTEGER, length INTEGER, rate INTEGER, sequence INTEGER);
         CREATE INDEX by_device ON observation (device, time);",
    )?;
    let mut elapsed = Duration::ZERO;
    for batch in batches {
        let rows = batch.decode()?.observations;
        let start = Instant::now();
        let transaction = connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO observation VALUES (?,?,?,?,?,?,?,?,?)")?;
            for o in &rows {
                insert.execute(rusqlite::params![
                    o.transmitter.map(|a| a.to_u64() as i64),
                    o.time.unix_ns(),
                    o.kind.0,
                    o.frequency_mhz,
                    o.signal_dbm,
                    o.bssid.map(|a| a.to_u64() as i64),
                    o.length,
                    o.rate_100kbps,
                    o.sequence,
                ])?;
            }
        }
        transaction.commit()?;
        elapsed += start.elapsed();
    }
    Ok(elapsed)
}

/// Opening a survey, and drawing its first picture from nothing.
fn cold_start(batches: &[EncodedBatch], observations: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("survey");
    let mut survey = Survey::create(&path, "bench", Timestamp::from_unix_secs(0))?;
    for batch in batches {
        survey.ingest(batch.clone())?;
    }
    survey.close()?;
    let open = median(|| {
        let start = Instant::now();
        let (mut survey, _report) = Survey::open(&path)?;
        ensure!(
            survey.snapshot().totals.observations == observations as u64,
            "observations are missing"
        );
        let elapsed = start.elapsed();
        survey.close()?;
        Ok(elapsed)
    })?;
    println!(
        "survey of {observations} observations, open and first snapshot: {:.2} s",
        open.as_secs_f64()
    );
    let picture = folder.path().join("networks.png");
    let window = median(|| {
        let mut command = Command::new(program("piwardrive")?);
        command.arg("screenshot").arg(&path).args(["--view", "networks", "--force", "--out"]);
        command.arg(&picture);
        Ok(process(&mut command)?.wall)
    })?;
    println!("  process start to first picture with its table: {:.2} s", window.as_secs_f64());
    Ok(())
}

/// Processor time of the whole sensor, from file to journal, against tcpdump copying the file.
fn sensor(capture: &Path, frames: usize) -> Result<()> {
    let source = format!("file:{},speed=max", capture.display());
    let mut costs = Vec::new();
    for _ in 0..RUNS {
        let state = tempfile::tempdir()?;
        let mut command = Command::new(program("piwardrive-sensor")?);
        command.args([
            "run",
            "--exit-at-end",
            "--source",
            &source,
            "--gps",
            "none",
            "--listen",
            "127.0.0.1:0",
        ]);
        costs.push(process(command.arg("--state").arg(state.path()))?.cpu);
    }
    costs.sort();
    let own = costs[RUNS / 2].as_secs_f64() * 1e6 / frames as f64;
    println!("sensor, file to journal: {own:.2} CPU-s per million frames");
    if !tool("tcpdump", "--version") {
        println!("  tcpdump: not installed");
        return Ok(());
    }
    let peer = process(Command::new("tcpdump").arg("-r").arg(capture).args(["-w", "/dev/null"]))?;
    let peer = peer.cpu.as_secs_f64() * 1e6 / frames as f64;
    println!("  tcpdump -w /dev/null: {peer:.2} CPU-s per million frames; ratio {:.1}", own / peer);
    Ok(())
}

fn median(mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    let mut times = (0..RUNS).map(|_| measure()).collect::<Result<Vec<_>>>()?;
    times.sort();
    Ok(times[RUNS / 2])
}

/// Runs a process with its output thrown away and measures it.
fn process(command: &mut Command) -> Result<Cost> {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut status = 0;
    // SAFETY: `rusage` is plain data for which zeros are valid; wait4 fills it for our own child.
    #[allow(unsafe_code)]
    let (waited, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(child.id() as libc::pid_t, &raw mut status, 0, &raw mut usage), usage)
    };
    ensure!(waited > 0, "wait4: {}", std::io::Error::last_os_error());
    ensure!(status == 0, "{command:?} failed with status {status}");
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    Ok(Cost { wall: start.elapsed(), cpu: time(usage.ru_utime) + time(usage.ru_stime) })
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        sum += entry?.metadata()?.len();
    }
    Ok(sum)
}
