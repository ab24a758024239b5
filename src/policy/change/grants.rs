//! Grants: asked for by one, approved by another.

use super::Acting;
use crate::{
    domain::{Id, Timestamp},
    policy::{Code, GrantRow, PolicyDocument, Refusal, Scope, text},
};

const REASON: usize = 500;
/// From so many admins on, the operator no longer stands in for the second one.
pub(super) const ENOUGH_ADMINS: usize = 2;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct GrantWish {
    /// The person or app that shall hold it.
    pub subject: Id,
    /// The role.
    pub role: Id,
    /// The team its `TEAM` windows are about.
    pub team: Option<Id>,
    /// Codes of the compartments it opens besides the role's.
    pub compartments: Vec<String>,
    /// Why.
    pub reason: String,
    /// Until when; `None` is until it is revoked.
    pub expires_at: Option<Timestamp>,
}

impl PolicyDocument {
    /// Writes down a grant that has no effect until another admin approves it.
    pub fn request_grant(&mut self, id: Id, wish: &GrantWish, acting: &Acting<'_>) -> Result<(), Refusal> {
        let reason = text::line("The reason", &wish.reason, REASON)?;
        if acting.open_account(wish.subject).is_none() {
            return Err(Refusal::bad_input("There is no such person or app, or it is locked."));
        }
        acting.stays(wish.subject)?;
        let role = self.roles.get(&wish.role.0).ok_or_else(|| Refusal::bad_input("There is no such role."))?;
        if wish.team.is_some_and(|team| !self.teams.contains_key(&team.0)) {
            return Err(Refusal::bad_input("There is no such team."));
        }
        if wish.team.is_none() && role.windows.iter().any(|window| window.scope == Scope::Team) {
            return Err(Refusal::bad_input("This role opens windows onto a team; the grant must name one."));
        }
        if self.compartment_bits(&wish.compartments).is_none() {
            return Err(Refusal::bad_input("There is no such compartment."));
        }
        if role.windows.is_empty() && !wish.compartments.is_empty() {
            return Err(Refusal::bad_input("This role opens no windows, so a grant of it can open no compartments."));
        }
        if wish.expires_at.is_some_and(|end| end <= acting.now) {
            return Err(Refusal::bad_input("The grant would have expired already."));
        }
        let grant = GrantRow {
            subject: wish.subject.0,
            role: wish.role.0,
            team: wish.team.map(|team| team.0),
            compartments: self.in_order(&wish.compartments),
            reason,
            requested_by: acting.by.map(|by| by.0),
            requested_at: acting.now.0,
            approved_by: None,
            approved_at: None,
            expires_at: wish.expires_at.map(|end| end.0),
            revoked_at: None,
            revoked_by: None,
        };
        let mut after = self.clone();
        after.grants.insert(id.0, grant);
        self.settle(after, acting)
    }

    /// Puts a grant into effect. Neither who asked for it nor who shall hold it can; the operator can only as long as
    /// there are not two admins who could.
    pub fn approve_grant(&mut self, id: Id, acting: &Acting<'_>) -> Result<(), Refusal> {
        let grant = self.grants.get(&id.0).ok_or_else(Refusal::not_found)?;
        if self.standing(acting.now).all(|(standing, _)| standing != id) || grant.approved_at.is_some() {
            return Err(Refusal::new(Code::Conflict, "Only a grant that is waiting can be approved."));
        }
        match acting.by {
            Some(by) if grant.subject == by.0 => return Err(Refusal::forbidden("Nobody approves their own grant.")),
            Some(by) if grant.requested_by == Some(by.0) => {
                return Err(Refusal::forbidden("You asked for this grant; another admin must approve it."));
            }
            None if self.admins(acting).len() >= ENOUGH_ADMINS => {
                return Err(Refusal::forbidden("There are admins who can approve this grant; the operator cannot stand in for them."));
            }
            _ => {}
        }
        if acting.open_account(Id(grant.subject)).is_none() {
            return Err(Refusal::new(Code::Conflict, "Whoever shall hold this grant is locked."));
        }
        acting.stays(Id(grant.subject))?;
        if grant.requested_by.is_some_and(|by| acting.open_account(Id(by)).is_none()) {
            return Err(Refusal::conflict("Whoever asked for this grant is locked; ask for it anew."));
        }
        let mut after = self.clone();
        if let Some(grant) = after.grants.get_mut(&id.0) {
            grant.approved_at = Some(acting.now.0);
            grant.approved_by = acting.by.map(|by| by.0);
        }
        self.settle(after, acting)
    }

    /// Ends a grant, or withdraws one that waits. The last admin's cannot be ended.
    pub fn revoke_grant(&mut self, id: Id, acting: &Acting<'_>) -> Result<(), Refusal> {
        if !self.grants.contains_key(&id.0) {
            return Err(Refusal::not_found());
        }
        if self.standing(acting.now).all(|(standing, _)| standing != id) {
            return Err(Refusal::new(Code::Conflict, "The grant has ended already."));
        }
        let mut after = self.clone();
        if let Some(grant) = after.grants.get_mut(&id.0) {
            grant.revoked_at = Some(acting.now.0);
            grant.revoked_by = acting.by.map(|by| by.0);
        }
        self.settle(after, acting)
    }
}
