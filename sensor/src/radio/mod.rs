//! Radios that the sensor itself puts into monitor mode and onto channels.

mod control;
mod nl80211;
mod wifi;

pub use control::{RadioControl, RadioError};
pub use nl80211::{Nl80211Radio, RadioAbilities};
pub use wifi::WifiSource;
