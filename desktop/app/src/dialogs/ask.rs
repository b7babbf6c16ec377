//! Questions before something is lost: a file, a pairing, a recording under way.

use super::{Surroundings, explain, question};
use crate::command::{Command, Order};
use crate::feed::{Feed, LinkKind};
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

/// What leaving would end, in words; `None` when nothing is under way.
pub(crate) fn under_way(feed: &Feed) -> Option<String> {
    let mut parts = Vec::new();
    if feed.is_live() && !feed.read_only {
        let survey = feed.survey.as_ref().map_or("", |survey| survey.survey.name.as_str());
        parts.push(format!(
            "{} is recording into {survey}. What the sensor hears meanwhile stays in its journal, and \
             is fetched when the survey is opened again.",
            connected(feed)
        ));
    }
    for job in &feed.jobs {
        parts.push(format!("{}: under way. It is given up, and can be started again.", job.title));
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// Names of the sensors that send.
fn connected(feed: &Feed) -> String {
    let connected = feed.links.iter().filter(|link| link.kind == LinkKind::Connected);
    connected.map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn leave(ui: &mut Ui, around: &Surroundings<'_>, commands: &mut Vec<Command>) {
    // It may have ended while the question stood there.
    let words =
        under_way(around.feed).unwrap_or_else(|| "Nothing is under way any more.".to_owned());
    explain(ui, around.palette, &words);
    if question(ui, "Quit", true, around.palette, commands) {
        commands.push(Command::Leave);
        commands.push(Command::CloseDialog);
    }
}

pub(super) fn end_recording(
    ui: &mut Ui,
    order: &Order,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let survey = around.feed.survey.as_ref().map_or("", |survey| survey.survey.name.as_str());
    let what = match order {
        Order::Open { path } => format!("Opening {} ends that.", path.display()),
        Order::New { name, .. } => format!("Making {name} ends that."),
        _ => "Closing it ends that.".to_owned(),
    };
    let words = format!(
        "{} is recording into {survey}. {what}\n\nWhat the sensor hears meanwhile stays in its \
         journal, and is fetched into this survey when it is opened again.",
        connected(around.feed)
    );
    explain(ui, around.palette, &words);
    if question(ui, "End recording", true, around.palette, commands) {
        commands.push(Command::EndRecording(order.clone()));
        commands.push(Command::CloseDialog);
    }
}
