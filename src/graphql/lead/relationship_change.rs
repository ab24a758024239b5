//! Changing whom a lead knows.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::mutation::LeadPayload;
use crate::{
    app::{
        Error, Op,
        leads::{self, Whom},
    },
    graphql::{
        error::{Outward, op},
        scalar,
    },
    policy::Refusal,
};

/// Whom a lead knows besides its owner: a colleague, or an account of the company's.
#[derive(Clone, Debug, InputObject)]
pub struct RelationshipInput {
    /// Which lead.
    lead_id: ID,
    /// Refuse if the lead is no longer at this version.
    expected_version: Option<i64>,
    /// The colleague, who stands to the lead as SECOND.
    person_id: Option<ID>,
    /// The account of the register, which stands to it as BRAND.
    account_id: Option<ID>,
}

/// Changes of relationships.
#[derive(Debug, Default)]
pub struct RelationshipMutation;

#[Object]
impl RelationshipMutation {
    /// Notes that a lead knows another colleague, or a brand account. Needs `LEAD_UPDATE`, and a window that shows
    /// `relationships`.
    async fn add_relationship(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The relationship.")] input: RelationshipInput,
    ) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        Ok(Some(run(op, &input, true).await.outward(op)?))
    }

    /// Takes back that a lead knows a colleague or brand account.
    async fn remove_relationship(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The relationship.")] input: RelationshipInput,
    ) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        Ok(Some(run(op, &input, false).await.outward(op)?))
    }
}

async fn run(op: &Op, input: &RelationshipInput, there: bool) -> std::result::Result<LeadPayload, Error> {
    let whom = match (&input.person_id, &input.account_id) {
        (Some(person), None) => Whom::Person(scalar::id(person)?),
        (None, Some(account)) => Whom::Account(scalar::id(account)?),
        _ => return Err(Refusal::bad_input("Give a person or an account.").into()),
    };
    Ok(leads::relate(op, scalar::id(&input.lead_id)?, input.expected_version, whom, there).await?.into())
}
