//! Numbers, times and names as a reader sees them.

use pw_model::{MacAddr, Timestamp};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

pub(crate) use pw_model::words::{UNKNOWN, count};

/// A count with its noun in the right number.
pub(crate) fn counted(value: usize, one: &str, many: &str) -> String {
    pw_model::words::counted(value as u64, one, many)
}

/// A share in percent; what is not none is never called 0%, what is not all never 100%.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return UNKNOWN.to_owned();
    }
    percent_of(part as f64 / whole as f64)
}

/// A share of 0 to 1 in percent, as [`percent`].
pub(crate) fn percent_of(share: f64) -> String {
    let value = share * 100.0;
    if value > 0.0 && value < 1.0 {
        "<1%".to_owned()
    } else if value > 99.0 && value < 100.0 {
        ">99%".to_owned()
    } else {
        format!("{value:.0}%")
    }
}

/// A length of time in the two units that matter.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) if seconds < 10.0 => format!("{seconds:.1} s"),
        (0, 0) => format!("{rest} s"),
        (0, _) if rest == 0 => format!("{minutes} min"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{} h {minutes:02} min", count(hours)),
    }
}

/// A distance.
pub(crate) fn metres(value: f64) -> String {
    if value < 1000.0 {
        format!("{value:.0} m")
    } else if value < 100_000.0 {
        format!("{:.1} km", value / 1000.0)
    } else {
        format!("{} km", count((value / 1000.0).round() as u64))
    }
}

/// Day and time of day, UTC.
pub(crate) fn moment(time: Timestamp) -> String {
    format(
        time,
        format_description!(
            "[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC"
        ),
    )
}

/// Day, UTC.
pub(crate) fn day(time: Timestamp) -> String {
    format(time, format_description!("[day padding:none] [month repr:long] [year]"))
}

/// Time of day, UTC.
pub(crate) fn time_of_day(time: Timestamp) -> String {
    format(time, format_description!("[hour]:[minute]:[second]"))
}

/// Month, day and time of day, UTC, short.
pub(crate) fn short_moment(time: Timestamp) -> String {
    format(time, format_description!("[month]-[day] [hour]:[minute]"))
}

fn format(time: Timestamp, description: &[BorrowedFormatItem<'_>]) -> String {
    time.civil().format(description).unwrap_or_else(|_| time.rfc3339_secs())
}

/// A latitude with `digits` after the point.
pub(crate) fn latitude(deg: f64, digits: usize) -> String {
    format!("{:.digits$}° {}", deg.abs(), if deg < 0.0 { "S" } else { "N" })
}

/// A longitude with `digits` after the point.
pub(crate) fn longitude(deg: f64, digits: usize) -> String {
    format!("{:.digits$}° {}", deg.abs(), if deg < 0.0 { "W" } else { "E" })
}

/// An address with its middle left out.
pub(crate) fn shortened(address: MacAddr) -> String {
    let [a, b, c, .., f] = address.0;
    format!("{a:02x}:{b:02x}:{c:02x}:…:{f:02x}")
}

/// A text of unknown origin on one line, without characters that hide, reorder or break: those
/// appear as `\u{hhhh}`.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            safe.push_str(&format!("\\u{{{:04x}}}", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Format characters: no shape of their own, but able to reorder or hide what stands around them
/// (Unicode Technical Report 36, 2.10).
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_do_not_round_to_none_or_all() {
        assert_eq!(percent(0, 10), "0%");
        assert_eq!(percent(1, 1000), "<1%");
        assert_eq!(percent(999, 1000), ">99%");
        assert_eq!(percent(10, 10), "100%");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(percent(1, 3), "33%");
    }

    #[test]
    fn times_and_lengths() {
        let time = Timestamp::from_unix_secs(1_777_627_800);
        assert_eq!(moment(time), "1 May 2026, 09:30:00 UTC");
        assert_eq!(short_moment(time), "05-01 09:30");
        assert_eq!(duration(4.25), "4.2 s");
        assert_eq!(duration(59.0), "59 s");
        assert_eq!(duration(60.0), "1 min");
        assert_eq!(duration(61.0), "1 min 01 s");
        assert_eq!(duration(3725.0), "1 h 02 min");
        assert_eq!(metres(999.4), "999 m");
        assert_eq!(metres(12_345.0), "12.3 km");
    }

    #[test]
    fn hostile_text() {
        assert_eq!(safe("a\u{202e}b\n"), "a\\u{202e}b\\u{000a}");
        assert_eq!(safe("#eval ]$ \u{5e9}"), "#eval ]$ \u{5e9}");
    }
}
