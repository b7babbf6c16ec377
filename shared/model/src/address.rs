//! IEEE 802 MAC addresses (IEEE Std 802-2014, 8.2).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A 48-bit IEEE 802 address, in transmission order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct MacAddr(pub [u8; 6]);

/// Why a text is not a MAC address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a MAC address: write six pairs of hex digits, like 02:00:5e:10:00:01")]
pub struct AddressError {
    /// The text as it was given.
    pub text: String,
}

impl MacAddr {
    /// The broadcast address, ff:ff:ff:ff:ff:ff.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// All zeros: no station's address.
    pub const ZERO: Self = Self([0; 6]);

    /// True when the group bit is set (IEEE Std 802-2014, 8.2.2), broadcast included.
    #[must_use]
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 0x01 != 0
    }

    /// True when the U/L bit says the address was assigned locally, as randomised client addresses are.
    #[must_use]
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// The address as a number, for sorting and compact keys.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// The lower 48 bits of `value` as an address; the inverse of [`MacAddr::to_u64`].
    #[must_use]
    pub fn from_u64(value: u64) -> Self {
        let [_, _, a, b, c, d, e, f] = value.to_be_bytes();
        Self([a, b, c, d, e, f])
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for MacAddr {
    type Err = AddressError;

    /// Reads `02:00:5e:10:00:01`, with `:` or `-` between the pairs, or twelve digits without.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError { text: text.to_owned() };
        let digits: Vec<u8> = match text.len() {
            17 => {
                let bytes = text.as_bytes();
                let separators_fit = (2..17).step_by(3).all(|at| matches!(bytes[at], b':' | b'-'));
                if !separators_fit {
                    return Err(error());
                }
                bytes
                    .iter()
                    .copied()
                    .enumerate()
                    .filter(|(at, _)| at % 3 != 2)
                    .map(|(_, b)| b)
                    .collect()
            }
            12 => text.bytes().collect(),
            _ => return Err(error()),
        };
        let mut address = [0u8; 6];
        for (byte, pair) in address.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16).ok_or_else(error)?;
            let low = (pair[1] as char).to_digit(16).ok_or_else(error)?;
            *byte = (high << 4 | low) as u8;
        }
        Ok(Self(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trip() {
        let address: MacAddr = "02:aB:5e:10:00:01".parse().expect("valid");
        assert_eq!(address.to_string(), "02:ab:5e:10:00:01");
        assert_eq!("02-ab-5e-10-00-01".parse(), Ok(address));
        assert_eq!("02ab5e100001".parse(), Ok(address));
        assert_eq!(MacAddr::from_u64(address.to_u64()), address);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "02:ab:5e:10:00", "02:ab:5e:10:00:0g", "02.ab.5e.10.00.01", "02:ab:5e:10:00:01:"]
        {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn bits_of_the_first_octet() {
        assert!(MacAddr::BROADCAST.is_multicast());
        assert!(MacAddr([0x02, 0, 0, 0, 0, 0]).is_locally_administered());
        assert!(!MacAddr([0x00, 0x1b, 0, 0, 0, 0]).is_locally_administered());
    }
}
