//! Everything known of one access point: level right now, signal over time, protection, radio, clients, places, note.

mod facts;
mod live;
mod plot;

use crate::command::{Command, Order};
use crate::feed::Feed;
use crate::style::Palette;
use crate::views::parts;
use crate::views::security::{self, SecurityClass};
use crate::words;
use egui::{Align, Layout, RichText, Ui};
use pw_model::MacAddr;
use pw_survey::{AccessPoint, Snapshot};
use std::sync::Arc;

/// What the panel remembers: a note that is being written.
#[derive(Debug, Default)]
pub(crate) struct DetailState {
    editing: Option<MacAddr>,
    note: String,
    /// Transmitters whose levels of this moment were asked for.
    watched: Vec<MacAddr>,
    /// The client that is followed instead of its access point.
    followed: Option<Followed>,
}

/// A client of an access point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Followed {
    bssid: MacAddr,
    client: MacAddr,
}

impl DetailState {
    /// The panel is not shown: no levels are wanted any more.
    pub(crate) fn watch_none(&mut self) -> Option<Command> {
        self.watch(Vec::new())
    }

    fn watch(&mut self, watched: Vec<MacAddr>) -> Option<Command> {
        if self.watched == watched {
            return None;
        }
        self.watched.clone_from(&watched);
        Some(Command::Engine(Order::Watch(watched)))
    }

    /// Who is followed while this access point is chosen: one of its clients, or itself.
    fn followed(&self, bssid: MacAddr) -> MacAddr {
        self.followed.filter(|f| f.bssid == bssid).map_or(bssid, |followed| followed.client)
    }
}

/// Paints the panel for the chosen access point.
pub(crate) fn ui(
    ui: &mut Ui,
    state: &mut DetailState,
    snapshot: &Snapshot,
    feed: &Feed,
    palette: &Palette,
    bssid: MacAddr,
    commands: &mut Vec<Command>,
) {
    let mut watched = vec![bssid, state.followed(bssid)];
    watched.dedup();
    commands.extend(state.watch(watched));
    let Some(ap) = snapshot.access_point(bssid).map(Arc::clone) else {
        ui.set_min_width(ui.available_width());
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            ui.label(RichText::new(bssid.to_string()).size(17.0).color(palette.strong));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Close").on_hover_text("Esc").clicked() {
                    commands.push(Command::Choose(None));
                }
            });
        });
        let words = "Not heard in the stretch of time that is shown.";
        ui.label(RichText::new(words).color(palette.weak));
        level(ui, state, feed, palette, bssid, commands);
        return;
    };
    header(ui, &ap, palette, commands);
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        level(ui, state, feed, palette, bssid, commands);
        ui.add_space(8.0);
        let range = snapshot.selected.or(snapshot.range);
        plot::ui(ui, &ap, range, palette);
        let all = facts::facts(&ap, feed);
        for group in &all {
            parts::section(ui, palette, group.title);
            for fact in &group.facts {
                let color = if fact.look { palette.warn } else { palette.text };
                parts::fact_colored(ui, palette, fact.name, &fact.value, color, commands);
            }
        }
        clients(ui, state, &ap, snapshot, feed, palette, commands);
        note(ui, state, &ap, feed, palette, commands);
        ui.add_space(12.0);
    });
}

/// The level of this moment, of the access point or of the client that is followed.
fn level(
    ui: &mut Ui,
    state: &mut DetailState,
    feed: &Feed,
    palette: &Palette,
    bssid: MacAddr,
    commands: &mut Vec<Command>,
) {
    let transmitter = state.followed(bssid);
    parts::section(ui, palette, "Level right now");
    if transmitter != bssid {
        ui.horizontal(|ui| {
            ui.label(RichText::new("of the client").color(palette.weak));
            ui.label(RichText::new(transmitter.to_string()).monospace());
            if ui.button("Back to the access point").clicked() {
                state.followed = None;
            }
        });
    }
    live::ui(ui, feed, palette, transmitter, commands);
}

fn header(ui: &mut Ui, ap: &AccessPoint, palette: &Palette, commands: &mut Vec<Command>) {
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let name = ap.name();
        let text = RichText::new(name.as_deref().unwrap_or("Hidden network")).size(18.0);
        let text = text.family(crate::fonts::bold());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Close").on_hover_text("Esc").clicked() {
                commands.push(Command::Choose(None));
            }
            if ui.button("On map").on_hover_text("Enter").clicked() {
                commands.push(Command::ShowOnMap(ap.bssid));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let response = ui.add(
                    egui::Label::new(text.color(palette.strong))
                        .truncate()
                        .sense(egui::Sense::click()),
                );
                parts::copy_menu(&response, name.as_deref().unwrap_or_default(), commands);
            });
        });
    });
    ui.horizontal(|ui| {
        let class = SecurityClass::of(ap);
        security::mark_inline(ui, palette, class);
        let label = ap.protection.as_ref().map_or("protection not known", |p| p.label.name());
        ui.label(RichText::new(label).family(crate::fonts::bold()).color(palette.security(class)));
        let address = ap.bssid.to_string();
        let response = ui
            .add(egui::Label::new(RichText::new(&address).monospace()).sense(egui::Sense::click()));
        parts::copy_menu(&response, &address, commands);
        if ap.known {
            parts::badge(ui, "known", palette.accent_soft, palette.text);
        }
    });
    ui.add_space(2.0);
}

fn clients(
    ui: &mut Ui,
    state: &mut DetailState,
    ap: &AccessPoint,
    snapshot: &Snapshot,
    feed: &Feed,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    /// Clients listed; the rest is counted.
    const MOST: usize = 50;
    parts::section(ui, palette, "Clients");
    if ap.clients.is_empty() {
        ui.label(RichText::new("None was seen with it.").color(palette.weak));
    }
    for address in ap.clients.iter().take(MOST) {
        let client = snapshot
            .clients
            .binary_search_by_key(address, |client| client.address)
            .ok()
            .and_then(|at| snapshot.clients.get(at));
        let maker = if client.is_some_and(|client| client.pseudonym) {
            "pseudonym made by the sensor"
        } else if address.is_locally_administered() {
            "random address"
        } else {
            (feed.vendor)(*address).unwrap_or("vendor not known")
        };
        let level = words::dbm(client.and_then(|c| c.signal).map(|signal| signal.max_dbm));
        let frames = client.map_or_else(String::new, |client| {
            format!(", {}", words::counted(client.frames, "frame", "frames"))
        });
        ui.horizontal(|ui| {
            let text = address.to_string();
            let response = ui.add(
                egui::Label::new(RichText::new(&text).monospace()).sense(egui::Sense::click()),
            );
            parts::copy_menu(&response, &text, commands);
            let followed = Followed { bssid: ap.bssid, client: *address };
            let is_followed = state.followed == Some(followed);
            if feed.is_live() && ui.selectable_label(is_followed, "Follow").clicked() {
                state.followed = (!is_followed).then_some(followed);
            }
            let words = format!("{maker}, {level}{frames}");
            ui.add(egui::Label::new(RichText::new(words).color(palette.weak)).truncate());
        });
    }
    if ap.clients.len() > MOST {
        let rest = format!("and {} more", words::count((ap.clients.len() - MOST) as u64));
        ui.label(RichText::new(rest).color(palette.weak));
    }
}

fn note(
    ui: &mut Ui,
    state: &mut DetailState,
    ap: &AccessPoint,
    feed: &Feed,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    parts::section(ui, palette, "Your note");
    if state.editing != Some(ap.bssid) {
        state.editing = Some(ap.bssid);
        state.note = ap.note.clone().unwrap_or_default();
    }
    if feed.read_only {
        let words = ap.note.as_deref().unwrap_or("The survey is open for reading only.");
        ui.label(RichText::new(words).color(palette.weak));
        return;
    }
    let label = ui.label(RichText::new("Kept in the survey and in exports").color(palette.weak));
    ui.add(
        egui::TextEdit::multiline(&mut state.note)
            .desired_rows(2)
            .desired_width(f32::INFINITY)
            .char_limit(2000),
    )
    .labelled_by(label.id);
    ui.horizontal(|ui| {
        let changed = state.note != ap.note.as_deref().unwrap_or_default();
        if ui.add_enabled(changed, egui::Button::new("Save note")).clicked() {
            let order = Order::Note { bssid: ap.bssid, text: state.note.clone() };
            commands.push(Command::Engine(order));
        }
        let mut known = ap.known;
        if ui.checkbox(&mut known, "I know this network").changed() {
            commands.push(Command::Engine(Order::Known { bssid: ap.bssid, known }));
        }
    });
}
