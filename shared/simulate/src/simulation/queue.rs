//! What is due when: the queue that drives the simulation.

use super::exchange::{Exchange, Transmission};
use pw_model::{Channel, MacAddr};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that happens at a moment.
#[derive(Debug)]
pub(crate) enum Due {
    /// A radio leaves its channel.
    Leave(usize),
    /// A radio listens on the next channel of its plan.
    Listen(usize),
    /// The position receiver takes an epoch.
    Epoch,
    /// The position receiver puts out a sentence.
    Sentence(String),
    /// A BSS's beacon is due.
    Beacon(usize),
    /// A beacon that waited for the channel, and since when.
    LateBeacon(usize, i64),
    /// A client does something.
    Client(usize),
    /// A client asks on one channel.
    Probe {
        client: usize,
        address: MacAddr,
        channel: Channel,
        frequency_mhz: u16,
        named: Option<usize>,
    },
    /// An exchange wants the channel.
    Exchange(Box<Exchange>),
    /// A frame of an exchange goes on the air.
    Transmission(Box<Transmission>),
}

#[derive(Debug)]
struct Entry {
    at_ns: i64,
    serial: u64,
    due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ns, self.serial) == (other.at_ns, other.serial)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// Reversed, since the heap gives its greatest first; equal moments in the order they were put in.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ns, other.serial).cmp(&(self.at_ns, self.serial))
    }
}

/// The queue, ordered by moment. Its length is bounded by what the town can have under way: one
/// beacon for each BSS, one action for each client and the frames of exchanges begun.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Entry>,
    serial: u64,
}

impl Queue {
    /// Puts something in; times are nanoseconds from the start.
    pub(crate) fn push(&mut self, at_ns: i64, due: Due) {
        self.serial += 1;
        self.heap.push(Entry { at_ns, serial: self.serial, due });
    }

    /// Takes what is due first.
    pub(crate) fn pop(&mut self) -> Option<(i64, Due)> {
        self.heap.pop().map(|entry| (entry.at_ns, entry.due))
    }
}
