//! Small pieces of text that reports share.

use crate::domain::Timestamp;

/// `1 file`, `12 files`.
pub(super) fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{} {what}s", grouped(number)) }
}

/// `all 12`, `11 of 12`.
pub(super) fn of(part: u64, all: u64) -> String {
    if part == all && all != 1 { format!("all {}", grouped(all)) } else { format!("{} of {}", grouped(part), grouped(all)) }
}

/// `1,204`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The day, `2026-11-22`.
pub(super) fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// Day and minute, `2026-11-22 08:30`.
pub(super) fn minute(at: Timestamp) -> String {
    at.to_string().chars().take(16).map(|letter| if letter == 'T' { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_moments() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            (counted(1, "file"), counted(0, "file"), of(2, 2), of(1, 2), of(1, 1)),
            ("1 file".into(), "0 files".into(), "all 2".into(), "1 of 2".into(), "1 of 1".into())
        );
        let at = Timestamp::parse("2026-11-22T08:30:59.5Z").unwrap();
        assert_eq!((day(at), minute(at)), ("2026-11-22".into(), "2026-11-22 08:30".into()));
    }
}
