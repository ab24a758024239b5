//! Guesses get slow, and lock nobody out.

use leadkeep::{
    app::{Op, sessions},
    auth::Credential,
    domain::{Client, Subject},
};

use super::sign_in;
use crate::support::{
    World,
    company::{CLIENT_ID, PASSWORD, REP},
    on_both_backends,
};

async fn from(world: &World, address: &str, password: &str) -> Result<(), String> {
    let client = Client { ip: Some(address.into()), user_agent: None };
    let op = Op::open(world.core.clone(), Subject::ANONYMOUS, client, None).await.unwrap();
    let signed_in = sessions::sign_in(&op, REP.email, password.into()).await;
    assert_eq!(
        op.trace().reasons.contains(&"throttled".to_owned()),
        matches!(&signed_in, Err(error) if error.code().name() == "QUOTA_EXCEEDED")
    );
    signed_in.map(drop).map_err(|error| error.code().name().to_owned())
}

on_both_backends!(guesses_wait_and_the_owner_does_not, |world| async {
    world.caller(REP).await;
    for _ in 0..10 {
        assert_eq!(from(&world, "192.0.2.66", "a wrong password").await, Err("UNAUTHENTICATED".into()));
    }
    assert_eq!(from(&world, "192.0.2.66", PASSWORD).await, Err("QUOTA_EXCEEDED".into()), "not even with the right one");
    let elsewhere = sign_in(&world.anonymous(), REP.email, PASSWORD).await;
    assert!(elsewhere.code().is_none(), "the owner's address is not the stranger's");
    assert_eq!(from(&world, "198.51.100.1", PASSWORD).await, Ok(()), "nor is any other");
    world.clock.advance_seconds(2);
    assert_eq!(from(&world, "192.0.2.66", PASSWORD).await, Ok(()), "and the delay ends");
    assert_eq!(from(&world, "192.0.2.66", "a wrong password").await, Err("UNAUTHENTICATED".into()));
});

on_both_backends!(apps_are_throttled_too, |world| async {
    let form = |secret| [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", secret)];
    let caller = world.anonymous();
    for _ in 0..100 {
        assert_eq!(caller.form("/auth/token", &form("wrong")).await.status, 401);
    }
    let refused = caller.form("/auth/token", &form("wrong")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    world.clock.advance_seconds(2);
    assert_eq!(caller.form("/auth/token", &form(&world.client_secret)).await.status, 200);
});

on_both_backends!(
    a_full_queue_of_hashes_says_come_back,
    settings | settings | {
        settings.auth.password_hashes_at_once = 1;
        settings.auth.password_hashes_waiting = 0;
    },
    |world| async {
        let passwords = world.core.auth.passwords.clone();
        let others: Vec<_> = (0..4)
            .map(|_| {
                let passwords = passwords.clone();
                // Somebody else takes the only place whenever it is free.
                tokio::spawn(async move {
                    loop {
                        let _ = passwords.verify("whatever it is".into(), None).await;
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        let mut refused = None;
        for _ in 0..200 {
            let answer = sign_in(&world.anonymous(), REP.email, PASSWORD).await;
            if answer.status != 200 {
                refused = Some(answer);
                break;
            }
        }
        others.iter().for_each(tokio::task::JoinHandle::abort);
        let address = Some("127.0.0.1");
        let begun = world.core.auth.throttle.begin(Credential::Password, REP.email, address, world.core.now());
        assert!(begun.is_ok(), "whoever was not looked at has not guessed wrong");
        let refused = refused.expect("one of two hundred found the queue full");
        assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, Some("QUOTA_EXCEEDED"), Some("1")));
        assert!(refused.message().unwrap().contains("try again"), "{}", refused.text);
    }
);

on_both_backends!(guesses_at_passwords_do_not_slow_the_app_beside, |world| async {
    for account in 0..51 {
        sign_in(&world.anonymous(), &format!("nobody{account}@example.com"), "a wrong password").await;
    }
    let person = sign_in(&world.anonymous(), "nobody@example.com", "a wrong password").await;
    assert_eq!(person.code(), Some("QUOTA_EXCEEDED"), "{}", person.text);
    let form = [("grant_type", "client_credentials"), ("client_id", CLIENT_ID), ("client_secret", world.client_secret.as_str())];
    assert_eq!(world.anonymous().form("/auth/token", &form).await.status, 200);
});
