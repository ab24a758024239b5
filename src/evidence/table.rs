//! The table of measures: what decided cases asked of a system like this one, and the places where leads live.

use serde::Serialize;

/// A row of the table of measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// A short name that stays.
    pub id: &'static str,
    /// What was asked for.
    pub measure: &'static str,
    /// By whom, or where leads live and who holds that place.
    pub source: &'static str,
    /// What must be shown.
    pub asks: &'static str,
}

const fn row(id: &'static str, measure: &'static str, source: &'static str, asks: &'static str) -> Row {
    Row { id, measure, source, asks }
}

pub(super) const PASSWORD: Row = row(
    "more-than-a-password",
    "More than a password",
    "Wayman Fire v. Premium Fire (Del. Ch. 2014), about contact and opportunity reports of a CRM",
    "Role windows, marking and agreements together",
);
pub(super) const EXPORTS: Row = row(
    "marked-exports",
    "Marking and restriction of an exported customer list",
    "Snyder v. Beam (10th Cir. 2025)",
    "Every export marked, attributed, limited, recorded",
);
pub(super) const NEED: Row = row(
    "need-to-know",
    "Agreements, policy, recovery from leavers, no shared password, need-to-know",
    "Abrasic 90 v. Weldcote (N.D. Ill. 2019): 39 of 108 employees had unrestricted access",
    "Who could reach what, over time; nobody unrestricted by accident; individual credentials",
);
pub(super) const SIGNED: Row = row(
    "agreements-and-notice",
    "Agreements and notice besides a second factor",
    "Taylor Made Express v. Kidd",
    "An accepted agreement in force at each access",
);
pub(super) const ACCOUNTS: Row = row(
    "accounts-and-followers",
    "Accounts and followers",
    "PhoneDog v. Kravitz (N.D. Cal. 2011): the trade-secret claim survived dismissal",
    "A register of accounts, credentials held by the company",
);
pub(super) const CONTACTS: Row = row(
    "contacts-on-networks",
    "Contacts on networks",
    "Cellular Accessories v. Trinitas (C.D. Cal. 2014); CDM Media v. Simms (N.D. Ill. 2015); Eagle v. Morgan (E.D. Pa. 2013)",
    "Where each contact came from and who controlled that account; a policy accepted beforehand",
);
pub(super) const PROMPT: Row = row(
    "prompt-relief",
    "A prompt restraining order over a copied customer database",
    "Redapt v. Parker (2020)",
    "An exposure report ready in minutes",
);
pub(super) const CRM: Row = row("place-crm", "The CRM", "Held by the company", "Company custody");
pub(super) const CARDS: Row = row(
    "place-cards",
    "Card files and business cards",
    "Held by the company, but portable",
    "Company custody once recorded; at an exit, company records are asked back, never personal memory",
);
pub(super) const PROFILES: Row = row(
    "place-personal-accounts",
    "Personal accounts on LinkedIn, X and Facebook",
    "Held by the person: LinkedIn's terms say that the account belongs to the member and may not be transferred",
    "The contact is recorded in the company's list with its origin; the account is never demanded",
);
pub(super) const SEATS: Row = row(
    "place-paid-seats",
    "LinkedIn Premium, Recruiter or Sales Navigator seats paid by the company",
    "Whoever pays controls access to the seat",
    "A company-controlled seat in the register",
);
pub(super) const PAGES: Row = row(
    "place-company-pages",
    "Company pages and brand handles",
    "Held by the company",
    "Credentials held by the company, a custodian named",
);
