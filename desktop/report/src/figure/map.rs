//! The map: land, a grid of degrees, the track, and where the access points are thought to be.
//!
//! Mercator projection around what is to be seen. There are no streets: the bundled map is of the
//! world, and a report is made without a network.

use super::svg::{Anchor, Svg, round_down};
use crate::content::Facts;
use crate::protection::Class;
use crate::words;
use pw_analysis::base_map::{self, Bounds, LonLat};
use pw_model::Position;

/// Width of the drawing: that of the text on the page, in points.
const WIDTH: f64 = 482.0;
/// Height of the map itself: as the survey's shape needs, within these.
const HEIGHTS: std::ops::RangeInclusive<f64> = 240.0..=530.0;
/// Below the map: the legend.
const LEGEND: f64 = 34.0;
/// With more networks than this their error circles would hide everything.
const MOST_CIRCLES: usize = 60;
/// With more weak networks than this their numbers would hide everything.
const MOST_NUMBERS: usize = 40;
/// Least side of the map in metres, so that a survey at one place has surroundings.
const LEAST_SIDE_M: f64 = 300.0;
/// Metres in a degree of latitude on the mean sphere.
const METRES_PER_DEG: f64 = 111_195.0;

/// The drawing and what its caption has to say.
pub(crate) struct Map {
    pub(crate) svg: String,
    /// Networks on it.
    pub(crate) shown: usize,
    /// Networks and track points that lie too far away.
    pub(crate) outside: usize,
    /// Error circles are drawn.
    pub(crate) circles: bool,
    /// Weak networks carry their number.
    pub(crate) numbers: bool,
}

/// Draws the map; `None` when nothing has a position.
pub(crate) fn draw(facts: &Facts<'_>) -> Option<Map> {
    let origin = facts
        .snapshot
        .track
        .iter()
        .find_map(|point| point.position)
        .or_else(|| facts.located().next().map(|(_, located)| located.position))?;
    let flat = Plane { origin_lon_deg: origin.lon_deg };
    let track: Vec<Option<[f64; 2]>> =
        facts.snapshot.track.iter().map(|p| p.position.map(|p| flat.point(p))).collect();
    let places: Vec<[f64; 2]> =
        facts.located().map(|(_, located)| flat.point(located.position)).collect();
    let all: Vec<[f64; 2]> = track.iter().flatten().chain(&places).copied().collect();
    let view = View::around(&all, &flat)?;
    let height = view.height;
    let mut svg = Svg::new(WIDTH, height + LEGEND);
    svg.raw(format_args!(
        "<clipPath id=\"map-area\"><rect width=\"{WIDTH}\" height=\"{height}\"/></clipPath>\
         <g clip-path=\"url(#map-area)\">"
    ));
    svg.rect([0.0, 0.0, WIDTH, height], "fill=\"#dbe7ee\"");
    draw_land(&mut svg, &view);
    let grid = Grid::of(&view);
    draw_grid(&mut svg, &view, &grid);
    draw_track(&mut svg, &view, facts, &flat);
    let outside = all.iter().filter(|point| !view.contains(**point)).count();
    let shown = places.iter().filter(|point| view.contains(**point)).count();
    let circles = places.len() <= MOST_CIRCLES;
    let numbers = draw_networks(&mut svg, &view, facts, circles);
    draw_degrees(&mut svg, &view, &grid);
    svg.raw(format_args!("</g>"));
    draw_scale(&mut svg, &view);
    if view.width_deg() < 8.0 {
        let drawn: Vec<[f64; 2]> = all.iter().map(|point| view.paper(*point)).collect();
        draw_locator(&mut svg, &view, &drawn);
    }
    svg.rect(
        [0.25, 0.25, WIDTH - 0.5, height - 0.5],
        "fill=\"none\" stroke=\"#8593a0\" stroke-width=\"0.5\"",
    );
    draw_legend(&mut svg, facts, circles, height);
    Some(Map { svg: svg.finish(), shown, outside, circles, numbers })
}

/// Mercator in degrees: x is the longitude without a jump near the origin, y grows to the north.
struct Plane {
    origin_lon_deg: f64,
}

impl Plane {
    fn point(&self, position: Position) -> [f64; 2] {
        let east_deg = position.lon_deg - self.origin_lon_deg;
        let east_deg = east_deg - 360.0 * (east_deg / 360.0).round();
        [self.origin_lon_deg + east_deg, mercator(position.lat_deg)]
    }
}

fn mercator(lat_deg: f64) -> f64 {
    let limit = f64::from(base_map::MERCATOR_LIMIT_DEG);
    lat_deg.clamp(-limit, limit).to_radians().tan().asinh().to_degrees()
}

fn latitude(y: f64) -> f64 {
    y.to_radians().sinh().atan().to_degrees()
}

/// A part of the plane on paper.
struct View {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
    width: f64,
    height: f64,
}

impl View {
    /// Around the points; around the bulk of them when a few are very far away.
    fn around(points: &[[f64; 2]], flat: &Plane) -> Option<Self> {
        let mut x: Vec<f64> = points.iter().map(|point| point[0]).collect();
        let mut y: Vec<f64> = points.iter().map(|point| point[1]).collect();
        x.sort_by(f64::total_cmp);
        y.sort_by(f64::total_cmp);
        let part = |sorted: &[f64], share: f64| {
            sorted.get((sorted.len().saturating_sub(1) as f64 * share).round() as usize).copied()
        };
        let span = |low: f64, high: f64| -> Option<[f64; 4]> {
            Some([part(&x, low)?, part(&y, low)?, part(&x, high)?, part(&y, high)?])
        };
        let size = |s: [f64; 4]| (s[2] - s[0]).hypot(s[3] - s[1]);
        let (every, bulk) = (span(0.0, 1.0)?, span(0.02, 0.98)?);
        // A few points on another continent must not shrink the survey to a dot.
        let bulk_is_better =
            size(bulk) > 0.0 && size(every) > 6.0 * size(bulk) && size(every) > 0.5;
        let [west, south, east, north] = if bulk_is_better { bulk } else { every };
        let middle = [(west + east) / 2.0, (south + north) / 2.0];
        debug_assert!((middle[0] - flat.origin_lon_deg).abs() <= 360.0);
        let metres_per_unit = METRES_PER_DEG * latitude(middle[1]).to_radians().cos();
        let least = LEAST_SIDE_M / metres_per_unit.max(1.0);
        let (wide, high) = (((east - west) * 1.12).max(least), ((north - south) * 1.12).max(least));
        let height = (WIDTH * high / wide).clamp(*HEIGHTS.start(), *HEIGHTS.end()).round();
        let scale = (WIDTH / wide).min(height / high);
        let (wide, high) = (WIDTH / scale, height / scale);
        Some(Self {
            west: middle[0] - wide / 2.0,
            south: middle[1] - high / 2.0,
            east: middle[0] + wide / 2.0,
            north: middle[1] + high / 2.0,
            width: WIDTH,
            height,
        })
    }

    fn width_deg(&self) -> f64 {
        self.east - self.west
    }

    fn contains(&self, [x, y]: [f64; 2]) -> bool {
        (self.west..=self.east).contains(&x) && (self.south..=self.north).contains(&y)
    }

    fn paper(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [
            (x - self.west) / (self.east - self.west) * self.width,
            (self.north - y) / (self.north - self.south) * self.height,
        ]
    }

    fn middle(&self) -> [f64; 2] {
        [(self.west + self.east) / 2.0, (self.south + self.north) / 2.0]
    }

    /// Metres of one point of paper, in the middle of the map.
    fn metres_per_point(&self) -> f64 {
        let degrees = self.width_deg() / self.width;
        degrees * METRES_PER_DEG * latitude(self.middle()[1]).to_radians().cos()
    }

    /// What of the world may be seen, for longitudes shifted by `shift` degrees.
    fn bounds(&self, shift: f64) -> Bounds {
        Bounds {
            west_deg: (self.west - shift) as f32,
            south_deg: latitude(self.south) as f32,
            east_deg: (self.east - shift) as f32,
            north_deg: latitude(self.north) as f32,
        }
    }
}

fn draw_land(svg: &mut Svg, view: &View) {
    for shift in [-360.0, 0.0, 360.0] {
        let bounds = view.bounds(shift);
        let paper = |point: &LonLat| {
            view.paper([f64::from(point.lon_deg) + shift, mercator(f64::from(point.lat_deg))])
        };
        for polygon in base_map::land().iter().filter_map(|polygon| polygon.within(&bounds)) {
            let rings: Vec<Vec<[f64; 2]>> =
                polygon.rings.iter().map(|ring| ring.iter().map(paper).collect()).collect();
            svg.polygons(&rings, "fill=\"#f7f5ef\"");
        }
        let lines = |svg: &mut Svg, lines: &[base_map::Line], style: &str| {
            for line in lines.iter().flat_map(|line| line.within(&bounds)) {
                let points: Vec<[f64; 2]> = line.points.iter().map(paper).collect();
                svg.polyline(&points, style);
            }
        };
        lines(svg, base_map::coasts(), "fill=\"none\" stroke=\"#9fb3c0\" stroke-width=\"0.5\"");
        lines(
            svg,
            base_map::borders(),
            "fill=\"none\" stroke=\"#b9a99a\" stroke-width=\"0.6\" stroke-dasharray=\"3 1.5\"",
        );
    }
}

/// Where the grid's lines run: meridians and parallels in degrees, and how many digits say them.
struct Grid {
    lon_deg: Vec<f64>,
    lat_deg: Vec<f64>,
    digits: usize,
}

impl Grid {
    fn of(view: &View) -> Self {
        let step = round_down(view.width_deg() / 3.0).min(30.0);
        let lines = |from: f64, to: f64| -> Vec<f64> {
            let first = (from / step).ceil() as i64;
            (first..).map(|at| at as f64 * step).take_while(|deg| *deg < to).collect()
        };
        Self {
            lon_deg: lines(view.west, view.east),
            lat_deg: lines(latitude(view.south), latitude(view.north)),
            digits: (-step.log10().floor()).max(0.0) as usize,
        }
    }
}

fn draw_grid(svg: &mut Svg, view: &View, grid: &Grid) {
    let line = "stroke=\"#c9d2d9\" stroke-width=\"0.4\"";
    for lon in &grid.lon_deg {
        let [x, _] = view.paper([*lon, view.south]);
        svg.line([x, 0.0], [x, view.height], line);
    }
    for lat in &grid.lat_deg {
        let [_, y] = view.paper([view.west, mercator(*lat)]);
        svg.line([0.0, y], [WIDTH, y], line);
    }
}

fn draw_degrees(svg: &mut Svg, view: &View, grid: &Grid) {
    let ink = "fill=\"#4a5864\" stroke=\"#f7f5ef\" stroke-width=\"1.6\" paint-order=\"stroke\" \
               stroke-linejoin=\"round\"";
    for lon in &grid.lon_deg {
        let [x, _] = view.paper([*lon, view.south]);
        let turned = lon - 360.0 * (lon / 360.0).round();
        let words = words::longitude(turned, grid.digits);
        svg.label([x + 2.0, view.height - 3.0], 6.0, Anchor::Start, ink, &words);
    }
    for lat in &grid.lat_deg {
        let [_, y] = view.paper([view.west, mercator(*lat)]);
        // The corner belongs to the longitudes.
        if y < view.height - 14.0 {
            let words = words::latitude(*lat, grid.digits);
            svg.label([2.5, y - 2.0], 6.0, Anchor::Start, ink, &words);
        }
    }
}

fn draw_track(svg: &mut Svg, view: &View, facts: &Facts<'_>, flat: &Plane) {
    let mut sensors: Vec<_> = facts.snapshot.track.iter().map(|point| point.sensor).collect();
    sensors.sort();
    sensors.dedup();
    let style = "fill=\"none\" stroke=\"#3c4a57\" stroke-width=\"1.1\" stroke-linejoin=\"round\" \
                 stroke-linecap=\"round\" stroke-opacity=\"0.75\"";
    for sensor in sensors {
        let mut run: Vec<[f64; 2]> = Vec::new();
        let mut finish = |run: &mut Vec<[f64; 2]>| {
            match run.as_slice() {
                [] => {}
                [one] => svg.circle(*one, 1.2, "fill=\"#3c4a57\""),
                points => svg.polyline(points, style),
            }
            run.clear();
        };
        for point in facts.snapshot.track.iter().filter(|point| point.sensor == sensor) {
            match point.position.map(|position| view.paper(flat.point(position))) {
                Some(at) => {
                    // Closer than a third of a point nobody sees.
                    let near = run.last().is_some_and(|b| (b[0] - at[0]).hypot(b[1] - at[1]) < 0.3);
                    if !near {
                        run.push(at);
                    }
                }
                None => finish(&mut run),
            }
        }
        finish(&mut run);
    }
}

/// Draws the networks, the weakest on top; true when the weak ones carry numbers.
fn draw_networks(svg: &mut Svg, view: &View, facts: &Facts<'_>, circles: bool) -> bool {
    let flat = Plane { origin_lon_deg: view.middle()[0] };
    let mut placed: Vec<_> = facts
        .located()
        .map(|(network, located)| (network, located, flat.point(located.position)))
        .filter(|(.., at)| view.contains(*at))
        .collect();
    placed.sort_by_key(|(network, ..)| std::cmp::Reverse(network.number));
    if circles {
        for (network, located, at) in &placed {
            if let Some(error_m) = located.position.error_m {
                let radius = f64::from(error_m) / view.metres_per_point();
                let colour = network.class.colour();
                let style = format!(
                    "fill=\"{colour}\" fill-opacity=\"0.07\" stroke=\"{colour}\" \
                     stroke-opacity=\"0.45\" stroke-width=\"0.4\""
                );
                svg.circle(view.paper(*at), radius, &style);
            }
        }
    }
    let size = match placed.len() {
        0..=60 => 3.2,
        61..=300 => 2.6,
        _ => 2.0,
    };
    for (network, _, at) in &placed {
        mark(svg, network.class, view.paper(*at), size);
    }
    let weak: Vec<_> = placed.iter().filter(|(network, ..)| network.class.is_weak()).collect();
    let numbers = !weak.is_empty() && weak.len() <= MOST_NUMBERS;
    if numbers {
        let mut taken: Vec<[f64; 2]> = Vec::new();
        for (network, _, at) in weak {
            let [x, y] = view.paper(*at);
            let free = taken.iter().all(|t| (t[0] - x).abs() > 12.0 || (t[1] - y).abs() > 7.0);
            if free {
                taken.push([x, y]);
                let halo = "fill=\"#1d2a35\" font-weight=\"600\" stroke=\"#ffffff\" \
                            stroke-width=\"1.6\" paint-order=\"stroke\" stroke-linejoin=\"round\"";
                let number = network.number.to_string();
                svg.label([x + size + 1.2, y + 2.2], 6.5, Anchor::Start, halo, &number);
            }
        }
    }
    numbers
}

/// One network. Weak classes have a shape of their own, for eyes that do not see the colours.
fn mark(svg: &mut Svg, class: Class, [x, y]: [f64; 2], size: f64) {
    let style = format!("fill=\"{}\" stroke=\"#ffffff\" stroke-width=\"0.5\"", class.colour());
    match class {
        Class::Open => {
            let (wide, high) = (size * 1.25, size * 1.2);
            let ring =
                vec![[x, y - high * 1.1], [x + wide, y + high * 0.8], [x - wide, y + high * 0.8]];
            svg.polygons(&[ring], &style);
        }
        Class::Broken => {
            let half = size * 1.35;
            let ring = vec![[x, y - half], [x + half, y], [x, y + half], [x - half, y]];
            svg.polygons(&[ring], &style);
        }
        _ => svg.circle([x, y], size, &style),
    }
}

fn draw_scale(svg: &mut Svg, view: &View) {
    let length_m = round_down(view.metres_per_point() * WIDTH / 4.0);
    let length = length_m / view.metres_per_point();
    let (x, y) = (WIDTH - 14.0 - length, view.height - 20.0);
    svg.rect([x - 6.0, y - 14.0, length + 12.0, 22.0], "fill=\"#ffffff\" fill-opacity=\"0.8\"");
    let ink = "stroke=\"#1d2a35\" stroke-width=\"1\"";
    svg.line([x, y], [x + length, y], ink);
    svg.line([x, y - 3.0], [x, y + 3.0], ink);
    svg.line([x + length, y - 3.0], [x + length, y + 3.0], ink);
    svg.label(
        [x + length / 2.0, y - 4.0],
        7.0,
        Anchor::Middle,
        "fill=\"#1d2a35\"",
        &words::metres(length_m),
    );
}

/// A small map of the surroundings, so that a reader sees in which part of the world this is; in the
/// corner where it hides least.
fn draw_locator(svg: &mut Svg, view: &View, drawn: &[[f64; 2]]) {
    let (wide, high) = (104.0, 74.0);
    let (right, foot) = (WIDTH - wide - 8.0, view.height - high - 16.0);
    let hidden = |[left, top]: [f64; 2]| {
        let inside = |p: &&[f64; 2]| {
            (left - 6.0..left + wide + 6.0).contains(&p[0])
                && (top - 6.0..top + high + 6.0).contains(&p[1])
        };
        drawn.iter().filter(inside).count()
    };
    // The scale stands in the fourth corner.
    let corners = [[right, 8.0], [8.0, 8.0], [8.0, foot]];
    let [left, top] =
        corners.into_iter().min_by_key(|corner| hidden(*corner)).unwrap_or(corners[0]);
    let [lon, y] = view.middle();
    let half = 13.0;
    let inset = View {
        west: lon - half,
        south: y - half * high / wide,
        east: lon + half,
        north: y + half * high / wide,
        width: wide,
        height: high,
    };
    svg.raw(format_args!(
        "<clipPath id=\"map-inset\"><rect width=\"{wide}\" height=\"{high}\"/></clipPath>\
         <g transform=\"translate({left} {top})\"><g clip-path=\"url(#map-inset)\">"
    ));
    svg.rect([0.0, 0.0, wide, high], "fill=\"#cfdfe8\"");
    draw_land(svg, &inset);
    svg.circle(
        inset.paper([lon, y]),
        3.0,
        "fill=\"#d55e00\" stroke=\"#ffffff\" stroke-width=\"0.8\"",
    );
    svg.raw(format_args!("</g>"));
    svg.rect([0.0, 0.0, wide, high], "fill=\"none\" stroke=\"#5f6b76\" stroke-width=\"0.6\"");
    svg.raw(format_args!("</g>"));
}

fn draw_legend(svg: &mut Svg, facts: &Facts<'_>, circles: bool, foot: f64) {
    let ink = "fill=\"#1d2a35\"";
    let (mut x, mut y) = (4.0, foot + 12.0);
    let mut place = |width: f64| {
        if x + width > WIDTH {
            x = 4.0;
            y += 13.0;
        }
        let at = [x, y];
        x += width;
        at
    };
    if facts.snapshot.track.iter().any(|point| point.position.is_some()) {
        let [x, y] = place(46.0);
        svg.line([x, y - 2.5], [x + 14.0, y - 2.5], "stroke=\"#3c4a57\" stroke-width=\"1.2\"");
        svg.label([x + 18.0, y], 7.0, Anchor::Start, ink, "Track");
    }
    for class in Class::ALL {
        let placed = facts.located().filter(|(network, _)| network.class == class).count();
        if placed == 0 {
            continue;
        }
        let words = format!("{} ({})", class.name(), words::count(placed as u64));
        // Seven points of this type are about 3.6 wide on the average.
        let [x, y] = place(18.0 + words.chars().count() as f64 * 3.7);
        mark(svg, class, [x + 4.0, y - 2.4], 3.0);
        svg.label([x + 10.0, y], 7.0, Anchor::Start, ink, &words);
    }
    if circles && facts.located().next().is_some() {
        let [x, y] = place(100.0);
        let style = "fill=\"#5f6b76\" fill-opacity=\"0.1\" stroke=\"#5f6b76\" stroke-width=\"0.5\"";
        svg.circle([x + 5.0, y - 2.4], 4.5, style);
        svg.label([x + 13.0, y], 7.0, Anchor::Start, ink, "Estimated error (95%)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::input::ReportInput;
    use pw_model::{MacAddr, SensorId, Timestamp};
    use pw_survey::TrackPoint;
    use std::sync::Arc;

    /// A survey of only a track.
    fn track(places: &[(f64, f64)]) -> ReportInput {
        let point = |at: usize, place: &(f64, f64)| TrackPoint {
            time: Timestamp::from_unix_secs(at as i64),
            sensor: SensorId([1; 16]),
            position: Position::new(place.0, place.1),
            speed_mps: None,
        };
        let mut snapshot = fixture::empty();
        let points = places.iter().enumerate().map(|(at, place)| point(at, place));
        snapshot.track = Arc::new(points.collect());
        fixture::input(snapshot)
    }

    fn check_draws(places: &[(f64, f64)], outside: usize) -> String {
        let input = track(places);
        let map = draw(&Facts::new(&input)).expect("a position is known");
        assert_eq!(map.outside, outside, "{places:?}");
        assert!(!map.svg.contains("NaN") && !map.svg.contains("inf"), "{places:?}");
        map.svg
    }

    #[test]
    fn one_place_has_surroundings() {
        let svg = check_draws(&[(47.37, 8.54)], 0);
        assert!(svg.contains(" m</text>"), "a scale");
    }

    #[test]
    fn the_date_line_is_no_edge() {
        let svg = check_draws(&[(-16.8, 179.9), (-16.8, -179.9)], 0);
        assert!(svg.contains("E</text>") && svg.contains("W</text>"), "both hemispheres");
        assert!(svg.contains(" km</text>"), "some 20 km, not the circumference of the earth");
    }

    #[test]
    fn the_ends_of_the_earth() {
        check_draws(&[(90.0, 10.0), (89.9, -170.0)], 0);
        check_draws(&[(-90.0, 0.0)], 0);
        check_draws(&[(60.0, -179.0), (-60.0, 0.5), (0.1, 179.0)], 0);
        check_draws(&[(40.0, -9.0), (60.0, 25.0), (38.0, 24.0)], 0);
    }

    #[test]
    fn a_far_point_does_not_shrink_the_town() {
        let mut places: Vec<(f64, f64)> =
            (0..200).map(|at| (52.5 + f64::from(at) * 1e-4, 13.4)).collect();
        places.push((-33.9, 151.2));
        let svg = check_draws(&places, 1);
        assert!(svg.contains(" m</text>"), "a scale of metres");
    }

    #[test]
    fn nothing_known_nothing_drawn() {
        let input = track(&[]);
        assert!(draw(&Facts::new(&input)).is_none());
        assert!(input.located.get(&MacAddr::ZERO).is_none());
    }
}
