//! Reading numbers out of bytes that may end anywhere: every read says `None` past the end.

/// `N` bytes at `at`.
#[inline]
pub(crate) fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk::<N>().copied()
}

/// The byte at `at`.
#[inline]
pub(crate) fn u8_at(data: &[u8], at: usize) -> Option<u8> {
    data.get(at).copied()
}

/// Little-endian 16 bits at `at`.
#[inline]
pub(crate) fn u16_le(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_le_bytes)
}

/// Big-endian 16 bits at `at`.
#[inline]
pub(crate) fn u16_be(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

/// Little-endian 32 bits at `at`.
#[inline]
pub(crate) fn u32_le(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_le_bytes)
}

/// Big-endian 32 bits at `at`.
#[inline]
pub(crate) fn u32_be(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

/// Little-endian 64 bits at `at`.
#[inline]
pub(crate) fn u64_le(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_le_bytes)
}

/// Big-endian 64 bits at `at`.
#[inline]
pub(crate) fn u64_be(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_be_bytes)
}

/// Bits `low` to `low + count - 1` of `value`; 0 for bits beyond the word.
#[inline]
pub(crate) const fn bits(value: u32, low: u32, count: u32) -> u32 {
    let shifted = match value.checked_shr(low) {
        Some(shifted) => shifted,
        None => 0,
    };
    match 1u32.checked_shl(count) {
        Some(limit) => shifted & limit.wrapping_sub(1),
        None => shifted,
    }
}

/// The first 8 bytes as a little-endian number; those that are not there are zero.
#[inline]
pub(crate) fn little_endian(bytes: &[u8]) -> u64 {
    if let Some(all) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*all);
    }
    // Two halves, which overlap: that needs no loop.
    if let (Some(low), Some(high)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [low, high] = [low, high].map(|half| u64::from(u32::from_le_bytes(*half)));
        let beyond = u32::try_from(bytes.len()).unwrap_or(4).wrapping_sub(4).wrapping_mul(8);
        return low | high.wrapping_shl(beyond);
    }
    match *bytes {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c, ..] => u64::from(u32::from_le_bytes([a, b, c, 0])),
    }
}

/// `len` bytes from `at`; `None` when they are not all there.
#[inline]
pub(crate) fn slice(data: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    data.get(at..)?.get(..len)
}

/// A reading position in bytes: each read moves on, none reads past the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// From the start of `data`.
    #[inline]
    pub(crate) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// The next `len` bytes; `None`, with the position unchanged, when they are not all there.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = slice(self.data, self.at, len)?;
        self.at = self.at.saturating_add(len);
        Some(taken)
    }

    /// The next `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = array(self.data, self.at)?;
        self.at = self.at.saturating_add(N);
        Some(taken)
    }

    /// The next little-endian 16 bits.
    #[inline]
    pub(crate) fn u16_le(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_end_with_the_bytes() {
        let data = [1, 2, 3, 4];
        assert_eq!(u16_le(&data, 2), Some(0x0403));
        assert_eq!(u16_le(&data, 3), None);
        assert_eq!(u32_be(&data, 0), Some(0x0102_0304));
        assert_eq!(u8_at(&data, usize::MAX), None);
        let mut cursor = Cursor::new(&data);
        assert_eq!(cursor.take(3), Some(&data[..3]));
        assert_eq!(cursor.take(2), None);
        assert_eq!(cursor.array(), Some([4]));
        assert_eq!(cursor.u16_le(), None);
    }

    #[test]
    fn numbers_of_any_length() {
        let data = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99];
        for length in 0..=data.len() {
            let mut expected = 0u64;
            for (at, byte) in data[..length.min(8)].iter().enumerate() {
                expected |= u64::from(*byte) << (8 * at);
            }
            assert_eq!(little_endian(&data[..length]), expected, "{length}");
        }
    }

    #[test]
    fn bit_fields() {
        assert_eq!(bits(0b1011_0000, 4, 3), 0b011);
        assert_eq!(bits(u32::MAX, 40, 3), 0);
        assert_eq!(bits(u32::MAX, 0, 32), u32::MAX);
    }
}
