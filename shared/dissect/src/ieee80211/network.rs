//! What a station says of itself: all elements of a beacon, probe or association frame, decoded
//! into [`NetworkTraits`]. Costly beside walking the elements, so done once per advertisement.

use super::elements::{
    Element, Elements, access_point_name, capability, id, multi_link, operation, wps,
};
use super::management::{Capability, Management};
use super::rsn;
use crate::bytes::{array, u8_at, u16_le};
use operation::Operation;
use pw_model::{Band, Channel, NetworkTraits, Ssid, Standard};

/// Longest SSID and mesh identifier (802.11-2020, 9.4.2.2).
const MAX_SSID: usize = 32;

/// The fixed fields that matter beside the elements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fixed {
    /// Capability information, in frames that have it.
    pub capability: Option<Capability>,
    /// Beacon interval in time units.
    pub interval_tu: Option<u16>,
    /// Channel the receiver was tuned to, in MHz: tells the band where a number does not.
    pub heard_mhz: Option<u16>,
}

impl Fixed {
    /// From the fixed fields of a management frame.
    #[must_use]
    pub const fn of(management: &Management<'_>, heard_mhz: Option<u16>) -> Self {
        match management {
            Management::Beacon { capability, interval_tu, .. } => {
                Self { capability: Some(*capability), interval_tu: Some(*interval_tu), heard_mhz }
            }
            Management::AssociationRequest { capability, .. } => {
                Self { capability: Some(*capability), interval_tu: None, heard_mhz }
            }
            _ => Self { capability: None, interval_tu: None, heard_mhz },
        }
    }
}

/// Elements that only make sense together, gathered on the walk.
#[derive(Default)]
struct Gathered<'a> {
    dsss_channel: Option<u8>,
    rates: [&'a [u8]; 2],
    ht: Option<&'a [u8]>,
    vht: Option<&'a [u8]>,
    he: Option<&'a [u8]>,
    eht: Option<&'a [u8]>,
    ht_operation: Option<&'a [u8]>,
    vht_operation: Option<&'a [u8]>,
    he_operation: Option<&'a [u8]>,
    eht_operation: Option<&'a [u8]>,
    has_he_6ghz: bool,
    wps: Vec<u8>,
}

/// Decodes elements. Of repeated elements the first counts, as it does for stations.
#[must_use]
pub fn decode(fixed: Fixed, elements: Elements<'_>) -> NetworkTraits {
    let mut traits =
        NetworkTraits { beacon_interval_tu: fixed.interval_tu, ..NetworkTraits::default() };
    if let Some(capability) = fixed.capability {
        traits.security.privacy = capability.privacy();
        traits.ibss = capability.ibss();
    }
    let mut gathered = Gathered::default();
    for element in elements {
        gather(&element, &mut gathered);
        announce(&element, &mut traits);
        if element.is_extension(id::EXT_MULTI_LINK)
            && traits.mld_address.is_none()
            && let Some(device) = multi_link::basic(&elements.joined(&element))
        {
            traits.mld_address = Some(device.address);
            traits.mld_links = device.links;
        }
    }
    operate(&fixed, &gathered, &mut traits);
    // Only access points say a beacon interval.
    enable(&gathered, fixed.interval_tu.is_some(), &mut traits);
    if !gathered.wps.is_empty() {
        traits.wps = Some(wps::decode(&gathered.wps));
    }
    traits
}

fn gather<'a>(element: &Element<'a>, gathered: &mut Gathered<'a>) {
    let first = |slot: &mut Option<&'a [u8]>| *slot = slot.or(Some(element.body));
    match (element.id, element.extension) {
        (id::DSSS, _) => gathered.dsss_channel = gathered.dsss_channel.or(u8_at(element.body, 0)),
        (id::RATES, _) => gathered.rates = [element.body, gathered.rates[1]],
        (id::EXTENDED_RATES, _) => gathered.rates = [gathered.rates[0], element.body],
        (id::HT_CAPABILITIES, _) => first(&mut gathered.ht),
        (id::VHT_CAPABILITIES, _) => first(&mut gathered.vht),
        (id::HT_OPERATION, _) => first(&mut gathered.ht_operation),
        (id::VHT_OPERATION, _) => first(&mut gathered.vht_operation),
        (_, Some(id::EXT_HE_CAPABILITIES)) => first(&mut gathered.he),
        (_, Some(id::EXT_HE_OPERATION)) => first(&mut gathered.he_operation),
        (_, Some(id::EXT_EHT_CAPABILITIES)) => first(&mut gathered.eht),
        (_, Some(id::EXT_EHT_OPERATION)) => first(&mut gathered.eht_operation),
        (_, Some(id::EXT_HE_6GHZ_CAPABILITIES)) => gathered.has_he_6ghz = true,
        (id::VENDOR, _) if element.vendor() == Some(id::VENDOR_WPS) => {
            // Several WPS elements are one list of attributes (WSC 2.0.8, 8.2).
            gathered.wps.extend(element.body.get(4..).unwrap_or(&[]));
        }
        _ => {}
    }
}

/// Elements that each say one thing.
fn announce(element: &Element<'_>, traits: &mut NetworkTraits) {
    let body = element.body;
    match element.id {
        id::SSID if traits.ssid.is_none() && body.len() <= MAX_SSID => {
            traits.ssid = Some(Ssid::new(body))
        }
        id::MESH_ID if traits.mesh_id.is_none() && body.len() <= MAX_SSID => {
            traits.mesh_id = Some(Ssid::new(body))
        }
        id::COUNTRY if traits.country.is_none() => traits.country = country(body),
        id::BSS_LOAD if traits.station_count.is_none() && body.len() == 5 => {
            traits.station_count = u16_le(body, 0);
            traits.channel_utilization = u8_at(body, 2);
        }
        id::RSN if traits.security.rsn.is_none() => traits.security.rsn = rsn::rsn(body),
        id::REDUCED_NEIGHBOR_REPORT => traits.rnr = true,
        id::MULTIPLE_BSSID => traits.multiple_bssid = true,
        id::VENDOR => match element.vendor() {
            Some(id::VENDOR_WPA) if traits.security.wpa.is_none() => {
                traits.security.wpa = rsn::wpa(body)
            }
            Some(id::VENDOR_OWE_TRANSITION) => traits.security.owe_transition = true,
            _ => {}
        },
        _ => {}
    }
    // Cisco sends a name twice when it is longer than the older element: the longer form counts.
    let is_longer = |name: &String| {
        traits
            .ap_name
            .as_deref()
            .is_none_or(|known| name.len() > known.len() && name.starts_with(known))
    };
    if let Some(name) = access_point_name::access_point_name(element).filter(is_longer) {
        traits.ap_name = Some(name);
    }
}

/// Two letters; anything else is not a country.
fn country(body: &[u8]) -> Option<String> {
    let letters = array::<2>(body, 0)?;
    let is_code = letters.iter().all(u8::is_ascii_alphabetic);
    is_code.then(|| letters.iter().map(|letter| char::from(letter.to_ascii_uppercase())).collect())
}

/// Channel, width and centre.
fn operate(fixed: &Fixed, gathered: &Gathered<'_>, traits: &mut NetworkTraits) {
    let mut now = Operation::default();
    if let Some(number) = gathered.dsss_channel {
        let channel = Channel { band: operation::band_of(number, fixed.heard_mhz), number };
        now.channel = channel.frequency_mhz().map(|_| channel);
    }
    if let Some(ht) = gathered.ht_operation.and_then(|body| operation::ht(body, fixed.heard_mhz)) {
        // Where the two differ the DSSS parameter set is what the radio is tuned by.
        now = Operation { channel: now.channel.or(ht.channel), ..ht };
    }
    if let Some(body) = gathered.vht_operation {
        now = operation::vht(body, now);
    }
    if let Some(body) = gathered.he_operation {
        now = operation::he(body, now);
    }
    if let Some(body) = gathered.eht_operation {
        now = operation::eht(body, now);
    }
    traits.channel = now.channel;
    traits.width = now.width;
    traits.center_mhz = now.center_mhz;
}

/// Generation, streams and highest rate.
fn enable(gathered: &Gathered<'_>, is_access_point: bool, traits: &mut NetworkTraits) {
    traits.ht = gathered.ht.is_some();
    traits.vht = gathered.vht.is_some();
    traits.he = gathered.he.is_some();
    traits.eht = gathered.eht.is_some();
    let band = traits.channel.map(|channel| channel.band);
    let is_6_ghz = band == Some(Band::Ghz6) || gathered.has_he_6ghz;
    // Without a channel, VHT capabilities mean 5 GHz; HE ones alone do not tell.
    let is_2_4_ghz = band == Some(Band::Ghz2_4) || band.is_none() && !is_6_ghz && !traits.vht;
    let mut rates: [Option<u32>; 5] = [None; 5];
    let mut streams = None;
    let mut add = |slot: usize, reach: capability::Reach| {
        if let Some(rate) = rates.get_mut(slot) {
            *rate = reach.max_rate_100kbps;
        }
        streams = streams.max(reach.streams);
    };
    if let Some(body) = gathered.ht {
        add(1, capability::ht(body));
    }
    if let Some(body) = gathered.vht {
        add(2, capability::vht(body));
    }
    if let Some(body) = gathered.he {
        add(3, capability::he(body, is_2_4_ghz));
    }
    if let Some(body) = gathered.eht {
        let he = gathered.he.unwrap_or(&[]);
        add(4, capability::eht(body, he, is_2_4_ghz, is_6_ghz, is_access_point));
    }
    rates[0] = gathered.rates.iter().filter_map(|body| capability::max_legacy_rate(body)).max();
    traits.max_rate_100kbps = rates.into_iter().flatten().max();
    traits.spatial_streams = streams;
    let has_rates = gathered.rates.iter().any(|body| !body.is_empty());
    traits.standard = if traits.eht {
        Some(Standard::Be)
    } else if traits.he {
        Some(Standard::Ax)
    } else if traits.vht {
        Some(Standard::Ac)
    } else if traits.ht {
        Some(Standard::N)
    } else if !has_rates {
        None
    } else if gathered.rates.iter().all(|body| capability::is_dsss_only(body)) {
        Some(Standard::B)
    } else {
        Some(Standard::AG)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::{ChannelWidth, SecurityLabel};

    #[test]
    fn a_beacon_of_the_n_generation() {
        let mut bytes = vec![
            0, 4, b't', b'e', b's', b't', 1, 4, 0x82, 0x84, 0x8b, 0x96, 3, 1, 6, 7, 6, b'D', b'E',
            b' ', 1, 13, 20,
        ];
        bytes.extend([
            48, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0, 0,
        ]);
        bytes.extend([45, 26, 0x2c, 0, 0x17, 0xff, 0xff]);
        bytes.extend([0; 21]);
        bytes.extend([61, 22, 6, 0]);
        bytes.extend([0; 20]);
        let fixed = Fixed {
            capability: Some(Capability(0x0411)),
            interval_tu: Some(100),
            heard_mhz: Some(2437),
        };
        let traits = decode(fixed, Elements::new(&bytes, 0));
        assert_eq!(traits.ssid, Some(Ssid::new("test")));
        assert_eq!(traits.channel, Some(Channel { band: Band::Ghz2_4, number: 6 }));
        assert_eq!((traits.width, traits.center_mhz), (Some(ChannelWidth::Mhz20), Some(2437)));
        assert_eq!(traits.standard, Some(Standard::N));
        assert_eq!((traits.spatial_streams, traits.max_rate_100kbps), (Some(2), Some(1444)));
        assert_eq!(traits.country.as_deref(), Some("DE"));
        assert_eq!(traits.security.label(), SecurityLabel::Wpa2);
        for end in 0..bytes.len() {
            assert!(decode(fixed, Elements::new(&bytes[..end], 0)).width.is_none());
        }
    }
}
