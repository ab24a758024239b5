//! A font: how wide its letters are, and which of them are used.

use std::{collections::BTreeMap, fmt::Write as _};

use subsetter::GlyphRemapper;
use ttf_parser::Face;

use super::PdfError;

/// A font of the report.
pub(super) struct Font {
    face: Face<'static>,
    data: &'static [u8],
    used: GlyphRemapper,
    /// The letter that each glyph in use stands for, by its number in the PDF; and how wide it is.
    letters: BTreeMap<u16, (char, f32)>,
    /// Its PostScript name.
    pub(super) name: &'static str,
}

/// Those that a report is set in.
pub(super) struct Fonts {
    /// For text.
    pub(super) plain: Font,
    /// For titles.
    pub(super) bold: Font,
}

/// What PDF readers want to know of a font, in thousandths of its size.
pub(super) struct Metrics {
    pub(super) bbox: [f32; 4],
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) cap_height: f32,
}

impl Font {
    /// A font that is built in.
    pub(super) fn read(data: &'static [u8], name: &'static str) -> Result<Self, PdfError> {
        let face = Face::parse(data, 0).map_err(|_| PdfError::Font(name))?;
        Ok(Self { face, data, used: GlyphRemapper::new(), letters: BTreeMap::new(), name })
    }

    /// How wide a text is.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.advance(letter)).sum::<f32>() * size / 1_000.0
    }

    fn advance(&self, letter: char) -> f32 {
        let glyph = self.face.glyph_index(letter).unwrap_or_default();
        self.per_mille(self.face.glyph_hor_advance(glyph).unwrap_or_default().into())
    }

    fn per_mille(&self, units: f32) -> f32 {
        units * 1_000.0 / f32::from(self.face.units_per_em())
    }

    /// The numbers of a text's glyphs, two bytes each; from now on they are in the PDF.
    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for letter in text.chars() {
            let glyph = self.face.glyph_index(letter).unwrap_or_default();
            let number = self.used.remap(glyph.0);
            let width = self.advance(letter);
            self.letters.entry(number).or_insert((letter, width));
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// What is in use: number, letter, width in thousandths.
    pub(super) fn letters(&self) -> impl Iterator<Item = (u16, char, f32)> + '_ {
        self.letters.iter().map(|(number, (letter, width))| (*number, *letter, *width))
    }

    /// The font with nothing but the glyphs in use.
    pub(super) fn subset(&self) -> Result<Vec<u8>, PdfError> {
        subsetter::subset(self.data, 0, &self.used).map_err(|_| PdfError::Font(self.name))
    }

    /// What readers want to know.
    pub(super) fn metrics(&self) -> Metrics {
        let face = &self.face;
        let [ascent, descent] = [face.ascender(), face.descender()].map(|units| self.per_mille(units.into()));
        let bbox = face.global_bounding_box();
        Metrics {
            bbox: [bbox.x_min, bbox.y_min, bbox.x_max, bbox.y_max].map(|units| self.per_mille(units.into())),
            ascent,
            descent,
            cap_height: face.capital_height().map_or(ascent, |units| self.per_mille(units.into())),
        }
    }
}

impl Fonts {
    /// The text as it can be printed: what the fonts have no letter for is told by its number, as in `[U+5C71]`, and what
    /// turns the direction of writing is left out.
    pub(super) fn printable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '\n' => out.push('\n'),
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {}
                _ if letter.is_control() || letter.is_whitespace() => out.push(' '),
                _ if [&self.plain, &self.bold].iter().all(|font| font.face.glyph_index(letter).is_some()) => out.push(letter),
                _ => {
                    // Writing to a string does not fail.
                    let _ = write!(out, "[U+{:04X}]", u32::from(letter));
                }
            }
        }
        out
    }
}
