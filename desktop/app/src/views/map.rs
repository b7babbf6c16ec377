//! The map: base map, track and access points, in step with the table. Nothing is fetched unasked.

mod access_points;
mod base;
mod furniture;
mod track;

use crate::command::{Command, DialogKind};
use crate::feed::Feed;
use crate::style::Palette;
use crate::views::parts;
use egui::Ui;
use pw_model::MacAddr;
use pw_survey::Snapshot;
use std::path::PathBuf;
use walkers::{HttpOptions, HttpTiles, MapMemory, Projector, lat_lon};

/// The farthest the map zooms out by itself.
const LEAST_ZOOM: f64 = 2.0;
/// The nearest it zooms in by itself.
const MOST_ZOOM: f64 = 18.0;

/// What the map remembers between frames.
pub(crate) struct MapState {
    memory: MapMemory,
    tiles: Option<HttpTiles>,
    /// The survey and whether it had places when the map was last fitted to it.
    fitted: Option<(PathBuf, bool)>,
    /// An access point to bring into sight.
    pub(crate) bring: Option<MacAddr>,
    follow: bool,
    hovered: Option<MacAddr>,
    base: base::Base,
}

impl std::fmt::Debug for MapState {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("MapState").field("follow", &self.follow).finish_non_exhaustive()
    }
}

impl Default for MapState {
    fn default() -> Self {
        Self {
            memory: MapMemory::default(),
            tiles: None,
            fitted: None,
            bring: None,
            follow: false,
            hovered: None,
            base: base::Base::bundled(),
        }
    }
}

impl MapState {
    /// Starts or ends fetching tiles from OpenStreetMap's servers.
    pub(crate) fn set_online(&mut self, online: bool, ctx: &egui::Context) {
        self.tiles = online.then(|| {
            let cache = directories::ProjectDirs::from("", "", "piwardrive")
                .map(|dirs| dirs.cache_dir().join("tiles"));
            let agent = concat!("PiWardrive/", env!("CARGO_PKG_VERSION"));
            let options = HttpOptions {
                cache,
                user_agent: Some(walkers::HeaderValue::from_static(agent)),
                ..HttpOptions::default()
            };
            HttpTiles::with_options(walkers::sources::OpenStreetMap, options, ctx.clone())
        });
    }

    fn zoom_to(&mut self, zoom: f64) {
        // The range is inside what the map takes, so this cannot be refused.
        if self.memory.set_zoom(zoom.clamp(0.0, 22.0)).is_err() {
            tracing::warn!(zoom, "the map refused a zoom level");
        }
    }

    fn fit(&mut self, bounds: Bounds, size: egui::Vec2) {
        self.follow = false;
        let (lat_deg, lon_deg) = bounds.centre();
        self.memory.center_at(lat_lon(lat_deg, lon_deg));
        self.zoom_to(bounds.zoom(size));
    }
}

/// What a map should show: corners in degrees.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Bounds {
    south_deg: f64,
    north_deg: f64,
    west_deg: f64,
    east_deg: f64,
}

impl Bounds {
    fn of(places: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        places.fold(None, |bounds, (lat_deg, lon_deg)| {
            let start = Self {
                south_deg: lat_deg,
                north_deg: lat_deg,
                west_deg: lon_deg,
                east_deg: lon_deg,
            };
            let old: Self = bounds.unwrap_or(start);
            Some(Self {
                south_deg: old.south_deg.min(lat_deg),
                north_deg: old.north_deg.max(lat_deg),
                west_deg: old.west_deg.min(lon_deg),
                east_deg: old.east_deg.max(lon_deg),
            })
        })
    }

    fn centre(&self) -> (f64, f64) {
        let (_, top) = base::mercator(self.north_deg, 0.0);
        let (_, bottom) = base::mercator(self.south_deg, 0.0);
        (base::latitude((top + bottom) / 2.0), (self.west_deg + self.east_deg) / 2.0)
    }

    /// The largest zoom at which all of it fits into `size` points with a margin.
    fn zoom(&self, size: egui::Vec2) -> f64 {
        let (west, north) = base::mercator(self.north_deg, self.west_deg);
        let (east, south) = base::mercator(self.south_deg, self.east_deg);
        let across = f64::from(size.x - 400.0).max(160.0) / 256.0 / (east - west).max(1e-9);
        let down = f64::from(size.y - 150.0).max(100.0) / 256.0 / (south - north).max(1e-9);
        across.min(down).log2().clamp(LEAST_ZOOM, MOST_ZOOM)
    }
}

/// Everything in a snapshot that has a place.
fn bounds(snapshot: &Snapshot, feed: &Feed) -> Option<Bounds> {
    let track = snapshot.track.iter().filter_map(|point| point.position);
    let places = feed.located.values().map(|located| located.position);
    Bounds::of(track.chain(places).map(|place| (place.lat_deg, place.lon_deg)))
}

/// Paints the view.
pub(crate) fn ui(
    ui: &mut Ui,
    state: &mut MapState,
    feed: &Feed,
    palette: &Palette,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    let Some(snapshot) = feed.shown.clone() else {
        parts::no_survey(ui, palette, commands);
        return;
    };
    let size = ui.available_size();
    let everything = bounds(&snapshot, feed);
    refit(state, &snapshot, everything, size);
    bring_into_sight(state, feed);
    let here = snapshot.track.iter().rev().find_map(|point| point.position);
    if state.follow {
        state.memory.follow_my_position();
    }
    let centre = here.map_or_else(|| lat_lon(25.0, 10.0), |at| lat_lon(at.lat_deg, at.lon_deg));
    let online = state.tiles.is_some();
    ui.painter().rect_filled(ui.available_rect_before_wrap(), 0.0, palette.water);
    let MapState { memory, tiles, base, hovered, .. } = state;
    let tiles = tiles.as_mut().map(|tiles| -> &mut dyn walkers::Tiles { tiles });
    let map = walkers::Map::new(tiles, memory, centre)
        .zoom_with_ctrl(false)
        .double_click_to_zoom(true)
        .with_plugin(Grid { palette, base, online });
    let shown = map.show(ui, |ui, response, projector, _| {
        track::paint(ui, projector, &snapshot, palette, feed.is_live());
        let scene = access_points::scene(projector, &snapshot, feed, chosen);
        let pointer = response.hover_pos().filter(|_| response.contains_pointer());
        *hovered = pointer.and_then(|at| access_points::nearest(&scene, at));
        let marked = access_points::Marked { chosen, hovered: *hovered };
        access_points::paint(ui, projector, &scene, &snapshot, feed, palette, marked);
        if response.clicked() {
            match access_points::hit(&scene, response.interact_pointer_pos()) {
                access_points::Hit::AccessPoint(bssid) => {
                    commands.push(Command::Choose(Some(bssid)));
                }
                access_points::Hit::Cluster(at) => {
                    return Some(Ask::ZoomIn(projector.unproject(at.to_vec2())));
                }
                access_points::Hit::Nothing => commands.push(Command::Choose(None)),
            }
        }
        if response.dragged() {
            return Some(Ask::Unfollow);
        }
        furniture::paint(ui, projector, &snapshot, feed, palette, pointer, online);
        None
    });
    let rect = shown.response.rect;
    match shown.inner {
        Some(Ask::ZoomIn(place)) => {
            state.follow = false;
            state.memory.center_at(place);
            state.zoom_to(state.memory.zoom() + 1.5);
            ui.ctx().request_repaint();
        }
        Some(Ask::Unfollow) => state.follow = false,
        None => {}
    }
    let can_follow = here.is_some();
    match furniture::buttons(ui, rect, state.follow, can_follow, everything.is_some(), online) {
        Some(furniture::Pressed::Fit) => {
            if let Some(bounds) = everything {
                state.fit(bounds, rect.size());
                ui.ctx().request_repaint();
            }
        }
        Some(furniture::Pressed::Follow) => {
            state.follow = !state.follow;
            ui.ctx().request_repaint();
        }
        Some(furniture::Pressed::ZoomBy(step)) => {
            state.zoom_to(state.memory.zoom() + step);
            ui.ctx().request_repaint();
        }
        Some(furniture::Pressed::Online) if online => commands.push(Command::SetOnlineTiles(false)),
        Some(furniture::Pressed::Online) => {
            commands.push(Command::OpenDialog(DialogKind::OnlineMap));
        }
        None => {}
    }
}

/// What a click on the map asks for.
enum Ask {
    ZoomIn(walkers::Position),
    Unfollow,
}

/// Base map and grid, below everything else.
struct Grid<'a> {
    palette: &'a Palette,
    base: &'a base::Base,
    online: bool,
}

impl walkers::Plugin for Grid<'_> {
    fn run(
        self: Box<Self>,
        ui: &mut Ui,
        _: &egui::Response,
        projector: &Projector<'_>,
        _: &MapMemory,
    ) {
        if !self.online {
            self.base.paint(ui, projector, self.palette);
            base::graticule(ui, projector, self.palette);
        }
    }
}

fn refit(state: &mut MapState, snapshot: &Snapshot, everything: Option<Bounds>, size: egui::Vec2) {
    let now = (snapshot.survey.path.clone(), everything.is_some());
    if state.fitted.as_ref() == Some(&now) {
        return;
    }
    match everything {
        Some(bounds) => state.fit(bounds, size),
        None => {
            state.memory.center_at(lat_lon(25.0, 10.0));
            state.zoom_to(LEAST_ZOOM);
        }
    }
    state.fitted = Some(now);
}

fn bring_into_sight(state: &mut MapState, feed: &Feed) {
    let Some(bssid) = state.bring.take() else { return };
    if let Some(located) = feed.located.get(&bssid) {
        state.follow = false;
        state.memory.center_at(lat_lon(located.position.lat_deg, located.position.lon_deg));
        if state.memory.zoom() < 16.0 {
            state.zoom_to(16.5);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitting_shows_everything() {
        let places = [(48.0, 11.0), (48.1, 11.3)];
        let bounds = Bounds::of(places.into_iter()).expect("two places");
        let size = egui::vec2(800.0, 600.0);
        let zoom = bounds.zoom(size);
        let (west, north) = base::mercator(48.1, 11.0);
        let (east, south) = base::mercator(48.0, 11.3);
        let points = 256.0 * zoom.exp2();
        assert!((east - west) * points <= 800.0 && (south - north) * points <= 600.0);
        assert!((east - west) * points > 150.0, "not needlessly small");
    }

    #[test]
    fn one_place_is_not_zoomed_into_for_ever() {
        let bounds = Bounds::of([(48.0, 11.0)].into_iter()).expect("one place");
        assert!((bounds.zoom(egui::vec2(800.0, 600.0)) - MOST_ZOOM).abs() < 1e-9);
        assert_eq!(Bounds::of(std::iter::empty()), None);
    }
}
