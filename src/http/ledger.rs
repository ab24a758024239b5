//! The log for other people's tools, as C2SP tlog-tiles lays it out under `/ledger`: checkpoint and hashes for whoever can
//! reach the server, entries for those who may read the log. Nothing about a record can be told from its hash.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path, Query, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    routing::get,
};
use sha2::{Digest as _, Sha256};

use super::{
    Gate,
    answer::{self, Answer, error_body},
    authenticate::authenticate,
    caller,
};
use crate::{
    app::{
        self, Op, proofs,
        receipt_check::{self, Promised},
        seal::{self, Outcome},
    },
    audit::record::{Decision, OperationKind},
    domain::{Subject, SubjectKind},
    ledger::{Receipt, Tile, tile::Content},
    policy::{Code, Refusal},
    store::StoreError,
};

/// The name of the operation in its record.
const NAME: &str = "ledger/tile/entries";
const JSON: &str = "application/json; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// A checkpoint is asked for again each time.
const FRESH: &str = "no-cache";
/// A tile of a given width never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Their routes.
pub(super) fn routes() -> Router<Arc<Gate>> {
    Router::new()
        .route("/ledger/checkpoint", get(checkpoint))
        .route("/ledger/witnessed", get(witnessed))
        .route("/ledger/proof", get(proof))
        .route("/ledger/tile/{*path}", get(tile))
}

async fn checkpoint(State(gate): State<Arc<Gate>>) -> Response<Body> {
    let note = proofs::note(&gate.core).await.map(|note| note.map(String::into_bytes));
    public(note, "text/plain; charset=utf-8", FRESH)
}

/// The newest head that a witness has signed.
async fn witnessed(State(gate): State<Arc<Gate>>) -> Response<Body> {
    let note = proofs::witnessed(&gate.core).await.map(|note| note.map(String::into_bytes));
    public(note, "text/plain; charset=utf-8", FRESH)
}

async fn tile(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    match Tile::parse(&path) {
        None => public(Ok(None), BYTES, FRESH),
        Some(tile) if tile.content == Content::Entries => entries(&gate, peer, &tile, &headers).await,
        Some(tile) => {
            // Closed never: the semaphore lives as long as the gate.
            let _turn = gate.turns.acquire().await;
            public(proofs::hashes(&gate.core, &tile).await, BYTES, FOR_EVER)
        }
    }
}

/// `?receipt=…`: the proof that the record of a receipt is in the tree, for whoever holds the receipt.
async fn proof(State(gate): State<Arc<Gate>>, Query(asked): Query<Vec<(String, String)>>) -> Response<Body> {
    let _turn = gate.turns.acquire().await;
    let kept = asked.iter().find(|(name, _)| name == "receipt").and_then(|(_, text)| Receipt::parse(text));
    let no = |status, code, message| {
        Answer { status, media: JSON, body: error_body(code, message), marked: None, request: None }.into_response()
    };
    let Some(receipt) = kept else {
        return no(StatusCode::BAD_REQUEST, Code::BadUserInput, "`receipt` must be epoch, rseq, leaf hash and signature of a receipt.");
    };
    match receipt_check::check(&gate.core.store, &gate.core.recorder.key().public(), &receipt).await {
        Ok(Promised::Kept(proof)) => public(Ok(serde_json::to_vec(&proof).ok()), JSON, FRESH),
        Ok(Promised::Unsigned) => no(StatusCode::BAD_REQUEST, Code::BadUserInput, "This log's key did not sign that receipt."),
        Ok(Promised::Waiting) => no(StatusCode::SERVICE_UNAVAILABLE, Code::NotFound, "Recorded, but not in a signed tree yet; try again."),
        Ok(Promised::LeftOut | Promised::Replaced | Promised::Unproven) => {
            tracing::error!(epoch = %receipt.epoch, rseq = receipt.rseq, "a signed receipt names a record that the ledger does not hold");
            no(
                StatusCode::NOT_FOUND,
                Code::NotFound,
                "The log does not hold the record that this receipt promises. Keep the receipt: it proves that.",
            )
        }
        Err(error) => public(Err(error), JSON, FRESH),
    }
}

/// What anybody may have, if it is there.
fn public(found: Result<Option<Vec<u8>>, StoreError>, media: &'static str, cached: &'static str) -> Response<Body> {
    let (status, media, cached, body) = match found {
        Ok(Some(body)) => (StatusCode::OK, media, cached, body),
        Ok(None) => (StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "no-store", b"not there\n".to_vec()),
        Err(error) => {
            tracing::error!(%error, "the ledger's tree could not be read");
            (StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "no-store", b"try again\n".to_vec())
        }
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Entries, as an operation like any other: authenticated, permitted, recorded before they leave.
async fn entries(gate: &Gate, peer: SocketAddr, tile: &Tile, headers: &HeaderMap) -> Response<Body> {
    if gate.core.recorder.refuses().is_some() {
        return withheld(gate, None);
    }
    let _under_way = gate.metrics.begin();
    let _turn = gate.turns.acquire().await;
    let began = gate.core.now();
    let authenticated = authenticate(gate, headers).await;
    let subject = authenticated.as_ref().map_or(Subject::ANONYMOUS, |subject| *subject);
    let purpose = caller::purpose(headers);
    let client = caller::client(&gate.settings, peer, headers);
    let op = match Op::open(Arc::clone(&gate.core), subject, client, purpose.as_ref().ok().cloned().flatten()).await {
        Ok(op) => op,
        Err(cause) => {
            tracing::error!(%cause, "could not open an operation");
            return withheld(gate, None);
        }
    };
    if gate.core.recorder.is_disk_full() && !op.rights.manages() {
        return withheld(gate, Some(&op));
    }
    let found = match (authenticated, purpose) {
        (Err(error), _) => Err(error),
        (_, Err(refusal)) => Err(refusal.into()),
        _ if subject.kind() == SubjectKind::Anonymous => {
            Err(Refusal::new(Code::Unauthenticated, "Sign in first, and send the access token.").into())
        }
        _ => proofs::entries(&op, tile).await,
    };
    let decision = match &found {
        Ok(_) => Decision::Allowed,
        Err(error) => {
            op.trace().code.get_or_insert(error.code());
            if !matches!(error, app::Error::Refused(_)) {
                tracing::error!(request = %op.request, cause = %error, "operation failed");
            }
            match error.code() {
                Code::Internal | Code::AuditUnavailable | Code::DiskFull => Decision::Failed,
                Code::BadUserInput => Decision::Invalid,
                _ => Decision::Denied,
            }
        }
    };
    let duration = gate.core.now().0.saturating_sub(began.0).max(0) as u64;
    let outcome = Outcome {
        kind: OperationKind::Query,
        name: Some(NAME.into()),
        document: None,
        variables: Some(serde_json::json!({ "tile": tile.to_string() }).to_string()),
        decision,
        response: found.as_ref().ok().map(|body| Sha256::digest(body).into()),
        notice: false,
        duration,
    };
    match seal::seal(&op, outcome).await {
        Err(cause) => {
            tracing::error!(request = %op.request, %cause, "an answer was withheld");
            withheld(gate, Some(&op))
        }
        Ok(receipt) => {
            gate.metrics.ended(OperationKind::Query, decision, Duration::from_micros(duration));
            answer(&op, found, &receipt)
        }
    }
}

fn answer(op: &Op, found: Result<Vec<u8>, app::Error>, receipt: &Receipt) -> Response<Body> {
    let (status, media, body) = match found {
        Ok(body) => (StatusCode::OK, BYTES, body),
        Err(error) => (answer::status(error.code()), JSON, error_body(error.code(), &error.outward())),
    };
    let marked = Some((op.trace().marking, Arc::clone(&op.snapshot)));
    let mut response = Answer { status, media, body, marked, request: Some(op.request) }.into_response();
    if let Ok(receipt) = HeaderValue::from_str(&receipt.to_string()) {
        response.headers_mut().insert("x-access-receipt", receipt);
    }
    response
}

fn withheld(gate: &Gate, op: Option<&Op>) -> Response<Body> {
    gate.metrics.unrecorded();
    answer::withheld(&gate.core.recorder, JSON, op.map(|op| op.request)).into_response()
}
