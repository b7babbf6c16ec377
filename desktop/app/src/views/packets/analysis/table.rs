//! A table of the analysis: sorted, walked through by keys, copied from; only rows in sight are made.

use crate::command::Command;
use crate::style::Palette;
use crate::views::packets::columns::{self, TimeBase};
use crate::views::packets::list;
use crate::words::UNKNOWN;
use egui::{FontId, Key, Modifiers, Rect, Sense, Stroke, Ui, pos2, vec2};
use pw_engine::capture_file::CaptureAnalysis;
use pw_engine::capture_file::analysed::Grade;
use pw_model::{MacAddr, Timestamp};
use std::cmp::Ordering;

const ROW_HEIGHT: f32 = 21.0;
const HEADER_HEIGHT: f32 = 24.0;

/// What stands in a cell: written, and compared.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    /// Not known, or without meaning here: a dash, and last in every order.
    Unknown,
    Text(String),
    /// With whose it is.
    Address(MacAddr),
    /// An address alone.
    Bssid(MacAddr),
    /// A number as it is compared and as it is written.
    Number(f64, String),
    Time(Timestamp),
    Grade(Grade),
}

impl Value {
    pub(super) fn count(count: u64) -> Self {
        Self::Number(count as f64, crate::words::count(count))
    }

    pub(super) fn bytes(bytes: u64) -> Self {
        Self::Number(bytes as f64, crate::words::bytes(bytes))
    }

    pub(super) fn decimal(value: Option<f64>) -> Self {
        value.map_or(Self::Unknown, |value| Self::Number(value, format!("{value:.1}")))
    }

    pub(super) fn address(address: Option<MacAddr>) -> Self {
        address.map_or(Self::Unknown, Self::Address)
    }

    pub(super) fn time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Unknown, Self::Time)
    }

    /// As it is shown and copied.
    pub(super) fn text(&self, base: TimeBase) -> String {
        match self {
            Self::Unknown => UNKNOWN.to_owned(),
            Self::Text(text) | Self::Number(_, text) => text.clone(),
            Self::Address(address) => columns::named(*address),
            Self::Bssid(address) => address.to_string(),
            Self::Time(time) => {
                columns::time(Some(*time), base).unwrap_or_else(|| UNKNOWN.to_owned())
            }
            Self::Grade(grade) => grade_words(*grade).to_owned(),
        }
    }

    /// Values of a column are of one kind, or unknown.
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Address(one), Self::Address(other)) | (Self::Bssid(one), Self::Bssid(other)) => {
                one.cmp(other)
            }
            (Self::Number(one, _), Self::Number(other, _)) => one.total_cmp(other),
            (Self::Time(one), Self::Time(other)) => one.cmp(other),
            (Self::Grade(one), Self::Grade(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}

/// A grade in a word.
pub(super) const fn grade_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Warning => "warning",
        Grade::Notice => "notice",
        Grade::Information => "information",
    }
}

/// A column: heading, what it means, width at first, and its cells.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) meaning: &'static str,
    pub(super) width: f32,
    /// Numbers stand at the right edge, and are sorted from the greatest at first.
    pub(super) is_number: bool,
    pub(super) is_time: bool,
    pub(super) value: fn(&CaptureAnalysis, usize) -> Value,
}

/// What a table remembers between frames.
#[derive(Debug, Default)]
pub(super) struct TableState {
    /// The chosen row, by its place in the data.
    pub(super) chosen: Option<usize>,
    /// Column whose cell is copied.
    cursor: usize,
    /// Column and whether from the greatest down; `None` for the order of the analysis.
    sort: Option<(usize, bool)>,
    /// Places in the data in the order shown, and for which data and sort that was worked out.
    order: Vec<usize>,
    made_for: Option<(usize, Option<(usize, bool)>)>,
    bring: bool,
}

impl TableState {
    /// Sorted by this column from the greatest down, until the person sorts otherwise.
    pub(super) fn from_greatest(column: usize) -> Self {
        Self { sort: Some((column, true)), ..Self::default() }
    }
}

/// What a table shows.
pub(super) struct Table<'a> {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
    pub(super) rows: usize,
    pub(super) data: &'a CaptureAnalysis,
    pub(super) base: TimeBase,
    /// Takes the keys.
    pub(super) is_active: bool,
}

/// What the person did with a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Done {
    /// Clicked somewhere into it.
    pub(super) touched: bool,
    /// Row that was opened, by its place in the data.
    pub(super) opened: Option<usize>,
}

/// Places of `rows` rows, sorted; unknown last either way.
fn order(table: &Table<'_>, sort: Option<(usize, bool)>) -> Vec<usize> {
    let Some((at, descending)) = sort else { return (0..table.rows).collect() };
    let Some(column) = table.columns.get(at) else { return (0..table.rows).collect() };
    let mut rows: Vec<(Value, usize)> =
        (0..table.rows).map(|at| ((column.value)(table.data, at), at)).collect();
    rows.sort_by(|(one, _), (other, _)| {
        let unknown = |value: &Value| *value == Value::Unknown;
        unknown(one).cmp(&unknown(other)).then_with(|| {
            let order = one.order(other);
            if descending { order.reverse() } else { order }
        })
    });
    rows.into_iter().map(|(_, at)| at).collect()
}

/// Paints the table and takes its keys.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut TableState,
    table: &Table<'_>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) -> Done {
    let mut done = Done::default();
    let before = state.chosen;
    // The analysis stays where it is as long as it is kept.
    let data = std::ptr::from_ref(table.data) as usize;
    if state.made_for != Some((data, state.sort)) {
        if state.made_for.is_none_or(|(before, _)| before != data) {
            state.chosen = None;
        }
        state.order = order(table, state.sort);
        state.made_for = Some((data, state.sort));
        state.bring = true;
    }
    if state.chosen.is_none() {
        state.chosen = state.order.first().copied();
    }
    let area = ui.available_rect_before_wrap();
    let in_sight = (((area.height() - HEADER_HEIGHT) / ROW_HEIGHT).floor() as usize).max(1);
    if table.is_active {
        done.opened = keys(ui, state, table, in_sight, commands);
    }
    let least: f32 = table.columns.iter().map(|column| column.width).sum();
    let width = least.max(area.width() - 14.0);
    egui::ScrollArea::horizontal().id_salt(table.name).auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let (head, _) = ui.allocate_exact_size(vec2(width, HEADER_HEIGHT), Sense::hover());
        header(ui, state, table, head, palette);
        let mut rows =
            egui::ScrollArea::vertical().id_salt((table.name, "rows")).auto_shrink([false, false]);
        let id = ui.scope_id().with("offset");
        let offset = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(0.0);
        if std::mem::take(&mut state.bring)
            && let Some(at) = state.order.iter().position(|at| Some(*at) == state.chosen)
        {
            let top = at as f32 * ROW_HEIGHT;
            let page = in_sight as f32 * ROW_HEIGHT;
            let wanted = offset.min(top).max(top + ROW_HEIGHT - page);
            rows = rows.vertical_scroll_offset(wanted.max(0.0));
        }
        let output = rows.show_rows(ui, ROW_HEIGHT, state.order.len(), |ui, range| {
            for place in range {
                let Some(at) = state.order.get(place).copied() else { continue };
                row(ui, state, table, (at, width), palette, commands, &mut done);
            }
        });
        ui.data_mut(|data| data.insert_temp(id, output.state.clamped_offset().y));
    });
    if state.chosen != before {
        // What is said of the chosen row was painted before.
        ui.ctx().request_repaint();
    }
    done
}

/// The cells of a row with its columns; the last takes what is left.
fn cells(rect: Rect, columns: &'static [Column]) -> impl Iterator<Item = (usize, Rect)> {
    let mut left = rect.left();
    columns.iter().enumerate().map(move |(at, column)| {
        let right = if at + 1 == columns.len() { rect.right() } else { left + column.width };
        let cell = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
        left = right;
        (at, cell)
    })
}

fn header(ui: &Ui, state: &mut TableState, table: &Table<'_>, head: Rect, palette: &Palette) {
    ui.painter().rect_filled(head, 0.0, palette.panel);
    ui.painter().hline(head.x_range(), head.bottom() - 0.5, Stroke::new(1.0, palette.line));
    for (at, cell) in cells(head, table.columns) {
        let column = &table.columns[at];
        let id = ui.scope_id().with((table.name, column.title));
        let mut meaning = format!("{}\nClick: sort by it", column.meaning);
        if column.meaning.contains("address") {
            meaning.push_str(&format!("\nMakers: {}", pw_engine::vendor_lists()));
        }
        let response = ui.interact(cell, id, Sense::click()).on_hover_text(meaning);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::ColumnHeader, true, column.title)
        });
        if response.clicked() {
            state.sort = match state.sort {
                Some((before, descending)) if before == at && descending == column.is_number => {
                    Some((at, !descending))
                }
                Some((before, _)) if before == at => None,
                _ => Some((at, column.is_number)),
            };
        }
        let mut title = column.title.to_owned();
        if column.is_time {
            title.push_str(if table.base == TimeBase::Absolute { " (UTC)" } else { " (s)" });
        }
        match state.sort {
            Some((by, true)) if by == at => title.push_str(" ↓"),
            Some((by, false)) if by == at => title.push_str(" ↑"),
            _ => {}
        }
        let sorted = state.sort.is_some_and(|(by, _)| by == at);
        let color = if sorted { palette.accent } else { palette.weak };
        list::put(ui, cell, column.is_number, &title, FontId::proportional(12.0), color);
    }
}

fn row(
    ui: &mut Ui,
    state: &mut TableState,
    table: &Table<'_>,
    (at, width): (usize, f32),
    palette: &Palette,
    commands: &mut Vec<Command>,
    done: &mut Done,
) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::click());
    let chosen = state.chosen == Some(at);
    let text = |column: usize| {
        table
            .columns
            .get(column)
            .map_or_else(String::new, |column| (column.value)(table.data, at).text(table.base))
    };
    response.widget_info(|| {
        let label = format!("{} {}: {} {}", table.name, at + 1, text(0), text(1));
        egui::WidgetInfo::selected(egui::accesskit::Role::Row, true, chosen, label)
    });
    if chosen {
        ui.painter().rect_filled(rect, 0.0, palette.accent_soft);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, palette.accent_soft.gamma_multiply(0.45));
    }
    for (place, cell) in cells(rect, table.columns) {
        let column = &table.columns[place];
        let value = (column.value)(table.data, at);
        paint(ui, &value, cell, column.is_number, table.base, palette);
        if chosen && place == state.cursor && table.is_active {
            let line = cell.shrink2(vec2(4.0, 0.0)).x_range();
            ui.painter().hline(line, cell.bottom() - 1.0, Stroke::new(1.5, palette.accent));
        }
    }
    if response.clicked() || response.secondary_clicked() {
        state.chosen = Some(at);
        done.touched = true;
        let pointer = response.interact_pointer_pos();
        let under = pointer.and_then(|pointer| {
            cells(rect, table.columns).find(|(_, cell)| cell.x_range().contains(pointer.x))
        });
        state.cursor = under.map_or(state.cursor, |(place, _)| place);
    }
    if response.double_clicked() {
        done.opened = Some(at);
    }
    response.context_menu(|ui| {
        let title = table.columns.get(state.cursor).map_or("", |column| column.title);
        if ui.button(format!("Copy {title}")).clicked() {
            commands.push(Command::Copy(text(state.cursor)));
            ui.close();
        }
        if ui.button("Copy row").clicked() {
            commands.push(Command::Copy(line(table, at)));
            ui.close();
        }
    });
}

/// All cells of a row, separated by tabs.
fn line(table: &Table<'_>, at: usize) -> String {
    let cells = table.columns.iter().map(|column| (column.value)(table.data, at).text(table.base));
    cells.collect::<Vec<_>>().join("\t")
}

fn paint(ui: &Ui, value: &Value, cell: Rect, right: bool, base: TimeBase, palette: &Palette) {
    let text = value.text(base);
    let mono = FontId::monospace(12.0);
    let plain = FontId::proportional(12.5);
    match value {
        Value::Unknown => list::put(ui, cell, right, &text, plain, palette.weak),
        Value::Address(_) => {
            list::address(ui, cell, &text, palette);
            cell
        }
        Value::Text(_) => list::put(ui, cell, right, &text, plain, palette.text),
        Value::Number(..) | Value::Time(_) | Value::Bssid(_) => {
            list::put(ui, cell, right, &text, mono, palette.text)
        }
        Value::Grade(grade) => {
            let color = match grade {
                Grade::Warning => palette.bad,
                Grade::Notice => palette.warn,
                Grade::Information => palette.weak,
            };
            let mark = pos2(cell.left() + 9.0, cell.center().y);
            ui.painter().circle_filled(mark, 4.0, color);
            let room = Rect::from_min_max(pos2(cell.left() + 14.0, cell.top()), cell.max);
            list::put(ui, room, false, &text, plain, color)
        }
    };
}

/// Keys of the table, when no text is being written; a row that was opened comes back.
fn keys(
    ui: &Ui,
    state: &mut TableState,
    table: &Table<'_>,
    in_sight: usize,
    commands: &mut Vec<Command>,
) -> Option<usize> {
    if ui.ctx().egui_wants_keyboard_input() || state.order.is_empty() {
        return None;
    }
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let place = state.order.iter().position(|at| Some(*at) == state.chosen).unwrap_or(0);
    let last = state.order.len() - 1;
    let page = in_sight.max(2) - 1;
    let steps = [
        (Key::ArrowDown, place.saturating_add(1)),
        (Key::ArrowUp, place.saturating_sub(1)),
        (Key::PageDown, place.saturating_add(page)),
        (Key::PageUp, place.saturating_sub(page)),
        (Key::Home, 0),
        (Key::End, last),
    ];
    for (key, target) in steps {
        if pressed(key) {
            state.chosen = state.order.get(target.min(last)).copied();
            state.bring = true;
        }
    }
    if pressed(Key::ArrowRight) {
        state.cursor = (state.cursor + 1).min(table.columns.len() - 1);
    } else if pressed(Key::ArrowLeft) {
        state.cursor = state.cursor.saturating_sub(1);
    }
    let chosen = state.chosen?;
    // egui turns the copy shortcut into an event of its own.
    let copy =
        ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if copy {
        let whole = ui.input(|input| input.modifiers.shift);
        let cell = || {
            let column = table.columns.get(state.cursor)?;
            Some((column.value)(table.data, chosen).text(table.base))
        };
        let text = if whole { line(table, chosen) } else { cell().unwrap_or_default() };
        commands.push(Command::Copy(text));
    }
    pressed(Key::Enter).then_some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_engine::capture_file::analysed::{PacketAnalysis, PacketSettings};

    static COLUMNS: [Column; 1] = [Column {
        title: "n",
        meaning: "",
        width: 10.0,
        is_number: true,
        is_time: false,
        value: |_, at| [Value::count(3), Value::Unknown, Value::count(10)][at].clone(),
    }];

    #[test]
    fn rows_are_sorted_by_what_they_are_worth_and_unknown_is_last() {
        let report = PacketAnalysis::new(PacketSettings::default()).finish();
        let data = CaptureAnalysis::of(report);
        let table = Table {
            name: "test",
            columns: &COLUMNS,
            rows: 3,
            data: &data,
            base: TimeBase::Absolute,
            is_active: false,
        };
        assert_eq!(order(&table, None), [0, 1, 2]);
        assert_eq!(order(&table, Some((0, false))), [0, 2, 1]);
        assert_eq!(order(&table, Some((0, true))), [2, 0, 1]);
        assert_eq!(line(&table, 1), UNKNOWN);
    }
}
