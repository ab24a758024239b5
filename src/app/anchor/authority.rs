//! The time stamping authority is asked to stamp the newest head (RFC 3161): the note as the log alone has signed it.

use sha2::{Digest as _, Sha256};

use super::{Outside, outside::Unattested};
use crate::{
    app::Core,
    domain::{Timestamp, clock::random_bytes},
    ledger::timestamp,
    store::ledger::outside::{Attestation, Attester},
};

/// Has the newest head stamped; its size and when that was, `None` if there is no head yet.
pub(super) async fn ask(core: &Core, outside: &Outside, url: &str) -> Result<Option<(u64, Timestamp)>, Unattested> {
    let Some((size, note)) = core.store.ledger_checkpoint(None).await? else { return Ok(None) };
    let known = core.store.attestations(size).await?.into_iter().find(|one| one.kind == Attester::Authority && one.source == url);
    if let Some(known) = known {
        return Ok(Some((size, known.at)));
    }
    let imprint = Sha256::digest(&note).into();
    let nonce = u64::from_be_bytes(random_bytes(&*core.random));
    let request = timestamp::request(&imprint, nonce);
    let reply = outside.courier.deliver(url, timestamp::REQUEST_MEDIA, request).await.map_err(Unattested::Unheard)?;
    if reply.status != 200 {
        return Err(Unattested::Unheard(format!("it answered {}", reply.status)));
    }
    let at = timestamp::read(&reply.body, &imprint, nonce).map_err(|error| Unattested::Unheard(error.to_string()))?;
    let attestation = Attestation { kind: Attester::Authority, source: url.to_owned(), body: reply.body, at };
    core.recorder.writer().attest(size, &attestation).await?;
    Ok(Some((size, at)))
}
