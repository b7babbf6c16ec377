//! Fonts: IBM Plex from the assets, egui's for symbols, and the system's for scripts that those lack.

use egui::{FontData, FontDefinitions, FontFamily};
use std::sync::Arc;

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.ttf");
const MONO: &[u8] = include_bytes!("../../../assets/fonts/IBMPlexMono-Regular.ttf");

/// The family of headings and numbers.
pub(crate) fn bold() -> FontFamily {
    FontFamily::Name("semi-bold".into())
}

/// Puts the fonts in.
pub(crate) fn install(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let files = [("plex", REGULAR), ("plex-semi-bold", SEMI_BOLD), ("plex-mono", MONO)];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let usual = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let with = |first: &str| -> Vec<String> {
        std::iter::once(first.to_owned()).chain(usual.iter().cloned()).collect()
    };
    fonts.families.insert(FontFamily::Proportional, with("plex"));
    fonts.families.insert(bold(), with("plex-semi-bold"));
    fonts.families.insert(FontFamily::Monospace, with("plex-mono"));
    ctx.set_fonts(fonts);
    ctx.set_font_providers(vec![Arc::new(egui_system_font_provider::SystemFontProvider::new())]);
    // Names from the air may hold characters that no font has: a box is right, a panic is not.
    ctx.set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
}
