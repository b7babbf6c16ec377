//! Several BSSs in one beacon: the non-transmitted profiles of a multiple BSSID set
//! (IEEE Std 802.11-2020, 9.4.2.45, 9.4.2.73 and 11.1.3.8).

use super::{Element, Elements, id};
use crate::bytes::{u8_at, u16_le};
use crate::ieee80211::management::Capability;
use pw_model::MacAddr;

/// One BSS of the set that does not send beacons of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NonTransmitted {
    /// Its BSSID, derived from the transmitted one.
    pub bssid: MacAddr,
    /// Its capability information.
    pub capability: Capability,
    /// Its elements: those of the profile, and those it inherits from the beacon.
    pub elements: Vec<u8>,
}

/// Most profiles that are read from one frame: a set has at most 2⁸ BSSIDs, makers use up to 16.
const MAX_PROFILES: usize = 64;

/// The non-transmitted BSSs that a beacon's or probe response's elements describe.
#[must_use]
pub fn non_transmitted(transmitted: MacAddr, elements: Elements<'_>) -> Vec<NonTransmitted> {
    let mut found = Vec::new();
    for (indicator, profile) in profiles(elements) {
        let own = Elements::new(&profile, 0);
        let index =
            own.find_id(id::MULTIPLE_BSSID_INDEX).and_then(|element| u8_at(element.body, 0));
        let capability =
            own.find_id(id::NON_TRANSMITTED_CAPABILITY).and_then(|element| u16_le(element.body, 0));
        let (Some(index), Some(capability)) = (index.filter(|index| *index != 0), capability)
        else {
            continue;
        };
        found.push(NonTransmitted {
            bssid: derived_bssid(transmitted, indicator, index),
            capability: Capability(capability),
            elements: inherited(elements, own),
        });
    }
    found
}

/// The profiles of all multiple BSSID elements, each with its element's indicator. A profile whose
/// first element is no capability element continues the one before (802.11-2020, 11.1.3.8.2).
fn profiles(elements: Elements<'_>) -> Vec<(u8, Vec<u8>)> {
    let mut found: Vec<(u8, Vec<u8>)> = Vec::new();
    for element in elements.filter(|element| element.id == id::MULTIPLE_BSSID) {
        let Some(indicator) = u8_at(element.body, 0) else { continue };
        for profile in
            Elements::new(element.body.get(1..).unwrap_or(&[]), 0).filter(|sub| sub.id == 0)
        {
            let starts = u8_at(profile.body, 0) == Some(id::NON_TRANSMITTED_CAPABILITY);
            let has_room = found.len() < MAX_PROFILES;
            match found.last_mut() {
                Some((_, last)) if !starts => last.extend(profile.body),
                _ if has_room => found.push((indicator, profile.body.to_vec())),
                _ => {}
            }
        }
    }
    found
}

/// The lower `indicator` bits count on from the transmitted BSSID, modulo their range (9.4.2.45).
fn derived_bssid(transmitted: MacAddr, indicator: u8, index: u8) -> MacAddr {
    let base = transmitted.to_u64();
    let mask =
        1u64.checked_shl(u32::from(indicator.min(8))).map_or(0, |range| range.wrapping_sub(1));
    let low = base.wrapping_add(u64::from(index)) & mask;
    MacAddr::from_u64(base & !mask | low)
}

/// What tells two elements apart for inheritance: vendor elements by OUI and type as well.
fn key(element: &Element<'_>) -> (u8, Option<u8>, Option<[u8; 4]>) {
    (element.id, element.extension, element.vendor())
}

fn inherited(beacon: Elements<'_>, own: Elements<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut push = |element: &Element<'_>| {
        bytes.extend([element.id, element.length]);
        bytes.extend(element.extension);
        bytes.extend(element.body);
    };
    for element in own {
        let is_frame_of_profile =
            matches!(element.id, id::NON_TRANSMITTED_CAPABILITY | id::MULTIPLE_BSSID_INDEX);
        if !is_frame_of_profile && !element.is_extension(id::EXT_NON_INHERITANCE) {
            push(&element);
        }
    }
    // Non-inheritance: a list of identifiers, then one of identifier extensions.
    let refused =
        own.find_extension(id::EXT_NON_INHERITANCE).map_or(&[][..], |element| element.body);
    let ids = u8_at(refused, 0).map_or(0, usize::from);
    let refused_ids = refused.get(1..ids.saturating_add(1)).unwrap_or(&[]);
    let refused_extensions = refused.get(ids.saturating_add(2)..).unwrap_or(&[]);
    for element in beacon {
        // The multi-link element names the device that the transmitted BSS belongs to, not this one's.
        let never = matches!(element.id, id::SSID | id::MULTIPLE_BSSID | id::TIM | id::FRAGMENT)
            || element.is_extension(id::EXT_MULTI_LINK);
        let is_refused = match element.extension {
            Some(extension) => refused_extensions.contains(&extension),
            None => refused_ids.contains(&element.id),
        };
        let is_overridden = own.into_iter().any(|other| key(&other) == key(&element));
        if !never && !is_refused && !is_overridden {
            push(&element);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bssids_wrap_within_the_set() {
        let transmitted = MacAddr([2, 0, 0, 0, 0, 0x0e]);
        assert_eq!(derived_bssid(transmitted, 4, 1), MacAddr([2, 0, 0, 0, 0, 0x0f]));
        assert_eq!(derived_bssid(transmitted, 4, 2), MacAddr([2, 0, 0, 0, 0, 0x00]));
        assert_eq!(derived_bssid(transmitted, 0, 3), transmitted);
    }

    #[test]
    fn a_profile_inherits_what_it_does_not_say() {
        let profile = [83, 2, 0x11, 0, 0, 2, b'n', b'1', 85, 1, 1];
        let mut beacon = vec![0, 1, b't', 1, 1, 0x82, 48, 2, 1, 0];
        beacon.extend([71, profile.len() as u8 + 3, 3, 0, profile.len() as u8]);
        beacon.extend(profile);
        let found = non_transmitted(MacAddr([2, 0, 0, 0, 0, 8]), Elements::new(&beacon, 0));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bssid, MacAddr([2, 0, 0, 0, 0, 9]));
        assert!(found[0].capability.privacy());
        assert_eq!(found[0].elements, [0, 2, b'n', b'1', 1, 1, 0x82, 48, 2, 1, 0]);
    }
}
