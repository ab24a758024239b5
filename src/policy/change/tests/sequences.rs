//! Whatever is asked for in whatever order: the rules hold, and every revision can be made again from its changes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{accounts, acting, founded};
use crate::{
    domain::{Field, Id, Timestamp},
    policy::{Acting, GrantWish, Permission, PolicyDocument, Purpose, Quotas, Refusal, Requirement, RoleDefinition},
};

#[derive(Clone, Debug)]
enum Step {
    Request { subject: i64, role: usize, lasts: Option<i64> },
    Approve(usize),
    Revoke(usize),
    AddRole(Vec<usize>),
    ChangeRole(usize, Vec<usize>),
    RemoveRole(usize),
    AddTeam(Option<usize>),
    MoveTeam(usize, Option<usize>),
    RemoveTeam(usize),
    AddCompartment(u8),
    AddPurpose(u8),
    ChangePurpose(u8, bool, usize),
    Require(usize, bool, Option<u8>),
    Notice(String),
}

fn steps() -> impl Strategy<Value = Vec<(Option<i64>, Step)>> {
    let permissions = || prop::collection::vec(0..Permission::ALL.len(), 0..4);
    let subject = prop_oneof![1..=5_i64, Just(9)];
    let step = prop_oneof![
        6 => (subject, 0..8_usize, prop::option::of(1..40_i64)).prop_map(|(subject, role, lasts)| Step::Request { subject, role, lasts }),
        6 => (0..20_usize).prop_map(Step::Approve),
        3 => (0..20_usize).prop_map(Step::Revoke),
        1 => permissions().prop_map(Step::AddRole),
        2 => (0..8_usize, permissions()).prop_map(|(role, permissions)| Step::ChangeRole(role, permissions)),
        1 => (0..8_usize).prop_map(Step::RemoveRole),
        1 => prop::option::of(0..5_usize).prop_map(Step::AddTeam),
        2 => (0..5_usize, prop::option::of(0..5_usize)).prop_map(|(team, parent)| Step::MoveTeam(team, parent)),
        1 => (0..5_usize).prop_map(Step::RemoveTeam),
        1 => (b'A'..=b'F').prop_map(Step::AddCompartment),
        1 => "[a-z ]{1,8}".prop_map(Step::Notice),
        1 => (b'A'..=b'D').prop_map(Step::AddPurpose),
        2 => (b'A'..=b'D', any::<bool>(), 0..4_usize).prop_map(|(code, retired, hidden)| Step::ChangePurpose(code, retired, hidden)),
        2 => (0..8_usize, any::<bool>(), prop::option::of(b'A'..=b'D')).prop_map(|(role, needed, code)| Step::Require(role, needed, code)),
    ];
    prop::collection::vec((prop::option::weighted(0.8, 1..=3_i64), step), 1..60)
}

fn nth(ids: &BTreeMap<i64, impl Sized>, n: usize) -> Id {
    Id(ids.keys().nth(n % ids.len().max(1)).copied().unwrap_or(-1))
}

fn take(document: &mut PolicyDocument, id: i64, step: &Step, acting: &Acting<'_>) -> Result<(), Refusal> {
    let role = |permissions: &[usize]| RoleDefinition {
        name: format!("role-{id}"),
        description: "A test.".into(),
        built_in: false,
        permissions: permissions.iter().map(|permission| Permission::ALL[*permission].name().into()).collect(),
        windows: Vec::new(),
        quotas: Quotas::default(),
    };
    match step {
        Step::Request { subject, role, lasts } => {
            let wish = GrantWish {
                subject: Id(*subject),
                role: nth(&document.roles, *role),
                team: document.teams.keys().next().map(|team| Id(*team)),
                compartments: Vec::new(),
                reason: "a test".into(),
                expires_at: lasts.map(|lasts| Timestamp(acting.now.0 + lasts * 1_000_000)),
            };
            document.request_grant(Id(id), &wish, acting)
        }
        Step::Approve(grant) => document.approve_grant(nth(&document.grants, *grant), acting),
        Step::Revoke(grant) => document.revoke_grant(nth(&document.grants, *grant), acting),
        Step::AddRole(permissions) => document.add_role(Id(id), role(permissions)),
        Step::ChangeRole(which, permissions) => document.change_role(nth(&document.roles, *which), role(permissions), acting),
        Step::RemoveRole(which) => document.remove_role(nth(&document.roles, *which), acting),
        Step::AddTeam(parent) => document.add_team(Id(id), &format!("Team {id}"), parent.map(|parent| nth(&document.teams, parent))),
        Step::MoveTeam(team, parent) => document.move_team(nth(&document.teams, *team), parent.map(|parent| nth(&document.teams, parent))),
        Step::RemoveTeam(team) => document.remove_team(nth(&document.teams, *team), false, acting),
        Step::AddCompartment(letter) => document.add_compartment(&char::from(*letter).to_string()),
        Step::AddPurpose(letter) => document.add_purpose(&char::from(*letter).to_string(), purpose(false, 0)),
        Step::ChangePurpose(letter, retired, hidden) => {
            document.change_purpose(&char::from(*letter).to_string(), purpose(*retired, *hidden))
        }
        Step::Require(role, purpose_required, code) => {
            let purposes = code.map(|letter| char::from(letter).to_string()).into_iter().collect();
            let requirement = Requirement { agreements: Vec::new(), purpose_required: *purpose_required, purposes };
            document.set_requirement(nth(&document.roles, *role), requirement)
        }
        Step::Notice(notice) => document.set_notice(notice),
    }
}

fn purpose(retired: bool, hidden: usize) -> Purpose {
    let hidden = Field::ALL.iter().take(hidden).map(|field| field.name().to_owned()).collect();
    Purpose { description: "A test.".into(), retired, hidden, ..Purpose::default() }
}

fn holds(document: &PolicyDocument, acting: &Acting<'_>) -> Result<(), TestCaseError> {
    for subject in [1, 2, 3, 4, 5, 9] {
        let roles: Vec<_> = document
            .standing(acting.now)
            .filter(|(_, grant)| grant.subject == subject)
            .map(|(_, grant)| &document.roles[&grant.role])
            .collect();
        let (manages, reviews) = (roles.iter().any(|role| role.manages()), roles.iter().any(|role| role.reviews()));
        prop_assert!(!(manages && reviews), "{subject} manages and reviews");
        prop_assert!(subject != 9 || !(manages || reviews), "an app has a duty");
    }
    for grant in document.grants.values().filter(|grant| grant.approved_at.is_some()) {
        prop_assert_ne!(grant.approved_by, Some(grant.subject));
        prop_assert!(grant.approved_by.is_none() || grant.approved_by != grant.requested_by);
    }
    for team in document.teams.keys() {
        let above = std::iter::successors(Some(*team), |team| document.teams[team].parent);
        prop_assert!(above.take(document.teams.len() + 1).count() <= document.teams.len(), "teams in a circle");
    }
    Ok(())
}

proptest! {
    #[test]
    fn rules_hold_and_revisions_replay(steps in steps()) {
        let accounts = accounts();
        let mut document = founded(&accounts);
        let mut revisions = vec![(document.sha256(), PolicyDocument::default().changes_to(&document))];
        for ((by, step), second) in steps.iter().zip(2..) {
            let acting = acting(&accounts, *by, second);
            let mut after = document.clone();
            if take(&mut after, 1_000 + second, step, &acting).is_ok() {
                // Grants that expired by themselves may leave nobody; a change may not.
                prop_assert!(document.admins(&acting).is_empty() || !after.admins(&acting).is_empty());
                revisions.push((after.sha256(), document.changes_to(&after)));
                document = after;
            }
            holds(&document, &acting)?;
        }
        let mut items = BTreeMap::new();
        for (sha256, changes) in revisions {
            for change in changes {
                prop_assert_eq!(items.get(&(change.kind, change.item.clone())), change.before.as_ref());
                match change.after {
                    Some(after) => drop(items.insert((change.kind, change.item), after)),
                    None => drop(items.remove(&(change.kind, change.item))),
                }
            }
            let made = PolicyDocument::from_items(items.iter().map(|((kind, item), value)| (*kind, item.as_str(), value.as_str())));
            prop_assert_eq!(made.unwrap().sha256(), sha256);
        }
        let made = PolicyDocument::from_items(items.iter().map(|((kind, item), value)| (*kind, item.as_str(), value.as_str())));
        prop_assert_eq!(made.unwrap(), document);
    }
}
