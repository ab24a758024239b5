//! One witness is asked to cosign the newest head (C2SP tlog-witness).

use super::{Outside, compare::contradicted, outside::Unattested};
use crate::{
    app::{Core, proofs},
    domain::{Timestamp, clock::SECOND},
    ledger::{
        Breach, Checkpoint, WitnessKey, cosignature, proof,
        witness::{PATH, Submission, decimal, seen_path},
    },
    store::ledger::outside::{Attestation, Attester},
};

/// How often a witness may name another size than the one it was sent a proof from.
const TRIES: u32 = 4;
const MEDIA: &str = "text/plain; charset=utf-8";

/// Has the newest head cosigned; its size and when that was, `None` if there is no head yet.
pub(super) async fn ask(core: &Core, outside: &Outside, key: &WitnessKey, url: &str) -> Result<Option<(u64, Timestamp)>, Unattested> {
    let store = &core.store;
    let Some((mut size, mut note)) = store.ledger_checkpoint(None).await? else { return Ok(None) };
    let mut old = store.newest_attested(Some(Attester::Witness), Some(&key.name)).await?.unwrap_or(0).min(size);
    let address = format!("{url}/{PATH}");
    for _ in 0..TRIES {
        let spans = proof::consistency(old, size).unwrap_or_default();
        let (proof, _) = proofs::prove(store, &spans, None).await?;
        let submission = Submission { old, proof, note: note.clone() }.to_body();
        let sent = outside.courier.deliver(&address, MEDIA, submission.into_bytes()).await;
        let reply = sent.map_err(Unattested::Unheard)?;
        let text = String::from_utf8_lossy(&reply.body);
        match reply.status {
            200 => {
                let cosigned = cosignature::lines_of(&note, &text, key);
                let (line, time) = cosigned.ok_or_else(|| unheard("it answered without a cosignature of its key"))?;
                let at = Timestamp(i64::try_from(time).unwrap_or(i64::MAX).saturating_mul(SECOND));
                let attestation = Attestation { kind: Attester::Witness, source: key.name.clone(), body: line.into_bytes(), at };
                core.recorder.writer().attest(size, &attestation).await?;
                return Ok(Some((size, at)));
            }
            409 => {
                let known = text.strip_suffix('\n').and_then(decimal).ok_or_else(|| unheard("it answered 409 without a size"))?;
                if known == old && old == size {
                    return Err(contradiction(core, outside, url, Breach::Forked { known }).await);
                }
                // Another server may have had a newer head cosigned meanwhile.
                if let Some(newest) = store.ledger_checkpoint(None).await? {
                    (size, note) = newest;
                }
                if known > size {
                    return Err(contradiction(core, outside, url, Breach::Cut { size, known }).await);
                }
                old = known;
            }
            // The size is right, or it would have been 409: so it is the history that is not.
            422 if old > 0 => return Err(contradiction(core, outside, url, Breach::Forked { known: old }).await),
            404 => return Err(unheard("it does not know this log: start it with --log and the last line of `leadkeep ledger key`")),
            403 => return Err(unheard("it knows another key of this log")),
            status => return Err(unheard(&format!("it answered {status}"))),
        }
    }
    Err(unheard("it names another size each time"))
}

/// It says that it has cosigned another history. Its word is not signed, so it is asked for what would prove it: a head that the key
/// of this log has signed.
async fn contradiction(core: &Core, outside: &Outside, url: &str, claimed: Breach) -> Unattested {
    let (origin, key) = (core.recorder.origin(), core.recorder.key().public());
    let shown = outside.courier.collect(&format!("{url}/{}", seen_path(origin))).await.ok();
    let note = shown.filter(|reply| reply.status == 200).map(|reply| String::from_utf8_lossy(&reply.body).into_owned());
    let head = note.and_then(|note| Checkpoint::open(&note, &key)).filter(|head| head.origin == origin);
    let Some(head) = head else { return Unattested::Claimed(claimed) };
    match contradicted(&core.store, &key, &head).await {
        Ok(Some(breach)) => Unattested::Breached(breach),
        Ok(None) => Unattested::Claimed(claimed),
        Err(error) => Unattested::Store(error),
    }
}

fn unheard(why: &str) -> Unattested {
    Unattested::Unheard(why.to_owned())
}
