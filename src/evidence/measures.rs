//! How each measure of the table stood: what was in force, since when, and what is missing.

use serde::Serialize;

use super::{
    facts::{About, Evidence, Reach},
    people::lasting,
    table::{self, Row},
    texts::{counted, minute, of},
};
use crate::domain::Timestamp;

/// How a measure stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// What is asked for can be shown.
    InForce,
    /// Some of it can.
    Partly,
    /// Nothing of it can.
    Gap,
}

/// A measure as it stood.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which.
    #[serde(flatten)]
    pub row: Row,
    /// How it stood.
    pub state: State,
    /// What was in force.
    pub in_force: Vec<InForce>,
    /// What cannot be shown, plainly.
    pub gaps: Vec<String>,
}

/// Something that was in force.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InForce {
    /// What.
    pub what: String,
    /// Since when; null if that cannot be told from what is kept.
    pub since: Option<String>,
}

/// Every measure, as it stood.
pub fn findings(evidence: &Evidence) -> Vec<Finding> {
    let found = |row: Row, tell: fn(&Evidence, &mut Told)| {
        let mut told = Told::default();
        tell(evidence, &mut told);
        let state = match (told.in_force.is_empty(), told.gaps.is_empty()) {
            (false, true) => State::InForce,
            (false, false) => State::Partly,
            (true, _) => State::Gap,
        };
        Finding { row, state, in_force: told.in_force, gaps: told.gaps }
    };
    vec![
        found(table::PASSWORD, password),
        found(table::EXPORTS, exports),
        found(table::NEED, need),
        found(table::SIGNED, signed),
        found(table::ACCOUNTS, accounts),
        found(table::CONTACTS, contacts),
        found(table::PROMPT, prompt),
        found(table::CRM, crm),
        found(table::CARDS, cards),
        found(table::PROFILES, profiles),
        found(table::SEATS, seats),
        found(table::PAGES, pages),
    ]
}

#[derive(Default)]
struct Told {
    in_force: Vec<InForce>,
    gaps: Vec<String>,
}

impl Told {
    fn stands(&mut self, what: impl Into<String>, since: Option<Timestamp>) {
        self.in_force.push(InForce { what: what.into(), since: since.map(|since| since.to_string()) });
    }

    fn gap(&mut self, what: impl Into<String>) {
        self.gaps.push(what.into());
    }

    /// Something that holds since a moment; if that lies within the range, what was before is a gap.
    fn holds(&mut self, evidence: &Evidence, what: &str, since: Option<Timestamp>, none: &str) {
        let About { from, to, .. } = evidence.about;
        match since.filter(|since| *since < to) {
            None => self.gap(none),
            Some(since) => {
                self.stands(what, Some(since));
                if since > from {
                    self.gap(format!("Before {} {none}", minute(since)));
                }
            }
        }
    }

    fn log(&mut self, evidence: &Evidence) {
        let since = evidence.about.log_since;
        self.holds(evidence, "Every access, allowed or refused, recorded before it was answered", since, "no access was recorded.");
    }

    /// What people had promised.
    fn promises(&mut self, evidence: &Evidence) {
        let signed = &evidence.signed;
        if signed.agreements.is_empty() {
            self.gap("No agreement had been published; who had signed what must be shown from elsewhere.");
            return;
        }
        let bound = format!(
            "Bound by an accepted confidentiality agreement, of those who could see leads at the end: {}",
            of(signed.people_bound, signed.people)
        );
        self.holds(evidence, &bound, signed.since, "no agreement was published.");
        if signed.unbound() > 0 {
            self.gap(format!("{} not bound.", of(signed.unbound(), signed.people)));
        }
    }

    /// What was done when somebody left.
    fn departures(&mut self, evidence: &Evidence) {
        let left: Vec<_> = evidence.left.iter().filter(|one| !one.called_off).collect();
        if left.is_empty() {
            self.stands("Nobody's departure was recorded in the range", None);
            return;
        }
        let lags: Vec<i64> = left.iter().filter_map(|one| one.lag()).collect();
        if let Some(longest) = lags.iter().max() {
            let (ended, all) = (lags.len() as u64, left.len() as u64);
            self.stands(
                format!("Access of those who left ended: {}; at the longest {} after the company knew", of(ended, all), lasting(*longest)),
                None,
            );
        }
        let shown = left.iter().filter(|one| one.shown_after()).count() as u64;
        if shown > 0 {
            self.gap(format!("Shown leads after their access had ended: {shown}."));
        }
        if lags.len() < left.len() {
            self.gap(format!("Access not ended yet: {}.", of((left.len() - lags.len()) as u64, left.len() as u64)));
        }
    }

    fn windows(&mut self, evidence: &Evidence) {
        let what = "Roles open windows onto leads; what no window opens is not shown";
        self.holds(evidence, what, evidence.policy.since, "there were no roles.");
    }
}

fn password(evidence: &Evidence, told: &mut Told) {
    told.windows(evidence);
    told.holds(evidence, "Fields and leads carry markings, and answers bear them", evidence.marked.since, "no field was marked.");
    told.promises(evidence);
}

fn exports(evidence: &Evidence, told: &mut Told) {
    let exports = &evidence.exports;
    told.log(evidence);
    if exports.files == 0 {
        told.stands("No file of leads was taken out in the range", None);
    } else {
        let files = counted(exports.files, "file");
        told.stands(
            format!(
                "{files} of leads taken out, each by a named account and recorded with every lead in it; {} leads in all",
                exports.leads
            ),
            None,
        );
        told.stands(
            format!("{} bore a marking, {} a declared purpose", of(exports.marked, exports.files), of(exports.with_purpose, exports.files)),
            None,
        );
        if exports.marked < exports.files {
            told.gap(format!("{} bore no marking above PUBLIC.", counted(exports.files - exports.marked, "file")));
        }
        if exports.with_purpose < exports.files {
            told.gap(format!("{} declared no purpose.", counted(exports.files - exports.with_purpose, "file")));
        }
    }
    if exports.without_limit.is_empty() {
        told.stands("Every role that may export has a limit of leads per file, at the end of the range", None);
    } else {
        told.gap(format!("No limit of leads per file for: {}.", exports.without_limit.join(", ")));
    }
}

fn need(evidence: &Evidence, told: &mut Told) {
    let could = &evidence.could_see;
    told.windows(evidence);
    told.stands(
        format!(
            "{} could see leads at the end of the range, at most {} at any moment of it",
            counted(could.at_end(), "account"),
            could.most
        ),
        None,
    );
    told.stands("Every account is one person's or one app's, with credentials of its own; every record names it", evidence.policy.since);
    if could.most_unrestricted == 0 {
        told.stands("At no moment did any account see all leads in full", None);
    } else {
        let now = could.at_end.get(&Reach::Unrestricted).copied().unwrap_or_default();
        told.gap(format!("Accounts that could see all leads in full: at most {} at once, {now} at the end.", could.most_unrestricted));
    }
    for (from, to) in &evidence.policy.sole_admin {
        told.gap(format!("From {} to {} one person alone could change the rules.", minute(*from), minute(*to)));
    }
    told.promises(evidence);
    told.departures(evidence);
}

fn signed(evidence: &Evidence, told: &mut Told) {
    let marked = &evidence.marked;
    if marked.with_notice > 0 {
        told.stands(
            format!("The confidentiality notice went out with {}", of_answers(marked.with_notice, marked.shown())),
            evidence.about.log_since,
        );
    }
    if marked.with_notice < marked.shown() {
        told.gap(format!("{} showed leads without the notice.", counted(marked.shown() - marked.with_notice, "answer")));
    }
    let agreed = &evidence.signed;
    if agreed.shown_under > 0 {
        let shown = format!("{} that showed leads name the acceptance under which they were given", of(agreed.shown_under, agreed.shown));
        told.stands(format!("Answers: {shown}"), agreed.since);
    }
    if agreed.shown_under < agreed.shown {
        told.gap(format!("{} showed leads without an accepted agreement.", counted(agreed.shown - agreed.shown_under, "answer")));
    }
    told.promises(evidence);
    told.gap("Second factors are the sign-in provider's affair and are not recorded here.");
}

fn of_answers(part: u64, all: u64) -> String {
    format!(
        "{} that showed leads",
        if part == all { format!("all {}", counted(all, "answer")) } else { format!("{part} of {}", counted(all, "answer")) }
    )
}

fn entered(evidence: &Evidence, kind: &str) -> u64 {
    evidence.register.entered.get(kind).copied().unwrap_or_default()
}

fn accounts(evidence: &Evidence, told: &mut Told) {
    let register = &evidence.register;
    let all: u64 = register.entered.values().sum();
    if all > 0 {
        told.stands(
            format!("{} of the company's in the register, each with a custodian and who holds its credentials", counted(all, "account")),
            register.since,
        );
        told.stands(format!("{} to the register in the range, all recorded", counted(register.changes, "change")), None);
    } else {
        told.gap("No account of the company's had been entered into the register.");
    }
    told.gap("Who held the credentials on a given day is in the log and in the register, not in this file.");
}

fn contacts(evidence: &Evidence, told: &mut Told) {
    told.stands("Every lead that is added or imported is recorded with its origin: channel, account, when, by whom", evidence.policy.since);
    told.stands(format!("{} of leads in the range", counted(evidence.register.imports, "import")), None);
    told.gap("How many leads came through whose account is in the custody report, which needs a view of the leads, not in this file.");
    let accepted = evidence.signed.acceptances.iter().filter(|one| one.kind == "SOCIAL_MEDIA" && one.counts).count() as u64;
    if accepted > 0 {
        told.stands(format!("{} of a policy on networks that count", counted(accepted, "acceptance")), None);
    } else {
        told.gap("No policy on networks had been accepted.");
    }
}

fn prompt(evidence: &Evidence, told: &mut Told) {
    told.log(evidence);
    told.stands(
        "Who saw a lead, and what somebody was shown, is answered from an index of the log when it is asked",
        evidence.about.log_since,
    );
}

fn crm(evidence: &Evidence, told: &mut Told) {
    told.windows(evidence);
    told.log(evidence);
}

fn cards(evidence: &Evidence, told: &mut Told) {
    told.stands("Cards that are imported become leads of the company with their origin", evidence.policy.since);
    told.gap("What was never entered cannot be shown here.");
    told.departures(evidence);
}

fn profiles(evidence: &Evidence, told: &mut Told) {
    told.stands(
        "A contact is recorded in the company's list with its origin; there is no place for a personal account's password",
        evidence.policy.since,
    );
    told.stands("A personal profile is entered into the register by its owner and by nobody else", evidence.policy.since);
}

fn seats(evidence: &Evidence, told: &mut Told) {
    match entered(evidence, "COMPANY_SEAT") {
        0 => told.gap("No seat had been entered into the register."),
        seats => told.stands(format!("{} in the register", counted(seats, "seat")), evidence.register.since),
    }
}

fn pages(evidence: &Evidence, told: &mut Told) {
    match entered(evidence, "COMPANY_PAGE") + entered(evidence, "COMPANY_CREDENTIALS") {
        0 => told.gap("No page or account of the company's had been entered into the register."),
        pages => told.stands(
            format!("{} of the company's in the register, each with a custodian", counted(pages, "account")),
            evidence.register.since,
        ),
    }
}
