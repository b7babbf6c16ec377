//! The world as the program brings it along: land, borders and countries at 1:50 million, for maps
//! without any download.
//!
//! The data is `assets/basemap` (Natural Earth, see the NOTICE there), a TopoJSON file decoded once.
//! Its points lie on a grid of about 400 m, so it shows where in a country one is, not which street.
//! Rings that cross the antimeridian or go round a pole are cut here: every ring lies within
//! -180 to 180 degrees and can be drawn and tested as a plane figure.

mod plane;
mod topology;

use plane::{Point, clip_rings, distance_to_origin, lon_lat, points, triangulate};
use pw_model::Position;
use std::sync::OnceLock;
use topology::World;

/// Where the data comes from, for an "about" box and for reports.
pub const ATTRIBUTION: &str = "Base map: Natural Earth (public domain)";

/// The map stops here in the Mercator projection, in degrees north and south.
pub const MERCATOR_LIMIT_DEG: f32 = 85.051_13;

/// A position at sea counts as land within this distance of a coast, in metres.
const COAST_M: f64 = 10_000.0;

/// Metres in a degree of latitude on the mean sphere.
const METRES_PER_DEG: f64 = 111_195.0;

/// A point in degrees on WGS 84.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LonLat {
    /// Longitude, east positive, -180 to 180.
    pub lon_deg: f32,
    /// Latitude, north positive, -90 to 90.
    pub lat_deg: f32,
}

/// The smallest upright rectangle around a figure, in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bounds {
    /// Least longitude.
    pub west_deg: f32,
    /// Least latitude.
    pub south_deg: f32,
    /// Greatest longitude.
    pub east_deg: f32,
    /// Greatest latitude.
    pub north_deg: f32,
}

/// An area: its first ring is the outside, the others are holes. Rings are closed in meaning only:
/// the last point is not the first again.
#[derive(Clone, PartialEq, Debug)]
pub struct Polygon {
    /// Outside, then holes.
    pub rings: Vec<Vec<LonLat>>,
    /// Around the outside.
    pub bounds: Bounds,
}

/// An open line.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Its points, two or more.
    pub points: Vec<LonLat>,
    /// Around them.
    pub bounds: Bounds,
}

/// A country, as Natural Earth draws it: by who holds the land in fact.
#[derive(Clone, PartialEq, Debug)]
pub struct Country {
    /// English name, shortened where it is long.
    pub name: String,
    /// ISO 3166-1 numeric code; `None` where there is none.
    pub iso_numeric: Option<String>,
    /// Its parts.
    pub polygons: Vec<Polygon>,
    /// A place for its name, inside its largest part.
    pub label: LonLat,
    /// Around the largest part, to judge whether the name fits.
    pub label_bounds: Bounds,
}

/// Land within one square of 20 degrees, as triangles to fill. The triangles cover the same area in
/// the Mercator projection as the land's outline does, up to [`MERCATOR_LIMIT_DEG`].
#[derive(Clone, PartialEq, Debug)]
pub struct TrianglePiece {
    /// Corners.
    pub vertices: Vec<LonLat>,
    /// Three for each triangle, into `vertices`.
    pub indices: Vec<u32>,
    /// Around the corners.
    pub bounds: Bounds,
}

impl Bounds {
    /// True when the two rectangles share a point.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.west_deg <= other.east_deg
            && other.west_deg <= self.east_deg
            && self.south_deg <= other.north_deg
            && other.south_deg <= self.north_deg
    }

    /// True when the point lies in it or on its edge.
    #[must_use]
    pub fn contains(&self, point: LonLat) -> bool {
        (self.west_deg..=self.east_deg).contains(&point.lon_deg)
            && (self.south_deg..=self.north_deg).contains(&point.lat_deg)
    }

    fn around(points: &[LonLat]) -> Option<Self> {
        let first = points.first()?;
        let start = Self {
            west_deg: first.lon_deg,
            south_deg: first.lat_deg,
            east_deg: first.lon_deg,
            north_deg: first.lat_deg,
        };
        Some(points.iter().fold(start, |bounds, point| Self {
            west_deg: bounds.west_deg.min(point.lon_deg),
            south_deg: bounds.south_deg.min(point.lat_deg),
            east_deg: bounds.east_deg.max(point.lon_deg),
            north_deg: bounds.north_deg.max(point.lat_deg),
        }))
    }
}

impl Polygon {
    fn new(rings: Vec<Vec<LonLat>>) -> Option<Self> {
        let bounds = Bounds::around(rings.first()?)?;
        Some(Self { rings, bounds })
    }

    /// True when the point lies inside the outside and in no hole (even-odd rule).
    #[must_use]
    pub fn contains(&self, point: LonLat) -> bool {
        self.bounds.contains(point)
            && self.rings.iter().filter(|ring| is_inside(ring, point)).count() % 2 == 1
    }
}

impl Polygon {
    /// Its part within `bounds`, which may go beyond 180 degrees; `None` when there is none.
    #[must_use]
    pub fn within(&self, bounds: &Bounds) -> Option<Self> {
        if !self.bounds.overlaps(bounds) {
            return None;
        }
        let rings: Vec<Vec<Point>> = self.rings.iter().map(|ring| points(ring)).collect();
        let Bounds { west_deg, south_deg, east_deg, north_deg } = *bounds;
        let window = [west_deg, south_deg, east_deg, north_deg].map(f64::from);
        let cut = clip_rings(&rings, window);
        Self::new(cut.into_iter().map(|ring| ring.into_iter().map(lon_lat).collect()).collect())
    }
}

impl Line {
    /// The pieces of it that touch `bounds`, which may go beyond 180 degrees; whole segments, so that
    /// they may stick out a little.
    #[must_use]
    pub fn within(&self, bounds: &Bounds) -> Vec<Self> {
        if !self.bounds.overlaps(bounds) {
            return Vec::new();
        }
        let touches = |pair: &[LonLat]| Bounds::around(pair).is_some_and(|b| b.overlaps(bounds));
        let segments: Vec<&[LonLat]> = self.points.windows(2).collect();
        segments
            .chunk_by(|a, b| touches(a) == touches(b))
            .filter(|run| run.first().is_some_and(|segment| touches(segment)))
            .filter_map(|run| {
                let first = run.first()?.first()?;
                let points: Vec<LonLat> = std::iter::once(first)
                    .chain(run.iter().filter_map(|segment| segment.last()))
                    .copied()
                    .collect();
                Some(Self { bounds: Bounds::around(&points)?, points })
            })
            .collect()
    }
}

impl Polygon {
    /// Distance from `point` to its outline where that is at most [`COAST_M`].
    fn distance_m(&self, point: LonLat) -> Option<f64> {
        let scale = [
            METRES_PER_DEG * f64::from(point.lat_deg).to_radians().cos().max(0.01),
            METRES_PER_DEG,
        ];
        let reach = [COAST_M / scale[0], COAST_M / scale[1]].map(|deg| deg as f32);
        let near = Bounds {
            west_deg: point.lon_deg - reach[0],
            south_deg: point.lat_deg - reach[1],
            east_deg: point.lon_deg + reach[0],
            north_deg: point.lat_deg + reach[1],
        };
        if !self.bounds.overlaps(&near) {
            return None;
        }
        let flat = |at: &LonLat| {
            [
                f64::from(at.lon_deg - point.lon_deg) * scale[0],
                f64::from(at.lat_deg - point.lat_deg) * scale[1],
            ]
        };
        let sides = self.rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
        sides
            .map(|(a, b)| distance_to_origin(flat(a), flat(b)))
            .filter(|distance_m| *distance_m <= COAST_M)
            .min_by(f64::total_cmp)
    }
}

/// Land, lakes as large as the Caspian Sea cut out.
#[must_use]
pub fn land() -> &'static [Polygon] {
    &world().land
}

/// Coast lines: the outlines of [`land`] without the cuts at the antimeridian.
#[must_use]
pub fn coasts() -> &'static [Line] {
    &world().coasts
}

/// Borders between two countries.
#[must_use]
pub fn borders() -> &'static [Line] {
    &world().borders
}

/// Countries, by name.
#[must_use]
pub fn countries() -> &'static [Country] {
    &world().countries
}

/// The country at `position`, or the nearest within 10 km of its coast, because coasts are
/// simplified and many cities lie on one; `None` further out at sea. Near a border it may be the
/// neighbour by some kilometres.
#[must_use]
pub fn country_at(position: Position) -> Option<&'static str> {
    let point = LonLat { lon_deg: position.lon_deg as f32, lat_deg: position.lat_deg as f32 };
    let inside = |country: &&Country| country.polygons.iter().any(|part| part.contains(point));
    let near = |country: &'static Country| {
        let distances_m = country.polygons.iter().filter_map(|part| part.distance_m(point));
        Some((country, distances_m.min_by(f64::total_cmp)?))
    };
    countries()
        .iter()
        .find(inside)
        .or_else(|| Some(countries().iter().filter_map(near).min_by(|a, b| a.1.total_cmp(&b.1))?.0))
        .map(|country| country.name.as_str())
}

/// Land as triangles, by squares of 20 degrees, made at the first call.
#[must_use]
pub fn land_triangles() -> &'static [TrianglePiece] {
    static PIECES: OnceLock<Vec<TrianglePiece>> = OnceLock::new();
    PIECES.get_or_init(|| triangulate(land()))
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(topology::read)
}

/// Even-odd rule.
fn is_inside(ring: &[LonLat], point: LonLat) -> bool {
    let (x, y) = (f64::from(point.lon_deg), f64::from(point.lat_deg));
    let Some(mut before) = ring.last() else { return false };
    let mut inside = false;
    for corner in ring {
        let (ax, ay) = (f64::from(before.lon_deg), f64::from(before.lat_deg));
        let (bx, by) = (f64::from(corner.lon_deg), f64::from(corner.lat_deg));
        if (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax) {
            inside = !inside;
        }
        before = corner;
    }
    inside
}

#[cfg(test)]
#[path = "base_map/tests.rs"]
mod tests;
