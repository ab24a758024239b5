//! The canary of an exported file: one of the stock becomes a lead that its taker sees, and so comes into the file as any other.

use serde_json::json;

use super::{finders, origin, plant::MODELS};
use crate::{
    app::{Error, Op, quota},
    domain::{Field, FieldSet, Filter, Id, LeadQuery, Subject},
    policy::{LeadScope, Level, Marking, Permission},
    store::{Change, Placed, StoreError},
    trap,
};

/// Gives the file that `own` is about to make of what the admitted query finds a canary of its own, if it is long enough and if
/// no condition is about who somebody is. The one of the taker's last file is put away, so that they do not heap up.
///
/// `op`, which asked for the file, notes that; its record says that there is a canary, and not which.
pub(in crate::app) async fn into_file(op: &Op, own: &Op, scope: &LeadScope, query: &LeadQuery) -> Result<(), Error> {
    let trap = &op.core.trap;
    let who: FieldSet = [Field::Emails, Field::Phones, Field::LastName].into_iter().collect();
    let finds_alike = query.words.is_empty() && query.filter.as_ref().is_none_or(is_alike);
    let Some(reader) = scope.reader().filter(|_| trap.settings.exports && finds_alike) else { return Ok(()) };
    if query.select.intersection(who).is_empty() || scope.clear_in(Field::Emails) == 0 || trap.settings.domains.is_empty() {
        return Ok(());
    }
    let models = op.core.store.models(scope, query, MODELS.max(trap.settings.at_least.into())).await?;
    let room = match quota::export_limit(own).await? {
        Some((quota, _)) => op.core.store.lead_count(scope, query, 0).await?.0 < quota.into(),
        None => true,
    };
    let stock = op.core.store.every_canary().await?.into_iter().find(|canary| canary.reader.is_none());
    let Some(canary) = stock.filter(|_| room && models.len() >= trap.settings.at_least as usize) else { return Ok(()) };
    let Some(model) = trap.model(canary.lead, &models) else { return Ok(()) };
    let values = trap.values(canary.lead, model, (canary.made_at, own.at));
    let marking = Marking::new(Level::from_number(model.level), model.compartments);
    let placed = Placed { lead: canary.lead, reader, export: own.request, finders: finders(&values), values, marking, at: own.at };
    let origins = op.core.store.first_origins(&[model.id]).await?;
    let origin = origins.get(&model.id).map(|like| origin::Invented::like(op, canary.lead, like, canary.made_at));
    place(op, placed, origin).await
}

async fn place(op: &Op, placed: Placed, origin: Option<origin::Invented>) -> Result<(), Error> {
    // The trap's own doing, not the taker's.
    let allowed = op.snapshot.rights(&Subject::OPERATOR, None, op.at).leads(Permission::LeadAssign)?;
    let away = op.core.store.canaries_of(placed.reader).await?;
    let away: Vec<Id> = away.into_iter().filter(|canary| canary.export.is_some()).map(|canary| canary.lead).collect();
    let told = |ids: &[Id]| ids.iter().map(Id::to_string).collect::<Vec<_>>();
    let after = json!({ "lead": placed.lead.to_string(), "reader": placed.reader.to_string(), "earlier": told(&away) });
    let change = Change { kind: "canary", item: placed.export.to_string(), before: None, after: Some(after.to_string()) };
    let note = op.note_change(vec![change]);
    let put = note.clone();
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            if !tx.place_canary(&allowed, &placed).await? {
                return Ok(false);
            }
            if let Some(origin) = origin {
                origin.put(tx, &allowed).await?;
            }
            tx.archive_placed(placed.reader, placed.export, placed.at).await?;
            tx.put_change(&put).await?;
            Ok::<_, StoreError>(true)
        })
    });
    if written.await? {
        op.changed(&note);
    }
    Ok(())
}

/// Whether a canary that is like a lead which passes the filter passes it as well.
fn is_alike(filter: &Filter) -> bool {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => parts.iter().all(is_alike),
        Filter::Not(part) => is_alike(part),
        Filter::Ids(_) => false,
        Filter::Field(field, _) => trap::imitate::alike().contains(*field),
    }
}
