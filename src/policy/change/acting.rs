//! Who changes the policy, when, and the accounts at that time.

use std::collections::HashMap;

use crate::{
    domain::{Id, Timestamp},
    policy::Account,
};

/// The circumstances of a change.
#[derive(Clone, Copy, Debug)]
pub struct Acting<'a> {
    /// The person who changes it; `None` is the operator.
    pub by: Option<Id>,
    /// When.
    pub now: Timestamp,
    /// Every person and app.
    pub accounts: &'a HashMap<Id, Account>,
}

impl Acting<'_> {
    /// The account with this id, unless it is locked, or limited because its person leaves.
    pub(super) fn open_account(&self, id: Id) -> Option<&Account> {
        self.accounts.get(&id).filter(|account| !account.is_locked(self.now) && !account.is_limited())
    }
}
