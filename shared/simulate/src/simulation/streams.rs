//! One random stream for each purpose, so that a change of one leaves the others as they were.

/// Building the town.
pub(crate) const TOWN: u64 = 1;
/// What access points and clients do.
pub(crate) const TRAFFIC: u64 = 2;
/// Fading and decoding at the radios.
pub(crate) const RECEPTION: u64 = 3;
/// The position receiver.
pub(crate) const POSITION: u64 = 4;
