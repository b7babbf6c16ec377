//! Fonts: egui's own, and the system's for scripts that those lack.

/// Puts the fonts in.
pub(crate) fn install(ctx: &egui::Context) {
    ctx.set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
}
