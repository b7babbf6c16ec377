//! The bar at the top: menus, views, where the data comes from, link; and the strip of running jobs.

use crate::command::{Command, DialogKind, Order, View};
use crate::feed::{Feed, JobRow, LinkKind};
use crate::style::{Palette, ThemeChoice};
use crate::views::packets::PacketsOrder;
use crate::views::parts;
use crate::words;
use egui::{Align, Button, Layout, RichText, Ui, vec2};
use std::path::PathBuf;

/// What the bar shows of the window's state.
pub(super) struct Shown<'a> {
    pub(super) view: View,
    pub(super) theme: ThemeChoice,
    pub(super) recent: &'a [PathBuf],
    pub(super) recent_captures: &'a [PathBuf],
    pub(super) say_read_only: bool,
}

pub(super) fn ui(
    ui: &mut Ui,
    feed: &Feed,
    shown: &Shown<'_>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        ui.label(
            RichText::new("PiWardrive")
                .size(16.5)
                .family(crate::fonts::bold())
                .color(palette.strong),
        );
        ui.add_space(4.0);
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            file_menu(ui, feed, shown, commands);
            help_menu(ui, commands);
        });
        ui.add_space(10.0);
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            views(ui, shown.view, palette, commands);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            right(ui, feed, shown, palette, commands);
        });
    });
}

fn views(ui: &mut Ui, view: View, palette: &Palette, commands: &mut Vec<Command>) {
    for (number, choice) in View::ALL.into_iter().enumerate() {
        let chosen = choice == view;
        let color = if chosen { palette.strong } else { palette.text };
        let button =
            Button::selectable(chosen, RichText::new(choice.name()).size(14.5).color(color))
                .min_size(vec2(78.0, 28.0));
        let response = ui.add(button).on_hover_text(format!("Ctrl+{}", number + 1));
        if chosen {
            let rect = response.rect;
            let y = rect.bottom() + 0.5;
            let stroke = egui::Stroke::new(2.0, palette.accent);
            ui.painter().hline(rect.shrink2(vec2(8.0, 0.0)).x_range(), y, stroke);
        }
        if response.clicked() {
            commands.push(Command::Show(choice));
        }
    }
}

fn file_menu(ui: &mut Ui, feed: &Feed, shown: &Shown<'_>, commands: &mut Vec<Command>) {
    ui.menu_button("File", |ui| {
        let open = feed.survey.is_some();
        let mut item = |ui: &mut Ui, enabled, words: &str, keys: &str, command| {
            let button = Button::new(words).shortcut_text(keys);
            if ui.add_enabled(enabled, button).clicked() {
                commands.push(command);
                ui.close();
            }
        };
        item(ui, true, "New survey…", "Ctrl+N", Command::OpenDialog(DialogKind::New));
        item(ui, true, "Open survey…", "Ctrl+O", Command::OpenDialog(DialogKind::Open));
        let survey = |path| Command::Engine(Order::Open { path });
        recent(ui, "Recent surveys", shown.recent, survey, commands);
        let mut item = |ui: &mut Ui, enabled, words: &str, keys: &str, command| {
            let button = Button::new(words).shortcut_text(keys);
            if ui.add_enabled(enabled, button).clicked() {
                commands.push(command);
                ui.close();
            }
        };
        item(ui, open, "Close survey", "", Command::Engine(Order::Close));
        ui.separator();
        let capture = Command::Packets(PacketsOrder::AskOpen);
        item(ui, true, "Open capture…", "Ctrl+Shift+O", capture);
        recent(ui, "Recent captures", shown.recent_captures, Command::OpenCapture, commands);
        let mut item = |ui: &mut Ui, enabled, words: &str, keys: &str, command| {
            let button = Button::new(words).shortcut_text(keys);
            if ui.add_enabled(enabled, button).clicked() {
                commands.push(command);
                ui.close();
            }
        };
        ui.separator();
        let writable = open && !feed.read_only;
        let pair = Command::OpenDialog(DialogKind::Connect);
        item(ui, writable, "Pair a sensor…", "", pair);
        let import = Command::OpenDialog(DialogKind::Import);
        item(ui, writable, "Import files…", "Ctrl+I", import);
        item(ui, open, "Export…", "Ctrl+E", Command::OpenDialog(DialogKind::Export));
        item(ui, open, "PDF report…", "Ctrl+P", Command::OpenDialog(DialogKind::Report));
        ui.separator();
        item(ui, true, "Quit", "Ctrl+Q", Command::Quit);
    });
}

/// A menu of files that were opened before.
fn recent(
    ui: &mut Ui,
    title: &str,
    paths: &[PathBuf],
    open: impl Fn(PathBuf) -> Command,
    commands: &mut Vec<Command>,
) {
    ui.menu_button(title, |ui| {
        if paths.is_empty() {
            ui.add_enabled(false, Button::new("None yet"));
        }
        for path in paths {
            let name = path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            );
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                commands.push(open(path.clone()));
                ui.close();
            }
        }
    });
}

fn help_menu(ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.menu_button("Help", |ui| {
        let shortcuts = Button::new("Keyboard shortcuts").shortcut_text("F1");
        if ui.add(shortcuts).clicked() {
            commands.push(Command::OpenDialog(DialogKind::Help));
            ui.close();
        }
        if ui.button("About PiWardrive").clicked() {
            commands.push(Command::OpenDialog(DialogKind::About));
            ui.close();
        }
    });
}

/// From the right: theme, report, link, name of the survey, and what its data is.
fn right(
    ui: &mut Ui,
    feed: &Feed,
    shown: &Shown<'_>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let name = match shown.theme {
        ThemeChoice::Light => "Theme: light",
        ThemeChoice::Dark => "Theme: dark",
        ThemeChoice::Night => "Theme: night",
    };
    let tip = "Theme: light, dark, night (Ctrl+T)";
    if ui.add(Button::new(name).min_size(vec2(52.0, 26.0))).on_hover_text(tip).clicked() {
        commands.push(Command::NextTheme);
    }
    if feed.survey.is_some() {
        let report = Button::new("Report…").min_size(vec2(0.0, 26.0));
        if ui.add(report).on_hover_text("PDF report (Ctrl+P)").clicked() {
            commands.push(Command::OpenDialog(DialogKind::Report));
        }
    }
    if feed.shown.as_ref().is_some_and(|shown| shown.is_simulated())
        || feed.survey.as_ref().is_some_and(|survey| survey.is_simulated())
    {
        parts::badge(ui, "SIMULATED DATA", palette.badge, palette.badge_text).on_hover_text(
            "Made by the simulator, in part or in whole: it says nothing about a real place.",
        );
    }
    if shown.say_read_only && feed.read_only && feed.survey.is_some() {
        parts::badge(ui, "READ ONLY", palette.accent_soft, palette.text)
            .on_hover_text("Notes, imports and recording need the survey open for writing.");
    }
    if let Some(words) = &feed.opening {
        ui.add(egui::Label::new(RichText::new(words).color(palette.weak)).truncate());
        ui.spinner();
        return;
    }
    let Some(survey) = &feed.survey else { return };
    link(ui, feed, palette);
    ui.add(egui::Label::new(RichText::new(&survey.survey.name).color(palette.weak)).truncate())
        .on_hover_text(survey.survey.path.display().to_string());
}

fn link(ui: &mut Ui, feed: &Feed, palette: &Palette) {
    let of = |kind| feed.links.iter().find(|link| link.kind == kind);
    let (color, words, tip) = if let Some(link) = of(LinkKind::Refused) {
        (palette.bad, "Refused", link.words.as_str())
    } else if let Some(link) = of(LinkKind::Connecting) {
        (palette.warn, "Connecting", link.words.as_str())
    } else if let Some(link) = of(LinkKind::Connected) {
        (palette.good, "Live", link.words.as_str())
    } else {
        return;
    };
    parts::state(ui, color, words).on_hover_text(tip);
}

/// One line for each running job, with its progress and a way to stop it.
pub(super) fn jobs(ui: &mut Ui, jobs: &[JobRow], palette: &Palette, commands: &mut Vec<Command>) {
    for job in jobs {
        ui.horizontal(|ui| {
            ui.label(RichText::new(&job.title).color(palette.strong));
            match job.share {
                Some(share) => {
                    let bar = egui::ProgressBar::new(share)
                        .desired_width(220.0)
                        .text(words::percent(f64::from(share)));
                    ui.add(bar);
                }
                None => {
                    ui.spinner();
                }
            }
            ui.label(RichText::new(&job.words).color(palette.weak));
            if job.can_cancel && ui.small_button("Cancel").clicked() {
                commands.push(Command::Engine(Order::Cancel { job: job.id }));
            }
        });
    }
}
