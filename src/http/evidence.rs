//! Fetching an evidence file that was ordered with the mutation `makeEvidence`: once, by whoever ordered it. It is made now,
//! recorded with its hash, and sent from a file without a name, so that nothing large lies in memory.

use std::{io::Read, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, Response, header},
    routing::get,
};
use futures_util::stream;
use tempfile::SpooledTempFile;
use tokio::sync::SemaphorePermit;

use super::{
    Gate,
    answer::{self, Answer, error_body},
    authenticate::authenticate,
    caller,
};
use crate::{
    app::{
        self, Op,
        evidence::{self, Made, Maker, Order},
        seal::{self, Outcome},
    },
    audit::record::{Decision, EVIDENCE_FILE, OperationKind},
    domain::{Client, Id, Subject, SubjectKind},
    policy::{Code, Refusal},
};

const JSON: &str = "application/json; charset=utf-8";
/// Bytes sent at once.
const PIECE: usize = 256 * 1024;

/// Its route.
pub(super) fn routes() -> Router<Arc<Gate>> {
    Router::new().route("/evidence/{order}", get(fetch))
}

async fn fetch(
    State(gate): State<Arc<Gate>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(order): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    // A file of any size is no use of the room that is left.
    if gate.core.recorder.refuses().is_some() || gate.core.recorder.is_disk_full() {
        return withheld(&gate);
    }
    let _under_way = gate.metrics.begin();
    let _turn = gate.turns.acquire().await;
    let began = gate.core.now();
    let client = caller::client(&gate.settings, peer, &headers);
    let authenticated = authenticate(&gate, &headers).await;
    let subject = authenticated.as_ref().map_or(Subject::ANONYMOUS, |subject| *subject);
    let found = match authenticated {
        Err(error) => Err(error),
        Ok(subject) if subject.kind() == SubjectKind::Anonymous => {
            Err(Refusal::new(Code::Unauthenticated, "Sign in first, and send the access token.").into())
        }
        Ok(subject) => find(&gate, &subject, &order).await,
    };
    let ready = match found {
        Ok(found) => place(&gate).await.map(|place| (place, found)),
        Err(error) => Err(error),
    };
    let made = match ready {
        Ok((_place, (id, order, asked))) => {
            let maker = Maker { subject, client, asked, kind: OperationKind::Query };
            make(&gate, id, order, maker).await
        }
        Err(error) => match refused(&gate, subject, client, &error).await {
            Ok(()) => Err(error),
            Err(()) => return withheld(&gate),
        },
    };
    let decision = if made.is_ok() { Decision::Allowed } else { Decision::Denied };
    let duration = gate.core.now().0.saturating_sub(began.0).max(0) as u64;
    gate.metrics.ended(OperationKind::Query, decision, Duration::from_micros(duration));
    match made {
        Ok(made) => file(made),
        Err(error) => failure(&error),
    }
}

async fn find(gate: &Gate, subject: &Subject, order: &str) -> Result<(Id, Order, Id), app::Error> {
    let id: Id = order.parse().map_err(|_| Refusal::not_found())?;
    let (order, asked) = evidence::placed(&gate.core, subject, id).await?;
    Ok((id, order, asked))
}

/// Its turn among those that are being made.
async fn place(gate: &Gate) -> Result<SemaphorePermit<'_>, app::Error> {
    let busy = || Refusal::new(Code::QuotaExceeded, "Another evidence file is being made; try again in a moment.");
    let turn = tokio::time::timeout(Duration::from_millis(gate.core.limits.request_time), gate.evidence.acquire());
    // Closed never: the semaphore lives as long as the gate.
    Ok(turn.await.map_err(|_| busy())?.map_err(|_| busy())?)
}

/// Makes it, as long as it may take. Its record is written by the use case.
async fn make(gate: &Gate, id: Id, order: Order, maker: Maker) -> Result<Made, app::Error> {
    let patience = Duration::from_millis(gate.core.limits.evidence_time);
    let made = evidence::make(&gate.core, maker, order, Some(patience), &mut |_, _| {}).await?;
    evidence::take(&gate.core, id).await?;
    Ok(made)
}

/// Records that nothing was made; an error if that cannot be recorded.
async fn refused(gate: &Gate, subject: Subject, client: Client, error: &app::Error) -> Result<(), ()> {
    let op = Op::open(Arc::clone(&gate.core), subject, client, None).await.map_err(|cause| {
        tracing::error!(%cause, "could not open an operation");
    })?;
    op.trace().code.get_or_insert(error.code());
    let ours = !matches!(error, app::Error::Refused(_));
    if ours {
        tracing::error!(request = %op.request, cause = %error, "operation failed");
    }
    let outcome = Outcome {
        kind: OperationKind::Query,
        name: Some(EVIDENCE_FILE.into()),
        document: None,
        variables: None,
        decision: if ours { Decision::Failed } else { Decision::Denied },
        response: None,
        notice: false,
        duration: gate.core.now().0.abs_diff(op.at.0),
    };
    let sealed = seal::seal(&op, outcome).await;
    sealed.map(drop).map_err(|cause| tracing::error!(request = %op.request, %cause, "an answer was withheld"))
}

fn file(made: Made) -> Response<Body> {
    let mut response = Response::new(Body::from_stream(pieces(made.content)));
    let headers = response.headers_mut();
    let receipt = made.receipt;
    for (name, value) in [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, made.bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", made.file_name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::HeaderName::from_static("x-confidentiality"), crate::evidence::BANNER.to_owned()),
        (header::HeaderName::from_static("x-request-id"), made.request.to_string()),
        (header::HeaderName::from_static("x-access-receipt"), receipt.to_string()),
        (header::HeaderName::from_static("x-sha256"), made.sha256),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// The file, a piece at a time.
fn pieces(file: SpooledTempFile) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(file, async |mut file| {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let got = file.read(&mut piece)?;
            piece.truncate(got);
            Ok::<_, std::io::Error>((file, piece))
        });
        let (file, piece) = read.await.map_err(std::io::Error::other)??;
        Ok(if piece.is_empty() { None } else { Some((Bytes::from(piece), file)) })
    })
}

fn failure(error: &app::Error) -> Response<Body> {
    let body = error_body(error.code(), &error.outward());
    Answer { status: answer::status(error.code()), media: JSON, body, marked: None, request: None }.into_response()
}

fn withheld(gate: &Gate) -> Response<Body> {
    gate.metrics.unrecorded();
    answer::withheld(&gate.core.recorder, JSON, None).into_response()
}
