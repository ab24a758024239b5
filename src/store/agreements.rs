//! Texts of agreements, acceptances, papers.

use entity::{acceptance, agreement_text, paper};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

use super::{Store, StoreError, Tx};
use crate::{
    domain::{Client, Digest, Id, Timestamp},
    policy::{Acceptance, Acceptances, AgreementKind, Party, Permit},
};

/// An acceptance with all that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptanceRow {
    /// What decisions need of it.
    pub acceptance: Acceptance,
    /// Who is bound.
    pub party: Party,
    /// SHA-256 of the exact text that was accepted; `None` of a paper, whose text is its own.
    pub text_sha256: Option<Digest>,
    /// The name as it was typed.
    pub typed_name: Option<String>,
    /// When it was recorded here.
    pub at: Timestamp,
    /// From where.
    pub client: Client,
    /// In which session.
    pub session: Option<Id>,
    /// SHA-256 of the paper.
    pub paper_sha256: Option<Digest>,
    /// Who attests the paper; `None` with a paper is the operator.
    pub attested_by: Option<Id>,
    /// In their words.
    pub attestation: Option<String>,
    /// The operation.
    pub request: Id,
}

/// A paper about to be kept.
#[derive(Clone, Debug)]
pub struct NewPaper {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// The file's name.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A paper as it was kept.
#[derive(Clone, Debug)]
pub struct Paper {
    /// The file's name.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Which acceptances are wanted; all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct AcceptanceFilter {
    /// Of this person or company.
    pub party: Option<Party>,
    /// Of this kind.
    pub kind: Option<AgreementKind>,
    /// Recorded at this moment or before.
    pub until: Option<Timestamp>,
}

impl AcceptanceFilter {
    fn condition(&self) -> Condition {
        let mut all = Condition::all();
        if let Some(party) = &self.party {
            all = all.add(of(party));
        }
        if let Some(kind) = self.kind {
            all = all.add(acceptance::Column::Kind.eq(kind.name()));
        }
        if let Some(until) = self.until {
            all = all.add(acceptance::Column::At.lte(until.0));
        }
        all
    }
}

impl Tx<'_> {
    /// Keeps a text under its hash.
    pub async fn put_agreement_text(self, sha256: &Digest, body: &str) -> Result<(), StoreError> {
        let row = agreement_text::ActiveModel { sha256: Set(sha256.to_vec()), body: Set(body.to_owned()) };
        let known = OnConflict::column(agreement_text::Column::Sha256).do_nothing().to_owned();
        agreement_text::Entity::insert(row).on_conflict(known).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Keeps a paper under its hash.
    pub async fn put_paper(self, _permit: Permit, new: &NewPaper, at: Timestamp) -> Result<(), StoreError> {
        let row = paper::ActiveModel {
            sha256: Set(new.sha256.to_vec()),
            name: Set(new.name.clone()),
            content: Set(new.content.clone()),
            at: Set(at.0),
        };
        let known = OnConflict::column(paper::Column::Sha256).do_nothing().to_owned();
        paper::Entity::insert(row).on_conflict(known).exec_without_returning(self.0).await?;
        Ok(())
    }

    /// Writes an acceptance down. Earlier ones of the same kind, of this version or of one before, count no more.
    pub async fn put_acceptance(self, new: &AcceptanceRow) -> Result<(), StoreError> {
        let Acceptance { id, kind, version, signed_at, until, jurisdiction, .. } = &new.acceptance;
        let replaced = acceptance::Entity::update_many()
            .col_expr(acceptance::Column::Replaced, Expr::value(1_i64))
            .filter(of(&new.party))
            .filter(acceptance::Column::Kind.eq(kind.name()))
            .filter(acceptance::Column::Version.lte(i64::from(*version)))
            .filter(acceptance::Column::SignedAt.lte(signed_at.0));
        replaced.exec(self.0).await?;
        let (person, company) = match &new.party {
            Party::Person(id) => (Some(id.0), None),
            Party::Company(name) => (None, Some(name.clone())),
        };
        let row = acceptance::ActiveModel {
            id: Set(id.0),
            kind: Set(kind.name().to_owned()),
            version: Set(i64::from(*version)),
            person_id: Set(person),
            company: Set(company),
            jurisdiction: Set(jurisdiction.clone()),
            text_sha256: Set(new.text_sha256.map(Vec::from)),
            typed_name: Set(new.typed_name.clone()),
            signed_at: Set(signed_at.0),
            until_at: Set(until.map(|until| until.0)),
            at: Set(new.at.0),
            ip: Set(new.client.ip.clone()),
            user_agent: Set(new.client.user_agent.clone()),
            session_id: Set(new.session.map(|id| id.0)),
            paper_sha256: Set(new.paper_sha256.map(Vec::from)),
            attested_by: Set(new.attested_by.map(|id| id.0)),
            attestation: Set(new.attestation.clone()),
            replaced: Set(0),
            request_id: Set(new.request.0),
        };
        acceptance::Entity::insert(row).exec_without_returning(self.0).await?;
        Ok(())
    }
}

impl Store {
    /// The text with this hash.
    pub async fn agreement_text(&self, sha256: &Digest) -> Result<Option<String>, StoreError> {
        Ok(agreement_text::Entity::find_by_id(sha256.to_vec()).one(&self.0.main).await?.map(|row| row.body))
    }

    /// At most `first` acceptances by rising id, those behind `after`.
    pub async fn acceptances(&self, wanted: &AcceptanceFilter, after: Option<Id>, first: u64) -> Result<Vec<AcceptanceRow>, StoreError> {
        let query = acceptance::Entity::find().filter(wanted.condition());
        let query = query.filter(acceptance::Column::Id.gt(after.map_or(i64::MIN, |after| after.0)));
        query.order_by_asc(acceptance::Column::Id).limit(first).all(&self.0.main).await?.into_iter().map(read).collect()
    }

    /// How many acceptances there are.
    pub async fn count_acceptances(&self, wanted: &AcceptanceFilter) -> Result<u64, StoreError> {
        Ok(acceptance::Entity::find().filter(wanted.condition()).count(&self.0.main).await?)
    }

    /// The acceptance with this id.
    pub async fn acceptance(&self, id: Id) -> Result<Option<AcceptanceRow>, StoreError> {
        acceptance::Entity::find_by_id(id.0).one(&self.0.main).await?.map(read).transpose()
    }

    /// The paper with this hash.
    pub async fn paper(&self, _permit: Permit, sha256: &Digest) -> Result<Option<Paper>, StoreError> {
        let row = paper::Entity::find_by_id(sha256.to_vec()).one(&self.0.main).await?;
        Ok(row.map(|row| Paper { name: row.name, content: row.content }))
    }
}

/// The acceptances that no later one has replaced.
pub(super) async fn standing(connection: &impl ConnectionTrait) -> Result<Acceptances, StoreError> {
    let rows = acceptance::Entity::find().filter(acceptance::Column::Replaced.eq(0)).all(connection).await?;
    let mut standing = Acceptances::new();
    for row in rows {
        let AcceptanceRow { party, acceptance, .. } = read(row)?;
        standing.entry(party).or_default().push(acceptance);
    }
    Ok(standing)
}

fn of(party: &Party) -> sea_orm::sea_query::SimpleExpr {
    match party {
        Party::Person(id) => acceptance::Column::PersonId.eq(id.0),
        Party::Company(name) => acceptance::Column::Company.eq(name.as_str()),
    }
}

fn read(row: acceptance::Model) -> Result<AcceptanceRow, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("acceptance {}", row.id));
    let digest = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| bytes.as_slice().try_into().map_err(|_| corrupt())).transpose();
    let party = match (row.person_id, &row.company) {
        (Some(id), None) => Party::Person(Id(id)),
        (None, Some(name)) => Party::Company(name.clone()),
        _ => return Err(corrupt()),
    };
    let acceptance = Acceptance {
        id: Id(row.id),
        kind: AgreementKind::from_name(&row.kind).ok_or_else(corrupt)?,
        version: u32::try_from(row.version).map_err(|_| corrupt())?,
        signed_at: Timestamp(row.signed_at),
        until: row.until_at.map(Timestamp),
        paper: row.paper_sha256.is_some(),
        jurisdiction: row.jurisdiction.clone(),
    };
    Ok(AcceptanceRow {
        acceptance,
        party,
        text_sha256: digest(&row.text_sha256)?,
        paper_sha256: digest(&row.paper_sha256)?,
        typed_name: row.typed_name,
        at: Timestamp(row.at),
        client: Client { ip: row.ip, user_agent: row.user_agent },
        session: row.session_id.map(Id),
        attested_by: row.attested_by.map(Id),
        attestation: row.attestation,
        request: Id(row.request_id),
    })
}
