//! The headless sensor: listens, dissects, journals, streams.

pub mod clock;
pub mod journal;
pub mod link;
