//! Radios: what there are, what they can do, who listens where, and what is done when one fails.

mod abilities;
mod adapter;
mod control;
mod discovery;
mod hands;
mod identity;
mod netlink;
mod nl80211;
mod novelty;
mod numbers;
mod plans;
mod regulatory;
mod source;
#[cfg(test)]
mod tests;

pub use abilities::RadioAbilities;
pub use adapter::{LocalAdapter, SYS};
pub use control::{RadioControl, RadioError};
pub use discovery::{FoundInterface, FoundRadio, Radios, discover};
pub use hands::{Adapter, Equipment};
pub use identity::AdapterIdentity;
pub use nl80211::Nl80211Radio;
pub use novelty::{Heard, Novelty};
pub use numbers::{Awaited, NumberBook, RadioNumbers};
pub use plans::{Order, Plans};
pub use regulatory::{RegulatoryDomain, RegulatoryRule};
pub use source::{Limits, RadioSource};
