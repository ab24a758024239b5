//! Quotas: how one stands, limits of one's own, lifting.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    proposal::Proposal,
    role::Quotas,
    role_change::QuotasInput,
    scalar::{DateTime, id},
};
use crate::{
    app::quota,
    policy::{self, QuotaKind},
};

/// What a quota limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "QuotaKind", name = "QuotaKind")]
pub enum KindName {
    /// Leads shown in an hour (UTC).
    LeadsPerHour,
    /// Leads shown in a day (UTC).
    LeadsPerDay,
    /// Leads shown in a day that were never shown to the subject before.
    NewLeadsPerDay,
    /// Leads in one exported file.
    RowsPerExport,
    /// Leads in all files exported in a day.
    ExportRowsPerDay,
}

/// How somebody stands with one quota.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct QuotaUse {
    /// Which quota.
    quota: KindName,
    /// How much is allowed now; twice as much as otherwise if it is lifted.
    limit: u32,
    /// Whether somebody has lifted it.
    lifted: bool,
    /// How much was used: a lead that was shown in two answers counts twice, but for new ones. Null of a quota for each single file.
    used: Option<u64>,
    /// When the count begins anew, and a lift ends.
    resets_at: DateTime,
}

impl From<quota::Standing> for QuotaUse {
    fn from(standing: quota::Standing) -> Self {
        let quota::Standing { kind, limit, lifted, used, resets_at } = standing;
        Self { quota: kind.into(), limit, lifted, used, resets_at: DateTime(resets_at) }
    }
}

/// Limits for one person or app.
#[derive(Debug, InputObject)]
pub struct SetPersonalQuotasInput {
    /// The person or app.
    subject: ID,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
    /// The limits, all of them; what is left out is limited by their roles alone.
    quotas: QuotasInput,
}

/// The limits of one person or app, and what waits.
#[derive(Debug, SimpleObject)]
pub struct PersonalQuotasPayload {
    /// The limits as they are now.
    quotas: Quotas,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// A quota to be lifted.
#[derive(Debug, InputObject)]
pub struct LiftQuotaInput {
    /// Whose.
    subject: ID,
    /// Which quota.
    quota: KindName,
    /// Why: 1 to 500 characters, for the access log.
    reason: String,
}

/// A quota that was lifted.
#[derive(Debug, SimpleObject)]
pub struct LiftQuotaPayload {
    /// Whose.
    subject: AccountReference,
    /// Which quota.
    quota: KindName,
    /// How much is allowed until then by their roles and limits; what a purpose limits is twice as much as well.
    limit: u32,
    /// Until when.
    until: DateTime,
}

/// Queries about quotas.
#[derive(Debug, Default)]
pub struct QuotaQuery;

#[Object]
impl QuotaQuery {
    /// The limits of one person or app, which hold beside those of their roles. Needs `POLICY_READ`.
    async fn personal_quotas(&self, ctx: &Context<'_>, #[graphql(desc = "The person or app.")] subject: ID) -> Result<Option<Quotas>> {
        let op = op(ctx);
        let subject = id(&subject).outward(op)?;
        Ok(Some(quota::own(op, subject).outward(op)?.into()))
    }
}

/// Changes of quotas.
#[derive(Debug, Default)]
pub struct QuotaMutation;

#[Object]
impl QuotaMutation {
    /// Sets limits for one person or app, which hold beside those of their roles; they never allow more. To limit less than
    /// before waits for another admin. Needs `POLICY_MANAGE`.
    async fn set_personal_quotas(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and how much.")] input: SetPersonalQuotasInput,
    ) -> Result<Option<PersonalQuotasPayload>> {
        let op = op(ctx);
        let (subject, quotas) = (id(&input.subject).outward(op)?, policy::Quotas::from(input.quotas));
        let asked = quota::set_own(op, subject, input.expected_revision, |_| quotas).await.outward(op)?;
        Ok(Some(PersonalQuotasPayload { quotas: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Lifts a quota of somebody once: twice as much is allowed until its hour or day is over. Needs `QUOTA_LIFT` by a grant for a team
    /// that they belong to, or for no team; nobody lifts their own.
    async fn lift_quota(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, which and why.")] input: LiftQuotaInput,
    ) -> Result<Option<LiftQuotaPayload>> {
        let op = op(ctx);
        let subject = id(&input.subject).outward(op)?;
        let lift = quota::lift(op, subject, input.quota.into(), &input.reason).await.outward(op)?;
        Ok(Some(LiftQuotaPayload {
            subject: AccountReference::of(op, lift.subject),
            quota: lift.kind.into(),
            limit: lift.limit,
            until: DateTime(lift.until),
        }))
    }
}
