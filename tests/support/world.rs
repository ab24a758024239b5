//! A whole server with a company in it.

use std::sync::Arc;

use leadkeep::{
    app::Core,
    config::{DatabaseUrl, Settings},
    server::{self, RunningServer},
};

use super::{
    Backend, Caller, Home, SeededRandom, TestClock,
    company::{self, Member},
};

/// A server in this process, its inside, and the people who call it. Ends when dropped.
#[derive(Debug)]
pub struct World {
    /// `http://127.0.0.1:port`.
    pub url: String,
    pub core: Arc<Core>,
    pub clock: Arc<TestClock>,
    pub random: Arc<SeededRandom>,
    pub settings: Settings,
    /// The app's.
    pub client_secret: String,
    server: RunningServer,
    /// Last, so that the folder outlives the server.
    pub home: Home,
}

/// Another server on the same databases, as a second host would run it.
#[derive(Debug)]
pub struct Sibling {
    pub url: String,
    pub core: Arc<Core>,
    _server: RunningServer,
}

impl World {
    /// A world on this back end.
    pub async fn start(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    /// A world with some settings changed.
    pub async fn with(backend: Backend, change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(backend, TestClock::running(), change).await
    }

    /// A world with this clock and some settings changed.
    pub async fn at(backend: Backend, clock: TestClock, change: impl FnOnce(&mut Settings)) -> Self {
        let home = Home::new(backend).await;
        let mut settings = Settings { data: home.folder().to_owned(), port: 0, database_connections: 8, ..Settings::default() };
        settings.database_url = home.database_url.as_deref().map(|url| DatabaseUrl::parse(url).expect("a URL"));
        // A test's disk has better use for sixteen times as much.
        settings.ledger.reserve = 1 << 20;
        change(&mut settings);
        let (clock, random) = (Arc::new(clock), Arc::new(SeededRandom::new(7)));
        let now = leadkeep::domain::Clock::now(&*clock);
        let database = home.connect().await;
        let client_secret = company::found(&database, now, random.clone()).await;
        database.close().await.expect("closing");
        let core = server::build_core(&settings, clock.clone(), random.clone()).await.expect("the inside");
        company::insert(&core, company::LEADS.map(|number| company::lead(number, now)).collect()).await;
        let server = server::start(core.clone(), &settings).await.expect("the server");
        Self { url: format!("http://{}", server.address), core, clock, random, settings, client_secret, server, home }
    }

    /// Another server on the same databases and keys, with the same clock.
    pub async fn sibling(&self) -> Sibling {
        let random = Arc::new(SeededRandom::new(8));
        let core = server::build_core(&self.settings, self.clock.clone(), random).await.expect("the inside");
        let server = server::start(core.clone(), &self.settings).await.expect("the server");
        Sibling { url: format!("http://{}", server.address), core, _server: server }
    }

    /// Stops the server as an operator would, waiting for what is under way; the databases stay.
    pub async fn shutdown(self) -> Home {
        self.server.shutdown().await;
        self.home
    }

    /// Somebody who has not signed in.
    pub fn anonymous(&self) -> Caller {
        Caller::anonymous(&self.url)
    }

    /// A member of the company, signed in: `world.caller(company::REP)`.
    pub async fn caller(&self, member: Member) -> Caller {
        self.anonymous().sign_in(member.email, company::PASSWORD).await
    }

    /// The app, with a token of its own.
    pub async fn app(&self) -> Caller {
        self.anonymous().client_credentials(company::CLIENT_ID, &self.client_secret).await
    }
}
