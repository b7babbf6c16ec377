//! GeoJSON (RFC 7946): networks as points, tracks as lines. Longitude first, WGS 84.

use super::export::{ExportInput, ExportSummary};
use crate::rows::{NetworkRow, rounded};
use pw_model::Position;
use pw_survey::{Snapshot, TrackPoint};
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes one feature a line, so that the file can be read and compared by people.
///
/// # Errors
/// `out` refuses.
pub fn write(mut out: impl Write, input: &ExportInput<'_>) -> io::Result<ExportSummary> {
    let mut summary = ExportSummary::default();
    out.write_all(b"{\"type\":\"FeatureCollection\",")?;
    if let Some(label) = input.label() {
        write!(out, "\"description\":{},", json!(label))?;
    }
    out.write_all(b"\"features\":[")?;
    let mut separator = "\n";
    for ap in input.access_points() {
        let located = input.places.get(&ap.bssid);
        summary.networks += 1;
        summary.without_place += u64::from(located.is_none());
        let row = NetworkRow::new(ap, located, input.snapshot);
        let mut properties = serde_json::to_value(&row).map_err(io::Error::other)?;
        if let Some(map) = properties.as_object_mut() {
            map.insert("kind".to_owned(), json!("access-point"));
            map.insert("cells".to_owned(), json!(located.map(|l| l.cells)));
            map.insert("simulated".to_owned(), json!(row.simulated));
        }
        let geometry = located.map_or(
            Value::Null,
            |located| json!({"type": "Point", "coordinates": coordinates(&located.position)}),
        );
        let feature = json!({
            "type": "Feature", "id": row.bssid, "geometry": geometry, "properties": properties,
        });
        write!(out, "{separator}{feature}")?;
        separator = ",\n";
    }
    for feature in tracks(input.snapshot) {
        write!(out, "{separator}{feature}")?;
        separator = ",\n";
    }
    out.write_all(b"\n]}\n")?;
    Ok(summary)
}

fn coordinates(position: &Position) -> Value {
    json!([rounded(position.lon_deg, 7), rounded(position.lat_deg, 7)])
}

/// One feature per stream: its track, cut where the position was not known.
fn tracks(snapshot: &Snapshot) -> Vec<Value> {
    let streams = snapshot.sensors.iter().map(|sensor| {
        let runs = runs(snapshot.track.iter().filter(|p| p.sensor == sensor.id));
        // A line has at least two points (RFC 7946, 3.1.4).
        let runs: Vec<_> = runs.into_iter().filter(|run| run.len() >= 2).collect();
        (sensor, runs)
    });
    let with_track = streams.filter(|(_, runs)| !runs.is_empty());
    with_track
        .map(|(sensor, runs)| {
            let lines: Vec<Vec<Value>> =
                runs.iter().map(|run| run.iter().map(|(p, _)| coordinates(p)).collect()).collect();
            let times: Vec<Vec<String>> = runs
                .iter()
                .map(|run| run.iter().map(|(_, point)| point.time.rfc3339()).collect())
                .collect();
            json!({
                "type": "Feature",
                "geometry": {"type": "MultiLineString", "coordinates": lines},
                "properties": {
                    "kind": "track",
                    "sensor": sensor.name,
                    "origin": sensor.origin.name(),
                    "times": times,
                },
            })
        })
        .collect()
}

/// Stretches of a track without a gap.
pub(super) fn runs<'a>(
    points: impl Iterator<Item = &'a TrackPoint>,
) -> Vec<Vec<(Position, &'a TrackPoint)>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match (point.position, runs.last_mut()) {
            (Some(position), Some(run)) => run.push((position, point)),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}
