//! Every input of every corpus is replayed, whole, cut at every byte, and with every byte changed.

use pw_fuzz::{TARGETS, corpus};

/// Runs a target and says which input it failed on.
fn run(name: &str, target: fn(&[u8]), data: &[u8]) {
    let result = std::panic::catch_unwind(|| target(data));
    assert!(result.is_ok(), "target {name} fails on {}", corpus::hex(data));
}

#[test]
fn corpora_are_replayed_and_cut_anywhere() {
    for (name, target) in TARGETS {
        let inputs = corpus::read(name).expect("a corpus can be read");
        assert!(!inputs.is_empty(), "target {name} has no corpus");
        for data in inputs {
            for end in 0..=data.len() {
                run(name, *target, data.get(..end).unwrap_or(&data));
            }
        }
    }
}

/// Longest input of which every corruption is tried: longer ones are searched by the fuzzer.
const SMALL: usize = 160;

#[test]
fn every_changed_byte() {
    let mut tried = 0u64;
    for (name, target) in TARGETS {
        let inputs = corpus::read(name).expect("a corpus can be read");
        for data in inputs.iter().filter(|data| data.len() <= SMALL) {
            let mut changed = data.clone();
            for (at, original) in data.iter().enumerate() {
                // Every bit, and the values that lengths and counts fail on.
                let bits = (0..8).map(|bit| original ^ 1 << bit);
                for value in [0u8, 1, 0x7f, 0x80, 0xff].into_iter().chain(bits) {
                    changed[at] = value;
                    run(name, *target, &changed);
                    tried += 1;
                }
                changed[at] = *original;
            }
        }
    }
    eprintln!("{tried} mutants");
    assert!(tried > 100_000, "only {tried} mutants: the corpora are gone");
}
