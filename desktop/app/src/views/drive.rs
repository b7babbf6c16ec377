//! The view for the car: link and position in words, large numbers, new networks as they come.

mod rows;

use crate::command::{Command, DialogKind, Order};
use crate::feed::{Feed, LinkKind};
use crate::style::{self, Palette};
use crate::views::parts;
use crate::views::security::{self, SecurityClass};
use crate::words;
use egui::{Align, Color32, Layout, RichText, Stroke, Ui, vec2};
use pw_model::MacAddr;
use pw_survey::AccessPoint;
use rows::{DriveRows, Figure, Mood, is_fresh, rows};
use std::sync::Arc;
use std::time::Duration;

/// Paints the view.
pub(crate) fn ui(
    ui: &mut Ui,
    feed: &Feed,
    palette: &Palette,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    // The passenger looks at what is, whatever somebody selected in the timeline.
    let Some(snapshot) = feed.survey.clone() else {
        parts::no_survey(ui, palette, commands);
        return;
    };
    let rows = rows(&snapshot, feed);
    let width = ui.available_width();
    let scale = (width / 1280.0).clamp(0.8, 1.5);
    states(ui, &rows, palette, scale, feed, commands);
    ui.add_space(8.0);
    numbers(ui, &rows.figures, palette, scale);
    ui.add_space(8.0);
    new_networks(ui, &rows.new, feed, palette, scale, chosen, commands);
}

/// Connects the sensors that are paired and idle; where none is paired, asks for one.
fn connect(feed: &Feed, commands: &mut Vec<Command>) {
    let idle = feed.links.iter().filter(|link| link.kind == LinkKind::Off);
    let orders: Vec<_> =
        idle.map(|link| Command::Engine(Order::Connect { sensor: link.name.clone() })).collect();
    if orders.is_empty() {
        commands.push(Command::OpenDialog(DialogKind::Connect));
    }
    commands.extend(orders);
}

/// `count` areas of one width beside each other.
fn equal_columns(ui: &mut Ui, count: usize, height: f32, mut add: impl FnMut(&mut Ui, usize)) {
    let gap = 10.0;
    let width = (ui.available_width() - gap * (count as f32 - 1.0)) / count as f32;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for number in 0..count {
            ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                add(ui, number);
            });
        }
    });
}

/// Height of a line with a button in it.
const BUTTON_ROW: f32 = 26.0;

fn states(
    ui: &mut Ui,
    rows: &DriveRows,
    palette: &Palette,
    scale: f32,
    feed: &Feed,
    commands: &mut Vec<Command>,
) {
    let states = [("Sensor", &rows.link), ("Position", &rows.place), ("Losses", &rows.loss)];
    equal_columns(ui, states.len(), 84.0 * scale, |ui, number| {
        let Some((caption, state)) = states.get(number) else { return };
        style::card(palette).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.set_min_height(62.0 * scale);
            ui.spacing_mut().item_spacing.y = 2.0;
            parts::caption(ui, palette, caption);
            ui.horizontal(|ui| {
                let (rect, _) =
                    ui.allocate_exact_size(vec2(14.0 * scale, 20.0 * scale), egui::Sense::hover());
                mood_mark(ui.painter(), rect.center(), 6.0 * scale, state.mood, palette);
                let title = RichText::new(&state.title)
                    .size(19.0 * scale)
                    .family(crate::fonts::bold())
                    .color(palette.strong);
                ui.add(egui::Label::new(title).truncate());
            });
            let size = 14.0 * scale;
            if *caption == "Sensor" && state.mood == Mood::Quiet {
                ui.horizontal(|ui| {
                    ui.set_min_height(BUTTON_ROW);
                    ui.label(RichText::new(&state.detail).size(size).color(palette.weak));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let idle = feed.links.iter().any(|link| link.kind == LinkKind::Off);
                        let words = if idle { "Connect" } else { "Pair a sensor…" };
                        if ui.button(words).clicked() {
                            connect(feed, commands);
                        }
                    });
                });
            } else {
                let top = ui.cursor().top();
                few_lines(ui, &state.detail, size, palette.weak);
                // As high as one with a button, so that cards beside each other end together.
                let used = ui.cursor().top() - top;
                ui.add_space((BUTTON_ROW - used).max(0.0));
            }
        });
    });
}

/// Words in at most three lines; all of them when the pointer rests on it.
fn few_lines(ui: &mut Ui, words: &str, size: f32, color: Color32) {
    let font = egui::FontId::proportional(size);
    let width = ui.available_width();
    let mut job = egui::text::LayoutJob::simple(words.to_owned(), font, color, width);
    job.wrap.max_rows = 3;
    let galley = ui.painter().layout_job(job);
    let elided = galley.elided;
    let response = ui.add(egui::Label::new(galley));
    if elided {
        response.on_hover_text(words);
    }
}

/// Disc, ring or cross: the shape says it as the colour does.
fn mood_mark(painter: &egui::Painter, at: egui::Pos2, radius: f32, mood: Mood, palette: &Palette) {
    let color: Color32 = match mood {
        Mood::Good => palette.good,
        Mood::Wait => palette.warn,
        Mood::Bad => palette.bad,
        Mood::Quiet => palette.weak,
    };
    let stroke = Stroke::new(radius * 0.4, color);
    match mood {
        Mood::Good => {
            painter.circle_filled(at, radius, color);
        }
        Mood::Wait => {
            painter.circle_stroke(at, radius * 0.85, stroke);
            painter.circle_filled(at, radius * 0.35, color);
        }
        Mood::Quiet => {
            painter.circle_stroke(at, radius * 0.85, stroke);
        }
        Mood::Bad => {
            let arm = radius * 0.8;
            painter.line_segment([at + vec2(-arm, -arm), at + vec2(arm, arm)], stroke);
            painter.line_segment([at + vec2(-arm, arm), at + vec2(arm, -arm)], stroke);
        }
    }
}

fn numbers(ui: &mut Ui, figures: &[Figure], palette: &Palette, scale: f32) {
    equal_columns(ui, figures.len(), 96.0 * scale, |ui, number| {
        let Some(figure) = figures.get(number) else { return };
        style::card(palette).show(ui, |ui| {
            ui.set_width(ui.available_width());
            parts::number(ui, palette, &figure.value, figure.name, 46.0 * scale, palette.strong);
        });
    });
}

fn new_networks(
    ui: &mut Ui,
    new: &[(Option<Duration>, Arc<AccessPoint>)],
    feed: &Feed,
    palette: &Palette,
    scale: f32,
    chosen: Option<MacAddr>,
    commands: &mut Vec<Command>,
) {
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.set_min_height((ui.available_height() - 2.0).max(40.0));
        let title = if feed.is_live() { "New networks" } else { "Networks found last" };
        ui.horizontal(|ui| {
            ui.label(
                RichText::new(title)
                    .size(16.0 * scale)
                    .family(crate::fonts::bold())
                    .color(palette.strong),
            );
            if feed.shown.as_ref().is_some_and(|shown| shown.selected.is_some()) {
                let words = "The whole survey; the selected time counts in the other views.";
                ui.label(RichText::new(words).size(14.0 * scale).color(palette.warn));
            }
        });
        ui.add_space(2.0);
        if new.is_empty() {
            let words = if feed.is_live() {
                "Listening. Networks appear here as they are heard."
            } else {
                "Nothing was heard. Connect a sensor, or import a capture."
            };
            ui.label(RichText::new(words).size(15.0 * scale).color(palette.weak));
            return;
        }
        let height = 34.0 * scale;
        ui.spacing_mut().item_spacing.y = 0.0;
        let room = ((ui.available_height() - 4.0) / height).floor().max(1.0) as usize;
        for (age, ap) in new.iter().take(room) {
            if new_row(ui, ap, *age, palette, scale, height, chosen == Some(ap.bssid)) {
                commands.push(Command::Choose(Some(ap.bssid)));
            }
        }
    });
}

/// One line; true when it was clicked.
fn new_row(
    ui: &mut Ui,
    ap: &AccessPoint,
    age: Option<Duration>,
    palette: &Palette,
    scale: f32,
    height: f32,
    chosen: bool,
) -> bool {
    use egui::{Align2, FontId, pos2};
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::click());
    let painter = ui.painter_at(rect);
    if chosen || response.hovered() {
        painter.rect_filled(rect, 4.0, palette.accent_soft);
    }
    let fresh = age.is_some_and(is_fresh);
    let font = FontId::proportional(18.0 * scale);
    let small = FontId::proportional(15.0 * scale);
    let y = rect.center().y;
    let column = |share: f32| rect.left() + 10.0 + (rect.width() - 20.0) * share;
    let class = SecurityClass::of(ap);
    painter.add(security::mark(
        palette,
        class,
        pos2(column(0.0) + 7.0, y),
        6.5 * scale,
        Stroke::NONE,
    ));
    let name = ap.name().unwrap_or_else(|| "hidden".to_owned());
    let color = if fresh { palette.accent } else { palette.strong };
    let clip = painter.with_clip_rect(rect.with_max_x(column(0.40) - 8.0));
    clip.text(pos2(column(0.0) + 26.0, y), Align2::LEFT_CENTER, name, font, color);
    let label = ap.protection.as_ref().map_or(words::UNKNOWN, |p| p.label.name());
    let at = pos2(column(0.40), y);
    painter.text(at, Align2::LEFT_CENTER, label, small.clone(), palette.security(class));
    let channel = ap.channel.map_or_else(|| words::UNKNOWN.to_owned(), |c| format!("channel {c}"));
    painter.text(pos2(column(0.56), y), Align2::LEFT_CENTER, channel, small.clone(), palette.text);
    let signal = words::dbm(ap.signal.map(|signal| signal.max_dbm));
    painter.text(pos2(column(0.80), y), Align2::RIGHT_CENTER, signal, small.clone(), palette.text);
    let age = age.map_or_else(|| format!("{} UTC", words::clock(ap.first_seen)), words::past);
    painter.text(pos2(column(1.0), y), Align2::RIGHT_CENTER, age, small, palette.weak);
    response.clicked()
}
