//! The short code that a person carries from the sensor to the desktop, and how long it counts.

use super::PairingError;
use crate::random::{RandomError, random_bytes};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long a code counts.
pub const PAIRING_WINDOW: Duration = Duration::from_secs(120);

/// How many attempts a code stands; then the window closes. With 10⁸ codes, a stranger who uses
/// all of them hits with a probability of 3 in 100 million.
pub const PAIRING_ATTEMPTS: u8 = 3;

const CODES: u32 = 100_000_000;

/// Eight decimal digits, shown as two groups of four.
#[derive(Clone, PartialEq, Eq)]
pub struct PairingCode(u32);

impl PairingCode {
    /// Draws a code.
    ///
    /// # Errors
    /// The operating system gave no random bytes.
    pub fn generate() -> Result<Self, RandomError> {
        // Numbers above the last whole multiple would make small codes likelier.
        let limit = u32::MAX - u32::MAX % CODES;
        loop {
            let drawn = u32::from_le_bytes(random_bytes()?);
            if drawn < limit {
                return Ok(Self(drawn % CODES));
            }
        }
    }

    pub(super) fn digits(&self) -> String {
        format!("{:08}", self.0)
    }
}

impl fmt::Display for PairingCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04} {:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PairingCode(secret)")
    }
}

impl FromStr for PairingCode {
    type Err = PairingError;

    fn from_str(text: &str) -> Result<Self, PairingError> {
        let mut value = 0;
        let mut digits = 0;
        for letter in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let digit = letter.to_digit(10).ok_or(PairingError::Code)?;
            digits += 1;
            if digits > 8 {
                return Err(PairingError::Code);
            }
            value = value * 10 + digit;
        }
        if digits == 8 { Ok(Self(value)) } else { Err(PairingError::Code) }
    }
}

/// The time in which a sensor accepts one new desktop.
#[derive(Debug, Clone)]
pub struct PairingWindow {
    code: PairingCode,
    closes: Duration,
    attempts_left: u8,
}

impl PairingWindow {
    /// Opens a window at `now`, any clock that only goes forward.
    #[must_use]
    pub fn open(code: PairingCode, now: Duration) -> Self {
        Self { code, closes: now.saturating_add(PAIRING_WINDOW), attempts_left: PAIRING_ATTEMPTS }
    }

    /// Time until it closes; `None` when it is closed.
    #[must_use]
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        self.closes.checked_sub(now).filter(|left| !left.is_zero() && self.attempts_left > 0)
    }

    /// Uses up one attempt and gives the code for it. It counts when it begins, so that breaking
    /// off in the middle is worth nothing to a stranger.
    ///
    /// # Errors
    /// The window is closed.
    pub fn attempt(&mut self, now: Duration) -> Result<PairingCode, PairingError> {
        if self.attempts_left == 0 {
            return Err(PairingError::TooManyAttempts);
        }
        if self.remaining(now).is_none() {
            return Err(PairingError::WindowClosed);
        }
        self.attempts_left -= 1;
        Ok(self.code.clone())
    }

    /// Attempts that are left.
    #[must_use]
    pub const fn attempts_left(&self) -> u8 {
        self.attempts_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_text_round_trip() {
        for value in [0, 7, 12_345_678, 99_999_999] {
            let code = PairingCode(value);
            assert_eq!(code.to_string().len(), 9);
            assert_eq!(code.to_string().parse(), Ok(code.clone()));
            assert_eq!(code.digits().parse(), Ok(code));
        }
        assert_eq!("1234-5678".parse(), Ok(PairingCode(12_345_678)));
        for text in ["", "1234", "123456789", "1234 567a", "-1234567"] {
            assert_eq!(text.parse::<PairingCode>(), Err(PairingError::Code), "{text}");
        }
    }

    #[test]
    fn codes_are_drawn_from_the_whole_range() {
        let codes: Vec<u32> =
            (0..200).map(|_| PairingCode::generate().expect("random").0).collect();
        assert!(codes.iter().all(|code| *code < CODES));
        for tenth in 0..10 {
            assert!(codes.iter().any(|code| code / (CODES / 10) == tenth), "none in {tenth}");
        }
    }

    #[test]
    fn the_window_closes_by_time_and_by_attempts() {
        let start = Duration::from_secs(1000);
        let mut window = PairingWindow::open(PairingCode(1), start);
        assert_eq!(window.remaining(start), Some(PAIRING_WINDOW));
        assert_eq!(window.attempt(start + PAIRING_WINDOW), Err(PairingError::WindowClosed));
        for _ in 0..PAIRING_ATTEMPTS {
            assert!(window.attempt(start).is_ok());
        }
        assert_eq!(window.attempt(start), Err(PairingError::TooManyAttempts));
        assert_eq!(window.remaining(start), None);
    }
}
