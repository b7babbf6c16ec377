//! RSN, RSN extension and WPA elements (IEEE Std 802.11-2020, 9.4.2.24 and 9.4.2.241; WPA 3.1).

use super::element::push_element;
use super::network::Network;
use pw_model::{Akm, RsnInfo, SuiteSet};

/// Appends group cipher, pairwise list and key management list, lists with a count in front.
fn push_suites(out: &mut Vec<u8>, suites: &SuiteSet) {
    let count = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    if let Some(group) = suites.group {
        out.extend_from_slice(&group.0);
    }
    out.extend_from_slice(&count(suites.pairwise.len()));
    suites.pairwise.iter().for_each(|cipher| out.extend_from_slice(&cipher.0));
    out.extend_from_slice(&count(suites.akm.len()));
    suites.akm.iter().for_each(|akm| out.extend_from_slice(&akm.0));
}

/// RSN, element 48.
pub(crate) fn push_rsn(out: &mut Vec<u8>, rsn: &RsnInfo) {
    push_element(out, 48, |out| {
        out.extend_from_slice(&1u16.to_le_bytes());
        push_suites(out, &rsn.suites);
        out.extend_from_slice(&rsn.capabilities.to_le_bytes());
        if let Some(group_management) = rsn.group_management {
            // The PMKID count has to stand in front of it.
            out.extend_from_slice(&rsn.pmkid_count.to_le_bytes());
            out.extend_from_slice(&group_management.0);
        }
    });
}

/// RSN extension, element 244: SAE hash-to-element, required at 6 GHz.
pub(crate) fn push_rsn_extension(out: &mut Vec<u8>, network: &Network) {
    if network.has_hash_to_element() {
        // Bits 0-3: length of the field less one; bit 5: SAE hash-to-element.
        push_element(out, 244, |out| out.push(1 << 5));
    }
}

/// WPA, vendor element 00-50-F2 type 1.
pub(crate) fn push_wpa(out: &mut Vec<u8>, suites: &SuiteSet) {
    push_element(out, 221, |out| {
        out.extend_from_slice(&[0x00, 0x50, 0xf2, 1]);
        out.extend_from_slice(&1u16.to_le_bytes());
        push_suites(out, suites);
    });
}

/// The RSN element that a station sends on joining: one cipher and one key management suite, the
/// strongest that the network offers.
pub(crate) fn chosen_by_station(rsn: &RsnInfo) -> RsnInfo {
    let akm = rsn.suites.akm.iter().max_by_key(|akm| strength(**akm)).copied();
    RsnInfo {
        suites: SuiteSet {
            group: rsn.suites.group,
            pairwise: rsn.suites.pairwise.first().copied().into_iter().collect(),
            akm: akm.into_iter().collect(),
        },
        capabilities: rsn.capabilities & 0x00c0,
        pmkid_count: 0,
        group_management: rsn.group_management,
    }
}

/// Order of preference among suites, higher is better.
fn strength(akm: Akm) -> u8 {
    match akm.ieee_type() {
        Some(12) => 5,
        Some(8 | 18) => 4,
        Some(5 | 6) => 3,
        Some(1 | 2) => 2,
        _ => 1,
    }
}
