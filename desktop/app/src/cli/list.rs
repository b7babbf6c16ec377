//! `piwardrive list`

use super::WrongUsage;
use super::arguments::{List, Subject};
use super::output::json_array;
use super::table::{Column, Columns, aligned, csv};
use anyhow::Result;
use pw_engine::rows::{
    AxesRow, ClientRow, CoverageRow, DriveRow, LossRow, MotionRow, NetworkRow, SensorRow,
    network_rows,
};
use pw_engine::{SurveyView, vendor};
use pw_survey::Filter;
use serde::Serialize;
use serde_json::Value;

pub(super) fn run(arguments: &List) -> Result<()> {
    let filter = filter(arguments.filter.as_deref())?;
    let devices =
        matches!(arguments.subject, Subject::Networks | Subject::Clients | Subject::Devices);
    if arguments.filter.is_some() && !devices {
        let words = "--where chooses networks, clients or devices; leave it out here";
        return Err(WrongUsage(words.to_owned()).into());
    }
    let view = match arguments.subject {
        // Losses are said only once they are looked for.
        Subject::Gaps | Subject::Sensors => SurveyView::open_checked(&arguments.survey)?,
        _ => SurveyView::open(&arguments.survey)?,
    };
    let snapshot = &view.snapshot;
    if snapshot.is_simulated() {
        eprintln!("piwardrive: {}: simulated data", arguments.survey.display());
    }
    match arguments.subject {
        Subject::Networks => networks(&networks_of(&view, &filter), arguments),
        Subject::Clients => clients(&clients_of(&view, &filter), arguments),
        Subject::Devices => everything(&view, &filter, arguments),
        Subject::Sensors => {
            sensors(&snapshot.sensors.iter().map(SensorRow::from).collect::<Vec<_>>(), arguments)
        }
        Subject::Drives => {
            let rows: Vec<_> = snapshot.drives.iter().map(|d| DriveRow::new(d, snapshot)).collect();
            drives(&rows, arguments)
        }
        Subject::Gaps => {
            let rows: Vec<_> = snapshot.gaps.iter().map(|g| LossRow::new(g, snapshot)).collect();
            gaps(&rows, arguments)
        }
        Subject::Coverage => {
            let rows = snapshot.channels.iter().map(|row| CoverageRow::new(row, snapshot));
            coverage(&rows.collect::<Vec<_>>(), arguments)
        }
        Subject::Motion => motion(&view, arguments),
    }
}

/// Reads a filter; none passes everything.
pub(super) fn filter(text: Option<&str>) -> Result<Filter> {
    let Some(text) = text else { return Ok(Filter::default()) };
    not_blank(text)?;
    Filter::parse(text).map_err(|error| WrongUsage(format!("--where '{text}': {error}")).into())
}

/// A filter that is given and blank is mostly a variable that was never set.
pub(super) fn not_blank(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        let words = "--where is blank; leave it out to take everything";
        return Err(WrongUsage(words.to_owned()).into());
    }
    Ok(())
}

fn networks_of(view: &SurveyView, filter: &Filter) -> Vec<NetworkRow> {
    network_rows(&view.snapshot, &view.places, |ap| filter.matches_ap(ap, vendor))
}

fn clients_of(view: &SurveyView, filter: &Filter) -> Vec<ClientRow> {
    let clients = view.snapshot.clients.iter().filter(|c| filter.matches_client(c, vendor));
    clients.map(|client| ClientRow::new(client, &view.snapshot)).collect()
}

fn everything(view: &SurveyView, filter: &Filter, arguments: &List) -> Result<()> {
    let (aps, stations) = (networks_of(view, filter), clients_of(view, filter));
    let mut rows = Vec::with_capacity(aps.len() + stations.len());
    let mut add = |kind: &str, row: Value| {
        let mut tagged = serde_json::Map::new();
        tagged.insert("kind".to_owned(), Value::from(kind));
        if let Value::Object(fields) = row {
            tagged.extend(fields);
        }
        rows.push(Value::Object(tagged));
    };
    for ap in &aps {
        add("access-point", serde_json::to_value(ap)?);
    }
    for client in &stations {
        add("client", serde_json::to_value(client)?);
    }
    let text = |row: &Value, keys: &[&str]| {
        keys.iter().find_map(|key| match row.get(*key)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        })
    };
    print(
        &rows,
        arguments,
        &[
            "kind",
            "bssid",
            "address",
            "ssid",
            "security",
            "vendor",
            "frames",
            "first_seen",
            "last_seen",
            "rssi_dbm_max",
            "pseudonym",
            "simulated",
        ],
        &[
            ("KIND", &|row| text(row, &["kind"])),
            ("ADDRESS", &|row| text(row, &["address", "bssid"])),
            ("NAME", &|row| text(row, &["ssid"])),
            ("FRAMES", &|row| text(row, &["frames"])),
            ("LAST SEEN", &|row| text(row, &["last_seen"])),
            ("VENDOR", &|row| text(row, &["vendor"])),
        ],
    )
}

fn print<T: Serialize>(
    rows: &[T],
    arguments: &List,
    csv_columns: &[&str],
    columns: Columns<'_, T>,
) -> Result<()> {
    if arguments.json {
        return json_array(rows);
    }
    if arguments.csv {
        let values = rows.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        return csv(values, csv_columns);
    }
    aligned(rows, columns)
}

/// Rows of other programs' tables: a column that is shown only where there are some.
const SIGHTINGS: &str = "SIGHTINGS";

fn shown<'a, T>(columns: Columns<'a, T>, sightings: bool) -> Vec<Column<'a, T>> {
    columns.iter().filter(|(title, _)| sightings || *title != SIGHTINGS).copied().collect()
}

/// Seconds are enough for people.
fn seconds(time: &str) -> Option<String> {
    let end = time.find(['.', 'Z']).unwrap_or(time.len());
    Some(format!("{}Z", time.get(..end)?))
}

fn networks(rows: &[NetworkRow], arguments: &List) -> Result<()> {
    if arguments.csv {
        let out = super::output::stdout();
        return Ok(pw_engine::exchange::write_rows(out, rows.iter().cloned())?);
    }
    let sightings = rows.iter().any(|row| row.sightings > 0);
    let columns: Columns<'_, NetworkRow> = &[
        ("BSSID", &|row| Some(row.bssid.clone())),
        ("SSID", &|row| row.ssid.clone().or_else(|| row.hidden.then(|| "(hidden)".to_owned()))),
        ("SECURITY", &|row| row.security.map(str::to_owned)),
        ("CH", &|row| row.channel.map(|channel| channel.to_string())),
        ("DBM", &|row| row.rssi_dbm.map(|signal| signal.max.to_string())),
        ("FRAMES", &|row| Some(row.frames.to_string())),
        (SIGHTINGS, &|row| Some(row.sightings.to_string())),
        ("CLIENTS", &|row| Some(row.clients.to_string())),
        ("LAST SEEN", &|row| seconds(&row.last_seen)),
        ("POSITION", &|row| row.position.map(|p| format!("{:.5},{:.5}", p.lat, p.lon))),
        ("±M", &|row| row.position?.error_m.map(|error_m| format!("{error_m:.0}"))),
        ("VENDOR", &|row| row.vendor.map(str::to_owned)),
    ];
    print(rows, arguments, &[], &shown(columns, sightings))
}

fn clients(rows: &[ClientRow], arguments: &List) -> Result<()> {
    print(
        rows,
        arguments,
        &[
            "address",
            "pseudonym",
            "randomised",
            "vendor",
            "bssid",
            "probed",
            "standard",
            "frames",
            "bytes",
            "first_seen",
            "last_seen",
            "rssi_dbm_max",
            "rssi_dbm_min",
            "rssi_dbm_last",
            "simulated",
        ],
        &[
            ("ADDRESS", &|row| Some(row.address.clone())),
            ("NETWORK", &|row| row.bssid.clone()),
            ("DBM", &|row| row.rssi_dbm.map(|signal| signal.max.to_string())),
            ("FRAMES", &|row| Some(row.frames.to_string())),
            ("LAST SEEN", &|row| seconds(&row.last_seen)),
            ("VENDOR", &|row| {
                let instead = match (row.pseudonym, row.randomised) {
                    (true, _) => Some("(unknown: pseudonym made by the sensor)"),
                    (false, Some(true)) => Some("(address given by the device itself)"),
                    _ => None,
                };
                row.vendor.or(instead).map(str::to_owned)
            }),
            ("ASKED FOR", &|row| (!row.probed.is_empty()).then(|| row.probed.join(", "))),
        ],
    )
}

fn sensors(rows: &[SensorRow], arguments: &List) -> Result<()> {
    let sightings = rows.iter().any(|row| row.sightings > 0);
    let columns: Columns<'_, SensorRow> = &[
        ("NAME", &|row| Some(row.name.clone())),
        ("ORIGIN", &|row| Some(row.origin.to_owned())),
        ("FRAMES", &|row| Some(row.observations.saturating_sub(row.sightings).to_string())),
        (SIGHTINGS, &|row| Some(row.sightings.to_string())),
        ("LOST", &|row| Some(row.frames_lost.values().sum::<u64>().to_string())),
        ("MISSING", &|row| Some(row.missing_batches.to_string())),
        ("FIRST", &|row| seconds(row.first.as_deref()?)),
        ("LAST", &|row| seconds(row.last.as_deref()?)),
        ("ID", &|row| Some(row.id.clone())),
    ];
    print(
        rows,
        arguments,
        &[
            "id",
            "name",
            "origin",
            "observations",
            "missing_batches",
            "first",
            "last",
            "uncounted_losses",
            "sightings",
        ],
        &shown(columns, sightings),
    )
}

fn drives(rows: &[DriveRow], arguments: &List) -> Result<()> {
    let sightings = rows.iter().any(|row| row.sightings > 0);
    let columns: Columns<'_, DriveRow> = &[
        ("DRIVE", &|row| Some(row.number.to_string())),
        ("SENSOR", &|row| row.sensor.clone()),
        ("START", &|row| seconds(&row.start)),
        ("END", &|row| seconds(&row.end)),
        ("SECONDS", &|row| Some(format!("{:.0}", row.duration_secs))),
        ("FRAMES", &|row| Some(row.observations.saturating_sub(row.sightings).to_string())),
        (SIGHTINGS, &|row| Some(row.sightings.to_string())),
        ("METRES", &|row| row.length_m.map(|metres| format!("{metres:.0}"))),
    ];
    print(
        rows,
        arguments,
        &[
            "number",
            "sensor",
            "start",
            "end",
            "duration_secs",
            "observations",
            "length_m",
            "sightings",
        ],
        &shown(columns, sightings),
    )
}

fn gaps(rows: &[LossRow], arguments: &List) -> Result<()> {
    print(
        rows,
        arguments,
        &["sensor", "radio", "start", "end", "cause", "frames"],
        &[
            ("SENSOR", &|row| row.sensor.clone()),
            ("RADIO", &|row| {
                Some(row.radio.map_or_else(|| "all".to_owned(), |radio| radio.to_string()))
            }),
            ("START", &|row| seconds(&row.start)),
            ("END", &|row| seconds(&row.end)),
            ("FRAMES", &|row| row.frames.map(|frames| frames.to_string())),
            ("CAUSE", &|row| Some(row.cause.to_owned())),
        ],
    )
}

/// Samples are read from the facts; as JSON and CSV batch by batch: a day of them is a million rows.
fn motion(view: &SurveyView, arguments: &List) -> Result<()> {
    let mut failed = None;
    let rows = view.reader.batches(None).map_while(|batch| match batch {
        Ok(batch) => {
            let row = |sample| MotionRow::new(sample, batch.id.sensor, &view.snapshot);
            Some(batch.motion.iter().map(row).collect::<Vec<_>>())
        }
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let rows = rows.flatten();
    let columns = [
        "time",
        "sensor",
        "source",
        "speed_mps",
        "acceleration_mps2_x",
        "acceleration_mps2_y",
        "acceleration_mps2_z",
        "angular_velocity_rps_x",
        "angular_velocity_rps_y",
        "angular_velocity_rps_z",
        "simulated",
    ];
    if arguments.json {
        json_array(rows)?;
    } else if arguments.csv {
        let mut unwritable = None;
        let values = rows.map_while(|row| match serde_json::to_value(row) {
            Ok(value) => Some(value),
            Err(error) => {
                unwritable = Some(error);
                None
            }
        });
        csv(values, &columns)?;
        if let Some(error) = unwritable {
            return Err(error.into());
        }
    } else {
        let axes = |axes: Option<AxesRow>, digits: usize| {
            axes.map(|a| format!("{:.digits$} {:.digits$} {:.digits$}", a.x, a.y, a.z))
        };
        aligned(
            &rows.collect::<Vec<_>>(),
            &[
                ("TIME", &|row: &MotionRow| Some(row.time.clone())),
                ("SENSOR", &|row| row.sensor.clone()),
                ("SOURCE", &|row| Some(row.source.to_owned())),
                ("M/S", &|row| row.speed_mps.map(|speed| format!("{speed:.1}"))),
                ("M/S² X Y Z", &|row| axes(row.acceleration_mps2, 2)),
                ("RAD/S X Y Z", &|row| axes(row.angular_velocity_rps, 3)),
            ],
        )?;
    }
    // What was printed is sound; what follows is missing, which must not look like the end.
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn coverage(rows: &[CoverageRow], arguments: &List) -> Result<()> {
    print(
        rows,
        arguments,
        &[
            "frequency_mhz",
            "channel",
            "band",
            "listened_secs",
            "networks",
            "frames",
            "airtime_share",
            "strongest_dbm",
            "retries",
            "simulated",
        ],
        &[
            ("MHZ", &|row| Some(row.frequency_mhz.to_string())),
            ("CH", &|row| row.channel.map(|channel| channel.to_string())),
            ("BAND", &|row| row.band.map(str::to_owned)),
            ("LISTENED S", &|row| row.listened_secs.map(|secs| format!("{secs:.1}"))),
            ("NETWORKS", &|row| Some(row.networks.to_string())),
            ("FRAMES", &|row| Some(row.frames.to_string())),
            ("AIRTIME", &|row| row.airtime_share.map(|share| format!("{:.1} %", share * 100.0))),
            ("STRONGEST DBM", &|row| row.strongest_dbm.map(|dbm| dbm.to_string())),
            ("RETRIES", &|row| Some(row.retries.to_string())),
        ],
    )
}
