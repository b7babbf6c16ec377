//! Figures on the plane of degrees: clipping, and triangles to fill.

use super::{Bounds, LonLat, MERCATOR_LIMIT_DEG, Polygon, TrianglePiece};
use std::collections::BTreeMap;

/// Side in degrees of the squares that land is cut into for triangles.
const PIECE_DEG: f64 = 20.0;

/// A point in degrees while rings are put together and cut.
pub(super) type Point = [f64; 2];

/// The part of a polygon in a window `[west, south, east, north]`, holes included; empty when none.
pub(super) fn clip_rings(rings: &[Vec<Point>], window: [f64; 4]) -> Vec<Vec<Point>> {
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

/// Land as triangles.
pub(super) fn triangulate(land: &[Polygon]) -> Vec<TrianglePiece> {
    let mut squares: BTreeMap<(i32, i32), TrianglePiece> = BTreeMap::new();
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
    squares: &mut BTreeMap<(i32, i32), TrianglePiece>,
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

/// In the form for cutting.
pub(super) fn points(ring: &[LonLat]) -> Vec<Point> {
    ring.iter().map(|point| [f64::from(point.lon_deg), f64::from(point.lat_deg)]).collect()
}

/// Back from the form for cutting.
pub(super) fn lon_lat([lon, lat]: Point) -> LonLat {
    LonLat { lon_deg: lon as f32, lat_deg: lat as f32 }
}

/// Distance of the origin from the side between two points of a plane.
pub(super) fn distance_to_origin(a: Point, b: Point) -> f64 {
    let side = [b[0] - a[0], b[1] - a[1]];
    let square = side[0].powi(2) + side[1].powi(2);
    let along = -(a[0] * side[0] + a[1] * side[1]) / square.max(f64::MIN_POSITIVE);
    let along = along.clamp(0.0, 1.0);
    (a[0] + along * side[0]).hypot(a[1] + along * side[1])
}
