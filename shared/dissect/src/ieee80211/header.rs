//! The 802.11 MAC header (IEEE Std 802.11-2020, 9.2 and 9.3).

use crate::bytes::{array, u16_le, u32_le};
use crate::fault::{Faults, Layer};
use pw_model::{FrameFlags, FrameKind, MacAddr};

/// Fields of the MAC header. A field is `None` where the kind does not have it or the bytes end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Type and subtype.
    pub kind: FrameKind,
    /// Protocol version; 0 in everything that is decoded here.
    pub version: u8,
    /// Flags byte of the frame control field.
    pub flags: FrameFlags,
    /// Duration in microseconds, or the association identifier in PS-Poll.
    pub duration: u16,
    /// Address 1: receiver.
    pub address1: Option<MacAddr>,
    /// Address 2: transmitter, where there is one.
    pub address2: Option<MacAddr>,
    /// Address 3.
    pub address3: Option<MacAddr>,
    /// Address 4.
    pub address4: Option<MacAddr>,
    /// Sequence number, 0 to 4095.
    pub sequence: Option<u16>,
    /// Fragment number, 0 to 15.
    pub fragment: Option<u8>,
    /// QoS control.
    pub qos: Option<u16>,
    /// HT control.
    pub ht_control: Option<u32>,
    /// Bytes of the header, as far as they are there.
    pub length: u16,
}

/// Which addresses a kind has, and whether a sequence control field follows them.
#[derive(Clone, Copy)]
enum Shape {
    /// Receiver only.
    Receiver,
    /// Receiver and transmitter.
    Both,
    /// Three addresses and sequence control; a fourth address when both DS bits are set.
    Full,
}

impl Header {
    /// Reads the header at the start of `mac`, which stands `offset` bytes into the captured bytes.
    ///
    /// `None` below two bytes. Of a header that is cut, what is there is read, with a fault.
    #[must_use]
    pub fn read(mac: &[u8], offset: usize, faults: &mut Faults) -> Option<Self> {
        let mut header = None;
        Self::read_into(&mut header, mac, offset, faults);
        header
    }

    /// Like [`Header::read`], to the place where it is used.
    #[inline]
    pub(crate) fn read_into(
        place: &mut Option<Self>,
        mac: &[u8],
        offset: usize,
        faults: &mut Faults,
    ) {
        let Some([first, flags]) = array::<2>(mac, 0) else {
            faults.add(offset, Layer::Header, "no 802.11 frame control field");
            return;
        };
        let kind = FrameKind::new(first >> 2 & 3, first >> 4);
        let header = place.insert(Self {
            kind,
            version: first & 3,
            flags: FrameFlags(u16::from(flags)),
            duration: u16_le(mac, 2).unwrap_or(0),
            address1: None,
            address2: None,
            address3: None,
            address4: None,
            sequence: None,
            fragment: None,
            qos: None,
            ht_control: None,
            length: 2,
        });
        if header.version != 0 {
            faults.add(offset, Layer::Header, "protocol version other than 0");
        }
        if header.read_addresses(mac).is_none() {
            faults.add(offset.saturating_add(mac.len()), Layer::Header, "the 802.11 header is cut");
        }
    }

    const fn shape(kind: FrameKind) -> Shape {
        match (kind.frame_type(), kind.subtype()) {
            (Some(0 | 2), _) => Shape::Full,
            // CTS, ack, control wrapper, and the extension frames, of which the first address is read.
            (Some(1), Some(7 | 12 | 13)) | (Some(3), _) => Shape::Receiver,
            (Some(1), Some(2..=5 | 8..=11 | 14 | 15)) => Shape::Both,
            _ => Shape::Receiver,
        }
    }

    /// Fills what follows the frame control field; `None` when the bytes end before the header does.
    fn read_addresses(&mut self, mac: &[u8]) -> Option<()> {
        self.address1 = array(mac, 4).map(MacAddr);
        self.address1?;
        self.length = 10;
        let shape = Self::shape(self.kind);
        if matches!(shape, Shape::Receiver) {
            return if self.is_control_wrapper() { self.read_wrapper(mac) } else { Some(()) };
        }
        self.address2 = array(mac, 10).map(MacAddr);
        self.address2?;
        self.length = 16;
        if matches!(shape, Shape::Both) {
            return Some(());
        }
        self.address3 = array(mac, 16).map(MacAddr);
        self.address3?;
        self.length = 22;
        let sequence_control = u16_le(mac, 22)?;
        self.length = 24;
        self.sequence = Some(sequence_control >> 4);
        self.fragment = u8::try_from(sequence_control & 0x0f).ok();
        let mut at = 24usize;
        if self.kind.is_data() {
            if self.flags.contains(FrameFlags::TO_DS.with(FrameFlags::FROM_DS)) {
                self.address4 = Some(MacAddr(array(mac, at)?));
                at = 30;
                self.length = 30;
            }
            if self.is_qos_data() {
                self.qos = Some(u16_le(mac, at)?);
                at = at.saturating_add(2);
                self.length = self.length.saturating_add(2);
            }
        }
        // +HTC: the order bit in management and QoS data frames.
        if self.flags.contains(FrameFlags::ORDER)
            && (self.kind.is_management() || self.is_qos_data())
        {
            self.ht_control = Some(u32_le(mac, at)?);
            self.length = self.length.saturating_add(4);
        }
        Some(())
    }

    /// Reads what a control wrapper has in place of the carried frame's header: its frame control,
    /// HT control, and its second address where it has one (802.11-2020, 9.3.1.9).
    fn read_wrapper(&mut self, mac: &[u8]) -> Option<()> {
        let [carried] = array::<1>(mac, 10)?;
        self.ht_control = Some(u32_le(mac, 12)?);
        self.length = 16;
        let carried = FrameKind::new(carried >> 2 & 3, carried >> 4);
        if carried.is_control() && matches!(Self::shape(carried), Shape::Both) {
            self.address2 = Some(MacAddr(array(mac, 16)?));
            self.length = 22;
        }
        Some(())
    }

    /// A control frame in a control wrapper.
    #[must_use]
    pub const fn is_control_wrapper(&self) -> bool {
        matches!((self.kind.frame_type(), self.kind.subtype()), (Some(1), Some(7)))
    }

    /// Data frame with QoS control.
    #[must_use]
    pub const fn is_qos_data(&self) -> bool {
        self.kind.is_data() && matches!(self.kind.subtype(), Some(8..=15))
    }

    /// Data frame that carries a payload (bit 2 of the subtype is clear).
    #[must_use]
    pub const fn has_payload(&self) -> bool {
        self.kind.is_data() && matches!(self.kind.subtype(), Some(0..=3 | 8..=11))
    }

    /// The payload is an aggregate of MSDUs (bit 7 of QoS control).
    #[must_use]
    pub const fn is_a_msdu(&self) -> bool {
        matches!(self.qos, Some(qos) if qos & 0x80 != 0)
    }

    /// Who sent it. In control frames the group bit of this address signals a bandwidth
    /// (802.11-2020, 9.3.1.2) and is cleared here.
    #[must_use]
    pub fn transmitter(&self) -> Option<MacAddr> {
        match self.kind.frame_type() {
            Some(1) => self
                .address2
                .map(|MacAddr([first, b, c, d, e, f])| MacAddr([first & 0xfe, b, c, d, e, f])),
            // DMG and S1G beacons carry one address, the sender's.
            Some(3) if matches!(self.kind.subtype(), Some(0 | 1)) => self.address1,
            _ => self.address2,
        }
    }

    /// Whom it is sent to.
    #[must_use]
    pub fn receiver(&self) -> Option<MacAddr> {
        if self.kind.frame_type() == Some(3) { None } else { self.address1 }
    }

    /// The BSSID, where the frame carries one.
    #[must_use]
    pub fn bssid(&self) -> Option<MacAddr> {
        let to_ds = self.flags.contains(FrameFlags::TO_DS);
        let from_ds = self.flags.contains(FrameFlags::FROM_DS);
        match (self.kind.frame_type()?, self.kind.subtype()?) {
            (0, _) => self.address3,
            // PS-Poll is sent to the BSSID, CF-End by it.
            (1, 10) => self.address1,
            (1, 14 | 15) => self.transmitter(),
            (2, _) => match (to_ds, from_ds) {
                (false, false) => self.address3,
                (true, false) => self.address1,
                (false, true) => self.address2,
                (true, true) => None,
            },
            (3, 0) => self.address1,
            _ => None,
        }
    }

    /// Each subframe of an A-MSDU names its own source and destination, where other data frames to
    /// or from the distribution system have them in the header (802.11-2020, table 9-30).
    fn has_addresses_in_subframes(&self) -> bool {
        self.has_payload() && self.is_a_msdu()
    }

    /// The station that the payload comes from, of data and management frames; `None` of A-MSDUs
    /// from the distribution system.
    #[must_use]
    pub fn source(&self) -> Option<MacAddr> {
        let to_ds = self.flags.contains(FrameFlags::TO_DS);
        let from_ds = self.flags.contains(FrameFlags::FROM_DS);
        match (self.kind.frame_type()?, to_ds, from_ds) {
            // The one address of an S1G beacon.
            (3, _, _) if self.kind.subtype() == Some(1) => self.address1,
            (2, _, true) if self.has_addresses_in_subframes() => None,
            (2, false, true) => self.address3,
            (2, true, true) => self.address4,
            (0 | 2, _, _) => self.address2,
            _ => None,
        }
    }

    /// The station that the payload is meant for, of data and management frames; `None` of A-MSDUs
    /// to the distribution system.
    #[must_use]
    pub fn destination(&self) -> Option<MacAddr> {
        let to_ds = self.flags.contains(FrameFlags::TO_DS);
        match (self.kind.frame_type()?, to_ds) {
            (2, true) if self.has_addresses_in_subframes() => None,
            (2, true) => self.address3,
            (0 | 2, _) => self.address1,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mac: &[u8]) -> Header {
        Header::read(mac, 0, &mut Faults::default()).expect("two bytes")
    }

    /// A header whose address n is filled with n.
    fn filled(first: u8, flags: u8) -> Vec<u8> {
        let mut mac = vec![first, flags, 0x34, 0x12];
        for n in 1..=3u8 {
            mac.extend([n * 2; 6]);
        }
        mac.extend([0x5a, 0x01]);
        mac.extend([8; 6]);
        mac.extend([0x05, 0x00]);
        mac
    }

    #[test]
    fn an_aggregate_has_its_addresses_in_the_subframes() {
        for (flags, source, destination) in
            [(1, Some(MacAddr([4; 6])), None), (2, None, Some(MacAddr([2; 6]))), (3, None, None)]
        {
            let mut mac = filled(0x88, flags);
            mac.truncate(if flags == 3 { 30 } else { 24 });
            mac.extend([0x80, 0]);
            let header = read(&mac);
            assert_eq!((header.source(), header.destination()), (source, destination), "{flags}");
        }
    }

    #[test]
    fn addresses_by_direction() {
        let address = |n: u8| Some(MacAddr([n * 2; 6]));
        for (flags, bssid, source, destination) in [
            (0u8, address(3), address(2), address(1)),
            (1, address(1), address(2), address(3)),
            (2, address(2), address(3), address(1)),
            (3, None, address(4), address(3)),
        ] {
            let header = read(&filled(0x88, flags));
            assert_eq!(header.bssid(), bssid, "{flags}");
            assert_eq!(header.source(), source, "{flags}");
            assert_eq!(header.destination(), destination, "{flags}");
            assert_eq!(header.transmitter(), address(2));
            assert_eq!((header.sequence, header.fragment), (Some(0x15), Some(0x0a)));
            assert_eq!(header.length, if flags == 3 { 32 } else { 26 });
        }
    }

    #[test]
    fn the_third_address_of_an_a_msdu_is_the_bssid() {
        for flags in 0..=3u8 {
            let mut mac = filled(0x88, flags);
            let qos = if flags == 3 { 30 } else { 24 };
            mac.resize(qos, 0);
            mac.extend([0x85, 0x00]);
            let header = read(&mac);
            assert!(header.is_a_msdu());
            assert_eq!(header.source().is_some(), flags & 2 == 0, "{flags}");
            assert_eq!(header.destination().is_some(), flags & 1 == 0, "{flags}");
        }
    }

    #[test]
    fn control_frames() {
        let ack = read(&[0xd4, 0, 0, 0, 2, 2, 2, 2, 2, 2]);
        assert_eq!(
            (ack.transmitter(), ack.receiver(), ack.length),
            (None, Some(MacAddr([2; 6])), 10)
        );
        let rts = read(&[0xb4, 0, 0, 0, 2, 2, 2, 2, 2, 2, 5, 4, 4, 4, 4, 4]);
        assert_eq!(rts.transmitter(), Some(MacAddr([4; 6])), "bandwidth signalling bit is cleared");
        let wrapper =
            read(&[0x74, 0, 0, 0, 2, 2, 2, 2, 2, 2, 0x94, 0, 4, 3, 2, 1, 6, 6, 6, 6, 6, 6, 9]);
        assert_eq!((wrapper.ht_control, wrapper.length), (Some(0x0102_0304), 22));
        assert_eq!(wrapper.transmitter(), Some(MacAddr([6; 6])));
        let tack = read(&[0x34, 0, 0, 0, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 1]);
        assert_eq!((tack.transmitter(), tack.length), (Some(MacAddr([4; 6])), 16));
    }

    #[test]
    fn a_cut_header_says_what_it_has() {
        let whole = filled(0x88, 3);
        for end in 0..whole.len() {
            let mut faults = Faults::default();
            let header = Header::read(&whole[..end], 0, &mut faults);
            assert_eq!(faults.count(), 1, "{end}");
            assert_eq!(header.is_some(), end >= 2);
            if let Some(header) = header {
                assert!(usize::from(header.length) <= end);
            }
        }
    }
}
