//! The access log: entries by epoch, the runs that give them their global index, checkpoints; triggers keep them as they
//! are. The edge is only what the sequencer goes on from; it can be computed from the entries.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DDL).await?;
        let guards = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES_GUARDS,
            _ => SQLITE_GUARDS,
        };
        for table in ["ledger_epoch", "ledger_entry", "ledger_run", "ledger_checkpoint"] {
            dialect::run(manager, &guards.replace("GUARDED", table)).await?;
        }
        Ok(())
    }
}

const DDL: &str = r"
CREATE TABLE ledger_epoch (
    id ROWID, started_at BIGINT NOT NULL
)
--
CREATE TABLE ledger_entry (
    epoch BIGINT NOT NULL, rseq BIGINT NOT NULL, leaf BYTES NOT NULL, body BYTES NOT NULL, PRIMARY KEY (epoch, rseq)
) CLUSTERED
--
CREATE TABLE ledger_run (
    first_index ROWID, epoch BIGINT NOT NULL, first_rseq BIGINT NOT NULL, length BIGINT NOT NULL
)
--
CREATE INDEX ledger_run_epoch ON ledger_run (epoch, first_rseq)
--
CREATE TABLE ledger_checkpoint (
    size ROWID, root BYTES NOT NULL, note TEXT NOT NULL, at BIGINT NOT NULL
)
--
CREATE TABLE ledger_edge (
    id ROWID, size BIGINT NOT NULL, roots BYTES NOT NULL
)
--
CREATE TABLE ledger_detail (
    epoch BIGINT NOT NULL, rseq BIGINT NOT NULL, salt BYTES NOT NULL, variables TEXT NOT NULL, PRIMARY KEY (epoch, rseq)
) CLUSTERED
--
CREATE TABLE ledger_document (
    sha256 BYTES NOT NULL PRIMARY KEY, text BYTES NOT NULL
)
";

const SQLITE_GUARDS: &str = r"
CREATE TRIGGER GUARDED_no_update BEFORE UPDATE ON GUARDED BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--
CREATE TRIGGER GUARDED_no_delete BEFORE DELETE ON GUARDED BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
";

const POSTGRES_GUARDS: &str = r"
CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
--
CREATE TRIGGER GUARDED_no_change BEFORE UPDATE OR DELETE ON GUARDED FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()
--
CREATE TRIGGER GUARDED_no_truncate BEFORE TRUNCATE ON GUARDED FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()
";
