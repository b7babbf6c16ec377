//! What the capture file says of a packet.

use crate::fields::{Span, Value, Walk, fields};

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
    /// Interface of the file.
    INTERFACE: unsigned("frame.interface_id", "Interface")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.captured.interface))));
    /// Length before a snap length cut it, radio header included.
    LENGTH: unsigned("frame.len", "Length").unit("bytes")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.captured.original_len))));
    /// Bytes that were kept.
    CAPTURED: unsigned("frame.cap_len", "Captured").unit("bytes")
        .read(|packet| u64::try_from(packet.captured.data.len()).ok().map(Value::Unsigned));
}

pub(super) fn describe(walk: &mut Walk<'_>) {
    let packet = walk.packet;
    let whole = Span::new(0, packet.captured.data.len());
    walk.branch(&FRAME, Value::Nothing, whole, |walk| {
        for field in [&NUMBER, &TIME, &INTERFACE, &LENGTH, &CAPTURED] {
            if let Some(value) = field.read.and_then(|read| read(packet)) {
                walk.derived(field, value);
            }
        }
    });
}
