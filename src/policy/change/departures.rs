//! What departures go by, and what cannot be done for somebody who leaves.

use std::collections::BTreeSet;

use super::Acting;
use crate::{
    domain::Id,
    policy::{DepartureRules, PolicyDocument, Refusal, mistakes, text},
};

/// Characters of a task.
const TASK: usize = 500;
const TASKS: usize = 50;
const EXECUTIVES: usize = 200;

/// The text of a task, if it demands nothing that must not be demanded of somebody who leaves.
pub fn task(wanted: &str) -> Result<String, Refusal> {
    let task = text::line("A task", wanted, TASK)?;
    mistakes::refuse(&task)?;
    Ok(task)
}

impl PolicyDocument {
    /// Sets what departures go by.
    pub fn set_departure_rules(&mut self, rules: DepartureRules) -> Result<(), Refusal> {
        if rules.checklist.len() > TASKS || rules.executives.len() > EXECUTIVES || rules.executive_roles.len() > EXECUTIVES {
            return Err(Refusal::bad_input(format!("A checklist has at most {TASKS} tasks; there are at most {EXECUTIVES} executives.")));
        }
        if rules.executive_roles.iter().any(|role| !self.roles.contains_key(role)) {
            return Err(Refusal::bad_input("There is no such role."));
        }
        let in_order = |ids: Vec<i64>| ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        self.departures = Some(DepartureRules {
            checklist: rules.checklist.iter().map(|text| task(text)).collect::<Result<_, _>>()?,
            executive_roles: in_order(rules.executive_roles),
            executives: in_order(rules.executives),
        });
        Ok(())
    }

    /// Whether `after` lets one alone begin the departure of somebody for whom it takes two by this document.
    pub(super) fn spares_executives(&self, after: &Self) -> bool {
        let (before, after) = (self.departure_rules(), after.departure_rules());
        before.executives.iter().any(|person| !after.executives.contains(person))
            || before.executive_roles.iter().any(|role| !after.executive_roles.contains(role))
    }
}

impl Acting<'_> {
    /// Refuses what would be for somebody who leaves or has left.
    pub(super) fn stays(&self, id: Id) -> Result<(), Refusal> {
        match self.accounts.get(&id).and_then(|account| account.departing) {
            None => Ok(()),
            Some(departing) if departing.left => {
                Err(Refusal::conflict(format!("They have left, by the departure {}; take them on again first.", departing.departure)))
            }
            Some(departing) => Err(Refusal::conflict(format!("They are leaving, by the departure {}.", departing.departure))),
        }
    }
}
