//! Each rule by an example.

use super::{accounts, acting, at, founded, give, wish};
use crate::{
    domain::{Field, Id},
    policy::{Code, Permission, PolicyDocument, Refusal, RoleDefinition, Scope, WindowTemplate, document::MarkingText},
};

#[track_caller]
fn refused(result: Result<(), Refusal>, code: Code) {
    assert_eq!(result.unwrap_err().code, code);
}

fn custom(name: &str, permissions: &[Permission], windows: Vec<WindowTemplate>) -> RoleDefinition {
    RoleDefinition {
        name: name.into(),
        description: "A test.".into(),
        built_in: false,
        permissions: permissions.iter().map(|permission| permission.name().into()).collect(),
        windows,
        quotas: crate::policy::Quotas::default(),
    }
}

fn window(scope: Scope) -> WindowTemplate {
    WindowTemplate { scope, level: "INTERNAL".into(), compartments: Vec::new(), all_compartments: false, masked: vec!["emails".into()] }
}

#[test]
fn a_grant_takes_two() {
    let accounts = accounts();
    let by = |by, second| acting(&accounts, by, second);
    let mut document = founded(&accounts);
    give(&mut document, 101, 2, "admin", &by(Some(1), 2), &by(None, 3)).unwrap();
    document.request_grant(Id(102), &wish(&document.clone(), 3, "analyst"), &by(Some(1), 4)).unwrap();
    refused(document.approve_grant(Id(102), &by(Some(1), 5)), Code::Forbidden);
    refused(document.approve_grant(Id(102), &by(Some(3), 5)), Code::Forbidden);
    refused(document.approve_grant(Id(102), &by(None, 5)), Code::Forbidden);
    assert!(!document.grants[&102].is_active(at(5)));
    document.approve_grant(Id(102), &by(Some(2), 5)).unwrap();
    assert!(document.grants[&102].is_active(at(5)));
    refused(document.approve_grant(Id(102), &by(Some(2), 6)), Code::Conflict);
    refused(document.approve_grant(Id(999), &by(Some(2), 6)), Code::NotFound);
}

#[test]
fn duties_are_separate() {
    let accounts = accounts();
    let by = |by, second| acting(&accounts, by, second);
    let mut document = founded(&accounts);
    let before = document.clone();
    refused(document.request_grant(Id(101), &wish(&before, 1, "auditor"), &by(None, 2)), Code::Conflict);
    document.request_grant(Id(101), &wish(&before, 2, "auditor"), &by(Some(1), 2)).unwrap();
    refused(document.request_grant(Id(102), &wish(&before, 2, "admin"), &by(Some(1), 2)), Code::Conflict);
    refused(document.request_grant(Id(102), &wish(&before, 9, "auditor"), &by(Some(1), 2)), Code::BadUserInput);
    document.revoke_grant(Id(101), &by(Some(1), 3)).unwrap();
    document.request_grant(Id(102), &wish(&before, 2, "admin"), &by(Some(1), 4)).unwrap();
}

#[test]
fn somebody_can_always_manage() {
    let mut accounts = accounts();
    let mut document = founded(&accounts);
    refused(document.revoke_grant(Id(100), &acting(&accounts, None, 2)), Code::Conflict);
    give(&mut document, 101, 2, "admin", &acting(&accounts, Some(1), 3), &acting(&accounts, None, 3)).unwrap();
    accounts.get_mut(&Id(2)).unwrap().locked = true;
    refused(document.revoke_grant(Id(100), &acting(&accounts, Some(1), 4)), Code::Conflict);
    accounts.get_mut(&Id(2)).unwrap().locked = false;
    document.revoke_grant(Id(100), &acting(&accounts, Some(1), 5)).unwrap();
    assert_eq!(document.sole_admin_periods(at(9)), [(at(1), Some(at(3))), (at(5), None)]);
}

#[test]
fn roles_are_sound() {
    let accounts = accounts();
    let by = acting(&accounts, Some(1), 2);
    let mut document = founded(&accounts);
    let manages = [Permission::PolicyManage];
    refused(document.add_role(Id(50), custom("both", &[Permission::AccountsManage, Permission::LogRead], vec![])), Code::BadUserInput);
    refused(document.add_role(Id(50), custom("sees", &manages, vec![window(Scope::All)])), Code::BadUserInput);
    refused(document.add_role(Id(50), custom("Upper", &[], vec![])), Code::BadUserInput);
    refused(document.add_role(Id(50), custom("rep", &[], vec![])), Code::Conflict);
    let unknown = WindowTemplate { level: "SECRET".into(), ..window(Scope::All) };
    refused(document.add_role(Id(50), custom("odd", &[], vec![unknown])), Code::BadUserInput);
    let unknown = WindowTemplate { compartments: vec!["EMEA".into()], ..window(Scope::All) };
    refused(document.add_role(Id(50), custom("odd", &[], vec![unknown])), Code::BadUserInput);
    let unknown = WindowTemplate { masked: vec!["salary".into()], ..window(Scope::All) };
    refused(document.add_role(Id(50), custom("odd", &[], vec![unknown])), Code::BadUserInput);
    refused(document.change_role(Id(1), custom("rep", &[], vec![]), &by), Code::Forbidden);
    refused(document.remove_role(Id(1), &by), Code::Forbidden);

    document.add_role(Id(50), custom("counter", &[Permission::LeadRead], vec![window(Scope::All)])).unwrap();
    give(&mut document, 101, 1, "counter", &acting(&accounts, None, 3), &acting(&accounts, None, 3)).unwrap();
    refused(document.change_role(Id(50), custom("counter", &[], vec![]), &by), Code::Forbidden);
    refused(document.remove_role(Id(50), &by), Code::Conflict);
    // A role cannot turn into a duty that its holder must not have.
    let reviews = custom("counter", &[Permission::LogRead], vec![]);
    refused(document.change_role(Id(50), reviews, &acting(&accounts, None, 4)), Code::Conflict);
    document.change_role(Id(50), custom("tally", &[], vec![]), &acting(&accounts, None, 4)).unwrap();
    document.revoke_grant(Id(101), &by).unwrap();
    document.remove_role(Id(50), &by).unwrap();
}

#[test]
fn teams_are_a_tree() {
    let accounts = accounts();
    let by = acting(&accounts, Some(1), 2);
    let mut document = founded(&accounts);
    document.add_team(Id(10), "Sales", None).unwrap();
    document.add_team(Id(11), "EMEA", Some(Id(10))).unwrap();
    refused(document.add_team(Id(12), "EMEA", None), Code::Conflict);
    refused(document.add_team(Id(12), " \n", None), Code::BadUserInput);
    refused(document.move_team(Id(10), Some(Id(11))), Code::BadUserInput);
    refused(document.move_team(Id(10), Some(Id(10))), Code::BadUserInput);
    refused(document.remove_team(Id(10), false, &by), Code::Conflict);
    refused(document.remove_team(Id(11), true, &by), Code::Conflict);
    let mut wished = wish(&document, 3, "rep");
    refused(document.request_grant(Id(101), &wished, &by), Code::BadUserInput);
    wished.team = Some(Id(11));
    document.request_grant(Id(101), &wished, &by).unwrap();
    refused(document.remove_team(Id(11), false, &by), Code::Conflict);
    document.revoke_grant(Id(101), &by).unwrap();
    document.remove_team(Id(11), false, &by).unwrap();
    refused(document.remove_team(Id(11), false, &by), Code::NotFound);
}

#[test]
fn markings_name_what_exists() {
    let mut document = PolicyDocument::default();
    let marking = |level: &str, code: &str| MarkingText { level: level.into(), compartments: vec![code.into()] };
    refused(document.set_field_marking(Field::Company, marking("INTERNAL", "EMEA")), Code::BadUserInput);
    document.add_compartment("EMEA").unwrap();
    refused(document.add_compartment("EMEA"), Code::Conflict);
    refused(document.add_compartment("emea"), Code::BadUserInput);
    document.set_field_marking(Field::Company, marking("INTERNAL", "EMEA")).unwrap();
    refused(document.set_default_lead_marking(marking("HIGH", "EMEA")), Code::BadUserInput);
    refused(document.set_notice(""), Code::BadUserInput);
    for number in 1..63 {
        document.add_compartment(&format!("C{number}")).unwrap();
    }
    refused(document.add_compartment("C63"), Code::BadUserInput);
}
