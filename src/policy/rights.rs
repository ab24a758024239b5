//! From the policy document and a subject to what it may do now.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    AgreementKind, Code, Declared, Level, Marking, Permission, Permissions, Point, PolicyDocument, Quotas, Refusal, RowScope, Scope,
    Window, WindowTemplate, mask, standing,
    window::{LeadScope, MAX_WINDOWS},
};
use crate::domain::{Field, FieldSet, Id, Subject, Timestamp};

/// Proof that `policy` allowed something other than reading leads. The store takes it where it takes no [`LeadScope`].
#[derive(Clone, Copy, Debug)]
pub struct Permit {
    permission: Permission,
}

impl Permit {
    /// What was permitted.
    pub const fn permission(self) -> Permission {
        self.permission
    }
}

/// Which accounts of the register of contact accounts a subject may see: every one, or those it answers for. Only `policy`
/// can build one.
#[derive(Clone, Copy, Debug)]
pub struct RegisterScope {
    all: bool,
    person: Option<Id>,
}

impl RegisterScope {
    /// Whose accounts alone; `None` is everybody's.
    pub const fn only(self) -> Option<Id> {
        if self.all { None } else { self.person }
    }

    /// The person who asks, if it is one in person.
    pub const fn person(self) -> Option<Id> {
        self.person
    }
}

/// What a subject may see and do until [`Rights::valid_until`].
#[derive(Clone, Debug)]
pub struct Rights {
    pub(super) permissions: Permissions,
    pub(super) windows: Vec<Window>,
    quotas: Quotas,
    grants: Vec<Id>,
    roles: Vec<Id>,
    pub(super) valid_until: Option<Timestamp>,
    field_markings: Arc<[Marking]>,
    /// The purpose that was declared; what it opens is all that is open here.
    declared: Declared,
    /// What the roles would give whose windows the purpose keeps closed.
    pub(super) closed: Permissions,
    /// Codes of the purposes that would open them.
    opening: BTreeSet<String>,
    /// Whether there is nothing until a password that somebody else set has been changed.
    password_given: bool,
    /// Why no lead is shown until something has been accepted.
    unsigned: Option<Refusal>,
    /// The acceptances that count.
    agreed: Vec<Agreed>,
    /// When the first of them ends.
    agreed_until: Option<Timestamp>,
    /// Whose canaries are there among the leads.
    reader: Option<Id>,
}

/// An acceptance in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Agreed {
    /// Of which kind.
    pub kind: AgreementKind,
    /// Of which version.
    pub version: u32,
    /// Its id.
    pub acceptance: Id,
}

impl Rights {
    /// Nobody's: nothing.
    pub fn none(policy: &PolicyDocument) -> Self {
        Self {
            permissions: Permissions::default(),
            windows: Vec::new(),
            quotas: Quotas::default(),
            grants: Vec::new(),
            roles: Vec::new(),
            valid_until: None,
            field_markings: field_markings(policy),
            declared: Declared::Nothing,
            closed: Permissions::default(),
            opening: BTreeSet::new(),
            password_given: false,
            unsigned: None,
            agreed: Vec::new(),
            agreed_until: None,
            reader: None,
        }
    }

    /// Those of a person whose password somebody else set: nothing, until they have changed it.
    pub fn until_password_changed(policy: &PolicyDocument) -> Self {
        Self { password_given: true, ..Self::none(policy) }
    }

    /// The operator's, who holds a shell on the server: everything, and every act of it recorded.
    pub fn operator(policy: &PolicyDocument) -> Self {
        let window = Window {
            rows: Vec::new(),
            clearance: Marking::new(Level::TradeSecret, u64::MAX >> 1),
            clear: Field::ALL.iter().copied().collect(),
            masked: FieldSet::EMPTY,
            permissions: Permission::ALL.iter().copied().collect(),
            grants: Vec::new(),
        };
        Self { permissions: window.permissions, windows: vec![window], ..Self::none(policy) }
    }

    /// What the active grants of a person or app give at `now` to an operation that declared this purpose.
    ///
    /// A subject whose grants open more than [`MAX_WINDOWS`] windows sees the first of them by grant id.
    pub fn of(policy: &PolicyDocument, subject: Id, declared: Declared, now: Timestamp) -> Self {
        let mut rights = Self { declared, reader: Some(subject), ..Self::none(policy) };
        let purpose = policy.purpose(declared);
        let narrowing = purpose.map(|(_, purpose)| purpose.window());
        let held = policy.grants.iter().filter(|(_, grant)| grant.subject == subject.0 && grant.is_active(now));
        for (id, grant) in held {
            let Some(role) = policy.roles.get(&grant.role) else {
                continue;
            };
            let permissions: Permissions = role.permissions.iter().filter_map(|name| Permission::from_name(name)).collect();
            rights.permissions = rights.permissions.union(permissions);
            rights.grants.push(Id(*id));
            rights.roles.push(Id(grant.role));
            let mut windows: Vec<Window> =
                role.windows.iter().filter_map(|template| open(policy, template, subject, Id(*id), permissions)).collect();
            let asked = policy.requirement(Id(grant.role));
            if declared == Declared::Unknown || !asked.admits(purpose.map(|(code, _)| code)) {
                if !windows.is_empty() {
                    rights.closed = rights.closed.union(permissions);
                    let opening = policy.purposes.iter().filter(|(code, purpose)| !purpose.retired && asked.admits(Some(code)));
                    rights.opening.extend(opening.map(|(code, _)| code.clone()));
                }
                windows.clear();
            }
            if let Some(narrowing) = &narrowing {
                windows = windows.iter().map(|window| window.intersection(narrowing)).collect();
            }
            // A role without windows limits nothing and lifts no limit.
            if !windows.is_empty() {
                rights.quotas = if rights.windows.is_empty() { role.quotas } else { rights.quotas.most(role.quotas) };
            }
            rights.valid_until = earlier(rights.valid_until, grant.expires_at.map(Timestamp));
            rights.windows.extend(windows);
        }
        rights.windows.truncate(MAX_WINDOWS);
        if !rights.windows.is_empty() {
            let declared = purpose.map(|(_, purpose)| purpose.quotas).unwrap_or_default();
            rights.quotas = rights.quotas.least(declared).least(policy.own_quotas(subject));
        }
        rights
    }

    /// What an app may do on behalf of a person, the `other`: what both may. The canaries are the person's.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let pairs = self.windows.iter().flat_map(|mine| other.windows.iter().map(|theirs| mine.intersection(theirs)));
        Self {
            permissions: self.permissions.intersection(other.permissions),
            windows: pairs.take(MAX_WINDOWS).collect(),
            quotas: self.quotas.least(other.quotas),
            grants: self.grants.iter().chain(&other.grants).copied().collect(),
            roles: self.roles.iter().chain(&other.roles).copied().collect(),
            valid_until: earlier(self.valid_until, other.valid_until),
            field_markings: self.field_markings.clone(),
            declared: self.declared,
            closed: self.closed.union(other.closed),
            opening: match (self.closed.is_empty(), other.closed.is_empty()) {
                (false, false) => self.opening.intersection(&other.opening).cloned().collect(),
                _ => self.opening.union(&other.opening).cloned().collect(),
            },
            password_given: self.password_given || other.password_given,
            unsigned: None,
            agreed: Vec::new(),
            agreed_until: None,
            reader: other.reader,
        }
    }

    /// Whether the subject manages people or policy, as whoever runs the installation does.
    pub fn manages(&self) -> bool {
        super::table::MANAGING.iter().any(|permission| self.permissions.contains(*permission))
    }

    /// These rights as far as the agreements they hang on have been accepted; `person` is who reads why not.
    #[must_use]
    pub(super) fn under(mut self, points: &[Point], person: Option<Id>) -> Self {
        self.unsigned = standing::missing(points, person);
        let agreed = points.iter().filter_map(|point| point.accepted.as_ref());
        self.agreed = agreed.map(|accepted| Agreed { kind: accepted.kind, version: accepted.version, acceptance: accepted.id }).collect();
        self.agreed.sort_unstable();
        self.agreed.dedup();
        self.agreed_until = points.iter().filter_map(|point| point.until).min();
        self
    }

    /// Refuses whoever still has a password that somebody else set.
    pub fn own_password(&self) -> Result<(), Refusal> {
        if self.password_given {
            return Err(Refusal::forbidden("Somebody else set your password; change it first, with `changePassword`."));
        }
        Ok(())
    }

    /// A permit, or why there is none.
    pub fn permit(&self, permission: Permission) -> Result<Permit, Refusal> {
        self.own_password()?;
        if self.permissions.contains(permission) {
            Ok(Permit { permission })
        } else {
            Err(Refusal::forbidden(format!("You need the permission {}; an admin can grant a role that has it.", permission.name())))
        }
    }

    /// The accounts of the register that `subject`, whose rights these are, may see: with `REGISTER_READ` all, else a person
    /// those they answer for.
    pub fn register(&self, subject: &Subject) -> Result<RegisterScope, Refusal> {
        self.own_password()?;
        let all = self.permissions.contains(Permission::RegisterRead);
        // An app that acts for somebody sees what its own permissions say.
        let person = subject.person.filter(|_| subject.app.is_none());
        if !all && person.is_none() {
            self.permit(Permission::RegisterRead)?;
        }
        Ok(RegisterScope { all, person })
    }

    /// The windows in which `permission` holds, or why there is none.
    pub fn leads(&self, permission: Permission) -> Result<LeadScope, Refusal> {
        self.permit(permission)?;
        if let Some(refusal) = &self.unsigned {
            return Err(refusal.clone());
        }
        let scope = LeadScope::new(self.windows.clone(), self.field_markings.clone(), self.reader).with(permission);
        if scope.windows().is_empty() && self.closed.contains(permission) {
            return Err(self.purpose_required());
        }
        if scope.windows().is_empty() {
            return Err(Refusal::forbidden("None of your roles opens a window onto leads."));
        }
        Ok(scope)
    }

    fn purpose_required(&self) -> Refusal {
        let wrong = match self.declared {
            Declared::Nothing => "Your roles show leads only for a declared purpose",
            Declared::Unknown => "There is no such purpose",
            Declared::Known(_) => "Your roles do not show leads for this purpose",
        };
        let opening: Vec<&str> = self.opening.iter().map(String::as_str).collect();
        let instead = if opening.is_empty() {
            "and none is registered; ask an admin.".into()
        } else {
            format!("declare one of {}.", opening.join(", "))
        };
        Refusal::new(Code::PurposeRequired, format!("{wrong}; {instead}"))
    }

    /// The permissions held.
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// The windows open.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The quotas in force.
    pub const fn quotas(&self) -> Quotas {
        self.quotas
    }

    /// The grants these rights come from.
    pub fn grants(&self) -> &[Id] {
        &self.grants
    }

    /// The roles these rights come from.
    pub fn roles(&self) -> &[Id] {
        &self.roles
    }

    /// When the first of the grants expires.
    pub const fn valid_until(&self) -> Option<Timestamp> {
        self.valid_until
    }

    /// When these rights have to be looked at again: a grant or an acceptance ends.
    pub fn decided_until(&self) -> Option<Timestamp> {
        earlier(self.valid_until, self.agreed_until)
    }

    /// The acceptances that count.
    pub fn agreed(&self) -> &[Agreed] {
        &self.agreed
    }
}

fn field_markings(policy: &PolicyDocument) -> Arc<[Marking]> {
    Field::ALL.iter().map(|field| policy.field_marking(*field)).collect()
}

/// One window; `None` if the template cannot be read or is about a team and the grant names none: deny by default.
fn open(policy: &PolicyDocument, template: &WindowTemplate, subject: Id, id: Id, permissions: Permissions) -> Option<Window> {
    let grant = policy.grants.get(&id.0)?;
    let own = policy.compartment_bits(&template.compartments)? | policy.compartment_bits(&grant.compartments)?;
    let bits = if template.all_compartments { u64::MAX >> 1 } else { own };
    let clearance = Marking::new(Level::from_name(&template.level)?, bits);
    let masked: FieldSet = template.masked.iter().map(|name| Field::from_name(name)).collect::<Option<Vec<_>>>()?.into_iter().collect();
    let rows = match template.scope {
        Scope::All => Vec::new(),
        Scope::Own => vec![RowScope::Owner(subject)],
        Scope::Team => vec![RowScope::Teams(policy.team_and_below(Id(grant.team?)))],
    };
    let cleared: FieldSet = Field::ALL.iter().copied().filter(|field| clearance.dominates(policy.field_marking(*field))).collect();
    let maskable = masked.iter().filter(|field| mask::can_mask(*field)).collect();
    Some(Window { rows, clearance, clear: cleared.minus(masked), masked: maskable, permissions, grants: vec![id] })
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
