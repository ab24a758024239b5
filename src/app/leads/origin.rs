//! Where a lead is said to come from: when somebody adds it, or later.

use serde_json::json;

use super::{
    changed::{Changed, changeable, changed_meanwhile, seen, write_beside},
    read,
};
use crate::{
    app::{Error, Op, contact_accounts},
    domain::{Channel, Field, Id, Origin, Timestamp},
    policy::{Permission, Refusal},
    store::{Change, leads::NewOrigin},
};

/// How many origins a lead can have before none is added by hand any more.
const MOST: usize = 100;
/// How often it is decided again because somebody else changed the lead meanwhile.
const ATTEMPTS: usize = 8;

/// What is said of a lead's origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaidOrigin {
    /// The channel; `None` is [`Channel::Other`].
    pub channel: Option<Channel>,
    /// When the contact came about.
    pub since: Option<Timestamp>,
    /// The account of the register through which it came.
    pub account: Option<Id>,
}

impl SaidOrigin {
    /// Refuses what lies ahead, and accounts that nothing can come through.
    pub(super) async fn check(&self, op: &Op) -> Result<(), Error> {
        if let Some(account) = self.account {
            contact_accounts::usable(op, account).await?;
        }
        if self.since.is_some_and(|since| since > op.at) {
            return Err(Refusal::bad_input("A contact cannot have come about in the future.").into());
        }
        Ok(())
    }

    /// The origin of a lead that the caller adds now.
    pub(super) fn of(&self, op: &Op, lead: Id) -> NewOrigin {
        NewOrigin {
            lead,
            source: op.core.new_id(),
            channel: self.channel.unwrap_or(Channel::Other),
            since: self.since,
            recorded_at: op.at,
            by: noted_by(op),
            account: self.account,
            record: None,
        }
    }
}

/// Notes another origin of a lead. What the caller has said of it already stays as it is.
pub async fn add_origin(op: &Op, lead: Id, expected: Option<i64>, said: SaidOrigin) -> Result<Changed, Error> {
    let scope = op.rights.leads(Permission::LeadUpdate)?;
    read::require_clear(&scope, [Field::Origins].into_iter().collect())?;
    let visible = read::readable(op)?;
    read::note_grants(op, &scope);
    said.check(op).await?;
    for _ in 0..ATTEMPTS {
        let (now, told) = changeable(op, &scope, &visible, lead, expected, Field::Origins).await?;
        let before = Origin::all(&told);
        let origin = said.of(op, lead);
        let what = |known: &Origin| (known.channel, known.since, known.account.map(|account| account.id), known.by);
        let new = (origin.channel, origin.since, origin.account, origin.by);
        if before.iter().any(|known| known.file.is_none() && what(known) == new) {
            return Ok(seen(op, now));
        }
        if before.len() >= MOST {
            return Err(Refusal::bad_input(format!("To a lead with {MOST} origins none is added by hand.")).into());
        }
        let after = json!({ "origin": {
            "channel": origin.channel.name(),
            "since": origin.since.map(|since| since.to_string()),
            "account": origin.account.map(|account| account.to_string()),
        } });
        let change = Change { kind: "lead", item: lead.to_string(), before: Some("{}".into()), after: Some(after.to_string()) };
        let allowed = scope.clone();
        let written =
            write_beside(op, &scope, now, change, move |tx| Box::pin(async move { tx.insert_origins(&allowed, &[origin]).await }));
        if let Some(changed) = written.await? {
            return Ok(changed);
        }
    }
    Err(changed_meanwhile().into())
}

/// Who notes what this operation notes: the person, else the app; `None` is the operator.
pub(in crate::app) fn noted_by(op: &Op) -> Option<Id> {
    op.subject.person.or(op.subject.app)
}
