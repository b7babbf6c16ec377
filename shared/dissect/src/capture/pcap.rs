//! libpcap files (IETF draft-ietf-opsawg-pcap): both byte orders, microseconds and nanoseconds.

use super::{CaptureError, Interface, Located, Place, Step};
use crate::LinkType;
use crate::bytes::{array, u16_be, u16_le, u32_be, u32_le};
use pw_model::Timestamp;

/// Bytes of the file header.
pub(super) const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// A libpcap file after its header.
pub(super) struct Pcap {
    big_endian: bool,
    nanoseconds: bool,
}

impl Pcap {
    /// Reads the file header; `None` when the bytes are no libpcap file.
    pub(super) fn open(
        first: &[u8],
        interfaces: &mut Vec<Interface>,
    ) -> Result<Option<Self>, CaptureError> {
        let (big_endian, nanoseconds) = match array::<4>(first, 0) {
            Some([0xd4, 0xc3, 0xb2, 0xa1]) => (false, false),
            Some([0xa1, 0xb2, 0xc3, 0xd4]) => (true, false),
            Some([0x4d, 0x3c, 0xb2, 0xa1]) => (false, true),
            Some([0xa1, 0xb2, 0x3c, 0x4d]) => (true, true),
            _ => return Ok(None),
        };
        let this = Self { big_endian, nanoseconds };
        let (Some(major), Some(minor), Some(snap_len), Some(network)) = (
            this.u16_at(first, 4),
            this.u16_at(first, 6),
            this.u32_at(first, 16),
            this.u32_at(first, 20),
        ) else {
            let place = Place { offset: 0, packets: 0 };
            return Err(place.corrupt("the file ends inside its header"));
        };
        // 2.4 since 1998; before 2.3 the two lengths of a record stood in the other order.
        if major != 2 || !(3..=4).contains(&minor) {
            return Err(CaptureError::UnsupportedVersion { format: "pcap", major, minor });
        }
        // Bit 26: bits 28 to 31 hold the length of the frame check sequence in 16-bit words.
        let fcs_len = (network >> 26 & 1 == 1).then_some(network >> 28 << 1);
        interfaces.push(Interface {
            link_type: u16::try_from(network & 0xffff)
                .map_or(LinkType::Other(u16::MAX), LinkType::from_dlt),
            name: None,
            description: None,
            snap_len,
            fcs_len: fcs_len.and_then(|len| u8::try_from(len).ok()),
            dropped: None,
            received: None,
        });
        Ok(Some(this))
    }

    pub(super) const fn has_nanoseconds(&self) -> bool {
        self.nanoseconds
    }

    #[inline]
    pub(super) fn step(&self, bytes: &[u8], place: Place) -> Result<Step, CaptureError> {
        let Some(header) = bytes.first_chunk::<RECORD_HEADER>() else {
            return Ok(Step::Need(RECORD_HEADER));
        };
        let [secs, fraction, kept, original_len] = self.words(header);
        let end = place.length(kept)?.saturating_add(RECORD_HEADER);
        if bytes.len() < end {
            return Ok(Step::Need(end));
        }
        let fraction_ns = if self.nanoseconds {
            i64::from(fraction)
        } else {
            i64::from(fraction).saturating_mul(1000)
        };
        let unix_ns = i64::from(secs).saturating_mul(1_000_000_000).saturating_add(fraction_ns);
        let located = Located {
            start: RECORD_HEADER,
            end,
            time: Some(Timestamp::from_unix_ns(unix_ns)),
            interface: 0,
            original_len: original_len.max(kept),
            position: None,
            options: 0,
        };
        Ok(Step::Frame(located, end))
    }

    /// The words of a record header.
    #[inline]
    fn words(&self, header: &[u8; RECORD_HEADER]) -> [u32; 4] {
        let (words, _) = header.as_chunks::<4>();
        let mut numbers = [0; 4];
        for (number, word) in numbers.iter_mut().zip(words) {
            *number =
                if self.big_endian { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
        }
        numbers
    }

    #[inline]
    fn u16_at(&self, bytes: &[u8], at: usize) -> Option<u16> {
        if self.big_endian { u16_be(bytes, at) } else { u16_le(bytes, at) }
    }

    #[inline]
    fn u32_at(&self, bytes: &[u8], at: usize) -> Option<u32> {
        if self.big_endian { u32_be(bytes, at) } else { u32_le(bytes, at) }
    }
}
