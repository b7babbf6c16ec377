//! Reads unencrypted payloads into flows and counts.

use super::application::{by_content, by_port, http_message, is_client_hello};
use super::headers::{self, Ip, Segment};
use super::{Application, Endpoint, Layer3, Layer3Flow, NamedBy, StationAddresses, Transport};
use crate::packets::Seen;
use crate::packets::anomalies::{AnomalyKind, Log};
use crate::packets::bounded::{Bounded, Span};
use crate::packets::flows::aggregate_parts;
use pw_dissect::ieee80211::llc;
use pw_model::{FrameFlags, MacAddr, Ssid, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr};

const MAX_FLOWS: usize = 50_000;
const MAX_NAMES: usize = 4_096;
const MAX_STATIONS: usize = 4_096;
const MAX_ADDRESSES: usize = 8;
/// Kinds of protocol counted apart; further ones count as "other".
const MAX_KINDS: usize = 256;
/// First fragments remembered, of IP and of 802.11. The oldest half is forgotten.
const MAX_FRAGMENTS: usize = 1_024;
/// Claims of an IP address by two stations within so many nanoseconds contradict each other.
const CLAIM_NS: i64 = 30_000_000_000;
const MAX_CLAIMS: usize = 4_096;
/// Ports of one host asked for by one other within a minute that are a scan. Our own choice: a
/// browser opens many connections, but to a few ports.
const SCAN_PORTS: usize = 20;
const SCAN_NS: i64 = 60_000_000_000;
const MAX_SCANS: usize = 4_096;
const MAX_SCAN_PORTS: usize = 256;

const FLAG_SYN: u8 = 0x02;
const FLAG_ACK: u8 = 0x10;

type FlowKey = (Endpoint, Endpoint, Transport);

#[derive(Debug, Default)]
struct OpenFlow {
    span: Span,
    application: Option<(NamedBy, Application)>,
    packets: u64,
    bytes: u64,
    tcp_flags: u8,
    syn: u64,
    fin: u64,
    rst: u64,
    fragments: u64,
}

/// First fragments by what later ones have in common with them.
#[derive(Debug)]
struct Fragments<K> {
    flows: HashMap<K, FlowKey>,
    order: VecDeque<K>,
}

impl<K: Hash + Eq + Copy> Fragments<K> {
    fn new() -> Self {
        Self { flows: HashMap::new(), order: VecDeque::new() }
    }

    fn remember(&mut self, key: K, flow: FlowKey) {
        if self.order.len() >= MAX_FRAGMENTS {
            for old in self.order.drain(..MAX_FRAGMENTS / 2) {
                self.flows.remove(&old);
            }
        }
        if self.flows.insert(key, flow).is_none() {
            self.order.push_back(key);
        }
    }
}

#[derive(Debug, Default)]
struct Station {
    ip_addresses: BTreeSet<String>,
    host_name: Option<String>,
}

/// Connections that one host asks another for.
#[derive(Debug, Default)]
struct Scan {
    /// Ports with time and frame of the last request.
    ports: VecDeque<(u16, i64, u64)>,
    /// Number of the last frame that was given to an anomaly.
    told: u64,
}

/// Reads frame by frame.
#[derive(Debug)]
pub(in crate::packets) struct Reader {
    names_wanted: bool,
    result: Layer3,
    flows: Bounded<FlowKey, OpenFlow>,
    ip_fragments: Fragments<(IpAddr, IpAddr, Transport, u32)>,
    frame_fragments: Fragments<(MacAddr, u16, Option<u8>)>,
    stations: Bounded<MacAddr, Station>,
    claims: Bounded<Ipv4Addr, (MacAddr, i64)>,
    scans: Bounded<(IpAddr, IpAddr), Scan>,
    names: Bounded<String, u64>,
}

impl Reader {
    pub(in crate::packets) fn new(names_wanted: bool) -> Self {
        Self {
            names_wanted,
            result: Layer3::default(),
            flows: Bounded::new(MAX_FLOWS),
            ip_fragments: Fragments::new(),
            frame_fragments: Fragments::new(),
            stations: Bounded::new(MAX_STATIONS),
            claims: Bounded::new(MAX_CLAIMS),
            scans: Bounded::new(MAX_SCANS),
            names: Bounded::new(MAX_NAMES),
        }
    }

    pub(in crate::packets) fn add(&mut self, seen: &Seen<'_>, log: &mut Log) {
        let header = &seen.header;
        if !header.has_payload() || seen.is_repeat {
            return;
        }
        if seen.is_protected() {
            self.result.encrypted += 1;
            return;
        }
        let body = seen.frame.body();
        if header.fragment.unwrap_or(0) > 0 {
            self.later_fragment(seen);
            return;
        }
        if header.is_a_msdu() {
            for part in aggregate_parts(body) {
                self.msdu(seen, Some(part.source), part.msdu, log);
            }
        } else {
            self.msdu(seen, header.source(), body, log);
        }
    }

    /// A later 802.11 fragment has no headers of its own: its bytes are in the IP length of the first.
    fn later_fragment(&mut self, seen: &Seen<'_>) {
        let header = &seen.header;
        let (Some(from), Some(sequence)) = (header.transmitter(), header.sequence) else { return };
        let key = (from, sequence, seen.tid());
        let Some(flow) = self.frame_fragments.flows.get(&key) else { return };
        if let Some(flow) = self.flows.get_mut(flow) {
            flow.span.add(seen.time);
            flow.fragments += 1;
        }
    }

    fn msdu(&mut self, seen: &Seen<'_>, source: Option<MacAddr>, msdu: &[u8], log: &mut Log) {
        let Some((kind, payload)) = llc::ethertype(msdu) else {
            self.count_protocol("no SNAP");
            return;
        };
        self.result.read += 1;
        // Lengths beyond a frame that continues in fragments, or was cut, contradict nothing.
        let whole =
            !seen.frame.truncated && !seen.header.flags.contains(FrameFlags::MORE_FRAGMENTS);
        match kind {
            0x0800 => {
                self.count_protocol("ipv4");
                match headers::ipv4(payload, whole) {
                    Some(ip) => self.ip(seen, &ip, log),
                    None => {
                        fault(seen, source, "an IPv4 packet that is cut or of another version", log)
                    }
                }
            }
            0x86dd => {
                self.count_protocol("ipv6");
                match headers::ipv6(payload, whole) {
                    Some(ip) => self.ip(seen, &ip, log),
                    None => {
                        fault(seen, source, "an IPv6 packet that is cut or of another version", log)
                    }
                }
            }
            0x0806 => {
                self.count_protocol("arp");
                self.arp(seen, payload, log);
            }
            0x888e => self.count_protocol("eapol"),
            other => self.count_protocol(&format!("ethertype 0x{other:04x}")),
        }
    }

    fn count_protocol(&mut self, name: &str) {
        count(&mut self.result.protocols, name);
    }

    fn arp(&mut self, seen: &Seen<'_>, payload: &[u8], log: &mut Log) {
        let Some(arp) = headers::arp(payload) else { return };
        let operation = match arp.operation {
            1 if arp.sender_ip == arp.target_ip => "announcement",
            1 if arp.sender_ip.is_unspecified() => "probe",
            1 => "request",
            2 => "reply",
            _ => "other",
        };
        *self.result.arp.entry(operation).or_default() += 1;
        if arp.sender_ip.is_unspecified() || arp.sender.is_multicast() {
            return;
        }
        self.claim(arp.sender, IpAddr::V4(arp.sender_ip));
        let Some(now) = seen.time_ns() else { return };
        let Some(claim) = self.claims.entry(arp.sender_ip, || (arp.sender, now)) else { return };
        let (before, at) = std::mem::replace(claim, (arp.sender, now));
        if before != arp.sender && now.saturating_sub(at) < CLAIM_NS {
            let key = (
                AnomalyKind::AddressConflict,
                Some(arp.sender),
                u64::from(arp.sender_ip.to_bits()),
            );
            log.add(key, seen.number, seen.time, || {
                format!(
                    "{} is claimed by {} and, less than 30 s before, by {before}: ARP spoofing looks \
                     like this, and so do two hosts set to one address, or a pair of routers that \
                     takes over from each other.",
                    arp.sender_ip, arp.sender
                )
            });
        }
    }

    fn claim(&mut self, station: MacAddr, address: IpAddr) {
        let Some(station) = self.stations.entry(station, Station::default) else { return };
        if station.ip_addresses.len() < MAX_ADDRESSES {
            station.ip_addresses.insert(address.to_string());
        }
    }

    fn ip(&mut self, seen: &Seen<'_>, ip: &Ip<'_>, log: &mut Log) {
        count(&mut self.result.transports, &transport_name(ip.transport));
        if let Some(why) = ip.fault {
            fault(seen, seen.header.source(), why, log);
        }
        let packet = (ip.source, ip.destination, ip.transport);
        if let Some(fragment) = ip.fragment.filter(|fragment| fragment.is_later) {
            let key = (packet.0, packet.1, packet.2, fragment.identification);
            let plain = |address| Endpoint { address, port: None };
            let flow = self.ip_fragments.flows.get(&key).copied();
            let flow = flow.unwrap_or((plain(ip.source), plain(ip.destination), ip.transport));
            if let Some(flow) = self.flows.entry(flow, OpenFlow::default) {
                flow.span.add(seen.time);
                flow.packets += 1;
                flow.fragments += 1;
                flow.bytes += ip.length;
            }
            return;
        }
        let segment = match ip.transport {
            Transport::Tcp => headers::tcp(ip.payload),
            Transport::Udp => headers::udp(ip.payload),
            Transport::Icmp | Transport::Icmpv6 => {
                if let [kind, code, ..] = ip.payload {
                    let name = if ip.transport == Transport::Icmp { "icmp" } else { "icmpv6" };
                    count(&mut self.result.icmp, &format!("{name} {kind}/{code}"));
                }
                None
            }
            Transport::Other(_) => None,
        };
        let end = |address, port| Endpoint { address, port };
        let key = (
            end(ip.source, segment.map(|segment| segment.source)),
            end(ip.destination, segment.map(|segment| segment.destination)),
            ip.transport,
        );
        if let Some(fragment) = ip.fragment {
            let id = (packet.0, packet.1, packet.2, fragment.identification);
            self.ip_fragments.remember(id, key);
        }
        if let (true, Some(from), Some(sequence)) = (
            seen.header.flags.contains(FrameFlags::MORE_FRAGMENTS),
            seen.header.transmitter(),
            seen.header.sequence,
        ) {
            self.frame_fragments.remember((from, sequence, seen.tid()), key);
        }
        self.packet(seen, ip, key, segment, log);
    }

    fn packet(
        &mut self,
        seen: &Seen<'_>,
        ip: &Ip<'_>,
        key: FlowKey,
        segment: Option<Segment<'_>>,
        log: &mut Log,
    ) {
        let named = segment.and_then(|segment| name_of(ip.transport, &segment));
        if let Some((_, application)) = named {
            *self.result.applications.entry(application.name()).or_default() += 1;
        }
        if let Some(flow) = self.flows.entry(key, OpenFlow::default) {
            flow.span.add(seen.time);
            flow.packets += 1;
            flow.bytes += ip.length;
            // Content tells more than a port, and comes first in the order.
            if named.is_some_and(|(by, _)| flow.application.is_none_or(|(known, _)| by > known)) {
                flow.application = named;
            }
            if let Some(segment) = segment.filter(|_| ip.transport == Transport::Tcp) {
                flow.tcp_flags |= segment.flags;
                flow.syn += u64::from(segment.flags & (FLAG_SYN | FLAG_ACK) == FLAG_SYN);
                flow.fin += u64::from(segment.flags & 0x01 != 0);
                flow.rst += u64::from(segment.flags & 0x04 != 0);
            }
        }
        let Some(segment) = segment else { return };
        if let Some(why) = segment.fault {
            fault(seen, seen.header.source(), why, log);
        }
        unexpected(seen, ip.transport, &segment, named, log);
        if ip.transport == Transport::Tcp && segment.flags & (FLAG_SYN | FLAG_ACK) == FLAG_SYN {
            self.scan(seen, ip, segment.destination, log);
        }
        if let Some((NamedBy::Content, application)) = named {
            self.content(application, &segment);
        }
    }

    fn content(&mut self, application: Application, segment: &Segment<'_>) {
        match application {
            Application::Dns | Application::Mdns | Application::Llmnr => {
                let Some(dns) = headers::dns(segment.payload) else { return };
                let counts = &mut self.result.dns;
                if dns.is_response {
                    counts.responses += 1;
                    counts.errors += u64::from(dns.code != 0);
                    counts.answers += u64::from(dns.answers);
                    return;
                }
                counts.queries += 1;
                counts.questions += u64::from(dns.questions);
                if let (true, Some(name)) = (self.names_wanted, dns.name)
                    && let Some(count) = self.names.entry(safe(&name), || 0)
                {
                    *count += 1;
                }
            }
            Application::Dhcp => {
                let Some(dhcp) = headers::dhcp(segment.payload) else { return };
                let kind = dhcp_name(dhcp.message);
                *self.result.dhcp.entry(kind).or_default() += 1;
                if kind == "ack" && !dhcp.given.is_unspecified() {
                    self.claim(dhcp.client, IpAddr::V4(dhcp.given));
                }
                if let (true, Some(name)) = (self.names_wanted, dhcp.host_name)
                    && let Some(station) = self.stations.entry(dhcp.client, Station::default)
                {
                    station.host_name = Some(safe(&name));
                }
            }
            Application::Http => {
                if let Some(kind) = http_message(segment.payload) {
                    *self.result.http.entry(kind).or_default() += 1;
                }
            }
            Application::Tls if is_client_hello(segment.payload) => {
                *self.result.applications.entry("tls client hello").or_default() += 1;
            }
            _ => {}
        }
    }

    fn scan(&mut self, seen: &Seen<'_>, ip: &Ip<'_>, port: u16, log: &mut Log) {
        let Some(now) = seen.time_ns() else { return };
        let Some(scan) = self.scans.entry((ip.source, ip.destination), Scan::default) else {
            return;
        };
        let ports = &mut scan.ports;
        ports.retain(|(known, at, _)| *known != port && now.saturating_sub(*at) < SCAN_NS);
        if ports.len() >= MAX_SCAN_PORTS {
            ports.pop_front();
        }
        ports.push_back((port, now, seen.number));
        if ports.len() < SCAN_PORTS {
            return;
        }
        let mut hasher = DefaultHasher::new();
        (ip.source, ip.destination).hash(&mut hasher);
        let key = (AnomalyKind::PortScan, seen.header.source(), hasher.finish());
        for (_, at, number) in ports.iter().filter(|(_, _, number)| *number > scan.told) {
            log.add(key, *number, Some(Timestamp::from_unix_ns(*at)), || {
                format!(
                    "{} asked for connections to {SCAN_PORTS} or more ports of {} within a minute.",
                    ip.source, ip.destination
                )
            });
        }
        scan.told = seen.number;
    }

    pub(in crate::packets) fn finish(self) -> Layer3 {
        let mut result = self.result;
        result.left_out = self.flows.refused()
            + self.stations.refused()
            + self.claims.refused()
            + self.scans.refused()
            + self.names.refused();
        result.names = self.names.into_map().into_iter().collect();
        result.flows = self.flows.into_map().into_iter().map(finished).collect();
        result.flows.sort_by_key(|flow| {
            (std::cmp::Reverse(flow.bytes), flow.source, flow.destination, flow.transport)
        });
        let stations = self.stations.into_map().into_iter();
        result.stations = stations
            .map(|(address, station)| StationAddresses {
                address,
                ip_addresses: station.ip_addresses.into_iter().collect(),
                host_name: station.host_name,
            })
            .collect();
        result.stations.sort_by_key(|station| station.address);
        result
    }
}

fn finished(((source, destination, transport), flow): (FlowKey, OpenFlow)) -> Layer3Flow {
    let length_s = flow.span.duration_s().filter(|length| *length > 0.0 && flow.packets > 1);
    Layer3Flow {
        source,
        destination,
        transport,
        application: flow.application.map(|(_, application)| application),
        named_by: flow.application.map(|(by, _)| by),
        span: flow.span,
        packets: flow.packets,
        bytes: flow.bytes,
        packets_per_second: length_s.map(|length| flow.packets as f64 / length),
        bits_per_second: length_s.map(|length| flow.bytes as f64 * 8.0 / length),
        tcp_flags: flow.tcp_flags,
        syn: flow.syn,
        fin: flow.fin,
        rst: flow.rst,
        fragments: flow.fragments,
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else {
        let name = if counts.len() < MAX_KINDS { name } else { "other" };
        *counts.entry(name.to_owned()).or_default() += 1;
    }
}

fn transport_name(transport: Transport) -> String {
    match transport {
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp => "udp".to_owned(),
        Transport::Icmp => "icmp".to_owned(),
        Transport::Icmpv6 => "icmpv6".to_owned(),
        Transport::Other(number) => format!("protocol {number}"),
    }
}

fn dhcp_name(message: Option<u8>) -> &'static str {
    match message {
        Some(1) => "discover",
        Some(2) => "offer",
        Some(3) => "request",
        Some(4) => "decline",
        Some(5) => "ack",
        Some(6) => "nak",
        Some(7) => "release",
        Some(8) => "inform",
        _ => "other",
    }
}

/// Text that cannot disturb a terminal or a file, with `\xhh` for what is not printable.
fn safe(name: &[u8]) -> String {
    Ssid::new(name).text()
}

fn name_of(transport: Transport, segment: &Segment<'_>) -> Option<(NamedBy, Application)> {
    // The lower port first: it is the registered one more often.
    let (low, high) =
        (segment.source.min(segment.destination), segment.source.max(segment.destination));
    let ports = [low, high];
    by_content(transport, ports, segment.payload)
        .map(|application| (NamedBy::Content, application))
        .or_else(|| Some((NamedBy::Port, by_port(transport, ports)?)))
}

fn fault(seen: &Seen<'_>, source: Option<MacAddr>, why: &'static str, log: &mut Log) {
    let mut hasher = DefaultHasher::new();
    why.hash(&mut hasher);
    let key = (AnomalyKind::MalformedHeader, source, hasher.finish());
    log.add(key, seen.number, seen.time, || format!("{why}."));
}

/// A port below 1024 that is registered for one protocol and carries the distinct first bytes of
/// another.
fn unexpected(
    seen: &Seen<'_>,
    transport: Transport,
    segment: &Segment<'_>,
    named: Option<(NamedBy, Application)>,
    log: &mut Log,
) {
    let Some((NamedBy::Content, found)) = named else { return };
    let port = segment.source.min(segment.destination);
    let Some(registered) = by_port(transport, [port, port]).filter(|_| port < 1024) else { return };
    // Mail and file protocols change to TLS on their own ports (STARTTLS).
    let may_begin_tls = matches!(
        registered,
        Application::Smtp | Application::Pop3 | Application::Imap | Application::Ftp
    );
    if registered == found || (found == Application::Tls && may_begin_tls) {
        return;
    }
    let key = (AnomalyKind::UnexpectedProtocol, seen.header.source(), u64::from(port));
    log.add(key, seen.number, seen.time, || {
        format!(
            "Port {port} is registered for {}, and carries {}.",
            registered.name(),
            found.name()
        )
    });
}
