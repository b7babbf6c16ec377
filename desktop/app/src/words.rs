//! Values as words: counts, times, lengths, places. Unknown is a dash or a word, never a zero.

use pw_model::{SensorId, TimeRange, Timestamp};
use std::time::Duration;

pub(crate) use pw_model::words::{UNKNOWN, bytes, count, counted};

/// A length of time in its two largest units: `2 h 05 min`, `3 min 20 s`, `12 s`.
pub(crate) fn duration(value: Duration) -> String {
    let secs = value.as_secs();
    let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if secs == 0 && !value.is_zero() => format!("{} ms", value.as_millis().max(1)),
        (0, 0, 0) => format!("{secs} s"),
        (0, 0, _) => format!("{minutes} min {:02} s", secs % 60),
        (0, _, _) => format!("{hours} h {minutes:02} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// How long ago `time` was, in words.
pub(crate) fn ago(time: Timestamp, now: Timestamp) -> String {
    past(now.since(time))
}

/// An age in words.
pub(crate) fn past(age: Duration) -> String {
    if age < Duration::from_secs(2) { "now".to_owned() } else { format!("{} ago", duration(age)) }
}

/// `12:34:56`, UTC.
pub(crate) fn clock(time: Timestamp) -> String {
    let civil = time.civil();
    format!("{:02}:{:02}:{:02}", civil.hour(), civil.minute(), civil.second())
}

/// `2026-05-01`, UTC.
pub(crate) fn date(time: Timestamp) -> String {
    let civil = time.civil();
    format!("{:04}-{:02}-{:02}", civil.year(), u8::from(civil.month()), civil.day())
}

/// `2026-05-01 12:34:56`, UTC.
pub(crate) fn date_clock(time: Timestamp) -> String {
    format!("{} {}", date(time), clock(time))
}

/// From when to when, the date once where it is the same.
pub(crate) fn range(range: TimeRange) -> String {
    if date(range.start) == date(range.end) {
        format!("{} {} – {} UTC", date(range.start), clock(range.start), clock(range.end))
    } else {
        format!("{} – {} UTC", date_clock(range.start), date_clock(range.end))
    }
}

/// Metres, kilometres from one on.
pub(crate) fn metres(value: f64) -> String {
    if value >= 100_000.0 {
        format!("{:.0} km", value / 1000.0)
    } else if value >= 10_000.0 {
        format!("{:.1} km", value / 1000.0)
    } else if value >= 1000.0 {
        format!("{:.2} km", value / 1000.0)
    } else {
        format!("{value:.0} m")
    }
}

/// `50.085123° N, 8.241234° E`.
pub(crate) fn coordinates(lat_deg: f64, lon_deg: f64) -> String {
    let north = if lat_deg < 0.0 { "S" } else { "N" };
    let east = if lon_deg < 0.0 { "W" } else { "E" };
    format!("{:.6}° {north}, {:.6}° {east}", lat_deg.abs(), lon_deg.abs())
}

/// Signal strength.
pub(crate) fn dbm(value: Option<i8>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value} dBm"))
}

/// Share of one as a percentage with the digits that mean something.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        "< 0.1 %".to_owned()
    } else if (99.0..100.0).contains(&percent) {
        // Nearly all is not all.
        format!("{:.1} %", (percent * 10.0).floor() / 10.0)
    } else if percent < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// The first digits of an identifier, enough to tell streams apart.
pub(crate) fn short_id(id: SensorId) -> String {
    id.to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 00 s"),
            (3725, "1 h 02 min"),
            (90_000, "1 d 1 h"),
        ];
        for (secs, text) in cases {
            assert_eq!(duration(Duration::from_secs(secs)), text);
        }
        assert_eq!(duration(Duration::from_millis(3)), "3 ms");
        let now = Timestamp::from_unix_secs(1000);
        assert_eq!(ago(Timestamp::from_unix_secs(995), now), "5 s ago");
        assert_eq!(ago(Timestamp::from_unix_secs(2000), now), "now");
    }

    #[test]
    fn lengths_places() {
        assert_eq!(metres(12.4), "12 m");
        assert_eq!(metres(2345.0), "2.35 km");
        assert_eq!(coordinates(-33.5, 151.25), "33.500000° S, 151.250000° E");
        assert_eq!(percent(0.000_5), "< 0.1 %");
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.256), "26 %");
        assert_eq!(percent(0.9999), "99.9 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn times_are_utc_and_say_so() {
        let start = Timestamp::from_unix_secs(1_700_000_000);
        assert_eq!(date_clock(start), "2023-11-14 22:13:20");
        let same = TimeRange::new(start, Timestamp::from_unix_secs(1_700_000_060));
        assert_eq!(range(same), "2023-11-14 22:13:20 – 22:14:20 UTC");
        let next = TimeRange::new(start, Timestamp::from_unix_secs(1_700_090_000));
        assert!(range(next).contains("– 2023-11-15"));
    }
}
