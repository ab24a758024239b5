//! Purposes, and what roles ask of their holders.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::{
    agreement::KindName,
    error::{Outward, op},
    proposal::Proposal,
    role::Quotas,
    role_change::QuotasInput,
    scalar::id,
};
use crate::{
    app::purposes::{self, PurposeView},
    policy::{self, AgreementKind, Requirement},
};

/// A registered reason for looking at leads. It is declared by the header `X-Access-Purpose: CODE` (free text may follow
/// after `;`) or by the variable `accessPurpose` with the same content, and stands in every record.
#[derive(Clone, Debug, SimpleObject)]
pub struct Purpose {
    /// Its code.
    code: String,
    /// What it is for.
    description: String,
    /// Whether it can no longer be declared.
    retired: bool,
    /// Whether it opens a window of the caller's.
    yours: bool,
    /// Names of the fields that are hidden under it.
    hidden: Vec<String>,
    /// Names of the fields that come masked under it at best.
    masked: Vec<String>,
    /// What may be taken under it, where the roles allow more.
    quotas: Quotas,
}

impl From<PurposeView> for Purpose {
    fn from(view: PurposeView) -> Self {
        let PurposeView { code, purpose, yours } = view;
        let policy::Purpose { description, retired, hidden, masked, quotas } = purpose;
        Self { code, description, retired, yours, hidden, masked, quotas: quotas.into() }
    }
}

/// What a role asks of its holders before it opens its windows.
#[derive(Clone, Debug, SimpleObject)]
pub struct RoleRequirement {
    /// Agreements that must be accepted.
    agreements: Vec<KindName>,
    /// Whether a purpose must be declared.
    purpose_required: bool,
    /// Codes of the purposes that may be declared; none named means any.
    purposes: Vec<String>,
}

impl From<Requirement> for RoleRequirement {
    fn from(asked: Requirement) -> Self {
        let Requirement { agreements, purpose_required, purposes } = asked;
        Self { agreements: agreements.into_iter().map(KindName::from).collect(), purpose_required, purposes }
    }
}

/// A purpose to be registered.
#[derive(Debug, InputObject)]
pub struct AddPurposeInput {
    /// Its code: A-Z, 0-9, `-` and `_`.
    code: String,
    /// What it is for.
    description: String,
    /// Names of fields that it hides.
    #[graphql(default)]
    hidden: Vec<String>,
    /// Names of fields that come masked at best.
    #[graphql(default)]
    masked: Vec<String>,
    /// What may be taken under it; the roles' quotas hold besides.
    quotas: Option<QuotasInput>,
}

/// What to change of a purpose; what is left out stays.
#[derive(Debug, InputObject)]
pub struct ChangePurposeInput {
    /// Which one.
    code: String,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
    /// Another description.
    description: Option<String>,
    /// Whether it can no longer be declared.
    retired: Option<bool>,
    /// Other fields that it hides, all of them.
    hidden: Option<Vec<String>>,
    /// Other fields that come masked, all of them.
    masked: Option<Vec<String>>,
    /// Other quotas, all of them.
    quotas: Option<QuotasInput>,
}

/// What to ask of a role's holders; what is left out stays.
#[derive(Debug, InputObject)]
pub struct SetRoleRequirementInput {
    /// The role, also one that ships.
    role: ID,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
    /// Agreements that must be accepted, all of them.
    agreements: Option<Vec<KindName>>,
    /// Whether a purpose must be declared.
    purpose_required: Option<bool>,
    /// Codes of the purposes that may be declared, all of them; none means any.
    purposes: Option<Vec<String>>,
}

/// A purpose, and what waits.
#[derive(Debug, SimpleObject)]
pub struct PurposePayload {
    /// The purpose as it is now; null if it waits for another admin to be added.
    purpose: Option<Purpose>,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// What a role asks for, and what waits.
#[derive(Debug, SimpleObject)]
pub struct RoleRequirementPayload {
    /// What it asks for now.
    requirement: RoleRequirement,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// Queries about purposes.
#[derive(Debug, Default)]
pub struct PurposeQuery;

#[Object]
impl PurposeQuery {
    /// The purposes that can be declared, for everybody who has signed in.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn purposes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those of the past too; needs `POLICY_READ`.", default)] retired: bool,
    ) -> Result<Option<Vec<Purpose>>> {
        let op = op(ctx);
        Ok(Some(purposes::list(op, retired).outward(op)?.into_iter().map(Purpose::from).collect()))
    }

    /// What a role asks of its holders. Needs `POLICY_READ`.
    async fn role_requirement(&self, ctx: &Context<'_>, #[graphql(desc = "The role's id.")] role: ID) -> Result<Option<RoleRequirement>> {
        let op = op(ctx);
        let role = id(&role).outward(op)?;
        Ok(Some(purposes::requirement(op, role).outward(op)?.into()))
    }
}

/// Changes of purposes.
#[derive(Debug, Default)]
pub struct PurposeMutation;

#[Object]
impl PurposeMutation {
    /// Registers a purpose. Where a role needs a declared purpose and admits this one, it waits for another admin. Needs
    /// `POLICY_MANAGE`, as do all changes of purposes and requirements.
    async fn add_purpose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: AddPurposeInput,
    ) -> Result<Option<PurposePayload>> {
        let op = op(ctx);
        let AddPurposeInput { code, description, hidden, masked, quotas } = input;
        let quotas = quotas.map(policy::Quotas::from).unwrap_or_default();
        let purpose = policy::Purpose { description, retired: false, hidden, masked, quotas };
        let asked = purposes::add(op, &code, &purpose).await.outward(op)?;
        Ok(Some(PurposePayload { purpose: asked.value.map(Purpose::from), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Changes a purpose or retires it. One that would narrow less, or come back, waits for another admin.
    async fn change_purpose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangePurposeInput,
    ) -> Result<Option<PurposePayload>> {
        let op = op(ctx);
        let edit = |was: policy::Purpose| policy::Purpose {
            description: input.description.clone().unwrap_or(was.description),
            retired: input.retired.unwrap_or(was.retired),
            hidden: input.hidden.clone().unwrap_or(was.hidden),
            masked: input.masked.clone().unwrap_or(was.masked),
            quotas: input.quotas.map_or(was.quotas, policy::Quotas::from),
        };
        let asked = purposes::change(op, &input.code, input.expected_revision, edit).await.outward(op)?;
        Ok(Some(PurposePayload { purpose: Some(asked.value.into()), proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Sets what a role asks of its holders before it opens its windows. To ask for less waits for another admin.
    async fn set_role_requirement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to ask for.")] input: SetRoleRequirementInput,
    ) -> Result<Option<RoleRequirementPayload>> {
        let op = op(ctx);
        let role = id(&input.role).outward(op)?;
        let edit = |was: Requirement| Requirement {
            agreements: input.agreements.as_ref().map_or(was.agreements, |kinds| kinds.iter().copied().map(AgreementKind::from).collect()),
            purpose_required: input.purpose_required.unwrap_or(was.purpose_required),
            purposes: input.purposes.clone().unwrap_or(was.purposes),
        };
        let asked = purposes::require(op, role, input.expected_revision, edit).await.outward(op)?;
        Ok(Some(RoleRequirementPayload { requirement: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }
}
