//! NMEA 0183 logs beside a capture: where the receiver was while the frames were heard.

use super::super::ExchangeError;
use super::source::Source;
use nmea::ParseResult;
use nmea::sentences::GgaData;
use nmea::sentences::RmcData;
use nmea::sentences::rmc::RmcStatusOfFix;
use pw_model::{Fix, FixMode, Position, Timestamp};
use sha2::{Digest, Sha256};
use std::io::{BufRead, Read};
use std::time::Duration;

/// Longest sentence that is read; the standard's limit is 82.
const LONGEST_LINE: u64 = 1024;

/// Fixes that are kept: more than 11 days at 10 per second. A longer log is refused.
const MOST_FIXES: usize = 10_000_000;

/// Longest stretch between two fixes over which the place is interpolated.
const LONGEST_STEP: Duration = Duration::from_secs(3);

/// Metres of 95 % error for a dilution of precision of one: a user range error of 4 m (1 σ) with
/// the 2.45 σ radius of a circular normal error (GPS SPS Performance Standard 2020, 3.8).
const ERROR_PER_HDOP_M: f32 = 9.8;

/// The fixes of all logs of one import.
#[derive(Debug, Default)]
pub(super) struct PositionLog {
    fixes: Vec<Fix>,
    content: Vec<u8>,
}

impl PositionLog {
    pub(super) fn is_empty(&self) -> bool {
        self.fixes.is_empty()
    }

    /// Names the stream of a capture that is joined with these fixes; 1 when there are none.
    pub(super) fn epoch(&self) -> u64 {
        if self.content.is_empty() {
            return 1;
        }
        let digest = Sha256::digest(&self.content);
        // Never the 1 of a capture without a log.
        u64::from_be_bytes(digest.first_chunk::<8>().copied().unwrap_or_default()) | 1 << 63
    }

    /// Adds a log; returns the number of its fixes.
    pub(super) fn read(&mut self, source: &mut Source) -> Result<u64, ExchangeError> {
        let path = source.path.clone();
        let mut content = source.content()?;
        let mut reader = Reader::default();
        let before = self.fixes.len();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = content.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
            let read = read.map_err(|s| ExchangeError::Read { path: path.clone(), source: s })?;
            if read == 0 {
                break;
            }
            if let Some(fix) = std::str::from_utf8(&line).ok().and_then(|l| reader.sentence(l)) {
                self.fixes.push(fix);
            }
            if self.fixes.len() > MOST_FIXES {
                let reason = format!("more than {MOST_FIXES} fixes; cut the log into parts");
                return Err(ExchangeError::TooLarge { path, reason });
            }
        }
        self.fixes.extend(reader.finish());
        let found = self.fixes.len() - before;
        if found == 0 {
            let reason = "no RMC sentence with date, time and a sound checksum in it".to_owned();
            return Err(ExchangeError::Damaged { path, reason });
        }
        self.fixes.sort_by_key(|fix| fix.time);
        self.content.extend_from_slice(&source.id.0);
        Ok(found as u64)
    }

    /// Where the receiver was at `time`: between two fixes that are close together, else unknown.
    pub(super) fn position_at(&self, time: Timestamp) -> Option<Position> {
        let next = self.fixes.partition_point(|fix| fix.time <= time);
        let before = self.fixes.get(next.checked_sub(1)?)?;
        let from = before.position?;
        if before.time == time {
            return Some(from);
        }
        let after = self.fixes.get(next)?;
        let to = after.position?;
        let step = after.time.since(before.time);
        if step > LONGEST_STEP {
            return None;
        }
        let share = time.since(before.time).as_secs_f64() / step.as_secs_f64();
        let mut east_deg = to.lon_deg - from.lon_deg;
        east_deg -= 360.0 * (east_deg / 360.0).round();
        let mut lon_deg = from.lon_deg + share * east_deg;
        lon_deg -= 360.0 * (lon_deg / 360.0).round();
        let lat_deg = from.lat_deg + share * (to.lat_deg - from.lat_deg);
        let error_m = match (from.error_m, to.error_m) {
            (Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        };
        let position = Position::new(lat_deg, lon_deg)?.with_error_m(error_m);
        Some(position.with_altitude_m(from.altitude_m))
    }

    /// Fixes after `after` up to `until`.
    pub(super) fn between(&self, after: Timestamp, until: Timestamp) -> &[Fix] {
        let first = self.fixes.partition_point(|fix| fix.time <= after);
        let end = self.fixes.partition_point(|fix| fix.time <= until);
        self.fixes.get(first..end).unwrap_or_default()
    }
}

/// Joins the sentences of one moment: RMC has date, speed and course, GGA height and quality.
#[derive(Default)]
struct Reader {
    rmc: Option<RmcData>,
    gga: Option<GgaData>,
}

impl Reader {
    /// Reads a sentence; a fix is complete when the next moment begins.
    fn sentence(&mut self, line: &str) -> Option<Fix> {
        let line = line.trim();
        let sentence = line.find('$').and_then(|at| line.get(at..))?;
        match nmea::parse_str(sentence).ok()? {
            ParseResult::RMC(rmc) => {
                let done = if self.rmc.is_some() { self.finish() } else { None };
                self.rmc = Some(rmc);
                done
            }
            ParseResult::GGA(gga) => {
                let time = self.rmc.as_ref().and_then(|rmc| rmc.fix_time);
                let done =
                    (time.is_some() && time != gga.fix_time).then(|| self.finish()).flatten();
                self.gga = Some(gga);
                done
            }
            _ => None,
        }
    }

    fn finish(&mut self) -> Option<Fix> {
        let rmc = self.rmc.take()?;
        let gga = self.gga.take_if(|gga| gga.fix_time == rmc.fix_time);
        let civil = rmc.fix_date?.and_time(rmc.fix_time?).and_utc();
        let time = Timestamp::from_unix_ns(civil.timestamp_nanos_opt()?);
        let valid = rmc.status_of_fix != RmcStatusOfFix::Invalid;
        let hdop = gga.as_ref().and_then(|gga| gga.hdop).filter(|hdop| (0.1..50.0).contains(hdop));
        let altitude_m = gga.as_ref().and_then(|gga| gga.altitude);
        let position = valid.then(|| Position::new(rmc.lat?, rmc.lon?)).flatten().map(|p| {
            p.with_error_m(hdop.map(|h| h * ERROR_PER_HDOP_M)).with_altitude_m(altitude_m)
        });
        let mode = match (position, altitude_m) {
            (None, _) => FixMode::NoFix,
            (Some(_), None) => FixMode::TwoD,
            (Some(_), Some(_)) => FixMode::ThreeD,
        };
        let satellites = gga.as_ref().and_then(|gga| gga.fix_satellites);
        Some(Fix {
            time,
            mode,
            position,
            // Knots.
            speed_mps: rmc.speed_over_ground.map(|knots| knots * 0.514_444),
            track_deg: rmc.true_course,
            satellites: satellites.and_then(|count| u8::try_from(count).ok()),
            hdop,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> PositionLog {
        let mut reader = Reader::default();
        let mut fixes: Vec<Fix> = lines.iter().filter_map(|line| reader.sentence(line)).collect();
        fixes.extend(reader.finish());
        PositionLog { fixes, content: vec![1] }
    }

    #[test]
    fn places_between_fixes_and_none_across_gaps() {
        let log = log(&[
            "$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*68",
            "nonsense",
            "$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*00",
        ]);
        assert_eq!(log.fixes.len(), 1);
        let fix = log.fixes[0];
        assert_eq!(fix.time.rfc3339(), "1994-11-19T22:54:46Z");
        let place = log.position_at(fix.time).expect("there");
        assert!((place.lat_deg - 49.274_166).abs() < 1e-5);
        assert!((place.lon_deg + 123.185_333).abs() < 1e-5);
        assert_eq!(log.position_at(fix.time.saturating_add(Duration::from_secs(1))), None);
        let later = Fix { time: fix.time.saturating_add(Duration::from_secs(2)), ..fix };
        let log = PositionLog { fixes: vec![fix, later], content: vec![1] };
        assert!(log.position_at(fix.time.saturating_add(Duration::from_secs(1))).is_some());
        let late = Fix { time: fix.time.saturating_add(Duration::from_secs(60)), ..fix };
        let log = PositionLog { fixes: vec![fix, late], content: vec![1] };
        assert_eq!(log.position_at(fix.time.saturating_add(Duration::from_secs(1))), None);
        assert_ne!(log.epoch(), 1);
        assert_eq!(PositionLog::default().epoch(), 1);
    }
}
