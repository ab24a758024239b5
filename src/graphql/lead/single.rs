//! One lead: asked for by id, or left behind by a change.

use std::borrow::Cow;

use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field as Asked, registry::Registry};

use super::{collect, plan, render, schema::LeadShape};
use crate::{
    app::leads,
    domain::Id,
    graphql::{error, raw},
};

/// A lead that renders itself; null if there is none or the caller may not see it.
pub enum Lead {
    /// To be looked up.
    ById(Id),
    /// Just written.
    Written(leads::Changed),
}

impl OutputType for Lead {
    fn type_name() -> Cow<'static, str> {
        LeadShape::type_name()
    }

    fn qualified_type_name() -> String {
        LeadShape::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        LeadShape::create_type_info(registry);
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Asked>) -> ServerResult<Value> {
        let op = error::op(ctx);
        let plan = plan::lead(ctx, &collect::of_this_field(ctx, field));
        let (select, snapshot) = (plan::fields(&plan), op.snapshot.clone());
        let show = move |out: &mut Vec<u8>, view: &leads::LeadView<'_>| render::lead(out, &plan, view, &snapshot);
        let shown = match self {
            Self::ById(id) => leads::one(op, *id, select, Vec::with_capacity(1_024), show).await,
            Self::Written(changed) => changed.show(op, select, Vec::with_capacity(1_024), show).await,
        };
        match shown {
            Ok(shown) => Ok(shown.map_or(Value::Null, raw::value)),
            Err(refused) => Err(ctx.set_error_path(error::outward(op, &refused).into_server_error(field.pos))),
        }
    }
}
