//! The reminder of confidentiality: it goes out with the first answer of a day and session that is about leads, and the
//! record of that answer says so.
//!
//! Each process remembers what it has sent. Another one, or this one after a restart, sends it again rather than not at all.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::Op;
use crate::domain::Id;

/// Who has been reminded today.
#[derive(Debug, Default)]
pub struct Reminders {
    today: Mutex<Today>,
}

#[derive(Debug, Default)]
struct Today {
    day: i64,
    sessions: HashSet<Id>,
}

impl Reminders {
    /// The reminder, if it goes out with the answer to this operation; the record then says so. To be called when everything
    /// has been resolved.
    pub fn due<'o>(&self, op: &'o Op) -> Option<&'o str> {
        let reminder = op.snapshot.document.reminder.as_str();
        let whose = op.subject.session.or(op.subject.actor())?;
        let mut trace = op.trace();
        // Where no window was used the answer is about no lead.
        trace.reminded = !reminder.is_empty() && !trace.grants.is_empty() && !self.of(op.at.day()).sessions.contains(&whose);
        trace.reminded.then_some(reminder)
    }

    /// Notes that the answer is recorded and leaves.
    pub fn sent(&self, op: &Op) {
        if let Some(whose) = op.subject.session.or(op.subject.actor())
            && op.trace().reminded
        {
            self.of(op.at.day()).sessions.insert(whose);
        }
    }

    /// The sessions of a day; those of an earlier one are forgotten.
    fn of(&self, day: i64) -> MutexGuard<'_, Today> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if day > today.day {
            *today = Today { day, sessions: HashSet::new() };
        }
        today
    }
}
