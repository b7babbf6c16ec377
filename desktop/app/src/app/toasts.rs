//! Short messages in the corner. Each goes by itself; all of them stay in a list that can be read.

use crate::command::{Command, DialogKind};
use crate::feed::Notice;
use crate::style::Palette;
use egui::{Align2, Frame, Id, Margin, RichText, Stroke, Ui, vec2};
use pw_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a message that needs nothing stays.
const STAYS: Duration = Duration::from_secs(6);
/// How long one stays that offers something: a file to open, a way back.
const STAYS_WITH_OFFER: Duration = Duration::from_secs(30);
/// How long trouble stays, unless it ends before: long enough for somebody who looks at the road.
const TROUBLE_STAYS: Duration = Duration::from_secs(60);
/// Messages at once; the oldest goes when there are more.
const MOST: usize = 5;
/// Messages in the list; the oldest goes.
const LIST_LEN: usize = 200;

/// A message, and when it came.
pub(crate) type Message = (Timestamp, Notice);

/// Messages that are shown, and those that were.
#[derive(Debug, Default)]
pub(super) struct Toasts {
    shown: Vec<Message>,
    list: VecDeque<Message>,
    /// Trouble that went without being closed or ended, since the list was last looked at. No more
    /// than are in the list.
    missed: VecDeque<Notice>,
}

const fn stays(notice: &Notice) -> Duration {
    match notice {
        Notice::Failed { .. } => TROUBLE_STAYS,
        Notice::Done { open: Some(_), .. } | Notice::Undo { .. } => STAYS_WITH_OFFER,
        Notice::Done { open: None, .. } | Notice::Info(_) | Notice::Settled { .. } => STAYS,
    }
}

const fn is_trouble(notice: &Notice) -> bool {
    matches!(notice, Notice::Failed { .. })
}

/// Name of the kind of a message, and its words.
pub(crate) fn words(notice: &Notice) -> (&'static str, &str) {
    match notice {
        Notice::Done { text, .. } => ("Done", text),
        Notice::Undo { text, .. } | Notice::Info(text) => ("", text),
        Notice::Failed { text, .. } => ("Not done", text),
        Notice::Settled { .. } => ("", ""),
    }
}

pub(crate) const fn color(notice: &Notice, palette: &Palette) -> egui::Color32 {
    match notice {
        Notice::Done { .. } => palette.good,
        Notice::Failed { .. } => palette.bad,
        Notice::Info(_) | Notice::Undo { .. } | Notice::Settled { .. } => palette.accent,
    }
}

impl Toasts {
    pub(super) fn extend(&mut self, notices: impl IntoIterator<Item = Notice>, now: Timestamp) {
        for notice in notices {
            if let Notice::Done { about, .. } | Notice::Settled { about } = &notice {
                let ended = |shown: &Notice| match shown {
                    Notice::Failed { about: Some(other), .. } => other == about,
                    _ => false,
                };
                self.shown.retain(|(_, shown)| !ended(shown));
                self.missed.retain(|missed| !ended(missed));
            }
            if matches!(notice, Notice::Settled { .. }) {
                continue;
            }
            // The same words again are the same message, seen later.
            self.shown.retain(|(_, shown)| *shown != notice);
            if self.list.back().is_some_and(|(_, last)| *last == notice) {
                self.list.pop_back();
            } else if self.list.len() >= LIST_LEN {
                self.list.pop_front();
            }
            self.list.push_back((now, notice.clone()));
            self.shown.push((now, notice));
        }
        let extra = self.shown.len().saturating_sub(MOST);
        let gone: Vec<Message> = self.shown.drain(..extra).collect();
        self.miss(gone);
    }

    /// Drops what has stayed long enough; returns after how long to look again.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Duration> {
        let stay = |(since, notice): &mut Message| now.since(*since) < stays(notice);
        let gone: Vec<Message> = self.shown.extract_if(.., |message| !stay(message)).collect();
        self.miss(gone);
        let left = |(since, notice): &Message| stays(notice).saturating_sub(now.since(*since));
        self.shown.iter().map(left).min().map(|left| left + Duration::from_millis(50))
    }

    fn miss(&mut self, gone: Vec<Message>) {
        self.missed.extend(gone.into_iter().map(|(_, notice)| notice).filter(is_trouble));
        let extra = self.missed.len().saturating_sub(LIST_LEN);
        self.missed.drain(..extra);
    }

    /// The first message of trouble.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.shown.iter().find(|(_, notice)| is_trouble(notice)).map(|(_, notice)| words(notice).1)
    }

    /// All messages, the oldest first.
    pub(super) const fn list(&self) -> &VecDeque<Message> {
        &self.list
    }

    /// Troubles that nobody has seen to.
    pub(super) fn missed(&self) -> usize {
        self.missed.len()
    }

    /// The list is being read.
    pub(super) fn read(&mut self) {
        self.missed.clear();
    }

    pub(super) fn ui(&mut self, ui: &Ui, palette: &Palette, commands: &mut Vec<Command>) {
        if self.shown.is_empty() {
            return;
        }
        let mut closed = None;
        egui::Area::new(Id::unique("toasts"))
            .anchor(Align2::RIGHT_BOTTOM, vec2(-14.0, -122.0))
            .show(ui.ctx(), |ui| {
                for (number, (_, notice)) in self.shown.iter().enumerate() {
                    if toast(ui, notice, palette, commands) {
                        closed = Some(number);
                    }
                }
            });
        if let Some(number) = closed {
            self.shown.remove(number);
        }
    }
}

/// One message; true when it was closed.
fn toast(ui: &mut Ui, notice: &Notice, palette: &Palette, commands: &mut Vec<Command>) -> bool {
    let (title, text) = words(notice);
    let color = color(notice, palette);
    let mut closed = false;
    Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, color))
        .corner_radius(6)
        .inner_margin(Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.set_width(380.0);
            if !title.is_empty() {
                ui.label(RichText::new(title).family(crate::fonts::bold()).color(color));
            }
            ui.add(egui::Label::new(text).wrap().selectable(true));
            ui.horizontal(|ui| {
                let label = match notice {
                    Notice::Done { open: Some(_), .. } => Some("Open"),
                    Notice::Undo { .. } => Some("Undo"),
                    Notice::Failed { .. } => Some("All messages"),
                    _ => None,
                };
                if label.is_some_and(|label| ui.button(label).clicked()) {
                    commands.extend(match notice {
                        Notice::Done { open, .. } => open.clone().map(Command::OpenFile),
                        Notice::Undo { order, .. } => Some(Command::Engine(order.clone())),
                        _ => Some(Command::OpenDialog(DialogKind::Messages)),
                    });
                    closed |= !matches!(notice, Notice::Done { .. });
                }
                closed |= ui.button("Close").clicked();
            });
        });
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_unix_secs(secs)
    }

    fn trouble(about: Option<&str>, text: &str) -> Notice {
        Notice::Failed { about: about.map(str::to_owned), text: text.to_owned() }
    }

    fn done(about: &str) -> Notice {
        Notice::Done { about: about.to_owned(), text: "done".to_owned(), open: None }
    }

    #[test]
    fn news_goes_soon_and_trouble_later_and_both_can_be_read_again() {
        let mut toasts = Toasts::default();
        toasts.extend([Notice::Info("copied".to_owned()), trouble(None, "disk full")], at(0));
        assert!(toasts.expire(at(1)).is_some());
        assert_eq!(toasts.shown.len(), 2);
        toasts.expire(at(59));
        assert_eq!((toasts.trouble(), toasts.missed()), (Some("disk full"), 0));
        assert_eq!(toasts.expire(at(61)), None, "nothing left to wait for");
        assert_eq!((toasts.trouble(), toasts.missed(), toasts.list().len()), (None, 1, 2));
        toasts.read();
        assert_eq!(toasts.missed(), 0);
    }

    #[test]
    fn trouble_goes_when_the_same_thing_succeeds() {
        let mut toasts = Toasts::default();
        toasts.extend([trouble(Some("Pair"), "wrong code"), trouble(Some("Export a"), "x")], at(0));
        toasts.extend([done("Pair")], at(1));
        let left: Vec<&str> = toasts.shown.iter().map(|(_, notice)| words(notice).1).collect();
        assert_eq!(left, ["x", "done"]);
        toasts.extend([Notice::Settled { about: "Export a".to_owned() }], at(2));
        assert_eq!((toasts.shown.len(), toasts.missed(), toasts.list().len()), (1, 0, 3));
        toasts.extend([trouble(Some("Pair"), "no answer")], at(3));
        toasts.expire(at(100));
        assert_eq!(toasts.missed(), 1);
        toasts.extend([done("Pair")], at(101));
        assert_eq!(toasts.missed(), 0, "it is settled");
    }

    #[test]
    fn the_same_message_is_shown_once_and_few_at_once() {
        let mut toasts = Toasts::default();
        toasts.extend((0..3).map(|_| Notice::Info("x".to_owned())), at(0));
        assert_eq!((toasts.shown.len(), toasts.list().len()), (1, 1));
        toasts.extend((0..30).map(|n| trouble(None, &n.to_string())), at(0));
        assert_eq!((toasts.shown.len(), toasts.missed()), (MOST, 25));
        toasts.extend((0..900).map(|n| Notice::Info(n.to_string())), at(0));
        assert_eq!(toasts.list().len(), LIST_LEN);
    }
}
