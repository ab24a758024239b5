//! What accounts are called in the file.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::order::Order;
use crate::{
    audit::record::{Counter, OPERATOR},
    domain::Id,
    evidence::{Profile, Who},
    policy::{PolicyDocument, Snapshot},
};

/// What a role of the company's own is called where its name is withheld.
const OWN_ROLE: &str = "a role of the company's own";

/// Names for accounts: by the roles they held in the range.
#[derive(Debug)]
pub(super) struct Names {
    snapshot: Arc<Snapshot>,
    profile: Profile,
    named: BTreeSet<Id>,
    roles: HashMap<i64, BTreeSet<String>>,
}

impl Names {
    /// Of the accounts that hold or held a role at the end of the range.
    pub(super) fn of(order: &Order, document: &PolicyDocument, snapshot: Arc<Snapshot>) -> Self {
        let mut roles: HashMap<i64, BTreeSet<String>> = HashMap::new();
        for grant in document.grants.values() {
            let ended = [grant.revoked_at, grant.expires_at].into_iter().flatten().min();
            let held = grant.approved_at.is_some_and(|at| at < order.to.0) && ended.is_none_or(|end| end > order.from.0);
            if let (true, Some(role)) = (held, document.roles.get(&grant.role)) {
                roles.entry(grant.subject).or_default().insert(role_name(order.profile, &role.name, role.built_in));
            }
        }
        Self { snapshot, profile: order.profile, named: order.named.iter().copied().collect(), roles }
    }

    /// Whether an account is an app's.
    pub(super) fn is_app(&self, id: Id) -> bool {
        self.snapshot.accounts.get(&id).is_some_and(|account| account.is_app)
    }

    /// What an account is called.
    pub(super) fn account(&self, id: Id) -> Who {
        let app = self.is_app(id);
        let roles = self.roles.get(&id.0).map(|roles| roles.iter().cloned().collect::<Vec<_>>().join(" and "));
        let is = match (app, roles) {
            (true, _) => "app".to_owned(),
            (false, Some(roles)) => roles,
            (false, None) => "account".to_owned(),
        };
        let name = self.named.contains(&id).then(|| self.snapshot.name(id).map(str::to_owned)).flatten();
        Who { name, ..Who::account(id, is) }
    }

    /// Who a counter of the log counts for.
    pub(super) fn counter(&self, counter: Counter) -> Who {
        match counter {
            OPERATOR => Who::other("operator of the server"),
            id if id < 0 => Who::other("nobody signed in"),
            id => self.account(Id(id)),
        }
    }

    /// Who made a revision.
    pub(super) fn by(&self, id: Option<Id>) -> Who {
        id.map_or_else(|| self.counter(OPERATOR), |id| self.account(id))
    }

    /// Names of roles.
    pub(super) fn roles<'d>(&self, roles: impl IntoIterator<Item = (&'d str, bool)>) -> Vec<String> {
        let names: BTreeSet<String> = roles.into_iter().map(|(name, built_in)| role_name(self.profile, name, built_in)).collect();
        names.into_iter().collect()
    }
}

fn role_name(profile: Profile, name: &str, built_in: bool) -> String {
    if profile == Profile::OpposingCounsel && !built_in { OWN_ROLE.into() } else { name.to_owned() }
}
