//! The frame check sequence: CRC-32 (IEEE Std 802.11-2020, 9.2.4.8).

use crc32fast::Hasher;
use std::sync::LazyLock;

/// The FCS over `mac`, as a number whose little-endian bytes stand at the end of the frame.
#[must_use]
pub fn compute(mac: &[u8]) -> u32 {
    // What the processor can do is asked once, not for each frame.
    static NOTHING: LazyLock<Hasher> = LazyLock::new(Hasher::new);
    let mut crc = NOTHING.clone();
    crc.update(mac);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_polynomial() {
        assert_eq!(compute(b"123456789"), 0xcbf4_3926);
    }
}
