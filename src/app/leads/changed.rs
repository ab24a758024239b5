//! What a change of a lead left behind, and what of it the caller may see.

use super::{LeadView, read};
use crate::{
    app::{Error, Op},
    domain::{Field, FieldSet, Id, LeadRecord, LeadRow, LeadValue, LeadValues},
    policy::{Code, LeadScope, Level, Marking, Permission, Refusal, Window},
    store::{Change, StoreError, Tx, Work},
};

/// What a change left behind.
#[derive(Debug)]
pub struct Changed {
    record: LeadRecord,
    scope: Option<LeadScope>,
}

impl Changed {
    /// Shows it through the windows the caller reads with; `None` if the change has moved it out of their sight.
    pub async fn show<S>(
        &self,
        op: &Op,
        select: FieldSet,
        state: S,
        render: impl FnOnce(&mut S, &LeadView<'_>),
    ) -> Result<Option<S>, Error> {
        let Some(scope) = self.scope.as_ref().filter(|_| self.record.windows != 0) else { return Ok(None) };
        let linked = select.intersection(Field::linked());
        let mut record = self.record.clone();
        if !linked.is_empty() {
            let take = move |values: &mut LeadValues, row: &dyn LeadRow| {
                linked.iter().for_each(|field| drop(values.0.insert(field, row.text(field).map(|told| LeadValue::Text(told.into())))));
            };
            record.values.0.extend(op.core.store.lead(scope, record.id, linked, LeadValues::default(), take).await?.0);
        }
        Ok(Some(read::written(op, scope, &record, select, state, render)))
    }
}

/// The record with the windows through which the caller reads it.
pub(super) fn seen(op: &Op, mut record: LeadRecord) -> Changed {
    let scope = op.rights.leads(Permission::LeadRead).ok();
    record.windows = scope.as_ref().map_or(0, |scope| opening(scope, &record));
    Changed { record, scope }
}

/// Which windows open a row: the pure counterpart of the SQL.
pub(in crate::app) fn opening(scope: &LeadScope, record: &LeadRecord) -> u32 {
    let place = |field| record.integer(field).map(Id);
    let marking = Marking::new(Level::from_number(record.level), record.compartments);
    let opens = |window: &Window| window.opens(place(Field::Owner), place(Field::Team), marking);
    scope.windows().iter().enumerate().filter(|(_, window)| opens(window)).fold(0, |bits, (bit, _)| bits | 1 << bit)
}

/// A lead that the caller may change through `scope`, and what it holds under a linked field that they see in clear. One that
/// they do not see at all, through `visible`, is not there.
pub(super) async fn changeable(
    op: &Op,
    scope: &LeadScope,
    visible: &LeadScope,
    lead: Id,
    expected: Option<i64>,
    field: Field,
) -> Result<(LeadRecord, String), Error> {
    let now = op.core.store.whole_lead(visible, lead).await?.ok_or_else(|| read::not_there(op, lead))?;
    let windows = opening(scope, &now);
    if windows == 0 {
        return Err(Refusal::forbidden("You see this lead, but none of your roles lets you do that with it.").into());
    }
    if !scope.cells(windows).0.contains(field) {
        return Err(Refusal::forbidden(format!("The field {} of this lead is not yours to change.", field.name())).into());
    }
    if expected.is_some_and(|version| version != now.version) {
        return Err(changed_meanwhile().into());
    }
    let take = move |told: &mut String, row: &dyn LeadRow| row.text(field).unwrap_or_default().clone_into(told);
    let told = op.core.store.lead(scope, lead, [field].into_iter().collect(), String::new(), take).await?;
    Ok((now, told))
}

/// Writes what stands beside the lead's row, as its next version and with the note of it; `None` if somebody else was faster.
pub(super) async fn write_beside<F>(
    op: &Op,
    allowed: &LeadScope,
    now: LeadRecord,
    change: Change,
    beside: F,
) -> Result<Option<Changed>, Error>
where
    F: for<'c> FnOnce(Tx<'c>) -> Work<'c, Result<(), StoreError>> + Send + 'static,
{
    let note = op.note_change(vec![change]);
    let mut values = LeadValues::default();
    values.set_integer(Field::UpdatedAt, op.at.0);
    let (put, allowed, set, from) = (note.clone(), allowed.clone(), values.clone(), (now.id, now.version));
    let written = op.core.store.write(move |tx: Tx<'_>| {
        Box::pin(async move {
            if !tx.update_lead(&allowed, from, &set, None, None).await? {
                return Ok(false);
            }
            beside(tx).await?;
            tx.put_change(&put).await?;
            Ok::<_, StoreError>(true)
        })
    });
    if !written.await? {
        return Ok(None);
    }
    op.changed(&note);
    let mut record = now;
    record.values.0.extend(values.0);
    record.version += 1;
    Ok(Some(seen(op, record)))
}

/// Why a change was not made that somebody else came before.
pub(super) fn changed_meanwhile() -> Refusal {
    Refusal::new(Code::Conflict, "Somebody changed this lead meanwhile; look at it again.")
}
