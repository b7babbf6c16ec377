//! Buildings, and the generated places: houses along streets, blocks in a grid.

use super::Builder;
use super::device::Device;
use super::names::{device_text, network_name};
use crate::frame::network::{Generation, Protection};
use crate::geometry::{Area, Point};
use crate::propagation::Building;
use crate::scenario::format::{Grid, Houses, Mix, Street};
use crate::scenario::{MOST_BUILDINGS, Problem};
use rand::Rng;
use std::collections::BTreeMap;

impl Builder<'_> {
    /// Adds buildings, grids and houses, with the access points in them.
    pub(super) fn add_ground(&mut self) -> Result<(), Problem> {
        let file = self.file;
        for (at, building) in file.building.iter().enumerate() {
            self.add_building(
                &format!("building.{at}"),
                Building {
                    name: building.name.clone(),
                    area: Area::new(building.corner, building.size),
                    wall_loss_db: building.wall_loss_db,
                    inside_loss_db_per_m: building.inside_loss_db_per_m,
                },
            )?;
        }
        for (at, grid) in file.grid.iter().enumerate() {
            self.add_grid(&format!("grid.{at}"), grid)?;
        }
        for (at, street) in file.street.iter().enumerate() {
            if let Some(houses) = &street.houses {
                self.add_houses(&format!("street.{at}.houses"), street, houses)?;
            }
        }
        Ok(())
    }

    fn add_building(&mut self, field: &str, building: Building) -> Result<(), Problem> {
        if self.town.buildings.len() >= MOST_BUILDINGS {
            return Err(Problem {
                field: field.to_owned(),
                problem: format!("more than {MOST_BUILDINGS} buildings"),
            });
        }
        self.town.buildings.push(building);
        Ok(())
    }

    fn add_grid(&mut self, field: &str, grid: &Grid) -> Result<(), Problem> {
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                let corner = [
                    grid.corner[0] + f64::from(column) * (grid.block_m[0] + grid.street_width_m),
                    grid.corner[1] + f64::from(row) * (grid.block_m[1] + grid.street_width_m),
                ];
                let area = Area::new(corner, grid.block_m);
                self.add_building(
                    field,
                    Building {
                        name: Some(format!("{} {}-{}", grid.name, column + 1, row + 1)),
                        area,
                        wall_loss_db: grid.wall_loss_db,
                        inside_loss_db_per_m: grid.inside_loss_db_per_m,
                    },
                )?;
                // Mixes take turns, block by block.
                let turn = (row * grid.columns + column) as usize % grid.mix.len().max(1);
                let Some(mix) = grid.mix.get(turn).and_then(|name| self.file.mix.get(name)) else {
                    continue;
                };
                for _ in 0..grid.access_points_per_block {
                    self.add_generated(field, area, mix)?;
                }
            }
        }
        Ok(())
    }

    fn add_houses(&mut self, field: &str, street: &Street, houses: &Houses) -> Result<(), Problem> {
        let Some(mix) = self.file.mix.get(&houses.mix) else { return Ok(()) };
        let (from, to) = (Point::from(street.from), Point::from(street.to));
        let length = from.distance_m(to);
        let heading = from.heading_deg(to).to_radians();
        let (along_east, along_north) = (heading.sin(), heading.cos());
        let lies_east_west = along_east.abs() > along_north.abs();
        let aside_m = street.width_m / 2.0 + houses.setback_m + houses.depth_m / 2.0;
        let mut along_m = houses.every_m / 2.0;
        while along_m < length {
            for side in [1.0, -1.0] {
                let center = from
                    .toward(to, along_m / length)
                    .moved(side * aside_m * along_north, -side * aside_m * along_east);
                let [width, depth] = if lies_east_west {
                    [houses.front_m, houses.depth_m]
                } else {
                    [houses.depth_m, houses.front_m]
                };
                let corner = [center.east_m - width / 2.0, center.north_m - depth / 2.0];
                let area = Area::new(corner, [width, depth]);
                self.add_building(
                    field,
                    Building {
                        name: None,
                        area,
                        wall_loss_db: houses.wall_loss_db,
                        inside_loss_db_per_m: 0.3,
                    },
                )?;
                let mut count = houses.access_points_per_house;
                while count >= 1.0 || (count > 0.0 && self.random.random_bool(count)) {
                    self.add_generated(field, area, mix)?;
                    count -= 1.0;
                }
            }
            along_m += houses.every_m;
        }
        Ok(())
    }

    /// Adds an access point drawn from `mix` somewhere in `area`, with its clients.
    fn add_generated(&mut self, field: &str, area: Area, mix: &Mix) -> Result<(), Problem> {
        let random = &mut self.random;
        let mut generation = draw(&mix.generation, random).unwrap_or(Generation::Wifi5);
        let security = draw(&mix.security, random).unwrap_or(Protection::Wpa2);
        generation = match security {
            Protection::Wep | Protection::Wpa => Generation::Legacy,
            // Old hardware does not know the new protections.
            Protection::Wpa3
            | Protection::Wpa3Transition
            | Protection::Wpa3Enterprise192
            | Protection::Owe
            | Protection::OweTransition => generation.max(Generation::Wifi5),
            _ => generation,
        };
        let inside = |low: f64, high: f64, random: &mut rand_chacha::ChaCha8Rng| {
            let edge = ((high - low) * 0.1).min(1.5);
            random.random_range(low + edge..high - edge)
        };
        let point = Point {
            east_m: inside(area.low.east_m, area.high.east_m, random),
            north_m: inside(area.low.north_m, area.high.north_m, random),
        };
        let [low_dbm, high_dbm] = mix.tx_power_dbm;
        let device = Device {
            ssid: network_name(mix.names, random),
            point,
            height_m: random.random_range(1.0..9.0),
            channels_mhz: super::channels::draw_channels(generation, random),
            width_mhz: None,
            security,
            generation,
            hidden: random.random_bool(mix.hidden_share),
            wps: random.random_bool(mix.wps_share).then(|| device_text(generation, random)),
            tx_power_dbm: random.random_range(low_dbm..=high_dbm),
            exponent: self.file.propagation.path_loss_exponent + random.random_range(-0.25..0.25),
            beacon_interval_tu: 100,
        };
        let clients = poisson(mix.clients_per_access_point, random);
        let bsses = self.add_device(field, &device)?;
        self.add_household(field, bsses, clients)
    }
}

/// Draws a key by weight.
fn draw<K: Copy + Ord>(weights: &BTreeMap<K, f64>, random: &mut impl Rng) -> Option<K> {
    let sum: f64 = weights.values().sum();
    let mut left = random.random_range(0.0..sum.max(f64::MIN_POSITIVE));
    for (key, weight) in weights {
        if left < *weight {
            return Some(*key);
        }
        left -= weight;
    }
    weights.keys().next_back().copied()
}

/// A draw of the Poisson distribution, at most 50 (Knuth).
fn poisson(mean: f64, random: &mut impl Rng) -> u32 {
    let limit = (-mean).exp();
    let mut product = random.random::<f64>();
    let mut count = 0;
    while product > limit && count < 50 {
        product *= random.random::<f64>();
        count += 1;
    }
    count
}
