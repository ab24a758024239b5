//! Ordering an evidence file.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    scalar::{DateTime, id},
};
use crate::{
    app::{
        Error, Op,
        evidence::{self, Order},
    },
    domain::Id,
    evidence::Profile,
};

/// For whom an evidence file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Profile")]
pub enum EvidenceProfile {
    /// The company's own counsel and a court.
    Court,
    /// The other side: nobody is named, and free text of the policy is withheld.
    OpposingCounsel,
}

/// Which evidence file to make.
#[derive(Debug, InputObject)]
pub struct MakeEvidenceInput {
    /// The first moment of the range.
    from: DateTime,
    /// The first moment that does not belong to it any more; not in the future.
    to: DateTime,
    /// What it is for, told on the first page; one line.
    matter: Option<String>,
    /// For whom.
    #[graphql(default_with = "EvidenceProfile::Court")]
    profile: EvidenceProfile,
    /// Ids of the people and apps to be called by name (needs DIRECTORY_READ); everybody else appears by role and id.
    named: Option<Vec<ID>>,
}

/// An evidence file that can be fetched.
#[derive(Debug, SimpleObject)]
pub struct MakeEvidencePayload {
    /// Where: `GET` this path of the server with your access token. It is made then, recorded with its hash, and can be fetched once.
    path: String,
    /// Until when.
    expires_at: DateTime,
}

/// Mutations about evidence.
#[derive(Debug, Default)]
pub struct EvidenceMutation;

#[Object]
impl EvidenceMutation {
    /// Orders an evidence file (needs LOG_READ, POLICY_READ and REGISTER_READ): one ZIP about how the lead list was kept secret in a range of
    /// time, with all that proves it. The same range, matter, profile and names give the same bytes.
    async fn make_evidence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which file.")] input: MakeEvidenceInput,
    ) -> Result<Option<MakeEvidencePayload>> {
        let op = op(ctx);
        run(op, input).await.map(Some).outward(op)
    }
}

async fn run(op: &Op, input: MakeEvidenceInput) -> Result<MakeEvidencePayload, Error> {
    let named = input.named.unwrap_or_default().iter().map(id).collect::<Result<Vec<Id>, _>>()?;
    let order = Order { from: input.from.0, to: input.to.0, matter: input.matter, profile: input.profile.into(), named };
    let placed = evidence::place(op, order).await?;
    Ok(MakeEvidencePayload { path: format!("/evidence/{}", placed.id), expires_at: DateTime(placed.expires_at) })
}
