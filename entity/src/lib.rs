//! Rows of the databases, one module a table. Columns are described where they are made: the `migration` crate.
#![allow(missing_docs)] // A column says what it is; the table's doc says the rest.

pub mod app;
pub mod app_secret;
pub mod change_detail;
pub mod contact_account;
pub mod erasure;
pub mod generation;
pub mod idempotency;
pub mod import_mapping;
pub mod import_run;
pub mod lead;
pub mod lead_key;
pub mod lead_origin;
pub mod lead_relationship;
pub mod lead_word;
pub mod ledger_checkpoint;
pub mod ledger_detail;
pub mod ledger_document;
pub mod ledger_edge;
pub mod ledger_entry;
pub mod ledger_epoch;
pub mod ledger_removed;
pub mod ledger_run;
pub mod ledger_segment;
pub mod ledger_tile;
pub mod legal_hold;
pub mod outbox;
pub mod person;
pub mod policy_change;
pub mod policy_item;
pub mod policy_revision;
pub mod proposal;
pub mod quota_lift;
pub mod refresh_token;
pub mod session;
pub mod subject;
