//! A table of the networks, comma-separated, for spreadsheets.

use super::export::{ExportInput, ExportSummary};
use crate::rows::NetworkRow;
use std::io::{self, Write};

/// The columns, in order. They only ever grow at the end.
const COLUMNS: [&str; 32] = [
    "bssid",
    "ssid",
    "ssid_hex",
    "hidden",
    "security",
    "akm",
    "pairwise",
    "group",
    "pmf",
    "wps",
    "standard",
    "channel",
    "frequency_mhz",
    "width_mhz",
    "country",
    "vendor",
    "mld_address",
    "beacons",
    "frames",
    "clients",
    "first_seen",
    "last_seen",
    "rssi_max_dbm",
    "rssi_min_dbm",
    "rssi_last_dbm",
    "lat",
    "lon",
    "error_m",
    "method",
    "note",
    "simulated",
    "sightings",
];

/// Writes the table of what is exported.
pub(super) fn write(out: impl Write, input: &ExportInput<'_>) -> io::Result<ExportSummary> {
    let rows = input
        .access_points()
        .map(|ap| NetworkRow::new(ap, input.places.get(&ap.bssid), input.snapshot));
    let mut summary = ExportSummary::default();
    write_rows(
        out,
        rows.inspect(|row| {
            summary.networks += 1;
            summary.without_place += u64::from(row.position.is_none());
        }),
    )?;
    Ok(summary)
}

/// Writes `rows` under the header. Unknown is an empty field.
///
/// # Errors
/// `out` refuses.
pub fn write_rows(out: impl Write, rows: impl Iterator<Item = NetworkRow>) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    for row in rows {
        csv.write_record(fields(&row))?;
    }
    csv.flush()
}

fn fields(row: &NetworkRow) -> [String; 32] {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let list = |names: &Option<Vec<String>>| {
        names.as_ref().map(|names| names.join(" ")).unwrap_or_default()
    };
    let (signal, place) = (row.rssi_dbm, row.position);
    [
        row.bssid.clone(),
        row.ssid.as_deref().map(harmless).unwrap_or_default(),
        text(row.ssid_hex.as_ref()),
        row.hidden.to_string(),
        text(row.security),
        list(&row.akm),
        list(&row.pairwise),
        list(&row.group),
        text(row.pmf),
        text(row.wps),
        text(row.standard),
        text(row.channel),
        text(row.frequency_mhz),
        text(row.width_mhz),
        row.country.as_deref().map(harmless).unwrap_or_default(),
        text(row.vendor),
        text(row.mld_address.as_ref()),
        row.beacons.to_string(),
        row.frames.to_string(),
        row.clients.to_string(),
        row.first_seen.clone(),
        row.last_seen.clone(),
        text(signal.map(|signal| signal.max)),
        text(signal.map(|signal| signal.min)),
        text(signal.map(|signal| signal.last)),
        text(place.map(|place| place.lat)),
        text(place.map(|place| place.lon)),
        text(place.and_then(|place| place.error_m)),
        text(place.map(|place| place.method)),
        row.note.as_deref().map(harmless).unwrap_or_default(),
        row.simulated.to_string(),
        row.sightings.to_string(),
    ]
}

/// Anybody can name a network `=HYPERLINK(…)`, and a spreadsheet would run it: such text gets an
/// apostrophe in front, which spreadsheets do not show. The column `ssid_hex` has the exact name.
#[must_use]
pub fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
