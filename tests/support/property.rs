//! What property tests with databases share: a runner, and policies made of random windows.

use std::fmt::Debug;

use leadkeep::{
    domain::Id,
    policy::{GrantRow, Quotas, RoleDefinition, WindowTemplate},
};
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseError, TestRunner},
};

/// Every level, rising.
pub const LEVELS: [&str; 4] = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "TRADE_SECRET"];

/// Opens a world, tries `test` on so many cases in it, closes it, and then fails with the smallest case that did.
pub fn run<W, S>(
    cases: u32,
    case: S,
    open: impl AsyncFnOnce() -> W,
    test: impl AsyncFn(&W, S::Value) -> Result<(), TestCaseError>,
    close: impl AsyncFnOnce(W),
) where
    S: Strategy,
    S::Value: Debug,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let world = runtime.block_on(open());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case, |case| runtime.block_on(test(&world, case)));
    runtime.block_on(close(world));
    // Before the databases go.
    drop(runtime);
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// A role of a case.
pub fn role(name: String, permissions: &[&str], windows: Vec<WindowTemplate>) -> RoleDefinition {
    RoleDefinition {
        name,
        description: "of a test".into(),
        built_in: false,
        permissions: permissions.iter().map(|name| (*name).into()).collect(),
        windows,
        quotas: Quotas::default(),
    }
}

/// A grant of it that holds for ever.
pub fn grant(subject: Id, role: i64, team: Option<i64>, compartments: &[&str]) -> GrantRow {
    GrantRow {
        subject: subject.0,
        role,
        team,
        compartments: compartments.iter().map(|code| (*code).into()).collect(),
        approved_at: Some(0),
        ..GrantRow::default()
    }
}
