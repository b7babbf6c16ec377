//! The town: buildings, tunnels, access points and clients, built from a scenario and its seed.

pub(crate) mod channels;
mod device;
mod ground;
mod names;
mod people;

use crate::frame::beacon::BeaconTemplate;
use crate::frame::network::Network;
use crate::frame::probe::ClientAbility;
use crate::frame::rate::Rate;
use crate::geometry::{Area, Plane};
use crate::propagation::{Building, Emitter, TunnelArea};
use crate::scenario::Problem;
use crate::scenario::format::ScenarioFile;
use pw_model::{MacAddr, Ssid};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// One BSS of one access point.
#[derive(Debug)]
pub(crate) struct Bss {
    /// What it announces.
    pub(crate) network: Network,
    /// Its beacon.
    pub(crate) beacon: BeaconTemplate,
    /// Rate of its beacons.
    pub(crate) beacon_rate: Rate,
    /// Where it sends from, and how strongly.
    pub(crate) emitter: Emitter,
    /// Its timer at the start of the scenario, in microseconds.
    pub(crate) tsf_us: u64,
    /// How much too fast its timer runs, in millionths.
    pub(crate) drift_ppm: f64,
    /// Stations that it says are associated.
    pub(crate) stations: u16,
    /// How busy its channel is at rest, 0 to 255.
    pub(crate) utilization: u8,
}

/// How a client shows itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Identity {
    /// One address for ever, or one random address for its network.
    Kept(MacAddr),
    /// A new random address for every scan.
    Rotating,
}

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    /// Address policy.
    pub(crate) identity: Identity,
    /// Index of the BSS that it is joined to.
    pub(crate) home: Option<usize>,
    /// Device address when it is a multi-link device.
    pub(crate) mld_address: Option<MacAddr>,
    /// What it can do.
    pub(crate) ability: ClientAbility,
    /// Where it sends from, and how strongly.
    pub(crate) emitter: Emitter,
    /// Networks that it asks for by name.
    pub(crate) asks_for: Vec<Ssid>,
    /// Number in its network, from 1.
    pub(crate) association_id: u16,
}

/// Everything that stands in the town.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) plane: Plane,
    pub(crate) buildings: Vec<Building>,
    pub(crate) tunnels: Vec<TunnelArea>,
    pub(crate) bsses: Vec<Bss>,
    pub(crate) clients: Vec<Client>,
}

/// The town while it is being built.
struct Builder<'a> {
    file: &'a ScenarioFile,
    random: ChaCha8Rng,
    town: Town,
    devices: u32,
}

impl Town {
    /// Builds the town. The same file, seed included, makes the same town.
    pub(crate) fn build(file: &ScenarioFile) -> Result<Self, Problem> {
        let mut random = ChaCha8Rng::seed_from_u64(file.scenario.seed);
        random.set_stream(crate::simulation::streams::TOWN);
        let town = Self {
            plane: Plane::new(file.town.origin),
            buildings: Vec::new(),
            tunnels: Vec::new(),
            bsses: Vec::new(),
            clients: Vec::new(),
        };
        let mut builder = Builder { file, random, town, devices: 0 };
        for tunnel in &file.tunnel {
            builder.town.tunnels.push(TunnelArea {
                name: tunnel.name.clone(),
                area: Area::new(tunnel.corner, tunnel.size),
                loss_db: tunnel.loss_db,
            });
        }
        builder.add_ground()?;
        builder.add_access_points()?;
        builder.add_clients()?;
        Ok(builder.town)
    }
}
