//! Beacons and probe responses: one body for both (IEEE Std 802.11-2020, 9.3.3.2 and 9.3.3.10).

use super::capability::{
    RadioAbility, push_eht_capabilities, push_eht_operation, push_he_6_ghz_capabilities,
    push_he_capabilities, push_he_operation, push_ht_capabilities, push_ht_operation,
    push_vht_capabilities, push_vht_operation,
};
use super::crc::append_fcs;
use super::element::{
    network_rates, push_country, push_dsss, push_element, push_erp, push_extended_capabilities,
    push_extended_rates, push_power_constraint, push_power_envelope, push_radio_measurement,
    push_rates, push_ssid,
};
use super::header::{Addresses, push_management};
use super::multi_link::{push_multi_link, push_neighbour_report};
use super::network::Network;
use super::rsn::{push_rsn, push_rsn_extension, push_wpa};
use super::vendor::{
    push_owe_transition, push_wmm_parameters, push_wps_beacon, push_wps_probe_response,
};
use pw_model::{Band, FrameKind, MacAddr, Ssid};

/// What changes from beacon to beacon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BeaconMoment {
    /// Timer of the access point in microseconds, at the first bit of the field.
    pub(crate) tsf_us: u64,
    /// Sequence number.
    pub(crate) sequence: u16,
    /// Beacons until the next that announces group traffic.
    pub(crate) dtim_count: u8,
    /// Stations associated.
    pub(crate) station_count: u16,
    /// Busy share of the channel, 0 to 255.
    pub(crate) utilization: u8,
}

/// A beacon built once, with the places of what changes.
#[derive(Clone, Debug)]
pub(crate) struct BeaconTemplate {
    bytes: Vec<u8>,
    dtim_count_at: usize,
    load_at: Option<usize>,
}

/// Octets in front of the timestamp: the management header.
const HEADER_LENGTH: usize = 24;

impl BeaconTemplate {
    /// Builds the beacon of `network`.
    pub(crate) fn new(network: &Network) -> Self {
        let mut bytes = Vec::with_capacity(384);
        let addresses = Addresses {
            receiver: MacAddr::BROADCAST,
            transmitter: network.bssid,
            third: network.bssid,
        };
        push_management(&mut bytes, FrameKind::BEACON, 0, addresses, 0);
        push_fixed_fields(&mut bytes, network, 0);
        let ssid = if network.hidden { Ssid::default() } else { network.ssid.clone() };
        push_first_elements(&mut bytes, network, &ssid);
        let dtim_count_at = bytes.len() + 2;
        // TIM, element 5 (9.4.2.5): no traffic buffered for anyone.
        push_element(&mut bytes, 5, |out| out.extend_from_slice(&[0, network.dtim_period, 0, 0]));
        push_country_and_rates(&mut bytes, network);
        let load_at = push_load(&mut bytes, network);
        push_later_elements(&mut bytes, network, false);
        Self { bytes, dtim_count_at, load_at }
    }

    /// Appends the beacon of one moment, with its frame check sequence.
    pub(crate) fn push(&self, out: &mut Vec<u8>, moment: &BeaconMoment) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let frame = out.get_mut(start..).unwrap_or_default();
        let mut place = |at: usize, value: &[u8]| {
            if let Some(part) = frame.get_mut(at..at + value.len()) {
                part.copy_from_slice(value);
            }
        };
        place(22, &((moment.sequence & 0x0fff) << 4).to_le_bytes());
        place(HEADER_LENGTH, &moment.tsf_us.to_le_bytes());
        place(self.dtim_count_at, &[moment.dtim_count]);
        if let Some(at) = self.load_at {
            let [low, high] = moment.station_count.to_le_bytes();
            place(at, &[low, high, moment.utilization]);
        }
        let fcs = super::crc::crc32(frame);
        out.extend_from_slice(&fcs.to_le_bytes());
    }

    /// Length of the frame with its frame check sequence.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len() + 4
    }
}

/// A probe response to `receiver`, with its frame check sequence.
pub(crate) fn probe_response(
    network: &Network,
    receiver: MacAddr,
    duration_us: u16,
    moment: &BeaconMoment,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let addresses = Addresses { receiver, transmitter: network.bssid, third: network.bssid };
    push_management(&mut out, FrameKind::PROBE_RESPONSE, duration_us, addresses, moment.sequence);
    push_fixed_fields(&mut out, network, moment.tsf_us);
    push_first_elements(&mut out, network, &network.ssid);
    push_country_and_rates(&mut out, network);
    if let Some(at) = push_load(&mut out, network) {
        let [low, high] = moment.station_count.to_le_bytes();
        if let Some(part) = out.get_mut(at..at + 3) {
            part.copy_from_slice(&[low, high, moment.utilization]);
        }
    }
    push_later_elements(&mut out, network, true);
    append_fcs(&mut out);
    out
}

/// What the radio of `network` can do.
pub(crate) fn ability(network: &Network) -> RadioAbility {
    RadioAbility {
        band: network.band(),
        width_mhz: network.operating.width_mhz,
        streams: network.streams,
        access_point: true,
    }
}

/// Timestamp, beacon interval and capabilities (9.4.1.10, 9.4.1.3, 9.4.1.4).
fn push_fixed_fields(out: &mut Vec<u8>, network: &Network, tsf_us: u64) {
    out.extend_from_slice(&tsf_us.to_le_bytes());
    out.extend_from_slice(&network.beacon_interval_tu.to_le_bytes());
    out.extend_from_slice(&network.capability().to_le_bytes());
}

fn push_first_elements(out: &mut Vec<u8>, network: &Network, ssid: &Ssid) {
    push_ssid(out, ssid);
    push_rates(out, network_rates(network.band()));
    if network.band() == Band::Ghz2_4 {
        push_dsss(out, network.operating.channel.number);
    }
}

fn push_country_and_rates(out: &mut Vec<u8>, network: &Network) {
    push_country(out, network.country, network.band());
    match network.band() {
        Band::Ghz2_4 => push_erp(out),
        _ => push_power_constraint(out),
    }
    push_extended_rates(out, network_rates(network.band()));
    if let Some(rsn) = &network.security.rsn {
        push_rsn(out, rsn);
    }
}

/// BSS load, element 11 (9.4.2.27); returns where its body begins.
fn push_load(out: &mut Vec<u8>, network: &Network) -> Option<usize> {
    network.bss_load.then(|| {
        let at = out.len() + 2;
        push_element(out, 11, |out| out.extend_from_slice(&[0; 5]));
        at
    })
}

/// Elements from measurement capabilities on, in the order of the standard's table; `probed` says
/// that this is a probe response.
fn push_later_elements(out: &mut Vec<u8>, network: &Network, probed: bool) {
    let ability = ability(network);
    if network.generation.ht() {
        push_radio_measurement(out);
    }
    if network.has_ht() {
        push_ht_capabilities(out, ability);
        push_ht_operation(out, network.operating);
    }
    if network.generation.ht() {
        push_extended_capabilities(out, network);
    }
    if network.has_vht() {
        push_vht_capabilities(out, ability);
        push_vht_operation(out, network.operating);
    }
    if network.band() != Band::Ghz2_4 && network.generation.vht() {
        push_power_envelope(out, network.power_limit_dbm);
    }
    push_neighbour_report(out, network);
    if network.has_he() {
        push_he_capabilities(out, ability);
        push_he_operation(out, network.operating, network.color);
        if network.band() == Band::Ghz6 {
            push_he_6_ghz_capabilities(out);
        }
    }
    push_rsn_extension(out, network);
    if network.has_eht() {
        push_eht_operation(out, network.operating);
        if let Some(mld) = network.mld {
            push_multi_link(out, mld);
        }
        push_eht_capabilities(out, ability);
    }
    if let Some(wpa) = &network.security.wpa {
        push_wpa(out, wpa);
    }
    if network.generation.ht() {
        push_wmm_parameters(out);
    }
    if let Some((bssid, ssid)) = &network.owe_twin {
        push_owe_transition(out, *bssid, ssid);
    }
    match (&network.wps, probed) {
        (Some(wps), true) => push_wps_probe_response(out, wps),
        (Some(_), false) => push_wps_beacon(out),
        (None, _) => {}
    }
}
