//! The schema, one file per step. The main database holds leads, accounts and the policy; the ledger database holds the
//! access log. On SQLite they are two files, on PostgreSQL two sets of tables of one database.

mod dialect;
mod m0001_main;
mod m0002_ledger;

use sea_orm_migration::prelude::*;

/// Steps of the main database.
#[derive(Debug)]
pub struct Main;

impl MigratorTrait for Main {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_main::Step)]
    }

    fn migration_table_name() -> DynIden {
        "migration_main".into_iden()
    }
}

/// Steps of the ledger database.
#[derive(Debug)]
pub struct Ledger;

impl MigratorTrait for Ledger {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0002_ledger::Step)]
    }

    fn migration_table_name() -> DynIden {
        "migration_ledger".into_iden()
    }
}

pub use sea_orm_migration::MigratorTrait;
