//! How fast a capture is opened, looked through, filtered and counted, and in how much memory.
//!
//! `cargo run --release --package pw_engine --example capture_speed -- FILE`

use pw_engine::capture_file::{CaptureFile, Filter, Phase, SelectionPhase};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows of one screen and what is made ahead around it.
const SCREEN: u32 = 280;

/// Screens that are jumped to.
const JUMPS: u32 = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map(PathBuf::from);
    let path = path.ok_or("name a capture file")?;
    println!("memory before: {}", memory());
    let start = Instant::now();
    let file = CaptureFile::open(&path, Arc::new(|| {}))?;
    wait(|| file.status().phase != Phase::Indexing);
    let status = file.status();
    println!("indexed {} packets in {:.3} s: {:?}", status.packets, secs(start), status.phase);
    println!("memory: {}", memory());
    if status.packets == 0 {
        return Err("there are no packets in it".into());
    }
    let mut slowest = Duration::ZERO;
    let start = Instant::now();
    for jump in 0..JUMPS {
        let first = u64::from(status.packets) * u64::from(jump * 7919 % JUMPS) / u64::from(JUMPS);
        let first = first as u32 + 1;
        let last = first.saturating_add(SCREEN).min(status.packets);
        let one = Instant::now();
        file.want((first..=last).collect(), Some(first));
        wait(|| file.row(last).is_some() && file.detail(first).is_some());
        slowest = slowest.max(one.elapsed());
    }
    let mean = start.elapsed() / JUMPS;
    println!(
        "a screen of {SCREEN} rows and a tree anywhere: {mean:?} on average, {slowest:?} at most"
    );
    for text in [
        "wlan.fc.type_subtype == deauthentication",
        "wlan_radio.signal_dbm > -60",
        "wlan.ssid contains \"a\"",
        "_ws.malformed",
    ] {
        let start = Instant::now();
        let selection = file.select(Filter::compile(text)?)?;
        wait(|| selection.phase() != SelectionPhase::Searching);
        println!("{text}: {} packets in {:.3} s", selection.len(), secs(start));
    }
    let start = Instant::now();
    let work = file.count_by_group(None)?;
    wait(|| work.result().is_some());
    println!("counted by kind, channel, rate and device in {:.3} s", secs(start));
    println!("memory: {}", memory());
    Ok(())
}

fn wait(done: impl Fn() -> bool) {
    while !done() {
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn secs(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

/// Memory in use, where the system says it.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.map_or_else(
        || "not known here".to_owned(),
        |line| line["VmRSS:".len()..].trim().to_owned(),
    )
}
