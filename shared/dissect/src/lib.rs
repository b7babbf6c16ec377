//! Bytes from the air to meaning: capture files, radiotap, IEEE 802.11.
//!
//! Everything here works on bytes that anybody in radio range, or the maker of a file, chose freely.
//! Nothing panics, nothing allocates by a stated length, and what cannot be read is `None` with a
//! located fault.
//!
//! Two levels. A **view** ([`Frame`], [`ieee80211::management::Management`],
//! [`ieee80211::elements::Elements`]) points into the captured bytes, costs little and allocates
//! nothing. A **meaning** ([`pw_model::NetworkTraits`], [`pw_model::Observation`]) owns what it says
//! and is made from a view once, when it is needed.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::unwrap_used)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may fail on its own data"
    )
)]

pub mod airtime;
mod bytes;
pub mod capture;
pub mod describe;
mod fault;
pub mod fields;
pub mod filter;
mod frame;
mod geotag;
pub mod ieee80211;
mod link;
pub mod observe;
pub mod radio;
pub mod statistics;
pub mod summary;
pub mod vendor;
pub mod write;

use pw_model::hash;

pub use fault::{Fault, Faults, Layer, MAX_FAULTS};
pub use frame::{Fcs, Frame, parse, parse_with_fcs};
pub use link::LinkType;
pub use radio::RadioMeta;
