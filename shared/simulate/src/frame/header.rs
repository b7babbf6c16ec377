//! Frame control, addresses and sequence control (IEEE Std 802.11-2020, 9.2.4).

use pw_model::{FrameFlags, FrameKind, MacAddr};

/// Where a frame goes, from whom, and its number.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// Address 1: receiver.
    pub(crate) receiver: MacAddr,
    /// Address 2: transmitter.
    pub(crate) transmitter: MacAddr,
    /// Address 3: BSSID in management frames, destination or source in data frames.
    pub(crate) third: MacAddr,
}

/// Frame control from kind and flags: version 0, type, subtype, then the flag byte (9.2.4.1).
pub(crate) fn frame_control(kind: FrameKind, flags: FrameFlags) -> [u8; 2] {
    let [flag_byte, _] = flags.0.to_le_bytes();
    [kind.0 << 2, flag_byte]
}

/// Appends the 24-byte header of management frames and of data frames with three addresses.
/// `duration_us` is the time the exchange still takes after this frame (9.2.5).
pub(crate) fn push_header(
    out: &mut Vec<u8>,
    kind: FrameKind,
    flags: FrameFlags,
    duration_us: u16,
    addresses: Addresses,
    sequence: u16,
) {
    out.extend_from_slice(&frame_control(kind, flags));
    out.extend_from_slice(&duration_us.min(32_767).to_le_bytes());
    out.extend_from_slice(&addresses.receiver.0);
    out.extend_from_slice(&addresses.transmitter.0);
    out.extend_from_slice(&addresses.third.0);
    // Fragment number 0, sequence number modulo 4096.
    out.extend_from_slice(&((sequence & 0x0fff) << 4).to_le_bytes());
}

/// Appends a management header without flags.
pub(crate) fn push_management(
    out: &mut Vec<u8>,
    kind: FrameKind,
    duration_us: u16,
    addresses: Addresses,
    sequence: u16,
) {
    push_header(out, kind, FrameFlags::default(), duration_us, addresses, sequence);
}
