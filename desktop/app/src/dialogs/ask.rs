//! Questions before something is lost: replacing a file, forgetting a pairing.

use super::{explain, question};
use crate::command::{Command, Order};
use crate::style::Palette;
use egui::{RichText, Ui};
use std::path::Path;

pub(super) fn replace(
    ui: &mut Ui,
    path: &Path,
    order: &Order,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let name = RichText::new(path.display().to_string()).color(palette.strong);
    ui.add(egui::Label::new(name).wrap());
    ui.add_space(4.0);
    explain(ui, palette, "There is a file of this name already. What is in it will be gone.");
    if question(ui, "Replace", true, palette, commands) {
        commands.push(Command::Write {
            path: path.to_owned(),
            may_replace: true,
            order: order.clone(),
        });
    }
}

pub(super) fn forget(
    ui: &mut Ui,
    sensor: &str,
    address: &str,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let name = RichText::new(format!("{sensor} at {address}")).color(palette.strong);
    ui.add(egui::Label::new(name).wrap());
    ui.add_space(4.0);
    explain(
        ui,
        palette,
        "Its link ends, and to record from it again it has to be paired again. What was recorded \
         stays.\n\nThe sensor still knows this desktop and keeps data for it until that is ended \
         there: piwardrive-sensor keys revoke DESKTOP",
    );
    if question(ui, "Forget", true, palette, commands) {
        commands.push(Command::Engine(Order::Forget { sensor: sensor.to_owned() }));
        commands.push(Command::CloseDialog);
    }
}
