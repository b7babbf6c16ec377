//! Captures that the simulator wrote are told by the comment at their start.

use crate::capture_input::CaptureInput;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How far into a capture its own comment may stand.
const START: u64 = 4096;

pub(crate) use pw_simulate::is_marked;

/// True when a capture says of itself that it was simulated, packed or not.
///
/// # Errors
/// It cannot be read.
pub fn is_simulated(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(START).read_to_end(&mut start)?;
    if is_marked(&start) {
        return Ok(true);
    }
    // Packed, the comment shows only inside; what is no capture at all says nothing of itself.
    Ok(CaptureInput::open(path).is_ok_and(|input| input.is_simulated()))
}
