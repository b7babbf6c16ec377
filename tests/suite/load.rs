//! Load on three live interfaces: every frame is kept or stated as lost with its cause, and memory has
//! a bound.
//!
//! Short by itself. `PIWARDRIVE_OVERLOAD_SECS=60 PIWARDRIVE_OVERLOAD_RATE=90000` and
//! `PIWARDRIVE_SOAK_SECS=1800` are the long forms;
//! the first also stops the sensor's process for `PIWARDRIVE_OVERLOAD_STALL_MS` in the middle, so that
//! the kernel has to drop. `PIWARDRIVE_OVERLOAD_RATE` and `PIWARDRIVE_SOAK_RATE` are frames per second on each interface, and
//! `PIWARDRIVE_PROGRAMS` names a folder with a release build. With `PIWARDRIVE_LOAD_PEER=1` tcpdump
//! listens on the first interface at the same time. `--nocapture` shows the figures.

use anyhow::{Context, Result, ensure};
use pw_model::GapCause;
use pw_simulate::{Scenario, SimulatedKind, Simulation};
use pw_tests::{RunningSensor, Tap, free_port, segments, skip};
use pw_wire::{Batch, EnvelopeKind, ScanItem, SegmentScanner};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const RADIOS: usize = 3;
/// Resident memory that a sensor with three radios never needs: three rings of 16 MiB, the queue of
/// the pipeline with 32 MiB, what waits for the disk with 32 MiB, and as much again.
const MEMORY_MAX_MIB: u64 = 256;

fn number(name: &str, usual: u64) -> Result<u64> {
    match std::env::var(name) {
        Ok(text) => text.parse().with_context(|| format!("{name}={text} is no number")),
        Err(_not_set) => Ok(usual),
    }
}

/// What was sent, and what the sensor says became of it.
#[derive(Debug, Default)]
struct Account {
    delivered: Vec<u64>,
    secs: f64,
    frames_in: u64,
    kept: BTreeMap<u8, u64>,
    lost: BTreeMap<(u8, GapCause), u64>,
    uncounted: u64,
    memory_kib: Vec<u64>,
    cpu_secs: f64,
    /// Processor time of tcpdump for the frames of the first interface, where it was asked for.
    peer_cpu_secs: Option<f64>,
}

impl Account {
    fn print(&self, what: &str) {
        let delivered: u64 = self.delivered.iter().sum();
        let kept: u64 = self.kept.values().sum();
        let lost: u64 = self.lost.values().sum();
        println!(
            "{what}: {delivered} frames in {:.1} s ({:.0} a second) on {RADIOS} interfaces; in {} = \
             kept {kept} + dropped {lost}; {:.2} CPU-s per million frames",
            self.secs,
            delivered as f64 / self.secs,
            self.frames_in,
            self.cpu_secs * 1e6 / delivered.max(1) as f64,
        );
        for ((radio, cause), frames) in &self.lost {
            println!("  radio {radio}: {frames} dropped: {}", cause.words());
        }
        if let (Some(peer), Some(first)) = (self.peer_cpu_secs, self.delivered.first()) {
            let own = self.cpu_secs / delivered.max(1) as f64;
            let peer = peer / (*first).max(1) as f64;
            println!(
                "  tcpdump -w /dev/null on the first interface: {:.2} CPU-s per million frames; \
                 ratio {:.1}",
                peer * 1e6,
                own / peer
            );
        }
        let most = self.memory_kib.iter().max().copied().unwrap_or(0);
        println!("  resident memory: at most {:.1} MiB", most as f64 / 1024.0);
    }

    /// Every frame that was sent to a radio is kept or stated, each once.
    fn check(&self) -> Result<()> {
        for (radio, delivered) in (0_u8..).zip(&self.delivered) {
            let kept = self.kept.get(&radio).copied().unwrap_or(0);
            let lost: u64 =
                self.lost.iter().filter(|((of, _), _)| *of == radio).map(|(_, lost)| lost).sum();
            ensure!(
                kept + lost == *delivered,
                "radio {radio}: {delivered} delivered, {kept} kept and {lost} stated as lost"
            );
        }
        let delivered: u64 = self.delivered.iter().sum();
        ensure!(self.frames_in == delivered, "{} counted in, {delivered} sent", self.frames_in);
        ensure!(self.uncounted == 0, "{} losses without a count", self.uncounted);
        let most = self.memory_kib.iter().max().copied().unwrap_or(0) / 1024;
        ensure!(most <= MEMORY_MAX_MIB, "{most} MiB of memory");
        Ok(())
    }
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

/// Delivers frames at that rate until the time is over; what is late is caught up with.
fn feed(tap: &mut Tap, frames: &[Vec<u8>], rate: u64, time: Duration) -> Result<u64> {
    let start = Instant::now();
    let mut delivered = 0_u64;
    while start.elapsed() < time {
        let due = (start.elapsed().as_secs_f64() * rate as f64) as u64;
        let now = due.saturating_sub(delivered).min(rate / 20);
        for _ in 0..now {
            tap.deliver(&frames[delivered as usize % frames.len()])?;
            delivered += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(delivered)
}

/// A line of `/proc/PID/status` in KiB.
fn resident_kib(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Processor time of a process: fields 14 and 15 of `/proc/PID/stat`, in hundredths of a second.
fn cpu_secs(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Runs a sensor on three interfaces and feeds each at `rate` for `time`; `None` where no interface
/// can be made here.
fn run(
    test: &str,
    prefix: &str,
    rate: u64,
    time: Duration,
    stall: Duration,
) -> Result<Option<Account>> {
    let mut taps = Vec::new();
    for number in 0..RADIOS {
        match Tap::create(&format!("{prefix}{number}")) {
            Ok(tap) => taps.push(tap),
            Err(error) => {
                skip(test, &format!("no TAP interface can be made here: {error:#}"));
                return Ok(None);
            }
        }
    }
    let folder = tempfile::tempdir()?;
    let sources: Vec<String> = taps.iter().map(|tap| format!("live:{}", tap.name)).collect();
    let mut arguments = vec!["--gps", "none"];
    sources.iter().for_each(|source| arguments.extend(["--source", source]));
    let mut sensor = RunningSensor::start(folder.path(), free_port()?, &arguments)?;
    sensor.wait_until_listening(RADIOS)?;
    let peer = Peer::start(&taps[0].name)?;
    let before = cpu_secs(sensor.id()).context("a process")?;
    let frames = Arc::new(some_frames(2_000)?);
    let watching = Arc::new(AtomicBool::new(true));
    let (pid, watched) = (sensor.id(), Arc::clone(&watching));
    let watcher = std::thread::spawn(move || {
        let mut memory = Vec::new();
        while watched.load(Ordering::Relaxed) {
            memory.extend(resident_kib(pid));
            std::thread::sleep(Duration::from_millis(500));
        }
        memory
    });
    let start = Instant::now();
    let feeders: Vec<_> = taps
        .into_iter()
        .map(|mut tap| {
            let frames = Arc::clone(&frames);
            // The interface goes only when the sensor has left it.
            std::thread::spawn(move || feed(&mut tap, &frames, rate, time).map(|n| (n, tap)))
        })
        .collect();
    if !stall.is_zero() {
        std::thread::sleep(time / 3);
        signal(sensor.id(), libc::SIGSTOP)?;
        std::thread::sleep(stall);
        signal(sensor.id(), libc::SIGCONT)?;
    }
    let mut account = Account::default();
    let mut kept_open = Vec::new();
    for feeder in feeders {
        let (delivered, tap) =
            feeder.join().map_err(|_panic| anyhow::anyhow!("a feeder panicked"))??;
        account.delivered.push(delivered);
        kept_open.push(tap);
    }
    account.secs = start.elapsed().as_secs_f64();
    // What is in the rings is worked off, or stated at the end.
    std::thread::sleep(Duration::from_secs(2));
    account.frames_in = settled_frames_in(&sensor)?;
    account.cpu_secs = cpu_secs(sensor.id()).context("a process")? - before;
    account.peer_cpu_secs = peer.as_ref().and_then(|peer| cpu_secs(peer.0.id()));
    drop(peer);
    watching.store(false, Ordering::Relaxed);
    sensor.terminate(Duration::from_secs(60))?;
    account.memory_kib =
        watcher.join().map_err(|_panic| anyhow::anyhow!("the watcher panicked"))?;
    count_journal(&folder.path().join("journal"), &mut account)?;
    Ok(Some(account))
}

/// tcpdump on one interface; ended when dropped.
struct Peer(std::process::Child);

impl Peer {
    fn start(interface: &str) -> Result<Option<Self>> {
        if number("PIWARDRIVE_LOAD_PEER", 0)? == 0 {
            return Ok(None);
        }
        let child = std::process::Command::new("tcpdump")
            .args(["-i", interface, "-B", "16384", "-Z", "root", "-w", "/dev/null"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .context("tcpdump")?;
        std::thread::sleep(Duration::from_secs(1));
        Ok(Some(Self(child)))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn signal(pid: u32, signal: libc::c_int) -> Result<()> {
    // SAFETY: a signal to a child that has not been waited for.
    #[allow(unsafe_code)]
    let sent = unsafe { libc::kill(pid as libc::pid_t, signal) };
    ensure!(sent == 0, "kill: {}", std::io::Error::last_os_error());
    Ok(())
}

fn settled_frames_in(sensor: &RunningSensor) -> Result<u64> {
    let read = || -> Result<u64> { sensor.status()?["frames_in"].as_u64().context("frames_in") };
    let start = Instant::now();
    let mut last = read()?;
    while start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1500));
        let now = read()?;
        if now == last {
            break;
        }
        last = now;
    }
    Ok(last)
}

/// Counts what the journal holds, batch by batch.
fn count_journal(journal: &Path, account: &mut Account) -> Result<()> {
    for path in segments(journal)? {
        let bytes = std::fs::read(&path)?;
        for item in SegmentScanner::new(&bytes) {
            let envelope = match item {
                ScanItem::Record { envelope, .. } => envelope,
                ScanItem::TornTail { .. } => continue,
                ScanItem::Damage { offset, error, .. } => {
                    anyhow::bail!("{}: byte {offset}: {error}", path.display())
                }
            };
            if envelope.kind != Some(EnvelopeKind::Batch) {
                continue;
            }
            let batch = Batch::read(&envelope)?;
            for observation in &batch.observations {
                *account.kept.entry(observation.radio.0).or_default() += 1;
            }
            for gap in &batch.gaps {
                let radio = gap.radio.map_or(u8::MAX, |radio| radio.0);
                match gap.frames {
                    Some(frames) => *account.lost.entry((radio, gap.cause)).or_default() += frames,
                    None => account.uncounted += 1,
                }
            }
        }
    }
    Ok(())
}

#[test]
fn overload_is_accounted_for_to_the_frame() -> Result<()> {
    let secs = number("PIWARDRIVE_OVERLOAD_SECS", 3)?;
    let rate = number("PIWARDRIVE_OVERLOAD_RATE", 40_000)?;
    let test = "overload_is_accounted_for_to_the_frame";
    let stall = Duration::from_millis(number("PIWARDRIVE_OVERLOAD_STALL_MS", 2_000)?);
    let time = Duration::from_secs(secs).max(3 * stall);
    let Some(account) = run(test, "pwover", rate, time, stall)? else { return Ok(()) };
    account.print("overload");
    account.check()
}

#[test]
fn memory_stays_flat() -> Result<()> {
    let secs = number("PIWARDRIVE_SOAK_SECS", 20)?;
    let rate = number("PIWARDRIVE_SOAK_RATE", 2_000)?;
    let time = Duration::from_secs(secs);
    let Some(account) = run("memory_stays_flat", "pwsoak", rate, time, Duration::ZERO)? else {
        return Ok(());
    };
    account.print("soak");
    let memory = &account.memory_kib;
    let tenth = memory.len() / 10;
    for (part, samples) in memory.chunks(tenth.max(1)).enumerate() {
        let mean = samples.iter().sum::<u64>() as f64 / samples.len() as f64 / 1024.0;
        println!("  part {part}: {mean:.1} MiB resident on average");
    }
    account.check()?;
    // Caches fill at the beginning. After a third of the time they have.
    let most = |samples: &[u64]| samples.iter().max().copied().unwrap_or(0);
    let middle = most(&memory[memory.len() / 3..memory.len() * 2 / 3]);
    let last = most(&memory[memory.len() * 2 / 3..]);
    ensure!(last <= middle + middle / 10 + 8 * 1024, "memory grows: {middle} KiB, then {last} KiB");
    Ok(())
}
