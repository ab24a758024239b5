//! What a report is made of, before it is a page of paper or of the web.

use super::plot::Plot;

/// A part of the report.
#[derive(Clone, Debug)]
pub(super) enum Block {
    /// The title, once.
    Title(String),
    /// A section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph in small letters.
    Small(String),
    /// A question of the first page, what can be shown, and what cannot.
    Answer {
        /// As a court asks it.
        question: &'static str,
        /// What is shown, a sentence or two each.
        told: Vec<String>,
        /// What is not.
        gaps: Vec<String>,
    },
    /// A name and what it is, line by line.
    Facts(Vec<(String, String)>),
    /// One below the other.
    List(Vec<String>),
    /// Rows under a heading. A column's width is its share of the page.
    Table {
        /// Titles and shares.
        columns: Vec<(&'static str, f32)>,
        /// As many cells each as there are columns.
        rows: Vec<Vec<String>>,
    },
    /// A drawing.
    Figure {
        /// What it shows.
        title: String,
        /// The drawing.
        plot: Plot,
    },
    /// What follows begins a page.
    NewPage,
}

/// A report.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// On top of every page: how confidential it is.
    pub(super) banner: String,
    /// At the foot of every page.
    pub(super) foot: String,
    /// What the file of it is called by readers.
    pub(super) title: String,
    /// Its parts.
    pub(super) blocks: Vec<Block>,
}
