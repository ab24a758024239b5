//! Plays the events of a plot at the gate.

mod deeds;
mod founding;
mod haul;
mod sessions;
mod staff;

use std::sync::Arc;

use serde_json::{Value, json};

use self::haul::Haul;
use super::{
    Answer, Door, Plot, Truth, YearClock, YearError,
    door::Caller,
    leak,
    plot::{Deed, Event, calendar},
};
use crate::{
    app::{Core, alarms, canaries},
    audit::index::keeper::{Keeper, Step},
    config::Settings,
    domain::{
        Clock, Random, Timestamp,
        clock::{DAY, SECOND},
    },
};

/// The domain of the mail of canaries, unless others are set.
const TRAP: &str = "inbox.demo.example";
/// How long people stay signed in (s). Nobody could watch a year in which everybody signs in daily: a password costs a machine as
/// much as twenty requests, and should.
const SESSION: i64 = 92 * 86_400;

/// Records of a new segment of the index. In a company that works by day a log begins a new epoch after every quiet hour, and each one
/// reads what has no segment yet.
const SEGMENT: u64 = 128;

/// The settings that a year is played with: those given, but people stay signed in for a quarter, the counts of quotas are not
/// read anew from the log with every request, since no other server writes to it, tree heads are signed no oftener than they must, and the
/// index is kept in smaller pieces.
pub fn settings(given: &Settings) -> Settings {
    let mut settings = given.clone();
    settings.auth.access_token_seconds = SESSION;
    settings.auth.session_seconds = SESSION;
    settings.quotas.refresh = u32::MAX;
    set_trap(&mut settings);
    settings.ledger.fold_every = 1_000;
    settings.ledger.index_segment = SEGMENT;
    settings
}

/// Lets canaries have mail at a domain of the demo's, unless another is set.
pub fn set_trap(settings: &mut Settings) {
    if settings.canaries.domains.is_empty() {
        settings.canaries.domains = vec![TRAP.into()];
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Days played.
    pub days: u64,
    /// Requests answered.
    pub requests: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Played {
    /// What really happened.
    pub truth: Truth,
    /// The list that was found outside.
    pub found: String,
    /// Ids of everybody, by their number in the cast.
    pub ids: Vec<String>,
    /// Passwords, in the same order.
    pub passwords: Vec<String>,
    /// The app's client id and secret.
    pub app: (String, String),
}

/// Somebody of the cast, as the player knows them.
#[derive(Clone, Debug, Default)]
struct Player {
    /// Their id, once they have an account.
    id: String,
    password: String,
    /// The access token and until when it is good.
    session: Option<(String, Timestamp)>,
    /// The grant they hold.
    grant: String,
    /// Leads seen lately.
    seen: Vec<String>,
    /// Own leads seen lately.
    own: Vec<String>,
}

/// The stage: the inside, the way to it, and everybody on it.
struct Stage<'s> {
    core: &'s Arc<Core>,
    door: Door,
    clock: &'s YearClock,
    secrets: &'s dyn Random,
    plot: &'s Plot,
    players: Vec<Player>,
    /// Ids of the teams.
    teams: Vec<String>,
    /// Ids of the roles, by name.
    roles: Vec<(String, String)>,
    /// The app's client id, its secret, and its token with its end.
    app: (String, String, Option<(String, Timestamp)>),
    haul: Haul,
    requests: u64,
}

/// Plays a year on `core`, which was built with [`settings`] and this clock and holds nothing yet. Passwords come from `secrets`.
/// `tell` is told of every day.
pub async fn play(
    core: &Arc<Core>,
    given: &Settings,
    plot: &Plot,
    (clock, secrets): (&YearClock, &dyn Random),
    mut tell: impl FnMut(Told),
) -> Result<Played, YearError> {
    clock.set(Timestamp((plot.first - 1) * DAY + 8 * 3_600 * SECOND));
    let door = Door::to(core, given).await?;
    let players = vec![Player::default(); plot.cast.people.len()];
    let (teams, roles, app) = (Vec::new(), Vec::new(), (String::new(), String::new(), None));
    let mut stage = Stage { core, door, clock, secrets, plot, players, teams, roles, app, haul: Haul::default(), requests: 0 };
    stage.found().await?;
    let keeper = core.recorder.index_keeper();
    for (days, day) in (1..).zip(plot.days()) {
        for event in plot.day(day) {
            clock.set(event.at);
            stage.play(&event).await?;
        }
        clock.set(Timestamp((day + 1) * DAY - SECOND));
        stage.night(&keeper).await?;
        tell(Told { days, requests: stage.requests });
    }
    stage.sign_everybody_out().await?;
    let truth = Truth::of(plot, |number| stage.players[number].id.clone(), stage.haul.len());
    let found = leak::written(plot.seed, stage.haul.rows());
    let (ids, passwords) = stage.players.into_iter().map(|player| (player.id, player.password)).unzip();
    Ok(Played { truth, found, ids, passwords, app: (stage.app.0, stage.app.1) })
}

impl Stage<'_> {
    async fn play(&mut self, event: &Event) -> Result<(), YearError> {
        let Some(who) = event.who else { return self.take_in(event).await };
        match &event.deed {
            Deed::Join => self.join(who).await,
            Deed::Sign => self.sign(who, event.from).await,
            Deed::Move { team } => self.transfer(who, *team).await,
            Deed::Notice => self.notice(who).await,
            Deed::Leave => self.leave(who).await,
            Deed::Copy { pages } => self.copy(who, event.from, *pages).await,
            deed => self.ordinary(who, event.from, deed).await,
        }
    }

    /// What servers do beside answering, done between two days and not by the machine's clock, so that it is the same every time.
    async fn night(&self, keeper: &Keeper) -> Result<(), YearError> {
        self.core.recorder.fold_now().await?;
        while keeper.step().await? == Step::Done {}
        alarms::watch(self.core).await?;
        canaries::tell(self.core).await?;
        if calendar::weekday(self.clock.now().day()) == 6 {
            canaries::plant(self.core).await?;
        }
        Ok(())
    }

    /// Asks as one of the cast.
    async fn ask(&mut self, who: usize, from: std::net::Ipv4Addr, document: &str, variables: Value) -> Result<Answer, YearError> {
        let token = self.token(who, from).await?;
        self.requests += 1;
        self.clock.pass(SECOND);
        self.door.graphql(Caller { from, token: Some(&token) }, document, &variables).await
    }

    /// Asks as one of the cast for something that must not be refused; the field of the answer.
    async fn must(&mut self, who: usize, document: &str, variables: Value, field: &str) -> Result<Value, YearError> {
        let from = self.plot.cast.people[who].address(false);
        let answer = self.ask(who, from, document, variables).await?;
        let found = answer.data().map_err(|_| answer.unexpected(field))?[field].clone();
        if found.is_null() { Err(answer.unexpected(field)) } else { Ok(found) }
    }
}

/// A variable `input`.
fn input(value: Value) -> Value {
    json!({ "input": value })
}

/// A text in an answer.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
