//! When is a row a lead that is in the list already? The merge rule, told in `docs/decisions/0008-import-merge-rule.md`.
//!
//! A key alone says little: offices share telephones, teams share mailboxes, and every system counts from 1. So each key
//! counts only with names that bear it out, and where two leads answer to one row, nobody guesses.

use crate::domain::{Field, Id, KeyKind, LeadKey, LeadValues};

/// A lead that may be the row's, with the cells that are clear to whoever imports.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The lead.
    pub id: Id,
    /// Its values.
    pub values: &'a LeadValues,
    /// The normal forms of its e-mails, phones and reference.
    pub keys: &'a [LeadKey],
}

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// A lead that is not there yet.
    New,
    /// This lead.
    Is(Id),
    /// It answers to several leads, or to one that contradicts it.
    Conflict(Vec<Id>, &'static str),
}

/// How two spellings of a name relate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    /// One is the initial of the other.
    Initial,
    /// One of them is missing.
    Unknown,
    /// Both are.
    Neither,
    Other,
}

/// Mailboxes that belong to an office, not to a person.
const SHARED_MAILBOXES: &[&str] = &[
    "accounts",
    "admin",
    "billing",
    "business",
    "contact",
    "enquiries",
    "hello",
    "help",
    "hr",
    "info",
    "inquiries",
    "jobs",
    "kontakt",
    "mail",
    "marketing",
    "office",
    "orders",
    "post",
    "press",
    "reception",
    "sales",
    "secretary",
    "service",
    "support",
    "team",
    "welcome",
];

/// Decides what the row is. `candidates` are the leads that share a key, or, for a row without keys, a name.
pub fn decide(row: &LeadValues, keys: &[LeadKey], candidates: &[Candidate<'_>]) -> Match {
    let shares = |candidate: &Candidate<'_>, kind: KeyKind| keys.iter().any(|key| key.kind == kind && candidate.keys.contains(key));
    let mut by_reference = Vec::new();
    for candidate in candidates.iter().filter(|candidate| shares(candidate, KeyKind::Reference)) {
        let names = names(row, candidate.values);
        let counted = row.text(Field::Reference).is_some_and(is_counted);
        let kept = shares(candidate, KeyKind::Email) || shares(candidate, KeyKind::Phone);
        if counted && !(names.agree() || names.nameless() && same(row, candidate.values, Field::Company)) {
            continue;
        }
        if names.contradict() && !kept {
            return Match::Conflict(vec![candidate.id], "its reference belongs to a lead with another name");
        }
        by_reference.push(candidate.id);
    }
    let by_email = chosen(candidates, |candidate| {
        let mut addresses = keys.iter().filter(|key| key.kind == KeyKind::Email && candidate.keys.contains(key));
        let names = names(row, candidate.values);
        addresses.any(|key| if is_shared_mailbox(&key.value) { names.agree() || names.nameless() } else { !names.contradict() })
    });
    let mut found = by_reference;
    found.extend(by_email);
    if found.is_empty() {
        found = chosen(candidates, |candidate| {
            shares(candidate, KeyKind::Phone) && names(row, candidate.values).at_one_desk(row, candidate.values)
        });
    }
    if found.is_empty() && !keys.iter().any(|key| key.kind != KeyKind::Tag) {
        found = chosen(candidates, |candidate| is_repetition(row, candidate.values));
        // Namesakes that a row without a key repeats word for word: any of them is the one.
        found.truncate(1);
    }
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => Match::New,
        [one] => Match::Is(*one),
        _ => Match::Conflict(found, "it answers to several leads"),
    }
}

fn chosen(candidates: &[Candidate<'_>], test: impl Fn(&Candidate<'_>) -> bool) -> Vec<Id> {
    candidates.iter().filter(|candidate| test(candidate)).map(|candidate| candidate.id).collect()
}

struct Names {
    first: Likeness,
    last: Likeness,
}

fn names(row: &LeadValues, lead: &LeadValues) -> Names {
    let compare = |field| likeness(row.text(field), lead.text(field), field == Field::FirstName);
    Names { first: compare(Field::FirstName), last: compare(Field::LastName) }
}

impl Names {
    fn parts(&self) -> [Likeness; 2] {
        [self.first, self.last]
    }

    /// Nothing of them is alike and something differs.
    fn contradict(&self) -> bool {
        let parts = self.parts();
        parts.contains(&Likeness::Other) && !parts.iter().any(|part| matches!(part, Likeness::Same | Likeness::Initial))
    }

    /// Something of them is alike and nothing differs.
    fn agree(&self) -> bool {
        let parts = self.parts();
        !parts.contains(&Likeness::Other) && parts.iter().any(|part| matches!(part, Likeness::Same | Likeness::Initial))
    }

    fn nameless(&self) -> bool {
        self.parts() == [Likeness::Neither; 2]
    }

    /// Who shares a telephone is one person if the first name is the same and the last name is, or is its initial.
    fn at_one_desk(&self, row: &LeadValues, lead: &LeadValues) -> bool {
        match (self.first, self.last) {
            (Likeness::Same, Likeness::Same | Likeness::Initial | Likeness::Neither) | (Likeness::Neither, Likeness::Same) => true,
            (Likeness::Neither, Likeness::Neither) => same(row, lead, Field::Company),
            _ => false,
        }
    }
}

/// Letter case, dots and blanks do not count; of several first names the first does.
fn likeness(one: Option<&str>, other: Option<&str>, first_name: bool) -> Likeness {
    let fold = |text: &str| {
        let words: Vec<String> = text.split(|letter: char| letter.is_whitespace() || letter == '.').map(str::to_lowercase).collect();
        let mut words = words.into_iter().filter(|word| !word.is_empty());
        if first_name { words.next().unwrap_or_default() } else { words.collect::<Vec<_>>().join(" ") }
    };
    let (one, other) = (one.map(fold).unwrap_or_default(), other.map(fold).unwrap_or_default());
    let initial = |short: &str, long: &str| short.chars().count() == 1 && long.starts_with(short);
    match (one.is_empty(), other.is_empty()) {
        (true, true) => Likeness::Neither,
        (true, false) | (false, true) => Likeness::Unknown,
        _ if one == other => Likeness::Same,
        _ if initial(&one, &other) || initial(&other, &one) => Likeness::Initial,
        _ => Likeness::Other,
    }
}

fn same(row: &LeadValues, lead: &LeadValues, field: Field) -> bool {
    row.text(field).is_some_and(|text| lead.text(field).is_some_and(|other| text.to_lowercase() == other.to_lowercase()))
}

/// A reference of digits alone and few of them counts rows; other systems count too.
fn is_counted(reference: &str) -> bool {
    reference.len() < 10 && reference.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_shared_mailbox(email: &str) -> bool {
    email.split('@').next().is_some_and(|mailbox| SHARED_MAILBOXES.contains(&mailbox))
}

/// A row without keys is a lead again if full name and company are the same, or if it says nothing that the lead does not.
fn is_repetition(row: &LeadValues, lead: &LeadValues) -> bool {
    let who = [Field::FirstName, Field::LastName, Field::Company];
    who.iter().all(|field| same(row, lead, *field))
        || who.iter().all(|field| row.text(*field).is_some() == lead.text(*field).is_some())
            && row.0.iter().all(|(field, value)| value.is_none() || lead.0.get(field) == Some(value))
}
