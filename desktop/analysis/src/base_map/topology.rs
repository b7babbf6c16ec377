//! The map's file, decoded: arcs put together to rings, rings cut for the plane, names with a place.

use super::plane::{Point, clip_rings, lon_lat};
use super::{Bounds, Country, Line, LonLat, Polygon};
use serde::Deserialize;
use std::collections::BTreeSet;

const FILE: &str = include_str!("../../../../assets/basemap/countries-50m.json");

/// Everything the file holds.
pub(super) struct World {
    pub(super) land: Vec<Polygon>,
    pub(super) coasts: Vec<Line>,
    pub(super) borders: Vec<Line>,
    pub(super) countries: Vec<Country>,
}

/// Reads the bundled file.
pub(super) fn read() -> World {
    let topology: Topology = serde_json::from_str(FILE).expect("the bundled map is read by a test");
    World::new(&topology)
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
