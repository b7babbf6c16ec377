//! pcapng files (IETF draft-ietf-opsawg-pcapng): several sections, interfaces and resolutions.

use super::options::Options;
use super::{CaptureError, Interface, Located, MAX_INTERFACES, Place, Section, Step};
use crate::LinkType;
use crate::bytes::{array, slice, u8_at, u16_be, u16_le, u32_be, u32_le, u64_be, u64_le};
use crate::geotag;
use pw_model::{Position, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Units of a timestamp.
#[derive(Clone, Copy)]
enum Resolution {
    /// 10⁻ⁿ s.
    Decimal(u32),
    /// 2⁻ⁿ s.
    Binary(u32),
}

/// How an interface's timestamps count.
#[derive(Clone, Copy)]
struct Clock {
    resolution: Resolution,
    offset_secs: i64,
}

impl Clock {
    fn time(self, units: u64) -> Option<Timestamp> {
        let units = u128::from(units);
        let ns = match self.resolution {
            Resolution::Decimal(digits @ 0..=9) => {
                units.checked_mul(10u128.checked_pow(9u32.saturating_sub(digits))?)?
            }
            Resolution::Decimal(digits) => {
                units.checked_div(10u128.checked_pow(digits.saturating_sub(9))?)?
            }
            Resolution::Binary(digits) => units.checked_mul(1_000_000_000)?.checked_shr(digits)?,
        };
        let offset_ns = self.offset_secs.checked_mul(1_000_000_000)?;
        i64::try_from(ns).ok()?.checked_add(offset_ns).map(Timestamp::from_unix_ns)
    }
}

/// The state of a pcapng file between blocks.
#[derive(Default)]
pub(super) struct Pcapng {
    big_endian: bool,
    in_section: bool,
    /// Index of the section's first interface in the file's list.
    base: usize,
    /// Of all interfaces of the file, beside the public list.
    clocks: Vec<Clock>,
    description: Section,
}

/// True when the bytes begin a section header block.
pub(super) fn is_pcapng(first: &[u8]) -> bool {
    array::<4>(first, 0) == Some(SECTION_HEADER.to_be_bytes())
        && matches!(
            array::<4>(first, 8),
            None | Some([0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a])
        )
}

impl Pcapng {
    pub(super) fn step(
        &mut self,
        bytes: &[u8],
        place: Place,
        interfaces: &mut Vec<Interface>,
    ) -> Result<Step, CaptureError> {
        if bytes.len() < 12 {
            return Ok(Step::Need(12));
        }
        // The type of a section header reads the same in both byte orders; its magic tells which is used.
        if u32_be(bytes, 0) == Some(SECTION_HEADER) {
            self.big_endian = match array::<4>(bytes, 8) {
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => true,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => false,
                _ => return Err(place.corrupt("a section header without its byte-order magic")),
            };
        } else if !self.in_section {
            return Err(place.corrupt("a block before the first section header"));
        }
        let (Some(kind), Some(stated)) = (self.u32_at(bytes, 0), self.u32_at(bytes, 4)) else {
            return Ok(Step::Need(12));
        };
        let length = place.length(stated)?;
        if length < 12 || length % 4 != 0 {
            return Err(place.corrupt("a block length below 12 or not a multiple of 4"));
        }
        if bytes.len() < length {
            return Ok(Step::Need(length));
        }
        let tail = length.saturating_sub(4);
        if self.u32_at(bytes, tail) != Some(stated) {
            return Err(place.corrupt("a block whose two lengths differ"));
        }
        let body = bytes.get(8..tail).unwrap_or(&[]);
        let located = match kind {
            SECTION_HEADER => {
                self.section(body, place, interfaces.len())?;
                None
            }
            INTERFACE_DESCRIPTION => {
                self.interface(body, place, interfaces)?;
                None
            }
            ENHANCED_PACKET => Some(self.enhanced_packet(body, place, false)?),
            OLD_PACKET => Some(self.enhanced_packet(body, place, true)?),
            SIMPLE_PACKET => Some(self.simple_packet(body, place, interfaces)?),
            INTERFACE_STATISTICS => {
                self.statistics(body, interfaces);
                None
            }
            // Name resolution, secrets, journal, custom and unknown blocks hold no frame.
            _ => None,
        };
        Ok(match located {
            Some(located) => Step::Frame(located, length),
            None => Step::Skip(length),
        })
    }

    fn section(
        &mut self,
        body: &[u8],
        place: Place,
        interfaces: usize,
    ) -> Result<(), CaptureError> {
        let (Some(major), Some(minor)) = (self.u16_at(body, 4), self.u16_at(body, 6)) else {
            return Err(place.corrupt("a section header that is too short"));
        };
        // 1.2 was written by mistake and is read as 1.0.
        if major != 1 || !matches!(minor, 0 | 2) {
            return Err(CaptureError::UnsupportedVersion { format: "pcapng", major, minor });
        }
        self.in_section = true;
        self.base = interfaces;
        let mut description = Section::default();
        for (code, value) in self.options(body.get(16..).unwrap_or(&[])) {
            let slot = match code {
                1 => &mut description.comment,
                2 => &mut description.hardware,
                3 => &mut description.operating_system,
                4 => &mut description.application,
                _ => continue,
            };
            slot.get_or_insert_with(|| String::from_utf8_lossy(value).into_owned());
        }
        self.description = description;
        Ok(())
    }

    fn interface(
        &mut self,
        body: &[u8],
        place: Place,
        interfaces: &mut Vec<Interface>,
    ) -> Result<(), CaptureError> {
        let (Some(link), Some(snap_len)) = (self.u16_at(body, 0), self.u32_at(body, 4)) else {
            return Err(place.corrupt("an interface description that is too short"));
        };
        if interfaces.len() >= MAX_INTERFACES {
            return Err(place.corrupt("more interfaces than allowed"));
        }
        let mut clock = Clock { resolution: Resolution::Decimal(6), offset_secs: 0 };
        let mut interface = Interface {
            link_type: LinkType::from_dlt(link),
            name: None,
            description: None,
            snap_len,
            fcs_len: None,
            dropped: None,
            received: None,
        };
        for (code, value) in self.options(body.get(8..).unwrap_or(&[])) {
            let text = || Some(String::from_utf8_lossy(value).into_owned());
            match code {
                2 => interface.name = text(),
                3 => interface.description = text(),
                9 => {
                    if let Some(resolution) = u8_at(value, 0) {
                        let digits = u32::from(resolution & 0x7f);
                        clock.resolution = if resolution & 0x80 == 0 {
                            Resolution::Decimal(digits)
                        } else {
                            Resolution::Binary(digits)
                        };
                    }
                }
                13 => interface.fcs_len = u8_at(value, 0),
                14 => {
                    let offset = if self.big_endian { u64_be(value, 0) } else { u64_le(value, 0) };
                    clock.offset_secs = offset.map_or(0, u64::cast_signed);
                }
                _ => {}
            }
        }
        interfaces.push(interface);
        self.clocks.push(clock);
        Ok(())
    }

    /// Enhanced packet block, or the packet block that it replaced.
    fn enhanced_packet(
        &self,
        body: &[u8],
        place: Place,
        old: bool,
    ) -> Result<Located, CaptureError> {
        let number = if old { self.u16_at(body, 0).map(u32::from) } else { self.u32_at(body, 0) };
        let (Some(number), Some(high), Some(low), Some(kept), Some(original_len)) = (
            number,
            self.u32_at(body, 4),
            self.u32_at(body, 8),
            self.u32_at(body, 12),
            self.u32_at(body, 16),
        ) else {
            return Err(place.corrupt("a packet block that is too short"));
        };
        let (interface, clock) = self.clock(number, place)?;
        let kept_len = place.length(kept)?;
        if slice(body, 20, kept_len).is_none() {
            return Err(place.corrupt("a packet longer than its block"));
        }
        let end_of_data = kept_len.saturating_add(20).saturating_add(3) & !3;
        let options = body.get(end_of_data..).unwrap_or(&[]);
        let units = u64::from(high) << 32 | u64::from(low);
        Ok(Located {
            start: 28,
            end: kept_len.saturating_add(28),
            time: clock.time(units),
            interface,
            original_len: original_len.max(kept),
            position: if options.is_empty() { None } else { self.position(options) },
            options: if options.is_empty() {
                0
            } else {
                u32::try_from(end_of_data.saturating_add(8)).unwrap_or(0)
            },
        })
    }

    fn simple_packet(
        &self,
        body: &[u8],
        place: Place,
        interfaces: &[Interface],
    ) -> Result<Located, CaptureError> {
        let Some(original_len) = self.u32_at(body, 0) else {
            return Err(place.corrupt("a simple packet block that is too short"));
        };
        let (interface, _) = self.clock(0, place)?;
        let snap_len = interfaces.get(self.base).map_or(0, |interface| interface.snap_len);
        let limit = if snap_len == 0 { original_len } else { original_len.min(snap_len) };
        let kept = usize::try_from(limit).unwrap_or(usize::MAX).min(body.len().saturating_sub(4));
        Ok(Located {
            start: 12,
            end: kept.saturating_add(12),
            time: None,
            interface,
            original_len,
            position: None,
            options: 0,
        })
    }

    /// Drops: by the interface (5) and by the operating system (7).
    fn statistics(&self, body: &[u8], interfaces: &mut [Interface]) {
        let Some(number) = self.u32_at(body, 0).and_then(|number| usize::try_from(number).ok())
        else {
            return;
        };
        let Some(interface) = interfaces.get_mut(self.base.saturating_add(number)) else { return };
        let (mut dropped, mut received): (Option<u64>, Option<u64>) = (None, None);
        for (code, value) in self.options(body.get(12..).unwrap_or(&[])) {
            let count = if self.big_endian { u64_be(value, 0) } else { u64_le(value, 0) };
            match (code, count) {
                (4, Some(count)) => received = Some(count),
                (5 | 7, Some(count)) => {
                    dropped = Some(dropped.unwrap_or(0).saturating_add(count));
                }
                _ => {}
            }
        }
        // The block states totals since the start of the capture; the last one counts.
        interface.dropped = dropped.or(interface.dropped);
        interface.received = received.or(interface.received);
    }

    fn position(&self, options: &[u8]) -> Option<Position> {
        let mut position = None;
        for (code, value) in self.options(options) {
            // Custom options: 2988 text, 2989 binary, 19372 and 19373 the same, not to be copied.
            if matches!(code, 2989 | 19373)
                && self.u32_at(value, 0) == Some(geotag::KISMET_ENTERPRISE)
            {
                position = geotag::kismet_option(value.get(4..).unwrap_or(&[]), self.big_endian)
                    .or(position);
            }
        }
        position
    }

    pub(super) const fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    pub(super) const fn description(&self) -> &Section {
        &self.description
    }

    fn clock(&self, number: u32, place: Place) -> Result<(u32, Clock), CaptureError> {
        let index = usize::try_from(number).unwrap_or(usize::MAX).saturating_add(self.base);
        let clock = self.clocks.get(index);
        match (clock, u32::try_from(index)) {
            (Some(clock), Ok(index)) => Ok((index, *clock)),
            _ => Err(place.corrupt("a packet of an interface that was not described")),
        }
    }

    const fn options<'a>(&self, bytes: &'a [u8]) -> Options<'a> {
        Options::new(bytes, self.big_endian)
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
