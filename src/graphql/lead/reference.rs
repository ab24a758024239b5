//! People, apps and teams, by name.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    collect::merged,
    json,
    object::{Out, object, outs},
};
use crate::{domain::Id, policy::Snapshot};

/// What stands under a key of a reference.
pub(super) enum ReferenceOut {
    Typename,
    Id,
    Name,
}

/// Every key of a reference that the selection sets ask for.
pub(super) fn plan<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<ReferenceOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(ReferenceOut::Typename),
        "id" => Some(ReferenceOut::Id),
        "name" => Some(ReferenceOut::Name),
        _ => None,
    })
}

/// A person or app, by name.
pub(super) fn person(out: &mut Vec<u8>, plan: &[Out<ReferenceOut>], whose: Id, snapshot: &Snapshot) {
    named(out, plan, "PersonReference", whose, snapshot.name(whose));
}

/// Somebody or something, by name.
pub(super) fn named(out: &mut Vec<u8>, plan: &[Out<ReferenceOut>], kind: &str, whose: Id, name: Option<&str>) {
    object(out, plan, |out, what| match what {
        ReferenceOut::Typename => json::text(out, kind),
        ReferenceOut::Id => json::id(out, whose),
        ReferenceOut::Name => json::option(out, name, json::text),
    });
}
