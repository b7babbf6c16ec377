//! Gathers stations and relations frame by frame, and decides roles once all was seen.

use super::{
    Edge, EdgeKind, Evidence, Link, MultiLinkDevice, Node, Role, Topology, Traffic, graph,
};
use crate::packets::Seen;
use crate::packets::bounded::{Bounded, Span, add_airtime};
use crate::packets::layer3::Layer3;
use pw_dissect::ieee80211::elements::{Elements, id, multi_link};
use pw_dissect::ieee80211::management::Management;
use pw_model::{FrameFlags, FrameKind, MacAddr, Ssid};
use std::collections::{BTreeMap, BTreeSet};

const MAX_STATIONS: usize = 65_536;
const MAX_RELATIONS: usize = 131_072;
/// Network names kept of one station.
const MAX_NETWORKS: usize = 16;
/// Multi-link devices kept, and links of each.
const MAX_DEVICES: usize = 4_096;
const MAX_LINKS: usize = 15;
/// Category of action frames: self-protected, by which mesh peerings are made.
const SELF_PROTECTED: u8 = 15;

#[derive(Debug, Default)]
struct Station {
    span: Span,
    sent: Traffic,
    frames_received: u64,
    group_frames_sent: u64,
    frames_named: u64,
    networks: BTreeSet<String>,
    roles: BTreeSet<Role>,
    device: Option<MacAddr>,
}

/// What a relation is, before it is known what its ends are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Tie {
    /// Client and BSS.
    Member,
    /// Client and station behind the DS of a BSS.
    Behind(MacAddr),
    /// Four addresses.
    Forwarding,
    /// Neither to nor from the DS, with this BSSID.
    Beside(Option<MacAddr>),
    /// Mesh peering.
    Peering,
}

#[derive(Debug, Default)]
struct Relation {
    span: Span,
    forward: Traffic,
    backward: Traffic,
    evidence: Evidence,
}

/// Stations and relations so far.
#[derive(Debug)]
pub(in crate::packets) struct Collector {
    stations: Bounded<MacAddr, Station>,
    relations: Bounded<(MacAddr, MacAddr, Tie), Relation>,
    devices: Bounded<MacAddr, BTreeMap<MacAddr, Option<u8>>>,
}

impl Default for Collector {
    fn default() -> Self {
        Self {
            stations: Bounded::new(MAX_STATIONS),
            relations: Bounded::new(MAX_RELATIONS),
            devices: Bounded::new(MAX_DEVICES),
        }
    }
}

impl Traffic {
    fn add(&mut self, seen: &Seen<'_>) {
        self.frames += 1;
        self.bytes += u64::from(seen.frame.length);
        self.retries += u64::from(seen.is_retry());
        add_airtime(&mut self.airtime_us, seen.airtime_us);
    }
}

/// An address that one station can have.
fn of_one_station(address: Option<MacAddr>) -> Option<MacAddr> {
    address.filter(|address| !address.is_multicast() && *address != MacAddr::ZERO)
}

impl Collector {
    pub(in crate::packets) fn add(&mut self, seen: &Seen<'_>) {
        let header = &seen.header;
        if header.kind.is_control() {
            return self.control(seen);
        }
        let Some(from) = of_one_station(header.transmitter()) else { return };
        let to = of_one_station(header.receiver());
        if let Some(station) = self.station(from, seen) {
            station.sent.add(seen);
            station.group_frames_sent += u64::from(to.is_none());
        }
        if let Some(station) = to.and_then(|to| self.station(to, seen)) {
            station.frames_received += 1;
        }
        if header.kind.is_management() {
            self.management(seen, from, to);
        } else if header.kind.is_data() {
            self.data(seen, from, to);
        }
    }

    /// Control frames have no sequence and mostly no FCS in the file: they make no station known, but
    /// count for known ones. A PS-Poll between known stations proves an association.
    fn control(&mut self, seen: &Seen<'_>) {
        let from = of_one_station(seen.header.transmitter());
        let to = of_one_station(seen.header.receiver());
        if let Some(station) = from.and_then(|from| self.stations.get_mut(&from)) {
            station.sent.add(seen);
            station.span.add(seen.time);
        }
        if let Some(station) = to.and_then(|to| self.stations.get_mut(&to)) {
            station.frames_received += 1;
            station.span.add(seen.time);
        }
        let (Some(client), Some(bss)) = (from, to) else { return };
        let known = |address| self.stations.get(&address).is_some();
        if seen.header.kind == FrameKind::new(1, 10) && known(client) && known(bss) {
            self.give(client, Role::Client);
            if let Some(relation) = self.relation(client, bss, Tie::Member, seen) {
                relation.evidence.power_save_polls += 1;
            }
        }
    }

    fn station(&mut self, address: MacAddr, seen: &Seen<'_>) -> Option<&mut Station> {
        let station = self.stations.entry(address, Station::default)?;
        station.span.add(seen.time);
        Some(station)
    }

    fn give(&mut self, address: MacAddr, role: Role) {
        if let Some(station) = self.stations.get_mut(&address) {
            station.roles.insert(role);
        }
    }

    /// The relation from `source` to `target`, with this frame counted in its direction. Ties without
    /// a natural order are ordered by address.
    fn relation(
        &mut self,
        source: MacAddr,
        target: MacAddr,
        tie: Tie,
        seen: &Seen<'_>,
    ) -> Option<&mut Relation> {
        let ordered = matches!(tie, Tie::Member | Tie::Behind(_)) || source < target;
        let key = if ordered { (source, target, tie) } else { (target, source, tie) };
        let relation = self.relations.entry(key, Relation::default)?;
        relation.span.add(seen.time);
        let header = &seen.header;
        // Of a relation through a BSS the frame's source tells the direction, of a link the transmitter.
        let from = if let Tie::Behind(_) = tie { header.source() } else { header.transmitter() };
        let forward = from == Some(key.0);
        if forward { &mut relation.forward } else { &mut relation.backward }.add(seen);
        Some(relation)
    }

    fn management(&mut self, seen: &Seen<'_>, from: MacAddr, to: Option<MacAddr>) {
        let bss = of_one_station(seen.header.bssid());
        if let Some(elements) = seen.management.as_ref().and_then(Management::elements) {
            self.multi_link(from, elements, seen);
        }
        match &seen.management {
            Some(Management::Beacon { capability, elements, .. }) => {
                let is_mesh = elements.find_id(id::MESH_ID).is_some();
                let role = match (capability.ess(), capability.ibss()) {
                    (_, true) => Role::Ibss,
                    (false, false) if is_mesh => Role::Mesh,
                    _ => Role::AccessPoint,
                };
                // In an independent BSS the transmitter is a member and the BSSID an invented number.
                self.give(from, role);
                self.name(from, elements);
                if let (Some(client), true) = (to, seen.header.kind == FrameKind::PROBE_RESPONSE)
                    && let Some(relation) = self.relation(client, from, Tie::Member, seen)
                {
                    relation.evidence.probes += 1;
                }
                return;
            }
            Some(Management::ProbeRequest { .. }) => {
                if let Some(relation) = to.and_then(|to| self.relation(from, to, Tie::Member, seen))
                {
                    relation.evidence.probes += 1;
                }
                return;
            }
            Some(Management::AssociationRequest { elements, .. }) => {
                self.give(from, Role::Client);
                self.name(from, elements);
            }
            Some(Management::Action { category: SELF_PROTECTED, .. }) => {
                if let Some(to) = to {
                    self.give(from, Role::Mesh);
                    if let Some(relation) = self.relation(from, to, Tie::Peering, seen) {
                        relation.evidence.peerings += 1;
                    }
                }
                return;
            }
            _ => {}
        }
        let (Some(bss), Some(to)) = (bss, to) else { return };
        let client = if from == bss { to } else { from };
        if client == bss || (from != bss && to != bss) {
            return;
        }
        let accepted = match &seen.management {
            Some(Management::AssociationResponse { status, .. }) => Some(*status == 0),
            _ => None,
        };
        if accepted == Some(true) {
            self.give(client, Role::Client);
        }
        let kind = seen.header.kind;
        let Some(relation) = self.relation(client, bss, Tie::Member, seen) else { return };
        let evidence = &mut relation.evidence;
        match kind {
            FrameKind::AUTHENTICATION => evidence.authentications += 1,
            FrameKind::ASSOCIATION_REQUEST | FrameKind::REASSOCIATION_REQUEST => {
                evidence.association_requests += 1;
            }
            FrameKind::ASSOCIATION_RESPONSE | FrameKind::REASSOCIATION_RESPONSE => match accepted {
                Some(true) => evidence.associations_accepted += 1,
                _ => evidence.associations_refused += 1,
            },
            FrameKind::DEAUTHENTICATION | FrameKind::DISASSOCIATION => evidence.endings += 1,
            FrameKind::ACTION | FrameKind::ACTION_NO_ACK => evidence.actions += 1,
            _ => {}
        }
    }

    fn name(&mut self, address: MacAddr, elements: &Elements<'_>) {
        let name = elements.find_id(id::SSID).or_else(|| elements.find_id(id::MESH_ID));
        let name = name.filter(|element| element.body.len() <= 32);
        let Some(name) = name.map(|element| Ssid::new(element.body)) else { return };
        if let Some(station) = self.stations.get_mut(&address)
            && !name.is_hidden()
            && station.networks.len() < MAX_NETWORKS
        {
            station.networks.insert(name.text());
        }
    }

    fn multi_link(&mut self, from: MacAddr, elements: Elements<'_>, seen: &Seen<'_>) {
        let Some(element) = elements.find_extension(id::EXT_MULTI_LINK) else { return };
        let Some(device) = multi_link::basic(&elements.joined(&element)) else { return };
        if device.address.is_multicast() || device.address == MacAddr::ZERO {
            return;
        }
        let Some(links) = self.devices.entry(device.address, BTreeMap::new) else { return };
        let own = [(from, device.own_link)];
        let others =
            device.links.iter().filter_map(|link| Some((link.address?, Some(link.link_id))));
        for (address, link_id) in own.into_iter().chain(others) {
            if links.len() < MAX_LINKS || links.contains_key(&address) {
                let known = links.entry(address).or_default();
                *known = known.or(link_id);
            }
        }
        if let Some(station) = self.station(from, seen) {
            station.device = Some(device.address);
        }
    }

    fn data(&mut self, seen: &Seen<'_>, from: MacAddr, to: Option<MacAddr>) {
        let header = &seen.header;
        let to_ds = header.flags.contains(FrameFlags::TO_DS);
        let from_ds = header.flags.contains(FrameFlags::FROM_DS);
        match (to_ds, from_ds) {
            (true, false) => {
                let Some(bss) = to else { return };
                self.member(seen, from, bss);
                for (_, destination) in ends(seen) {
                    self.behind(seen, from, destination, bss);
                }
            }
            (false, true) => {
                self.give(from, Role::AccessPoint);
                let sources: Vec<MacAddr> = ends(seen).filter_map(|(source, _)| source).collect();
                if let Some(client) = to {
                    self.member(seen, client, from);
                    for source in sources {
                        self.behind(seen, client, Some(source), from);
                    }
                } else {
                    for source in sources.into_iter().filter(|source| *source != from) {
                        self.named(source, seen);
                    }
                }
            }
            (true, true) => {
                if let Some(relation) =
                    to.and_then(|to| self.relation(from, to, Tie::Forwarding, seen))
                {
                    relation.evidence.data_frames += 1;
                }
                for (source, destination) in ends(seen) {
                    for address in [source, of_one_station(destination)].into_iter().flatten() {
                        if address != from && Some(address) != to {
                            self.named(address, seen);
                        }
                    }
                }
            }
            (false, false) => {
                let tie = Tie::Beside(of_one_station(header.bssid()));
                if let Some(relation) = to.and_then(|to| self.relation(from, to, tie, seen)) {
                    relation.evidence.data_frames += 1;
                }
            }
        }
    }

    fn member(&mut self, seen: &Seen<'_>, client: MacAddr, bss: MacAddr) {
        self.give(client, Role::Client);
        self.give(bss, Role::AccessPoint);
        let message = seen.frame.eapol_key().and_then(|key| key.message());
        let Some(relation) = self.relation(client, bss, Tie::Member, seen) else { return };
        relation.evidence.data_frames += 1;
        if let Some(count) = message
            .and_then(|message| usize::from(message).checked_sub(1))
            .and_then(|at| relation.evidence.handshake_messages.get_mut(at))
        {
            *count += 1;
        }
    }

    fn behind(&mut self, seen: &Seen<'_>, client: MacAddr, other: Option<MacAddr>, bss: MacAddr) {
        let Some(other) = of_one_station(other) else { return };
        if other == bss || other == client {
            return;
        }
        self.named(other, seen);
        if let Some(relation) = self.relation(client, other, Tie::Behind(bss), seen) {
            relation.evidence.data_frames += 1;
        }
    }

    fn named(&mut self, address: MacAddr, seen: &Seen<'_>) {
        if let Some(station) = self.station(address, seen) {
            station.frames_named += 1;
            station.roles.insert(Role::DistributionSide);
        }
    }

    /// Decides roles and kinds, and makes the graph.
    pub(in crate::packets) fn finish(self, layer3: Option<&Layer3>) -> Topology {
        let Self { mut stations, relations, devices } = self;
        let stations_left_out = stations.refused();
        let relations_left_out = relations.refused();
        let mut multi_link_devices = Vec::new();
        for (address, links) in devices.into_map() {
            for link in links.keys() {
                if let Some(station) = stations.get_mut(link) {
                    station.device = Some(address);
                }
            }
            if let Some(station) = stations.get_mut(&address)
                && !links.contains_key(&address)
            {
                station.roles.insert(Role::MultiLinkDevice);
            }
            let links =
                links.into_iter().map(|(address, link_id)| Link { address, link_id }).collect();
            multi_link_devices.push(MultiLinkDevice { address, links });
        }
        multi_link_devices.sort_by_key(|device| device.address);
        let mut edges: Vec<Edge> = Vec::new();
        for ((source, target, tie), relation) in relations.into_map() {
            let has = |role| {
                [source, target]
                    .iter()
                    .filter_map(|end| stations.get(end))
                    .any(|station| station.roles.contains(&role))
            };
            let kind = kind_of(tie, &relation.evidence, has, |bss| {
                stations.get(&bss).is_some_and(|s| s.roles.contains(&Role::AccessPoint))
            });
            let via = match tie {
                Tie::Behind(bss) => Some(bss),
                Tie::Beside(bss) => bss,
                _ => None,
            };
            let Relation { span, forward, backward, evidence } = relation;
            edges.push(Edge { source, target, kind, via, span, forward, backward, evidence });
        }
        edges.sort_by_key(|edge| (edge.source, edge.target, edge.kind, edge.via));
        for edge in edges.iter().filter(|edge| edge.kind == EdgeKind::Ibss) {
            for end in [edge.source, edge.target] {
                if let Some(station) = stations.get_mut(&end) {
                    station.roles.insert(Role::Ibss);
                }
            }
        }
        let mut nodes: Vec<Node> = stations
            .into_map()
            .into_iter()
            .map(|(address, station)| node(address, station, layer3))
            .collect();
        nodes.sort_by_key(|node| node.address);
        graph::finish(Topology {
            nodes,
            edges,
            multi_link_devices,
            stations_left_out,
            relations_left_out,
            ..Topology::default()
        })
    }
}

/// Source and destination of what the frame carries: of the frame, or of each part of an aggregate
/// that is not encrypted. In an encrypted aggregate they cannot be seen.
fn ends<'a>(seen: &Seen<'a>) -> impl Iterator<Item = (Option<MacAddr>, Option<MacAddr>)> + 'a {
    let header = seen.header;
    let whole = (!header.is_a_msdu()).then(|| (header.source(), header.destination()));
    let parts = (header.is_a_msdu() && !seen.is_protected()).then(|| seen.frame.body());
    whole.into_iter().chain(
        crate::packets::flows::aggregate_parts(parts.unwrap_or(&[]))
            .map(|part| (Some(part.source), Some(part.destination))),
    )
}

fn kind_of(
    tie: Tie,
    evidence: &Evidence,
    has: impl Fn(Role) -> bool,
    is_access_point: impl Fn(MacAddr) -> bool,
) -> EdgeKind {
    match tie {
        Tie::Member => {
            let beyond_probes = Evidence { probes: 0, ..*evidence } != Evidence::default();
            if beyond_probes { EdgeKind::Association } else { EdgeKind::Probe }
        }
        Tie::Behind(_) => EdgeKind::DistributionPath,
        Tie::Peering => EdgeKind::Mesh,
        Tie::Forwarding if has(Role::Mesh) => EdgeKind::Mesh,
        Tie::Forwarding => EdgeKind::Wds,
        // Within a BSS that has an access point it is a direct link (TDLS).
        Tie::Beside(Some(bss)) if !is_access_point(bss) => EdgeKind::Ibss,
        Tie::Beside(_) => EdgeKind::Direct,
    }
}

fn node(address: MacAddr, station: Station, layer3: Option<&Layer3>) -> Node {
    let known = layer3.and_then(|layer3| layer3.station(address));
    Node {
        address,
        // Roles are ordered by how much they say.
        role: station.roles.first().copied().unwrap_or(Role::Unknown),
        roles: station.roles.into_iter().collect(),
        vendor: pw_dissect::vendor::lookup(address),
        locally_administered: address.is_locally_administered(),
        span: station.span,
        frames_sent: station.sent.frames,
        bytes_sent: station.sent.bytes,
        airtime_sent_us: station.sent.airtime_us,
        retries_sent: station.sent.retries,
        frames_received: station.frames_received,
        group_frames_sent: station.group_frames_sent,
        frames_named: station.frames_named,
        networks: station.networks.into_iter().collect(),
        multi_link_device: station.device.filter(|device| *device != address),
        ip_addresses: known.map_or_else(Vec::new, |known| known.ip_addresses.clone()),
        host_name: known.and_then(|known| known.host_name.clone()),
        segment: 0,
    }
}
