//! Domain types of PiWardrive: what was heard, where, when, by what.
//!
//! Plain data and the rules that belong to one value (formatting, parsing, derivation).
//! No clock, no file, no socket: time is always an argument.

mod address;
mod advertisement;
mod channel;
mod channel_plan;
mod clock_event;
mod frame;
pub mod hash;
mod machine;
mod motion;
mod observation;
mod position;
mod privacy;
mod security;
mod sensor;
mod ssid;
mod time;
pub mod words;

pub use address::{AddressError, MacAddr};
pub use advertisement::{
    Advertisement, AdvertisementId, AdvertisementKind, MldLink, NetworkTraits, Standard, Wps,
};
pub use channel::{Band, Channel, ChannelWidth};
pub use channel_plan::{ChannelPlan, PLAN_CHANNELS_MAX, PLAN_WIDTHS_MHZ};
pub use clock_event::{ClockEvent, ClockEventKind, DoubtfulFix, FixDoubt};
pub use frame::{FrameFlags, FrameKind};
pub use machine::{
    DiskWear, HealthDetails, Memory, RadioRate, Reading, Throttling, Transmitted, UsbDevices,
};
pub use motion::{MotionSample, MotionSource};
pub use observation::{Detail, Observation, PhyKind};
pub use position::{Fix, FixMode, Position, WORLD_RADIUS_M};
pub use privacy::{ClientAddresses, PrivacyDeclaration, Withheld, WithheldKind};
pub use security::{Akm, AuthMode, Cipher, RsnInfo, Security, SecurityLabel, SuiteSet};
pub use sensor::{
    ClockSource, ClockState, Gap, GapCause, Health, Origin, RadioEvent, RadioEventKind, RadioId,
    SensorId, TuneInterval,
};
pub use ssid::Ssid;
pub use time::{TimeError, TimeRange, Timestamp};
