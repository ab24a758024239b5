//! Leadkeep keeps a company's lead list as a trade secret: one gate, marked answers, a durable record of every read.
//!
//! The map of the house; arrows point down only:
//!
//! - [`domain`]: ids, clock, leads, subjects: the words.
//! - [`policy`]: who may see and do what; pure. `policy/table.rs` is the policy that ships, on one page.
//! - [`alarm`]: what is suspicious in what was recorded: rules over facts; pure.
//! - [`store`]: the only place with SQL.
//! - [`auth`]: passwords, tokens, keys, throttling: the mechanisms of "who asks".
//! - [`notify`]: webhooks and e-mail: the mechanisms of telling somebody outside.
//! - [`audit`]: the access record and its recorder.
//! - [`ledger`]: tree, receipts, checkpoints; pure.
//! - [`import`]: reading rows of CSV files, and when a row is a lead that is there already; pure.
//! - [`evidence`]: how facts about a range of time become a report, data and a file; pure.
//! - [`trap`]: who invented leads are, and which source a list found outside speaks of; pure.
//! - [`app`]: use cases.
//! - [`graphql`]: translation between GraphQL and use cases.
//! - [`http`]: the gate: authenticate, limit, execute, mark, record, answer.
//! - [`courier`]: the way to witnesses and time stamping authorities.
//! - [`witness`]: the program on somebody else's host that cosigns the log's heads.
//! - [`year`]: a year to run it on: what happens in a company, played on the real inside.
//! - [`config`], [`server`], [`system`]: settings, the composition root, the real world's clock and randomness.

// The roots of the schema are merged of as many parts as there are nouns, each nested in the next.
#![recursion_limit = "256"]

pub mod alarm;
pub mod app;
pub mod audit;
pub mod auth;
pub mod config;
pub mod courier;
pub mod domain;
pub mod evidence;
pub mod graphql;
pub mod http;
pub mod import;
pub mod ledger;
pub mod notify;
pub mod policy;
pub mod server;
pub mod store;
pub mod system;
pub mod trap;
pub mod witness;
pub mod year;
