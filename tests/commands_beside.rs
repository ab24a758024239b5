//! A command beside a running server: it sees to its own changes and leaves those alone that the server has under way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{
    app::{Op, seal},
    audit::record::{Decision, OperationKind},
    domain::{Client, Subject},
    store::{Change, StoreError},
};
use support::{
    ledger::{self, LedgerCopy},
    on_both_backends, process,
};

on_both_backends!(what_a_server_has_under_way_is_recorded_once, |world| async {
    let op = Op::open(world.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
    let change = Change { kind: "lead", item: "1".into(), before: None, after: None };
    let note = op.note_change(vec![change]);
    let put = note.clone();
    let committed = world.core.store.write(move |tx| Box::pin(async move { tx.put_change(&put).await }));
    committed.await.map_err(|error: StoreError| error.to_string()).unwrap();

    let added = process::run(&world.home, &["team", "add", "Beside"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    assert_eq!(ledger::outbox(&world.home).await, 1, "the command's own change has its record, the server's waits for its own");
    assert!(LedgerCopy::read(&world.home).await.of_request(op.request).is_empty());

    op.changed(&note);
    let outcome = seal::Outcome {
        kind: OperationKind::Mutation,
        name: None,
        document: None,
        variables: None,
        decision: Decision::Allowed,
        response: None,
        notice: false,
        duration: 1,
    };
    seal::seal(&op, outcome).await.unwrap();
    ledger::outbox_empties(&world.home).await;
    let records = LedgerCopy::read(&world.home).await.of_request(op.request);
    assert_eq!(records.iter().map(|entry| entry.record.decision).collect::<Vec<_>>(), [Decision::Allowed]);
});
