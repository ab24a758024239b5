//! The properties of a vCard, and the draft of a lead that they make.

use super::{
    dates,
    encoding::Encoding,
    rejects::Problem,
    row::{self, Draft},
    target::Target,
};
use crate::domain::Field;

/// One property with its value in letters.
#[derive(Debug)]
pub(super) struct Property {
    /// Its name in capital letters, without its group.
    name: String,
    /// What it is for: `WORK`, `CELL`, `FAX`, … in capital letters.
    types: Vec<String>,
    /// 1 is the most preferred, 100 the least; 101 says nothing.
    preference: u8,
    /// Its value as it stands there: escapes are still in it.
    value: String,
}

impl Property {
    /// Reads `group.NAME;PARAMETER=VALUE:value`; `None` if the line is none, which says nothing of anybody. The error names
    /// the property.
    pub(super) fn read(text: &[u8], file: Encoding) -> Result<Option<Self>, (String, String)> {
        let Some(colon) = unquoted(text, b':').next() else { return Ok(None) };
        let (head, value) = (&text[..colon], &text[colon + 1..]);
        let mut parts = split(head, b';').map(|part| file.decode_lossy(part));
        let name = parts.next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().trim().to_uppercase();
        let mut property = Self { name, types: Vec::new(), preference: 101, value: String::new() };
        let (mut charset, mut quoted) = (file, false);
        for part in parts {
            // 2.1 writes `TEL;HOME` and `NOTE;QUOTED-PRINTABLE`.
            let (key, value) = part.split_once('=').unwrap_or(("TYPE", part.as_str()));
            let value = value.trim().trim_matches('"');
            match key.trim().to_uppercase().as_str() {
                "ENCODING" => quoted |= value.eq_ignore_ascii_case("QUOTED-PRINTABLE") || value.eq_ignore_ascii_case("Q"),
                "CHARSET" => charset = Encoding::from_name(value).unwrap_or(charset),
                "PREF" => property.preference = value.parse().ok().filter(|of| (1..=100).contains(of)).unwrap_or(101),
                "TYPE" => {
                    for word in value.split(',').map(|word| word.trim().to_uppercase()) {
                        match word.as_str() {
                            "QUOTED-PRINTABLE" => quoted = true,
                            "PREF" => property.preference = 1,
                            _ => property.types.push(word),
                        }
                    }
                }
                _ => {}
            }
        }
        let bytes = if quoted { from_quoted_printable(value) } else { value.to_vec() };
        match charset.decode(&bytes) {
            Some(text) if !text.contains('\u{fffd}') => property.value = text,
            _ => return Err((property.name, format!("its bytes are not {}", charset.name()))),
        }
        Ok(Some(property))
    }

    fn is(&self, word: &str) -> bool {
        self.types.iter().any(|known| known == word)
    }

    /// The parts that `separator` divides, escapes resolved.
    fn parts(&self, separator: char) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut letters = self.value.chars();
        while let Some(letter) = letters.next() {
            let last = parts.len() - 1;
            match letter {
                '\\' => match letters.next() {
                    Some('n' | 'N') => parts[last].push('\n'),
                    Some(escaped) => parts[last].push(escaped),
                    None => parts[last].push('\\'),
                },
                letter if letter == separator => parts.push(String::new()),
                letter => parts[last].push(letter),
            }
        }
        parts
    }

    /// The whole value, escapes resolved.
    fn text(&self) -> String {
        // No text holds this letter (XML and JSON refuse it, too).
        self.parts('\u{0}').join("")
    }

    /// What stands behind the scheme of a URI, without its parameters.
    fn address(&self, scheme: &str) -> String {
        let text = self.text();
        let bare = text.trim();
        match bare.get(..scheme.len()) {
            Some(start) if start.eq_ignore_ascii_case(scheme) => bare[scheme.len()..].split('?').next().unwrap_or_default().to_owned(),
            _ => bare.to_owned(),
        }
    }
}

/// Puts what the properties say into the draft; returns what is wrong with them.
pub(super) fn fill(draft: &mut Draft, mut properties: Vec<Property>, region: &str) -> Vec<Problem> {
    // The preferred ones first; equals stay in their order.
    properties.sort_by_key(|property| property.preference);
    let company_card = properties.iter().any(|property| property.name == "KIND" && property.value.trim().eq_ignore_ascii_case("org"));
    let mut found: Vec<(&'static str, Target, String)> = Vec::new();
    let named = name(&properties, company_card);
    found.extend(named);
    for property in &properties {
        let of = |field| Target::Field(field);
        match property.name.as_str() {
            "ORG" => found.extend(property.parts(';').into_iter().next().map(|company| ("ORG", of(Field::Company), company))),
            "TITLE" => found.push(("TITLE", of(Field::Title), property.text())),
            "TEL" if !property.is("FAX") && !property.is("PAGER") => found.push(("TEL", of(Field::Phones), telephone(property))),
            "EMAIL" => found.push(("EMAIL", of(Field::Emails), property.address("mailto:"))),
            "ADR" => {
                let parts = property.parts(';');
                found.extend(parts.get(3).map(|city| ("ADR", of(Field::City), city.clone())));
                found.extend(parts.get(6).map(|country| ("ADR", of(Field::Country), country.clone())));
            }
            "NOTE" => found.push(("NOTE", of(Field::Notes), property.text())),
            "URL" => found.push(("URL", of(Field::Website), property.text())),
            "CATEGORIES" => found.extend(property.parts(',').into_iter().map(|tag| ("CATEGORIES", of(Field::Tags), tag))),
            "UID" => found.push(("UID", of(Field::Reference), property.text())),
            // By the time of its last revision the contact was there.
            "CREATED" | "REV" => draft.since = draft.since.into_iter().chain(dates::moment(&property.value)).min(),
            _ => {}
        }
    }
    put(draft, found, region)
}

/// `tel:+1-202-555-0100;ext=7` (RFC 3966) as people write it; other parameters say nothing of the number.
fn telephone(property: &Property) -> String {
    let address = property.address("tel:");
    let mut parts = address.split(';');
    let number = parts.next().unwrap_or_default().to_owned();
    match parts.find_map(|part| part.trim().strip_prefix("ext=")) {
        Some(extension) => format!("{number} ext. {extension}"),
        None => number,
    }
}

/// First and last name from N, else from FN; the card of a company has its name in FN.
fn name(properties: &[Property], company_card: bool) -> Vec<(&'static str, Target, String)> {
    let of = |name: &str| properties.iter().find(|property| property.name == name);
    let full = of("FN").map(Property::text).unwrap_or_default();
    if company_card {
        return vec![("FN", Target::Field(Field::Company), full)];
    }
    let parts = of("N").map(|property| property.parts(';')).unwrap_or_default();
    let part = |at: usize| parts.get(at).map(|part| part.replace(',', " ")).unwrap_or_default();
    if part(0).trim().is_empty() && part(1).trim().is_empty() {
        return vec![("FN", Target::FullName, full)];
    }
    vec![("N", Target::Field(Field::LastName), part(0)), ("N", Target::Field(Field::FirstName), part(1))]
}

/// Lists take every value, other fields the first that says something.
fn put(draft: &mut Draft, found: Vec<(&'static str, Target, String)>, region: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, target, text) in found {
        let is_list = matches!(target, Target::Field(Field::Emails | Field::Phones | Field::Tags));
        let has = |field: Field| draft.values.text(field).is_some();
        let taken = matches!(target, Target::Field(field) if !is_list && has(field));
        if taken || text.trim().is_empty() {
            continue;
        }
        if let Err(reason) = row::cell(draft, target, &text, region) {
            problems.push(Problem { column: Some(name.into()), reason });
        }
    }
    problems
}

/// Where `mark` stands outside of double quotes.
fn unquoted(text: &[u8], mark: u8) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    text.iter().enumerate().filter_map(move |(at, byte)| {
        quoted ^= *byte == b'"';
        (!quoted && *byte == mark).then_some(at)
    })
}

fn split(text: &[u8], mark: u8) -> impl Iterator<Item = &[u8]> {
    let ends = unquoted(text, mark).chain([text.len()]).collect::<Vec<_>>();
    let mut from = 0;
    ends.into_iter().map(move |end| {
        let part = &text[from..end];
        from = end + 1;
        part
    })
}

/// RFC 2045 § 6.7; what is no escape stays as it is.
fn from_quoted_printable(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text[at..] {
            [b'=', high, low, ..] if digit(high).is_some() && digit(low).is_some() => {
                bytes.push(digit(high).unwrap_or_default() << 4 | digit(low).unwrap_or_default());
                at += 3;
            }
            _ => {
                bytes.push(text[at]);
                at += 1;
            }
        }
    }
    bytes
}
