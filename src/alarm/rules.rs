//! The rules by name, what they are set to, and what they find.

use serde::{Deserialize, Serialize};

use super::{Network, Past};
use crate::domain::{Id, Timestamp};

/// How many days the baseline looks back: five weeks, so that what happens once a month is in it.
pub const LOOK_BACK: i64 = 35;
/// How many days are looked back for the last use of an account.
pub const LAST_USE: i64 = 400;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Far more different leads in a day than the account is used to.
    MoreThanUsual,
    /// An account is used again that nobody had used for long.
    DormantAccount,
    /// One person from two networks in turn, faster than anybody travels.
    TwoPlaces,
    /// One refusal after the other.
    DenialsInARow,
    /// Somebody leaves who took leads shortly before.
    ExportBeforeLeaving,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 5] = [Self::MoreThanUsual, Self::DormantAccount, Self::TwoPlaces, Self::DenialsInARow, Self::ExportBeforeLeaving];

    /// Its name in GraphQL, deliveries and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MoreThanUsual => "MORE_THAN_USUAL",
            Self::DormantAccount => "DORMANT_ACCOUNT",
            Self::TwoPlaces => "TWO_PLACES",
            Self::DenialsInARow => "DENIALS_IN_A_ROW",
            Self::ExportBeforeLeaving => "EXPORT_BEFORE_LEAVING",
        }
    }

    /// The rule with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// One sentence for people: what was found, and against what.
    pub fn summary(self, found: u64, against: u64) -> String {
        match self {
            Self::MoreThanUsual => format!("{found} different leads in one day; the rule speaks at more than {against}."),
            Self::DormantAccount => format!("Used again after {found} days; the rule speaks from {against} on."),
            Self::TwoPlaces => format!("{found} changes between two networks in a short time; the rule speaks from {against} on."),
            Self::DenialsInARow => format!("{found} refusals in a row; the rule speaks from {against} on."),
            Self::ExportBeforeLeaving => {
                format!("{found} leads in files or on unusual days, in the {against} days before the departure was begun.")
            }
        }
    }
}

/// What the rules are set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// So many times the usual of a day are too much.
    pub times_usual: u32,
    /// So many percent more than on the largest day of the last five weeks, on a screen and in files together, are not yet too much,
    /// but of somebody who leaves.
    pub above_largest: u32,
    /// Fewer leads in a day than these are never too much.
    pub least_leads: u32,
    /// On so many days of the last five weeks an account must have been shown leads before anything is usual for it.
    pub usual_days: u32,
    /// After so many days without use an account is dormant.
    pub dormant_days: u32,
    /// So many refusals in a row are too many.
    pub denials: u32,
    /// Within so many seconds.
    pub denials_seconds: u32,
    /// So many changes between two networks are too many.
    pub switches: u32,
    /// Within so many seconds.
    pub switches_seconds: u32,
    /// The company's own networks: its offices, its VPN. What comes from there, and from private ones, changes nothing.
    pub own_networks: Vec<Network>,
    /// So many days before a departure is begun, files and unusual days are told of.
    pub leaving_days: u32,
}

impl Rules {
    /// How many leads in a day are not too many for an account with this past; `None` if nothing is usual for it yet.
    pub fn allowed(&self, past: &Past) -> Option<u64> {
        if past.days < u64::from(self.usual_days) && !past.leaving {
            return None;
        }
        let usual = (past.leads * u64::from(self.times_usual)).div_ceil(past.days.max(1));
        // Of somebody who leaves the first unusual day is of interest.
        let above = if past.leaving { 0 } else { self.above_largest };
        let largest = past.most + (past.most * u64::from(above)).div_ceil(100);
        Some(usual.max(largest).max(self.least_leads.into()))
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            times_usual: 4,
            above_largest: 50,
            least_leads: 300,
            usual_days: 5,
            dormant_days: 60,
            denials: 10,
            denials_seconds: 600,
            switches: 3,
            switches_seconds: 600,
            own_networks: Vec::new(),
            leaving_days: 30,
        }
    }
}

/// Something that a rule found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// About whom.
    pub subject: Id,
    /// The record that completed it.
    pub place: u64,
    /// When that operation began.
    pub at: Timestamp,
    /// What was found: leads, days, changes, refusals.
    pub found: u64,
    /// Against what.
    pub against: u64,
}
