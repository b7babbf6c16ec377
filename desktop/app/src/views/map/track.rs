//! Where the sensor went: a line that breaks where its position was not known.

use crate::style::Palette;
use egui::{Pos2, Stroke, Ui, pos2};
use pw_model::SensorId;
use pw_survey::Snapshot;
use std::collections::BTreeMap;
use walkers::{Projector, lat_lon};

/// Pieces of the track on the screen; a new one begins after each gap, and for each sensor.
pub(super) fn pieces(snapshot: &Snapshot, project: impl Fn(f64, f64) -> Pos2) -> Vec<Vec<Pos2>> {
    let mut open: BTreeMap<SensorId, (Vec<Pos2>, f64)> = BTreeMap::new();
    let mut done = Vec::new();
    for point in snapshot.track.iter() {
        let Some(place) = point.position else {
            done.extend(open.remove(&point.sensor).map(|(piece, _)| piece));
            continue;
        };
        let at = project(place.lat_deg, place.lon_deg);
        let (piece, lon_deg) =
            open.entry(point.sensor).or_insert_with(|| (Vec::new(), place.lon_deg));
        // Across the date line the map has an edge.
        if (*lon_deg - place.lon_deg).abs() > 180.0 {
            done.push(std::mem::take(piece));
        }
        *lon_deg = place.lon_deg;
        if piece.last().is_none_or(|last| last.distance(at) > 0.7) {
            piece.push(at);
        }
    }
    done.extend(open.into_values().map(|(piece, _)| piece));
    done
}

pub(super) fn paint(
    ui: &Ui,
    projector: &Projector<'_>,
    snapshot: &Snapshot,
    palette: &Palette,
    live: bool,
) {
    let painter = ui.painter_at(projector.clip_rect());
    let project = |lat_deg, lon_deg| {
        let at = projector.project(lat_lon(lat_deg, lon_deg));
        pos2(at.x, at.y)
    };
    let pieces = pieces(snapshot, project);
    for (width, color) in [(5.0, palette.land), (2.5, palette.track)] {
        for piece in pieces.iter().filter(|piece| piece.len() > 1) {
            painter.line(piece.clone(), Stroke::new(width, color));
        }
    }
    let ends = |place: Option<pw_model::Position>| place.map(|at| project(at.lat_deg, at.lon_deg));
    let start = ends(snapshot.track.iter().find_map(|point| point.position));
    let end = ends(snapshot.track.iter().rev().find_map(|point| point.position));
    if let Some(at) = start {
        painter.circle(at, 5.0, palette.land, Stroke::new(2.0, palette.track));
    }
    if let Some(at) = end {
        let color = if live { palette.accent } else { palette.track };
        painter.circle(at, if live { 8.0 } else { 5.5 }, color, Stroke::new(2.0, palette.land));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_track_breaks_in_the_tunnel() {
        let snapshot = fixture::snapshot();
        let project = |lat_deg: f64, lon_deg: f64| {
            pos2(((lon_deg - 11.0) * 1e5) as f32, ((lat_deg - 48.0) * 1e5) as f32)
        };
        let pieces = pieces(&snapshot, project);
        assert_eq!(pieces.len(), 2);
        let end = pieces[0].last().expect("before the tunnel");
        let start = pieces[1].first().expect("after the tunnel");
        assert!(end.distance(*start) > 100.0, "no line across the gap");
    }
}
