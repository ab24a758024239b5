//! Reading: pages, single leads, counts. What is shown is noted row by row, in the loop that shows it.

use std::collections::BTreeSet;

use crate::{
    app::{Error, Op, op::Trace},
    audit::record::ASKED_FOR,
    domain::{FieldSet, Filter, Id, LeadQuery, LeadRow, LeadValue, Test, lead::Field},
    policy::{LeadScope, Permission, Refusal},
};

use super::LeadView;

/// What came of a page besides its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageInfo {
    /// Ids of the rows, in the direction read.
    pub ids: Vec<Id>,
    /// Whether there are more in that direction.
    pub more: bool,
}

/// The state of the loop that shows rows: notes and renders.
struct Showing<S> {
    state: S,
    scope: LeadScope,
    select: FieldSet,
    trace: Trace,
    ids: Vec<Id>,
    known: Option<(u32, Shown)>,
}

/// What a set of opening windows shows: computed once for all rows that the same windows open.
#[derive(Clone, Copy)]
struct Shown {
    clear: FieldSet,
    masked: FieldSet,
    marking: crate::policy::Marking,
}

impl<S> Showing<S> {
    fn new(scope: LeadScope, select: FieldSet, state: S) -> Self {
        Self { state, scope, select, trace: Trace::default(), ids: Vec::new(), known: None }
    }

    fn row(&mut self, row: &dyn LeadRow, render: impl FnOnce(&mut S, &LeadView<'_>)) {
        let windows = row.windows();
        let shown = match self.known {
            Some((known, shown)) if known == windows => shown,
            _ => self.shown(windows),
        };
        let view = LeadView::new(row, (shown.clear, shown.masked), &self.scope);
        render(&mut self.state, &view);
        self.trace.marking = self.trace.marking.join(shown.marking).join(view.marking());
        self.trace.show(shown.clear.intersection(self.select), shown.masked.intersection(self.select), row.id());
        self.trace.rows += 1;
        self.ids.push(row.id());
    }

    fn shown(&mut self, windows: u32) -> Shown {
        let (clear, masked) = self.scope.cells(windows);
        let marking = self.scope.marking_of(clear.intersection(self.select), masked.intersection(self.select));
        let shown = Shown { clear, masked, marking };
        self.known = Some((windows, shown));
        shown
    }
}

/// Shows one page. `render` is called for each row, in the direction read.
pub async fn page<S, R>(op: &Op, query: LeadQuery, state: S, render: R) -> Result<(S, PageInfo), Error>
where
    S: Send + 'static,
    R: FnMut(&mut S, &LeadView<'_>) + Send + 'static,
{
    let scope = readable(op)?;
    let query = admit(op, &scope, query)?;
    page_through(op, &scope, query, state, render).await
}

/// Shows one page of an admitted query through these windows.
pub(in crate::app) async fn page_through<S, R>(
    op: &Op,
    scope: &LeadScope,
    query: LeadQuery,
    state: S,
    mut render: R,
) -> Result<(S, PageInfo), Error>
where
    S: Send + 'static,
    R: FnMut(&mut S, &LeadView<'_>) + Send + 'static,
{
    let showing = Showing::new(scope.clone(), query.select, state);
    let page = op.core.store.lead_page(scope, &query, showing, move |showing, row| showing.row(row, &mut render)).await?;
    let page =
        page.ok_or_else(|| Refusal::bad_input("The lead at this cursor is gone or no longer yours to see; start from the first page."))?;
    let Showing { state, trace, ids, .. } = page.state;
    op.trace().absorb(trace);
    if query.from.is_none() && !page.more {
        note_asked(op, named(query.filter.as_ref()).into_iter().filter(|id| !ids.contains(id)));
    }
    Ok((state, PageInfo { ids, more: page.more }))
}

/// Shows one lead; `None` if there is none or no window opens it.
pub async fn one<S, R>(op: &Op, id: Id, select: FieldSet, state: S, mut render: R) -> Result<Option<S>, Error>
where
    S: Send + 'static,
    R: FnMut(&mut S, &LeadView<'_>) + Send + 'static,
{
    let scope = readable(op)?;
    let showing = Showing::new(scope.clone(), select, state);
    let showing = op.core.store.lead(&scope, id, select, showing, move |showing, row| showing.row(row, &mut render)).await?;
    let Showing { state, trace, ids, .. } = showing;
    op.trace().absorb(trace);
    if ids.is_empty() {
        note_asked(op, [id]);
        return Ok(None);
    }
    Ok(Some(state))
}

/// Shows a lead that a change has just written, without another query.
pub(super) fn written<S>(
    op: &Op,
    scope: &LeadScope,
    row: &dyn LeadRow,
    select: FieldSet,
    state: S,
    render: impl FnOnce(&mut S, &LeadView<'_>),
) -> S {
    let mut showing = Showing::new(scope.clone(), select, state);
    showing.row(row, render);
    op.trace().absorb(showing.trace);
    showing.state
}

/// How many leads a query finds. The number is as confidential as the leads it is made of.
pub async fn count(op: &Op, query: LeadQuery) -> Result<u64, Error> {
    let scope = readable(op)?;
    let query = admit(op, &scope, query)?;
    let (count, marking) = op.core.store.lead_count(&scope, &query, op.snapshot.document.compartments.len()).await?;
    let named = named(query.filter.as_ref());
    if count < named.len() as u64 {
        note_asked(op, named);
    }
    let mut trace = op.trace();
    trace.marking = trace.marking.join(marking);
    Ok(count)
}

/// How many leads that were asked for and not shown one record names.
const ASKED: usize = 24;

/// Notes leads that were asked for by their ids and not shown, whether or not there are any.
pub(super) fn note_asked(op: &Op, leads: impl IntoIterator<Item = Id>) {
    let mut trace = op.trace();
    for lead in leads {
        let reason = format!("{ASKED_FOR}{lead}");
        let known = trace.reasons.iter().filter(|known| known.starts_with(ASKED_FOR)).count();
        if known < ASKED && !trace.reasons.contains(&reason) {
            trace.reasons.push(reason);
        }
    }
}

/// Why nothing is done with a lead that is not there for the caller; noted as asked for.
pub(super) fn not_there(op: &Op, lead: Id) -> Refusal {
    note_asked(op, [lead]);
    Refusal::not_found()
}

/// The ids that a filter asks for.
fn named(filter: Option<&Filter>) -> BTreeSet<Id> {
    match filter {
        Some(Filter::Ids(ids)) => ids.iter().copied().collect(),
        Some(Filter::All(parts) | Filter::Any(parts)) => parts.iter().flat_map(|part| named(Some(part))).collect(),
        Some(Filter::Not(_) | Filter::Field(..)) | None => BTreeSet::new(),
    }
}

/// The windows to read through, noted as used.
pub(super) fn readable(op: &Op) -> Result<LeadScope, Refusal> {
    let scope = op.rights.leads(Permission::LeadRead)?;
    note_grants(op, &scope);
    Ok(scope)
}

pub(in crate::app) fn note_grants(op: &Op, scope: &LeadScope) {
    let mut trace = op.trace();
    for grant in scope.windows().iter().flat_map(|window| &window.grants) {
        if !trace.grants.contains(grant) {
            trace.grants.push(*grant);
        }
    }
}

/// Refuses a query about fields that no window shows in clear, by name; leaves put-away leads out unless asked for. Which
/// leads come, and in which order, tells of the fields that decided it, so the answer bears their markings, too.
pub(in crate::app) fn admit(op: &Op, scope: &LeadScope, mut query: LeadQuery) -> Result<LeadQuery, Refusal> {
    let filtered = query.filter.as_ref().map(Filter::fields).unwrap_or_default();
    let asked = filtered.union(query.order.field.into_iter().collect());
    require_clear(scope, asked)?;
    if !filtered.contains(Field::Archived) && scope.clear_in(Field::Archived) != 0 {
        let present = Filter::Not(Box::new(Filter::Field(Field::Archived, Test::In(vec![LeadValue::Integer(1)]))));
        query.filter = Some(match query.filter {
            None => present,
            Some(filter) => Filter::All(vec![filter, present]),
        });
    }
    let searchable = if query.words.is_empty() { FieldSet::EMPTY } else { crate::domain::words::searchable() };
    let searched: FieldSet = searchable.iter().filter(|field| scope.clear_in(*field) != 0).collect();
    let mut trace = op.trace();
    trace.used.filter = trace.used.filter.union(filtered);
    trace.used.sort = trace.used.sort.union(query.order.field.into_iter().collect());
    trace.used.search = trace.used.search.union(searched);
    trace.marking = trace.marking.join(scope.marking_of(asked.union(searched), FieldSet::EMPTY));
    Ok(query)
}

/// Refuses, by name, fields that none of the windows shows in clear.
pub(in crate::app) fn require_clear(scope: &LeadScope, fields: FieldSet) -> Result<(), Refusal> {
    match fields.iter().find(|field| scope.clear_in(*field) == 0) {
        None => Ok(()),
        Some(field) => Err(Refusal::forbidden(format!("None of your windows shows the field {} in clear.", field.name()))),
    }
}
