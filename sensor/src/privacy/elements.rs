//! Elements of advertisements: what names a client or its owner is left out.

use pw_dissect::ieee80211::elements::{Element, Elements, id};
use pw_model::{Advertisement, AdvertisementKind, Ssid};

/// Wi-Fi Direct and Wi-Fi Display (Wi-Fi Alliance): a group owner lists its clients, with addresses and
/// names.
const NAMES_CLIENTS: [[u8; 4]; 2] = [[0x50, 0x6f, 0x9a, 9], [0x50, 0x6f, 0x9a, 10]];
/// Elements with further names that are asked for (IEEE Std 802.11-2020, 9.4.2.71; the short names of
/// 802.11ax, extended identifier 58).
const SSID_LIST: u8 = 84;
const SHORT_SSID_LIST: u8 = 58;

/// Elements of a client that say what it can do and not who it is. All others are left out: WPS
/// carries a serial number and a name, multi-link and Wi-Fi Direct carry addresses, RSN may list
/// keys of earlier sessions, and makers put into theirs what they like.
const CAPABILITIES: [u8; 9] = [
    id::RATES,
    id::DSSS,
    POWER_CAPABILITY,
    SUPPORTED_CHANNELS,
    id::HT_CAPABILITIES,
    id::EXTENDED_RATES,
    OPERATING_CLASSES,
    id::EXTENDED_CAPABILITIES,
    id::VHT_CAPABILITIES,
];
const POWER_CAPABILITY: u8 = 33;
const SUPPORTED_CHANNELS: u8 = 36;
const OPERATING_CLASSES: u8 = 59;
/// The same of elements with an extended identifier.
const EXTENDED: [u8; 3] =
    [id::EXT_HE_CAPABILITIES, id::EXT_HE_6GHZ_CAPABILITIES, id::EXT_EHT_CAPABILITIES];

/// Keeps only capabilities; gives the number of elements left out.
pub(super) fn of_client(ad: &mut Advertisement) -> u64 {
    let asks_to_join = ad.kind == AdvertisementKind::AssociationRequest;
    let left_out = retain(&mut ad.elements, |element| match (element.id, element.extension) {
        // The name of the network that it joins is the network's own. What is left of names in
        // probe requests may stay.
        (id::SSID, _) => true,
        (id::EXTENSION, Some(extension)) => EXTENDED.contains(&extension),
        (id, None) => CAPABILITIES.contains(&id),
        _ => false,
    });
    let traits = &mut ad.traits;
    traits.wps = None;
    traits.ap_name = None;
    traits.mesh_id = None;
    if !asks_to_join && ad.kind != AdvertisementKind::ProbeRequest {
        // A device that answers without being a network may be named after its owner.
        traits.ssid = None;
        return left_out + retain(&mut ad.elements, |element| element.id != id::SSID);
    }
    left_out
}

/// Leaves out what an access point says of its clients; gives the number of elements left out.
pub(super) fn of_access_point(ad: &mut Advertisement) -> u64 {
    let names_clients = |element: &Element<'_>| {
        element.vendor().is_some_and(|vendor| NAMES_CLIENTS.contains(&vendor))
    };
    if !Elements::new(&ad.elements, 0).any(|element| names_clients(&element)) {
        return 0;
    }
    retain(&mut ad.elements, |element| !names_clients(element))
}

/// Leaves out the name that a request asks for; false when it asks for any network.
pub(super) fn leave_out_name(ad: &mut Advertisement) -> bool {
    let asks = ad.traits.ssid.as_ref().is_some_and(|ssid| !ssid.bytes().is_empty());
    let named = |element: &Element<'_>| match (element.id, element.extension) {
        (id::SSID, _) => !element.body.is_empty(),
        (id::EXTENSION, extension) => extension == Some(SHORT_SSID_LIST),
        (id, _) => id == SSID_LIST,
    };
    let left_out = retain(&mut ad.elements, |element| !named(element));
    if asks {
        ad.traits.ssid = Some(Ssid::new(""));
    }
    asks || left_out > 0
}

/// Keeps the elements that `keep` says; bytes behind a cut element go too. Gives the number of those
/// that went.
fn retain(bytes: &mut Vec<u8>, keep: impl Fn(&Element<'_>) -> bool) -> u64 {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut left_out = 0;
    for element in Elements::new(bytes, 0) {
        if keep(&element) {
            kept.extend([element.id, element.length]);
            kept.extend(element.extension);
            kept.extend(element.body);
        } else {
            left_out += 1;
        }
    }
    *bytes = kept;
    left_out
}
