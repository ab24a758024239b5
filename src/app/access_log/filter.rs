//! Which records are wanted.

use crate::{
    audit::record::{AccessRecord, Decision, OperationKind},
    domain::{Digest, Id, Timestamp},
    policy::Level,
};

/// Which records are wanted; all conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Began at this moment or later.
    pub since: Option<Timestamp>,
    /// Began before this moment.
    pub until: Option<Timestamp>,
    /// Done by this person, or by an app on their behalf.
    pub person: Option<Id>,
    /// Done by this app.
    pub app: Option<Id>,
    /// Ended so.
    pub decision: Option<Decision>,
    /// Has this code.
    pub code: Option<String>,
    /// Was of this kind.
    pub kind: Option<OperationKind>,
    /// Had this name.
    pub name: Option<String>,
    /// Declared this purpose.
    pub purpose: Option<String>,
    /// Disclosed or changed this lead.
    pub lead: Option<Id>,
    /// Came from this internet address.
    pub ip: Option<String>,
    /// Is about this request.
    pub request: Option<Id>,
    /// Ran the document with this hash.
    pub document: Option<Digest>,
    /// Disclosed something at this level or above.
    pub level: Option<Level>,
    /// Disclosed something in each of these compartments; a bit for each.
    pub compartments: u64,
}

impl LogFilter {
    /// Whether it is one of them.
    pub fn matches(&self, record: &AccessRecord) -> bool {
        self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at < until)
            && self.person.is_none_or(|person| record.subject.person == Some(person))
            && self.app.is_none_or(|app| record.subject.app == Some(app))
            && self.decision.is_none_or(|decision| record.decision == decision)
            && self.code.as_ref().is_none_or(|code| record.code.is_some_and(|found| found.name() == code))
            && self.kind.is_none_or(|kind| record.operation.kind == kind)
            && self.name.as_ref().is_none_or(|name| record.operation.name.as_ref() == Some(name))
            && self.purpose.as_ref().is_none_or(|purpose| record.purpose.as_ref() == Some(purpose))
            && self.ip.as_ref().is_none_or(|ip| record.client.ip.as_ref() == Some(ip))
            && self.request.is_none_or(|request| record.request == request)
            && self.document.is_none_or(|document| record.operation.document == Some(document))
            && self.level.is_none_or(|level| record.marking.level >= level)
            && record.marking.compartments & self.compartments == self.compartments
            && self.lead.is_none_or(|lead| is_about(record, lead))
    }

    /// What the index finds the wanted records by, if it does.
    pub(super) fn term(&self) -> Option<i64> {
        self.lead.or(self.person).or(self.app).map(|id| id.0)
    }
}

fn is_about(record: &AccessRecord, lead: Id) -> bool {
    let shown = record.disclosures.iter().any(|disclosure| disclosure.leads.binary_search(&lead).is_ok());
    shown || record.changed.iter().any(|changed| changed.kind == "lead" && changed.item.parse() == Ok(lead))
}
