//! The bytes of the chosen packet: hexadecimal and text, the chosen field marked.

use super::Pane;
use crate::style::Palette;
use egui::{Align2, FontId, Pos2, Rect, Sense, Ui, pos2, vec2};
use pw_engine::capture_file::{PacketDetail, Span};
use std::ops::Range;

/// Height of a line in points.
const LINE: f32 = 18.0;
/// Size of the letters in points.
const LETTER: f32 = 12.5;

/// Where things stand in a line, in letters: offset, bytes in two halves, text.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Layout {
    /// Bytes in a line: 16, or 8 where there is no room.
    per_line: usize,
    letter: f32,
}

impl Layout {
    fn for_width(width: f32, letter: f32) -> Self {
        let wide = Self { per_line: 16, letter };
        if width >= wide.width() { wide } else { Self { per_line: 8, letter } }
    }

    fn width(self) -> f32 {
        self.text_at(self.per_line) + self.letter
    }

    /// Left edge of a byte's digits.
    fn digits_at(self, column: usize) -> f32 {
        let gap = usize::from(column >= 8);
        (7 + 3 * column + gap) as f32 * self.letter
    }

    /// Left edge of a byte's letter.
    fn text_at(self, column: usize) -> f32 {
        let gap = usize::from(self.per_line > 8);
        (7 + 3 * self.per_line + gap + 1 + column) as f32 * self.letter
    }

    /// The byte of a line that is at `x`.
    fn column_at(self, x: f32) -> Option<usize> {
        (0..self.per_line).find(|column| {
            let digits = self.digits_at(*column) - self.letter * 0.5;
            let text = self.text_at(*column);
            (digits..digits + 3.0 * self.letter).contains(&x)
                || (text..text + self.letter).contains(&x)
        })
    }
}

/// The bytes of a line that are in a span, as columns.
fn marked(line: usize, per_line: usize, span: Option<Span>) -> Range<usize> {
    let Some(span) = span.filter(|span| span.length > 0) else { return 0..0 };
    let (start, length) = (span.start as usize, span.length as usize);
    let begin = line * per_line;
    let from = start.clamp(begin, begin + per_line) - begin;
    let to = start.saturating_add(length).clamp(begin, begin + per_line) - begin;
    from..to
}

/// Paints the bytes; returns the offset of the byte that was clicked.
pub(super) fn ui(
    ui: &mut Ui,
    detail: &PacketDetail,
    span: Option<Span>,
    bring: bool,
    pane: &mut Pane,
    palette: &Palette,
) -> Option<u32> {
    let font = FontId::monospace(LETTER);
    let letter = ui.ctx().fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let layout = Layout::for_width(ui.available_width() - 14.0, letter);
    let count = detail.bytes.len().div_ceil(layout.per_line);
    let mut scroll = egui::ScrollArea::vertical().id_salt("packet-bytes").auto_shrink(false);
    if let Some(span) = span.filter(|span| bring && span.length > 0) {
        let line = span.start as usize / layout.per_line;
        let middle = (line as f32 + 0.5) * LINE - ui.available_height() / 3.0;
        scroll = scroll.vertical_scroll_offset(middle.max(0.0));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut clicked = None;
    scroll.show_rows(ui, LINE, count, |ui, range| {
        for number in range {
            let size = vec2(ui.available_width(), LINE);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            response.widget_info(|| {
                let offset = format!("bytes from {}", number * layout.per_line);
                egui::WidgetInfo::labeled(egui::accesskit::Role::Row, true, offset)
            });
            let columns = marked(number, layout.per_line, span);
            line(ui, rect, detail, number, layout, &columns, palette);
            if response.clicked() {
                *pane = Pane::Bytes;
                let x = response.interact_pointer_pos().map(|at| at.x - rect.left() - 6.0);
                let column = x.and_then(|x| layout.column_at(x));
                let at = column.map(|column| number * layout.per_line + column);
                clicked = at.filter(|at| *at < detail.bytes.len());
            }
        }
    });
    clicked.and_then(|at| u32::try_from(at).ok())
}

fn line(
    ui: &Ui,
    rect: Rect,
    detail: &PacketDetail,
    number: usize,
    layout: Layout,
    marked: &Range<usize>,
    palette: &Palette,
) {
    let start = number * layout.per_line;
    let end = (start + layout.per_line).min(detail.bytes.len());
    let Some(bytes) = detail.bytes.get(start..end) else { return };
    let origin: Pos2 = pos2(rect.left() + 6.0, rect.top());
    let painter = ui.painter();
    if !marked.is_empty() {
        let (first, last) = (marked.start, marked.end - 1);
        let mark = |left: f32, right: f32| {
            let min = pos2(origin.x + left - 2.0, rect.top());
            let max = pos2(origin.x + right + 2.0, rect.bottom());
            painter.rect_filled(Rect::from_min_max(min, max), 2.0, palette.accent_soft);
        };
        mark(layout.digits_at(first), layout.digits_at(last) + 2.0 * layout.letter);
        mark(layout.text_at(first), layout.text_at(last) + layout.letter);
    }
    let font = FontId::monospace(LETTER);
    let middle = rect.center().y;
    let put = |x: f32, text: &str, color| {
        let at = pos2(origin.x + x, middle);
        painter.text(at, Align2::LEFT_CENTER, text, font.clone(), color);
    };
    put(0.0, &format!("{start:05x}"), palette.weak);
    for (column, byte) in bytes.iter().enumerate() {
        let color = if marked.contains(&column) { palette.strong } else { palette.text };
        put(layout.digits_at(column), &format!("{byte:02x}"), color);
        let is_letter = (0x20..0x7f).contains(byte);
        let letter = if is_letter { char::from(*byte) } else { '·' };
        let color = if marked.contains(&column) {
            palette.strong
        } else if is_letter {
            palette.text
        } else {
            palette.weak
        };
        put(layout.text_at(column), letter.encode_utf8(&mut [0; 4]), color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_finds_the_byte_in_digits_and_text() {
        let layout = Layout::for_width(1000.0, 7.0);
        assert_eq!(layout.per_line, 16);
        for column in 0..16 {
            assert_eq!(layout.column_at(layout.digits_at(column) + 3.0), Some(column));
            assert_eq!(layout.column_at(layout.text_at(column) + 3.0), Some(column));
        }
        assert_eq!(layout.column_at(3.0), None, "the offset is no byte");
        assert_eq!(layout.column_at(layout.width() + 5.0), None);
        assert_eq!(Layout::for_width(300.0, 7.0).per_line, 8);
    }

    #[test]
    fn a_span_is_marked_over_line_ends() {
        let span = Some(Span { start: 14, length: 20 });
        assert_eq!(marked(0, 16, span), 14..16);
        assert_eq!(marked(1, 16, span), 0..16);
        assert_eq!(marked(2, 16, span), 0..2);
        assert!(marked(3, 16, span).is_empty());
        assert!(marked(0, 16, Some(Span { start: 3, length: 0 })).is_empty());
        assert!(marked(0, 16, None).is_empty());
        let endless = Some(Span { start: u32::MAX, length: u32::MAX });
        assert!(marked(0, 16, endless).is_empty());
    }
}
