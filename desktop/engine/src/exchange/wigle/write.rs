//! WiGLE CSV 1.6 from the facts: per network and small cell of the map, the strongest observation,
//! with its own time and place. Every frame would be a row for each beacon of a parked car.

use super::super::ExchangeError;
use super::super::export::{ExportInput, ExportSummary, Watch};
use super::{RADIUS_95_OF_68, auth_mode};
use crate::rows::{plain_time, rounded};
use pw_model::{MacAddr, Origin, Position, TimeRange, Timestamp};
use pw_survey::AccessPoint;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

/// Rows that one file may have: each costs about 100 bytes of memory while it is made. More is an
/// error that says so; nothing is left out unsaid.
const MOST_ROWS: usize = 5_000_000;

/// Size of a cell in degrees of latitude: about 8 m.
const CELL_DEG: f64 = 7.2e-5;

/// A network in a cell.
type Cell = (MacAddr, i32, i32);

/// Its strongest observation.
#[derive(Clone, Copy)]
struct Best {
    time: Timestamp,
    position: Position,
    signal_dbm: Option<i8>,
    frequency_mhz: Option<u16>,
}

/// Writes the file.
pub(crate) fn write(
    out: &mut dyn Write,
    path: &Path,
    input: &ExportInput<'_>,
    watch: &mut Watch<'_>,
) -> Result<ExportSummary, ExchangeError> {
    let failed = |source| ExchangeError::Write { path: path.to_owned(), source };
    let wanted: BTreeMap<MacAddr, &AccessPoint> =
        input.access_points().map(|ap| (ap.bssid, ap.as_ref())).collect();
    let cells = strongest(path, input, &wanted, watch)?;
    let mut rows: Vec<(MacAddr, Best)> = cells.into_iter().map(|((ap, ..), b)| (ap, b)).collect();
    let with_rows: BTreeSet<MacAddr> = rows.iter().map(|(bssid, _)| *bssid).collect();
    for (bssid, ap) in &wanted {
        // A place that another file states, without rows of its own.
        if let Some(position) = ap.stated_position.filter(|_| !with_rows.contains(bssid)) {
            let time = ap.last_seen;
            let best = Best { time, position, signal_dbm: None, frequency_mhz: None };
            rows.push((*bssid, best));
        }
    }
    rows.sort_by_key(|(bssid, best)| (best.time, *bssid));
    header(out, input).map_err(failed)?;
    let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    let mut written = BTreeSet::new();
    for (bssid, best) in &rows {
        if let Some(ap) = wanted.get(bssid) {
            csv.write_record(fields(ap, best)).map_err(|error| failed(error.into()))?;
            written.insert(*bssid);
        }
    }
    csv.flush().map_err(failed)?;
    Ok(ExportSummary {
        networks: written.len() as u64,
        rows: Some(rows.len() as u64),
        without_place: (wanted.len() - written.len()) as u64,
        left_out: true,
    })
}

/// The pre-header and the header, as version 1.6 writes them.
fn header(out: &mut dyn Write, input: &ExportInput<'_>) -> io::Result<()> {
    let device = match input.snapshot.origins().as_slice() {
        [Origin::Simulated] => "simulated",
        origins if origins.contains(&Origin::Simulated) => "partly simulated",
        _ => "sensor",
    };
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        "WigleWifi-1.6,appRelease=PiWardrive {version},model=PiWardrive,release={version},\
         device={device},display=,board=,brand=PiWardrive,star=Sol,body=3,subBody=0"
    )?;
    writeln!(
        out,
        "MAC,SSID,AuthMode,FirstSeen,Channel,Frequency,RSSI,CurrentLatitude,CurrentLongitude,\
         AltitudeMeters,AccuracyMeters,RCOIs,MfgrId,Type"
    )
}

/// The strongest observation of each wanted network in each cell.
fn strongest(
    path: &Path,
    input: &ExportInput<'_>,
    wanted: &BTreeMap<MacAddr, &AccessPoint>,
    watch: &mut Watch<'_>,
) -> Result<BTreeMap<Cell, Best>, ExchangeError> {
    let range = input.snapshot.selected;
    let total = input.snapshot.totals.batches.max(1);
    let mut cells: BTreeMap<Cell, Best> = BTreeMap::new();
    for (done, batch) in input.reader.batches(range).enumerate() {
        watch.step((done as f32 / total as f32).min(1.0))?;
        for seen in &batch?.observations {
            let Some(bssid) = seen.transmitter.filter(|from| Some(*from) == seen.bssid) else {
                continue;
            };
            let in_range = range.is_none_or(|range: TimeRange| range.contains(seen.time));
            let Some(position) = seen.position.filter(|_| in_range && wanted.contains_key(&bssid))
            else {
                continue;
            };
            let best = Best {
                time: seen.time,
                position,
                signal_dbm: seen.signal_dbm,
                frequency_mhz: seen.frequency_mhz,
            };
            let kept = cells.entry(cell(bssid, &position)).or_insert(best);
            if best.signal_dbm > kept.signal_dbm {
                *kept = best;
            }
        }
        if cells.len() > MOST_ROWS {
            return Err(ExchangeError::TooLarge {
                path: path.to_owned(),
                reason: format!(
                    "more than {MOST_ROWS} rows; export fewer networks with --where, or a selected \
                     stretch of time"
                ),
            });
        }
    }
    Ok(cells)
}

fn cell(bssid: MacAddr, position: &Position) -> Cell {
    let north = (position.lat_deg / CELL_DEG).floor();
    // Cells narrow towards the poles with the circle of latitude they lie on.
    let width_deg = CELL_DEG / (north * CELL_DEG).to_radians().cos().max(0.01);
    (bssid, north as i32, (position.lon_deg / width_deg).floor() as i32)
}

fn fields(ap: &AccessPoint, best: &Best) -> [String; 14] {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let traits = ap.advertisement.as_ref().map(|advertisement| &advertisement.traits);
    let accuracy_m = best.position.error_m.map(|m| rounded(f64::from(m / RADIUS_95_OF_68), 1));
    [
        ap.bssid.to_string(),
        ap.ssids.first().map(pw_model::Ssid::text).unwrap_or_default(),
        auth_mode::write(ap.protection.as_ref().map(|p| &p.security), traits),
        plain_time(best.time),
        text(ap.channel.map(|channel| channel.number)),
        text(ap.frequency_mhz.or(best.frequency_mhz)),
        text(best.signal_dbm),
        rounded(best.position.lat_deg, 7).to_string(),
        rounded(best.position.lon_deg, 7).to_string(),
        text(best.position.altitude_m.map(|m| rounded(f64::from(m), 1))),
        text(accuracy_m),
        String::new(),
        String::new(),
        "WIFI".to_owned(),
    ]
}
