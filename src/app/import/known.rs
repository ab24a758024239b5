//! The leads that rows of a file can turn out to be, as far as whoever imports sees them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    domain::{Field, FieldSet, Id, LeadKey, LeadRecord, LeadValues, Timestamp, normal},
    import::matching::Candidate,
    policy::LeadScope,
};

/// One of them.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: Id,
    /// The cells that are clear.
    pub(super) values: LeadValues,
    pub(super) keys: Vec<LeadKey>,
    pub(super) clear: FieldSet,
    /// The whole lead as it stood in the list; `None` if this import adds it.
    pub(super) record: Option<LeadRecord>,
    /// What is to be written of it.
    pub(super) changes: LeadValues,
    /// The first record of the file that is this lead, and when it says the contact came about.
    pub(super) met: Option<(u64, Option<Timestamp>)>,
}

/// All of them, with an index by what identifies.
#[derive(Debug, Default)]
pub(super) struct Memory {
    leads: BTreeMap<Id, Known>,
    by_key: HashMap<LeadKey, BTreeSet<Id>>,
    by_name: HashMap<(Field, String), BTreeSet<Id>>,
}

/// By which of its names a row without keys is looked for: the last name, else the first, else the company.
pub(super) fn name(values: &LeadValues) -> Option<(Field, String)> {
    [Field::LastName, Field::FirstName, Field::Company]
        .into_iter()
        .find_map(|field| values.text(field).map(|text| (field, text.to_owned())))
}

impl Memory {
    /// Takes in leads of the list, those that are known already excepted.
    pub(super) fn learn(&mut self, scope: &LeadScope, records: Vec<LeadRecord>) {
        for record in records {
            if self.leads.contains_key(&record.id) {
                continue;
            }
            let clear = scope.cells(record.windows).0;
            let mut values = record.values.clone();
            values.0.retain(|field, _| clear.contains(*field));
            let keys = normal::keys(&values);
            self.put(Known { id: record.id, values, keys, clear, record: Some(record), changes: LeadValues::default(), met: None });
        }
    }

    /// Takes in a lead, or what has become of it.
    pub(super) fn put(&mut self, known: Known) {
        for key in &known.keys {
            self.by_key.entry(key.clone()).or_default().insert(known.id);
        }
        if let Some(name) = name(&known.values) {
            self.by_name.entry(name).or_default().insert(known.id);
        }
        self.leads.insert(known.id, known);
    }

    pub(super) fn get(&self, id: Id) -> Option<&Known> {
        self.leads.get(&id)
    }

    pub(super) fn take(&mut self, id: Id) -> Option<Known> {
        self.leads.remove(&id)
    }

    /// Those that share a key with the row, or its name if it has no key.
    pub(super) fn candidates(&self, values: &LeadValues, keys: &[LeadKey]) -> Vec<Candidate<'_>> {
        let mut ids: BTreeSet<Id> = keys.iter().filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        if keys.is_empty()
            && let Some(called) = name(values).and_then(|name| self.by_name.get(&name))
        {
            ids.extend(called);
        }
        let candidate = |id: &Id| self.leads.get(id).map(|known| Candidate { id: known.id, values: &known.values, keys: &known.keys });
        ids.iter().filter_map(candidate).collect()
    }

    /// What is to be written: new leads and changed ones.
    pub(super) fn pending(&self) -> impl Iterator<Item = &Known> {
        self.leads.values().filter(|known| known.record.is_none() || !known.changes.0.is_empty())
    }

    /// Those that rows of the file turned out to be, with the first of these rows.
    pub(super) fn met(&self) -> impl Iterator<Item = (&Known, (u64, Option<Timestamp>))> {
        self.leads.values().filter_map(|known| Some((known, known.met?)))
    }
}
