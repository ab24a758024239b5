//! What is true of a range: all that the report tells, and nothing that could be another thing tomorrow.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    moment::{moment, perhaps},
    people::{Leaver, Signed},
    rules::{Exports, Policy, Register},
    who::Who,
};
use crate::domain::{Id, Timestamp};

/// For whom the file is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Profile {
    /// For the company's own counsel and a court.
    #[default]
    Court,
    /// For the other side: nobody is named, and no free text of the company's is in it.
    OpposingCounsel,
}

/// What the file is about.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The first moment.
    #[serde(serialize_with = "moment")]
    pub from: Timestamp,
    /// The first moment that does not belong to it any more.
    #[serde(serialize_with = "moment")]
    pub to: Timestamp,
    /// What it is for, in the words of whoever made it.
    pub matter: Option<String>,
    /// For whom.
    pub profile: Profile,
    /// The version of the program that wrote it.
    pub version: &'static str,
    /// When the log was signed for the first time.
    #[serde(serialize_with = "perhaps")]
    pub log_since: Option<Timestamp>,
    /// The part of the log.
    pub log: Roots,
}

/// Which part of the log is in it, and what was signed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Roots {
    /// The log's name.
    pub origin: String,
    /// The index of the first record.
    pub first: u64,
    /// The index after the last.
    pub end: u64,
    /// When the head of that size was signed, by the server's clock.
    #[serde(serialize_with = "moment")]
    pub signed_at: Timestamp,
    /// The root, base64.
    pub root: String,
    /// The id of the key that signed it.
    pub key: String,
}

/// How far somebody's windows reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reach {
    /// Their own leads.
    Own,
    /// Those of a team.
    Team,
    /// Every lead, as far as the clearance goes or with masks.
    All,
    /// Every lead with every field as it is.
    Unrestricted,
}

/// Somebody whose roles opened a window onto leads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Who.
    pub who: Who,
    /// The farthest their windows reached at any moment.
    pub reach: Reach,
    /// Since when they held such a role.
    #[serde(serialize_with = "moment")]
    pub since: Timestamp,
    /// Until when, if it ended within the range.
    #[serde(serialize_with = "perhaps")]
    pub until: Option<Timestamp>,
}

/// Who could see leads.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CouldSee {
    /// Everybody, by rising id.
    pub holders: Vec<Holder>,
    /// At the end of the range, by reach.
    pub at_end: BTreeMap<Reach, u64>,
    /// The most at any moment, all reaches together.
    pub most: u64,
    /// The most at any moment without restriction.
    pub most_unrestricted: u64,
    /// At the beginning of each week and at the end of the range: the moment, and how many by reach.
    #[serde(skip)]
    pub over_time: Vec<(Timestamp, BTreeMap<Reach, u64>)>,
}

/// What somebody was shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seen {
    /// Who.
    pub who: Who,
    /// Answers that showed leads.
    pub answers: u64,
    /// Leads in them, each as often as it was shown.
    pub leads: u64,
    /// Files taken out.
    pub files: u64,
    /// Leads in the files.
    pub leads_in_files: u64,
    /// Requests that were refused.
    pub denied: u64,
    /// When first.
    #[serde(serialize_with = "moment")]
    pub first: Timestamp,
    /// When last.
    #[serde(serialize_with = "moment")]
    pub last: Timestamp,
}

/// Numbers of one week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Answers that showed leads.
    pub answers: u64,
    /// Files taken out.
    pub files: u64,
    /// Requests that were refused.
    pub denied: u64,
}

impl Week {
    /// Adds another's numbers.
    pub fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.files += other.files;
        self.denied += other.denied;
    }
}

/// Who did see leads.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DidSee {
    /// Records of the range.
    pub records: u64,
    /// Of those, refused.
    pub denied: u64,
    /// Records that began before the range and were written too late for the file before.
    pub late: u64,
    /// Everybody who was shown a lead or refused one, by rising id.
    pub accounts: Vec<Seen>,
    /// By the Monday of the week.
    #[serde(skip)]
    pub weeks: BTreeMap<i64, Week>,
}

/// How answers were marked.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Marked {
    /// Answers and files that showed leads, by the level they bore: PUBLIC, INTERNAL, CONFIDENTIAL, TRADE_SECRET.
    pub by_level: [u64; 4],
    /// Those with compartments in their marking.
    pub with_compartments: u64,
    /// Those that carried the notice.
    pub with_notice: u64,
    /// Company-wide rules of fields at the end of the range, by level.
    pub field_rules: [u64; 4],
    /// Since when there are such rules.
    #[serde(serialize_with = "perhaps")]
    pub since: Option<Timestamp>,
    /// The notice at the end of the range.
    pub notice: Option<String>,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What the file is about.
    pub about: About,
    /// Who could see leads.
    pub could_see: CouldSee,
    /// Who did.
    pub did_see: DidSee,
    /// How it was marked.
    pub marked: Marked,
    /// What left as files.
    pub exports: Exports,
    /// The rules.
    pub policy: Policy,
    /// Platforms and origins.
    pub register: Register,
    /// What people had promised.
    pub signed: Signed,
    /// Who left, or was leaving.
    pub left: Vec<Leaver>,
}

impl Who {
    /// An account that is this, unnamed.
    pub fn account(id: Id, is: impl Into<String>) -> Self {
        Self { account: Some(id.to_string()), is: is.into(), name: None }
    }

    /// Somebody without an account.
    pub fn other(is: &str) -> Self {
        Self { account: None, is: is.to_owned(), name: None }
    }

    /// One line.
    pub fn text(&self) -> String {
        let id = self.account.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
        let name = self.name.as_deref().map(|name| format!("{name}, ")).unwrap_or_default();
        format!("{name}{}{id}", self.is)
    }
}

impl Profile {
    /// Its name in GraphQL and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Court => "COURT",
            Self::OpposingCounsel => "OPPOSING_COUNSEL",
        }
    }

    /// The profile with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Court, Self::OpposingCounsel].into_iter().find(|profile| profile.name() == name)
    }
}

impl Reach {
    /// Every one, rising.
    pub const ALL: [Self; 4] = [Self::Own, Self::Team, Self::All, Self::Unrestricted];

    /// In words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Own => "own leads",
            Self::Team => "a team's leads",
            Self::All => "all leads, not all of them in full",
            Self::Unrestricted => "all leads in full",
        }
    }
}

impl CouldSee {
    /// How many could see leads at the end of the range.
    pub fn at_end(&self) -> u64 {
        self.at_end.values().sum()
    }
}

impl Marked {
    /// Answers and files that showed leads.
    pub fn shown(&self) -> u64 {
        self.by_level.iter().sum()
    }
}
