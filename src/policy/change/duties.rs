//! Separate duties: who manages does not review, who does either does not see leads through that role, and there is
//! always somebody left who can manage.

use std::collections::BTreeSet;

use super::Acting;
use crate::{
    domain::{Id, Timestamp},
    policy::{Code, GrantRow, Permission, PolicyDocument, Refusal, RoleDefinition, table, window::MAX_WINDOWS},
};

impl RoleDefinition {
    /// Whether it gives `permission`.
    pub fn gives(&self, permission: Permission) -> bool {
        self.permissions.iter().any(|name| name == permission.name())
    }

    /// Whether it manages policy or accounts.
    pub fn manages(&self) -> bool {
        table::MANAGING.iter().any(|permission| self.gives(*permission))
    }

    /// Whether it reviews what was seen.
    pub fn reviews(&self) -> bool {
        table::REVIEWING.iter().any(|permission| self.gives(*permission))
    }

    /// Whether it knows which leads are canaries.
    pub fn traps(&self) -> bool {
        table::TRAPPING.iter().any(|permission| self.gives(*permission))
    }
}

impl PolicyDocument {
    /// Grants that give something or are waiting to.
    pub fn standing(&self, now: Timestamp) -> impl Iterator<Item = (Id, &GrantRow)> {
        self.grants.iter().filter(move |(_, grant)| grant.stands(now)).map(|(id, grant)| (Id(*id), grant))
    }

    /// Everybody who may change the policy now.
    pub fn admins(&self, acting: &Acting<'_>) -> BTreeSet<Id> {
        let manages = |grant: &GrantRow| self.roles.get(&grant.role).is_some_and(|role| role.gives(Permission::PolicyManage));
        let active = self.grants.values().filter(|grant| grant.is_active(acting.now) && manages(grant));
        active.map(|grant| Id(grant.subject)).filter(|subject| acting.open_account(*subject).is_some()).collect()
    }

    /// Whether a person or app holds, or is about to hold, a role that manages, reviews or keeps the trap.
    pub fn has_duty(&self, subject: Id, now: Timestamp) -> bool {
        let duty = |grant: &GrantRow| self.roles.get(&grant.role).is_some_and(|role| role.manages() || role.reviews() || role.traps());
        self.standing(now).any(|(_, grant)| grant.subject == subject.0 && duty(grant))
    }

    /// Periods in which only one subject held a role that changes the policy: from, until (`None`: until now). What
    /// locks did in between is not in the policy and does not count.
    pub fn sole_admin_periods(&self, now: Timestamp) -> Vec<(Timestamp, Option<Timestamp>)> {
        let manages = |grant: &&GrantRow| self.roles.get(&grant.role).is_some_and(|role| role.gives(Permission::PolicyManage));
        let held: Vec<(i64, i64, i64)> = self
            .grants
            .values()
            .filter(manages)
            .filter_map(|grant| {
                let end = [grant.expires_at, grant.revoked_at].into_iter().flatten().min().unwrap_or(i64::MAX);
                Some((grant.subject, grant.approved_at?, end))
            })
            .collect();
        let mut moments: Vec<i64> = held.iter().flat_map(|(_, start, end)| [*start, *end]).filter(|at| *at <= now.0).collect();
        moments.sort_unstable();
        moments.dedup();
        let alone = |at: i64| {
            let holders: BTreeSet<i64> =
                held.iter().filter(|(_, start, end)| *start <= at && at < *end).map(|(subject, ..)| *subject).collect();
            holders.len() == 1
        };
        let mut periods: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
        for at in moments {
            match periods.last_mut() {
                Some((_, end @ None)) if !alone(at) => *end = Some(Timestamp(at)),
                Some((_, None)) => {}
                _ if alone(at) => periods.push((Timestamp(at), None)),
                _ => {}
            }
        }
        periods
    }

    /// Becomes `after`, if duties stay separate and somebody can still manage.
    pub(super) fn settle(&mut self, after: Self, acting: &Acting<'_>) -> Result<(), Refusal> {
        let subjects: BTreeSet<i64> = after.standing(acting.now).map(|(_, grant)| grant.subject).collect();
        for subject in subjects {
            after.duties_of(Id(subject), acting)?;
        }
        if after.admins(acting).is_empty() && !self.admins(acting).is_empty() {
            return Err(Refusal::new(Code::Conflict, "Nobody would be left to manage the policy; another admin must stand first."));
        }
        *self = after;
        Ok(())
    }

    fn duties_of(&self, subject: Id, acting: &Acting<'_>) -> Result<(), Refusal> {
        let held = self.standing(acting.now).filter(|(_, grant)| grant.subject == subject.0);
        let roles: Vec<&RoleDefinition> = held.filter_map(|(_, grant)| self.roles.get(&grant.role)).collect();
        let (manages, reviews) = (roles.iter().any(|role| role.manages()), roles.iter().any(|role| role.reviews()));
        if manages && reviews {
            return Err(Refusal::new(Code::Conflict, "Nobody can manage and review: admin and auditor are two persons."));
        }
        let (traps, sees) = (roles.iter().any(|role| role.traps()), roles.iter().any(|role| !role.windows.is_empty()));
        if traps && (manages || sees) {
            return Err(Refusal::new(Code::Conflict, "Nobody can keep the trap and manage, or see leads: those are two persons."));
        }
        // Whoever answers for an app holds its secret, and would be a second person through it.
        if (manages || reviews || traps) && acting.accounts.get(&subject).is_some_and(|account| account.is_app) {
            return Err(Refusal::bad_input("Roles that manage, review or keep the trap are for people, not for apps."));
        }
        if roles.iter().map(|role| role.windows.len()).sum::<usize>() > MAX_WINDOWS {
            return Err(Refusal::bad_input("The grants of one subject can open 31 windows, not more."));
        }
        Ok(())
    }
}
