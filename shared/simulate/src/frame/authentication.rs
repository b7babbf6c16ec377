//! Authentication and deauthentication (IEEE Std 802.11-2020, 9.3.3.11 and 9.3.3.12).

use super::crc::append_fcs;
use super::header::{Addresses, push_management};
use pw_model::{FrameKind, MacAddr};
use rand::RngCore;

/// The next frame of an authentication.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Open system, sequence 1 (request) or 2 (success).
    Open(u16),
    /// SAE commit, from either side (12.4.7.5); true with hash-to-element, which the status says.
    SaeCommit(bool),
    /// SAE confirm, from either side (12.4.7.6).
    SaeConfirm,
}

/// An authentication frame with its frame check sequence; scalars, elements and confirms are random.
pub(crate) fn authentication(
    addresses: Addresses,
    step: Step,
    duration_us: u16,
    sequence: u16,
    random: &mut impl RngCore,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    push_management(&mut out, FrameKind::AUTHENTICATION, duration_us, addresses, sequence);
    let mut push_random = |out: &mut Vec<u8>, length: usize| {
        let start = out.len();
        out.resize(start + length, 0);
        random.fill_bytes(out.get_mut(start..).unwrap_or_default());
    };
    let fixed = |out: &mut Vec<u8>, algorithm: u16, transaction: u16, status: u16| {
        for value in [algorithm, transaction, status] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    };
    match step {
        Step::Open(transaction) => fixed(&mut out, 0, transaction, 0),
        Step::SaeCommit(hash_to_element) => {
            // Group 19 (256-bit ECP), scalar, element; status 126 is SAE_HASH_TO_ELEMENT (9.4.1.9).
            fixed(&mut out, 3, 1, if hash_to_element { 126 } else { 0 });
            out.extend_from_slice(&19u16.to_le_bytes());
            push_random(&mut out, 32);
            push_random(&mut out, 64);
        }
        Step::SaeConfirm => {
            fixed(&mut out, 3, 2, 0);
            out.extend_from_slice(&1u16.to_le_bytes());
            push_random(&mut out, 32);
        }
    }
    append_fcs(&mut out);
    out
}

/// An unprotected deauthentication with a reason code (9.4.1.7), with its frame check sequence.
pub(crate) fn deauthentication(
    addresses: Addresses,
    reason: u16,
    duration_us: u16,
    sequence: u16,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    push_management(&mut out, FrameKind::DEAUTHENTICATION, duration_us, addresses, sequence);
    out.extend_from_slice(&reason.to_le_bytes());
    append_fcs(&mut out);
    out
}

/// Addresses of a management frame between a station and its access point.
pub(crate) const fn between(from: MacAddr, to: MacAddr, bssid: MacAddr) -> Addresses {
    Addresses { receiver: to, transmitter: from, third: bssid }
}
