//! Takes in how the sensor moves, and says how the inputs of it are.

use super::{Join, Pipeline};
use crate::gps::Place;
use crate::motion::MotionEvent;
use pw_model::{Fix, MotionSample, MotionSource, Timestamp};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Samples that wait for a fix: of two inputs, those of about three minutes.
const HELD_MAX: usize = 4096;
/// How long the latest sample says something of now.
const FRESH: Duration = Duration::from_secs(5);

/// The inputs of motion.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MotionState {
    /// The inertial sensor; `None` when none is configured.
    pub imu: Option<MotionInputState>,
    /// The vehicle's own speed; `None` when none is configured.
    pub speed: Option<MotionInputState>,
}

/// How an input of motion is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MotionInputState {
    /// What it is, while it works.
    pub name: Option<String>,
    /// Why it is not available; `None` while it works, and before the first look.
    pub trouble: Option<String>,
    /// Samples since the start.
    pub samples: u64,
    /// Samples not recorded because the sensor was in a home zone, or no later fix said that it was not.
    pub left_out: u64,
    /// Samples not recorded because too many waited for a fix.
    pub crowded_out: u64,
    /// The latest that was recorded, while it is of now.
    pub latest: Option<MotionSample>,
    /// When that one came.
    pub(super) latest_at: Option<Instant>,
}

impl MotionInputState {
    fn forget_latest(&mut self) {
        (self.latest, self.latest_at) = (None, None);
    }
}

impl MotionState {
    fn of(&mut self, source: MotionSource) -> &mut MotionInputState {
        let input = match source {
            MotionSource::Inertial => &mut self.imu,
            MotionSource::Vehicle => &mut self.speed,
        };
        input.get_or_insert_default()
    }

    /// Forgets samples that say nothing of `now` any more.
    pub(super) fn forget_stale(&mut self, now: Instant) {
        for input in [&mut self.imu, &mut self.speed].into_iter().flatten() {
            if input.latest_at.is_some_and(|at| now.saturating_duration_since(at) > FRESH) {
                input.forget_latest();
            }
        }
    }
}

/// A sample, and when it came.
#[derive(Clone, Copy, Debug)]
struct Held {
    sample: MotionSample,
    since: Instant,
}

/// Samples, in the order they came, that wait for the fix that says where they were taken.
#[derive(Debug, Default)]
pub(super) struct HeldMotion {
    queue: VecDeque<Held>,
}

impl HeldMotion {
    /// Takes a sample in; gives the oldest back when there are too many.
    fn enter(&mut self, sample: MotionSample, since: Instant) -> Option<MotionSample> {
        self.queue.push_back(Held { sample, since });
        let is_over = self.queue.len() > HELD_MAX;
        if is_over { self.queue.pop_front().map(|held| held.sample) } else { None }
    }

    /// The next that was taken no later than `time`.
    fn leave(&mut self, time: Timestamp) -> Option<Held> {
        self.queue.pop_front_if(|held| held.sample.time <= time)
    }
}

impl Pipeline {
    pub(super) fn motion(&mut self, event: MotionEvent) {
        match event {
            MotionEvent::Sample(sample) => {
                let sample = MotionSample { time: self.corrected(sample.time), ..sample };
                let input = self.guard.motion.of(sample.source);
                input.samples = input.samples.saturating_add(1);
                // From how it moved since the edge of a zone, the place within could be reckoned.
                if self.settings.privacy.is_in_home_zone() {
                    self.leave_out_motion(&sample);
                    self.drop_held_motion();
                } else if self.waits_for_place() {
                    // The last fix lay outside, but by now this may be home: only the next one says.
                    if let Some(oldest) = self.held_motion.enter(sample, Instant::now()) {
                        let input = self.guard.motion.of(oldest.source);
                        input.crowded_out = input.crowded_out.saturating_add(1);
                    }
                } else {
                    self.record_motion(Held { sample, since: Instant::now() });
                }
            }
            MotionEvent::Works { source, name } => {
                let input = self.guard.motion.of(source);
                (input.name, input.trouble) = (Some(name), None);
            }
            MotionEvent::Trouble { source, why } => {
                let input = self.guard.motion.of(source);
                (input.name, input.trouble) = (None, Some(why));
                input.forget_latest();
            }
        }
    }

    /// True when there are zones, and fixes that say whether the sensor is in one.
    fn waits_for_place(&self) -> bool {
        let stands = matches!(self.settings.join, Join::Fixed(_));
        self.settings.privacy.declaration().home_zones > 0 && !stands
    }

    fn record_motion(&mut self, held: Held) {
        let input = self.guard.motion.of(held.sample.source);
        (input.latest, input.latest_at) = (Some(held.sample), Some(held.since));
        self.batch.motion(held.sample);
    }

    fn leave_out_motion(&mut self, sample: &MotionSample) {
        let input = self.guard.motion.of(sample.source);
        input.left_out = input.left_out.saturating_add(1);
        input.forget_latest();
    }

    /// Leaves out all that waits: this may have been home.
    pub(super) fn drop_held_motion(&mut self) {
        while let Some(held) = self.held_motion.queue.pop_front() {
            self.leave_out_motion(&held.sample);
        }
    }

    /// The receiver reported this, and the zones know it. `doubted`: before, nothing said any more that
    /// this is no home zone.
    pub(super) fn place_motion(&mut self, fix: &Fix, doubted: bool) {
        if doubted || self.settings.privacy.is_in_home_zone() {
            self.drop_held_motion();
        } else if fix.position.is_some() {
            while let Some(held) = self.held_motion.leave(fix.time) {
                // Between two fixes outside, the way may have led through; where they lie so far apart
                // that nobody knows it, too.
                match self.track.place_at(held.sample.time) {
                    Place::Known(place) if !self.settings.privacy.is_at_home(&place) => {
                        self.record_motion(held);
                    }
                    _ => self.leave_out_motion(&held.sample),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: i64) -> MotionSample {
        MotionSample {
            time: Timestamp::from_unix_secs(second),
            source: MotionSource::Vehicle,
            speed_mps: Some(8.0),
            acceleration_mps2: None,
            angular_velocity_rps: None,
        }
    }

    #[test]
    fn those_that_wait_are_bounded_and_leave_up_to_a_time() {
        let mut held = HeldMotion::default();
        let now = Instant::now();
        let max = i64::try_from(HELD_MAX).expect("small");
        for second in 0..max {
            assert_eq!(held.enter(sample(second), now), None);
        }
        assert_eq!(held.enter(sample(max), now), Some(sample(0)), "the oldest goes");
        let mut left = 0;
        while held.leave(Timestamp::from_unix_secs(9)).is_some() {
            left += 1;
        }
        assert_eq!((left, held.queue.len()), (9, HELD_MAX - 9));
    }

    #[test]
    fn a_speed_of_before_is_not_shown_as_that_of_now() {
        let now = Instant::now();
        let (latest, latest_at) = (Some(sample(1)), Some(now));
        let input = MotionInputState { latest, latest_at, ..MotionInputState::default() };
        let mut state = MotionState { speed: Some(input), imu: None };
        let shown = |state: &MotionState| state.speed.as_ref().is_some_and(|s| s.latest.is_some());
        state.forget_stale(now + Duration::from_secs(4));
        assert!(shown(&state));
        state.forget_stale(now + Duration::from_secs(6));
        assert!(!shown(&state));
    }
}
