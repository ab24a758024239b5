//! Who asked stands in the access log, without what proves it.

use serde_json::{Value, json};

use super::{refresh, sign_in};
use crate::support::{
    World,
    company::{APP, AUDITOR, CLIENT_ID, PASSWORD, REP},
    on_both_backends,
};

/// The newest `count` records of this kind; whoever reads the log finds in it what was answered before.
async fn log(world: &World, kind: &str, count: usize) -> Vec<Value> {
    let auditor = world.caller(AUDITOR).await;
    let document = "query($kind: OperationKind!) { accessLog(first: 50, filter: { kind: $kind }) { edges { node {
        decision code reasons operationName variables document subject { person { id } app { id } } changed { kind item }
    } } } }";
    let answer = auditor.graphql(document, json!({ "kind": kind })).await;
    let edges = answer.data()["accessLog"]["edges"].as_array().unwrap();
    assert!(edges.len() >= count, "fewer than {count} records of kind {kind}");
    edges.iter().take(count).map(|edge| edge["node"].clone()).collect()
}

on_both_backends!(token_requests_are_recorded, |world| async {
    let caller = world.anonymous();
    let form = |secret| [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", secret)];
    let right = caller.form("/auth/token", &form(&world.client_secret)).await;
    let wrong = caller.form("/auth/token", &form("a wrong secret")).await;
    for answer in [&right, &wrong] {
        assert_eq!(answer.header("x-access-receipt").unwrap().split(' ').count(), 4);
        assert!(answer.header("x-request-id").is_some() && answer.header("x-confidentiality").is_some());
    }
    let revoked = [
        ("client_id", CLIENT_ID),
        ("client_secret", world.client_secret.as_str()),
        ("token", right.json["access_token"].as_str().unwrap()),
    ];
    assert_eq!(caller.form("/auth/revoke", &revoked).await.status, 200);

    let records = log(&world, "TOKEN", 3).await;
    let [revocation, denied, allowed] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((allowed["decision"].as_str(), allowed["operationName"].as_str()), (Some("ALLOWED"), Some("client_credentials")));
    assert_eq!(allowed["subject"]["app"]["id"].as_str(), Some(&*APP.to_string()));
    assert_eq!(allowed["changed"][0]["kind"], "session");
    assert_eq!((denied["decision"].as_str(), denied["code"].as_str()), (Some("DENIED"), Some("UNAUTHENTICATED")));
    assert!(denied["subject"]["app"].is_null() && denied["variables"].to_string().contains("client_id"), "{denied}");
    assert_eq!((revocation["operationName"].as_str(), &revocation["changed"]), (Some("revoke"), &allowed["changed"]));
    let all = serde_json::to_string(&records).unwrap();
    for secret in [world.client_secret.as_str(), "a wrong secret", right.json["access_token"].as_str().unwrap()] {
        assert!(!all.contains(secret));
    }
});

on_both_backends!(reuse_of_a_refresh_token_is_recorded, |world| async {
    let caller = world.anonymous();
    let first = sign_in(&caller, REP.email, PASSWORD).await.data()["signIn"]["refreshToken"].clone();
    let first = first.as_str().unwrap();
    let second = refresh(&caller, first).await.data()["refreshSession"]["refreshToken"].clone();
    assert_eq!(refresh(&caller, first).await.code(), Some("UNAUTHENTICATED"));
    // The newest is the auditor's own sign-in.
    let records = log(&world, "MUTATION", 4).await;
    let [_, reuse, refreshed, signed_in] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((reuse["decision"].as_str(), reuse["reasons"].clone()), (Some("DENIED"), json!(["refresh-reuse"])));
    for record in [reuse, refreshed, signed_in] {
        assert_eq!(record["changed"][0], signed_in["changed"][0], "the same session");
    }
    let all = serde_json::to_string(&records).unwrap();
    for secret in [PASSWORD, first, second.as_str().unwrap()] {
        assert!(!all.contains(secret));
    }
});

on_both_backends!(without_a_record_there_is_no_token, |world| async {
    world.core.recorder.stop().await;
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", world.client_secret.as_str())];
    let withheld = world.anonymous().form("/auth/token", &form).await;
    assert_eq!((withheld.status, withheld.json["access_token"].as_str()), (503, None));
    assert!(withheld.text.contains("AUDIT_UNAVAILABLE"));
    assert_eq!(sign_in(&world.anonymous(), REP.email, PASSWORD).await.status, 503);
});
