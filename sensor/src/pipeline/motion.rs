//! Takes in how the sensor moves, and says how the inputs of it are.

use super::Pipeline;
use crate::motion::MotionEvent;
use pw_model::{MotionSample, MotionSource};

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
    /// Samples not recorded because the sensor was in a home zone.
    pub left_out: u64,
    /// The latest.
    pub latest: Option<MotionSample>,
}

impl MotionState {
    fn of(&mut self, source: MotionSource) -> &mut MotionInputState {
        let input = match source {
            MotionSource::Inertial => &mut self.imu,
            MotionSource::Vehicle => &mut self.speed,
        };
        input.get_or_insert_default()
    }
}

impl Pipeline {
    pub(super) fn motion(&mut self, event: MotionEvent) {
        match event {
            MotionEvent::Sample(sample) => {
                let sample = MotionSample { time: self.corrected(sample.time), ..sample };
                let at_home = self.settings.privacy.is_in_home_zone();
                let input = self.guard.motion.of(sample.source);
                input.samples = input.samples.saturating_add(1);
                if at_home {
                    // From how it moved since the edge of a zone, the place within could be reckoned.
                    input.left_out = input.left_out.saturating_add(1);
                    return;
                }
                input.latest = Some(sample);
                self.batch.motion(sample);
            }
            MotionEvent::Works { source, name } => {
                let input = self.guard.motion.of(source);
                (input.name, input.trouble) = (Some(name), None);
            }
            MotionEvent::Trouble { source, why } => {
                let input = self.guard.motion.of(source);
                (input.name, input.trouble) = (None, Some(why));
            }
        }
    }
}
