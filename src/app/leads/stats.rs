//! Counting leads by a field.

use crate::{
    app::{Error, Op},
    domain::{
        LeadQuery,
        query::{Group, GroupBy},
    },
};

use super::read;

/// Counts by group, largest first. Leads whose value is not clear to the caller count as having none.
pub async fn stats(op: &Op, query: LeadQuery, by: GroupBy) -> Result<Vec<Group>, Error> {
    let scope = read::readable(op)?;
    read::require_clear(&scope, [by.field()].into_iter().collect())?;
    let query = read::admit(op, &scope, query)?;
    let compartments = op.snapshot.document.compartments.len();
    let (groups, marking) = op.core.store.lead_stats(&scope, &query, by, compartments).await?;
    let mut trace = op.trace();
    trace.used.group.insert(by.field());
    trace.rows += groups.len() as u64;
    if !groups.is_empty() {
        trace.marking = trace.marking.join(marking).join(scope.field_marking(by.field()));
    }
    Ok(groups)
}
