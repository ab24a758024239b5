//! Who was shown a lead.

use std::collections::{BTreeMap, BTreeSet};

use super::{logged, range};
use crate::{
    app::{Error, Op},
    audit::record::{is_asked_export, is_export_file},
    domain::{Field, FieldSet, Id, Subject, Timestamp},
    policy::{Permission, Refusal},
};

/// How many subjects a page holds at most.
const MAX_PAGE: usize = 500;

/// Which lead, which field of it, when.
#[derive(Clone, Copy, Debug)]
pub struct WhoSaw {
    /// The lead.
    pub lead: Id,
    /// Only if this field was shown.
    pub field: Option<Field>,
    /// Begun at this moment or later.
    pub since: Option<Timestamp>,
    /// Begun before this moment.
    pub until: Option<Timestamp>,
    /// Only records before this one.
    pub before: Option<u64>,
}

/// How one subject was shown the lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The person.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// The operator, on the command line.
    pub operator: bool,
    /// In how many records.
    pub times: u64,
    /// In how many of them as part of a file.
    pub downloads: u64,
    /// Fields shown as they are.
    pub clear: FieldSet,
    /// Fields shown masked and never as they are.
    pub masked: FieldSet,
    /// When first, and in which record.
    pub first: (Timestamp, u64),
    /// When last, and in which record.
    pub last: (Timestamp, u64),
    /// Names of the roles whose windows were used.
    pub roles: BTreeSet<String>,
    /// Purpose codes that were declared.
    pub purposes: BTreeSet<String>,
    /// Internet addresses it went to.
    pub addresses: BTreeSet<String>,
}

/// A page of subjects, those who saw the lead last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sightings {
    /// The page.
    pub sightings: Vec<Sighting>,
    /// How many subjects there are on all pages.
    pub total: u64,
    /// The end of the log for this list: pages of one list are of the same records.
    pub until: u64,
    /// The place of the page's first subject in the list.
    pub skipped: u64,
    /// Whether more records show the lead than are looked at; then those before this one were not.
    pub cut_before: Option<u64>,
}

/// The subjects who were shown the lead; at most `first` after `skip` of the list that ended at `until` of the tree.
pub async fn who_saw(op: &Op, wanted: WhoSaw, first: usize, after: Option<(u64, u64)>) -> Result<Sightings, Error> {
    let permit = op.rights.permit(Permission::LogRead)?;
    if first == 0 || first > MAX_PAGE {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} subjects.")).into());
    }
    let (reach, from, end) = range(op, wanted.since, wanted.until).await?;
    let (until, skipped) = after.unwrap_or((reach.size, 0));
    let scan = op.core.access_log.scan as usize;
    let end = end.min(until).min(wanted.before.unwrap_or(u64::MAX));
    let places = op.core.recorder.index().entries_then(&reach, wanted.lead.0, from, end, scan).await?;
    let mut found: BTreeMap<(Option<Id>, Option<Id>, bool), Sighting> = BTreeMap::new();
    for entry in op.core.store.log_at(permit, &places).await? {
        let logged = logged(entry)?;
        let record = &logged.entry.record;
        let in_time = wanted.since.is_none_or(|since| record.at >= since) && wanted.until.is_none_or(|until| record.at < until);
        // The operation that asked for a file repeats what the file's own record says.
        if !in_time || is_asked_export(record) {
            continue;
        }
        let (mut clear, mut masked, mut shown) = (FieldSet::EMPTY, FieldSet::EMPTY, false);
        for group in record.disclosures.iter().filter(|group| group.leads.binary_search(&wanted.lead).is_ok()) {
            (clear, masked, shown) = (clear.union(group.clear), masked.union(group.masked), true);
        }
        if !shown || wanted.field.is_some_and(|field| !clear.contains(field) && !masked.contains(field)) {
            continue;
        }
        let Subject { person, app, operator, .. } = record.subject;
        let here = (record.at, logged.index);
        let sighting = found.entry((person, app, operator)).or_insert_with(|| Sighting {
            person,
            app,
            operator,
            times: 0,
            downloads: 0,
            clear: FieldSet::EMPTY,
            masked: FieldSet::EMPTY,
            first: here,
            last: here,
            roles: BTreeSet::new(),
            purposes: BTreeSet::new(),
            addresses: BTreeSet::new(),
        });
        sighting.times += 1;
        sighting.downloads += u64::from(is_export_file(record));
        sighting.clear = sighting.clear.union(clear);
        sighting.masked = sighting.masked.union(masked);
        sighting.first = sighting.first.min(here);
        sighting.last = sighting.last.max(here);
        let document = &op.snapshot.document;
        let roles =
            record.grants.iter().filter_map(|grant| document.grants.get(&grant.0).and_then(|grant| document.roles.get(&grant.role)));
        sighting.roles.extend(roles.map(|role| role.name.clone()));
        sighting.purposes.extend(record.purpose.clone());
        sighting.addresses.extend(record.client.ip.clone());
    }
    let mut sightings: Vec<Sighting> = found.into_values().collect();
    for sighting in &mut sightings {
        sighting.masked = sighting.masked.minus(sighting.clear);
    }
    sightings.sort_unstable_by_key(|sighting| std::cmp::Reverse(sighting.last.1));
    let total = sightings.len() as u64;
    let page: Vec<Sighting> = sightings.into_iter().skip(skipped as usize).take(first).collect();
    op.trace().rows += page.len() as u64;
    let cut_before = places.last().copied().filter(|_| places.len() == scan);
    Ok(Sightings { sightings: page, total, until, skipped, cut_before })
}
