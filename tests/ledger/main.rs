//! The ledger on both databases: what is appended is durable, folded and proven; what is altered is named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod appended;
mod bench;
mod beside;
mod copied;
mod lanes;
mod outbox;
mod tampered;
