//! How much room the ledger takes.

use std::path::Path;

use sea_orm::{Database, sqlx};

use super::Failed;

/// Of PostgreSQL's tables the bytes with their indexes.
const TABLES: &str = "\
SELECT relname::TEXT, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ledger%' ORDER BY 2 DESC";
/// Of SQLite's pages in use those of each table with its indexes.
const PAGES: &str = "\
SELECT m.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_master m ON m.name = d.name
WHERE d.aggregate = TRUE GROUP BY m.tbl_name ORDER BY 2 DESC";

/// Tells the bytes of each table, by record, and those of the index, by posting.
pub(super) async fn tell(folder: &Path, url: Option<&str>, records: u64, postings: f64) -> Result<(), Failed> {
    let tables: Vec<(String, i64)> = if let Some(url) = url {
        let database = Database::connect(url).await?;
        sqlx::query_as(TABLES).fetch_all(database.get_postgres_connection_pool()).await?
    } else {
        let file = rusqlite::Connection::open(folder.join("ledger.db"))?;
        let mut pages = file.prepare(PAGES)?;
        pages.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?
    };
    let all: i64 = tables.iter().map(|(_, bytes)| bytes).sum();
    let each: Vec<_> = tables.iter().map(|(table, bytes)| format!("{table} {:.1}", *bytes as f64 / records as f64)).collect();
    println!("disk: {:.0} bytes a record ({})", all as f64 / records as f64, each[..each.len().min(5)].join(", "));
    let blocks = tables.iter().find(|(table, _)| table == "ledger_index_block").map_or(0, |(_, bytes)| *bytes);
    println!("disk: {:.2} bytes per posting, pages and keys included", blocks as f64 / postings);
    Ok(())
}
