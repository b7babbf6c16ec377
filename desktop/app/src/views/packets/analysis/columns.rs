//! The columns of the tables of the analysis.

use super::table::{Column, Value};
use crate::words::UNKNOWN;
use pw_engine::capture_file::CaptureAnalysis;
use pw_engine::capture_file::analysed::{
    Anomaly, AnomalyKind, Classified, Confidence, Edge, EdgeKind, Endpoint, Flow, Layer3Flow,
    NamedBy, Node, Role, TrafficClass, Transport,
};

const fn column(
    title: &'static str,
    meaning: &'static str,
    width: f32,
    value: fn(&CaptureAnalysis, usize) -> Value,
) -> Column {
    Column { title, meaning, width, is_number: false, is_time: false, value }
}

const fn number(
    title: &'static str,
    meaning: &'static str,
    width: f32,
    value: fn(&CaptureAnalysis, usize) -> Value,
) -> Column {
    Column { title, meaning, width, is_number: true, is_time: false, value }
}

const fn time(
    title: &'static str,
    meaning: &'static str,
    width: f32,
    value: fn(&CaptureAnalysis, usize) -> Value,
) -> Column {
    Column { title, meaning, width, is_number: true, is_time: true, value }
}

fn of<T>(item: Option<&T>, value: impl FnOnce(&T) -> Value) -> Value {
    item.map_or(Value::Unknown, value)
}

fn anomaly(data: &CaptureAnalysis, at: usize, value: fn(&Anomaly) -> Value) -> Value {
    of(data.report.anomalies.list.get(at), value)
}

fn node(data: &CaptureAnalysis, at: usize, value: fn(&Node) -> Value) -> Value {
    of(data.report.topology.nodes.get(at), value)
}

fn edge(data: &CaptureAnalysis, at: usize, value: fn(&Edge) -> Value) -> Value {
    of(data.report.topology.edges.get(at), value)
}

fn flow(data: &CaptureAnalysis, at: usize, value: fn(&Flow) -> Value) -> Value {
    of(data.report.flows.get(at), value)
}

fn layer3(data: &CaptureAnalysis, at: usize, value: fn(&Layer3Flow) -> Value) -> Value {
    of(data.report.layer3.as_ref().and_then(|layer3| layer3.flows.get(at)), value)
}

fn text(words: &str) -> Value {
    Value::Text(words.to_owned())
}

pub(super) static ANOMALIES: [Column; 5] = [
    column("Grade", "How much it matters: warning, notice, information", 104.0, |data, at| {
        anomaly(data, at, |one| Value::Grade(one.grade))
    }),
    column("Anomaly", "What contradicts the protocol or its own history", 330.0, |data, at| {
        anomaly(data, at, |one| text(kind_words(one.kind)))
    }),
    number("Frames", "How many frames belong to it", 80.0, |data, at| {
        anomaly(data, at, |one| Value::count(one.count))
    }),
    time(
        "First",
        "Time of the first of them. T: since the first packet, or UTC",
        120.0,
        |d, at| anomaly(d, at, |one| Value::time(one.span.first)),
    ),
    column(
        "Device",
        "Transmitter address, or BSSID of floods, and its maker; it may be forged",
        320.0,
        |data, at| anomaly(data, at, |one| Value::address(one.subject)),
    ),
];

/// Place of the frames sent among the columns of stations.
pub(super) const SENT: usize = 2;

pub(super) static STATIONS: [Column; 10] = [
    column("Station", "Its address and maker", 290.0, |data, at| {
        node(data, at, |one| Value::Address(one.address))
    }),
    column("Role", "What it is on the air, by what it sent", 130.0, |data, at| {
        node(data, at, |one| text(role_words(one.role)))
    }),
    number("Sent", "Frames that it transmitted", 76.0, |data, at| {
        node(data, at, |one| Value::count(one.frames_sent))
    }),
    number("Received", "Frames addressed to it on the air", 76.0, |data, at| {
        node(data, at, |one| Value::count(one.frames_received))
    }),
    number("Bytes sent", "On the air", 84.0, |data, at| {
        node(data, at, |one| Value::bytes(one.bytes_sent))
    }),
    number("Retries", "Retransmissions among the frames that it sent", 66.0, |data, at| {
        node(data, at, |one| Value::count(one.retries_sent))
    }),
    number("Named", "Frames that name it beyond the radio link", 66.0, |data, at| {
        node(data, at, |one| Value::count(one.frames_named))
    }),
    time("First", "When it was first seen", 112.0, |data, at| {
        node(data, at, |one| Value::time(one.span.first))
    }),
    number("Part", "Connected part of the graph, 0 is the largest", 50.0, |data, at| {
        node(data, at, |one| Value::count(u64::from(one.segment)))
    }),
    column("Networks", "Announced or joined", 180.0, |data, at| {
        node(data, at, |one| {
            if one.networks.is_empty() { Value::Unknown } else { text(&one.networks.join(", ")) }
        })
    }),
];

/// Place of the bytes among the columns of relations.
pub(super) const BYTES: usize = 5;

pub(super) static RELATIONS: [Column; 9] = [
    column("From", "One end: its address and maker", 250.0, |data, at| {
        edge(data, at, |one| Value::Address(one.source))
    }),
    column("To", "The other end: its address and maker", 250.0, |data, at| {
        edge(data, at, |one| Value::Address(one.target))
    }),
    column("Relation", "What joins them, as frames prove it", 150.0, |data, at| {
        edge(data, at, |one| text(relation_words(one.kind)))
    }),
    number("Frames →", "From the first to the second", 76.0, |data, at| {
        edge(data, at, |one| Value::count(one.forward.frames))
    }),
    number("← Frames", "From the second to the first", 76.0, |data, at| {
        edge(data, at, |one| Value::count(one.backward.frames))
    }),
    number("Bytes", "On the air, both directions", 84.0, |data, at| {
        edge(data, at, |one| Value::bytes(one.forward.bytes + one.backward.bytes))
    }),
    number("Retries", "Retransmissions, both directions", 66.0, |data, at| {
        edge(data, at, |one| Value::count(one.forward.retries + one.backward.retries))
    }),
    column("Handshake", "All four messages of a 4-way handshake were captured", 84.0, |d, at| {
        edge(d, at, |one| if one.evidence.has_handshake() { text("whole") } else { Value::Unknown })
    }),
    column("Through", "The BSS where it is neither end", 160.0, |data, at| {
        edge(data, at, |one| one.via.map_or(Value::Unknown, Value::Bssid))
    }),
];

pub(super) static FLOWS: [Column; 10] = [
    column("From", "Source address, and maker; hidden in encrypted aggregates", 236.0, |d, at| {
        flow(d, at, |one| Value::address(one.source))
    }),
    column("To", "Destination address, and maker", 236.0, |data, at| {
        flow(data, at, |one| Value::address(one.destination))
    }),
    column("BSS", "The BSS that carries it; forwarded frames name none", 134.0, |data, at| {
        flow(data, at, |one| one.bssid.map_or(Value::Unknown, Value::Bssid))
    }),
    number("TID", "Traffic identifier of QoS data, 0 to 15", 42.0, |data, at| {
        flow(data, at, |one| one.tid.map_or(Value::Unknown, |tid| Value::count(u64::from(tid))))
    }),
    number("Packets", "MSDUs, without repeats", 70.0, |data, at| {
        flow(data, at, |one| Value::count(one.packets))
    }),
    number("Bytes", "Of the frame bodies", 80.0, |data, at| {
        flow(data, at, |one| Value::bytes(one.bytes))
    }),
    number("Seconds", "From the first to the last frame", 70.0, |data, at| {
        flow(data, at, |one| Value::decimal(one.duration_s))
    }),
    number("kbit/s", "Over its length; unknown for a single packet", 70.0, |data, at| {
        flow(data, at, |one| Value::decimal(one.bits_per_second.map(|rate| rate / 1e3)))
    }),
    time("Start", "Time of the first frame", 106.0, |data, at| {
        flow(data, at, |one| Value::time(one.span.first))
    }),
    column(
        "Looks like (estimate)",
        "Class of the traffic of both directions, estimated from sizes and times, and how much \
         speaks for it. No probability: nothing here was measured against known traffic.",
        190.0,
        |data, at| {
            data.classified(at).map_or(Value::Unknown, |classified| text(&class_words(classified)))
        },
    ),
];

pub(super) static LAYER3_FLOWS: [Column; 7] = [
    column("From", "IP address and port", 260.0, |data, at| {
        layer3(data, at, |one| Value::Text(end(one.source)))
    }),
    column("To", "IP address and port", 260.0, |data, at| {
        layer3(data, at, |one| Value::Text(end(one.destination)))
    }),
    column("Transport", "Transport protocol", 80.0, |data, at| {
        layer3(data, at, |one| Value::Text(transport_words(one.transport)))
    }),
    number("Packets", "IP packets", 80.0, |data, at| {
        layer3(data, at, |one| Value::count(one.packets))
    }),
    number("Bytes", "Of the IP packets", 90.0, |data, at| {
        layer3(data, at, |one| Value::bytes(one.bytes))
    }),
    number("kbit/s", "Over its length", 90.0, |data, at| {
        layer3(data, at, |one| Value::decimal(one.bits_per_second.map(|rate| rate / 1e3)))
    }),
    column("Carries", "What it carries, and what told it", 190.0, |data, at| {
        layer3(data, at, |one| {
            let Some(application) = one.application else { return Value::Unknown };
            let by = match one.named_by {
                Some(NamedBy::Port) => " (by its port)",
                Some(NamedBy::Content) => " (by its content)",
                None => "",
            };
            Value::Text(format!("{}{by}", application.name().to_uppercase()))
        })
    }),
];

fn end(end: Endpoint) -> String {
    match end.port {
        Some(port) => format!("{} port {port}", end.address),
        None => end.address.to_string(),
    }
}

fn transport_words(transport: Transport) -> String {
    match transport {
        Transport::Tcp => "TCP".to_owned(),
        Transport::Udp => "UDP".to_owned(),
        Transport::Icmp => "ICMP".to_owned(),
        Transport::Icmpv6 => "ICMPv6".to_owned(),
        Transport::Other(number) => format!("protocol {number}"),
    }
}

/// The class and how much speaks for it; a dash where none fits.
pub(super) fn class_words(classified: &Classified) -> String {
    let confidence = match classified.confidence {
        Confidence::None => return UNKNOWN.to_owned(),
        Confidence::Low => "little speaks for it",
        Confidence::Medium => "more than sizes and times",
    };
    if classified.class == TrafficClass::Unknown {
        return UNKNOWN.to_owned();
    }
    format!("{}: {confidence}", classified.class.name())
}

pub(super) const fn role_words(role: Role) -> &'static str {
    match role {
        Role::AccessPoint => "access point",
        Role::Mesh => "mesh station",
        Role::Ibss => "ad hoc",
        Role::Client => "client",
        Role::MultiLinkDevice => "multi-link device",
        Role::DistributionSide => "distribution side",
        Role::Unknown => "unknown",
    }
}

pub(super) const fn relation_words(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Association => "client of the BSS",
        EdgeKind::DistributionPath => "through the BSS",
        EdgeKind::Wds => "bridge (4 addresses)",
        EdgeKind::Mesh => "mesh",
        EdgeKind::Ibss => "ad hoc",
        EdgeKind::Direct => "direct",
        EdgeKind::Probe => "probes only",
    }
}

/// What an anomaly is, in words.
pub(super) const fn kind_words(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::Malformed => "Malformed frame",
        AnomalyKind::ReservedKind => "Reserved type or version",
        AnomalyKind::ImpossibleAddress => "Impossible transmitter address",
        AnomalyKind::ReservedDuration => "Reserved duration",
        AnomalyKind::FixedDuration => "Duration other than the standard fixes",
        AnomalyKind::ExcessiveDuration => "Duration longer than any exchange",
        AnomalyKind::NavAbuse => "Medium kept reserved by long durations",
        AnomalyKind::SequenceJump => "Sequence number jumped",
        AnomalyKind::SequenceAlternation => "Two lines of sequence numbers, one address",
        AnomalyKind::DisconnectSequence => "Disconnection out of its sender's sequence",
        AnomalyKind::TimerJump => "Access point's timer was set",
        AnomalyKind::TimerRestart => "Access point's timer began anew",
        AnomalyKind::TimerAlternation => "Two timers under one BSSID",
        AnomalyKind::DeauthenticationFlood => "Deauthentication flood",
        AnomalyKind::DisassociationFlood => "Disassociation flood",
        AnomalyKind::AuthenticationFlood => "Authentication flood",
        AnomalyKind::SaeFlood => "SAE flood",
        AnomalyKind::AssociationFlood => "Association request flood",
        AnomalyKind::ProbeRequestFlood => "Probe request flood",
        AnomalyKind::BeaconRate => "Beacons more often than announced",
        AnomalyKind::BeaconFlood => "Flood of networks that look made up",
        AnomalyKind::RtsFlood => "RTS flood",
        AnomalyKind::CtsFlood => "CTS flood",
        AnomalyKind::BeaconChanged => "Announcement changed",
        AnomalyKind::BeaconConflict => "Contradicting announcements, one BSSID",
        AnomalyKind::ChannelMismatch => "Announced channel is not the one it was heard on",
        AnomalyKind::AddressConflict => "One IP address claimed by several stations",
        AnomalyKind::MalformedHeader => "Malformed IP or TCP header",
        AnomalyKind::PortScan => "Port scan",
        AnomalyKind::UnexpectedProtocol => "Another protocol than the port's",
    }
}
