//! Radiotap headers, field by field (radiotap.org).

use super::radiotap_fields::*;
use super::{Bits, name_bits, radiotap_eht, radiotap_he};
use crate::fields::{Form, Reader, Span, Value, Walk, Word};
use crate::radio::radiotap::{self as parser, FIELDS as LAYOUT, MAX_PRESENT_WORDS};
use crate::radio::{GuardInterval, Modulation};

/// The bits that steer, which mean the same in every namespace.
static STEERING_BITS: &[Bits] =
    &[(&PRESENT_RTAP_NS, 29, 1), (&PRESENT_VENDOR_NS, 30, 1), (&PRESENT_EXT, 31, 1)];

/// Describes the radiotap header at the start of `reader`; `None` where it ends before its fields
/// do, which the parser has stated as a fault.
pub(super) fn describe(walk: &mut Walk<'_>, mut reader: Reader<'_>) -> Option<()> {
    let [version, _, low, high] = reader.peek()?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let start = reader.offset();
    // Of a header that cannot be read on, what says so.
    let is_readable = version == 0 && length >= 8 && length <= reader.left();
    let length = if is_readable { length } else { 4 };
    let mut header = reader.part(length)?;
    walk.branch(&RADIOTAP, Value::Nothing, Span::new(start, length), |walk| {
        walk.u8(&mut header, &VERSION)?;
        walk.u8(&mut header, &PAD)?;
        walk.u16(&mut header, &LENGTH)?;
        if !is_readable {
            return None;
        }
        let words = presence(walk, &mut header)?;
        values(walk, &mut header, start, words)
    })
}

/// Names the presence words and gives a reader over them.
fn presence<'b>(walk: &mut Walk<'_>, header: &mut Reader<'b>) -> Option<Reader<'b>> {
    let mut ahead = *header;
    let mut words = 0usize;
    while words < MAX_PRESENT_WORDS {
        words = words.saturating_add(1);
        if ahead.little_endian(4)? >> parser::EXTENDED == 0 {
            break;
        }
    }
    let length = words.saturating_mul(4);
    let span = Span::new(header.offset(), length);
    let words = header.part(length)?;
    walk.branch(&PRESENT, Value::Nothing, span, |walk| {
        let mut words = words;
        let mut namespace = Namespace::default();
        let table = |namespace: Namespace| {
            if namespace.is_plain() { PRESENT_BITS } else { STEERING_BITS }
        };
        while let Some(word) = walk.table(&mut words, &PRESENT_WORD, 4, table(namespace)) {
            namespace.after(word);
        }
    });
    Some(words)
}

/// Whose bits a presence word has.
#[derive(Clone, Copy, Default)]
struct Namespace {
    is_vendors: bool,
    /// The word continues another of the same namespace: its bits count from 32 on.
    continued: bool,
}

impl Namespace {
    /// The bits are those of radiotap's first word.
    const fn is_plain(self) -> bool {
        !self.is_vendors && !self.continued
    }

    /// Goes on to the word after `word`.
    fn after(&mut self, word: Word) {
        self.continued = true;
        if word.bit(parser::RADIOTAP_NAMESPACE) {
            *self = Self::default();
        }
        if word.bit(parser::VENDOR_NAMESPACE) {
            self.is_vendors = true;
        }
    }
}

/// Names the fields of all presence words.
fn values(
    walk: &mut Walk<'_>,
    header: &mut Reader<'_>,
    start: usize,
    mut words: Reader<'_>,
) -> Option<()> {
    let mut namespace = Namespace::default();
    while let Some(word) = words.word(4) {
        if namespace.is_plain() {
            for (bit, (alignment, size)) in (0u32..).zip(LAYOUT) {
                if word.bit(bit) {
                    align(header, start, alignment)?;
                    let mut value = header.part(usize::from(size))?;
                    field(walk, bit, &mut value);
                }
            }
            if word.bit(parser::TLV) {
                align(header, start, 4)?;
                return tlvs(walk, header, start);
            }
        } else if !namespace.is_vendors && word.bits(0, 29) != 0 {
            // Nothing is defined there, so nothing after it can be found.
            return None;
        }
        namespace.after(word);
        if word.bit(parser::VENDOR_NAMESPACE) {
            align(header, start, 2)?;
            vendor(walk, header)?;
        }
    }
    Some(())
}

fn align(header: &mut Reader<'_>, start: usize, alignment: u8) -> Option<()> {
    let mask = usize::from(alignment).saturating_sub(1);
    let at = header.offset().saturating_sub(start);
    let padded = at.saturating_add(mask) & !mask;
    header.take(padded.saturating_sub(at)).map(|_| ())
}

fn vendor(walk: &mut Walk<'_>, header: &mut Reader<'_>) -> Option<()> {
    let [_, _, _, _, low, high] = header.peek()?;
    let skip = usize::from(u16::from_le_bytes([low, high]));
    let span = Span::new(header.offset(), skip.saturating_add(6));
    let bytes = header.rest().get(..skip.saturating_add(6))?;
    walk.branch(&VENDOR_NAMESPACE, Value::Bytes(bytes), span, |walk| {
        walk.number_be(header, &VENDOR_OUI, 3)?;
        walk.u8(header, &VENDOR_SUBNS)?;
        walk.u16(header, &VENDOR_DATA_LEN)?;
        header.take(skip).map(|_| ())
    })
}

fn tlvs(walk: &mut Walk<'_>, header: &mut Reader<'_>, start: usize) -> Option<()> {
    while !header.is_empty() {
        let [type_low, type_high, low, high] = header.peek()?;
        let kind = u16::from_le_bytes([type_low, type_high]);
        let length = usize::from(u16::from_le_bytes([low, high]));
        let span = Span::new(header.offset(), length.saturating_add(4));
        walk.branch(&TLV, Value::Nothing, span, |walk| {
            walk.u16(header, &TLV_TYPE)?;
            walk.u16(header, &TLV_DATALEN)?;
            let mut value = header.part(length)?;
            let known = match kind {
                30 => vendor(walk, &mut value),
                32 => radiotap_eht::s1g(walk, &mut value),
                33 => radiotap_eht::u_sig(walk, &mut value),
                34 => radiotap_eht::eht(walk, &mut value),
                kind => field(walk, u32::from(kind), &mut value),
            };
            // What is left over, or not known, or too short for its kind.
            walk.rest(&mut value, &TLV_UNKNOWN_DATA);
            known.or(Some(()))
        })?;
        if header.is_empty() {
            break;
        }
        align(header, start, 4)?;
    }
    Some(())
}

/// Names the field of one presence bit; `None` for a bit without definition.
fn field(walk: &mut Walk<'_>, bit: u32, reader: &mut Reader<'_>) -> Option<()> {
    match bit {
        0 => walk.number(reader, &MACTIME, 8).map(|_| ()),
        1 => walk.table(reader, &FLAGS, 1, FLAGS_BITS).map(|_| ()),
        2 => rate(walk, reader),
        3 => {
            walk.u16(reader, &CHANNEL_FREQ)?;
            walk.table(reader, &CHANNEL_FLAGS, 2, CHANNEL_BITS).map(|_| ())
        }
        4 => {
            walk.u8(reader, &FHSS_HOPSET)?;
            walk.u8(reader, &FHSS_PATTERN).map(|_| ())
        }
        5 => walk.i8(reader, &DBM_ANTSIGNAL).map(|_| ()),
        6 => walk.i8(reader, &DBM_ANTNOISE).map(|_| ()),
        7 => walk.u16(reader, &QUALITY).map(|_| ()),
        8 => walk.u16(reader, &TXATTENUATION).map(|_| ()),
        9 => walk.u16(reader, &DB_TXATTENUATION).map(|_| ()),
        10 => walk.i8(reader, &TXPOWER).map(|_| ()),
        11 => walk.u8(reader, &ANTENNA).map(|_| ()),
        12 => walk.u8(reader, &DB_ANTSIGNAL).map(|_| ()),
        13 => walk.u8(reader, &DB_ANTNOISE).map(|_| ()),
        14 => walk.word(reader, &RXFLAGS, 2, |walk, word| {
            walk.flag(word, &RXFLAGS_BADPLCP, 1);
        }),
        15 => walk.table(reader, &TXFLAGS, 2, TX_BITS).map(|_| ()),
        16 => walk.u8(reader, &RTS_RETRIES).map(|_| ()),
        17 => walk.u8(reader, &DATA_RETRIES).map(|_| ()),
        18 => xchannel(walk, reader),
        19 => mcs(walk, reader),
        20 => ampdu(walk, reader),
        21 => vht(walk, reader),
        22 => timestamp(walk, reader),
        23 => radiotap_he::he(walk, reader),
        24 => radiotap_he::he_mu(walk, reader),
        25 => radiotap_he::he_mu_other_user(walk, reader),
        26 => walk.u8(reader, &N0_LEN_PSDU_TYPE).map(|_| ()),
        27 => radiotap_he::l_sig(walk, reader),
        _ => None,
    }
}

/// Units of 500 kbit/s.
fn rate(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 1);
    let [rate] = reader.array()?;
    walk.field(&DATARATE, Value::Float(f64::from(rate) / 2.0), span);
    Some(())
}

fn xchannel(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.table(reader, &XCHANNEL_FLAGS, 4, XCHANNEL_BITS)?;
    walk.u16(reader, &XCHANNEL_FREQ)?;
    walk.u8(reader, &XCHANNEL_CHANNEL)?;
    walk.u8(reader, &XCHANNEL_MAXPOWER).map(|_| ())
}

fn mcs(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&MCS, Value::Nothing, span, |walk| {
        let known = walk.word(reader, &MCS_KNOWN, 1, |walk, word| {
            name_bits(walk, word, MCS_KNOWN_BITS);
            if word.bit(6) {
                walk.bits(word, &MCS_NESS_BIT1, 7, 1);
            }
            word
        })?;
        let flags = reader.word(1)?;
        for (field, low, count) in MCS_BITS {
            let needed = match *low {
                0 => 0,
                // Guard interval, format, coding, STBC, extension streams.
                2 => 2,
                3 => 3,
                4 => 4,
                5 => 5,
                _ => 6,
            };
            if known.bit(needed) {
                walk.bits(flags, field, *low, *count);
            }
        }
        if known.bit(1) {
            walk.u8(reader, &MCS_INDEX)?;
        }
        let rate = walk.packet.frame.radio.modulation.and_then(|modulation| match modulation {
            Modulation::Ht { .. } => modulation.rate_mbps(),
            _ => None,
        });
        if let Some(rate) = rate {
            walk.field(&DATARATE, Value::Float(rate), span);
        }
        Some(())
    })
}

fn ampdu(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&AMPDU, Value::Nothing, span, |walk| {
        walk.number(reader, &AMPDU_REFERENCE, 4)?;
        let has_crc = walk.word(reader, &AMPDU_FLAGS, 2, |walk, word| {
            name_bits(walk, word, AMPDU_BITS);
            word.bit(5)
        })?;
        if has_crc {
            walk.u8(reader, &AMPDU_DELIM_CRC)?;
        }
        Some(())
    })
}

fn vht(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&VHT, Value::Nothing, span, |walk| {
        let known = walk.word(reader, &VHT_KNOWN, 2, |walk, word| {
            name_bits(walk, word, VHT_KNOWN_BITS);
            word
        })?;
        let flags = reader.word(1)?;
        for (field, bit, _) in VHT_BITS {
            if known.bit(*bit) {
                if field.form == Form::Flag {
                    walk.flag(flags, field, *bit);
                } else {
                    walk.bits(flags, field, *bit, 1);
                }
            }
        }
        let width = if known.bit(6) {
            walk.u8(reader, &VHT_BW)
        } else {
            reader.take(1)?;
            None
        };
        vht_users(walk, reader, [known.bit(0), known.bit(2)], flags.value, width)?;
        for (field, bit, length) in [(&VHT_GID, 7, 1), (&VHT_PAID, 8, 2)] {
            if known.bit(bit) {
                walk.number(reader, field, length)?;
            } else {
                reader.take(length)?;
            }
        }
        Some(())
    })
}

/// The four users and the byte with their codings.
fn vht_users(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    [knows_stbc, knows_guard]: [bool; 2],
    flags: u64,
    width: Option<u8>,
) -> Option<()> {
    let mut users = reader.part(4)?;
    let coding = reader.word(1)?;
    for ([nsts, mcs, nss, coded, rate], user) in VHT_USERS.iter().zip(0u32..) {
        let word = users.word(1)?;
        let streams = word.bits(0, 4);
        if streams == 0 {
            continue;
        }
        walk.branch(&VHT_USER, Value::Nothing, word.span, |walk| {
            let has_stbc = knows_stbc && flags & 1 != 0;
            let space_time = if has_stbc { streams.saturating_mul(2) } else { streams };
            walk.field(nsts, Value::Unsigned(space_time), word.span);
            walk.bits(word, mcs, 4, 4);
            walk.bits(word, nss, 0, 4);
            walk.bits(coding, coded, user, 1);
            let guard = if flags & 4 != 0 { GuardInterval::Ns400 } else { GuardInterval::Ns800 };
            let modulation = Modulation::Vht {
                mcs: u8::try_from(word.bits(4, 4)).ok(),
                streams: u8::try_from(streams).ok(),
                width_mhz: width.and_then(parser::vht_width_mhz),
                guard: knows_guard.then_some(guard),
                stbc: has_stbc,
                ldpc: false,
            };
            if let Some(mbps) = modulation.rate_mbps() {
                walk.field(rate, Value::Float(mbps), word.span);
            }
        });
    }
    Some(())
}

fn timestamp(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), reader.left());
    walk.branch(&TIMESTAMP, Value::Nothing, span, |walk| {
        walk.number(reader, &TIMESTAMP_TS, 8)?;
        // Whether the accuracy is known stands after it.
        let has_accuracy = reader.rest().get(3)? & 0x02 != 0;
        if has_accuracy {
            walk.u16(reader, &TIMESTAMP_ACCURACY)?;
        } else {
            reader.take(2)?;
        }
        let unit = reader.word(1)?;
        walk.bits(unit, &TIMESTAMP_UNIT, 0, 4);
        walk.bits(unit, &TIMESTAMP_SAMPLINGPOS, 4, 4);
        let flags = reader.word(1)?;
        walk.flag(flags, &TIMESTAMP_FLAGS_32BIT, 0);
        walk.flag(flags, &TIMESTAMP_FLAGS_ACCURACY, 1);
        Some(())
    })
}
