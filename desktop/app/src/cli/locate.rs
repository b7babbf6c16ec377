//! `piwardrive locate`

use super::arguments::Locate;
use super::output::{json_array, stdout};
use super::table::aligned;
use anyhow::Result;
use pw_engine::SurveyView;
use pw_engine::exchange::ExportInput;
use pw_engine::rows::{NetworkRow, network_rows};
use pw_survey::Filter;
use serde_json::json;

pub(super) fn run(arguments: &Locate) -> Result<()> {
    let view = SurveyView::open(&arguments.survey)?;
    if arguments.geojson {
        let filter = Filter::default();
        let input = ExportInput {
            snapshot: &view.snapshot,
            places: &view.places,
            reader: &view.reader,
            filter: &filter,
        };
        pw_engine::exchange::write_geojson(stdout(), &input)?;
        return Ok(());
    }
    let places = &view.places;
    if view.snapshot.is_simulated() {
        eprintln!("piwardrive: {}: simulated data", arguments.survey.display());
    }
    let rows = network_rows(&view.snapshot, places, |ap| places.contains_key(&ap.bssid));
    if arguments.json {
        return json_array(rows.iter().map(|row| {
            let place = row.position;
            let mut object = json!({
                "bssid": row.bssid,
                "ssid": row.ssid,
                "lat": place.map(|place| place.lat),
                "lon": place.map(|place| place.lon),
                "error_m": place.and_then(|place| place.error_m),
                "method": place.map(|place| place.method),
            });
            if row.simulated {
                object["simulated"] = true.into();
            }
            object
        }));
    }
    aligned(
        &rows,
        &[
            ("BSSID", &|row: &NetworkRow| Some(row.bssid.clone())),
            ("SSID", &|row| row.ssid.clone()),
            ("LATITUDE", &|row| row.position.map(|place| format!("{:.6}", place.lat))),
            ("LONGITUDE", &|row| row.position.map(|place| format!("{:.6}", place.lon))),
            ("±M (95 %)", &|row| row.position?.error_m.map(|error_m| format!("{error_m:.0}"))),
            ("METHOD", &|row| row.position.map(|place| place.method.to_owned())),
        ],
    )
}
