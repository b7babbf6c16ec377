//! What a station says of itself: sent once per change, referred to by observations.

use crate::{Channel, ChannelWidth, MacAddr, Security, Ssid, Timestamp};
use serde::{Deserialize, Serialize};

/// Identifies an [`Advertisement`] within a sensor's stream: a hash of its transmitter, kind and
/// elements, without those that change from frame to frame (timestamp, TIM, load).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AdvertisementId(pub u64);

/// Which frame carried it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum AdvertisementKind {
    /// Beacon: the network as it announces itself to all.
    Beacon,
    /// Probe response: the network as it answers one client.
    ProbeResponse,
    /// Probe request: what a client looks for and can do.
    ProbeRequest,
    /// Association or reassociation request: what a client asks of a network.
    AssociationRequest,
    /// A non-transmitted BSS of a multiple BSSID set, taken from another BSS's beacon.
    NonTransmitted,
}

/// The newest generation of 802.11 that a station speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Standard {
    /// 802.11b: rates of 1 to 11 Mbit/s only.
    B,
    /// 802.11a or g: OFDM without HT.
    AG,
    /// 802.11n (Wi-Fi 4).
    N,
    /// 802.11ac (Wi-Fi 5).
    Ac,
    /// 802.11ax (Wi-Fi 6 and 6E).
    Ax,
    /// 802.11be (Wi-Fi 7).
    Be,
}

impl Standard {
    /// The amendment and, where there is one, the Wi-Fi Alliance's generation name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::B => "802.11b",
            Self::AG => "802.11a/g",
            Self::N => "802.11n (Wi-Fi 4)",
            Self::Ac => "802.11ac (Wi-Fi 5)",
            Self::Ax => "802.11ax (Wi-Fi 6)",
            Self::Be => "802.11be (Wi-Fi 7)",
        }
    }
}

/// Wi-Fi Protected Setup as announced (WSC 2.0.8).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Wps {
    /// True when set up (state 2), false when not (state 1); `None` when not said.
    pub configured: Option<bool>,
    /// Set-up is locked after failed tries.
    pub locked: Option<bool>,
    /// Configuration methods bit field.
    pub methods: Option<u16>,
    /// True for version 2.
    pub version2: bool,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Model name.
    pub model_name: Option<String>,
    /// Model number.
    pub model_number: Option<String>,
    /// Name given to the device.
    pub device_name: Option<String>,
}

/// One link of a multi-link device (IEEE Std 802.11be-2024, 9.4.2.321).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct MldLink {
    /// Link identifier, 0 to 14.
    pub link_id: u8,
    /// Address of the station on that link, when its profile says it.
    pub address: Option<MacAddr>,
}

/// What the elements of a beacon, probe or association frame say, decoded.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct NetworkTraits {
    /// Network name; `None` when the frame has no SSID element.
    pub ssid: Option<Ssid>,
    /// Protection.
    pub security: Security,
    /// Primary channel as announced (DS, HT, HE or EHT operation).
    pub channel: Option<Channel>,
    /// Operating width.
    pub width: Option<ChannelWidth>,
    /// Centre of the whole operating channel in MHz.
    pub center_mhz: Option<u16>,
    /// Newest generation supported.
    pub standard: Option<Standard>,
    /// Highest supported PHY rate in units of 100 kbit/s, from the capabilities.
    pub max_rate_100kbps: Option<u32>,
    /// Spatial streams.
    pub spatial_streams: Option<u8>,
    /// Country code of the country element, two letters.
    pub country: Option<String>,
    /// Beacon interval in time units of 1024 µs.
    pub beacon_interval_tu: Option<u16>,
    /// Wi-Fi Protected Setup.
    pub wps: Option<Wps>,
    /// Stations associated, as the BSS load element said when first seen.
    pub station_count: Option<u16>,
    /// Channel utilisation 0 to 255 of the BSS load element when first seen.
    pub channel_utilization: Option<u8>,
    /// Name of the access point from a maker's element (Cisco, Aruba, …).
    pub ap_name: Option<String>,
    /// Address of the multi-link device that this BSS is a link of.
    pub mld_address: Option<MacAddr>,
    /// Links of that device.
    pub mld_links: Vec<MldLink>,
    /// Mesh identifier.
    pub mesh_id: Option<Ssid>,
    /// Independent BSS (ad hoc).
    pub ibss: bool,
    /// HT capability present.
    pub ht: bool,
    /// VHT capability present.
    pub vht: bool,
    /// HE capability present.
    pub he: bool,
    /// EHT capability present.
    pub eht: bool,
    /// Reduced neighbour report present.
    pub rnr: bool,
    /// Multiple BSSID element present.
    pub multiple_bssid: bool,
}

/// A station's description of itself, with the bytes it was decoded from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Advertisement {
    /// Identifier that observations refer to.
    pub id: AdvertisementId,
    /// When it was first heard.
    pub time: Timestamp,
    /// Which frame carried it.
    pub kind: AdvertisementKind,
    /// Who sent it; for [`AdvertisementKind::NonTransmitted`] the BSSID derived by the standard's rule.
    pub transmitter: MacAddr,
    /// BSSID.
    pub bssid: Option<MacAddr>,
    /// Decoded.
    pub traits: NetworkTraits,
    /// The elements as they were, after the fixed fields, so that a later decoder can say more.
    pub elements: Vec<u8>,
}
