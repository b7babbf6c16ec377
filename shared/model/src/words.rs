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

/// What is wrong in a text, after the place where it is: `line 3, column 7: no such key`. Lines and
/// columns are counted from 1, columns in characters; `offset` is in bytes, the first where it is not
/// known. Parsers that draw the place over several lines are told in one by this.
#[must_use]
pub fn wrong_at(text: &str, offset: Option<usize>, message: &str) -> String {
    let mut offset = offset.unwrap_or(0).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    let parts: Vec<&str> = message.lines().map(str::trim).filter(|part| !part.is_empty()).collect();
    format!("line {line}, column {column}: {}", parts.join("; "))
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
    fn what_is_wrong_is_told_in_one_line_with_its_place() {
        let text = "a = 1\nü = é2\n";
        for (offset, place) in [
            (None, "line 1, column 1: "),
            (Some(4), "line 1, column 5: "),
            (Some(6), "line 2, column 1: "),
            (Some(11), "line 2, column 5: "),
            // In the middle of the character there.
            (Some(12), "line 2, column 5: "),
            (Some(13), "line 2, column 6: "),
            // Behind the end.
            (Some(99), "line 3, column 1: "),
        ] {
            let told = wrong_at(text, offset, "bad key\n\n  expected `.`\n");
            assert_eq!(told, format!("{place}bad key; expected `.`"));
        }
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
