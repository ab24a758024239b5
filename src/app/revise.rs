//! Changing what decides: the policy and whether accounts are locked. Such a change is decided on the state it changes;
//! if somebody else changes that state meanwhile, it is decided again.

use std::sync::Arc;

use super::{Error, Op};
use crate::{
    domain::{Id, Timestamp},
    policy::{Acting, Permission, Permit, PolicyDocument, Refusal, Snapshot, items::ItemChange},
    store::{Change, Settled, Tx, Work},
};

/// How often a change is decided again before it is given up.
pub(super) const ATTEMPTS: usize = 8;

/// What a change is decided on.
#[derive(Debug)]
pub(super) struct Basis {
    /// The state.
    pub(super) snapshot: Arc<Snapshot>,
    /// That the caller may change it, by that very state.
    pub(super) permit: Permit,
    now: Timestamp,
    by: Option<Id>,
}

impl Basis {
    /// The state as of now, if it lets the caller use `permission`.
    pub(super) async fn of(op: &Op, permission: Permission) -> Result<Self, Error> {
        let core = &op.core;
        let snapshot = core.current.latest(&core.store, &*core.clock).await?;
        let now = core.now();
        let permit = snapshot.rights(&op.subject, op.purpose_code(), now).permit(permission)?;
        Ok(Self { snapshot, permit, now, by: author(op) })
    }

    /// The circumstances for [`crate::policy::change`].
    pub(super) fn acting(&self) -> Acting<'_> {
        Acting { by: self.by, now: self.now, accounts: &self.snapshot.accounts }
    }
}

/// Who answers for what the operation does: the person, also when an app acts for them.
pub(super) fn author(op: &Op) -> Option<Id> {
    op.subject.person.or(op.subject.app)
}

/// Somebody else was faster, again and again or against what the caller expected.
pub(super) fn overtaken() -> Error {
    Refusal::conflict("Somebody else changed it meanwhile; read it again and decide anew.").into()
}

/// What is written together with an edit of the policy, or neither is.
pub(super) struct Beside {
    change: Change,
    write: Arc<Write>,
}

type Write = dyn for<'c> Fn(Tx<'c>) -> Work<'c, Result<(), Error>> + Send + Sync;

impl Beside {
    /// What it changes, and writing it.
    pub(super) fn new(change: Change, write: impl for<'c> Fn(Tx<'c>) -> Work<'c, Result<(), Error>> + Send + Sync + 'static) -> Self {
        Self { change, write: Arc::new(write) }
    }
}

/// What an edit of the policy came to.
pub(super) enum Attempt<T> {
    /// It is in force.
    Done(T),
    /// It would let somebody see more than the policy before, and whoever wants it is not the operator; nothing was done.
    Widens(Arc<Snapshot>, Vec<ItemChange>),
}

/// Edits the policy and commits it as the next revision, with the record that says so. An edit that widens needs more
/// than that, and is refused.
///
/// `expected` is the revision that the caller has seen, if that matters. An edit that changes nothing makes no revision.
pub(super) async fn revise<T: Send>(
    op: &Op,
    expected: Option<i64>,
    edit: impl Fn(&mut PolicyDocument, &Acting<'_>) -> Result<T, Refusal> + Send + Sync,
) -> Result<T, Error> {
    done(attempt(op, expected, edit).await?)
}

/// The same for whoever has `permission` instead of `POLICY_MANAGE`, in one transaction with what is beside it.
pub(super) async fn revise_beside<T: Send>(
    op: &Op,
    permission: Permission,
    beside: Beside,
    edit: impl Fn(&mut PolicyDocument, &Acting<'_>) -> Result<T, Refusal> + Send + Sync,
) -> Result<T, Error> {
    done(attempt_with(op, permission, None, Some(beside), edit).await?)
}

fn done<T>(attempt: Attempt<T>) -> Result<T, Error> {
    match attempt {
        Attempt::Done(value) => Ok(value),
        Attempt::Widens(..) => Err(Refusal::forbidden("This would let somebody see more than before, which takes two admins.").into()),
    }
}

/// The same, but leaves an edit that widens to the caller.
pub(super) async fn attempt<T: Send>(
    op: &Op,
    expected: Option<i64>,
    edit: impl Fn(&mut PolicyDocument, &Acting<'_>) -> Result<T, Refusal> + Send + Sync,
) -> Result<Attempt<T>, Error> {
    attempt_with(op, Permission::PolicyManage, expected, None, edit).await
}

async fn attempt_with<T: Send>(
    op: &Op,
    permission: Permission,
    expected: Option<i64>,
    beside: Option<Beside>,
    edit: impl Fn(&mut PolicyDocument, &Acting<'_>) -> Result<T, Refusal> + Send + Sync,
) -> Result<Attempt<T>, Error> {
    for _ in 0..ATTEMPTS {
        let basis = Basis::of(op, permission).await?;
        let before = &basis.snapshot;
        if expected.is_some_and(|expected| expected != before.revision) {
            return Err(overtaken());
        }
        let mut document = before.document.clone();
        let value = edit(&mut document, &basis.acting())?;
        let changes = before.document.changes_to(&document);
        if basis.by.is_some() && before.document.is_widened_by(&document) {
            return Ok(Attempt::Widens(Arc::clone(before), changes));
        }
        let nothing = changes.is_empty() && beside.is_none();
        if nothing || commit(op, before, &document, changes, beside.as_ref()).await? {
            return Ok(Attempt::Done(value));
        }
    }
    Err(overtaken())
}

/// Commits `document` as the revision after `before`; `false`, and nothing done, if that is no longer in force.
async fn commit(
    op: &Op,
    before: &Snapshot,
    document: &PolicyDocument,
    changes: Vec<ItemChange>,
    beside: Option<&Beside>,
) -> Result<bool, Error> {
    let all = changes.iter().map(recorded).chain(beside.map(|beside| beside.change.clone()));
    let note = op.note_change(all.collect());
    let beside = beside.map(|beside| Arc::clone(&beside.write));
    let revision = settled(op, before.revision + 1, document, changes);
    let (generation, put) = (before.generation, note.clone());
    let written = op.core.store.write(move |tx| {
        Box::pin(async move {
            if !tx.bump_generation_from(generation).await? {
                return Ok(false);
            }
            tx.commit_policy(&revision).await?;
            if let Some(write) = beside {
                write(tx).await?;
            }
            tx.put_change(&put).await?;
            Ok::<_, Error>(true)
        })
    });
    let written = match written.await {
        Err(Error::Store(error)) if error.is_unique_violation() => false,
        written => written?,
    };
    if written {
        op.changed(&note);
        op.core.current.check(&op.core.store, &*op.core.clock).await?;
    }
    Ok(written)
}

/// The revision that `document` becomes.
pub(super) fn settled(op: &Op, number: i64, document: &PolicyDocument, changes: Vec<ItemChange>) -> Settled {
    Settled { number, changes, sha256: document.sha256(), by: author(op), at: op.core.now(), request: op.request }
}

/// An item's change as the record names it: with opaque letters where the item is an id.
pub(super) fn recorded(change: &ItemChange) -> Change {
    let id = matches!(change.kind, "team" | "role" | "requirement" | "quota" | "grant").then(|| change.item.parse().ok()).flatten();
    Change {
        kind: change.kind,
        item: id.map_or_else(|| change.item.clone(), |id| Id(id).to_string()),
        before: change.before.clone(),
        after: change.after.clone(),
    }
}
