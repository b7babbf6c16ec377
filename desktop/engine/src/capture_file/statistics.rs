//! Counting packets that were chosen.

use super::Shared;
use super::selection::{Found, each, each_found};
use super::work::{Progress, WorkError};
use pw_dissect::capture::CapturedFrame;
use pw_dissect::fields::Packet;
use pw_dissect::statistics::{Report, Statistics};

/// Devices that are listed.
const DEVICES: usize = 50;

/// Counts the packets that were found, or all.
pub(super) fn run(
    shared: &Shared,
    found: Option<&Found>,
    progress: &Progress,
) -> Result<Report, WorkError> {
    let mut statistics = Statistics::default();
    let mut take = |number: u32, captured: &CapturedFrame<'_>| {
        statistics.add(&Packet::new(*captured));
        progress.step(number)
    };
    let whole = match found {
        Some(found) => each_found(shared, found, &mut take),
        None => each(shared, &mut take),
    };
    match whole {
        Ok(true) => Ok(statistics.report(DEVICES)),
        Ok(false) => Err(WorkError::Cancelled),
        Err(error) => Err(WorkError::Failed(error.to_string())),
    }
}
