//! What stands above and below the list of packets: the file, warnings, and what the colours mean.

use super::filter_bar::Counts;
use super::paint::order;
use super::rules::Rule;
use super::session::Session;
use super::{PacketsOrder, PacketsTab, analysis, list};
use crate::command::Command;
use crate::style::Palette;
use crate::views::parts;
use crate::words;
use egui::{Align, Layout, RichText, Ui, vec2};
use pw_engine::capture_file::{Phase, SelectionPhase};

/// Room that the title leaves for its buttons.
const BUTTONS_WIDTH: f32 = 340.0;
/// Room for the badge of simulated captures.
const BADGE_WIDTH: f32 = 130.0;

/// The file, how far it is, and what can be done with it.
pub(super) fn title(
    ui: &mut Ui,
    session: &Session,
    tab: PacketsTab,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let status = session.file.status();
    ui.horizontal(|ui| {
        analysis::tabs(ui, tab, session, commands);
        ui.add_space(6.0);
        let path = session.file.path();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = RichText::new(name).family(crate::fonts::bold()).color(palette.strong);
        let badge = if status.is_simulated { BADGE_WIDTH } else { 0.0 };
        let room = (ui.available_width() - BUTTONS_WIDTH - badge).max(24.0);
        let name = ui
            .scope(|ui| {
                ui.set_max_width(room);
                ui.add(egui::Label::new(name).truncate())
            })
            .inner;
        if status.is_simulated {
            parts::badge(ui, "SIMULATED DATA", palette.badge, palette.badge_text);
        }
        let mut facts = words::bytes(status.size_bytes);
        if status.is_unpacked {
            facts.push_str(", packed");
        }
        if let (Some(first), Some(last)) = (session.file.time(1), session.file.time(status.packets))
        {
            let range = pw_model::TimeRange::new(first, last);
            facts.push_str(&format!(", {}", words::range(range)));
        }
        name.on_hover_text(format!("{}\n{facts}", path.display()));
        // The buttons at the right edge come first where there is not room for all.
        let facts = RichText::new(facts).color(palette.weak);
        let room = (ui.available_width() - BUTTONS_WIDTH).max(0.0);
        let facts = egui::Label::new(facts).truncate();
        ui.scope(|ui| {
            ui.set_max_width(room);
            ui.add(facts);
        });
        if status.phase == Phase::Indexing {
            let text = words::percent(f64::from(status.share));
            ui.add(egui::ProgressBar::new(status.share).desired_width(140.0).text(text));
            if ui.small_button("Stop reading").clicked() {
                commands.push(order(PacketsOrder::StopIndexing));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let mut button = |words: &str, tip: &str, command| {
                if ui.button(words).on_hover_text(tip).clicked() {
                    commands.push(command);
                }
            };
            button("Open…", "Another capture (Ctrl+Shift+O)", order(PacketsOrder::AskOpen));
            if let Some(export) = &session.export {
                let words =
                    format!("Stop export ({})", words::percent(f64::from(export.work.share())));
                button(&words, "Nothing is left behind", order(PacketsOrder::StopExport));
            } else {
                let tip = "The packets that are shown, as pcapng (Ctrl+E)";
                button("Export…", tip, order(PacketsOrder::AskExport));
            }
            if tab == PacketsTab::Packets {
                let tip = "Counts by kind, channel, rate and device (S)";
                button("Statistics", tip, order(PacketsOrder::ToggleStatistics));
            }
            button("Colours…", "Which packets get which colour", order(PacketsOrder::AskRules));
        });
    });
}

pub(super) fn counts(session: &Session) -> Counts {
    let total = session.file.count();
    let all = words::counted(u64::from(total), "packet", "packets");
    let Some(selection) = &session.selection else { return Counts { words: all, share: None } };
    let words = format!("{} of {all}", words::count(u64::from(selection.len())));
    let share = (f64::from(selection.asked()) / f64::from(total.max(1))).min(1.0) as f32;
    let searching = selection.phase() == SelectionPhase::Searching;
    Counts { words, share: searching.then_some(share) }
}

/// What is not whole, in a line each.
pub(super) fn warnings(ui: &mut Ui, session: &Session, palette: &Palette) {
    let mut warn = |words: &str| {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(16.0, 16.0), egui::Sense::hover());
            list::warning_mark(ui, rect, palette);
            ui.add(egui::Label::new(RichText::new(words).color(palette.warn)).wrap());
        });
    };
    match session.file.status().phase {
        Phase::Complete { warning: Some(words) } => warn(&words),
        Phase::Cancelled => {
            warn("Reading was stopped; what comes after these packets is not shown.")
        }
        _ => {}
    }
    match session.selection.as_ref().map(|selection| (selection.phase(), selection.asked())) {
        Some((SelectionPhase::Cancelled, asked)) => warn(&format!(
            "The search was stopped after {}; there may be more that pass.",
            words::counted(u64::from(asked), "packet", "packets")
        )),
        Some((SelectionPhase::Failed(words), _)) => warn(&words),
        _ => {}
    }
}

/// What the colours mean.
pub(super) fn legend(
    ui: &mut Ui,
    rules: &[Rule],
    places: &[usize],
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        for rule in places.iter().filter_map(|at| rules.get(*at)) {
            let (rect, _) = ui.allocate_exact_size(vec2(10.0, 14.0), egui::Sense::hover());
            let swatch = egui::Rect::from_center_size(rect.center(), vec2(10.0, 10.0));
            ui.painter().rect_filled(swatch, 2.0, rule.color.ink(palette));
            let text = RichText::new(&rule.name).size(12.0).color(palette.text);
            let label = egui::Label::new(text).sense(egui::Sense::click());
            let tip = format!("{}\nClick: show only these", rule.filter);
            if ui.add(label).on_hover_text(tip).clicked() {
                commands.push(order(PacketsOrder::Filter(rule.filter.clone())));
            }
            ui.add_space(8.0);
        }
    });
}
