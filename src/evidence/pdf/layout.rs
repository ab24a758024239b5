//! From blocks to pages: lines are broken by the widths of letters, tables begin again on each page.
#![allow(clippy::cast_precision_loss, reason = "lengths on paper")]

use super::{
    font::{Font, Fonts},
    page::{Page, SIDE, SIZE, Style, WIDTH},
};
use crate::evidence::{
    block::{Block, Report},
    plot::Tone,
};

const TOP: f32 = 66.0;
const FOOT: f32 = SIZE[1] - 58.0;
const BODY: Style = Style::new(false, 9.8, Tone::Ink);
const STRONG: Style = Style::new(true, 9.8, Tone::Ink);
const SMALL: Style = Style::new(false, 8.2, Tone::Grey);
const GAP: Style = Style::new(false, 9.8, Tone::Alarm);
const CELL: Style = Style::new(false, 8.0, Tone::Ink);
const COLUMN: Style = Style::new(true, 8.0, Tone::Ink);
/// Around the text of a cell.
const PAD: f32 = 3.0;
/// How far what a name stands for begins.
const NAMES: f32 = 118.0;

/// A heading's place, for the list of contents beside the pages.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) title: String,
    pub(super) page: usize,
    pub(super) y: f32,
}

/// Pages and where headings stand.
pub(super) struct Pages {
    pub(super) pages: Vec<Page>,
    pub(super) marks: Vec<Mark>,
}

struct Layout<'f> {
    fonts: &'f mut Fonts,
    done: Pages,
    page: Page,
    y: f32,
}

/// The pages of a report, with what stands on each of them.
pub(super) fn pages(report: &Report, fonts: &mut Fonts) -> Pages {
    let mut layout = Layout { fonts, done: Pages { pages: Vec::new(), marks: Vec::new() }, page: Page::new(), y: TOP };
    for block in &report.blocks {
        layout.block(block);
    }
    layout.turn();
    let Layout { fonts, mut done, .. } = layout;
    let count = done.pages.len();
    let (banner, foot) = (fonts.printable(&report.banner), fonts.printable(&report.foot));
    for (page, number) in done.pages.iter_mut().zip(1..) {
        let strong = Style::new(true, 8.5, Tone::Dark);
        let middle = (SIZE[0] - fonts.bold.width(&banner, strong.size)) / 2.0;
        page.text(fonts, strong, [middle, 38.0], &banner);
        page.line([SIDE, 46.0, SIZE[0] - SIDE, 46.0], Tone::Dark);
        page.line([SIDE, FOOT + 14.0, SIZE[0] - SIDE, FOOT + 14.0], Tone::Faint);
        page.text(fonts, SMALL, [SIDE, FOOT + 26.0], &foot);
        let told = format!("Page {number} of {count}");
        let right = SIZE[0] - SIDE - fonts.plain.width(&told, SMALL.size);
        page.text(fonts, SMALL, [right, FOOT + 26.0], &told);
    }
    done
}

impl Layout<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(title) => {
                self.y += 8.0;
                self.paragraph(title, Style::new(true, 19.0, Tone::Dark), SIDE, WIDTH);
                self.y += 4.0;
            }
            Block::Heading(heading) => {
                // Never alone at the foot of a page.
                self.room(90.0);
                self.y += if self.y > TOP { 12.0 } else { 0.0 };
                self.done.marks.push(Mark { title: heading.clone(), page: self.done.pages.len(), y: self.y });
                self.paragraph(heading, Style::new(true, 13.0, Tone::Dark), SIDE, WIDTH);
                self.y += 3.0;
            }
            Block::Text(body) => {
                self.paragraph(body, BODY, SIDE, WIDTH);
                self.y += 5.0;
            }
            Block::Small(body) => {
                self.paragraph(body, SMALL, SIDE, WIDTH);
                self.y += 5.0;
            }
            Block::Answer { question, told, gaps } => self.answer(question, told, gaps),
            Block::Facts(facts) => self.facts(facts),
            Block::List(lines) => {
                for line in lines {
                    self.room(BODY.leading());
                    self.page.text(self.fonts, BODY, [SIDE + 2.0, self.y + BODY.size], "•");
                    self.paragraph(line, BODY, SIDE + 14.0, WIDTH - 14.0);
                    self.y += 3.0;
                }
            }
            Block::Table { columns, rows } => self.table(columns, rows),
            Block::Figure { title, plot } => {
                self.room(plot.height + 24.0);
                self.paragraph(title, STRONG, SIDE, WIDTH);
                self.y += 3.0;
                self.page.plot(self.fonts, plot, [SIDE, self.y]);
                self.y += plot.height + 8.0;
            }
            Block::NewPage => {
                if self.y > TOP {
                    self.turn();
                }
            }
        }
    }

    /// Begins another page.
    fn turn(&mut self) {
        self.done.pages.push(std::mem::replace(&mut self.page, Page::new()));
        self.y = TOP;
    }

    /// Sees to it that so much can follow.
    fn room(&mut self, height: f32) {
        if self.y + height > FOOT && self.y > TOP {
            self.turn();
        }
    }

    fn lines(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let font = if style.bold { &self.fonts.bold } else { &self.fonts.plain };
        broken(&self.fonts.printable(&text.replace('`', "")), font, style.size, width)
    }

    fn paragraph(&mut self, text: &str, style: Style, x: f32, width: f32) {
        for line in self.lines(text, style, width) {
            self.room(style.leading());
            self.page.text(self.fonts, style, [x, self.y + style.size], &line);
            self.y += style.leading();
        }
    }

    fn answer(&mut self, question: &str, told: &[String], gaps: &[String]) {
        const INSET: f32 = 12.0;
        let title = Style::new(true, 11.0, Tone::Dark);
        let gaps: Vec<String> = gaps.iter().map(|gap| format!("Gap: {gap}")).collect();
        let lines = |text: &String, style| self.lines(text, style, WIDTH - INSET).len() as f32 * Style::leading(style) + 2.0;
        let heights = told.iter().map(|text| lines(text, BODY)).sum::<f32>() + gaps.iter().map(|text| lines(text, GAP)).sum::<f32>();
        let height = title.leading() + heights + 6.0;
        self.room(height);
        self.y += 4.0;
        self.page.rect([SIDE, self.y, 3.0, height], Tone::Middle);
        self.y += 2.0;
        self.paragraph(question, title, SIDE + INSET, WIDTH - INSET);
        for (text, style) in told.iter().map(|text| (text, BODY)).chain(gaps.iter().map(|text| (text, GAP))) {
            self.paragraph(text, style, SIDE + INSET, WIDTH - INSET);
            self.y += 2.0;
        }
        self.y += 10.0;
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        for (name, what) in facts {
            let (names, whats) = (self.lines(name, STRONG, NAMES - 8.0), self.lines(what, BODY, WIDTH - NAMES));
            self.room(names.len().max(whats.len()).min(4) as f32 * BODY.leading());
            let (page, top) = (self.done.pages.len(), self.y);
            for (line, number) in names.iter().zip(0_u8..) {
                self.page.text(self.fonts, STRONG, [SIDE, self.y + STRONG.size + f32::from(number) * STRONG.leading()], line);
            }
            for line in whats {
                self.room(BODY.leading());
                self.page.text(self.fonts, BODY, [SIDE + NAMES, self.y + BODY.size], &line);
                self.y += BODY.leading();
            }
            if page == self.done.pages.len() {
                self.y = self.y.max(top + names.len() as f32 * STRONG.leading());
            }
            self.y += 2.0;
        }
        self.y += 5.0;
    }

    fn table(&mut self, columns: &[(&'static str, f32)], rows: &[Vec<String>]) {
        self.room(60.0);
        self.columns(columns);
        for row in rows {
            let cells: Vec<Vec<String>> =
                row.iter().zip(columns).map(|(cell, (_, share))| self.lines(cell, CELL, WIDTH * share - 2.0 * PAD)).collect();
            let count = cells.iter().map(Vec::len).max().unwrap_or_default();
            let height = count as f32 * CELL.leading() + 2.0 * PAD;
            // What fits a page is not torn, what does not begins here.
            if height < FOOT - TOP - 40.0 && self.y + height > FOOT {
                self.turn();
                self.columns(columns);
            }
            self.y += PAD;
            for number in 0..count {
                if self.y + CELL.leading() > FOOT {
                    self.turn();
                    self.columns(columns);
                    self.y += PAD;
                }
                let mut x = SIDE;
                for (lines, (_, share)) in cells.iter().zip(columns) {
                    if let Some(line) = lines.get(number) {
                        self.page.text(self.fonts, CELL, [x + PAD, self.y + CELL.size], line);
                    }
                    x += WIDTH * share;
                }
                self.y += CELL.leading();
            }
            self.y += PAD;
            self.page.line([SIDE, self.y, SIDE + WIDTH, self.y], Tone::Faint);
        }
        self.y += 8.0;
    }

    fn columns(&mut self, columns: &[(&'static str, f32)]) {
        let mut x = SIDE;
        for (title, share) in columns {
            self.page.text(self.fonts, COLUMN, [x + PAD, self.y + COLUMN.size + PAD], title);
            x += WIDTH * share;
        }
        self.y += COLUMN.leading() + 2.0 * PAD;
        self.page.line([SIDE, self.y, SIDE + WIDTH, self.y], Tone::Dark);
    }
}

/// The lines of a text that are no wider than this; a word that is wider is broken anywhere.
fn broken(text: &str, font: &Font, size: f32, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if font.width(&longer, size) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if font.width(&line, size) > width && line.chars().nth(1).is_some() {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, letter.to_string()));
                }
            }
        }
        lines.push(line);
    }
    lines
}
