//! The list of packets: only the rows in sight are made and painted, however many there are.
//!
//! It scrolls by whole rows and keeps the number of the first one: positions in points would lose
//! their precision beyond a few hundred thousand rows.

use super::columns::{Column, Columns, TimeBase};
use super::rules::Rule;
use super::session::Session;
use super::{PacketsOrder, Pane};
use crate::command::Command;
use crate::style::Palette;
use egui::{Align2, CursorIcon, FontId, Key, Modifiers, Pos2, Rect, Sense, Stroke, Ui, pos2, vec2};
use pw_engine::capture_file::PacketRow;
use std::sync::Arc;

/// Height of a row in points.
pub(super) const ROW_HEIGHT: f32 = 21.0;
/// Height of the header.
const HEADER_HEIGHT: f32 = 24.0;
/// Width of the scroll bar.
const BAR_WIDTH: f32 = 12.0;
/// Rows beyond the edges that are made ahead, so that scrolling finds them ready.
const AHEAD: u32 = 120;

/// What the list remembers between frames.
#[derive(Debug)]
pub(super) struct ListState {
    /// Row at the top.
    pub(super) first: u32,
    /// Points that were scrolled and are no whole row yet.
    rest: f32,
    /// Number of the chosen packet.
    pub(super) chosen: Option<u32>,
    /// Bring the chosen packet into sight.
    pub(super) bring: bool,
    /// Column whose cell is copied.
    cursor: Column,
    pub(super) columns: Columns,
    /// Times in UTC instead of since the first packet.
    pub(super) absolute: bool,
    /// Rows in sight in the last frame.
    in_sight: u32,
}

impl Default for ListState {
    fn default() -> Self {
        Self {
            first: 0,
            rest: 0.0,
            chosen: None,
            bring: false,
            cursor: Column::default(),
            columns: Columns::default(),
            absolute: false,
            in_sight: 1,
        }
    }
}

/// What the painter is given besides its state.
pub(super) struct Shown<'a> {
    pub(super) session: &'a Session,
    pub(super) rules: &'a [Rule],
    /// For each rule that the engine knows, its place among all.
    pub(super) places: &'a [usize],
    pub(super) palette: &'a Palette,
    pub(super) is_active: bool,
}

/// The row, and what it is when it is not there yet.
struct Line {
    number: u32,
    row: Option<Arc<PacketRow>>,
}

/// The lines from row `first` on. What is not there yet has its number only.
fn lines(session: &Session, first: u32, count: u32) -> Vec<Line> {
    let numbers = (first..first.saturating_add(count)).map_while(|at| session.number(at));
    numbers.map(|number| Line { number, row: session.file.row(number) }).collect()
}

/// Row at the top after scrolling by `points`; what is no whole row stays in `rest`.
fn scrolled(first: u32, rest: &mut f32, points: f32, last_first: u32) -> u32 {
    *rest += points;
    let rows = (*rest / ROW_HEIGHT).trunc();
    *rest -= rows * ROW_HEIGHT;
    let moved = i64::from(first) + rows as i64;
    let kept = moved.clamp(0, i64::from(last_first));
    if kept != moved {
        *rest = 0.0;
    }
    u32::try_from(kept).unwrap_or(0)
}

/// Paints the list and takes its keys.
pub(super) fn ui(
    ui: &mut Ui,
    state: &mut ListState,
    shown: &Shown<'_>,
    pane: &mut Pane,
    commands: &mut Vec<Command>,
) {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let header = Rect::from_min_size(area.min, vec2(area.width() - BAR_WIDTH, HEADER_HEIGHT));
    let body = Rect::from_min_max(
        pos2(area.left(), header.bottom()),
        pos2(area.right() - BAR_WIDTH, area.bottom()),
    );
    let total = shown.session.rows();
    let in_sight = ((body.height() / ROW_HEIGHT).floor() as u32).max(1);
    state.in_sight = in_sight;
    let last_first = total.saturating_sub(in_sight);
    if shown.is_active {
        keys(ui, state, shown, commands);
    }
    if let Some(at) = state.chosen.filter(|_| state.bring).map(|n| shown.session.place(n)) {
        if at < state.first {
            state.first = at;
        } else if at >= state.first.saturating_add(in_sight) {
            state.first = at.saturating_sub(in_sight - 1);
        }
        state.bring = false;
    }
    if ui.rect_contains_pointer(body) {
        let delta = ui.input(|input| input.smooth_scroll_delta.y);
        if delta != 0.0 {
            state.first = scrolled(state.first, &mut state.rest, -delta, last_first);
        }
    }
    state.first = state.first.min(last_first);
    want(state, shown, in_sight);
    let edges = edges(&state.columns, body);
    paint_header(ui, state, header, &edges, shown.palette, commands);
    paint_body(ui, state, shown, body, &edges, pane, commands);
    let bar = Rect::from_min_max(pos2(body.right(), header.top()), area.max);
    scroll_bar(ui, state, bar, total, in_sight, shown.palette);
}

/// Asks for what is in sight first, then for what is near.
fn want(state: &ListState, shown: &Shown<'_>, in_sight: u32) {
    let near = state.first.saturating_add(in_sight).saturating_add(1);
    let order = (state.first..near)
        .chain(near..near.saturating_add(AHEAD))
        .chain((state.first.saturating_sub(AHEAD)..state.first).rev());
    let numbers = order.filter_map(|at| shown.session.number(at)).collect();
    shown.session.file.want(numbers, state.chosen);
}

/// Left edge of each column, and the right edge of the last, which takes what is left. Where less is
/// left than it wants, the others give way in proportion, down to their least widths.
fn edges(columns: &Columns, body: Rect) -> Vec<f32> {
    let others = || columns.shown().filter(|(column, _)| *column != Column::Info);
    let wanted: f32 = others().map(|(_, width)| width).sum::<f32>() + Column::Info.width().0;
    let can_give: f32 = others().map(|(column, width)| (width - column.width().1).max(0.0)).sum();
    let lacking = (wanted - (body.width() - 4.0)).clamp(0.0, can_give);
    let share = if can_give > 0.0 { lacking / can_give } else { 0.0 };
    let mut x = body.left() + 4.0;
    let mut edges = vec![x];
    for (column, width) in columns.shown() {
        let least = column.width().1;
        x += match column {
            Column::Info => (body.right() - x).max(least),
            _ => width - (width - least).max(0.0) * share,
        };
        edges.push(x);
    }
    edges
}

fn paint_header(
    ui: &mut Ui,
    state: &mut ListState,
    rect: Rect,
    edges: &[f32],
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.painter().rect_filled(rect, 0.0, palette.panel);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.line));
    let shown: Vec<Column> = state.columns.shown().map(|(column, _)| column).collect();
    for (at, column) in shown.into_iter().enumerate() {
        let (Some(left), Some(right)) = (edges.get(at), edges.get(at + 1)) else { continue };
        let cell = Rect::from_min_max(pos2(*left, rect.top()), pos2(*right, rect.bottom()));
        let cell = cell.intersect(rect);
        let title = state.columns.title(column);
        let id = ui.scope_id().with(("header", title));
        let mut meaning = state.columns.meaning(column);
        if matches!(column, Column::Transmitter | Column::Receiver) {
            meaning.push_str(&format!("\n{}", pw_engine::vendor_lists()));
        }
        let response = ui.interact(cell, id, Sense::click()).on_hover_text(meaning);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::ColumnHeader, true, title)
        });
        if response.clicked() && column == Column::Time {
            state.absolute = !state.absolute;
        }
        if let Some(field) = state.columns.field(column) {
            response.context_menu(|ui| {
                if ui.button("Remove column").clicked() {
                    commands.push(Command::Packets(PacketsOrder::ToggleColumn(field.name)));
                    ui.close();
                }
            });
        }
        let shown = match column {
            Column::Time if state.absolute => "Time (UTC)",
            Column::Time => "Time (s)",
            _ => title,
        };
        let font = FontId::proportional(12.0);
        put(ui, cell, column.is_number(), shown, font, palette.weak);
        if column == Column::Info {
            continue;
        }
        let line = Rect::from_center_size(pos2(*right, rect.center().y), vec2(7.0, rect.height()));
        let id = ui.scope_id().with(("edge", title));
        let grip = ui.interact(line, id, Sense::drag()).on_hover_cursor(CursorIcon::ResizeColumn);
        let color = if grip.hovered() || grip.dragged() { palette.accent } else { palette.line };
        ui.painter().vline(*right, rect.shrink(5.0).y_range(), Stroke::new(1.0, color));
        state.columns.widen(column, grip.drag_delta().x);
    }
}

fn paint_body(
    ui: &mut Ui,
    state: &mut ListState,
    shown: &Shown<'_>,
    body: Rect,
    edges: &[f32],
    pane: &mut Pane,
    commands: &mut Vec<Command>,
) {
    let palette = shown.palette;
    let base = base(state, shown.session);
    for (at, line) in lines(shown.session, state.first, state.in_sight + 1).iter().enumerate() {
        let top = body.top() + at as f32 * ROW_HEIGHT;
        let rect = Rect::from_min_size(pos2(body.left(), top), vec2(body.width(), ROW_HEIGHT));
        let chosen = state.chosen == Some(line.number);
        let id = ui.scope_id().with(("packet", line.number));
        let response = ui.interact(rect.intersect(body), id, Sense::click());
        response.widget_info(|| {
            let kind = line.row.as_ref().map_or("", |row| row.kind.as_str());
            let label = format!("packet {} {kind}", line.number);
            egui::WidgetInfo::selected(egui::accesskit::Role::Row, true, chosen, label)
        });
        let ink =
            line.row.as_ref().and_then(|row| rule(row, shown)).map(|rule| rule.color.ink(palette));
        let painter = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
        if chosen {
            painter.rect_filled(rect, 0.0, palette.accent_soft);
        } else if let Some(ink) = ink {
            painter.rect_filled(rect, 0.0, ink.gamma_multiply(0.10));
        }
        if response.hovered() && !chosen {
            painter.rect_filled(rect, 0.0, palette.accent_soft.gamma_multiply(0.45));
        }
        if let Some(ink) = ink {
            let stripe = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
            painter.rect_filled(stripe, 0.0, ink);
        }
        let Some(row) = &line.row else {
            let cell = Rect::from_min_max(rect.min, pos2(edges[1], rect.bottom()));
            let font = FontId::monospace(12.0);
            let clip = ui.clip_rect();
            ui.set_clip_rect(clip.intersect(body));
            put(ui, cell, true, &line.number.to_string(), font, palette.weak);
            ui.set_clip_rect(clip);
            continue;
        };
        let clip = ui.clip_rect();
        ui.set_clip_rect(clip.intersect(body));
        for (column, cell) in cells(&state.columns, rect, edges) {
            paint_cell(ui, row, column, cell, base, ink, palette);
            if chosen && column == state.cursor && shown.is_active {
                let stroke = Stroke::new(1.5, palette.accent);
                ui.painter().hline(
                    cell.shrink2(vec2(4.0, 0.0)).x_range(),
                    cell.bottom() - 1.0,
                    stroke,
                );
            }
        }
        ui.set_clip_rect(clip);
        let at_pointer = response
            .interact_pointer_pos()
            .and_then(|at| column_at(&state.columns, at, rect, edges));
        if response.clicked() || response.secondary_clicked() {
            state.chosen = Some(line.number);
            state.cursor = at_pointer.unwrap_or(state.cursor);
            *pane = Pane::List;
        }
        menu(&response, row, state, base, commands);
    }
}

/// What times are written against.
fn base(state: &ListState, session: &Session) -> TimeBase {
    if state.absolute { TimeBase::Absolute } else { TimeBase::Relative(session.file.time(1)) }
}

fn rule<'a>(row: &PacketRow, shown: &Shown<'a>) -> Option<&'a Rule> {
    shown.rules.get(*shown.places.get(row.rule?)?)
}

fn cells(columns: &Columns, row: Rect, edges: &[f32]) -> impl Iterator<Item = (Column, Rect)> {
    columns.shown().zip(edges.windows(2)).map(move |((column, _), edge)| {
        (column, Rect::from_min_max(pos2(edge[0], row.top()), pos2(edge[1], row.bottom())))
    })
}

fn column_at(columns: &Columns, at: Pos2, row: Rect, edges: &[f32]) -> Option<Column> {
    cells(columns, row, edges)
        .find(|(_, cell)| cell.x_range().contains(at.x))
        .map(|(column, _)| column)
}

/// Paints one cell, as `Column::text` writes it, with weight where it helps.
fn paint_cell(
    ui: &Ui,
    row: &PacketRow,
    column: Column,
    cell: Rect,
    base: TimeBase,
    ink: Option<egui::Color32>,
    palette: &Palette,
) {
    let text = column.text(row, base);
    let mono = FontId::monospace(12.0);
    let plain = FontId::proportional(12.5);
    let (font, color) = match column {
        Column::Number => (mono, palette.weak),
        column if column.is_number() => (mono, palette.text),
        Column::Kind => (plain, ink.unwrap_or(palette.text)),
        Column::Transmitter | Column::Receiver => {
            address(ui, cell, &text, palette);
            return;
        }
        Column::Network => (plain, palette.strong),
        Column::Info if row.emphasis.is_some() => {
            let mark = Rect::from_min_size(cell.min, vec2(20.0, cell.height()));
            warning_mark(ui, mark, palette);
            (plain, palette.text)
        }
        _ => (plain, palette.text),
    };
    let room = if column == Column::Info && row.emphasis.is_some() {
        Rect::from_min_max(pos2(cell.left() + 16.0, cell.top()), cell.max)
    } else {
        cell
    };
    put(ui, room, column.is_number(), &text, font, color);
}

/// The address, and weaker behind it whose it is.
pub(super) fn address(ui: &Ui, cell: Rect, text: &str, palette: &Palette) {
    let (address, who) = text.split_once("  ").unwrap_or((text, ""));
    let is_word = !address.contains(':');
    let color = if is_word { palette.weak } else { palette.text };
    let used = put(ui, cell, false, address, FontId::monospace(12.0), color);
    let left = (used.right() + 7.0).min(cell.right());
    let rest = Rect::from_min_max(pos2(left - 4.0, cell.top()), cell.max);
    put(ui, rest, false, who, FontId::proportional(11.5), palette.weak);
}

/// A triangle with its tip up: something is wrong here.
pub(super) fn warning_mark(ui: &Ui, room: Rect, palette: &Palette) {
    let at = room.center() + vec2(-1.0, 0.5);
    let points = vec![at + vec2(0.0, -5.0), at + vec2(5.5, 4.5), at + vec2(-5.5, 4.5)];
    ui.painter().add(egui::Shape::convex_polygon(points, palette.warn, Stroke::NONE));
    let mark = Stroke::new(1.4, palette.ground);
    ui.painter().vline(at.x, (at.y - 2.0)..=(at.y + 1.5), mark);
    ui.painter().vline(at.x, (at.y + 2.5)..=(at.y + 3.7), mark);
}

/// Puts text into a cell, cut with an ellipsis where it does not fit; returns what it covers.
pub(super) fn put(
    ui: &Ui,
    cell: Rect,
    to_the_right: bool,
    text: &str,
    font: FontId,
    color: egui::Color32,
) -> Rect {
    let room = cell.shrink2(vec2(4.0, 0.0));
    if room.width() < 4.0 || text.is_empty() {
        return Rect::from_min_size(room.min, vec2(0.0, room.height()));
    }
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room.width());
    let galley = ui.painter().layout_job(job);
    let (align, at) = if to_the_right {
        (Align2::RIGHT_CENTER, room.right_center())
    } else {
        (Align2::LEFT_CENTER, room.left_center())
    };
    let rect = align.anchor_size(at, galley.size());
    ui.painter().galley(rect.min, galley, color);
    rect
}

fn menu(
    response: &egui::Response,
    row: &PacketRow,
    state: &ListState,
    base: TimeBase,
    commands: &mut Vec<Command>,
) {
    let cursor = state.cursor;
    response.context_menu(|ui| {
        let mut item = |ui: &mut Ui, words: &str, keys: &str, command: Command| {
            if ui.add(egui::Button::new(words).shortcut_text(keys)).clicked() {
                commands.push(command);
                ui.close();
            }
        };
        let order = |order| Command::Packets(order);
        if let Some(address) = row.transmitter {
            let words = format!("Follow transmitter {address}");
            item(ui, &words, "F", order(PacketsOrder::Follow(address)));
        }
        if let Some(address) = row.receiver.filter(|address| !address.is_multicast()) {
            let words = format!("Follow receiver {address}");
            item(ui, &words, "", order(PacketsOrder::Follow(address)));
        }
        ui.separator();
        let cell = cursor.text(row, base);
        item(ui, &format!("Copy {}", state.columns.title(cursor)), "Ctrl+C", Command::Copy(cell));
        let line = state.columns.line(row, base);
        item(ui, "Copy row", "Ctrl+Shift+C", Command::Copy(line));
    });
}

/// Keys of the list, when no text is being written.
fn keys(ui: &Ui, state: &mut ListState, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    let total = shown.session.rows();
    if ui.ctx().egui_wants_keyboard_input() || total == 0 {
        return;
    }
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let last = total - 1;
    let at = state.chosen.map(|number| shown.session.place(number).min(last));
    let page = state.in_sight.max(2) - 1;
    let target = if pressed(Key::ArrowDown) {
        Some(at.map_or(0, |at| at.saturating_add(1)))
    } else if pressed(Key::ArrowUp) {
        Some(at.map_or(0, |at| at.saturating_sub(1)))
    } else if pressed(Key::PageDown) {
        Some(at.map_or(0, |at| at.saturating_add(page)))
    } else if pressed(Key::PageUp) {
        Some(at.map_or(0, |at| at.saturating_sub(page)))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(number) = target.and_then(|target| shown.session.number(target.min(last))) {
        state.chosen = Some(number);
        state.bring = true;
    }
    if pressed(Key::ArrowRight) {
        state.cursor = state.columns.neighbour(state.cursor, 1);
    } else if pressed(Key::ArrowLeft) {
        state.cursor = state.columns.neighbour(state.cursor, -1);
    }
    let Some(row) = state.chosen.and_then(|number| shown.session.file.row(number)) else { return };
    if pressed(Key::F)
        && let Some(address) = row.transmitter.or(row.receiver)
    {
        commands.push(Command::Packets(PacketsOrder::Follow(address)));
    }
    // egui turns the copy shortcut into an event of its own.
    let copy =
        ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if copy {
        let whole = ui.input(|input| input.modifiers.shift);
        let base = base(state, shown.session);
        let text =
            if whole { state.columns.line(&row, base) } else { state.cursor.text(&row, base) };
        commands.push(Command::Copy(text));
    }
}

/// A bar whose thumb says where the rows in sight are among all.
fn scroll_bar(
    ui: &Ui,
    state: &mut ListState,
    bar: Rect,
    total: u32,
    in_sight: u32,
    palette: &Palette,
) {
    ui.painter().rect_filled(bar, 0.0, palette.panel);
    let last_first = total.saturating_sub(in_sight);
    if last_first == 0 {
        return;
    }
    let share = in_sight as f32 / total as f32;
    let height = (bar.height() * share).max(28.0).min(bar.height());
    let way = bar.height() - height;
    let response = ui.interact(bar, ui.scope_id().with("scroll"), Sense::click_and_drag());
    if let Some(pointer) = response.interact_pointer_pos() {
        let part = ((pointer.y - bar.top() - height / 2.0) / way.max(1.0)).clamp(0.0, 1.0);
        state.first = (f64::from(part) * f64::from(last_first)).round() as u32;
        state.rest = 0.0;
    }
    let part = f64::from(state.first) / f64::from(last_first);
    let top = bar.top() + way * part as f32;
    let thumb = Rect::from_min_size(pos2(bar.left() + 2.0, top), vec2(bar.width() - 4.0, height));
    let active = response.hovered() || response.dragged();
    let color = if active { palette.accent } else { palette.weak.gamma_multiply(0.6) };
    ui.painter().rect_filled(thumb, 4.0, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrolling_goes_by_whole_rows_and_stops_at_the_ends() {
        let mut rest = 0.0;
        assert_eq!(scrolled(0, &mut rest, ROW_HEIGHT * 0.6, 100), 0);
        assert_eq!(scrolled(0, &mut rest, ROW_HEIGHT * 0.6, 100), 1);
        assert_eq!(scrolled(1, &mut rest, ROW_HEIGHT * 1000.0, 100), 100);
        assert_eq!(scrolled(100, &mut rest, -ROW_HEIGHT, 100), 99);
        assert_eq!(scrolled(5, &mut rest, -ROW_HEIGHT * 50.0, 100), 0);
        // Far down, one row is still one row.
        assert_eq!(scrolled(39_999_000, &mut rest, ROW_HEIGHT, u32::MAX), 39_999_001);
    }

    #[test]
    fn the_last_column_takes_what_is_left() {
        let columns = Columns::default();
        let body = Rect::from_min_size(Pos2::ZERO, vec2(2000.0, 300.0));
        let wide = edges(&columns, body);
        assert_eq!(wide.last(), Some(&2000.0));
        let narrow = edges(&columns, Rect::from_min_size(Pos2::ZERO, vec2(500.0, 300.0)));
        let info = narrow.last().expect("edges") - narrow[columns.shown().len() - 1];
        assert_eq!(info, Column::Info.width().1);
        // There is room for what the last one wants, if the others give way.
        let middle = edges(&columns, Rect::from_min_size(Pos2::ZERO, vec2(1100.0, 300.0)));
        let info = middle.last().expect("edges") - middle[columns.shown().len() - 1];
        assert!((info - Column::Info.width().0).abs() < 0.1, "{info}");
        assert_eq!(column_at(&columns, pos2(10.0, 5.0), body, &wide), Some(Column::Number));
        assert_eq!(column_at(&columns, pos2(1990.0, 5.0), body, &wide), Some(Column::Info));
    }
}
