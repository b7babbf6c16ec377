//! What the capture file says of a packet.

use crate::fields::{Span, Value, Walk, Word, fields};

fields! {
    Capture => FIELDS;
    /// The packet as the file has it.
    FRAME: branch("frame", "Packet");
    /// Number in the file, from 1.
    NUMBER: unsigned("frame.number", "Number")
        .read(|packet| Some(Value::Unsigned(packet.captured.number)));
    /// When it was captured.
    TIME: time("frame.time_epoch", "Time")
        .read(|packet| Some(Value::Signed(packet.captured.time?.unix_ns())));
    /// Time since the first packet of the file, as Wireshark measures it (and not since the first that
    /// passes a filter).
    RELATIVE: float("frame.time_relative", "Time since the first packet").unit("s")
        .read(|packet| seconds(packet.captured.since_first_ns()?));
    /// Time since the packet before this one in the file, whether or not that passes a filter.
    DELTA: float("frame.time_delta", "Time since the previous packet").unit("s")
        .read(|packet| seconds(packet.captured.since_previous_ns()?));
    /// Interface of the file.
    INTERFACE: unsigned("frame.interface_id", "Interface")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.captured.interface))));
    /// Length before a snap length cut it, radio header included.
    LENGTH: unsigned("frame.len", "Length").unit("bytes")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.captured.original_len))));
    /// Bytes that were kept.
    CAPTURED: unsigned("frame.cap_len", "Captured").unit("bytes")
        .read(|packet| u64::try_from(packet.captured.data.len()).ok().map(Value::Unsigned));
    /// Comment that somebody wrote on the packet.
    COMMENT: text("frame.comment", "Comment").clause("draft-ietf-opsawg-pcapng, 3.5")
        .read(|packet| packet.captured.options.comments().next().map(Value::Bytes));
    /// Flags of the link layer.
    FLAGS: hex("frame.packet_flags", "Packet flags", 8).clause("draft-ietf-opsawg-pcapng, 4.3.1")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.captured.options.flags()?))));
    /// Whether the packet came in or went out.
    DIRECTION: hex("frame.packet_flags_direction", "Direction", 8)
        .clause("draft-ietf-opsawg-pcapng, 4.3.1").names(direction);
    /// How it was received.
    RECEPTION: hex("frame.packet_flags_reception_type", "Reception type", 8)
        .clause("draft-ietf-opsawg-pcapng, 4.3.1").names(reception);
    /// Length of the frame check sequence that the flags state.
    FCS_LENGTH: unsigned("frame.packet_flags_fcs_length", "FCS length").unit("bytes")
        .clause("draft-ietf-opsawg-pcapng, 4.3.1");
    /// Hash of the packet.
    HASH: bytes("frame.hash", "Hash").clause("draft-ietf-opsawg-pcapng, 4.3");
    /// Which hash it is.
    HASH_ALGORITHM: unsigned("frame.hash.algorithm", "Hash algorithm")
        .clause("draft-ietf-opsawg-pcapng, 4.3").names(hash_algorithm);
    /// Packets lost before this one.
    DROPPED: unsigned("frame.drop_count", "Packets lost before")
        .clause("draft-ietf-opsawg-pcapng, 4.3")
        .read(|packet| packet.captured.options.dropped().map(Value::Unsigned));
    /// Number that tells the packet apart over interfaces.
    PACKET_ID: unsigned("frame.packet_id", "Packet id").clause("draft-ietf-opsawg-pcapng, 4.3")
        .read(|packet| packet.captured.options.packet_id().map(Value::Unsigned));
    /// Latitude of the receiver, WGS 84.
    LATITUDE: float("frame.position.latitude", "Latitude").unit("°")
        .read(|packet| Some(Value::Float(packet.captured.position?.lat_deg)));
    /// Longitude of the receiver, WGS 84.
    LONGITUDE: float("frame.position.longitude", "Longitude").unit("°")
        .read(|packet| Some(Value::Float(packet.captured.position?.lon_deg)));
    /// Height of the receiver above mean sea level.
    ALTITUDE: float("frame.position.altitude", "Altitude").unit("m")
        .read(|packet| Some(Value::Float(f64::from(packet.captured.position?.altitude_m?))));
}

/// Exact as decimal fractions go, up to a hundred days: then digits beyond the nanosecond are rounded.
fn seconds<'a>(ns: i64) -> Option<Value<'a>> {
    Some(Value::Float(ns as f64 / 1e9))
}

fn direction(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "unknown",
        1 => "inbound",
        2 => "outbound",
        _ => return None,
    })
}

fn reception(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "not specified",
        1 => "unicast",
        2 => "multicast",
        3 => "broadcast",
        4 => "promiscuous",
        _ => return None,
    })
}

fn hash_algorithm(value: u64) -> Option<&'static str> {
    Some(match value {
        0 => "ones' complement",
        1 => "XOR",
        2 => "CRC-32",
        3 => "MD5",
        4 => "SHA-1",
        5 => "Toeplitz",
        _ => return None,
    })
}

pub(super) fn describe(walk: &mut Walk<'_>) {
    let packet = walk.packet;
    let whole = Span::new(0, packet.captured.data.len());
    walk.branch(&FRAME, Value::Nothing, whole, |walk| {
        let fields = [&NUMBER, &TIME, &RELATIVE, &DELTA, &INTERFACE, &LENGTH, &CAPTURED];
        for field in fields.into_iter().chain([&LATITUDE, &LONGITUDE, &ALTITUDE]) {
            if let Some(value) = field.read.and_then(|read| read(packet)) {
                walk.derived(field, value);
            }
        }
        if !packet.captured.options.is_empty() {
            options(walk);
        }
    });
}

/// What a pcapng file says beside the packet. None of it stands among the packet's bytes.
fn options(walk: &mut Walk<'_>) {
    let options = walk.packet.captured.options;
    for comment in options.comments() {
        walk.derived(&COMMENT, Value::Bytes(comment));
    }
    if let Some(flags) = options.flags() {
        let word = Word { value: u64::from(flags), span: Span::default() };
        walk.branch(&FLAGS, Value::Unsigned(word.value), word.span, |walk| {
            walk.bits(word, &DIRECTION, 0, 2);
            walk.bits(word, &RECEPTION, 2, 3);
            walk.bits(word, &FCS_LENGTH, 5, 4);
        });
    }
    if let Some(hash) = options.hash() {
        walk.derived(&HASH_ALGORITHM, Value::Unsigned(u64::from(hash.algorithm)));
        walk.derived(&HASH, Value::Bytes(hash.bytes));
    }
    for field in [&DROPPED, &PACKET_ID] {
        if let Some(value) = field.read.and_then(|read| read(walk.packet)) {
            walk.derived(field, value);
        }
    }
}
