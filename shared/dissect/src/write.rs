//! Writing captures: pcapng with nanoseconds, and libpcap with micro- or nanoseconds, little-endian.

use crate::LinkType;
use crate::geotag;
use pw_model::{Position, Timestamp};
use std::io::{self, Write};

/// Snap length that is written: none of the frames here is longer.
const SNAP_LEN: u32 = 262_144;

/// How fine the times of a libpcap file are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PcapResolution {
    /// Microseconds, which every program reads.
    Microseconds,
    /// Nanoseconds, which old programs do not read.
    Nanoseconds,
}

/// Writes a libpcap file.
pub struct PcapWriter<W: Write> {
    out: W,
    resolution: PcapResolution,
}

impl<W: Write> PcapWriter<W> {
    /// Writes the file header.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(mut out: W, link_type: LinkType, resolution: PcapResolution) -> io::Result<Self> {
        let magic = match resolution {
            PcapResolution::Microseconds => 0xa1b2_c3d4u32,
            PcapResolution::Nanoseconds => 0xa1b2_3c4d,
        };
        out.write_all(&magic.to_le_bytes())?;
        out.write_all(&2u16.to_le_bytes())?;
        out.write_all(&4u16.to_le_bytes())?;
        out.write_all(&[0; 8])?;
        out.write_all(&SNAP_LEN.to_le_bytes())?;
        out.write_all(&u32::from(link_type.dlt()).to_le_bytes())?;
        Ok(Self { out, resolution })
    }

    /// Writes one packet. Times before 1970 or after 2106, which the format cannot say, become its ends.
    ///
    /// # Errors
    /// The output cannot be written, or the packet is longer than 4 GiB.
    pub fn write_frame(
        &mut self,
        time: Timestamp,
        data: &[u8],
        original_len: u32,
    ) -> io::Result<()> {
        let kept = length_of(data)?;
        let secs = time.unix_ns().div_euclid(1_000_000_000);
        let fraction_ns = time.unix_ns().rem_euclid(1_000_000_000);
        let fraction = match self.resolution {
            PcapResolution::Microseconds => fraction_ns / 1000,
            PcapResolution::Nanoseconds => fraction_ns,
        };
        let secs = u32::try_from(secs).unwrap_or(if secs < 0 { 0 } else { u32::MAX });
        let mut header = [0u8; 16];
        let words = [secs, u32::try_from(fraction).unwrap_or(0), kept, original_len.max(kept)];
        for (place, word) in header.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.out.write_all(&header)?;
        self.out.write_all(data)
    }

    /// Flushes and returns the output.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// What else one packet of a pcapng file says.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketNotes<'a> {
    /// A comment for people.
    pub comment: Option<&'a str>,
    /// Where the receiver was, in the option that Kismet writes under its own enterprise number.
    pub position: Option<Position>,
    /// Link-layer flags (`epb_flags`).
    pub flags: Option<u32>,
    /// Packets lost between the one before and this one (`epb_dropcount`).
    pub dropped: Option<u64>,
}

impl PacketNotes<'_> {
    const fn is_empty(&self) -> bool {
        self.comment.is_none()
            && self.position.is_none()
            && self.flags.is_none()
            && self.dropped.is_none()
    }
}

/// What a pcapng file says of an interface.
#[derive(Clone, Copy, Debug, Default)]
pub struct InterfaceSettings<'a> {
    /// Name (`if_name`): `wlan1`.
    pub name: Option<&'a str>,
    /// Description for people (`if_description`).
    pub description: Option<&'a str>,
    /// Bytes of frame check sequence at the end of its frames, where the radio header does not say it.
    pub fcs_len: Option<u8>,
}

/// Writes a pcapng file: one section, interfaces as added, nanosecond timestamps.
pub struct PcapngWriter<W: Write> {
    out: W,
    interfaces: u32,
    block: Vec<u8>,
}

impl<W: Write> PcapngWriter<W> {
    /// Writes the section header; `application` names what wrote the file, `comment` says what it is.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn new(out: W, application: &str, comment: Option<&str>) -> io::Result<Self> {
        let mut writer = Self { out, interfaces: 0, block: Vec::new() };
        writer.block.extend(0x1a2b_3c4du32.to_le_bytes());
        writer.block.extend(1u16.to_le_bytes());
        writer.block.extend(0u16.to_le_bytes());
        // Section length: not stated.
        writer.block.extend(u64::MAX.to_le_bytes());
        if let Some(comment) = comment {
            writer.option(1, comment.as_bytes());
        }
        writer.option(4, application.as_bytes());
        writer.end_of_options();
        writer.flush_block(0x0a0d_0d0a)?;
        Ok(writer)
    }

    /// Describes an interface; the number returned is what its packets refer to.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn add_interface(&mut self, link_type: LinkType, name: &str) -> io::Result<u32> {
        let settings = InterfaceSettings { name: Some(name), ..InterfaceSettings::default() };
        self.describe_interface(link_type, &settings)
    }

    /// Like [`PcapngWriter::add_interface`], with all that can be said of it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn describe_interface(
        &mut self,
        link_type: LinkType,
        settings: &InterfaceSettings<'_>,
    ) -> io::Result<u32> {
        self.block.extend(link_type.dlt().to_le_bytes());
        self.block.extend([0; 2]);
        self.block.extend(SNAP_LEN.to_le_bytes());
        for (code, text) in [(2, settings.name), (3, settings.description)] {
            if let Some(text) = text {
                self.option(code, text.as_bytes());
            }
        }
        // Nanoseconds.
        self.option(9, &[9]);
        if let Some(length) = settings.fcs_len {
            self.option(13, &[length]);
        }
        self.end_of_options();
        self.flush_block(1)?;
        let number = self.interfaces;
        self.interfaces = self.interfaces.saturating_add(1);
        Ok(number)
    }

    /// Writes what an interface counted from the start of the capture until `time`: packets
    /// received, and of these dropped by the system.
    ///
    /// # Errors
    /// The output cannot be written, or the interface was not added.
    pub fn write_statistics(
        &mut self,
        interface: u32,
        time: Timestamp,
        received: u64,
        dropped: u64,
    ) -> io::Result<()> {
        self.check(interface)?;
        self.block.extend(interface.to_le_bytes());
        self.time(time);
        self.option(4, &received.to_le_bytes());
        self.option(7, &dropped.to_le_bytes());
        self.end_of_options();
        self.flush_block(5)
    }

    /// Writes one packet. Times before 1970, which the format cannot say, become 1970.
    ///
    /// # Errors
    /// The output cannot be written, or the interface was not added.
    pub fn write_frame(
        &mut self,
        interface: u32,
        time: Timestamp,
        data: &[u8],
        original_len: u32,
        notes: PacketNotes<'_>,
    ) -> io::Result<()> {
        self.check(interface)?;
        let kept = length_of(data)?;
        self.block.extend(interface.to_le_bytes());
        self.time(time);
        self.block.extend(kept.to_le_bytes());
        self.block.extend(original_len.max(kept).to_le_bytes());
        self.block.extend(data);
        self.pad();
        if !notes.is_empty() {
            self.notes(&notes);
        }
        self.flush_block(6)
    }

    /// Flushes and returns the output.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn notes(&mut self, notes: &PacketNotes<'_>) {
        if let Some(comment) = notes.comment {
            self.option(1, comment.as_bytes());
        }
        if let Some(flags) = notes.flags {
            self.option(2, &flags.to_le_bytes());
        }
        if let Some(dropped) = notes.dropped {
            self.option(4, &dropped.to_le_bytes());
        }
        if let Some(position) = notes.position {
            let mut value = Vec::new();
            geotag::write_kismet_option(&position, &mut value);
            self.option(geotag::CUSTOM_BINARY, &value);
        }
        self.end_of_options();
    }

    fn check(&self, interface: u32) -> io::Result<()> {
        if interface < self.interfaces {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("packet of interface {interface}, but {} were added", self.interfaces),
        ))
    }

    /// Nanoseconds since 1970 as two words, the higher first.
    fn time(&mut self, time: Timestamp) {
        let units = u64::try_from(time.unix_ns()).unwrap_or(0);
        let [l0, l1, l2, l3, h0, h1, h2, h3] = units.to_le_bytes();
        self.block.extend([h0, h1, h2, h3, l0, l1, l2, l3]);
    }

    /// Option values longer than 65,535 bytes are cut there.
    fn option(&mut self, code: u16, value: &[u8]) {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.block.extend(code.to_le_bytes());
        self.block.extend(length.to_le_bytes());
        self.block.extend(value.iter().take(usize::from(length)));
        self.pad();
    }

    fn end_of_options(&mut self) {
        self.block.extend([0; 4]);
    }

    fn pad(&mut self) {
        let padded = self.block.len().saturating_add(3) & !3;
        self.block.resize(padded, 0);
    }

    fn flush_block(&mut self, kind: u32) -> io::Result<()> {
        let total = length_of(&self.block)?.saturating_add(12).to_le_bytes();
        self.out.write_all(&kind.to_le_bytes())?;
        self.out.write_all(&total)?;
        self.out.write_all(&self.block)?;
        self.out.write_all(&total)?;
        self.block.clear();
        Ok(())
    }
}

fn length_of(data: &[u8]) -> io::Result<u32> {
    u32::try_from(data.len()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::CaptureReader;

    #[test]
    fn what_is_written_is_read_back() {
        let time = Timestamp::from_unix_ns(1_700_000_000_123_456_789);
        let mut pcapng = PcapngWriter::new(Vec::new(), "test", Some("note")).expect("memory");
        let first = pcapng.add_interface(LinkType::Radiotap, "one").expect("memory");
        let second = pcapng.add_interface(LinkType::Ieee80211, "two").expect("memory");
        let position = Position::new(50.5, 8.25).map(|place| place.with_altitude_m(Some(120.0)));
        let notes = PacketNotes {
            comment: Some("a remark"),
            position,
            flags: Some(0x81),
            dropped: Some(3),
        };
        pcapng.write_frame(first, time, &[1, 2, 3], 10, notes).expect("memory");
        pcapng.write_frame(second, time, &[4], 1, PacketNotes::default()).expect("memory");
        assert!(pcapng.write_frame(7, time, &[4], 1, PacketNotes::default()).is_err());
        pcapng.write_statistics(second, time, 1000, 17).expect("memory");
        let bytes = pcapng.finish().expect("memory");
        let mut reader = CaptureReader::open(bytes.as_slice()).expect("a capture");
        let section = reader.section().expect("pcapng");
        assert_eq!(section.comment.as_deref(), Some("note"));
        assert_eq!(section.application.as_deref(), Some("test"));
        let frame = reader.next_frame().expect("sound").expect("a frame");
        assert_eq!(
            (frame.time, frame.data, frame.original_len),
            (Some(time), &[1u8, 2, 3][..], 10)
        );
        assert_eq!((frame.link_type, frame.interface), (LinkType::Radiotap, 0));
        assert_eq!(frame.options.comments().collect::<Vec<_>>(), [b"a remark"]);
        assert_eq!((frame.options.flags(), frame.options.dropped()), (Some(0x81), Some(3)));
        assert_eq!((frame.fcs_len, frame.position), (Some(4), position));
        let frame = reader.next_frame().expect("sound").expect("a frame");
        assert_eq!((frame.link_type, frame.interface, frame.number), (LinkType::Ieee80211, 1, 2));
        assert!(reader.next_frame().expect("sound").is_none());
        assert!(reader.warning().is_none());
        let interface = reader.interfaces().get(1).expect("two");
        assert_eq!((interface.received, interface.dropped), (Some(1000), Some(17)));

        for (resolution, ns) in [
            (PcapResolution::Microseconds, 123_456_000),
            (PcapResolution::Nanoseconds, 123_456_789),
        ] {
            let mut pcap = PcapWriter::new(Vec::new(), LinkType::Ppi, resolution).expect("memory");
            pcap.write_frame(time, &[9; 30], 30).expect("memory");
            let bytes = pcap.finish().expect("memory");
            let mut reader = CaptureReader::open(bytes.as_slice()).expect("a capture");
            let frame = reader.next_frame().expect("sound").expect("a frame");
            let time = Timestamp::from_unix_ns(1_700_000_000_000_000_000 + ns);
            assert_eq!(
                (frame.time, frame.data.len(), frame.link_type),
                (Some(time), 30, LinkType::Ppi)
            );
        }
    }
}
