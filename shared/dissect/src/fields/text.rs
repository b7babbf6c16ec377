//! Values as text, fast: the same as [`Field::write_plain`], into bytes that are used again and again.

use super::{Field, Form, Value, write_text};
use pw_model::{MacAddr, Timestamp};
use std::io::Write as _;

const SECOND_NS: i64 = 1_000_000_000;
const DAY_SECS: i64 = 86_400;

/// Two hex digits.
const fn hex_pair(byte: u8) -> [u8; 2] {
    [hex_digit(byte >> 4), hex_digit(byte & 0x0f)]
}

const fn hex_digit(value: u8) -> u8 {
    match value & 0x0f {
        digit @ 0..=9 => b'0'.wrapping_add(digit),
        digit => b'a'.wrapping_sub(10).wrapping_add(digit),
    }
}

/// Appends the first `length` bytes of `block`: a copy of fixed size is faster than one of any size.
#[inline]
pub(super) fn push_block<const N: usize>(block: &[u8; N], length: usize, out: &mut Vec<u8>) {
    let end = out.len().saturating_add(length);
    out.extend_from_slice(block);
    out.truncate(end);
}

/// An unsigned number in decimal.
#[inline]
pub(super) fn push_unsigned(value: u64, out: &mut Vec<u8>) {
    match u8::try_from(value) {
        Ok(digit @ 0..=9) => out.push(b'0' | digit),
        Ok(tens @ 10..=99) => out.extend_from_slice(&[b'0' | (tens / 10), b'0' | (tens % 10)]),
        _ => push_long(value, out),
    }
}

fn push_long(value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let used = usize::try_from(value.checked_ilog10().unwrap_or(0)).unwrap_or(0).saturating_add(1);
    let mut rest = value;
    for place in digits.get_mut(..used).unwrap_or(&mut []).iter_mut().rev() {
        // A remainder of ten is less than ten.
        *place = b'0' | u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    push_block(&digits, used, out);
}

/// A signed number in decimal.
pub(super) fn push_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    push_unsigned(value.unsigned_abs(), out);
}

/// `0x` and hex digits, at least so many.
fn push_hex(value: u64, digits: u8, out: &mut Vec<u8>) {
    let needed = 64u32.saturating_sub(value.leading_zeros()).div_ceil(4).max(1);
    let digits = needed.max(u32::from(digits).min(16));
    out.extend_from_slice(b"0x");
    for place in (0..digits).rev() {
        let shifted = value.checked_shr(place.saturating_mul(4)).unwrap_or(0);
        out.push(hex_digit(u8::try_from(shifted & 0x0f).unwrap_or(0)));
    }
}

/// Bytes as hex digits without anything between.
pub(super) fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len().saturating_mul(2));
    let (blocks, rest) = bytes.as_chunks::<16>();
    for block in blocks {
        let mut text = [0; 32];
        hex_pairs(block, &mut text);
        out.extend_from_slice(&text);
    }
    let mut text = [0; 32];
    hex_pairs(rest, &mut text);
    push_block(&text, rest.len().saturating_mul(2), out);
}

#[inline]
fn hex_pairs(bytes: &[u8], text: &mut [u8; 32]) {
    let (pairs, _) = text.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = hex_pair(*byte);
    }
}

/// Six pairs with colons.
pub(super) fn push_address(address: MacAddr, out: &mut Vec<u8>) {
    let mut text = [b':'; 17];
    for (place, byte) in text.chunks_mut(3).zip(address.0) {
        let [high, low] = hex_pair(byte);
        if let [first, second, ..] = place {
            *first = high;
            *second = low;
        }
    }
    out.extend_from_slice(&text);
}

/// A number with fraction. Tenths, as rates are, are written without the general way.
pub(super) fn push_float(value: f64, out: &mut Vec<u8>) {
    let tenths = (value * 10.0).round();
    if tenths.abs() < 1e9 && tenths / 10.0 == value && (value != 0.0 || value.is_sign_positive()) {
        let tenths = tenths as i64;
        if tenths < 0 {
            out.push(b'-');
        }
        let tenths = tenths.unsigned_abs();
        push_unsigned(tenths / 10, out);
        if !tenths.is_multiple_of(10) {
            out.push(b'.');
            push_unsigned(tenths % 10, out);
        }
        return;
    }
    // Writing to memory cannot fail.
    write!(out, "{value}").unwrap_or(());
}

/// Text: UTF-8 as it is, control characters and what is not UTF-8 as `\xNN`.
fn push_text(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        out.extend_from_slice(bytes);
        return;
    }
    // Writing to memory cannot fail.
    write_text(bytes, &mut Utf8(out)).unwrap_or(());
}

struct Utf8<'o>(&'o mut Vec<u8>);

impl std::fmt::Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Writes times. What is before the decimals is made once for each second that comes by.
#[derive(Clone, Debug)]
pub(super) struct Times {
    second: i64,
    day: i64,
    /// Date and `T`, then the time of `second`.
    text: Vec<u8>,
    date_length: usize,
}

impl Default for Times {
    fn default() -> Self {
        Self { second: i64::MIN, day: i64::MIN, text: Vec::with_capacity(32), date_length: 0 }
    }
}

impl Times {
    /// RFC 3339 in UTC, with as many decimals as the time has.
    pub(super) fn push(&mut self, unix_ns: i64, out: &mut Vec<u8>) {
        let second = unix_ns.div_euclid(SECOND_NS);
        if second != self.second {
            self.set(second);
        }
        out.extend_from_slice(&self.text);
        let nanoseconds = u64::try_from(unix_ns.rem_euclid(SECOND_NS)).unwrap_or(0);
        if nanoseconds > 0 {
            out.push(b'.');
            let (mut rest, places) = if nanoseconds.is_multiple_of(1000) {
                (nanoseconds / 1000, 6)
            } else {
                (nanoseconds, 9)
            };
            let mut digits = [b'0'; 9];
            let mut used = places;
            for (index, place) in digits.iter_mut().enumerate().take(places).rev() {
                let digit = u8::try_from(rest % 10).unwrap_or(0);
                *place = b'0' | digit;
                rest /= 10;
                // Zeros at the end are left out.
                if digit == 0 && used == index.saturating_add(1) {
                    used = index;
                }
            }
            out.extend_from_slice(digits.get(..used).unwrap_or(&digits));
        }
        out.push(b'Z');
    }

    fn set(&mut self, second: i64) {
        let day = second.div_euclid(DAY_SECS);
        if day != self.day {
            let date = Timestamp::from_unix_secs(second).civil().date();
            self.text.clear();
            let month = u8::from(date.month());
            // Writing to memory cannot fail.
            write!(self.text, "{:04}-{month:02}-{:02}T", date.year(), date.day()).unwrap_or(());
            self.date_length = self.text.len();
            self.day = day;
        }
        self.text.truncate(self.date_length);
        let second_of_day = second.rem_euclid(DAY_SECS);
        for (value, end) in [
            (second_of_day / 3600, Some(b':')),
            (second_of_day / 60 % 60, Some(b':')),
            (second_of_day % 60, None),
        ] {
            let value = u8::try_from(value).unwrap_or(0);
            self.text.extend_from_slice(&[b'0' | (value / 10), b'0' | (value % 10)]);
            self.text.extend(end);
        }
        self.second = second;
    }
}

/// A value without unit or name, like [`Field::write_plain`].
pub(super) fn push_plain(field: &Field, value: &Value<'_>, times: &mut Times, out: &mut Vec<u8>) {
    match (*value, field.form) {
        (Value::Nothing, _) => {}
        (Value::Flag(yes), _) => out.extend_from_slice(if yes { b"yes" } else { b"no" }),
        (Value::Unsigned(value), Form::Hex(digits)) => push_hex(value, digits, out),
        (Value::Unsigned(value), Form::Time) => match i64::try_from(value) {
            Ok(unix_ns) => times.push(unix_ns, out),
            Err(_beyond_2262) => {
                push_unsigned(value, out);
                out.extend_from_slice(b" ns");
            }
        },
        (Value::Signed(unix_ns), Form::Time) => times.push(unix_ns, out),
        (Value::Unsigned(value), _) => push_unsigned(value, out),
        (Value::Signed(value), _) => push_signed(value, out),
        (Value::Float(value), _) => push_float(value, out),
        (Value::Address(address), _) => push_address(address, out),
        (Value::Bytes(bytes), Form::Text) => push_text(bytes, out),
        (Value::Bytes(bytes), _) => push_bytes(bytes, out),
        (Value::Word(word), _) => out.extend_from_slice(word.as_bytes()),
    }
}

/// Text as a JSON string: what [`push_text`] gives, escaped.
pub(super) fn push_json_text(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let plain = |byte: &u8| (0x20..0x7f).contains(byte) && !matches!(byte, b'"' | b'\\');
    if bytes.iter().all(plain) {
        out.extend_from_slice(bytes);
    } else {
        write_text(bytes, &mut JsonEscaped(out)).unwrap_or(());
    }
    out.push(b'"');
}

struct JsonEscaped<'o>(&'o mut Vec<u8>);

impl std::fmt::Write for JsonEscaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            // Control characters do not come here: they are written as \xNN.
            if matches!(byte, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(byte);
        }
        Ok(())
    }
}

/// The name of a field as a key of a JSON object, with its colon.
#[inline]
pub(super) fn push_key(field: &Field, out: &mut Vec<u8>) {
    let key = &field.key;
    if key.length <= key.first.len() {
        push_block(&key.first, key.length, out);
    } else {
        out.extend_from_slice(&key.first);
        push_block(&key.second, key.length.saturating_sub(key.first.len()), out);
    }
}

/// A value as JSON: numbers and flags as such, everything else as a string; nothing for a heading.
#[inline]
pub(super) fn push_json(field: &Field, value: &Value<'_>, times: &mut Times, out: &mut Vec<u8>) {
    match (*value, field.form) {
        (Value::Nothing, _) => {}
        (Value::Flag(yes), _) => {
            let (text, length) = if yes { (b"true\0", 4) } else { (b"false", 5) };
            push_block(text, length, out);
        }
        (Value::Unsigned(value), form) if form != Form::Time => push_unsigned(value, out),
        (Value::Signed(value), form) if form != Form::Time => push_signed(value, out),
        // With hundreds of digits some readers would take it for infinite.
        (Value::Float(value), _) if value.is_finite() && value.abs() >= 1e15 => {
            write!(out, "{value:e}").unwrap_or(());
        }
        (Value::Float(value), _) if value.is_finite() => push_float(value, out),
        (Value::Float(_), _) => out.extend_from_slice(b"null"),
        (Value::Bytes(bytes), Form::Text) => push_json_text(bytes, out),
        (Value::Word(word), _) => push_json_text(word.as_bytes(), out),
        _ => {
            // Times, addresses and bytes hold nothing that JSON escapes.
            out.push(b'"');
            push_plain(field, value, times, out);
            out.push(b'"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to write a value give the same.
    fn check(field: &Field, value: Value<'_>) {
        let mut slow = String::new();
        field.write_plain(&value, &mut slow).expect("memory");
        let (mut fast, mut times) = (Vec::new(), Times::default());
        for _ in 0..2 {
            fast.clear();
            push_plain(field, &value, &mut times, &mut fast);
            assert_eq!(String::from_utf8_lossy(&fast), slow, "{value:?}");
        }
        let mut json = Vec::new();
        push_json(field, &value, &mut times, &mut json);
        let parsed: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        match parsed {
            serde_json::Value::String(text) => assert_eq!(text, slow),
            serde_json::Value::Bool(yes) => assert_eq!(if yes { "yes" } else { "no" }, slow),
            serde_json::Value::Null => assert!(matches!(value, Value::Float(_))),
            number => assert!(number.is_number()),
        }
    }

    #[test]
    fn the_fast_way_writes_what_the_slow_one_does() {
        let numbers = [0, 1, 9, 10, 99, 100, 255, 4095, 65_535, 1 << 32, u64::MAX - 1, u64::MAX];
        for number in numbers {
            check(&Field::unsigned("t.u", "U"), Value::Unsigned(number));
            for digits in [0, 2, 4, 6, 16] {
                check(&Field::hex("t.h", "H", digits), Value::Unsigned(number));
            }
            check(&Field::time("t.t", "T"), Value::Unsigned(number));
            let signed = number as i64;
            check(&Field::signed("t.s", "S"), Value::Signed(signed));
            check(&Field::time("t.t", "T"), Value::Signed(signed));
        }
        for time in [
            1,
            -1,
            1_000,
            1_700_000_000_000_001_000,
            1_700_000_000_100_000_000,
            i64::MIN,
            i64::MAX,
            1_700_000_000_120_000_000,
            951_782_399_999_999_999,
        ] {
            check(&Field::time("t.t", "T"), Value::Signed(time));
        }
        let floats = [0.0, -0.0, 5.5, 0.1, -6.5, 1e-3, 1e12, 1e300, 65.0, 1.0 / 3.0, 143.4, 0.05];
        for float in floats.into_iter().chain([f64::NAN, f64::INFINITY, f64::MAX, f64::MIN]) {
            check(&Field::float("t.f", "F"), Value::Float(float));
        }
        check(&Field::flag("t.b", "B"), Value::Flag(true));
        check(&Field::address("t.a", "A"), Value::Address(MacAddr([0, 0x1a, 0xff, 9, 0xf0, 0x0f])));
        for text in [&b""[..], b"town", b"caf\xc3\xa9 \"x\" \\", b"a\x00b\x7f\xff\xc3", b"\n\r\t"] {
            check(&Field::text("t.x", "X"), Value::Bytes(text));
            check(&Field::bytes("t.y", "Y"), Value::Bytes(text));
        }
        check(&Field::branch("t.z", "Z"), Value::Word("BSS load"));
    }

    #[test]
    fn tenths_are_exact() {
        let rate = Field::float("t.f", "F");
        for tenths in -2000..100_000i32 {
            check(&rate, Value::Float(f64::from(tenths) / 10.0));
        }
    }
}
