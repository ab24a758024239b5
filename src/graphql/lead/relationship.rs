//! Relationships of a lead.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    account::{self, AccountOut},
    collect::merged,
    json,
    object::{Out, object, outs},
    reference::{self, ReferenceOut},
};
use crate::{
    domain::{Colleague, Id, Relationship, RelationshipRole},
    policy::Snapshot,
};

/// What stands under a key of a relationship.
pub(super) enum RelationshipOut {
    Typename,
    Role,
    Person(Vec<Out<ReferenceOut>>),
    Account(Vec<Out<AccountOut>>),
    Since,
    NotedBy(Vec<Out<ReferenceOut>>),
}

/// The owner, who stands to the lead without anybody having noted it, or somebody else.
pub(super) enum Standing {
    Owner(Id),
    Other(Relationship),
}

/// Every key of a relationship that the selection sets ask for.
pub(super) fn plan<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<RelationshipOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(RelationshipOut::Typename),
        "role" => Some(RelationshipOut::Role),
        "person" => Some(RelationshipOut::Person(reference::plan(ctx, &selected.sets))),
        "account" => Some(RelationshipOut::Account(account::plan(ctx, &selected.sets))),
        "since" => Some(RelationshipOut::Since),
        "notedBy" => Some(RelationshipOut::NotedBy(reference::plan(ctx, &selected.sets))),
        _ => None,
    })
}

/// Writes the owner, if they are shown, and the others.
pub(super) fn relationships(out: &mut Vec<u8>, plan: &[Out<RelationshipOut>], owner: Option<Id>, told: &str, snapshot: &Snapshot) {
    let others = Relationship::all(told).into_iter().map(Standing::Other);
    json::array(out, owner.map(Standing::Owner).into_iter().chain(others), |out, standing| one(out, plan, &standing, snapshot));
}

fn one(out: &mut Vec<u8>, plan: &[Out<RelationshipOut>], standing: &Standing, snapshot: &Snapshot) {
    let (role, person, noted) = match standing {
        Standing::Owner(owner) => (RelationshipRole::Owner, Some(*owner), None),
        Standing::Other(other) => (other.with.role(), matches!(other.with, Colleague::Person(_)).then(|| other.with.id()), Some(other)),
    };
    let account = noted.and_then(|other| match &other.with {
        Colleague::Account(account) => Some(account),
        Colleague::Person(_) => None,
    });
    object(out, plan, |out, what| match what {
        RelationshipOut::Typename => json::text(out, "LeadRelationship"),
        RelationshipOut::Role => json::text(out, role.name()),
        RelationshipOut::Person(plan) => json::option(out, person, |out, who| reference::person(out, plan, who, snapshot)),
        RelationshipOut::Account(plan) => json::option(out, account, |out, of| account::account(out, plan, of, snapshot)),
        RelationshipOut::Since => json::option(out, noted, |out, other| json::text(out, &other.since.to_string())),
        RelationshipOut::NotedBy(plan) => {
            json::option(out, noted.and_then(|other| other.by), |out, by| reference::person(out, plan, by, snapshot));
        }
    });
}
