//! How a departure ends: the exit certificate, closed, cancelled, and what comes back when somebody is taken on again.

use serde_json::json;

use super::{
    Certificate, Departure, find,
    step::{changed, moved, unlocks_by_cancelling},
    tasks::{TaskView, open, tasks},
};
use crate::{
    app::{
        Error, Op, accounts,
        proposals::{Asked, do_or_ask},
        revise::{ATTEMPTS, Basis, author, overtaken, recorded, settled},
    },
    domain::{CertificateOutcome, DepartureState, Id},
    policy::{Act, Permission, Refusal, text},
    store::Change,
};

/// Characters of what is said of a certificate.
const NOTE: usize = 1_000;

/// Records that the exit certificate was accepted or refused. What was recorded before is replaced, and stays in the log.
pub async fn certify(op: &Op, id: Id, outcome: CertificateOutcome, note: &str) -> Result<Departure, Error> {
    let (permit, mut departure) = open(op, id).await?;
    let note = text::line("The note", note, NOTE)?;
    let told = |certificate: &Certificate| json!({ "certificate": certificate.outcome.name(), "note": certificate.note }).to_string();
    let certificate = Certificate { outcome, at: op.at, by: author(op), note };
    let (before, after) = (departure.certificate.as_ref().map(told), told(&certificate));
    departure.certificate = Some(certificate);
    departure.version += 1;
    let changes = vec![Change { kind: "departure", item: id.to_string(), before, after: Some(after) }];
    let row = departure.clone();
    op.commit(changes, move |tx| Box::pin(async move { changed(tx.change_departure(permit, &row).await?) })).await?;
    Ok(departure)
}

/// Closes a departure of which nothing is left to do. Their grants end with it, so that nothing comes back by accident.
pub async fn close(op: &Op, id: Id) -> Result<Departure, Error> {
    for _ in 0..ATTEMPTS {
        let basis = Basis::of(op, Permission::DepartureManage).await?;
        let (permit, mut departure) = open(op, id).await?;
        let left: Vec<String> = tasks(op, &departure).await?.into_iter().filter(TaskView::is_open).map(|task| task.task.text).collect();
        if let Some(first) = left.first() {
            return Err(Refusal::conflict(format!("{} things are still to be done, first: {first}", left.len())).into());
        }
        let acting = basis.acting();
        let mut document = basis.snapshot.document.clone();
        let theirs: Vec<Id> =
            document.standing(acting.now).filter(|(_, grant)| grant.subject == departure.person.0).map(|(grant, _)| grant).collect();
        for grant in theirs {
            document.revoke_grant(grant, &acting)?;
        }
        let revoked = basis.snapshot.document.changes_to(&document);
        departure.state = DepartureState::Closed;
        (departure.ended_at, departure.ended_by) = (Some(acting.now), author(op));
        departure.version += 1;
        let closed = moved(id, DepartureState::Open, &json!({ "state": departure.state.name() }));
        let note = op.note_change([closed].into_iter().chain(revoked.iter().map(recorded)).collect());
        let revision = (!revoked.is_empty()).then(|| settled(op, basis.snapshot.revision + 1, &document, revoked));
        let (generation, put, row) = (basis.snapshot.generation, note.clone(), departure.clone());
        let written = op.core.store.write(move |tx| {
            Box::pin(async move {
                if !tx.bump_generation_from(generation).await? {
                    return Ok(false);
                }
                changed(tx.change_departure(permit, &row).await?)?;
                if let Some(revision) = &revision {
                    tx.commit_policy(revision).await?;
                }
                tx.put_change(&put).await?;
                Ok::<_, Error>(true)
            })
        });
        if written.await? {
            op.changed(&note);
            op.core.current.check(&op.core.store, &*op.core.clock).await?;
            return Ok(departure);
        }
    }
    Err(overtaken())
}

/// Ends a departure that was a mistake. If their access had ended, it comes back once another agrees; the hold stays until two
/// lift it.
pub async fn cancel(op: &Op, id: Id, reason: &str) -> Result<Asked<Departure>, Error> {
    let (_, departure) = open(op, id).await?;
    let reason = text::line("The reason", reason, text::REASON)?;
    let unlocks = unlocks_by_cancelling(&departure, op.core.now());
    let act = Act::CancelDeparture { departure: id.0, person: departure.person.0, unlocks, reason };
    let proposal = do_or_ask(op, act, None).await?;
    Ok(Asked { value: find(op, id).await?, proposal })
}

/// Takes somebody on again who had left, once another agrees: with a password made for them, shown this once, and without any of
/// the grants they held.
pub async fn rehire(op: &Op, id: Id, reason: &str) -> Result<Asked<(Departure, String)>, Error> {
    op.rights.permit(Permission::DepartureManage)?;
    let departure = find(op, id).await?;
    if departure.state != DepartureState::Closed || op.snapshot.accounts.get(&departure.person).is_none_or(|account| account.erased) {
        return Err(Refusal::conflict("Only somebody who has left by a departure that is closed can be taken on again.").into());
    }
    let reason = text::line("The reason", reason, text::REASON)?;
    let password = accounts::one_time_password(op);
    let hash = accounts::password_hash(op, &password).await?;
    let act = Act::Rehire { departure: id.0, person: departure.person.0, reason };
    let proposal = do_or_ask(op, act, Some(hash.into_bytes())).await?;
    Ok(Asked { value: (find(op, id).await?, password), proposal })
}
