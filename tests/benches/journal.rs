//! What a journal costs: processor time of writing it plain and sealed, and what thinning leaves of it.
//!
//! ```sh
//! piwardrive-sensor run --source sim:dense_centre --exit-at-end --state /tmp/drive
//! cargo bench --package pw_tests --bench journal -- /tmp/drive
//! ```

use anyhow::{Context, Result};
use pw_sensor::journal::{
    Accounted, Journal, JournalError, JournalReader, JournalSettings, Sealing, each_batch, new_key,
};
use pw_tests::in_half_seconds;
use pw_wire::Batch;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Frames that are written at least, so that the processor's time can be read off.
const LEAST_FRAMES: u64 = 1_000_000;

fn main() -> Result<()> {
    // `cargo bench` adds an argument of its own.
    let named = std::env::args_os().skip(1).find(|argument| argument != "--bench");
    let Some(state) = named.map(PathBuf::from) else {
        println!("no recording: name a sensor's state folder with a journal in it");
        return Ok(());
    };
    let mut batches: Vec<Batch> = Vec::new();
    each_batch::<JournalError>(&state.join("journal"), None, |batch| {
        batches.push(batch);
        Ok(true)
    })?;
    let batches = in_half_seconds(&batches);
    let frames: u64 = batches.iter().map(|batch| Accounted::of(batch).total()).sum();
    let folder = std::env::temp_dir().join(format!("journal-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = measure(&folder, &batches, frames);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &Path, batches: &[Batch], frames: u64) -> Result<()> {
    println!("{} batches, {frames} frames", batches.len());
    let key = folder.join("key");
    new_key(&key)?;
    // Once without counting: the first run meets a cold processor.
    for (name, sealed) in
        [("first", false), ("plain", false), ("sealed", true), ("plain", false), ("sealed", true)]
    {
        let mut settings = settings(&folder.join(name), batches)?;
        if sealed {
            settings.sealing = Some(Arc::new(Sealing::read(&key)?));
        }
        // A short recording is written several times over.
        let times = LEAST_FRAMES.div_ceil(frames.max(1));
        let many: Vec<Batch> = (0..times).flat_map(|_| batches.iter().cloned()).collect();
        let cpu = cpu_secs()?;
        let reader = write(settings, many, None)?;
        let cpu = (cpu_secs()? - cpu) * 1e6 / (frames * times).max(1) as f64;
        let bytes = reader.state().borrow().disk_bytes;
        println!("{name:<6}  {cpu:.3} s of processor per million frames, {bytes} bytes");
        std::fs::remove_dir_all(folder.join(name))?;
    }
    let mut settings = settings(&folder.join("thinned"), batches)?;
    let bytes: u64 =
        batches.iter().filter_map(|batch| Some(batch.encode().ok()?.bytes().len() as u64)).sum();
    let quota = bytes / 3 * 2;
    settings.set_quota(quota);
    let begin = Instant::now();
    let reader = write(settings, batches.to_vec(), Some(quota))?;
    let state = reader.state().borrow().clone();
    println!(
        "quota of two thirds of {bytes} bytes: {} bytes in {:.1} s; {} segments thinned, the last in {} ms, {} frames \
         left out, {} times something went whole",
        state.disk_bytes,
        begin.elapsed().as_secs_f64(),
        state.thinned_segments,
        state.last_thinning_ms.unwrap_or(0),
        state.thinned_frames,
        state.losses
    );
    let (mut whole, mut thinned) = ((0, 0), (0, 0));
    for report in pw_sensor::journal::inspect(&folder.join("thinned"), None)? {
        let sums = if report.thinned { &mut thinned } else { &mut whole };
        sums.0 += report.bytes;
        sums.1 += report.batches;
    }
    let each = |sums: (u64, u64)| sums.0 as f64 / sums.1.max(1) as f64;
    println!("bytes a batch: whole {:.0}, thinned {:.0}", each(whole), each(thinned));
    Ok(())
}

fn settings(folder: &Path, batches: &[Batch]) -> Result<JournalSettings> {
    let first = batches.first().context("an empty journal")?;
    let mut settings =
        JournalSettings::new(folder.to_path_buf(), first.id.sensor, first.stream.clone());
    settings.quota_bytes = u64::MAX / 2;
    Ok(settings)
}

/// Writes all batches; with a quota no faster than the journal keeps within it.
fn write(
    settings: JournalSettings,
    batches: Vec<Batch>,
    quota: Option<u64>,
) -> Result<JournalReader> {
    let journal = Journal::open(settings)?;
    let reader = journal.reader();
    for (number, batch) in (1..).zip(batches) {
        journal.submit(batch)?;
        // Not more than the journal keeps in memory between two syncs.
        while number % 500 == 0 && reader.state().borrow().durable_seq < number {
            std::thread::sleep(Duration::from_millis(1));
        }
        let begin = Instant::now();
        while quota.is_some_and(|quota| reader.state().borrow().disk_bytes > quota)
            && begin.elapsed() < Duration::from_secs(20)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    journal.close()?;
    Ok(reader)
}

/// Processor time of this process so far (proc(5), fields 14 and 15 of `stat`, in hundredths).
fn cpu_secs() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let rest = text.rsplit_once(')').context("/proc/self/stat")?.1;
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / 100.0)
}
