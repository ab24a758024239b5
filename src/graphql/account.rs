//! A person or an app, by name.

use async_graphql::{Enum, ID, SimpleObject};

use super::scalar::opaque;
use crate::{app::Op, domain::Id};

/// Whether an account is a person's or an app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AccountKind {
    /// A person.
    Person,
    /// An app, which acts for itself or on behalf of a person.
    App,
}

/// A person or an app, by name.
#[derive(Clone, Debug, SimpleObject)]
pub struct AccountReference {
    /// Its id.
    id: ID,
    /// Which of both; null if it is not known yet.
    kind: Option<AccountKind>,
    /// Display name.
    name: Option<String>,
}

impl AccountReference {
    /// The account with this id as the policy in force knows it.
    pub(super) fn of(op: &Op, id: Id) -> Self {
        let account = op.snapshot.accounts.get(&id);
        let kind = account.map(|account| if account.is_app { AccountKind::App } else { AccountKind::Person });
        Self { id: opaque(id), kind, name: account.map(|account| account.name.clone()) }
    }
}
