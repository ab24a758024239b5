//! Rights are read fresh, yet not from the database for every request.

use std::time::Instant;

use leadkeep::app::{people, sessions};

use super::{counts, operator, refresh, sign_in};
use crate::support::{
    Caller, Table,
    company::{PASSWORD, REP},
    on_both_backends,
};

on_both_backends!(a_locked_person_is_refused_on_the_next_request, |world| async {
    let caller = world.anonymous();
    let tokens = sign_in(&caller, REP.email, PASSWORD).await.data()["signIn"].clone();
    let rep = caller.with_token(tokens["accessToken"].as_str().unwrap());
    assert!(counts(&rep).await);
    people::lock(&operator(&world).await, REP.id).await.unwrap();
    assert!(!counts(&rep).await);
    assert_eq!(refresh(&caller, tokens["refreshToken"].as_str().unwrap()).await.code(), Some("UNAUTHENTICATED"));
    people::unlock(&operator(&world).await, REP.id).await.unwrap();
    assert!(!counts(&rep).await, "unlocking does not bring old sessions back");
    assert!(counts(&world.caller(REP).await).await);
});

on_both_backends!(other_servers_notice_within_a_second, |world| async {
    let (rep, ended) = (world.caller(REP).await, world.caller(REP).await);
    let sibling = world.sibling().await;
    let there = |caller: &Caller| Caller::anonymous(&sibling.url).with_token(caller.token.as_deref().unwrap());
    assert!(counts(&there(&rep)).await && counts(&there(&ended)).await);
    assert!(ended.graphql("mutation { signOut { ended } }", serde_json::Value::Null).await.code().is_none());
    assert!(!counts(&ended).await);
    world.clock.advance_seconds(1);
    assert!(!counts(&there(&ended)).await && counts(&there(&rep)).await);
    people::lock(&operator(&world).await, REP.id).await.unwrap();
    world.clock.advance_seconds(1);
    assert!(!counts(&there(&rep)).await);
});

on_both_backends!(a_known_token_costs_no_query, |world| async {
    let rep = world.caller(REP).await;
    let token = rep.token.clone().unwrap();
    let subject = sessions::authenticate(&world.core, &token).await.unwrap();
    assert_eq!(subject.person, Some(REP.id));
    world.home.tamper(Table::Main, "UPDATE session SET ended_at = 1").await.unwrap();
    let start = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(sessions::authenticate(&world.core, &token).await.unwrap(), subject, "nobody has said that anything changed");
        if start.elapsed().as_millis() > 300 {
            break;
        }
    }
    world.home.tamper(Table::Main, "UPDATE generation SET value = value + 1 WHERE name = 'rights'").await.unwrap();
    world.clock.advance_seconds(1);
    assert!(sessions::authenticate(&world.core, &token).await.is_err());
});
