//! Small pieces that several views share: facts, badges, empty states, numbers.

use crate::command::Command;
use crate::style::Palette;
use egui::{Align, Color32, CornerRadius, Layout, Margin, RichText, Stroke, Ui, vec2};

/// A label in small capitals' stead: weak and small, above what it names.
pub(crate) fn caption(ui: &mut Ui, palette: &Palette, text: &str) {
    ui.label(RichText::new(text).size(11.5).color(palette.weak));
}

/// Heading of a section in a panel.
pub(crate) fn section(ui: &mut Ui, palette: &Palette, text: &str) {
    ui.add_space(10.0);
    ui.label(RichText::new(text).size(14.0).family(crate::fonts::bold()).color(palette.strong));
    let rect = ui.max_rect();
    let y = ui.cursor().top() - 1.0;
    ui.painter().hline(rect.x_range(), y, Stroke::new(1.0, palette.line));
    ui.add_space(4.0);
}

/// A name and its value in two columns; the value can be copied with a click on the right button.
pub(crate) fn fact(
    ui: &mut Ui,
    palette: &Palette,
    name: &str,
    value: &str,
    commands: &mut Vec<Command>,
) {
    fact_colored(ui, palette, name, value, palette.text, commands);
}

/// [`fact`] with the value in a colour.
pub(crate) fn fact_colored(
    ui: &mut Ui,
    palette: &Palette,
    name: &str,
    value: &str,
    color: Color32,
    commands: &mut Vec<Command>,
) {
    let name_width = (ui.available_width() * 0.36).clamp(96.0, 170.0);
    ui.horizontal_top(|ui| {
        ui.allocate_ui_with_layout(
            vec2(name_width, 17.0),
            Layout::left_to_right(Align::Min),
            |ui| {
                ui.set_min_width(name_width);
                ui.label(RichText::new(name).color(palette.weak));
            },
        );
        let label =
            egui::Label::new(RichText::new(value).color(color)).wrap().sense(egui::Sense::click());
        let response = ui.add(label);
        copy_menu(&response, value, commands);
    });
}

/// A menu on the right button that copies `value`.
pub(crate) fn copy_menu(response: &egui::Response, value: &str, commands: &mut Vec<Command>) {
    response.context_menu(|ui| {
        if ui.button("Copy").clicked() {
            commands.push(Command::Copy(value.to_owned()));
            ui.close();
        }
    });
}

/// A word on a coloured ground.
pub(crate) fn badge(ui: &mut Ui, text: &str, ground: Color32, color: Color32) -> egui::Response {
    egui::Frame::new()
        .fill(ground)
        .corner_radius(CornerRadius::same(4))
        .inner_margin(Margin::symmetric(8, 2))
        .show(ui, |ui| {
            ui.add(
                egui::Label::new(
                    RichText::new(text).size(11.5).family(crate::fonts::bold()).color(color),
                )
                .extend(),
            )
        })
        .response
}

/// A dot and words beside it: a state that does not depend on its colour.
pub(crate) fn state(ui: &mut Ui, color: Color32, words: &str) -> egui::Response {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (rect, _) = ui.allocate_exact_size(vec2(9.0, 14.0), egui::Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.0, color);
        ui.add(egui::Label::new(words).extend())
    })
    .inner
}

/// [`state`] with words that may be a sentence or two: they wrap.
pub(crate) fn long_state(ui: &mut Ui, color: Color32, words: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (rect, _) = ui.allocate_exact_size(vec2(9.0, 17.0), egui::Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.0, color);
        ui.add(egui::Label::new(words).wrap());
    });
}

/// What stands where there is nothing: what is missing, and what to do.
pub(crate) fn empty(
    ui: &mut Ui,
    palette: &Palette,
    title: &str,
    body: &str,
    actions: &[(&str, Command)],
    commands: &mut Vec<Command>,
) {
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.30).max(16.0));
        ui.label(RichText::new(title).size(20.0).color(palette.strong));
        ui.add_space(2.0);
        let width = ui.available_width().min(560.0);
        ui.allocate_ui(vec2(width, 0.0), |ui| {
            ui.label(RichText::new(body).size(14.0).color(palette.weak));
        });
        ui.add_space(12.0);
        for (name, command) in actions {
            if ui.add(egui::Button::new(*name).min_size(vec2(220.0, 30.0))).clicked() {
                commands.push(command.clone());
            }
        }
    });
}

/// The empty state of every view while no survey is open.
pub(crate) fn no_survey(ui: &mut Ui, palette: &Palette, commands: &mut Vec<Command>) {
    use crate::command::DialogKind;
    empty(
        ui,
        palette,
        "No survey is open",
        "A survey holds what was heard and where. Make a new one and pair a sensor, \
         or open one that is there.",
        &[
            ("New survey…", Command::OpenDialog(DialogKind::New)),
            ("Open survey…", Command::OpenDialog(DialogKind::Open)),
        ],
        commands,
    );
}

/// A large number with its name below.
pub(crate) fn number(
    ui: &mut Ui,
    palette: &Palette,
    value: &str,
    name: &str,
    size: f32,
    color: Color32,
) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(
            egui::Label::new(
                RichText::new(value).size(size).family(crate::fonts::bold()).color(color),
            )
            .extend(),
        );
        ui.add(
            egui::Label::new(RichText::new(name).size((size * 0.32).max(12.0)).color(palette.weak))
                .wrap(),
        );
    });
}
