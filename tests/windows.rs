//! The SQL and a plain reading of the rules agree: which rows, in which order, which cells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod support;

use std::{cmp::Ordering, collections::BTreeMap, sync::atomic::AtomicI64};

use leadkeep::{
    domain::{
        Field, FieldSet, Filter, Id, LeadKey, LeadQuery, LeadRow, LeadValue, LeadValues, Order, Test, Timestamp, lead::FieldType, normal,
        query::KeyKind, words,
    },
    policy::{
        GrantRow, Level, Marking, Permission, PolicyDocument, Rights, RoleDefinition, Scope, TeamRow, WindowTemplate,
        document::{MarkingText, Quotas},
        mask,
    },
    store::{Store, StoreError, leads::NewLead},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use support::{Backend, Home};

const ME: Id = Id(50);
const NOW: Timestamp = Timestamp(1_000_000);
const LEVELS: [&str; 4] = ["PUBLIC", "INTERNAL", "CONFIDENTIAL", "TRADE_SECRET"];
const CODES: [&str; 3] = ["A", "B", "C"];

/// What a lead of the test is made of.
#[derive(Clone, Debug)]
struct Spec {
    owner: Option<i64>,
    team: Option<i64>,
    level: u8,
    compartments: u64,
    company: Option<&'static str>,
    last_name: Option<&'static str>,
    score: Option<i64>,
    deal: Option<i64>,
    tags: Vec<&'static str>,
    archived: i64,
}

#[derive(Clone, Debug)]
struct Case {
    document: PolicyDocument,
    leads: Vec<Spec>,
    filter: Filter,
    words: Vec<String>,
    order: Order,
    limit: usize,
    backward: bool,
    from: Option<prop::sample::Index>,
}

fn lead() -> impl Strategy<Value = Spec> {
    let texts = || option::of(select(vec!["a", "ab", "abc", "b", "ba c"]));
    let places = (option::of(select(vec![ME.0, 51])), option::of(1_i64..=4), 0_u8..4, 0_u64..8);
    let values = (texts(), texts(), option::of(0_i64..3), option::of(-1_i64..2), subsequence(vec!["x", "y"], 0..=2), 0_i64..2);
    (places, values).prop_map(|((owner, team, level, compartments), (company, last_name, score, deal, tags, archived))| Spec {
        owner,
        team,
        level,
        compartments,
        company,
        last_name,
        score,
        deal,
        tags,
        archived,
    })
}

fn marking() -> impl Strategy<Value = MarkingText> {
    (select(LEVELS.to_vec()), subsequence(CODES.to_vec(), 0..=1))
        .prop_map(|(level, codes)| MarkingText { level: level.into(), compartments: codes.into_iter().map(Into::into).collect() })
}

fn window() -> impl Strategy<Value = WindowTemplate> {
    let scope = select(vec![Scope::Own, Scope::Team, Scope::All]);
    let masked = subsequence(Field::ALL.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>(), 0..=4);
    (scope, select(LEVELS.to_vec()), subsequence(CODES.to_vec(), 0..=3), any::<bool>(), masked).prop_map(
        |(scope, level, codes, all_compartments, masked)| WindowTemplate {
            scope,
            level: level.into(),
            compartments: codes.into_iter().map(Into::into).collect(),
            all_compartments,
            masked,
        },
    )
}

fn document() -> impl Strategy<Value = PolicyDocument> {
    let markings = vec(marking(), Field::ALL.len());
    let role = || vec(window(), 1..=2);
    let grant = || (0_i64..2, option::of(1_i64..=4), subsequence(CODES.to_vec(), 0..=2));
    (markings, role(), role(), vec(grant(), 1..=3)).prop_map(|(markings, one, other, grants)| {
        let role = |name: &str, windows: Vec<WindowTemplate>| RoleDefinition {
            name: name.into(),
            description: String::new(),
            built_in: false,
            permissions: vec!["LEAD_READ".into()],
            windows,
            quotas: Quotas::default(),
        };
        let team = |name: &str, parent| TeamRow { name: name.into(), parent };
        let grant = |(role, team, codes): (i64, Option<i64>, Vec<&str>)| GrantRow {
            subject: ME.0,
            role,
            team,
            compartments: codes.into_iter().map(Into::into).collect(),
            reason: String::new(),
            requested_by: None,
            requested_at: 0,
            approved_by: None,
            approved_at: Some(0),
            expires_at: None,
            revoked_at: None,
            revoked_by: None,
        };
        PolicyDocument {
            compartments: CODES.map(Into::into).to_vec(),
            field_markings: Field::ALL.iter().zip(markings).map(|(field, marking)| (field.name().to_owned(), marking)).collect(),
            // 1 ── 2 ── 3   4
            teams: [(1, team("1", None)), (2, team("2", Some(1))), (3, team("3", Some(2))), (4, team("4", None))].into(),
            roles: [(0, role("one", one)), (1, role("other", other))].into(),
            grants: grants.into_iter().map(grant).zip(1..).map(|(grant, id)| (id, grant)).collect(),
            ..PolicyDocument::default()
        }
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let text = || select(vec!["a", "ab", "b"]).prop_map(|text| LeadValue::Text(text.into()));
    let number = || (-1_i64..3).prop_map(LeadValue::Integer);
    let texts = || {
        prop_oneof![
            vec(text(), 0..3).prop_map(Test::In),
            select(vec!["a", "ab", "b", ""]).prop_map(|prefix| Test::Prefix(prefix.into())),
            any::<bool>().prop_map(Test::Empty),
        ]
    };
    let numbers = || {
        prop_oneof![
            vec(number(), 0..3).prop_map(Test::In),
            number().prop_map(Test::AtLeast),
            number().prop_map(Test::AtMost),
            any::<bool>().prop_map(Test::Empty),
        ]
    };
    let tag = select(vec!["x", "y"]).prop_map(|tag| Test::Has(LeadKey { kind: KeyKind::Tag, value: tag.into() }));
    let leaf = prop_oneof![
        (select(vec![Field::Company, Field::LastName]), texts()).prop_map(|(field, test)| Filter::Field(field, test)),
        (select(vec![Field::Score, Field::DealValue, Field::Archived]), numbers()).prop_map(|(field, test)| Filter::Field(field, test)),
        tag.prop_map(|test| Filter::Field(Field::Tags, test)),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Filter::All),
            vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

fn case() -> impl Strategy<Value = Case> {
    let order = (option::of(select(vec![Field::Company, Field::LastName, Field::Score, Field::DealValue])), any::<bool>());
    let page = (1_usize..6, any::<bool>(), option::of(any::<prop::sample::Index>()));
    let words = vec(select(vec!["a", "ab", "b", "c"]).prop_map(str::to_owned), 0..2);
    (document(), vec(lead(), 1..14), filter(), words, order, page).prop_map(
        |(document, leads, filter, words, (field, descending), (limit, backward, from))| Case {
            document,
            leads,
            filter,
            words,
            order: Order { field, descending },
            limit,
            backward,
            from,
        },
    )
}

/// What the rules of the window algebra say of one row, read naively from the policy: the clear and masked fields, or
/// nothing if the row does not exist for the subject.
fn by_the_rules(document: &PolicyDocument, spec: &Spec) -> Option<(FieldSet, FieldSet)> {
    let level_of = |name: &str| LEVELS.iter().position(|level| *level == name).unwrap();
    let below = |root: i64| match root {
        1 => vec![1, 2, 3],
        2 => vec![2, 3],
        other => vec![other],
    };
    let (mut exists, mut clear, mut masked) = (false, FieldSet::EMPTY, FieldSet::EMPTY);
    for grant in document.grants.values() {
        for template in &document.roles[&grant.role].windows {
            let holds =
                |code: &str| template.all_compartments || template.compartments.iter().chain(&grant.compartments).any(|held| held == code);
            let row_codes = CODES.iter().enumerate().filter(|(bit, _)| spec.compartments >> bit & 1 == 1);
            let cleared = level_of(&template.level) >= usize::from(spec.level) && row_codes.into_iter().all(|(_, code)| holds(code));
            let in_scope = match template.scope {
                Scope::All => true,
                Scope::Own => spec.owner == Some(ME.0),
                Scope::Team => grant.team.is_some_and(|team| spec.team.is_some_and(|of| below(team).contains(&of))),
            };
            if !cleared || !in_scope {
                continue;
            }
            exists = true;
            for field in Field::ALL {
                let rule = &document.field_markings[field.name()];
                if template.masked.iter().any(|name| name == field.name()) {
                    if mask::can_mask(*field) {
                        masked.insert(*field);
                    }
                } else if level_of(&template.level) >= level_of(&rule.level) && rule.compartments.iter().all(|code| holds(code)) {
                    clear.insert(*field);
                }
            }
        }
    }
    exists.then(|| (clear, masked.minus(clear)))
}

fn values(spec: &Spec) -> LeadValues {
    let mut values = LeadValues::default();
    for (field, text) in [(Field::Company, spec.company), (Field::LastName, spec.last_name)] {
        if let Some(text) = text {
            values.set_text(field, text);
        }
    }
    values.set_text(Field::Tags, spec.tags.join("\n"));
    for (field, number) in [(Field::Score, spec.score), (Field::DealValue, spec.deal), (Field::Owner, spec.owner), (Field::Team, spec.team)]
    {
        if let Some(number) = number {
            values.set_integer(field, number);
        }
    }
    for (field, number) in [(Field::CreatedAt, 1), (Field::UpdatedAt, 1), (Field::Archived, spec.archived)] {
        values.set_integer(field, number);
    }
    values
}

/// The value of a cell that is clear.
fn cell(spec: &Spec, clear: FieldSet, field: Field) -> Option<LeadValue> {
    clear.contains(field).then(|| values(spec).0.remove(&field).flatten()).flatten()
}

fn holds(filter: &Filter, spec: &Spec, clear: FieldSet) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, spec, clear)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, spec, clear)),
        Filter::Not(part) => !holds(part, spec, clear),
        Filter::Ids(_) => unreachable!("not made here"),
        Filter::Field(field, test) => {
            let value = cell(spec, clear, *field);
            match (test, value) {
                (Test::Empty(empty), value) => value.is_none() == *empty,
                (Test::In(wanted), Some(value)) => wanted.contains(&value),
                (Test::AtLeast(least), Some(value)) => value >= *least,
                (Test::AtMost(most), Some(value)) => value <= *most,
                (Test::Prefix(prefix), Some(LeadValue::Text(text))) => text.starts_with(prefix),
                (Test::Has(key), Some(LeadValue::Text(text))) => text.lines().any(|line| line == key.value),
                _ => false,
            }
        }
    }
}

fn found(words_typed: &[String], spec: &Spec, clear: FieldSet) -> bool {
    let fields: Vec<Field> = [Field::Company, Field::LastName, Field::Tags].into_iter().filter(|field| clear.contains(*field)).collect();
    let values = values(spec);
    words_typed
        .iter()
        .all(|typed| fields.iter().any(|field| words::words(values.text(*field).unwrap_or_default()).any(|word| word.starts_with(typed))))
}

fn in_order(order: Order, (a, a_value): &(Id, Option<LeadValue>), (b, b_value): &(Id, Option<LeadValue>)) -> Ordering {
    let turn = |ordering: Ordering| if order.descending { ordering.reverse() } else { ordering };
    match (a_value, b_value) {
        (Some(a_value), Some(b_value)) => turn(a_value.cmp(b_value).then(a.cmp(b))),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => turn(a.cmp(b)),
    }
}

/// What a row of the answer shows of itself.
type Shown = (Id, FieldSet, FieldSet, BTreeMap<u8, LeadValue>);

async fn agrees(store: &Store, next: &AtomicI64, case: Case) -> Result<(), TestCaseError> {
    let rights = Rights::of(&case.document, ME, NOW);
    let everything = Rights::operator(&case.document).leads(Permission::LeadCreate).unwrap();
    let first = next.fetch_add(case.leads.len() as i64, std::sync::atomic::Ordering::SeqCst);
    let ids: Vec<Id> = (first..).map(Id).take(case.leads.len()).collect();
    let rows = ids.iter().zip(&case.leads).map(|(id, spec)| {
        let values = values(spec);
        let (keys, words) = (normal::keys(&values), words::index(&values));
        NewLead { id: *id, marking: Marking::new(Level::from_number(spec.level), spec.compartments), values, keys, words }
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
        .filter_map(|(id, spec)| by_the_rules(&case.document, spec).map(|(clear, masked)| (*id, (clear, masked, spec))))
        .collect();
    let Ok(scope) = rights.leads(Permission::LeadRead) else {
        prop_assert!(visible.is_empty(), "rows exist by the rules, but there is no window");
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

fn run(backend: Backend) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let home = runtime.block_on(Home::new(backend));
    let store = runtime.block_on(Store::open(&home.location(), 4)).unwrap();
    let next = AtomicI64::new(1);
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case(), |case| runtime.block_on(agrees(&store, &next, case)));
    // The runtime ends before the databases go.
    drop(store);
    drop(runtime);
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn sqlite_agrees_with_the_rules() {
    run(Backend::Sqlite);
}

#[test]
fn postgres_agrees_with_the_rules() {
    run(Backend::Postgres);
}
