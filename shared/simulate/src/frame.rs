//! 802.11 frames byte by byte (IEEE Std 802.11-2020, clause 9), one file per group.
//!
//! Every builder appends to a `Vec<u8>` an MPDU without its frame check sequence;
//! [`crc::append_fcs`] closes it.

pub(crate) mod association;
pub(crate) mod authentication;
pub(crate) mod beacon;
pub(crate) mod capability;
pub(crate) mod control;
pub(crate) mod crc;
pub(crate) mod data;
pub(crate) mod eapol;
pub(crate) mod element;
pub(crate) mod header;
pub(crate) mod multi_link;
pub(crate) mod network;
pub(crate) mod probe;
pub(crate) mod radiotap;
pub(crate) mod rate;
pub(crate) mod rsn;
pub(crate) mod vendor;

#[cfg(test)]
mod tests;
