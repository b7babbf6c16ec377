//! The PiWardrive desktop: window and command line.

mod app;
mod backend;
mod command;
mod dialogs;
mod feed;
#[cfg(test)]
mod fixture;
mod fonts;
mod picker;
#[cfg(test)]
mod pictures;
mod runtime_folder;
mod screenshot;
mod settings;
mod style;
mod views;
mod window;
mod words;

pub use command::View;
pub use runtime_folder::RuntimeFolder;
pub use screenshot::{Picture, ScreenshotRequest, screenshot};
pub use style::ThemeChoice;
pub use views::packets::PacketsTab;
pub use window::run_window;
