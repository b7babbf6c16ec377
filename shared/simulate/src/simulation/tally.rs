//! Counts what is put out, and makes the truth from it.

use super::exchange::Sender;
use crate::geometry::Point;
use crate::scenario::Scenario;
use crate::town::Identity;
use crate::truth::{
    TrueAccessPoint, TrueBuilding, TrueClient, TrueOutage, TruePlace, TrueStreet, Truth,
};
use pw_model::{MacAddr, Position, Timestamp};
use std::time::Duration;

/// Addresses kept for each client; later ones are heard but not listed.
const MOST_ADDRESSES: usize = 64;
/// Outages kept; more are not listed.
const MOST_OUTAGES: usize = 10_000;

#[derive(Clone, Debug, Default)]
struct BssCount {
    decodable: u64,
    beacons: u64,
    frames: u64,
    strongest_dbm: Option<i8>,
}

#[derive(Clone, Debug, Default)]
struct ClientCount {
    addresses: Vec<MacAddr>,
    frames: u64,
}

#[derive(Clone, Debug)]
struct OutageSpan {
    start: Timestamp,
    end: Timestamp,
    cause: String,
    open: bool,
}

/// The counts so far.
#[derive(Debug)]
pub(super) struct Tally {
    frames: u64,
    bsses: Vec<BssCount>,
    clients: Vec<ClientCount>,
    outages: Vec<OutageSpan>,
}

impl Tally {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            frames: 0,
            bsses: vec![BssCount::default(); scenario.town.bsses.len()],
            clients: vec![ClientCount::default(); scenario.town.clients.len()],
            outages: Vec::new(),
        }
    }

    /// So many beacons were sent while the mean signal was strong enough.
    pub(super) fn note_decodable(&mut self, bss: usize, beacons: u64) {
        if let Some(count) = self.bsses.get_mut(bss) {
            count.decodable += beacons;
        }
    }

    /// A frame was put out.
    pub(super) fn note_frame(&mut self, sender: Sender, beacon: bool, signal_dbm: i8) {
        self.frames += 1;
        match sender {
            Sender::Bss(at) => {
                if let Some(count) = self.bsses.get_mut(at) {
                    count.frames += 1;
                    count.beacons += u64::from(beacon);
                    count.strongest_dbm = count.strongest_dbm.max(Some(signal_dbm));
                }
            }
            Sender::Client(at, address) => {
                if let Some(count) = self.clients.get_mut(at) {
                    count.frames += 1;
                    let room = count.addresses.len() < MOST_ADDRESSES;
                    if room && !count.addresses.contains(&address) {
                        count.addresses.push(address);
                    }
                }
            }
        }
    }

    /// The receiver took an epoch, without a fix for `cause` or with one.
    pub(super) fn note_epoch(&mut self, time: Timestamp, cause: Option<&str>) {
        match (cause, self.outages.last_mut()) {
            (Some(cause), Some(last)) if last.open && last.cause == cause => last.end = time,
            (Some(cause), last) => {
                if let Some(last) = last {
                    last.open = false;
                }
                if self.outages.len() < MOST_OUTAGES {
                    let cause = cause.to_owned();
                    self.outages.push(OutageSpan { start: time, end: time, cause, open: true });
                }
            }
            (None, Some(last)) => last.open = false,
            (None, None) => {}
        }
    }

    pub(super) fn truth(&self, scenario: &Scenario) -> Truth {
        let bsses = 0..self.bsses.len();
        let clients = 0..self.clients.len();
        Truth {
            simulated: true,
            scenario: scenario.name.clone(),
            town: scenario.town_name.clone(),
            seed: scenario.seed,
            start: scenario.start.rfc3339(),
            duration_secs: scenario.duration.as_secs_f64(),
            frames: self.frames,
            radios: scenario.radio_names(),
            access_points: bsses.filter_map(|at| self.access_point(scenario, at)).collect(),
            clients: clients.filter_map(|at| self.client(scenario, at)).collect(),
            streets: streets(scenario),
            buildings: buildings(scenario),
            track: track(scenario),
            gps_outages: self
                .outages
                .iter()
                .map(|outage| TrueOutage {
                    start: outage.start.rfc3339(),
                    end: outage.end.rfc3339(),
                    cause: outage.cause.clone(),
                })
                .collect(),
        }
    }

    fn access_point(&self, scenario: &Scenario, at: usize) -> Option<TrueAccessPoint> {
        let bss = scenario.town.bsses.get(at)?;
        let count = self.bsses.get(at)?;
        let network = &bss.network;
        let operating = network.operating;
        Some(TrueAccessPoint {
            bssid: network.bssid.to_string(),
            ssid: network.ssid.text(),
            ssid_hex: network.ssid.hex(),
            hidden: network.hidden,
            security: network.security.label().name().to_owned(),
            band: operating.channel.band.name().to_owned(),
            channel: operating.channel.number,
            frequency_mhz: operating.frequency_mhz,
            width_mhz: operating.width_mhz,
            generation: network.generation.name().to_owned(),
            mld_address: network.mld.map(|mld| mld.address.to_string()),
            link_id: network.mld.map(|mld| mld.link_id),
            position: position(scenario, bss.emitter.point)?,
            tx_power_dbm: bss.emitter.tx_power_dbm,
            path_loss_exponent: bss.emitter.exponent,
            beacons_decodable: count.decodable,
            beacons_heard: count.beacons,
            frames_heard: count.frames,
            strongest_dbm: count.strongest_dbm,
        })
    }

    fn client(&self, scenario: &Scenario, at: usize) -> Option<TrueClient> {
        let client = scenario.town.clients.get(at)?;
        let count = self.clients.get(at)?;
        let home = client.home.and_then(|home| scenario.town.bsses.get(home));
        Some(TrueClient {
            addresses: count.addresses.iter().map(MacAddr::to_string).collect(),
            rotates_address: client.identity == Identity::Rotating,
            bssid: home.map(|bss| bss.network.bssid.to_string()),
            position: position(scenario, client.emitter.point)?,
            frames_heard: count.frames,
        })
    }
}

fn position(scenario: &Scenario, point: Point) -> Option<Position> {
    let (lat_deg, lon_deg) = scenario.town.plane.degrees(point);
    Position::new(lat_deg, lon_deg)
}

fn streets(scenario: &Scenario) -> Vec<TrueStreet> {
    let street = |street: &crate::scenario::format::Street| {
        Some(TrueStreet {
            name: street.name.clone(),
            from: position(scenario, street.from.into())?,
            to: position(scenario, street.to.into())?,
        })
    };
    scenario.file.street.iter().filter_map(street).collect()
}

fn buildings(scenario: &Scenario) -> Vec<TrueBuilding> {
    let building = |building: &crate::propagation::Building| {
        Some(TrueBuilding {
            name: building.name.clone(),
            south_west: position(scenario, building.area.low)?,
            north_east: position(scenario, building.area.high)?,
        })
    };
    scenario.town.buildings.iter().filter_map(building).collect()
}

fn track(scenario: &Scenario) -> Vec<TruePlace> {
    (0..=scenario.duration.as_secs())
        .map(|secs| {
            let moment = scenario.track.at(secs as f64);
            let (lat_deg, lon_deg) = scenario.town.plane.degrees(moment.point);
            TruePlace {
                time: scenario.start.saturating_add(Duration::from_secs(secs)).rfc3339(),
                lat_deg,
                lon_deg,
                speed_mps: moment.speed_mps,
                heading_deg: moment.heading_deg,
            }
        })
        .collect()
}
