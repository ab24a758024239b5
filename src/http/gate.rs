//! What every handler shares.

use std::{fmt, sync::Arc};

use crate::{app::Core, graphql::LeadkeepSchema};

/// The state of the router.
pub struct Gate {
    /// The inside.
    pub core: Arc<Core>,
    /// What can be asked.
    pub schema: LeadkeepSchema,
    /// What is trusted and shown.
    pub settings: super::Settings,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Gate {
    /// The gate to `core`.
    pub fn new(core: Arc<Core>, settings: super::Settings) -> Self {
        // Depth and complexity are limited by the engine, everything else before the document reaches it.
        let limits = &core.limits;
        let schema = crate::graphql::builder().limit_depth(limits.depth).limit_complexity(limits.complexity).finish();
        Self { core, schema, settings }
    }
}
