//! What integration tests share: throwaway databases of both kinds, a clock that can be moved, a server, callers.
//!
//! `mod support;` in a test binary, then [`on_both_databases`] for tests of the store and [`on_both_backends`] for tests
//! of a whole server: each makes two tests, `<name>::sqlite` and `<name>::postgres`.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "every test binary compiles this module and uses its own part of it; a test may panic"
)]

pub mod authority;
pub mod caller;
pub mod clock;
pub mod company;
pub mod database;
pub mod faulty_disk;
pub mod hook;
pub mod ledger;
pub mod postgres;
pub mod process;
pub mod property;
pub mod python;
pub mod s3;
pub mod schema;
pub mod smtp;
pub mod watchdog;
pub mod witness;
pub mod world;

pub use caller::{Answer, Caller};
pub use clock::{SeededRandom, TestClock};
pub use database::{Backend, Home, Table};
pub use watchdog::Watchdog;
pub use witness::WitnessProcess;
pub use world::World;

/// How long a test waits for what takes a moment before it fails: a shared machine may stand still for minutes.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);

/// Two tests from one body that takes a [`Home`]: databases migrated, nothing in them.
macro_rules! on_both_databases {
    ($(#[$attribute:meta])* $name:ident, |$home:ident| async $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($home: crate::support::Home) {
                let _watched = crate::support::Watchdog::start(module_path!());
                $body
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body(crate::support::Home::new(crate::support::Backend::Sqlite).await).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body(crate::support::Home::new(crate::support::Backend::Postgres).await).await;
            }
        }
    };
}
pub(crate) use on_both_databases;

/// Two tests from one body that takes a [`World`]: a server with the company of [`company`] in it. With
/// `settings |settings| { … }` in between, some settings are changed first.
macro_rules! on_both_backends {
    ($(#[$attribute:meta])* $name:ident, |$world:ident| async $body:block) => {
        crate::support::on_both_backends!($(#[$attribute])* $name, settings |_settings| {}, |$world| async $body);
    };
    ($(#[$attribute:meta])* $name:ident, settings |$settings:ident| $change:block, |$world:ident| async $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run(backend: crate::support::Backend) {
                let _watched = crate::support::Watchdog::start(module_path!());
                let $world = crate::support::World::with(backend, |$settings: &mut leadkeep::config::Settings| $change).await;
                $body
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(crate::support::Backend::Sqlite).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(crate::support::Backend::Postgres).await;
            }
        }
    };
}
pub(crate) use on_both_backends;

/// Names who does TLS for the HTTP clients of tests: the program's HTTP client for S3 comes without, and theirs is the same.
pub fn name_tls() {
    // The first call wins, and all name the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
