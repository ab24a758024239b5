//! Rows that were not taken, and the file in which they can be corrected and imported again.
//!
//! The rejects file has the header and the rows as they were, UTF-8, with three columns before them that say line,
//! column and reason; on import those three are passed over. A row stays as broken as it was until somebody mends it.

use std::io::{self, Write};

use super::header::REJECT_COLUMNS;

/// Something wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The column's name, if it is about one.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The line it starts on.
    pub line: u64,
    /// All that is wrong with it; never empty.
    pub problems: Vec<Problem>,
    /// Its text as the file has it.
    pub raw: String,
}

impl Reject {
    /// The columns concerned, separated by semicolons.
    pub fn columns(&self) -> String {
        self.problems.iter().filter_map(|problem| problem.column.as_deref()).collect::<Vec<_>>().join("; ")
    }

    /// The reasons, each with its column, separated by semicolons.
    pub fn reason(&self) -> String {
        let told = |problem: &Problem| match &problem.column {
            Some(column) => format!("{column}: {}", problem.reason),
            None => problem.reason.clone(),
        };
        self.problems.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    /// Writes it as a row of a rejects file whose cells `delimiter` separates.
    pub fn write(&self, out: &mut dyn Write, delimiter: u8) -> io::Result<()> {
        write_row(out, delimiter, [&self.line.to_string(), &self.columns(), &self.reason()], &self.raw)
    }
}

/// Writes the header of a rejects file; `header` is that of the file the rows come from.
pub fn write_header(out: &mut dyn Write, delimiter: u8, header: &str) -> io::Result<()> {
    write_row(out, delimiter, REJECT_COLUMNS, header)
}

fn write_row(out: &mut dyn Write, delimiter: u8, told: [&str; 3], raw: &str) -> io::Result<()> {
    let separator = char::from(delimiter);
    for cell in told {
        let cell = cell.replace('"', "\"\"");
        write!(out, "\"{cell}\"{separator}")?;
    }
    writeln!(out, "{raw}")
}
