//! A fault in the program ends one operation, with an answer and a record, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use leadkeep::{
    audit::record::Decision,
    store::{Store, StoreError},
};
use serde_json::json;
use support::{company, on_both_backends, on_both_databases};

on_both_backends!(a_query_that_panics_is_answered_and_recorded, |world| async {
    let rep = world.caller(company::REP).await;
    world.clock.panic_in("leadkeep::graphql::session::");
    let answer = rep.graphql("{ mySessions { id } }", json!({})).await;
    assert_eq!((answer.status, answer.code()), (500, Some("INTERNAL")), "{}", answer.text);
    let record = answer.record(&world.home).await.record;
    assert_eq!((record.decision, record.subject.person, record.disclosures.len()), (Decision::Failed, Some(company::REP.id), 0));
    assert!(record.reasons.contains(&"panicked".to_owned()), "{:?}", record.reasons);
    rep.graphql("{ mySessions { id } }", json!({})).await.data();
});

on_both_backends!(a_panic_before_or_after_is_answered_and_recorded_too, |world| async {
    let rep = world.caller(company::REP).await;
    for document in ["{ leads { nodes { id } } }", "mutation { signOut { __typename } }"] {
        // The first to need randomness is the id of the request.
        world.random.before_next(|| panic!("out of luck"));
        let answer = rep.graphql(document, json!({})).await;
        assert_eq!((answer.status, answer.code()), (500, Some("INTERNAL")), "{}", answer.text);
        assert_eq!(answer.record(&world.home).await.record.decision, Decision::Failed);
    }
    rep.graphql("{ leads { nodes { id } } }", json!({})).await.data();
});

on_both_databases!(the_writer_outlives_its_work, |home| async {
    let store = Store::open(&home.location(), 2).await.unwrap();
    let doomed = store.clone();
    let work = tokio::spawn(async move {
        doomed
            .write::<(), StoreError, _>(|_| Box::pin(async { Err(StoreError::Corrupt("a panic".parse::<u8>().unwrap().to_string())) }))
            .await
    });
    assert!(!matches!(work.await, Ok(Ok(()))));
    store.write::<_, StoreError, _>(|tx| Box::pin(async move { tx.bump_generation().await })).await.unwrap();
});
