//! A journal at its quota: the oldest segments are thinned out, and nothing goes without a statement.

use super::power_cut::{Run, few};
use super::simulated::{Fault, SimulatedMachine};
use super::*;
use crate::journal::index::IndexedSegment;
use crate::journal::machine::Access;
use crate::journal::thin::{Job, NotThinned};
use pw_model::{Advertisement, AdvertisementId, AdvertisementKind, MacAddr, NetworkTraits};
use std::collections::BTreeSet;

/// Frames in each batch.
const FRAMES: usize = 800;

/// Frames of a few transmitters, and one network that is heard in this batch only.
fn with_a_network(number: i64) -> Batch {
    let mut batch = few(number, FRAMES);
    let id = AdvertisementId(random(number as u64));
    let bssid = MacAddr(random(number as u64).to_le_bytes()[..6].try_into().expect("six"));
    let time = batch.observations[0].time;
    batch.advertisements.push(Advertisement {
        id,
        kind: AdvertisementKind::Beacon,
        transmitter: bssid,
        bssid: Some(bssid),
        time,
        traits: NetworkTraits::default(),
        elements: Vec::new(),
    });
    for observation in batch.observations.iter_mut().skip(FRAMES - 3) {
        observation.transmitter = Some(bssid);
        observation.advertisement = Some(id);
    }
    batch
}

/// Networks whose advertisement and a frame that refers to it are there.
fn networks(batches: &[Batch]) -> BTreeSet<MacAddr> {
    let heard: BTreeSet<_> = batches
        .iter()
        .flat_map(|batch| &batch.observations)
        .filter_map(|o| Some((o.transmitter?, o.advertisement?)))
        .collect();
    let told = batches.iter().flat_map(|batch| &batch.advertisements);
    told.filter(|told| heard.contains(&(told.transmitter, told.id)))
        .map(|a| a.transmitter)
        .collect()
}

/// Writes far more than the quota; what is left, and the journal's state.
fn overflow(thin: bool, sealing: Option<Arc<Sealing>>) -> (Vec<Batch>, JournalState) {
    let mut small = settings(Path::new("/"));
    small.sync_interval = Duration::from_millis(100);
    small.segment_bytes = 4_000;
    small.quota_bytes = 60_000;
    small.thin = thin;
    small.sealing = sealing;
    let machine = SimulatedMachine::with_own_clock();
    let mut run = Run::open(&machine, &small);
    for number in 0..90 {
        run.step(with_a_network(number), None);
    }
    run.pass(Duration::from_secs(1));
    let reader = run.reader.clone();
    run.writer.finish();
    let state = reader.state().borrow().clone();
    let read = all(&reader);
    // The next start finds everything as it was left.
    let run = Run::open(&machine, &small);
    assert_eq!(all(&run.reader), read);
    assert_eq!(run.reader.state().borrow().thinned_segments, state.thinned_segments);
    (read, state)
}

#[test]
fn thinning_keeps_the_networks_that_whole_deletion_loses() {
    for sealing in [None, Some(key(1))] {
        let every: BTreeSet<MacAddr> = networks(&(0..90).map(with_a_network).collect::<Vec<_>>());
        assert_eq!(every.len(), 90);
        let (whole, state) = overflow(false, sealing.clone());
        assert!(networks(&whole).len() < 60, "the quota is far below what came in: {state:?}");
        assert_eq!((state.thinned_segments, state.thinned_frames), (0, 0));
        assert_eq!(sum(&whole), 90 * FRAMES as u64);

        let (read, state) = overflow(true, sealing);
        assert_eq!(networks(&read), every);
        assert_eq!(seqs(&read), (1..=90).collect::<Vec<_>>(), "numbers stay");
        let stated = gaps(&read);
        assert!(stated.iter().all(|gap| gap.cause == GapCause::Thinned), "{stated:?}");
        assert_eq!(sum(&read), 90 * FRAMES as u64, "frames in = stored + stated");
        let stored: u64 = read.iter().map(|batch| batch.observations.len() as u64).sum();
        assert_eq!(state.thinned_frames, 90 * FRAMES as u64 - stored);
        assert!(state.thinned_segments > 3 && state.last_thinning_ms.is_some(), "{state:?}");
        assert!(state.disk_bytes <= 64_000, "{state:?}");
        assert_eq!(state.losses, 0, "no advertisement has to be sent again");
    }
}

#[test]
fn where_thinning_is_not_enough_whole_segments_go_and_the_sums_stay() {
    let mut small = settings(Path::new("/"));
    small.sync_interval = Duration::from_millis(100);
    small.segment_bytes = 3_000;
    small.quota_bytes = 9_000;
    let machine = SimulatedMachine::with_own_clock();
    let mut run = Run::open(&machine, &small);
    for number in 0..90 {
        run.step(with_a_network(number), None);
    }
    run.pass(Duration::from_secs(1));
    let read = all(&run.reader);
    let causes: BTreeSet<GapCause> = gaps(&read).iter().map(|gap| gap.cause).collect();
    assert_eq!(causes, [GapCause::JournalQuota, GapCause::Thinned].into());
    assert_eq!(sum(&read), 90 * FRAMES as u64, "{:?}", gaps(&read));
    let state = run.reader.state().borrow().clone();
    assert!(state.disk_bytes <= 12_000 && state.losses > 0, "{state:?}");
}

/// A failure between renaming and deleting may leave both forms of a segment: the frames of the one that
/// is driven out must not come back with the other.
#[test]
fn both_forms_of_a_segment_go_together() {
    let mut small = settings(Path::new("/"));
    small.sync_interval = Duration::from_millis(100);
    small.segment_bytes = 3_000;
    small.quota_bytes = 12_000;
    small.thin = false;
    let machine = SimulatedMachine::with_own_clock();
    let mut run = Run::open(&machine, &small);
    let name = |rest: &str| small.directory.join(format!("journal-0000000001{rest}.pws"));
    for number in 0..90 {
        run.step(with_a_network(number), None);
        if number == 3 {
            let content = machine.read(&name("")).expect("not yet driven out");
            let left = machine.open(&name(".thinned"), Access::Create).expect("made");
            left.write_all_at(&content, 0).expect("written");
            left.sync().expect("synced");
        }
    }
    run.pass(Duration::from_secs(1));
    run.writer.finish();
    assert!(machine.read(&name("")).is_err() && machine.read(&name(".thinned")).is_err());
    let run = Run::open(&machine, &small);
    assert_eq!(sum(&all(&run.reader)), 90 * FRAMES as u64);
}

#[test]
fn what_every_desktop_has_goes_whole_before_anything_is_thinned() {
    let mut small = settings(Path::new("/"));
    small.sync_interval = Duration::from_millis(100);
    small.segment_bytes = 4_000;
    small.quota_bytes = 40_000;
    let machine = SimulatedMachine::with_own_clock();
    let mut run = Run::open(&machine, &small);
    run.reader.set_desktops(vec![[1; 32]]);
    for number in 0..90 {
        run.step(with_a_network(number), None);
        let durable = run.reader.state().borrow().durable_seq;
        run.reader.acknowledge([1; 32], durable);
    }
    run.pass(Duration::from_secs(1));
    let state = run.reader.state().borrow().clone();
    assert!(state.oldest_seq > 70, "{state:?}");
    assert_eq!((state.thinned_segments, state.thinned_frames), (0, 0));
    assert!(gaps(&all(&run.reader)).is_empty());
}

#[test]
fn a_reader_gets_each_batch_whole_or_thinned_while_segments_change_under_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut small = settings(folder.path());
    small.segment_bytes = 4_000;
    small.quota_bytes = 30_000;
    let journal = Journal::open(small).expect("new");
    let reader = journal.reader();
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (reader, done) = (reader.clone(), Arc::clone(&done));
            std::thread::spawn(move || {
                let (mut whole, mut thinned) = (0, 0);
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let mut last = 0;
                    for batch in all(&reader) {
                        assert!(batch.id.seq > last, "in order and once");
                        last = batch.id.seq;
                        if batch.gaps.iter().any(|gap| gap.cause == GapCause::JournalQuota) {
                            continue;
                        }
                        assert_eq!(Accounted::of(&batch).total(), FRAMES as u64, "batch {last}");
                        match batch.gaps.is_empty() {
                            true => whole += 1,
                            false => thinned += 1,
                        }
                    }
                }
                (whole, thinned)
            })
        })
        .collect();
    for number in 0..150 {
        let before = reader.state().borrow().durable_seq;
        journal.submit(with_a_network(number)).expect("taken");
        // A radio is slower than this loop: thinning has its time.
        wait(&reader, "durable and within the quota", |state| {
            state.durable_seq > before && state.disk_bytes <= 30_000
        });
    }
    wait(&reader, "thinned", |state| state.thinned_segments > 0);
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    for thread in readers {
        let (whole, _) = thread.join().expect("no reader met anything else");
        assert!(whole > 0);
    }
    journal.close().expect("closed");
    let read = all(&reader);
    assert_eq!(sum(&read), 150 * FRAMES as u64, "{:?}", gaps(&read));
    assert!(gaps(&read).iter().any(|gap| gap.cause == GapCause::Thinned));
    let left: Vec<_> = fs::read_dir(folder.path().join("journal"))
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name())
        .filter(|name| name.to_string_lossy().ends_with(".thinning"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_disk_that_does_not_obey_leaves_the_segment_whole() {
    let machine = SimulatedMachine::new();
    let dynamic: Arc<dyn Machine> = Arc::new(machine.clone());
    let journal = Journal::open_on(settings(Path::new("/")), &dynamic).expect("new");
    for number in 0..20 {
        journal.submit(with_a_network(number)).expect("taken");
    }
    let reader = journal.reader();
    journal.close().expect("closed");
    let before = all(&reader);
    let directory = settings(Path::new("/")).directory;
    let end = reader.state().borrow().disk_bytes;
    for fault in [Fault::Full, Fault::ReadOnly, Fault::Io, Fault::IoOnSync] {
        let segment = IndexedSegment {
            number: 1,
            first_seq: Some(1),
            last_seq: 20,
            end,
            sealed: false,
            thinned: false,
            places: Vec::new(),
        };
        machine.set_fault(Some(fault));
        let result = Job::new(&dynamic, &directory, &segment, None).run();
        machine.set_fault(None);
        assert!(matches!(result, Err(NotThinned::Failed(_))), "{fault:?}: {result:?}");
        assert_eq!(all(&reader), before, "{fault:?}");
    }
}

#[test]
fn what_cannot_be_thinned_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    for number in 0..20 {
        journal.submit(with_a_network(number)).expect("taken");
    }
    journal.close().expect("closed");
    let path = segment_files(folder.path()).remove(0);
    let bytes = fs::read(&path).expect("readable");
    let directory = folder.path().join("journal");
    let machine: Arc<dyn Machine> = Arc::new(RealMachine);
    let job = |end: usize| {
        let segment = IndexedSegment {
            number: 1,
            first_seq: Some(1),
            last_seq: 20,
            end: end as u64,
            sealed: false,
            thinned: false,
            places: Vec::new(),
        };
        Job::new(&machine, &directory, &segment, None)
    };
    let unfinished = directory.join("journal-0000000001.thinning");
    let refused = |job: Job, what: &str| {
        let why = job.run().expect_err(what);
        assert!(!unfinished.exists(), "{what}: nothing half done is left");
        why
    };

    let stopped = job(bytes.len());
    stopped.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(refused(stopped, "stopped"), NotThinned::Stopped));
    assert!(matches!(refused(job(bytes.len() - 1), "cut"), NotThinned::Damaged));
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(&path, &damaged).expect("written");
    assert!(matches!(refused(job(bytes.len()), "damaged"), NotThinned::Damaged));
    fs::write(&path, &bytes).expect("written");
    let mut foreign = bytes.clone();
    let note = pw_wire::UserRecord::Known {
        time: Timestamp::from_unix_secs(0),
        device: MacAddr::ZERO,
        known: true,
    };
    foreign.extend_from_slice(&note.encode().expect("small"));
    fs::write(&path, &foreign).expect("written");
    assert!(matches!(refused(job(foreign.len()), "foreign"), NotThinned::Unknown));

    // Once thinned, there is nothing more to leave out: it would be the same again.
    fs::write(&path, &bytes).expect("written");
    let thinned = job(bytes.len()).run().expect("sound");
    assert!(thinned.end < bytes.len() as u64 && thinned.frames > 0, "{thinned:?}");
    fs::rename(&unfinished, &path).expect("renamed");
    let end = usize::try_from(thinned.end).expect("small");
    assert!(matches!(refused(job(end), "again"), NotThinned::Useless));
    fs::remove_file(&path).expect("removed");
    assert!(matches!(refused(job(end), "gone"), NotThinned::Failed(_)));
}
