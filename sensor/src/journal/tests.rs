//! The journal against damage, kills, full disks and forgetful desktops.

use super::accounting::Accounted;
use super::*;
use pw_model::{FrameKind, Gap, GapCause, Observation, Origin, RadioId, TimeRange, Timestamp};
use pw_wire::BatchId;
use std::fs;
use std::time::Instant;

mod faults;
mod mutants;
mod power_cut;
mod sealed;
mod simulated;
mod thinned;

/// A number that follows from `seed` and looks like chance (Steele and others, SplitMix64, 2014).
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number from the environment, for longer runs than the usual one.
fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().map_or(usual, |text| text.parse().expect("a number"))
}

const SENSOR: SensorId = SensorId([7; 16]);

fn settings(directory: &Path) -> JournalSettings {
    let stream = StreamInfo { name: "test".to_owned(), origin: Origin::Replay };
    let mut settings = JournalSettings::new(directory.join("journal"), SENSOR, stream);
    settings.sync_interval = Duration::from_millis(1);
    settings
}

/// A key of this digit.
fn key(digit: u8) -> Arc<Sealing> {
    let text = format!("piwardrive-seal-1:{}", format!("{digit:02}").repeat(32));
    Arc::new(Sealing::of(pw_trust::SealingKey::from_text(&text).expect("a key")))
}

fn observation(time: i64) -> Observation {
    Observation {
        frequency_mhz: Some(2412),
        signal_dbm: Some(-60),
        length: 100,
        ..Observation::new(Timestamp::from_unix_secs(time), RadioId(0), FrameKind::BEACON)
    }
}

/// A batch of `frames` observations, the first at second `number`.
fn batch(number: i64, frames: usize) -> Batch {
    let id = BatchId { sensor: SENSOR, epoch: 0, seq: 0 };
    let stream = StreamInfo { name: "test".to_owned(), origin: Origin::Replay };
    let mut batch = Batch::new(id, stream);
    batch.observations = (0..frames).map(|_| observation(1000 + number)).collect();
    batch
}

/// Counts in and hands over `batches` batches of `frames` observations each.
fn fill(journal: &Journal, batches: i64, frames: usize) {
    let counter = journal.radio_counter(0).expect("radio 0");
    for number in 0..batches {
        counter.add(frames as u64);
        journal.submit(batch(number, frames)).expect("taken");
    }
}

fn wait(reader: &JournalReader, what: &str, done: impl Fn(&JournalState) -> bool) -> JournalState {
    let state = reader.state();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        let now = state.borrow().clone();
        if done(&now) {
            return now;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("not within 20 s: {what}; {:?}", reader.state().borrow());
}

fn all(reader: &JournalReader) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut next = 0;
    loop {
        let read = reader.read_from(next, 7, 10_000).expect("readable");
        let Some(last) = read.last() else { return batches };
        next = last.header().id.seq + 1;
        batches.extend(read.iter().map(|batch| batch.decode().expect("sound")));
    }
}

fn seqs(batches: &[Batch]) -> Vec<u64> {
    batches.iter().map(|batch| batch.id.seq).collect()
}

fn gaps(batches: &[Batch]) -> Vec<Gap> {
    batches.iter().flat_map(|batch| batch.gaps.clone()).collect()
}

/// Observations and frames in stated gaps.
fn sum(batches: &[Batch]) -> u64 {
    batches.iter().map(|batch| Accounted::of(batch).total()).sum()
}

fn segment_files(directory: &Path) -> Vec<PathBuf> {
    let journal = directory.join("journal");
    let listing = directory::list(&RealMachine, &journal).expect("readable");
    listing.segments.into_iter().map(|segment| segment.path(&journal)).collect()
}

#[test]
fn what_was_written_is_read_and_numbers_go_on() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    let reader = journal.reader();
    let epoch = reader.epoch();
    fill(&journal, 100, 3);
    journal.close().expect("closed");
    let state = reader.state().borrow().clone();
    assert_eq!((state.oldest_seq, state.durable_seq, state.backlog_batches), (1, 100, 100));
    let read = all(&reader);
    assert_eq!(seqs(&read), (1..=100).collect::<Vec<_>>());
    assert!(read.iter().all(|b| b.id.epoch == epoch && b.id.sensor == SENSOR));
    assert_eq!(sum(&read), 300);

    let journal = Journal::open(settings(folder.path())).expect("there");
    assert_eq!(journal.reader().epoch(), epoch);
    fill(&journal, 1, 3);
    let reader = journal.reader();
    journal.close().expect("closed");
    let read = all(&reader);
    assert_eq!(read.len(), 101, "an orderly end leaves no gap: {:?}", gaps(&read));
    assert_eq!(read.last().map(|b| b.id.seq), Some(101));
    assert_eq!(reader.read_from(101, 10, 1).expect("one").len(), 1, "one even above max_bytes");
    assert!(reader.read_from(102, 10, 1000).expect("none").is_empty());
}

#[test]
fn an_empty_journal_says_so() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    let state = journal.reader().state().borrow().clone();
    assert_eq!((state.oldest_seq, state.durable_seq, state.backlog_batches), (1, 0, 0));
    assert!(journal.reader().read_from(0, 10, 1000).expect("readable").is_empty());
}

#[test]
fn a_cut_at_any_byte_keeps_every_whole_batch_and_gives_no_number_twice() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    fill(&journal, 6, 2);
    journal.close().expect("closed");
    let file = segment_files(folder.path()).remove(0);
    let bytes = fs::read(&file).expect("readable");
    let counters = fs::read(folder.path().join("journal/counters")).expect("readable");
    for cut in 0..bytes.len() {
        let copy = tempfile::tempdir().expect("temporary folder");
        let journal = copy.path().join("journal");
        fs::create_dir(&journal).expect("created");
        fs::copy(folder.path().join("journal/epoch"), journal.join("epoch")).expect("copied");
        fs::write(directory::segment_path(&journal, 1), &bytes[..cut]).expect("written");
        fs::write(journal.join("counters"), &counters).expect("written");
        let whole = Scan::of(&bytes[..cut], 0, None).batches;
        let journal = Journal::open(settings(copy.path())).expect("opens");
        let reader = journal.reader();
        fill(&journal, 1, 2);
        journal.close().expect("closed");
        let read = all(&reader);
        let mut numbers = seqs(&read);
        assert_eq!(&numbers[..whole as usize], (1..=whole).collect::<Vec<_>>(), "cut at {cut}");
        // Six batches were durable: none of the later ones may have one of their numbers.
        assert!(numbers[whole as usize..].iter().all(|seq| *seq > 6), "cut at {cut}: {numbers:?}");
        numbers.dedup();
        assert_eq!(numbers.len(), read.len());
        assert_eq!(sum(&read), 14, "cut at {cut}: {:?}", gaps(&read));
    }
}

use super::segment::Scan;

#[test]
fn a_flipped_byte_costs_its_record_and_is_stated() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    fill(&journal, 6, 2);
    journal.close().expect("closed");
    let file = segment_files(folder.path()).remove(0);
    let bytes = fs::read(&file).expect("readable");
    for at in (0..bytes.len()).step_by(3) {
        let copy = tempfile::tempdir().expect("temporary folder");
        let journal = copy.path().join("journal");
        fs::create_dir(&journal).expect("created");
        for name in ["epoch", "counters"] {
            fs::copy(folder.path().join("journal").join(name), journal.join(name)).expect("copied");
        }
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        fs::write(directory::segment_path(&journal, 1), &damaged).expect("written");
        let journal = Journal::open(settings(copy.path())).expect("opens");
        let reader = journal.reader();
        fill(&journal, 1, 2);
        wait(&reader, "durable", |state| state.durable_seq >= 7);
        journal.close().expect("closed");
        let read = all(&reader);
        let old = seqs(&read).iter().filter(|seq| **seq <= 6).count();
        assert!(old >= 5, "byte {at}: {:?}", seqs(&read));
        if gaps(&read).iter().all(|gap| gap.frames.is_some()) {
            assert_eq!(sum(&read), 14, "byte {at}: {:?}", gaps(&read));
        }
        if old == 5 {
            assert!(!gaps(&read).is_empty(), "byte {at}");
        }
        // The next start does not state it again.
        let before = gaps(&read).len();
        let journal = Journal::open(settings(copy.path())).expect("opens");
        let reader = journal.reader();
        std::thread::sleep(Duration::from_millis(1));
        journal.close().expect("closed");
        assert_eq!(gaps(&all(&reader)).len(), before, "byte {at}");
    }
}

#[test]
fn segments_go_once_every_desktop_has_them() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut small = settings(folder.path());
    small.segment_bytes = 2_000;
    let journal = Journal::open(small.clone()).expect("new");
    let reader = journal.reader();
    fill(&journal, 60, 5);
    wait(&reader, "durable", |state| state.durable_seq == 60);
    let many = segment_files(folder.path()).len();
    assert!(many > 4, "{many} segments");
    reader.acknowledge([1; 32], 60);
    reader.set_desktops(vec![[1; 32], [2; 32]]);
    reader.acknowledge([1; 32], 60);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(segment_files(folder.path()).len(), many, "the other desktop has nothing yet");
    reader.acknowledge([2; 32], 31);
    let state = wait(&reader, "backlog falls", |state| state.backlog_batches == 29);
    assert!(state.oldest_seq > 1 && state.oldest_seq <= 32, "{state:?}");
    assert!(segment_files(folder.path()).len() < many);
    assert_eq!(reader.read_from(1, 1, 1).expect("read")[0].header().id.seq, state.oldest_seq);
    reader.acknowledge([2; 32], 60);
    wait(&reader, "all acknowledged", |state| state.backlog_batches == 0);
    journal.close().expect("closed");
    // Everything is acknowledged, and yet no number is given twice, and nothing counts as lost.
    let journal = Journal::open(small).expect("there");
    let reader = journal.reader();
    fill(&journal, 1, 1);
    let state = wait(&reader, "durable", |state| state.durable_seq == 61);
    assert_eq!((state.backlog_batches, state.losses), (1, 0));
}

#[test]
fn the_quota_drives_out_the_oldest_and_says_so() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut small = settings(folder.path());
    small.segment_bytes = 2_000;
    small.quota_bytes = 10_000;
    small.thin = false;
    let journal = Journal::open(small).expect("new");
    let reader = journal.reader();
    fill(&journal, 200, 5);
    journal.close().expect("closed");
    let state = reader.state().borrow().clone();
    assert!(state.disk_bytes <= 12_500, "{state:?}");
    assert!(state.oldest_seq > 1 && state.losses > 0);
    let read = all(&reader);
    assert!(gaps(&read).iter().any(|gap| gap.cause == GapCause::JournalQuota));
    // Statements that were driven out themselves are stated again: nothing goes missing.
    assert_eq!(sum(&read), 1000, "{:?}", gaps(&read));
}

#[test]
fn a_kill_is_stated_with_the_frames_it_cost() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    let reader = journal.reader();
    fill(&journal, 3, 4);
    journal.radio_counter(0).expect("radio 0").add(5);
    journal.radio_counter(2).expect("radio 2").add(1);
    wait(&reader, "durable", |state| state.durable_seq == 3);
    // A process that is killed leaves its files as they are.
    let copy = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(copy.path().join("journal")).expect("created");
    for entry in fs::read_dir(folder.path().join("journal")).expect("readable") {
        let entry = entry.expect("readable");
        fs::copy(entry.path(), copy.path().join("journal").join(entry.file_name()))
            .expect("copied");
    }
    let journal = Journal::open(settings(copy.path())).expect("opens");
    let read = all(&journal.reader());
    let stated = gaps(&read);
    let frames: Vec<_> = stated.iter().map(|gap| (gap.radio, gap.frames)).collect();
    assert_eq!(frames, [(Some(RadioId(0)), Some(5)), (Some(RadioId(2)), Some(1))]);
    assert!(stated.iter().all(|gap| gap.cause == GapCause::SensorRestart));
    let at = Timestamp::from_unix_secs(1002);
    assert!(stated.iter().all(|gap| TimeRange { start: at, end: at }.contains(gap.start)));
    assert_eq!(sum(&read), 18);
}

#[test]
fn another_sensors_journal_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let journal = Journal::open(settings(folder.path())).expect("new");
    fill(&journal, 1, 1);
    assert!(matches!(Journal::open(settings(folder.path())), Err(JournalError::Locked { .. })));
    journal.close().expect("closed");
    let mut other = settings(folder.path());
    other.sensor = SensorId([8; 16]);
    assert!(matches!(Journal::open(other), Err(JournalError::Foreign { .. })));
}
