//! The dialog of the PDF report: what goes in, from the survey as it is, before it is written.

use super::{Surroundings, buttons, explain, field, files};
use crate::command::{Command, Order};
use crate::feed::Feed;
use crate::picker::{Pick, Picker};
use crate::style::{self, Palette};
use crate::words;
use egui::{RichText, Ui};
use pw_engine::ReportSettings;
use pw_survey::Snapshot;
use std::sync::Arc;

/// What was written into the dialog.
#[derive(Debug)]
pub(crate) struct ReportDialog {
    title: String,
    author: String,
    file: Picker,
}

impl ReportDialog {
    pub(super) fn new(survey: Option<&Arc<Snapshot>>, author: &str) -> Self {
        Self {
            title: survey.map(|survey| survey.survey.name.clone()).unwrap_or_default(),
            author: author.to_owned(),
            file: Picker::with(files::beside(survey, "pdf")),
        }
    }
}

/// One line of the preview: a part of the report, and what it will say or lack.
#[derive(Clone, PartialEq, Eq, Debug)]
struct PreviewRow {
    part: &'static str,
    content: String,
    /// The part will say that something is missing.
    lacks: bool,
}

fn row(part: &'static str, content: String, lacks: bool) -> PreviewRow {
    PreviewRow { part, content, lacks }
}

/// What the report will hold.
fn preview(snapshot: &Snapshot, feed: &Feed) -> Vec<PreviewRow> {
    let networks = snapshot.access_points.len() as u64;
    let clients = snapshot.clients.len() as u64;
    let weak = snapshot
        .access_points
        .iter()
        .filter(|ap| ap.protection.as_ref().is_some_and(|p| p.label.is_weak()))
        .count() as u64;
    let placed = feed.located.len() as u64;
    let positioned = snapshot.track.iter().filter(|point| point.position.is_some()).count();
    let length_m: f64 = snapshot.drives.iter().filter_map(|drive| drive.length_m).sum();
    let listened = snapshot.channels.iter().filter(|c| c.listened_ns.is_some_and(|ns| ns > 0));
    let listened = listened.count() as u64;
    let no_ledger = snapshot.channels.iter().all(|channel| channel.listened_ns.is_none());
    let time = snapshot.range.map_or_else(|| "nothing was heard".to_owned(), words::range);
    vec![
        row("Time", time, snapshot.range.is_none()),
        row(
            "Networks",
            format!(
                "{}, {} open or badly protected; {}",
                words::counted(networks, "network", "networks"),
                words::count(weak),
                words::counted(clients, "client", "clients")
            ),
            networks == 0,
        ),
        row(
            "Map",
            if positioned == 0 {
                "no position is known: the report says so and has no map".to_owned()
            } else {
                format!(
                    "track of {}, {}",
                    words::metres(length_m),
                    words::counted(placed, "network with a place", "networks with a place")
                )
            },
            positioned == 0,
        ),
        row(
            "Channels",
            if no_ledger {
                "listening times are not known: the report says so".to_owned()
            } else {
                words::counted(listened, "channel listened to", "channels listened to")
            },
            no_ledger,
        ),
        row(
            "Losses",
            match (snapshot.totals.frames_lost, snapshot.totals.uncounted_gaps) {
                (0, 0) => "none was stated".to_owned(),
                (frames, gaps) => format!(
                    "{} lost, {} without a count",
                    words::counted(frames, "frame", "frames"),
                    words::counted(gaps, "gap", "gaps")
                ),
            },
            false,
        ),
    ]
}

pub(super) fn ui(
    ui: &mut Ui,
    dialog: &mut ReportDialog,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let palette: &Palette = around.palette;
    let Some(survey) = around.feed.shown.as_ref() else {
        explain(ui, palette, "No survey is open.");
        super::close_button(ui, commands);
        return;
    };
    field(ui, "Title", &mut dialog.title, "the name of the survey");
    field(ui, "Author", &mut dialog.author, "left out when empty");
    dialog.file.ui(ui, "File", &Pick::Save("report.pdf".to_owned()));
    ui.add_space(8.0);
    ui.label(RichText::new("What goes in").strong().color(palette.strong));
    style::card(palette).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if survey.is_simulated() {
            let words = "Simulated data: every page of the report says so.";
            ui.label(RichText::new(words).strong().color(palette.warn));
        }
        for row in preview(survey, around.feed) {
            let color = if row.lacks { palette.warn } else { palette.text };
            crate::views::parts::fact_colored(ui, palette, row.part, &row.content, color, commands);
        }
        let always = "Method, limits and the list of all networks are always in it.";
        ui.label(RichText::new(always).color(palette.weak));
    });
    let path = dialog.file.path();
    if buttons(ui, "Write PDF", path.is_some(), palette, commands)
        && let Some(path) = path
    {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let settings = ReportSettings {
            title: given(&dialog.title),
            author: given(&dialog.author),
            ..ReportSettings::default()
        };
        commands.push(Command::Engine(Order::Report { path, settings }));
        commands.push(Command::CloseDialog);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn what_is_missing_is_said_before_it_is_written() {
        let feed = Feed::empty(fixture::now());
        let rows = preview(&fixture::empty_snapshot(), &feed);
        assert!(rows.iter().filter(|row| row.lacks).count() >= 3);
        let rows = preview(&fixture::snapshot(), &feed);
        assert!(rows.iter().all(|row| !row.lacks), "{rows:?}");
        assert!(rows[1].content.contains("148 networks"), "{}", rows[1].content);
    }
}
