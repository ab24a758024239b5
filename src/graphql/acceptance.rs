//! Acceptances of agreements, and the papers that some of them stand on.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    account::AccountReference,
    agreement::{KindName, parted},
    error::{Outward, op},
    page::{Asked, connection},
    scalar::{DateTime, id, opaque},
};
use crate::{
    app::agreements::{self, AcceptanceRow, Wanted},
    domain::{Id, hex},
    policy::{self, Party},
};

/// That somebody accepted an agreement, and what proves it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Acceptance {
    /// Opaque id; access records name it.
    id: ID,
    /// Of which kind.
    kind: KindName,
    /// Of which version.
    version: u32,
    /// The other company that signed; null if a person did.
    company: Option<String>,
    /// When it was signed.
    signed_at: DateTime,
    /// Until when it holds, where a paper says so.
    until: Option<DateTime>,
    /// When it was recorded here.
    at: DateTime,
    /// The jurisdiction that the text was composed for.
    jurisdiction: Option<String>,
    /// SHA-256 of the exact text, in hexadecimal; null of a paper.
    text_sha256: Option<String>,
    /// The name as it was typed.
    typed_name: Option<String>,
    /// The internet address it came from.
    address: Option<String>,
    /// The `User-Agent` it came from.
    user_agent: Option<String>,
    /// The session it came in.
    session_id: Option<ID>,
    /// The request it came in; the access log has its record.
    request: ID,
    /// SHA-256 of the signed paper, in hexadecimal; `signedPaper` has its bytes.
    paper_sha256: Option<String>,
    /// What whoever brought the paper in attests.
    attestation: Option<String>,
    #[graphql(skip)]
    row: AcceptanceRow,
}

#[ComplexObject]
impl Acceptance {
    /// The person who accepted; null if it was a company.
    async fn person(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        parted(&self.row.party).0.map(|id| AccountReference::of(op(ctx), id))
    }

    /// Who attests the paper; null with a paper is the operator.
    async fn attested_by(&self, ctx: &Context<'_>) -> Option<AccountReference> {
        self.row.attested_by.map(|id| AccountReference::of(op(ctx), id))
    }

    /// The exact text that was accepted; null of a paper.
    #[graphql(complexity = 20)]
    async fn text(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let op = op(ctx);
        agreements::text_of(op, &self.row).await.outward(op)
    }
}

impl Acceptance {
    const fn cursor(&self) -> Id {
        self.row.acceptance.id
    }
}

impl From<AcceptanceRow> for Acceptance {
    fn from(row: AcceptanceRow) -> Self {
        let policy::Acceptance { id, kind, version, signed_at, until, jurisdiction, .. } = row.acceptance.clone();
        Self {
            id: opaque(id),
            kind: kind.into(),
            version,
            company: parted(&row.party).1,
            signed_at: DateTime(signed_at),
            until: until.map(DateTime),
            at: DateTime(row.at),
            jurisdiction,
            text_sha256: row.text_sha256.as_ref().map(hex),
            typed_name: row.typed_name.clone(),
            address: row.client.ip.clone(),
            user_agent: row.client.user_agent.clone(),
            session_id: row.session.map(opaque),
            request: opaque(row.request),
            paper_sha256: row.paper_sha256.as_ref().map(hex),
            attestation: row.attestation.clone(),
            row,
        }
    }
}

connection!(AcceptanceConnection "Acceptances, the oldest first.", AcceptanceEdge "An acceptance and its place in the list.", Acceptance, Wanted, agreements::count_acceptances);

/// A paper that was signed elsewhere.
#[derive(Clone, Debug, SimpleObject)]
pub struct SignedPaperFile {
    /// The name the file had.
    file_name: String,
    /// Its bytes in base64: PDF.
    content: String,
}

/// Queries about acceptances.
#[derive(Debug, Default)]
pub struct AcceptanceQuery;

#[Object]
impl AcceptanceQuery {
    /// Who accepted what, the oldest first. Needs `POLICY_READ`; asking is recorded.
    #[graphql(complexity = "1 + usize::try_from(first.unwrap_or(50)).unwrap_or(0) * child_complexity")]
    async fn acceptances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this person.")] person: Option<ID>,
        #[graphql(desc = "Only of this other company.")] company: Option<String>,
        #[graphql(desc = "Only of this kind.")] kind: Option<KindName>,
        #[graphql(desc = "How many at most; 50 unless said otherwise.")] first: Option<i32>,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Option<AcceptanceConnection>> {
        let op = op(ctx);
        let asked = Asked::read(op, first, after.as_deref()).outward(op)?;
        let person = person.as_ref().map(id).transpose().outward(op)?;
        let party = person.map(Party::Person).or(company.map(Party::Company));
        let wanted = Wanted { party, kind: kind.map(Into::into) };
        let found = agreements::acceptances(op, &wanted, asked.after, asked.fetch() as u64).await.outward(op)?;
        Ok(Some(AcceptanceConnection::new(asked, wanted, found.into_iter().map(Acceptance::from))))
    }

    /// A signed paper. Needs `POLICY_READ`; asking is recorded.
    #[graphql(complexity = 500)]
    async fn signed_paper(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its SHA-256 in hexadecimal, as `acceptances` names it.")] sha256: String,
    ) -> Result<Option<SignedPaperFile>> {
        let op = op(ctx);
        let paper = agreements::paper(op, &sha256).await.outward(op)?;
        Ok(Some(SignedPaperFile { file_name: paper.name, content: STANDARD.encode(paper.content) }))
    }
}
