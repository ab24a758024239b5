//! Handing relationships over, many at a time, and taking that back until the departure is over.

use std::collections::HashMap;

use serde_json::json;

use super::{
    Choices, Departure, Handover, Planned,
    handover::{HandoverPlan, plan},
    step::changed,
};
use crate::{
    app::{
        Error, Op,
        change::name_changes,
        contact_accounts,
        leads::{note_grants, opening},
        revise::author,
    },
    domain::{AccountKind, DepartureState, Field, Id, LeadRecord, LeadRow, LeadValues, RelationshipRole, Timestamp},
    policy::{LeadScope, Permission, Refusal},
    store::{Change, ChangeNote, HandedOver, Noted, Tx, leads::NewRelationship},
};

/// Relationships that are handed over in one transaction.
const AT_ONCE: usize = 200;

/// What became of a handover.
#[derive(Clone, Debug)]
pub struct Handed {
    /// It.
    pub handover: Handover,
    /// Leads that were left as they were: nobody was found, somebody else had changed them, or they would leave the windows in which the
    /// caller may assign.
    pub left: u64,
}

/// Relationships of one transaction, and who changes them.
struct Part {
    scope: LeadScope,
    handover: Handover,
    first: bool,
    leaver: Id,
    brand: Option<Id>,
    planned: Vec<Planned>,
    by: Option<Id>,
    at: Timestamp,
    note: ChangeNote,
}

/// Hands over what the caller may assign, to the successors proposed or chosen, and connects the leads with a brand account of
/// the company if one is named.
pub async fn hand_over(op: &Op, departure: Id, choices: &Choices, brand: Option<Id>) -> Result<Handed, Error> {
    if let Some(brand) = brand
        && contact_accounts::usable(op, brand).await?.kind == AccountKind::PersonalProfile
    {
        return Err(Refusal::bad_input("A brand account is one of the company's, not a personal profile.").into());
    }
    let HandoverPlan { departure, planned, scope } = plan(op, departure, choices).await?;
    let wanted = planned.len() as u64;
    let ready: Vec<Planned> = planned.into_iter().filter(|one| one.successor.is_some() || one.role == RelationshipRole::Second).collect();
    if ready.is_empty() {
        return Err(Refusal::conflict("There is nothing that you could hand over, or nobody to hand it to; choose a successor.").into());
    }
    let mut handover = Handover {
        id: op.core.new_id(),
        departure: departure.id,
        at: op.at,
        by: author(op),
        undone_at: None,
        undone_by: None,
        relationships: 0,
    };
    for planned in ready.chunks(AT_ONCE) {
        let change = Change { kind: KIND, item: handover.id.to_string(), before: None, after: None };
        let part = Part {
            scope: scope.clone(),
            handover: handover.clone(),
            first: handover.relationships == 0,
            leaver: departure.person,
            brand,
            planned: planned.to_vec(),
            by: author(op),
            at: op.at,
            note: op.note_change(vec![change]),
        };
        let (handed, note) = op.core.store.write(move |tx| Box::pin(part.write(tx))).await?;
        if let Some(note) = note {
            op.changed(&note);
        }
        handover.relationships += handed;
    }
    if handover.relationships == 0 {
        return Err(Refusal::conflict("All of them would leave the windows in which you may assign, or have changed meanwhile.").into());
    }
    op.trace().rows += 1;
    Ok(Handed { left: wanted - handover.relationships, handover })
}

const KIND: &str = "departureHandover";

impl Part {
    /// Hands over what still stands as it was planned.
    async fn write(self, tx: Tx<'_>) -> Result<(u64, Option<ChangeNote>), Error> {
        let Self { scope, handover, first, leaver, brand, planned, by, at, mut note } = self;
        let records = locked(tx, &scope, planned.iter().map(|one| one.lead)).await?;
        let mut handed = Vec::new();
        for one in &planned {
            let Some(record) = records.get(&one.lead) else { continue };
            let mut values = LeadValues::default();
            if let (RelationshipRole::Owner, Some(to)) = (one.role, one.successor) {
                if record.integer(Field::Owner) != Some(leaver.0) {
                    continue;
                }
                values.set_integer(Field::Owner, to.0);
            }
            let mut moved = record.clone();
            moved.values.0.extend(values.0.clone());
            values.set_integer(Field::UpdatedAt, at.0);
            if opening(&scope, &moved) == 0
                || !tx.update_lead(&scope, (one.lead, record.version + passed(&handed, one.lead)), &values, None, None).await?
            {
                continue;
            }
            let relation = |role, who| NewRelationship { lead: one.lead, whom: (role, who), since: at, by };
            if one.role == RelationshipRole::Second {
                tx.remove_relationship(&scope, &relation(RelationshipRole::Second, leaver)).await?;
                if let Some(to) = one.successor {
                    tx.add_relationship(&scope, &relation(RelationshipRole::Second, to)).await?;
                }
            }
            let brand = brand.filter(|brand| !one.brands.contains(brand));
            if let Some(brand) = brand {
                tx.add_relationship(&scope, &relation(RelationshipRole::Brand, brand)).await?;
            }
            handed.push(HandedOver { lead: one.lead, role: one.role, from: leaver, since: one.since, to: one.successor, brand });
        }
        if handed.is_empty() {
            return Ok((0, None));
        }
        if first {
            tx.put_handover(&scope, &handover).await?;
        }
        tx.put_handed_over(&scope, handover.id, &handed).await?;
        let told = json!({
            "departure": handover.departure.to_string(),
            "from": leaver.to_string(),
            "brand": brand.map(|brand| brand.to_string()),
            "relationships": handed.iter().map(told).collect::<Vec<_>>(),
        });
        name(&mut note, told.to_string(), &handed)?;
        tx.put_change(&note).await?;
        Ok((handed.len() as u64, Some(note)))
    }
}

/// How often this transaction has changed a lead already: it may be handed over as its owner's and as a second colleague's.
fn passed(handed: &[HandedOver], lead: Id) -> i64 {
    handed.iter().filter(|one| one.lead == lead).count() as i64
}

async fn locked(tx: Tx<'_>, scope: &LeadScope, leads: impl Iterator<Item = Id>) -> Result<HashMap<Id, LeadRecord>, Error> {
    let mut leads: Vec<Id> = leads.collect();
    leads.dedup();
    let records = tx.leads_to_change(scope, &leads).await?;
    Ok(records.into_iter().map(|record| (record.id, record)).collect())
}

fn told(one: &HandedOver) -> serde_json::Value {
    json!({ "lead": one.lead.to_string(), "role": one.role.name(), "to": one.to.map(|to| to.to_string()) })
}

/// The note with what was done in its first change, and every lead after it.
fn name(note: &mut ChangeNote, after: String, handed: &[HandedOver]) -> Result<(), Error> {
    for noted in &mut note.changes {
        noted.change.after = Some(after.clone());
    }
    let mut leads: Vec<Id> = handed.iter().map(|one| one.lead).collect();
    leads.dedup();
    let lead = |lead: Id| Noted { change: Change { kind: "lead", item: lead.to_string(), before: None, after: None }, salt: None };
    note.changes.extend(leads.into_iter().map(lead));
    Ok(name_changes(note)?)
}

/// The handovers of a departure, in their order.
pub async fn handovers(op: &Op, departure: &Departure) -> Result<Vec<Handover>, Error> {
    Ok(op.core.store.handovers(super::reader(op)?, departure.id).await?)
}

/// Takes a handover back, as far as the leads still stand as it left them and the caller may assign them; not once the departure is closed.
pub async fn undo(op: &Op, id: Id) -> Result<Handed, Error> {
    let scope = op.rights.leads(Permission::LeadAssign)?.with(Permission::LeadRead);
    let permit = op.rights.permit(Permission::LeadAssign)?;
    note_grants(op, &scope);
    let mut handover = op.core.store.handover(permit, id).await?.ok_or_else(Refusal::not_found)?;
    let handed = op.core.store.handed_over(permit, id).await?;
    let reads = super::reader(op).is_ok();
    let departure = op.core.store.departure(permit, handover.departure).await?.ok_or_else(Refusal::not_found)?;
    let over = matches!(departure.state, DepartureState::Closed | DepartureState::Rehired);
    let mut back = 0;
    for part in handed.chunks(AT_ONCE) {
        if over || handover.undone_at.is_some() {
            break;
        }
        let change = Change { kind: KIND, item: id.to_string(), before: None, after: None };
        let (scope, part, note, at, by) = (scope.clone(), part.to_vec(), op.note_change(vec![change]), op.at, author(op));
        let (done, note) = op.core.store.write(move |tx| Box::pin(take_back(tx, scope, part, note, (at, by)))).await?;
        if let Some(note) = note {
            op.changed(&note);
        }
        back += done;
    }
    if back == 0 && !reads {
        return Err(Refusal::not_found().into());
    }
    if over {
        return Err(Refusal::conflict("The departure is closed; what was handed over stays so.").into());
    }
    if handover.undone_at.is_some() {
        return Err(Refusal::conflict("It has been taken back already.").into());
    }
    let left = handover.relationships - back;
    if back > 0 {
        let (at, by, allowed) = (op.at, author(op), scope.clone());
        let undone =
            Change { kind: KIND, item: id.to_string(), before: None, after: Some(json!({ "undone": true, "left": left }).to_string()) };
        op.commit(vec![undone], move |tx| Box::pin(async move { changed(tx.undo_handover(&allowed, id, at, by).await?) })).await?;
        (handover.undone_at, handover.undone_by) = (Some(at), by);
    }
    op.trace().rows += 1;
    Ok(Handed { handover, left })
}

async fn take_back(
    tx: Tx<'_>,
    scope: LeadScope,
    part: Vec<HandedOver>,
    mut note: ChangeNote,
    (at, by): (Timestamp, Option<Id>),
) -> Result<(u64, Option<ChangeNote>), Error> {
    let records = locked(tx, &scope, part.iter().map(|one| one.lead)).await?;
    let mut back: Vec<HandedOver> = Vec::new();
    for one in part {
        let Some(record) = records.get(&one.lead) else { continue };
        let mut values = LeadValues::default();
        if one.role == RelationshipRole::Owner {
            if record.integer(Field::Owner) != one.to.map(|to| to.0) {
                continue;
            }
            values.set_integer(Field::Owner, one.from.0);
        }
        let mut moved = record.clone();
        moved.values.0.extend(values.0.clone());
        values.set_integer(Field::UpdatedAt, at.0);
        let from = (one.lead, record.version + passed(&back, one.lead));
        if opening(&scope, &moved) == 0 || !tx.update_lead(&scope, from, &values, None, None).await? {
            continue;
        }
        let relation = |role, who, since| NewRelationship { lead: one.lead, whom: (role, who), since, by };
        if one.role == RelationshipRole::Second {
            if let Some(to) = one.to {
                tx.remove_relationship(&scope, &relation(RelationshipRole::Second, to, at)).await?;
            }
            tx.add_relationship(&scope, &relation(RelationshipRole::Second, one.from, one.since.unwrap_or(at))).await?;
        }
        if let Some(brand) = one.brand {
            tx.remove_relationship(&scope, &relation(RelationshipRole::Brand, brand, at)).await?;
        }
        back.push(one);
    }
    if back.is_empty() {
        return Ok((0, None));
    }
    let told = json!({ "takenBack": back.iter().map(told).collect::<Vec<_>>() });
    name(&mut note, told.to_string(), &back)?;
    tx.put_change(&note).await?;
    Ok((back.len() as u64, Some(note)))
}
