//! Identifiers of advertisements: equal for frames that say the same, over restarts and versions.
//!
//! What changes from frame to frame without the station having changed is left out of the hash.
//! The rules here are part of stored surveys: changing them makes old and new identifiers differ.

use crate::bytes::array;
use crate::hash::StableHash;
use crate::ieee80211::elements::{Element, Elements, id};
use pw_model::{AdvertisementId, AdvertisementKind, MacAddr};

/// Vendor element of Broadcom that counts associated stations.
const VENDOR_BROADCOM: [u8; 4] = [0x00, 0x10, 0x18, 2];

/// The identifier of what `transmitter` says in a frame of this kind.
pub(super) fn of(
    transmitter: MacAddr,
    kind: AdvertisementKind,
    elements: Elements<'_>,
) -> AdvertisementId {
    let mut hash = StableHash::new();
    let kind = match kind {
        AdvertisementKind::Beacon => 1u64,
        AdvertisementKind::ProbeResponse => 2,
        AdvertisementKind::ProbeRequest => 3,
        AdvertisementKind::AssociationRequest => 4,
        AdvertisementKind::NonTransmitted => 5,
    };
    hash.word(transmitter.to_u64() | kind << 48);
    add(&mut hash, elements);
    AdvertisementId(hash.finish())
}

fn add(hash: &mut StableHash, elements: Elements<'_>) {
    for element in elements {
        let Some(stable) = stable_part(&element) else { continue };
        hash.word(u64::from(element.id) | u64::from(element.extension.unwrap_or(0)) << 8);
        if element.id == id::MULTIPLE_BSSID {
            add_multiple_bssid(hash, stable);
        } else if element.vendor() == Some(id::VENDOR_WMM) {
            // Byte 6 ends in the parameter set count.
            let mut wmm = [0u8; 32];
            for (place, byte) in wmm.iter_mut().zip(stable) {
                *place = *byte;
            }
            wmm[6] &= 0xf0;
            hash.bytes(&wmm);
        } else {
            hash.bytes(stable);
        }
    }
}

/// Profiles are elements in elements.
fn add_multiple_bssid(hash: &mut StableHash, body: &[u8]) {
    let Some((indicator, profiles)) = body.split_first() else { return };
    hash.word(u64::from(*indicator));
    for profile in Elements::new(profiles, 0) {
        for element in Elements::new(profile.body, 0) {
            if let Some(stable) = stable_part(&element) {
                hash.word(u64::from(element.id) | u64::from(element.extension.unwrap_or(0)) << 8);
                hash.bytes(stable);
            }
        }
    }
}

/// The part of an element's body that describes the station; `None` when nothing of it does.
fn stable_part<'a>(element: &Element<'a>) -> Option<&'a [u8]> {
    let body = element.body;
    let first = |bytes: usize| body.get(..bytes).or(Some(body));
    match (element.id, element.extension) {
        // Traffic, load, channel switch counters, protection that follows the stations present, clocks.
        (
            id::TIM
            | id::BSS_LOAD
            | id::CHANNEL_SWITCH
            | id::QUIET
            | id::ERP
            | id::EXTENDED_CHANNEL_SWITCH
            | id::ACCESS_DELAY
            | id::ADMISSION_CAPACITY
            | id::AC_ACCESS_DELAY
            | id::TIME_ADVERTISEMENT
            | id::BEACON_TIMING
            | id::CISCO_AGE
            | id::EXTENDED_BSS_LOAD,
            _,
        )
        | (_, Some(id::EXT_MAX_CHANNEL_SWITCH_TIME)) => None,
        // Primary channel and width; what follows is protection.
        (id::HT_OPERATION, _) => first(2),
        // Target beacon times of the neighbours change with every beacon: its presence counts.
        (id::REDUCED_NEIGHBOR_REPORT, _) => Some(&[]),
        // Index; the delivery counter follows.
        (id::MULTIPLE_BSSID_INDEX, _) => first(1),
        // The name; load and counters around it change.
        (id::CISCO_CCX1, _) => body.get(10..26).or(Some(&[])),
        // Control field and device address; profiles hold clocks and counters.
        (_, Some(id::EXT_MULTI_LINK)) => first(9),
        // MU EDCA begins with an update counter.
        (_, Some(38)) => body.get(1..),
        (id::VENDOR, _) if array(body, 0) == Some(VENDOR_BROADCOM) => first(4),
        _ => Some(body),
    }
}
