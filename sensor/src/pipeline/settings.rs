//! What the event loop is told at its start.

use crate::levels::Levels;
use crate::machine::{Machine, TransmitWatch};
use crate::privacy::Privacy;
use crate::radio::Plans;
use pw_model::{Fix, Position, RadioId, SensorId};
use pw_wire::StreamInfo;
use std::path::PathBuf;

/// How frames are joined with positions.
#[derive(Debug)]
pub enum Join {
    /// Not at all.
    None,
    /// The sensor stands there.
    Fixed(Position),
    /// By time with a recorded receiver's fixes, in order of time.
    Recorded(Vec<Fix>),
    /// With a receiver that reports while frames come in.
    Live,
    /// With the receiver of the simulation.
    Simulated,
}

/// What the pipeline is told at its start.
pub struct PipelineSettings {
    /// Who we are.
    pub sensor: SensorId,
    /// What every batch says of the stream.
    pub stream: StreamInfo,
    /// The radios by number, and what they are called.
    pub radios: Vec<(RadioId, String)>,
    /// Number of sources; each sends one [`Event::Ended`](super::Event::Ended).
    pub sources: usize,
    /// Position of frames.
    pub join: Join,
    /// Folder whose disk is watched.
    pub state_dir: PathBuf,
    /// How people's data are treated.
    pub privacy: Privacy,
    /// The machine that is watched.
    pub machine: Machine,
    /// Counts what live radios send.
    pub transmit: TransmitWatch,
    /// Have the kernel refuse to this thread what parsing never needs.
    pub confine: bool,
    /// What radios are told to listen to; the adaptive plan hears of new transmitters.
    pub plans: Plans,
    /// Takes the signal levels of this moment to desktops that show them.
    pub levels: Levels,
}
