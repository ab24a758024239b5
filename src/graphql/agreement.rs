//! Agreements: published versions, their templates, the text composed for whoever asks, how everybody stands.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};

use super::{
    account::AccountReference,
    error::{Outward, op},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::agreements::{self, ComposedText, Stands, TemplateText, Version},
    domain::{Id, Timestamp, hex},
    policy::{Agreed, AgreementKind, AgreementVersion, Party, Point},
};

/// A kind of agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "AgreementKind", name = "AgreementKind")]
pub enum KindName {
    /// What is seen stays with the company.
    Confidentiality,
    /// What is made for the company belongs to it.
    Assignment,
    /// How contacts and accounts on networks are used.
    SocialMedia,
    /// How the company's systems are used.
    AcceptableUse,
    /// What somebody who leaves confirms.
    ExitCertificate,
    /// What another company and its people promise.
    ThirdPartyNda,
}

/// A published version of an agreement.
#[derive(Clone, Debug, SimpleObject)]
pub struct Agreement {
    /// Its kind.
    kind: KindName,
    /// Counts from 1.
    version: u32,
    /// The title of its text.
    title: String,
    /// SHA-256 of its template, in hexadecimal. What somebody accepts is composed of it; `agreementText` shows that.
    template_sha256: String,
    /// When it was written down for publication.
    dated: DateTime,
    /// Until when acceptances of the version before still count.
    earlier_until: DateTime,
    /// After how many days it has to be accepted again; null is never.
    renew_days: Option<u32>,
    /// Whether it is the one to accept now.
    current: bool,
}

impl Agreement {
    pub(super) fn of(version: AgreementVersion, current: bool) -> Self {
        Self {
            kind: version.kind.into(),
            version: version.version,
            title: version.title,
            template_sha256: version.sha256,
            dated: DateTime(Timestamp(version.dated)),
            earlier_until: DateTime(Timestamp(version.earlier_until)),
            renew_days: version.renew_days,
            current,
        }
    }
}

/// The text that agreements are composed of, with the clauses of every jurisdiction.
#[derive(Clone, Debug)]
pub struct AgreementTemplate(TemplateText);

/// The text that agreements are composed of, with the clauses of every jurisdiction.
#[Object]
impl AgreementTemplate {
    /// Its SHA-256 in hexadecimal.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// Its title.
    async fn title(&self) -> &str {
        self.0.title()
    }

    /// The whole template in Markdown.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The text that somebody of a jurisdiction is shown.
    #[graphql(complexity = 20)]
    async fn composed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A country such as DE, or a part of one such as US-CA; somebody's of whom none is known unless given.")]
        jurisdiction: Option<String>,
    ) -> Result<Option<String>> {
        let op = op(ctx);
        Ok(Some(self.0.composed(jurisdiction.as_deref()).outward(op)?))
    }
}

/// An agreement as somebody is to read it, in full, before they accept it.
#[derive(Clone, Debug, SimpleObject)]
pub struct AgreementText {
    /// The version.
    agreement: Agreement,
    /// The whole text in Markdown.
    text: String,
    /// SHA-256 of the text, in hexadecimal; `acceptAgreement` takes it.
    sha256: String,
    /// The jurisdiction it was composed for; null where it is not known, and then clauses that are meant for some jurisdictions
    /// only are left out.
    jurisdiction: Option<String>,
}

impl From<ComposedText> for AgreementText {
    fn from(composed: ComposedText) -> Self {
        let ComposedText { version, text, sha256, jurisdiction } = composed;
        Self { agreement: Agreement::of(version, true), text, sha256: hex(&sha256), jurisdiction }
    }
}

/// An agreement that somebody's access to leads hangs on.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct AgreementPoint {
    /// Its kind.
    kind: KindName,
    /// The version to accept now; null if none was published.
    version: Option<u32>,
    /// Whether an acceptance counts.
    accepted: bool,
    /// The version that was accepted; during the grace of a new one, the one before.
    accepted_version: Option<u32>,
    /// When that was signed.
    signed_at: Option<DateTime>,
    /// Until when it counts; null with an acceptance is with no end in sight.
    until: Option<DateTime>,
    /// Id of the acceptance.
    acceptance: Option<ID>,
    /// The other company that must have signed; null if it is a person.
    company: Option<String>,
    #[graphql(skip)]
    person: Option<Id>,
}

#[ComplexObject]
impl AgreementPoint {
    /// Who must have accepted it: for an app the person who answers for it. Null if it is a company.
    async fn person(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.person.map(|id| AccountReference::of(op(ctx), id))
    }
}

impl From<Point> for AgreementPoint {
    fn from(point: Point) -> Self {
        let accepted = point.accepted.as_ref();
        let (person, company) = parted(&point.party);
        Self {
            kind: point.kind.into(),
            version: point.version,
            accepted: accepted.is_some(),
            accepted_version: accepted.map(|acceptance| acceptance.version),
            signed_at: accepted.map(|acceptance| DateTime(acceptance.signed_at)),
            until: point.until.map(DateTime),
            acceptance: accepted.map(|acceptance| opaque(acceptance.id)),
            company,
            person,
        }
    }
}

pub(super) fn parted(party: &Party) -> (Option<Id>, Option<String>) {
    match party {
        Party::Person(id) => (Some(*id), None),
        Party::Company(name) => (None, Some(name.clone())),
    }
}

/// An acceptance that was in force.
#[derive(Debug, SimpleObject)]
pub struct AccessAgreement {
    /// Of which kind.
    kind: KindName,
    /// Of which version.
    version: u32,
    /// The acceptance's id; `acceptances` shows it.
    acceptance: ID,
}

impl From<&Agreed> for AccessAgreement {
    fn from(agreed: &Agreed) -> Self {
        Self { kind: agreed.kind.into(), version: agreed.version, acceptance: opaque(agreed.acceptance) }
    }
}

/// How a person or app stands.
#[derive(Clone, Debug)]
pub struct AgreementStanding(Stands);

/// How a person or app stands.
#[Object]
impl AgreementStanding {
    /// Who.
    async fn account(&self, ctx: &Context<'_>) -> AccountReference {
        AccountReference::of(op(ctx), self.0.account)
    }

    /// Whether everything is accepted that their access to leads hangs on.
    async fn complete(&self) -> bool {
        self.0.points.iter().all(|point| point.accepted.is_some())
    }

    /// What their access to leads hangs on.
    async fn agreements(&self) -> Vec<AgreementPoint> {
        self.0.points.iter().cloned().map(AgreementPoint::from).collect()
    }
}

/// Queries about agreements.
#[derive(Debug, Default)]
pub struct AgreementQuery;

#[Object]
impl AgreementQuery {
    /// The published agreements, for everybody who has signed in.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Versions of the past too.", default)] all: bool,
    ) -> Result<Option<Vec<Agreement>>> {
        let op = op(ctx);
        let versions = agreements::current(op, all).outward(op)?;
        Ok(Some(versions.into_iter().map(|Version { version, current }| Agreement::of(version, current)).collect()))
    }

    /// The whole text to accept now, composed for the jurisdiction of the person who asks. The record says that it was shown.
    #[graphql(complexity = "50 + child_complexity")]
    async fn agreement_text(&self, ctx: &Context<'_>, #[graphql(desc = "Of which kind.")] kind: KindName) -> Result<Option<AgreementText>> {
        let op = op(ctx);
        Ok(Some(agreements::text(op, kind.into()).await.outward(op)?.into()))
    }

    /// A template: of a version that waits to be published, which the proposal names by its hash, or of any that was. Needs
    /// `POLICY_READ`; asking is recorded.
    #[graphql(complexity = "50 + child_complexity")]
    async fn agreement_template(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its SHA-256 in hexadecimal.")] sha256: String,
    ) -> Result<Option<AgreementTemplate>> {
        let op = op(ctx);
        Ok(Some(AgreementTemplate(agreements::template(op, &sha256).await.outward(op)?)))
    }

    /// How everybody stands whose roles open windows onto leads, now or as of any moment: by the policy and the acceptances of
    /// then; jurisdictions, companies and who answers for an app are those of today. Needs `POLICY_READ`.
    #[graphql(complexity = "500 + 20 * child_complexity")]
    async fn agreement_standing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this person or app.")] subject: Option<ID>,
        #[graphql(desc = "As of this moment; now unless given.")] at: Option<DateTime>,
    ) -> Result<Option<Vec<AgreementStanding>>> {
        let op = op(ctx);
        let subject = subject.as_ref().map(id).transpose().outward(op)?;
        let stands = agreements::standing(op, subject, at.map(|at| at.0)).await.outward(op)?;
        Ok(Some(stands.into_iter().map(AgreementStanding).collect()))
    }
}
