//! Everything that can happen to the pipeline.

use crate::capture::FrameChunk;
use crate::gps::GpsEvent;
use crate::motion::MotionEvent;
use pw_model::{Gap, RadioEvent, RadioId, Timestamp, TuneInterval};

/// What sources, the position receiver and the program tell the pipeline.
#[derive(Debug)]
pub enum Event {
    /// Frames of one radio, in the order they were heard.
    Frames(FrameChunk),
    /// Frames that were counted in and are lost.
    Lost(Gap),
    /// A radio has left a channel.
    Tuned(TuneInterval),
    /// A radio listens on this channel now.
    Listening {
        /// Which radio.
        radio: RadioId,
        /// Centre of the primary channel in MHz.
        frequency_mhz: u16,
    },
    /// A radio began, ended or failed.
    Radio(RadioEvent),
    /// A sentence of the simulated receiver.
    Nmea {
        /// When it was put out, in the scenario's time.
        time: Timestamp,
        /// The sentence.
        sentence: String,
    },
    /// From the position receiver.
    Gps(GpsEvent),
    /// From what says how the sensor moves.
    Motion(MotionEvent),
    /// A source has no more frames.
    Ended,
    /// The sensor is to stop: what is queued is worked off, then it is over.
    Stop,
}
