//! The way to the gate without a socket: the same routes, from authentication to the receipt.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::YearError;
use crate::{
    app::Core,
    config::Settings,
    http::{Gate, router::router},
};

/// Bytes of an answer that are taken in at most.
const ANSWER: usize = 64 * 1024 * 1024;
/// Parts of an upload end with this.
const BOUNDARY: &str = "a-year-in-the-life";

/// The routes of a server.
#[derive(Debug)]
pub struct Door {
    routes: TowerToHyperService<Router>,
}

/// Who knocks.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'c> {
    /// From where.
    pub from: Ipv4Addr,
    /// With which access token.
    pub token: Option<&'c str>,
}

impl Door {
    /// The routes to `core`, with these settings.
    pub async fn to(core: &Arc<Core>, settings: &Settings) -> Result<Self, YearError> {
        let (http, subscriptions) = (settings.http.clone(), settings.subscriptions.clone());
        let gate = Gate::new(Arc::clone(core), http, subscriptions, settings.documents.as_deref()).await?;
        Ok(Self { routes: TowerToHyperService::new(router(Arc::new(gate))) })
    }

    /// Sends a GraphQL operation.
    pub async fn graphql(&self, caller: Caller<'_>, document: &str, variables: &Value) -> Result<Answer, YearError> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        self.send(caller, "/graphql", "application/json", body).await
    }

    /// Sends a mutation whose variable `input` names a file as `file`.
    pub async fn upload(&self, caller: Caller<'_>, document: &str, mut input: Value, file: &str) -> Result<Answer, YearError> {
        input["file"] = Value::Null;
        let operations = json!({ "query": document, "variables": { "input": input } });
        let part = |head: &str, body: &str| format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
        let body = [
            part("name=\"operations\"", &operations.to_string()),
            part("name=\"map\"", r#"{"0":["variables.input.file"]}"#),
            part("name=\"0\"; filename=\"leads.csv\"", file),
            format!("--{BOUNDARY}--\r\n"),
        ];
        self.send(caller, "/graphql", &format!("multipart/form-data; boundary={BOUNDARY}"), body.concat()).await
    }

    /// Takes a token as an app (RFC 6749 § 4.4).
    pub(super) async fn client_credentials(&self, from: Ipv4Addr, id: &str, secret: &str) -> Result<Answer, YearError> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]);
        self.send(Caller { from, token: None }, "/auth/token", "application/x-www-form-urlencoded", form.finish()).await
    }

    async fn send(&self, caller: Caller<'_>, path: &str, kind: &str, body: String) -> Result<Answer, YearError> {
        let mut request = Request::post(path).header("content-type", kind).header("user-agent", "leadkeep-year/1");
        if path == "/graphql" {
            request = request.header("graphql-require-preflight", "1");
        }
        if let Some(token) = caller.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let unexpected = |error: String| YearError::Unexpected { doing: path.to_owned(), answer: error };
        let mut request = request.body(Body::from(body)).map_err(|error| unexpected(error.to_string()))?;
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((caller.from, 50_000))));
        let response = match self.routes.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let bytes = axum::body::to_bytes(response.into_body(), ANSWER).await.map_err(|error| unexpected(error.to_string()))?;
        serde_json::from_slice(&bytes).map(Answer).map_err(|error| unexpected(error.to_string()))
    }
}

/// What the gate answered.
#[derive(Clone, Debug)]
pub struct Answer(pub Value);

impl Answer {
    /// `data`, if nothing went wrong.
    pub fn data(&self) -> Result<&Value, YearError> {
        match (&self.0["data"], &self.0["errors"]) {
            (data, Value::Null) if !data.is_null() => Ok(data),
            _ => Err(self.unexpected("asking")),
        }
    }

    /// `data`, or nothing if the product said no as it may.
    pub(super) fn unless_refused(&self, doing: &str) -> Result<Option<&Value>, YearError> {
        match self.code() {
            None => self.data().map(Some).map_err(|_| self.unexpected(doing)),
            Some("FORBIDDEN" | "QUOTA_EXCEEDED" | "AGREEMENT_REQUIRED" | "NOT_FOUND" | "PURPOSE_REQUIRED") => Ok(None),
            Some(_) => Err(self.unexpected(doing)),
        }
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<&str> {
        self.0["errors"][0]["extensions"]["code"].as_str()
    }

    /// That this is not what the plot expects.
    pub(super) fn unexpected(&self, doing: &str) -> YearError {
        YearError::Unexpected { doing: doing.to_owned(), answer: self.0.to_string().chars().take(600).collect() }
    }
}
