//! The graph as a whole: connected parts, paths, counts.

use super::{EdgeKind, Topology, TopologyStatistics};
use pw_model::MacAddr;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Makers listed in the statistics.
const MAX_VENDORS: usize = 20;

impl Topology {
    /// A shortest path between two stations over all relations but probes, both ends included;
    /// `None` when there is none. Of several the one by the lowest addresses.
    #[must_use]
    pub fn path(&self, from: MacAddr, to: MacAddr) -> Option<Vec<MacAddr>> {
        let neighbours = self.neighbours();
        neighbours.get(&from)?;
        let mut came_from: HashMap<MacAddr, MacAddr> = HashMap::from([(from, from)]);
        let mut queue = VecDeque::from([from]);
        while let Some(at) = queue.pop_front() {
            if at == to {
                let mut path = vec![to];
                let mut step = to;
                while step != from {
                    step = *came_from.get(&step)?;
                    path.push(step);
                }
                path.reverse();
                return Some(path);
            }
            for next in neighbours.get(&at).into_iter().flatten() {
                if !came_from.contains_key(next) {
                    came_from.insert(*next, at);
                    queue.push_back(*next);
                }
            }
        }
        None
    }

    /// Neighbours of every station, sorted. A path through a BSS leads over its access point.
    fn neighbours(&self) -> BTreeMap<MacAddr, Vec<MacAddr>> {
        let mut all: BTreeMap<MacAddr, Vec<MacAddr>> =
            self.nodes.iter().map(|node| (node.address, Vec::new())).collect();
        let mut join = |one: MacAddr, other: MacAddr| {
            all.entry(one).or_default().push(other);
            all.entry(other).or_default().push(one);
        };
        for edge in self.edges.iter().filter(|edge| edge.kind != EdgeKind::Probe) {
            match (edge.kind, edge.via) {
                (EdgeKind::DistributionPath, Some(bss)) => {
                    join(edge.source, bss);
                    join(bss, edge.target);
                }
                _ => join(edge.source, edge.target),
            }
        }
        // The links of a device are one device.
        for device in &self.multi_link_devices {
            for link in &device.links {
                if link.address != device.address {
                    join(device.address, link.address);
                }
            }
        }
        for list in all.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
        all
    }
}

/// Fills what is computed from nodes and edges.
pub(super) fn finish(mut topology: Topology) -> Topology {
    let neighbours = topology.neighbours();
    let mut parts: Vec<Vec<MacAddr>> = Vec::new();
    let mut seen: HashMap<MacAddr, ()> = HashMap::new();
    for start in neighbours.keys() {
        if seen.insert(*start, ()).is_some() {
            continue;
        }
        let mut part = vec![*start];
        let mut at = 0;
        while let Some(address) = part.get(at).copied() {
            at += 1;
            for next in neighbours.get(&address).into_iter().flatten() {
                if seen.insert(*next, ()).is_none() {
                    part.push(*next);
                }
            }
        }
        parts.push(part);
    }
    parts.sort_by_key(|part| (std::cmp::Reverse(part.len()), part.iter().min().copied()));
    let mut segment_of = HashMap::new();
    for (number, part) in (0u32..).zip(&parts) {
        segment_of.extend(part.iter().map(|address| (*address, number)));
    }
    for node in &mut topology.nodes {
        node.segment = segment_of.get(&node.address).copied().unwrap_or(0);
    }
    let mut statistics = TopologyStatistics {
        segments: u32::try_from(parts.len()).unwrap_or(u32::MAX),
        ..TopologyStatistics::default()
    };
    let mut vendors: BTreeMap<&'static str, u64> = BTreeMap::new();
    for node in &topology.nodes {
        *statistics.nodes.entry(node.role.name()).or_default() += 1;
        if let Some(vendor) = node.vendor {
            *vendors.entry(vendor).or_default() += 1;
        }
    }
    for edge in &topology.edges {
        *statistics.edges.entry(edge.kind.name()).or_default() += 1;
        statistics.handshakes += u64::from(edge.evidence.has_handshake());
    }
    statistics.vendors = vendors.into_iter().collect();
    statistics.vendors.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    statistics.vendors.truncate(MAX_VENDORS);
    topology.statistics = statistics;
    topology
}
