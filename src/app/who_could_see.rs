//! Who could see a lead, a marking or a field at a past moment: the policy of then, applied to what the lead was then.

use serde_json::Value;

use super::{Error, Op, access_log, viewer::Rows, viewer::rows};
use crate::{
    audit::codec,
    domain::{Field, FieldSet, Id, Subject, Timestamp},
    policy::{Level, Marking, Permission, PolicyDocument, Refusal, Window, document::MarkingText},
    store::{Place, StoreError},
};

/// Records looked at together.
const AT_ONCE: usize = 500;
/// Changes of one request that are looked at for the lead.
const CHANGES: u64 = 10_000;

/// What is asked; at least one of the first three.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who could see this lead.
    pub lead: Option<Id>,
    /// Who could see leads so marked.
    pub marking: Option<MarkingText>,
    /// Who could see this field of them, as it is or masked.
    pub field: Option<Field>,
    /// When.
    pub at: Timestamp,
}

/// Somebody who could.
#[derive(Clone, Debug)]
pub struct CouldSee {
    /// Who.
    pub subject: Id,
    /// The grants whose windows opened it.
    pub grants: Vec<Id>,
    /// Which rows these were about.
    pub rows: Vec<Rows>,
    /// Fields they could see as they are.
    pub clear: FieldSet,
    /// Fields they could see masked.
    pub masked: FieldSet,
    /// Whether one of their windows kept nothing back at all.
    pub unrestricted: bool,
}

/// Everybody who could.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The policy revision in force then.
    pub revision: i64,
    /// Whether what the lead was then is known: not if a change since was erased.
    pub exact: bool,
    /// By id.
    pub subjects: Vec<CouldSee>,
    /// Everybody whose access was unrestricted then, whether or not it was asked about what they could see.
    pub unrestricted: Vec<Id>,
}

/// Where a lead stood.
#[derive(Clone, Copy, Debug)]
struct Stood {
    owner: Option<Id>,
    team: Option<Id>,
    marking: Marking,
    /// Whether it was in the list at all.
    there: bool,
    exact: bool,
}

/// Who could see what the question is about. Asking is recorded; no value of any lead is told.
pub async fn who_could_see(op: &Op, question: &Question) -> Result<Reach, Error> {
    let permit = op.rights.permit(Permission::PolicyRead)?;
    let Question { lead, marking, field, at } = question;
    if lead.is_none() && marking.is_none() && field.is_none() {
        return Err(Refusal::bad_input("Name a lead, a marking or a field.").into());
    }
    if *at > op.core.now() {
        return Err(Refusal::bad_input("Nobody knows what will be; `at` lies in the past.").into());
    }
    let number = op.core.store.policy_revision_at(permit, *at).await?;
    let number = number.ok_or_else(|| Refusal::bad_input("There was no policy yet."))?;
    let policy = op.core.store.policy_revision(permit, number).await?.ok_or_else(Refusal::not_found)?.document;
    let marking =
        marking.as_ref().map(|text| policy.marking(text).ok_or_else(|| Refusal::bad_input("There was no such level or compartment.")));
    let (marking, stood) = (
        marking.transpose()?,
        match lead {
            Some(lead) => Some(stood(op, *lead, *at).await?),
            None => None,
        },
    );
    let opens = |window: &Window| {
        stood.is_none_or(|stood| stood.there && window.opens(stood.owner, stood.team, stood.marking))
            && marking.is_none_or(|marking| window.clearance.dominates(marking))
            && field.is_none_or(|field| window.clear.contains(field) || window.masked.contains(field))
    };
    let (mut subjects, mut unrestricted) = (Vec::new(), Vec::new());
    for subject in op.core.store.accounts_open(permit, *at).await? {
        let windows = policy.reach(subject, *at);
        if windows.iter().any(|window| policy.is_unrestricted(window)) {
            unrestricted.push(subject);
        }
        subjects.extend(could_see(&policy, subject, windows.iter().filter(|window| opens(window))));
    }
    op.trace().rows += subjects.len() as u64;
    Ok(Reach { revision: number, exact: stood.is_none_or(|stood| stood.exact), subjects, unrestricted })
}

fn could_see<'w>(policy: &PolicyDocument, subject: Id, windows: impl Iterator<Item = &'w Window>) -> Option<CouldSee> {
    let mut could =
        CouldSee { subject, grants: Vec::new(), rows: Vec::new(), clear: FieldSet::EMPTY, masked: FieldSet::EMPTY, unrestricted: false };
    for window in windows {
        could.grants.extend(&window.grants);
        could.rows.push(rows(window));
        could.clear = could.clear.union(window.clear);
        could.masked = could.masked.union(window.masked);
        could.unrestricted |= policy.is_unrestricted(window);
    }
    could.masked = could.masked.minus(could.clear);
    could.grants.sort_unstable();
    could.grants.dedup();
    could.rows.sort_unstable();
    could.rows.dedup();
    (!could.grants.is_empty()).then_some(could)
}

/// Where a lead stood at a moment: where it stands now, and back from there, change by change.
async fn stood(op: &Op, lead: Id, at: Timestamp) -> Result<Stood, Error> {
    // Owner, team and marking decide, and are not told.
    let everything = op.snapshot.rights(&Subject::OPERATOR, None, op.at);
    let permit = everything.permit(Permission::LogRead)?;
    // Whose canary it is does not matter here: not to be there would tell that it is one.
    let Place { owner, team, marking, made } = op.core.store.place_of(permit, lead).await?.ok_or_else(Refusal::not_found)?;
    let mut stood = Stood { owner, team, marking, there: made <= at, exact: true };
    op.core.recorder.fold_now().await?;
    let (first, end) = access_log::span(&op.core.store, at, Timestamp(i64::MAX)).await?;
    // The newest come first, so that the change that came next after `at` speaks last.
    for places in op.core.recorder.index().entries(lead.0, first, end, usize::MAX).await?.chunks(AT_ONCE) {
        let entries = op.core.store.log_at(permit, places).await?;
        for entry in entries.iter().rev() {
            let unreadable = |cause| StoreError::Corrupt(format!("record {}: {cause}", entry.index));
            let record = codec::decode(&entry.body).map_err(unreadable)?.record;
            let changed = record.changed.iter().any(|changed| changed.kind == "lead" && changed.item == lead.to_string());
            // Of a record in parts, the first tells of the request.
            if record.at <= at || !changed {
                continue;
            }
            let changes = op.core.store.log_changes(permit, record.request, CHANGES).await?;
            let of_it = changes.iter().find(|change| change.kind == "lead" && change.item == lead.to_string());
            match of_it.map(|change| (&change.before, &change.after)) {
                Some((Some(before), _)) => stood.go_back(before),
                // It was made, or met by an import, which changes none of these.
                Some((None, _)) => {}
                None => stood.exact = false,
            }
        }
    }
    Ok(stood)
}

impl Stood {
    fn go_back(&mut self, before: &str) {
        let before: Value = serde_json::from_str(before).unwrap_or_default();
        for (field, place) in [(Field::Owner, &mut self.owner), (Field::Team, &mut self.team)] {
            if let Some(value) = before.get(field.name()) {
                *place = value.as_i64().map(Id);
            }
        }
        let marking = before.get("marking");
        let level = marking.and_then(|marking| Level::from_name(marking.get("level")?.as_str()?));
        let compartments = marking.and_then(|marking| marking.get("compartments")?.as_u64());
        match level.zip(compartments) {
            Some((level, compartments)) => self.marking = Marking::new(level, compartments),
            None => self.exact = false,
        }
    }
}
