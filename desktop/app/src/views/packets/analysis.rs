//! The analysis of the whole capture: anomalies, who talks to whom, flows; each leads to its packets.

mod columns;
mod graph;
mod table;

use super::PacketsOrder;
use super::columns::TimeBase;
use super::paint::order;
use super::session::Session;
use crate::command::Command;
use crate::style::Palette;
use crate::views::parts;
use crate::words;
use columns::{ANOMALIES, FLOWS, LAYER3_FLOWS, RELATIONS, STATIONS, class_words, kind_words};
use egui::{CentralPanel, Frame, Key, Margin, Modifiers, Panel, RichText, Ui};
use pw_engine::capture_file::analysed::{Anomaly, Confidence, Flow};
use pw_engine::capture_file::{CaptureAnalysis, WorkError};
use pw_model::MacAddr;
use std::time::Duration;
use table::{Column, Done, Table, TableState, grade_words};

/// How often it is looked how far the analysis is.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Side of the packet view.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PacketsTab {
    /// The list of packets.
    #[default]
    Packets,
    /// What contradicts the protocol or its own history.
    Anomalies,
    /// Who talks to whom.
    Talk,
    /// Who talks to whom, drawn.
    Graph,
    /// Flows.
    Flows,
}

impl PacketsTab {
    /// All, in the order they are offered.
    pub const ALL: [Self; 5] =
        [Self::Packets, Self::Anomalies, Self::Talk, Self::Graph, Self::Flows];

    /// One word for people and the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Anomalies => "anomalies",
            Self::Talk => "talk",
            Self::Graph => "graph",
            Self::Flows => "flows",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Packets => "Packets",
            Self::Anomalies => "Anomalies",
            Self::Talk => "Talk",
            Self::Graph => "Graph",
            Self::Flows => "Flows",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Packets => "The list of packets (P)",
            Self::Anomalies => "What contradicts the protocol or its own history (A)",
            Self::Talk => "Who talks to whom (W)",
            Self::Graph => "Who talks to whom, drawn (G)",
            Self::Flows => "Flows from station to station, and what they look like (L)",
        }
    }

    pub(super) const fn key(self) -> Key {
        match self {
            Self::Packets => Key::P,
            Self::Anomalies => Key::A,
            Self::Talk => Key::W,
            Self::Graph => Key::G,
            Self::Flows => Key::L,
        }
    }
}

/// What the analysis remembers between frames.
#[derive(Debug)]
pub(super) struct AnalysisState {
    pub(super) tab: PacketsTab,
    anomalies: TableState,
    stations: TableState,
    relations: TableState,
    graph: graph::GraphState,
    flows: TableState,
    layer3_flows: TableState,
    /// The lower of two tables takes the keys.
    pub(super) lower: bool,
}

impl Default for AnalysisState {
    /// Those who say and carry most come first.
    fn default() -> Self {
        Self {
            tab: PacketsTab::default(),
            anomalies: TableState::default(),
            stations: TableState::from_greatest(columns::SENT),
            relations: TableState::from_greatest(columns::BYTES),
            graph: graph::GraphState::default(),
            flows: TableState::default(),
            layer3_flows: TableState::default(),
            lower: false,
        }
    }
}

/// Paints the sides that can be chosen.
pub(super) fn tabs(ui: &mut Ui, tab: PacketsTab, session: &Session, commands: &mut Vec<Command>) {
    let result = session.analysis().and_then(pw_engine::capture_file::Work::result);
    let found = result.as_ref().and_then(|result| result.as_ref().as_ref().ok());
    for side in PacketsTab::ALL {
        let title = match (side, found) {
            (PacketsTab::Anomalies, Some(found)) => {
                let count = found.report.anomalies.list.len() as u64;
                format!("{} ({})", side.title(), words::count(count))
            }
            _ => side.title().to_owned(),
        };
        let button = ui.selectable_label(side == tab, title).on_hover_text(side.meaning());
        if button.clicked() {
            commands.push(order(PacketsOrder::Show(side)));
        }
    }
}

/// What the painters are given besides their state.
struct Shown<'a> {
    data: &'a CaptureAnalysis,
    base: TimeBase,
    palette: &'a Palette,
}

impl<'a> Shown<'a> {
    fn table(
        &self,
        name: &'static str,
        columns: &'static [Column],
        rows: usize,
        is_active: bool,
    ) -> Table<'a> {
        Table { name, columns, rows, data: self.data, base: self.base, is_active }
    }
}

/// Paints the chosen side: how far the analysis is, why there is none, or its tables.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut AnalysisState,
    session: &Session,
    absolute: bool,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let Some(work) = session.analysis() else {
        let words = "The analysis begins when the whole capture is read.";
        parts::empty(ui, palette, "Reading the capture", words, &[], commands);
        ui.ctx().request_repaint_after(LOOK_AGAIN);
        return;
    };
    let Some(result) = work.result() else {
        let words = format!("{} of the packets", words::percent(f64::from(work.share())));
        let stop = [("Stop", order(PacketsOrder::StopAnalysis))];
        parts::empty(ui, palette, "Analysing", &words, &stop, commands);
        ui.ctx().request_repaint_after(LOOK_AGAIN);
        return;
    };
    let again = [("Analyse again", order(PacketsOrder::AnalyseAgain))];
    match result.as_ref() {
        Ok(data) => {
            let first = session.file.time(1);
            let base = if absolute { TimeBase::Absolute } else { TimeBase::Relative(first) };
            let shown = Shown { data, base, palette };
            notes(ui, session, &shown);
            match state.tab {
                PacketsTab::Packets => {}
                PacketsTab::Anomalies => anomalies(ui, state, &shown, commands),
                PacketsTab::Talk => talk(ui, state, &shown, commands),
                PacketsTab::Graph => drawn(ui, state, &shown, commands),
                PacketsTab::Flows => flows(ui, state, session, &shown, commands),
            }
        }
        Err(WorkError::Failed(words)) => {
            parts::empty(ui, palette, "The capture cannot be analysed", words, &again, commands);
        }
        Err(WorkError::Cancelled | WorkError::Exists) => {
            let words = "It was stopped before the last packet.";
            parts::empty(ui, palette, "No analysis", words, &again, commands);
        }
    }
}

/// Of what the analysis is, and what is not in it.
fn notes(ui: &mut Ui, session: &Session, shown: &Shown<'_>) {
    let totals = &shown.data.report.totals;
    let mut text = match totals.packets {
        1 => "Of the only packet".to_owned(),
        packets => format!("Of all {} packets", words::count(packets)),
    };
    if session.selection.is_some() {
        text.push_str(", not only those that pass the filter");
    }
    if totals.bad_fcs > 0 {
        let left_out = words::counted(totals.bad_fcs, "is", "are");
        text.push_str(&format!("; {left_out} left out for a wrong frame check sequence"));
    }
    if totals.unreadable > 0 {
        text.push_str(&format!("; {} cannot be read as 802.11", words::count(totals.unreadable)));
    }
    let label = ui.label(RichText::new(text + ".").color(shown.palette.weak));
    let missing = shown.data.report.not_available.iter();
    let missing: Vec<String> = missing.map(|one| format!("{}: {}", one.what, one.why)).collect();
    label.on_hover_text(format!("Not available:\n{}", missing.join("\n")));
    if !shown.data.report.left_out.is_empty() {
        let left = shown.data.report.left_out.iter();
        let left: Vec<String> =
            left.map(|(what, count)| format!("{what}: {}", words::count(*count))).collect();
        let text = format!("Not all is listed, the tables being full. {}.", left.join("; "));
        ui.add(egui::Label::new(RichText::new(text).color(shown.palette.warn)).wrap());
    }
}

/// The key that follows a device, when no text is being written.
fn followed(ui: &Ui, device: Option<MacAddr>, commands: &mut Vec<Command>) {
    let Some(device) = device.filter(|device| !device.is_multicast()) else { return };
    if !ui.ctx().egui_wants_keyboard_input()
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::F))
    {
        commands.push(order(PacketsOrder::Follow(device)));
    }
}

fn follow_button(ui: &mut Ui, device: Option<MacAddr>, commands: &mut Vec<Command>) {
    let Some(device) = device.filter(|device| !device.is_multicast()) else { return };
    if ui.button(format!("Follow {device}")).on_hover_text("Show only its packets (F)").clicked() {
        commands.push(order(PacketsOrder::Follow(device)));
    }
}

fn filter_button(ui: &mut Ui, words: &str, filter: String, commands: &mut Vec<Command>) {
    if ui.button(words).on_hover_text(format!("{filter} (Enter)")).clicked() {
        commands.push(order(PacketsOrder::Filter(filter)));
    }
}

/// A filter for the frames of an anomaly that are listed.
fn frames_filter(anomaly: &Anomaly) -> String {
    let numbers: Vec<String> = anomaly.frames.iter().map(u64::to_string).collect();
    format!("frame.number in {{{}}}", numbers.join(", "))
}

/// The part below the tables that says more of the chosen row.
fn foot(shown: &Shown<'_>, id: &'static str, height: f32) -> Panel {
    let frame = Frame::new().fill(shown.palette.panel).inner_margin(Margin::symmetric(10, 6));
    let panel = Panel::bottom(id).frame(frame).resizable(true).default_size(height);
    panel.size_range(56.0..=360.0)
}

fn anomalies(
    ui: &mut Ui,
    state: &mut AnalysisState,
    shown: &Shown<'_>,
    commands: &mut Vec<Command>,
) {
    let list = &shown.data.report.anomalies.list;
    if list.is_empty() {
        let examined = shown.data.report.anomalies.examined.0.iter();
        let examined: Vec<String> =
            examined.map(|(what, count)| format!("{what} {}", words::count(*count))).collect();
        let words = format!(
            "Nothing contradicts the protocol or its own history. Frames looked at, by detector: \
             {}. 0 says that the capture had nothing for it.",
            examined.join(", ")
        );
        parts::empty(ui, shown.palette, "No anomalies", &words, &[], commands);
        return;
    }
    if let Some(anomaly) = state.anomalies.chosen.and_then(|at| list.get(at)) {
        foot(shown, "anomaly", 170.0).show(ui, |ui| {
            egui::ScrollArea::vertical()
                .id_salt("explanation")
                .auto_shrink([false, false])
                .show(ui, |ui| explained(ui, anomaly, shown.palette, commands));
        });
        followed(ui, anomaly.subject, commands);
    }
    CentralPanel::default().frame(Frame::new().fill(shown.palette.card)).show(ui, |ui| {
        let table = shown.table("anomaly", &ANOMALIES, list.len(), true);
        let done = table::ui(ui, &mut state.anomalies, &table, shown.palette, commands);
        if let Some(anomaly) = done.opened.and_then(|at| list.get(at)) {
            commands.push(order(PacketsOrder::Filter(frames_filter(anomaly))));
        }
    });
}

/// An anomaly in words, and its frames.
fn explained(ui: &mut Ui, anomaly: &Anomaly, palette: &Palette, commands: &mut Vec<Command>) {
    let title = format!("{} ({})", kind_words(anomaly.kind), grade_words(anomaly.grade));
    ui.horizontal_wrapped(|ui| {
        let title = RichText::new(title).family(crate::fonts::bold()).color(palette.strong);
        ui.label(title);
        filter_button(ui, "Show its frames", frames_filter(anomaly), commands);
        follow_button(ui, anomaly.subject, commands);
    });
    let text = RichText::new(&anomaly.explanation).color(palette.text);
    let label = ui.add(egui::Label::new(text).wrap().sense(egui::Sense::click()));
    parts::copy_menu(&label, &anomaly.explanation, commands);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new("Frames").color(palette.weak));
        for number in &anomaly.frames {
            let link = ui.link(RichText::new(number.to_string()).monospace().size(12.0));
            if link.on_hover_text("Show this packet in the list").clicked()
                && let Ok(number) = u32::try_from(*number)
            {
                commands.push(order(PacketsOrder::ShowPacket(number)));
            }
        }
        let more = anomaly.count.saturating_sub(anomaly.frames.len() as u64);
        if more > 0 {
            let words = format!("and {} more, which are not listed", words::count(more));
            ui.label(RichText::new(words).color(palette.weak));
        }
    });
}

fn talk(ui: &mut Ui, state: &mut AnalysisState, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    let topology = &shown.data.report.topology;
    if topology.nodes.is_empty() {
        let words = "No frame of the capture names a station.";
        parts::empty(ui, shown.palette, "Nobody talks", words, &[], commands);
        return;
    }
    let half = ui.available_height() * 0.5;
    let frame = Frame::new().fill(shown.palette.card);
    let panel = Panel::bottom("relations").frame(frame).resizable(true).default_size(half);
    let most = (ui.available_height() - 100.0).max(101.0);
    panel.size_range(100.0..=most).show(ui, |ui| {
        let chosen = state.relations.chosen.and_then(|at| topology.edges.get(at));
        ui.horizontal(|ui| {
            ui.add_space(6.0);
            let count = words::counted(topology.edges.len() as u64, "relation", "relations");
            heading(ui, &count, shown.palette);
            if let Some(edge) = chosen {
                filter_button(ui, "Show its packets", between(edge.source, edge.target), commands);
                follow_button(ui, Some(edge.source), commands);
            }
        });
        if state.lower {
            followed(ui, chosen.map(|edge| edge.source), commands);
        }
        let table = shown.table("relation", &RELATIONS, topology.edges.len(), state.lower);
        let done = table::ui(ui, &mut state.relations, &table, shown.palette, commands);
        state.lower |= done.touched;
        if let Some(edge) = done.opened.and_then(|at| topology.edges.get(at)) {
            commands.push(order(PacketsOrder::Filter(between(edge.source, edge.target))));
        }
    });
    CentralPanel::default().frame(frame).show(ui, |ui| {
        let chosen = state.stations.chosen.and_then(|at| topology.nodes.get(at));
        ui.horizontal(|ui| {
            ui.add_space(6.0);
            let count = words::counted(topology.nodes.len() as u64, "station", "stations");
            heading(ui, &count, shown.palette);
            follow_button(ui, chosen.map(|node| node.address), commands);
        });
        if !state.lower {
            followed(ui, chosen.map(|node| node.address), commands);
        }
        let table = shown.table("station", &STATIONS, topology.nodes.len(), !state.lower);
        let done = table::ui(ui, &mut state.stations, &table, shown.palette, commands);
        state.lower &= !done.touched;
        if let Some(node) = done.opened.and_then(|at| topology.nodes.get(at)) {
            commands.push(order(PacketsOrder::Follow(node.address)));
        }
    });
}

/// The graph, and what can be done with the chosen station.
fn drawn(ui: &mut Ui, state: &mut AnalysisState, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    let topology = &shown.data.report.topology;
    if shown.data.drawing.nodes.is_empty() {
        let words = "No two stations of the capture talk to each other.";
        parts::empty(ui, shown.palette, "Nothing to draw", words, &[], commands);
        return;
    }
    let chosen = state.stations.chosen.and_then(|at| topology.nodes.get(at));
    ui.horizontal(|ui| {
        ui.add_space(6.0);
        let words = "Drag to move, wheel to zoom, double click to follow";
        ui.label(RichText::new(words).color(shown.palette.weak));
        if ui.button("Show all").clicked() {
            state.graph.show_whole();
        }
        follow_button(ui, chosen.map(|node| node.address), commands);
    });
    followed(ui, chosen.map(|node| node.address), commands);
    graph::ui(ui, &mut state.graph, &mut state.stations.chosen, shown, commands);
}

fn heading(ui: &mut Ui, words: &str, palette: &Palette) {
    ui.label(RichText::new(words).family(crate::fonts::bold()).color(palette.strong));
}

/// A filter for what names both in its header.
fn between(one: MacAddr, other: MacAddr) -> String {
    format!("wlan.addr == {one} and wlan.addr == {other}")
}

/// A filter for the packets of a flow: as far as addresses and traffic identifier tell them.
fn flow_filter(flow: &Flow) -> String {
    let mut parts = Vec::new();
    let mut part = |field: &str, address: Option<MacAddr>| {
        parts.extend(address.map(|address| format!("{field} == {address}")));
    };
    part("wlan.sa", flow.source);
    part("wlan.da", flow.destination);
    part("wlan.bssid", flow.bssid);
    parts.extend(flow.tid.map(|tid| format!("wlan.qos.tid == {tid}")));
    parts.push("wlan.fc.type == data".to_owned());
    parts.join(" and ")
}

fn flows(
    ui: &mut Ui,
    state: &mut AnalysisState,
    session: &Session,
    shown: &Shown<'_>,
    commands: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        let mut layer3 = session.layer3;
        let words = "Read unencrypted traffic too: IP addresses, ports and protocols";
        let tip = "Of frames that were sent without encryption in this capture only. It holds what \
                   people do: look at it only where you may. Payload and names are not kept; the \
                   switch is off again for the next capture.";
        if ui.checkbox(&mut layer3, words).on_hover_text(tip).changed() {
            commands.push(order(PacketsOrder::ReadLayer3(layer3)));
        }
        let words = "Only of frames that were sent without encryption; it shows what people did.";
        ui.label(RichText::new(words).color(shown.palette.weak));
    });
    if let Some(layer3) = &shown.data.report.layer3 {
        let frame = Frame::new().fill(shown.palette.card);
        let half = ui.available_height() * 0.42;
        let panel = Panel::bottom("layer3").frame(frame).resizable(true).default_size(half);
        let most = (ui.available_height() - 100.0).max(101.0);
        panel.size_range(80.0..=most).show(ui, |ui| {
            let text = format!(
                "{} in {} unencrypted payloads; {} encrypted frames cannot be read.",
                words::counted(layer3.flows.len() as u64, "IP flow", "IP flows"),
                words::count(layer3.read),
                words::count(layer3.encrypted)
            );
            ui.horizontal(|ui| {
                ui.add_space(6.0);
                heading(ui, &text, shown.palette);
            });
            let rows = layer3.flows.len();
            let table = shown.table("IP flow", &LAYER3_FLOWS, rows, state.lower);
            let done = table::ui(ui, &mut state.layer3_flows, &table, shown.palette, commands);
            state.lower |= done.touched;
        });
    } else {
        state.lower = false;
    }
    let list = &shown.data.report.flows;
    if list.is_empty() {
        let words = "The capture has no data frames between stations.";
        parts::empty(ui, shown.palette, "No flows", words, &[], commands);
        return;
    }
    let chosen = state.flows.chosen.and_then(|at| Some((at, list.get(at)?)));
    if let Some((at, flow)) = chosen {
        foot(shown, "flow", 84.0).show(ui, |ui| flow_facts(ui, at, flow, shown, commands));
        if !state.lower {
            followed(ui, flow.source, commands);
        }
    }
    CentralPanel::default().frame(Frame::new().fill(shown.palette.card)).show(ui, |ui| {
        let table = shown.table("flow", &FLOWS, list.len(), !state.lower);
        let Done { touched, opened } =
            table::ui(ui, &mut state.flows, &table, shown.palette, commands);
        state.lower &= !touched;
        if let Some(flow) = opened.and_then(|at| list.get(at)) {
            commands.push(order(PacketsOrder::Filter(flow_filter(flow))));
        }
    });
}

/// What the chosen flow looks like, and why.
fn flow_facts(ui: &mut Ui, at: usize, flow: &Flow, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        filter_button(ui, "Show its packets", flow_filter(flow), commands);
        follow_button(ui, flow.source, commands);
        let counts = format!(
            "{} encrypted, {} repeated",
            words::count(flow.protected),
            words::count(flow.repeats)
        );
        ui.label(RichText::new(counts).color(shown.palette.weak));
    });
    let text = match shown.data.classified(at) {
        Some(classified) if classified.confidence == Confidence::None => {
            format!("What it looks like cannot be told: {}.", classified.evidence.join("; "))
        }
        Some(classified) => format!(
            "Looks like {}. An estimate from sizes, times and priority of both directions, no \
             probability: {}.",
            class_words(classified),
            classified.evidence.join("; ")
        ),
        None => "What it looks like is not told: its other half is not known.".to_owned(),
    };
    ui.add(egui::Label::new(RichText::new(text).color(shown.palette.text)).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_engine::capture_file::Filter;
    use pw_engine::capture_file::analysed::{
        AnomalyKind, Direction, FlowEnd, PacketAnalysis, PacketSettings, Span,
    };

    #[test]
    fn what_is_shown_leads_to_filters_that_can_be_read() {
        let one = MacAddr([2, 0, 0, 0, 0, 1]);
        let flow = Flow {
            source: Some(one),
            destination: None,
            bssid: Some(one),
            tid: Some(5),
            direction: Direction::ToDs,
            span: Span::default(),
            duration_s: None,
            packets: 1,
            bytes: 1,
            repeats: 0,
            fragments: 0,
            protected: 0,
            airtime_us: None,
            mean_gap_s: None,
            gap_deviation_s: None,
            longest_gap_s: None,
            packets_per_second: None,
            bits_per_second: None,
            end: FlowEnd::CaptureEnd,
        };
        let anomaly = Anomaly {
            kind: AnomalyKind::Malformed,
            grade: AnomalyKind::Malformed.grade(),
            subject: Some(one),
            span: Span::default(),
            count: 3,
            frames: vec![1, 5, 9],
            explanation: String::new(),
        };
        assert_eq!(frames_filter(&anomaly), "frame.number in {1, 5, 9}");
        for filter in [frames_filter(&anomaly), flow_filter(&flow), between(one, one)] {
            assert!(Filter::compile(&filter).is_ok(), "{filter}: {:?}", Filter::compile(&filter));
        }
        assert_eq!(flow_filter(&flow).matches(" and ").count(), 3);
    }

    #[test]
    fn tables_begin_with_those_who_say_and_carry_most() {
        assert_eq!(STATIONS[columns::SENT].title, "Sent");
        assert_eq!(RELATIONS[columns::BYTES].title, "Bytes");
    }

    #[test]
    fn an_empty_capture_has_no_row_that_a_column_would_fail_on() {
        let report = PacketAnalysis::new(PacketSettings::default()).finish();
        let data = CaptureAnalysis::of(report);
        let tables: [&[Column]; 5] = [&ANOMALIES, &STATIONS, &RELATIONS, &FLOWS, &LAYER3_FLOWS];
        for column in tables.into_iter().flatten() {
            assert_eq!((column.value)(&data, 0), table::Value::Unknown, "{}", column.title);
        }
    }
}
