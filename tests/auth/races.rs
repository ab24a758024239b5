//! What ends something on one server while it begins on another: whichever comes first, nothing is left open.
//!
//! The other server acts at the moment at which the first asks for random bytes: after it has verified what it was shown,
//! before it writes.

use std::sync::Arc;

use leadkeep::{
    app::{
        Core, Op,
        app_tokens::{self, Denied},
        apps, people, sessions,
    },
    domain::{Client, Id, Subject},
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::runtime::Handle;

use super::{counts, operator};
use crate::support::{
    Backend, World,
    company::{APP, CLIENT_ID, PASSWORD, REP},
    on_both_backends,
    world::Sibling,
};

const OWN: &str = "a password of my own";

async fn anonymous(core: &Arc<Core>) -> Op {
    Op::open(core.clone(), Subject::ANONYMOUS, Client::default(), None).await.unwrap()
}

async fn signed_in(core: &Arc<Core>) -> Op {
    let tokens = sessions::sign_in(&anonymous(core).await, REP.email, PASSWORD.into()).await.unwrap();
    let subject = sessions::authenticate(core, &tokens.access_token).await.unwrap();
    Op::open(core.clone(), subject, Client::default(), None).await.unwrap()
}

/// Has `work` done to the end in the middle of what the world's server does next.
fn meanwhile(world: &World, work: impl Future<Output = ()> + Send + 'static) {
    world.random.before_next(move || tokio::task::block_in_place(|| Handle::current().block_on(work)));
}

async fn open_sessions(world: &World, of: Id) -> usize {
    world.core.store.open_sessions(of, world.core.now(), 100).await.unwrap().len()
}

async fn there(world: &World) -> Sibling {
    world.sibling().await
}

on_both_backends!(a_sign_in_is_overtaken_by_a_new_password, |world| async {
    let sibling = there(&world).await;
    let changer = signed_in(&sibling.core).await;
    let op = anonymous(&world.core).await;
    meanwhile(&world, async move { sessions::change_password(&changer, PASSWORD.into(), OWN.into()).await.unwrap() });
    let Err(refused) = sessions::sign_in(&op, REP.email, PASSWORD.into()).await else { panic!("signed in with the old password") };
    assert_eq!(refused.code().name(), "UNAUTHENTICATED");
    assert_eq!(open_sessions(&world, REP.id).await, 1, "none but that of whoever changed it");
});

on_both_backends!(a_sign_in_is_overtaken_by_a_lock, |world| async {
    let sibling = there(&world).await;
    let locker = Op::open(sibling.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
    let op = anonymous(&world.core).await;
    meanwhile(&world, async move { drop(people::lock(&locker, REP.id).await.unwrap()) });
    assert!(sessions::sign_in(&op, REP.email, PASSWORD.into()).await.is_err());
    people::unlock(&operator(&world).await, REP.id).await.unwrap();
    assert_eq!(open_sessions(&world, REP.id).await, 0, "none that an unlocking would bring back");
});

on_both_backends!(a_new_password_is_overtaken_by_a_reset, |world| async {
    let sibling = there(&world).await;
    let stranger = signed_in(&world.core).await;
    let resetter = Op::open(sibling.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
    meanwhile(&world, async move { drop(people::set_password(&resetter, REP.id).await.unwrap()) });
    assert!(sessions::change_password(&stranger, PASSWORD.into(), OWN.into()).await.is_err(), "whoever is thrown out stays out");
    assert!(sessions::sign_in(&anonymous(&world.core).await, REP.email, OWN.into()).await.is_err());
});

on_both_backends!(a_refresh_is_overtaken_by_a_sign_out, |world| async {
    let sibling = there(&world).await;
    let tokens = sessions::sign_in(&anonymous(&world.core).await, REP.email, PASSWORD.into()).await.unwrap();
    let subject = sessions::authenticate(&sibling.core, &tokens.access_token).await.unwrap();
    let leaver = Op::open(sibling.core.clone(), subject, Client::default(), None).await.unwrap();
    let op = anonymous(&world.core).await;
    meanwhile(&world, async move { sessions::sign_out(&leaver).await.unwrap() });
    assert!(sessions::refresh(&op, &tokens.refresh_token).await.is_err());
});

on_both_backends!(an_exchange_is_overtaken_by_a_sign_out, |world| async {
    let sibling = there(&world).await;
    let rep = world.caller(REP).await;
    let token = rep.token.clone().unwrap();
    let (app, shown) = app_tokens::authenticate_app(&world.core, &Client::default(), CLIENT_ID, &world.client_secret).await.ok().unwrap();
    let both = app_tokens::on_behalf(&world.core, app, &token).await.ok().unwrap();
    let op = Op::open(world.core.clone(), both, Client::default(), None).await.unwrap();
    let subject = sessions::authenticate(&sibling.core, &token).await.unwrap();
    let leaver = Op::open(sibling.core.clone(), subject, Client::default(), None).await.unwrap();
    meanwhile(&world, async move { sessions::sign_out(&leaver).await.unwrap() });
    assert!(matches!(app_tokens::issue(&op, shown).await, Err(Denied::SubjectToken)));
    assert_eq!((open_sessions(&world, REP.id).await, open_sessions(&world, APP).await), (0, 0));
});

on_both_backends!(a_token_is_overtaken_by_the_end_of_its_secret, |world| async {
    let sibling = there(&world).await;
    let (app, shown) = app_tokens::authenticate_app(&world.core, &Client::default(), CLIENT_ID, &world.client_secret).await.ok().unwrap();
    let op = Op::open(world.core.clone(), app, Client::default(), None).await.unwrap();
    let revoker = Op::open(sibling.core.clone(), Subject::OPERATOR, Client::default(), None).await.unwrap();
    meanwhile(&world, async move {
        apps::revoke_secret(&revoker, Id(1)).await.unwrap();
    });
    assert!(matches!(app_tokens::issue(&op, shown).await, Err(Denied::Client)));
    assert_eq!(open_sessions(&world, APP).await, 0);
});

/// The other way round, where transactions run side by side: a sign-out that begins while an exchange is being written waits
/// for it and ends what it made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_waits_for_an_exchange_under_way() {
    let world = World::start(Backend::Postgres).await;
    let rep = world.caller(REP).await;
    let subject = sessions::authenticate(&world.core, rep.token.as_deref().unwrap()).await.unwrap();
    let leaver = Op::open(world.core.clone(), subject, Client::default(), None).await.unwrap();
    let database = world.home.connect().await;
    let exchange = database.begin().await.unwrap();
    exchange.execute_unprepared("SELECT value FROM generation WHERE name = 'rights' FOR SHARE").await.unwrap();
    let (child, parent, now) = (77, subject.session.unwrap().0, world.core.now().0);
    let made = format!(
        "INSERT INTO session (id, person_id, app_id, parent_id, created_at, expires_at) VALUES ({child}, {}, {}, {parent}, {now}, {})",
        REP.id.0,
        APP.0,
        now + 600_000_000
    );
    exchange.execute_unprepared(&made).await.unwrap();
    let leaving = tokio::spawn(async move { sessions::sign_out(&leaver).await });
    let waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while database.query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, waiting)).await.unwrap().is_none() {
        assert!(!leaving.is_finished(), "the sign-out did not wait");
        tokio::task::yield_now().await;
    }
    exchange.commit().await.unwrap();
    leaving.await.unwrap().unwrap();
    assert!(!counts(&rep).await);
    assert_eq!(open_sessions(&world, REP.id).await, 0, "the session made meanwhile has ended too");
}
