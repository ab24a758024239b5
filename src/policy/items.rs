//! The policy document as items: what the database stores, what one change touches.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use sha2::{Digest as _, Sha256};

use super::PolicyDocument;
use crate::domain::Digest;

/// One item that a change of the policy touches; the values are JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemChange {
    /// `compartment`, `fieldMarking`, `team`, `role`, `requirement`, `agreement`, `purpose`, `quota`, `grant` or `setting`.
    pub kind: &'static str,
    /// Which one: its bit, field name, id, code or setting.
    pub item: String,
    /// What it was; `None` if it is new.
    pub before: Option<String>,
    /// What it is; `None` if it is gone.
    pub after: Option<String>,
}

/// The kinds of items.
pub const KINDS: &[&str] =
    &["compartment", "fieldMarking", "team", "role", "requirement", "agreement", "purpose", "quota", "grant", "setting"];

/// By hand: the kind is one of [`KINDS`] and not text of its own.
impl<'de> Deserialize<'de> for ItemChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Read {
            kind: String,
            item: String,
            before: Option<String>,
            after: Option<String>,
        }
        let Read { kind, item, before, after } = Read::deserialize(deserializer)?;
        let kind = KINDS.iter().copied().find(|known| *known == kind).ok_or_else(|| D::Error::custom("no kind of item"))?;
        Ok(Self { kind, item, before, after })
    }
}

type Items = BTreeMap<(&'static str, String), String>;

impl PolicyDocument {
    /// The document of these items, each (kind, item, value). The error names the item that cannot be read.
    pub fn from_items<'a>(items: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Result<Self, String> {
        let mut document = Self::default();
        let mut compartments: BTreeMap<usize, String> = BTreeMap::new();
        for (kind, item, value) in items {
            let bad = || format!("{kind} {item}");
            match kind {
                "compartment" => drop(compartments.insert(item.parse().map_err(|_| bad())?, read(value).ok_or_else(bad)?)),
                "fieldMarking" => drop(document.field_markings.insert(item.to_owned(), read(value).ok_or_else(bad)?)),
                "team" => drop(document.teams.insert(item.parse().map_err(|_| bad())?, read(value).ok_or_else(bad)?)),
                "role" => drop(document.roles.insert(item.parse().map_err(|_| bad())?, read(value).ok_or_else(bad)?)),
                "requirement" => drop(document.requirements.insert(item.parse().map_err(|_| bad())?, read(value).ok_or_else(bad)?)),
                "agreement" => drop(document.agreements.insert(item.to_owned(), read(value).ok_or_else(bad)?)),
                "purpose" => drop(document.purposes.insert(item.to_owned(), read(value).ok_or_else(bad)?)),
                "quota" => drop(document.quotas.insert(item.parse().map_err(|_| bad())?, read(value).ok_or_else(bad)?)),
                "grant" => drop(document.grants.insert(item.parse().map_err(|_| bad())?, read(value).ok_or_else(bad)?)),
                "setting" if item == "notice" => document.notice = read(value).ok_or_else(bad)?,
                "setting" if item == "reminder" => document.reminder = read(value).ok_or_else(bad)?,
                "setting" if item == "departures" => document.departures = Some(read(value).ok_or_else(bad)?),
                "setting" if item == "defaultLeadMarking" => document.default_lead_marking = Some(read(value).ok_or_else(bad)?),
                _ => return Err(bad()),
            }
        }
        if compartments.keys().copied().ne(0..compartments.len()) {
            return Err("compartments with a gap".into());
        }
        document.compartments = compartments.into_values().collect();
        Ok(document)
    }

    /// What leads from this document to `after`, by kind and item.
    pub fn changes_to(&self, after: &Self) -> Vec<ItemChange> {
        let (before, after) = (self.items(), after.items());
        let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
        let change = |name: &(&'static str, String)| ItemChange {
            kind: name.0,
            item: name.1.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        };
        changed.map(change).collect()
    }

    /// The document as JSON with keys in order.
    pub fn json(&self) -> String {
        write(self)
    }

    /// SHA-256 of [`PolicyDocument::json`]: what access records name.
    pub fn sha256(&self) -> Digest {
        Sha256::digest(self.json()).into()
    }

    fn items(&self) -> Items {
        let compartments = self.compartments.iter().enumerate().map(|(bit, code)| (("compartment", bit.to_string()), write(code)));
        let markings = self.field_markings.iter().map(|(field, marking)| (("fieldMarking", field.clone()), write(marking)));
        let teams = self.teams.iter().map(|(id, team)| (("team", id.to_string()), write(team)));
        let roles = self.roles.iter().map(|(id, role)| (("role", id.to_string()), write(role)));
        let requirements = self.requirements.iter().map(|(id, asked)| (("requirement", id.to_string()), write(asked)));
        let agreements = self.agreements.iter().map(|(item, version)| (("agreement", item.clone()), write(version)));
        let purposes = self.purposes.iter().map(|(code, purpose)| (("purpose", code.clone()), write(purpose)));
        let quotas = self.quotas.iter().map(|(id, quotas)| (("quota", id.to_string()), write(quotas)));
        let grants = self.grants.iter().map(|(id, grant)| (("grant", id.to_string()), write(grant)));
        // What has not been set is no item.
        let notice = (!self.notice.is_empty()).then(|| (("setting", "notice".to_owned()), write(&self.notice)));
        let reminder = (!self.reminder.is_empty()).then(|| (("setting", "reminder".to_owned()), write(&self.reminder)));
        let marking = self.default_lead_marking.as_ref().map(|marking| (("setting", "defaultLeadMarking".to_owned()), write(marking)));
        let departures = self.departures.as_ref().map(|rules| (("setting", "departures".to_owned()), write(rules)));
        compartments
            .chain(markings)
            .chain(teams)
            .chain(roles)
            .chain(requirements)
            .chain(agreements)
            .chain(purposes)
            .chain(quotas)
            .chain(grants)
            .chain(notice)
            .chain(reminder)
            .chain(marking)
            .chain(departures)
            .collect()
    }
}

fn read<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_str(value).ok()
}

/// JSON of plain data with string keys, which cannot fail; an empty text would be refused on reading.
fn write<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
