//! Managing people, apps, teams, roles, grants and markings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod given_passwords;
mod proposals;

use serde_json::{Value, json};
use support::{Answer, Caller, company, on_both_backends};

const REQUEST: &str = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id state } } }";
const APPROVE: &str = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { id state approvedBy { name } } } }";
const REVOKE: &str = "mutation($input: GrantIdInput!) { revokeGrant(input: $input) { grant { state } } }";

async fn role(caller: &Caller, name: &str) -> Value {
    let answer = caller.graphql("{ roles { id name } }", json!({})).await;
    answer.data()["roles"].as_array().unwrap().iter().find(|role| role["name"] == name).unwrap()["id"].clone()
}

async fn request(caller: &Caller, subject: company::Member, role_name: &str, more: Value) -> Answer {
    let mut input = json!({ "subject": subject.id.to_string(), "role": role(caller, role_name).await, "reason": "a test" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    caller.graphql(REQUEST, json!({ "input": input })).await
}

async fn on_grant(caller: &Caller, document: &str, grant: &Value) -> Answer {
    caller.graphql(document, json!({ "input": { "id": grant } })).await
}

on_both_backends!(a_grant_takes_two, |world| async {
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let newcomer = world.caller(company::NEWCOMER).await;
    assert_eq!(newcomer.graphql("{ roles { id } }", json!({})).await.code(), Some("FORBIDDEN"));

    let asked = request(&ada, company::NEWCOMER, "analyst", json!({})).await;
    let grant = asked.data()["requestGrant"]["grant"]["id"].clone();
    assert_eq!(asked.data()["requestGrant"]["grant"]["state"], "PENDING");
    let permissions = newcomer.graphql("{ viewer { permissions } }", json!({})).await;
    assert_eq!(permissions.data()["viewer"]["permissions"], json!([]), "a grant that waits gives nothing");

    assert_eq!(on_grant(&ada, APPROVE, &grant).await.code(), Some("FORBIDDEN"), "who asked cannot approve");
    let approved = on_grant(&abel, APPROVE, &grant).await;
    assert_eq!(approved.data()["approveGrant"]["grant"]["approvedBy"]["name"], company::SECOND_ADMIN.name);
    let permissions = newcomer.graphql("{ viewer { permissions roles { name } } }", json!({})).await;
    assert_eq!(permissions.data()["viewer"], json!({ "permissions": ["LEAD_READ"], "roles": [{ "name": "analyst" }] }));

    let own = request(&abel, company::ADMIN, "rep", json!({ "team": company::EMEA.to_string() })).await;
    let own = &own.data()["requestGrant"]["grant"]["id"];
    assert_eq!(on_grant(&ada, APPROVE, own).await.code(), Some("FORBIDDEN"), "nobody approves their own grant");

    on_grant(&ada, REVOKE, &grant).await.data();
    let permissions = newcomer.graphql("{ viewer { permissions } }", json!({})).await;
    assert_eq!(permissions.data()["viewer"]["permissions"], json!([]), "revoked on the next request");
    assert_eq!(on_grant(&abel, APPROVE, &grant).await.code(), Some("CONFLICT"));
});

#[test]
fn the_schema_is_whole() {
    let sdl = leadkeep::graphql::sdl();
    for name in ["requestGrant", "policyRevision", "setFieldMarking", "addAppSecret", "soleAdminPeriods"] {
        assert!(sdl.contains(name), "{name}");
    }
}

on_both_backends!(duties_stay_apart, |world| async {
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    assert_eq!(request(&ada, company::AUDITOR, "admin", json!({})).await.code(), Some("CONFLICT"));
    assert_eq!(request(&ada, company::SECOND_ADMIN, "auditor", json!({})).await.code(), Some("CONFLICT"));
    // Even one that only waits counts.
    request(&ada, company::NEWCOMER, "auditor", json!({})).await.data();
    assert_eq!(request(&abel, company::NEWCOMER, "admin", json!({})).await.code(), Some("CONFLICT"));

    let held = ada.graphql("{ grants(filter: { state: ACTIVE }) { totalCount nodes { id role subject { id } } } }", json!({})).await;
    let grant_of = |member: company::Member| {
        let nodes = held.data()["grants"]["nodes"].as_array().unwrap().clone();
        nodes.into_iter().find(|grant| grant["subject"]["id"] == member.id.to_string()).unwrap()["id"].clone()
    };
    on_grant(&ada, REVOKE, &grant_of(company::SECOND_ADMIN)).await.data();
    assert_eq!(abel.graphql("{ roles { id } }", json!({})).await.code(), Some("FORBIDDEN"));
    assert_eq!(on_grant(&ada, REVOKE, &grant_of(company::ADMIN)).await.code(), Some("CONFLICT"), "the last admin stays");
    let lock = "mutation($input: PersonIdInput!) { lockPerson(input: $input) { person { locked } } }";
    let me = json!({ "input": { "id": company::ADMIN.id.to_string() } });
    assert_eq!(ada.graphql(lock, me).await.code(), Some("CONFLICT"), "nor can they be locked");
    let periods = ada.graphql("{ soleAdminPeriods { until } }", json!({})).await;
    assert_eq!(periods.data()["soleAdminPeriods"], json!([{ "until": null }]));
});

on_both_backends!(a_grant_ends_by_itself, |world| async {
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let newcomer = world.caller(company::NEWCOMER).await;
    let end = leadkeep::domain::Clock::now(&*world.clock).plus_seconds(60).to_string();
    let asked = request(&ada, company::NEWCOMER, "analyst", json!({ "expiresAt": end })).await;
    on_grant(&abel, APPROVE, &asked.data()["requestGrant"]["grant"]["id"]).await.data();
    let leads = "{ leads(first: 1) { nodes { id } } }";
    newcomer.graphql(leads, json!({})).await.data();
    world.clock.advance_seconds(61);
    assert_eq!(newcomer.graphql(leads, json!({})).await.code(), Some("FORBIDDEN"));
    let expired = ada.graphql("{ grants(filter: { state: EXPIRED }) { nodes { role } } }", json!({})).await;
    assert_eq!(expired.data()["grants"]["nodes"], json!([{ "role": "analyst" }]));
});

on_both_backends!(locked_is_locked_at_once, |world| async {
    let ada = world.caller(company::ADMIN).await;
    let rep = world.caller(company::REP).await;
    let app = world.app().await;
    let leads = "{ leads(first: 1) { nodes { id } } }";
    rep.graphql(leads, json!({})).await.data();
    app.graphql(leads, json!({})).await.data();
    let lock = "mutation($rep: PersonIdInput!, $app: AppIdInput!) { lockPerson(input: $rep) { person { locked } } lockApp(input: $app) { app { locked } } }";
    let both = json!({ "rep": { "id": company::REP.id.to_string() }, "app": { "id": company::APP.to_string() } });
    ada.graphql(lock, both.clone()).await.data();
    assert_eq!(rep.graphql(leads, json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(app.graphql(leads, json!({})).await.code(), Some("UNAUTHENTICATED"));
    let unlock = "mutation($rep: PersonIdInput!, $app: AppIdInput!) {
        unlockPerson(input: $rep) { person { locked } proposal { id } } unlockApp(input: $app) { app { locked } proposal { id } } }";
    let asked = ada.graphql(unlock, both).await;
    let (person, its_app) = (&asked.data()["unlockPerson"], &asked.data()["unlockApp"]);
    assert!(person["person"]["locked"] == true && its_app["app"]["locked"] == true, "to let somebody in again takes two");
    let abel = world.caller(company::SECOND_ADMIN).await;
    for waiting in [person, its_app] {
        proposals::on_proposal(&abel, proposals::APPROVE, &waiting["proposal"]["id"]).await.data();
    }
    assert_eq!(rep.graphql(leads, json!({})).await.code(), Some("UNAUTHENTICATED"), "the old session stays ended");
    world.caller(company::REP).await.graphql(leads, json!({})).await.data();
});

on_both_backends!(passwords_and_secrets_are_shown_once, |world| async {
    let ada = world.caller(company::ADMIN).await;
    let add =
        "mutation { addPerson(input: { name: \"Nora New\", email: \" Nora@Example.com\" }) { person { id version email } password } }";
    let added = ada.graphql(add, json!({})).await;
    let (person, password) = (&added.data()["addPerson"]["person"], added.data()["addPerson"]["password"].as_str().unwrap());
    assert_eq!(person["email"], "nora@example.com");
    world.anonymous().sign_in("nora@example.com", password).await;
    assert_eq!(ada.graphql(add, json!({})).await.code(), Some("CONFLICT"));

    let change = "mutation($input: ChangePersonInput!) { changePerson(input: $input) { person { name version } } }";
    let input = json!({ "input": { "id": person["id"], "expectedVersion": 1, "name": "Nora Neu" } });
    assert_eq!(ada.graphql(change, input.clone()).await.data()["changePerson"]["person"]["name"], "Nora Neu");
    assert_eq!(ada.graphql(change, input).await.code(), Some("CONFLICT"));

    let set = "mutation($input: PersonIdInput!) { setPassword(input: $input) { password } }";
    let other = json!({ "input": { "id": company::SECOND_ADMIN.id.to_string() } });
    assert_eq!(ada.graphql(set, other).await.code(), Some("FORBIDDEN"), "that would let one admin act as another");
    ada.graphql(set, json!({ "input": { "id": person["id"] } })).await.data();

    let secret = "mutation($input: AddAppSecretInput!) { addAppSecret(input: $input) { secret { id } clientSecret proposal { id } } }";
    let app = json!({ "input": { "app": company::APP.to_string() } });
    let made = ada.graphql(secret, app.clone()).await;
    let made = &made.data()["addAppSecret"];
    let abel = world.caller(company::SECOND_ADMIN).await;
    proposals::on_proposal(&abel, proposals::APPROVE, &made["proposal"]["id"]).await.data();
    world.anonymous().client_credentials(company::CLIENT_ID, made["clientSecret"].as_str().unwrap()).await;
    let old = world.app().await;
    assert_eq!(ada.graphql(secret, app).await.code(), Some("CONFLICT"), "two at once, not three");
    let revoke = "mutation($input: RevokeAppSecretInput!) { revokeAppSecret(input: $input) { secret { id } } }";
    ada.graphql(revoke, json!({ "input": { "id": made["secret"]["id"] } })).await.data();
    assert_eq!(old.graphql("{ viewer { kind } }", json!({})).await.code(), Some("UNAUTHENTICATED"));
    world.app().await.graphql("{ viewer { kind } }", json!({})).await.data();
});

on_both_backends!(the_policy_keeps_its_history, |world| async {
    let (ada, otto) = (world.caller(company::ADMIN).await, world.caller(company::AUDITOR).await);
    let changes = "mutation {
        addCompartment(input: { code: \"APAC\" }) { compartments }
        setFieldMarking(input: { field: \"company\", marking: { level: CONFIDENTIAL, compartments: [\"APAC\"] } }) { fieldMarking { marking { banner } } }
        addTeam(input: { name: \"APAC\" }) { team { id parentId } }
        addRole(input: { name: \"counter\", description: \"Counts.\", permissions: [LEAD_READ], windows: [{ scope: ALL, level: INTERNAL }] }) { role { builtIn } }
        setNotice(input: { notice: \"Mind it.\", expectedRevision: 5 }) { notice }
    }";
    let changed = ada.graphql(changes, json!({})).await;
    assert_eq!(changed.data()["setFieldMarking"]["fieldMarking"]["marking"]["banner"], "CONFIDENTIAL//APAC");
    let stale = "mutation { setNotice(input: { notice: \"Other.\", expectedRevision: 5 }) { notice } }";
    assert_eq!(ada.graphql(stale, json!({})).await.code(), Some("CONFLICT"));

    let page = "query($after: String) { policyRevisions(first: 4, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { number by { name } } } }";
    let newest = otto.graphql(page, json!({})).await;
    let newest = &newest.data()["policyRevisions"];
    assert_eq!((&newest["totalCount"], &newest["nodes"][0]["number"]), (&json!(6), &json!(6)));
    let rest = otto.graphql(page, json!({ "after": newest["pageInfo"]["endCursor"] })).await;
    assert_eq!(
        rest.data()["policyRevisions"]["nodes"],
        json!([{ "number": 2, "by": { "name": company::ADMIN.name } }, { "number": 1, "by": { "name": company::ADMIN.name } }])
    );

    let read = "query($number: Int!) { policyRevision(number: $number) { number sha256 document changes { kind item before after } } }";
    for number in 1..=6 {
        let revision = otto.graphql(read, json!({ "number": number })).await;
        let revision = &revision.data()["policyRevision"];
        let sha256 = sha256(revision["document"].as_str().unwrap());
        assert_eq!(revision["sha256"], sha256);
    }
    let last = otto.graphql(read, json!({ "number": 6 })).await;
    let change = &last.data()["policyRevision"]["changes"][0];
    assert_eq!((&change["kind"], &change["item"], &change["after"]), (&json!("setting"), &json!("notice"), &json!("\"Mind it.\"")));
    assert_eq!(otto.graphql(read, json!({ "number": 7 })).await.code(), Some("NOT_FOUND"));

    // And the access log has what was changed, with before and after.
    let log = "{ accessLog(first: 30) { edges { node { changed { kind item } changes { kind item before after } } } } }";
    let log = otto.graphql(log, json!({})).await.text;
    assert!(log.contains("Mind it.") && log.contains("fieldMarking"), "{log}");
});

on_both_backends!(nothing_leaks_to_those_who_may_not, |world| async {
    let rep = world.caller(company::REP).await;
    let someone = json!(company::ANALYST.id.to_string());
    for document in [
        "{ people { nodes { id } } }",
        "{ apps { nodes { id } } }",
        "{ teams { id } }",
        "{ roles { id } }",
        "{ grants { totalCount } }",
        "{ compartments }",
        "{ fieldMarkings { field } }",
        "{ policyRevision(number: 1) { number } }",
        "{ policyRevision(number: 99) { number } }",
        "{ policyRevisions { nodes { number } } }",
        "mutation { addTeam(input: { name: \"Sales\" }) { team { id } } }",
        "mutation { addPerson(input: { name: \"X\", email: \"admin@example.com\" }) { password } }",
        "mutation($id: ID!) { lockPerson(input: { id: $id }) { person { id } } }",
        "mutation($id: ID!) { approveGrant(input: { id: $id }) { grant { id } } }",
        "mutation($id: ID!) { removeRole(input: { id: $id }) { id } }",
    ] {
        let variables = if document.contains("$id") { json!({ "id": someone }) } else { json!({}) };
        let answer = rep.graphql(document, variables).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{document}: {}", answer.text);
    }
    let manager = world.caller(company::MANAGER).await;
    let people = manager.graphql("{ people(search: \"example.com\") { totalCount } all: people { nodes { email } } }", json!({})).await;
    assert_eq!(people.data()["people"]["totalCount"], 0, "an address that is hidden cannot be searched");
    assert!(people.data()["all"]["nodes"].as_array().unwrap().iter().all(|person| person["email"].is_null()));
    let viewer = rep.graphql("{ viewer { kind person { name } windows { rows teams masked } quotas { leadsPerDay } } }", json!({})).await;
    assert_eq!(viewer.data()["viewer"]["windows"][0]["rows"], "OWN");
    assert_eq!(viewer.data()["viewer"]["windows"][1], json!({ "rows": "TEAM", "teams": ["EMEA"], "masked": ["emails", "phones"] }));
});

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("{:x}", Sha256::digest(text))
}
