//! The account through which a lead is known.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    collect::merged,
    json,
    plan::{Out, ReferenceOut, outs, reference},
    render,
};
use crate::{domain::AccountFacts, policy::Snapshot};

/// What stands under a key of an account.
pub(super) enum AccountOut {
    Typename,
    Id,
    Platform,
    Kind,
    Custodian(Vec<Out<ReferenceOut>>),
}

/// Every key of an account that the selection sets ask for.
pub(super) fn plan<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<AccountOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(AccountOut::Typename),
        "id" => Some(AccountOut::Id),
        "platform" => Some(AccountOut::Platform),
        "kind" => Some(AccountOut::Kind),
        "custodian" => Some(AccountOut::Custodian(reference(ctx, &selected.sets))),
        _ => None,
    })
}

/// Writes one account.
pub(super) fn account(out: &mut Vec<u8>, plan: &[Out<AccountOut>], account: &AccountFacts, snapshot: &Snapshot) {
    render::object(out, plan, |out, what| match what {
        AccountOut::Typename => json::text(out, "LeadAccount"),
        AccountOut::Id => render::id(out, account.id),
        AccountOut::Platform => json::text(out, account.platform.name()),
        AccountOut::Kind => json::text(out, account.kind.name()),
        AccountOut::Custodian(plan) => render::person(out, plan, account.custodian, snapshot),
    });
}
