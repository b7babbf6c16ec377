//! Short messages in the corner: good news goes by itself, trouble stays until it is read.

use crate::command::Command;
use crate::feed::Notice;
use crate::style::Palette;
use egui::{Align2, Frame, Id, Margin, RichText, Stroke, Ui, vec2};
use pw_model::Timestamp;
use std::time::Duration;

/// How long a message that needs nothing stays.
const STAYS: Duration = Duration::from_secs(6);
/// How long one with a file to open stays.
const STAYS_WITH_FILE: Duration = Duration::from_secs(30);
/// Messages at once; the oldest goes when there are more.
const MOST: usize = 5;

/// Messages that are shown.
#[derive(Debug, Default)]
pub(super) struct Toasts {
    shown: Vec<(Timestamp, Notice)>,
}

const fn stays(notice: &Notice) -> Option<Duration> {
    match notice {
        Notice::Failed(_) => None,
        Notice::Done { open: Some(_), .. } => Some(STAYS_WITH_FILE),
        Notice::Done { open: None, .. } | Notice::Info(_) => Some(STAYS),
    }
}

impl Toasts {
    pub(super) fn extend(&mut self, notices: impl IntoIterator<Item = Notice>, now: Timestamp) {
        for notice in notices {
            // The same words again are the same message, seen later.
            self.shown.retain(|(_, shown)| *shown != notice);
            self.shown.push((now, notice));
        }
        let extra = self.shown.len().saturating_sub(MOST);
        self.shown.drain(..extra);
    }

    /// Drops what has stayed long enough; returns after how long to look again.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<Duration> {
        self.shown
            .retain(|(since, notice)| stays(notice).is_none_or(|stays| now.since(*since) < stays));
        let left = |(since, notice): &(Timestamp, Notice)| {
            Some(stays(notice)?.saturating_sub(now.since(*since)))
        };
        self.shown.iter().filter_map(left).min().map(|left| left + Duration::from_millis(50))
    }

    /// The first message of trouble.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.shown.iter().find_map(|(_, notice)| match notice {
            Notice::Failed(words) => Some(words.as_str()),
            _ => None,
        })
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
    let (title, color, text, open) = match notice {
        Notice::Done { text, open } => ("Done", palette.good, text, open.as_ref()),
        Notice::Info(text) => ("", palette.accent, text, None),
        Notice::Failed(text) => ("Not done", palette.bad, text, None),
    };
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
                if let Some(path) = open
                    && ui.button("Open").clicked()
                {
                    commands.push(Command::OpenFile(path.clone()));
                }
                closed = ui.small_button("Close").clicked();
            });
        });
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_goes_and_trouble_stays() {
        let at = |secs: i64| Timestamp::from_unix_secs(secs);
        let mut toasts = Toasts::default();
        let news = Notice::Info("copied".to_owned());
        let trouble = Notice::Failed("disk full".to_owned());
        toasts.extend([news, trouble], at(0));
        assert!(toasts.expire(at(1)).is_some());
        assert_eq!(toasts.shown.len(), 2);
        assert_eq!(toasts.expire(at(60)), None, "nothing left to wait for");
        assert_eq!(toasts.trouble(), Some("disk full"));
    }

    #[test]
    fn the_same_message_is_shown_once_and_few_at_once() {
        let mut toasts = Toasts::default();
        let now = Timestamp::from_unix_secs(0);
        toasts.extend((0..3).map(|_| Notice::Info("x".to_owned())), now);
        assert_eq!(toasts.shown.len(), 1);
        toasts.extend((0..30).map(|n| Notice::Info(n.to_string())), now);
        assert_eq!(toasts.shown.len(), MOST);
    }
}
