//! The packet view: head, list, tree and bytes, or why there is nothing to see.

use super::session::Session;
use super::{PacketsOrder, PacketsState, PacketsTab, Pane};
use super::{analysis, bytes, dialogs, filter_bar, head, list, statistics, tree};
use crate::command::Command;
use crate::style::Palette;
use crate::views::parts;
use egui::{Align, CentralPanel, Frame, Key, Layout, Margin, Modifiers, Panel, RichText, Ui};
use pw_engine::capture_file::{Phase, WorkError};
use std::path::PathBuf;

/// Paints the view.
pub(crate) fn ui(
    ui: &mut Ui,
    state: &mut PacketsState,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    keys(ui, state, commands);
    match &state.session {
        None => nothing_open(ui, state, palette, commands),
        Some(session) => match session.file.status().phase {
            Phase::Failed(words) => cannot_be_read(ui, &words, palette, commands),
            Phase::Complete { warning: None } if session.file.count() == 0 => {
                let actions = [("Open another capture…", order(PacketsOrder::AskOpen))];
                let words = "The file is a capture without packets.";
                parts::empty(ui, palette, "No packets", words, &actions, commands);
            }
            _ => packets(ui, state, palette, commands),
        },
    }
}

/// Paints the view's dialog over everything.
pub(crate) fn dialog(
    ui: &Ui,
    state: &mut PacketsState,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    if let Some(mut dialog) = state.dialog.take() {
        let session = state.session.as_ref();
        if !dialogs::ui(ui, &mut dialog, session, palette, commands) {
            state.dialog = Some(dialog);
        }
    }
}

pub(super) const fn order(order: PacketsOrder) -> Command {
    Command::Packets(order)
}

fn nothing_open(ui: &mut Ui, state: &PacketsState, palette: &Palette, commands: &mut Vec<Command>) {
    if let Some(words) = &state.trouble {
        cannot_be_read(ui, words, palette, commands);
        return;
    }
    let names: Vec<(String, PathBuf)> = state
        .settings
        .recent
        .iter()
        .take(4)
        .map(|path| {
            let name = path.file_name().unwrap_or(path.as_os_str());
            (format!("Open {}", name.to_string_lossy()), path.clone())
        })
        .collect();
    let mut actions = vec![("Open capture…", order(PacketsOrder::AskOpen))];
    let recent =
        names.iter().map(|(name, path)| (name.as_str(), Command::OpenCapture(path.clone())));
    actions.extend(recent);
    let body = "Open a capture (pcap or pcapng, also packed with gzip or zstd) to look through its \
                packets, or drop one on the window. No survey is needed, and none is changed.";
    parts::empty(ui, palette, "No capture is open", body, &actions, commands);
}

fn cannot_be_read(ui: &mut Ui, words: &str, palette: &Palette, commands: &mut Vec<Command>) {
    let actions = [
        ("Open another capture…", order(PacketsOrder::AskOpen)),
        ("Close", order(PacketsOrder::Close)),
    ];
    parts::empty(ui, palette, "The capture cannot be read", words, &actions, commands);
}

/// Keys of the view as a whole.
fn keys(ui: &Ui, state: &mut PacketsState, commands: &mut Vec<Command>) {
    if state.dialog.is_some() || state.session.is_none() {
        return;
    }
    let with_command = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key));
    if with_command(Key::F) {
        state.bar.focus = true;
    }
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    // Asked for before all others: egui moves its own focus by this key too, and with a focus anywhere
    // no other key would be heard.
    if !ui.ctx().text_edit_focused() && pressed(Key::Tab) {
        if let Some(focused) = ui.memory(egui::Memory::focused) {
            ui.memory_mut(|memory| memory.surrender_focus(focused));
        }
        if state.analysis.tab == PacketsTab::Packets {
            state.pane = if state.pane == Pane::List { Pane::Tree } else { Pane::List };
        } else {
            state.analysis.lower = !state.analysis.lower;
        }
    }
    let escape = pressed(Key::Escape);
    if (escape && state.bar.escaped()) || ui.ctx().egui_wants_keyboard_input() {
        return;
    }
    // The letter that these keys would write is not to be written.
    let typed = |key: Key, letter: &str| {
        let is_letter =
            |event: &egui::Event| matches!(event, egui::Event::Text(text) if text == letter);
        let hit = pressed(key);
        if hit {
            ui.input_mut(|input| input.events.retain(|event| !is_letter(event)));
        }
        hit
    };
    if typed(Key::Slash, "/") {
        state.bar.focus = true;
    }
    if pressed(Key::T) {
        state.list.absolute = !state.list.absolute;
    }
    for tab in PacketsTab::ALL {
        if pressed(tab.key()) {
            commands.push(order(PacketsOrder::Show(tab)));
        }
    }
    if state.analysis.tab != PacketsTab::Packets {
        if escape {
            commands.push(order(PacketsOrder::Show(PacketsTab::Packets)));
        }
        return;
    }
    if pressed(Key::S) {
        commands.push(order(PacketsOrder::ToggleStatistics));
    }
    if escape && !state.bar.applied.is_empty() {
        commands.push(order(PacketsOrder::Filter(String::new())));
    }
}

fn packets(ui: &mut Ui, state: &mut PacketsState, palette: &Palette, commands: &mut Vec<Command>) {
    let Some(session) = &state.session else { return };
    let on_list = state.analysis.tab == PacketsTab::Packets;
    head::title(ui, session, state.analysis.tab, palette, commands);
    if !on_list {
        let absolute = state.list.absolute;
        analysis::ui(ui, &mut state.analysis, session, absolute, palette, commands);
        return;
    }
    let counts = head::counts(session);
    let history = state.settings.filters.clone();
    filter_bar::ui(ui, &mut state.bar, &counts, &history, palette, commands);
    head::warnings(ui, session, palette);
    ui.add_space(2.0);
    if state.show_statistics {
        let side = Frame::new().fill(palette.panel).inner_margin(Margin::symmetric(10, 4));
        Panel::right("packet-statistics")
            .frame(side)
            .resizable(true)
            .default_size(400.0)
            .size_range(320.0..=640.0)
            .show(ui, |ui| counted(ui, session, palette, commands));
    }
    let foot = Frame::new().fill(palette.ground);
    let height = (ui.available_height() * 0.44).max(120.0);
    Panel::bottom("packet-panes")
        .frame(foot)
        .resizable(true)
        .default_size(height)
        .size_range(80.0..=(ui.available_height() - 120.0).max(81.0))
        .show(ui, |ui| panes(ui, state, palette, commands));
    Panel::bottom("packet-legend")
        .frame(Frame::new().fill(palette.ground).inner_margin(Margin::symmetric(0, 3)))
        .resizable(false)
        .show(ui, |ui| head::legend(ui, &state.rules, &state.places, palette, commands));
    CentralPanel::default().frame(Frame::new().fill(palette.card)).show(ui, |ui| {
        let PacketsState { session, list, rules, places, pane, .. } = state;
        let Some(session) = session else { return };
        if session.selection.is_some() && session.rows() == 0 && !session.is_searching() {
            let clear = [("Show all packets", order(PacketsOrder::Filter(String::new())))];
            let words = "Change or clear the filter above.";
            parts::empty(ui, palette, "No packet passes the filter", words, &clear, commands);
            return;
        }
        let is_active = *pane == Pane::List;
        let shown = list::Shown { session, rules, places, palette, is_active };
        list::ui(ui, list, &shown, pane, commands);
    });
}

/// The counts, or how far they are.
fn counted(ui: &mut Ui, session: &Session, palette: &Palette, commands: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let title = RichText::new("Statistics").size(15.0).family(crate::fonts::bold());
        ui.label(title.color(palette.strong));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.small_button("Close").clicked() {
                commands.push(order(PacketsOrder::ToggleStatistics));
            }
        });
    });
    let what = session.selection.as_ref().map_or_else(
        || "All packets.".to_owned(),
        |selection| format!("Packets that pass: {}", selection.filter().text()),
    );
    let result = session.counting.as_ref().map(|counting| (counting.share(), counting.result()));
    match result {
        Some((_, Some(result))) => match result.as_ref() {
            Ok(report) => statistics::ui(ui, report, &what, palette, commands),
            Err(error) => {
                let words = match error {
                    WorkError::Failed(words) => words.as_str(),
                    WorkError::Cancelled | WorkError::Exists => "Counting was stopped.",
                };
                ui.label(RichText::new(words).color(palette.bad));
            }
        },
        Some((share, None)) => {
            ui.add(egui::ProgressBar::new(share).text("counting"));
        }
        None => {
            ui.label(RichText::new("Counted once all packets are known.").color(palette.weak));
        }
    }
}

/// Tree on the left, bytes on the right.
fn panes(ui: &mut Ui, state: &mut PacketsState, palette: &Palette, commands: &mut Vec<Command>) {
    let Some(detail) = state.detail.clone() else {
        let words = "Choose a packet to see its fields and bytes.";
        ui.centered_and_justified(|ui| ui.label(RichText::new(words).color(palette.weak)));
        return;
    };
    let detail = match detail.as_ref() {
        Ok(detail) => detail,
        Err(words) => {
            ui.label(RichText::new(words).color(palette.bad));
            return;
        }
    };
    let frame = Frame::new().fill(palette.card).inner_margin(Margin::symmetric(2, 2));
    // Room for sixteen bytes in a line where there is enough.
    let width = (ui.available_width() * 0.46).clamp(300.0, 620.0);
    let before = state.tree.chosen;
    let bring = std::mem::take(&mut state.bring_bytes);
    let clicked = Panel::right("packet-bytes-pane")
        .frame(frame)
        .resizable(true)
        .default_size(width)
        .size_range(260.0..=900.0)
        .show(ui, |ui| {
            let node = state.tree.chosen.and_then(|at| detail.tree.nodes.get(at));
            let span = node.map(|node| node.span);
            bytes::ui(ui, detail, span, bring, &mut state.pane, palette)
        })
        .inner;
    if let Some(at) = clicked.and_then(|byte| detail.tree.at_byte(byte)) {
        state.tree.reveal(&detail.tree.nodes, at);
    }
    CentralPanel::default().frame(frame).show(ui, |ui| {
        tree::ui(ui, &mut state.tree, detail, &mut state.pane, palette, commands);
    });
    state.bring_bytes = state.tree.chosen != before && clicked.is_none();
    if state.bring_bytes {
        ui.ctx().request_repaint();
    }
}
