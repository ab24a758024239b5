//! Changes: each commits in one transaction with the record that says so.

use super::Op;
use crate::{
    audit::{
        codec,
        record::{AccessRecord, Changed, Decision, FieldsUsed, Operation, OperationKind},
    },
    policy::Marking,
    store::{Change, ChangeNote},
};

impl Op {
    /// The note to put into the transaction that makes these changes ([`crate::store::Tx::put_change`]). Hand it to
    /// [`Op::changed`] once the transaction has committed.
    pub fn note_change(&self, changes: Vec<Change>) -> ChangeNote {
        let first = self.trace().changed.len() as i64;
        let record = AccessRecord {
            request: self.request,
            at: self.at,
            subject: self.subject,
            client: self.client.clone(),
            purpose: self.purpose.as_ref().map(|(code, _)| code.clone()),
            policy_revision: self.snapshot.revision,
            policy_sha256: self.snapshot.sha256,
            operation: Operation { kind: OperationKind::Mutation, name: None, document: None, variables: None },
            decision: Decision::Failed,
            code: None,
            reasons: vec!["interrupted".into()],
            grants: self.rights.grants().to_vec(),
            disclosures: Vec::new(),
            used: FieldsUsed::default(),
            changed: changes.iter().map(changed).collect(),
            rows: 0,
            marking: Marking::PUBLIC,
            notice: false,
            response: None,
            duration: 0,
        };
        ChangeNote { id: self.core.new_id(), request: self.request, at: self.at, body: codec::encode(&record), first, changes }
    }

    /// Notes committed changes for the record.
    pub fn changed(&self, note: &ChangeNote) {
        let mut trace = self.trace();
        trace.changed.extend(note.changes.iter().map(changed));
        trace.outbox.push(note.id);
    }
}

fn changed(change: &Change) -> Changed {
    Changed { kind: change.kind.into(), item: change.item.clone() }
}
