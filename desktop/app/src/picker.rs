//! A field for a path, with the system's file dialog beside it where there is one.

use egui::{RichText, Ui};
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// What is picked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pick {
    /// A folder that is there.
    Folder,
    /// A file that is there.
    File,
    /// Files that are there.
    Files,
    /// A file to be written, with its usual name.
    Save(String),
}

/// A dialog that answers quicker than a person can is one that was never shown.
const TOO_QUICK: Duration = Duration::from_millis(400);

/// A path that is being chosen. The text is what counts; the dialog only fills it in.
#[derive(Default)]
pub(crate) struct Picker {
    /// One path, or several, one a line.
    pub(crate) text: String,
    asked: Option<(Instant, Receiver<Vec<PathBuf>>)>,
    /// The file that the system's dialog gave. It asks itself before it gives one that is there.
    given: Option<PathBuf>,
    missing: bool,
}

impl std::fmt::Debug for Picker {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Picker").field("text", &self.text).finish_non_exhaustive()
    }
}

impl Picker {
    pub(crate) fn with(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The paths as they stand in the field.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(PathBuf::from)
            .collect()
    }

    /// The one path; `None` while the field is empty.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        self.paths().into_iter().next()
    }

    /// True when the person chose this very file in the system's dialog, and agreed there to its
    /// replacement if it exists.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.given.is_some() && self.given == self.path()
    }

    /// Paints the field and the button.
    pub(crate) fn ui(&mut self, ui: &mut Ui, name: &str, pick: &Pick) {
        self.take_answer();
        let label = ui.label(name);
        ui.horizontal_top(|ui| {
            let width = (ui.available_width() - 84.0).max(120.0);
            let field = if *pick == Pick::Files {
                egui::TextEdit::multiline(&mut self.text).desired_rows(3)
            } else {
                egui::TextEdit::singleline(&mut self.text)
            };
            let response = ui.add(field.desired_width(width)).labelled_by(label.id);
            focus_if_none(ui, &response);
            let waiting = self.asked.is_some();
            if ui.add_enabled(!waiting, egui::Button::new("Browse…")).clicked() {
                self.ask(pick, ui.ctx().clone());
            }
        });
        if *pick == Pick::Files {
            ui.label(RichText::new("One file a line.").weak());
        }
        if self.missing {
            let words = "This system has no file dialog that can be used; write the path above.";
            ui.label(RichText::new(words).color(ui.visuals().warn_fg_color));
        }
    }

    fn ask(&mut self, pick: &Pick, ctx: egui::Context) {
        let dialog = rfd::AsyncFileDialog::new();
        let (send, answer) = channel();
        let pick = pick.clone();
        let one = |handle: Option<rfd::FileHandle>| {
            handle.map(|handle| handle.path().to_owned()).into_iter().collect::<Vec<_>>()
        };
        // The dialog begins here, on the window's thread, as some systems demand, and is waited for
        // elsewhere.
        let chosen: std::pin::Pin<Box<dyn Future<Output = Vec<PathBuf>> + Send>> = match pick {
            Pick::Folder => {
                let future = dialog.pick_folder();
                Box::pin(async move { one(future.await) })
            }
            Pick::File => {
                let future = dialog.pick_file();
                Box::pin(async move { one(future.await) })
            }
            Pick::Files => {
                let future = dialog.pick_files();
                Box::pin(async move {
                    let handles = future.await.unwrap_or_default();
                    handles.iter().map(|handle| handle.path().to_owned()).collect()
                })
            }
            Pick::Save(name) => {
                let future = dialog.set_file_name(name).save_file();
                Box::pin(async move { one(future.await) })
            }
        };
        std::thread::spawn(move || {
            let paths = wait_for(chosen);
            // The window may have closed the dialog's owner meanwhile; then nobody asks any more.
            if send.send(paths).is_ok() {
                ctx.request_repaint();
            }
        });
        self.asked = Some((Instant::now(), answer));
    }

    fn take_answer(&mut self) {
        let Some((since, answer)) = &self.asked else { return };
        match answer.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => self.missing = true,
            Ok(paths) if paths.is_empty() => self.missing = since.elapsed() < TOO_QUICK,
            Ok(paths) => {
                self.missing = false;
                let lines: Vec<String> =
                    paths.iter().map(|path| path.display().to_string()).collect();
                self.text = lines.join("\n");
                self.given = paths.into_iter().next();
            }
        }
        self.asked = None;
    }
}

/// Gives the keyboard to a field when nothing else has it: the first one of a dialog gets it.
pub(crate) fn focus_if_none(ui: &Ui, response: &egui::Response) {
    let entered = ui.input(|input| input.key_pressed(egui::Key::Enter));
    if !entered && ui.memory(|memory| memory.focused().is_none()) {
        response.request_focus();
    }
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_paths_and_blank_ones_are_not() {
        let picker = Picker::with("/a/b.pcap\n\n  /c d.pcapng \n");
        let paths = [PathBuf::from("/a/b.pcap"), PathBuf::from("/c d.pcapng")];
        assert_eq!(picker.paths(), paths);
        assert_eq!(Picker::with("  ").path(), None);
    }

    #[test]
    fn a_file_is_confirmed_only_as_the_dialog_gave_it() {
        let (send, answer) = channel();
        let mut picker = Picker { asked: Some((Instant::now(), answer)), ..Picker::default() };
        assert!(!picker.is_confirmed());
        send.send(vec![PathBuf::from("/a/b.csv")]).expect("the picker listens");
        picker.take_answer();
        assert!(picker.is_confirmed());
        picker.text = "/a/b.kml".to_owned();
        assert!(!picker.is_confirmed());
    }

    #[test]
    fn an_answer_at_once_means_no_dialog() {
        let (send, answer) = channel();
        let mut picker = Picker { asked: Some((Instant::now(), answer)), ..Picker::default() };
        send.send(Vec::new()).expect("the picker listens");
        picker.take_answer();
        assert!(picker.missing);
    }
}
