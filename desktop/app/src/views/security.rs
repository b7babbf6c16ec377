//! How protection is shown: a class with a colour, a shape and a word, so that no one depends on colour.

use crate::style::Palette;
use egui::{Painter, Pos2, Shape, Stroke, pos2, vec2};
use pw_model::SecurityLabel;
use pw_survey::AccessPoint;

/// What the colour and the shape of a network say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum SecurityClass {
    /// No encryption.
    Open,
    /// Encryption that is broken: WEP, WPA.
    Broken,
    /// Encrypted without a password.
    Owe,
    /// WPA2, also beside WPA.
    Wpa2,
    /// WPA3, also beside WPA2.
    Wpa3,
    /// Nothing was announced yet, or a kind that is not known.
    Unknown,
}

impl SecurityClass {
    /// From the least protected on.
    pub(crate) const ALL: [Self; 6] =
        [Self::Open, Self::Broken, Self::Owe, Self::Wpa2, Self::Wpa3, Self::Unknown];

    /// The class of a label.
    pub(crate) const fn of_label(label: SecurityLabel) -> Self {
        match label {
            SecurityLabel::Open => Self::Open,
            SecurityLabel::Wep | SecurityLabel::Wpa => Self::Broken,
            SecurityLabel::Owe | SecurityLabel::WpaOwe => Self::Owe,
            SecurityLabel::Wpa2 | SecurityLabel::WpaWpa2 => Self::Wpa2,
            SecurityLabel::Wpa3
            | SecurityLabel::Wpa3Wpa2
            | SecurityLabel::WpaWpa3
            | SecurityLabel::WpaWpa3Wpa2 => Self::Wpa3,
            SecurityLabel::RsnOther | SecurityLabel::WpaRsnOther => Self::Unknown,
        }
    }

    /// The class of a network.
    pub(crate) fn of(ap: &AccessPoint) -> Self {
        ap.protection.as_ref().map_or(Self::Unknown, |protection| Self::of_label(protection.label))
    }

    /// What the legend says.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Broken => "WEP or WPA",
            Self::Owe => "OWE",
            Self::Wpa2 => "WPA2",
            Self::Wpa3 => "WPA3",
            Self::Unknown => "Not known",
        }
    }

    /// What it means, for the tooltip.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Open => "No encryption: anybody in range can read and join.",
            Self::Broken => "Encryption that is broken: WEP, or WPA with TKIP only.",
            Self::Owe => "Encrypted without a password (Enhanced Open).",
            Self::Wpa2 => "WPA2; labels with WPA/ in front still allow the older WPA.",
            Self::Wpa3 => "WPA3; labels with WPA2 in them still allow the older WPA2.",
            Self::Unknown => {
                "No beacon or probe response was heard that says it, or a kind that is not known."
            }
        }
    }
}

/// The shape of a class at `center`, `radius` points large.
pub(crate) fn mark(
    palette: &Palette,
    class: SecurityClass,
    center: Pos2,
    radius: f32,
    edge: Stroke,
) -> Shape {
    let fill = palette.security(class);
    let at = |x: f32, y: f32| pos2(center.x + x * radius, center.y + y * radius);
    match class {
        SecurityClass::Open => {
            Shape::convex_polygon(vec![at(0.0, -1.15), at(1.05, 0.8), at(-1.05, 0.8)], fill, edge)
        }
        SecurityClass::Broken => Shape::convex_polygon(
            vec![at(0.0, -1.15), at(1.15, 0.0), at(0.0, 1.15), at(-1.15, 0.0)],
            fill,
            edge,
        ),
        SecurityClass::Owe => {
            Shape::convex_polygon(vec![at(0.0, 1.15), at(-1.05, -0.8), at(1.05, -0.8)], fill, edge)
        }
        SecurityClass::Wpa2 => Shape::Circle(egui::epaint::CircleShape {
            center,
            radius: radius * 0.95,
            fill,
            stroke: edge,
        }),
        SecurityClass::Wpa3 => Shape::convex_polygon(
            vec![at(-0.85, -0.85), at(0.85, -0.85), at(0.85, 0.85), at(-0.85, 0.85)],
            fill,
            edge,
        ),
        SecurityClass::Unknown => {
            Shape::circle_stroke(center, radius * 0.8, Stroke::new((radius * 0.35).max(1.2), fill))
        }
    }
}

/// A shape in a line of text; returns its response for a tooltip.
pub(crate) fn mark_inline(ui: &mut egui::Ui, palette: &Palette, class: SecurityClass) {
    let (rect, response) = ui.allocate_exact_size(
        vec2(12.0, ui.text_style_height(&egui::TextStyle::Body)),
        egui::Sense::hover(),
    );
    let painter: &Painter = ui.painter();
    painter.add(mark(palette, class, rect.center(), 5.0, Stroke::NONE));
    response.on_hover_text(class.meaning());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_labels_are_the_weak_classes() {
        let labels = [
            SecurityLabel::Open,
            SecurityLabel::Owe,
            SecurityLabel::Wep,
            SecurityLabel::Wpa,
            SecurityLabel::WpaWpa2,
            SecurityLabel::Wpa2,
            SecurityLabel::Wpa3Wpa2,
            SecurityLabel::Wpa3,
            SecurityLabel::RsnOther,
        ];
        for label in labels {
            let class = SecurityClass::of_label(label);
            let weak = matches!(class, SecurityClass::Open | SecurityClass::Broken);
            assert_eq!(weak, label.is_weak(), "{}", label.name());
        }
    }

    #[test]
    fn classes_differ_in_words() {
        let mut words: Vec<&str> = SecurityClass::ALL.iter().map(|class| class.words()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), SecurityClass::ALL.len());
    }
}
