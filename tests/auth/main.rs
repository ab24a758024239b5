//! Who asks: people and apps prove it, and stop being able to on the very next request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod apps;
mod fresh;
mod housekeeping;
mod keys;
mod people;
mod races;
mod recorded;
mod throttling;

use leadkeep::{
    app::Op,
    domain::{Client, Subject},
};
use serde_json::{Value, json};
use support::{Answer, Caller, World};

/// A query that needs nothing but a session.
const MINE: &str = "{ mySessions { id personId appId current } }";

async fn operator(world: &World) -> Op {
    Op::open(world.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap()
}

/// Whether the caller's token still counts.
async fn counts(caller: &Caller) -> bool {
    let answer = caller.graphql(MINE, Value::Null).await;
    match answer.code() {
        None => answer.data()["mySessions"].is_array(),
        Some("UNAUTHENTICATED") => false,
        Some(_) => panic!("{}", answer.text),
    }
}

async fn sign_in(caller: &Caller, email: &str, password: &str) -> Answer {
    let document = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken refreshToken expiresAt } }";
    caller.graphql(document, json!({ "input": { "email": email, "password": password } })).await
}

async fn refresh(caller: &Caller, token: &str) -> Answer {
    let document = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken refreshToken } }";
    caller.graphql(document, json!({ "input": { "refreshToken": token } })).await
}
