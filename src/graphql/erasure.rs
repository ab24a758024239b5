//! Erasing leads and people.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    page::{Asked, connection},
    proposal::Proposal,
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::{Error, Op, erasure, proposals},
    domain::Id,
};

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::app::erasure::ErasedKind", name = "ErasedKind")]
pub enum KindName {
    /// A lead.
    Lead,
    /// A person.
    Person,
}

/// Something that was erased: what was kept beside its id went, the access log stayed whole.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Erasure {
    /// Opaque id of the erasure.
    id: ID,
    /// What it was.
    kind: KindName,
    /// The id of what was erased, which records go on naming.
    item: ID,
    /// Why.
    reason: String,
    /// When.
    at: DateTime,
    /// How many records have lost what lay beside them: variables, texts of purposes.
    details: u64,
    /// How many documents with texts in them have gone.
    documents: u64,
    /// Since when nothing is looked for any more; null within the first hour, or under a legal hold.
    done_at: Option<DateTime>,
    #[graphql(skip)]
    whole: erasure::Erasure,
}

#[ComplexObject]
impl Erasure {
    /// Who asked for it; null is the operator, on the command line.
    async fn asked_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.agreed.asked_by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who approved it; null is the operator.
    async fn approved_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.whole.agreed.by.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl Erasure {
    const fn cursor(&self) -> Id {
        self.whole.id
    }
}

impl From<erasure::Erasure> for Erasure {
    fn from(erasure: erasure::Erasure) -> Self {
        Self {
            id: opaque(erasure.id),
            kind: KindName::from(erasure.kind),
            item: opaque(erasure.item),
            reason: erasure.reason.clone(),
            at: DateTime(erasure.agreed.at),
            details: erasure.details,
            documents: erasure.documents,
            done_at: erasure.done_at.map(DateTime),
            whole: erasure,
        }
    }
}

connection!(
    ErasureConnection "Erasures, by their time.",
    ErasureEdge "An erasure and its place in the list.",
    Erasure,
    (),
    count
);

async fn count(op: &Op, (): &()) -> std::result::Result<u64, Error> {
    erasure::count(op).await
}

/// Which lead or person to erase, and why.
#[derive(Debug, InputObject)]
pub struct EraseInput {
    /// Its id.
    id: ID,
    /// Why; it stays, so it should name nobody.
    reason: String,
}

/// An erasure as it is now.
#[derive(Debug, SimpleObject)]
pub struct ErasePayload {
    /// The erasure; null until another admin approves it.
    erasure: Option<Erasure>,
    /// What waits for another admin; null if nothing does.
    proposal: Option<Proposal>,
}

impl From<proposals::Asked<Option<erasure::Erasure>>> for ErasePayload {
    fn from(asked: proposals::Asked<Option<erasure::Erasure>>) -> Self {
        Self { erasure: asked.value.map(Erasure::from), proposal: asked.proposal.map(Proposal::from) }
    }
}

/// Queries about erasures.
#[derive(Debug, Default)]
pub struct ErasureQuery;

#[Object]
impl ErasureQuery {
    /// What was erased, when and why, by its time. Needs `POLICY_READ`.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn erasures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<ErasureConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let found = erasure::list(op, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(ErasureConnection::new(asked, (), found.into_iter().map(Erasure::from))))
    }
}

/// Erasing.
#[derive(Debug, Default)]
pub struct ErasureMutation;

#[Object]
impl ErasureMutation {
    /// Erases what is kept of a lead, once another admin approves it: the lead itself, what it is found under, before and after of
    /// its changes, and what lies beside the records that name it. Ids and hashes stay. A legal hold stops it. Needs
    /// `DATA_ERASE`.
    async fn erase_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which lead, and why.")] input: EraseInput,
    ) -> Result<Option<ErasePayload>> {
        let op = op(ctx);
        Ok(Some(erasure::lead(op, id(&input.id).outward(op)?, &input.reason).await.outward(op)?.into()))
    }

    /// Erases what is kept of a person, once another admin approves it: name, e-mail address, password, sessions, and what lies
    /// beside their records. The account must be locked and never opens again. A legal hold stops it. Needs `DATA_ERASE`.
    async fn erase_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which person, and why.")] input: EraseInput,
    ) -> Result<Option<ErasePayload>> {
        let op = op(ctx);
        Ok(Some(erasure::person(op, id(&input.id).outward(op)?, &input.reason).await.outward(op)?.into()))
    }
}
