//! One chunk of rows: looked up, decided and written in one transaction.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    known::{Known, Memory, name},
    places::outside,
    report::{Counts, Preview, Verdict},
};
use crate::{
    app::{Error, canaries, change::name_changes, leads::finders},
    domain::{Field, FieldSet, Id, KeyKind, LeadKey, LeadValue, LeadValues, Timestamp, words},
    import::{
        Draft, Reject,
        matching::{Match, decide},
        merging::merge,
    },
    policy::{LeadScope, Marking},
    store::{
        Change, ChangeNote, Noted, StoreError, Tx,
        leads::{ImportRun, NewLead, NewOrigin},
    },
};

/// A row with the id, owner and team it gets if it is a new lead.
pub(super) struct Row {
    pub(super) draft: Draft,
    pub(super) id: Id,
    pub(super) owner: Option<Id>,
    pub(super) team: Option<Id>,
}

/// What the chunk is made of.
pub(super) struct Chunk {
    pub(super) scope: LeadScope,
    pub(super) rows: Vec<Row>,
    pub(super) marking: Marking,
    pub(super) run: ImportRun,
    /// Domains at which nobody real has mail.
    pub(super) trapped: Vec<String>,
    /// What a dry run remembers of the chunks before; else empty.
    pub(super) memory: Memory,
    /// The change to note; `None` only looks.
    pub(super) note: Option<ChangeNote>,
}

/// What came of it.
pub(super) struct Done {
    pub(super) counts: Counts,
    pub(super) rejects: Vec<Reject>,
    pub(super) preview: Vec<(Preview, Marking)>,
    pub(super) memory: Memory,
    /// The note, if there was anything to note.
    pub(super) note: Option<ChangeNote>,
}

impl Chunk {
    pub(super) async fn write(self, tx: Tx<'_>) -> Result<Done, Error> {
        let Self { scope, rows, marking, run, trapped, mut memory, note } = self;
        let at = run.at;
        tx.lock_imports().await?;
        let keys: Vec<LeadKey> = rows.iter().flat_map(|row| identifying(&row.draft.keys)).cloned().collect();
        let nameless = rows.iter().filter(|row| identifying(&row.draft.keys).next().is_none());
        let names: Vec<_> = nameless.filter_map(|row| name(&row.draft.values)).collect();
        memory.learn(&scope, tx.leads_found(&scope, &keys, &names).await?);
        let mut done = Done { counts: Counts::default(), rejects: Vec::new(), preview: Vec::new(), memory, note: None };
        for row in rows {
            done.row(&scope, row, marking, at);
        }
        let Some(mut note) = note else { return Ok(done) };
        let (mut added, mut merged) = (Vec::new(), Vec::new());
        for known in done.memory.pending() {
            match &known.record {
                None => {
                    let finders = (known.keys.clone(), words::index(&known.values));
                    added.push(NewLead { id: known.id, marking, values: known.values.clone(), finders });
                }
                Some(record) => merged.push((record, &known.changes)),
            }
        }
        let origins = origins(tx, &scope, &run, &done.memory).await?;
        if added.is_empty() && merged.is_empty() && origins.is_empty() {
            return Ok(done);
        }
        tx.insert_leads(&scope, &added).await?;
        tx.let_only_see(&scope, &canaries::copies(&trapped, &added)).await?;
        tx.put_import_run(&scope, &run).await?;
        tx.insert_origins(&scope, &origins).await?;
        for (record, changes) in &merged {
            let mut whole = record.values.clone();
            whole.0.extend(changes.0.clone());
            let mut values = (*changes).clone();
            values.set_integer(Field::UpdatedAt, at.0);
            tx.update_lead(&scope, (record.id, record.version), &values, None, Some(&finders(&whole))).await?;
        }
        let details = merged.iter().map(|(record, changes)| {
            let [before, after] = [&record.values, changes].map(|values| cells(values, changes.fields()));
            json!({ "lead": record.id.to_string(), "before": before, "after": after })
        });
        let after = json!({
            "file": run.file,
            "sha256": run.sha256,
            "channel": run.channel.name(),
            "account": run.account.map(|account| account.to_string()),
            "created": added.iter().map(|lead| lead.id.to_string()).collect::<Vec<_>>(),
            "merged": details.collect::<Vec<_>>(),
            "met": origins.iter().map(|origin| origin.lead.to_string()).collect::<Vec<_>>(),
            "unchanged": done.counts.unchanged,
            "rejected": done.counts.rejected,
        });
        for noted in &mut note.changes {
            noted.change.after = Some(after.to_string());
        }
        let touched = added.iter().map(|lead| lead.id).chain(merged.iter().map(|(record, _)| record.id));
        let touched: BTreeSet<Id> = touched.chain(origins.iter().map(|origin| origin.lead)).collect();
        let touched = touched.into_iter().map(|lead| Change { kind: "lead", item: lead.to_string(), before: None, after: None });
        // The record names every lead; what became of them lies together in the one row that has a salt.
        note.changes.extend(touched.map(|change| Noted { change, salt: None }));
        name_changes(&mut note)?;
        tx.put_change(&note).await?;
        done.note = Some(note);
        Ok(done)
    }
}

/// The origins that this file gives to the leads it met, those excepted that it has given them before.
async fn origins(tx: Tx<'_>, scope: &LeadScope, run: &ImportRun, memory: &Memory) -> Result<Vec<NewOrigin>, StoreError> {
    let source = run.source();
    let old: Vec<Id> = memory.met().filter(|(known, _)| known.record.is_some()).map(|(known, _)| known.id).collect();
    let given = tx.leads_with_origin(scope, source, &old).await?;
    let fresh = memory.met().filter(|(known, _)| !given.contains(&known.id));
    let origin = |(known, (record, since)): (&Known, (u64, Option<Timestamp>))| NewOrigin {
        lead: known.id,
        source,
        channel: run.channel,
        since,
        recorded_at: run.at,
        by: run.by,
        account: run.account,
        record: Some((run.id, record)),
    };
    Ok(fresh.map(origin).collect())
}

/// These fields of a lead as JSON, for the erasable table.
fn cells(values: &LeadValues, fields: FieldSet) -> Value {
    let cell = |field: Field| match values.0.get(&field) {
        Some(Some(LeadValue::Text(text))) => Value::from(text.as_str()),
        Some(Some(LeadValue::Integer(number))) => Value::from(*number),
        _ => Value::Null,
    };
    fields.iter().map(|field| (field.name().to_owned(), cell(field))).collect()
}

/// Keys that say who somebody is; a tag does not.
fn identifying(keys: &[LeadKey]) -> impl Iterator<Item = &LeadKey> {
    keys.iter().filter(|key| key.kind != KeyKind::Tag)
}

impl Done {
    fn row(&mut self, scope: &LeadScope, row: Row, marking: Marking, at: Timestamp) {
        let Row { draft, id, owner, team } = row;
        let keys: Vec<LeadKey> = identifying(&draft.keys).cloned().collect();
        let decided = decide(&draft.values, &keys, &self.memory.candidates(&draft.values, &keys));
        match decided {
            Match::New => match outside(scope, &draft.values, owner, team, marking) {
                Some(reason) => self.reject(draft, &reason),
                None => self.create(scope, draft, id, owner, team, marking, at),
            },
            Match::Is(lead) => self.join(draft, lead),
            Match::Conflict(leads, reason) => {
                let line = draft.line;
                let old: Vec<Id> = leads.into_iter().filter(|lead| self.is_old(*lead)).collect();
                let marking = old.iter().fold(Marking::PUBLIC, |sum, lead| sum.join(self.marking(*lead)));
                self.preview.push((Preview { line, verdict: Verdict::Conflict, leads: old, fields: FieldSet::EMPTY }, marking));
                self.reject(draft, reason);
            }
        }
    }

    fn reject(&mut self, draft: Draft, reason: &str) {
        self.counts.rejected += 1;
        self.rejects.push(draft.reject(reason));
    }

    #[allow(clippy::too_many_arguments, reason = "a new lead is made of all of these")]
    fn create(&mut self, scope: &LeadScope, draft: Draft, id: Id, owner: Option<Id>, team: Option<Id>, marking: Marking, at: Timestamp) {
        let mut values = draft.values;
        for (field, place) in [(Field::Owner, owner), (Field::Team, team)] {
            if let Some(place) = place {
                values.set_integer(field, place.0);
            }
        }
        values.set_integer(Field::CreatedAt, at.0);
        values.set_integer(Field::UpdatedAt, at.0);
        values.set_integer(Field::Archived, 0);
        let opening = scope.windows().iter().enumerate().filter(|(_, window)| window.opens(owner, team, marking));
        let clear = scope.cells(opening.fold(0, |bits, (bit, _)| bits | 1 << bit)).0;
        let met = Some((draft.line, draft.since));
        self.memory.put(Known { id, values, keys: draft.keys, clear, record: None, changes: LeadValues::default(), met });
        self.counts.created += 1;
    }

    fn join(&mut self, draft: Draft, lead: Id) {
        let Some(mut known) = self.memory.take(lead) else { return };
        known.met = known.met.or(Some((draft.line, draft.since)));
        let additions = merge(&draft.values, &known.values, known.clear);
        let fields = additions.fields();
        let verdict = if fields.is_empty() { Verdict::Unchanged } else { Verdict::Merged };
        match verdict {
            Verdict::Merged => self.counts.merged += 1,
            _ => self.counts.unchanged += 1,
        }
        if !fields.is_empty() {
            known.values.0.extend(additions.0.clone());
            known.keys = crate::domain::normal::keys(&known.values);
            if known.record.is_some() {
                known.changes.0.extend(additions.0);
            }
        }
        self.memory.put(known);
        if self.is_old(lead) {
            let marking = self.marking(lead);
            self.preview.push((Preview { line: draft.line, verdict, leads: vec![lead], fields }, marking));
        }
    }

    fn is_old(&self, lead: Id) -> bool {
        self.memory.get(lead).is_some_and(|known| known.record.is_some())
    }

    fn marking(&self, lead: Id) -> Marking {
        let record = self.memory.get(lead).and_then(|known| known.record.as_ref());
        record.map_or(Marking::PUBLIC, |record| Marking::new(crate::policy::Level::from_number(record.level), record.compartments))
    }
}
