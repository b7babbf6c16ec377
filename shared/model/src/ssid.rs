//! Network names, which are bytes (IEEE Std 802.11-2020, 9.4.2.2).

use serde::{Deserialize, Serialize};
use std::fmt;

/// A service set identifier: up to 32 bytes, in no stated encoding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Ssid(Vec<u8>);

impl Ssid {
    /// Wraps the bytes as they were on the air.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes as they were on the air.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// True for an empty name and for one of zero bytes only: both are how access points hide it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    /// The name as lower-case hex digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The name as text: UTF-8 where it is UTF-8, `\xhh` for every byte that is not,
    /// control characters escaped so that a name cannot disturb a terminal or a file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() {
                    for byte in c.to_string().bytes() {
                        text.push_str(&format!("\\x{byte:02x}"));
                    }
                } else {
                    text.push(c);
                }
            }
            for byte in chunk.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        text
    }

    /// True when the owner asks not to be recorded: the name ends in `_nomap` or holds `_optout`,
    /// the opt-out marks that location services honour.
    #[must_use]
    pub fn asks_not_to_be_mapped(&self) -> bool {
        let lower = self.0.to_ascii_lowercase();
        lower.ends_with(b"_nomap") || lower.windows(7).any(|part| part == b"_optout")
    }
}

impl fmt::Debug for Ssid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Ssid({:?})", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_bytes_become_safe_text() {
        assert_eq!(Ssid::new("Caf\u{e9}").text(), "Caf\u{e9}");
        assert_eq!(Ssid::new([b'a', 0xff, 0x1b]).text(), "a\\xff\\x1b");
        assert_eq!(Ssid::new([0x00, 0x41]).hex(), "0041");
    }

    #[test]
    fn hidden_names() {
        assert!(Ssid::new([]).is_hidden());
        assert!(Ssid::new([0, 0, 0]).is_hidden());
        assert!(!Ssid::new("x").is_hidden());
    }

    #[test]
    fn opt_out_marks() {
        assert!(Ssid::new("home_nomap").asks_not_to_be_mapped());
        assert!(Ssid::new("home_NOMAP").asks_not_to_be_mapped());
        assert!(Ssid::new("my_optout_net").asks_not_to_be_mapped());
        assert!(!Ssid::new("home_nomap_not").asks_not_to_be_mapped());
    }
}
