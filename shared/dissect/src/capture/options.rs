//! Options of pcapng blocks, and what those of a packet say (draft-ietf-opsawg-pcapng, 3.5 and 4.3).

use crate::bytes::{slice, u8_at, u16_be, u16_le, u32_be, u32_le, u64_be, u64_le};

/// Code and value of each option; one that runs past the end is the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Options<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Options<'a> {
    pub(super) const fn new(bytes: &'a [u8], big_endian: bool) -> Self {
        Self { bytes, big_endian }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let read = if self.big_endian { u16_be } else { u16_le };
        let (code, length) = (read(self.bytes, 0)?, read(self.bytes, 2)?);
        let value = slice(self.bytes, 4, usize::from(length)).filter(|_| code != 0)?;
        let next = usize::from(length).saturating_add(7) & !3;
        self.bytes = self.bytes.get(next..).unwrap_or(&[]);
        Some((code, value))
    }
}

/// Hash that the capturing program computed of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PacketHash<'a> {
    /// 0 ones' complement, 1 XOR, 2 CRC-32, 3 MD5, 4 SHA-1, 5 Toeplitz.
    pub algorithm: u8,
    /// The hash.
    pub bytes: &'a [u8],
}

/// The options of one packet, borrowed; read when asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PacketOptions<'a>(Options<'a>);

impl Default for PacketOptions<'_> {
    fn default() -> Self {
        Self::new(&[], false)
    }
}

impl<'a> PacketOptions<'a> {
    pub(super) const fn new(bytes: &'a [u8], big_endian: bool) -> Self {
        Self(Options::new(bytes, big_endian))
    }

    /// True when there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.bytes.is_empty()
    }

    /// Code and value of each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &'a [u8])> {
        self.0
    }

    fn first(&self, wanted: u16) -> Option<&'a [u8]> {
        self.iter().find(|(code, _)| *code == wanted).map(|(_, value)| value)
    }

    fn u64(&self, code: u16) -> Option<u64> {
        let read = if self.0.big_endian { u64_be } else { u64_le };
        read(self.first(code)?, 0)
    }

    /// The comments, as the bytes of what should be UTF-8.
    pub fn comments(&self) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(|(code, _)| *code == 1).map(|(_, value)| value)
    }

    /// Link-layer flags (`epb_flags`): direction in bits 0 and 1, reception in 2 to 4, length of the
    /// frame check sequence in 5 to 8, errors in 16 to 31.
    #[must_use]
    pub fn flags(&self) -> Option<u32> {
        let read = if self.0.big_endian { u32_be } else { u32_le };
        read(self.first(2)?, 0)
    }

    /// Length of the frame check sequence in bytes, where the flags say it for this packet.
    #[must_use]
    #[inline]
    pub fn fcs_len(&self) -> Option<u8> {
        if self.is_empty() {
            return None;
        }
        let stated = self.flags()? >> 5 & 0x0f;
        u8::try_from(stated).ok().filter(|length| *length != 0)
    }

    /// The hash, the first one.
    #[must_use]
    pub fn hash(&self) -> Option<PacketHash<'a>> {
        let value = self.first(3)?;
        Some(PacketHash { algorithm: u8_at(value, 0)?, bytes: value.get(1..)? })
    }

    /// Packets that the interface and the system lost between the packet before and this one.
    #[must_use]
    pub fn dropped(&self) -> Option<u64> {
        self.u64(4)
    }

    /// Number that tells the packet apart where it was captured on several interfaces.
    #[must_use]
    pub fn packet_id(&self) -> Option<u64> {
        self.u64(5)
    }
}
