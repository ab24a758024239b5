//! What belongs to an access record.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    access_record::{self, AccessRecord},
    error::{Outward, op},
    policy_revision::PolicyRevision,
    proof::InclusionProof,
    scalar::opaque,
};
use crate::{
    app::{
        access_log::{self, Logged},
        policy_history, proofs,
    },
    audit::{
        Sealed,
        record::{Number, counters},
    },
    domain::Id,
};

/// What belongs to an access record.
pub struct AccessRecordContext(pub(super) Logged);

/// The number of a record among those of one account in its epoch, without a gap.
#[derive(SimpleObject)]
pub struct AccessNumber {
    /// Whose; null for the operator and for strangers.
    account: Option<ID>,
    /// The number, from 0.
    number: u64,
    /// Of number 0: how many records the account had before, whichever epochs they are of.
    before: Option<AccessBefore>,
}

/// How many records an account had.
#[derive(SimpleObject)]
pub struct AccessBefore {
    /// How many of its records stood in the tree, each counted where its first part stands.
    records: u64,
    /// How many entries the tree had then: those with an index below this.
    tree_size: u64,
}

/// The promise that a record is in the tree, as the answer carried it. Of a record in parts, the last part's went out.
#[derive(SimpleObject)]
pub struct AccessReceipt {
    /// The hash chain.
    epoch: ID,
    /// The place in it.
    rseq: u64,
    /// Hash of the leaf, base64.
    leaf_hash: String,
    /// Signature by the ledger's key, base64.
    signature: String,
}

#[Object]
impl AccessRecordContext {
    /// The policy revision that decided, as it stood. Needs `POLICY_READ` besides; null if there was none yet.
    #[graphql(complexity = "10 + child_complexity")]
    async fn policy(&self, ctx: &Context<'_>) -> Result<Option<PolicyRevision>> {
        let (op, number) = (op(ctx), self.0.entry.record.policy_revision);
        if number == 0 {
            return Ok(None);
        }
        Ok(Some(policy_history::find(op, number).await.outward(op)?.into()))
    }

    /// Its receipt.
    async fn receipt(&self, ctx: &Context<'_>) -> AccessReceipt {
        let entry = &self.0.entry;
        let receipt = op(ctx).core.recorder.receipt(&Sealed { epoch: entry.epoch, rseq: entry.rseq, leaf: self.0.leaf });
        AccessReceipt {
            epoch: opaque(receipt.epoch),
            rseq: receipt.rseq,
            leaf_hash: access_record::base64(&receipt.leaf),
            signature: STANDARD.encode(receipt.signature),
        }
    }

    /// The proof that it is in the tree as that is now; for a tree of another size, `inclusionProof` with its `index`.
    #[graphql(complexity = "10 + child_complexity")]
    async fn proof(&self, ctx: &Context<'_>) -> Result<InclusionProof> {
        let op = op(ctx);
        Ok(InclusionProof::of(self.0.index as i64, proofs::inclusion(op, self.0.index, None).await.outward(op)?))
    }

    /// Its numbers: of the person and of the app, or of the operator or of strangers.
    async fn numbers(&self) -> Vec<AccessNumber> {
        let entry = &self.0.entry;
        let of = counters(&entry.record.subject).into_iter().zip(&entry.numbers);
        let number = |(counter, number): (i64, &Number)| AccessNumber {
            account: (counter >= 0).then(|| opaque(Id(counter))),
            number: number.value(),
            before: match number {
                Number::First(before) => Some(AccessBefore { records: before.records, tree_size: before.size }),
                Number::Next(_) => None,
            },
        };
        of.map(number).collect()
    }

    /// The record before it of the same person or, if it names none, of the same app, of the operator, of strangers.
    #[graphql(complexity = "20 + child_complexity")]
    async fn previous(&self, ctx: &Context<'_>) -> Result<Option<AccessRecord>> {
        let op = op(ctx);
        Ok(access_log::neighbour(op, &self.0, false).await.outward(op)?.map(AccessRecord))
    }

    /// The record after it of the same.
    #[graphql(complexity = "20 + child_complexity")]
    async fn next(&self, ctx: &Context<'_>) -> Result<Option<AccessRecord>> {
        let op = op(ctx);
        Ok(access_log::neighbour(op, &self.0, true).await.outward(op)?.map(AccessRecord))
    }
}
