//! Values of fields, and how they are written.

use super::{Field, Form};
use pw_model::{MacAddr, Timestamp};
use std::fmt::{self, Write};

/// One value, borrowed from the packet.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value<'a> {
    /// None: a heading.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// Unsigned number.
    Unsigned(u64),
    /// Signed number.
    Signed(i64),
    /// Number with fraction.
    Float(f64),
    /// Address.
    Address(MacAddr),
    /// Bytes, or text as bytes.
    Bytes(&'a [u8]),
    /// A word of ours, where the standard has several fields for one meaning.
    Word(&'static str),
}

impl Value<'_> {
    /// As a number, of flags and numbers.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Flag(yes) => Some(f64::from(u8::from(yes))),
            // Counters beyond 2^53 lose their lowest bits here; comparison of two integers is exact.
            Self::Unsigned(value) => Some(value as f64),
            Self::Signed(value) => Some(value as f64),
            Self::Float(value) => Some(value),
            _ => None,
        }
    }
}

/// Writes bytes as text: UTF-8 as it is, control characters and what is not UTF-8 as `\xNN`.
///
/// # Errors
/// Those of `out`.
pub fn write_text(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    write!(out, "\\x{byte:02x}")?;
                }
            } else {
                out.write_char(character)?;
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}

impl Field {
    /// Writes a value without unit or name, as in a table: `0x0c`, `-61`, `02:00:…`, `yes`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_plain(&self, value: &Value<'_>, out: &mut impl Write) -> fmt::Result {
        match (*value, self.form) {
            (Value::Nothing, _) => Ok(()),
            (Value::Flag(yes), _) => out.write_str(if yes { "yes" } else { "no" }),
            (Value::Unsigned(value), Form::Hex(digits)) => {
                let width = usize::from(digits).saturating_add(2);
                write!(out, "{value:#0width$x}")
            }
            (Value::Unsigned(nanoseconds), Form::Time) => match i64::try_from(nanoseconds) {
                Ok(nanoseconds) => out.write_str(&Timestamp::from_unix_ns(nanoseconds).rfc3339()),
                Err(_beyond_2262) => write!(out, "{nanoseconds} ns"),
            },
            (Value::Signed(nanoseconds), Form::Time) => {
                out.write_str(&Timestamp::from_unix_ns(nanoseconds).rfc3339())
            }
            (Value::Unsigned(value), _) => write!(out, "{value}"),
            (Value::Signed(value), _) => write!(out, "{value}"),
            (Value::Float(value), _) => write!(out, "{value}"),
            (Value::Address(address), _) => write!(out, "{address}"),
            (Value::Bytes(bytes), Form::Text) => write_text(bytes, out),
            (Value::Bytes(bytes), _) => bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}")),
            (Value::Word(word), _) => out.write_str(word),
        }
    }

    /// Writes a value as in a tree: with its name where the value has one, and with its unit.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_value(&self, value: &Value<'_>, out: &mut impl Write) -> fmt::Result {
        let number = match *value {
            Value::Unsigned(value) => Some(value),
            Value::Flag(yes) => Some(u64::from(yes)),
            _ => None,
        };
        if let Some(name) = self.names.zip(number).and_then(|(names, number)| names(number)) {
            write!(out, "{name}")?;
            if matches!(value, Value::Flag(_)) {
                return Ok(());
            }
            out.write_str(" (")?;
            self.write_plain(value, out)?;
            return out.write_str(")");
        }
        self.write_plain(value, out)?;
        if !self.unit.is_empty() && !matches!(value, Value::Nothing) {
            write!(out, " {}", self.unit)?;
        }
        Ok(())
    }

    /// A value as in a tree, as a string.
    #[must_use]
    pub fn value_text(&self, value: &Value<'_>) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        match self.write_value(value, &mut text) {
            Ok(()) | Err(fmt::Error) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_with_name_and_unit() {
        let names: fn(u64) -> Option<&'static str> = |value| (value == 12).then_some("deauth");
        let kind = Field::hex("t.kind", "Kind", 2).names(names);
        assert_eq!(kind.value_text(&Value::Unsigned(12)), "deauth (0x0c)");
        assert_eq!(kind.value_text(&Value::Unsigned(255)), "0xff");
        let signal = Field::signed("t.signal", "Signal").unit("dBm");
        assert_eq!(signal.value_text(&Value::Signed(-61)), "-61 dBm");
        let name = Field::text("t.name", "Name");
        assert_eq!(name.value_text(&Value::Bytes(b"caf\xc3\xa9\n\xff")), "café\\x0a\\xff");
        let time = Field::time("t.time", "Time");
        assert_eq!(
            time.value_text(&Value::Signed(1_000_000_000)),
            Timestamp::from_unix_secs(1).rfc3339()
        );
    }
}
