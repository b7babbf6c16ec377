//! KML 2.2: networks in a folder per protection, tracks as lines.

use super::export::{ExportInput, ExportSummary};
use super::geojson::runs;
use super::gpx::description;
use super::xml::Xml;
use crate::rows::{NetworkRow, rounded};
use pw_model::Position;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Folders, with their colour as KML writes it (alpha, blue, green, red).
const FOLDERS: [(&str, &str, &str); 4] = [
    ("weak", "Weak or no protection", "ff3030e0"),
    ("wpa2", "WPA2", "ffe0a030"),
    ("wpa3", "WPA3 and OWE", "ff40b040"),
    ("unknown", "Protection unknown", "ffa0a0a0"),
];

/// Writes the document.
pub(super) fn write(out: impl Write, input: &ExportInput<'_>) -> io::Result<ExportSummary> {
    let mut summary = ExportSummary { left_out: true, ..ExportSummary::default() };
    let mut folders: BTreeMap<&str, Vec<(NetworkRow, Position)>> = BTreeMap::new();
    for ap in input.access_points() {
        let Some(located) = input.places.get(&ap.bssid) else {
            summary.without_place += 1;
            continue;
        };
        summary.networks += 1;
        let row = NetworkRow::new(ap, Some(located), input.snapshot);
        folders.entry(folder(row.security)).or_default().push((row, located.position));
    }
    let mut xml = Xml::new(out)?;
    xml.open("kml", &[("xmlns", "http://www.opengis.net/kml/2.2")])?;
    xml.open("Document", &[])?;
    xml.text("name", &input.snapshot.survey.name)?;
    xml.optional("description", input.label())?;
    for (id, _, colour) in FOLDERS {
        xml.open("Style", &[("id", id)])?;
        xml.open("IconStyle", &[])?;
        xml.text("color", colour)?;
        xml.text("scale", "0.6")?;
        xml.close("IconStyle")?;
        xml.open("LabelStyle", &[])?;
        xml.text("scale", "0.7")?;
        xml.close("LabelStyle")?;
        xml.close("Style")?;
    }
    for (id, title, _) in FOLDERS {
        let Some(networks) = folders.get(id) else { continue };
        xml.open("Folder", &[])?;
        xml.text("name", &format!("{title} ({})", networks.len()))?;
        for (row, position) in networks {
            placemark(&mut xml, row, position, id)?;
        }
        xml.close("Folder")?;
    }
    tracks(&mut xml, input)?;
    xml.close("Document")?;
    xml.close("kml")?;
    xml.finish()?;
    Ok(summary)
}

fn folder(security: Option<&str>) -> &'static str {
    match security {
        None => "unknown",
        Some("OPEN" | "WEP" | "WPA") => "weak",
        Some("WPA3" | "OWE") => "wpa3",
        Some(_) => "wpa2",
    }
}

fn placemark(
    xml: &mut Xml<impl Write>,
    row: &NetworkRow,
    position: &Position,
    style: &str,
) -> io::Result<()> {
    xml.open("Placemark", &[])?;
    xml.text("name", row.ssid.as_deref().unwrap_or("(hidden)"))?;
    xml.text("description", &description(row))?;
    xml.open("TimeSpan", &[])?;
    xml.text("begin", &row.first_seen)?;
    xml.text("end", &row.last_seen)?;
    xml.close("TimeSpan")?;
    xml.text("styleUrl", &format!("#{style}"))?;
    xml.open("ExtendedData", &[])?;
    let mut data = |name: &str, value: Option<String>| -> io::Result<()> {
        let Some(value) = value else { return Ok(()) };
        xml.open("Data", &[("name", name)])?;
        xml.text("value", &value)?;
        xml.close("Data")
    };
    data("bssid", Some(row.bssid.clone()))?;
    data("security", row.security.map(str::to_owned))?;
    data("channel", row.channel.map(|channel| channel.to_string()))?;
    data("frequency_mhz", row.frequency_mhz.map(|mhz| mhz.to_string()))?;
    data("rssi_max_dbm", row.rssi_dbm.map(|signal| signal.max.to_string()))?;
    data("error_m", row.position.and_then(|p| p.error_m).map(|error_m| error_m.to_string()))?;
    data("method", row.position.map(|place| place.method.to_owned()))?;
    data("frames", Some(row.frames.to_string()))?;
    data("vendor", row.vendor.map(str::to_owned))?;
    data("simulated", row.simulated.then(|| "true".to_owned()))?;
    xml.close("ExtendedData")?;
    xml.open("Point", &[])?;
    xml.text("coordinates", &coordinates(position))?;
    xml.close("Point")?;
    xml.close("Placemark")
}

fn coordinates(position: &Position) -> String {
    format!("{},{}", rounded(position.lon_deg, 7), rounded(position.lat_deg, 7))
}

fn tracks(xml: &mut Xml<impl Write>, input: &ExportInput<'_>) -> io::Result<()> {
    for sensor in &input.snapshot.sensors {
        let points = input.snapshot.track.iter().filter(|point| point.sensor == sensor.id);
        let runs: Vec<_> = runs(points).into_iter().filter(|run| run.len() >= 2).collect();
        if runs.is_empty() {
            continue;
        }
        xml.open("Placemark", &[])?;
        xml.text("name", &format!("Track of {}", sensor.name))?;
        xml.text("description", sensor.origin.name())?;
        xml.open("MultiGeometry", &[])?;
        for run in runs {
            xml.open("LineString", &[])?;
            xml.text("tessellate", "1")?;
            let places: Vec<String> = run.iter().map(|(p, _)| coordinates(p)).collect();
            xml.text("coordinates", &places.join(" "))?;
            xml.close("LineString")?;
        }
        xml.close("MultiGeometry")?;
        xml.close("Placemark")?;
    }
    Ok(())
}
