//! Texts that admins write.

use super::Refusal;

/// Characters of a reason.
pub(crate) const REASON: usize = 500;

/// The text without white space around it, if it has 1 to `most` characters and none that controls a terminal.
pub(crate) fn line(what: &str, value: &str, most: usize) -> Result<String, Refusal> {
    let value = value.trim();
    if value.is_empty() || value.chars().count() > most || value.chars().any(char::is_control) {
        return Err(Refusal::bad_input(format!("{what} must have 1 to {most} characters on one line.")));
    }
    Ok(value.to_owned())
}

/// Whether `value` starts with a character that `first` accepts, goes on with such or with `-`, `_`, digits, and has at
/// most `most` bytes.
pub(crate) fn is_code(value: &str, most: usize, first: fn(&char) -> bool) -> bool {
    let rest = |letter: char| first(&letter) || letter.is_ascii_digit() || matches!(letter, '-' | '_');
    value.len() <= most && value.chars().next().is_some_and(|letter| first(&letter)) && value.chars().all(rest)
}
