//! Power cuts at every write of the journal: unsynced writes and names lost, torn, out of order.

use super::simulated::{Kept, Moment, SimulatedMachine};
use super::*;
use crate::journal::writer::Writer;
use std::collections::{BTreeMap, HashSet};

/// States explored in the usual run, over all scripts; `JOURNAL_POWER_CUTS` asks for more.
const STATES: usize = 10_500;

/// Batches of the scripts, by number, and the frames in them.
type Written = BTreeMap<u64, Batch>;

/// A journal driven in this thread.
pub(super) struct Run {
    machine: SimulatedMachine,
    pub(super) writer: Writer,
    pub(super) reader: JournalReader,
    counter: RadioCounter,
    /// Number of the first batch of this run.
    first_seq: u64,
}

impl Run {
    pub(super) fn open(machine: &SimulatedMachine, settings: &JournalSettings) -> Self {
        let dynamic: Arc<dyn Machine> = Arc::new(machine.clone());
        let recovered = recover::recover(settings, &dynamic).expect("the journal opens");
        let counter = RadioCounter::new(Arc::clone(&recovered.counters), 0).expect("radio 0");
        let reader = JournalReader::new(Arc::clone(&recovered.shared));
        let first_seq = recovered.next_seq;
        let mut writer = Writer::new(settings.clone(), recovered);
        writer.begin();
        machine.watch(&reader);
        Self { machine: machine.clone(), writer, reader, counter, first_seq }
    }

    /// One batch, and the time until the next one.
    pub(super) fn step(&mut self, batch: Batch, written: Option<&mut Written>) {
        self.counter.add(batch.observations.len() as u64);
        if let Some(written) = written {
            let id =
                BatchId { epoch: self.reader.epoch(), seq: self.writer.next_seq(), ..batch.id };
            self.machine.numbered(id.seq + 1);
            written.insert(id.seq, Batch { id, ..batch.clone() });
        }
        self.writer.take(batch);
        self.pass(Duration::from_millis(40));
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.machine.pass(time);
        self.writer.upkeep();
        self.machine.note();
    }
}

/// Observations that do not pack well, so that batches span blocks.
fn varied(number: i64, frames: usize) -> Batch {
    let mut batch = batch(number, frames);
    for (at, observation) in batch.observations.iter_mut().enumerate() {
        let chance = random(number as u64 * 1000 + at as u64);
        observation.transmitter =
            Some(pw_model::MacAddr(chance.to_le_bytes()[..6].try_into().expect("six")));
        observation.length = (chance >> 50) as u32;
    }
    batch
}

/// The same of a few transmitters, most of which can be left out.
pub(super) fn few(number: i64, frames: usize) -> Batch {
    let mut batch = varied(number, frames);
    for (at, observation) in batch.observations.iter_mut().enumerate() {
        let who = random(number as u64 * 1000 + at as u64) % 4;
        observation.transmitter = Some(pw_model::MacAddr([2, 0, 0, 0, 0, who as u8]));
    }
    batch
}

fn small() -> JournalSettings {
    let mut small = settings(Path::new("/"));
    small.sync_interval = Duration::from_millis(100);
    small.segment_bytes = 9_000;
    small
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Script {
    /// Segments, an orderly end, another run.
    Rotation,
    /// The quota drives segments out.
    Quota,
    /// The quota has segments thinned, and then driven out.
    Thinned,
    /// Two desktops acknowledge.
    Acknowledged,
}

/// Runs a script; every moment of it, and what was written.
fn play(script: Script, sealed: bool) -> (Vec<Moment>, Written, JournalSettings) {
    let mut settings = small();
    if matches!(script, Script::Quota | Script::Thinned) {
        settings.segment_bytes = 3_000;
        settings.quota_bytes = 9_000;
        settings.thin = script == Script::Thinned;
    }
    settings.sealing = sealed.then(|| key(1));
    let machine = SimulatedMachine::with_own_clock();
    machine.record();
    let mut written = Written::new();
    let mut run = Run::open(&machine, &settings);
    for number in 0..36 {
        if number == 18 && script == Script::Rotation {
            run.writer.finish();
            run = Run::open(&machine, &settings);
        }
        let frames = if number % 9 == 4 { 400 } else { 5 + (random(number as u64) % 40) as usize };
        let batch =
            if script == Script::Thinned { few(number, frames) } else { varied(number, frames) };
        run.step(batch, Some(&mut written));
        if script == Script::Acknowledged && number % 5 == 4 {
            run.reader.set_desktops(vec![[1; 32], [2; 32]]);
            let durable = run.reader.state().borrow().durable_seq;
            run.reader.acknowledge([1; 32], durable);
            run.reader.acknowledge([2; 32], durable.saturating_sub(3));
            machine.acknowledged(durable.saturating_sub(3));
            run.pass(Duration::from_millis(1100));
        }
    }
    let thinned = run.reader.state().borrow().thinned_frames;
    assert_eq!(thinned > 0, script == Script::Thinned, "{script:?}: {thinned} frames left out");
    run.writer.finish();
    machine.note();
    (machine.moments(), written, settings)
}

/// Opens what a power cut left, goes on for one batch, and checks every promise.
fn check(
    script: Script,
    machine: &SimulatedMachine,
    moment: &Moment,
    written: &Written,
    settings: &JournalSettings,
) {
    let mut run = Run::open(machine, settings);
    let first_new = run.first_seq;
    run.step(varied(999, 7), None);
    run.pass(Duration::from_millis(200));
    let read = all(&run.reader);
    let state = run.reader.state().borrow().clone();
    let numbers = seqs(&read);
    let context = || {
        format!(
            "reported {}, acknowledged {}, there {numbers:?}, new from {first_new}",
            moment.reported, moment.acknowledged
        )
    };
    assert!(state.trouble.is_none(), "{state:?}");
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{}", context());
    assert!(first_new > moment.reported, "a number given again; {}", context());

    let is_new = |batch: &Batch| {
        batch.range().is_some_and(|range| range.start == Timestamp::from_unix_secs(1999))
    };
    assert_eq!(read.iter().filter(|batch| is_new(batch)).count(), 1, "{}", context());
    let mut there = HashSet::new();
    for batch in read.iter().filter(|batch| !is_new(batch)) {
        if let Some(expected) = written.get(&batch.id.seq)
            && (!batch.observations.is_empty() || batch.gaps.is_empty() || is_thinned(batch))
        {
            assert!(is_as_written(batch, expected), "not what was written; {}", context());
            there.insert(batch.id.seq);
        } else {
            assert!(
                batch.observations.is_empty(),
                "batch {} of nobody; {}",
                batch.id.seq,
                context()
            );
        }
    }
    let stated = gaps(&read);
    let quota = stated.iter().any(|gap| gap.cause == GapCause::JournalQuota);
    let missing: Vec<u64> = written
        .keys()
        .copied()
        .filter(|seq| *seq <= moment.reported && *seq > moment.acknowledged && !there.contains(seq))
        .collect();
    assert!(missing.is_empty() || quota, "durable batches {missing:?} are gone; {}", context());

    // Whatever came in and is not there is stated.
    let old = numbers.iter().filter(|seq| **seq < first_new).max();
    let newest = old.copied().unwrap_or(0).max(moment.reported);
    if script != Script::Acknowledged
        && stated.iter().all(|gap| gap.frames.is_some() || gap.cause == GapCause::SensorRestart)
    {
        let came_in: u64 =
            written.range(..=newest).map(|(_, batch)| batch.observations.len() as u64).sum();
        let restarts: u64 = stated
            .iter()
            .filter(|gap| gap.cause == GapCause::SensorRestart)
            .filter_map(|gap| gap.frames)
            .sum();
        assert_eq!(sum(&read) - restarts, came_in + 7, "{stated:?}; {}", context());
    }
    let unwritten = moment.submitted(written).filter(|seq| *seq > newest).count();
    let restart = stated.iter().any(|gap| gap.cause == GapCause::SensorRestart);
    assert!(unwritten == 0 || restart, "{unwritten} batches lost and nothing said; {}", context());
}

fn is_thinned(batch: &Batch) -> bool {
    batch.gaps.iter().any(|gap| gap.cause == GapCause::Thinned)
}

/// True for the batch itself, and for one with fewer of its frames in which the others are stated.
fn is_as_written(batch: &Batch, expected: &Batch) -> bool {
    if !is_thinned(batch) {
        return batch == expected;
    }
    let mut rest = expected.observations.iter();
    batch.id == expected.id
        && Accounted::of(batch) == Accounted::of(expected)
        && batch.observations.iter().all(|kept| rest.any(|written| written == kept))
}

/// Every state that a power cut can leave of one script, up to `most`; how many there were.
fn explore(script: Script, sealed: bool, most: usize) -> usize {
    let (moments, written, settings) = play(script, sealed);
    let mut seen = HashSet::new();
    let mut round = 0;
    while seen.len() < most && round < 400 {
        for (at, moment) in moments.iter().enumerate() {
            for block in [512, 4096] {
                let parts = moment.parts(block);
                // The first rounds are every prefix; then one part alone or missing; then chance.
                let kept = match round {
                    _ if round <= parts => Kept::First(parts - round),
                    _ if round <= 2 * parts => Kept::Only(round - parts - 1),
                    _ if round <= 3 * parts => Kept::Without(round - 2 * parts - 1),
                    _ => Kept::Some(random((round * 100_000 + at) as u64)),
                };
                let (machine, hash) = moment.cut(kept, block, round % 3 == 1);
                if seen.len() < most && seen.insert((hash, moment.reported, moment.acknowledged)) {
                    check(script, &machine, moment, &written, &settings);
                }
            }
        }
        round += 1;
    }
    seen.len()
}

#[test]
fn a_power_cut_at_any_write_loses_only_what_was_not_reported_durable() {
    let most = setting("JOURNAL_POWER_CUTS", STATES);
    let scripts = [
        (Script::Rotation, false),
        (Script::Rotation, true),
        (Script::Quota, false),
        (Script::Thinned, false),
        (Script::Thinned, true),
        (Script::Acknowledged, false),
    ];
    let each = most.div_ceil(scripts.len());
    let explored: Vec<usize> =
        scripts.into_iter().map(|(script, sealed)| explore(script, sealed, each)).collect();
    println!("states after a power cut: {explored:?}");
    assert!(explored.iter().sum::<usize>() >= most, "{explored:?}");
}
