//! The table of access points: sorted, filtered, walked with the keyboard, copied cell by cell.

mod rows;
mod spark;

pub(crate) use rows::{Column, NetworkRow, Sort};

use crate::command::{Command, Order};
use crate::feed::Feed;
use crate::style::Palette;
use crate::views::{parts, security};
use crate::words;
use egui::{Align, Key, Layout, Modifiers, RichText, Ui, vec2};
use egui_extras::{Column as Width, TableBuilder};
use pw_model::{MacAddr, TimeRange};
use pw_survey::{Filter, FilterError, Snapshot};
use std::sync::Arc;

/// Height of a row in points.
const ROW_HEIGHT: f32 = 24.0;

/// What the table remembers between frames.
#[derive(Debug, Default)]
pub(crate) struct NetworksState {
    /// Text of the filter box.
    pub(crate) filter_text: String,
    filter: Filter,
    filter_error: Option<FilterError>,
    sort: Sort,
    column: Column,
    rows: Vec<NetworkRow>,
    basis: Option<Basis>,
    scroll_to: Option<usize>,
    focus_filter: bool,
    show_filter_help: bool,
}

/// What the cached rows were made from.
#[derive(Clone, PartialEq, Debug)]
struct Basis {
    snapshot: *const Snapshot,
    revision: u64,
    filter_text: String,
    sort: Sort,
    located: usize,
}

impl NetworksState {
    /// The filter as it was last understood.
    pub(crate) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Reads the filter text again after it changed.
    pub(crate) fn parse_filter(&mut self) {
        match Filter::parse(&self.filter_text) {
            Ok(filter) => {
                self.filter = filter;
                self.filter_error = None;
            }
            Err(error) => self.filter_error = Some(error),
        }
    }

    fn refresh(&mut self, snapshot: &Arc<Snapshot>, feed: &Feed) {
        let basis = Basis {
            snapshot: Arc::as_ptr(snapshot),
            revision: snapshot.revision,
            filter_text: self.filter_text.clone(),
            sort: self.sort,
            located: Arc::as_ptr(&feed.located) as usize,
        };
        if self.basis.as_ref() != Some(&basis) {
            self.rows = rows::rows(snapshot, &self.filter, self.sort, feed.vendor);
            self.basis = Some(basis);
        }
    }

    fn index_of(&self, chosen: Option<MacAddr>) -> Option<usize> {
        let chosen = chosen?;
        self.rows.iter().position(|row| row.ap.bssid == chosen)
    }
}

/// Paints the view.
pub(crate) fn ui(
    ui: &mut Ui,
    state: &mut NetworksState,
    feed: &Feed,
    palette: &Palette,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    let Some(snapshot) = feed.shown.clone() else {
        parts::no_survey(ui, palette, commands);
        return;
    };
    if snapshot.access_points.is_empty() {
        nothing_heard(ui, feed, &snapshot, palette, commands);
        return;
    }
    state.refresh(&snapshot, feed);
    filter_bar(ui, state, &snapshot, palette, commands);
    let columns = columns(ui.available_width());
    if !columns.contains(&state.column) {
        // The window became smaller: what is not seen is not copied.
        state.column = Column::default();
    }
    keys(ui, state, &columns, chosen, commands);
    if state.rows.is_empty() {
        parts::empty(
            ui,
            palette,
            "No network passes the filter",
            "Change or clear the filter above.",
            &[],
            commands,
        );
        return;
    }
    table(ui, state, &columns, feed, palette, chosen, commands);
}

/// Narrower tables leave some columns out.
const WIDE: f32 = 980.0;

/// The columns that are shown in so much room.
fn columns(room: f32) -> Vec<Column> {
    let wide = room > WIDE;
    Column::ALL.into_iter().filter(|column| wide || !column.only_when_wide()).collect()
}

fn nothing_heard(
    ui: &mut Ui,
    feed: &Feed,
    snapshot: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    use crate::command::DialogKind;
    let everything: &[(&str, Command)] =
        &[("Show the whole time", Command::Engine(Order::Select(None)))];
    let import: &[(&str, Command)] = &[
        ("Pair or connect a sensor…", Command::OpenDialog(DialogKind::Connect)),
        ("Import captures…", Command::OpenDialog(DialogKind::Import)),
    ];
    let (title, body, actions) = if snapshot.selected.is_some() {
        (
            "Nothing was heard in this stretch of time",
            "Select another one in the timeline.",
            everything,
        )
    } else if feed.is_live() {
        ("Listening, nothing heard yet", "The sensor is connected. Networks appear here.", &[][..])
    } else {
        (
            "The survey is empty",
            "Connect a sensor to listen, or import captures (pcap, pcapng) or WiGLE files.",
            import,
        )
    };
    parts::empty(ui, palette, title, body, actions, commands);
}

fn filter_bar(
    ui: &mut Ui,
    state: &mut NetworksState,
    snapshot: &Snapshot,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 330.0).clamp(160.0, 560.0);
        let label = ui.label(RichText::new("Filter").color(palette.weak));
        let response = ui
            .add(
                egui::TextEdit::singleline(&mut state.filter_text)
                    .hint_text("name, address, or a term like security=open")
                    .desired_width(width)
                    .margin(egui::Margin::symmetric(8, 4)),
            )
            .labelled_by(label.id);
        if state.focus_filter {
            response.request_focus();
            state.focus_filter = false;
        }
        if response.changed() {
            state.parse_filter();
        }
        if !state.filter_text.is_empty() && ui.button("Clear").clicked() {
            state.filter_text.clear();
            state.parse_filter();
        }
        let help = if state.show_filter_help { "Hide help" } else { "What can I write?" };
        if ui.button(help).clicked() {
            state.show_filter_help = !state.show_filter_help;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let all = snapshot.access_points.len();
            let words = if state.rows.len() == all {
                words::counted(all as u64, "network", "networks")
            } else {
                format!("{} of {}", words::count(state.rows.len() as u64), words::count(all as u64))
            };
            ui.label(RichText::new(words).color(palette.weak));
        });
    });
    if let Some(error) = &state.filter_error {
        ui.label(RichText::new(error.to_string()).color(palette.bad));
    }
    if state.show_filter_help {
        parts_help(ui, palette, commands);
    }
    ui.add_space(4.0);
}

fn parts_help(ui: &mut Ui, palette: &Palette, commands: &mut Vec<Command>) {
    crate::style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let response = ui.add(egui::Label::new(RichText::new(Filter::help()).monospace()).wrap());
        parts::copy_menu(&response, Filter::help(), commands);
    });
}

/// Arrow keys, ends, enter, copy; not while a text is being written.
fn keys(
    ui: &Ui,
    state: &mut NetworksState,
    columns: &[Column],
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
        state.focus_filter = true;
    }
    if ui.ctx().egui_wants_keyboard_input() || state.rows.is_empty() {
        return;
    }
    let at = state.index_of(chosen);
    let last = state.rows.len() - 1;
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let target = if pressed(Key::ArrowDown) {
        Some(at.map_or(0, |at| (at + 1).min(last)))
    } else if pressed(Key::ArrowUp) {
        Some(at.map_or(0, |at| at.saturating_sub(1)))
    } else if pressed(Key::PageDown) {
        Some(at.map_or(0, |at| (at + 20).min(last)))
    } else if pressed(Key::PageUp) {
        Some(at.map_or(0, |at| at.saturating_sub(20)))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(row) = target.and_then(|target| state.rows.get(target)) {
        commands.push(Command::Choose(Some(row.ap.bssid)));
        state.scroll_to = target;
    }
    if pressed(Key::ArrowRight) {
        state.column = state.column.neighbour(columns, 1);
    } else if pressed(Key::ArrowLeft) {
        state.column = state.column.neighbour(columns, -1);
    }
    let Some(row) = at.and_then(|at| state.rows.get(at)) else { return };
    if pressed(Key::Enter) {
        commands.push(Command::ShowOnMap(row.ap.bssid));
    }
    // egui turns the copy shortcut into an event of its own, but only without Shift.
    let whole =
        ui.input_mut(|input| input.consume_key(Modifiers::COMMAND | Modifiers::SHIFT, Key::C));
    let copy =
        ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if whole {
        commands.push(Command::Copy(row.line()));
    } else if copy {
        commands.push(Command::Copy(row.text(state.column)));
    }
}

fn table(
    ui: &mut Ui,
    state: &mut NetworksState,
    columns: &[Column],
    feed: &Feed,
    palette: &Palette,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    let range = feed.shown.as_ref().and_then(|shown| shown.selected.or(shown.range));
    let room = ui.available_width();
    let wide = room > WIDE;
    // What is left over is shared out at first; the person may drag the edges.
    let spare = if wide { (room - 1240.0).max(0.0) } else { 0.0 };
    let stretched = if wide { Column::Vendor } else { Column::Name };
    let chosen_at = state.index_of(chosen);
    let mut builder = TableBuilder::new(ui)
        .id_salt(("networks", wide, chosen.is_some()))
        .striped(true)
        .resizable(true)
        .sense(egui::Sense::click())
        .cell_layout(Layout::left_to_right(Align::Center))
        .auto_shrink([false, false]);
    for column in columns {
        let (width, least) = column.width();
        let width = width
            + match column {
                Column::Name => spare * 0.35,
                Column::Trend => spare * 0.25,
                _ => 0.0,
            };
        builder = builder.column(if *column == stretched {
            Width::remainder().at_least(least).clip(true).resizable(false)
        } else {
            Width::initial(width).at_least(least).clip(true)
        });
    }
    if let Some(row) = state.scroll_to.take() {
        builder = builder.scroll_to_row(row, None);
    }
    let NetworksState { rows, sort, column: cursor, .. } = state;
    let mut new_sort = None;
    builder
        .header(26.0, |mut header| {
            for column in columns {
                header.col(|ui| {
                    if let Some(sort) = header_cell(ui, *column, *sort, palette) {
                        new_sort = Some(sort);
                    }
                });
            }
        })
        .body(|body| {
            body.rows(ROW_HEIGHT, rows.len(), |mut line| {
                let index = line.index();
                let Some(row) = rows.get(index) else { return };
                line.set_selected(chosen_at == Some(index));
                for column in columns {
                    let on_cursor = chosen_at == Some(index) && *cursor == *column;
                    let (_, response) = line.col(|ui| {
                        cell(ui, row, *column, range, palette);
                        if on_cursor {
                            let rect = ui.max_rect().expand2(vec2(2.0, 0.0));
                            let stroke = egui::Stroke::new(1.0, palette.accent);
                            ui.painter().hline(rect.x_range(), rect.bottom() - 2.0, stroke);
                        }
                    });
                    if response.clicked() {
                        *cursor = *column;
                        commands.push(Command::Choose(Some(row.ap.bssid)));
                    }
                    if response.double_clicked() {
                        commands.push(Command::ShowOnMap(row.ap.bssid));
                    }
                    cell_menu(&response, row, *column, feed, commands);
                }
            });
        });
    if let Some(sort) = new_sort {
        state.sort = sort;
        ui.ctx().request_repaint();
    }
}

fn header_cell(ui: &mut Ui, column: Column, sort: Sort, palette: &Palette) -> Option<Sort> {
    let active = sort.column == column;
    let color = if active { palette.strong } else { palette.weak };
    let text = RichText::new(column.title()).size(12.5).color(color);
    let text = if active { text.family(crate::fonts::bold()) } else { text };
    let layout = if column.is_number() {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    let response = ui
        .with_layout(layout, |ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            if column.is_number() {
                ui.add_space(4.0);
            }
            if active && column.is_number() {
                arrow(ui, sort.descending, color);
            }
            let button =
                egui::Button::new(text).frame(false).wrap_mode(egui::TextWrapMode::Truncate);
            let mut meaning = column.meaning().to_owned();
            if column == Column::Vendor {
                meaning.push_str(&format!("\n{}", pw_engine::vendor_lists()));
            }
            let response = ui.add(button).on_hover_text(meaning);
            if active && !column.is_number() {
                arrow(ui, sort.descending, color);
            }
            response
        })
        .inner;
    response.clicked().then(|| sort.toggled(column))
}

/// A small triangle: up for ascending, down for descending.
fn arrow(ui: &mut Ui, descending: bool, color: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(9.0, 8.0), egui::Sense::hover());
    let (foot, tip) = if descending { (-2.5, 2.5) } else { (2.5, -2.5) };
    let at = rect.center();
    let points = vec![at + vec2(-4.0, foot), at + vec2(4.0, foot), at + vec2(0.0, tip)];
    ui.painter().add(egui::Shape::convex_polygon(points, color, egui::Stroke::NONE));
}

fn cell(
    ui: &mut Ui,
    row: &NetworkRow,
    column: Column,
    range: Option<TimeRange>,
    palette: &Palette,
) {
    let text = |ui: &mut Ui, text: RichText| {
        ui.add(egui::Label::new(text).truncate().selectable(false));
    };
    match column {
        Column::Name => match &row.name {
            Some(name) => text(ui, RichText::new(name).color(palette.strong)),
            None => text(ui, RichText::new("hidden").italics().color(palette.weak)),
        },
        Column::Bssid => text(ui, RichText::new(row.ap.bssid.to_string()).monospace()),
        Column::Security => {
            security::mark_inline(ui, palette, row.class);
            text(ui, RichText::new(row.text(column)).color(palette.security(row.class)));
        }
        Column::Trend => {
            let (rect, _) = ui.allocate_exact_size(
                vec2(ui.available_width(), ROW_HEIGHT - 6.0),
                egui::Sense::hover(),
            );
            spark::paint(ui.painter(), rect, &row.ap.history, range, palette);
        }
        column if column.is_number() => {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add_space(4.0);
                text(ui, RichText::new(row.text(column)));
            });
        }
        Column::FirstSeen | Column::LastSeen => {
            let value = row.text(column);
            ui.add(egui::Label::new(RichText::new(row.short_time(column))).truncate())
                .on_hover_text(format!("{value} UTC"));
        }
        _ => text(ui, RichText::new(row.text(column))),
    }
}

fn cell_menu(
    response: &egui::Response,
    row: &NetworkRow,
    column: Column,
    feed: &Feed,
    commands: &mut Vec<Command>,
) {
    response.context_menu(|ui| {
        let mut item = |ui: &mut Ui, words: &str, command: Command| {
            if ui.button(words).clicked() {
                commands.push(command);
                ui.close();
            }
        };
        item(ui, &format!("Copy {}", column.title()), Command::Copy(row.text(column)));
        item(ui, "Copy row", Command::Copy(row.line()));
        item(ui, "Copy address", Command::Copy(row.ap.bssid.to_string()));
        ui.separator();
        item(ui, "Show on map", Command::ShowOnMap(row.ap.bssid));
        let known = !row.ap.known;
        if !feed.read_only {
            let words = if known { "Mark as known" } else { "Mark as not known" };
            let order = Order::Known { bssid: row.ap.bssid, known };
            item(ui, words, Command::Engine(order));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_that_are_seen_are_walked_through() {
        let narrow = columns(700.0);
        assert_eq!(columns(WIDE + 1.0), Column::ALL);
        assert!(!narrow.contains(&Column::Standard) && narrow.contains(&Column::Clients));
        assert_eq!(Column::Trend.neighbour(&narrow, 1), Column::Clients);
        let last = narrow.last().copied().unwrap_or_default();
        assert_eq!(last.neighbour(&narrow, 1), last);
    }
}
