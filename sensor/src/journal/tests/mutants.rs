//! Segments with flipped bits and cut ends: what is sound is read, what is not is told with its place.

use super::simulated::SimulatedMachine;
use super::*;
use crate::journal::segment::Scan;
use pw_wire::{EnvelopeKind, ScanItem, SegmentScanner};

/// Mutants in the usual run; `JOURNAL_MUTANTS` asks for more.
const MUTANTS: usize = 4_000;

/// A segment as the journal writes it, and of each batch its number, where its record (with its mark, if
/// that is one of its own) begins and ends, and its bytes.
type Place = (u64, usize, usize, Vec<u8>);

fn segment(sealing: Option<Arc<Sealing>>) -> (Vec<u8>, Vec<Place>) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut own = settings(folder.path());
    own.sealing.clone_from(&sealing);
    let journal = Journal::open(own).expect("new");
    for number in 0..12 {
        fill(&journal, 1, 1 + (random(number) % 60) as usize);
    }
    let reader = journal.reader();
    journal.close().expect("closed");
    let batches = reader.read_from(0, 100, usize::MAX).expect("readable");
    let bytes = fs::read(&segment_files(folder.path())[0]).expect("readable");
    let kind = if sealing.is_some() { EnvelopeKind::Sealed } else { EnvelopeKind::Batch };
    let records = SegmentScanner::new(&bytes).filter_map(|item| match item {
        ScanItem::Record { offset, envelope } if envelope.kind == Some(kind) => {
            Some((offset, offset + envelope.len))
        }
        _ => None,
    });
    let places: Vec<Place> = records
        .zip(&batches)
        .map(|((from, to), batch)| (batch.header().id.seq, from, to, batch.bytes().to_vec()))
        .collect();
    (bytes, places)
}

#[test]
fn damage_costs_what_it_hits_and_is_told_with_its_place() {
    damage_costs_what_it_hits(None, setting("JOURNAL_MUTANTS", MUTANTS));
}

#[test]
fn damage_to_sealed_records_costs_what_it_hits_and_is_told_with_its_place() {
    damage_costs_what_it_hits(Some(&key(1)), setting("JOURNAL_MUTANTS", MUTANTS) / 2);
}

fn damage_costs_what_it_hits(sealing: Option<&Arc<Sealing>>, mutants: usize) {
    let (bytes, places) = segment(sealing.cloned());
    let sound: Vec<&[u8]> = places.iter().map(|(_, _, _, batch)| batch.as_slice()).collect();
    assert_eq!(places.len(), 12);
    let mut recovered_batches = 0;
    for mutant in 0..mutants as u64 {
        let chance = |what: u64| random(mutant * 64 + what) as usize;
        let mut damaged = bytes.clone();
        let cut = mutant.is_multiple_of(4);
        let mut hit = Vec::new();
        if cut {
            damaged.truncate(chance(0) % bytes.len());
        }
        if !cut || mutant.is_multiple_of(8) {
            for flip in 0..1 + (mutant / 8) % 6 {
                let at = chance(1 + flip) % damaged.len().max(1);
                if let Some(byte) = damaged.get_mut(at)
                    && !hit.contains(&at)
                {
                    *byte ^= 1 << (chance(20 + flip) % 8);
                    hit.push(at);
                }
            }
        }
        let whole: Vec<usize> = (0..places.len())
            .filter(|at| {
                let (_, from, to, _) = &places[*at];
                *to <= damaged.len() && !hit.iter().any(|hit| (*from..*to).contains(hit))
            })
            .collect();

        let scan = Scan::of(&damaged, 0, sealing.map(|sealing| &**sealing));
        assert_eq!(scan.batches, whole.len() as u64, "mutant {mutant}");
        for at in &hit {
            let told = scan
                .damage
                .iter()
                .any(|damage| (damage.offset..damage.offset + damage.len).contains(&(*at as u64)));
            let torn = scan.torn.is_some_and(|torn| torn <= *at as u64);
            assert!(told || torn, "mutant {mutant}: byte {at} is not told; {:?}", scan.damage);
        }

        // The journal itself opens it, gives back the same bytes, and writes on.
        if mutant % 4 < 2 {
            let machine = SimulatedMachine::new();
            let mut own = settings(Path::new("/"));
            own.sealing = sealing.cloned();
            machine.put(&directory::segment_path(&own.directory, 1), &damaged);
            let dynamic: Arc<dyn Machine> = Arc::new(machine);
            let recovered = recover::recover(&own, &dynamic).expect("opens");
            let reader = JournalReader::new(Arc::clone(&recovered.shared));
            let read = reader.read_from(0, 100, usize::MAX).expect("readable");
            let expected: Vec<&[u8]> = whole.iter().map(|at| sound[*at]).collect();
            let found: Vec<&[u8]> = read.iter().map(|batch| batch.bytes()).collect();
            assert_eq!(found, expected, "mutant {mutant}");
            let newest = whole.last().map_or(0, |at| places[*at].0);
            assert!(recovered.next_seq > newest, "mutant {mutant}");
            assert!(!recovered.gaps.is_empty(), "mutant {mutant}: the lost counters are stated");
        }
        recovered_batches += whole.len();
    }
    println!("{recovered_batches} batches outside the damage, all recovered");
    assert!(recovered_batches > 0);
}
