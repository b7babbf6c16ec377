//! The bundled world base map and a grid of coordinates: what the map shows without any network.

use crate::style::Palette;
use egui::{Align2, Color32, FontId, Mesh, Pos2, Rect, Shape, Stroke, Ui, pos2};
use pw_analysis::base_map::{self, LonLat};
use walkers::Projector;

/// A line or ring in normalised Mercator coordinates: 0 to 1 from west to east and north to south.
#[derive(Clone, Debug, Default)]
struct Path {
    points: Vec<(f64, f64)>,
    west: f64,
    east: f64,
    north: f64,
    south: f64,
}

impl Path {
    /// From pairs of latitude and longitude in degrees.
    fn new(places: impl Iterator<Item = (f64, f64)>) -> Self {
        let points: Vec<(f64, f64)> =
            places.map(|(lat_deg, lon_deg)| mercator(lat_deg, lon_deg)).collect();
        let least = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).fold(1.0, f64::min);
        let most = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).fold(0.0, f64::max);
        let (west, east) = (least(|point| point.0), most(|point| point.0));
        let (north, south) = (least(|point| point.1), most(|point| point.1));
        Self { points, west, east, north, south }
    }
}

/// Normalised Mercator coordinates of a place in degrees.
pub(super) fn mercator(lat_deg: f64, lon_deg: f64) -> (f64, f64) {
    // Beyond this latitude the square world map ends.
    let lat = lat_deg.clamp(-85.051_128, 85.051_128).to_radians();
    let y = (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0;
    (lon_deg / 360.0 + 0.5, y)
}

/// Latitude in degrees of a normalised Mercator ordinate.
pub(super) fn latitude(y: f64) -> f64 {
    ((1.0 - 2.0 * y) * std::f64::consts::PI).sinh().atan().to_degrees()
}

/// Land and borders of the world.
#[derive(Debug, Default)]
pub(super) struct Base {
    land: Vec<Path>,
    coasts: Vec<Path>,
    borders: Vec<Path>,
    labels: Vec<Label>,
}

/// The name of a country.
#[derive(Debug)]
struct Label {
    name: String,
    /// Where, in normalised Mercator coordinates.
    at: (f64, f64),
    /// Width of the country in the same.
    width: f64,
}

/// From normalised coordinates to points on the screen.
struct View {
    rect: Rect,
    /// Points across the whole world.
    world: f64,
    centre: (f64, f64),
}

impl View {
    fn new(projector: &Projector<'_>) -> Self {
        let rect = projector.clip_rect();
        let middle = projector.unproject(rect.center().to_vec2());
        Self {
            rect,
            world: 256.0 * projector.zoom().exp2(),
            centre: mercator(middle.y(), middle.x()),
        }
    }

    fn x(&self, x: f64) -> f64 {
        f64::from(self.rect.center().x) + (x - self.centre.0) * self.world
    }

    fn y(&self, y: f64) -> f64 {
        f64::from(self.rect.center().y) + (y - self.centre.1) * self.world
    }

    fn sees(&self, path: &Path) -> bool {
        self.x(path.west) < f64::from(self.rect.right())
            && self.x(path.east) > f64::from(self.rect.left())
            && self.sees_rows(path)
    }

    fn sees_rows(&self, path: &Path) -> bool {
        self.y(path.north) < f64::from(self.rect.bottom())
            && self.y(path.south) > f64::from(self.rect.top())
    }
}

impl Base {
    /// The map that comes with the program; read once, in some milliseconds.
    pub(super) fn bundled() -> Self {
        let path = |points: &[LonLat]| {
            Path::new(points.iter().map(|at| (f64::from(at.lat_deg), f64::from(at.lon_deg))))
        };
        let rings = base_map::land().iter().flat_map(|polygon| &polygon.rings);
        let labels = base_map::countries().iter().map(|country| Label {
            name: country.name.clone(),
            at: mercator(f64::from(country.label.lat_deg), f64::from(country.label.lon_deg)),
            width: f64::from(country.label_bounds.east_deg - country.label_bounds.west_deg) / 360.0,
        });
        let mut labels: Vec<Label> = labels.collect();
        labels.sort_by(|one, other| other.width.total_cmp(&one.width));
        Self {
            land: rings.map(|ring| path(ring)).collect(),
            coasts: base_map::coasts().iter().map(|line| path(&line.points)).collect(),
            borders: base_map::borders().iter().map(|line| path(&line.points)).collect(),
            labels,
        }
    }

    /// Paints land, coasts and borders.
    pub(super) fn paint(&self, ui: &Ui, projector: &Projector<'_>, palette: &Palette) {
        let view = View::new(projector);
        let painter = ui.painter_at(view.rect);
        painter.add(Shape::mesh(fill(&self.land, &view, palette.land)));
        let coast = Stroke::new(1.0, palette.coast);
        outline(&self.coasts, &view, coast, &painter);
        outline(
            &self.borders,
            &view,
            Stroke::new(1.0, palette.coast.gamma_multiply(0.6)),
            &painter,
        );
        self.names(&view, &painter, palette);
    }

    /// Names of countries that are wide enough for them; of two that collide, the wider country's.
    fn names(&self, view: &View, painter: &egui::Painter, palette: &Palette) {
        let font = FontId::proportional(12.5);
        let mut taken: Vec<Rect> = Vec::new();
        for label in &self.labels {
            let at = pos2(view.x(label.at.0) as f32, view.y(label.at.1) as f32);
            let room = (label.width * view.world) as f32;
            if !view.rect.contains(at) || room < 40.0 {
                continue;
            }
            let galley = painter.layout_no_wrap(label.name.clone(), font.clone(), palette.weak);
            let rect = Rect::from_center_size(at, galley.size());
            if galley.size().x > room || taken.iter().any(|other| other.intersects(rect)) {
                continue;
            }
            painter.galley(rect.min, galley, palette.weak);
            taken.push(rect.expand(4.0));
        }
    }
}

/// The inside of rings by the even-odd rule, one row of points after the other.
/// Rings need not be convex, and a lake within land is a hole.
fn fill(rings: &[Path], view: &View, color: Color32) -> Mesh {
    let top = f64::from(view.rect.top());
    let rows = view.rect.height().ceil().max(0.0) as usize;
    let mut crossings: Vec<Vec<f32>> = vec![Vec::new(); rows];
    let right = f64::from(view.rect.right());
    // What lies wholly to the right of the view does not change what is inside it.
    let near = |ring: &&Path| view.sees_rows(ring) && view.x(ring.west) < right;
    for ring in rings.iter().filter(near) {
        let closing = ring.points.last().into_iter().chain(&ring.points);
        for (from, to) in closing.zip(&ring.points) {
            let (x_from, y_from) = (view.x(from.0), view.y(from.1));
            let (x_to, y_to) = (view.x(to.0), view.y(to.1));
            // Rows are sampled at their middle; each end belongs to one edge only.
            let first = (y_from.min(y_to) - top - 0.5).ceil().max(0.0);
            let last = (y_from.max(y_to) - top - 0.5).ceil().min(rows as f64);
            if first >= last {
                continue;
            }
            for row in first as usize..last as usize {
                let share = (top + row as f64 + 0.5 - y_from) / (y_to - y_from);
                if let Some(row) = crossings.get_mut(row) {
                    row.push((x_from + share * (x_to - x_from)) as f32);
                }
            }
        }
    }
    let mut mesh = Mesh::default();
    for (row, mut crossings) in crossings.into_iter().enumerate() {
        crossings.sort_by(f32::total_cmp);
        let y = view.rect.top() + row as f32;
        for pair in crossings.chunks_exact(2) {
            let [left, right] = pair else { continue };
            let (left, right) = (left.max(view.rect.left()), right.min(view.rect.right()));
            if left < right {
                mesh.add_colored_rect(
                    Rect::from_min_max(pos2(left, y), pos2(right, y + 1.0)),
                    color,
                );
            }
        }
    }
    mesh
}

fn outline(paths: &[Path], view: &View, stroke: Stroke, painter: &egui::Painter) {
    let wide = view.rect.expand(50.0);
    for path in paths.iter().filter(|path| view.sees(path)) {
        let mut run: Vec<Pos2> = Vec::new();
        let mut before: Option<Pos2> = None;
        for point in &path.points {
            let at = pos2(view.x(point.0) as f32, view.y(point.1) as f32);
            let near = before.is_some_and(|before| Rect::from_two_pos(before, at).intersects(wide));
            if near {
                if run.is_empty() {
                    run.extend(before);
                }
                // Points nearer than this to the one before cannot be told apart.
                if run.last().is_none_or(|last| last.distance(at) > 1.0) {
                    run.push(at);
                }
            } else if run.len() > 1 {
                painter.line(std::mem::take(&mut run), stroke);
            } else {
                run.clear();
            }
            before = Some(at);
        }
        if run.len() > 1 {
            painter.line(run, stroke);
        }
    }
}

/// Lines of latitude and longitude at round degrees, with their values at the edge.
pub(super) fn graticule(ui: &Ui, projector: &Projector<'_>, palette: &Palette) {
    let view = View::new(projector);
    let painter = ui.painter_at(view.rect);
    let degree = view.world / 360.0;
    let step = grid_step(degree);
    let digits = (-step.log10()).ceil().max(0.0) as usize;
    let stroke = Stroke::new(1.0, palette.coast.gamma_multiply(0.35));
    let font = FontId::proportional(10.5);
    let color = palette.weak.gamma_multiply(0.9);
    let corner = projector.unproject(view.rect.left_top().to_vec2());
    let other = projector.unproject(view.rect.right_bottom().to_vec2());
    let mut lon_deg = (corner.x() / step).ceil() * step;
    while lon_deg < other.x() && lon_deg <= 180.0 {
        let x = view.x(mercator(0.0, lon_deg).0) as f32;
        painter.vline(x, view.rect.y_range(), stroke);
        let east = side(lon_deg, step, " W", " E");
        let text = format!("{:.digits$}°{east}", lon_deg.abs());
        painter.text(
            pos2(x + 3.0, view.rect.top() + 3.0),
            Align2::LEFT_TOP,
            text,
            font.clone(),
            color,
        );
        lon_deg += step;
    }
    let mut lat_deg = (other.y() / step).ceil() * step;
    while lat_deg < corner.y().min(85.0) {
        let y = view.y(mercator(lat_deg, 0.0).1) as f32;
        painter.hline(view.rect.x_range(), y, stroke);
        let north = side(lat_deg, step, " S", " N");
        let text = format!("{:.digits$}°{north}", lat_deg.abs());
        let at = pos2(view.rect.right() - 4.0, y - 2.0);
        painter.text(at, Align2::RIGHT_BOTTOM, text, font.clone(), color);
        lat_deg += step;
    }
}

/// The side of the globe; none for the line in the middle.
fn side(deg: f64, step: f64, minus: &'static str, plus: &'static str) -> &'static str {
    if deg.abs() < step / 2.0 {
        ""
    } else if deg < 0.0 {
        minus
    } else {
        plus
    }
}

/// The round number of degrees whose lines are at least 130 points apart.
fn grid_step(points_per_degree: f64) -> f64 {
    const STEPS: [f64; 18] = [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0,
        5.0, 10.0, 20.0, 30.0,
    ];
    STEPS.into_iter().find(|step| step * points_per_degree >= 130.0).unwrap_or(45.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        View {
            rect: Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0)),
            world: 100.0,
            centre: (0.5, 0.5),
        }
    }

    fn ring(points: &[(f64, f64)]) -> Path {
        let places = points.iter().map(|(x, y)| (latitude(*y), (x - 0.5) * 360.0));
        Path::new(places)
    }

    fn area(mesh: &Mesh) -> f32 {
        mesh.vertices.chunks_exact(4).map(|quad| (quad[3].pos.x - quad[0].pos.x).abs()).sum()
    }

    #[test]
    fn a_square_is_filled_and_a_lake_left_out() {
        let square = ring(&[(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]);
        let whole = area(&fill(std::slice::from_ref(&square), &view(), Color32::RED));
        assert!((whole - 3600.0).abs() < 70.0, "{whole}");
        let lake = ring(&[(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]);
        let rest = area(&fill(&[square, lake], &view(), Color32::RED));
        assert!((rest - 3200.0).abs() < 70.0, "{rest}");
    }

    #[test]
    fn land_around_the_view_fills_it() {
        let world = ring(&[(0.01, 0.05), (0.99, 0.05), (0.99, 0.95), (0.01, 0.95)]);
        let mut near = view();
        near.world = 100_000.0;
        let filled = area(&fill(&[world], &near, Color32::RED));
        assert!((filled - 10_000.0).abs() < 1.0, "{filled}");
    }

    #[test]
    fn mercator_goes_there_and_back() {
        for lat_deg in [-80.0, -33.0, 0.0, 48.0, 85.0] {
            let (_, y) = mercator(lat_deg, 0.0);
            assert!((latitude(y) - lat_deg).abs() < 1e-9);
        }
        assert_eq!(mercator(0.0, -180.0).0, 0.0);
    }

    #[test]
    fn grid_lines_are_apart_and_round() {
        for points_per_degree in [0.7, 5.0, 300.0, 182_000.0] {
            let step = grid_step(points_per_degree);
            assert!(step * points_per_degree >= 31.0, "{step}");
        }
    }
}
