//! Departures: from the moment the company knows that somebody leaves until nothing of theirs is left open. What narrows takes
//! hold at once; what comes back takes two.

mod access;
mod begin;
mod ending;
mod handing;
mod handover;
mod report;
mod rules;
mod step;
mod tasks;
mod trap;

pub use access::{keep_on, restrict, sweep};
pub use begin::{Begun, Wish, begin};
pub use ending::{cancel, certify, close, rehire};
pub use handing::{Handed, hand_over, handovers, undo};
pub use handover::{Choices, HandoverPlan, Planned, plan, shown};
pub use report::{DayFields, DeviceUsed, FieldShown, FileTaken, Report, files_taken, report};
pub use rules::{rules, set_rules};
pub(super) use step::{Step, changes};
pub use tasks::{TaskView, add_task, settle_task, tasks};
pub use trap::{CanaryMet, Met};

use std::collections::BTreeSet;

use super::{Error, Op, revise::author};
pub use crate::store::{Certificate, Departure, Handover};
use crate::{
    domain::{DepartureState, Id, Timestamp},
    policy::{Account, AgreementKind, GrantRow, Party, Permission, Permit, ProposalState, Refusal},
};

/// Proposals looked through for those that somebody who leaves asked for.
const PROPOSALS: u64 = 1_000;

/// What hangs on somebody who leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Apps they answer for.
    pub apps: Vec<Id>,
    /// Teams whose leads nobody else can assign.
    pub teams: Vec<Id>,
    /// Proposals and grants that they asked for and that wait; nobody can approve them once their access is limited.
    pub waiting: usize,
    /// Whether nobody else manages the policy.
    pub sole_admin: bool,
    /// Accounts of the company's that they answer for.
    pub contact_accounts: usize,
    /// Leads that are theirs.
    pub leads: u64,
}

/// Which departures a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct DepartureFilter {
    /// Only those that stand here.
    pub state: Option<DepartureState>,
    /// Only this person's.
    pub person: Option<Id>,
}

/// Whoever runs departures or reviews what was seen.
pub(super) fn reader(op: &Op) -> Result<Permit, Refusal> {
    op.rights.permit(Permission::LogRead).or_else(|_| op.rights.permit(Permission::DepartureManage))
}

/// The departure with this id.
pub async fn find(op: &Op, id: Id) -> Result<Departure, Error> {
    Ok(op.core.store.departure(reader(op)?, id).await?.ok_or_else(Refusal::not_found)?)
}

/// At most `first` departures by rising id, those behind `after`.
pub async fn list(op: &Op, filter: DepartureFilter, after: Option<Id>, first: u64) -> Result<Vec<Departure>, Error> {
    Ok(op.core.store.departures(reader(op)?, (filter.state, filter.person), after, first).await?)
}

/// How many there are.
pub async fn count(op: &Op, filter: DepartureFilter) -> Result<u64, Error> {
    Ok(op.core.store.count_departures(reader(op)?, (filter.state, filter.person)).await?)
}

/// What hangs on the person now.
pub async fn consequences(op: &Op, person: Id) -> Result<Consequences, Error> {
    let (permit, store) = (reader(op)?, &op.core.store);
    let proposals = store.proposals(permit, Some(ProposalState::Pending), op.at, None, PROPOSALS).await?;
    let document = &op.snapshot.document;
    let asked = |grant: &GrantRow| grant.requested_by == Some(person.0) && grant.approved_at.is_none();
    let grants = document.standing(op.at).filter(|(_, grant)| asked(grant)).count();
    // How many leads somebody has is as confidential as whose a lead is.
    let marking = document.field_marking(crate::domain::Field::Owner);
    {
        let mut trace = op.trace();
        trace.marking = trace.marking.join(marking);
    }
    let acting = crate::policy::Acting { by: author(op), now: op.at, accounts: &op.snapshot.accounts };
    Ok(Consequences {
        apps: store.apps_of(permit, person).await?,
        teams: lone_teams(op, person),
        waiting: grants + proposals.iter().filter(|proposal| proposal.requested_by == Some(person)).count(),
        sole_admin: document.admins(&acting).into_iter().eq([person]),
        contact_accounts: store.company_accounts_of(permit, person).await?.len(),
        leads: store.leads_of(permit, person).await?,
    })
}

/// Teams whose leads this person can assign and nobody else who works here.
fn lone_teams(op: &Op, person: Id) -> Vec<Id> {
    let document = &op.snapshot.document;
    let assigns = |grant: &GrantRow| document.roles.get(&grant.role).is_some_and(|role| role.gives(Permission::LeadAssign));
    let grants = || document.grants.values().filter(|grant| grant.is_active(op.at) && assigns(grant));
    let teams_of = |grant: &GrantRow| grant.team.map(|team| document.team_and_below(Id(team))).unwrap_or_default();
    let theirs: BTreeSet<Id> = grants().filter(|grant| grant.subject == person.0).flat_map(teams_of).collect();
    let works =
        |grant: &&GrantRow| grant.subject != person.0 && op.snapshot.accounts.get(&Id(grant.subject)).is_some_and(Account::works_here);
    let others: BTreeSet<Id> = grants().filter(works).flat_map(teams_of).collect();
    theirs.difference(&others).copied().collect()
}

/// When the person accepted the exit certificate by themselves since the departure began.
pub fn certificate_accepted(op: &Op, departure: &Departure) -> Option<Timestamp> {
    let theirs = op.snapshot.acceptances.get(&Party::Person(departure.person)).into_iter().flatten();
    let exit = theirs.filter(|accepted| accepted.kind == AgreementKind::ExitCertificate && accepted.signed_at >= departure.begun_at);
    exit.map(|accepted| accepted.signed_at).max()
}

/// Seconds from one moment to another, none below zero.
pub fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.0.saturating_sub(from.0).max(0) / crate::domain::clock::SECOND
}
