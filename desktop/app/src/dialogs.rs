//! Dialogs over the window: files, report, pairing, shortcuts, about. Each returns commands.

mod about;
mod ask;
mod files;
mod messages;
mod report;

pub(crate) use ask::under_way;

use crate::app::toasts::Message;
use crate::command::{Command, DialogKind, Order};
use crate::feed::{Discovery, Feed, LinkRow};
use crate::picker::{Picker, focus_if_none};
use crate::style::Palette;
use egui::{Align, Id, Layout, Modal, RichText, Ui};
use pw_engine::DiscoveredSensor;
use pw_engine::exchange::ExportFormat;
use pw_survey::Filter;
use std::collections::VecDeque;
use std::path::PathBuf;

/// A dialog that is open, with what was written into it.
#[derive(Debug)]
pub(crate) enum Dialog {
    New {
        name: String,
        folder: Picker,
    },
    Open {
        folder: Picker,
    },
    Import {
        files: Picker,
    },
    Export {
        format: ExportFormat,
        file: Picker,
        filtered: bool,
    },
    Report(Box<report::ReportDialog>),
    Connect {
        address: String,
        code: String,
    },
    OnlineMap,
    Help,
    About,
    Messages,
    /// May this file be replaced?
    Replace {
        path: PathBuf,
        order: Order,
        /// The dialog that asks.
        behind: Option<Box<Self>>,
    },
    /// May the recording end, which this order does?
    EndRecording {
        order: Order,
    },
    /// May what is under way end, which leaving does?
    Leave,
    /// May this pairing be forgotten?
    Forget {
        sensor: String,
        address: String,
    },
}

/// What dialogs need to know besides the feed.
pub(crate) struct Surroundings<'a> {
    pub(crate) feed: &'a Feed,
    pub(crate) palette: &'a Palette,
    /// Filter of the table, for exports.
    pub(crate) filter: &'a Filter,
    pub(crate) filter_text: &'a str,
    /// Author of the last report.
    pub(crate) author: &'a str,
    /// What was told, the oldest first.
    pub(crate) messages: &'a VecDeque<Message>,
    /// Where a sensor was last looked for.
    pub(crate) pair_address: &'a str,
}

impl Dialog {
    pub(crate) fn new(kind: DialogKind, around: &Surroundings<'_>) -> Self {
        let survey = around.feed.survey.as_ref();
        match kind {
            DialogKind::New => Self::New {
                name: files::suggested_name(around.feed.now),
                folder: Picker::with(files::home().display().to_string()),
            },
            DialogKind::Open => Self::Open { folder: Picker::default() },
            DialogKind::Import => Self::Import { files: Picker::default() },
            DialogKind::Export => Self::Export {
                format: ExportFormat::WigleCsv,
                file: Picker::with(files::beside(survey, "csv")),
                filtered: false,
            },
            DialogKind::Report => {
                Self::Report(Box::new(report::ReportDialog::new(survey, around.author)))
            }
            DialogKind::Connect => {
                Self::Connect { address: around.pair_address.to_owned(), code: String::new() }
            }
            DialogKind::OnlineMap => Self::OnlineMap,
            DialogKind::Help => Self::Help,
            DialogKind::About => Self::About,
            DialogKind::Messages => Self::Messages,
        }
    }

    /// The dialog that this one was asked from.
    pub(crate) fn behind(self) -> Option<Self> {
        match self {
            Self::Replace { behind, .. } => behind.map(|behind| *behind),
            _ => None,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::New { .. } => "New survey",
            Self::Open { .. } => "Open survey",
            Self::Import { .. } => "Import files",
            Self::Export { .. } => "Export networks",
            Self::Report(_) => "PDF report",
            Self::Connect { .. } => "Pair a sensor",
            Self::OnlineMap => "Fetch street maps from the internet?",
            Self::Help => "Keyboard shortcuts",
            Self::About => "About PiWardrive",
            Self::Messages => "Messages",
            Self::Replace { .. } => "Replace the file?",
            Self::Forget { .. } => "Forget this pairing?",
            Self::EndRecording { .. } => "End the recording?",
            Self::Leave => "Quit PiWardrive?",
        }
    }
}

/// Paints the dialog over everything else.
pub(crate) fn ui(
    ui: &Ui,
    dialog: &mut Dialog,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let palette = around.palette;
    let width = match dialog {
        Dialog::Report(_) => 760.0,
        _ => 560.0,
    };
    let backdrop = egui::Color32::from_black_alpha(130);
    let frame = egui::Frame::window(ui.style()).inner_margin(egui::Margin::symmetric(22, 18));
    // Each by itself: a size that is remembered would be that of another dialog.
    let modal = Modal::new(Id::unique(("dialog", dialog.title())));
    let modal = modal.frame(frame).backdrop_color(backdrop).show(ui.ctx(), |ui| {
        ui.set_width(width);
        ui.label(
            RichText::new(dialog.title())
                .size(18.0)
                .family(crate::fonts::bold())
                .color(palette.strong),
        );
        ui.add_space(6.0);
        match dialog {
            Dialog::New { name, folder } => files::new(ui, name, folder, palette, commands),
            Dialog::Open { folder } => files::open(ui, folder, palette, commands),
            Dialog::Import { files } => files::import(ui, files, palette, commands),
            Dialog::Export { format, file, filtered } => {
                files::export(ui, format, file, filtered, around, commands);
            }
            Dialog::Report(report) => report::ui(ui, report, around, commands),
            Dialog::Connect { address, code } => connect(ui, address, code, around, commands),
            Dialog::OnlineMap => online_map(ui, palette, commands),
            Dialog::Help => about::help(ui, palette, commands),
            Dialog::About => about::about(ui, palette, commands),
            Dialog::Messages => messages::ui(ui, around, commands),
            Dialog::Replace { path, order, .. } => ask::replace(ui, path, order, palette, commands),
            Dialog::EndRecording { order } => ask::end_recording(ui, order, around, commands),
            Dialog::Leave => ask::leave(ui, around, commands),
            Dialog::Forget { sensor, address } => {
                ask::forget(ui, sensor, address, palette, commands);
            }
        }
    });
    if modal.should_close() {
        commands.push(Command::CloseDialog);
    }
}

/// The row of buttons at the foot; true when the first was pressed, or Enter in a field of one line.
pub(super) fn buttons(
    ui: &mut Ui,
    action: &str,
    enabled: bool,
    palette: &Palette,
    commands: &mut Vec<Command>,
) -> bool {
    let pressed = question(ui, action, enabled, palette, commands);
    // A field of one line gives the keyboard up at Enter; anything else keeps it.
    let entered = ui.input(|input| input.key_pressed(egui::Key::Enter))
        && ui.memory(|memory| memory.focused().is_none());
    pressed || (enabled && entered)
}

/// The same row where something may be lost: a key that is held down is no answer.
pub(super) fn question(
    ui: &mut Ui,
    action: &str,
    enabled: bool,
    palette: &Palette,
    commands: &mut Vec<Command>,
) -> bool {
    ui.add_space(12.0);
    let mut pressed = false;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let text = RichText::new(action).color(if enabled { palette.strong } else { palette.weak });
        let button =
            egui::Button::new(text).fill(palette.accent_soft).min_size(egui::vec2(110.0, 28.0));
        pressed = ui.add_enabled(enabled, button).clicked();
        let cancel = egui::Button::new("Cancel").min_size(egui::vec2(90.0, 28.0));
        if ui.add(cancel).clicked() {
            commands.push(Command::CloseDialog);
        }
    });
    pressed
}

/// A single button that closes.
pub(super) fn close_button(ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.add_space(12.0);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let close = egui::Button::new("Close").min_size(egui::vec2(90.0, 28.0));
        if ui.add(close).clicked() {
            commands.push(Command::CloseDialog);
        }
    });
}

/// A paragraph of explanation.
pub(super) fn explain(ui: &mut Ui, palette: &Palette, words: &str) {
    ui.add(egui::Label::new(RichText::new(words).color(palette.weak)).wrap());
    ui.add_space(6.0);
}

/// A named line of text.
pub(super) fn field(ui: &mut Ui, name: &str, text: &mut String, hint: &'static str) {
    let label = ui.label(name);
    let width = ui.available_width();
    let response = ui
        .add(egui::TextEdit::singleline(text).hint_text(hint).desired_width(width))
        .labelled_by(label.id);
    focus_if_none(ui, &response);
}

/// True for a host, or a host and a port that can be. An IPv6 address with a port stands in brackets.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    if text.is_empty() || text.contains(char::is_whitespace) {
        return false;
    }
    if let Some((_, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port);
    }
    match text.split_once(':') {
        None => true,
        Some((host, port)) if !port.contains(':') => !host.is_empty() && is_port(port),
        Some(_) => text.parse::<std::net::Ipv6Addr>().is_ok(),
    }
}

fn connect(
    ui: &mut Ui,
    address: &mut String,
    code: &mut String,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let palette = around.palette;
    explain(
        ui,
        palette,
        "On the Pi, run: piwardrive-sensor pair\nIt shows a short code, and piwardrive-sensor status the \
         address. The code is used once: both ends then know each other's key, and nobody else can connect.",
    );
    let filled = !address.is_empty();
    let hint = "raspberrypi.local, or host:port";
    let label = ui.label("Address of the sensor");
    let width = ui.available_width();
    let text = egui::TextEdit::singleline(address).hint_text(hint).desired_width(width);
    let response = ui.add(text).labelled_by(label.id);
    // With the address there already, the code is what is to be written.
    if !filled {
        focus_if_none(ui, &response);
    }
    discovery(ui, address, around, commands);
    field(ui, "Code", code, "as the sensor shows it");
    if around.feed.survey.is_none() {
        let words = "Open or make a survey first: what the sensor sends is stored there.";
        ui.label(RichText::new(words).color(palette.warn));
    } else if !address.is_empty() && !is_address(address) {
        let words = "Write the address as host, or host:port.";
        ui.label(RichText::new(words).color(palette.warn));
    }
    let ready = around.feed.survey.is_some() && is_address(address) && !code.trim().is_empty();
    if buttons(ui, "Pair", ready, palette, commands) {
        let order =
            Order::Pair { address: address.trim().to_owned(), code: code.trim().to_owned() };
        commands.push(Command::Engine(order));
        commands.push(Command::CloseDialog);
    }
}

/// Sensors that say on the local network that they are there: choosing one writes its address.
fn discovery(
    ui: &mut Ui,
    address: &mut String,
    around: &Surroundings<'_>,
    commands: &mut Vec<Command>,
) {
    let feed = around.feed;
    let asking = feed.discovery == Discovery::Asking;
    let words = if asking { "Looking…" } else { "Look on this network" };
    if ui.add_enabled(!asking, egui::Button::new(words)).clicked() {
        commands.push(Command::Engine(Order::Discover));
    }
    match &feed.discovery {
        Discovery::NotAsked | Discovery::Asking => {}
        Discovery::Failed(why) => {
            ui.label(RichText::new(why).color(around.palette.warn));
        }
        Discovery::Found(found) if found.is_empty() => explain(
            ui,
            around.palette,
            "No sensor says that it is there. One does so when it is configured with: \
             announce = true",
        ),
        Discovery::Found(found) => {
            for sensor in found {
                let words = found_words(sensor, &feed.links);
                if ui.selectable_label(*address == sensor.address, words).clicked() {
                    address.clone_from(&sensor.address);
                }
            }
        }
    }
}

/// A sensor that was found, and whether it is paired already.
fn found_words(sensor: &DiscoveredSensor, links: &[LinkRow]) -> String {
    let known = links.iter().find(|link| Some(link.id) == sensor.id);
    let known = known.map_or_else(String::new, |link| format!(", paired as {}", link.name));
    format!("{} at {}{known}", sensor.name, sensor.address)
}

fn online_map(ui: &mut Ui, palette: &Palette, commands: &mut Vec<Command>) {
    explain(
        ui,
        palette,
        "Without this, the map shows the bundled world map and nothing leaves this computer.\n\n\
         With it, pictures of the streets around what you look at are fetched from \
         tile.openstreetmap.org. Its operators see your internet address and which places you look \
         at, and so about where you drive. Networks and findings are not sent.\n\n\
         You can switch it off at any time; the choice is kept.",
    );
    if buttons(ui, "Fetch maps", true, palette, commands) {
        commands.push(Command::SetOnlineTiles(true));
        commands.push(Command::CloseDialog);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_model::SensorId;

    #[test]
    fn a_found_sensor_is_named_and_said_to_be_paired_by_its_identifier() {
        let links = [LinkRow {
            name: "van".to_owned(),
            ..crate::fixture::link(crate::feed::LinkKind::Off)
        }];
        let found = |id| DiscoveredSensor {
            name: "car".to_owned(),
            address: "10.0.0.2:47147".to_owned(),
            id,
        };
        let words = |id| found_words(&found(id), &links);
        assert_eq!(words(Some(links[0].id)), "car at 10.0.0.2:47147, paired as van");
        assert_eq!(words(Some(SensorId([0x5a; 16]))), "car at 10.0.0.2:47147");
        assert_eq!(words(None), "car at 10.0.0.2:47147");
    }

    #[test]
    fn an_address_is_a_host_with_or_without_a_port() {
        for good in [
            "192.168.4.1:47147",
            "pi.local:1",
            "pi.local",
            "[fe80::1]:47147",
            "[fe80::1]",
            "fe80::1",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", " ", "pi local", ":47147", "pi:0", "pi:70000", "pi:x", "[fe80::1]:x"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
