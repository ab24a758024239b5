//! Narrowing the access of somebody who leaves, at once or when their last day ends.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use serde_json::json;
use tokio::time::MissedTickBehavior;

use super::{
    Departure, find,
    step::{changed, end_access, locked, someone_manages},
};
use crate::{
    app::{
        Core, Error, Op, command,
        revise::{ATTEMPTS, Basis, author, overtaken},
    },
    audit::record::Decision,
    domain::{DepartureAccess, DepartureState, Id},
    policy::{Permission, Refusal},
    store::Change,
};

/// How often a server looks for last days that are over.
const EVERY: Duration = Duration::from_mins(1);

/// Narrows the access of somebody who leaves further. What is as narrow already stays as it is.
pub async fn restrict(op: &Op, id: Id, access: DepartureAccess) -> Result<Departure, Error> {
    for _ in 0..ATTEMPTS {
        let basis = Basis::of(op, Permission::DepartureManage).await?;
        let mut departure = op.core.store.departure(basis.permit, id).await?.ok_or_else(Refusal::not_found)?;
        if author(op) == Some(departure.person) {
            return Err(Refusal::forbidden("It is about you; somebody else must do it.").into());
        }
        if departure.state != DepartureState::Open {
            return Err(Refusal::conflict("This departure is over.").into());
        }
        if access <= departure.access {
            return Ok(departure);
        }
        someone_manages(op, &basis.snapshot, departure.person)?;
        let told = |access: DepartureAccess| Some(json!({ "access": access.name() }).to_string());
        let mut changes = vec![Change { kind: "departure", item: id.to_string(), before: told(departure.access), after: told(access) }];
        let locks = access == DepartureAccess::Lock && !departure.locked_before;
        changes.extend(locks.then(|| locked("person", departure.person, true)));
        let note = op.note_change(changes);
        let (permit, generation, at, put) = (basis.permit, basis.snapshot.generation, op.core.now(), note.clone());
        departure.version += 1;
        let written = op.core.store.write(move |tx| {
            Box::pin(async move {
                if !tx.bump_generation_from(generation).await? {
                    return Ok(false);
                }
                (departure.access, departure.limited_at) = (access, departure.limited_at.or(Some(at)));
                if access == DepartureAccess::Lock {
                    end_access(tx, permit, &mut departure, at).await?;
                }
                changed(tx.change_departure(permit, &departure).await?)?;
                tx.put_change(&put).await?;
                Ok::<_, Error>(true)
            })
        });
        if written.await? {
            op.changed(&note);
            op.core.current.check(&op.core.store, &*op.core.clock).await?;
            return find(op, id).await;
        }
    }
    Err(overtaken())
}

/// Locks the accounts of those whose last day is over, as long as there is a `core`. Decisions went by the day before already.
pub async fn keep_on(core: Weak<Core>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(core) = core.upgrade() else { return };
        if let Err(error) = sweep(&core).await {
            tracing::error!(%error, "an account could not be locked whose person's last day is over; trying again");
        }
    }
}

/// Does it once, each with a record of its own.
pub async fn sweep(core: &Arc<Core>) -> Result<(), Error> {
    for id in core.store.due_departures(core.now()).await? {
        let op = command::own(core).await?;
        let done = restrict(&op, id, DepartureAccess::Lock).await;
        if let Err(error) = &done {
            op.trace().code.get_or_insert(error.code());
        }
        let decision = if done.is_ok() { Decision::Allowed } else { Decision::Failed };
        if let Err(unrecorded) = command::record(&op, "departure last-day", Some(&json!({ "id": id.to_string() })), decision).await {
            tracing::warn!(%unrecorded, "the end of somebody's access is recorded when the server can");
        }
        done?;
    }
    Ok(())
}
