//! Where the sensor is: a position receiver, or the word of the person who set it up.

mod doubt;
mod gpsd;
mod live_clock;
mod nmea;
mod receiver;
mod track;

pub use doubt::FixCheck;
pub use gpsd::{GpsdClient, GpsdLine, read_line};
pub use live_clock::LiveClock;
pub use nmea::{NmeaReader, UERE_95_M};
pub use receiver::{GpsEvent, GpsThread, NmeaFileError, read_nmea_file, recorded_range};
pub use track::{Place, Track};

use pw_model::{Fix, FixMode, Position, Timestamp};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What `--gps` says.
#[derive(Clone, PartialEq, Debug)]
pub enum GpsSpec {
    /// `gpsd:HOST:PORT`: a gpsd, JSON over TCP.
    Gpsd {
        /// Name or address.
        host: String,
        /// Port; 2947 unless said.
        port: u16,
    },
    /// `nmea:PATH[,baud=N]`: a file of NMEA sentences, a serial device or a named pipe.
    Nmea {
        /// The file or device.
        path: PathBuf,
        /// Speed of a serial device in baud.
        baud: u32,
    },
    /// `fixed:LAT,LON[,ERROR_M]`: the sensor stands there.
    Fixed(Position),
    /// `none`: positions stay unknown.
    None,
}

/// Baud rate of serial receivers unless said.
const DEFAULT_BAUD: u32 = 9600;

impl FromStr for GpsSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "none" if rest.is_empty() => Ok(Self::None),
            "gpsd" => gpsd_spec(text, rest),
            "nmea" if !rest.is_empty() => {
                let (path, baud) = match rest.rsplit_once(",baud=") {
                    Some((path, baud)) => {
                        let baud = baud.parse().ok().filter(|baud| (1200..=921_600).contains(baud));
                        let wrong =
                            || format!("'{text}': baud= takes a number from 1200 to 921600");
                        (path, baud.ok_or_else(wrong)?)
                    }
                    None => (rest, DEFAULT_BAUD),
                };
                Ok(Self::Nmea { path: PathBuf::from(path), baud })
            }
            "fixed" => fixed_spec(text, rest),
            _ => Err(format!(
                "'{text}' is no position source: gpsd:HOST:PORT, nmea:PATH, fixed:LAT,LON[,ERROR_M] or none"
            )),
        }
    }
}

fn gpsd_spec(text: &str, rest: &str) -> Result<GpsSpec, String> {
    // An IPv6 address stands in brackets, as in a URL.
    let (host, port) = match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, after)) => (host, after.strip_prefix(':')),
        None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        None | Some("") => Some(2947),
        Some(port) => port.parse().ok().filter(|port| *port != 0),
    };
    let port = port.ok_or_else(|| format!("'{text}': the port is a number from 1 to 65535"))?;
    let host = if host.is_empty() { "localhost" } else { host };
    Ok(GpsSpec::Gpsd { host: host.to_owned(), port })
}

fn fixed_spec(text: &str, rest: &str) -> Result<GpsSpec, String> {
    let wrong = || {
        format!(
            "'{text}': fixed:LAT,LON[,ERROR_M] in degrees and metres, like fixed:52.5163,13.3777,5"
        )
    };
    let mut numbers = Vec::new();
    for part in rest.split(',') {
        numbers.push(part.trim().parse::<f64>().map_err(|_not_a_number| wrong())?);
    }
    let (lat, lon, error) = match numbers.as_slice() {
        [lat, lon] => (*lat, *lon, None),
        [lat, lon, error] if *error > 0.0 && *error < 1e6 => (*lat, *lon, Some(*error as f32)),
        _ => return Err(wrong()),
    };
    let position = Position::new(lat, lon)
        .ok_or_else(|| format!("'{text}' is no place: -90 to 90, -180 to 180, and not 0,0"))?;
    Ok(GpsSpec::Fixed(position.with_error_m(error)))
}

impl fmt::Display for GpsSpec {
    /// Without the place of a fixed sensor, so that it can be logged.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gpsd { host, port } => write!(out, "gpsd at {host}, port {port}"),
            Self::Nmea { path, .. } => write!(out, "NMEA from {}", path.display()),
            Self::Fixed(_) => out.write_str("a fixed place"),
            Self::None => out.write_str("no position receiver"),
        }
    }
}

/// A receiver's report, on the receiver's own clock.
#[derive(Clone, PartialEq, Debug)]
pub struct ReportedFix {
    /// UTC by the receiver; `None` while it does not know.
    pub time: Option<Timestamp>,
    /// Kind of fix.
    pub mode: FixMode,
    /// The place; `None` without a fix.
    pub position: Option<Position>,
    /// Speed over ground in metres per second.
    pub speed_mps: Option<f32>,
    /// Course over ground in degrees from true north.
    pub track_deg: Option<f32>,
    /// Satellites used.
    pub satellites: Option<u8>,
    /// Horizontal dilution of precision.
    pub hdop: Option<f32>,
}

impl ReportedFix {
    /// The report as a record, true at `time` by the sensor's clock.
    #[must_use]
    pub fn at(&self, time: Timestamp) -> Fix {
        // A position without a fix, or a fix without a position, is no fix.
        let position = self.position.filter(|_| self.mode != FixMode::NoFix);
        Fix {
            time,
            mode: if position.is_some() { self.mode } else { FixMode::NoFix },
            position,
            speed_mps: self.speed_mps,
            track_deg: self.track_deg,
            satellites: self.satellites,
            hdop: self.hdop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Result<GpsSpec, String> {
        text.parse()
    }

    #[test]
    fn specs() {
        let gpsd = |host: &str, port| GpsSpec::Gpsd { host: host.to_owned(), port };
        assert_eq!(spec("gpsd:pi.local:2948"), Ok(gpsd("pi.local", 2948)));
        assert_eq!(spec("gpsd:127.0.0.1"), Ok(gpsd("127.0.0.1", 2947)));
        assert_eq!(spec("gpsd:[::1]:99"), Ok(gpsd("::1", 99)));
        assert_eq!(spec("gpsd"), Ok(gpsd("localhost", 2947)));
        assert_eq!(spec("none"), Ok(GpsSpec::None));
        let nmea = |path: &str, baud| GpsSpec::Nmea { path: PathBuf::from(path), baud };
        assert_eq!(spec("nmea:/dev/ttyACM0,baud=115200"), Ok(nmea("/dev/ttyACM0", 115_200)));
        assert_eq!(spec("nmea:a:b.nmea"), Ok(nmea("a:b.nmea", 9600)));
        let place = Position::new(52.5, -13.25).expect("valid");
        assert_eq!(spec("fixed:52.5,-13.25"), Ok(GpsSpec::Fixed(place)));
        assert_eq!(spec("fixed:52.5,-13.25,4"), Ok(GpsSpec::Fixed(place.with_error_m(Some(4.0)))));
        for wrong in [
            "",
            "gps",
            "nmea:",
            "fixed:0,0",
            "fixed:1",
            "fixed:91,1",
            "fixed:1,2,-3",
            "gpsd:h:0",
            "nmea:x,baud=1",
        ] {
            assert!(spec(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fixed_place_is_not_logged() {
        let spec = spec("fixed:52.5,13.25").expect("valid");
        assert!(!spec.to_string().contains("52"));
    }
}
