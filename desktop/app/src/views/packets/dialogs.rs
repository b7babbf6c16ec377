//! Dialogs of the packet view: open a capture, export packets, edit the colour rules.

use super::PacketsOrder;
use super::rules::{self, Rule, RuleColor};
use super::session::Session;
use crate::command::Command;
use crate::picker::{Pick, Picker};
use crate::style::Palette;
use crate::words;
use egui::{Align, Id, Layout, Modal, RichText, Ui};
use pw_engine::capture_file::{Filter, WorkError};
use std::path::{Path, PathBuf};

/// A dialog that is open.
#[derive(Debug)]
pub(super) enum PacketsDialog {
    Open { file: Picker },
    Export { file: Picker, replace: bool },
    Rules { rules: Vec<Rule> },
}

impl PacketsDialog {
    pub(super) fn open(beside: Option<&Path>) -> Self {
        let folder = beside.and_then(Path::parent);
        let text = folder.map_or_else(String::new, |folder| format!("{}/", folder.display()));
        Self::Open { file: Picker::with(text) }
    }

    pub(super) fn export(capture: &Path) -> Self {
        Self::Export {
            file: Picker::with(suggested(capture).display().to_string()),
            replace: false,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Open { .. } => "Open capture",
            Self::Export { .. } => "Export packets",
            Self::Rules { .. } => "Colours of packets",
        }
    }
}

/// A file beside the capture that is not there yet.
fn suggested(capture: &Path) -> PathBuf {
    let name = capture.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("capture");
    let numbered = |number: u32| match number {
        1 => capture.with_file_name(format!("{stem}-selection.pcapng")),
        number => capture.with_file_name(format!("{stem}-selection-{number}.pcapng")),
    };
    (1..1000).map(numbered).find(|path| !path.exists()).unwrap_or_else(|| numbered(1))
}

/// Paints the dialog; true when it is to be closed.
pub(super) fn ui(
    ui: &Ui,
    dialog: &mut PacketsDialog,
    session: Option<&Session>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) -> bool {
    let width = if matches!(dialog, PacketsDialog::Rules { .. }) { 860.0 } else { 560.0 };
    let frame = egui::Frame::window(ui.style()).inner_margin(egui::Margin::symmetric(22, 18));
    let modal = Modal::new(Id::unique("packets-dialog"))
        .frame(frame)
        .backdrop_color(egui::Color32::from_black_alpha(130));
    let mut close = false;
    let shown = modal.show(ui.ctx(), |ui| {
        ui.set_width(width);
        let title = RichText::new(dialog.title()).size(18.0).family(crate::fonts::bold());
        ui.label(title.color(palette.strong));
        ui.add_space(6.0);
        match dialog {
            PacketsDialog::Open { file } => open(ui, file, palette, commands, &mut close),
            PacketsDialog::Export { file, replace } => match session {
                Some(session) => {
                    export(ui, file, replace, session, palette, commands, &mut close);
                }
                None => close = true,
            },
            PacketsDialog::Rules { rules } => edit(ui, rules, palette, commands, &mut close),
        }
    });
    close || shown.should_close()
}

fn explain(ui: &mut Ui, palette: &Palette, words: &str) {
    ui.add(egui::Label::new(RichText::new(words).color(palette.weak)).wrap());
    ui.add_space(6.0);
}

/// The buttons at the foot; true when the first was pressed, or Enter in the field.
fn buttons(ui: &mut Ui, action: &str, enabled: bool, palette: &Palette, close: &mut bool) -> bool {
    ui.add_space(12.0);
    let mut pressed = false;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let text = RichText::new(action).color(if enabled { palette.strong } else { palette.weak });
        let button =
            egui::Button::new(text).fill(palette.accent_soft).min_size(egui::vec2(110.0, 28.0));
        pressed = ui.add_enabled(enabled, button).clicked();
        if ui.add(egui::Button::new("Cancel").min_size(egui::vec2(90.0, 28.0))).clicked() {
            *close = true;
        }
    });
    // A field of one line gives the keyboard up at Enter.
    let entered = ui.input(|input| input.key_pressed(egui::Key::Enter))
        && ui.memory(|memory| memory.focused().is_none());
    pressed || (enabled && entered)
}

fn open(
    ui: &mut Ui,
    file: &mut Picker,
    palette: &Palette,
    commands: &mut Vec<Command>,
    close: &mut bool,
) {
    explain(
        ui,
        palette,
        "pcap or pcapng, also packed with gzip or zstd. The file is only read. It does not become part \
         of a survey; File, Import files… does that.",
    );
    file.ui(ui, "Capture file", &Pick::File);
    let path = file.path();
    if buttons(ui, "Open", path.is_some(), palette, close)
        && let Some(path) = path
    {
        commands.push(Command::OpenCapture(path));
        *close = true;
    }
}

fn export(
    ui: &mut Ui,
    file: &mut Picker,
    replace: &mut bool,
    session: &Session,
    palette: &Palette,
    commands: &mut Vec<Command>,
    close: &mut bool,
) {
    let count = words::counted(u64::from(session.rows()), "packet", "packets");
    let what = match &session.selection {
        Some(selection) => format!("{count} that pass: {}", selection.filter().text()),
        None => format!("All {count}."),
    };
    explain(
        ui,
        palette,
        &format!("{what}\nThey are written as pcapng, byte for byte as captured."),
    );
    if session.is_searching() {
        let words = "Packets are still being looked for; only what is found by then is written.";
        ui.label(RichText::new(words).color(palette.warn));
    }
    file.ui(ui, "File", &Pick::Save("selection.pcapng".to_owned()));
    let path = file.path();
    let exists = path.as_ref().is_some_and(|path| path.exists());
    if exists {
        ui.label(RichText::new("There is a file of this name already.").color(palette.warn));
        ui.checkbox(replace, "Replace it");
    } else {
        *replace = false;
    }
    let ready = path.is_some() && session.rows() > 0 && (!exists || *replace);
    if buttons(ui, "Export", ready, palette, close)
        && let Some(path) = path
    {
        let order = PacketsOrder::Export { path, may_replace: *replace };
        commands.push(Command::Packets(order));
        *close = true;
    }
}

/// Why an export is not done, for people.
pub(super) fn export_trouble(path: &Path, error: &WorkError) -> String {
    match error {
        WorkError::Cancelled => format!("{}: the export was stopped", path.display()),
        WorkError::Exists => format!(
            "{}: there is a file of this name now; export again and say that it may be replaced",
            path.display()
        ),
        WorkError::Failed(words) => words.clone(),
    }
}

fn edit(
    ui: &mut Ui,
    rules: &mut Vec<Rule>,
    palette: &Palette,
    commands: &mut Vec<Command>,
    close: &mut bool,
) {
    explain(ui, palette, "A packet gets the colour of the first rule that it passes.");
    let mut change = None;
    egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        for (at, rule) in rules.iter_mut().enumerate() {
            let wrong = Filter::compile(&rule.filter).err();
            ui.horizontal(|ui| {
                color_button(ui, at, rule, palette);
                let name = egui::TextEdit::singleline(&mut rule.name).desired_width(120.0);
                let response = ui.add(name.hint_text("name"));
                named(&response, &format!("Name of rule {}", at + 1));
                let filter = egui::TextEdit::singleline(&mut rule.filter)
                    .font(egui::TextStyle::Monospace)
                    .hint_text("filter")
                    .desired_width(ui.available_width() - 170.0);
                let response = ui.add(filter);
                named(&response, &format!("Filter of rule {}", at + 1));
                if ui.small_button("Up").clicked() {
                    change = Some(Change::Up(at));
                }
                if ui.small_button("Down").clicked() {
                    change = Some(Change::Down(at));
                }
                if ui.small_button("Delete").clicked() {
                    change = Some(Change::Delete(at));
                }
            });
            if let Some(error) = wrong {
                ui.label(RichText::new(error.to_string()).size(11.5).color(palette.bad));
            } else if rule.filter.trim().is_empty() {
                let words = "Without a filter this rule colours nothing.";
                ui.label(RichText::new(words).size(11.5).color(palette.warn));
            }
        }
    });
    match change {
        Some(Change::Up(at)) if at > 0 => rules.swap(at, at - 1),
        Some(Change::Down(at)) if at + 1 < rules.len() => rules.swap(at, at + 1),
        Some(Change::Delete(at)) => drop(rules.remove(at)),
        _ => {}
    }
    ui.horizontal(|ui| {
        if ui.button("Add a rule").clicked() {
            rules.push(Rule::default());
        }
        if ui.button("The usual rules").clicked() {
            *rules = rules::usual();
        }
    });
    if buttons(ui, "Use", true, palette, close) {
        commands.push(Command::Packets(PacketsOrder::SetRules(rules.clone())));
        *close = true;
    }
}

enum Change {
    Up(usize),
    Down(usize),
    Delete(usize),
}

/// Gives a field without a label of its own a name, for those who do not see it.
fn named(response: &egui::Response, name: &str) {
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::TextInput, true, name));
}

fn color_button(ui: &mut Ui, at: usize, rule: &mut Rule, palette: &Palette) {
    let chosen = RichText::new(rule.color.name()).color(rule.color.ink(palette));
    egui::ComboBox::from_id_salt(("rule-color", at)).width(84.0).selected_text(chosen).show_ui(
        ui,
        |ui| {
            for color in RuleColor::ALL {
                let text = RichText::new(color.name()).color(color.ink(palette));
                ui.selectable_value(&mut rule.color, color, text);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_offered_under_a_name_that_is_free() {
        let folder = tempfile::tempdir().expect("a folder");
        let capture = folder.path().join("drive.pcapng.gz");
        assert_eq!(suggested(&capture), folder.path().join("drive-selection.pcapng"));
        std::fs::write(folder.path().join("drive-selection.pcapng"), b"x").expect("writable");
        assert_eq!(suggested(&capture), folder.path().join("drive-selection-2.pcapng"));
    }
}
