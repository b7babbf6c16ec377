//! What the frames of a capture say together: who talks to whom, flows, classes of traffic, and what
//! contradicts the protocol or its own history.
//!
//! ```text
//! packets ── PacketAnalysis::add ──> topology, flows, conversations, detectors ── finish ──> PacketReport
//! ```
//!
//! Every table is bounded; what does not fit is counted in [`PacketReport::left_out`]:
//!
//! | what | at most | when full |
//! |---|---|---|
//! | stations, relations between them | 65,536, 131,072 | new ones are not kept, counted |
//! | flows under way, conversations under way | 50,000 each | those longest silent end early, counted |
//! | flows over, conversations over | 50,000 each | those with the least bytes are dropped, counted |
//! | addresses whose last sequence number is known | 65,536 | all are forgotten, counted |
//! | what each detector follows; lines of sequence numbers | 16,384; 65,536 | what was silent for ten minutes gives way, then new ones are not followed, counted |
//! | anomalies, frames of each | 10,000, 32 | counted only |
//! | layer 3 flows, names, addresses of a station | 50,000, 4,096, 8 | not kept, counted |
//!
//! Frames with a wrong frame check sequence are counted and otherwise left out: an address or a
//! duration in them is no evidence. Payload is never kept. Layers 3 and 4 are read only in frames that
//! were sent without encryption, and only when [`PacketSettings::layer3`] is set.

mod anomalies;
mod bounded;
mod classes;
mod conversations;
mod flows;
mod layer3;
mod text;
mod topology;
mod totals;

pub use anomalies::{Anomalies, Anomaly, AnomalyKind, Examined, Grade, MAX_FRAMES_LISTED};
pub use bounded::Span;
pub use classes::{Classified, Confidence, TrafficClass};
pub use conversations::{Conversation, Side};
pub use flows::{Direction, Flow, FlowEnd};
pub use layer3::{Application, Endpoint, Layer3, Layer3Flow, NamedBy, StationAddresses, Transport};
pub use topology::{
    Drawing, DrawnEdge, DrawnNode, Edge, EdgeKind, Evidence, MOST_DRAWN, MultiLinkDevice, Node,
    Role, Topology, TopologyStatistics, Traffic,
};
pub use totals::{Series, Step, Totals};

use pw_dissect::airtime::Aggregate;
use pw_dissect::capture::CapturedFrame;
use pw_dissect::ieee80211::Header;
use pw_dissect::ieee80211::management::Management;
use pw_dissect::{Fcs, Frame, parse_with_fcs};
use pw_model::{FrameFlags, MacAddr, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Addresses whose last sequence number is remembered to tell a repeated frame.
const MAX_REPEATS: usize = 65_536;

/// Flows listed in [`PacketReport::top_flows`].
const TOP_FLOWS: usize = 5;

/// How the analysis is done.
#[derive(Clone, PartialEq, Debug)]
pub struct PacketSettings {
    /// A flow without a frame for so long is over.
    pub flow_timeout: Duration,
    /// Reads layers 3 and 4 of frames that were sent without encryption. Off unless a person asks.
    pub layer3: bool,
    /// Keeps names that devices ask for or give themselves (DNS questions, DHCP host names). Off
    /// unless a person asks; without it they are only counted. No effect without `layer3`.
    pub names: bool,
}

impl Default for PacketSettings {
    fn default() -> Self {
        Self { flow_timeout: Duration::from_secs(300), layer3: false, names: false }
    }
}

/// One packet, parsed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Packet<'a> {
    /// Number in the capture, from 1.
    pub number: u64,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Interface that captured it.
    pub interface: u32,
    /// The frame.
    pub frame: Frame<'a>,
}

impl<'a> Packet<'a> {
    /// Parses a packet of a capture file.
    #[must_use]
    pub fn from_captured(captured: &CapturedFrame<'a>) -> Self {
        let CapturedFrame { link_type, data, original_len, fcs_len, .. } = *captured;
        Self {
            number: captured.number,
            time: captured.time,
            interface: captured.interface,
            frame: parse_with_fcs(link_type, data, original_len, fcs_len),
        }
    }
}

/// A frame that is believed, with what several parts ask of it, worked out once.
struct Seen<'a> {
    number: u64,
    time: Option<Timestamp>,
    interface: u32,
    frame: &'a Frame<'a>,
    header: Header,
    management: Option<Management<'a>>,
    airtime_us: Option<u32>,
    /// A retransmission of the frame that was captured before it from the same station.
    is_repeat: bool,
}

impl Seen<'_> {
    fn is_retry(&self) -> bool {
        self.header.flags.contains(FrameFlags::RETRY)
    }

    fn is_protected(&self) -> bool {
        self.header.flags.contains(FrameFlags::PROTECTED)
    }

    fn time_ns(&self) -> Option<i64> {
        self.time.map(Timestamp::unix_ns)
    }

    /// Traffic identifier of a QoS data frame, 0 to 15.
    fn tid(&self) -> Option<u8> {
        // Four bits.
        self.header.qos.map(|qos| (qos & 0x0f) as u8)
    }
}

/// Analyses the packets of a capture in the order of the file.
#[derive(Debug)]
pub struct PacketAnalysis {
    settings: PacketSettings,
    totals: Totals,
    series: Series,
    last_time: Option<Timestamp>,
    repeats: Repeats,
    aggregate: HashMap<u32, Aggregate>,
    topology: topology::Collector,
    flows: flows::FlowTable,
    conversations: conversations::ConversationTable,
    layer3: Option<layer3::Reader>,
    detectors: anomalies::Detectors,
}

impl PacketAnalysis {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(settings: PacketSettings) -> Self {
        Self {
            totals: Totals::default(),
            series: Series::default(),
            last_time: None,
            repeats: Repeats::default(),
            aggregate: HashMap::new(),
            topology: topology::Collector::default(),
            flows: flows::FlowTable::new(settings.flow_timeout),
            conversations: conversations::ConversationTable::new(settings.flow_timeout),
            layer3: settings.layer3.then(|| layer3::Reader::new(settings.names)),
            detectors: anomalies::Detectors::default(),
            settings,
        }
    }

    /// Adds the next packet.
    pub fn add(&mut self, packet: &Packet<'_>) {
        self.totals.packets += 1;
        if packet.time.is_none() {
            self.totals.without_time += 1;
        }
        let time = packet.time.or(self.last_time);
        self.last_time = time;
        let frame = &packet.frame;
        if frame.fcs == Fcs::Bad {
            self.totals.bad_fcs += 1;
            return;
        }
        let Some(header) = frame.header.filter(|header| header.version == 0) else {
            self.totals.unreadable += 1;
            self.detectors.unreadable(packet.number, time, frame);
            return;
        };
        let seen = Seen {
            number: packet.number,
            time,
            interface: packet.interface,
            frame,
            header,
            management: frame.management(),
            airtime_us: self.airtime_us(packet.interface, frame),
            is_repeat: self.repeats.is_repeat(packet.interface, &header),
        };
        self.totals.add(&seen);
        self.series.add(&seen);
        self.topology.add(&seen);
        self.detectors.add(&seen);
        for unit in flows::units(&seen) {
            self.flows.add(&seen, &unit);
            self.conversations.add(&seen, &unit);
        }
        if let Some(layer3) = &mut self.layer3 {
            layer3.add(&seen, &mut self.detectors.log);
        }
    }

    /// Time on the air; of an aggregate the preamble and each symbol count once.
    fn airtime_us(&mut self, interface: u32, frame: &Frame<'_>) -> Option<u32> {
        let modulation = frame.radio.modulation?;
        // Interfaces are few; a file that names very many must not make this grow.
        if self.aggregate.len() > 1024 {
            self.aggregate.clear();
        }
        let aggregate = self.aggregate.entry(interface).or_default();
        aggregate.add(frame.radio.ampdu, modulation, frame.length)
    }

    /// Ends everything that is under way and gives the results.
    #[must_use]
    pub fn finish(mut self) -> PacketReport {
        self.totals.finish();
        let (flows, flows_dropped) = self.flows.finish();
        let (conversations, conversations_dropped) = self.conversations.finish();
        let layer3 = self.layer3.map(layer3::Reader::finish);
        let anomalies = self.detectors.finish();
        let topology = self.topology.finish(layer3.as_ref());
        let mut classes = BTreeMap::new();
        for conversation in &conversations {
            let entry: &mut ClassTotal =
                classes.entry(conversation.classified.class.name()).or_default();
            entry.conversations += 1;
            entry.frames += conversation.frames();
            entry.bytes += conversation.bytes();
        }
        let mut left_out = BTreeMap::new();
        let mut leave = |what: &'static str, count: u64| {
            if count > 0 {
                left_out.insert(what, count);
            }
        };
        leave("packets of stations beyond the limit", topology.stations_left_out);
        leave("packets of relations beyond the limit", topology.relations_left_out);
        leave("flows that ended early", flows_dropped.ended_early);
        leave("flows that are not listed", flows_dropped.not_listed);
        leave("conversations that ended early", conversations_dropped.ended_early);
        leave("conversations that are not listed", conversations_dropped.not_listed);
        leave("times that known sequence numbers were forgotten", self.repeats.forgotten);
        leave("frames of stations that no detector followed", anomalies.not_followed);
        leave("frames of anomalies beyond the limit", anomalies.not_listed);
        if let Some(layer3) = &layer3 {
            leave("layer 3 packets, names and addresses beyond the limit", layer3.left_out);
        }
        let top_flows = flows.iter().take(TOP_FLOWS).cloned().collect();
        PacketReport {
            totals: self.totals,
            series: self.series,
            topology,
            top_flows,
            flows,
            conversations,
            classes,
            layer3,
            anomalies,
            left_out,
            not_available: not_available(&self.settings),
        }
    }
}

/// Conversations of one class together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ClassTotal {
    /// Conversations.
    pub conversations: u64,
    /// Frames.
    pub frames: u64,
    /// Payload bytes.
    pub bytes: u64,
}

/// What this analysis does not say, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct NotAvailable {
    /// What one might look for.
    pub what: &'static str,
    /// Why it is not given.
    pub why: &'static str,
}

/// The results over a capture.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PacketReport {
    /// Counts.
    pub totals: Totals,
    /// The load over time.
    pub series: Series,
    /// Who talks to whom.
    pub topology: Topology,
    /// The flows with the most bytes.
    pub top_flows: Vec<Flow>,
    /// All flows that were kept, the most bytes first.
    pub flows: Vec<Flow>,
    /// Both directions between two stations, with the class of their traffic; the most bytes first.
    pub conversations: Vec<Conversation>,
    /// Conversations by class.
    pub classes: BTreeMap<&'static str, ClassTotal>,
    /// Layers 3 and 4 of what was sent without encryption; `None` when not asked for.
    pub layer3: Option<Layer3>,
    /// What contradicts the protocol or its own history.
    pub anomalies: Anomalies,
    /// What did not fit into the bounds, by kind. Empty when all did.
    pub left_out: BTreeMap<&'static str, u64>,
    /// What is not said, and why.
    pub not_available: Vec<NotAvailable>,
}

fn not_available(settings: &PacketSettings) -> Vec<NotAvailable> {
    let mut list = vec![
        NotAvailable {
            what: "addresses, ports and protocols inside encrypted frames",
            why: "only their sizes and times can be seen; no key is ever asked for",
        },
        NotAvailable {
            what: "device type (phone, computer, router)",
            why: "a maker's name does not tell it; the role on the air is given instead",
        },
        NotAvailable {
            what: "inbound and outbound",
            why: "which addresses are inside a network is not visible on the air; given are to and \
                  from the distribution system",
        },
        NotAvailable {
            what: "packets of other link types (Ethernet)",
            why: "this analysis is of 802.11; they are counted as unreadable",
        },
        NotAvailable {
            what: "calibrated probabilities of traffic classes",
            why: "there is no labelled set of captures to measure them by; the class is an estimate \
                  from sizes and times, with its evidence",
        },
    ];
    if !settings.layer3 {
        list.push(NotAvailable {
            what: "layers 3 and 4 of unencrypted frames",
            why: "not switched on: they hold what people do",
        });
    } else if !settings.names {
        list.push(NotAvailable {
            what: "names that devices ask for or give themselves",
            why: "not switched on: they are only counted",
        });
    }
    list
}

/// Tells repeated frames: retry bit set, and sequence and fragment number as in the frame before
/// from the same address with the same traffic identifier (802.11-2020, 10.3.2.14).
#[derive(Debug, Default)]
struct Repeats {
    last: HashMap<(u32, MacAddr, Option<u8>), (u16, u8)>,
    forgotten: u64,
}

impl Repeats {
    fn is_repeat(&mut self, interface: u32, header: &Header) -> bool {
        let (Some(from), Some(sequence)) = (header.transmitter(), header.sequence) else {
            return false;
        };
        if self.last.len() >= MAX_REPEATS {
            self.last.clear();
            self.forgotten += 1;
        }
        // Four bits.
        let tid = header.qos.map(|qos| (qos & 0x0f) as u8);
        let now = (sequence, header.fragment.unwrap_or(0));
        let before = self.last.insert((interface, from, tid), now);
        before == Some(now) && header.flags.contains(FrameFlags::RETRY)
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
