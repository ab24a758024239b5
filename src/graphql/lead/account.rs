//! The account through which a lead is known.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    collect::merged,
    json,
    object::{Out, object, outs},
    reference::{self, ReferenceOut},
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
        "custodian" => Some(AccountOut::Custodian(reference::plan(ctx, &selected.sets))),
        _ => None,
    })
}

/// Writes one account.
pub(super) fn account(out: &mut Vec<u8>, plan: &[Out<AccountOut>], account: &AccountFacts, snapshot: &Snapshot) {
    object(out, plan, |out, what| match what {
        AccountOut::Typename => json::text(out, "LeadAccount"),
        AccountOut::Id => json::id(out, account.id),
        AccountOut::Platform => json::text(out, account.platform.name()),
        AccountOut::Kind => json::text(out, account.kind.name()),
        AccountOut::Custodian(plan) => reference::person(out, plan, account.custodian, snapshot),
    });
}
