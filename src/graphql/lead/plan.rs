//! From a selection to what each row renders: made once, followed for every row.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    collect::merged,
    custody::{self, CustodyOut},
    object::{Out, outs},
    origin::{self, OriginOut},
    reference::{self, ReferenceOut},
    relationship::{self, RelationshipOut},
};
use crate::{
    domain::{Field, FieldSet, Timestamp},
    graphql::error::op,
};

/// What stands under a key of a lead.
pub(super) enum LeadOut {
    Typename,
    Id,
    Version,
    Name,
    Cell(Field),
    /// Owner or team: a reference with its own keys.
    Reference(Field, Vec<Out<ReferenceOut>>),
    Origins(Vec<Out<OriginOut>>),
    /// What follows from the origins at this moment.
    Custody(Timestamp, Vec<Out<CustodyOut>>),
    Relationships(Vec<Out<RelationshipOut>>),
    Marking(Vec<Out<MarkingOut>>),
    Redactions(Vec<Out<RedactionOut>>),
}

pub(super) enum MarkingOut {
    Typename,
    Level,
    Compartments,
    Banner,
}

pub(super) enum RedactionOut {
    Typename,
    Field,
    Disposition,
    Marking(Vec<Out<MarkingOut>>),
}

/// Every key of a lead that the selection sets ask for.
pub(super) fn lead<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<LeadOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(LeadOut::Typename),
        "id" => Some(LeadOut::Id),
        "version" => Some(LeadOut::Version),
        "name" => Some(LeadOut::Name),
        "marking" => Some(LeadOut::Marking(marking(ctx, &selected.sets))),
        "redactions" => Some(LeadOut::Redactions(redactions(ctx, &selected.sets))),
        "custody" => Some(LeadOut::Custody(op(ctx).at, custody::plan(ctx, &selected.sets))),
        name => Field::from_name(name).map(|field| match field {
            Field::Owner | Field::Team => LeadOut::Reference(field, reference::plan(ctx, &selected.sets)),
            Field::Origins => LeadOut::Origins(origin::plan(ctx, &selected.sets)),
            Field::Relationships => LeadOut::Relationships(relationship::plan(ctx, &selected.sets)),
            field => LeadOut::Cell(field),
        }),
    })
}

/// The fields that these keys show.
pub(super) fn fields(outs: &[Out<LeadOut>]) -> FieldSet {
    let mut set = FieldSet::EMPTY;
    for out in outs {
        match &out.what {
            LeadOut::Cell(field) | LeadOut::Reference(field, _) => set.insert(*field),
            LeadOut::Origins(_) | LeadOut::Custody(..) => set.insert(Field::Origins),
            LeadOut::Relationships(_) => [Field::Relationships, Field::Owner].into_iter().for_each(|field| set.insert(field)),
            LeadOut::Name => [Field::FirstName, Field::LastName].into_iter().for_each(|field| set.insert(field)),
            _ => {}
        }
    }
    set
}

fn marking<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<MarkingOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(MarkingOut::Typename),
        "level" => Some(MarkingOut::Level),
        "compartments" => Some(MarkingOut::Compartments),
        "banner" => Some(MarkingOut::Banner),
        _ => None,
    })
}

fn redactions<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<RedactionOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(RedactionOut::Typename),
        "field" => Some(RedactionOut::Field),
        "disposition" => Some(RedactionOut::Disposition),
        "marking" => Some(RedactionOut::Marking(marking(ctx, &selected.sets))),
        _ => None,
    })
}
