//! Masks: they keep type and shape and give away as little as possible. What cannot be masked in its type is hidden.

use crate::domain::{Field, lead::FieldType};

/// The masked form of a text or list value, written to `out`; `false` if the field cannot be masked and must be hidden.
pub fn mask(field: Field, value: &str, out: &mut String) -> bool {
    match (field, field.kind()) {
        (Field::Emails, _) => each_line(value, out, email),
        (Field::Phones, _) => each_line(value, out, phone),
        (Field::FirstName | Field::LastName | Field::Title | Field::City | Field::Company, _) => initials(value, out),
        (Field::Website, _) => website(value, out),
        _ => return false,
    }
    true
}

/// Whether the field has a masked form.
pub const fn can_mask(field: Field) -> bool {
    matches!(
        field,
        Field::Emails | Field::Phones | Field::FirstName | Field::LastName | Field::Title | Field::City | Field::Company | Field::Website
    ) && matches!(field.kind(), FieldType::Text | FieldType::List)
}

fn each_line(value: &str, out: &mut String, one: fn(&str, &mut String)) {
    for (position, line) in value.lines().enumerate() {
        if position > 0 {
            out.push('\n');
        }
        one(line, out);
    }
}

/// `anna.bosch@example.com` → `a•••@example.com`.
fn email(value: &str, out: &mut String) {
    let (local, domain) = value.rsplit_once('@').unwrap_or((value, ""));
    out.extend(local.chars().next());
    out.push_str("•••@");
    out.push_str(domain);
}

/// `+49 30 1234567` → `••••67`: always four dots, so that the length tells nothing.
fn phone(value: &str, out: &mut String) {
    let digits: Vec<char> = value.chars().filter(char::is_ascii_digit).collect();
    out.push_str("••••");
    if digits.len() > 4 {
        out.extend(&digits[digits.len() - 2..]);
    }
}

/// `Anna Maria` → `A. M.`.
fn initials(value: &str, out: &mut String) {
    for (position, word) in value.split_whitespace().enumerate() {
        if position > 0 {
            out.push(' ');
        }
        out.extend(word.chars().next());
        out.push('.');
    }
}

/// `https://www.example.co.uk/about` → `•••.uk`.
fn website(value: &str, out: &mut String) {
    let host = value.split("//").last().unwrap_or(value).split(['/', ':', '?']).next().unwrap_or_default();
    out.push_str("•••");
    let short = |tld: &str| (2..=24).contains(&tld.len()) && tld.bytes().all(|byte| byte.is_ascii_alphabetic());
    if let Some((_, tld)) = host.rsplit_once('.').filter(|(_, tld)| short(tld)) {
        out.push('.');
        out.push_str(tld);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(field: Field, value: &str) -> String {
        let mut out = String::new();
        assert!(mask(field, value, &mut out));
        out
    }

    #[test]
    fn masks_keep_the_shape() {
        assert_eq!(masked(Field::Emails, "anna@example.com\nb@x.org"), "a•••@example.com\nb•••@x.org");
        assert_eq!(masked(Field::Phones, "+49 30 1234567\n12"), "••••67\n••••");
        assert_eq!(masked(Field::LastName, "van der Berg"), "v. d. B.");
        assert_eq!(masked(Field::Website, "https://www.example.co.uk/about"), "•••.uk");
        assert_eq!(masked(Field::Website, "example.com call Anna 555 1234"), "•••");
    }

    #[test]
    fn what_cannot_be_masked_says_so() {
        for field in Field::ALL {
            assert_eq!(mask(*field, "x", &mut String::new()), can_mask(*field), "{}", field.name());
        }
    }
}
