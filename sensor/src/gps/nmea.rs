//! NMEA 0183 sentences to reports: one per epoch, put together from RMC, GGA, GNS, GLL, GST, GSA, ZDA.

use super::ReportedFix;
use nmea::sentences::rmc::RmcStatusOfFix;
use nmea::{ParseResult, SentenceType};
use pw_model::{FixMode, Position, Timestamp};
use time::{Date, Month, Time};

/// Horizontal error with 95 % probability of a receiver at a dilution of 1, in metres, where it
/// gives no better word (GST): the accuracy that GPS promises to all (SPS Performance Standard,
/// 5th edition 2020, 3.8.3: 8 m, 95 %, global average).
pub const UERE_95_M: f32 = 8.0;

/// Knots to metres per second.
const KNOT_MPS: f32 = 1852.0 / 3600.0;
/// Longest line that is looked at. The standard allows 82 characters, some makers write more.
const MAX_LINE: usize = 255;

/// What the sentences of one epoch said so far.
#[derive(Clone, Debug, Default)]
struct Epoch {
    time: Option<Time>,
    /// True when some sentence said that there is a fix, false when one said that there is none.
    valid: Option<bool>,
    position: Option<(f64, f64)>,
    altitude_m: Option<f32>,
    speed_mps: Option<f32>,
    track_deg: Option<f32>,
    satellites: Option<u8>,
    hdop: Option<f32>,
    /// 95 % error by GST.
    error_m: Option<f32>,
    last: Option<SentenceType>,
}

/// Puts the sentences of a receiver together. Feed it line after line.
#[derive(Clone, Debug, Default)]
pub struct NmeaReader {
    epoch: Epoch,
    date: Option<Date>,
    /// The sentence that ended the last whole epoch; the epoch is given away when it comes again.
    closing: Option<SentenceType>,
    given: bool,
    /// Lines that were no sound sentence.
    damaged: u64,
}

impl NmeaReader {
    /// Takes a line, and gives a report when an epoch is complete: at its last sentence, as learned
    /// from the epoch before, else at the first sentence of the next one.
    pub fn line(&mut self, line: &str) -> Option<ReportedFix> {
        let line = line.trim();
        if line.is_empty() || !line.starts_with('$') {
            return None;
        }
        if line.len() > MAX_LINE {
            self.damaged += 1;
            return None;
        }
        // What is not read here is not parsed: proprietary sentences are no damage.
        let kind = line.get(3..6)?;
        if !matches!(kind, "RMC" | "GGA" | "GNS" | "GLL" | "GST" | "GSA" | "ZDA") {
            return None;
        }
        let Ok(parsed) = nmea::parse_str(line) else {
            self.damaged += 1;
            return None;
        };
        let fields: Vec<&str> = line.split(['*', ',']).collect();
        let time = match kind {
            "GLL" => fields.get(5),
            "GSA" => None,
            _ => fields.get(1),
        };
        let time = time.and_then(|text| time_of(text));
        let ended = self.begin_epoch(time);
        self.take(&parsed, &fields);
        let sentence = SentenceType::from(&parsed);
        self.epoch.last = Some(sentence);
        if ended.is_none() && !self.given && self.closing == Some(sentence) {
            self.given = true;
            return self.report();
        }
        ended
    }

    /// The report of the last epoch, when no more lines come.
    pub fn finish(&mut self) -> Option<ReportedFix> {
        if std::mem::replace(&mut self.given, true) { None } else { self.report() }
    }

    /// Lines that were no sound sentence so far.
    #[must_use]
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Begins a new epoch when the time is a new one, and gives the old one if nobody has it yet.
    fn begin_epoch(&mut self, time: Option<Time>) -> Option<ReportedFix> {
        let (Some(time), Some(known)) = (time, self.epoch.time) else {
            if self.epoch.time.is_none() {
                self.epoch.time = time;
            }
            return None;
        };
        if time == known {
            return None;
        }
        // Past midnight the date of the last RMC is yesterday's until the next RMC comes.
        if time < known && (known - time).whole_hours() > 12 {
            self.date = self.date.and_then(Date::next_day);
        }
        let report = if self.given { None } else { self.report() };
        self.closing = self.epoch.last;
        self.epoch = Epoch { time: Some(time), ..Epoch::default() };
        self.given = false;
        report
    }

    fn take(&mut self, parsed: &ParseResult, fields: &[&str]) {
        let epoch = &mut self.epoch;
        let place = |lat: Option<f64>, lon: Option<f64>| lat.zip(lon);
        match parsed {
            ParseResult::RMC(rmc) => {
                let valid = rmc.status_of_fix != RmcStatusOfFix::Invalid;
                epoch.valid = Some(valid && epoch.valid != Some(false));
                epoch.position = epoch.position.or(place(rmc.lat, rmc.lon));
                epoch.speed_mps = rmc.speed_over_ground.map(|knots| knots * KNOT_MPS);
                epoch.track_deg = rmc.true_course;
                self.date = fields.get(9).and_then(|text| date_of(text)).or(self.date);
            }
            ParseResult::GGA(gga) => {
                let valid = gga.fix_type.is_some_and(|kind| kind.is_valid());
                epoch.valid = Some(valid && epoch.valid != Some(false));
                epoch.position = place(gga.latitude, gga.longitude).or(epoch.position);
                epoch.altitude_m = gga.altitude;
                epoch.satellites = gga.fix_satellites.and_then(|n| u8::try_from(n).ok());
                epoch.hdop = gga.hdop.or(epoch.hdop);
            }
            ParseResult::GNS(gns) => {
                epoch.position = epoch.position.or(place(gns.lat, gns.lon));
                epoch.altitude_m = epoch.altitude_m.or(gns.alt);
                epoch.hdop = gns.hdop.or(epoch.hdop);
            }
            ParseResult::GLL(gll) => {
                epoch.position = epoch.position.or(place(gll.latitude, gll.longitude));
                let valid = fields.get(6).copied() == Some("A");
                epoch.valid = Some(valid && epoch.valid != Some(false));
            }
            ParseResult::GST(gst) => {
                // Twice the distance root mean square: 95 to 98 % for any ratio of the axes.
                let sigma = gst.lat_sd.zip(gst.long_sd).map(|(lat, lon)| lat.hypot(lon));
                epoch.error_m =
                    sigma.map(|sigma| 2.0 * sigma).filter(|e| e.is_finite() && *e > 0.0);
            }
            ParseResult::GSA(gsa) => epoch.hdop = epoch.hdop.or(gsa.hdop),
            ParseResult::ZDA(_) => {
                let number = |at: usize| fields.get(at)?.parse::<i32>().ok();
                let date = || {
                    let month = Month::try_from(u8::try_from(number(3)?).ok()?).ok()?;
                    Date::from_calendar_date(number(4)?, month, u8::try_from(number(2)?).ok()?).ok()
                };
                self.date = date().or(self.date);
            }
            _ => {}
        }
    }

    fn report(&self) -> Option<ReportedFix> {
        let epoch = &self.epoch;
        let time = epoch.time?;
        // Dilutions of 99.99 are how receivers write "none".
        let hdop = epoch.hdop.filter(|hdop| *hdop > 0.0 && *hdop < 99.0);
        let error = epoch.error_m.or_else(|| hdop.map(|hdop| hdop * UERE_95_M));
        let position = epoch
            .position
            .filter(|_| epoch.valid == Some(true))
            .and_then(|(lat, lon)| Position::new(lat, lon))
            .map(|p| p.with_error_m(error).with_altitude_m(epoch.altitude_m));
        let mode = match (position, epoch.altitude_m) {
            (None, _) => FixMode::NoFix,
            (Some(_), None) => FixMode::TwoD,
            (Some(_), Some(_)) => FixMode::ThreeD,
        };
        Some(ReportedFix {
            time: self.date.and_then(|date| {
                let ns = date.with_time(time).assume_utc().unix_timestamp_nanos();
                i64::try_from(ns).ok().map(Timestamp::from_unix_ns)
            }),
            mode,
            position,
            speed_mps: epoch.speed_mps.filter(|speed| speed.is_finite() && *speed >= 0.0),
            track_deg: epoch.track_deg.filter(|track| track.is_finite()),
            satellites: epoch.satellites,
            hdop: hdop.filter(|_| position.is_some()),
        })
    }
}

/// `hhmmss.sss`.
fn time_of(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let number = |range: std::ops::Range<usize>| whole.get(range)?.parse::<u8>().ok();
    let padded = format!("{fraction:0<9}");
    let nanos = padded.get(..9)?.parse::<u32>().ok()?;
    // A leap second is the next second's beginning here.
    let second = number(4..6)?.min(59);
    Time::from_hms_nano(number(0..2)?, number(2..4)?, second, nanos).ok()
}

/// `ddmmyy`; receivers are younger than 1980.
fn date_of(text: &str) -> Option<Date> {
    if text.len() != 6 || !text.is_ascii() {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u8>().ok();
    let year = i32::from(number(4..6)?);
    let year = if year < 80 { 2000 + year } else { 1900 + year };
    let month = Month::try_from(number(2..4)?).ok()?;
    Date::from_calendar_date(year, month, number(0..2)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentence with its checksum.
    fn sentence(body: &str) -> String {
        let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
        format!("${body}*{sum:02X}\r\n")
    }

    fn reports(bodies: &[&str]) -> Vec<ReportedFix> {
        let mut reader = NmeaReader::default();
        let mut reports: Vec<_> =
            bodies.iter().filter_map(|body| reader.line(&sentence(body))).collect();
        reports.extend(reader.finish());
        reports
    }

    const FIX: [&str; 3] = [
        "GNRMC,093000.00,A,5230.9780,N,01322.6620,E,10.0,90.0,010526,,,A,V",
        "GNGGA,093000.00,5230.9780,N,01322.6620,E,1,09,1.50,35.2,M,47.0,M,,",
        "GNGST,093000.00,4.0,3.00,3.00,0.0,3.00,4.00,5.00",
    ];

    #[test]
    fn an_epoch_becomes_one_report() {
        let reports = reports(&FIX);
        assert_eq!(reports.len(), 1);
        let fix = &reports[0];
        assert_eq!(fix.time.map(Timestamp::rfc3339), Some("2026-05-01T09:30:00Z".to_owned()));
        let position = fix.position.expect("a fix");
        assert!(
            (position.lat_deg - 52.5163).abs() < 1e-6 && (position.lon_deg - 13.3777).abs() < 1e-6
        );
        assert_eq!((position.error_m, position.altitude_m), (Some(10.0), Some(35.2)));
        assert_eq!((fix.mode, fix.satellites, fix.hdop), (FixMode::ThreeD, Some(9), Some(1.5)));
        assert!((fix.speed_mps.expect("said") - 5.144).abs() < 0.001);
    }

    #[test]
    fn without_gst_the_dilution_gives_the_error() {
        let reports = reports(&FIX[..2]);
        assert_eq!(reports[0].position.and_then(|p| p.error_m), Some(1.5 * UERE_95_M));
    }

    #[test]
    fn the_second_epoch_is_given_at_its_last_sentence() {
        let mut reader = NmeaReader::default();
        let mut given = Vec::new();
        for second in 0..3 {
            for (number, body) in FIX.iter().enumerate() {
                let body = body.replace("093000", &format!("09300{second}"));
                if reader.line(&sentence(&body)).is_some() {
                    given.push((second, number));
                }
            }
        }
        // The first epoch only when the second begins; later ones with their GST.
        assert_eq!(given, [(1, 0), (1, 2), (2, 2)]);
        assert!(reader.finish().is_none());
    }

    #[test]
    fn no_fix_has_no_place_and_midnight_has_its_date() {
        let lost = reports(&[
            "GNRMC,235959.00,V,,,,,,,310526,,,N,V",
            "GNGGA,235959.00,,,,,0,00,99.99,,,,,,",
            "GPGGA,000000.00,5230.9780,N,01322.6620,E,1,09,1.50,35.2,M,47.0,M,,",
        ]);
        assert_eq!((lost[0].mode, lost[0].position, lost[0].hdop), (FixMode::NoFix, None, None));
        assert_eq!(lost[1].time.map(Timestamp::rfc3339), Some("2026-06-01T00:00:00Z".to_owned()));
        // A stale place beside the word "void".
        let stale = reports(&["GPRMC,093000,V,5230.9780,N,01322.6620,E,0,0,010526,,,N"]);
        assert_eq!(stale[0].position, None);
    }

    #[test]
    fn damage_is_counted_and_nothing_panics() {
        let mut reader = NmeaReader::default();
        assert!(reader.line("$GNRMC,093000.00,A*00").is_none());
        assert_eq!(reader.damaged(), 1);
        for body in FIX {
            let line = sentence(body);
            for at in 0..line.len() {
                for byte in [b',', b'*', b'9', b'-', 0x7f] {
                    let mut bytes = line.clone().into_bytes();
                    bytes[at] = byte;
                    reader.line(&String::from_utf8_lossy(&bytes));
                    reader.line(line.get(..at).unwrap_or_default());
                }
            }
        }
        reader.line("$GP\u{e9}MC,1");
        reader.line(&"$GPRMC,".repeat(100));
    }
}
