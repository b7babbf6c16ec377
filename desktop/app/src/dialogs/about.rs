//! The list of keyboard shortcuts, and what the program is made of.

use super::{close_button, explain};
use crate::command::Command;
use crate::style::Palette;
use egui::{RichText, Ui};

/// Every shortcut: where it works, keys, what it does.
pub(crate) const SHORTCUTS: [(&str, &str, &str); 40] = [
    ("Everywhere", "Ctrl+1 … Ctrl+6", "Drive, Networks, Map, Spectrum, Sensors, Packets"),
    ("", "Ctrl+O", "Open a survey"),
    ("", "Ctrl+N", "New survey"),
    ("", "Ctrl+Shift+O", "Open a capture; or drop it on the window"),
    ("", "Ctrl+I", "Import files"),
    ("", "Ctrl+E", "Export"),
    ("", "Ctrl+P", "PDF report"),
    ("", "Ctrl+M", "Messages: all that was told"),
    ("", "Ctrl+T", "Next theme: light, dark, night"),
    ("", "Ctrl++  Ctrl+–  Ctrl+0", "Larger, smaller, usual size"),
    ("", "Esc", "Close a dialog, or the details"),
    ("", "F1 or ?", "This list"),
    ("", "Ctrl+Q", "Quit"),
    ("Networks", "Up Down PgUp PgDn Home End", "Walk through the table"),
    ("", "Left Right", "Choose the cell that is copied"),
    ("", "Ctrl+C", "Copy the cell"),
    ("", "Ctrl+Shift+C", "Copy the row"),
    ("", "Ctrl+F", "Write a filter"),
    ("", "Enter or double click", "Show on the map"),
    ("Packets", "Up Down PgUp PgDn Home End", "Walk through the packets, or the fields"),
    ("", "Tab", "From the list to the fields and back"),
    ("", "Left Right", "Choose the cell that is copied; close and open a field"),
    ("", "Ctrl+C  Ctrl+Shift+C", "Copy the cell, the row"),
    ("", "/ or Ctrl+F", "Write a filter; Tab completes, Enter applies"),
    ("", "F", "Follow the transmitter: show only its packets"),
    ("", "C", "Make the chosen field a column, or no longer"),
    ("", "T", "Time since the first packet, or UTC"),
    ("", "S", "Statistics of the packets that are shown"),
    ("", "Ctrl+E", "Export the packets that are shown"),
    ("", "Esc", "Show all packets again"),
    ("", "Click on a byte", "Choose its field"),
    ("", "A  W  G  L  P", "Anomalies, who talks to whom, that drawn, flows; back to the packets"),
    ("Analysis", "Up Down PgUp PgDn Home End", "Walk through the table; Tab: the other table"),
    ("", "Enter or double click", "Show the packets of the row"),
    ("", "F", "Follow the device of the row"),
    ("", "Left Right, Ctrl+C, Ctrl+Shift+C", "Choose the cell; copy it, the row"),
    ("Map", "Drag, wheel", "Move, zoom"),
    ("", "Click on a number", "Zoom in on networks that are close together"),
    ("Time", "Drag", "Select a stretch of time; drag it to move it"),
    ("", "Click", "Show everything again"),
];

pub(super) fn help(ui: &mut Ui, palette: &Palette, commands: &mut Vec<Command>) {
    let room = (ui.ctx().content_rect().height() - 150.0).max(120.0);
    egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        egui::Grid::new("shortcuts").num_columns(3).spacing([24.0, 4.0]).show(ui, |ui| {
            for (place, keys, what) in SHORTCUTS {
                ui.label(RichText::new(place).family(crate::fonts::bold()).color(palette.strong));
                ui.label(RichText::new(keys).color(palette.accent));
                ui.label(what);
                ui.end_row();
            }
        });
    });
    close_button(ui, commands);
}

/// What is bundled, and under which licence.
const BUNDLED: [(&str, &str); 8] = [
    ("egui, eframe, egui_plot (window)", "MIT or Apache-2.0"),
    ("walkers (map)", "MIT"),
    ("Natural Earth (base map)", "public domain"),
    ("IBM Plex, Ubuntu, Hack (text)", "SIL OFL 1.1, UFL, MIT"),
    ("Noto Emoji, emoji-icon-font (symbols)", "SIL OFL 1.1, MIT"),
    ("typst (PDF)", "Apache-2.0"),
    ("quinn, rustls, aws-lc (link)", "MIT or Apache-2.0; ISC"),
    ("sled, bincode, zstd (storage)", "MIT or Apache-2.0; BSD"),
];

pub(super) fn about(ui: &mut Ui, palette: &Palette, commands: &mut Vec<Command>) {
    let version = env!("CARGO_PKG_VERSION");
    ui.label(RichText::new(format!("Version {version}, MIT or Apache-2.0")).color(palette.text));
    explain(
        ui,
        palette,
        "Listens to radio networks from a moving sensor, stores what was heard and where, and \
         reports it. It only listens: it never sends on the air and never decrypts.",
    );
    ui.label(RichText::new("Made with").family(crate::fonts::bold()).color(palette.strong));
    egui::Grid::new("bundled").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
        for (what, licence) in BUNDLED {
            ui.label(what);
            ui.label(RichText::new(licence).color(palette.weak));
            ui.end_row();
        }
    });
    let vendors = format!("Makers' names of addresses: {}.", pw_engine::vendor_lists());
    explain(ui, palette, &vendors);
    explain(
        ui,
        palette,
        "Street maps, when switched on: © OpenStreetMap contributors, Open Database Licence. \
         Every crate and its licence is listed in Cargo.lock.",
    );
    close_button(ui, commands);
}
