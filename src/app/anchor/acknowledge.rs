//! An operator acknowledges what was found of the log: so that records are taken again, and for good in the log itself.

use serde_json::json;

use super::look;
use crate::{
    app::{Error, Op},
    ledger::{Breach, breach::ACKNOWLEDGED},
    policy::{Code, Refusal},
    store::{Change, ledger::outside::AcknowledgedBreach},
};

/// A reason of so many letters is enough.
const LONGEST: usize = 500;

/// Acknowledges everything that stands open; what that was. The operation's record names each of it.
pub async fn acknowledge(op: &Op, reason: &str) -> Result<Vec<Breach>, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST {
        return Err(Refusal::bad_input(format!("Give a reason of at most {LONGEST} letters.")).into());
    }
    if !op.subject.operator {
        return Err(Refusal::new(Code::Forbidden, "Only the operator of the server can do that.").into());
    }
    let recorder = &op.core.recorder;
    let open = look(&op.core).await?;
    let mut found: Vec<(Breach, String)> = open.into_iter().map(|found| (found.breach, found.source)).collect();
    // While it is halted, nothing is folded, so the sequencer knows of nothing.
    if found.is_empty() {
        recorder.fold_now().await?;
        recorder.look_back().await?;
        let standing = recorder.standing();
        let faults = standing.refused.iter().chain(&standing.late);
        found.extend(faults.filter_map(|fault| Some((Breach::of(fault)?, format!("the sequencer: {fault}")))));
    }
    if found.is_empty() {
        return Err(Refusal::new(Code::Conflict, "There is nothing to acknowledge: the ledger is the one that was seen before.").into());
    }
    let change = |(breach, noticed): &(Breach, String)| Change {
        kind: ACKNOWLEDGED,
        item: breach.to_string(),
        before: None,
        after: Some(json!({ "found": breach.told(), "noticedBy": noticed, "reason": reason }).to_string()),
    };
    // First what makes sure that it is recorded, then what it is for.
    let note = op.note_change(found.iter().map(change).collect());
    let put = note.clone();
    op.core.store.write(move |tx| Box::pin(async move { tx.put_change(&put).await })).await?;
    op.changed(&note);
    for (breach, _) in &found {
        let acknowledged = AcknowledgedBreach { breach: *breach, at: op.at, reason: reason.to_owned() };
        recorder.writer().note_acknowledged(&acknowledged).await?;
    }
    look(&op.core).await?;
    Ok(found.into_iter().map(|(breach, _)| breach).collect())
}
