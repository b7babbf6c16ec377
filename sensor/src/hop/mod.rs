//! The hop plan: which channels a radio listens to, in which order, how wide and for how long. Pure.

mod adaptive;
mod schedule;
mod settings;
mod split;
mod tuning;

pub use schedule::{Dwell, Schedule, weight};
pub use settings::{HopSettings, RadioHop};
pub use split::split;
pub use tuning::{RadioChannel, Tuning, tuning};
