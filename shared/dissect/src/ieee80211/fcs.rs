//! The frame check sequence: CRC-32 (IEEE Std 802.11-2020, 9.2.4.8).

/// The FCS over `mac`, as a number whose little-endian bytes stand at the end of the frame.
#[must_use]
pub fn compute(mac: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(mac);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_polynomial() {
        assert_eq!(compute(b"123456789"), 0xcbf4_3926);
    }
}
