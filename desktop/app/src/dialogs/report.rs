//! The dialog of the PDF report: what goes in, from the survey as it is, before it is written.

use super::{Surroundings, buttons, explain, files};
use crate::command::{Command, Order};
use crate::picker::{Pick, Picker};
use crate::style::{self, Palette};
use egui::{RichText, Ui, vec2};
use pw_engine::{AddressStyle, Include, ReportPreview, ReportSettings};
use pw_survey::Snapshot;
use std::sync::Arc;

/// What was written into the dialog.
#[derive(Debug)]
pub(crate) struct ReportDialog {
    title: String,
    author: String,
    organisation: String,
    client: String,
    purpose: String,
    marking: String,
    include: Include,
    addresses: AddressStyle,
    file: Picker,
    /// The settings that the preview was asked for last.
    asked: Option<ReportSettings>,
}

impl ReportDialog {
    pub(super) fn new(survey: Option<&Arc<Snapshot>>, author: &str) -> Self {
        Self {
            title: survey.map(|survey| survey.survey.name.clone()).unwrap_or_default(),
            author: author.to_owned(),
            organisation: String::new(),
            client: String::new(),
            purpose: String::new(),
            marking: String::new(),
            include: Include::default(),
            addresses: AddressStyle::default(),
            file: Picker::with(files::beside(survey, "pdf")),
            asked: None,
        }
    }

    fn settings(&self) -> ReportSettings {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        ReportSettings {
            title: given(&self.title),
            author: given(&self.author),
            organisation: given(&self.organisation),
            client: given(&self.client),
            purpose: given(&self.purpose),
            marking: given(&self.marking),
            include: self.include,
            addresses: self.addresses,
        }
    }
}

pub(super) fn ui(
    ui: &mut Ui,
    dialog: &mut ReportDialog,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let palette: &Palette = around.palette;
    if around.feed.shown.is_none() {
        explain(ui, palette, "No survey is open.");
        super::close_button(ui, commands);
        return;
    }
    let room = ui.ctx().content_rect().height() - 190.0;
    egui::ScrollArea::vertical().max_height(room.max(200.0)).show(ui, |ui| {
        cover(ui, dialog);
        dialog.file.ui(ui, "File", &Pick::Save("report.pdf".to_owned()));
        ui.add_space(6.0);
        ui.label(RichText::new("What goes in").family(crate::fonts::bold()).color(palette.strong));
        ui.horizontal_top(|ui| {
            ui.allocate_ui(vec2(170.0, 0.0), |ui| {
                ui.vertical(|ui| {
                    ui.set_width(170.0);
                    include(ui, dialog);
                });
            });
            ui.vertical(|ui| preview(ui, around.feed.preview.as_deref(), palette));
        });
    });
    let settings = dialog.settings();
    if dialog.asked.as_ref() != Some(&settings) {
        commands.push(Command::Engine(Order::Preview(settings.clone())));
        dialog.asked = Some(settings.clone());
    }
    let path = dialog.file.path();
    if buttons(ui, "Write PDF", path.is_some(), palette, commands)
        && let Some(path) = path
    {
        let may_replace = dialog.file.is_confirmed();
        let order = Order::Report { path: path.clone(), settings };
        commands.push(Command::Write { path, may_replace, order });
    }
}

/// The lines of the cover, two beside each other.
fn cover(ui: &mut Ui, dialog: &mut ReportDialog) {
    let empty = "left out when empty";
    let rows = [
        [
            ("Title", &mut dialog.title, "Wi-Fi survey report"),
            ("Author", &mut dialog.author, empty),
        ],
        [
            ("Organisation", &mut dialog.organisation, empty),
            ("Made for", &mut dialog.client, empty),
        ],
        [
            ("Purpose and permission", &mut dialog.purpose, empty),
            ("Marking on every page", &mut dialog.marking, "such as Confidential"),
        ],
    ];
    for row in rows {
        ui.columns(2, |columns| {
            for (ui, (name, text, hint)) in columns.iter_mut().zip(row) {
                super::field(ui, name, text, hint);
            }
        });
    }
}

fn include(ui: &mut Ui, dialog: &mut ReportDialog) {
    let include = &mut dialog.include;
    let parts = [
        (&mut include.findings, "Findings"),
        (&mut include.map, "Map"),
        (&mut include.channels, "Channels"),
        (&mut include.networks, "All networks"),
        (&mut include.clients, "Counts of clients"),
        (&mut include.method, "Method"),
        (&mut include.quality, "Quality of the data"),
        (&mut include.glossary, "Words explained"),
    ];
    for (part, words) in parts {
        ui.checkbox(part, words);
    }
    let mut shortened = dialog.addresses == AddressStyle::Shortened;
    if ui.checkbox(&mut shortened, "Shorten addresses").changed() {
        dialog.addresses = if shortened { AddressStyle::Shortened } else { AddressStyle::Full };
    }
}

fn preview(ui: &mut Ui, preview: Option<&ReportPreview>, palette: &Palette) {
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 4.0;
        let Some(preview) = preview else {
            ui.label(RichText::new("Working out what goes in…").color(palette.weak));
            return;
        };
        for warning in &preview.warnings {
            ui.add(egui::Label::new(RichText::new(warning).color(palette.warn)).wrap());
        }
        for section in &preview.sections {
            let color = if section.included { palette.text } else { palette.weak };
            let words = if section.included {
                section.words.clone()
            } else {
                format!("left out. {}", section.words)
            };
            ui.horizontal_top(|ui| {
                ui.allocate_ui(vec2(110.0, 16.0), |ui| {
                    ui.set_min_width(110.0);
                    ui.add(
                        egui::Label::new(RichText::new(section.title).color(palette.weak)).wrap(),
                    );
                });
                ui.add(egui::Label::new(RichText::new(words).color(color)).wrap());
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn empty_lines_are_left_out_of_the_cover() {
        let mut dialog = ReportDialog::new(Some(&fixture::snapshot()), "  ");
        let settings = dialog.settings();
        assert_eq!(settings.title.as_deref(), Some("Old town, first drive"));
        assert_eq!((settings.author, settings.client), (None, None));
        dialog.client = " A bakery ".to_owned();
        assert_eq!(dialog.settings().client.as_deref(), Some("A bakery"));
        assert_eq!(dialog.file.text, "/surveys/old-town.pdf");
    }
}
