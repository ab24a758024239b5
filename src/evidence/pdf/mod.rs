//! The report on paper: A4, vector drawings, the letters it uses embedded. Written without a date or a random number.

mod file;
mod font;
mod layout;
mod page;

use super::block::Report;
use font::{Font, Fonts};

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The font that is built in cannot be read.
    #[error("the font {0} cannot be read")]
    Font(&'static str),
}

/// The PDF.
pub(super) fn write(report: &Report) -> Result<Vec<u8>, PdfError> {
    let mut fonts =
        Fonts { plain: Font::read(notosans::REGULAR_TTF, "NotoSans-Regular")?, bold: Font::read(notosans::BOLD_TTF, "NotoSans-Bold")? };
    let pages = layout::pages(report, &mut fonts);
    file::write(report, pages, &fonts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::block::Block;

    fn report(text: &str) -> Report {
        let table = Block::Table { columns: vec![("A", 0.5), ("B", 0.5)], rows: vec![vec![text.to_owned(), "x ".repeat(4_000)]; 3] };
        let blocks = vec![Block::Title("Title".into()), Block::Heading("Heading".into()), Block::Text(text.into()), table];
        Report { banner: "BANNER".into(), foot: "foot".into(), title: "title".into(), blocks }
    }

    #[test]
    fn any_text_gives_the_same_bytes_twice() {
        for text in ["plain", "Zoë Łukasz Ωμέγα Иван 山田 \u{202e}evil\u{7} e\u{301}", "", &"unbroken".repeat(500), "a\n\n\nb"]
        {
            let pdf = write(&report(text)).unwrap();
            assert!(pdf.starts_with(b"%PDF-1.7") && pdf.ends_with(b"%%EOF"));
            assert_eq!(pdf, write(&report(text)).unwrap());
        }
    }
}
