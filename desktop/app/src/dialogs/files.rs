//! Dialogs about files: new, open, import, export.

use super::{Surroundings, buttons, explain, field};
use crate::command::{Command, Order};
use crate::picker::{Pick, Picker};
use crate::style::Palette;
use crate::words;
use egui::{RichText, Ui};
use pw_engine::exchange::ExportFormat;
use pw_model::Timestamp;
use pw_survey::{Filter, Snapshot};
use std::path::PathBuf;
use std::sync::Arc;

/// Where surveys are put when nothing else is said: the person's documents, home, or here.
pub(super) fn home() -> PathBuf {
    directories::UserDirs::new().map_or_else(
        || PathBuf::from("."),
        |dirs| {
            let folder = dirs.document_dir().filter(|folder| folder.is_dir());
            folder.unwrap_or_else(|| dirs.home_dir()).to_owned()
        },
    )
}

/// A name with the day in it.
pub(super) fn suggested_name(now: Timestamp) -> String {
    format!("Survey {}", words::date(now))
}

/// A file beside the survey, named like it.
pub(super) fn beside(survey: Option<&Arc<Snapshot>>, extension: &str) -> String {
    let Some(survey) = survey else { return String::new() };
    let path = &survey.survey.path;
    let name = path.file_name().map_or_else(|| "survey".into(), |name| name.to_string_lossy());
    let file = path.with_file_name(format!("{name}.{extension}"));
    file.display().to_string()
}

/// A folder name made of a survey's name: letters, digits and dashes.
fn folder_name(name: &str) -> String {
    let dashed: String = name
        .trim()
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

pub(super) fn new(
    ui: &mut Ui,
    name: &mut String,
    folder: &mut Picker,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    explain(ui, palette, "A survey is a folder. Everything that is heard goes into it.");
    field(ui, "Name", name, "what you call it");
    folder.ui(ui, "In the folder", &Pick::Folder);
    let path = folder.path().map(|folder| folder.join(folder_name(name)));
    if let Some(path) = path.as_ref().filter(|_| !folder_name(name).is_empty()) {
        let words = format!("Will be made: {}", path.display());
        ui.label(RichText::new(words).color(palette.weak));
    }
    let ready = path.is_some() && !folder_name(name).is_empty();
    if buttons(ui, "Make survey", ready, palette, commands)
        && let Some(path) = path
    {
        commands.push(Command::Engine(Order::New { path, name: name.trim().to_owned() }));
        commands.push(Command::CloseDialog);
    }
}

pub(super) fn open(
    ui: &mut Ui,
    folder: &mut Picker,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    explain(ui, palette, "Choose the folder of a survey.");
    folder.ui(ui, "Folder of the survey", &Pick::Folder);
    let path = folder.path();
    if buttons(ui, "Open", path.is_some(), palette, commands)
        && let Some(path) = path
    {
        commands.push(Command::Engine(Order::Open { path }));
        commands.push(Command::CloseDialog);
    }
}

pub(super) fn import(
    ui: &mut Ui,
    files: &mut Picker,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    explain(
        ui,
        palette,
        "Captures (pcap, pcapng) and WiGLE CSV, also packed with gzip. What a file is, is told from \
         its content. A file that is imported twice is stored once.",
    );
    files.ui(ui, "Files", &Pick::Files);
    let paths = files.paths();
    if buttons(ui, "Import", !paths.is_empty(), palette, commands) {
        commands.push(Command::Engine(Order::Import { paths }));
        commands.push(Command::CloseDialog);
    }
}

pub(super) fn export(
    ui: &mut Ui,
    format: &mut ExportFormat,
    file: &mut Picker,
    filtered: &mut bool,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let palette = around.palette;
    let Some(shown) = around.feed.shown.as_ref() else {
        explain(ui, palette, "No survey is open.");
        super::close_button(ui, commands);
        return;
    };
    let range = match shown.selected {
        Some(range) => format!("What was heard {} is written.", words::range(range)),
        None => "The whole survey is written.".to_owned(),
    };
    explain(ui, palette, &range);
    ui.label("Format");
    ui.horizontal_wrapped(|ui| {
        for choice in ExportFormat::ALL {
            if ui.selectable_label(*format == choice, choice.title()).clicked() {
                *format = choice;
                if let Some(path) = file.path() {
                    file.text = path.with_extension(choice.extension()).display().to_string();
                }
            }
        }
    });
    ui.add_space(4.0);
    file.ui(ui, "File", &Pick::Save(format!("survey.{}", format.extension())));
    if !around.filter_text.is_empty() {
        let words = format!("Only networks that pass the filter: {}", around.filter_text);
        ui.checkbox(filtered, words);
    }
    let path = file.path();
    if buttons(ui, "Export", path.is_some(), palette, commands)
        && let Some(path) = path
    {
        let passes = *filtered && !around.filter_text.is_empty();
        let filter = if passes { around.filter.clone() } else { Filter::default() };
        let may_replace = file.is_confirmed();
        let order = Order::Export { format: *format, path: path.clone(), filter };
        commands.push(Command::Write { path, may_replace, order });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn names_become_folders() {
        assert_eq!(folder_name("Old town, 2nd drive"), "old-town-2nd-drive");
        assert_eq!(folder_name("../../etc"), "etc");
        assert_eq!(folder_name("  "), "");
    }

    #[test]
    fn exports_are_offered_beside_the_survey() {
        let survey = fixture::snapshot();
        assert_eq!(beside(Some(&survey), "kml"), "/surveys/old-town.kml");
        assert_eq!(beside(None, "kml"), "");
    }
}
