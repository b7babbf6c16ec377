//! How the sensor moves, where something can say so: an inertial sensor of the machine, the speed that
//! a vehicle states. It is recorded for later; nothing uses it for positions yet.

mod iio;
mod obd;
mod spec;
mod thread;

pub use iio::{DEVICES, IioInput};
pub use obd::{ObdInput, Reply, parse_reply};
pub use spec::{ImuSpec, SpeedSpec};
pub use thread::{MotionEvent, Sent, start};

/// What an input says at one moment; `None` is not known.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct MotionReading {
    /// Speed in metres per second.
    pub speed_mps: Option<f64>,
    /// Acceleration along x, y and z in metres per second squared.
    pub acceleration_mps2: Option<[f64; 3]>,
    /// Angular velocity round x, y and z in radians per second.
    pub angular_velocity_rps: Option<[f64; 3]>,
}

/// Something that says how the sensor moves. Lives on a thread of its own, and may block for as long as
/// a reading takes.
pub trait MotionInput: Send {
    /// What it is, for people.
    fn name(&self) -> String;

    /// The next reading.
    ///
    /// # Errors
    /// What is wrong, in words. It is dropped then and opened anew.
    fn read(&mut self) -> Result<MotionReading, String>;
}
