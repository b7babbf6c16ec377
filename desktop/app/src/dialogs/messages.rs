//! The list of all that was told since the start, the latest first.

use super::{Surroundings, close_button, explain};
use crate::app::toasts;
use crate::command::Command;
use crate::words;
use egui::{RichText, Ui};

pub(super) fn ui(ui: &mut Ui, around: &Surroundings<'_>, commands: &mut Vec<Command>) {
    let palette = around.palette;
    if around.messages.is_empty() {
        explain(ui, palette, "Nothing was told since the window was opened.");
    }
    let room = (ui.ctx().content_rect().height() - 190.0).max(120.0);
    egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        for (time, notice) in around.messages.iter().rev() {
            let (title, text) = toasts::words(notice);
            ui.horizontal(|ui| {
                let time = format!("{} UTC", words::clock(*time));
                ui.label(RichText::new(time).monospace().color(palette.weak));
                ui.label(RichText::new(title).color(toasts::color(notice, palette)));
            });
            ui.add(egui::Label::new(text).wrap().selectable(true));
            ui.add_space(6.0);
        }
    });
    close_button(ui, commands);
}
