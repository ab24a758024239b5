//! A year that was played, and somebody who asks about it.

use std::{net::Ipv4Addr, ops::Deref, sync::Arc};

pub use leadkeep::year::Played;
use leadkeep::{
    app::Core,
    config::Settings,
    domain::{Timestamp, clock::DAY},
    server,
    store::Store,
    year::{
        self, Caller, Door, Plot, SeededRandom, Size, Spoken, YearClock, figures,
        plot::{Job, calendar},
    },
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }";

/// From the machine itself.
const fn at_home(token: Option<&str>) -> Caller<'_> {
    Caller { from: Ipv4Addr::LOCALHOST, token }
}

/// A company after its year.
pub struct Year {
    pub plot: Plot,
    pub played: Played,
    pub requests: u64,
    core: Arc<Core>,
    door: Door,
    /// Tokens of those who have asked, by number.
    tokens: std::sync::Mutex<std::collections::HashMap<usize, String>>,
    runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl Deref for Year {
    type Target = Played;

    fn deref(&self) -> &Played {
        &self.played
    }
}

impl Year {
    /// Plays the year of a seed in a company of this size.
    pub fn play(seed: u64, size: Size) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let first = calendar::day_of("2025-11-22").unwrap();
        let plot = Plot::new(seed, size, first);
        let mut given = Settings { data: folder.path().to_owned(), database_connections: 4, ..Settings::default() };
        // A test's disk has better use for sixteen times as much.
        given.ledger.reserve = 1 << 20;
        let settings = year::settings(&given);
        let mut requests = 0;
        let (core, door, played) = runtime.block_on(async {
            let clock = Arc::new(YearClock::at(Timestamp((first - 1) * DAY)));
            let random = Arc::new(SeededRandom::new(seed));
            Store::migrate(&server::location(&settings)).await.unwrap();
            let core = server::build_core(&settings, clock.clone(), random.clone()).await.unwrap();
            let played = year::play(&core, &settings, &plot, (&clock, &*random), |told| requests = told.requests).await.unwrap();
            let door = Door::to(&core, &settings).await.unwrap();
            (core, door, played)
        });
        Self { plot, played, requests, core, door, tokens: std::sync::Mutex::default(), runtime, _folder: folder }
    }

    /// Asks as the first who is employed so.
    pub fn ask(&self, job: Job, document: &str, variables: Value) -> Value {
        self.runtime.block_on(async {
            let token = self.token(job).await;
            self.door.graphql(at_home(Some(&token)), document, &variables).await.unwrap().data().unwrap().clone()
        })
    }

    /// Every alarm of the year, and what was done with canaries.
    pub fn spoken(&self) -> Vec<Spoken> {
        self.runtime.block_on(figures::spoken(&self.door, &self.plot, &self.played)).unwrap()
    }

    /// Hands a file in as the first who is employed so.
    pub fn upload(&self, job: Job, document: &str, file: &str) -> Value {
        self.runtime.block_on(async {
            let token = self.token(job).await;
            self.door.upload(at_home(Some(&token)), document, json!({}), file).await.unwrap().data().unwrap().clone()
        })
    }

    async fn token(&self, job: Job) -> String {
        let who = self.plot.cast.people.iter().position(|person| person.job == job).unwrap();
        let known = self.tokens.lock().unwrap().get(&who).cloned();
        match known {
            Some(token) => token,
            None => self.sign_in(who).await,
        }
    }

    async fn sign_in(&self, who: usize) -> String {
        let credentials = json!({ "input": { "email": self.plot.cast.people[who].email, "password": self.passwords[who] } });
        let signed_in = self.door.graphql(at_home(None), SIGN_IN, &credentials).await.unwrap();
        let token = signed_in.data().unwrap()["signIn"]["accessToken"].as_str().unwrap().to_owned();
        self.tokens.lock().unwrap().insert(who, token.clone());
        token
    }

    /// The bytes of every record, in the order of the log.
    pub fn entries(&self) -> Vec<Vec<u8>> {
        self.runtime.block_on(async {
            let (mut all, mut next) = (Vec::new(), 0);
            loop {
                let (entries, then) = self.core.store.log_from(next, &[], 1_000).await.unwrap();
                all.extend(entries.into_iter().map(|entry| entry.body));
                if then == next {
                    return all;
                }
                next = then;
            }
        })
    }
}
