//! The policy and the accounts as of one moment, with the rights that follow from them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Declared, PolicyDocument, Rights};
use crate::domain::{Digest, Id, Subject, Timestamp};

/// An account as decisions need it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub struct Account {
    /// Display name.
    pub name: String,
    /// Whether it is an app.
    pub is_app: bool,
    /// Whether it is locked.
    pub locked: bool,
    /// Whether somebody else set its password, so that it may do nothing but set another.
    pub password_given: bool,
    /// Whether it is a person's who was erased.
    pub erased: bool,
}

/// Person, app, whether it is the operator, and for what.
type Whose = (Option<Id>, Option<Id>, bool, Declared);

/// The policy and the accounts at one value of the `rights` counter.
#[derive(Debug)]
pub struct Snapshot {
    /// The counter.
    pub generation: i64,
    /// Number of the policy revision.
    pub revision: i64,
    /// SHA-256 of its document.
    pub sha256: Digest,
    /// The document.
    pub document: PolicyDocument,
    /// Every person and app.
    pub accounts: HashMap<Id, Account>,
    rights: RwLock<HashMap<Whose, Arc<Rights>>>,
}

impl Snapshot {
    /// A snapshot of these parts.
    pub fn new(generation: i64, revision: i64, sha256: Digest, document: PolicyDocument, accounts: HashMap<Id, Account>) -> Self {
        Self { generation, revision, sha256, document, accounts, rights: RwLock::default() }
    }

    /// What `subject` may do at `now` for the purpose with this code; of a locked account, nothing. Computed once per
    /// snapshot, subject and purpose.
    pub fn rights(&self, subject: &Subject, purpose: Option<&str>, now: Timestamp) -> Arc<Rights> {
        let declared = self.document.declared(purpose);
        let key = (subject.person, subject.app, subject.operator, declared);
        let known = self.rights.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(rights) = known.filter(|rights| rights.valid_until().is_none_or(|end| now < end)) {
            return rights;
        }
        let rights = Arc::new(self.decide(subject, declared, now));
        self.rights.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&rights));
        rights
    }

    fn decide(&self, subject: &Subject, declared: Declared, now: Timestamp) -> Rights {
        if subject.operator {
            return Rights::operator(&self.document);
        }
        let of = |id: Id| match self.accounts.get(&id) {
            Some(account) if !account.locked && account.password_given => Rights::until_password_changed(&self.document),
            Some(account) if !account.locked => Rights::of(&self.document, id, declared, now),
            _ => Rights::none(&self.document),
        };
        match (subject.app, subject.person) {
            (Some(app), Some(person)) => of(app).intersection(&of(person)),
            (Some(one), None) | (None, Some(one)) => of(one),
            (None, None) => Rights::none(&self.document),
        }
    }

    /// The display name of a person or app.
    pub fn name(&self, id: Id) -> Option<&str> {
        self.accounts.get(&id).map(|account| account.name.as_str())
    }
}
