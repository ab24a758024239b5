//! Whose the leads of a file become: owners and teams by name, within the windows of whoever imports.

use std::collections::{BTreeMap, HashMap};

use crate::{
    app::Op,
    domain::{Field, Id, LeadValues},
    import::Draft,
    policy::{LeadScope, Marking, Permission, Refusal, RowScope},
};

/// How many unknown names are kept for the report.
const UNKNOWN: usize = 100;

/// Where new leads go.
pub(super) struct Places {
    owners: HashMap<String, Option<Id>>,
    teams: HashMap<String, Id>,
    owner: Option<Id>,
    team: Option<Id>,
    /// The marking of new leads.
    pub(super) marking: Marking,
    /// Names in the file that are nobody's here.
    pub(super) unknown: BTreeMap<String, u64>,
}

impl Places {
    /// The defaults as asked for; without a team, new leads fall to the one that the windows are about.
    ///
    /// Names of accounts are looked at only for who may see the directory; others are told nothing by a match.
    pub(super) fn new(op: &Op, scope: &LeadScope, owner: Option<Id>, team: Option<Id>, marking: Option<Marking>) -> Result<Self, Refusal> {
        let document = &op.snapshot.document;
        let people = || op.snapshot.accounts.iter().filter(|(_, account)| account.works_here());
        if owner.is_some_and(|owner| !people().any(|(id, _)| *id == owner)) {
            return Err(Refusal::bad_input("The owner must be a person whose account is not locked."));
        }
        if team.is_some_and(|team| !document.teams.contains_key(&team.0)) {
            return Err(Refusal::bad_input("There is no such team."));
        }
        let mut owners = HashMap::new();
        let mut teams = HashMap::new();
        if op.rights.permit(Permission::DirectoryRead).is_ok() {
            for (id, account) in people() {
                // Two people of one name: neither is meant for sure.
                owners.entry(account.name.to_lowercase()).and_modify(|known| *known = None).or_insert(Some(*id));
            }
            teams.extend(document.teams.iter().map(|(id, team)| (team.name.to_lowercase(), Id(*id))));
        }
        let own_team = || {
            scope.windows().iter().flat_map(|window| &window.rows).find_map(|rows| match rows {
                RowScope::Teams(teams) => teams.first().copied(),
                RowScope::Owner(_) => None,
            })
        };
        let only_own = || scope.windows().iter().all(|window| window.rows.iter().any(|rows| matches!(rows, RowScope::Owner(_))));
        Ok(Self {
            owners,
            teams,
            owner: owner.or_else(|| op.subject.person.filter(|_| only_own())),
            team: team.or_else(own_team),
            marking: marking.unwrap_or_else(|| document.default_lead_marking()),
            unknown: BTreeMap::new(),
        })
    }

    /// Owner and team of a row.
    pub(super) fn of(&mut self, draft: &Draft) -> (Option<Id>, Option<Id>) {
        let mut known = |name: &Option<String>, found: fn(&Self, &str) -> Option<Id>| {
            let name = name.as_ref()?;
            let id = found(self, &name.to_lowercase());
            if id.is_none() && (self.unknown.len() < UNKNOWN || self.unknown.contains_key(name)) {
                *self.unknown.entry(name.clone()).or_default() += 1;
            }
            id
        };
        let owner = known(&draft.owner, |places, name| places.owners.get(name).copied().flatten());
        let team = known(&draft.team, |places, name| places.teams.get(name).copied());
        (owner.or(self.owner), team.or(self.team))
    }
}

/// Why whoever imports may not add this lead: none of the windows would open it, or one of its cells.
pub(super) fn outside(scope: &LeadScope, values: &LeadValues, owner: Option<Id>, team: Option<Id>, marking: Marking) -> Option<String> {
    let opening = scope.windows().iter().enumerate().filter(|(_, window)| window.opens(owner, team, marking));
    let bits = opening.fold(0, |bits, (bit, _)| bits | 1 << bit);
    if bits == 0 {
        return Some("as a new lead it would lie outside the windows in which you may import".into());
    }
    let clear = scope.cells(bits).0;
    let given = values.fields().minus([Field::Owner, Field::Team].into_iter().collect());
    given
        .minus(clear)
        .iter()
        .next()
        .map(|field| format!("the field {} would lie outside the windows in which you may import", field.name()))
}
