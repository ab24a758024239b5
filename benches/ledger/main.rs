//! What the access log costs.
//!
//! ```text
//! cargo bench --bench ledger -- [long] [RECORDS [DATABASE_URL|/FOLDER]]
//! cargo bench --bench ledger -- append|request [DATABASE_URL]
//! ```
//! `long`: how fast a long log grows, what its index takes, what an auditor's questions and a verification cost. `append`: appends
//! beside plain inserts of the same bytes, four servers beside one. `request`: a whole request with its record and without. SQLite
//! in a temporary folder, unless a PostgreSQL database without tables is given, or, for a log that stays, a folder.
#![recursion_limit = "256"]
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a report for people")]

mod append;
mod clients;
mod disk;
mod fill;
mod founded;
mod long;
mod plain;
mod questions;
mod request;
mod verified;

/// The product's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.first().map(String::as_str) {
        Some("append") => runtime.block_on(append::run(arguments.get(1).cloned())),
        Some("request") => runtime.block_on(request::run(arguments.get(1).cloned())),
        first => {
            let rest = &arguments[usize::from(first == Some("long"))..];
            let records = rest.first().map_or(Ok(1_000_000), |text| text.parse())?;
            runtime.block_on(long::run(records, rest.get(1).cloned()))
        }
    }
}
