//! The sequencer signs only what was written: entries altered, forged or slipped in behind the server's back get no place
//! in the tree, it says so, and everything else goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;

use leadkeep::{
    app::ledger_verify::{self, Report, Trust},
    audit::Standing,
    domain::{Clock, Id},
    ledger::{Checkpoint, Wrong, proof, tree},
};
use serde_json::json;
use support::{Backend, Table, World, company, on_both_backends};

const ASK: &str = "{ viewer { __typename } }";

async fn ask(world: &World, times: usize) {
    let rep = world.caller(company::REP).await;
    for _ in 0..times {
        rep.graphql(ASK, json!({})).await.data();
    }
}

async fn size(world: &World) -> u64 {
    world.core.recorder.fold_now().await.unwrap()
}

async fn verify(world: &World) -> Report {
    let (key, origin) = (world.core.recorder.key().public(), world.core.recorder.origin());
    let trust = Trust { key: &key, origin: Some(origin), kept: None };
    ledger_verify::verify(&world.core.store, trust, world.clock.now(), &mut |_| {}).await.unwrap()
}

fn blob(world: &World, bytes: &[u8]) -> String {
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    if world.home.backend == Backend::Sqlite { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
}

/// Puts an entry into an epoch, behind the server's back.
async fn slip_in(world: &World, epoch: Id, rseq: u64, body: &[u8]) {
    let (leaf, body) = (blob(world, &tree::leaf(body)), blob(world, body));
    let sql = format!("INSERT INTO ledger_entry (epoch, rseq, leaf, body) VALUES ({}, {rseq}, {leaf}, {body})", epoch.0);
    world.home.tamper(Table::Ledger, &sql).await.unwrap();
}

async fn ready(world: &World) -> (u16, String) {
    let answer = world.anonymous().get("/readyz").await;
    (answer.status, answer.text)
}

async fn refused_metric(world: &World) -> String {
    let text = world.anonymous().get("/metrics").await.text;
    text.lines().find(|line| line.starts_with("leadkeep_ledger_refused ")).unwrap().to_owned()
}

/// The first wrong entry that the sequencer knows of.
fn wrong(standing: &Standing) -> Option<(Wrong, u64)> {
    standing.refused.first().map(|fault| (fault.wrong, fault.rseq.unwrap()))
}

on_both_backends!(every_tile_serves_proofs_that_hold, |world| async {
    ask(&world, 300).await;
    let size = size(&world).await;
    assert!(size > 300);
    let store = &world.core.store;
    let (signed, note) = store.ledger_checkpoint(None).await.unwrap().unwrap();
    let head = Checkpoint::open(&note, &world.core.recorder.key().public()).unwrap();
    assert_eq!((signed, head.size), (size, size));
    for index in [0, 1, 255, 256, size - 1] {
        let spans = proof::inclusion(index, size).unwrap();
        let hashes = store.ledger_tiles(&proof::Tiles::wanted(&spans)).await.unwrap().prove(&spans).unwrap();
        let (entries, _) = store.log_from(index, &[], 1).await.unwrap();
        assert!(proof::is_included(index, size, &tree::leaf(&entries[0].body), &hashes, &head.root), "{index}");
    }
    assert!(store.ledger_tiles(&BTreeSet::from([(0, 7), (1, 1), (2, 0)])).await.unwrap().get(0, 7).is_none());
    assert_eq!(verify(&world).await.fault, None);
});

on_both_backends!(altered_tiles_are_named, |world| async {
    ask(&world, 260).await;
    size(&world).await;
    let tampered = match world.home.backend {
        Backend::Sqlite => "DROP TRIGGER ledger_tile_no_update; UPDATE ledger_tile SET hashes = zeroblob(8192)",
        Backend::Postgres => {
            "ALTER TABLE ledger_tile DISABLE TRIGGER ALL; UPDATE ledger_tile SET hashes = decode(repeat('00', 8192), 'hex')"
        }
    };
    world.home.tamper(Table::Ledger, tampered).await.unwrap();
    let fault = verify(&world).await.fault.unwrap();
    assert_eq!((fault.wrong, fault.index), (Wrong::Tile, Some(0)));
});

on_both_backends!(an_altered_edge_is_never_signed, |world| async {
    ask(&world, 3).await;
    let before = size(&world).await;
    world.home.tamper(Table::Ledger, "DELETE FROM ledger_edge").await.unwrap();
    ask(&world, 1).await;
    world.core.recorder.fold_now().await.unwrap_err();
    assert_eq!(world.core.store.ledger_checkpoint(None).await.unwrap().unwrap().0, before);
    assert_eq!(ready(&world).await.0, 503);
    assert_eq!(refused_metric(&world).await, "leadkeep_ledger_refused 1");
});

on_both_backends!(what_was_slipped_in_gets_no_place_and_the_rest_goes_on, |world| async {
    ask(&world, 2).await;
    let before = size(&world).await;
    assert_eq!(ready(&world).await, (200, "ready\n".into()));
    assert_eq!(refused_metric(&world).await, "leadkeep_ledger_refused 0");
    let epoch = *world.core.recorder.epochs().last().unwrap();
    let next = world.core.store.ledger_entries_back(epoch, u64::MAX, 1).await.unwrap()[0].rseq + 1;
    slip_in(&world, epoch, next, b"no record at all").await;
    assert_eq!(size(&world).await, before);
    assert_eq!(wrong(&world.core.recorder.standing()), Some((Wrong::Unreadable, next)));
    assert_eq!(ready(&world).await.0, 503, "what this server records next would get no place");
    assert_eq!(refused_metric(&world).await, "leadkeep_ledger_refused 1");

    // The next record begins a new epoch, which gets its place.
    ask(&world, 2).await;
    assert!(size(&world).await > before);
    let (status, text) = ready(&world).await;
    assert!(status == 200 && text.contains("not as it was written"), "{text}");
    assert_eq!(verify(&world).await.fault.unwrap().wrong, Wrong::Unreadable);
});

on_both_backends!(an_entry_that_breaks_the_chain_gets_no_place, |world| async {
    ask(&world, 2).await;
    let before = size(&world).await;
    let epoch = *world.core.recorder.epochs().last().unwrap();
    let last = world.core.store.ledger_entries_back(epoch, u64::MAX, 1).await.unwrap().remove(0);
    // The last entry once more: its bytes name another place. Then with a gap before it.
    slip_in(&world, epoch, last.rseq + 1, &last.body).await;
    assert_eq!(size(&world).await, before);
    assert_eq!(wrong(&world.core.recorder.standing()), Some((Wrong::Moved, last.rseq + 1)));
    let other = Id(epoch.0 - 1);
    world.home.tamper(Table::Ledger, &format!("INSERT INTO ledger_epoch (id, started_at) VALUES ({}, 1)", other.0)).await.unwrap();
    slip_in(&world, other, 3, &last.body).await;
    assert_eq!(size(&world).await, before);
    assert_eq!(wrong(&world.core.recorder.standing()), Some((Wrong::Missing, 0)));
});

on_both_backends!(an_altered_entry_without_a_place_gets_none, |world| async {
    ask(&world, 2).await;
    let before = size(&world).await;
    let epoch = *world.core.recorder.epochs().last().unwrap();
    let last = world.core.store.ledger_entries_back(epoch, u64::MAX, 1).await.unwrap().remove(0);
    let body = leadkeep::audit::codec::place(
        &leadkeep::audit::codec::Place { epoch, rseq: last.rseq + 1, previous: [7; 32], follows: None, numbers: Vec::new() },
        &[0xa1, 0x18, 0x18, 0],
    );
    slip_in(&world, epoch, last.rseq + 1, &body).await;
    assert_eq!(size(&world).await, before);
    assert_eq!(wrong(&world.core.recorder.standing()), Some((Wrong::ChainBroken, last.rseq + 1)));
});

on_both_backends!(an_epoch_closes_and_what_comes_later_is_told_of, |world| async {
    ask(&world, 2).await;
    let before = size(&world).await;
    let first = *world.core.recorder.epochs().last().unwrap();
    world.clock.advance_seconds(2 * 3_600);
    // Idle for more than an hour: the next record begins a new epoch, and the old one closes some hours later.
    ask(&world, 1).await;
    assert_ne!(*world.core.recorder.epochs().last().unwrap(), first);
    world.clock.advance_seconds(5 * 3_600);
    ask(&world, 1).await;
    let grown = size(&world).await;
    assert!(grown > before);
    world.core.recorder.look_back().await.unwrap();
    assert!(world.core.recorder.standing().is_sound());

    let last = world.core.store.ledger_entries_back(first, u64::MAX, 1).await.unwrap().remove(0);
    let place = leadkeep::audit::codec::Place {
        epoch: first,
        rseq: last.rseq + 1,
        previous: tree::leaf(&last.body),
        follows: None,
        numbers: Vec::new(),
    };
    slip_in(&world, first, last.rseq + 1, &leadkeep::audit::codec::place(&place, &[0xa1, 0x18, 0x18, 0])).await;
    assert_eq!(size(&world).await, grown, "well chained, but far too late");
    world.core.recorder.look_back().await.unwrap();
    let late = world.core.recorder.standing().late.unwrap();
    assert_eq!((late.epoch, late.rseq, late.wrong), (Some(first), Some(last.rseq + 1), Wrong::Late));
    let (status, text) = ready(&world).await;
    assert!(status == 200 && text.contains("not as it was written"), "{text}");
});
