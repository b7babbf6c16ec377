//! A disk that is full, read-only, broken or slow for a while, and how often the journal syncs.

use super::simulated::{Fault, SimulatedMachine};
use super::*;

fn open(machine: &SimulatedMachine, settings: JournalSettings) -> Journal {
    Journal::open_on(settings, &(Arc::new(machine.clone()) as Arc<dyn Machine>)).expect("opens")
}

const FAULTS: [Fault; 4] = [Fault::Full, Fault::ReadOnly, Fault::Io, Fault::IoOnSync];

#[test]
fn what_fits_into_memory_is_written_when_the_disk_can_be_written_again() {
    for fault in FAULTS {
        let machine = SimulatedMachine::new();
        let journal = open(&machine, settings(Path::new("/")));
        let reader = journal.reader();
        fill(&journal, 10, 2);
        wait(&reader, "durable", |state| state.durable_seq == 10);
        machine.set_fault(Some(fault));
        fill(&journal, 1000, 2);
        let state = wait(&reader, "trouble", |state| state.trouble.is_some());
        assert_eq!((state.durable_seq, state.write_loss_frames), (10, 0), "{fault:?}");
        assert_eq!(all(&reader).len(), 10, "{fault:?}: what is durable stays readable");
        machine.set_fault(None);
        wait(&reader, "written", |state| state.trouble.is_none() && state.durable_seq == 1010);
        journal.close().expect("closed");
        let read = all(&reader);
        assert_eq!(seqs(&read), (1..=1010).collect::<Vec<_>>(), "{fault:?}");
        assert_eq!((sum(&read), gaps(&read).len()), (2020, 0), "{fault:?}");
    }
}

#[test]
fn what_does_not_fit_into_memory_is_counted_and_stated() {
    for fault in FAULTS {
        let machine = SimulatedMachine::new();
        let journal = open(&machine, settings(Path::new("/")));
        let reader = journal.reader();
        machine.set_fault(Some(fault));
        fill(&journal, 1100, 2);
        wait(&reader, "losses", |state| state.write_loss_frames == 2 * (1100 - 1024));
        machine.set_fault(None);
        wait(&reader, "written", |state| state.trouble.is_none() && state.durable_seq > 1024);
        journal.close().expect("closed");
        let read = all(&reader);
        let stated = gaps(&read);
        assert_eq!(stated.len(), 1, "{fault:?}: {stated:?}");
        assert_eq!(stated[0].cause, GapCause::JournalWrite, "{fault:?}");
        assert_eq!(stated[0].frames, Some(2 * (1100 - 1024)), "{fault:?}");
        assert_eq!(sum(&read), 2200, "{fault:?}");
        assert_eq!(seqs(&read), (1..=1025).collect::<Vec<_>>(), "{fault:?}: no number left out");
    }
}

#[test]
fn a_stall_holds_up_the_pipeline_only_when_the_queue_is_full() {
    let machine = SimulatedMachine::new();
    let journal = open(&machine, settings(Path::new("/")));
    let reader = journal.reader();
    machine.set_fault(Some(Fault::Stall(Duration::from_secs(2))));
    fill(&journal, 1, 2);
    let start = Instant::now();
    // The writer is soon inside its first slow sync.
    while machine.syncs().is_empty() && start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let start = Instant::now();
    let queue = i64::try_from(QUEUE_BATCHES).expect("small");
    fill(&journal, queue, 2);
    assert_eq!(
        reader.state().borrow().durable_seq,
        0,
        "the queue took them while the disk stalled"
    );
    fill(&journal, 1, 2);
    assert!(start.elapsed() > Duration::from_millis(500), "one more waits for the disk");
    machine.set_fault(None);
    wait(&reader, "written", |state| state.durable_seq == 18);
    journal.close().expect("closed");
    let read = all(&reader);
    assert_eq!((seqs(&read).len(), sum(&read), gaps(&read).len()), (18, 36, 0));
}

#[test]
fn no_more_than_ten_syncs_a_second() {
    let machine = SimulatedMachine::with_own_clock();
    let mut usual = settings(Path::new("/"));
    usual.sync_interval =
        JournalSettings::new(PathBuf::new(), SENSOR, usual.stream.clone()).sync_interval;
    let dynamic: Arc<dyn Machine> = Arc::new(machine.clone());
    let recovered = recover::recover(&usual, &dynamic).expect("opens");
    let mut writer = writer::Writer::new(usual, recovered);
    writer.begin();
    let opening = machine.syncs().len();
    for number in 0..2_000 {
        machine.pass(Duration::from_millis(5));
        writer.take(batch(number, 3));
        writer.upkeep();
    }
    let syncs = machine.syncs().split_off(opening);
    let (of_batches, other): (Vec<_>, Vec<_>) =
        syncs.into_iter().partition(|(_, path)| path.extension().is_some_and(|end| end == "pws"));
    assert!(of_batches.len() >= 95, "{} in ten seconds", of_batches.len());
    for (at, (first, _)) in of_batches.iter().enumerate() {
        let second = Duration::from_secs(1);
        let later = of_batches.iter().skip(at);
        let within = later.take_while(|(later, _)| *later - *first < second).count();
        assert!(within <= 10, "{within} syncs within a second");
    }
    // Beside them `state.json`, at most once a second.
    assert!(other.len() <= 10, "{other:?}");
}

#[test]
fn a_segment_that_cannot_be_read_is_driven_out_with_a_loss_of_unknown_size() {
    let machine = SimulatedMachine::new();
    let mut small = settings(Path::new("/"));
    small.segment_bytes = 2_000;
    small.quota_bytes = 10_000;
    let journal = open(&machine, small);
    let reader = journal.reader();
    machine.set_fault(Some(Fault::IoOnRead));
    fill(&journal, 200, 5);
    journal.close().expect("closed");
    let state = reader.state().borrow().clone();
    // While a segment may yet be thinned, one more than the quota may stand there, and the last one.
    assert!(state.disk_bytes <= 14_500 && state.oldest_seq > 1, "{state:?}");
    let stated = gaps(&all(&reader));
    let unknown =
        stated.iter().filter(|gap| gap.cause == GapCause::JournalQuota && gap.frames.is_none());
    assert!(unknown.count() > 0, "{stated:?}");
}
