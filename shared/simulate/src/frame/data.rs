//! Data frames: QoS data with random protected payload, null data (IEEE Std 802.11-2020, 9.3.2).

use super::crc::append_fcs;
use super::header::{Addresses, push_header};
use super::network::{Network, Protection};
use pw_model::{Cipher, FrameFlags, FrameKind, MacAddr};
use rand::RngCore;

/// LLC and SNAP header of EAPOL (EtherType 88-8E).
pub(crate) const LLC_SNAP_EAPOL: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x88, 0x8e];
/// LLC and SNAP header of the EtherType that IEEE Std 802 keeps for local experiments (88-B5):
/// what simulated open networks carry, so that random octets are not mistaken for a protocol.
const LLC_SNAP_EXPERIMENT: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x88, 0xb5];

/// Which way a data frame goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    /// Station to access point.
    ToAccessPoint,
    /// Access point to station.
    FromAccessPoint,
}

/// Null data without QoS.
pub(crate) const NULL: FrameKind = FrameKind::new(2, 4);
/// QoS null data.
pub(crate) const QOS_NULL: FrameKind = FrameKind::new(2, 12);
/// QoS data.
pub(crate) const QOS_DATA: FrameKind = FrameKind::new(2, 8);
/// Data without QoS.
pub(crate) const DATA: FrameKind = FrameKind::new(2, 0);

fn addresses(network: &Network, station: MacAddr, direction: Direction) -> (Addresses, FrameFlags) {
    let bssid = network.bssid;
    match direction {
        Direction::ToAccessPoint => {
            (Addresses { receiver: bssid, transmitter: station, third: bssid }, FrameFlags::TO_DS)
        }
        Direction::FromAccessPoint => {
            (Addresses { receiver: station, transmitter: bssid, third: bssid }, FrameFlags::FROM_DS)
        }
    }
}

/// Appends the header of a data frame between `station` and `network`, with QoS control where the
/// network has QoS. A multicast `station` makes it a group-addressed frame, which has none.
pub(crate) fn push_data_header(
    out: &mut Vec<u8>,
    network: &Network,
    station: MacAddr,
    direction: Direction,
    protected: bool,
    duration_us: u16,
    sequence: u16,
) {
    let (addresses, mut flags) = addresses(network, station, direction);
    if protected {
        flags = flags.with(FrameFlags::PROTECTED);
    }
    let qos = network.generation.ht() && !station.is_multicast();
    let kind = if qos { QOS_DATA } else { DATA };
    push_header(out, kind, flags, duration_us, addresses, sequence);
    if qos {
        out.extend_from_slice(&[0, 0]); // TID 0, normal acknowledgement
    }
}

/// What differs from one data frame to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// Duration field in microseconds.
    pub(crate) duration_us: u16,
    /// Sequence number.
    pub(crate) sequence: u16,
    /// Number of the frame under its key.
    pub(crate) packet: u64,
    /// Octets of payload.
    pub(crate) length: usize,
}

/// A data frame with random octets, protected as the network is, with its frame check sequence.
pub(crate) fn data(
    network: &Network,
    station: MacAddr,
    direction: Direction,
    fields: Fields,
    random: &mut impl RngCore,
) -> Vec<u8> {
    let Fields { duration_us, sequence, packet, length } = fields;
    let protected = network.security.privacy;
    let mut out = Vec::with_capacity(length + 64);
    push_data_header(&mut out, network, station, direction, protected, duration_us, sequence);
    let tail = push_cipher_header(&mut out, network, station, packet);
    if !protected {
        out.extend_from_slice(&LLC_SNAP_EXPERIMENT);
    }
    let start = out.len();
    out.resize(start + length + tail, 0);
    random.fill_bytes(out.get_mut(start..).unwrap_or_default());
    append_fcs(&mut out);
    out
}

/// Appends IV or cipher header and returns how many octets of integrity code follow the payload
/// (12.5.2.2 WEP, 12.5.2 TKIP, 12.5.3.2 CCMP, 12.5.5.2 GCMP).
fn push_cipher_header(
    out: &mut Vec<u8>,
    network: &Network,
    station: MacAddr,
    packet: u64,
) -> usize {
    if !network.security.privacy {
        return 0;
    }
    let number = packet.to_le_bytes();
    if network.protection == Protection::Wep {
        out.extend_from_slice(&[number[0], number[1], number[2], 0]);
        return 4;
    }
    // Group frames use key 1, pairwise ones key 0; bit 5 is the extended IV.
    let group = station.is_multicast();
    let key = if group { 0x60 } else { 0x20 };
    let ciphers = if group { network.security.group() } else { network.security.pairwise() };
    let cipher = ciphers.first().copied().unwrap_or(Cipher::ieee(4));
    if cipher.name() == "TKIP" {
        out.extend_from_slice(&[number[1], (number[1] | 0x20) & 0x7f, number[0], key]);
        out.extend_from_slice(&number[2..6]);
        return 12;
    }
    out.extend_from_slice(&[number[0], number[1], 0, key]);
    out.extend_from_slice(&number[2..6]);
    if cipher == Cipher::ieee(9) { 16 } else { 8 }
}

/// Null data from `station`, saying with `sleeping` whether it goes to power save, with its frame
/// check sequence.
pub(crate) fn null(
    network: &Network,
    station: MacAddr,
    sleeping: bool,
    duration_us: u16,
    sequence: u16,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    let (addresses, mut flags) = addresses(network, station, Direction::ToAccessPoint);
    if sleeping {
        flags = flags.with(FrameFlags::POWER_MANAGEMENT);
    }
    let qos = network.generation.ht();
    let kind = if qos { QOS_NULL } else { NULL };
    push_header(&mut out, kind, flags, duration_us, addresses, sequence);
    if qos {
        out.extend_from_slice(&[7, 0]); // TID 7
    }
    append_fcs(&mut out);
    out
}
