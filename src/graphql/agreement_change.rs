//! Accepting agreements, publishing them, bringing in signed papers.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::{
    acceptance::Acceptance,
    agreement::{Agreement, KindName},
    error::{Outward, op},
    person::{Person, PersonPayload},
    proposal::Proposal,
    scalar::{DateTime, id},
    upload::Upload,
};
use crate::{
    app::{
        Error, Op,
        agreements::{self, Draft, Placed, Renewal, SignedPaper},
    },
    policy::{Party, Refusal},
};

/// That the person who asks accepts an agreement.
#[derive(Debug, InputObject)]
pub struct AcceptAgreementInput {
    /// Its kind.
    kind: KindName,
    /// The version that was read.
    version: u32,
    /// The SHA-256 of the text that was read, as `agreementText` names it.
    sha256: String,
    /// Their name, typed as their account has it.
    typed_name: String,
}

/// An acceptance.
#[derive(Debug, SimpleObject)]
pub struct AcceptancePayload {
    /// The acceptance.
    acceptance: Acceptance,
}

/// A version to be published.
#[derive(Debug, InputObject)]
pub struct PublishAgreementInput {
    /// Its kind.
    kind: KindName,
    /// Its template in Markdown: `# Title`, then clauses `## Heading`. A clause that is meant for some jurisdictions only says so
    /// behind its heading, `{only US-TX DE}` or `{not US-CA}`.
    text: String,
    /// For how many days acceptances of the version before still count; what the server's settings say (14) unless given.
    grace_days: Option<u32>,
    /// After how many days it has to be accepted again; null is never. What the server's settings say (365) unless given.
    renew_days: MaybeUndefined<u32>,
}

/// The version to accept now, and what waits.
#[derive(Debug, SimpleObject)]
pub struct PublishAgreementPayload {
    /// The version to accept now; null if none was published yet.
    agreement: Option<Agreement>,
    /// What waits for another admin; null if it took hold.
    proposal: Option<Proposal>,
}

/// A paper that was signed elsewhere: a PDF of at most 10 MiB. Either `person` or `company` signed it.
#[derive(Debug, InputObject)]
pub struct ImportSignedPaperInput {
    /// The file.
    file: Upload,
    /// The person who signed it.
    person: Option<ID>,
    /// The other company that signed it, as its people's accounts name it.
    company: Option<String>,
    /// What it stands for.
    kind: KindName,
    /// Which version; the current one unless given.
    version: Option<u32>,
    /// When it was signed.
    signed_at: DateTime,
    /// Until when it holds, if it says so.
    until: Option<DateTime>,
    /// What you attest, for example that you saw them sign it.
    attestation: String,
}

/// Which law a person is under and where they come from; what is left out stays, an empty text takes it away.
#[derive(Debug, InputObject)]
pub struct PlacePersonInput {
    /// Who.
    id: ID,
    /// The version that was read; refused with `CONFLICT` if there is a newer one.
    expected_version: i64,
    /// The jurisdiction whose agreements they accept: a country such as `DE`, or a part of one such as `US-CA`.
    jurisdiction: Option<String>,
    /// The other company they come from: then its non-disclosure agreement and their own are asked for.
    company: Option<String>,
}

/// The reminder.
#[derive(Debug, InputObject)]
pub struct SetReminderInput {
    /// Its text from now on, one line.
    reminder: String,
    /// The policy revision that was read; refused with `CONFLICT` if there is a newer one.
    expected_revision: Option<i64>,
}

/// The reminder as it is now.
#[derive(Debug, SimpleObject)]
pub struct SetReminderPayload {
    /// Its text.
    reminder: String,
}

/// Changes of agreements.
#[derive(Debug, Default)]
pub struct AgreementMutation;

#[Object]
impl AgreementMutation {
    /// Accepts the current version of an agreement for the person who asks. `CONFLICT` says that it is not the text they are to
    /// accept now.
    async fn accept_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What they accept.")] input: AcceptAgreementInput,
    ) -> Result<Option<AcceptancePayload>> {
        let op = op(ctx);
        let accepted = agreements::accept(op, input.kind.into(), input.version, &input.sha256, &input.typed_name).await.outward(op)?;
        Ok(Some(AcceptancePayload { acceptance: accepted.into() }))
    }

    /// Publishes the next version of an agreement; it waits for another admin, to whom `agreementTemplate` shows it. Needs `POLICY_MANAGE`.
    async fn publish_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to publish.")] input: PublishAgreementInput,
    ) -> Result<Option<PublishAgreementPayload>> {
        let op = op(ctx);
        let PublishAgreementInput { kind, text, grace_days, renew_days } = input;
        let renewal = match renew_days {
            MaybeUndefined::Undefined => Renewal::AsSet,
            MaybeUndefined::Null => Renewal::Never,
            MaybeUndefined::Value(days) => Renewal::After(days),
        };
        let asked = agreements::publish(op, &Draft { kind: kind.into(), text, grace_days, renewal }).await.outward(op)?;
        let agreement = asked.value.map(|version| Agreement::of(version, true));
        Ok(Some(PublishAgreementPayload { agreement, proposal: asked.proposal.map(Proposal::from) }))
    }

    /// Records a signed paper as somebody's acceptance. Nobody attests a paper of their own. Needs `ACCOUNTS_MANAGE`.
    async fn import_signed_paper(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The paper, and who signed it.")] input: ImportSignedPaperInput,
    ) -> Result<Option<AcceptancePayload>> {
        let op = op(ctx);
        let accepted = import(ctx, op, input).await.outward(op)?;
        Ok(Some(AcceptancePayload { acceptance: accepted.into() }))
    }

    /// Says which law a person is under and which other company they come from. Who comes under another law has to accept again.
    /// Needs `ACCOUNTS_MANAGE`.
    async fn place_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and where they stand.")] input: PlacePersonInput,
    ) -> Result<Option<PersonPayload>> {
        let op = op(ctx);
        let person = id(&input.id).outward(op)?;
        let placed = Placed { jurisdiction: input.jurisdiction, company: input.company };
        let person: Person = agreements::place(op, person, input.expected_version, &placed).await.outward(op)?.into();
        Ok(Some(PersonPayload { person }))
    }

    /// Sets the reminder of confidentiality that goes out with the first leads of a day and session. Needs `POLICY_MANAGE`.
    async fn set_reminder(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its text.")] input: SetReminderInput,
    ) -> Result<Option<SetReminderPayload>> {
        let op = op(ctx);
        let reminder = agreements::set_reminder(op, &input.reminder, input.expected_revision).await.outward(op)?;
        Ok(Some(SetReminderPayload { reminder }))
    }
}

async fn import(ctx: &Context<'_>, op: &Op, input: ImportSignedPaperInput) -> Result<agreements::AcceptanceRow, Error> {
    let party = match (&input.person, input.company) {
        (Some(person), None) => Party::Person(id(person)?),
        (None, Some(name)) => Party::Company(name),
        _ => return Err(Refusal::bad_input("Name the person or the company that signed.").into()),
    };
    op.rights.permit(crate::policy::Permission::AccountsManage)?;
    let (uploads, number) = input.file.find(ctx)?;
    let file = uploads.0.get(number).ok_or_else(|| Refusal::bad_input("No file came with the request."))?;
    let content = agreements::read_paper(&file.path()).await?;
    let signed = SignedPaper {
        party,
        kind: input.kind.into(),
        version: input.version,
        signed_at: input.signed_at.0,
        until: input.until.map(|until| until.0),
        attestation: input.attestation,
        name: file.name.clone(),
        content,
    };
    agreements::import_paper(op, signed).await
}
