//! A page being filled: places are counted from its upper left corner.

use pdf_writer::{Content, Name, Str};

use super::font::Fonts;
use crate::evidence::plot::{Anchor, Plot, Shape, Tone};

/// Width and height of A4.
pub(super) const SIZE: [f32; 2] = [595.28, 841.89];
/// What stays free on the left and on the right.
pub(super) const SIDE: f32 = 54.0;
/// How wide lines are.
pub(super) const WIDTH: f32 = SIZE[0] - 2.0 * SIDE;

/// How letters look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) bold: bool,
    pub(super) size: f32,
    pub(super) tone: Tone,
}

impl Style {
    pub(super) const fn new(bold: bool, size: f32, tone: Tone) -> Self {
        Self { bold, size, tone }
    }

    /// From one line to the next.
    pub(super) fn leading(self) -> f32 {
        self.size * 1.36
    }
}

/// A page.
pub(super) struct Page(pub(super) Content);

impl Page {
    pub(super) fn new() -> Self {
        Self(Content::new())
    }

    /// A line of text whose letters stand on `y`.
    pub(super) fn text(&mut self, fonts: &mut Fonts, style: Style, [x, y]: [f32; 2], text: &str) {
        let font = if style.bold { &mut fonts.bold } else { &mut fonts.plain };
        let glyphs = font.encode(text);
        self.fill(style.tone);
        let name = Name(if style.bold { b"B" } else { b"R" });
        self.0.begin_text().set_font(name, style.size).next_line(x, SIZE[1] - y).show(Str(&glyphs)).end_text();
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, [x, y, width, height]: [f32; 4], tone: Tone) {
        self.fill(tone);
        self.0.rect(x, SIZE[1] - y - height, width, height).fill_nonzero();
    }

    /// A thin line.
    pub(super) fn line(&mut self, [x1, y1, x2, y2]: [f32; 4], tone: Tone) {
        let [red, green, blue] = channels(tone);
        self.0.set_stroke_rgb(red, green, blue).set_line_width(0.6);
        self.0.move_to(x1, SIZE[1] - y1).line_to(x2, SIZE[1] - y2).stroke();
    }

    /// A drawing with its upper left corner here.
    pub(super) fn plot(&mut self, fonts: &mut Fonts, plot: &Plot, [left, top]: [f32; 2]) {
        for shape in &plot.shapes {
            match shape {
                Shape::Rect([x, y, width, height], tone) => self.rect([left + x, top + y, *width, *height], *tone),
                Shape::Line([x1, y1, x2, y2], tone) => self.line([left + x1, top + y1, left + x2, top + y2], *tone),
                Shape::Text([x, y], size, anchor, tone, text) => {
                    let text = fonts.printable(text);
                    let back = match anchor {
                        Anchor::Start => 0.0,
                        Anchor::Middle => fonts.plain.width(&text, *size) / 2.0,
                        Anchor::End => fonts.plain.width(&text, *size),
                    };
                    self.text(fonts, Style::new(false, *size, *tone), [left + x - back, top + y], &text);
                }
            }
        }
    }

    fn fill(&mut self, tone: Tone) {
        let [red, green, blue] = channels(tone);
        self.0.set_fill_rgb(red, green, blue);
    }
}

fn channels(tone: Tone) -> [f32; 3] {
    tone.rgb().map(|channel| f32::from(channel) / 255.0)
}
