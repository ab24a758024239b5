//! What the ledger keeps of the world outside: attestations of its heads, how it stands with those who make them, that the log
//! was found to be another than the one seen before, and that an operator has acknowledged it.

use std::str::FromStr as _;

use entity::{ledger_acknowledgement, ledger_anchor, ledger_attestation, ledger_breach};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Values};

use super::{LedgerWriter, Writer};
use crate::{
    domain::Timestamp,
    ledger::Breach,
    store::{Store, StoreError, kept::bound},
};

const ATTEST: &str = "INSERT INTO ledger_attestation (size, kind, source, body, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const ANCHOR: &str = "\
INSERT INTO ledger_anchor (source, kind, size, at, tried_at, failing_since, error, claim) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (source) DO UPDATE SET kind = $2, size = $3, at = $4, tried_at = $5, failing_since = $6, error = $7, claim = $8";
const BREACH: &str = "INSERT INTO ledger_breach (what, at, source) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const ACKNOWLEDGE: &str = "INSERT INTO ledger_acknowledgement (what, at, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// Who attests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attester {
    /// A witness, with a cosignature.
    Witness = 1,
    /// A time stamping authority, with a token.
    Authority = 2,
}

/// What somebody outside has said of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// Of what kind.
    pub kind: Attester,
    /// A witness's name, an authority's address.
    pub source: String,
    /// A signature line with its line feed, or the authority's answer in DER.
    pub body: Vec<u8>,
    /// When, as they say.
    pub at: Timestamp,
}

/// How it stands with one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// A witness's name, an authority's address.
    pub source: String,
    /// Of what kind.
    pub kind: Attester,
    /// The size of the head attested last; 0: none.
    pub size: u64,
    /// When that was.
    pub at: Option<Timestamp>,
    /// When it was last asked.
    pub tried_at: Timestamp,
    /// Since when it has not attested what it was asked for.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub error: Option<String>,
    /// What it says of the log without proof.
    pub claim: Option<Breach>,
}

impl Anchor {
    /// Of somebody who was never asked before `now`.
    pub fn unasked(source: &str, kind: Attester, now: Timestamp) -> Self {
        Self { source: source.to_owned(), kind, size: 0, at: None, tried_at: now, failing_since: None, error: None, claim: None }
    }
}

/// A breach that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundBreach {
    /// What.
    pub breach: Breach,
    /// When.
    pub at: Timestamp,
    /// By what it was noticed.
    pub source: String,
}

/// A breach that an operator has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcknowledgedBreach {
    /// What.
    pub breach: Breach,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

enum Cell {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl From<Cell> for sea_orm::Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Number(number) => number.into(),
            Cell::Text(text) => text.into(),
            Cell::Bytes(bytes) => bytes.into(),
        }
    }
}

impl From<Cell> for rusqlite::types::Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Number(number) => number.into(),
            Cell::Text(text) => text.into(),
            Cell::Bytes(bytes) => bytes.into(),
        }
    }
}

fn number(number: i64) -> Cell {
    Cell::Number(Some(number))
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(Some(text.into()))
}

const fn moment(at: Option<Timestamp>) -> Cell {
    Cell::Number(match at {
        Some(at) => Some(at.0),
        None => None,
    })
}

impl LedgerWriter {
    /// Keeps an attestation of the head over `size` entries; one that is there already stays.
    pub async fn attest(&self, size: u64, attestation: &Attestation) -> Result<(), StoreError> {
        let Attestation { kind, source, body, at } = attestation;
        self.put(ATTEST, vec![number(size as i64), number(*kind as i64), text(source), Cell::Bytes(body.clone()), number(at.0)]).await
    }

    /// Notes how it stands with somebody outside.
    pub async fn note_anchor(&self, anchor: &Anchor) -> Result<(), StoreError> {
        let Anchor { source, kind, size, at, tried_at, failing_since, error, claim } = anchor;
        let cells = vec![
            text(source),
            number(*kind as i64),
            number(*size as i64),
            moment(*at),
            number(tried_at.0),
            moment(*failing_since),
            Cell::Text(error.clone()),
            Cell::Text(claim.as_ref().map(Breach::to_string)),
        ];
        self.put(ANCHOR, cells).await
    }

    /// Notes that the log is not the one seen before.
    pub async fn note_breach(&self, found: &FoundBreach) -> Result<(), StoreError> {
        self.put(BREACH, vec![text(found.breach.to_string()), number(found.at.0), text(&found.source)]).await
    }

    /// Notes that an operator has acknowledged it.
    pub async fn note_acknowledged(&self, acknowledged: &AcknowledgedBreach) -> Result<(), StoreError> {
        self.put(ACKNOWLEDGE, vec![text(acknowledged.breach.to_string()), number(acknowledged.at.0), text(&acknowledged.reason)]).await
    }

    async fn put(&self, sql: &'static str, cells: Vec<Cell>) -> Result<(), StoreError> {
        match &*self.0 {
            Writer::Sqlite(file) => {
                let values: Vec<rusqlite::types::Value> = cells.into_iter().map(Into::into).collect();
                file.run(move |connection| Ok(connection.execute(sql, rusqlite::params_from_iter(values)).map(drop)?)).await
            }
            Writer::Postgres(kept) => {
                let values: Vec<sea_orm::Value> = cells.into_iter().map(Into::into).collect();
                kept.execute(bound(sql, Values(values))).await.map(drop)
            }
        }
    }
}

const fn kind_of(number: i64) -> Attester {
    if number == Attester::Witness as i64 { Attester::Witness } else { Attester::Authority }
}

impl Store {
    /// What was said of the head over `size` entries, by kind and name.
    pub async fn attestations(&self, size: u64) -> Result<Vec<Attestation>, StoreError> {
        let query = ledger_attestation::Entity::find().filter(ledger_attestation::Column::Size.eq(size as i64));
        let query = query.order_by_asc(ledger_attestation::Column::Kind).order_by_asc(ledger_attestation::Column::Source);
        let row = |row: ledger_attestation::Model| Attestation {
            kind: kind_of(row.kind),
            source: row.source,
            body: row.body,
            at: Timestamp(row.at),
        };
        Ok(query.all(&self.0.ledger).await?.into_iter().map(row).collect())
    }

    /// The size of the largest head that was attested, by somebody of this kind if one is given, and by this one.
    pub async fn newest_attested(&self, kind: Option<Attester>, source: Option<&str>) -> Result<Option<u64>, StoreError> {
        let mut query = ledger_attestation::Entity::find();
        if let Some(kind) = kind {
            query = query.filter(ledger_attestation::Column::Kind.eq(kind as i64));
        }
        if let Some(source) = source {
            query = query.filter(ledger_attestation::Column::Source.eq(source));
        }
        let row = query.order_by_desc(ledger_attestation::Column::Size).one(&self.0.ledger).await?;
        Ok(row.map(|row| row.size as u64))
    }

    /// How it stands with those who were asked, by name.
    pub async fn anchors(&self) -> Result<Vec<Anchor>, StoreError> {
        let rows = ledger_anchor::Entity::find().order_by_asc(ledger_anchor::Column::Source).all(&self.0.ledger).await?;
        let row = |row: ledger_anchor::Model| {
            Ok(Anchor {
                kind: kind_of(row.kind),
                source: row.source,
                size: row.size as u64,
                at: row.at.map(Timestamp),
                tried_at: Timestamp(row.tried_at),
                failing_since: row.failing_since.map(Timestamp),
                error: row.error,
                claim: row.claim.as_deref().map(breach).transpose()?,
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// Every breach that was found, the oldest first.
    pub async fn breaches(&self) -> Result<Vec<FoundBreach>, StoreError> {
        let rows = ledger_breach::Entity::find().order_by_asc(ledger_breach::Column::At).all(&self.0.ledger).await?;
        let row = |row: ledger_breach::Model| Ok(FoundBreach { breach: breach(&row.what)?, at: Timestamp(row.at), source: row.source });
        rows.into_iter().map(row).collect()
    }

    /// Every breach that an operator has acknowledged, the oldest first.
    pub async fn acknowledged(&self) -> Result<Vec<AcknowledgedBreach>, StoreError> {
        let rows = ledger_acknowledgement::Entity::find().order_by_asc(ledger_acknowledgement::Column::At).all(&self.0.ledger).await?;
        let row = |row: ledger_acknowledgement::Model| {
            Ok(AcknowledgedBreach { breach: breach(&row.what)?, at: Timestamp(row.at), reason: row.reason })
        };
        rows.into_iter().map(row).collect()
    }
}

fn breach(text: &str) -> Result<Breach, StoreError> {
    Breach::from_str(text).map_err(|error| StoreError::Corrupt(format!("{error}: {text}")))
}
