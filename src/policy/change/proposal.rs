//! Proposals: what one admin asks for and another lets happen. They hold every act that widens what somebody can see or
//! do and is no grant, and what cannot be taken back or keeps from being erased; what narrows takes hold at once.

use serde::{Deserialize, Serialize};

use super::{Acting, grants::ENOUGH_ADMINS};
use crate::{
    domain::{DepartureAccess, Id, Timestamp},
    policy::{Code, HoldOn, Permission, PolicyDocument, Refusal, items::ItemChange},
};

/// How long a proposal waits for another admin, in seconds: a week.
pub const PROPOSAL_SECONDS: i64 = 7 * 86_400;

/// An act that takes two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Act {
    /// Changes the policy.
    Policy {
        /// Item by item.
        changes: Vec<ItemChange>,
    },
    /// Gives an app another client secret.
    AppSecret {
        /// The app.
        app: i64,
        /// Id of the secret.
        secret: i64,
        /// Until when it works (µs).
        expires_at: Option<i64>,
    },
    /// Gives a person a password that was made for them.
    Password {
        /// Who.
        person: i64,
    },
    /// Lets a locked account in again.
    Unlock {
        /// The person or app.
        account: i64,
    },
    /// Begins somebody's departure.
    BeginDeparture {
        /// Id of the departure.
        departure: i64,
        /// Id of the legal hold that it places.
        hold: i64,
        /// Who leaves.
        person: i64,
        /// When their last day ends (µs).
        last_day: i64,
        /// Since when the company knows (µs).
        known_at: i64,
        /// How far their access goes at once.
        access: DepartureAccess,
        /// Whether the apps that they answer for are locked, too.
        lock_apps: bool,
        /// Why they leave.
        reason: String,
    },
    /// Ends a departure as a mistake; what it narrowed comes back.
    CancelDeparture {
        /// The departure.
        departure: i64,
        /// Who stays.
        person: i64,
        /// Whether a locked account is let in again by it.
        unlocks: bool,
        /// Why.
        reason: String,
    },
    /// Takes somebody on again who had left.
    Rehire {
        /// The departure.
        departure: i64,
        /// Who.
        person: i64,
        /// Why.
        reason: String,
    },
    /// Erases what is kept of a lead beside its id.
    EraseLead {
        /// Which lead.
        lead: i64,
        /// Why.
        reason: String,
    },
    /// Erases what is kept of a person beside their id.
    ErasePerson {
        /// Who.
        person: i64,
        /// Why.
        reason: String,
    },
    /// Keeps something from being erased or removed.
    SetHold {
        /// Id of the hold.
        hold: i64,
        /// What is held.
        on: HoldOn,
        /// Why.
        reason: String,
    },
    /// Lets go what was held.
    LiftHold {
        /// The hold.
        hold: i64,
        /// Why.
        reason: String,
    },
}

impl Act {
    /// What whoever asks for it, and whoever approves it, must be permitted.
    pub const fn permission(&self) -> Permission {
        match self {
            Self::Policy { .. } => Permission::PolicyManage,
            Self::AppSecret { .. } | Self::Password { .. } | Self::Unlock { .. } => Permission::AccountsManage,
            Self::EraseLead { .. } | Self::ErasePerson { .. } => Permission::DataErase,
            Self::SetHold { .. } | Self::LiftHold { .. } => Permission::HoldManage,
            Self::BeginDeparture { .. } | Self::CancelDeparture { .. } | Self::Rehire { .. } => Permission::DepartureManage,
        }
    }

    /// Whether it takes two even on the command line: it cannot be taken back, or lets happen what cannot.
    pub const fn takes_two_always(&self) -> bool {
        matches!(
            self,
            Self::EraseLead { .. } | Self::ErasePerson { .. } | Self::SetHold { .. } | Self::LiftHold { .. } | Self::BeginDeparture { .. }
        )
    }

    /// The person or app it is about.
    pub const fn about(&self) -> Option<Id> {
        match self {
            Self::AppSecret { app: id, .. }
            | Self::Password { person: id }
            | Self::Unlock { account: id }
            | Self::ErasePerson { person: id, .. }
            | Self::BeginDeparture { person: id, .. }
            | Self::CancelDeparture { person: id, .. }
            | Self::Rehire { person: id, .. }
            | Self::SetHold { on: HoldOn::Subject { id }, .. } => Some(Id(*id)),
            Self::Policy { .. } | Self::EraseLead { .. } | Self::SetHold { .. } | Self::LiftHold { .. } => None,
        }
    }
}

/// An act that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Id.
    pub id: Id,
    /// What is asked for.
    pub act: Act,
    /// The admin who asked; `None` is the operator.
    pub requested_by: Option<Id>,
    /// When.
    pub requested_at: Timestamp,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// How it ended, if somebody ended it.
    pub decided: Option<Decided>,
}

/// The end of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// By whom; `None` is the operator.
    pub by: Option<Id>,
    /// Whether it took hold.
    pub approved: bool,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProposalState {
    /// Waits for another admin; has no effect.
    Pending,
    /// Took hold.
    Approved,
    /// Another admin, or the operator, ended it without effect.
    Rejected,
    /// Whoever asked took it back.
    Withdrawn,
    /// Nobody approved it in time.
    Expired,
}

impl Proposal {
    /// Where it stands at `now`.
    pub fn state(&self, now: Timestamp) -> ProposalState {
        match self.decided {
            Some(decided) if decided.approved => ProposalState::Approved,
            Some(decided) if decided.by == self.requested_by => ProposalState::Withdrawn,
            Some(_) => ProposalState::Rejected,
            None if self.expires_at <= now => ProposalState::Expired,
            None => ProposalState::Pending,
        }
    }

    /// Refuses one that no longer waits.
    pub fn waits(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.state(now) {
            ProposalState::Pending => Ok(()),
            ProposalState::Expired => Err(Refusal::conflict("Nobody approved it in time; ask for it again.")),
            _ => Err(Refusal::conflict("Only a proposal that is waiting can be decided.")),
        }
    }
}

impl PolicyDocument {
    /// Whether whoever is `acting` can let it happen: neither who asked nor whom it is about; the operator only as long
    /// as there are not two admins who could.
    pub fn may_approve(&self, proposal: &Proposal, acting: &Acting<'_>) -> Result<(), Refusal> {
        proposal.waits(acting.now)?;
        match acting.by {
            by if by == proposal.requested_by => {
                return Err(Refusal::forbidden("You asked for this; another admin must approve it."));
            }
            Some(by) if Some(by) == proposal.act.about() => {
                return Err(Refusal::forbidden("It is about you; another admin must approve it."));
            }
            None if self.admins(acting).len() >= ENOUGH_ADMINS => {
                return Err(Refusal::forbidden("There are admins who can approve this; the operator cannot stand in for them."));
            }
            _ => {}
        }
        if proposal.requested_by.is_some_and(|by| acting.open_account(by).is_none()) {
            return Err(Refusal::conflict("Whoever asked for this is locked; ask for it anew."));
        }
        self.may_ask(&proposal.act, acting)
    }

    /// Whether whoever is `acting` does it with no other's leave: the operator most of it; anybody who may what only narrows.
    pub fn one_alone(&self, act: &Act, acting: &Acting<'_>) -> bool {
        let narrows = match act {
            Act::BeginDeparture { person, .. } => !self.is_executive(Id(*person), acting.now),
            Act::CancelDeparture { unlocks, .. } => !unlocks,
            _ => false,
        };
        narrows || acting.by.is_none() && (!act.takes_two_always() || self.admins(acting).len() < ENOUGH_ADMINS)
    }

    /// Whether somebody can ask for it at all.
    ///
    /// Of those who manage or review only the operator replaces the password: an admin who knew another's could approve
    /// what they had asked for themselves.
    pub fn may_ask(&self, act: &Act, acting: &Acting<'_>) -> Result<(), Refusal> {
        match act {
            Act::Password { person } if acting.by.is_some() && self.has_duty(Id(*person), acting.now) => {
                Err(Refusal::forbidden("They manage or review; only the operator can give them another password."))
            }
            Act::Password { person: id } | Act::Unlock { account: id } => acting.stays(Id(*id)),
            _ => Ok(()),
        }
    }

    /// Applies what was proposed; refused if what it changes has changed since, or the change makes no sense any more.
    pub fn carry_out(&mut self, changes: &[ItemChange]) -> Result<(), Refusal> {
        let outdated = || Refusal::new(Code::Conflict, "What it changes has changed since; ask for it again.");
        let before = self.clone();
        let mut after = self.clone();
        for change in changes {
            after.take(change).ok_or_else(outdated)??;
        }
        if before.changes_to(&after) != changes {
            return Err(outdated());
        }
        *self = after;
        Ok(())
    }

    /// Applies one item of a proposal by the rules of its kind; `None` if no proposal can hold it.
    fn take(&mut self, change: &ItemChange) -> Option<Result<(), Refusal>> {
        let after = change.after.as_deref()?;
        match change.kind {
            "fieldMarking" => {
                let field = crate::domain::Field::from_name(&change.item)?;
                Some(self.set_field_marking(field, serde_json::from_str(after).ok()?))
            }
            "setting" if change.item == "departures" => Some(self.set_departure_rules(serde_json::from_str(after).ok()?)),
            "setting" if change.item == "defaultLeadMarking" => Some(self.set_default_lead_marking(serde_json::from_str(after).ok()?)),
            "team" => {
                let (id, row): (Id, crate::policy::TeamRow) = (Id(change.item.parse().ok()?), serde_json::from_str(after).ok()?);
                Some(self.rename_team(id, &row.name).and_then(|()| self.move_team(id, row.parent.map(Id))))
            }
            "purpose" => {
                let purpose = serde_json::from_str(after).ok()?;
                let known = self.purposes.contains_key(&change.item);
                Some(if known { self.change_purpose(&change.item, purpose) } else { self.add_purpose(&change.item, purpose) })
            }
            "quota" => {
                self.set_own_quotas(Id(change.item.parse().ok()?), serde_json::from_str(after).ok()?);
                Some(Ok(()))
            }
            "agreement" => Some(self.publish_agreement(serde_json::from_str(after).ok()?)),
            "requirement" => Some(self.set_requirement(Id(change.item.parse().ok()?), serde_json::from_str(after).ok()?)),
            _ => None,
        }
    }
}
