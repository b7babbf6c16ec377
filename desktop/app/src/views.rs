//! The views, one file each: a pure function from data to rows, and a painter that returns commands.

pub(crate) mod detail;
pub(crate) mod drive;
pub(crate) mod map;
pub(crate) mod networks;
pub(crate) mod packets;
pub(crate) mod parts;
pub(crate) mod security;
mod sensor_guard;
pub(crate) mod sensors;
pub(crate) mod spectrum;
pub(crate) mod timeline;
