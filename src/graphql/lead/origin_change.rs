//! Adding origins to a lead that is there.

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::mutation::{LeadOriginInput, LeadPayload};
use crate::{
    app::leads,
    graphql::{
        error::{Outward, op},
        scalar,
    },
};

/// Another origin of a lead.
#[derive(Clone, Debug, InputObject)]
pub struct AddOriginInput {
    /// Which lead.
    lead_id: ID,
    /// Refuse if the lead is no longer at this version.
    expected_version: Option<i64>,
    /// Where it comes from as well.
    origin: LeadOriginInput,
}

/// Changes of origins.
#[derive(Debug, Default)]
pub struct OriginMutation;

#[Object]
impl OriginMutation {
    /// Notes another origin of a lead; it replaces none, and the same said twice by the same is one. Needs `LEAD_UPDATE`, and a
    /// window that shows `origins`.
    async fn add_origin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The lead, and its origin.")] input: AddOriginInput,
    ) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        let lead = scalar::id(&input.lead_id).outward(op)?;
        let said = input.origin.read().outward(op)?;
        Ok(Some(leads::add_origin(op, lead, input.expected_version, said).await.outward(op)?.into()))
    }
}
