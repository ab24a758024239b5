//! What widens takes two admins; what narrows takes one.

use leadkeep::{
    app::{Op, proposals},
    domain::{Client, Subject},
};
use serde_json::{Value, json};

use super::{REVOKE, on_grant, sha256};
use crate::support::{Answer, Caller, World, company, on_both_backends};

pub const APPROVE: &str = "mutation($input: ProposalIdInput!) { approveProposal(input: $input) { proposal { state decidedBy { name } } } }";
const REJECT: &str = "mutation($input: ProposalIdInput!) { rejectProposal(input: $input) { proposal { state } } }";
const MARK: &str = "mutation($input: SetFieldMarkingInput!) {
    setFieldMarking(input: $input) { fieldMarking { marking { banner } } proposal { id state } } }";
const MOVE: &str = "mutation($input: ChangeTeamInput!) { changeTeam(input: $input) { team { name parentId } proposal { id } } }";
const SECRET: &str = "mutation($input: AddAppSecretInput!) { addAppSecret(input: $input) { clientSecret proposal { id } } }";
const PASSWORD: &str = "mutation($input: PersonIdInput!) { setPassword(input: $input) { password proposal { id } } }";

pub async fn on_proposal(caller: &Caller, document: &str, proposal: &Value) -> Answer {
    caller.graphql(document, json!({ "input": { "id": proposal } })).await
}

async fn mark(caller: &Caller, field: &str, level: &str) -> Value {
    let answer = caller.graphql(MARK, json!({ "input": { "field": field, "marking": { "level": level } } })).await;
    answer.data()["setFieldMarking"].clone()
}

async fn admins(world: &World) -> (Caller, Caller) {
    (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await)
}

async fn states(caller: &Caller) -> Vec<Value> {
    let answer = caller.graphql("{ proposals { nodes { state } } }", json!({})).await;
    answer.data()["proposals"]["nodes"].as_array().unwrap().iter().map(|node| node["state"].clone()).collect()
}

on_both_backends!(to_lower_a_field_takes_two, |world| async {
    let (ada, abel) = admins(&world).await;
    let analyst = world.caller(company::ANALYST).await;
    let notes = async || {
        let answer = analyst.graphql("{ leads(first: 1) { nodes { notes } } }", json!({})).await;
        answer.data()["leads"]["nodes"][0]["notes"].clone()
    };
    let asked = mark(&ada, "notes", "INTERNAL").await;
    assert_eq!(asked["fieldMarking"]["marking"]["banner"], "TRADE SECRET", "as it is until another admin agrees");
    assert_eq!(asked["proposal"]["state"], "PENDING");
    assert!(notes().await.is_null());
    let proposal = &asked["proposal"]["id"];
    assert_eq!(on_proposal(&ada, APPROVE, proposal).await.code(), Some("FORBIDDEN"), "not who asked");
    for other in [company::AUDITOR, company::REP] {
        let answer = on_proposal(&world.caller(other).await, APPROVE, proposal).await;
        assert_eq!(answer.code(), Some("FORBIDDEN"), "{}", answer.text);
    }
    let approved = on_proposal(&abel, APPROVE, proposal).await;
    let decided = json!({ "state": "APPROVED", "decidedBy": { "name": company::SECOND_ADMIN.name } });
    assert_eq!(approved.data()["approveProposal"]["proposal"], decided);
    assert!(notes().await.is_string(), "in force on the next request");
    for again in [APPROVE, REJECT] {
        assert_eq!(on_proposal(&abel, again, proposal).await.code(), Some("CONFLICT"));
    }

    let raised = mark(&ada, "notes", "TRADE_SECRET").await;
    assert!(raised["proposal"].is_null() && notes().await.is_null(), "raised at once");
    let missing = on_proposal(&abel, APPROVE, &json!("0000000000001")).await;
    assert_eq!(missing.code(), Some("NOT_FOUND"));
});

on_both_backends!(a_proposal_is_recorded_and_its_revision_adds_up, |world| async {
    let (ada, abel) = admins(&world).await;
    let otto = world.caller(company::AUDITOR).await;
    let asked = mark(&ada, "notes", "INTERNAL").await;
    on_proposal(&abel, APPROVE, &asked["proposal"]["id"]).await.data();
    let listed = "{ proposals(state: APPROVED) { totalCount nodes {
        act about { id } requestedBy { name } decidedBy { name } changes { kind item before after } } } }";
    let listed = otto.graphql(listed, json!({})).await;
    let marking = |level: &str| format!(r#"{{"level":"{level}","compartments":[]}}"#);
    let change = json!({ "kind": "fieldMarking", "item": "notes", "before": marking("TRADE_SECRET"), "after": marking("INTERNAL") });
    let (one, other) = (json!({ "name": company::ADMIN.name }), json!({ "name": company::SECOND_ADMIN.name }));
    let node = json!({ "act": "POLICY", "about": null, "requestedBy": one, "decidedBy": other, "changes": [change] });
    assert_eq!(listed.data()["proposals"], json!({ "totalCount": 1, "nodes": [node] }));
    let read = "{ policyRevision(number: 2) { sha256 document by { name } changes { item } } }";
    let revision = otto.graphql(read, json!({})).await;
    let revision = &revision.data()["policyRevision"];
    assert_eq!(revision["sha256"], sha256(revision["document"].as_str().unwrap()));
    assert_eq!((&revision["by"], &revision["changes"]), (&other, &json!([{ "item": "notes" }])));
    let log = "{ accessLog(first: 10) { edges { node { changed { kind } changes { kind item before after } } } } }";
    let log = otto.graphql(log, json!({})).await;
    let edges = log.data()["accessLog"]["edges"].as_array().unwrap().clone();
    let kinds: Vec<_> = edges.iter().map(|edge| edge["node"]["changed"].clone()).filter(|changed| changed != &json!([])).collect();
    assert!(kinds.contains(&json!([{ "kind": "fieldMarking" }, { "kind": "proposal" }])), "approved: {kinds:?}");
    assert!(kinds.contains(&json!([{ "kind": "proposal" }])), "asked for: {kinds:?}");
    assert!(log.text.contains("APPROVED"), "{}", log.text);
});

on_both_backends!(teams_and_the_default_marking_likewise, |world| async {
    let (ada, abel) = admins(&world).await;
    let team = |id: leadkeep::domain::Id, parent: Value| json!({ "input": { "id": id.to_string(), "parentId": parent } });
    let below = ada.graphql(MOVE, team(company::AMER, json!(company::EMEA.to_string()))).await;
    let below = &below.data()["changeTeam"];
    assert_eq!(below["team"]["parentId"], company::SALES.to_string(), "EMEA's holders would see AMER");
    let top = ada.graphql(MOVE, team(company::EMEA, json!(null))).await;
    assert!(top.data()["changeTeam"]["proposal"].is_null() && top.data()["changeTeam"]["team"]["parentId"].is_null(), "to the top narrows");
    on_proposal(&abel, APPROVE, &below["proposal"]["id"]).await.data();
    let circle = ada.graphql(MOVE, team(company::EMEA, json!(company::AMER.to_string()))).await;
    assert_eq!(circle.code(), Some("BAD_USER_INPUT"));

    let default =
        "mutation($level: Level!) { setDefaultLeadMarking(input: { marking: { level: $level } }) { marking { banner } proposal { id } } }";
    let lower = ada.graphql(default, json!({ "level": "PUBLIC" })).await;
    let lower = &lower.data()["setDefaultLeadMarking"];
    assert_eq!(lower["marking"]["banner"], "CONFIDENTIAL");
    let higher = ada.graphql(default, json!({ "level": "TRADE_SECRET" })).await;
    assert_eq!(higher.data()["setDefaultLeadMarking"]["marking"]["banner"], "TRADE SECRET");
    assert_eq!(on_proposal(&abel, APPROVE, &lower["proposal"]["id"]).await.code(), Some("CONFLICT"), "it was raised since");
    on_proposal(&abel, REJECT, &lower["proposal"]["id"]).await.data();
    assert_eq!(states(&ada).await, ["APPROVED", "REJECTED"]);
});

on_both_backends!(a_client_secret_works_once_another_admin_agrees, |world| async {
    let (ada, abel) = admins(&world).await;
    let asked = ada.graphql(SECRET, json!({ "input": { "app": company::APP.to_string() } })).await;
    let asked = &asked.data()["addAppSecret"];
    let secret = asked["clientSecret"].as_str().unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", company::CLIENT_ID), ("client_secret", secret)];
    assert_eq!(world.anonymous().form("/auth/token", &form).await.status, 401, "not by one admin alone");
    on_proposal(&abel, APPROVE, &asked["proposal"]["id"]).await.data();
    assert_eq!(world.anonymous().form("/auth/token", &form).await.status, 200);
});

on_both_backends!(what_is_rejected_withdrawn_or_late_never_works, |world| async {
    let (ada, abel) = admins(&world).await;
    let ask = async |ada: &Caller| {
        let asked = ada.graphql(SECRET, json!({ "input": { "app": company::APP.to_string() } })).await;
        asked.data()["addAppSecret"]["proposal"]["id"].clone()
    };
    let (rejected, withdrawn, late) = (ask(&ada).await, ask(&ada).await, ask(&ada).await);
    on_proposal(&abel, REJECT, &rejected).await.data();
    on_proposal(&ada, REJECT, &withdrawn).await.data();
    world.clock.advance_seconds(leadkeep::policy::PROPOSAL_SECONDS);
    let (ada, abel) = admins(&world).await;
    for proposal in [&rejected, &withdrawn, &late] {
        assert_eq!(on_proposal(&abel, APPROVE, proposal).await.code(), Some("CONFLICT"));
    }
    assert_eq!(states(&ada).await, ["REJECTED", "WITHDRAWN", "EXPIRED"]);
    for (state, count) in [("PENDING", 0), ("REJECTED", 1), ("WITHDRAWN", 1), ("EXPIRED", 1), ("APPROVED", 0)] {
        let answer =
            ada.graphql("query($state: ProposalState!) { proposals(state: $state) { totalCount } }", json!({ "state": state })).await;
        assert_eq!(answer.data()["proposals"]["totalCount"], count, "{state}");
    }
    let secrets = ada.graphql("{ apps { nodes { secrets { id } } } }", json!({})).await;
    assert_eq!(secrets.data()["apps"]["nodes"][0]["secrets"].as_array().unwrap().len(), 1);
});

on_both_backends!(one_admin_alone_signs_in_as_nobody, |world| async {
    let (ada, abel) = admins(&world).await;
    let rep = world.caller(company::REP).await;
    let viewer = "{ viewer { kind } }";
    let asked = ada.graphql(PASSWORD, json!({ "input": { "id": company::REP.id.to_string() } })).await;
    let asked = &asked.data()["setPassword"];
    let password = asked["password"].as_str().unwrap();
    let sign_in = json!({ "input": { "email": company::REP.email, "password": password } });
    let document = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";
    assert_eq!(world.anonymous().graphql(document, sign_in.clone()).await.code(), Some("UNAUTHENTICATED"));
    rep.graphql(viewer, json!({})).await.data();
    on_proposal(&abel, APPROVE, &asked["proposal"]["id"]).await.data();
    assert_eq!(rep.graphql(viewer, json!({})).await.code(), Some("UNAUTHENTICATED"), "their sessions have ended");
    world.anonymous().graphql(document, sign_in).await.data();
    let log = world
        .caller(company::AUDITOR)
        .await
        .graphql("{ accessLog(first: 20) { edges { node { changes { after } variables } } } }", json!({}))
        .await;
    assert!(!log.text.contains(password) && !log.text.contains("argon2"), "{}", log.text);
});

on_both_backends!(the_operator_stands_in_for_a_second_admin_who_is_missing, |world| async {
    let (ada, _) = admins(&world).await;
    let proposal = mark(&ada, "notes", "INTERNAL").await["proposal"]["id"].as_str().unwrap().parse().unwrap();
    let operator = async || Op::open(world.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
    let refused = proposals::approve(&operator().await, proposal).await.unwrap_err();
    assert_eq!(refused.code().name(), "FORBIDDEN", "there are two admins");
    let held = ada.graphql("{ grants(filter: { state: ACTIVE }) { nodes { id subject { id } } } }", json!({})).await;
    let grants = held.data()["grants"]["nodes"].as_array().unwrap().clone();
    let second = grants.iter().find(|grant| grant["subject"]["id"] == company::SECOND_ADMIN.id.to_string()).unwrap();
    on_grant(&ada, REVOKE, &second["id"]).await.data();
    proposals::approve(&operator().await, proposal).await.unwrap();
    assert_eq!(states(&ada).await, ["APPROVED"]);
});
