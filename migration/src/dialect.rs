//! One text of DDL for both back ends; four words differ.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Runs the statements of `ddl`, separated by lines of `--`, with these words put in:
/// `ROWID` a 64-bit primary key, `BYTES` raw bytes, `STRING` text compared byte by byte, `CLUSTERED` a table that is its
/// own primary-key index where the back end has them.
pub(crate) async fn run(manager: &SchemaManager<'_>, ddl: &str) -> Result<(), DbErr> {
    let words = match manager.get_database_backend() {
        DbBackend::Postgres => [("ROWID", "BIGINT PRIMARY KEY"), ("BYTES", "BYTEA"), ("STRING", "TEXT COLLATE \"C\""), ("CLUSTERED", "")],
        _ => [("ROWID", "INTEGER PRIMARY KEY"), ("BYTES", "BLOB"), ("STRING", "TEXT"), ("CLUSTERED", "WITHOUT ROWID")],
    };
    let ddl = words.iter().fold(ddl.to_owned(), |text, (word, meaning)| text.replace(word, meaning));
    for statement in ddl.split("\n--\n") {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
