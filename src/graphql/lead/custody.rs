//! The custody of a lead.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    collect::merged,
    json,
    object::{Out, object, outs},
    reference::{self, ReferenceOut},
};
use crate::{
    domain::{Custody, custody::Reason},
    policy::Snapshot,
};

/// What stands under a key of a custody.
pub(super) enum CustodyOut {
    Typename,
    Strength,
    Reasons,
    OnlyBy(Vec<Out<ReferenceOut>>),
}

/// Every key of a custody that the selection sets ask for.
pub(super) fn plan<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<CustodyOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(CustodyOut::Typename),
        "strength" => Some(CustodyOut::Strength),
        "reasons" => Some(CustodyOut::Reasons),
        "onlyBy" => Some(CustodyOut::OnlyBy(reference::plan(ctx, &selected.sets))),
        _ => None,
    })
}

/// Writes a custody.
pub(super) fn custody(out: &mut Vec<u8>, plan: &[Out<CustodyOut>], custody: &Custody, snapshot: &Snapshot) {
    object(out, plan, |out, what| match what {
        CustodyOut::Typename => json::text(out, "LeadCustody"),
        CustodyOut::Strength => json::text(out, custody.strength.name()),
        CustodyOut::Reasons => {
            json::array(out, custody.reasons.iter().copied().map(Reason::sentence), |out, sentence| json::text(out, &sentence));
        }
        CustodyOut::OnlyBy(plan) => json::option(out, custody.only_by, |out, who| reference::person(out, plan, who, snapshot)),
    });
}
