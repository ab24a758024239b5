//! `/auth/token` and `/auth/revoke`: who asks, what for, the record, then the answer.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, Method, Response, request::Parts},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    client::Credentials,
    form::Form,
    record::record,
    reply::{Problem, Reply},
};
use crate::{
    app::{
        Op,
        app_tokens::{self, Shown},
    },
    domain::{Client, Subject, Timestamp},
    http::{Gate, caller},
};

/// RFC 8693 § 2.1.
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 8693 § 3.
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Gives an app a token for itself or for a person it acts for.
pub(super) async fn token(gate: State<Arc<Gate>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response<Body> {
    see_through(gate.0, peer.0, request, Endpoint::Token).await
}

/// Takes a token back.
pub(super) async fn revoke(gate: State<Arc<Gate>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response<Body> {
    see_through(gate.0, peer.0, request, Endpoint::Revoke).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Token,
    Revoke,
}

/// Who calls, before anybody knows whether to believe it.
#[derive(Clone, Debug)]
struct Caller {
    client: Client,
    began: Timestamp,
    endpoint: Endpoint,
}

/// What a request asks for, once it is known to make sense.
enum Wanted {
    OwnToken,
    TokenFor(String),
    Revocation(String),
}

/// To the record, although the caller may hang up meanwhile.
async fn see_through(gate: Arc<Gate>, peer: SocketAddr, request: Request, endpoint: Endpoint) -> Response<Body> {
    if let Some(cause) = gate.core.recorder.refuses() {
        tracing::debug!(%cause, "a token request was refused before it was read");
        gate.metrics.unrecorded();
        return Reply::from(&Problem::unrecorded()).into_response();
    }
    // Apps cannot make room.
    if gate.core.recorder.is_disk_full() {
        gate.metrics.unrecorded();
        return Reply::from(&Problem::disk_full()).into_response();
    }
    let (parts, body) = request.into_parts();
    let caller = Caller { client: caller::client(&gate.settings, peer, &parts.headers), began: gate.core.now(), endpoint };
    let (its_gate, its_caller) = (Arc::clone(&gate), caller.clone());
    match tokio::spawn(async move { serve(&its_gate, its_caller, &parts, body).await }).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a token request ended unexpectedly");
            seal(&gate, caller, Subject::ANONYMOUS, &Form::default(), Err(Problem::failed())).await
        }
    }
}

async fn serve(gate: &Arc<Gate>, caller: Caller, parts: &Parts, body: Body) -> Response<Body> {
    let patience = Duration::from_millis(gate.core.limits.request_time);
    let read = if parts.method == Method::POST { Form::read(&parts.headers, body, patience).await } else { Err(Problem::wrong_method()) };
    let (form, (subject, wanted)) = match read {
        Ok(form) => {
            let known = identify(gate, &caller, &parts.headers, &form).await;
            (form, known)
        }
        Err(problem) => (Form::default(), (Subject::ANONYMOUS, Err(problem))),
    };
    seal(gate, caller, subject, &form, wanted).await
}

/// Does what is wanted, and answers once it is recorded what came of it.
async fn seal(gate: &Arc<Gate>, caller: Caller, subject: Subject, form: &Form, wanted: Result<(Wanted, Shown), Problem>) -> Response<Body> {
    let Caller { client, began, endpoint } = caller;
    let Ok(op) = Op::open(Arc::clone(&gate.core), subject, client, None).await else {
        return Reply::from(&Problem::unrecorded()).into_response();
    };
    let done = match wanted {
        Ok((wanted, shown)) => {
            let patience = Duration::from_millis(gate.core.limits.change_time);
            tokio::time::timeout(patience, answer(&op, wanted, shown)).await.unwrap_or_else(|_| Err(Problem::failed()))
        }
        Err(problem) => Err(problem),
    };
    let problem = done.as_ref().err();
    let reply = done.as_ref().map_or_else(Reply::from, Reply::clone);
    let name = if endpoint == Endpoint::Revoke { "revoke" } else { form.get("grant_type").unwrap_or("token") };
    let digest = Sha256::digest(&reply.body).into();
    match record(gate, &op, began, name, form, problem, digest).await {
        Ok(receipt) => reply.recorded(&op, &receipt),
        Err(unrecorded) => Reply::from(&unrecorded),
    }
    .into_response()
}

/// Who asks, and for what, if that makes sense.
async fn identify(gate: &Gate, caller: &Caller, headers: &HeaderMap, form: &Form) -> (Subject, Result<(Wanted, Shown), Problem>) {
    let app = match Credentials::of(headers, form) {
        Ok(mine) => app_tokens::authenticate_app(&gate.core, &caller.client, &mine.id, &mine.secret).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let (app, shown) = match app {
        Ok(known) => known,
        Err(problem) => return (Subject::ANONYMOUS, Err(problem)),
    };
    let wanted = match caller.endpoint {
        Endpoint::Revoke => revocation(form),
        Endpoint::Token => grant(form, &gate.core.auth.settings.audience),
    };
    match wanted {
        Ok(Wanted::TokenFor(token)) => match app_tokens::on_behalf(&gate.core, app, &token).await {
            Ok(both) => (both, Ok((Wanted::TokenFor(token), shown))),
            Err(denied) => (app, Err(denied.into())),
        },
        wanted => (app, wanted.map(|wanted| (wanted, shown))),
    }
}

fn revocation(form: &Form) -> Result<Wanted, Problem> {
    form.get("token").map(|token| Wanted::Revocation(token.to_owned())).ok_or(Problem::invalid_request("token is missing"))
}

fn grant(form: &Form, audience: &str) -> Result<Wanted, Problem> {
    let grant = form.get("grant_type").ok_or(Problem::invalid_request("grant_type is missing"))?;
    if form.get("scope").is_some() {
        return Err(Problem::bad("invalid_scope", "there are no scopes; the app's roles decide"));
    }
    match grant {
        "client_credentials" => Ok(Wanted::OwnToken),
        TOKEN_EXCHANGE => {
            let access_token = |name| form.get(name).is_none_or(|kind| kind == ACCESS_TOKEN);
            if form.get("actor_token").is_some() {
                return Err(Problem::invalid_request("the client itself is the actor; send no actor_token"));
            }
            if form.get("subject_token_type").is_none() || !access_token("subject_token_type") || !access_token("requested_token_type") {
                return Err(Problem::invalid_request("only access tokens are taken and given"));
            }
            if form.get("resource").is_some() || form.get("audience").is_some_and(|wanted| wanted != audience) {
                return Err(Problem::bad("invalid_target", "tokens are for this server alone"));
            }
            form.get("subject_token")
                .map(|token| Wanted::TokenFor(token.to_owned()))
                .ok_or(Problem::invalid_request("subject_token is missing"))
        }
        _ => Err(Problem::bad("unsupported_grant_type", "client_credentials or token-exchange")),
    }
}

async fn answer(op: &Op, wanted: Wanted, shown: Shown) -> Result<Reply, Problem> {
    let exchanged = matches!(wanted, Wanted::TokenFor(_));
    if let Wanted::Revocation(token) = wanted {
        app_tokens::revoke(op, &token).await?;
        return Ok(Reply::empty());
    }
    let issued = app_tokens::issue(op, shown).await?;
    let seconds = issued.expires_at.unix_seconds() - op.core.now().unix_seconds();
    let mut body = json!({ "access_token": issued.access_token, "token_type": "Bearer", "expires_in": seconds });
    if exchanged {
        body["issued_token_type"] = ACCESS_TOKEN.into();
    }
    Ok(Reply::json(&body))
}
