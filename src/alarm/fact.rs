//! What rules need to know.

use std::net::IpAddr;

use crate::domain::{Id, Timestamp};

/// How an operation ended, as far as rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// The policy refused it, or what was asked for does not exist for whoever asked.
    Refused,
    /// Anything else, a quota that is used up for example: it says nothing.
    Other,
}

/// What rules need to know of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its place in the tree.
    pub place: u64,
    /// When the operation began.
    pub at: Timestamp,
    /// The person.
    pub person: Option<Id>,
    /// The app.
    pub app: Option<Id>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// How it ended.
    pub outcome: Outcome,
    /// Leads shown on a screen or in an exported file.
    pub leads: Vec<Id>,
    /// Whose departure it began, if it did.
    pub leaving: Option<Leaving>,
}

/// Somebody whose departure is begun, and what they took in the days before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Who.
    pub person: Id,
    /// Leads in files, and leads shown on days that were far beyond their usual ones.
    pub taken: u64,
}

impl Fact {
    /// The accounts it is about.
    pub fn accounts(&self) -> impl Iterator<Item = Id> + use<> {
        [self.person, self.app].into_iter().flatten()
    }
}

/// What an account did before a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The day (from 1970-01-01) on which the account was made.
    pub made: Option<i64>,
    /// The last day on which it did anything.
    pub last: Option<i64>,
    /// On how many days it was shown leads, as far back as [`super::rules::LOOK_BACK`] goes.
    pub days: u64,
    /// How many leads together, each as often as it was shown.
    pub leads: u64,
    /// How many on the day with most on a screen, and how many on the day with most in files, together: nobody is unusual on whose
    /// day two usual things fall.
    pub most: u64,
    /// Whether somebody is known to leave.
    pub leaving: bool,
}
