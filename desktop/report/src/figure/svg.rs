//! An SVG file, written element by element.

use std::fmt::Write;

/// Family of all text; the renderer brings it along.
pub(super) const FONT: &str = "IBM Plex Sans";

/// An SVG drawing under construction.
pub(super) struct Svg {
    text: String,
}

/// Where text stands with regard to its point.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// A drawing of this size in points.
    pub(super) fn new(width: f64, height: f64) -> Self {
        let mut svg = Self { text: String::new() };
        svg.raw(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONT}\">"
        ));
        svg
    }

    /// Adds markup. Only for numbers and our own words; what comes from the air goes through
    /// [`Svg::label`].
    pub(super) fn raw(&mut self, markup: std::fmt::Arguments<'_>) {
        self.text.write_fmt(markup).expect("writing to a string cannot fail");
    }

    /// A rectangle.
    pub(super) fn rect(&mut self, [x, y, width, height]: [f64; 4], style: &str) {
        self.raw(format_args!(
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" {style}/>"
        ));
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], style: &str) {
        self.raw(format_args!(
            "<line x1=\"{:.2}\" y1=\"{:.2}\" x2=\"{:.2}\" y2=\"{:.2}\" {style}/>",
            from[0], from[1], to[0], to[1]
        ));
    }

    /// A circle.
    pub(super) fn circle(&mut self, [x, y]: [f64; 2], radius: f64, style: &str) {
        self.raw(format_args!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" {style}/>"));
    }

    /// Points joined by lines.
    pub(super) fn polyline(&mut self, points: &[[f64; 2]], style: &str) {
        self.raw(format_args!("<polyline points=\""));
        for [x, y] in points {
            self.raw(format_args!("{x:.1},{y:.1} "));
        }
        self.raw(format_args!("\" {style}/>"));
    }

    /// Areas with holes.
    pub(super) fn polygons(&mut self, rings: &[Vec<[f64; 2]>], style: &str) {
        self.raw(format_args!("<path fill-rule=\"evenodd\" d=\""));
        for ring in rings {
            for (at, [x, y]) in ring.iter().enumerate() {
                self.raw(format_args!("{}{x:.1} {y:.1} ", if at == 0 { "M" } else { "L" }));
            }
            self.raw(format_args!("Z "));
        }
        self.raw(format_args!("\" {style}/>"));
    }

    /// Words.
    pub(super) fn label(
        &mut self,
        [x, y]: [f64; 2],
        size: f64,
        anchor: Anchor,
        style: &str,
        words: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.raw(format_args!(
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{anchor}\" {style}>"
        ));
        for c in words.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                c if c.is_control() => self.text.push('\u{fffd}'),
                c => self.text.push(c),
            }
        }
        self.text.push_str("</text>");
    }

    /// The whole drawing.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

/// The largest of 1, 2, 5 times a power of ten that is not above `value`.
pub(super) fn round_down(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let head = value / power;
    let nice = if head >= 5.0 {
        5.0
    } else if head >= 2.0 {
        2.0
    } else {
        1.0
    };
    nice * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_cannot_become_markup() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.label([0.0, 0.0], 8.0, Anchor::Start, "", "<script>&\"\u{1b}");
        let text = svg.finish();
        assert!(text.contains("&lt;script&gt;&amp;&quot;\u{fffd}</text>"), "{text}");
    }

    #[test]
    fn round_numbers() {
        for (value, nice) in [(1.0, 1.0), (4.99, 2.0), (730.0, 500.0), (0.03, 0.02)] {
            assert!((round_down(value) - nice).abs() < nice * 1e-9, "{value}");
        }
    }
}
