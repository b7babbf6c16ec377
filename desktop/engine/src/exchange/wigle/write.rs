//! WiGLE CSV 1.6 from the facts: per network and small cell of the map, the strongest observation,
//! with its own time and place. Every frame would be a row for each beacon of a parked car.

use super::super::ExchangeError;
use super::super::export::{ExportInput, ExportSummary, Watch};
use super::{RADIUS_95_OF_68, auth_mode};
use crate::rows::{plain_time, rounded};
use pw_model::{MacAddr, Origin, Position, Ssid, TimeRange, Timestamp};
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
        ap.ssids.first().map(name).unwrap_or_default(),
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

/// A name as text that [`super::read`] turns into the same bytes: [`Ssid::text`], and a backslash
/// that would look like one of its escapes as an escape itself.
fn name(ssid: &Ssid) -> String {
    let bytes = ssid.bytes();
    let looks_escaped = |at: usize| {
        matches!(bytes.get(at..at + 4), Some([b'\\', b'x', high, low])
            if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    };
    let mut text = String::new();
    let mut from = 0;
    for at in (0..bytes.len()).filter(|at| looks_escaped(*at)) {
        text.push_str(&Ssid::new(&bytes[from..at]).text());
        text.push_str("\\x5c");
        from = at + 1;
    }
    text.push_str(&Ssid::new(&bytes[from..]).text());
    text
}

#[cfg(test)]
mod tests {
    use super::super::read::{Row, WigleReader};
    use super::*;

    #[test]
    fn any_name_comes_back_byte_for_byte() {
        let mut names: Vec<Vec<u8>> = [
            &b"plain"[..],
            b"a\nb",
            b"a\r\nb",
            b"\n",
            b"\"",
            b"\"\n\"",
            b"a,\"b\",c",
            b" both ends ",
            b"\\x0a",
            b"\\\\x0a\\xZZ\\x5c",
            b"\\x5cx0a",
            b"\\\\\\",
            b"\xff\xfe\x00",
            b"\0\0",
            "C\u{85}\u{e9}\u{1f697}".as_bytes(),
            b"'=1+1",
        ]
        .into_iter()
        .map(<[u8]>::to_vec)
        .collect();
        let mut seed = 7u32;
        for _ in 0..3_000 {
            let mut name = Vec::new();
            for _ in 0..1 + seed % 32 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Mostly of what can go wrong.
                let nasty = b"\\\\x0a5c\"\",\n\r\xc2\x85\xff ";
                name.push(nasty[(seed >> 16) as usize % nasty.len()]);
            }
            names.push(name);
        }
        for bytes in names {
            let mut file = b"WigleWifi-1.6,appRelease=PiWardrive 0\nMAC,SSID,AuthMode,FirstSeen,Channel,\
                Frequency,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,RCOIs,\
                MfgrId,Type\n"
                .to_vec();
            let mut csv = csv::WriterBuilder::new().has_headers(false).from_writer(&mut file);
            let name = name(&Ssid::new(bytes.clone()));
            let row =
                ["02:00:5e:00:00:01", &name, "[ESS]", "2026-05-01 10:00:00", "1", "2412", "-61"];
            let rest = ["50.1", "8.6", "120", "5", "", "", "WIFI"];
            csv.write_record(row.iter().chain(&rest)).expect("memory");
            drop(csv);
            let mut reader = WigleReader::new(&file[..]).expect("memory").expect("a header");
            let row = reader.next_row().expect("memory").expect("one").expect("readable");
            let Row::Wifi(sighting) = row else { panic!("{name}") };
            assert_eq!(sighting.ssid.expect("named").bytes(), bytes, "{name}");
        }
    }
}
