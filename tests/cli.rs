//! The command line as an operator meets it: the real binary, its texts, its files and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/installation.rs"]
mod installation;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/usage.rs"]
mod usage;
