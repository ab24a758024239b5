//! What commands print: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

/// A line of a result. Whoever closed the pipe has read enough.
pub(crate) fn line(text: impl AsRef<str>) {
    let _ = writeln!(io::stdout().lock(), "{}", text.as_ref());
}

/// A remark that is no result.
pub(crate) fn note(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr().lock(), "{}", text.as_ref());
}

/// Why it did not work.
pub(crate) fn error(text: &str) {
    note(format!("leadkeep: {text}"));
}

/// Columns padded to their widest cell, under a heading.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) {
    line(aligned(heading, rows));
}

fn aligned<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let heading = heading.map(str::to_owned);
    let all = || std::iter::once(&heading).chain(rows);
    let widths: [usize; N] = std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let lines = all().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a person is watching, who is helped by progress bars and prompts.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["a".to_owned(), "longer".to_owned()], ["äöü".to_owned(), String::new()]];
        assert_eq!(aligned(["ID", "NAME"], &rows), "ID   NAME\na    longer\näöü");
    }
}
