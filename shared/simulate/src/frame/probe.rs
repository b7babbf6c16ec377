//! Probe requests (IEEE Std 802.11-2020, 9.3.3.9).

use super::capability::{
    RadioAbility, push_eht_capabilities, push_he_6_ghz_capabilities, push_he_capabilities,
    push_ht_capabilities, push_vht_capabilities,
};
use super::crc::append_fcs;
use super::element::{push_dsss, push_element, push_extended_rates, push_rates, push_ssid};
use super::header::{Addresses, push_management};
use super::network::Generation;
use pw_model::{Band, Channel, FrameKind, MacAddr, Ssid};

/// What a client says of itself in probe and association requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAbility {
    /// Newest generation.
    pub(crate) generation: Generation,
    /// Spatial streams, 1 or 2.
    pub(crate) streams: u8,
    /// Greatest width in MHz at 5 and 6 GHz.
    pub(crate) width_mhz: u16,
}

impl ClientAbility {
    pub(crate) fn radio(self, band: Band) -> RadioAbility {
        let width_mhz = if band == Band::Ghz2_4 { 20 } else { self.width_mhz };
        RadioAbility { band, width_mhz, streams: self.streams, access_point: false }
    }
}

/// Rates a client offers, without basic-rate marks.
pub(crate) const fn client_rates(band: Band) -> &'static [u8] {
    match band {
        Band::Ghz2_4 => &[0x02, 0x04, 0x0b, 0x16, 0x0c, 0x12, 0x18, 0x24, 0x30, 0x48, 0x60, 0x6c],
        Band::Ghz5 | Band::Ghz6 | Band::Ghz60 => &[0x0c, 0x12, 0x18, 0x24, 0x30, 0x48, 0x60, 0x6c],
    }
}

/// Appends HT, VHT, HE and EHT capabilities as the client has them in `band`; extended capabilities between.
pub(crate) fn push_client_capabilities(out: &mut Vec<u8>, client: ClientAbility, band: Band) {
    let radio = client.radio(band);
    if client.generation.ht() && band != Band::Ghz6 {
        push_ht_capabilities(out, radio);
    }
    if client.generation.ht() {
        // Extended capabilities, element 127: BSS transition; interworking for newer ones.
        push_element(out, 127, |out| {
            let interworking = if client.generation.vht() { 0x80 } else { 0 };
            out.extend_from_slice(&[0, 0, 1 << 3, interworking, 0, 0, 0, 0x40]);
        });
    }
    if client.generation.vht() && band == Band::Ghz5 {
        push_vht_capabilities(out, radio);
    }
    if client.generation.he() {
        push_he_capabilities(out, radio);
        if band == Band::Ghz6 {
            push_he_6_ghz_capabilities(out);
        }
    }
    if client.generation.eht() {
        push_eht_capabilities(out, radio);
    }
}

/// A probe request for `ssid` (empty: for any), with its frame check sequence.
pub(crate) fn probe_request(
    transmitter: MacAddr,
    ssid: &Ssid,
    client: ClientAbility,
    channel: Channel,
    sequence: u16,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(192);
    let broadcast = MacAddr::BROADCAST;
    let addresses = Addresses { receiver: broadcast, transmitter, third: broadcast };
    push_management(&mut out, FrameKind::PROBE_REQUEST, 0, addresses, sequence);
    push_ssid(&mut out, ssid);
    push_rates(&mut out, client_rates(channel.band));
    push_extended_rates(&mut out, client_rates(channel.band));
    if channel.band == Band::Ghz2_4 {
        push_dsss(&mut out, channel.number);
    }
    push_client_capabilities(&mut out, client, channel.band);
    append_fcs(&mut out);
    out
}
