//! What stands on the map: buttons, legend, scale, coordinates, and where the map comes from.

use crate::feed::Feed;
use crate::style::Palette;
use crate::views::security::{self, SecurityClass};
use crate::words;
use egui::{Align2, FontId, Pos2, Rect, Stroke, Ui, UiBuilder, pos2, vec2};
use pw_survey::Snapshot;
use walkers::Projector;

/// A button of the map that was pressed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Pressed {
    Fit,
    Follow,
    ZoomBy(f64),
    Online,
}

/// Buttons at the upper left.
pub(super) fn buttons(
    ui: &mut Ui,
    map: Rect,
    follow: bool,
    can_follow: bool,
    can_fit: bool,
    online: bool,
) -> Option<Pressed> {
    let mut pressed = None;
    let rect = Rect::from_min_size(map.min + vec2(10.0, 22.0), vec2(430.0, 30.0));
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let mut button = |ui: &mut Ui, enabled, words: &str, tip: &str, what| {
                let button = egui::Button::new(words).min_size(vec2(28.0, 26.0));
                if ui.add_enabled(enabled, button).on_hover_text(tip).clicked() {
                    pressed = Some(what);
                }
            };
            button(ui, true, "+", "Zoom in (mouse wheel)", Pressed::ZoomBy(0.7));
            button(ui, true, "–", "Zoom out (mouse wheel)", Pressed::ZoomBy(-0.7));
            button(ui, can_fit, "Show all", "Show everything that has a place", Pressed::Fit);
            let words = if follow { "Following" } else { "Follow" };
            button(ui, can_follow, words, "Keep the sensor in the middle", Pressed::Follow);
            let words = if online { "Street map: on" } else { "Street map: off" };
            let tip = "Streets from OpenStreetMap's servers; needs the internet";
            button(ui, true, words, tip, Pressed::Online);
        });
    });
    pressed
}

/// Legend, scale, coordinates, source.
pub(super) fn paint(
    ui: &Ui,
    projector: &Projector<'_>,
    snapshot: &Snapshot,
    feed: &Feed,
    palette: &Palette,
    pointer: Option<Pos2>,
    online: bool,
) {
    let map = projector.clip_rect();
    legend(ui, map, snapshot, feed, palette);
    scale(ui, projector, palette);
    let painter = ui.painter_at(map);
    let font = FontId::proportional(11.5);
    if let Some(at) = pointer {
        let place = projector.unproject(at.to_vec2());
        if place.y().abs() <= 85.06 && place.x().abs() <= 180.0 {
            let text = words::coordinates(place.y(), place.x());
            tag(
                &painter,
                pos2(map.center().x, map.bottom() - 16.0),
                Align2::CENTER_CENTER,
                text,
                &font,
                palette,
            );
        }
    }
    let source = if online {
        "© OpenStreetMap contributors"
    } else {
        "Base map: Natural Earth (public domain), bundled"
    };
    let at = pos2(map.right() - 8.0, map.bottom() - 16.0);
    tag(&painter, at, Align2::RIGHT_CENTER, source.to_owned(), &font, palette);
}

fn tag(
    painter: &egui::Painter,
    at: Pos2,
    align: Align2,
    text: String,
    font: &FontId,
    palette: &Palette,
) {
    let galley = painter.layout_no_wrap(text, font.clone(), palette.text);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(6.0, 2.0)), 3.0, palette.card.gamma_multiply(0.85));
    painter.galley(rect.min, galley, palette.text);
}

/// Classes that are on the map, with their numbers.
fn legend(ui: &Ui, map: Rect, snapshot: &Snapshot, feed: &Feed, palette: &Palette) {
    let mut counts = [0u64; SecurityClass::ALL.len()];
    let placed = snapshot.access_points.iter().filter(|ap| feed.located.contains_key(&ap.bssid));
    for ap in placed {
        let class = SecurityClass::of(ap);
        let slot = SecurityClass::ALL.iter().position(|other| *other == class);
        if let Some(count) = slot.and_then(|slot| counts.get_mut(slot)) {
            *count += 1;
        }
    }
    let lines: Vec<(SecurityClass, u64)> =
        SecurityClass::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    let unplaced = snapshot.access_points.len() as u64 - counts.iter().sum::<u64>();
    let rows = lines.len() + usize::from(unplaced > 0) + usize::from(lines.is_empty());
    let size = vec2(168.0, 16.0 + rows as f32 * 19.0);
    let corner = pos2(map.right() - size.x - 10.0, map.top() + 22.0);
    let painter = ui.painter_at(map);
    let rect = Rect::from_min_size(corner, size);
    painter.rect(
        rect,
        6.0,
        palette.card.gamma_multiply(0.93),
        Stroke::new(1.0, palette.line),
        egui::StrokeKind::Inside,
    );
    let font = FontId::proportional(12.5);
    let mut y = rect.top() + 17.5;
    let row = |y: f32, words: &str, count: Option<u64>, color| {
        painter.text(pos2(rect.left() + 30.0, y), Align2::LEFT_CENTER, words, font.clone(), color);
        if let Some(count) = count {
            let at = pos2(rect.right() - 10.0, y);
            painter.text(at, Align2::RIGHT_CENTER, words::count(count), font.clone(), color);
        }
    };
    if lines.is_empty() {
        painter.text(
            pos2(rect.left() + 10.0, y),
            Align2::LEFT_CENTER,
            "No network has a place",
            font.clone(),
            palette.weak,
        );
        y += 19.0;
    }
    for (class, count) in lines {
        let at = pos2(rect.left() + 17.0, y);
        painter.add(security::mark(palette, class, at, 5.5, Stroke::NONE));
        row(y, class.words(), Some(count), palette.text);
        y += 19.0;
    }
    if unplaced > 0 {
        row(y, "No place known", Some(unplaced), palette.weak);
    }
}

/// The largest round length that is at most `most_m`: 1, 2 or 5 times a power of ten.
fn round_length(most_m: f64) -> f64 {
    let power = 10f64.powf(most_m.max(1e-3).log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|n| n * power).find(|m| *m <= most_m).unwrap_or(power)
}

fn scale(ui: &Ui, projector: &Projector<'_>, palette: &Palette) {
    let map = projector.clip_rect();
    let middle = projector.unproject(map.center().to_vec2());
    let per_m = f64::from(projector.scale_pixel_per_meter(middle));
    if !(per_m.is_finite() && per_m > 0.0) {
        return;
    }
    let length_m = round_length(140.0 / per_m);
    let width = (length_m * per_m) as f32;
    let painter = ui.painter_at(map);
    let text = words::metres(length_m).replace(".00", "").replace(".0", "");
    let galley = painter.layout_no_wrap(text, FontId::proportional(11.5), palette.text);
    let left = map.left() + 16.0;
    let y = map.bottom() - 12.0;
    let ground = Rect::from_min_max(
        pos2(left - 6.0, y - galley.size().y - 7.0),
        pos2(left + width.max(galley.size().x) + 6.0, y + 5.0),
    );
    painter.rect_filled(ground, 3.0, palette.card.gamma_multiply(0.85));
    let stroke = Stroke::new(2.0, palette.strong);
    painter.hline(left..=left + width, y, stroke);
    painter.vline(left, y - 4.0..=y, stroke);
    painter.vline(left + width, y - 4.0..=y, stroke);
    painter.galley(pos2(left, y - galley.size().y - 4.0), galley, palette.text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round() {
        for (most, length) in [(140.0, 100.0), (210.0, 200.0), (999.0, 500.0), (1.2, 1.0)] {
            assert!((round_length(most) - length).abs() < 1e-9, "{most}");
        }
    }
}
