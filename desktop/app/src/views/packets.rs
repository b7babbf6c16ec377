//! Packets of a capture: list, tree of fields, bytes; filtered, coloured, counted, exported.

mod analysis;
mod bytes;
mod columns;
mod dialogs;
mod filter_bar;
mod head;
mod list;
mod rules;
mod session;
mod statistics;
mod tree;

pub use analysis::PacketsTab;
pub(crate) use rules::Rule;

use crate::command::Command;
use crate::feed::Notice;
use crate::style::Palette;
use crate::views::parts;
use analysis::AnalysisState;
use dialogs::PacketsDialog;
use egui::{Align, CentralPanel, Frame, Key, Layout, Margin, Modifiers, Panel, RichText, Ui};
use filter_bar::FilterBar;
use list::ListState;
use pw_engine::capture_file::{Filter, PacketDetail, Phase, WorkError};
use pw_model::MacAddr;
use serde::{Deserialize, Serialize};
use session::{Export, Session};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::TreeState;

/// Filters that are remembered; the oldest is forgotten.
const HISTORY: usize = 20;
/// Captures that are remembered; the oldest is forgotten.
const RECENT: usize = 10;

/// What the view keeps between runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PacketSettings {
    /// Times in UTC instead of since the first packet.
    pub(crate) absolute_time: bool,
    /// Captures, the latest first.
    pub(crate) recent: Vec<PathBuf>,
    /// Filters, the latest first.
    pub(crate) filters: Vec<String>,
    /// Colour rules; `None` for the usual ones.
    pub(crate) rules: Option<Vec<Rule>>,
}

impl PacketSettings {
    fn opened(&mut self, path: &Path) {
        self.recent.retain(|recent| recent != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(RECENT);
    }

    fn filtered(&mut self, text: &str) {
        self.filters.retain(|filter| filter != text);
        self.filters.insert(0, text.to_owned());
        self.filters.truncate(HISTORY);
    }
}

/// Asked for by the view, carried out by [`PacketsState::carry_out`] after painting.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum PacketsOrder {
    /// Ask which capture to open.
    AskOpen,
    /// Ask where to export to.
    AskExport,
    /// Ask for colour rules.
    AskRules,
    Close,
    /// Show only what passes.
    Filter(String),
    /// Show only what passes this too.
    Narrow(String),
    /// Show only what this device sends or receives.
    Follow(MacAddr),
    StopSearch,
    StopIndexing,
    Export {
        path: PathBuf,
        may_replace: bool,
    },
    StopExport,
    SetRules(Vec<Rule>),
    /// Show or hide the counts.
    ToggleStatistics,
    /// Show this side of the view.
    Show(PacketsTab),
    /// Show this packet in the list, whatever the filter.
    ShowPacket(u32),
    StopAnalysis,
    AnalyseAgain,
    /// Analyse unencrypted traffic of this capture too, or not.
    ReadLayer3(bool),
}

/// Which of the three panes takes the keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Pane {
    #[default]
    List,
    Tree,
    Bytes,
}

/// What the view remembers between frames.
#[derive(Debug, Default)]
pub(crate) struct PacketsState {
    pub(crate) settings: PacketSettings,
    session: Option<Session>,
    /// Why no capture is open.
    trouble: Option<String>,
    bar: FilterBar,
    list: ListState,
    tree: TreeState,
    pane: Pane,
    /// The packet that was shown last: it stays in sight until the next is there.
    detail: Option<Arc<Result<PacketDetail, String>>>,
    dialog: Option<PacketsDialog>,
    rules: Vec<Rule>,
    /// For each rule that the engine knows, its place among all.
    places: Vec<usize>,
    /// After a filter: choose the first packet that passes, once it is known.
    settle: bool,
    bring_bytes: bool,
    show_statistics: bool,
    analysis: AnalysisState,
}

impl PacketsState {
    /// With the settings as they were kept.
    pub(crate) fn new(settings: PacketSettings) -> Self {
        let rules = settings.rules.clone().unwrap_or_else(rules::usual);
        let mut state = Self { settings, rules, ..Self::default() };
        state.list.absolute = state.settings.absolute_time;
        state
    }

    /// True while a dialog of the view is open.
    pub(crate) const fn has_dialog(&self) -> bool {
        self.dialog.is_some()
    }

    /// True when a capture is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// True when everything that is to be seen is there.
    pub(crate) fn is_settled(&self) -> bool {
        let shown = |session: &Session| {
            let wanted = self.list.chosen;
            let made = self.detail.as_ref().and_then(|detail| detail.as_ref().as_ref().ok());
            !session.is_busy() && (wanted.is_none() || wanted == made.map(|detail| detail.number))
        };
        self.session.as_ref().is_none_or(shown)
    }

    /// Why the capture cannot be shown.
    pub(crate) fn trouble(&self) -> Option<String> {
        let failed = |session: &Session| match session.file.status().phase {
            Phase::Failed(words) => Some(words),
            _ => None,
        };
        self.trouble.clone().or_else(|| self.session.as_ref().and_then(failed))
    }

    /// Chooses a packet by its number; one beyond the end becomes the last.
    pub(crate) fn choose(&mut self, number: u32) {
        let last = self.session.as_ref().map_or(0, |session| session.file.count());
        self.list.chosen = Some(number.clamp(1, last.max(1)));
        self.list.bring = true;
        self.settle = false;
    }

    /// Opens a capture in place of the one that is open.
    pub(crate) fn open(&mut self, path: &Path, ctx: &egui::Context) {
        self.dialog = None;
        self.detail = None;
        self.bar.set("");
        self.bar.applied.clear();
        self.list.chosen = None;
        self.list.first = 0;
        self.pane = Pane::List;
        self.settle = true;
        self.analysis = AnalysisState::default();
        match Session::open(path, ctx) {
            Ok(session) => {
                self.settings.opened(path);
                self.session = Some(session);
                self.trouble = None;
                self.put_rules();
            }
            Err(words) => {
                self.session = None;
                self.trouble = Some(words);
            }
        }
    }

    fn put_rules(&mut self) {
        let (filters, places) = rules::compiled(&self.rules);
        self.places = places;
        if let Some(session) = &self.session {
            session.file.set_rules(filters);
        }
    }

    /// Does what was asked; what the person should be told comes back.
    pub(crate) fn carry_out(&mut self, order: PacketsOrder) -> Option<Notice> {
        match order {
            PacketsOrder::AskOpen => {
                let beside = self.settings.recent.first().map(PathBuf::as_path);
                self.dialog = Some(PacketsDialog::open(beside));
            }
            PacketsOrder::AskExport => {
                let session = self.session.as_ref()?;
                self.dialog = Some(PacketsDialog::export(session.file.path()));
            }
            PacketsOrder::AskRules => {
                self.dialog = Some(PacketsDialog::Rules { rules: self.rules.clone() });
            }
            PacketsOrder::Close => {
                self.session = None;
                self.trouble = None;
                self.detail = None;
            }
            PacketsOrder::Filter(text) => return self.filter(text.trim()),
            PacketsOrder::Narrow(more) => {
                let applied = self.bar.applied.trim();
                let text = match applied {
                    "" => more,
                    applied if applied.contains(" or ") || applied.contains("||") => {
                        format!("({applied}) and {more}")
                    }
                    applied => format!("{applied} and {more}"),
                };
                return self.filter(&text);
            }
            PacketsOrder::Follow(address) => return self.filter(&follow(address)),
            PacketsOrder::StopSearch => {
                if let Some(selection) = self.session.as_ref()?.selection.as_ref() {
                    selection.cancel();
                }
            }
            PacketsOrder::StopIndexing => self.session.as_ref()?.file.cancel_indexing(),
            PacketsOrder::Export { path, may_replace } => {
                let session = self.session.as_mut()?;
                let selection = session.selection.as_ref();
                match session.file.export(selection, &path, may_replace) {
                    Ok(work) => session.export = Some(Export { path, work }),
                    Err(error) => return Some(Notice::failed(format!("no thread: {error}"))),
                }
            }
            PacketsOrder::StopExport => {
                if let Some(export) = &self.session.as_ref()?.export {
                    export.work.cancel();
                }
            }
            PacketsOrder::Show(tab) => {
                self.analysis.tab = tab;
                return self.analyse();
            }
            PacketsOrder::ShowPacket(number) => {
                self.analysis.tab = PacketsTab::Packets;
                let session = self.session.as_ref()?;
                let place = session.place(number);
                if session.number(place) != Some(number) {
                    let notice = self.filter("");
                    self.choose(number);
                    return notice;
                }
                self.choose(number);
            }
            PacketsOrder::StopAnalysis => self.session.as_ref()?.analysis()?.cancel(),
            PacketsOrder::AnalyseAgain => {
                self.session.as_mut()?.forget_analysis();
                return self.analyse();
            }
            PacketsOrder::ReadLayer3(layer3) => {
                self.session.as_mut()?.layer3 = layer3;
                return self.analyse();
            }
            PacketsOrder::ToggleStatistics => self.show_statistics = !self.show_statistics,
            PacketsOrder::SetRules(rules) => {
                self.settings.rules = (rules != rules::usual()).then(|| rules.clone());
                self.rules = rules;
                self.put_rules();
            }
        }
        None
    }

    fn filter(&mut self, text: &str) -> Option<Notice> {
        self.analysis.tab = PacketsTab::Packets;
        self.bar.set(text);
        let filter = match Filter::compile(text) {
            Ok(filter) => filter,
            Err(error) => return Some(Notice::failed(error.to_string())),
        };
        let session = self.session.as_mut()?;
        if let Err(words) = session.select(filter) {
            return Some(Notice::failed(words));
        }
        if !text.is_empty() {
            self.settings.filtered(text);
        }
        text.clone_into(&mut self.bar.applied);
        self.list.first = 0;
        self.list.bring = true;
        self.settle = true;
        None
    }

    /// Begins the analysis when it is to be seen; what the person should be told comes back.
    fn analyse(&mut self) -> Option<Notice> {
        if self.analysis.tab == PacketsTab::Packets {
            return None;
        }
        let words = self.session.as_mut()?.analyse().err()?;
        self.analysis.tab = PacketsTab::Packets;
        Some(Notice::failed(words))
    }

    /// Takes what other threads have done; what the person should be told comes back.
    pub(crate) fn pull(&mut self) -> Option<Notice> {
        self.settings.absolute_time = self.list.absolute;
        if let Some(notice) = self.analyse() {
            return Some(notice);
        }
        let session = self.session.as_mut()?;
        if self.show_statistics
            && let Err(words) = session.count()
        {
            self.show_statistics = false;
            return Some(Notice::failed(words));
        }
        // After a filter, the packet that was looked at stays chosen if it passes, else the next one.
        if self.settle && session.rows() > 0 {
            let wanted = self.list.chosen.unwrap_or(1);
            let place = session.place(wanted).min(session.rows() - 1);
            let found = session.number(place);
            if !session.is_searching() || found == Some(wanted) || self.list.chosen.is_none() {
                self.list.chosen = found;
                self.list.bring = true;
                self.settle = false;
            }
        }
        if let Some(detail) = self.list.chosen.and_then(|number| session.file.detail(number)) {
            let same = self.detail.as_ref().is_some_and(|before| Arc::ptr_eq(before, &detail));
            if !same {
                if let Ok(now) = detail.as_ref() {
                    let before =
                        self.detail.as_ref().and_then(|before| before.as_ref().as_ref().ok());
                    self.tree.follow(before, now);
                }
                self.detail = Some(detail);
            }
        }
        let result = session.export.as_ref()?.work.result()?;
        let Export { path, .. } = session.export.take()?;
        let about = path.display().to_string();
        Some(match result.as_ref() {
            Ok(words) => Notice::Done { text: format!("{about}: {words}"), about, open: None },
            Err(error) => {
                let text = dialogs::export_trouble(&path, error);
                Notice::Failed { about: Some(about), text }
            }
        })
    }
}

/// A filter for everything that names a device's address in its header.
fn follow(address: MacAddr) -> String {
    format!("wlan.addr == {address}")
}

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

const fn order(order: PacketsOrder) -> Command {
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

#[cfg(test)]
mod tests;
