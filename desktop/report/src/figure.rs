//! Drawings as SVG, in points of the printed page.

pub(crate) mod channels;
pub(crate) mod map;
mod svg;
