//! Clients: those of a household, those listed one by one, and crowds that only look around.

use super::{Builder, Client, Identity};
use crate::frame::network::Generation;
use crate::frame::probe::ClientAbility;
use crate::geometry::Point;
use crate::propagation::{Emitter, ShadowField};
use crate::scenario::{MOST_CLIENTS, Problem};
use pw_model::{Band, MacAddr, Ssid};
use rand::Rng;
use rand::seq::IndexedRandom;
use std::ops::Range;

/// A client that moves into the town.
struct NewClient {
    point: Point,
    /// Its network, by number.
    home: Option<usize>,
    generation: Generation,
    random_address: bool,
    asks_for: Vec<Ssid>,
    tx_power_dbm: f64,
}

impl Builder<'_> {
    /// Adds `count` clients of the device with the BSSs `bsses`, near it, each joined to one of them.
    pub(super) fn add_household(
        &mut self,
        field: &str,
        bsses: Range<usize>,
        count: u32,
    ) -> Result<(), Problem> {
        for _ in 0..count {
            let home = self.random.random_range(bsses.clone());
            let Some(bss) = self.town.bsses.get(home) else { continue };
            let point = bss
                .emitter
                .point
                .moved(self.random.random_range(-6.0..6.0), self.random.random_range(-6.0..6.0));
            let newest = bss.network.generation;
            let band = bss.network.band();
            let generation = [
                Generation::Wifi4,
                Generation::Wifi5,
                Generation::Wifi6,
                Generation::Wifi6e,
                Generation::Wifi7,
            ]
            .choose(&mut self.random)
            .copied()
            .unwrap_or(Generation::Wifi5);
            // A station at 6 GHz speaks at least what makes that band possible.
            let least = if band == Band::Ghz6 { Generation::Wifi6e } else { Generation::Legacy };
            let generation = generation.min(newest).max(least);
            let random_address = self.random.random_bool(0.5);
            let power = self.random.random_range(8.0..16.0);
            self.add_client(
                field,
                NewClient {
                    point,
                    home: Some(home),
                    generation,
                    random_address,
                    asks_for: Vec::new(),
                    tx_power_dbm: power,
                },
            )?;
        }
        Ok(())
    }

    /// Adds the clients and crowds that the file lists.
    pub(super) fn add_clients(&mut self) -> Result<(), Problem> {
        let file = self.file;
        for (at, place) in file.client.iter().enumerate() {
            let field = format!("client.{at}");
            let point = Point::from(place.at);
            let home = match &place.network {
                None => None,
                Some(name) => Some(self.nearest(name, point).ok_or_else(|| Problem {
                    field: format!("{field}.network"),
                    problem: format!("no access point of this scenario is called '{name}'"),
                })?),
            };
            let asks_for = place.asks_for.iter().map(|ssid| Ssid::new(ssid.as_bytes())).collect();
            self.add_client(
                &field,
                NewClient {
                    point,
                    home,
                    generation: place.generation,
                    random_address: place.random_address,
                    asks_for,
                    tx_power_dbm: place.tx_power_dbm,
                },
            )?;
        }
        for (at, crowd) in file.crowd.iter().enumerate() {
            for _ in 0..crowd.clients {
                let point = Point::from(crowd.corner).moved(
                    self.random.random_range(0.0..crowd.size[0]),
                    self.random.random_range(0.0..crowd.size[1]),
                );
                // One in five still asks for a network by name.
                let asks_for = match crowd.asks_for.choose(&mut self.random) {
                    Some(ssid) if self.random.random_bool(0.2) => vec![Ssid::new(ssid.as_bytes())],
                    _ => Vec::new(),
                };
                let generation = [Generation::Wifi5, Generation::Wifi6, Generation::Wifi7]
                    .choose(&mut self.random)
                    .copied()
                    .unwrap_or(Generation::Wifi6);
                let random_address = self.random.random_bool(0.9);
                let power = self.random.random_range(8.0..15.0);
                self.add_client(
                    &format!("crowd.{at}"),
                    NewClient {
                        point,
                        home: None,
                        generation,
                        random_address,
                        asks_for,
                        tx_power_dbm: power,
                    },
                )?;
            }
        }
        Ok(())
    }

    /// The BSS called `name` that is nearest to `point`.
    fn nearest(&self, name: &str, point: Point) -> Option<usize> {
        let distance = |at: &usize| {
            self.town.bsses.get(*at).map_or(f64::MAX, |bss| bss.emitter.point.distance_m(point))
        };
        (0..self.town.bsses.len())
            .filter(|at| {
                self.town
                    .bsses
                    .get(*at)
                    .is_some_and(|bss| bss.network.ssid.bytes() == name.as_bytes())
            })
            .min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }

    fn add_client(&mut self, field: &str, client: NewClient) -> Result<(), Problem> {
        let NewClient { point, home, generation, random_address, asks_for, tx_power_dbm } = client;
        let number = self.town.clients.len();
        if number >= MOST_CLIENTS {
            return Err(Problem {
                field: field.to_owned(),
                problem: format!("more than {MOST_CLIENTS} clients"),
            });
        }
        let identity = match (random_address, home) {
            (true, None) => Identity::Rotating,
            (true, Some(_)) => Identity::Kept(self.random_address(number)),
            (false, _) => Identity::Kept(kept_address(number)),
        };
        let mut association_id = 0;
        let mut mld_address = None;
        if let Some(bss) = home.and_then(|home| self.town.bsses.get_mut(home)) {
            bss.stations = bss.stations.saturating_add(1);
            association_id = bss.stations;
            let multi_link = bss.network.mld.is_some() && generation.eht();
            mld_address = multi_link.then(|| {
                let [.., high, low] = number.to_be_bytes();
                MacAddr([0x0e, 0x5e, 0x7d, 0x00, high, low])
            });
        }
        let propagation = &self.file.propagation;
        let emitter = Emitter {
            point,
            height_m: 1.5,
            tx_power_dbm,
            exponent: propagation.path_loss_exponent + 0.2,
            shadow: ShadowField::new(propagation.shadowing_distance_m, &mut self.random),
        };
        let ability = ClientAbility {
            generation,
            streams: if generation.vht() { 2 } else { 1 },
            width_mhz: match generation {
                Generation::Legacy => 20,
                Generation::Wifi4 => 40,
                Generation::Wifi7 => 160,
                _ => 80,
            },
        };
        self.town.clients.push(Client {
            identity,
            home,
            mld_address,
            ability,
            emitter,
            asks_for,
            association_id,
        });
        Ok(())
    }

    /// A locally administered address as telephones make them for one network; the last two octets
    /// number the client, so that no two are the same.
    fn random_address(&mut self, number: usize) -> MacAddr {
        let [one, two, three] = self.random.random::<[u8; 3]>();
        let [.., high, low] = number.to_be_bytes();
        MacAddr([one & 0xf0 | 0x0a, two, three, 0x5e, high, low])
    }
}

/// An address that never changes: from the block for documentation (RFC 9542, 2.1.1) while it
/// lasts, then locally administered.
fn kept_address(number: usize) -> MacAddr {
    let [.., high, low] = number.to_be_bytes();
    if number < 256 {
        MacAddr([0x00, 0x00, 0x5e, 0x00, 0x53, low])
    } else {
        MacAddr([0x06, 0x5e, 0x00, 0x53, high, low])
    }
}
