//! What the policy was.

use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    page::{Asked, connection},
    scalar::{DateTime, opaque},
};
use crate::{
    app::{
        Error, Op,
        policy_history::{self, ItemChange, Revision, RevisionEntry},
    },
    domain::{Id, hex},
};

/// A revision of the policy in the list of them.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct PolicyRevisionEntry {
    /// Its number; access records name it.
    number: i64,
    /// SHA-256 of its document, in hexadecimal; access records name it.
    sha256: String,
    /// When it took hold.
    at: DateTime,
    /// Id of the request that made it.
    request: async_graphql::ID,
    #[graphql(skip)]
    author: Option<Id>,
}

#[ComplexObject]
impl PolicyRevisionEntry {
    /// Who made it; null is the operator, on the command line.
    async fn by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.author.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl PolicyRevisionEntry {
    const fn cursor(&self) -> Id {
        Id(self.number)
    }
}

impl From<RevisionEntry> for PolicyRevisionEntry {
    fn from(entry: RevisionEntry) -> Self {
        Self { number: entry.number, sha256: hex(&entry.sha256), at: DateTime(entry.at), request: opaque(entry.request), author: entry.by }
    }
}

/// The policy as of one revision.
#[derive(Clone, Debug, SimpleObject)]
pub struct PolicyRevision {
    /// Number, hash, time and author.
    #[graphql(flatten)]
    entry: PolicyRevisionEntry,
    /// What it changed.
    changes: Vec<PolicyChange>,
    /// The whole policy as JSON, exactly the text that `sha256` is of.
    document: String,
}

impl From<Revision> for PolicyRevision {
    fn from(revision: Revision) -> Self {
        let Revision { entry, changes, document } = revision;
        Self { entry: entry.into(), changes: changes.into_iter().map(PolicyChange::from).collect(), document: document.json() }
    }
}

/// Something that a revision changed.
#[derive(Clone, Debug, SimpleObject)]
pub struct PolicyChange {
    /// `compartment`, `fieldMarking`, `team`, `role`, `grant` or `setting`.
    kind: &'static str,
    /// Which one: the number of the compartment, the name of the field or setting, the number of anything else.
    item: String,
    /// What it was, as JSON; null if it is new.
    before: Option<String>,
    /// What it is, as JSON; null if it is gone.
    after: Option<String>,
}

impl From<ItemChange> for PolicyChange {
    fn from(change: ItemChange) -> Self {
        Self { kind: change.kind, item: change.item, before: change.before, after: change.after }
    }
}

/// A period in which one admin stood alone.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct SoleAdminPeriod {
    /// From when.
    from: DateTime,
    /// Until when; null is until now.
    until: Option<DateTime>,
}

connection!(
    PolicyRevisionConnection "Revisions of the policy, the newest first.",
    PolicyRevisionEdge "A revision and its place in the list.",
    PolicyRevisionEntry,
    (),
    count
);

async fn count(op: &Op, (): &()) -> std::result::Result<u64, Error> {
    Ok(op.snapshot.revision as u64)
}

/// Queries about the history of the policy.
#[derive(Debug, Default)]
pub struct PolicyRevisionQuery;

#[Object]
impl PolicyRevisionQuery {
    /// One revision of the policy, whole. Needs `POLICY_READ`.
    async fn policy_revision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number, from 1.")] number: i64,
    ) -> Result<Option<PolicyRevision>> {
        let op = op(ctx);
        Ok(Some(policy_history::find(op, number).await.outward(op)?.into()))
    }

    /// The revisions of the policy, the newest first. Needs `POLICY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn policy_revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<PolicyRevisionConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let found = policy_history::list(op, asked.after.map(|after| after.0), asked.fetch() as u64).await.outward(op)?;
        Ok(Some(PolicyRevisionConnection::new(asked, (), found.into_iter().map(PolicyRevisionEntry::from))))
    }

    /// The periods in which only one admin stood, so that nobody else could approve. Needs `POLICY_READ`.
    async fn sole_admin_periods(&self, ctx: &Context<'_>) -> Result<Option<Vec<SoleAdminPeriod>>> {
        let op = op(ctx);
        let periods = policy_history::sole_admin_periods(op).outward(op)?;
        Ok(Some(periods.into_iter().map(|(from, until)| SoleAdminPeriod { from: DateTime(from), until: until.map(DateTime) }).collect()))
    }
}
