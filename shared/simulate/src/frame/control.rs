//! Control frames: RTS, CTS, ACK and compressed block acknowledgement (IEEE Std 802.11-2020, 9.3.1).

use super::crc::append_fcs;
use super::header::frame_control;
use pw_model::{FrameFlags, FrameKind, MacAddr};

fn begin(subtype: u8, duration_us: u16, receiver: MacAddr) -> Vec<u8> {
    let mut out = Vec::with_capacity(36);
    out.extend_from_slice(&frame_control(FrameKind::new(1, subtype), FrameFlags::default()));
    out.extend_from_slice(&duration_us.min(32_767).to_le_bytes());
    out.extend_from_slice(&receiver.0);
    out
}

/// Request to send (9.3.1.2), with its frame check sequence.
pub(crate) fn rts(receiver: MacAddr, transmitter: MacAddr, duration_us: u16) -> Vec<u8> {
    let mut out = begin(11, duration_us, receiver);
    out.extend_from_slice(&transmitter.0);
    append_fcs(&mut out);
    out
}

/// Clear to send (9.3.1.3), with its frame check sequence.
pub(crate) fn cts(receiver: MacAddr, duration_us: u16) -> Vec<u8> {
    let mut out = begin(12, duration_us, receiver);
    append_fcs(&mut out);
    out
}

/// Acknowledgement (9.3.1.4), with its frame check sequence.
pub(crate) fn ack(receiver: MacAddr) -> Vec<u8> {
    let mut out = begin(13, 0, receiver);
    append_fcs(&mut out);
    out
}

/// Compressed block acknowledgement of the `count` MPDUs from `first_sequence` on, TID 0 (9.3.1.8.2),
/// with its frame check sequence.
pub(crate) fn block_ack(
    receiver: MacAddr,
    transmitter: MacAddr,
    first_sequence: u16,
    count: u32,
) -> Vec<u8> {
    let mut out = begin(9, 0, receiver);
    out.extend_from_slice(&transmitter.0);
    // Type 2 (compressed) in bits 1 to 4.
    out.extend_from_slice(&(2u16 << 1).to_le_bytes());
    out.extend_from_slice(&((first_sequence & 0x0fff) << 4).to_le_bytes());
    let bitmap = if count >= 64 { u64::MAX } else { (1u64 << count) - 1 };
    out.extend_from_slice(&bitmap.to_le_bytes());
    append_fcs(&mut out);
    out
}
