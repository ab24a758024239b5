//! Apps take tokens for themselves and for people, and give them back.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use leadkeep::{app::apps, auth::Secret, domain::Clock};
use reqwest::Method;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::{MINE, counts, operator};
use crate::support::{
    Answer, Caller, SeededRandom, World,
    company::{self, APP, AUDITOR, CLIENT_ID, REP},
    on_both_backends,
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn token(world: &World, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("client_id", CLIENT_ID), ("client_secret", world.client_secret.as_str())];
    form.extend_from_slice(more);
    world.anonymous().form("/auth/token", &form).await
}

async fn exchange(world: &World, subject_token: &str) -> Answer {
    token(world, &[("grant_type", EXCHANGE), ("subject_token", subject_token), ("subject_token_type", ACCESS_TOKEN)]).await
}

async fn basic(world: &World, id: &str, secret: &str, body: &'static str) -> Answer {
    let caller = world.anonymous();
    let credentials = STANDARD.encode(format!("{id}:{secret}"));
    let request = caller.request(Method::POST, "/auth/token").header("authorization", format!("Basic {credentials}"));
    caller.send(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json["error"].as_str()), (status, Some(error)), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.json["access_token"].is_null());
}

async fn leads(caller: &Caller) -> BTreeSet<String> {
    let answer = caller.graphql("{ leads(first: 100) { nodes { id } } }", Value::Null).await;
    let nodes = answer.data()["leads"]["nodes"].as_array().unwrap().clone();
    nodes.iter().map(|lead| lead["id"].as_str().unwrap().to_owned()).collect()
}

on_both_backends!(client_credentials, |world| async {
    let answer = token(&world, &[("grant_type", "client_credentials")]).await;
    assert_eq!((answer.status, answer.json["token_type"].as_str(), answer.json["expires_in"].as_i64()), (200, Some("Bearer"), Some(600)));
    assert_eq!((answer.header("cache-control"), answer.header("content-type")), (Some("no-store"), Some("application/json")));
    assert!(answer.json["refresh_token"].is_null());
    let app = world.anonymous().with_token(answer.json["access_token"].as_str().unwrap());
    let mine = app.graphql(MINE, Value::Null).await;
    assert_eq!(mine.data()["mySessions"][0]["appId"].as_str(), Some(&*APP.to_string()));
    let by_header = basic(&world, CLIENT_ID, &world.client_secret, "grant_type=client_credentials").await;
    assert_eq!(by_header.status, 200, "{}", by_header.text);
    world.clock.advance_seconds(601);
    assert!(!counts(&app).await);
});

on_both_backends!(token_requests_that_make_no_sense, |world| async {
    let wrong = basic(&world, CLIENT_ID, "wrong", "grant_type=client_credentials").await;
    refused(&wrong, 401, "invalid_client");
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic"));
    let unknown = basic(&world, "nobody", "wrong", "grant_type=client_credentials").await;
    assert_eq!(unknown.text, wrong.text);
    refused(&world.anonymous().form("/auth/token", &[("grant_type", "client_credentials")]).await, 401, "invalid_client");
    refused(&basic(&world, CLIENT_ID, &world.client_secret, "grant_type=client_credentials&client_secret=x").await, 400, "invalid_request");
    refused(&basic(&world, CLIENT_ID, &world.client_secret, "grant_type=a&grant_type=b").await, 400, "invalid_request");
    refused(&token(&world, &[]).await, 400, "invalid_request");
    refused(&token(&world, &[("grant_type", "password")]).await, 400, "unsupported_grant_type");
    refused(&token(&world, &[("grant_type", "client_credentials"), ("scope", "leads")]).await, 400, "invalid_scope");
    let caller = world.anonymous();
    let json =
        caller.send(caller.request(Method::POST, "/auth/token").json(&serde_json::json!({ "grant_type": "client_credentials" }))).await;
    refused(&json, 400, "invalid_request");
    assert_eq!(caller.get("/auth/token").await.status, 405);
    let flood = "x".repeat(20_000);
    refused(&token(&world, &[("grant_type", "client_credentials"), ("more", &flood)]).await, 400, "invalid_request");
});

on_both_backends!(two_secrets_may_overlap, |world| async {
    let second = Secret::new(&SeededRandom::new(99));
    let (now, database) = (world.clock.now(), world.home.connect().await);
    let row = entity::app_secret::Model {
        id: 2,
        app_id: APP.0,
        hash: second.hash.to_vec(),
        created_at: now.0,
        expires_at: Some(now.plus_seconds(60).0),
    };
    entity::app_secret::Entity::insert(row.into_active_model()).exec_without_returning(&database).await.unwrap();
    let form = |secret| [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", secret)];
    let caller = world.anonymous();
    for secret in [&world.client_secret, &second.text] {
        assert_eq!(caller.form("/auth/token", &form(secret)).await.status, 200);
    }
    world.clock.advance_seconds(61);
    refused(&caller.form("/auth/token", &form(&second.text)).await, 401, "invalid_client");
    assert_eq!(caller.form("/auth/token", &form(&world.client_secret)).await.status, 200);
});

on_both_backends!(an_app_acts_for_a_person_with_what_both_may, |world| async {
    let (rep, app) = (world.caller(REP).await, world.app().await);
    let answer = exchange(&world, rep.token.as_deref().unwrap()).await;
    assert_eq!((answer.status, answer.json["issued_token_type"].as_str()), (200, Some(ACCESS_TOKEN)), "{}", answer.text);
    let both = world.anonymous().with_token(answer.json["access_token"].as_str().unwrap());
    let (of_rep, of_app, of_both) = (leads(&rep).await, leads(&app).await, leads(&both).await);
    assert_eq!(of_both, of_rep.intersection(&of_app).cloned().collect());
    assert!(!of_both.is_empty() && of_both.len() < of_rep.len() && of_both.len() < of_app.len());
    let mine = both.graphql(MINE, Value::Null).await;
    let session = &mine.data()["mySessions"][0];
    assert_eq!((session["personId"].as_str(), session["appId"].as_str()), (Some(&*REP.id.to_string()), Some(&*APP.to_string())));

    let auditor = world.caller(AUDITOR).await;
    let nothing = exchange(&world, auditor.token.as_deref().unwrap()).await;
    let nothing = world.anonymous().with_token(nothing.json["access_token"].as_str().unwrap());
    assert_eq!(nothing.graphql("{ leads(first: 1) { nodes { id } } }", Value::Null).await.code(), Some("FORBIDDEN"));

    for held_by_an_app in [&both, &app] {
        refused(&exchange(&world, held_by_an_app.token.as_deref().unwrap()).await, 400, "invalid_request");
    }
    refused(&exchange(&world, "forged").await, 400, "invalid_request");
    assert!(rep.graphql("mutation { signOut { ended } }", Value::Null).await.code().is_none());
    assert!(!counts(&both).await, "ends with the person's session");
    refused(&exchange(&world, rep.token.as_deref().unwrap()).await, 400, "invalid_request");
});

on_both_backends!(tokens_are_given_back, |world| async {
    let (rep, app) = (world.caller(REP).await, world.app().await);
    let both = exchange(&world, rep.token.as_deref().unwrap()).await;
    let both = world.anonymous().with_token(both.json["access_token"].as_str().unwrap());
    let revoke = async |token: &str| {
        let form = [("client_id", CLIENT_ID), ("client_secret", world.client_secret.as_str()), ("token", token)];
        world.anonymous().form("/auth/revoke", &form).await
    };
    for mine in [&app, &both] {
        assert!(counts(mine).await);
        for _ in 0..2 {
            let answer = revoke(mine.token.as_deref().unwrap()).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, ""), "again is no error");
        }
        assert!(!counts(mine).await);
    }
    refused(&revoke(rep.token.as_deref().unwrap()).await, 400, "invalid_grant");
    assert!(counts(&rep).await);
    assert_eq!(revoke("no token").await.status, 200);
    refused(&revoke("").await, 400, "invalid_request");
});

on_both_backends!(a_locked_app_is_refused_on_the_next_request, |world| async {
    let (rep, app) = (world.caller(REP).await, world.app().await);
    let both = exchange(&world, rep.token.as_deref().unwrap()).await;
    let both = world.anonymous().with_token(both.json["access_token"].as_str().unwrap());
    assert!(counts(&app).await && counts(&both).await);
    apps::lock(&operator(&world).await, APP).await.unwrap();
    assert!(!counts(&app).await && !counts(&both).await && counts(&rep).await);
    refused(&token(&world, &[("grant_type", "client_credentials")]).await, 401, "invalid_client");
});

on_both_backends!(an_app_sees_nothing_whose_person_is_locked, |world| async {
    let app = world.app().await;
    let some = "{ leads(first: 1) { nodes { id } } }";
    app.graphql(some, json!({})).await.data();
    // The first admin answers for it.
    let admin = world.caller(company::SECOND_ADMIN).await;
    let lock = "mutation($input: PersonIdInput!) { lockPerson(input: $input) { person { locked } } }";
    admin.graphql(lock, json!({ "input": { "id": company::ADMIN.id.to_string() } })).await.data();
    let refused = app.graphql(some, json!({})).await;
    assert_eq!(refused.code(), Some("AGREEMENT_REQUIRED"), "{}", refused.text);
    assert!(refused.message().unwrap().contains("who answers for the app"), "{}", refused.text);
    // It is let go on by another person who has accepted.
    let apps = admin.graphql("{ apps { nodes { id version } } }", json!({})).await.data()["apps"]["nodes"][0].clone();
    let change = "mutation($input: ChangeAppInput!) { changeApp(input: $input) { app { id } } }";
    let other = json!({ "id": apps["id"], "expectedVersion": apps["version"], "responsible": company::MANAGER.id.to_string() });
    admin.graphql(change, json!({ "input": other })).await.data();
    app.graphql(some, json!({})).await.data();
});
