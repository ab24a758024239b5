//! What widens, and who lets it happen.

use super::{accounts, acting, at, founded, give};
use crate::{
    domain::{Field, Id},
    policy::{
        Act, AgreementKind, Code, Decided, PROPOSAL_SECONDS, PolicyDocument, Proposal, Purpose, Quotas, Requirement, document::MarkingText,
    },
};

fn marking(level: &str) -> MarkingText {
    MarkingText { level: level.into(), compartments: Vec::new() }
}

fn proposal(act: Act, by: i64) -> Proposal {
    let requested_at = at(10);
    let expires_at = requested_at.plus_seconds(PROPOSAL_SECONDS);
    Proposal { id: Id(500), act, requested_by: Some(Id(by)), requested_at, expires_at, decided: None }
}

/// A second admin, person 2, beside the first, and a third.
fn managed() -> PolicyDocument {
    let accounts = accounts();
    let mut document = founded(&accounts);
    give(&mut document, 101, 2, "admin", &acting(&accounts, Some(1), 2), &acting(&accounts, None, 2)).unwrap();
    give(&mut document, 102, 3, "admin", &acting(&accounts, Some(1), 3), &acting(&accounts, Some(2), 3)).unwrap();
    document
}

#[test]
fn only_what_opens_something_widens() {
    let mut before = managed();
    before.add_compartment("EMEA").unwrap();
    for (id, parent) in [(11, None), (12, Some(11)), (13, Some(12)), (14, None)] {
        before.add_team(Id(id), &format!("Team {id}"), parent.map(Id)).unwrap();
    }
    let widens = |edit: &dyn Fn(&mut PolicyDocument)| {
        let mut after = before.clone();
        edit(&mut after);
        before.is_widened_by(&after)
    };
    assert!(!widens(&|_| {}));
    assert!(widens(&|after| after.set_field_marking(Field::Notes, marking("CONFIDENTIAL")).unwrap()));
    assert!(!widens(&|after| after.set_field_marking(Field::City, marking("TRADE_SECRET")).unwrap()));
    let in_emea = |level: &str| MarkingText { compartments: vec!["EMEA".into()], ..marking(level) };
    assert!(!widens(&|after| after.set_field_marking(Field::City, in_emea("CONFIDENTIAL")).unwrap()));
    assert!(widens(&|after| after.set_field_marking(Field::City, in_emea("INTERNAL")).unwrap()), "lower, and other people");
    assert!(widens(&|after| drop(after.field_markings.insert("notes".into(), marking("PUBLIC")))));
    assert!(!widens(&|after| drop(after.field_markings.remove("notes"))), "without a rule it is the highest");
    assert!(widens(&|after| after.set_default_lead_marking(marking("INTERNAL")).unwrap()));
    assert!(!widens(&|after| after.set_default_lead_marking(marking("TRADE_SECRET")).unwrap()));
    assert!(widens(&|after| after.move_team(Id(13), Some(Id(14))).unwrap()));
    assert!(!widens(&|after| after.move_team(Id(13), Some(Id(11))).unwrap()), "up");
    assert!(!widens(&|after| after.move_team(Id(12), None).unwrap()), "to the top, with what is below it");
    assert!(widens(&|after| after.move_team(Id(12), Some(Id(14))).unwrap()), "with what is below it");
    assert!(!widens(&|after| after.add_team(Id(15), "New", Some(Id(13))).unwrap()), "there is no lead in it");
    assert!(!widens(&|after| after.rename_team(Id(13), "Other").unwrap()));
    assert!(!widens(&|after| after.set_notice("Mind it.").unwrap()));
}

#[test]
fn neither_who_asked_nor_whom_it_is_about_nor_too_late() {
    let (accounts, document) = (accounts(), managed());
    let asked = proposal(Act::Unlock { account: 2 }, 1);
    let may = |by: Option<i64>, second: i64| document.may_approve(&asked, &acting(&accounts, by, second)).map_err(|refusal| refusal.code);
    assert_eq!(may(Some(1), 11), Err(Code::Forbidden), "who asked");
    assert_eq!(may(Some(2), 11), Err(Code::Forbidden), "whom it is about");
    assert_eq!(may(None, 11), Err(Code::Forbidden), "the operator, beside admins");
    assert_eq!(may(Some(3), 11), Ok(()));
    assert_eq!(may(Some(3), 10 + PROPOSAL_SECONDS), Err(Code::Conflict), "a week later");
    let ended = Proposal { decided: Some(Decided { at: at(11), by: Some(Id(2)), approved: false }), ..asked.clone() };
    assert_eq!(document.may_approve(&ended, &acting(&accounts, Some(3), 12)).map_err(|refusal| refusal.code), Err(Code::Conflict));
    let alone = founded(&accounts);
    assert!(alone.may_approve(&asked, &acting(&accounts, None, 11)).is_ok(), "the operator, while there is one admin");
    let mut locked = accounts.clone();
    locked.get_mut(&Id(1)).unwrap().locked = true;
    assert_eq!(document.may_approve(&asked, &acting(&locked, Some(3), 11)).map_err(|refusal| refusal.code), Err(Code::Conflict));
}

#[test]
fn nobody_gets_at_the_password_of_one_with_a_duty() {
    let (accounts, document) = (accounts(), managed());
    let act = Act::Password { person: 2 };
    assert!(document.may_ask(&act, &acting(&accounts, Some(1), 11)).is_err());
    assert!(document.may_ask(&Act::Password { person: 4 }, &acting(&accounts, Some(1), 11)).is_ok());
    let asked = proposal(act, 1);
    assert!(document.may_approve(&asked, &acting(&accounts, Some(3), 11)).is_err(), "nor if they got the duty since");
}

#[test]
fn what_was_proposed_is_done_as_it_was_seen_or_not_at_all() {
    let before = managed();
    let mut wanted = before.clone();
    wanted.set_field_marking(Field::Notes, marking("INTERNAL")).unwrap();
    let changes = before.changes_to(&wanted);
    let text = serde_json::to_string(&Act::Policy { changes: changes.clone() }).unwrap();
    assert_eq!(serde_json::from_str::<Act>(&text).unwrap(), Act::Policy { changes: changes.clone() });
    let mut elsewhere = before.clone();
    elsewhere.set_field_marking(Field::City, marking("TRADE_SECRET")).unwrap();
    elsewhere.carry_out(&changes).unwrap();
    assert_eq!(elsewhere.field_marking(Field::Notes), wanted.field_marking(Field::Notes));
    let mut since = before.clone();
    since.set_field_marking(Field::Notes, marking("CONFIDENTIAL")).unwrap();
    let kept = since.clone();
    assert_eq!(since.carry_out(&changes).unwrap_err().code, Code::Conflict);
    assert_eq!(since, kept);
    let mut granted = before.clone();
    give(&mut granted, 103, 4, "analyst", &acting(&accounts(), Some(1), 9), &acting(&accounts(), Some(2), 9)).unwrap();
    let grants = before.changes_to(&granted);
    assert_eq!(before.clone().carry_out(&grants).unwrap_err().code, Code::Conflict, "grants have a way of their own");
}

#[test]
fn purposes_and_requirements_widen_by_what_they_open() {
    let named = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
    let purpose = |hidden: &[&str], masked: &[&str], leads: Option<u32>| Purpose {
        description: "A test.".into(),
        hidden: named(hidden),
        masked: named(masked),
        quotas: Quotas { leads_per_day: leads, ..Quotas::default() },
        ..Purpose::default()
    };
    let mut before = managed();
    before.add_purpose("GLANCE", purpose(&["notes"], &["emails"], Some(10))).unwrap();
    let changed = |to: Purpose| {
        let mut after = before.clone();
        after.change_purpose("GLANCE", to).unwrap();
        before.is_widened_by(&after)
    };
    assert!(!changed(purpose(&["notes", "emails"], &["phones"], Some(9))), "less in every way");
    assert!(changed(purpose(&[], &["emails"], Some(10))), "a hidden field is shown");
    assert!(!changed(purpose(&[], &["notes", "emails"], Some(10))), "what has no masked form is hidden either way");
    assert!(changed(purpose(&["notes"], &[], Some(10))), "a masked field is clear");
    assert!(changed(purpose(&["notes"], &["emails"], Some(11))), "more leads");
    assert!(changed(purpose(&["notes"], &["emails"], None)), "any number of leads");
    let retired = Purpose { retired: true, ..purpose(&[], &[], None) };
    assert!(!changed(retired.clone()), "what cannot be declared opens nothing");
    let mut gone = before.clone();
    gone.change_purpose("GLANCE", retired).unwrap();
    assert!(gone.is_widened_by(&before), "it comes back");

    let (rep, _) = before.role_named("rep").unwrap();
    let asks = |agreements: &[AgreementKind], purpose_required: bool, purposes: &[&str]| {
        let mut after = before.clone();
        let requirement = Requirement { agreements: agreements.to_vec(), purpose_required, purposes: named(purposes) };
        after.set_requirement(rep, requirement).unwrap();
        after
    };
    let confidential = [AgreementKind::Confidentiality];
    let strict = asks(&[AgreementKind::Confidentiality, AgreementKind::SocialMedia], true, &["SALES"]);
    assert!(!before.is_widened_by(&strict));
    assert!(strict.is_widened_by(&before));
    assert!(before.is_widened_by(&asks(&[], true, &["SALES"])), "an agreement less");
    assert!(strict.is_widened_by(&asks(&confidential, true, &["SALES"])));
    assert!(asks(&confidential, true, &["SALES"]).is_widened_by(&asks(&confidential, true, &["SALES", "SUPPORT"])));
    assert!(asks(&confidential, true, &["SALES"]).is_widened_by(&asks(&confidential, true, &[])));
    // A new purpose opens what a role keeps closed without one.
    for (document, widens) in [(before.clone(), false), (asks(&confidential, true, &[]), true), (strict, false)] {
        let mut after = document.clone();
        after.add_purpose("WIDE", purpose(&[], &[], None)).unwrap();
        assert_eq!(document.is_widened_by(&after), widens);
    }
}

#[test]
fn a_text_that_binds_everybody_takes_two() {
    let before = managed();
    let (version, _) = crate::policy::table::starters(at(20)).remove(0);
    let mut after = before.clone();
    after.publish_agreement(version.clone()).unwrap();
    assert!(before.is_widened_by(&after));
    let changes = before.changes_to(&after);
    let mut carried = before.clone();
    carried.carry_out(&changes).unwrap();
    assert_eq!(carried, after);
    // The same number twice, a gap, and a renewal that never comes.
    for (number, renew_days) in [(1, Some(365)), (3, Some(365)), (2, Some(0))] {
        let next = crate::policy::AgreementVersion { version: number, renew_days, ..version.clone() };
        assert!(after.clone().publish_agreement(next).is_err(), "{number} {renew_days:?}");
    }
    after.publish_agreement(crate::policy::AgreementVersion { version: 2, ..version }).unwrap();
}
