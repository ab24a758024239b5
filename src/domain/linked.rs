//! Fields whose values are rows of other tables. The database tells them as one text, so that windows, pages and records
//! treat them as any other cell.

/// What stands between two rows (ASCII record separator).
pub const ROW: &str = "\u{1e}";
/// What stands between two cells of a row (ASCII unit separator).
pub const CELL: &str = "\u{1f}";

/// The rows of a text, each with its cells; those that have another number of cells are left out.
pub(super) fn rows<const N: usize>(text: &str) -> impl Iterator<Item = [&str; N]> {
    text.split(ROW).filter_map(|row| row.split(CELL).collect::<Vec<_>>().try_into().ok())
}
