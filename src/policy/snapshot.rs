//! The policy and the accounts as of one moment, with the rights that follow from them.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Acceptances, Declared, Departing, Point, PolicyDocument, Rights, standing};
use crate::domain::{Digest, Id, Subject, Timestamp};

/// An account as decisions need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Of a person: the jurisdiction whose agreements they accept, such as `US-CA`.
    pub jurisdiction: Option<String>,
    /// Of a third party's person: the company they come from.
    pub company: Option<String>,
    /// Of an app: the person who answers for it.
    pub responsible: Option<Id>,
    /// That the person leaves, or has left.
    pub departing: Option<Departing>,
}

impl Account {
    /// Whether nobody gets in with it at `now`.
    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.locked || self.departing.is_some_and(|departing| departing.is_over(now))
    }

    /// Whether its person leaves and sees no more than their own leads.
    pub fn is_limited(&self) -> bool {
        self.departing.is_some_and(|departing| departing.limited)
    }

    /// Whether it is a person's who can be given something to answer for. That somebody leaves does not show here before their
    /// access does.
    pub fn works_here(&self) -> bool {
        !self.is_app && !self.locked && !self.is_limited()
    }
}

/// Every person and app by id.
pub type Accounts = HashMap<Id, Account>;

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
    pub accounts: Accounts,
    /// What has been accepted, and by no later acceptance of the same replaced.
    pub acceptances: Acceptances,
    rights: RwLock<HashMap<Whose, Arc<Rights>>>,
}

impl Snapshot {
    /// A snapshot of these parts.
    pub fn new(
        generation: i64,
        revision: i64,
        sha256: Digest,
        document: PolicyDocument,
        accounts: Accounts,
        acceptances: Acceptances,
    ) -> Self {
        Self { generation, revision, sha256, document, accounts, acceptances, rights: RwLock::default() }
    }

    /// The agreements that the access of a subject hangs on at `now`, and how they stand: of an app that acts for a person,
    /// those of both.
    pub fn agreements(&self, subject: &Subject, now: Timestamp) -> Vec<Point> {
        let of = |id: Id| standing::standing(&self.document, &self.accounts, &self.acceptances, id, now);
        let mut points: Vec<Point> = Vec::new();
        for point in [subject.app, subject.person].into_iter().flatten().flat_map(of) {
            if !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }

    /// What `subject` may do at `now` for the purpose with this code; of a locked account, nothing. Computed once per
    /// snapshot, subject and purpose.
    pub fn rights(&self, subject: &Subject, purpose: Option<&str>, now: Timestamp) -> Arc<Rights> {
        let declared = self.document.declared(purpose);
        let key = (subject.person, subject.app, subject.operator, declared);
        let known = self.rights.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(rights) = known.filter(|rights| rights.decided_until().is_none_or(|end| now < end)) {
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
            Some(account) if !account.is_locked(now) => {
                let rights = if account.password_given {
                    Rights::until_password_changed(&self.document)
                } else {
                    Rights::of(&self.document, id, declared, now)
                };
                account.departing.map_or(rights.clone(), |departing| rights.departing(departing, id))
            }
            _ => Rights::none(&self.document),
        };
        let rights = match (subject.app, subject.person) {
            (Some(app), Some(person)) => of(app).intersection(&of(person)),
            (Some(one), None) | (None, Some(one)) => of(one),
            (None, None) => return Rights::none(&self.document),
        };
        rights.under(&self.agreements(subject, now), subject.person)
    }

    /// The display name of a person or app.
    pub fn name(&self, id: Id) -> Option<&str> {
        self.accounts.get(&id).map(|account| account.name.as_str())
    }
}
