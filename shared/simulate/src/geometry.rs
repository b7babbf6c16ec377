//! The flat map of the town: metres east and north of an origin, and rectangles on it.

use crate::scenario::format::{East, Origin};
use pw_model::WORLD_RADIUS_M;

/// A place in metres east and north of the town's origin.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Point {
    pub(crate) east_m: f64,
    pub(crate) north_m: f64,
}

impl From<East> for Point {
    fn from([east_m, north_m]: East) -> Self {
        Self { east_m, north_m }
    }
}

impl Point {
    /// Distance in metres.
    pub(crate) fn distance_m(self, other: Self) -> f64 {
        (other.east_m - self.east_m).hypot(other.north_m - self.north_m)
    }

    /// The point `share` of the way to `other`.
    pub(crate) fn toward(self, other: Self, share: f64) -> Self {
        Self {
            east_m: self.east_m + (other.east_m - self.east_m) * share,
            north_m: self.north_m + (other.north_m - self.north_m) * share,
        }
    }

    /// Direction to `other` in degrees from north, clockwise, 0 to 360.
    pub(crate) fn heading_deg(self, other: Self) -> f64 {
        let angle = (other.east_m - self.east_m).atan2(other.north_m - self.north_m);
        angle.to_degrees().rem_euclid(360.0)
    }

    /// Moved by metres.
    pub(crate) fn moved(self, east_m: f64, north_m: f64) -> Self {
        Self { east_m: self.east_m + east_m, north_m: self.north_m + north_m }
    }
}

/// From local metres to degrees, on the mean sphere: good to millimetres over a town.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    origin: Origin,
    metres_per_lon_deg: f64,
}

/// Metres of one degree of latitude on the mean sphere.
const METRES_PER_LAT_DEG: f64 = WORLD_RADIUS_M * std::f64::consts::PI / 180.0;

impl Plane {
    pub(crate) fn new(origin: Origin) -> Self {
        let metres_per_lon_deg = METRES_PER_LAT_DEG * origin.lat_deg.to_radians().cos();
        Self { origin, metres_per_lon_deg }
    }

    /// Latitude and longitude in degrees.
    pub(crate) fn degrees(&self, point: Point) -> (f64, f64) {
        (
            self.origin.lat_deg + point.north_m / METRES_PER_LAT_DEG,
            self.origin.lon_deg + point.east_m / self.metres_per_lon_deg,
        )
    }
}

/// A rectangle along the axes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Area {
    pub(crate) low: Point,
    pub(crate) high: Point,
}

impl Area {
    pub(crate) fn new(corner: East, size: East) -> Self {
        let low = Point::from(corner);
        Self { low, high: low.moved(size[0], size[1]) }
    }

    /// The smallest rectangle that holds both points.
    pub(crate) fn around(one: Point, other: Point) -> Self {
        Self {
            low: Point {
                east_m: one.east_m.min(other.east_m),
                north_m: one.north_m.min(other.north_m),
            },
            high: Point {
                east_m: one.east_m.max(other.east_m),
                north_m: one.north_m.max(other.north_m),
            },
        }
    }

    pub(crate) fn contains(&self, point: Point) -> bool {
        (self.low.east_m..=self.high.east_m).contains(&point.east_m)
            && (self.low.north_m..=self.high.north_m).contains(&point.north_m)
    }

    /// How the straight line between two points meets the rectangle: walls crossed (0 to 2) and
    /// metres inside; `None` when it misses it.
    pub(crate) fn crossing(&self, from: Point, to: Point) -> Option<(u32, f64)> {
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (start, end, low, high) in [
            (from.east_m, to.east_m, self.low.east_m, self.high.east_m),
            (from.north_m, to.north_m, self.low.north_m, self.high.north_m),
        ] {
            let step = end - start;
            if step.abs() < 1e-9 {
                if start < low || start > high {
                    return None;
                }
                continue;
            }
            let (one, other) = ((low - start) / step, (high - start) / step);
            enter = enter.max(one.min(other));
            leave = leave.min(one.max(other));
        }
        if enter >= leave {
            return None;
        }
        let walls = u32::from(enter > 0.0) + u32::from(leave < 1.0);
        Some((walls, (leave - enter) * from.distance_m(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_and_metres() {
        let plane = Plane::new(Origin { lat_deg: 50.0, lon_deg: 8.0 });
        let (lat, lon) = plane.degrees(Point { east_m: 1000.0, north_m: 2000.0 });
        let origin = pw_model::Position::new(50.0, 8.0).expect("valid");
        let moved = pw_model::Position::new(lat, lon).expect("valid");
        assert!((origin.distance_m(&moved) - 5_000_000.0f64.sqrt()).abs() < 0.5);
    }

    #[test]
    fn walls_between_two_points() {
        let area = Area::new([10.0, 0.0], [10.0, 10.0]);
        let point = |east_m, north_m| Point { east_m, north_m };
        assert_eq!(area.crossing(point(0.0, 5.0), point(30.0, 5.0)), Some((2, 10.0)));
        assert_eq!(area.crossing(point(15.0, 5.0), point(30.0, 5.0)), Some((1, 5.0)));
        assert_eq!(area.crossing(point(12.0, 5.0), point(18.0, 5.0)), Some((0, 6.0)));
        assert_eq!(area.crossing(point(0.0, 15.0), point(30.0, 15.0)), None);
        assert_eq!(area.crossing(point(0.0, 5.0), point(8.0, 5.0)), None);
    }
}
