//! How strong an emitter arrives: log-distance path loss, walls, correlated shadowing, fading.

use crate::geometry::{Area, Point};
use crate::scenario::format::Propagation;
use crate::town::Town;
use rand::Rng;

/// Waves that one shadow field is made of; more would only smooth it.
const WAVES: usize = 24;
/// More wall loss than this is not counted: signals find other ways, around and over.
const MOST_WALL_LOSS_DB: f64 = 40.0;

/// A random field over the town with normal values of standard deviation 1 and correlation close to
/// exp(-distance / D): a sum of waves whose wave numbers are drawn from that correlation's spectrum,
/// (1 + (kD)²)^(-3/2) in the plane (Gudmundson, Electronics Letters 27, 1991, for the correlation).
#[derive(Clone, Debug)]
pub(crate) struct ShadowField {
    /// Turns per metre east, turns per metre north, phase in turns; column by column, so that the
    /// compiler takes several waves at a time.
    east: [f32; WAVES],
    north: [f32; WAVES],
    phase: [f32; WAVES],
}

impl ShadowField {
    /// Draws a field whose correlation falls to 1/e at `distance_m`.
    pub(crate) fn new(distance_m: f64, random: &mut impl Rng) -> Self {
        let tau = std::f64::consts::TAU;
        let mut field = Self { east: [0.0; WAVES], north: [0.0; WAVES], phase: [0.0; WAVES] };
        let columns = field.east.iter_mut().zip(&mut field.north).zip(&mut field.phase);
        for ((east, north), phase) in columns {
            let share: f64 = random.random_range(0.0..0.995);
            let turns = ((1.0 / (1.0 - share)).powi(2) - 1.0).sqrt() / (distance_m * tau);
            let angle = random.random_range(0.0..tau);
            *east = (turns * angle.cos()) as f32;
            *north = (turns * angle.sin()) as f32;
            *phase = random.random_range(0.0..1.0);
        }
        field
    }

    /// The field's value at a place.
    pub(crate) fn at(&self, point: Point) -> f64 {
        let (east_m, north_m) = (point.east_m as f32, point.north_m as f32);
        let values: [f32; WAVES] = std::array::from_fn(|at| {
            cos_of_turns(self.east[at] * east_m + self.north[at] * north_m + self.phase[at])
        });
        f64::from(values.iter().sum::<f32>()) * (2.0 / WAVES as f64).sqrt()
    }
}

/// cos(2πt), by its series; wrong by less than 1e-4, which is nothing beside a decibel.
fn cos_of_turns(turns: f32) -> f32 {
    // Adding 1.5·2²³ rounds to the nearest whole number.
    const WHOLE: f32 = 12_582_912.0;
    let t = turns - ((turns + WHOLE) - WHOLE);
    let s = t * t;
    let high = 60.244_64 + s * (-26.426_257 + s * 7.903_536);
    1.0 + s * (-19.739_21 + s * (64.939_39 + s * (-85.456_82 + s * high)))
}

/// Something that sends.
#[derive(Clone, Debug)]
pub(crate) struct Emitter {
    /// Place.
    pub(crate) point: Point,
    /// Height over the sensor in metres.
    pub(crate) height_m: f64,
    /// Radiated power in dBm (EIRP).
    pub(crate) tx_power_dbm: f64,
    /// Path loss exponent.
    pub(crate) exponent: f64,
    /// Its shadow field.
    pub(crate) shadow: ShadowField,
}

/// A building.
#[derive(Clone, Debug)]
pub(crate) struct Building {
    pub(crate) name: Option<String>,
    pub(crate) area: Area,
    pub(crate) wall_loss_db: f64,
    pub(crate) inside_loss_db_per_m: f64,
}

/// A tunnel.
#[derive(Clone, Debug)]
pub(crate) struct TunnelArea {
    pub(crate) name: String,
    pub(crate) area: Area,
    pub(crate) loss_db: f64,
}

/// Path loss in dB over `distance_m`: free space to one metre, then by the exponent.
pub(crate) fn path_loss_db(frequency_mhz: u16, distance_m: f64, exponent: f64) -> f64 {
    let first_metre = 20.0 * f64::from(frequency_mhz).log10() - 27.55;
    first_metre + 10.0 * exponent * distance_m.max(1.0).log10()
}

/// Mean power in dBm that an isotropic antenna at `receiver` gets; fading comes on top of it.
/// Walls are looked at only while the power is above `enough_dbm`, below which nobody asks.
pub(crate) fn mean_power_dbm(
    town: &Town,
    propagation: &Propagation,
    emitter: &Emitter,
    frequency_mhz: u16,
    receiver: Point,
    enough_dbm: f64,
) -> f64 {
    let east_m = receiver.east_m - emitter.point.east_m;
    let north_m = receiver.north_m - emitter.point.north_m;
    let distance_m = (east_m * east_m + north_m * north_m + emitter.height_m.powi(2)).sqrt();
    let mut power =
        emitter.tx_power_dbm - path_loss_db(frequency_mhz, distance_m, emitter.exponent);
    // Four standard deviations of shadow are as good as never exceeded.
    if power + 4.0 * propagation.shadowing_db < enough_dbm {
        return power;
    }
    power += propagation.shadowing_db * emitter.shadow.at(receiver);
    for tunnel in &town.tunnels {
        if tunnel.area.contains(receiver) != tunnel.area.contains(emitter.point) {
            power -= tunnel.loss_db;
        }
    }
    if power < enough_dbm {
        return power;
    }
    power - wall_loss_db(&town.buildings, emitter.point, receiver)
}

/// Loss in dB on the straight line between two points through all buildings on it.
pub(crate) fn wall_loss_db(buildings: &[Building], from: Point, to: Point) -> f64 {
    let around = Area::around(from, to);
    let mut loss = 0.0;
    for building in buildings {
        let apart = building.area.high.east_m < around.low.east_m
            || building.area.low.east_m > around.high.east_m
            || building.area.high.north_m < around.low.north_m
            || building.area.low.north_m > around.high.north_m;
        if apart {
            continue;
        }
        if let Some((walls, inside_m)) = building.area.crossing(from, to) {
            loss += f64::from(walls) * building.wall_loss_db;
            loss += inside_m * building.inside_loss_db_per_m;
        }
    }
    loss.min(MOST_WALL_LOSS_DB)
}

/// One draw of Rician fading in dB, mean power kept; `k_db` is the ratio of the direct to the
/// scattered power (Rayleigh for very small values).
pub(crate) fn fading_db(k_db: f64, random: &mut impl Rng) -> f64 {
    let k = 10f64.powf(k_db / 10.0);
    let (one, other) = normal_pair(random);
    let scattered = (0.5 / (k + 1.0)).sqrt();
    let real = (k / (k + 1.0)).sqrt() + scattered * one;
    let imaginary = scattered * other;
    10.0 * (real * real + imaginary * imaginary).max(1e-6).log10()
}

/// Two independent draws of the standard normal distribution (Box and Muller).
pub(crate) fn normal_pair(random: &mut impl Rng) -> (f64, f64) {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    let angle = random.random_range(0.0..std::f64::consts::TAU);
    (radius * angle.cos(), radius * angle.sin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn loss_grows_with_distance_frequency_and_exponent() {
        for distance in 1..500 {
            let near = path_loss_db(2437, f64::from(distance), 2.8);
            let far = path_loss_db(2437, f64::from(distance + 1), 2.8);
            assert!(far > near, "{distance}");
        }
        assert!(path_loss_db(5180, 50.0, 2.8) > path_loss_db(2437, 50.0, 2.8));
        assert!(path_loss_db(2437, 50.0, 3.5) > path_loss_db(2437, 50.0, 2.8));
        // Free space at 2437 MHz and 100 m: 80.2 dB.
        assert!((path_loss_db(2437, 100.0, 2.0) - 80.19).abs() < 0.05);
    }

    #[test]
    fn cosine_is_the_cosine() {
        for step in -3000..3000 {
            let turns = f64::from(step) / 700.0;
            let exact = (turns * std::f64::consts::TAU).cos();
            assert!((f64::from(cos_of_turns(turns as f32)) - exact).abs() < 2e-4, "{turns}");
        }
    }

    #[test]
    fn shadow_has_its_deviation_and_distance() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (mut square, mut near, mut far) = (0.0, 0.0, 0.0);
        let fields = 4000;
        for _ in 0..fields {
            let field = ShadowField::new(20.0, &mut random);
            let at = |east_m| field.at(Point { east_m, north_m: 3.0 });
            square += at(0.0).powi(2);
            near += at(0.0) * at(20.0);
            far += at(0.0) * at(100.0);
        }
        let mean = |sum: f64| sum / f64::from(fields);
        assert!((mean(square) - 1.0).abs() < 0.08, "{}", mean(square));
        assert!((mean(near) - (-1.0f64).exp()).abs() < 0.08, "{}", mean(near));
        assert!(mean(far).abs() < 0.08, "{}", mean(far));
    }

    #[test]
    fn fading_keeps_the_mean_power() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        for k_db in [-10.0, 0.0, 8.0] {
            let sum: f64 =
                (0..20_000).map(|_| 10f64.powf(fading_db(k_db, &mut random) / 10.0)).sum();
            assert!((sum / 20_000.0 - 1.0).abs() < 0.05, "{k_db}: {sum}");
        }
    }

    #[test]
    fn walls_add_up_to_their_limit() {
        let building = |east: f64| Building {
            name: None,
            area: Area::new([east, -5.0], [10.0, 10.0]),
            wall_loss_db: 8.0,
            inside_loss_db_per_m: 0.5,
        };
        let (from, to) = (Point::default(), Point { east_m: 200.0, north_m: 0.0 });
        assert_eq!(wall_loss_db(&[], from, to), 0.0);
        assert!((wall_loss_db(&[building(20.0)], from, to) - 21.0).abs() < 1e-9);
        let many: Vec<Building> = (1..10).map(|n| building(f64::from(n) * 15.0)).collect();
        assert_eq!(wall_loss_db(&many, from, to), MOST_WALL_LOSS_DB);
    }
}
