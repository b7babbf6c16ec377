//! The chosen packet as a tree of named fields.

use super::{PacketsOrder, Pane};
use crate::command::Command;
use crate::style::Palette;
use egui::{FontId, Key, Modifiers, Rect, Sense, Stroke, Ui, pos2, vec2};
use pw_engine::capture_file::{Form, Node, PacketDetail};
use std::collections::HashSet;

/// Height of a line in points.
const LINE: f32 = 20.0;
/// How far a level is indented.
const INDENT: f32 = 16.0;

/// What the tree remembers between frames. Lines stay open from packet to packet.
#[derive(Debug, Default)]
pub(super) struct TreeState {
    /// Lines whose state is not the usual one: by what they are, see [`key`].
    toggled: HashSet<String>,
    /// The chosen node.
    pub(super) chosen: Option<usize>,
    /// The packet of the chosen node.
    packet: u32,
    /// Bring the chosen line into sight.
    pub(super) bring: bool,
}

/// What a line is, whichever packet it stands in: elements are told apart by their text.
fn key(node: &Node) -> String {
    let name = node.field.map_or("", |field| field.name);
    if name == "wlan.tag" { format!("{name} {}", node.text) } else { name.to_owned() }
}

/// Layers are open until they are closed; elements, and what is below layers, are closed until they
/// are opened.
fn is_usually_open(node: &Node) -> bool {
    node.depth == 0 && node.field.is_none_or(|field| field.name != "wlan.tag")
}

impl TreeState {
    fn is_open(&self, node: &Node) -> bool {
        is_usually_open(node) != self.toggled.contains(&key(node))
    }

    fn set_open(&mut self, node: &Node, open: bool) {
        let key = key(node);
        if open == is_usually_open(node) {
            self.toggled.remove(&key);
        } else {
            self.toggled.insert(key);
        }
    }

    /// Opens all, or closes all.
    fn set_all(&mut self, nodes: &[Node], open: bool) {
        nodes.iter().filter(|node| node.below > 0).for_each(|node| self.set_open(node, open));
    }

    /// Chooses a node and opens everything above it.
    pub(super) fn reveal(&mut self, nodes: &[Node], at: usize) {
        for (above, node) in nodes.iter().enumerate().take(at) {
            if at <= above + node.below as usize {
                self.set_open(node, true);
            }
        }
        self.chosen = Some(at);
        self.bring = true;
    }

    /// Keeps the choice on the same field when another packet comes.
    pub(super) fn follow(&mut self, before: Option<&PacketDetail>, now: &PacketDetail) {
        if self.packet == now.number {
            return;
        }
        let name = before.and_then(|before| before.tree.nodes.get(self.chosen?)).map(key);
        self.chosen =
            name.and_then(|name| now.tree.nodes.iter().position(|node| key(node) == name));
        self.packet = now.number;
    }
}

/// The nodes in sight: those whose parents are all open.
fn lines(nodes: &[Node], state: &TreeState) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut at = 0;
    while let Some(node) = nodes.get(at) {
        lines.push(at);
        at += 1;
        if node.below > 0 && !state.is_open(node) {
            at += node.below as usize;
        }
    }
    lines
}

/// True when the node or something below it contradicts the format.
fn is_faulty(nodes: &[Node], at: usize) -> bool {
    let below = nodes.get(at).map_or(0, |node| node.below as usize);
    nodes.iter().skip(at).take(below + 1).any(|node| node.fault.is_some())
}

/// Paints the tree and takes its keys.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut TreeState,
    detail: &PacketDetail,
    pane: &mut Pane,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let nodes = &detail.tree.nodes;
    if *pane == Pane::Tree {
        keys(ui, state, nodes, commands);
    }
    let lines = lines(nodes, state);
    let mut scroll = egui::ScrollArea::vertical().id_salt("packet-tree").auto_shrink(false);
    if std::mem::take(&mut state.bring)
        && let Some(line) = state.chosen.and_then(|at| lines.iter().position(|line| *line == at))
    {
        let middle = (line as f32 + 0.5) * LINE - ui.available_height() / 2.0;
        scroll = scroll.vertical_scroll_offset(middle.max(0.0));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    scroll.show_rows(ui, LINE, lines.len(), |ui, range| {
        for at in lines.get(range).unwrap_or(&[]) {
            line(ui, state, detail, *at, pane, palette, commands);
        }
    });
}

fn line(
    ui: &mut Ui,
    state: &mut TreeState,
    detail: &PacketDetail,
    at: usize,
    pane: &mut Pane,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let nodes = &detail.tree.nodes;
    let Some(node) = nodes.get(at) else { return };
    let size = vec2(ui.available_width(), LINE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let chosen = state.chosen == Some(at);
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::TreeItem, true, chosen, &node.text)
    });
    let painter = ui.painter();
    if chosen {
        painter.rect_filled(rect, 0.0, palette.accent_soft);
    } else if response.hovered() {
        painter.rect_filled(rect, 0.0, palette.accent_soft.gamma_multiply(0.45));
    }
    let x = rect.left() + 6.0 + f32::from(node.depth) * INDENT;
    let handle = Rect::from_center_size(pos2(x + 5.0, rect.center().y), vec2(18.0, LINE));
    if node.below > 0 {
        triangle(ui, handle, state.is_open(node), palette);
    }
    let mut left = x + 14.0;
    if is_faulty(nodes, at) {
        let mark = Rect::from_min_size(pos2(left, rect.top()), vec2(16.0, LINE));
        super::list::warning_mark(ui, mark, palette);
        left += 18.0;
    }
    let job = text(node, left, palette);
    let galley = ui.painter().layout_job(job);
    let top = rect.center().y - galley.size().y / 2.0;
    ui.painter().with_clip_rect(rect.intersect(ui.clip_rect())).galley(
        pos2(left, top),
        galley,
        palette.text,
    );
    if response.clicked() || response.secondary_clicked() {
        state.chosen = Some(at);
        *pane = Pane::Tree;
        let on_handle = response.interact_pointer_pos().is_some_and(|at| handle.contains(at));
        if node.below > 0 && (on_handle || response.double_clicked()) {
            state.set_open(node, !state.is_open(node));
        }
    }
    let response = response.on_hover_ui(|ui| hover(ui, node, palette));
    menu(&response, state, detail, at, commands);
}

fn triangle(ui: &Ui, rect: Rect, open: bool, palette: &Palette) {
    let at = rect.center();
    let points = if open {
        [vec2(-4.0, -2.5), vec2(4.0, -2.5), vec2(0.0, 3.0)]
    } else {
        [vec2(-2.5, -4.0), vec2(-2.5, 4.0), vec2(3.0, 0.0)]
    };
    let points = points.map(|point| at + point).to_vec();
    ui.painter().add(egui::Shape::convex_polygon(points, palette.weak, Stroke::NONE));
}

/// The label weaker than the value; a fault with its place.
fn text(node: &Node, _left: f32, palette: &Palette) -> egui::text::LayoutJob {
    let mut job = egui::text::LayoutJob::default();
    let format = |color| egui::TextFormat::simple(FontId::proportional(13.0), color);
    if let Some(fault) = &node.fault {
        let words = format!("{}, byte {}: {}", fault.layer.name(), fault.offset, fault.reason);
        job.append(&words, 0.0, format(palette.bad));
        return job;
    }
    // The text begins with the label; what comes after it is the value.
    let label = node.field.map_or("", |field| field.label);
    match node.text.strip_prefix(label).and_then(|rest| rest.strip_prefix(": ")) {
        Some(value) => {
            job.append(label, 0.0, format(palette.weak));
            job.append(value, 10.0, format(palette.strong));
        }
        None => job.append(&node.text, 0.0, format(palette.strong)),
    }
    job
}

/// Name, unit and clause of a field.
fn hover(ui: &mut Ui, node: &Node, palette: &Palette) {
    let mut row = |name: &str, value: &str| {
        ui.horizontal(|ui| {
            ui.label(egui::RichText::new(name).color(palette.weak));
            ui.label(egui::RichText::new(value).color(palette.strong));
        });
    };
    if let Some(field) = node.field {
        row("Field", field.name);
        if !field.unit.is_empty() {
            row("Unit", field.unit);
        }
        if !field.clause.is_empty() {
            row("Defined in", field.clause);
        }
    }
    if let Some(fault) = &node.fault {
        row("Contradiction", fault.reason);
        row("At byte", &fault.offset.to_string());
    }
    match (node.span.length, node.span.start) {
        (0, _) => {}
        (1, start) => row("Byte", &start.to_string()),
        (length, start) => {
            row("Bytes", &format!("{start} to {}", u64::from(start) + u64::from(length) - 1))
        }
    }
}

fn menu(
    response: &egui::Response,
    state: &mut TreeState,
    detail: &PacketDetail,
    at: usize,
    commands: &mut Vec<Command>,
) {
    let nodes = &detail.tree.nodes;
    let Some(node) = nodes.get(at) else { return };
    response.context_menu(|ui| {
        let mut item = |ui: &mut Ui, words: &str, command: Command| {
            if ui.button(words).clicked() {
                commands.push(command);
                ui.close();
            }
        };
        let order = |order| Command::Packets(order);
        if let Some(filter) = detail.filter(at) {
            item(ui, "Apply as filter", order(PacketsOrder::Filter(filter.clone())));
            item(ui, "Add to filter with and", order(PacketsOrder::Narrow(filter.clone())));
            item(
                ui,
                "Leave out what has this",
                order(PacketsOrder::Narrow(format!("not ({filter})"))),
            );
            ui.separator();
        }
        let value = detail.value(at);
        if !value.is_empty() {
            item(ui, "Copy value", Command::Copy(value.to_owned()));
        }
        item(ui, "Copy line", Command::Copy(node.text.clone()));
        if let Some(field) = node.field {
            item(ui, "Copy field name", Command::Copy(field.name.to_owned()));
            if field.form != Form::Branch {
                let words = "Show as column, or no longer (C)";
                item(ui, words, order(PacketsOrder::ToggleColumn(field.name)));
            }
        }
        ui.separator();
        for (words, open) in [("Open all", true), ("Close all", false)] {
            if ui.button(words).clicked() {
                state.set_all(nodes, open);
                ui.close();
            }
        }
    });
}

/// Keys of the tree, when no text is being written.
fn keys(ui: &Ui, state: &mut TreeState, nodes: &[Node], commands: &mut Vec<Command>) {
    if ui.ctx().egui_wants_keyboard_input() || nodes.is_empty() {
        return;
    }
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let lines = lines(nodes, state);
    let at = state.chosen.and_then(|at| lines.iter().position(|line| *line == at));
    let last = lines.len() - 1;
    let target = if pressed(Key::ArrowDown) {
        Some(at.map_or(0, |at| (at + 1).min(last)))
    } else if pressed(Key::ArrowUp) {
        Some(at.map_or(0, |at| at.saturating_sub(1)))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(line) = target.and_then(|target| lines.get(target)) {
        state.chosen = Some(*line);
        state.bring = true;
    }
    let Some(chosen) = state.chosen else { return };
    let Some(node) = nodes.get(chosen) else { return };
    let has_value = |field: &&pw_engine::capture_file::Field| field.form != Form::Branch;
    if let Some(field) = node.field.filter(has_value).filter(|_| pressed(Key::C)) {
        commands.push(Command::Packets(PacketsOrder::ToggleColumn(field.name)));
    }
    if pressed(Key::ArrowRight) {
        state.set_open(node, true);
    } else if pressed(Key::ArrowLeft) {
        if node.below > 0 && state.is_open(node) {
            state.set_open(node, false);
        } else {
            let is_above = |above: &usize| chosen <= above + nodes[*above].below as usize;
            state.chosen = (0..chosen).rev().find(is_above).or(state.chosen);
            state.bring = true;
        }
    } else if pressed(Key::Enter) && node.below > 0 {
        state.set_open(node, !state.is_open(node));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_engine::capture_file::{Span, field_by_name};

    fn node(name: &str, text: &str, depth: u16, below: u32) -> Node {
        let span = Span { start: 0, length: 0 };
        Node { field: field_by_name(name), text: text.to_owned(), span, depth, below, fault: None }
    }

    fn nodes() -> Vec<Node> {
        vec![
            node("frame", "Packet", 0, 1),
            node("frame.number", "Number: 1", 1, 0),
            node("wlan", "IEEE 802.11", 0, 3),
            node("wlan.fc", "Frame control: 0x80", 1, 1),
            node("wlan.fc.type", "Type: 0", 2, 0),
            node("wlan.ta", "Transmitter: x", 1, 0),
        ]
    }

    #[test]
    fn layers_are_open_and_what_is_below_is_closed() {
        let mut state = TreeState::default();
        assert_eq!(lines(&nodes(), &state), [0, 1, 2, 3, 5]);
        state.set_all(&nodes(), true);
        assert_eq!(lines(&nodes(), &state), [0, 1, 2, 3, 4, 5]);
        state.set_all(&nodes(), false);
        assert_eq!(lines(&nodes(), &state), [0, 2]);
    }

    #[test]
    fn a_node_that_is_revealed_is_in_sight() {
        let mut state = TreeState::default();
        state.set_all(&nodes(), false);
        state.reveal(&nodes(), 4);
        assert_eq!(lines(&nodes(), &state), [0, 2, 3, 4, 5]);
        assert_eq!(state.chosen, Some(4));
    }

    #[test]
    fn elements_are_told_apart() {
        let one = node("wlan.tag", "Element: SSID", 0, 2);
        let other = node("wlan.tag", "Element: BSS Load", 0, 2);
        let mut state = TreeState::default();
        state.set_open(&one, true);
        assert!(state.is_open(&one) && !state.is_open(&other));
    }

    #[test]
    fn faults_are_seen_from_above() {
        let mut nodes = nodes();
        assert!(!is_faulty(&nodes, 2));
        nodes[4].field = None;
        nodes[4].fault = Some(pw_engine::capture_file::Fault {
            offset: 3,
            layer: pw_engine::capture_file::Layer::Header,
            reason: "cut",
        });
        assert!(is_faulty(&nodes, 2) && is_faulty(&nodes, 3) && !is_faulty(&nodes, 0));
    }
}
