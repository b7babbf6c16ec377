//! EAPOL-Key frames of the 4-way handshake (IEEE Std 802.11-2020, 12.7.2 and 12.7.6): the fields are
//! right, nonces, message integrity codes and encrypted key data are random.

use super::crc::append_fcs;
use super::data::{Direction, LLC_SNAP_EAPOL, push_data_header};
use super::network::Network;
use super::rsn::{chosen_by_station, push_rsn, push_wpa};
use pw_model::{Cipher, MacAddr};
use rand::RngCore;

/// One handshake between a station and its access point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handshake {
    /// The station.
    pub(crate) station: MacAddr,
    /// Nonce of the access point.
    pub(crate) authenticator_nonce: [u8; 32],
    /// Nonce of the station.
    pub(crate) station_nonce: [u8; 32],
    /// Replay counter of message 1.
    pub(crate) replay_counter: u64,
}

impl Handshake {
    /// A handshake with random nonces.
    pub(crate) fn new(station: MacAddr, random: &mut impl RngCore) -> Self {
        let mut authenticator_nonce = [0; 32];
        let mut station_nonce = [0; 32];
        random.fill_bytes(&mut authenticator_nonce);
        random.fill_bytes(&mut station_nonce);
        Self { station, authenticator_nonce, station_nonce, replay_counter: 1 }
    }

    /// The direction in which message `number` goes.
    pub(crate) const fn direction(number: u8) -> Direction {
        if number % 2 == 1 { Direction::FromAccessPoint } else { Direction::ToAccessPoint }
    }
}

/// Octets of the message integrity code: 24 with suite B 192-bit, else 16 (12.7.3, table 12-10).
fn mic_length(network: &Network) -> usize {
    let suite_b = network.security.akm().iter().any(|akm| akm.ieee_type() == Some(12));
    if suite_b { 24 } else { 16 }
}

/// Key descriptor version (12.7.2): 1 TKIP, 2 CCMP with PSK or 802.1X, 3 SHA-256 suites, 0 the suite says.
fn descriptor_version(network: &Network) -> u16 {
    let Some(rsn) = &network.security.rsn else { return 1 };
    match chosen_by_station(rsn).suites.akm.first().and_then(|akm| akm.ieee_type()) {
        Some(1 | 2) => 2,
        Some(5 | 6) => 3,
        _ => 0,
    }
}

/// Message `number` (1 to 4) of `handshake`, as an unprotected QoS data frame with frame check sequence.
pub(crate) fn message(
    network: &Network,
    handshake: &Handshake,
    number: u8,
    duration_us: u16,
    sequence: u16,
    random: &mut impl RngCore,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let direction = Handshake::direction(number);
    push_data_header(&mut out, network, handshake.station, direction, false, duration_us, sequence);
    out.extend_from_slice(&LLC_SNAP_EAPOL);
    let key = key_body(network, handshake, number, random);
    // IEEE Std 802.1X-2010, 11.3: protocol version 2, type 3 (EAPOL-Key), length.
    out.extend_from_slice(&[2, 3]);
    out.extend_from_slice(&u16::try_from(key.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(&key);
    append_fcs(&mut out);
    out
}

fn key_body(
    network: &Network,
    handshake: &Handshake,
    number: u8,
    random: &mut impl RngCore,
) -> Vec<u8> {
    let rsn = network.security.rsn.is_some();
    let (pairwise, install, ack, mic, secure, encrypted) =
        (1 << 3, 1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 12);
    // WPA leaves Secure and Encrypted to its group handshake.
    let only_rsn = |bits: u16| if rsn { bits } else { 0 };
    let information: u16 = descriptor_version(network)
        | pairwise
        | match number {
            1 => ack,
            2 => mic,
            3 => ack | mic | install | only_rsn(secure | encrypted),
            _ => mic | only_rsn(secure),
        };
    let data = key_data(network, number, random);
    let mut random_bytes = |length: usize| {
        let mut bytes = vec![0; length];
        random.fill_bytes(&mut bytes);
        bytes
    };
    let mut out = Vec::with_capacity(160);
    out.push(if rsn { 2 } else { 254 });
    out.extend_from_slice(&information.to_be_bytes());
    let key_length: u16 = match (number % 2, network.security.pairwise().first()) {
        (0, _) => 0,
        (_, Some(cipher)) if *cipher == Cipher::ieee(9) || cipher.name() == "TKIP" => 32,
        _ => 16,
    };
    out.extend_from_slice(&key_length.to_be_bytes());
    let replay = handshake.replay_counter + u64::from(number > 2);
    out.extend_from_slice(&replay.to_be_bytes());
    match number {
        1 | 3 => out.extend_from_slice(&handshake.authenticator_nonce),
        2 => out.extend_from_slice(&handshake.station_nonce),
        _ => out.extend_from_slice(&[0; 32]),
    }
    out.extend_from_slice(&[0; 16]); // key IV
    out.extend_from_slice(&[0; 8]); // receive sequence counter
    out.extend_from_slice(&[0; 8]); // reserved
    let mic_field =
        if number == 1 { vec![0; mic_length(network)] } else { random_bytes(mic_length(network)) };
    out.extend_from_slice(&mic_field);
    out.extend_from_slice(&u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(&data);
    out
}

/// Key data: a PMKID in message 1 (where there is one to name), the station's element in message 2,
/// encrypted data in message 3.
fn key_data(network: &Network, number: u8, random: &mut impl RngCore) -> Vec<u8> {
    let mut out = Vec::new();
    let mut push_random = |out: &mut Vec<u8>, length: usize| {
        let start = out.len();
        out.resize(start + length, 0);
        random.fill_bytes(out.get_mut(start..).unwrap_or_default());
    };
    match (number, &network.security.rsn, &network.security.wpa) {
        (1, Some(_), _) => {
            out.extend_from_slice(&[0xdd, 20, 0x00, 0x0f, 0xac, 0x04]);
            push_random(&mut out, 16);
        }
        (2, Some(rsn), _) => push_rsn(&mut out, &chosen_by_station(rsn)),
        (2, None, Some(wpa)) => push_wpa(&mut out, wpa),
        // Wrapped RSN element, group key and integrity group key: a multiple of eight octets.
        (3, Some(_), _) => push_random(&mut out, 104),
        (3, None, Some(wpa)) => push_wpa(&mut out, wpa),
        _ => {}
    }
    out
}
