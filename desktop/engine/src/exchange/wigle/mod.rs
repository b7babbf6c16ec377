//! WiGLE CSV: reading 1.4 and 1.6 as many programs write them, writing 1.6.

mod auth_mode;
mod read;
mod write;

pub(crate) use read::{Row, Sighting, WigleReader, looks_like_wigle};
pub(crate) use write::write;

/// WiGLE's accuracy is the radius of 68 %, as Android states it; a position's error here is that of
/// 95 %. For a circular normal error the radii are 2.448 and 1.510 standard deviations.
const RADIUS_95_OF_68: f32 = 2.448 / 1.510;
