//! Who shall look after the leads of somebody who leaves: proposed lead by lead, through the windows of whoever may assign them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Departure;
use crate::{
    app::{
        Error, Op,
        leads::{note_grants, require_clear},
        revise::author,
    },
    domain::{
        Colleague, DepartureState, Field, FieldSet, Filter, Id, LeadQuery, LeadValue, Relationship, RelationshipRole, Subject,
        SuccessorReason, Test, Timestamp,
    },
    policy::{Account, GrantRow, LeadScope, Marking, Permission, Refusal, RoleDefinition},
    store::leads::HeldLead,
};

/// Leads looked up together by their ids.
const AT_ONCE: usize = 1_000;
/// Leads that can be chosen for one by one.
const CHOICES: usize = 500;

/// What the caller wishes of a plan.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Who takes all over for which nobody is chosen; `None` is whoever is proposed.
    pub successor: Option<Id>,
    /// Who takes a lead over.
    pub chosen: HashMap<Id, Id>,
}

/// A relationship to be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The lead.
    pub lead: Id,
    /// What the person who leaves is to the lead: its owner, or a second colleague.
    pub role: RelationshipRole,
    /// Since when they are, if they are not its owner.
    pub since: Option<Timestamp>,
    /// Who takes over; `None` if nobody was found. A second colleague is then only taken off.
    pub successor: Option<Id>,
    /// Why they.
    pub why: SuccessorReason,
    /// The brand accounts that the lead is connected with.
    pub(super) brands: Vec<Id>,
}

/// What would be handed over to whom.
#[derive(Clone, Debug)]
pub struct HandoverPlan {
    /// The departure.
    pub departure: Departure,
    /// By lead.
    pub planned: Vec<Planned>,
    pub(super) scope: LeadScope,
}

/// What would be handed over to whom, of the leads that the caller may assign. Nothing is changed, and nothing shown yet.
pub async fn plan(op: &Op, departure: Id, choices: &Choices) -> Result<HandoverPlan, Error> {
    let scope = op.rights.leads(Permission::LeadAssign)?.with(Permission::LeadRead);
    let permit = op.rights.permit(Permission::LeadAssign)?;
    require_clear(&scope, [Field::Owner].into_iter().collect())?;
    note_grants(op, &scope);
    let departure = op.core.store.departure(permit, departure).await?.ok_or_else(Refusal::not_found)?;
    let person = departure.person;
    let leads = leads_of(op, &scope, person).await?;
    // Whose windows open none of the leads does not learn that somebody leaves.
    if author(op) == Some(person) || leads.is_empty() && op.rights.permit(Permission::DepartureManage).is_err() {
        return Err(Refusal::not_found().into());
    }
    if departure.state != DepartureState::Open {
        return Err(Refusal::conflict("This departure is over.").into());
    }
    if choices.chosen.len() > CHOICES {
        return Err(Refusal::bad_input(format!("Choose for {CHOICES} leads at most; give one successor for all others.")).into());
    }
    let colleagues = Colleagues { op, leaver: person };
    for successor in choices.chosen.values().chain(&choices.successor) {
        if !colleagues.stays(*successor) {
            return Err(Refusal::bad_input("A successor is a person who works here and stays.").into());
        }
    }
    let mut load = BTreeMap::new();
    let mut planned = Vec::new();
    let mut marking = Marking::PUBLIC;
    for (role, lead) in leads {
        marking = marking.join(lead.marking);
        let known = Relationship::all(&lead.relationships);
        let (successor, why) = colleagues.propose(role, &lead, &known, choices, &load);
        *load.entry(successor).or_insert(0) += 1;
        let brands = known.iter().filter_map(|one| if let Colleague::Account(account) = one.with { Some(account.id) } else { None });
        let since = known.iter().find(|one| one.with == Colleague::Person(person)).map(|one| one.since);
        let since = since.filter(|_| role == RelationshipRole::Second);
        planned.push(Planned { lead: lead.id, role, since, successor, why, brands: brands.collect() });
    }
    planned.sort_by_key(|one| (one.lead, one.role));
    let decisive: FieldSet =
        [Field::Owner, Field::Relationships, Field::Team].into_iter().filter(|field| scope.clear_in(*field) != 0).collect();
    let mut trace = op.trace();
    trace.used.filter = trace.used.filter.union(decisive);
    trace.marking = trace.marking.join(marking).join(scope.marking_of(decisive, FieldSet::EMPTY));
    drop(trace);
    Ok(HandoverPlan { departure, planned, scope })
}

/// Notes that these were shown: whose the lead is, and, where that is told, whom it knows.
pub fn shown(op: &Op, planned: &[Planned]) {
    let mut trace = op.trace();
    for one in planned {
        let related = one.role == RelationshipRole::Second || one.why == SuccessorReason::KnowsLead;
        let field = if related { Field::Relationships } else { Field::Owner };
        trace.show([field].into_iter().collect(), FieldSet::EMPTY, one.lead);
    }
    trace.rows += planned.len() as u64;
}

/// The leads that the scope shows as the person's, or that know them as a second colleague.
async fn leads_of(op: &Op, scope: &LeadScope, person: Id) -> Result<Vec<(RelationshipRole, HeldLead)>, Error> {
    let clear = |lead: &HeldLead, field: Field| scope.cells(lead.windows).0.contains(field);
    let gather = |all: &mut Vec<HeldLead>, lead: HeldLead| all.push(lead);
    let owned = Filter::Field(Field::Owner, Test::In(vec![LeadValue::Integer(person.0)]));
    let query = LeadQuery { filter: Some(owned), ..LeadQuery::default() };
    let owned = op.core.store.held_leads(scope, &query, Vec::new(), gather).await?;
    let mut all: Vec<_> = owned.into_iter().map(|lead| (RelationshipRole::Owner, lead)).collect();
    if scope.clear_in(Field::Relationships) == 0 {
        return Ok(all);
    }
    for ids in op.core.store.leads_known_to(scope, person).await?.chunks(AT_ONCE) {
        let query = LeadQuery { filter: Some(Filter::Ids(ids.to_vec())), ..LeadQuery::default() };
        let known = op.core.store.held_leads(scope, &query, Vec::new(), gather).await?;
        all.extend(known.into_iter().filter(|lead| clear(lead, Field::Relationships)).map(|lead| (RelationshipRole::Second, lead)));
    }
    Ok(all)
}

/// Those who could take something over.
struct Colleagues<'o> {
    op: &'o Op,
    leaver: Id,
}

impl Colleagues<'_> {
    fn stays(&self, id: Id) -> bool {
        let stays = |account: &Account| account.works_here() && account.departing.is_none();
        id != self.leaver && self.op.snapshot.accounts.get(&id).is_some_and(stays)
    }

    /// Whether the lead would be in their windows if it were theirs.
    fn would_see(&self, id: Id, lead: &HeldLead) -> bool {
        let op = self.op;
        let subject = Subject { person: Some(id), ..Subject::ANONYMOUS };
        let purposes = op.snapshot.document.purposes.keys().map(|code| Some(code.as_str()));
        [None].into_iter().chain(purposes).any(|purpose| {
            let rights = op.snapshot.rights(&subject, purpose, op.at);
            rights.windows().iter().any(|window| window.opens(Some(id), lead.team, lead.marking))
        })
    }

    fn propose(
        &self,
        role: RelationshipRole,
        lead: &HeldLead,
        known: &[Relationship],
        choices: &Choices,
        load: &BTreeMap<Option<Id>, u64>,
    ) -> (Option<Id>, SuccessorReason) {
        let seconds = || known.iter().filter_map(|one| if let Colleague::Person(id) = one.with { Some(id) } else { None });
        // Who stands to the lead already has nothing to take over from a second colleague.
        let stands = |id: &Id| role == RelationshipRole::Second && (lead.owner == Some(*id) || seconds().any(|other| other == *id));
        if let Some(chosen) = choices.chosen.get(&lead.id) {
            return (Some(*chosen), SuccessorReason::Chosen);
        }
        if let Some(given) = choices.successor {
            return (Some(given), SuccessorReason::Given);
        }
        let fits = |id: &Id| self.stays(*id) && !stands(id) && self.would_see(*id, lead);
        if let Some(knows) = seconds().find(|id| role == RelationshipRole::Owner && fits(id)) {
            return (Some(knows), SuccessorReason::KnowsLead);
        }
        let least =
            |of: BTreeSet<Id>| of.into_iter().filter(fits).min_by_key(|id| (load.get(&Some(*id)).copied().unwrap_or_default(), *id));
        if let Some(mate) = least(self.mates()) {
            return (Some(mate), SuccessorReason::Team);
        }
        least(self.managers(lead.team)).map_or((None, SuccessorReason::Nobody), |manager| (Some(manager), SuccessorReason::Manager))
    }

    fn grants(&self) -> impl Iterator<Item = (&GrantRow, &RoleDefinition)> {
        let document = &self.op.snapshot.document;
        let active = document.grants.values().filter(|grant| grant.is_active(self.op.at));
        active.filter_map(|grant| Some((grant, document.roles.get(&grant.role)?)))
    }

    /// Those who hold a role with windows that the leaver holds, for the same team.
    fn mates(&self) -> BTreeSet<Id> {
        let theirs: BTreeSet<_> = self
            .grants()
            .filter(|(grant, role)| grant.subject == self.leaver.0 && !role.windows.is_empty())
            .map(|(grant, _)| (grant.role, grant.team))
            .collect();
        self.grants().filter(|(grant, _)| theirs.contains(&(grant.role, grant.team))).map(|(grant, _)| Id(grant.subject)).collect()
    }

    /// Those who assign the leads of a team.
    fn managers(&self, team: Option<Id>) -> BTreeSet<Id> {
        let document = &self.op.snapshot.document;
        let covers = |grant: &GrantRow| match (grant.team, team) {
            (Some(of), Some(team)) => document.team_and_below(Id(of)).contains(&team),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let assigns = self.grants().filter(|(grant, role)| role.gives(Permission::LeadAssign) && covers(grant));
        assigns.map(|(grant, _)| Id(grant.subject)).collect()
    }
}
