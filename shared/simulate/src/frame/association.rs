//! Association requests and responses (IEEE Std 802.11-2020, 9.3.3.5 and 9.3.3.6).

use super::beacon::ability;
use super::capability::{
    push_eht_capabilities, push_eht_operation, push_he_6_ghz_capabilities, push_he_capabilities,
    push_he_operation, push_ht_capabilities, push_ht_operation, push_vht_capabilities,
    push_vht_operation,
};
use super::crc::append_fcs;
use super::element::{
    network_rates, push_element, push_extended_capabilities, push_extended_rates, push_extension,
    push_rates, push_ssid,
};
use super::header::{Addresses, push_management};
use super::multi_link::{push_multi_link, push_station_multi_link};
use super::network::{Network, Protection};
use super::probe::{ClientAbility, client_rates, push_client_capabilities};
use super::rsn::{chosen_by_station, push_rsn, push_rsn_extension, push_wpa};
use super::vendor::{push_wmm_information, push_wmm_parameters};
use pw_model::{Band, FrameKind, MacAddr};
use rand::RngCore;

/// OWE Diffie-Hellman parameter, extension 32 (RFC 8110, 4.4): group 19 and a public key, random here.
fn push_owe_key(out: &mut Vec<u8>, network: &Network, random: &mut impl RngCore) {
    if network.protection != Protection::Owe {
        return;
    }
    push_extension(out, 32, |out| {
        out.extend_from_slice(&19u16.to_le_bytes());
        let mut key = [0; 32];
        random.fill_bytes(&mut key);
        out.extend_from_slice(&key);
    });
}

/// An association request of `station` to `network`, with its frame check sequence.
/// `mld_address` is the station's device address when it joins as a multi-link device.
pub(crate) fn association_request(
    network: &Network,
    station: MacAddr,
    client: ClientAbility,
    mld_address: Option<MacAddr>,
    duration_us: u16,
    sequence: u16,
    random: &mut impl RngCore,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let bssid = network.bssid;
    let addresses = Addresses { receiver: bssid, transmitter: station, third: bssid };
    push_management(&mut out, FrameKind::ASSOCIATION_REQUEST, duration_us, addresses, sequence);
    out.extend_from_slice(&network.capability().to_le_bytes());
    out.extend_from_slice(&10u16.to_le_bytes()); // listen interval
    push_ssid(&mut out, &network.ssid);
    push_rates(&mut out, client_rates(network.band()));
    push_extended_rates(&mut out, client_rates(network.band()));
    if network.band() != Band::Ghz2_4 {
        // Power capability, element 33 (9.4.2.14): 2 to 17 dBm.
        push_element(&mut out, 33, |out| out.extend_from_slice(&[2, 17]));
    }
    if let Some(rsn) = &network.security.rsn {
        push_rsn(&mut out, &chosen_by_station(rsn));
    }
    if !network.protection.forbids_ht() {
        push_client_capabilities(&mut out, client, network.band());
    }
    push_owe_key(&mut out, network, random);
    push_rsn_extension(&mut out, network);
    if let (Some(address), true) = (mld_address, network.has_eht()) {
        push_station_multi_link(&mut out, address);
    }
    if let (Some(wpa), None) = (&network.security.wpa, &network.security.rsn) {
        push_wpa(&mut out, wpa);
    }
    if network.generation.ht() {
        push_wmm_information(&mut out);
    }
    append_fcs(&mut out);
    out
}

/// A successful association response, with its frame check sequence.
pub(crate) fn association_response(
    network: &Network,
    station: MacAddr,
    association_id: u16,
    duration_us: u16,
    sequence: u16,
    random: &mut impl RngCore,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let bssid = network.bssid;
    let addresses = Addresses { receiver: station, transmitter: bssid, third: bssid };
    push_management(&mut out, FrameKind::ASSOCIATION_RESPONSE, duration_us, addresses, sequence);
    out.extend_from_slice(&network.capability().to_le_bytes());
    out.extend_from_slice(&0u16.to_le_bytes()); // success
    // The two highest bits of an association ID are set on the air (9.4.1.8).
    out.extend_from_slice(&(association_id & 0x3fff | 0xc000).to_le_bytes());
    push_rates(&mut out, network_rates(network.band()));
    push_extended_rates(&mut out, network_rates(network.band()));
    let ability = ability(network);
    if network.has_ht() {
        push_ht_capabilities(&mut out, ability);
        push_ht_operation(&mut out, network.operating);
    }
    if network.generation.ht() {
        push_extended_capabilities(&mut out, network);
    }
    if network.has_vht() {
        push_vht_capabilities(&mut out, ability);
        push_vht_operation(&mut out, network.operating);
    }
    if network.has_he() {
        push_he_capabilities(&mut out, ability);
        push_he_operation(&mut out, network.operating, network.color);
        if network.band() == Band::Ghz6 {
            push_he_6_ghz_capabilities(&mut out);
        }
    }
    push_owe_key(&mut out, network, random);
    push_rsn_extension(&mut out, network);
    if network.has_eht() {
        push_eht_operation(&mut out, network.operating);
        if let Some(mld) = network.mld {
            push_multi_link(&mut out, mld);
        }
        push_eht_capabilities(&mut out, ability);
    }
    if network.generation.ht() {
        push_wmm_parameters(&mut out);
    }
    append_fcs(&mut out);
    out
}
