//! `POST /add-checkpoint`: one submission after another is judged, remembered on the disk and only then cosigned.
//! `GET /<SHA-256 of the log's name>/checkpoint`: the head cosigned last, with the log's own signature, for anybody: what a log
//! has signed is the proof that it had grown so far.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::Memory;
use crate::{
    domain::Clock,
    ledger::{
        Checkpoint, LedgerKey, WitnessKey,
        cosignature::cosign,
        key::Public,
        witness::{PATH, Refusal, SIZE_MEDIA, Submission, judge, seen_path},
    },
};

/// A submission: 63 hashes and a note with many signatures.
const LARGEST: usize = 64 * 1024;

/// A witness at work.
#[derive(Debug)]
pub struct Witness {
    name: String,
    key: LedgerKey,
    /// By name of the log.
    logs: BTreeMap<String, Vec<Public>>,
    memory: Mutex<Memory>,
    clock: Arc<dyn Clock>,
}

impl Witness {
    /// The witness with this name and key, for these logs.
    pub fn new(name: &str, key: LedgerKey, logs: Vec<(String, Public)>, memory: Memory, clock: Arc<dyn Clock>) -> Self {
        let mut by_name: BTreeMap<String, Vec<Public>> = BTreeMap::new();
        for (origin, public) in logs {
            by_name.entry(origin).or_default().push(public);
        }
        Self { name: name.to_owned(), key, logs: by_name, memory: Mutex::new(memory), clock }
    }

    /// What others need to check its cosignatures.
    pub fn public(&self) -> WitnessKey {
        WitnessKey::new(&self.name, self.key.public())
    }

    fn answer(&self, body: &[u8]) -> Response {
        let submission = std::str::from_utf8(body).ok().and_then(Submission::parse);
        let Some(submission) = submission else { return (StatusCode::BAD_REQUEST, "not a submission\n").into_response() };
        let origin = submission.origin().unwrap_or_default();
        let Some(keys) = self.logs.get(origin) else { return (StatusCode::NOT_FOUND, "this log is not known here\n").into_response() };
        // Held from looking to having written: no two submissions are judged by the same memory.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(seen) = memory.seen(origin) else {
            tracing::error!(origin, "what is remembered of this log cannot be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let head = match judge(&submission, keys, &seen) {
            Ok(head) => head,
            Err(Refusal::Unsigned) => return (StatusCode::FORBIDDEN, "not signed by a key of this log\n").into_response(),
            Err(Refusal::Backwards) => return (StatusCode::BAD_REQUEST, "the old size is larger than the new\n").into_response(),
            Err(Refusal::Conflict(size)) => {
                tracing::info!(origin, seen = size, old = submission.old, "a submission does not begin at the head seen last");
                return (StatusCode::CONFLICT, [(CONTENT_TYPE, SIZE_MEDIA)], format!("{size}\n")).into_response();
            }
            Err(Refusal::Inconsistent) => {
                tracing::error!(
                    origin,
                    seen = seen.size,
                    note = submission.note,
                    "a signed head does not follow from the one seen last: keep it"
                );
                return (StatusCode::UNPROCESSABLE_ENTITY, "the proof does not lead from the head seen last to this one\n").into_response();
            }
        };
        if let Err(error) = memory.keep(&head, &submission.note) {
            tracing::error!(%error, "a head could not be remembered, so it is not cosigned");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let body = submission.note.split_once("\n\n").map_or("", |(body, _)| body);
        tracing::info!(origin, size = head.size, "cosigned");
        self.cosign(body).into_response()
    }

    /// The head of the log with this hash that was cosigned last: the log's signatures that hold, and the witness's own.
    fn shown(&self, log: &str) -> Response {
        let path = format!("{log}/checkpoint");
        let known = self.logs.iter().find(|(origin, _)| seen_path(origin) == path);
        let Some((origin, keys)) = known else { return (StatusCode::NOT_FOUND, "this log is not known here\n").into_response() };
        let note = self.memory.lock().unwrap_or_else(PoisonError::into_inner).note(origin).map(str::to_owned);
        let Some((body, lines)) = note.as_deref().and_then(|note| note.split_once("\n\n")) else {
            return (StatusCode::NOT_FOUND, "nothing of this log was cosigned yet\n").into_response();
        };
        let holds = |line: &str| keys.iter().any(|key| Checkpoint::open(&format!("{body}\n\n{line}\n"), key).is_some());
        let signed: String = lines.lines().filter(|line| holds(line)).flat_map(|line| [line, "\n"]).collect();
        format!("{body}\n\n{signed}{}", self.cosign(body)).into_response()
    }

    /// The signature line for a head with this text, which lacks its last line feed.
    fn cosign(&self, body: &str) -> String {
        let time = self.clock.now().unix_seconds().max(0) as u64;
        cosign(&format!("{body}\n"), &self.name, &self.key, time)
    }
}

/// The routes of a witness.
pub fn router(witness: Arc<Witness>) -> Router {
    let routes = Router::new().route(&format!("/{PATH}"), post(add_checkpoint)).route("/{log}/checkpoint", get(shown));
    routes.layer(DefaultBodyLimit::max(LARGEST)).with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let judged = tokio::task::spawn_blocking(move || witness.answer(&body)).await;
    judged.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn shown(State(witness): State<Arc<Witness>>, Path(log): Path<String>) -> Response {
    let shown = tokio::task::spawn_blocking(move || witness.shown(&log)).await;
    shown.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
