//! Proofs about the access log.

use async_graphql::{Context, Object, SimpleObject};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::error::{Outward, op};
use crate::{app::proofs, domain::Digest, ledger::checkpoint, policy::Refusal};

/// Queries for proofs about the access log. What they answer is checked with RFC 9162 § 2.1.3.2 and § 2.1.4.2.
#[derive(Debug, Default)]
pub struct ProofQuery;

#[Object]
impl ProofQuery {
    /// The signed head of the log's tree, over everything recorded up to now. Kept elsewhere, it proves later that nothing
    /// before it was rewritten. Needs `LOG_READ`; `/ledger/checkpoint` serves the newest without signing in.
    async fn checkpoint(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Checkpoint>> {
        let op = op(ctx);
        let head = proofs::checkpoint(op).await.outward(op)?;
        let key = checkpoint::verifier_key(&head.checkpoint.origin, &op.core.recorder.key().public());
        let proofs::Head { checkpoint: said, note } = head;
        Ok(Some(Checkpoint { origin: said.origin, size: said.size, root: base64(&said.root), note, key }))
    }

    /// Proves that a record is in the tree. Needs `LOG_READ`.
    async fn inclusion_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record's place in the tree, from 0.")] index: i64,
        #[graphql(desc = "The size of the tree, for example that of a checkpoint you keep; all of it without.")] tree_size: Option<i64>,
    ) -> async_graphql::Result<Option<InclusionProof>> {
        let op = op(ctx);
        let (asked, size) = (count(index).outward(op)?, tree_size.map(count).transpose().outward(op)?);
        Ok(Some(InclusionProof::of(index, proofs::inclusion(op, asked, size).await.outward(op)?)))
    }

    /// Proves that an earlier tree is the beginning of a later one: nothing was removed or changed in between. Needs `LOG_READ`.
    async fn consistency_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size of the earlier tree, for example that of a checkpoint you keep.")] from: i64,
        #[graphql(desc = "The size of the later tree; all of it without.")] to: Option<i64>,
    ) -> async_graphql::Result<Option<ConsistencyProof>> {
        let op = op(ctx);
        let (earlier, later) = (count(from).outward(op)?, to.map(count).transpose().outward(op)?);
        let proofs::Consistency { to, hashes } = proofs::consistency(op, earlier, later).await.outward(op)?;
        Ok(Some(ConsistencyProof { from, to, hashes: hashes.iter().map(base64).collect() }))
    }
}

/// A signed tree head (C2SP tlog-checkpoint in a C2SP signed note).
#[derive(Debug, SimpleObject)]
pub struct Checkpoint {
    /// The name of the log.
    origin: String,
    /// How many records the tree has.
    size: u64,
    /// Its root, base64.
    root: String,
    /// The signed note as it is: what to keep.
    note: String,
    /// The public key as tools for signed notes take it. Do not trust it for having come with the note.
    key: String,
}

/// A proof that a record is in the tree (RFC 9162 § 2.1.3).
#[derive(Debug, SimpleObject)]
pub struct InclusionProof {
    /// The record's place in the tree, from 0.
    index: i64,
    /// The size of the tree.
    tree_size: u64,
    /// Hash of the record's leaf, base64.
    leaf_hash: String,
    /// The hashes on the way to the root, base64, the one next to the leaf first.
    hashes: Vec<String>,
    /// The root that follows from them, base64; compare it with that of a checkpoint of this size.
    root: String,
}

impl InclusionProof {
    pub(super) fn of(index: i64, found: proofs::Inclusion) -> Self {
        let proofs::Inclusion { size, leaf, hashes, root } = found;
        let hashes = hashes.iter().map(base64).collect();
        Self { index, tree_size: size, leaf_hash: base64(&leaf), hashes, root: base64(&root) }
    }
}

/// A proof that a tree is the beginning of another (RFC 9162 § 2.1.4).
#[derive(Debug, SimpleObject)]
pub struct ConsistencyProof {
    /// The size of the earlier tree.
    from: i64,
    /// The size of the later one.
    to: u64,
    /// The hashes, base64.
    hashes: Vec<String>,
}

fn count(number: i64) -> Result<u64, Refusal> {
    u64::try_from(number).map_err(|_| Refusal::bad_input("Sizes and places are not below 0."))
}

fn base64(digest: &Digest) -> String {
    STANDARD.encode(digest)
}
