//! A client of gpsd: JSON lines over TCP (gpsd_json(5), protocol 3).

use super::ReportedFix;
use pw_model::{FixMode, Position, Timestamp};
use serde::Deserialize;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Longest line that is read; gpsd's own limit is 10,240 (GPS_JSON_RESPONSE_MAX). A longer one is
/// passed over.
const MAX_LINE: u64 = 32 << 10;
/// Limit for connecting and for each write.
const CONNECT: Duration = Duration::from_secs(5);
/// How often reading comes back, so that the thread can be stopped.
const READ: Duration = Duration::from_millis(500);
/// A receiver that was chosen and says nothing for so long gives way to another of the same gpsd.
const DEVICE_SILENCE: Duration = Duration::from_secs(5);

/// What one line of gpsd says.
#[derive(Clone, PartialEq, Debug)]
pub enum GpsdLine {
    /// Where and when.
    Fix {
        /// Which receiver.
        device: Option<String>,
        /// Its report.
        fix: ReportedFix,
    },
    /// What it sees.
    Sky {
        /// Which receiver.
        device: Option<String>,
        /// Satellites used.
        satellites: Option<u8>,
        /// Horizontal dilution of precision.
        hdop: Option<f32>,
    },
    /// gpsd's first line.
    Version {
        /// Its release.
        release: String,
        /// Protocol; the fields read here are those of 3.
        protocol: u32,
    },
    /// The receivers that it has.
    Devices(usize),
    /// gpsd complains.
    Error(String),
    /// Something else.
    Other,
}

#[derive(Deserialize)]
struct Report {
    class: String,
    device: Option<String>,
    mode: Option<u8>,
    time: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
    #[serde(rename = "altMSL")]
    alt_msl: Option<f32>,
    epx: Option<f32>,
    epy: Option<f32>,
    eph: Option<f32>,
    speed: Option<f32>,
    track: Option<f32>,
    hdop: Option<f32>,
    #[serde(rename = "uSat")]
    used: Option<u8>,
    satellites: Option<Vec<Satellite>>,
    release: Option<String>,
    proto_major: Option<u32>,
    message: Option<String>,
    devices: Option<Vec<serde::de::IgnoredAny>>,
}

#[derive(Deserialize)]
struct Satellite {
    #[serde(default)]
    used: bool,
}

/// Reads one line.
///
/// # Errors
/// It is not JSON, or a field has a type it should not have.
pub fn read_line(line: &str) -> Result<GpsdLine, serde_json::Error> {
    let report: Report = serde_json::from_str(line)?;
    Ok(match report.class.as_str() {
        "TPV" => GpsdLine::Fix { device: report.device.clone(), fix: fix_of(&report) },
        "SKY" => GpsdLine::Sky {
            satellites: report.used.or_else(|| {
                let used = report.satellites.as_ref()?.iter().filter(|s| s.used).count();
                u8::try_from(used).ok()
            }),
            hdop: report.hdop.filter(|hdop| hdop.is_finite() && *hdop > 0.0),
            device: report.device,
        },
        "VERSION" => GpsdLine::Version {
            release: report.release.unwrap_or_default(),
            protocol: report.proto_major.unwrap_or(0),
        },
        "DEVICES" => GpsdLine::Devices(report.devices.map_or(0, |devices| devices.len())),
        "ERROR" => GpsdLine::Error(report.message.unwrap_or_default()),
        _ => GpsdLine::Other,
    })
}

/// `eph` is gpsd's horizontal error, `epx` and `epy` those along the axes, all 95 %.
fn fix_of(report: &Report) -> ReportedFix {
    let mode = match report.mode {
        Some(2) => FixMode::TwoD,
        Some(3) => FixMode::ThreeD,
        _ => FixMode::NoFix,
    };
    let axes = || Some(report.epx?.hypot(report.epy?));
    let error = report.eph.or_else(axes);
    let position = match (mode, report.lat, report.lon) {
        (FixMode::TwoD | FixMode::ThreeD, Some(lat), Some(lon)) => {
            let altitude = report.alt_msl.filter(|_| mode == FixMode::ThreeD);
            Position::new(lat, lon).map(|p| p.with_error_m(error).with_altitude_m(altitude))
        }
        _ => None,
    };
    ReportedFix {
        time: report.time.as_deref().and_then(|text| Timestamp::parse_rfc3339(text).ok()),
        mode: if position.is_some() { mode } else { FixMode::NoFix },
        position,
        speed_mps: report.speed.filter(|speed| speed.is_finite() && *speed >= 0.0),
        track_deg: report.track.filter(|track| track.is_finite()),
        satellites: None,
        hdop: None,
    }
}

/// A connection to a gpsd.
#[derive(Debug)]
pub struct GpsdClient {
    reader: BufReader<TcpStream>,
    line: Vec<u8>,
    overlong: bool,
    device: Option<(Option<String>, Instant)>,
    satellites: Option<u8>,
    hdop: Option<f32>,
}

impl GpsdClient {
    /// Connects and asks for reports.
    ///
    /// # Errors
    /// No gpsd answers there.
    pub fn connect(host: &str, port: u16) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => return Self::begin(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn begin(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(READ))?;
        stream.set_write_timeout(Some(CONNECT))?;
        let mut writer = &stream;
        writer.write_all(b"?WATCH={\"enable\":true,\"json\":true};\n")?;
        Ok(Self {
            reader: BufReader::new(stream),
            line: Vec::new(),
            overlong: false,
            device: None,
            satellites: None,
            hdop: None,
        })
    }

    /// The next line; `None` when none came within half a second.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn next_line(&mut self) -> io::Result<Option<GpsdLine>> {
        loop {
            let room = MAX_LINE.saturating_sub(self.line.len() as u64).max(1);
            match self.reader.by_ref().take(room).read_until(b'\n', &mut self.line) {
                Ok(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "gpsd closed the connection",
                    ));
                }
                Ok(_) if self.line.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.line);
                    if std::mem::take(&mut self.overlong) {
                        continue;
                    }
                    return Ok(Some(self.understand(&String::from_utf8_lossy(&line))));
                }
                Ok(_) if self.line.len() as u64 >= MAX_LINE => {
                    self.line.clear();
                    self.overlong = true;
                }
                Ok(_) => {}
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock
                            | io::ErrorKind::TimedOut
                            | io::ErrorKind::Interrupted
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts satellites and dilution into the reports of the chosen receiver, and leaves out others.
    fn understand(&mut self, line: &str) -> GpsdLine {
        match read_line(line.trim()) {
            Ok(GpsdLine::Sky { device, satellites, hdop }) => {
                if self.device.as_ref().is_none_or(|(chosen, _)| *chosen == device) {
                    // Not every SKY says everything; what is not said has not changed.
                    self.satellites = satellites.or(self.satellites);
                    self.hdop = hdop.or(self.hdop);
                }
                GpsdLine::Sky { device, satellites, hdop }
            }
            Ok(GpsdLine::Fix { device, mut fix }) => {
                let other = self.device.as_ref().is_some_and(|(chosen, heard)| {
                    *chosen != device && heard.elapsed() < DEVICE_SILENCE
                });
                if other {
                    return GpsdLine::Other;
                }
                self.device = Some((device.clone(), Instant::now()));
                fix.satellites = self.satellites;
                fix.hdop = self.hdop.filter(|_| fix.position.is_some());
                GpsdLine::Fix { device, fix }
            }
            Ok(line) => line,
            Err(error) => GpsdLine::Error(format!("a line that is no JSON report: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const TPV: &str = r#"{"class":"TPV","device":"/dev/pts/1","mode":3,"time":"2026-05-01T09:30:00.500Z","ept":0.005,"lat":52.5163,"lon":13.3777,"altHAE":80.1,"altMSL":35.2,"alt":35.2,"epx":3.0,"epy":4.0,"track":10.3,"speed":5.5,"eph":19.0}"#;

    fn fix(line: &str) -> ReportedFix {
        match read_line(line) {
            Ok(GpsdLine::Fix { fix, .. }) => fix,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reports() {
        let fix3 = fix(TPV);
        let position = fix3.position.expect("a fix");
        assert_eq!(
            (position.lat_deg, position.altitude_m, position.error_m),
            (52.5163, Some(35.2), Some(19.0))
        );
        assert_eq!(fix3.mode, FixMode::ThreeD);
        assert_eq!(fix3.time.map(Timestamp::rfc3339), Some("2026-05-01T09:30:00.5Z".to_owned()));
        let axes = fix(&TPV.replace(r#","eph":19.0"#, ""));
        assert_eq!(axes.position.and_then(|p| p.error_m), Some(5.0), "3 and 4 along the axes");
        let lost = fix(r#"{"class":"TPV","device":"x","mode":1,"lat":1.0,"lon":2.0}"#);
        assert_eq!((lost.mode, lost.position, lost.time), (FixMode::NoFix, None, None));
        let nothing = fix(r#"{"class":"TPV","mode":3,"lat":0.0,"lon":0.0}"#);
        assert_eq!((nothing.mode, nothing.position), (FixMode::NoFix, None));
        assert_eq!(
            read_line(r#"{"class":"SKY","device":"x","hdop":0.9,"satellites":[{"PRN":1,"used":true},{"PRN":2}]}"#).ok(),
            Some(GpsdLine::Sky { device: Some("x".to_owned()), satellites: Some(1), hdop: Some(0.9) })
        );
        assert_eq!(read_line(r#"{"class":"NEW"}"#).ok(), Some(GpsdLine::Other));
        assert!(read_line("{").is_err());
    }

    /// A gpsd that writes `script` to the first who connects, and returns what it was asked.
    fn scripted(script: Vec<u8>) -> (u16, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut asked = [0; 64];
            let length = stream.read(&mut asked).expect("a command");
            for piece in script.chunks(7) {
                stream.write_all(piece).expect("written");
            }
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        (port, thread)
    }

    fn lines(script: &[u8]) -> Vec<GpsdLine> {
        let (port, thread) = scripted(script.to_vec());
        let mut client = GpsdClient::connect("127.0.0.1", port).expect("connected");
        let mut lines = Vec::new();
        loop {
            match client.next_line() {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => {}
                Err(_closed) => break,
            }
        }
        assert!(thread.join().expect("no panic").starts_with("?WATCH={\"enable\":true"));
        lines
    }

    #[test]
    fn a_conversation() {
        let script = format!(
            "{}\r\n{}\r\n{TPV}\r\n{}\n",
            r#"{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}"#,
            r#"{"class":"SKY","device":"/dev/pts/1","uSat":7,"hdop":1.1}"#,
            TPV.replace("/dev/pts/1", "/dev/pts/2"),
        );
        let lines = lines(script.as_bytes());
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], GpsdLine::Version { release: "3.22".to_owned(), protocol: 3 });
        assert!(
            matches!(&lines[2], GpsdLine::Fix { fix, .. } if fix.satellites == Some(7) && fix.hdop == Some(1.1))
        );
        assert_eq!(lines[3], GpsdLine::Other, "a second receiver waits while the first speaks");
    }

    #[test]
    fn garbage_and_endless_lines_cost_nothing_but_themselves() {
        let mut script = vec![b'x'; 100_000];
        script.extend_from_slice(b"\n\xff\xfe\n");
        script.extend_from_slice(TPV.as_bytes());
        script.push(b'\n');
        let lines = lines(&script);
        assert!(matches!(lines[0], GpsdLine::Error(_)));
        assert!(matches!(lines[1], GpsdLine::Fix { .. }));
        assert_eq!(lines.len(), 2, "the endless line is passed over");
    }
}
