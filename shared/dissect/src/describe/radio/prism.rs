//! Prism headers, field by field (Linux wlan-ng, madwifi).

use crate::bytes::u32_be;
use crate::fields::{Reader, Span, Value, Walk, Word, fields};

fields! {
    Radio => FIELDS;
    /// The Prism header.
    PRISM: branch("prism", "Prism");
    /// Message code.
    MSGCODE: hex("prism.msgcode", "Message code", 8);
    /// Length of the whole header.
    MSGLEN: unsigned("prism.msglen", "Message length").unit("bytes");
    /// Device.
    DEVNAME: text("prism.devname", "Device");
    /// One item of the header.
    DID: branch("prism.did", "Item");
    /// Item number.
    DID_TYPE: hex("prism.did.type", "Item number", 8).names(item_name);
    /// 0: the item was filled in.
    DID_STATUS: unsigned("prism.did.status", "Status");
    /// Length.
    DID_LENGTH: unsigned("prism.did.length", "Length").unit("bytes");
    /// Host time.
    DID_HOSTTIME: unsigned("prism.did.hosttime", "Host time");
    /// The receiver's timer, lower 32 bits.
    DID_MACTIME: unsigned("prism.did.mactime", "MAC time");
    /// Channel.
    DID_CHANNEL: unsigned("prism.did.channel", "Channel");
    /// RSSI on the maker's scale.
    DID_RSSI: signed("prism.did.rssi", "RSSI");
    /// Signal quality.
    DID_SQ: unsigned("prism.did.sq", "Signal quality");
    /// Signal in dBm where negative.
    DID_SIGNAL: signed("prism.did.signal", "Signal");
    /// Noise in dBm where negative.
    DID_NOISE: signed("prism.did.noise", "Noise");
    /// Rate.
    DID_RATE: unsigned("prism.did.rate", "Rate").unit("500 kbit/s");
    /// Sent by this host.
    DID_ISTX: hex("prism.did.istx", "Sent by this host", 8);
    /// Frame length.
    DID_FRMLEN: unsigned("prism.did.frmlen", "Frame length").unit("bytes");
    /// Value of an item that is not known.
    DID_UNKNOWN: hex("prism.did.unknown", "Value", 8);
}

/// True when an AVS header stands where a Prism header is announced.
pub(super) fn is_avs(reader: &Reader<'_>) -> bool {
    u32_be(reader.rest(), 0).is_some_and(|word| word & 0xffff_f000 == 0x8021_1000)
}

/// Numbers in the byte order of the host that captured.
fn number(reader: &mut Reader<'_>, big_endian: bool, length: usize) -> Option<Word> {
    let span = Span::new(reader.offset(), length);
    let value =
        if big_endian { reader.big_endian(length)? } else { reader.little_endian(length)? };
    Some(Word { value, span })
}

pub(super) fn describe(walk: &mut Walk<'_>, mut reader: Reader<'_>) -> Option<()> {
    let big_endian = match reader.peek()? {
        [0x44 | 0x41, 0, 0, 0] => false,
        [0, 0, 0, 0x44 | 0x41] => true,
        _ => return None,
    };
    let mut ahead = reader;
    ahead.take(4)?;
    let length = usize::try_from(number(&mut ahead, big_endian, 4)?.value).ok()?;
    let span = Span::new(reader.offset(), length);
    let mut header = reader.part(length)?;
    walk.branch(&PRISM, Value::Nothing, span, |walk| {
        for field in [&MSGCODE, &MSGLEN] {
            let word = number(&mut header, big_endian, 4)?;
            walk.field(field, Value::Unsigned(word.value), word.span);
        }
        let name_span = Span::new(header.offset(), 16);
        let name = header.take(16)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        walk.field(&DEVNAME, Value::Bytes(name.get(..end)?), name_span);
        while let Some(mut item) = header.part(12) {
            describe_item(walk, &mut item, big_endian)?;
        }
        Some(())
    })
}

fn describe_item(walk: &mut Walk<'_>, item: &mut Reader<'_>, big_endian: bool) -> Option<()> {
    walk.branch(&DID, Value::Nothing, Span::new(item.offset(), 12), |walk| {
        let kind = number(item, big_endian, 4)?;
        let status = number(item, big_endian, 2)?;
        let length = number(item, big_endian, 2)?;
        for (field, word) in [(&DID_TYPE, kind), (&DID_STATUS, status), (&DID_LENGTH, length)] {
            walk.field(field, Value::Unsigned(word.value), word.span);
        }
        let value = number(item, big_endian, 4)?;
        if status.value == 0 {
            named(walk, item_number(kind.value), value);
        }
        Some(())
    })
}

/// Items are numbered n × 0x10000 + 0x44 (wlan-ng) or n × 0x1000 + 0x41 (madwifi).
const fn item_number(kind: u64) -> u64 {
    if kind & 0xffff == 0x44 { kind >> 16 } else { kind >> 12 }
}

fn named(walk: &mut Walk<'_>, item: u64, word: Word) {
    let unsigned = Value::Unsigned(word.value);
    let signed = || {
        let value = u32::try_from(word.value).unwrap_or(0).cast_signed();
        Value::Signed(i64::from(value))
    };
    let (field, value) = match item {
        1 => (&DID_HOSTTIME, unsigned),
        2 => (&DID_MACTIME, unsigned),
        3 => (&DID_CHANNEL, unsigned),
        4 => (&DID_RSSI, signed()),
        5 => (&DID_SQ, unsigned),
        6 => (&DID_SIGNAL, signed()),
        7 => (&DID_NOISE, signed()),
        8 => (&DID_RATE, unsigned),
        9 => (&DID_ISTX, unsigned),
        10 => (&DID_FRMLEN, unsigned),
        _ => (&DID_UNKNOWN, unsigned),
    };
    walk.field(field, value, word.span);
}

fn item_name(value: u64) -> Option<&'static str> {
    let item = item_number(value).checked_sub(1)?;
    super::pick(
        &[
            "host time",
            "MAC time",
            "channel",
            "RSSI",
            "signal quality",
            "signal",
            "noise",
            "rate",
            "sent",
            "frame length",
        ],
        item,
    )
}
