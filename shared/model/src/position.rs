//! Where: positions and fixes on WGS 84.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Mean radius of the earth in metres (IUGG), for short distances.
pub const WORLD_RADIUS_M: f64 = 6_371_008.8;

/// A place on WGS 84 and how well it is known.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Latitude in degrees, north positive, -90 to 90.
    pub lat_deg: f64,
    /// Longitude in degrees, east positive, -180 to 180.
    pub lon_deg: f64,
    /// Height above mean sea level in metres.
    pub altitude_m: Option<f32>,
    /// Radius in metres that holds the true place with 95 % probability; `None` when not stated.
    pub error_m: Option<f32>,
}

impl Position {
    /// A position in the valid range. `None` for values that are not finite, out of range,
    /// or exactly 0, 0, which in practice is how broken receivers and files say "unknown".
    #[must_use]
    pub fn new(lat_deg: f64, lon_deg: f64) -> Option<Self> {
        let valid = lat_deg.is_finite()
            && lon_deg.is_finite()
            && (-90.0..=90.0).contains(&lat_deg)
            && (-180.0..=180.0).contains(&lon_deg)
            && !(lat_deg == 0.0 && lon_deg == 0.0);
        valid.then_some(Self { lat_deg, lon_deg, altitude_m: None, error_m: None })
    }

    /// The same place with its 95 % error radius in metres; values that are not positive mean unknown.
    #[must_use]
    pub fn with_error_m(mut self, error_m: Option<f32>) -> Self {
        self.error_m = error_m.filter(|e| e.is_finite() && *e > 0.0);
        self
    }

    /// The same place with its height above mean sea level in metres.
    #[must_use]
    pub fn with_altitude_m(mut self, altitude_m: Option<f32>) -> Self {
        self.altitude_m = altitude_m.filter(|a| a.is_finite());
        self
    }

    /// Great-circle distance in metres on the mean sphere (haversine); within 0.6 % of the ellipsoid.
    #[must_use]
    pub fn distance_m(&self, other: &Self) -> f64 {
        let (lat_a, lat_b) = (self.lat_deg.to_radians(), other.lat_deg.to_radians());
        let half_lat = (lat_b - lat_a) / 2.0;
        let half_lon = (other.lon_deg - self.lon_deg).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
        2.0 * WORLD_RADIUS_M * h.sqrt().min(1.0).asin()
    }
}

/// What kind of fix a receiver had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FixMode {
    /// The receiver says that it has no fix.
    NoFix,
    /// Horizontal position only.
    TwoD,
    /// Position with height.
    ThreeD,
    /// Not measured: the person who set up the sensor gave the place.
    Fixed,
}

/// One report of a position receiver, with or without a position.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Fix {
    /// When the position was true, on the sensor's clock corrected to UTC.
    pub time: Timestamp,
    /// Kind of fix.
    pub mode: FixMode,
    /// The place; `None` with [`FixMode::NoFix`].
    pub position: Option<Position>,
    /// Speed over ground in metres per second.
    pub speed_mps: Option<f32>,
    /// Course over ground in degrees from true north.
    pub track_deg: Option<f32>,
    /// Satellites used for the fix.
    pub satellites: Option<u8>,
    /// Horizontal dilution of precision.
    pub hdop: Option<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_zero_is_not_a_place() {
        assert!(Position::new(0.0, 0.0).is_none());
        assert!(Position::new(0.0, 10.0).is_some());
        assert!(Position::new(f64::NAN, 1.0).is_none());
        assert!(Position::new(91.0, 1.0).is_none());
    }

    #[test]
    fn distance_of_one_minute_of_latitude_is_a_nautical_mile() {
        let a = Position::new(50.0, 8.0).expect("valid");
        let b = Position::new(50.0 + 1.0 / 60.0, 8.0).expect("valid");
        assert!((a.distance_m(&b) - 1853.2).abs() < 1.0);
    }
}
