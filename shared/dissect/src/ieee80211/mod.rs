//! IEEE 802.11 frames (IEEE Std 802.11-2020 with 802.11ax-2021 and 802.11be-2024).

pub mod action;
pub mod eapol;
pub mod elements;
pub mod fcs;
mod header;
pub mod llc;
pub mod management;
pub mod network;
pub mod rsn;

pub use header::Header;
