//! What is noticed of canaries: not that their reader works with them as with any lead, but what only somebody does who has one
//! from elsewhere, or who looks for them. Told to the keeper alone, whenever the keeper asks and once a day ([`super::bulletin`]): an
//! alarm that rings at once, or a record of its own, would tell whoever hears or reads it which record touched one (decision 0029).

use std::collections::{BTreeMap, BTreeSet};

use super::{CanaryView, MAX_PAGE, views};
use crate::{
    app::{Core, Error, Op},
    audit::record::{AccessRecord, asked_for},
    domain::{Field, FieldSet, Id, TouchKind},
    policy::{Permission, Permit, Refusal},
    store::{Canary, Touch},
};

/// An answer with more leads than these is a list, whatever was asked for.
const SOUGHT: usize = 50;
/// So many canaries and nothing else in an answer are no chance.
const TOGETHER: usize = 2;

/// A touch as the keeper sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchView {
    /// What was done, by whom.
    pub touch: Touch,
    /// The canary; `None` of a copy that cannot be told any more.
    pub canary: Option<CanaryView>,
}

/// At most `first` touches, the oldest first, after `skip` others. Needs `TRAP_KEEP`; the record names none, as that of the
/// canaries, and does not say how many: one more than the last time would tell that something was touched since.
pub async fn touches(op: &Op, skip: u64, first: usize) -> Result<Vec<TouchView>, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    if first == 0 || first > MAX_PAGE {
        return Err(Refusal::bad_input(format!("A page has 1 to {MAX_PAGE} of them.")).into());
    }
    let touches = op.core.store.touches(permit, skip, first as u64).await?;
    viewed(op, permit, touches).await
}

/// Them as the keeper sees them.
pub(super) async fn viewed(op: &Op, permit: Permit, touches: Vec<Touch>) -> Result<Vec<TouchView>, Error> {
    let leads: BTreeSet<Id> = touches.iter().map(|touch| touch.lead).collect();
    let canaries = op.core.store.canaries_among(&leads.into_iter().collect::<Vec<_>>()).await?;
    let views: BTreeMap<Id, CanaryView> = views(op, permit, canaries).await?.into_iter().map(|view| (view.canary.lead, view)).collect();
    Ok(touches.into_iter().map(|touch| TouchView { touch, canary: views.get(&touch.lead).cloned() }).collect())
}

/// How many there are.
pub async fn count_touches(op: &Op) -> Result<u64, Error> {
    let permit = op.rights.permit(Permission::TrapKeep)?;
    Ok(op.core.store.count_touches(permit).await?)
}

/// What these records, each with its place, did with canaries that was not noticed before.
pub(in crate::app) async fn noticed<'r>(
    core: &Core,
    permit: Permit,
    records: impl IntoIterator<Item = (u64, &'r AccessRecord)>,
) -> Result<Vec<Touch>, Error> {
    let mut suspects: Vec<Suspect<'r>> = Vec::new();
    for (place, record) in records {
        // The operator can do what the keeper can, and strangers see nothing.
        if let Some(by) = record.subject.person.or(record.subject.app) {
            suspects.extend(Suspect::of(place, by, record));
        }
    }
    let met: BTreeSet<Id> = suspects.iter().flat_map(|suspect| suspect.leads.iter().copied()).collect();
    if met.is_empty() {
        return Ok(Vec::new());
    }
    let met: Vec<Id> = met.into_iter().collect();
    let canaries: BTreeMap<Id, Canary> = core.store.canaries_among(&met).await?.into_iter().map(|canary| (canary.lead, canary)).collect();
    let put_in = suspects.iter().filter(|suspect| suspect.kind == TouchKind::HandedOn).flat_map(|suspect| suspect.leads.iter().copied());
    let copies = core.store.copies_among(&put_in.collect::<Vec<_>>()).await?;
    let originals = originals(core, permit, &copies).await?;
    let (mut touches, mut told) = (Vec::new(), BTreeSet::new());
    for suspect in &suspects {
        for lead in suspect.touched(&canaries, &originals) {
            let Suspect { kind, by, place, .. } = *suspect;
            let touch = Touch { id: core.new_id(), kind, lead, by, place, at: suspect.record.at, noticed_at: core.now() };
            if told.insert((kind, lead, by, touch.at.day())) && !core.store.has_touch(&touch).await? {
                touches.push(touch);
            }
        }
    }
    Ok(touches)
}

/// Of which canaries the copies are, by the addresses they have; of one that cannot be told, itself.
async fn originals(core: &Core, permit: Permit, copies: &BTreeSet<Id>) -> Result<BTreeMap<Id, Id>, Error> {
    if copies.is_empty() {
        return Ok(BTreeMap::new());
    }
    let trap = &core.trap;
    let known = core.store.every_canary().await?;
    let of = |canary: Canary| Some((trap.secret.email(canary.lead, &trap.settings.domains)?.to_lowercase(), canary.lead));
    let by_address: BTreeMap<String, Id> = known.into_iter().filter_map(of).collect();
    let values = core.store.canary_values(permit, &copies.iter().copied().collect::<Vec<_>>()).await?;
    let original = |copy: &Id| {
        let addresses = values.get(copy).and_then(|values| values.text(Field::Emails)).unwrap_or_default();
        let found = addresses.lines().find_map(|address| by_address.get(&address.trim().to_lowercase()));
        (*copy, found.copied().unwrap_or(*copy))
    };
    Ok(copies.iter().map(original).collect())
}

/// A record that may have touched canaries, and the leads that would have to be some.
struct Suspect<'r> {
    kind: TouchKind,
    place: u64,
    by: Id,
    record: &'r AccessRecord,
    leads: Vec<Id>,
}

impl<'r> Suspect<'r> {
    fn of(place: u64, by: Id, record: &'r AccessRecord) -> impl Iterator<Item = Self> {
        let asked: Vec<Id> = asked_for(record).collect();
        let put_in = record.changed.iter().filter(|changed| changed.kind == "lead").filter_map(|changed| changed.item.parse().ok());
        let contacts: FieldSet = [Field::Emails, Field::Phones].into_iter().collect();
        let by_contacts = !record.used.filter.union(record.used.search).intersection(contacts).is_empty();
        let shown: BTreeSet<Id> = record.disclosures.iter().flat_map(|group| &group.leads).copied().collect();
        let found = by_contacts && (TOGETHER..=SOUGHT).contains(&shown.len());
        let kinds = [
            (TouchKind::LookedFor, asked),
            (TouchKind::HandedOn, put_in.collect()),
            (TouchKind::SoughtOut, if found { shown.into_iter().collect() } else { Vec::new() }),
        ];
        let some = kinds.into_iter().filter(|(_, leads): &(TouchKind, Vec<Id>)| !leads.is_empty());
        some.map(move |(kind, leads)| Self { kind, place, by, record, leads })
    }

    /// The canaries that it touched.
    fn touched(&self, canaries: &BTreeMap<Id, Canary>, originals: &BTreeMap<Id, Id>) -> Vec<Id> {
        let each = self.leads.iter();
        match self.kind {
            TouchKind::LookedFor => {
                let anothers = |lead: &&Id| canaries.get(lead).is_some_and(|canary| canary.reader != Some(self.by));
                each.filter(anothers).copied().collect()
            }
            TouchKind::HandedOn => each.filter_map(|lead| originals.get(lead).copied()).collect(),
            TouchKind::SoughtOut if self.leads.iter().all(|lead| canaries.contains_key(lead)) => self.leads.clone(),
            TouchKind::SoughtOut => Vec::new(),
        }
    }
}
