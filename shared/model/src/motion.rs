//! How a sensor moved, by an inertial sensor or by the vehicle's own word. Nothing uses it for positions
//! yet; it is kept so that places without a fix can be reckoned later.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Who says how the sensor moved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum MotionSource {
    /// An inertial sensor of the machine: accelerometer, gyroscope.
    Inertial,
    /// The vehicle, through its diagnostics socket.
    Vehicle,
}

impl MotionSource {
    /// One word for people and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inertial => "inertial",
            Self::Vehicle => "vehicle",
        }
    }
}

/// Means over the time since the sample before, at most ten a second. The axes are those of the
/// inertial sensor's chip, however it is mounted; gravity is in the acceleration.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct MotionSample {
    /// End of the time that it stands for.
    pub time: Timestamp,
    /// Who says so.
    pub source: MotionSource,
    /// Speed in metres per second, without a direction.
    pub speed_mps: Option<f32>,
    /// Acceleration along x, y and z in metres per second squared.
    pub acceleration_mps2: Option<[f32; 3]>,
    /// Angular velocity round x, y and z in radians per second.
    pub angular_velocity_rps: Option<[f32; 3]>,
}
