//! Normal forms: what makes two spellings of one e-mail address, telephone number, reference or tag the same.
//!
//! They serve comparison only; the list keeps what was written.

use phonenumber::country;

use super::{KeyKind, LeadKey, LeadValues};

/// The region of telephone numbers written without a country, ISO 3166-1 alpha-2.
pub const DEFAULT_REGION: &str = "US";
/// Longest e-mail address (RFC 5321 § 4.5.3.1.3, without the angle brackets).
const LONGEST_EMAIL: usize = 254;
/// Longest number E.164 § 6.2.1 allows is 15 digits; two more for an international prefix.
const LONGEST_NUMBER: usize = 17;

/// `Anna.Bosch+crm@Example.com` → `anna.bosch@example.com`: trimmed, lower case, without the plus-tag. `None` if it is
/// no address: one `@`, something before it, a domain of letters, digits, hyphens and dots behind it.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > LONGEST_EMAIL {
        return None;
    }
    let (local, domain) = text.split_once('@')?;
    let stray = |letter: char| letter.is_whitespace() || letter.is_control() || "\"(),:;<>@[\\]".contains(letter);
    if local.is_empty() || local.contains(stray) || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return None;
    }
    let label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(domain_letter);
    if !domain.contains('.') || !domain.split('.').all(label) {
        return None;
    }
    let mailbox = local.split('+').next().filter(|mailbox| !mailbox.is_empty()).unwrap_or(local);
    Some(format!("{}@{}", mailbox.to_lowercase(), domain.to_lowercase()))
}

fn domain_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-'
}

/// `(425) 489-1736 ext. 676` → `+14254891736x676`: E.164 where the number can be read as one of [`DEFAULT_REGION`] or as
/// an international one, else its digits; an extension stays, it is another desk. `None` if it has fewer than 3 digits.
pub fn phone(text: &str) -> Option<String> {
    phone_in(text, DEFAULT_REGION)
}

/// The same for a number written in `region`, ISO 3166-1 alpha-2.
pub fn phone_in(text: &str, region: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    let (number, extension) = split_extension(&lower);
    let mut digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 3 || digits.len() > 2 * LONGEST_NUMBER {
        return None;
    }
    let spelled: String = number.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let mut normal = if spelled.len() > digits.len() {
        spelled
    } else {
        let mut international = number.trim_start_matches(['(', ' ']).starts_with('+');
        // The ITU's international prefix; no national number begins with it.
        if !international && digits.starts_with("00") {
            international = true;
            digits.drain(..2);
        }
        e164(&digits, international, region).unwrap_or(digits)
    };
    if !extension.is_empty() {
        normal.push('x');
        normal.push_str(&extension);
    }
    Some(normal)
}

/// Whether `text` names a region that telephone numbers can be read in.
pub fn is_region(text: &str) -> bool {
    text.parse::<country::Id>().is_ok()
}

/// What is given to the parser is digits only, so that none of its leniency decides.
fn e164(digits: &str, international: bool, region: &str) -> Option<String> {
    if let Some(number) = north_american(digits, international, region) {
        return Some(number);
    }
    if digits.len() > LONGEST_NUMBER {
        return None;
    }
    let region = if international { None } else { Some(region.parse::<country::Id>().ok()?) };
    let text = if international { format!("+{digits}") } else { digits.to_owned() };
    let number = phonenumber::parse(region, text).ok()?;
    Some(format!("+{}{}{}", number.country().code(), "0".repeat(usize::from(number.national().zeros())), number.national().value()))
}

/// The parser's answer for most numbers of the default region, a hundred times as fast: an area code begins with 2 to 9.
fn north_american(digits: &str, international: bool, region: &str) -> Option<String> {
    let national = match digits.len() {
        10 if !international => digits,
        11 => digits.strip_prefix('1')?,
        _ => return None,
    };
    let here = international || region == "US";
    (here && national.as_bytes()[0] >= b'2').then(|| format!("+1{national}"))
}

fn split_extension(lower: &str) -> (&str, String) {
    for mark in [";ext=", "extension", "ext.", "ext", "x", "#"] {
        if let Some((number, extension)) = lower.rsplit_once(mark) {
            let digits: String = extension.chars().filter(char::is_ascii_digit).collect();
            let only_digits = extension.chars().all(|letter| letter.is_ascii_digit() || " .:-".contains(letter));
            if !digits.is_empty() && only_digits && number.chars().filter(char::is_ascii_digit).count() >= 3 {
                return (number, digits);
            }
        }
    }
    (lower, String::new())
}

/// A reference without the blanks around it; letter case counts (Salesforce ids differ by it). `None` if blank.
pub fn reference(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A tag in lower case with single blanks. `None` if blank.
pub fn tag(text: &str) -> Option<String> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    Some(words.join(" ")).filter(|text| !text.is_empty())
}

/// The normal form of one value of this kind; `None` if it has none.
pub fn key(kind: KeyKind, text: &str) -> Option<LeadKey> {
    let value = match kind {
        KeyKind::Email => email(text),
        KeyKind::Phone => phone(text),
        KeyKind::Reference => reference(text),
        KeyKind::Tag => tag(text),
    };
    value.map(|value| LeadKey { kind, value })
}

/// The normal forms under which a lead with these values is found, each once, in order.
pub fn keys(values: &LeadValues) -> Vec<LeadKey> {
    let of = |kind: KeyKind| {
        let lines = values.text(kind.field()).unwrap_or_default().lines();
        lines.filter_map(move |line| key(kind, line))
    };
    let mut found: Vec<LeadKey> = KeyKind::ALL.into_iter().flat_map(of).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Field;

    #[test]
    fn emails() {
        assert_eq!(email(" Anna.Bosch+crm@Example.COM ").as_deref(), Some("anna.bosch@example.com"));
        assert_eq!(email("+x@y.org").as_deref(), Some("+x@y.org"));
        for wrong in ["", "anna", "anna@", "@example.com", "a b@c.de", "a@b", "a@b..de", "a@b@c.de", ".a@b.de", "a@-b.de", "a@b.de;c@d.ef"]
        {
            assert_eq!(email(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn phones_of_one_desk_are_one() {
        for same in ["+1-425-489-1736x676", "(425)489-1736x676", "425.489.1736 ext. 676", "001-425-489-1736x676", "14254891736 #676"] {
            assert_eq!(phone(same).as_deref(), Some("+14254891736x676"), "{same}");
        }
        assert_eq!(phone("425-489-1736").as_deref(), Some("+14254891736"));
        assert_eq!(phone_in("030 1234567", "DE").as_deref(), Some("+49301234567"));
        assert_eq!(phone("+49 30 1234567").as_deref(), Some("+49301234567"));
        assert_eq!(phone("4711").as_deref().map(|number| number.contains("4711")), Some(true));
        assert_eq!(phone("1-800-flowers").as_deref(), Some("1800flowers"));
        for wrong in ["", "none", "-", "12", "x"] {
            assert_eq!(phone(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_parser() {
        let us = "US".parse().unwrap();
        for digits in ["4254891736", "14254891736", "2222222222", "9119459672", "19119459672", "8775551234"] {
            let parsed = phonenumber::parse(Some(us), digits).unwrap();
            let long = format!("+{}{}", parsed.country().code(), parsed.national().value());
            assert_eq!(north_american(digits, false, "US"), Some(long), "{digits}");
        }
    }

    #[test]
    fn normal_forms_are_their_own() {
        for text in ["+1-425-489-1736x676", "591 736 1715", "030/12345", "+44 20 7946 0000", "0039 06 1234 5678", "1-800-flowers"] {
            let once = phone(text).unwrap();
            assert_eq!(phone(&once), Some(once));
        }
        assert_eq!(tag("  Big   Fish ").as_deref(), Some("big fish"));
        assert_eq!(reference(" a1B "), Some("a1B".into()));
    }

    #[test]
    fn keys_of_a_lead_are_told_once() {
        let mut values = LeadValues::default();
        values.set_text(Field::Emails, "A@b.de\na+x@B.de\nnone");
        values.set_text(Field::Reference, "R1");
        let found: Vec<_> = keys(&values).into_iter().map(|key| (key.kind, key.value)).collect();
        assert_eq!(found, [(KeyKind::Email, "a@b.de".into()), (KeyKind::Reference, "R1".into())]);
    }
}
