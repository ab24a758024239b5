//! A password that somebody else set opens nothing but the way to another one.

use serde_json::json;

use super::proposals::{APPROVE, on_proposal};
use crate::support::{Caller, World, company, on_both_backends};

const CHANGE: &str = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { changed } }";

async fn added(world: &World) -> (Caller, String) {
    let ada = world.caller(company::ADMIN).await;
    let add = "mutation { addPerson(input: { name: \"Nora New\", email: \"nora@example.com\" }) { person { id } password } }";
    let added = ada.graphql(add, json!({})).await;
    let added = &added.data()["addPerson"];
    let role = ada.graphql("{ roles { id name } }", json!({})).await;
    let role = role.data()["roles"].as_array().unwrap().iter().find(|role| role["name"] == "analyst").unwrap()["id"].clone();
    let input = json!({ "input": { "subject": added["person"]["id"], "role": role, "reason": "a test" } });
    let grant = ada.graphql(super::REQUEST, input).await;
    let abel = world.caller(company::SECOND_ADMIN).await;
    super::on_grant(&abel, super::APPROVE, &grant.data()["requestGrant"]["grant"]["id"]).await.data();
    let password = added["password"].as_str().unwrap().to_owned();
    (world.anonymous().sign_in("nora@example.com", &password).await, password)
}

on_both_backends!(the_first_thing_is_a_password_of_ones_own, |world| async {
    let (nora, given) = added(&world).await;
    for document in ["{ leads(first: 1) { nodes { id } } }", "{ mySessions { id } }", "{ roles { id } }"] {
        let refused = nora.graphql(document, json!({})).await;
        assert_eq!(refused.code(), Some("FORBIDDEN"), "{document}");
        assert!(refused.message().unwrap().contains("changePassword"), "{}", refused.text);
    }
    let viewer = nora.graphql("{ viewer { mustChangePassword permissions } }", json!({})).await;
    assert_eq!(viewer.data()["viewer"], json!({ "mustChangePassword": true, "permissions": [] }));

    let change = async |new: &str| nora.graphql(CHANGE, json!({ "input": { "currentPassword": given, "newPassword": new } })).await;
    assert_eq!(change(&given).await.code(), Some("BAD_USER_INPUT"), "the same is no other");
    change("a password of my own").await.data();
    let leads = nora.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await;
    assert_eq!(leads.code(), Some("AGREEMENT_REQUIRED"), "then what she has to promise: {}", leads.text);
    nora.graphql("{ mySessions { id } }", json!({})).await.data();
    let viewer = nora.graphql("{ viewer { mustChangePassword } }", json!({})).await;
    assert_eq!(viewer.data()["viewer"]["mustChangePassword"], false);
    nora.graphql("mutation { signOut { ended } }", json!({})).await.data();
});

on_both_backends!(a_reset_password_is_to_be_changed_too, |world| async {
    let (ada, abel) = (world.caller(company::ADMIN).await, world.caller(company::SECOND_ADMIN).await);
    let reset = "mutation($input: PersonIdInput!) { setPassword(input: $input) { password proposal { id } } }";
    let asked = ada.graphql(reset, json!({ "input": { "id": company::REP.id.to_string() } })).await;
    let asked = &asked.data()["setPassword"];
    on_proposal(&abel, APPROVE, &asked["proposal"]["id"]).await.data();
    let given = asked["password"].as_str().unwrap();
    let rep = world.anonymous().sign_in(company::REP.email, given).await;
    let app = world.anonymous();
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", company::CLIENT_ID),
        ("client_secret", world.client_secret.as_str()),
        ("subject_token", rep.token.as_deref().unwrap()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ];
    assert_eq!(app.form("/auth/token", &exchange).await.status, 400, "nor does it lend anything to an app");
    assert_eq!(rep.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.code(), Some("FORBIDDEN"));
    let input = json!({ "input": { "currentPassword": given, "newPassword": "a password of my own" } });
    rep.graphql(CHANGE, input).await.data();
    rep.graphql("{ leads(first: 1) { nodes { id } } }", json!({})).await.data();
    assert_eq!(app.form("/auth/token", &exchange).await.status, 200);
});
