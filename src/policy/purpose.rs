//! Purposes: the registered reasons for which leads are looked at. One can narrow what the roles open; none opens anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Level, Marking, Permission, PolicyDocument, Quotas, Refusal, Window, mask, text};
use crate::domain::{Field, FieldSet};

/// Longest code of a purpose.
pub(super) const CODE: usize = 64;
/// Longest free text beside a code, in bytes.
const FREE_TEXT: usize = 500;

/// A registered purpose: what it is, and what it takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Purpose {
    /// What it is for.
    pub description: String,
    /// Whether it can no longer be declared. It is kept, because records name it.
    #[serde(default)]
    pub retired: bool,
    /// Names of the fields that are hidden under it.
    #[serde(default)]
    pub hidden: Vec<String>,
    /// Names of the fields that come masked under it at best; one without a masked form is hidden.
    #[serde(default)]
    pub masked: Vec<String>,
    /// What may be taken under it at most, where the roles allow more.
    #[serde(default)]
    pub quotas: Quotas,
}

/// Purposes by code.
pub type Purposes = BTreeMap<String, Purpose>;

/// What an operation declared, as the policy knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Declared {
    /// No purpose.
    Nothing,
    /// One that is not registered, or is no longer.
    Unknown,
    /// The purpose with this number in the order of the codes.
    Known(usize),
}

impl Purpose {
    /// The fields it hides: a name that is no field's hides nothing, because there is nothing of that name to see.
    fn fields(names: &[String]) -> FieldSet {
        names.iter().filter_map(|name| Field::from_name(name)).collect()
    }

    /// What it leaves of everything, as a window: every row, some fields. A window narrows by intersection with it.
    pub fn window(&self) -> Window {
        let (hidden, masked) = (Self::fields(&self.hidden), Self::fields(&self.masked));
        let every: FieldSet = Field::ALL.iter().copied().collect();
        Window {
            rows: Vec::new(),
            clearance: Marking::new(Level::TradeSecret, u64::MAX >> 1),
            clear: every.minus(hidden).minus(masked),
            masked: masked.minus(hidden).iter().filter(|field| mask::can_mask(*field)).collect(),
            permissions: Permission::ALL.iter().copied().collect(),
            grants: Vec::new(),
        }
    }

    /// Whether this one lets nobody see more than `before` did.
    pub(super) fn is_within(&self, before: &Self) -> bool {
        let (now, then) = (self.window(), before.window());
        let shown = |window: &Window| window.clear.union(window.masked);
        self.retired
            || (!before.retired
                && now.clear.minus(then.clear).is_empty()
                && shown(&now).minus(shown(&then)).is_empty()
                && self.quotas.is_within(before.quotas))
    }
}

impl PolicyDocument {
    /// What declaring this code comes to.
    pub fn declared(&self, code: Option<&str>) -> Declared {
        let Some(code) = code else {
            return Declared::Nothing;
        };
        let found = self.purposes.iter().position(|(known, purpose)| known == code && !purpose.retired);
        found.map_or(Declared::Unknown, Declared::Known)
    }

    /// The purpose that was declared, with its code.
    pub fn purpose(&self, declared: Declared) -> Option<(&str, &Purpose)> {
        match declared {
            Declared::Known(number) => self.purposes.iter().nth(number).map(|(code, purpose)| (code.as_str(), purpose)),
            Declared::Nothing | Declared::Unknown => None,
        }
    }
}

/// `CODE` or `CODE; free text`: a code of A-Z, 0-9, `-` and `_`, at most 64 letters of it, starting with a letter, and at most 500
/// bytes of text on one line.
pub fn parse(declared: &str) -> Result<(String, Option<String>), Refusal> {
    let (code, free) = declared.split_once(';').map_or((declared, None), |(code, free)| (code, Some(free.trim())));
    let code = code.trim();
    if !is_code(code) || free.is_some_and(|free| free.len() > FREE_TEXT || free.chars().any(char::is_control)) {
        return Err(Refusal::bad_input("A purpose is CODE or CODE; text, CODE of A-Z, 0-9, - and _, at most 64, a letter first."));
    }
    Ok((code.to_owned(), free.filter(|free| !free.is_empty()).map(str::to_owned)))
}

/// Whether a purpose can have this code.
pub(super) fn is_code(code: &str) -> bool {
    text::is_code(code, CODE, char::is_ascii_uppercase)
}
