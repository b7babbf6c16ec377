//! The world as the program brings it along: land, borders and countries at 1:50 million, for maps
//! without any download.
//!
//! The data is `assets/basemap` (Natural Earth, see the NOTICE there), a TopoJSON file decoded once.
//! Its points lie on a grid of about 400 m, so it shows where in a country one is, not which street.
//! Rings that cross the antimeridian or go round a pole are cut here: every ring lies within
//! -180 to 180 degrees and can be drawn and tested as a plane figure.

use pw_model::Position;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Where the data comes from, for an "about" box and for reports.
pub const ATTRIBUTION: &str = "Base map: Natural Earth (public domain)";

/// The map stops here in the Mercator projection, in degrees north and south.
pub const MERCATOR_LIMIT_DEG: f32 = 85.051_13;

/// Side in degrees of the squares that [`land_triangles`] is cut into.
const PIECE_DEG: f64 = 20.0;

const TOPOLOGY: &str = include_str!("../../../assets/basemap/countries-50m.json");

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

/// The country at `position`; `None` at sea, and near a coast or border possibly the wrong side of it
/// by some kilometres.
#[must_use]
pub fn country_at(position: Position) -> Option<&'static str> {
    let point = LonLat { lon_deg: position.lon_deg as f32, lat_deg: position.lat_deg as f32 };
    let inside = |country: &&Country| country.polygons.iter().any(|part| part.contains(point));
    countries().iter().find(inside).map(|country| country.name.as_str())
}

/// Land as triangles, by squares of 20 degrees, made at the first call.
#[must_use]
pub fn land_triangles() -> &'static [TrianglePiece] {
    static PIECES: OnceLock<Vec<TrianglePiece>> = OnceLock::new();
    PIECES.get_or_init(|| triangulate(land()))
}

struct World {
    land: Vec<Polygon>,
    coasts: Vec<Line>,
    borders: Vec<Line>,
    countries: Vec<Country>,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let topology: Topology =
            serde_json::from_str(TOPOLOGY).expect("the bundled map is read by a test");
        World::new(&topology)
    })
}

/// A TopoJSON file (<https://github.com/topojson/topojson-specification>) of the two collections.
#[derive(Deserialize)]
struct Topology {
    arcs: Vec<Vec<[i64; 2]>>,
    transform: Transform,
    objects: Objects,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct Objects {
    countries: Collection,
    land: Collection,
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Geometry>,
}

#[derive(Deserialize)]
struct Geometry {
    id: Option<String>,
    properties: Option<Properties>,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Deserialize)]
struct Properties {
    name: String,
}

/// Arc numbers by ring; a negative number `!n` is arc `n` backwards.
#[derive(Deserialize)]
#[serde(tag = "type", content = "arcs")]
enum Shape {
    Polygon(Vec<Vec<i64>>),
    MultiPolygon(Vec<Vec<Vec<i64>>>),
}

impl Geometry {
    fn polygons(&self) -> &[Vec<Vec<i64>>] {
        match &self.shape {
            Shape::Polygon(rings) => std::slice::from_ref(rings),
            Shape::MultiPolygon(polygons) => polygons,
        }
    }

    /// The numbers of its arcs, without direction.
    fn arcs(&self) -> BTreeSet<usize> {
        self.polygons().iter().flatten().flatten().map(|arc| arc_number(*arc)).collect()
    }
}

/// A point in degrees while rings are put together and cut.
type Point = [f64; 2];

impl World {
    fn new(topology: &Topology) -> Self {
        let arcs: Vec<Vec<Point>> =
            topology.arcs.iter().map(|arc| decode_arc(arc, &topology.transform)).collect();
        let polygons = |geometry: &Geometry| -> Vec<Polygon> {
            let rings = |rings: &Vec<Vec<i64>>| -> Vec<Vec<Point>> {
                rings.iter().map(|numbers| join_arcs(numbers, &arcs)).collect()
            };
            geometry
                .polygons()
                .iter()
                .flat_map(|polygon| cut_at_antimeridian(&rings(polygon)))
                .collect()
        };
        let lines = |numbers: &BTreeSet<usize>| -> Vec<Line> {
            numbers.iter().filter_map(|at| arcs.get(*at)).flat_map(|arc| cut_line(arc)).collect()
        };
        let mut uses = vec![0u32; arcs.len()];
        for at in topology.objects.countries.geometries.iter().flat_map(Geometry::arcs) {
            if let Some(count) = uses.get_mut(at) {
                *count += 1;
            }
        }
        let shared: BTreeSet<usize> = (0..arcs.len()).filter(|at| uses[*at] > 1).collect();
        let coast: BTreeSet<usize> =
            topology.objects.land.geometries.iter().flat_map(Geometry::arcs).collect();
        let mut countries: Vec<Country> = topology
            .objects
            .countries
            .geometries
            .iter()
            .filter_map(|geometry| country(geometry, polygons(geometry)))
            .collect();
        countries.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            land: topology.objects.land.geometries.iter().flat_map(polygons).collect(),
            coasts: lines(&coast),
            borders: lines(&shared),
            countries,
        }
    }
}

fn country(geometry: &Geometry, polygons: Vec<Polygon>) -> Option<Country> {
    let largest = polygons.iter().max_by(|a, b| outer_area(a).total_cmp(&outer_area(b)))?;
    let (label, label_bounds) = (label_place(largest), largest.bounds);
    Some(Country {
        name: geometry.properties.as_ref()?.name.clone(),
        iso_numeric: geometry.id.clone(),
        polygons,
        label,
        label_bounds,
    })
}

fn arc_number(arc: i64) -> usize {
    // A number that fits no index names no arc; `get` then finds none.
    usize::try_from(if arc < 0 { !arc } else { arc }).unwrap_or(usize::MAX)
}

/// Undoes the file's delta coding and its grid.
fn decode_arc(arc: &[[i64; 2]], transform: &Transform) -> Vec<Point> {
    let mut at = [0i64; 2];
    arc.iter()
        .map(|step| {
            at = [at[0] + step[0], at[1] + step[1]];
            let degrees = |axis: usize, limit: f64| {
                let value = at[axis] as f64 * transform.scale[axis] + transform.translate[axis];
                value.clamp(-limit, limit)
            };
            [degrees(0, 180.0), degrees(1, 90.0)]
        })
        .collect()
}

/// A ring from its arcs; the end of each arc is the beginning of the next.
fn join_arcs(numbers: &[i64], arcs: &[Vec<Point>]) -> Vec<Point> {
    let mut ring: Vec<Point> = Vec::new();
    for number in numbers {
        let Some(arc) = arcs.get(arc_number(*number)) else { continue };
        ring.pop();
        if *number < 0 {
            ring.extend(arc.iter().rev());
        } else {
            ring.extend(arc);
        }
    }
    ring
}

/// The parts of an arc between its jumps from one side of the map to the other.
fn cut_line(arc: &[Point]) -> Vec<Line> {
    arc.chunk_by(|a, b| (a[0] - b[0]).abs() < 180.0)
        .filter(|part| part.len() > 1)
        // The line of the south pole is no coast.
        .filter(|part| part.iter().any(|point| point[1] > -89.9))
        .filter_map(|part| {
            let points: Vec<LonLat> = part.iter().map(|point| lon_lat(*point)).collect();
            Some(Line { bounds: Bounds::around(&points)?, points })
        })
        .collect()
}

/// Cuts a polygon on the sphere into polygons on the plane from -180 to 180 degrees.
fn cut_at_antimeridian(rings: &[Vec<Point>]) -> Vec<Polygon> {
    let unrolled: Vec<Vec<Point>> = rings
        .iter()
        // The file closes Antarctica with a ring of its own along the pole.
        .filter(|ring| ring.iter().any(|point| point[1] > -89.9))
        .map(|ring| unroll(ring))
        .collect();
    [-360.0, 0.0, 360.0]
        .into_iter()
        .filter_map(|shift| {
            let window = [-180.0 + shift, -90.0, 180.0 + shift, 90.0];
            let cut = clip_rings(&unrolled, window);
            let back = |ring: Vec<Point>| {
                ring.into_iter().map(|[lon, lat]| lon_lat([lon - shift, lat])).collect()
            };
            Polygon::new(cut.into_iter().map(back).collect())
        })
        .collect()
}

/// Longitudes without jumps, going on beyond 180 degrees; a ring round the south pole is closed
/// through the pole.
fn unroll(ring: &[Point]) -> Vec<Point> {
    let mut turns = 0.0;
    let mut unrolled: Vec<Point> = Vec::with_capacity(ring.len() + 2);
    let mut before: Option<f64> = None;
    for [lon, lat] in ring {
        if let Some(before) = before {
            turns -= ((lon - before) / 360.0).round() * 360.0;
        }
        before = Some(*lon);
        unrolled.push([lon + turns, *lat]);
    }
    if let (Some(first), Some(last)) = (unrolled.first().copied(), unrolled.last().copied()) {
        if (last[0] - first[0]).abs() > 180.0 {
            unrolled.extend([[last[0], -90.0], [first[0], -90.0]]);
        } else if first == last {
            unrolled.pop();
        }
    }
    unrolled
}

/// The part of a polygon in a window `[west, south, east, north]`, holes included; empty when none.
fn clip_rings(rings: &[Vec<Point>], window: [f64; 4]) -> Vec<Vec<Point>> {
    let mut cut = rings.iter().map(|ring| {
        let ring = clip(ring, |p| p[0] - window[0]);
        let ring = clip(&ring, |p| window[2] - p[0]);
        let ring = clip(&ring, |p| p[1] - window[1]);
        clip(&ring, |p| window[3] - p[1])
    });
    let Some(outside) = cut.next().filter(|ring| has_area(ring)) else { return Vec::new() };
    std::iter::once(outside).chain(cut.filter(|ring| has_area(ring))).collect()
}

/// False for what only touches a window: a ring that runs along an edge and back.
fn has_area(ring: &[Point]) -> bool {
    let next = ring.iter().cycle().skip(1);
    let twice: f64 = ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    twice.abs() > 1e-9
}

/// One step of Sutherland and Hodgman's clipping: keeps the side where `inside` is not negative.
fn clip(ring: &[Point], inside: impl Fn(Point) -> f64) -> Vec<Point> {
    let mut kept = Vec::with_capacity(ring.len());
    let Some(mut before) = ring.last().copied() else { return kept };
    for point in ring {
        let (from, to) = (inside(before), inside(*point));
        if (from < 0.0) != (to < 0.0) {
            let share = from / (from - to);
            kept.push([
                before[0] + share * (point[0] - before[0]),
                before[1] + share * (point[1] - before[1]),
            ]);
        }
        if to >= 0.0 {
            kept.push(*point);
        }
        before = *point;
    }
    kept
}

fn triangulate(land: &[Polygon]) -> Vec<TrianglePiece> {
    let mut squares: std::collections::BTreeMap<(i32, i32), TrianglePiece> =
        std::collections::BTreeMap::new();
    let mut earcut = earcut::Earcut::new();
    for polygon in land {
        let rings: Vec<Vec<Point>> = polygon.rings.iter().map(|ring| points(ring)).collect();
        for (square, window) in squares_of(&polygon.bounds) {
            add_triangles(&mut earcut, &clip_rings(&rings, window), square, &mut squares);
        }
    }
    squares.into_values().collect()
}

/// The squares that a figure touches, by number, with their windows.
fn squares_of(bounds: &Bounds) -> Vec<((i32, i32), [f64; 4])> {
    let limit = f64::from(MERCATOR_LIMIT_DEG);
    let number = |deg: f32| (f64::from(deg) / PIECE_DEG).floor() as i32;
    let mut squares = Vec::new();
    for row in number(bounds.south_deg)..=number(bounds.north_deg) {
        for column in number(bounds.west_deg)..=number(bounds.east_deg) {
            let (west, south) = (f64::from(column) * PIECE_DEG, f64::from(row) * PIECE_DEG);
            let window =
                [west, south.max(-limit), west + PIECE_DEG, (south + PIECE_DEG).min(limit)];
            squares.push(((row, column), window));
        }
    }
    squares
}

/// Cuts one clipped polygon into triangles, on the Mercator plane so that they stay flat there.
fn add_triangles(
    earcut: &mut earcut::Earcut<f64>,
    rings: &[Vec<Point>],
    square: (i32, i32),
    squares: &mut std::collections::BTreeMap<(i32, i32), TrianglePiece>,
) {
    let holes: Vec<u32> = rings
        .iter()
        .scan(0, |sum, ring| {
            *sum += ring.len();
            Some(*sum as u32)
        })
        .take(rings.len().saturating_sub(1))
        .collect();
    let flat = rings.iter().flatten().map(|p| [p[0].to_radians(), p[1].to_radians().tan().asinh()]);
    let mut triangles: Vec<u32> = Vec::new();
    earcut.earcut(flat, &holes, &mut triangles);
    let corners: Vec<LonLat> = rings.iter().flatten().map(|point| lon_lat(*point)).collect();
    let Some(bounds) = Bounds::around(&corners).filter(|_| !triangles.is_empty()) else { return };
    let piece = squares.entry(square).or_insert_with(|| TrianglePiece {
        vertices: Vec::new(),
        indices: Vec::new(),
        bounds,
    });
    let base = piece.vertices.len() as u32;
    piece.indices.extend(triangles.iter().map(|at| base + at));
    piece.vertices.extend(corners);
    piece.bounds = Bounds {
        west_deg: piece.bounds.west_deg.min(bounds.west_deg),
        south_deg: piece.bounds.south_deg.min(bounds.south_deg),
        east_deg: piece.bounds.east_deg.max(bounds.east_deg),
        north_deg: piece.bounds.north_deg.max(bounds.north_deg),
    };
}

fn points(ring: &[LonLat]) -> Vec<Point> {
    ring.iter().map(|point| [f64::from(point.lon_deg), f64::from(point.lat_deg)]).collect()
}

fn lon_lat([lon, lat]: Point) -> LonLat {
    LonLat { lon_deg: lon as f32, lat_deg: lat as f32 }
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

/// Area of the outside in square degrees, shrunk towards the poles as on the globe.
fn outer_area(polygon: &Polygon) -> f64 {
    let middle = f64::from(polygon.bounds.south_deg + polygon.bounds.north_deg) / 2.0;
    polygon.rings.first().map_or(0.0, |ring| plane_area(ring)) * middle.to_radians().cos()
}

fn plane_area(ring: &[LonLat]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    let twice: f64 = ring
        .iter()
        .zip(next)
        .map(|(a, b)| {
            f64::from(a.lon_deg) * f64::from(b.lat_deg)
                - f64::from(b.lon_deg) * f64::from(a.lat_deg)
        })
        .sum();
    (twice / 2.0).abs()
}

/// The middle of the widest stretch inside the polygon, on the best of a few parallels.
fn label_place(polygon: &Polygon) -> LonLat {
    let Bounds { south_deg, north_deg, .. } = polygon.bounds;
    let best = (3..=7)
        .filter_map(|tenth| {
            let lat_deg = south_deg + (north_deg - south_deg) * tenth as f32 / 10.0;
            widest_stretch(polygon, lat_deg)
        })
        .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)));
    match best {
        Some((from, to, lat_deg)) => LonLat { lon_deg: (from + to) / 2.0, lat_deg },
        None => LonLat {
            lon_deg: (polygon.bounds.west_deg + polygon.bounds.east_deg) / 2.0,
            lat_deg: (south_deg + north_deg) / 2.0,
        },
    }
}

fn widest_stretch(polygon: &Polygon, lat_deg: f32) -> Option<(f32, f32, f32)> {
    let mut crossings: Vec<f32> = Vec::new();
    for ring in &polygon.rings {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            if (a.lat_deg > lat_deg) != (b.lat_deg > lat_deg) {
                let share = (lat_deg - a.lat_deg) / (b.lat_deg - a.lat_deg);
                crossings.push(a.lon_deg + share * (b.lon_deg - a.lon_deg));
            }
        }
    }
    crossings.sort_by(f32::total_cmp);
    crossings
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1], lat_deg))
        .max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
}

#[cfg(test)]
#[path = "base_map/tests.rs"]
mod tests;
