//! Changes on their way to the ledger: whatever becomes of the server, each gets its record, and one only.

use leadkeep::{
    audit::record::{AccessRecord, Changed, Decision, Draft},
    audit::{Settings, Unrecorded, codec},
    domain::{Clock, Id},
    store::{Change, ChangeNote, Noted, StoreError},
};

use crate::{
    bench::{Bench, draft, record},
    support::{Backend, Home, PATIENCE, Table, on_both_databases},
};

pub async fn leave_in_outbox(bench: &Bench, id: i64, request: i64) {
    let mut record = record(request, bench.clock.now());
    record.reasons = vec!["interrupted".into()];
    record.decision = Decision::Failed;
    record.changed = vec![Changed { kind: "lead".into(), item: id.to_string(), commitment: None }];
    let change = Change { kind: "lead", item: id.to_string(), before: None, after: None };
    let changes = vec![Noted { change, salt: Some([3; 16]) }];
    let owner = bench.recorder.owner();
    let note =
        ChangeNote { id: Id(id), request: Id(request), at: bench.clock.now(), body: codec::encode(&record), first: id, changes, owner };
    let put = bench.store.write(move |tx| Box::pin(async move { tx.put_change(&note).await }));
    put.await.map_err(|error: StoreError| error.to_string()).unwrap();
}

/// Waits until every change has its record.
pub async fn emptied(bench: &Bench) {
    let empties = async {
        while !bench.store.outbox(None, 1).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, empties).await.expect("changes without a record stay");
}

/// Recovers until there are so many records; the database may take a moment to see that a process is gone.
async fn recovered(bench: &Bench, records: usize) -> usize {
    let recovering = async {
        let mut recovered = 0;
        while recovered < records {
            recovered += bench.recorder.recover().await.unwrap();
        }
        recovered
    };
    tokio::time::timeout(PATIENCE, recovering).await.expect("what was left is not recovered")
}

on_both_databases!(what_a_crash_leaves_in_the_outbox_is_appended_once, |home| async {
    let bench = Bench::open(&home).await;
    // Two changes of one operation and one of another died before their records; a fourth had its record written.
    leave_in_outbox(&bench, 1, 11).await;
    leave_in_outbox(&bench, 2, 11).await;
    leave_in_outbox(&bench, 3, 12).await;
    leave_in_outbox(&bench, 4, 13).await;
    let changed = vec![Changed { kind: "lead".into(), item: "4".into(), commitment: None }];
    bench.recorder.append(draft(AccessRecord { changed, ..record(13, bench.clock.now()) })).await.unwrap();
    bench.recorder.kill();
    assert_eq!(bench.verify().await.outstanding, 4);

    let again = Bench::open(&home).await;
    assert_eq!(recovered(&again, 3).await, 3);
    assert_eq!(again.recorder.recover().await.unwrap(), 0);
    let mut requests: Vec<_> = again.entries().await.iter().map(|entry| entry.record.request.0).collect();
    requests.sort_unstable();
    assert_eq!(requests, [11, 11, 12, 13]);
    again.recorder.stop().await;
    let report = again.verify().await;
    assert_eq!((report.outstanding, report.fault), (0, None));
});

on_both_databases!(a_change_whose_record_failed_is_recorded_when_it_can_be, |home| async {
    let bench = Bench::open(&home).await;
    leave_in_outbox(&bench, 1, 11).await;
    let owed = Draft { outbox: vec![Id(1)], ..draft(record(11, bench.clock.now())) };
    home.tamper(Table::Ledger, "ALTER TABLE ledger_entry RENAME TO elsewhere").await.unwrap();
    assert_eq!(bench.recorder.append(owed).await, Err(Unrecorded::Failed));
    home.tamper(Table::Ledger, "ALTER TABLE elsewhere RENAME TO ledger_entry").await.unwrap();
    emptied(&bench).await;
    let entries = bench.entries().await;
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].record.request, &entries[0].record.reasons[..]), (Id(11), &["interrupted".to_owned()][..]));
});

on_both_databases!(a_settled_change_leaves_the_outbox, |home| async {
    let bench = Bench::open(&home).await;
    leave_in_outbox(&bench, 1, 11).await;
    bench.recorder.append(Draft { outbox: vec![Id(1)], ..draft(record(11, bench.clock.now())) }).await.unwrap();
    bench.recorder.stop().await;
    assert_eq!(bench.store.outbox(None, 1).await.unwrap(), []);
    assert_eq!(bench.entries().await.len(), 1);
    assert_eq!(bench.append(1).await, Err(Unrecorded::Stopped));
});

/// As many servers as may share these databases.
pub async fn servers(home: &Home) -> Vec<Bench> {
    let settings = Settings { sweep_after: 60, fold_every: 10, ..Settings::default() };
    let mut servers = vec![Bench::with(home, settings.clone()).await];
    if home.backend == Backend::Postgres {
        servers.push(Bench::with(home, settings).await);
    }
    for server in &servers {
        server.recorder.serve();
    }
    servers
}

on_both_databases!(what_is_left_behind_is_recorded_once_while_servers_run, |home| async {
    let servers = servers(&home).await;
    for id in 0..30 {
        leave_in_outbox(&servers[0], id, 100 + id).await;
    }
    for request in 0..5 {
        servers[0].append(request).await.unwrap();
    }
    assert_eq!(servers[0].entries().await.len(), 5, "what may still be under way is left alone");
    for server in &servers {
        server.clock.advance_seconds(61);
    }
    emptied(&servers[0]).await;
    for server in &servers {
        server.recorder.stop().await;
    }
    let mut requests: Vec<_> = servers[0].entries().await.iter().map(|entry| entry.record.request.0).collect();
    requests.sort_unstable();
    assert_eq!(requests, (0..5).chain(100..130).collect::<Vec<_>>());
    assert_eq!(servers[0].verify().await.fault, None);
});

on_both_databases!(servers_that_start_together_recover_together, |home| async {
    let dead = Bench::open(&home).await;
    for id in 0..30 {
        leave_in_outbox(&dead, id, 100 + id).await;
    }
    dead.recorder.kill();
    let servers = servers(&home).await;
    for recovered in futures_util::future::join_all(servers.iter().map(|server| server.recorder.recover())).await {
        recovered.unwrap();
    }
    emptied(&servers[0]).await;
    assert_eq!(servers[0].entries().await.len(), 30);
});

on_both_databases!(a_change_under_way_is_its_own_process_s_affair, |home| async {
    let busy = Bench::open(&home).await;
    busy.append(1).await.unwrap();
    leave_in_outbox(&busy, 1, 11).await;
    let other = Bench::open(&home).await;
    assert_eq!(other.recorder.recover().await.unwrap(), 0);
    // Commands beside it see to nothing of it either, and to their own only.
    leave_in_outbox(&other, 2, 12).await;
    other.recorder.kill();
    let third = Bench::open(&home).await;
    assert_eq!(recovered(&third, 1).await, 1);
    let mut requests: Vec<_> = third.entries().await.iter().map(|entry| entry.record.request.0).collect();
    requests.sort_unstable();
    assert_eq!(requests, [1, 12]);
    busy.recorder.append(Draft { outbox: vec![Id(1)], ..draft(record(11, busy.clock.now())) }).await.unwrap();
    emptied(&third).await;
    assert_eq!(third.recorder.recover().await.unwrap(), 0);
    assert_eq!(third.entries().await.iter().filter(|entry| entry.record.request == Id(11)).count(), 1, "recorded once");
});

on_both_databases!(running_servers_see_to_what_dies_beside_them, |home| async {
    let servers = servers(&home).await;
    let command = Bench::open(&home).await;
    leave_in_outbox(&command, 1, 11).await;
    command.recorder.kill();
    emptied(&servers[0]).await;
    assert_eq!(servers[0].entries().await.len(), 1);
});
