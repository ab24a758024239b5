//! Uploads: the GraphQL multipart request specification (https://github.com/jaydenseric/graphql-multipart-request-spec).
//!
//! The parts come in order: `operations`, `map`, then the files, each spooled to a file that vanishes with the request.
//! So many requests at once may have files here; nobody may hold a place by sending nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use multer::{Constraints, Multipart, SizeLimit};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::{
    body::{Unreadable, bad, from_json, within},
    call::{Call, Calls},
    caller::Caller,
};
use crate::{
    app::{agreements, import, leak},
    graphql::upload::{UploadedFile, Uploads},
    http::Gate,
};

/// The header without which multipart is refused: a page elsewhere cannot send it without a preflight.
pub(super) const PREFLIGHT: &str = "graphql-require-preflight";

/// Reads a multipart body. Batches cannot carry files. Those of somebody who may neither import leads or papers nor trace lists are not even read:
/// what they ask for is refused without them.
pub(super) async fn read(gate: &Gate, caller: &Caller, headers: &HeaderMap, body: Body) -> Result<Calls, Unreadable> {
    if !headers.contains_key(PREFLIGHT) {
        return Err(bad("Send the header GraphQL-Require-Preflight: 1 with multipart/form-data."));
    }
    let limits = &gate.core.limits;
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| bad("multipart/form-data needs a boundary."))?;
    let sizes = SizeLimit::new()
        .whole_stream(limits.upload_size.saturating_mul(limits.upload_files as u64).saturating_add(2 * limits.body_size as u64))
        .per_field(limits.upload_size)
        .for_field("operations", limits.body_size as u64)
        .for_field("map", limits.body_size as u64);
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, Constraints::new().size_limit(sizes));
    let stall = limits.upload_stall;
    let Calls::One(mut call) = from_json(within(stall, text(&mut parts, "operations")).await?.as_bytes(), 1)? else {
        return Err(bad("A batch cannot carry files."));
    };
    let map: BTreeMap<String, Vec<String>> = serde_json::from_str(&within(stall, text(&mut parts, "map")).await?)
        .map_err(|_| bad("The part `map` must be an object of lists of paths."))?;
    if map.len() > limits.upload_files {
        return Err(bad(format!("A request may carry {} files at most.", limits.upload_files)));
    }
    for (number, path) in map.values().enumerate().flat_map(|(number, paths)| paths.iter().map(move |path| (number, path))) {
        place(&mut call, path, number)?;
    }
    // A purpose that cannot be read refuses the operation.
    let Ok(purpose) = call.purpose(&caller.purpose) else {
        return Ok(Calls::One(call));
    };
    let purpose = purpose.as_ref().map(|(code, _)| code.as_str());
    if map.is_empty() {
        return Ok(Calls::One(call));
    }
    let most = if import::may_import(&gate.core, &caller.subject, purpose).await {
        limits.upload_size
    } else if agreements::may_import_papers(&gate.core, &caller.subject).await {
        agreements::MAX_PAPER
    } else if leak::may_trace(&gate.core, &caller.subject).await {
        // One more than is traced, so that whoever traces hears how much that is.
        gate.core.trap.settings.trace_bytes.saturating_add(1)
    } else {
        return Ok(Calls::One(call));
    };
    let patience = Duration::from_millis(limits.request_time);
    let turn = tokio::time::timeout(patience, Arc::clone(&gate.uploads).acquire_owned()).await;
    let turn = turn.map_err(|_| Unreadable(StatusCode::SERVICE_UNAVAILABLE, String::new()))?;
    // Closed never: the semaphore lives as long as the gate.
    call.upload_turn = turn.ok();
    let mut files: Vec<Option<UploadedFile>> = map.iter().map(|_| None).collect();
    while let Some(part) = within(stall, next(&mut parts)).await? {
        let file = part.name().and_then(|name| map.keys().position(|key| key == name)).and_then(|number| files.get_mut(number));
        let place = file.filter(|file| file.is_none()).ok_or_else(|| bad("A part is not in the map, or came twice."))?;
        *place = Some(spool(part, most, stall).await?);
    }
    let files = files.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| bad("A file of the map did not come."))?;
    call.uploads = Some(Uploads(Arc::new(files)));
    Ok(Calls::One(call))
}

async fn next<'p>(parts: &mut Multipart<'p>) -> Result<Option<multer::Field<'p>>, Unreadable> {
    parts.next_field().await.map_err(broken)
}

async fn text(parts: &mut Multipart<'_>, name: &str) -> Result<String, Unreadable> {
    match next(parts).await? {
        Some(part) if part.name() == Some(name) => part.text().await.map_err(broken),
        _ => Err(bad(format!("The part `{name}` is missing; the order is operations, map, files."))),
    }
}

/// Puts the file's value where `path`, like `variables.input.file`, says.
fn place(call: &mut Call, path: &str, number: usize) -> Result<(), Unreadable> {
    let wrong = || bad("The map names a place that is not null in the variables.");
    let mut steps = path.split('.');
    if steps.next() != Some("variables") {
        return Err(wrong());
    }
    let first = steps.next().ok_or_else(wrong)?;
    let mut place = call.variables.as_mut().and_then(|variables| variables.get_mut(first)).ok_or_else(wrong)?;
    for step in steps {
        let below = match place {
            Value::Object(object) => object.get_mut(step),
            Value::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        };
        place = below.ok_or_else(wrong)?;
    }
    if !place.is_null() {
        return Err(wrong());
    }
    *place = Value::String(Uploads::value(number));
    Ok(())
}

async fn spool(mut part: multer::Field<'_>, most: u64, stall: u64) -> Result<UploadedFile, Unreadable> {
    let name = part.file_name().unwrap_or("file").chars().take(255).collect();
    let file = tempfile::NamedTempFile::new().map_err(unspooled)?;
    let mut writer = tokio::fs::File::from_std(file.reopen().map_err(unspooled)?);
    let mut size = 0;
    while let Some(chunk) = within(stall, async { part.chunk().await.map_err(broken) }).await? {
        size += chunk.len() as u64;
        if size > most {
            return Err(Unreadable(StatusCode::PAYLOAD_TOO_LARGE, format!("A file of yours may have {most} bytes.")));
        }
        writer.write_all(&chunk).await.map_err(unspooled)?;
    }
    writer.flush().await.map_err(unspooled)?;
    Ok(UploadedFile { name, size, file })
}

fn unspooled(error: std::io::Error) -> Unreadable {
    tracing::error!(%error, "could not spool an upload");
    Unreadable(StatusCode::INSUFFICIENT_STORAGE, "The file could not be stored.".into())
}

fn broken(error: multer::Error) -> Unreadable {
    match error {
        multer::Error::FieldSizeExceeded { limit, .. } | multer::Error::StreamSizeExceeded { limit } => {
            Unreadable(StatusCode::PAYLOAD_TOO_LARGE, format!("A part may have {limit} bytes at most."))
        }
        _ => bad("The multipart body is malformed."),
    }
}
