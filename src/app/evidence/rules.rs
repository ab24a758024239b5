//! The policy over a range: every revision is made again from the changes before it, and its hash compared.

use std::collections::BTreeMap;

use super::{order::Order, reach::Watching, who::Names};
use crate::{
    app::{Error, Op},
    domain::{Field, Timestamp, hex},
    evidence::{CouldSee, Exports, Marked, Policy, Profile, Revision},
    policy::{Permission, Permit, PolicyDocument, items::ItemChange},
    store::{RevisionEntry, StoreError},
};

/// Revisions read at once.
const PAGE: u64 = 500;

/// A revision with what it changed.
pub(super) type Change = (RevisionEntry, Vec<ItemChange>);

/// Every revision there was by the end of the range.
pub(super) async fn read(op: &Op, permit: Permit, to: Timestamp) -> Result<Vec<Change>, Error> {
    let mut all: Vec<Change> = Vec::new();
    loop {
        let after = all.last().map_or(0, |(entry, _)| entry.number);
        let page = op.core.store.policy_changes(permit, after, PAGE).await?;
        let count = page.len();
        all.extend(page.into_iter().take_while(|(entry, _)| entry.at < to));
        if count < PAGE as usize || all.last().is_none_or(|(entry, _)| entry.number < after + count as i64) {
            return Ok(all);
        }
    }
}

/// What the policy was.
#[derive(Debug)]
pub(super) struct Rules {
    /// The document in force at the end.
    pub(super) document: PolicyDocument,
    /// The revision in force at the beginning, if there was one, with its document as it was hashed.
    pub(super) base: Option<(RevisionEntry, String)>,
    /// Those made in the range.
    pub(super) made: Vec<Change>,
    since: Option<Timestamp>,
    marked_since: Option<Timestamp>,
    watching: Watching,
}

impl Rules {
    /// From all revisions up to the end of the range.
    pub(super) fn of(order: &Order, all: Vec<Change>) -> Result<Self, StoreError> {
        let since = all.first().map(|(entry, _)| entry.at);
        let marks = |changes: &[ItemChange]| changes.iter().any(|change| change.kind == "fieldMarking");
        let marked_since = all.iter().find(|(_, changes)| marks(changes)).map(|(entry, _)| entry.at);
        let mut watching = Watching::of(order.from, order.to);
        let mut items: BTreeMap<(&'static str, String), String> = BTreeMap::new();
        let (mut base, mut made) = (None, Vec::new());
        let mut standing: Option<(Timestamp, PolicyDocument)> = None;
        let mut all = all.into_iter().peekable();
        while let Some((entry, changes)) = all.next() {
            for change in &changes {
                match &change.after {
                    Some(value) => drop(items.insert((change.kind, change.item.clone()), value.clone())),
                    None => drop(items.remove(&(change.kind, change.item.clone()))),
                }
            }
            let before = entry.at < order.from;
            // Of those before the range only the last one counts.
            if before && all.peek().is_some_and(|(next, _)| next.at < order.from) {
                continue;
            }
            let read = PolicyDocument::from_items(items.iter().map(|((kind, item), value)| (*kind, item.as_str(), value.as_str())));
            let document = read.map_err(StoreError::Corrupt)?;
            if document.sha256() != entry.sha256 {
                let wrong = format!("policy revision {}: its changes do not give the document it names", entry.number);
                return Err(StoreError::Corrupt(wrong));
            }
            if let Some((at, document)) = &standing {
                watching.period(document, *at, entry.at);
            }
            standing = Some((entry.at, document));
            if before {
                base = standing.as_ref().map(|(_, document)| (entry, document.json()));
            } else {
                made.push((entry, changes));
            }
        }
        let document = standing.map(|(at, document)| {
            watching.period(&document, at, order.to);
            document
        });
        Ok(Self { document: document.unwrap_or_default(), base, made, since, marked_since, watching })
    }

    /// The facts of the policy, and who could see leads by it.
    pub(super) fn facts(&self, order: &Order, names: &Names) -> (Policy, CouldSee) {
        let base = self.base.iter().map(|(entry, _)| revision(entry, &[], names));
        let made = self.made.iter().map(|(entry, changes)| revision(entry, changes, names));
        let revisions = base.chain(made).collect();
        let last = Timestamp(order.to.0 - 1);
        let clipped = |(from, to): (Timestamp, Option<Timestamp>)| {
            let (from, to) = (from.max(order.from), to.unwrap_or(order.to).min(order.to));
            (from < to).then_some((from, to))
        };
        let sole_admin = self.document.sole_admin_periods(last).into_iter().filter_map(clipped).collect();
        (Policy { since: self.since, revisions, sole_admin }, self.watching.end(&self.document, names))
    }

    /// What the policy says of markings and exports at the end.
    pub(super) fn at_end(&self, order: &Order, names: &Names, marked: &mut Marked, exports: &mut Exports) {
        let document = &self.document;
        for field in Field::ALL {
            marked.field_rules[document.field_marking(*field).level as usize] += 1;
        }
        marked.since = self.marked_since;
        marked.notice = Some(&document.notice).filter(|text| order.profile == Profile::Court && !text.is_empty()).cloned();
        let held = |id: &i64| document.grants.values().any(|grant| grant.role == *id && grant.is_active(Timestamp(order.to.0 - 1)));
        let free = document.roles.iter().filter(|(id, role)| {
            role.gives(Permission::LeadExport) && !role.windows.is_empty() && role.quotas.rows_per_export.is_none() && held(id)
        });
        exports.without_limit = names.roles(free.map(|(_, role)| (role.name.as_str(), role.built_in)));
    }
}

fn revision(entry: &RevisionEntry, changes: &[ItemChange], names: &Names) -> Revision {
    let mut changed = BTreeMap::new();
    for change in changes {
        *changed.entry(change.kind.to_owned()).or_default() += 1;
    }
    Revision { number: entry.number, sha256: hex(&entry.sha256), at: entry.at, by: names.by(entry.by), changed }
}
