//! What is out of date goes, what is still of use stays.

use leadkeep::app::housekeeping::forget;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{counts, refresh, sign_in};
use crate::support::{
    Answer, World,
    company::{self, PASSWORD, REP},
    on_both_backends,
};

const DAY: i64 = 86_400;

fn token(answer: &Answer, of: &str, name: &str) -> String {
    answer.data()[of][name].as_str().unwrap().to_owned()
}

async fn kept(world: &World) -> (u64, u64, usize) {
    let database = world.home.connect().await;
    let sessions = entity::session::Entity::find().count(&database).await.unwrap();
    let tokens = entity::refresh_token::Entity::find().count(&database).await.unwrap();
    let proposals = entity::proposal::Entity::find().all(&database).await.unwrap();
    (sessions, tokens, proposals.iter().filter(|proposal| proposal.sealed.is_some()).count())
}

on_both_backends!(sessions_and_tokens_go_when_their_time_is_over, |world| async {
    let caller = world.anonymous();
    world.caller(company::AUDITOR).await.graphql("mutation { signOut { ended } }", json!({})).await.data();
    let first = sign_in(&caller, REP.email, PASSWORD).await;
    let (spent, access) = (token(&first, "signIn", "refreshToken"), token(&first, "signIn", "accessToken"));
    let second = refresh(&caller, &spent).await;
    assert_eq!(forget(&world.core).await.unwrap(), 0);
    assert_eq!(kept(&world).await, (2, 2, 0), "the one that ended too, for a while");
    assert!(counts(&caller.with_token(&access)).await);

    world.clock.advance_seconds(6 * DAY);
    let third = refresh(&caller, &token(&second, "refreshSession", "refreshToken")).await;
    world.clock.advance_seconds(2 * DAY);
    assert_eq!(forget(&world.core).await.unwrap(), 2, "tokens of eight days ago; a copy of them opens nothing any more");
    assert_eq!(kept(&world).await, (2, 1, 0));
    let fourth = refresh(&caller, &token(&third, "refreshSession", "refreshToken")).await;
    assert!(counts(&caller.with_token(&token(&fourth, "refreshSession", "accessToken"))).await);
    assert!(refresh(&caller, &token(&third, "refreshSession", "refreshToken")).await.code().is_some());
    assert!(!counts(&caller.with_token(&token(&fourth, "refreshSession", "accessToken"))).await, "reuse is still noticed");

    world.clock.advance_seconds(31 * DAY);
    forget(&world.core).await.unwrap();
    assert_eq!(kept(&world).await, (0, 0, 0));
    let log = world
        .caller(company::AUDITOR)
        .await
        .graphql("{ accessLog(first: 20) { edges { node { subject { person { name } } } } } }", json!({}))
        .await;
    assert!(log.text.contains(REP.name), "the log keeps who did what");
});

on_both_backends!(the_hash_of_a_secret_that_nobody_approved_goes, |world| async {
    let ada = world.caller(company::ADMIN).await;
    let secret = "mutation($input: AddAppSecretInput!) { addAppSecret(input: $input) { proposal { id } } }";
    ada.graphql(secret, json!({ "input": { "app": company::APP.to_string() } })).await.data();
    forget(&world.core).await.unwrap();
    assert_eq!(kept(&world).await.2, 1);
    world.clock.advance_seconds(leadkeep::policy::PROPOSAL_SECONDS);
    forget(&world.core).await.unwrap();
    assert_eq!(kept(&world).await.2, 0);
});
