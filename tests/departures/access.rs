//! What ends, when, and everywhere.

use std::sync::Arc;

use leadkeep::{
    app::{
        Core, Op, departures,
        export::{self, Request},
        sessions,
    },
    domain::{Client, DepartureAccess, Subject},
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::{APPROVE, BEGIN, RESTRICT, approve, clients::Events, departure, leaving, moment, role, send, show, tasks};
use crate::support::{
    Answer, Caller, World,
    company::{self, ADMIN, APP, AUDITOR, CLIENT_ID, MANAGER, PASSWORD, REP, SECOND_ADMIN},
    on_both_backends,
};

const LEADS: &str = "{ leads(first: 100) { nodes { id owner { id } emails } } }";
const EXPORT: &str = "mutation { exportLeads(input: { purpose: \"SALES\" }) { rows } }";

/// Signs in with both tokens.
async fn both_tokens(world: &World, email: &str) -> (Caller, String) {
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken refreshToken } }";
    let answer = world.anonymous().graphql(sign_in, json!({ "input": { "email": email, "password": PASSWORD } })).await;
    let tokens = &answer.data()["signIn"];
    (world.anonymous().with_token(tokens["accessToken"].as_str().unwrap()), tokens["refreshToken"].as_str().unwrap().to_owned())
}

async fn refresh(caller: &Caller, token: &str) -> Answer {
    let document = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { accessToken } }";
    caller.graphql(document, json!({ "input": { "refreshToken": token } })).await
}

/// The app acting for whoever holds this token.
async fn on_behalf(world: &World, of: &Caller) -> Caller {
    let form = [
        ("client_id", CLIENT_ID),
        ("client_secret", world.client_secret.as_str()),
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", of.token.as_deref().unwrap()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    let answer = world.anonymous().form("/auth/token", &form).await;
    world.anonymous().with_token(answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text)))
}

on_both_backends!(a_lock_ends_everything_on_the_next_request, |world| async {
    let ada = world.caller(ADMIN).await;
    let (rita, refresh_token) = both_tokens(&world, REP.email).await;
    let delegated = on_behalf(&world, &rita).await;
    let sibling = world.sibling().await;
    let elsewhere = Caller::anonymous(&sibling.url).with_token(rita.token.as_deref().unwrap());
    for caller in [&rita, &delegated, &elsewhere] {
        caller.graphql(LEADS, json!({})).await.data();
    }
    let known = moment(&world, -1_200);
    let mut input = leaving(&world, REP, "LOCK");
    input["knownAt"] = known.into();
    let begun = send(&ada, BEGIN, input.clone()).await;
    let told = departure(&begun);
    assert_eq!((&told["state"], &told["access"], &told["person"]["name"]), (&json!("OPEN"), &json!("LOCK"), &json!(REP.name)));
    assert_eq!((&told["sessionsEnded"], &told["delegationsEnded"]), (&json!(2), &json!(1)));
    assert_eq!(told["begunBy"]["name"], ADMIN.name);
    let waited = told["secondsToEnd"].as_i64().unwrap();
    assert!((1_200..1_260).contains(&waited), "from when the company knew until access ended: {waited}");
    // The very next request of each.
    assert_eq!(rita.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(delegated.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(refresh(&world.anonymous(), &refresh_token).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(rita.graphql(EXPORT, json!({})).await.code(), Some("UNAUTHENTICATED"));
    let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
    let again = world.anonymous().graphql(sign_in, json!({ "input": { "email": REP.email, "password": PASSWORD } })).await;
    assert_eq!(again.code(), Some("UNAUTHENTICATED"));
    world.clock.advance_seconds(1);
    assert_eq!(elsewhere.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"), "within a second on every other server");
    // It is written down, and a hold stands.
    let log = "query($id: ID!) { accessLog(filter: { person: $id }, first: 50) { edges { node { changes { kind item after } } } } }";
    let log = world.caller(AUDITOR).await.graphql(log, json!({ "id": ADMIN.id.to_string() })).await;
    for kind in ["\"departure\"", "\"legalHold\"", "Gave notice"] {
        assert!(log.text.contains(kind), "{kind} in {}", log.text);
    }
    let holds = ada.graphql("{ legalHolds(standing: true) { nodes { id subject { name } askedBy { name } } } }", json!({})).await;
    let hold = &holds.data()["legalHolds"]["nodes"][0];
    assert_eq!((&hold["id"], &hold["subject"]["name"]), (&told["legalHoldId"], &json!(REP.name)));
    let erase = "mutation($input: EraseInput!) { erasePerson(input: $input) { proposal { id } } }";
    let stopped = ada.graphql(erase, json!({ "input": { "id": REP.id.to_string(), "reason": "Covering up" } })).await;
    assert_eq!(stopped.code(), Some("CONFLICT"), "{}", stopped.text);
    assert_eq!(send(&ada, BEGIN, input).await.code(), Some("CONFLICT"), "one is open already");
});

on_both_backends!(a_stream_ends_with_it, |world| async {
    let watch = "subscription { newAccessRecords(first: 5) { edges { node { operationName } } } }";
    let otto = world.caller(AUDITOR).await;
    let mut events = Events::open(&otto, watch, json!({})).await;
    let rita = world.caller(REP).await;
    rita.graphql("query Seen { leads(first: 1) { nodes { id } } }", json!({})).await.data();
    while !events.event().await.to_string().contains("Seen") {}
    let begun = send(&world.caller(ADMIN).await, BEGIN, leaving(&world, AUDITOR, "LOCK")).await;
    assert_eq!(departure(&begun)["sessionsEnded"], 1);
    // What was recorded before may still come.
    let last = loop {
        let event = events.event().await;
        if event["errors"].is_array() {
            break event;
        }
    };
    assert_eq!(last["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{last}");
    events.completes().await;
});

async fn person(core: &Arc<Core>, email: &str) -> Op {
    let anonymous = Op::open(core.clone(), Subject::ANONYMOUS, Client::default(), None).await.unwrap();
    let tokens = sessions::sign_in(&anonymous, email, PASSWORD.into()).await.unwrap();
    let subject = sessions::authenticate(core, &tokens.access_token).await.unwrap();
    Op::open(core.clone(), subject, Client::default(), None).await.unwrap()
}

on_both_backends!(a_file_that_is_being_made_does_not_leave, |world| async {
    for access in [DepartureAccess::Limit, DepartureAccess::Lock] {
        let member = if access == DepartureAccess::Lock { REP } else { MANAGER };
        let sibling = world.sibling().await;
        let wish = departures::Wish {
            person: member.id,
            last_day: leadkeep::domain::Clock::now(&*world.clock).plus_seconds(86_400),
            reason: "Gave notice".into(),
            access,
            known_at: None,
            lock_apps: false,
        };
        let hr = Op::open(sibling.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
        let op = person(&world.core, member.email).await;
        let request = || Request { purpose: Some("SALES".into()), ..Request::default() };
        assert!(export::export(&op, request()).await.unwrap().rows > 0);
        // Between the decision that it may be made and the file.
        world.random.before_next(move || {
            tokio::task::block_in_place(|| Handle::current().block_on(async { drop(departures::begin(&hr, wish).await.unwrap()) }));
        });
        let refused = export::export(&op, request()).await.expect_err("it does not leave");
        let code = if access == DepartureAccess::Lock { "UNAUTHENTICATED" } else { "FORBIDDEN" };
        assert_eq!(refused.code().name(), code);
    }
});

on_both_backends!(a_limit_leaves_own_leads_to_read, |world| async {
    let (ada, mona) = (world.caller(ADMIN).await, world.caller(MANAGER).await);
    let delegated = on_behalf(&world, &mona).await;
    let owners = async |caller: &Caller| {
        let answer = caller.graphql(LEADS, json!({})).await;
        let nodes = answer.data()["leads"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|lead| lead["owner"]["id"].clone()).collect::<std::collections::HashSet<Value>>()
    };
    assert!(owners(&mona).await.len() > 1);
    let before: std::collections::BTreeSet<String> =
        delegated.graphql(LEADS, json!({})).await.data()["leads"]["nodes"].as_array().unwrap().iter().map(Value::to_string).collect();
    let told = departure(&send(&ada, BEGIN, leaving(&world, MANAGER, "LIMIT")).await);
    assert_eq!((&told["access"], &told["accessEndedAt"], &told["sessionsEnded"]), (&json!("LIMIT"), &Value::Null, &json!(0)));
    assert!(told["limitedAt"].is_string());
    assert_eq!(owners(&mona).await, [json!(MANAGER.id.to_string())].into(), "on the next request, in the same session");
    let after: std::collections::BTreeSet<String> =
        delegated.graphql(LEADS, json!({})).await.data()["leads"]["nodes"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert!(after.is_subset(&before) && after.len() < before.len(), "an app that acts for them sees less, too");
    assert_eq!(mona.graphql(EXPORT, json!({})).await.code(), Some("FORBIDDEN"));
    let change = "mutation($id: ID!) { updateLead(input: { id: $id, values: { score: 1 } }) { lead { id } } }";
    let own = leadkeep::domain::Id(1_003).to_string();
    assert_eq!(mona.graphql(change, json!({ "id": own })).await.code(), Some("FORBIDDEN"));
    assert_eq!(mona.graphql("{ people { nodes { name } } }", json!({})).await.code(), Some("FORBIDDEN"));
    // What is narrow gets narrower and never wider.
    let id = &told["id"];
    let same = departure(&send(&ada, RESTRICT, json!({ "id": id, "access": "KEEP" })).await);
    assert_eq!(same["access"], "LIMIT");
    let locked = departure(&send(&ada, RESTRICT, json!({ "id": id, "access": "LOCK" })).await);
    assert_eq!((&locked["access"], &locked["sessionsEnded"], &locked["delegationsEnded"]), (&json!("LOCK"), &json!(2), &json!(1)));
    assert_eq!(mona.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"));
    assert_eq!(delegated.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"));
});

on_both_backends!(the_last_day_ends_by_itself, |world| async {
    let ada = world.caller(ADMIN).await;
    let mut input = leaving(&world, REP, "KEEP");
    input["lastDay"] = moment(&world, 60).into();
    let told = departure(&send(&ada, BEGIN, input).await);
    let rita = world.caller(REP).await;
    rita.graphql(LEADS, json!({})).await.data();
    rita.graphql(EXPORT, json!({})).await.data();
    world.clock.advance_seconds(61);
    assert_eq!(rita.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"), "whether or not anybody has swept");
    departures::sweep(&world.core).await.unwrap();
    let swept = show(&world.caller(ADMIN).await, &told["id"]).await;
    assert_eq!((&swept["access"], &swept["sessionsEnded"]), (&json!("LOCK"), &json!(1)));
    assert!(swept["accessEndedAt"].is_string());
    let log =
        "{ accessLog(filter: { operationName: \"departure last-day\" }, first: 5) { edges { node { kind decision changes { kind } } } } }";
    let log = world.caller(AUDITOR).await.graphql(log, json!({})).await;
    let edges = log.data()["accessLog"]["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 1, "{}", log.text);
    assert_eq!(edges[0]["node"]["decision"], "ALLOWED");
    // Whose last day is over when HR hears of it is out at once.
    let mut late = leaving(&world, MANAGER, "KEEP");
    late["lastDay"] = moment(&world, -60).into();
    let late = departure(&send(&world.caller(ADMIN).await, BEGIN, late).await);
    assert_eq!(late["access"], "LOCK");
});

on_both_backends!(who_may_begin_one, |world| async {
    for member in [REP, MANAGER, AUDITOR] {
        let answer = send(&world.caller(member).await, BEGIN, leaving(&world, company::ANALYST, "LOCK")).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", member.name);
    }
    let ada = world.caller(ADMIN).await;
    assert_eq!(send(&ada, BEGIN, leaving(&world, ADMIN, "LOCK")).await.code(), Some("FORBIDDEN"), "nobody their own");
    let app = json!({ "personId": APP.to_string(), "lastDay": moment(&world, 60), "reason": "?", "access": "LOCK" });
    assert_eq!(send(&ada, BEGIN, app).await.code(), Some("NOT_FOUND"));
    // The role for it, given to somebody who then does nothing else.
    let request = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
    let input = json!({ "subject": company::NEWCOMER.id.to_string(), "role": role("hr"), "reason": "Human resources" });
    let asked = ada.graphql(request, json!({ "input": input })).await;
    let grant = json!({ "input": { "id": asked.data()["requestGrant"]["grant"]["id"] } });
    let approve_grant = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { state } } }";
    world.caller(SECOND_ADMIN).await.graphql(approve_grant, grant).await.data();
    let nils = world.caller(company::NEWCOMER).await;
    let told = departure(&send(&nils, BEGIN, leaving(&world, ADMIN, "LOCK")).await);
    assert_eq!(told["begunBy"]["name"], company::NEWCOMER.name);
    assert_eq!(ada.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"), "an admin's, too");
    assert_eq!(nils.graphql(LEADS, json!({})).await.code(), Some("FORBIDDEN"));
    assert_eq!(nils.graphql("{ accessLog(first: 1) { edges { node { index } } } }", json!({})).await.code(), Some("FORBIDDEN"));
    let last = send(&nils, BEGIN, leaving(&world, SECOND_ADMIN, "LIMIT")).await;
    assert_eq!(last.code(), Some("CONFLICT"), "nobody would be left to manage: {}", last.text);
    // What the admin answered for is told, and to be dealt with.
    let [task] = tasks(&told, "APP")[..] else { panic!("one app: {told}") };
    assert_eq!((&task["itemId"], &task["state"]), (&json!(APP.to_string()), &json!("OPEN")));
});

on_both_backends!(executives_by_two, |world| async {
    let (ada, abel) = (world.caller(ADMIN).await, world.caller(SECOND_ADMIN).await);
    let rules = "mutation($input: SetDepartureRulesInput!) { setDepartureRules(input: $input) {
        departureRules { executiveRoles executives { name } } proposal { id } } }";
    let input = json!({ "executiveRoles": ["manager"], "executiveIds": [REP.id.to_string()] });
    let set = ada.graphql(rules, json!({ "input": input })).await;
    let set = &set.data()["setDepartureRules"];
    assert_eq!(set["departureRules"], json!({ "executiveRoles": ["manager"], "executives": [{ "name": REP.name }] }));
    assert!(set["proposal"].is_null(), "to name somebody takes one");
    let mona = world.caller(MANAGER).await;
    let asked = send(&ada, BEGIN, leaving(&world, MANAGER, "LOCK")).await;
    let asked = asked.data()["beginDeparture"].clone();
    assert!(asked["departure"].is_null());
    assert_eq!((&asked["proposal"]["act"], &asked["proposal"]["about"]["name"]), (&json!("BEGIN_DEPARTURE"), &json!(MANAGER.name)));
    mona.graphql(LEADS, json!({})).await.data();
    let proposal = &asked["proposal"]["id"];
    assert_eq!(approve(&ada, proposal).await.code(), Some("FORBIDDEN"), "not who asked");
    approve(&abel, proposal).await.data();
    assert_eq!(mona.graphql(LEADS, json!({})).await.code(), Some("UNAUTHENTICATED"));
    let found = ada.graphql("{ departures { totalCount nodes { begunBy { name } approvedBy { name } } } }", json!({})).await;
    let both = json!({ "begunBy": { "name": ADMIN.name }, "approvedBy": { "name": SECOND_ADMIN.name } });
    assert_eq!(found.data()["departures"]["nodes"], json!([both]));
    // Whom it is about cannot stop it either.
    ada.graphql(rules, json!({ "input": { "executiveIds": [REP.id.to_string(), SECOND_ADMIN.id.to_string()] } })).await.data();
    let about = send(&ada, BEGIN, leaving(&world, SECOND_ADMIN, "LIMIT")).await.data()["beginDeparture"]["proposal"]["id"].clone();
    let reject = "mutation($input: ProposalIdInput!) { rejectProposal(input: $input) { proposal { state } } }";
    for document in [APPROVE, reject] {
        let theirs = abel.graphql(document, json!({ "input": { "id": about } })).await;
        assert!(theirs.code() == Some("FORBIDDEN") && theirs.message().unwrap().contains("about you"), "{}", theirs.text);
    }
    ada.graphql(reject, json!({ "input": { "id": about } })).await.data();
    // To take somebody off takes two, or one could do it all alone.
    let less = ada.graphql(rules, json!({ "input": { "executiveIds": [] } })).await;
    let less = less.data()["setDepartureRules"].clone();
    assert_eq!(less["departureRules"]["executives"].as_array().unwrap().len(), 2);
    assert!(send(&ada, BEGIN, leaving(&world, REP, "LIMIT")).await.data()["beginDeparture"]["departure"].is_null());
    approve(&abel, &less["proposal"]["id"]).await.data();
    departure(&send(&ada, BEGIN, leaving(&world, REP, "LIMIT")).await);
});

on_both_backends!(what_they_asked_for_lapses, |world| async {
    let (ada, abel) = (world.caller(ADMIN).await, world.caller(SECOND_ADMIN).await);
    let mark = "mutation { setFieldMarking(input: { field: \"notes\", marking: { level: \"INTERNAL\" } }) { proposal { id } } }";
    let proposal = ada.graphql(mark, json!({})).await.data()["setFieldMarking"]["proposal"]["id"].clone();
    let request = "mutation($input: RequestGrantInput!) { requestGrant(input: $input) { grant { id } } }";
    let input = json!({ "subject": company::NEWCOMER.id.to_string(), "role": role("analyst"), "reason": "Before I go" });
    let grant = ada.graphql(request, json!({ "input": input })).await.data()["requestGrant"]["grant"]["id"].clone();
    let told = departure(&send(&abel, BEGIN, leaving(&world, ADMIN, "KEEP")).await);
    let hangs = "query($id: ID!) { departure(id: $id) { consequences { apps { name } waiting soleAdmin leads teams contactAccounts } } }";
    let hangs = abel.graphql(hangs, json!({ "id": told["id"] })).await;
    let expected =
        json!({ "apps": [{ "name": "Warehouse" }], "waiting": 2, "soleAdmin": false, "leads": 0, "teams": [], "contactAccounts": 0 });
    assert_eq!(hangs.data()["departure"]["consequences"], expected);
    departure(&send(&abel, RESTRICT, json!({ "id": told["id"], "access": "LIMIT" })).await);
    assert_eq!(approve(&abel, &proposal).await.code(), Some("CONFLICT"));
    let approve_grant = "mutation($input: GrantIdInput!) { approveGrant(input: $input) { grant { state } } }";
    let late = abel.graphql(approve_grant, json!({ "input": { "id": grant } })).await;
    assert_eq!(late.code(), Some("CONFLICT"), "{}", late.text);
    // And nothing is given to somebody who leaves.
    let again = json!({ "subject": ADMIN.id.to_string(), "role": role("analyst"), "reason": "A present" });
    assert!(abel.graphql(request, json!({ "input": again })).await.code().is_some());
    for mutation in ["setPassword"] {
        let document = format!("mutation($input: PersonIdInput!) {{ {mutation}(input: $input) {{ __typename }} }}");
        let refused = abel.graphql(&document, json!({ "input": { "id": ADMIN.id.to_string() } })).await;
        assert!(refused.code().is_some(), "{mutation}: {}", refused.text);
    }
});
