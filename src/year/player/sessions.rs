//! Signing in and out.

use std::net::Ipv4Addr;

use serde_json::json;

use super::{Event, SESSION, Stage, YearError, input, text};
use crate::{
    domain::{Clock, Timestamp, clock::SECOND},
    year::door::Caller,
};

const SIGN_IN: &str = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { accessToken } }";
const SIGN_OUT: &str = "mutation SignOut { signOut { __typename } }";
const TAKE_IN: &str = "query Changed($since: DateTime!) { leads(first: 200, filter: { updatedAt: { gte: $since } }) {
    nodes { id version company industry country stage lastName city } } }";
/// How long the app's token is used (s).
const APP_TOKEN: i64 = 3_000;

impl Stage<'_> {
    /// The access token of one of the cast, who signs in for it if they have to.
    pub(super) async fn token(&mut self, who: usize, from: Ipv4Addr) -> Result<String, YearError> {
        let now = self.clock.now();
        if let Some((token, until)) = &self.players[who].session
            && now < *until
        {
            return Ok(token.clone());
        }
        let credentials = json!({ "email": self.plot.cast.people[who].email, "password": self.players[who].password });
        self.requests += 1;
        let answer = self.door.graphql(Caller { from, token: None }, SIGN_IN, &input(credentials)).await?;
        let token = text(&answer.data().map_err(|_| answer.unexpected("signing in"))?["signIn"]["accessToken"]);
        self.clock.pass(SECOND);
        // The session's end in the log is a sign-out, not a token that is used too late.
        self.players[who].session = Some((token.clone(), now.plus_seconds(SESSION - 86_400)));
        Ok(token)
    }

    /// At the end nobody is left who could go on by a token of this year.
    pub(super) async fn sign_everybody_out(&mut self) -> Result<(), YearError> {
        for who in 0..self.players.len() {
            let open = self.players[who].session.take().filter(|(_, until)| self.clock.now() < *until);
            if let Some((token, _)) = open {
                let from = self.plot.cast.people[who].address(false);
                let answer = self.door.graphql(Caller { from, token: Some(&token) }, SIGN_OUT, &json!({})).await?;
                answer.data()?;
            }
        }
        Ok(())
    }

    /// The app takes in what has changed since yesterday.
    pub(super) async fn take_in(&mut self, event: &Event) -> Result<(), YearError> {
        let token = match &self.app.2 {
            Some((token, until)) if event.at < *until => token.clone(),
            _ => {
                let answer = self.door.client_credentials(event.from, &self.app.0, &self.app.1).await?;
                let token = text(&answer.0["access_token"]);
                if token.is_empty() {
                    return Err(answer.unexpected("the app's token"));
                }
                self.app.2 = Some((token.clone(), event.at.plus_seconds(APP_TOKEN)));
                token
            }
        };
        let since = Timestamp(event.at.0 - 86_400 * SECOND).to_string();
        self.requests += 2;
        let caller = Caller { from: event.from, token: Some(&token) };
        let answer = self.door.graphql(caller, TAKE_IN, &json!({ "since": since })).await?;
        answer.data().map(|_| ())
    }
}
