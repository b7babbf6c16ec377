//! Colours, spacing and text sizes of the three themes: light, dark, and night for a moving car.

use crate::views::security::SecurityClass;
use egui::style::{Selection, WidgetVisuals};
use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Theme};
use serde::{Deserialize, Serialize};

/// Which theme the window uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// Dark text on light ground, for daylight.
    Light,
    /// Light text on dark ground.
    #[default]
    Dark,
    /// Red and amber on black: keeps eyes adapted to the dark.
    Night,
}

impl ThemeChoice {
    /// All, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Night];

    /// One word for people and the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Night => "night",
        }
    }

    /// The one after this, around.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Night,
            Self::Night => Self::Light,
        }
    }
}

/// The colours of a theme by what they are for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    /// Behind everything.
    pub(crate) ground: Color32,
    /// Bars and side panels.
    pub(crate) panel: Color32,
    /// Cards and rows that stand out from the ground.
    pub(crate) card: Color32,
    /// Thin lines between things.
    pub(crate) line: Color32,
    /// Text.
    pub(crate) text: Color32,
    /// Headings and numbers.
    pub(crate) strong: Color32,
    /// Labels and what matters less.
    pub(crate) weak: Color32,
    /// What is chosen, and what can be followed.
    pub(crate) accent: Color32,
    /// Behind what is chosen.
    pub(crate) accent_soft: Color32,
    /// Works.
    pub(crate) good: Color32,
    /// Needs a look.
    pub(crate) warn: Color32,
    /// Broken or lost.
    pub(crate) bad: Color32,
    /// Ground of the simulated badge.
    pub(crate) badge: Color32,
    /// Text on the simulated badge.
    pub(crate) badge_text: Color32,
    /// Sea on the map.
    pub(crate) water: Color32,
    /// Land on the map.
    pub(crate) land: Color32,
    /// Coasts and borders.
    pub(crate) coast: Color32,
    /// The way that was driven.
    pub(crate) track: Color32,
    open: Color32,
    broken: Color32,
    owe: Color32,
    wpa2: Color32,
    wpa3: Color32,
    unknown: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Colours of security classes follow Okabe and Ito, "Color Universal Design", 2008, darkened or
/// lightened for the ground; class names and shapes stand beside them everywhere.
const LIGHT: Palette = Palette {
    ground: rgb(0xf4f5f7),
    panel: rgb(0xffffff),
    card: rgb(0xffffff),
    line: rgb(0xd9dde3),
    text: rgb(0x2a3038),
    strong: rgb(0x0e1319),
    weak: rgb(0x5d6875),
    accent: rgb(0x0b5cad),
    accent_soft: rgb(0xdbe9f8),
    good: rgb(0x00754f),
    warn: rgb(0x9a5b00),
    bad: rgb(0xb3261e),
    badge: rgb(0x6b2fa0),
    badge_text: rgb(0xffffff),
    water: rgb(0xc9dcea),
    land: rgb(0xf3f1ea),
    coast: rgb(0x9aa9b5),
    track: rgb(0x3d4852),
    open: rgb(0xc04a00),
    broken: rgb(0xa67c00),
    owe: rgb(0xa8487f),
    wpa2: rgb(0x0072b2),
    wpa3: rgb(0x00805a),
    unknown: rgb(0x77808a),
};

const DARK: Palette = Palette {
    ground: rgb(0x12161b),
    panel: rgb(0x181d23),
    card: rgb(0x1d232a),
    line: rgb(0x2e3640),
    text: rgb(0xc9d1d9),
    strong: rgb(0xf2f5f8),
    weak: rgb(0x8b97a5),
    accent: rgb(0x58a6ff),
    accent_soft: rgb(0x1d3553),
    good: rgb(0x3fc796),
    warn: rgb(0xe6a23c),
    bad: rgb(0xff7b6b),
    badge: rgb(0x8a4fc4),
    badge_text: rgb(0xffffff),
    water: rgb(0x16222e),
    land: rgb(0x23292f),
    coast: rgb(0x4a5764),
    track: rgb(0xaab6c2),
    open: rgb(0xff7f3f),
    broken: rgb(0xe6c13c),
    owe: rgb(0xd98ab8),
    wpa2: rgb(0x56b4e9),
    wpa3: rgb(0x2fc39a),
    unknown: rgb(0x8b97a5),
};

/// No blue and no white: rods see neither the red nor, dimmed, the amber.
const NIGHT: Palette = Palette {
    ground: rgb(0x000000),
    panel: rgb(0x070201),
    card: rgb(0x0f0402),
    line: rgb(0x3a1208),
    text: rgb(0xd9622a),
    strong: rgb(0xff8a30),
    weak: rgb(0x9c4520),
    accent: rgb(0xff7a1a),
    accent_soft: rgb(0x3a1405),
    good: rgb(0xc98a1e),
    warn: rgb(0xff9e2c),
    bad: rgb(0xff3b1f),
    badge: rgb(0x5c1a08),
    badge_text: rgb(0xffa04a),
    water: rgb(0x000000),
    land: rgb(0x120502),
    coast: rgb(0x4a180a),
    track: rgb(0x9c4520),
    open: rgb(0xff3b1f),
    broken: rgb(0xff7a1a),
    owe: rgb(0xb5651d),
    wpa2: rgb(0xc98a1e),
    wpa3: rgb(0xa98a28),
    unknown: rgb(0x6e3418),
};

impl Palette {
    pub(crate) const fn of(theme: ThemeChoice) -> Self {
        match theme {
            ThemeChoice::Light => LIGHT,
            ThemeChoice::Dark => DARK,
            ThemeChoice::Night => NIGHT,
        }
    }

    pub(crate) const fn security(&self, class: SecurityClass) -> Color32 {
        match class {
            SecurityClass::Open => self.open,
            SecurityClass::Broken => self.broken,
            SecurityClass::Owe => self.owe,
            SecurityClass::Wpa2 => self.wpa2,
            SecurityClass::Wpa3 => self.wpa3,
            SecurityClass::Unknown => self.unknown,
        }
    }
}

fn widget(palette: &Palette, fill: Color32, stroke: Color32, text: Color32) -> WidgetVisuals {
    WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, stroke),
        corner_radius: CornerRadius::same(4),
        fg_stroke: Stroke::new(1.0, if text == Color32::TRANSPARENT { palette.text } else { text }),
        expansion: 0.0,
    }
}

fn visuals(theme: ThemeChoice) -> egui::Visuals {
    let palette = Palette::of(theme);
    let mut visuals =
        if theme == ThemeChoice::Light { egui::Visuals::light() } else { egui::Visuals::dark() };
    let hover = palette.accent_soft;
    visuals.widgets.noninteractive = widget(&palette, palette.panel, palette.line, palette.text);
    visuals.widgets.inactive = widget(&palette, palette.card, palette.line, palette.text);
    visuals.widgets.hovered = widget(&palette, hover, palette.accent, palette.strong);
    visuals.widgets.active = widget(&palette, hover, palette.accent, palette.strong);
    visuals.widgets.open = widget(&palette, hover, palette.line, palette.strong);
    visuals.selection =
        Selection { bg_fill: palette.accent_soft, stroke: Stroke::new(1.0, palette.accent) };
    visuals.hyperlink_color = palette.accent;
    visuals.faint_bg_color = palette.ground.lerp_to_gamma(palette.card, 0.55);
    visuals.extreme_bg_color = palette.ground;
    visuals.text_edit_bg_color = Some(palette.ground);
    visuals.code_bg_color = palette.ground;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.panel_fill = palette.ground;
    visuals.weak_text_color = Some(palette.weak);
    visuals.striped = false;
    let shade = if theme == ThemeChoice::Light { 40 } else { 120 };
    let shadow =
        Shadow { offset: [0, 4], blur: 16, spread: 0, color: Color32::from_black_alpha(shade) };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;
    visuals.text_cursor.stroke = Stroke::new(2.0, palette.accent);
    visuals
}

/// Puts the theme on; cheap enough to call when it changes, not every frame.
pub(crate) fn apply(ctx: &egui::Context, theme: ThemeChoice) {
    let kind = if theme == ThemeChoice::Light { Theme::Light } else { Theme::Dark };
    ctx.set_theme(kind);
    ctx.all_styles_mut(|style| {
        style.visuals = visuals(theme);
        style.text_styles = [
            (TextStyle::Small, FontId::new(11.0, FontFamily::Proportional)),
            (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
            (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
            (TextStyle::Heading, FontId::new(19.0, crate::fonts::bold())),
            (TextStyle::Monospace, FontId::new(12.0, FontFamily::Monospace)),
        ]
        .into();
        style.spacing.item_spacing = egui::vec2(8.0, 5.0);
        style.spacing.button_padding = egui::vec2(9.0, 4.0);
        style.spacing.interact_size.y = 24.0;
        style.spacing.window_margin = Margin::same(16);
        style.spacing.menu_margin = Margin::same(6);
        style.spacing.menu_width = 280.0;
        style.interaction.selectable_labels = false;
        style.animation_time = 0.0;
    });
}

/// A card: a framed area on the ground.
pub(crate) fn card(palette: &Palette) -> egui::Frame {
    egui::Frame::new()
        .fill(palette.card)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(14, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(color: Color32) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
    }

    fn contrast(one: Color32, other: Color32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for theme in ThemeChoice::ALL {
            let palette = Palette::of(theme);
            for ground in [palette.ground, palette.panel, palette.card] {
                assert!(contrast(palette.text, ground) >= 4.5, "{theme:?} text");
                assert!(contrast(palette.strong, ground) >= 7.0, "{theme:?} strong");
                let weak = if theme == ThemeChoice::Night { 3.0 } else { 4.5 };
                assert!(contrast(palette.weak, ground) >= weak, "{theme:?} weak");
                for class in SecurityClass::ALL {
                    let ratio = contrast(palette.security(class), ground);
                    assert!(ratio >= 2.0, "{theme:?} {class:?} {ratio}");
                }
            }
            assert!(contrast(palette.badge_text, palette.badge) >= 4.5, "{theme:?} badge");
        }
    }

    #[test]
    fn night_has_no_blue_and_no_white() {
        let palette = Palette::of(ThemeChoice::Night);
        for color in [palette.text, palette.strong, palette.accent, palette.good, palette.track] {
            assert!(color.b() < 0x50 && color.g() < 0xb0, "{color:?}");
        }
    }
}
