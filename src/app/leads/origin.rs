//! Where a lead is said to come from when somebody adds it.

use crate::{
    app::{Error, Op, contact_accounts},
    domain::{Channel, Id, Timestamp},
    policy::Refusal,
    store::leads::NewOrigin,
};

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

/// Who notes what this operation notes: the person, else the app; `None` is the operator.
pub(in crate::app) fn noted_by(op: &Op) -> Option<Id> {
    op.subject.person.or(op.subject.app)
}
