//! Origins of leads, and the files they stand in.

use std::collections::BTreeSet;

use entity::{
    import_run,
    lead_origin::{Column, Entity},
};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, EntityName, EntityTrait, ExprTrait,
    sea_query::{Expr, OnConflict, Query},
};

use sha2::{Digest as _, Sha256};

use super::{find::VALUES, write::miscounted};
use crate::{
    domain::{Channel, Digest, Id, Timestamp},
    policy::LeadScope,
    store::{StoreError, Tx},
};

/// Rows of one `INSERT`, so that no statement binds more values than SQLite takes (32,766).
const ROWS: usize = 2_000;

/// An origin on its way to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrigin {
    /// The lead.
    pub lead: Id,
    /// Tells it from the lead's other origins; the same again is not added.
    pub source: Id,
    /// The channel.
    pub channel: Channel,
    /// When the contact came about, if that is known.
    pub since: Option<Timestamp>,
    /// Now.
    pub recorded_at: Timestamp,
    /// The person or app that notes it; `None` is the operator.
    pub by: Option<Id>,
    /// The account of the register through which it came.
    pub account: Option<Id>,
    /// The import and the number of the record in its file.
    pub record: Option<(Id, u64)>,
}

/// A file that leads are imported from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRun {
    /// The import.
    pub id: Id,
    /// When it began.
    pub at: Timestamp,
    /// Who imports; `None` is the operator.
    pub by: Option<Id>,
    /// The file's name.
    pub file: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
    /// How it was read.
    pub format: &'static str,
    /// The channel of what stands in it.
    pub channel: Channel,
    /// The account of the register through which it came.
    pub account: Option<Id>,
}

impl ImportRun {
    /// What tells the origins it gives from others: the same file, channel and account give a lead the same origin again.
    pub fn source(&self) -> Id {
        let mut hash = Sha256::new_with_prefix(&self.sha256);
        hash.update(self.channel.number().to_be_bytes());
        hash.update(self.account.map_or(0, |account| account.0).to_be_bytes());
        let digest: Digest = hash.finalize().into();
        Id(digest.iter().take(8).fold(0, |number: i64, byte| number << 8 | i64::from(*byte)) & i64::MAX)
    }
}

impl Tx<'_> {
    /// Notes origins, those excepted that the lead has already. The scope proves that it was allowed.
    pub async fn insert_origins(self, _allowed: &LeadScope, origins: &[NewOrigin]) -> Result<(), StoreError> {
        for origins in origins.chunks(ROWS) {
            let mut insert = Query::insert();
            insert.into_table(Entity.table_ref()).columns([
                Column::LeadId,
                Column::Source,
                Column::Channel,
                Column::Since,
                Column::RecordedAt,
                Column::ById,
                Column::AccountId,
                Column::ImportId,
                Column::Record,
            ]);
            for origin in origins {
                let (import, record) = origin.record.unzip();
                let cells: [Option<i64>; 9] = [
                    Some(origin.lead.0),
                    Some(origin.source.0),
                    Some(origin.channel.number()),
                    origin.since.map(|since| since.0),
                    Some(origin.recorded_at.0),
                    origin.by.map(|by| by.0),
                    origin.account.map(|account| account.0),
                    import.map(|import| import.0),
                    record.map(|record| record as i64),
                ];
                insert.values(cells.map(Expr::value)).map_err(miscounted)?;
            }
            insert.on_conflict(OnConflict::columns([Column::LeadId, Column::Source]).do_nothing().to_owned());
            self.0.execute(&insert).await?;
        }
        Ok(())
    }

    /// Those of the leads that have this origin already; what the scope shows of it is not asked.
    pub async fn leads_with_origin(self, _allowed: &LeadScope, source: Id, leads: &[Id]) -> Result<BTreeSet<Id>, StoreError> {
        let mut known = BTreeSet::new();
        for leads in leads.chunks(VALUES) {
            let mut find = Query::select();
            find.column(Column::LeadId).from(Entity.table_ref());
            find.and_where(Expr::col(Column::LeadId).is_in(leads.iter().map(|lead| lead.0)));
            find.and_where(Expr::col(Column::Source).eq(source.0));
            for row in self.0.query_all(&find).await? {
                known.insert(Id(row.try_get_by_index(0)?));
            }
        }
        Ok(known)
    }

    /// Notes the file of an import, once.
    pub async fn put_import_run(self, _allowed: &LeadScope, run: &ImportRun) -> Result<(), StoreError> {
        let row = import_run::ActiveModel {
            id: Set(run.id.0),
            at: Set(run.at.0),
            by_id: Set(run.by.map(|by| by.0)),
            file: Set(run.file.clone()),
            sha256: Set(run.sha256.clone()),
            format: Set(run.format.into()),
            channel: Set(run.channel.number()),
            account_id: Set(run.account.map(|account| account.0)),
        };
        let once = OnConflict::column(import_run::Column::Id).do_nothing().to_owned();
        import_run::Entity::insert(row).on_conflict(once).exec_without_returning(self.0).await?;
        Ok(())
    }
}
