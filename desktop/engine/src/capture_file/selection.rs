//! The packets that pass a filter: looked for on a thread of their own, seen while they are found.

use super::chunks::{Appender, Chunks};
use super::packets::Scanner;
use super::{PacketError, Shared, spawn};
use pw_dissect::capture::CapturedFrame;
use pw_dissect::filter::Filter;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Packets between two looks at the clock and the wish to stop.
const STEP: u32 = 1024;

/// How often those who look are told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// How long to wait for more of a file that is being indexed.
const INDEX_PATIENCE: Duration = Duration::from_millis(10);

/// How far the search is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SelectionPhase {
    /// Under way.
    Searching,
    /// All packets were asked.
    Complete,
    /// Stopped; what was found stays.
    Cancelled,
    /// A packet could not be read, and why; what was found before stays.
    Failed(String),
}

#[derive(Debug)]
pub(super) struct Found {
    matches: Chunks<u32>,
    asked: AtomicU32,
    cancelled: AtomicBool,
    phase: Mutex<SelectionPhase>,
}

/// The packets of a capture that pass a filter. Grows while they are looked for; dropping it ends that.
#[derive(Debug)]
pub struct Selection {
    filter: Filter,
    pub(super) found: Arc<Found>,
}

impl Selection {
    /// Begins to look for packets that pass.
    pub(super) fn start(shared: &Arc<Shared>, filter: Filter) -> io::Result<Self> {
        let found = Arc::new(Found {
            matches: Chunks::default(),
            asked: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
            phase: Mutex::new(SelectionPhase::Searching),
        });
        let (shared, at, passes) = (Arc::clone(shared), Arc::clone(&found), filter.clone());
        spawn("capture-filter", move || {
            let phase = match search(&shared, &at, &passes) {
                Ok(phase) => phase,
                Err(error) => SelectionPhase::Failed(error.to_string()),
            };
            *at.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
            (shared.wake)();
        })?;
        Ok(Self { filter, found })
    }

    /// The filter.
    #[must_use]
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> SelectionPhase {
        self.found.phase.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Packets that were asked.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.found.asked.load(Ordering::Relaxed)
    }

    /// Packets found so far.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.found.matches.len()
    }

    /// True when none was found so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the packet that stands at `at`, from 0.
    #[must_use]
    pub fn number(&self, at: u32) -> Option<u32> {
        self.found.matches.get(at)
    }

    /// Where the packet of this number stands, or the next one after it would.
    #[must_use]
    pub fn place(&self, number: u32) -> u32 {
        self.found.matches.partition_point(|found| found < number)
    }

    /// Ends the search; what was found stays.
    pub fn cancel(&self) {
        self.found.cancelled.store(true, Ordering::Release);
    }
}

impl Drop for Selection {
    fn drop(&mut self) {
        self.cancel();
    }
}

fn search(shared: &Shared, found: &Found, filter: &Filter) -> Result<SelectionPhase, PacketError> {
    let mut matches = Appender::new(&found.matches);
    let mut told = Instant::now();
    let mut step = |asked: u32, matches: &mut Appender<'_, u32>| {
        if told.elapsed() >= TELL_EVERY {
            matches.publish();
            found.asked.store(asked, Ordering::Relaxed);
            (shared.wake)();
            told = Instant::now();
        }
        !found.cancelled.load(Ordering::Acquire)
    };
    let result = each(shared, &mut |number, captured| {
        if filter.accepts(captured) {
            matches.push(number);
        }
        !number.is_multiple_of(STEP) || step(number, &mut matches)
    });
    matches.publish();
    let whole = result?;
    found.asked.store(shared.packets.count(), Ordering::Relaxed);
    Ok(if whole { SelectionPhase::Complete } else { SelectionPhase::Cancelled })
}

/// Calls `take` with every packet of the file, also with those that are indexed meanwhile, until it
/// says that it has enough. True when there was no more.
pub(super) fn each(
    shared: &Shared,
    take: &mut dyn FnMut(u32, &CapturedFrame<'_>) -> bool,
) -> Result<bool, PacketError> {
    let packets = &shared.packets;
    let mut scanner = Scanner::in_order(packets);
    let mut number = 0;
    loop {
        // Asked for first: what was indexed between the two questions is found below.
        let goes_on = shared.is_indexing();
        while let Some(run) = packets.index.run_from(number) {
            for entry in run.items() {
                number += 1;
                if !take(number, &scanner.packet_at(number, *entry)?) {
                    return Ok(false);
                }
            }
        }
        if !goes_on {
            return Ok(true);
        }
        if shared.is_cancelled() {
            return Ok(false);
        }
        std::thread::sleep(INDEX_PATIENCE);
    }
}

/// Calls `take` with every packet that was found, until it says that it has enough. True when there
/// was no more.
pub(super) fn each_found(
    shared: &Shared,
    found: &Found,
    take: &mut dyn FnMut(u32, &CapturedFrame<'_>) -> bool,
) -> Result<bool, PacketError> {
    let mut scanner = Scanner::in_order(&shared.packets);
    let mut at = 0;
    while let Some(run) = found.matches.run_from(at) {
        for number in run.items() {
            at += 1;
            if !take(*number, &scanner.packet(*number)?) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
