//! The bar at the top: menus, views, where the data comes from, link; and the strip of running jobs.

use crate::command::{Command, DialogKind, Order, View};
use crate::feed::{Feed, JobRow, LinkKind, LinkRow};
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
    /// Troubles that went by unread.
    pub(super) missed: usize,
}

/// Narrower bars have the views on a line of their own, below the rest.
const ONE_LINE: f32 = 1120.0;

pub(super) fn ui(
    ui: &mut Ui,
    feed: &Feed,
    shown: &Shown<'_>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let wide = ui.available_width() > ONE_LINE;
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
        if wide {
            ui.add_space(10.0);
            ui.scope(|ui| {
                ui.spacing_mut().item_spacing.x = 3.0;
                views(ui, shown.view, palette, commands);
            });
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            right(ui, feed, shown, palette, commands);
        });
    });
    if !wide {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            views(ui, shown.view, palette, commands);
        });
    }
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
        let messages = Button::new("Messages").shortcut_text("Ctrl+M");
        if ui.add(messages).clicked() {
            commands.push(Command::OpenDialog(DialogKind::Messages));
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
    if shown.missed > 0 {
        let words = words::counted(shown.missed as u64, "message", "messages");
        let button = Button::new(RichText::new(words).color(palette.bad));
        if ui.add(button).on_hover_text("Something was not done (Ctrl+M)").clicked() {
            commands.push(Command::OpenDialog(DialogKind::Messages));
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
    let Some(summary) = summary(&feed.links) else { return };
    let color = match summary.kind {
        LinkKind::Connected => palette.good,
        LinkKind::Refused => palette.bad,
        _ => palette.warn,
    };
    parts::state(ui, color, &summary.words).on_hover_text(summary.tip);
}

/// All links in a word or two, and one line for each sensor.
#[derive(Debug)]
struct Summary {
    kind: LinkKind,
    words: String,
    tip: String,
}

/// One link by its state; several counted, so that none hides another. A sensor that records is never
/// shown as refused because another one is.
fn summary(links: &[LinkRow]) -> Option<Summary> {
    let wanted: Vec<&LinkRow> = links
        .iter()
        .filter(|link| !matches!(link.kind, LinkKind::Off | LinkKind::Replaced))
        .collect();
    let deaf = wanted.iter().filter(|link| link.is_deaf()).count();
    let ended = wanted.iter().filter(|link| link.has_ended()).count();
    let connected = wanted.iter().filter(|link| link.kind == LinkKind::Connected).count();
    let live = connected - deaf - ended;
    let of = |kind| wanted.iter().filter(|link| link.kind == kind).count();
    let states = [
        (live, "Live", "live"),
        (ended, "Played to its end", "played to its end"),
        (deaf, "No radio listens", "without a radio"),
        (of(LinkKind::Connecting), "Connecting", "connecting"),
        (of(LinkKind::Refused), "Refused", "refused"),
    ];
    let mut states = states.into_iter().filter(|(count, ..)| *count > 0);
    let (first, second) = (states.next()?, states.next());
    let words = match (&second, wanted.len()) {
        (None, 1) => first.1.to_owned(),
        _ => [first].into_iter().chain(second).chain(states).fold(String::new(), |all, one| {
            let comma = if all.is_empty() { "" } else { ", " };
            format!("{all}{comma}{} {}", one.0, one.2)
        }),
    };
    let kind = match wanted.len() {
        all if all == live + ended => LinkKind::Connected,
        all if all == of(LinkKind::Refused) => LinkKind::Refused,
        _ => LinkKind::Connecting,
    };
    let tips: Vec<String> =
        wanted.iter().map(|link| format!("{}: {}", link.name, link.words)).collect();
    Some(Summary { kind, words, tip: tips.join("\n") })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_refused_sensor_does_not_hide_one_that_records() {
        let link = |kind| fixture::link(kind);
        let words = |links: &[LinkRow]| summary(links).map(|summary| (summary.words, summary.kind));
        let some = |words: &str, kind| Some((words.to_owned(), kind));
        use LinkKind::{Connected, Connecting, Off, Refused, Replaced};
        assert_eq!(words(&[]), None);
        assert_eq!(words(&[link(Off), link(Replaced)]), None);
        assert_eq!(words(&[link(Connected)]), some("Live", Connected));
        assert_eq!(words(&[link(Replaced), link(Connected)]), some("Live", Connected));
        assert_eq!(words(&[link(Refused)]), some("Refused", Refused));
        assert_eq!(words(&[link(Refused), link(Connected)]), some("1 live, 1 refused", Connecting));
        assert_eq!(words(&[link(Connected), link(Connected)]), some("2 live", Connected));
        let deaf = LinkRow { radios: Some(Vec::new()), ..link(Connected) };
        assert_eq!(words(&[deaf]), some("No radio listens", Connecting));
        let radios = Some(vec![pw_engine::RadioRow::default()]);
        let ended = LinkRow { radios, is_played: true, ..link(Connected) };
        assert_eq!(words(std::slice::from_ref(&ended)), some("Played to its end", Connected));
        let both = some("1 live, 1 played to its end", Connected);
        assert_eq!(words(&[link(Connected), ended]), both);
    }
}
