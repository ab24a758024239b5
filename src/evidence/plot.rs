//! Drawings, made once and told twice: as SVG in the page of the web, as paths in the page of paper.

use std::fmt::Write as _;

/// A colour that is still told from the others in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Letters.
    Ink,
    /// Letters beside the matter.
    Grey,
    /// Lines in the background.
    Faint,
    /// The darkest of the fillings.
    Dark,
    /// Between.
    Middle,
    /// The lightest.
    Light,
    /// What asks for attention.
    Alarm,
}

/// Where a text is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// At its beginning.
    Start,
    /// At its middle.
    Middle,
    /// At its end.
    End,
}

/// Something drawn. Lengths are points, y grows downwards.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A filled rectangle: left, top, width, height.
    Rect([f32; 4], Tone),
    /// A line from here to there.
    Line([f32; 4], Tone),
    /// A text at this place, its letters of this size.
    Text([f32; 2], f32, Anchor, Tone, String),
}

/// A drawing.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    /// How wide.
    pub(super) width: f32,
    /// How high.
    pub(super) height: f32,
    /// What is drawn, the first below the others.
    pub(super) shapes: Vec<Shape>,
    /// The same for whoever does not see it.
    pub(super) told: String,
}

impl Tone {
    /// Red, green, blue.
    pub(super) const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Ink => [0x1a, 0x1a, 0x1a],
            Self::Grey => [0x5f, 0x5f, 0x5f],
            Self::Faint => [0xd4, 0xd4, 0xd4],
            Self::Dark => [0x17, 0x3f, 0x5f],
            Self::Middle => [0x4f, 0x8f, 0xc0],
            Self::Light => [0xb9, 0xd5, 0xea],
            Self::Alarm => [0xb0, 0x3a, 0x2e],
        }
    }

    fn hex(self) -> String {
        let [red, green, blue] = self.rgb();
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Plot {
    /// As SVG within a page.
    pub(super) fn svg(&self) -> String {
        let mut out = format!("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", self.width, self.height, escaped(&self.told));
        for shape in &self.shapes {
            // Writing to a string does not fail.
            let _ = match shape {
                Shape::Rect([x, y, width, height], tone) => {
                    writeln!(out, "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{}\"/>", tone.hex())
                }
                Shape::Line([x1, y1, x2, y2], tone) => writeln!(
                    out,
                    "<line x1=\"{x1:.2}\" y1=\"{y1:.2}\" x2=\"{x2:.2}\" y2=\"{y2:.2}\" stroke=\"{}\" stroke-width=\"0.6\"/>",
                    tone.hex()
                ),
                Shape::Text([x, y], size, anchor, tone, text) => writeln!(
                    out,
                    "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{}\" fill=\"{}\">{}</text>",
                    match anchor {
                        Anchor::Start => "start",
                        Anchor::Middle => "middle",
                        Anchor::End => "end",
                    },
                    tone.hex(),
                    escaped(text)
                ),
            };
        }
        out.push_str("</svg>\n");
        out
    }
}

/// Text for HTML and its attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What turns the direction of writing could make a text look like another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {}
            _ if letter.is_control() => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}
