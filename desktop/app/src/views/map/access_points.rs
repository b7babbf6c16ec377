//! Access points where they are estimated to be: shape and colour by security, gathered when dense.

use crate::feed::Feed;
use crate::style::Palette;
use crate::views::security::{self, SecurityClass};
use crate::words;
use egui::{Align2, FontId, Painter, Pos2, Rect, Stroke, Ui, pos2, vec2};
use pw_analysis::locate::Located;
use pw_model::MacAddr;
use pw_survey::{AccessPoint, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use walkers::{Projector, lat_lon};

/// Side of the squares in which access points are gathered, in points.
const CELL: f32 = 27.0;
/// More than this many in a square become one mark with their number.
const MOST_IN_CELL: usize = 5;
/// Names painted at most; the strongest come first.
const MOST_NAMES: usize = 40;
/// Names of others than the chosen are painted from this zoom on.
const NAMES_FROM_ZOOM: f64 = 16.4;

/// An access point on the screen.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) ap: Arc<AccessPoint>,
    pub(super) at: Pos2,
    class: SecurityClass,
}

/// Many access points too near to each other to be told apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cluster {
    pub(super) at: Pos2,
    pub(super) count: usize,
    /// Of these open or badly protected.
    weak: usize,
}

/// What is painted.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) spots: Vec<Spot>,
    pub(super) clusters: Vec<Cluster>,
}

/// What a click hit.
#[derive(Debug, PartialEq)]
pub(super) enum Hit {
    AccessPoint(MacAddr),
    Cluster(Pos2),
    Nothing,
}

pub(super) fn scene(
    projector: &Projector<'_>,
    snapshot: &Snapshot,
    feed: &Feed,
    chosen: Option<MacAddr>,
) -> Scene {
    let rect = projector.clip_rect().expand(20.0);
    let spots = feed.located.iter().filter_map(|(bssid, located)| {
        let at = on_screen(projector, located);
        if !rect.contains(at) {
            return None;
        }
        let ap = Arc::clone(snapshot.access_point(*bssid)?);
        let class = SecurityClass::of(&ap);
        Some(Spot { ap, at, class })
    });
    gather(spots, chosen)
}

fn on_screen(projector: &Projector<'_>, located: &Located) -> Pos2 {
    let at = projector.project(lat_lon(located.position.lat_deg, located.position.lon_deg));
    pos2(at.x, at.y)
}

/// Gathers what lies in one square when it is too much; the chosen one always stands alone.
fn gather(spots: impl Iterator<Item = Spot>, chosen: Option<MacAddr>) -> Scene {
    let mut cells: BTreeMap<(i32, i32), Vec<Spot>> = BTreeMap::new();
    let mut scene = Scene::default();
    for spot in spots {
        if chosen == Some(spot.ap.bssid) {
            scene.spots.push(spot);
        } else {
            let cell = ((spot.at.x / CELL).floor() as i32, (spot.at.y / CELL).floor() as i32);
            cells.entry(cell).or_default().push(spot);
        }
    }
    for spots in cells.into_values() {
        if spots.len() <= MOST_IN_CELL {
            scene.spots.extend(spots);
            continue;
        }
        let count = spots.len();
        let sum = spots.iter().fold(egui::Vec2::ZERO, |sum, spot| sum + spot.at.to_vec2());
        let weak = spots
            .iter()
            .filter(|spot| matches!(spot.class, SecurityClass::Open | SecurityClass::Broken))
            .count();
        scene.clusters.push(Cluster { at: (sum / count as f32).to_pos2(), count, weak });
    }
    scene
}

/// The access point under the pointer.
pub(super) fn nearest(scene: &Scene, at: Pos2) -> Option<MacAddr> {
    scene
        .spots
        .iter()
        .map(|spot| (spot.at.distance(at), spot.ap.bssid))
        .filter(|(distance, _)| *distance < 12.0)
        .min_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, bssid)| bssid)
}

pub(super) fn hit(scene: &Scene, at: Option<Pos2>) -> Hit {
    let Some(at) = at else { return Hit::Nothing };
    if let Some(bssid) = nearest(scene, at) {
        return Hit::AccessPoint(bssid);
    }
    let cluster = scene.clusters.iter().find(|cluster| cluster.at.distance(at) < CELL / 2.0);
    cluster.map_or(Hit::Nothing, |cluster| Hit::Cluster(cluster.at))
}

/// Which access points are set off from the others.
#[derive(Clone, Copy)]
pub(super) struct Marked {
    /// The one whose details are shown.
    pub(super) chosen: Option<MacAddr>,
    /// The one under the pointer.
    pub(super) hovered: Option<MacAddr>,
}

pub(super) fn paint(
    ui: &Ui,
    projector: &Projector<'_>,
    scene: &Scene,
    snapshot: &Snapshot,
    feed: &Feed,
    palette: &Palette,
    marked: Marked,
) {
    let Marked { chosen, hovered } = marked;
    let painter = ui.painter_at(projector.clip_rect());
    for bssid in [chosen, hovered].into_iter().flatten() {
        error_circle(&painter, projector, feed, bssid, palette);
    }
    if let Some(ap) = chosen.and_then(|bssid| snapshot.access_point(bssid)) {
        heard_from(&painter, projector, ap, palette);
    }
    let edge = Stroke::new(1.0, palette.land);
    for spot in &scene.spots {
        let special = chosen == Some(spot.ap.bssid) || hovered == Some(spot.ap.bssid);
        if special {
            painter.circle_filled(spot.at, 12.0, palette.accent.gamma_multiply(0.35));
            painter.circle_stroke(spot.at, 12.0, Stroke::new(2.0, palette.accent));
        }
        painter.add(security::mark(palette, spot.class, spot.at, 6.0, edge));
    }
    for cluster in &scene.clusters {
        paint_cluster(&painter, cluster, palette);
    }
    names(&painter, projector, scene, palette, chosen, hovered);
}

fn paint_cluster(painter: &Painter, cluster: &Cluster, palette: &Palette) {
    let radius = 11.0 + (cluster.count as f32).log10() * 2.5;
    painter.circle(cluster.at, radius, palette.card, Stroke::new(1.5, palette.track));
    if cluster.weak > 0 {
        // A part of the ring for the share that is open or badly protected.
        let share = cluster.weak as f32 / cluster.count as f32;
        let steps = (share * 32.0).ceil().max(2.0) as usize;
        let arc: Vec<Pos2> = (0..=steps)
            .map(|step| {
                let angle = step as f32 / steps as f32 * share * std::f32::consts::TAU;
                cluster.at + vec2(angle.sin(), -angle.cos()) * radius
            })
            .collect();
        painter.line(arc, Stroke::new(3.5, palette.security(SecurityClass::Open)));
    }
    let font = FontId::proportional(11.5);
    let text = words::count(cluster.count as u64);
    painter.text(cluster.at, Align2::CENTER_CENTER, text, font, palette.strong);
}

fn error_circle(
    painter: &Painter,
    projector: &Projector<'_>,
    feed: &Feed,
    bssid: MacAddr,
    palette: &Palette,
) {
    let Some(located) = feed.located.get(&bssid) else { return };
    let Some(error_m) = located.position.error_m else { return };
    let place = lat_lon(located.position.lat_deg, located.position.lon_deg);
    let radius = error_m * projector.scale_pixel_per_meter(place);
    let at = on_screen(projector, located);
    let fill = palette.accent.gamma_multiply(0.10);
    painter.circle(at, radius, fill, Stroke::new(1.0, palette.accent.gamma_multiply(0.8)));
}

/// Dots where the chosen one was heard, the stronger the larger.
fn heard_from(painter: &Painter, projector: &Projector<'_>, ap: &AccessPoint, palette: &Palette) {
    for cell in &ap.heard {
        let at = projector.project(lat_lon(cell.position.lat_deg, cell.position.lon_deg));
        let strength = ((f32::from(cell.max_dbm) + 95.0) / 60.0).clamp(0.0, 1.0);
        let color = palette.accent.gamma_multiply(0.25 + 0.6 * strength);
        painter.circle_filled(pos2(at.x, at.y), 1.5 + 3.5 * strength, color);
    }
}

/// Names of the chosen, the hovered and, near enough, the strongest that have room.
fn names(
    painter: &Painter,
    projector: &Projector<'_>,
    scene: &Scene,
    palette: &Palette,
    chosen: Option<MacAddr>,
    hovered: Option<MacAddr>,
) {
    let mut order: Vec<&Spot> = scene.spots.iter().collect();
    order.sort_by_key(|spot| {
        let special = chosen == Some(spot.ap.bssid) || hovered == Some(spot.ap.bssid);
        (!special, spot.ap.signal.map_or(i16::MAX, |signal| -i16::from(signal.max_dbm)))
    });
    let near = projector.zoom() >= NAMES_FROM_ZOOM;
    let mut taken: Vec<Rect> = Vec::new();
    for spot in order {
        let special = chosen == Some(spot.ap.bssid) || hovered == Some(spot.ap.bssid);
        if !(special || near) || taken.len() >= MOST_NAMES {
            break;
        }
        let name = spot.ap.name().unwrap_or_else(|| "hidden".to_owned());
        let font = FontId::proportional(if special { 13.0 } else { 11.5 });
        let color = if special { palette.strong } else { palette.text };
        let galley = painter.layout_no_wrap(name, font, color);
        let at = spot.at + vec2(if special { 16.0 } else { 9.0 }, -galley.size().y / 2.0);
        let rect = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 1.0));
        let crowded = taken.iter().any(|other| other.intersects(rect))
            || scene.clusters.iter().any(|cluster| rect.expand(14.0).contains(cluster.at))
            || scene.spots.iter().any(|other| {
                other.ap.bssid != spot.ap.bssid && rect.expand(3.0).contains(other.at)
            });
        if crowded && !special {
            continue;
        }
        painter.rect_filled(
            rect,
            3.0,
            palette.card.gamma_multiply(if special { 0.95 } else { 0.7 }),
        );
        painter.galley(at, galley, color);
        taken.push(rect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn spots(count: usize, spread: f32) -> Vec<Spot> {
        let snapshot = fixture::snapshot();
        let spot = |(at, ap): (usize, &Arc<AccessPoint>)| Spot {
            ap: Arc::clone(ap),
            at: pos2(1.0 + at as f32 * spread, 5.0),
            class: SecurityClass::of(ap),
        };
        snapshot.access_points.iter().take(count).enumerate().map(spot).collect()
    }

    #[test]
    fn few_stand_alone_and_many_are_gathered() {
        let scene = gather(spots(MOST_IN_CELL, 1.0).into_iter(), None);
        assert_eq!((scene.spots.len(), scene.clusters.len()), (MOST_IN_CELL, 0));
        let scene = gather(spots(20, 0.5).into_iter(), None);
        assert_eq!((scene.spots.len(), scene.clusters.len()), (0, 1));
        assert_eq!(scene.clusters[0].count, 20);
    }

    #[test]
    fn the_chosen_one_is_never_hidden_in_a_number() {
        let spots = spots(20, 0.5);
        let chosen = spots[3].ap.bssid;
        let scene = gather(spots.into_iter(), Some(chosen));
        assert_eq!(scene.spots.len(), 1);
        assert_eq!(scene.clusters[0].count, 19);
        assert_eq!(nearest(&scene, scene.spots[0].at), Some(chosen));
    }

    #[test]
    fn clicks_hit_spots_clusters_or_nothing() {
        let scene = gather(spots(20, 0.5).into_iter(), None);
        assert!(matches!(hit(&scene, Some(scene.clusters[0].at)), Hit::Cluster(_)));
        assert_eq!(hit(&scene, Some(pos2(500.0, 500.0))), Hit::Nothing);
        assert_eq!(hit(&scene, None), Hit::Nothing);
    }
}
