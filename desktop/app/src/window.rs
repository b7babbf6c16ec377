//! The window on a display.

use crate::app::{App, Open};
use crate::backend::EngineBackend;
use crate::settings::SettingsFile;
use std::path::PathBuf;

/// Opens the window, on a survey or a capture where one is given, and returns when it is closed.
///
/// # Errors
/// No display, or no graphics that can be used.
pub fn run_window(path: Option<PathBuf>) -> anyhow::Result<()> {
    // Kept in the list of recent surveys, which outlives the folder it was started from.
    let open = path.map(|path| {
        let path = std::path::absolute(&path).unwrap_or(path);
        // A survey is a folder; what kind of file a file is, is told from its content.
        if path.is_file() { Open::Capture(path) } else { Open::Survey(path) }
    });
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("PiWardrive")
            .with_app_id("piwardrive")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([800.0, 560.0]),
        ..eframe::NativeOptions::default()
    };
    let start = Box::new(move |cc: &eframe::CreationContext<'_>| {
        crate::fonts::install(&cc.egui_ctx);
        let backend = Box::new(EngineBackend::new(cc.egui_ctx.clone(), false));
        let app = App::new(&cc.egui_ctx, backend, SettingsFile::usual(), open);
        Ok::<Box<dyn eframe::App>, _>(Box::new(app) as Box<dyn eframe::App>)
    });
    eframe::run_native("piwardrive", options, start).map_err(|error| {
        anyhow::anyhow!(
            "the window cannot be opened: {error}; without a display, use the commands \
             (piwardrive --help) or piwardrive screenshot"
        )
    })
}
