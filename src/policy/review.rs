//! Access reviews: what can be said of a grant, and by whom.

use super::{GrantRow, Permission, PolicyDocument};
use crate::domain::{Id, Timestamp};

/// What became of a grant in a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewAnswer {
    /// Somebody said that it is still needed.
    Confirmed,
    /// Somebody ended it.
    Withdrawn,
    /// Nobody said anything in time, so it ended.
    Lapsed,
    /// Nobody said anything in time, but nobody could manage the policy without it.
    Kept,
    /// It had ended before anybody said anything.
    Ended,
}

impl ReviewAnswer {
    /// Every answer.
    pub const ALL: [Self; 5] = [Self::Confirmed, Self::Withdrawn, Self::Lapsed, Self::Kept, Self::Ended];

    /// Its name in GraphQL, records and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Lapsed => "LAPSED",
            Self::Kept => "KEPT",
            Self::Ended => "ENDED",
        }
    }

    /// The answer with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.name() == name)
    }
}

impl PolicyDocument {
    /// Whether `reviewer` answers for a grant: by a grant of their own with `GRANT_REVIEW`, for its team or one above, or for no
    /// team. Nobody answers for what they hold themselves.
    pub fn reviews_grant(&self, reviewer: Id, grant: &GrantRow, now: Timestamp) -> bool {
        let gives = |over: &&GrantRow| self.roles.get(&over.role).is_some_and(|role| role.gives(Permission::GrantReview));
        let held = self.grants.values().filter(|over| over.subject == reviewer.0 && over.is_active(now));
        grant.subject != reviewer.0
            && held.filter(gives).any(|over| match (over.team, grant.team) {
                (None, _) => true,
                (Some(over), Some(team)) => self.team_and_below(Id(over)).contains(&Id(team)),
                (Some(_), None) => false,
            })
    }
}
