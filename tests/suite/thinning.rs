//! A journal that is far too small for its outage: the desktop still learns of every network, and what
//! it does not get is stated to the frame.

use anyhow::{Context, Result, ensure};
use pw_model::{AdvertisementKind, GapCause};
use pw_sensor::journal::{Accounted, Journal, JournalError, JournalSettings, each_batch};
use pw_sensor::link;
use pw_tests::{Paired, free_port, in_half_seconds, program};
use pw_wire::Batch;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// All batches of the journal in `state`.
fn batches(state: &Path) -> Result<Vec<Batch>> {
    let mut batches = Vec::new();
    each_batch::<JournalError>(&state.join("journal"), None, |batch| {
        batches.push(batch);
        Ok(true)
    })?;
    Ok(batches)
}

/// Addresses of the networks that announced themselves.
fn networks(batches: &[Batch]) -> BTreeSet<String> {
    let told = batches.iter().flat_map(|batch| &batch.advertisements);
    let beacons = told.filter(|told| told.kind == AdvertisementKind::Beacon);
    beacons.filter_map(|told| Some(told.bssid?.to_string())).collect()
}

/// Writes `batches` into the journal in `state`, as fast as it keeps within its quota.
fn write(state: &Path, batches: &[Batch], quota: u64, thin: bool) -> Result<()> {
    let sensor = link::identity(state)?.fingerprint().sensor_id();
    let stream = batches.first().context("no batch")?.stream.clone();
    let mut settings = JournalSettings::new(state.join("journal"), sensor, stream);
    settings.set_quota(quota);
    settings.thin = thin;
    let journal = Journal::open(settings)?;
    let reader = journal.reader();
    for batch in batches {
        let accounted = Accounted::of(batch);
        for (radio, frames) in (0..).zip(accounted.by_radio) {
            if let Some(counter) = journal.radio_counter(radio).filter(|_| frames > 0) {
                counter.add(frames);
            }
        }
        journal.submit(batch.clone())?;
        // A radio is far slower than this loop: thinning has its time.
        let begin = Instant::now();
        while reader.state().borrow().disk_bytes > quota
            && begin.elapsed() < Duration::from_secs(20)
        {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(journal.close()?)
}

#[test]
fn a_small_journal_forgets_frames_before_it_forgets_networks() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let full = folder.path().join("full");
    let status = Command::new(program("piwardrive-sensor")?)
        .args(["run", "--source", "sim:dense_centre", "--exit-at-end", "--log", "warn"])
        .args(["--listen", "127.0.0.1:0", "--state"])
        .arg(&full)
        .stdin(Stdio::null())
        .status()?;
    ensure!(status.success(), "the simulated drive failed");
    let heard = in_half_seconds(&batches(&full)?);
    let every = networks(&heard);
    let frames: u64 = heard.iter().map(|batch| Accounted::of(batch).total()).sum();
    let bytes: u64 =
        heard.iter().filter_map(|batch| batch.encode().ok()).map(|b| b.bytes().len() as u64).sum();
    let quota = bytes / 10 * 9;
    eprintln!("{frames} frames, {bytes} bytes, {} networks; a quota of {quota}", every.len());

    // With whole segments deleted, as many networks as the deleted time holds alone are gone.
    let deleted = folder.path().join("deleted");
    std::fs::create_dir_all(&deleted)?;
    write(&deleted, &heard, quota, false)?;
    let rest = networks(&batches(&deleted)?);
    eprintln!("{} networks are left where whole segments are deleted", rest.len());
    ensure!(rest.len() < every.len(), "the quota is not tight, so that this test cannot fail");

    let paired = Paired::new(folder.path(), free_port()?)?;
    write(&paired.state, &heard, quota, true)?;
    let left = batches(&paired.state)?;
    let gaps = || left.iter().flat_map(|batch| &batch.gaps);
    let causes: BTreeSet<GapCause> = gaps().map(|gap| gap.cause).collect();
    ensure!(causes == [GapCause::Thinned].into(), "{causes:?}");
    let account = paired.account(Duration::from_secs(120))?;
    ensure!(account.frames_in >= frames && account.lost > 0, "{account:?}");
    let listed = paired.piwardrive.json(&["list", &paired.survey, "networks", "--json"])?;
    let listed = listed.as_array().context("an array")?;
    let shown: BTreeSet<String> =
        listed.iter().filter_map(|row| Some(row["bssid"].as_str()?.to_owned())).collect();
    let missing: Vec<_> = every.difference(&shown).collect();
    ensure!(missing.is_empty(), "lost: {missing:?}");
    let words = paired.piwardrive.ok(&["list", &paired.survey, "gaps"])?;
    ensure!(words.contains("only the strongest frames"), "{words}");
    Ok(())
}
