//! The line in which a filter is written: completions, what is wrong and where, earlier filters.

use super::PacketsOrder;
use crate::command::Command;
use crate::style::Palette;
use egui::text::{CCursor, CCursorRange, CharIndex, LayoutJob, TextFormat};
use egui::{FontId, Key, Modifiers, Rect, RichText, Stroke, Ui, vec2};
use pw_engine::capture_file::{Completion, CompletionKind, Filter, FilterError, complete};

/// Completions in sight at once.
const IN_SIGHT: usize = 9;
/// Height of one of them.
const LINE: f32 = 20.0;

/// What the line remembers between frames.
#[derive(Debug, Default)]
pub(super) struct FilterBar {
    pub(super) text: String,
    /// The filter that is applied.
    pub(super) applied: String,
    error: Option<FilterError>,
    offered: Vec<Completion>,
    /// The completion that the keys are on; `None` until they were used.
    at: Option<usize>,
    /// Closed by the person until the text changes.
    closed: bool,
    pub(super) focus: bool,
    /// True while it was being written in, as of the last frame.
    focused: bool,
    /// Where the cursor goes in the next frame, as a character.
    cursor: Option<usize>,
    show_help: bool,
}

impl FilterBar {
    /// Puts a text in, as if it had been written.
    pub(super) fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        self.check();
        self.offered.clear();
    }

    /// Takes the Escape key while the line is being written in: first it closes the completions. egui
    /// has taken the keyboard away already, which is undone then. True when there is nothing more to do.
    pub(super) fn escaped(&mut self) -> bool {
        let was_focused = std::mem::take(&mut self.focused);
        if was_focused && self.is_open() {
            self.closed = true;
            self.focus = true;
        }
        was_focused
    }

    /// True when completions are offered.
    const fn is_open(&self) -> bool {
        !self.closed && !self.offered.is_empty()
    }

    fn check(&mut self) {
        self.error = Filter::compile(&self.text).err();
    }

    /// Puts a completion in place of the word that is being written.
    fn accept(&mut self, completion: &Completion) {
        let Some(head) = self.text.get(..completion.replaces.start) else { return };
        let Some(tail) = self.text.get(completion.replaces.end..) else { return };
        let mut text = format!("{head}{}", completion.text);
        if !tail.starts_with(' ') {
            text.push(' ');
        }
        self.cursor = Some(text.chars().count());
        self.text = text + tail;
        self.check();
        self.at = None;
    }
}

/// Counts that stand beside the line.
pub(super) struct Counts {
    pub(super) words: String,
    pub(super) share: Option<f32>,
}

/// Paints the line.
pub(super) fn ui(
    ui: &mut Ui,
    bar: &mut FilterBar,
    counts: &Counts,
    history: &[String],
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let order = |order| Command::Packets(order);
    let mut field = None;
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Filter").color(palette.weak));
        let width = (ui.available_width() - 640.0).max(220.0);
        field = Some(text_field(ui, bar, label.id, width, palette, commands));
        let pending = bar.text.trim() != bar.applied.trim();
        let can_apply = pending && bar.error.is_none();
        let apply = egui::Button::new("Apply").shortcut_text("Enter");
        if ui.add_enabled(can_apply, apply).clicked() {
            commands.push(order(PacketsOrder::Filter(bar.text.clone())));
        }
        let clear = ui.add_enabled(!bar.text.is_empty(), egui::Button::new("Clear"));
        if clear.clicked() {
            commands.push(order(PacketsOrder::Filter(String::new())));
        }
        ui.menu_button("Earlier", |ui| {
            if history.is_empty() {
                ui.add_enabled(false, egui::Button::new("None yet"));
            }
            for text in history {
                if ui.button(RichText::new(text).monospace()).clicked() {
                    commands.push(order(PacketsOrder::Filter(text.clone())));
                    ui.close();
                }
            }
        });
        let help = if bar.show_help { "Hide help" } else { "?" };
        if ui.button(help).on_hover_text("What can be written").clicked() {
            bar.show_help = !bar.show_help;
        }
        if let Some(share) = counts.share {
            let progress = egui::ProgressBar::new(share).desired_width(80.0);
            ui.add(progress);
            if ui.small_button("Stop").clicked() {
                commands.push(order(PacketsOrder::StopSearch));
            }
        }
        ui.add(egui::Label::new(RichText::new(&counts.words).color(palette.weak)).truncate());
    });
    bar.focused = field.is_some_and(|(_, focused)| focused);
    // While completions are shown, what is wrong stands below them.
    if let Some(error) = bar.error.as_ref().filter(|_| !(bar.focused && bar.is_open())) {
        ui.label(RichText::new(error.to_string()).color(palette.bad));
    }
    if bar.show_help {
        crate::style::card(palette).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.add(egui::Label::new(RichText::new(Filter::help()).monospace()).wrap());
        });
    }
    if let Some((rect, true)) = field {
        popup(ui, bar, rect, palette);
    }
}

/// The field; where it is, and whether it is being written in.
fn text_field(
    ui: &mut Ui,
    bar: &mut FilterBar,
    label: egui::Id,
    width: f32,
    palette: &Palette,
    commands: &mut Vec<Command>,
) -> (Rect, bool) {
    let id = ui.scope_id().with("packet-filter");
    let focused = ui.memory(|memory| memory.has_focus(id));
    let open = focused && bar.is_open();
    let entered = focused && keys(ui, bar, open);
    if let Some(at) = bar.cursor.take() {
        // Before the field takes what was written since, so that it is put behind the completion.
        let mut state = egui::TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(CharIndex(at)))));
        state.store(ui.ctx(), id);
        ui.memory_mut(|memory| memory.request_focus(id));
        offer(bar, Some(at));
    }
    let wrong = bar.error.as_ref().map(|error| error.span.clone());
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| {
        ui.painter().layout_job(colored(text.as_str(), wrong.as_ref(), palette))
    };
    let output = egui::TextEdit::singleline(&mut bar.text)
        .id(id)
        .hint_text("like wlan.fc.type_subtype == beacon and wlan_radio.signal_dbm > -60")
        .desired_width(width)
        .lock_focus(open)
        .margin(egui::Margin::symmetric(8, 4))
        .layouter(&mut layouter)
        .show(ui);
    let response = output.response.response.labelled_by(label);
    if bar.focus {
        response.request_focus();
        bar.focus = false;
    }
    if response.changed() {
        bar.closed = false;
        bar.check();
        let at = output.cursor_range.map(|range| range.primary.index.0);
        offer(bar, at);
    }
    if response.gained_focus() && !bar.closed {
        let at = output.cursor_range.map(|range| range.primary.index.0);
        offer(bar, at);
    }
    if entered && bar.error.is_none() {
        bar.offered.clear();
        commands.push(Command::Packets(PacketsOrder::Filter(bar.text.clone())));
    }
    if bar.error.is_some() {
        let rect = response.rect;
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(2.0, palette.bad));
    }
    (response.rect, response.has_focus())
}

/// Asks what can stand at the cursor, given as a character.
fn offer(bar: &mut FilterBar, at: Option<usize>) {
    let at = at.unwrap_or(usize::MAX);
    let byte = bar.text.char_indices().nth(at).map_or(bar.text.len(), |(byte, _)| byte);
    bar.offered = complete(&bar.text, byte);
    // What is there already needs no completion.
    bar.offered.retain(|offered| bar.text.get(offered.replaces.clone()) != Some(&offered.text));
    bar.at = None;
}

/// Keys of the field; true when what is written is to be applied.
fn keys(ui: &Ui, bar: &mut FilterBar, open: bool) -> bool {
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if open {
        let last = bar.offered.len() - 1;
        if pressed(Key::ArrowDown) {
            bar.at = Some(bar.at.map_or(0, |at| (at + 1).min(last)));
        }
        if pressed(Key::ArrowUp) {
            bar.at = bar.at.and_then(|at| at.checked_sub(1));
        }
        let tab = pressed(Key::Tab);
        let chosen = bar.at.filter(|_| tab || pressed(Key::Enter)).or(tab.then_some(0));
        if let Some(completion) = chosen.and_then(|at| bar.offered.get(at).cloned()) {
            bar.accept(&completion);
            // Enter that chose it is used up; one that came right after Tab is not.
        }
    }
    ui.input(|input| input.key_pressed(Key::Enter))
}

/// The text with what is wrong marked.
fn colored(text: &str, wrong: Option<&std::ops::Range<usize>>, palette: &Palette) -> LayoutJob {
    let format = TextFormat::simple(FontId::monospace(12.5), palette.strong);
    let mut job = LayoutJob::default();
    let parts = wrong.and_then(|wrong| {
        Some((text.get(..wrong.start)?, text.get(wrong.clone())?, text.get(wrong.end..)?))
    });
    let (before, marked, after) = parts.unwrap_or((text, "", ""));
    let mut bad = format.clone();
    bad.color = palette.bad;
    bad.underline = Stroke::new(1.0, palette.bad);
    job.append(before, 0.0, format.clone());
    job.append(marked, 0.0, bad);
    job.append(after, 0.0, format);
    job
}

/// The completions below the field.
fn popup(ui: &Ui, bar: &mut FilterBar, field: Rect, palette: &Palette) {
    if !bar.is_open() {
        return;
    }
    let mut taken = None;
    let area = egui::Area::new(ui.scope_id().with("completions"))
        .order(egui::Order::Foreground)
        .fixed_pos(field.left_bottom() + vec2(0.0, 3.0));
    area.show(ui.ctx(), |ui| {
        let frame = egui::Frame::popup(ui.style()).inner_margin(egui::Margin::same(4));
        frame.show(ui, |ui| {
            let width = field.width().max(560.0);
            ui.set_width(width);
            let first = bar.at.map_or(0, |at| (at + 1).saturating_sub(IN_SIGHT));
            let shown = bar.offered.iter().enumerate().skip(first).take(IN_SIGHT);
            for (at, completion) in shown {
                if completion_line(ui, completion, bar.at == Some(at), width, palette) {
                    taken = Some(completion.clone());
                }
            }
            let more = bar.offered.len().saturating_sub(IN_SIGHT);
            let words = match more {
                0 => "Up, Down and Tab choose; Enter applies the filter".to_owned(),
                more => format!("{more} more; go on writing, or Up, Down and Tab"),
            };
            ui.label(RichText::new(words).size(11.0).color(palette.weak));
            if let Some(error) = &bar.error {
                let words = RichText::new(error.to_string()).size(11.5).color(palette.warn);
                ui.add(egui::Label::new(words).wrap());
            }
        });
    });
    if let Some(completion) = taken {
        bar.accept(&completion);
    }
}

/// One completion; true when it was clicked.
fn completion_line(
    ui: &mut Ui,
    completion: &Completion,
    chosen: bool,
    width: f32,
    palette: &Palette,
) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(width, LINE), egui::Sense::click());
    response.widget_info(|| {
        let role = egui::accesskit::Role::ListBoxOption;
        egui::WidgetInfo::selected(role, true, chosen, &completion.text)
    });
    if chosen || response.hovered() {
        ui.painter().rect_filled(rect, 3.0, palette.accent_soft);
    }
    let color = match completion.kind {
        CompletionKind::Field => palette.strong,
        CompletionKind::Operator => palette.accent,
        CompletionKind::Value => palette.good,
    };
    let left = rect.left_center() + vec2(6.0, 0.0);
    let painter = ui.painter().with_clip_rect(rect);
    let font = FontId::monospace(12.0);
    let text = &completion.text;
    let used = painter.text(left, egui::Align2::LEFT_CENTER, text, font, color);
    let label = egui::pos2((used.right() + 16.0).max(rect.left() + 250.0), rect.center().y);
    let font = FontId::proportional(12.0);
    painter.text(label, egui::Align2::LEFT_CENTER, &completion.label, font, palette.weak);
    // The field would lose the keyboard before the click is over.
    response.clicked() || response.is_pointer_button_down_on()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_takes_the_place_of_what_was_written() {
        let mut bar = FilterBar::default();
        bar.set("wlan.fc.ty and wlan");
        let completions = complete(&bar.text, 10);
        let completion = completions.iter().find(|c| c.text == "wlan.fc.type").expect("offered");
        bar.accept(completion);
        assert_eq!(bar.text, "wlan.fc.type and wlan");
        assert_eq!(bar.cursor, Some(12));
        let last = complete("wlan.ta ", 8);
        bar.set("wlan.ta ");
        bar.accept(&last[0]);
        assert_eq!(bar.text, "wlan.ta == ");
    }

    #[test]
    fn what_is_wrong_is_located() {
        let mut bar = FilterBar::default();
        bar.set("wlan.ta == 02:00 and nonsense == 1");
        let error = bar.error.clone().expect("there is no such field");
        assert_eq!(&bar.text[error.span.clone()], "nonsense");
        assert!(error.to_string().contains("column 22"), "{error}");
        let job =
            colored(&bar.text, Some(&error.span), &Palette::of(crate::style::ThemeChoice::Dark));
        assert_eq!(job.sections.len(), 3);
        bar.set("");
        assert_eq!(bar.error, None);
    }

    #[test]
    fn what_is_written_out_is_not_offered_again() {
        let mut bar = FilterBar::default();
        bar.set("wlan.ta");
        offer(&mut bar, None);
        assert!(bar.offered.iter().all(|offered| offered.text != "wlan.ta"), "{:?}", bar.offered);
    }
}
