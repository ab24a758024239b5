//! People sign in, go on, and out.

use serde_json::{Value, json};

use super::{MINE, counts, operator, refresh, sign_in};
use crate::support::{
    company::{ADMIN, OTHER_REP, PASSWORD, REP},
    on_both_backends,
};

on_both_backends!(signing_in_and_out, |world| async {
    let rep = world.caller(REP).await;
    let sessions = rep.graphql(MINE, Value::Null).await;
    let session = &sessions.data()["mySessions"][0];
    assert_eq!((session["personId"].as_str(), session["current"].as_bool()), (Some(&*REP.id.to_string()), Some(true)));
    let elsewhere = world.caller(REP).await;
    assert_eq!(elsewhere.graphql("mutation { signOut { ended } }", Value::Null).await.data()["signOut"]["ended"], true);
    assert!(!counts(&elsewhere).await && counts(&rep).await);
    for forged in ["", "x", "a.b.c", &format!("{}x", rep.token.as_deref().unwrap())] {
        assert!(!counts(&rep.with_token(forged)).await, "{forged}");
    }
    let nobody = world.anonymous().graphql(MINE, Value::Null).await;
    assert_eq!(nobody.code(), Some("UNAUTHENTICATED"));
});

on_both_backends!(unknown_wrong_and_locked_are_answered_alike, |world| async {
    leadkeep::app::people::lock(&operator(&world).await, OTHER_REP.id).await.unwrap();
    let caller = world.anonymous();
    let mut answers = Vec::new();
    for (email, password) in [("nobody@example.com", PASSWORD), (REP.email, "a wrong password"), (OTHER_REP.email, PASSWORD), ("", "")] {
        let answer = sign_in(&caller, email, password).await;
        assert_eq!(answer.code(), Some("UNAUTHENTICATED"));
        answers.push((answer.status, answer.json["errors"].clone(), answer.json["data"].clone()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(sign_in(&caller, &format!("  {} ", REP.email.to_uppercase()), PASSWORD).await.code().is_none(), "case and space do not matter");
});

on_both_backends!(a_refresh_token_is_good_once, |world| async {
    let caller = world.anonymous();
    let first = sign_in(&caller, REP.email, PASSWORD).await.data()["signIn"].clone();
    let (old, access) = (first["refreshToken"].as_str().unwrap(), first["accessToken"].as_str().unwrap());
    let second = refresh(&caller, old).await.data()["refreshSession"].clone();
    let (new, renewed) = (second["refreshToken"].as_str().unwrap(), caller.with_token(second["accessToken"].as_str().unwrap()));
    assert!(counts(&renewed).await && counts(&caller.with_token(access)).await);
    assert_eq!(refresh(&caller, old).await.code(), Some("UNAUTHENTICATED"));
    assert!(!counts(&renewed).await, "used twice: the session has ended");
    assert_eq!(refresh(&caller, new).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(refresh(&caller, "never given out").await.code(), Some("UNAUTHENTICATED"));
});

on_both_backends!(two_refreshes_at_once_are_one_too_many, |world| async {
    let caller = world.anonymous();
    let first = sign_in(&caller, REP.email, PASSWORD).await.data()["signIn"].clone();
    let token = first["refreshToken"].as_str().unwrap();
    let (one, other) = tokio::join!(refresh(&caller, token), refresh(&caller, token));
    assert!(one.code().is_none() != other.code().is_none(), "{} {}", one.text, other.text);
    assert!(!counts(&caller.with_token(first["accessToken"].as_str().unwrap())).await);
});

on_both_backends!(tokens_and_sessions_expire, |world| async {
    let caller = world.anonymous();
    let first = sign_in(&caller, REP.email, PASSWORD).await.data()["signIn"].clone();
    let signed_in = caller.with_token(first["accessToken"].as_str().unwrap());
    world.clock.advance_seconds(590);
    assert!(counts(&signed_in).await);
    world.clock.advance_seconds(11);
    assert!(!counts(&signed_in).await);
    let mut token = first["refreshToken"].as_str().unwrap().to_owned();
    for _ in 0..4 {
        world.clock.advance_seconds(7 * 86_400 - 3_600);
        let next = refresh(&caller, &token).await;
        token = next.data()["refreshSession"]["refreshToken"].as_str().unwrap().into();
    }
    world.clock.advance_seconds(3 * 86_400);
    assert_eq!(refresh(&caller, &token).await.code(), Some("UNAUTHENTICATED"), "thirty days are over");
    let idle = sign_in(&caller, REP.email, PASSWORD).await.data()["signIn"]["refreshToken"].clone();
    world.clock.advance_seconds(7 * 86_400);
    assert_eq!(refresh(&caller, idle.as_str().unwrap()).await.code(), Some("UNAUTHENTICATED"), "unused for a week");
});

on_both_backends!(a_new_password_ends_the_other_sessions, |world| async {
    let (here, there) = (world.caller(REP).await, world.caller(REP).await);
    let change = async |current: &str, new: &str| {
        let document = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { changed } }";
        here.graphql(document, json!({ "input": { "currentPassword": current, "newPassword": new } })).await
    };
    assert_eq!(change("a wrong password", "another good password").await.code(), Some("BAD_USER_INPUT"));
    assert_eq!(change(PASSWORD, "too short").await.code(), Some("BAD_USER_INPUT"));
    assert!(counts(&there).await);
    assert_eq!(change(PASSWORD, "another good password").await.data()["changePassword"]["changed"], true);
    assert!(counts(&here).await && !counts(&there).await);
    assert_eq!(sign_in(&here, REP.email, PASSWORD).await.code(), Some("UNAUTHENTICATED"));
    assert!(sign_in(&world.anonymous(), REP.email, "another good password").await.code().is_none());
});

on_both_backends!(sessions_are_ended_by_their_owner_or_an_admin, |world| async {
    let (rep, other, admin) = (world.caller(REP).await, world.caller(OTHER_REP).await, world.caller(ADMIN).await);
    let id = rep.graphql(MINE, Value::Null).await.data()["mySessions"][0]["id"].clone();
    let end = "mutation($input: EndSessionInput!) { endSession(input: $input) { sessionId } }";
    let input = json!({ "input": { "sessionId": id } });
    let hidden = other.graphql(end, input.clone()).await;
    let missing = other.graphql(end, json!({ "input": { "sessionId": "0000000000001" } })).await;
    assert_eq!(hidden.code(), Some("NOT_FOUND"));
    assert_eq!(hidden.json["errors"], missing.json["errors"]);
    assert!(counts(&rep).await);
    assert_eq!(admin.graphql(end, input.clone()).await.data()["endSession"]["sessionId"], id);
    assert!(!counts(&rep).await);
    assert_eq!(admin.graphql(end, input).await.code(), Some("NOT_FOUND"), "it has ended");
    let again = world.caller(REP).await;
    let own = again.graphql(MINE, Value::Null).await.data()["mySessions"][0]["id"].clone();
    assert!(again.graphql(end, json!({ "input": { "sessionId": own } })).await.code().is_none());
    assert!(!counts(&again).await);
});

on_both_backends!(who_is_added_stands_under_a_law_from_the_beginning, |world| async {
    let admin = world.caller(crate::support::company::ADMIN).await;
    let add = "mutation($input: AddPersonInput!) { addPerson(input: $input) { person { id jurisdiction company } } }";
    let input =
        |code: &str, email: &str| json!({ "name": "Cleo Consultant", "email": email, "jurisdiction": code, "company": " Acme   Ltd " });
    let added = admin.graphql(add, json!({ "input": input("US-CA", "cleo@acme.example") })).await;
    let person = &added.data()["addPerson"]["person"];
    assert_eq!((&person["jurisdiction"], &person["company"]), (&json!("US-CA"), &json!("Acme Ltd")));
    let found = admin.graphql("{ people { nodes { id jurisdiction company } } }", json!({})).await;
    assert!(found.data()["people"]["nodes"].as_array().unwrap().contains(person), "{}", found.text);
    assert_eq!(admin.graphql(add, json!({ "input": input("Bavaria", "carl@acme.example") })).await.code(), Some("BAD_USER_INPUT"));
});
