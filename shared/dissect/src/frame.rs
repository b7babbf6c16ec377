//! One captured frame as a whole: radio metadata, 802.11 header, and views of the body.
//!
//! Parsing is the cheap part and never fails; what the body means is read by the methods, on demand.

use crate::bytes::u16_be;
use crate::fault::{Faults, Layer};
use crate::ieee80211::eapol::EapolKey;
use crate::ieee80211::elements::Elements;
use crate::ieee80211::management::Management;
use crate::ieee80211::{Header, fcs, llc};
use crate::radio::{RadioMeta, avs, ppi, prism, radiotap};
use crate::{LinkType, airtime};
use pw_model::{FrameFlags, FrameKind};

/// What is known of the frame check sequence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Fcs {
    /// Not among the captured bytes, and the receiver says nothing of it.
    #[default]
    Absent,
    /// Captured and right.
    Good,
    /// Wrong: computed from the captured bytes, or said by the receiver of bytes it did not deliver whole.
    Bad,
}

/// One captured frame. Borrowed views point into the bytes that were parsed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Frame<'a> {
    /// What the receiver says.
    pub radio: RadioMeta,
    /// The 802.11 header; `None` when there is no 802.11 frame or less than its first two bytes.
    pub header: Option<Header>,
    /// The 802.11 frame from its first byte, without FCS.
    pub mac: &'a [u8],
    /// Where [`Frame::mac`] begins in the captured bytes.
    pub mac_offset: usize,
    /// Length of the 802.11 frame on the air in bytes, with FCS.
    pub length: u32,
    /// Frame check sequence.
    pub fcs: Fcs,
    /// Part of the frame was not captured.
    pub truncated: bool,
    /// Contradictions found in the headers.
    pub faults: Faults,
}

/// Parses captured bytes. Never fails: what cannot be read is `None` and has a fault.
///
/// `original_len` is the length before a snap length cut it, radio header included.
#[must_use]
pub fn parse(link_type: LinkType, data: &[u8], original_len: u32) -> Frame<'_> {
    parse_with_fcs(link_type, data, original_len, None)
}

/// Like [`parse`], for files that state the length of the frame check sequence for all frames.
#[must_use]
pub fn parse_with_fcs(
    link_type: LinkType,
    data: &[u8],
    original_len: u32,
    fcs_len: Option<u8>,
) -> Frame<'_> {
    let mut frame = Frame::nothing(data);
    frame.read(link_type, data, original_len, fcs_len);
    frame
}

/// Reads the radio header into metadata that say nothing yet; `None` when there is no 802.11 frame
/// after it that could be read.
#[inline]
fn read_radio(
    link_type: LinkType,
    data: &[u8],
    meta: &mut RadioMeta,
    faults: &mut Faults,
) -> Option<()> {
    match link_type {
        LinkType::Radiotap => radiotap::read_into(data, meta, faults),
        LinkType::Ieee80211 => Some(()),
        _ => read_rare_radio(link_type, data, meta, faults),
    }
}

#[inline(never)]
fn read_rare_radio(
    link_type: LinkType,
    data: &[u8],
    meta: &mut RadioMeta,
    faults: &mut Faults,
) -> Option<()> {
    *meta = match link_type {
        LinkType::Radiotap => radiotap::read(data, faults),
        LinkType::Prism => prism::read(data, faults),
        LinkType::Avs => avs::read(data, faults),
        LinkType::Ppi => ppi_with_80211(data, faults),
        LinkType::Ieee80211 => Some(RadioMeta::default()),
        LinkType::LinuxCooked => cooked(data, faults),
        LinkType::Other(_) => None,
    }?;
    Some(())
}

/// Bytes of the Linux cooked header.
const COOKED_HEADER: usize = 16;

/// Linux cooked capture: packet type, ARPHRD of the interface, address, protocol; all big-endian.
fn cooked(data: &[u8], faults: &mut Faults) -> Option<RadioMeta> {
    let inner = match u16_be(data, 2)? {
        801 => LinkType::Ieee80211,
        802 => LinkType::Prism,
        803 => LinkType::Radiotap,
        _ => {
            faults.add(
                2,
                Layer::Radio,
                "cooked capture of an interface that is not in monitor mode",
            );
            return None;
        }
    };
    let mut meta = RadioMeta::default();
    read_radio(inner, data.get(COOKED_HEADER..)?, &mut meta, faults)?;
    meta.header_len = meta.header_len.saturating_add(16);
    Some(meta)
}

fn ppi_with_80211(data: &[u8], faults: &mut Faults) -> Option<RadioMeta> {
    let (mut meta, inner) = ppi::read(data, faults)?;
    let inner = u16::try_from(inner).map_or(LinkType::Other(u16::MAX), LinkType::from_dlt);
    let after = data.get(usize::try_from(meta.header_len).ok()?..)?;
    match inner {
        LinkType::Ieee80211 => Some(meta),
        LinkType::Radiotap => {
            let inner = radiotap::read(after, faults)?;
            let outer = meta;
            meta = inner;
            meta.header_len = outer.header_len.saturating_add(inner.header_len);
            meta.position = outer.position;
            Some(meta)
        }
        _ => {
            faults.add(4, Layer::Radio, "PPI header before something other than 802.11");
            None
        }
    }
}

/// Cuts the frame check sequence off and judges it.
fn split_fcs<'a>(bytes: &'a [u8], original: u32, radio: &RadioMeta) -> (&'a [u8], Fcs) {
    let said = if radio.bad_fcs { Fcs::Bad } else { Fcs::Absent };
    if !radio.has_fcs || original < 4 {
        return (bytes, said);
    }
    let whole = usize::try_from(original).is_ok_and(|original| original == bytes.len());
    if !whole {
        let without = usize::try_from(original.saturating_sub(4)).unwrap_or(usize::MAX);
        return (bytes.get(..without.min(bytes.len())).unwrap_or(bytes), said);
    }
    match bytes.split_last_chunk::<4>() {
        Some((mac, stated)) => {
            let right = fcs::compute(mac) == u32::from_le_bytes(*stated);
            (mac, if right { Fcs::Good } else { Fcs::Bad })
        }
        None => (bytes, said),
    }
}

impl<'a> Frame<'a> {
    /// Captured bytes of which nothing has been read: what [`Frame::read`] begins with.
    #[inline]
    pub(crate) fn nothing(data: &'a [u8]) -> Self {
        Self {
            radio: RadioMeta::default(),
            header: None,
            mac: &[],
            mac_offset: data.len(),
            length: 0,
            fcs: Fcs::Absent,
            truncated: false,
            faults: Faults::default(),
        }
    }

    /// What [`parse_with_fcs`] does, into a frame of which nothing has been read. A frame is large and
    /// there are millions of them: so each is written once, where it is used.
    pub(crate) fn read(
        &mut self,
        link_type: LinkType,
        data: &'a [u8],
        original_len: u32,
        fcs_len: Option<u8>,
    ) {
        if read_radio(link_type, data, &mut self.radio, &mut self.faults).is_none() {
            if self.faults.is_empty() {
                self.faults.add(0, Layer::Radio, "no radio header that could be read");
            }
            self.radio = RadioMeta::default();
            return;
        }
        self.radio.has_fcs |= fcs_len == Some(4);
        let header_len = self.radio.header_len;
        let mac_offset = usize::try_from(header_len).unwrap_or(usize::MAX).min(data.len());
        let bytes = data.get(mac_offset..).unwrap_or(&[]);
        let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let original = original_len.saturating_sub(header_len).max(captured);
        let (mac, fcs) = split_fcs(bytes, original, &self.radio);
        self.mac = mac;
        self.fcs = fcs;
        self.mac_offset = mac_offset;
        self.length = if self.radio.has_fcs { original } else { original.saturating_add(4) };
        self.truncated = captured < original;
        Header::read_into(&mut self.header, mac, mac_offset, &mut self.faults);
    }

    /// Type and subtype; [`FrameKind::UNREADABLE`] without a header.
    #[must_use]
    pub fn kind(&self) -> FrameKind {
        self.header.as_ref().map_or(FrameKind::UNREADABLE, |header| header.kind)
    }

    /// Header flags, and what the parser adds to them.
    #[must_use]
    pub fn flags(&self) -> FrameFlags {
        let mut flags = self.header.as_ref().map_or(FrameFlags(0), |header| header.flags);
        if self.fcs == Fcs::Bad {
            flags = flags.with(FrameFlags::BAD_FCS);
        }
        if !self.faults.is_empty() {
            flags = flags.with(FrameFlags::MALFORMED);
        }
        if self.truncated {
            flags = flags.with(FrameFlags::TRUNCATED);
        }
        flags
    }

    /// What follows the 802.11 header, without FCS; empty when nothing does.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.mac.get(self.body_start()..).unwrap_or(&[])
    }

    /// Where the body begins in the captured bytes.
    #[must_use]
    pub fn body_offset(&self) -> usize {
        self.mac_offset.saturating_add(self.body_start())
    }

    fn body_start(&self) -> usize {
        let length = self.header.as_ref().map_or(0, |header| usize::from(header.length));
        // Some receivers pad the header of data frames to a multiple of 4 bytes; a cut frame ends before.
        let padded = if self.radio.data_pad { length.saturating_add(3) & !3 } else { length };
        padded.min(self.mac.len())
    }

    /// The fixed fields and elements of a management frame; `None` for other frames, encrypted
    /// bodies, and bodies shorter than their fixed fields.
    #[must_use]
    #[inline]
    pub fn management(&self) -> Option<Management<'a>> {
        let header = self.header.as_ref()?;
        if !header.kind.is_management() || header.flags.contains(FrameFlags::PROTECTED) {
            return None;
        }
        Management::read(header.kind, self.body(), self.body_offset())
    }

    /// The elements of a management frame that has them.
    #[must_use]
    pub fn elements(&self) -> Option<Elements<'a>> {
        self.management().and_then(|management| management.elements())
    }

    /// The EAPOL packet of an unencrypted data frame: from its version byte on.
    #[must_use]
    pub fn eapol(&self) -> Option<&'a [u8]> {
        let header = self.header.as_ref()?;
        if !header.kind.is_data() || header.flags.contains(FrameFlags::PROTECTED) {
            return None;
        }
        llc::eapol(header, self.body())
    }

    /// The EAPOL-Key frame of an unencrypted data frame.
    #[must_use]
    pub fn eapol_key(&self) -> Option<EapolKey<'a>> {
        EapolKey::read(self.eapol()?)
    }

    /// Time on the air in microseconds, preamble included; `None` when the rate is unknown.
    #[must_use]
    pub fn airtime_us(&self) -> Option<u32> {
        airtime::airtime_us(self.radio.modulation?, self.length)
    }
}
