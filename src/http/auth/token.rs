//! `/auth/token` and `/auth/revoke`: who asks, what for, the record, then the answer.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::Response,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    client::Credentials,
    form::Form,
    record::{Unrecorded, record},
    reply::{Problem, Reply},
};
use crate::{
    app::{
        Op,
        app_tokens::{self, Denied},
    },
    domain::{Client, Subject},
    http::{Gate, caller},
};

/// RFC 8693 § 2.1.
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// RFC 8693 § 3.
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Gives an app a token for itself or for a person it acts for.
pub(super) async fn token(gate: State<Arc<Gate>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response<Body> {
    serve(&gate, peer.0, request, Endpoint::Token).await
}

/// Takes a token back.
pub(super) async fn revoke(gate: State<Arc<Gate>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response<Body> {
    serve(&gate, peer.0, request, Endpoint::Revoke).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Token,
    Revoke,
}

/// What a request asks for, once it is known to make sense.
enum Wanted<'f> {
    OwnToken,
    TokenFor(&'f str),
    Revocation(&'f str),
}

async fn serve(gate: &Gate, peer: SocketAddr, request: Request, endpoint: Endpoint) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let client = caller::client(&gate.settings, peer, &parts.headers);
    let (form, unreadable) = match Form::read(&parts.headers, body).await {
        Ok(form) => (form, None),
        Err(problem) => (Form::default(), Some(problem)),
    };
    let known = match unreadable {
        Some(problem) => Err((Subject::ANONYMOUS, problem)),
        None => identify(gate, &client, &parts.headers, &form, endpoint).await,
    };
    let (subject, wanted) = match known {
        Ok((subject, wanted)) => (subject, Ok(wanted)),
        Err((subject, problem)) => (subject, Err(problem)),
    };
    let Ok(op) = Op::open(Arc::clone(&gate.core), subject, client, None).await else {
        return Reply::from(&Problem::unrecorded()).into_response(None);
    };
    let done = match wanted {
        Ok(wanted) => answer(&op, wanted).await,
        Err(problem) => Err(problem),
    };
    let reply = match &done {
        Ok(reply) => reply.body.clone(),
        Err(problem) => Reply::from(problem).body,
    };
    let name = if endpoint == Endpoint::Revoke { "revoke" } else { form.get("grant_type").unwrap_or("token") };
    let recorded = record(&op, name, &form, done.as_ref().err(), Sha256::digest(&reply).into()).await;
    match (recorded, done) {
        (Err(Unrecorded), _) => Reply::from(&Problem::unrecorded()),
        (Ok(()), Ok(reply)) => reply,
        (Ok(()), Err(problem)) => Reply::from(&problem),
    }
    .into_response(Some(op.request))
}

/// Who asks for what. A refusal comes with whoever is known to ask.
async fn identify<'f>(
    gate: &Gate,
    client: &Client,
    headers: &axum::http::HeaderMap,
    form: &'f Form,
    endpoint: Endpoint,
) -> Result<(Subject, Wanted<'f>), (Subject, Problem)> {
    let nobody = |problem: Problem| (Subject::ANONYMOUS, problem);
    let credentials = Credentials::of(headers, form).map_err(nobody)?;
    let app = app_tokens::authenticate_app(&gate.core, client, &credentials.id, &credentials.secret).await;
    let app = app.map_err(|denied| nobody(denied.into()))?;
    let wanted = if endpoint == Endpoint::Revoke { revocation(form) } else { grant(form, &gate.core.auth.settings.audience) };
    match wanted.map_err(|problem| (app, problem))? {
        Wanted::TokenFor(token) => {
            let both = app_tokens::on_behalf(&gate.core, app, token).await.map_err(|denied| (app, denied.into()))?;
            Ok((both, Wanted::TokenFor(token)))
        }
        wanted => Ok((app, wanted)),
    }
}

fn revocation(form: &Form) -> Result<Wanted<'_>, Problem> {
    form.get("token").map(Wanted::Revocation).ok_or(Problem::invalid_request("token is missing"))
}

fn grant<'f>(form: &'f Form, audience: &str) -> Result<Wanted<'f>, Problem> {
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
            form.get("subject_token").map(Wanted::TokenFor).ok_or(Problem::invalid_request("subject_token is missing"))
        }
        _ => Err(Problem::bad("unsupported_grant_type", "client_credentials or token-exchange")),
    }
}

async fn answer(op: &Op, wanted: Wanted<'_>) -> Result<Reply, Problem> {
    let exchanged = matches!(wanted, Wanted::TokenFor(_));
    if let Wanted::Revocation(token) = wanted {
        app_tokens::revoke(op, token).await?;
        return Ok(Reply::empty());
    }
    let issued = app_tokens::issue(op).await.map_err(Denied::from)?;
    let seconds = issued.expires_at.unix_seconds() - op.core.now().unix_seconds();
    let mut body = json!({ "access_token": issued.access_token, "token_type": "Bearer", "expires_in": seconds });
    if exchanged {
        body["issued_token_type"] = ACCESS_TOKEN.into();
    }
    Ok(Reply::json(&body))
}
