//! GPX 1.1: networks as waypoints, tracks with times and cut where the position was not known.

use super::export::{ExportInput, ExportSummary};
use super::geojson::runs;
use super::xml::Xml;
use crate::rows::{NetworkRow, rounded};
use pw_model::Position;
use std::io::{self, Write};

/// Writes the document. The schema fixes the order: metadata, waypoints, tracks.
pub(super) fn write(out: impl Write, input: &ExportInput<'_>) -> io::Result<ExportSummary> {
    let mut summary = ExportSummary { left_out: true, ..ExportSummary::default() };
    let mut xml = Xml::new(out)?;
    let creator = concat!("PiWardrive ", env!("CARGO_PKG_VERSION"));
    xml.open(
        "gpx",
        &[("version", "1.1"), ("creator", creator), ("xmlns", "http://www.topografix.com/GPX/1/1")],
    )?;
    xml.open("metadata", &[])?;
    xml.text("name", &input.snapshot.survey.name)?;
    xml.optional("desc", input.label())?;
    if let Some(range) = input.snapshot.range {
        xml.text("time", &range.start.rfc3339())?;
    }
    xml.close("metadata")?;
    for ap in input.access_points() {
        let Some(located) = input.places.get(&ap.bssid) else {
            summary.without_place += 1;
            continue;
        };
        summary.networks += 1;
        let row = NetworkRow::new(ap, Some(located), input.snapshot);
        open_point(&mut xml, "wpt", &located.position)?;
        xml.text("time", &row.first_seen)?;
        xml.text("name", row.ssid.as_deref().unwrap_or(&row.bssid))?;
        xml.text("desc", &description(&row))?;
        xml.text("type", if row.simulated { "Wi-Fi (simulated)" } else { "Wi-Fi" })?;
        xml.close("wpt")?;
    }
    for sensor in &input.snapshot.sensors {
        let runs = runs(input.snapshot.track.iter().filter(|point| point.sensor == sensor.id));
        if runs.is_empty() {
            continue;
        }
        xml.open("trk", &[])?;
        xml.text("name", &sensor.name)?;
        xml.text("desc", sensor.origin.name())?;
        for run in runs {
            xml.open("trkseg", &[])?;
            for (position, point) in run {
                open_point(&mut xml, "trkpt", &position)?;
                if let Some(altitude_m) = position.altitude_m {
                    xml.text("ele", &rounded(f64::from(altitude_m), 1).to_string())?;
                }
                xml.text("time", &point.time.rfc3339())?;
                xml.close("trkpt")?;
            }
            xml.close("trkseg")?;
        }
        xml.close("trk")?;
    }
    xml.close("gpx")?;
    xml.finish()?;
    Ok(summary)
}

fn open_point(xml: &mut Xml<impl Write>, name: &str, position: &Position) -> io::Result<()> {
    let (lat, lon) = (rounded(position.lat_deg, 7), rounded(position.lon_deg, 7));
    xml.open(name, &[("lat", &lat.to_string()), ("lon", &lon.to_string())])
}

/// A network in a line, for programs that show only that.
pub(super) fn description(row: &NetworkRow) -> String {
    let mut parts =
        vec![row.bssid.clone(), row.security.unwrap_or("protection unknown").to_owned()];
    if let Some(channel) = row.channel {
        parts.push(format!("channel {channel}"));
    }
    if let Some(signal) = row.rssi_dbm {
        parts.push(format!("strongest {} dBm", signal.max));
    }
    if let Some(error_m) = row.position.and_then(|place| place.error_m) {
        parts.push(format!("place within {error_m:.0} m (95 %)"));
    }
    if let Some(vendor) = row.vendor {
        parts.push(vendor.to_owned());
    }
    if row.simulated {
        parts.push("simulated".to_owned());
    }
    parts.join(", ")
}
