//! What is remembered of one transmitter, whatever it is.

use super::cells::Cells;
use super::history::History;
use crate::snapshot::SignalStats;
use pw_model::{Advertisement, MacAddr, Observation, SensorId, Ssid, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// Most names of one network, or of networks that one client asked for. When full the oldest goes.
const MAX_NAMES: usize = 128;
/// Most frequencies counted of one device. When full, others are not counted.
const MAX_FREQUENCIES: usize = 64;
/// Most streams listed with one device. When full, others are not listed.
const MAX_SENSORS: usize = 256;

/// A transmitter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Device {
    /// Receptions of its frames.
    pub(crate) frames: u64,
    /// Rows of other programs' tables that list it.
    pub(crate) sightings: u64,
    /// Of the receptions, those of a frame that another radio of the same sensor heard as well.
    pub(crate) heard_again: u64,
    pub(crate) bytes: u64,
    /// Frames by kind, by number.
    pub(crate) kinds: Vec<(u8, u64)>,
    pub(crate) first_seen: Timestamp,
    pub(crate) last_seen: Timestamp,
    pub(crate) signal: Option<Signal>,
    pub(crate) history: History,
    pub(crate) cells: Cells,
    /// Frames by the frequency they were heard on.
    pub(crate) frequencies: Vec<(u16, u64)>,
    pub(crate) sensors: Vec<SensorId>,
    pub(crate) role: Role,
    /// Changed since the last snapshot; since the last checkpoint.
    #[serde(skip)]
    pub(crate) changed: [bool; 2],
}

/// What it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Role {
    AccessPoint(Box<ApPart>),
    Client(Box<ClientPart>),
}

/// What only an access point has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ApPart {
    pub(crate) beacons: u64,
    pub(crate) names: Names,
    pub(crate) beacon: Option<Said>,
    pub(crate) response: Option<Said>,
}

/// What only a client has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ClientPart {
    /// Network it was last seen with, and when.
    pub(crate) bssid: Option<(Timestamp, MacAddr)>,
    pub(crate) probed: Names,
    pub(crate) request: Option<Said>,
    /// The address is a pseudonym that a sensor made.
    pub(crate) pseudonym: bool,
}

/// The latest advertisement and when it was last heard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) time: Timestamp,
    pub(crate) what: Shared,
}

/// An advertisement that is shared in memory and stands whole in the index.
#[derive(Clone, Debug)]
pub(crate) struct Shared(pub(crate) Arc<Advertisement>);

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Shared {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Advertisement::deserialize(deserializer).map(|advertisement| Self(Arc::new(advertisement)))
    }
}

/// Signal over all, with the time of the latest.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Signal {
    max_dbm: i8,
    min_dbm: i8,
    last_dbm: i8,
    last: Timestamp,
}

impl Signal {
    pub(crate) const fn stats(&self) -> SignalStats {
        SignalStats { max_dbm: self.max_dbm, min_dbm: self.min_dbm, last_dbm: self.last_dbm }
    }

    fn merge(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(a), Some(b)) => {
                // At equal times the stronger counts as the later, in whatever order they come.
                let last = if (a.last, a.last_dbm) >= (b.last, b.last_dbm) { a } else { b };
                Some(Self {
                    max_dbm: a.max_dbm.max(b.max_dbm),
                    min_dbm: a.min_dbm.min(b.min_dbm),
                    ..last
                })
            }
            (one, other) => one.or(other),
        }
    }
}

/// Network names with the time each was last heard.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Names(Vec<(Ssid, Timestamp)>);

impl Names {
    /// Notes a name; hidden ones are none. True when that changes what [`Names::latest_first`] says.
    pub(crate) fn note(&mut self, ssid: &Ssid, time: Timestamp) -> bool {
        if ssid.is_hidden() {
            return false;
        }
        if let Some((_, last)) = self.0.iter_mut().find(|(known, _)| known == ssid) {
            let later = time > *last;
            *last = time.max(*last);
            return later && self.0.len() > 1;
        }
        self.0.push((ssid.clone(), time));
        if self.0.len() > MAX_NAMES {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, (ssid, last))| (*last, ssid));
            if let Some((at, _)) = oldest {
                self.0.swap_remove(at);
            }
        }
        true
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(ssid, time)| {
            self.note(ssid, *time);
        });
    }

    /// The names, the latest first.
    pub(crate) fn latest_first(&self) -> Vec<Ssid> {
        let mut names: Vec<&(Ssid, Timestamp)> = self.0.iter().collect();
        names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        names.into_iter().map(|(ssid, _)| ssid.clone()).collect()
    }
}

/// Keeps the later of what was said; at equal times the one with the higher identifier.
pub(crate) fn say(slot: &mut Option<Said>, time: Timestamp, what: &Arc<Advertisement>) {
    let newer = slot.as_ref().is_none_or(|said| (said.time, said.what.0.id) < (time, what.id));
    if newer {
        match slot {
            Some(said) if said.what.0.id == what.id => said.time = time,
            _ => *slot = Some(Said { time, what: Shared(Arc::clone(what)) }),
        }
    }
}

impl Device {
    /// Nothing heard yet; `time` is when it was first noticed.
    pub(crate) fn new(role: Role, time: Timestamp) -> Self {
        Self {
            frames: 0,
            sightings: 0,
            heard_again: 0,
            bytes: 0,
            kinds: Vec::new(),
            first_seen: time,
            last_seen: time,
            signal: None,
            history: History::default(),
            cells: Cells::default(),
            frequencies: Vec::new(),
            sensors: Vec::new(),
            role,
            changed: [false; 2],
        }
    }

    /// Counts one frame that it sent, or a sighting of it.
    pub(crate) fn hear(&mut self, observation: &Observation, sensor: SensorId) {
        let o = observation;
        if o.is_sighting() {
            self.sightings += 1;
        } else {
            self.frames += 1;
            self.bytes += u64::from(o.length);
            count(&mut self.kinds, o.kind.0, usize::MAX);
        }
        self.first_seen = self.first_seen.min(o.time);
        self.last_seen = self.last_seen.max(o.time);
        if let Some(frequency_mhz) = o.frequency_mhz {
            count(&mut self.frequencies, frequency_mhz, MAX_FREQUENCIES);
        }
        self.note_sensor(sensor);
        let Some(dbm) = o.signal_dbm else { return };
        let signal = Signal { max_dbm: dbm, min_dbm: dbm, last_dbm: dbm, last: o.time };
        self.signal = Signal::merge(self.signal, Some(signal));
        self.history.add(o.time, dbm);
        if let Some(position) = &o.position {
            self.cells.add(position, dbm);
        }
    }

    pub(crate) fn note_sensor(&mut self, sensor: SensorId) {
        if let Err(at) = self.sensors.binary_search(&sensor)
            && self.sensors.len() < MAX_SENSORS
        {
            self.sensors.insert(at, sensor);
        }
    }

    /// Stretches its time to hold `time`.
    pub(crate) fn seen(&mut self, time: Timestamp) {
        self.first_seen = self.first_seen.min(time);
        self.last_seen = self.last_seen.max(time);
    }

    pub(crate) fn is_access_point(&self) -> bool {
        matches!(self.role, Role::AccessPoint(_))
    }

    /// The frequency it was heard on most; the lowest of equals.
    pub(crate) fn heard_most_mhz(&self) -> Option<u16> {
        let most = |a: &&(u16, u64), b: &&(u16, u64)| a.1.cmp(&b.1).then(b.0.cmp(&a.0));
        self.frequencies.iter().max_by(most).map(|(mhz, _)| *mhz)
    }
}

/// Counts `key` in a short sorted list of at most `limit` keys.
fn count<K: Ord + Copy>(counts: &mut Vec<(K, u64)>, key: K, limit: usize) {
    match counts.binary_search_by_key(&key, |(k, _)| *k) {
        Ok(at) => counts[at].1 += 1,
        Err(at) if counts.len() < limit => counts.insert(at, (key, 1)),
        Err(_) => {}
    }
}
