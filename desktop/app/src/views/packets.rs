//! Packets of a capture: list, tree of fields, bytes; filtered, coloured, counted, exported.

mod analysis;
mod bytes;
mod columns;
mod dialogs;
mod filter_bar;
mod head;
mod list;
mod paint;
mod rules;
mod session;
mod statistics;
mod tree;

pub use analysis::PacketsTab;
pub(crate) use paint::{dialog, ui};
pub(crate) use rules::Rule;

use crate::feed::Notice;
use analysis::AnalysisState;
use columns::MOST_ADDED;
use dialogs::PacketsDialog;
use filter_bar::FilterBar;
use list::ListState;
use pw_engine::capture_file::{Filter, PacketDetail, Phase, field_by_name};
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
    /// Names of fields that are columns too.
    pub(crate) columns: Vec<String>,
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
    /// Make the field of this name a column, or no longer.
    ToggleColumn(&'static str),
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

    /// Packets of the open capture, as far as it is read.
    pub(crate) fn count(&self) -> u32 {
        self.session.as_ref().map_or(0, |session| session.file.count())
    }

    /// True when the list has the packet of this number: it is there, and passes the filter.
    pub(crate) fn lists(&self, number: u32) -> bool {
        self.session.as_ref().is_some_and(|session| {
            let place = session.place(number);
            place < session.rows() && session.number(place) == Some(number)
        })
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
                self.put_columns();
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

    fn put_columns(&mut self) {
        // Names that a later release wrote and this one does not know stay in the settings.
        let names = self.settings.columns.iter();
        let fields: Vec<_> = names.filter_map(|name| field_by_name(name)).collect();
        self.list.columns.set_added(fields.clone());
        if let Some(session) = &self.session {
            session.file.set_fields(fields);
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
            PacketsOrder::ToggleColumn(name) => {
                let columns = &mut self.settings.columns;
                match columns.iter().position(|column| column == name) {
                    Some(at) => drop(columns.remove(at)),
                    None if columns.len() < MOST_ADDED => columns.push(name.to_owned()),
                    None => {
                        let words =
                            format!("{MOST_ADDED} columns are added already; remove one first.");
                        return Some(Notice::Info(words));
                    }
                }
                self.put_columns();
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

#[cfg(test)]
mod tests;
