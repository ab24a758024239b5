//! The SQL and a plain reading of the rules agree: which rows, in which order, which cells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod rules;

use std::{cmp::Ordering, collections::BTreeMap, sync::atomic::AtomicI64};

use case::{CODES, Case, ME, Spec, case};
use leadkeep::{
    domain::{Field, FieldSet, Filter, Id, LeadQuery, LeadRow, LeadValue, Timestamp, lead::FieldType, normal, words},
    policy::{Code, Declared, Level, Marking, Permission, Rights, Window},
    store::{Store, StoreError, leads::NewLead},
};
use proptest::prelude::*;
use rules::{admitted, by_the_rules, cell, found, holds, in_order, values};
use support::{Backend, Home, property};

const NOW: Timestamp = Timestamp(1_000_000);

/// A list to which each case adds leads of its own.
struct Stage {
    store: Store,
    next: AtomicI64,
    /// Last, so that the databases outlive their handles.
    _home: Home,
}

/// What a row of the answer shows of itself.
type Shown = (Id, FieldSet, FieldSet, BTreeMap<u8, LeadValue>);

async fn agrees(stage: &Stage, case: Case) -> Result<(), TestCaseError> {
    let Stage { store, next, .. } = stage;
    let rights = Rights::of(&case.document, ME, case.document.declared(case.declared), NOW);
    if case.declared.is_some() {
        opens_nothing(&case, &rights)?;
    }
    let everything = Rights::operator(&case.document).leads(Permission::LeadCreate).unwrap();
    let first = next.fetch_add(case.leads.len() as i64, std::sync::atomic::Ordering::SeqCst);
    let ids: Vec<Id> = (first..).map(Id).take(case.leads.len()).collect();
    let rows = ids.iter().zip(&case.leads).map(|(id, spec)| {
        let values = values(spec);
        let finders = (normal::keys(&values), words::index(&values));
        NewLead { id: *id, marking: Marking::new(Level::from_number(spec.level), spec.compartments), values, finders }
    });
    let rows: Vec<NewLead> = rows.collect();
    store
        .write(move |tx| Box::pin(async move { tx.insert_leads(&everything, &rows).await }))
        .await
        .map_err(|e: StoreError| e.to_string())
        .unwrap();

    let visible: BTreeMap<Id, (FieldSet, FieldSet, &Spec)> = ids
        .iter()
        .zip(&case.leads)
        .filter_map(|(id, spec)| by_the_rules(&case.document, case.declared, spec).map(|(clear, masked)| (*id, (clear, masked, spec))))
        .collect();
    let Ok(scope) = rights.leads(Permission::LeadRead) else {
        prop_assert!(visible.is_empty(), "rows exist by the rules, but there is no window");
        let closed = case.document.grants.values().any(|grant| !admitted(&case.document, grant.role, case.declared));
        let code = rights.leads(Permission::LeadRead).unwrap_err().code;
        prop_assert!(closed || code == Code::Forbidden, "no purpose keeps anything closed, but one is asked for");
        return Ok(());
    };
    let sort_value = |id: &Id| case.order.field.and_then(|field| cell(visible[id].2, visible[id].0, field));
    let mut expected: Vec<(Id, Option<LeadValue>)> = visible
        .iter()
        .filter(|(_, (clear, _, spec))| holds(&case.filter, spec, *clear) && found(&case.words, spec, *clear))
        .map(|(id, _)| (*id, sort_value(id)))
        .collect();
    expected.sort_by(|a, b| in_order(case.order, a, b));
    let count = expected.len() as u64;
    let join = expected.iter().map(|(id, _)| visible[id].2).map(|spec| Marking::new(Level::from_number(spec.level), spec.compartments));
    let join = join.fold(Marking::PUBLIC, Marking::join);
    let from = case.from.filter(|_| !visible.is_empty()).map(|index| *visible.keys().nth(index.index(visible.len())).unwrap());
    if let Some(from) = from {
        let at = (from, sort_value(&from));
        expected.retain(|row| in_order(case.order, row, &at) == if case.backward { Ordering::Less } else { Ordering::Greater });
    }
    if case.backward {
        expected.reverse();
    }
    let more = expected.len() > case.limit;
    expected.truncate(case.limit);

    let mine = Filter::All(vec![Filter::Ids(ids.clone()), case.filter.clone()]);
    let query = LeadQuery {
        filter: Some(mine),
        words: case.words.clone(),
        order: case.order,
        from,
        backward: case.backward,
        limit: case.limit,
        select: Field::ALL.iter().copied().collect(),
    };
    let cells = scope.clone();
    let show = move |shown: &mut Vec<Shown>, row: &dyn LeadRow| {
        let (clear, masked) = cells.cells(row.windows());
        let read = |field: Field| match field.kind() {
            FieldType::Text | FieldType::List => row.text(field).map(|text| LeadValue::Text(text.into())),
            _ => row.integer(field).map(LeadValue::Integer),
        };
        let there = Field::ALL.iter().filter_map(|field| read(*field).map(|value| (field.number(), value)));
        shown.push((row.id(), clear, masked, there.collect()));
    };
    let page = store.lead_page(&scope, &query, Vec::new(), show).await.unwrap().expect("the cursor's lead is visible");
    let got: Vec<Id> = page.state.iter().map(|row| row.0).collect();
    prop_assert_eq!(&got, &expected.iter().map(|row| row.0).collect::<Vec<_>>(), "rows and their order");
    prop_assert_eq!(page.more, more, "whether there are more");
    for (id, clear, masked, there) in &page.state {
        let (by_clear, by_masked, spec) = &visible[id];
        prop_assert_eq!((clear, masked), (by_clear, by_masked), "cells of {}", id);
        let shown = by_clear.union(*by_masked);
        let wanted = values(spec).0.into_iter().filter(|(field, _)| shown.contains(*field));
        let wanted: BTreeMap<u8, LeadValue> = wanted.filter_map(|(field, value)| Some((field.number(), value?))).collect();
        prop_assert_eq!(there, &wanted, "a hidden value left the database, or a shown one did not");
    }
    let counted = store.lead_count(&scope, &LeadQuery { from: None, ..query }, CODES.len()).await.unwrap();
    prop_assert_eq!(counted, (count, join), "totalCount");
    Ok(())
}

/// A purpose shows no cell of any row that is not shown without one, where none is needed.
fn opens_nothing(case: &Case, narrowed: &Rights) -> Result<(), TestCaseError> {
    let mut free = case.document.clone();
    for role in [0, 1] {
        free.requirements.entry(role).or_default().purpose_required = false;
    }
    let plain = Rights::of(&free, ME, Declared::Nothing, NOW);
    for spec in &case.leads {
        let cells = |rights: &Rights| {
            let scope = rights.leads(Permission::LeadRead).ok()?;
            let marking = Marking::new(Level::from_number(spec.level), spec.compartments);
            let opens = |window: &Window| window.opens(spec.owner.map(Id), spec.team.map(Id), marking);
            let bits = scope.windows().iter().enumerate().filter(|(_, window)| opens(window)).fold(0, |bits, (bit, _)| bits | 1 << bit);
            (bits != 0).then(|| scope.cells(bits))
        };
        let Some((clear, masked)) = cells(narrowed) else { continue };
        let Some((more_clear, more_masked)) = cells(&plain) else { panic!("a purpose opened a row") };
        prop_assert!(clear.minus(more_clear).is_empty(), "a purpose cleared a cell");
        prop_assert!(masked.minus(more_clear.union(more_masked)).is_empty(), "a purpose showed a cell");
    }
    Ok(())
}

fn run(backend: Backend) {
    let open = async || {
        let home = Home::new(backend).await;
        Stage { store: Store::open(&home.location(), 4).await.unwrap(), next: AtomicI64::new(1), _home: home }
    };
    property::run(150, case(), open, agrees, async |stage: Stage| drop(stage));
}

#[test]
fn sqlite_agrees_with_the_rules() {
    run(Backend::Sqlite);
}

#[test]
fn postgres_agrees_with_the_rules() {
    run(Backend::Postgres);
}
