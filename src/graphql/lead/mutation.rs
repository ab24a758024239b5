//! Changing leads.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::{input::hundredths, single::Lead};
use crate::{
    app::leads::{self, Changed, NewLeadRequest, SaidOrigin},
    domain::{Field, LeadValues},
    graphql::{
        channel::ChannelName,
        error::{Outward, op},
        marking::MarkingInput,
        scalar::{self, DateTime},
    },
    policy::Refusal,
};

/// Values of a lead. What is left out stays as it is; null empties the field.
#[derive(Clone, Debug, Default, InputObject)]
pub struct LeadValuesInput {
    /// The company the lead works for.
    company: MaybeUndefined<String>,
    /// The company's line of business.
    industry: MaybeUndefined<String>,
    /// The country the company is in.
    country: MaybeUndefined<String>,
    /// Where the deal stands.
    stage: MaybeUndefined<String>,
    /// The channel through which the lead came in.
    source: MaybeUndefined<String>,
    /// First name.
    first_name: MaybeUndefined<String>,
    /// Last name.
    last_name: MaybeUndefined<String>,
    /// Job title.
    title: MaybeUndefined<String>,
    /// The company's website.
    website: MaybeUndefined<String>,
    /// The city the lead works in.
    city: MaybeUndefined<String>,
    /// Free labels.
    tags: MaybeUndefined<Vec<String>>,
    /// The lead's id in the system it came from.
    reference: MaybeUndefined<String>,
    /// E-mail addresses, the main one first.
    emails: MaybeUndefined<Vec<String>>,
    /// Telephone numbers, the main one first.
    phones: MaybeUndefined<Vec<String>>,
    /// Expected value of the deal, in the company's currency.
    deal_value: MaybeUndefined<f64>,
    /// How promising the lead is, 0 to 100.
    score: MaybeUndefined<i32>,
    /// What colleagues wrote about the lead.
    notes: MaybeUndefined<String>,
}

/// Where a lead comes from. Who says so and when is noted with it.
#[derive(Clone, Debug, InputObject)]
pub struct LeadOriginInput {
    /// The channel.
    channel: ChannelName,
    /// When the contact came about, if that is known.
    since: Option<DateTime>,
    /// The account of the register through which it came.
    account_id: Option<ID>,
}

impl LeadOriginInput {
    pub(super) fn read(self) -> std::result::Result<SaidOrigin, Refusal> {
        let account = self.account_id.as_ref().map(scalar::id).transpose()?;
        Ok(SaidOrigin { channel: Some(self.channel.into()), since: self.since.map(|since| since.0), account })
    }
}

/// A lead to be added.
#[derive(Clone, Debug, InputObject)]
pub struct CreateLeadInput {
    /// Its values.
    values: LeadValuesInput,
    /// The person responsible; the caller unless said otherwise.
    owner: Option<ID>,
    /// The team; the caller's unless said otherwise.
    team: Option<ID>,
    /// Its marking; the company's default unless said otherwise.
    marking: Option<MarkingInput>,
    /// Where it comes from; the channel OTHER unless said otherwise.
    origin: Option<LeadOriginInput>,
    /// With the same key the same lead is answered, however often this is sent.
    idempotency_key: Option<String>,
}

/// A lead to be changed.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateLeadInput {
    /// Which lead.
    id: ID,
    /// Refuse if the lead is no longer at this version.
    expected_version: Option<i64>,
    /// What to set.
    values: LeadValuesInput,
}

/// A lead to be given to somebody.
#[derive(Clone, Debug, InputObject)]
pub struct AssignLeadInput {
    /// Which lead.
    id: ID,
    /// Refuse if the lead is no longer at this version.
    expected_version: Option<i64>,
    /// The new owner.
    owner: Option<ID>,
    /// The new team.
    team: Option<ID>,
}

/// A lead to be marked.
#[derive(Clone, Debug, InputObject)]
pub struct MarkLeadInput {
    /// Which lead.
    id: ID,
    /// Refuse if the lead is no longer at this version.
    expected_version: Option<i64>,
    /// The new marking.
    marking: MarkingInput,
    /// Why; needed for lowering.
    reason: Option<String>,
}

/// A lead to be put away or brought back.
#[derive(Clone, Debug, InputObject)]
pub struct ArchiveLeadInput {
    /// Which lead.
    id: ID,
    /// Refuse if the lead is no longer at this version.
    expected_version: Option<i64>,
    /// Whether it is put away.
    #[graphql(default = true)]
    archived: bool,
}

/// A change of a lead.
#[derive(SimpleObject)]
pub struct LeadPayload {
    /// The lead as the caller sees it now; null if the change has moved it out of their sight.
    lead: Option<Lead>,
}

impl From<Changed> for LeadPayload {
    fn from(changed: Changed) -> Self {
        Self { lead: Some(Lead::Written(changed)) }
    }
}

/// Changes of leads.
#[derive(Debug, Default)]
pub struct LeadMutation;

#[Object]
impl LeadMutation {
    /// Adds a lead.
    async fn create_lead(&self, ctx: &Context<'_>, #[graphql(desc = "The lead.")] input: CreateLeadInput) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        let mut values = input.values.read();
        for (field, place) in [(Field::Owner, &input.owner), (Field::Team, &input.team)] {
            if let Some(place) = place {
                values.set_integer(field, scalar::id(place).outward(op)?.0);
            }
        }
        let marking = input.marking.map(|marking| marking.marking(&op.snapshot.document)).transpose().outward(op)?;
        let origin = input.origin.map(LeadOriginInput::read).transpose().outward(op)?.unwrap_or_default();
        let request = NewLeadRequest { values, marking, origin, idempotency_key: input.idempotency_key };
        Ok(Some(leads::create(op, request).await.outward(op)?.into()))
    }

    /// Sets values of a lead.
    async fn update_lead(&self, ctx: &Context<'_>, #[graphql(desc = "The change.")] input: UpdateLeadInput) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        let id = scalar::id(&input.id).outward(op)?;
        Ok(Some(leads::update(op, id, input.expected_version, input.values.read()).await.outward(op)?.into()))
    }

    /// Gives a lead another owner or team.
    async fn assign_lead(&self, ctx: &Context<'_>, #[graphql(desc = "The change.")] input: AssignLeadInput) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        let id = scalar::id(&input.id).outward(op)?;
        let place = |place: &Option<ID>| place.as_ref().map(scalar::id).transpose();
        let (owner, team) = (place(&input.owner).outward(op)?, place(&input.team).outward(op)?);
        if owner.is_none() && team.is_none() {
            return Err(Refusal::bad_input("Give an owner, a team or both.")).outward(op);
        }
        Ok(Some(leads::assign(op, id, input.expected_version, owner, team).await.outward(op)?.into()))
    }

    /// Marks a lead: raising needs LEAD_MARK, lowering LEAD_DECLASSIFY and a reason.
    async fn mark_lead(&self, ctx: &Context<'_>, #[graphql(desc = "The change.")] input: MarkLeadInput) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        let id = scalar::id(&input.id).outward(op)?;
        let marking = input.marking.marking(&op.snapshot.document).outward(op)?;
        Ok(Some(leads::mark(op, id, input.expected_version, marking, input.reason).await.outward(op)?.into()))
    }

    /// Puts a lead away, or brings it back.
    async fn archive_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The change.")] input: ArchiveLeadInput,
    ) -> Result<Option<LeadPayload>> {
        let op = op(ctx);
        let id = scalar::id(&input.id).outward(op)?;
        Ok(Some(leads::archive(op, id, input.expected_version, input.archived).await.outward(op)?.into()))
    }
}

impl LeadValuesInput {
    fn read(self) -> LeadValues {
        let mut values = LeadValues::default();
        let texts = [
            (Field::Company, self.company),
            (Field::Industry, self.industry),
            (Field::Country, self.country),
            (Field::Stage, self.stage),
            (Field::Source, self.source),
            (Field::FirstName, self.first_name),
            (Field::LastName, self.last_name),
            (Field::Title, self.title),
            (Field::Website, self.website),
            (Field::City, self.city),
            (Field::Reference, self.reference),
            (Field::Notes, self.notes),
        ];
        for (field, text) in texts {
            set(&mut values, field, text, LeadValues::set_text);
        }
        for (field, list) in [(Field::Tags, self.tags), (Field::Emails, self.emails), (Field::Phones, self.phones)] {
            set(&mut values, field, list, |values, field, list| values.set_text(field, lines(&list)));
        }
        set(&mut values, Field::DealValue, self.deal_value, |values, field, amount| values.set_integer(field, hundredths(amount)));
        set(&mut values, Field::Score, self.score, |values, field, score| values.set_integer(field, score.into()));
        values
    }
}

fn set<T>(values: &mut LeadValues, field: Field, given: MaybeUndefined<T>, put: impl FnOnce(&mut LeadValues, Field, T)) {
    match given {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => drop(values.0.insert(field, None)),
        MaybeUndefined::Value(value) => put(values, field, value),
    }
}

/// One item to a line, blank ones left out.
fn lines(items: &[String]) -> String {
    let clean = items.iter().map(|item| item.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|item| !item.is_empty());
    clean.collect::<Vec<_>>().join("\n")
}
