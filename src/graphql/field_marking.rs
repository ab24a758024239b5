//! Compartments, field markings, the default marking, the notice.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};

use super::{
    error::{Outward, op},
    marking::{LevelName, MarkingInput},
    proposal::Proposal,
};
use crate::{
    app::markings::{self, Marked},
    domain::Field,
    policy::{Level, Refusal, document::MarkingText},
};

/// A marking that a rule sets.
#[derive(Clone, Debug, SimpleObject)]
pub struct RuledMarking {
    /// The level.
    level: LevelName,
    /// Codes of the compartments.
    compartments: Vec<String>,
    /// Both in one line, as it is printed on what bears the marking.
    banner: String,
}

impl From<Marked> for RuledMarking {
    fn from(marked: Marked) -> Self {
        Self { level: marked.marking.level.into(), compartments: marked.compartments, banner: marked.banner }
    }
}

/// The company-wide marking of a lead field.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldMarking {
    /// Name of the field.
    field: &'static str,
    /// Its marking.
    marking: RuledMarking,
}

/// What holds for every lead and every answer.
#[derive(Clone, Debug, SimpleObject)]
pub struct PolicySettings {
    /// Number of the policy revision in force; for `expectedRevision`.
    revision: i64,
    /// The notice that goes out with every answer.
    notice: String,
    /// The reminder of confidentiality that goes out with the first leads of a day and session.
    reminder: String,
    /// The marking of a lead that comes in without one.
    default_lead_marking: RuledMarking,
}

/// A compartment to be added. It can never be removed.
#[derive(Debug, InputObject)]
pub struct AddCompartmentInput {
    /// Its code: A-Z, 0-9, `-` and `_`.
    code: String,
}

/// The marking of a field.
#[derive(Debug, InputObject)]
pub struct SetFieldMarkingInput {
    /// Name of the field.
    field: String,
    /// Its marking from now on.
    marking: MarkingInput,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
}

/// The notice.
#[derive(Debug, InputObject)]
pub struct SetNoticeInput {
    /// Its text from now on, one line.
    notice: String,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
}

/// The marking of a lead that comes in without one.
#[derive(Debug, InputObject)]
pub struct SetDefaultLeadMarkingInput {
    /// The marking from now on.
    marking: MarkingInput,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
}

/// The compartments as they are now.
#[derive(Debug, SimpleObject)]
pub struct AddCompartmentPayload {
    /// Their codes, in the order they were added.
    compartments: Vec<String>,
}

/// The marking of a field as it is now.
#[derive(Debug, SimpleObject)]
pub struct SetFieldMarkingPayload {
    /// The field with its marking.
    field_marking: FieldMarking,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// The notice as it is now.
#[derive(Debug, SimpleObject)]
pub struct SetNoticePayload {
    /// Its text.
    notice: String,
}

/// The default marking as it is now.
#[derive(Debug, SimpleObject)]
pub struct SetDefaultLeadMarkingPayload {
    /// The marking of a lead that comes in without one.
    marking: RuledMarking,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// Queries about markings.
#[derive(Debug, Default)]
pub struct FieldMarkingQuery;

#[Object]
impl FieldMarkingQuery {
    /// The codes of every compartment, in the order they were added. Needs `POLICY_READ`.
    async fn compartments(&self, ctx: &Context<'_>) -> Result<Option<Vec<String>>> {
        let op = op(ctx);
        Ok(Some(markings::compartments(op).outward(op)?))
    }

    /// The marking of every lead field. Needs `POLICY_READ`.
    async fn field_markings(&self, ctx: &Context<'_>) -> Result<Option<Vec<FieldMarking>>> {
        let op = op(ctx);
        let fields = markings::fields(op).outward(op)?;
        Ok(Some(fields.into_iter().map(|(field, marked)| FieldMarking { field: field.name(), marking: marked.into() }).collect()))
    }

    /// What holds for every lead and every answer. Needs `POLICY_READ`.
    async fn policy_settings(&self, ctx: &Context<'_>) -> Result<Option<PolicySettings>> {
        let op = op(ctx);
        let defaults = markings::defaults(op).outward(op)?;
        Ok(Some(PolicySettings {
            revision: op.snapshot.revision,
            notice: defaults.notice,
            reminder: defaults.reminder,
            default_lead_marking: defaults.lead_marking.into(),
        }))
    }
}

/// Changes of markings.
#[derive(Debug, Default)]
pub struct FieldMarkingMutation;

#[Object]
impl FieldMarkingMutation {
    /// Adds a compartment, for good. Needs `POLICY_MANAGE`, as do all changes of markings.
    async fn add_compartment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: AddCompartmentInput,
    ) -> Result<Option<AddCompartmentPayload>> {
        let op = op(ctx);
        Ok(Some(AddCompartmentPayload { compartments: markings::add_compartment(op, &input.code).await.outward(op)? }))
    }

    /// Sets the company-wide marking of a lead field. One that does not dominate the marking so far waits for another
    /// admin.
    async fn set_field_marking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which field, and its marking.")] input: SetFieldMarkingInput,
    ) -> Result<Option<SetFieldMarkingPayload>> {
        let op = op(ctx);
        let field = Field::from_name(&input.field).ok_or_else(|| Refusal::bad_input("There is no such field.")).outward(op)?;
        let asked = markings::set_field(op, field, &text(input.marking), input.expected_revision).await.outward(op)?;
        let field_marking = FieldMarking { field: field.name(), marking: asked.value.into() };
        Ok(Some(SetFieldMarkingPayload { field_marking, proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Sets the notice that goes out with every answer.
    async fn set_notice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its text.")] input: SetNoticeInput,
    ) -> Result<Option<SetNoticePayload>> {
        let op = op(ctx);
        Ok(Some(SetNoticePayload { notice: markings::set_notice(op, &input.notice, input.expected_revision).await.outward(op)? }))
    }

    /// Sets the marking of a lead that comes in without one. One that does not dominate that so far waits for another
    /// admin.
    async fn set_default_lead_marking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The marking.")] input: SetDefaultLeadMarkingInput,
    ) -> Result<Option<SetDefaultLeadMarkingPayload>> {
        let op = op(ctx);
        let asked = markings::set_default(op, &text(input.marking), input.expected_revision).await.outward(op)?;
        Ok(Some(SetDefaultLeadMarkingPayload { marking: asked.value.into(), proposal: asked.proposal.map(Proposal::from) }))
    }
}

fn text(marking: MarkingInput) -> MarkingText {
    MarkingText { level: Level::from(marking.level).name().to_owned(), compartments: marking.compartments }
}
