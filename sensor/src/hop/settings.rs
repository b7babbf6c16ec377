//! How the owner wants radios to hop.

use pw_model::ChannelPlan;
use std::collections::BTreeMap;
use std::time::Duration;

/// How radios hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopSettings {
    /// The plan that all radios share which have none of their own.
    pub plan: ChannelPlan,
    /// Stay on a channel. Two beacon intervals of 102.4 ms, so that every access point in range has
    /// sent a beacon or two.
    pub dwell: Duration,
    /// Shortest stay of the adaptive plan.
    pub shortest: Duration,
    /// Longest stay of the adaptive plan.
    pub longest: Duration,
    /// Centres of the primary channels that plans choose from, in MHz; all that radios can when
    /// empty. A plan that names its channels is not held to it.
    pub frequencies_mhz: Vec<u16>,
    /// Centres of the channels of the plan `favourites`, in MHz.
    pub favourites_mhz: Vec<u16>,
    /// Widest that a radio listens, in MHz.
    pub width_mhz: u16,
    /// What holds for one radio alone, by its interface.
    pub radios: BTreeMap<String, RadioHop>,
}

/// What holds for one radio alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RadioHop {
    /// Its plan; the shared one when `None`.
    pub plan: Option<ChannelPlan>,
    /// Widest that it listens, in MHz; the shared one when `None`.
    pub width_mhz: Option<u16>,
}

impl Default for HopSettings {
    fn default() -> Self {
        Self {
            plan: ChannelPlan::All,
            dwell: Duration::from_millis(220),
            shortest: Duration::from_millis(110),
            longest: Duration::from_secs(1),
            frequencies_mhz: Vec::new(),
            favourites_mhz: Vec::new(),
            width_mhz: 20,
            radios: BTreeMap::new(),
        }
    }
}
