//! Counts and sizes as people read them, the same in the window, in a report and on the command line.

/// What stands where a value is not known.
pub const UNKNOWN: &str = "–";

/// 1234567 as `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 network`, `2 networks`.
#[must_use]
pub fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// Bytes in the unit that fits, powers of 1024.
#[must_use]
pub fn bytes(value: u64) -> String {
    let mut amount = value as f64;
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if amount < 1024.0 {
            let digits = usize::from(unit != "bytes" && amount < 100.0);
            return format!("{amount:.digits$} {unit}");
        }
        amount /= 1024.0;
    }
    format!("{amount:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (value, text) in cases {
            assert_eq!(count(value), text);
        }
        assert_eq!(counted(1, "network", "networks"), "1 network");
        assert_eq!(counted(0, "network", "networks"), "0 networks");
        assert_eq!(counted(2_000, "network", "networks"), "2,000 networks");
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        let cases =
            [(1023, "1023 bytes"), (1536, "1.5 KiB"), (300 << 20, "300 MiB"), (5 << 40, "5.0 TiB")];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
    }
}
