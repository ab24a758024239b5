//! Changes: each commits in one transaction with the record that says so.

use super::{Error, Op};
use crate::{
    audit::{
        codec,
        record::{AccessRecord, Changed, Decision, FieldsUsed, Operation, OperationKind, change_commitment},
    },
    domain::clock::random_bytes,
    policy::Marking,
    store::{Change, ChangeNote, Noted, StoreError, Tx, Work},
};

impl Op {
    /// The note to put into the transaction that makes these changes ([`crate::store::Tx::put_change`]). Hand it to
    /// [`Op::changed`] once the transaction has committed.
    pub fn note_change(&self, changes: Vec<Change>) -> ChangeNote {
        let first = self.trace().changed.len() as u64;
        let salted = |change| Noted { change, salt: Some(random_bytes(&*self.core.random)) };
        let changes: Vec<Noted> = changes.into_iter().map(salted).collect();
        let record = AccessRecord {
            request: self.request,
            at: self.at,
            subject: self.subject,
            client: self.client.clone(),
            purpose: self.purpose.as_ref().map(|(code, _)| code.clone()),
            policy_revision: self.snapshot.revision,
            policy_sha256: self.snapshot.sha256,
            operation: Operation { kind: OperationKind::Mutation, name: None, document: None },
            detail: None,
            decision: Decision::Failed,
            code: None,
            reasons: vec!["interrupted".into()],
            grants: self.rights.grants().to_vec(),
            disclosures: Vec::new(),
            used: FieldsUsed::default(),
            changed: changes.iter().map(changed).collect(),
            changed_from: first,
            rows: 0,
            marking: Marking::PUBLIC,
            notice: false,
            duration: 0,
            agreements: Vec::new(),
            reminder: false,
        };
        ChangeNote {
            id: self.core.new_id(),
            owner: self.core.recorder.owner(),
            request: self.request,
            at: self.at,
            body: codec::encode(&record),
            first: first as i64,
            changes,
        }
    }

    /// Does `work` in one transaction with the note of what it changes; then this server goes by it at once.
    pub(super) async fn commit<T, F>(&self, changes: Vec<Change>, work: F) -> Result<T, Error>
    where
        F: for<'c> FnOnce(Tx<'c>) -> Work<'c, Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        let note = self.note_change(changes);
        let put = note.clone();
        let done = self.core.store.write(move |tx| {
            Box::pin(async move {
                let done = work(tx).await?;
                tx.put_change(&put).await?;
                Ok::<_, Error>(done)
            })
        });
        let done = done.await?;
        self.changed(&note);
        self.core.current.check(&self.core.store, &*self.core.clock).await?;
        Ok(done)
    }

    /// Notes committed changes for the record.
    pub fn changed(&self, note: &ChangeNote) {
        let mut trace = self.trace();
        trace.changed.extend(note.changes.iter().map(changed));
        trace.outbox.push(note.id);
    }
}

/// Names all changes as they are now in the record-to-be: what a change came to may be known only inside of its transaction.
pub(super) fn name_changes(note: &mut ChangeNote) -> Result<(), StoreError> {
    let unreadable = |error: codec::Malformed| StoreError::Corrupt(error.to_string());
    let mut record = codec::decode_record(&note.body).map_err(unreadable)?;
    record.changed = note.changes.iter().map(changed).collect();
    note.body = codec::encode(&record);
    Ok(())
}

/// The change as records have it.
pub fn changed(noted: &Noted) -> Changed {
    let Noted { change, salt } = noted;
    let commitment = salt.map(|salt| change_commitment(&salt, change.before.as_deref(), change.after.as_deref()));
    Changed { kind: change.kind.into(), item: change.item.clone(), commitment }
}
