//! What the columns of common exports mean. A name is compared in lower case, words separated by single blanks,
//! `LastName` and `last_name` read as `last name`.

use super::target::Target::{self, Deleted, Field as To, FullName};
use crate::domain::Field;

/// The system a file was exported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Datablist's sample lead sets.
    Datablist,
    /// HubSpot contact exports.
    HubSpot,
    /// Salesforce lead reports and Data Loader files.
    Salesforce,
    /// SuiteCRM lead exports.
    SuiteCrm,
    /// Leadkeep's own exports.
    Leadkeep,
    /// LinkedIn's `Connections.csv`.
    LinkedIn,
}

type Columns = &'static [(&'static str, Target)];

/// Columns of Leadkeep's exports that are not imported again.
const LEADKEEP: Columns = &[
    ("lead id", Target::Ignored),
    ("marking", Target::Ignored),
    ("created at", Target::Ignored),
    ("updated at", Target::Ignored),
    ("archived", Target::Ignored),
    ("origins", Target::Ignored),
    ("relationships", Target::Ignored),
];

/// The profile's address is what LinkedIn tells people by; many connections show no e-mail address.
const LINKEDIN: Columns = &[("url", To(Field::Reference)), ("connected on", Target::Since)];

/// Columns that mean the same wherever they come from.
const COMMON: Columns = &[
    ("first name", To(Field::FirstName)),
    ("firstname", To(Field::FirstName)),
    ("given name", To(Field::FirstName)),
    ("forename", To(Field::FirstName)),
    ("vorname", To(Field::FirstName)),
    ("last name", To(Field::LastName)),
    ("lastname", To(Field::LastName)),
    ("surname", To(Field::LastName)),
    ("family name", To(Field::LastName)),
    ("nachname", To(Field::LastName)),
    ("name", FullName),
    ("full name", FullName),
    ("contact", FullName),
    ("contact name", FullName),
    ("lead name", FullName),
    ("company", To(Field::Company)),
    ("company name", To(Field::Company)),
    ("organization", To(Field::Company)),
    ("organisation", To(Field::Company)),
    ("firma", To(Field::Company)),
    ("industry", To(Field::Industry)),
    ("branche", To(Field::Industry)),
    ("country", To(Field::Country)),
    ("country region", To(Field::Country)),
    ("land", To(Field::Country)),
    ("stage", To(Field::Stage)),
    ("deal stage", To(Field::Stage)),
    ("lead status", To(Field::Stage)),
    ("source", To(Field::Source)),
    ("lead source", To(Field::Source)),
    ("title", To(Field::Title)),
    ("job title", To(Field::Title)),
    ("position", To(Field::Title)),
    ("website", To(Field::Website)),
    ("website url", To(Field::Website)),
    ("web site", To(Field::Website)),
    ("url", To(Field::Website)),
    ("city", To(Field::City)),
    ("town", To(Field::City)),
    ("ort", To(Field::City)),
    ("stadt", To(Field::City)),
    ("owner", To(Field::Owner)),
    ("lead owner", To(Field::Owner)),
    ("team", To(Field::Team)),
    ("tags", To(Field::Tags)),
    ("labels", To(Field::Tags)),
    ("id", To(Field::Reference)),
    ("lead id", To(Field::Reference)),
    ("reference", To(Field::Reference)),
    ("external id", To(Field::Reference)),
    ("email", To(Field::Emails)),
    ("emails", To(Field::Emails)),
    ("e mail", To(Field::Emails)),
    ("e mails", To(Field::Emails)),
    ("mail", To(Field::Emails)),
    ("email address", To(Field::Emails)),
    ("email addresses", To(Field::Emails)),
    ("e mail address", To(Field::Emails)),
    ("work email", To(Field::Emails)),
    ("business email", To(Field::Emails)),
    ("personal email", To(Field::Emails)),
    ("secondary email", To(Field::Emails)),
    ("additional email", To(Field::Emails)),
    ("phone", To(Field::Phones)),
    ("phones", To(Field::Phones)),
    ("phone number", To(Field::Phones)),
    ("phone numbers", To(Field::Phones)),
    ("telephone", To(Field::Phones)),
    ("telefon", To(Field::Phones)),
    ("mobile", To(Field::Phones)),
    ("mobile phone", To(Field::Phones)),
    ("mobile phone number", To(Field::Phones)),
    ("work phone", To(Field::Phones)),
    ("business phone", To(Field::Phones)),
    ("office phone", To(Field::Phones)),
    ("home phone", To(Field::Phones)),
    ("other phone", To(Field::Phones)),
    ("deal value", To(Field::DealValue)),
    ("deal amount", To(Field::DealValue)),
    ("score", To(Field::Score)),
    ("lead score", To(Field::Score)),
    ("notes", To(Field::Notes)),
    ("note", To(Field::Notes)),
    ("comments", To(Field::Notes)),
    ("description", To(Field::Notes)),
];

const DATABLIST: Columns = &[("account id", To(Field::Reference)), ("index", Target::Ignored)];

const HUBSPOT: Columns = &[
    ("record id", To(Field::Reference)),
    ("contact id", To(Field::Reference)),
    ("contact owner", To(Field::Owner)),
    ("hub spot owner", To(Field::Owner)),
    ("lifecycle stage", To(Field::Stage)),
    ("lead status", Target::Unknown),
    ("original source", To(Field::Source)),
    ("original traffic source", To(Field::Source)),
    ("hub spot score", To(Field::Score)),
    ("associated company", To(Field::Company)),
];

const SALESFORCE: Columns = &[
    ("company account", To(Field::Company)),
    ("account name", To(Field::Company)),
    ("status", To(Field::Stage)),
    ("lead owner alias", Target::Unknown),
    ("is deleted", Deleted),
    ("mobile phone", To(Field::Phones)),
];

const SUITECRM: Columns = &[
    ("account name", To(Field::Company)),
    ("non primary e mails", To(Field::Emails)),
    ("primary address city", To(Field::City)),
    ("primary address country", To(Field::Country)),
    ("status", To(Field::Stage)),
    ("opportunity amount", To(Field::DealValue)),
    ("assigned to", To(Field::Owner)),
    ("deleted", Deleted),
];

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 6] = [Self::Leadkeep, Self::Datablist, Self::HubSpot, Self::Salesforce, Self::SuiteCrm, Self::LinkedIn];

    /// Its name for `--preset`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Datablist => "datablist",
            Self::HubSpot => "hubspot",
            Self::Salesforce => "salesforce",
            Self::SuiteCrm => "suitecrm",
            Self::Leadkeep => "leadkeep",
            Self::LinkedIn => "linkedin",
        }
    }

    /// The preset with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name.to_lowercase())
    }

    /// The preset whose telling columns are all there; names in normal form.
    pub fn detect(names: &[String]) -> Option<Self> {
        let told = |preset: &Self| preset.marks().iter().any(|marks| marks.iter().all(|mark| names.iter().any(|name| name == mark)));
        Self::ALL.into_iter().find(told)
    }

    const fn marks(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Datablist => &[&["account id", "lead owner", "deal stage"], &["index", "account id"]],
            Self::HubSpot => &[&["record id", "email"], &["lifecycle stage", "email"], &["contact owner", "email"]],
            Self::Salesforce => &[&["company account", "lead status"], &["lead source", "lead status"], &["is deleted", "owner id"]],
            Self::SuiteCrm => &[&["non primary e mails", "primary address city"], &["assigned to", "lead source", "primary address city"]],
            Self::Leadkeep => &[&["lead id", "marking"]],
            Self::LinkedIn => &[&["first name", "last name", "url", "connected on"]],
        }
    }

    const fn columns(self) -> Columns {
        match self {
            Self::Datablist => DATABLIST,
            Self::HubSpot => HUBSPOT,
            Self::Salesforce => SALESFORCE,
            Self::SuiteCrm => SUITECRM,
            Self::Leadkeep => LEADKEEP,
            Self::LinkedIn => LINKEDIN,
        }
    }
}

/// What a column of this name, in normal form, means; those of the preset go before what is common.
pub(super) fn meaning(preset: Option<Preset>, name: &str) -> Option<Target> {
    let find = |columns: Columns, name: &str| columns.iter().find(|(known, _)| *known == name).map(|(_, target)| *target);
    let exact = preset.and_then(|preset| find(preset.columns(), name)).or_else(|| find(COMMON, name));
    // `Email 2` and `Phone 2` are e-mails and phones; no other column may stand several times.
    let numbered = || {
        let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end();
        find(COMMON, base).filter(|target| base.len() < name.len() && matches!(target, To(Field::Emails | Field::Phones)))
    };
    exact.or_else(numbered)
}
