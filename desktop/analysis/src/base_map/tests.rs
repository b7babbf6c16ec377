//! Tests of the bundled map: it is whole, in range, and knows land from sea.

use super::*;

fn at(lat_deg: f64, lon_deg: f64) -> Position {
    Position::new(lat_deg, lon_deg).expect("valid")
}

fn check_country(lat_deg: f64, lon_deg: f64, name: Option<&str>) {
    assert_eq!(country_at(at(lat_deg, lon_deg)), name, "{lat_deg} {lon_deg}");
}

#[test]
fn known_places() {
    check_country(52.52, 13.405, Some("Germany"));
    check_country(48.8566, 2.3522, Some("France"));
    check_country(42.507, 1.522, Some("Andorra"));
    check_country(-33.8, 150.9, Some("Australia"));
    check_country(39.0, -98.0, Some("United States of America"));
    check_country(-75.0, 0.0, Some("Antarctica"));
    check_country(-29.6, 28.2, Some("Lesotho"));
    // Both sides of the antimeridian.
    check_country(67.0, 179.0, Some("Russia"));
    check_country(67.0, -178.0, Some("Russia"));
}

#[test]
fn cities_on_a_simplified_coast() {
    check_country(41.38, 2.18, Some("Spain"));
    check_country(41.01, 28.98, Some("Turkey"));
    check_country(38.70, -9.14, Some("Portugal"));
    check_country(1.29, 103.85, Some("Singapore"));
    check_country(40.70, -74.01, Some("United States of America"));
    check_country(-33.86, 151.21, Some("Australia"));
}

#[test]
fn known_seas() {
    check_country(54.5, 5.0, None);
    check_country(30.0, -40.0, None);
    check_country(0.0, -150.0, None);
    check_country(42.0, 50.5, None);
    check_country(-60.0, 180.0, None);
    check_country(0.0, 179.9, None);
}

#[test]
fn land_and_countries_agree() {
    let is_land = |point| land().iter().any(|polygon| polygon.contains(point));
    for country in countries() {
        assert!(is_land(country.label), "{} {:?}", country.name, country.label);
        assert!(country.polygons.iter().any(|p| p.contains(country.label)), "{}", country.name);
    }
    assert_eq!(countries().len(), 241);
    assert_eq!(land().len(), 1_430, "1,427 polygons, three cut at the antimeridian");
    let rings: usize = land().iter().map(|polygon| polygon.rings.len()).sum();
    assert_eq!(rings, land().len() + 1, "one hole: the Caspian Sea");
}

#[test]
fn everything_is_in_range() {
    let world = Bounds { west_deg: -180.0, south_deg: -90.0, east_deg: 180.0, north_deg: 90.0 };
    let polygons = || land().iter().chain(countries().iter().flat_map(|c| &c.polygons));
    for ring in polygons().flat_map(|polygon| &polygon.rings) {
        assert!(ring.len() >= 3);
        assert!(ring.iter().all(|point| world.contains(*point)));
        for (a, b) in ring.iter().zip(ring.iter().skip(1)) {
            let along_the_pole = a.lat_deg <= -89.9 && b.lat_deg <= -89.9;
            assert!((a.lon_deg - b.lon_deg).abs() < 180.0 || along_the_pole, "{a:?} {b:?}");
        }
    }
    for line in coasts().iter().chain(borders()) {
        assert!(line.points.len() >= 2);
        assert!(line.points.iter().all(|point| line.bounds.contains(*point)));
        assert!(line.points.windows(2).all(|w| (w[0].lon_deg - w[1].lon_deg).abs() < 30.0));
    }
    assert!(borders().len() > 300, "{}", borders().len());
}

#[test]
fn triangles_cover_the_land_and_nothing_else() {
    let mercator = |lat_deg: f32| {
        let lat_deg = lat_deg.clamp(-MERCATOR_LIMIT_DEG, MERCATOR_LIMIT_DEG);
        f64::from(lat_deg).to_radians().tan().asinh().to_degrees()
    };
    let area = |points: &[LonLat]| {
        let flat = |p: &LonLat| (f64::from(p.lon_deg), mercator(p.lat_deg));
        let pairs = points.iter().zip(points.iter().cycle().skip(1));
        let twice: f64 = pairs.map(|(a, b)| flat(a).0 * flat(b).1 - flat(b).0 * flat(a).1).sum();
        (twice / 2.0).abs()
    };
    let outlines: f64 = land()
        .iter()
        .map(|p| area(&p.rings[0]) - p.rings[1..].iter().map(|hole| area(hole)).sum::<f64>())
        .sum();
    let mut triangles = 0.0;
    for piece in land_triangles() {
        assert!(piece.bounds.east_deg - piece.bounds.west_deg <= 20.001);
        assert!(piece.bounds.north_deg - piece.bounds.south_deg <= 20.001);
        for corners in piece.indices.chunks(3) {
            let corners: Vec<LonLat> =
                corners.iter().map(|at| piece.vertices[*at as usize]).collect();
            assert!(corners.iter().all(|corner| piece.bounds.contains(*corner)));
            triangles += area(&corners);
        }
    }
    // Edges are straight in degrees and bent by the projection where a square cuts them.
    assert!((triangles / outlines - 1.0).abs() < 0.002, "{triangles} {outlines}");
}
