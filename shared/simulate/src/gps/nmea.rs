//! NMEA 0183 sentences as receivers write them: RMC, VTG, GGA, GSA, GST (version 4.10).

use super::{Report, ReportedFix};
use pw_model::Timestamp;

/// Metres per second to knots.
const KNOTS: f64 = 3600.0 / 1852.0;
/// Below this speed in metres per second receivers give no course.
const LEAST_SPEED_MPS: f64 = 0.3;
/// Height of the geoid over the ellipsoid that the sentences state, in metres.
const GEOID_M: f64 = 47.0;
/// Dilution of precision when there is none.
const NO_DILUTION: &str = "99.99";

/// The sentences of one epoch, without line ends.
pub(crate) fn sentences(report: &Report) -> Vec<String> {
    let time = clock(report.time);
    let date = report.time.civil();
    let date =
        format!("{:02}{:02}{:02}", date.day(), u8::from(date.month()), date.year().rem_euclid(100));
    let Some(fix) = &report.fix else {
        return [
            format!("GNRMC,{time},V,,,,,,,{date},,,N,V"),
            "GNVTG,,,,,,,,,N".to_owned(),
            format!("GNGGA,{time},,,,,0,00,{NO_DILUTION},,,,,,"),
            format!("GNGSA,A,1,,,,,,,,,,,,,{NO_DILUTION},{NO_DILUTION},{NO_DILUTION},1"),
            format!("GNGST,{time},,,,,,,"),
        ]
        .map(|body| close(&body))
        .to_vec();
    };
    let place = place(fix);
    let course = if fix.speed_mps < LEAST_SPEED_MPS {
        String::new()
    } else {
        format!("{:.2}", fix.heading_deg)
    };
    let knots = fix.speed_mps * KNOTS;
    let mut bodies = vec![
        format!("GNRMC,{time},A,{place},{knots:.3},{course},{date},,,A,V"),
        format!("GNVTG,{course},T,,M,{knots:.3},N,{:.3},K,A", fix.speed_mps * 3.6),
        format!(
            "GNGGA,{time},{place},1,{:02},{:.2},{:.1},M,{GEOID_M:.1},M,,",
            fix.satellites.min(12),
            fix.hdop,
            fix.altitude_m
        ),
    ];
    bodies.extend(satellites(fix));
    let deviation = fix.deviation_m;
    bodies.push(format!(
        "GNGST,{time},{:.1},{deviation:.2},{deviation:.2},0.0,{deviation:.2},{deviation:.2},{:.2}",
        deviation * 4.0,
        deviation * 1.5
    ));
    bodies.iter().map(|body| close(body)).collect()
}

/// GSA: the satellites in use, GPS (system 1) and, beyond eight, Galileo (system 3).
fn satellites(fix: &ReportedFix) -> Vec<String> {
    const GPS: [u8; 12] = [2, 5, 7, 9, 13, 15, 18, 20, 26, 28, 29, 30];
    const GALILEO: [u8; 12] = [1, 3, 8, 11, 13, 15, 21, 24, 26, 27, 31, 33];
    let vdop = fix.hdop * 1.5;
    let pdop = fix.hdop.hypot(vdop);
    let sentence = |list: &[u8; 12], count: usize, system: u8| {
        let numbers: Vec<String> = list
            .iter()
            .enumerate()
            .map(|(at, number)| if at < count { format!("{number:02}") } else { String::new() })
            .collect();
        format!("GNGSA,A,3,{},{pdop:.2},{:.2},{vdop:.2},{system}", numbers.join(","), fix.hdop)
    };
    let count = usize::from(fix.satellites);
    let mut sentences = vec![sentence(&GPS, count.min(8), 1)];
    if count > 8 {
        sentences.push(sentence(&GALILEO, (count - 8).min(12), 3));
    }
    sentences
}

/// `hhmmss.ss`.
fn clock(time: Timestamp) -> String {
    let civil = time.civil();
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    format!("{hour:02}{minute:02}{second:02}.{:02}", civil.nanosecond() / 10_000_000)
}

/// `ddmm.mmmmm,N,dddmm.mmmmm,E`.
fn place(fix: &ReportedFix) -> String {
    // In units of 0.00001 minutes, so that rounding can never print 60.00000 minutes.
    let angle = |degrees: f64, width: usize| {
        let units = (degrees.abs() * 6_000_000.0).round() as u64;
        let (whole, rest) = (units / 6_000_000, units % 6_000_000);
        format!("{whole:0width$}{:02}.{:05}", rest / 100_000, rest % 100_000)
    };
    format!(
        "{},{},{},{}",
        angle(fix.lat_deg, 2),
        if fix.lat_deg < 0.0 { 'S' } else { 'N' },
        angle(fix.lon_deg, 3),
        if fix.lon_deg < 0.0 { 'W' } else { 'E' }
    )
}

/// Puts `$` in front and the checksum behind.
fn close(body: &str) -> String {
    let checksum = body.bytes().fold(0u8, |sum, byte| sum ^ byte);
    format!("${body}*{checksum:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(lat_deg: f64, lon_deg: f64) -> ReportedFix {
        ReportedFix {
            lat_deg,
            lon_deg,
            altitude_m: 112.4,
            speed_mps: 10.0,
            heading_deg: 84.4,
            satellites: 11,
            hdop: 0.82,
            deviation_m: 2.5,
        }
    }

    fn time() -> Timestamp {
        Timestamp::parse_rfc3339("2026-05-09T09:08:07.25Z").expect("valid")
    }

    #[test]
    fn sentences_with_a_fix() {
        let lines = sentences(&Report { time: time(), fix: Some(fix(50.123_456_7, -8.5)) });
        assert!(
            lines[0]
                .starts_with("$GNRMC,090807.25,A,5007.40740,N,00830.00000,W,19.438,84.40,090526,"),
            "{}",
            lines[0]
        );
        assert!(lines[2].contains(",1,11,0.82,112.4,M,47.0,M,,*"), "{}", lines[2]);
        assert_eq!(lines.iter().filter(|line| line.contains("GSA")).count(), 2);
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:?}");
    }

    #[test]
    fn sentences_without_a_fix_have_empty_fields() {
        let lines = sentences(&Report { time: time(), fix: None });
        assert!(lines[0].starts_with("$GNRMC,090807.25,V,,,,,,,090526,,,N,V*"));
        assert!(lines[2].starts_with("$GNGGA,090807.25,,,,,0,00,99.99,,,,,,*"));
    }

    #[test]
    fn checksum_of_a_published_sentence() {
        assert_eq!(
            close("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,"),
            "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47"
        );
    }

    #[test]
    fn minutes_never_reach_sixty() {
        assert!(place(&fix(50.999_999_999_9, 8.0)).starts_with("5100.00000,N"));
    }
}
