//! Multi-link and reduced neighbour report (IEEE Std 802.11be-2024, 9.4.2.321; 802.11ax-2021, 9.4.2.169).

use super::crc::crc32;
use super::element::{push_element, push_extension};
use super::network::{MldPart, Neighbour, Network, Operating};
use pw_model::{Band, MacAddr};

/// Basic multi-link element of an access point, extension 107: address of the device, this link's
/// number, change count and how many links work at once.
pub(crate) fn push_multi_link(out: &mut Vec<u8>, mld: MldPart) {
    push_extension(out, 107, |out| {
        // Type basic; present: link ID, BSS parameters change count, MLD capabilities.
        out.extend_from_slice(&(1u16 << 4 | 1 << 5 | 1 << 8).to_le_bytes());
        out.push(11); // common information, this octet included
        out.extend_from_slice(&mld.address.0);
        out.push(mld.link_id & 0x0f);
        out.push(0);
        out.extend_from_slice(&u16::from(mld.links.saturating_sub(1) & 0x0f).to_le_bytes());
    });
}

/// Basic multi-link element of a station that joins with one link: its device address.
pub(crate) fn push_station_multi_link(out: &mut Vec<u8>, mld_address: MacAddr) {
    push_extension(out, 107, |out| {
        out.extend_from_slice(&(1u16 << 8).to_le_bytes());
        out.push(9);
        out.extend_from_slice(&mld_address.0);
        out.extend_from_slice(&[0, 0]);
    });
}

/// Operating class of the primary 20 MHz channel (annex E, table E-4).
fn operating_class(operating: Operating) -> u8 {
    match (operating.channel.band, operating.channel.number) {
        (Band::Ghz2_4, _) => 81,
        (Band::Ghz5, 36..=48) => 115,
        (Band::Ghz5, 52..=64) => 118,
        (Band::Ghz5, 100..=144) => 121,
        (Band::Ghz5, _) => 125,
        (Band::Ghz6 | Band::Ghz60, _) => 131,
    }
}

/// Reduced neighbour report, element 201: the other BSSs of the same device, one entry each.
pub(crate) fn push_neighbour_report(out: &mut Vec<u8>, network: &Network) {
    if network.neighbours.is_empty() {
        return;
    }
    push_element(out, 201, |out| {
        for neighbour in &network.neighbours {
            push_neighbour(out, network, neighbour);
        }
    });
}

fn push_neighbour(out: &mut Vec<u8>, network: &Network, neighbour: &Neighbour) {
    // Offset, BSSID, short SSID, BSS parameters, power density; with MLD parameters 16 octets.
    let length: u16 = if neighbour.link_id.is_some() { 16 } else { 13 };
    out.extend_from_slice(&(length << 8).to_le_bytes());
    out.extend_from_slice(&[
        operating_class(neighbour.operating),
        neighbour.operating.channel.number,
    ]);
    out.push(0xff); // offset of its beacon not known
    out.extend_from_slice(&neighbour.bssid.0);
    out.extend_from_slice(&crc32(neighbour.ssid.bytes()).to_le_bytes());
    let same_name = neighbour.ssid == network.ssid;
    out.push(1 << 6 | u8::from(same_name) << 1); // co-located, same SSID
    out.push(0x7f); // no power density limit stated
    if let Some(link_id) = neighbour.link_id {
        // AP MLD ID 0: the device of the reporting BSS; then link ID and change count 0.
        out.extend_from_slice(&[0, link_id & 0x0f, 0]);
    }
}
