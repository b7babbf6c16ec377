//! Progress of long work, when standard error is a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// A bar from 0 to 1; hidden when standard error is no terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

/// Steps of the bar.
const STEPS: u64 = 1000;

impl Progress {
    pub(crate) fn new(title: &str) -> Self {
        let bar = if std::io::stderr().is_terminal() {
            ProgressBar::new(STEPS)
        } else {
            ProgressBar::hidden()
        };
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {eta} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(title.to_owned());
        Self { bar }
    }

    /// So much of all is done, 0 to 1.
    pub(crate) fn share(&self, share: f32) {
        self.bar.set_position((f64::from(share.clamp(0.0, 1.0)) * STEPS as f64) as u64);
    }

    /// What it is at.
    pub(crate) fn words(&self, words: &str) {
        self.bar.set_message(words.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
