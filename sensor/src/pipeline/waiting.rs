//! Observations that wait for the next fix, so that their place can be interpolated.

use crate::gps::{Place, Track};
use pw_model::{Observation, Position, Timestamp};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Longest wait for a fix.
pub(super) const WAIT: Duration = Duration::from_millis(1500);
/// Observations that may wait. Above it the oldest goes with what is known of its place by then.
const WAITING_MAX: usize = 65_536;

struct Waiting {
    observation: Observation,
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

impl WaitingRoom {
    pub(super) fn enter(&mut self, observation: Observation) {
        self.queue.push_back(Waiting { observation, since: Instant::now() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The next observation whose place is decided.
    pub(super) fn leave(&mut self, track: &Track, patience: Patience) -> Option<Observation> {
        let waiting = self.queue.front()?;
        let observation = &waiting.observation;
        let place: Option<Position> = match (observation.position, track.place_at(observation.time))
        {
            // The capture says where it was: nobody knows better.
            (Some(own), _) => Some(own),
            (None, Place::Known(position)) => Some(position),
            (None, Place::Unknown) => None,
            (None, Place::Wait(position)) => {
                let over = match patience {
                    Patience::None => true,
                    Patience::Live => waiting.since.elapsed() >= WAIT,
                    Patience::Stream(now) => now.since(observation.time) >= WAIT,
                };
                if !over && self.queue.len() <= WAITING_MAX {
                    return None;
                }
                position
            }
        };
        let mut observation = self.queue.pop_front()?.observation;
        observation.position = place;
        Some(observation)
    }
}
