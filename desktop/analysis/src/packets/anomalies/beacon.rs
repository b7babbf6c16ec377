//! Announcements under one BSSID that contradict each other, and channels that cannot be.

use super::{AnomalyKind, Log, MAX_FOLLOWED, is_stale};
use crate::packets::Seen;
use crate::packets::bounded::Bounded;
use pw_dissect::ieee80211::elements::{Elements, id};
use pw_dissect::ieee80211::management::Management;
use pw_model::{Band, Channel, FrameKind, MacAddr};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Returns to what was announced before that make two announcers likely.
const RETURNS: u32 = 3;

/// Distance between the stated channel and the tuned one that no leakage bridges, in MHz. In 2.4 GHz a
/// DSSS signal is 22 MHz wide and receivers hear it some channels beside its own; five channels apart
/// nothing overlaps. In 5 GHz it is one channel of 20 MHz.
const APART_2_4_MHZ: u16 = 25;
const APART_5_MHZ: u16 = 20;

/// Frames off their channel that are no slip of a driver that reports a hop late.
const MISMATCHES: u32 = 3;

/// What is compared, by name.
const PROPERTIES: [&str; 8] = [
    "network name",
    "privacy",
    "RSN",
    "WPA",
    "beacon interval",
    "channel",
    "country",
    "kind of BSS",
];

#[derive(Clone, Copy, Debug, Default)]
struct Property {
    current: Option<u64>,
    other: Option<u64>,
    returns: u32,
}

#[derive(Debug, Default)]
struct Announcer {
    properties: [Property; PROPERTIES.len()],
    mismatches: Vec<(u64, Option<pw_model::Timestamp>)>,
    mismatch_count: u32,
    last: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Beacons {
    pub(super) examined: u64,
    announcers: Bounded<MacAddr, Announcer>,
}

impl Default for Beacons {
    fn default() -> Self {
        Self { examined: 0, announcers: Bounded::new(MAX_FOLLOWED) }
    }
}

impl Beacons {
    pub(super) const fn not_followed(&self) -> u64 {
        self.announcers.refused()
    }

    pub(super) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) {
        let Some(Management::Beacon { interval_tu, capability, elements, .. }) = &seen.management
        else {
            return;
        };
        // Probe responses differ from beacons by what was asked.
        let (Some(bssid), true, false) =
            (seen.header.bssid(), seen.header.kind == FrameKind::BEACON, seen.frame.truncated)
        else {
            return;
        };
        self.examined += 1;
        let now = seen.time_ns();
        let Some(announcer) = self.announcers.entry_over_stale(bssid, Announcer::default, |old| {
            now.is_some_and(|now| is_stale(old.last, now))
        }) else {
            return;
        };
        announcer.last = now;
        let of = |element: u8| elements.find_id(element).map(|found| found.body);
        let stated = stated_channel(*elements);
        // While a switch is announced the old and the new channel are both right.
        let switching =
            of(id::CHANNEL_SWITCH).is_some() || of(id::EXTENDED_CHANNEL_SWITCH).is_some();
        let values = [
            hash(&of(id::SSID)),
            hash(&capability.privacy()),
            hash(&of(id::RSN)),
            hash(&elements.clone().find(|e| e.vendor() == Some(id::VENDOR_WPA)).map(|e| e.body)),
            hash(interval_tu),
            hash(&stated),
            hash(&of(id::COUNTRY).and_then(|country| country.get(..2))),
            hash(&(capability.ess(), capability.ibss())),
        ];
        for (at, value) in values.into_iter().enumerate() {
            if PROPERTIES[at] == "channel" && switching {
                continue;
            }
            compare(&mut announcer.properties[at], value, at, bssid, seen, log);
        }
        if let (Some(stated), false) = (stated, switching) {
            mismatch(announcer, stated, bssid, seen, log);
        }
    }
}

fn compare(
    property: &mut Property,
    value: u64,
    at: usize,
    bssid: MacAddr,
    seen: &Seen<'_>,
    log: &mut Log,
) {
    let Some(current) = property.current else {
        property.current = Some(value);
        return;
    };
    if current == value {
        return;
    }
    let returns = property.other == Some(value);
    property.other = Some(current);
    property.current = Some(value);
    let name = PROPERTIES[at];
    // Few enough to tell apart by number.
    let which = at as u64;
    if !returns {
        log.add((AnomalyKind::BeaconChanged, Some(bssid), which), seen.number, seen.time, || {
            format!("The BSS changed its {name}. Its owner may have set it, or another device took over.")
        });
        return;
    }
    property.returns += 1;
    if property.returns >= RETURNS {
        log.add((AnomalyKind::BeaconConflict, Some(bssid), which), seen.number, seen.time, || {
            format!(
                "Beacons of one BSSID alternate between two values of their {name}: two devices \
                 announce it. Some access points announce several names under one BSSID by turns."
            )
        });
    }
}

/// Channel number by the DSSS parameter set, else HT operation: both are sent in 2.4 and 5 GHz.
fn stated_channel(elements: Elements<'_>) -> Option<u8> {
    let of = |id| elements.find_id(id).and_then(|element| element.body.first().copied());
    of(id::DSSS).or_else(|| of(id::HT_OPERATION))
}

fn mismatch(announcer: &mut Announcer, stated: u8, bssid: MacAddr, seen: &Seen<'_>, log: &mut Log) {
    let Some(tuned_mhz) = seen.frame.radio.frequency_mhz else { return };
    let Some(tuned) = Channel::from_frequency_mhz(tuned_mhz) else { return };
    let (band, apart_mhz) = match tuned.band {
        Band::Ghz2_4 => (Band::Ghz2_4, APART_2_4_MHZ),
        Band::Ghz5 => (Band::Ghz5, APART_5_MHZ),
        // There the two elements are not sent.
        Band::Ghz6 | Band::Ghz60 => return,
    };
    let stated_mhz = Channel { band, number: stated }.frequency_mhz();
    // A number that the tuned band does not have is of another band: nothing leaks that far.
    if stated_mhz.is_some_and(|mhz| mhz.abs_diff(tuned_mhz) < apart_mhz) {
        return;
    }
    announcer.mismatch_count = announcer.mismatch_count.saturating_add(1);
    announcer.mismatches.push((seen.number, seen.time));
    if announcer.mismatch_count < MISMATCHES {
        return;
    }
    for (number, time) in announcer.mismatches.drain(..) {
        log.add((AnomalyKind::ChannelMismatch, Some(bssid), 0), number, time, || {
            format!(
                "Beacons that say channel {stated} were heard on {tuned_mhz} MHz (channel {tuned}), \
                 where no signal of that channel reaches: a copied announcement sent elsewhere, or a \
                 receiver that misreports its channel."
            )
        });
    }
}

fn hash(value: &impl Hash) -> u64 {
    // Keys are fixed: the same in every run.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
