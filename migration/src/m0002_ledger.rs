//! The access log: entries by epoch, the runs that give them their global index, checkpoints; triggers keep them as they
//! are, and what lies beside them as it is until it is erased. Entries may go that are in a segment listed as removed; the last of
//! each epoch stays, since what comes after it is chained to it. Tiles, edge, the list of open epochs and the index are derived: they can be
//! computed from the entries, and the verifier does so.
//!
//! Blocks of the index are about 2 KB: in a table that is its own primary-key index SQLite would give each a page of its own.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DDL).await?;
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        if postgres {
            dialect::run(manager, POSTGRES_FUNCTIONS).await?;
        }
        manager.get_connection().execute_unprepared(if postgres { OPEN_POSTGRES } else { OPEN_SQLITE }).await?;
        for (table, same_key, guards) in [
            ("ledger_epoch", "id = NEW.id", FOR_EVER),
            ("ledger_entry", "epoch = NEW.epoch AND rseq = NEW.rseq", UNTIL_ARCHIVED),
            ("ledger_segment", "first_index = NEW.first_index", FOR_EVER),
            ("ledger_removed", "first_index = NEW.first_index", FOR_EVER),
            ("ledger_run", "first_index = NEW.first_index", FOR_EVER),
            ("ledger_checkpoint", "size = NEW.size", FOR_EVER),
            ("ledger_tile", "level = NEW.level AND number = NEW.number", FOR_EVER),
            ("ledger_attestation", "size = NEW.size AND kind = NEW.kind AND source = NEW.source", FOR_EVER_ONCE),
            ("ledger_breach", "what = NEW.what", FOR_EVER_ONCE),
            ("ledger_acknowledgement", "what = NEW.what", FOR_EVER_ONCE),
            ("ledger_detail", "epoch = NEW.epoch AND rseq = NEW.rseq", ERASABLE),
            ("ledger_document", "sha256 = NEW.sha256", ERASABLE_ONCE),
        ] {
            let triggers = if postgres { guards.postgres } else { guards.sqlite };
            for trigger in triggers {
                dialect::run(manager, &trigger.replace("GUARDED", table).replace("SAME_KEY", same_key)).await?;
            }
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
CREATE TABLE ledger_attestation (
    size BIGINT NOT NULL, kind BIGINT NOT NULL, source STRING NOT NULL, body BYTES NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (size, kind, source)
) CLUSTERED
--
CREATE TABLE ledger_anchor (
    source STRING NOT NULL PRIMARY KEY, kind BIGINT NOT NULL, size BIGINT NOT NULL, at BIGINT, tried_at BIGINT NOT NULL,
    failing_since BIGINT, error TEXT, claim TEXT
) CLUSTERED
--
CREATE TABLE ledger_breach (
    what STRING NOT NULL PRIMARY KEY, at BIGINT NOT NULL, source TEXT NOT NULL
) CLUSTERED
--
CREATE TABLE ledger_acknowledgement (
    what STRING NOT NULL PRIMARY KEY, at BIGINT NOT NULL, reason TEXT NOT NULL
) CLUSTERED
--
CREATE TABLE ledger_tile (
    level BIGINT NOT NULL, number BIGINT NOT NULL, hashes BYTES NOT NULL, PRIMARY KEY (level, number)
) CLUSTERED
--
CREATE INDEX ledger_checkpoint_at ON ledger_checkpoint (at)
--
CREATE TABLE ledger_edge (
    level ROWID, hashes BYTES NOT NULL
)
--
CREATE TABLE ledger_open (
    epoch ROWID, at BIGINT NOT NULL
)
--
CREATE TABLE ledger_detail (
    epoch BIGINT NOT NULL, rseq BIGINT NOT NULL, salt BYTES NOT NULL, variables TEXT, response BYTES,
    PRIMARY KEY (epoch, rseq)
) CLUSTERED
--
CREATE TABLE ledger_segment (
    first_index ROWID, until BIGINT NOT NULL, root BYTES NOT NULL, sha256 BYTES NOT NULL, bytes BIGINT NOT NULL, at BIGINT NOT NULL
)
--
CREATE TABLE ledger_removed (
    first_index ROWID, at BIGINT NOT NULL
)
--
CREATE TABLE ledger_index_lease (
    id ROWID, owner BIGINT NOT NULL, until BIGINT NOT NULL
)
--
INSERT INTO ledger_index_lease (id, owner, until) VALUES (1, 0, 0)
--
CREATE TABLE ledger_index_segment (
    id ROWID, level BIGINT NOT NULL, first BIGINT NOT NULL, until BIGINT NOT NULL
)
--
CREATE TABLE ledger_index_block (
    segment BIGINT NOT NULL, term BIGINT NOT NULL, entry BIGINT NOT NULL, body BYTES NOT NULL, PRIMARY KEY (segment, term, entry)
)
--
CREATE TABLE ledger_daily (
    counter BIGINT NOT NULL, span BIGINT NOT NULL, body BYTES NOT NULL, PRIMARY KEY (counter, span)
) CLUSTERED
--
CREATE TABLE ledger_document (
    sha256 BYTES NOT NULL PRIMARY KEY, text BYTES NOT NULL
) CLUSTERED
";

/// The triggers of a table, by back end.
struct Guards {
    sqlite: &'static [&'static str],
    postgres: &'static [&'static str],
}

/// Nothing changes or goes.
const FOR_EVER: Guards = Guards { sqlite: &[NO_UPDATE, NO_DELETE, NO_REPLACE], postgres: &[NO_CHANGE, NO_TRUNCATE] };
/// Nothing changes; an entry may go once its segment is listed as archived and as removed.
const UNTIL_ARCHIVED: Guards = Guards { sqlite: &[NO_UPDATE, ONLY_ARCHIVED, NO_REPLACE], postgres: &[ONLY_ARCHIVED_POSTGRES, NO_TRUNCATE] };
/// The same of what may be put in twice, and stays as it was.
const FOR_EVER_ONCE: Guards = Guards { sqlite: &[NO_UPDATE, NO_DELETE, KEEP_FIRST], postgres: &[NO_CHANGE, NO_TRUNCATE] };
/// Rows may go, but not change.
const ERASABLE: Guards = Guards { sqlite: &[NO_UPDATE, NO_REPLACE], postgres: &[NO_REWRITE] };
/// The same of what is put in again and again, and stays as it is.
const ERASABLE_ONCE: Guards = Guards { sqlite: &[NO_UPDATE, KEEP_FIRST], postgres: &[NO_REWRITE] };

const NO_UPDATE: &str =
    "CREATE TRIGGER GUARDED_no_update BEFORE UPDATE ON GUARDED BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END";
const NO_DELETE: &str =
    "CREATE TRIGGER GUARDED_no_delete BEFORE DELETE ON GUARDED BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END";
const ONLY_ARCHIVED: &str = "CREATE TRIGGER GUARDED_no_delete BEFORE DELETE ON GUARDED
WHEN COALESCE((
    SELECT p.placed AND p.later AND p.place < (SELECT s.until FROM ledger_segment s JOIN ledger_removed g ON g.first_index = s.first_index
        WHERE s.first_index <= p.place ORDER BY s.first_index DESC LIMIT 1)
    FROM (
        SELECT r.first_index + OLD.rseq - r.first_rseq AS place, OLD.rseq < r.first_rseq + r.length AS placed,
            EXISTS (SELECT 1 FROM ledger_run l WHERE l.epoch = OLD.epoch AND l.first_rseq + l.length - 1 > OLD.rseq AND l.first_rseq >= r.first_rseq)
            AS later
        FROM ledger_run r WHERE r.epoch = OLD.epoch AND r.first_rseq <= OLD.rseq ORDER BY r.first_rseq DESC LIMIT 1
    ) p
), 0) = 0
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END";
/// `INSERT OR REPLACE` deletes without asking the triggers of DELETE.
const NO_REPLACE: &str = "CREATE TRIGGER GUARDED_no_replace BEFORE INSERT ON GUARDED
WHEN EXISTS (SELECT 1 FROM GUARDED WHERE SAME_KEY) BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END";
/// Whatever an insert says of rows that are there already, they stay.
const KEEP_FIRST: &str = "CREATE TRIGGER GUARDED_keep_first BEFORE INSERT ON GUARDED
WHEN EXISTS (SELECT 1 FROM GUARDED WHERE SAME_KEY) BEGIN SELECT RAISE(IGNORE); END";

/// An epoch is open from its first entry on: the sequencer looks at no others.
const OPEN_SQLITE: &str = "CREATE TRIGGER ledger_epoch_opens AFTER INSERT ON ledger_epoch
BEGIN INSERT INTO ledger_open (epoch, at) VALUES (NEW.id, NEW.started_at); END";
/// The same.
const OPEN_POSTGRES: &str =
    "CREATE TRIGGER ledger_epoch_opens AFTER INSERT ON ledger_epoch FOR EACH ROW EXECUTE FUNCTION ledger_opens_epoch()";

const POSTGRES_FUNCTIONS: &str = r"
CREATE OR REPLACE FUNCTION ledger_keeps_entry() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE run ledger_run; place BIGINT; BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT * INTO run FROM ledger_run r WHERE r.epoch = OLD.epoch AND r.first_rseq <= OLD.rseq ORDER BY r.first_rseq DESC LIMIT 1;
        place := run.first_index + OLD.rseq - run.first_rseq;
        IF OLD.rseq < run.first_rseq + run.length
            AND EXISTS (SELECT 1 FROM ledger_run l WHERE l.epoch = OLD.epoch AND l.first_rseq + l.length - 1 > OLD.rseq AND l.first_rseq >= run.first_rseq)
            AND place < (SELECT s.until FROM ledger_segment s JOIN ledger_removed g ON g.first_index = s.first_index
                WHERE s.first_index <= place ORDER BY s.first_index DESC LIMIT 1)
        THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only';
END $$
--
CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
--
CREATE OR REPLACE FUNCTION ledger_opens_epoch() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO ledger_open (epoch, at) VALUES (NEW.id, NEW.started_at); RETURN NULL; END $$
";
const NO_CHANGE: &str =
    "CREATE TRIGGER GUARDED_no_change BEFORE UPDATE OR DELETE ON GUARDED FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()";
const ONLY_ARCHIVED_POSTGRES: &str =
    "CREATE TRIGGER GUARDED_no_change BEFORE UPDATE OR DELETE ON GUARDED FOR EACH ROW EXECUTE FUNCTION ledger_keeps_entry()";
const NO_REWRITE: &str = "CREATE TRIGGER GUARDED_no_rewrite BEFORE UPDATE ON GUARDED FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()";
const NO_TRUNCATE: &str =
    "CREATE TRIGGER GUARDED_no_truncate BEFORE TRUNCATE ON GUARDED FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()";
