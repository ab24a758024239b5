//! Whether somebody has accepted all that their roles ask for.

use std::{collections::BTreeSet, fmt::Write};

use super::{Acceptance, Acceptances, Accounts, AgreementKind, Code, Party, PolicyDocument, Refusal};
use crate::domain::{Id, Timestamp};

/// An agreement that somebody's access hangs on, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Who must have accepted it.
    pub party: Party,
    /// Which kind.
    pub kind: AgreementKind,
    /// The version to accept now; `None` if none was ever published.
    pub version: Option<u32>,
    /// The acceptance that counts; `None` if none does.
    pub accepted: Option<Acceptance>,
    /// Until when that counts; `None` with an acceptance is with no end in sight.
    pub until: Option<Timestamp>,
}

/// What access of this person or app hangs on at `now`: nothing, if none of its roles opens a window.
///
/// For an app the person who answers for it must have accepted, and their account be open; for the person of another company the company's
/// non-disclosure agreement counts besides their own, which takes the place of the employees' confidentiality agreement.
pub fn standing(policy: &PolicyDocument, accounts: &Accounts, acceptances: &Acceptances, subject: Id, now: Timestamp) -> Vec<Point> {
    let held = policy.grants.values().filter(|grant| grant.subject == subject.0 && grant.is_active(now));
    let opening: BTreeSet<i64> =
        held.map(|grant| grant.role).filter(|role| policy.roles.get(role).is_some_and(|role| !role.windows.is_empty())).collect();
    if opening.is_empty() {
        return Vec::new();
    }
    let mut kinds: BTreeSet<AgreementKind> = opening.into_iter().flat_map(|role| policy.requirement(Id(role)).agreements).collect();
    let account = accounts.get(&subject);
    let responsible = account.and_then(|account| account.responsible);
    let person = responsible.unwrap_or(subject);
    let account = accounts.get(&person);
    // Nobody answers for an app who does not get in themselves any more.
    let answers = responsible.is_none() || account.is_some_and(|account| !account.is_locked(now));
    let leaves = responsible.and_then(|_| account?.departing).map(|departing| departing.ends_at);
    let company = account.and_then(|account| account.company.clone());
    let jurisdiction = account.and_then(|account| account.jurisdiction.as_deref());
    if company.is_some() {
        kinds.remove(&AgreementKind::Confidentiality);
        kinds.insert(AgreementKind::ThirdPartyNda);
    }
    let theirs = kinds.into_iter().map(|kind| (Party::Person(person), kind));
    let needed = theirs.chain(company.map(|name| (Party::Company(name), AgreementKind::ThirdPartyNda)));
    let point = |(party, kind): (Party, AgreementKind)| {
        let known = acceptances.get(&party).into_iter().flatten().filter(|acceptance| acceptance.kind == kind && answers);
        let counting = known.filter_map(|acceptance| Some((acceptance, acceptance.counts(policy, jurisdiction, now)?.until)));
        // The one that counts longest.
        let best = counting.max_by_key(|(acceptance, until)| (until.map_or(i64::MAX, |until| until.0), acceptance.id));
        let (accepted, until) = best.map_or((None, None), |(acceptance, until)| {
            (Some(acceptance.clone()), until.into_iter().chain(leaves.filter(|end| *end > now)).min())
        });
        Point { version: policy.current_agreement(kind).map(|version| version.version), party, kind, accepted, until }
    };
    needed.map(point).collect()
}

/// Why there is no lead as long as one of these has not been accepted; `None` if all have.
pub fn missing(points: &[Point], subject: Option<Id>) -> Option<Refusal> {
    let mut text = String::new();
    for point in points.iter().filter(|point| point.accepted.is_none()) {
        let name = point.kind.name();
        let _never_fails = match (point.version, &point.party) {
            (None, _) => write!(text, " {name} has not been published yet, which takes an admin;"),
            (Some(version), Party::Company(company)) => {
                write!(text, " {name} version {version} must have been signed by {company}, and the paper recorded by an admin;")
            }
            (Some(version), Party::Person(person)) if Some(*person) == subject => write!(text, " {name} version {version};"),
            (Some(version), Party::Person(_)) => write!(text, " {name} version {version} must be accepted by who answers for the app;"),
        };
    }
    let listed = text.trim_end_matches(';');
    (!listed.is_empty()).then(|| {
        Refusal::new(
            Code::AgreementRequired,
            format!("Before any lead is shown, accept:{listed}. `agreementText` shows it, `acceptAgreement` accepts it."),
        )
    })
}
