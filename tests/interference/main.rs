//! Non-interference: change what a caller does not see, and every permitted operation answers byte for byte the same,
//! receipt and time aside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod imports;
mod operations;

use std::sync::atomic::{AtomicI64, Ordering};

use case::{CANARIES, Case, FIRST, PURPOSE, case, changed, new_lead, policy, values};
use leadkeep::{
    domain::{Id, Timestamp},
    policy::{LeadScope, Permission, PolicyDocument, Rights},
    store::{Settled, StoreError, leads::NewLead},
};
use operations::{Operation, operation};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;
use support::{
    Answer, Backend, Caller, Table, World,
    company::{self, ANALYST},
    property,
};

/// A server whose policy and leads change from case to case, and the caller.
struct Stage {
    world: World,
    caller: Caller,
    base: PolicyDocument,
    next: AtomicI64,
}

impl Stage {
    async fn open(backend: Backend) -> Self {
        let world = World::start(backend).await;
        let caller = world.caller(ANALYST).await;
        // The first answer about leads bears a reminder.
        caller.graphql("{ leads(first: 1) { nodes { id } } }", serde_json::json!({})).await.data();
        let base = world.core.current.fresh(&world.core.store, &*world.core.clock).await.unwrap();
        let next = AtomicI64::new(base.revision + 1);
        Self { world, caller, base: base.document.clone(), next }
    }

    /// The caller, who declares the case's purpose.
    fn caller<A>(&self, case: &Case<A>) -> Caller {
        self.caller.declaring(case.narrowed.as_ref().map(|_| PURPOSE))
    }

    /// Puts the case's policy in force; returns the windows through which the caller now reads, and the leads as they are.
    async fn set<A>(&self, case: &Case<A>) -> (Option<LeadScope>, Vec<NewLead>) {
        let world = &self.world;
        let before = world.core.current.fresh(&world.core.store, &*world.core.clock).await.unwrap().document.clone();
        let document = policy(&self.base, case);
        decide(world, self.next.fetch_add(1, Ordering::SeqCst), &before, &document).await;
        let scope = Rights::of(&document, ANALYST.id, document.declared(case.narrowed.as_ref().map(|_| PURPOSE)), Timestamp(1))
            .leads(Permission::LeadRead)
            .ok();
        let leads = (FIRST..).zip(&case.leads).map(|(id, spec)| new_lead(id, spec, values(spec, &spec.now))).collect();
        (scope, leads)
    }
}

async fn put(world: &World, leads: Vec<NewLead>) {
    world
        .home
        .tamper(
            Table::Main,
            "DELETE FROM lead; DELETE FROM lead_key; DELETE FROM lead_word; DELETE FROM lead_origin; DELETE FROM lead_relationship;",
        )
        .await
        .unwrap();
    if !leads.is_empty() {
        company::insert(&world.core, leads.clone()).await;
        company::link(&world.core, leads).await;
        let canaries = format!("UPDATE lead SET reader_id = {} WHERE id >= {CANARIES}", company::REP.id.0);
        world.home.tamper(Table::Main, &canaries).await.unwrap();
    }
}

async fn decide(world: &World, number: i64, before: &PolicyDocument, after: &PolicyDocument) {
    let changes = before.changes_to(after);
    let settled = Settled { number, changes, sha256: after.sha256(), by: None, at: world.core.now(), request: Id(number) };
    let core = &world.core;
    let written = core.store.write(move |tx| {
        Box::pin(async move {
            tx.commit_policy(&settled).await?;
            tx.bump_generation().await?;
            Ok::<_, StoreError>(())
        })
    });
    written.await.unwrap();
    core.current.check(&core.store, &*core.clock).await.unwrap();
}

/// The answer without what may differ: receipt and request id.
fn comparable(answer: &Answer) -> (u16, String, Value) {
    let text = answer.text.split("\"extensions\":{\"confidentiality\"").next().unwrap().to_owned();
    let mut marked = answer.json["extensions"]["confidentiality"].clone();
    marked.as_object_mut().map(|marked| marked.remove("receipt"));
    (answer.status, text, marked)
}

async fn same_answers(stage: &Stage, case: Case<Operation>) -> Result<(), TestCaseError> {
    let (scope, originals) = stage.set(&case).await;
    let (world, caller) = (&stage.world, stage.caller(&case));
    for operation in &case.acts {
        put(world, originals.clone()).await;
        let first = caller.graphql(operation.document, operation.variables.clone()).await;
        put(world, changed(&case, scope.as_ref())).await;
        let second = caller.graphql(operation.document, operation.variables.clone()).await;
        prop_assert_eq!(comparable(&first), comparable(&second), "{} {}", operation.document, operation.variables);
        prop_assert!(first.code() != Some("INTERNAL"), "{}", first.text);
    }
    Ok(())
}

fn run<A: std::fmt::Debug + Clone>(
    backend: Backend,
    cases: u32,
    acts: impl Strategy<Value = Vec<A>>,
    same: impl AsyncFn(&Stage, Case<A>) -> Result<(), TestCaseError>,
) {
    property::run(cases, case(acts), async || Stage::open(backend).await, same, async |stage: Stage| drop(stage.world.shutdown().await));
}

#[test]
fn sqlite_answers_the_same() {
    run(Backend::Sqlite, 60, vec(operation(), 4), same_answers);
}

#[test]
fn postgres_answers_the_same() {
    run(Backend::Postgres, 60, vec(operation(), 4), same_answers);
}
