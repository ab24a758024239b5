//! Who could see leads, from one revision of the policy to the next.

use std::collections::{BTreeMap, BTreeSet};

use super::who::Names;
use crate::{
    domain::{Id, Timestamp, clock::DAY},
    evidence::{CouldSee, Holder, Reach, starts},
    policy::{GrantRow, Level, Permission, PolicyDocument, Scope, WindowTemplate},
};

/// What is known so far.
#[derive(Debug)]
pub(super) struct Watching {
    from: Timestamp,
    to: Timestamp,
    /// Moments at which the drawing looks, the next last.
    marks: Vec<Timestamp>,
    farthest: BTreeMap<Id, Reach>,
    /// Roles that opened a window at any moment.
    opening: BTreeSet<i64>,
    could: CouldSee,
}

impl Watching {
    /// Of a range.
    pub(super) fn of(from: Timestamp, to: Timestamp) -> Self {
        let mut marks: Vec<Timestamp> = starts(from, to).map(|day| Timestamp((day * DAY).max(from.0))).collect();
        marks.reverse();
        Self { from, to, marks, farthest: BTreeMap::new(), opening: BTreeSet::new(), could: CouldSee::default() }
    }

    /// The document that was in force from one moment up to another.
    pub(super) fn period(&mut self, document: &PolicyDocument, start: Timestamp, end: Timestamp) {
        let (start, end) = (start.max(self.from), end.min(self.to));
        if start >= end {
            return;
        }
        let ends = document.grants.values().filter_map(|grant| grant.expires_at).map(Timestamp);
        let mut moments: BTreeSet<Timestamp> = ends.filter(|at| (start..end).contains(at)).collect();
        moments.insert(start);
        for at in moments {
            self.look(document, at);
        }
        while let Some(mark) = self.marks.pop_if(|mark| *mark < end) {
            self.could.over_time.push((mark, counted(&reaches(document, mark))));
        }
    }

    fn look(&mut self, document: &PolicyDocument, at: Timestamp) {
        let found = reaches(document, at);
        self.could.most = self.could.most.max(found.len() as u64);
        let unrestricted = found.values().filter(|reach| **reach == Reach::Unrestricted).count() as u64;
        self.could.most_unrestricted = self.could.most_unrestricted.max(unrestricted);
        for (id, reach) in found {
            let farthest = self.farthest.entry(id).or_insert(reach);
            *farthest = reach.max(*farthest);
        }
        self.opening.extend(
            document.roles.iter().filter(|(_, role)| role.gives(Permission::LeadRead) && !role.windows.is_empty()).map(|(id, _)| *id),
        );
    }

    /// At the end, with the document then in force.
    pub(super) fn end(&self, document: &PolicyDocument, names: &Names) -> CouldSee {
        let mut could = self.could.clone();
        // Just before the end, which does not belong to the range.
        let last = Timestamp(self.to.0 - 1);
        let at_end = reaches(document, last);
        could.at_end = counted(&at_end);
        could.over_time.push((self.to, could.at_end.clone()));
        let opening = &self.opening;
        let grants = |id: Id| {
            let of = move |grant: &&GrantRow| grant.subject == id.0 && opening.contains(&grant.role) && grant.approved_at.is_some();
            document.grants.values().filter(of)
        };
        let holder = |(id, reach): (&Id, &Reach)| {
            let since = grants(*id).filter_map(|grant| grant.approved_at).min().map_or(self.from, Timestamp);
            let ends = grants(*id).filter_map(|grant| [grant.revoked_at, grant.expires_at].into_iter().flatten().min());
            let until = if at_end.contains_key(id) { None } else { ends.max().map(Timestamp) };
            Holder { who: names.account(*id), reach: *reach, since, until }
        };
        could.holders = self.farthest.iter().map(holder).collect();
        could
    }
}

/// Who could see leads at a moment.
pub(super) fn holders(document: &PolicyDocument, at: Timestamp) -> BTreeSet<Id> {
    reaches(document, at).into_keys().collect()
}

fn counted(reaches: &BTreeMap<Id, Reach>) -> BTreeMap<Reach, u64> {
    let mut by = BTreeMap::new();
    for reach in reaches.values() {
        *by.entry(*reach).or_default() += 1;
    }
    by
}

/// Everybody with an active grant whose role opens a window onto leads, and how far the widest of them reaches. Purposes and
/// agreements may keep a window closed at times; here it counts as open.
fn reaches(document: &PolicyDocument, at: Timestamp) -> BTreeMap<Id, Reach> {
    let mut found = BTreeMap::new();
    for grant in document.grants.values().filter(|grant| grant.is_active(at)) {
        let Some(role) = document.roles.get(&grant.role).filter(|role| role.gives(Permission::LeadRead)) else { continue };
        for reach in role.windows.iter().filter_map(|window| reach(document, grant, window)) {
            let farthest = found.entry(Id(grant.subject)).or_insert(reach);
            *farthest = reach.max(*farthest);
        }
    }
    found
}

fn reach(document: &PolicyDocument, grant: &GrantRow, window: &WindowTemplate) -> Option<Reach> {
    let level = Level::from_name(&window.level)?;
    Some(match window.scope {
        Scope::Own => Reach::Own,
        Scope::Team => grant.team.map(|_| Reach::Team)?,
        Scope::All => {
            let opened = |code: &String| window.compartments.contains(code) || grant.compartments.contains(code);
            let everything = window.all_compartments || document.compartments.iter().all(opened);
            if level == Level::TradeSecret && everything && window.masked.is_empty() { Reach::Unrestricted } else { Reach::All }
        }
    })
}
