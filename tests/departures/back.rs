//! Mistaken departures and those who come back.

use serde_json::{Value, json};

use super::{BEGIN, CANCEL, CERTIFY, CLOSE, SETTLE, approve, departure, leaving, role, send, show};
use crate::support::{
    World,
    company::{self, ADMIN, MANAGER, PASSWORD, REP, SECOND_ADMIN},
    on_both_backends,
};

const LEADS: &str = "{ leads(first: 100) { nodes { id } } }";
const REHIRE: &str =
    "mutation($input: DepartureReasonInput!) { rehire(input: $input) { departure { ...D } password proposal { id act } } }";

fn on_person(member: company::Member) -> Value {
    json!({ "input": { "id": member.id.to_string() } })
}

on_both_backends!(a_mistake_is_taken_back, |world| async {
    let (ada, abel) = (world.caller(ADMIN).await, world.caller(SECOND_ADMIN).await);
    // A limit takes one.
    let mona = world.caller(MANAGER).await;
    let count = async || mona.graphql(LEADS, json!({})).await.data()["leads"]["nodes"].as_array().unwrap().len();
    let before = count().await;
    let limited = departure(&send(&ada, BEGIN, leaving(&world, MANAGER, "LIMIT")).await);
    assert!(count().await < before);
    let cancelled = send(&ada, CANCEL, json!({ "id": limited["id"], "reason": "The wrong Mona" })).await;
    assert!(cancelled.data()["cancelDeparture"]["proposal"].is_null());
    assert_eq!((&departure(&cancelled)["state"], count().await), (&json!("CANCELLED"), before));
    // A lock takes two, however it is asked for.
    let locked = departure(&send(&ada, BEGIN, leaving(&world, REP, "LOCK")).await);
    let unlock = "mutation($input: PersonIdInput!) { unlockPerson(input: $input) { proposal { id } } }";
    assert_eq!(ada.graphql(unlock, on_person(REP)).await.code(), Some("CONFLICT"), "not behind the departure's back");
    let asked = send(&ada, CANCEL, json!({ "id": locked["id"], "reason": "She stays" })).await;
    assert_eq!(departure(&asked)["state"], "OPEN");
    let proposal = asked.data()["cancelDeparture"]["proposal"]["id"].clone();
    assert_eq!(asked.data()["cancelDeparture"]["proposal"]["act"], "CANCEL_DEPARTURE");
    assert_eq!(approve(&ada, &proposal).await.code(), Some("FORBIDDEN"));
    approve(&abel, &proposal).await.data();
    world.caller(REP).await.graphql(LEADS, json!({})).await.data();
    let told = show(&ada, &locked["id"]).await;
    assert_eq!((&told["state"], &told["endReason"]), (&json!("CANCELLED"), &json!("She stays")));
    let holds = ada.graphql("{ legalHolds(standing: true) { totalCount } }", json!({})).await;
    assert_eq!(holds.data()["legalHolds"]["totalCount"], 2, "holds stay until two lift them");
    // Somebody who was locked before is not let in by it.
    let lock = "mutation($input: PersonIdInput!) { lockPerson(input: $input) { person { locked } } }";
    ada.graphql(lock, on_person(REP)).await.data();
    let again = departure(&send(&ada, BEGIN, leaving(&world, REP, "LOCK")).await);
    departure(&send(&ada, CANCEL, json!({ "id": again["id"], "reason": "She stays" })).await);
    let person = ada.graphql("{ people(filter: { locked: true }) { nodes { id } } }", json!({})).await;
    assert_eq!(person.data()["people"]["nodes"], json!([{ "id": REP.id.to_string() }]));
});

/// Begins, settles and closes somebody's departure.
async fn leave(world: &World, member: company::Member) -> Value {
    let ada = world.caller(ADMIN).await;
    let begun = departure(&send(&ada, BEGIN, leaving(world, member, "LOCK")).await);
    for task in begun["tasks"].as_array().unwrap().iter().filter(|task| task["state"] == "OPEN" && task["kind"] != "CERTIFICATE") {
        let state = if task["kind"] == "MANUAL" { "DONE" } else { "WAIVED" };
        departure(&send(&ada, SETTLE, json!({ "id": task["id"], "state": state, "note": "seen to" })).await);
    }
    let certificate = json!({ "departureId": begun["id"], "outcome": "REFUSED", "note": "Did not come" });
    departure(&send(&ada, CERTIFY, certificate).await);
    departure(&send(&ada, CLOSE, json!({ "id": begun["id"] })).await)
}

on_both_backends!(somebody_comes_back, |world| async {
    let (ada, abel) = (world.caller(ADMIN).await, world.caller(SECOND_ADMIN).await);
    let left = leave(&world, REP).await;
    let unlock = "mutation($input: PersonIdInput!) { unlockPerson(input: $input) { proposal { id } } }";
    assert_eq!(ada.graphql(unlock, on_person(REP)).await.code(), Some("CONFLICT"), "who has left is taken on again, not unlocked");
    let request = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
    let grant = json!({ "input": { "subject": REP.id.to_string(), "role": role("analyst"), "reason": "?" } });
    assert!(ada.graphql(request, grant.clone()).await.code().is_some());
    assert_eq!(send(&ada, CANCEL, json!({ "id": left["id"], "reason": "?" })).await.code(), Some("CONFLICT"));
    let asked = send(&ada, REHIRE, json!({ "id": left["id"], "reason": "Came back" })).await;
    let asked = asked.data()["rehire"].clone();
    assert_eq!((&asked["departure"]["state"], &asked["proposal"]["act"]), (&json!("CLOSED"), &json!("REHIRE")));
    let password = asked["password"].as_str().unwrap();
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
    let with = |password: &str| json!({ "input": { "email": REP.email, "password": password } });
    assert!(world.anonymous().graphql(sign_in, with(password)).await.code().is_some(), "not before another agrees");
    approve(&abel, &asked["proposal"]["id"]).await.data();
    assert!(world.anonymous().graphql(sign_in, with(PASSWORD)).await.code().is_some(), "the old password is gone");
    let rita = world.anonymous().sign_in(REP.email, password).await;
    assert_eq!(rita.graphql(LEADS, json!({})).await.code(), Some("FORBIDDEN"));
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    let own = json!({ "input": { "currentPassword": password, "newPassword": "a password of my own" } });
    rita.graphql(change, own).await.data();
    assert_eq!(rita.graphql(LEADS, json!({})).await.code(), Some("FORBIDDEN"), "none of the old grants");
    assert_eq!(show(&ada, &left["id"]).await["state"], "REHIRED");
    ada.graphql(request, grant).await.data();
    departure(&send(&ada, BEGIN, leaving(&world, REP, "LIMIT")).await);
    let all =
        ada.graphql("query($id: ID!) { departures(filter: { personId: $id }) { totalCount } }", json!({ "id": REP.id.to_string() })).await;
    assert_eq!(all.data()["departures"]["totalCount"], 2);
});
