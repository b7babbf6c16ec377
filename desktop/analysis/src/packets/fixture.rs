//! Frames made by hand, byte by byte from the standard, and a player that dates them.

use super::{Packet, PacketAnalysis, PacketReport, PacketSettings};
use pw_dissect::{LinkType, parse};
use pw_model::{FrameKind, MacAddr, Timestamp};

pub(super) const TO_DS: u8 = 1;
pub(super) const FROM_DS: u8 = 2;
pub(super) const MORE_FRAGMENTS: u8 = 4;
pub(super) const RETRY: u8 = 8;
pub(super) const PROTECTED: u8 = 0x40;

pub(super) const DATA: FrameKind = FrameKind::new(2, 0);
pub(super) const QOS_DATA: FrameKind = FrameKind::new(2, 8);

pub(super) const BSS: MacAddr = MacAddr([0x02, 0xaa, 0, 0, 0, 1]);
pub(super) const CLIENT: MacAddr = MacAddr([0x02, 0xcc, 0, 0, 0, 1]);
pub(super) const SERVER: MacAddr = MacAddr([0x00, 0x00, 0x0c, 0, 0, 9]);

pub(super) fn station(number: u8) -> MacAddr {
    MacAddr([0x02, 0xcc, 0, 0, 0, number])
}

/// A frame with three addresses and what follows them.
pub(super) fn frame(
    kind: FrameKind,
    flags: u8,
    [to, from, third]: [MacAddr; 3],
    sequence: u16,
    body: &[u8],
) -> Vec<u8> {
    let first = kind.subtype().expect("a kind") << 4 | kind.frame_type().expect("a kind") << 2;
    let mut bytes = vec![first, flags, 0, 0];
    for address in [to, from, third] {
        bytes.extend(address.0);
    }
    bytes.extend((sequence << 4).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// With the duration field set.
pub(super) fn lasting(mut frame: Vec<u8>, duration: u16) -> Vec<u8> {
    frame[2..4].copy_from_slice(&duration.to_le_bytes());
    frame
}

/// With the fragment number set.
pub(super) fn fragment(mut frame: Vec<u8>, number: u8) -> Vec<u8> {
    frame[22] |= number;
    frame
}

/// QoS data with its control field.
pub(super) fn qos(
    flags: u8,
    addresses: [MacAddr; 3],
    sequence: u16,
    tid: u16,
    body: &[u8],
) -> Vec<u8> {
    let mut all = tid.to_le_bytes().to_vec();
    all.extend(body);
    frame(QOS_DATA, flags, addresses, sequence, &all)
}

/// Encrypted data of a client to its BSS, for `to` behind it.
pub(super) fn up(client: MacAddr, to: MacAddr, sequence: u16, tid: u16, bytes: usize) -> Vec<u8> {
    qos(TO_DS | PROTECTED, [BSS, client, to], sequence, tid, &vec![0x5a; bytes])
}

/// Encrypted data of a BSS to its client, from `from` behind it.
pub(super) fn down(
    client: MacAddr,
    from: MacAddr,
    sequence: u16,
    tid: u16,
    bytes: usize,
) -> Vec<u8> {
    qos(FROM_DS | PROTECTED, [client, BSS, from], sequence, tid, &vec![0x5a; bytes])
}

pub(super) fn element(id: u8, body: &[u8]) -> Vec<u8> {
    let mut element = vec![id, body.len() as u8];
    element.extend(body);
    element
}

/// The body of a beacon or probe response of an access point.
pub(super) fn announcement(timer_us: u64, ssid: &str, channel: u8) -> Vec<u8> {
    let mut body = timer_us.to_le_bytes().to_vec();
    body.extend([100, 0, 0x01, 0x00]);
    body.extend(element(0, ssid.as_bytes()));
    body.extend(element(1, &[0x82, 0x84, 0x8b, 0x96]));
    body.extend(element(3, &[channel]));
    body
}

pub(super) fn beacon(bssid: MacAddr, sequence: u16, timer_us: u64, ssid: &str) -> Vec<u8> {
    let body = announcement(timer_us, ssid, 6);
    frame(FrameKind::BEACON, 0, [MacAddr::BROADCAST, bssid, bssid], sequence, &body)
}

pub(super) fn deauthentication(
    from: MacAddr,
    to: MacAddr,
    bssid: MacAddr,
    sequence: u16,
) -> Vec<u8> {
    frame(FrameKind::DEAUTHENTICATION, 0, [to, from, bssid], sequence, &[7, 0])
}

/// Radiotap with timer, channel and signal before the frame.
pub(super) fn radiotap(timer_us: u64, frequency_mhz: u16, signal_dbm: i8, mac: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 21, 0];
    bytes.extend(0b10_1001u32.to_le_bytes());
    bytes.extend(timer_us.to_le_bytes());
    bytes.extend(frequency_mhz.to_le_bytes());
    bytes.extend([0xa0, 0x00]);
    bytes.push(signal_dbm.to_le_bytes()[0]);
    bytes.extend(mac);
    bytes
}

/// LLC/SNAP with an EtherType.
pub(super) fn snap(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xaa, 0xaa, 3, 0, 0, 0];
    bytes.extend(ethertype.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Plays frames into an analysis.
pub(super) struct Player {
    analysis: PacketAnalysis,
    number: u64,
}

impl Player {
    pub(super) fn new(settings: PacketSettings) -> Self {
        Self { analysis: PacketAnalysis::new(settings), number: 0 }
    }

    /// A frame without radio header, so many milliseconds after the start; its number.
    pub(super) fn at(&mut self, ms: i64, mac: &[u8]) -> u64 {
        self.add(LinkType::Ieee80211, Some(ms), 0, mac)
    }

    pub(super) fn add(
        &mut self,
        link_type: LinkType,
        ms: Option<i64>,
        interface: u32,
        bytes: &[u8],
    ) -> u64 {
        self.number += 1;
        let length = u32::try_from(bytes.len()).expect("short");
        let start_ms = 1_700_000_000_000i64;
        self.analysis.add(&Packet {
            number: self.number,
            time: ms.map(|ms| Timestamp::from_unix_ns((start_ms + ms) * 1_000_000)),
            interface,
            frame: parse(link_type, bytes, length),
        });
        self.number
    }

    pub(super) fn finish(self) -> PacketReport {
        self.analysis.finish()
    }
}

impl Default for Player {
    fn default() -> Self {
        Self::new(PacketSettings::default())
    }
}
