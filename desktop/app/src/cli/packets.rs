//! `piwardrive packets`

use super::arguments::Packets;
use super::dissect::say_simulated;
use super::output::{json, stdout};
use super::progress::Progress;
use super::table::aligned;
use anyhow::Result;
use pw_analysis::packets::{
    Anomaly, Conversation, Edge, Flow, Grade, Layer3Flow, Node, PacketReport, PacketSettings,
};
use pw_engine::packets::analyse;
use pw_model::words::counted;
use pw_model::{MacAddr, Timestamp};
use serde::Serialize;
use std::io::Write;
use std::sync::atomic::AtomicBool;

/// Rows of the longest tables in the overview; the options give all.
const OVERVIEW_ROWS: usize = 10;

pub(super) fn run(arguments: &Packets) -> Result<()> {
    let settings = PacketSettings {
        layer3: arguments.layer3,
        names: arguments.names,
        ..PacketSettings::default()
    };
    let progress = Progress::new("analysing");
    // An interruption ends the program: nothing is half written.
    let never = AtomicBool::new(false);
    let analysed = analyse(&arguments.capture, settings, &never, |share, packets| {
        if let Some(share) = share {
            progress.share(share);
        }
        progress.words(&counted(packets, "packet", "packets"));
    })?;
    drop(progress);
    let simulated = analysed.is_simulated;
    if simulated {
        say_simulated(&arguments.capture);
    }
    let report = &analysed.report;
    if arguments.graphml {
        print(&report.topology.to_graphml(simulated))?;
    } else if arguments.dot {
        print(&report.topology.to_dot(simulated))?;
    } else if arguments.json {
        print_json(report, arguments, simulated)?;
    } else if arguments.topology {
        print_topology(report)?;
    } else if arguments.flows {
        print_flows(report, usize::MAX)?;
    } else if arguments.anomalies {
        print_anomalies(report)?;
    } else {
        print_overview(report)?;
    }
    if let Some(warning) = analysed.warning {
        eprintln!("piwardrive: {}: warning: {warning}", arguments.capture.display());
    }
    for (what, count) in &report.left_out {
        eprintln!("piwardrive: {}: warning: {what}: {count}", arguments.capture.display());
    }
    Ok(())
}

fn print(text: &str) -> Result<()> {
    let mut out = stdout();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// A part of the report; the key `simulated` is left out where it is not.
#[derive(Serialize)]
struct Marked<T> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
    #[serde(flatten)]
    part: T,
}

fn print_json(report: &PacketReport, arguments: &Packets, simulated: bool) -> Result<()> {
    if arguments.topology {
        json(&Marked { simulated, part: &report.topology })
    } else if arguments.flows {
        let part = serde_json::json!({
            "flows": report.flows,
            "conversations": report.conversations,
            "classes": report.classes,
            "layer3": report.layer3,
            "left_out": report.left_out,
        });
        json(&Marked { simulated, part })
    } else if arguments.anomalies {
        json(&Marked { simulated, part: &report.anomalies })
    } else {
        json(&Marked { simulated, part: report })
    }
}

fn print_overview(report: &PacketReport) -> Result<()> {
    let totals = &report.totals;
    let known =
        |value: Option<f64>| value.map_or_else(|| "unknown".to_owned(), |v| format!("{v:.1}"));
    let statistics = &report.topology.statistics;
    let mut text = format!(
        "{}: {} analysed, {} with a wrong FCS, {} unreadable\n\
         {} s, {} frames/s, {} bit/s; {} s on the air; {}, {} encrypted\n",
        counted(totals.packets, "packet", "packets"),
        counted(totals.frames, "frame", "frames"),
        totals.bad_fcs,
        totals.unreadable,
        known(totals.span.duration_s()),
        known(totals.frames_per_second),
        known(totals.bits_per_second),
        known(totals.airtime_us.map(|us| us as f64 / 1e6)),
        counted(totals.retries, "retransmission", "retransmissions"),
        totals.protected,
    );
    let list = |counts: &std::collections::BTreeMap<&'static str, u64>| {
        let parts: Vec<String> =
            counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    };
    text.push_str(&format!(
        "Stations: {}. Relations: {}. Connected parts: {}. Handshakes: {}\n",
        list(&statistics.nodes),
        list(&statistics.edges),
        statistics.segments,
        statistics.handshakes
    ));
    let classes: Vec<String> = report
        .classes
        .iter()
        .map(|(class, total)| {
            format!("{} {class} ({})", total.conversations, counted(total.bytes, "byte", "bytes"))
        })
        .collect();
    text.push_str(&format!("Conversations by estimated class: {}\n\n", classes.join(", ")));
    print(&text)?;
    print_flows(report, OVERVIEW_ROWS)?;
    print("\n")?;
    print_anomalies(report)?;
    let mut text = String::from("\nNot available:\n");
    for missing in &report.not_available {
        text.push_str(&format!("  {}: {}\n", missing.what, missing.why));
    }
    print(&text)
}

fn address(address: Option<MacAddr>) -> Option<String> {
    address.map(|address| address.to_string())
}

fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(Timestamp::rfc3339_secs)
}

fn print_topology(report: &PacketReport) -> Result<()> {
    aligned(
        &report.topology.nodes,
        &[
            ("ADDRESS", &|node: &Node| Some(node.address.to_string())),
            ("ROLE", &|node| Some(node.role.name().to_owned())),
            ("SENT", &|node| Some(node.frames_sent.to_string())),
            ("RECEIVED", &|node| Some(node.frames_received.to_string())),
            ("BYTES", &|node| Some(node.bytes_sent.to_string())),
            ("FIRST SEEN", &|node| time(node.span.first)),
            ("LAST SEEN", &|node| time(node.span.last)),
            ("PART", &|node| Some(node.segment.to_string())),
            ("MAKER", &|node| match (node.vendor, node.locally_administered) {
                (Some(vendor), _) => Some(vendor.to_owned()),
                (None, true) => Some("(locally administered)".to_owned()),
                (None, false) => None,
            }),
            ("NETWORKS", &|node| (!node.networks.is_empty()).then(|| node.networks.join("; "))),
        ],
    )?;
    print("\n")?;
    aligned(
        &report.topology.edges,
        &[
            ("SOURCE", &|edge: &Edge| Some(edge.source.to_string())),
            ("TARGET", &|edge| Some(edge.target.to_string())),
            ("RELATION", &|edge| Some(edge.kind.name().to_owned())),
            ("VIA", &|edge| address(edge.via)),
            ("FORWARD", &|edge| Some(edge.forward.frames.to_string())),
            ("BACKWARD", &|edge| Some(edge.backward.frames.to_string())),
            ("BYTES", &|edge| Some((edge.forward.bytes + edge.backward.bytes).to_string())),
            ("RETRIES", &|edge| Some((edge.forward.retries + edge.backward.retries).to_string())),
            ("HANDSHAKE", &|edge| edge.evidence.has_handshake().then(|| "whole".to_owned())),
        ],
    )
}

fn print_flows(report: &PacketReport, rows: usize) -> Result<()> {
    if report.flows.is_empty() && report.conversations.is_empty() && report.layer3.is_none() {
        return print("No flows: no data frames.\n");
    }
    let flows: Vec<&Flow> = report.flows.iter().take(rows).collect();
    aligned(
        &flows,
        &[
            ("FLOW FROM", &|flow: &&Flow| address(flow.source)),
            ("TO", &|flow| address(flow.destination)),
            ("BSS", &|flow| address(flow.bssid)),
            ("TID", &|flow| flow.tid.map(|tid| tid.to_string())),
            ("PACKETS", &|flow| Some(flow.packets.to_string())),
            ("BYTES", &|flow| Some(flow.bytes.to_string())),
            ("SECONDS", &|flow| flow.duration_s.map(|length| format!("{length:.1}"))),
            ("PACKETS/S", &|flow| flow.packets_per_second.map(|rate| format!("{rate:.1}"))),
            ("KBIT/S", &|flow| flow.bits_per_second.map(|rate| format!("{:.1}", rate / 1e3))),
        ],
    )?;
    print("\n")?;
    let conversations: Vec<&Conversation> = report.conversations.iter().take(rows).collect();
    aligned(
        &conversations,
        &[
            ("BETWEEN", &|c: &&Conversation| Some(c.a.to_string())),
            ("AND", &|c| Some(c.b.to_string())),
            ("BYTES", &|c| Some(c.bytes().to_string())),
            ("CLASS (ESTIMATE)", &|c| Some(c.classified.class.name().to_owned())),
            ("BECAUSE", &|c| Some(c.classified.evidence.join("; "))),
        ],
    )?;
    let Some(layer3) = &report.layer3 else { return Ok(()) };
    print(&format!(
        "\nLayer 3: {} read; {} cannot be.\n",
        counted(layer3.read, "unencrypted payload", "unencrypted payloads"),
        counted(layer3.encrypted, "encrypted frame", "encrypted frames")
    ))?;
    if layer3.flows.is_empty() {
        return print("No unencrypted flow of IPv4, IPv6 or ARP.\n");
    }
    let flows: Vec<&Layer3Flow> = layer3.flows.iter().take(rows).collect();
    let end = |end: pw_analysis::packets::Endpoint| match end.port {
        Some(port) => format!("{} port {port}", end.address),
        None => end.address.to_string(),
    };
    aligned(
        &flows,
        &[
            ("UNENCRYPTED FROM", &|flow: &&Layer3Flow| Some(end(flow.source))),
            ("TO", &|flow| Some(end(flow.destination))),
            ("CARRIES", &|flow| flow.application.map(|a| a.name().to_owned())),
            ("PACKETS", &|flow| Some(flow.packets.to_string())),
            ("BYTES", &|flow| Some(flow.bytes.to_string())),
        ],
    )
}

fn print_anomalies(report: &PacketReport) -> Result<()> {
    let grade = |grade: Grade| match grade {
        Grade::Information => "information",
        Grade::Notice => "notice",
        Grade::Warning => "WARNING",
    };
    let name = |anomaly: &Anomaly| {
        // The same word as in JSON.
        let name = serde_json::to_value(anomaly.kind).ok()?;
        name.as_str().map(str::to_owned)
    };
    let frames = |anomaly: &Anomaly| {
        let numbers: Vec<String> = anomaly.frames.iter().take(4).map(u64::to_string).collect();
        let more = anomaly.count > numbers.len() as u64;
        format!("{}{}", numbers.join(" "), if more { " …" } else { "" })
    };
    if report.anomalies.list.is_empty() {
        return print("No anomalies.\n");
    }
    aligned(
        &report.anomalies.list,
        &[
            ("GRADE", &|anomaly: &Anomaly| Some(grade(anomaly.grade).to_owned())),
            ("ANOMALY", &name),
            ("ADDRESS", &|anomaly| address(anomaly.subject)),
            ("COUNT", &|anomaly| Some(anomaly.count.to_string())),
            ("FRAMES", &|anomaly| Some(frames(anomaly))),
            ("EXPLANATION", &|anomaly| Some(anomaly.explanation.clone())),
        ],
    )
}
