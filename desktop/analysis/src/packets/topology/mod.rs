//! Who talks to whom: stations, their roles on the air, and the relations that frames prove.

mod collect;
mod drawing;
mod export;
mod graph;

pub(super) use collect::Collector;
pub use drawing::{Drawing, DrawnEdge, DrawnNode, MOST_DRAWN};

use super::bounded::Span;
use super::text;
use pw_model::MacAddr;
use serde::Serialize;

/// What a station is on the air, by what it sent and what was sent to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An access point: it announces a BSS. The address is the BSSID.
    AccessPoint,
    /// A mesh station.
    Mesh,
    /// A member of an independent BSS (ad hoc), or its BSSID.
    Ibss,
    /// A station of a BSS.
    Client,
    /// A multi-link device as a whole; its links have addresses of their own.
    MultiLinkDevice,
    /// A station behind the distribution system: it was only named inside frames of a BSS.
    DistributionSide,
    /// A station that was heard, and that nothing more is known of.
    Unknown,
}

impl Role {
    /// The name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessPoint => "access_point",
            Self::Mesh => "mesh",
            Self::Ibss => "ibss",
            Self::Client => "client",
            Self::MultiLinkDevice => "multi_link_device",
            Self::DistributionSide => "distribution_side",
            Self::Unknown => "unknown",
        }
    }
}

/// A station.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Node {
    /// Its address.
    #[serde(serialize_with = "text::address")]
    pub address: MacAddr,
    /// Its role. Of several, the one that says most.
    pub role: Role,
    /// Everything that frames prove it to be; a repeater is an access point and a client.
    pub roles: Vec<Role>,
    /// Organisation that the address block is assigned to; null for unassigned and locally
    /// administered addresses.
    pub vendor: Option<&'static str>,
    /// The address was assigned locally, as randomised ones are.
    pub locally_administered: bool,
    /// When it was seen, as sender or receiver.
    #[serde(flatten)]
    pub span: Span,
    /// Frames that it transmitted.
    pub frames_sent: u64,
    /// Bytes of those on the air.
    pub bytes_sent: u64,
    /// Time on the air of those whose modulation is known, in microseconds; null when it is of none.
    pub airtime_sent_us: Option<u64>,
    /// Retransmissions among those.
    pub retries_sent: u64,
    /// Frames addressed to it on the air.
    pub frames_received: u64,
    /// Frames that it sent to a group.
    pub group_frames_sent: u64,
    /// Frames of a BSS that name it as the source or destination beyond the radio link.
    pub frames_named: u64,
    /// Names of the networks that it announced or joined, as text; at most 16.
    pub networks: Vec<String>,
    /// The multi-link device that it is a link of.
    #[serde(serialize_with = "text::maybe_address")]
    pub multi_link_device: Option<MacAddr>,
    /// IP addresses that it claims, where layer 3 is read; at most 8.
    pub ip_addresses: Vec<String>,
    /// Name that it gives itself, where layer 3 is read and names are kept.
    pub host_name: Option<String>,
    /// Number of the connected part of the graph that it belongs to, from 0, the largest first.
    pub segment: u32,
}

/// What joins two stations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// Source is a client, target the BSS. Forward is to the DS, backward from the DS.
    Association,
    /// Source is a client, target a station behind the distribution system of `via`.
    DistributionPath,
    /// Two stations that forward for others with four addresses (WDS, repeaters).
    Wds,
    /// Two mesh stations.
    Mesh,
    /// Two stations of an independent BSS.
    Ibss,
    /// Two stations that send to each other directly: TDLS within a BSS, or outside of any.
    Direct,
    /// Source asked for or answered by target with probes, and no more than that.
    Probe,
}

impl EdgeKind {
    /// The name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Association => "association",
            Self::DistributionPath => "distribution_path",
            Self::Wds => "wds",
            Self::Mesh => "mesh",
            Self::Ibss => "ibss",
            Self::Direct => "direct",
            Self::Probe => "probe",
        }
    }
}

/// Load of one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Traffic {
    /// Frames, retransmissions among them.
    pub frames: u64,
    /// Bytes on the air.
    pub bytes: u64,
    /// Retransmissions.
    pub retries: u64,
    /// Time on the air in microseconds of the frames whose modulation is known; null when it is of none.
    pub airtime_us: Option<u64>,
}

/// What proves a relation, in frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Evidence {
    /// Probe requests and responses between the two.
    pub probes: u64,
    /// Authentication frames.
    pub authentications: u64,
    /// Association and reassociation requests.
    pub association_requests: u64,
    /// Responses that accept.
    pub associations_accepted: u64,
    /// Responses that refuse.
    pub associations_refused: u64,
    /// Messages 1 to 4 of the 4-way handshake.
    pub handshake_messages: [u64; 4],
    /// Data frames.
    pub data_frames: u64,
    /// PS-Poll frames: only associated stations send them.
    pub power_save_polls: u64,
    /// Action frames.
    pub actions: u64,
    /// Mesh peering frames (self-protected action).
    pub peerings: u64,
    /// Deauthentication and disassociation frames.
    pub endings: u64,
}

impl Evidence {
    /// All four messages of the 4-way handshake were captured.
    #[must_use]
    pub fn has_handshake(&self) -> bool {
        self.handshake_messages.iter().all(|count| *count > 0)
    }
}

/// A relation between two stations.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Edge {
    /// One end; see [`EdgeKind`] for which.
    #[serde(serialize_with = "text::address")]
    pub source: MacAddr,
    /// The other end.
    #[serde(serialize_with = "text::address")]
    pub target: MacAddr,
    /// What joins them.
    pub kind: EdgeKind,
    /// BSS that the relation runs through, where it is neither end.
    #[serde(serialize_with = "text::maybe_address")]
    pub via: Option<MacAddr>,
    /// When it was seen.
    #[serde(flatten)]
    pub span: Span,
    /// From source to target.
    pub forward: Traffic,
    /// From target to source.
    pub backward: Traffic,
    /// What proves it.
    pub evidence: Evidence,
}

/// A multi-link device (IEEE Std 802.11be-2024, 35.3) and the links it was seen to have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MultiLinkDevice {
    /// Address of the device.
    #[serde(serialize_with = "text::address")]
    pub address: MacAddr,
    /// Its links.
    pub links: Vec<Link>,
}

/// One link of a multi-link device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Link {
    /// Address of the station on this link.
    #[serde(serialize_with = "text::address")]
    pub address: MacAddr,
    /// Link identifier, where an element said it.
    pub link_id: Option<u8>,
}

/// Counts over the graph.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct TopologyStatistics {
    /// Stations by role.
    pub nodes: std::collections::BTreeMap<&'static str, u64>,
    /// Relations by kind.
    pub edges: std::collections::BTreeMap<&'static str, u64>,
    /// Connected parts.
    pub segments: u32,
    /// Relations with a whole 4-way handshake.
    pub handshakes: u64,
    /// Stations by maker, the most first; at most 20.
    pub vendors: Vec<(&'static str, u64)>,
}

/// The graph.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Topology {
    /// Stations, by address.
    pub nodes: Vec<Node>,
    /// Relations, by ends.
    pub edges: Vec<Edge>,
    /// Multi-link devices, by address.
    pub multi_link_devices: Vec<MultiLinkDevice>,
    /// Counts.
    pub statistics: TopologyStatistics,
    /// Times that a new station found the table full.
    pub stations_left_out: u64,
    /// Times that a new relation found the table full.
    pub relations_left_out: u64,
}

#[cfg(test)]
mod tests;
