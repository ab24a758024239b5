//! Who of the list stands in a file: by e-mail address, by telephone number, else by first and last name together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    app::{Error, Op},
    domain::{Field, FieldSet, Id, KeyKind, LeadKey},
    policy::Permit,
    store::Canary,
    trap::Row,
};

/// Namesakes that a name can mean; more say nothing.
const NAMESAKES: usize = 5;

/// Somebody who stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The lead, or those that it can be.
    pub(super) leads: Vec<Id>,
    /// What the file says of them: whoever it comes from saw that in clear.
    pub(super) needs: FieldSet,
    /// The canary, if it is one.
    pub(super) canary: Option<Canary>,
}

/// The people of the list who stand in the rows, each once.
pub(super) async fn identify(op: &Op, permit: Permit, rows: &[Row]) -> Result<Vec<Person>, Error> {
    let store = &op.core.store;
    let key = |kind: KeyKind| move |value: &String| LeadKey { kind, value: value.clone() };
    let keys_of = |row: &Row| -> Vec<LeadKey> {
        row.emails.iter().map(key(KeyKind::Email)).chain(row.phones.iter().map(key(KeyKind::Phone))).collect()
    };
    let keys: BTreeSet<LeadKey> = rows.iter().flat_map(&keys_of).collect();
    let mut known = store.leads_with_keys(permit, &keys).await?;
    let canaries = store.every_canary().await?;
    // The address a canary was invented with says who it is even if its row has changed or gone.
    for (email, canary) in addresses(op, &canaries) {
        let leads = known.entry(LeadKey { kind: KeyKind::Email, value: email }).or_default();
        if !leads.contains(&canary) {
            leads.push(canary);
        }
    }
    let names = names(op, permit, rows).await?;
    let mut found: BTreeMap<Vec<Id>, FieldSet> = BTreeMap::new();
    let mut note = |leads: &[Id], field: Field| {
        let mut leads = leads.to_vec();
        leads.sort_unstable();
        found.entry(leads).or_default().insert(field);
    };
    for row in rows {
        let by_key: Vec<LeadKey> = keys_of(row).into_iter().filter(|key| known.contains_key(key)).collect();
        for key in &by_key {
            note(&known[key], key.kind.field());
        }
        if by_key.is_empty() {
            let called = names.called(row);
            if (1..=NAMESAKES).contains(&called.len()) {
                note(&called, Field::LastName);
            }
        }
    }
    let canaries: HashMap<Id, Canary> = canaries.into_iter().map(|canary| (canary.lead, canary)).collect();
    let person = |(leads, needs): (Vec<Id>, FieldSet)| {
        // Whom a real lead shares a name or a number with may well be that lead.
        let is_trap = leads.iter().all(|lead| canaries.contains_key(lead));
        let canary = leads.iter().find_map(|lead| canaries.get(lead)).copied().filter(|_| is_trap);
        Person { leads, needs, canary }
    };
    Ok(found.into_iter().map(person).collect())
}

fn addresses(op: &Op, canaries: &[Canary]) -> Vec<(String, Id)> {
    let trap = &op.core.trap;
    let of = |canary: &Canary| {
        let mailbox = trap.secret.invent(canary.lead).mailbox;
        let at = |domain: &String| (format!("{mailbox}@{}", domain.to_lowercase()), canary.lead);
        // The domain may have been another one when there were fewer or more of them.
        trap.settings.domains.iter().map(at).collect::<Vec<_>>()
    };
    canaries.iter().flat_map(of).collect()
}

/// Leads by the words of their names.
struct Names {
    first: BTreeMap<String, Vec<Id>>,
    last: BTreeMap<String, Vec<Id>>,
}

async fn names(op: &Op, permit: Permit, rows: &[Row]) -> Result<Names, Error> {
    let words: BTreeSet<String> = rows.iter().flat_map(|row| &row.words).cloned().collect();
    let last = op.core.store.leads_with_words(permit, Field::LastName, &words).await?;
    let first = op.core.store.leads_with_words(permit, Field::FirstName, &words).await?;
    Ok(Names { first, last })
}

impl Names {
    /// Those whose first and last names both stand in the row.
    fn called(&self, row: &Row) -> Vec<Id> {
        let of = |names: &BTreeMap<String, Vec<Id>>| -> BTreeSet<Id> {
            row.words.iter().filter_map(|word| names.get(word)).flatten().copied().collect()
        };
        of(&self.last).intersection(&of(&self.first)).copied().collect()
    }
}

/// At most `most` people, canaries aside, spread over all of them.
pub(super) fn spread(people: &[Person], most: usize) -> Vec<Person> {
    let (canaries, others): (Vec<&Person>, Vec<&Person>) = people.iter().partition(|person| person.canary.is_some());
    let step = others.len().div_ceil(most.max(1)).max(1);
    canaries.into_iter().chain(others.into_iter().step_by(step)).cloned().collect()
}
