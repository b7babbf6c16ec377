//! What several sections need of the survey, worked out once.

use crate::input::{AddressStyle, ReportInput};
use crate::protection::Class;
use crate::words;
use pw_analysis::base_map;
use pw_analysis::locate::Located;
use pw_model::{MacAddr, Position, Ssid};
use pw_survey::{AccessPoint, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Positions looked up for the country, at most; evenly over the track.
const COUNTRY_SAMPLES: usize = 400;

/// The survey as the sections read it.
pub(crate) struct Facts<'a> {
    pub(crate) input: &'a ReportInput,
    pub(crate) snapshot: &'a Snapshot,
    /// The weakest protection first, then by name; the number in front of each is its place.
    pub(crate) networks: Vec<Network>,
    /// How many of each class.
    pub(crate) classes: BTreeMap<Class, usize>,
    /// Countries that the track or the networks lie in.
    pub(crate) countries: BTreeSet<&'static str>,
}

/// An access point with what the report prints of it.
pub(crate) struct Network {
    /// From 1; the same in every section.
    pub(crate) number: usize,
    pub(crate) ap: Arc<AccessPoint>,
    pub(crate) class: Class,
    pub(crate) located: Option<Located>,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) vendor: Option<String>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(input: &'a ReportInput) -> Self {
        let snapshot: &Snapshot = &input.snapshot;
        let mut networks: Vec<Network> =
            snapshot.access_points.iter().map(|ap| network(input, ap)).collect();
        networks.sort_by(|a, b| {
            (a.class, !named(a), a.name.to_lowercase(), a.ap.bssid).cmp(&(
                b.class,
                !named(b),
                b.name.to_lowercase(),
                b.ap.bssid,
            ))
        });
        let mut classes = BTreeMap::new();
        for (at, network) in networks.iter_mut().enumerate() {
            network.number = at + 1;
            *classes.entry(network.class).or_default() += 1;
        }
        let countries = countries(snapshot, &networks);
        Self { input, snapshot, networks, classes, countries }
    }

    /// How many networks of a class.
    pub(crate) fn of_class(&self, class: Class) -> usize {
        self.classes.get(&class).copied().unwrap_or(0)
    }

    /// Open, WEP or WPA only.
    pub(crate) fn weak(&self) -> usize {
        self.of_class(Class::Open) + self.of_class(Class::Broken)
    }

    /// Different network names, hidden ones not counted.
    pub(crate) fn names(&self) -> usize {
        let names: BTreeSet<&Ssid> = self
            .snapshot
            .access_points
            .iter()
            .flat_map(|ap| &ap.ssids)
            .filter(|name| !name.is_hidden())
            .collect();
        names.len()
    }

    /// Time of all recordings together, in seconds: two sensors at once count twice.
    pub(crate) fn recorded_secs(&self) -> f64 {
        self.snapshot.drives.iter().map(|drive| drive.range.duration().as_secs_f64()).sum()
    }

    /// Length of all tracks together; `None` when no position was known.
    pub(crate) fn distance_m(&self) -> Option<f64> {
        let lengths: Vec<f64> =
            self.snapshot.drives.iter().filter_map(|drive| drive.length_m).collect();
        (!lengths.is_empty()).then(|| lengths.iter().sum())
    }

    /// True when a ledger says how long some channel was listened to.
    pub(crate) fn has_ledger(&self) -> bool {
        self.snapshot.channels.iter().any(|channel| channel.listened_ns.is_some())
    }

    /// Networks with an estimated place.
    pub(crate) fn located(&self) -> impl Iterator<Item = (&Network, &Located)> {
        self.networks.iter().filter_map(|network| Some((network, network.located.as_ref()?)))
    }
}

fn named(network: &Network) -> bool {
    network.ap.ssids.iter().any(|name| !name.is_hidden())
}

fn network(input: &ReportInput, ap: &Arc<AccessPoint>) -> Network {
    Network {
        number: 0,
        ap: Arc::clone(ap),
        class: Class::of(ap),
        located: input.located.get(&ap.bssid).copied(),
        name: name(ap),
        address: address(input, ap.bssid),
        vendor: (input.vendor)(ap.bssid).map(|vendor| words::safe(&vendor)),
    }
}

fn name(ap: &AccessPoint) -> String {
    match ap.ssids.iter().find(|name| !name.is_hidden()) {
        Some(name) if ap.hidden => format!("{} (hidden)", words::safe(&name.text())),
        Some(name) => words::safe(&name.text()),
        None if ap.hidden || !ap.ssids.is_empty() => "(hidden)".to_owned(),
        None => "(name not heard)".to_owned(),
    }
}

fn address(input: &ReportInput, address: MacAddr) -> String {
    match input.settings.addresses {
        AddressStyle::Full => address.to_string(),
        AddressStyle::Shortened => words::shortened(address),
    }
}

fn countries(snapshot: &Snapshot, networks: &[Network]) -> BTreeSet<&'static str> {
    let track = snapshot.track.iter().filter_map(|point| point.position);
    let places = networks.iter().filter_map(|network| network.located.map(|l| l.position));
    let positions: Vec<Position> = track.chain(places).collect();
    let step = positions.len().div_ceil(COUNTRY_SAMPLES).max(1);
    positions.iter().step_by(step).filter_map(|at| base_map::country_at(*at)).collect()
}
