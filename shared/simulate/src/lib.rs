//! A town of emitters and a drive through it, as real frame bytes with the truth beside them.
//!
//! - [`Scenario`] reads and checks a scenario file and builds its town ([`builtin`] has some).
//! - [`Simulation`] plays it: an iterator of frames, tunings and NMEA sentences.
//! - [`Truth`] says what stood where and what was put out.
//! - [`write_all`] plays a scenario into a capture and a position log.
//!
//! The same scenario and seed give the same bytes. Nothing here reads a clock, a file or a socket.

mod builtin;
mod drive;
mod frame;
mod geometry;
mod gps;
mod propagation;
mod scenario;
mod simulation;
mod town;
mod truth;
mod write;

pub use builtin::{builtin, builtin_names};
pub use scenario::{Expect, Scenario, ScenarioError};
pub use simulation::{SimulatedEvent, SimulatedKind, Simulation};
pub use truth::{
    TrueAccessPoint, TrueBuilding, TrueClient, TrueOutage, TruePlace, TrueStreet, Truth,
};
pub use write::{is_marked, write_all};
