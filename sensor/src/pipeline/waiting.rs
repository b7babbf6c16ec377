//! Observations that wait for the next fix, so that their place can be interpolated.

use crate::gps::{Place, Track};
use pw_model::{Advertisement, Observation, Position, Timestamp};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Longest wait for a fix.
pub(super) const WAIT: Duration = Duration::from_millis(1500);
/// Observations that may wait. Above it the oldest goes with what is known of its place by then.
const WAITING_MAX: usize = 65_536;

/// An observation, and the advertisements that came with its frame: where nothing may be recorded, they
/// may not either.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) observation: Observation,
    pub(super) advertisements: Vec<Advertisement>,
}

struct Waiting {
    heard: Arrived,
    since: Instant,
}

/// A queue in the order of hearing.
#[derive(Default)]
pub(super) struct WaitingRoom {
    queue: VecDeque<Waiting>,
}

/// By which clock the wait is measured.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// No fix will come that is not there: do not wait.
    None,
    /// By the machine's clock.
    Live,
    /// By the time of the stream, which may pass much faster.
    Stream(Timestamp),
}

impl Patience {
    /// The wait for a fix is over.
    fn is_over(self, observation: &Observation, since: Instant) -> bool {
        match self {
            Self::None => true,
            Self::Live => since.elapsed() >= WAIT,
            Self::Stream(now) => now.since(observation.time) >= WAIT,
        }
    }
}

/// The place of an observation, as far as a later fix may change it.
fn place_of(observation: &Observation, track: &Track) -> Place {
    // When the capture says where it was, nobody knows better.
    observation.position.map_or_else(|| track.place_at(observation.time), Place::Known)
}

impl WaitingRoom {
    /// Gives the observation back with its place when that is decided at once and nobody waits
    /// before it; else it waits.
    pub(super) fn enter(
        &mut self,
        mut heard: Arrived,
        track: &Track,
        patience: Patience,
    ) -> Option<Arrived> {
        if self.queue.is_empty() {
            let place = match (place_of(&heard.observation, track), patience) {
                (Place::Known(position), _) => Some(Some(position)),
                (Place::Unknown, _) => Some(None),
                (Place::Wait(position), Patience::None) => Some(position),
                (Place::Wait(_), Patience::Live | Patience::Stream(_)) => None,
            };
            if let Some(position) = place {
                heard.observation.position = position;
                return Some(heard);
            }
        }
        self.queue.push_back(Waiting { heard, since: Instant::now() });
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The next observation whose place is decided.
    pub(super) fn leave(&mut self, track: &Track, patience: Patience) -> Option<Arrived> {
        let waiting = self.queue.front()?;
        let place: Option<Position> = match place_of(&waiting.heard.observation, track) {
            Place::Known(position) => Some(position),
            Place::Unknown => None,
            Place::Wait(position) => {
                let over = patience.is_over(&waiting.heard.observation, waiting.since);
                if !over && self.queue.len() <= WAITING_MAX {
                    return None;
                }
                position
            }
        };
        let mut heard = self.queue.pop_front()?.heard;
        heard.observation.position = place;
        Some(heard)
    }
}
