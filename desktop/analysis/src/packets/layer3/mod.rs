//! Layers 3 and 4 of what was sent without encryption: headers, flows, protocols. Only when a person
//! switched it on. No payload is kept; of names only counts, unless those are switched on as well.
//!
//! IPv4 (RFC 791), IPv6 (RFC 8200), ARP (RFC 826), TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792,
//! 4443). Neither streams nor IP fragments are put together: a later fragment counts for the flow of
//! its first one, as does a later 802.11 fragment.

mod application;
mod headers;
mod reader;

pub use application::{Application, NamedBy};
pub(super) use reader::Reader;

use super::bounded::Span;
use super::text;
use pw_model::MacAddr;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP.
    Icmp,
    /// ICMP for IPv6.
    Icmpv6,
    /// Another, by its protocol number.
    Other(u8),
}

/// One end of a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Endpoint {
    /// IP address.
    pub address: IpAddr,
    /// Port; null for protocols without, and in fragments whose first was not captured.
    pub port: Option<u16>,
}

/// A flow at layer 4: packets from one end to the other.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Layer3Flow {
    /// Sender.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// Transport protocol.
    pub transport: Transport,
    /// What it carries, as far as it is told.
    pub application: Option<Application>,
    /// What told it.
    pub named_by: Option<NamedBy>,
    /// First and last packet.
    #[serde(flatten)]
    pub span: Span,
    /// IP packets, fragments among them.
    pub packets: u64,
    /// Bytes of the IP packets by their headers.
    pub bytes: u64,
    /// Packets per second; null below two packets or without length.
    pub packets_per_second: Option<f64>,
    /// Bits per second.
    pub bits_per_second: Option<f64>,
    /// TCP flags that were set in some packet: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
    pub tcp_flags: u8,
    /// Packets with SYN and without ACK: connections asked for.
    pub syn: u64,
    /// Packets with FIN.
    pub fin: u64,
    /// Packets with RST.
    pub rst: u64,
    /// Later fragments of IP packets.
    pub fragments: u64,
}

/// What is known of a station at layer 3.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct StationAddresses {
    /// Its hardware address.
    #[serde(serialize_with = "text::address")]
    pub address: MacAddr,
    /// IP addresses that it claims by ARP, or was given by DHCP; at most 8.
    pub ip_addresses: Vec<String>,
    /// Name that it gives itself by DHCP; only where names are kept.
    pub host_name: Option<String>,
}

/// Counts of DNS messages, multicast DNS and LLMNR apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct DnsCounts {
    /// Queries.
    pub queries: u64,
    /// Responses.
    pub responses: u64,
    /// Responses with an error code.
    pub errors: u64,
    /// Questions in queries.
    pub questions: u64,
    /// Answers in responses.
    pub answers: u64,
}

/// Layers 3 and 4 of what was sent without encryption.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Layer3 {
    /// Payloads (MSDUs) that were read.
    pub read: u64,
    /// Data frames that could not be read because they are encrypted.
    pub encrypted: u64,
    /// Payloads by protocol: ARP, IPv4, IPv6, EAPOL and others by EtherType.
    pub protocols: BTreeMap<String, u64>,
    /// IP packets by transport protocol.
    pub transports: BTreeMap<String, u64>,
    /// IP packets by what they carry.
    pub applications: BTreeMap<&'static str, u64>,
    /// ARP requests and replies.
    pub arp: BTreeMap<&'static str, u64>,
    /// DHCP messages by type.
    pub dhcp: BTreeMap<&'static str, u64>,
    /// ICMP messages by type and code, like `icmp 8/0`.
    pub icmp: BTreeMap<String, u64>,
    /// HTTP messages whose first line was seen: requests and responses.
    pub http: BTreeMap<&'static str, u64>,
    /// DNS messages.
    pub dns: DnsCounts,
    /// Names asked for, with how often; empty unless names are kept. At most 4,096.
    pub names: BTreeMap<String, u64>,
    /// Flows, the most bytes first.
    pub flows: Vec<Layer3Flow>,
    /// Stations and their IP addresses, by hardware address.
    pub stations: Vec<StationAddresses>,
    /// Packets of flows, names and addresses that did not fit.
    pub left_out: u64,
}

impl Layer3 {
    /// What is known of a station.
    #[must_use]
    pub fn station(&self, address: MacAddr) -> Option<&StationAddresses> {
        let at = self.stations.binary_search_by_key(&address, |station| station.address).ok()?;
        self.stations.get(at)
    }
}

#[cfg(test)]
mod tests;
